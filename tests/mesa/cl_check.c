// SPDX-License-Identifier: MIT
/*
 * OpenCL programs that check what they computed, on one device.
 *
 * usage: cl-check DEVICE cl_check.cl
 *
 * DEVICE is a part of the device's name. Prints a line per program and "cl-check: N wrong"; exit
 * status 1 when one is wrong.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl_device.h"

#define ITEMS 1024

struct checker {
	struct cl_device device;
	cl_program program;
	unsigned int wrong;
	uint32_t state;
};

static uint32_t next_random(struct checker *checker)
{
	checker->state = checker->state * 1664525 + 1013904223;
	return checker->state ^ checker->state >> 15;
}

static void fill(struct checker *checker, void *data, size_t size)
{
	uint8_t *bytes = data;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(next_random(checker) >> 8);
}

static void tell(struct checker *checker, const char *name, bool right)
{
	printf("%s: %s\n", name, right ? "ok" : "WRONG");
	checker->wrong += !right;
}

static void launch(struct checker *checker, const char *kernel, const struct cl_arg *arguments,
		   const size_t *global, const size_t *local)
{
	cl_must(cl_launch(&checker->device, checker->program, kernel, arguments, global, local),
		kernel);
}

/* What a kernel that reads one buffer and writes another makes of the data. */
static void transform(struct checker *checker, const char *kernel, const void *in, size_t in_size,
		      void *out, size_t out_size, size_t items, size_t local, size_t shared)
{
	cl_mem a = cl_buffer(&checker->device, in_size, in);
	cl_mem b = cl_buffer(&checker->device, out_size, out);
	const struct cl_arg arguments[] = {CL_ARG(a), CL_ARG(b), CL_SHARED(shared), {0, NULL}};

	launch(checker, kernel, arguments, CL_SIZE(items, 1, 1), CL_SIZE(local, 1, 1));
	cl_get(&checker->device, b, out_size, out);
	clReleaseMemObject(a);
	clReleaseMemObject(b);
}

static void check_add(struct checker *checker)
{
	int32_t a[ITEMS], b[ITEMS], c[ITEMS];
	bool right = true;
	cl_mem ma, mb, mc;

	fill(checker, a, sizeof(a));
	fill(checker, b, sizeof(b));
	ma = cl_buffer(&checker->device, sizeof(a), a);
	mb = cl_buffer(&checker->device, sizeof(b), b);
	mc = cl_buffer(&checker->device, sizeof(c), NULL);
	launch(checker, "add", CL_ARGS(CL_ARG(ma), CL_ARG(mb), CL_ARG(mc)), CL_SIZE(ITEMS, 1, 1),
	       NULL);
	cl_get(&checker->device, mc, sizeof(c), c);
	for (unsigned int i = 0; i < ITEMS; i++)
		right &= (uint32_t)c[i] == (uint32_t)a[i] + (uint32_t)b[i];
	tell(checker, "add", right);
	clReleaseMemObject(ma);
	clReleaseMemObject(mb);
	clReleaseMemObject(mc);
}

static void check_saxpy(struct checker *checker)
{
	float x[ITEMS], y[ITEMS], out[ITEMS], k = 1.7f;
	bool right = true;
	cl_mem mx, my;

	for (unsigned int i = 0; i < ITEMS; i++) {
		x[i] = (float)(int32_t)next_random(checker) / 65536.0f;
		y[i] = (float)(int32_t)next_random(checker) / 16384.0f;
	}
	mx = cl_buffer(&checker->device, sizeof(x), x);
	my = cl_buffer(&checker->device, sizeof(y), y);
	launch(checker, "saxpy", CL_ARGS(CL_ARG(k), CL_ARG(mx), CL_ARG(my)), CL_SIZE(ITEMS, 1, 1),
	       CL_SIZE(128, 1, 1));
	cl_get(&checker->device, my, sizeof(out), out);
	for (unsigned int i = 0; i < ITEMS; i++) {
		volatile float product = k * x[i];

		right &= out[i] == product + y[i];
	}
	tell(checker, "saxpy", right);
	clReleaseMemObject(mx);
	clReleaseMemObject(my);
}

static void check_groups(struct checker *checker)
{
	uint32_t in[ITEMS], out[ITEMS], sum = 0, bins[256] = {0}, wanted[256] = {0};
	const uint8_t *bytes = (const uint8_t *)in;
	bool right = true;

	fill(checker, in, sizeof(in));
	transform(checker, "reduce", in, sizeof(in), out, 4 * sizeof(*out), ITEMS, 256, 1024);
	for (unsigned int i = 0; i < ITEMS; i++) {
		sum = i % 256 ? sum + in[i] : in[i];
		right &= i % 256 != 255 || out[i / 256] == sum;
	}
	tell(checker, "reduce", right);

	right = true;
	transform(checker, "scan", in, sizeof(in), out, sizeof(out), ITEMS, 64, 256);
	for (unsigned int i = 0; i < ITEMS; i++) {
		sum = i % 64 ? sum + in[i] : in[i];
		right &= out[i] == sum;
	}
	tell(checker, "scan", right);

	transform(checker, "histogram", in, sizeof(in), bins, sizeof(bins), sizeof(in), 128,
		  sizeof(bins));
	for (unsigned int i = 0; i < sizeof(in); i++)
		wanted[bytes[i]]++;
	tell(checker, "histogram", !memcmp(bins, wanted, sizeof(bins)));
}

static void check_matmul(struct checker *checker)
{
	enum {
		N = 32
	};
	float a[N * N], b[N * N], c[N * N];
	cl_uint n = N;
	bool right = true;
	cl_mem ma, mb, mc;

	for (unsigned int i = 0; i < N * N; i++) {
		a[i] = (float)(next_random(checker) % 64);
		b[i] = (float)(next_random(checker) % 64);
	}
	ma = cl_buffer(&checker->device, sizeof(a), a);
	mb = cl_buffer(&checker->device, sizeof(b), b);
	mc = cl_buffer(&checker->device, sizeof(c), NULL);
	launch(checker, "matmul", CL_ARGS(CL_ARG(ma), CL_ARG(mb), CL_ARG(mc), CL_ARG(n)),
	       CL_SIZE(N, N, 1), CL_SIZE(8, 8, 1));
	cl_get(&checker->device, mc, sizeof(c), c);
	for (unsigned int i = 0; i < N * N; i++) {
		float sum = 0;

		for (unsigned int k = 0; k < N; k++)
			sum += a[i / N * N + k] * b[k * N + i % N];
		right &= c[i] == sum;
	}
	tell(checker, "matmul", right);
	clReleaseMemObject(ma);
	clReleaseMemObject(mb);
	clReleaseMemObject(mc);
}

static void check_nbody(struct checker *checker)
{
	enum {
		N = 96
	};
	float bodies[N][4], pull[N][4];
	cl_uint n = N;
	bool right = true;
	cl_mem in, out;

	for (unsigned int i = 0; i < N * 4; i++)
		bodies[i / 4][i % 4] = (float)(next_random(checker) % 1000) / 100.0f;
	in = cl_buffer(&checker->device, sizeof(bodies), bodies);
	out = cl_buffer(&checker->device, sizeof(pull), NULL);
	launch(checker, "nbody", CL_ARGS(CL_ARG(in), CL_ARG(out), CL_ARG(n)), CL_SIZE(N, 1, 1),
	       CL_SIZE(32, 1, 1));
	cl_get(&checker->device, out, sizeof(pull), pull);
	for (unsigned int i = 0; i < N; i++) {
		double sum[3] = {0};

		for (unsigned int k = 0; k < N; k++) {
			double d[3], r2 = 0.01;

			for (unsigned int axis = 0; axis < 3; axis++) {
				d[axis] = (double)bodies[k][axis] - bodies[i][axis];
				r2 += d[axis] * d[axis];
			}
			for (unsigned int axis = 0; axis < 3; axis++)
				sum[axis] += d[axis] * bodies[k][3] / (r2 * sqrt(r2));
		}
		for (unsigned int axis = 0; axis < 3; axis++)
			right &= fabs(sum[axis] - pull[i][axis]) <= 1e-3 * (1 + fabs(sum[axis]));
	}
	tell(checker, "nbody", right);
	clReleaseMemObject(in);
	clReleaseMemObject(out);
}

static void check_hashes(struct checker *checker)
{
	/* FIPS 180-4's example: SHA-256 of "abc". */
	static const uint32_t abc[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
					0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
	static const char messages[] = "abcabcabcabc123456789";
	uint32_t digests[4 * 8], crc[13];
	cl_uint length = 9;
	bool right = true;
	cl_mem in, out;

	transform(checker, "sha256", messages, 12, digests, sizeof(digests), 4, 4, 0);
	for (unsigned int i = 0; i < 4; i++)
		right &= !memcmp(digests + i * 8, abc, sizeof(abc));
	tell(checker, "sha256", right);

	in = cl_buffer(&checker->device, sizeof(messages), messages);
	out = cl_buffer(&checker->device, sizeof(crc), NULL);
	launch(checker, "crc32", CL_ARGS(CL_ARG(in), CL_ARG(out), CL_ARG(length)),
	       CL_SIZE(13, 1, 1), NULL);
	cl_get(&checker->device, out, sizeof(crc), crc);
	/* The check value that the CRC catalogues give for "123456789". */
	tell(checker, "crc32", crc[12] == 0xcbf43926);
	clReleaseMemObject(in);
	clReleaseMemObject(out);
}

static void check_flow(struct checker *checker)
{
	enum {
		SORTED = 40
	};
	uint32_t steps[ITEMS], (*sorted)[128] = calloc(SORTED, sizeof(*sorted));
	cl_mem out = cl_buffer(&checker->device, sizeof(steps), NULL);
	bool right = true;

	launch(checker, "collatz", CL_ARGS(CL_ARG(out)), CL_SIZE(ITEMS, 1, 1), CL_SIZE(64, 1, 1));
	cl_get(&checker->device, out, sizeof(steps), steps);
	for (uint64_t i = 0; i < ITEMS; i++) {
		uint32_t count = 0;

		for (uint64_t n = i + 1; n != 1; count++)
			n = n & 1 ? 3 * n + 1 : n / 2;
		right &= steps[i] == count;
	}
	tell(checker, "collatz", right);
	clReleaseMemObject(out);

	right = sorted != NULL;
	out = cl_buffer(&checker->device, SORTED * sizeof(*sorted), NULL);
	launch(checker, "sort", CL_ARGS(CL_ARG(out)), CL_SIZE(SORTED, 1, 1), NULL);
	if (sorted)
		cl_get(&checker->device, out, SORTED * sizeof(*sorted), sorted);
	for (uint32_t i = 0; right && i < SORTED; i++) {
		uint32_t state = i * 2654435761u + 1, sum = 0;

		for (unsigned int k = 0; k < 128; k++) {
			state = state * 1664525 + 1013904223;
			sum += (state >> 8) - sorted[i][k];
			right &= !k || sorted[i][k - 1] <= sorted[i][k];
		}
		right &= !sum;
	}
	tell(checker, "sort", right);
	clReleaseMemObject(out);
	free(sorted);
}

static void check_wide(struct checker *checker)
{
	enum {
		N = 256
	};
	uint64_t a[N], b[N], out[N][8];
	bool right = true;
	cl_mem ma, mb, mc;

	fill(checker, a, sizeof(a));
	fill(checker, b, sizeof(b));
	for (unsigned int i = 0; i < N; i++)
		b[i] >>= i % 64;
	ma = cl_buffer(&checker->device, sizeof(a), a);
	mb = cl_buffer(&checker->device, sizeof(b), b);
	mc = cl_buffer(&checker->device, sizeof(out), NULL);
	launch(checker, "wide", CL_ARGS(CL_ARG(ma), CL_ARG(mb), CL_ARG(mc)), CL_SIZE(N, 1, 1),
	       NULL);
	cl_get(&checker->device, mc, sizeof(out), out);
	for (unsigned int i = 0; i < N; i++) {
		const uint64_t x = a[i], y = b[i] | 1;
		const unsigned int shift = (uint32_t)y % 63;
		const uint64_t wanted[8] = {
			x * y,
			(uint64_t)((unsigned __int128)x * y >> 64),
			x / y,
			x % y,
			(uint64_t)((int64_t)x / (int64_t)((y & 0xffffff) + 1)),
			(uint64_t)((int64_t)x >> shift),
			x << shift,
			x - y,
		};

		right &= !memcmp(out[i], wanted, sizeof(wanted));
	}
	tell(checker, "wide", right);
	clReleaseMemObject(ma);
	clReleaseMemObject(mb);
	clReleaseMemObject(mc);
}

static cl_mem make_image(struct checker *checker, cl_mem_object_type type, cl_channel_order order,
			 cl_channel_type channel, const size_t size[3], const void *data)
{
	const cl_image_format format = {order, channel};
	const cl_image_desc desc = {.image_type = type,
				    .image_width = size[0],
				    .image_height = size[1],
				    .image_depth = size[2],
				    .image_array_size = size[2]};
	cl_int status;
	cl_mem image = clCreateImage(checker->device.context,
				     CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0), &format,
				     &desc, (void *)data, &status);

	cl_must(status, "clCreateImage");
	return image;
}

static void get_image(struct checker *checker, cl_mem image, const size_t size[3], void *data)
{
	cl_must(clEnqueueReadImage(checker->device.queue, image, CL_TRUE, CL_SIZE(0, 0, 0), size, 0,
				   0, data, 0, NULL, NULL),
		"clEnqueueReadImage");
}

static void check_images(struct checker *checker)
{
	enum {
		W = 37,
		H = 21,
		D = 5
	};
	const size_t flat[3] = {W, H, 1}, deep[3] = {W, H, D};
	static uint8_t in[H][W][4], out[H][W][4];
	static int16_t cube[D][H][W], negative[D][H][W];
	static float values[H][W], mean[H][W];
	cl_mem a, b;
	bool right = true;

	fill(checker, in, sizeof(in));
	a = make_image(checker, CL_MEM_OBJECT_IMAGE2D, CL_RGBA, CL_UNSIGNED_INT8, flat, in);
	b = make_image(checker, CL_MEM_OBJECT_IMAGE2D, CL_RGBA, CL_UNSIGNED_INT8, flat, NULL);
	launch(checker, "mirror", CL_ARGS(CL_ARG(a), CL_ARG(b)), flat, NULL);
	get_image(checker, b, flat, out);
	for (unsigned int i = 0; i < W * H; i++)
		right &= !memcmp(out[i / W][i % W], in[i / W][W - 1 - i % W], 4);
	tell(checker, "mirror", right);
	clReleaseMemObject(a);
	clReleaseMemObject(b);

	for (unsigned int i = 0; i < W * H; i++)
		values[i / W][i % W] = (float)(next_random(checker) % 1024);
	a = make_image(checker, CL_MEM_OBJECT_IMAGE2D, CL_R, CL_FLOAT, flat, values);
	b = cl_buffer(&checker->device, sizeof(mean), NULL);
	launch(checker, "between", CL_ARGS(CL_ARG(a), CL_ARG(b)), flat, NULL);
	cl_get(&checker->device, b, sizeof(mean), mean);
	right = true;
	for (unsigned int y = 0; y < H; y++)
		for (unsigned int x = 0; x < W; x++)
			right &= fabsf(mean[y][x] -
				       (values[y][x] + values[y][x + (x < W - 1)]) / 2) <= 0.01f;
	tell(checker, "between", right);
	clReleaseMemObject(a);
	clReleaseMemObject(b);

	fill(checker, cube, sizeof(cube));
	a = make_image(checker, CL_MEM_OBJECT_IMAGE3D, CL_R, CL_SIGNED_INT16, deep, cube);
	b = make_image(checker, CL_MEM_OBJECT_IMAGE2D_ARRAY, CL_R, CL_SIGNED_INT16, deep, NULL);
	launch(checker, "volume", CL_ARGS(CL_ARG(a), CL_ARG(b)), deep, NULL);
	get_image(checker, b, deep, negative);
	right = true;
	for (unsigned int i = 0; i < W * H * D; i++) {
		const int16_t from = (&cube[0][0][0])[i], to = (&negative[0][0][0])[i];

		right &= from == INT16_MIN || to == -from; /* which saturates or wraps */
	}
	tell(checker, "volume", right);
	clReleaseMemObject(a);
	clReleaseMemObject(b);
}

static void check_strip(struct checker *checker)
{
	enum {
		N = 300
	};
	uint8_t in[N][4];
	float out[N][4];
	cl_mem buffer, image, to;
	bool right = true;
	cl_int status;

	fill(checker, in, sizeof(in));
	buffer = cl_buffer(&checker->device, sizeof(in), in);
	to = cl_buffer(&checker->device, sizeof(out), NULL);
	image = clCreateImage(checker->device.context, CL_MEM_READ_ONLY,
			      &(const cl_image_format){CL_RGBA, CL_UNORM_INT8},
			      &(const cl_image_desc){.image_type = CL_MEM_OBJECT_IMAGE1D_BUFFER,
						     .image_width = N,
						     .buffer = buffer},
			      NULL, &status);
	cl_must(status, "clCreateImage of a buffer");
	launch(checker, "strip", CL_ARGS(CL_ARG(image), CL_ARG(to)), CL_SIZE(N, 1, 1), NULL);
	cl_get(&checker->device, to, sizeof(out), out);
	for (unsigned int i = 0; i < N * 4; i++)
		right &= fabsf(out[i / 4][i % 4] - (float)in[i / 4][i % 4] / 255) < 1e-6f;
	tell(checker, "strip", right);
	clReleaseMemObject(image);
	clReleaseMemObject(buffer);
	clReleaseMemObject(to);
}

static void check_vectors(struct checker *checker)
{
	static const struct {
		const char *name;
		size_t size;
	} types[] = {{"char", 1}, {"ushort", 2}, {"int", 4}, {"ulong", 8}, {"float", 4}};
	static const unsigned int widths[] = {2, 3, 4, 8, 16};
	uint8_t in[4096], out[4096], wanted[4096];
	bool right = true;

	for (unsigned int i = 0; i < 25; i++) {
		const unsigned int width = widths[i % 5];
		const size_t size = types[i / 5].size;
		char name[32];

		snprintf(name, sizeof(name), "copy_%s%u", types[i / 5].name, width);
		fill(checker, in, sizeof(in));
		memset(out, 0, sizeof(out));
		memset(wanted, 0, sizeof(wanted));
		memcpy(wanted + size, in + size, 25 * width * size);
		transform(checker, name, in, sizeof(in), out, sizeof(out), 25, 5, 0);
		if (memcmp(out, wanted, sizeof(out))) {
			printf("%s differs\n", name);
			right = false;
		}
	}
	tell(checker, "vectors", right);
}

static void check_halves(struct checker *checker)
{
	static const struct {
		float value;
		uint16_t near, zero;
	} rows[] = {
		{0, 0, 0},
		{-0.0f, 0x8000, 0x8000},
		{1, 0x3c00, 0x3c00},
		{65504, 0x7bff, 0x7bff},
		{65519, 0x7bff, 0x7bff},
		{65520, 0x7c00, 0x7bff},
		{-1e9f, 0xfc00, 0xfbff},
		{INFINITY, 0x7c00, 0x7c00},
		{0.1f, 0x2e66, 0x2e66},
		{-2.0f / 3, 0xb955, 0xb955},
		{1.0f / 3, 0x3555, 0x3555},
		{0x1p-14f, 0x0400, 0x0400},
		{0x1p-24f, 1, 1},
		{0x1.8p-24f, 2, 1},
		{0x1p-25f, 0, 0},
		{1.0009766f, 0x3c01, 0x3c01},
	};
	enum {
		N = sizeof(rows) / sizeof(*rows)
	};
	uint16_t near[N], zero[N];
	float in[N], back[N];
	bool right = true;
	cl_mem m[4];

	for (unsigned int i = 0; i < N; i++)
		in[i] = rows[i].value;
	m[0] = cl_buffer(&checker->device, sizeof(in), in);
	m[1] = cl_buffer(&checker->device, sizeof(near), NULL);
	m[2] = cl_buffer(&checker->device, sizeof(zero), NULL);
	m[3] = cl_buffer(&checker->device, sizeof(back), NULL);
	launch(checker, "halves", CL_ARGS(CL_ARG(m[0]), CL_ARG(m[1]), CL_ARG(m[2]), CL_ARG(m[3])),
	       CL_SIZE(N, 1, 1), NULL);
	cl_get(&checker->device, m[1], sizeof(near), near);
	cl_get(&checker->device, m[2], sizeof(zero), zero);
	cl_get(&checker->device, m[3], sizeof(back), back);
	for (unsigned int i = 0; i < N; i++) {
		if (near[i] == rows[i].near && zero[i] == rows[i].zero)
			continue;
		printf("half of %a: %#x, towards zero %#x\n", in[i], near[i], zero[i]);
		right = false;
	}
	right &= back[2] == 1 && back[3] == 65504 && isinf(back[6]) && back[12] == 0x1p-24f;
	tell(checker, "halves", right);
	for (unsigned int i = 0; i < 4; i++)
		clReleaseMemObject(m[i]);
}

int main(int argc, char **argv)
{
	struct checker checker = {.state = 1};
	char *text;

	if (argc != 3) {
		fprintf(stderr, "usage: cl-check DEVICE cl_check.cl\n");
		return 2;
	}
	cl_device_open(&checker.device, argv[1]);
	text = cl_file(argv[2]);
	checker.program = cl_build(&checker.device, text, "-cl-std=CL1.2");
	free(text);
	if (!checker.program)
		return 1;
	check_add(&checker);
	check_saxpy(&checker);
	check_groups(&checker);
	check_matmul(&checker);
	check_nbody(&checker);
	check_hashes(&checker);
	check_flow(&checker);
	check_wide(&checker);
	check_images(&checker);
	check_strip(&checker);
	check_vectors(&checker);
	check_halves(&checker);
	launch(&checker, "say", (const struct cl_arg[]){{0, NULL}}, CL_SIZE(4, 1, 1), NULL);
	clReleaseProgram(checker.program);
	cl_device_close(&checker.device);
	printf("cl-check: %u wrong\n", checker.wrong);
	return checker.wrong ? 1 : 0;
}
