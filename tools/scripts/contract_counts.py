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


def alone(schema):
    """What a schema is when null is left out of its alternatives."""
    for word in ("allOf", "oneOf", "anyOf"):
        others = [one for one in schema.get(word, ()) if one.get("type") != "null"]
        if len(others) == 1:
            return alone(others[0])
    return schema


def within(schema):
    """Objects and enumerations that stand in place of a reference, at any depth below `schema`."""
    children = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for child in children:
        if isinstance(child, dict):
            yield from in_place(child)


def in_place(schema):
    schema = alone(schema)
    if "properties" in schema or "enum" in schema:
        yield schema
    yield from within(schema)


def places_of(spec, served):
    """Schemas of parameters, bodies and replies of what is served."""
    for path, item in spec["paths"].items():
        for verb, operation in item.items():
            if verb not in VERBS or (verb, re.sub(r"\{[^}]*\}", "{}", path)) not in served:
                continue
            yield from (p.get("schema", {}) for p in operation.get("parameters", ()) if p["in"] in ("path", "query"))
            for part in (operation.get("requestBody", {}), *operation.get("responses", {}).values()):
                json_forms = [form for kind, form in part.get("content", {}).items() if "json" in kind]
                yield from (form.get("schema", {}) for form in json_forms[:1])


def add_in_place(spec, served, counts):
    known = {tuple(s["enum"]) for s in spec["components"]["schemas"].values() if "enum" in s}
    found = [one for schema in spec["components"]["schemas"].values() for one in within(schema)]
    found += [one for schema in places_of(spec, served) for one in in_place(schema)]
    for schema in found:
        if "enum" in schema and tuple(schema["enum"]) in known:
            continue
        counts["schemas"] += 1
        counts["objects"] += "properties" in schema
        counts["fields"] += len(schema.get("properties", {}))
        if "enum" in schema:
            known.add(tuple(schema["enum"]))
            counts["enums"] += 1
            counts["enum_texts"] += sum(text is not None for text in schema["enum"])


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
    spec = json.loads(pathlib.Path(sys.argv[1]).read_text())
    counts["paynow"] = counts_of(spec, served)
    add_in_place(spec, served, counts["paynow"])
    add_local(package, counts["paynow"])
    lines = ",\n".join(f"{json.dumps(provider)}: {json.dumps(numbers)}" for provider, numbers in sorted(counts.items()))
    target.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
