"""The layout of the contract data: one operation a block, one parameter, field or schema a line, as
upstream/sandbox/contracts/README.md says."""
import json


class Layout:
    """One operation a block, one parameter, field or schema a line, as upstream/sandbox/contracts/README.md says."""

    def text(self, data):
        head = [f"{json.dumps(name)}: {one_line(data[name])},\n" for name in data if name not in ("operations", "schemas")]
        operations = ",\n".join(map(self.operation, data["operations"]))
        schemas = ",\n".join(f"{json.dumps(name)}: {self.schema(schema)}" for name, schema in data["schemas"].items())
        return "{\n" + "".join(head) + f'"operations": [\n{operations}\n],\n"schemas": {{\n{schemas}\n}}\n}}\n'

    def operation(self, operation):
        flags = [name for name in ("partial", "idempotency_key", "deprecated", "gone") if name in operation]
        lines = [self.members(operation, ("id", "tag", "rpc", "verb", *flags, "path")),
                 self.members(operation, ("path_params",))]
        if "query" in operation:
            lines.append('"query": [\n    ' + ",\n    ".join(map(one_line, operation["query"])) + "]")
        if "body" in operation:
            lines.append(self.members(operation, ("body",)))
        lines.append(self.members(operation, ("status", "reply", "also")))
        return "{" + ",\n  ".join(lines) + "}"

    def members(self, value, names):
        return ", ".join(f"{json.dumps(name)}: {one_line(value[name])}" for name in names if name in value)

    def schema(self, schema):
        if "fields" not in schema:
            return one_line(schema)
        flags = self.members(schema, ("type", "closed", "open", "gone"))
        fields = ",\n  ".join(f"{json.dumps(name)}: {one_line(field)}" for name, field in schema["fields"].items())
        return "{" + flags + ', "fields": {' + (f"\n  {fields}" if fields else "") + "}}"


def one_line(value):
    return json.dumps(value, ensure_ascii=False)
