#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the decoders of block-compressed texels with those of others, and writes block_vectors.txt.

  block_vectors.py --build DIR [--count N] [--astcenc PROGRAM] [--write FILE] -- COMMAND...

COMMAND runs a program where Mesa's llvmpipe is, such as `tools/mesa-root exec -- env LIBGL_ALWAYS_SOFTWARE=1
GALLIUM_DRIVER=llvmpipe`; DIR is a build folder with tests/gpu/test-block and tests/gpu/block-sample. PROGRAM
is Arm's astcenc (Debian package astcenc), for ASTC of high dynamic range, which Mesa does not decode.
N blocks of each format are compared. Exit: 0 all equal, 1 not, 2 wrong usage, 77 something is not there.
"""
import argparse
import os
import random
import struct
import subprocess
import sys
import tempfile

UNORM, SNORM, FLOAT = 0, 1, 4
BYTE, ELEVEN, HALF, NEAR = range(4)
SIZES = [(4, 4), (5, 4), (5, 5), (6, 5), (6, 6), (8, 5), (8, 6), (8, 8), (10, 5), (10, 6), (10, 8), (10, 10),
         (12, 10), (12, 12)]
COLUMNS = 64
# channels, type, srgb, unit, number of OpenGL, bytes
PLAIN = [
    (0x74, UNORM, 0, NEAR, 0x83F1, 8), (0x75, UNORM, 0, NEAR, 0x83F2, 16), (0x76, UNORM, 0, NEAR, 0x83F3, 16),
    (0x77, UNORM, 0, NEAR, 0x8DBB, 8), (0x77, SNORM, 0, NEAR, 0x8DBC, 8),
    (0x78, UNORM, 0, NEAR, 0x8DBD, 16), (0x78, SNORM, 0, NEAR, 0x8DBE, 16),
    (0x79, FLOAT, 0, HALF, 0x8E8E, 16), (0x7A, FLOAT, 0, HALF, 0x8E8F, 16),
    (0x7B, UNORM, 0, BYTE, 0x8E8C, 16), (0x7B, UNORM, 1, BYTE, 0x8E8D, 16),
    (0x58, UNORM, 0, BYTE, 0x9274, 8), (0x58, UNORM, 1, BYTE, 0x9275, 8),
    (0x5A, UNORM, 0, BYTE, 0x9276, 8), (0x5A, UNORM, 1, BYTE, 0x9277, 8),
    (0x59, UNORM, 0, BYTE, 0x9278, 16), (0x59, UNORM, 1, BYTE, 0x9279, 16),
    (0x5B, UNORM, 0, ELEVEN, 0x9270, 8), (0x5B, SNORM, 0, ELEVEN, 0x9271, 8),
    (0x5C, UNORM, 0, ELEVEN, 0x9272, 16), (0x5C, SNORM, 0, ELEVEN, 0x9273, 16),
]
ASTC = [(0x60 + i, UNORM, srgb, BYTE, (0x93D0 if srgb else 0x93B0) + i, 16) for srgb in (0, 1) for i in range(14)]
HIGH = [(0x60 + i, FLOAT, 0, HALF, None, 16) for i in range(14)]


def size_of(channels):
    return SIZES[channels - 0x60] if 0x60 <= channels < 0x6E else (4, 4)


def astc_block(rng, i, high):
    """All modes of the grid in turn, with one partition; several of one kind; anything; one colour."""
    word = rng.getrandbits(128)
    kind = i % 8
    if kind < 4:
        word = word & ~0x1FFF | i // 8 * 4 + kind & 0x7FF
    elif kind == 4:
        word &= ~(3 << 23)
    elif kind == 7:
        word = word & ~0x1FF | 0x1FC | 3 << 10
        word |= rng.choice([0, (1 << 64) - (1 << 12)])
        if high:  # finite numbers
            word &= ~sum(0x4000 << 64 + 16 * c for c in range(4))
        elif i % 16 == 7:
            word &= ~0x200
    if word & 0x1FF == 0x1FC and not high:  # whose reserved bits Mesa does not look at
        word |= 3 << 10
    return word


def make_block(rng, channels, size, i, high):
    word = rng.getrandbits(8 * size)
    if i < 2:
        word = (1 << 8 * size) - 1 if i else 0
    elif 0x60 <= channels < 0x6E:
        word = astc_block(rng, i, high)
    elif channels == 0x7B:
        word = word & -256 | 1 << i % 8 | word & 255 & -(2 << i % 8)
    elif channels in (0x79, 0x7A):
        word = word & ~31 | i % 32
    elif channels in (0x5B, 0x5C) and i % 8 == 0:
        word &= ~0xF000
    return word.to_bytes(size, "little")


def sample(command, program, jobs):
    """What OpenGL makes of (format, bytes, width, height, blocks): binary32 of all texels of each."""
    sent = b"".join(struct.pack("<5I", number, size, width, height, len(blocks)) + b"".join(blocks)
                    for number, size, width, height, blocks in jobs)
    run = subprocess.run(command + [program], input=sent, stdout=subprocess.PIPE, check=False)
    if run.returncode:
        sys.exit(run.returncode if run.returncode in (2, 77) else 1)
    out, at = [], 0
    for _, _, width, height, blocks in jobs:
        length = 16 * width * height * len(blocks)
        out.append(run.stdout[at:at + length])
        at += length
    return out


def ktx_halves(data):
    """The image of a KTX file of binary16, as one tuple."""
    little = data[12:16] == b"\1\2\3\4"
    kind, width, height, pairs = (struct.unpack("<13I", data[12:64])[i] for i in (1, 6, 7, 12))
    if not little or kind != 0x140B:
        sys.exit("block_vectors.py: astcenc wrote another file than expected")
    start = 64 + pairs + 4
    return struct.unpack("<%de" % (4 * width * height), data[start:start + 8 * width * height])


def decode_high(program, width, height, blocks, folder):
    """Like sample(), by astcenc in its profile of high dynamic range."""
    rows = (len(blocks) + COLUMNS - 1) // COLUMNS
    padded = b"".join(blocks) + bytes(16 * (COLUMNS * rows - len(blocks)))
    name = os.path.join(folder, "blocks")
    with open(name + ".astc", "wb") as out:
        out.write(b"\x13\xab\xa1\x5c" + bytes([width, height, 1]))
        for extent in (COLUMNS * width, rows * height, 1):
            out.write(extent.to_bytes(3, "little"))
        out.write(padded)
    subprocess.run([program, "-dh", name + ".astc", name + ".ktx", "-silent"], check=True)
    with open(name + ".ktx", "rb") as image:
        values = ktx_halves(image.read())
    pitch, out = 4 * COLUMNS * width, []
    for i in range(len(blocks)):
        first = i // COLUMNS * height * pitch + i % COLUMNS * 4 * width
        for y in range(height):
            out += values[first + y * pitch:first + y * pitch + 4 * width]
    return struct.pack("<%df" % len(out), *out)


def srgb_code(value):
    curve = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return int(curve * 255 + 0.5)


def code_of(value, row, component):
    _, kind, srgb, unit = row[:4]
    if unit == HALF:
        return struct.unpack("<H", struct.pack("<e", value))[0]
    if unit == ELEVEN:
        return round(value * (1023 if kind == SNORM else 2047)) & 0xFFFF
    return srgb_code(value) if srgb and component < 3 else int(value * 255 + 0.5)


def digest(values, row):
    total = 0x811C9DC5
    for i, value in enumerate(values):
        code = code_of(value, row, i % 4)
        for byte in (code & 255, code >> 8):
            total = (total ^ byte) * 0x01000193 & 0xFFFFFFFF
    return total


def is_magenta(values):
    return values[:4] == (1.0, 0.0, 1.0, 1.0) and values == values[:4] * (len(values) // 4)


def vector_lines(row, blocks, floats):
    """Some blocks of a format: illegal ones only a few times; none with NaN."""
    channels, kind, srgb = row[:3]
    wanted = {0x7B: 120, 0x79: 128, 0x7A: 128}.get(channels, 30)
    if 0x60 <= channels < 0x6E:
        wanted = 20 if kind == FLOAT else 10 if srgb else 48
    elif srgb:
        wanted = 16
    width, height = size_of(channels)
    length, lines, illegal = 16 * width * height, [], 0
    order = list(range(len(blocks)))
    random.Random(channels).shuffle(order)
    for i in order:
        values = struct.unpack("<%df" % (length // 4), floats[i * length:(i + 1) * length])
        if any(v != v for v in values) or len(lines) >= wanted:
            continue
        illegal += is_magenta(values)
        if is_magenta(values) and illegal > 4:
            continue
        lines.append("%02x %d %d %s %08x\n" % (channels, kind, srgb, blocks[i].hex(), digest(values, row)))
    return sorted(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--count", type=int, default=4096)
    parser.add_argument("--astcenc")
    parser.add_argument("--write")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args()
    tool = lambda name: os.path.join(os.path.abspath(args.build), "tests", "gpu", name)
    rng, rows = random.Random(6), PLAIN + ASTC + (HIGH if args.astcenc else [])
    blocks = [[make_block(rng, row[0], row[5], i, row[1] == FLOAT) for i in range(args.count)] for row in rows]
    jobs = [(row[4], row[5], *size_of(row[0]), b) for row, b in zip(rows, blocks) if row[4]]
    with tempfile.TemporaryDirectory() as folder:
        floats = sample(args.command, tool("block-sample"), jobs)
        for row, b in zip(rows, blocks):
            if not row[4]:
                floats.append(decode_high(args.astcenc, *size_of(row[0]), b, folder))
        path = os.path.join(folder, "texels")
        with open(path, "wb") as out:
            for row, b, f in zip(rows, blocks, floats):
                out.write(struct.pack("<5I", *row[:4], len(b)) + b"".join(b) + f)
        status = subprocess.run([tool("test-block"), "--compare", path], check=False).returncode
    if args.write:
        with open(args.write, "w", encoding="ascii") as out:
            out.write("# SPDX-License-Identifier: MIT\n"
                      "# Written by block_vectors.py: what Mesa's llvmpipe, and of type 4 of ASTC Arm's astcenc,\n"
                      "# made of blocks. Channels, type, sRGB, block, FNV-1a of the texels' values.\n")
            for row, b, f in zip(rows, blocks, floats):
                if row[3] != NEAR:
                    out.writelines(vector_lines(row, b, f))
    return status


sys.exit(main())
