#!/usr/bin/python3
"""Counts the calls of the heap that one CreateCheckoutSession takes, by who makes them.

The gateway runs with count_allocations.so and is called COUNT and then twice COUNT times; what the two differ by is COUNT
calls and nothing else. "Ours" is what the gateway's own executable asks for, itself or through the containers and
texts of libstdc++ and Abseil; templates of gRPC's headers are compiled into it and are ours too.

Usage: allocations.py BUILD_DIR [COUNT [PLACES]]
"""
import collections
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import load
import programs

PLACE = struct.Struct("9Q")  # key, count, seven frames: as count_allocations.cc has them


class Counter:
    """What the preloaded counter of a gateway has written so far."""

    def __init__(self, build, folder):
        self.file = folder / "allocations"
        self.environment = {"LD_PRELOAD": str(pathlib.Path(build).resolve() / "count_allocations.so"),
                            "COUNT_ALLOCATIONS": str(self.file)}

    def now(self):
        return collections.Counter({tuple(frames): count for key, count, *frames in PLACE.iter_unpack(self.file.read_bytes())
                                    if key})


def modules(pid):
    """Where code lies: (begin, end, what it was loaded at, file)."""
    loaded_at, code = {}, []
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        fields = line.split()
        if len(fields) < 6 or not fields[5].startswith("/"):
            continue
        begin, end = (int(part, 16) for part in fields[0].split("-"))
        loaded_at.setdefault(fields[5], begin)
        if "x" in fields[1]:
            code.append((begin, end, loaded_at[fields[5]], fields[5]))
    return code


def module_of(address, code):
    return next(((base, file) for begin, end, base, file in code if begin <= address <= end), (0, "?"))


def per_call(few, many, calls):
    """Of each stack that was met once in a thousand calls at least."""
    rates = {stack: (many[stack] - few[stack]) / calls for stack in many}
    return {stack: rate for stack, rate in rates.items() if rate > 0.001}


def frames_at(executable, offsets):
    """Of each: (function, line), what is inlined there first."""
    told = subprocess.run(["addr2line", "-a", "-f", "-i", "-C", "-e", executable, *(hex(offset - 1) for offset in offsets)],
                          check=True, capture_output=True, text=True).stdout
    found = {}
    for offset, block in zip(offsets, re.split(r"^0x[0-9a-f]+\n", told, flags=re.M)[1:]):
        lines = block.splitlines()
        found[offset] = list(zip(lines[::2], lines[1::2]))
    return found


def place_of(frames):
    """The innermost line that is in the gateway's sources."""
    for function, line in frames:
        source = re.search(r"(?:^|/)((?:service|upstream)/[\w/]+\.(?:cc|h):\d+)", line)
        if source and "/usr/" not in line:
            return f"{source[1]:48} {function.split('(')[0]}"
    function, line = frames[0] if frames else ("?", "?")
    return f"{line.split(' ')[0]:48} {function.split('(')[0]}"


def measure(build, folder, calls):
    counter = Counter(build, folder)
    request = folder / "checkout.request"
    upstream = programs.Upstream(folder)
    method = programs.METHODS["checkout"]
    with upstream, programs.gateway(build, folder, upstream, "plain", environment=counter.environment) as gateway:
        load.h2load(gateway.port, method, request, calls)  # what is made once, is made
        marks = [counter.now()]
        for count in (calls, 2 * calls):
            load.h2load(gateway.port, method, request, count)
            marks.append(counter.now())
        if programs.answered(gateway, method) != 4 * calls:
            raise SystemExit("not every call was OK")
        return per_call(marks[1] - marks[0], marks[2] - marks[1], calls), modules(gateway.process.pid)


def main():
    build = sys.argv[1]
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    shown = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chmod(folder, 0o755)
        subprocess.run([f"{build}/write_messages", folder], check=True)
        rates, code = measure(build, folder, calls)
    executable = str(pathlib.Path(build).resolve() / "billing-gateway")
    by_module, own = collections.Counter(), {}
    for stack, rate in rates.items():
        by_module[os.path.basename(module_of(stack[0], code)[1])] += rate
        if module_of(stack[0], code)[1] == executable:
            found = [module_of(address, code) + (address,) for address in stack]
            own[stack] = [address - base for base, file, address in found if file == executable]
    print(f"{'allocations per call, all':60}{sum(rates.values()):8.1f}")
    for module, rate in by_module.most_common():
        print(f"  {module:58}{rate:8.1f}")
    ours = sum(rates[stack] for stack in own)
    print(f"\nof ours, {ours:.1f}, the {shown} places with the most")
    lines = frames_at(executable, sorted({offset for offsets in own.values() for offset in offsets}))
    by_place = collections.Counter()
    for stack, offsets in own.items():
        by_place[place_of([frame for offset in offsets for frame in lines[offset]])] += rates[stack]
    for place, rate in by_place.most_common(shown):
        print(f"  {rate:6.2f}  {place}")


if __name__ == "__main__":
    main()
