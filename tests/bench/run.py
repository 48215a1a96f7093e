#!/usr/bin/python3
"""Measures the gateway beside the floors of its two libraries, in one run, in turn, and prints a table of medians.

The upstreams are nginx (HTTP/1.1) and nghttpd (HTTP/2 over TLS) with fixed answers, the load is h2load, all on loopback.
Processor time is the growth of utime and stime in /proc/PID/stat over a round, by the number of its calls; a round in which a
call failed counts for nothing and ends the run.

Usage: run.py BUILD_DIR RESULT.json [ROUNDS]
"""
import collections
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import secured

STORE = "411486491630370816"
TICK = os.sysconf("SC_CLK_TCK")
CLIENTS, STREAMS = 2, 16  # 32 calls in flight
PACKAGE = "paynow.management.v1"
METHODS = {
    "checkout": f"{PACKAGE}.CheckoutService/CreateCheckoutSession",
    "order": f"{PACKAGE}.OrdersService/GetOrderById",
    "orders": f"{PACKAGE}.OrdersService/GetOrders",
}
CALLS = {"checkout": 30000, "order": 30000, "orders": 1000}
TRANSPORTS = ("http1", "http2")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Program:
    """A program under test, in the background; ended with the block."""

    def __init__(self, arguments, ready, **options):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        for line in self.process.stdout:
            if ready in line:
                self.ready_after = time.monotonic() - self.begun
                # A program whose pipe is full would wait.
                threading.Thread(target=collections.deque, args=(self.process.stdout, 0), daemon=True).start()
                return
        raise SystemExit(f"{arguments[0]} does not start")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident_megabytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Upstream:
    """A server on each transport, with one fixed answer for each measured call.

    Not nginx for all: it takes request bodies that it need not read for a flood, and closes the HTTP/2 connection. Over
    HTTP/2 it has the reads alone.
    """

    def __init__(self, folder):
        self.plain, self.tls, self.tls_reads = free_port(), free_port(), free_port()
        self.ca = folder / "ca.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
                        folder / "key.pem", "-out", self.ca, "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.servers = [self.nginx(folder), self.nghttpd(folder)]
        for port in (self.plain, self.tls, self.tls_reads):
            wait_for(port)

    def nginx(self, folder):
        config = folder / "nginx.conf"
        checkout = json.dumps((folder / "checkout.json").read_text()).replace("$", "")
        config.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
            events {{ worker_connections 4096; }}
            http {{
              access_log off; keepalive_requests 100000000; keepalive_timeout 300s; default_type application/json;
              client_body_temp_path {folder}/body; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
              uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
              server {{
                listen 127.0.0.1:{self.plain};
                listen 127.0.0.1:{self.tls_reads} ssl http2;
                ssl_certificate {self.ca}; ssl_certificate_key {folder}/key.pem;
                location ~ /checkouts$ {{ return 201 {checkout}; }}
                location ~ /orders$ {{ root {folder}; try_files /orders.json =404; }}
                location ~ /orders/ {{ root {folder}; try_files /order.json =404; }}
                location / {{ return 404; }}
              }}
            }}""")
        return subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)

    def nghttpd(self, folder):
        store = folder / "v1" / "stores" / STORE
        store.mkdir(parents=True)
        (store / "checkouts").write_bytes((folder / "checkout.json").read_bytes())
        return subprocess.Popen(["nghttpd", "-d", folder, str(self.tls), folder / "key.pem", self.ca])

    def url(self, transport):
        return {"http1": f"http://127.0.0.1:{self.plain}", "http2": f"https://localhost:{self.tls}",
                "http2 reads": f"https://localhost:{self.tls_reads}"}[transport]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
            server.wait(10)


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


def gateway(build, folder, upstream, transport, more=None, *, of_upstream=None, environment=None):
    port, metrics_port = free_port(), free_port()
    settings = {"base_url": upstream.url(transport), "default_store": STORE, "api_key": {"env": "BENCH_KEY"},
                **(of_upstream or {})}
    if transport != "http1":
        settings["ca_file"] = str(upstream.ca)
    config = folder / f"gateway-{port}.json"
    config.write_text(json.dumps({"listen": f"127.0.0.1:{port}", "metrics": {"listen": f"127.0.0.1:{metrics_port}"},
                                  "upstreams": {"paynow": settings}, **(more or {})}))
    program = Program([f"{build}/billing-gateway", "--config", config], '"serving"',
                      env={**os.environ, "BENCH_KEY": "pnapi_v1_bench", **(environment or {})})
    program.port, program.metrics = port, metrics_port
    return program


def metrics(program):
    return urllib.request.urlopen(f"http://127.0.0.1:{program.metrics}/metrics", timeout=10).read().decode()


def answered(program, method):
    """How many calls of the method were OK, by the gateway's own count."""
    text = metrics(program)
    name = method.split("/")[1]
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith("rpc_server_calls_total") and f'"{name}"' in line and 'status_code="0"' in line)


def h2load(port, method, request, calls, more=(), scheme="http"):
    arguments = ["h2load", "-n", str(calls), "-c", str(CLIENTS), "-m", str(STREAMS), "-H", "content-type: application/grpc",
                 "-H", "te: trailers", "-d", request, *more, f"{scheme}://127.0.0.1:{port}/{method}"]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300)
    if f"{calls} succeeded" not in done.stdout:
        raise SystemExit(done.stdout)
    return float(re.search(r"([\d.]+) req/s", done.stdout)[1])


def loaded(program, port, method, request, calls, count=None, **how):
    before, cpu = (count() if count else 0), program.cpu_seconds()
    rate = h2load(port, method, request, calls, **how)
    used = program.cpu_seconds() - cpu
    if count and count() - before != calls:
        raise SystemExit(f"{method}: {count() - before:.0f} of {calls} calls were OK")
    return {"cpu_us": used / calls * 1e6, "calls_per_second": rate}


def floor_curl(build, upstream, transport):
    arguments = [f"{build}/floor_curl", f"{upstream.url(transport)}/v1/stores/{STORE}/checkouts", str(CLIENTS * STREAMS), "20000"]
    if transport == "http2":
        arguments.append(upstream.ca)
    text = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300).stdout
    return float(re.search(r"([\d.]+) us", text)[1])


def percentiles(log):
    """Of h2load's log, whose third column is microseconds."""
    times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    return {name: times[min(int(len(times) * share), len(times) - 1)] for name, share in
            (("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999))}


def paced(port, method, request, rate, log, *more):
    """Open loop: calls begin by the clock, as many clients take turns.

    h2load looks at its clock each 10 ms at most and sends at once what is due: so there are that many clients that each of
    them has less than one call due, and they begin one after the other.
    """
    seconds, clients = 5, 100
    log.unlink(missing_ok=True)
    arguments = ["h2load", "-n", str(int(rate * seconds)), "-c", str(clients), "-m", "64", f"--rps={rate / clients}",
                 "-r", "1", f"--rate-period={max(round(1000 / rate), 1)}ms", f"--log-file={log}", "-H",
                 "content-type: application/grpc", "-H", "te: trailers", "-d", request, *more, f"http://127.0.0.1:{port}/{method}"]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)
    return percentiles(log)


def one_by_one(port, method, request, log, *more):
    """The whole round trip of a call, as its caller sees it, where there is no other."""
    log.unlink(missing_ok=True)
    subprocess.run(["h2load", "-n", "3000", "-c", "1", "-m", "1", f"--log-file={log}", "-H", "content-type: application/grpc", "-H",
                    "te: trailers", "-d", request, *more, f"http://127.0.0.1:{port}/{method}"], check=True, capture_output=True,
                   timeout=120)
    return percentiles(log)


def main():
    build, result = sys.argv[1], pathlib.Path(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    rows = {}

    def note(name, values):
        for key, value in values.items():
            rows.setdefault(name, {}).setdefault(key, []).append(value)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        subprocess.run([f"{build}/write_messages", folder], check=True)
        echo_port = free_port()
        upstream = Upstream(folder)
        guards, token = secured.settings(folder, upstream.ca, folder / "key.pem")
        with upstream, \
                Program([f"{build}/floor_grpc", str(echo_port)], "serving") as echo, \
                gateway(build, folder, upstream, "http1") as http1, \
                gateway(build, folder, upstream, "http1", guards) as guarded, \
                gateway(build, folder, upstream, "http2") as http2, \
                gateway(build, folder, upstream, "http2 reads") as http2_reads:
            measured = {("http1", call): http1 for call in CALLS}
            measured.update({("http2", "checkout"): http2, ("http2", "order"): http2_reads, ("http2", "orders"): http2_reads})
            note("start to serving", {"ms": http1.ready_after * 1000})
            note("idle", {"megabytes": http1.resident_megabytes()})
            for _ in range(rounds):
                note("floor: gRPC", loaded(echo, echo_port, "floor.Echo/Call", folder / "checkout.request", 30000))
                note("gateway: checkout, http1; TLS, token, policy, audit",
                     loaded(guarded, guarded.port, METHODS["checkout"], folder / "checkout.request", CALLS["checkout"],
                            lambda: answered(guarded, METHODS["checkout"]), scheme="https",
                            more=("-H", f"authorization: Bearer {token}")))
                for transport in TRANSPORTS:
                    note(f"floor: curl, {transport}", {"cpu_us": floor_curl(build, upstream, transport)})
                for (transport, call), program in measured.items():
                    note(f"gateway: {call}, {transport}",
                         loaded(program, program.port, METHODS[call], folder / f"{call}.request", CALLS[call],
                                lambda program=program, call=call: answered(program, METHODS[call])))
                for name, port, target, more in (("gateway", http1.port, METHODS["checkout"], ()),
                                                 ("floor: gRPC", echo_port, "floor.Echo/Call", ()),
                                                 ("upstream alone", upstream.plain, f"v1/stores/{STORE}/checkouts", ("--h1",))):
                    note(f"one call at a time: {name}",
                         one_by_one(port, target, folder / "checkout.request", folder / "log", *more))
            half = {case: statistics.median(rows["gateway: {1}, {0}".format(*case)]["calls_per_second"]) / 2 for case in measured}
            for _ in range(rounds):
                for (transport, call), program in measured.items():
                    note(f"latency at half load: {call}, {transport}",
                         paced(program.port, METHODS[call], folder / f"{call}.request", half[transport, call], folder / "log"))
                checkout = half["http1", "checkout"]
                note("latency at half load: upstream alone",
                     paced(upstream.plain, f"v1/stores/{STORE}/checkouts", folder / "checkout.request", checkout, folder / "log",
                           "--h1"))
                note("latency at half load: floor: gRPC",
                     paced(echo_port, "floor.Echo/Call", folder / "checkout.request", checkout, folder / "log"))
            note("after load", {"megabytes": http1.resident_megabytes()})

    medians = {name: {key: statistics.median(values) for key, values in row.items()} for name, row in rows.items()}
    for transport in TRANSPORTS:
        floor = medians["floor: gRPC"]["cpu_us"] + medians[f"floor: curl, {transport}"]["cpu_us"]
        for call in CALLS:
            row = medians[f"gateway: {call}, {transport}"]
            row["times_floors"] = row["cpu_us"] / floor
    medians["latency at half load: added"] = {
        key: value - medians["latency at half load: upstream alone"][key]
        for key, value in medians["latency at half load: checkout, http1"].items()}
    for name, row in medians.items():
        print(f"{name:52}", "  ".join(f"{key} {value:.2f}" for key, value in row.items()))
    result.write_text(json.dumps({"rounds": rounds, "medians": medians, "all": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
