#!/usr/bin/python3
"""Measures what a webhook costs that the gateway receives and keeps, in one run, beside what the disk does.

Prints a table of medians: processor time of a delivery and deliveries a second with 32 under way, without and with a consumer that
pulls and acknowledges everything meanwhile; the time to the 2xx of one that is alone, beside a sync of the disk; and the time of a
checkout and of GetOrderById, one at a time, without deliveries and while 1,000 a second come, or another number. All on loopback; the
upstream is nginx.

Usage: events.py BUILD_DIR RESULT.json [ROUNDS] [--folder FOLDER] [--per-second N]
"""
import argparse
import contextlib
import importlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import grpc

import ledger
import programs

GOOGLE = "/usr/share/gocode/src/github.com/gogo/googleapis"
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DELIVERIES, UNDER_WAY, ALONE, CALLS = 6000, 32, 400, 10000
CALLED = {"checkout": "a checkout", "order": "GetOrderById"}
MEANWHILE, ELSEWHERE = " meanwhile", ", received elsewhere"
SECRET = "whsec_of_the_bench"


class Consumer:
    """Pulls and acknowledges until it is told to end, on a thread of its own."""

    def __init__(self, address, stubs, requests):
        self.stub = stubs.EventServiceStub(grpc.insecure_channel(address))
        self.requests = requests
        self.over = threading.Event()
        self.acknowledged = 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.over.is_set():
            pulled = self.stub.Pull(self.requests.PullRequest(subscription="shop", max_events=500), timeout=2)
            if not pulled.events:
                continue
            self.stub.Acknowledge(self.requests.AcknowledgeRequest(
                subscription="shop", ack_ids=[event.ack_id for event in pulled.events]), timeout=30)
            self.acknowledged += len(pulled.events)

    def stop(self):
        self.over.set()
        self.thread.join()


def stubs(folder):
    protos = [*(SOURCE / "proto").rglob("*.proto"), *pathlib.Path(GOOGLE, "google/rpc").glob("*.proto")]
    subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", f"-I{GOOGLE}", f"--python_out={folder}",
                    f"--grpc_python_out={folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                    *map(str, protos)], check=True)
    sys.path.insert(0, str(folder))
    return (importlib.import_module("gateway.events.v1.events_pb2_grpc"),
            importlib.import_module("gateway.events.v1.requests_pb2"))


def gateway(build, folder, upstream):
    (folder / "secret").write_text(SECRET)
    port = programs.free_port()
    program = programs.gateway(build, folder, upstream, "plain", {
        "events": {"file": str(folder / "events" / "events.db"), "subscriptions": {"shop": {}}},
        "webhooks": {"listen": f"127.0.0.1:{port}", "max_failures_per_second": 0,
                     "providers": {"paynow": {"secrets": {"bench": {"file": str(folder / "secret")}}}}},
    })
    program.webhooks, program.address = port, f"127.0.0.1:{program.port}"
    return program


class Bench:
    def __init__(self, build, gateway):
        self.build, self.gateway, self.next_id = build, gateway, 1

    def load(self, deliveries, under_way, *per_second):
        cpu = self.gateway.cpu_seconds()
        done = subprocess.run([f"{self.build}/webhook_load", str(self.gateway.webhooks), SECRET, str(deliveries),
                               str(under_way), str(self.next_id), *map(str, per_second)],
                              capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(done.stderr)
        self.next_id += deliveries
        return {**json.loads(done.stdout), "cpu_us": (self.gateway.cpu_seconds() - cpu) / deliveries * 1e6}


class Deliveries:
    """Delivers so many a second, one at a time, until it is told to end, on a thread of its own."""

    def __init__(self, bench, per_second):
        self.bench, self.per_second, self.over, self.delivered, self.seconds = bench, per_second, threading.Event(), 0, 0
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        begun = time.monotonic()
        while not self.over.is_set():
            self.bench.load(self.per_second, 1, self.per_second)
            self.delivered += self.per_second
        self.seconds = time.monotonic() - begun

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.delivered / self.seconds


def measure(arguments, folder, stack):
    rows = {}

    def note(name, row):
        for key, value in row.items():
            rows.setdefault(name, {}).setdefault(key, []).append(value)

    services, requests = stubs(folder)
    subprocess.run([f"{arguments.build}/write_messages", folder], check=True)
    for call in CALLED:
        (folder / call).write_bytes((folder / f"{call}.request").read_bytes()[5:])  # without the head of gRPC's frame
    upstream = stack.enter_context(programs.Upstream(folder))
    benches = []
    for name in ("measured", "another"):
        (folder / name).mkdir()
        program = stack.enter_context(gateway(arguments.build, folder / name, upstream))
        benches.append(Bench(arguments.build, program))
        benches[-1].load(500, UNDER_WAY)
    bench, another = benches
    program = bench.gateway

    def note_calls(when):
        for call, name in CALLED.items():
            row = ledger.load(arguments.build, program, folder / call, CALLS, 1, "plain", call)
            note(name + when, {"p50_us": row["p50_us"], "p99_us": row["p99_us"]})

    for _ in range(arguments.rounds):
        disk = ledger.syncs(folder)
        note("sync of the disk", {"deliveries_per_second": disk["calls_per_second"], "p50_us": disk["p50_us"]})
        note("32 under way", bench.load(DELIVERIES, UNDER_WAY))
        note("alone", bench.load(ALONE, 1))
        consumer = Consumer(program.address, services, requests)
        note("32 under way, and consumed", bench.load(DELIVERIES, UNDER_WAY))
        consumer.stop()
        note_calls("")
        # The load takes processors from the calls too. So the same deliveries also go to another gateway: what receiving costs
        # the calls of the gateway that receives is the difference.
        for when, receiver in ((MEANWHILE, bench), (ELSEWHERE, another)):
            deliveries = Deliveries(receiver, arguments.per_second)
            note_calls(when)
            note(CALLED["checkout"] + when, {"deliveries_per_second": deliveries.stop()})
    return {name: {key: statistics.median(values) for key, values in row.items()} for name, row in rows.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("result")
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--per-second", type=int, default=1000)
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder))).resolve()
        folder.chmod(0o755)  # nginx's workers read files there
        rows = measure(arguments, folder, stack)
    pathlib.Path(arguments.result).write_text(json.dumps(rows, indent=1) + "\n")
    columns = ("deliveries_per_second", "cpu_us", "p50_us", "p99_us")
    print(f"{'':36}{'a second':>10}{'CPU us':>10}{'p50 us':>10}{'p99 us':>10}")
    for name, row in rows.items():
        print(f"{name:36}" + "".join(f"{row[key]:10.0f}" if key in row else f"{'':10}" for key in columns))
    sync = rows["sync of the disk"]
    print(f"deliveries a second: {rows['32 under way']['deliveries_per_second'] / sync['deliveries_per_second']:.1f}"
          f" x the disk's syncs; time to 2xx of one alone: {rows['alone']['p50_us'] / sync['p50_us']:.1f} syncs")
    for name in CALLED.values():
        for of, other in (("no deliveries", ""), ("deliveries elsewhere", ELSEWHERE)):
            ratios = [rows[name + MEANWHILE][key] / rows[name + other][key] for key in ("p50_us", "p99_us")]
            print(f"{name} meanwhile, beside {of}: median {ratios[0]:.2f} x, 99th percentile {ratios[1]:.2f} x")


if __name__ == "__main__":
    main()
