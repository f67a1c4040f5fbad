#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every shader of every trace: disassembled without anything unknown, and assembled to the same bytes.

usage: test_isa_traces.py AGX FOLDER|TRACE…
"""

import os
import subprocess
import sys
import tempfile

AGX = sys.argv[1]


def run(*args):
    return subprocess.run([AGX, *args], capture_output=True, stdin=subprocess.DEVNULL)


def traces():
    for path in sys.argv[2:]:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                yield from (os.path.join(folder, n) for n in sorted(names) if n.endswith(".agxt"))
        else:
            yield path


def check(shader, out):
    """Takes a program apart and puts it together again; gives what is wrong, and its instructions."""
    text = run("disasm", shader, "--strict", "--all")
    if text.returncode:
        return f"disasm: {text.stderr.decode()}", 0
    with open(out, "wb") as f:
        f.write(text.stdout)
    built = run("asm", out, "-o", out + ".bin")
    if built.returncode:
        return f"asm: {built.stderr.decode()}", 0
    with open(shader, "rb") as a, open(out + ".bin", "rb") as b:
        if a.read() != b.read():
            return "other bytes", 0
    return None, sum(line[:1] != b"L" for line in text.stdout.splitlines())


def main():
    seen, failures, instructions = set(), 0, 0
    files = list(traces())
    with tempfile.TemporaryDirectory() as folder:
        for number, trace in enumerate(files):
            shaders = os.path.join(folder, str(number))
            os.mkdir(shaders)
            out = run("decode", trace, "--extract", shaders, "--force")
            if out.returncode:
                print(f"{trace}: decode: exit {out.returncode}: {out.stderr.decode()}")
                failures += 1
            for name in sorted(os.listdir(shaders)):
                path = os.path.join(shaders, name)
                with open(path, "rb") as f:
                    code = f.read()
                if code in seen:
                    continue
                seen.add(code)
                wrong, count = check(path, os.path.join(folder, "text"))
                instructions += count
                if wrong:
                    print(f"{trace}: {name}: {wrong}")
                    failures += 1
    print(f"{len(files)} traces, {len(seen)} different shaders, {instructions} instructions, "
          f"{failures} failures")
    sys.exit(1 if failures or not seen else 0)


main()
