#!/usr/bin/python3
"""Measures the gateway beside the floors of its two libraries, in one run, in turn, and prints a table of medians.

Beside it stand, where they are to be had, a peer in Rust that does as little as possible, and another gateway's program
(--before), with the same configuration. The upstream is nginx with fixed answers, the load is h2load, all on loopback.

Processor time is what the program's processor clock grew by over a round, by the number of the round's calls; a round in which a
call failed counts for nothing and ends the run. Ratios are medians too, of what each round's rows are to one another. For
latencies what is measured has a processor to itself; load and upstream share another.

Usage: run.py BUILD_DIR RESULT.json [ROUNDS] [--before PROGRAM] [--scale SHARE]
"""
import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

import load
import programs
import secured
from programs import CHECKOUTS, METHODS

CALLS = {"small": 30000, "checkout": 30000, "order": 30000, "orders": 1000}
FLOOR_OF = {"small": "small", "checkout": "checkout", "order": "small"}  # whose request the floors carry
TRANSPORTS = ("plain", "tls")
LATENCIES = (("small", "plain"), ("small", "tls"), ("orders", "plain"))
GUARDED = ("checkout, plain; TLS, token, policy, audit", "checkout, plain; mTLS, policy, audit")


class Rows:
    """What was measured, round by round: name -> key -> values."""

    def __init__(self):
        self.all = {}

    def note(self, name, values):
        for key, value in values.items():
            self.all.setdefault(name, {}).setdefault(key, []).append(value)

    def rounds(self, name, key="cpu_us"):
        return self.all[name][key]

    def medians(self):
        return {name: {key: statistics.median(values) for key, values in row.items()} for name, row in self.all.items()}

    def note_ratio(self, key, name, others):
        """Of a row to the sum of others, where all of them are there."""
        if name not in self.all or not all(other in self.all for other in others):
            return
        whole = [sum(costs) for costs in zip(*(self.rounds(other) for other in others))]
        self.all[name][key] = [cost / base for cost, base in zip(self.rounds(name), whole)]


class Bench:
    """The programs that take part, and one method for each part of a round."""

    def __init__(self, build, folder, given, running):
        self.build, self.folder, self.scale, self.rows = build, folder, given.scale, Rows()
        start = running.enter_context
        self.upstream = start(programs.Upstream(folder))
        self.echo = start(programs.floor_grpc(build))
        compared = [(who, program) for who, program in (("gateway", build), ("before", given.before)) if program]
        by_token, self.token = secured.by_token(folder, self.upstream.ca, self.upstream.key)
        by_certificate = secured.by_certificate(folder, self.upstream.ca, self.upstream.key)
        self.guarded, self.mutual = ({who: start(programs.gateway(program, folder, self.upstream, "plain", guards))
                                      for who, program in compared} for guards in (by_token, by_certificate))
        self.presenter = start(programs.Presenter(folder, self.upstream, self.mutual))
        self.gateways = {("gateway", transport): start(programs.gateway(build, folder, self.upstream, transport))
                         for transport in TRANSPORTS}
        if given.before:
            self.gateways.update({("before", transport): start(programs.gateway(given.before, folder, self.upstream, transport))
                                  for transport in TRANSPORTS})
        binary = programs.built_peer(build)
        self.peer = start(programs.peer(binary, self.upstream)) if binary else None
        for (who, transport), program in self.gateways.items():
            if transport == "plain":
                self.rows.note(f"{who}: start to serving", {"ms": program.ready_after * 1000})
                self.rows.note(f"{who}: idle", {"megabytes": program.resident_megabytes()})

    def request(self, call):
        return self.folder / f"{call}.request"

    def calls(self, call):
        return max(int(CALLS[call] * self.scale), 100)

    def measure(self, name, program, call, **how):
        self.rows.note(name, load.loaded(program, METHODS[call], self.request(call), self.calls(call), **how))

    def measure_floors(self):
        for request in sorted(set(FLOOR_OF.values())):
            self.rows.note(f"floor: gRPC, {request}",
                           load.loaded(self.echo, METHODS[request], self.request(request), self.calls(request)))
            for transport in TRANSPORTS:
                self.rows.note(f"floor: connection, {transport}, {request}", load.floor_connection(
                    self.build, self.upstream, transport, CHECKOUTS, self.folder / f"{request}.body"))

    def measure_costs(self):
        for call in CALLS:
            for (who, transport), program in self.gateways.items():
                self.measure(f"{who}: {call}, {transport}", program, call,
                             count=lambda program=program, call=call: programs.answered(program, METHODS[call]))
        self.measure_guarded()
        if self.peer:
            self.measure("peer: small, plain", self.peer, "small")
            sizes = [self.rows.rounds(f"{who}: small, plain", "answer_bytes")[-1] for who in ("gateway", "peer")]
            if sizes[0] != sizes[1]:
                raise SystemExit(f"the gateway's answers have {sizes[0]} bytes, the peer's {sizes[1]}")

    def measure_guarded(self):
        by_token, by_certificate = GUARDED
        for who, program in self.guarded.items():
            self.measure(f"{who}: {by_token}", program, "checkout", scheme="https",
                         more=("-H", f"authorization: Bearer {self.token}"),
                         count=lambda program=program: programs.answered(program, METHODS["checkout"]))
        for who, program in self.mutual.items():
            self.measure(f"{who}: {by_certificate}", program, "checkout", port=self.presenter.ports[who],
                         count=lambda program=program: programs.answered(program, METHODS["checkout"]))

    def measure_one_by_one(self):
        rows = [(f"{who}: small, plain", program.port, METHODS["small"], ())
                for (who, transport), program in self.gateways.items() if transport == "plain"]
        rows += [("floor: gRPC", self.echo.port, METHODS["small"], ()),
                 ("upstream alone", self.upstream.ports["plain"], CHECKOUTS, ("--h1",))]
        for name, port, target, more in rows:
            self.rows.note(f"one call at a time: {name}",
                           load.one_by_one(port, target, self.request("small"), self.folder / "log", *more))

    def half_loads(self):
        """Of each measured call: half of what the slowest gateway takes where it has a processor to itself."""
        return {(call, transport): min(load.h2load(program.port, METHODS[call], self.request(call), self.calls(call))[0]
                                       for (_, of), program in self.gateways.items() if of == transport) / 2
                for call, transport in LATENCIES}

    def measure_latencies(self, half):
        log = self.folder / "log"
        for call, transport in LATENCIES:
            for (who, of), program in self.gateways.items():
                if of == transport:
                    self.rows.note(f"latency at half load: {who}: {call}, {transport}",
                                   load.paced(program.port, METHODS[call], self.request(call), half[call, transport], log))
        for transport in TRANSPORTS:
            self.rows.note(f"latency at half load: upstream alone, {transport}",
                           load.paced(self.upstream.ports[transport], CHECKOUTS, self.folder / "small.body",
                                      half["small", transport], log, "--h1",
                                      scheme="https" if transport == "tls" else "http"))
        self.rows.note("latency at half load: floor: gRPC",
                       load.paced(self.echo.port, METHODS["small"], self.request("small"), half["small", "plain"], log))

    def note_what_follows(self):
        rows = self.rows
        for (who, transport), program in self.gateways.items():
            if transport == "plain":
                rows.note(f"{who}: after load", {"megabytes": program.resident_megabytes()})
            for call in CALLS:
                name = f"{who}: {call}, {transport}"
                floor = FLOOR_OF.get(call)
                rows.note_ratio("times_floors", name, [f"floor: gRPC, {floor}", f"floor: connection, {transport}, {floor}"])
                if who == "gateway":
                    rows.note_ratio("times_before", name, [f"before: {call}, {transport}"])
            alone = rows.all[f"latency at half load: upstream alone, {transport}"]
            through = rows.all[f"latency at half load: {who}: small, {transport}"]
            for key in alone:
                rows.all.setdefault(f"latency at half load: added by {who}, {transport}", {})[key] = [
                    value - base for value, base in zip(through[key], alone[key])]
        for guarded in GUARDED:
            rows.note_ratio("times_before", f"gateway: {guarded}", [f"before: {guarded}"])
        rows.note_ratio("times_floors", "peer: small, plain", ["floor: gRPC, small", "floor: connection, plain, small"])
        rows.note_ratio("times_peer", "gateway: small, plain", ["peer: small, plain"])


def measured(build, folder, given):
    with contextlib.ExitStack() as running:
        bench = Bench(build, folder, given, running)
        for _ in range(given.rounds):
            bench.measure_floors()
            bench.measure_costs()
        with programs.apart([bench.echo, *bench.gateways.values()], bench.upstream):
            half = bench.half_loads()
            for _ in range(given.rounds):
                bench.measure_one_by_one()
                bench.measure_latencies(half)
        bench.note_what_follows()
        if not bench.peer:
            print("the peer in Rust was left out: there is no cargo")
        return bench.rows


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("build")
    arguments.add_argument("result", type=pathlib.Path)
    arguments.add_argument("rounds", type=int, nargs="?", default=5)
    arguments.add_argument("--before", help="the program of another gateway, measured in turn with this one")
    arguments.add_argument("--scale", type=float, default=1, help="so much of the calls of each round, for a first look")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        subprocess.run([f"{given.build}/write_messages", folder], check=True)
        rows = measured(given.build, folder, given)
    medians = rows.medians()
    for name, row in medians.items():
        print(f"{name:52}", "  ".join(f"{key} {value:.2f}" for key, value in row.items()))
    given.result.write_text(json.dumps({"rounds": given.rounds, "medians": medians, "all": rows.all}, indent=1) + "\n")


if __name__ == "__main__":
    main()
