#!/usr/bin/python3
"""Counts what one version of the upstream's contract declares, and writes it where the tests read it.

    tools/scripts/contract_counts.py MANAGEMENT-API.json [tests/contract/counts.json]

Counted are the operations that the protos serve, with their parameters, and all schemas with their members and texts; then what
the protos mark as local, for the contract data keeps that too. The rest is counted in the upstream's file alone, so a thing that
the contract data or apigen drops shows in the tests.
"""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import proto_text  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERBS = ("get", "put", "post", "delete", "patch")


def operations_of(spec):
    """(verb, path as in Method.route, parameters in path and query, those of the path included)."""
    for path, item in spec["paths"].items():
        for verb, operation in item.items():
            if verb not in VERBS:
                continue
            named = {(p["in"], p["name"]) for p in item.get("parameters", []) + operation.get("parameters", [])}
            yield (verb, "".join(part.split("}")[-1] if i == 0 else "{}" + part.split("}")[-1]
                                 for i, part in enumerate(path.split("{")))), [n for n in named if n[0] in ("path", "query")]


def counts_of(spec, served):
    operations = [(route, named) for route, named in operations_of(spec) if route in served]
    schemas = spec["components"]["schemas"]
    texts = [[text for text in schema["enum"] if text is not None] for schema in schemas.values() if "enum" in schema]
    return {
        "operations": len(operations),
        "writes": sum(route[0] != "get" for route, _ in operations),
        "parameters": sum(len(named) for _, named in operations),
        "schemas": len(schemas),
        "objects": sum("properties" in schema for schema in schemas.values()),
        "enums": len(texts),
        "fields": sum(len(schema.get("properties", {})) for schema in schemas.values()),
        "enum_texts": sum(map(len, texts)),
    }


def is_local(element):
    return re.search(r"\blocal(?:: | = )true", element.options) is not None


def add_local(package, counts):
    for method in package.methods.values():
        if method.streams:
            continue  # the upstream has no operation for it
        if is_local(method):
            counts["operations"] += 1
            counts["writes"] += method.route()[0] != "get"
            others = {method.body_of("body"), "update_mask"}
            counts["parameters"] += sum(f.name not in others for f in package.messages[method.input].fields.values())
    for message in package.messages.values():
        members = message.fields.values()
        counts["schemas"] += is_local(message)
        counts["objects"] += is_local(message)
        counts["fields"] += len(members) if is_local(message) else sum(map(is_local, members))
    for enum in package.enums.values():
        values = [value for value in enum.fields.values() if value.number != 0]
        counts["schemas"] += is_local(enum)
        counts["enums"] += is_local(enum)
        counts["enum_texts"] += len(values) if is_local(enum) else sum(map(is_local, values))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "tests" / "contract" / "counts.json")
    package = proto_text.read_package(ROOT / "proto", "paynow.management.v1")
    served = {method.route() for method in package.methods.values() if not method.streams}
    counts = json.loads(target.read_text())
    counts["paynow"] = counts_of(json.loads(pathlib.Path(sys.argv[1]).read_text()), served)
    add_local(package, counts["paynow"])
    lines = ",\n".join(f"{json.dumps(provider)}: {json.dumps(numbers)}" for provider, numbers in sorted(counts.items()))
    target.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
