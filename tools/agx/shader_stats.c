// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shader_stats.h"

static uint32_t count_of(const struct agx_watch_stats *stats)
{
	return stats->count < AGX_WATCH_SHADERS ? stats->count : AGX_WATCH_SHADERS;
}

static int compare(const void *a, const void *b)
{
	const struct agx_watch_shader *const *x = a, *const *y = b;

	if ((*x)->instructions != (*y)->instructions)
		return (*x)->instructions < (*y)->instructions ? 1 : -1;
	if ((*x)->address != (*y)->address)
		return (*x)->address > (*y)->address ? 1 : -1;
	return *x > *y ? 1 : -1;
}

static uint32_t sort(const struct agx_watch_stats *stats,
		     const struct agx_watch_shader *sorted[AGX_WATCH_SHADERS])
{
	const uint32_t count = count_of(stats);

	for (uint32_t i = 0; i < count; i++)
		sorted[i] = &stats->shaders[i];
	qsort(sorted, count, sizeof(sorted[0]), compare);
	return count;
}

/* Three digits and a unit, so that columns stay narrow: 12.3k, 456M. */
static const char *short_number(uint64_t value, char text[16])
{
	static const char units[] = " kMGTPE";
	unsigned int unit = 0;
	double scaled = (double)value;

	while (scaled >= 999.5 && unit < 6) {
		scaled /= 1000;
		unit++;
	}
	if (!unit)
		snprintf(text, 16, "%" PRIu64, value);
	else
		snprintf(text, 16, "%.*f%c",
			 scaled < 9.995   ? 2
			 : scaled < 99.95 ? 1
					  : 0,
			 scaled, units[unit]);
	return text;
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static const char *stage_name(uint32_t stage)
{
	return stage == AGX_STAGE_PREAMBLE ? "preamble" : "compute";
}

/* "float 41%, int 22%, memory 12%", the most frequent first. */
static void print_classes(FILE *out, const struct agx_watch_shader *shader)
{
	bool shown[AGX_ISA_CLASSES] = {false};

	fputs("    ", out);
	for (unsigned int n = 0; n < AGX_ISA_CLASSES; n++) {
		unsigned int best = AGX_ISA_CLASSES;

		for (unsigned int i = 0; i < AGX_ISA_CLASSES; i++)
			if (!shown[i] && shader->classes[i] &&
			    (best == AGX_ISA_CLASSES || shader->classes[i] > shader->classes[best]))
				best = i;
		if (best == AGX_ISA_CLASSES)
			break;
		shown[best] = true;
		fprintf(out, "%s%s %.0f%%", n ? ", " : "", agx_isa_class_name(best),
			100 * share(shader->classes[best], shader->instructions));
	}
	fputc('\n', out);
}

static void print_shader(FILE *out, const struct agx_watch_shader *s)
{
	char numbers[12][16];
	const uint64_t local = s->local_bytes_loaded + s->local_bytes_stored;

	fprintf(out,
		"  0x%-12" PRIx64 " %-8s %6" PRIu32
		" %8s %7s %8s %8s %5.1f %6.1f%% %7s %7s %7s %7s "
		"%7s %8s\n",
		s->address, stage_name(s->stage), s->size, short_number(s->launches, numbers[0]),
		short_number(s->groups, numbers[1]), short_number(s->threads, numbers[2]),
		short_number(s->instructions, numbers[3]), share(s->lanes, s->instructions),
		100 * share(s->divergent, s->instructions),
		short_number(s->bytes_loaded, numbers[4]),
		short_number(s->bytes_stored, numbers[5]), short_number(local, numbers[6]),
		short_number(s->atomics + s->local_atomics, numbers[7]),
		short_number(s->texture_reads + s->image_writes, numbers[8]),
		short_number(s->barriers, numbers[9]));
	print_classes(out, s);
	if (s->stack_loads || s->stack_stores)
		fprintf(out, "    stack: %s loads, %s stores of lanes\n",
			short_number(s->stack_loads, numbers[0]),
			short_number(s->stack_stores, numbers[1]));
	if (s->strays)
		fprintf(out,
			"    %" PRIu64
			" accesses of what is not mapped or beyond threadgroup memory\n",
			s->strays);
}

void shader_stats_print(FILE *out, const struct agx_watch_stats *stats)
{
	const struct agx_watch_shader *sorted[AGX_WATCH_SHADERS];
	const uint32_t count = sort(stats, sorted);

	if (!count)
		return;
	fprintf(out, "  %-14s %-8s %6s %8s %7s %8s %8s %5s %7s %7s %7s %7s %7s %7s %8s\n", "SHADER",
		"STAGE", "BYTES", "LAUNCHES", "GROUPS", "THREADS", "INSTRS", "LANES", "DIVERGE",
		"LOADED", "STORED", "LOCAL", "ATOMICS", "TEXELS", "BARRIERS");
	for (uint32_t i = 0; i < count; i++)
		print_shader(out, sorted[i]);
	if (stats->lost)
		fprintf(out, "  %" PRIu64 " instructions of further shaders\n", stats->lost);
}

static void add(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_ratio(struct json_object *object, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	json_object_object_add(object, key, json_object_new_double_s(value, text));
}

static struct json_object *accesses(uint64_t loads, uint64_t stores, uint64_t loaded,
				    uint64_t stored)
{
	struct json_object *object = json_object_new_object();

	add(object, "loads", loads);
	add(object, "stores", stores);
	add(object, "bytes_loaded", loaded);
	add(object, "bytes_stored", stored);
	return object;
}

static struct json_object *shader_to_json(const struct agx_watch_shader *s)
{
	struct json_object *object = json_object_new_object(), *part;
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, s->address);
	json_object_object_add(object, "shader", json_object_new_string(text));
	snprintf(text, sizeof(text), "%016" PRIx64, s->hash);
	json_object_object_add(object, "hash", json_object_new_string(text));
	json_object_object_add(object, "stage", json_object_new_string(stage_name(s->stage)));
	add(object, "bytes", s->size);
	add(object, "launches", s->launches);
	add(object, "groups", s->groups);
	add(object, "simd_groups", s->simds);
	add(object, "threads", s->threads);
	add(object, "instructions", s->instructions);
	add(object, "thread_instructions", s->lanes);
	add_ratio(object, "average_active_lanes", share(s->lanes, s->instructions));
	add_ratio(object, "active_of_existing", share(s->lanes, s->room));
	add(object, "divergent_instructions", s->divergent);
	part = json_object_new_object();
	for (unsigned int i = 0; i < AGX_ISA_CLASSES; i++)
		if (s->classes[i])
			add(part, agx_isa_class_name(i), s->classes[i]);
	json_object_object_add(object, "classes", part);
	part = accesses(s->loads, s->stores, s->bytes_loaded, s->bytes_stored);
	add(part, "atomics", s->atomics);
	json_object_object_add(object, "device", part);
	part = accesses(s->local_loads, s->local_stores, s->local_bytes_loaded,
			s->local_bytes_stored);
	add(part, "atomics", s->local_atomics);
	json_object_object_add(object, "threadgroup", part);
	part = accesses(s->stack_loads, s->stack_stores, s->stack_bytes_loaded,
			s->stack_bytes_stored);
	json_object_object_add(object, "stack", part);
	add(object, "texture_reads", s->texture_reads);
	add(object, "image_writes", s->image_writes);
	add(object, "barriers", s->barriers);
	add(object, "out_of_bounds", s->strays);
	return object;
}

struct json_object *shader_stats_to_json(const struct agx_watch_stats *stats)
{
	const struct agx_watch_shader *sorted[AGX_WATCH_SHADERS];
	const uint32_t count = sort(stats, sorted);
	struct json_object *array = json_object_new_array(), *rest;

	for (uint32_t i = 0; i < count; i++)
		json_object_array_add(array, shader_to_json(sorted[i]));
	if (stats->lost) {
		rest = json_object_new_object();
		add(rest, "instructions_of_further_shaders", stats->lost);
		json_object_array_add(array, rest);
	}
	return array;
}
