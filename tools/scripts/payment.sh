# The rest of a payment, as a shop lives it: the customer pays, a webhook comes, the gateway verifies it, the order is complete.
# Read by run.sh, with its variables set.
# shellcheck shell=bash disable=SC2154  # set by run.sh
show_payment() {
  local event
  echo
  echo "--- the customer pays at $link"
  echo "and is sent to $(/usr/bin/python3 "$scripts/shop.py" pay "$link")"
  echo
  echo "--- the webhook that came, verified by gateway.webhooks.v1.WebhookService/ParseEvent"
  event=$(/usr/bin/python3 "$scripts/shop.py" await "$events" "$paid")
  "$build/grpc-call" -plaintext -d "$event" "$gateway" gateway.webhooks.v1.WebhookService/ParseEvent
  [ -n "$completed" ] || return 0
  echo
  echo "--- what was paid: $completed"
  "$build/grpc-call" -plaintext -d "${completed_request/ID/$(member id)}" "$gateway" "$completed"
}
