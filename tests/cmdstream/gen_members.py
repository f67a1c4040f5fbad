#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Access to the generated C structures by structure and field number, for tests: cs_members.c.

  gen_members.py USERSPACE_CMDSTREAM OUTPUT

Values are those of agx_cs_get(): bits of floats, units of fixed-point numbers.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

from cs_table import Table  # pylint: disable=wrong-import-position


def get(field):
    member = "v->%s" % field.name
    if field.type == "float":
        return "agx_cs_bits_of_float(%s)" % member
    if field.type == "half":
        return "agx_cs_to_half(%s)" % member
    if field.type == "fixed":
        return "agx_cs_to_fixed(%s, %u)" % (member, 1 << field.fraction)
    if field.type == "int":
        return "(uint64_t)(int64_t)%s" % member
    return "(uint64_t)%s" % member


def put(field):
    if field.type == "float":
        return "agx_cs_float((uint32_t)value)"
    if field.type == "half":
        return "agx_cs_from_half((uint16_t)value)"
    if field.type == "fixed":
        return "(float)value / %u" % (1 << field.fraction)
    if field.enum:
        return "(enum agx_cs_%s)value" % field.enum.name
    if field.type == "int":
        return "(int32_t)value"
    return "value"


def main():
    table = Table(os.path.join(sys.argv[1], "agx.cs"))
    out = ["// SPDX-License-Identifier: MIT", '#include "cs_members.h"', ""]
    rows = []
    for struct in table.structs.values():
        name = "agx_cs_" + struct.name
        members = [(i, f) for i, f in enumerate(struct.fields) if not f.fixed]
        for kind, arguments in (("get", "const void *members, unsigned int field"),
                                ("put", "void *members, unsigned int field, uint64_t value")):
            const = "const " if kind == "get" else ""
            out += ["static %s %s_%s(%s)" % ("uint64_t" if kind == "get" else "void", kind,
                                             struct.name, arguments), "{"]
            if members:
                out += ["\t%sstruct %s *v = members;" % (const, name), ""]
            out += ["\tswitch (field) {"]
            for i, field in members:
                out += ["\tcase %u:" % i]
                if kind == "get":
                    out += ["\t\treturn %s;" % get(field)]
                else:
                    out += ["\t\tv->%s = %s;" % (field.name, put(field)), "\t\tbreak;"]
            out += ["\tdefault:", "\t\tbreak;", "\t}"]
            if kind == "get":
                out += ["\treturn 0;"]
            out += ["}", ""]
        for kind, arguments, call in (
                ("init", "void *members", "init(members)"),
                ("unpack", "void *members, const void *record", "unpack(members, record)"),
                ("pack", "void *record, const void *members", "pack(record, members)")):
            out += ["static void %s_%s(%s)" % (kind, struct.name, arguments), "{",
                    "\t%s_%s;" % (name, call), "}", ""]
        if members:
            out += ["static bool valid_%s(const void *members)" % struct.name, "{",
                    "\treturn %s_valid(members);" % name, "}", ""]
        rows.append("\t[AGX_CS_ID_%s] = {sizeof(struct %s), get_%s, put_%s, init_%s, unpack_%s, "
                    "pack_%s, %s}," % (struct.name.upper(), name, *[struct.name] * 5,
                                       "valid_" + struct.name if members else "NULL"))
    out += ["const struct cs_members cs_members[AGX_CS_IDS] = {", *rows, "};", ""]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out))


main()
