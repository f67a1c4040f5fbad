#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What libagx takes to build dispatches and draws, as a ratio to Mesa's Vulkan driver that records the same.

Usage: bench_record.py MESA-ROOT-SCRIPT BUILD BENCH-RECORD BENCH-RECORD-VK

Nothing is submitted. The two are measured in turns, on the same virtual GPU; the least of three rounds counts. "constants": each
dispatch or draw has 16 bytes of constants that the one in front of it did not have. Aim: under 200 ns each.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROUNDS = 3

# Of the same work as those of bench_record.c.
SHADERS = {
    "comp": """#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
layout(local_size_x = 32) in;
layout(buffer_reference, std430) buffer Words { uint words[]; };
layout(push_constant) uniform Push { uint value, first; uvec2 address; };
void main() { Words(address).words[first + gl_GlobalInvocationID.x] = value; }
""",
    "vert": """#version 460
layout(push_constant) uniform Push { vec4 value; };
void main() { gl_Position = value.xxxx; }
""",
    "frag": """#version 460
void main() { }
""",
}


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def measure(command):
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if run.returncode == 77:
        skip(run.stderr.strip())
    if run.returncode:
        sys.exit(f"{' '.join(command)}: {run.returncode}\n{run.stdout}{run.stderr}")
    return {name: float(ns) for name, ns in re.findall(r"^(\S+) ([\d.]+)$", run.stdout, re.M)}


def least(rounds):
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def main():
    script, build, library, vulkan = sys.argv[1:5]
    path = subprocess.run([script, "path"], capture_output=True, text=True).stdout.strip()
    if os.getuid() or not os.path.isdir(path):
        skip("needs root rights and a root made by tools/mesa-root setup")
    if not shutil.which("glslangValidator"):
        skip("glslangValidator is not installed")
    agx = os.path.join(build, "tools", "agx", "agx")
    with tempfile.TemporaryDirectory() as work:
        paths = []
        for stage, text in SHADERS.items():
            source = os.path.join(work, "shader." + stage)
            with open(source, "w", encoding="ascii") as file:
                file.write(text)
            subprocess.run(["glslangValidator", "--quiet", "-V", "--target-env", "vulkan1.3", "-o", source + ".spv",
                            source], check=True)
            paths.append(source + ".spv")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(measure([agx, "run", "--exec", "none", "--", library]))
            theirs.append(measure([script, "exec", "--build", build, "--", "agx", "run", "--exec", "none", "--",
                                   vulkan, "honeykrisp", *paths]))
    ours, theirs = least(ours), least(theirs)
    for name, ns in ours.items():
        print(f"{name:20} libagx {ns:7.1f} ns  Vulkan {theirs[name]:7.1f} ns  ratio {ns / theirs[name]:.2f}  (aim 200 ns)")


main()
