#!/bin/bash
# Starts the sandbox upstream and the gateway, makes one call, and either serves on (run) or stops (demo).
# Usage: run.sh run|demo BUILD_DIR
set -euo pipefail

mode=$1
build=$2
config=$(dirname "$0")/../deploy/config/sandbox.json
export PAYNOW_API_KEY=pnapi_v1_sandbox # the sandbox's own; opens nothing else

gateway=127.0.0.1:50051
method=paynow.management.v1.CheckoutService/CreateCheckoutSession
request='{
  "body": {
    "customer_id": "411486491630370817",
    "lines": [{"product_id": "411486491630370818", "quantity": 2}],
    "return_url": "https://shop.example/thanks"
  }
}'

pids=()
stop() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

# start NAME COMMAND...: runs the command and waits for its first line, which says that it is ready. What it prints
# afterwards is passed on.
start() {
  local name=$1 line output
  shift
  exec {output}< <(exec "$@" 2>&1)
  pids+=($!)
  if ! IFS= read -r -t 20 -u "$output" line; then
    echo "$name did not start" >&2
    exit 1
  fi
  echo "$line" >&2
  case $line in
    *'"serving"'* | *listening*) ;;
    *) exit 1 ;;
  esac
  cat <&"$output" >&2 &
}

start paynow-sandbox "$build/paynow-sandbox"
start billing-gateway "$build/billing-gateway" --config "$config"

echo
echo "--- request: $method"
echo "$request"
echo "--- reply"
"$build/grpc-call" -plaintext -d "$request" "$gateway" "$method"
cat <<EOF

--- try it yourself
grpcurl -plaintext $gateway list
grpcurl -plaintext -d '{"limit": 3}' $gateway paynow.management.v1.OrdersService/GetOrders
grpcurl -plaintext -d '$(echo "$request" | tr -s '\n ' '  ')' $gateway $method
EOF

[ "$mode" = run ] || exit 0
echo
echo "Serving on $gateway until Ctrl-C."
wait "${pids[@]}"
