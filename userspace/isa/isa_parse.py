# SPDX-License-Identifier: MIT
"""Reads agx2.isa (its format is described at its top) and checks it."""

import re
import shlex

KINDS = ["none", "reg", "uniform", "imm", "fimm", "ts", "ss", "cf", "sr", "target"]
GENERATIONS = ["g13", "g14"]
MAX_BITS = 96
MAX_OPERANDS = 8
MAX_RANGES = 4


class TableError(Exception):
    pass


class Field:
    """Bits gathered from ranges, least significant range first."""

    def __init__(self, ranges):
        self.ranges = ranges
        self.width = sum(size for _, size in ranges)

    @property
    def mask(self):
        return self.place((1 << self.width) - 1)

    def place(self, value):
        bits, shift = 0, 0
        for start, size in self.ranges:
            bits |= ((value >> shift) & ((1 << size) - 1)) << start
            shift += size
        return bits

    def clip(self, width):
        """The part of the ranges that lies below a number of bits."""
        ranges = []
        for start, size in self.ranges:
            if start < width:
                ranges.append((start, min(size, width - start)))
        return Field(ranges)

    def key(self):
        return tuple(self.ranges)

    def __str__(self):
        return ",".join(str(s) if n == 1 else f"{s}:{s + n - 1}" for s, n in self.ranges)


class Value:
    def __init__(self, number, name, symbol, text, silent, doc):
        self.number, self.name, self.symbol = number, name, symbol
        self.text, self.silent, self.doc = text, silent, doc
        self.coords = self.parts = 0


class Modifier:
    def __init__(self, name, text, doc, is_flag):
        self.name, self.text, self.doc, self.is_flag = name, text, doc, is_flag
        self.values = []


class Case:
    """One way to encode an operand."""

    SINGLE = ["size32", "size64", "abs", "neg", "sx", "zx", "cache", "last"]
    WIDE = {"hint": 2, "mask": 4, "count": 2}

    def __init__(self, kind):
        self.kind = kind
        self.mask = self.match = 0
        self.value = None  # Field, "all" or None
        self.shift = 0
        self.signed = self.unsigned = False
        self.size = 0
        self.count = 1
        self.bit = {}

    def copy(self):
        other = Case(self.kind)
        other.__dict__.update(self.__dict__)
        other.bit = dict(self.bit)
        return other

    def used(self, width):
        bits = self.mask
        if self.value is not None:
            bits |= (1 << width) - 1 if self.value == "all" else self.value.mask
        for name, first in self.bit.items():
            bits |= ((1 << self.WIDE.get(name, 1)) - 1) << first
        return bits


class Encoding:
    def __init__(self, name, doc):
        self.name, self.doc, self.cases = name, doc, []


class Operand:
    def __init__(self, is_dest, role, encoding, field, applegpu):
        self.is_dest, self.role, self.encoding = is_dest, role, encoding
        self.field, self.applegpu = field, applegpu


class Op:
    def __init__(self, name, doc, line):
        self.name, self.doc, self.line = name, doc, line
        self.mnemonic = self.applegpu = name
        self.lengths, self.length_bit = [], 15
        self.match, self.expect = [], []
        self.operands, self.modifiers = [], []
        self.cls, self.flow = None, "none"
        self.properties, self.generations = [], list(GENERATIONS)
        self.notes = []
        self.family = None


class Form:
    """One length of an op, with everything beyond the length cut off."""

    def __init__(self, op, length, mask, match, covered, expected):
        self.op, self.length, self.mask, self.match = op, length, mask, match
        self.covered, self.expected = covered, expected


class Table:
    def __init__(self):
        self.classes, self.flows, self.properties = {}, {}, {}
        self.modifiers, self.names, self.encodings = {}, {}, {}
        self.ops = []
        self.roles = []
        self.forms = []
        self.headings = {}  # op name -> heading of the comment above it
        self.instances = {}  # (encoding, width) -> index


class Line:
    def __init__(self, number, depth, words, prose):
        self.number, self.depth, self.words, self.prose = number, depth, words, prose
        self.children = []


class Reader:
    def __init__(self, path):
        self.path = path
        self.table = Table()
        self.heading = None
        self.comments = {}

    def fail(self, line, message):
        number = line if isinstance(line, int) else line.number
        raise TableError(f"{self.path}:{number}: {message}")

    # Lines and their nesting

    def lines(self):
        root = Line(0, -1, [], "")
        stack = [root]
        with open(self.path, encoding="utf-8") as source:
            for number, text in enumerate(source, 1):
                text = text.rstrip("\n")
                if re.match(r"# \S", text):
                    self.comments[number] = text[2:]
                if not text.strip() or text.lstrip().startswith("#"):
                    continue
                depth = len(text) - len(text.lstrip("\t"))
                body, _, prose = text.strip().partition(" -- ")
                try:
                    words = shlex.split(body)
                except ValueError as error:
                    self.fail(number, str(error))
                line = Line(number, depth, words, prose.strip())
                while stack[-1].depth >= depth:
                    stack.pop()
                if stack[-1].depth != depth - 1:
                    self.fail(number, "indented too far")
                stack[-1].children.append(line)
                stack.append(line)
        return root.children

    # Pieces of lines

    def number(self, line, text):
        try:
            return int(text, 0)
        except ValueError:
            self.fail(line, f"not a number: {text}")

    def field(self, line, text, limit):
        ranges = []
        for part in text.split(","):
            first, _, last = part.partition(":")
            start = self.number(line, first)
            end = self.number(line, last) if last else start
            if end < start or end >= limit:
                self.fail(line, f"bad range of bits: {part}")
            ranges.append((start, end - start + 1))
        if len(ranges) > MAX_RANGES:
            self.fail(line, f"more than {MAX_RANGES} ranges: {text}")
        field = Field(ranges)
        if bin(field.mask).count("1") != field.width:
            self.fail(line, f"ranges overlap: {text}")
        return field

    def condition(self, line, text, limit):
        """BITS=N as (mask, match)"""
        bits, equals, value = text.partition("=")
        if not equals:
            self.fail(line, f"expected BITS=N, got {text}")
        field = self.field(line, bits, limit)
        number = self.number(line, value)
        if number >> field.width:
            self.fail(line, f"value does not fit: {text}")
        return field.mask, field.place(number)

    def value(self, line):
        words = list(line.words)
        number, name = self.number(line, words[0]), words[1]
        symbol, text, silent = name, name, False
        counts = {}
        rest = words[2:]
        while rest:
            word = rest.pop(0)
            if word == "as" and rest:
                symbol = rest.pop(0)
            elif word == "text" and rest:
                text = rest.pop(0)
            elif word == "silent":
                silent = True
            elif word in ("coords", "parts") and rest:
                counts[word] = self.number(line, rest.pop(0))
            else:
                self.fail(line, f"unexpected word: {word}")
        value = Value(number, name, symbol, "" if silent else text, silent, line.prose)
        value.__dict__.update(counts)
        return value

    def case(self, line, words, case):
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word in ("signed", "unsigned"):
                setattr(case, word, True)
                continue
            if not rest:
                self.fail(line, f"{word} needs an argument")
            argument = rest.pop(0)
            if word == "when":
                mask, match = self.condition(line, argument, 32)
                if case.mask & mask:
                    self.fail(line, f"condition on the same bits twice: {argument}")
                case.mask |= mask
                case.match |= match
            elif word == "value":
                case.value = "all" if argument == "all" else self.field(line, argument, 32)
            elif word == "shift":
                case.shift = self.number(line, argument)
            elif argument.startswith("@"):
                first, _, last = argument[1:].partition(":")
                first = self.number(line, first)
                width = self.number(line, last) - first + 1 if last else 1
                if width != (1 if word in Case.SINGLE else Case.WIDE.get(word)):
                    self.fail(line, f"wrong number of bits: {word} {argument}")
                case.bit[word] = first
            elif word == "size":
                case.size = self.number(line, argument)
            elif word == "count":
                case.count = self.number(line, argument)
            else:
                self.fail(line, f"unexpected word: {word}")

    # Blocks

    def prose_block(self, line, into):
        if len(line.words) != 2:
            self.fail(line, "expected one name")
        into[line.words[1]] = line.prose

    def read_values(self, line, is_names):
        name = line.words[1]
        modifier = Modifier(name, name, line.prose, False)
        seen = set()
        for child in line.children:
            value = self.value(child)
            if value.number in seen or value.number > 255:
                self.fail(child, "value twice or too large")
            seen.add(value.number)
            modifier.values.append(value)
        symbols = [v.symbol for v in modifier.values]
        if len(set(symbols)) != len(symbols):
            self.fail(line, "symbols are not unique")
        (self.table.names if is_names else self.table.modifiers)[name] = modifier

    def read_flag(self, line):
        words = line.words
        text = words[1]
        if len(words) == 4 and words[2] == "text":
            text = words[3]
        elif len(words) != 2:
            self.fail(line, "expected a name")
        self.table.modifiers[words[1]] = Modifier(words[1], text, line.prose, True)

    def read_encoding(self, line):
        encoding = Encoding(line.words[1], line.prose)
        every = None
        for child in line.children:
            word = child.words[0]
            if word == "every":
                every = child.words[1:]
                continue
            if word not in KINDS:
                self.fail(child, f"unknown kind: {word}")
            case = Case(word)
            if every:
                self.case(child, every, case)
            self.case(child, child.words[1:], case)
            encoding.cases.append(case)
        if not encoding.cases:
            self.fail(line, "no cases")
        self.table.encodings[encoding.name] = encoding

    def op_line(self, op, line):
        word, args = line.words[0], line.words[1:]
        table = self.table
        if word == "mnemonic":
            op.mnemonic = args[0]
        elif word == "applegpu":
            op.applegpu = args[0]
        elif word == "length":
            for arg in args:
                if arg.startswith("@"):
                    op.length_bit = self.number(line, arg[1:])
                else:
                    op.lengths.append(self.number(line, arg))
        elif word == "match":
            op.match += [self.condition(line, arg, MAX_BITS) for arg in args]
        elif word == "expect":
            op.expect += [self.condition(line, arg, MAX_BITS) for arg in args]
        elif word in ("dest", "src"):
            if len(args) not in (3, 5) or (len(args) == 5 and args[3] != "as"):
                self.fail(line, "expected ROLE ENCODING BITS [as FIELD]")
            role, encoding, bits = args[:3]
            if encoding not in table.encodings:
                self.fail(line, f"unknown encoding: {encoding}")
            if role not in table.roles:
                table.roles.append(role)
            op.operands.append(Operand(word == "dest", role, table.encodings[encoding],
                                       self.field(line, bits, MAX_BITS),
                                       args[4] if len(args) == 5 else role))
        elif word == "mod":
            if len(args) != 2 or args[0] not in table.modifiers:
                self.fail(line, "expected a known modifier and BITS")
            modifier = table.modifiers[args[0]]
            field = self.field(line, args[1], MAX_BITS)
            if modifier.is_flag and field.width != 1:
                self.fail(line, "a flag has one bit")
            if all(value.number >> field.width for value in modifier.values if value.number):
                if not modifier.is_flag:
                    self.fail(line, f"no value of {modifier.name} fits")
            op.modifiers.append((modifier, field))
        elif word == "class":
            if args[0] not in table.classes:
                self.fail(line, f"unknown class: {args[0]}")
            op.cls = args[0]
        elif word == "flow":
            if args[0] not in table.flows:
                self.fail(line, f"unknown flow: {args[0]}")
            op.flow = args[0]
        elif word == "long":
            op.properties.append("long")
        elif word == "is":
            for arg in args:
                if arg not in table.properties:
                    self.fail(line, f"unknown property: {arg}")
                if arg not in op.properties:
                    op.properties.append(arg)
        elif word == "gen":
            for arg in args:
                if arg not in GENERATIONS:
                    self.fail(line, f"unknown generation: {arg}")
            op.generations = args
        elif word == "note":
            op.notes.append(line.prose)
        else:
            self.fail(line, f"unexpected word: {word}")

    def read_op(self, line, shared, family):
        op = Op(line.words[1], line.prose, line.number)
        op.family = family
        if not line.prose:
            self.fail(line, "no description")
        for child in shared + line.children:
            self.op_line(op, child)
        self.check_op(line, op)
        self.table.ops.append(op)
        self.table.headings[op.name] = self.heading

    def read_family(self, line):
        shared = [child for child in line.children if child.words[0] != "op"]
        for child in line.children:
            if child.words[0] == "op":
                self.read_op(child, shared, " ".join(line.words[1:]))

    # Checks

    def check_op(self, line, op):
        if any(other.name == op.name for other in self.table.ops):
            self.fail(line, f"{op.name} twice")
        if len(op.lengths) not in (1, 2) or op.lengths != sorted(op.lengths):
            self.fail(line, "one or two ascending lengths expected")
        if any(n % 2 or not 2 <= n <= 12 for n in op.lengths):
            self.fail(line, "bad length")
        if not op.cls:
            self.fail(line, "no class")
        if len(op.operands) > MAX_OPERANDS:
            self.fail(line, "too many operands")
        if len({o.role for o in op.operands}) != len(op.operands):
            self.fail(line, "two operands with one role")
        limit = op.lengths[-1] * 8
        covered = 0
        for mask, _ in op.match:
            if mask & covered:
                self.fail(line, "match on the same bits twice")
            covered |= mask
        if covered & 0xff == 0:
            self.fail(line, "nothing to match in the first byte")
        if len(op.lengths) == 2:
            if covered >> op.length_bit & 1:
                self.fail(line, "match on the length bit")
        for operand in op.operands:
            width = operand.field.width
            if width > 32:
                self.fail(line, f"{operand.role} has more than 32 bits")
            if operand.field.mask >> limit:
                self.fail(line, f"{operand.role} lies beyond the end")
            for case in operand.encoding.cases:
                if case.mask >> width:
                    self.fail(line, f"{operand.role} is too narrow for {operand.encoding.name}")
        for modifier, field in op.modifiers:
            if field.mask >> limit:
                self.fail(line, f"{modifier.name} lies beyond the end")
        fields = 0
        for operand in op.operands:
            fields |= operand.field.mask
        for _, field in op.modifiers:
            fields |= field.mask
        for mask, _ in op.expect:
            if mask & (fields | covered):
                self.fail(line, "expect on bits of a field")
        self.check_exact(line, op)

    def check_exact(self, line, op):
        """Whatever case an operand takes, each of its bits must be kept somewhere."""
        for operand in op.operands:
            others = 0
            for other in op.operands:
                if other is not operand:
                    others |= other.field.mask
            for _, field in op.modifiers:
                others |= field.mask
            width = operand.field.width
            for case in operand.encoding.cases:
                lost = operand.field.place(~case.used(width) & ((1 << width) - 1)) & ~others
                if lost:
                    self.fail(line, f"{operand.role}: {operand.encoding.name} as {case.kind} "
                                    f"loses bits {lost:#x}")

    def forms(self):
        table = self.table
        for op in table.ops:
            mask = match = fields = expected = 0
            for m, v in op.match:
                mask |= m
                match |= v
            for operand in op.operands:
                fields |= operand.field.mask
            for _, field in op.modifiers:
                fields |= field.mask
            for _, v in op.expect:
                expected |= v
            op.forms = []
            for index, length in enumerate(op.lengths):
                cut = (1 << (length * 8)) - 1
                form_mask, form_match = mask, match
                if len(op.lengths) == 2:
                    form_mask |= 1 << op.length_bit
                    form_match |= index << op.length_bit
                if form_match & ~cut:
                    continue
                form = Form(op, length, form_mask & cut, form_match,
                            (form_mask | fields) & cut, expected & cut)
                op.forms.append(form)
                table.forms.append(form)
        for i, form in enumerate(table.forms):
            for other in table.forms[:i]:
                if (other.mask & ~form.mask) == 0 and not (other.match ^ form.match) & other.mask:
                    if not self.can_fall_through(other):
                        self.fail(form.op.line, f"hidden by {other.op.name}")

    @staticmethod
    def can_fall_through(form):
        """Whether an operand may be invalid, so that a later form gets its turn."""
        return any(len(o.encoding.cases) > 1 for o in form.op.operands)

    def number_instances(self):
        table = self.table
        for op in table.ops:
            for operand in op.operands:
                key = (operand.encoding.name, operand.field.width)
                operand.instance = table.instances.setdefault(key, len(table.instances))

    def read(self):
        table = self.table
        blocks = self.lines()
        for line in blocks:
            for number in range(line.number - 2, 0, -1):
                if number in self.comments:
                    self.heading = self.comments[number]
                    break
            word = line.words[0]
            if word == "class":
                self.prose_block(line, table.classes)
            elif word == "flow":
                self.prose_block(line, table.flows)
            elif word == "property":
                self.prose_block(line, table.properties)
            elif word == "values":
                self.read_values(line, False)
            elif word == "names":
                self.read_values(line, True)
            elif word == "flag":
                self.read_flag(line)
            elif word == "encoding":
                self.read_encoding(line)
            elif word == "family":
                self.read_family(line)
            elif word == "op":
                self.read_op(line, [], None)
            else:
                self.fail(line, f"unexpected word: {word}")
        self.forms()
        self.number_instances()
        return table


def read_table(path):
    return Reader(path).read()
