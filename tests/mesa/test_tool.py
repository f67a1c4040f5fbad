#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tools/mesa-root where it can do nothing: what it says and with which status.

usage: test_tool.py MESA_ROOT_TOOL
"""
import os
import subprocess
import sys
import tempfile
import unittest

TOOL = sys.argv[1]


def tool(*args, **kwargs):
    return subprocess.run([TOOL, *args], capture_output=True, text=True, timeout=60, **kwargs)


class Tool(unittest.TestCase):
    def test_help(self):
        result = tool("--help")
        self.assertEqual(result.returncode, 0)
        for word in ("setup", "exec", "--suite", "EXIT STATUS"):
            self.assertIn(word, result.stdout)

    def test_wrong_usage(self):
        for args, word in (
            (["frobnicate"], "frobnicate"),
            (["setup", "--suite", "potato"], "potato"),
            (["setup", "--dir"], "--dir"),
            (["setup", "exec"], "two commands"),
            ([], "SYNOPSIS"),
        ):
            result = tool(*args)
            self.assertEqual(result.returncode, 2, args)
            self.assertIn(word, result.stderr)

    def test_path(self):
        environment = dict(os.environ, XDG_CACHE_HOME="/somewhere")
        environment.pop("AGX_MESA_ROOT", None)
        result = tool("path", "--suite", "sid", env=environment)
        self.assertEqual(result.stdout, "/somewhere/agx/mesa-root-sid\n")

    def test_a_root_that_is_not_made(self):
        with tempfile.TemporaryDirectory() as folder:
            result = tool("exec", "--dir", folder, "--", "true")
        self.assertEqual(result.returncode, 77)
        self.assertTrue("no root at" in result.stderr or "root rights" in result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "gives up root rights")
    def test_without_root_rights(self):
        for args in (["setup", "--dir", "/nonexistent/root"], ["exec", "--", "true"]):
            result = tool(*args, user=65534, group=65534, extra_groups=[])
            self.assertEqual(result.returncode, 77)
            self.assertIn("root rights", result.stderr)

    @unittest.skipIf(os.geteuid() != 0, "needs root rights")
    def test_without_an_archive(self):
        with tempfile.TemporaryDirectory() as folder:
            root = os.path.join(folder, "root")
            result = tool("setup", "--dir", root, "--mirror", "http://127.0.0.1:9/debian")
            self.assertEqual(result.returncode, 77, result.stderr)
            self.assertFalse(os.path.exists(root))
            self.assertFalse(os.path.exists(root + ".partial"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
