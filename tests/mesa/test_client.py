#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A real program on unmodified Mesa on the virtual node, in the root of tools/mesa-root.

usage: test_client.py MESA_ROOT_TOOL BUILD_FOLDER CLIENT
       test_client.py --list

Passes when the program does, prints what the table says, and left a clean report: no ioctl that
the node does not know, nothing of the node's memory leaked. Skips (77) where there can be no root.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
SKIP = 77
GPU = r"Apple M1 \(G13G"


def session(name):
    return ["bash", f"{HERE}/session-{name}.sh"]


class Client:
    def __init__(self, command, expect, options=(), env=None, submits=False):
        self.command = command  # inside the root
        self.expect = expect  # regular expressions that the output must match, line by line
        self.options = options  # of agx run
        self.env = env or {}
        self.submits = submits  # must have submitted work


CLIENTS = {
    # Making the root is the first test, so that the others do not count it as theirs.
    "root": Client(["true"], []),
    "vulkaninfo-summary": Client(
        ["vulkaninfo", "--summary"],
        [rf"deviceName += {GPU}", "driverName += Honeykrisp", "DRIVER_ID_MESA_HONEYKRISP"],
    ),
    "vulkaninfo": Client(
        ["vulkaninfo"], [rf"deviceName += {GPU}", "maxImageDimension2D", "primaryMinor += 0"]
    ),
    "vulkaninfo-t6002": Client(
        ["vulkaninfo", "--summary"], [r"deviceName += Apple M1 Ultra"], ["--gpu", "t6002"]
    ),
    "vulkaninfo-t8112": Client(
        ["vulkaninfo", "--summary"], [r"deviceName += Apple M2 "], ["--gpu", "t8112"]
    ),
    "eglinfo-surfaceless": Client(
        ["eglinfo", "-B", "-p", "surfaceless"],
        [rf"core profile renderer: {GPU}", rf"OpenGL ES profile renderer: {GPU}"],
    ),
    "eglinfo-gbm": Client(
        ["eglinfo", "-B", "-p", "gbm"],
        [rf"core profile renderer: {GPU}", rf"OpenGL ES profile renderer: {GPU}"],
    ),
    "clinfo": Client(["clinfo"], [rf"Device Name +{GPU}", "Platform Name +rusticl"]),
    "clpeak": Client(
        ["clpeak", "--compute-sp", "--kernel-latency"],
        [rf"Device: {GPU}", r"float16 +: [0-9.]+", r"latency"],
        submits=True,
        # Executed it takes minutes; cl-check and cl-random are.
        options=["--exec=none"],
    ),
    "vkmark": Client(
        ["vkmark", "--winsys", "headless", "-s", "256x256"]
        + [f"-b{scene}:duration=0.3" for scene in ("vertex", "texture", "shading", "cube", "clear")],
        [rf"Device Name: +{GPU}"] + [rf"\[{scene}\].* FPS: [1-9]" for scene in ("vertex", "cube")],
        submits=True,
    ),
    "xvfb": Client(
        session("xvfb"),
        ["vkmark: ok", "vkcube: ok", rf"OpenGL renderer string: zink .*{GPU}", "Xvfb: ok"],
        submits=True,
    ),
    "weston": Client(
        session("weston"),
        [
            rf"GL renderer: {GPU}",
            rf"Device Name: +{GPU}",
            rf"GL_RENDERER: +{GPU}",
            "weston-simple-egl: ok",
            "es2gears_wayland: ok",
            "weston: ok",
        ],
        submits=True,
    ),
    "piglit": Client(session("piglit"), ["piglit: 50 tests, 0 bad"], submits=True),
    "ggml": Client(["python3", f"{HERE}/ggml-devices.py"], [rf"^Vulkan0: {GPU}"]),
}


def prepare(tool):
    """Makes the root, or says why there is none."""
    result = subprocess.run([tool, "setup"], stdout=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(SKIP if result.returncode == SKIP else 1)


def check_report(client, path):
    """What the program left, as a list of complaints."""
    try:
        with open(path) as file:
            report = json.load(file)
    except (OSError, ValueError) as error:
        return [f"no report of the run: {error}"]
    total = report["total"]
    failures = []
    for process in report["processes"]:
        for unknown in process["unknown"]:
            failures.append(
                f"{process['command']}: unknown ioctl {unknown['request']}, {unknown['count']} times"
            )
        if process["leaked_bos"]:
            failures.append(
                f"{process['command']}: {process['leaked_bos']} buffer objects leaked,"
                f" {process['leaked_bytes']} bytes"
            )
    if client.expect and not total["opens"]:
        failures.append("nobody opened the virtual node")
    if client.submits and not total["submits"]:
        failures.append("nothing was submitted")
    if total["unknown_ioctls"]:
        failures.append(f"{total['unknown_ioctls']} unknown ioctls")
    return failures


def run(tool, build, client):
    with tempfile.TemporaryDirectory(prefix="agx-mesa-") as folder:
        path = os.path.join(folder, "report.json")
        command = [tool, "exec", "--build", build, "--", "env"]
        command += [f"{name}={value}" for name, value in client.env.items()]
        command += ["agx", "run", "--report", path, *client.options, "--", *client.command]
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )
        failures = []
        if result.returncode == SKIP:
            print(result.stdout)
            sys.exit(SKIP)
        if result.returncode:
            failures.append(f"exit status {result.returncode}")
        for pattern in client.expect:
            if not re.search(pattern, result.stdout, re.MULTILINE):
                failures.append(f"the output has nothing like {pattern!r}")
        failures += check_report(client, path)
        if failures:
            print(result.stdout[-20000:])
        return failures


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CLIENTS))
        return 0
    if len(sys.argv) != 4 or sys.argv[3] not in CLIENTS:
        sys.stderr.write(__doc__)
        return 2
    tool, build, name = sys.argv[1:]
    prepare(tool)
    failures = run(tool, os.path.realpath(build), CLIENTS[name])
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


sys.exit(main())
