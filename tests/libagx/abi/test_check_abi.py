#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does check_abi.py see what breaks programs, and let pass what does not?

test_check_abi.py CHECK: small libraries against the dump of another.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HEADER = """
struct opaque;
enum colour { RED, GREEN };
struct params { int size; enum colour colour; unsigned long address; };
struct opaque *make(const struct params *params);
int look(const struct opaque *o, unsigned int index);
"""
SOURCE = """
#include "lib.h"
struct opaque { int private; struct params kept; };
static struct opaque one;
struct opaque *make(const struct params *params) { one.kept = *params; return &one; }
int look(const struct opaque *o, unsigned int index) { return o->kept.size + (int)index; }
"""
# Name, what check_abi.py has to say, what is replaced in the header, and in the source.
CASES = [
    ("nothing changed", 0, None, None),
    ("a private structure grew", 0, None, ("int private;", "int private; long more;")),
    ("a function more", 0, ("int look", "int count(void);\nint look"),
     ("int look", "int count(void) { return 1; }\nint look")),
    ("a member between", 1, ("int size;", "int size; long more;"), None),
    ("a member of another type", 1, ("int size;", "long size;"), None),
    ("members in another order", 1,
     ("int size; enum colour colour;", "enum colour colour; int size;"), None),
    ("an enumerator between", 1, ("RED, GREEN", "RED, BLUE, GREEN"), None),
    ("a function is gone", 1, ("int look(const struct opaque *o, unsigned int index);", ""),
     ("int look", "static int __attribute__((unused)) look")),
    ("a parameter of another type", 1, ("unsigned int index", "unsigned long index"),
     ("unsigned int index", "unsigned long index")),
    ("a parameter more", 1, ("unsigned int index)", "unsigned int index, int x)"),
     ("unsigned int index)", "unsigned int index, int x)")),
]


def build(folder, header, source):
    os.makedirs(folder)
    for name, text in (("lib.h", header), ("lib.c", source)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    library = os.path.join(folder, "libx.so")
    subprocess.run(["cc", "-g", "-O1", "-shared", "-fPIC", "-Wl,-soname,libx.so.0",
                    os.path.join(folder, "lib.c"), "-o", library], check=True)
    return library


def change(text, what):
    if not what:
        return text
    if what[0] not in text:
        raise ValueError(f"nothing to replace: {what[0]}")
    return text.replace(*what)


def main():
    if not shutil.which("abidw") or not shutil.which("abidiff") or not shutil.which("cc"):
        print("SKIP: abidw, abidiff (abigail-tools) or cc is not installed")
        return 77
    failures = 0
    with tempfile.TemporaryDirectory() as tmp:
        first = os.path.join(tmp, "first")
        dump = os.path.join(tmp, "dump.abi")
        library = build(first, HEADER, SOURCE)
        subprocess.run([sys.executable, sys.argv[1], "write", dump, library, first], check=True)
        for i, (name, expected, header, source) in enumerate(CASES):
            folder = os.path.join(tmp, str(i))
            library = build(folder, change(HEADER, header), change(SOURCE, source))
            r = subprocess.run([sys.executable, sys.argv[1], "check", dump, library, folder],
                               capture_output=True, text=True)
            if r.returncode != expected:
                failures += 1
                print(f"{name}: exit status {r.returncode}, expected {expected}\n{r.stdout}{r.stderr}")
    print(f"{len(CASES)} libraries, {failures} judged wrongly")
    return 1 if failures else 0


sys.exit(main())
