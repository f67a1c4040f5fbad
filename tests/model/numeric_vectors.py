#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the shader core's arithmetic has to give, worked out with exact rational numbers.

Writes a C header with the operands and the expected bits. Shares nothing with numeric.c but the rules
in numeric.h: rounding here is a division of integers, the special functions come from decimal with 60
digits.
"""
import random
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60
NAN, INF = "nan", "inf"
LN2 = Decimal(2).ln()


class Format:
    def __init__(self, bits, fraction, flush):
        self.bits, self.fraction, self.flush = bits, fraction, flush
        self.exponent = bits - 1 - fraction
        self.bias = (1 << (self.exponent - 1)) - 1
        self.top = (1 << self.exponent) - 1
        self.sign = 1 << (bits - 1)

    def value(self, bits):
        """(sign, magnitude): a Fraction, NAN or INF."""
        sign = bits >> (self.bits - 1)
        e = bits >> self.fraction & self.top
        f = bits & ((1 << self.fraction) - 1)
        if e == self.top:
            return sign, NAN if f else INF
        if e == 0:
            return sign, Fraction(0) if self.flush else Fraction(f, 1 << self.fraction) * self.smallest()
        return sign, (1 + Fraction(f, 1 << self.fraction)) * power(e - self.bias)

    def smallest(self):
        return power(1 - self.bias)

    def pack(self, sign, value):
        """Bits of a magnitude, rounded to nearest even."""
        if value == NAN:
            return self.top << self.fraction | 1 << (self.fraction - 1)
        top = self.top << self.fraction
        if value == INF:
            return sign * self.sign | top
        if value < self.smallest():
            if self.flush:
                return sign * self.sign
            return sign * self.sign | nearest(value / self.smallest() * (1 << self.fraction))
        e = exponent_of(value)
        m = nearest(value / power(e) * (1 << self.fraction))
        return sign * self.sign | min(((e + self.bias - 1) << self.fraction) + m, top)


F32, F16 = Format(32, 23, True), Format(16, 10, False)


def power(n):
    return Fraction(1 << n) if n >= 0 else Fraction(1, 1 << -n)


def exponent_of(value):
    e = value.numerator.bit_length() - value.denominator.bit_length()
    return e if power(e) <= value else e - 1


def nearest(value):
    whole, rest = divmod(value.numerator, value.denominator)
    twice = 2 * rest - value.denominator
    return whole + (1 if twice > 0 or (twice == 0 and whole & 1) else 0)


def multiply(a, b):
    sign = a[0] ^ b[0]
    if NAN in (a[1], b[1]):
        return 0, NAN
    if INF in (a[1], b[1]):
        return (0, NAN) if 0 in (a[1], b[1]) else (sign, INF)
    return sign, a[1] * b[1]


def add(a, b):
    if NAN in (a[1], b[1]):
        return 0, NAN
    if INF in (a[1], b[1]):
        if a[1] == b[1] and a[0] != b[0]:
            return 0, NAN
        return a if a[1] == INF else b
    exact = (-a[1] if a[0] else a[1]) + (-b[1] if b[0] else b[1])
    if exact == 0:
        return (a[0] & b[0] if a[1] == 0 and b[1] == 0 else 0), Fraction(0)
    return (1 if exact < 0 else 0), abs(exact)


def decimal_of(value):
    return Decimal(value.numerator) / Decimal(value.denominator)


def fraction_of(number):
    return Fraction(*number.as_integer_ratio())


def sine(x):
    """sin of a Decimal near 0."""
    term, total, n = x, x, 1
    while abs(term) > Decimal(10) ** -55:
        term = -term * x * x / ((n + 1) * (n + 2))
        total += term
        n += 2
    return total


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def unary(name, a):
    sign, m = a
    if m == NAN:
        return 0, NAN
    if name in ("floor", "ceil", "trunc", "rint"):
        if m == INF:
            return a
        whole = m.numerator // m.denominator
        if name == "rint":
            whole = nearest(m)
        elif whole != m and name == ("floor", "ceil")[1 - sign]:
            whole += 1
        return sign, Fraction(whole)
    if name == "rcp":
        return (sign, INF) if m == 0 else (sign, Fraction(0)) if m == INF else (sign, 1 / m)
    if name in ("rsqrt", "rsqrt_special"):
        if name == "rsqrt_special" and m == 0:
            return 0, Fraction(0)
        if m == 0:
            return sign, INF
        if sign:
            return 0, NAN
        if m == INF:
            return (0, Fraction(1)) if name == "rsqrt_special" else (0, Fraction(0))
        return 0, fraction_of(1 / decimal_of(m).sqrt())
    if name == "log2":
        if m == 0:
            return 1, INF
        if sign:
            return 0, NAN
        if m == INF:
            return a
        result = fraction_of(decimal_of(m).ln() / LN2)
        return (1 if result < 0 else 0), abs(result)
    if name == "exp2":
        if m == INF or m > 200:
            return (0, Fraction(0)) if sign else (0, INF)
        x = decimal_of(m) * (-1 if sign else 1)
        return 0, fraction_of((x * LN2).exp())
    if name == "sin_reduce":
        q = -m if sign else m
        t = q if q <= 1 else 2 - q if q < 3 else q - 4
        return (sign if t == 0 and q == 0 else 1 if t < 0 else 0), abs(t)
    if name == "sin_ratio":
        if m == 0:
            return 0, fraction_of(PI / 2)
        x = decimal_of(m)
        return 0, fraction_of(sine(x * PI / 2) / x)
    raise ValueError(name)


def edges(fmt):
    one = fmt.bias << fmt.fraction
    top = fmt.top << fmt.fraction
    low = 1 << fmt.fraction
    plain = [0, 1, low - 1, low, low + 1, one - 1, one, one + 1, one + low, one - low, top - 1, top, top + 1,
             top | 1 << (fmt.fraction - 1), one + (1 << (fmt.fraction - 1))]
    return plain + [p | fmt.sign for p in plain]


def near(rng, fmt, bits):
    """Something of about the same size, so that sums cancel."""
    e = (bits >> fmt.fraction & fmt.top) + rng.randint(-2, 2)
    e = min(max(e, 0), fmt.top - 1)
    return rng.getrandbits(1) * fmt.sign | e << fmt.fraction | rng.getrandbits(fmt.fraction)


def operand(rng, fmt, few):
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(few)
    bits = rng.getrandbits(fmt.bits)
    if kind < 4: # short fractions make ties and exact results likely
        bits &= ~((1 << rng.randrange(fmt.fraction)) - 1)
    return bits


def emit(out, name, arity, rows):
    out.append(f"static const uint32_t vectors_{name}[][{arity + 1}] = {{")
    for row in rows:
        out.append("\t{" + ", ".join(f"0x{v:x}" for v in row) + "},")
    out.append("};")


def arithmetic(rng, fmt, suffix, count, out):
    few = edges(fmt)
    for name, arity in (("fma", 3), ("add", 2), ("mul", 2)):
        rows = []
        if arity == 2:
            cases = [(a, b) for a in few for b in few]
        else:
            cases = [(rng.choice(few), rng.choice(few), rng.choice(few)) for _ in range(count // 2)]
        for _ in range(count):
            a, b = operand(rng, fmt, few), operand(rng, fmt, few)
            if arity == 2:
                cases.append((a, near(rng, fmt, a) if rng.getrandbits(1) else b))
                continue
            sign, m = multiply(fmt.value(a), fmt.value(b))
            product = fmt.pack(sign, m)
            cases.append((a, b, near(rng, fmt, product) if rng.getrandbits(1) else operand(rng, fmt, few)))
        for _ in range(count // 4): # results about the smallest normal number
            e = rng.randrange(1, fmt.bias)
            a = e << fmt.fraction | rng.getrandbits(fmt.fraction)
            b = (max(fmt.bias - e + rng.randint(0, 2), 1) << fmt.fraction) | rng.getrandbits(fmt.fraction)
            cases.append((a, b) if arity == 2 else (a, b, rng.choice([0, 1 << fmt.fraction, fmt.sign | 1 << fmt.fraction])))
        for case in cases:
            values = [fmt.value(c) for c in case]
            if name == "mul":
                sign, m = multiply(*values)
            elif name == "add":
                sign, m = add(*values)
            else:
                sign, m = add(multiply(values[0], values[1]), values[2])
            rows.append(case + (fmt.pack(sign, m),))
        emit(out, f"{suffix}_{name}", arity, rows)


def functions(rng, count, out):
    few = edges(F32)
    for name in ("floor", "ceil", "trunc", "rint", "rcp", "rsqrt", "rsqrt_special", "log2", "exp2", "sin_reduce",
                 "sin_ratio"):
        cases = list(few) if not name.startswith("sin") else [0, F32.sign, 0x3f800000]
        for _ in range(count):
            if name == "sin_reduce":
                cases.append(F32.pack(0, Fraction(rng.getrandbits(30), 1 << 28)))
            elif name == "sin_ratio":
                cases.append(F32.pack(rng.getrandbits(1), Fraction(rng.getrandbits(30), 1 << 30)))
            elif name == "exp2":
                cases.append(F32.pack(rng.getrandbits(1), Fraction(rng.getrandbits(28), 1 << rng.randrange(20, 30))))
            elif name == "log2" and rng.getrandbits(1): # near 1, where the result is small
                cases.append(F32.pack(0, 1 + Fraction(rng.randint(-1000, 1000), 1 << rng.randrange(11, 24))))
            elif name in ("floor", "ceil", "trunc", "rint"):
                cases.append(F32.pack(rng.getrandbits(1), Fraction(rng.getrandbits(26), 1 << rng.randrange(30))))
            else:
                cases.append(operand(rng, F32, few))
        rows = []
        for case in cases:
            sign, m = unary(name, F32.value(case))
            rows.append((case, F32.pack(sign, m)))
        emit(out, f"f32_{name}", 1, rows)


def conversions(rng, count, out):
    few32, few16 = edges(F32), edges(F16)
    rows = [(h, F32.pack(*F16.value(h))) for h in few16 + [rng.getrandbits(16) for _ in range(count)]]
    emit(out, "f16_to_f32", 1, rows)
    rows = []
    for _ in range(count):
        bits = operand(rng, F32, few32)
        if rng.getrandbits(1): # inside binary16's range, often at a tie
            e = rng.randrange(127 - 26, 127 + 17)
            bits = bits & 0x80000000 | e << 23 | (rng.getrandbits(23) & ~((1 << rng.randrange(14)) - 1))
        rows.append((bits, F16.pack(*F32.value(bits))))
    emit(out, "f32_to_f16", 1, rows)

    rows = []
    for _ in range(count):
        width, signed, even = rng.choice((8, 16, 32)), rng.getrandbits(1), rng.getrandbits(1)
        bits = operand(rng, F32, few32)
        if rng.randrange(4):
            bits = F32.pack(rng.getrandbits(1), Fraction(rng.getrandbits(rng.randrange(1, width + 3)), rng.choice((1, 2, 4, 1 << 20))))
        sign, m = F32.value(bits)
        low, high = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else (0, (1 << width) - 1)
        if m == NAN:
            result = 0
        elif m == INF:
            result = low if sign else high
        else:
            result = nearest(m) if even else m.numerator // m.denominator
            result = min(max(-result if sign else result, low), high)
        rows.append((bits, width, signed, even, result & 0xffffffff))
    emit(out, "f32_to_int", 4, rows)

    rows = []
    for _ in range(count):
        width, signed, even = rng.choice((8, 16, 32)), rng.getrandbits(1), rng.getrandbits(1)
        value = rng.getrandbits(32) & ~((1 << rng.randrange(20)) - 1) | rng.getrandbits(1)
        number = value & ((1 << width) - 1)
        if signed and number >> (width - 1):
            number -= 1 << width
        m = Fraction(abs(number))
        if not even and m: # cut to 24 bits beforehand: then it is exact
            drop = max(abs(number).bit_length() - 24, 0)
            m = Fraction(abs(number) >> drop << drop)
        rows.append((value, width, signed, even, F32.pack(1 if number < 0 else 0, m)))
    emit(out, "int_to_f32", 4, rows)


def main():
    rng = random.Random(1)
    out = ["/* SPDX-License-Identifier: MIT */", "/* Generated by numeric_vectors.py. */"]
    arithmetic(rng, F32, "f32", 4000, out)
    arithmetic(rng, F16, "f16", 4000, out)
    functions(rng, 1500, out)
    conversions(rng, 3000, out)
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main()
