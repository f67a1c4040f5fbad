#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the seeds of fuzz_texel out of the vectors of the unit test: make_texel_seeds.py VECTORS FOLDER."""
import os
import sys

SEEDS = 1  # of each format


def main():
    seen = {}
    with open(sys.argv[1], encoding="ascii") as vectors:
        for line in vectors:
            if line.startswith("#"):
                continue
            channels, kind, srgb, block, _ = line.split()
            key = channels, kind, srgb
            number = seen.setdefault(key, 0)
            seen[key] += 1
            if number >= SEEDS:
                continue
            name = "%s-%s-%s-%d" % (*key, number)
            with open(os.path.join(sys.argv[2], name), "wb") as out:
                out.write(bytes([int(channels, 16), int(kind) | int(srgb) << 3]) + bytes.fromhex(block))


main()
