#!/bin/bash
# The second half of k8s-e2e.sh, on its node: lets the API server judge the production overlay, and rolls it out in front of
# the sandbox, with certificates of an authority that is made here, to see that callers are let in by them alone.
# Usage: k8s-e2e-production.sh TAG   (the sandbox overlay runs)
set -euo pipefail
cd "$(dirname "$0")/../.."

tag=$1
namespace=billing
name=billing-gateway.$namespace.svc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

k() { kubectl --namespace "$namespace" "$@"; }
fail() {
  echo "k8s-e2e: production: $*" >&2
  k get pods --output wide >&2 || true
  k get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 15 >&2 || true
  k logs --selector app.kubernetes.io/name=billing-gateway --tail=5 >&2 || true
  exit 1
}

# The objects whose kinds the node knows, by the names that it knows them by (see k8s-e2e.sh).
kubectl kustomize deploy/kubernetes/overlays/production 2>/dev/null |
  awk 'BEGIN {RS = ORS = "---\n"} !/(^|\n)apiVersion: (cert-manager\.io|monitoring\.coreos\.com)\//' |
  sed -e 's#^apiVersion: autoscaling/v2$#apiVersion: autoscaling/v2beta2#' \
    -e 's#^apiVersion: policy/v1$#apiVersion: policy/v1beta1#' \
    -e 's#^\( *\)grpc:$#\1tcpSocket:#' >"$work/all.yaml"
echo "production: left out Certificate, ServiceMonitor and PrometheusRule, whose operators are not here"
kubectl create namespace "$namespace" >/dev/null
kubectl apply --dry-run=server -f "$work/all.yaml" >"$work/judged" 2>"$work/errors" ||
  { cat "$work/errors" >&2; fail "the API server refuses the overlay"; }
echo "ok      the API server would take all $(grep -c 'server dry run' "$work/judged") other objects"

# authority NAME; issue NAME SUBJECT_ALTERNATIVE_NAME [AUTHORITY]: NAME.crt and NAME.key, in cert-manager's place.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 2 \
    -keyout "$work/$1.key" -out "$work/$1.crt" 2>/dev/null
}
issue() {
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$work/$1.key" \
    -out "$work/$1.csr" 2>/dev/null
  openssl x509 -req -in "$work/$1.csr" -CA "$work/${3:-ca}.crt" -CAkey "$work/${3:-ca}.key" -CAcreateserial -days 1 \
    -extfile <(echo "subjectAltName=$2") -out "$work/$1.crt" 2>/dev/null
}
authority ca
authority strangers
issue desk URI:spiffe://cluster.local/ns/support/sa/desk
issue nobody URI:spiffe://cluster.local/ns/shop/sa/nobody
issue stranger URI:spiffe://cluster.local/ns/support/sa/desk strangers
bring_certificate() {
  issue tls "DNS:billing-gateway,DNS:$name"
  k create secret generic billing-gateway-tls --from-file="$work/tls.crt" --from-file="$work/tls.key" \
    --from-file="$work/ca.crt" --dry-run=client --output yaml | k apply -f - >/dev/null
}
bring_certificate
k create secret generic billing-gateway-paynow --from-literal=api-key=pnapi_v1_sandbox >/dev/null

sandbox=$(kubectl --namespace billing-sandbox get service provider-sandbox --output 'jsonpath={.spec.clusterIP}')
sed -i -e "s#https://api.paynow.gg#http://$sandbox:8080#" \
  -e "s#image: registry.example/billing-gateway:.*#image: localhost/billing-gateway:$tag#" "$work/all.yaml"
echo "rewritten for it: the upstream to the sandbox, the image to localhost/billing-gateway:$tag"
kubectl apply -f "$work/all.yaml" >/dev/null 2>"$work/errors" || { cat "$work/errors" >&2; fail "the overlay is not accepted"; }
k rollout status deployment/billing-gateway --timeout=180s >/dev/null || fail "the gateway does not become ready"
three_are_ready() { [ "$(k get deployment billing-gateway --output 'jsonpath={.status.readyReplicas}')" = 3 ]; }
for _ in $(seq 300); do
  three_are_ready && break
  sleep 0.3
done
three_are_ready || fail "the autoscaler does not keep its minimum of three pods"
echo "ok      ready, three pods with their certificate from a Secret"

gateway=$(k get service billing-gateway --output 'jsonpath={.spec.clusterIP}')
pods() { k get pods --selector app.kubernetes.io/name=billing-gateway --output 'jsonpath={.items[*].status.podIP}'; }
# A frame of gRPC: not compressed, 20 bytes; the store's id as the request's first field.
printf '\0\0\0\0\024\012\022411486491630370816' >"$work/frame"
# call URL [OPTION...]: prints the gRPC status; fails where there is no connection.
call() {
  curl --silent --max-time 10 --request POST --header 'content-type: application/grpc' --header 'te: trailers' \
    --data-binary "@$work/frame" --dump-header "$work/headers" --output "$work/reply" "$@" || return 1
  tr -d '\r' <"$work/headers" | sed -n 's/^grpc-status: //p'
}
method() { echo "https://$name:50051/paynow.management.v1.$1"; }
mutual() {
  local caller=$1
  shift
  call --http2 --resolve "$name:50051:$gateway" --cacert "$work/ca.crt" --cert "$work/$caller.crt" \
    --key "$work/$caller.key" "$@"
}
expect() {
  local what=$1 expected=$2 seen
  shift 2
  seen=$("$@" || echo none)
  [ "$seen" = "$expected" ] || fail "$what: $seen instead of $expected"
  echo "ok      $what: ${seen/none/no connection}"
}
expect "a caller with a certificate and a right, gRPC status" 0 mutual desk "$(method OrdersService/GetOrders)"
expect "a caller with a certificate and no right" 7 mutual nobody "$(method OrdersService/GetOrders)"
expect "a write beyond a caller's rights" 7 mutual desk "$(method CheckoutService/CreateCheckoutSession)"
expect "a certificate by another authority" none mutual stranger "$(method OrdersService/GetOrders)"
expect "no certificate" none call --http2 --resolve "$name:50051:$gateway" --cacert "$work/ca.crt" \
  "$(method OrdersService/GetOrders)"
expect "plain text" none call --http2-prior-knowledge "http://$gateway:50051/paynow.management.v1.OrdersService/GetOrders"

line='"caller":"spiffe://cluster.local/ns/support/sa/desk","method":"paynow.management.v1.CheckoutService/CreateCheckoutSession","outcome":"not_sent"'
audited() {
  k logs --selector app.kubernetes.io/name=billing-gateway --tail=-1 >"$work/log" && grep -qF "$line" "$work/log"
}
for _ in $(seq 30); do
  audited && break
  sleep 0.3
done
audited || fail "the refused write is not in the audit log"
echo "ok      the refused write is in the audit log, among the container's output"

printf '\0\0\0\0\0' >"$work/frame"
for pod in $(pods); do
  expect "probes of $pod on their own port, in plain text" 200 \
    curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' "http://$pod:50052/readyz"
done

# A change of the pod lets the kubelet look after its volumes now, and not within a minute.
bring_certificate
serial=$(openssl x509 -in "$work/tls.crt" -noout -serial)
k annotate pods --selector app.kubernetes.io/name=billing-gateway "renewed=$serial" >/dev/null
renewed() {
  local pod
  for pod in $(pods); do
    openssl s_client -connect "$pod:50051" -alpn h2 </dev/null >"$work/shown" 2>/dev/null || true
    [ "$(openssl x509 -in "$work/shown" -noout -serial 2>/dev/null)" = "$serial" ] || return 1
  done
}
until=$((SECONDS + 120))
until renewed; do
  [ $SECONDS -lt $until ] || fail "a renewed certificate is not taken up"
  sleep 0.5
done
echo "ok      a renewed certificate in the Secret is served by all pods, without a restart"

restarts=$(k get pods --output 'jsonpath={.items[*].status.containerStatuses[*].restartCount}')
[ -z "${restarts//[0 ]/}" ] || fail "containers were restarted: $restarts"
