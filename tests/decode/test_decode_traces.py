#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""agx decode on real traces: nothing unknown, JSON and text agree, a part is the part of the whole."""
import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("agx")
parser.add_argument("traces", nargs="+", help="files, or folders of them")
args = parser.parse_args()
traces = [trace for name in args.traces for trace in (
    sorted(glob.glob(os.path.join(name, "*.agxt"))) if os.path.isdir(name) else [name])]

failures = 0


def check(what, condition, detail=""):
    global failures
    if not condition:
        failures += 1
        print("FAILED: %s %s" % (what, detail))


def decode(*options, status=0):
    run = subprocess.run([args.agx, "decode", "--no-pager", *options], capture_output=True)
    check("exit status of %s" % " ".join(options), run.returncode == status,
          "%d, expected %d: %s" % (run.returncode, status, run.stderr.decode()[-500:]))
    return run.stdout.decode()


def pairs(items):
    keys = [key for key, _ in items]
    check("each key once in an object", len(set(keys)) == len(keys), str(keys))
    return dict(items)


def nodes(node):
    yield node
    for child in node.get("children", []):
        yield from nodes(child)


def check_node(trace, node):
    """The schema of docs/decode.md."""
    if node["kind"] == "problem":
        check("%s: no problem" % trace, False, str(node))
        return
    check("%s: members" % trace, set(node) <= {
        "kind", "title", "type", "number", "address", "file", "handle", "label", "offset",
        "buffer_size", "size", "reference", "fields", "code", "instructions", "bytes", "children"},
        str(set(node)))
    for name, value in node.get("fields", {}).items():
        if isinstance(value, dict):
            check("%s: %s resolves" % (trace, name),
                  "unresolved" not in value or
                  name in ("data", "pointer", "isp_scissor_base", "isp_dbias_base",
                           "cdm_ctrl_stream_end"), str(value))
    if node["kind"] == "shader" and not node.get("reference"):
        code = bytes.fromhex(node["code"])
        check("%s: size of a shader" % trace, len(code) == node["size"] == node["fields"]["bytes"])
        check("%s: instructions of a shader" % trace,
              len(node["instructions"]) == node["fields"]["instructions"])
        check("%s: the last instruction" % trace, node["instructions"][-1].strip() == "stop")


def normal(text):
    """Text without what depends on what came before: numbers of shaders, references."""
    lines = []
    for line in text.split("\nshaders\n")[0].split("\nsummary:")[0].splitlines():
        line = re.sub(r"shader(=| )\d+", r"shader\1N", line)
        lines.append(line)
    return lines


def without_shader_details(lines):
    kept = []
    inside = None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if inside is not None and indent > inside:
            continue
        inside = None
        if re.match(r"\s*shader N ", line):
            inside = indent
            line = line.split(":")[0].replace(", as before", "")
        # A heap of samplers is shown when it has changed.
        if re.match(r"\s*sampler heap ", line):
            inside = indent
            line = re.sub(r", as before|:.*|, count.*", "", line)
        kept.append(line)
    return kept


def check_trace(path):
    name = os.path.basename(path)
    text = decode("--strict", path)
    whole = json.loads(decode("--json", "--shaders", path), object_pairs_hook=pairs)
    summary = whole["summary"]
    kinds = collections.Counter()
    shaders = set()
    for submit in whole["submits"]:
        check("%s: kind of the outermost" % name, submit["kind"] == "submit")
        for node in nodes(submit):
            kinds[node["kind"]] += 1
            check_node(name, node)
            if node["kind"] == "shader":
                shaders.add(node["number"])
    check("%s: file" % name, whole["file"] == path)
    check("%s: problems" % name, not summary["problems"], str(summary["problems"]))
    for kind, key in (("submit", "submits"), ("draw", "draws"), ("dispatch", "dispatches"),
                      ("record", "records")):
        check("%s: %s" % (name, key), kinds[kind] == summary[key], "%d, summary %d" % (
            kinds[kind], summary[key]))
    check("%s: shaders" % name, shaders == set(range(1, summary["shaders"] + 1)))
    check("%s: table of shaders" % name,
          [s["number"] for s in whole["shaders"]] == sorted(shaders))

    # Descriptors that Vulkan's preambles load from the heap.
    if name == "vk-texture.agxt":
        loaded = [child["type"] for submit in whole["submits"] for node in nodes(submit)
                  if node.get("title") == "loaded_by_code" for child in node["children"]]
        check("descriptors that code loads", {"texture", "pbe", "sampler"} <= set(loaded),
              str(set(loaded)))

    # Text says the same.
    counts = dict((b, int(a)) for a, b in re.findall(
        r"(\d+) (\w+)", re.search(r"^summary: (.*)$", text, re.M).group(1)))
    for one, many in (("submit", "submits"), ("draw", "draws"), ("dispatch", "dispatches"),
                      ("shader", "shaders"), ("record", "records")):
        check("%s: %s in text" % (name, many),
              counts.get(many, counts.get(one)) == summary[many], str(counts))
    check("%s: lines of submits" % name,
          len(re.findall(r"^submit \d+:", text, re.M)) == summary["submits"])
    check("%s: lines of draws" % name,
          len(re.findall(r"^ +draw \d+ 0x", text, re.M)) == summary["draws"])

    listed = decode("--draws", path)
    check("%s: --draws" % name,
          len(re.findall(r"^\d+\.\d+\.\d+ draw ", listed, re.M)) == summary["draws"] and
          len(re.findall(r"^\d+\.\d+\.\d+ dispatch ", listed, re.M)) == summary["dispatches"])
    changed = decode("--draws", "--changed", path)
    check("%s: --draws --changed" % name, [
        line for line in changed.splitlines() if not line.startswith("        ")
    ] == listed.splitlines())
    check("%s: plain" % name, "\033" not in text)
    check("%s: colour" % name,
          re.sub(r"\033\[[0-9;]*m", "", decode("--colour=always", path)) == text)
    return summary["submits"], text


def check_selection(path, submits, text):
    name = os.path.basename(path)
    if submits < 2:
        return
    middle = submits // 2
    parts = re.split(r"(?m)^(?=submit \d+:)", text)
    expected = normal(parts[1 + middle])
    got = normal(decode("--submit", str(middle), path))
    check("%s: --submit %d" % (name, middle),
          without_shader_details(got) == without_shader_details(expected))
    several = decode("--submit", "1-%d" % middle, path)
    check("%s: --submit 1-%d" % (name, middle),
          len(re.findall(r"^submit \d+:", several, re.M)) == middle)
    check("%s: --command" % name, re.search(
        r"^  (render|compute) 0:", decode("--submit", str(middle), "--command", "0", path), re.M))
    check("%s: --command of none" % name, not re.search(
        r"^  (render|compute) \d+:", decode("--command", "63", path), re.M))
    decode("--submit", str(submits), path, status=2)


def check_extract(path):
    with tempfile.TemporaryDirectory() as folder:
        text = decode("--extract", folder, path)
        count = int(re.search(r"(\d+) shaders? of (\d+) byte", text).group(1))
        size = int(re.search(r"(\d+) shaders? of (\d+) byte", text).group(2))
        files = [os.path.join(folder, f) for f in os.listdir(folder)]
        check("%s: extracted files" % path, len(files) == count)
        check("%s: extracted bytes" % path, sum(map(os.path.getsize, files)) == size)


def check_damage(path):
    with open(path, "rb") as file:
        whole = file.read()
    with tempfile.NamedTemporaryFile(suffix=".agxt") as file:
        for size in (0, 8, 40, len(whole) // 3, len(whole) - 100):
            file.seek(0)
            file.truncate()
            file.write(whole[:size])
            file.flush()
            run = subprocess.run([args.agx, "decode", "--no-pager", file.name], capture_output=True)
            check("cut to %d bytes" % size, run.returncode in (0, 3), str(run.returncode))
        for at in range(50, len(whole), len(whole) // 40):
            damaged = bytearray(whole)
            damaged[at] ^= 0x55
            file.seek(0)
            file.truncate()
            file.write(damaged)
            file.flush()
            for more in ([], ["--force", "--json"]):
                run = subprocess.run([args.agx, "decode", "--no-pager", *more, file.name],
                                     capture_output=True)
                check("byte %d changed" % at, run.returncode in (0, 3), str(run.returncode))


check("there are traces", traces)
for trace in traces:
    submits, whole_text = check_trace(trace)
    check_selection(trace, submits, whole_text)
check_extract(traces[0])
check_damage(min(traces, key=os.path.getsize))
decode("/nonexistent.agxt", status=2)
decode(status=2)
sys.exit(1 if failures else 0)
