#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx replay` on the modelled machine: GPU and firmware, transcript, findings, injection.

Usage: test_machine.py AGX TRACES [--run]    (--run: also through a node of `agx run`)
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

AGX = TRACES = None
RUN = False

PAIRS = 13


def agx(*args):
    return subprocess.run(
        [AGX, *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        timeout=300,
    )


def trace(name):
    return os.path.join(TRACES, name + ".agxt")


class Machine(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="agx-machine-")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def replay(self, *args, status=0):
        """A replay with --json; the parsed JSON without what depends on time."""
        run = agx("replay", "--json", self.path("out.json"), *args)
        self.assertEqual(run.returncode, status, run.stdout + run.stderr)
        with open(self.path("out.json")) as f:
            data = json.load(f)
        del data["timings"]
        return data

    def test_transcript_is_the_same_every_time(self):
        names = [trace("vk-compute"), trace("gl-piglit-query"), trace("vk-queues")]
        runs = []
        for jobs in (1, 3):
            text = self.path("transcript%d" % jobs)
            data = self.replay("-j", jobs, "--transcript", text, *names)
            with open(text) as f:
                runs.append((data, f.read()))
        self.assertEqual(runs[0], runs[1])
        data, text = runs[0]
        # A section for each trace, with as many lines as the report says.
        sections = re.split(r"^# (.*)\n", text, flags=re.M)[1:]
        self.assertEqual(len(sections), 2 * len(names))
        for result, head, body in zip(data["results"], sections[::2], sections[1::2]):
            self.assertEqual(head, "%s, t8103 with firmware 12.3" % result["trace"])
            self.assertEqual(body.count("\n"), result["transcript"]["lines"])
            self.assertGreater(result["transcript"]["lines"], 40)
            self.assertRegex(result["transcript"]["digest"], r"^[0-9a-f]{32}$")
            self.assertEqual(result["findings"], {"count": 0, "kinds": []})
            # The way of one submission: doorbell, work, stamp, event.
            for what in ("ap->fw 21 0083", "begin 0x", "stamp ", "fw->ap event["):
                self.assertIn(what, body)
        digests = [r["transcript"]["digest"] for r in data["results"]]
        self.assertEqual(len(set(digests)), len(digests))

    def test_transcript_on_standard_output(self):
        run = agx("replay", "--transcript", "-", trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(run.stdout.startswith("# "), run.stdout[:100])
        self.assertNotIn("VERDICT", run.stdout)

    def test_repeats_agree(self):
        data = self.replay("--repeat", 3, trace("vk-compute"))
        once = self.replay(trace("vk-compute"))
        self.assertEqual(data["results"][0]["repeats"], 3)
        self.assertEqual(data["results"][0]["transcript"], once["results"][0]["transcript"])

    def test_firmware_makes_another_transcript(self):
        digests = set()
        for args in ([], ["--firmware", "13.5"], ["--gpu", "t8112"], ["--gpu", "t6022"]):
            data = self.replay("--strict", *args, trace("gl-piglit-clear"))
            result = data["results"][0]
            digests.add(result["transcript"]["digest"])
            if args[:1] == ["--firmware"]:
                self.assertEqual(data["firmware"], "13.5")
                self.assertEqual(result["replayed_firmware"], "13.5")
            if args[:1] == ["--gpu"]:
                self.assertEqual(result["replayed_gpu"], args[1])
                self.assertEqual(result["gpu"], "t8103")
        self.assertEqual(len(digests), 4)

    def test_all_pairs(self):
        data = self.replay("--all-pairs", "--strict", trace("gl-piglit-clear"))
        pairs = [(r["replayed_gpu"], r["replayed_firmware"]) for r in data["results"]]
        self.assertEqual(len(pairs), PAIRS)
        self.assertEqual(len(set(pairs)), PAIRS)
        self.assertEqual(data["gpu"], "all")
        # As `agx info` lists them.
        listed = json.loads(agx("info", "--json").stdout)["virtual"]
        self.assertEqual(pairs, [(v["name"], f) for v in listed for f in v["firmware"]])
        self.assertEqual(len({p[0] for p in pairs}), 8)

    def test_what_is_not_supported(self):
        for args, words in (
            (["--gpu", "t8103", "--firmware", "12.4"], "12.3, 13.5"),
            (["--gpu", "t6021", "--firmware", "12.3"], "13.5"),
            (["--firmware", "14.0"], "12.3"),
            (["--gpu", "t9999"], "t8103, t8112"),
            (["--gpu", "t8112", "--all-pairs"], "--gpu"),
            (["--firmware", "13.5", "--all-pairs"], "--firmware"),
            (["--node", "/dev/null", "--strict"], "--strict"),
            (["--node", "/dev/null", "--transcript", "-"], "--transcript"),
            (["--inject", "nonsense"], "nonsense"),
            (["--transcript", self.path("no/where")], "no/where"),
        ):
            run = agx("replay", *args, trace("vk-compute"))
            self.assertEqual(run.returncode, 2, (args, run.stdout, run.stderr))
            self.assertIn(words, run.stderr)
        # Known, but not to the GPU that the trace is of.
        run = agx("replay", "--firmware", "12.4", trace("vk-compute"))
        self.assertEqual(run.returncode, 2, run.stdout)
        self.assertIn("t8103 has no firmware \"12.4\": it has 12.3, 13.5", run.stdout)

    def test_strict_fails_for_what_goes_wrong(self):
        data = self.replay("--inject", "fault=compute@2", trace("vk-compute"))
        self.assertEqual(data["results"][0]["verdict"], "PASS")
        self.assertEqual(data["results"][0]["faults"], 1)
        # The submission, its command, the dispatch and its program, counted as agx decode does.
        trouble, = data["results"][0]["troubles"]
        self.assertEqual(trouble["kind"], "fault")
        place = trouble["place"]
        self.assertEqual((place["unit"], place["stage"]), ("compute", "compute"))
        decoded = agx("decode", "--no-colour", "--submit", place["submit"], trace("vk-compute")).stdout
        self.assertIn("submit %d:" % place["submit"], decoded)
        self.assertIn("dispatch %d " % place["dispatch"], decoded)
        self.assertIn("pipeline=" + place["usc_list"], decoded)
        self.assertIn("code=" + place["shader"], decoded)
        run = agx("replay", "--strict", "--inject", "fault=compute@2", trace("vk-compute"))
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertIn("jobs that faulted: 1", run.stdout)
        data = self.replay("--strict", "--inject", "crash=compute@2", trace("vk-compute"), status=1)
        result = data["results"][0]
        self.assertEqual((result["verdict"], result["reason"]), ("FAIL", "trouble"))
        self.assertEqual(result["restarts"], 1)

    def test_what_has_not_ended_is_named(self):
        data = self.replay("--inject", "stick=compute@3", trace("vk-compute"), status=1)
        result = data["results"][0]
        self.assertEqual(result["verdict"], "FAIL")
        self.assertEqual([t["kind"] for t in result["troubles"]], ["unfinished"])
        self.assertEqual(result["troubles"][0]["place"]["submit"], 2)
        self.assertGreater(result["divergence"]["submits"], 2)

    def test_rules_of_injection_are_listed(self):
        run = agx("replay", "--inject", "help")
        self.assertEqual(run.returncode, 0)
        self.assertRegex(run.stdout, r"(?m)^  lose ")

    @unittest.skipUnless(RUN or "--run" in sys.argv, "the preload object cannot be loaded")
    def test_run(self):
        text = self.path("transcript")
        report = self.path("report.json")
        run = agx("run", "--gpu", "t8112", "--firmware", "13.5", "--strict", "--transcript", text,
                  "--report", report, "--node-number", "142", "--", AGX, "replay", "--gpu", "t8112",
                  "--node", "/dev/dri/renderD142", trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        with open(report) as f:
            data = json.load(f)
        self.assertEqual((data["gpu"], data["firmware"]), ("t8112", "13.5"))
        self.assertEqual(data["findings"], {"count": 0, "kinds": []})
        self.assertEqual(data["total"]["faults"], 0)
        pids = {str(p["pid"]) for p in data["processes"]}
        with open(text) as f:
            lines = f.readlines()
        self.assertGreater(len(lines), 100)
        self.assertTrue({line.split("|")[0] for line in lines} <= pids, lines[:3])
        self.assertTrue(any("| fw->ap event[" in line for line in lines))

    @unittest.skipUnless(RUN or "--run" in sys.argv, "the preload object cannot be loaded")
    def test_run_with_injection(self):
        report = self.path("report.json")
        run = agx("run", "--inject", "fault=compute@2", "--report", report, "--node-number", "142",
                  "--log", "none", "--", AGX, "replay", "--node", "/dev/dri/renderD142",
                  trace("vk-compute"))
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        with open(report) as f:
            data = json.load(f)
        self.assertEqual((data["total"]["injected"], data["total"]["faults"]), (1, 1))
        trouble, = data["troubles"]
        self.assertEqual(trouble["kind"], "fault")
        self.assertEqual((trouble["place"]["submit"], trouble["place"]["dispatch"]), (1, 0))

    def test_run_refuses(self):
        for args, words in (
            (["--firmware", "12.4"], "t8103 has no firmware"),
            (["--gpu", "t1"], "t8103, t8112"),
            (["--inject", "nonsense"], "nonsense"),
            (["--transcript", self.path("no/where")], "no/where"),
        ):
            run = agx("run", *args, "--", "true")
            self.assertEqual(run.returncode, 2, (args, run.stdout, run.stderr))
            self.assertIn(words, run.stderr)


if __name__ == "__main__":
    RUN = "--run" in sys.argv
    AGX, TRACES = [a for a in sys.argv[1:] if a != "--run"]
    unittest.main(argv=sys.argv[:1])
