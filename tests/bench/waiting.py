#!/usr/bin/python3
"""Measures the memory of a call that waits: with 1,000 and 10,000 in flight, at an upstream that does not answer.

Once each call has a connection of its own, and once all but 128 wait in the pool's queue. What is measured is how much more
of the gateway's memory is resident than when it was idle, after its first calls, divided by the calls. The floor is a
server on gRPC that holds the same calls and does nothing else.

Usage: waiting.py BUILD_DIR RESULT.json
"""
import asyncio
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import run

COUNTS = (1000, 10000)
QUEUED_BUT = 128
CLIENTS = 10
METHOD = run.METHODS["checkout"]


class Silent:
    """An upstream that takes requests, and answers those that it has when it is told to, or at once."""

    def __init__(self, reply):
        self.answer = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(reply), reply)
        self.at_once = True
        self.waiting = []
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=4096))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def url(self, _):
        return f"http://127.0.0.1:{self.port}"

    def hold(self):
        self.at_once = False

    def release(self):
        self.at_once = True

        def answer_all():
            waiting, self.waiting = self.waiting, []
            for transport in waiting:
                transport.write(self.answer)
        self.loop.call_soon_threadsafe(answer_all)


class Connection(asyncio.Protocol):
    def __init__(self, upstream):
        self.upstream, self.transport, self.got = upstream, None, b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.got += data
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end or len(body) < int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head)[1]):
            return
        self.got = b""
        if self.upstream.at_once:
            self.transport.write(self.upstream.answer)
        else:
            self.upstream.waiting.append(self.transport)


def wait_until(condition, what):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise SystemExit(f"it never came to {what}")


def in_flight(gateway):
    return int(float(re.search(r"^gateway_calls_in_flight (\S+)$", run.metrics(gateway), re.M)[1]))


def load_of(port, method, folder, count):
    return subprocess.Popen(["h2load", "-n", str(count), "-c", str(CLIENTS), "-m", str(count // CLIENTS), "-H",
                             "content-type: application/grpc", "-H", "te: trailers", "-d", folder / "checkout.request",
                             f"http://127.0.0.1:{port}/{method}"], stdout=subprocess.DEVNULL)


def row_of(idle, full, count):
    return {"idle_mb": idle, "in_flight_mb": full, "kb_per_call": (full - idle) * 1024 / count}


def measure_floor(build, folder, count):
    port = run.free_port()
    with run.Program([f"{build}/floor_grpc", str(port)], "serving") as floor:
        run.h2load(port, "floor.Echo/Call", folder / "checkout.request", 500)
        time.sleep(1)
        idle = floor.resident_megabytes()
        load = load_of(port, "floor.Echo/Wait", folder, count)
        seen = [idle, 0]
        while seen[-1] != seen[-2]:  # it does not tell how many there are
            time.sleep(1)
            seen.append(floor.resident_megabytes())
        load.kill()
        load.wait()
        return row_of(idle, seen[-1], count)


def measure(build, folder, count, connections):
    upstream = Silent((folder / "checkout.json").read_bytes())
    limits = {"pool": {"max_connections": connections, "max_queued": count, "connect_timeout": "1m"},
              "concurrency": {"initial": 2 * count, "minimum": 2 * count, "maximum": 2 * count}}
    with run.gateway(build, folder, upstream, "http1", {"default_deadline": "5m"}, of_upstream=limits) as gateway:
        run.h2load(gateway.port, METHOD, folder / "checkout.request", 500)
        time.sleep(1)
        idle = gateway.resident_megabytes()
        upstream.hold()
        load = load_of(gateway.port, METHOD, folder, count)
        expected = min(count, connections)
        wait_until(lambda: in_flight(gateway) == count and len(upstream.waiting) == expected, f"{count} calls in flight")
        full = gateway.resident_megabytes()
        upstream.release()
        load.wait(120)
        if run.answered(gateway, METHOD) != 500 + count:
            raise SystemExit("not every call was OK")
        return row_of(idle, full, count)


def main():
    build, result = sys.argv[1], pathlib.Path(sys.argv[2])
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        subprocess.run([f"{build}/write_messages", folder], check=True)

        def note(name, row):
            rows[name] = row
            print(f"{name:46}", "  ".join(f"{key} {value:.1f}" for key, value in row.items()), flush=True)

        for count in COUNTS:
            note(f"{count} calls, floor: gRPC", measure_floor(build, folder, count))
            note(f"{count} calls, all but {QUEUED_BUT} queued", measure(build, folder, count, QUEUED_BUT))
            note(f"{count} calls, each on a connection", measure(build, folder, count, count))
    result.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
