#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random OpenCL kernels on rusticl: the virtual GPU against llvmpipe in the same root.

usage: test_cl_random.py MESA_ROOT_TOOL BUILD_FOLDER CL_RUN [FILES [SEED]]

Every file has eight kernels (random_cl.py). A difference prints the seed, the kernel, the work
item, the slot and both values; `random_cl.py SEED 1 FOLDER` writes that program again. Skips (77)
where there can be no root.
"""
import collections
import os
import struct
import subprocess
import sys
import tempfile

import random_cl

SKIP = 77
FILES = 6
SEED = 1
IN_ONE_PROCESS = 25


def execute(build, tool, driver, command):
    """Runs a command in the root on that driver of rusticl."""
    enter = [tool, "exec", "--build", build, "--"]
    if driver == "asahi":
        enter += ["agx", "run", "--exec", "full", "--"]
    else:
        enter += ["env", f"RUSTICL_ENABLE={driver}"]
    result = subprocess.run(enter + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if result.returncode == SKIP:
        print(result.stdout)
        sys.exit(SKIP)
    return result


def read_results(path):
    """(file, kernel) -> (status, words); what a program that died wrote last may be cut off."""
    results = {}
    with open(path, "rb") as file:
        while line := file.readline():
            name, kernel, status, size = line.decode().split()
            data = file.read(int(size))
            if len(data) == int(size):
                words = struct.unpack(f"<{int(size) // 4}I", data)
                results[os.path.basename(name), kernel] = (int(status), words)
    return results


def value_of(word):
    return struct.unpack("<f", struct.pack("<I", word))[0]


def ordered(word):
    """Floats as integers in the order of their values; denormals are zero."""
    magnitude = word & 0x7fffffff
    if magnitude < 0x00800000:
        magnitude = 0
    return -magnitude if word >> 31 else magnitude


def same(kind, ours, theirs):
    if ours == theirs:
        return True
    if kind == "x":
        return False
    our_nan, their_nan = (word & 0x7fffffff > 0x7f800000 for word in (ours, theirs))
    if our_nan or their_nan:
        return our_nan and their_nan
    return abs(ordered(ours) - ordered(theirs)) <= (0 if kind == "f" else int(kind))


def slots_of(path):
    slots = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("// k"):
                _, kernel, *kinds = line.split()
                slots[kernel] = kinds
    return slots


def compare(path, ours, theirs):
    """How many kernels of one file differ; says how."""
    name = os.path.basename(path)
    bad = 0
    for kernel, kinds in slots_of(path).items():
        where = f"seed {int(name[:-3])} kernel {kernel}"
        our_status, our_words = ours.get((name, kernel), (None, ()))
        status, words = theirs.get((name, kernel), (None, ()))
        if our_status != 0 or status != 0:
            print(f"{where}: status {our_status} on the virtual GPU, {status} on llvmpipe")
            bad += 1
            continue
        wrong = collections.defaultdict(list)
        for i, pair in enumerate(zip(our_words, words)):
            slot = i % random_cl.SLOTS
            if not same(kinds[slot], *pair):
                wrong[slot].append((i // random_cl.SLOTS, *pair))
        for slot, items in wrong.items():
            item, our, their = items[0]
            text = f"{where} slot {slot} ({kinds[slot]}): {len(items)} items differ, item {item}: "
            text += f"ours {our:08x}, llvmpipe {their:08x}"
            if kinds[slot] != "x":
                text += f" ({value_of(our):.9g}, {value_of(their):.9g})"
            print(text)
        bad += bool(wrong)
    return bad


def crashed(path, results):
    """Whether the program that should have run this file ended within it."""
    name = os.path.basename(path)
    return any((name, kernel) not in results for kernel in slots_of(path))


def run_all(tool, build, cl_run, driver, paths, folder):
    """Results of all files. llvmpipe may die (its code generator does of some kernels): it goes on behind."""
    device = {"asahi": "Apple", "llvmpipe": "llvmpipe"}[driver]
    out = f"{folder}/{driver}"
    results = {}
    while paths:
        run = execute(build, tool, driver, [cl_run, device, out, *paths])
        if os.path.exists(out):
            results.update(read_results(out))
            os.unlink(out)
        if not run.returncode:
            break
        if driver != "llvmpipe" or run.returncode not in (-11, -6, 139, 134):
            print(f"{driver}: exit status {run.returncode}\n{run.stdout[-5000:]}")
            if run.returncode == SKIP:
                sys.exit(1)  # the root is there, the device is not
            break
        while paths and not crashed(paths[0], results):
            paths = paths[1:]
        paths = paths[1:]
    return results


def check(tool, build, cl_run, seed, files):
    with tempfile.TemporaryDirectory(prefix="agx-cl-") as folder:
        paths = [f"{folder}/{seed + i:06}.cl" for i in range(files)]
        for i, path in enumerate(paths):
            with open(path, "w", encoding="utf-8") as file:
                file.write(random_cl.program(seed + i))
        ours = run_all(tool, build, cl_run, "asahi", paths, folder)
        theirs = run_all(tool, build, cl_run, "llvmpipe", paths, folder)
        lost = [path for path in paths if crashed(path, theirs)]
        for path in lost:
            print(f"seed {int(os.path.basename(path)[:-3])}: llvmpipe dies of it, not compared")
        paths = [path for path in paths if path not in lost]
        return sum(compare(path, ours, theirs) for path in paths)


def main():
    tool, build, cl_run = sys.argv[1:4]
    files = int(sys.argv[4]) if len(sys.argv) > 4 else FILES
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else SEED
    if len(sys.argv) <= 4:
        setup = subprocess.run([tool, "setup"], stdout=subprocess.PIPE, check=False)
        if setup.returncode:
            sys.exit(SKIP if setup.returncode == SKIP else 1)
    bad = 0
    for first in range(0, files, IN_ONE_PROCESS):
        bad += check(tool, build, cl_run, seed + first, min(IN_ONE_PROCESS, files - first))
    print(f"{files * random_cl.KERNELS} kernels, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
