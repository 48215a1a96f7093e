"""Checks on the protos of two versions of a contract: what is the same thing keeps its number and its comment."""
import itertools
import re

from proto_text import text_of

DEPTH = 6
ELEMENT = re.compile(r"^( *)(rpc|message|enum|optional|repeated|map<|[A-Za-z][\w.]* \w+ = \d|[A-Z][A-Z0-9_]* = \d)")


class Places:
    """All fields and enum values that calls can reach, by route and names in JSON: {place: (chain of numbers, kind)}."""

    def __init__(self, package):
        self.package, self.found = package, {}
        for method in package.methods.values():
            route = method.route()
            if route is None:
                continue
            self.request(method, route)
            self.reply(method, route)

    def request(self, method, route):
        message = self.package.messages.get(method.input)
        if message is None:
            return
        path, body = method.path_names(), method.body_of("body")
        for field in message.fields.values():
            if field.name in path:
                name = ("path", path.index(field.name))
            else:
                name = "body" if field.name == body else ("query", field.wire_name)
            self.field((*route, "in", name), (), field, ())

    def reply(self, method, route):
        message = self.package.messages.get(method.output)
        if message is None:
            return
        wrapped = method.body_of("response_body")
        for field in message.fields.values():
            name = "whole" if field.name == wrapped else field.wire_name
            self.field((*route, "out", name), (), field, ())

    def field(self, place, numbers, field, owners):
        chain = (*numbers, field.number)
        enum, message = self.package.enums.get(field.type), self.package.messages.get(field.type)
        kind = "enum" if enum else "message" if message else field.type
        self.found[place] = (chain, (kind, field.repeated))
        for value in enum.fields.values() if enum else ():
            if value.number == 0:
                continue
            self.found[(*place, "=", text_of(enum, value))] = ((*chain, value.number), "value")
        if message and len(owners) < DEPTH and field.type not in owners:
            for member in message.fields.values():
                self.field((*place, member.wire_name), chain, member, (*owners, field.type))


class Checks:
    def __init__(self, before, after):
        self.before, self.after = before, after
        self.elements = self.comments = 0

    def problems(self):
        return list(itertools.chain(self.moved(), self.lost_comments()))

    def moved(self):
        """A place that is there before and after, and is of the same kind, has the same numbers on the way to it."""
        then, now = Places(self.before).found, Places(self.after).found
        seen = set()
        for place, (chain, kind) in then.items():
            if place not in now or not same_kind(kind, now[place][1]):
                continue
            self.elements += 1
            if now[place][0] != chain and place[:-1] not in seen:
                yield f"moved: {' '.join(map(str, place))}: {chain} is now {now[place][0]}"
            if now[place][0] != chain:
                seen.add(place)

    def lost_comments(self):
        for kind in ("messages", "enums", "methods"):
            then, now = getattr(self.before, kind), getattr(self.after, kind)
            for name, element in then.items():
                if name not in now:
                    continue
                yield from self.lost(name, element, now[name])
                for number, member in element.fields.items():
                    if number in now[name].fields:
                        yield from self.lost(f"{name}.{member.name}", member, now[name].fields[number])

    def lost(self, name, then, now):
        if not then.comments:
            return
        self.comments += 1
        if sorted(then.comments) != sorted(now.comments):
            yield f"comment lost: {name}: {then.comments[0]}"


# Integers of both widths are read as each other.
def same_kind(then, now):
    wide = {"int32": "int64"}
    return then == now or (isinstance(then, tuple) and isinstance(now, tuple) and then[1] == now[1]
                           and wide.get(then[0], then[0]) == wide.get(now[0], now[0]))


class History:
    """What each number of each type was ever used for. Over all versions no number may get a second meaning."""

    def __init__(self):
        self.used = {}

    def problems(self, package):
        found = []
        for message in package.messages.values():
            for field in message.fields.values():
                self.note(found, message.name, field.number, field.wire_name)
        for enum in package.enums.values():
            for value in enum.fields.values():
                self.note(found, enum.name, value.number, value.name)
        return found

    def note(self, found, owner, number, name):
        known = self.used.setdefault((owner, number), name)
        if known != name:
            found.append(f"reused: {owner} {number} was {known} and is {name}")


def comment_everything(protos):
    """Puts a comment above each element that has none, so that the next version can lose it."""
    for path in sorted(protos.rglob("*.proto")):
        lines, above = [], False
        for line in path.read_text().split("\n"):
            element = ELEMENT.match(line)
            plain = element and not line.strip().startswith(("option ", "reserved ", "returns "))
            if plain and not above and "//" not in line:
                lines.append(f"{element[1]}// Comment on {' '.join(line.split()[:3]).strip('{; ')} in {path.stem}.")
            lines.append(line)
            above = line.strip().startswith("//")
        path.write_text("\n".join(lines))
