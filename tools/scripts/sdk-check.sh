#!/bin/sh
# Runs PayNow's own TypeScript SDK against the sandbox: every operation of the contract, and the common jobs.
#
#   tools/scripts/sdk-check.sh [SANDBOX [SDK]]
#
# SANDBOX is the program (build/paynow-sandbox), SDK what npm is to install: a version, a folder, a tarball. Leaves
# nothing behind. Exits 0 when all went well, and when there is no npm, no node or no registry to install from; that is
# said in one line that begins with "left out".
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
sandbox=${1:-$root/build/paynow-sandbox}
# The version whose types are those of the contract.
sdk=${2:-@paynow-gg/typescript-sdk@1.0.61}

leave_out() {
  echo "left out: npm not available ($1)"
  exit 0
}

command -v node >/dev/null || leave_out "no node"
command -v npm >/dev/null || leave_out "no npm"
# A package that the SDK needs and that every registry has: tells "no registry" from "no such package".
npm view axios version >/dev/null 2>&1 || leave_out "no registry"

if [ ! -x "$sandbox" ]; then
  echo "sdk-check: no program $sandbox; build it first" >&2
  exit 1
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$root/tools/scripts/sdk-check.mjs" "$folder/"
cd "$folder"
echo '{"private": true, "type": "module"}' >package.json
if ! npm install --no-audit --no-fund --loglevel=error --install-links "$sdk" >install.log 2>&1; then
  cat install.log >&2
  echo "sdk-check: the registry answers, but npm cannot install $sdk" >&2
  exit 1
fi
node sdk-check.mjs "$sandbox" "$root/upstream/sandbox/contracts"
