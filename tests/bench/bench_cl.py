#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Arithmetic and bandwidth of OpenCL on the virtual GPU, as a ratio to rusticl on llvmpipe.

Usage: bench_cl.py MESA-ROOT-SCRIPT BUILD BENCH-CL

Both run in the same root, one after the other, on the same processors. Aims: float4 0.2, reading
memory 0.5.
"""
import os
import subprocess
import sys

AIMS = {"float4": 0.2, "read4": 0.5}


def main():
    script, build, program = sys.argv[1:4]
    path = subprocess.run([script, "path"], capture_output=True, text=True).stdout.strip()
    if os.getuid() or not os.path.isdir(path):
        print("SKIP: needs root rights and a root made by tools/mesa-root setup")
        sys.exit(77)

    def measure(enter, device):
        run = subprocess.run([script, "exec", "--build", build, "--", *enter, program, device],
                             capture_output=True, text=True, timeout=600)
        if run.returncode:
            sys.exit(f"bench-cl on {device}: {run.stdout}{run.stderr}")
        lines = [line.split() for line in run.stdout.splitlines()]
        return {line[0]: (float(line[1]), line[2]) for line in lines if len(line) == 3}

    theirs = measure(["env", "RUSTICL_ENABLE=llvmpipe"], "llvmpipe")
    ours = measure(["agx", "run", "--exec", "full", "--"], "Apple")
    for what, (value, unit) in ours.items():
        aim = f"  (aim {AIMS[what]})" if what in AIMS else ""
        print(f"{what:8} virtual GPU {value:8.2f} {unit:7} llvmpipe {theirs[what][0]:8.2f} {unit:7}"
              f" ratio {value / theirs[what][0]:.3f}{aim}")


main()
