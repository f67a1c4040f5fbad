# SPDX-License-Identifier: MIT
"""`agx diff --work` of Mesa's captures against the library's of the same work: nothing but what is intended.

usage: test_mesa_diff.py AGX REBUILD TRACE...

The captures are those of test_mesa_state.py, rebuilt in the same way. That test compares by name what it knows of;
this one asks the tool that a driver developer would ask, which pairs by itself and compares everything. All commands
that were rebuilt have to find their partners, all that were not have to be told as missing, and what differs has to be
in the list. docs/libagx/mesa-diff.md explains the list; an entry that no longer occurs is an error, too.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

import compute_state
import test_mesa_state

# A change as "UNIT OP PATH: NAME: MESA'S VALUE -> OURS" as a pattern, and why it is as it should be.
INTENDED = {
    r'dispatch changed : sampler_state_register_count: compact_4 -> none':
        'room for four samplers in kernels of Mesa that name none',
    r'dispatch changed compute_program/USC registers: unknown_24: 0x1 -> 0x0':
        'nobody knows the bit, and Mesa is not of one mind',
    r'dispatch changed compute_program/USC registers: register_count: 32 -> 24':
        'a program made of parts, for which Mesa counts more than the code names',
    r'dispatch removed CDM barrier: .*':
        'a barrier in front of everything, where nothing has to be waited for',
    r'dispatch changed compute_program/(pbe|texture) \d+: \w+_sw: .*':
        'the hardware ignores them: Mesa keeps there what its own shaders ask for',
    r'dispatch (changed compute_program/(pbe|texture) \d+: (compressed|extended): true -> false|'
    r'changed compute_program/pbe \d+: page_aligned_layers: false -> true|'
    r'added compute_program/pbe \d+: \w+_sw: .*|'
    r'removed compute_program/(pbe|texture) \d+: acceleration_buffer: mapped -> None)':
        'the library has no compressed images',
    r'dispatch changed compute_program/sampler \d+: compare_func: (never|always) -> lequal':
        'of samplers that do not compare',
    r'command changed helper: helper shader: .*':
        'each has a program of its own that finds room for stacks',
    r'dispatch removed compute_program/loaded_by_code/.*':
        'what code fetches through addresses: memory of the program, which is not rebuilt',
    r'dispatch changed compute_program/uniforms: u\d+: (address -> 0x0000[0-9a-f]{4}|0x0000[0-9a-f]{4} -> address)':
        'two small numbers side by side that are an address in one of the two address spaces, by chance',
}


class Report:
    def __init__(self):
        self.changes = 0
        self.met = collections.Counter()
        self.wrong = []

    def change(self, where, text):
        self.changes += 1
        entry = next((why for pattern, why in INTENDED.items() if re.fullmatch(pattern, text)), None)
        if entry:
            self.met[entry] += 1
        else:
            self.wrong.append(f'{where}: {text}')


def run(agx, *args, expect):
    done = subprocess.run([agx, *args], capture_output=True, text=True, check=False)
    if done.returncode not in expect:
        raise SystemExit(f'agx {" ".join(args)}: {done.returncode}: {done.stderr}')
    return json.loads(done.stdout)


def compare(agx, program, trace, work, report):
    name = os.path.basename(trace)
    gpu = run(agx, 'trace', 'info', '--json', trace, expect=(0,))['meta']['soc']
    mesa = compute_state.Trace(compute_state.decode(agx, trace))
    script = compute_state.Script(mesa, compute_state.bound(agx, trace))
    ours = test_mesa_state.rebuild(agx, program, trace, script, work, gpu)
    data = run(agx, 'diff', '--work', '--json', trace, ours, expect=(0, 1))
    kept = {command['at'] for commands in script.kept for command in commands}
    wrong = report.wrong
    if data['notes']:
        wrong.append(f'{name}: {data["notes"]}')
    if data['a']['commands'] != mesa.commands or data['b']['commands'] != len(kept):
        wrong.append(f'{name}: {data["a"]["commands"]} and {data["b"]["commands"]} commands, '
                     f'not {mesa.commands} and {len(kept)}')
    removed = places = 0
    for hunk in data['hunks']:
        where = f'{name} {hunk["places"][0]["text"]}'
        if hunk['unit'] == 'command' and hunk['op'] == 'removed':
            removed += hunk['count']
            for place in hunk['places']:
                for at in range(place['count']):
                    if (place['submit_a'] + at, place['command_a']) in kept:
                        wrong.append(f'{where}: not found in ours')
            continue
        if hunk['op'] != 'changed' or hunk.get('left_out'):
            wrong.append(f'{where}: {hunk["unit"]} {hunk["op"]}, {hunk.get("left_out", 0)} lines left out')
            continue
        places += hunk['count']
        for change in hunk['changes']:
            text = (f'{hunk["unit"]} {change["op"]} {"/".join(change["in"])}: {change["name"]}: '
                    f'{change["a"]} -> {change["b"]}')
            report.change(where, text)
    if removed != mesa.commands - len(kept):
        wrong.append(f'{name}: {removed} commands only in Mesa\'s, not {mesa.commands - len(kept)}')
    print(f'{name}: {len(kept)} commands, {data["b"]["dispatches"]} dispatches, {places} places with intended '
          f'differences, told in {len(data["hunks"])} hunks; {removed} commands only in Mesa\'s')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('agx')
    parser.add_argument('rebuild')
    parser.add_argument('traces', nargs='+', metavar='TRACE')
    args = parser.parse_args()
    report = Report()
    for trace in args.traces:
        with tempfile.TemporaryDirectory() as work:
            compare(args.agx, args.rebuild, trace, work, report)
    for why, count in report.met.items():
        print(f'{count} changes as intended: {why}')
    for why in INTENDED.values():
        if not report.met[why]:
            report.wrong.append(f'does not occur any more: {why}')
    for text in report.wrong:
        print(f'WRONG {text}')
    return 1 if report.wrong else 0


if __name__ == '__main__':
    sys.exit(main())
