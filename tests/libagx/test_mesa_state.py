# SPDX-License-Identifier: MIT
"""The library's compute streams against Mesa's, for the same work.

usage: test_mesa_state.py AGX REBUILD [--keep DIR] TRACE...

Traces are captures of programs on Mesa. Their compute work is done again through the library, captured, and what
both say to the hardware is compared value by value. docs/libagx/mesa-diff.md explains it.
"""

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import compute_state

# What may differ, as a pattern of "NAME: MESA'S VALUE -> OURS", and why.
BARRIER = r'barrier block_type=barrier [^/]*'
INTENDED = {
    r'launch sampler_state_register_count: compact_4 -> none':
        'Mesa launches kernels of its own with room for four samplers, whether they name any or not',
    r'USC registers unknown_24: 0x1 -> 0x0':
        'nobody knows the bit: Mesa sets it in programs that Vulkan links, not in those of OpenCL and OpenGL',
    r'USC registers register_count: 32 -> 24':
        'Mesa counts what the parts of a program hand on to each other, the library what the code names',
    r'end behind the terminator: -8 -> 0':
        'Mesa is not of one mind: OpenCL and OpenGL end streams at the word that terminates them, Vulkan behind it',
    rf'blocks: ({BARRIER}/ )+(.*) -> \2':
        'a barrier of the program in front of everything, where nothing has to be waited for',
    r'(textures|samplers) \d+ \w+_sw: .*':
        'the hardware ignores them: Mesa keeps there what its own shaders ask for',
    r'textures \d+ (compressed: True -> False|extended: True -> False|acceleration_buffer: some -> absent|'
    r'page_aligned_layers: False -> True)':
        'the library has no compressed images',
}


def intended(name, mesa, ours):
    text = f'{name}: {mesa} -> {ours}'
    return next((why for pattern, why in INTENDED.items() if re.fullmatch(pattern, text)), None)


class Report:
    def __init__(self):
        self.values = 0
        self.different = collections.Counter()
        self.where = {}
        self.met = collections.Counter()

    def compare(self, where, mesa, ours):
        for name in sorted({*mesa, *ours}):
            a, b = mesa.get(name, 'absent'), ours.get(name, 'absent')
            self.values += 1
            if a == b:
                continue
            entry = intended(name, a, b)
            if entry:
                self.met[entry] += 1
            else:
                key = (name, str(a), str(b))
                self.different[key] += 1
                self.where.setdefault(key, where)


def rebuild(agx, program, trace, script, work, gpu):
    text, out = os.path.join(work, 'script.txt'), os.path.join(work, 'ours.agxt')
    with open(text, 'w', encoding='ascii') as file:
        file.write(script.text())
    done = subprocess.run(
        [agx, 'capture', '--exec', 'none', '--gpu', gpu, '-o', out, '--', program, text],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'{trace}: rebuild ended with {done.returncode}:\n{done.stderr}')
    return out


def compare(agx, program, trace, work, report, gpu):
    mesa = compute_state.Trace(compute_state.decode(agx, trace))
    script = compute_state.Script(mesa, compute_state.bound(agx, trace))
    if not script.kept:
        raise SystemExit(f'{trace}: there is no compute work in it that can be rebuilt')
    ours = compute_state.Trace(compute_state.decode(agx, rebuild(agx, program, trace, script, work, gpu)))
    name = os.path.basename(trace)
    if ours.problems or ours.left_out:
        raise SystemExit(f'{name}: problems in ours: {ours.problems} {ours.left_out}')
    if [len(commands) for commands in ours.submits] != [len(commands) for commands in script.kept]:
        raise SystemExit(f'{name}: ours has commands {[len(c) for c in ours.submits]}, '
                         f'Mesa\'s {[len(c) for c in script.kept]}')
    dispatches = 0
    for s, (theirs, own) in enumerate(zip(script.kept, ours.submits)):
        for k, (a, b) in enumerate(zip(theirs, own)):
            where = f'{name} submit {s} command {k}'
            report.compare(where, {**a['state'], 'blocks': ' / '.join(a['blocks'])},
                           {**b['state'], 'blocks': ' / '.join(b['blocks'])})
            if len(a['dispatches']) != len(b['dispatches']):
                raise SystemExit(f'{where}: {len(b["dispatches"])} dispatches, not {len(a["dispatches"])}')
            for d, (x, y) in enumerate(zip(a['dispatches'], b['dispatches'])):
                report.compare(f'{where} dispatch {d}', x['state'], y['state'])
            dispatches += len(a['dispatches'])
    left = ''.join(f'; left out: {count} commands, {why}'
                   for why, count in sorted({**mesa.left_out, **script.left_out}.items()))
    print(f'{name}: {dispatches} dispatches of {len(script.shaders)} shaders{left}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('agx')
    parser.add_argument('rebuild')
    parser.add_argument('--keep', metavar='DIR', help='where scripts and traces of ours stay')
    parser.add_argument('--gpu', default='t8103')
    parser.add_argument('traces', nargs='+', metavar='TRACE')
    args = parser.parse_args()
    report = Report()
    for trace in args.traces:
        with tempfile.TemporaryDirectory() as work:
            if args.keep:
                work = os.path.join(args.keep, os.path.basename(trace))
                os.makedirs(work, exist_ok=True)
            compare(args.agx, args.rebuild, trace, work, report, args.gpu)
    print(f'{report.values} values compared')
    for why, count in report.met.items():
        print(f'{count} times as intended: {why}')
    for key, count in report.different.most_common():
        name, a, b = (text if len(text) < 300 else text[:300] + '...' for text in key)
        print(f'DIFFERENT {count} times: {name}: Mesa {a}, ours {b}; first in {report.where[key]}')
    return 1 if report.different else 0


if __name__ == '__main__':
    sys.exit(main())
