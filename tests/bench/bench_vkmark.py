#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Frames per second of vkmark's cube (headless, 256x256) on the virtual node, as a ratio to the
same program over a preload object that answers every ioctl at once (noop_node.c).

Usage: bench_vkmark.py MESA-ROOT-SCRIPT BUILD NOOP.so

The two are measured in turns; the medians of five rounds count.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
COMMAND = "vkmark --winsys headless --size 256x256 -b cube:duration=1"


def main():
    script, build, noop = sys.argv[1:4]
    path = subprocess.run([script, "path"], capture_output=True, text=True).stdout.strip()
    if os.getuid() or not os.path.isdir(path):
        print("SKIP: needs root rights and a root made by tools/mesa-root setup")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="agx-bench-") as folder:
        library = shutil.copy(noop, os.path.join(folder, "libnoop.so"))
        os.chmod(folder, 0o755)

        def frames(preload):
            run = subprocess.run(
                [script, "exec", "--build", build, "--", "agx", "run", "--", "sh", "-c",
                 f"LD_PRELOAD={preload}$LD_PRELOAD exec {COMMAND}"],
                capture_output=True, text=True, timeout=120)
            found = re.search(r"FPS: (\d+)", run.stdout)
            if run.returncode or not found:
                sys.exit(f"vkmark failed: {run.stdout}{run.stderr}")
            return int(found.group(1))

        node, baseline = [], []
        for _ in range(ROUNDS):
            baseline.append(frames(library + ":"))
            node.append(frames(""))
    a, b = statistics.median(node), statistics.median(baseline)
    print(f"vkmark cube, virtual node       {a:10.0f} frames/s  {1e6 / a:8.2f} us a frame")
    print(f"vkmark cube, answers at once    {b:10.0f} frames/s  {1e6 / b:8.2f} us a frame")
    print(f"ratio                           {a / b:10.3f}")


main()
