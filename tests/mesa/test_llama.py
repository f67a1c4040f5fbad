#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""llama.cpp's Vulkan backend on the virtual node says what its CPU backend says.

usage: test_llama.py MESA_ROOT_TOOL BUILD_FOLDER [--types T,T...] [--seeds N,N...] [--tokens N]

The model is one of tiny_gguf.py; sampling takes the likeliest token. In the root of Debian sid, whose package
llama.cpp-tools is; skips (77) where that root or the package is missing. With quantised types the CPU backend rounds
activations as the Vulkan backend does not: where two tokens are nearly as likely, they part.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import tiny_gguf

SKIP = 77


def parse_args():
    parser = argparse.ArgumentParser(description="llama.cpp on the virtual node against its CPU backend.")
    parser.add_argument("tool")
    parser.add_argument("build", type=os.path.realpath)
    parser.add_argument("--types", default="f32,f16")
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--prompt", default="bakala")
    return parser.parse_args()


def in_root(args, *command):
    """Runs a command in the root: exit status, output, complaints and seconds."""
    start = time.monotonic()
    result = subprocess.run(
        [args.tool, "exec", "--suite", "sid", "--build", args.build, "--", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    return result.returncode, result.stdout, result.stderr.decode(errors="replace"), time.monotonic() - start


def completion(args, model, *options):
    return ["llama-completion", "-m", model, "-p", args.prompt, "-n", str(args.tokens), "--temp", "0", "--seed", "1",
            "-no-cnv", "--no-warmup", "--ignore-eos", "-t", "1", "-c", "128", "--no-display-prompt", "--special",
            *options]


def compare(args, kind, seed, folder):
    """A list of complaints."""
    model = os.path.join(folder, f"{kind}-{seed}.gguf")
    report = os.path.join(folder, "report")
    tiny_gguf.write(model, kind, seed)
    status, expected, words, cpu_seconds = in_root(args, *completion(args, model, "-dev", "none", "-ngl", "0"))
    if status or not expected.strip():
        return [f"{kind}, seed {seed}: the CPU backend: status {status}\n{words[-2000:]}"]
    status, got, words, gpu_seconds = in_root(
        args, "agx", "run", "--exec", "full", "--report", report, "--", *completion(args, model, "-ngl", "99"))
    print(f"{kind}, seed {seed}: CPU {cpu_seconds:.1f} s, virtual GPU {gpu_seconds:.1f} s: {expected!r}")
    failures = []
    if status:
        failures.append(f"{kind}, seed {seed}: the Vulkan backend: status {status}\n{words[-2000:]}")
    if got != expected:
        failures.append(f"{kind}, seed {seed}: the Vulkan backend says {got!r}")
    try:
        with open(report) as file:
            total = json.load(file)["total"]
    except (OSError, ValueError) as error:
        return failures + [f"no report of the run: {error}"]
    print(f"    {total['submits']} submits, {total['commands']} commands, {total['findings']} findings")
    if not total["submits"]:
        failures.append(f"{kind}, seed {seed}: nothing ran on the virtual node")
    if total["findings"] or total["faults"]:
        failures.append(f"{kind}, seed {seed}: {total['findings']} findings, {total['faults']} faults\n{words[-2000:]}")
    return failures


def main():
    args = parse_args()
    status, _, words, _ = in_root(args, "which", "llama-completion")
    if status:
        print(words or "the root has no llama-completion: tools/mesa-root setup --suite sid")
        return SKIP
    failures = []
    with tempfile.TemporaryDirectory(prefix="agx-llama-") as folder:
        for kind in args.types.split(","):
            for seed in args.seeds.split(","):
                failures += compare(args, kind, int(seed), folder)
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
