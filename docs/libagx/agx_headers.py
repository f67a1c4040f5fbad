# SPDX-License-Identifier: MIT
"""Reads the public headers of libagx: what they declare, and the comments that belong to it.

Not a C parser: it knows the style of these headers, and stops with file and line at anything else.
A comment belongs to the declarations behind it up to the next blank line, one on the line of a
declaration's end to that declaration.
"""
import os
import re

TOKEN = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


class HeaderError(Exception):
    pass


class Member:
    """Of a structure, union or enumeration. kind of enumerators: None; value: text or None."""

    def __init__(self, text, doc, value=None):
        self.text, self.doc, self.value = text, doc, value


class Item:
    """kind: function, struct, union, enum, opaque, typedef, define."""

    def __init__(self, kind, name, text, line):
        self.kind, self.name, self.text, self.line = kind, name, text, line
        self.members, self.trailing = [], ""


class Block:
    """Declarations without a blank line between them, and the comment in front of them."""

    def __init__(self, doc):
        self.doc, self.items = doc, []


class Header:
    def __init__(self, name, doc):
        self.name, self.doc, self.blocks, self.includes = name, doc, [], []

    def items(self):
        return [item for block in self.blocks for item in block.items]


def comment_text(comment):
    """Without its marks; lines keep their indentation."""
    if comment.startswith("//"):
        return comment[2:].strip()
    lines = comment[2:-2].split("\n")
    out = [lines[0].strip()]
    for line in lines[1:]:
        line = line.strip("\n")
        out.append(re.sub(r"^\s*\*? ?", "", line, count=1).rstrip())
    while out and not out[0]:
        out.pop(0)
    while out and not out[-1]:
        out.pop()
    return "\n".join(out)


def squeeze(text):
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" (?=[\[\],;)])", "", text)


def pieces(text):
    """The text as (what, value, line, newlines before it) of comments, directives and code."""
    out, at, line = [], 0, 1
    while at < len(text):
        space = re.compile(r"\s*").match(text, at)
        blank = space.group().count("\n")
        line += blank
        at = space.end()
        if at == len(text):
            break
        match = TOKEN.match(text, at)
        if match:
            out.append(("comment", match.group(), line, blank))
        elif text[at] == "#":
            match = re.compile(r"#(?:\\\n|[^\n/]|/(?!\*))*").match(text, at)
            out.append(("directive", match.group().rstrip(), line, blank))
        else:
            match = re.compile(r'extern "C" \{|\}(?=\s*(?:#|$))').match(text, at) or \
                statement(text, at, line)
            out.append(("code", match if isinstance(match, str) else match.group(), line, blank))
            if isinstance(match, str):
                at += len(match)
                line += match.count("\n")
                continue
        at = match.end()
        line += match.group().count("\n")
    return out


def statement(text, at, line):
    depth = 0
    i = at
    while i < len(text):
        comment = TOKEN.match(text, i)
        if comment:
            i = comment.end()
            continue
        if text[i] in "{(":
            depth += 1
        elif text[i] in "})":
            depth -= 1
        elif text[i] == ";" and depth == 0:
            return text[at:i + 1]
        i += 1
    raise HeaderError(f"line {line}: a declaration without an end")


def members(body, separator, line):
    """(text, doc) of each member: a comment in front of it, and one on its last line."""
    found, pending, at = [], "", 0
    while True:
        at = re.compile(r"\s*").match(body, at).end()
        if at >= len(body):
            return found
        comment = TOKEN.match(body, at)
        if comment:
            # A comment behind a blank line and before one is a heading of what follows.
            pending = comment_text(comment.group())
            at = comment.end()
            continue
        start, code = at, ""
        while at < len(body) and body[at] != separator:
            comment = TOKEN.match(body, at)
            if comment and not body[at:comment.end()].strip() == "":
                if code.strip() and re.match(r"\s*$", body[comment.end():]):
                    break
                at = comment.end()
                continue
            code += body[at]
            at += 1
        if separator == ";" and at >= len(body):
            raise HeaderError(f"line {line}: member without an end: {body[start:].strip()}")
        at += at < len(body) and body[at] == separator
        doc = pending
        pending = ""
        same_line = re.compile(r"[ \t]*").match(body, at).end()
        comment = TOKEN.match(body, same_line)
        if comment:
            doc = (doc + "\n" if doc else "") + comment_text(comment.group())
            at = comment.end()
        if code.strip():
            found.append((squeeze(code), doc))


def item_of(code, line):
    match = re.match(r"(struct|union|enum) (\w+);$", code)
    if match:
        return Item("opaque", match.group(2), code, line)
    match = re.match(r"(struct|union|enum) (\w+) \{(.*)\};$", code, re.S)
    if match:
        kind, name, body = match.groups()
        item = Item(kind, name, f"{kind} {name}", line)
        for text, doc in members(body, "," if kind == "enum" else ";", line):
            value = None
            if kind == "enum" and "=" in text:
                text, value = [part.strip() for part in text.split("=", 1)]
            item.members.append(Member(text, doc, value))
        return item
    if code.startswith("typedef"):
        match = re.search(r"\(\*(\w+)\)", code)
        if match:
            return Item("typedef", match.group(1), squeeze(code), line)
    match = re.match(r"AGX_API\s+([^;{]*?[\s*](\w+)\(.*\));$", code, re.S)
    if match:
        return Item("function", match.group(2), squeeze(match.group(1)) + ";", line)
    raise HeaderError(f"line {line}: what is this? {squeeze(code)[:80]}")


def read_header(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    header, block, pending, pending_end = Header(os.path.basename(path), ""), None, "", False
    skip = 0
    for what, value, line, newlines in pieces(text):
        if what == "comment":
            if "SPDX-License-Identifier" in value:
                continue
            if newlines == 0 and block and block.items:
                item = block.items[-1]
                item.trailing = (item.trailing + "\n" if item.trailing else "") + comment_text(value)
                continue
            if not header.doc:
                header.doc = comment_text(value)
                continue
            pending, block = comment_text(value), None
            continue
        if what == "directive":
            if re.match(r"#\s*if", value):
                # What was said in front of it is about the choice.
                pending, block = "", None
                skip += not re.search(r"#ifndef AGX_\w+_H$", value)
                continue
            if re.match(r"#\s*endif", value):
                skip -= skip > 0
                continue
            match = re.match(r"#include <(agx/\w+\.h)>", value)
            if match:
                header.includes.append(match.group(1))
            match = re.match(r"#define (AGX_\w+)(\(.*?\))?\s+(.+)$", value, re.S)
            if not match or skip:
                continue
            item = Item("define", match.group(1), squeeze(match.group(3)), line)
        elif value in ('extern "C" {', "}"):
            continue
        else:
            try:
                item = item_of(value, line)
            except HeaderError as e:
                raise HeaderError(f"{path}: {e}") from None
        if block is None or newlines > 1:
            if pending and newlines > 1:
                # Stands for itself: a paragraph of its own.
                header.blocks.append(Block(pending))
                pending = ""
            block = Block(pending)
            header.blocks.append(block)
            pending = ""
        block.items.append(item)
    return header


def read_all(folder):
    """Headers in the order in which agx.h includes them, after it."""
    first = read_header(os.path.join(folder, "agx.h"))
    names = sorted(n for n in os.listdir(folder) if n.endswith(".h") and n != "agx.h")
    return [first] + [read_header(os.path.join(folder, n)) for n in names]
