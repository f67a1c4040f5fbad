# SPDX-License-Identifier: MIT
"""The state of draws that the library makes, against Mesa's, pass by pass.

usage: test_raster_state.py [--gpu SOC] AGX SCENE STATES TRACE

TRACE is a capture of tests/traces/programs/vkstates on Mesa, whose passes STATES (states.h) names. SCENE builds the same passes
through the library. For each the command and all state that its draw sees are compared, field by field. docs/libagx/rendering.md.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

# Of programs' lists; their registers are each side's own: the application's shaders, the drivers' for tiles' ends.
WORDS = {'USC shared', 'USC shader', 'USC registers', 'USC fragment properties'}

# The programs at tiles' ends, behind the draws.
ENDS = {
    'background': 'background_program', 'partial_background': 'background_program',
    'end_of_tile': 'end_of_tile_program', 'partial_end_of_tile': 'end_of_tile_program',
}

# What differs, and why that is meant: (pass or None for all, record, field).
INTENDED = {
    # Registers that shaders name, and how Mesa's and ours name them.
    (None, 'vertex shader word 0', None), (None, 'vertex shader word 1', None),
    (None, 'fragment shader word 0', None), (None, 'fragment shader word 1', None),
    (None, 'vertex program: USC registers', 'register_count'), (None, 'fragment program: USC registers', 'register_count'),
    # Mesa's images are compressed, the library's never.
    (None, 'zls ctrl', 'z_load_compress'), (None, 'zls ctrl', 'z_store_compress'),
    (None, 'zls ctrl', 's_load_compress'), (None, 'zls ctrl', 's_store_compress'),
    (None, 'depth.comp stride', None), (None, 'stencil.comp stride', None),
    # How state is cut into updates, and where in arrays it lies.
    (None, 'PPP state update', None), (None, 'ppp record', None), (None, 'VDM state update', None),
    (None, 'depth bias scissor', None),
    # Numbers that the decoder gives.
    (None, 'draw', 'vertex_shader'), (None, 'draw', 'fragment_shader'),
    # Of a table of samplers, which the library does not use.
    (None, 'command', 'sampler_count'), (None, 'command', 'sampler_heap'),
    # What nothing is cleared to.
    ('clamp', 'isp bgobjdepth', None),
    # Of layers that are less than a page, and one only: nothing is counted by it.
    ('clip', 'depth.stride', None), ('stencil', 'stencil.stride', None), ('samples', 'stencil.stride', None),
    # Mesa's vertex shaders write what nobody reads: without a fragment shader all, the viewport's number as a varying.
    *((name, record, None) for name in ('depth-only', 'layers', 'viewports')
      for record in ('output size', 'varying counts 32', 'vertex outputs')),
    # Mesa leaves state behind that does not matter: queries of other passes, whether a shader read the primitive's number.
    (None, 'occlusion query', 'index'),
    *((name, *field) for name in ('samples', 'any', 'count', 'viewport', 'scissor')
      for field in (('cull 2', 'needs_primitive_id'), ('vertex unknown', 'generate_primitive_id'))),
    # Registers of the drivers' programs; and Mesa does not know the samples of a pass without images when it begins.
    *((None, f'{end}: {program}: USC registers', 'register_count') for end, program in ENDS.items()),
    *(('nothing', f'{end}: {program}: USC shared', None) for end, program in ENDS.items()),
}


def decode(agx, trace):
    done = subprocess.run([agx, 'decode', '--json', '--repeat', '--all', trace], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'agx decode {trace}: {done.stderr}')
    data = json.loads(done.stdout)
    if data['summary']['problems']:
        raise SystemExit(f'{trace}: {data["summary"]["problems"]} problems')
    return data


def plain(fields):
    return {k: v for k, v in fields.items() if not isinstance(v, dict)}


def words(node, program, state):
    """What a program's list says but for registers that are filled: how many are named is the compilers' affair."""
    for child in node.get('children', []):
        if child.get('title') in WORDS:
            state[f'{program}: {child["title"]}'] = [plain(child['fields'])]


def gather(node, state, draws):
    """What holds after node: by the title of a record the fields of all that are together under that title."""
    together = {}
    for child in node.get('children', []):
        title = child.get('title', '').replace('_', ' ')
        if child.get('kind') == 'list' and title != 'cf bindings':
            words(child, title, state)
            continue
        if child.get('kind') == 'draw':
            gather(child, state, [])
            draws.append({**state, 'draw': [plain(child['fields'])]})
            continue
        if child.get('fields'):
            together.setdefault(title, []).append(plain(child['fields']))
            state[title] = together[title]
        gather(child, state, draws)


def passes(data):
    """The state of the first draw of each render command, and the command."""
    for submit in data['submits']:
        for command in submit['children']:
            if command.get('kind') != 'command' or command['title'] != 'render':
                continue
            state, draws = {}, []
            gather(command, state, draws)
            if not draws:
                continue
            draws[0]['command'] = [plain(command['fields'])]
            for end in command['children']:
                if end.get('title') in ENDS:
                    for child in end['children']:
                        title = f'{end["title"]}: {child["title"]}'
                        if child.get('kind') == 'record':
                            draws[0][title] = [plain(child['fields'])]
                        else:
                            words(child, title, draws[0])
            yield draws[0]


def differences(name, mesa, ours):
    for record in sorted(set(mesa) | set(ours)):
        if (None, record, None) in INTENDED or (name, record, None) in INTENDED:
            continue
        one, other = mesa.get(record), ours.get(record)
        if one is None or other is None:
            yield record, '', 'none' if one is None else one, 'none' if other is None else other
            continue
        if len(one) != len(other):
            yield record, 'number', len(one), len(other)
        for i, (a, b) in enumerate(zip(one, other)):
            for field in sorted(set(a) | set(b)):
                if (None, record, field) in INTENDED or (name, record, field) in INTENDED:
                    continue
                if a.get(field) != b.get(field):
                    yield record, f'{field}[{i}]', a.get(field), b.get(field)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--gpu', default='t8103')
    for name in 'agx', 'scene', 'states', 'trace':
        parser.add_argument(name)
    args = parser.parse_args()
    with open(args.states, encoding='utf-8') as file:
        names = re.findall(r'^\{"([\w-]+)"', file.read(), re.M)
    mesa = list(passes(decode(args.agx, args.trace)))
    with tempfile.TemporaryDirectory() as work:
        trace = os.path.join(work, 'ours.agxt')
        subprocess.run([args.agx, 'capture', '--exec', 'none', '--gpu', args.gpu, '-o', trace, '--', args.scene], check=True)
        ours = list(passes(decode(args.agx, trace)))
    if not len(names) == len(mesa) == len(ours):
        print(f'{len(names)} names, {len(mesa)} passes of Mesa, {len(ours)} of the library')
        return 1
    wrong = values = 0
    for name, one, other in zip(names, mesa, ours):
        values += sum(len(fields) for records in one.values() for fields in records)
        for record, field, a, b in differences(name, one, other):
            print(f'{name}: {record}: {field}: Mesa {a}, the library {b}')
            wrong += 1
    print(f'{len(names)} passes, {values} values of Mesa\'s, {wrong} differ')
    return 1 if wrong or values < 100 * len(names) else 0


if __name__ == '__main__':
    sys.exit(main())
