#!/bin/bash
# Checks deploy/kubernetes and deploy/prometheus without a cluster: renders every overlay; lets types (the npm packages
# kubernetes-models, where there is node and a registry) and k8s_check.py judge the result; sees that both together
# refuse each of many typical mistakes, for the reason that it is one; checks and tests the alert rules with promtool.
# Usage: k8s-check.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
  echo "k8s-check: $*" >&2
  exit 1
}

tools/scripts/install-packages.sh deploy/check/packages-k8s.txt
if ! command -v kustomize >/dev/null && ! command -v kubectl >/dev/null; then
  tools/scripts/install-packages.sh <(echo kubernetes-client)
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What newer versions say of old words is not of interest: all versions understand them.
render() {
  local errors=$work/errors
  if command -v kubectl >/dev/null; then
    kubectl kustomize "$1" 2>"$errors"
  else
    kustomize build "$1" 2>"$errors"
  fi || { cat "$errors" >&2; fail "cannot render $1"; }
}

renderings=()
for kustomization in deploy/kubernetes/base deploy/kubernetes/overlays/*; do
  name=$(basename "$kustomization")
  render "$kustomization" >"$work/$name.yaml"
  renderings+=("$work/$name.yaml")
  echo "rendered $kustomization: $(grep -c '^kind:' "$work/$name.yaml") objects"
done

# The base's image has no version: that is for the overlays to say.
for name in production proxied receiver sandbox; do
  /usr/bin/python3 deploy/check/k8s_check.py "$work/$name.yaml" || fail "the manifests of $name do not fit together"
done
! grep -q ipBlock "$work/proxied.yaml" || fail "proxied: something leaves beside the proxy"

types_left_out() {
  command -v node >/dev/null || { echo "no node"; return; }
  command -v npm >/dev/null || { echo "no npm"; return; }
  mkdir "$work/types"
  cp deploy/check/k8s-types.mjs "$work/types/"
  echo '{"private": true, "type": "module"}' >"$work/types/package.json"
  (cd "$work/types" && npm install --no-audit --no-fund --loglevel=error kubernetes-models@5.1.0 \
    @kubernetes-models/prometheus-operator@6.0.0 @kubernetes-models/cert-manager@6.0.0 js-yaml@4 typescript@5.9 >"$work/npm.log" 2>&1) || echo "npm cannot install"
}
left_out=$(types_left_out)
judge_types() { (cd "$work/types" && node k8s-types.mjs "$@"); }
if [ -n "$left_out" ]; then
  echo "left out: the typed schemas ($left_out)"
else
  judge_types "${renderings[@]}" || fail "the manifests do not fit their types"
  echo "types: ${#renderings[@]} renderings fit"
fi

mkdir "$work/mistakes"
/usr/bin/python3 deploy/check/k8s_mistakes.py "$work/production.yaml" "$work/receiver.yaml" "$work/mistakes"
/usr/bin/python3 deploy/check/k8s_check.py "$work"/mistakes/*.yaml >"$work/refused" || true
[ -n "$left_out" ] || judge_types "$work"/mistakes/*.yaml >>"$work/refused" || true
accepted=0
refused=0
for mistake in "$work"/mistakes/*.yaml; do
  expected=$(cat "${mistake%.yaml}.reason" 2>/dev/null || true)
  grep -F "$mistake: " "$work/refused" >"$work/reasons" || true
  if reason=$(grep -m 1 -F -e "$expected" "$work/reasons"); then
    refused=$((refused + 1))
    printf 'refused  %-34s %s\n' "$(basename "$mistake" .yaml)" "${reason#*: }"
  elif [ -n "$left_out" ] && [ -z "$expected" ]; then
    printf 'left out %-34s %s\n' "$(basename "$mistake" .yaml)" "only types tell"
  else
    printf 'ACCEPTED %-34s %s\n' "$(basename "$mistake" .yaml)" "${expected:+or refused for something else than: $expected}"
    accepted=$((accepted + 1))
  fi
done
[ "$accepted" -eq 0 ] || fail "$accepted mistakes were accepted"
[ "$refused" -ge 50 ] || fail "only $refused mistakes were refused"

promtool check rules deploy/prometheus/rules.yaml
promtool test rules deploy/prometheus/rules_test.yaml
/usr/bin/python3 deploy/check/rules_check.py
# The tests would notice a rule that never fires, and one that always does.
sed -e 's/ > 0\.9$/ > 9/' deploy/prometheus/rules.yaml >"$work/rules.yaml"
cp deploy/prometheus/rules_test.yaml "$work/"
! promtool test rules "$work/rules_test.yaml" >/dev/null 2>&1 || fail "the rules' tests accept a rule that never fires"
echo "k8s-check: $refused mistakes refused; manifests and rules are good"
