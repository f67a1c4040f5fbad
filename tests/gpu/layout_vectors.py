#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Addresses of texels, computed slowly: tables for test_layout.c.

Does not share its way with the model: curves are walked texel by texel, tiles are counted one by one
where the model has formulas, and levels are placed by recursion. Facts: Mesa's src/asahi/layout.
"""
import random
import sys

PAGE = 16384
# channels code: (bytes, block width, block height)
FORMATS = {
    0x00: (1, 1, 1),
    0x09: (2, 1, 1),
    0x28: (4, 1, 1),
    0x32: (8, 1, 1),
    0x38: (16, 1, 1),
    0x58: (8, 4, 4),
    0x7B: (16, 4, 4),
    0x64: (16, 6, 6),
    0x6A: (16, 10, 8),
}
LINEAR, TWIDDLED, GPU = 0, 1, 2
ARRAY, ARRAY_MS, VOLUME = 3, 8, 5


def up(value, unit):
    while value % unit:
        value += 1
    return value


def pot(value):
    p = 1
    while p < value:
        p *= 2
    return p


def halves(value, times):
    for _ in range(times):
        value = max(value // 2, 1)
    return value


def curve(width, height, x, y):
    """Position on a Z curve in a rectangle whose sides are powers of two, x first."""
    if width == 1 and height == 1:
        return 0
    # Cut the longer side in two; of a square, the upper half comes last.
    if width > height:
        half = width // 2
        return half * height * (x >= half) + curve(half, height, x % half, y)
    half = height // 2
    return half * width * (y >= half) + curve(width, half, x, y % half)


class Level:
    """Offset, bytes, tile and tiles per row; sizes in elements."""

    def __init__(self, size, tile, row):
        self.size, self.tile, self.row, self.offset = size, tile, row, 0


def full_tile(bpe):
    """Grows a tile to a page, first across."""
    w = h = 1
    while w * h * bpe < PAGE:
        if w <= h:
            w *= 2
        else:
            h *= 2
    return w, h


def blocks(pixels, block):
    return -(-pixels // block)


def gpu_levels(im):
    bpe = im.bytes * im.samples
    tw, th = full_tile(bpe)
    w, h = blocks(im.width, im.bw), blocks(im.height, im.bh)
    many_x, many_y = blocks(w, tw), blocks(h, th)
    compressed = im.bw > 1
    levels, small = [], None
    for l in range(im.levels):
        row = blocks(halves(im.width, l), im.bw)
        lw = blocks(halves(w * im.bw, l), im.bw)
        lh = blocks(halves(h * im.bh, l), im.bh)
        if small is None and (lw < tw or lh < th):
            small = l
            if compressed:
                sw, sh = halves(pot(w), l), halves(pot(h), l)
            else:
                sw, sh = pot(halves(w, l)), pot(halves(h, l))
        if small is None:
            part = 2**l
            # Whole tiles of the level, plus what is cut at the right, at the bottom and in the corner.
            odd_x, odd_y = many_x % part != 0, many_y % part != 0
            tiles = (many_x * many_y) // (part * part)
            tiles += many_y // part if odd_x else 0
            tiles += many_x // part if odd_y else 0
            tiles += 1 if odd_x and odd_y else 0
            row += 1 if compressed and odd_x else 0
            levels.append(Level(tiles * tw * th * bpe, (tw, th), blocks(row, tw)))
        else:
            if compressed:
                side = pot(min(sw, sh))
            else:
                side = pot(halves(min(w, h), l))
            levels.append(Level(sw * sh * bpe, (side, side), blocks(row, side)))
            sw, sh = halves(sw, 1), halves(sh, 1)
    return levels


def twiddled_levels(im):
    w, h = blocks(im.width, im.bw), blocks(im.height, im.bh)
    levels = []
    for l in range(im.levels):
        aw, ah = halves(pot(w), l), halves(pot(h), l)
        lw, lh = (aw, ah) if im.bw > 1 else (pot(halves(w, l)), pot(halves(h, l)))
        side = min(lw, lh)
        levels.append(Level(aw * ah * im.bytes * im.samples, (side, side), blocks(lw, side)))
    return levels


class Image:
    def __init__(self, rng):
        self.channels = rng.choice(list(FORMATS))
        self.bytes, self.bw, self.bh = FORMATS[self.channels]
        self.layout = rng.choice([GPU, GPU, GPU, TWIDDLED, LINEAR])
        if self.bw > 1 and self.layout == LINEAR:
            self.layout = GPU
        big = rng.choice([20, 200, 2000])
        self.width, self.height = rng.randint(1, big), rng.randint(1, big)
        self.layers = rng.choice([1, 1, 2, 3, 7])
        self.samples = 1
        self.dimension = rng.choice([ARRAY, ARRAY, VOLUME])
        self.mipmapped = self.layout != LINEAR and rng.random() < 0.7
        if self.layout == GPU and self.bw == 1 and rng.random() < 0.3:
            self.samples, self.dimension, self.mipmapped = rng.choice([2, 4]), ARRAY_MS, False
        self.page_aligned = self.layout == GPU and rng.random() < 0.5
        self.compressed = self.layout == GPU and self.bw == 1 and rng.random() < 0.5
        self.levels = 1
        if self.mipmapped:
            largest = max(self.width, self.height)
            if self.dimension == VOLUME:
                largest = max(largest, self.layers)
            while largest > 1:
                largest //= 2
                self.levels += 1
        self.stride = self.layer_stride = 0
        if self.layout == LINEAR:
            self.stride = up(self.width * self.bytes, 16) + 16 * rng.randint(0, 3)
            self.layer_stride = up(self.stride * self.height, 128) + 128 * rng.randint(0, 2)
            return
        self.all = gpu_levels(self) if self.layout == GPU else twiddled_levels(self)
        end = 0
        for level in self.all:
            level.offset = end
            end = up(end + level.size, 128)
        if self.page_aligned or self.layout == TWIDDLED:
            end = up(end, PAGE)
        self.end = end

    def size(self):
        return (self.layer_stride if self.layout == LINEAR else self.end) * self.layers

    def offset(self, x, y, layer, l, s):
        if self.layout == LINEAR:
            return layer * self.layer_stride + y * self.stride + x * self.bytes
        level = self.all[l]
        tw, th = level.tile
        x, y = x // self.bw, y // self.bh
        element = (y // th * level.row + x // tw) * tw * th + curve(tw, th, x % tw, y % th)
        return layer * self.end + level.offset + (element * self.samples + s) * self.bytes

    def metadata(self, x, y, layer, l, s):
        """None: the level's texels are never compressed."""
        if not self.compressed:
            return None
        ax, ay = {1: (1, 1), 2: (1, 2), 4: (2, 2)}[self.samples]
        w0, h0 = up(self.width * ax, 16), up(self.height * ay, 16)
        if min(w0, h0) >> l < 16:
            return None
        end, start, w, h = 0, 0, w0, h0
        for k in range(self.levels):
            if max(w0, h0) >> k < 16:
                break
            if k == l:
                start = end
            end = up(end + 8 * blocks(pot(w), 16) * blocks(pot(h), 16), 128)
            w, h = blocks(w, 2), blocks(h, 2)
        sx, sy = x * ax + s % ax, y * ay + s // ax
        tx = pot(blocks(halves(self.width, l) * ax, 16))
        ty = pot(blocks(halves(self.height, l) * ay, 16))
        # Squares behind each other along the longer side.
        side, cx, cy = min(tx, ty), sx // 16, sy // 16
        word = (cx // side + cy // side) * side * side + curve(side, side, cx % side, cy % side)
        return layer * end + start + 8 * word


def main():
    rng = random.Random(7)
    with open(sys.argv[1], "w", encoding="ascii") as out:
        out.write("/* Generated by layout_vectors.py. */\n")
        out.write(
            "static const struct layout_vector {\n"
            "\tuint8_t channels, layout, dimension, samples;\n"
            "\tbool mipmapped, page_aligned, compressed;\n"
            "\tuint32_t width, height, layers, stride, layer_stride;\n"
            "\tuint32_t x, y, layer;\n"
            "\tuint8_t level, sample;\n"
            "\tuint64_t offset, size, metadata;\n"
            "} layout_vectors[] = {\n"
        )
        for _ in range(1500):
            im = Image(rng)
            for _ in range(3):
                l = rng.randrange(im.levels) if rng.random() < 0.7 else 0
                w, h = halves(im.width, l), halves(im.height, l)
                corner = rng.random() < 0.3
                x = w - 1 if corner else rng.randrange(w)
                y = h - 1 if corner else rng.randrange(h)
                depth = halves(im.layers, l) if im.dimension == VOLUME else im.layers
                z, s = rng.randrange(depth), rng.randrange(im.samples)
                metadata = im.metadata(x, y, z, l, s)
                head = [im.channels, im.layout, im.dimension, im.samples]
                head += [int(im.mipmapped), int(im.page_aligned), int(im.compressed)]
                head += [im.width, im.height, im.layers, im.stride, im.layer_stride, x, y, z, l, s]
                out.write(
                    "\t{%s, %#x, %#x, %s},\n"
                    % (
                        ", ".join(str(v) for v in head),
                        im.offset(x, y, z, l, s),
                        im.size(),
                        "UINT64_MAX" if metadata is None else "%#x" % metadata,
                    )
                )
        out.write("};\n")


main()
