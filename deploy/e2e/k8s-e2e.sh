#!/bin/bash
# Rolls the sandbox overlay out on a real Kubernetes of one node (k8s-node.sh), and looks whether it does what the
# README says: becomes ready, takes a checkout through its Service, and loses no call in a rolling update and when a pod
# is deleted, under load. Then the production overlay, with mutual TLS (k8s-e2e-production.sh). All of it is gone at the
# end. Needs root, and the images of `make image`.
# Usage: k8s-e2e.sh BUILD_DIR [TAG]   (BUILD_DIR holds grpc-call and steady-load)
#
# RATE (100), in the environment, is the load's calls a second; K8S_PROGRAMS, a folder of k8s-binaries.sh (BUILD_DIR/k8s).
set -euo pipefail
cd "$(dirname "$0")/../.."

build=$(realpath "$1")
tag=${2:-dev}
namespace=billing-sandbox
rate=${RATE:-100}

fail() {
  echo "k8s-e2e: $*" >&2
  exit 1
}

# Outside of the node: what it is made of.
if [ -z "${KUBECONFIG:-}" ] || [ "${ON_NODE:-}" != 1 ]; then
  tools/scripts/install-packages.sh deploy/image/packages-image.txt deploy/e2e/packages-k8s-e2e.txt
  command -v kubectl >/dev/null || tools/scripts/install-packages.sh <(echo kubernetes-client)
  for program in grpc-call steady-load; do
    [ -x "$build/$program" ] || fail "no $build/$program: build it first"
  done
  programs=${K8S_PROGRAMS:-$build/k8s}
  deploy/e2e/k8s-binaries.sh "$programs"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM

  # What holds a pod's namespaces open; Debian's catatonit is linked statically.
  pause=$(buildah from scratch)
  buildah copy --quiet "$pause" /usr/bin/catatonit /catatonit >/dev/null
  buildah config --entrypoint '["/catatonit", "-P"]' "$pause"
  buildah commit --quiet "$pause" "localhost/pause:$tag" >/dev/null
  buildah rm "$pause" >/dev/null
  for image in billing-gateway provider-sandbox pause; do
    podman image exists "localhost/$image:$tag" || fail "no image localhost/$image:$tag: make image"
    podman save --quiet --format docker-archive --output "$work/$image.tar" "localhost/$image:$tag"
  done
  ON_NODE=1 PAUSE_IMAGE=localhost/pause:$tag IMAGES="$(echo "$work"/*.tar)" \
    deploy/e2e/k8s-node.sh "$programs" "$work/node" "$PWD/deploy/e2e/k8s-e2e.sh" "$build" "$tag"
  exit
fi

work=$(mktemp -d)
load=
# shellcheck disable=SC2317  # called by a trap
clean_up() {
  [ -z "$load" ] || kill "$load" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

k() { kubectl --namespace "$namespace" "$@"; }
explain() {
  k get pods --output wide >&2 || true
  k get events --sort-by=.lastTimestamp 2>/dev/null | tail -n 15 >&2 || true
  k logs --selector app.kubernetes.io/name=billing-gateway --tail=5 >&2 || true
  fail "$@"
}
seconds_since() { awk -v then="$1" -v now="$(date +%s.%N)" 'BEGIN {printf "%.1f s", now - then}'; }

echo "on Kubernetes $(kubectl get --raw /version | sed -n 's/.*"gitVersion": "\(.*\)".*/\1/p'), one node"

# Kubernetes 1.20 knows two things by older names.
kubectl kustomize deploy/kubernetes/overlays/sandbox 2>/dev/null |
  sed -e 's#^apiVersion: autoscaling/v2$#apiVersion: autoscaling/v2beta2#' \
    -e 's#^apiVersion: policy/v1$#apiVersion: policy/v1beta1#' >"$work/all.yaml"
echo "rewritten for it: autoscaling/v2 to v2beta2, policy/v1 to v1beta1"

begun=$(date +%s.%N)
kubectl apply -f "$work/all.yaml" >"$work/applied" || explain "the overlay is not accepted"
for kind in networkpolicy horizontalpodautoscaler poddisruptionbudget; do
  grep -q "^$kind.*/billing-gateway created" "$work/applied" || fail "no $kind was created"
done
echo "ok      applied: $(wc -l <"$work/applied") objects, NetworkPolicy, HPA and PDB among them"

# There is no DNS on this node: the pods find the sandbox by a line in their /etc/hosts.
sandbox=$(k get service provider-sandbox --output 'jsonpath={.spec.clusterIP}')
k patch deployment billing-gateway --patch \
  "{\"spec\": {\"template\": {\"spec\": {\"hostAliases\": [{\"ip\": \"$sandbox\", \"hostnames\": [\"provider-sandbox\"]}]}}}}" >/dev/null
echo "added for it: the sandbox's address in the pods' /etc/hosts, for there is no DNS"

k rollout status deployment/provider-sandbox --timeout=120s >/dev/null || explain "the sandbox does not become ready"
k rollout status deployment/billing-gateway --timeout=180s >/dev/null || explain "the gateway does not become ready"
echo "ok      ready after $(seconds_since "$begun")"

two_are_ready() { [ "$(k get deployment billing-gateway --output 'jsonpath={.status.readyReplicas}')" = 2 ]; }
for _ in $(seq 300); do
  two_are_ready && break
  sleep 0.3
done
two_are_ready || explain "the autoscaler does not keep its minimum of two pods"
echo "ok      the HPA keeps its minimum of 2 pods"

gateway=$(k get service billing-gateway --output 'jsonpath={.spec.clusterIP}'):50051
checkout='{"body": {"customer_id": "411486491630370817", "return_url": "https://shop.example/thanks",
  "lines": [{"product_id": "411486491630370818", "quantity": 2}]}}'
"$build/grpc-call" -plaintext -d "$checkout" "$gateway" paynow.management.v1.CheckoutService/CreateCheckoutSession \
  >"$work/checkout" || explain "the checkout fails"
grep -q '"url"' "$work/checkout" || fail "the checkout has no url"
echo "ok      a checkout through the Service, $gateway"

# under_load WHAT COMMAND...: no call may fail while the command runs.
under_load() {
  local what=$1 took
  shift
  "$build/steady-load" "$gateway" "$rate" >"$work/load" &
  load=$!
  sleep 3 # of load before it
  took=$(date +%s.%N)
  "$@" >"$work/output" 2>&1 || { cat "$work/output" >&2; explain "$what fails"; }
  took=$(seconds_since "$took")
  sleep 3 # and after
  kill -TERM "$load"
  if wait "$load"; then
    echo "ok      $what in $took: $(cat "$work/load")"
  else
    echo "FAILED  $what in $took: $(cat "$work/load")"
    failures=$((failures + 1))
  fi
  load=
}

failures=0
roll() {
  k rollout restart deployment/billing-gateway
  k rollout status deployment/billing-gateway --timeout=180s
  gone
}
# Until the last pod that was told to go has drained.
gone() {
  local until=$((SECONDS + 90))
  while k get pods --selector app.kubernetes.io/name=billing-gateway --output 'jsonpath={.items[*].metadata.deletionTimestamp}' | grep -q .; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.3
  done
}
kill_a_pod() {
  local pod
  pod=$(k get pods --selector app.kubernetes.io/name=billing-gateway --output 'jsonpath={.items[0].metadata.name}')
  k delete pod "$pod" --wait=true --timeout=90s
  k rollout status deployment/billing-gateway --timeout=120s
}
under_load "a rolling update" roll
under_load "deleting a pod" kill_a_pod

restarts=$(k get pods --output 'jsonpath={.items[*].status.containerStatuses[*].restartCount}')
[ -z "${restarts//[0 ]/}" ] || explain "containers were restarted: $restarts"
echo "ok      no container was restarted"
deploy/e2e/k8s-e2e-production.sh "$tag"
[ "$failures" -eq 0 ] || fail "$failures checks failed"
