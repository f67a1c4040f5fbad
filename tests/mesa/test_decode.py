#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fresh captures of real programs: all of them decodes, as Mesa's own decoder says, twice the same.

usage: test_decode.py MESA_ROOT_TOOL BUILD_FOLDER [--long] [--traces FOLDER [--again FOLDER]]

For each program: `agx decode --strict` is content, there is no unknown word, no address that leads
nowhere, no unknown instruction; every structure and every instruction that Mesa's decoder printed of
the same submissions is there, field by field; a second capture of a program that does the same each
time differs in nothing. The short form takes a few programs of each kind, --long all of
capture_corpus.py; --traces takes captures that are there already. Skips (77) without a root.
"""
import argparse
import fnmatch
import glob
import json
import os
import subprocess
import sys
import tempfile

import mesa_dump

HERE = os.path.dirname(os.path.realpath(__file__))
SKIP = 77

# Of each kind of work one: what the short form takes.
SHORT = [
    "vkmark-desktop",
    "vkmark-effect2d-blur",
    "piglit-arb_tessellation_shader-tess_with_geometry",
    "piglit-arb_shader_image_load_store-layer",
    "piglit-ext_framebuffer_multisample-formats-4",
    "piglit-fbo-depthstencil-blit-GL_DEPTH32F_STENCIL8",
    "piglit-glsl-1.30-fs-large-local-array",
    "cl-local-memory",
    "draw-all",
    "draw-msaa4",
]
# Programs that submit the same each time they run: no clock, no random numbers, no results awaited.
# Mesa's OpenGL uploads bytes that nobody has set, and drops buffers that were unused for two seconds:
# there state, descriptors and shaders are the same, calls and memory need not be.
SAME = {"draw-*": [], "vkmark-effect2d-*": [], "piglit-*": ["--only", "state,descriptors,shaders"]}
SAME_SHORT = ["draw-all", "vkmark-effect2d-blur", "piglit-arb_tessellation_shader-tess_with_geometry"]


def capture(options, folder, names, oracle):
    """Runs capture_corpus.py for these programs, None: for all; ends the test if it cannot."""
    command = [sys.executable, f"{HERE}/capture_corpus.py", "--build", options.build]
    command += ["--out", folder, *(["--oracle"] if oracle else [])]
    for name in names or ():
        command += ["--match", name]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if result.returncode == SKIP:
        print(result.stdout)
        sys.exit(SKIP)
    if result.returncode:
        print(result.stdout)
    return result.returncode == 0


def decode(agx, path):
    """The document of a trace, and complaints."""
    result = subprocess.run(
        [agx, "decode", "--json", "--shaders", "--strict", path],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    complaints = []
    if result.returncode:
        complaints.append(f"agx decode --strict: exit status {result.returncode}: {result.stderr}")
    try:
        document = json.loads(result.stdout)
    except ValueError as error:
        return None, [*complaints, f"no JSON: {error}"]
    summary = document["summary"]
    for name in ("unknown_words", "unresolved", "unknown_instructions"):
        if summary[name]:
            complaints.append(f"{summary[name]} {name}")
    for name, count in summary["problems"].items():
        # Streams that the GPU itself writes before it comes to them are empty in a capture.
        if name != "unwritten":
            complaints.append(f"{count} times {name}")
    return document, complaints


def check(agx, path, totals):
    document, complaints = decode(agx, path)
    if document is None:
        return complaints
    summary = document["summary"]
    for name in ("submits", "draws", "dispatches", "records", "shaders"):
        totals[name] = totals.get(name, 0) + summary[name]
    dump = path[: -len(".agxt")] + ".mesa"
    if os.path.exists(dump):
        more, compared = mesa_dump.compare(mesa_dump.read_mesa(dump), mesa_dump.read_agx(document))
        complaints += more
        for name, count in compared.items():
            totals[f"compared {name}"] = totals.get(f"compared {name}", 0) + count
    return complaints


def compare_captures(agx, arguments, one, other):
    result = subprocess.run(
        [agx, "diff", *arguments, one, other],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    if result.returncode:
        return [f"differs from a second capture: {result.stdout[:2000]}"]
    return []


def same_arguments(name):
    """How the second capture of a program is compared, None: not at all."""
    for pattern, arguments in SAME.items():
        if fnmatch.fnmatch(name, pattern):
            return arguments
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tool")
    parser.add_argument("build")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--traces")
    parser.add_argument("--again")
    options = parser.parse_args()
    options.build = os.path.realpath(options.build)
    agx = f"{options.build}/tools/agx/agx"
    if subprocess.run([options.tool, "setup"], stdout=subprocess.DEVNULL).returncode:
        return SKIP
    bad = 0
    totals = {}
    with tempfile.TemporaryDirectory(prefix="agx-decode-") as folder:
        first = options.traces or f"{folder}/1"
        second = options.again or (None if options.traces else f"{folder}/2")
        if not options.traces:
            bad += not capture(options, first, None if options.long else SHORT, True)
            bad += not capture(options, second, SAME if options.long else SAME_SHORT, True)
        paths = sorted(glob.glob(f"{glob.escape(first)}/*.agxt"))
        if not options.traces and not options.long and len(paths) < len(SHORT) - 2:
            print(f"FAILED: {len(paths)} captures of {len(SHORT)} programs")
            bad += 1
        pairs = 0
        for path in paths:
            name = os.path.basename(path)[: -len(".agxt")]
            complaints = check(agx, path, totals)
            other = f"{second}/{name}.agxt"
            arguments = same_arguments(name)
            if second and arguments is not None and os.path.exists(other):
                complaints += compare_captures(agx, arguments, path, other)
                pairs += 1
            if complaints:
                bad += 1
                print(f"FAILED: {name}")
                for complaint in complaints[:20]:
                    print(f"  {complaint[:500]}")
    print(f"{len(paths)} captures, {pairs} second ones, {bad} bad")
    print(", ".join(f"{count} {name}" for name, count in totals.items()))
    return 1 if bad or not paths else 0


sys.exit(main())
