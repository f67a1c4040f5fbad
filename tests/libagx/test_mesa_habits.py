# SPDX-License-Identifier: MIT
"""What Mesa always does, the library does: render and compute commands, field by field.

usage: test_mesa_habits.py AGX [--gpu SOC] [--program PROGRAM]... -- MESA-TRACE...

Over all captures of Mesa a field of a structure that has one value only is a habit: mostly bits that nobody knows. The programs
are run under `agx capture` on the GPU, of which some of the captures are; wherever they write such a structure, its fields have
Mesa's values. docs/libagx/mesa-diff.md.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

# Seen fewer times than this in Mesa's, one value says little.
ENOUGH = 8

# Fields of which the program chooses, though all programs in Mesa's captures choose alike.
EXCEPTIONS = {
    'compute_program/USC texture (usc_texture): count',
    'compute_program/sampler (sampler): mip_filter',
    # Mesa's have a sampler for fetches; ours names none.
    'fragment_shader_word_0 (fragment_shader_0): sampler_state_register_count',
    # Places in arrays, formats of images, and several passes in one submission.
    'depth_bias_scissor (depth_bias_scissor): depth_bias',
    'background_program/texture (texture): srgb',
    'render command: vdm_barrier',
}


def decode(agx, trace):
    done = subprocess.run([agx, 'decode', '--json', '--repeat', '--all', trace], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise SystemExit(f'agx decode {trace}: {done.stderr}')
    return json.loads(done.stdout)


def structures(node, stage=''):
    """(where, fields) of each structure; programs' words are those of their stage."""
    for child in node.get('children', []):
        if 'problem' in child:
            continue
        inner = child['title'] if child.get('kind') == 'list' else stage
        if child.get('kind') in ('record', 'block', 'state', 'dispatch', 'draw') and 'type' in child:
            yield f'{inner}{"/" if inner else ""}{child["title"]} ({child["type"]})', child.get('fields', {})
        elif child.get('kind') == 'command':
            yield f'{child["title"]} command', child['fields']
        yield from structures(child, inner)


def values(trace):
    for submit in trace['submits']:
        for where, fields in structures(submit):
            for name, value in fields.items():
                if isinstance(value, dict):
                    value = 'none' if int(value['address'], 16) == 0 else 'an address'
                yield (re.sub(r' \d+$', '', where), name), value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('agx')
    parser.add_argument('--gpu', default='t8103')
    parser.add_argument('--program', action='append', default=[])
    parser.add_argument('traces', nargs='+')
    args = parser.parse_args()
    seen = collections.defaultdict(collections.Counter)
    for trace in args.traces:
        for key, value in values(decode(args.agx, trace)):
            seen[key][value] += 1
    habits = {key: next(iter(counts)) for key, counts in seen.items()
              if len(counts) == 1 and sum(counts.values()) >= ENOUGH}
    compared, wrong = 0, collections.Counter()
    with tempfile.TemporaryDirectory() as work:
        for program in args.program:
            out = os.path.join(work, 'ours.agxt')
            done = subprocess.run([args.agx, 'capture', '--exec', 'none', '--gpu', args.gpu, '-o', out, '--', program],
                                  capture_output=True, text=True, check=False)
            if not os.path.exists(out) or done.returncode not in (0, 1, 77):
                raise SystemExit(f'{program}: {done.returncode}\n{done.stderr}')
            ours = decode(args.agx, out)
            if ours['summary']['problems'] or not ours['submits']:
                raise SystemExit(f'{program}: {ours["summary"]}')
            for key, value in values(ours):
                if key not in habits:
                    continue
                compared += 1
                if value != habits[key] and f'{key[0]}: {key[1]}' not in EXCEPTIONS:
                    wrong[(os.path.basename(program), *key, str(habits[key]), str(value))] += 1
    print(f'{len(habits)} habits of Mesa\'s, {compared} values compared')
    for (program, where, name, mesa, value), count in sorted(wrong.items()):
        print(f'DIFFERENT {count} times: {program}: {where}: {name}: Mesa always {mesa}, ours {value}')
    return 1 if wrong or not compared else 0


if __name__ == '__main__':
    sys.exit(main())
