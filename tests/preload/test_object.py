#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a preload object needs at load time and what it exports, by readelf.

usage: test_object.py OBJECT SYMBOLS.txt
"""
import re
import subprocess
import sys

ALLOWED = re.compile(r"^(libc\.so\.6|libc\.musl-.*|ld-linux.*\.so\.\d)$")


def readelf(*args):
    return subprocess.run(
        ["readelf", "--wide", *args], check=True, capture_output=True, text=True
    ).stdout


def main():
    path, symbols_path = sys.argv[1:]
    failures = []

    dynamic = readelf("--dynamic", path)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    if any("asan" in name or "ubsan" in name for name in needed):
        print("built with sanitizers: not what is shipped")
        return 77
    for name in needed:
        if not ALLOWED.match(name):
            failures.append(f"needs {name} at load time; only libc is allowed")
    if "NODELETE" not in dynamic:
        failures.append("is not marked NODELETE: dlclose would pull hooks from under callers")
    if "TEXTREL" in dynamic:
        failures.append("has text relocations")

    exported = set()
    for line in readelf("--dyn-syms", path).splitlines():
        fields = line.split()
        # Num: Value Size Type Bind Vis Ndx Name
        if len(fields) >= 8 and fields[0].rstrip(":").isdigit():
            if fields[4] in ("GLOBAL", "WEAK") and fields[6] != "UND":
                exported.add(fields[7].split("@")[0])
    with open(symbols_path) as file:
        expected = set(file.read().split())
    for name in sorted(exported - expected):
        failures.append(f"exports {name}, which is not in {symbols_path}")
    for name in sorted(expected - exported):
        failures.append(f"does not export {name}, which is in {symbols_path}")

    for failure in failures:
        print(f"{path}: {failure}")
    return 1 if failures else 0


sys.exit(main())
