# SPDX-License-Identifier: MIT
"""C output of gen_isa.py."""

from isa_parse import GENERATIONS, KINDS, Case

HEADER = "/* SPDX-License-Identifier: MIT */\n/* Made by gen_isa.py from agx2.isa. */\n"
NO_BIT = "AGX_ISA_NO_BIT"
DATA_DOC = "Not an instruction."
LOW = (1 << 64) - 1


def upper(name):
    return name.upper()


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def enum(name, prefix, members, count=None):
    lines = [f"enum {name} {{"]
    for symbol, number, doc in members:
        comment = f" /* {doc} */" if doc else ""
        value = f" = {number}" if number is not None else ""
        lines.append(f"\t{prefix}{symbol}{value},{comment}")
    if count:
        lines.append(f"\t{count},")
    lines.append("};\n")
    return lines


def emit_ops(table):
    out = [HEADER + "#ifndef AGX_ISA_OPS_H\n#define AGX_ISA_OPS_H\n"]
    ops = [("DATA", 0, "not an instruction")]
    ops += [(upper(op.name), None, op.doc) for op in table.ops]
    out += enum("agx_isa_op", "AGX_ISA_OP_", ops, "AGX_ISA_OPS")
    out += enum("agx_isa_role", "AGX_ISA_ROLE_", [(upper(r), None, "") for r in table.roles],
                "AGX_ISA_ROLES")
    out += enum("agx_isa_modifier", "AGX_ISA_MODIFIER_",
                [(upper(m.name), None, m.doc) for m in table.modifiers.values()],
                "AGX_ISA_MODIFIERS")
    out += enum("agx_isa_class", "AGX_ISA_CLASS_",
                [(upper(n), None, d) for n, d in table.classes.items()], "AGX_ISA_CLASSES")
    out += enum("agx_isa_flow", "AGX_ISA_FLOW_",
                [(upper(n), None, d) for n, d in table.flows.items()], "AGX_ISA_FLOWS")
    properties = dict(table.properties)
    properties["long"] = "Compilers write the long form even where the short one would do."
    for i, (name, doc) in enumerate(properties.items()):
        out.append(f"#define AGX_ISA_PROPERTY_{upper(name)} (1u << {i}) /* {doc} */")
    out.append("")
    for modifier in list(table.modifiers.values()) + list(table.names.values()):
        if not modifier.is_flag:
            out += enum(f"agx_isa_{modifier.name}", f"AGX_ISA_{upper(modifier.name)}_",
                        [(upper(v.symbol), v.number, v.doc) for v in modifier.values])
    out.append("#endif")
    return "\n".join(out) + "\n"


# Rows


def c_field(field):
    if field is None:
        return "{ 0 }"
    ranges = ", ".join(f"{{ {s}, {n} }}" for s, n in field.ranges)
    return f"{{ {field.width}, {len(field.ranges)}, {{ {ranges} }} }}"


def case_value(case, width):
    """The Field of a case's value in an operand of this width."""
    from isa_parse import Field

    if case.value is None:
        return None
    if case.value == "all":
        return Field([(0, width)])
    field = case.value.clip(width)
    return field


def c_case(case, width):
    size = case.size
    has_size = "size32" in case.bit or "size64" in case.bit
    if not size and case.kind in ("reg", "uniform") and not has_size:
        raise ValueError("register without a size")
    parts = [
        f".mask = {case.mask:#x}",
        f".match = {case.match:#x}",
        f".kind = AGX_ISA_{upper(case.kind)}",
        f".bits = {size}",
        f".count = {0 if 'mask' in case.bit or 'count' in case.bit else case.count}",
        f".shift = {case.shift}",
        f".flags = {'AGX_ISA_UNSIGNED' if case.unsigned else 0}",
        f".is_signed = {'true' if case.signed else 'false'}",
        f".value = {c_field(case_value(case, width))}",
    ]
    names = {"mask": "mask_bit", "count": "count_bit"}
    for name in Case.SINGLE + ["hint", "mask", "count"]:
        parts.append(f".{names.get(name, name)} = {case.bit.get(name, NO_BIT)}")
    return "{ " + ", ".join(parts) + " }"


def halves(value):
    return f"{{ {value & LOW:#x}, {value >> 64:#x} }}"


def properties(op):
    words = [f"AGX_ISA_PROPERTY_{upper(p)}" for p in op.properties]
    return " | ".join(words) if words else "0"


def emit_rows(table):
    out = [HEADER + '#include "isa_table.h"\n']
    encodings = []
    for (name, width), index in table.instances.items():
        encoding = table.encodings[name]
        cases = ",\n\t".join(c_case(c, width) for c in encoding.cases)
        out.append(f"static const struct agx_isa_case cases_{name}_{width}[] = {{\n\t{cases},\n}};")
        encodings.append(f"\t[{index}] = {{ {quote(name)}, {width}, {len(encoding.cases)}, "
                         f"cases_{name}_{width} }},")
    out.append("\nconst struct agx_isa_encoding agx_isa_encodings[] = {")
    out += encodings + ["};\n"]

    for op in table.ops:
        if op.operands:
            out.append(f"static const struct agx_isa_operand_row operands_{op.name}[] = {{")
            for o in op.operands:
                out.append(f"\t{{ AGX_ISA_ROLE_{upper(o.role)}, "
                           f"{'AGX_ISA_DEST' if o.is_dest else '0'}, {o.instance}, "
                           f"{quote(o.applegpu)}, {c_field(o.field)} }},")
            out.append("};")
        if op.modifiers:
            out.append(f"static const struct agx_isa_modifier_row modifiers_{op.name}[] = {{")
            for modifier, field in op.modifiers:
                out.append(f"\t{{ AGX_ISA_MODIFIER_{upper(modifier.name)}, {c_field(field)} }},")
            out.append("};")

    number_shapes(table)
    out.append("\nconst struct agx_isa_form agx_isa_forms[] = {")
    for i, form in enumerate(table.forms):
        form.index = i
        out.append(f"\t{{ AGX_ISA_OP_{upper(form.op.name)}, {form.length}, {form.op.shape}, "
                   f"{halves(form.mask)}, "
                   f"{halves(form.match)}, {halves(form.covered)}, {halves(form.expected)} }},")
    out.append("};\n")

    out.append("const struct agx_isa_op_row agx_isa_op_rows[AGX_ISA_OPS] = {")
    out.append("\t[AGX_ISA_OP_DATA] = { .info = { \"data\", \"data\", \"data\", "
               "AGX_ISA_CLASS_DATA, AGX_ISA_FLOW_NONE, 0, { 2, 2 }, 0, 0 } },")
    docs = [DATA_DOC]
    for op in table.ops:
        generations = " | ".join(f"AGX_ISA_{upper(g)}" for g in op.generations)
        doc = sum(len(text) + 1 for text in docs)
        docs.append(op.doc)
        out.append(
            f"\t[AGX_ISA_OP_{upper(op.name)}] = {{\n"
            f"\t\t.info = {{ {quote(op.name)}, {quote(op.mnemonic)}, {quote(op.applegpu)}, "
            f"AGX_ISA_CLASS_{upper(op.cls)}, AGX_ISA_FLOW_{upper(op.flow)}, {generations}, "
            f"{{ {op.lengths[0]}, {op.lengths[-1]} }}, {doc}, {properties(op)} }},\n"
            f"\t\t.operand_count = {len(op.operands)}, .modifier_count = {len(op.modifiers)}, "
            f".form_count = {len(op.forms)},\n"
            f"\t\t.operands = {'operands_' + op.name if op.operands else 'NULL'},\n"
            f"\t\t.modifiers = {'modifiers_' + op.name if op.modifiers else 'NULL'},\n"
            f"\t\t.forms = &agx_isa_forms[{op.forms[0].index}],\n\t}},")
    out.append("};\n")

    out.append("const char agx_isa_op_docs[] =")
    out += [f"\t{quote(text)} \"\\0\"" for text in docs]
    out.append("\t;\n")

    for modifier in list(table.modifiers.values()) + list(table.names.values()):
        if not modifier.is_flag:
            out.append(f"static const struct agx_isa_value values_{modifier.name}[] = {{")
            for v in modifier.values:
                out.append(f"\t{{ {v.number}, {'true' if v.silent else 'false'}, "
                           f"{quote(v.text)}, {quote(v.name)} }},")
            out.append("};")

    def row(m):
        count = len(m.values)
        return (f"{{ {quote(m.name)}, {quote(m.text)}, {count}, "
                f"{'values_' + m.name if count else 'NULL'} }}")

    out.append("\nconst struct agx_isa_modifier_values "
               "agx_isa_modifier_table[AGX_ISA_MODIFIERS] = {")
    for modifier in table.modifiers.values():
        out.append(f"\t[AGX_ISA_MODIFIER_{upper(modifier.name)}] = {row(modifier)},")
    out.append("};\n")
    out.append("const struct agx_isa_modifier_values agx_isa_special_registers = "
               f"{row(table.names['sr'])};\n")

    out.append("const struct agx_isa_dimension agx_isa_dimensions[16] = {")
    for v in table.modifiers["dim"].values:
        out.append(f"\t[AGX_ISA_DIM_{upper(v.symbol)}] = {{ {v.coords}, {v.parts} }},")
    out.append("};\n")

    for name, members in (("class", table.classes), ("flow", table.flows), ("role", table.roles)):
        plural = {"class": "CLASSES", "flow": "FLOWS", "role": "ROLES"}[name]
        out.append(f"const char *const agx_isa_{name}_names[AGX_ISA_{plural}] = {{")
        for member in members:
            out.append(f"\t[AGX_ISA_{upper(name)}_{upper(member)}] = {quote(member.lower())},")
        out.append("};\n")
    return "\n".join(out) + "\n"


# Decoder


def extract(field):
    """C expression that gathers a field from the words lo and hi."""
    parts, shift = [], 0
    for start, size in field.ranges:
        while size:
            word, bit = ("lo", start) if start < 64 else ("hi", start - 64)
            part = min(size, 64 - bit)
            mask = (1 << part) - 1
            text = f"({word} >> {bit} & {mask:#x})" if bit else f"({word} & {mask:#x})"
            parts.append(f"{text} << {shift}" if shift else text)
            start, size, shift = start + part, size - part, shift + part
    return " | ".join(parts)


def gather(field, var="v"):
    parts, shift = [], 0
    for start, size in field.ranges:
        mask = (1 << size) - 1
        text = f"({var} >> {start} & {mask:#x})" if start else f"({var} & {mask:#x})"
        parts.append(f"{text} << {shift}" if shift else text)
        shift += size
    return " | ".join(parts)


def emit_case(case, width):
    """The body of one case: sets *o and returns, or falls out where the value makes no sense."""
    field = case_value(case, width)
    value = "0"
    if field is not None and field.width:
        value = gather(field)
        if case.signed:
            value = f"sign_extend({value}, {field.width})"
        if case.shift:
            value = f"({value}) << {case.shift}"
    lines = []
    size = str(case.size)
    if "size64" in case.bit:
        size = (f"v >> {case.bit['size64']} & 1 ? 64 : 16 << (v >> {case.bit['size32']} & 1)")
    elif "size32" in case.bit:
        size = f"16 << (v >> {case.bit['size32']} & 1)"
    flags = []
    if case.unsigned:
        flags.append("AGX_ISA_UNSIGNED")
    for name, flag in (("abs", "AGX_ISA_ABS"), ("neg", "AGX_ISA_NEG"), ("sx", "AGX_ISA_SX"),
                       ("cache", "AGX_ISA_CACHE"), ("last", "AGX_ISA_DISCARD")):
        if name in case.bit:
            flags.append(f"(v >> {case.bit[name]} & 1) * {flag}")
    if "zx" in case.bit:
        flags.append(f"(~v >> {case.bit['zx']} & 1) * AGX_ISA_SX")
    if "hint" in case.bit:
        flags.append(f"hint_flags[v >> {case.bit['hint']} & 3]")
    mask, count = "0", str(case.count)
    if "mask" in case.bit:
        mask = f"v >> {case.bit['mask']} & 15"
        count = f"mask_count[v >> {case.bit['mask']} & 15]"
    if "count" in case.bit:
        count = f"(((v >> {case.bit['count']}) - 1) & 3) + 1"
    lines.append(f"\t\to->kind = AGX_ISA_{upper(case.kind)};")
    lines.append(f"\t\to->flags = {' | '.join(['flags'] + flags)};")
    lines.append(f"\t\to->bits = {size};")
    lines.append(f"\t\to->count = {count};")
    lines.append(f"\t\to->mask = {mask};")
    lines.append(f"\t\to->value = {value};")
    odd = False
    if case.kind in ("reg", "uniform") and not case.shift:
        fixed_even = case.mask & 1 and not case.match & 1 and field.ranges[0][0] == 0
        if ("size32" in case.bit or case.size in (32, 64)) and not fixed_even:
            odd = True
    if odd:
        lines.append("\t\treturn !(o->value & 1 && o->bits > 16);")
    else:
        lines.append("\t\treturn true;")
    return lines


def emit_operand(name, width, encoding):
    lines = [f"static inline bool operand_{name}_{width}(uint32_t v, uint8_t flags, "
             "struct agx_isa_operand *o)", "{"]
    closed = False
    for case in encoding.cases:
        body = emit_case(case, width)
        if case.mask:
            lines.append(f"\tif ((v & {case.mask:#x}) == {case.match:#x}) {{")
            lines += body + ["\t}"]
        else:
            lines += [line[1:] for line in body]
            closed = True
            break
    if not closed:
        lines.append("\treturn false;")
    return lines + ["}\n"]


def shape_key(op):
    return (tuple((o.role, o.is_dest, o.instance, o.field.key()) for o in op.operands),
            tuple((m.name, f.key()) for m, f in op.modifiers))


def number_shapes(table):
    """Gives each op the number of its shape; returns an op for each number."""
    shapes = {}
    for op in table.ops:
        op.shape = shapes.setdefault(shape_key(op), (len(shapes), op))[0]
    return [op for _, op in shapes.values()]


def emit_shape(index, op):
    lines = [f"static bool shape_{index}(uint64_t lo, uint64_t hi, struct agx_isa_instr *out)", "{"]
    if op.operands:
        lines.append("\tbool ok = true;\n")
    for i, o in enumerate(op.operands):
        flags = "AGX_ISA_DEST" if o.is_dest else "0"
        lines.append(f"\tout->operands[{i}].role = AGX_ISA_ROLE_{upper(o.role)};")
        lines.append(f"\tok &= operand_{o.encoding.name}_{o.field.width}("
                     f"{extract(o.field)}, {flags}, &out->operands[{i}]);")
    for modifier, field in op.modifiers:
        lines.append(f"\tout->modifiers[AGX_ISA_MODIFIER_{upper(modifier.name)}] = "
                     f"{extract(field)};")
    lines.append(f"\tout->operand_count = {len(op.operands)};")
    lines.append("\treturn ok;" if op.operands else "\treturn true;")
    return lines + ["}\n"]


def runs(bits):
    """Contiguous runs of set bits as (start, size)."""
    found, start = [], None
    for i in range(65):
        if bits >> i & 1 and i < 64:
            start = i if start is None else start
        elif start is not None:
            found.append((start, i - start))
            start = None
    return found


def choose_index(forms):
    """Up to two short runs of bits that tell the forms of one first byte apart best."""
    best = (len(forms), 0, [])
    if len(forms) <= 2:
        return []
    candidates = set()
    for form in forms:
        for start, size in runs(form.mask & LOW & ~0xff):
            for first in range(start, start + size):
                for last in range(first, min(start + size, first + 6)):
                    candidates.add((first, last - first + 1))
    candidates = sorted(candidates)

    def worst(fields):
        width = sum(size for _, size in fields)
        sizes = []
        for number in range(1 << width):
            sizes.append(len(bucket(forms, fields, number)))
        return max(sizes)

    for one in candidates:
        best = min(best, (worst([one]), one[1], [one]))
    if best[0] > 2:
        for one in candidates:
            for two in candidates:
                if one[0] + one[1] <= two[0] and one[1] + two[1] <= 4:
                    best = min(best, (worst([one, two]), one[1] + two[1], [one, two]))
    return best[2]


def bucket(forms, fields, number):
    mask = value = shift = 0
    for start, size in fields:
        mask |= ((1 << size) - 1) << start
        value |= (number >> shift & ((1 << size) - 1)) << start
        shift += size
    return [f for f in forms if not (f.match ^ value) & f.mask & mask]


def emit_decode(table):
    out = [HEADER]
    for i, form in enumerate(table.forms):
        form.index = i
    for (name, width), _ in table.instances.items():
        out += emit_operand(name, width, table.encodings[name])

    shapes = number_shapes(table)
    for index, op in enumerate(shapes):
        out += emit_shape(index, op)
    out.append("typedef bool (*shape_fn)(uint64_t lo, uint64_t hi, struct agx_isa_instr *out);\n")
    names = ", ".join(f"shape_{i}" for i in range(len(shapes)))
    out.append(f"static const shape_fn shapes[] = {{ {names} }};\n")

    # First byte -> which further bits, then -> list of forms. Lists end with NO_FORM.
    lists, list_index = [], {}

    def list_at(forms):
        key = tuple(f.index for f in forms)
        if key not in list_index:
            list_index[key] = len(lists)
            lists.extend([str(k) for k in key] + ["NO_FORM"])
        return list_index[key]

    buckets, bucket_index, dispatch = [], {}, []
    for byte in range(256):
        forms = [f for f in table.forms if not (f.match ^ byte) & f.mask & 0xff]
        key = tuple(f.index for f in forms)
        if key not in bucket_index:
            fields = choose_index(forms)
            width = sum(size for _, size in fields)
            base = len(buckets)
            for number in range(1 << width):
                buckets.append(list_at(bucket(forms, fields, number)))
            fields = (fields + [(0, 0), (0, 0)])[:2]
            (s1, n1), (s2, n2) = fields
            bucket_index[key] = (f"{{ {base}, {s1}, {(1 << n1) - 1:#x}, {s2}, {(1 << n2) - 1:#x}, "
                                 f"{n1} }}")
        dispatch.append(bucket_index[key])

    def rows(items, per_line):
        return ["\t" + ", ".join(map(str, items[i:i + per_line])) + ","
                for i in range(0, len(items), per_line)]

    out.append("static const uint16_t form_lists[] = {")
    out += rows(lists, 16) + ["};\n"]
    out.append("static const uint16_t buckets[] = {")
    out += rows(buckets, 16) + ["};\n"]
    out.append("static const struct dispatch dispatch[256] = {")
    out += rows(dispatch, 3) + ["};"]
    return "\n".join(out) + "\n"


# Texts


def minifloat(bits):
    exponent, mantissa = bits >> 4 & 7, bits & 15
    value = (16 + mantissa) * 2.0 ** (exponent - 7) if exponent else mantissa / 64.0
    return -value if bits & 0x80 else value


def minifloat_text(bits):
    value = minifloat(bits)
    return "%g.0" % value if value == int(value) else "%g" % value


def emit_text(table):
    out = [HEADER]

    def text(string):
        return f"{{ {quote(string)}, {len(string)} }}"

    out.append("static const struct mnemonic mnemonics[AGX_ISA_OPS] = {")
    for op in table.ops:
        bare = not op.operands and not op.modifiers
        out.append(f"\t[AGX_ISA_OP_{upper(op.name)}] = "
                   f"{text(op.mnemonic if bare else op.mnemonic.ljust(8))},")
    out.append("};\n")

    out.append("static const struct text minifloats[256] = {")
    for i in range(256):
        out.append(f"\t{text(minifloat_text(i))},")
    out.append("};\n")

    for modifier in table.modifiers.values():
        out.append(f"static const struct text texts_{modifier.name}[] = {{")
        if modifier.is_flag:
            out.append("\t[0] = { \"\", 0 },")
            out.append(f"\t[1] = {text(', ' + modifier.text)},")
        for v in modifier.values:
            out.append(f"\t[{v.number}] = "
                       f"{text('') if v.silent else text(', ' + v.text)},")
        out.append("};")
    out.append("\nstatic const struct modifier_text modifier_texts[AGX_ISA_MODIFIERS] = {")
    for modifier in table.modifiers.values():
        count = 2 if modifier.is_flag else max(v.number for v in modifier.values) + 1
        known = 3 if modifier.is_flag else sum(1 << v.number for v in modifier.values)
        out.append(f"\t[AGX_ISA_MODIFIER_{upper(modifier.name)}] = "
                   f"{{ texts_{modifier.name}, {count}, {known:#x} }},")
    out.append("};\n")

    out.append("static const struct modifier_list modifier_lists[AGX_ISA_OPS] = {")
    for op in table.ops:
        if op.modifiers:
            names = ", ".join(f"AGX_ISA_MODIFIER_{upper(m.name)}" for m, _ in op.modifiers)
            out.append(f"\t[AGX_ISA_OP_{upper(op.name)}] = "
                       f"{{ {len(op.modifiers)}, {{ {names} }} }},")
    out.append("};\n")

    names = table.names["sr"]
    out.append("static const struct long_text special_registers[256] = {")
    for v in names.values:
        out.append(f"\t[{v.number}] = {text(v.text)},")
    out.append("};")
    return "\n".join(out) + "\n"
