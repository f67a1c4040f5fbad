#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx diff on real traces: nothing where nothing changed, and single edits found by name.

usage: test_command.py AGX DIFF-EDIT TRACES
"""
import html.parser
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

AGX, EDIT, TRACES = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
STAGES = TRACES / 'vk-stages.agxt'

OPS = {'equal', 'changed', 'removed', 'added'}
TOPICS = {'ioctls', 'state', 'descriptors', 'shaders', 'memory'}
UNITS = {'trace', 'call', 'submit', 'command', 'draw', 'dispatch', 'buffer'}


def run(*args, expect=None, timeout=300):
    result = subprocess.run([AGX, 'diff', *map(str, args)], capture_output=True, timeout=timeout,
                            check=False)
    if expect is not None and result.returncode != expect:
        raise AssertionError(f'agx diff {args}: exit {result.returncode}, expected {expect}\n'
                             f'{result.stdout[-2000:].decode()}\n{result.stderr[-2000:].decode()}')
    return result


def text_of(*args, expect=None):
    return run(*args, expect=expect).stdout.decode()


def report(*args, expect=1):
    return json.loads(text_of(*args, '--json', expect=expect))


def changes(data):
    """All changes, each with its hunk."""
    return [(hunk, change) for hunk in data['hunks'] for change in hunk['changes']]


def decoded(trace):
    out = subprocess.run([AGX, 'decode', '--json', '--memory', str(trace)], capture_output=True,
                         check=True).stdout
    return json.loads(out)


def walk(node, path=()):
    yield node, path
    for child in node.get('children', []):
        yield from walk(child, path + (node,))


class Page(html.parser.HTMLParser):
    """Every element is closed, and nothing is loaded."""
    VOID = {'meta', 'br', 'input'}

    def __init__(self):
        super().__init__()
        self.open, self.problems, self.ids, self.links, self.text = [], [], set(), set(), []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ('src', 'data', 'action') or (name == 'href' and not value.startswith('#')):
                self.problems.append(f'{tag} {name}={value}')
            if name == 'id':
                self.ids.add(value)
            if name == 'href':
                self.links.add(value[1:])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f'</{tag}> closes nothing')

    def handle_data(self, data):
        self.text.append(data)


class Diff(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix='agx-diff-')
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def edit(self, trace, *what):
        out = self.path / 'edited.agxt'
        subprocess.run([EDIT, str(trace), str(out), *map(str, what)], check=True,
                       capture_output=True)
        return out

    def check_schema(self, data):
        self.assertEqual(data['version'], 1)
        self.assertEqual(set(data), {'version', 'same', 'a', 'b', 'notes', 'summary', 'hunks',
                                     'shaders'})
        self.assertEqual(set(data['summary']['units']), UNITS)
        self.assertEqual(set(data['summary']['values']), TOPICS)
        for hunk in data['hunks']:
            self.assertIn(hunk['unit'], UNITS)
            self.assertIn(hunk['op'], OPS)
            self.assertGreaterEqual(hunk['count'], sum(p['count'] for p in hunk['places']))
            self.assertTrue(hunk['changes'])
            for change in hunk['changes']:
                self.assertIn(change['op'], OPS - {'equal'})
                self.assertIn(change['topic'], TOPICS)
                self.assertIsInstance(change['in'], list)
        for shader in data['shaders']:
            for line in shader['lines']:
                self.assertIn(line['op'], OPS)
                self.assertEqual(line['a'] is None, line['op'] == 'added')
                self.assertEqual(line['b'] is None, line['op'] == 'removed')

    # Nothing changed.

    def test_every_trace_is_like_itself(self):
        for trace in sorted(TRACES.glob('*.agxt')):
            with self.subTest(trace=trace.name):
                self.assertEqual(text_of(trace, trace, expect=0), '')

    def test_rewritten_trace_is_the_same(self):
        self.assertEqual(text_of(STAGES, self.edit(STAGES, 'copy'), expect=0), '')

    def test_handles_and_times_do_not_count(self):
        for name in ('vk-stages', 'gl-es', 'vk-threads', 'gl-piglit-query'):
            with self.subTest(trace=name):
                trace = TRACES / f'{name}.agxt'
                self.assertEqual(text_of(trace, self.edit(trace, 'rename', 37), expect=0), '')

    def test_another_address_in_a_uniform(self):
        """A word that leads into a buffer, and 64 bytes further."""
        node, _, _ = self.find(STAGES, lambda n, p: n.get('title') == 'uniforms' and
                               int.from_bytes(bytes.fromhex(n['bytes'][:16]), 'little') >> 32 == 0x2f)
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'], 0x40)
        self.assertEqual(text_of(STAGES, edited, expect=0), '')
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'] + 4, 0x40)
        self.assertNotEqual(text_of(STAGES, edited, expect=1), '')

    # One thing changed.

    def find(self, trace, wanted):
        """The first node of a trace that lies in a buffer and that wanted() likes."""
        for submit in decoded(trace)['submits']:
            for node, path in walk(submit):
                if 'handle' in node and wanted(node, path):
                    return node, path, submit['number']
        raise AssertionError('nothing to edit')

    def test_a_value_of_memory_that_a_dispatch_reads(self):
        node, path, submit = self.find(STAGES, lambda n, p: n.get('type') == 'grid_arguments')
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'] + 4, 1)
        data = report(STAGES, edited)
        self.check_schema(data)
        found = [(hunk, change) for hunk, change in changes(data) if change['name'] == 'y']
        self.assertTrue(found)
        hunk, change = found[0]
        self.assertEqual(hunk['unit'], 'dispatch')
        self.assertEqual(hunk['places'][0]['submit_a'], submit)
        self.assertEqual(change['in'][-1], 'arguments')
        self.assertEqual(int(change['a']), node['fields']['y'])
        self.assertEqual(int(change['b']), node['fields']['y'] ^ 1)

    def test_a_state_word_of_a_draw(self):
        node, path, submit = self.find(
            STAGES, lambda n, p: n.get('kind') == 'state' and n.get('children'))
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'] + 4, 1 << 8)
        data = report(STAGES, edited, '--only', 'state')
        self.check_schema(data)
        hunks = [hunk for hunk in data['hunks'] if hunk['unit'] == 'draw']
        self.assertTrue(hunks)
        self.assertEqual(hunks[0]['places'][0]['submit_a'], submit)
        self.assertIn(node['title'], hunks[0]['changes'][0]['in'])
        self.assertEqual({change['topic'] for _, change in changes(data)}, {'state'})
        self.assertRegex(text_of(STAGES, edited), rf'@@ submit {submit} / command \d+ / draw')

    def test_a_texture_descriptor(self):
        node, path, submit = self.find(
            STAGES, lambda n, p: n.get('kind') == 'array' and n.get('title') == 'textures')
        # Bits 27 to 40 of a texture are its width minus one.
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'], 1 << 28)
        data = report(STAGES, edited, '--only', 'descriptors')
        found = changes(data)
        self.assertTrue(found)
        self.assertEqual({change['topic'] for _, change in found}, {'descriptors'})
        self.assertIn('textures', found[0][1]['in'])
        self.assertIn('width', {change['name'] for _, change in found})

    def test_an_instruction(self):
        node, path, submit = self.find(
            STAGES, lambda n, p: n.get('kind') == 'shader' and n['fields'].get('instructions', 0) > 20)
        file, handle, offset = node['file'], node['handle'], node['offset']
        # The first change of a bit that leaves instructions as they are but for one.
        for at, bit in ((4, 0x2), (8, 0x2), (12, 0x2), (6, 0x20000)):
            edited = self.edit(STAGES, 'poke', file, handle, offset + at & ~3, bit)
            data = report(STAGES, edited)
            self.check_schema(data)
            changed = [s for s in data['shaders'] if s['a']['bytes'] == node['fields']['bytes']]
            self.assertTrue(changed)
            lines = [line for line in changed[0]['lines'] if line['op'] != 'equal']
            self.assertTrue(lines)
            if len(lines) == 1 and lines[0]['op'] == 'changed':
                break
        else:
            self.fail('no edit of one instruction was told as one changed line')
        self.assertNotEqual(lines[0]['a'], lines[0]['b'])
        self.assertIn('shader change 1', text_of(STAGES, edited))
        self.assertEqual(report(STAGES, edited, '--ignore', 'shaders,memory',
                                expect=None)['shaders'], [])

    def test_a_uniform(self):
        node, path, submit = self.find(
            STAGES, lambda n, p: n.get('kind') == 'memory' and n.get('title') == 'uniforms')
        words = None
        for at in range(0, 64, 4):
            edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'] + at, 4)
            data = report(STAGES, edited, '--only', 'memory', expect=None)
            words = [c for h, c in changes(data) if h['unit'] in ('draw', 'dispatch')]
            if words:
                break
        self.assertTrue(words)
        self.assertEqual(words[0]['topic'], 'memory')
        self.assertIn('uniforms', words[0]['in'])

    def test_bytes_of_a_buffer(self):
        """Vertices, texels...: what the decoder does not look at."""
        trace = TRACES / 'vk-vertex.agxt'
        listed = subprocess.run([EDIT, str(trace), str(self.path / 'x'), 'pages'], check=True,
                                capture_output=True).stdout.decode().split('\n')
        used = {(n['file'], n['handle']) for s in decoded(trace)['submits'] for n, _ in walk(s)
                if 'handle' in n}
        plain = [list(map(int, line.split())) for line in listed if line]
        plain = [line for line in plain if (line[0], line[1]) not in used]
        self.assertTrue(plain)
        file, handle, first, _ = plain[0]
        edited = self.edit(trace, 'poke', file, handle, first * 4096 + 0x20, 1 << 20)
        data = report(trace, edited)
        found = [(hunk, change) for hunk, change in changes(data) if hunk['unit'] == 'buffer']
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0][1]['topic'], 'memory')
        self.assertEqual(found[0][1]['name'], hex(first * 4096 + 0x20))
        run(trace, edited, '--ignore', 'memory', expect=0)

    def test_flags_of_a_buffer(self):
        data = report(STAGES, self.edit(STAGES, 'flags', 5, 1))
        found = changes(data)
        self.assertEqual(len(found), 1)
        hunk, change = found[0]
        self.assertEqual((hunk['unit'], hunk['title']), ('call', 'DRM_IOCTL_ASAHI_GEM_CREATE'))
        self.assertEqual(change['name'], 'flags')
        self.assertIn('WRITEBACK', change['a'] + change['b'])
        run(STAGES, self.edit(STAGES, 'flags', 5, 1), '--only', 'state,shaders', expect=0)

    def test_a_call_that_is_gone(self):
        data = report(STAGES, self.edit(STAGES, 'drop', 'DRM_IOCTL_GET_CAP', 0))
        self.assertEqual([(h['unit'], h['op'], h['title']) for h in data['hunks']],
                         [('call', 'removed', 'DRM_IOCTL_GET_CAP')])
        self.assertEqual(data['summary']['units']['call'],
                         {'changed': 0, 'removed': 1, 'added': 0})

    def test_waits_do_not_count(self):
        trace = TRACES / 'vk-compute.agxt'
        edited = self.edit(trace, 'drop', 'DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT', 3)
        self.assertEqual(text_of(trace, edited, expect=0), '')

    def test_a_field_of_the_command(self):
        render = next(s['number'] for s in decoded(STAGES)['submits']
                      if any(c.get('title') == 'render' for c in s['children']))
        # Flags stand first behind the header of 8 bytes.
        edited = self.edit(STAGES, 'command', render, 8, 4)
        data = report(STAGES, edited)
        hunk, change = changes(data)[0]
        self.assertEqual((hunk['unit'], change['topic'], change['in'], change['name']),
                         ('command', 'ioctls', ['flags'], 'no_vertex_clustering'))
        self.assertEqual((change['a'], change['b']), ('false', 'true'))
        self.assertEqual(hunk['places'][0]['submit_a'], render)
        other = [n for n in range(6) if n != render]
        run(STAGES, edited, '--submit', other[0], expect=0)
        run(STAGES, edited, '--submit', f'{render}-', expect=1)

    def test_a_submission_that_is_gone(self):
        trace = TRACES / 'vk-compute.agxt'
        data = report(trace, self.edit(trace, 'drop', 'DRM_IOCTL_ASAHI_SUBMIT', 4))
        self.assertEqual(data['summary']['units']['submit']['removed'], 1)
        self.assertEqual(data['a']['submits'], data['b']['submits'] + 1)
        self.assertEqual({(h['unit'], h['op']) for h in data['hunks']},
                         {('submit', 'removed'), ('call', 'removed')})

    def test_which_side_is_which(self):
        edited = self.edit(STAGES, 'drop', 'DRM_IOCTL_GET_CAP', 0)
        self.assertEqual(report(edited, STAGES)['hunks'][0]['op'], 'added')

    # Forms of output.

    def test_two_programs_that_have_nothing_in_common(self):
        a, b = TRACES / 'vk-stages.agxt', TRACES / 'vk-msaa.agxt'
        data = report(a, b)
        self.check_schema(data)
        self.assertTrue(data['hunks'])
        stat = text_of(a, b, '--stat', expect=1)
        self.assertRegex(stat, r'draws +\d+ ~ +\d+ - +\d+ \+')
        self.assertIn('code of all shaders', stat)
        for line in text_of(a, b, expect=1).split('\n'):
            self.assertNotIn('\x1b', line)
        self.assertIn('\x1b[', text_of(a, b, '--colour=always'))

    def test_page(self):
        page = self.path / 'page.html'
        for a, b in ((STAGES, TRACES / 'vk-msaa.agxt'), (STAGES, STAGES)):
            same = a == b
            self.assertEqual(text_of(a, b, '--html', page, expect=0 if same else 1), '')
            content = page.read_text(encoding='utf-8')
            parser = Page()
            parser.feed(content)
            parser.close()
            self.assertEqual(parser.problems, [])
            self.assertEqual(parser.open, [])
            self.assertTrue(parser.links <= parser.ids)
            for word in ('http:', 'https:', '//', 'url(', '@import', 'import '):
                self.assertNotIn(word, content.replace('//  ', ''))
            self.assertIn('prefers-color-scheme:dark', content)
            self.assertEqual('Nothing differs' in content, same)

    def test_page_with_text(self):
        """--html does not stand in the way of another form."""
        page = self.path / 'page.html'
        edited = self.edit(STAGES, 'flags', 5, 1)
        self.assertIn('draws', text_of(STAGES, edited, '--html', page, '--stat', expect=1))
        self.assertIn('GEM_CREATE', page.read_text(encoding='utf-8'))

    def test_context(self):
        node, _, _ = self.find(STAGES, lambda n, p: n.get('title') == 'textures')
        edited = self.edit(STAGES, 'poke', node['file'], node['handle'], node['offset'], 1 << 28)
        sizes = [len(text_of(STAGES, edited, '--context', n, expect=1)) for n in (0, 1, 3)]
        self.assertLess(sizes[0], sizes[1])
        self.assertLess(sizes[1], sizes[2])

    # Wrong use and bad input.

    def test_usage(self):
        for args in ((), (STAGES,), (STAGES, STAGES, STAGES), (STAGES, STAGES, '--only', 'colours'),
                     (STAGES, STAGES, '--only', 'registers'), (STAGES, STAGES, '--submit', 'x'),
                     (STAGES, STAGES, '--submit', '5-3'), (STAGES, STAGES, '--context', '-1'),
                     (STAGES, STAGES, '--json', '--stat'), (STAGES, self.path / 'none.agxt'),
                     (STAGES, STAGES, '--html', self.path / 'no' / 'page.html')):
            with self.subTest(args=args):
                result = run(*args, expect=2)
                self.assertTrue(result.stderr)
                self.assertEqual(result.stdout, b'')

    def test_damaged(self):
        content = STAGES.read_bytes()
        bad = self.path / 'bad.agxt'
        bad.write_bytes(content[:200] + bytes([content[200] ^ 0xff]) + content[201:])
        self.assertIn(b'bad.agxt', run(STAGES, bad, expect=3).stderr)
        bad.write_bytes(b'no trace')
        run(bad, STAGES, expect=3)
        trace = TRACES / 'vk-cube.agxt'
        content = trace.read_bytes()
        bad.write_bytes(content[:len(content) // 2])
        result = run(trace, bad)
        self.assertIn(result.returncode, (1, 3))
        self.assertIn(b'bad.agxt', result.stderr)

    def test_noise(self):
        """Streams, descriptors and code that nobody wrote: any result, but one, and soon."""
        for name, seeds in (('vk-stages', 12), ('gl-piglit-images', 6), ('vk-threads', 4)):
            trace = TRACES / f'{name}.agxt'
            for seed in range(seeds):
                with self.subTest(trace=name, seed=seed):
                    edited = self.edit(trace, 'noise', seed)
                    data = json.loads(run(trace, edited, '--json', expect=1,
                                          timeout=120).stdout)
                    self.check_schema(data)
                    run(edited, edited, expect=0)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1], verbosity=1)
