#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the formats of the memory instructions have to give, worked out with exact integers.

Writes a C header with values and expected results. Shares nothing with formats.c and its tables but
the rules in formats.h.
"""
import random
import struct
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 45
random.seed(6)

I8, I16, I32, F16, U8N, S8N, U16N, S16N, RGB10A2 = range(9)
SRGBA8, RG11B10F, RGB9E5, RG11B10F_RTZ, RGB9E5_RTZ = 10, 12, 13, 14, 15
SINGLE = (23, 8)  # bits of fraction and exponent
HALF = (10, 5)
NAN, INF = "nan", "inf"


def nearest(value):
    whole, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest - value.denominator
    return whole + (1 if twice > 0 or (twice == 0 and whole & 1) else 0)


def pack(value, kind, rounding=nearest):
    """Bits of a fraction that is not negative; too large ones carry into what follows."""
    fraction, exponent = kind
    lowest = 2 - (1 << (exponent - 1))
    if value == 0:
        return 0
    e = value.numerator.bit_length() - value.denominator.bit_length()
    if Fraction(2) ** e > value:
        e -= 1
    e = max(e, lowest)
    m = rounding(value / Fraction(2) ** (e - fraction))
    return ((e - lowest) << fraction) + m


def unpack(bits, kind):
    """(negative, magnitude) of bits with a sign."""
    fraction, exponent = kind
    top = (1 << exponent) - 1
    negative = bits >> (fraction + exponent) & 1
    e, f = bits >> fraction & top, bits & ((1 << fraction) - 1)
    if e == top:
        return negative, NAN if f else INF
    if e == 0:
        # Denormals of 32 bits count as zeros.
        return negative, Fraction(0) if kind == SINGLE else Fraction(f, 1 << (fraction + (1 << (exponent - 1)) - 2))
    return negative, Fraction(f + (1 << fraction), 1 << fraction) * Fraction(2) ** (e - (1 << (exponent - 1)) + 1)


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


def to_linear(code):
    s = Decimal(code) / 255
    if s <= Decimal("0.04045"):
        return s / Decimal("12.92")
    return (((s + Decimal("0.055")) / Decimal("1.055")).ln() * Decimal("2.4")).exp()


def from_linear(x):
    if x <= Decimal("0.0031308"):
        return x * Decimal("12.92")
    return Decimal("1.055") * (x.ln() / Decimal("2.4")).exp() - Decimal("0.055")


LINEAR = [Fraction(int((to_linear(c) * 4095 + Decimal("0.5")).to_integral_value("ROUND_FLOOR")), 4095) for c in range(256)]


def as_register(value, wide):
    kind = SINGLE if wide else HALF
    if value < 0:
        return pack(-value, kind) | 1 << (31 if wide else 15)
    return pack(value, kind)


def load(form, component, element, wide):
    """Expected bits of a register."""
    if form in (I8, I16, I32, F16):
        return element
    if form == U8N or (form == SRGBA8 and component == 3):
        return as_register(Fraction(element, 255), wide)
    if form == SRGBA8:
        return as_register(LINEAR[element], wide)
    if form == U16N:
        return as_register(Fraction(element, 65535), wide)
    if form == S8N:
        return as_register(max(Fraction(signed(element, 8), 127), Fraction(-1)), wide)
    if form == S16N:
        return as_register(max(Fraction(signed(element, 16), 32767), Fraction(-1)), wide)
    if form == RGB10A2:
        if component == 3:
            return as_register(Fraction(element >> 30, 3), wide)
        return as_register(Fraction(element >> (10 * component) & 1023, 1023), wide)
    if form in (RG11B10F, RG11B10F_RTZ):
        kind = (5, 5) if component == 2 else (6, 5)
        bits = element >> (11 * component) & ((1 << (kind[0] + 5)) - 1)
        _, value = unpack(bits, kind)
        if value == NAN:
            return 0x7FC00000 if wide else 0x7E00
        if value == INF:
            return 0x7F800000 if wide else 0x7C00
        return as_register(value, wide)
    return as_register(Fraction(element >> (9 * component) & 511) * Fraction(2) ** ((element >> 27) - 24), wide)


def unorm(value, top):
    negative, magnitude = value
    if magnitude == NAN or negative:
        return 0
    return top if magnitude == INF or magnitude > 1 else nearest(magnitude * top)


def snorm(value, top):
    negative, magnitude = value
    if magnitude == NAN:
        return 0
    m = top if magnitude == INF or magnitude > 1 else nearest(magnitude * top)
    return (-m if negative else m) & (2 * top + 1)


def srgb(value):
    negative, magnitude = value
    if magnitude == NAN or negative:
        return 0
    if magnitude == INF or magnitude > 1:
        return 255
    x = Decimal(magnitude.numerator) / Decimal(magnitude.denominator)
    return int((from_linear(x) * 255 + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))


def store(form, component, bits, wide):
    if form in (I8, I16, I32, F16):
        return bits & {I8: 0xFF, I32: 0xFFFFFFFF}.get(form, 0xFFFF)
    value = unpack(bits, SINGLE if wide else HALF)
    if form == SRGBA8 and component < 3:
        return srgb(value)
    if form in (U8N, SRGBA8):
        return unorm(value, 255)
    if form == U16N:
        return unorm(value, 65535)
    return snorm(value, 127 if form == S8N else 32767)


def floor(value):
    return value.numerator // value.denominator


def small_float(value, kind, rounding):
    negative, magnitude = value
    top = 31 << kind[0]
    if magnitude == NAN:
        return top | 1 << (kind[0] - 1)
    if negative:
        return 0
    if magnitude == INF:
        return top
    return min(pack(magnitude, kind, rounding), top - 1)


def store_packed(form, values, wide):
    v = [unpack(bits, SINGLE if wide else HALF) for bits in values]
    if form == RGB10A2:
        return unorm(v[0], 1023) | unorm(v[1], 1023) << 10 | unorm(v[2], 1023) << 20 | unorm(v[3], 3) << 30
    truncate = form in (RG11B10F_RTZ, RGB9E5_RTZ)
    if form in (RG11B10F, RG11B10F_RTZ):
        rounding = floor if truncate else nearest
        return sum(small_float(v[i], (5, 5) if i == 2 else (6, 5), rounding) << (11 * i) for i in range(3))
    largest = Fraction(511) * 128
    c = []
    for negative, magnitude in v[:3]:
        if negative or magnitude == NAN:
            c.append(Fraction(0))
        else:
            c.append(largest if magnitude == INF else min(magnitude, largest))
    add = 0 if truncate else Fraction(1, 2)
    # The smallest exponent with which the largest component has nine bits.
    for e in range(32):
        m = [floor(x / Fraction(2) ** (e - 24) + add) for x in c]
        if max(m) < 512:
            break
    return m[0] | m[1] << 9 | m[2] << 18 | e << 27


def single(value):
    return struct.unpack("<I", struct.pack("<f", value))[0]


def half(value):
    return struct.unpack("<H", struct.pack("<e", value))[0]


def edges(wide, tops):
    """Values around where the results change, and others of interest."""
    values = set()
    if wide:
        values |= {0, 1, 0x007FFFFF, 0x00800000, 0x33000000, 0x33000001, 0x32FFFFFF, 0x35000000, 0x477FFFFF, 0x47800000, 0x7F7FFFFF}
        values |= {0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF}
        values |= {single(65024.0), single(65535.0), single(64512.0), single(65408.0), single(65280.0), single(65407.9)}
    else:
        values |= {0, 1, 2, 0x3FF, 0x400, 0x3BFF, 0x3C00, 0x3C01, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF}
    for top in tops:
        codes = range(top) if top < 300 else [0, 1, 2, top - 2, top - 1] + random.sample(range(top), 40)
        for code in codes:
            middle = (code + 0.5) / top
            bits = single(middle) if wide else half(middle)
            values |= {bits - 1, bits, bits + 1}
    for _ in range(60):
        values.add(single(random.random() * 2.0 ** random.randrange(-26, 18)) if wide else random.randrange(0x7C00))
    top_bit = 1 << (31 if wide else 15)
    return sorted(values) + [v | top_bit for v in sorted(values)[::5]]


def digest(values):
    h = 0xCBF29CE484222325
    for v in values:
        h = (h ^ v) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def emit(out, name, rows, kind):
    out.write("static const struct %s %s[] = {\n" % (kind, name))
    for row in rows:
        out.write("\t{%s},\n" % ", ".join("{%s}" % ", ".join("0x%x" % v for v in x) if isinstance(x, list) else "0x%x" % x for x in row))
    out.write("};\n")


def main():
    loads, stores, packs, digests = [], [], [], []
    for wide in (0, 1):
        for form in (U8N, S8N, SRGBA8):
            for component in (0, 3) if form == SRGBA8 else (1,):
                loads += [(form, component, e, wide, load(form, component, e, wide)) for e in range(256)]
        for form in (U16N, S16N):
            digests.append((form, wide, digest(load(form, 0, e, wide) for e in range(65536))))
            loads += [(form, 2, e, wide, load(form, 2, e, wide)) for e in (0, 1, 2, 0x7FFF, 0x8000, 0x8001, 0xFFFF)]
        for e in (0, 0x81, 0xFF):
            loads += [(I8, 0, e, wide, e), (I16, 0, 0xFF00 | e, wide, 0xFF00 | e), (F16, 1, 0x3C00 | e, wide, 0x3C00 | e)]
        loads += [(I32, 3, 0xDEADBEEF, 1, 0xDEADBEEF)]
        for i in range(1024):
            word = i | ((i * 7 + 1) & 1023) << 10 | ((i * 5 + 3) & 1023) << 20 | (i & 3) << 30
            loads += [(RGB10A2, c, word, wide, load(RGB10A2, c, word, wide)) for c in ((i & 3, 3) if i < 8 else (i % 3,))]
        for i in range(2048):
            word = i | (2047 - i) << 11 | (i >> 1) << 22
            for c in (0, 1) + ((2,) if i & 1 else ()):
                form = (RG11B10F, RG11B10F_RTZ)[i >> 3 & 1]
                loads.append((form, c, word, wide, load(form, c, word, wide)))
        for i in range(400):
            word = random.getrandbits(32) if i >= 64 else (i >> 1) << 27 | (0x07FFFFFF if i & 1 else 0x00040201)
            loads += [((RGB9E5, RGB9E5_RTZ)[i & 1], c, word, wide, load(RGB9E5, c, word, wide)) for c in range(3)]

        for form, top in ((U8N, 255), (S8N, 127), (U16N, 65535), (S16N, 32767)):
            stores += [(form, 1, v, wide, store(form, 1, v, wide)) for v in edges(wide, [top])]
        stores += [(SRGBA8, 3, v, wide, store(SRGBA8, 3, v, wide)) for v in edges(wide, [255])]
        stores += [(SRGBA8, i % 3, v, wide, store(SRGBA8, i % 3, v, wide)) for i, v in enumerate(edges(wide, []))]
        # Around the middle between two codes of sRGB.
        for code in range(255):
            s = to_linear(Decimal(code) + Decimal("0.5"))
            bits = single(float(s)) if wide else half(float(s))
            stores += [(SRGBA8, 1, v, wide, store(SRGBA8, 1, v, wide)) for v in (bits - 1, bits, bits + 1)]
        for form in (I8, I16, F16):
            stores.append((form, 0, 0x8765 if not wide else 0x12348765, wide, store(form, 0, 0x8765 if not wide else 0x12348765, wide)))
        stores.append((I32, 0, 0x12348765, 1, 0x12348765))

        values = edges(wide, [1023]) + ([single(x * 2.0**-20) for x in (0.25, 0.5, 0.75, 1, 1.5, 2.5, 63.5, 64.5)] if wide else [])
        for form in (RGB10A2, RG11B10F, RGB9E5, RG11B10F_RTZ, RGB9E5_RTZ):
            for i, v in enumerate(values):
                others = [values[(i * k + 11 * k) % len(values)] for k in (3, 5, 7)]
                row = [v] + others if i & 1 else [others[0], others[1], v, others[2]]
                packs.append((form, wide, row, store_packed(form, row, wide)))
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Generated by format_vectors.py. */\n")
        emit(out, "load_vectors", loads, "load_vector")
        emit(out, "store_vectors", stores, "store_vector")
        emit(out, "pack_vectors", packs, "pack_vector")
        emit(out, "digest_vectors", digests, "digest_vector")


main()
