#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The table's reader refuses what makes no sense, and docs/cmdstream.md is what it makes.

  test_table.py USERSPACE_CMDSTREAM docs/cmdstream.md
"""

import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])

import cs_docs  # pylint: disable=wrong-import-position
from cs_table import TableError, Table  # pylint: disable=wrong-import-position

GOOD = """source mesa Mesa, some file
section Things
enum kind
	doc Kinds.
	from mesa
	0 one
	1 two
struct thing 8 Thing
	doc A thing.
	from mesa
	0..7   tag kind is two | Tag.
	8..15  low uint+1      | Number.
	32..63,16..23 where address align 4 to vdm | Place.
	24     flag bool       | Flag.
	25..28 left hex if flag | Left.
	25..26 right hex if !flag | Right.
block thing thing Thing
	doc A thing.
	from mesa
	with thing as other if flag
	pad 8 if !flag
	flow call to where if flag
	flow link
stream things Things
	doc Things.
	from mesa
	tag 0..7
	granule 1
	0x01 thing
"""

# What is replaced, by what, and a piece of the complaint.
BAD = [
    ("\t8..15  low", "\t6..15  low", "overlap"),
    ("25..26 right hex if !flag", "25..26 right hex", "overlap"),
    ("25..26 right hex if !flag", "25..26 right hex if flag", "overlap"),
    ("32..63,16..23", "40..71,16..23", "outside"),
    ("\t24     flag", "\t24..25 flag", "width"),
    ("hex if flag", "hex if flags", "no condition"),
    ("kind is two", "kind is three", "neither a number"),
    ("kind is two", "kindly is two", "no type"),
    ("is two | Tag.", "is two", "what is it"),
    ("is two | Tag.", "is one | Tag.", "tag"),
    ("low uint+1", "low uint+1 preset 0", "cannot be encoded"),
    ("low uint+1", "low uint+1 tall", "value"),
    ("low uint+1", "where uint+1", "twice"),
    ("low uint+1", "Low uint+1", "no name"),
    ("\t1 two", "\t0 two", "order"),
    ("\t1 two", "\t1 one", "twice"),
    ("\t1 two", "\t256 two", "too large"),
    ("0..7   tag kind is two", "0      tag kind is one", "tag"),
    ("doc A thing.\n\tfrom mesa\n\t0..7", "from mesa\n\t0..7", "what it is"),
    ("from mesa\n\t0 one", "from nowhere\n\t0 one", "no source"),
    ("to vdm", "to heaven", "no target"),
    (" to vdm", "", "addresses"),
    ("struct thing 8", "struct thing 80", "too large"),
    ("as other if flag", "as other when flag", "no attribute"),
    ("with thing as other", "with nothing as other", "no structure"),
    ("\tflow link", "\tflow away", "no flow"),
    ("\t0x01 thing", "\t0x02 thing", "tag"),
    ("\t0x01 thing", "\t0x01 nothing", "impossible"),
    ("section Things\n", "", "no section"),
    ("stream things", "river things", "no definition"),
    ("\t8..15  low", "\t15..8  low", "lowest"),
    ("32..63,16..23", "32..63,16..17,18..23", "two runs"),
]


def read(text):
    with tempfile.NamedTemporaryFile("w", suffix=".cs", delete=False) as file:
        file.write(text)
    try:
        return Table(file.name)
    finally:
        os.unlink(file.name)


def check_reader():
    failures = 0
    table = read(GOOD)
    thing = table.structs["thing"]
    assert thing.fixed() == (0xff, 0x01)
    assert thing.find("low").decode(4) == 5 and thing.find("low").encode(0) is None
    assert table.blocks["thing"].otherwise == "link" and table.blocks["thing"].flow == "call"
    for old, new, complaint in BAD:
        assert GOOD.count(old) >= 1, old
        try:
            read(GOOD.replace(old, new, 1))
        except TableError as error:
            if complaint not in str(error):
                print("%r: %s" % (new, error))
                failures += 1
        else:
            print("%r is taken" % new)
            failures += 1
    return failures


def check_docs():
    table = Table(os.path.join(sys.argv[1], "agx.cs"))
    with open(sys.argv[2], encoding="utf-8") as file:
        if file.read() == cs_docs.generate(table):
            return 0
    print("docs/cmdstream.md is not what agx.cs says: gen_cmdstream.py makes it")
    return 1


sys.exit(1 if check_reader() + check_docs() else 0)
