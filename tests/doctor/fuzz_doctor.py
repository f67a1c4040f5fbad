#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx doctor on damaged machines: whatever a file holds, it reports, and neither crashes nor hangs.

First every property of the GPU's node, its regions and tables is cut at every length that matters;
then files anywhere are cut, filled, removed or replaced by something that is no file.

Usage: fuzz_doctor.py AGX [ROUNDS [SEED]]
"""
import json
import os
import random
import subprocess
import sys
import tempfile

import machine
from machine import Machine, device_tree, virtual_tree

AGX = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 120
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
LEVELS = {"ok", "warn", "FAIL"}
failures = []


def look(root, what):
    try:
        out = subprocess.run([AGX, "doctor", "--json", "--sysroot", root], capture_output=True,
                             timeout=60, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        failures.append(f"{what}: hangs")
        return None
    if out.returncode not in (0, 1, 2):
        failures.append(f"{what}: exit {out.returncode}, {out.stderr[-600:]!r}")
        return None
    if out.stderr:
        failures.append(f"{what}: {out.stderr[-600:]!r}")
    try:
        report = json.loads(out.stdout.decode("ascii"))
        assert report["checks"] and all(c["level"] in LEVELS for c in report["checks"])
        worst = any(c["level"] == "FAIL" for c in report["checks"])
        assert out.returncode == (2 if report["machine"] == "other" else 1 if worst else 0)
        return any(c["level"] != "ok" for c in report["checks"])
    except (ValueError, KeyError, AssertionError) as error:
        failures.append(f"{what}: {error!r}, exit {out.returncode}, {out.stdout[:300]!r}")
        return None


def files_below(folder):
    return sorted(os.path.join(path, name) for path, _, names in os.walk(folder) for name in names
                  if not os.path.islink(os.path.join(path, name)))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def store(path, data):
    with open(path, "wb") as file:
        file.write(data)


def cuts(root):
    """Each property that is read, one byte short, one byte long, and empty; of a table, one node."""
    noticed = total = 0
    for path in files_below(root):
        if not any(part in path for part in ("/gpu@", "/reserved-memory/", "/opp-table-gpu")):
            continue
        if "/opp-table" in path and "/opp0" in path and "/opp03" not in path:
            continue
        data = content(path)
        for damaged in {data[:-1], data + b"\x07", b""} - {data}:
            store(path, damaged)
            noticed += bool(look(root, f"{os.path.relpath(path, root)} of {len(damaged)} bytes"))
            total += 1
        store(path, data)
    # Not each is: some are for others, and a phandle that nobody follows may be anything.
    if noticed * 10 < total * 7:
        failures.append(f"only {noticed} of {total} cut properties were noticed")
    return total


def damage(path, rng):
    """Changes the file; gives back what puts it right again."""
    data = content(path)
    kind = rng.randrange(8)

    def restore():
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
        store(path, data)

    if kind == 0:
        store(path, data[:rng.randrange(len(data) + 1)])
    elif kind == 1:
        store(path, bytes(rng.randrange(256) for _ in range(rng.choice((1, 4, 8, 16, 4096)))))
    elif kind == 2:
        store(path, b"\xff" * len(data))
    elif kind == 3:
        store(path, data + bytes(rng.randrange(256) for _ in range(8)))
    else:
        os.unlink(path)
        if kind == 5:
            os.mkdir(path)
        elif kind == 6:
            os.mkfifo(path)
        elif kind == 7:
            os.symlink(os.path.dirname(path), path)
    return kind, restore


def deep_tree(root):
    """Nodes in nodes, deeper and more than any tree has, and one that is a link to its parent."""
    Machine().write(root)
    at = os.path.join(root, Machine().tree_at)
    os.symlink("..", os.path.join(at, "loop"))
    for i in range(200):
        os.mkdir(os.path.join(at, f"many{i}"))
    for _ in range(60):
        at = os.path.join(at, "deep")
        os.mkdir(at)
    look(root, "a deep tree")


def main():
    rng = random.Random(SEED)
    rounds = 0

    with tempfile.TemporaryDirectory(prefix="agx-doctor-") as folder:
        root = os.path.join(folder, "root")
        Machine(device_tree("t6020", "downstream")).write(root)
        rounds += cuts(root)
        for tree in (device_tree("t6020", "downstream"), device_tree("t6002"), virtual_tree()):
            Machine(tree).write(root)
            config = os.path.join(root, "proc/config.gz")
            store(config, machine.compressed(machine.CONFIG))
            files = files_below(root)
            for _ in range(ROUNDS // 3):
                path = rng.choice(files)
                kind, restore = damage(path, rng)
                look(root, f"{os.path.relpath(path, root)}, damage {kind}")
                restore()
                rounds += 1
        deep_tree(root)
    for failure in failures:
        print(failure)
    print(f"{rounds} damaged machines, {len(failures)} failures")
    sys.exit(1 if failures or rounds < ROUNDS else 0)


main()
