#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx run` as a launcher: status, signals, environment, clean-up, report.

usage: test_run.py AGX CLIENT
CLIENT is tests/preload/client: see its source for the words that it takes.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

AGX, CLIENT = sys.argv[1:3]
OBJECT = os.path.realpath(
    os.path.join(os.path.dirname(os.path.realpath(AGX)), "../../userspace/preload/libagx-preload.so")
)
# Where run directories go; one of the test's own, so that others do not disturb it.
BASE = tempfile.TemporaryDirectory(prefix="agx-test-")
os.environ["XDG_RUNTIME_DIR"] = BASE.name
os.environ.pop("AGX_RUN_DIR", None)


def run(*args, options=(), **kwargs):
    return subprocess.run(
        [AGX, "run", *options, "--", *args], capture_output=True, text=True, timeout=60, **kwargs
    )


def report(*args, options=()):
    with tempfile.NamedTemporaryFile(mode="r") as file:
        result = run(*args, options=["--report", file.name, *options])
        return result, json.load(file)


def directories():
    return [name for name in os.listdir(BASE.name) if name.startswith("agx-run-")]


class Run(unittest.TestCase):
    def tearDown(self):
        self.assertEqual(directories(), [], "a run directory was left behind")

    def test_status_of_the_command(self):
        self.assertEqual(run("true").returncode, 0)
        self.assertEqual(run("sh", "-c", "exit 3").returncode, 3)
        self.assertEqual(run("sh", "-c", "kill -9 $$").returncode, 128 + 9)
        self.assertEqual(run("sh", "-c", "kill -TERM $$").returncode, 128 + 15)

    def test_commands_that_cannot_be_started(self):
        missing = run("/nonexistent/program")
        self.assertEqual(missing.returncode, 127)
        self.assertIn("/nonexistent/program", missing.stderr)
        self.assertEqual(run("/").returncode, 126)

    def test_wrong_usage(self):
        for options, word in (
            (["--gpu", "t9999"], "t9999"),
            (["--memory", "much"], "much"),
            (["--memory", "-1"], "-1"),
            (["--exec", "magic"], "magic"),
            (["--log", "loud"], "loud"),
            (["--node-number", "7"], "7"),
            (["--frobnicate"], "frobnicate"),
        ):
            result = run("true", options=options)
            self.assertEqual(result.returncode, 2, options)
            self.assertIn(word, result.stderr)
        result = subprocess.run([AGX, "run"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 2)

    def test_output_and_input_pass_through(self):
        result = run("cat", input="text\n")
        self.assertEqual((result.stdout, result.stderr), ("text\n", ""))

    def test_a_run_inside_a_run_is_refused(self):
        result = run(AGX, "run", "--", "true")
        self.assertEqual(result.returncode, 2)
        self.assertIn("already inside", result.stderr)

    def test_preloaded_objects_are_kept(self):
        environment = dict(os.environ, LD_PRELOAD="/nonexistent/other.so")
        result = subprocess.run(
            [AGX, "run", "--", "printenv", "LD_PRELOAD"],
            capture_output=True,
            text=True,
            env=environment,
        )
        value = result.stdout.strip()
        self.assertIn("libagx-preload.so", value)
        self.assertTrue(value.endswith(":/nonexistent/other.so"), value)

    def test_a_second_copy_of_the_object_does_not_disturb(self):
        preloaded = run("printenv", "LD_PRELOAD").stdout.strip().split(":")
        with tempfile.TemporaryDirectory() as folder:
            copy, ours = os.path.join(folder, "copy.so"), os.path.join(folder, "ours.so")
            shutil.copyfile(OBJECT, copy)
            # The build folder's path may be one that LD_PRELOAD cannot hold.
            os.symlink(OBJECT, ours)
            for value in (copy, ours, f"{ours}:{copy}"):
                environment = dict(os.environ, LD_PRELOAD=value)
                if len(preloaded) > 1:
                    # A sanitizer's run-time comes first.
                    environment["LD_PRELOAD"] = f"{preloaded[0]}:{value}"
                for word in ("tidy", "untidy", "fork"):
                    result = run(CLIENT, word, env=environment)
                    self.assertEqual((result.returncode, result.stderr), (0, ""), value)

    def test_an_installation_whose_path_the_loader_would_split(self):
        with tempfile.TemporaryDirectory(prefix="agx test:") as folder:
            command = os.path.join(folder, "tools", "agx", "agx")
            objects = os.path.join(folder, "userspace", "preload")
            os.makedirs(os.path.dirname(command))
            os.makedirs(objects)
            shutil.copy(AGX, command)
            shutil.copy(OBJECT, objects)
            # The command's own library is where it was.
            library = os.path.join(os.path.dirname(OBJECT), "..", "libagx")
            result = subprocess.run(
                [command, "run", "--", CLIENT, "tidy"], capture_output=True, text=True, timeout=60,
                env=dict(os.environ, LD_LIBRARY_PATH=library)
            )
            self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_signals_are_forwarded_and_leave_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = subprocess.Popen(
                [AGX, "run", "--", "sh", "-c", "echo up; exec sleep 60"],
                stdout=subprocess.PIPE,
                text=True,
            )
            process.stdout.readline()
            time.sleep(0.05)
            process.send_signal(number)
            self.assertEqual(process.wait(timeout=30), 128 + number)
            process.stdout.close()

    def test_a_killed_run_is_swept_by_the_next(self):
        process = subprocess.Popen(
            [AGX, "run", "--", "sh", "-c", "echo up; exec sleep 60"],
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(os.killpg, process.pid, signal.SIGKILL)
        process.stdout.readline()
        process.kill()
        process.wait()
        (left,) = directories()
        # Its command lives on, but nobody has the lock.
        self.assertEqual(run("true").returncode, 0)
        self.assertNotIn(left, directories())

    def test_every_soc(self):
        for soc, product in (
            ("t8103", "G13G"),
            ("t8112", "G14G"),
            ("t6000", "G13S"),
            ("t6001", "G13C"),
            ("t6002", "G13D"),
            ("t6020", "G14S"),
            ("t6021", "G14C"),
            ("t6022", "G14D"),
        ):
            result = run(AGX, "info", "--json", options=["--gpu", soc])
            self.assertEqual(result.returncode, 0, result.stderr)
            (node,) = [n for n in json.loads(result.stdout)["nodes"] if n["chip_id"] == "0x" + soc[1:]]
            name = f"G{node['gpu_generation']}{node['gpu_variant']}"
            self.assertEqual(name, product)

    def test_node_number(self):
        result = run("ls", "/dev/dri", options=["--node-number", "150"])
        self.assertIn("renderD150", result.stdout)

    def test_memory_limit(self):
        self.assertEqual(run(CLIENT, "allocate", "64", options=["--memory", "32M"]).returncode, 12)
        self.assertEqual(run(CLIENT, "allocate", "64", options=["--memory", "1G"]).returncode, 0)

    def test_log(self):
        result = run(CLIENT, "unknown")
        self.assertIn("warning", result.stderr)
        self.assertIn("0x", result.stderr)
        self.assertEqual(run(CLIENT, "unknown", options=["--log", "none"]).stderr, "")

    def test_nobody_was_judged(self):
        result = run("true", options=["--strict"])
        self.assertEqual(result.returncode, 0)
        self.assertIn("nothing used the virtual node: nothing was judged", result.stderr)
        env = dict(os.environ, AGX_DEVICE="t8103")
        self.assertIn("AGX_DEVICE", run("true", options=["--strict"], env=env).stderr)
        self.assertEqual(run("true").stderr, "")
        for options in ([], ["--strict"]):
            self.assertNotIn("judged", run(CLIENT, "tidy", options=options).stderr)

    def test_print_env(self):
        result = run("true", options=["--print-env"])
        for name in ("LD_PRELOAD", "AGX_RUN_DIR", "AGX_NODE", "AGX_GPU"):
            self.assertIn(f"{name}=", result.stderr)


class Report(unittest.TestCase):
    def only(self, data):
        self.assertEqual(len(data["processes"]), 1)
        return data["processes"][0]

    def test_of_a_process_that_does_not_use_the_node(self):
        result, data = report("sh", "-c", "true; exit 4")
        self.assertEqual((result.returncode, data["status"]), (4, 4))
        self.assertEqual(data["processes"], [])
        self.assertEqual(data["total"]["processes"], 0)

    def test_of_a_tidy_process(self):
        _, data = report(CLIENT, "tidy")
        process = self.only(data)
        self.assertEqual(process["end"], "exited")
        self.assertEqual(process["opens"], 1)
        self.assertEqual(process["live_files"], 0)
        self.assertEqual(process["live_bos"], 0)
        self.assertEqual(process["leaked_bos"], 0)
        self.assertEqual(process["unknown_ioctls"], 0)
        self.assertGreater(process["ioctls"], 2)
        self.assertGreaterEqual(process["peak_bytes"], 1 << 20)

    def test_of_a_process_that_leaves_things_open(self):
        _, data = report(CLIENT, "untidy")
        process = self.only(data)
        # The program left a buffer; the node, once its files are closed, has none.
        self.assertEqual(process["live_bos"], 1)
        self.assertTrue(process["leak_checked"])
        self.assertEqual(process["leaked_bos"], 0)

        self.assertEqual((process["abandoned_bos"], data["leaks"]), (0, 0))

    def test_of_a_process_that_closes_the_node_too_early(self):
        _, data = report(CLIENT, "abandon")
        process = self.only(data)
        self.assertEqual(process["abandoned_bos"], 2)
        self.assertEqual(process["leaked_bos"], 0)
        self.assertEqual(data["leaks"], 2)

    def test_of_unknown_ioctls(self):
        _, data = report(CLIENT, "unknown")
        process = self.only(data)
        self.assertEqual(process["unknown_ioctls"], 3)
        counts = {item["request"]: item["count"] for item in process["unknown"]}
        self.assertEqual(sorted(counts.values()), [1, 2])

    def test_of_a_killed_process(self):
        result, data = report(CLIENT, "die")
        self.assertEqual(result.returncode, 128 + 9)
        process = self.only(data)
        self.assertEqual(process["end"], "ended")
        self.assertGreater(process["ioctls"], 2)
        self.assertFalse(process["leak_checked"])

    def test_of_several_processes(self):
        _, data = report("sh", "-c", f"{CLIENT} tidy; {CLIENT} tidy; exec {CLIENT} fork")
        self.assertEqual(len(data["processes"]), 4)
        self.assertEqual([p["forked"] for p in data["processes"]].count(True), 1)
        self.assertEqual(data["total"]["opens"], 3)

    def test_as_text(self):
        result = run(CLIENT, "unknown", options=["--stats", "--log", "none"])
        self.assertIn("unknown ioctl 0x", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
