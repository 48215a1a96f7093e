#!/bin/bash
# Takes the upstream's next contract: writes the protos, the sandbox's contract data, what new operations need in its store and
# in docs/unknown-outcomes.md, and the counts of the tests; builds, holds the protos against the contract data, makes the
# round trip of each operation, and prints the report.
#
#   tools/scripts/contract.sh BUILD management-api.json [webhook-definitions.json]
#
# The reports stay in BUILD/contract/, as Markdown and as JSON. VERSION names the version in them; without it the name of the
# file does. Exit codes: 0 nothing changed, 3 changes, 4 changes that break callers, 1 refused, and nothing was written;
# 5 all of it is written, and a test fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
build=$1 spec=$2 webhooks=${3:-}
reports=$build/contract
google=/usr/share/gocode/src/github.com/gogo/googleapis
worst=0

# 4 is graver than 3, and a refusal ends everything.
apply() { # file, package, name of the report
  local arguments=(--openapi "$1" --package "$2" --import-path "$google" --report "$reports/$3.md"
    --report-json "$reports/$3.json")
  local decisions
  decisions=proto/$(tr . / <<<"$2")/decisions.json
  [ -f "$decisions" ] && arguments+=(--decisions "$decisions")
  [ -n "${VERSION:-}" ] && arguments+=(--version "$VERSION")
  "$build/apigen" "${arguments[@]}" >"$reports/$3.log" 2>&1
  local code=$?
  if [ $code -ne 0 ] && [ $code -ne 3 ] && [ $code -ne 4 ]; then
    cat "$reports/$3.log"
    exit 1
  fi
  if [ $code -gt $worst ]; then worst=$code; fi
}

run() { # what, command...
  local what=$1
  shift
  if ! "$@" >"$reports/$what.log" 2>&1; then
    tail -n 60 "$reports/$what.log"
    echo "contract: $what failed; all of it is in $reports/$what.log"
    exit 5
  fi
}

mkdir -p "$reports"
cmake --build "$build" --target apigen >"$reports/apigen-build.log" 2>&1 || { cat "$reports/apigen-build.log"; exit 1; }
# All of it must be possible before any of it is written.
if [ -n "$webhooks" ]; then
  "$build/apigen" --openapi "$webhooks" --package paynow.webhooks.v1 --import-path "$google" --check \
    >"$reports/webhooks.log" 2>&1
  [ $? -eq 1 ] && { cat "$reports/webhooks.log"; exit 1; }
fi
cp upstream/sandbox/contracts/paynow.json "$reports/paynow.json"
tools/scripts/contract_data.py "$spec" --data "$reports/paynow.json" >"$reports/data.log" 2>&1 ||
  { cat "$reports/data.log"; exit 1; }
apply "$spec" paynow.management.v1 management
[ -n "$webhooks" ] && apply "$webhooks" paynow.webhooks.v1 webhooks
# Where something changed, the protos say which version they mirror.
version=${VERSION:-$(basename "$spec" .json)}
[ $worst -ne 0 ] && sed -i "s/^option (gateway.v1.contract) = .*/option (gateway.v1.contract) = \"$version\";/" \
  proto/paynow/management/v1/provider.proto
{
  tools/scripts/contract_data.py "$spec" && tools/scripts/contract_seed.py && tools/scripts/contract_ways.py &&
    tools/scripts/contract_counts.py "$spec"
} >"$reports/data.log" 2>&1 || { cat "$reports/data.log"; exit 1; }

cat "$reports/management.md"
[ -n "$webhooks" ] && cat "$reports/webhooks.md"
cat "$reports/data.log"
run build cmake --build "$build" --target contract_test digest_test ways_test round_trip_test sandbox_operations_test \
  paynow-sandbox billing-gateway
run digest_changes env RECORD_DIGEST_CHANGES=1 "$build/digest_test" --gtest_filter='*IsWrittenDown*'
for test in contract_test digest_test ways_test sandbox_operations_test round_trip_test; do run "$test" "$build/$test"; done
echo
echo "contract: the protos are written, agree with the contract data, and each operation works in the sandbox;" \
  "look at \`git diff\`"
exit $worst
