#!/bin/bash
# Calls the sandbox with a TypeScript SDK: every operation of the contract, and the common jobs.
#
#   tests/sdk/sdk-check.sh [BUILD]
#
# The SDK is PayNow's own where npm has it. Elsewhere it is generated: from SPEC, the OpenAPI file that PayNow publishes, or
# without one from the sandbox's contract; compiled strictly; and it looks at the type of each request and reply itself.
# SDK=generated takes that one in any case, SDK=VERSION, a folder or a tarball another one of PayNow's.
# Exits 0 where there is no npm, no node or no registry, with a line that begins with "left out".
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-$root/build}")
contracts=$root/upstream/sandbox/contracts
spec=${SPEC:+$(realpath "$SPEC")}
# The version whose types are those of the contract.
sdk=${SDK:-@paynow-gg/typescript-sdk@1.0.61}

leave_out() {
  echo "left out: npm not available ($1)"
  exit 0
}
fail() {
  cat "$1" >&2
  echo "sdk-check: $2" >&2
  exit 1
}

command -v node >/dev/null || leave_out "no node"
command -v npm >/dev/null || leave_out "no npm"
# A package that every registry has: tells "no registry" from "no such package".
npm view typescript version >/dev/null 2>&1 || leave_out "no registry"
[ -x "$build/provider-sandbox" ] || fail /dev/null "no program $build/provider-sandbox; build it first"

# What npm installs is kept; the rest is made anew.
folder=$build/sdk-check
mkdir -p "$folder"
rm -rf "${folder:?}"/{gen,dist}
cp "$root"/tests/sdk/* "$folder/"
cd "$folder"

if [ "$sdk" != generated ] && npm install --no-save --no-audit --no-fund --loglevel=error --install-links "$sdk" >install.log 2>&1; then
  echo "sdk-check: $sdk"
  client=$folder/paynow_sdk.mjs
else
  npm ci --no-audit --no-fund --loglevel=error >install.log 2>&1 || fail install.log "npm cannot install the generator"
  node openapi.mjs "$contracts/paynow.json" ${spec:+"$spec"} >openapi.json
  npx openapi-ts -f openapi-ts.config.mjs >generate.log 2>&1 || fail generate.log "the generator fails"
  npx tsc --strict --target es2022 --lib es2022,dom,dom.iterable --module commonjs --moduleResolution node10 --skipLibCheck \
    --outDir dist generated_sdk.ts >compile.log 2>&1 || fail compile.log "the generated client does not compile"
  echo "sdk-check: a client generated from ${spec:-the contract}, $(cat gen/*.ts | wc -l) lines, compiled strictly"
  client=$folder/dist/generated_sdk.js
fi
node check.mjs "$build/provider-sandbox" "$contracts" "$client"
