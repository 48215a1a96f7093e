"""An HTTP server in front of the sandbox that is as imperfect as a real upstream: some answers come late, some are
errors, and successful ones have a member that no proto knows. For dashboard_check.py."""
import http.client
import http.server
import itertools
import json
import threading
import time


class FaultyUpstream:
    """Serves on 127.0.0.1 until stopped. `port` is where."""

    def __init__(self, sandbox_port):
        numbers = itertools.count(1)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self):
                number = next(numbers)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                time.sleep(0.002 * (number % 10))
                if number % 7 == 0:
                    self.answer(503, b"<html>busy</html>", "text/html")
                elif number % 11 == 0:
                    self.answer(401, b'{"code": "unauthorized", "message": "key revoked"}', "application/json")
                else:
                    self.forward(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any

            def forward(self, body):
                connection = http.client.HTTPConnection("127.0.0.1", sandbox_port, timeout=10)
                headers = {key: value for key, value in self.headers.items()
                           if key.lower() not in ("host", "connection", "accept-encoding")}
                connection.request(self.command, self.path, body, headers)
                reply = connection.getresponse()
                self.answer(reply.status, surprise(reply.read(), reply.status), reply.getheader("Content-Type", ""))
                connection.close()

            def answer(self, status, body, content_type):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def surprise(body, status):
    """The reply with one member more in its first object."""
    if status != 200 or not body:
        return body
    reply = json.loads(body)
    first = reply[0] if isinstance(reply, list) and reply else reply
    if isinstance(first, dict):
        first["surprise"] = status
    return json.dumps(reply).encode()
