#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the seed corpus of fuzz_vm_bind: make_vm_bind_seeds.py FOLDER"""

import pathlib
import random
import sys

VM, OBJECT, UNBIND, BIND = 0, 1, 3, 8
READ, WRITE, SINGLE = 1, 2, 4  # as the harness reads them


def op(what, vm=0, bo=0, where=0, pages=1, offset=0, flags=3, size=31):
    return bytes([what, vm, bo, where, pages, offset, flags, size])


def main():
    folder = pathlib.Path(sys.argv[1])
    rw = READ | WRITE
    start = op(VM) + op(OBJECT, flags=0) + op(OBJECT, bo=1, flags=0)
    seeds = {
        "split": start + op(BIND, where=4, pages=20, flags=rw)
        + op(BIND, bo=1, where=10, pages=4, offset=3, flags=READ)
        + op(UNBIND, where=6, pages=2) + op(UNBIND, where=0, pages=90),
        "single": start + op(BIND, where=0, pages=96, offset=5, flags=READ | SINGLE)
        + op(UNBIND, where=40, pages=9) + op(BIND, where=44, pages=2, flags=WRITE),
        "close": start + op(BIND, pages=10, flags=rw) + op(BIND, where=20, pages=10, flags=rw)
        + op(BIND, bo=1, where=15, pages=10, flags=rw) + op(OBJECT) + op(OBJECT, bo=1),
        "private": op(VM) + op(VM, vm=1) + op(OBJECT, flags=1) + op(BIND, pages=5, flags=rw)
        + op(BIND, vm=1, pages=5, flags=rw) + op(VM) + op(VM) + op(BIND, pages=5, flags=rw),
        "window": start + b"".join(op(BIND, where=192 + i, pages=80 - i, flags=rw, size=255)
                                   for i in range(8)),
        "refused": start + op(BIND, pages=40, offset=1, flags=rw) + op(BIND, flags=0)
        + op(BIND, bo=4, flags=rw) + op(BIND, vm=2, flags=rw) + op(BIND, pages=0, flags=rw),
    }
    for i in range(6):
        rng = random.Random(i)
        seeds[f"random-{i}"] = start + bytes(rng.randrange(256) for _ in range(8 * 150))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
