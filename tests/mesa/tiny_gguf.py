#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a tiny language model with random weights: architecture llama, two layers, in GGUF.

usage: tiny_gguf.py FILE [--type f32|f16|q8_0|q4_0] [--seed N]

It knows nothing, but what it says is decided by its weights alone: programs that compute the same
say the same. The weights depend on the seed only and are rounded to the type that is asked for.
Vectors (norms) are f32 always. The format: ggml's docs/gguf.md; blocks: q8_0 has a binary16 scale
and 32 signed bytes, q4_0 a binary16 scale and 16 bytes of two values each, 8 added.
"""
import argparse
import array
import random
import struct
import sys

LAYERS = 2
WIDTH = 256
HEADS = 4
KEY_HEADS = 2
HIDDEN = 512
CONTEXT = 512
ALIGNMENT = 32

# ggml_type, elements and bytes of a block
TYPES = {"f32": (0, 1, 4), "f16": (1, 1, 2), "q4_0": (2, 32, 18), "q8_0": (8, 32, 34)}
# llama_ftype
FILE_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 7}
# gguf_type
U32, F32, I32_ARRAY, STRING, ARRAY = 4, 6, 5, 8, 9
# llama_token_type
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6


def vocabulary():
    """(text, score, type) of each token: the special ones, bytes, and syllables."""
    tokens = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    letters = [chr(ord("a") + i) for i in range(26)]
    tokens += [(letter, -1000.0, NORMAL) for letter in ["\u2581", *letters]]
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    tokens += [(text, -float(i) - 1, NORMAL) for i, text in enumerate(syllables)]
    tokens += [("\u2581" + text, -float(i) - 200, NORMAL) for i, text in enumerate(syllables)]
    while len(tokens) % 32:
        tokens.append((f"\u2581w{len(tokens)}", -2000.0, NORMAL))
    return tokens


def string(text):
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def metadata(kind, tokens):
    """The keys and values, packed, and how many."""
    entries = []

    def add(name, of, data):
        entries.append(string(name) + struct.pack("<I", of) + data)

    def number(name, value):
        add(name, U32, struct.pack("<I", value))

    def strings(name, values):
        add(name, ARRAY, struct.pack("<IQ", STRING, len(values)) + b"".join(map(string, values)))

    add("general.architecture", STRING, string("llama"))
    add("general.name", STRING, string("tiny"))
    number("general.file_type", FILE_TYPES[kind])
    number("general.alignment", ALIGNMENT)
    number("llama.block_count", LAYERS)
    number("llama.context_length", CONTEXT)
    number("llama.embedding_length", WIDTH)
    number("llama.feed_forward_length", HIDDEN)
    number("llama.attention.head_count", HEADS)
    number("llama.attention.head_count_kv", KEY_HEADS)
    number("llama.rope.dimension_count", WIDTH // HEADS)
    number("llama.vocab_size", len(tokens))
    add("llama.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", 1e-5))
    add("tokenizer.ggml.model", STRING, string("llama"))
    strings("tokenizer.ggml.tokens", [text for text, _, _ in tokens])
    add("tokenizer.ggml.scores", ARRAY,
        struct.pack("<IQ", F32, len(tokens)) + struct.pack(f"<{len(tokens)}f", *(t[1] for t in tokens)))
    add("tokenizer.ggml.token_type", ARRAY,
        struct.pack("<IQ", I32_ARRAY, len(tokens)) + struct.pack(f"<{len(tokens)}i", *(t[2] for t in tokens)))
    number("tokenizer.ggml.bos_token_id", 1)
    number("tokenizer.ggml.eos_token_id", 2)
    number("tokenizer.ggml.unknown_token_id", 0)
    return b"".join(entries), len(entries)


def tensors(vocabulary_size):
    """(name, inputs, outputs) of each; a vector has no outputs."""
    keys = WIDTH // HEADS * KEY_HEADS
    yield "token_embd.weight", WIDTH, vocabulary_size
    for layer in range(LAYERS):
        yield f"blk.{layer}.attn_norm.weight", WIDTH, 0
        yield f"blk.{layer}.attn_q.weight", WIDTH, WIDTH
        yield f"blk.{layer}.attn_k.weight", WIDTH, keys
        yield f"blk.{layer}.attn_v.weight", WIDTH, keys
        yield f"blk.{layer}.attn_output.weight", WIDTH, WIDTH
        yield f"blk.{layer}.ffn_norm.weight", WIDTH, 0
        yield f"blk.{layer}.ffn_gate.weight", WIDTH, HIDDEN
        yield f"blk.{layer}.ffn_up.weight", WIDTH, HIDDEN
        yield f"blk.{layer}.ffn_down.weight", HIDDEN, WIDTH
    yield "output_norm.weight", WIDTH, 0
    yield "output.weight", WIDTH, vocabulary_size


def pack(values, kind):
    if kind == "f32":
        return array.array("f", values).tobytes()
    if kind == "f16":
        return struct.pack(f"<{len(values)}e", *values)
    out = bytearray()
    for at in range(0, len(values), 32):
        block = values[at : at + 32]
        if kind == "q8_0":
            scale = max(map(abs, block)) / 127 or 1.0
            out += struct.pack("<e32b", scale, *(round(v / scale) for v in block))
        else:
            scale = max(block, key=abs) / -8 or 1.0
            codes = [min(15, max(0, int(v / scale + 8.5))) for v in block]
            out += struct.pack("<e", scale)
            out += bytes(codes[i] | codes[i + 16] << 4 for i in range(16))
    return bytes(out)


def padding(size):
    return b"\0" * (-size % ALIGNMENT)


def write(path, kind, seed):
    tokens = vocabulary()
    entries, count = metadata(kind, tokens)
    generator = random.Random(seed)
    infos, data = [], []
    offset = 0
    for name, inputs, outputs in tensors(len(tokens)):
        of = kind if outputs else "f32"
        if outputs:
            # As large as keeps the size of what goes through a layer, so that layers matter.
            scale = 2.0 * (3.0 / inputs) ** 0.5
            values = [generator.uniform(-scale, scale) for _ in range(inputs * outputs)]
        else:
            values = [generator.uniform(0.75, 1.25) for _ in range(inputs)]
        packed = pack(values, of)
        shape = [inputs, outputs] if outputs else [inputs]
        infos.append(string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
                     + struct.pack("<IQ", TYPES[of][0], offset))
        data.append(packed + padding(len(packed)))
        offset += len(data[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), count) + entries + b"".join(infos)
    with open(path, "wb") as file:
        file.write(head + padding(len(head)))
        for piece in data:
            file.write(piece)


def main():
    parser = argparse.ArgumentParser(description="Writes a tiny language model with random weights.")
    parser.add_argument("file")
    parser.add_argument("--type", choices=sorted(TYPES), default="f32")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    write(args.file, args.type, args.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
