#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rules that a reviewer should not have to look for.

Every file that git tracks (or would) has an SPDX line, ends with a newline, has no trailing
white space; C is formatted by clang-format 14 (other versions disagree in details, so the
formatting check is left out there, and said so); tests do not include what DESIGN forbids.
"""
import os
import re
import shutil
import subprocess
import sys

ROOT = sys.argv[1] if len(sys.argv) > 1 else "."
GPL_DIRS = ("kernel/", "firmware-interface/")
BINARY = (".agxt", ".zst", ".png", ".bin", ".seed")
NO_SPDX = ("LICENSES/", "tests/fuzz/corpus/")
DATA = (".json", ".txt", ".abi")

# Which rooms of the house a folder may include from (docs/architecture.md).
INCLUDE_RULES = [
    ("userspace/model/", re.compile(r"kernel/core|userspace/node|agx_node\.h")),
    ("userspace/vgpu/", re.compile(r"kernel/core|userspace/node|agx_(node|core|work|soc|device)\.h")),
    ("kernel/core/", re.compile(r"userspace/|<stdio\.h>|<stdlib\.h>|<unistd\.h>|<pthread\.h>")),
    ("userspace/trace/", re.compile(r"kernel/core|userspace/node|userspace/model|agx_node\.h")),
    ("userspace/isa/", re.compile(r"userspace/|kernel/|uapi/|<stdio\.h>|<stdlib\.h>|<unistd\.h>")),
    ("userspace/cmdstream/", re.compile(r"userspace/|kernel/|uapi/|<stdio\.h>|<stdlib\.h>|<unistd\.h>")),
    ("userspace/libagx/include/", re.compile(r"#include \"|userspace/|kernel/|uapi/|drm")),
    ("userspace/libagx/virtual/", re.compile(r"kernel/core|userspace/isa|userspace/cmdstream")),
    ("userspace/libagx/", re.compile(r"kernel/|userspace/(node|model)|firmware-interface|agx_(node|core|firmware|gpu)\.h")),
    ("examples/", re.compile(r"kernel/|userspace/|internal\.h")),
    ("userspace/decode/", re.compile(r"kernel/|userspace/(node|model)|agx_(node|core|firmware|gpu)\.h")),
]

failures = []


def fail(path, what):
    failures.append(f"{path}: {what}")


def tracked():
    out = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True)
    if out.returncode:
        print("SKIP: not a git checkout")
        sys.exit(77)
    return sorted(f for f in out.stdout.split("\0") if f and os.path.isfile(os.path.join(ROOT, f)))


def check_text(path):
    with open(os.path.join(ROOT, path), "rb") as f:
        data = f.read()
    if not data:
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        fail(path, "not UTF-8 text, and not a known binary type")
        return
    if not text.endswith("\n"):
        fail(path, "no newline at the end")
    for n, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() and not path.endswith(".md"):
            fail(path, f"line {n}: white space at the end")
    if not path.startswith(NO_SPDX) and not path.endswith(DATA):
        head = "\n".join(text.split("\n")[:4])
        m = re.search(r"SPDX-License-Identifier: (.+?)(?: \*/| -->)?$", head, re.M)
        expected = "GPL-2.0-only OR MIT" if path.startswith(GPL_DIRS) else "MIT"
        if not m:
            fail(path, "no SPDX-License-Identifier in the first lines")
        elif m.group(1).strip() != expected:
            fail(path, f"licence is \"{m.group(1).strip()}\", expected \"{expected}\"")
    if path.endswith((".c", ".h")):
        # A folder within a room may have a rule of its own: the longest prefix counts.
        rules = [rule for rule in INCLUDE_RULES if path.startswith(rule[0])]
        for prefix, pattern in sorted(rules, key=lambda rule: len(rule[0]))[-1:]:
            for n, line in enumerate(text.split("\n"), 1):
                if line.startswith("#include") and pattern.search(line):
                    fail(path, f"line {n}: {prefix} may not include this: {line}")


def check_format(files):
    tool = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not tool:
        print("note: no clang-format here: formatting not checked")
        return
    version = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    if " 14." not in version:
        print(f"note: formatting is defined by clang-format 14; this is{version.split('version')[-1].rstrip()}:"
              " not checked")
        return
    for i in range(0, len(files), 64):
        batch = files[i:i + 64]
        run = subprocess.run([tool, "--dry-run", "-Werror", "--style=file"] + batch, cwd=ROOT,
                             capture_output=True, text=True)
        for line in run.stderr.split("\n"):
            if "[-Wclang-format-violations]" in line:
                fail(line.split(": error")[0], "not formatted (clang-format -i)")


def main():
    files = tracked()
    text_files = [f for f in files if not f.endswith(BINARY) and not f.startswith("tests/fuzz/corpus/")]
    for path in text_files:
        check_text(path)
    check_format([f for f in files if f.endswith((".c", ".h"))])
    for line in failures[:100]:
        print(line)
    print(f"{len(text_files)} files looked at, {len(failures)} findings")
    sys.exit(1 if failures else 0)


main()
