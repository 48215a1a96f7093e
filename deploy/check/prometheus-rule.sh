#!/bin/sh
# Prints deploy/prometheus/rules.yaml as the Prometheus operator's object; its file in deploy/kubernetes is this output.
# Usage: prometheus-rule.sh >deploy/kubernetes/base/monitoring/prometheus-rule.yaml
set -eu
cd "$(dirname "$0")/../.."
cat <<'HEAD'
# Made by deploy/check/prometheus-rule.sh from deploy/prometheus/rules.yaml: change that.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: billing-gateway
  labels:
    app.kubernetes.io/name: billing-gateway
spec:
HEAD
sed -n '/^groups:/,$s/^/  /p' deploy/prometheus/rules.yaml
