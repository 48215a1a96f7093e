#!/usr/bin/python3
"""The README's Python, run as it stands, against a gateway and with failures.

  samples_test.py SOURCE_DIR BUILD_DIR GOOGLE_PROTOS
"""
import contextlib
import http.client
import http.server
import importlib
import json
import logging
import os
import pathlib
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

SOURCE, BUILD, GOOGLE = (pathlib.Path(argument) for argument in sys.argv[1:4])
del sys.argv[1:]
SECRETS = {"paynow": "whsec-paynow", "paymentkit": "whsec-paymentkit", "convergegate": "whsec-convergegate"}
REFUND = {"event_type": "ON_REFUND", "event_id": "e1", "body": {"id": "1", "amount": 250}}


def sample(word):
    """The documents' Python block that has this word."""
    documents = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
    blocks = [block for document in documents for block in re.findall(r"```python\n(.*?)```", document.read_text(), re.S)]
    (found,) = [block for block in blocks if word in block]
    return found


class Gateway:
    """The gateway as a process, in front of a port that nobody serves or that a handler serves."""

    def __init__(self, directory, upstream):
        secrets = directory / "secrets"
        secrets.mkdir(exist_ok=True)
        config = {
            "listen": "127.0.0.1:0",
            "upstreams": {"paynow": {"base_url": upstream, "default_store": "411486491630370816",
                                     "api_key": {"env": "SAMPLES_KEY"},
                                     "retry": {"max_attempts": 1}}},
            "webhooks": {"providers": {name: {"secrets": {"test": {"file": str(secrets / name)}}}
                                       for name in SECRETS}},
        }
        config["webhooks"]["providers"]["qashier"] = {"allow_unsigned": True}
        config["webhooks"]["listen"] = "127.0.0.1:0"
        config["events"] = {"file": str(directory / f"events{id(self)}" / "events.db"),
                            "subscriptions": {"shop": {"ack_deadline": "1s"}}}
        for name, secret in SECRETS.items():
            (secrets / name).write_text(secret + "\n")
        file = directory / "config.json"
        file.write_text(json.dumps(config))
        self.process = subprocess.Popen(
            [BUILD / "billing-gateway", "--config", file], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "SAMPLES_KEY": "pnapi_v1_sandbox"})
        for line in self.process.stderr:
            if '"receiving webhooks"' in line:
                self.webhooks = f"http://127.0.0.1:{json.loads(line)['port']}/webhooks/"
            if '"serving"' in line:
                self.address = f"127.0.0.1:{json.loads(line)['port']}"
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def generate(directory):
    """Stubs, by protoc, as the README says."""
    protos = [*(SOURCE / "proto").rglob("*.proto"), *(GOOGLE / "google/rpc").glob("*.proto")]
    subprocess.run(["protoc", f"-I{SOURCE / 'proto'}", f"-I{GOOGLE}", f"--python_out={directory}",
                    f"--grpc_python_out={directory}",
                    "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *map(str, protos)], check=True)
    sys.path.insert(0, str(directory))


class Samples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp())
        generate(cls.directory)
        closed = socket.create_server(("127.0.0.1", 0))
        cls.nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        logging.disable(logging.CRITICAL)

    def gateway(self, upstream=None):
        gateway = Gateway(self.directory, upstream or self.nobody)
        self.addCleanup(gateway.stop)
        return gateway


class GoConsumer(unittest.TestCase):
    """The documents' consumer in Go is the one that `make examples` runs."""

    def test_is_the_one_that_runs(self):
        (block,) = re.findall(r"```go\n(.*?)```", (SOURCE / "docs/webhooks.md").read_text(), re.S)
        self.assertIn(block, (SOURCE / "examples/go/consumer.go").read_text())


class Consumer(Samples):
    """The README's consumer of events, with acts that fail and a delivery that comes twice."""

    def setUp(self):
        self.process = self.gateway()
        requests = importlib.import_module("gateway.events.v1.requests_pb2")
        stubs = importlib.import_module("gateway.events.v1.events_pb2_grpc")
        channel = grpc.insecure_channel(self.process.address)
        self.addCleanup(channel.close)
        self.acted = []
        self.seen = set()
        self.failures = 0
        self.all_acted = threading.Event()

        @contextlib.contextmanager
        def database():
            before = set(self.seen)
            try:
                yield self
            except BaseException:
                self.seen = before
                raise

        def remember(transaction, *key):
            new = key not in transaction.seen
            transaction.seen.add(key)
            return new

        def act_on(transaction, event):
            if self.failures:
                self.failures -= 1
                raise RuntimeError("the shop's database is away")
            transaction.acted.append(event.event_id)
            if len(transaction.acted) == 3:
                self.all_acted.set()

        names = {"requests_pb2": requests, "stub": stubs.EventServiceStub(channel), "grpc": grpc,
                 "logging": logging, "time": time, "database": database, "remember": remember,
                 "act_on": act_on}
        exec(sample("def consume"), names)
        threading.Thread(target=names["consume"], args=("shop",), daemon=True).start()

    def deliver(self, event_id):
        file = self.directory / "event.json"
        file.write_text(json.dumps({**REFUND, "event_id": event_id}))
        with file.open() as event:
            return subprocess.run(
                [sys.executable, SOURCE / "tools/scripts/send-webhook.py", "paynow",
                 self.directory / "secrets/paynow", self.process.webhooks + "paynow"],
                stdin=event, capture_output=True, text=True, check=False)

    def test_acts_on_each_event_though_acts_fail_and_deliveries_repeat(self):
        self.failures = 2
        for event_id in ("e1", "e2", "e1", "e3"):
            sent = self.deliver(event_id)
            self.assertEqual(sent.returncode, 0, sent.stdout + sent.stderr)
        self.assertTrue(self.all_acted.wait(60))
        self.assertEqual(sorted(self.acted), ["e1", "e2", "e3"])


class Receiver(Samples):
    def setUp(self):
        self.process = self.gateway()
        module = importlib.import_module("gateway.webhooks.v1.webhooks_pb2")
        stubs = importlib.import_module("gateway.webhooks.v1.webhooks_pb2_grpc")
        channel = grpc.insecure_channel(self.process.address)
        self.addCleanup(channel.close)
        self.acted = []
        self.failures = 0
        file = self.directory / f"{self.id()}.sqlite"
        connection = sqlite3.connect(file)
        connection.execute("create table seen (provider, id, primary key (provider, id))")
        connection.execute("create table done (type)")
        connection.commit()
        self.connection = connection

        @contextlib.contextmanager
        def database():
            with contextlib.closing(sqlite3.connect(file)) as mine, mine as transaction:
                yield transaction

        def remember(transaction, provider, event_id):
            return transaction.execute(
                "insert or ignore into seen values (?, ?)", (provider, event_id)).rowcount == 1

        def act_on(transaction, event):
            transaction.execute("insert into done values (?)", (event.type,))
            if self.failures:
                self.failures -= 1
                raise RuntimeError("the shop's database is away")

        names = {"http": http, "logging": logging, "webhooks_pb2": module, "database": database,
                 "remember": remember, "act_on": act_on, "stub": stubs.WebhookServiceStub(channel)}
        exec(sample("class Webhooks"), names)
        names["Webhooks"].log_message = lambda *_: None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), names["Webhooks"])
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def send(self, event, provider="paynow", secret=None):
        file = self.directory / "secrets" / (provider if secret is None else "another")
        if secret is not None:
            file.write_text(secret)
        url = f"http://127.0.0.1:{self.server.server_port}/webhooks/{provider}"
        body = event if isinstance(event, str) else json.dumps(event)
        return int(subprocess.run(
            [SOURCE / "tools/scripts/send-webhook.py", provider, "-" if provider == "qashier" else file, url],
            input=body, capture_output=True, text=True).stdout)

    def done(self):
        return [row[0] for row in self.connection.execute("select type from done")]

    def test_each_provider_is_understood(self):
        self.assertEqual(self.send(REFUND), 204)
        for provider in ("paymentkit", "convergegate", "qashier"):
            self.assertEqual(self.send({"id": "e1", "type": provider}, provider), 204, provider)
        self.assertEqual(self.done(), ["ON_REFUND", "paymentkit", "convergegate", "qashier"])

    def test_a_repeated_delivery_is_acted_upon_once(self):
        self.assertEqual([self.send(REFUND), self.send(REFUND)], [204, 204])
        self.assertEqual(self.done(), ["ON_REFUND"])

    def test_a_failed_act_is_not_remembered(self):
        self.failures = 2
        self.assertEqual([self.send(REFUND) for _ in range(4)], [503, 503, 204, 204])
        self.assertEqual(self.done(), ["ON_REFUND"])

    def test_events_without_an_id_are_all_acted_upon(self):
        event = {key: value for key, value in REFUND.items() if key != "event_id"}
        self.assertEqual([self.send(event), self.send(event)], [204, 204])
        self.assertEqual(self.done(), ["ON_REFUND", "ON_REFUND"])

    def test_what_may_pass_is_never_final(self):
        unreadable = {**REFUND, "body": {"amount": "a lot"}}
        self.assertEqual(self.send(unreadable), 503)
        self.assertEqual(self.send(REFUND, secret="another"), 503)
        self.assertEqual(self.send(REFUND, provider="paymentkit", secret="another"), 503)
        self.process.stop()
        self.assertEqual(self.send(REFUND), 503)
        self.assertEqual(self.done(), [])

    def test_a_chunked_body_is_read(self):
        body = json.dumps({"id": "c1", "type": "chunked"}).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port)
        self.addCleanup(connection.close)
        for _ in range(2):  # the second over the same connection: nothing of the first may be left
            connection.request("POST", "/webhooks/qashier", iter([body[:5], body[5:]]), encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked"})
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, 204)
        self.assertEqual(self.done(), ["chunked"])


class Lists(Samples):
    def test_pages_lose_and_repeat_nothing(self):
        sandbox = subprocess.Popen([BUILD / "paynow-sandbox", "--listen", "127.0.0.1:0"],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(sandbox.stdout.close)
        self.addCleanup(sandbox.wait)
        self.addCleanup(sandbox.kill)
        upstream = next(re.search(r"http://\S+", line)[0] for line in sandbox.stdout if "listening on" in line)
        names = {}
        exec(sample("def all_items"), names)
        orders = importlib.import_module("paynow.management.v1.orders_pb2")
        stubs = importlib.import_module("paynow.management.v1.orders_pb2_grpc")
        with grpc.insecure_channel(self.gateway(upstream).address) as channel:
            list_rpc = stubs.OrdersServiceStub(channel).GetOrders
            found = {}
            for asc in (False, True):
                for limit in (1, 4, 32, 100):
                    request = orders.GetOrdersRequest(asc=asc)
                    ids = [order.id for order in names["all_items"](list_rpc, request, limit)]
                    found[asc, limit] = ids
                    self.assertEqual(len(set(ids)), len(ids))
            self.assertEqual(len(found[True, 100]), 32)
            for (asc, limit), ids in found.items():
                self.assertEqual(ids, sorted(found[True, 100], key=int, reverse=not asc), (asc, limit))


class Writes(Samples):
    def setUp(self):
        self.names = {"grpc": grpc, "time": time, "random": random,
                      "status_pb2": importlib.import_module("google.rpc.status_pb2"),
                      "error_details_pb2": importlib.import_module("google.rpc.error_details_pb2")}
        exec(sample("def write"), self.names)
        self.orders = importlib.import_module("paynow.management.v1.orders_pb2")
        self.stubs = importlib.import_module("paynow.management.v1.orders_pb2_grpc")

    def attempts(self, gateway):
        """How often the sample calls RefundOrder, and the code it ends with."""
        made = []
        with grpc.insecure_channel(gateway.address) as channel:
            refund = self.stubs.OrdersServiceStub(channel).RefundOrder

            def counted(request, timeout):
                made.append(1)
                return refund(request, timeout=timeout)

            request = self.orders.RefundOrderRequest(order_id="411486491630370850")
            request.body.SetInParent()
            with self.assertRaises(grpc.RpcError) as raised:
                self.names["write"](counted, request)
        return len(made), raised.exception.code()

    def test_what_was_not_sent_is_repeated(self):
        self.assertEqual(self.attempts(self.gateway()), (4, grpc.StatusCode.UNAVAILABLE))

    def test_what_the_gateway_did_not_answer_is_not_repeated(self):
        gateway = self.gateway()
        gateway.stop()
        self.assertEqual(self.attempts(gateway), (1, grpc.StatusCode.UNAVAILABLE))

    def test_what_may_have_happened_is_not_repeated(self):
        class Upstream(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.send_error(503)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        gateway = self.gateway(f"http://127.0.0.1:{server.server_port}")
        self.assertEqual(self.attempts(gateway), (1, grpc.StatusCode.UNKNOWN))


if __name__ == "__main__":
    unittest.main()
