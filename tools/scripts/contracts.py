#!/usr/bin/python3
"""Runs apigen over a folder of published versions of the contract, and checks each result without apigen's help.

    tools/scripts/contracts.py FOLDER [--apigen build/apigen] [--google-protos DIR]

The folder holds NAME-management.json and NAME-webhooks.json, plain or as .xz. Each version is applied in two ways: one after
another, from an empty folder on, and each at once to the protos of this project. After each step all protos must compile with
protoc; no number may have moved or been given to something else; and each comment must be there that stood at something that
still is. The checks follow the routes and the names in JSON, so that they do not depend on the names of types.
"""
import argparse
import json
import lzma
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import contract_checks  # noqa: E402
import proto_text  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {"management": "paynow.management.v1", "webhooks": "paynow.webhooks.v1"}
REFUSED = 1


class Workplace:
    """A folder of protos in which versions are applied."""

    def __init__(self, folder, arguments):
        self.folder, self.arguments = pathlib.Path(folder), arguments
        self.protos = self.folder / "proto"

    def apply(self, spec, kind):
        """Applies one file and returns the report, or None where it is refused."""
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        command = [self.arguments.apigen, "--openapi", spec, "--package", PACKAGES[kind], "--proto-dir", self.protos,
                   "--import-path", ROOT / "proto", "--import-path", self.arguments.google_protos, "--report-json", report]
        decisions = ROOT / "proto" / pathlib.Path(*PACKAGES[kind].split(".")) / "decisions.json"
        if decisions.exists():
            command += ["--decisions", decisions]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode == REFUSED or done.returncode < 0:
            print(f"    refused: {done.stderr.strip()}")
            return None
        return json.loads(report.read_text())

    def compiles(self):
        protos = [str(path.relative_to(self.protos)) for path in self.protos.rglob("*.proto")]
        command = ["protoc", f"-I{self.protos}", f"-I{ROOT / 'proto'}", f"-I{self.arguments.google_protos}",
                   "--descriptor_set_out=/dev/null", *protos]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print("    protoc: " + done.stderr.strip().split("\n")[0])
        return done.returncode == 0

    def package(self, kind):
        return proto_text.read_package(self.protos, PACKAGES[kind])


class Versions:
    def __init__(self, folder, scratch):
        self.folder, self.scratch = pathlib.Path(folder), pathlib.Path(scratch)

    def all(self):
        """(name, {"management": path, "webhooks": path or none}), the oldest first."""
        names = {}
        for path in sorted(self.folder.iterdir()):
            for kind in PACKAGES:
                for suffix in (f"-{kind}.json", f"-{kind}.json.xz"):
                    if path.name.endswith(suffix):
                        names.setdefault(path.name.removesuffix(suffix), {})[kind] = self.plain(path)
        return [(name, files) for name, files in sorted(names.items()) if "management" in files]

    def plain(self, path):
        if path.suffix != ".xz":
            return path
        plain = self.scratch / path.stem
        plain.write_bytes(lzma.decompress(path.read_bytes()))
        return plain


class Tally:
    def __init__(self):
        self.steps = self.failed = self.elements = self.comments = 0
        self.questions, self.skipped, self.slowest = set(), set(), 0.0

    def line(self, title):
        return (f"{title}: {self.steps} steps, {self.failed} failed; {self.elements} numbers and {self.comments} comments "
                f"compared; {len(self.questions)} questions, {len(self.skipped)} skipped; the slowest step took "
                f"{self.slowest:.1f} s")


def step(place, name, files, history, tally):
    """Applies one version and checks the result; whether all is well."""
    before = {kind: place.package(kind) for kind in files}
    began = time.monotonic()
    reports = {kind: place.apply(path, kind) for kind, path in files.items()}
    tally.slowest = max(tally.slowest, time.monotonic() - began)
    tally.steps += 1
    if None in reports.values():
        tally.failed += 1
        return False
    problems = [] if place.compiles() else ["does not compile"]
    for kind, report in reports.items():
        after = place.package(kind)
        checks = contract_checks.Checks(before[kind], after)
        problems += checks.problems() + history.setdefault(kind, contract_checks.History()).problems(after)
        tally.elements += checks.elements
        tally.comments += checks.comments
        tally.questions.update(question["type"] for question in report["questions"])
        tally.skipped.update(note["pointer"] for note in report["notes"] if note["effect"] == "skipped")
        counts = report["counts"]
        print(f"  {name} {kind}: {counts['rpcs']} RPCs, {counts['changes']} changes, {counts['breaking']} breaking"
              + "".join(f"\n    {problem}" for problem in problems))
    tally.failed += bool(problems)
    return not problems


def one_after_another(versions, arguments):
    tally, history = Tally(), {}
    with tempfile.TemporaryDirectory() as folder:
        place = Workplace(folder, arguments)
        place.protos.mkdir()
        for name, files in versions:
            step(place, name, files, history, tally)
            contract_checks.comment_everything(place.protos)
    return tally


def each_at_once(versions, arguments):
    tally = Tally()
    for name, files in versions:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "proto", pathlib.Path(folder) / "proto")
            step(Workplace(folder, arguments), name, files, {}, tally)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--apigen", default=ROOT / "build" / "apigen", type=pathlib.Path)
    parser.add_argument("--google-protos", default="/usr/share/gocode/src/github.com/gogo/googleapis")
    arguments = parser.parse_args()
    arguments.apigen = arguments.apigen.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        versions = Versions(arguments.folder, scratch).all()
        if not versions:
            sys.exit(f"{arguments.folder}: holds no NAME-management.json")
        print("one after another, from an empty folder")
        chain = one_after_another(versions, arguments)
        print("each at once, from the protos of this project")
        jumps = each_at_once(versions, arguments)
    print(chain.line("one after another"))
    print(jumps.line("each at once"))
    sys.exit(1 if chain.failed or jumps.failed else 0)


if __name__ == "__main__":
    main()
