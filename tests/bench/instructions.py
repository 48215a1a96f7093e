#!/usr/bin/python3
"""Counts the instructions of each stage of a call, and holds them against those that are committed.

What a machine is busy with makes no difference to them; its libraries, its compiler and its processor's kind do. Fails
where a stage takes more than 3 % more than it did, and says where one takes as much less: --update writes what is now.

Usage: instructions.py BUILD_DIR [--update] [STAGE...]
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

COMMITTED = pathlib.Path(__file__).with_name("instructions.json")
TOLERANCE = 0.03
RUNS = {"reply-orders-500k": 3, "request-200-lines": 10}  # of the others 200
UPDATE = "make instructions UPDATE=--update"


def dumped(text):
    """How many runs a dump of callgrind is of, and their instructions. Nothing where it is of none."""
    trigger = re.search(r"^desc: Trigger: Client Request: (\d+)$", text, re.M)
    totals = re.search(r"^totals: (\d+)$", text, re.M)
    return (int(trigger[1]), int(totals[1])) if trigger and totals else None


def per_run(dumps):
    (runs, few), (twice, many) = sorted(dumps)
    if twice != 2 * runs:
        raise SystemExit(f"dumps of {runs} and {twice} runs")
    return (many - few) / runs


def count(build, stage):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={folder}/out", "-q",
                        f"{build}/stages", stage, str(RUNS.get(stage, 200))], check=True, timeout=600)
        dumps = [dumped(file.read_text()) for file in pathlib.Path(folder).iterdir()]
    return round(per_run([dump for dump in dumps if dump]))


def compare(before, after):
    """What has grown too much, and what is not as committed otherwise: two lists of lines."""
    grown, other = [], []
    for stage, now in after.items():
        if stage not in before:
            other.append(f"{stage}: {now:,} instructions, and none are committed")
            continue
        was = before[stage]
        change = f"{stage}: {was:,} instructions before, {now:,} now ({now / was - 1:+.1%})"
        if now > was * (1 + TOLERANCE):
            grown.append(change)
        elif now < was * (1 - TOLERANCE):
            other.append(change)
    return grown, other


def surroundings(build):
    """What the numbers hold for."""
    compiler = re.search(r"CMAKE_CXX_COMPILER_VERSION \"([^\"]+)\"", next(
        pathlib.Path(build).glob("CMakeFiles/*/CMakeCXXCompiler.cmake")).read_text())[1]
    avx2 = "avx2" in pathlib.Path("/proc/cpuinfo").read_text().split()
    libc = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libc6"], capture_output=True, text=True, check=False).stdout
    return {"compiler": compiler, "libc": libc, "processor": "AVX2" if avx2 else "no AVX2"}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("build")
    arguments.add_argument("--update", action="store_true")
    arguments.add_argument("stages", nargs="*")
    given = arguments.parse_args()
    listed = subprocess.run([f"{given.build}/stages", "--list"], check=True, capture_output=True, text=True).stdout.split()
    stages = given.stages or listed

    committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {"instructions": {}}
    after = {}
    for stage in stages:
        after[stage] = count(given.build, stage)
        print(f"{stage:22}{after[stage]:>14,}", flush=True)

    here = surroundings(given.build)
    if given.update:
        kept = {stage: number for stage, number in committed["instructions"].items() if stage in listed}
        COMMITTED.write_text(json.dumps({"of": here, "instructions": dict(sorted({**kept, **after}.items()))}, indent=1) + "\n")
        return 0
    grown, other = compare(committed["instructions"], after)
    for line in grown:
        print(f"MORE: {line}", file=sys.stderr)
    for line in other:
        print(f"not as committed: {line}; `{UPDATE}` writes it", file=sys.stderr)
    if (grown or other) and committed.get("of") != here:
        print(f"they were counted with {committed.get('of')}, these with {here}", file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
