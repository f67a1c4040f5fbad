#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpora of fuzz_disasm.c and fuzz_asm.c from a list of encodings and texts.

usage: make_isa_seeds.py CASES DISASM-FOLDER ASM-FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""

import os
import sys


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and line[0] != "#":
                code, text = line.split(None, 1)
                yield bytes.fromhex(code), text.strip()


def groups(cases):
    """Instructions that begin alike together: a seed for each, not one for each instruction."""
    found = {}
    for code, text in cases:
        found.setdefault(text.split()[0], []).append((code, text))
    return sorted(found.items())


def extra_texts():
    yield "directives", ".u8 1, -1\n.u16 0x1234\n.u32 7\n.u64 0x0123456789abcdef\n.hex 00ff\n" \
        ".align 16\n.fill 3, 9\n.align 8, 1\n"
    yield "labels", "a: b: jmp_any c\n jmp_none a\nc: call b\njmp_if_skipping_doorbell d\nd: stop\n"
    yield "comments", "/* a\n b */ stop ; c\n# d\nstop // e\nstop # f\n"
    yield "notes", "stack_adjust 56 !long\niter r6, cf1 !short\nload r0, du0, 5, i32, x, a !zx\n" \
        "and      r0, r1# missing hint, r2 # unknown bits: 42 43\n"
    yield "columns", "0000:  8800                     |  stop\n0abc:  stop\nL0:\n"
    yield "wrong", "iadd r0, q1, 2\n"
    yield "values", "stack_load r4, 0, format=9, x, a\nmov r1, sr37\n"


def write(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def main():
    cases, disasm, asm = sys.argv[1:4]
    for number, (name, list_) in enumerate(groups(read_cases(cases))):
        code = b"".join(c for c, _ in list_[:8])
        write(disasm, name, bytes([number & 31]) + code + b"\x88\x00" + b"\x08\x00" * 2)
        write(asm, name, "".join(t + "\n" for _, t in list_[:3]).encode())
    write(disasm, "unknown", b"\x1f" + bytes(range(256)))
    for name, text in extra_texts():
        write(asm, name, text.encode())


main()
