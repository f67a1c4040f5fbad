// SPDX-License-Identifier: MIT
/*
 * Throughput of an OpenCL device: chains of multiply-adds as clpeak has them, and reading memory.
 * usage: bench-cl NAME-OF-DEVICE
 * Prints lines: what, number, unit. Each figure is the best of three runs of at least RUN seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cl_device.h"

#define RUN   0.25
#define LOCAL 256
#define LOOPS 64 /* of 32 multiply-adds */
#define BYTES (64u << 20)

static const char source[] =
	"#define TWO x = MAD(y, x, y); y = MAD(x, y, x);\n"
	"#define EIGHT TWO TWO TWO TWO\n"
	"#define CHAIN(name, type, one)                                                   \\\n"
	"__kernel void name(__global one *out, one start)                                 \\\n"
	"{                                                                                \\\n"
	"	type x = (type)(start), y = (type)((one)get_local_id(0));                 \\\n"
	"	for (int i = 0; i < 64; i++) { EIGHT EIGHT EIGHT EIGHT }                  \\\n"
	"	out[get_global_id(0)] = SUM(y);                                           \\\n"
	"}\n"
	"#define MAD(a, b, c) mad(a, b, c)\n"
	"#define SUM(v) (v)\n"
	"CHAIN(float1, float, float)\n"
	"#undef SUM\n"
	"#define SUM(v) ((v).s0 + (v).s1 + (v).s2 + (v).s3)\n"
	"CHAIN(float_4, float4, float)\n"
	"#undef MAD\n"
	"#undef SUM\n"
	"#define MAD(a, b, c) ((a) * (b) + (c))\n"
	"#define SUM(v) (v)\n"
	"CHAIN(int1, int, int)\n"
	"#undef SUM\n"
	"#define SUM(v) ((v).s0 + (v).s1 + (v).s2 + (v).s3)\n"
	"CHAIN(int_4, int4, int)\n"
	"#define READ(name, type, zero)                                                   \\\n"
	"__kernel void name(__global type *in, __global type *out)                        \\\n"
	"{                                                                                \\\n"
	"	size_t at = get_group_id(0) * get_local_size(0) * 16 + get_local_id(0);   \\\n"
	"	type sum = zero;                                                          \\\n"
	"	for (int i = 0; i < 16; i++, at += get_local_size(0))                     \\\n"
	"		sum += in[at];                                                    \\\n"
	"	out[get_global_id(0)] = sum;                                              \\\n"
	"}\n"
	"READ(read1, float, 0)\n"
	"READ(read_4, float4, (float4)(0))\n";

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Seconds that items of a kernel take. */
static double measure(const struct cl_device *device, cl_program program, const char *kernel,
		      const struct cl_arg *arguments, size_t items)
{
	const double start = now();

	cl_must(cl_launch(device, program, kernel, arguments, CL_SIZE(items, 1, 1),
			  CL_SIZE(LOCAL, 1, 1)),
		kernel);
	return now() - start;
}

/* Work items a second; at most so many at a time. */
static double rate(const struct cl_device *device, cl_program program, const char *kernel,
		   const struct cl_arg *arguments, size_t most)
{
	double best = 0;
	size_t items = LOCAL * 4;

	while (items * 2 <= most && measure(device, program, kernel, arguments, items) < RUN / 2)
		items *= 2;
	for (unsigned int attempt = 0; attempt < 3; attempt++) {
		double took = 0;
		size_t done = 0;

		for (; took < RUN; done += items)
			took += measure(device, program, kernel, arguments, items);
		if ((double)done / took > best)
			best = (double)done / took;
	}
	return best;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *kernel, *what;
		unsigned int width;
		cl_bool is_float;
	} chains[] = {
		{"float1", "float", 1, CL_TRUE},
		{"float_4", "float4", 4, CL_TRUE},
		{"int1", "int", 1, CL_FALSE},
		{"int_4", "int4", 4, CL_FALSE},
	};
	const size_t most = 4 << 20;
	const cl_float start = 1.3f;
	const cl_int start_int = 3;
	struct cl_device device;
	cl_program program;
	cl_mem in, out;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-cl NAME-OF-DEVICE\n");
		return 2;
	}
	cl_device_open(&device, argv[1]);
	program = cl_build(&device, source, "");
	if (!program)
		return 1;
	in = cl_buffer(&device, BYTES, NULL);
	out = cl_buffer(&device, most * 4, NULL);
	for (unsigned int i = 0; i < sizeof(chains) / sizeof(*chains); i++) {
		const struct cl_arg *arguments = chains[i].is_float
							 ? CL_ARGS(CL_ARG(out), CL_ARG(start))
							 : CL_ARGS(CL_ARG(out), CL_ARG(start_int));
		const double items = rate(&device, program, chains[i].kernel, arguments, most);

		printf("%s %.3f %s\n", chains[i].what,
		       items * LOOPS * 32 * 2 * chains[i].width / 1e9,
		       chains[i].is_float ? "GFLOPS" : "GIOPS");
		fflush(stdout);
	}
	for (unsigned int width = 1; width <= 4; width += 3) {
		const struct cl_arg *arguments = CL_ARGS(CL_ARG(in), CL_ARG(out));
		const double items = rate(&device, program, width == 1 ? "read1" : "read_4",
					  arguments, BYTES / (16 * 4 * width));

		printf("read%u %.3f GB/s\n", width, items * 16 * 4 * width / 1e9);
		fflush(stdout);
	}
	clReleaseMemObject(in);
	clReleaseMemObject(out);
	clReleaseProgram(program);
	cl_device_close(&device);
	return 0;
}
