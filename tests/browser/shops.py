"""The four sandboxes, the gateway in front of them, and a receiver of webhooks: as processes, with what a shop does by them."""
import base64
import json
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).parents[2]
WAIT = 30


class Provider:
    def __init__(self, name, method, body, token, amount, paid, completed=None, expired=None, show=None, read=None):
        self.name, self.method, self.body, self.token, self.amount = name, method, body, token, amount
        # The events; what the reply of `show` has where it was paid; (method, the member that takes the checkout's id).
        self.paid, self.expired, self.completed, self.show = paid, expired, completed, show
        self.read = read

    def __str__(self):
        return self.name


def session(service):
    return (f"{service}.CheckoutSessionsService/RetrieveCheckoutSession", "id")


PROVIDERS = (
    Provider("paynow", "paynow.management.v1.CheckoutService/CreateCheckoutSession",
             lambda shop: {"customer_id": "411486491630370817", "return_url": shop + "/thanks", "cancel_url": shop + "/back",
                           "lines": [{"product_id": "411486491630370818", "quantity": 2}]},
             "token", "$20.00", "ON_ORDER_COMPLETED", "ORDER_STATUS_COMPLETED",
             show=("paynow.management.v1.OrdersService/GetOrders", "checkout_id"),
             read=("paynow.management.v1.StoreService/GetStore", {})),
    Provider("paymentkit", "paymentkit.v1.CheckoutSessionsService/CreateCheckoutSession",
             lambda shop: {"line_items": [{"price_id": "price_2500", "quantity": 1}], "return_url": shop + "/back",
                           "success_url": shop + "/thanks?id={CHECKOUT_SESSION_ID}"},
             "secure_token", "$25.00", "invoice.paid", read=("paymentkit.v1.CustomersService/ListCustomers", {})),
    Provider("qashier", "qashier.v1.CheckoutSessionsService/CreateCheckoutSession",
             lambda shop: {"return_url": shop + "/back", "success_url": shop + "/thanks", "line_items": [
                 {"quantity": 2, "price_data": {"currency": "sgd", "product_data": {"name": "Kopi"}, "unit_amount": 250}}]},
             "id", "SGD 5.00", "checkout.session.completed", "PAYMENT_STATUS_PAID", "checkout.session.expired",
             show=session("qashier.v1"), read=("qashier.v1.CheckoutSessionsService/ListCheckoutSessions", {})),
    Provider("convergegate", "convergegate.v1.CheckoutSessionsService/CreateCheckoutSession",
             lambda shop: {"amount": 1000, "currency": "pln", "customer_email": "ada@example.com", "customer_firstname": "Ada",
                           "customer_lastname": "Example", "payment_method": ["PAYMENT_METHOD_BLIK"],
                           "success_url": shop + "/thanks", "cancel_url": shop + "/back"},
             "id", "PLN 10.00", "session.completed", "COMPLETED", "session.expired",
             show=session("convergegate.v1"),
             read=("convergegate.v1.CheckoutSessionsService/RetrieveCheckoutSession", {"id": "AW-sandboxOpen"})),
)


class Stack:
    keys = ("pnapi_v1_sandbox", "sk_live_sandbox", "sk_test_sandbox", "whsec_sandbox")

    def __init__(self, build, work):
        self.build, self.work = build, work
        self.events = work / "events"
        self.processes = []
        self.told = set()

    def __enter__(self):
        try:
            self.start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
            process.stdout.close()

    def start(self, command, ready, count=1, **more):
        """What the parentheses of `ready` hold in the first `count` lines that it matches. Later output goes to a file."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
        self.processes.append(process)
        found = []
        for line in process.stdout:
            match = re.search(ready, line)
            if match:
                found.append(match.groups())
            if len(found) == count:
                return found
        raise RuntimeError(f"{command[0]} did not start")

    def start_all(self):
        (shop,), = self.start(["/usr/bin/python3", ROOT / "tools/scripts/shop.py", "receive", self.events], r"http://\S+:(\d+)")
        hooks = [word for one in PROVIDERS for word in ("--webhook", f"{one}=http://127.0.0.1:{shop}/{one}")]
        self.ports = dict(self.start([self.build / "provider-sandbox", "--listen", "127.0.0.1:0", *hooks],
                                     r"(\w+)-sandbox listening on http://\S+:(\d+)", len(PROVIDERS)))
        text = "\n".join(line for line in (ROOT / "deploy/config/sandbox.json").read_text(encoding="utf-8").splitlines()
                         if not line.startswith("//"))
        config = json.loads(text)
        config["listen"] = "127.0.0.1:0"
        for name, port in self.ports.items():
            config["upstreams"][name]["base_url"] = f"http://127.0.0.1:{port}"
        (self.work / "config.json").write_text(json.dumps(config), encoding="utf-8")
        key = {"PAYNOW": self.keys[0], "PAYMENTKIT": self.keys[1], "QASHIER": self.keys[2], "CONVERGEGATE": self.keys[2]}
        environment = {f"{name}_API_KEY": value for name, value in key.items()} | {"SANDBOX_WEBHOOK_SECRET": self.keys[3]}
        with open(self.work / "gateway.log", "w", encoding="utf-8") as log:
            process = subprocess.Popen([self.build / "billing-gateway", "--config", self.work / "config.json"],
                                       stdout=log, stderr=subprocess.STDOUT, env=environment)
        process.stdout = open(self.work / "gateway.log", encoding="utf-8")
        self.processes.append(process)
        self.gateway = "127.0.0.1:" + self.await_that(self.serving)

    def serving(self):
        match = re.search(r'"event":"serving","port":(\d+)', (self.work / "gateway.log").read_text(encoding="utf-8"))
        return match and match[1]

    def await_that(self, condition):
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        return None

    def call(self, method, request, fails=False):
        done = subprocess.run([self.build / "grpc-call", "-plaintext", "-d", json.dumps(request), self.gateway, method],
                              capture_output=True, text=True, check=False)
        if done.returncode and not fails:
            raise AssertionError(f"{method}: {done.stderr}")
        return done.stdout + done.stderr

    def checkout(self, provider, shop):
        """A checkout made through the gateway: its reply, and the link where it is paid."""
        reply = json.loads(self.call(provider.method, {"body": provider.body(shop.url)}))
        link = f"http://127.0.0.1:{self.ports[provider.name]}/pay/{reply[provider.token]}"
        if reply.get("url", link) != link:
            raise RuntimeError(f"{provider}: the url is {reply['url']}, not {link}")
        return reply | {"link": link}

    def show(self, provider, made):
        method, member = provider.show
        return self.call(method, {member: made["id"]})

    def read(self, provider):
        self.call(*provider.read)

    def window(self, provider):
        return f"http://127.0.0.1:{self.ports[provider.name]}/_sandbox/"

    def event(self, provider, wanted, made):
        """The event of this checkout, once it has come and the gateway has verified it; None after a while."""
        known = set()

        def verified():
            if not self.events.exists():
                return None
            lines = self.events.read_text(encoding="utf-8").splitlines(keepends=True)
            for line in lines:
                if not line.endswith("\n") or line in known:
                    continue
                request = json.loads(line)
                body = base64.b64decode(request["body"]).decode()
                # PaymentKit's invoice does not name its checkout: each is told of once.
                mine = made["id"] in body or (provider.name == "paymentkit" and line not in self.told)
                if request["provider"] != provider.name or not mine:
                    continue
                known.add(line)
                event = json.loads(self.call("gateway.webhooks.v1.WebhookService/ParseEvent", request))
                if event["type"] == wanted:
                    self.told.add(line)
                    return event
            return None

        return self.await_that(verified)
