"""How k8s_mistakes.py finds its way about a rendering to change it."""
import contextlib
import json

from k8s_values import without_comments


def find(documents, kind, name="billing-gateway"):
    return next(document for document in documents
                if document["kind"] == kind and document["metadata"]["name"].startswith(name))


def pod(documents):
    return find(documents, "Deployment")["spec"]["template"]["spec"]


def container(documents):
    return pod(documents)["containers"][0]


@contextlib.contextmanager
def json_of(documents, key):
    """A file of the ConfigMap, to be changed."""
    data = find(documents, "ConfigMap")["data"]
    value = json.loads(without_comments(data[key]))
    yield value
    data[key] = json.dumps(value)


def config(documents):
    return json_of(documents, "config.json")


def named(entries, name):
    return next(entry for entry in entries if entry["name"] == name)


def rename(mapping, old, new):
    mapping[new] = mapping.pop(old)
