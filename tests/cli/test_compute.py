#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx compute on virtual GPUs: what it runs, prints and checks, and what it refuses.

usage: test_compute.py AGX [--node]
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

SQUARE = """\
; agx compute: --buffer in=f32[64]:iota:0.5 --buffer out=f32[64]
; agx compute: --expect 'out=f32:0.25,2.25,6.25'
.threads 64
	mov	r0, thread_in_grid_x
	load	r1, du0, r0, i32, x, a
	wait	a
	fmul	r1, r1, r1
	store	r1, du2, r0, i32, x, a
	wait	a
	stop
"""


class Compute(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="agx-compute-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.square = self.file("square.agx", SQUARE)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        with open(self.path(name), "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
        return self.path(name)

    def agx(self, *arguments, text=None, status=0):
        environment = dict(os.environ)
        environment.setdefault("AGX_DEVICE", "t8103")
        run = subprocess.run([AGX, *arguments], capture_output=True, timeout=120,
                             input=(text or "").encode(), env=environment)
        run.stdout = run.stdout.decode("latin-1") if run.stdout.isascii() else run.stdout
        run.stderr = run.stderr.decode()
        self.assertEqual(run.returncode, status, f"{arguments}\n{run.stdout}{run.stderr}")
        return run

    def compute(self, *arguments, text=None, status=0):
        return self.agx("compute", *arguments, text=text, status=status)

    def lines(self, lines, *arguments, status=0):
        """Values of what JSON has, by name."""
        words = [word for line in lines.split("\n") for word in ("-e", line.strip())]
        got = json.loads(self.compute("--json", *words, *arguments, status=status).stdout)
        return {buffer["name"]: buffer["values"] for buffer in got["buffers"]}

    def test_one_instruction(self):
        got = self.lines("iadd r0, r1, r2", "--set", "r1=1,2,3,-1", "--set", "r2=100",
                         "--show", "r0:i32", "--show", "r1l")
        self.assertEqual(got, {"r0": [101, 102, 103, 99], "r1l": [1, 2, 3, 65535]})

    def test_registers_of_all_sizes(self):
        got = self.lines("fadd r4l, r2h, r2h\niadd r6, r0, 1", "--set", "r2h=0.5,1.5", "--set",
                         "dr0=u64:0x1ffffffff,4", "--show", "r4l:f16", "--show", "dr0:x64",
                         "--show", "r6")
        self.assertEqual(got, {"r4l": [1, 3], "r6": [0, 5],
                               "dr0": ["0x00000001ffffffff", "0x0000000000000004"]})

    def test_a_stop_is_written_or_not(self):
        for tail in ("", "\nstop", "\nstop ; here"):
            self.assertEqual(self.lines("ldimm r0, 7" + tail, "--show", "r0"), {"r0": [7]})

    def test_program_says_what_it_works_on(self):
        self.assertEqual(self.compute(self.square).stdout.splitlines()[1:], [])
        got = self.compute(self.square, "--print", "out[2..4]").stdout.splitlines()
        self.assertEqual(got[1:], ["out: f32[64]", "     2:  6.25 12.25 20.25"])
        got = self.compute("-", text=SQUARE, *("-p", "out:x32[1]")).stdout.splitlines()
        self.assertEqual(got[-1], "     0: 0x3e800000")

    def test_command_comes_after_the_program(self):
        run = self.compute(self.square, "-b", "in=f32[64]:3", status=1)
        self.assertIn("out[0]: expected 0.25, got 9", run.stderr)
        self.compute(self.square, "-b", "in=f32[64]:0.5,1.5,2.5", "-t", "3", "--expect",
                     "out=f32[4]:0.25,2.25,6.25,0")

    def test_changed_buffers_are_printed(self):
        text = SQUARE.replace("--expect", "--print out[1] --expect").split("\n", 1)[1]
        plain = ("-b", "in=f32[64]:iota:1", "-b", "out=f32[300]")
        got = self.compute("-", *plain, text="\n".join(SQUARE.splitlines()[2:]) + "\n").stdout
        self.assertEqual([line for line in got.splitlines() if line.startswith(("in:", "out:"))],
                         ["out: f32[300]"])
        self.assertIn("and 44 more", got)
        self.assertIn("     0: 1", self.compute("-", *plain, text=text.replace("0.25,2.25,6.25",
                                                                             "1,4")).stdout)

    def test_fills(self):
        def filled(data):
            return self.lines("stop", "-b", "x=" + data, "-p", "x")["x"]

        self.assertEqual(filled("u8:-1,255"), [255, 255])
        self.assertEqual(filled("i16[5]:1,-2"), [1, -2, 1, -2, 1])
        self.assertEqual(filled("u32[3]"), [0, 0, 0])
        self.assertEqual(filled("7,0x10"), [7, 16])
        self.assertEqual(filled("i64[3]:iota:-1:-9223372036854775807"),
                         [-1, -(1 << 63), 1])
        self.assertEqual(filled("f16[3]:iota:0.1:0.1"), [0.1, 0.2, 0.3])
        self.assertEqual(filled("f32:nan,-inf,1e-45"), ["nan", "-inf", 1.4013e-45])
        values = filled("u32[500]:random:9:10:19")
        self.assertEqual(sorted(set(values)), list(range(10, 20)))
        self.assertEqual(values, filled("u32[500]:random:9:10:19"))
        self.assertNotEqual(values, filled("u32[500]:random:8:10:19"))
        values = filled("f32[500]:random:3:-1:1")
        self.assertTrue(all(-1 <= value <= 1 for value in values) and len(set(values)) > 400)

    def test_files(self):
        numbers = [float(i) for i in range(64)]
        self.file("in.bin", struct.pack("<64f", *numbers))
        squares = struct.pack("<64f", *(number * number for number in numbers))
        self.compute(self.square, "-b", "in=f32:@" + self.path("in.bin"), "-o",
                     "out=" + self.path("out.bin"), "--expect", "out=0,1", status=1)
        with open(self.path("out.bin"), "rb") as f:
            self.assertEqual(f.read(), squares)
        # Beside the program, if that names it; of standard input and to standard output.
        text = SQUARE.replace("iota:0.5", "@in.bin").replace("0.25,2.25,6.25", "@out.bin")
        self.compute(self.file("files.agx", text))
        out = self.agx("compute", self.square, "-b", "in=f32:@-", "-o", "out=-",
                       "--expect", "out=0.25", text="\0" * 256, status=1).stdout
        self.assertEqual(out, "\0" * 256)

    def test_uniforms(self):
        got = self.lines("mov r0, u4\nmov r1, u5\nmov r2l, u6l\nmov r2h, u6h",
                         "-u", "u4=7,8", "-u", "u6l=1.5", "-u", "u6h=u16:9",
                         "--show", "r0", "--show", "r1", "--show", "r2l:f16", "--show", "r2h")
        self.assertEqual(got, {"r0": [7], "r1": [8], "r2l": [1.5], "r2h": [9]})
        got = self.lines("load r0, du8, 1, i32, x, a\nwait a\nload r1, du20, 0, i32, x, a",
                         "-b", "a=u32:1,2,3", "-b", "b@du20=u32:5", "-u", "du8=a+4",
                         "--show", "r0", "--show", "r1")
        self.assertEqual(got, {"r0": [3], "r1": [5]})

    def test_sizes(self):
        text = ("mov r0, threadgroup_in_grid_x\nmov r1, thread_in_threadgroup_x")
        got = self.lines(text, "-g", "2", "--group", "3", "--show", "r0", "--show", "r1")
        self.assertEqual(got, {"r0": [0, 0, 0, 1, 1, 1], "r1": [0, 1, 2, 0, 1, 2]})
        self.assertEqual(self.lines(text, "-t", "34", "--show", "r1")["r1"][-2:], [0, 1])
        count = ("mov r0, thread_in_grid_x\nmov r1, thread_in_grid_y\nshl r1, r1, 2\n"
                 "iadd r0, r0, r1\nstore r0, du0, r0, i32, x, a")
        self.assertEqual(self.lines(count, "-t", "4,4", "-b", "out=u32[20]")["out"],
                         [*range(16), 0, 0, 0, 0])

    def test_expectations(self):
        text = ("ldimm r0, 0x3f800001", "--show", "r0:f32")
        self.lines(*text, "--expect", "r0=1.0000001")
        self.lines(*text, "--expect", "r0=1", status=1)
        self.lines(*text, "--expect", "r0=1", "--tolerance", "1e-6")
        self.lines(*text, "--expect", "r0=u32:0x3f800001")
        run = self.compute("-e", "stop", "-b", "x=u8[64]:iota", "--expect", "x=0", status=1)
        self.assertIn("x[1]: expected 0, got 1", run.stderr)
        self.assertIn("63 of 64", run.stderr)
        run = self.compute("-e", "stop", "-b", "x=u8[4]", "--expect", "x=0,0,0,0,0", status=1)
        self.assertIn("5 elements of u8, there are 4", run.stderr)

    def test_repeated_runs_find_the_same(self):
        text = ("-e", "ldimm r0, 1", "-e", "atomic _, r0, du0, 0, add, coherent1, a", "-b",
                "x=u32:5", "--expect", "x=6", "--repeat", "4")
        self.assertIn("4 runs", self.compute(*text).stdout)
        got = json.loads(self.compute("--json", *text).stdout)
        self.assertEqual(got["runs"], 4)
        for clock in ("cpu_ns", "gpu_ns"):
            times = got[clock]
            self.assertTrue(0 < times["min"] <= times["median"] <= times["max"], clock)

    def test_what_the_shader_needs(self):
        got = self.compute("-e", ".threads 32", "-e", "iadd r5, r5, u3", "-u", "u3=1", "--info",
                           "--disassemble", "--show", "r5").stdout
        self.assertIn("12 halves of registers (0 in the preamble), 8 of uniforms", got)
        self.assertIn("iadd", got)
        self.assertIn(".threads 32", got)
        shader = json.loads(self.compute(self.square, "--json").stdout)["shader"]
        self.assertEqual((shader["instructions"], shader["registers"]), (7, 4))

    def test_other_device(self):
        got = json.loads(self.compute(self.square, "--json", "-d", "t6021", "--strict").stdout)
        self.assertEqual((got["gpu"], got["virtual"], got["findings"]), ("t6021", True, 0))

    def test_writes_behind_the_end(self):
        text = ("-e", "store r0, du0, 4, i32, x, a", "--set", "r0=1", "-b", "x=u32[4]")
        self.assertIn("x has 16 bytes, and the shader wrote to byte 16", self.compute(*text).stderr)
        self.compute(*text, "--strict", status=1)

    def test_program_without_an_end(self):
        text = "again:\n\tjmp_any again\n\tstop\n"
        run = self.compute("-", "--timeout", "0.5", text=text, status=1)
        self.assertIn("not ended within 0.5 seconds", run.stderr)

    def test_wrong_programs(self):
        for text, message in (("nonsense\n", "standard input:1"),
                              ("mov r0, thread_in_grid_x\n", "stop"),
                              ("", "standard input"),
                              ("stop\0stop", "bytes of 0"),
                              ("\xff\xfe\n", "standard input:1"),
                              (".threads 4096\nstop\n", "1024"),
                              ("; agx compute: -b 'x=u32:1\nstop\n", "a quote ' has no end"),
                              ("; agx compute: -b x=u32\nstop\n", "standard input:1: --buffer x"),
                              ("\n// agx compute: --nonsense\nstop\n", "standard input:2"),
                              ("# agx compute: --device t8103\nstop\n", "not in a program"),
                              ("; agx compute: -o x=/tmp/x\nstop\n", "not in a program"),
                              ("; agx compute: file\nstop\n", "not in a program"),
                              ("; agx compute: --help\nstop\n", "--help"),
                              ("; agx compute: " + "-t 1 " * 40 + "\nstop\n", "64 words")):
            self.assertIn(message, self.compute("-", text=text, status=3).stderr, text)

    def test_wrong_usage(self):
        for words, message in (
                ((), "expected a FILE"), (("a", "b"), "one FILE"), (("-e", "stop", "a"), "one of"),
                (("/nonexistent/x.agx",), "No such file"), (("-e", "stop", "-d", "t9"), "t9"),
                *((("-e", "stop", *words), message) for words, message in (
                    (("-b", "x"), "NAME=TYPE"), (("-b", "x=u32"), "how many"),
                    (("-b", "x=u32[0]"), "[1] to"), (("-b", "x=u64[99999999999]"), "[1] to"),
                    (("-b", "x=u33[1]"), "no type"), (("-b", "9=u32:1"), "NAME=TYPE"),
                    (("-b", "x" * 40 + "=1"), "a name"), (("-b", "x@u4=1"), "du254"),
                    (("-b", "x@du255=1"), "du254"), (("-b", "x=u8:256"), "not within u8"),
                    (("-b", "x=i8:-129"), "not within i8"), (("-b", "x=1,,2"), "a number"),
                    (("-b", "x=u32:1.5"), "whole number"), (("-b", "x=u32[1]:1,2"), "too many"),
                    (("-b", "x=u64:18446744073709551616"), "not within u64"),
                    (("-b", "x=@/dev/null"), "0 bytes"), (("-b", "x=@"), "name of a file"),
                    (("-b", "x=@" + AGX + "/x"), "Not a directory"),
                    (("-b", "x=u32[2]:iota:1:2:3"), "the end"),
                    (("-b", "x=u32[2]:random:1:3:2"), "above"),
                    (("-b", "x=1", "-b", "y@du0=1"), "u0l has another"),
                    (("-u", "u4"), "REGISTER"), (("-u", "u256=1"), "REGISTER"),
                    (("-u", "u255=1,2"), "up to u255"), (("-u", "u4=1", "-u", "u4h=2"), "u4h has"),
                    (("-b", "x=1", "-u", "u8=x"), "64-bit"), (("-u", "du8=x"), "a number"),
                    (("-b", "x=1", "-u", "du8=x+y"), "+OFFSET"),
                    (("-p", "x"), "no buffer"), (("-b", "x=1", "-p", "x[4..2]"), "FIRST..LAST"),
                    (("-b", "x=1", "-p", "x[99999999999]"), "FIRST..LAST"),
                    (("-b", "x=1", "-p", "x:u9"), "a type"), (("--expect", "x=1"), "no buffer"),
                    (("-b", "x=1", "--expect", "x"), "NAME=DATA"), (("-t", "0"), "from 1"),
                    (("-t", "1,2,3,4"), "X[,Y[,Z]]"), (("-t", "4294967296"), "from 1"),
                    (("--group", "1025"), "1024"), (("--set", "r1"), "REGISTER"),
                    (("--set", "r126=1"), "r125"), (("--set", "r1=f16:1"), "has 4 bytes"),
                    (("--show", "u1"), "REGISTER"), (("--show", "r1:q"), "no type"),
                    (("--show", "r1", "--show", "r1"), "already"),
                    (("--show", "r1", "-t", "4,4"), "one dimension"),
                    (("--show", "r1", "-t", "999999999"), "one dimension"),
                    (("-r", "0"), "from 1"), (("-r", "1e9"), "up to"),
                    (("--timeout", "nan"), "a number"), (("--tolerance", "-1"), "a number"),
                    (("-o", "x=/"), "no buffer"), (("-b", "x=1", "-o", "x=/"), "directory"),
                    (sum((("-b", f"x{i}=1") for i in range(65)), ()), "64 buffers")))):
            self.assertIn(message, self.compute(*words, status=2).stderr, words)
        text = ("-e", "iadd r125, r125, u9", "--show", "r0")
        self.assertIn("u9", self.compute(*text, status=2).stderr)
        self.assertIn("two registers", self.compute("-e", "iadd r127, r0, 1", *text[2:],
                                                    status=2).stderr)

    @unittest.skipUnless("--node" in sys.argv, "built without the preload object")
    def test_on_a_node(self):
        os.environ["AGX_DEVICE"] = ""
        self.addCleanup(os.environ.pop, "AGX_DEVICE")
        trace = self.path("trace.agxt")
        got = json.loads(self.agx("capture", "-o", trace, "--", AGX, "compute", self.square,
                                  "--json").stdout)
        self.assertFalse(got["virtual"])
        step = self.agx("replay", trace, "--trace-shader", got["shader"]["address"] + ":3").stdout
        self.assertIn("12.25", step)
        self.agx("run", "--strict", "--", AGX, "compute", self.square)


if __name__ == "__main__":
    AGX = sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=2)
