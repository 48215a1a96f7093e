# The sandboxes' webhooks, received by the gateway. Read by run.sh, with `gateway` and `work` set.
# shellcheck shell=bash disable=SC2034,SC2154  # used and set by run.sh

# Sets `webhooks`, what the sandboxes are told; `kept` and `received`, what the gateway's configuration gets, at its beginning and in
# its section `webhooks`. Qashier signs none, so its are left out.
receive_webhooks() {
  local port=8090 address one
  [ "${gateway##*:}" != 0 ] || port=0
  address=${WEBHOOKS_LISTEN:-127.0.0.1:$port}
  if [ "${address##*:}" = 0 ]; then
    port=$(/usr/bin/python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
    address=${address%:*}:$port
  fi
  for one in paynow paymentkit convergegate; do
    webhooks+=(--webhook "$one=http://$address/webhooks/$one")
  done
  kept="\"events\": {\"file\": \"$work/events/events.db\", \"subscriptions\": {\"shop\": {}}},"
  received="\"listen\": \"$address\","
}
