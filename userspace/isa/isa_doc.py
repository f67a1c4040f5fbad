# SPDX-License-Identifier: MIT
"""The reference page, docs/isa.md."""

from isa_parse import Case

INTRO = """<!-- SPDX-License-Identifier: MIT -->
<!-- Made by userspace/isa/gen_isa.py from userspace/isa/agx2.isa: change that. -->
# The AGX2 instruction set

Every instruction of the G13 and G14 shader cores that public sources describe: {ops} opcodes.
Facts are from Mesa (`src/asahi/isa/AGX2.xml`) and from dougallj/applegpu (`applegpu.py`); this
project has not verified any of them on a Mac. Mesa uses one table for both generations, so what it
describes counts as documented for both; what only applegpu describes counts for G13.

To write shaders, [the list with an example of each](libagx/instructions.md) is of more use.

The same table drives decoder, encoder, assembler and disassembler (`agx disasm`, `agx asm`) and
the program's own knowledge of opcodes, so this page cannot disagree with them.

## How to read this page

Code is a sequence of 16-bit parcels; an instruction has one to six. Bits are numbered from bit 0
of the first byte. Where an instruction has two lengths, its length bit L chooses: 1 is the long
form; in the short form the bits beyond its end are read as 0. A list of ranges like 16:25,42:43 is
one field whose lowest bits are the first range.

Registers are counted in halves: half 2n is `rNl`, 2n + 1 is `rNh`, 32-bit `rN` is the pair, `drN`
is the 64-bit register that begins with `rN`. There are 256 halves of registers and 512 of uniform
registers. `$` in front of a register asks to keep it in the register cache, `^` says that this is
its last use. 32 and 64-bit operands have an even half; other encodings are taken as data.

In the tables, *match* gives the bits that make an instruction this one, *expected* bits that are
always seen with a value without being understood. All bits that are in no field are expected to be
0. Other values are decoded all the same, kept for encoding, and reported as unknown bits.

Texts that Mesa's syntax has no words for: `.u16 0x1234` is a parcel that is no known instruction
(`.u8` a last odd byte); `name=9` an unknown value of a modifier; `# missing hint` a register whose
hint is 0; `# unknown bits: 26 46` bits that are not as expected. An instruction whose fixed bits
match but whose operands make no sense is data as a whole; without a match one parcel is data.

## Differences from Mesa's disassembler

* Mesa stops at an encoding with unexpected values of bits that are not understood; here they are
  kept and told behind the text.
* `fcmp_ballot` has floating-point conditions and whole sources: AGX2.xml gives it integer
  conditions and takes the extension bits of its sources for modifiers.
* The short form of `latomic` reads its source as r0; Mesa reads it from the instruction that
  follows.
* Stray bits behind a register offset of `tex_state_store` and `sampler_state_store` are unknown
  bits.
* `kill` of `ldimm32`, `dfdx` and `dfdy` is known from applegpu.

The test `isa-random` compares the two on random encodings of every opcode, with the disassembler
that is built into Debian's Mesa.

## To add an instruction

Describe it in `userspace/isa/agx2.isa` (the format is at its top), with its source; the generator
refuses what cannot work. Add bytes and text to `tests/isa/cases.txt`, build, and copy the new
`isa.md` of the build folder over this page. Decoder, encoder, assembler and listing need no
change.
"""


def escape(text):
    return text.replace("|", "\\|")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows]
    return lines + [""]


def bits_of(mask, match):
    """BITS=VALUE of a mask, run by run."""
    parts, start = [], None
    for i in range(97):
        if mask >> i & 1:
            start = i if start is None else start
        elif start is not None:
            width = i - start
            value = match >> start & ((1 << width) - 1)
            name = str(start) if width == 1 else f"{start}:{i - 1}"
            text = f"{value:0{width}b}b" if width < 4 else f"{value:#x}"
            parts.append(f"{name}={text if width > 1 else value}")
            start = None
    return ", ".join(parts)


def conditions(pairs):
    mask = match = 0
    for m, v in pairs:
        mask |= m
        match |= v
    return bits_of(mask, match)


def case_text(case):
    size = f"{case.size}-bit " if case.size else ""
    if "size64" in case.bit:
        size = (f"16-bit, 32-bit if bit {case.bit['size32']}, "
                f"64-bit if bit {case.bit['size64']} too, ")
    elif "size32" in case.bit:
        size = f"16-bit, 32-bit if bit {case.bit['size32']}, "
    kinds = {
        "none": "nothing", "reg": "register", "uniform": "uniform register", "imm": "number",
        "fimm": "minifloat", "ts": "texture state", "ss": "sampler state",
        "cf": "coefficient register", "sr": "special register", "target": "distance",
    }
    text = kinds[case.kind]
    if case.kind in ("reg", "uniform"):
        text = size + text
    if case.count > 1:
        text += f", {case.count} of them"
    if case.signed:
        text += ", signed"
    value = "" if case.value is None else "all" if case.value == "all" else str(case.value)
    if case.shift:
        value += f", times {1 << case.shift}"
    names = {"last": "last use", "count": "count (0: 4)"}
    extra = [f"{names.get(n, n)} {case.bit[n]}" for n in Case.SINGLE[2:] if n in case.bit]
    for name, width in Case.WIDE.items():
        if name in case.bit:
            first = case.bit[name]
            extra.append(f"{names.get(name, name)} {first}:{first + width - 1}")
    return [bits_of(case.mask, case.match) or "else", text, value, ", ".join(extra)]


def lengths(op):
    if len(op.lengths) == 1:
        return str(op.lengths[0])
    return f"{op.lengths[0]} or {op.lengths[1]}, L = bit {op.length_bit}"


def signature(op):
    return (tuple(op.lengths), op.length_bit, tuple(op.expect),
            tuple((o.role, o.encoding.name, o.field.key()) for o in op.operands),
            tuple((m.name, f.key()) for m, f in op.modifiers))


def group_text(ops, families):
    """Ops of one family with the same fields: one table of fields, one of ops."""
    first = ops[0]
    title = first.family if len(ops) > 1 else first.name
    if title in families:
        title += " (" + ", ".join(op.name for op in ops) + ")"
    families.add(title)
    lines = [f"### {title}", "", f"Bytes: {lengths(first)}."
             + (f" Expected: {conditions(first.expect)}." if first.expect else ""), ""]
    rows = []
    for op in ops:
        words = [w for w in op.properties if w not in ("long",)]
        if op.flow != "none":
            words.append(f"flow {op.flow}")
        if op.generations != ["g13", "g14"]:
            words += [g.upper() for g in op.generations] + ["only"]
        name = f"`{op.name}`"
        if op.mnemonic != op.name:
            name += f" (`{op.mnemonic}`)"
        if op.applegpu != op.name:
            name += f", applegpu `{op.applegpu}`"
        rows.append([name, conditions(op.match), op.doc, " ".join(words)])
    lines += table(["instruction", "match", "meaning", "properties"], rows)
    fields = []
    for operand in first.operands:
        fields.append([operand.role.lower(), str(operand.field),
                       f"[{operand.encoding.name}](#operand-{operand.encoding.name})",
                       "destination" if operand.is_dest else "source"])
    for modifier, field in first.modifiers:
        kind = "flag" if modifier.is_flag else f"[{modifier.name}](#modifier-{modifier.name})"
        fields.append([modifier.name, str(field), kind, "modifier"])
    if fields:
        lines += table(["field", "bits", "encoding", "what"], fields)
    for op in ops:
        for note in op.notes:
            if note + "\n" not in lines:
                lines += [note + "\n"]
    return lines


def groups(ops):
    """Lists of ops that one table can show, in the order of their first members."""
    found = {}
    for op in ops:
        key = (op.family, signature(op)) if op.family else op.name
        found.setdefault(key, []).append(op)
    return list(found.values())


def value_rows(values):
    return [[str(v.number), f"`{v.text}`" if v.text else "", v.doc] for v in values]


def emit_doc(tab):
    lines = INTRO.format(ops=len(tab.ops)).split("\n")

    lines += ["## Properties", ""]
    lines += table(["word", "meaning"], [[f"`{n}`", d] for n, d in tab.properties.items()])

    lines += ["What the program view makes of an instruction (its flow):", ""]
    lines += table(["flow", "meaning"], [[f"`{n}`", d] for n, d in tab.flows.items()])

    heading, families = None, set()
    lines += ["## Instructions", ""]
    for group in groups(tab.ops):
        text = tab.headings[group[0].name]
        if text != heading:
            heading = text
            title, _, rest = text.partition(". ")
            lines += [f"## {title}", ""] + ([rest, ""] if rest else [])
        lines += group_text(group, families)
    lines.remove("## Instructions")

    lines += ["## Operand encodings", "",
              "Bits are those of the operand's own field. The first case whose condition holds is",
              "taken. A hint is 1 for none, 2 for `$`, 3 for `^`. A minifloat has a sign (bit 7),",
              "three bits of exponent e and four of mantissa m: (16 + m) * 2^(e - 7), or m / 64",
              "where e is 0.", ""]
    for encoding in tab.encodings.values():
        lines += [f'<a id="operand-{encoding.name}"></a>', f"### {encoding.name}", "",
                  encoding.doc, ""]
        rows = [case_text(case) for case in encoding.cases]
        lines += table(["condition", "operand", "value", "other bits"], rows)

    lines += ["## Modifiers", ""]
    lines += table(["flag", "meaning"], [[f"`{m.text}`", m.doc] for m in tab.modifiers.values()
                                         if m.is_flag])
    for modifier in tab.modifiers.values():
        if not modifier.is_flag:
            lines += [f'<a id="modifier-{modifier.name}"></a>', f"### {modifier.name}", "",
                      modifier.doc + ".", ""]
            lines += table(["value", "text", "meaning"], value_rows(modifier.values))

    registers = tab.names["sr"]
    lines += ["## Special registers", ""]
    lines += table(["number", "name", "meaning"], value_rows(registers.values))

    text = "\n".join(lines)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip("\n") + "\n"
