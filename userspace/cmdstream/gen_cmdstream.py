#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the table of descriptors and control-stream words into C and into a reference page.

  gen_cmdstream.py agx.cs pack OUTPUT      agx_cs_pack.h: structures, pack and unpack functions
  gen_cmdstream.py agx.cs tables OUTPUT    agx_cs_tables.c: the tables of agx_cmdstream.h
  gen_cmdstream.py agx.cs valid OUTPUT     agx_cs_valid.c: do a C structure's members make sense?
  gen_cmdstream.py agx.cs docs OUTPUT      cmdstream.md
"""

import sys

sys.dont_write_bytecode = True

import cs_docs  # pylint: disable=wrong-import-position
from cs_table import TARGETS, TableError, Table  # pylint: disable=wrong-import-position

NOTE = "// SPDX-License-Identifier: MIT\n/* Generated from agx.cs by gen_cmdstream.py. */\n"
ENCODINGS = {"linear": "LINEAR", "log2": "LOG2", "groups": "GROUPS"}


def upper(name):
    return name.upper()


class Header:
    """agx_cs_pack.h"""

    def __init__(self, table):
        self.table, self.out = table, []

    def line(self, depth, text):
        self.out.append("\t" * depth + text if text else "")

    def comment(self, depth, text):
        if text:
            self.line(depth, "/* %s */" % text.replace("*/", ""))

    def generate(self):
        self.out = [NOTE.replace("// SPDX-License-Identifier: MIT",
                                 "/* SPDX-License-Identifier: MIT */"),
                    "#ifndef AGX_CS_PACK_H", "#define AGX_CS_PACK_H", "",
                    "#include <string.h>", "", '#include "agx_cmdstream.h"',
                    '#include "pack_bits.h"', ""]
        self.ids()
        for enum in self.table.enums.values():
            self.enum(enum)
        for struct in self.table.structs.values():
            self.struct(struct)
        self.line(0, "#endif")
        return "\n".join(self.out) + "\n"

    def ids(self):
        self.comment(0, "Index in agx_cs_structs.")
        self.line(0, "enum agx_cs_id {")
        for struct in self.table.structs.values():
            self.line(1, "AGX_CS_ID_%s," % upper(struct.name))
        self.line(1, "AGX_CS_IDS,")
        self.line(0, "};\n")
        self.line(0, "enum agx_cs_block_id {")
        for block in self.table.blocks.values():
            self.line(1, "AGX_CS_BLOCK_%s," % upper(block.name))
        self.line(0, "};\n")
        self.comment(0, "Index in agx_cs_enums.")
        self.line(0, "enum agx_cs_enum_id {")
        for enum in self.table.enums.values():
            self.line(1, "AGX_CS_ENUM_%s," % upper(enum.name))
        self.line(0, "};\n")

    def enum(self, enum):
        self.comment(0, enum.doc)
        self.line(0, "enum agx_cs_%s {" % enum.name)
        for value in enum.values:
            self.comment(1, value.doc)
            form = "0x%02x" if enum.values[-1].value > 16 else "%u"
            self.line(1, ("AGX_CS_%s_%s = " + form + ",")
                      % (upper(enum.name), upper(value.name), value.value))
        self.line(0, "};\n")

    @staticmethod
    def c_type(field):
        """Type of a structure's member; None: a tag, which has none."""
        if field.fixed:
            return None
        if field.type in ("float", "half", "fixed"):
            return "float"
        if field.type == "bool":
            return "bool"
        if field.enum:
            return "enum agx_cs_%s" % field.enum.name
        if field.type == "int":
            return "int32_t" if field.width <= 32 else "int64_t"
        largest = field.decode((1 << field.width) - 1)
        if field.encoding == "groups":
            largest = field.decode(0)
        return "uint32_t" if largest >> 32 == 0 else "uint64_t"

    @staticmethod
    def pieces(struct, field):
        """(word, first bit in it, width, first bit of the field) for each word that it touches."""
        at = 0
        for start, width in field.runs:
            while width:
                word, low = divmod(start, 32)
                size = min(width, 32 - low)
                yield word, low, size, at
                start, width, at = start + size, width - size, at + size

    @staticmethod
    def mask(width):
        return "0x%xu" % ((1 << width) - 1)

    def condition(self, condition):
        word, low = divmod(condition.start, 32)
        if low + condition.width > 32:
            raise TableError("a condition crosses words")
        return "0x%xu >> (w%u >> %u & %s) & 1" % (condition.values, word, low,
                                                  self.mask(condition.width))

    def bits_of(self, struct, field):
        """Expression: the field's bits from the record's words."""
        terms, wide = [], field.width > 32
        for word, low, size, at in self.pieces(struct, field):
            term = "w%u" % word
            if low:
                term += " >> %u" % low
            if low + size < 32:
                term = "(%s & %s)" % (term, self.mask(size))
            elif low:
                term = "(%s)" % term
            if wide:
                term = "(uint64_t)" + term
            if at:
                term += " << %u" % at
            terms.append(term)
        return " | ".join(terms)

    def value_of(self, field, bits):
        """Expression: the member's value from the field's bits."""
        if field.type == "float":
            return "agx_cs_float(%s)" % bits
        if field.type == "half":
            return "agx_cs_from_half((uint16_t)(%s))" % bits
        if field.type == "bool":
            return "(bool)(%s)" % bits
        if field.enum:
            return "(enum agx_cs_%s)(%s)" % (field.enum.name, bits)
        if field.type == "int":
            pad = (32 if field.width <= 32 else 64) - field.width
            kind = "int32_t" if field.width <= 32 else "int64_t"
            cast = "(%s)((u%s)(%s)" % (kind, kind, bits)
            return cast + (" << %u) >> %u" % (pad, pad) if pad else ")")
        if field.encoding == "log2":
            return "1u << (%s)" % bits
        if field.encoding == "groups":
            return "agx_cs_from_groups(%s, %u, %u)" % (bits, field.amount, field.width)
        if field.shift and self.c_type(field) == "uint64_t" and field.width <= 32:
            bits = "(uint64_t)(%s)" % bits
        elif field.shift or field.amount:
            bits = "(%s)" % bits
        if field.shift:
            bits = "%s << %u" % (bits, field.shift)
        if field.amount:
            bits = "(%s) + %u" % (bits, field.amount)
        if field.fraction:
            return "(float)(%s) * (1.0f / %u)" % (bits, 1 << field.fraction)
        return bits

    def raw_of(self, field):
        """Expression: the field's bits from the member, what does not fit included."""
        member = "v->%s" % field.name
        if field.fixed:
            return "0x%xu" % field.encode(field.preset)
        if field.type == "float":
            return "agx_cs_bits_of_float(%s)" % member
        if field.type == "half":
            return "agx_cs_to_half(%s)" % member
        if field.fraction:
            member = "agx_cs_to_fixed(%s, %u)" % (member, 1 << field.fraction)
        kind = "uint64_t" if field.width > 32 else "uint32_t"
        if field.type in ("bool", "int") or field.enum:
            return "(%s)%s" % (kind, member)
        if field.encoding == "log2":
            return "agx_cs_to_log2(%s)" % member
        if field.encoding == "groups":
            return "agx_cs_to_groups(%s, %u)" % (member, field.amount)
        if field.amount:
            member = "(%s - %u)" % (member, field.amount)
        if field.shift:
            member = "%s >> %u" % (member, field.shift)
        if kind == "uint32_t" and self.c_type(field) == "uint64_t":
            member = "(uint32_t)(%s)" % member
        return member

    def fits(self, struct, field):
        """Condition: the member is something that the field holds; None: everything is."""
        member, most = "(uint64_t)v->%s" % field.name, (1 << field.width) - 1
        if field.fixed or field.type in ("float", "half", "int", "bool"):
            return None
        if field.fraction:
            return ("agx_cs_to_fixed(v->%s, %u) - %uu <= 0x%xu"
                    % (field.name, 1 << field.fraction, field.amount, most))
        if field.enum:
            return "%s <= 0x%xu" % (member, most) if field.width < 32 else None
        if field.encoding == "log2":
            return "v->%s && !(v->%s & (v->%s - 1))" % (field.name, field.name, field.name)
        if field.encoding == "groups":
            return ("(v->%s + %u) / %u <= 0x%xu"
                    % (field.name, field.amount - 1, field.amount, most + 1))
        if field.amount:
            member = "(%s - %u)" % (member, field.amount)
        if field.shift + field.width >= 64 and not field.shift:
            return None
        if field.shift:
            return ("!(%s & 0x%xu) && %s >> %u <= 0x%xull"
                    % (member, (1 << field.shift) - 1, member, field.shift, most))
        return "%s <= 0x%xull" % (member, most)

    def check_fits(self, depth, struct, field):
        condition = self.fits(struct, field)
        if condition:
            self.line(0, "#ifdef AGX_CS_PACK_CHECKS")
            self.line(depth, 'AGX_CS_FITS(%s, "%s.%s");' % (condition, struct.name, field.name))
            self.line(0, "#endif")

    def fill(self, depth, struct, field, begun):
        """Statements that put the field's bits into words; begun: words that have some."""
        pieces = list(self.pieces(struct, field))
        raw = self.raw_of(field)
        self.check_fits(depth, struct, field)
        if len(pieces) > 1:
            kind = "uint64_t" if field.width > 32 else "uint32_t"
            self.line(depth, "const %s %s = %s;" % (kind, field.name, raw))
            raw = field.name
        for word, low, size, at in pieces:
            term = raw
            if at:
                term = "(%s) >> %u" % (term, at)
            if field.width > 32:
                term = "(uint32_t)(%s)" % term
            if size < 32:
                term = "((%s) & %s)" % (term, self.mask(size))
            if low:
                term += " << %u" % low
            self.line(depth, "w%u %s %s;" % (word, "|=" if word in begun else "=", term))
            begun.add(word)

    def struct(self, struct):
        name, members = "agx_cs_" + struct.name, [f for f in struct.fields if not f.fixed]
        self.line(0, "/* %s. %s */" % (struct.title, struct.doc))
        self.line(0, "#define AGX_CS_%s_SIZE %u\n" % (upper(struct.name), struct.size))
        if struct.fields:
            self.line(0, "enum %s_field {" % name)
            for field in struct.fields:
                self.line(1, "AGX_CS_F_%s_%s," % (upper(struct.name), upper(field.name)))
            self.line(0, "};\n")
        self.line(0, "struct %s {" % name)
        for field in members:
            self.comment(1, field.doc)
            self.line(1, "%s %s;" % (self.c_type(field), field.name))
        if not members:
            self.line(1, "char nothing;")
        self.line(0, "};\n")
        self.init(struct, name, members)
        self.unpack(struct, name, members)
        self.pack(struct, name)

    def init(self, struct, name, members):
        self.line(0, "static inline void %s_init(struct %s *v)" % (name, name))
        self.line(0, "{")
        for field in members or [None]:
            self.line(1, "v->%s = %s;" % (field.name, self.preset(field)) if field
                      else "v->nothing = 0;")
        self.line(0, "}\n")

    def preset(self, field):
        bits = field.encode(field.preset)
        if not bits and field.encoding == "linear" and not field.amount and not field.enum:
            return "0"
        text = self.value_of(field, "0x%xu" % bits)
        return text

    def words(self, struct):
        return (struct.size + 3) // 4

    def unpack(self, struct, name, members):
        self.line(0, "static inline void %s_unpack(struct %s *v, const void *record)"
                  % (name, name))
        self.line(0, "{")
        used = {piece[0] for field in members for piece in self.pieces(struct, field)}
        used |= {c.start // 32 for field in members for c in field.conditions}
        for word in sorted(used):
            size = 16 if struct.size - 4 * word == 2 else 32
            self.line(1, "const uint32_t w%u = agx_cs_load%u(record, %u);" % (word, size, word))
        if not members:
            self.line(1, "(void)record;")
            self.line(1, "v->nothing = 0;")
        for field in members:
            value = self.value_of(field, self.bits_of(struct, field))
            if field.conditions:
                test = " && ".join("(%s)" % self.condition(c) for c in field.conditions)
                self.line(1, "v->%s = %s ?" % (field.name, test if "&&" in test else test))
                self.line(2, "(%s) : %s;" % (value, self.preset(field)))
            else:
                self.line(1, "v->%s = %s;" % (field.name, value))
        self.line(0, "}\n")

    def pack(self, struct, name):
        self.line(0, "static inline void %s_pack(void *record, const struct %s *v)" % (name, name))
        self.line(0, "{")
        words, begun = self.words(struct), set()
        self.line(1, "uint32_t %s;" % ", ".join("w%u" % w for w in range(words)))
        if not any(not field.fixed for field in struct.fields):
            self.line(1, "(void)v;")
        self.out.append("")
        plain = [field for field in struct.fields if not field.conditions]
        for field in plain:
            self.fill(1, struct, field, begun)
        for word in sorted(set(range(words)) - begun):
            self.line(1, "w%u = 0;" % word)
        begun |= set(range(words))
        for field in struct.fields:
            if field.conditions:
                test = " && ".join("(%s)" % self.condition(c) for c in field.conditions)
                self.line(1, "if (%s) {" % test)
                self.fill(2, struct, field, begun)
                self.line(1, "}")
        for word in range(words):
            size = 16 if struct.size - 4 * word == 2 else 32
            self.line(1, "agx_cs_store%u(record, %u, w%u);" % (size, word, word))
        self.line(0, "}\n")
        if any(not field.fixed for field in struct.fields):
            self.comment(0, "Can all members be encoded as they are, and do they make sense?")
            self.line(0, "bool %s_valid(const struct %s *v);\n" % (name, name))


def valid(table):
    """What packing changes is not encodable; the record must pass the checks as well."""
    out = [NOTE, '#include "agx_cs_pack.h"\n']
    for struct in table.structs.values():
        members = [field for field in struct.fields if not field.fixed]
        if not members:
            continue
        name = "agx_cs_" + struct.name
        out += ["bool %s_valid(const struct %s *v)" % (name, name), "{",
                "\tuint8_t record[AGX_CS_%s_SIZE];" % upper(struct.name),
                "\tstruct %s back;" % name, "",
                "\t%s_pack(record, v);" % name, "\t%s_unpack(&back, record);" % name]
        for field in members:
            if Header.c_type(field) == "float":
                out.append("\tif (agx_cs_bits_of_float(back.%s) != agx_cs_bits_of_float(v->%s))"
                           % (field.name, field.name))
            else:
                out.append("\tif (back.%s != v->%s)" % (field.name, field.name))
            out.append("\t\treturn false;")
        out += ["\treturn !agx_cs_check(&agx_cs_structs[AGX_CS_ID_%s], record, NULL, NULL);"
                % upper(struct.name), "}", ""]
    return "\n".join(out)


class Tables:
    """agx_cs_tables.c"""

    def __init__(self, table):
        self.table, self.out = table, []
        self.texts, self.pool = {"": 0}, [""]
        self.end = 1
        self.whens, self.when_rows = {}, []

    def line(self, text):
        self.out.append(text)

    def text(self, text):
        if text not in self.texts:
            self.texts[text] = self.end
            self.pool.append(text)
            self.end += len(text.encode()) + 1
        return self.texts[text]

    @staticmethod
    def quote(text):
        return '"%s"' % "".join(
            c if 32 <= ord(c) < 127 and c not in '"\\' else "".join("\\%03o" % b for b in
                                                                    c.encode("latin-1"))
            for c in text)

    def when(self, condition):
        return "{%u, %u, 0x%x}" % condition.key()

    def whens_of(self, field):
        """Where the field's conditions start in agx_cs_whens."""
        key = tuple(c.key() for c in field.conditions)
        if not key:
            return 0
        if key not in self.whens:
            self.whens[key] = len(self.when_rows)
            self.when_rows += [self.when(c) for c in field.conditions]
        return self.whens[key]

    def generate(self):
        self.line(NOTE)
        self.line('#include "agx_cs_pack.h"\n')
        self.channels()
        for enum in self.table.enums.values():
            self.values(enum)
        self.line("const struct agx_cs_enum agx_cs_enums[] = {")
        for enum in self.table.enums.values():
            present = sum(1 << value.value for value in enum.values)
            words = ", ".join("0x%x" % (present >> at & (1 << 64) - 1) for at in (0, 64, 128, 192))
            dense = all(i == value.value for i, value in enumerate(enum.values))
            self.line("\t{%s, values_%s, %u, %s, {%s}, %u, %u}," % (
                self.quote(enum.name), enum.name, len(enum.values), str(dense).lower(), words,
                self.text(enum.doc), self.text(enum.source)))
        self.line("};\n")
        self.line("const unsigned int agx_cs_enum_count = %u;\n" % len(self.table.enums))
        for struct in self.table.structs.values():
            self.fields(struct)
        self.line("const struct agx_cs_when agx_cs_whens[] = {")
        for row in self.when_rows:
            self.line("\t%s," % row)
        self.line("};\n")
        self.structs()
        for block in self.table.blocks.values():
            self.parts(block)
        self.blocks()
        for stream in self.table.streams.values():
            self.stream(stream)
        self.line("const char agx_cs_texts[] =")
        for text in self.pool[:-1]:
            self.line("\t%s" % self.quote(text + "\0"))
        self.line("\t%s;" % self.quote(self.pool[-1]))
        return "\n".join(self.out) + "\n"

    def channels(self):
        self.line("const struct agx_cs_channels_info agx_cs_channels_info[128] = {")
        for enum in self.table.enums.values():
            if enum.channels:
                for value in enum.values:
                    self.line("\t[0x%02x] = {%u, %u, %u, %u, {%s}, %s}," % (
                        value.value, value.bits, value.width, value.height, value.components,
                        ", ".join(str(bits) for bits in value.component),
                        str(value.compressed).lower()))
        self.line("};\n")

    def values(self, enum):
        self.line("static const struct agx_cs_value values_%s[] = {" % enum.name)
        for value in enum.values:
            self.line("\t{0x%x, %u, %s}," % (value.value, self.text(value.doc),
                                            self.quote(value.name)))
        self.line("};\n")

    def fields(self, struct):
        if not struct.fields:
            return
        self.line("static const struct agx_cs_field fields_%s[] = {" % struct.name)
        for field in struct.fields:
            self.line("\t{")
            self.line("\t\t.name = %s," % self.quote(field.name))
            rows = {
                "type": "AGX_CS_%s" % upper(field.type),
                "encoding": "AGX_CS_%s" % ENCODINGS[field.encoding],
                "shift": field.shift, "fraction": field.fraction, "amount": field.amount,
                "target": "AGX_CS_TO_%s" % upper(field.target)
                          if field.target != TARGETS[0] else 0,
                "parts": len(field.runs), "width": field.width,
                "when_count": len(field.conditions), "when": self.whens_of(field),
                "values": "AGX_CS_ENUM_%s" % upper(field.enum.name) if field.enum else 0,
                "fixed": str(field.fixed).lower() if field.fixed else 0,
                "unknown": str(field.unknown).lower() if field.unknown else 0,
                "bits": "{%s}" % ", ".join("{%u, %u}" % run for run in field.runs),
                "doc": self.text(field.doc), "source": self.text(field.source),
                "preset": "0x%xu" % field.preset if field.preset else 0,
                "align": field.align, "min": "%uu" % field.min if field.min else 0,
                "max": "%uu" % field.max if field.max else 0,
            }
            for key, value in rows.items():
                if value != 0:
                    self.line("\t\t.%s = %s," % (key, value))
            self.line("\t},")
        self.line("};\n")

    def show(self, struct):
        """The line's text, a field being a byte of 128 and more: 128 + its index."""
        text = struct.show
        for i, field in enumerate(struct.fields):
            text = text.replace("{%s}" % field.name, chr(128 + i))
        return self.text_bytes(text)

    def text_bytes(self, text):
        if text not in self.texts:
            self.texts[text] = self.end
            self.pool.append(text)
            self.end += len(text) + 1
        return self.texts[text]

    def structs(self):
        self.line("const struct agx_cs_struct agx_cs_structs[] = {")
        for struct in self.table.structs.values():
            known, always, overlaid = [0] * 24, [0] * 24, 0
            for i, field in enumerate(struct.fields):
                overlaid |= bool(field.conditions) << i
                for bit in field.positions():
                    known[bit // 8] |= 1 << bit % 8
                    if not field.conditions:
                        always[bit // 8] |= 1 << bit % 8
            mask, value = struct.fixed()
            self.line("\t{")
            self.line("\t\t.name = %s," % self.quote(struct.name))
            self.line("\t\t.id = AGX_CS_ID_%s," % upper(struct.name))
            self.line("\t\t.size = %u," % struct.size)
            self.line("\t\t.field_count = %u," % len(struct.fields))
            if any(field.conditions for field in struct.fields):
                self.line("\t\t.overlays = true,")
            if struct.fields:
                self.line("\t\t.fields = fields_%s," % struct.name)
            self.line("\t\t.title = %u," % self.text(struct.title))
            self.line("\t\t.doc = %u," % self.text(struct.doc))
            self.line("\t\t.source = %u," % self.text(struct.source))
            if struct.show:
                self.line("\t\t.show = %u," % self.show(struct))
            if mask:
                self.line("\t\t.fixed_mask = 0x%x," % mask)
                self.line("\t\t.fixed_value = 0x%x," % value)
            self.line("\t\t.judged = 0x%x," % self.judged(struct))
            self.line("\t\t.overlaid = 0x%x," % overlaid)
            for name, covered in (("known", known), ("always", always)):
                self.line("\t\t.%s = {%s}," % (name, ", ".join("0x%02x" % b for b in covered)))
            self.line("\t},")
        self.line("};\n")
        self.line("const unsigned int agx_cs_struct_count = %u;\n" % len(self.table.structs))

    @staticmethod
    def judged(struct):
        """Fields that have values which are wrong."""
        mask = 0
        for i, field in enumerate(struct.fields):
            nameless = field.enum and len(field.enum.values) < 1 << field.width
            if not field.fixed and (nameless or field.align > 1 or field.max):
                mask |= 1 << i
        return mask

    def field_of(self, struct, field):
        return "&fields_%s[AGX_CS_F_%s_%s]" % (struct.name, upper(struct.name), upper(field.name))

    def parts(self, block):
        head = block.parts[0].struct
        self.line("static const struct agx_cs_part parts_%s[] = {" % block.name)
        for part in block.parts:
            self.line("\t{")
            self.line("\t\t.name = %s," % self.quote(part.name))
            self.line("\t\t.desc = &agx_cs_structs[AGX_CS_ID_%s]," % upper(part.struct.name))
            self.line("\t\t.when = %s," % self.when(part.condition))
            if part.times != "once":
                self.line("\t\t.times = AGX_CS_%s," % upper(part.times))
            if part.variant != "all":
                self.line("\t\t.variant = AGX_CS_%s," % upper(part.variant))
            if part.count:
                self.line("\t\t.count_field = %s," % self.field_of(head, part.count))
            self.line("\t},")
        self.line("};\n")

    def blocks(self):
        self.line("static const struct agx_cs_block blocks[] = {")
        for block in self.table.blocks.values():
            self.line("\t[AGX_CS_BLOCK_%s] = {" % upper(block.name))
            self.line("\t\t.name = %s," % self.quote(block.name))
            self.line("\t\t.id = AGX_CS_BLOCK_%s," % upper(block.name))
            self.line("\t\t.part_count = %u," % len(block.parts))
            self.line("\t\t.flow = AGX_CS_%s," % upper(block.flow))
            self.line("\t\t.otherwise = AGX_CS_%s," % upper(block.otherwise))
            self.line("\t\t.pad = %u," % block.pad)
            self.line("\t\t.flow_when = %s," % self.when(block.flow_condition))
            self.line("\t\t.pad_when = %s," % self.when(block.pad_condition))
            self.line("\t\t.parts = parts_%s," % block.name)
            if block.target:
                self.line("\t\t.target = %s,"
                          % self.field_of(block.parts[0].struct, block.target))
            self.line("\t\t.title = %u," % self.text(block.title))
            self.line("\t\t.doc = %u," % self.text(block.doc))
            self.line("\t\t.source = %u," % self.text(block.source))
            self.line("\t},")
        self.line("};\n")

    def stream(self, stream):
        self.line("static const struct agx_cs_block *const blocks_%s[%u] = {"
                  % (stream.name, 1 << stream.tag_width))
        for tag, block in stream.blocks.items():
            self.line("\t[0x%02x] = &blocks[AGX_CS_BLOCK_%s]," % (tag, upper(block.name)))
        self.line("};\n")
        self.line("const struct agx_cs_stream agx_cs_%s = {" % stream.name)
        self.line("\t.name = %s," % self.quote(stream.name))
        self.line("\t.tag_start = %u," % stream.tag_start)
        self.line("\t.tag_width = %u," % stream.tag_width)
        self.line("\t.granule = %u," % stream.granule)
        self.line("\t.blocks = blocks_%s," % stream.name)
        self.line("\t.title = %u," % self.text(stream.title))
        self.line("\t.doc = %u," % self.text(stream.doc))
        self.line("\t.source = %u," % self.text(stream.source))
        self.line("};\n")


def main():
    if len(sys.argv) != 4 or sys.argv[2] not in ("pack", "tables", "valid", "docs"):
        sys.exit(__doc__)
    try:
        table = Table(sys.argv[1])
        if sys.argv[2] == "pack":
            text = Header(table).generate()
        elif sys.argv[2] == "tables":
            text = Tables(table).generate()
        elif sys.argv[2] == "valid":
            text = valid(table)
        else:
            text = cs_docs.generate(table)
    except TableError as error:
        sys.exit("gen_cmdstream.py: %s" % error)
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        out.write(text)


if __name__ == "__main__":
    main()
