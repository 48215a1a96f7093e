#!/bin/bash
# Runs browser_check.py: installs Chromium and axe-core where it can.
# Usage: browser-check.sh BUILD_DIR IMAGES_DIR
# Exits 0 where there is no Chromium to install; that is said in one line that begins with "left out".
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..

if ! "$root/tools/scripts/install-packages.sh" "$root/tools/scripts/packages-browser.txt" >&2; then
  echo "left out: no Chromium (tools/scripts/packages-browser.txt could not be installed)"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
axe=()
if command -v npm >/dev/null &&
  npm install --prefix "$work" --no-audit --no-fund --loglevel=error axe-core@4.10.3 >"$work/npm.log" 2>&1; then
  axe=("$work/node_modules/axe-core/axe.min.js")
fi
/usr/bin/python3 "$here/browser_check.py" "$1" "$2" "${axe[@]}"
