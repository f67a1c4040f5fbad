/* SPDX-License-Identifier: MIT */
/* Kernels of cl_check.c. */

kernel void add(global const int *a, global const int *b, global int *c)
{
	size_t i = get_global_id(0);

	c[i] = a[i] + b[i];
}

#pragma OPENCL FP_CONTRACT OFF
kernel void saxpy(float k, global const float *x, global float *y)
{
	size_t i = get_global_id(0);

	y[i] = k * x[i] + y[i];
}

/* The sum of a group to sums[group]. */
kernel void reduce(global const uint *in, global uint *sums, local uint *part)
{
	uint id = get_local_id(0);

	part[id] = in[get_global_id(0)];
	for (uint step = get_local_size(0) / 2; step; step /= 2) {
		barrier(CLK_LOCAL_MEM_FENCE);
		if (id < step)
			part[id] += part[id + step];
	}
	if (!id)
		sums[get_group_id(0)] = part[0];
}

kernel void histogram(global const uchar *in, global uint *bins, local uint *part)
{
	for (uint i = get_local_id(0); i < 256; i += get_local_size(0))
		part[i] = 0;
	barrier(CLK_LOCAL_MEM_FENCE);
	atomic_inc(&part[in[get_global_id(0)]]);
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint i = get_local_id(0); i < 256; i += get_local_size(0))
		atomic_add(&bins[i], part[i]);
}

/* Inclusive prefix sums within each group. */
kernel void scan(global const uint *in, global uint *out, local uint *part)
{
	uint id = get_local_id(0), sum = in[get_global_id(0)];

	for (uint step = 1; step < get_local_size(0); step *= 2) {
		part[id] = sum;
		barrier(CLK_LOCAL_MEM_FENCE);
		if (id >= step)
			sum += part[id - step];
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	out[get_global_id(0)] = sum;
}

/* Tiles of 8 by 8. */
kernel void matmul(global const float *a, global const float *b, global float *c, uint n)
{
	local float left[8][8], right[8][8];
	uint x = get_local_id(0), y = get_local_id(1);
	uint column = get_global_id(0), row = get_global_id(1);
	float sum = 0;

	for (uint k = 0; k < n; k += 8) {
		left[y][x] = a[row * n + k + x];
		right[y][x] = b[(k + y) * n + column];
		barrier(CLK_LOCAL_MEM_FENCE);
		for (uint i = 0; i < 8; i++)
			sum += left[y][i] * right[i][x];
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	c[row * n + column] = sum;
}

kernel void nbody(global const float4 *bodies, global float4 *pull, uint n)
{
	float3 at = bodies[get_global_id(0)].xyz, sum = 0;

	for (uint i = 0; i < n; i++) {
		float3 d = bodies[i].xyz - at;
		float r2 = dot(d, d) + 0.01f;

		sum += d * (bodies[i].w * rsqrt(r2) / r2);
	}
	pull[get_global_id(0)] = (float4)(sum, length(sum));
}

constant uint sha_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* SHA-256 of the three bytes at in + 3 * id. */
kernel void sha256(global const uchar *in, global uint *digests)
{
	uint id = get_global_id(0), w[64], h[8], s[8];
	uint start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

	for (uint i = 0; i < 64; i++)
		w[i] = 0;
	w[0] = in[3 * id] << 24 | in[3 * id + 1] << 16 | in[3 * id + 2] << 8 | 0x80;
	w[15] = 24;
	for (uint i = 16; i < 64; i++) {
		uint a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] + (rotate(a, 25u) ^ rotate(a, 14u) ^ a >> 3) +
		       (rotate(b, 15u) ^ rotate(b, 13u) ^ b >> 10);
	}
	for (uint i = 0; i < 8; i++)
		h[i] = s[i] = start[i];
	for (uint i = 0; i < 64; i++) {
		uint e = s[4], a = s[0];
		uint t1 = s[7] + (rotate(e, 26u) ^ rotate(e, 21u) ^ rotate(e, 7u)) +
			  bitselect(s[6], s[5], e) + sha_k[i] + w[i];
		uint t2 = (rotate(a, 30u) ^ rotate(a, 19u) ^ rotate(a, 10u)) +
			  ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));

		for (uint k = 7; k; k--)
			s[k] = s[k - 1];
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (uint i = 0; i < 8; i++)
		digests[8 * id + i] = h[i] + s[i];
}

kernel void crc32(global const uchar *in, global uint *out, uint length)
{
	uint crc = ~0u;

	for (uint i = 0; i < length; i++) {
		crc ^= in[get_global_id(0) + i];
		for (uint k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	out[get_global_id(0)] = ~crc;
}

/* Steps of the Collatz sequence, by way of a switch. */
kernel void collatz(global uint *out)
{
	ulong n = get_global_id(0) + 1;
	uint steps = 0;

	while (true) {
		if (n == 1)
			break;
		switch ((uint)n % 4) {
		case 0:
			n /= 2;
			steps++;
			/* and once more */
		case 2:
			n /= 2;
			steps++;
			continue;
		default:
			n = 3 * n + 1;
		}
		steps++;
	}
	out[get_global_id(0)] = steps;
}

/* Sorts 128 bytes-wide pseudo-random numbers in private memory. */
kernel void sort(global uint *out)
{
	uint numbers[128], state = get_global_id(0) * 2654435761u + 1;

	for (uint i = 0; i < 128; i++) {
		uint k = i;

		state = state * 1664525 + 1013904223;
		for (; k && numbers[k - 1] > state >> 8; k--)
			numbers[k] = numbers[k - 1];
		numbers[k] = state >> 8;
	}
	for (uint i = 0; i < 128; i++)
		out[get_global_id(0) * 128 + i] = numbers[i];
}

kernel void wide(global const ulong *a, global const ulong *b, global ulong *out)
{
	uint i = get_global_id(0);
	ulong x = a[i], y = b[i] | 1;

	out += i * 8;
	out[0] = x * y;
	out[1] = mul_hi(x, y);
	out[2] = x / y;
	out[3] = x % y;
	out[4] = (ulong)((long)x / (long)((y & 0xffffff) + 1));
	out[5] = (ulong)((long)x >> ((uint)y % 63));
	out[6] = x << ((uint)y % 63);
	out[7] = x - y;
}

const sampler_t nearest = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP | CLK_FILTER_NEAREST;
const sampler_t smooth = CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_LINEAR;

/* Mirrors the image left to right. */
kernel void mirror(read_only image2d_t from, write_only image2d_t to)
{
	int x = get_global_id(0), y = get_global_id(1);

	write_imageui(to, (int2)(x, y),
		      read_imageui(from, nearest, (int2)(get_image_width(from) - 1 - x, y)));
}

/* The mean of each texel and its right neighbour, by a sampler. */
kernel void between(read_only image2d_t from, global float *out)
{
	int x = get_global_id(0), y = get_global_id(1);

	out[y * get_image_width(from) + x] = read_imagef(from, smooth, (float2)(x + 1.0f, y + 0.5f)).x;
}

kernel void volume(read_only image3d_t from, write_only image2d_array_t to)
{
	int4 at = (int4)(get_global_id(0), get_global_id(1), get_global_id(2), 0);

	write_imagei(to, at, -read_imagei(from, nearest, at));
}

kernel void strip(read_only image1d_buffer_t from, global float4 *out)
{
	out[get_global_id(0)] = read_imagef(from, (int)get_global_id(0));
}

#define VECTOR(type, width)                                                                        \
	kernel void copy_##type##width(global const type *in, global type *out)                    \
	{                                                                                          \
		size_t i = get_global_id(0);                                                       \
		vstore##width(vload##width(i, in + 1), i, out + 1);                                \
	}
#define VECTORS(type) VECTOR(type, 2) VECTOR(type, 3) VECTOR(type, 4) VECTOR(type, 8) VECTOR(type, 16)
VECTORS(char)
VECTORS(ushort)
VECTORS(int)
VECTORS(ulong)
VECTORS(float)

kernel void halves(global const float *in, global half *near, global half *zero, global float *back)
{
	size_t i = get_global_id(0);

	vstore_half_rte(in[i], i, near);
	vstore_half_rtz(in[i], i, zero);
	back[i] = vload_half(i, near);
}

kernel void say(void)
{
	printf("item %d: %s %5.2f %#x %v4d\n", (int)get_global_id(0), "text", 1.25f, 255u,
	       (int4)(1, 2, 3, 4));
}
