#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What libagx.so exports is what its headers declare, and no name of it is another's.

check_exports.py PARSER HEADERS MAP LIBRARY ARCHIVE...: the archives are what a program may have in it
beside the library.
"""
import os
import re
import subprocess
import sys

failures = []


def nm(*args):
    r = subprocess.run(["nm", "--format=posix", *args], capture_output=True, text=True)
    if r.returncode:
        print(f"nm {' '.join(args)}: {r.stderr.strip()}")
        sys.exit(2)
    return [line.split() for line in r.stdout.split("\n") if len(line.split()) >= 2]


def in_map(path):
    """{name: header} of the version script."""
    with open(path, encoding="utf-8") as f:
        text = f.read().split("local:")[0]
    names, header = {}, None
    for line in text.split("\n"):
        section = re.match(r"\s*/\* (\w+\.h) \*/", line)
        if section:
            header = section.group(1)
        name = re.match(r"\s*(agx_\w+);", line)
        if name:
            if name.group(1) in names:
                failures.append(f"{path}: {name.group(1)} is there twice")
            names[name.group(1)] = header
    return names


def main():
    if len(sys.argv) < 5:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    parser, headers, version_script, library = sys.argv[1:5]
    sys.path.insert(0, os.path.dirname(parser))
    import agx_headers

    declared = {}
    for header in agx_headers.read_all(headers):
        for block in header.blocks:
            for item in block.items:
                if item.kind != "function":
                    continue
                declared[item.name] = header.name
                if not block.doc and not any(i.trailing for i in block.items):
                    failures.append(f"{header.name}: line {item.line}: {item.name} has no comment")
    exported = {}
    for name, kind, *_ in nm("-D", "--defined-only", library):
        name, _, version = name.partition("@")
        if kind != "A":
            exported[name] = version.lstrip("@")
    script = in_map(version_script)
    for name in sorted(set(declared) - set(exported)):
        failures.append(f"{declared[name]} declares {name}, {library} does not export it")
    for name in sorted(set(exported) - set(declared)):
        failures.append(f"{library} exports {name}, which no header declares")
    for name in sorted(set(script) - set(declared)):
        failures.append(f"{version_script} has {name}, which no header declares")
    for name in sorted(set(script) & set(declared)):
        if script[name] != declared[name]:
            failures.append(f"{version_script}: {name} is under {script[name]}, {declared[name]} has it")
    for name, version in sorted(exported.items()):
        if version != "AGX_0":
            failures.append(f"{library}: {name} has version \"{version}\", expected AGX_0")
    looked = 0
    for archive in sys.argv[5:]:
        for row in nm("-g", "--defined-only", archive):
            looked += 1
            if row[0] in declared:
                failures.append(f"{archive} has a global {row[0]}, too")
    if sys.argv[5:] and looked < 100:
        failures.append(f"only {looked} global names in {', '.join(sys.argv[5:])}")
    for text in failures:
        print(text)
    print(f"{len(declared)} functions declared, {len(exported)} exported, {looked} names of others, "
          f"{len(failures)} findings")
    return 1 if failures else 0


sys.exit(main())
