#!/bin/bash
# Runs the examples, each against a sandbox and a gateway of its own, and looks at what they print.
# Usage: examples/run.sh BUILD_DIR [python|go|typescript|java...]
# A language whose toolchain is not there is left out, with a word. Generated code goes into BUILD_DIR/examples.
set -euo pipefail

cd "$(dirname "$0")/.."
build=$(realpath "$1")
shift
languages=("$@")
[ ${#languages[@]} -gt 0 ] || languages=(python go typescript java)
google=${GOOGLE_PROTOS:-/usr/share/gocode/src/github.com/gogo/googleapis}
out=$build/examples
mkdir -p "$out"

# What each example is told.
export DAY=2025-05-01 # when the sandbox's orders were made
export SERVICE_CONFIG=$PWD/docs/clients/service-config.json
export PAYNOW_API_KEY=pnapi_v1_sandbox PAYNOW_WEBHOOK_SECRET=whsec_sandbox

work=$(mktemp -d)
servers=()

# shellcheck disable=SC2317  # called by a trap
stop() {
  local pid
  for pid in "${servers[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait || true
  servers=()
}
trap 'stop; rm -rf "$work"' EXIT

# start NAME READY COMMAND...: waits for a line that matches READY, whose parentheses hold the port. Sets `port`.
start() {
  local name=$1 ready=$2 line
  shift 2
  mkfifo "$work/$name"
  "$@" >"$work/$name" 2>&1 &
  servers+=($!)
  exec 3<"$work/$name"
  while IFS= read -r -t 20 -u 3 line; do
    [[ $line =~ $ready ]] || continue
    port=${BASH_REMATCH[1]}
    cat <&3 >"$work/$name.log" &
    exec 3<&-
    return
  done
  echo "examples: $name did not start: ${line:-}" >&2
  exit 1
}

free_port() {
  /usr/bin/python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# The answer to the first refund gets lost, and each event goes to the example's receiver and to the gateway's.
start_servers() {
  rm -rf "${work:?}"/*
  WEBHOOK_PORT=$(free_port)
  export WEBHOOK_PORT
  local receiver
  receiver=127.0.0.1:$(free_port)
  start sandbox 'listening on http://.*:([0-9]+)$' "$build/provider-sandbox" --provider paynow --listen 127.0.0.1:0 \
    --webhook "http://127.0.0.1:$WEBHOOK_PORT/" --webhook "http://$receiver/webhooks/paynow" --fault commit-then-drop:RefundOrder:1
  cat >"$work/config.json" <<EOF
{
  "listen": "127.0.0.1:0",
  "upstreams": {"paynow": {
    "base_url": "http://127.0.0.1:$port", "default_store": "411486491630370816",
    "api_key": {"env": "PAYNOW_API_KEY"}
  }},
  "events": {"file": "$work/events/events.db", "subscriptions": {"shop": {}}},
  "webhooks": {"listen": "$receiver", "providers": {"paynow": {"secrets": {"sandbox": {"env": "PAYNOW_WEBHOOK_SECRET"}}}}},
  "ledger": {"file": "$work/ledger/ledger.db"}
}
EOF
  start gateway '"event":"serving","port":([0-9]+)' "$build/billing-gateway" --config "$work/config.json"
  export GATEWAY=127.0.0.1:$port
}

protos() {
  (cd proto && find . -name '*.proto' -not -path './google/*' | sed 's|^\./||') # google/api goes with each language
}

# What the examples use, and all that it imports; protobuf's own files come with each language.
entry_protos=(paynow/management/v1/checkout.proto paynow/management/v1/orders.proto gateway/webhooks/v1/webhooks.proto
  google/rpc/status.proto google/rpc/error_details.proto)
used_protos() {
  local file
  for file in "${entry_protos[@]}"; do # protoc lists the imports of one file at a time
    protoc -Iproto -I"$google" --descriptor_set_out="$work/used.binpb" --dependency_out="$work/used.d" "$file"
    sed 's/\\$//' "$work/used.d" | tr ' ' '\n' | sed -n -e 's|^proto/||p' -e "s|^$google/||p" | grep -v '^google/protobuf/'
  done | sort -u
}

has() {
  command -v "$1" >/dev/null
}

# Each language: what is missing for it (nothing, where it can be built), how it is built, how it is run.
missing_python() {
  has protoc && has grpc_python_plugin && /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null ||
    echo protobuf-compiler-grpc, python3-grpcio
}
build_python() {
  mkdir -p "$out/python"
  # shellcheck disable=SC2046  # names without spaces
  protoc -Iproto -I"$google" --python_out="$out/python" --grpc_python_out="$out/python" \
    --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
    $(protos) google/api/annotations.proto google/api/http.proto google/rpc/status.proto google/rpc/error_details.proto
}
run_python() {
  PYTHONPATH=$out/python /usr/bin/python3 examples/python/shop.py
}

missing_go() {
  has go && has protoc || echo go, protoc
}
build_go() {
  rm -rf "$out/go"
  mkdir -p "$out/go"
  cp examples/go/*.go examples/go/go.mod examples/go/go.sum "$out/go/"
  export GOBIN=$out/go/bin GOFLAGS=-mod=mod
  (cd "$out/go" && go install tool)
  # The generated code becomes a part of the example's own module.
  local file options=(--go_opt=module=example.com/shop --go-grpc_opt=module=example.com/shop)
  for file in $(go_protos); do
    options+=("--go_opt=M$file=example.com/shop/gen/${file%/*}" "--go-grpc_opt=M$file=example.com/shop/gen/${file%/*}")
  done
  for file in google/api/annotations.proto google/api/http.proto; do
    options+=("--go_opt=M$file=google.golang.org/genproto/googleapis/api/annotations")
    options+=("--go-grpc_opt=M$file=google.golang.org/genproto/googleapis/api/annotations")
  done
  # shellcheck disable=SC2046
  PATH=$GOBIN:$PATH protoc -Iproto -I"$google" --go_out="$out/go" --go-grpc_out="$out/go" "${options[@]}" $(go_protos)
  (cd "$out/go" && go build -o shop .)
}
go_protos() {
  protos | grep -v '^grpc/' # Go has gRPC's own
}
run_go() {
  "$out/go/shop"
}

missing_typescript() {
  has node && has npm && has protoc || echo node, npm, protoc
}
build_typescript() {
  mkdir -p "$out/typescript/gen"
  cp -r examples/typescript/. "$out/typescript/"
  (cd "$out/typescript" && npm ci --no-audit --no-fund --silent)
  # shellcheck disable=SC2046
  protoc -Iproto -I"$google" --plugin="$out/typescript/node_modules/.bin/protoc-gen-ts_proto" \
    --ts_proto_out="$out/typescript/gen" \
    --ts_proto_opt=outputServices=grpc-js,esModuleInterop=true,useExactTypes=false,exportCommonSymbols=false,forceLong=string,useOptionals=all \
    "${entry_protos[@]}"
  (cd "$out/typescript" && npx tsc)
}
run_typescript() {
  node "$out/typescript/dist/src/shop.js"
}

missing_java() {
  has javac && has mvn && has grpc_java_plugin || echo a JDK of 17 or later, maven, protobuf-compiler-grpc-java-plugin
}
build_java() {
  local file
  rm -rf "$out/java"
  mkdir -p "$out/java"
  cp -r examples/java/. "$out/java/"
  for file in $(used_protos); do
    mkdir -p "$out/java/protos/${file%/*}"
    cp "$(if [ -f "proto/$file" ]; then echo proto; else echo "$google"; fi)/$file" "$out/java/protos/$file"
  done
  (cd "$out/java" && mvn --batch-mode --quiet -Dstyle.color=never compile)
}
run_java() {
  (cd "$out/java" && mvn --batch-mode --quiet -Dstyle.color=never exec:java)
}

# A line of each, in this order, whatever the language prints beside it.
expected=('checkout: https?://' 'orders of 2025-05-01: [1-9]' 'refund, attempt 1: UNKNOWN, outcome unknown' 'refund: [0-9]+'
  'violation: body' 'a second refund: .*refused' 'webhook: ON_')

check() {
  local language=$1 line lines=("${expected[@]}")
  [ "$language" != go ] || lines+=('event: ON_') # its consumer of events
  for line in "${lines[@]}"; do
    grep -Eqi "^$line" "$out/$language.txt" && continue
    echo "examples: $language prints no line \"$line\"" >&2
    return 1
  done
}

failed=0
passed=0
skipped=0
for language in "${languages[@]}"; do
  missing=$("missing_$language")
  if [ -n "$missing" ]; then
    echo "examples: $language is left out, for want of $missing"
    skipped=$((skipped + 1))
    continue
  fi
  set +e # within an `if`, a failing step of the function would go unseen
  (set -e && "build_$language") >"$out/$language-build.log" 2>&1
  code=$?
  set -e
  if [ $code != 0 ]; then
    tail -n 30 "$out/$language-build.log" >&2
    echo "examples: $language does not build" >&2
    failed=$((failed + 1))
    continue
  fi
  echo "--- $language"
  start_servers
  code=0
  timeout 120 bash -c "$(declare -f "run_$language"); out=$out; run_$language" >"$out/$language.txt" 2>&1 || code=$?
  sed -i 's/\x1b\[[0-9;]*m//g' "$out/$language.txt" # the colours of some tools
  if [ $code = 0 ] && check "$language"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  cat "$out/$language.txt"
  stop
done
echo "examples: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
