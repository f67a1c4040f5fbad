#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_layout.c.

usage: make_layout_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""
import os
import struct
import sys

R8, RGBA8, RGBA32, D32, BC1, ASTC = 1, 9, 39, 48, 50, 56
D1, D2, D3, CUBE = range(4)
LINEAR, TWIDDLED, WRITEABLE = 0, 1, 4


def seed(form, dimension, flags, size, layers=1, levels=1, samples=1, pitch=0, region=None, whole=0):
    level, layer, sample, x, y, z, w, h, d, row, piece = region or (0,) * 11
    return (
        struct.pack("<7B", whole, form, dimension, flags, layers, levels, samples)
        + struct.pack("<4I", *size, pitch)
        + struct.pack("<3B6H2B", level, layer, sample, x, y, z, w, h, d, row, piece)
    )


SEEDS = {
    "linear": seed(RGBA8, D2, LINEAR, (100, 30, 1), region=(0, 0, 0, 3, 5, 0, 40, 9, 1, 7, 3)),
    "linear-pitch": seed(R8, D2, LINEAR, (33, 9, 1), layers=3, pitch=64, region=(0, 2, 0) + (0,) * 8),
    "linear-1d": seed(RGBA32, D1, LINEAR, (200, 1, 1)),
    "twiddled": seed(RGBA8, D2, TWIDDLED, (130, 70, 1), region=(0, 0, 0, 5, 6, 0, 90, 50, 1, 0, 0)),
    "bytes": seed(R8, D2, TWIDDLED, (300, 200, 1), region=(0, 0, 0, 1, 2, 0, 250, 170, 1, 5, 0)),
    "wide": seed(RGBA32, D2, TWIDDLED, (70, 40, 1), region=(0, 0, 0, 4, 4, 0, 60, 33, 1, 0, 0)),
    "levels": seed(RGBA8, D2, TWIDDLED, (200, 120, 1), layers=2, levels=8,
                   region=(3, 1, 0, 2, 1, 0, 0, 0, 1, 0, 0)),
    "written": seed(D32, D2, TWIDDLED | WRITEABLE, (70, 50, 1), layers=2),
    "samples": seed(RGBA8, D2, TWIDDLED, (40, 40, 1), samples=4, region=(0, 0, 2, 1, 1, 0, 30, 30, 1, 0, 0)),
    "volume": seed(RGBA8, D3, TWIDDLED, (20, 10, 17), levels=5, region=(1, 0, 0, 2, 2, 3, 5, 3, 4, 1, 9)),
    "cube": seed(RGBA8, CUBE, TWIDDLED, (33, 33, 1), layers=12, levels=6, region=(1, 7, 0) + (0,) * 8),
    "blocks": seed(BC1, D2, TWIDDLED, (333, 251, 1), levels=9, region=(1, 0, 0, 4, 8, 0, 100, 0, 1, 0, 0)),
    "astc": seed(ASTC, D2, TWIDDLED, (63, 41, 1), region=(0, 0, 0, 60, 40, 0, 3, 1, 1, 2, 0)),
    "largest": seed(RGBA8, D2, TWIDDLED, (16384, 16384, 1), levels=15, whole=7),
    "too-large": seed(RGBA32, D3, TWIDDLED, (16384, 16384, 16384), whole=7),
    "all-bits": b"\xff" * 40,
    "not-in-it": seed(RGBA8, D2, TWIDDLED, (64, 64, 1), region=(0, 0, 0, 60, 60, 0, 5, 5, 1, 0, 0)),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(data)


main()
