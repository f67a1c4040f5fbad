#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Captures what real programs submit on unmodified Mesa: many small traces, for the decoder.

The programs run one at a time in the root of tools/mesa-root, on the virtual node, which answers
but does not execute: a program that waits for pixels fails or is ended, and what it submitted is
as real as any.

With --oracle, Mesa's own decoder writes what it makes of the same submissions (NAME.mesa, one part
for each submission): what it says can be compared with what `agx decode` says.
"""
import argparse
import atexit
import fnmatch
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
SKIP = 77
PIGLIT_LIST = os.path.join(HERE, "piglit-decode.txt")

# Each scene of vkmark as it is, and those of its options that change what is submitted.
VKMARK = {
    "vkmark-vertex": "vertex",
    "vkmark-vertex-host": "vertex:device-local=false:interleave=false",
    "vkmark-texture": "texture",
    "vkmark-texture-nearest": "texture:texture-filter=nearest:anisotropy=0",
    "vkmark-shading-gouraud": "shading:shading=gouraud",
    "vkmark-shading-blinn-phong": "shading:shading=blinn-phong-inf",
    "vkmark-shading-phong": "shading:shading=phong",
    "vkmark-shading-cel": "shading:shading=cel",
    "vkmark-effect2d-blur": "effect2d:kernel=blur",
    "vkmark-effect2d-edge": "effect2d:kernel=edge",
    "vkmark-effect2d-none": "effect2d:kernel=none",
    "vkmark-desktop": "desktop",
    "vkmark-cube": "cube",
    "vkmark-clear": "clear",
}

# Our own program (tests/traces/programs/vkdraw.c), with options.
DRAW = {
    "draw-plain": "",
    "draw-geometry": "--geometry --layers 2",
    "draw-tessellation": "--tessellation",
    "draw-feedback": "--geometry --feedback",
    "draw-indirect": "--indirect",
    "draw-indirect-tessellation": "--indirect --tessellation",
    "draw-msaa2": "--samples 2",
    "draw-msaa4": "--samples 4 --indirect --queries",
    "draw-images": "--image --compute",
    "draw-copies": "--copies --queries",
    "draw-layers": "--layers 2 --samples 4",
    "draw-all": "--geometry --tessellation --layers 2 --feedback --indirect --image --compute"
    " --queries --copies",
}

OTHER = {
    "vk-info": ["vulkaninfo", "--summary"],
    "vk-cube-xvfb": ["xvfb-run", "-a", "vkcube", "--c", "6", "--width", "64", "--height", "64"],
    "gl-eglinfo": ["sh", "-c", "eglinfo -B >/dev/null; true"],
}

CL = {
    "cl-info": ["clinfo"],
    "cl-peak-bandwidth": ["clpeak", "--global-bandwidth"],
    "cl-peak-half": ["clpeak", "--compute-hp"],
    "cl-peak-single": ["clpeak", "--compute-sp"],
    "cl-peak-integer": ["clpeak", "--compute-integer"],
    "cl-peak-transfer": ["clpeak", "--transfer-bandwidth"],
    "cl-peak-latency": ["clpeak", "--kernel-latency"],
}

CL_PROGRAMS = (
    "builtin/atomic/atomic_add-local builtin/atomic/atomic_cmpxchg-global-return "
    "builtin/atomic/atomic_int32_min-global builtin/atomic/atomic_int32_xchg-local "
    "builtin/atomic/atomic_max-global-return builtin/atomic/atomic_sub-global "
    "builtin/atomic/atomic_xor-global builtin/convert/float-convert_long builtin/math/ilogb "
    "bitselect bswap calls-large-struct clz-optimizations constant-load fdiv-modifiers-f32 "
    "for-loop gegl-gamma-2-2-to-linear gegl-rgb-gamma-u8-to-ragabaf get-global-id get-local-id "
    "global-offset i32-stack-array image-attributes image-read-2d image-write-2d load-hi16 "
    "local-memory mad-mix pyrit-wpa-psk scalar-arithmetic-char scalar-arithmetic-float "
    "scalar-arithmetic-int scalar-arithmetic-long scalar-arithmetic-uchar "
    "scalar-arithmetic-ushort scalar-bitwise-int scalar-comparison-float scalar-logical-int "
    "sampler sha256-Ch sizeof store-hi16 switch-case v3i32-stack-array v4i32-stack "
    "vector-conversion vector-load-int4 vector-store-int4"
).split()


class Program:
    def __init__(self, name, command, env=None, frames=12, cwd=None):
        self.name = name
        self.command = command
        self.env = env or {}
        self.frames = frames  # submissions, or presents where the program presents
        self.cwd = cwd  # inside the root


def piglit_folder(root):
    """Where the root has piglit, as seen inside; None if it has not."""
    base = os.path.join(root, "usr", "lib")
    for machine in sorted(os.listdir(base)):
        if os.path.isdir(os.path.join(base, machine, "piglit", "bin")):
            return f"/usr/lib/{machine}/piglit"
    return None


def vkmark_programs(_root):
    for name, scene in VKMARK.items():
        command = ["vkmark", "--winsys", "headless", "--size", "64x64"]
        yield Program(name, [*command, "-b", f"{scene}:duration=0.1"])


def piglit_programs(root):
    folder = piglit_folder(root)
    if not folder:
        return
    env = {"PIGLIT_PLATFORM": "surfaceless_egl"}
    with open(PIGLIT_LIST) as file:
        lines = [line.split("#")[0].split() for line in file]
    for words in filter(None, lines):
        test, arguments = words[0], words[1:]
        if test.endswith(".shader_test"):
            name = test.replace("spec/", "").replace("/execution", "")[: -len(".shader_test")]
            command = ["bin/shader_runner", f"tests/{test}", *arguments, "-auto", "-fbo"]
        else:
            name = "-".join([test, *arguments])
            command = [f"bin/{test}", *arguments, "-auto", "-fbo"]
        yield Program("piglit-" + name.replace("/", "-"), command, env, cwd=folder)


def draw_programs(_root):
    folder = build_vkdraw()
    for name, words in DRAW.items() if folder else ():
        yield Program(name, [f"{folder}/vkdraw", folder, *words.split()])


def build_vkdraw():
    """A folder that the root sees, with vkdraw and its shaders; None if it cannot be built."""
    sources = os.path.join(TOP, "tests", "traces", "programs")
    folder = tempfile.mkdtemp(prefix="agx-vkdraw-")
    atexit.register(shutil.rmtree, folder)
    commands = [["cc", "-O1", "-o", f"{folder}/vkdraw", f"{sources}/vkdraw.c", "-lvulkan"]]
    for stage in ("vert", "tesc", "tese", "geom", "frag", "comp"):
        commands.append(
            ["glslangValidator", "-V", "--quiet", "--target-env", "vulkan1.3"]
            + [f"{sources}/draw.{stage}", "-o", f"{folder}/draw.{stage}.spv"]
        )
    for command in commands:
        if not shutil.which(command[0]) or subprocess.run(command).returncode:
            sys.stderr.write("capture_corpus: vkdraw cannot be built here, it is left out\n")
            return None
    return folder


def cl_programs(root):
    for name, command in CL.items():
        yield Program(name, command, frames=40)
    folder = piglit_folder(root)
    if not folder:
        return
    for name in CL_PROGRAMS:
        command = ["bin/cl-program-tester", f"tests/cl/program/execute/{name}.cl"]
        yield Program("cl-" + name.split("/")[-1], command, frames=8, cwd=folder)


def other_programs(_root):
    for name, command in OTHER.items():
        env = {"MESA_VK_WSI_DEBUG": "sw"} if "xvfb-run" in command else {}
        yield Program(name, command, env)


SETS = {
    "vkmark": vkmark_programs,
    "draw": draw_programs,
    "piglit": piglit_programs,
    "cl": cl_programs,
    "other": other_programs,
}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sets", nargs="*", choices=[[], *SETS], help="default: all")
    parser.add_argument("--out", help="folder for NAME.agxt and index.json")
    parser.add_argument("--build", default=os.environ.get("AGX_BUILD_ROOT", f"{TOP}/build"))
    parser.add_argument("--suite", default="trixie", choices=["trixie", "sid"])
    parser.add_argument(
        "--match", action="append", default=[], help="only names like this, or these: *tess*"
    )
    parser.add_argument("--every", type=int, default=1, help="only each N-th of them")
    parser.add_argument("--gpu", default="t8103", help="the SoC of the virtual node")
    parser.add_argument("--frames", type=int, help="frames to record of each")
    parser.add_argument("--timeout", type=int, default=20, help="seconds for each program")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--log", help="folder for what the programs print")
    parser.add_argument("--oracle", action="store_true", help="also what Mesa's decoder says")
    parser.add_argument("--again", action="store_true", help="also those that are there")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    return parser.parse_args()


def capture(options, tool, program):
    """Runs one program. The programs' own verdict is not looked at: nothing draws for them."""
    path = os.path.join(options.out, program.name + ".agxt")
    inside = ["env", "MESA_SHADER_CACHE_DISABLE=1"]
    inside += [f"{name}={value}" for name, value in program.env.items()] + options.env
    inside += ["agx", "capture", "-o", path, "--gpu", options.gpu]
    inside += ["--frames", f"1-{options.frames or program.frames}", "--"]
    inside += ["timeout", "-k", "2", str(options.timeout), *program.command]
    dump = path[: -len(".agxt")] + ".mesa"
    if options.oracle:
        inside = ["env", "ASAHI_MESA_DEBUG=trace", f"AGXDECODE_DUMP_FILE={dump}", *inside]
    if program.cwd:
        inside = ["env", "-C", program.cwd, *inside]
    start = time.monotonic()
    result = subprocess.run(
        [tool, "exec", "--suite", options.suite, "--build", options.build, "--", *inside],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    )
    if options.log:
        os.makedirs(options.log, exist_ok=True)
        with open(os.path.join(options.log, program.name + ".log"), "w") as file:
            file.write(result.stdout)
    if result.returncode == SKIP:
        sys.stderr.write(result.stdout)
        sys.exit(SKIP)
    entry = {
        "command": program.command,
        "status": result.returncode,
        "seconds": round(time.monotonic() - start, 1),
        "bytes": os.path.getsize(path) if os.path.exists(path) else 0,
    }
    info = subprocess.run(
        [f"{options.build}/tools/agx/agx", "trace", "info", "--json", path],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    if info.returncode == 0:
        entry["info"] = json.loads(info.stdout)
    if options.oracle:
        join_dumps(dump, entry.get("info", {}).get("submits", 0))
    return entry


def join_dumps(path, submits):
    """One file of Mesa's dumps of the first so many submissions, which are the recorded ones."""
    parts = sorted(glob.glob(glob.escape(path) + ".[0-9]*"), key=lambda p: int(p.split(".")[-1]))
    with open(path, "w") as out:
        for number, part in enumerate(parts):
            if number < submits:
                with open(part, errors="replace") as file:
                    out.write(f"#### submission {number}\n{file.read()}")
            os.unlink(part)


def main():
    options = arguments()
    tool = os.path.join(TOP, "tools", "mesa-root")
    root = subprocess.check_output([tool, "path", "--suite", options.suite], text=True).strip()
    if not os.path.exists(os.path.join(root, ".agx-ready")):
        print(f"capture_corpus: there is no root at {root}: run tools/mesa-root setup")
        return SKIP
    programs = [p for name in options.sets or SETS for p in SETS[name](root)]
    if options.match:
        programs = [p for p in programs if any(fnmatch.fnmatch(p.name, m) for m in options.match)]
    programs = programs[:: options.every]
    if options.list:
        print("\n".join(p.name for p in programs))
        return 0
    if not options.out:
        sys.stderr.write("capture_corpus: --out is needed\n")
        return 2
    options.out = os.path.realpath(options.out)
    options.build = os.path.realpath(options.build)
    os.makedirs(options.out, exist_ok=True)
    index_path = os.path.join(options.out, "index.json")
    index = {}
    if os.path.exists(index_path):
        with open(index_path) as file:
            index = json.load(file)
    missing = 0
    for number, program in enumerate(programs, 1):
        path = os.path.join(options.out, program.name + ".agxt")
        if os.path.exists(path) and not options.again:
            continue
        index[program.name] = entry = capture(options, tool, program)
        with open(index_path, "w") as file:
            json.dump(index, file, indent=1, sort_keys=True)
            file.write("\n")
        missing += not entry["bytes"]
        print(
            f"{number}/{len(programs)} {program.name}: status {entry['status']}, "
            f"{entry['bytes']} bytes, {entry['seconds']} s", flush=True,
        )
    if missing:
        print(f"capture_corpus: {missing} of {len(programs)} programs left no trace")
    return 1 if missing else 0


sys.exit(main())
