#!/usr/bin/python3
"""Runs a gateway under load in front of an imperfect upstream, lets a real Prometheus scrape it, and looks whether the
dashboard and the alert rules live on what is there: every metric and label that they use is in the scrape, every
panel's query returns data, every rule is evaluated without an error, and promtool finds no fault with the scrape.

Usage: dashboard_check.py BUILD_DIR   (billing-gateway, provider-sandbox, grpc-call; prometheus and promtool on PATH)
"""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import yaml

from faulty_upstream import FaultyUpstream
from forward_target import ForwardTarget

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE = 12  # seconds until every query must have data
# Not the gateway's, but Prometheus' own.
TARGET_LABELS = {"job", "instance", "le"}
CALLS = [
    ("OrdersService/GetOrders", {"limit": 3}),
    ("OrdersService/GetOrderById", {"order_id": "411486491630370850"}),
    ("OrdersService/GetOrderById", {"order_id": "1"}),
    ("OrdersService/GetOrderById", {"order_id": "no number"}),
    ("CustomersService/GetCustomers", {}),
    ("CheckoutService/CreateCheckoutSession", {"body": {
        "customer_id": "411486491630370817", "return_url": "https://shop.example/thanks",
        "lines": [{"product_id": "411486491630370818", "quantity": 2}]}}),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read().decode()


class Programs(contextlib.ExitStack):
    """Programs that run until the end of the block."""

    def start(self, work, name, command, ready, **options):
        """Waits for what matches `ready` in the output, and returns the match."""
        log = work / f"{name}.log"
        with open(log, "wb") as output:
            program = subprocess.Popen(command, stdout=output, stderr=output, **options)
        self.callback(program.wait)
        self.callback(program.terminate)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and program.poll() is None:
            match = re.search(ready, log.read_text(errors="replace"))
            if match:
                return match
            time.sleep(0.05)
        sys.exit(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def start_gateway(programs, work, build, upstream_port, target_port):
    """Its ports: gRPC, metrics and webhooks."""
    (work / "webhook-secret").write_text("whsec\n")
    (work / "forward-secret").write_text("whsec_" + "a" * 32 + "\n")
    webhooks_port = free_port()
    (work / "key").write_text("pnapi_v1_sandbox\n")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=example", "-days", "90", "-keyout", work / "ca.key", "-out", work / "ca.pem"],
                   check=True, capture_output=True)
    metrics_port = free_port()
    (work / "config.json").write_text(json.dumps({
        "listen": "127.0.0.1:0", "metrics": {"listen": f"127.0.0.1:{metrics_port}"},
        "ledger": {"file": str(work / "ledger" / "ledger.db")},
        "events": {"file": str(work / "events" / "events.db"), "subscriptions": {"shop": {}}, "forward": {"target": {
            "base_wait": "100ms", "max_wait": "1s", "http": {
                "url": f"http://127.0.0.1:{target_port}/events",
                "secrets": {"a": {"file": str(work / "forward-secret")}}}}},
            "sweep": {"paynow": {"stores": ["411486491630370816"], "every": "1s", "pages_per_minute": 600}}},
        "webhooks": {"listen": f"127.0.0.1:{webhooks_port}",
                     "providers": {"paynow": {"secrets": {"a": {"file": str(work / "webhook-secret")}}}}},
        "audit": {"file": str(work / "audit.jsonl")}, "tracing": {"file": str(work / "spans.json"), "sample_ratio": 1},
        "upstreams": {"paynow": {
            "base_url": f"http://127.0.0.1:{upstream_port}", "default_store": "411486491630370816",
            "ca_file": str(work / "ca.pem"), "api_key": {"file": str(work / "key")}, "breaker": {"failure_percent": 90}}}}))
    match = programs.start(work, "gateway", [build / "billing-gateway", "--config", work / "config.json"],
                           r'"event":"serving","port":(\d+)')
    return int(match[1]), metrics_port, webhooks_port


def start_prometheus(programs, work, metrics_port):
    (work / "prometheus.yml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ROOT / "deploy/prometheus/rules.yaml")],
        "scrape_configs": [{"job_name": "billing-gateway",
                            "static_configs": [{"targets": [f"127.0.0.1:{metrics_port}"]}]}]}))
    port = free_port()
    programs.start(work, "prometheus", [
        "prometheus", f"--config.file={work / 'prometheus.yml'}", f"--storage.tsdb.path={work / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}"], "Server is ready to receive web requests")
    return f"http://127.0.0.1:{port}"


def load(build, port, stop):
    """Calls one after the other, good and bad ones; an error is part of the plan."""
    while not stop.is_set():
        for method, request in CALLS:
            subprocess.run([build / "grpc-call", "-plaintext", "-d", json.dumps(request), f"127.0.0.1:{port}",
                            f"paynow.management.v1.{method}"], capture_output=True, check=False, timeout=60)
            if stop.is_set():
                return


def deliver_and_pull(build, work, port, webhooks_port, stop):
    """Webhooks that come, some of them twice or forged, and a consumer that acknowledges every other answer."""
    (work / "forger").write_text("another\n")
    service = "gateway.events.v1.EventService"
    for number in range(10 ** 9):
        for name, secret in ((number, "webhook-secret"), (number, "webhook-secret"), (number, "forger")):
            event = json.dumps({"event_type": "ON_REFUND", "event_id": str(name), "body": {"id": "1"}})
            subprocess.run([ROOT / "tools/scripts/send-webhook.py", "paynow", work / secret,
                            f"http://127.0.0.1:{webhooks_port}/webhooks/paynow"],
                           input=event, text=True, capture_output=True, check=False, timeout=60)
        pulled = subprocess.run([build / "grpc-call", "-plaintext", "-d", '{"subscription": "shop"}',
                                 f"127.0.0.1:{port}", f"{service}/Pull"], capture_output=True, check=False, timeout=60)
        ids = re.findall(r'"ack_?[iI]d": *"([^"]+)"', pulled.stdout.decode(errors="replace"))
        if ids and number % 2:
            subprocess.run([build / "grpc-call", "-plaintext", "-d",
                            json.dumps({"subscription": "shop", "ack_ids": ids}), f"127.0.0.1:{port}",
                            f"{service}/Acknowledge"], capture_output=True, check=False, timeout=60)
        if stop.is_set():
            return


def panel_queries():
    """(title, query) of every target of the dashboard."""
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def variable_queries():
    dashboard = json.loads((ROOT / "deploy/grafana/dashboard.json").read_text())
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"]).groups()
            yield f"variable {variable['name']}", f"sum by ({label}) ({metric})"


def rule_queries():
    for group in yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule.get("alert") or rule["record"], rule["expr"]


def metrics_and_labels(query):
    """The metrics that a query names, each with the labels that it is matched by; and the labels that it sums by."""
    groups = r"\bby\s*\(([^)]*)\)"
    grouped = {label.strip() for labels in re.findall(groups, query) for label in labels.split(",")}
    metrics = {}
    # Names with a colon are of recording rules.
    for name, matchers in re.findall(r"(?<![\w:])((?:rpc|gateway|process)_\w+)(?![\w:])(?:\{([^}]*)\})?",
                                     re.sub(groups, "", query)):
        metrics.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", matchers))
    return metrics, grouped


def labels_of(scrape):
    """Metric -> the labels of its samples."""
    known = {}
    for line in scrape.splitlines():
        if line and not line.startswith("#"):
            name = re.match(r"\w+", line)[0]
            known.setdefault(name, set()).update(re.findall(r"[{,](\w+)=\"", line))
    return known


def unknown_names(title, query, known):
    """What a query uses and the scrape does not have."""
    metrics, grouped = metrics_and_labels(query)
    for metric, labels in metrics.items():
        if metric not in known:
            yield f"{title}: there is no metric {metric}"
            continue
        for label in labels - known[metric] - TARGET_LABELS:
            yield f"{title}: {metric} has no label {label}"
    if metrics:
        of_all = set().union(*(known.get(metric, set()) for metric in metrics))
        for label in grouped - of_all - TARGET_LABELS:
            yield f"{title}: sums by {label}, which none of its metrics has"


def values_of(prometheus, query):
    for variable, value in (("$__rate_interval", "10s"), ("$job", ".*"), ("$upstream", ".*")):
        query = query.replace(variable, value)
    reply = json.loads(get(f"{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query})))
    return [sample["value"][1] for sample in reply["data"]["result"] if sample["value"][1] != "NaN"]


def wait_for_data(prometheus, queries):
    """The queries that have no data even after a while."""
    missing = list(queries)
    deadline = time.monotonic() + PATIENCE
    while missing and time.monotonic() < deadline:
        missing = [(title, query) for title, query in missing if not values_of(prometheus, query)]
        time.sleep(1 if missing else 0)
    return missing


def rule_errors(prometheus):
    groups = json.loads(get(f"{prometheus}/api/v1/rules"))["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    for rule in rules:
        if rule["health"] != "ok":
            yield f"rule {rule['name']}: {rule['health']} {rule.get('lastError', '')}"
    if not rules:
        yield "Prometheus has loaded no rules"


def check(build, work, programs):
    sandbox = programs.start(work, "sandbox", [build / "provider-sandbox", "--provider", "paynow", "--listen", "127.0.0.1:0"], r"http://.*:(\d+)")
    upstream = FaultyUpstream(int(sandbox[1]))
    programs.callback(upstream.stop)
    target = ForwardTarget()
    programs.callback(target.stop)
    port, metrics_port, webhooks_port = start_gateway(programs, work, build, upstream.port, target.port)
    prometheus = start_prometheus(programs, work, metrics_port)
    stop = threading.Event()
    for _ in range(3):
        thread = threading.Thread(target=load, args=(build, port, stop))
        thread.start()
        programs.callback(thread.join)
    consumer = threading.Thread(target=deliver_and_pull, args=(build, work, port, webhooks_port, stop))
    consumer.start()
    programs.callback(consumer.join)
    programs.callback(stop.set)

    panels = list(panel_queries()) + list(variable_queries())
    rules = list(rule_queries())
    findings = [f"{title}: no data: {query}" for title, query in wait_for_data(prometheus, panels)]
    findings += rule_errors(prometheus)
    scrape = get(f"http://127.0.0.1:{metrics_port}/metrics")
    known = labels_of(scrape)
    for title, query in panels + rules:
        findings += unknown_names(title, query, known)
    # The check itself would notice.
    if not list(unknown_names("", 'sum by (shop) (gateway_sold_total{job="a"})', known)):
        findings.append("a metric that does not exist is not noticed")
    judged = subprocess.run(["promtool", "check", "metrics"], input=scrape, text=True, capture_output=True, check=False)
    findings += [f"promtool: {line}" for line in (judged.stdout + judged.stderr).splitlines()]
    if judged.returncode != 0 and not findings:
        findings.append(f"promtool check metrics ends with {judged.returncode}")
    print(f"dashboard-check: {len(panels)} queries of the dashboard, {len(rules)} rules, {len(known)} metrics in the scrape")
    return findings


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder, Programs() as programs:
        findings = check(build, pathlib.Path(folder), programs)
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
