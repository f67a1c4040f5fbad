#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx decode` and `agx diff` on traces that are cut, and on traces with wrong bytes in sound chunks'
place: an exit status of 0, 1 or 3, a message where it is 3, an end in time, JSON that is JSON.

Usage: test_damage.py AGX TRACE...
"""
import json
import os
import random
import subprocess
import sys
import tempfile

AGX, TRACES = sys.argv[1], sys.argv[2:]
CUTS = 12
FLIPS = 12
TIMEOUT = 60
failures = []
runs = 0


def run(*args):
    global runs
    runs += 1
    try:
        return subprocess.run([AGX, *args], capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        failures.append(f"{args}: has not ended after {TIMEOUT} s")
        return None


def check(what, args, statuses):
    out = run(*args)
    if not out:
        return None
    if out.returncode not in statuses:
        failures.append(f"{what}: agx {' '.join(args)}: exit {out.returncode}: {out.stderr[-300:]!r}")
    if out.returncode == 3 and not out.stderr:
        failures.append(f"{what}: agx {' '.join(args)}: exit 3 without a word")
    return out


def check_json(what, args, statuses):
    out = check(what, args, statuses)
    if not out or not out.stdout:
        return
    try:
        json.loads(out.stdout)
    except ValueError as error:
        failures.append(f"{what}: agx {' '.join(args)}: {error}")


def check_file(what, path, original):
    check(what, ["decode", path], (0, 3))
    check(what, ["decode", "--force", "--shaders", "--memory", path], (0, 3))
    check_json(what, ["decode", "--json", "--force", path], (0, 3))
    check(what, ["decode", "--draws", path], (0, 3))
    check(what, ["diff", "--stat", path, original], (0, 1, 3))
    check_json(what, ["diff", "--json", "--force", original, path], (0, 1, 3))


def main():
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "damaged.agxt")
        for trace in TRACES:
            content = open(trace, "rb").read()
            name = os.path.basename(trace)
            cuts = [0, 1, 31, 32, 100, len(content) - 1, len(content) - 48]
            cuts += [rng.randrange(len(content)) for _ in range(CUTS - len(cuts))]
            for cut in cuts:
                with open(path, "wb") as out:
                    out.write(content[:cut])
                check_file(f"{name} cut at {cut}", path, trace)
            for _ in range(FLIPS):
                damaged = bytearray(content)
                at = rng.randrange(len(content))
                damaged[at] ^= 1 << rng.randrange(8)
                with open(path, "wb") as out:
                    out.write(damaged)
                check_file(f"{name}, a wrong bit at {at}", path, trace)
    for failure in failures[:40]:
        print(failure)
    print(f"{runs} runs, {len(failures)} findings")
    sys.exit(1 if failures else 0)


main()
