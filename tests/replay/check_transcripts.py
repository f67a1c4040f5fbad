#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the firmware transcripts of the bundled traces with what they were.

For each trace and each pair of GPU and firmware transcripts.json has the digest of all that crosses
the mailbox and the rings. A change in it is a change in what the driver sends or in how the model
answers: it has to be meant.

  check_transcripts.py AGX TRACES [--update]

--update writes the file anew. Exit status: 0 good, 1 a difference, 2 usage or environment.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile


def digests(agx, traces):
    """{trace: {"t8103 12.3": digest}}"""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        run = subprocess.run(
            [agx, "replay", "--exec=none", "--all-pairs", "--json", out, traces],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if run.returncode:
            print("check_transcripts.py: agx replay: exit status %d\n%s"
                  % (run.returncode, run.stderr), file=sys.stderr)
            return None
        with open(out) as f:
            data = json.load(f)
    found = {}
    for result in data["results"]:
        pair = "%s %s" % (result["replayed_gpu"], result["replayed_firmware"])
        name = os.path.relpath(result["trace"], traces)
        found.setdefault(name, {})[pair] = result["transcript"]["digest"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("agx")
    parser.add_argument("traces", help="folder of the traces and of transcripts.json")
    parser.add_argument("--update", action="store_true", help="write transcripts.json anew")
    options = parser.parse_args()
    path = os.path.join(options.traces, "transcripts.json")
    found = digests(options.agx, options.traces)
    if found is None:
        return 2
    if options.update:
        with open(path, "w") as f:
            json.dump(found, f, indent=1, sort_keys=True)
            f.write("\n")
        return 0
    with open(path) as f:
        kept = json.load(f)
    wrong = []
    for trace in sorted(set(kept) | set(found)):
        for pair in sorted(set(kept.get(trace, {})) | set(found.get(trace, {}))):
            before, now = (x.get(trace, {}).get(pair, "none") for x in (kept, found))
            if before != now:
                wrong.append((trace, pair))
                print("%s on %s: digest %s, expected %s" % (trace, pair, now, before))
    if wrong:
        trace, pair = wrong[0]
        gpu, firmware = pair.split()
        print("To see the change, compare the output of this from a build before and after it:\n"
              "  agx replay --gpu %s --firmware %s --transcript - %s\n"
              "When it is meant: check_transcripts.py AGX TRACES --update"
              % (gpu, firmware, os.path.join(options.traces, trace)), file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except OSError as e:
        print("check_transcripts.py: %s" % e, file=sys.stderr)
        sys.exit(2)
