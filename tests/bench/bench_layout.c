// SPDX-License-Identifier: MIT
/*
 * Images of 2048x2048 texels put into the order of the GPU and taken out of it, and conversions, each as a
 * ratio to memcpy() of as many bytes of the image.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <agx/layout.h>

#include "format_table.h"

#define SIDE 2048u

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *need(void *memory)
{
	if (!memory) {
		fputs("no memory\n", stderr);
		exit(2);
	}
	return memory;
}

struct job {
	struct agx_layout layout;
	uint8_t *image, *rows;
	size_t bytes;
	const struct lib_format *from;
	union agx_texel *texels;
};

static void copy(struct job *job)
{
	memcpy(job->image, job->rows, job->bytes);
}

static void store(struct job *job)
{
	const struct agx_region all = {0};

	agx_layout_store(&job->layout, job->image, job->layout.size, &all, job->rows, 0, 0);
}

static void load(struct job *job)
{
	const struct agx_region all = {0};

	agx_layout_load(&job->layout, job->image, job->layout.size, &all, job->rows, 0, 0);
}

/* What agx_image_upload() does to each row before it stores it. */
static void convert(struct job *job)
{
	const struct lib_format *to = lib_format(job->layout.params.format);

	for (uint32_t y = 0; y < SIDE; y++) {
		lib_format_unpack(job->from, job->rows + (size_t)y * SIDE * job->from->info.bytes,
				  job->texels, SIDE);
		lib_format_pack(to, job->texels, job->image + (size_t)y * SIDE * to->info.bytes,
				SIDE);
	}
}

/* The best of several: what else runs only makes it slower. */
static double measure(void (*run)(struct job *), struct job *job)
{
	double best = 1e9, end = now() + 0.6;

	do {
		const double start = now();

		run(job);
		if (now() - start < best)
			best = now() - start;
	} while (now() < end);
	return best;
}

static void report(const char *name, double took, double reference, size_t bytes)
{
	printf("%-34s %8.2f ms %7.2f GB/s  ratio to memcpy %6.2f\n", name, took * 1e3,
	       (double)bytes / took / 1e9, reference / took);
}

static void bench_order(enum agx_format format)
{
	const struct agx_layout_params params = {
		.format = format,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = SIDE,
		.height = SIDE,
	};
	const char *why, *name = agx_format_info(format)->name;
	struct job job = {0};
	double reference;
	char text[64];

	if (agx_layout_init(&job.layout, &params, &why))
		exit(2);
	job.bytes = (size_t)SIDE * SIDE * agx_format_info(format)->bytes;
	job.image = need(malloc(job.layout.size));
	job.rows = need(malloc(job.bytes));
	memset(job.image, 1, job.layout.size);
	memset(job.rows, 2, job.bytes);
	reference = measure(copy, &job);
	report("memcpy()", reference, reference, job.bytes);
	snprintf(text, sizeof(text), "%s, store", name);
	report(text, measure(store, &job), reference, job.bytes);
	snprintf(text, sizeof(text), "%s, load", name);
	report(text, measure(load, &job), reference, job.bytes);
	free(job.image);
	free(job.rows);
}

static void bench_conversion(enum agx_format from, enum agx_format to)
{
	struct job job = {0};
	double reference;
	char text[64];

	job.from = lib_format(from);
	job.layout.params.format = to;
	job.bytes = (size_t)SIDE * SIDE * agx_format_info(to)->bytes;
	job.image = need(malloc(job.bytes));
	job.rows = need(calloc(SIDE * SIDE, 16));
	job.texels = need(malloc(SIDE * sizeof(*job.texels)));
	memset(job.image, 1, job.bytes);
	reference = measure(copy, &job);
	snprintf(text, sizeof(text), "%s to %s", job.from->info.name, agx_format_info(to)->name);
	report(text, measure(convert, &job), reference, job.bytes);
	free(job.image);
	free(job.rows);
	free(job.texels);
}

int main(void)
{
	static const enum agx_format formats[] = {
		AGX_FORMAT_R8_UNORM,           AGX_FORMAT_R8G8_UNORM,
		AGX_FORMAT_R8G8B8A8_UNORM,     AGX_FORMAT_R16G16B16A16_FLOAT,
		AGX_FORMAT_R32G32B32A32_FLOAT,
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		bench_order(formats[i]);
	bench_conversion(AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_R8G8B8A8_UNORM);
	bench_conversion(AGX_FORMAT_R32G32B32A32_FLOAT, AGX_FORMAT_R8G8B8A8_SRGB);
	bench_conversion(AGX_FORMAT_R8G8B8A8_UNORM, AGX_FORMAT_B8G8R8A8_UNORM);
	bench_conversion(AGX_FORMAT_R8G8B8A8_UNORM, AGX_FORMAT_R16G16B16A16_FLOAT);
	return 0;
}
