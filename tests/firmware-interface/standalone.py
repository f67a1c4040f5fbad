#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that each header of firmware-interface/ compiles alone: hosted, without a C library, and
as in a Linux module, where the fixed-width types come from linux/types.h.

  standalone.py --cc CC --include firmware-interface

Exit status: 0 they do, 1 one does not, 2 usage.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile

WARN = ["-Wall", "-Wextra", "-Wundef", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", "-"]

# As much of Linux' own headers as a module would bring in.
LINUX = {
    "linux/stddef.h": "#define NULL ((void *)0)\n#define offsetof(t, m) __builtin_offsetof(t, m)\n",
    "linux/types.h": "".join(
        "typedef %s %s;\n" % pair
        for pair in [
            ("unsigned char", "uint8_t"),
            ("unsigned short", "uint16_t"),
            ("unsigned int", "uint32_t"),
            ("unsigned long long", "uint64_t"),
            ("signed char", "int8_t"),
            ("short", "int16_t"),
            ("int", "int32_t"),
            ("long long", "int64_t"),
            ("__SIZE_TYPE__", "size_t"),
        ]
    )
    + "#define __packed __attribute__((__packed__))\n",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cc", required=True)
    parser.add_argument("--include", required=True)
    args = parser.parse_args()

    cc = shlex.split(args.cc)
    headers = sorted(name for name in os.listdir(args.include) if name.endswith(".h"))
    # These two need what their includer defines.
    headers = [name for name in headers if name not in ("instantiate.h", "variant.h")]
    if not headers:
        parser.error("no headers in " + args.include)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text in LINUX.items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        own = subprocess.run(cc + ["-print-file-name=include"], capture_output=True, text=True)
        modes = {
            "hosted": ["-std=c11"],
            "freestanding": ["-std=c11", "-ffreestanding", "-nostdinc"]
            + ["-isystem", own.stdout.strip()],
            "Linux": ["-std=gnu11", "-D__KERNEL__", "-ffreestanding", "-nostdinc", "-I", folder],
        }
        for header in headers:
            for mode, flags in modes.items():
                source = '#include "%s"\n#include "%s"\n' % (header, header)
                result = subprocess.run(cc + flags + ["-I", args.include] + WARN, input=source,
                                        capture_output=True, text=True)
                if result.returncode != 0:
                    bad += 1
                    print("%s, %s: FAILED\n%s" % (header, mode, result.stderr))
    print("%d headers in %d modes, %d failures" % (len(headers), len(modes), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
