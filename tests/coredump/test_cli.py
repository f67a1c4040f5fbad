#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx coredump` on a dump that the kernel module has made, whole and damaged.

usage: test_cli.py AGX FILE

FILE was read from /sys/class/devcoredump in `agx vm`, after a compute shader had read an address
where nothing is mapped.
"""
import json
import os
import subprocess
import sys
import tempfile

AGX, FILE = sys.argv[1:]
failures = 0


def run(*args, data=None):
    done = subprocess.run([AGX, "coredump", *args], input=data, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check(condition, what):
    global failures
    print("%s - %s" % ("ok" if condition else "not ok", what))
    failures += not condition


def main():
    with open(FILE, "rb") as file:
        whole = file.read()

    status, out, err = run(FILE)
    check(status == 0 and not err, "the module's dump is read")
    for words in ("A command has failed: fault", "transport virtual", "firmware 12.3.0",
                  "Input/output error", "unmapped", "not mapped", "Job:       vm-clients",
                  "Work queues", "Channels (23)", "Log", "Mailbox", "Mappings", "command, "):
        check(words in out, "it says \"%s\"" % words)

    status, out, _ = run("--json", FILE)
    dump = json.loads(out)
    check(status == 0 and dump["fault"]["mmu"]["reason"] == "unmapped", "JSON: the fault")
    check(dump["job"]["comm"] == "vm-clients", "JSON: whose job")
    check(any(m["sent"] for m in dump["mailbox"]) and any(not m["sent"] for m in dump["mailbox"]),
          "JSON: messages of both directions")
    check(any(len(m["bytes"]) > 1000 for m in dump["memory"]), "JSON: the command's bytes")
    check(int(dump["fault"]["command"], 16) in [int(m["va"], 16) for m in dump["memory"]],
          "JSON: the memory is that of the command")
    busy = [q for q in dump["work_queues"] if q["commands"]]
    check(dump["fault"]["queue"] in [q["queue"] for q in busy], "JSON: the work queue is busy")

    status, out, _ = run("--memory", FILE)
    check(status == 0 and out.count("\n    ffffff") > 10, "--memory: bytes")

    status, out, _ = run("-", data=whole)
    check(status == 0 and "A command has failed" in out, "from standard input")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x")
        for what, data in (("cut", whole[:-8]), ("empty", b""), ("longer", whole + bytes(8)),
                           ("something else", b"#!/bin/sh\n" * 1000),
                           ("a wild offset", whole[:88] + b"\xff" * 8 + whole[96:]),
                           ("huge", whole + bytes(17 << 20))):
            with open(path, "wb") as file:
                file.write(data)
            status, out, err = run(path)
            check(status == 3 and not out and path in err, "%s: exit 3, with the reason" % what)
        status, _, err = run(os.path.join(folder, "none"))
        check(status == 2 and "No such file" in err, "no file: exit 2")
    check(run()[0] == 2, "no argument: exit 2")
    check(run(FILE, FILE)[0] == 2, "two files: exit 2")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
