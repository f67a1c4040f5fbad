#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx replay --exec full` compares what dispatches leave in memory with what was recorded.

    test_results.py AGX FLIP_TRACE TRACES

On the bundled traces that have results, as they are and with one byte changed: of a digest, of the data that a
dispatch reads, of a shader.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

AGX = FLIP = TRACES = None
WITH_RESULTS = ("cl-atomics", "vk-compute", "vk-queues", "vk-threads")
PAGE = 4096
PAGES_HEAD = 48  # struct agxt_pages
RESULT_DIGEST = 64  # in struct agxt_result


def trace(name):
    return os.path.join(TRACES, name + ".agxt")


def agx(*args, status=0):
    run = subprocess.run([AGX, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         errors="replace", timeout=300)
    if status is not None and run.returncode != status:
        raise AssertionError(f"agx {' '.join(args)}: status {run.returncode}, expected {status}\n"
                             f"{run.stdout}{run.stderr}")
    return run


def number(value):
    return int(value, 0) if isinstance(value, str) else value


class Results(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="agx-results-")
        self.addCleanup(shutil.rmtree, self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def replay(self, *args, status=0):
        report = self.path("report.json")
        agx("replay", "--json", report, *args, status=status)
        with open(report, encoding="utf-8") as f:
            return json.load(f)["results"]

    def records(self, name):
        out = agx("trace", "dump", "--json", trace(name)).stdout
        return [json.loads(line) for line in out.splitlines()]

    def change(self, name, record, offset, mask):
        out = self.path("changed.agxt")
        subprocess.run([FLIP, "flip", trace(name), out, str(record), str(offset), str(mask)],
                       check=True)
        return out

    def mismatch(self, name, record, offset, mask=1):
        """The report of a trace with one byte changed, which is to be noticed."""
        path = self.change(name, record, offset, mask)
        result = self.replay("--exec", "full", "--write-mismatch", self.path("files"), path,
                             status=1)[0]
        self.assertEqual(result["verdict"], "FAIL")
        self.assertEqual(result["memory"]["mismatches"], 1)
        return result

    def test_traces_pass(self):
        results = self.replay("--exec", "full", *map(trace, WITH_RESULTS))
        self.assertEqual(len(results), len(WITH_RESULTS))
        for result in results:
            memory = result["memory"]
            self.assertTrue(memory["executed"])
            for none in ("mismatches", "lost", "submits_without_results", "uncompared"):
                self.assertEqual(memory[none], 0, (result["trace"], none))
            for some in ("dispatches", "results", "result_bytes"):
                self.assertGreater(memory[some], 0, (result["trace"], some))
            self.assertNotIn("mismatch", result)

    def test_order_and_threads_change_nothing(self):
        for options in (("--exec-order", "7"), ("--exec-threads", "2")):
            for result in self.replay("--exec", "full", *options, *map(trace, WITH_RESULTS)):
                self.assertEqual(result["memory"]["mismatches"], 0, result["trace"])

    def test_other_gpu_has_the_same_results(self):
        self.replay("--exec", "full", "--gpu", "t6022", trace("vk-compute"))

    def test_nothing_is_executed(self):
        result = self.replay("--exec", "none", trace("vk-compute"))[0]
        self.assertFalse(result["memory"]["executed"])
        self.assertEqual(result["memory"]["dispatches"], 0)
        self.assertGreater(result["memory"]["uncompared"], 0)
        text = agx("replay", "--exec", "none", trace("vk-compute")).stdout
        self.assertRegex(text, r"memory: nothing was executed, \d+ recorded results not compared")

    def test_trace_without_results(self):
        result = self.replay("--exec", "full", trace("vk-stages"))[0]
        self.assertGreater(result["memory"]["submits_without_results"], 0)
        self.assertEqual(result["memory"]["results"], 0)
        self.assertRegex(agx("replay", "--exec", "full", trace("vk-stages")).stdout,
                         r"memory: .*, \d+ submits without recorded results")

    def test_faults_on_purpose(self):
        result = self.replay("--exec", "full", "--inject", "fault=compute@2", trace("vk-compute"))[0]
        self.assertEqual((result["verdict"], result["faults"]), ("PASS", 1))
        self.assertGreater(result["memory"]["uncompared"], 0)
        self.assertEqual(result["memory"]["results"], 0)

    def test_wrong_digest(self):
        records = self.records("vk-compute")
        indices = [i for i, r in enumerate(records) if r["record"] == "RESULT"]
        record = records[indices[4]]
        result = self.mismatch("vk-compute", indices[4], RESULT_DIGEST)
        found = result["mismatch"]
        self.assertEqual(found["call"], record["call"])
        self.assertEqual(found["submit"], 2)
        for key in ("command", "dispatch", "shader", "file", "handle"):
            self.assertEqual(found[key], record[key], key)
        self.assertEqual(found["expected"]["offset"], record["offset"])
        self.assertEqual(found["expected"]["size"], record["size"])
        self.assertEqual(found["got"]["digest"], record["digest"])
        self.assertNotEqual(found["expected"]["digest"], record["digest"])
        self.assertEqual(result["divergence"]["record"], indices[4])
        self.assertEqual(result["divergence"]["name"], "dispatch 0 of command 0")

    def test_wrong_content_of_memory(self):
        """What the dispatch reads is another: the first byte that comes out differently is named."""
        records = self.records("vk-compute")
        data = next(i for i, r in enumerate(records) if r["record"] == "RESULT")
        handle, file = records[data]["handle"], records[data]["file"]
        pages = next(i for i, r in enumerate(records)
                     if r["record"] == "PAGES" and not r["result"] and r["handle"] == handle
                     and r["file"] == file)
        # Element 70 of the buffer that is changed in place.
        result = self.mismatch("vk-compute", pages, PAGES_HEAD + 70 * 4)
        found = result["mismatch"]
        self.assertEqual((found["submit"], found["handle"], found["file"]), (0, handle, file))
        got = found["files"].split(".expected")[0].split(".got")[0] + ".got"
        with open(got, "rb") as f:
            self.assertEqual(len(f.read()) % PAGE, 0)

    def changed_shader(self, name, mask):
        """Changes bytes of the first dispatch's shader until it leaves something else."""
        records = self.records(name)
        first = next(r for r in records if r["record"] == "RESULT")
        handle = offset = None
        for r in records:
            for bind in r.get("binds", ()) if r["record"] == "CALL" else ():
                start = number(bind["addr"])
                if start <= first["shader"] < start + number(bind["range"]) and \
                        r["file"] == first["file"]:
                    handle = bind["handle"]
                    offset = first["shader"] - start + number(bind["offset"])
        self.assertIsNotNone(handle)
        index = next(i for i, r in enumerate(records)
                     if r["record"] == "PAGES" and not r["result"] and r["handle"] == handle
                     and r["file"] == first["file"]
                     and r["first_page"] <= offset // PAGE < r["first_page"] + r["pages"])
        offset -= records[index]["first_page"] * PAGE
        for at in range(offset, offset + 256):
            path = self.change(name, index, PAGES_HEAD + at, mask)
            result = self.replay("--exec", "full", "--write-mismatch", self.path("files"), path,
                                 status=None)[0]
            if result.get("mismatch", {}).get("got") and result["mismatch"]["expected"]:
                return first, result
        self.fail("no change of the shader changed what it leaves")

    def test_changed_shader(self):
        first, result = self.changed_shader("cl-atomics", 1)
        found = result["mismatch"]
        self.assertEqual(found["shader"], first["shader"])
        self.assertEqual((found["submit"], found["dispatch"]), (0, 0))
        self.assertIn("first_offset", found)
        self.assertNotEqual(found["expected_bytes"], found["got_bytes"])
        stem = found["files"].split(".expected")[0]
        with open(stem + ".expected", "rb") as f:
            expected = f.read()
        with open(stem + ".got", "rb") as f:
            got = f.read()
        self.assertEqual(len(expected), len(got))
        at = found["first_offset"] - int(stem.rsplit("-0x", 1)[1], 16)
        length = len(found["got_bytes"]) // 2
        self.assertEqual(expected[at:at + length].hex(), found["expected_bytes"])
        self.assertEqual(got[at:at + length].hex(), found["got_bytes"])
        text = agx("replay", "--exec", "full", self.path("changed.agxt"), status=1).stdout
        self.assertRegex(text, r"first mismatch: submit 0, command 0, dispatch 0, shader 0x[0-9a-f]+")
        self.assertRegex(text, r"differs   from byte 0x[0-9a-f]+ \(0x[0-9a-f]+\) on")
        self.assertRegex(text, r"field +handle \d+ of file \d+, byte 0x")

    def test_fidelity(self):
        fidelity = self.replay("--exec", "full", trace("vk-compute"))[0]["fidelity"]
        levels = {i["name"]: i["level"] for i in fidelity["instructions"]}
        self.assertEqual(levels["iadd"], "near")
        self.assertEqual(levels["stop"], "exact")
        self.assertIn("i32", fidelity["memory_formats"])
        self.assertTrue(fidelity["special_registers"])
        self.assertGreaterEqual(fidelity["launches"], 16)
        self.assertNotIn("fidelity", self.replay("--exec", "none", trace("vk-compute"))[0])
        self.assertRegex(agx("replay", "--exec", "full", trace("vk-compute")).stdout,
                         r"fidelity: programs have \d+ kinds of instruction, \d+ exact")

    def test_digest_of_the_trace(self):
        """A record that is sound by itself, and not the one that was written."""
        records = self.records("vk-compute")
        index = next(i for i, r in enumerate(records) if r["record"] == "PAGES")
        path = self.change("vk-compute", index, PAGES_HEAD + PAGE - 4, 1)
        result = self.replay("--exec", "none", path, status=3)[0]
        self.assertEqual((result["verdict"], result["reason"]), ("ERROR", "damaged"))
        self.assertIn("digest of the trace", result["message"])

    def test_keep_going(self):
        records = self.records("vk-compute")
        index = next(i for i, r in enumerate(records) if r["record"] == "RESULT")
        path = self.change("vk-compute", index, RESULT_DIGEST, 1)
        result = self.replay("--exec", "full", "--keep-going", path, status=1)[0]
        self.assertEqual(result["memory"]["mismatches"], 1)
        self.assertEqual(result["memory"]["dispatches"], 16)


if __name__ == "__main__":
    AGX, FLIP, TRACES = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
