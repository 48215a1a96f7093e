#!/usr/bin/python3
"""What a shop asks of the gateway, in Python.

    GATEWAY=127.0.0.1:50051 PYTHONPATH=<generated code> examples/python/shop.py
"""
import datetime
import http.server
import os
import pathlib
import queue
import threading
import time

import grpc
from gateway.webhooks.v1 import webhooks_pb2, webhooks_pb2_grpc
from google.rpc import error_details_pb2, status_pb2
from paynow.management.v1 import checkout_pb2, checkout_pb2_grpc, orders_pb2, orders_pb2_grpc

GATEWAY = os.environ.get("GATEWAY", "127.0.0.1:50051")
WEBHOOK_PORT = int(os.environ.get("WEBHOOK_PORT", "8090"))
SERVICE_CONFIG = pathlib.Path(os.environ.get("SERVICE_CONFIG", "docs/clients/service-config.json"))
YESTERDAY = datetime.date.fromisoformat(
    os.environ.get("DAY") or (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)).date().isoformat())
ORDER = "411486491630370850"


def details(error):
    """The google.rpc details of an error of the gateway, by the name of their type."""
    found = {}
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest):
                    message = kind()
                    if detail.Unpack(message):
                        found[kind.__name__] = message
    return found


def outcome(error):
    """not_sent, refused or unknown: what happened to the money."""
    info = details(error).get("ErrorInfo")
    return info.metadata["outcome"] if info else "unknown"  # without one the error is not the gateway's


def check_out(checkout, cart):
    body = checkout_pb2.CreateCheckoutSessionManagementDto(
        customer_id="411486491630370817",
        return_url="https://shop.example/thanks",
        metadata={"cart": cart},
    )
    body.lines.add(product_id="411486491630370818", quantity=2)
    return checkout.CreateCheckoutSession(
        checkout_pb2.CreateCheckoutSessionRequest(body=body), timeout=10,
        metadata=[("idempotency-key", f"checkout-{cart}")])


def orders_of(day, orders, cursor=None):
    """All orders of a day, oldest first. Keep the last cursor, and tomorrow begins behind it."""
    while True:
        try:
            for reply in orders.StreamOrders(orders_pb2.GetOrdersRequest(after=cursor)):
                cursor = reply.cursor
                created = reply.item.created_at.ToDatetime().date()
                if created > day:
                    return
                if created == day:
                    yield reply.item
            return
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(1)  # and go on behind the last item that came


def refund(orders, order_id, key, attempts=5):
    """Repeats the refund, with its key, until the gateway knows what became of it."""
    request = orders_pb2.RefundOrderRequest(order_id=order_id, body={})
    for attempt in range(1, attempts + 1):
        try:
            return orders.RefundOrder(request, timeout=30, metadata=[("idempotency-key", key)])
        except grpc.RpcError as error:
            print(f"refund, attempt {attempt}: {error.code().name}, outcome {outcome(error)}")
            # The ledger makes a repetition with the same key safe. Refused is final.
            if outcome(error) == "refused" or attempt == attempts:
                raise
            time.sleep(0.2 * 2**attempt)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Hands each webhook to the gateway, byte by byte as it came, and acts on what is genuine."""

    parser = None
    events = queue.Queue()

    def do_POST(self):
        try:
            event = self.parser.ParseEvent(
                webhooks_pb2.ParseEventRequest(
                    provider="paynow",
                    headers=[webhooks_pb2.Header(name=n, value=v) for n, v in self.headers.items()],
                    body=self.rfile.read(int(self.headers["Content-Length"]))),
                timeout=5)
            self.events.put(event)  # in earnest: in one transaction with what is done
            self.send_response(204)
        except grpc.RpcError:
            self.send_response(503)  # a genuine one comes again
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    channel = grpc.insecure_channel(
        GATEWAY, options=[("grpc.service_config", SERVICE_CONFIG.read_text())])  # retries for reads alone
    checkout = checkout_pb2_grpc.CheckoutServiceStub(channel)
    orders = orders_pb2_grpc.OrdersServiceStub(channel)
    Receiver.parser = webhooks_pb2_grpc.WebhookServiceStub(channel)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", WEBHOOK_PORT), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    print("checkout:", check_out(checkout, "c-1").url)

    count = sum(1 for _ in orders_of(YESTERDAY, orders))
    print(f"orders of {YESTERDAY}: {count}")

    print("refund:", refund(orders, ORDER, f"refund-{ORDER}").id)

    try:
        checkout.CreateCheckoutSession(checkout_pb2.CreateCheckoutSessionRequest(), timeout=10)
    except grpc.RpcError as error:
        for violation in details(error)["BadRequest"].field_violations:
            print("violation:", violation.field, violation.description)
    try:
        orders.RefundOrder(orders_pb2.RefundOrderRequest(order_id=ORDER, body={}), timeout=10)
    except grpc.RpcError as error:
        print("a second refund:", error.code().name, outcome(error))

    event = Receiver.events.get(timeout=30)
    print("webhook:", event.type)
    server.shutdown()


if __name__ == "__main__":
    main()
