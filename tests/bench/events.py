#!/usr/bin/python3
"""Measures what a webhook costs that the gateway receives and keeps, in one run, beside what the disk does.

Prints a table of medians: processor time of a delivery and deliveries a second with 32 under way, without and with a consumer that
pulls and acknowledges everything meanwhile; and the time to the 2xx of one that is alone, beside a sync of the disk. All on
loopback.

Usage: events.py BUILD_DIR RESULT.json [ROUNDS] [--folder FOLDER]
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

import grpc

import ledger

GOOGLE = "/usr/share/gocode/src/github.com/gogo/googleapis"
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
DELIVERIES, UNDER_WAY, ALONE = 6000, 32, 400
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
    protos = [*(SOURCE / "proto").rglob("*.proto"), *pathlib.Path(GOOGLE, "google/api").glob("[ah]*.proto"),
              *pathlib.Path(GOOGLE, "google/rpc").glob("*.proto")]
    subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", f"-I{GOOGLE}", f"--python_out={folder}",
                    f"--grpc_python_out={folder}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin",
                    *map(str, protos)], check=True)
    sys.path.insert(0, str(folder))
    return (importlib.import_module("gateway.events.v1.events_pb2_grpc"),
            importlib.import_module("gateway.events.v1.requests_pb2"))


class Gateway:
    def __init__(self, build, folder):
        (folder / "secret").write_text(SECRET)
        (folder / "key").write_text("k")
        config = {
            "listen": "127.0.0.1:0",
            "upstreams": {"paynow": {"base_url": "http://127.0.0.1:1", "api_key": {"file": str(folder / "key")}}},
            "events": {"file": str(folder / "events" / "events.db"), "subscriptions": {"shop": {}}},
            "webhooks": {"listen": "127.0.0.1:0", "max_failures_per_second": 0,
                         "providers": {"paynow": {"secrets": {"bench": {"file": str(folder / "secret")}}}}},
        }
        (folder / "config.json").write_text(json.dumps(config))
        self.process = subprocess.Popen([f"{build}/billing-gateway", "--config", folder / "config.json"],
                                        stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if '"receiving webhooks"' in line:
                self.webhooks = json.loads(line)["port"]
            if '"serving"' in line:
                self.address = f"127.0.0.1:{json.loads(line)['port']}"
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, build, gateway):
        self.build, self.gateway, self.next_id = build, gateway, 1

    def load(self, deliveries, under_way):
        cpu = self.gateway.cpu_seconds()
        done = subprocess.run([f"{self.build}/webhook_load", str(self.gateway.webhooks), SECRET, str(deliveries),
                               str(under_way), str(self.next_id)], capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise SystemExit(done.stderr)
        self.next_id += deliveries
        return {**json.loads(done.stdout), "cpu_us": (self.gateway.cpu_seconds() - cpu) / deliveries * 1e6}


def measure(arguments, folder, stack):
    rows = {}

    def note(name, row):
        for key, value in row.items():
            rows.setdefault(name, {}).setdefault(key, []).append(value)

    services, requests = stubs(folder)
    gateway = Gateway(arguments.build, folder)
    stack.callback(gateway.stop)
    bench = Bench(arguments.build, gateway)
    bench.load(500, UNDER_WAY)
    for _ in range(arguments.rounds):
        disk = ledger.syncs(folder)
        note("sync of the disk", {"deliveries_per_second": disk["calls_per_second"], "p50_us": disk["p50_us"]})
        note("32 under way", bench.load(DELIVERIES, UNDER_WAY))
        note("alone", bench.load(ALONE, 1))
        consumer = Consumer(gateway.address, services, requests)
        note("32 under way, and consumed", bench.load(DELIVERIES, UNDER_WAY))
        consumer.stop()
    return {name: {key: statistics.median(values) for key, values in row.items()} for name, row in rows.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("result")
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    parser.add_argument("--folder")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.folder)))
        rows = measure(arguments, folder, stack)
    pathlib.Path(arguments.result).write_text(json.dumps(rows, indent=1) + "\n")
    columns = ("deliveries_per_second", "cpu_us", "p50_us", "p99_us")
    print(f"{'':28}{'a second':>10}{'CPU us':>10}{'p50 us':>10}{'p99 us':>10}")
    for name, row in rows.items():
        print(f"{name:28}" + "".join(f"{row[key]:10.0f}" if key in row else f"{'':10}" for key in columns))
    print(f"deliveries a second: {rows['32 under way']['deliveries_per_second'] / rows['sync of the disk']['deliveries_per_second']:.1f}"
          f" x the disk's syncs; time to 2xx of one alone: "
          f"{rows['alone']['p50_us'] / rows['sync of the disk']['p50_us']:.1f} syncs")


if __name__ == "__main__":
    main()
