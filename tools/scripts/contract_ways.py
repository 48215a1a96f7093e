#!/usr/bin/python3
"""Gives each new write of the upstream's a row in docs/unknown-outcomes.md, and takes away the rows of those that are gone.

    tools/scripts/contract_ways.py [docs/unknown-outcomes.md]

How the outcome of a write gets known is a decision of people: it stands in the proto, at the RPC (`gateway.v1.Once`). Until it
is made, the row says `none`: the outcome stays unknown until a webhook or an operator tells. What is new is printed.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import proto_text  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "paynow.management.v1"
WHY = "new in the contract: nobody has decided yet"
WAYS = ("lookup", "same_key", "converges", "harmless")


def writes():
    """{full name: the way that its proto states}, in the order of the protos."""
    found = {}
    for name, method in proto_text.read_package(ROOT / "proto", PACKAGE).methods.items():
        if method.route() is None or method.route()[0] == "get" or "NO_SIDE_EFFECTS" in method.options:
            continue
        stated = [way for way in WAYS if re.search(rf"\b{way}\b(?:: | = )true|\b{way} ?\{{|\bonce\.{way}\b", method.options)]
        found[f"{PACKAGE}.{name}"] = stated[0] if stated else "none"
    return found


def name_in(line):
    cells = line.split("|")
    return cells[1].strip() if len(cells) == 5 and cells[1].strip().startswith(PACKAGE + ".") else None


def main():
    page = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "unknown-outcomes.md")
    known = writes()
    lines = [line for line in page.read_text().split("\n") if name_in(line) is None or name_in(line) in known]
    there = {name_in(line) for line in lines}
    for name, way in known.items():
        if name in there:
            continue
        service = name.rpartition(".")[0]
        # After the last row of its service, or of the package.
        places = [i for i, line in enumerate(lines) if (name_in(line) or "").startswith(service + ".")]
        places = places or [i for i, line in enumerate(lines) if name_in(line)]
        lines.insert(places[-1] + 1, f"| {name} | {way} | {WHY} |")
        print(f"ways: {name}: {way}; say why in {page.relative_to(ROOT) if page.is_relative_to(ROOT) else page}")
    page.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
