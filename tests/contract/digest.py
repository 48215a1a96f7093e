"""Writes what a file of facts about an upstream's documents says, in the form of digest.<provider>.json.

    python3 tests/contract/digest.py FACTS.json [EVENTS.json] > tests/contract/digest.qashier.json

The facts files are made by people who read the documents; they are not part of this project. The digest is: digest_test
holds it against the contract data, so that nothing the documents state can be missing there without a reason. To take up
a new edition of the facts, run this and read the difference.

A member is a text of words: its kind ("string", "array", "map", ...), "ref:<schema>", "items:<word>" and "values:<word>" for
what is within, "format:", "value:" (one text of an enumeration), "const:", "default:", "min:", "max:", "alias:", and the
flags "required", "nullable", "deprecated", "read_only".
"""
import json
import sys

FLAGS = ("required", "nullable", "deprecated", "read_only")
BOUNDS = {"minimum": "min", "maximum": "max", "minItems": "min_items", "maxLength": "max_length", "pattern": "pattern"}


class Digest:
    def __init__(self):
        self.schemas = {}
        self.operations = {}
        self.events = {}

    def words(self, fact, place):
        """The words of one fact; an object that is described in place becomes a schema named after the place."""
        if isinstance(fact, str):
            return ["any" if " " in fact else f"ref:{fact}"]  # some replies are described in prose
        words = []
        name = fact.get("$ref") or fact.get("schema_ref")
        if name:
            words.append("ref:" + name.split("/")[-1])
        elif "properties" in fact:
            self.add_schema(place, fact)
            words.append(f"ref:{place}")
        elif fact.get("type") not in (None, "unknown"):
            words.append(fact["type"])
        if "array_of" in fact:
            words += ["array"] + ["items:" + word for word in self.words(fact["array_of"], place)]
        if fact.get("array") is True:
            element = {key: said for key, said in fact.items() if key != "array"}
            return ["array"] + ["items:" + word for word in self.words(element, place)]
        if "items" in fact:
            words += ["items:" + word for word in self.words(fact["items"], place)]
        within = fact.get("values", fact.get("additionalProperties", fact.get("map_of")))
        if isinstance(within, (dict, str)):
            words += ["map"] + ["values:" + word for word in self.words(within, place)]
        if not name:
            words += [f"format:{fact['format']}"] if "format" in fact else []
            words += [f"value:{text}" for text in fact.get("enum", [])]
        words += [f"const:{fact['const']}"] if "const" in fact else []
        words += [f"default:{json.dumps(fact['default'])}"] if "default" in fact else []
        words += [f"{word}:{fact[bound]}" for bound, word in BOUNDS.items() if bound in fact]
        words += [f"alias:{alias}" for alias in fact.get("aliases", [])]
        words += [flag for flag in FLAGS if fact.get(flag) is True]
        return list(dict.fromkeys(words))

    def add_schema(self, name, schema):
        required = schema.get("required") or []
        members = {"": " ".join([schema["type"]] if "properties" in schema else self.words(schema, name))}
        for member, fact in schema.get("properties", {}).items():
            words = self.words(fact, f"{name}.{member}")
            if isinstance(required, list) and member in required:
                words.append("required")
            members[member] = " ".join(words)
        self.schemas[name] = members

    def add_operation(self, operation):
        name = f"{operation['method']} {operation['path'] or '? ' + operation['id']}"
        said = {}
        query = operation.get("query") or {}
        if isinstance(query, list):
            query = {parameter["name"]: parameter for parameter in query}
        for parameter, fact in query.items():
            said[f"query {parameter}"] = " ".join(self.words(fact, f"{operation['id']}.{parameter}"))
        for part in ("body", "response"):
            schema = (operation.get(part) or {}).get("schema")
            if schema and schema != "none":
                said[part] = " ".join(self.words(schema, f"{operation['id']}.{part}"))
        self.operations[name] = said

    def add_events(self, facts):
        for event in facts.get("events", []):
            self.events[event["event_type"]] = f"ref:{event['body']}"
        for event in facts.get("events_without_payload_definition", []):
            self.events[event] = ""
        for group in ("bodies", "schemas"):
            for name, schema in facts.get(group, {}).items():
                self.add_schema(name, schema)

    def add_webhooks(self, webhooks):
        payload = webhooks.get("payload") or webhooks.get("envelope", {}).get("schema")
        if payload is None:
            return
        whole = " ".join(self.words(payload, "webhook"))
        types = [event["value"] for event in webhooks.get("event_types", webhooks.get("event_types_seen", []))]
        name = whole.removeprefix("ref:")
        if not types:
            types = [w[6:] for w in self.schemas[name].get("type", "").split() if w.startswith("value:")]
        for event in types:
            self.events[event] = whole


def lines(members):
    return ",\n".join(f"{json.dumps(name)}: {json.dumps(said)}" for name, said in sorted(members.items()))


def main():
    facts = json.load(open(sys.argv[1], encoding="utf-8"))
    digest = Digest()
    for name, schema in facts["schemas"].items():
        digest.add_schema(name, schema)
    for operation in facts["operations"]:
        digest.add_operation(operation)
    digest.add_webhooks(facts.get("webhooks", {}))
    events = Digest()
    if len(sys.argv) > 2:
        events.add_events(json.load(open(sys.argv[2], encoding="utf-8")))
        digest.events = events.events
    print(f'{{"operations": {{\n{lines(digest.operations)}}},\n"events": {{\n{lines(digest.events)}}},')
    print(f'"event_schemas": {{\n{lines(events.schemas)}}},\n"schemas": {{\n{lines(digest.schemas)}}}}}')


main()
