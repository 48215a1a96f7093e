#!/usr/bin/python3
"""Measures the memory of a call that waits: with 1,000 and 10,000 in flight, at an upstream that does not answer.

All but 128 wait in the pool's queue; and once each of 1,000 has a connection of its own. What is measured is how much more of
the gateway's memory is resident than when it was idle, after its first calls, divided by the calls. The floor is a server on
gRPC that holds the same calls and does nothing else. Then what a connection takes that is kept and idle: by how much a gateway
that has answered 1,000 calls over as many connections is larger than one that has over 20.

Usage: waiting.py BUILD_DIR RESULT.json
"""
import asyncio
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import load
import programs

COUNTS = (1000, 10000)
QUEUED_BUT = 128
IDLE, FEW = 1000, 20  # connections
SYSTEMS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
CLIENTS = 10
METHOD = programs.METHODS["checkout"]


class Silent:
    """An upstream that takes requests, and answers those that it has when it is told to, or at once."""

    def __init__(self, folder, encrypted=False):
        reply = (folder / "checkout.json").read_bytes()
        self.answer = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(reply), reply)
        self.at_once = True
        self.waiting = []
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            self.loop.create_server(lambda: Connection(self), "127.0.0.1", 0, backlog=4096,
                                    ssl=self.tls(folder) if encrypted else None))
        self.port = self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def tls(self, folder):
        certificate, key = programs.certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        # Trusted are as many as the system trusts, and this one.
        self.ca = folder / "authorities.pem"
        self.ca.write_bytes(SYSTEMS.read_bytes() + certificate.read_bytes())
        return context

    def url(self, transport):
        return {"plain": "http://127.0.0.1", "tls": "https://localhost"}[transport] + f":{self.port}"

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
    return int(float(re.search(r"^gateway_calls_in_flight (\S+)$", programs.metrics(gateway), re.M)[1]))


def load_of(port, method, folder, count):
    return subprocess.Popen(["h2load", "-n", str(count), "-c", str(CLIENTS), "-m", str(count // CLIENTS), "-H",
                             "content-type: application/grpc", "-H", "te: trailers", "-d", folder / "checkout.request",
                             f"http://127.0.0.1:{port}/{method}"], stdout=subprocess.DEVNULL)


def row_of(idle, full, count):
    return {"idle_mb": idle, "in_flight_mb": full, "kb_per_call": (full - idle) * 1024 / count}


def measure_floor(build, folder, count):
    port = programs.free_port()
    with programs.Program([f"{build}/floor_grpc", str(port)], "serving") as floor:
        load.h2load(port, "floor.Echo/Call", folder / "checkout.request", 500)
        time.sleep(1)
        idle = floor.resident_megabytes()
        calls = load_of(port, "floor.Echo/Wait", folder, count)
        seen = [idle, 0]
        while seen[-1] != seen[-2]:  # it does not tell how many there are
            time.sleep(1)
            seen.append(floor.resident_megabytes())
        calls.kill()
        calls.wait()
        return row_of(idle, seen[-1], count)


class Waiting:
    """A gateway at a silent upstream, with `connections` to it, and `count` calls that wait there or for one."""

    def __init__(self, build, folder, upstream, transport, count, connections):
        self.folder, self.upstream, self.count, self.connections = folder, upstream, count, connections
        limits = {"pool": {"max_connections": connections, "max_queued": count, "connect_timeout": "1m"},
                  "concurrency": {"initial": 2 * count, "minimum": 2 * count, "maximum": 2 * count}}
        self.gateway = programs.gateway(build, folder, upstream, transport, {"default_deadline": "5m"}, of_upstream=limits)

    def resident(self):
        time.sleep(1)
        return self.gateway.resident_megabytes()

    def run(self):
        """Resident megabytes: before, with all in flight, and after."""
        with self.gateway:
            load.h2load(self.gateway.port, METHOD, self.folder / "checkout.request", 500)
            before = self.resident()
            self.upstream.hold()
            calls = load_of(self.gateway.port, METHOD, self.folder, self.count)
            expected = min(self.count, self.connections)
            wait_until(lambda: in_flight(self.gateway) == self.count and len(self.upstream.waiting) == expected,
                       f"{self.count} calls in flight")
            full = self.resident()
            self.upstream.release()
            calls.wait(120)
            if programs.answered(self.gateway, METHOD) != 500 + self.count:
                raise SystemExit("not every call was OK")
            return before, full, self.resident()


def measure(build, folder, count, connections):
    idle, full, _ = Waiting(build, folder, Silent(folder), "plain", count, connections).run()
    return row_of(idle, full, count)


def measure_idle(build, folder, transport):
    """What a connection takes that has served a call and waits for the next: the same calls over few and over many."""
    upstream = Silent(folder, encrypted=transport == "tls")
    few, many = (Waiting(build, folder, upstream, transport, IDLE, connections).run()[2] for connections in (FEW, IDLE))
    return {"few_mb": few, "many_mb": many, "kb_per_connection": (many - few) * 1024 / (IDLE - FEW)}


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
        note(f"{IDLE} calls, each on a connection", measure(build, folder, IDLE, IDLE))
        for transport in ("plain", "tls"):
            note(f"an idle connection, {transport}", measure_idle(build, folder, transport))
    result.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
