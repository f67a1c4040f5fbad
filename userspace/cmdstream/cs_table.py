# SPDX-License-Identifier: MIT
"""Reads agx.cs, the table of descriptors and control-stream words; its head says how."""

import re

TYPES = ("uint", "int", "bool", "hex", "float", "half", "fixed", "address", "usc")
TARGETS = (
    "nothing", "vdm", "cdm", "ppp", "usc", "cf", "shader", "uniforms", "textures", "samplers",
    "indices", "draw", "grid", "tessellation", "image", "metadata", "scissors", "depth_biases",
    "counters",
)
FLOWS = ("next", "link", "call", "return", "end")
NAME = re.compile(r"[a-z0-9][a-z0-9_]*$")
NAME_MAX = 35
RECORD_MAX = 24
FIELDS_MAX = 64
TEXT_MAX = 100


class TableError(Exception):
    """A line that does not say what the format allows."""


class Value:
    def __init__(self, value, name, doc):
        self.value, self.name, self.doc = value, name, doc
        self.bits = self.width = self.height = self.components = 0
        self.component, self.compressed = [0] * 4, False


class Enum:
    kind = "enum"

    def __init__(self, name):
        self.name, self.doc, self.source, self.values, self.channels = name, "", "", [], False

    def find(self, word):
        for value in self.values:
            if value.name == word:
                return value.value
        return None


class Condition:
    """Bit v of values is set for each value v of a field's bits for which it holds."""

    def __init__(self, text, start, width, values):
        self.text, self.start, self.width, self.values = text, start, width, values

    def key(self):
        return (self.start, self.width, self.values)


class Field:
    def __init__(self, name, runs, line):
        self.name, self.runs, self.line = name, runs, line  # runs: (start, width), lowest first
        self.width = sum(width for _, width in runs)
        self.type, self.encoding, self.shift, self.amount = "uint", "linear", 0, 0
        self.fraction, self.enum, self.target, self.doc, self.source = 0, None, "nothing", "", ""
        self.fixed = self.unknown = False
        self.preset = None
        self.align, self.min, self.max = 1, 0, 0
        self.conditions, self.condition_words = [], []

    def positions(self):
        """The record's bits in order of significance."""
        return [start + i for start, width in self.runs for i in range(width)]

    def decode(self, bits):
        if self.encoding == "log2":
            return 1 << bits
        if self.encoding == "groups":
            return self.amount * bits if bits else self.amount << self.width
        if self.type == "int" and bits >> (self.width - 1):
            bits -= 1 << self.width
        return ((bits << self.shift) + self.amount) & ((1 << 64) - 1)

    def encode(self, value):
        """Bits of a value, None if there are none."""
        if self.encoding == "log2":
            bits = value.bit_length() - 1
        elif self.encoding == "groups":
            bits = value // self.amount if self.amount else 0
            bits = 0 if bits == 1 << self.width else bits
        else:
            bits = (value - self.amount) >> self.shift
            if self.type == "int":
                bits &= (1 << self.width) - 1
        if bits < 0 or bits >> self.width or self.decode(bits) != value:
            return None
        return bits

    def bound_bits(self):
        return set(self.positions())


class Struct:
    kind = "struct"

    def __init__(self, name, size, title):
        self.name, self.size, self.title = name, size, title
        self.doc, self.source, self.show, self.fields = "", "", "", []

    def find(self, name):
        for field in self.fields:
            if field.name == name:
                return field
        return None

    def fixed(self):
        """Mask and value of the bits that are always so."""
        mask = value = 0
        for field in self.fields:
            if field.fixed:
                bits = field.encode(field.preset)
                for i, position in enumerate(field.positions()):
                    mask |= 1 << position
                    value |= (bits >> i & 1) << position
        return mask, value


class Part:
    def __init__(self, name, struct):
        self.name, self.struct = name, struct
        self.condition = Condition("", 0, 0, 1)
        self.times, self.count, self.variant = "once", None, "all"


class Block:
    kind = "block"

    def __init__(self, name, struct, title):
        self.name, self.title, self.doc, self.source = name, title, "", ""
        self.parts = [Part(struct.name, struct)]
        self.pad, self.pad_condition = 0, Condition("", 0, 0, 1)
        self.flow, self.otherwise, self.target = "next", "next", None
        self.flow_condition = Condition("", 0, 0, 0)


class Stream:
    kind = "stream"

    def __init__(self, name, title):
        self.name, self.title, self.doc, self.source = name, title, "", ""
        self.tag_start = self.tag_width = 0
        self.granule, self.blocks = 1, {}


class Table:
    """Everything, in the order of the file; sections are lists of what they hold."""

    def __init__(self, path):
        self.path, self.number, self.current = path, 0, None
        self.sources, self.enums, self.structs = {}, {}, {}
        self.blocks, self.streams, self.sections = {}, {}, []
        with open(path, encoding="utf-8") as lines:
            for self.number, line in enumerate(lines, 1):
                self.read(line.rstrip("\n"))
        for struct in self.structs.values():
            self.finish_struct(struct)
        for thing in [*self.enums.values(), *self.structs.values(), *self.blocks.values(),
                      *self.streams.values()]:
            if not thing.source or not thing.doc:
                self.fail("%s says not what it is, or not how that is known" % thing.name)

    def fail(self, what):
        raise TableError("%s:%u: %s" % (self.path, self.number, what))

    def read(self, line):
        if not line.strip() or line.startswith("#"):
            return
        text, _, doc = line.partition("|")
        words, doc = text.split(), doc.strip()
        if not line.startswith("\t"):
            self.begin(words, text)
        elif self.current is None:
            self.fail("a line of nothing")
        elif words[0] == "doc":
            self.current.doc = line.split(None, 1)[1]
        elif words[0] == "from":
            self.current.source = self.source(words[1])
        else:
            getattr(self, "line_" + self.current.kind)(words, doc, line)

    def source(self, key):
        if key not in self.sources:
            self.fail("no source %s" % key)
        return self.sources[key]

    def name(self, word):
        if not NAME.match(word) or len(word) > NAME_MAX:
            self.fail("%s is no name" % word)
        return word

    def number_of(self, word, enum=None):
        value = enum.find(word) if enum else None
        if value is not None:
            return value
        try:
            return int(word, 0)
        except ValueError:
            return self.fail("%s is neither a number nor a known name" % word)

    def begin(self, words, text):
        kind = words[0]
        if kind == "source":
            self.sources[words[1]] = text.split(None, 2)[2].strip()
            self.current = None
            return
        if kind == "section":
            self.sections.append((text.split(None, 1)[1].strip(), []))
            self.current = None
            return
        name = self.name(words[1])
        if kind in ("enum", "channels"):
            self.current, into = Enum(name), self.enums
            self.current.channels = kind == "channels"
        elif kind == "struct":
            self.current = Struct(name, self.number_of(words[2]), " ".join(words[3:]))
            into = self.structs
            if not 0 < self.current.size <= RECORD_MAX:
                self.fail("%s is too large" % name)
        elif kind == "block":
            if words[2] not in self.structs:
                self.fail("no structure %s" % words[2])
            self.current, into = Block(name, self.structs[words[2]], " ".join(words[3:])), self.blocks
        elif kind == "stream":
            self.current, into = Stream(name, " ".join(words[2:])), self.streams
        else:
            self.fail("%s is no definition" % kind)
        if name in into:
            self.fail("%s is there twice" % name)
        into[name] = self.current
        if not self.sections:
            self.fail("no section")
        self.sections[-1][1].append(self.current)

    def line_enum(self, words, doc, _):
        value = Value(self.number_of(words[0]), self.name(words[1]), doc)
        enum = self.current
        if enum.values and enum.values[-1].value >= value.value:
            self.fail("%s is not in order" % value.name)
        if value.value > 255:
            self.fail("%s is too large" % value.name)
        if enum.find(value.name) is not None:
            self.fail("%s is there twice" % value.name)
        if enum.channels:
            self.texel(value, words[2:])
        elif len(words) != 2:
            self.fail("a value has a number and a name")
        enum.values.append(value)

    def texel(self, value, words):
        sizes = [self.number_of(word) for word in words[0].split(":")]
        value.components, value.bits = self.number_of(words[1]), sum(sizes)
        value.width = value.height = 1
        if len(words) > 2:
            value.width, value.height = (self.number_of(word) for word in words[2].split("x"))
        value.compressed = len(sizes) != value.components or value.width * value.height > 1
        if not value.compressed:
            value.component = sizes + [0] * (4 - len(sizes))
        if value.bits % 8 or not 1 <= value.components <= 4:
            self.fail("%s: impossible size" % value.name)

    def runs(self, word):
        runs = []
        for run in word.split(","):
            first, _, last = run.partition("..")
            first, last = self.number_of(first), self.number_of(last or first)
            if last < first:
                self.fail("bits go from the lowest to the highest")
            runs.append((first, last - first + 1))
        if len(runs) > 2:
            self.fail("a field has at most two runs of bits")
        return runs

    def field_type(self, field, word):
        if word in ("log2",):
            field.encoding = "log2"
            return
        groups = re.match(r"x(\d+)$", word)
        if groups:
            field.encoding, field.amount = "groups", int(groups[1])
            return
        match = re.match(r"([a-z_0-9]+?)(?:<<(\d+))?(?:\+(\d+))?$", word)
        if not match:
            self.fail("%s is no type" % word)
        base = match[1]
        field.shift, field.amount = int(match[2] or 0), int(match[3] or 0)
        fixed = re.match(r"fixed(\d+)$", base)
        if fixed:
            field.type, field.fraction = "fixed", int(fixed[1])
        elif base in TYPES:
            field.type = base
        elif base in self.enums:
            field.type, field.enum = "enum", self.enums[base]
        else:
            self.fail("%s is no type" % base)

    def line_struct(self, words, doc, line):
        struct = self.current
        if words[0] == "show":
            struct.show = line.split(None, 1)[1]
            return
        if len(words) < 3:
            self.fail("a field has bits, a name and a type")
        field = Field(self.name(words[1]), self.runs(words[0]), self.number)
        if struct.find(field.name):
            self.fail("%s is there twice" % field.name)
        self.field_type(field, words[2])
        field.doc = doc
        words = words[3:]
        while words:
            word, words = words[0], words[1:]
            if word == "unknown":
                field.unknown = True
                continue
            if not words:
                self.fail("%s needs a value" % word)
            value, words = words[0], words[1:]
            if word in ("is", "preset"):
                field.fixed = word == "is"
                field.preset = self.number_of(value, field.enum)
            elif word == "range":
                low, high = value.split("..")
                field.min, field.max = self.number_of(low), self.number_of(high)
            elif word == "align":
                field.align = self.number_of(value)
            elif word == "to":
                if value not in TARGETS:
                    self.fail("no target %s" % value)
                field.target = value
            elif word == "from":
                field.source = self.source(value)
            elif word == "if":
                field.condition_words.append(value)
            else:
                self.fail("%s is no attribute" % word)
        if (field.type in ("address", "usc")) != (field.target != "nothing") and "high" not in \
                field.name:
            self.fail("%s: addresses, and they alone, lead somewhere" % field.name)
        if not field.doc and not field.unknown:
            self.fail("%s: what is it?" % field.name)
        if len(field.doc) > 2 * TEXT_MAX:
            self.fail("%s: too long a text" % field.name)
        if field.width > 64 or (field.type == "bool" and field.width != 1):
            self.fail("%s: impossible width" % field.name)
        if {"float": 32, "half": 16}.get(field.type, field.width) != field.width:
            self.fail("%s: impossible width" % field.name)
        if field.enum and any(value.value >> field.width for value in field.enum.values) and \
                field.enum.name != "channel":
            self.fail("%s: not all values fit" % field.name)
        if field.preset is None:
            field.preset = field.decode(0)
        if field.encode(field.preset) is None:
            self.fail("%s: the preset cannot be encoded" % field.name)
        if field.fixed and max(field.positions()) >= 64:
            self.fail("%s: fixed bits are in the first 8 bytes" % field.name)
        struct.fields.append(field)
        if len(struct.fields) > FIELDS_MAX:
            self.fail("%s has too many fields" % struct.name)

    def condition(self, struct, word):
        match = re.match(r"(!?)([a-z0-9_]+)(?:(!?=)(.*))?$", word)
        field = match and struct.find(match[2])
        if not field:
            self.fail("no condition %s" % word)
        if len(field.runs) != 1 or field.width > 5:
            self.fail("%s: conditions look at up to 5 bits in one piece" % word)
        everything = (1 << (1 << field.width)) - 1
        if match[3]:
            values = 0
            for value in match[4].split(","):
                number = self.number_of(value, field.enum)
                if number >> field.width:
                    self.fail("%s: %s does not fit" % (word, value))
                values |= 1 << number
            if match[3] == "!=":
                values ^= everything
        else:
            values = 1 if match[1] else everything & ~1
        return Condition(word, field.runs[0][0], field.width, values)

    def finish_struct(self, struct):
        """Resolves conditions, and checks that no two fields can have a bit at the same time."""
        for field in struct.fields:
            self.number = field.line
            field.conditions = [self.condition(struct, word) for word in field.condition_words]
            if max(field.positions()) >= 8 * struct.size:
                self.fail("%s lies outside of %s" % (field.name, struct.name))
        for i, one in enumerate(struct.fields):
            for other in struct.fields[i + 1:]:
                self.number = other.line
                shared = one.bound_bits() & other.bound_bits()
                if shared and not self.exclude(one, other):
                    self.fail("%s and %s overlap" % (one.name, other.name))
        for name in re.findall(r"\{([^}]*)\}", struct.show):
            if not struct.find(name):
                self.fail("%s shows %s, which it has not" % (struct.name, name))

    @staticmethod
    def exclude(one, other):
        return any(a.start == b.start and a.width == b.width and not a.values & b.values
                   for a in one.conditions for b in other.conditions)

    def line_block(self, words, _doc, _line):
        block = self.current
        head = block.parts[0].struct
        if words[0] == "with":
            if words[1] not in self.structs:
                self.fail("no structure %s" % words[1])
            part = Part(words[1], self.structs[words[1]])
            words = words[2:]
            while words:
                word, value, words = words[0], words[1], words[2:]
                if word == "as":
                    part.name = self.name(value)
                elif word == "if":
                    part.condition = self.condition(head, value)
                elif word == "times" and value == "caller":
                    part.times = "by_caller"
                elif word == "times" and head.find(value):
                    part.times, part.count = "by_field", head.find(value)
                elif word == "on" and value == "g14x":
                    part.variant = value
                else:
                    self.fail("%s %s is no attribute" % (word, value))
            block.parts.append(part)
        elif words[0] == "pad":
            block.pad = self.number_of(words[1])
            if len(words) > 2:
                block.pad_condition = self.condition(head, words[3])
        elif words[0] == "flow":
            if words[1] not in FLOWS:
                self.fail("no flow %s" % words[1])
            rest = dict(zip(words[2::2], words[3::2]))
            if "to" in rest:
                block.target = head.find(rest["to"])
            if "if" in rest:
                block.flow, block.flow_condition = words[1], self.condition(head, rest["if"])
            else:
                block.otherwise = words[1]
        else:
            self.fail("%s is no part" % words[0])

    def line_stream(self, words, _doc, _line):
        stream = self.current
        if words[0] == "tag":
            (stream.tag_start, stream.tag_width), = self.runs(words[1])
        elif words[0] == "granule":
            stream.granule = self.number_of(words[1])
        else:
            tag = self.number_of(words[0])
            if words[1] not in self.blocks or tag in stream.blocks or tag >> stream.tag_width:
                self.fail("impossible block")
            block = stream.blocks[tag] = self.blocks[words[1]]
            mask, value = block.parts[0].struct.fixed()
            own = ((1 << stream.tag_width) - 1) << stream.tag_start
            if mask & own != own or value & own != tag << stream.tag_start:
                self.fail("%s does not have this tag" % block.name)
