#!/bin/bash
# Runs clang-tidy over the sources that a configured build compiles, generated ones excepted, and fails on any finding.
# Usage: clang-tidy.sh BUILD_DIR [SOURCE...]   (no SOURCE: all of them)
set -euo pipefail

build=$1
shift
if [ $# -eq 0 ]; then
  mapfile -t sources < <(sed -n 's/^ *"file": "\(.*\.cc\)",\{0,1\}$/\1/p' "$build/compile_commands.json" |
    grep -v '\.pb\.cc$' | sort -u)
else
  sources=("$@")
fi
[ ${#sources[@]} -gt 0 ] || { echo "clang-tidy: $build has no compile commands" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What clang-tidy counts in the headers of others is no news. Each source's words stay together.
tidy() {
  local findings
  if findings=$(clang-tidy -quiet -p "$build" "$1" 2>&1); then
    echo "clean: $1"
  else
    echo "$1" >>"$work/dirty"
    echo "FINDINGS: $1"
    grep -Ev '^[0-9]+ (warnings?|errors?)( and [0-9]+ errors?)? (generated|treated as errors?)\.?$' <<<"$findings" || true
  fi
}
export -f tidy
export build work

# shellcheck disable=SC2016  # for the inner shell
printf '%s\0' "${sources[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' tidy

if [ -s "$work/dirty" ]; then
  echo "clang-tidy: findings in $(wc -l <"$work/dirty") of ${#sources[@]} sources:"
  sort "$work/dirty"
  exit 1
fi
echo "clang-tidy: ${#sources[@]} sources, no findings"
