#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx diff --work on real traces: nothing where the work is the same, and single edits found by name.

usage: test_work_command.py AGX DIFF-EDIT TRACES TRACES-OF-LIBAGX
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

AGX, EDIT, TRACES, LIBAGX = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
STAGES = TRACES / 'vk-stages.agxt'
IMAGE = LIBAGX / 'cl-image-read.agxt'


def run(*args, expect=None, timeout=300):
    result = subprocess.run([AGX, 'diff', '--work', *map(str, args)], capture_output=True, timeout=timeout,
                            check=False)
    if expect is not None and result.returncode != expect:
        raise AssertionError(f'agx diff --work {args}: exit {result.returncode}, expected {expect}\n'
                             f'{result.stdout[-2000:].decode()}\n{result.stderr[-2000:].decode()}')
    return result


def report(*args, expect=1):
    return json.loads(run(*args, '--json', expect=expect).stdout)


def told(data):
    """All changes as (unit of the hunk, path, name, a, b)."""
    return [(hunk['unit'], '/'.join(change['in']), change['name'], change['a'], change['b'])
            for hunk in data['hunks'] for change in hunk['changes']]


def decoded(trace):
    out = subprocess.run([AGX, 'decode', '--json', '--memory', str(trace)], capture_output=True,
                         check=True).stdout
    return json.loads(out)


def walk(node, path=()):
    yield node, path
    for child in node.get('children', []):
        yield from walk(child, path + (node,))


class Work(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='agx-diff-')
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def edit(self, trace, *what):
        out = self.path / 'edited.agxt'
        subprocess.run([EDIT, str(trace), str(out), *map(str, what)], check=True, capture_output=True)
        return out

    def find(self, trace, wanted):
        """The first node of a trace that lies in a buffer and that wanted() likes."""
        for submit in decoded(trace)['submits']:
            for node, path in walk(submit):
                if 'handle' in node and wanted(node, path):
                    return node
        raise AssertionError('nothing to edit')

    def poke(self, trace, node, at, xor):
        return self.edit(trace, 'poke', node['file'], node['handle'], node['offset'] + at, xor)

    # The same work.

    def test_every_trace_does_its_own_work(self):
        for trace in (*sorted(TRACES.glob('*.agxt')), *sorted(LIBAGX.glob('*.agxt'))):
            with self.subTest(trace=trace.name):
                self.assertEqual(run(trace, trace, expect=0).stdout, b'')

    def test_handles_times_calls_and_flags_do_not_count(self):
        for what in (('rename', 37), ('drop', 'DRM_IOCTL_GET_CAP', 0), ('flags', 5, 1)):
            with self.subTest(edit=what):
                self.assertEqual(run(STAGES, self.edit(STAGES, *what), expect=0).stdout, b'')

    def test_bytes_of_other_buffers_do_not_count(self):
        trace = TRACES / 'vk-vertex.agxt'
        listed = subprocess.run([EDIT, str(trace), str(self.path / 'x'), 'pages'], check=True,
                                capture_output=True).stdout.decode().split('\n')
        used = {(n['file'], n['handle']) for s in decoded(trace)['submits'] for n, _ in walk(s)
                if 'handle' in n}
        plain = [line for line in (list(map(int, l.split())) for l in listed if l) if (line[0], line[1]) not in used]
        file, handle, first, _ = plain[0]
        run(trace, self.edit(trace, 'poke', file, handle, first * 4096 + 0x20, 1 << 20), expect=0)

    def test_order_of_words(self):
        """The first two words of the list bind a texture and samplers: 8 bytes each."""
        node = self.find(IMAGE, lambda n, p: n.get('kind') == 'list')
        self.assertEqual([c['type'] for c in node['children'] if c.get('kind') == 'record'][:2],
                         ['usc_texture', 'usc_sampler'])
        edited = self.edit(IMAGE, 'swap', node['file'], node['handle'], node['offset'], 8)
        changed = self.find(edited, lambda n, p: n.get('kind') == 'list')
        self.assertEqual([c['type'] for c in changed['children'] if c.get('kind') == 'record'][:2],
                         ['usc_sampler', 'usc_texture'])
        self.assertEqual(run(IMAGE, edited, expect=0).stdout, b'')
        plain = subprocess.run([AGX, 'diff', str(IMAGE), str(edited)], capture_output=True, check=False)
        self.assertEqual(plain.returncode, 1)

    # Other work.

    def test_a_uniform(self):
        node = self.find(STAGES, lambda n, p: n.get('kind') == 'memory' and n.get('title') == 'uniforms' and
                         len(n['bytes']) >= 72 and any(c.get('title') == 'compute' for c in p))
        found = []
        for at in range(16, 40, 4):
            edited = self.poke(STAGES, node, at, 0x40)
            found = told(report(STAGES, edited, '--only', 'memory', expect=None))
            if found and all('address' not in change for change in found):
                break
        self.assertTrue(found)
        for unit, path, name, a, b in found:
            self.assertEqual((unit, path.split('/')[-1]), ('dispatch', 'uniforms'))
            self.assertRegex(name, r'^u\d+$')
            self.assertEqual(int(a, 16) ^ int(b, 16), 0x40)

    def test_a_grid(self):
        """Behind two words of the launch: the sizes."""
        node = self.find(IMAGE, lambda n, p: n.get('title') == 'compute_stream')
        self.assertEqual(node['children'][0]['fields']['global_size'], '1x1x1')
        found = told(report(IMAGE, self.poke(IMAGE, node, 8, 2)))
        self.assertEqual(set(found), {('dispatch', '', 'global_size', '1x1x1', '3x1x1')})

    def test_a_grid_from_memory(self):
        node = self.find(STAGES, lambda n, p: n.get('type') == 'grid_arguments')
        found = told(report(STAGES, self.poke(STAGES, node, 4, 1)))
        y = node['fields']['y']
        self.assertIn(('dispatch', 'arguments', 'y', str(y), str(y ^ 1)), found)

    def test_a_texture(self):
        node = self.find(IMAGE, lambda n, p: n.get('title') == 'textures')
        # Bits 28 to 41 are its width minus one.
        found = told(report(IMAGE, self.poke(IMAGE, node, 0, 1 << 29)))
        self.assertIn(('dispatch', 'compute_program/texture 0', 'width', '2', '4'), found)

    def test_a_sampler(self):
        node = self.find(IMAGE, lambda n, p: n.get('title') == 'samplers')
        found = told(report(IMAGE, self.poke(IMAGE, node, 0, 1 << 23)))
        self.assertEqual(set(found),
                         {('dispatch', 'compute_program/sampler 0', 'magnify', 'nearest', 'linear')})

    def test_an_instruction(self):
        node = self.find(IMAGE, lambda n, p: n.get('kind') == 'shader')
        data = report(IMAGE, self.poke(IMAGE, node, 4, 2))
        self.assertTrue(data['shaders'])
        self.assertTrue(any(line['op'] != 'equal' for line in data['shaders'][0]['lines']))
        self.assertEqual({h['unit'] for h in data['hunks']}, {'dispatch'})
        self.assertIn('shader', {c['topic'][:6] for h in data['hunks'] for c in h['changes']})

    def test_state_of_a_draw(self):
        node = self.find(STAGES, lambda n, p: n.get('kind') == 'state' and n.get('children'))
        data = report(STAGES, self.poke(STAGES, node, 4, 1 << 8), '--only', 'state')
        self.assertEqual({h['unit'] for h in data['hunks']}, {'draw'})
        self.assertEqual({op for op in (h['op'] for h in data['hunks'])}, {'changed'})
        self.assertTrue(told(data))

    def test_a_field_of_the_command(self):
        render = next(s['number'] for s in decoded(STAGES)['submits']
                      if any(c.get('title') == 'render' for c in s['children']))
        found = told(report(STAGES, self.edit(STAGES, 'command', render, 8, 4)))
        self.assertIn(('command', 'flags', 'no_vertex_clustering', 'false', 'true'), found)

    def test_work_that_is_gone(self):
        trace = TRACES / 'vk-compute.agxt'
        data = report(trace, self.edit(trace, 'drop', 'DRM_IOCTL_ASAHI_SUBMIT', 4))
        self.assertEqual([(h['unit'], h['op'], h['count']) for h in data['hunks']], [('command', 'removed', 1)])

    # Everything else.

    def test_other_programs(self):
        """What two programs do that have nothing in common is told, and stays within bounds."""
        for a, b in (('vk-stages', 'vk-msaa'), ('gl-desktop', 'vk-desktop'), ('vk-cube', 'gl-wayland'),
                     ('cl-peak', 'vk-compute')):
            with self.subTest(a=a, b=b):
                data = report(TRACES / f'{a}.agxt', TRACES / f'{b}.agxt')
                self.assertTrue(data['hunks'])
                self.assertEqual(data['summary']['units']['call'], {'changed': 0, 'removed': 0, 'added': 0})
                self.assertEqual({h['unit'] for h in data['hunks']} - {'command', 'draw', 'dispatch'}, set())

    def test_launches_at_the_same_place_are_pairs(self):
        """Sixteen launches of another program: nothing is called added or removed."""
        data = report(TRACES / 'cl-atomics.agxt', LIBAGX / 'gl-indirect.agxt')
        self.assertEqual(data['summary']['units']['command']['added'], 0)
        self.assertEqual(data['summary']['units']['command']['removed'], 3)
        self.assertEqual(data['summary']['units']['dispatch'], {'changed': 1, 'removed': 0, 'added': 0})

    def test_options(self):
        self.assertEqual(run(STAGES, STAGES, '--stat', expect=0).stderr, b'')
        edited = self.edit(STAGES, 'drop', 'DRM_IOCTL_ASAHI_SUBMIT', 1)
        run(STAGES, edited, '--submit', 0, expect=0)
        run(STAGES, edited, '--submit', 1, expect=1)
        page = self.path / 'page.html'
        run(STAGES, edited, '--html', page, expect=1)
        self.assertIn('only in A', page.read_text(encoding='utf-8'))

    def test_noise(self):
        for name, seeds in (('vk-stages', 6), ('gl-piglit-images', 4), ('vk-threads', 3)):
            trace = TRACES / f'{name}.agxt'
            for seed in range(seeds):
                with self.subTest(trace=name, seed=seed):
                    edited = self.edit(trace, 'noise', seed)
                    report(trace, edited, expect=None)
                    run(edited, edited, expect=0)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=1)
