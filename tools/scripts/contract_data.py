#!/usr/bin/python3
"""Writes the contract data of the sandbox and of the contract test from the upstream's OpenAPI file.

    tools/scripts/contract_data.py MANAGEMENT-API.json [--protos proto] [--data paynow.json] [--documented digest.json]

The form of the data is described in upstream/sandbox/contracts/README.md: names, types and flags, no sentences. What is there
already is the memory, as the committed protos are apigen's; nothing else is shared with apigen, so that a slip in one shows
against the other.

  - An operation keeps its id and its tag while verb and path stay, for tests and behaviour know it by them.
  - What a person decided stays: flags that no OpenAPI file states (PERSON), an operation's `partial`.
  - What is gone upstream goes, except what the documents of this project name: that stays, marked `gone`.
  - An operation that the upstream calls deprecated or hides stays if it was there.
  - An operation or a schema that has no form here is left out or loosened, and said.

From the protos it takes one thing: which schemas were renamed, so that behaviour and seed find them (`renamed`).
"""
import argparse
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import proto_text  # noqa: E402
from contract_layout import Layout  # noqa: E402
from contract_types import Types  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "upstream" / "sandbox" / "contracts"
VERBS = ("get", "put", "post", "delete", "patch")
FORMATS = {"FlakeId": "flake-id", "SteamId": "steam-id", "Period": "period"}
BOUNDS = {"minimum": "minimum", "maximum": "maximum", "minItems": "min_items", "maxItems": "max_items"}
# Decided by people, or read off pages: no OpenAPI file states them.
PERSON = ("null_when_unset", "empty_is_unset", "loose", "aliases", "const", "min_seconds_ahead", "max_seconds_ahead",
          "max_key_length")


def pascal(text):
    return "".join(word[:1].upper() + word[1:] for word in re.split("[^A-Za-z0-9]+", text))


def route_of(operation):
    return operation["verb"], re.sub(r"\{[^}]*\}", "{}", operation["path"])


def is_nullable(schema):
    if not isinstance(schema, dict):
        return False
    kind = schema.get("type")
    if schema.get("nullable") or isinstance(kind, list) and "null" in kind and len(kind) > 1:
        return True
    return any(one.get("type") == "null" for word in ("oneOf", "anyOf") for one in schema.get(word, []))


class Document:
    """The upstream's file in the form of the data, without regard to what was before."""

    def __init__(self, spec):
        self.spec = spec
        self.types = Types(spec["components"]["schemas"])

    def operations(self):
        """(operation, whether the upstream hides it, its operationId)."""
        for path, item in self.spec["paths"].items():
            for verb, operation in item.items():
                if verb not in VERBS:
                    continue
                if "operationId" not in operation or not (operation.get("tags") or "_" in operation["operationId"]):
                    self.types.note(f"{verb.upper()} {path}", "left out: it has no operationId or no tag")
                    continue
                hidden = operation.get("deprecated") or operation.get("x-gitbook-ignore")
                yield self.operation(verb, path, item, operation), bool(hidden), operation["operationId"]

    def operation(self, verb, path, item, operation):
        whole = operation["operationId"]
        head, _, last = whole.rpartition("_")
        tag = pascal((operation.get("tags") or [head])[0])
        made = {"id": f"{tag}_{last}", "tag": tag, "rpc": last, "verb": verb.upper(), "path": path}
        place = f"{made['verb']} {path}"
        parameters = {(p["in"], p["name"]): p for p in item.get("parameters", []) + operation.get("parameters", [])}
        made["path_params"] = [self.parameter(parameters.get(("path", name), {"name": name}), place, last)
                               for name in re.findall(r"\{([^}]*)\}", path)]
        query = [self.query(p, place, last) for (where, _), p in parameters.items() if where == "query"]
        if query:
            made["query"] = query
        body = self.body(operation, place, last)
        if body:
            made["body"] = body
        made.update(self.replies(operation, place, last))
        return made

    def parameter(self, parameter, place, rpc):
        owner = rpc + pascal(parameter["name"])
        return {"name": parameter["name"], **self.types.of(parameter.get("schema", {"type": "string"}), place, owner)}

    def query(self, parameter, place, rpc):
        schema = parameter.get("schema", {})
        made = self.parameter(parameter, place, rpc)
        made.update({ours: schema[theirs] for theirs, ours in BOUNDS.items() if theirs in schema})
        if parameter.get("required"):
            made["required"] = True
        if parameter.get("deprecated"):
            made["deprecated"] = True
        return made

    def body(self, operation, place, rpc):
        content = operation.get("requestBody", {}).get("content", {})
        return self.content(content, place + " body", rpc + "Body")

    def content(self, content, place, owner):
        for kind, value in content.items():
            if "json" in kind:
                return self.types.of(value.get("schema", {}), place, owner)
        return None

    def replies(self, operation, place, rpc):
        """The first success with a content, or the first one; others beside it."""
        found = []
        for status, response in operation.get("responses", {}).items():
            if not status.isdigit():
                continue
            reply = self.content(response.get("content", {}), f"{place} {status}", rpc + "Reply")
            found.append({"status": int(status), **({"reply": reply} if reply else {})})
        good = [one for one in found if 200 <= one["status"] < 300]
        first = next((one for one in good if "reply" in one), good[0] if good else {"status": 200})
        others = [one for one in found if one is not first]
        return {**first, **({"also": others} if others else {})}

    def schemas_made(self):
        return {name: self.schema(name, schema) for name, schema in self.spec["components"]["schemas"].items()}

    def lifted(self):
        """Those that stood in place, with what stood in place in them."""
        made = {}
        while len(made) < len(self.types.lifted):
            for name, schema in list(self.types.lifted.items()):
                if name not in made:
                    made[name] = self.schema(name, schema)
        return made

    def schema(self, name, schema):
        if name in FORMATS:
            return {"type": "string", "format": FORMATS[name]}
        if "enum" in schema:
            return {"type": "string", "enum": [text for text in schema["enum"] if text is not None]}
        if "properties" not in schema:
            return self.types.of(schema, name, name + "Item")
        made = {"type": "object"}
        if schema.get("additionalProperties") is False:
            made["closed"] = True
        required = set(schema.get("required", []))
        made["fields"] = {field: self.field(value, field in required, f"{name}.{field}", name + pascal(field))
                          for field, value in schema["properties"].items()}
        return made

    def field(self, schema, required, place, owner):
        made = self.types.of(schema, place, owner)
        made.update({ours: schema[theirs] for theirs, ours in BOUNDS.items() if theirs in schema})
        for flag, holds in (("required", required), ("nullable", is_nullable(schema)), ("read_only", schema.get("readOnly")),
                            ("deprecated", schema.get("deprecated"))):
            if holds:
                made[flag] = True
        return made


class Documents:
    """What the documents of this project name (tests/contract/digest.py): it outlives the upstream."""

    def __init__(self, digest):
        self.routes = {(verb, re.sub(r"\{[^}]*\}", "{}", path)) for verb, path in (head.split(" ", 1) for head in
                                                                              digest.get("operations", {}))}
        self.schemas = digest.get("schemas", {})

    def texts_of(self, schema):
        words = self.schemas.get(schema, {}).get("", "").split(" ")
        return {word.removeprefix("value:") for word in words if word.startswith("value:")}


class Merge:
    """The document with what the data of before knows beyond it."""

    def __init__(self, old, document, documents, renames):
        self.old, self.document, self.documents = old, document, documents
        self.schemas = document.schemas_made()
        known = {**old.get("renamed", {}), **renames}
        self.renamed = {name: self.last_name(name, known) for name in known if name not in self.schemas}
        self.renamed = {name: now for name, now in sorted(self.renamed.items()) if now in self.schemas}

    def last_name(self, name, known):
        seen = set()
        while name in known and name not in seen:
            seen.add(name)
            name = known[name]
        return name

    def now(self, name):
        return self.renamed.get(name, name)

    def run(self):
        operations = self.operations()
        self.schemas.update(self.document.lifted())
        self.keep_members()
        self.keep_schemas()
        self.keep_used(operations)
        made = {name: self.old[name] for name in ("provider", "api", "version", "base_path")}
        if self.renamed:
            made["renamed"] = self.renamed
        return {**made, "operations": operations, "schemas": dict(sorted(self.schemas.items()))}

    def operations(self):
        before = {route_of(one): one for one in self.old["operations"]}
        taken = {(one["tag"], one["rpc"]) for one in self.old["operations"]}
        made, wanted = [], {}
        for operation, hidden, whole in self.document.operations():
            old = before.pop(route_of(operation), None)
            if hidden and old is None:
                continue
            if hidden:
                operation["deprecated"] = True
            if old is not None:
                operation.update(id=old["id"], tag=old["tag"], path_params=self.named_as(old, operation), path=old["path"])
                for member in ("partial", "idempotency_key"):
                    if member in old:
                        operation[member] = old[member]
            else:
                wanted.setdefault((operation["tag"], operation["rpc"]), []).append((operation, whole))
            made.append(operation)
        for name, fresh in wanted.items():
            # What shares its short name is known by its whole one.
            for operation, whole in fresh if len(fresh) > 1 or name in taken else ():
                operation["rpc"] = pascal(whole)
                operation["id"] = f"{operation['tag']}_{operation['rpc']}"
        for route, old in before.items():
            if old.get("gone") or route in self.documents.routes:
                made.append({**self.with_new_names(old), "deprecated": True, "gone": True})
        return sorted(made, key=lambda one: one["tag"])

    def named_as(self, old, operation):
        """A path parameter is known by its place."""
        return [{**now, "name": then["name"]} for then, now in zip(old["path_params"], operation["path_params"])]

    def with_new_names(self, value):
        if isinstance(value, dict):
            return {key: self.now(item) if key == "ref" else self.with_new_names(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.with_new_names(item) for item in value]
        return value

    def keep_members(self):
        for name, old in self.old["schemas"].items():
            schema = self.schemas.get(self.now(name))
            if schema is None:
                continue
            if "fields" in old and "fields" in schema:
                self.keep_fields(name, old["fields"], schema["fields"])
            if "enum" in old and "enum" in schema:
                self.keep_texts(name, old, schema)

    def keep_fields(self, schema, old, new):
        for name, field in old.items():
            if name in new:
                new[name].update({flag: field[flag] for flag in PERSON if flag in field})
            elif field.get("gone") or name in self.documents.schemas.get(schema, {}):
                kept = self.with_new_names(field)
                kept.pop("required", None)
                new[name] = {**kept, "deprecated": True, "gone": True}

    def keep_texts(self, name, old, schema):
        documented = self.documents.texts_of(name)
        kept = [text for text in old["enum"] if text not in schema["enum"] and
                (text in old.get("gone_texts", ()) or text in documented)]
        if kept:
            schema["enum"] = schema["enum"] + kept
            schema["gone_texts"] = kept

    def keep_schemas(self):
        for name, old in self.old["schemas"].items():
            if self.now(name) not in self.schemas and (old.get("gone") or name in self.documents.schemas):
                self.schemas[name] = {**self.with_new_names(old), "gone": True}

    def keep_used(self, operations):
        """What is kept may be of types that are gone."""
        waiting = [operations, self.schemas]
        while waiting:
            for name in sorted(refs_in(waiting.pop()) - set(self.schemas)):
                if name not in self.old["schemas"]:
                    self.document.types.note(name, "is referred to and is no schema: any value")
                    self.schemas[name] = {"type": "any"}
                    continue
                self.schemas[name] = {**self.with_new_names(self.old["schemas"][name]), "gone": True}
                waiting.append(self.schemas[name])


def refs_in(value):
    found = set()
    if isinstance(value, dict):
        if isinstance(value.get("ref"), str):
            found.add(value["ref"])
        for item in value.values():
            found |= refs_in(item)
    elif isinstance(value, list):
        for item in value:
            found |= refs_in(item)
    return found


def renames_in(protos):
    """{name of a type, which is the schema's name of before: the schema's name now}."""
    package = proto_text.read_package(protos, "paynow.management.v1")
    types = {**package.messages, **package.enums}
    found = {name: re.search(r'\bname(?:: | = )"([^"]*)"', element.options) for name, element in types.items()}
    return {name: match[1] for name, match in found.items() if match}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spec", type=pathlib.Path)
    parser.add_argument("--protos", type=pathlib.Path, default=ROOT / "proto")
    parser.add_argument("--data", type=pathlib.Path, default=CONTRACTS / "paynow.json")
    parser.add_argument("--documented", type=pathlib.Path, default=ROOT / "tests" / "contract" / "digest.paynow.json")
    arguments = parser.parse_args()
    document = Document(json.loads(arguments.spec.read_text()))
    documents = Documents(json.loads(arguments.documented.read_text()))
    data = Merge(json.loads(arguments.data.read_text()), document, documents, renames_in(arguments.protos)).run()
    arguments.data.write_text(Layout().text(data))
    for note in document.types.notes:
        print(f"contract data: {note}")


if __name__ == "__main__":
    main()
