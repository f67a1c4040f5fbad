#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds that docs/hardware-status.md names every structure of firmware-interface/, and no other.

usage: check_hardware_status.py TREE
"""

import pathlib
import re
import sys


def main():
    tree = pathlib.Path(sys.argv[1])
    declared = set()
    for header in (tree / "firmware-interface").glob("*.h"):
        if header.name in ("types.h", "fields.h"):
            continue
        for name in re.findall(r"\bAGX_(?:FW_)?SIZE\((\w+)", header.read_text()):
            declared.add(name)
    text = (tree / "docs" / "hardware-status.md").read_text()
    section = text.split("## Structure by structure", 1)[1]
    listed = set()
    for line in section.splitlines():
        if line.startswith("| `"):
            listed.update(re.findall(r"`(\w+)`", line.split("|")[1]))
    if len(declared) < 50:
        print("found only %d structures: the pattern does not fit" % len(declared))
        return 1
    for name in sorted(declared - listed):
        print("docs/hardware-status.md does not say what %s was checked against" % name)
    for name in sorted(listed - declared):
        print("docs/hardware-status.md names %s, which firmware-interface/ lacks" % name)
    return 1 if declared != listed else 0


if __name__ == "__main__":
    sys.exit(main())
