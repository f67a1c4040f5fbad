#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_texture.c from a list of encodings and texts.

usage: make_texture_seeds.py CASES FOLDER

The seeds are checked in; this script says what is in them and makes them again. Bits of descriptors: see
docs/cmdstream.md.
"""

import os
import struct
import sys

OPS = ("smpf", "smpi", "imgw", "imgwblk", "st_tile", "ld_tile")
DIMENSIONS = 9
LINEAR, TWIDDLED, TILED = range(3)
RGBA8, R32, BC1, ASTC = 0x28, 0x21, 0x74, 0x60
FLOAT, UNORM = 4, 0


def bits(*fields):
    word = 0
    for low, value in fields:
        word |= value << low
    return word.to_bytes(24, "little")


def texture(dimension, layout, channels, kind, compressed):
    return bits(
        (0, dimension), (4, layout), (6, channels), (13, kind), (19, 1), (22, 2), (25, 3),
        (28, 19), (42, 17 if dimension > 1 else 0), (60, 4 if layout else 0), (64, dimension & 1),
        (66, 0x1200000), (102, layout and dimension not in (4, 8)), (103, compressed),
        (110, 20 if layout == LINEAR else 0), (127, compressed), (128, 0x1300000 * compressed),
    )


def pbe(dimension, layout, channels, kind, compressed):
    return bits(
        (0, dimension), (4, layout), (6, channels), (13, kind), (18, 1), (20, 2), (22, 3),
        (24, 19), (38, 17 if dimension > 1 else 0), (64, 0x1200000), (59, compressed),
        (104, 380 if layout == LINEAR else 0), (127, compressed), (128, 0x1300000 * compressed),
    )


def sampler(number):
    return bits((10, 0x380), (20, number % 5), (23, number & 1), (25, number >> 1 & 1),
                (27, number % 3), (29, number % 6), (32, number % 5), (35, number % 4),
                (39, number % 8), (55, number % 4), (57, number >> 2 & 1))


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and line[0] != "#":
                code, text = line.split(None, 1)
                if text.split()[0] in OPS:
                    yield text.split()[0], bytes.fromhex(code)


def main():
    os.makedirs(sys.argv[2], exist_ok=True)
    groups = {}
    for name, code in read_cases(sys.argv[1]):
        groups.setdefault(name, []).append(code)
    registers = struct.pack("<4f", 0.25, 1.5, -3.0, 0.0)
    number = 0
    for name, codes in sorted(groups.items()):
        for dimension in range(DIMENSIONS):
            layout = number % 3 if dimension not in (4, 8) else TILED
            channels = (RGBA8, R32, BC1, ASTC)[number % 4] if layout == TILED else R32
            kind = FLOAT if channels == R32 else UNORM
            compressed = layout == TILED and channels in (RGBA8, R32) and dimension > 1
            state = texture(dimension, layout, channels, kind, compressed)
            if channels in (RGBA8, R32):
                state += pbe(dimension, layout, channels, kind, compressed)
            else:
                state += pbe(dimension, layout, R32, FLOAT, False)
            tail = b"".join(codes[number % len(codes):][:4]) + b"\x88\x00"
            with open(os.path.join(sys.argv[2], f"{name}-{dimension}"), "wb") as f:
                f.write(state + sampler(number) + registers + bytes([number * 9 & 255]) + tail)
            number += 1


main()
