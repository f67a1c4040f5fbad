#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Timestamps of commands say when work began and ended.

  test_times.py AGX PROGRAM

PROGRAM runs three passes, each with a hundred times the work of the one before it. It is captured, which runs it
on a live GPU, and the capture is replayed. Exit status: 0 good, 1 a check failed.
"""

import os
import re
import subprocess
import sys
import tempfile

PASSES = 3
# Each of 16 SIMD groups: a turn of its loop is three operations. A tick of the GPU's clock is 125/3 ns.
OPERATIONS = [16 * 3 * turns for turns in (10, 1000, 100000)]
TICK = 125 / 3


def check(good, what, got):
    if not good:
        raise SystemExit(f'test_times.py: {what}: {got}')


def in_order(times, what):
    """Each begins before it ends, and ends before the next begins."""
    check(len(times) == PASSES, f'{what}: {PASSES} passes', times)
    for i, (begin, end) in enumerate(times):
        check(0 < begin < end, f'{what}: pass {i} begins before it ends', times)
        check(not i or times[i - 1][1] <= begin, f'{what}: pass {i} begins after the one before', times)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, ' '.join(command), done.stderr)
    return done.stdout


def replayed(agx, path, *options):
    text = run(agx, 'replay', '--strict', '--exec', 'full', *options, '--transcript', '-', path)
    stamps = re.findall(r'\btime (start|end) (\d+)', text)
    check([kind for kind, _ in stamps] == ['start', 'end'] * PASSES, 'order of times', stamps)
    numbers = [int(number) for _, number in stamps]
    return text, list(zip(numbers[::2], numbers[1::2]))


def main():
    agx, program = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'times.agxt')
        lines = run(agx, 'capture', '--exec', 'full', '-o', path, '--', program).splitlines()
        live = [tuple(map(int, line.split())) for line in lines[:PASSES]]
        in_order(live, 'live')
        check(live[-1][1] <= int(lines[PASSES]), 'the clock goes on', lines)

        first, times = replayed(agx, path, '--exec-threads', '1')
        in_order(times, 'replayed')
        for (begin, end), operations in zip(times, OPERATIONS):
            # What surrounds the loop is less than a thousand.
            check(operations - TICK <= end - begin <= operations + 1000 + TICK,
                  f'{operations} operations', end - begin)
        for options in (('--exec-threads', '1'), ('--exec-threads', '3'), ('--exec-order', '5')):
            again, _ = replayed(agx, path, *options)
            check(again == first, f'the same transcript with {options}', 'another')
    return 0


if __name__ == '__main__':
    sys.exit(main())
