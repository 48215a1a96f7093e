#!/usr/bin/python3
"""Draws what run.py measured: the cost of a call beside its floors, and latencies, as docs/performance.svg.

Usage: plot.py BENCH.json OUT.svg
"""
import json
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, LABELS, RIGHT, BAR, GAP = 760, 250, 110, 16, 6
GRPC, CURL, GATEWAY = "#b8c4d0", "#7d8fa3", "#d9822b"
CALLS = (  # what it is called here, in bench.json, and the transport whose floors are its own
    ("CreateCheckoutSession, HTTP/1.1", "gateway: checkout, http1", "http1"),
    ("the same, TLS, token, policy, audit", "gateway: checkout, http1; TLS, token, policy, audit", None),
    ("CreateCheckoutSession, TLS and HTTP/2", "gateway: checkout, http2", "http2"),
    ("GetOrderById, HTTP/1.1", "gateway: order, http1", "http1"),
    ("GetOrderById, TLS and HTTP/2", "gateway: order, http2", "http2"),
)
LATENCIES = (("through the gateway", "latency at half load: checkout, http1", GATEWAY),
             ("upstream alone", "latency at half load: upstream alone", CURL),
             ("gRPC alone", "latency at half load: floor: gRPC", GRPC))
PERCENTILES = (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us"))


class Drawing:
    def __init__(self):
        self.parts, self.y = [], 10

    def text(self, x, words, anchor="start", weight="normal", dy=0):
        self.parts.append(f'<text x="{x:.0f}" y="{self.y + dy:.0f}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')

    def title(self, words):
        self.y += 22
        self.text(10, words, weight="bold")
        self.y += 14

    def bar(self, label, pieces, scale, value):
        """One line: its pieces side by side, each (what it measures, its colour)."""
        x = LABELS
        if label:
            self.text(LABELS - 8, label, anchor="end", dy=BAR - 4)
        for size, colour in pieces:
            self.parts.append(f'<rect x="{x:.1f}" y="{self.y}" width="{size * scale:.1f}" height="{BAR}" fill="{colour}"/>')
            x += size * scale
        self.text(x + 6, value, dy=BAR - 4)
        self.y += BAR + GAP

    def legend(self, entries):
        x = LABELS
        for colour, words in entries:
            self.parts.append(f'<rect x="{x}" y="{self.y}" width="12" height="12" fill="{colour}"/>')
            self.text(x + 18, words, dy=11)
            x += 30 + 7 * len(words)
        self.y += 22

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.y + 10}" width="{WIDTH}" '
                f'font-family="sans-serif" font-size="12" fill="#222">\n<rect width="100%" height="100%" fill="#fff"/>\n'
                + "\n".join(self.parts) + "\n</svg>\n")


def draw(medians):
    drawing = Drawing()
    room = WIDTH - LABELS - RIGHT
    grpc = medians["floor: gRPC"]["cpu_us"]

    drawing.title("Processor time of a call, beside what gRPC and libcurl take alone")
    scale = room / max(medians[name]["cpu_us"] for _, name, _ in CALLS)
    for label, name, transport in CALLS:
        cost = medians[name]["cpu_us"]
        if transport is None:
            drawing.bar(label, ((cost, GATEWAY),), scale, f"{cost:.0f} us")
        else:
            curl = medians[f"floor: curl, {transport}"]["cpu_us"]
            drawing.bar(label, ((cost, GATEWAY),), scale, f"{cost:.0f} us, {cost / (grpc + curl):.1f} x")
            drawing.bar("", ((grpc, GRPC), (curl, CURL)), scale, f"{grpc + curl:.0f} us")
        drawing.y += GAP
    drawing.legend(((GATEWAY, "gateway"), (GRPC, "floor: gRPC"), (CURL, "floor: libcurl")))

    if all(name in medians for _, name, _ in LATENCIES):
        draw_latencies(drawing, medians, room)
    return drawing.svg()


def draw_latencies(drawing, medians, room):
    drawing.title("Latency at half of the capacity")
    scale = room / max(medians[name][key] for _, name, _ in LATENCIES for _, key in PERCENTILES)
    for shown, key in PERCENTILES:
        for label, name, colour in LATENCIES:
            value = medians[name][key]
            drawing.bar(f"{shown}, {label}", ((value, colour),), scale, f"{value / 1000:.2f} ms")
        drawing.y += GAP


def main():
    medians = json.loads(pathlib.Path(sys.argv[1]).read_text())["medians"]
    pathlib.Path(sys.argv[2]).write_text(draw(medians))


if __name__ == "__main__":
    main()
