#!/bin/bash
# Tries the gateway with the clients that people have: the recipes of the documents with grpcurl, as they stand (our own
# grpc-call, which `make test` takes for want of it, is more lenient in places); evans and grpcui by reflection.
# Usage: clients.sh BUILD_DIR
# Go builds them, in the versions of go.mod; a grpcurl on PATH is preferred. What cannot be tried is named in a line that begins
# with "left out".
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "$1")
bin=$build/clients
failed=0

good() { echo "good: $1"; }
bad() { # what, why
  echo "failed: $1: $2" >&2
  failed=1
}

build_clients() {
  if ! command -v go >/dev/null; then
    echo "left out: evans and grpcui: there is no Go, which would build them"
    return 1
  fi
  mkdir -p "$bin"
  (cd tests/clients && GOBIN=$bin GOFLAGS=-mod=readonly go install tool) >"$bin/build.log" 2>&1 || {
    echo "left out: evans and grpcui: Go cannot build them: $(tail -n 1 "$bin/build.log")"
    return 1
  }
}

try_recipes() {
  command -v grpcurl >/dev/null || [ -x "$bin/grpcurl" ] || {
    echo "left out: the recipes with grpcurl: there is none, and no Go, which would build it"
    return
  }
  cmake --build "$build" --target readme_test billing-gateway provider-sandbox >"$build/recipes-build.log" ||
    { cat "$build/recipes-build.log"; exit 1; }
  local test log=$build/recipes.log
  test=$(find "$build" -name readme_test -type f -perm -u+x)
  if PATH=$PATH:$bin "$test" --gtest_filter='ReadmeTest.EveryRecipeRunsAsPasted' >"$log" 2>&1; then
    good "$(grep 'recipes were run' "$log"), $(grep '^grpcurl is' "$log")"
  else
    cat "$log"
    bad recipes "see $log"
  fi
}

# Sets `address`: a gateway in front of the sandboxes.
start_gateway() {
  work=$(mktemp -d)
  mkfifo "$work/out"
  SANDBOX_LISTEN=127.0.0.1:0 GATEWAY_LISTEN=127.0.0.1:0 tools/scripts/run.sh run "$build" >"$work/out" 2>"$work/err" &
  servers=($!)
  # shellcheck disable=SC2154  # set when the trap is run
  trap 'kill "${servers[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
  address=$(timeout 60 sed -n '/^Serving on/{s/^Serving on \([^ ]*\) .*/\1/p;q}' "$work/out") || true
  [ -n "$address" ] || { cat "$work/err"; echo "clients: the gateway does not start" >&2; exit 1; }
}

orders=paynow.management.v1.OrdersService
comment='Not safe to repeat: each call can return money'

try_evans() {
  local reply evans=("$bin/evans" --host "${address%:*}" --port "${address#*:}" -r cli)
  export HOME=$work # where it keeps a configuration
  grep -qx "$orders" <<<"$("${evans[@]}" list)" || { bad evans "it does not list $orders"; return; }
  grep -qF "$comment" <<<"$("${evans[@]}" desc "$orders")" || { bad evans "it does not show the comment of RefundOrder"; return; }
  reply=$("${evans[@]}" call "$orders.GetOrders" <<<'{"limit": 1}')
  grep -q '"items"' <<<"$reply" || { bad evans "GetOrders: $reply"; return; }
  good "evans lists, describes with comments and calls, by reflection"
}

try_grpcui() {
  local page token reply
  command -v curl >/dev/null || { echo "left out: grpcui: there is no curl, which would open its page"; return; }
  mkfifo "$work/grpcui"
  "$bin/grpcui" -plaintext -open-browser=false -port 0 "$address" >"$work/grpcui" 2>&1 &
  servers+=($!)
  page=$(timeout 60 sed -n '/http:/{s/.*\(http:[^ ]*\)\/$/\1/p;q}' "$work/grpcui") || true
  [ -n "$page" ] || { bad grpcui "it does not start"; return; }
  curl -sS -c "$work/cookies" -o "$work/page" "$page/"
  grep -qF "$comment" "$work/page" || { bad grpcui "its page does not show the comment of RefundOrder"; return; }
  token=$(awk '$6 ~ /csrf/ {print $7}' "$work/cookies")
  reply=$(curl -sS -b "$work/cookies" -H "x-grpcui-csrf-token: $token" -H 'content-type: application/json' \
    -d '{"data": [{"limit": 1}]}' "$page/invoke/$orders.GetOrders")
  grep -q '"items"' <<<"$reply" || { bad grpcui "GetOrders: $reply"; return; }
  good "grpcui shows the services with comments and calls, by reflection"
}

built=yes
build_clients || built=no
try_recipes
if [ $built = yes ]; then
  start_gateway
  try_evans
  try_grpcui
fi
[ $failed = 0 ]
