#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Our disassembler against the one inside real Mesa, on random encodings of every instruction.

usage: test_isa_random.py MESA_ROOT_TOOL BUILD_ROOT RANDOM_CODE.SO ISA_LINES

vkmark draws on the virtual node while random_code.c replaces its shaders, and Mesa's own decoder
prints each submission. Lines without a complaint of Mesa have to be ours to the letter; where Mesa
complains, ours must not look sound. The differences that docs/isa.md explains are listed below.
"""
import collections
import glob
import os
import re
import subprocess
import sys
import tempfile

SKIP = 77
TOOL, BUILD, MODULE, LINES = sys.argv[1:5]

INSTRUCTION = re.compile(r"^\s*[0-9a-f]+: ((?:[0-9a-f]{2}){2,}) +(.*?)\s*$")
NOT_SOUND = re.compile(r"# unknown bits|\b[a-z_]+=\d|\bsr\d|^\.u(16|8) ")

# Less than this, and the test did not test: lines without complaint, different opcodes among them.
ENOUGH_LINES, ENOUGH_OPCODES = 100, 30


def known_difference(op, code, mesa, ours, complaint):
    """Why these two texts may differ, or None."""
    if op == "fcmp_ballot":
        return "AGX2.xml has too few bits of the sources and integer conditions"
    if op == "latomic" and len(code) == 12:
        return "Mesa reads the source of the short form from the next instruction"
    if op.startswith(("tex_state_store", "sampler_state_store")):
        if "# unknown bits" in ours and not complaint:
            return "Mesa ignores the bits behind a register offset"
    if complaint and op == "uniform_store_unk":
        return "Mesa stops at the alias"
    if complaint and ours.endswith(", kill"):
        return "a bit that applegpu knows"
    return None


def dumps(folder):
    """Runs the program; gives the files that Mesa's decoder wrote."""
    command = (f'LD_PRELOAD="$LD_PRELOAD:{MODULE}" exec timeout 60 '
               "vkmark --winsys headless --size 64x64 -b shading:duration=2")
    run = subprocess.run(
        [TOOL, "exec", "--build", BUILD, "--", "env", "AGX_RANDOM_CODE=vkmark",
         "MESA_SHADER_CACHE_DISABLE=1", "ASAHI_MESA_DEBUG=trace",
         f"AGXDECODE_DUMP_FILE={folder}/dump", "agx", "run", "--exec=none", "--", "sh", "-c", command],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if run.returncode == SKIP:
        sys.stderr.write(run.stderr)
        sys.exit(SKIP)
    files = glob.glob(f"{folder}/dump.*")
    if not files:
        print(f"status {run.returncode}, no dumps:\n{run.stdout}{run.stderr}")
    return files


def instructions(files):
    """Bytes -> (text, whether Mesa complained), each once."""
    found = {}
    for path in files:
        with open(path, errors="replace") as dump:
            lines = dump.read().split("\n")
        for line, after in zip(lines, lines[1:]):
            match = INSTRUCTION.match(line)
            if match and match[2] != "<unknown instr>":
                complaint = "XXX" in match[2] or "expected" in match[2] or "XXX error" in after
                found.setdefault(match[1], (match[2], complaint))
    return found


def main():
    with tempfile.TemporaryDirectory(prefix="agx-isa-") as folder:
        found = instructions(dumps(folder))
    run = subprocess.run([LINES], input="\n".join(found) + "\n", capture_output=True, text=True,
                         check=True)
    good, opcodes, failures = 0, set(), collections.Counter()
    for (code, (mesa, complaint)), line in zip(found.items(), run.stdout.splitlines()):
        length, op, ours = line.split("\t")
        ours = ours.rstrip()
        if complaint:
            right = bool(NOT_SOUND.search(ours)) or int(length) < 0
        else:
            right = int(length) * 2 == len(code) and ours == mesa
            good += 1
            opcodes.add(op)
        if not right and not known_difference(op, code, mesa, ours, complaint):
            failures[op] += 1
            if failures[op] <= 3:
                print(f"{op}: {code}\n  Mesa: {mesa}{'  (complains)' if complaint else ''}"
                      f"\n  ours: {ours}")
    print(f"{len(found)} encodings, {good} without a complaint, {len(opcodes)} opcodes, "
          f"{sum(failures.values())} differ")
    if good < ENOUGH_LINES or len(opcodes) < ENOUGH_OPCODES:
        print("too few to tell anything")
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
