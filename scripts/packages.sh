#!/usr/bin/env bash
# Installs the Debian packages that tests use: adapters, debuggers, compilers for the fixtures, editors, a browser. As
# root, or by sudo where it asks for no password. What cannot be had here is named in one line; under CI that is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. scripts/tools.sh

wanted=(python3-debugpy delve golang-go lldb-19 gcc g++ libc6-dev make gdb qemu-system-x86 emacs-nox elpa-dap-mode
  socat iproute2 nftables chromium)
missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done

# One name that the package sources do not have would keep all others away.
without_unknown() {
  local package known=()
  for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then
      known+=("$package")
    else
      skip "$package" "this system's package sources do not have it"
    fi
  done
  missing=("${known[@]}")
}

install() {
  local start
  start=$(date +%s)
  # A source that is out of reach need not be the one that has them.
  apt_get update
  without_unknown
  [ ${#missing[@]} = 0 ] && return
  if apt_get install -y --no-install-recommends "${missing[@]}"; then
    done_in "installed ${missing[*]}" "$start"
  else
    skip "${missing[*]}" "$(reason)"
  fi
}

if [ ${#missing[@]} = 0 ]; then
  :
elif ! command -v apt-get >/dev/null; then
  skip "${missing[*]}" "not a Debian system"
elif as_root true 2>/dev/null; then
  install
else
  ! apt_lists || without_unknown
  [ ${#missing[@]} = 0 ] ||
    skip "${missing[*]}" "needs root" "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
fi
finish
