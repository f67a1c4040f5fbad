#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cl_check.c on rusticl on the virtual GPU, in the root of tools/mesa-root.

usage: test_cl_check.py MESA_ROOT_TOOL BUILD_FOLDER CL_CHECK [SUITE]

Every program must have computed the right thing, printf() from kernels must have arrived, and no
command may have ended in a fault. Skips (77) where there can be no root.
"""
import os
import subprocess
import sys

SKIP = 77
HERE = os.path.dirname(os.path.realpath(__file__))
SAID = "item 3: text  1.25 0xff 1,2,3,4"


def main():
    tool, build, cl_check = sys.argv[1:4]
    suite = ["--suite", sys.argv[4]] if len(sys.argv) > 4 else []
    setup = subprocess.run([tool, "setup", *suite], stdout=subprocess.PIPE, check=False)
    if setup.returncode:
        return SKIP if setup.returncode == SKIP else 1
    run = subprocess.run(
        [tool, "exec", *suite, "--build", build, "--", "agx", "run", "--exec", "full", "--",
         cl_check, "Apple", f"{HERE}/cl_check.cl"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False)
    print(run.stdout)
    if run.returncode == SKIP:
        return SKIP
    lines = run.stdout.splitlines()
    failures = [f"exit status {run.returncode}"] if run.returncode else []
    failures += [f"nothing like '{line}'" for line in (SAID, "cl-check: 0 wrong") if line not in lines]
    failures += [line for line in lines if "warning: fault" in line]
    for failure in failures:
        print(f"cl-check: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
