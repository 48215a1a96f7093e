"""Lists what a document of PayNow's describes in words, for tests/docs/described.json.

    python3 tests/docs/described.py DOCUMENT... > tests/docs/described.json

A document holds OpenAPI in blocks of JSON. Listed are the names alone, "" for a schema itself: the words are other
people's. sources_test holds docs/sources.md against the list, so that no description is passed over.
"""
import json
import re
import sys

described = {}
for name in sys.argv[1:]:
    text = open(name, encoding="utf-8").read()
    for block in re.findall(r"```json\n(.*?)\n```", text, re.S):
        for schema, said in json.loads(block).get("components", {}).get("schemas", {}).items():
            members = described.setdefault(schema, set())
            members.update([""] if said.get("description") else [])
            members.update(m for m, fact in said.get("properties", {}).items() if fact.get("description"))
print("{")
print(",\n".join(f"{json.dumps(name)}: {json.dumps(sorted(members))}" for name, members in sorted(described.items()) if members))
print("}")
