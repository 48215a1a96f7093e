"""Reads protos in the layout that apigen writes, for checks that must not share code with it.

    files = read_package("proto", "paynow.management.v1")
    package = Package(files)
    package.messages["OrderDto"].fields[3].wire_name
"""
import pathlib
import re

FIELD = re.compile(r"^(optional |repeated )?(map<string, (?P<value>[\w.]+)>|(?P<type>[\w.]+)) (?P<name>\w+) = (?P<number>\d+)\b")
VALUE = re.compile(r"^(?P<name>[A-Z]\w*) = (?P<number>\d+)\b")
RPC = re.compile(r"^rpc (?P<name>\w+)\(\s*(?P<input>[\w.]+)\)\s*returns \((?P<streams>stream )?(?P<output>[\w.]+)\)")
HTTP = re.compile(r'\b(get|put|post|delete|patch): "([^"]*)"')


class Element:
    def __init__(self, name, comments):
        self.name, self.comments = name, comments
        self.fields, self.reserved, self.options = {}, set(), ""


class Member(Element):
    """A field or an enum value."""

    def __init__(self, match, text, comments):
        super().__init__(match["name"], comments)
        self.number = int(match["number"])
        groups = match.groupdict()
        self.type = groups.get("value") or groups.get("type")
        self.repeated = "map" if groups.get("value") else (match[0].split(" ")[0] == "repeated")
        self.options = text
        wire = re.search(r'wire_name[:=] ?"([^"]*)"|wire_name = "([^"]*)"', text)
        self.wire_name = (wire[1] or wire[2]) if wire else self.name
        said = re.search(r'\btext(?:: | = )"([^"]*)"', text)
        self.text = said[1] if said else None


class Method(Element):
    def __init__(self, match, comments):
        super().__init__(match["name"], comments)
        self.input, self.output = match["input"], match["output"]
        self.streams = match["streams"] is not None

    def route(self):
        """As ("get", "/v1/stores/{}"), without the names of the parameters."""
        http = HTTP.search(self.options)
        return (http[1], re.sub(r"\{[^}]*\}", "{}", http[2])) if http else None

    def path_names(self):
        http = HTTP.search(self.options)
        return re.findall(r"\{([^}]*)\}", http[2]) if http else []

    def body_of(self, kind):
        found = re.search(r'\b%s: "([^"]*)"' % kind, self.options)
        return found[1] if found else None


def statements(text):
    """(statement, its end, its comments): a statement ends at ; { or }, outside of quotes and brackets.

    Comments stand above or beside a statement, or below it with a blank line after them: those are added to the list later.
    """
    comments, statement, depth = [], "", 0
    above = None  # the comments of the statement that the lines follow without a blank line
    for line in text.split("\n"):
        code, comment = split_comment(line)
        if comment is not None:
            comments.append(comment)
        elif not code.strip():
            if above is not None and not statement.strip():
                above += comments
                comments = []
            above = None
        for part in re.split(r'("(?:[^"\\]|\\.)*"|[;{}\[\]])', code):
            if part == "":
                continue
            in_list = depth > 0
            if part in "[" or (part == "{" and (in_list or "=" in statement)):
                depth += 1
            elif part == "]" or (part == "}" and in_list):
                depth -= 1
            elif part in ";{}" and depth == 0:
                yield " ".join(statement.split()), part, comments
                above = comments if part != "}" else None
                statement, comments = "", []
                continue
            statement += part
        statement += " "


def split_comment(line):
    quoted = False
    for i, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif not quoted and line.startswith("//", i):
            return line[:i], line[i + 2:].strip()
    return line, None


class Package:
    def __init__(self, texts):
        self.messages, self.enums, self.methods = {}, {}, {}
        for text in texts:
            self.read(text)

    def read(self, text):
        stack = []
        for statement, end, comments in statements(text):
            if end == "{":
                stack.append(self.open(statement, comments, stack))
            elif end == "}":
                stack.pop()
            elif stack:
                self.take(statement, comments, stack[-1])

    def open(self, statement, comments, stack):
        kind, _, name = statement.partition(" ")
        if kind in ("message", "enum"):
            element = Element(name, comments)
            element.kind = kind
            {"message": self.messages, "enum": self.enums}[kind][name] = element
            return element
        if kind == "service":
            element = Element(name, comments)
            element.kind = kind
            return element
        rpc = RPC.match(statement)
        method = Method(rpc, comments)
        method.kind = "rpc"
        self.methods[f"{stack[-1].name}.{method.name}"] = method
        return method

    @staticmethod
    def take(statement, comments, owner):
        if statement.startswith("option "):
            owner.options += statement + ";"
            return
        if statement.startswith("reserved "):
            for first, last in re.findall(r"\b(\d+)(?: to (\d+))?", re.sub(r'"[^"]*"', "", statement)):
                owner.reserved.update(range(int(first), int(last or first) + 1))
            return
        match = (VALUE if owner.kind == "enum" else FIELD).match(statement)
        if match:
            member = Member(match, statement, comments)
            owner.fields[member.number] = member


def text_of(enum, value):
    """The rule of EnumValueRules.text."""
    if value.text is not None:
        return value.text
    zero = enum.fields[0].name
    prefix = zero[: -len("UNSPECIFIED")] if zero.endswith("UNSPECIFIED") else ""
    return value.name.removeprefix(prefix).lower()


def read_package(proto_dir, package):
    folder = pathlib.Path(proto_dir, *package.split("."))
    return Package(path.read_text() for path in sorted(folder.glob("*.proto")))
