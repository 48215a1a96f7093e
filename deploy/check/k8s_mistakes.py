#!/usr/bin/python3
"""Writes copies of a rendering, each with one typical mistake, for k8s-check.sh to see that each is refused.

Usage: k8s_mistakes.py GATEWAY RECEIVER FOLDER   of the renderings of both, makes FOLDER/<mistake>.yaml, one document a line of
JSON, which is YAML too, and FOLDER/<mistake>.reason with words of the refusal, where the mistake's docstring has them.
"""
import copy
import json
import pathlib
import sys

import yaml

import k8s_receiver_mistakes
from k8s_edits import config, container, find, json_of, named, pod, rename


def misspelled_field(d):
    rename(container(d), "resources", "resorces")


def ledger_in_a_file_of_many_gateways(d):
    """ledger.file is for one gateway"""
    with config(d) as it:
        it["ledger"] = {"file": "/var/lib/billing-gateway/ledger/ledger.db"}


def ledger_in_the_pods_own_root(d):
    """is on no volume that outlives the pod"""
    with config(d) as it:
        it["ledger"] = {"file": "/var/lib/billing-gateway/ledger/ledger.db"}


def ledger_without_its_secret(d):
    """volume ledger has no key for"""
    with config(d) as it:
        it["ledger"]["secret_file"] = "/var/run/secrets/billing-gateway/ledger/fingerprint"


def events_in_a_file_of_many_gateways(d):
    """events.file is for one gateway"""
    with config(d) as it:
        it["events"] = {"file": "/var/lib/billing-gateway/events/events.db"}


def events_without_their_secret(d):
    """volume events has no key for"""
    with config(d) as it:
        it["events"]["body_key_file"] = "/var/run/secrets/billing-gateway/events/key"


def misspelled_field_deep(d):
    rename(container(d)["securityContext"], "readOnlyRootFilesystem", "readOnlyRootFileSystem")


def misspelled_field_of_autoscaler(d):
    rename(find(d, "HorizontalPodAutoscaler")["spec"], "minReplicas", "minReplica")


def misspelled_field_of_monitor(d):
    rename(find(d, "ServiceMonitor")["spec"]["endpoints"][0], "scrapeTimeout", "scrapeTimeOut")


def text_for_a_number(d):
    container(d)["ports"][0]["containerPort"] = "50051"


def field_in_the_wrong_place(d):
    container(d)["terminationGracePeriodSeconds"] = pod(d).pop("terminationGracePeriodSeconds")


def old_api_version(d):
    """no extensions/v1beta1/Deployment is served"""
    find(d, "Deployment")["apiVersion"] = "extensions/v1beta1"


def api_version_of_another_kind(d):
    find(d, "PodDisruptionBudget")["apiVersion"] = "apps/v1"


def missing_selector(d):
    """has no selector"""
    del find(d, "Deployment")["spec"]["selector"]


def selector_mismatch(d):
    """does not select its own pods"""
    find(d, "Deployment")["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "gateway"


def service_selects_nothing(d):
    """selects no pod"""
    find(d, "Service")["spec"]["selector"] = {"app": "billing-gateway"}


def budget_selects_nothing(d):
    """selects no pod"""
    find(d, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] = {"app": "billing-gateway"}


def wrong_port_name(d):
    """the pods have no port rpc"""
    find(d, "Service")["spec"]["ports"][0]["targetPort"] = "rpc"


def port_name_too_long(d):
    """port name prometheus-metrics"""
    named(container(d)["ports"], "metrics")["name"] = "prometheus-metrics"


def wrong_port_of_policy(d):
    """the pods have no port http"""
    find(d, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"] = "http"


def wrong_port_of_monitor(d):
    """its service has no port http-metrics"""
    find(d, "ServiceMonitor")["spec"]["endpoints"][0]["port"] = "http-metrics"


def missing_probe_port(d):
    del container(d)["livenessProbe"]["httpGet"]["port"]


def probe_of_a_closed_port(d):
    """readinessProbe asks at port 50054"""
    container(d)["readinessProbe"]["httpGet"]["port"] = 50054


def bad_quantity(d):
    """limits.memory: 256MB is no quantity"""
    container(d)["resources"]["limits"]["memory"] = "256MB"


def request_beyond_limit(d):
    """requests more memory than its limit"""
    container(d)["resources"]["requests"]["memory"] = "1Gi"


def missing_volume(d):
    """there is no volume configuration"""
    named(container(d)["volumeMounts"], "config")["name"] = "configuration"


def missing_config_map(d):
    """there is no ConfigMap"""
    find(d, "ConfigMap")["metadata"]["name"] = "billing-gateway-config"


def key_mounted_elsewhere(d):
    """upstreams.paynow.api_key: no volume brings"""
    named(container(d)["volumeMounts"], "paynow")["mountPath"] = "/var/run/secrets/paynow"


def missing_account(d):
    """there is no ServiceAccount gateway"""
    pod(d)["serviceAccountName"] = "gateway"


def runs_as_root(d):
    """may run as root"""
    pod(d)["securityContext"]["runAsNonRoot"] = False


def image_without_version(d):
    """has no version"""
    container(d)["image"] = "registry.example/billing-gateway"


def killed_in_its_drain(d):
    """is killed before its drain"""
    pod(d)["terminationGracePeriodSeconds"] = 30


def scales_another(d):
    """there is no Deployment gateway to scale"""
    find(d, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] = "gateway"


def object_twice(d):
    """is there twice"""
    d.append(copy.deepcopy(find(d, "Service")))


def monitor_selects_nothing(d):
    """selects 0 services"""
    find(d, "ServiceMonitor")["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] = "metrics"


def plain_text_allowed(d):
    """may come in plain text"""
    with config(d) as its:
        its["server"]["allow_plaintext"] = True


def tls_left_out(d):
    """may come in plain text"""
    with config(d) as its:
        its["server"] = {"allow_plaintext": True, "probe_listen": "0.0.0.0:50052"}


def client_authority_left_out(d):
    """need not show who they are"""
    with config(d) as its:
        del its["server"]["tls"]["client_ca_file"]


def client_certificates_optional(d):
    """need not show who they are"""
    with config(d) as its:
        its["server"]["tls"]["require_client_certificate"] = False


def authorization_left_out(d):
    """may do everything"""
    with config(d) as its:
        del its["authorization"]


def policy_left_at_trying(d):
    """refuses nobody"""
    with json_of(d, "policy.json") as policy:
        policy["dry_run"] = True


def policy_for_anyone(d):
    """rule checkout lets anyone write"""
    with json_of(d, "policy.json") as policy:
        policy["rules"]["checkout"] = {"anyone": True, "methods": ["*"]}


def policy_forgotten(d):
    """authorization.policy_file: volume config has no key"""
    del find(d, "ConfigMap")["data"]["policy.json"]


def policy_elsewhere(d):
    """authorization.policy_file: no volume brings /etc/gateway/policy.json"""
    with config(d) as its:
        its["authorization"]["policy_file"] = "/etc/gateway/policy.json"


def key_set_elsewhere(d):
    """authorization.jwt.jwks_file: volume config has no key"""
    with config(d) as its:
        its["authorization"]["jwt"] = {"jwks_file": "/etc/billing-gateway/jwks.json", "issuer": "i", "audience": "a"}


def tls_key_by_another_name(d):
    """server.tls.key_file: volume tls has no key"""
    with config(d) as its:
        its["server"]["tls"]["key_file"] = "/var/run/secrets/billing-gateway/tls/key.pem"


def tls_mounted_elsewhere(d):
    """server.tls.certificate_file: no volume brings"""
    named(container(d)["volumeMounts"], "tls")["mountPath"] = "/etc/tls"


def tls_key_for_everybody(d):
    """Secret billing-gateway-tls is mounted for everybody to read"""
    del named(pod(d)["volumes"], "tls")["secret"]["defaultMode"]


def tls_mounted_writable(d):
    """is not mounted read-only"""
    del named(container(d)["volumeMounts"], "tls")["readOnly"]


def secrets_of_no_group(d):
    """no fsGroup"""
    del pod(d)["securityContext"]["fsGroup"]


def certificate_forgotten(d):
    """there is no Secret billing-gateway-tls"""
    d.remove(find(d, "Certificate"))


def certificate_for_another_secret(d):
    """no pod mounts its Secret"""
    find(d, "Certificate")["spec"]["secretName"] = "gateway-tls"


def certificate_without_a_service(d):
    """does not have the name billing-gateway-headless.billing.svc"""
    find(d, "Certificate")["spec"]["dnsNames"] = ["billing-gateway", "billing-gateway.billing.svc"]


def certificate_renewed_late(d):
    """is not renewed before the alert"""
    find(d, "Certificate")["spec"]["renewBefore"] = "24h"


def misspelled_field_of_certificate(d):
    rename(find(d, "Certificate")["spec"]["privateKey"], "rotationPolicy", "rotation")


def health_port_differs(d):
    """port health is 50052, but the gateway listens on 0.0.0.0:50053"""
    with config(d) as its:
        its["server"]["probe_listen"] = "0.0.0.0:50053"


def health_port_not_served(d):
    """port health is 50052, but the gateway listens on"""
    with config(d) as its:
        del its["server"]["probe_listen"]


def health_port_not_of_the_container(d):
    """readinessProbe asks at port 50052, which the container does not have"""
    container(d)["ports"].remove(named(container(d)["ports"], "health"))


def probe_of_the_grpc_port(d):
    """readinessProbe asks at the gRPC port, where it had to speak TLS"""
    container(d)["readinessProbe"]["httpGet"]["port"] = 50051


def probe_of_the_metrics_port(d):
    """livenessProbe asks at port 9464, but health is answered on 0.0.0.0:50052"""
    container(d)["livenessProbe"]["httpGet"]["port"] = 9464


def health_port_in_the_service(d):
    """leads to the health port"""
    find(d, "Service")["spec"]["ports"].append({"name": "health", "port": 50052, "targetPort": "health"})


def health_port_let_in(d):
    """leads to the health port"""
    find(d, "NetworkPolicy")["spec"]["ingress"][0]["ports"].append({"protocol": "TCP", "port": 50052})


def every_port_let_in(d):
    """lets somebody in at every port"""
    del find(d, "NetworkPolicy")["spec"]["ingress"][0]["ports"]


def tls_called_plain_text(d):
    """which speaks TLS"""
    find(d, "Service")["spec"]["ports"][0]["appProtocol"] = "kubernetes.io/h2c"


def audit_log_on_the_root(d):
    """audit.file: /var/log/audit.log is on no volume that can be written"""
    with config(d) as its:
        its["audit"]["file"] = "/var/log/audit.log"


def audit_log_among_the_configuration(d):
    """audit.file: /etc/billing-gateway/audit.log is on no volume that can be written"""
    with config(d) as its:
        its["audit"]["file"] = "/etc/billing-gateway/audit.log"


def read(rendering):
    with open(rendering, encoding="utf-8") as stream:
        return [document for document in yaml.safe_load_all(stream) if document]


def mistakes_of(module):
    """The functions that are defined there, but for those of this file that make no mistake."""
    return [value for value in vars(module).values()
            if callable(value) and value.__module__ == module.__name__
            and value not in (read, mistakes_of, write, main)]


def write(mistake, good, folder):
    documents = copy.deepcopy(good)
    mistake(documents)
    if documents == good:
        sys.exit(f"{mistake.__name__} changes nothing")
    text = "\n---\n".join(json.dumps(document) for document in documents)
    pathlib.Path(folder, mistake.__name__ + ".yaml").write_text(text + "\n", encoding="utf-8")
    if mistake.__doc__:
        pathlib.Path(folder, mistake.__name__ + ".reason").write_text(mistake.__doc__ + "\n", encoding="utf-8")


def main(gateway, receiver, folder):
    for module, rendering in ((sys.modules[__name__], gateway), (k8s_receiver_mistakes, receiver)):
        good = read(rendering)
        for mistake in mistakes_of(module):
            write(mistake, good, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
