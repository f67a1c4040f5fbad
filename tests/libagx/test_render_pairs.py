# SPDX-License-Identifier: MIT
"""`agx diff --work` of a program that draws on Mesa against one that draws the same through the library.

usage: test_render_pairs.py AGX SCENE TRACE

TRACE is a capture of vkstates on Mesa, SCENE builds its passes. Shaders are each side's own, and so are uniforms and
registers; but every pass has to find its partner, with its draw, and what a pass is has to be the same.
test_raster_state.py compares state by name.
"""

import json
import os
import subprocess
import sys
import tempfile

# Fields of which each pass has its own value, so that pairing the wrong ones would show.
OF_THE_PASS = {'width_px', 'height_px', 'layers', 'samples', 'cull', 'depth_function', 'write_mask', 'read_mask',
               'stencil_reference', 'line_width', 'max_x', 'max_y', 'min_x', 'min_y', 'primitive', 'count', 'start',
               'instances', 'depth_bias', 'slope_scale', 'clamp'}


def run(*args, expect=(0,)):
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    if done.returncode not in expect:
        raise SystemExit(f'{" ".join(args)}: {done.returncode}: {done.stderr}')
    return done.stdout


def main():
    agx, scene, trace = sys.argv[1:]
    gpu = json.loads(run(agx, 'trace', 'info', '--json', trace))['meta']['soc']
    with tempfile.TemporaryDirectory() as work:
        ours = os.path.join(work, 'ours.agxt')
        run(agx, 'capture', '--exec', 'none', '--gpu', gpu, '-o', ours, '--', scene)
        data = json.loads(run(agx, 'diff', '--work', '--json', trace, ours, expect=(0, 1)))
    wrong = []
    mesa, own = data['a'], data['b']
    if mesa['draws'] != own['draws'] or not own['draws']:
        wrong.append(f'{mesa["draws"]} draws of Mesa\'s, {own["draws"]} of ours')
    removed = 0
    for hunk in data['hunks']:
        where = hunk['places'][0]['text']
        if (hunk['unit'], hunk['op'], hunk['title']) == ('command', 'removed', 'compute'):
            removed += hunk['count']  # Mesa clears and copies by these, before and after
        elif hunk['op'] != 'changed':
            wrong.append(f'{where}: {hunk["title"]} {hunk["op"]}')
        for change in hunk['changes']:
            if (hunk['op'] == 'changed' and change['name'] in OF_THE_PASS and
                    change['in'][-1:] != ['output_size']):  # of the shader's outputs
                wrong.append(f'{where}: {"/".join(change["in"])}: {change["name"]}: {change["a"]} -> {change["b"]}')
    if removed != mesa['commands'] - own['commands']:
        wrong.append(f'{removed} commands only in Mesa\'s, not {mesa["commands"]} - {own["commands"]}')
    for text in wrong:
        print(f'WRONG {os.path.basename(trace)}: {text}')
    print(f'{os.path.basename(trace)}: {own["commands"]} passes with {own["draws"]} draws are pairs, {removed} compute '
          f'commands only in Mesa\'s')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
