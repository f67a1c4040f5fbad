#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_submit.c: command buffers, good and bad.

usage: make_submit_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""

import pathlib
import struct
import sys

NONE = 0xFFFF
RENDER, COMPUTE, SET_VERTEX, SET_FRAGMENT, SET_COMPUTE = range(5)


def command(kind, payload, vdm=NONE, cdm=NONE):
    return struct.pack("<4H", kind, len(payload), vdm, cdm) + payload


def times(*pairs):
    return b"".join(struct.pack("<II", *pair) for pair in pairs)


def compute(flags=0, ts=((0, 0), (0, 0))):
    return struct.pack("<IIQQQIIQ", flags, 0, 0x1000, 0x1100, 0, 0, 0, 0) + times(*ts)


def render(width=64, utile=(32, 32), samples=1, layers=1, flags=0, ts=((0, 0),) * 4):
    body = struct.pack("<IIQ", flags, 0, 0x1000)
    body += bytes(16 * 2)  # helper programs
    body += bytes(8 * 3)  # scissors, depth biases, occlusion queries
    body += bytes(24 * 2)  # depth and stencil
    body += struct.pack("<QQQI", 0, 0, 0, 0x202)
    body += struct.pack("<4H4B", width, 64, layers, 0, *utile, samples, 4)
    body += bytes(8)
    body += bytes(8 * 4)  # programs
    body += bytes(8)
    return body + times(*ts)


def attachments(*entries):
    return b"".join(struct.pack("<QQII", *entry) for entry in entries)


def seeds():
    att = attachments((0x4000, 0x8000, 0, 0), (0x10000, 128, 0, 0))
    yield "compute", 0, command(COMPUTE, compute())
    yield "render", 0, command(RENDER, render())
    yield "short", 0, command(COMPUTE, compute()[:24])
    yield "long", 0, command(COMPUTE, compute() + bytes(16))
    yield "long-bad", 0, command(COMPUTE, compute() + b"\1")
    yield "times", 7, command(COMPUTE, compute(ts=((1, 0), (3, 2048)))) + command(
        RENDER, render(ts=((2, 0), (2, 1024), (3, 8), (1, 0))))
    yield "times-bad", 2, command(COMPUTE, compute(ts=((1, 0), (2, 0xFFFFFFFC))))
    yield "times-past", 2, command(COMPUTE, compute(ts=((2, 1025), (0, 0))))
    yield "barriers", 0, command(RENDER, render(), 0, 0) + command(
        COMPUTE, compute(), 1, 0) + command(RENDER, render(), 1, 1)
    yield "barrier-bad", 0, command(RENDER, render(), 1)
    yield "attachments", 0, command(SET_VERTEX, att) + command(SET_FRAGMENT, att[:24]) + command(
        RENDER, render()) + command(SET_COMPUTE, att) + command(COMPUTE, compute()) + command(
        SET_COMPUTE, b"") + command(COMPUTE, compute())
    yield "attachment-bad", 0, command(SET_COMPUTE, attachments((0, 1 << 40, 0, 0))) + command(
        COMPUTE, compute())
    yield "attachment-odd", 0, command(SET_COMPUTE, att[:32]) + command(COMPUTE, compute())
    yield "attachment-large", 0, command(SET_COMPUTE, attachments((0, 0xFFFFFFFF << 7, 0, 0))
                                         ) + command(COMPUTE, compute())
    yield "many", 0, command(COMPUTE, b"") * 64
    yield "too-many", 0, command(COMPUTE, b"") * 65
    yield "cut", 0, command(RENDER, render()) + b"\0\0\0"
    yield "payload-cut", 0, command(RENDER, render())[:-1]
    yield "layers", 0, command(RENDER, render(16384, (32, 16), 4, 2048, 0x40007))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, objects, data in seeds():
        (folder / name).write_bytes(bytes([objects]) + data)


main()
