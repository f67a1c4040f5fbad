// SPDX-License-Identifier: MIT
/*
 * Runs OpenCL kernels on one device and writes down what they computed, for comparing two devices.
 *
 * usage: cl-run DEVICE RESULTS FILE.cl...
 *
 * DEVICE is a part of the device's name. Each file is a program; each of its kernels has the
 * arguments (global const uint *in, global uint *out, local uint *shared) and is run by ITEMS work
 * items in groups of GROUP. `in` has ITEMS * WORDS words, half of them values that arithmetic trips
 * over, the rest random, the same in every run; `out` has as many, zero before; `shared` has GROUP.
 * The results are, per kernel, a line "FILE KERNEL STATUS BYTES" and the bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl_device.h"

#define ITEMS 192
#define GROUP 48
#define WORDS 16
#define COUNT (ITEMS * WORDS)

static const uint32_t special[] = {
	0x00000000, 0x80000000, 0x00000001, 0xffffffff, 0x7fffffff, 0x80000001, 0x3f800000,
	0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x00800000, 0x007fffff, 0x7f7fffff,
	0x4b000000, 0xcf000000, 0x4f000000, 0x3effffff, 0x3f000000, 0x3f000001, 0x40490fdb,
	0x0000ffff, 0xffff0000, 0x00010000, 0x7bff3c00, 0x7c000400, 0x83ff8001, 0x0000001f,
	0x00000020, 0x00000021, 0x33800000, 0x477fe000, 0x477ff000, 0x38800000, 0x387fc000,
};

static void fill(uint32_t *words)
{
	uint64_t state = 88172645463325252ull;

	for (unsigned int i = 0; i < COUNT; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		switch (state >> 61) {
		case 0:
		case 1:
			words[i] = special[(uint32_t)state % (sizeof(special) / sizeof(*special))];
			break;
		case 2: /* a float of moderate size */
			words[i] = (state & 0x80ffffff) | (0x3c + (state >> 32) % 8) << 24;
			break;
		case 3: /* a small number */
			words[i] = (int32_t)(state % 129) - 64;
			break;
		default:
			words[i] = (uint32_t)(state >> 16);
		}
	}
}

static void run_kernel(const struct cl_device *device, cl_program program, const char *path,
		       const char *kernel, cl_mem in, FILE *results)
{
	static uint32_t words[COUNT];
	cl_mem out;
	cl_int status;

	memset(words, 0, sizeof(words));
	out = cl_buffer(device, sizeof(words), words);
	status = cl_launch(device, program, kernel,
			   CL_ARGS(CL_ARG(in), CL_ARG(out), CL_SHARED(GROUP * sizeof(uint32_t))),
			   CL_SIZE(ITEMS, 1, 1), CL_SIZE(GROUP, 1, 1));
	if (!status)
		cl_get(device, out, sizeof(words), words);
	fprintf(results, "%s %s %d %zu\n", path, kernel, status, sizeof(words));
	fwrite(words, sizeof(words), 1, results);
	fflush(results); /* the next one may be the end of the driver */
	clReleaseMemObject(out);
}

static int run_file(const struct cl_device *device, const char *path, cl_mem in, FILE *results)
{
	char *text = cl_file(path), *rest = NULL, names[16384];
	cl_program program = cl_build(device, text, "-cl-std=CL1.2");

	free(text);
	if (!program) {
		fprintf(stderr, "%s does not compile\n", path);
		return 1;
	}
	cl_must(clGetProgramInfo(program, CL_PROGRAM_KERNEL_NAMES, sizeof(names), names, NULL),
		path);
	for (char *name = strtok_r(names, ";", &rest); name; name = strtok_r(NULL, ";", &rest))
		run_kernel(device, program, path, name, in, results);
	clReleaseProgram(program);
	return 0;
}

int main(int argc, char **argv)
{
	static uint32_t words[COUNT];
	struct cl_device device;
	FILE *results;
	int failed = 0;
	cl_mem in;

	if (argc < 4) {
		fprintf(stderr, "usage: cl-run DEVICE RESULTS FILE.cl...\n");
		return 2;
	}
	cl_device_open(&device, argv[1]);
	results = fopen(argv[2], "wb");
	if (!results) {
		perror(argv[2]);
		return 2;
	}
	fill(words);
	in = cl_buffer(&device, sizeof(words), words);
	for (int i = 3; i < argc; i++)
		failed |= run_file(&device, argv[i], in, results);
	clReleaseMemObject(in);
	cl_device_close(&device);
	if (fclose(results)) {
		perror(argv[2]);
		return 2;
	}
	return failed;
}
