#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the shader core has to make of integer, bit, select, flow and exchange instructions.

usage: exec_cases.py OUTPUT

Written from the documented semantics (dougallj/applegpu, Mesa's AGX2.xml) with Python's unbounded
integers, sharing nothing with the C code. Each case is a program, what registers hold before, and what they
hold behind it; registers that are not named must not change. Lines of the output:

    uniform N...        all uniform halves, once
    case NAME
    code TEXT           one instruction; several lines
    lanes N             threads that exist
    before R N...       32 values of a register
    after R N...
    exec N              the execution mask behind the program
    run                 ends a case

A case starts with the execution mask that r0l holds: the test sets it, see test_exec.c.
"""
import random
import sys

LANES = 32
DEST = 30
ALL = 0xffffffff
EDGES = [0, 1, 2, 3, 31, 32, 33, 63, 64, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
         0x80000001, 0xfffffffe, 0xffffffff]


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def value32(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice(EDGES)
    if kind == 1:
        return rng.getrandbits(rng.randrange(1, 33))
    return rng.getrandbits(32)


class Machine:
    """Registers before and behind a program of one instruction."""

    def __init__(self, rng, uniforms):
        self.rng, self.uniforms = rng, uniforms
        self.rows = {}
        self.mask = rng.choice([ALL, ALL, rng.getrandbits(32), rng.getrandbits(32) & rng.getrandbits(32), 1 << rng.randrange(32)])

    def row(self, register):
        if register not in self.rows:
            self.rows[register] = [value32(self.rng) for _ in range(LANES)]
        return self.rows[register]


class Source:
    """An operand: its text, its size, its 32 values as they are encoded."""

    def __init__(self, m, form, register, sx=False):
        rng = m.rng
        self.form, self.sx, self.immediate = form, sx, form == "imm"
        self.bits = {"r": 32, "u": 32, "dr": 64, "du": 64}.get(form, 16)
        if form == "imm":
            number = rng.choice([0, 1, rng.randrange(256), rng.randrange(256), 255])
            self.text, self.values = str(number), [number] * LANES
        elif form in ("u", "ul", "uh", "du"):
            number = rng.randrange(0, 254)
            low, high = m.uniforms[2 * number], m.uniforms[2 * number + 1]
            value = {"u": low | high << 16, "ul": low, "uh": high}.get(form)
            if form == "du":
                value = low | high << 16 | m.uniforms[2 * number + 2] << 32 | m.uniforms[2 * number + 3] << 48
            self.text = f"{form[:-1] if form in ('ul', 'uh') else form}{number}{form[1] if form in ('ul', 'uh') else ''}"
            self.values = [value] * LANES
        else:
            row = m.row(register)
            self.text = {"r": f"r{register}", "l": f"r{register}l", "h": f"r{register}h", "dr": f"dr{register}"}[form]
            if form == "dr":
                high = m.row(register + 1)
                self.values = [a | b << 32 for a, b in zip(row, high)]
            else:
                self.values = [{"r": v, "l": v & 0xffff, "h": v >> 16}[form] for v in row]
        if sx:
            self.text += ".sx"

    def number(self, lane):
        value = self.values[lane]
        return signed(value, self.bits) if self.sx and not self.immediate else value


class Dest:
    def __init__(self, m, form, register=DEST):
        self.m, self.form, self.register = m, form, register
        self.bits = {"r": 32, "dr": 64}.get(form, 16)
        self.text = {"r": f"r{register}", "l": f"r{register}l", "h": f"r{register}h", "dr": f"dr{register}"}[form]
        self.before = {register: list(m.row(register))}
        if form == "dr":
            self.before[register + 1] = list(m.row(register + 1))

    def after(self, results):
        """Rows behind the instruction; results: 32 unbounded numbers."""
        rows = {r: list(v) for r, v in self.before.items()}
        for lane in range(LANES):
            if not self.m.mask >> lane & 1:
                continue
            value = results[lane]
            old = rows[self.register][lane]
            if self.form == "r":
                new = value & ALL
            elif self.form == "l":
                new = old & 0xffff0000 | value & 0xffff
            elif self.form == "h":
                new = old & 0xffff | (value & 0xffff) << 16
            else:
                new = value & ALL
                rows[self.register + 1][lane] = value >> 32 & ALL
            rows[self.register][lane] = new
        return rows


class Output:
    def __init__(self):
        self.lines = []

    def case(self, name, code, m, after, mask=None):
        lines = self.lines
        lines.append(f"case {name}")
        lines.extend("code " + c for c in code)
        for register, row in sorted(m.rows.items()):
            lines.append(f"before {register} " + " ".join(f"{v:x}" for v in row))
        for register, row in sorted(after.items()):
            lines.append(f"after {register} " + " ".join(f"{v:x}" for v in row))
        lines.append(f"start {m.mask:x}")
        lines.append(f"exec {m.mask if mask is None else mask:x}")
        lines.append("run")


ALU = ("r", "r", "l", "h", "u", "ul", "uh", "imm")
WIDE = ALU + ("dr",)
NARROW = ("r", "r", "l", "h")


def one(out, rng, uniforms, name, sources, dests, function, suffix=""):
    """A case of an instruction whose result depends on the own lane alone."""
    m = Machine(rng, uniforms)
    operands = [Source(m, form, 10 + 3 * i, sx) for i, (form, sx) in enumerate(sources)]
    dest = Dest(m, rng.choice(dests), rng.choice([DEST, DEST, 10]))
    results = [function([o.values[lane] for o in operands], operands, dest, lane) for lane in range(LANES)]
    code = f"{name} {dest.text}, " + ", ".join(o.text for o in operands) + suffix
    out.case(code.replace(" ", "_"), [code], m, dest.after(results))


def integers(out, rng, uniforms):
    for name, arity in (("iadd", 2), ("isub", 2), ("imul", 2), ("imadd", 3), ("imsub", 3)):
        for _ in range(160):
            forms = [rng.choice(WIDE if (i == 2 or name in ("iadd", "isub")) else ALU) for i in range(arity)]
            if rng.getrandbits(1):
                forms = [f if f not in ("dr", "du") else "r" for f in forms]
            shift = 0 if name == "imul" else rng.choice([0, 0, 1, 2, 3, 4])
            sat = rng.getrandbits(1)

            def function(_, o, dest, lane):
                last = o[-1].number(lane)
                if name in ("isub", "imsub"):
                    last = -last
                last <<= shift
                if name == "imul":
                    result = o[0].number(lane) * o[1].number(lane)
                elif arity == 2:
                    result = o[0].number(lane) + last
                else:
                    result = o[0].number(lane) * o[1].number(lane) + last
                sized = o if arity == 2 and name != "imul" else o[2:]
                if sat and shift == 0 and dest.bits <= 32 and all(x.bits <= 32 for x in sized):
                    if any(x.sx for x in o):
                        low, high = -(1 << (dest.bits - 1)), (1 << (dest.bits - 1)) - 1
                    else:
                        low, high = 0, (1 << dest.bits) - 1
                    result = min(max(result, low), high)
                return result

            suffix = (f", lsl {shift}" if shift else "") + (", sat" if sat else "")
            one(out, rng, uniforms, name, [(f, f != "imm" and rng.getrandbits(1)) for f in forms],
                NARROW + ("dr",), function, suffix)


def bits(out, rng, uniforms):
    table = {"and": 0b1000, "andn1": 0b0100, "andn2": 0b0010, "xor": 0b0110, "or": 0b1110, "nor": 0b0001,
             "xnor": 0b1001, "orn1": 0b1101, "orn2": 0b1011, "nand": 0b0111, "zero": 0, "one": 0b1111}
    for name, truth in table.items():
        for _ in range(24):
            def function(v, o, dest, lane):
                a, b = v
                result = 0
                for bit in range(32):
                    if truth >> ((a >> bit & 1) | (b >> bit & 1) << 1) & 1:
                        result |= 1 << bit
                return result
            one(out, rng, uniforms, name, [(rng.choice(ALU), False), (rng.choice(ALU), False)], NARROW, function)
    for name, function in (("mov", lambda a: a), ("not", lambda a: ~a),
                           ("bitrev", lambda a: int(f"{a:032b}"[::-1], 2)), ("popcnt", lambda a: f"{a:b}".count("1")),
                           ("ffs", lambda a: a.bit_length() - 1)):
        for _ in range(32):
            one(out, rng, uniforms, name, [(rng.choice(ALU), False)], NARROW, lambda v, o, d, l, f=function: f(v[0]))
    for _ in range(24):
        def interleave(v, o, dest, lane):
            return sum((v[0] >> i & 1) << (2 * i) | (v[1] >> i & 1) << (2 * i + 1) for i in range(16))
        one(out, rng, uniforms, "intl", [(rng.choice(ALU), False), (rng.choice(ALU), False)], NARROW, interleave)


def fields(out, rng, uniforms):
    def bfi(a, b, k, m):
        return a & ~(m << k) | (b & m) << k

    def bfeil(a, b, k, m):
        return a & ~m | (b >> k) & m

    def extr(a, b, k, m):
        return (b << 32 | a) >> k & m

    def shlhi(a, b, k, m):
        under = m << max(k - 32, 0)
        return ((b << k) >> 32) & under | a & ~under

    def shrhi(a, b, k, m):
        under = (m << 32) >> min(k, 32)
        return ((b << 32) >> k) & under | a & ~under

    for name, function in (("bfi", bfi), ("bfeil", bfeil), ("extr", extr), ("shlhi", shlhi), ("shrhi", shrhi)):
        for _ in range(96):
            size = rng.choice([0, 0, rng.randrange(32), 1, 31, 8])
            mask = (1 << size) - 1 if size else ALL
            one(out, rng, uniforms, name, [(rng.choice(ALU), False) for _ in range(3)], NARROW,
                lambda v, o, d, l, f=function, m=mask: f(v[0], v[1], v[2] & 0x7f, m), f", {size}")
    for name, function in (("shl", lambda b, k: b << k), ("shr", lambda b, k: b >> k)):
        for _ in range(48):
            one(out, rng, uniforms, name, [(rng.choice(ALU), False) for _ in range(2)], NARROW,
                lambda v, o, d, l, f=function: f(v[0], v[1] & 0x7f))
    for name, extra in (("asr", 0), ("asrh", 32)):
        for _ in range(64):
            one(out, rng, uniforms, name, [(rng.choice(ALU), False) for _ in range(3)], NARROW,
                lambda v, o, d, l, e=extra: (signed(v[0], o[0].bits) << e) >> (v[1] & 0x7f), ", 0")


CONDITIONS = {
    "ieq": lambda a, b, s, t: a == b, "ult": lambda a, b, s, t: a < b, "ugt": lambda a, b, s, t: a > b,
    "seq": lambda a, b, s, t: s == t, "slt": lambda a, b, s, t: s < t, "sgt": lambda a, b, s, t: s > t,
    "ine": lambda a, b, s, t: a != b, "ugte": lambda a, b, s, t: not a < b, "ulte": lambda a, b, s, t: not a > b,
    "nseq": lambda a, b, s, t: s != t, "sgte": lambda a, b, s, t: not s < t, "slte": lambda a, b, s, t: not s > t,
}


def compare(name, a, b, lane):
    x, y = a.values[lane], b.values[lane]
    return CONDITIONS[name](x, y, signed(x, a.bits), signed(y, b.bits))


def selects(out, rng, uniforms):
    for name in list(CONDITIONS)[:6]:
        for _ in range(40):
            dest = rng.choice(NARROW)
            wide = dest == "r"
            values = [rng.choice(("r", "r", "u", "imm") if wide else ("l", "h", "ul", "uh", "imm")) for _ in range(2)]
            one(out, rng, uniforms, "csel", [(rng.choice(ALU), False), (rng.choice(ALU), False)] + [(v, False) for v in values],
                (dest,), lambda v, o, d, l, n=name: v[2] if compare(n, o[0], o[1], l) else v[3], ", " + name)


def exchanges(out, rng, uniforms):
    for name in CONDITIONS:
        for quad in (False, True):
            for _ in range(8):
                m = Machine(rng, uniforms)
                a, b = Source(m, rng.choice(ALU), 10), Source(m, rng.choice(ALU), 13)
                dest = Dest(m, rng.choice(NARROW))
                ballot = sum(1 << i for i in range(LANES) if m.mask >> i & 1 and compare(name, a, b, i))
                results = [ballot >> (i // 4 * 4) & 15 if quad else ballot for i in range(LANES)]
                code = f"ballot {dest.text}, {a.text}, {b.text}, {'quad, ' if quad else ''}{name}"
                out.case(code.replace(" ", "_"), [code], m, dest.after(results))
    for _ in range(16):
        m = Machine(rng, uniforms)
        dest = Dest(m, rng.choice(NARROW))
        out.case("ballot_of_all", [f"ballot {dest.text}"], m, dest.after([m.mask] * LANES))

    for mode in ("", "xor", "up", "down", "up, rotate"):
        for quad in (False, True):
            for _ in range(40):
                m = Machine(rng, uniforms)
                a = Source(m, rng.choice(ALU), 10)
                form = rng.choice(("l", "h", "imm"))
                if form != "imm": # indices about as large as they make sense
                    shift = 16 if form == "h" else 0
                    kind = rng.randrange(3)
                    common = rng.randrange(32)
                    for i in range(LANES):
                        index = (common, rng.randrange(36), rng.randrange(0x10000))[kind]
                        m.row(13)[i] = m.row(13)[i] & ~(0xffff << shift) | index << shift
                b = Source(m, form, 13)
                dest = Dest(m, rng.choice(NARROW))
                results = [shuffled(a.values, b.values, mode, quad, i) for i in range(LANES)]
                rotate = ", rotate" if "rotate" in mode else ""
                words = [w for w in ("quad" if quad else "", rotate.strip(", "), mode.split(",")[0]) if w]
                code = ", ".join([f"shuffle {dest.text}, {a.text}, {b.text}"] + words)
                out.case(code.replace(" ", "_"), [code], m, dest.after(results))

    combine = {
        "and": (lambda a, b, n: a & b, lambda n: (1 << n) - 1), "or": (lambda a, b, n: a | b, lambda n: 0),
        "xor": (lambda a, b, n: a ^ b, lambda n: 0), "iadd": (lambda a, b, n: a + b, lambda n: 0),
        "smin": (lambda a, b, n: a if signed(a, n) < signed(b, n) else b, lambda n: (1 << (n - 1)) - 1),
        "smax": (lambda a, b, n: a if signed(a, n) > signed(b, n) else b, lambda n: 1 << (n - 1)),
        "umin": (lambda a, b, n: min(a, b), lambda n: (1 << n) - 1), "umax": (lambda a, b, n: max(a, b), lambda n: 0),
    }
    for name, (function, identity) in combine.items():
        for width, word in ((4, "quad"), (32, "simd")):
            for prefix in (False, True):
                for _ in range(6):
                    m = Machine(rng, uniforms)
                    form = rng.choice(("r", "r", "l", "h", "u", "ul", "imm"))
                    a = Source(m, form, 10)
                    narrow = rng.random() < 0.5 if form == "imm" else a.bits == 16
                    dest = Dest(m, rng.choice(("l", "h") if narrow else ("r",)))
                    bits = 16 if narrow else 32
                    results = []
                    for lane in range(LANES):
                        first = lane // width * width
                        total = identity(bits)
                        for i in range(first, lane if prefix else first + width):
                            if m.mask >> i & 1:
                                total = function(total, a.values[i], bits) & ((1 << bits) - 1)
                        results.append(total)
                    code = f"{word} {dest.text}, {a.text}, {'prefix, ' if prefix else ''}{name}"
                    out.case(code.replace(" ", "_"), [code], m, dest.after(results))


def shuffled(a, b, mode, quad, lane):
    def low(q):
        return (b[4 * q] | b[4 * q + 1] | b[4 * q + 2] | b[4 * q + 3]) & 3

    operand = b[lane] & 0xffff
    kind = mode.split(",")[0]
    if quad:
        own, count, base = lane & 3, 4, lane & ~3
    else:
        own, count, base = lane, 32, 0
    at = {"": operand, "xor": own ^ operand, "up": own - operand, "down": own + operand}[kind]
    if "rotate" in mode:
        at %= count
    if not 0 <= at < count:
        return a[lane]
    q = (base + at) // 4
    inner = {"": low(q), "xor": (lane ^ low(q)) & 3, "up": (lane - low(q)) & 3, "down": (lane + low(q)) & 3}[kind]
    return a[4 * q + inner]


def moves(out, rng, uniforms):
    for form in NARROW:
        for number in (0, 1, 0xffff, 0x8000, rng.getrandbits(16)):
            m = Machine(rng, uniforms)
            dest = Dest(m, form)
            out.case("ldimm", [f"ldimm {dest.text}, {number}"], m, dest.after([number] * LANES))
    for number in (0, ALL, rng.getrandbits(32)):
        m = Machine(rng, uniforms)
        dest = Dest(m, "r")
        out.case("ldimm", [f"ldimm {dest.text}, {number}"], m, dest.after([number] * LANES))


# Flow: programs are trees, which are compiled as Mesa does it, and interpreted for each thread alone.

class Tree:
    """Statements over registers r20 to r23, with a loop counter per nesting level in r24 on."""

    def __init__(self, rng):
        self.rng, self.labels, self.code = rng, 0, []

    def label(self):
        self.labels += 1
        return f"L{self.labels}"

    def block(self, depth, loops, size):
        statements = []
        for _ in range(size):
            kind = self.rng.randrange(8)
            if kind < 4 or depth > 4:
                statements.append(("set", self.rng.randrange(20, 24), self.rng.choice(["iadd", "isub", "xor", "imul"]),
                                   self.rng.randrange(20, 24), self.rng.choice([self.rng.randrange(20, 24), -self.rng.randrange(1, 200)])))
            elif kind < 6:
                other = self.block(depth + 1, loops, self.rng.randrange(0, 3)) if self.rng.getrandbits(1) else None
                statements.append(("if", self.condition(), self.block(depth + 1, loops, self.rng.randrange(1, 4)), other))
            elif kind == 6 and loops < 2:
                statements.append(("loop", loops, self.rng.randrange(1, 5), self.block(depth + 1, loops + 1, self.rng.randrange(1, 5))))
            elif loops:
                statements.append(("if", self.condition(), [(self.rng.choice(["break", "continue"]),)], None))
        return statements

    def condition(self):
        return self.rng.choice(list(CONDITIONS)), self.rng.randrange(20, 24), self.rng.randrange(256)

    def emit(self, statements, levels):
        """levels: of ifs since the innermost loop's body began."""
        for s in statements:
            if s[0] == "set":
                operand = f"r{s[4]}" if s[4] >= 0 else str(-s[4])
                self.code.append(f"{s[2]} r{s[1]}, r{s[3]}, {operand}")
            elif s[0] == "if":
                name, register, number = s[1]
                self.code.append(f"if r{register}, {number}, 1, {name}")
                end = self.label()
                other = self.label()
                self.code.append(f"jmp_none {other}")
                self.emit(s[2], levels + 1)
                self.code.append(f"{other}:")
                if s[3] is not None:
                    self.code.append("else 0, 0, 1, ieq") # all that are 1 deep
                    self.code.append(f"jmp_none {end}")
                    self.emit(s[3], levels + 1)
                    self.code.append(f"{end}:")
                self.code.append("pop_exec 1")
            elif s[0] == "loop":
                counter, start = 24 + s[1], self.label()
                self.code.append(f"ldimm r{counter}, {s[2]}")
                self.code.append("if 0, 0, 2, ieq") # two levels, for break and for continue
                self.code.append(f"{start}:")
                self.emit([("if", ("ieq", counter, 0), [("break",)], None)], 0)
                self.code.append(f"isub r{counter}, r{counter}, 1")
                self.emit(s[3], 0)
                self.code.append("while 0, 0, 2, ieq") # those that continued are 1 deep
                self.code.append(f"jmp_any {start}")
                self.code.append("pop_exec 2")
            else:
                # A break leaves two levels and the ifs, a continue one and the ifs.
                self.code.append(f"ldimm r0l, {levels + (2 if s[0] == 'break' else 1)}")
                self.code.append("pop_exec 0")

    def run(self, statements, r):
        """Of one thread; gives None, "break" or "continue"."""
        for s in statements:
            if s[0] == "set":
                b = r[s[4]] if s[4] >= 0 else -s[4]
                a = r[s[3]]
                r[s[1]] = {"iadd": a + b, "isub": a - b, "xor": a ^ b, "imul": a * b}[s[2]] & ALL
            elif s[0] == "if":
                name, register, number = s[1]
                a = r[register]
                if CONDITIONS[name](a, number, signed(a, 32), number):
                    how = self.run(s[2], r)
                else:
                    how = self.run(s[3], r) if s[3] is not None else None
                if how:
                    return how
            elif s[0] == "loop":
                counter = 24 + s[1]
                r[counter] = s[2]
                while r[counter]:
                    r[counter] = r[counter] - 1 & ALL
                    if self.run(s[3], r) == "break":
                        break
            else:
                return s[0]
        return None


def flow(out, rng, uniforms):
    for number in range(200):
        m = Machine(rng, uniforms)
        tree = Tree(rng)
        statements = tree.block(0, 0, rng.randrange(3, 9))
        if number % 2:
            statements.append(("loop", 0, 4, tree.block(1, 1, 6)))
        tree.emit(statements, 0)
        rows = {register: m.row(register) for register in range(20, 26)}
        if rng.getrandbits(1): # small numbers, so that comparisons differ from thread to thread
            for row in rows.values():
                row[:] = [v & 0xff for v in row]
        after = {register: list(row) for register, row in rows.items()}
        for lane in range(LANES):
            if m.mask >> lane & 1:
                r = {register: row[lane] for register, row in rows.items()}
                tree.run(statements, r)
                for register in r:
                    after[register][lane] = r[register]
        out.case(f"flow_{number}", tree.code, m, after)


def turns(out, rng, uniforms):
    """Each instruction of the execution mask over all counts, as the table of its rules says."""
    for name in ("if", "else", "while", "pop_exec"):
        for n in range(4):
            for _ in range(6):
                m = Machine(rng, uniforms)
                m.mask = ALL
                counts = [rng.choice([0, 0, 1, 1, 2, 3, 4, 0xffff]) for _ in range(LANES)]
                upper = [rng.getrandbits(16) for _ in range(LANES)]
                m.rows[0] = [c | u << 16 for c, u in zip(counts, upper)]
                a, b = Source(m, rng.choice(ALU), 10), Source(m, rng.choice(ALU), 13)
                condition = rng.choice(list(CONDITIONS))
                after = []
                for lane, v in enumerate(counts):
                    c = compare(condition, a, b, lane)
                    if name == "pop_exec":
                        v = max(v - n, 0)
                    elif name == "if":
                        v = (v + n) & 0xffff if v else 0 if c else 1
                    elif name == "else":
                        v = n if v == 0 else (0 if c else 1) if v == 1 else v
                    elif v < n:
                        v = 0 if c else n
                    after.append(v)
                code = f"pop_exec {n}" if name == "pop_exec" else f"{name} {a.text}, {b.text}, {n}, {condition}"
                mask = sum(1 << i for i, v in enumerate(after) if v == 0)
                out.case(code.replace(" ", "_"), [code], m, {0: [v | u << 16 for v, u in zip(after, upper)]}, mask)


def main():
    rng = random.Random(6)
    uniforms = [rng.choice([0, 1, 0xffff, 0x8000]) if rng.randrange(4) == 0 else rng.getrandbits(16) for _ in range(512)]
    out = Output()
    out.lines.append("uniform " + " ".join(f"{u:x}" for u in uniforms))
    for part in (moves, integers, bits, fields, selects, exchanges, turns, flow):
        part(out, rng, uniforms)
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        f.write("\n".join(out.lines) + "\n")


main()
