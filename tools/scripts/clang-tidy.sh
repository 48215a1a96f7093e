#!/bin/bash
# Runs clang-tidy over the sources that a configured build compiles, generated ones excepted, and fails on any finding.
# One kind of finding is clang's own: a member that is used without its lock (upstream/mutex.h).
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

# A tool that finds nothing must be one that can: a member without its lock is found, or the run fails.
cat >"$work/unlocked.cc" <<'EOF'
#include "upstream/mutex.h"

class Counter {
 public:
  void Add() { ++count_; }

 private:
  gateway::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

void AddOne(Counter& counter) { counter.Add(); }
EOF
if clang-tidy -quiet --config-file=.clang-tidy "$work/unlocked.cc" -- -std=c++20 -I. -Wthread-safety >"$work/unlocked" 2>&1 ||
  ! grep -q "requires holding mutex 'mutex_'" "$work/unlocked"; then
  echo "clang-tidy: does not find a member that is used without its lock:" >&2
  cat "$work/unlocked" >&2
  exit 1
fi

# What clang-tidy counts in the headers of others is no news. Each source's words stay together.
tidy() {
  local findings
  if findings=$(clang-tidy -quiet -p "$build" -extra-arg=-Wthread-safety "$1" 2>&1); then
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
