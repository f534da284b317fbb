#!/usr/bin/env bash
# Installs the real debug adapters and targets that tests use and that are no Debian packages (scripts/packages.sh), and
# compiles the fixtures. What is there already is left alone. Each part that cannot be had here is named in one line, and
# its tests are skipped (test/support/parts.ts looks for the files); under CI that is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/tools.sh
build=$PWD/test/fixtures/build
mkdir -p "$build"

# The kernel that Debian's cloud image boots, for QEMU's gdb stub, with its symbols as the kernel itself has them.
kernel() {
  ls "$tools"/kernel/boot/vmlinuz-* >/dev/null 2>&1 && [ -s "$tools/kernel/System.map" ] && return
  command -v apt-get >/dev/null || { skip kernel "not a Debian system"; return; }
  local start package
  start=$(date +%s)
  apt_lists || apt_get update
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image-/ { print $2; exit }')
  rm -rf "$tools/kernel" && mkdir -p "$tools/kernel/unpacked"
  if (cd "$tools/kernel" && retry apt-get download -qq "${package:-linux-image}-unsigned" && dpkg -x ./*.deb unpacked) \
    >"$log" 2>&1; then
    mv "$tools/kernel/unpacked/boot" "$tools/kernel/boot"
    rm -rf "$tools"/kernel/*.deb "$tools/kernel/unpacked"
    if node test/support/kernel-symbols.mjs "$tools"/kernel/boot/vmlinuz-* >"$tools/kernel/System.map" 2>"$log"; then
      done_in "kernel $package" "$start"
    else
      skip "kernel symbols" "$(reason)"
    fi
  else
    skip kernel "$(reason)"
  fi
}

# Whether a file has the content that npm's lock files say: FILE INTEGRITY
verified() {
  local found
  found=$(node -p '`sha512-${crypto.createHash("sha512").update(fs.readFileSync(process.argv[1])).digest("base64")}`' "$1")
  [ "$found" = "$2" ] && return
  echo "error: $(basename "$1") is not what the lock file says: $found"
  return 1
}

# Microsoft publishes js-debug in VS Code only; code-server carries it on npm. Only its folder is unpacked. It is the
# code-server of the end-to-end tests, whose lock file says what it has to contain.
js_debug() {
  local version integrity start
  { read -r version && read -r integrity; } < <(node -p '
    const { version, integrity } = require("./test/e2e/tools/package-lock.json").packages["node_modules/code-server"];
    `${version}\n${integrity}`')
  [ "$(cat "$tools/js-debug/.version" 2>/dev/null)" = "$version" ] && return
  start=$(date +%s)
  rm -rf "$tools/js-debug" "$tools/pack" && mkdir -p "$tools/js-debug" "$tools/pack"
  if { retry npm pack --loglevel=error "code-server@$version" --pack-destination "$tools/pack" &&
    verified "$tools"/pack/code-server-*.tgz "$integrity" &&
    tar -xzf "$tools"/pack/code-server-*.tgz -C "$tools/js-debug" --strip-components=5 \
      package/lib/vscode/extensions/ms-vscode.js-debug; } >"$log" 2>&1; then
    echo "$version" >"$tools/js-debug/.version"
    done_in "js-debug of code-server $version" "$start"
  else
    skip js-debug "$(reason)"
  fi
  rm -rf "$tools/pack"
}

# On npm, too, but compiled at its installation: with a compiler and the headers of the Node that runs here. Where that
# Node has them beside it they are not fetched.
cdt_gdb() {
  local wanted=$PWD/test/integration/tools target=$tools/cdt-gdb version start prefix
  version=$(cat "$wanted"/package*.json | sha256sum)
  [ "$(cat "$target/.version" 2>/dev/null)" = "$version" ] && return
  if ! command -v g++ >/dev/null || ! command -v make >/dev/null; then
    skip cdt-gdb-adapter "no compiler"
    return
  fi
  start=$(date +%s)
  prefix=$(node -p 'path.dirname(path.dirname(process.execPath))')
  rm -rf "$target" && mkdir -p "$target" && cp "$wanted"/package*.json "$target"
  if (
    cd "$target" || exit
    [ ! -e "$prefix/include/node/node.h" ] || export npm_config_nodedir="$prefix"
    retry npm ci --no-audit --no-fund --loglevel=error --ignore-scripts &&
      npm rebuild --loglevel=error --ignore-scripts=false
  ) >"$log" 2>&1; then
    echo "$version" >"$target/.version"
    done_in cdt-gdb-adapter "$start"
  else
    skip cdt-gdb-adapter "$(reason)"
  fi
}

# Compiles one fixture if its source is newer: TARGET SOURCE COMMAND…
compile() {
  local target=$1 source=$2
  shift 2
  [ "$build/$target" -nt "$source" ] && return
  "$@" >"$log" 2>&1 || skip "fixture $target" "$(reason)"
}

build_go() { (cd go && go build -buildvcs=false -gcflags='all=-N -l' -o "$build/goprogram" .); }

fixtures() {
  local name start
  start=$(date +%s)
  cd test/fixtures || return
  for name in program loop crash; do
    compile "$name" "c/$name.c" gcc -g -O0 -o "$build/$name" "c/$name.c"
  done
  compile money cpp/money.cpp g++ -g -O0 -o "$build/money" cpp/money.cpp
  compile goprogram go/main.go build_go
  cd ../..
  [ $(($(date +%s) - start)) -lt 1 ] || done_in "fixtures" "$start"
}

kernel
js_debug
cdt_gdb
fixtures
finish
