"""Typical mistakes in the rendering of the receiver alone. See k8s_mistakes.py, which writes them."""
from k8s_edits import config, container, find, named, pod


def receiver_with_an_upstream(d):
    """receives webhooks alone, and has upstreams"""
    with config(d) as it:
        it["upstreams"] = {"paynow": {"base_url": "https://api.paynow.gg"}}


def receiver_that_holds_an_upstreams_key(d):
    """receives webhooks alone, and holds an upstream's key"""
    named(pod(d)["volumes"], "webhooks")["secret"]["secretName"] = "billing-gateway-paynow"


def receiver_into_a_file(d):
    """receives webhooks alone into a file that nobody else can read"""
    with config(d) as it:
        it["events"] = {"file": "/var/lib/billing-gateway/events/events.db"}


def receiver_that_is_the_whole_gateway(d):
    """but the gateway listens on"""
    container(d)["args"] = ["--config", "/etc/billing-gateway/config.json"]


def receiver_on_another_port(d):
    """port webhooks is 8080, but the gateway listens on 0.0.0.0:8081"""
    with config(d) as it:
        it["webhooks"]["listen"] = "0.0.0.0:8081"


def receiver_without_its_secret(d):
    """volume webhooks has no key for"""
    with config(d) as it:
        it["webhooks"]["providers"]["paynow"]["secrets"]["current"]["file"] += "2"


def receiver_whose_ingress_leads_everywhere(d):
    """lets strangers to /, not to /webhooks/ alone"""
    find(d, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["path"] = "/"


def receiver_whose_ingress_leads_to_the_metrics(d):
    """leads to port metrics, not to the webhooks of its Service"""
    paths = find(d, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["backend"]["service"]["port"]["name"] = "metrics"


def receiver_whose_ingress_leads_to_the_gateway(d):
    """there is no Service billing-gateway"""
    paths = find(d, "Ingress")["spec"]["rules"][0]["http"]["paths"]
    paths[0]["backend"]["service"]["name"] = "billing-gateway"


def receiver_in_plain_text(d):
    """is served in plain text"""
    del find(d, "Ingress")["spec"]["tls"]
