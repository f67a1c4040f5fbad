#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the reference of libagx from the public headers and their comments.

gen_reference.py HEADERS OUT: a folder of headers, the page. With --check the page is compared with
what would be written: exit 1 when it is not current.
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import agx_headers  # noqa: E402

TITLES = {
    "base.h": "Contexts", "device.h": "Devices", "vm.h": "Address spaces", "buffer.h": "Buffers",
    "queue.h": "Queues and syncs", "shader.h": "Shaders", "command.h": "Command buffers",
    "compute.h": "Compute passes", "render.h": "Render passes", "format.h": "Formats",
    "layout.h": "Layouts", "image.h": "Images", "texture.h": "Descriptors",
}
ORDER = list(TITLES)

HEAD = """<!-- SPDX-License-Identifier: MIT -->
<!-- Made by docs/libagx/gen_reference.py from userspace/libagx/include/agx: change the headers. -->
# Reference of libagx

Every declaration of the public headers, with what they say about it. [The overview](README.md) tells
what the parts are for, [the tutorial](tutorial.md) begins at the beginning.
"""


def escape(text):
    """For running text and cells: nothing in a comment is Markdown."""
    text = re.sub(r"([\\`*_|\[\]<>])", r"\\\1", text)
    # Names of the interface and of C read better as such.
    return re.sub(r"(?<![\w\\])((?:agx|AGX|DRM)(?:\\_\w+)+(?:\(\))?)",
                  lambda m: "`" + m.group(1).replace("\\_", "_") + "`", text)


def prose(text):
    """Paragraphs; lines that begin with a tab or are indented are shown as they are."""
    out, paragraph, shown = [], [], []

    def flush():
        if paragraph:
            out.append(wrap(escape(" ".join(paragraph))))
            paragraph.clear()
        if shown:
            while not shown[-1]:
                shown.pop()
            width = min(len(line) - len(line.lstrip()) for line in shown if line)
            out.append("```\n" + "\n".join(line[width:] for line in shown) + "\n```")
            shown.clear()

    for line in text.split("\n"):
        line = line.expandtabs(8)
        if line.startswith("  "):
            if paragraph:
                flush()
            shown.append(line)
        elif not line:
            if shown:
                shown.append("")
            else:
                flush()
        else:
            if shown:
                flush()
            paragraph.append(line.strip())
    flush()
    return "\n\n".join(out)


def wrap(text):
    lines, line = [], ""
    for word in text.split(" "):
        # A line must not begin with what Markdown takes for a list or a heading.
        risky = re.match(r"([-+#]|\d+[.)])", word)
        if line and len(line) + 1 + len(word) > 100 and not risky:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join(lines + [line])


def prototype(text):
    """Broken behind a comma, aligned below the first parameter."""
    if len(text) <= 96:
        return text
    at = text.index("(") + 1
    lines, line = [], text[:at]
    for part in re.split(r"(?<=,) ", text[at:]):
        if len(line) + len(part) > 96 and line.strip() and not line.endswith("("):
            lines.append(line.rstrip())
            line = " " * at
        line += part + " "
    return "\n".join(lines + [line.rstrip()])


def table(item):
    out = []
    if item.kind == "enum":
        out.append("| name | meaning |\n| --- | --- |")
        for m in item.members:
            value = f" = {m.value}" if m.value else ""
            out.append(f"| `{m.text}{value}` | {escape(' '.join(m.doc.split()))} |")
    else:
        out.append("| member | meaning |\n| --- | --- |")
        for m in item.members:
            out.append(f"| `{m.text}` | {escape(' '.join(m.doc.split()))} |")
    return "\n".join(out)


def heading(items):
    names = [f"{i.kind} {i.name}" if i.kind in ("struct", "union", "enum") else
             f"struct {i.name}" if i.kind == "opaque" else
             i.name + ("()" if i.kind == "function" else "") for i in items]
    return "### " + ", ".join(f"`{n}`" for n in names)


def anchor(items):
    """As GitHub makes it of the heading."""
    text = heading(items)[4:].lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def block_text(block):
    out = []
    if not block.items:
        return [prose(block.doc)]
    out.append(heading(block.items))
    if block.doc:
        out.append(prose(block.doc))
    code = []
    for i in block.items:
        if i.kind == "function":
            code.append(prototype(i.text))
        elif i.kind == "typedef":
            code.append(i.text)
        elif i.kind == "define":
            code.append(f"#define {i.name} {i.text}")
        elif i.kind == "opaque":
            code.append(i.text)
    if code:
        out.append("```c\n" + "\n".join(code) + "\n```")
    for i in block.items:
        if i.trailing:
            out.append(wrap(f"`{i.name}`: " + escape(" ".join(i.trailing.split()))))
        if i.members:
            out.append(table(i))
    return out


def is_forward(block, defined):
    """Only names that some header says more about, or that nothing can be said of."""
    return not block.doc and all(i.kind == "opaque" for i in block.items)


def page(folder):
    headers = {h.name: h for h in agx_headers.read_all(folder)}
    missing = sorted(set(headers) - set(TITLES) - {"agx.h"})
    if missing:
        raise agx_headers.HeaderError(f"gen_reference.py has no title for {', '.join(missing)}")
    out = [HEAD.rstrip()]
    out.append("| header | what it is about |\n| --- | --- |\n" + "\n".join(
        f"| [`agx/{n}`](#{TITLES[n].lower().replace(' ', '-')}) | "
        f"{escape(headers[n].doc.split(chr(10) + chr(10))[0].replace(chr(10), ' '))} |"
        for n in ORDER))
    out.append("## What holds everywhere")
    out.append(prose(headers["agx.h"].doc))
    index = {}
    for name in ORDER:
        header = headers[name]
        out.append(f"## {TITLES[name]}")
        out.append(f"`#include <agx/{name}>`")
        out.append(prose(header.doc))
        for block in header.blocks:
            if block.items and is_forward(block, headers):
                continue
            out += block_text(block)
            for item in block.items:
                if item.kind == "function":
                    index[item.name] = anchor(block.items)
    out.append("## All functions")
    out.append("\n".join(f"* [`{n}`](#{a})" for n, a in sorted(index.items())))
    return "\n\n".join(out) + "\n"


def main():
    args = [a for a in sys.argv[1:] if a != "--check"]
    if len(args) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        text = page(args[0])
    except agx_headers.HeaderError as e:
        print(f"gen_reference.py: {e}", file=sys.stderr)
        return 1
    if "--check" in sys.argv:
        with open(args[1], encoding="utf-8") as f:
            if f.read() == text:
                return 0
        print(f"{args[1]} is not what the headers say: run\n"
              f"  docs/libagx/gen_reference.py userspace/libagx/include/agx docs/libagx/reference.md")
        return 1
    with open(args[1], "w", encoding="utf-8") as f:
        f.write(text)
    return 0


sys.exit(main())
