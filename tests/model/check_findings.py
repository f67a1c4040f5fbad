#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Compares a table of findings on a page (docs/firmware-model.md, docs/null-gpu.md) with the header that
has them, both ways, and sees that each finding is named in a test.

check_findings.py FINDINGS.H PAGE TEST.C...
"""
import re
import sys


def main():
    header, page = sys.argv[1:3]
    tests = sys.argv[3:]
    with open(header, encoding="utf-8") as file:
        rows = re.findall(r'X\((\d+), (\w+),[\s\\]*"([^"]+)"\)', file.read())
    with open(page, encoding="utf-8") as file:
        lines = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+?) \|", file.read(), re.M)
    numbers = [row[0] for row in rows]
    errors = []
    if not rows:
        errors.append(f"{header}: no findings")
    if numbers != sorted(set(numbers), key=int):
        errors.append(f"{header}: numbers are not unique and ascending")
    for row in sorted(set(rows) - set(lines)):
        errors.append(f"{page}: missing or different: {' '.join(row)}")
    for row in sorted(set(lines) - set(rows)):
        errors.append(f"{page}: not in the header: {' '.join(row)}")
    named = set()
    for test in tests:
        with open(test, encoding="utf-8") as file:
            named |= set(re.findall(r"\bAGX_(?:GPU_)?FINDING_(\w+)\b", file.read()))
    for row in rows:
        if row[1] not in named:
            errors.append(f"{row[0]} {row[1]}: no test names it")
    print("\n".join(errors) if errors else f"{len(rows)} findings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
