# SPDX-License-Identifier: MIT
"""The page for those who write shaders, docs/libagx/instructions.md."""

INTRO = """<!-- SPDX-License-Identifier: MIT -->
<!-- Made by userspace/isa/gen_isa.py from userspace/isa/agx2.isa and isa_guide.py: change these. -->
# Instructions for writing shaders

What there is to write in the text of a shader: how each instruction is written, what it does, and an example.
[First steps](tutorial.md) have whole programs, [Shaders](shaders.md) the directives around the instructions,
[the instruction set](../isa.md) every bit of every encoding. A test assembles all examples of this page. None of
them has run on a Mac ([hardware status](../hardware-status.md)); where a rule is Mesa's habit and not something that
hardware was seen to want, that is said.

## Operands

| written | what it is |
| --- | --- |
| `r0` to `r127` | registers of a thread, 32 bits; how many a program uses decides how many threads a core holds |
| `r3l`, `r3h` | the lower and upper half of `r3`: registers of 16 bits |
| `dr4` | 64 bits, `r4` and `r5` |
| `r4_r5_r6` | several registers that follow each other |
| `u0` to `u255` | uniform registers: the same for all threads; also `u3l`, `u3h` |
| `du0`, `du2` | 64 bits of uniforms: `du0` is `u0` and `u1`, so the second pointer is `du2`, not `du1` |
| `ts0`, `ss0`, `cf0` | texture or image, sampler, coefficient register |
| `17`, `0x11`, `0b10001` | a number. Instructions hold 0 to 255 in place; others come from `ldimm` |
| `0.5`, `-1.5` | a floating-point number that eight bits hold: a sign, 16 to 31 times a power of two from 1/64 to 1, or a multiple of 1/64 below 1/4. Others come from `ldimm` with the bits: `ldimm r4, 0x3dcccccd` is 0.1 |
| `r1.neg`, `r1.abs`, `r1.abs.neg` | of floating-point operands: the number with its sign changed, without, with a minus |
| `r1.sx` | of integer operands: a narrower one is extended by its sign instead of by zeros |
| `$r1`, `^r1` | keep it in the register cache; this is its last use. Hints, never needed |
| `again` | a label, which stands somewhere as `again:` |

In the lines below operands are capitals, modifiers small letters, in the order of the text. What stands in brackets can
be left out. Where 16 and 32 bits are possible the register's name decides, for each operand on its own: integers get
zeros (or, with `.sx`, their sign), floating-point operands are converted.

## Waiting

What goes to memory and comes back later has a *group* as its last word, `a` or `b`; the register has its value after
`wait a`. One `wait` is for everything that is under way in its group.

| instruction | wait before |
| --- | --- |
| `load`, `atomic` and `stack_load`, `smpf`, `smpi` | the result is read, or its register is written |
| `store`, `stack_store` | a `barrier` or `memory_barrier` that is to order it; not at the end of a program |
| `lload`, `lstore`, `latomic`, `ld_tile`, `st_tile`, `iter`, `imgw` | never: they have no group |

These are the rules that Mesa's compiler keeps (src/asahi/compiler/agx_insert_waits.c). It has at most eight
instructions under way in a group, and waits in front of each jump and label. A modelled GPU has every result at once
and does not show that a wait is missing, so the text is looked at, on all ways through it: `agx asm` and `agx disasm` warn, the
library refuses the shader (`.unchecked_waits` lets it pass).

## Branches and loops

All 32 threads of a SIMD group execute the same instruction; threads that took another way are switched off. `r0l` counts
for each thread how many levels of `if` it is off by: 0 is on. **A program with `if`, `else` or `while` sets it first,
by `ldimm r0l, 0`, and keeps nothing else in `r0`.**

```asm
	ldimm	r0l, 0
	if	r1, 10, 1, ult		; threads with r1 < 10 stay on
	iadd	r2, r2, 1
	else	0, 0, 1, ieq		; the others: the condition has to hold for them, too
	isub	r2, r2, 1
	pop_exec 1			; end of if: one level less
	stop
```

The number in front of the condition says how many levels are opened, turned over or closed: 1, unless levels are
left together. Instructions that no thread is on for are executed without an effect; `jmp_none` skips them. A loop is
`while` with a jump back; threads that fail the condition wait for the others:

```asm
	ldimm	r0l, 0
	ldimm	r3, 0
again:
	iadd	r3, r3, 1
	while	r3, r4, 1, ult		; again for threads with r3 < r4
	jmp_any	again			; if there are any
	pop_exec 1
	stop
```

The condition is one comparison. Of two: `csel` puts a value into what is compared. `call` leaves the way back in `r1`.

## Memory

The address of `load` and `store` is BASE + INDEX * size, where the size is that of one component of the format:
`load r4_r5, du0, r1, f16, xy, a` reads two numbers of two bytes from `du0` + 2 * `r1` on. `lsl 1` multiplies the
index by two more, as for elements of two components, `lsl 2` by four. The format says what is in memory: `i8`, `i16`,
`i32` are copied (and extended by zeros), `f16` and the formats with `norm` become floating-point numbers.
32-bit floating-point numbers are `i32`: nothing is converted. Registers follow each other, one for each component
of the mask. BASE is rounded down to a multiple of the size.

A wrong address is not an error: as Linux sets these GPUs up, loads of it give 0, and stores go nowhere
(`soft_faults` in [`struct agx_device_params`](reference.md#struct-agx_device_params)).
[First steps](tutorial.md#a-wrong-result) show how to find it.

Threadgroup memory (`lload`, `lstore`, `latomic`) begins at 0; the index is a 16-bit register. The directive `.local`
says how much there is. `barrier` waits for all threads of the threadgroup.

## What is not there

| wanted | written |
| --- | --- |
| a - b of floating-point numbers | `fadd r0, r1, r2.neg` |
| the smaller, the larger | `csel r0, r1, r2, r1, r2, ult` (integers), `csel r0, r1, r2, r1, r2, fltn` |
| a / b | `rcp r3, r2`, then `fmul r0, r1, r3` |
| the square root | `rsqrts r1, r0`, then `fmul r1, r0, r1` |
| a logarithm, a power | `log2`, `exp2`, and a multiplication |
| division of integers | `shr` for powers of two, else through floating point |
| a float constant | `ldimm r0, 0x40490fdb` (3.1415927), or a uniform |
| a condition as a number | `csel r0, r1, r2, 1, 0, ult` |
| an integer as a float, and back | `u32_to_f r0, r1, rte`, `f_to_s32 r0, r1, rtz` |

## Who am I?

`mov r1, NAME` with a special register ([all of them](../isa.md#special-registers)):

| name | what |
| --- | --- |
| `thread_in_grid_x`, `_y`, `_z` | of all threads of the dispatch; the pixel in fragment programs; x the vertex and y the instance in vertex programs |
| `thread_in_threadgroup_x`, `_y`, `_z`; `thread_index_in_threadgroup` | of the threadgroup; the latter as one number |
| `threadgroup_in_grid_x`, `_y`, `_z` | of the threadgroup, among all |
| `threads_per_threadgroup_x`, `_y`, `_z` | how many there are |
| `thread_index_in_simdgroup`, `simdgroup_index_in_threadgroup` | lane, and number of the SIMD group |
"""

# Examples that say more than what is made up from the operands.
EXAMPLES = {
    "ldimm16": "ldimm r0l, 1000",
    "ldimm32": "ldimm r1, 0x3f800000",
    "mfsr": "mov r1, thread_in_grid_x",
    "iadd": "iadd r1, r2, r3, lsl 2",
    "imul": "imul r1, r2, 100",
    "asr": "asr r1, r2, 4, 0, 0",
    "asrh": "asrh r1, r2, 4, 0, 0",
    "bfi": "bfi r1, r2, r3, 8, 4",
    "bfeil": "bfeil r1, 0, r2, 8, 4",
    "extr": "extr r1, r2, r3, 16, 0",
    "ffma": "ffma r1, r2, 2.0, r3.neg",
    "fadd": "fadd r1, r2, r3.neg",
    "fmul": "fmul r1, r2.abs, 0.5",
    "not_a": None,
    "mov_a": None,
    "zero": "zero r1, 0, 0",
    "one": "one r1, 0, 0",
    "mov": "mov r1, r2",
    "if_icmp": "if r1, 10, 1, ult",
    "else_icmp": "else 0, 0, 1, ieq",
    "while_icmp": "while r1, 0, 1, ugt",
    "if_fcmp": "if r1, 0.0, 1, flt",
    "else_fcmp": "else 0.0, 0.0, 1, feq",
    "while_fcmp": "while r1, 4.0, 1, flt",
    "jmp_any": "jmp_any -8",
    "jmp_none": "jmp_none 24",
    "call": "call 24",
    "icsel": "csel r1, r2, r3, r2, r3, ult",
    "fcsel": "csel r1, r2, r3, r2, r3, fltn",
    "icmp_ballot": "ballot r1, r2, 10, ult",
    "fcmp_ballot": "ballot r1, r2, 0.0, flt",
    "shuffle": "shuffle r1, r2, 1, xor",
    "quad": "quad r1, r2, iadd",
    "simd": "simd r1, r2, prefix, iadd",
    "pixwait": "pixwait 12, 0",
    "pixrel": "pixrel 12, 0",
    "st_var": "st_var r1, 0",
    "load": "load r1, du0, r2, i32, x, a",
    "store": "store r1, du0, r2, i32, x, a",
    "uniform_store": "mov u10, r0",
    "atomic": "atomic r1, r2, du0, r3, add, coherent1, a",
    "latomic": "latomic _, r1, r2l, add",
    "tex_state_store": "load ts0, du4, r1, a",
    "tex_state_store_imm": "load ts0, du4, 24, a",
    "sampler_state_store": "load ss0, du4, r1, a",
    "sampler_state_store_imm": "load ss0, du4, 8, a",
    "uniform_store_unk": None,
    "lload": "lload r1, r2l, i32, x",
    "lstore": "lstore r1, r2l, i32, x",
    "stack_load": "stack_load r1, 0, i32, x, a",
    "stack_store": "stack_store r1, 0, i32, x, a",
    "stack_adjust": "stack_adjust 16",
    "ld_tile": "ld_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw",
    "st_tile": "st_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw",
    "sample_mask": "sample_mask 255, r0l",
    "zs_emit": "zs_emit 255, r0",
    "iter": "iter r1_r2, cf1",
    "iterproj": "iter r1_r2, cf1, cf0",
    "ldcf": "ldcf r1_r2_r3, cf1",
    "smpf": "smpf r4_r5_r6_r7, ts0, ss0, r1, 0, 2d, xyzw, auto_lod, a",
    "smpi": "smpi r4_r5_r6_r7, ts0, ss0, r1, 0, 2d, xyzw, auto_lod, a",
    "imgw": "imgw r4_r5_r6_r7, ts0, r1, 0, 2d",
    "imgwblk": "imgwblk r0l, ts0, r1l, 0, 2d, u8norm",
}

# What the table, which is about encodings, does not say.
NOTES = {
    "smpf": ["COORD is the first of as many registers as `dim` has coordinates, layer and sample behind them: with",
             "`2d` and `r1` they are in `r1` and `r2`. LOD is 0 with `auto_lod`."],
    "imgw": ["COORD as of textures, whole numbers; LOD is the level. Writes outside of the image do nothing, and",
             "components are converted to the image's format: integers for integer formats, 32-bit floats for others.",
             "The texture is a PBE (`agx_pbe_of()`)."],
    "iadd": ["With 64 bits: `iadd dr2, dr4, r6`."],
    "lload": ["INDEX is an element, as in `load`; BASE, in bytes, can be left out."],
    "barrier": ["All threads of the threadgroup have to come to it: not within an `if` that some do not take."],
    "atomic": ["`_` as D drops the old value. Compilers always write `coherent1`."],
}

HIDDEN = ("applegpu", "opaque", "helper")
TITLES = {"Shifts and bit fields": "k is the low seven bits of the shift operand, M the lowest BITMASK bits (0: all 32)."}


def is_shown(op):
    return not any(word in op.properties for word in HIDDEN) and EXAMPLES.get(op.name, "") is not None


def can_be_nothing(operand):
    return not operand.is_dest and any(c.kind == "none" for c in operand.encoding.cases)


def syntax(op):
    words = []
    for operand in op.operands:
        words.append(f"[{operand.role}]" if can_be_nothing(operand) else operand.role)
    for modifier, _ in op.modifiers:
        name = modifier.text if modifier.is_flag else modifier.name
        silent = modifier.is_flag or any(v.silent for v in modifier.values)
        words.append(f"[{name}]" if silent else name)
    return op.mnemonic + (" " + ", ".join(words) if words else "")


def sizes(case):
    if "size64" in case.bit:
        return {16, 32, 64}
    if "size32" in case.bit:
        return {16, 32}
    return {case.size} if case.size else set()


def listed(words):
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def number_text(case, width):
    bits = width if case.value == "all" else case.value.width if case.value else 0
    if not bits:
        return "0"
    if case.signed:
        return f"number {-(1 << bits - 1)} to {(1 << bits - 1) - 1}"
    return f"number 0 to {((1 << bits) - 1) << case.shift}"


def count_text(cases):
    counts = sorted({c.count for c in cases})
    if any("mask" in c.bit for c in cases):
        return ", one for each component"
    if any("count" in c.bit for c in cases):
        return ", 1 to 4 of them"
    return f", {listed(str(c) for c in counts)} of them" if counts != [1] else ""


def operand_text(operand):
    """register or uniform register of 16 or 32 bits; number 0 to 255"""
    cases = operand.encoding.cases
    names = {"reg": "register", "uniform": "uniform register"}
    files = {}
    for kind in names:
        own = [c for c in cases if c.kind == kind]
        bits = sorted(set().union(*(sizes(c) for c in own)))
        if own:
            files.setdefault((tuple(bits), count_text(own)), []).append(names[kind])
    parts = [f"{listed(kinds)} of {listed(str(b) for b in bits)} bits{count}"
             for (bits, count), kinds in files.items()]
    others = {"fimm": "floating-point number", "ts": "`ts0`...", "ss": "`ss0`...",
              "cf": "`cf0`...", "sr": "special register", "target": "label"}
    for case in cases:
        if operand.role == "TARGET":
            text = "label"
        elif case.kind == "imm":
            text = number_text(case, operand.field.width)
        elif case.kind == "none":
            text = "`_`" if operand.is_dest else "nothing"
        else:
            text = others.get(case.kind)
        if text and text not in parts:
            parts.append(text)
    suffixes = {s for c in cases for s in ("abs", "neg", "sx") if s in c.bit}
    suffixes |= {"sx" for c in cases if "zx" in c.bit}
    text = "; ".join(parts)
    if suffixes:
        text += " (" + ", ".join(f"`.{s}`" for s in sorted(suffixes)) + ")"
    return text


def modifier_text(modifier):
    if modifier.is_flag:
        return f"`{modifier.text}`: {modifier.doc[0].lower()}{modifier.doc[1:]}"
    values = [f"`{v.text}`" for v in modifier.values if not v.silent]
    seen = list(dict.fromkeys(values))
    if modifier.name == "mask":
        seen = ["`x`", "`xy`", "`xyz`", "`xyzw`", "..."]
    return f"[{modifier.name}](../isa.md#modifier-{modifier.name}): {' '.join(seen)}"


def made_up(op):
    """An example from the kinds of operands."""
    words, number = [], 1
    for operand in op.operands:
        registers = [c for c in operand.encoding.cases if c.kind == "reg"]
        if registers:
            bits = set().union(*(sizes(c) for c in registers))
            words.append(f"r{number}" if 32 in bits else f"r{number}l")
            number += 1
        elif not can_be_nothing(operand):
            words.append("1")
    for modifier, _ in op.modifiers:
        if not modifier.is_flag and not any(v.silent for v in modifier.values):
            words.append(modifier.values[0 if op.name.startswith("f_to") else -1].text)
    return op.mnemonic + (" " + ", ".join(words) if words else "")


def example(op):
    return EXAMPLES.get(op.name) or made_up(op)


def shape(op):
    return (tuple((o.role, o.encoding.name) for o in op.operands),
            tuple(m.name for m, _ in op.modifiers))


def kinds_of(op):
    """A line for each kind of operand and each modifier."""
    found = {}
    for operand in op.operands:
        found.setdefault(operand_text(operand), []).append(operand.role)
    lines = [f"* {', '.join(roles)}: {text}" for text, roles in found.items()]
    named = [m for m, _ in op.modifiers if not m.is_flag]
    flags = [m for m, _ in op.modifiers if m.is_flag]
    lines += [f"* {modifier_text(m)}" for m in named + flags]
    return lines + [""] if lines else []


def stage_text(op):
    words = [w for w in ("fragment", "vertex", "preamble") if w in op.properties]
    return {"fragment": " Fragment stages only.", "vertex": " Vertex programs only.",
            "preamble": " Preambles only."}[words[0]] if words else ""


def cell(text):
    return text.replace("|", "\\|")


def group_text(ops):
    lines = []
    if ops[0].operands or ops[0].modifiers:
        lines += ["```", *(syntax(op) for op in ops), "```", ""] if len(ops) < 3 else \
            ["```", syntax(ops[0]), "```", "", "and likewise the others:", ""]
    lines += ["| instruction | what it does | example |", "| --- | --- | --- |"]
    for op in ops:
        lines.append(f"| `{op.mnemonic}` | {cell(op.doc + stage_text(op))} | `{example(op)}` |")
    lines += [""] + kinds_of(ops[0])
    for op in ops:
        if NOTES.get(op.name):
            lines += [*NOTES[op.name], ""]
    return lines


def groups(ops, headings):
    """Lists of ops of one section and one shape, in the order of their first members."""
    found = {}
    for op in ops:
        found.setdefault((headings[op.name], shape(op)), []).append(op)
    return found.items()


def emit_guide(tab):
    lines = INTRO.split("\n")
    heading = None
    for (text, _), ops in groups([op for op in tab.ops if is_shown(op)], tab.headings):
        if text != heading:
            heading = text
            title = heading.partition(". ")[0]
            lines += [f"## {title}", ""]
            if title in TITLES:
                lines += [TITLES[title], ""]
        lines += group_text(ops)
    hidden = [op for op in tab.ops if not is_shown(op)]
    lines += ["## Left out", "",
              "What only the system's own programs use, and what is known by its bits and not by its meaning:", "",
              ", ".join(f"`{op.name}`" for op in hidden) + ".", "",
              "[The instruction set](../isa.md) has them."]
    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip("\n") + "\n"
