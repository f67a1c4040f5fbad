#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_events.c: work that ends well, and in each of the other ways.

usage: make_events_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""

import pathlib
import struct
import sys

OPS = """VM_CREATE VM_DESTROY QUEUE_CREATE QUEUE_DESTROY JOB_CREATE JOB_SUBMIT JOB_DESTROY
NO_MEMORY TAKE FINISH RESUME STAMP RING OBJECT ANY HEAP PENDING STATUS EVENT INDEX
ELEMENT MAILBOX REGISTER TIME STOP START DIE""".split()

FAULT, FLAG, TIMEOUT, GROW_TVB, CHANNEL_ERROR = range(5)  # places in a table of fuzz_events.c
RENDER = 0x100  # of the first command
QUEUES = 6
VERTEX, FRAGMENT, COMPUTE = range(3)


def op(name, which=0, where=0, value=0):
    return struct.pack("<BBHQ", OPS.index(name), which, where, value)


def ring(queue, pipe):
    return pipe * QUEUES + queue


def start(queues=1):
    return op("VM_CREATE") + b"".join(op("QUEUE_CREATE", q, 0, 1) for q in range(queues))


def job(number, queue=0, where=0, value=0):
    return op("JOB_CREATE", number, where, queue << 56 | value) + op("JOB_SUBMIT", number)


def finish(queue, *pipes, count=0):
    return b"".join(op("FINISH", ring(queue, p), 0, count) for p in pipes)


def seeds():
    done = op("TAKE") + finish(0, COMPUTE) + op("JOB_DESTROY") + op("QUEUE_DESTROY") + op(
        "VM_DESTROY") + op("TAKE") + op("TIME", 0, 5) * 3
    yield "compute", 0, start() + job(0) + done
    yield "render", 0x81, start() + job(0, 0, RENDER) + op("TAKE") + finish(
        0, VERTEX, FRAGMENT) + job(1, 0, RENDER | 1, 0x60) + op("TAKE") + finish(
        0, VERTEX, FRAGMENT, count=1)
    yield "two-queues", 6, start(2) + job(0, 0, RENDER | 3) + job(1, 1) + job(2, 0) + op(
        "TAKE") + finish(1, COMPUTE) + finish(0, COMPUTE, VERTEX, FRAGMENT, count=7)
    yield "fault", 0, start(2) + job(0) + job(1, 1) + op("TAKE") + op(
        "REGISTER", 0, 0, 0x40000001) + op("PENDING", 0, 0x8000 | ring(0, COMPUTE)) + op(
        "RESUME") + op("EVENT", FAULT) + op("TIME", 0, 2) + finish(0, COMPUTE) + finish(1, COMPUTE)
    yield "timeout", 2, start() + job(0) + op("TAKE") + op("EVENT", TIMEOUT) + op(
        "PENDING", 0, 0x8000 | ring(0, COMPUTE)) + op("EVENT", TIMEOUT, 0, 1) + op(
        "TIME", 0, 200) + finish(0, COMPUTE)
    yield "channel-error", 0x80, start() + job(0, 0, RENDER) + op("TAKE") + op(
        "EVENT", 0x80 | CHANNEL_ERROR, ring(0, FRAGMENT)) + op("TAKE") + finish(0, VERTEX, FRAGMENT)
    yield "grow", 1, start() + job(0, 0, RENDER) + op("TAKE") + op(
        "EVENT", GROW_TVB, 0, 1) + op("TAKE") + finish(0, VERTEX, FRAGMENT)
    yield "hang", 0, start() + job(0) + op("TIME", 0, 11000) * 3
    yield "unsaid", 3, start() + job(0) + op("TAKE") + op("STAMP", 0, 0, 0x100) + op(
        "TIME", 0, 200) * 2
    yield "stamps", 0, start() + b"".join(job(n) for n in range(8)) + op("TAKE") + op(
        "STAMP", 0, 0, 0xffffff00) + op("EVENT", FLAG, 0, 1) + op("STAMP", 0, 0, 0x7fffff00) + op(
        "EVENT", FLAG, 0, 0xffffffffffffffff)
    yield "die", 4, start(3) + job(0) + job(1, 1, RENDER) + op("JOB_CREATE", 2, 0, 2 << 56) + op(
        "DIE", 1) + op("TIME", 0, 1) + op("STOP") + op("START") + op("JOB_SUBMIT", 2) + job(
        3, 0) + op("TAKE") + finish(0, COMPUTE) + finish(2, COMPUTE)
    yield "no-memory", 0, b"".join(
        op("NO_MEMORY", n) + start() + job(n, 0, RENDER | 2) + op("NO_MEMORY")
        for n in range(1, 30, 4))
    yield "full", 0, start(6) + b"".join(
        job(n, n % 6, RENDER | 7, 0xff) for n in range(48)) + op("TIME", 0, 1) + op("TAKE") + op(
        "TIME", 0, 1) + b"".join(finish(q, *range(3), count=99) for q in range(6)) * 2
    yield "scribble", 0x85, start(2) + job(0, 0, RENDER) + job(1, 1) + b"".join(
        op("OBJECT", n * 8 + n % 3, n * 8, 0xffffffffffffffff >> n % 64) for n in range(32)
    ) + b"".join(op("HEAP", n, n * 77, n << 32 | n) for n in range(40)) + op("TAKE") + finish(
        0, VERTEX, FRAGMENT) + finish(1, COMPUTE)
    yield "ring-full", 0, start() + b"".join(job(n, 0, 7, 0xff) for n in range(20)) + op(
        "TAKE") + finish(0, COMPUTE, count=100) + b"".join(
        op("JOB_SUBMIT", n) for n in range(20)) + op("TAKE") + finish(0, COMPUTE, count=126)
    yield "lies", 0, start() + job(0) + op("TAKE") + op("PENDING", 0, 0, 0xFFFFFFFF) + op(
        "EVENT", FAULT) + op("EVENT", GROW_TVB, 0, 150 << 32) + op(
        "EVENT", GROW_TVB, 0, 99) + op("EVENT", CHANNEL_ERROR, 0, 1 << 32 | 100000) + op(
        "EVENT", CHANNEL_ERROR, 0, 2 << 32 | 100) + op("EVENT", CHANNEL_ERROR, 0, 9 << 32) + op(
        "EVENT", TIMEOUT, 0, 0xFFFFFFF0) + op("TIME", 0, 150)
    # All numbers of all shared objects are as large as can be: statistics among them.
    yield "statistics", 0, start() + job(0, 0, RENDER) + op("TAKE") + finish(
        0, VERTEX, FRAGMENT) + b"".join(
        op("ANY", 2, n | at << 10, 0xFFFFFFFF) for n in range(24, 64) for at in range(0, 8, 2)
    ) + job(1, 0, RENDER) + op("TAKE") + finish(0, VERTEX, FRAGMENT)
    yield "rings", 0, start() + job(0) + op("RING", ring(0, COMPUTE), 0, 0xffff) + op(
        "INDEX", 14, 0, 0xffff) + op("INDEX", 0x80 | 13, 0, 999) + op(
        "MAILBOX", 0x20, 0, 0x42 << 48)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, soc, data in seeds():
        (folder / name).write_bytes(bytes([soc]) + data)


main()
