#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The GPU's arithmetic and bundled traces on arm64, under QEMU's user emulation.

usage: test_arm64.py [--build DIR [--root DIR]] AGX SOURCE

Builds for arm64 with tools/vm-root, or takes what is in --build (and shared libraries from
--root), then
  - runs the unit tests of tests/gpu there;
  - replays the bundled compute traces here and there with --exec full: both must find the same,
    and where a trace has digests of what its launches wrote, both must write that.
Exit status: 0 all good, 1 not, 2 usage, 77 it cannot be built or run here, with the reason.
"""

import argparse
import concurrent.futures
import json
import os
import platform
import shutil
import subprocess
import sys
import time

SKIP = 77
SECONDS = 600

# Of tests/gpu, with arguments below the source's folder or the build's.
TESTS = {
    "test-exec": ["build:tests/gpu/exec_cases.txt"],
    "test-exec-float": [],
    "test-exec-core": [],
    "test-formats": [],
    "test-memory": [],
    "test-exec-memory": [],
    "test-layout": ["source:tests/gpu/layout_cases.txt"],
    "test-texel": [],
    "test-exec-texture": [],
    "test-launch": [],
}

# Bundled traces with compute launches, but for cl-peak: long even without emulation.
TRACES = ["cl-atomics", "vk-compute", "vk-threads", "vk-queues"]

# Of the report: what differs from run to run.
VOLATILE = {"seconds", "time", "times", "duration", "profile", "rate", "per_second"}


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIP)


def build(source):
    """Folder of an arm64 build, and the root with its shared libraries."""
    targets = ["vm-guest", "tests/gpu/exec_cases.txt"] + ["tests/gpu/" + name for name in TESTS]
    got = subprocess.run([os.path.join(source, "tools", "vm-root"), "guest-build", "--", *targets],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if got.returncode == SKIP:
        skip(got.stderr.strip().splitlines()[-1] if got.stderr.strip() else "tools/vm-root skips")
    if got.returncode:
        sys.stderr.write(got.stderr[-4000:])
        print("tools/vm-root guest-build failed")
        sys.exit(1)
    folder = got.stdout.strip().splitlines()[-1]
    return folder, os.path.join(os.path.dirname(folder), "build")


class Emulated:
    def __init__(self, emulator, root, folder):
        self.command = [emulator] + (["-L", root] if root else [])
        self.folder = folder

    def run(self, program, *arguments):
        start = time.monotonic()
        try:
            got = subprocess.run(self.command + [os.path.join(self.folder, program), *arguments],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return 1, f"not done after {SECONDS} s", SECONDS
        return got.returncode, got.stdout, time.monotonic() - start


def steady(value):
    """A report without what differs from run to run."""
    if isinstance(value, dict):
        return {k: steady(v) for k, v in value.items()
                if not any(k == word or k.endswith("_" + word) for word in VOLATILE)}
    if isinstance(value, list):
        return [steady(v) for v in value]
    return value


def report_of(text):
    """The JSON that a replay printed, its traces only."""
    start = text.find("{")
    if start < 0:
        raise ValueError("no report: " + text[-500:])
    whole = json.loads(text[start:])
    return steady(whole.get("results", whole))


def first_difference(a, b, path="results"):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b)):
            if a.get(key) != b.get(key):
                return first_difference(a.get(key), b.get(key), f"{path}.{key}")
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return first_difference(x, y, f"{path}[{i}]")
    return f"{path}: here {str(a)[:200]}, on arm64 {str(b)[:200]}"


def compare_trace(options, emulated, name):
    trace = os.path.join(options.source, "tests", "traces", name + ".agxt")
    if not os.path.exists(trace):
        return True, "not bundled", 0.0
    arguments = ["replay", "--exec", "full", "--json", "-", trace]
    here = subprocess.run([options.agx, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=SECONDS)
    code, text, seconds = emulated.run("tools/agx/agx", *arguments)
    if code != here.returncode:
        return False, f"exit status {code}, here {here.returncode}: {text[-500:]}", seconds
    if code > 1:
        return False, text[-500:], seconds
    a, b = report_of(here.stdout), report_of(text)
    if a != b:
        return False, first_difference(a, b), seconds
    return True, "", seconds


def main():
    parser = argparse.ArgumentParser(description="the GPU on arm64, emulated")
    parser.add_argument("--build", help="an arm64 build that is there already")
    parser.add_argument("--root", help="where its shared libraries are")
    parser.add_argument("agx")
    parser.add_argument("source")
    options = parser.parse_args()

    if platform.machine() == "aarch64":
        skip("this machine is arm64: the other suites tell")
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not emulator:
        skip("QEMU's user emulation of arm64 is not installed (package qemu-user-static)")
    folder, root = (options.build, options.root) if options.build else build(options.source)
    emulated = Emulated(emulator, root, folder)

    jobs = {}
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, arguments in TESTS.items():
            places = {"build": folder, "source": options.source}
            paths = [os.path.join(places[a.split(":")[0]], a.split(":")[1]) for a in arguments]
            jobs[pool.submit(emulated.run, "tests/gpu/" + name, *paths)] = name
        for name in TRACES:
            jobs[pool.submit(compare_trace, options, emulated, name)] = name
        for job in concurrent.futures.as_completed(jobs):
            result, text, seconds = job.result()
            good = result is True or (result == 0 and result is not False)
            failed += not good
            print(f"{'passed' if good else 'FAILED'}  {jobs[job]}  {seconds:.1f} s", flush=True)
            if not good:
                print("\n".join("    " + line for line in text.splitlines()[-20:]), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
