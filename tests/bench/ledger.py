#!/usr/bin/python3
"""Measures what a ledger in a file costs, in one run, beside what the disk does and beside a gateway without one.

Prints a table of medians: processor time and calls a second of writes with and without a key, with 32 in flight; the time of a
call where there is no other; and what the disk does of syncs. The upstream is nginx with fixed answers, all on loopback.

Usage: ledger.py BUILD_DIR RESULT.json [ROUNDS] [--before PROGRAM] [--entries COUNT] [--folder FOLDER]
--entries: so many entries that are DONE are put into the ledger after the first table, which is then measured again.
"""
import argparse
import contextlib
import json
import os
import pathlib
import sqlite3
import statistics
import subprocess
import tempfile
import time

import programs

CALLS, IN_FLIGHT, ALONE = 8000, 32, 600


def syncs(folder, seconds=1.5):
    """A row: how often a second a page can be appended and made durable, and how long one takes."""
    path = folder / "syncs"
    times = []
    with open(path, "wb", buffering=0) as file:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.monotonic()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - begun)
    path.unlink()
    return {"calls_per_second": len(times) / sum(times), "p50_us": statistics.median(times) * 1e6}


def load(build, program, request, calls, in_flight, kind, call="checkout"):
    """A row: what a call costs the program, and what its caller sees."""
    cpu = program.cpu_seconds()
    done = subprocess.run([f"{build}/keyed_load", f"127.0.0.1:{program.port}", programs.METHODS[call], request, str(calls),
                           str(in_flight), kind], capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise SystemExit(done.stderr)
    return {**json.loads(done.stdout), "cpu_us": (program.cpu_seconds() - cpu) / calls * 1e6}


def fill(ledger, count):
    """Copies of a DONE entry, each with a name and a key of its own."""
    base = sqlite3.connect(ledger, isolation_level=None)
    # Nothing is lost if this is cut short. Names and keys are random: their indexes have to fit into memory.
    for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-4000000", "temp_store=MEMORY"):
        base.execute(f"PRAGMA {setting}").fetchall()
    columns = [row[1] for row in base.execute("PRAGMA table_info(entries)") if not row[5]]
    mine = {"id": "randomblob(length(id))", "scope": "randomblob(32)"}
    taken = ", ".join(mine.get(column, column) for column in columns)
    base.execute("BEGIN")
    base.execute(f"INSERT INTO entries ({', '.join(columns)}) SELECT {taken} FROM "
                 "(SELECT * FROM entries WHERE state = 2 ORDER BY number LIMIT 1), "
                 "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n)", (count,))
    base.execute("COMMIT")
    base.execute("PRAGMA journal_mode=WAL").fetchall()
    base.close()


class Bench:
    def __init__(self, arguments, folder, stack):
        self.build, self.before, self.rounds = arguments.build, arguments.before, arguments.rounds
        self.folder, self.stack = folder, stack
        subprocess.run([f"{self.build}/write_messages", folder], check=True)
        # A frame's head of five bytes is gRPC's own matter here.
        self.request = folder / "message"
        self.request.write_bytes((folder / "checkout.request").read_bytes()[5:])
        self.upstream = stack.enter_context(programs.Upstream(folder))
        self.ledger = folder / "ledger" / "ledger.db"

    def gateway(self, binary, ledger):
        more = {"ledger": {"file": str(self.ledger)}} if ledger else {}
        return programs.gateway(binary, self.folder, self.upstream, "plain", more,
                                environment={"BENCH_KEY": "k"})

    def measure(self):
        """Medians: name -> row."""
        rows = {}

        def note(name, row):
            for key, value in row.items():
                rows.setdefault(name, {}).setdefault(key, []).append(value)

        with contextlib.ExitStack() as stack:
            before = stack.enter_context(self.gateway(self.before, False)) if self.before else None
            without = stack.enter_context(self.gateway(self.build, False))
            kept = stack.enter_context(self.gateway(self.build, True))
            takers = [("no ledger, no key", without, "plain"), ("ledger, no key", kept, "plain"), ("ledger, key", kept, "keyed")]
            if before:
                takers.insert(0, ("before, no key", before, "plain"))
            for _, program, kind in takers:
                load(self.build, program, self.request, 500, IN_FLIGHT, kind)
            for _ in range(self.rounds):
                note("sync of the disk", syncs(self.folder))
                for name, program, kind in takers:
                    note(name, load(self.build, program, self.request, CALLS, IN_FLIGHT, kind))
                    alone = load(self.build, program, self.request, ALONE, 1, kind)
                    note(name, {"alone_p50_us": alone["p50_us"]})
        return {name: {key: statistics.median(values) for key, values in row.items()} for name, row in rows.items()}


def show(title, rows):
    print(f"\n{title}\n{'':24}{'a second':>10}{'CPU us':>10}{'p50 us':>10}{'alone us':>10}")
    for name, row in rows.items():
        print(f"{name:24}" + "".join(f"{row[key]:10.0f}" if key in row else f"{'':10}"
                                     for key in ("calls_per_second", "cpu_us", "p50_us", "alone_p50_us")))
    disk, plain, keyed = rows["sync of the disk"], rows["ledger, no key"], rows["ledger, key"]
    print(f"keyed writes a second: {keyed['calls_per_second'] / disk['calls_per_second']:.1f} x the disk's syncs; "
          f"a key costs {keyed['cpu_us'] - plain['cpu_us']:.0f} us of processor time, and alone "
          f"{(keyed['alone_p50_us'] - plain['alone_p50_us']) / disk['p50_us']:.1f} syncs")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("result", type=pathlib.Path)
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--before")
    parser.add_argument("--entries", type=int, default=0)
    parser.add_argument("--folder", help="where the ledger is, on the disk that is meant")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder))).resolve()
        bench = Bench(arguments, folder, stack)
        results = {"empty": bench.measure()}
        show("a new ledger", results["empty"])
        if arguments.entries:
            fill(bench.ledger, arguments.entries)
            results["full"] = bench.measure()
            show(f"{arguments.entries:,} entries more, {bench.ledger.stat().st_size / 2**30:.1f} GiB", results["full"])
        arguments.result.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
