#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_channels: make_channels_seeds.py FOLDER."""
import os
import struct
import sys

BOOT, READ, WRITE, ELEMENT, LOG, BUFFER, MAILBOX, EVENT, TIME, SEND, START, STOP = range(12)
DEVICE_CONTROL, EVENT_RING, FWLOG, KTRACE, STATS, FWCTL = 12, 13, 14, 20, 21, 22


def op(what, which=0, where=0, value=0):
    return struct.pack("<BBHQ", what, which, where, value)


def message(channel, index, size, words):
    """An element, word by word."""
    out = b""
    for i, word in enumerate(words):
        out += op(ELEMENT, channel, index * size + 8 * i, word)
    return out


def seeds():
    hello, epmap, last = 1 << 52 | 12 << 16 | 11, 8 << 52 | 0x117, 8 << 52 | 1 << 51 | 1 << 32 | 3
    yield "start", bytes([0]) + op(START, 1) + b"".join(
        op(MAILBOX, 0, 0, m) for m in (hello, epmap, last, 7 << 52 | 0x20, 0xb << 52 | 0x20)
    ) + op(STOP) + op(MAILBOX, 0, 0, 0xb << 52 | 0x10) + op(MAILBOX, 0, 0, 7 << 52 | 0x10)
    yield "silent", bytes([1]) + op(START) + op(TIME, 0, 500) * 3
    yield "events", bytes([0x82]) + op(BOOT) + b"".join(
        message(EVENT_RING, i, 0x38, words) for i, words in enumerate((
            (1 | 5 << 32, 7, 0), (4 | 2 << 32, 0xffffffff << 32), (7 | 1 << 32, 3 | 9 << 32),
            (8, 1 | 5 << 32, 0x500), (0, 0), (99, 0)))
    ) + op(WRITE, EVENT_RING, 0, 6) + op(EVENT)
    yield "log", bytes([0x83]) + op(BOOT) + message(FWLOG + 4, 0, 0x38, (2, 3)) + op(
        LOG, 0, (4 * 0x100 + 3) * 0xd8 // 8, 3 | 1 << 32) + op(
        LOG, 0, (4 * 0x100 + 3) * 0xd8 // 8 + 2, 0x1b5b324a68656c6c) + op(
        WRITE, FWLOG + 4, 0, 1) + op(EVENT) + op(WRITE, FWLOG, 0, 300) + op(EVENT)
    yield "trace", bytes([5]) + op(BOOT) + message(
        KTRACE, 0, 0x38, (5, 0, 1, 2, 3, 0x0a << 32, 0)) + message(
        STATS, 0, 0x40, (10, 0, 1 << 32, 0, 0)) + op(WRITE, KTRACE, 0, 1) + op(
        WRITE, STATS, 0, 1) + op(EVENT)
    yield "buffers", bytes([4]) + op(BOOT) + b"".join(
        op(MAILBOX, e, 0, m) for e, m in (
            (1, 1 << 52 | 4 << 44), (2, 1 << 52 | 4 << 44), (4, 1 << 52 | 1 << 44),
            (8, 1 << 56 | 2 << 48), (2, 8 << 52 | 0x60 << 24 | 8))
    ) + op(BUFFER, 1, 0x88, 0x6b736174) + op(MAILBOX, 2, 0, 5 << 52 | 1) + op(
        BUFFER, 0, 0, 0x434c4845) + op(BUFFER, 0, 8, 0x4000) + op(
        BUFFER, 0, 0x20, 0x43737472) + op(BUFFER, 0, 0x28, 0x20 << 32) + op(
        MAILBOX, 1, 0, 1 << 52 | 4 << 44)
    yield "full", bytes([0x81]) + op(BOOT) + op(SEND, 0, 0, 1) * 260 + op(READ, 0, 0, 7) + op(
        SEND, 0) * 8
    yield "indices", bytes([0x86]) + op(BOOT) + op(SEND, 0x40) + op(
        READ, DEVICE_CONTROL, 0, 5) + op(SEND, 0x40) + op(STOP) + op(BOOT) + op(SEND, 0x80) + op(
        READ, FWCTL, 0, 1) + op(SEND, 0xc0) + op(WRITE, EVENT_RING, 0, 0x100) + op(EVENT)
    yield "crash", bytes([7]) + op(BOOT) + op(MAILBOX, 1, 0, 1 << 52 | 4 << 44 | 0xff8000000000) + op(
        MAILBOX, 1, 0, 1 << 52 | 4 << 44) + op(STOP) + op(BOOT)


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
