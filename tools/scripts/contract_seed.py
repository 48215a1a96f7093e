#!/usr/bin/python3
"""Gives the sandbox's example store what new operations need to be called: a record, and a value for each path parameter.

    tools/scripts/contract_seed.py [FOLDER with paynow.json, paynow.seed.json, paynow.arguments.json]

The record is that of the GET on the path up to the parameter. A record that holds nothing but its id is completed by the
sandbox as if it were created now. What is there already is not touched.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def shown_schema(data, path):
    """The schema that GET on this path shows, or None."""
    for operation in data["operations"]:
        if operation["verb"] != "GET" or operation["path"] != path or "reply" not in operation:
            continue
        return operation["reply"].get("ref") or operation["reply"].get("array", {}).get("ref")
    return None


def first_name(data, schema):
    """Seeds know a schema by its first name."""
    return next((before for before, now in data.get("renamed", {}).items() if now == schema), schema)


def next_id(seed):
    ids = [int(record["id"]) for records in seed.values() for record in records if str(record.get("id", "")).isdigit()]
    return str(max(ids, default=411486491630370815) + 1)


class Store:
    def __init__(self, folder):
        self.folder = folder
        self.data = self.read("paynow.json")
        self.seed = self.read("paynow.seed.json")
        self.arguments = self.read("paynow.arguments.json")
        self.new_records = {}

    def read(self, name):
        return json.loads((self.folder / name).read_text())

    def run(self):
        for operation in self.data["operations"]:
            for parameter in operation["path_params"]:
                if parameter["name"] not in self.arguments["path"]:
                    self.arguments["path"][parameter["name"]] = self.value(operation, parameter)
        self.write()

    def value(self, operation, parameter):
        holder = "{" + parameter["name"] + "}"
        path = operation["path"].split(holder)[0] + holder
        schema = shown_schema(self.data, path)
        fields = self.data["schemas"].get(schema, {}).get("fields", {})
        if "id" not in fields:
            return next_id(self.seed) if parameter.get("ref") == "FlakeId" else "example"
        collection = first_name(self.data, schema)
        if self.seed.get(collection):
            return str(self.seed[collection][0]["id"])
        own = next_id(self.seed) if fields["id"].get("ref") else "example"
        record = {"id": own}
        for outer in re.findall(r"\{([^}]*)\}", path)[:-1]:
            member = re.sub(r"([A-Z])", lambda match: "_" + match[1].lower(), outer)
            if member in fields:
                record[member] = self.arguments["path"][outer]
        self.seed[collection] = self.new_records[collection] = [record]
        print(f"seed: {collection} {own}")
        return own

    def write(self):
        """Puts in new lines and leaves the others as they are."""
        if self.new_records:
            path = self.folder / "paynow.seed.json"
            lines = [f"{json.dumps(name)}: [\n{json.dumps(records[0])}]" for name, records in self.new_records.items()]
            path.write_text(path.read_text().rstrip().removesuffix("}").rstrip() + ",\n" + ",\n".join(lines) + "\n}\n")
        path = self.folder / "paynow.arguments.json"
        text = path.read_text()
        start, end = text.index('"path": {'), text.index("}", text.index('"path": {'))
        lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(self.arguments["path"].items()))
        path.write_text(text[:start] + '"path": {\n' + lines + "\n" + text[end:])


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else ROOT / "upstream" / "sandbox" / "contracts"
    Store(pathlib.Path(folder)).run()


if __name__ == "__main__":
    main()
