#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx disasm` against objdump on as many arm64 instructions, both as processes that write text to
nowhere.

Usage: bench_disasm.py AGX TRACE...

The shaders of the traces, repeated. arm64 has no counterpart to them here, so the other side gets
instructions of the kinds that compilers emit most, with registers and immediates that vary. The two
are measured in turns; the best of five counts, of processor time.
"""
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

ROUNDS = 5
INSTRUCTIONS = 1000000

# Template, bits that vary: register fields of arithmetic, loads, stores, moves, branches, floats.
ARM64 = [
    (0x8B000000, 0x001F03FF), (0xCB000000, 0x001F03FF), (0x91000000, 0x003FFFFF),
    (0xF9400000, 0x003FFFFF), (0xF9000000, 0x003FFFFF), (0xB9400000, 0x003FFFFF),
    (0xA9400000, 0x003FFFFF), (0xA9000000, 0x003FFFFF), (0xAA0003E0, 0x001F001F),
    (0xD2800000, 0x001FFFFF), (0x54000000, 0x00FFFFE0), (0x94000000, 0x03FFFFFF),
    (0xEB00001F, 0x001F03E0), (0x1E602800, 0x001F03FF), (0x1F400000, 0x001F7FFF),
    (0x9AC02000, 0x001F03FF), (0x8A000000, 0x001F03FF), (0x39400000, 0x003FFFFF),
]


def find_objdump():
    """A command that disassembles raw arm64, and its name; or None."""
    probe = tempfile.NamedTemporaryFile()
    probe.write(bytes.fromhex("e00301aa") * 4)
    probe.flush()
    for name in ("aarch64-linux-gnu-objdump", "objdump"):
        if not shutil.which(name):
            continue
        command = [name, "-D", "-b", "binary", "-m", "aarch64"]
        out = subprocess.run(command + [probe.name], capture_output=True, text=True)
        if "mov\tx0, x1" in out.stdout:
            return command, name
    return None, None


def cpu_time(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def read_shaders(agx, traces, folder):
    """All different shaders, one after the other."""
    for trace in traces:
        subprocess.run([agx, "decode", "--draws", "--extract", folder, trace], check=True,
                       stdout=subprocess.DEVNULL)
    code = b""
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            code += file.read()
    return code


def count_instructions(agx, path):
    listed = subprocess.run([agx, "disasm", "--all", path], check=True, capture_output=True, text=True)
    return len(re.findall(r"^ *[0-9a-f]+: ", listed.stdout, re.M))


def main():
    agx, traces = sys.argv[1], sys.argv[2:]
    objdump, name = find_objdump()
    if not objdump:
        print("SKIP: no objdump that knows arm64 (binutils-aarch64-linux-gnu)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        shaders, arm64 = (os.path.join(folder, f) for f in ("shaders", "arm64"))
        code = read_shaders(agx, traces, os.path.join(folder, "each"))
        with open(shaders, "wb") as out:
            out.write(code)
        repeat = max(1, INSTRUCTIONS // count_instructions(agx, shaders))
        with open(shaders, "wb") as out:
            for _ in range(repeat):
                out.write(code)
        count = count_instructions(agx, shaders)
        rng = random.Random(1)
        with open(arm64, "wb") as out:
            for _ in range(count):
                base, mask = rng.choice(ARM64)
                out.write((base | rng.getrandbits(32) & mask).to_bytes(4, "little"))
        commands = {"agx disasm": [agx, "disasm", "--all", shaders], name: objdump + [arm64]}
        best = {}
        for _ in range(ROUNDS):
            for label, command in commands.items():
                took = cpu_time(command)
                best[label] = min(best.get(label, took), took)
    for label, took in best.items():
        print(f"{label:28} {count} instructions, {took:6.3f} s, {count / took * 1e-6:6.2f} million/s")
    print(f"{'ratio':28} {best[name] / best['agx disasm']:.1f} times as fast")


main()
