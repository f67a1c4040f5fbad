#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_walk.c: small control streams, good and bad.

usage: make_walk_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again. Memory is at
0x1500000000, and so are the stream and the USC base.
"""

import pathlib
import struct
import sys

COMPUTE, DESCRIPTORS, JUDGE, SKIP = 0x01, 0x06, 0x08, 0x10
RECORD, LIST, BINDINGS, TABLE, MORE = 0x200, 0x300, 0x3C0, 0x400, 0x500
SIZE = 0x800


def words(*values):
    return struct.pack("<%uI" % len(values), *values)


def usc_list():
    def binding(tag, start, count, address, split, shift):
        value = tag | start << 8 | count << 20 | (address >> shift) << split
        return struct.pack("<Q", value & (1 << 64) - 1)

    table = 0x1500000000 + TABLE
    return (binding(0x1D, 0, 16, table, 26, 2) + binding(0x3D, 0, 4, table, 26, 2) +
            binding(0xDD, 0, 2, table, 27, 3) + binding(0x9D, 0, 1, table, 27, 3) +
            bytes.fromhex("4d900000") + bytes.fromhex("0d0c00200000") +
            bytes.fromhex("8d020001") + bytes.fromhex("58020000") + bytes.fromhex("8800"))


def memory(stream, *parts):
    image = bytearray(SIZE)
    image[:len(stream)] = stream
    for address, data in parts:
        image[address:address + len(data)] = data
    return bytes(image)


def record():
    # Header, fragment control, viewport control and viewport, W clamp, fragment shader words.
    one = 0x3F800000
    return words(1 | 1 << 11 | 1 << 16 | 1 << 23, 0x200, 0, one, one, one, one, 0, one, 0x2EDBE6FF,
                 0x20000 | 6 << 9, LIST, BINDINGS, 1)


def seeds():
    lists = ((RECORD, record()), (LIST, usc_list()), (BINDINGS, words(0x0204, 0x1D, 0x1011F)))
    state = words(0x20000008, 0x00000E15, RECORD, 0x4000002E, 0x1000, LIST, 0x0404, 0)
    draw = words(0x61F20615, 0x300, 300, 2, 7, 0x100)
    end = words(0xC0000000)
    yield "draws", 0, memory(state + draw + words(0x64C00915, 3, 1, 0x15, 0x300) + end, *lists)
    yield "skip", SKIP, memory(state + draw + state + draw + end, *lists)
    yield "tessellate", 0, memory(state + words(0x40000090, 0, 0x3C00, 0xB4600C15, 0, 1, 1, 0, 0) +
                                  end, *lists)
    yield "call", 0, memory(words(0x90000015, MORE, 0x80000015, MORE + 0x40),
                            (MORE, state + draw + words(0x28000000)), (MORE + 0x40, end), *lists)
    yield "loop", 0, memory(words(0x20000008, 0x80000015, MORE),
                            (MORE, words(0x20000008, 0x80000015, 0)))
    yield "recursion", 0, memory(words(0x90000015, 0))
    yield "short-record", 0, memory(words(0x00000415, RECORD) + end, *lists)
    launch = words(0x00001212, LIST, 4, 4, 1, 32, 1, 1, 0x600FFFFF)
    yield "launches", COMPUTE, memory(
        launch + words(0x08001212, LIST, 0x15, TABLE, 32, 1, 1, 0x10001212, LIST, 0x15, TABLE) +
        words(0x00001C12, LIST, 0, 0x40000000, 8, 8, 1, 8, 8, 1, 0x40000000, 0), *lists)
    yield "cdm-call", COMPUTE, memory(words(0x30000015, MORE, 0x40000000, 0),
                                      (MORE, launch + words(0x80000000, 0)), *lists)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, how, image in seeds():
        (folder / name).write_bytes(bytes((how | DESCRIPTORS | JUDGE, 3, 200)) + image)


if __name__ == "__main__":
    main()
