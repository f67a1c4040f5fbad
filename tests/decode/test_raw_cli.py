#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`agx decode` without a trace: memory from files and from core dumps.

Usage: test_raw_cli.py AGX TRACE COREDUMP

The buffers of a submission are written to files; decoding them with --raw has to give what decoding the
trace gives, but for the names of the buffers.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile

AGX, TRACE, COREDUMP = sys.argv[1:4]
SUBMIT = "3"
PLACE = ("file", "handle", "offset", "buffer_size", "label")
failures = []


def check(condition, what):
    if not condition:
        failures.append(what)


def run(*args):
    return subprocess.run([AGX, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=120)


def decode(*args):
    out = run("decode", "--json", *args)
    check(out.returncode == 0, f"agx decode {args}: exit {out.returncode}: {out.stderr}")
    return json.loads(out.stdout)


def nodes(node):
    yield node
    for child in node.get("children", []):
        yield from nodes(child)


def addresses(node):
    """All that says where something lies: nodes and fields."""
    for n in nodes(node):
        for place in [n] + [f for f in n.get("fields", {}).values() if isinstance(f, dict)]:
            if "address" in place and "handle" in place:
                yield place


def without_places(value):
    """Shaders count from 1 in each run, so their numbers go as well."""
    if isinstance(value, list):
        return [without_places(v) for v in value if not is_of_command(v)]
    if not isinstance(value, dict):
        return value
    shader = value.get("kind") == "shader"
    return {k: without_places(v) for k, v in value.items()
            if k not in PLACE and not (shader and k == "number")}


def is_of_command(value):
    """Tables that the command names, not the stream."""
    return isinstance(value, dict) and value.get("type") in ("scissor", "depth_bias")


def find(node, **wanted):
    for n in nodes(node):
        if all(n.get(k) == v for k, v in wanted.items()):
            return n
    sys.exit(f"the trace has no {wanted}: is it another one?")


def check_trace(folder):
    whole = decode("--submit", SUBMIT, "--memory", TRACE)["submits"][0]
    usc_base = whole["fields"]["usc_base"]
    bases = {}
    for place in addresses(whole):
        bases[place["handle"]] = int(place["address"], 16) - place["offset"]
    raw = ["--usc-base", usc_base, "--memory"]
    for handle, base in bases.items():
        path = os.path.join(folder, f"bo-{handle}.bin")
        run("trace", "extract", TRACE, "--submit", SUBMIT, "--handle", str(handle), "-o", path)
        raw += ["--raw", f"{base:#x}:{path}"]

    stream = find(whole, kind="stream")
    got = decode(*raw, "--vdm", stream["address"])["submits"][0]
    check(without_places(got) == without_places(stream),
          "a stream out of files is not the stream out of the trace")

    state = find(whole, kind="state")
    got = decode(*raw, "--ppp", state["address"])["submits"][0]
    titles = [c["title"] for c in state["children"] if c["kind"] == "record"]
    check([c["title"] for c in got["children"]][-len(titles):] == titles or
          set(titles) <= {c["title"] for c in got["children"]},
          f"--ppp shows {[c['title'] for c in got['children']]}, the trace {titles}")

    shader = find(whole, kind="shader")
    got = decode(*raw, "--shader", shader["address"])["submits"][0]
    shader_fields = {k: v for k, v in shader["fields"].items() if k != "stage"}
    got_fields = {k: v for k, v in find(got, kind="shader")["fields"].items() if k != "stage"}
    check(got_fields == shader_fields, f"--shader: {got_fields}, expected {shader_fields}")

    record = find(whole, kind="record", type="viewport")
    got = decode(*raw, "--struct", f"viewport@{record['address']}")["submits"][0]
    check(find(got, kind="record")["fields"] == record["fields"], "--struct viewport differs")

    # The same memory as one ELF file.
    elf = os.path.join(folder, "core")
    write_elf(elf, [(base, os.path.join(folder, f"bo-{h}.bin")) for h, base in bases.items()])
    got = decode("--raw", elf, "--usc-base", usc_base, "--memory", "--vdm", stream["address"])
    check(without_places(got["submits"][0]) == without_places(stream),
          "a stream out of an ELF file is not the stream out of the trace")

    # Without the memory of shaders: said in place, and the rest is there.
    out = run("decode", *raw[:3], *[r for p in zip(raw[3::2], raw[4::2]) for r in p
                                    if not p[1].startswith(f"{bases[shader['handle']]:#x}:")],
              "--vdm", stream["address"])
    check(out.returncode == 0 and "unmapped" in out.stdout and "draw 0" in out.stdout,
          "memory that is missing is not said")
    out = run("decode", *raw[:3], "--raw", raw[4], "--raw", raw[4], "--vdm", "0")
    check(out.returncode == 2 and "overlaps" in out.stderr, f"overlapping files: {out.stderr!r}")


def write_elf(path, pieces):
    offset = 64 + 56 * len(pieces)
    header = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, len(pieces), 0, 0, 0)
    table, data = b"", b""
    for base, file in pieces:
        content = open(file, "rb").read()
        table += struct.pack("<IIQQQQQQ", 1, 4, offset + len(data), base, 0, len(content),
                             len(content), 1)
        data += content
    with open(path, "wb") as out:
        out.write(header + table + data)


def check_coredump(folder):
    dump = decode(COREDUMP)["submits"][0]
    fields = dump["fields"]
    check(dump["title"].startswith("Render command"), f"the dump's command: {dump['title']}")
    check(fields["vdm_ctrl_stream_base"].get("unresolved"), "the faulting stream resolves")
    check(fields["usc_exec_base"].get("label") == "mapping", "the USC base is not in a mapping")
    check(fields["fault_read"]["address"] == fields["vdm_ctrl_stream_base"]["address"],
          "the fault is not at the stream's start")
    text = run("decode", COREDUMP, "--usc", fields["usc_exec_base"]["address"]).stdout
    check("its content is not known" in text, "a mapping without content is not said to be one")
    # With memory for the stream from elsewhere: a word that ends it.
    path = os.path.join(folder, "stream")
    with open(path, "wb") as out:
        out.write(struct.pack("<I", 6 << 29))
    added = decode(COREDUMP, "--raw", f"{fields['vdm_ctrl_stream_base']['address']}:{path}")
    stream = find(added["submits"][0], kind="stream")
    check(not [c for c in stream.get("children", []) if c["kind"] == "problem"],
          f"the stream that was added: {stream}")

    content = open(COREDUMP, "rb").read()
    cut = os.path.join(folder, "cut.bin")
    with open(cut, "wb") as out:
        out.write(content[:len(content) // 2])
    out = run("decode", cut)
    check(out.returncode == 3 and cut in out.stderr, f"a cut dump: exit {out.returncode}")


def check_usage():
    for args, word in ((("--raw", "zz:/dev/null", "--vdm", "0"), "zz:"), (("--raw", "10:"), "ADDRESS:FILE"),
                       (("--raw", "10:/nowhere", "--vdm", "0"), "/nowhere"),
                       (("--raw", f"10:{TRACE}"), "--vdm"),
                       (("--raw", f"10:{TRACE}", "--vdm", "x"), "hexadecimal"),
                       (("--raw", f"10:{TRACE}", "--struct", "nonsense@0"), "nonsense"),
                       (("--raw", f"10:{TRACE}", "--struct", "texture"), "NAME@ADDRESS"),
                       (("--raw", f"10:{TRACE}", "--texture", "0,0"), "count"),
                       (("--raw", f"10:{TRACE}", "--gpu", "g12"), "g12"),
                       ((TRACE, "--vdm", "0"), "is a trace"), ((), "no file")):
        out = run("decode", *args)
        check(out.returncode == 2 and word in out.stderr, f"{args}: {out.returncode} {out.stderr!r}")
    check(len(run("decode", "--struct=list").stdout.splitlines()) > 50, "--struct=list is short")


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_trace(folder)
        check_coredump(folder)
    check_usage()
    for failure in failures:
        print(failure)
    print(f"{len(failures)} findings")
    sys.exit(1 if failures else 0)


main()
