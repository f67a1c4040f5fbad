#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_coredump.c: small core dumps, good and bad.

usage: make_coredump_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""

import pathlib
import struct
import sys

MAGIC = 0x31504D5544584741
INFO, FAULT, JOB, CORE, CHANNELS, RINGS, HEAPS, MESSAGES, RECORDS, MAPPINGS, MEMORY = range(1, 12)


def text(string, size):
    return string.encode().ljust(size, b"\0")


def info(reason=1):
    return struct.pack("<QQII3IIII", 1, 2, reason, 3, 13, 5, 0, 0, 0, 16384) + \
        text("gpu", 32) + text("t8103", 16) + text("g13_v13_5", 16) + text("virtual", 16) + \
        text("7.3.4", 64) + text("0.1.0", 32) + text("fault", 320)


def fault(flags=7, level=3, prot=9):
    return struct.pack("<IiIIIIIIQI", 0, -5, 2, 0, 3, 0x500, 1, 0, 0xFFFFFFA600008500, flags) + \
        struct.pack("<9B3xi", 0, 1, 8, 1, 0, 0, level, 3, 1, prot) + bytes(4) + \
        struct.pack("<QQQ3QQ", 0x5000000100021091, 0, 0x5000000100, 3, 3, 3, 0x800000000)


def part(kind, data, element=None, name="part", va=0, total=None):
    element = element or len(data)
    return kind, data, element, name, va, len(data) // element if total is None else total


def dump(*parts):
    offset = 32 + 64 * len(parts)
    table, body = b"", b""
    for kind, data, element, name, va, total in parts:
        table += struct.pack("<II24sQQQQ", kind, element, name.encode(), va, len(data), total,
                             offset + len(body))
        body += data + bytes(-len(data) % 8)
    size = offset + len(body)
    return struct.pack("<QIIQII", MAGIC, 1, 32, size, len(parts), 64) + table + body


def seeds():
    job = struct.pack("<QIIIi16s", 7, 1, 1, 1, 100, b"vkcube")
    core = bytes(56)
    channel = struct.pack("<24sQ10I", b"event", 0xFFFFFFA000000000, 256, 56, *range(8))
    ring = struct.pack("<3Q14I", 1, 2, 3, *range(14))
    heap = struct.pack("<24s3Q4I", b"shared", *range(7))
    message = struct.pack("<QQII", 1, 0x42 << 48, 0x20, 0)
    record = struct.pack("<QQIIII320s", 1, 2, 0, 4, 1, 5, b"hello")
    mapping = struct.pack("<QQQQII", 0x4FFFFFC000, 0x4000, 0, 0x4000, 3, 0)
    everything = (
        part(INFO, info()), part(FAULT, fault()), part(JOB, job), part(CORE, core),
        part(CHANNELS, channel * 2, 72), part(RINGS, ring * 2, 80, total=5),
        part(HEAPS, heap, 64), part(MESSAGES, message * 2, 24), part(RECORDS, record, 352),
        part(MAPPINGS, mapping * 2, 40),
        part(MEMORY, bytes(range(40)), 1, "command", 0xFFFFFFA600008500, 1504),
    )
    yield "everything", dump(*everything)
    yield "crash", dump(part(INFO, info(2)))
    yield "walk", dump(part(INFO, info()), part(FAULT, fault(0x1F, 2, -1)))
    yield "unknown", dump(part(INFO, info()), part(99, bytes(24), 8))
    yield "longer", dump(part(INFO, info() + bytes(8)), part(MAPPINGS, (mapping + bytes(8)) * 2, 48))
    yield "twice", dump(part(INFO, info()), part(INFO, info()))
    yield "short-element", dump(part(INFO, info()[:64]))
    yield "empty-table", dump()
    yield "cut", dump(*everything)[:500]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    assert len(info()) == 544 and len(fault()) == 120
    for name, data in seeds():
        (folder / (name + ".seed")).write_bytes(data)


if __name__ == "__main__":
    main()
