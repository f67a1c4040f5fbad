# SPDX-License-Identifier: MIT
"""Finds what can be changed in a C source, and draws a sample of changes.

A mutant is one small change of one file: the text of a span is replaced. Comments, string
literals, conditions of the preprocessor, assertions and calls that make text for people are never
changed. Only the shape of the code is looked at, relying on the tree's own format (blanks around
binary operators, none before the brace of a compound literal); what does not compile is for the
caller to drop.
"""

import difflib
import random
import re

HUMAN = re.compile(
    r"\b(?:agx_log\w*|agx_node_log\w*|agx_text_\w+|log_\w+|\w+_log|assert|static_assert"
    r"|_Static_assert|AGX_SIZE|AGX_AT|AGX_FW_SIZE|AGX_FW_AT|AGX_ASSERT\w*|__attribute__)\s*\("
)
TOKEN = re.compile(
    r"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+[uUlL]*|\d[\w.]*"
    r"|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\x00+|[^\s\w]"
)
NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$")
CONSTANT_NAME = re.compile(r"[A-Z][A-Z0-9_]+$")
KEYWORDS = frozenset(
    "if else for while do switch case default return goto break continue sizeof struct union enum"
    " static const unsigned signed int char short long void volatile extern inline typedef"
    " register _Alignof _Alignas typeof __typeof__ offsetof defined".split()
)
ERRNOS = ["EINVAL", "EIO", "ENOMEM", "ENOENT", "EBUSY", "EPERM"]
FLIPS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
}
ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
    "^": "&", "&&": "||", "||": "&&", "+=": "-=", "-=": "+=", "|=": "=", "&=": "=", "<<=": ">>=",
    ">>=": "<<=",
}
WIDTHS = {
    "fw_u8": "fw_u16", "fw_u16": "fw_u32", "fw_u32": "fw_u64", "fw_u64": "fw_u32",
    "fw_i32": "fw_u64", "fw_va": "fw_u32", "fw_pa": "fw_u32",
}


class Mutant:
    """One change: text[start:end] of a file becomes `new`."""

    def __init__(self, path, text, start, end, new, kind):
        self.path, self.start, self.end, self.new, self.kind = path, start, end, new, kind
        self.line = text.count("\n", 0, start) + 1
        self.number = None

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]

    def changed_line(self, text):
        """The line before and after, without the blanks at its ends; the first that differs."""
        for old, new in zip(text.splitlines(), self.apply(text).splitlines()):
            if old != new:
                return old.strip(), new.strip()
        return "", ""

    def diff(self, text):
        return "".join(
            difflib.unified_diff(
                text.splitlines(True),
                self.apply(text).splitlines(True),
                "a/" + self.path,
                "b/" + self.path,
            )
        )


def blank(out, start, end):
    for i in range(start, end):
        if out[i] != "\n":
            out[i] = "\0"


def closing(text, opening):
    """Index of the bracket that closes the one at `opening`, or -1."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth, want = 0, pairs[text[opening]]
    for i in range(opening, len(text)):
        if text[i] == text[opening]:
            depth += 1
        elif text[i] == want:
            depth -= 1
            if depth == 0:
                return i
    return -1


def masked(text):
    """The text with everything that must not change replaced by zeroes, at the same places."""
    out = list(text)
    pattern = re.compile(
        r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
    )
    for match in pattern.finditer(text):
        # Comments become blanks, so that code around them is still seen as adjacent.
        for i in range(match.start(), match.end()):
            if out[i] != "\n":
                out[i] = " " if match.group()[0] == "/" else "\0"
    code = "".join(out)
    # Directives, except for the replacement of a macro.
    for match in re.finditer(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", code, re.MULTILINE):
        body = re.match(r"[ \t]*#[ \t]*define[ \t]+\w+(?:\([^)]*\))?", match.group())
        blank(out, match.start(), match.start() + body.end() if body else match.end())
        if body:
            for i in range(match.start(), match.end()):
                if out[i] == "\\":
                    out[i] = " "
    code = "".join(out)
    for match in HUMAN.finditer(code):
        end = closing(code, match.end() - 1)
        if end >= 0:
            blank(out, match.start(), end + 1)
    # The error counts, the words about it do not.
    for match in re.finditer(r"\bagx_reject\s*\(", code):
        end = closing(code, match.end() - 1)
        words = code.find("\0", match.end())
        if 0 <= words < end:
            blank(out, words, end)
    return "".join(out)


class Source:
    """A file, cut into tokens, with the kind of brace that each token is in."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.code = masked(text)
        self.tokens = [(m.group(), m.start()) for m in TOKEN.finditer(self.code)]
        self.mutants = []
        self.context()

    def context(self):
        """self.inside[i]: "block", "type", "list" or "" (outside of all braces)."""
        self.inside, stack = [], []
        statement = []
        for i, (token, at) in enumerate(self.tokens):
            self.inside.append(stack[-1] if stack else "")
            if token == "{":
                before = self.tokens[i - 1] if i else ("", 0)
                tight = before[1] + len(before[0]) == at
                own_line = self.text[at - 1:at] in ("", "\n")
                if statement[:1] and statement[0] in ("struct", "union", "enum", "typedef") and (
                    "=" not in statement and not own_line
                ):
                    kind = "enum" if "enum" in statement else "type"
                elif (before[0] == ")" and not tight) or before[0] in ("else", "do") or own_line:
                    kind = "block"
                elif before[0] in (";", "{", "}", ":") and stack and stack[-1] == "block":
                    kind = "block"
                else:
                    kind = "list"
                stack.append(kind)
                statement = []
            elif token == "}":
                if stack:
                    stack.pop()
                statement = []
            elif token == ";":
                statement = []
            else:
                statement.append(token)

    def add(self, start, end, new, kind):
        if self.text[start:end] != new:
            self.mutants.append(Mutant(self.path, self.text, start, end, new, kind))

    def spaced(self, i):
        token, at = self.tokens[i]
        end = at + len(token)
        return self.code[at - 1:at] in " \n\t" and self.code[end:end + 1] in " \n\t"

    def constants(self):
        for i, (token, at) in enumerate(self.tokens):
            number = NUMBER.match(token)
            if number:
                digits, suffix = number.groups()
                if len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX":
                    continue
                value = int(digits, 0)
                show = hex if digits[:2] in ("0x", "0X") else str
                new = {value + 1, value - 1 if value else 1}
                if show is hex and value > 0xf:
                    new |= {value ^ 1 << (value.bit_length() // 2), value << 4}
                if self.room(i):
                    new = {v for v in new if v < value}
                for v in sorted(new):
                    self.add(at, at + len(token), show(v) + suffix, "constant")
            elif token in ERRNOS or re.match(r"E[A-Z0-9]{3,}$", token):
                if i and self.tokens[i - 1][0] == "-":
                    other = "EINVAL" if token != "EINVAL" else "EIO"
                    self.add(at, at + len(token), other, "errno")
            elif token in ("true", "false"):
                self.add(at, at + len(token), "false" if token == "true" else "true", "constant")

    def room(self, i):
        """Whether a number is the size of a variable: more of it changes nothing."""
        if self.inside[i] not in ("block", "") or self.tokens[i - 1][0] != "[":
            return False
        line = self.code[self.code.rfind("\n", 0, self.tokens[i][1]) + 1:]
        return bool(re.match(r"\s*[A-Za-z_][\w ]* \*?\w+\[[^=\n]*;", line))

    def operators(self):
        for i, (token, at) in enumerate(self.tokens):
            if not self.spaced(i):
                continue
            if token in FLIPS:
                self.add(at, at + len(token), FLIPS[token], "comparison")
            elif token in ARITHMETIC:
                self.add(at, at + len(token), ARITHMETIC[token], "operator")
            if token == "|" and 0 < i < len(self.tokens) - 1:
                before, after = self.tokens[i - 1], self.tokens[i + 1]
                nexts = self.tokens[i + 2][0] if i + 2 < len(self.tokens) else ""
                if CONSTANT_NAME.match(after[0]) and nexts in ("|", ";", ",", ")", "}", ":"):
                    self.add(before[1] + len(before[0]), after[1] + len(after[0]), "", "flag")
                elif CONSTANT_NAME.match(before[0]):
                    self.add(before[1], after[1], "", "flag")

    def conditions(self):
        for i, (token, at) in enumerate(self.tokens[:-1]):
            if token in ("if", "while") and self.tokens[i + 1][0] == "(":
                start = self.tokens[i + 1][1]
                end = closing(self.code, start)
                if end > 0 and "\0" not in self.code[start:end]:
                    inner = self.text[start + 1:end]
                    self.add(start, end + 1, "(!(" + inner + "))", "negation")

    def statements(self):
        """Statements in functions, as (first, last) token: expressions, jumps and returns."""
        first = None
        depth = 0
        for i, (token, _) in enumerate(self.tokens):
            if token in "([":
                depth += 1
            elif token in ")]":
                depth = max(depth - 1, 0)
            if self.inside[i] != "block" or token in "{}":
                if self.inside[i] in ("block", "") or token == "{" and self.inside[i] == "block":
                    first, depth = None, 0
                continue
            if first is None:
                first = i
            if depth == 0 and token == ":" and self.tokens[first][0] in ("case", "default"):
                first = None
            elif depth == 0 and token == ":" and i == first + 1:
                first = None
            elif depth == 0 and token == "else":
                first = None
            elif token == ")" and depth == 0 and self.tokens[first][0] in (
                "if", "while", "for", "switch"
            ):
                first = None
            elif token == ";" and depth == 0:
                yield first, i
                first = None

    def removals(self):
        before = None
        for first, last in self.statements():
            words = [t for t, _ in self.tokens[first:last]]
            start, end = self.tokens[first][1], self.tokens[last][1]
            if not words or "\0" in self.code[start:end]:
                before = None
                continue
            if words[0] == "return":
                if words[1:2] == ["-"] or words[1:] in (["err"], ["ret"]):
                    self.add(start, end, "return 0", "return")
                before = None
                continue
            declaration = (
                len(words) > 1
                and (words[0] in KEYWORDS or re.match(r"[A-Za-z_]\w*$", words[0]))
                and re.match(r"[A-Za-z_]\w*$", words[1])
                and words[0] not in ("goto",)
            ) or (
                len(words) > 2 and words[1] == "*" and self.code[self.tokens[first + 1][1] + 1]
                not in " \n\t"
            )
            if declaration or words[0] in ("do", "case", "default"):
                before = None
                continue
            lines = "\n" * self.text.count("\n", start, end)
            kind = "statement"
            if re.search(r"barrier|flush|tlbi|invalidate|fence|doorbell", self.text[start:end]):
                kind = "barrier"
            self.add(start, end + 1, ";" + lines, kind)
            target = self.target(first, last)
            if target and before and target[2] != before[2]:
                a, b = before, target
                middle = self.text[a[1]:b[0]]
                self.add(a[0], b[1], b[2] + middle + a[2], "swap")
            before = target

    def target(self, first, last):
        """(start, end, text) of the member that a statement assigns, or None."""
        for i in range(first, last):
            if self.tokens[i][0] == "=":
                start, end = self.tokens[first][1], self.tokens[i][1]
                text = self.text[start:end].rstrip()
                if re.match(r"[\w\[\]*]+(?:(?:->|\.)[\w\[\]]+)+$", text):
                    return start, start + len(text), text
                return None
            if self.tokens[i][0] in ";(":
                return None
        return None

    def designators(self):
        """Neighbouring members of an initialiser exchange their names."""
        before = {}
        depth = 0
        for i, (token, at) in enumerate(self.tokens[:-2]):
            if token == "{":
                depth += 1
                before.pop(depth, None)
            elif token == "}":
                depth -= 1
            elif (
                token == "." and self.inside[i] == "list" and self.tokens[i - 1][0] in ("{", ",")
                and self.tokens[i + 2][0] == "="
            ):
                name, start = self.tokens[i + 1]
                here = (start, start + len(name), name)
                if depth in before:
                    a = before[depth]
                    self.add(a[0], here[1], name + self.text[a[1]:start] + a[2], "swap")
                before[depth] = here

    def arguments(self):
        for i, (token, at) in enumerate(self.tokens[:-1]):
            if (
                not re.match(r"[A-Za-z_]\w*$", token) or token in KEYWORDS
                or self.tokens[i + 1][0] != "(" or self.inside[i] not in ("block", "list")
            ):
                continue
            start = self.tokens[i + 1][1]
            end = closing(self.code, start)
            if end < 0:
                continue
            cuts, depth = [start], 0
            for j in range(start + 1, end):
                c = self.code[j]
                depth += (c in "([{") - (c in ")]}")
                if c == "," and depth == 0:
                    cuts.append(j)
            cuts.append(end)
            spans = []
            for a, b in zip(cuts, cuts[1:]):
                piece = self.text[a + 1:b]
                left = a + 1 + len(piece) - len(piece.lstrip())
                spans.append((left, left + len(piece.strip())))
            for a, b in zip(spans, spans[1:]):
                one, two = self.text[a[0]:a[1]], self.text[b[0]:b[1]]
                if one and two and one != two and "\0" not in self.code[a[0]:b[1]]:
                    self.add(a[0], b[1], two + self.text[a[1]:b[0]] + one, "arguments")

    def layout(self):
        """Members of the shared structures: dropped, exchanged, made wider or narrower."""
        if not self.path.startswith("firmware-interface/"):
            return
        before, first = None, None
        for i, (token, at) in enumerate(self.tokens):
            if self.inside[i] != "type" or token in "{}" or "\0" in token:
                before = first = None
                continue
            if first is None:
                first = i
            if token in WIDTHS:
                self.add(at, at + len(token), WIDTHS[token], "layout")
            if token == ";":
                start = self.tokens[first][1]
                span = (start, at + 1, self.text[start:at + 1])
                self.add(start, at + 1, "\n" * span[2].count("\n"), "layout")
                if before and before[2] != span[2]:
                    a = before
                    self.add(a[0], span[1], span[2] + self.text[a[1]:start] + a[2], "layout")
                before, first = span, None

    def all(self):
        self.constants()
        self.operators()
        self.conditions()
        self.removals()
        self.designators()
        self.arguments()
        self.layout()
        # A change of what is masked would be one of text; the mask is built so that none is.
        return self.mutants


def draw(sources, seed):
    """
    All mutants of some sources (path to text), in the order of the sample: a line is drawn first,
    each with the same chance, then a kind of change, then the change. Every mutant comes once.
    """
    rng = random.Random("agx %d" % seed)
    lines = []
    for path in sorted(sources):
        by_line = {}
        for mutant in Source(path, sources[path]).all():
            by_line.setdefault(mutant.line, {}).setdefault(mutant.kind, []).append(mutant)
        for line in sorted(by_line):
            lines.append([(k, by_line[line][k]) for k in sorted(by_line[line])])
    number = 0
    while lines:
        rng.shuffle(lines)
        for kinds in lines:
            kind = rng.randrange(len(kinds))
            mutants = kinds[kind][1]
            mutant = mutants.pop(rng.randrange(len(mutants)))
            if not mutants:
                kinds.pop(kind)
            number += 1
            mutant.number = number
            yield mutant
        lines = [kinds for kinds in lines if kinds]
