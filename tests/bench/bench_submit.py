#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Submissions through the preload object as a ratio to the same over a preload object that answers
every ioctl at once (noop_node.c).

Usage: bench_submit.py AGX BENCH-SUBMIT NOOP.so

The two are measured in turns; the medians of three rounds count.
"""
import re
import statistics
import subprocess
import sys

ROUNDS = 3
NUMBER = "170"


def run(agx, bench, preload):
    """What the program prints, as a dictionary from operations to ns."""
    script = f'LD_PRELOAD={preload}$LD_PRELOAD exec "$0" "$@"'
    result = subprocess.run(
        [agx, "run", "--node-number", NUMBER, "--", "sh", "-c", script, bench,
         f"/dev/dri/renderD{NUMBER}"],
        capture_output=True, text=True, timeout=120)
    found = re.findall(r"^(.*\S) +(\d+) ns", result.stdout, re.M)
    if result.returncode or not found:
        sys.exit(f"bench-submit failed: {result.stdout}{result.stderr}")
    return {name: int(ns) for name, ns in found}


def main():
    agx, bench, noop = sys.argv[1:4]
    node, baseline = [], []
    for _ in range(ROUNDS):
        baseline.append(run(agx, bench, noop + ":"))
        node.append(run(agx, bench, ""))
    print(f"{'':52} {'node':>11} {'at once':>11}   ratio")
    for name in node[0]:
        a, b = (statistics.median(r[name] for r in runs) for runs in (node, baseline))
        print(f"{name:52} {a:8.0f} ns {b:8.0f} ns {a / max(b, 1):7.1f}")


main()
