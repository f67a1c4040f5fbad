#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx replay` watching shaders: steps, stops, statistics, races.

Usage: test_shader_debug.py AGX TRACES RACES
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

AGX = TRACES = RACES = None

COMPUTE = "0x11fffac000"  # of vk-compute: 64 groups of 64 threads, 16 times
PRELUDE = "0x11fffb4100"  # its preamble


def agx(*args):
    return subprocess.run([AGX, "replay", *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=300, check=False)


def trace(name):
    return os.path.join(TRACES, name + ".agxt")


class Steps(unittest.TestCase):
    def steps(self, *args, status=0):
        run = agx("--trace-json", "-", *args)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def test_one_lane(self):
        steps = self.steps("--trace-shader", COMPUTE + ":5", "--submit", 3, trace("vk-compute"))
        self.assertGreater(len(steps), 20)
        self.assertTrue(all(s["submit"] == 3 and s["shader"] == COMPUTE for s in steps))
        self.assertTrue(all(s["group"] == [0, 0, 0] and s["lanes"] == [5] for s in steps))
        self.assertEqual([s["step"] for s in steps], list(range(len(steps))))
        self.assertEqual(steps[0]["values"][0]["values"], ["0x5"])
        self.assertEqual(steps[-1]["op"], "stop")
        self.assertNotIn("next", steps[-1])
        for before, after in zip(steps, steps[1:]):
            self.assertEqual(before["next"], after["offset"])
            self.assertEqual(before["active_after"], after["active"])

    def test_values_flow(self):
        """What an instruction reads is what the last one that wrote it has left."""
        registers = {}
        steps = self.steps("--trace-shader", COMPUTE + ":0", trace("vk-compute"))
        for step in steps:
            values = [v for v in step["values"] if v["bits"] == 32 and v["name"].startswith("r")]
            values = [v for v in values if v["values"] != [None]]
            for value in values:
                if not value["result"] and value["name"] in registers:
                    self.assertEqual(registers[value["name"]], value["values"], step)
            registers.update((v["name"], v["values"]) for v in values if v["result"])
        loads = [s for s in steps if "access" in s and s["access"]["space"] == "device"]
        self.assertTrue(loads)

    def test_all_lanes(self):
        steps = self.steps("--trace-shader", COMPUTE + ":all", "--group", "3,0,0", "--submit", 0,
                           trace("vk-compute"))
        self.assertEqual(steps[0]["lanes"], list(range(32)))
        self.assertEqual(steps[0]["values"][0]["values"], [hex(3 * 64 + i) for i in range(32)])
        masked = [s for s in steps if s["active"] == "0x1"]
        self.assertTrue(masked)
        for step in masked:
            for value in step["values"]:
                self.assertEqual(value["values"][1:], [None] * 31)

    def test_second_simd_group(self):
        steps = self.steps("--trace-shader", COMPUTE + ":37", "--limit", 3, trace("vk-compute"))
        self.assertEqual(len(steps), 3)
        self.assertEqual(steps[0]["simd_group"], 1)
        self.assertEqual(steps[0]["values"][0]["values"], [hex(37)])

    def test_preamble(self):
        steps = self.steps("--trace-shader", PRELUDE, trace("vk-compute"))
        self.assertEqual({s["stage"] for s in steps}, {"preamble"})
        self.assertEqual({s["active"] for s in steps}, {"0x1"})

    def test_text(self):
        run = agx("--trace-shader", COMPUTE, "--limit", 10, "--no-colour", trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stderr)
        lines = run.stdout.splitlines()
        self.assertIn("submit 0 command 0, dispatch 0: compute shader " + COMPUTE, lines[0])
        self.assertTrue(lines[1].startswith("  PLACE"))
        results = lines[1].index("RESULT")
        self.assertTrue(lines[2][results:].startswith("r1   00000000"), lines[2])
        self.assertTrue(any("cut after 10 instructions" in line for line in lines))
        self.assertFalse([line for line in lines if line != line.rstrip()])
        run = agx("--trace-shader", COMPUTE + ":all", "--limit", 30, trace("vk-compute"))
        self.assertIn("in lane 0, then 1 more each", run.stdout)
        self.assertFalse([line for line in run.stdout.splitlines() if line != line.rstrip()])

    def test_nothing_there(self):
        run = agx("--trace-shader", "0x123", trace("vk-compute"))
        self.assertEqual(run.returncode, 0)
        self.assertIn("nothing was executed at 0x123", run.stdout)

    def test_watching_changes_nothing(self):
        digests = []
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            for args in ([], ["--exec-check", "races", "--stats"]):
                run = agx("--exec", "full", "--json", out, *args, trace("vk-compute"))
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                with open(out, encoding="utf-8") as file:
                    digests.append(json.load(file)["results"][0]["transcript"])
        self.assertEqual(*digests)


class Stops(unittest.TestCase):
    def test_nan(self):
        run = agx("--break-on", "nan", trace("vk-msaa"))
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn("stopped (nan): a NaN comes out of numbers", run.stdout)
        self.assertRegex(run.stdout, r"ffma .* r0   7fc00000 nan +r0   00000000 0   r1   7f800000 inf")
        self.assertIn("the last 3 instructions", run.stdout)

    def test_no_reason(self):
        run = agx("--break-on", "fault,oob", "--break-on", "nan", trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stdout)


class Statistics(unittest.TestCase):
    def test_json(self):
        run = agx("--stats", "--json", "-", trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stderr)
        shaders = json.loads(run.stdout)["results"][0]["shaders"]
        self.assertEqual([s["shader"] for s in shaders], [COMPUTE, PRELUDE])
        first = shaders[0]
        self.assertEqual((first["launches"], first["groups"]), (16, 1024))
        self.assertEqual(first["simd_groups"], 2048)
        self.assertEqual(first["threads"], 65536)
        self.assertEqual(sum(first["classes"].values()), first["instructions"])
        # Each thread loads and stores one word; each group stores one more.
        self.assertEqual(first["device"]["bytes_loaded"], 65536 * 4)
        self.assertEqual(first["device"]["bytes_stored"], (65536 + 1024) * 4)
        self.assertLess(first["average_active_lanes"], 32)

    def test_text(self):
        run = agx("--stats", trace("vk-compute"))
        self.assertRegex(run.stdout, COMPUTE + r" +compute +216 +16 ")


class Races(unittest.TestCase):
    def test_found(self):
        """Of the kernels of tests/mesa/races.cl those that are racy, and no other."""
        run = agx("--exec-check", "races", "--trace-json", "-", RACES)
        self.assertEqual(run.returncode, 1, run.stderr)
        races = [json.loads(line) for line in run.stdout.splitlines()]
        self.assertEqual({r["submit"] for r in races}, {2, 3})
        histogram = [r for r in races if r["submit"] == 2]
        reduction = [r for r in races if r["submit"] == 3]
        self.assertTrue(all(r["space"] == "device" and "buffer" in r for r in histogram))
        self.assertTrue(all(r["space"] == "threadgroup" for r in reduction))
        self.assertIn("two SIMD groups, no barrier between", [r["race"] for r in reduction])
        for race in races:
            self.assertIn("store", (race["first"]["kind"], race["second"]["kind"]))

    def test_findings(self):
        run = agx("--exec-check", "races", RACES)
        self.assertEqual(run.returncode, 1)
        self.assertIn("finding 2065 RACE", run.stdout)

    def test_none(self):
        run = agx("--exec-check", "races", trace("vk-compute"), trace("cl-atomics"))
        self.assertEqual(run.returncode, 0, run.stdout)


class Usage(unittest.TestCase):
    def test_refused(self):
        for args, message in (
            (["--break-on", "never"], "takes fault, nan and oob"),
            (["--exec-check", "spelling"], "takes races"),
            (["--trace-shader", "here"], "expected a number"),
            (["--trace-shader", "0x1:2000"], "lanes 0 to 1023"),
            (["--trace-shader", "0x1:2x"], "expected a number"),
            (["--group", "1,2,3"], "is about --trace-shader"),
            (["--trace-shader", "0x1", "--group", "1,2"], "expected X,Y,Z"),
            (["--trace-shader", "0x1", "--group", "1,2,3", "--all-groups"], "contradict"),
            (["--trace-json", "-"], "is about --trace-shader"),
            (["--stats", "--exec", "none"], "cannot be watched"),
            (["--stats", "--node", "/dev/dri/renderD199"], "virtual node"),
        ):
            run = agx(*args, trace("vk-compute"))
            self.assertEqual(run.returncode, 2, args)
            self.assertIn(message, re.sub(r"\s+", " ", run.stderr))


if __name__ == "__main__":
    AGX, TRACES, RACES = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
