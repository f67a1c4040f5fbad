#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Texels and their values, computed with exact rationals: tables for test_texel.c."""
import random
import struct
import sys
from decimal import Decimal, getcontext
from fractions import Fraction as F

getcontext().prec = 60
UNORM, SNORM, UINT, SINT, FLOAT = range(5)
ONE = 0x3F800000
# code: bits of the components
PLAIN = {
    0x00: [8],
    0x09: [16],
    0x0A: [8, 8],
    0x0B: [5, 6, 5],
    0x0C: [4, 4, 4, 4],
    0x0E: [5, 5, 5, 1],
    0x21: [32],
    0x23: [16, 16],
    0x26: [10, 10, 10, 2],
    0x28: [8, 8, 8, 8],
    0x31: [32, 32],
    0x32: [16, 16, 16, 16],
    0x38: [32, 32, 32, 32],
}


def round_even(x):
    n = x.numerator // x.denominator
    rest = x - n
    return n + 1 if rest > F(1, 2) or (rest == F(1, 2) and n % 2) else n


def f32(x):
    """Nearest binary32 of a number of ordinary size."""
    if x == 0:
        return 0
    sign, x, e = (0x80000000, -x, 0) if x < 0 else (0, x, 0)
    while x >= 2:
        x, e = x / 2, e + 1
    while x < 1:
        x, e = x * 2, e - 1
    m = round_even(x * 2**23)
    return sign | (((e + 127) << 23) + m - (1 << 23))


def value_of(bits):
    """Exact value of finite binary32."""
    e, m = bits >> 23 & 255, bits & 0x7FFFFF
    v = F(m, 2**149) if e == 0 else F(m + 2**23) * F(2) ** (e - 150)
    return -v if bits >> 31 else v


def is_nan(bits):
    return bits & 0x7FFFFFFF > 0x7F800000


def small_float(bits, mantissa, signed):
    """binary16 and its shorter relatives, as binary32."""
    e, m = bits >> mantissa & 31, bits & ((1 << mantissa) - 1)
    sign = 0x80000000 if signed and bits >> (mantissa + 5) & 1 else 0
    if e == 31:
        return 0x7FC00000 if m else sign | 0x7F800000
    v = F(m, 2 ** (14 + mantissa)) if e == 0 else F(m + 2**mantissa) * F(2) ** (e - 15 - mantissa)
    return sign | f32(v)


def linear(code):
    s = Decimal(code) / 255
    v = s / Decimal("12.92") if s <= Decimal("0.04045") else ((s + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
    return f32(F(v))


def decode_one(kind, v, bits):
    if kind == UNORM:
        return f32(F(v, 2**bits - 1))
    s = v - 2**bits if v >> (bits - 1) else v
    if kind == SNORM:
        return f32(max(F(s, 2 ** (bits - 1) - 1), F(-1))) if bits > 1 else 0
    if kind == SINT:
        return s & 0xFFFFFFFF
    if kind == FLOAT and bits == 16:
        return small_float(v, 10, True)
    return v


def decode_plain(code, kind, srgb, word):
    out = [0, 0, 0, 1 if kind in (UINT, SINT) else ONE]
    if code == 0x25:
        return [small_float(word & 2047, 6, False), small_float(word >> 11 & 2047, 6, False),
                small_float(word >> 22, 5, False), ONE]
    if code == 0x27:
        return [f32(F(word >> (9 * i) & 511) * F(2) ** ((word >> 27) - 24)) for i in range(3)] + [ONE]
    for i, bits in enumerate(PLAIN[code]):
        v = word & (2**bits - 1)
        word >>= bits
        out[i] = linear(v) if srgb and i < 3 else decode_one(kind, v, bits)
    return out


def encode_one(kind, v, bits, truncate):
    if kind == UINT:
        return min(v, 2**bits - 1)
    if kind == SINT:
        s = v - 2**32 if v >> 31 else v
        return max(min(s, 2 ** (bits - 1) - 1), -(2 ** (bits - 1))) & (2**bits - 1)
    if kind == FLOAT:
        return v if bits == 32 else half(v, truncate)
    if is_nan(v):
        return 0
    low, steps = (0, 2**bits - 1) if kind == UNORM else (-1, 2 ** (bits - 1) - 1)
    if v & 0x7FFFFFFF == 0x7F800000:
        x = F(low) if v >> 31 else F(1)
    else:
        x = min(max(value_of(v), F(low)), F(1))
    n = round_even(abs(x) * steps)
    return (-n if x < 0 else n) & (2**bits - 1)


def half(v, truncate):
    sign = v >> 16 & 0x8000
    if is_nan(v):
        return 0x7E00
    if v & 0x7FFFFFFF == 0x7F800000:
        return sign | 0x7C00
    x = abs(value_of(v))
    # All values of a sign in rising order: the last not above, then the nearer one.
    low, high = 0, 0x7C00
    top = F(2) ** 16
    val = lambda h: top if h == 0x7C00 else value_of(small_float(h, 10, False))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if val(middle) <= x else (low, middle)
    if x >= top:
        return sign | (0x7BFF if truncate else 0x7C00)
    if truncate or x - val(low) < val(high) - x or (x - val(low) == val(high) - x and low % 2 == 0):
        return sign | low
    return sign | high


def encode_plain(code, kind, values, truncate):
    word = at = 0
    for bits, v in zip(PLAIN[code], values):
        word |= encode_one(kind, v, bits, truncate) << at
        at += bits
    return word


# Blocks. Whole ones are decoded to 16 texels in rows; channels as fractions.


def bc_palette(c0, c1, three):
    def rgb(c):
        return [F(c >> 11, 31), F(c >> 5 & 63, 63), F(c & 31, 31)]

    a, b = rgb(c0), rgb(c1)
    mix = lambda t: [x + (y - x) * t for x, y in zip(a, b)] + [F(1)]
    if three and c0 <= c1:
        return [mix(0), mix(1), mix(F(1, 2)), [F(0)] * 4]
    return [mix(0), mix(1), mix(F(1, 3)), mix(F(2, 3))]


def bc1(block, three=True):
    c0, c1, codes = struct.unpack("<HHI", block)
    palette = bc_palette(c0, c1, three)
    return [list(palette[codes >> 2 * i & 3]) for i in range(16)]


def bc4(block, signed):
    a, b = struct.unpack("<bb" if signed else "<BB", block[:2])
    unit, low = (127, F(-1)) if signed else (255, F(0))
    fa, fb = max(F(a, unit), low), max(F(b, unit), low)
    if a > b:
        palette = [fa, fb] + [fa + (fb - fa) * F(k, 7) for k in range(1, 7)]
    else:
        palette = [fa, fb] + [fa + (fb - fa) * F(k, 5) for k in range(1, 5)] + [low, F(1)]
    codes = int.from_bytes(block[2:], "little")
    return [palette[codes >> 3 * i & 7] for i in range(16)]


def bc2(block):
    texels, alpha = bc1(block[8:], False), int.from_bytes(block[:8], "little")
    return [t[:3] + [F(alpha >> 4 * i & 15, 15)] for i, t in enumerate(texels)]


def bc3(block):
    return [t[:3] + [a] for t, a in zip(bc1(block[8:], False), bc4(block[:8], False))]


ETC = [[2, 8], [5, 17], [9, 29], [13, 42], [18, 60], [24, 80], [33, 106], [47, 183]]
FAR = [3, 6, 11, 16, 23, 32, 41, 64]
EAC = """-3 -6 -9 -15 2 5 8 14|-3 -7 -10 -13 2 6 9 12|-2 -5 -8 -13 1 4 7 12|-2 -4 -6 -13 1 3 5 12
-3 -6 -8 -12 2 5 7 11|-3 -7 -9 -11 2 6 8 10|-4 -7 -8 -11 3 6 7 10|-3 -5 -8 -11 2 4 7 10
-2 -6 -8 -10 1 5 7 9|-2 -5 -8 -10 1 4 7 9|-2 -4 -8 -10 1 3 7 9|-2 -5 -7 -10 1 4 6 9
-3 -4 -7 -10 2 3 6 9|-1 -2 -3 -10 0 1 2 9|-4 -6 -8 -9 3 5 7 8|-3 -5 -7 -9 2 4 6 8"""
EAC = [[int(v) for v in row.split()] for line in EAC.split("\n") for row in line.split("|")]


def clamp255(v):
    return F(min(max(v, 0), 255), 255)


def etc2(block, punch):
    """Fields by the bit numbers of the specification: 63 is the first byte's highest."""
    word = int.from_bytes(block, "big")
    get = lambda hi, lo: word >> lo & (2 ** (hi - lo + 1) - 1)
    diff, flip = get(33, 33), get(32, 32)
    opaque = not punch or diff
    widen = lambda v, n: v << (8 - n) | v >> (2 * n - 8)
    delta = lambda v: v - 8 if v > 3 else v
    texels = [None] * 16
    five = [get(63, 59), get(55, 51), get(47, 43)]
    sums = [f + delta(d) for f, d in zip(five, [get(58, 56), get(50, 48), get(42, 40)])]
    over = [not 0 <= s <= 31 for s in sums]
    mode = "individual"
    if diff or punch:
        mode = "T" if over[0] else "H" if over[1] else "planar" if over[2] else "differential"
    if mode == "planar":
        o = [widen(get(62, 57), 6), widen(get(56, 56) << 6 | get(54, 49), 7),
             widen(get(48, 48) << 5 | get(44, 43) << 3 | get(41, 39), 6)]
        h = [widen(get(38, 34) << 1 | get(32, 32), 6), widen(get(31, 25), 7), widen(get(24, 19), 6)]
        v = [widen(get(18, 13), 6), widen(get(12, 6), 7), widen(get(5, 0), 6)]
        for y in range(4):
            for x in range(4):
                texels[4 * y + x] = [
                    clamp255((x * (h[c] - o[c]) + y * (v[c] - o[c]) + 4 * o[c] + 2) // 4) for c in range(3)
                ] + [F(1)]
        return texels
    if mode in "TH":
        if mode == "T":
            a = [get(60, 59) << 2 | get(57, 56), get(55, 52), get(51, 48)]
            b = [get(47, 44), get(43, 40), get(39, 36)]
            d = FAR[get(35, 34) << 1 | get(32, 32)]
        else:
            a = [get(62, 59), get(58, 56) << 1 | get(52, 52), get(51, 51) << 3 | get(49, 47)]
            b = [get(46, 43), get(42, 39), get(38, 35)]
            d = FAR[get(34, 34) << 2 | get(32, 32) << 1 | (a >= b)]
        a, b = [17 * v for v in a], [17 * v for v in b]
        plus = lambda base, s: [v + s for v in base]
        if mode == "T":
            paint = [a, plus(b, d), b, plus(b, -d)]
        else:
            paint = [plus(a, d), plus(a, -d), plus(b, d), plus(b, -d)]
    for x in range(4):
        for y in range(4):
            k = 4 * x + y
            code = get(16 + k, 16 + k) * 2 + get(k, k)
            if not opaque and code == 2:
                texels[4 * y + x] = [F(0)] * 4
                continue
            if mode in "TH":
                colour = paint[code]
            else:
                late = (y if flip else x) >= 2
                row = list(ETC[get(36, 34) if late else get(39, 37)])
                if not opaque:
                    row[0] = 0
                step = [row[0], row[1], -row[0], -row[1]][code]
                if mode == "individual":
                    four = [get(59, 56), get(51, 48), get(43, 40)] if late else [get(63, 60), get(55, 52), get(47, 44)]
                    colour = [17 * v + step for v in four]
                else:
                    colour = [widen(v, 5) + step for v in (sums if late else five)]
            texels[4 * y + x] = [clamp255(v) for v in colour] + [F(1)]
    return texels


def eac(block, how):
    base, multiplier, row = block[0], block[1] >> 4, EAC[block[1] & 15]
    bits = int.from_bytes(block[2:], "big")
    out = [None] * 16
    for k in range(16):
        m = row[bits >> (45 - 3 * k) & 7]
        if how == "alpha":
            v = clamp255(base + m * multiplier)
        elif how == "unsigned":
            v = F(min(max(base * 8 + 4 + m * (multiplier * 8 or 1), 0), 2047), 2047)
        else:
            s = max(base - 256 if base > 127 else base, -127)
            v = F(min(max(s * 8 + m * (multiplier * 8 or 1), -1023), 1023), 1023)
        out[4 * (k % 4) + k // 4] = v
    return out


def decode_block(code, kind, block):
    signed = kind == SNORM
    full = lambda *channels: [list(t) + [F(0)] * (3 - len(t)) + [F(1)] for t in zip(*channels)]
    if code == 0x74:
        return bc1(block)
    if code == 0x75:
        return bc2(block)
    if code == 0x76:
        return bc3(block)
    if code == 0x77:
        return full(bc4(block, signed))
    if code == 0x78:
        return full(bc4(block[:8], signed), bc4(block[8:], signed))
    if code == 0x59:
        return [t[:3] + [a] for t, a in zip(etc2(block[8:], False), eac(block[:8], "alpha"))]
    if code in (0x58, 0x5A):
        return etc2(block, code == 0x5A)
    how = "signed" if signed else "unsigned"
    if code == 0x5B:
        return full(eac(block[:8], how))
    return full(eac(block[:8], how), eac(block[8:], how))


BLOCKS = {0x74: 8, 0x75: 16, 0x76: 16, 0x77: 8, 0x78: 16, 0x58: 8, 0x59: 16, 0x5A: 8, 0x5B: 8, 0x5C: 16}
PAIRED = (0x77, 0x78, 0x5B, 0x5C)


def kinds(code):
    if code in (0x25, 0x27):
        return [FLOAT]
    bits = PLAIN[code][0]
    return ([UNORM, SNORM] if bits < 32 else []) + [UINT, SINT] + ([FLOAT] if bits in (16, 32) else [])


def emit(out, name, rows):
    out.write("static const struct texel_vector %s[] = {\n" % name)
    for code, kind, srgb, extra, data, values in rows:
        data = ", ".join("%#04x" % b for b in data)
        values = ", ".join("%#010x" % v for v in values)
        out.write("\t{%#x, %d, %d, %d, {%s}, {%s}},\n" % (code, kind, srgb, extra, data, values))
    out.write("};\n")


def interesting(rng, kind):
    if kind in (UINT, SINT):
        return rng.choice([rng.getrandbits(32), rng.getrandbits(9), 2**32 - rng.getrandbits(9) - 1, 2**31])
    if kind == FLOAT:
        e = rng.choice([rng.randrange(256), rng.randrange(100, 150)])
        return rng.getrandbits(1) << 31 | e << 23 | rng.choice([rng.getrandbits(23), rng.getrandbits(10) << 13, 0x1000])
    special = [0, 0x80000000, ONE, 0xBF800000, 0x7FC00000, 0x7F800000, 0xFF800000, 1, 0x3F000000]
    exact = struct.unpack("<I", struct.pack("<f", (rng.randrange(-600, 600) + 0.5) / rng.choice([15, 31, 63, 255, 512])))[0]
    return rng.choice([rng.choice(special), exact, f32(F(rng.randrange(-2000, 70000), 65536))])


def main():
    rng = random.Random(3)
    reads, writes = [], []
    for code in [*PLAIN, 0x25, 0x27]:
        size = sum(PLAIN.get(code, [32])) // 8
        for kind in kinds(code):
            for srgb in (0, 1) if kind == UNORM and PLAIN[code][0] == 8 else (0,):
                for i in range(40):
                    word = {0: 0, 1: 2 ** (8 * size) - 1}.get(i, rng.getrandbits(8 * size))
                    row = decode_plain(code, kind, srgb, word)
                    reads.append((code, kind, srgb, 0, word.to_bytes(size, "little"), row))
            if code not in PLAIN:
                continue
            for i in range(60):
                values = [interesting(rng, kind) for _ in range(4)]
                truncate = i & 1 if kind == FLOAT else 0
                word = encode_plain(code, kind, values, truncate)
                writes.append((code, kind, 0, truncate, word.to_bytes(size, "little"), values))
    for code, size in BLOCKS.items():
        for kind in (UNORM, SNORM) if code in PAIRED else (UNORM,):
            for srgb in (0,) if code in PAIRED else (0, 1):
                for i in range(150):
                    block = bytes(rng.getrandbits(8) for _ in range(size))
                    texels = decode_block(code, kind, block)
                    at = rng.randrange(16)
                    values = [f32(v) for v in texels[at]]
                    if srgb:
                        codes = [int(v * 255 + F(1, 2)) for v in texels[at][:3]]
                        values = [linear(c) for c in codes] + values[3:]
                    reads.append((code, kind, srgb, at, block, values))
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Generated by texel_vectors.py. */\n")
        out.write("struct texel_vector {\n\tuint8_t channels, type, srgb, extra, bytes[16];\n\tuint32_t rgba[4];\n};\n\n")
        emit(out, "texel_reads", reads)
        emit(out, "texel_writes", writes)


main()
