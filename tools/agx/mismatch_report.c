// SPDX-License-Identifier: MIT
#include "mismatch_report.h"

#include <inttypes.h>
#include <json.h>
#include <string.h>

#include "suite.h"

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_memory(FILE *out, const struct agx_replay_stats *s)
{
	fprintf(out, "    memory: %" PRIu64 " dispatch%s executed", s->launches,
		s->launches == 1 ? "" : "es");
	if (s->results)
		fprintf(out, ", %" PRIu64 " range%s with %" PRIu64 " changed bytes compared",
			s->results, plural(s->results), s->result_bytes);
	if (s->mismatches)
		fprintf(out, ", %" PRIu64 " dispatch%s left something else", s->mismatches,
			s->mismatches == 1 ? "" : "es");
	if (s->unrecorded)
		fprintf(out, ", %" PRIu64 " submit%s without recorded results", s->unrecorded,
			plural(s->unrecorded));
	if (s->lost)
		fprintf(out, ", %" PRIu64 " dispatch%s whose results are not all known", s->lost,
			s->lost == 1 ? "" : "es");
	if (s->uncompared)
		fprintf(out, ", %" PRIu64 " recorded result%s not compared", s->uncompared,
			plural(s->uncompared));
	fputc('\n', out);
}

static void print_range(FILE *out, const char *what, bool none, uint64_t offset, uint64_t size,
			const uint8_t digest[16])
{
	fprintf(out, "        %-9s ", what);
	if (none) {
		fputs("no change\n", out);
		return;
	}
	fprintf(out, "bytes 0x%" PRIx64 " to 0x%" PRIx64 ", digest ", offset, offset + size - 1);
	for (unsigned int i = 0; i < 16; i++)
		fprintf(out, "%02x", digest[i]);
	fputc('\n', out);
}

static void print_mismatch(FILE *out, const struct agx_replay_mismatch *m)
{
	fprintf(out,
		"    first mismatch: submit %" PRIu64 ", command %" PRIu32 ", dispatch %" PRIu32
		", shader 0x%" PRIx64 " (code %016" PRIx64 "%016" PRIx64 ")\n",
		m->submit, m->command, m->launch, m->shader, m->code[1], m->code[0]);
	fprintf(out, "        object    handle %" PRIu32 " of file %" PRIu32 "\n", m->handle,
		m->file);
	print_range(out, "recorded", m->no_expected, m->expected_offset, m->expected_size,
		    m->expected_digest);
	print_range(out, "here", m->no_got, m->got_offset, m->got_size, m->got_digest);
	if (m->no_content || m->no_got || m->no_expected)
		return;
	fprintf(out, "        differs   from byte 0x%" PRIx64 " (0x%" PRIx64 ") on", m->offset,
		m->address);
	if (m->unwritten)
		fprintf(out, ", which this dispatch did not change\n");
	else
		fprintf(out, ", in %" PRIu64 " byte%s\n", m->bytes, plural(m->bytes));
}

void mismatch_print(FILE *out, const struct suite_result *result)
{
	const struct agx_replay_stats *s = &result->stats;

	if (!s->launches && !s->uncompared)
		return;
	if (!result->executed) {
		fprintf(out,
			"    memory: nothing was executed, %" PRIu64
			" recorded result%s not compared\n",
			s->uncompared, plural(s->uncompared));
		return;
	}
	print_memory(out, s);
	if (!s->mismatches)
		return;
	print_mismatch(out, &result->mismatch);
	if (result->mismatch_files[0])
		fprintf(out, "        written   %s\n", result->mismatch_files);
}

static void add_count(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_hex(struct json_object *object, const char *key, const uint8_t *bytes,
		    uint32_t count)
{
	char text[2 * 16 + 1] = "";

	for (uint32_t i = 0; i < count && i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *range_json(bool none, uint64_t offset, uint64_t size,
				      const uint8_t digest[16])
{
	struct json_object *object = NULL;

	if (none)
		return NULL;
	object = json_object_new_object();
	add_count(object, "offset", offset);
	add_count(object, "size", size);
	add_hex(object, "digest", digest, 16);
	return object;
}

static struct json_object *mismatch_json(const struct suite_result *result)
{
	const struct agx_replay_mismatch *m = &result->mismatch;
	struct json_object *object = json_object_new_object();
	char code[40];

	add_count(object, "submit", m->submit);
	add_count(object, "call", m->call);
	add_count(object, "command", m->command);
	add_count(object, "dispatch", m->launch);
	add_count(object, "shader", m->shader);
	snprintf(code, sizeof(code), "%016" PRIx64 "%016" PRIx64, m->code[1], m->code[0]);
	json_object_object_add(object, "code", json_object_new_string(code));
	add_count(object, "file", m->file);
	add_count(object, "handle", m->handle);
	json_object_object_add(object, "expected",
			       range_json(m->no_expected, m->expected_offset, m->expected_size,
					  m->expected_digest));
	json_object_object_add(object, "got",
			       range_json(m->no_got, m->got_offset, m->got_size, m->got_digest));
	if (!m->no_content && !m->no_got && !m->no_expected) {
		add_count(object, "first_offset", m->offset);
		add_count(object, "first_address", m->address);
		add_count(object, "differing_bytes", m->bytes);
		json_object_object_add(object, "changed_here",
				       json_object_new_boolean(!m->unwritten));
		add_hex(object, "expected_bytes", m->expected, m->count);
		add_hex(object, "got_bytes", m->got, m->count);
	}
	if (result->mismatch_files[0])
		json_object_object_add(object, "files",
				       json_object_new_string(result->mismatch_files));
	return object;
}

void mismatch_to_json(struct json_object *trace, const struct suite_result *result)
{
	const struct agx_replay_stats *s = &result->stats;
	struct json_object *memory = json_object_new_object();

	json_object_object_add(memory, "executed", json_object_new_boolean(result->executed));
	add_count(memory, "dispatches", s->launches);
	add_count(memory, "results", s->results);
	add_count(memory, "result_bytes", s->result_bytes);
	add_count(memory, "mismatches", s->mismatches);
	add_count(memory, "lost", s->lost);
	add_count(memory, "submits_without_results", s->unrecorded);
	add_count(memory, "uncompared", s->uncompared);
	json_object_object_add(trace, "memory", memory);
	if (s->mismatches)
		json_object_object_add(trace, "mismatch", mismatch_json(result));
}
