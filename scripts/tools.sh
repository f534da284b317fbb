# What adapters.sh and vscode.sh have in common; sourced by them, in the repository's root.
script=$(basename "$0" .sh)
tools=$PWD/.tools
log=$tools/$script.log
failed=0
mkdir -p "$tools"

done_in() { echo "$script: $1 ($(($(date +%s) - $2)) s)"; }
skip() {
  echo "$script: skipped: $1 ($2)"
  failed=1
}
reason() { { grep -m 1 -iE "error|^E:|not found|failed" "$log" || tail -n 1 "$log"; } | cut -c 1-160; }

# Root, or whoever may become root without being asked.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Installs those Debian packages that are not there.
packages() {
  local missing=() package start
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  start=$(date +%s)
  if ! command -v apt-get >/dev/null; then
    skip "${missing[*]}" "not a Debian system"
  elif ! as_root true 2>/dev/null; then
    skip "${missing[*]}" "needs root: apt-get install ${missing[*]}"
  elif apt_install "${missing[@]}" >"$log" 2>&1; then
    done_in "installed ${missing[*]}" "$start"
  else
    skip "${missing[*]}" "$(reason)"
  fi
}

# The scripts run at the same time, and apt does not wait for another apt.
apt_install() {
  (
    flock 9
    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "$@"
  ) 9>"$tools/apt.lock"
}

# Fails under CI if something was skipped.
finish() {
  rm -f "$log"
  [ -z "${CI:-}" ] || exit "$failed"
}
