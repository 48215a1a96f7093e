#!/usr/bin/python3
"""Checks rendered Kubernetes manifests for what their types do not say: that names meet, numbers fit, pods are hardened.

Usage: k8s_check.py FILE...   each file is one rendering, complete in itself. Exits 1 with one line for each finding.
"""
import itertools
import json
import re
import sys

import yaml

import k8s_gateway
from k8s_values import at, matches, quantity, seconds, without_comments

# What may be applied: kinds in the versions that a current cluster serves.
KINDS = {
    "v1/ConfigMap", "v1/Namespace", "v1/PersistentVolumeClaim", "v1/Secret", "v1/Service", "v1/ServiceAccount", "apps/v1/Deployment",
    "autoscaling/v2/HorizontalPodAutoscaler", "cert-manager.io/v1/Certificate", "monitoring.coreos.com/v1/PrometheusRule",
    "monitoring.coreos.com/v1/ServiceMonitor", "networking.k8s.io/v1/Ingress", "networking.k8s.io/v1/NetworkPolicy",
    "policy/v1/PodDisruptionBudget",
}
# Made by the operator, not by the manifests: name -> keys.
EXTERNAL_SECRETS = {"billing-gateway-paynow": {"api-key"},
                    "billing-gateway-ledger": {"dsn", "fingerprint-secret", "reply-key"},
                    "billing-gateway-webhooks": {"paynow"}, "billing-gateway-events": {"dsn", "body-key"}}
# What cert-manager puts into a Secret.
CERTIFICATE_KEYS = {"tls.crt", "tls.key", "ca.crt"}
# When GatewayCertificateExpires comes: what is renewed later is an alert every time.
ALERT_SECONDS = 14 * 86400

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")


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
            "ServiceAccount": self.check_account, "Certificate": self.check_certificate,
            "Ingress": self.check_ingress,
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
        for volume in spec.get("volumes", []):
            self.check_volume(deployment, spec, volume)
        volumes = {volume.get("name"): volume for volume in spec.get("volumes", [])}
        for container in spec.get("containers", []):
            self.check_container(deployment, container, volumes)
        config = self.config_of(spec)
        for finding in k8s_gateway.findings(config, spec, self.mounted_files(spec)) if config else ():
            self.fail(deployment, finding)
        for store in ("ledger", "events"):
            if at(config or {}, store, "file"):
                self.check_only_gateway(deployment, store)

    def check_only_gateway(self, deployment, store):
        """A file of SQLite is locked by the gateway that has it."""
        scaled = [at(scaler, "spec", "scaleTargetRef", "name") for scaler in self.of("HorizontalPodAutoscaler")]
        spec = deployment.get("spec", {})
        if (spec.get("replicas") != 1 or at(spec, "strategy", "type") != "Recreate"
                or at(deployment, "metadata", "name") in scaled):
            self.fail(deployment, f"{store}.file is for one gateway: replicas 1, Recreate, and no autoscaler")

    def config_of(self, spec):
        """The gateway's own configuration, where the pod is one."""
        texts = [text for path, text in self.mounted_files(spec).items() if path.endswith("/config.json")]
        return json.loads(without_comments(texts[0])) if texts else None

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
            elif {"secret", "configMap"} & set(volumes[mount["name"]]) and mount.get("readOnly") is not True:
                self.fail(deployment, f"{mount.get('mountPath')} is not mounted read-only")
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

    def keys_of(self, kind, name):
        """Key -> text of a ConfigMap or Secret; None where nobody makes it. The texts of secrets are empty."""
        source = self.named(kind, name)
        if source is not None:
            return {**at(source, "data", default={}), **at(source, "stringData", default={})}
        made = [at(certificate, "spec", "secretName") for certificate in self.of("Certificate")]
        if kind == "Secret" and (name in EXTERNAL_SECRETS or name in made):
            return dict.fromkeys(EXTERNAL_SECRETS.get(name, CERTIFICATE_KEYS), "")
        return None

    @staticmethod
    def source_of(volume):
        """Kind and name of the object that fills the volume, and the items of it that are asked for."""
        for kind, member, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName")):
            if member in volume:
                return kind, at(volume, member, key), at(volume, member, "items", default=[])
        return None, None, []

    def check_volume(self, deployment, spec, volume):
        kind, name, items = self.source_of(volume)
        if kind is None:
            return
        keys = self.keys_of(kind, name)
        if keys is None:
            self.fail(deployment, f"there is no {kind} {name}")
        for item in items:
            if keys is not None and item.get("key") not in keys:
                self.fail(deployment, f"{kind} {name} has no key {item.get('key')}")
        if kind == "Secret":
            if at(volume, "secret", "defaultMode", default=0o644) & 0o007:
                self.fail(deployment, f"Secret {name} is mounted for everybody to read")
            if not at(spec, "securityContext", "fsGroup"):
                self.fail(deployment, f"Secret {name} belongs to root, and there is no fsGroup to read it")

    def mounted_files(self, spec):
        """What the containers see of ConfigMaps and Secrets, by path."""
        files = {}
        for volume in spec.get("volumes", []):
            kind, name, items = self.source_of(volume)
            data = (self.keys_of(kind, name) if kind else None) or {}
            shown = {item.get("path"): data[item.get("key")] for item in items if item.get("key") in data}
            for container in spec.get("containers", []):
                for mount in container.get("volumeMounts", []):
                    if mount.get("name") == volume.get("name"):
                        files.update({f"{mount.get('mountPath')}/{path}": text
                                      for path, text in (shown if items else data).items()})
        return files

    def check_service(self, service):
        self.check_ports(service, at(service, "spec", "ports", default=[]))
        selector = at(service, "spec", "selector", default={})
        pods = self.pods({"matchLabels": selector}) if selector else []
        if not pods:
            self.fail(service, f"selects no pod: {selector}")
        for port in at(service, "spec", "ports", default=[]):
            self.check_port_of(service, pods, port.get("targetPort", port.get("port")))
            for pod in pods if port.get("name") == "grpc" else ():
                tls = k8s_gateway.speaks_tls(self.config_of(at(pod, "spec", default={})) or {})
                if tls == (port.get("appProtocol") == "kubernetes.io/h2c"):
                    self.fail(service, f"calls port grpc {port.get('appProtocol')}, which "
                                       f"{'speaks TLS' if tls else 'is plain text'}")

    def check_port_of(self, document, pods, port):
        for pod in pods:
            entries = itertools.chain.from_iterable(
                container.get("ports", []) for container in at(pod, "spec", "containers", default=[]))
            meant = [entry for entry in entries if port in (entry.get("name"), entry.get("containerPort"))]
            if not meant:
                self.fail(document, f"the pods have no port {port}")
            if any(entry.get("name") == "health" for entry in meant):
                self.fail(document, "leads to the health port, which only the kubelet needs")

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
            if not rule.get("ports"):
                self.fail(policy, "lets somebody in at every port")
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

    def check_ingress(self, ingress):
        """Strangers come through it: only to webhooks, only over TLS."""
        spec = at(ingress, "spec", default={})
        hosts = {host for entry in spec.get("tls", []) for host in entry.get("hosts", [])}
        if at(spec, "defaultBackend"):
            self.fail(ingress, "leads somewhere from every path")
        for rule in spec.get("rules", []):
            if not rule.get("host") or rule["host"] not in hosts:
                self.fail(ingress, f"host {rule.get('host')} is served in plain text")
            for path in at(rule, "http", "paths", default=[]):
                if path.get("pathType") != "Prefix" or path.get("path") != "/webhooks/":
                    self.fail(ingress, f"lets strangers to {path.get('path')}, not to /webhooks/ alone")
                self.check_backend(ingress, at(path, "backend", "service", default={}))

    def check_backend(self, ingress, backend):
        service = self.named("Service", backend.get("name"))
        if service is None:
            self.fail(ingress, f"there is no Service {backend.get('name')}")
            return
        port = at(backend, "port", "name")
        meant = [entry for entry in at(service, "spec", "ports", default=[]) if entry.get("name") == port]
        if port != "webhooks" or not meant:
            self.fail(ingress, f"leads to port {port}, not to the webhooks of its Service")

    def check_certificate(self, certificate):
        spec = at(certificate, "spec", default={})
        secret = spec.get("secretName")
        renewed, lasts = seconds(spec.get("renewBefore", "0h")), seconds(spec.get("duration", "2160h"))
        if not ALERT_SECONDS < renewed < lasts:
            self.fail(certificate, "is not renewed before the alert of its end comes")
        pods = [pod for pod in self.pods({}) if secret in
                [at(volume, "secret", "secretName") for volume in at(pod, "spec", "volumes", default=[])]]
        if not pods:
            self.fail(certificate, f"no pod mounts its Secret {secret}")
        for service in self.of("Service"):
            selector = {"matchLabels": at(service, "spec", "selector", default={})}
            name = f"{at(service, 'metadata', 'name')}.{at(service, 'metadata', 'namespace')}.svc"
            if (any(matches(selector, at(pod, "metadata", "labels", default={})) for pod in pods)
                    and name not in spec.get("dnsNames", [])):
                self.fail(certificate, f"does not have the name {name}")

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
