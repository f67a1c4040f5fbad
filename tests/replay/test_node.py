#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx replay --node PATH`: the same traces through open(), ioctl() and mmap() of a node.

The node is one that `agx run` shows to the command, so that the path of a real device is taken
on machines without one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

AGX = MAKE = None
NUMBER = 141
NODE = f"/dev/dri/renderD{NUMBER}"


def make(kind, path, *args):
    subprocess.run([MAKE, kind, path, *map(str, args)], check=True)


def replay(path, *args, gpu="t8103", node=NODE):
    command = [AGX, "run", "--gpu", gpu, "--node-number", str(NUMBER), "--"]
    command += [AGX, "replay", "--node", node, path, *args]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120
    )


class Node(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="agx-replay-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.trace = os.path.join(self.dir, "trace.agxt")

    def check(self, run, status, text):
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        self.assertIn(text, run.stdout)

    def test_pass(self):
        make("pass", self.trace, 30)
        self.check(replay(self.trace), 0, "1 passed")

    def test_fail(self):
        make("fail", self.trace)
        self.check(replay(self.trace), 1, "first divergence")

    def test_buffers_cross_processes(self):
        make("shared", self.trace)
        self.check(replay(self.trace), 0, "1 passed")

    def test_unfinished(self):
        make("cut", self.trace)
        self.check(replay(self.trace), 3, "what is there passes")

    def test_several_at_once(self):
        for i in range(6):
            make("pass", os.path.join(self.dir, f"{i}.agxt"), 10 + i)
        self.check(replay(self.dir, "-j", "3"), 0, "6 passed")

    def test_other_soc(self):
        make("pass", self.trace)
        self.check(replay(self.trace, gpu="t6001"), 2, f"{NODE} is a t6001")
        self.check(replay(self.trace, "--gpu", "t6001", gpu="t6001"), 0, "replayed on t6001")

    def test_no_such_node(self):
        make("pass", self.trace)
        self.check(replay(self.trace, node=self.dir + "/none"), 2, "cannot be opened")
        self.check(replay(self.trace, node="/dev/null"), 2, "not of asahi")


if __name__ == "__main__":
    AGX, MAKE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
