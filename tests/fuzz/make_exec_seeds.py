#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_exec.c from a list of encodings and texts.

usage: make_exec_seeds.py CASES FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""

import os
import sys


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and line[0] != "#":
                code, text = line.split(None, 1)
                yield text.split()[0], bytes.fromhex(code)


def main():
    groups = {}
    for name, code in read_cases(sys.argv[1]):
        if not name.startswith("jmp"):
            groups.setdefault(name, []).append(code)
    os.makedirs(sys.argv[2], exist_ok=True)
    stop = b"\x88\x00"
    seeds = {name: b"".join(codes[:12]) for name, codes in groups.items()}
    seeds["all"] = b"".join(codes[0] for codes in groups.values())
    # ldimm r0l, 0; if; jmp_any to itself; pop_exec; and a jump into the middle
    seeds["loop"] = bytes.fromhex("620000000000" "52084c020000" "00c000000000" "520e00000000")
    seeds["wild"] = bytes.fromhex("00c003000000" "20c0fcffffff")
    for number, (name, code) in enumerate(sorted(seeds.items())):
        with open(os.path.join(sys.argv[2], name), "wb") as f:
            f.write(bytes([255 - number % 3 * 37, 31 - number % 5]) + code + stop)


main()
