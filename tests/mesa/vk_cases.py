# SPDX-License-Identifier: MIT
"""Compute programs for test_vk_compute.py: what each declares, its GLSL, and how to judge results.

A case is judged by `same` (bit for bit what the other driver computes), `near` (binary32 words
within a tolerance of it) or `pairs` (words come in twos that must be equal: what was got and what
the program itself expected, so that it does not depend on the size of subgroups).
"""

HEADER = """#version 460
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_KHR_shader_subgroup_clustered : require
#extension GL_KHR_shader_subgroup_quad : require
#extension GL_EXT_shader_subgroup_extended_types_int8 : require
#extension GL_EXT_shader_subgroup_extended_types_int16 : require
#extension GL_EXT_shader_subgroup_extended_types_int64 : require
#extension GL_EXT_shader_subgroup_extended_types_float16 : require
#extension GL_EXT_samplerless_texture_functions : require
#extension GL_EXT_shader_image_load_formatted : require
"""


class Case:
    def __init__(self, name, script, source, judge="same", tolerance=None):
        self.name = name
        self.script = script.strip("\n").split("\n") if script else []
        # Several programs are told apart in the script as shader 0, 1, ...
        self.sources = [source] if isinstance(source, str) else source or []
        self.judge = judge
        self.tolerance = tolerance or (0.0, 0.0)  # absolute, relative


def buffers(out_type="uint", in_type="uint"):
    return (
        f"layout(std430, binding = 0) readonly buffer In {{ {in_type} a[]; }};\n"
        f"layout(std430, binding = 1) buffer Out {{ {out_type} o[]; }};\n"
    )


def expressions(name, kind, inputs, body, local=64, groups=4, declare="", judge="same",
                tolerance=None):
    """A case of many expressions of x, y and z, three inputs of the type `kind`."""
    body = [line.strip() for line in body.strip().split("\n") if line.strip()]
    size = {"8": 1, "1": 2, "6": 8}.get(kind.replace("uint", "").replace("int", "")[:1], 4)
    size = {"float16_t": 2, "int": 4, "uint": 4, "float": 4}.get(kind, size)
    threads = local * groups
    lines = [
        HEADER, f"layout(local_size_x = {local}) in;\n", buffers(kind, kind), declare,
        "void main() {", " uint i = gl_GlobalInvocationID.x;",
        f" {kind} x = a[3 * i], y = a[3 * i + 1], z = a[3 * i + 2];",
    ]
    for index, text in enumerate(body):
        lines.append(f" {{ precise {kind} r = {kind}({text}); o[i * {len(body)} + {index}] = r; }}")
    lines.append("}")
    script = f"""
ssbo 0 {3 * size * threads} {inputs}
ssbo 1 {len(body) * size * threads} zero out
shader 0
dispatch {groups} 1 1
"""
    return Case(name, script, "\n".join(lines), judge, tolerance)


def integers():
    common = """
        x + y
        x - y
        x * y
        x / (y | {T}(1))
        x % (y | {T}(1))
        x & y
        x | y
        x ^ y
        ~x
        x << (y & {T}({BITS}))
        x >> (y & {T}({BITS}))
        x * y + z
        x * y - z
        min(x, y)
        max(x, y)
        clamp(x, min(y, z), max(y, z))
        x < y ? z : x
        x == y ? y : z
        (x >> {T}(3)) * y
        (x << {T}(2)) + z
        x / {T}(7)
        x % {T}(10)
        x * {T}(5) - y
        mix(x, y, z > x)
    """
    signed = """
        -x
        abs(x)
        sign(x)
    """
    for kind, bits in (("int8_t", 7), ("uint8_t", 7), ("int16_t", 15), ("uint16_t", 15),
                       ("int", 31), ("uint", 31), ("int64_t", 63), ("uint64_t", 63)):
        body = common + ("" if kind.startswith("u") else signed)
        body = body.replace("{T}", kind).replace("{BITS}", str(bits))
        if kind in ("int8_t", "int16_t"):  # what overflows in a division is not defined
            body = body.replace(f"x % (y | {kind}(1))", f"x % ((y | {kind}(1)) & {kind}({2**bits - 1}))")
        if kind in ("int", "int64_t"):
            body = body.replace("x % (y |", "(x & {K}) % (y & {K} |".replace("{K}", f"{kind}({hex(2**bits - 1)}{'l' if bits == 63 else ''})"))
            body = body.replace(f"x % {kind}(10)", f"(x & {kind}(0xffff)) % {kind}(10)")
        if kind.startswith("int"):
            body = body.replace(f"x % ((y", f"(x & {kind}(127)) % ((y").replace(
                f"\n        x % {kind}(10)", f"\n        (x & {kind}(127)) % {kind}(10)")
        yield expressions(f"arith-{kind}", kind, "random:1", body)
    yield expressions("arith-bits", "uint", "random:2", """
        bitCount(x)
        bitfieldReverse(x)
        findLSB(x & y & z)
        findMSB(x & y & z)
        findMSB(int(x))
        findMSB(0u)
        findLSB(0u)
        bitfieldExtract(x, int(y & 15u), int(z & 15u))
        bitfieldExtract(int(x), int(y & 15u), int(z & 15u))
        bitfieldInsert(x, y, int(z & 15u), int(z >> 28))
        bitfieldExtract(x, 5, 9)
        bitfieldInsert(x, y, 3, 17)
        bitfieldExtract(x, 0, 32)
        (x << 7) | (x >> 25)
        (x << (y & 31u)) | (x >> ((32u - y) & 31u))
        uint(bitCount(x & 255u)) + (y << 4)
        packUnorm2x16(unpackUnorm2x16(x))
        packSnorm2x16(unpackSnorm2x16(x))
        packUnorm4x8(unpackUnorm4x8(x))
        packSnorm4x8(unpackSnorm4x8(x))
        x & ~y
        ~(x & y)
        ~(x | y)
        ~(x ^ y)
        x | ~y
    """)
    wide = "uint f(int w, uint x, uint y) { uint h, l; int g, m; if (w < 2) { umulExtended(x, y, h, l);"
    wide += " return w == 0 ? h : l; } if (w < 4) { imulExtended(int(x), int(y), g, m);"
    wide += " return w == 2 ? g : m; } if (w < 6) { l = uaddCarry(x, y, h); return w == 4 ? h : l; }"
    wide += " l = usubBorrow(x, y, h); return w == 6 ? h : l; }\n"
    yield expressions("arith-wide", "uint", "random:3",
                      "\n".join(f"f({i}, x, y)" for i in range(8)), declare=wide)
    yield expressions("convert-integers", "uint64_t", "random:4", """
        uint8_t(x)
        int8_t(x)
        uint16_t(x)
        int16_t(x)
        uint(x)
        int(x)
        int64_t(int(x))
        uint64_t(int8_t(x)) + y
        uint(float(uint(x) >> 8))
        int(float(int16_t(x)))
        floatBitsToUint(float(uint(x)))
        floatBitsToUint(float(int(x)))
        floatBitsToUint(float(x))
        floatBitsToUint(float(int64_t(x)))
        floatBitsToUint(float(uint8_t(x)))
        uint(uint16_t(float16_t(uint8_t(x))))
        packUint2x32(unpackUint2x32(x).yx)
        unpack32(x).y
    """)


def floats():
    yield expressions("arith-float", "float", "float:5", """
        x + y
        x - y
        x * y
        fma(x, y, z)
        floor(x)
        ceil(x)
        trunc(x)
        fract(x)
        roundEven(x)
        roundEven(x * 0.5)
        round(x + 0.25)
        abs(x)
        -x
        sign(x)
        min(x, y)
        max(x, y)
        clamp(x, -1.0, 1.0)
        clamp(x, 0.0, 1.0)
        step(x, y)
        x < y ? z : x
        x <= y ? 1.0 : 2.0
        x == y ? 1.0 : 2.0
        x != y ? 1.0 : 2.0
        float(int(x))
        float(uint(abs(x)))
        float(int(x * 1000.0))
        uintBitsToFloat(floatBitsToUint(x) ^ 0x80000000u)
        x * 2.0 + y
        x * y * 4.0
        -x * y + -z
        abs(x) * -abs(y)
        isnan(x) ? 1.0 : 0.0
        ldexp(x, 3)
        ldexp(x, int(y) & 15)
        uintBitsToFloat(packHalf2x16(vec2(x, y)) & 0x7bff7bffu | 0x400u)
        unpackHalf2x16(packHalf2x16(vec2(x, y))).x
        unpackHalf2x16(packHalf2x16(vec2(x, y))).y
        float(packUnorm4x8(vec4(x, y, z, 0.5)))
        float(packSnorm4x8(vec4(x, y, z, 0.5)) >> 8)
        min(max(x, y), z)
        float(f16vec2(x, y).x)
        float(float16_t(x) + float16_t(y))
    """)
    near = """
        x / (y + 200.0)
        1.0 / (x + 200.0)
        sqrt(abs(x))
        inversesqrt(abs(x) + 0.5)
        mod(x, abs(y) + 1.0)
        exp2(x * 0.125)
        log2(abs(x) + 0.125)
        exp(x * 0.05)
        log(abs(x) + 0.125)
        pow(abs(x) + 1.0, y * 0.02)
        length(vec3(x, y, z))
        dot(vec3(x, y, z), vec3(y, z, x))
        mix(x, y, 0.25)
        distance(vec2(x, y), vec2(z, x))
        normalize(vec3(x + 200.0, y, z)).x
        smoothstep(-100.0, 100.0, x)
        reflect(vec2(x, y), vec2(0.6, 0.8)).x
        cross(vec3(x, y, z), vec3(z, x, y)).y
        determinant(mat2(x, y, z, x))
        (mat3(x, y, z, y, z, x, z, x, y) * vec3(x, y, z)).z
    """
    yield expressions("near-float", "float", "float:6", near, judge="near", tolerance=(1e-3, 1e-5))
    trigonometry = """
        sin(x)
        cos(x)
        sin(x * 0.02)
        tan(x * 0.01)
        asin(x / 128.5)
        acos(x / 128.5)
        atan(x)
        atan(x, y)
        sinh(x * 0.02)
        cosh(x * 0.02)
        tanh(x * 0.02)
        asinh(x)
        acosh(abs(x) + 1.5)
        atanh(x / 130.0)
    """
    yield expressions("near-trigonometry", "float", "float:7", trigonometry, judge="near",
                      tolerance=(1.5e-3, 2e-4))
    yield expressions("arith-half", "float16_t", "half:8", """
        x + y
        x - y
        x * y
        floor(x)
        ceil(x)
        trunc(x)
        abs(x)
        -x
        min(x, y)
        max(x, y)
        clamp(x, float16_t(0), float16_t(1))
        x < y ? z : x
        x == y ? x : z
        float16_t(int(x))
        float16_t(float(x) + float(y))
        float16_t(int16_t(x))
        float16_t(uint8_t(abs(float(x))))
        uint16BitsToFloat16(float16BitsToUint16(x) ^ uint16_t(0x8000))
        roundEven(x)
        sign(x)
    """)
    # What is special: infinities, NaNs that a comparison must not accept, zeros with signs.
    yield Case("special-float", """
ssbo 0 4 zero
ssbo 1 4096 zero out
shader 0
dispatch 1 1 1
""", HEADER + "layout(local_size_x = 8, local_size_y = 8) in;\n" + buffers() + """
        void main() {
            const uint v[8] = uint[8](0u, 0x80000000u, 0x3f800000u, 0xbf800000u, 0x7f800000u,
                                      0xff800000u, 0x7fc00000u, 0x7f7fffffu);
            uint i = gl_LocalInvocationIndex;
            precise float x = uintBitsToFloat(v[gl_LocalInvocationID.x] ^ a[0]);
            precise float y = uintBitsToFloat(v[gl_LocalInvocationID.y] ^ a[0]);
            uint r = 0;
            if (x < y) r |= 1;
            if (x <= y) r |= 2;
            if (x > y) r |= 4;
            if (x >= y) r |= 8;
            if (x == y) r |= 16;
            if (x != y) r |= 32;
            if (!(x < y)) r |= 64;
            if (!(x >= y)) r |= 128;
            if (isnan(x)) r |= 256;
            if (isinf(x)) r |= 512;
            o[i * 8] = r;
            precise float s = x + y, p = x * y, d = x - y;
            o[i * 8 + 1] = isnan(s) ? 7u : floatBitsToUint(s);
            o[i * 8 + 2] = isnan(p) ? 7u : floatBitsToUint(p);
            o[i * 8 + 3] = isnan(d) ? 7u : floatBitsToUint(d);
            o[i * 8 + 4] = isnan(x) || isnan(y) ? 7u : floatBitsToUint(max(x + 0.0, y + 0.0));
            o[i * 8 + 5] = isnan(x) || isnan(y) ? 7u : floatBitsToUint(min(x + 0.0, y + 0.0));
            o[i * 8 + 6] = isnan(x) ? 7u : floatBitsToUint(floor(x) + 0.0);
            o[i * 8 + 7] = isnan(x) ? 7u : floatBitsToUint(clamp(x, 0.0, 1.0) + 0.0);
        }
    """)


def memory():
    yield Case("shared-reduction", """
ssbo 0 65536 random:9
ssbo 1 4096 zero out
shader 0
dispatch 16 1 1
""", HEADER + "layout(local_size_x = 1024) in;\n" + buffers() + """
        shared uint s[1024];
        void main() {
            uint i = gl_LocalInvocationIndex;
            s[i] = a[gl_GlobalInvocationID.x];
            barrier();
            for (uint n = 512; n > 0; n >>= 1) {
                if (i < n) s[i] = s[i] * 3u + s[i + n];
                barrier();
            }
            if (i < 64) o[gl_WorkGroupID.x * 64 + i] = s[0] + s[i];
        }
    """)
    yield Case("shared-types", """
ssbo 0 65536 random:10
ssbo 1 65536 zero out
shader 0
dispatch 8 1 1
""", HEADER + "layout(local_size_x = 16, local_size_y = 4, local_size_z = 2) in;\n" + buffers() + """
        shared uint8_t b[128]; shared uint16_t h[128]; shared uint64_t q[128]; shared vec3 v[128];
        shared float16_t f[128];
        void main() {
            uint i = gl_LocalInvocationIndex, g = gl_WorkGroupID.x * 128 + i, k = 127 - i;
            uint w = a[g];
            b[i] = uint8_t(w); h[i] = uint16_t(w >> 8); q[i] = uint64_t(w) * 0x100000001ul;
            v[i] = vec3(float(w & 255u), float(w >> 24), i); f[i] = float16_t(int(w & 1023u));
            barrier();
            uint r = uint(b[k]) + uint(h[(k + 5) & 127]) * 3u;
            r ^= uint(q[k] >> 16);
            r += uint(v[k].x + v[i ^ 1].y * 2.0 + v[i].z) + uint(f[k]);
            barrier();
            atomicXor(o[g], r);
            o[1024 + g] = uint(gl_LocalInvocationID.x | gl_LocalInvocationID.y << 8 | gl_LocalInvocationID.z << 16);
        }
    """)
    yield Case("matrix-multiply", """
ssbo 0 32768 float:11
ssbo 1 16384 zero out
shader 0
dispatch 4 4 1
""", HEADER + "layout(local_size_x = 16, local_size_y = 16) in;\n" + buffers("float", "float") + """
        shared float s[16][16], t[16][17];
        void main() {
            uvec2 l = gl_LocalInvocationID.xy, g = gl_GlobalInvocationID.xy;
            precise float sum = 0;
            for (uint k = 0; k < 64; k += 16) {
                s[l.y][l.x] = floor(a[g.y * 64 + k + l.x]);
                t[l.y][l.x] = floor(a[4096 + (k + l.y) * 64 + g.x]);
                barrier();
                for (uint n = 0; n < 16; n++) sum += s[l.y][n] * t[n][l.x];
                barrier();
            }
            o[g.y * 64 + g.x] = sum;
        }
    """)
    yield Case("atomics", """
ssbo 0 16384 random:12
ssbo 1 256 word:0x40000000 out
ssbo 2 256 zero out
shader 0
dispatch 16 4 1
""", HEADER + "layout(local_size_x = 64) in;\n" + buffers("uint") + """
        layout(std430, binding = 2) buffer Sorted { int t[]; };
        shared uint s[16]; shared int u[4];
        void main() {
            uint i = gl_LocalInvocationIndex, n = gl_WorkGroupID.y * 16 + gl_WorkGroupID.x;
            if (i < 16) s[i] = i == 2 || i == 6 ? ~0u : 0u;
            if (i < 4) u[i] = 0;
            barrier();
            uint w = a[n * 64 + i], k = n & 3u;
            atomicAdd(o[0], w); atomicAdd(o[1 + k], 1u); atomicMin(o[5], w); atomicMax(o[6], w);
            atomicAnd(o[7], w | 0xff0000ffu); atomicOr(o[8], 1u << (w & 31u)); atomicXor(o[9], w);
            atomicMin(t[0], int(w)); atomicMax(t[1], int(w)); atomicAdd(t[2], int(w) >> 4);
            atomicAdd(s[0], w); atomicAdd(s[1], 1u); atomicMin(s[2], w); atomicMax(s[3], w);
            atomicOr(s[4], 1u << (w & 31u)); atomicXor(s[5], w); atomicAnd(s[6], w | 0xffff0000u);
            atomicMin(u[0], int(w)); atomicMax(u[1], int(w));
            uint old = atomicCompSwap(s[8], i == 0 ? 0u : 77u, 9u);
            if (i == 0 && old != 0) atomicOr(s[9], 1u);
            uint ticket = atomicAdd(s[10], 1u); atomicXor(s[11], 1u << (ticket & 31u));
            atomicExchange(s[12], 5u);
            /* An addition to a float by exchange: small integers, so that the order is nothing. */
            uint seen = s[13], was;
            do { was = seen; seen = atomicCompSwap(s[13], was, floatBitsToUint(uintBitsToFloat(was) + float(w & 255u))); }
            while (seen != was);
            barrier();
            if (i < 16) atomicAdd(o[16 + i], s[i] * (n + 1));
            if (i < 4) atomicAdd(t[8 + i], u[i]);
        }
    """)
    yield Case("push-uniform-spec", """
ssbo 0 16 zero
ssbo 1 8192 zero out
ubo 2 1024 random:13
ubo 3 256 random:14
push 1 2 3 0x40400000 5 6 7 8 9 10 11 12 0xdeadbeef 14 15 16 17 18 19 20
spec 0 32
spec 3 11
spec 4 0x40490fdb
spec 5 0
shader 0
dispatch 3 1 1
""", HEADER + "layout(local_size_x_id = 0) in;\n" + buffers() + """
        layout(constant_id = 3) const uint N = 3; layout(constant_id = 4) const float F = 1.0;
        layout(constant_id = 5) const bool B = true; layout(constant_id = 6) const int D = -5;
        layout(binding = 2) uniform U { uvec4 v[64]; };
        layout(binding = 3, std140) uniform W { float f[8]; mat3 m; uint e; };
        layout(push_constant) uniform P { uint p0, p1, p2; float p3; uint q[16]; };
        shared uint s[N];
        void main() {
            uint i = gl_GlobalInvocationID.x;
            if (gl_LocalInvocationIndex < N) s[gl_LocalInvocationIndex] = gl_LocalInvocationIndex * p2;
            barrier();
            uint r = v[i % 64u][i & 3u] + v[5].z;
            r += q[i & 15u] * s[i % N] + uint(p3 * F) + (B ? 1u : 100u) + uint(D);
            r ^= floatBitsToUint(f[i & 7u]) + floatBitsToUint(m[i % 3u][(i + 1u) % 3u]) + e;
            o[2 * i] = r; o[2 * i + 1] = gl_WorkGroupSize.x * p0 + gl_NumWorkGroups.x;
        }
    """)
    yield Case("indirect-and-large", """
ssbo 0 256 count
ssbo 1 262144 zero out
buffer 7 64 zero
shader 0
update 7 16 3 2 5
indirect 7 16
dispatch 65535 1 1
dispatch 1 777 3
dispatch 0 4 4
update 7 0 0 1 1
indirect 7 0
""", HEADER + "layout(local_size_x = 4) in;\n" + buffers() + """
        void main() {
            uvec3 g = gl_GlobalInvocationID;
            uint w = g.x * 2654435761u ^ g.y * 40503u ^ g.z * 69069u;
            atomicAdd(o[(w >> 8) & 1023u], w | 1u);
            if (gl_LocalInvocationIndex == 0)
                atomicMax(o[1024], gl_NumWorkGroups.x << 16 | gl_NumWorkGroups.y << 8 | gl_NumWorkGroups.z);
        }
    """)
    yield Case("dispatch-base", """
ssbo 0 4 zero
ssbo 1 4096 zero out
shader 0 base
base 3 2 1 2 3 2
dispatch 2 1 1
""", HEADER + "layout(local_size_x = 8) in;\n" + buffers() + """
        void main() {
            uvec3 g = gl_WorkGroupID;
            uint k = (g.x * 8u + g.y) * 8u + g.z;
            atomicAdd(o[k % 1024u], gl_GlobalInvocationID.x * 100u + gl_NumWorkGroups.x);
        }
    """)
    yield Case("scratch", """
ssbo 0 16384 random:15
ssbo 1 16384 zero out
shader 0
dispatch 32 1 1
""", HEADER + "layout(local_size_x = 128) in;\n" + buffers() + """
        uint g(uint n, uint x) { uint t[40]; for (uint k = 0; k < 40; k++) t[k] = x + k * n;
            for (uint k = 0; k < 40; k++) { uint j = (t[k] >> 3) % 40u; uint y = t[j]; t[j] = t[k] ^ n; t[k] = y; }
            return t[n % 40u] + t[(x >> 7) % 40u]; }
        void main() {
            uint i = gl_GlobalInvocationID.x, w = a[i];
            uint t[100]; u16vec2 h[33];
            for (uint k = 0; k < 100; k++) t[k] = w * k + i;
            for (uint k = 0; k < 33; k++) h[k] = u16vec2(w >> k, k * i);
            for (uint k = 0; k < 64; k++) {
                uint x = (w >> (k & 15u)) % 100u;
                t[x] = t[(x + k) % 100u] * 5u + k;
                h[x % 33u].y += uint16_t(t[k]);
                if ((t[x] & 3u) == 1u) t[99 - k] ^= g(k, t[x]);
            }
            uint r = 0;
            for (uint k = 0; k < 100; k++) r = r * 31u + t[k] + uint(h[k % 33u].x) + uint(h[k % 33u].y) * 3u;
            o[i] = r;
        }
    """)
    yield Case("divergence", """
ssbo 0 16384 random:16
ssbo 1 32768 zero out
shader 0
dispatch 32 1 1
""", HEADER + "layout(local_size_x = 128) in;\n" + buffers() + """
        uint f(uint x) {
            switch (x & 7u) {
            case 0u: return x * 3u;
            case 1u: x += 5u;
            case 2u: x ^= 0x55u; break;
            case 5u: if (x > 0x80000000u) return 1u; break;
            case 6u: for (uint k = 0; k < 5; k++) { if ((x >> k & 1u) != 0u) continue; x += k; if (x == 9u) break; } break;
            default: x = ~x;
            }
            return x + 1u;
        }
        void main() {
            uint i = gl_GlobalInvocationID.x, w = a[i], r = 0, n = 0;
            while (w != 1u && n < 300u) {
                if ((w & 1u) == 0u) w >>= 1;
                else if (n > 100u && (w & 6u) == 6u) { r += f(w); break; }
                else w = w * 3u + 1u;
                for (uint k = 0; k < (w & 3u); k++) {
                    for (uint j = k; j < 4u; j++) { if (((w >> j) & 1u) == 1u) { r += j; continue; } r ^= k; if (r > 0xf0000000u) return; }
                }
                n++;
            }
            o[2 * i] = r + f(r) + f(w); o[2 * i + 1] = n;
        }
    """)
    yield Case("robust", """
ssbo 0 256 random:17
ssbo 1 16384 zero out
ubo 2 64 random:18
texel 3 rgba8ui 256 random:19 uniform
texel 4 r32ui 256 random:20 storage out
image 5 rgba8ui 2d 13 7 1 1 1 random:21 storage out
shader 0
dispatch 2 1 1
""", HEADER + "layout(local_size_x = 64) in;\n" + buffers() + """
        layout(binding = 2) uniform U { uint u[64]; };
        layout(binding = 3) uniform utextureBuffer t;
        layout(binding = 4, r32ui) uniform uimageBuffer w;
        layout(binding = 5, rgba8ui) uniform uimage2D m;
        void main() {
            uint i = gl_GlobalInvocationID.x;
            o[i] = a[i];
            o[128 + i] = a[i * 1000003u];
            o[256 + i] = a.length();
            o[384 + i] = texelFetch(t, int(i)).y;
            o[512 + i] = imageLoad(w, int(i)).x;
            o[640 + i] = imageLoad(m, ivec2(int(i) - 8, int(i & 15u) - 4)).z;
            o[768 + i] = uint(textureSize(t)) * 100u + uint(imageSize(w)) + uint(imageSize(m).x * imageSize(m).y);
            barrier();
            imageStore(w, int(i * 3u), uvec4(i));
            imageStore(m, ivec2(int(i) - 8, int(i >> 4)), uvec4(i, 1, 2, 3));
            if (i > 100) o[i * 0x1000000u + 100000u] = 7u;
        }
    """)
    yield Case("transfers", """
buffer 0 65536 random:22 out
buffer 1 65536 random:23 out
fill 0 4096 1000 0x12345678
fill 1 60000 4 0
copy 0 1 4000 128 5000
copy 1 0 1 3 1
copy 0 1 7 9001 777
copy 0 1 32768 33000 16384
update 1 512 1 2 3 4 5 6 7
""", None)


SUBGROUP_ACTIVE = ("true", "(w & 3u) != 0u", "(gl_LocalInvocationIndex % 5u) == 2u", "w > 0x40000000u",
                   "gl_LocalInvocationIndex > 40u")


def subgroups():
    """All operations with different threads active, against loops over threadgroup memory."""
    start = """
        shared uint v[128]; shared bool act[128];
        void put(inout uint at, uint got, uint want) { o[gl_GlobalInvocationID.x * 256 + at * 2] = got;
            o[gl_GlobalInvocationID.x * 256 + at * 2 + 1] = want; at++; }
    """
    for number, active in enumerate(SUBGROUP_ACTIVE):
        for kind, size in (("uint", 32), ("int", 32), ("int16_t", 16), ("uint8_t", 8),
                           ("uint64_t", 64), ("float", 32), ("float16_t", 16)):
            if number and kind not in ("uint", "int", "float"):
                continue
            is_float = kind.startswith("float")
            ops = ["Add", "Min", "Max", "Mul"] + ([] if is_float else ["And", "Or", "Xor"])
            fold = {"Add": "x + y", "Min": "min(x, y)", "Max": "max(x, y)", "Mul": "x * y",
                    "And": "x & y", "Or": "x | y", "Xor": "x ^ y"}
            # Floats are small integers, so that the order of additions is nothing.
            value = f"{kind}(int(v[K] & 7u) - 3)" if is_float else f"{kind}(v[K])"
            if kind == "uint64_t":
                value = "(uint64_t(v[K]) << 32 | uint64_t(v[K] * 7u))"
            bits = {"float": "floatBitsToUint({} + 0.0)", "float16_t": "uint(float16BitsToUint16({} + float16_t(0)))",
                    "uint64_t": "(uint({0}) ^ uint(({0}) >> 32) * 31u)"}.get(kind, "uint({})")
            if is_float:
                fold["Mul"] = "x * y"
            body = ["void main() {", " uint i = gl_LocalInvocationIndex, w = a[gl_GlobalInvocationID.x], at = 0;",
                    f" v[i] = w; act[i] = {active}; barrier();",
                    " uint first = i - gl_SubgroupInvocationID, lane = gl_SubgroupInvocationID, last = first + gl_SubgroupSize;",
                    f" if ({active}) {{", f" {kind} mine = {value.replace('K', 'i')};"]
            forms = [("", "first", "last", ""), ("Inclusive", "first", "i + 1u", ""), ("Exclusive", "first", "i", "")]
            forms += [("Clustered", f"(i & ~{n - 1}u)", f"(i & ~{n - 1}u) + {n}u", f", {n}u") for n in (2, 4, 8)]
            for op in ops:
                if op == "Mul" and kind == "float16_t":
                    continue
                for form, low, high, more in forms:
                    name = f"subgroup{form}{op}"
                    expression = fold[op]
                    body.append(f" {{ {kind} got = {name}(mine{more}); {kind} x, y; bool any = false;"
                                f" for (uint k = {low}; k < {high}; k++) if (act[k]) {{ y = {value.replace('K', 'k')};"
                                f" x = any ? {expression} : y; any = true; }}"
                                f" put(at, {bits.format('got')}, any ? {bits.format('x')} : {bits.format('got')}); }}")
            body += [" }", "}"]
            count = len(ops) * 6 * 2
            assert count <= 256
            yield Case(f"subgroup-{kind}-{number}", """
ssbo 0 1024 random:24
ssbo 1 262144 zero out
shader 0 subgroups
dispatch 2 1 1
""", HEADER + "layout(local_size_x = 128) in;\n" + buffers() + start + "\n".join(body), "pairs")
        yield Case(f"subgroup-other-{number}", """
ssbo 0 1024 random:25
ssbo 1 262144 zero out
shader 0 subgroups
dispatch 2 1 1
""", HEADER + "layout(local_size_x = 128) in;\n" + buffers() + start + """
            void main() {
                uint i = gl_LocalInvocationIndex, w = a[gl_GlobalInvocationID.x], at = 0;
                v[i] = w; act[i] = ACTIVE; barrier();
                uint first = i - gl_SubgroupInvocationID, lane = gl_SubgroupInvocationID, n = gl_SubgroupSize;
                if (ACTIVE) {
                    uint low = ~0u, high = 0, all = 1, any = 0, same = 1, mask = 0, count = 0, below = 0;
                    for (uint k = 0; k < n; k++) if (act[first + k]) {
                        if (low == ~0u) low = k;
                        high = k; uint x = v[first + k];
                        if ((x & 16u) == 0u) all = 0; else any = 1;
                        if (x != w) same = 0;
                        if ((x & 4u) != 0u) { mask |= 1u << k; count++; if (k < lane) below++; }
                    }
                    put(at, subgroupElect() ? 1 : 0, lane == low ? 1 : 0);
                    put(at, subgroupAll((w & 16u) != 0u) ? 1 : 0, all);
                    put(at, subgroupAny((w & 16u) != 0u) ? 1 : 0, any);
                    put(at, subgroupAllEqual(w) ? 1 : 0, same);
                    put(at, subgroupAllEqual(5u) ? 1 : 0, 1);
                    uvec4 b = subgroupBallot((w & 4u) != 0u);
                    put(at, b.x, mask); put(at, b.y | b.z | b.w, 0);
                    put(at, subgroupBallotBitCount(b), count);
                    put(at, subgroupBallotExclusiveBitCount(b), below);
                    put(at, subgroupBallotInclusiveBitCount(b), below + ((w >> 2) & 1u));
                    put(at, subgroupInverseBallot(b) ? 1 : 0, (w >> 2) & 1u);
                    put(at, subgroupBallotBitExtract(b, lane ^ 1u) ? 1 : 0, mask >> (lane ^ 1u) & 1u);
                    if (mask != 0) { put(at, subgroupBallotFindLSB(b), findLSB(mask)); put(at, subgroupBallotFindMSB(b), findMSB(mask)); }
                    put(at, subgroupBroadcastFirst(w), v[first + low]);
                    put(at, subgroupBroadcast(w, low), v[first + low]);
                    put(at, subgroupBroadcast(uint64_t(w) << 20, high) == uint64_t(v[first + high]) << 20 ? 1 : 0, 1);
                    for (uint s = 1; s < n; s = s * 2 + 1) {
                        uint k = lane ^ s;
                        uint x = subgroupShuffleXor(w, s); if (act[first + k]) put(at, x, v[first + k]);
                        x = subgroupShuffleUp(w, s); if (lane >= s && act[first + lane - s]) put(at, x, v[first + lane - s]);
                        x = subgroupShuffleDown(w, s); if (lane + s < n && act[first + lane + s]) put(at, x, v[first + lane + s]);
                        k = (lane * s + 3u) % n;
                        x = subgroupShuffle(w, k); if (act[first + k]) put(at, x, v[first + k]);
                        uint16_t h = subgroupShuffle(uint16_t(w), k); if (act[first + k]) put(at, uint(h), v[first + k] & 0xffffu);
                        uint8_t c = subgroupShuffleXor(uint8_t(w), s); k = lane ^ s; if (act[first + k]) put(at, uint(c), v[first + k] & 0xffu);
                    }
                    put(at, gl_SubgroupEqMask.x, 1u << lane); put(at, gl_SubgroupLtMask.x, (1u << lane) - 1u);
                    put(at, gl_SubgroupGeMask.x & 0xffu, (~((1u << lane) - 1u)) & ((n == 32u ? 0u : 1u << n) - 1u) & 0xffu);
                    put(at, gl_SubgroupID, i / n); put(at, gl_NumSubgroups, 128u / n);
                    uint q = i & ~3u;
                    if (act[q] && act[q + 1] && act[q + 2] && act[q + 3]) {
                        put(at, subgroupQuadBroadcast(w, 0), v[q]); put(at, subgroupQuadBroadcast(w, 3), v[q + 3]);
                        put(at, subgroupQuadSwapHorizontal(w), v[i ^ 1u]); put(at, subgroupQuadSwapVertical(w), v[i ^ 2u]);
                        put(at, subgroupQuadSwapDiagonal(w), v[i ^ 3u]);
                        put(at, subgroupQuadSwapDiagonal(uint16_t(w)), v[i ^ 3u] & 0xffffu);
                    }
                }
            }
        """.replace("ACTIVE", active), "pairs")
    # Partial subgroups: a group of 45 threads has a second subgroup of 13.
    yield Case("subgroup-partial", """
ssbo 0 4096 random:26
ssbo 1 65536 zero out
shader 0
dispatch 5 1 1
""", HEADER + "layout(local_size_x = 9, local_size_y = 5) in;\n" + buffers() + """
        shared uint v[45], number[45], lanes[45];
        void main() {
            uint i = gl_LocalInvocationIndex, g = gl_WorkGroupID.x * 45 + i, w = a[g];
            v[i] = w; number[i] = gl_SubgroupID; lanes[i] = gl_SubgroupInvocationID;
            uint sum = subgroupAdd(w), below = subgroupExclusiveAdd(w), count = bitCount(subgroupBallot(true).x);
            barrier();
            uint s = 0, b = 0, c = 0;
            for (uint k = 0; k < 45; k++) if (number[k] == gl_SubgroupID) {
                s += v[k]; c++; if (lanes[k] < gl_SubgroupInvocationID) b += v[k]; }
            o[g * 6] = sum; o[g * 6 + 1] = s; o[g * 6 + 2] = below; o[g * 6 + 3] = b; o[g * 6 + 4] = count; o[g * 6 + 5] = c;
        }
    """, "pairs")


IMAGE_FORMATS = {
    "f": "r8 r8_snorm rg8 rg8_snorm rgba8 rgba8_snorm rgb10_a2 r11f_g11f_b10f r16 r16_snorm rg16"
         " rg16_snorm rgba16 rgba16_snorm r16f rg16f rgba16f r32f rg32f rgba32f".split(),
    "u": "r8ui rg8ui rgba8ui rgb10_a2ui r16ui rg16ui rgba16ui r32ui rg32ui rgba32ui".split(),
    "i": "r8i rg8i rgba8i r16i rg16i rgba16i r32i rg32i rgba32i".split(),
}
DIMS = {
    # GLSL's name, size and layers, coordinate of the texel number i (W, H, D)
    "1d": ("1D", (61, 1, 1), 1, "int(i)"),
    "2d": ("2D", (37, 21, 1), 1, "ivec2(i % 37u, i / 37u)"),
    "3d": ("3D", (19, 9, 6), 1, "ivec3(i % 19u, i / 19u % 9u, i / 171u)"),
    "cube": ("Cube", (16, 16, 1), 6, "ivec3(i % 16u, i / 16u % 16u, i / 256u)"),
    "1darray": ("1DArray", (33, 1, 1), 5, "ivec2(i % 33u, i / 33u)"),
    "2darray": ("2DArray", (18, 13, 1), 4, "ivec3(i % 18u, i / 18u % 13u, i / 234u)"),
    "cubearray": ("CubeArray", (8, 8, 1), 12, "ivec3(i % 8u, i / 8u % 8u, i / 64u)"),
}


def image_fill(name):
    if name.endswith("32f"):
        return "float"
    if name.endswith("16f"):
        return "half"
    return "random"


def fields(kind):
    return {"f": ("vec4", "image", "texture"), "u": ("uvec4", "uimage", "utexture"),
            "i": ("ivec4", "iimage", "itexture")}[kind]


def images():
    """Reads and writes of every format in 2D, and of some in all dimensions."""
    pairs = [(k, f, "2d") for k in IMAGE_FORMATS for f in IMAGE_FORMATS[k]]
    pairs += [(k, f, d) for d in DIMS if d != "2d"
              for k, f in (("f", "rgba8"), ("u", "r32ui"), ("f", "rgba16f"), ("i", "r8i"), ("u", "rgba32ui"))]
    for kind, name, dim in pairs:
        glsl, (w, h, d), layers, at = DIMS[dim]
        vector, image, _ = fields(kind)
        texels = w * h * d * layers
        groups = (texels + 63) // 64
        scale = {"f": "vec4(r) * 0.01 - 0.3", "u": "r", "i": "ivec4(r) - 100"}[kind]
        bits = {"f": "floatBitsToUint(t)", "u": "t", "i": "uvec4(t)"}[kind]
        modify = {"f": "t * 0.5 + vec4(0.25, 0.5, -0.125, 1)", "u": "t + uvec4(r)", "i": "-t + ivec4(r)"}[kind]
        if kind == "f":  # values that every format represents, so that rounding is nothing
            scale = "vec4(equal(r & 1u, uvec4(1)))"
            modify = "mix(t, vec4(1) - clamp(t, 0, 1), equal(r & 3u, uvec4(2)))"
            if name in ("r16f", "rg16f", "rgba16f", "r32f", "rg32f", "rgba32f", "r11f_g11f_b10f"):
                scale = "vec4(r & 31u) * 0.25"
                modify = "t"
        yield Case(f"image-{name}-{dim}", f"""
ssbo 1 {16 * texels} zero out
image 2 {name} {dim} {w} {h} {d} {layers} 1 {image_fill(name)}:27 storage out
image 3 {name} {dim} {w} {h} {d} {layers} 1 zero storage out
shader 0
dispatch {groups} 1 1
""", HEADER + f"""
            layout(local_size_x = 64) in;
            layout(std430, binding = 1) buffer Out {{ uvec4 o[]; }};
            layout(binding = 2, {name}) uniform {image}{glsl} from;
            layout(binding = 3, {name}) uniform {image}{glsl} to;
            void main() {{
                uint i = gl_GlobalInvocationID.x;
                if (i >= {texels}u) return;
                {vector} t = imageLoad(from, {at});
                o[i] = {bits};
                uvec4 r = uvec4(i, i * 3u, i * 7u + 1u, i * 5u);
                imageStore(to, {at}, {vector}({modify}));
                if (i % 7u == 0u) imageStore(from, {at}, {vector}({scale}));
            }}
        """, *(("near", (1e-6, 1e-6)) if kind == "f" else ()))
    yield Case("image-atomics", """
ssbo 1 65536 zero out
image 2 r32ui 2d 16 16 1 1 1 random:28 storage out
image 3 r32i 3d 8 8 4 1 1 random:29 storage out
texel 4 r32ui 1024 zero storage out
image 5 r32ui 2darray 8 8 1 4 1 random:30 storage out
shader 0
dispatch 16 1 1
""", HEADER + """
        layout(local_size_x = 64) in;
        layout(std430, binding = 1) buffer Out { uint o[]; };
        layout(binding = 2, r32ui) uniform uimage2D m;
        layout(binding = 3, r32i) uniform iimage3D n;
        layout(binding = 4, r32ui) uniform uimageBuffer p;
        layout(binding = 5, r32ui) uniform uimage2DArray q;
        void main() {
            uint i = gl_GlobalInvocationID.x, k = i * 7919u;
            imageAtomicAdd(m, ivec2(k & 7u, k >> 3 & 7u), k); imageAtomicMax(m, ivec2(8 + (k & 7u), k >> 3 & 7u), k * k);
            imageAtomicXor(m, ivec2(k & 7u, 8 + (k >> 3 & 7u)), k); imageAtomicAnd(m, ivec2(8 + (k & 7u), 8 + (k >> 3 & 7u)), ~(k & 0x101u));
            imageAtomicMin(n, ivec3(k & 7u, k >> 3 & 7u, k >> 6 & 3u), int(k * k * k));
            imageAtomicOr(p, int(i & 255u), 1u << (i >> 8)); imageAtomicAdd(q, ivec3(k & 7u, k >> 3 & 7u, k >> 6 & 3u), i);
            o[i] = imageAtomicExchange(q, ivec3(0, 0, 9), 5u);
        }
    """)


FILTER_FORMATS = "rgba8 rgba8_srgb bgra8 bgra8_srgb rgba8_snorm rg8 r8 r16 rgba16f r11f_g11f_b10f rgb10_a2 bgr10_a2 rgb9_e5 r5g6b5 rgba4 a1rgb5 r32f".split()
BLOCK_FORMATS = "bc1 bc1a bc2 bc3 bc3_srgb bc4 bc4_snorm bc5 bc5_snorm bc6h bc6h_signed bc7 etc2 etc2a1 etc2a8 eac_r11 eac_rg11_snorm astc4x4 astc6x5 astc8x8 astc12x12".split()


def textures():
    fetch = """
        void main() {
            uint i = gl_GlobalInvocationID.x; ivec2 p = ivec2(i % 40u, i / 40u % 40u);
            int level = int(i / 1600u);
            if (level > 3) return;
            vec4 t = p.x < textureSize(m, level).x && p.y < textureSize(m, level).y ? texelFetch(m, p, level) : vec4(7);
            o[i] = t;
        }
    """
    for name in FILTER_FORMATS + BLOCK_FORMATS + ["d16", "d32"]:
        how = "unit" if name == "d32" else image_fill(name)
        yield Case(f"fetch-{name}", f"""
ssbo 1 {16 * 6400} zero out
image 2 {name} 2d 40 36 1 1 4 {how}:31 sampled
shader 0
dispatch 100 1 1
""", HEADER + """
            layout(local_size_x = 64) in;
            layout(std430, binding = 1) buffer Out { vec4 o[]; };
            layout(binding = 2) uniform texture2D m;
        """ + fetch, "near", (1.7e-2 if "snorm" in name else 1e-2, 1e-3) if name.startswith("bc")
            else (3e-3, 3e-3))
    # Lavapipe crashes on such programs: here, reads that tell residency are compared with others.
    yield Case("residency", """
ssbo 1 2048 zero out
image 2 rgba8 2d 40 36 1 1 4 random:33 sampled
sampler 3 min=linear mag=linear mip=linear wrap=repeat
shader 0
dispatch 1 1 1
""", HEADER + """
#extension GL_ARB_sparse_texture2 : require
        layout(local_size_x = 64) in;
        layout(std430, binding = 1) buffer Out { vec2 o[]; };
        layout(binding = 2) uniform texture2D m;
        layout(binding = 3) uniform sampler s;
        void main() {
            uint i = gl_LocalInvocationIndex;
            vec2 at = vec2(i & 7u, i >> 3) * 0.17;
            vec4 got;
            int code = sparseTexelFetchARB(sampler2D(m, s), ivec2(i & 7u, i >> 3), 1, got);
            o[i] = vec2(got.y, texelFetch(sampler2D(m, s), ivec2(i & 7u, i >> 3), 1).y);
            o[i + 64u] = vec2(sparseTexelsResidentARB(code), 1.0);
            code = sparseTextureLodARB(sampler2D(m, s), at, 0.7, got);
            o[i + 128u] = vec2(got.z, textureLod(sampler2D(m, s), at, 0.7).z);
            o[i + 192u] = vec2(sparseTexelsResidentARB(code), 1.0);
        }
    """, "pairs")
    sample = {
        "1d": "sampler1D(m, s), u * 1.3 + 0.1", "2d": "sampler2D(m, s), vec2(u, v)",
        "3d": "sampler3D(m, s), vec3(u, v, u * v)", "cube": "samplerCube(m, s), vec3(u, v, 0.7 - u * v)",
        "1darray": "sampler1DArray(m, s), vec2(u, v * 4.0)",
        "2darray": "sampler2DArray(m, s), vec3(u, v, v * 5.0 - 1.0)",
        "cubearray": "samplerCubeArray(m, s), vec4(u - 0.3, v, 0.8 - u, v * 2.0)",
    }
    for dim, (glsl, (w, h, d), layers, _) in DIMS.items():
        for mode in ("min=nearest mag=nearest mip=nearest wrap=repeat", "min=linear mag=linear mip=linear wrap=edge",
                     "min=linear mag=linear mip=nearest wrap=mirror", "min=linear mag=nearest wrap=border border=4",
                     "min=nearest mag=linear mip=linear wrap=repeat lod=0.5:2.5 bias=0.25"):
            short = "-".join(part.split("=")[1] for part in mode.split()).replace(":", "to")
            yield Case(f"sample-{dim}-{short}", f"""
ssbo 1 {16 * 4096} zero out
image 2 rgba8 {dim} {w} {h} {d} {layers} 4 random:32 sampled
sampler 3 {mode}
shader 0
dispatch 16 1 1
""", HEADER + f"""
                layout(local_size_x = 64) in;
                layout(std430, binding = 1) buffer Out {{ vec4 o[]; }};
                layout(binding = 2) uniform texture{glsl} m; layout(binding = 3) uniform sampler s;
                void main() {{
                    uint i = gl_GlobalInvocationID.x;
                    float u = (float(i % 32u) * 2.0 + 0.53) / 32.0 - 0.5, v = (float(i / 32u) + 0.27) / 16.0 - 0.5;
                    for (uint k = 0; k < 4; k++)
                        o[i * 4 + k] = textureLod({sample[dim]}, float(k) * 0.7);
                }}
            """, "near", (1.2e-2, 1e-2))
    yield Case("gather", """
ssbo 1 262144 zero out
image 2 rgba8 2d 37 21 1 1 1 random:33 sampled
image 4 d32 2d 32 32 1 1 3 unit:34 sampled
image 6 rgba8ui 2darray 16 16 1 3 1 random:35 sampled
sampler 3 min=linear mag=linear wrap=repeat
sampler 5 min=linear mag=linear wrap=edge compare=lequal
sampler 7 wrap=repeat
shader 0
dispatch 16 1 1
""", HEADER + """
        layout(local_size_x = 64) in;
        layout(std430, binding = 1) buffer Out { vec4 o[]; };
        layout(binding = 2) uniform texture2D m; layout(binding = 3) uniform sampler s;
        layout(binding = 4) uniform texture2D z; layout(binding = 5) uniform samplerShadow c;
        layout(binding = 6) uniform utexture2DArray n; layout(binding = 7) uniform sampler r;
        void main() {
            uint i = gl_GlobalInvocationID.x;
            vec2 p = vec2(float(i % 32u) + 0.3, float(i / 32u) + 0.2) / 30.0;
            o[i * 12] = textureGather(sampler2D(m, s), p, 0); o[i * 12 + 1] = textureGather(sampler2D(m, s), p, 3);
            o[i * 12 + 2] = textureGatherOffset(sampler2D(m, s), p, ivec2(-3, 2), 1);
            o[i * 12 + 3] = textureGather(sampler2DShadow(z, c), p * 0.9, 0.5);
            o[i * 12 + 4] = vec4(textureLod(sampler2DShadow(z, c), vec3(p * 0.9, 0.4), 0.0));
            o[i * 12 + 5] = vec4(textureGather(usampler2DArray(n, r), vec3(p, 1), 2));
            o[i * 12 + 6] = textureLodOffset(sampler2D(m, s), p, 0.0, ivec2(2, -5));
            o[i * 12 + 7] = vec4(texelFetch(n, ivec3(i & 15u, i >> 4 & 15u, i % 3u), 0));
            o[i * 12 + 8] = vec4(textureSize(m, 0), textureQueryLevels(z), textureSize(n, 0).z);
            o[i * 12 + 9] = texelFetchOffset(m, ivec2(i % 30u, i % 17u), 0, ivec2(3, 2));
        }
    """, "near", (1.2e-2, 1e-2))
    yield Case("gradients", """
ssbo 1 65536 zero out
image 2 rgba8 2d 64 64 1 1 7 random:36 sampled
sampler 3 min=linear mag=linear mip=linear wrap=repeat
shader 0
dispatch 16 1 1
""", HEADER + """
        layout(local_size_x = 64) in;
        layout(std430, binding = 1) buffer Out { vec4 o[]; };
        layout(binding = 2) uniform texture2D m; layout(binding = 3) uniform sampler s;
        void main() {
            uint i = gl_GlobalInvocationID.x;
            vec2 p = vec2(float(i % 32u), float(i / 32u)) / 32.0;
            float k = exp2(-6.0 + float(i & 7u));
            o[i * 3] = textureGrad(sampler2D(m, s), p, vec2(k, 0), vec2(0, k));
            o[i * 3 + 1] = textureGrad(sampler2D(m, s), p, vec2(k * 0.7, k * 0.7), vec2(k * 0.1, 0));
            o[i * 3 + 2] = vec4(textureQueryLevels(m));
        }
    """, "near", (2e-2, 2e-2))
    yield Case("swizzled-views", """
ssbo 1 65536 zero out
image 2 rgba8 2darray 24 24 1 4 3 random:37 none
view 3 2 rgba8 2d 1 2 1 bgr1 sampled
view 4 2 rgba8 2darray 0 1 2 0arg sampled
shader 0
dispatch 9 1 1
""", HEADER + """
        layout(local_size_x = 64) in;
        layout(std430, binding = 1) buffer Out { vec4 o[]; };
        layout(binding = 3) uniform texture2D m; layout(binding = 4) uniform texture2DArray n;
        void main() {
            uint i = gl_GlobalInvocationID.x;
            o[i * 2] = texelFetch(m, ivec2(i % 12u, i / 12u % 12u), 0);
            o[i * 2 + 1] = texelFetch(n, ivec3(i % 24u, i / 24u, i & 1u), 0) + vec4(textureSize(m, 0), textureSize(n, 0).xz);
        }
    """, "near", (1e-6, 1e-6))
    yield Case("image-transfers", """
image 0 rgba8ui 2d 67 45 1 1 1 random:38 none out
image 1 rgba8ui 2d 50 50 1 1 1 random:39 none out
image 2 rg16ui 2darray 20 20 1 5 1 random:40 none out
image 3 r32ui 3d 20 20 7 1 1 random:41 none out
image 4 rgba32ui 2d 30 30 1 1 1 random:42 none out
buffer 5 65536 random:43 out
copyimage 0 1 3 5 0 7 1 0 40 30 1
copyimage 2 3 1 2 1 5 6 2 10 9 3
copyimage 1 2 0 0 0 9 9 4 11 11 1
tobuffer 4 5 1024 40 3 4 0 17 9 1
toimage 5 4 2048 0 5 6 0 20 3 1
tobuffer 3 5 32768 0 2 2 1 9 5 4
toimage 5 2 512 24 2 3 1 13 11 3
""", None)
    for name in ("r32f", "rgba8", "rgba16f", "rg16ui", "r8i", "rgba32ui", "rgb10_a2", "r16"):
        kind = next(k for k in IMAGE_FORMATS if name in IMAGE_FORMATS[k])
        vector, image, texture = fields(kind)
        bits = {"f": "floatBitsToUint(t)", "u": "t", "i": "uvec4(t)"}[kind]
        yield Case(f"texel-{name}", f"""
ssbo 1 16384 zero out
texel 2 {name} 16384 {image_fill(name)}:44 uniform
texel 3 {name} 16384 zero storage out
shader 0
dispatch 16 1 1
""", HEADER + f"""
            layout(local_size_x = 64) in;
            layout(std430, binding = 1) buffer Out {{ uvec4 o[]; }};
            layout(binding = 2) uniform {texture}Buffer m;
            layout(binding = 3, {name}) uniform {image}Buffer n;
            void main() {{
                int i = int(gl_GlobalInvocationID.x);
                {vector} t = texelFetch(m, (i * 7) & 1023);
                o[i] = {bits};
                imageStore(n, i, t);
            }}
        """, *(("near", (1e-6, 1e-6)) if kind == "f" else ()))


def all_cases():
    for group in (integers, floats, memory, subgroups, images, textures):
        yield from group()


# What a short run takes, by the beginnings of names.
SHORT = (
    "arith-uint arith-int64_t arith-int8_t arith-uint16_t arith-bits arith-wide arith-float arith-half near-"
    " special-float convert-integers shared- matrix-multiply atomics push-uniform-spec indirect-and-large"
    " dispatch-base scratch divergence robust transfers subgroup-uint-0 subgroup-other-0 subgroup-other-1"
    " subgroup-partial image-rgba8-2d image-r32ui-3d image-rgba16f-cubearray image-atomics image-transfers"
    " fetch-rgba8 fetch-bc7 sample-2d-linear sample-cube-linear gather gradients residency swizzled-views texel-r32f"
).split()
