#!/usr/bin/python3
"""Prints comments of the C++ sources, chosen at random: is each clear at the first reading?

    tools/scripts/random-comments.py [SEED [COUNT]]

The seed is printed first; with it the same comments come again. A comment comes with the line of code that it stands above.
"""
import pathlib
import random
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("service", "upstream", "tools", "tests")
# Comments that nobody has to understand.
SKIPPED = re.compile(r"^// (namespace|clang-format|NOLINT|Guarded by mutex_\.$)")


def blocks(path):
    """Every run of whole-line comments: its first line's number, its lines, the line of code below."""
    comment, start = [], 0
    for number, line in enumerate(path.read_text().splitlines() + [""], 1):
        text = line.strip()
        if text.startswith("//"):
            start = start if comment else number
            comment.append(text)
        elif comment:
            if not SKIPPED.match(comment[0]):
                yield start, comment, text
            comment = []


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.SystemRandom().randrange(1_000_000)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    sources = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".h", ".cc"))
    everything = [(path.relative_to(ROOT), *block) for path in sources for block in blocks(path)]
    print(f"seed {seed}: {count} of {len(everything)} comments")
    for number, (path, line, comment, code) in enumerate(random.Random(seed).sample(everything, count), 1):
        print(f"\n{number}. {path}:{line}")
        print("\n".join(f"    {text}" for text in comment + [code] if text))


if __name__ == "__main__":
    main()
