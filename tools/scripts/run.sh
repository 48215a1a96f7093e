#!/bin/bash
# Starts the four sandboxes and the gateway in front of them, makes a checkout, and shows where it is paid (run), or pays
# it, receives the webhook, verifies it, shows what was paid, and stops (demo).
# Usage: run.sh run|demo BUILD_DIR
# PROVIDER names whose checkout it is: paynow (unless set), qashier, convergegate or paymentkit. SANDBOX_LISTEN (the first of
# four ports) and GATEWAY_LISTEN replace the addresses of deploy/config/sandbox.json; port 0 takes any that is free.
# With `run` the gateway also receives the webhooks, at WEBHOOKS_LISTEN (127.0.0.1:8090; any port that is free where GATEWAY_LISTEN
# has port 0).
set -euo pipefail

mode=$1
build=$2
scripts=$(dirname "$0")
provider=${PROVIDER:-paynow}
# shellcheck disable=SC2034  # used by the files that are read in below
method='' request='' read='' token='' paid='' completed='' completed_request=''
# shellcheck disable=SC1091  # checked by itself
. "$scripts/demo.sh"
# shellcheck disable=SC1091
. "$scripts/lost_refund.sh"
# shellcheck disable=SC1091
. "$scripts/payment.sh"
# shellcheck disable=SC1091
. "$scripts/events.sh"
# The demonstration has a refund whose answer the sandbox loses.
faults=()
[ "$mode/$provider" != demo/paynow ] || faults=(--fault commit-then-drop:RefundOrder:1)
config=$scripts/../../deploy/config/sandbox.json
# The sandboxes' own; they open nothing else.
export PAYNOW_API_KEY=pnapi_v1_sandbox PAYMENTKIT_API_KEY=sk_live_sandbox QASHIER_API_KEY=sk_test_sandbox
export CONVERGEGATE_API_KEY=sk_test_sandbox SANDBOX_WEBHOOK_SECRET=whsec_sandbox

work=$(mktemp -d)
servers=()
printers=()
code_when_stopped=130

# shellcheck disable=SC2317  # called by a trap
# Ends everything that was started, also what is not in `servers` yet, and lets the printers reach the end of the output.
# The code of a stop by signal is set here: where the signal comes in the middle of a `read`, Bash forgets that of `exit`.
stop() {
  trap '' INT TERM HUP
  local pid
  for pid in $(jobs -p); do
    [[ " ${printers[*]} " == *" $pid "* ]] || kill -TERM "$pid" 2>/dev/null || true
  done
  wait || true
  rm -rf "$work"
  [ -z "$signalled" ] || exit "$code_when_stopped"
}
signalled=''
trap stop EXIT
trap 'signalled=1; exit' INT TERM HUP

# start NAME VARIABLE READY COMMAND...: runs the command in the background and waits 20 seconds for a line of its output that
# matches READY, whose parentheses hold the port. Sets `port`, and `seen`, the lines up to there. All that it prints goes to
# standard error. It reads for half a second at a time: a signal that comes just before a `read` is heard only after it.
start() {
  local name=$1 variable=$2 ready=$3 line='' part status output until=$((SECONDS + 20))
  shift 3
  mkfifo "$work/$name"
  "$@" >"$work/$name" 2>&1 &
  servers+=($!)
  exec {output}<"$work/$name"
  seen=''
  while [ "$SECONDS" -lt "$until" ]; do
    part='' status=0
    IFS= read -r -t 0.5 -u "$output" part || status=$?
    line+=$part # a read that is cut short gives the beginning of a line
    [ "$status" -le 128 ] || continue
    [ "$status" = 0 ] || break
    echo "$line" >&2
    seen+=$line$'\n'
    if [[ $line =~ $ready ]]; then
      port=${BASH_REMATCH[1]}
      cat <&"$output" >&2 &
      printers+=($!)
      exec {output}<&-
      return
    fi
    line=''
  done
  echo "$name did not start. If its address is taken, set another: $variable=127.0.0.1:0" >&2
  exit 1
}

sandbox=${SANDBOX_LISTEN:-127.0.0.1:8080}
gateway=${GATEWAY_LISTEN:-127.0.0.1:50051}
host=${sandbox%:*}
webhooks=()
events=$work/events
kept='' received=''
if [ "$mode" = demo ]; then
  start shop SHOP_LISTEN 'listening on http://.*:([0-9]+)$' /usr/bin/python3 "$scripts/shop.py" receive "$events"
  for one in paynow paymentkit qashier convergegate; do
    webhooks+=(--webhook "$one=http://127.0.0.1:$port/$one")
  done
else
  receive_webhooks
fi
start provider-sandbox SANDBOX_LISTEN 'convergegate-sandbox listening on http://.*:([0-9]+)$' \
  "$build/provider-sandbox" --listen "$sandbox" "${webhooks[@]}" "${faults[@]}"
ports=()
pay_port=''
for one in paynow:8080 paymentkit:8081 qashier:8082 convergegate:8083; do
  port=$(sed -n "s/^${one%:*}-sandbox listening on http.*:\([0-9]*\)$/\1/p" <<<"$seen")
  ports+=(-e "s|127.0.0.1:${one#*:}|$host:$port|" -e t) # one a line, and no second time
  [ "${one%:*}" != "$provider" ] || pay_port=$port
done
# Ledger and events live as long as this run: the sandbox forgets what it did, so they must too.
sed "${ports[@]}" -e "s|127.0.0.1:50051|$gateway|" -e "s|\"webhooks\": {|&$received|" \
  -e "0,/^{/s|^{|{\"ledger\": {\"file\": \"$work/ledger/ledger.db\"},$kept|" "$config" >"$work/config.json"
start billing-gateway GATEWAY_LISTEN '"event":"serving","port":([0-9]+)' \
  "$build/billing-gateway" --config "$work/config.json"
gateway=${gateway%:*}:$port

echo
echo "--- request: $method"
echo "$request"
echo "--- reply"
reply=$("$build/grpc-call" -plaintext -d "$request" "$gateway" "$method")
echo "$reply"
member() { /usr/bin/python3 "$scripts/shop.py" member "$1" <<<"$reply"; }
link=http://127.0.0.1:$pay_port/pay/$(member "$token")
[ "$mode" = run ] || show_payment

client=grpcurl
command -v grpcurl >/dev/null || client=$build/grpc-call # takes the same arguments
[ "$mode" = demo ] || cat <<EOF

--- pay it, in a browser
$link
--- look into the store, in a browser
http://127.0.0.1:$pay_port/_sandbox/
EOF
cat <<EOF

--- try it yourself
$client -plaintext $gateway list
$client -plaintext ${read/ADDRESS/$gateway}
$client -plaintext -d '$(tr -s '\n ' '  ' <<<"$request")' $gateway $method
EOF
[ "$mode" = demo ] ||
  echo "$client -plaintext -d '{\"subscription\": \"shop\"}' $gateway gateway.events.v1.EventService/Pull"

[ "${#faults[@]}" = 0 ] || show_lost_refund
[ "$mode" = run ] || exit 0
echo
echo "Serving on $gateway until Ctrl-C."
code_when_stopped=0
wait -n "${servers[@]}" || true
echo "a server has ended by itself" >&2
exit 1
