#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The module in a whole machine: boots it with `agx vm` and runs checks inside.

usage: test_machine.py [OPTION...] AGX SOURCE [CHECK...]

Without a check: the short form, one boot. --long runs the long form: every program, all traces,
every pair of SoC and firmware, the newest kernel; an hour or more under emulation. Writes the
Test Anything Protocol. Exit status: 0 all good, 1 not, 2 usage, 77 there is no machine to boot,
with the reason.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

SKIP = 77

SHORT = ["module", "uapi", "fdinfo", "vulkan", "egl", "clients", "replay", "capture", "bench",
         "examples", "load_unload", "log"]
LONG = ["module", "uapi", "fdinfo", "vulkan", "egl", "clients", "replay_all", "bench", "examples",
        "vkmark", "glmark2", "clinfo", "piglit", "log"]
EACH_PAIR = ["module", "uapi", "vulkan", "clients", "replay", "examples", "log"]
PAIRS = [("t8103", "12.3"), ("t8103", "13.5"), ("t8112", "12.4"), ("t8112", "13.5"),
         ("t6000", "12.3"), ("t6000", "13.5"), ("t6001", "12.3"), ("t6001", "13.5"),
         ("t6002", "12.3"), ("t6002", "13.5"), ("t6020", "13.5"), ("t6021", "13.5"),
         ("t6022", "13.5")]
NAMES = {"t8103": "Apple M1", "t8112": "Apple M2", "t6000": "Apple M1 Pro",
         "t6001": "Apple M1 Max", "t6002": "Apple M1 Ultra", "t6020": "Apple M2 Pro",
         "t6021": "Apple M2 Max", "t6022": "Apple M2 Ultra"}


# Findings in what clients wrote themselves: the ioctl cases hand over streams that are none.
CLIENTS_OWN = {"CONTROL_STREAM", "STREAM_ALIGNMENT"}


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def line(self, ok, name, skip=""):
        self.count += 1
        self.failed += not ok
        print(f"{'ok' if ok else 'not ok'} {self.count} - {name}{skip}", flush=True)

    @staticmethod
    def say(text):
        for line in text.splitlines():
            print("#", line, flush=True)

    def finish(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


class Boot:
    """What one boot left."""

    def __init__(self, folder):
        self.folder = folder
        self.share = os.path.join(folder, "share")
        self.log = os.path.join(folder, "log")
        self.json = os.path.join(folder, "vm.json")
        self.vgpu = os.path.join(folder, "vgpu.json")
        self.seconds = 0.0


def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


def fill_share(boot, source, traces):
    os.makedirs(os.path.join(boot.share, "traces"))
    for trace in traces:
        shutil.copy(trace, os.path.join(boot.share, "traces"))
    for path in ("tests/vm/guest.sh", "tests/vm/igt.txt", "tests/mesa/piglit.txt",
                 "tests/mesa/session-piglit.sh"):
        shutil.copy(os.path.join(source, path), boot.share)


def run_boot(tap, options, title, checks, traces, arguments=(), environment=()):
    """Boots, runs the checks and passes on what they say; the Boot, or None: it did not come up."""
    boot = Boot(tempfile.mkdtemp(prefix="agx-machine-", dir=options.keep))
    fill_share(boot, options.source, traces)
    if options.igt:
        shutil.copytree(options.igt, os.path.join(boot.share, "igt"))
    command = [options.agx, "vm", "--share", boot.share, "--json", boot.json,
               "--report", boot.vgpu, "--kernel-log", boot.log,
               "--timeout", str(options.limit), *arguments]
    if options.module:
        command += ["--module", options.module]
    for setting in environment:
        command += ["--env", setting]
    command += ["--", "sh", "/share/guest.sh", "/share", *checks]
    begin = time.monotonic()
    prefix = f"{title}: " if title else ""
    seen = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE if options.quiet else None, text=True,
                          errors="replace") as process:
        for line in process.stdout:
            line = line.rstrip()
            ok, dash, name = line.partition(" - ")
            if dash and ok in ("ok", "not ok"):
                name, skip, why = name.partition(" # SKIP ")
                tap.line(ok == "ok", prefix + name, skip + why)
                seen += 1
            else:
                tap.say(line.removeprefix("# "))
        errors = process.stderr.read() if options.quiet else ""
    boot.seconds = time.monotonic() - begin
    tap.say(f"{title or 'machine'}: {boot.seconds:.0f} s, exit status {process.returncode}")
    if not seen or process.returncode:
        tap.say(errors)
        try:
            with open(boot.log, errors="replace") as f:
                tap.say("".join(f.readlines()[-60:]))
        except OSError:
            pass
    tap.line(bool(seen) and not process.returncode, prefix + "the machine ran to its end")
    if "examples" in checks:
        judge_examples(tap, prefix, boot, options.source)
    judge_reports(tap, prefix, boot, CLIENTS_OWN if "uapi" in checks else ())
    return boot


def judge_examples(tap, prefix, boot, source):
    """What the programs of examples/ printed and saved inside."""
    script = os.path.join(source, "tests/examples/check_examples.py")
    run = subprocess.run([sys.executable, script, "--recorded",
                          os.path.join(boot.share, "out", "examples")],
                         capture_output=True, text=True)
    if run.returncode:
        tap.say(run.stdout + run.stderr)
    tap.line(not run.returncode, prefix + "the examples' results are right")


def judge_reports(tap, prefix, boot, known):
    """What the model of the firmware found wrong with what the driver did."""
    report = load(boot.vgpu)
    if report is None:
        tap.line(False, prefix + "the virtual GPU reports")
        return
    findings = [kind for kind in report["findings"]["kinds"] if kind["name"] not in known]
    count = sum(kind["count"] for kind in findings)
    if count:
        tap.say(json.dumps(findings, indent=1)[:4000])
    tap.line(not count, prefix + "the firmware's model has nothing to find fault with")
    times = load(boot.json)
    if times:
        tap.say(json.dumps(times)[:1000])


def compare_transcripts(tap, options, title, traces):
    """The same traces here on the virtual node and inside: the same is said to the firmware."""
    folder = tempfile.mkdtemp(prefix="agx-transcript-", dir=options.keep)
    here, there = (os.path.join(folder, place) for place in ("here", "there"))
    run_boot(tap, options, title, ["replay_all"], traces, ["--transcript", there])
    subprocess.run([options.agx, "replay", "--transcript", here, *traces],
                   check=True, stdout=subprocess.DEVNULL)
    script = os.path.join(options.source, "tests/vm/compare_transcripts.py")
    run = subprocess.run([sys.executable, script, here, there], capture_output=True, text=True)
    tap.say(run.stdout + run.stderr)
    tap.line(not run.returncode, f"{title}: the same transcript as on the virtual node")


def capture_and_compare(tap, options):
    """A program is captured inside; then its trace is replayed there and here."""
    boot = run_boot(tap, options, "capture", ["capture"], [])
    trace = os.path.join(boot.share, "out", "captured.agxt")
    if os.path.exists(trace):
        compare_transcripts(tap, options, "captured", [trace])


def bundled(options, name):
    return os.path.join(options.source, "tests/traces", name + ".agxt")


def why_not(options):
    """Why no machine can be booted here, or None."""
    if not shutil.which("qemu-system-aarch64"):
        return "there is no qemu-system-aarch64"
    if options.module:
        return None
    try:
        run = subprocess.run([os.path.join(options.source, "tools/vm-root"), "check"],
                             capture_output=True, text=True)
    except FileNotFoundError as e:
        return str(e)
    if run.returncode:
        return (run.stderr or run.stdout).strip() or "tools/vm-root has made nothing yet"
    return None


def all_traces(options):
    folder = os.path.join(options.source, "tests/traces")
    return sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".agxt"))


def long_form(tap, options):
    environment = ["AGX_SECONDS=30", "AGX_ROUNDS=50", "AGX_BENCH=--rounds 5 --time 50"]
    run_boot(tap, options, "", LONG + ["load_unload", "log"], all_traces(options),
             environment=environment)
    capture_and_compare(tap, options)
    compare_transcripts(tap, options, "bundled traces", all_traces(options))
    small = [bundled(options, "vk-compute")]
    run_boot(tap, options, "newest kernel", SHORT, small, ["--kernel", "newest"])
    for gpu, firmware in PAIRS:
        run_boot(tap, options, f"{gpu} {firmware}", EACH_PAIR, small,
                 ["--gpu", gpu, "--firmware", firmware],
                 [f"AGX_GPU_NAME={NAMES[gpu]}", f"AGX_GPU={gpu}", "AGX_SECONDS=3"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("agx")
    parser.add_argument("source")
    parser.add_argument("checks", nargs="*", help="of guest.sh; default: the short form")
    parser.add_argument("--long", action="store_true", help="the long form")
    parser.add_argument("--compare", action="append", default=[], metavar="TRACE",
                        help="compare the transcript of traces (several times)")
    parser.add_argument("--capture", action="store_true",
                        help="capture a program inside and compare its replays' transcripts")
    parser.add_argument("--pair", metavar="SOC:FIRMWARE", help="the GPU of the machine")
    parser.add_argument("--kernel", help="as agx vm takes it")
    parser.add_argument("--igt", metavar="DIR", help="what build-igt has built, for the check igt")
    parser.add_argument("--module", help="another asahi.ko, as agx vm takes it")
    parser.add_argument("--env", action="append", default=[], help="for the checks")
    parser.add_argument("--limit", type=int, default=1500, help="seconds of a machine (1500)")
    parser.add_argument("--keep", metavar="DIR", help="leave what machines write there")
    parser.add_argument("--quiet", action="store_true", help="show what failed only")
    options = parser.parse_args()
    options.agx = os.path.abspath(options.agx)

    reason = why_not(options)
    if reason:
        print(f"1..0 # SKIP {reason}")
        return SKIP
    folder = None
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    else:
        folder = options.keep = tempfile.mkdtemp(prefix="agx-machines-")
    tap = Tap()
    try:
        if options.long:
            long_form(tap, options)
        elif options.compare or options.capture:
            if options.capture:
                capture_and_compare(tap, options)
            if options.compare:
                compare_transcripts(tap, options, "traces", options.compare)
        else:
            arguments, environment = [], list(options.env)
            if options.pair:
                gpu, _, firmware = options.pair.partition(":")
                arguments += ["--gpu", gpu] + (["--firmware", firmware] if firmware else [])
                environment += [f"AGX_GPU_NAME={NAMES[gpu]}", f"AGX_GPU={gpu}"]
            if options.kernel:
                arguments += ["--kernel", options.kernel]
            traces = all_traces(options) if "replay_all" in options.checks else [
                bundled(options, "vk-compute")]
            run_boot(tap, options, "", options.checks or SHORT, traces, arguments, environment)
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    return tap.finish()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as e:
        print(f"test_machine.py: {e}", file=sys.stderr)
        sys.exit(2)
