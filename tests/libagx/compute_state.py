# SPDX-License-Identifier: MIT
"""State of compute work, out of what `agx decode --json --memory --repeat` says.

State is a flat dictionary for each dispatch: what the hardware is given, by what it means to it. Addresses are
replaced by what they lead to, and so is the way in which uniforms were cut into words.
"""

import json
import re
import subprocess


def decode(agx, trace):
    done = subprocess.run(
        [agx, 'decode', '--json', '--memory', '--repeat', '--all', trace],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'agx decode {trace}: {done.stderr}')
    return json.loads(done.stdout)


def bound(agx, trace):
    """Ranges of addresses to which a program has ever bound something."""
    done = subprocess.run([agx, 'trace', 'dump', trace], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f'agx trace dump {trace}: {done.stderr}')
    found = re.findall(r'\brange = (0x[0-9a-f]+), addr = (0x[0-9a-f]+)', done.stdout)
    return sorted({(int(addr, 16), int(addr, 16) + int(size, 16)) for size, addr in found})


def is_address(value):
    return isinstance(value, dict) and 'address' in value


def plain(fields):
    """Fields but addresses: whether there is one is state, where it leads is told by the node behind it."""
    return {name: ('none' if int(value['address'], 16) == 0 else 'some') if is_address(value) else value
            for name, value in fields.items()}


class Trace:
    """All commands of a trace. `left_out` counts commands that cannot be rebuilt, by reason."""

    def __init__(self, decoded):
        self.code = {}  # number of a shader: hexadecimal
        self.left_out = {}
        self.submits = []  # lists of commands
        self.commands = 0  # with those that are not looked at
        self.problems = decoded['summary']['problems']
        for submit in decoded['submits']:
            commands = []
            for node in submit.get('children', []):
                if node.get('kind') != 'command':
                    continue
                self.commands += 1
                # Also of render commands: the code of later compute commands may be shown there.
                self.find_code(node)
                if node['title'] == 'compute':
                    command = self.command(node)
                    if command:
                        command['at'] = (submit['number'], node['number'])
                        commands.append(command)
            if commands:
                self.submits.append(commands)

    def find_code(self, node):
        if node.get('kind') == 'shader' and 'code' in node:
            self.code[node['number']] = (node['code'], node['fields'])
        for child in node.get('children', []):
            self.find_code(child)

    def leave_out(self, why):
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def command(self, node):
        state = {'kind': 'command', 'state': {}, 'dispatches': [], 'blocks': []}
        base, end = (int(node['fields'][f'cdm_ctrl_stream_{name}']['address'], 16) for name in ('base', 'end'))
        for name, value in node['fields'].items():
            if not name.startswith('cdm_ctrl_stream'):
                state['state'][name] = value if not is_address(value) else plain({'': value})['']
        stream_end = None
        for child in node.get('children', []):
            if child.get('kind') == 'helper':
                # The programs are different ones, and each has memory as it wants it.
                for name, value in plain(child['fields']).items():
                    state['state'][f'helper {name}'] = value
                continue
            if child.get('kind') == 'record' and child['title'].startswith('ts.'):
                # Timestamps: a request of the program's own.
                continue
            if child.get('kind') == 'stream':
                for block in child['children']:
                    kind = block.get('kind')
                    if kind == 'dispatch':
                        state['dispatches'].append(self.dispatch(block))
                        state['blocks'].append('dispatch')
                    elif kind == 'block' and block['type'] == 'cdm_barrier':
                        state['blocks'].append(
                            'barrier ' + ' '.join(f'{k}={v}' for k, v in sorted(block['fields'].items())))
                    elif kind == 'block' and block['type'] == 'cdm_stream_terminate':
                        state['blocks'].append('terminate')
                        stream_end = int(block['address'], 16) + 8
                    elif kind == 'block' and block['type'] == 'cdm_stream_link':
                        self.leave_out('its stream goes on elsewhere')
                        return None
                    else:
                        raise SystemExit(f'{kind} {block.get("title")} in a compute stream: not known here')
            else:
                state['state'][child.get('title', '?')] = str(plain(child.get('fields', {})))
        state['state']['end behind the terminator'] = end - stream_end
        state['state']['end behind the base'] = end > base
        return state

    def dispatch(self, node):
        out = {'state': {}, 'uniforms': {}, 'textures': {}, 'samplers': {}, 'borders': {}, 'arguments': None, 'shaders': {},
               'fields': node['fields']}
        for name, value in plain(node['fields']).items():
            out['state'][f'launch {name}'] = value
        for child in node['children']:
            if child.get('kind') == 'list':
                self.list(out, child)
            elif child.get('kind') == 'record' and child['title'] == 'arguments':
                fields = dict(child['fields'])
                fields.pop('content', None)
                out['arguments'] = fields
                out['state']['arguments'] = str(fields)
            else:
                raise SystemExit(f'{child} in a dispatch: not known here')
        for index, value in out['uniforms'].items():
            out['state'][f'uniform {index}'] = value
        for what in ('textures', 'samplers', 'borders'):
            for index, (kind, fields) in out[what].items():
                out['state'][f'{what} {index}'] = kind
                for name, value in plain(fields).items():
                    if name == 'compare_func' and not fields['compare_enable']:
                        continue
                    out['state'][f'{what} {index} {name}'] = value
        return out

    def list(self, out, node):
        word = None
        for child in node['children']:
            kind = child.get('kind')
            if 'problem' in child:
                continue  # counted in the summary
            if kind == 'record':
                word = child
                # Into how many words registers were cut is nothing to the hardware: what is in them counts.
                if child['type'] in ('usc_uniform', 'usc_uniform_high', 'usc_texture', 'usc_sampler'):
                    continue
                for name, value in plain(child.get('fields', {})).items():
                    out['state'][f'{child["title"]} {name}'] = value
            elif kind == 'memory':
                data = bytes.fromhex(child['bytes'])
                first, size = word['fields']['start'], word['fields']['size']
                first += 256 if word['type'] == 'usc_uniform_high' else 0
                for half in range(size):
                    out['uniforms'][first + half] = data[2 * half:2 * half + 2].hex()
            elif kind == 'array' and child['title'] in ('textures', 'samplers'):
                for record in child['children']:
                    if 'problem' not in record:
                        what = 'borders' if record['type'] == 'border' else child['title']
                        out[what][record['number']] = (record['type'], record['fields'])
            elif kind == 'shader':
                self.find_code(child)
                stage = child['fields']['stage'] if 'fields' in child else self.code[child['number']][1]['stage']
                code = self.code[child['number']][0]
                out['shaders']['preamble' if stage.endswith('preamble') else 'main'] = code
                out['state'][f'code {stage}'] = code
            elif kind == 'array' and child['title'] == 'loaded_by_code':
                pass  # memory behind addresses in uniforms: not of the list
            else:
                raise SystemExit(f'{kind} {child.get("title")} in a list: not known here')


def runs(uniforms):
    """Uniform registers as (first, bytes) of consecutive ones."""
    out = []
    for half in sorted(uniforms):
        if out and out[-1][0] + len(out[-1][1]) // 4 == half:
            out[-1] = (out[-1][0], out[-1][1] + uniforms[half])
        else:
            out.append((half, uniforms[half]))
    return out


class Script:
    """The text for rebuild.c that does the work of a trace. ranges: what bound() says of it."""

    def __init__(self, trace, ranges):
        self.shaders = {}
        self.lines = []
        self.left_out = {}
        self.pages = set()  # to which words of uniforms lead
        self.ranges = ranges
        self.kept = []  # commands by submission, as in the rebuilt trace
        for commands in trace.submits:
            kept = []
            for command in commands:
                lines = []
                try:
                    for line in self.command(command):
                        lines.append(line)
                except ValueError as why:
                    self.left_out[str(why)] = self.left_out.get(str(why), 0) + 1
                    continue
                kept.append((command, lines))
            if kept:
                self.lines.append('submit')
                for _, lines in kept:
                    self.lines += lines
                self.lines.append('end')
                self.kept.append([command for command, _ in kept])

    def text(self):
        shaders = [line for line, _ in sorted(self.shaders.items(), key=lambda item: item[1])]
        pages = [f'address {page * 16384}' for page in sorted(self.pages)]
        return '\n'.join(pages + shaders + self.lines) + '\n'

    def command(self, command):
        yield 'command'
        for dispatch in command['dispatches']:
            yield from self.dispatch(dispatch)

    def find_pages(self, data):
        for at in range(0, len(data) - 7, 4):
            word = int.from_bytes(data[at:at + 8], 'little')
            if word >> 32 and any(first <= word < end for first, end in self.ranges):
                self.pages.add(word // 16384)

    def dispatch(self, dispatch):
        state = dispatch['state']
        shared = 0
        if state['USC shared uses_shared_memory']:
            shared = state['USC shared bytes_per_threadgroup']
            layout = state['USC shared layout']
            if layout != 'vertex_compute':
                shared = (f'{layout.removeprefix("tile_")}x{state["USC shared sample_stride"]}'
                          f'x{state["USC shared sample_count"]}')
        if dispatch['borders']:
            raise ValueError('has border colours of its own')
        line = (f'shader {dispatch["shaders"]["main"]} {dispatch["shaders"].get("preamble", "-")} {shared} 0')
        number = self.shaders.setdefault(line, len(self.shaders))
        for first, data in runs(dispatch['uniforms']):
            self.find_pages(bytes.fromhex(data))
            yield f'uniforms {first} {len(data) // 4} {data}'
        for index, (kind, fields) in dispatch['textures'].items():
            yield texture(index, kind, fields)
        for index, (kind, fields) in dispatch['samplers'].items():
            yield sampler(index, fields)
        fields = dispatch['fields']
        if fields['mode'] == 'direct':
            size, group = fields['global_size'].split('x'), fields['local_size'].split('x')
            yield f'dispatch {number} threads {" ".join(size)} {" ".join(group)}'
        elif fields['mode'] == 'indirect_global':
            size, group = dispatch['arguments'], fields['local_size'].split('x')
            yield f'dispatch {number} indirect {size["x"]} {size["y"]} {size["z"]} {" ".join(group)}'
        else:
            size = dispatch['arguments']
            if not size:
                raise ValueError('arguments are not known')
            yield (f'dispatch {number} arguments ' +
                   ' '.join(str(size[f'{what}_{axis}']) for what in ('global', 'local') for axis in 'xyz'))


def texture(index, kind, fields):
    """A line for rebuild.c: the image as far as its descriptor tells, and the view."""
    if fields['mode'] != 'normal':
        raise ValueError('has sparse textures')
    dimension = fields['dimension']
    samples = 1
    if dimension.endswith('_multisampled'):
        dimension, samples = dimension[:-13], int(fields['samples'][-1])
    layers, depth = 1, 1
    count = fields.get('depth', fields.get('layers', 1))
    if dimension == '3d':
        depth = count
    elif dimension.startswith('cube'):
        layers = 6 * count
    elif dimension.endswith('_array'):
        layers = count
    linear = fields['layout'] == 'linear'
    level, last = (fields['first_level'], fields['last_level']) if kind == 'texture' else (
        fields['level'], fields['level'])
    levels = fields.get('levels', last + 1)
    swizzle = ''.join({'one': '1', 'zero': '0'}.get(fields[f'swizzle_{c}'], fields[f'swizzle_{c}']) for c in 'rgba')
    name = f'{fields["channels"]}_{"srgb" if fields["srgb"] else fields["type"]}'
    writeable = int(kind == 'pbe' or fields.get('page_aligned_layers', False))
    return (f'{kind} {index} {name} {dimension} {"linear" if linear else "gpu"} {fields["width"]} '
            f'{fields["height"]} {depth} {layers} {max(levels, last + 1)} {samples} {writeable} '
            f'{fields.get("stride", 0) if linear else 0} {level} {last - level + 1} {swizzle}')


def sampler(index, fields):
    fields = dict(fields)
    if fields['pixel_coordinates']:
        # There are no levels to the library, as Mesa says it, too: the nearest, of 0 to 0.
        fields['mip_filter'] = 'none'
    if fields['border_colour'] == 'custom' or fields['wrap_s'] == 'clamp_gl':
        raise ValueError('has samplers that the interface does not make')
    return ' '.join(str(int(value) if isinstance(value, bool) else value) for value in (
        'sampler', index, fields['magnify'], fields['minify'], fields['mip_filter'], fields['wrap_s'],
        fields['wrap_t'], fields['wrap_r'], fields['border_colour'], fields['minimum_lod'], fields['maximum_lod'],
        fields['maximum_anisotropy'], fields['pixel_coordinates'], fields['compare_enable'],
        fields['compare_func'], fields['seamful_cube_maps']))
