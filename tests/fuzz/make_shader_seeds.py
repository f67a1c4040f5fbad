#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_shader.c.

usage: make_shader_seeds.py FOLDER

The seeds are checked in; this script says what is in them and makes them again.
"""
import os
import sys

COMPUTE, VERTEX, FRAGMENT, BACKGROUND, END_OF_TILE = range(5)
CODE, PREAMBLE = 0x80, 0xC0

STOP = "8800"
TRAPS = "0800" * 8


def text(stage, *lines):
    return bytes([stage]) + "\n".join(lines).encode() + b"\n"


def code(kind, stage, hexadecimal):
    return bytes([kind | stage]) + bytes.fromhex(hexadecimal)


SEEDS = {
    "text-directives": text(
        COMPUTE,
        "; what a shader can say of itself",
        ".stage compute",
        ".threads 0x20, 4, 2 // of a group",
        ".local 512 /* bytes",
        ".local 1024 is a comment */ ldimm r0l, 0",
        ".scratch 0 # none",
        "barrier",
        "stop",
    ),
    "text-preamble": text(
        COMPUTE,
        ".preamble",
        "load r0, du0, 0, i32, x, a",
        "wait a",
        "mov u10, r0",
        "stop",
        ".main",
        "mov r5, u10",
        "store r5, du2, 0, i32, x, a",
        "stop",
    ),
    "text-main": text(COMPUTE, ".main", "stop", "trap"),
    "text-loop": text(
        COMPUTE,
        "ldimm r0l, 0",
        "ldimm r1, 4",
        "again: isub r1, r1, 1",
        "while r1, 0, 1, ugt",
        "jmp_any again",
        "pop_exec 1",
        "stop",
    ),
    "text-vertex": text(VERTEX, ".stage vertex", ".output colour, 3", "st_var r0, 0, last", "stop"),
    "text-fragment": text(
        FRAGMENT,
        ".stage fragment",
        "iter r4_r5_r6, cf1, cf0",
        "pixwait 12, 0",
        "st_tile r4_r5_r6_r7, 0, 255, 0, u8norm, xyzw",
        "stop",
    ),
    "text-stack": text(COMPUTE, "stack_adjust 8", "stack_load r4, 0, i32, x, a", "stop"),
    "text-data": text(COMPUTE, ".u16 0xffff", ".fill 8", ".align 16", "stop"),
    "text-open-comment": text(COMPUTE, "stop", "/* never ends"),
    "text-nowhere": text(COMPUTE, "jmp_any 100", "jmp_none -2", "stop"),
    "code-stop": code(CODE, COMPUTE, STOP + TRAPS),
    "code-no-stop": code(CODE, COMPUTE, "620d00000000"),
    "code-jump-into": code(CODE, COMPUTE, "62010000" + "00c0feffffff" + STOP),
    "code-cut": code(CODE, COMPUTE, "0501000d10c0"),
    "code-preamble": code(PREAMBLE, COMPUTE, "c500403d01803000" + STOP),
    "code-uniform-store": code(CODE, COMPUTE, "c500403d01803000" + STOP),
    "code-load-store": code(CODE, COMPUTE, "0501000d10c0f200" + "3800" + "4521000d80c0f200" + STOP),
    "code-end-of-tile": code(CODE, END_OF_TILE, STOP),
    "code-background": code(CODE, BACKGROUND, STOP + TRAPS),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, content in SEEDS.items():
        with open(os.path.join(sys.argv[1], name), "wb") as f:
            f.write(content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main()
