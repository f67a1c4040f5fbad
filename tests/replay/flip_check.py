#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes one byte of a trace at a time; `agx trace verify` or `agx replay` has to notice.

    flip_check.py AGX FLIP_TRACE [--records N] [--bytes N] [--seed S] [--make PROGRAM] FILE|DIR...

Two sorts of change: a byte of a recorded result, argument or memory page, with the record
encoded again and every checksum right but the whole-trace digest, and a byte of the file as it is.
The sample is drawn with a fixed seed, so that a failure can be repeated. Exit status: 0 all
noticed, 1 some not, 77 no trace to try.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile

KINDS = ("result", "argument", "page")


def find(paths):
    for path in paths:
        if os.path.isdir(path):
            for base, _, names in sorted(os.walk(path)):
                yield from (os.path.join(base, n) for n in sorted(names) if n.endswith(".agxt"))
        else:
            yield path


class Checker:
    def __init__(self, options, scratch):
        self.options = options
        self.changed = os.path.join(scratch, "changed.agxt")
        self.counts = {"verify": 0, "replay": 0, "missed": 0}
        self.random = None

    def agx(self, *args):
        run = subprocess.run(
            [self.options.agx, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600
        )
        if run.returncode < 0 or run.returncode > 3:
            print(f"agx {' '.join(args)} ended with {run.returncode}", flush=True)
            print(run.stdout.decode(errors="replace"))
            self.counts["missed"] += 1
        return run.returncode

    def expect_noticed(self, what):
        if self.agx("trace", "verify", self.changed):
            self.counts["verify"] += 1
        elif self.agx("replay", "--exec=none", self.changed) or self.agx("replay", self.changed):
            self.counts["replay"] += 1
        else:
            self.counts["missed"] += 1
            print(f"NOT NOTICED: {what}", flush=True)

    def places(self, path):
        out = subprocess.run(
            [self.options.flip, "list", path], stdout=subprocess.PIPE, check=True, text=True
        ).stdout
        places = {kind: [] for kind in KINDS}
        for line in out.splitlines():
            record, kind, offset, size = line.split()
            places[kind].append((int(record), int(offset), int(size)))
        return places

    def check_trace(self, path):
        name = os.path.basename(path)
        self.random = random.Random(f"{self.options.seed} {name}")
        if self.agx("trace", "verify", path) or self.agx("replay", "--exec=none", path):
            print(f"{path}: does not pass as it is")
            self.counts["missed"] += 1
            return
        # The tool itself must change nothing: otherwise all that follows would prove nothing.
        subprocess.run([self.options.flip, "copy", path, self.changed], check=True)
        if self.agx("trace", "verify", self.changed) or self.agx(
            "replay", "--exec=none", self.changed
        ):
            print(f"{path}: does not pass when it is written anew")
            self.counts["missed"] += 1
            return
        places = self.places(path)
        for kind in KINDS:
            if not places[kind]:
                continue
            for _ in range(self.options.records):
                record, offset, size = self.random.choice(places[kind])
                offset += self.random.randrange(size)
                mask = 1 << self.random.randrange(8)
                subprocess.run(
                    [self.options.flip, "flip", path, self.changed]
                    + [str(n) for n in (record, offset, mask)],
                    check=True,
                )
                self.expect_noticed(f"{path}: {kind}, record {record} byte {offset} ^ {mask}")
        with open(path, "rb") as f:
            content = f.read()
        for _ in range(self.options.bytes):
            offset = self.random.randrange(len(content))
            mask = 1 << self.random.randrange(8)
            with open(self.changed, "wb") as f:
                f.write(content[:offset])
                f.write(bytes([content[offset] ^ mask]))
                f.write(content[offset + 1 :])
            self.expect_noticed(f"{path}: file offset {offset} ^ {mask}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("agx")
    parser.add_argument("flip")
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--records", type=int, default=6)
    parser.add_argument("--bytes", type=int, default=6)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--make", help="make-traces: makes one more trace to try")
    options = parser.parse_args()
    traces = list(find(options.paths))
    with tempfile.TemporaryDirectory(prefix="agx-flip-") as scratch:
        if options.make:
            traces.append(os.path.join(scratch, "made.agxt"))
            subprocess.run([options.make, "pass", traces[-1]], check=True)
        if not traces:
            print("no traces")
            return 77
        checker = Checker(options, scratch)
        for path in traces:
            checker.check_trace(path)
    counts = checker.counts
    print(
        f"{len(traces)} traces: {counts['verify']} changes noticed by verify,"
        f" {counts['replay']} by replay, {counts['missed']} not noticed"
    )
    return 1 if counts["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
