"""Load on a port by h2load, and what is to be known of it: processor time, calls a second, percentiles of latency."""
import re
import subprocess

CLIENTS, STREAMS = 2, 16  # 32 calls in flight
GRPC = ("-H", "content-type: application/grpc", "-H", "te: trailers")


def h2load(port, target, request, calls, more=(), *, scheme="http", clients=CLIENTS, streams=STREAMS):
    """All of the calls, as fast as they are answered: how many a second, and the bytes of their answers."""
    arguments = ["h2load", "-n", str(calls), "-c", str(clients), "-m", str(streams), *GRPC, "-d", request, *more,
                 f"{scheme}://127.0.0.1:{port}/{target}"]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300)
    if f"{calls} succeeded" not in done.stdout:
        raise SystemExit(done.stdout)
    return float(re.search(r"([\d.]+) req/s", done.stdout)[1]), int(re.search(r"\((\d+)\) data", done.stdout)[1])


def loaded(program, target, request, calls, count=None, port=None, **how):
    """A row: what a call costs the program. `count` says how many it has answered well; `port` is what stands before it."""
    before, cpu = (count() if count else 0), program.cpu_seconds()
    rate, answer_bytes = h2load(port or program.port, target, request, calls, **how)
    used = program.cpu_seconds() - cpu
    if count and count() - before != calls:
        raise SystemExit(f"{target}: {count() - before:.0f} of {calls} calls were OK")
    return {"cpu_us": used / calls * 1e6, "calls_per_second": rate, "answer_bytes": answer_bytes / calls}


def floor_connection(build, upstream, transport, target, body):
    """The same for what costs least to post a body to the upstream."""
    arguments = [f"{build}/floor_connection", f"{upstream.url(transport)}/{target}", str(CLIENTS * STREAMS), "20000", body]
    if transport == "tls":
        arguments.append(upstream.ca)
    text = subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=300).stdout
    return {"cpu_us": float(re.search(r"([\d.]+) us", text)[1])}


def percentiles(log, skipped_seconds=0):
    """Of h2load's log, a line for each call: when it began, its status, how long it took, the times in microseconds."""
    lines = [[int(value) for value in line.split("\t")[:3]] for line in log.read_text().splitlines()]
    first = min(begun for begun, _, _ in lines) + skipped_seconds * 1_000_000
    times = sorted(took for begun, _, took in lines if begun >= first)
    return {name: times[min(int(len(times) * share), len(times) - 1)] for name, share in
            (("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999))}


def paced(port, target, request, rate, log, *more, scheme="http"):
    """Open loop: calls begin by the clock, as many clients take turns.

    h2load looks at its clock each 10 ms at most and sends at once what is due: so there are that many clients that each of
    them has less than one call due, and they begin one after the other. The first second, in which they connect, is left out.
    """
    seconds, clients = 6, 100
    log.unlink(missing_ok=True)
    arguments = ["h2load", "-n", str(int(rate * seconds)), "-c", str(clients), "-m", "64", f"--rps={rate / clients}",
                 "-r", "1", f"--rate-period={max(round(1000 / rate), 1)}ms", f"--log-file={log}", *GRPC, "-d", request, *more,
                 f"{scheme}://127.0.0.1:{port}/{target}"]
    subprocess.run(arguments, check=True, capture_output=True, timeout=120)
    return percentiles(log, skipped_seconds=1)


def one_by_one(port, target, request, log, *more):
    """The whole round trip of a call, as its caller sees it, where there is no other."""
    log.unlink(missing_ok=True)
    subprocess.run(["h2load", "-n", "3000", "-c", "1", "-m", "1", f"--log-file={log}", *GRPC, "-d", request, *more,
                    f"http://127.0.0.1:{port}/{target}"], check=True, capture_output=True, timeout=120)
    return percentiles(log)
