# SPDX-License-Identifier: MIT
"""The reference page of descriptors and control-stream words."""

HEAD = """<!-- SPDX-License-Identifier: MIT -->
# Control streams and descriptors

Every structure that AGX reads from memory or from a command's registers, as far as it is known publicly: what
`agx decode` prints, what `userspace/cmdstream` packs, unpacks and judges. This page is made from
`userspace/cmdstream/agx.cs` (`ninja cmdstream.md` in the build folder); change that file, not this one.

None of this comes from Apple. It was found out by the projects that each section names, and nothing here has
been tried on a Mac by this project.

How to read the tables:

- Bits count from bit 0 of the structure's first byte; multi-byte values are little-endian. `32..63, 0..7` is
  one number whose low bits are 32 to 63.
- *Value* says what stands in the bits: `uint` and `int` numbers, `hex` numbers that are better read in
  hexadecimal, `bool`, `float` (32 bits), `half` (16 bits), `fixed n` (n fraction bits), `address` (of the
  GPU's address space), `usc` (address relative to the queue's USC base), or the name of an enumeration.
  `<< n` and `+ n`: the value is the bits shifted left, then increased. `log2`: the value is 1 shifted left by
  the bits. `x n`: the value is n times the bits, and no bits mean the largest value.
- `= v` after the type: always so. *Reserved* bits have only been seen as 0.
- *if*: the bits have this meaning only then.
- *unknown*: set by drivers, or named by somebody, without anyone knowing what it does.

## Contents

"""


def bits(field):
    return ", ".join("%u..%u" % (start, start + width - 1) if width > 1 else "%u" % start
                     for start, width in field.runs)


def anchor(name):
    return name.replace(" ", "-").lower()


def shape(field):
    """The column Value."""
    if field.encoding == "log2":
        text = "log2"
    elif field.encoding == "groups":
        text = "x %u" % field.amount
    else:
        text = field.type
        if field.enum:
            text = "[%s](#%s)" % (field.enum.name, anchor(field.enum.name))
        if field.fraction:
            text = "fixed %u" % field.fraction
        if field.shift:
            text += " << %u" % field.shift
        if field.amount:
            text += " + %u" % field.amount
    if field.fixed:
        name = [v.name for v in field.enum.values if v.value == field.preset] if field.enum else []
        text += " = %s" % (name[0] if name else
                           "0x%x" % field.preset if field.type == "hex" else field.preset)
    return text


def meaning(field, struct):
    """The column Meaning."""
    parts = []
    for condition in field.conditions:
        parts.append("if `%s`" % condition.text)
    text = "*%s*: " % ", ".join(parts) if parts else ""
    text += field.doc
    if field.unknown:
        text += " *unknown*" if field.doc else "*unknown*"
    limits = []
    if field.max:
        unit = 1 << field.fraction
        limits.append("%g to %g" % (field.min / unit, field.max / unit)
                      if field.fraction else "%u to %u" % (field.min, field.max))
    if field.align > 1:
        limits.append("multiple of %u" % field.align)
    if limits:
        text += " (%s)" % ", ".join(limits)
    if field.source and field.source != struct.source:
        text += " [%s]" % field.source
    return text


def rows(struct):
    """Fields and the reserved bits between them, in order of bits."""
    covered = {bit for field in struct.fields for bit in field.positions()}
    found = [(min(field.positions()), i, field) for i, field in enumerate(struct.fields)]
    start = None
    for bit in range(8 * struct.size + 1):
        free = bit < 8 * struct.size and bit not in covered
        if free and start is None:
            start = bit
        elif not free and start is not None:
            found.append((start, -1, (start, bit - 1)))
            start = None
    return sorted(found, key=lambda row: row[:2])


def struct_page(struct):
    out = ["### %s" % struct.name, "",
           "**%s**, %u bytes. %s [%s]" % (struct.title, struct.size, struct.doc, struct.source), ""]
    out += ["| Bits | Field | Value | Meaning |", "| --- | --- | --- | --- |"]
    for _, _, row in rows(struct):
        if isinstance(row, tuple):
            out.append("| %s | | | reserved |"
                       % ("%u..%u" % row if row[0] < row[1] else "%u" % row[0]))
        else:
            out.append("| %s | `%s` | %s | %s |" % (bits(row), row.name, shape(row),
                                                    meaning(row, struct)))
    return out + [""]


def enum_page(enum):
    out = ["### %s" % enum.name, "", "%s [%s]" % (enum.doc, enum.source), ""]
    form = "0x%02x" if enum.values[-1].value > 16 else "%u"
    if enum.channels:
        out += ["| Value | Name | Bits | Block | Components | |",
                "| --- | --- | --- | --- | --- | --- |"]
        for value in enum.values:
            size = "%u" % value.bits
            if not value.compressed and value.components > 1:
                size += " (%s)" % ":".join(str(b) for b in value.component if b)
            out.append("| %s | `%s` | %s | %ux%u | %u | %s |" % (
                form % value.value, value.name, size, value.width, value.height,
                value.components, value.doc))
        return out + [""]
    out += ["| Value | Name | |", "| --- | --- | --- |"]
    out += ["| %s | `%s` | %s |" % (form % value.value, value.name, value.doc)
            for value in enum.values]
    return out + [""]


def when(condition):
    return "if `%s`" % condition.text if condition.text else ""


def block_page(block):
    out = ["### Block: %s" % block.name, "",
           "**%s**. %s [%s]" % (block.title, block.doc, block.source), ""]
    out += ["| Part | Structure | Present |", "| --- | --- | --- |"]
    for part in block.parts:
        present = when(part.condition) or "always"
        if part.variant == "g14x":
            present = "on G14 with more than one cluster"
        if part.times == "by_field":
            present += ", `%s` times" % part.count.name
        elif part.times == "by_caller":
            present = "as often as what points here says"
        out.append("| %s | [%s](#%s) | %s |" % (part.name, part.struct.name,
                                               anchor(part.struct.name), present))
    out.append("")
    flows = {"next": "The next block follows.", "link": "The stream goes on at `%s`.",
             "call": "The stream goes on at `%s` and comes back on return.",
             "return": "The stream goes back behind the last call.", "end": "The stream ends."}
    target = block.target.name if block.target else ""

    def flow(kind):
        return flows[kind] % target if "%s" in flows[kind] else flows[kind]

    if block.flow != "next":
        out += ["%s: %s Otherwise: %s" % (when(block.flow_condition).capitalize(),
                                          flow(block.flow), flow(block.otherwise)), ""]
    elif block.otherwise != "next":
        out += [flow(block.otherwise), ""]
    if block.pad:
        out += ["Its size is rounded up to a multiple of %u bytes%s." % (
            block.pad, " " + when(block.pad_condition) if block.pad_condition.text else ""), ""]
    return out


def stream_page(stream):
    out = ["### Stream: %s" % stream.name, "", "**%s**. %s [%s]" % (stream.title, stream.doc,
                                                                    stream.source), ""]
    if not stream.tag_width:
        block = stream.blocks[0]
        return out + ["Its block is [%s](#block-%s)." % (block.name, anchor(block.name)), ""]
    out += ["Blocks start at multiples of %u bytes; bits %u..%u of the first are the tag." % (
        stream.granule, stream.tag_start, stream.tag_start + stream.tag_width - 1), "",
            "| Tag | Block |", "| --- | --- |"]
    form = "0x%02x" if stream.tag_width > 4 else "%u"
    out += ["| %s | [%s](#block-%s) |" % (form % tag, block.name, anchor(block.name))
            for tag, block in stream.blocks.items()]
    return out + [""]


PAGES = {"struct": struct_page, "enum": enum_page, "block": block_page, "stream": stream_page}
ORDER = ("stream", "block", "struct", "enum")


def generate(table):
    out = [HEAD.rstrip("\n"), ""]
    for title, _ in table.sections:
        out.append("- [%s](#%s)" % (title, anchor(title).replace("(", "").replace(")", "")))
    out.append("")
    for title, things in table.sections:
        out += ["## %s" % title, ""]
        for kind in ORDER:
            for thing in things:
                if thing.kind == kind:
                    out += PAGES[kind](thing)
    return "\n".join(out).rstrip("\n") + "\n"
