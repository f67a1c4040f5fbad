#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The driver core must compile without a C library and without floating point.

usage: check_freestanding.py SOURCE_ROOT BUILD_ROOT COMPILER...

Compiles every object of kernel/core that the build has as a kernel module would (freestanding,
general registers only, no warnings), and each of its public headers (agx_*.h) alone, and looks at
what the objects need from outside: nothing but the four memory functions that a compiler may call
by itself.
"""
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

ALLOWED = {"memcpy", "memmove", "memset", "memcmp", "_GLOBAL_OFFSET_TABLE_"}

FLAGS = [
    "-std=gnu11", "-O2", "-ffreestanding", "-mgeneral-regs-only", "-fno-strict-aliasing",
    "-fno-stack-protector", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
    "-Wmissing-prototypes", "-Wundef", "-Walloca", "-Wvla", "-Wframe-larger-than=1024",
]


def core_objects(root, build):
    """(source, flags that choose what is compiled) of each object of the core."""
    core = os.path.realpath(os.path.join(root, "kernel", "core"))
    with open(os.path.join(build, "compile_commands.json")) as f:
        commands = json.load(f)
    seen = set()
    for command in commands:
        source = os.path.realpath(os.path.join(command["directory"], command["file"]))
        if os.path.dirname(source) != core:
            continue
        flags = []
        args = shlex.split(command["command"])
        for arg in args:
            if arg.startswith("-I"):
                flags.append("-I" + os.path.join(command["directory"], arg[2:]))
            elif arg.startswith("-D") and arg != "-D_GNU_SOURCE":
                flags.append(arg)
        # A test may compile a file of the core for itself: the same object again.
        key = (source, tuple(f for f in flags if f.startswith("-D")))
        if key not in seen:
            seen.add(key)
            yield source, flags


def main():
    root, build, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
    core = os.path.join(root, "kernel", "core")
    failures = []
    objects = []
    includes = []
    machine = subprocess.run(compiler + ["-dumpmachine"], capture_output=True, text=True).stdout
    if machine.startswith("aarch64"):
        # As arm64 kernels do: atomics inline, not by functions of the compiler's library.
        FLAGS.append("-mno-outline-atomics")
    with tempfile.TemporaryDirectory() as tmp:
        def compile_one(source, flags, name):
            target = os.path.join(tmp, name + ".o")
            run = subprocess.run(compiler + FLAGS + flags + ["-c", source, "-o", target],
                                 capture_output=True, text=True)
            if run.returncode:
                failures.append(f"{name}: {run.stderr.strip()}")
                return None
            return target

        for source, flags in core_objects(root, build):
            name = f"{os.path.basename(source)}-{len(objects)}"
            includes = [f for f in flags if f.startswith("-I")] + [f"-I{core}"]
            target = compile_one(source, flags, name)
            if target:
                objects.append(target)
        for name in sorted(os.listdir(core)):
            if name.startswith("agx_") and name.endswith(".h"):
                stub = os.path.join(tmp, name + ".c")
                with open(stub, "w") as f:
                    f.write(f'#include "{name}"\n#include "{name}"\n')
                compile_one(stub, includes, name)
        if not objects:
            failures.append("no source of the core compiled")

        nm = shutil.which("nm")
        if nm and objects:
            defined, needed = set(), {}
            for target in objects:
                out = subprocess.run([nm, target], capture_output=True, text=True, check=True).stdout
                for line in out.splitlines():
                    kind, symbol = line.split()[-2:]
                    if kind == "U":
                        needed.setdefault(symbol, os.path.basename(target)[:-2])
                    else:
                        defined.add(symbol)
            for symbol, user in sorted(needed.items()):
                if symbol not in defined and symbol not in ALLOWED:
                    failures.append(f"{user}: needs {symbol} from outside the core")
        elif objects:
            print("note: no nm here: symbols not checked")

    for failure in failures:
        print(failure)
    print(f"{len(objects)} objects, {len(failures)} findings")
    sys.exit(1 if failures else 0)


main()
