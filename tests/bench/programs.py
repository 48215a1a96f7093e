"""What takes part in a measurement: the gateway, its upstream, a floor, a peer; each a program that ends with its block."""
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

STORE = "411486491630370816"
PACKAGE = "paynow.management.v1"
METHODS = {
    "small": f"{PACKAGE}.CheckoutService/CreateCheckoutSession",
    "checkout": f"{PACKAGE}.CheckoutService/CreateCheckoutSession",
    "order": f"{PACKAGE}.OrdersService/GetOrderById",
    "orders": f"{PACKAGE}.OrdersService/GetOrders",
}
CHECKOUTS = f"v1/stores/{STORE}/checkouts"  # where the upstream takes them


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}")


class Program:
    """A program under test, in the background."""

    def __init__(self, arguments, ready, **options):
        self.begun = time.monotonic()
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
        said = collections.deque(maxlen=20)
        for line in self.process.stdout:
            said.append(line)
            if ready in line:
                self.ready_after = time.monotonic() - self.begun
                # A program whose pipe is full would wait.
                threading.Thread(target=collections.deque, args=(self.process.stdout, 0), daemon=True).start()
                return
        raise SystemExit("".join((f"{arguments[0]} does not start\n", *said)))

    @property
    def pids(self):
        return [self.process.pid]

    def cpu_seconds(self):
        """Of all its threads, those that have ended too, by the kernel's clock for the process: clock_getcpuclockid(3)."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

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


def certificate(folder):
    """One for localhost, which is its own authority, and its key: two files in the folder."""
    ca, key = folder / "ca.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", ca, "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return ca, key


class Upstream:
    """nginx, over plain and TLS HTTP/1.1, with one fixed answer for each measured call."""

    def __init__(self, folder):
        self.ports = {"plain": free_port(), "tls": free_port()}
        self.ca, self.key = certificate(folder)
        self.server = self.nginx(folder)
        for port in self.ports.values():
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
                listen 127.0.0.1:{self.ports["plain"]};
                listen 127.0.0.1:{self.ports["tls"]} ssl;
                ssl_certificate {self.ca}; ssl_certificate_key {self.key};
                location ~ /checkouts$ {{ return 201 {checkout}; }}
                location ~ /orders$ {{ root {folder}; try_files /orders.json =404; }}
                location ~ /orders/ {{ root {folder}; try_files /order.json =404; }}
                location / {{ return 404; }}
              }}
            }}""")
        return subprocess.Popen(["nginx", "-c", config], stderr=subprocess.DEVNULL)

    @property
    def pids(self):
        pid = self.server.pid
        return [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def url(self, transport):
        return {"plain": "http://127.0.0.1", "tls": "https://localhost"}[transport] + f":{self.ports[transport]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(10)


def gateway(binary, folder, upstream, transport, more=None, *, of_upstream=None, environment=None):
    """A gateway with everything on, as the defaults have it; `binary` is its program or the folder that it was built in."""
    port, metrics_port = free_port(), free_port()
    settings = {"base_url": upstream.url(transport), "default_store": STORE, "api_key": {"env": "BENCH_KEY"},
                **(of_upstream or {})}
    if transport == "tls":
        settings["ca_file"] = str(upstream.ca)
    config = folder / f"gateway-{port}.json"
    config.write_text(json.dumps({"listen": f"127.0.0.1:{port}", "metrics": {"listen": f"127.0.0.1:{metrics_port}"},
                                  "upstreams": {"paynow": settings}, **(more or {})}))
    if pathlib.Path(binary).is_dir():
        binary = f"{binary}/billing-gateway"
    program = Program([binary, "--config", config], '"serving"',
                      env={**os.environ, "BENCH_KEY": "pnapi_v1_bench", **(environment or {})})
    program.port, program.metrics = port, metrics_port
    return program


class Presenter:
    """haproxy, which shows the certificate to the gateways for a load that can show none: one port for each of them."""

    def __init__(self, folder, upstream, gateways):
        self.ports = {who: free_port() for who in gateways}
        shown = folder / "shown.pem"
        shown.write_text(upstream.ca.read_text() + upstream.key.read_text())
        config = folder / "haproxy.cfg"
        config.write_text("defaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n" + "".join(
            f"listen {who}\n bind 127.0.0.1:{self.ports[who]}\n"
            f" server gateway 127.0.0.1:{program.port} ssl verify none crt {shown} alpn h2\n"
            for who, program in gateways.items()))
        self.server = subprocess.Popen(["haproxy", "-db", "-f", config], stderr=subprocess.DEVNULL)
        for port in self.ports.values():
            wait_for(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait(10)


def metrics(program):
    return urllib.request.urlopen(f"http://127.0.0.1:{program.metrics}/metrics", timeout=10).read().decode()


def answered(program, method):
    """How many calls of the method were OK, by the gateway's own count."""
    name = method.split("/")[1]
    return sum(float(line.rsplit(" ", 1)[1]) for line in metrics(program).splitlines()
               if line.startswith("rpc_server_calls_total") and f'"{name}"' in line and 'status_code="0"' in line)


def floor_grpc(build):
    port = free_port()
    program = Program([f"{build}/floor_grpc", str(port)], "serving")
    program.port = port
    return program


def built_peer(build):
    """The peer's program. Nothing where there is no cargo to build it."""
    cargo = shutil.which("cargo", path=os.pathsep.join((os.environ["PATH"], os.path.expanduser("~/.cargo/bin"))))
    if cargo is None:
        return None
    target = pathlib.Path(build).resolve() / "peer_rust"
    subprocess.run([cargo, "build", "--quiet", "--release", "--locked", "--target-dir", target], check=True,
                   cwd=pathlib.Path(__file__).with_name("peer_rust"))
    return target / "release" / "peer_rust"


def peer(binary, upstream):
    port = free_port()
    program = Program([binary, str(port), upstream.url("plain")], "serving")
    program.port = port
    return program


@contextlib.contextmanager
def on(processors, pids):
    """These processes, and the threads and programs that they begin, on these processors alone."""
    def pin(where):
        for pid in pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                os.sched_setaffinity(int(task), where)
    everywhere = os.sched_getaffinity(0)
    pin(processors)
    yield
    pin(everywhere)


@contextlib.contextmanager
def apart(measured, upstream):
    """What is measured has a processor to itself; upstream and load share another."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise SystemExit("to hold load and gateway apart takes two processors")
    with on({processors[0]}, [pid for program in measured for pid in program.pids]), \
            on({processors[1]}, [*upstream.pids, os.getpid()]):
        yield
