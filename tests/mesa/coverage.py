#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What of the tables was met in traces: structures, enumerators, instructions and their modifiers.

usage: coverage.py AGX [--json FILE] [--missing] TRACE...

Decodes the traces with `agx decode --json` and counts, against userspace/cmdstream/agx.cs
and userspace/isa/agx2.isa, what real drivers submitted. What was never met is known from the sources
alone.
"""
import argparse
import collections
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [f"{TOP}/userspace/cmdstream", f"{TOP}/userspace/isa"]

import cs_table  # noqa: E402
import isa_parse  # noqa: E402
import mesa_dump  # noqa: E402


class Instructions:
    """Which op of the table some bytes are: the same choice that the decoder makes."""

    def __init__(self):
        self.table = isa_parse.read_table(f"{TOP}/userspace/isa/agx2.isa")
        self.met = collections.Counter()
        self.values = collections.Counter()
        self.cache = {}
        self.programs = set()
        self.by_byte = [
            [f for f in self.table.forms if byte & f.mask & 0xFF == f.match & 0xFF]
            for byte in range(256)
        ]

    def find(self, code):
        """The op of the instruction that these bytes begin with, its bits and its length."""
        bits = int.from_bytes(code, "little")
        for form in self.by_byte[code[0]]:
            if bits & form.mask == form.match and form.length <= len(code):
                return form.op, bits & (1 << 8 * form.length) - 1, form.length
        return None, bits, 2

    def add_code(self, code):
        """Each different program counts once."""
        if code in self.programs:
            return
        self.programs.add(code)
        at = 0
        while at < len(code):
            window = code[at : at + 12]
            if window not in self.cache:
                self.cache[window] = self.find(window)
            op, bits, length = self.cache[window]
            at += length
            self.met[op.name if op else "(data)"] += 1
            for modifier, field in op.modifiers if op else ():
                self.values[modifier.name, gather(field, bits)] += 1


def gather(field, bits):
    value = shift = 0
    for start, size in field.ranges:
        value |= (bits >> start & ((1 << size) - 1)) << shift
        shift += size
    return value


class Structures:
    def __init__(self):
        self.table = cs_table.Table(f"{TOP}/userspace/cmdstream/agx.cs")
        self.met = collections.Counter()
        self.values = collections.Counter()

    def add(self, node):
        struct = self.table.structs.get(node["type"])
        self.met[node["type"]] += 1
        for name, value in node.get("fields", {}).items():
            field = struct and struct.find(name)
            if field and field.enum:
                self.values[field.enum.name, value] += 1


def walk(node, structures, instructions):
    if "type" in node:
        structures.add(node)
    if node.get("kind") == "dispatch":
        structures.met["cdm_launch_1"] += 1
    for kind, _ in mesa_dump.parts(node):
        structures.met[kind] += 1
    if "code" in node:
        instructions.add_code(bytes.fromhex(node["code"]))
    for child in node.get("children", ()):
        walk(child, structures, instructions)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("agx")
    parser.add_argument("--json", help="write the counts here")
    parser.add_argument("--missing", action="store_true", help="list what was never met")
    parser.add_argument("traces", nargs="+")
    options = parser.parse_args()
    structures, instructions = Structures(), Instructions()
    totals = collections.Counter()
    for trace in options.traces:
        result = subprocess.run(
            [options.agx, "decode", "--json", trace], stdout=subprocess.PIPE
        )
        if result.returncode not in (0, 1):
            print(f"{trace}: agx decode: exit status {result.returncode}")
            return 2
        document = json.loads(result.stdout)
        for submit in document["submits"]:
            walk(submit, structures, instructions)
        for name, value in document["summary"].items():
            if isinstance(value, int):
                totals[name] += value
    report(structures, instructions, totals, options)
    return 0


def report(structures, instructions, totals, options):
    enums = {e.name: {v.name for v in e.values} for e in structures.table.enums.values()}
    met_values = {(e, v) for e, v in structures.values if v in enums[e]}
    values = {(e, v) for e, names in enums.items() for v in names}
    ops = [op.name for op in instructions.table.ops]
    lists = {
        "structures": (set(structures.table.structs), set(structures.met)),
        "enumerators": ({f"{e}.{v}" for e, v in values}, {f"{e}.{v}" for e, v in met_values}),
        "instructions": (set(ops), set(instructions.met)),
    }
    print(", ".join(f"{value} {name}" for name, value in totals.items()))
    for name, (known, met) in lists.items():
        print(f"{name}: {len(known & met)} of {len(known)} met")
        if options.missing:
            for missing in sorted(known - met):
                print(f"  never: {missing}")
        for strange in sorted(met - known):
            print(f"  not in the table: {strange}")
    if options.json:
        with open(options.json, "w") as file:
            json.dump({
                "totals": totals,
                "structures": structures.met,
                "enumerators": {f"{e}.{v}": n for (e, v), n in structures.values.items()},
                "instructions": instructions.met,
                "modifiers": {f"{m}={v}": n for (m, v), n in instructions.values.items()},
            }, file, indent=1, sort_keys=True)
            file.write("\n")


if __name__ == "__main__":
    sys.exit(main())
