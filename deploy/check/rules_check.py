#!/usr/bin/python3
"""Checks around deploy/prometheus/rules.yaml that promtool does not make: every rule has a test that fires and one that
stays quiet, every alert a paragraph in docs/runbook.md, and the operator's object holds the same groups.

Usage: rules_check.py   in the project's folder. Exits 1 with one line for each finding.
"""
import re
import sys

import yaml


def load(path):
    with open(path, encoding="utf-8") as stream:
        return yaml.safe_load(stream)


def heading_anchor(heading):
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def findings():
    groups = load("deploy/prometheus/rules.yaml")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    tests = load("deploy/prometheus/rules_test.yaml")["tests"]
    cases = [case for test in tests for case in test.get("alert_rule_test", [])]
    values = [case for test in tests for case in test.get("promql_expr_test", [])]
    with open("docs/runbook.md", encoding="utf-8") as stream:
        anchors = {heading_anchor(line.lstrip("# ").strip()) for line in stream if line.startswith("#")}

    for rule in rules:
        if "record" in rule:
            seen = [sample["value"] for case in values if case["expr"] == rule["record"]
                    for sample in case["exp_samples"]]
            if not any(seen) or all(seen):
                yield f"{rule['record']}: no test with a value, or none with 0"
            continue
        seen = [bool(case["exp_alerts"]) for case in cases if case["alertname"] == rule["alert"]]
        if not any(seen) or all(seen):
            yield f"{rule['alert']}: no test in which it fires, or none in which it stays quiet"
        place, _, anchor = rule["annotations"]["runbook"].partition("#")
        if place != "docs/runbook.md" or anchor not in anchors or anchor != rule["alert"].lower():
            yield f"{rule['alert']}: {place} has no paragraph #{anchor}"
        if rule["labels"]["severity"] not in ("page", "ticket"):
            yield f"{rule['alert']}: severity {rule['labels']['severity']}"
    if load("deploy/kubernetes/base/monitoring/prometheus-rule.yaml")["spec"]["groups"] != groups:
        yield "prometheus-rule.yaml is not what deploy/check/prometheus-rule.sh makes of rules.yaml"
    print(f"rules: {len(rules)} rules, {len(cases) + len(values)} expectations")


if __name__ == "__main__":
    found = list(findings())
    print(*found, sep="\n", end="\n" if found else "")
    sys.exit(1 if found else 0)
