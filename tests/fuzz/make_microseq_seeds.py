#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_microseq: make_microseq_seeds.py FOLDER."""
import os
import random
import struct
import sys

(COMMAND, RENDER, BARRIER, WORD, SEQUENCE, MEMBER, POINTER, RUN, STEP, GPU, TIME, CONTROL, RESUME,
 ENTRY) = range(14)
VERTEX, FRAGMENT, COMPUTE = range(3)


def op(what, which=0, offset=0, value=0):
    return struct.pack("<BBHI", what, which, offset, value & 0xffffffff)


def seeds():
    render = op(RENDER, 0) + op(RUN, FRAGMENT) + op(RUN, VERTEX)
    compute = op(COMMAND, COMPUTE, 0, 1) + op(RUN, COMPUTE)
    for variant in range(5):
        yield f"clean-{variant}", bytes([variant]) + render + compute
    yield "no-gpu", bytes([0x82]) + compute + op(STEP, 0, 0, 255) + op(CONTROL, 1, 2, 0x100)
    yield "fault", bytes([4]) + op(GPU, VERTEX, 0, 2) + render + compute + op(
        STEP, 0, 0, 255) + op(RESUME)
    yield "timeout", bytes([2]) + op(GPU, COMPUTE, 0, 1) + compute + op(STEP, 0, 0, 255) + op(
        TIME, 0, 0, 4000) + op(STEP, 0, 0, 255) + op(RESUME)
    yield "overflow", bytes([3]) + op(GPU, VERTEX, 0, 5 << 8) + render
    yield "fault-in-partial", bytes([1]) + op(GPU, FRAGMENT, 0, 5 << 8 | 2) + render + op(
        STEP, 0, 0, 255) + op(RESUME)
    yield "barrier", bytes([0]) + op(BARRIER, COMPUTE, 0, 0x04 | 1 << 8) + op(
        COMMAND, COMPUTE) + op(RUN, COMPUTE) + op(STEP, 0, 0, 99) + render + op(TIME, 0, 0, 2000)
    yield "destroy", bytes([2]) + op(GPU, COMPUTE, 0, 1) + compute + op(STEP, 0, 0, 99) + op(
        CONTROL, 0, 2) + op(STEP, 0, 0, 99) + op(GPU, COMPUTE)
    yield "wptr", bytes([2]) + compute + op(RUN, COMPUTE, 0, 255) + op(RUN, COMPUTE, 0, 254)
    for i, word in enumerate((0x04, 0x0d, 0x2b, 0x2c, 0x0e, 0x2000000f, 0x16, 0x3f, 0x40000018,
                              0x22, 0x24, 0x29, 0x01, 0x80000019)):
        yield f"op-{i}", bytes([i % 5]) + op(COMMAND, COMPUTE) + op(SEQUENCE, 0, 0, word) + op(
            RUN, COMPUTE)
    rng = random.Random(3)
    for i in range(24):
        data = bytes([rng.randrange(5)])
        for _ in range(50):
            kind = rng.choice((COMMAND, RENDER, BARRIER, WORD, WORD, SEQUENCE, MEMBER, POINTER,
                               RUN, RUN, RUN, STEP, GPU, TIME, CONTROL, RESUME, ENTRY))
            value = rng.choice((0, 0, 1, 2, 3, 0x300, rng.getrandbits(32)))
            if kind == RUN:
                value = rng.choice((0, 0, 0, 0, 1))
            data += op(kind, rng.randrange(256), rng.getrandbits(16), value)
        yield f"random-{i}", data


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
