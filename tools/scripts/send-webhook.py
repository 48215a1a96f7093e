#!/usr/bin/python3
"""Signs a webhook as its provider does, and sends it: to see whether a receiver and its secret are right.

  echo '{"event_type": "ON_REFUND", "event_id": "1", "body": {}}' |
    tools/scripts/send-webhook.py paynow SECRET_FILE https://shop.example/webhooks/paynow

Prints the HTTP status; exits 0 for a 2xx. `-` in place of the secret's file sends it unsigned.
"""
import base64
import hashlib
import hmac
import sys
import time
import urllib.error
import urllib.request


def digest(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def paynow(secret, body):
    now = str(int(time.time() * 1000)).encode()
    return {
        "PayNow-Timestamp": now.decode(),
        "PayNow-Signature": base64.b64encode(digest(secret, now + b"." + body)).decode(),
    }


def paymentkit(secret, body):
    return {"X-Webhook-Signature": "sha256=" + digest(secret, body).hex()}


def convergegate(secret, body):
    now = str(int(time.time())).encode()
    key = hashlib.sha256(secret).digest()
    return {
        "Sec-Timestamp": now.decode(),
        "Sec-Signature": digest(key, now + body).hex(),
    }


def qashier(secret, body):
    return {}  # documents no signature


PROVIDERS = {f.__name__: f for f in (paynow, paymentkit, convergegate, qashier)}


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in PROVIDERS:
        sys.exit(__doc__)
    provider, secret_file, url = arguments
    body = sys.stdin.buffer.read()
    headers = {"Content-Type": "application/json"}
    if secret_file != "-":
        with open(secret_file, "rb") as file:
            headers.update(PROVIDERS[provider](file.read().rstrip(b"\r\n"), body))
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        status = urllib.request.urlopen(request, timeout=30).status
    except urllib.error.HTTPError as error:
        status = error.code
    print(status)
    return 0 if 200 <= status < 300 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
