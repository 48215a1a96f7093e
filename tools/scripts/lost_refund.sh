# What a lost answer comes to with a ledger: a refund that the sandbox executes and does not answer, and the same call again.
# Read by run.sh, with `build` and `gateway` set.
# shellcheck shell=bash disable=SC2154  # set by run.sh
show_lost_refund() {
  local service=paynow.management.v1 order=411486491630370850
  local refund=("$build/grpc-call" -plaintext -v -H "idempotency-key: refund-$order" -d "{\"order_id\": \"$order\", \"body\": {}}"
    "$gateway" "$service.OrdersService/RefundOrder")
  echo
  echo "--- a refund whose answer is lost"
  "${refund[@]}" 2>&1 || true
  echo
  echo "--- the same call again: the gateway has looked it up"
  "${refund[@]}" 2>&1
  echo
  echo "--- the refunds of the order: one"
  "$build/grpc-call" -plaintext -d "{\"order_id\": \"$order\"}" "$gateway" "$service.PaymentsService/GetPayments" |
    grep -A 2 '"refunds"'
}
