# What a lost answer comes to with a ledger: a refund that the sandbox executes and does not answer, and the same call again.
# Read by run.sh, with `build` and `gateway` set.
# shellcheck shell=bash disable=SC2154  # set by run.sh
show_lost_refund() {
  local service=paynow.management.v1 order=411486491630370850 answer repetitions=0
  local refund=("$build/grpc-call" -plaintext -v -H "idempotency-key: refund-$order" -d "{\"order_id\": \"$order\", \"body\": {}}"
    "$gateway" "$service.OrdersService/RefundOrder")
  echo
  echo "--- a refund whose answer is lost"
  "${refund[@]}" 2>&1 || true
  echo
  echo "--- the same call again, until its outcome is known: the gateway looks it up"
  # It is not known while the gateway's own look at it is under way.
  until answer=$("${refund[@]}" 2>&1); do
    if ((++repetitions == 100)) || [[ $answer != *IDEMPOTENCY_OUTCOME_UNKNOWN* ]]; then
      echo "$answer" >&2
      return 1
    fi
    sleep 0.1
  done
  echo "$answer"
  echo
  echo "--- the refunds of the order: one"
  "$build/grpc-call" -plaintext -d "{\"order_id\": \"$order\"}" "$gateway" "$service.PaymentsService/GetPayments" |
    grep -A 2 '"refunds"'
}
