#!/bin/bash
# Starts the sandbox upstream and the gateway, makes one call, and either serves on (run) or stops (demo).
# Usage: run.sh run|demo BUILD_DIR
# PROVIDER names the upstream: paynow (unless set), qashier, convergegate or paymentkit. SANDBOX_LISTEN and GATEWAY_LISTEN
# replace the addresses of its deploy/config/sandbox*.json; port 0 takes any that is free.
set -euo pipefail

mode=$1
build=$2
scripts=$(dirname "$0")
provider=${PROVIDER:-paynow}
config='' key='' method='' request='' read=''
# shellcheck disable=SC1091  # checked by itself
. "$scripts/demo.sh"
# shellcheck disable=SC1091
. "$scripts/lost_refund.sh"
# The demonstration has a refund whose answer the sandbox loses.
faults=()
[ "$mode/$provider" != demo/paynow ] || faults=(--fault commit-then-drop:RefundOrder:1)
config=$scripts/../../deploy/config/$config
export "${provider^^}_API_KEY=$key"

work=$(mktemp -d)
servers=()
printers=()
code_when_stopped=130

# shellcheck disable=SC2317  # called by a trap
# Ends everything that was started, also what is not in `servers` yet, and lets the printers reach the end of the output.
stop() {
  trap '' INT TERM HUP
  local pid
  for pid in $(jobs -p); do
    [[ " ${printers[*]} " == *" $pid "* ]] || kill -TERM "$pid" 2>/dev/null || true
  done
  wait || true
  rm -rf "$work"
}
trap stop EXIT
trap 'exit "$code_when_stopped"' INT TERM HUP

# start NAME VARIABLE READY COMMAND...: runs the command in the background and waits for a line of its output that
# matches READY, whose parentheses hold the port. Sets `port`. All that it prints goes to standard error.
start() {
  local name=$1 variable=$2 ready=$3 line output
  shift 3
  mkfifo "$work/$name"
  "$@" >"$work/$name" 2>&1 &
  servers+=($!)
  exec {output}<"$work/$name"
  while IFS= read -r -t 20 -u "$output" line; do
    echo "$line" >&2
    [[ $line =~ $ready ]] || continue
    port=${BASH_REMATCH[1]}
    cat <&"$output" >&2 &
    printers+=($!)
    exec {output}<&-
    return
  done
  echo "$name did not start. If its address is taken, set another: $variable=127.0.0.1:0" >&2
  exit 1
}

sandbox=${SANDBOX_LISTEN:-127.0.0.1:8080}
gateway=${GATEWAY_LISTEN:-127.0.0.1:50051}
start paynow-sandbox SANDBOX_LISTEN 'listening on http://.*:([0-9]+)$' \
  "$build/paynow-sandbox" --provider "$provider" --listen "$sandbox" "${faults[@]}"
sandbox=${sandbox%:*}:$port
# The ledger lives as long as this run: the sandbox forgets what it did, so the ledger must too.
sed -e "s|127.0.0.1:8080|$sandbox|" -e "s|127.0.0.1:50051|$gateway|" \
  -e "0,/{/s|{|{\"ledger\": {\"file\": \"$work/ledger/ledger.db\"},|" "$config" >"$work/config.json"
start billing-gateway GATEWAY_LISTEN '"event":"serving","port":([0-9]+)' \
  "$build/billing-gateway" --config "$work/config.json"
gateway=${gateway%:*}:$port

echo
echo "--- request: $method"
echo "$request"
echo "--- reply"
"$build/grpc-call" -plaintext -d "$request" "$gateway" "$method"

client=grpcurl
command -v grpcurl >/dev/null || client=$build/grpc-call # takes the same arguments
cat <<EOF

--- try it yourself
$client -plaintext $gateway list
$client -plaintext ${read/ADDRESS/$gateway}
$client -plaintext -d '$(tr -s '\n ' '  ' <<<"$request")' $gateway $method
EOF

[ "${#faults[@]}" = 0 ] || show_lost_refund
[ "$mode" = run ] || exit 0
echo
echo "Serving on $gateway until Ctrl-C."
code_when_stopped=0
wait -n "${servers[@]}" || true
echo "a server has ended by itself" >&2
exit 1
