"""Types of an OpenAPI file as the contract data writes them: see upstream/sandbox/contracts/README.md."""
KEPT_FORMATS = {"string": ("date-time",), "integer": ("int32", "int64"), "number": ("double",)}
LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}
REF = "#/components/schemas/"


class Types:
    """Types as the data writes them."""

    def __init__(self, schemas):
        self.schemas = schemas
        self.notes = []
        # Objects and enumerations that stand in place of a reference, by the names that they get.
        self.lifted = {}

    def note(self, place, what):
        self.notes.append(f"{place}: {what}")

    def of(self, schema, place, owner):
        """{"ref": ...}, {"array": ...}, {"map": ...} or {"type": ...}, without flags. `owner` names what stands in place."""
        schema = self.merged(schema, place)
        if "$ref" in schema:
            return {"ref": schema["$ref"].removeprefix(REF)}
        kind = self.kind(schema, place)
        if "enum" in schema and kind in ("any", "string"):
            return {"ref": self.enumeration(schema, owner)}
        if kind == "array":
            return {"array": self.element(schema.get("items", {}), place, owner)}
        if "properties" in schema:
            return {"ref": self.lift(schema, owner, "Object")}
        if kind == "object":
            values = schema.get("additionalProperties")
            if isinstance(values, dict) and values:
                return {"map": self.element(values, place, owner)}
            return {"map": {"type": "any"}}
        made = {"type": kind}
        if schema.get("format") in KEPT_FORMATS.get(kind, ()):
            made["format"] = schema["format"]
        elif kind == "integer":
            made["format"] = "int64"
        elif kind == "number":
            made["format"] = "double"
        if kind == "string":
            made.update({ours: schema[theirs] for theirs, ours in LENGTHS.items() if theirs in schema})
        return made

    def enumeration(self, schema, owner):
        """The named one with the same texts, or one named after its place."""
        texts = [text for text in schema["enum"] if text is not None]
        for name, other in {**self.schemas, **self.lifted}.items():
            if [text for text in other.get("enum", ()) if text is not None] == texts:
                return name
        return self.lift(schema, owner, "2")

    def lift(self, schema, owner, suffix):
        name = owner
        while name in self.schemas or name in self.lifted:
            name += suffix
        self.lifted[name] = schema
        return name

    def element(self, schema, place, owner):
        made = self.of(schema, place, owner)
        if "array" in made or "map" in made:
            # No proto has a list of lists; the element is any value.
            return {"type": "any"}
        return made

    def merged(self, schema, place):
        """A schema with only one alternative beside null is that alternative."""
        if not isinstance(schema, dict):
            return {}
        for word in ("allOf", "oneOf", "anyOf"):
            if word not in schema:
                continue
            others = [one for one in schema[word] if one.get("type") != "null"]
            if len(others) == 1:
                return self.merged(others[0], place)
            self.note(place, f"{word} is read as any value")
            return {}
        return schema

    def kind(self, schema, place):
        kind = schema.get("type")
        if isinstance(kind, list):
            others = [one for one in kind if one != "null"]
            kind = others[0] if len(others) == 1 else None
            if not others:
                return "null"
        if kind is None:
            return "object" if "properties" in schema or "additionalProperties" in schema else "any"
        return kind
