#!/bin/bash
# Runs the README's recipes, as they stand, with the real grpcurl: the one on PATH, or one that Go builds. Our own grpc-call
# is more lenient in places, and `make test` runs them with that where there is no grpcurl.
# Usage: recipes.sh BUILD_DIR
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "$1")
grpcurl=github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3

if ! command -v grpcurl >/dev/null; then
  if ! command -v go >/dev/null; then
    echo "left out: there is neither grpcurl nor Go, which would build it"
    exit 0
  fi
  if [ ! -x "$build/go/grpcurl" ]; then
    echo "recipes: building $grpcurl"
    GOBIN=$build/go GOPATH=$build/go/path GOFLAGS=-modcacherw go install "$grpcurl" || {
      echo "left out: Go cannot build grpcurl (no network?)"
      exit 0
    }
  fi
  PATH=$build/go:$PATH
fi
cmake --build "$build" --target readme_test billing-gateway provider-sandbox >"$build/recipes-build.log" ||
  { cat "$build/recipes-build.log"; exit 1; }
test=$(find "$build" -name readme_test -type f -perm -u+x)
"$test" --gtest_filter='ReadmeTest.EveryRecipeRunsAsPasted'
