#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Makes the table of members (fields.h) from the headers.

  gen_fields.py OUTPUT HEADER...

Reads the structure definitions of the headers, once for each variant, and writes C that asks the
compiler for offsets and sizes: a member is described in one place only, its definition. Understands
what the headers use and stops with file and line at anything else.
"""

import os
import re
import sys

# Conditions of instantiate.h for each variant, in the order of enum agx_fw_variant.
VARIANTS = {
    "g13_v12_3": {"AGX_FW_G13": 1, "AGX_FW_G14": 0, "AGX_FW_G14X": 0, "AGX_FW_V13": 0},
    "g14_v12_4": {"AGX_FW_G13": 0, "AGX_FW_G14": 1, "AGX_FW_G14X": 0, "AGX_FW_V13": 0},
    "g13_v13_5": {"AGX_FW_G13": 1, "AGX_FW_G14": 0, "AGX_FW_G14X": 0, "AGX_FW_V13": 1},
    "g14_v13_5": {"AGX_FW_G13": 0, "AGX_FW_G14": 1, "AGX_FW_G14X": 0, "AGX_FW_V13": 1},
    "g14x_v13_5": {"AGX_FW_G13": 0, "AGX_FW_G14": 0, "AGX_FW_G14X": 1, "AGX_FW_V13": 1},
}

KINDS = {
    "fw_va": "FW_VA",
    "gpu_va": "GPU_VA",
    "fw_pa": "PA",
    "fw_f32": "F32",
    "char": "CHAR",
    "agx_tvb_page": "UINT",
}
for bits in (8, 16, 32, 64):
    KINDS["fw_u%d" % bits] = KINDS["uint%d_t" % bits] = "UINT"
    KINDS["fw_i%d" % bits] = KINDS["int%d_t" % bits] = "INT"

MEMBER = re.compile(
    r"(?P<type>struct (?:agx_\w+|AGX_FW\(\w+\))|\w+) (?P<name>\w+)(?P<dims>(?:\[[^\]]*\])*);$"
)


NAME_SIZE = 40  # AGX_FW_NAME_SIZE of fields.h


class Unreadable(Exception):
    """A line that the headers' conventions do not allow."""


class Group:
    """A structure or union while it is read."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name
        self.members = []  # (name, type or Group)


def lines_of(path):
    """Numbered lines without comments, an unfinished declaration joined with what follows."""
    with open(path) as f:
        text = f.read()
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    held, macro = "", False
    for number, line in enumerate(text.split("\n"), 1):
        line = " ".join(line.split())
        if macro or line.startswith("#define"):
            macro = line.endswith("\\")
            continue
        if not line:
            continue
        line = (held + " " + line).strip()
        held = ""
        if line.startswith("#") or line[-1] in ";{},":
            yield number, line
        else:
            held = line


def read(path, conditions):
    """Structures of a header for one variant, in order: (name as written, Group)."""
    active = [True]
    stack, found = [], []
    for number, line in lines_of(path):
        directive = re.match(r"# ?(if|ifdef|ifndef|else|endif)\b(.*)", line)
        if directive:
            word, rest = directive.groups()
            if word == "endif":
                active.pop()
            elif word == "else":
                active.append(not active.pop() and all(active))
            elif word in ("ifdef", "ifndef"):
                # Guards and the two parts of a header: everything is wanted. In a Linux module the
                # types come from elsewhere, their definitions are not structures.
                active.append(all(active))
            else:
                rest = re.sub(r"[A-Z]\w+", lambda m: str(conditions[m.group()]), rest)
                rest = rest.replace("&&", " and ").replace("||", " or ")
                value = bool(eval(re.sub(r"!(?!=)", " not ", rest), {"__builtins__": {}}))
                active.append(value and all(active))
            continue
        if not all(active) or line.startswith("#"):
            continue
        opening = re.match(r"(struct|union)(?: (agx_\w+|AGX_FW\(\w+\)))? \{$", line)
        if opening and (stack or opening.group(2)):
            stack.append(Group(opening.group(1), opening.group(2)))
            continue
        if not stack:
            continue
        closing = re.match(r"\}(?: __packed)?(?: (\w+))?;$", line)
        if closing:
            group = stack.pop()
            if stack:
                stack[-1].members.append((closing.group(1), group))
            else:
                found.append((group.name, group))
            continue
        member = MEMBER.match(line)
        if not member:
            raise Unreadable("%s:%d: cannot understand: %s" % (path, number, line))
        stack[-1].members.append((member.group("name"), member.group("type")))
    if stack or len(active) != 1:
        raise Unreadable("%s: ends in the middle of a definition" % path)
    return found


class Table:
    """The C text."""

    def __init__(self):
        self.text = []
        self.symbols = {}  # C structure name to its symbol
        self.numbers = {}  # symbol to its place in agx_fw_all_layouts, from 1

    def add(self, variant, written, group):
        """Writes a structure's members; the name of its struct agx_fw_layout."""
        name = re.sub(r"AGX_FW\((\w+)\)", r"agx_%s_\1" % variant, written)
        if name not in self.symbols:
            short = re.sub(r"^AGX_FW\((\w+)\)$|^agx_(\w+)$", r"\1\2", written)
            self.symbols[name] = self._emit(variant, "struct " + name, name, short, "", group)
        return self.symbols[name]

    @staticmethod
    def _check_name(name):
        if len(name) >= NAME_SIZE:
            raise Unreadable("%s: longer than AGX_FW_NAME_SIZE, %d" % (name, NAME_SIZE))

    def _emit(self, variant, struct, symbol, short, path, group):
        rows, nested = [], []
        self._rows(variant, struct, symbol, path, group, group.kind == "union", rows, nested)
        self.text += ["", "static const struct agx_fw_member %s_members[] = {" % symbol]
        self.text += rows + ["};", ""]
        self._check_name(short)
        size = "sizeof(%s)" % struct
        if path:
            size = "sizeof(((%s *)0)->%s)" % (struct, path)
        self.text += [
            "static const struct agx_fw_layout %s_layout = {" % symbol,
            '\t"%s", %s, sizeof(%s_members) / sizeof(%s_members[0]), %s_members' % (
                short, size, symbol, symbol, symbol),
            "};",
        ]
        self.numbers[symbol + "_layout"] = len(self.numbers) + 1
        return symbol + "_layout"

    def _rows(self, variant, struct, symbol, path, group, alternative, rows, nested):
        for name, kind in group.members:
            if isinstance(kind, Group) and not name:
                # Members of an anonymous union or structure are members of what is around it.
                self._rows(variant, struct, symbol, path, kind,
                           alternative or kind.kind == "union", rows, nested)
                continue
            full = path + "." + name if path else name
            base = ("offsetof(%s, %s)" % (struct, path)) if path else "0"
            whole = "sizeof(((%s *)0)->%s)" % (struct, full)
            layout = None
            if isinstance(kind, Group):
                layout = self._emit(variant, struct, "%s_%s" % (symbol, name), name, full, kind)
                element, what = whole, "STRUCT"
            elif kind.startswith("struct "):
                target = re.sub(r"AGX_FW\((\w+)\)", r"agx_%s_\1" % variant, kind[7:])
                if target not in self.symbols:
                    raise Unreadable("%s comes before the structure %s" % (full, target))
                layout, element, what = self.symbols[target], "sizeof(struct %s)" % target, "STRUCT"
            elif kind in KINDS:
                element, what = "sizeof(%s)" % kind, KINDS[kind]
            else:
                raise Unreadable("%s.%s: unknown type %s" % (struct, full, kind))
            self._check_name(name)
            rows.append('\t{ "%s", offsetof(%s, %s) - %s, %s, %s / (%s), AGX_FW_%s, %d, %d },' % (
                name, struct, full, base, element, whole, element, what, alternative,
                self.numbers.get(layout, 0)))


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: gen_fields.py OUTPUT HEADER...")
    output, headers = sys.argv[1], sys.argv[2:]
    table = Table()
    lists = {}
    for variant, conditions in VARIANTS.items():
        lists[variant] = []
        for header in headers:
            for written, group in read(header, conditions):
                lists[variant].append(table.add(variant, written, group))
    text = ["/* SPDX-License-Identifier: GPL-2.0-only OR MIT */",
            "/* Made by gen_fields.py from the headers. */", "", '#include "fields.h"',
            '#include "variants.h"']
    text += table.text
    text += ["", "const struct agx_fw_layout *const agx_fw_all_layouts[] = {", "\tNULL,"]
    text += ["\t&%s," % symbol for symbol in table.numbers] + ["};"]
    for variant, symbols in lists.items():
        text += ["", "static const struct agx_fw_layout *const %s_list[] = {" % variant]
        text += ["\t&%s," % symbol for symbol in symbols] + ["\tNULL,", "};"]
    text += ["", "const struct agx_fw_layout *const *const agx_fw_layouts[AGX_FW_VARIANT_COUNT] = {"]
    text += ["\t[AGX_FW_VARIANT_%s] = %s_list," % (v.upper(), v) for v in lists] + ["};", ""]
    with open(output, "w") as f:
        f.write("\n".join(text))


if __name__ == "__main__":
    try:
        main()
    except (Unreadable, KeyError, OSError) as problem:
        sys.exit("%s: %s" % (os.path.basename(sys.argv[0]), problem))
