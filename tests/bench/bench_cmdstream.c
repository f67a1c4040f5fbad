// SPDX-License-Identifier: MIT
/*
 * Speed of the walker and of the tables of descriptors on one core: bench-cmdstream FILE...
 *
 * The control streams of every submission of the traces are walked, each level of depth for itself;
 * then the structures that were met are unpacked, packed, judged and printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agx_cs_pack.h"
#include "agx_decode_trace.h"
#include "agx_walk_stream.h"

#define WALKS   40
#define SECONDS 0.3
#define RECORDS 4096

struct met {
	const struct agx_cs_struct *desc;
	uint8_t record[AGX_CS_RECORD_MAX];
};

struct totals {
	double seconds;
	uint64_t blocks, draws, structures;
};

static struct met met[RECORDS];
static unsigned int met_count;
static volatile uint64_t sink;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static bool on_structure(void *cookie, const struct agx_cs_event *event)
{
	++*(uint64_t *)cookie;
	if (met_count < RECORDS) {
		met[met_count].desc = event->desc;
		memcpy(met[met_count++].record, event->record, event->desc->size);
	}
	return true;
}

static void walk(const struct agx_decode_submit *submit, bool cdm, uint64_t address,
		 enum agx_cs_walk_depth depth, bool judge, struct totals *totals)
{
	const struct agx_cs_memory memory = {submit->memory.piece, submit->memory.cookie};
	const struct agx_cs_start start = {
		.address = address,
		.usc_base = submit->usc_base,
		.walk_depth = depth,
		.judge = judge,
	};
	const struct agx_cs_visitor visitor = {.cookie = &totals->structures,
					       .structure = on_structure};
	struct agx_cs_walk_result result;
	double begin = now();

	for (int i = 0; i < WALKS; i++) {
		if (cdm)
			agx_cs_walk_cdm(&memory, &start, &visitor, &result);
		else
			agx_cs_walk_vdm(&memory, &start, &visitor, &result);
		totals->blocks += result.blocks;
		totals->draws += result.draws + result.dispatches;
	}
	totals->seconds += now() - begin;
}

static void walk_submit(const struct agx_decode_submit *submit, enum agx_cs_walk_depth depth,
			bool judge, struct totals *totals)
{
	const uint8_t *commands = submit->commands;
	size_t at = 0;

	while (submit->commands_size - at >= sizeof(struct drm_asahi_cmd_header)) {
		struct drm_asahi_cmd_header header;
		uint64_t address = 0;

		memcpy(&header, commands + at, sizeof(header));
		at += sizeof(header);
		if (header.size > submit->commands_size - at)
			break;
		if (header.cmd_type == DRM_ASAHI_CMD_RENDER && header.size >= 16)
			memcpy(&address,
			       commands + at +
				       offsetof(struct drm_asahi_cmd_render, vdm_ctrl_stream_base),
			       8);
		else if (header.cmd_type == DRM_ASAHI_CMD_COMPUTE && header.size >= 16)
			memcpy(&address,
			       commands + at +
				       offsetof(struct drm_asahi_cmd_compute, cdm_ctrl_stream_base),
			       8);
		if (address)
			walk(submit, header.cmd_type == DRM_ASAHI_CMD_COMPUTE, address, depth,
			     judge, totals);
		at += header.size;
	}
}

static void walk_traces(int count, char **paths, const char *name, enum agx_cs_walk_depth depth,
			bool judge)
{
	struct totals totals = {0};

	for (int i = 0; i < count; i++) {
		struct agx_decode_submit submit;
		struct agx_decode_trace *trace;

		if (agx_decode_trace_open(paths[i], NULL, &trace, NULL)) {
			fprintf(stderr, "bench-cmdstream: %s: cannot be read\n", paths[i]);
			exit(2);
		}
		while (agx_decode_trace_next_submit(trace, &submit, NULL) > 0)
			walk_submit(&submit, depth, judge, &totals);
		agx_decode_trace_close(trace);
	}
	printf("%-36s %7.2f million blocks/s, %7.2f million structures/s, %7.0f thousand draws/s\n",
	       name, totals.blocks / totals.seconds * 1e-6,
	       totals.structures / totals.seconds * 1e-6, totals.draws / totals.seconds * 1e-3);
}

static uint64_t get_fields(const struct met *one)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < one->desc->field_count; i++)
		sum += agx_cs_get(&one->desc->fields[i], one->record);
	return sum;
}

static uint64_t set_fields(const struct met *one)
{
	uint8_t record[AGX_CS_RECORD_MAX] = {0};
	uint64_t sum = 0;

	for (unsigned int i = 0; i < one->desc->field_count; i++) {
		const struct agx_cs_field *field = &one->desc->fields[i];

		sum += agx_cs_set(field, record, agx_cs_get(field, one->record));
	}
	return sum;
}

static uint64_t judge(const struct met *one)
{
	return agx_cs_check(one->desc, one->record, NULL, NULL);
}

static uint64_t print_fields(const struct met *one)
{
	char text[AGX_CS_TEXT];
	uint64_t sum = 0;

	for (unsigned int i = 0; i < one->desc->field_count; i++)
		sum += agx_cs_print(&one->desc->fields[i],
				    agx_cs_get(&one->desc->fields[i], one->record), text);
	return sum;
}

static uint64_t typed_texture(const struct met *one)
{
	struct agx_cs_texture texture;
	uint8_t record[AGX_CS_RECORD_MAX];

	agx_cs_texture_unpack(&texture, one->record);
	agx_cs_texture_pack(record, &texture);
	return record[0] + record[15];
}

static void measure(const char *name, uint64_t (*function)(const struct met *one))
{
	double best = 1e9, end = now() + SECONDS;
	uint64_t fields = 0;

	for (unsigned int i = 0; i < met_count; i++)
		fields += met[i].desc->field_count;
	do {
		double begin = now(), took;
		uint64_t sum = 0;

		for (unsigned int i = 0; i < met_count; i++)
			sum += function(&met[i]);
		sink += sum;
		took = now() - begin;
		best = took < best ? took : best;
	} while (now() < end);
	printf("%-36s %7.1f ns per structure, %6.2f ns per field\n", name, best * 1e9 / met_count,
	       best * 1e9 / fields);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: bench-cmdstream FILE...: traces\n");
		return 2;
	}
	walk_traces(argc - 1, argv + 1, "walk, blocks", AGX_CS_WALK_BLOCKS_ONLY, false);
	walk_traces(argc - 1, argv + 1, "walk, and PPP state", AGX_CS_WALK_STATE, false);
	walk_traces(argc - 1, argv + 1, "walk, and lists", AGX_CS_WALK_LISTS, false);
	met_count = 0;
	walk_traces(argc - 1, argv + 1, "walk, and descriptors", AGX_CS_WALK_DESCRIPTORS, false);
	walk_traces(argc - 1, argv + 1, "walk, everything, and judge", AGX_CS_WALK_DESCRIPTORS,
		    true);
	measure("get each field", get_fields);
	measure("get and set each field", set_fields);
	measure("judge", judge);
	measure("print each field", print_fields);
	measure("texture: unpack and pack, typed", typed_texture);
	return 0;
}
