#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares every constant of firmware-interface/ with a list that is kept beside this script.

Both sides of the interface include the same headers, so that a number that changes by mistake
changes for the driver and for the model, and everything goes on between them. constants.txt holds
what the numbers were when they were last compared with their sources: each enumerator and each macro
that is a number with its value, and each table as the preprocessor makes it.

  check-constants.py --cc CC --include firmware-interface [--update]

Exit status: 0 good, 1 a difference, 2 usage or environment.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, "constants.txt")
# Describe the variant while the headers are being read.
INTERNAL = re.compile(r"AGX_FW(_PICK|_G1\w+|_V13|_INSTANTIATE|_SIZE|_AT)?$|AGX_SIZE$|AGX_AT$|__packed$|.*_H$")
HEAD = """\
# SPDX-License-Identifier: MIT
#
# Constants of firmware-interface/: header, name, value; of tables, what they contain. Made by
# check-constants.py --update; a change here is a change of what is said to the firmware.
"""


class Failure(Exception):
    pass


def run(command, text):
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def strip(text):
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    return re.sub(r"\\\n", " ", text)


def names(path):
    """(name, parameters or None) of macros, and names of enumerators, in order."""
    with open(path) as f:
        text = strip(f.read())
    macros = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?[ \t]+\S", text, re.M)
    enumerators = []
    for body in re.findall(r"\benum\s+\w*\s*{([^}]*)}", re.sub(r"^[ \t]*#.*$", "", text, flags=re.M)):
        enumerators += [part.split("=")[0].strip() for part in body.split(",")]
    return ([(n, p or None) for n, p in macros if not INTERNAL.match(n)],
            [n for n in enumerators if re.match(r"\w+$", n)])


def values(cc, include, wanted):
    """Values of those of the names that are numbers."""
    headers = "".join(
        '#include "%s"\n' % n for n in ["variants.h"] + sorted(os.listdir(include))
        if n.endswith(".h") and n not in ("variant.h", "instantiate.h")
    )
    wanted = list(wanted)
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "a.out")
        while True:
            # One declaration a line, so that what is no number is an error of its own.
            text = headers + "#include <stdio.h>\n#line 1\n"
            text += "".join(
                "static const unsigned long long v%d = (unsigned long long)(%s);\n" % (i, n)
                for i, n in enumerate(wanted))
            text += "int main(void)\n{\n"
            text += "".join('\tprintf("%%llx\\n", v%d);\n' % i for i in range(len(wanted)))
            text += "\treturn 0;\n}\n"
            status, _, errors = run(
                [*cc, "-std=gnu11", "-w", "-fmax-errors=0", "-I", include, "-x", "c", "-", "-o", program],
                text)
            if not status:
                break
            bad = {int(n) for n in re.findall(r"<stdin>:(\d+):\d+: error", errors)}
            bad = {n - 1 for n in bad if n <= len(wanted)}
            if not bad:
                raise Failure("the headers do not compile:\n" + errors[:2000])
            wanted = [n for i, n in enumerate(wanted) if i not in bad]
        status, out, _ = run([program], "")
    return dict(zip(wanted, out.split()))


def table(cc, include, header, name, parameters):
    """What a macro that is no number stands for."""
    call = name + (parameters or "")
    status, out, errors = run(
        [*cc, "-std=gnu11", "-P", "-E", "-I", include, "-x", "c", "-"],
        '#include "variants.h"\n#include "%s"\n@begin %s\n' % (header, call))
    if status:
        raise Failure(errors[:2000])
    return " ".join(out.split("@begin", 1)[1].split())


def collect(cc, include):
    found = []
    for header in sorted(os.listdir(include)):
        if header.endswith(".h") and header not in ("variant.h", "instantiate.h"):
            macros, enumerators = names(os.path.join(include, header))
            if header.startswith(("g13", "g14")):
                continue
            found += [(header, n, p) for n, p in macros] + [(header, n, None) for n in enumerators]
    numbers = values(cc, include, [n for _, n, p in found if p is None])
    lines = []
    for header, name, parameters in found:
        if name in numbers:
            lines.append("%s %s 0x%s" % (header, name, numbers[name]))
        elif parameters:
            text = table(cc, include, header, name, parameters)
            # What is undefined again after its use stands for itself.
            if text != name + parameters:
                lines.append("%s %s%s %s" % (header, name, parameters, text))
        else:
            lines.append("%s %s %s" % (header, name, table(cc, include, header, name, None)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cc", required=True, help="compiler, with its arguments")
    parser.add_argument("--include", required=True, help="folder with the headers")
    parser.add_argument("--update", action="store_true", help="write the list anew")
    options = parser.parse_args()
    lines = collect(shlex.split(options.cc), os.path.abspath(options.include))
    if len(lines) < 300:
        raise Failure("only %d constants were found" % len(lines))
    if options.update:
        with open(LIST, "w") as f:
            f.write(HEAD + "\n".join(lines) + "\n")
        return 0
    with open(LIST) as f:
        kept = [line.rstrip("\n") for line in f if not line.startswith("#")]
    wrong = [(s, line) for s, a, b in (("-", kept, lines), ("+", lines, kept))
             for line in a if line not in set(b)]
    for sign, line in wrong:
        print("%s %s" % (sign, line))
    if wrong:
        print("check-constants.py: constants are not those of constants.txt: when that is meant,"
              " and compared with the sources, run it with --update", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, OSError) as e:
        print("check-constants.py: %s" % e, file=sys.stderr)
        sys.exit(2)
