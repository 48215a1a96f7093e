#!/usr/bin/python3
"""Checks rendered Kubernetes manifests for what their types do not say: that names meet, numbers fit, pods are hardened.

Usage: k8s_check.py FILE...   each file is one rendering, complete in itself. Exits 1 with one line for each finding.
"""
import itertools
import json
import re
import sys

import yaml

# What may be applied: kinds in the versions that a current cluster serves.
KINDS = {
    "v1/ConfigMap", "v1/Namespace", "v1/Secret", "v1/Service", "v1/ServiceAccount", "apps/v1/Deployment",
    "autoscaling/v2/HorizontalPodAutoscaler", "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1/ServiceMonitor", "networking.k8s.io/v1/NetworkPolicy", "policy/v1/PodDisruptionBudget",
}
# Made by the operator, not by the manifests: name -> keys.
EXTERNAL_SECRETS = {"billing-gateway-paynow": {"api-key"}}
# Time that the gateway takes beyond drain.delay and drain.grace to abort what is left.
ABORT_SECONDS = 1

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
SCALE = {"m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
         "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
SECONDS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def at(value, *path, default=None):
    """The member at this path, or the default where any part of it is missing."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value if value is not None else default


def quantity(text):
    """Its number, or None where it is none."""
    match = QUANTITY.fullmatch(str(text))
    return float(match[1]) * SCALE[match[2] or ""] if match else None


def seconds(text):
    return sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(text))


def without_comments(text):
    return re.sub(r"^\s*//.*$", "", text, flags=re.M)


def matches(selector, labels):
    """Whether a selector of plain labels selects them; an empty one selects everything."""
    return all(labels.get(key) == value for key, value in at(selector, "matchLabels", default={}).items())


class Check:
    """One rendering. `findings` says what is wrong with it."""

    def __init__(self, documents):
        self.documents = [document for document in documents if document]
        self.findings = []

    def fail(self, document, text):
        self.findings.append(f"{document.get('kind')} {at(document, 'metadata', 'name')}: {text}")

    def of(self, kind):
        return [document for document in self.documents if document.get("kind") == kind]

    def named(self, kind, name):
        return next((document for document in self.of(kind) if at(document, "metadata", "name") == name), None)

    def pods(self, selector):
        """The pod templates whose labels the selector selects."""
        templates = [at(deployment, "spec", "template", default={}) for deployment in self.of("Deployment")]
        return [pod for pod in templates if matches(selector, at(pod, "metadata", "labels", default={}))]

    def run(self):
        self.check_objects()
        checks = {
            "Deployment": self.check_deployment, "Service": self.check_service,
            "HorizontalPodAutoscaler": self.check_autoscaler, "PodDisruptionBudget": self.check_selects,
            "NetworkPolicy": self.check_network_policy, "ServiceMonitor": self.check_monitor,
            "ServiceAccount": self.check_account,
        }
        for document in self.documents:
            if document.get("kind") in checks:
                checks[document["kind"]](document)
        return self.findings

    def check_objects(self):
        seen = set()
        for document in self.documents:
            what = f"{document.get('apiVersion')}/{document.get('kind')}"
            name = at(document, "metadata", "name", default="")
            if what not in KINDS:
                self.fail(document, f"no {what} is served by a current cluster")
            if not NAME.fullmatch(name):
                self.fail(document, "its name is no DNS label")
            if (what, name) in seen:
                self.fail(document, "is there twice")
            seen.add((what, name))
        spaces = {at(document, "metadata", "namespace") for document in self.documents
                  if document.get("kind") != "Namespace"}
        if len(spaces) > 1:
            self.findings.append(f"objects of one rendering are in several namespaces: {sorted(map(str, spaces))}")

    def check_account(self, account):
        if account.get("automountServiceAccountToken") is not False:
            self.fail(account, "mounts a token that nobody needs")

    def check_deployment(self, deployment):
        pod = at(deployment, "spec", "template", default={})
        labels = at(pod, "metadata", "labels", default={})
        selector = at(deployment, "spec", "selector", "matchLabels")
        if not selector:
            self.fail(deployment, "has no selector")
        elif not matches({"matchLabels": selector}, labels):
            self.fail(deployment, f"its selector {selector} does not select its own pods {labels}")
        self.check_pod(deployment, at(pod, "spec", default={}))
        terms = at(pod, "spec", "affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution",
                   default=[])
        spread = [at(term, "podAffinityTerm", default={}) for term in terms]
        for term in spread + at(pod, "spec", "topologySpreadConstraints", default=[]):
            if not matches(term.get("labelSelector"), labels):
                self.fail(deployment, f"spreads pods that are not its own: {term.get('labelSelector')}")

    def check_pod(self, deployment, spec):
        security = at(spec, "securityContext", default={})
        if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
            self.fail(deployment, "may run as root")
        if at(security, "seccompProfile", "type") != "RuntimeDefault":
            self.fail(deployment, "has no seccomp profile")
        if spec.get("automountServiceAccountToken") is not False:
            self.fail(deployment, "mounts a token that nobody needs")
        account = spec.get("serviceAccountName")
        if account and not self.named("ServiceAccount", account):
            self.fail(deployment, f"there is no ServiceAccount {account}")
        volumes = [volume.get("name") for volume in spec.get("volumes", [])]
        for container in spec.get("containers", []):
            self.check_container(deployment, container, volumes)
        files = self.mounted_files(deployment, spec)
        for path, text in files.items():
            if path.endswith("/config.json"):
                self.check_config(deployment, spec, json.loads(without_comments(text)), files)

    def check_container(self, deployment, container, volumes):
        security = at(container, "securityContext", default={})
        if (security.get("allowPrivilegeEscalation") is not False or security.get("readOnlyRootFilesystem") is not True
                or at(security, "capabilities", "drop") != ["ALL"]):
            self.fail(deployment, f"container {container.get('name')} is not confined")
        if not re.search(r":(?!latest$)[\w.-]+$|@sha256:", str(container.get("image"))):
            self.fail(deployment, f"image {container.get('image')} has no version")
        self.check_resources(deployment, at(container, "resources", default={}))
        self.check_ports(deployment, container.get("ports", []))
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container:
                self.check_probe(deployment, probe, container[probe], container.get("ports", []))
        for mount in container.get("volumeMounts", []):
            if mount.get("name") not in volumes:
                self.fail(deployment, f"there is no volume {mount.get('name')} to mount")
            if "subPath" in mount:
                self.fail(deployment, f"a subPath does not follow changes: {mount.get('mountPath')}")

    def check_resources(self, deployment, resources):
        for side, name in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
            if at(resources, side, name) is None:
                self.fail(deployment, f"says no resources.{side}.{name}")
        for side in ("requests", "limits"):
            for name, value in at(resources, side, default={}).items():
                if quantity(value) is None:
                    self.fail(deployment, f"{side}.{name}: {value} is no quantity")
        for name, limit in at(resources, "limits", default={}).items():
            request = quantity(at(resources, "requests", name, default=0))
            if request is not None and quantity(limit) is not None and request > quantity(limit):
                self.fail(deployment, f"requests more {name} than its limit")

    def check_ports(self, document, ports):
        names = [port.get("name") for port in ports]
        for name in names:
            if not name or len(name) > 15 or not PORT_NAME.fullmatch(name):
                self.fail(document, f"port name {name} is not of 1 to 15 lower-case letters, digits and dashes")
        if len(set(names)) != len(names):
            self.fail(document, "two ports have one name")

    def check_probe(self, deployment, name, probe, ports):
        ways = [way for way in ("grpc", "httpGet", "tcpSocket", "exec") if way in probe]
        if len(ways) != 1:
            self.fail(deployment, f"{name} asks in {len(ways)} ways")
            return
        port = at(probe, ways[0], "port")
        known = {entry.get("containerPort") for entry in ports}
        if ways[0] != "grpc":  # which takes no names
            known |= {entry.get("name") for entry in ports}
        if port not in known:
            self.fail(deployment, f"{name} asks at port {port}, which the container does not have")

    def mounted_files(self, deployment, spec):
        """What the containers see, by path; a Secret's file is empty here. Complains of what does not exist."""
        files = {}
        for volume in spec.get("volumes", []):
            for kind, name in (("ConfigMap", at(volume, "configMap", "name")),
                               ("Secret", at(volume, "secret", "secretName"))):
                if name is None:
                    continue
                source = self.named(kind, name)
                data = {**at(source, "data", default={}), **at(source, "stringData", default={})}
                if source is None:
                    data = dict.fromkeys(EXTERNAL_SECRETS.get(name, ()), "") if kind == "Secret" else {}
                if not data:
                    self.fail(deployment, f"there is no {kind} {name}")
                items = at(volume, kind[0].lower() + kind[1:], "items", default=[])
                for item in items:
                    if data and item.get("key") not in data:
                        self.fail(deployment, f"{kind} {name} has no key {item.get('key')}")
                shown = {item.get("path"): data.get(item.get("key"), "") for item in items} or data
                for container in spec.get("containers", []):
                    for mount in container.get("volumeMounts", []):
                        if mount.get("name") == volume.get("name"):
                            files.update({f"{mount.get('mountPath')}/{path}": text for path, text in shown.items()})
        return files

    def check_config(self, deployment, spec, config, files):
        """The gateway's own configuration against the pod that it will run in."""
        drain = seconds(at(config, "drain", "delay", default="0s")) + seconds(at(config, "drain", "grace",
                                                                                  default="25s"))
        if spec.get("terminationGracePeriodSeconds", 30) < drain + ABORT_SECONDS:
            self.fail(deployment, f"is killed before its drain of {drain:g} s is over")
        for container in spec.get("containers", []):
            live = at(container, "livenessProbe", default={})
            if live and live.get("periodSeconds", 10) * live.get("failureThreshold", 3) < drain + ABORT_SECONDS:
                self.fail(deployment, f"its liveness probe fails before its drain of {drain:g} s is over")
            ports = {port.get("name"): port.get("containerPort") for port in container.get("ports", [])}
            for name, listen in (("grpc", config.get("listen", "")),
                                 ("metrics", at(config, "metrics", "listen", default=""))):
                if listen != f"0.0.0.0:{ports.get(name)}":
                    self.fail(deployment, f"port {name} is {ports.get(name)}, but the gateway listens on {listen}")
        for name, upstream in config.get("upstreams", {}).items():
            keys = [upstream.get("api_key", {})] + [store.get("api_key", {})
                                                    for store in upstream.get("stores", {}).values()]
            for key in keys:
                if "file" in key and key["file"] not in files:
                    self.fail(deployment, f"upstream {name}: no volume brings {key['file']}")

    def check_service(self, service):
        self.check_ports(service, at(service, "spec", "ports", default=[]))
        selector = at(service, "spec", "selector", default={})
        pods = self.pods({"matchLabels": selector}) if selector else []
        if not pods:
            self.fail(service, f"selects no pod: {selector}")
        for port in at(service, "spec", "ports", default=[]):
            self.check_port_of(service, pods, port.get("targetPort", port.get("port")))

    def check_port_of(self, document, pods, port):
        for pod in pods:
            entries = itertools.chain.from_iterable(
                container.get("ports", []) for container in at(pod, "spec", "containers", default=[]))
            if not any(port in (entry.get("name"), entry.get("containerPort")) for entry in entries):
                self.fail(document, f"the pods have no port {port}")

    def check_autoscaler(self, autoscaler):
        spec = at(autoscaler, "spec", default={})
        target = at(spec, "scaleTargetRef", default={})
        if not self.named(target.get("kind"), target.get("name")):
            self.fail(autoscaler, f"there is no {target.get('kind')} {target.get('name')} to scale")
        elif "replicas" in at(self.named(target["kind"], target["name"]), "spec", default={}):
            self.fail(autoscaler, "its target sets replicas too")
        if not 2 <= spec.get("minReplicas", 1) <= spec.get("maxReplicas", 0):
            self.fail(autoscaler, "needs at least 2 replicas, and no more than maxReplicas")
        for metric in spec.get("metrics", []):
            value = at(metric, "pods", "target", "averageValue", default="0")
            if quantity(value) is None:
                self.fail(autoscaler, f"averageValue: {value} is no quantity")

    def check_selects(self, document, *path):
        selector = at(document, "spec", *(path or ("selector",)))
        if not at(selector, "matchLabels") or not self.pods(selector):
            self.fail(document, f"selects no pod: {selector}")
        return self.pods(selector or {})

    def check_network_policy(self, policy):
        own = self.check_selects(policy, "podSelector")
        spec = at(policy, "spec", default={})
        if sorted(spec.get("policyTypes", [])) != ["Egress", "Ingress"]:
            self.fail(policy, "does not limit both directions")
        for rule in spec.get("ingress", []):
            for port in rule.get("ports", []):
                self.check_port_of(policy, own, port.get("port"))
        for rule in spec.get("egress", []):
            for peer in rule.get("to", []):
                if "podSelector" not in peer or "namespaceSelector" in peer:
                    continue
                others = self.pods(peer["podSelector"])
                if not others:
                    self.fail(policy, f"leads to no pod: {peer['podSelector']}")
                for port in rule.get("ports", []):
                    self.check_port_of(policy, others, port.get("port"))

    def check_monitor(self, monitor):
        selector = at(monitor, "spec", "selector", default={})
        services = [service for service in self.of("Service")
                    if at(selector, "matchLabels") and matches(selector, at(service, "metadata", "labels", default={}))]
        if len(services) != 1:
            self.fail(monitor, f"selects {len(services)} services instead of one")
        for endpoint in at(monitor, "spec", "endpoints", default=[]):
            for service in services:
                ports = [port.get("name") for port in at(service, "spec", "ports", default=[])]
                if endpoint.get("port") not in ports:
                    self.fail(monitor, f"its service has no port {endpoint.get('port')}")


def check_file(path):
    with open(path, encoding="utf-8") as stream:
        return Check(yaml.safe_load_all(stream)).run()


def main(paths):
    bad = 0
    for path in paths:
        for finding in check_file(path):
            print(f"{path}: {finding}")
            bad += 1
    return 1 if bad or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
