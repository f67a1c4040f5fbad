#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_ioctl.c: programs that reach deep into the node.

usage: make_ioctl_seeds.py FOLDER

The format is described in fuzz_ioctl.c. The seeds are checked in; this script says what is in
them and makes them again.
"""

import pathlib
import struct
import sys

BASE = 0x10000
PAGE = 0x4000

# Places in the table of fuzz_ioctl.c.
REQUESTS = """VERSION GET_CAP GEM_CLOSE PRIME_HANDLE_TO_FD PRIME_FD_TO_HANDLE GET_PARAMS GET_TIME
VM_CREATE VM_DESTROY VM_BIND GEM_CREATE GEM_MMAP_OFFSET GEM_BIND_OBJECT QUEUE_CREATE QUEUE_DESTROY
SUBMIT SYNCOBJ_CREATE SYNCOBJ_DESTROY SYNCOBJ_HANDLE_TO_FD SYNCOBJ_FD_TO_HANDLE SYNCOBJ_WAIT
SYNCOBJ_RESET SYNCOBJ_SIGNAL SYNCOBJ_TIMELINE_WAIT SYNCOBJ_QUERY SYNCOBJ_TRANSFER
SYNCOBJ_TIMELINE_SIGNAL SYNCOBJ_EVENTFD SET_CLIENT_NAME""".split()

NONE = 0xFFFF
RENDER, COMPUTE, SET_VERTEX, SET_FRAGMENT, SET_COMPUTE = range(5)


class Program:
    """Memory image and operations; data is laid out one behind the other."""

    def __init__(self):
        self.memory = bytearray()
        self.ops = bytearray()

    def data(self, blob):
        """Places bytes; gives their offset."""
        self.memory += bytes(-len(self.memory) % 8)
        offset = len(self.memory)
        self.memory += blob
        return offset

    def pointer(self, blob):
        return BASE + self.data(blob)

    def call(self, name, fmt, *values):
        """An ioctl with a little-endian argument; gives the argument's offset."""
        offset = self.data(struct.pack("<" + fmt, *values))
        self.ops += struct.pack("<BH", REQUESTS.index(name), offset)
        return offset

    def op(self, code, fmt="", *values):
        self.ops += struct.pack("<B" + fmt, code, *values)

    def bytes(self):
        return struct.pack("<H", len(self.memory)) + self.memory + self.ops


def basics(p, size=4 * PAGE):
    """VM 1, shareable BO 1, private BO 2, queue 1."""
    p.call("VM_CREATE", "QQII", 0x7000000000, 0x7020000000, 0, 0)
    p.call("GEM_CREATE", "QIIII", size, 1, 0, 0, 0)
    p.call("GEM_CREATE", "QIIII", size, 3, 1, 0, 0)
    p.call("QUEUE_CREATE", "IIIIQ", 0, 1, 1, 0, 0x1100000000)


def bind(p, *ops, vm=1):
    array = b"".join(struct.pack("<IIQQQ", *op) for op in ops)
    p.call("VM_BIND", "IIIIQ", vm, len(ops), 32, 0, p.pointer(array))


def header(kind, payload, vdm=NONE, cdm=NONE):
    return struct.pack("<HHHH", kind, len(payload), vdm, cdm) + payload


def compute(ts=(0, 0, 0, 0)):
    return struct.pack("<IIQQQIIQ", 0, 4, 0x10000, 0x10100, 0, 0, 0, 0) + struct.pack("<4I", *ts)


def render(ts=(0,) * 8):
    payload = bytearray(240)
    # width, height, layers, samplers, utile width and height, samples, bytes per sample
    struct.pack_into("<HHHHBBBB", payload, 148, 64, 64, 1, 0, 32, 32, 1, 4)
    struct.pack_into("<8I", payload, 208, *ts)
    return bytes(payload)


def attachments(*sizes):
    return b"".join(struct.pack("<QQII", 0x100000, size, 0, 0) for size in sizes)


def submit(p, cmdbuf, syncs=(), num_in=0, queue=1):
    array = b"".join(struct.pack("<IIQ", *sync) for sync in syncs)
    where = p.pointer(array) if array else 0
    p.call("SUBMIT", "QQIIIIII", where, p.pointer(cmdbuf), 0, queue, num_in,
           len(syncs) - num_in, len(cmdbuf), 0)


def wait(p, handles, flags=0, timeout=0):
    array = struct.pack(f"<{len(handles)}I", *handles)
    p.call("SYNCOBJ_WAIT", "QqIIII", p.pointer(array), timeout, len(handles), flags, 0, 0)


def seed_info():
    p = Program()
    room = p.pointer(bytes(600))
    p.call("GET_PARAMS", "IIQQ", 0, 0, room, 592)
    p.call("GET_TIME", "QQ", 0, 0)
    p.call("GET_CAP", "QQ", 5, 0)
    p.call("VERSION", "iiiIQQQQQQ", 0, 0, 0, 0, 16, room, 16, room + 16, 32, room + 32)
    p.call("SET_CLIENT_NAME", "QQ", 4, p.pointer(b"seed"))
    return p


def seed_gem():
    p = Program()
    basics(p)
    at = p.call("GEM_MMAP_OFFSET", "IIQ", 1, 0, 0)
    where = p.data(struct.pack("<QQ", 0, 4 * PAGE))
    p.op(0x89, "HHB", at + 8, where, 8)
    p.op(0x84, "H", where)
    p.call("GEM_CLOSE", "II", 1, 0)
    p.op(0x84, "H", where)
    p.call("GEM_CREATE", "QIIII", 1, 0, 0, 0, 0)
    p.op(0x84, "H", where)
    p.op(0x83)
    return p


def seed_bind():
    p = Program()
    basics(p)
    bind(p, (6, 1, 0, 4 * PAGE, 0x100000000), (2, 2, PAGE, PAGE, 0x100004000),
         (14, 1, 2 * PAGE, 1 << 32, 0x200000000), (1, 0, 0, PAGE, 0x200010000),
         (1, 0, 0, 2 * PAGE, 0x100000000))
    bind(p, (6, 2, 0, 2 * PAGE, 0x6FFFFFC000))
    p.call("GEM_CLOSE", "II", 1, 0)
    bind(p, (1, 0, 0, 0x6FFFFFC000, PAGE))
    p.call("VM_DESTROY", "II", 1, 0)
    return p


def seed_objects():
    p = Program()
    basics(p)
    p.call("GEM_BIND_OBJECT", "IIIIQQII", 0, 1, 1, 0, PAGE, PAGE, 0, 0)
    submit(p, header(COMPUTE, compute((1, 0, 1, 0x3FF8))) +
           header(RENDER, render((1, 0, 1, 8, 1, 16, 1, 24))))
    p.call("GEM_BIND_OBJECT", "IIIIQQII", 1, 0, 0, 0, 0, 0, 1, 0)
    return p


def seed_submit():
    p = Program()
    basics(p)
    submit(p, header(SET_VERTEX, attachments(64)) + header(SET_FRAGMENT, attachments(1, 2, 3)) +
           header(RENDER, render()) + header(SET_FRAGMENT, b"") +
           header(RENDER, render(), vdm=1, cdm=0) + header(COMPUTE, compute(), vdm=2) +
           header(SET_COMPUTE, attachments(4096)) + header(COMPUTE, b"", cdm=1))
    submit(p, header(COMPUTE, compute() + bytes(16)))
    submit(p, header(COMPUTE, b"") * 64)
    p.call("QUEUE_DESTROY", "II", 1, 0)
    return p


def seed_syncs():
    p = Program()
    basics(p)
    for flags in (0, 1, 0):
        p.call("SYNCOBJ_CREATE", "II", 0, flags)
    submit(p, header(COMPUTE, b""), [(0, 2, 0), (0, 1, 0), (1, 3, 7)], 1)
    submit(p, header(COMPUTE, b""), [(1, 3, 7), (1, 3, 9)], 1)
    wait(p, [1, 2, 3], flags=1)
    handles = p.pointer(struct.pack("<II", 3, 1))
    points = p.pointer(struct.pack("<QQ", 9, 0))
    p.call("SYNCOBJ_TIMELINE_WAIT", "QQqIIII", handles, points, 0, 2, 1, 0, 0)
    p.call("SYNCOBJ_QUERY", "QQII", handles, points, 1, 0)
    p.call("SYNCOBJ_TRANSFER", "IIQQII", 3, 1, 9, 0, 0, 0)
    p.call("SYNCOBJ_TIMELINE_SIGNAL", "QQII", handles, points, 1, 0)
    p.call("SYNCOBJ_RESET", "QII", handles, 2, 0)
    p.call("SYNCOBJ_SIGNAL", "QII", handles, 1, 0)
    wait(p, [3], flags=2, timeout=5000)
    p.call("SYNCOBJ_DESTROY", "II", 1, 0)
    return p


def seed_sync_files():
    p = Program()
    basics(p)
    p.call("SYNCOBJ_CREATE", "II", 0, 0)
    p.call("SYNCOBJ_CREATE", "II", 0, 0)
    submit(p, header(COMPUTE, b""), [(0, 1, 0)], 0)
    p.call("SYNCOBJ_HANDLE_TO_FD", "IIiI", 1, 1, -1, 0)
    p.call("SYNCOBJ_FD_TO_HANDLE", "IIiI", 2, 1, 0, 0)
    wait(p, [2])
    fd = p.data(bytes(4))
    p.op(0x88, "HIH", fd, 0xC0383E04, p.data(bytes(56)))  # SYNC_IOC_FILE_INFO
    p.op(0x88, "HIH", fd, 0xC0303E03, p.data(bytes(48)))  # SYNC_IOC_MERGE
    p.call("SYNCOBJ_HANDLE_TO_FD", "IIiI", 1, 0, -1, 0)
    p.call("SYNCOBJ_FD_TO_HANDLE", "IIiI", 0, 0, 1, 0)
    wait(p, [3])
    return p


def seed_prime():
    p = Program()
    basics(p)
    p.call("PRIME_HANDLE_TO_FD", "IIi", 1, 0x80000, -1)
    p.call("PRIME_FD_TO_HANDLE", "IIi", 0, 0, 0)
    p.op(0x82, "B", 1)
    p.call("PRIME_FD_TO_HANDLE", "IIi", 0, 0, 0)
    p.call("VM_CREATE", "QQII", 0x7000000000, 0x7020000000, 0, 0)
    bind(p, (6, 1, 0, PAGE, 0x100000000))
    fd = p.data(bytes(4))
    p.op(0x87, "HIH", fd, 0xC0086202, p.data(struct.pack("<Ii", 3, -1)))  # EXPORT_SYNC_FILE
    p.op(0x87, "HIH", fd, 0x40086200, p.data(struct.pack("<Q", 3)))  # SYNC
    p.op(0x82, "B", 0)
    p.op(0x83)
    p.op(0x82, "B", 1)
    p.call("GEM_CLOSE", "II", 1, 0)
    return p


def seed_limits():
    p = Program()
    basics(p)
    p.call("GEM_CREATE", "QIIII", 1 << 30, 0, 0, 0, 0)
    p.call("GEM_CREATE", "QIIII", (1 << 64) - 1, 0, 0, 0, 0)
    p.call("VM_BIND", "IIIIQ", 1, 0xFFFFFFFF, 0xFFFFFFFF, 0, BASE)
    p.call("SUBMIT", "QQIIIIII", BASE, BASE, 0, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    p.call("SYNCOBJ_WAIT", "QqIIII", BASE, 0, 0xFFFFFFFF, 0, 0, 0)
    p.op(0x80, "IH", 0xFFFF64FF, 0)
    p.op(0x80, "IH", 0xC0186445, 0xFFF8)
    p.op(0x85, "I", 1000000)
    p.op(0x86)
    return p


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_ioctl_seeds.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, function in sorted(globals().items()):
        if name.startswith("seed_"):
            (folder / name[5:].replace("_", "-")).write_bytes(function().bytes())


if __name__ == "__main__":
    main()
