#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One binding, several readers: the module, agx doctor, agx vm and the documents name the same GPUs.

Usage: test_binding.py TREE
"""
import pathlib
import re
import shutil
import subprocess
import sys

import machine

TREE = pathlib.Path(sys.argv[1])
SCHEMA = "docs/bindings/agx,virtual-mailbox.yaml"
failures = []


def pairs(path, pattern):
    """compatible -> SoC, as a table in C has them."""
    found = dict(re.findall(pattern, (TREE / path).read_text()))
    if len(found) < 16:
        failures.append(f"{path}: found only {len(found)} compatible strings")
    return found


def compare(what, expected, got):
    for name in sorted(set(expected) | set(got)):
        if expected.get(name) != got.get(name):
            failures.append(f"{name}: {what} has {got.get(name)}, expected {expected.get(name)}")


def page():
    """The table of docs/device-tree.md: a row's first upstream and downstream string and its SoC."""
    found = {}
    for soc, up, down in re.findall(r"^\| (T\d+) \([^)]*\) \| `([^`]+)`.* \| `([^`]+)`",
                                    (TREE / "docs/device-tree.md").read_text(), re.M):
        found[up] = found[down] = soc.lower()
    return found


def properties():
    """The schema allows no others than it lists: does it list what agx vm writes?"""
    text = (TREE / SCHEMA).read_text()
    listed = set(re.findall(r"^  ([a-z][\w,-]+):", text, re.M)) | {"status", "phandle"}
    patterns = re.findall(r'^  "(\^[^"]+\$)":', text, re.M)
    written = re.findall(r'"/gpu", "([^"]+)"', (TREE / "tools/agx/vm_tree.c").read_text())
    if len(written) < 8 or len(patterns) < 2:
        failures.append(f"found only {len(written)} properties and {len(patterns)} patterns")
    for name in sorted(set(written) - listed):
        if not any(re.match(pattern, name) for pattern in patterns):
            failures.append(f"{SCHEMA} does not allow {name}, which agx vm writes")


def example():
    """The schema's example is a device tree that dtc takes."""
    text = (TREE / SCHEMA).read_text()
    source = re.search(r"examples:\n  - \|\n((?:    .*\n)+)", text).group(1)
    labels = "".join(f"{name}: {name} {{}};" for name in re.findall(r"&(\w+)", source))
    if not shutil.which("dtc"):
        print("dtc is not installed: the schema's example is not compiled")
        return
    out = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "/dev/null", "-"],
                         input=f"/dts-v1/; / {{ {labels} {source} }};", capture_output=True, text=True)
    if out.returncode:
        failures.append(f"{SCHEMA}: dtc does not take the example: {out.stderr}")


def main():
    module = pairs("kernel/linux/asahi_module.c", r'\.compatible = "([^"]+)", \.data = "(\w+)"')
    doctor = pairs("tools/agx/doctor_gpu.c", r'\{"(apple,agx-[^"]+)", "(\w+)", (?:true|false)\}')
    compare("agx doctor", module, doctor)
    compare("docs/device-tree.md", module, page())
    compare("this test's machines", module,
            {names[0]: soc for soc, row in machine.SOCS.items() for names in row[2:4]})
    # A row of agx vm: the SoC, then the strings of both forms, most specific first.
    rows = re.findall(r'\{"(t\d{4})",\s*\{"([^"]+)"[^}]*\},\s*\{"([^"]+)"',
                      (TREE / "tools/agx/vm_tree.c").read_text())
    compare("agx vm", module, {name: row[0] for row in rows for name in row[1:]})
    listed = re.findall(r"^        - (apple,agx-\S+)$", (TREE / SCHEMA).read_text(), re.M)
    for name in sorted(set(module) - set(listed)):
        failures.append(f"{SCHEMA} does not list {name}")
    properties()
    example()
    for failure in failures:
        print(failure)
    print(f"{len(module)} compatible strings, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
