#!/usr/bin/python3
"""Draws what run.py measured: the cost of a call beside its floors, and latencies, as docs/performance.svg.

Usage: plot.py BENCH.json OUT.svg
"""
import json
import pathlib
import sys
from xml.sax.saxutils import escape

WIDTH, LABELS, RIGHT, BAR, GAP = 760, 250, 110, 16, 6
GRPC, CONNECTION, GATEWAY, OTHER = "#b8c4d0", "#7d8fa3", "#d9822b", "#8a6d9b"
CALLS = (  # what it is called here, in bench.json, its colour, and the floors that are its own: transport and request
    ("CreateCheckoutSession, small", "gateway: small, plain", GATEWAY, ("plain", "small")),
    ("the same in Rust, tonic and hyper", "peer: small, plain", OTHER, None),
    ("the same, by the program of before", "before: small, plain", OTHER, None),
    ("CreateCheckoutSession, small, TLS", "gateway: small, tls", GATEWAY, ("tls", "small")),
    ("the same, by the program of before", "before: small, tls", OTHER, None),
    ("CreateCheckoutSession, 2 KB", "gateway: checkout, plain", GATEWAY, ("plain", "checkout")),
    ("CreateCheckoutSession, 2 KB, TLS", "gateway: checkout, tls", GATEWAY, ("tls", "checkout")),
    ("2 KB, TLS port, token, policy, audit", "gateway: checkout, plain; TLS, token, policy, audit", GATEWAY, None),
    ("GetOrderById", "gateway: order, plain", GATEWAY, ("plain", "small")),
    ("GetOrderById, TLS", "gateway: order, tls", GATEWAY, ("tls", "small")),
)
LATENCIES = (("through the gateway", "latency at half load: gateway: small, plain", GATEWAY),
             ("through the program of before", "latency at half load: before: small, plain", OTHER),
             ("upstream alone", "latency at half load: upstream alone, plain", CONNECTION),
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
    calls = [call for call in CALLS if call[1] in medians]

    drawing.title("Processor time of a call, beside what gRPC and connections take alone")
    scale = room / max(medians[name]["cpu_us"] for _, name, _, _ in calls)
    for label, name, colour, floors in calls:
        cost = medians[name]["cpu_us"]
        if floors is None:
            drawing.bar(label, ((cost, colour),), scale, f"{cost:.0f} us")
        else:
            transport, request = floors
            grpc = medians[f"floor: gRPC, {request}"]["cpu_us"]
            connection = medians[f"floor: connection, {transport}, {request}"]["cpu_us"]
            drawing.bar(label, ((cost, colour),), scale, f"{cost:.0f} us, {medians[name]['times_floors']:.1f} x")
            drawing.bar("", ((grpc, GRPC), (connection, CONNECTION)), scale, f"{grpc + connection:.0f} us")
        drawing.y += GAP
    drawing.legend(((GATEWAY, "gateway"), (GRPC, "floor: gRPC"), (CONNECTION, "floor: connection"), (OTHER, "others")))

    draw_latencies(drawing, medians, room)
    return drawing.svg()


def draw_latencies(drawing, medians, room):
    rows = [row for row in LATENCIES if row[1] in medians]
    drawing.title("Latency at half of the capacity")
    scale = room / max(medians[name][key] for _, name, _ in rows for _, key in PERCENTILES)
    for shown, key in PERCENTILES:
        for label, name, colour in rows:
            value = medians[name][key]
            drawing.bar(f"{shown}, {label}", ((value, colour),), scale, f"{value / 1000:.2f} ms")
        drawing.y += GAP


def main():
    medians = json.loads(pathlib.Path(sys.argv[1]).read_text())["medians"]
    pathlib.Path(sys.argv[2]).write_text(draw(medians))


if __name__ == "__main__":
    main()
