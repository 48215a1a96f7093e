#!/usr/bin/python3
"""What a shop and its customer do in the demonstration, over HTTP.

  shop.py receive FILE         listens, prints its address, and appends each webhook to FILE as a ParseEventRequest of
                               the provider that the path names (/paynow), in JSON, one a line
  shop.py await FILE TYPE      waits until an event of this type is in FILE, and prints its line (20 seconds)
  shop.py member NAME          prints this member of the JSON object that comes on standard input, if it has it
  shop.py pay URL              does what the button Pay of the page does; prints where the customer is sent
"""
import base64
import http.server
import json
import sys
import time
import urllib.error
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def receive(path):
    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = {
                "provider": self.path.strip("/"),
                "headers": [{"name": name, "value": value} for name, value in self.headers.items()],
                "body": base64.b64encode(body).decode(),
            }
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(request) + "\n")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    print(f"shop listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def event_type(line):
    event = json.loads(base64.b64decode(json.loads(line)["body"]))
    return event.get("event_type") or event.get("type")


def wait_for(path, wanted):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            with open(path, encoding="utf-8") as file:
                # The last line may still be under way.
                for line in file:
                    if line.endswith("\n") and event_type(line) == wanted:
                        print(line, end="")
                        return
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    sys.exit(f"no webhook {wanted} within 20 seconds")


def pay(url):
    opener = urllib.request.build_opener(NoRedirect)
    try:
        answer = opener.open(url, data=b"action=pay", timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    if answer.status >= 400:
        sys.exit(f"the page answers {answer.status}")
    print(answer.headers.get("Location", "nowhere"))


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "receive":
        receive(arguments[1])
    elif len(arguments) == 3 and arguments[0] == "await":
        wait_for(arguments[1], arguments[2])
    elif len(arguments) == 2 and arguments[0] == "member":
        print(json.load(sys.stdin).get(arguments[1], ""))
    elif len(arguments) == 2 and arguments[0] == "pay":
        pay(arguments[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
