#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/libagx/instructions.md: it is current, and everything that it shows is what it says.

usage: test_guide.py AGX GEN_ISA.PY AGX2.ISA INSTRUCTIONS.MD
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

AGX, GENERATOR, TABLE, PAGE = sys.argv[1:5]
with open(PAGE, encoding="utf-8") as source:
    TEXT = source.read()
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(GENERATOR))

# pylint: disable=wrong-import-position
from isa_guide import is_shown
from isa_parse import read_table


def assemble(text):
    run = subprocess.run([AGX, "asm", "-", "-o", "-"], input=text.encode(), capture_output=True,
                         check=False)
    if run.returncode:
        raise AssertionError(f"{text}\n{run.stderr.decode()}")
    return run.stdout


def opcodes(code):
    run = subprocess.run([AGX, "disasm", "--json", "--all", "-"], input=code, capture_output=True,
                         check=True)
    return [i["op"] for i in json.loads(run.stdout)["instructions"]]


class Guide(unittest.TestCase):
    def test_is_current(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "page")
            subprocess.run([sys.executable, GENERATOR, TABLE, "--guide", path], check=True)
            with open(path, encoding="utf-8") as made:
                self.assertTrue(made.read() == TEXT,
                                f"{PAGE} is not what the generator says: copy instructions.md of "
                                "the build folder")

    def test_each_example_is_its_instruction(self):
        rows = re.findall(r"^\| `(\w+)` \| .* \| `([^`]*)` \|$", TEXT, re.M)
        for mnemonic, example in rows:
            self.assertEqual(example.split()[0], mnemonic)
        found = opcodes(assemble("\n".join(example for _, example in rows)))
        shown = [op.name for op in read_table(TABLE).ops if is_shown(op)]
        self.assertGreater(len(shown), 100)
        self.assertEqual(sorted(found), sorted(shown))

    def test_programs(self):
        programs = re.findall(r"^```asm\n(.*?)^```$", TEXT, re.M | re.S)
        self.assertGreater(len(programs), 1)
        for program in programs:
            self.assertEqual(opcodes(assemble(program))[-1], "stop")

    def test_what_is_not_there(self):
        section = TEXT.split("## What is not there")[1].split("\n## ")[0]
        lines = [line for line in re.findall(r"`([^`]+)`", section) if " " in line]
        self.assertGreater(len(lines), 6)
        assemble("\n".join(lines))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
