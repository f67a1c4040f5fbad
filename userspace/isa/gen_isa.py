#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes C tables and the reference pages from agx2.isa.

usage: gen_isa.py TABLE --ops FILE --rows FILE --decode FILE --text FILE --doc FILE --guide FILE

--ops     agx_isa_ops.h: opcodes, roles, modifiers and their values
--rows    the rows as data (see isa_table.h)
--decode  dispatch tables and field extraction as code, for decode.c
--text    texts in the form that print.c copies
--doc     docs/isa.md
--guide   docs/libagx/instructions.md

The table is checked while it is read: overlapping bits, values that do not fit, unknown words and
opcodes that can never match are errors that name the line.
"""

import argparse
import sys

sys.dont_write_bytecode = True  # the source tree may be read-only

# pylint: disable=wrong-import-position
from isa_doc import emit_doc
from isa_emit import emit_decode, emit_ops, emit_rows, emit_text
from isa_guide import emit_guide
from isa_parse import TableError, read_table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table")
    for name in ("ops", "rows", "decode", "text", "doc", "guide"):
        parser.add_argument("--" + name)
    args = parser.parse_args()

    try:
        table = read_table(args.table)
    except TableError as error:
        print(error, file=sys.stderr)
        return 1

    emitters = {
        "ops": emit_ops,
        "rows": emit_rows,
        "decode": emit_decode,
        "text": emit_text,
        "doc": emit_doc,
        "guide": emit_guide,
    }
    for name, emit in emitters.items():
        path = getattr(args, name)
        if path:
            text = emit(table)
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
