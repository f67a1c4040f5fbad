# SPDX-License-Identifier: MIT
"""The library's render passes against Mesa's, for the same work.

usage: test_render_state.py AGX SCENE TRACES

Two passes of captures of Mesa's Vulkan driver are built by SCENE through the library. What `agx decode`
tells of the commands, of the state of their first draws, and of the programs at tiles' ends has to be the same, but for
addresses and what is listed below.
"""

import os
import re
import subprocess
import sys
import tempfile

# Records that are compared; what belongs to the applications' shaders is not among them.
RECORD = re.compile(
    r'(width_px|height_px|layers|samples|utile_\w+|sample_size_B) +=|'
    r'(flags|isp \w+( \w+)*|ppp \w+|depth\.stride|stencil\.stride|zls ctrl|w clamp|occlusion query( 2)?|'
    r'output unknown|varying word 2|scissor \d+|depth bias \d+|region clip \d+|viewport control|viewport \d+|'
    r'fragment control( 2)?|fragment (front|back) (face( 2)?|stencil)|output select|varying counts \d+|'
    r'cull( 2)?|output size|vertex outputs|vertex unknown|cf binding header|binding \d+|draw \d+|rsrc spec)'
    r'(:|$)')

# Mesa's images are compressed, the library's never; and addresses and numbers of things are each side's own.
CHANGED = [
    (r'\w_(load|store)_compress(, )?', ''),
    (r' 0x[0-9a-f]{6,}', ''),
    (r'(vertex|fragment)_shader=\d+|index_buffer=\w+', ''),
    (r'^(scissor|depth bias) \d+', r'\1'),
    (r'^depth bias scissor:.*', 'depth bias scissor'),
]


def decode(agx, *args):
    return subprocess.run([agx, 'decode', '--no-pager', '--no-colour', *args],
                          capture_output=True, text=True, check=True).stdout


def records(text, render):
    """The records of one command, in order; draws up to the second."""
    lines = []
    for line in text.split('\n'):
        # A long record goes on in the next line.
        if lines and lines[-1].endswith(','):
            lines[-1] += ' ' + line.strip()
        else:
            lines.append(line.strip())
    out, inside = [], False
    for line in lines:
        if re.match(r'(render|compute) \d+:', line):
            inside = line == f'render {render}:'
        if not inside or not RECORD.match(line):
            continue
        for pattern, to in CHANGED:
            line = re.sub(pattern, to, line)
        line = re.sub(r'[ ,:]+$', '', re.sub(r' +', ' ', line))
        if line.startswith('draw 2'):
            break
        out.append(line)
    return out


# What only one side says, and why that is meant.
INTENDED = {
    'scissor: 0,0..64,64 z 0..1': 'the library begins with the whole pass, before the scene asks for less',
    'depth bias': 'likewise: with none',
}


def compare(name, mesa, ours):
    wrong = 0
    for sign, one, other in ('-', mesa, ours), ('+', ours, mesa):
        for record in one:
            if record not in other and record not in INTENDED:
                print(f'{name}: {sign} {record}')
                wrong += 1
    print(f'{name}: {len(mesa)} records of Mesa, {len(ours)} of the library, {wrong} differ')
    if len(ours) < 40:
        print(f'{name}: too few records were found')
        wrong += 1
    return wrong


def main():
    agx, scene, traces = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        trace = os.path.join(work, 'scene.agxt')
        subprocess.run([agx, 'capture', '-o', trace, '--', scene], check=True)
        ours = decode(agx, trace)
        strict = subprocess.run([agx, 'decode', '--strict', trace], capture_output=True, check=False)
    if strict.returncode:
        print('the scene does not decode without problems')
        return 1
    wrong = compare('cube', records(decode(agx, os.path.join(traces, 'vk-cube.agxt'), '--submit', '1'), 0),
                    records(ours, 0))
    wrong += compare('samples',
                     records(first_samples(decode(agx, os.path.join(traces, 'vk-msaa.agxt'))), 0),
                     records(ours, 1))
    return 1 if wrong else 0


def first_samples(text):
    """The submission with the first render of four samples."""
    for part in re.split(r'(?m)^(?=submit \d+:)', text):
        if re.search(r'samples +=  ?4', part):
            return part
    raise SystemExit('no pass with samples in the trace')


if __name__ == '__main__':
    sys.exit(main())
