#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that a header compiles on its own, in each language that programs use it from.

  standalone.py --header FILE --cc 'cc' [--cxx 'c++'] [--cflag F]...

Exit status: 0 it does, 1 it does not, 2 usage.
"""

import argparse
import os
import shlex
import subprocess
import sys

# Not -pedantic: the ioctl numbers are enumerators that do not fit into an int, as in Linux.
STRICT = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--header", required=True)
    parser.add_argument("--cc", required=True)
    parser.add_argument("--cxx", default="")
    parser.add_argument("--cflag", action="append", default=[])
    args = parser.parse_args()

    # Twice, so that the include guard is seen to work.
    source = '#include "%s"\n' % os.path.realpath(args.header) * 2
    cases = [(args.cc, "c", std) for std in ("c11", "gnu11", "c17")]
    if args.cxx:
        cases += [(args.cxx, "c++", std) for std in ("c++11", "c++17", "gnu++17")]
    else:
        print("C++: no compiler, not checked")

    good = True
    for compiler, language, std in cases:
        command = shlex.split(compiler) + STRICT + args.cflag
        command += ["-std=" + std, "-x", language, "-"]
        result = subprocess.run(command, input=source, capture_output=True, text=True)
        print("%s: %s" % (std, "ok" if result.returncode == 0 else "FAILED"))
        if result.returncode != 0:
            good = False
            print(result.stdout + result.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
