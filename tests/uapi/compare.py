#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares uapi/asahi_drm.h with another copy of the header, in both directions.

Compared are the sets of structures, members, enumerations, enumerators and macros, the order of
members, their types, offsets and sizes, and the value of each enumerator and macro. Which of
them exist is parsed from the preprocessed text of each header on its own; what they are worth is
asked of the compiler.

  compare.py --cc 'cc' --ours uapi/asahi_drm.h [--include DIR]... [--cflag F]...

Other copies: DIR/drm/asahi_drm.h and DIR/libdrm/asahi_drm.h for each --include, for each folder
in AGX_UAPI_INCLUDE (separated by ':'; see fetch-header), and for the compiler's own include
folders. Exit status: 0 the same, 1 different, 2 usage or environment, 77 nothing to compare with.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile

HEADER = "asahi_drm.h"


class Failure(Exception):
    """The environment is not as needed (exit 2)."""


def run(command, **kwargs):
    result = subprocess.run(command, capture_output=True, text=True, **kwargs)
    if result.returncode != 0:
        raise Failure("%s: exit %d\n%s" % (" ".join(command), result.returncode, result.stderr))
    return result.stdout


def own_text(cc, flags, path):
    """The preprocessed lines and the macros that come from the file itself."""
    output = run(cc + flags + ["-E", "-dD", "-x", "c", path])
    text, macros, inside = [], {}, False
    for line in output.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            inside = os.path.realpath(marker.group(1)) == os.path.realpath(path)
            continue
        if not inside:
            continue
        define = re.match(r"#define (\w+)(\(([^)]*)\))?\s*(.*)", line)
        if define:
            name, call, params, body = define.groups()
            macros[name] = (re.split(r"\s*,\s*", params) if call else None, body.strip())
        elif not line.startswith("#"):
            text.append(line)
    return "\n".join(text), macros


class Header:
    """What a header declares, by its text."""

    def __init__(self, cc, flags, path):
        self.path = path
        text, self.macros = own_text(cc, flags, path)
        self.structs, self.enums = {}, {}
        declaration = r"\b(struct|union|enum)\s+(\w+)?\s*\{([^{}]*)\}\s*([^;]*);"
        rest = re.sub(declaration, self._declare, text)
        rest = re.sub(r'extern\s+"C"', "", rest)
        if rest.strip():
            raise Failure("%s: cannot parse: %s" % (path, rest.strip()[:200]))

    def _declare(self, match):
        kind, name, body, tail = match.groups()
        if tail.strip():
            raise Failure("%s: cannot parse what follows %s %s" % (self.path, kind, name))
        if kind == "enum":
            names = [re.match(r"\s*(\w+)", part).group(1) for part in self._split(body)]
            self.enums.setdefault(name or "(unnamed)", []).extend(names)
        else:
            members = []
            for part in body.split(";"):
                if not part.strip():
                    continue
                member = re.match(r"\s*(.*?)\s*(\w+)\s*((?:\[[^\]]*\])*)\s*$", part, re.S)
                if not member or not member.group(1):
                    raise Failure("%s: cannot parse member of %s: %s" % (self.path, name, part))
                members.append((member.group(2), " ".join(member.group(1).split())))
            self.structs["%s %s" % (kind, name)] = members
        return ""

    @staticmethod
    def _split(body):
        parts, depth, current = [], 0, ""
        for char in body:
            depth += (char in "([") - (char in ")]")
            if char == "," and not depth:
                parts.append(current)
                current = ""
            else:
                current += char
        return [part for part in parts + [current] if part.strip()]


def facts(cc, flags, header):
    """A dictionary from a description to a value, and the list in the order of declaration."""
    known = {}
    lines = []

    def ask(key, expression):
        lines.append('\tprintf("%%lld\\t%%s\\n", (long long)(%s), "%s");' % (expression, key))

    for struct, members in header.structs.items():
        known["members of " + struct] = " ".join(name for name, _ in members)
        ask("size of " + struct, "sizeof(%s)" % struct)
        ask("alignment of " + struct, "_Alignof(%s)" % struct)
        for name, kind in members:
            where = "%s::%s" % (struct, name)
            known["type of " + where] = kind
            ask("offset of " + where, "offsetof(%s, %s)" % (struct, name))
            ask("size of " + where, "sizeof(((%s *)0)->%s)" % (struct, name))
    for enum, names in header.enums.items():
        known["enumerators of " + enum] = " ".join(names)
        for name in names:
            ask("value of " + name, name)
            ask("type size of " + name, "sizeof(%s)" % name)
    for name, (params, body) in header.macros.items():
        if params is not None:
            # Spelling of parameters and white space are free, the rest is not.
            for index, param in enumerate(params):
                body = re.sub(r"\b%s\b" % re.escape(param), "$%d" % index, body)
            known["macro " + name] = "(%d) %s" % (len(params), re.sub(r"\s+", "", body))
        elif body:
            ask("value of " + name, name)
            ask("type size of " + name, "sizeof(%s)" % name)
        else:
            known["macro " + name] = "(empty)"

    source = "#include <stddef.h>\n#include <stdio.h>\n"
    source += '#include "%s"\nint main(void)\n{\n%s\n}\n' % (
        os.path.realpath(header.path),
        "\n".join(lines),
    )
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "facts")
        with open(program + ".c", "w") as f:
            f.write(source)
        run(cc + flags + ["-o", program, program + ".c"])
        for line in run([program]).splitlines():
            value, key = line.split("\t", 1)
            known[key] = value
    return known


def candidates(cc, flags, folders):
    """Other copies of the header, each with the include flags that it is to be compiled with."""
    found = {}
    probe = subprocess.run(
        cc + flags + ["-E", "-Wp,-v", "-x", "c", os.devnull], capture_output=True, text=True
    )
    system = [line.strip() for line in probe.stderr.splitlines() if line.startswith(" /")]
    for folder in folders + system:
        for sub in ("drm", "libdrm"):
            path = os.path.join(folder, sub, HEADER)
            if os.path.isfile(path):
                own = ["-I" + folder] if folder in folders else []
                found.setdefault(os.path.realpath(path), own)
    return found


def compare(ours, theirs, path):
    differences = []
    for key in sorted(set(ours) | set(theirs)):
        if ours.get(key) != theirs.get(key):
            differences.append(
                "%s: %s, ours has %s" % (key, theirs.get(key, "absent"), ours.get(key, "none"))
            )
    for line in differences:
        print("%s: %s" % (path, line))
    print("%s: %d facts, %d differences" % (path, len(set(ours) | set(theirs)), len(differences)))
    return not differences


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cc", required=True, help="compiler command")
    parser.add_argument("--ours", required=True, help="our header")
    parser.add_argument("--include", action="append", default=[], help="folder of a drm/" + HEADER)
    parser.add_argument("--cflag", action="append", default=[], help="compiler flag (finds drm.h)")
    args = parser.parse_args()

    cc = shlex.split(args.cc)
    folders = args.include + [f for f in os.environ.get("AGX_UAPI_INCLUDE", "").split(":") if f]
    for folder in folders:
        if not os.path.isfile(os.path.join(folder, "drm", HEADER)):
            raise Failure("%s: no drm/%s in this folder" % (folder, HEADER))
    copies = candidates(cc, args.cflag, folders)
    copies.pop(os.path.realpath(args.ours), None)
    if not copies:
        print("no drm/%s is installed (Linux 6.16 headers have it) and AGX_UAPI_INCLUDE names none;"
              " tests/uapi/fetch-header can fetch one" % HEADER)
        return 77

    ours = facts(cc, args.cflag, Header(cc, args.cflag, args.ours))
    good = True
    for path, own in copies.items():
        flags = own + args.cflag
        good &= compare(ours, facts(cc, flags, Header(cc, flags, path)), path)
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print("compare.py: %s" % failure, file=sys.stderr)
        sys.exit(2)
