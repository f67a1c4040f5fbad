#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds docs/trace-format.md and agxt_format.h together.

Every structure, enum and constant of the header has a table in the document, between
<!-- NAME --> and <!-- end -->; the tables are what this script makes of the header. The worked
example's bytes are what the program given with --example writes.

usage: check_format.py HEADER DOCUMENT [--example PROGRAM] [--write]
"""
import re
import subprocess
import sys

SIZES = {'uint8_t': 1, 'uint16_t': 2, 'uint32_t': 4, 'int32_t': 4, 'uint64_t': 8}
SHORT = {'uint8_t': 'u8', 'uint16_t': 'u16', 'uint32_t': 'u32', 'int32_t': 's32',
         'uint64_t': 'u64'}
GROUPS = {
    'limits': ['AGXT_PAGE_SIZE', 'AGXT_MAX_'],
    'constants': ['AGXT_VERSION_', 'AGXT_CHUNK_MAGIC', 'AGXT_FILE_MAGIC', 'AGXT_FOOTER_MAGIC'],
    'flags': ['AGXT_FLAG_', 'AGXT_CALL_', 'AGXT_BLOB_', 'AGXT_MAP_', 'AGXT_PAGES_',
              'AGXT_RESULT_', 'AGXT_TOKEN_'],
}


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def row(cells):
    return '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'


def tables(text):
    """NAME to lines of a table, for everything in the header."""
    text = text.split('static inline')[0]
    result = {}
    sizes = {}
    for match in re.finditer(r'^struct (\w+) \{\n(.*?)^\};', text, re.M | re.S):
        name, body = match.groups()
        lines = [row(['offset', 'type', 'field', 'meaning']), row(['---'] * 4)]
        offset = 0
        for line in body.splitlines():
            field = re.fullmatch(r'\t(struct )?(\w+) (\w+)(?:\[(\d+)\])?;\s*(?:/\* (.*) \*/)?', line)
            if not field:
                fail('%s: cannot read "%s"' % (name, line.strip()))
            is_struct, kind, member, count, comment = field.groups()
            size = sizes[kind] if is_struct else SIZES[kind]
            if not is_struct and offset % size:
                fail('%s.%s is not aligned' % (name, member))
            shown = '`%s`' % kind if is_struct else SHORT[kind]
            lines.append(row([str(offset), shown + ('[%s]' % count if count else ''),
                              '`%s`' % member, comment or ('the head' if is_struct else '')]))
            offset += size * int(count or 1)
        sizes[name] = offset
        lines.append(row([str(offset), '', '', 'size']))
        result[name] = lines
    for match in re.finditer(r'^enum (\w+) \{\n(.*?)^\};', text, re.M | re.S):
        name, body = match.groups()
        lines = [row(['value', 'name', 'meaning']), row(['---'] * 3)]
        for line in body.splitlines():
            entry = re.fullmatch(r'\t(\w+) = (\d+),\s*(?:/\* (.*) \*/)?', line)
            if not entry:
                fail('%s: cannot read "%s"' % (name, line.strip()))
            lines.append(row([entry[2], '`%s`' % entry[1], entry[3] or '']))
        result[name] = lines
    defines = re.findall(r'^#define (AGXT_\w+)[ \t]+(\S.*?)[ \t]*(?:/\* (.*) \*/)?$', text, re.M)
    for group, prefixes in GROUPS.items():
        lines = [row(['name', 'value', 'meaning']), row(['---'] * 3)]
        for name, value, comment in defines:
            if any(name.startswith(p) for p in prefixes) and \
                    (group != 'flags' or not name.startswith('AGXT_PAGES_MAX')):
                lines.append(row(['`%s`' % name, '`%s`' % value, comment or '']))
        result[group] = lines
    for name, _, _ in defines:
        if not any(name.startswith(p) for ps in GROUPS.values() for p in ps):
            fail('%s is in no group' % name)
    return result


def main():
    args = [a for a in sys.argv[1:] if a != '--write']
    write = '--write' in sys.argv
    header = open(args[0], encoding='utf-8').read()
    document = open(args[1], encoding='utf-8').read()
    wanted = tables(header)
    program = args[args.index('--example') + 1] if '--example' in args else None
    if program:
        wanted['ioctls'] = subprocess.run([program, '--ioctls'], stdout=subprocess.PIPE, check=True,
                                          encoding='utf-8').stdout.splitlines()
    seen = set()
    problems = []

    def replace(match):
        name = match[1]
        if name == 'ioctls' and not program:
            return match[0]
        if name not in wanted:
            problems.append('the document has a table for %s, the header has no such thing' % name)
            return match[0]
        seen.add(name)
        new = '<!-- %s -->\n%s\n<!-- end -->' % (name, '\n'.join(wanted[name]))
        if new != match[0]:
            problems.append('the table of %s differs from the header' % name)
        return new

    updated = re.sub(r'<!-- (\w+) -->\n(?:.*?\n)??<!-- end -->', replace, document, flags=re.S)
    missing = sorted(set(wanted) - seen)
    if write:
        open(args[1], 'w', encoding='utf-8').write(updated)
        problems = []
    problems += ['no table for %s' % name for name in missing]
    if program:
        real = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout
        block = re.search(r'<!-- example bytes -->\n```\n(.*?)```', updated, re.S)
        if not block:
            fail('the document has no example bytes')
        shown = b''
        for line in block[1].splitlines():
            offset, data = line.split(':')
            if int(offset, 16) != len(shown):
                problems.append('example: offset %s is not %x' % (offset, len(shown)))
            shown += bytes.fromhex(data.split('|')[0])
        if shown != real:
            at = next((i for i, (a, b) in enumerate(zip(shown, real)) if a != b),
                      min(len(shown), len(real)))
            problems.append('example: %d bytes in the document, %d real ones, first difference at '
                            'offset 0x%x' % (len(shown), len(real), at))
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
