#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx trace: results, messages and exit statuses. usage: test_command.py AGX SAMPLE-WRITER"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

AGX, WRITER = sys.argv[1:3]


def run(*args, text=True):
    return subprocess.run([AGX, 'trace', *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding='utf-8' if text else None, timeout=60)


class Command(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.file = self.path('sample.agxt')
        subprocess.run([WRITER, self.file], check=True)
        with open(self.file, 'rb') as f:
            self.bytes = f.read()

    def tearDown(self):
        self.dir.cleanup()

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as f:
            f.write(data)
        return self.path(name)

    def test_info(self):
        result = run('info', self.file)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertIn('program     program', result.stdout)
        info = json.loads(run('info', '--json', self.file).stdout)
        self.assertEqual(info['submits'], 10)
        self.assertEqual(info['frames'], 10)
        self.assertEqual(info['meta']['soc'], 't8103')
        self.assertEqual(info['gpu']['chip_id'], '0x8103')
        self.assertEqual(info['ioctls']['DRM_IOCTL_ASAHI_SUBMIT'], {'calls': 10, 'errors': 0})
        memory = info['memory']
        self.assertEqual(memory['pages'], 8 + 16 + 40)
        self.assertEqual(memory['pages'], memory['zero_pages'] + memory['same_pages'] +
                         memory['delta_pages'] + memory['full_pages'])
        self.assertFalse(info['truncated'])

    def test_verify(self):
        result = run('verify', self.file, self.file)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertEqual(result.stdout.count(': sound, '), 2)
        verdict = json.loads(run('verify', '--json', self.file).stdout)[0]
        self.assertEqual(verdict['verdict'], 'sound')
        self.assertEqual(verdict['digest'], json.loads(run('info', '--json', self.file).stdout)['digest'])

    def test_damage(self):
        for at in (40, 150, len(self.bytes) // 2, len(self.bytes) - 20):
            data = bytearray(self.bytes)
            data[at] ^= 0x10
            bad = self.write('bad.agxt', data)
            result = run('verify', bad)
            self.assertEqual(result.returncode, 3, at)
            self.assertIn('bad.agxt: ', result.stderr)
            self.assertRegex(result.stderr, r'(chunk|offset) \d+')
            verdict = json.loads(run('verify', '--json', bad).stdout)[0]
            self.assertEqual(verdict['verdict'], 'damaged')
            self.assertTrue(verdict['problems'])
            for command in ('info', 'dump'):
                self.assertEqual(run(command, bad).returncode, 3, (command, at))
                self.assertEqual(run(command, '--force', bad).returncode, 3, (command, at))
        # The middle of the file is gone: --force gives more than stopping there.
        data = bytearray(self.bytes)
        data[150] ^= 0x10
        bad = self.write('bad.agxt', data)
        self.assertGreater(len(run('dump', '--force', bad).stdout), len(run('dump', bad).stdout))

    def test_cut(self):
        cut = self.write('cut.agxt', self.bytes[:-100])
        result = run('info', cut)
        self.assertEqual(result.returncode, 3)
        self.assertIn('was cut', result.stderr)
        self.assertIn('submits', result.stdout)
        self.assertEqual(run('verify', cut).returncode, 3)
        for size in (0, 1, 31, 32, 100):
            self.assertEqual(run('info', self.write('cut.agxt', self.bytes[:size])).returncode, 3)

    def test_other_files(self):
        result = run('info', self.write('text', b'not a trace, but long enough for a header'))
        self.assertEqual(result.returncode, 3)
        self.assertIn('not an .agxt trace', result.stderr)
        self.assertEqual(run('info', self.path('missing')).returncode, 2)
        self.assertEqual(run('info', self.dir.name).returncode, 2)
        data = bytearray(self.bytes)
        data[8] = 7
        result = run('info', self.write('newer.agxt', data))
        self.assertEqual(result.returncode, 3)
        self.assertIn('version 7 is not supported', result.stderr)
        self.assertIn('reads version 1', result.stderr)

    def test_dump(self):
        result = run('dump', self.file)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertEqual(result.stdout.count('DRM_IOCTL_ASAHI_SUBMIT {'), 10)
        self.assertIn('COMPUTE (type 1, 64 bytes', result.stdout)
        records = [json.loads(line) for line in run('dump', '--json', self.file).stdout.splitlines()]
        self.assertEqual([r['seq'] for r in records], sorted(r['seq'] for r in records))
        submits = [r for r in records if 'submit' in r]
        self.assertEqual([r['submit'] for r in submits], list(range(10)))
        self.assertEqual(submits[3]['cmdbuf'][0]['payload']['cdm_ctrl_stream_base'], '0x200000000')
        self.assertEqual(submits[3]['syncs'][0]['sync_type'], 'SYNCOBJ')
        part = run('dump', '--json', '--submits', '3-4', self.file).stdout.splitlines()
        self.assertEqual([json.loads(part[0])['submit'], json.loads(part[-1])['submit']], [3, 4])
        self.assertEqual(run('dump', '--submits', '10', self.file).returncode, 2)

    def test_trim(self):
        out = self.path('out.agxt')
        result = run('trim', self.file, '-o', out, '--submits', '4-6')
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        info = json.loads(run('info', '--json', out).stdout)
        self.assertEqual(info['submits'], 3)
        self.assertIn('submits 4-6 of 10', info['history'][0])
        self.assertEqual(run('verify', out).returncode, 0)
        whole = run('extract', self.file, '--submit', '5', '--handle', '1', text=False).stdout
        part = run('extract', out, '--submit', '1', '--handle', '1', text=False).stdout
        self.assertEqual(len(whole), 1 << 16)
        self.assertEqual(whole, part)
        # Never over a file that is there; nothing is left of a failure.
        self.assertEqual(run('trim', self.file, '-o', out, '--submits', '4-6').returncode, 2)
        none = self.path('none.agxt')
        result = run('trim', self.file, '-o', none, '--submits', '8-10')
        self.assertEqual(result.returncode, 2)
        self.assertIn('the trace has 10', result.stderr)
        self.assertFalse(os.path.exists(none))

    def test_extract(self):
        out = self.path('bytes')
        result = run('extract', self.file, '--submit', '0', '--address', '0x200001000', '-o', out)
        self.assertEqual(result.returncode, 0)
        self.assertIn('handle 1, offset 0x1000', result.stderr)
        with open(out, 'rb') as f:
            data = f.read()
        whole = run('extract', self.file, '--submit', '0', '--handle', '1', text=False).stdout
        self.assertEqual(data, whole[0x1000:])
        for args in (['--submit', '99', '--handle', '1'], ['--submit', '0', '--handle', '77'],
                     ['--submit', '0', '--address', '0x1'], ['--submit', '0'], ['--handle', '1'],
                     ['--submit', '0', '--handle', '1', '--address', '1']):
            self.assertEqual(run('extract', self.file, *args).returncode, 2, args)

    def test_usage(self):
        self.assertEqual(run().returncode, 2)
        self.assertEqual(run('--help').returncode, 0)
        self.assertEqual(run('frobnicate').returncode, 2)
        for command in ('info', 'verify', 'dump', 'trim', 'extract'):
            self.assertEqual(run(command, '--help').returncode, 0)
            self.assertEqual(run(command).returncode, 2)
        result = run('trim', self.file, '-o', 'x', '--submits', '5-2')
        self.assertEqual(result.returncode, 2)
        self.assertIn('"5-2"', result.stderr)


unittest.main(argv=sys.argv[:1])
