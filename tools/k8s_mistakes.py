#!/usr/bin/python3
"""Writes copies of a rendering, each with one typical mistake, for k8s-check.sh to see that each is refused.

Usage: k8s_mistakes.py RENDERING FOLDER   makes FOLDER/<mistake>.yaml, one document a line of JSON, which is YAML too.
"""
import copy
import json
import pathlib
import sys

import yaml


def find(documents, kind, name="billing-gateway"):
    return next(document for document in documents
                if document["kind"] == kind and document["metadata"]["name"].startswith(name))


def pod(documents):
    return find(documents, "Deployment")["spec"]["template"]["spec"]


def container(documents):
    return pod(documents)["containers"][0]


def rename(mapping, old, new):
    mapping[new] = mapping.pop(old)


def misspelled_field(d):
    rename(container(d), "resources", "resorces")


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
    find(d, "Deployment")["apiVersion"] = "extensions/v1beta1"


def api_version_of_another_kind(d):
    find(d, "PodDisruptionBudget")["apiVersion"] = "apps/v1"


def missing_selector(d):
    del find(d, "Deployment")["spec"]["selector"]


def selector_mismatch(d):
    find(d, "Deployment")["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = "gateway"


def service_selects_nothing(d):
    find(d, "Service")["spec"]["selector"] = {"app": "billing-gateway"}


def budget_selects_nothing(d):
    find(d, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"] = {"app": "billing-gateway"}


def wrong_port_name(d):
    find(d, "Service")["spec"]["ports"][0]["targetPort"] = "rpc"


def port_name_too_long(d):
    container(d)["ports"][1]["name"] = "prometheus-metrics"


def wrong_port_of_policy(d):
    find(d, "NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"] = "http"


def wrong_port_of_monitor(d):
    find(d, "ServiceMonitor")["spec"]["endpoints"][0]["port"] = "http-metrics"


def missing_probe_port(d):
    del container(d)["livenessProbe"]["grpc"]["port"]


def probe_of_a_closed_port(d):
    container(d)["readinessProbe"]["grpc"]["port"] = 50052


def bad_quantity(d):
    container(d)["resources"]["limits"]["memory"] = "256MB"


def request_beyond_limit(d):
    container(d)["resources"]["requests"]["memory"] = "1Gi"


def missing_volume(d):
    container(d)["volumeMounts"][0]["name"] = "configuration"


def missing_config_map(d):
    find(d, "ConfigMap")["metadata"]["name"] = "billing-gateway-config"


def key_mounted_elsewhere(d):
    container(d)["volumeMounts"][1]["mountPath"] = "/var/run/secrets/paynow"


def missing_account(d):
    pod(d)["serviceAccountName"] = "gateway"


def runs_as_root(d):
    pod(d)["securityContext"]["runAsNonRoot"] = False


def image_without_version(d):
    container(d)["image"] = "registry.example/billing-gateway"


def killed_in_its_drain(d):
    pod(d)["terminationGracePeriodSeconds"] = 30


def scales_another(d):
    find(d, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] = "gateway"


def object_twice(d):
    d.append(copy.deepcopy(find(d, "Service")))


def monitor_selects_nothing(d):
    find(d, "ServiceMonitor")["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"] = "metrics"


MISTAKES = [value for name, value in list(globals().items())
            if callable(value) and value.__module__ == __name__
            and name not in ("find", "pod", "container", "rename")]


def main(rendering, folder):
    with open(rendering, encoding="utf-8") as stream:
        good = [document for document in yaml.safe_load_all(stream) if document]
    for mistake in MISTAKES:
        documents = copy.deepcopy(good)
        mistake(documents)
        if documents == good:
            sys.exit(f"{mistake.__name__} changes nothing")
        text = "\n---\n".join(json.dumps(document) for document in documents)
        pathlib.Path(folder, mistake.__name__ + ".yaml").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
