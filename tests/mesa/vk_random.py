# SPDX-License-Identifier: MIT
"""Random compute programs for test_vk_compute.py, each from its seed alone.

Only what Vulkan defines to the last bit: integers of all sizes without undefined shifts, divisions
and conversions, floats whose results are rounded once and tamed before they become denormal or
infinite, barriers in uniform flow, and subgroup operations within clusters of at most 8 threads,
as other drivers have smaller subgroups. A program reads 8 words for each thread and writes 8.

usage: vk_random.py SEED    (prints that program)
"""
import random
import sys

import vk_cases

THREADS = 128
GROUPS = 2

PRELUDE = """
layout(local_size_x = %(threads)d) in;
layout(std430, binding = 0) readonly buffer In { uint a[]; };
layout(std430, binding = 1) buffer Out { uint o[]; };
layout(std430, binding = 2) buffer Shared { uint c[]; };
layout(std140, binding = 3) uniform U { uvec4 k[16]; };
layout(push_constant) uniform P { uint p[8]; };
shared uint s[%(threads)d];
float tame(float x) { return isnan(x) || abs(x) < 1e-20 ? 0.0 : abs(x) > 1e20 ? 1.0 : x; }
float16_t tame(float16_t x) { float y = float(x); return isnan(y) || abs(y) < 0.01 ? float16_t(0) : abs(y) > 1000.0 ? float16_t(1) : x; }
uint bits(uint x) { return x; }
uint bits(int x) { return uint(x); }
uint bits(uint64_t x) { return uint(x) ^ uint(x >> 32) * 0x9e3779b9u; }
uint bits(int64_t x) { return bits(uint64_t(x)); }
uint bits(uint16_t x) { return uint(x); }
uint bits(int16_t x) { return uint(int(x)); }
uint bits(uint8_t x) { return uint(x); }
uint bits(int8_t x) { return uint(int(x)); }
uint bits(float x) { return floatBitsToUint(x + 0.0); }
uint bits(float16_t x) { return floatBitsToUint(float(x) + 0.0); }
uint bits(bool x) { return x ? 1u : 0u; }
"""

INTEGERS = ("uint", "int", "uint64_t", "int64_t", "uint16_t", "int16_t", "uint8_t", "int8_t")
WIDTH = {"uint": 32, "int": 32, "uint64_t": 64, "int64_t": 64, "uint16_t": 16, "int16_t": 16,
         "uint8_t": 8, "int8_t": 8}
KINDS = INTEGERS + ("float", "float16_t")
# How often a variable has each type.
WEIGHTS = (10, 6, 3, 2, 3, 2, 2, 1, 4, 2)


class Program:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.variables = []  # (name, type)
        self.constants = []  # those that must not be assigned to: counters of loops
        self.depth = 0
        self.loops = 0
        self.count = 0
        self.functions = []
        self.budget = self.random.randint(15, 70)

    def pick(self, *items):
        return self.random.choice(items)

    def emit(self, text):
        self.lines.append(" " * (self.depth + 1) + text)

    def kind(self):
        return self.random.choices(KINDS, WEIGHTS)[0]

    # Expressions. All are parenthesised or calls.

    def variable(self, kind):
        names = [name for name, of in self.variables + self.constants if of == kind]
        return self.random.choice(names) if names else None

    def literal(self, kind):
        r = self.random
        if kind == "float":
            return f"({r.randint(-1000, 1000) / 16})"
        if kind == "float16_t":
            return f"float16_t({r.randint(-100, 100) / 4})"
        width = WIDTH[kind]
        value = r.choice((r.randint(0, 31), r.getrandbits(width), 1 << r.randrange(width), (1 << width) - 1))
        if kind.endswith("64_t"):
            return f"{kind}({value}ul)"
        return f"{kind}({value & 0xffffffff}u)"

    def source(self):
        """A uint from outside."""
        r = self.random
        return r.choice((f"a[base + {r.randrange(8)}u]", f"k[{r.randrange(16)}].{r.choice('xyzw')}",
                         f"p[{r.randrange(8)}]", "i", "lane", f"a[({self.leaf('uint')} & {THREADS * GROUPS * 8 - 1}u)]",
                         f"k[{self.leaf('uint')} & 15u].{r.choice('xyzw')}"))

    def leaf(self, kind):
        r = self.random.random()
        name = self.variable(kind)
        if name and r < 0.75:
            return name
        if kind == "uint" and r < 0.85 and self.depth >= 0:
            return self.pick("i", "lane", "p[3]", "k[2].y")
        if r < 0.9:
            return self.convert(kind, self.variable("uint") or "i", "uint")
        return self.literal(kind)

    def convert(self, kind, text, of):
        if kind == of:
            return text
        if kind == "float":
            if of == "float16_t":
                return f"float({text})"
            return f"float(int16_t({text}))" if self.random.random() < 0.6 else f"float({text})"
        if kind == "float16_t":
            return f"float16_t(int8_t({self.convert('int', text, of)}))"
        if of == "float":
            return f"{kind}(int(clamp({text}, -100000.0, 100000.0)))" if WIDTH[kind] >= 32 else \
                f"{kind}(int(clamp({text}, -100.0, 100.0)))"
        if of == "float16_t":
            return f"{kind}(int({text}))"
        return f"{kind}({text})"

    def condition(self, level=1):
        r = self.random
        kind = self.kind()
        choice = r.randrange(7)
        if choice == 0 and level:
            return f"({self.condition(level - 1)} {self.pick('&&', '||', '^^')} {self.condition(level - 1)})"
        if choice == 1:
            return f"(({self.leaf('uint')} & {self.pick(1, 2, 3, 7, 0x100)}u) {self.pick('==', '!=')} 0u)"
        if choice == 2:
            return f"((lane & {self.pick(1, 3, 6, 16)}u) {self.pick('==', '!=')} {self.pick(0, 1, 2)}u)"
        return f"({self.expression(kind, level - 1)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {self.expression(kind, 0)})"

    def expression(self, kind, level=2):
        r = self.random
        if level <= 0:
            return self.leaf(kind)
        sub = lambda of=kind: self.expression(of, level - 1)
        if r.random() < 0.12:
            of = self.kind()
            return self.convert(kind, sub(of), of)
        if r.random() < 0.08:
            return f"({self.condition(0)} ? {sub()} : {sub()})"
        if kind in ("float", "float16_t"):
            return "tame(" + r.choice((
                lambda: f"{sub()} + {sub()}", lambda: f"{sub()} - {sub()}", lambda: f"{sub()} * {sub()}",
                lambda: f"min({sub()}, {sub()})", lambda: f"max({sub()}, {sub()})", lambda: f"floor({sub()})",
                lambda: f"trunc({sub()})", lambda: f"ceil({sub()})", lambda: f"abs({sub()})", lambda: f"-{sub()}",
                lambda: f"clamp({sub()}, {kind}(0), {kind}(1))", lambda: f"roundEven({sub()})",
            ))() + ")"
        width = WIDTH[kind]
        unsigned = kind.startswith("u")
        # Not `& 31`: Mesa (26.1.6) drops that before the shift of bfeil, of which 7 bits count.
        amount = lambda: f"({sub('uint')} % {min(width, 29)}u)"
        options = [
            lambda: f"({sub()} {r.choice('+-*')} {sub()})", lambda: f"({sub()} {r.choice('&|^')} {sub()})",
            lambda: f"({sub()} + {sub()} * {sub()})", lambda: f"({sub()} * {self.literal(kind)} + {sub()})",
            lambda: f"(~{sub()})", lambda: f"(-{sub()})", lambda: f"({sub()} {r.choice(('<<', '>>'))} {amount()})",
            lambda: f"({sub()} {r.choice(('<<', '>>'))} {r.randrange(width)})", lambda: f"min({sub()}, {sub()})",
            lambda: f"max({sub()}, {sub()})", lambda: f"(({sub()} << {r.randint(1, 4)}) + {sub()})",
        ]
        if not unsigned:
            options.append(lambda: f"abs({sub()} | {kind}(1))")
            options.append(lambda: f"sign({sub()})")
        high = {32: "0x7fffffff", 16: "0x7fff", 8: "0x7f", 64: "0x7ffffffffffffffful"}[width]
        if unsigned:
            options += [lambda: f"({sub()} / ({sub()} | {kind}(1)))", lambda: f"({sub()} % ({sub()} | {kind}(1)))",
                        lambda: f"({sub()} / {kind}({r.randint(2, 100)}))", lambda: f"({sub()} % {kind}({r.randint(2, 100)}))"]
        else:
            options += [lambda: f"({sub()} / (({sub()} & {kind}({high})) | {kind}(1)))",
                        lambda: f"(({sub()} & {kind}({high})) % {kind}({r.randint(2, 100)}))"]
        if kind == "uint":
            options += [
                lambda: f"uint(bitCount({sub()}))", lambda: f"bitfieldReverse({sub()})",
                lambda: f"uint(findLSB({sub()}))", lambda: f"uint(findMSB({sub()}))", lambda: self.source(),
                lambda: f"bitfieldExtract({sub()}, int({sub()} & 15u), int({sub()} & 15u))",
                lambda: f"bitfieldExtract({sub()}, {r.randrange(16)}, {r.randrange(17)})",
                lambda: f"bitfieldInsert({sub()}, {sub()}, int({sub()} & 15u), int({sub()} & 15u))",
                lambda: f"t[{sub()} & 15u]", lambda: f"unpack32({sub('uint64_t')}).{r.choice('xy')}",
                lambda: f"pack32(u16vec2({sub('uint16_t')}, {sub('uint16_t')}))",
                lambda: f"(({sub()} << 13) | ({sub()} >> 19))", lambda: f"packHalf2x16(vec2({sub('float16_t')}, {sub('float16_t')}) + vec2(0.0))",
            ]
            if self.functions:
                options.append(lambda: f"{r.choice(self.functions)}({sub()}, {sub()})")
        if kind == "int":
            options += [lambda: f"bitfieldExtract({sub()}, {r.randrange(16)}, {r.randrange(17)})", lambda: f"findMSB({sub()})"]
        if kind == "uint64_t":
            options += [lambda: f"(uint64_t({sub('uint')}) * uint64_t({sub('uint')}))", lambda: f"packUint2x32(uvec2({sub('uint')}, {sub('uint')}))"]
        return r.choice(options)()

    # Statements.

    def assign(self):
        kind = self.kind()
        name = next((n for n, of in self.random.sample(self.variables, len(self.variables)) if of == kind), None)
        text = self.expression(kind, self.random.randint(1, 3))
        if name and self.random.random() < 0.6:
            self.emit(f"{name} = {text};")
        elif len(self.variables) < 30:
            self.count += 1
            self.emit(f"precise {kind} v{self.count} = {text};")
            self.variables.append((f"v{self.count}", kind))
        else:
            self.emit(f"acc = acc * 31u + bits({text});")

    def block(self, low=1, high=4):
        """Statements in a scope of their own."""
        known = len(self.variables)
        self.depth += 1
        for _ in range(self.random.randint(low, high)):
            self.statement()
        self.depth -= 1
        del self.variables[known:]

    def statement(self):
        r = self.random
        self.budget -= 1
        kinds = ["assign"] * 8 + ["array"] * 2 + ["sum"] * 2
        if self.budget > 0 and self.depth < 5:
            kinds += ["if"] * 3 + ["switch"] + (["loop"] * 2 if self.loops < 3 else [])
        if self.loops:
            kinds += ["leave"]
        if not self.loops or r.random() < 0.2:
            kinds += ["subgroup", "atomic"]
        if self.depth == 0:
            kinds += ["barrier"]
        getattr(self, "do_" + r.choice(kinds).replace("assign", "assign"))()

    def do_assign(self):
        self.assign()

    def do_sum(self):
        self.emit(f"acc = (acc ^ bits({self.expression(self.kind(), 2)})) * 0x9e3779b1u;")

    def do_array(self):
        self.emit(f"t[{self.expression('uint', 1)} & 15u] {self.pick('=', '+=', '^=')} {self.expression('uint', 2)};")

    def do_if(self):
        self.emit(f"if {self.condition(2)} {{")
        self.block()
        if self.random.random() < 0.5:
            self.emit("} else {")
            self.block()
        self.emit("}")

    def do_switch(self):
        self.emit(f"switch ({self.expression('uint', 1)} & 3u) {{")
        loops, self.loops = self.loops, 0  # break would leave the switch
        for value in range(self.random.randint(1, 3)):
            self.emit(f"case {value}u: {{")
            self.block(1, 2)
            self.emit("}" + (" break;" if self.random.random() < 0.7 else ""))
        self.emit("default: {")
        self.block(1, 2)
        self.emit("} break;")
        self.emit("}")
        self.loops = loops

    def do_loop(self):
        self.count += 1
        name = f"n{self.count}"
        bound = self.pick(f"{self.random.randint(2, 6)}u", f"({self.leaf('uint')} & 7u)", f"({self.leaf('uint')} % 5u + 1u)")
        if self.random.random() < 0.7:
            self.emit(f"for (uint {name} = 0u, e{name} = {bound}; {name} < e{name}; {name}++) {{")
        else:
            self.emit(f"for (uint {name} = 0u; {name} < 9u && {self.condition(1)}; {name}++) {{")
        self.loops += 1
        self.constants.append((name, "uint"))
        self.block(1, 4)
        self.constants.pop()
        self.loops -= 1
        self.emit("}")

    def do_leave(self):
        self.emit(f"if {self.condition(1)} {{ {self.pick('break', 'continue', 'acc++; break', 'acc ^= 7u; continue')}; }}")

    def do_subgroup(self):
        r = self.random
        x = self.expression("uint", 1)
        if self.loops or self.depth:
            # Which threads are active is the program's business: what is not active is not read.
            text = r.choice((f"subgroupClustered{self.pick('Add', 'Xor', 'Min', 'Max', 'Or', 'And', 'Mul')}({x}, {self.pick(2, 4, 8)}u)",
                             f"bitCount(subgroupBallot({self.condition(0)}).x >> (gl_SubgroupInvocationID & 24u) & 255u)"
                             if False else f"subgroupClusteredAdd(bits({self.condition(0)}), {self.pick(2, 4, 8)}u)"))
        else:
            text = r.choice((
                f"subgroupClustered{self.pick('Add', 'Xor', 'Min', 'Max', 'Or', 'And', 'Mul')}({x}, {self.pick(2, 4, 8)}u)",
                f"subgroupShuffleXor({x}, {r.randint(1, 7)}u)", f"subgroupQuadBroadcast({x}, {r.randrange(4)}u)",
                f"subgroupShuffle({x}, (gl_SubgroupInvocationID & ~7u) | ({self.leaf('uint')} & 7u))",
                f"subgroupQuadSwap{self.pick('Horizontal', 'Vertical', 'Diagonal')}({x})",
                f"bits(subgroupShuffleXor({self.expression('int16_t', 1)}, {r.randint(1, 7)}u))",
                f"bits(subgroupClustered{self.pick('Add', 'Xor', 'Max')}({self.expression(self.pick('uint64_t', 'int', 'uint16_t', 'uint8_t'), 1)}, {self.pick(2, 4, 8)}u))",
            ))
        self.emit(f"acc = acc * 5u + {text};")

    def do_atomic(self):
        r = self.random
        place = f"c[{r.randrange(4)}u * 64u + ({self.leaf('uint')} & 15u)"
        # One kind of operation for each place: their order is then nothing.
        number = r.randrange(6)
        name = ("Add", "Xor", "Or", "And", "Min", "Max")[number]
        self.emit(f"atomic{name}({place} + {(16 * number) % 64}u + {256 * (number // 4)}u], {self.expression('uint', 1)});")

    def do_barrier(self):
        r = self.random
        self.emit("barrier();")
        self.emit(f"s[lane] = {self.expression('uint', 2)};")
        self.emit("barrier();")
        self.emit(f"acc ^= s[{self.expression('uint', 1)} & {THREADS - 1}u] * {r.randint(1, 9)}u;")
        if r.random() < 0.4:
            self.emit("barrier();")
            self.emit(f"atomic{self.pick('Add', 'Xor', 'Max')}(s[{self.expression('uint', 1)} & 7u], {self.expression('uint', 1)});")
            self.emit("barrier();")
            self.emit("acc += s[lane & 7u];")

    def function(self):
        name = f"f{len(self.functions)}"
        saved = self.variables, self.lines, self.depth, self.functions
        self.variables, self.lines, self.depth = [("x", "uint"), ("y", "uint")], [], 0
        self.emit("uint acc = x ^ 5u, i = y, lane = x >> 3, base = 0u; uint t[16] = uint[16](x, y, 2, 3, 4, 5, 6, 7, 8, x, 1, 2, y, 4, 5, 6);")
        for _ in range(self.random.randint(1, 4)):
            self.random.choice((self.do_assign, self.do_sum, self.do_if, self.do_array))()
        body = self.lines
        self.variables, self.lines, self.depth, self.functions = saved
        self.functions = self.functions + [name]
        return [f"uint {name}(uint x, uint y) {{", *body, " return acc + t[x & 15u];", "}"]

    def text(self):
        functions = []
        for _ in range(self.random.randrange(3)):
            # Its subgroup operations would depend on the caller's flow.
            kept, self.do_subgroup = self.do_subgroup, self.do_sum
            kept_atomic, self.do_atomic = self.do_atomic, self.do_sum
            functions += self.function()
            self.do_subgroup, self.do_atomic = kept, kept_atomic
        for index in range(8):
            kind = ("uint", "uint", "int", "float", "uint64_t", "uint16_t", "float16_t", "int")[index]
            value = self.convert(kind, f"a[base + {index}u]", "uint")
            self.emit(f"precise {kind} w{index} = {value};")
            self.variables.append((f"w{index}", kind))
        while self.budget > 0:
            self.statement()
        lines = [vk_cases.HEADER, PRELUDE % {"threads": THREADS}, *functions, "void main() {",
                 " uint i = gl_GlobalInvocationID.x, lane = gl_LocalInvocationIndex, base = i * 8u, acc = 0u;",
                 " uint t[16]; for (uint n = 0u; n < 16u; n++) t[n] = n * i;", *self.lines]
        names = self.variables[:]
        lines.append(" o[base] = acc;")
        for index in range(1, 8):
            mine = names[index - 1 :: 7]
            lines.append(f" o[base + {index}u] = {' ^ '.join(f'bits({n}) * {2 * k + 1}u' for k, (n, _) in enumerate(mine))} ^ t[{index}] ^ t[{index} + 8] * 3u;")
        lines.append("}")
        return "\n".join(lines)


def cases(seed, count):
    for number in range(seed, seed + count):
        words = " ".join(str(random.Random(number + w).getrandbits(32)) for w in range(8))
        yield_case = vk_cases.Case(f"random-{number}", f"""
ssbo 0 {THREADS * GROUPS * 32} random:{number}
ssbo 1 {THREADS * GROUPS * 32} zero out
ssbo 2 2048 word:0x55555555 out
ubo 3 256 random:{number + 1}
push {words}
shader 0 subgroups
dispatch {GROUPS} 1 1
""", Program(number).text())
        yield yield_case


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(next(cases(int(sys.argv[1], 0), 1)).sources[0])
