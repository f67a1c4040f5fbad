# SPDX-License-Identifier: MIT
"""What Mesa's own decoder wrote of some submissions, in a form to compare with `agx decode --json`.

Mesa prints structures by title with "Field: value" lines, and shaders as "offset: bytes text". Both
sides are reduced to sets for a whole trace: `agx decode` shows what repeats once, Mesa each time.
"""
import bisect
import re

INSTRUCTION = re.compile(r"^ *([0-9a-f]+): ((?:[0-9a-f]{2}){2,}) +(\S.*?)\s*$")
FIELD = re.compile(r"^ +([A-Z][^:]*(?:1:0)?): (.*?)\s*$")
TITLE = re.compile(r"^[A-Z][A-Za-z0-9 /()]*$")

# Mesa's titles, and what the structures are called here. None: not compared, with the reason.
TITLES = {
    "Barrier": ("vdm_barrier", "cdm_barrier"),
    "Back face": ("fragment_face",),
    "Back face 2": ("fragment_face_2",),
    "Back stencil": ("fragment_stencil",),
    "Border": ("border",),
    "Compute": ("cdm_launch_0", "cdm_launch_1"),
    "Cull": ("cull",),
    "Cull 2": ("cull_2",),
    "Depth bias/scissor": ("depth_bias_scissor",),
    "Fragment control": ("fragment_control",),
    "Fragment control 2": ("fragment_control",),
    "Fragment properties": ("usc_fragment_properties",),
    "Fragment shader word 0": ("fragment_shader_0",),
    "Fragment shader word 1": ("fragment_shader_1",),
    "Fragment shader word 2": ("fragment_shader_2",),
    "Fragment shader word 3": ("fragment_shader_3",),
    "Front face": ("fragment_face",),
    "Front face 2": ("fragment_face_2",),
    "Front stencil": ("fragment_stencil",),
    "Global size": ("cdm_global_size",),
    "Index List": ("index_list",),
    "Index buffer": ("index_list_buffer",),
    "Index buffer size": ("index_list_buffer_size",),
    "Index count": ("index_list_count",),
    "Indirect buffer": ("index_list_indirect", "cdm_indirect"),
    "Instance count": ("index_list_instances",),
    "Local size": ("cdm_local_size",),
    "No preshader": ("usc_no_preshader",),
    "Occlusion query": ("fragment_occlusion_query",),
    "Occlusion query 2": ("fragment_occlusion_query_2",),
    "Output select": ("output_select",),
    "Output size": ("output_size",),
    "Output unknown": ("output_unknown",),
    "PBE": ("pbe",),
    "Preshader": ("usc_preshader",),
    "Region clip": ("region_clip",),
    "Registers": ("usc_registers",),
    "Restart index": ("vdm_restart_index",),
    "Sampler": ("sampler",),
    "Sampler state": ("usc_sampler",),
    "Shader": ("usc_shader",),
    "Shared": ("usc_shared",),
    "Start": ("index_list_start",),
    "Stream Link": ("vdm_stream_link", "cdm_stream_link"),
    "Stream Terminate": ("vdm_stream_terminate", "cdm_stream_terminate"),
    "Texture": ("texture",),
    "Texture state": ("usc_texture",),
    "Uniform": ("usc_uniform",),
    "Uniform (high)": ("usc_uniform_high",),
    "Varying counts 16": ("varying_counts",),
    "Varying counts 32": ("varying_counts",),
    "Varying word 2": ("varying_2",),
    "Vertex outputs": ("vdm_vertex_outputs",),
    "Vertex shader word 0": ("vdm_vertex_shader_0",),
    "Vertex shader word 1": ("vdm_vertex_shader_1",),
    "Vertex unknown": ("vdm_vertex_unknown",),
    "Viewport": ("viewport",),
    "Viewport control": ("viewport_control",),
    "W clamp": ("w_clamp",),
    "ZLS Control": ("zls_control",),
}


# Words that mean the same: Mesa's, ours.
SPELLINGS = {
    ("0", "zero"),
    ("1", "one"),
    ("0", "none"),
    ("32f", "float_32"),
    ("16_unorm", "unorm_16"),
}
# Of these Mesa prints the low 32 bits, an offset from the USC's base.
USC_ADDRESSES = {"code", "pipeline", "cf_bindings"}
# Mesa prints what is stored: one unit less (the units: of a texture and of a PBE). Above it, Mesa's
# stride of a texture contains the bit of the third quadword.
STRIDES = {"stride": (16, 4), "layer_stride_linear": (128, 0)}
STRIDE_MASK = 0x1FFFFF


def same(name, theirs, mine):
    """Whether Mesa's value of a field and ours mean the same."""
    if theirs.replace("_", "") == mine.replace("_", "") or (theirs, mine) in SPELLINGS:
        return True
    if name in USC_ADDRESSES and mine.isdigit() and theirs.isdigit():
        return int(mine) & 0xFFFFFFFF == int(theirs)
    if name in STRIDES and mine.isdigit() and theirs.isdigit():
        return int(mine) - (int(theirs) & STRIDE_MASK) in STRIDES[name]
    if name == "line_width" and theirs.isdigit():
        return (int(theirs) + 1) / 16 == float(mine)
    try:
        return abs(float(theirs) - float(mine)) <= 1e-6 * max(1, abs(float(theirs)))
    except ValueError:
        # "4 compact" and compact_4, "32x32" and tile_32x32, "2" and samples_2
        return set(theirs.split("_")) <= set(mine.split("_"))


def word(text):
    """A name or an enumerator in one spelling."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def value(text):
    """A field's value, so that both sides' spellings of it are equal."""
    if isinstance(text, bool):
        return str(text).lower()
    if isinstance(text, dict):  # an address with its place
        text = text["address"]
    if isinstance(text, (int, float)):
        return f"{float(text):.6f}" if isinstance(text, float) and text % 1 else str(int(text))
    if re.fullmatch(r"0x[0-9a-f]+", text, re.IGNORECASE):
        return str(int(text, 16))
    if re.fullmatch(r"-?\d+\.\d+", text):
        return value(float(text))
    return word(text)


class Dump:
    """Structures: {(title, ((field, value)...))}; shaders: {(hex, (text...))}; counts by title."""

    def __init__(self):
        self.structures = set()
        self.shaders = set()
        self.counts = {}

    def add(self, title, fields):
        self.structures.add((title, tuple(fields)))
        self.counts[title] = self.counts.get(title, 0) + 1

    def add_shader(self, code, texts):
        """Up to the end of the program: what fills up behind it is not compared."""
        if "stop" in texts:
            end = texts.index("stop") + 1
            code, texts = code[:end], texts[:end]
        if texts:
            self.shaders.add(("".join(code), tuple(texts)))


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def read_mesa(path):
    dump = Dump()
    title, fields, code, texts = None, [], [], []

    def flush():
        nonlocal title, fields, code, texts
        if title in TITLES:
            dump.add(title, fields)
        dump.add_shader(code, texts)
        title, fields, code, texts = None, [], [], []

    with open(path, errors="replace") as file:
        for line in file:
            line = line.rstrip("\n")
            match = INSTRUCTION.match(line)
            if match:
                if int(match[1], 16) == 0:
                    dump.add_shader(code, texts)
                    code, texts = [], []
                code.append(match[2])
                texts.append(squeeze(match[3]))
                continue
            match = FIELD.match(line)
            if match and title:
                fields.append((word(match[1]), value(match[2])))
            elif TITLE.match(line) and line in TITLES:
                flush()
                title = line
            elif not line.startswith(" ") and line:
                flush()
    flush()
    return dump


# Descriptors that a program loads itself: Mesa's decoder does not look into code for them.
BEYOND_MESA = "loaded_by_code"


def walk(node, visit):
    if node.get("title") == BEYOND_MESA:
        return
    visit(node)
    for child in node.get("children", ()):
        walk(child, visit)


def parts(node):
    """Structures that a draw or a dispatch shows as its own fields."""
    fields = node.get("fields", {})
    kind = node.get("kind")
    if kind == "draw":
        for ours, part, theirs in (
            ("count", "index_list_count", "count"),
            ("instances", "index_list_instances", "count"),
            ("start", "index_list_start", "start"),
            ("index_buffer_size", "index_list_buffer_size", "size"),
        ):
            if ours in fields:
                yield part, [(theirs, fields[ours])]
        if "index_buffer" in fields:
            low = int(fields["index_buffer"]["address"], 16) & 0xFFFFFFFF
            yield "index_list_buffer", [("buffer_lo", low)]
    elif kind == "dispatch":
        for size in ("global_size", "local_size"):
            if size in fields:
                yield f"cdm_{size}", list(zip("xyz", map(int, fields[size].split("x"))))
    key = "indirect_buffer" if kind == "draw" else "address"
    if kind in ("draw", "dispatch") and key in fields:
        address = int(fields[key]["address"], 16)
        yield "index_list_indirect" if kind == "draw" else "cdm_indirect", [
            ("address_hi", address >> 32), ("address_lo", address & 0xFFFFFFFF)
        ]


def read_agx(document):
    """The same of the document that `agx decode --json --shaders` writes; titles are our types."""
    dump = Dump()

    def visit(node):
        if "type" in node and not node.get("reference"):
            dump.add(node["type"], sorted(
                (word(name), value(data)) for name, data in node.get("fields", {}).items()
            ))
        for part, fields in parts(node):
            dump.add(part, [(name, value(data)) for name, data in fields])
        if node.get("instructions"):
            texts = [squeeze(text) for text in node["instructions"]]
            dump.shaders.add((node["code"], tuple(texts)))

    for submit in document["submits"]:
        walk(submit, visit)
    return dump


# Mesa does not know which of the two a descriptor is and prints both: ours must be among them.
GUESSES = ("Texture", "PBE")


def differences(fields, candidates):
    """Of the candidate that fits best: fields in common, and those that differ. None: no candidate."""
    best, found = None, None
    for candidate in candidates:
        common = [(n, v) for n, v in fields if n in candidate]
        wrong = [(n, v, candidate[n]) for n, v in common if not same(n, v, candidate[n])]
        rank = (-len(wrong), len(common))
        if best is None or rank > best:
            best, found = rank, (common, wrong)
    return found


def compare(mesa, ours):
    """What Mesa says and we do not, as a list of texts, and how much was compared."""
    complaints = []
    fields_compared = 0
    by_type = {}
    for kind, fields in ours.structures:
        by_type.setdefault(kind, []).append(dict(fields))
    for title, fields in sorted(mesa.structures):
        if title in GUESSES or title == "ZLS Control" and not any(
            data == "true" for _, data in fields
        ):
            continue  # ours does not show an empty ZLS control
        found = differences(fields, [f for kind in TITLES[title] for f in by_type.get(kind, ())])
        if found is None:
            complaints.append(f"{title}: Mesa has it, we have none: {fields[:6]}")
        elif found[1]:
            complaints.append(f"{title}: (field, Mesa, ours) {found[1]}")
        else:
            fields_compared += len(found[0])
    for title in GUESSES:
        theirs = [dict(fields) for name, fields in mesa.structures if name == title]
        for mine in by_type.get(TITLES[title][0], ()):
            # The other way round: our candidate against all of Mesa's.
            wrong = min(
                (
                    [(n, v, mine[n]) for n, v in their.items() if n in mine and not same(n, v, mine[n])]
                    for their in theirs
                ),
                key=len, default=[("all", "nothing", "something")],
            )
            if wrong:
                complaints.append(f"{title}: (field, Mesa, ours) {wrong}")
            else:
                fields_compared += len(mine)
    instructions = 0
    codes = sorted(ours.shaders)
    for code, lines in sorted(mesa.shaders):
        # Ours may go on behind what Mesa takes for the end.
        at = bisect.bisect_left(codes, (code,))
        if at == len(codes) or not codes[at][0].startswith(code):
            complaints.append(f"no such shader: {code[:48]}... ({len(lines)} instructions)")
            continue
        instructions += len(lines)
        for mine, theirs in zip(codes[at][1], lines):
            if mine != theirs:
                complaints.append(f"instruction: Mesa '{theirs}', ours '{mine}'")
    return complaints, {
        "structures": len(mesa.structures),
        "fields": fields_compared,
        "shaders": len(mesa.shaders),
        "instructions": instructions,
    }
