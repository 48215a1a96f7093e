#!/bin/sh
# Installs the Debian packages that the given lists name (one a line, # begins a comment), if any is missing.
# Usage: install-packages.sh LIST...
set -eu

packages=$(sed 's/#.*//' "$@" | tr -s '[:space:]' ' ')

# Says nothing and takes no time where all is there, which is every run but the first.
missing=
for package in $packages; do
  case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true) in
    *" installed") ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
as_root=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "not root, and there is no sudo: install these packages first" >&2; exit 1; }
  as_root=sudo
fi
$as_root apt-get update -qq
# shellcheck disable=SC2086  # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
