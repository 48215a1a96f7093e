#!/usr/bin/env python3
"""What Python's http.client makes of recorded replies: one line each, "NAME<tab>VERDICT<tab>HEADERS<tab>BODY".

Each file of the folder is a line that counts for nothing here and the bytes of a reply. They are served over a socket of
their own, which is closed in good order behind them. reference_client_test compares this with our reader.

Usage: http_client_verdicts.py FOLDER
"""
import gzip
import http.client
import pathlib
import socket
import sys
import threading
import zlib

PATIENCE = 20  # seconds


def serve(listener, reply):
    connection, _ = listener.accept()
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        try:
            connection.sendall(reply)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass  # the client left early


def printable(data):
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte != 0x5C else f"\\x{byte:02x}" for byte in data)


def one_line(value):
    return " ".join(value.split())


def decoded(response, body):
    encoding = (response.getheader("content-encoding") or "identity").lower()
    if encoding == "identity" or not body:
        return "", body
    if encoding not in ("gzip", "x-gzip"):
        return "(unreadable)", b""
    try:
        return "", gzip.decompress(body)
    except (EOFError, OSError, zlib.error):
        return "(unreadable)", b""


def read(port):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        client.request("GET", "/")
        response = client.getresponse()
    except (http.client.HTTPException, ConnectionError, ValueError):
        return "broken", "", b""
    try:
        state, body = decoded(response, response.read())
    except (http.client.HTTPException, ConnectionError, ValueError, OverflowError, MemoryError):
        state, body = "(cut short)", b""
    finally:
        client.close()
    headers = "; ".join(f"{name.lower()}: {one_line(value)}" for name, value in response.getheaders())
    return f"{response.status}{state}", headers, body


def main():
    for file in sorted(pathlib.Path(sys.argv[1]).iterdir()):
        reply = file.read_bytes().split(b"\n", 1)[1]
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = threading.Thread(target=serve, args=(listener, reply))
            server.start()
            verdict, headers, body = read(listener.getsockname()[1])
            server.join(PATIENCE)
        print(file.name, verdict, printable(headers.encode("latin-1")), printable(body), sep="\t")


main()
