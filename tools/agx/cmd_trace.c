// SPDX-License-Identifier: MIT
/* agx trace: inspect, verify, trim and extract from trace files. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "agx_trace.h"
#include "extract.h"
#include "ioctl_print.h"
#include "summary.h"
#include "trim.h"
#include "verify.h"

#include "agx.h"

/* Findings of one file that are told one by one; the rest is counted. */
#define MAX_REPORTS 20

enum {
	OPT_JSON = 256,
	OPT_SUBMITS,
	OPT_SUBMIT,
	OPT_HANDLE,
	OPT_ADDRESS,
	OPT_FORCE,
	OPT_LEVEL,
};

struct options {
	bool json;
	bool force;
	const char *output;
	bool have_range;
	uint64_t first, last;
	bool have_handle;
	bool have_address;
	uint64_t value;
	int level;
	char **files;
	int num_files;
};

/* A whole number in any base that strtoull knows. */
static bool parse_number(const char *text, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && !*end;
}

static bool parse_range(const char *text, uint64_t *first, uint64_t *last)
{
	char buf[64];
	char *dash;

	if (strlen(text) >= sizeof(buf))
		return false;
	strcpy(buf, text);
	dash = strchr(buf, '-');
	if (dash)
		*dash++ = 0;
	return parse_number(buf, first) && parse_number(dash ? dash : buf, last);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_FORCE:
		o->force = true;
		return 0;
	case 'o':
		o->output = arg;
		return 0;
	case OPT_SUBMITS:
		if (!parse_range(arg, &o->first, &o->last) || o->first > o->last)
			argp_error(state, "--submits: \"%s\" is not a range A-B of submit numbers",
				   arg);
		o->have_range = true;
		return 0;
	case OPT_SUBMIT:
		if (!parse_number(arg, &o->first))
			argp_error(state, "--submit: \"%s\" is not a submit number", arg);
		o->have_range = true;
		return 0;
	case OPT_HANDLE:
		if (!parse_number(arg, &o->value) || !o->value || o->value > UINT32_MAX)
			argp_error(state, "--handle: \"%s\" is not a GEM handle", arg);
		o->have_handle = true;
		return 0;
	case OPT_ADDRESS:
		if (!parse_number(arg, &o->value))
			argp_error(state, "--address: \"%s\" is not a GPU address", arg);
		o->have_address = true;
		return 0;
	case OPT_LEVEL: {
		uint64_t level = 0;

		if (!parse_number(arg, &level) || level < 1 || level > 22)
			argp_error(state, "--level: \"%s\" is not a zstd level from 1 to 22", arg);
		o->level = level;
		return 0;
	}
	case ARGP_KEY_ARGS:
		o->files = state->argv + state->next;
		o->num_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no trace file given");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define JSON_OPTION                                                      \
	{                                                                \
		"json", OPT_JSON, NULL, 0, "Print the result as JSON", 0 \
	}
#define FORCE_OPTION                                                                    \
	{                                                                               \
		"force", OPT_FORCE, NULL, 0, "Read what is sound of a damaged trace", 0 \
	}

static const struct argp_option info_options[] = {JSON_OPTION, FORCE_OPTION, {0}};
static const struct argp_option verify_options[] = {JSON_OPTION, {0}};
static const struct argp_option dump_options[] = {
	JSON_OPTION,
	FORCE_OPTION,
	{"submits", OPT_SUBMITS, "A-B", 0, "Only from the call of submit A to that of submit B", 0},
	{0},
};
static const struct argp_option trim_options[] = {
	{"submits", OPT_SUBMITS, "A-B", 0, "Submits to keep, from 0", 0},
	{"output", 'o', "OUT", 0, "Trace to write", 0},
	{"level", OPT_LEVEL, "N", 0, "zstd level (3)", 0},
	{0},
};
static const struct argp_option extract_options[] = {
	{"submit", OPT_SUBMIT, "N", 0, "The submit, from 0", 0},
	{"handle", OPT_HANDLE, "H", 0, "GEM handle: the whole buffer", 0},
	{"address", OPT_ADDRESS, "VA", 0, "GPU address: from there to the end of its mapping", 0},
	{"output", 'o', "OUT", 0, "File to write; standard output otherwise", 0},
	FORCE_OPTION,
	{0},
};

static const char info_doc[] = "Tell what a trace holds: programs, GPU, calls, memory, sizes.";
static const char verify_doc[] =
	"Check every checksum, the structure, the index and the rules of the calls.\v"
	"Exit status: 0 sound, 1 a rule of the calls is broken, 2 usage or environment, 3 damaged "
	"or cut short.";
static const char dump_doc[] = "Print every record, calls with all that they point to.";
static const char trim_doc[] =
	"Write the submits of a range, with all that they need, as a trace of their own.\v"
	"Memory, mappings and fences are as they were before submit A. What the GPU wrote in "
	"earlier submits is there as far as the trace recorded it. The result is verified.";
static const char extract_doc[] =
	"Write a buffer's bytes as they were when a submit was called.\v"
	"These are what the program wrote, and what the GPU wrote where the trace recorded it.";

/* Exit status of a negative errno of the trace library; says what happened. */
static int explain(const char *path, int ret, const struct agx_trace_error *error)
{
	char text[256];

	if (ret == -EPROTONOSUPPORT && error->have_values) {
		tool_error("%s: format version %" PRIu64
			   " is not supported, this agx reads version %" PRIu64,
			   path, error->got, error->expected);
		return AGX_EXIT_DAMAGED;
	}
	tool_error("%s: %s", path, agx_trace_error_text(error, text, sizeof(text)));
	return ret == -EBADMSG || ret == -EFBIG ? AGX_EXIT_DAMAGED : AGX_EXIT_USAGE;
}

static void warn_damage(void *data, const struct agx_trace_error *error)
{
	char text[256];

	tool_warning("%s: %s", (const char *)data, agx_trace_error_text(error, text, sizeof(text)));
}

static int open_trace(const char *path, const struct options *o, struct agx_trace_reader **reader)
{
	struct agx_trace_reader_params params = {
		.force = o->force,
		.damage = warn_damage,
		.damage_data = (void *)path,
	};
	struct agx_trace_error error;
	int ret;

	ret = agx_trace_reader_open(path, &params, reader, &error);
	return ret ? explain(path, ret, &error) : 0;
}

/* What a trace that could be read is worth: 3 when something is missing. */
static int health(const char *path, const struct agx_trace_reader *reader)
{
	struct agx_trace_info info;

	agx_trace_reader_info(reader, &info);
	if (info.truncated)
		tool_warning("%s: the trace ends after %" PRIu64 " of %" PRIu64
			     " bytes: it was cut, or its recorder was killed",
			     path, info.sound_size, info.file_size);
	return info.truncated || info.damaged ? AGX_EXIT_DAMAGED : AGX_EXIT_OK;
}

static void hex(const uint8_t *bytes, size_t size, char *text)
{
	size_t i;

	for (i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

/*
 * info
 */

static void add_string(json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static void add_number(json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static json_object *info_json(const char *path, const struct agx_trace_summary *s)
{
	json_object *root = json_object_new_object();
	json_object *list = json_object_new_array();
	json_object *object;
	char text[64];
	uint32_t i;

	add_string(root, "file", path);
	snprintf(text, sizeof(text), "%u.%u", s->info.major, s->info.minor);
	add_string(root, "version", text);
	json_object_object_add(root, "truncated", json_object_new_boolean(s->info.truncated));
	json_object_object_add(root, "damaged", json_object_new_boolean(s->info.damaged));
	if (s->info.have_digest) {
		hex(s->info.digest, sizeof(s->info.digest), text);
		add_string(root, "digest", text);
	}
	for (i = 0; i < s->num_programs; i++) {
		object = json_object_new_object();
		add_number(object, "stream", s->programs[i].stream);
		add_string(object, "name", s->programs[i].name);
		if (s->programs[i].parent)
			add_number(object, "parent", s->programs[i].parent - 1);
		json_object_array_add(list, object);
	}
	json_object_object_add(root, "programs", list);
	object = json_object_new_object();
	for (i = 1; i <= AGXT_META_MACHINE; i++) {
		if (s->meta[i])
			add_string(object, agx_trace_meta_name(i), s->meta[i]);
	}
	json_object_object_add(root, "meta", object);
	list = json_object_new_array();
	for (i = 0; i < s->num_history; i++)
		json_object_array_add(list, json_object_new_string(s->history[i]));
	json_object_object_add(root, "history", list);
	if (s->have_params) {
		const struct agx_ioctl_desc *desc = agx_ioctl_find(DRM_IOCTL_ASAHI_GET_PARAMS);

		json_object_object_add(root, "gpu",
				       agx_struct_json(desc->pointees[0].element, &s->params,
						       sizeof(s->params), AGX_ACCESS_OUT));
	}
	add_number(root, "submits", s->info.submits);
	add_number(root, "frames", s->frames);
	add_number(root, "labels", s->labels);
	add_number(root, "files", s->files);
	add_number(root, "duration_ns", s->duration_ns);
	add_number(root, "unfinished_calls", s->unfinished_calls);
	object = json_object_new_object();
	for (i = 0; i < s->num_ioctls; i++) {
		json_object *counts = json_object_new_object();

		add_number(counts, "calls", s->ioctls[i].calls);
		add_number(counts, "errors", s->ioctls[i].errors);
		json_object_object_add(
			object, agx_ioctl_name(s->ioctls[i].request, text, sizeof(text)), counts);
	}
	json_object_object_add(root, "ioctls", object);
	object = json_object_new_object();
	for (i = 0; i < sizeof(s->types) / sizeof(s->types[0]); i++) {
		if (s->types[i])
			add_number(object, agx_trace_type_name(i), s->types[i]);
	}
	json_object_object_add(root, "records", object);
	object = json_object_new_object();
	add_number(object, "pages", s->pages);
	add_number(object, "bytes", s->pages * AGXT_PAGE_SIZE);
	add_number(object, "zero_pages", s->zero_pages);
	add_number(object, "same_pages", s->pages - s->zero_pages - s->full_pages - s->delta_pages);
	add_number(object, "delta_pages", s->delta_pages);
	add_number(object, "full_pages", s->full_pages);
	json_object_object_add(root, "memory", object);
	object = json_object_new_object();
	add_number(object, "file", s->info.file_size);
	add_number(object, "records", s->info.raw_bytes);
	add_number(object, "chunks", s->info.chunks);
	json_object_object_add(root, "size", object);
	return root;
}

static void print_size(const char *label, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = bytes;
	unsigned int unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	printf("%s%.*f %s", label, unit ? 1 : 0, value, units[unit]);
}

static void info_text(const char *path, const struct agx_trace_summary *s)
{
	char text[64];
	uint32_t i;

	printf("%s: .agxt %u.%u, ", path, s->info.major, s->info.minor);
	print_size("", s->info.file_size);
	printf(", %" PRIu64 " chunks%s%s\n", s->info.chunks, s->info.truncated ? ", cut short" : "",
	       s->info.damaged ? ", damaged" : "");
	if (s->info.have_digest) {
		hex(s->info.digest, sizeof(s->info.digest), text);
		printf("digest      %s\n", text);
	}
	for (i = 0; i < s->num_programs; i++) {
		printf("program     %s (stream %u", s->programs[i].name, s->programs[i].stream);
		if (s->programs[i].parent)
			printf(", child of stream %u", s->programs[i].parent - 1);
		printf(")\n");
	}
	for (i = 1; i <= AGXT_META_MACHINE; i++) {
		if (s->meta[i])
			printf("%-11s %s\n", agx_trace_meta_name(i), s->meta[i]);
	}
	for (i = 0; i < s->num_history; i++)
		printf("history     %s\n", s->history[i]);
	if (s->have_params)
		printf("gpu         G%u%c, chip 0x%x, %u cores\n", s->params.gpu_generation,
		       s->params.gpu_variant >= ' ' && s->params.gpu_variant < 127
			       ? (char)s->params.gpu_variant
			       : '?',
		       s->params.chip_id,
		       s->params.num_clusters_total * s->params.num_cores_per_cluster);
	printf("submits     %" PRIu64 "\nframes      %" PRIu64 "\nduration    %.3f s\n",
	       s->info.submits, s->frames, s->duration_ns * 1e-9);
	if (s->unfinished_calls)
		printf("unfinished  %" PRIu64 " calls without a return\n", s->unfinished_calls);
	printf("memory      %" PRIu64 " pages, ", s->pages);
	print_size("", s->pages * AGXT_PAGE_SIZE);
	printf(": %" PRIu64 " zero, %" PRIu64 " seen before, %" PRIu64 " as changes, %" PRIu64
	       " whole\n",
	       s->zero_pages, s->pages - s->zero_pages - s->full_pages - s->delta_pages,
	       s->delta_pages, s->full_pages);
	printf("records     %" PRIu64 ", ", s->info.records);
	print_size("", s->info.raw_bytes);
	if (s->info.file_size)
		printf(", compressed %.1f:1", (double)s->info.raw_bytes / s->info.file_size);
	printf("\n\n%-36s %10s %8s\n", "ioctl", "calls", "errors");
	for (i = 0; i < s->num_ioctls; i++)
		printf("%-36s %10" PRIu64 " %8" PRIu64 "\n",
		       agx_ioctl_name(s->ioctls[i].request, text, sizeof(text)), s->ioctls[i].calls,
		       s->ioctls[i].errors);
}

static int print_json(json_object *root)
{
	int ret = puts(json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(root);
	return ret < 0 ? AGX_EXIT_USAGE : AGX_EXIT_OK;
}

static int run_info(struct options *o)
{
	struct agx_trace_summary summary;
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	const char *path = o->files[0];
	int status;
	int ret;

	status = open_trace(path, o, &reader);
	if (status)
		return status;
	ret = agx_trace_summarize(reader, &summary, &error);
	if (ret)
		status = explain(path, ret, &error);
	else
		status = health(path, reader);
	if (!ret && o->json)
		print_json(info_json(path, &summary));
	else if (!ret)
		info_text(path, &summary);
	agx_trace_summary_finish(&summary);
	agx_trace_reader_close(reader);
	return status;
}

/*
 * verify
 */

struct reports {
	const char *path;
	json_object *list; /* NULL: text */
	uint64_t count;
};

static void report(void *data, const struct agx_trace_problem *problem)
{
	struct reports *r = data;
	json_object *object;
	char text[256];

	if (r->count++ >= MAX_REPORTS)
		return;
	agx_trace_problem_text(problem, text, sizeof(text));
	if (!r->list) {
		tool_error("%s: %s", r->path, text);
		return;
	}
	object = json_object_new_object();
	add_string(object, "kind", problem->damage ? "damage" : "rule");
	add_string(object, "what", problem->error.what);
	if (problem->error.chunk != UINT64_MAX)
		add_number(object, "chunk", problem->error.chunk);
	add_number(object, problem->error.in_chunk ? "chunk_offset" : "offset",
		   problem->error.offset);
	if (problem->seq)
		add_number(object, "seq", problem->seq);
	if (!problem->damage)
		add_number(object, "value", problem->value);
	if (problem->error.have_values) {
		add_number(object, "expected", problem->error.expected);
		add_number(object, "got", problem->error.got);
	}
	json_object_array_add(r->list, object);
}

static int verify_one(const char *path, json_object *results)
{
	struct reports reports = {.path = path};
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	int status = AGX_EXIT_OK;
	char digest[64];
	int ret;

	if (results)
		reports.list = json_object_new_array();
	ret = agx_trace_verify(path, report, &reports, &verdict, &error);
	hex(verdict.digest, sizeof(verdict.digest), digest);
	if (ret)
		status = explain(path, ret, &error);
	else if (verdict.damages)
		status = AGX_EXIT_DAMAGED;
	else if (verdict.broken_rules)
		status = AGX_EXIT_FAILED;
	if (results) {
		json_object *object = json_object_new_object();

		add_string(object, "file", path);
		add_string(object, "verdict",
			   ret                          ? "error"
			   : status == AGX_EXIT_OK      ? "sound"
			   : status == AGX_EXIT_DAMAGED ? "damaged"
							: "broken rules");
		json_object_object_add(object, "truncated",
				       json_object_new_boolean(verdict.truncated));
		add_number(object, "records", verdict.records);
		add_number(object, "submits", verdict.submits);
		add_number(object, "unfinished_calls", verdict.unfinished_calls);
		add_string(object, "digest", digest);
		add_number(object, "damages", verdict.damages);
		add_number(object, "broken_rules", verdict.broken_rules);
		json_object_object_add(object, "problems", reports.list);
		json_object_array_add(results, object);
		return status;
	}
	if (reports.count > MAX_REPORTS)
		tool_error("%s: and %" PRIu64 " more", path, reports.count - MAX_REPORTS);
	if (ret)
		return status;
	printf("%s: %s, %" PRIu64 " records, %" PRIu64 " submits, digest %s\n", path,
	       status == AGX_EXIT_OK        ? "sound"
	       : verdict.truncated          ? "cut short"
	       : status == AGX_EXIT_DAMAGED ? "damaged"
					    : "broken rules",
	       verdict.records, verdict.submits, digest);
	return status;
}

static int run_verify(struct options *o)
{
	json_object *results = o->json ? json_object_new_array() : NULL;
	int worst = AGX_EXIT_OK;
	int i;

	for (i = 0; i < o->num_files; i++) {
		int status = verify_one(o->files[i], results);

		if (status > worst)
			worst = status;
	}
	if (results)
		print_json(results);
	return worst;
}

/*
 * dump
 */

static void dump_head(const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;

	printf("%8" PRIu64 " %12.6f  %u.%u  ", rec->seq, rec->time_ns * 1e-9, item->stream,
	       rec->thread);
	if (rec->file)
		printf("file %u  ", rec->file);
	if (rec->flags & AGXT_FLAG_SYNTHETIC)
		printf("(synthetic) ");
}

static void dump_text(const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;

	dump_head(item);
	switch (rec->type) {
	case AGXT_CALL:
		if (agx_ioctl_is_submit(((const struct agxt_call *)rec)->request))
			printf("submit %" PRIu64 ": ", item->submit);
		agx_call_print(stdout, rec);
		return;
	case AGXT_RETURN:
		printf("%" PRIu64 ": ", ((const struct agxt_return *)rec)->call);
		agx_call_print(stdout, rec);
		return;
	case AGXT_PAGES: {
		const struct agxt_pages *pages = (const struct agxt_pages *)rec;

		printf("%s handle %u, %u pages from page %" PRIu64 ", stored in %u bytes\n",
		       rec->flags & AGXT_PAGES_RESULT ? "RESULT PAGES" : "PAGES", pages->handle,
		       pages->count, pages->first_page, rec->size);
		return;
	}
	case AGXT_MAP:
	case AGXT_UNMAP: {
		const struct agxt_map *map = (const struct agxt_map *)rec;

		printf("%s handle %u, offset 0x%" PRIx64 ", size 0x%" PRIx64 " -> %d\n",
		       agx_trace_type_name(rec->type), map->handle, map->offset, map->size,
		       map->result);
		return;
	}
	case AGXT_FD: {
		static const char *const events[] = {"?", "export", "foreign", "close"};
		static const char *const kinds[] = {"?",       "dma-buf", "sync file",
						    "syncobj", "eventfd", "other"};
		const struct agxt_fd *fd = (const struct agxt_fd *)rec;

		printf("FD token %u %s, %s, size 0x%" PRIx64 "\n", fd->token,
		       events[fd->event <= AGXT_FD_CLOSE ? fd->event : 0],
		       kinds[fd->kind <= AGXT_FD_OTHER ? fd->kind : 0], fd->size);
		return;
	}
	case AGXT_MARKER: {
		const struct agxt_marker *marker = (const struct agxt_marker *)rec;

		printf("%s %" PRIu64 " %.*s\n",
		       marker->kind == AGXT_MARKER_PRESENT ? "PRESENT" : "LABEL", marker->number,
		       (int)marker->size, (const char *)(marker + 1));
		return;
	}
	case AGXT_RESULT: {
		const struct agxt_result *result = (const struct agxt_result *)rec;
		const struct agxt_result_launch *launch = agx_trace_result_launch(rec);
		char digest[64];

		hex(result->digest, sizeof(result->digest), digest);
		printf("RESULT of %" PRIu64, result->call);
		if (launch)
			printf(", command %u, dispatch %u, shader 0x%" PRIx64, launch->command,
			       launch->launch, launch->shader);
		if (rec->flags & AGXT_RESULT_LOST) {
			printf(": it changed more, which is not known\n");
			return;
		}
		printf(": handle %u, offset 0x%" PRIx64 ", size 0x%" PRIx64, result->handle,
		       result->offset, result->size);
		if (launch)
			printf(", address 0x%" PRIx64 ", %" PRIu64 " bytes changed",
			       launch->address, launch->changed);
		printf(", digest %s\n", digest);
		return;
	}
	case AGXT_PROCESS: {
		const struct agxt_process *process = (const struct agxt_process *)rec;

		printf("PROCESS %.*s\n", (int)process->name_size, (const char *)(process + 1));
		return;
	}
	case AGXT_META: {
		const struct agxt_meta *meta = (const struct agxt_meta *)rec;

		if (meta->key == AGXT_META_GPU_PARAMS)
			printf("META %s, %u bytes\n", agx_trace_meta_name(meta->key), meta->size);
		else
			printf("META %s = %.*s\n", agx_trace_meta_name(meta->key), (int)meta->size,
			       (const char *)(meta + 1));
		return;
	}
	default:
		printf("%s\n", agx_trace_type_name(rec->type));
		return;
	}
}

static json_object *text_json(const void *bytes, uint32_t size)
{
	return json_object_new_string_len(bytes, size);
}

/* One object per line, so that a long trace needs no memory here nor in a reader. */
static void dump_json(const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	json_object *object;

	if (rec->type == AGXT_CALL || rec->type == AGXT_RETURN)
		object = agx_call_json(rec);
	else
		object = json_object_new_object();
	add_string(object, "record", agx_trace_type_name(rec->type));
	add_number(object, "seq", rec->seq);
	add_number(object, "time_ns", rec->time_ns);
	add_number(object, "stream", item->stream);
	add_number(object, "thread", rec->thread);
	add_number(object, "file", rec->file);
	if (rec->flags & AGXT_FLAG_SYNTHETIC)
		json_object_object_add(object, "synthetic", json_object_new_boolean(true));
	switch (rec->type) {
	case AGXT_CALL:
		if (agx_ioctl_is_submit(((const struct agxt_call *)rec)->request))
			add_number(object, "submit", item->submit);
		break;
	case AGXT_PAGES: {
		const struct agxt_pages *pages = (const struct agxt_pages *)rec;

		add_number(object, "handle", pages->handle);
		add_number(object, "first_page", pages->first_page);
		add_number(object, "pages", pages->count);
		add_number(object, "stored", rec->size);
		json_object_object_add(object, "result",
				       json_object_new_boolean(rec->flags & AGXT_PAGES_RESULT));
		break;
	}
	case AGXT_MAP:
	case AGXT_UNMAP: {
		const struct agxt_map *map = (const struct agxt_map *)rec;

		add_number(object, "handle", map->handle);
		add_number(object, "prot", map->prot);
		add_number(object, "offset", map->offset);
		add_number(object, "size", map->size);
		json_object_object_add(object, "result", json_object_new_int(map->result));
		break;
	}
	case AGXT_FD: {
		const struct agxt_fd *fd = (const struct agxt_fd *)rec;

		add_number(object, "token", fd->token);
		add_number(object, "event", fd->event);
		add_number(object, "kind", fd->kind);
		add_number(object, "size", fd->size);
		add_number(object, "call", fd->call);
		break;
	}
	case AGXT_MARKER: {
		const struct agxt_marker *marker = (const struct agxt_marker *)rec;

		add_string(object, "kind",
			   marker->kind == AGXT_MARKER_PRESENT ? "present" : "label");
		add_number(object, "number", marker->number);
		json_object_object_add(object, "label", text_json(marker + 1, marker->size));
		break;
	}
	case AGXT_RESULT: {
		const struct agxt_result *result = (const struct agxt_result *)rec;
		const struct agxt_result_launch *launch = agx_trace_result_launch(rec);
		char digest[64];

		hex(result->digest, sizeof(result->digest), digest);
		add_number(object, "call", result->call);
		add_number(object, "handle", result->handle);
		add_number(object, "offset", result->offset);
		add_number(object, "size", result->size);
		add_string(object, "digest", digest);
		if (!launch)
			break;
		add_number(object, "command", launch->command);
		add_number(object, "dispatch", launch->launch);
		add_number(object, "shader", launch->shader);
		add_number(object, "address", launch->address);
		add_number(object, "changed", launch->changed);
		json_object_object_add(object, "lost",
				       json_object_new_boolean(rec->flags & AGXT_RESULT_LOST));
		break;
	}
	case AGXT_PROCESS: {
		const struct agxt_process *process = (const struct agxt_process *)rec;

		json_object_object_add(object, "name", text_json(process + 1, process->name_size));
		break;
	}
	case AGXT_META: {
		const struct agxt_meta *meta = (const struct agxt_meta *)rec;

		add_string(object, "key", agx_trace_meta_name(meta->key));
		if (meta->key != AGXT_META_GPU_PARAMS)
			json_object_object_add(object, "value", text_json(meta + 1, meta->size));
		break;
	}
	default:
		break;
	}
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static int run_dump(struct options *o)
{
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	struct agx_trace_item item;
	const char *path = o->files[0];
	int status;
	int ret = 0;

	status = open_trace(path, o, &reader);
	if (status)
		return status;
	if (o->have_range)
		ret = agx_trace_reader_seek_submit(reader, o->first, &error);
	if (ret == -ENOENT) {
		tool_error("%s: no submit %" PRIu64, path, o->first);
		agx_trace_reader_close(reader);
		return AGX_EXIT_USAGE;
	}
	while (!ret && (ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		if (o->json)
			dump_json(&item);
		else
			dump_text(&item);
		/* Nobody listens any more. */
		if (ferror(stdout))
			break;
		ret = 0;
		if (o->have_range && item.submit >= o->last && item.rec->type == AGXT_CALL &&
		    agx_ioctl_is_submit(((const struct agxt_call *)item.rec)->request))
			break;
	}
	status = ret < 0 ? explain(path, ret, &error) : health(path, reader);
	agx_trace_reader_close(reader);
	return status;
}

/*
 * trim and extract
 */

static int verify_result(const char *path)
{
	struct reports reports = {.path = path};
	struct agx_trace_verdict verdict;
	struct agx_trace_error error;
	int ret;

	ret = agx_trace_verify(path, report, &reports, &verdict, &error);
	if (ret)
		return explain(path, ret, &error);
	if (!verdict.damages && !verdict.broken_rules)
		return AGX_EXIT_OK;
	tool_error("%s: the trimmed trace does not verify", path);
	return AGX_EXIT_FAILED;
}

static int run_trim(struct options *o)
{
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	const char *path = o->files[0];
	int status;
	int ret;
	int fd;

	if (!o->have_range || !o->output) {
		tool_error("trim needs --submits A-B and -o OUT");
		return AGX_EXIT_USAGE;
	}
	status = open_trace(path, o, &reader);
	if (status)
		return status;
	fd = open(o->output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		tool_error("%s: %s", o->output, strerror(errno));
		agx_trace_reader_close(reader);
		return AGX_EXIT_USAGE;
	}
	ret = agx_trace_trim(reader, o->first, o->last, fd, o->level, &error);
	if (ret == -ENOENT) {
		struct agx_trace_info info;

		agx_trace_reader_info(reader, &info);
		tool_error("%s: no submits %" PRIu64 "-%" PRIu64 ": the trace has %" PRIu64, path,
			   o->first, o->last, info.submits);
		status = AGX_EXIT_USAGE;
	} else if (ret) {
		status = explain(path, ret, &error);
	} else {
		/* A cut trace can be trimmed as far as it goes; say so. */
		status = health(path, reader);
	}
	agx_trace_reader_close(reader);
	if (close(fd) && !ret) {
		tool_error("%s: %s", o->output, strerror(errno));
		ret = -errno;
		status = AGX_EXIT_USAGE;
	}
	if (!ret) {
		int verified = verify_result(o->output);

		if (verified)
			status = verified;
		ret = verified;
	}
	if (ret)
		unlink(o->output);
	return status;
}

static int run_extract(struct options *o)
{
	struct agx_trace_extract out;
	struct agx_trace_reader *reader;
	struct agx_trace_error error;
	const char *path = o->files[0];
	FILE *file = stdout;
	int status;
	int ret;

	if (!o->have_range || o->have_handle == o->have_address) {
		tool_error("extract needs --submit N and one of --handle H and --address VA");
		return AGX_EXIT_USAGE;
	}
	if (!o->output && isatty(STDOUT_FILENO)) {
		tool_error("extract writes bytes: give a file with -o, or redirect the output");
		return AGX_EXIT_USAGE;
	}
	status = open_trace(path, o, &reader);
	if (status)
		return status;
	if (o->have_handle)
		ret = agx_trace_extract_handle(reader, o->first, o->value, &out, &error);
	else
		ret = agx_trace_extract_address(reader, o->first, o->value, &out, &error);
	if (ret == -ENOENT) {
		tool_error("%s: submit %" PRIu64 ", %s 0x%" PRIx64 ": %s", path, o->first,
			   o->have_handle ? "handle" : "address", o->value, error.what);
		status = AGX_EXIT_USAGE;
	} else if (ret) {
		status = explain(path, ret, &error);
	} else {
		status = health(path, reader);
	}
	agx_trace_reader_close(reader);
	if (ret)
		return status;
	if (o->output)
		file = fopen(o->output, "wb");
	if (!file || fwrite(out.bytes, 1, out.size, file) != out.size ||
	    (o->output ? fclose(file) : fflush(file))) {
		tool_error("%s: %s", o->output ? o->output : "standard output", strerror(errno));
		status = AGX_EXIT_USAGE;
	} else {
		fprintf(stderr, "file %u, handle %u, offset 0x%" PRIx64 ", %" PRIu64 " bytes\n",
			out.file, out.handle, out.offset, out.size);
	}
	agx_trace_extract_free(&out);
	return status;
}

static const struct {
	const char *name;
	const char *args;
	const char *doc;
	const struct argp_option *options;
	int max_files;
	int (*run)(struct options *o);
} actions[] = {
	{"info", "FILE", info_doc, info_options, 1, run_info},
	{"verify", "FILE...", verify_doc, verify_options, INT32_MAX, run_verify},
	{"dump", "FILE", dump_doc, dump_options, 1, run_dump},
	{"trim", "FILE -o OUT --submits A-B", trim_doc, trim_options, 1, run_trim},
	{"extract", "FILE --submit N (--handle H | --address VA) [-o OUT]", extract_doc,
	 extract_options, 1, run_extract},
};

#define NUM_ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void usage(FILE *out)
{
	size_t i;

	fputs("Usage: agx trace COMMAND [OPTION…] FILE…\n"
	      "Inspect, verify, trim and extract from trace files.\n\nCommands:\n",
	      out);
	for (i = 0; i < NUM_ACTIONS; i++)
		fprintf(out, "  %-8s %.*s\n", actions[i].name, (int)strcspn(actions[i].doc, "\v"),
			actions[i].doc);
	fputs("\n`agx trace COMMAND --help` tells a command's options.\n"
	      "Exit status: 0 all passed, 1 a check failed, 2 usage or environment, "
	      "3 damaged input.\n",
	      out);
}

int cmd_trace(int argc, char **argv)
{
	static char name[64];
	struct options o = {0};
	struct argp argp = {.parser = parse};
	size_t i;

	if (argc < 2) {
		usage(stderr);
		return AGX_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-?") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return AGX_EXIT_OK;
	}
	for (i = 0; i < NUM_ACTIONS && strcmp(argv[1], actions[i].name); i++)
		;
	if (i == NUM_ACTIONS) {
		tool_error("no command \"trace %s\"; `agx trace --help` lists them", argv[1]);
		return AGX_EXIT_USAGE;
	}
	snprintf(name, sizeof(name), "agx trace %s", actions[i].name);
	argv[1] = name;
	program_invocation_name = name;
	argp.options = actions[i].options;
	argp.args_doc = actions[i].args;
	argp.doc = actions[i].doc;
	if (argp_parse(&argp, argc - 1, argv + 1, 0, NULL, &o))
		return AGX_EXIT_USAGE;
	if (o.num_files > actions[i].max_files) {
		tool_error("%s takes one file, got %d", name, o.num_files);
		return AGX_EXIT_USAGE;
	}
	return actions[i].run(&o);
}
