#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the interface of libagx.so with that of the last release (abigail-tools).

check_abi.py check DUMP LIBRARY HEADERS: 0 compatible, 1 not, 77 no way to know here.
check_abi.py write DUMP LIBRARY HEADERS: the dump of the library as it is now.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Bits of abidiff's exit status.
ERROR, USAGE, CHANGE, INCOMPATIBLE = 1, 2, 4, 8


def elf_machine(path):
    with open(path, "rb") as f:
        head = f.read(20)
    return {62: "x86-64", 183: "arm64"}.get(int.from_bytes(head[18:20], "little"), "other")


def write(dump, library, headers):
    # Neither places nor paths: the dump is the same for every build folder.
    r = subprocess.run(
        ["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-elf-needed", "--exported-interfaces-only",
         "--drop-private-types", "--headers-dir", headers, library],
        stdout=subprocess.PIPE, text=True)
    if r.returncode:
        print(f"abidw ended with status {r.returncode}")
        return 1
    with open(dump, "w", encoding="utf-8") as f:
        f.write(re.sub(r"path='[^']*?(userspace/)", r"path='\1", r.stdout))
    return 0


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def main():
    if len(sys.argv) != 5 or sys.argv[1] not in ("check", "write"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    action, dump, library, headers = sys.argv[1:]
    if not shutil.which("abidw") or not shutil.which("abidiff"):
        skip("abidw and abidiff (abigail-tools) are not installed")
    if not os.path.exists(library):
        print(f"{library} is not there: build it")
        return 2
    sections = subprocess.run(["readelf", "-SW", library], capture_output=True, text=True).stdout
    if ".debug_info" not in sections:
        skip(f"{library} has no debug information: --buildtype=debugoptimized has")
    with open(library, "rb") as f:
        if b"__asan_" in f.read():
            skip("the library has sanitizers")
    if action == "write":
        return write(dump, library, headers)
    machine = elf_machine(library)
    with open(dump, encoding="utf-8") as f:
        made_for = re.search(r"architecture='([^']+)'", f.read(4096))
    names = {"elf-amd-x86_64": "x86-64", "elf-arm-aarch64": "arm64"}
    made_for = names.get(made_for.group(1) if made_for else "", "other")
    if machine != made_for:
        skip(f"the dump is of {made_for}, the library of {machine}")
    # Both as dumps: what no header has is left out when they are made, and a dump without places
    # would have abidiff take all structures for private.
    with tempfile.TemporaryDirectory() as tmp:
        now = os.path.join(tmp, "now.abi")
        if write(now, library, headers):
            return 1
        r = subprocess.run(["abidiff", "--no-show-locs", dump, now], capture_output=True, text=True)
    print(r.stdout + r.stderr, end="")
    if r.returncode & (ERROR | USAGE):
        print(f"abidiff ended with status {r.returncode}")
        return 1
    removed = re.search(r"Functions changes summary: (\d+) Removed, (\d+) Changed[^,]*, (\d+) Added",
                        r.stdout)
    # abidiff calls a changed structure behind a pointer a change only; for a caller who fills it
    # in, it is as bad as a function that is gone. What is new does no harm.
    harm = bool(r.returncode & INCOMPATIBLE) or (removed and (removed.group(1) != "0" or
                                                              removed.group(2) != "0"))
    if harm:
        print(f"{os.path.basename(library)} is not what programs were linked to: keep it so, or see "
              "tests/libagx/abi/README.md")
        return 1
    print("compatible" + (", with additions" if r.returncode & CHANGE else ""))
    return 0


sys.exit(main())
