#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_libagx.c.

usage: make_libagx_seeds.py FOLDER

The bytes are decisions of tests/libagx/sequence: the first one has the GPU (bits 0 and 1), whether it executes
(bit 2) and whether everything is recorded twice (bit 3), the second one how often arguments are wrong. What comes
behind them is random, from fixed seeds. The seeds are checked in; this script makes them again.
"""
import os
import random
import sys

EXECUTES, TWICE = 4, 8
GPUS = {"t8103": 0, "t6021": 1, "t8112": 2, "t6002": 3}
# Places in the table of rates: never, 1, 4 and 16 of 256.
RATES = {"valid": 0, "rare": 3, "some": 6, "wrong": 7}


def seed(number, head, rate, size):
    source = random.Random(number)
    return bytes([head, rate]) + bytes(source.getrandbits(8) for _ in range(size))


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    number = 0
    for gpu, bits in GPUS.items():
        for rate, place in RATES.items():
            head = bits | (EXECUTES if number & 1 else 0) | (TWICE if number & 2 else 0)
            name = "%s-%s" % (gpu, rate)
            with open(os.path.join(sys.argv[1], name), "wb") as f:
                f.write(seed(number, head, place, 700))
            number += 1
    with open(os.path.join(sys.argv[1], "empty"), "wb"):
        pass


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
