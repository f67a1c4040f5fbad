#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The command `agx replay`: verdicts, exit status, suites, shards, reports, isolation."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

AGX = MAKE = None


def make(kind, path, *args):
    subprocess.run([MAKE, kind, path, *map(str, args)], check=True)


def replay(*args, env=None, **kwargs):
    return subprocess.run(
        [AGX, "replay", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=dict(os.environ, **(env or {})),
        timeout=120,
        **kwargs,
    )


def flip(path, offset, mask=0x10):
    with open(path, "r+b") as f:
        f.seek(offset)
        byte = f.read(1)[0]
        f.seek(offset)
        f.write(bytes([byte ^ mask]))


class Replay(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="agx-replay-")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, *names):
        path = os.path.join(self.dir, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def suite(self, count=7):
        for i in range(count):
            make("pass", self.path("s", "ab"[i % 2], f"t{i}.agxt"), i + 1)
        make("shared", self.path("s", "shared.agxt"))
        with open(self.path("s", "notes.txt"), "w") as f:
            f.write("not a trace\n")
        return self.path("s")

    def test_pass(self):
        make("pass", self.path("one.agxt"), 20)
        run = replay(self.path("one.agxt"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"one\.agxt +PASS +\d+ +20 +20 +80 ")
        self.assertIn("1 trace: 1 passed, 0 failed, 0 errors", run.stdout)
        self.assertEqual(run.stderr, "")

    def test_fail_names_the_divergence(self):
        make("fail", self.path("one.agxt"))
        run = replay(self.path("one.agxt"))
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout, r"one\.agxt +FAIL")
        self.assertRegex(run.stdout, r"first divergence: record \d+, call \d+ .*: GEM_CLOSE")
        self.assertRegex(run.stdout, r"field +result")
        self.assertRegex(run.stdout, r"expected +0\n")
        self.assertRegex(run.stdout, r"got +-EINVAL\n")
        self.assertRegex(run.stdout, r"before +record \d+, call \d+: SYNCOBJ_WAIT = 0")

    def test_usage(self):
        make("pass", self.path("one.agxt"))
        one = self.path("one.agxt")
        os.mkdir(self.path("empty"))
        for args in (
            [],
            [self.path("missing.agxt")],
            [self.path("empty")],
            [one, "-j", "0"],
            [one, "-j", "many"],
            [one, "--shard", "3/2"],
            [one, "--shard", "0/2"],
            [one, "--shard", "1"],
            [one, "--repeat", "-1"],
            [one, "--node", self.path("no-such-node")],
            [one, "--gpu", "t9999"],
            [one, "--json", self.path("no", "x") + "/dir/out.json"],
        ):
            run = replay(*args)
            self.assertEqual(run.returncode, 2, (args, run.stdout, run.stderr))
            self.assertNotEqual(run.stdout + run.stderr, "")

    def test_damaged(self):
        good = self.path("good.agxt")
        make("pass", good, 50)
        size = os.path.getsize(good)
        for name, offset in (("head", 3), ("middle", size // 2), ("chunk", 40)):
            bad = self.path(f"{name}.agxt")
            shutil.copy(good, bad)
            flip(bad, offset)
            run = replay(bad)
            self.assertEqual(run.returncode, 3, (name, run.stdout, run.stderr))
            self.assertRegex(run.stdout, r"agxt +ERROR")
        with open(self.path("text.agxt"), "w") as f:
            f.write("this is not a trace, it is text\n" * 10)
        self.assertEqual(replay(self.path("text.agxt")).returncode, 3)
        with open(self.path("empty.agxt"), "w"):
            pass
        self.assertEqual(replay(self.path("empty.agxt")).returncode, 3)

    def test_force_replays_what_is_sound(self):
        bad = self.path("bad.agxt")
        make("pass", bad, 400)
        flip(bad, os.path.getsize(bad) // 2)
        run = replay(bad, "--force")
        self.assertEqual(run.returncode, 3, run.stdout)
        self.assertRegex(run.stdout, r"bad\.agxt +ERROR +[1-9]\d* ")

    def test_cut_trace(self):
        make("cut", self.path("cut.agxt"))
        run = replay(self.path("cut.agxt"), "--json", "-")
        self.assertEqual(run.returncode, 3)
        result = json.loads(run.stdout)["results"][0]
        self.assertEqual((result["verdict"], result["reason"]), ("ERROR", "damaged"))
        self.assertIn("what is there passes", result["message"])
        self.assertEqual(result["unfinished"], 1, run.stdout)
        self.assertEqual(result["submits"], 1)

    def test_newer_format_is_refused(self):
        make("newer", self.path("new.agxt"))
        run = replay(self.path("new.agxt"))
        self.assertEqual(run.returncode, 2, run.stdout)
        self.assertIn("version", run.stdout)

    def test_other_soc(self):
        make("soc", self.path("max.agxt"), "t6001")
        self.assertEqual(replay(self.path("max.agxt")).returncode, 0)
        run = replay(self.path("max.agxt"), "--gpu", "t8103")
        self.assertEqual(run.returncode, 0)
        self.assertIn("recorded on t6001, replayed on t8103 as asked", run.stdout)

    def test_exit_status_is_the_highest(self):
        make("pass", self.path("s", "a.agxt"))
        make("fail", self.path("s", "b.agxt"))
        self.assertEqual(replay(self.path("s")).returncode, 1)
        make("newer", self.path("s", "c.agxt"))
        self.assertEqual(replay(self.path("s")).returncode, 2)
        with open(self.path("s", "d.agxt"), "w") as f:
            f.write("x" * 1000)
        run = replay(self.path("s"))
        self.assertEqual(run.returncode, 3)
        self.assertIn("4 traces: 1 passed, 1 failed, 2 errors", run.stdout)

    def test_order_does_not_depend_on_jobs(self):
        suite = self.suite()
        tables = []
        for jobs in (1, 2, 5, 16):
            run = replay(suite, "-j", jobs)
            self.assertEqual(run.returncode, 0, run.stdout)
            tables.append(re.sub(r"\d+\.\d{3}", "T", run.stdout))
        self.assertEqual(len(set(tables)), 1)
        names = re.findall(r"^(\S+\.agxt)", tables[0], re.M)
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(names), 8)

    def test_json_is_the_same_twice(self):
        suite = self.suite()
        make("fail", self.path("s", "wrong.agxt"))
        outputs = []
        for i in range(2):
            out = self.path(f"{i}.json")
            run = replay(suite, "--json", out, "-j", i + 1)
            self.assertEqual(run.returncode, 1)
            with open(out) as f:
                text = f.read()
            # "timings" is the last member: everything before it is compared byte by byte.
            outputs.append(text[: text.index('"timings"')])
            data = json.loads(text)
            self.assertEqual(len(data["timings"]["traces"]), 9)
            self.assertEqual(data["summary"]["failed"], 1)
        self.assertEqual(outputs[0], outputs[1])

    def test_repeat(self):
        make("pass", self.path("one.agxt"), 5)
        run = replay(self.path("one.agxt"), "--repeat", 20, "--json", "-")
        self.assertEqual(run.returncode, 0, run.stdout)
        result = json.loads(run.stdout)["results"][0]
        self.assertEqual(result["repeats"], 20)
        self.assertEqual(result["submits"], 5)

    def test_shards_are_a_partition(self):
        suite = self.suite(11)
        everything = [r["trace"] for r in self.results(suite)]
        for n in (1, 2, 3, 5, 12, 20):
            parts = [
                [r["trace"] for r in self.results(suite, "--shard", f"{k}/{n}")]
                for k in range(1, n + 1)
            ]
            self.assertEqual(sorted(sum(parts, [])), everything)
            self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)

    def results(self, *args):
        run = replay(*args, "--json", "-")
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)["results"]

    def test_named_twice_is_replayed_once(self):
        suite = self.suite(3)
        self.assertEqual(len(self.results(suite, suite, os.path.join(suite, "shared.agxt"))), 4)

    def test_junit(self):
        make("pass", self.path("s", "a.agxt"))
        make("fail", self.path("s", 'b <&"\'> \x01\xff.agxt'))
        with open(self.path("s", "c.agxt"), "w") as f:
            f.write("x" * 1000)
        with open(os.fsencode(self.path("s")) + b"/d\xff\xfe.agxt", "w") as f:
            f.write("x")
        out = self.path("out.xml")
        run = replay(self.path("s"), "--junit", out)
        self.assertEqual(run.returncode, 3)
        root = ElementTree.parse(out).getroot()
        self.assertEqual(root.tag, "testsuites")
        suite = root.find("testsuite")
        self.assertEqual(suite.get("tests"), "4")
        self.assertEqual(suite.get("failures"), "1")
        self.assertEqual(suite.get("errors"), "2")
        cases = suite.findall("testcase")
        self.assertEqual(len(cases), 4)
        for case in cases:
            self.assertTrue(case.get("name") and case.get("classname"))
            float(case.get("time"))
        self.assertIn("b <&\"'>", cases[1].get("name"))
        failure = cases[1].find("failure")
        self.assertEqual(failure.get("type"), "divergence")
        self.assertIn("GEM_CLOSE: result: expected 0, got -EINVAL", failure.get("message"))
        self.assertEqual(cases[2].find("error").get("type"), "damaged")
        self.assertIsNone(cases[0].find("failure"))

    def test_crash_of_a_worker_is_an_error_of_its_trace(self):
        suite = self.suite(3)
        # The worker is told to die by a limit on its processor time: no trace of it in the code.
        make("pass", self.path("s", "long.agxt"), 2000)
        run = replay(
            suite, "--repeat", 100000, "--json", "-", "-j", 4, preexec_fn=limit_processor_time
        )
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        results = json.loads(run.stdout)["results"]
        self.assertEqual(len(results), 5)
        crashed = [r for r in results if r["verdict"] == "ERROR"]
        self.assertTrue(crashed)
        for result in crashed:
            self.assertEqual(result["reason"], "crash")
            self.assertRegex(result["message"], r"signal \d+ \(SIG(XCPU|KILL)\)")

    def test_timeout(self):
        make("pass", self.path("s", "long.agxt"), 2000)
        run = replay(self.path("s"), "--repeat", 1000000, "--timeout", 1, "--json", "-")
        self.assertEqual(run.returncode, 1)
        result = json.loads(run.stdout)["results"][0]
        self.assertEqual((result["verdict"], result["reason"]), ("ERROR", "timeout"))
        self.assertIn("after 1 s", result["message"])

    def test_progress_on_a_terminal_only(self):
        run = replay(self.suite(3))
        self.assertEqual(run.stderr, "")
        self.assertNotIn("\r", run.stdout)
        master, slave = os.openpty()
        run = subprocess.run(
            [AGX, "replay", self.path("s"), "-j", "1"], stdout=subprocess.PIPE, stderr=slave, text=True
        )
        os.close(slave)
        shown = os.read(master, 1 << 16).decode()
        os.close(master)
        self.assertEqual(run.returncode, 0)
        self.assertNotIn("\r", run.stdout)
        self.assertRegex(shown, r"\[\d/4\] [\d.]+ traces/s, \d+:\d\d left")

    def test_symlinks_and_depth(self):
        make("pass", self.path("deep", "a", "b", "c", "one.agxt"))
        os.symlink(self.path("deep"), self.path("deep", "a", "loop"))
        os.symlink("one.agxt", self.path("deep", "a", "b", "c", "two.agxt"))
        self.assertEqual(len(self.results(self.path("deep"))), 2)


def limit_processor_time():
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))


if __name__ == "__main__":
    AGX, MAKE = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
