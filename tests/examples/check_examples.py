#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the programs of examples/ and computes by itself what they have to print and to save.

usage: check_examples.py [--no-emboss] FOLDER [COMMAND...]
       check_examples.py --recorded FOLDER

FOLDER has the programs. COMMAND is what is put in front of each: "agx run --strict --"; or a
virtual GPU, NAME=t8103, which each is given. Recorded: FOLDER has what they left in a virtual
machine (tests/vm/guest.sh): NAME.txt, NAME.status, and a picture. Writes the Test Anything
Protocol. Exit status: 0 all good, 1 not.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

NOT_EXECUTED = 77


class Wrong(Exception):
    pass


def expect(got, expected, what):
    if got != expected:
        raise Wrong(f"{what}: expected {expected!r}, got {got!r}")


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


class Runner:
    def __init__(self, folder, words):
        self.folder = folder
        self.device = [w.removeprefix("NAME=") for w in words if w.startswith("NAME=")]
        self.command = [w for w in words if not w.startswith("NAME=")]

    def run(self, name, *arguments, status=(0,)):
        command = [*self.command, os.path.join(self.folder, name), *arguments, *self.device]
        run = subprocess.run(command, capture_output=True, text=True, timeout=240)
        if run.returncode not in status:
            raise Wrong(f"{' '.join(command)}: exit status {run.returncode}\n"
                        f"{run.stdout}{run.stderr}")
        # What is found fault with is said there, also of a program that does not end with 0.
        if "finding" in run.stderr:
            raise Wrong(run.stderr)
        return run


class Recorded(Runner):
    """What ran before, elsewhere, with no arguments but a picture's name."""

    def __init__(self, folder):
        super().__init__(folder, [])

    def run(self, name, *arguments, status=(0,)):
        path = os.path.join(self.folder, name)
        with open(path + ".status") as f:
            got = int(f.read())
        with open(path + ".txt") as f:
            text = f.read()
        if got not in status:
            raise Wrong(f"{name}: exit status {got}\n{text}")
        if "-o" in arguments:
            shutil.copy(path + ".png", arguments[arguments.index("-o") + 1])
        return subprocess.CompletedProcess([name], got, text, "")


def check_vector_add(runner):
    lines = runner.run("vector-add").stdout.splitlines()
    expect(lines[0].split(": ")[1], "100003 sums, 0 wrong", "first line")
    for place, line in zip((0, 9, 99, 999, 9999, 99999), lines[1:], strict=True):
        value = single(single(place * 0.25) + single(1 / (place + 1)))
        got = re.fullmatch(r"c\[(\d+)\] = (.*)", line)
        expect((int(got[1]), single(float(got[2]))), (place, value), "sum")


def check_reduction(runner):
    lines = runner.run("reduction").stdout.splitlines()
    total = sum((i * 2654435761 & 0xffffffff) >> 20 for i in range(65536)) & 0xffffffff
    expect(lines[1:], ["   65536 numbers in 256 groups", "     256 numbers in 1 groups",
                       f"sum {total}, expected {total}"], "output")


def check_histogram(runner):
    counters = [0] * 16
    value = 1
    for _ in range(1 << 18):
        value = (value * 1664525 + 1013904223) & 0xffffffff
        mean = ((value & 255) + (value >> 8 & 255) + (value >> 16 & 255) + (value >> 24)) // 4
        counters[mean >> 4] += 1
    lines = runner.run("histogram").stdout.splitlines()[1:]
    for i, (line, count) in enumerate(zip(lines, counters, strict=True)):
        expect(line.split()[:2], [f"{i * 16:02x}..{i * 16 + 15:02x}", str(count)], "bin")
        expect(line.count("*"), count * 50 // max(counters), f"stars of bin {i}")


def check_latency(runner):
    lines = runner.run("latency").stdout.splitlines()
    if not re.fullmatch(r"one thread of nothing: \d+ ns to its end, \d+ ns of that on the GPU",
                        lines[1]):
        raise Wrong(lines[1])
    sizes = [re.fullmatch(r"a load in +(\d+) KiB: -?\d+ ns", line)[1] for line in lines[2:]]
    expect(sizes, ["16", "64", "256", "1024", "4096", "16384"], "sizes")


def check_producer_consumer(runner):
    lines = runner.run("producer-consumer").stdout.splitlines()
    value = 0
    for number in range(1, 25):
        value = (value * 31 + 4095 * number + number * number) & 0xffffffff
    expect(lines[1:], ["24 rounds through 3 slots, 0 of 4096 sums wrong", f"sum[4095] = {value}"],
           "output")


def check_sparse(runner):
    lines = runner.run("sparse").stdout.splitlines()
    real = " ".join(f"{517 * i}:{i + 1}" for i in range(8))
    first, _, last = real.rpartition(" ")
    expect(lines[1:], [f"pages {real} 4000:1, 4087 holes, 0 wrong"
                       if 517 * 7 < 4000 else f"pages {first} 4000:1 {last}, 4087 holes, 0 wrong",
                       f"pages {real}, 4088 holes, 0 wrong"], "output")


def check_drawing(runner, name, drawn):
    run = runner.run(name, status=(0, NOT_EXECUTED))
    last = run.stdout.splitlines()[-1]
    if run.returncode == NOT_EXECUTED:
        expect(last, "The pass ended well, but nothing was drawn: rendering is not modelled yet.",
               "last line")
    else:
        expect(last, drawn, "last line")


def check_clear(runner):
    check_drawing(runner, "clear", "24000 of 24000 pixels are orange")


def check_triangle(runner):
    check_drawing(runner, "triangle", "the triangle is all right")


# Pictures: lists of rows of (red, green, blue, alpha).

def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def write_png(path, rows):
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 6, 0, 0, 0)
    data = b"".join(b"\0" + b"".join(bytes(texel) for texel in row) for row in rows)
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def predict(kind, left, up, corner):
    if kind != 4:
        return (0, left, up, (left + up) // 2)[kind]
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def read_png(path):
    with open(path, "rb") as f:
        data = f.read()
    expect(data[:8], b"\x89PNG\r\n\x1a\n", "signature")
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, *rest = struct.unpack(">IIBBBBB", body)
            expect(rest, [8, 6, 0, 0, 0], "kind of PNG")
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    raw, rows, above = zlib.decompress(packed), [], bytes(width * 4)
    for y in range(height):
        kind, *line = raw[y * (width * 4 + 1):(y + 1) * (width * 4 + 1)]
        for i in range(width * 4):
            left, corner = (line[i - 4], above[i - 4]) if i >= 4 else (0, 0)
            line[i] = (line[i] + predict(kind, left, above[i], corner)) & 255
        rows.append([tuple(line[i:i + 4]) for i in range(0, width * 4, 4)])
        above = line
    return rows


def embossed(rows):
    height, width = len(rows), len(rows[0])

    def texel(x, y):
        return rows[min(max(y, 0), height - 1)][min(max(x, 0), width - 1)]

    return [[tuple(min(max(128 + a - b, 0), 255) for a, b in
                   zip(texel(x - 1, y - 1)[:3], texel(x + 1, y + 1)[:3])) + (255,)
             for x in range(width)] for y in range(height)]


def painted():
    centres = ((100, 80), (75, 125), (125, 125))
    return [[tuple(200 if (x - cx) ** 2 + (y - cy) ** 2 < 55 ** 2 else (x + y) // 4
                   for cx, cy in centres) + (255,) for x in range(203)] for y in range(211)]


def compare_pictures(got, expected):
    expect((len(got[0]), len(got)), (len(expected[0]), len(expected)), "size")
    for y, (a, b) in enumerate(zip(got, expected)):
        for x, (c, d) in enumerate(zip(a, b)):
            expect(c, d, f"pixel {x}, {y}")


def check_emboss(runner):
    with tempfile.TemporaryDirectory(prefix="agx-emboss-") as folder:
        source, result = (os.path.join(folder, name) for name in ("in.png", "out.png"))
        runner.run("emboss", "-o", result)
        compare_pictures(read_png(result), embossed(painted()))
        if isinstance(runner, Recorded):
            return
        for width, height in ((1, 1), (2, 67), (70, 33)):
            rows = [[tuple((x * 37 + y * 91 + x * y * c) * 7 & 255 for c in range(3)) + (255,)
                     for x in range(width)] for y in range(height)]
            write_png(source, rows)
            runner.run("emboss", "-i", source, "-o", result)
            compare_pictures(read_png(result), embossed(rows))


CHECKS = {
    "vector-add": check_vector_add,
    "reduction": check_reduction,
    "histogram": check_histogram,
    "emboss": check_emboss,
    "latency": check_latency,
    "producer-consumer": check_producer_consumer,
    "sparse": check_sparse,
    "clear": check_clear,
    "triangle": check_triangle,
}


def main():
    arguments = sys.argv[1:]
    checks = dict(CHECKS)
    if arguments[:1] == ["--no-emboss"]:
        del arguments[0], checks["emboss"]
    if arguments[:1] == ["--recorded"]:
        runner = Recorded(arguments[1])
        # What was not built there was not run, and said so.
        checks = {name: check for name, check in checks.items()
                  if os.path.exists(os.path.join(arguments[1], name + ".status"))}
    else:
        runner = Runner(arguments[0], arguments[1:])
    failed = 0
    print(f"1..{len(checks)}")
    for number, (name, check) in enumerate(checks.items(), 1):
        why = ""
        try:
            check(runner)
        except (Wrong, OSError, ValueError, IndexError, TypeError, subprocess.TimeoutExpired) as e:
            why = f"{type(e).__name__}: {e}"
        print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
        for line in why.splitlines():
            print("#", line)
        failed += bool(why)
    return 1 if failed or not checks else 0


if __name__ == "__main__":
    sys.exit(main())
