#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What capture costs: vkmark's cube, 256x256, headless, with and without `agx capture`.

Both are measured in turns in the same run, and the best of each counts: other work on the
machine only ever makes a run slower. Aims: at least 5,000 captured frames per second, under
4 KiB a frame. Exit status 77, with the reason, where there is no root with Mesa.

usage: bench_capture.py MESA_ROOT BUILD_FOLDER [SECONDS [ROUNDS]]
"""
import json
import os
import re
import subprocess
import sys
import tempfile

AIM_FPS = 5000
AIM_BYTES = 4096
SKIP = 77

VKMARK = ["vkmark", "--winsys", "headless", "--size", "256x256", "-b"]


class Skip(Exception):
    pass


def inside(tool, build, command):
    """Runs a command in the root with Mesa; what it printed."""
    run = subprocess.run([tool, "exec", "--build", build, "--"] + command,
                         capture_output=True, text=True, timeout=300)
    if run.returncode == SKIP:
        raise Skip(run.stderr.strip())
    if run.returncode:
        sys.exit(f"{' '.join(command)}: status {run.returncode}\n{run.stdout}{run.stderr}")
    return run.stdout + run.stderr


def fps_of(text):
    found = re.search(r"FPS: (\d+)", text)
    if not found:
        sys.exit(f"vkmark reported no frame rate:\n{text}")
    return int(found.group(1))


def number(text, pattern):
    found = re.search(pattern, text, re.M)
    return int(found.group(1)) if found else 0


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tool, build = sys.argv[1:3]
    seconds = sys.argv[3] if len(sys.argv) > 3 else "2"
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    scene = VKMARK + [f"cube:duration={seconds}"]
    plain, captured, compared = [], [], []
    per_frame = None
    with tempfile.TemporaryDirectory(prefix="agx-bench-", dir="/tmp") as folder:
        trace = os.path.join(folder, "cube.agxt")
        capture = ["agx", "capture", "-o", trace, "--stats", "--no-verify"]
        try:
            for _ in range(rounds):
                plain.append(fps_of(inside(tool, build, ["agx", "run", "--"] + scene)))
                text = inside(tool, build, capture + ["--"] + scene)
                captured.append(fps_of(text))
                frames = number(text, r"^presents +(\d+)") or number(text, r"^submits +(\d+)")
                per_frame = os.path.getsize(trace) / max(frames, 1)
                text = inside(tool, build,
                              capture + ["--write-tracking", "compare", "--"] + scene)
                compared.append(fps_of(text))
        except Skip as reason:
            print(f"SKIP: {reason}")
            return SKIP
    result = {
        "frames_per_second": max(plain),
        "captured_frames_per_second": max(captured),
        "captured_by_comparison": max(compared),
        "ratio": round(max(captured) / max(plain), 3),
        "bytes_per_frame": round(per_frame),
    }
    print(f"not captured  {max(plain):7d} frames/s")
    print(f"captured      {max(captured):7d} frames/s, {result['ratio']:.2f} of that, "
          f"aim {AIM_FPS}: {'reached' if max(captured) >= AIM_FPS else 'missed'}")
    print(f"  by comparison {max(compared):5d} frames/s")
    print(f"trace         {per_frame:7.0f} bytes/frame, "
          f"aim under {AIM_BYTES}: {'reached' if per_frame < AIM_BYTES else 'missed'}")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
