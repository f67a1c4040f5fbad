#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx bench on virtual GPUs and on nodes: what it prints, what it chooses, how it fails.

usage: test_bench.py AGX
"""

import json
import subprocess
import sys
import unittest

QUICK = ("--rounds", "1", "--time", "1")


def agx(*arguments):
    return subprocess.run([AGX, *arguments], capture_output=True, text=True, timeout=120)


class Bench(unittest.TestCase):
    def quick(self, *arguments, before=()):
        run = agx(*before, *([AGX] if before else []), "bench", *QUICK, *arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def figures(self, *arguments, before=()):
        return json.loads(self.quick("--json", *arguments, before=before))

    def test_virtual_gpu(self):
        got = self.figures("--device", "t6020")
        self.assertEqual((got["device"], got["gpu"], got["chip_id"], got["results"]),
                         ("t6020", "t6020", "0x6020", []))
        figures = {figure["name"]: figure for figure in got["gpu_results"]}
        units = {"submit": "ns", "dispatch": "ns", "copy": "GB/s", "float-4": "GFLOP/s",
                 "half-4": "GFLOP/s", "int-4": "GOP/s"}
        for name, unit in units.items():
            self.assertEqual(figures[name]["unit"], unit)
        for name, figure in figures.items():
            self.assertGreaterEqual(figure["median"], 0, name)
        self.assertIn("per_core_cycle", figures["float-1"])
        self.assertNotIn("per_core_cycle", figures["copy"])

    def test_node(self):
        got = self.figures("--only", "version,get-time,submit",
                           before=("run", "--strict", "--gpu", "t8112", "--"))
        self.assertEqual([figure["name"] for figure in got["results"]], ["version", "get-time"])
        self.assertEqual([figure["name"] for figure in got["gpu_results"]], ["submit"])
        self.assertEqual(got["gpu"], "t8112")
        self.assertTrue(got["node"].startswith("/dev/dri/renderD"))

    def test_only_measures_what_is_named(self):
        lines = self.quick("--device", "t8103", "--only", "read,write").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["t8103:", "through", "read", "write"])
        self.assertTrue(all(line.split()[3] == "GB/s" for line in lines[2:]))

    def test_wrong_usage(self):
        for arguments, text in ((("--only", "reed"), "reed"), (("--only", "read,"), "nothing"),
                                (("--node", "/dev/null", "--device", "t8103"), "one of them"),
                                (("--device", "t9999"), "t9999"),
                                (("--node", "/dev/null"), "not a node")):
            run = agx("bench", *arguments)
            self.assertEqual(run.returncode, 2, arguments)
            self.assertIn(text, run.stderr)


if __name__ == "__main__":
    AGX = sys.argv.pop(1)
    unittest.main(verbosity=2)
