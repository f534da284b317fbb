# shellcheck shell=bash
# What packages.sh, adapters.sh and vscode.sh have in common; sourced by them, in the repository's root.
script=$(basename "$0" .sh)
tools=$PWD/.tools
log=$tools/$script.log
# For the closing lines of scripts/test.mjs: NAME, REASON and the command that root can bring it by, with tabs between.
left_out=$tools/left-out/$script
failed=0
mkdir -p "$tools/left-out"
: >"$left_out"

done_in() { echo "$script: $1 ($(($(date +%s) - $2)) s)"; }
# NAME REASON [COMMAND OF ROOT'S]
skip() {
  echo "$script: skipped: $1 ($2)"
  printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$left_out"
  failed=1
}
reason() { { grep -m 1 -iE "error|^E:|not found|failed" "$log" || tail -n 1 "$log"; } | cut -c 1-160; }

# Root, or a user who may become root without being asked for a password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# A download may fail once: three attempts.
retry() {
  local pause
  for pause in 2 8; do
    "$@" && return
    sleep "$pause"
  done
  "$@"
}

apt_lists() { ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; }

# apt-get, as root; its output goes to the log. While another package manager is at work it waits, five minutes at most.
# apt waits by itself for the locks of dpkg only; for those of its package lists and of its downloads it gives up at once
# (seen with apt 2.6).
apt_get() {
  local status waits="" deadline=$((SECONDS + 300))
  local options=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  while true; do
    as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get -qq "${options[@]}" "$@" >"$log" 2>&1
    status=$?
    if [ "$status" = 0 ] || [ "$SECONDS" -ge "$deadline" ] || ! grep -q "Could not get lock" "$log"; then
      return "$status"
    fi
    [ -n "$waits" ] || echo "$script: waits for another package manager"
    waits=yes
    sleep 1
  done
}

# Fails under CI if something was skipped.
finish() {
  rm -f "$log"
  [ -z "${CI:-}" ] || exit "$failed"
}
