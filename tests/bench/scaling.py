#!/usr/bin/python3
"""Measures what a call costs as there is more of something: clients, stores with keys, methods, processors, event loops.

CreateCheckoutSession over HTTP/1.1, by processor time of the gateway. Where the clients differ, a server on gRPC that hands
back what it was given stands beside it. All of it runs in turn, ROUNDS times; the table shows medians.

Usage: scaling.py BUILD_DIR RESULT.json [ROUNDS]
"""
import contextlib
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import programs

CALLS = 20000
METHOD = programs.METHODS["checkout"]
# Clients, and calls in flight on each.
LOADS = ((1, 32), (2, 16), (100, 1), (1000, 1))
# All of what is offered is to be let through.
WIDE = {"concurrency": {"initial": 4000, "minimum": 4000, "maximum": 4000}}


def load(program, port, targets, request, calls, clients, streams):
    """Processor time of each call, in microseconds; the calls go to the targets in turn."""
    before = program.cpu_seconds()
    arguments = ["h2load", "-n", str(calls), "-c", str(clients), "-m", str(streams), "-H", "content-type: application/grpc",
                 "-H", "te: trailers", "-d", request, *(f"http://127.0.0.1:{port}/{target}" for target in targets)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300)
    if f"{calls} succeeded" not in done.stdout:
        raise SystemExit(done.stdout)
    return (program.cpu_seconds() - before) / calls * 1e6


def loads(program, port, target, requests, calls):
    """The same of a client for each of the requests, all at once."""
    before = program.cpu_seconds()
    arguments = ["h2load", "-n", str(calls // len(requests)), "-c", "1", "-m", "4", "-H", "content-type: application/grpc", "-H",
                 "te: trailers"]
    clients = [subprocess.Popen([*arguments, "-d", request, f"http://127.0.0.1:{port}/{target}"], stdout=subprocess.DEVNULL)
               for request in requests]
    for client in clients:
        client.wait(300)
    return (program.cpu_seconds() - before) / calls * 1e6


def answered(gateway):
    """How many calls were OK, of each method."""
    found = {}
    for line in programs.metrics(gateway).splitlines():
        if line.startswith("rpc_server_calls_total") and 'status_code="0"' in line:
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            found[f"{labels['rpc_service']}/{labels['rpc_method']}"] = float(line.rsplit(" ", 1)[1])
    return found


def calls_of(clients):
    """So many that their connections' beginnings hardly count."""
    return max(CALLS, 60 * clients)


def checked(gateway, calls, cost):
    """What cost() says, if it made that many calls, and all were OK."""
    before = sum(answered(gateway).values())
    value = cost()
    if sum(answered(gateway).values()) - before != calls:
        raise SystemExit("not every call was OK")
    return value


def costs(gateway, targets, request, clients=2, streams=16):
    calls = calls_of(clients)
    return checked(gateway, calls, lambda: load(gateway, gateway.port, targets, request, calls, clients, streams))


@contextlib.contextmanager
def pinned(program, processors):
    """The program on these processors alone."""
    def pin(where):
        for task in os.listdir(f"/proc/{program.process.pid}/task"):
            os.sched_setaffinity(int(task), where)
    everywhere = os.sched_getaffinity(0)
    pin(processors)
    yield
    pin(everywhere)


def requests_of(stores, folder):
    """The request, for each of these stores."""
    request = (folder / "checkout.request").read_bytes()
    files = []
    for store in stores:
        files.append(folder / f"{store}.request")
        files[-1].write_bytes(request.replace(programs.STORE.encode(), store.encode()))
    return files


def methods_without_arguments(gateway, request):
    """Those that take an empty message: all that they need to know is the store, which has a default."""
    before = answered(gateway)
    for method in before:
        subprocess.run(["h2load", "-n", "1", "-H", "content-type: application/grpc", "-H", "te: trailers", "-d", request,
                        f"http://127.0.0.1:{gateway.port}/{method}"], capture_output=True, check=False, timeout=60)
    return sorted(method for method, count in answered(gateway).items() if count > before[method])


class Anything(programs.Upstream):
    """Answers whatever else it is asked with a list that has nothing in it."""

    def nginx(self, folder):
        server = super().nginx(folder)
        server.terminate()
        server.wait()
        config = folder / "nginx.conf"
        text = re.sub(r"location / .*", "location / { return 200 '[]'; }", config.read_text())
        config.write_text(re.sub(r"location ~ /orders.*", "", text))
        return subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)


def main():
    build, result = sys.argv[1], pathlib.Path(sys.argv[2])
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    rows = {}

    def note(name, value):
        rows.setdefault(name, []).append(value)

    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        subprocess.run([f"{build}/write_messages", folder], check=True)
        (folder / "empty.request").write_bytes(bytes(5))
        request = folder / "checkout.request"
        echo_port = programs.free_port()
        echo = running.enter_context(programs.Program([f"{build}/floor_grpc", str(echo_port)], "serving"))
        upstream = running.enter_context(Anything(folder))

        def gateway(more):
            return running.enter_context(programs.gateway(build, folder, upstream, "plain", of_upstream={**WIDE, **more}))

        keys = {str(int(programs.STORE) + i): {"api_key": {"env": "BENCH_KEY"}} for i in range(10000)}
        plain, stores, loops = gateway({}), gateway({"stores": keys}), gateway({"pool": {"event_loops": 2}})
        # As many stores as there are clients, from all over the table.
        some = requests_of([*keys][:: len(keys) // 8], folder)
        processors = sorted(os.sched_getaffinity(0))
        methods = methods_without_arguments(plain, folder / "empty.request")
        for _ in range(rounds):
            for clients, streams in LOADS:
                note(f"{clients} clients x {streams}: floor",
                     load(echo, echo_port, ["floor.Echo/Call"], request, calls_of(clients), clients, streams))
                note(f"{clients} clients x {streams}: gateway", costs(plain, [METHOD], request, clients, streams))
            for name, program in (("1 key", plain), (f"{len(keys)} stores with keys", stores)):
                note(name, checked(program, CALLS, lambda program=program: loads(program, program.port, METHOD, some, CALLS)))
            for count in range(1, len(processors) + 1):
                with pinned(plain, set(processors[:count])):
                    note(f"on {count} processor(s)", costs(plain, [METHOD], request))
            note("1 event loop", costs(plain, [METHOD], request))
            note("2 event loops", costs(loops, [METHOD], request))
            empty = folder / "empty.request"
            note("each of some methods by itself, on average",
                 statistics.mean(costs(plain, [method], empty) for method in methods[:: max(len(methods) // 4, 1)]))
            note(f"{len(methods)} methods in turn", costs(plain, methods, empty))

    for name, values in rows.items():
        print(f"{name:46} cpu_us {statistics.median(values):7.1f}   ({min(values):.1f} to {max(values):.1f})")
    result.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
