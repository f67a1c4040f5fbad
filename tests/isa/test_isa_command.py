#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx disasm and agx asm: options, exit status, messages, and that one undoes the other.

usage: test_isa_command.py AGX CASES
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

AGX, CASES = sys.argv[1:3]
with open(CASES, encoding="utf-8") as cases:
    LINES = [line.split(None, 1) for line in cases if line.strip() and line[0] != "#"]
CODE = bytes.fromhex("".join(line[0] for line in LINES))

# if r0l, 0, 1, ieq; mov r0, 1; pop_exec 1; stop; trap; then something else
PROGRAM = bytes.fromhex("520840000000" "7e0510088000" "520e00000000" "8800" "0800")


def run(*args, data=b""):
    return subprocess.run([AGX, *args], input=data, capture_output=True)


class Disasm(unittest.TestCase):
    def test_listing(self):
        out = run("disasm", "-", data=PROGRAM)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertEqual(out.stdout.decode().splitlines(), [
            "0000:  if       r0l, 0, 1, ieq",
            "0006:    mov      r1, 16",
            "000c:  pop_exec 1",
            "0012:  stop",
            "0014:  trap"])
        self.assertEqual(out.stderr, b"")

    def test_columns(self):
        out = run("disasm", "-", "--raw-bytes", "--base=0x1100000000", "--length=6", data=PROGRAM)
        self.assertEqual(out.stdout, b"1100000000:  520840000000             |  if       r0l, 0, 1, ieq\n")
        out = run("disasm", "-", "--no-addresses", "--offset=18", data=PROGRAM)
        self.assertEqual(out.stdout, b"\tstop\n\ttrap\n")

    def test_applegpu(self):
        out = run("disasm", "-", "--syntax=applegpu", data=PROGRAM)
        self.assertEqual(out.stdout.decode().splitlines()[0],
                         "0000:  if_icmp          r0l, ueq, r0l, 0, 1")

    def test_end_of_program(self):
        out = run("disasm", "-", data=PROGRAM + PROGRAM)
        self.assertEqual(len(out.stdout.splitlines()), 5)
        self.assertIn(b"22 bytes follow", out.stderr)
        out = run("disasm", "-", "--all", data=PROGRAM + PROGRAM)
        self.assertEqual(len(out.stdout.splitlines()), 10)
        self.assertEqual(out.stderr, b"")
        # Zeros are what memory that nobody wrote holds.
        out = run("disasm", "-", data=PROGRAM + bytes(100))
        self.assertEqual(out.stderr, b"")

    def test_unknown(self):
        data = b"\xff\xff" + PROGRAM
        out = run("disasm", "-", data=data)
        self.assertEqual(out.returncode, 0)
        self.assertIn(b"unknown encodings: 1", out.stderr)
        self.assertIn(b".u16 0xffff", out.stdout)
        self.assertEqual(run("disasm", "-", "--strict", data=data).returncode, 1)
        self.assertEqual(run("disasm", "-", "--strict", data=PROGRAM).returncode, 0)
        out = run("disasm", "-", data=b"\xff" * 200)
        self.assertIn(b"no code from byte", out.stderr)

    def test_target(self):
        # TODO.sr_thing of applegpu is documented for G13 only.
        data = bytes.fromhex("72801000") + b"\x88\x00"
        self.assertEqual(run("disasm", "-", "--target=g13", data=data).stderr, b"")
        self.assertIn(b"not documented for g14: 1",
                      run("disasm", "-", "--target=g14", data=data).stderr)

    def test_stats(self):
        out = run("disasm", "-", "--stats", data=PROGRAM).stdout.decode()
        self.assertTrue(out.startswith("-: 4 inst, 20 bytes, 4 regs, 0 uniforms, 0 scratch, "
                                       "1024 threads, 0 loops, 0:0 spills:fills\n"), out)
        self.assertIn("mix: 1 move, 3 flow\n", out)

    def test_json(self):
        out = json.loads(run("disasm", "-", "--json", data=PROGRAM).stdout)
        self.assertEqual([i["op"] for i in out["instructions"]],
                         ["if_icmp", "mov", "pop_exec", "stop", "trap"])
        self.assertEqual(out["instructions"][1]["bytes"], "7e0510088000")
        self.assertEqual(out["instructions"][1]["operands"][0],
                         {"role": "d", "kind": "reg", "value": 2, "bits": 32, "halves": 2,
                          "dest": True})
        self.assertEqual(out["instructions"][0]["modifiers"], {})
        self.assertEqual(out["stats"]["instructions"], 4)
        self.assertEqual(out["stats"]["end"], "stop")

    def test_hex(self):
        out = run("disasm", "-", "--hex", "--all", "--no-addresses", "--no-pager",
                  data="".join(" ".join(line) for line in LINES).encode())
        texts = [line.strip() for line in out.stdout.decode().splitlines() if line[0] == "\t"]
        self.assertEqual([t.split(" !")[0] for t in texts if "jmp" not in t and "call" not in t],
                         [t.rstrip("\n") for _, t in LINES if "jmp" not in t and "call" not in t])
        out = run("disasm", "-", "--hex", data=b"# nothing\n52 08 40 00 00 00 if\n8800 stop")
        self.assertEqual(len(out.stdout.splitlines()), 2)
        out = run("disasm", "-", "--hex", data=b"8800\nhello\n")
        self.assertEqual(out.returncode, 3)
        self.assertIn(b"line 2", out.stderr)

    def test_colour(self):
        plain = run("disasm", "-", data=PROGRAM).stdout
        colour = run("disasm", "-", "--colour=always", data=PROGRAM).stdout
        self.assertIn(b"\x1b[", colour)
        self.assertNotIn(b"\x1b[", plain)

    def test_usage(self):
        for args in (["disasm"], ["disasm", "a", "b"], ["disasm", "-", "--syntax=intel"],
                     ["disasm", "-", "--target=g99"], ["disasm", "-", "--offset=x"],
                     ["disasm", "-", "--offset=-1"], ["disasm", "/no/such/file"],
                     ["disasm", "-", "--offset=1"]):
            out = run(*args)
            self.assertEqual(out.returncode, 2, args)
            self.assertTrue(out.stderr, args)

    def test_empty(self):
        out = run("disasm", "-")
        self.assertEqual((out.returncode, out.stdout), (0, b""))


class Asm(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = os.path.join(folder.name, "out")
        self.source = os.path.join(folder.name, "source")

    def test_undoes_disasm(self):
        for options in ([], ["--raw-bytes"], ["--no-addresses"], ["--base=0xfe00000000"]):
            text = run("disasm", "-", "--all", *options, data=CODE).stdout
            out = run("asm", "-", "-o", self.out, data=text)
            self.assertEqual(out.returncode, 0, out.stderr)
            with open(self.out, "rb") as f:
                self.assertEqual(f.read(), CODE)

    def test_outputs(self):
        out = run("asm", "-", "-o", "-", data=b"stop")
        self.assertEqual(out.stdout, b"\x88\x00")
        out = run("asm", "-", "-o", "-", "--hex", data=b"mov r1, 16\nstop")
        self.assertEqual(out.stdout, b"7e0510088000\n8800\n")
        out = run("asm", "-", "--listing", data=b"a: jmp_any a")
        self.assertEqual(out.stdout,
                         b"L0:\n0000:  00c000000000             |  jmp_any  L0\n")
        # What --hex writes, disasm --hex reads.
        text = run("asm", "-", "-o", "-", "--hex", data=b"mov r1, 16\nstop").stdout
        self.assertEqual(len(run("disasm", "-", "--hex", data=text).stdout.splitlines()), 2)

    def test_full_disk(self):
        out = run("asm", "-", "-o", "/dev/full", data=b"stop")
        self.assertEqual(out.returncode, 2)
        self.assertIn(b"No space left", out.stderr)
        self.assertTrue(os.path.exists("/dev/full"))

    def test_error(self):
        with open(self.source, "w", encoding="utf-8") as f:
            f.write("stop\n\tiadd r0, q1, 2\n")
        out = run("asm", self.source, "-o", self.out)
        self.assertEqual(out.returncode, 3)
        lines = out.stderr.decode().splitlines()
        self.assertEqual(lines[0], f"agx: {self.source}:2:11: expected a register, a uniform register "
                                   'or a number, found "q1" (it is written iadd D, A, B, '
                                   '[shift], [sat])')
        self.assertEqual(lines[1:], ["    \tiadd r0, q1, 2", "    \t         ^"])
        self.assertFalse(os.path.exists(self.out))

    def test_usage(self):
        for args in (["asm"], ["asm", "-"], ["asm", "-", "-o", "-", "--listing"],
                     ["asm", "/no/such/file", "-o", self.out],
                     ["asm", "-", "-o", "/no/such/folder/file"]):
            out = run(*args)
            self.assertEqual(out.returncode, 2, args)
            self.assertTrue(out.stderr, args)


unittest.main(argv=sys.argv[:1])
