#!/bin/bash
# Runs the programs of the fault matrix, two at a time, and prints their rows by number and the sum: "N passed, 0 failed".
# A program that does not come to its end counts as a failed case.
# Usage: [LABEL=faults] faults.sh BUILD_DIR [PROGRAM...]   (no PROGRAM: all that ctest knows by the label)
set -euo pipefail

build=$1
shift
if [ $# -eq 0 ]; then
  mapfile -t programs < <(ctest --test-dir "$build" -N -L "^${LABEL:-faults}$" | sed -n 's/^ *Test *#[0-9]*: //p')
else
  programs=("$@")
fi
[ ${#programs[@]} -gt 0 ] || { echo "faults: no programs in $build" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sum='^[0-9]+ passed, [0-9]+ failed$'

run() {
  local code=0
  "$build/$1" >"$work/$1.out" 2>"$work/$1.err" || code=$?
  # Either its own count says what failed, or it stands for one failure itself.
  if ! grep -Eq "$sum" "$work/$1.out" || { [ "$code" -ne 0 ] && grep -q ' 0 failed$' "$work/$1.out"; }; then
    { echo "$1 ended with $code:"; tail -n 20 "$work/$1.err"; echo "0 passed, 1 failed"; } >>"$work/$1.out"
  fi
}
export -f run
export build work sum
# shellcheck disable=SC2016  # for the inner shell
printf '%s\0' "${programs[@]}" | xargs -0 -n 1 -P 2 bash -c 'run "$1"' run

cat "$work"/*.out | grep -Ev "$sum" | sort -s -n -k 1,1 || true
cat "$work"/*.out | grep -E "$sum" |
  awk '{ passed += $1; failed += $3 } END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
