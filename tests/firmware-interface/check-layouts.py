#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks firmware-interface/ against layouts that were taken from another source.

fw-layouts.json says where m1n1 has each field of each structure, for five variants (README.md).
layouts.map says which structure and member of ours that is. For each field and variant the
compiler is asked for offset and width of the member, and both are compared, as are the sizes of
the structures. exceptions.txt lists differences that are meant to be.

The check fails for a difference without an exception, an exception that nothing needs (or whose
difference is another one now), a structure or field of the JSON that is neither mapped nor
excepted, a mapped member that does not exist, and a line of the map that names nothing.

  check-layouts.py --cc CC --include firmware-interface [--json F] [--map F] [--exceptions F]
  check-layouts.py --cc CC --include firmware-interface --self-test

Exit status: 0 good, 1 a check failed, 2 usage or environment.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# Name in the JSON, prefix in C.
VARIANTS = {
    "G13-V12_3": "agx_g13_v12_3_",
    "G14-V12_4": "agx_g14_v12_4_",
    "G13-V13_5": "agx_g13_v13_5_",
    "G14-V13_5": "agx_g14_v13_5_",
    "G14X-V13_5": "agx_g14x_v13_5_",
}


class Failure(Exception):
    """The check cannot be made at all."""


class Mismatch(Exception):
    """Failed checks: a list of sentences."""


class Target:
    """A section of the map: what a structure of the JSON is in C."""

    def __init__(self, where, words):
        self.where = where
        self.lines = []  # (line number, field, member, variants or None)
        self.varies = words[0].startswith("*")
        self.expression = words[0][1:] if words[0].startswith("=") else None
        self.name = words[0].lstrip("*")
        self.first, self.last = (words[1], words[2]) if len(words) == 3 else (None, None)

    def struct(self, variant):
        return "struct " + (VARIANTS[variant] if self.varies else "agx_") + self.name

    def member(self, field, variant):
        """Line number and member for a field, the field's own name by default."""
        for line, name, member, variants in self.lines:
            if name == field and (variants is None or variant in variants):
                return line, member
        return self.where, field.split("#")[0]


def variant_list(text, where):
    if text == "all":
        return list(VARIANTS)
    names = text.split(",")
    for name in names:
        if name not in VARIANTS:
            raise Failure("%s: no such variant: %s" % (where, name))
    return names


def read_map(path):
    targets, current = {}, None
    with open(path) as f:
        for number, line in enumerate(f, 1):
            line = line.split("#!")[0].rstrip()
            if not line or line.startswith("#"):
                continue
            section = re.match(r"\[(\S+)\]\s+(.+)$", line)
            if section:
                words = section.group(2).split()
                if words[0].startswith("="):
                    words = [section.group(2)]
                elif len(words) not in (1, 3):
                    raise Failure("%s:%d: expected one name or three" % (path, number))
                if section.group(1) in targets:
                    raise Failure("%s:%d: %s is mapped twice" % (path, number, section.group(1)))
                current = targets[section.group(1)] = Target(number, words)
                continue
            entry = re.match(r"\t(\S+) (\S+)(?: @(\S+))?$", line)
            if not entry or current is None:
                raise Failure("%s:%d: cannot understand: %s" % (path, number, line))
            field, member, variants = entry.groups()
            if variants:
                variants = variant_list(variants, "%s:%d" % (path, number))
            current.lines.append((number, field, member, variants))
    return targets


class Exception_:
    """A line of exceptions.txt."""

    def __init__(self, number, structure, field, variants, difference):
        self.number, self.structure, self.field = number, structure, field
        self.variants, self.difference = variants, difference
        self.used = set()

    def __str__(self):
        return "%s %s (line %d)" % (self.structure, self.field, self.number)


def read_exceptions(path):
    table = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.startswith("#"):
                continue
            columns = [column.strip() for column in line.split("|")]
            if len(columns) != 6 or not all(columns):
                raise Failure("%s:%d: expected six columns" % (path, number))
            structure, fields, variants, difference = columns[:4]
            variants = variant_list(variants, "%s:%d" % (path, number))
            for field in fields.split():
                table.append(Exception_(number, structure, field, variants, difference))
    return table


def place(struct, member):
    """Offset and width of a map's member, as C expressions."""

    def offset(name):
        return "offsetof(%s, %s)" % (struct, name)

    def size(name):
        return "sizeof(((%s *)0)->%s)" % (struct, name)

    first, _, last = member.partition("..")
    part = re.match(r"(.+)\+(\d+)(?::(\d+))?$", first)
    if part:
        start = "%s + %s" % (offset(part.group(1)), part.group(2))
        if part.group(3):
            return start, part.group(3)
        first = part.group(1)
    else:
        start = offset(first)
    if last:
        return start, "%s + %s - (%s)" % (offset(last), size(last), start)
    return start, size(first)


def numbered(fields):
    """Fields with #2, #3 appended to repeated names."""
    seen = {}
    for name, offset, size in fields:
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else "%s#%d" % (name, seen[name])), offset, size


def compile_and_run(cc, include, rows, map_path):
    """The values of pairs of expressions."""
    source = ['#include "variants.h"', "#include <stdio.h>",
              "static const unsigned long rows[][2] = {"]
    for line, first, second in rows:
        # A member that does not exist is reported as an error of that line of the map.
        source.append('#line %d "%s"' % (line, map_path))
        source.append("{ %s, %s }," % (first, second))
    source += ["};", "int main(void)", "{",
               "\tfor (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)",
               '\t\tprintf("%ld %ld\\n", (long)rows[i][0], (long)rows[i][1]);',
               "\treturn 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "layouts")
        with open(program + ".c", "w") as f:
            f.write("\n".join(source) + "\n")
        build = subprocess.run(
            cc + ["-std=gnu11", "-w", "-O0", "-I", include, "-o", program, program + ".c"],
            capture_output=True, text=True, env=dict(os.environ, LC_ALL="C"))
        if build.returncode != 0:
            errors = [line for line in build.stderr.splitlines() if "error:" in line]
            raise Mismatch(errors or [build.stderr])
        output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return [tuple(map(int, line.split())) for line in output.splitlines()]


def defined(cc, include):
    """Names of the structures that the headers define."""
    text = subprocess.run(cc + ["-E", "-P", "-I", include, "-x", "c", "-"], text=True,
                          input='#include "variants.h"\n', capture_output=True, check=True).stdout
    return set(re.findall(r"struct (agx_\w+) \{", text))


def check(cc, include, json_path, map_path, exceptions_path):
    with open(json_path) as f:
        layouts = json.load(f)
    targets = read_map(map_path)
    exceptions = read_exceptions(exceptions_path)
    problems = []

    if sorted(layouts) != sorted(VARIANTS):
        raise Failure("%s: expected the variants %s" % (json_path, ", ".join(VARIANTS)))

    def exception(structure, field, variant):
        for entry in exceptions:
            if (entry.structure, entry.field) == (structure, field) and variant in entry.variants:
                return entry
        return None

    structs = defined(cc, include)
    rows, wanted = [], []
    used_lines, seen = set(), set()
    for variant, structures in layouts.items():
        for structure, layout in structures.items():
            whole = exception(structure, "*", variant)
            target = targets.get(structure)
            if whole:
                # Still needed as long as there is nothing to compare with.
                if target is None or target.struct(variant).split()[1] not in structs:
                    whole.used.add(variant)
                    seen.add(structure)
                    continue
            elif target is None:
                problems.append("%s %s: neither in the map nor excepted" % (variant, structure))
                continue
            seen.add(structure)

            if target.expression:
                rows.append((target.where, "0", target.expression))
                wanted.append((variant, structure, "(size)", 0, layout["size"], None))
                continue
            struct = target.struct(variant)
            if struct.split()[1] not in structs:
                problems.append("%s %s: %s does not exist" % (variant, structure, struct))
                used_lines.update(line for line, *_ in target.lines)
                continue
            base = "0"
            if target.first:
                base = "offsetof(%s, %s)" % (struct, target.first)
                length = "offsetof(%s, %s) - %s" % (struct, target.last, base)
                rows.append((target.where, "0", length))
            else:
                rows.append((target.where, "0", "sizeof(%s)" % struct))
            wanted.append((variant, structure, "(size)", 0, layout["size"], None))
            for field, offset, size in numbered(layout["fields"]):
                line, member = target.member(field, variant)
                used_lines.add(line)
                if member == "-":
                    rows.append((line, "sizeof(%s)" % struct, "0"))
                else:
                    start, width = place(struct, member)
                    rows.append((line, "%s - %s" % (start, base), width))
                wanted.append((variant, structure, field, offset, size, member))

    for structure, target in targets.items():
        if structure not in seen:
            problems.append("%s:%d: %s is not in the JSON" % (map_path, target.where, structure))
        for line, field, _, _ in target.lines:
            if line not in used_lines:
                problems.append("%s:%d: %s has no field %s in that variant"
                                % (map_path, line, structure, field))

    try:
        values = compile_and_run(cc, include, rows, map_path) if rows else []
    except Mismatch as mismatch:
        raise Mismatch(problems + mismatch.args[0]) from None
    for (variant, structure, field, offset, size, member), (got, width) in zip(wanted, values):
        where = "%s %s.%s" % (variant, structure, field)
        entry = exception(structure, field, variant)
        if member == "-":
            # Our structure ends before or within the field: both sides only count padding there.
            difference = "beyond" if offset + size > got else "absent"
        else:
            parts = []
            if got != offset:
                parts.append("offset %+d" % (got - offset))
            if width != size:
                parts.append("size %+d" % (width - size))
            difference = ", ".join(parts)
        if not difference:
            continue
        if entry is None:
            problems.append("%s: expected %#x+%#x, got %#x+%#x (%s: %s)"
                            % (where, offset, size, got, width, member or "size", difference))
        elif entry.difference != difference:
            problems.append("%s: the exception of line %d says '%s', got '%s'"
                            % (where, entry.number, entry.difference, difference))
            entry.used.add(variant)
        else:
            entry.used.add(variant)

    for entry in exceptions:
        for variant in entry.variants:
            if variant not in entry.used:
                problems.append("%s:%d: exception no longer needed: %s %s in %s" % (
                    exceptions_path, entry.number, entry.structure, entry.field, variant))
    if problems:
        raise Mismatch(problems)
    return len(wanted), len({(v, s) for v, s, *_ in wanted}), sum(len(e.used) for e in exceptions)


def self_test(cc, include, json_path, map_path, exceptions_path):
    """Damages a copy of each input in turn: each damage must be found, and be called by name."""
    with open(json_path) as f:
        layouts = json.load(f)
    with open(map_path) as f:
        mapping = f.read()
    with open(exceptions_path) as f:
        excepted = f.read()

    def changed(edit):
        copy = json.loads(json.dumps(layouts))
        edit(copy["G13-V13_5"])
        return json.dumps(copy), mapping, excepted

    def moved(structures):
        structures["cmdqueue.WorkCommandTA"]["fields"][3][1] += 4

    def widened(structures):
        structures["channels.KTraceMsg"]["fields"][1][2] = 4

    def grown(structures):
        structures["microsequence.StartTACmd"]["size"] += 8

    def added(structures):
        structures["initdata.InitData"]["fields"].append(["new_field", 0, 4])

    def new(structures):
        structures["cmdqueue.NewThing"] = {"size": 4, "fields": []}

    def removed(structures):
        structures["cmdqueue.WorkCommandTA"]["fields"].pop(4)

    data = json.dumps(layouts)
    stale = "channels.KTraceMsg | code | all | offset +4 | no reason | no source\n"
    cases = [
        ("a moved field", changed(moved), "WorkCommandTA.unk_8: expected"),
        ("a wider field", changed(widened), "KTraceMsg.timestamp: expected"),
        ("a larger structure", changed(grown), "StartTACmd.(size): expected"),
        ("a field that is missing", changed(added), "new_field"),
        ("a structure that is missing", changed(new), "NewThing: neither"),
        ("a member that does not exist",
         (data, mapping.replace("\tev_3d fragment_stamp_slot", "\tev_3d no_such_member"), excepted),
         "no_such_member"),
        ("a line of the map that nothing uses",
         (data, mapping.replace("\tev_3d ", "\tev_4d tag\n\tev_3d "), excepted), "no field ev_4d"),
        ("a stale exception", (data, mapping, excepted + stale), "no longer needed"),
        ("an exception with another difference",
         (data, mapping, excepted.replace("| size +2 |", "| size +3 |")), "says 'size +3'"),
        ("a lost exception", (data, mapping, re.sub(r"(?m)^channels\.FlagMsg.*\n", "", excepted)),
         "FlagMsg.(size): expected"),
    ]
    bad = 0
    for name, inputs, expected in cases:
        if inputs == (data, mapping, excepted):
            print("%s: the damage changed nothing" % name)
            bad += 1
            continue
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for number, text in enumerate(inputs):
                paths.append(os.path.join(folder, "input%d" % number))
                with open(paths[-1], "w") as f:
                    f.write(text)
            try:
                check(cc, include, *paths)
                print("%s: NOT found" % name)
                bad += 1
            except Mismatch as mismatch:
                if any(expected in problem for problem in mismatch.args[0]):
                    print("%s: found" % name)
                else:
                    print("%s: found, but not as '%s': %s" % (name, expected, mismatch.args[0][:3]))
                    bad += 1
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cc", required=True, help="compiler command")
    parser.add_argument("--include", required=True, help="folder of the headers")
    parser.add_argument("--json", default=os.path.join(HERE, "fw-layouts.json"))
    parser.add_argument("--map", default=os.path.join(HERE, "layouts.map"))
    parser.add_argument("--exceptions", default=os.path.join(HERE, "exceptions.txt"))
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()

    inputs = (shlex.split(args.cc), args.include, args.json, args.map, args.exceptions)
    try:
        if args.self_test:
            return self_test(*inputs)
        facts, structures, excepted = check(*inputs)
    except Mismatch as mismatch:
        for problem in mismatch.args[0]:
            print(problem)
        print("%d problems" % len(mismatch.args[0]))
        return 1
    except (Failure, OSError, ValueError, KeyError, subprocess.CalledProcessError) as failure:
        print("check-layouts.py: %s" % failure, file=sys.stderr)
        return 2
    print("%d facts of %d structures agree, %d by exception" % (facts, structures, excepted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
