#!/bin/bash
# Runs each fuzz target of a build for some seconds, beginning with its corpus. New inputs that reach new code are kept
# beside the build; a finding is written there too, and ends the run.
# Usage: fuzz.sh BUILD_DIR SECONDS [NAME...]   (no NAME: all that have a corpus)
set -euo pipefail

build=$1
seconds=$2
shift 2
corpora=$(dirname "$0")/../../tests/fuzz/corpus
[ $# -gt 0 ] || mapfile -t names < <(ls "$corpora")
[ $# -eq 0 ] || names=("$@")

for name in "${names[@]}"; do
  found=$build/fuzz/$name
  mkdir -p "$found"
  if ! timeout $((seconds + 120)) "$build/${name}_fuzz" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
    -artifact_prefix="$found." -print_final_stats=1 "$found" "$corpora/$name" >"$found.log" 2>&1; then
    tail -n 40 "$found.log"
    echo "fuzz: $name: a finding, see $found.log" >&2
    exit 1
  fi
  executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found.log")
  covered=$(grep -o 'cov: [0-9]*' "$found.log" | tail -n 1)
  printf 'fuzz: %-14s %6d s  %12d inputs  %s  no finding\n' "$name" "$seconds" "$executed" "$covered"
done
