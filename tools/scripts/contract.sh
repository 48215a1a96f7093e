#!/bin/bash
# Takes the upstream's next contract: writes the protos and the counts of the tests, builds, holds the protos against the
# contract data, and prints the report.
#
#   tools/scripts/contract.sh BUILD management-api.json [webhook-definitions.json]
#
# The reports stay in BUILD/contract/, as Markdown and as JSON. VERSION names the version in them; without it the name of the
# file does. Exit codes: 0 nothing changed, 3 changes, 4 changes that break callers, 1 refused, and nothing was written;
# 5 the protos are written, and a test fails.
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
# Both must be possible before either is written.
if [ -n "$webhooks" ]; then
  "$build/apigen" --openapi "$webhooks" --package paynow.webhooks.v1 --import-path "$google" --check \
    >"$reports/webhooks.log" 2>&1
  [ $? -eq 1 ] && { cat "$reports/webhooks.log"; exit 1; }
fi
apply "$spec" paynow.management.v1 management
[ -n "$webhooks" ] && apply "$webhooks" paynow.webhooks.v1 webhooks
tools/scripts/contract_counts.py "$spec" || exit 1

cat "$reports/management.md"
[ -n "$webhooks" ] && cat "$reports/webhooks.md"
run build cmake --build "$build" --target contract_test round_trip_test
run contract_test "$build/contract_test"
run round_trip_test "$build/round_trip_test"
echo
echo "contract: the protos are written and agree with the contract data; look at \`git diff proto\`"
exit $worst
