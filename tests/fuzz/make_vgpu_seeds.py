#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_vgpu: make_vgpu_seeds.py FOLDER."""
import os
import struct
import sys

CONNECT, DISCONNECT, TALK, BLOCK, MESSAGE, BOOT, RING, RAM, REGION, RUN, TURN = range(11)

# Offsets in the block (firmware-interface/virtual.h).
AT_RUN, AT_CLOCK, AT_DONE = 0x40, 0x48, 0x80
AT_IN = 0x80 + 8 + 32 * 16 + 14 * 4 + 0  # registers end here
RING_SIZE = 16 * 4 * 2 + 256 * 16


def op(what, which=0, where=0, value=0):
    return struct.pack("<BBHQ", what, which, where, value & 0xffffffffffffffff)


def seeds():
    start = op(CONNECT)
    yield "boot", bytes([0]) + start + op(BOOT) + op(MESSAGE, 0x20, 0, 0x81 << 48 | 0x1000) + op(
        RING) + op(TURN)
    for variant in range(1, 5):
        yield f"boot-{variant}", bytes([variant]) + start + op(BOOT) + op(
            MESSAGE, 0x20, 0, 0x81 << 48 | 0xffffffa000000000) + op(RING) + op(TURN) * 3
    yield "injected", bytes([0x80]) + start + (op(BOOT) + op(TURN)) * 4
    yield "counters", bytes([0]) + start + op(RUN, 1) + op(
        BLOCK, 0, AT_IN, 257) + op(RING) + op(TURN) + op(RUN, 0) + op(
        BLOCK, 0, AT_IN + RING_SIZE + 0x40, 0x80000000) + op(RUN, 1) + op(TURN)
    yield "counters-everywhere", bytes([1]) + start + b"".join(
        op(BLOCK, 0, at, 0xffffffff) + op(RING) + op(TURN)
        for at in range(AT_DONE, AT_DONE + 0x300, 8)) + op(RUN, 1)
    yield "requests", bytes([2]) + start + b"".join(
        op(BLOCK, 0, AT_RUN, n) + op(RING) + op(TURN)
        for n in (1, 0, 3, 2, 0xffffffff, 0xfffffffe, 0x80000001)) + op(
        BLOCK, 0, AT_CLOCK, 0xffffffffffffffff) + op(RUN, 1) + op(TURN)
    yield "talk", bytes([0]) + start + op(TALK, 7, 0, 0xffffffffffffffff) + start + op(
        TALK, 0, 0, 0) + start + op(RUN, 1)
    yield "come-and-go", bytes([0]) + (start + op(BOOT) + op(DISCONNECT)) * 5
    yield "handoff", bytes([3]) + start + op(REGION, 0, 0x8000, 0x4b1d000000000002) + op(
        REGION, 0, 0x8010, 0x0001) + op(RUN, 1) + op(TURN) * 4 + op(
        REGION, 0, 0x8010, 0) + op(TURN) + op(REGION, 0, 0x8010, 0x02) + op(RUN, 0) + op(
        RUN, 1) + op(TURN)
    yield "flood", bytes([0]) + start + op(BOOT) + b"".join(
        op(MESSAGE, n % 0x30, 0, n * 0x9e3779b97f4a7c15) for n in range(250)) + op(RING) + op(TURN)
    yield "tables", bytes([4]) + start + op(REGION, 0, 0, 0x40010001) + op(
        REGION, 0, 8, 0x40010001) + b"".join(
        op(RAM, 1, 8 * n, 0x40010003) for n in range(8)) + op(BOOT) + op(
        MESSAGE, 0x20, 0, 0x81 << 48 | 0xffffffa000000000) + op(RING) + op(TURN) * 2


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


main()
