#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random OpenCL C kernels with one right result each.

usage: random_cl.py SEED FILES FOLDER

Writes FILES programs (for cl_run.c) to FOLDER. Nothing undefined is in them: integer arithmetic is
done unsigned, floats that are denormal or a negative zero become zero wherever one is made, no
expression may be contracted, and what is exact only to some ulps goes to a slot of `out` that says
so and to nowhere else. A comment line per kernel, "// KERNEL SLOT SLOT ...", gives the slots: x is
bits that must be the same, f is a float (any NaN is like any other), a number is a float with that many
ulps of difference.
"""
import random
import sys

KERNELS = 8  # in a file
SLOTS = 16
INTEGERS = ["char", "uchar", "short", "ushort", "int", "uint", "long", "ulong"]
BITS = {"char": 8, "short": 16, "int": 32, "long": 64}
WIDTHS = [2, 3, 4, 8, 16]

HEAD = """#pragma OPENCL FP_CONTRACT OFF
float san(float x) { return fabs(x) < 1.17549435e-38f ? 0.0f : x; }
float load(uint x) { return san(as_float(x)); }
"""

EXACT_FLOAT = [
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "fabs({0})", "floor({0})", "ceil({0})", "trunc({0})",
    "rint({0})", "round({0})", "fmin({0}, {1})", "fmax({0}, {1})", "fma({0}, {1}, {2})",
    "copysign({0}, isnan({1}) ? 1.0f : {1})", "sign({0})", "step({0}, {1})", "fdim({0}, {1})", "maxmag({0}, {1})",
    "minmag({0}, {1})", "ldexp({0}, {i} & 15)", "({0} < {1} ? {1} : {2})", "(-{0})",
    "({i} & 4 ? {0} : {1})", "select({0}, {1}, {i})", "(float)({i})", "convert_float_rtz({i})",
    "convert_float_rtp({i})", "convert_float_rtn({l})", "(float)({l})", "(float)(({u}) >> 3)",
    "nextafter(fabs({0}) + 1.0f, {1})", "fmod({0}, {1} + 3.0f)", "clamp({0}, -2.0f, 3.0f)",
    "frexp_({0})", "fract_({0})", "modf_({0})", "half_({0})", "smooth_({0})",
]
HELPERS = """float frexp_(float x) { int e; float m = frexp(x, &e); return isfinite(x) ? m + e : m; }
float fract_(float x) { float w; float f = fract(x, &w); return isfinite(x) ? f : w; }
float modf_(float x) { float w; float f = modf(x, &w); return f - w; }
float half_(float x)
{
	ushort h;
	vstore_half_rtz(x, 0, (half *)&h);
	return vload_half(0, (half *)&h);
}
float smooth_(float x) { return x > 0.0f && x < 1.0f ? x * x : x; }
"""
FLOAT_TO_INT = [
    "convert_int_sat({0})", "convert_int_sat_rte({0})", "convert_uint_sat_rtp({0})",
    "convert_char_sat_rtn({0})", "convert_uchar_sat({0})", "convert_short_sat_rte({0})",
    "convert_ushort_sat_rtp({0})", "convert_long_sat({0})", "convert_ulong_sat({0})",
    "isnan({0})", "isinf({0})", "isgreater({0}, {1})", "isunordered({0}, {1})", "({0} < {1})",
    "({0} != {1})", "({0} >= {1})", "isnormal({0})", "signbit(isnan({0}) ? 1.0f : {0} + 1.0f)", "islessgreater({0}, {1})",
    "half_bits_({0})", "half_bits_rte_({0})", "half_bits_rtp_({0})",
]
HALF_BITS = "".join(
    f"uint half_bits{mode}_(float x)\n{{\n\tushort h;\n\tvstore_half{mode}(x, 0, (half *)&h);\n"
    "\treturn isnan(x) ? 1 : h;\n}\n" for mode in ("", "_rte", "_rtp"))
NEAR_FLOAT = {
    "sin({0})": 8, "cos({0})": 8, "tan({0})": 10, "exp({0})": 6, "exp2({0})": 6, "exp10({0})": 6,
    "log({0})": 6, "log2({0})": 6, "log10({0})": 6, "log1p({0})": 4, "expm1({0})": 6,
    "pow({0}, {1})": 32, "powr({0}, {1})": 32, "pown({0}, ({i}) & 15)": 32, "sqrt({0})": 6,
    "rsqrt({0})": 4, "cbrt({0})": 4, "hypot({0}, {1})": 8, "atan({0})": 10, "asin({0})": 8,
    "acos({0})": 8, "atan2({0}, {1})": 12, "sinh({0})": 8, "cosh({0})": 8, "tanh({0})": 10,
    "erf({0})": 32, "({0} / {1})": 5, "(1.0f / {0})": 5, "sinpi({0})": 8, "cospi({0})": 8,
    "asinh({0})": 8, "acosh({0})": 8, "atanh({0})": 10, "atanpi({0})": 10, "remainder({0}, {1})": 0,
    "tgamma(clamp({0}, 0.5f, 20.0f))": 64, "half_recip({0})": 16384,
}


class Kernel:
    def __init__(self, rng, name):
        self.rng = rng
        self.name = name
        self.lines = []
        self.indent = 1
        self.counter = 0
        self.scalars = {"uint": [], "int": [], "long": [], "ulong": [], "float": []}
        self.vectors = []  # (type, width, name)
        self.slots = []

    def say(self, text):
        self.lines.append("\t" * self.indent + text)

    def new(self, type_):
        self.counter += 1
        return f"{type_[0]}{self.counter}"

    # Values

    def pick(self, type_):
        """A variable or constant of a scalar type."""
        rng = self.rng
        have = self.scalars.get(type_, [])
        if have and rng.random() < 0.9:
            # Rather the newest: else most of what is computed goes nowhere.
            return rng.choice(have[-5:] if rng.random() < 0.75 else have)
        if type_ == "float":
            return rng.choice(["0.5f", "1.0f", "(-3.25f)", "1e10f", "16777216.0f", "3e-5f", "1e30f"])
        value = rng.choice([0, 1, 2, 3, 7, 31, 32, 255, 65535, rng.getrandbits(30)])
        return f"({type_}){value}"

    def integer(self):
        return self.pick(self.rng.choice(["int", "uint", "long", "ulong"]))

    def integer_expression(self):
        """An expression of any integer type."""
        type_ = self.rng.choice(INTEGERS)
        text = self.typed_expression(type_)
        # Mesa's compiler takes a 16-bit value for zero-extended where it is not (docs/opencl.md).
        return f"((int){text} + zero)" if type_ in ("char", "short") else text

    def typed_expression(self, type_):
        rng = self.rng
        signed = type_ if not type_.startswith("u") else type_[1:]
        wide = "ulong" if BITS[signed] == 64 else "uint"
        a, b, c = (f"(({type_}){self.integer()})" for _ in range(3))
        kind = rng.randrange(6)
        if kind == 0:
            op = rng.choice(["+", "-", "*", "&", "|", "^"])
            return f"({type_})(({wide}){a} {op} ({wide}){b})"
        if kind == 1:
            op = rng.choice(["/", "%"])
            return f"({type_})({a} {op} (({type_})({b} & 0x3f) + ({type_})1))"
        if kind == 2:
            # Not masked by a power of two: Mesa's compiler drops such masks (docs/opencl.md).
            return f"({type_})({a} {rng.choice(['<<', '>>'])} ((uint){b} % {BITS[signed] - 1}u))"
        if kind == 3:
            op = rng.choice(["<", "<=", "==", "!=", ">", ">="])
            return f"({a} {op} {b} ? {c} : {a})"
        if kind == 4:
            return f"({type_})" + rng.choice([
                f"mul_hi({a}, {b})", f"mad_hi({a}, {b}, ({type_})0)", f"add_sat({a}, {b})",
                f"sub_sat({a}, {b})", f"hadd({a}, {b})", f"rhadd({a}, {b})", f"clz({a})",
                f"popcount({a})", f"rotate({a}, {b})", f"abs({a})", f"abs_diff({a}, {b})",
                f"min({a}, {b})", f"max({a}, {b})", f"bitselect({a}, {b}, {c})",
                f"clamp({a}, ({type_})3, ({type_})77)",
                f"select({a}, {b}, (u{signed})({c}))", f"mad_sat({a}, {b}, {c})",
            ])
        return rng.choice([
            f"mul24((int)({a} & 0x7fffff), (int)({b} & 0x7fffff) & 0xff)",
            f"mad24((uint)({a} & 0xfff), (uint)({b} & 0xfff), (uint){c})",
            f"upsample((uchar){a}, (uchar){b})", f"upsample((short){a}, (ushort){b})",
            f"upsample((int){a}, (uint){b})", f"(int)!{a}",
            # Not of 16 bits: Mesa's compiler takes the extension for part of it (docs/opencl.md).
            f"({type_})~{a}" if BITS[signed] >= 32 else f"({type_})({a} ^ 85)",
            f"({type_})(0 - ({wide}){a})",
        ])

    def float_expression(self):
        text = self.rng.choice(EXACT_FLOAT)
        return "san(" + text.format(
            *(self.pick("float") for _ in range(3)), i=self.pick("int"), l=self.pick("long"),
            u=self.pick("uint")) + ")"

    # Statements

    def define(self):
        kind = self.rng.random()
        if kind < 0.3:
            name = self.new("float")
            self.say(f"float {name} = {self.float_expression()};")
            self.scalars["float"].append(name)
        elif kind < 0.4:
            text = self.rng.choice(FLOAT_TO_INT).format(self.pick("float"), self.pick("float"))
            type_ = self.rng.choice(["int", "long"])
            name = self.new(type_)
            self.say(f"{type_} {name} = {text};")
            self.scalars[type_].append(name)
        else:
            type_ = self.rng.choice(["uint", "int", "long", "ulong"])
            name = self.new(type_)
            self.say(f"{type_} {name} = {self.integer_expression()};")
            self.scalars[type_].append(name)

    def vector(self):
        """A vector from scalars, work on it, and something of it back."""
        rng = self.rng
        width = rng.choice(WIDTHS)
        base = rng.choice(["uchar", "ushort", "uint", "ulong", "float"])
        type_ = f"{base}{width}"
        name = self.new("v")
        if base == "float":
            self.say(f"{type_} {name};")
            for i in range(width):
                self.say(f"{name}.s{i:x} = {self.pick('float')};")
            other = f"({type_})({self.pick('float')})"
            self.say(name + " = " + rng.choice([
                f"{name} + {other}", f"{name} * {other}", f"fmax({name}, {other})",
                f"floor({name})", f"select({name}, {other}, {name} < {other})",
            ]) + ";")
            self.take("float", f"san({name}.s{rng.randrange(width):x})")
            return
        self.say(f"{type_} {name} = ({type_})(({base}){self.integer()});")
        for i in rng.sample(range(width), min(width, 3)):
            self.say(f"{name}.s{i:x} = ({base}){self.integer()};")
        other = f"({type_})(({base}){self.integer()})"
        bits = BITS[base[1:]]
        self.say(name + " = " + rng.choice([
            f"{name} + {other}", f"{name} - {other}", f"{name} * ({other} | ({base})1)",
            f"{name} ^ {other}", f"{name} >> ({other} % ({base}){bits - 1})", f"rotate({name}, {other})",
            f"add_sat({name}, {other})", f"mul_hi({name}, {other})", f"min({name}, {other})",
            f"as_{type_}({name} > {other})", f"abs_diff({name}, {other})",
            f"select({name}, {other}, {name} < {other})" if width > 1 else name,
            f"{name} / ({other} | ({base})1)", f"clz({name})", f"popcount({name})",
        ]) + ";")
        if width in (2, 4, 8, 16) and rng.random() < 0.5:
            order = "".join(f"{rng.randrange(width):x}" for _ in range(width))
            self.say(f"{name} = {name}.s{order};")
        if rng.random() < 0.3 and width != 3:
            self.say(f"{name} = shuffle({name}, {other});")
        self.take("uint" if bits < 64 else "ulong", f"{name}.s{rng.randrange(width):x}")

    def take(self, type_, text):
        name = self.new(type_)
        self.say(f"{type_} {name} = {text};")
        self.scalars[type_].append(name)

    def private(self):
        rng = self.rng
        size = rng.choice([4, 16, 64])
        type_ = rng.choice(["uchar", "ushort", "uint", "ulong"])
        name = self.new("arr")
        self.say(f"{type_} {name}[{size}];")
        self.say(f"for (uint k = 0; k < {size}; k++)")
        self.say(f"\t{name}[k] = ({type_})({self.integer()} * k + {self.integer()});")
        for _ in range(rng.randrange(1, 4)):
            self.say(f"{name}[(uint)({self.integer()}) % {size}] ^= ({type_}){self.integer()};")
        self.take("uint" if type_ != "ulong" else "ulong",
                  f"{name}[(uint)({self.integer()}) % {size}]")

    def shared(self):
        rng = self.rng
        self.say(f"shared[lid] = {self.pick('uint')};")
        self.say("barrier(CLK_LOCAL_MEM_FENCE);")
        kind = rng.randrange(4)
        if kind == 0:
            self.take("uint", f"shared[(lid + {rng.randrange(1, 48)}) % get_local_size(0)]")
        elif kind == 1:
            self.take("uint", f"shared[(uint)({self.pick('uint')}) % get_local_size(0)]")
        else:
            op = rng.choice(["add", "or", "and", "xor", "min", "max", "sub"])
            self.say(f"atomic_{op}(&shared[(uint)({self.pick('uint')}) % 48], {self.pick('uint')});")
            self.say("barrier(CLK_LOCAL_MEM_FENCE);")
            self.take("uint", "shared[lid]")
        self.say("barrier(CLK_LOCAL_MEM_FENCE);")

    def assign(self):
        type_ = self.rng.choice([t for t in self.scalars if self.scalars[t]])
        name = self.rng.choice(self.scalars[type_])
        text = self.float_expression() if type_ == "float" else self.integer_expression()
        self.say(f"{name} = {text};")

    def block(self, depth):
        """Statements in braces; what they define does not outlive them."""
        saved = {type_: list(names) for type_, names in self.scalars.items()}
        self.indent += 1
        for _ in range(self.rng.randrange(1, 4)):
            self.statement(depth + 1)
        self.assign()
        self.indent -= 1
        self.scalars = saved

    def flow(self, depth):
        rng = self.rng
        kind = rng.randrange(4)
        if kind == 0:
            self.say(f"if ({self.integer()} & {1 << rng.randrange(6)}) {{")
            self.block(depth)
            if rng.random() < 0.6:
                self.say("} else {")
                self.block(depth)
            self.say("}")
        elif kind == 1:
            count = self.new("n")
            self.say(f"for (uint {count} = 0; {count} < ((uint){self.integer()} & 7); {count}++) {{")
            if rng.random() < 0.4:
                self.say(f"\tif ({self.integer()} & {1 << rng.randrange(4)})")
                self.say("\t\t" + rng.choice(["break;", "continue;"]))
            self.block(depth)
            self.say("}")
        elif kind == 2:
            self.say(f"switch ((uint){self.integer()} % {rng.randrange(3, 7)}) {{")
            for i in range(rng.randrange(1, 4)):
                self.say(f"case {i}: {{")
                self.block(depth)
                self.say("}" + rng.choice(["", " break;"]))
            self.say("default: {")
            self.block(depth)
            self.say("}")
            self.say("}")
        else:
            count = self.new("n")
            self.say(f"uint {count} = 0;")
            self.say("do {")
            self.block(depth)
            self.say(f"}} while (++{count} < 9 && ({self.integer()} & 3));")

    def statement(self, depth=0):
        kind = self.rng.random()
        if kind < 0.5 or depth > 2:
            self.define()
        elif kind < 0.6:
            self.assign()
        elif kind < 0.72:
            self.vector()
        elif kind < 0.78:
            self.private()
        elif kind < 0.9:
            self.flow(depth)
        elif depth == 0:
            self.shared()
        else:
            self.assign()

    def text(self):
        rng = self.rng
        self.say("uint id = get_global_id(0), lid = get_local_id(0);")
        self.say("int zero = out[id * 16];")
        self.say("in += id * 16;")
        self.say("out += id * 16;")
        for i in range(3):
            self.take("uint", f"in[{i}]")
        self.take("int", "in[3]")
        self.take("long", "in[4] | (ulong)in[5] << 32")
        self.take("ulong", "in[6] | (ulong)in[7] << 32")
        for i in range(8, 12):
            self.take("float", f"load(in[{i}])")
        for _ in range(rng.randrange(4, 16)):
            self.statement()
        slot = 0
        while slot < SLOTS:
            kind = rng.random()
            if kind < 0.2:
                text = rng.choice(list(NEAR_FLOAT))
                ulps = NEAR_FLOAT[text]
                value = text.format(self.pick("float"), self.pick("float"), i=self.pick("int"))
                self.say(f"out[{slot}] = as_uint({value});")
                self.slots.append(str(ulps) if ulps else "f")
            elif kind < 0.5:
                self.say(f"out[{slot}] = as_uint({self.pick('float')});")
                self.slots.append("f")
            elif kind < 0.75 or slot == SLOTS - 1:
                self.say(f"out[{slot}] = {self.pick(rng.choice(['int', 'uint']))};")
                self.slots.append("x")
            else:
                value = self.pick(rng.choice(["long", "ulong"]))
                self.say(f"out[{slot}] = (uint)({value});")
                slot += 1
                self.say(f"out[{slot}] = (uint)(({value}) >> 32);")
                self.slots += ["x", "x"]
            slot += 1
        body = "\n".join(self.lines)
        return (f"// {self.name} {' '.join(self.slots)}\n"
                f"kernel void {self.name}(global const uint *in, global uint *out, local uint *shared)\n"
                f"{{\n{body}\n}}\n")


def program(seed):
    rng = random.Random(seed)
    kernels = [Kernel(rng, f"k{i}").text() for i in range(KERNELS)]
    return "\n".join([HEAD + HELPERS + HALF_BITS] + kernels)


def main():
    seed, files, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for i in range(files):
        with open(f"{folder}/{seed + i:06}.cl", "w", encoding="utf-8") as file:
            file.write(program(seed + i))


if __name__ == "__main__":
    main()
