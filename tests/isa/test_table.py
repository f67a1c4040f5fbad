#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The generator of the instruction set: it refuses broken tables, and docs/isa.md is current.

usage: test_table.py GEN_ISA.PY AGX2.ISA ISA.MD
"""

import os
import subprocess
import sys
import tempfile
import unittest

GENERATOR, TABLE, PAGE = sys.argv[1:4]


def generate(text):
    """Runs the generator over a table; gives status, messages and the page."""
    with tempfile.TemporaryDirectory() as folder:
        table, page = os.path.join(folder, "t.isa"), os.path.join(folder, "page")
        with open(table, "w", encoding="utf-8") as out:
            out.write(text)
        run = subprocess.run([sys.executable, GENERATOR, table, "--doc", page],
                             capture_output=True, text=True, check=False)
        content = ""
        if os.path.exists(page):
            with open(page, encoding="utf-8") as source:
                content = source.read()
        return run.returncode, run.stderr, content


with open(TABLE, encoding="utf-8") as source:
    GOOD = source.read()


class Page(unittest.TestCase):
    def test_is_current(self):
        status, errors, page = generate(GOOD)
        self.assertEqual((status, errors), (0, ""))
        with open(PAGE, encoding="utf-8") as committed:
            self.assertTrue(committed.read() == page,
                            f"{PAGE} is not what the table says: copy isa.md of the build folder")


class BrokenTables(unittest.TestCase):
    def refuse(self, old, new, message):
        """One change to the table has to be refused with a message that names its line."""
        self.assertIn(old, GOOD)
        start = GOOD.index(old)
        text = GOOD[:start] + new + GOOD[start + len(old):]
        status, errors, _ = generate(text)
        self.assertEqual(status, 1, "accepted")
        self.assertIn(message, errors)
        self.assertRegex(errors, r":\d+: ")

    def test_unknown_word(self):
        self.refuse("\tapplegpu get_sr\n", "\tapplegpus get_sr\n", "unexpected word: applegpus")

    def test_unknown_encoding(self):
        self.refuse("dest D dalu 7:14,28:29", "dest D dallu 7:14,28:29", "unknown encoding: dallu")

    def test_unknown_modifier(self):
        self.refuse("mod round 26:27", "mod rounds 26:27", "expected a known modifier")

    def test_unknown_class(self):
        self.refuse("\tclass move\n", "\tclass moves\n", "unknown class: moves")

    def test_unknown_property(self):
        self.refuse("\tis end\n", "\tis ended\n", "unknown property: ended")

    def test_opcode_twice(self):
        self.refuse("op ldimm32 --", "op ldimm16 --", "ldimm16 twice")

    def test_ranges_overlap(self):
        self.refuse("28:37,40:41 as src", "28:37,37:41 as src", "ranges overlap")

    def test_value_too_large(self):
        self.refuse("match 0:6=0x62 8=0", "match 0:6=0x82 8=0", "value does not fit")

    def test_beyond_the_end(self):
        self.refuse("dest D dalu 7:14,28:29", "dest D dalu 7:14,32:33", "lies beyond the end")

    def test_bit_lost_by_an_operand(self):
        self.refuse("uniform value 0:5,10:11,6 size32 @7 when 8:9=0b01",
                    "uniform value 0:5,10:11,6 size 32 when 8:9=0b01", "loses bits")

    def test_same_match_again(self):
        self.refuse("match 0:7=0xf5 8:9=2 10:11=2 12:15=10", "match 0:7=0xf5 8:9=2 10:11=1 12:15=9",
                    "hidden by memory_barrier")

    def test_match_on_the_length_bit(self):
        self.refuse("match 0:5=0x3a\n", "match 0:5=0x3a 15=0\n", "match on the length bit")

    def test_no_description(self):
        self.refuse("op ldimm16 -- D = the number, zero-extended.", "op ldimm16", "no description")

    def test_indentation(self):
        self.refuse("\tlength 4 6\n\tmatch 0:6=0x62", "\tlength 4 6\n\t\t\tmatch 0:6=0x62",
                    "indented too far")

    def test_odd_length(self):
        self.refuse("\tlength 4 6\n", "\tlength 4 7\n", "bad length")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
