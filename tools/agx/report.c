// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "fidelity_report.h"
#include "findings_report.h"
#include "mismatch_report.h"
#include "report.h"
#include "shader_stats.h"
#include "suite.h"

#define TRACE_COLUMN_MAX 60

struct totals {
	size_t passed, failed, errors;
	struct agx_replay_stats stats;
	struct agx_replay_times times;
	uint64_t findings;
	double seconds;
};

static void add_totals(struct totals *t, const struct suite_result *r)
{
	t->passed += r->verdict == SUITE_PASS;
	t->failed += r->verdict == SUITE_FAIL;
	t->errors += r->verdict == SUITE_ERROR;
	t->stats.records += r->stats.records;
	t->stats.calls += r->stats.calls;
	t->stats.submits += r->stats.submits;
	t->stats.commands += r->stats.commands;
	t->stats.pages += r->stats.pages;
	t->stats.divergences += r->stats.divergences;
	t->findings += r->findings.total;
	t->times.total += r->times.total;
	t->times.decode += r->times.decode;
	t->times.memory += r->times.memory;
	t->times.calls += r->times.calls;
	t->seconds += r->seconds;
}

static struct totals sum(const struct suite *suite)
{
	struct totals t = {0};
	size_t i;

	for (i = 0; i < suite->count; i++)
		add_totals(&t, suite->traces[i].result);
	return t;
}

/* Replay time of one repeat. */
static double replay_seconds(const struct suite_result *r)
{
	return r->repeats ? (double)r->times.total * 1e-9 / r->repeats : 0;
}

static double submits_per_second(const struct suite_result *r)
{
	double seconds = replay_seconds(r);

	return seconds > 0 ? (double)r->stats.submits / seconds : 0;
}

/* How a trace is called: its path, and its variant where there are several. */
static const char *trace_name(const struct suite_trace *trace, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s%s%s", trace->path, trace->label[0] ? " [" : "", trace->label,
		 trace->label[0] ? "]" : "");
	return buffer;
}

static int trace_column(const struct suite *suite)
{
	size_t i, width = strlen("TRACE");

	for (i = 0; i < suite->count; i++) {
		const struct suite_trace *trace = &suite->traces[i];
		size_t length =
			strlen(trace->path) + (trace->label[0] ? 3 : 0) + strlen(trace->label);

		if (length > width)
			width = length;
	}
	return width > TRACE_COLUMN_MAX ? TRACE_COLUMN_MAX : (int)width;
}

/* A file name is any bytes but 0 and '/': keep a terminal's control sequences out. */
static const char *printable(const char *text, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i + 1 < size; i++)
		buffer[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? '?' : text[i];
	buffer[i] = 0;
	return buffer;
}

void report_text_header(FILE *out, const struct suite *suite)
{
	if (suite->count)
		fprintf(out, "%-*s  %-7s  %9s  %8s  %8s  %9s  %8s\n", trace_column(suite), "TRACE",
			"VERDICT", "CALLS", "SUBMITS", "COMMANDS", "PAGES", "SECONDS");
}

void report_text_trace(FILE *out, const struct suite *suite, const struct suite_trace *trace)
{
	const struct suite_result *r = trace->result;
	const struct agx_replay_divergence *d = &r->divergence;
	char name[4200], clean[4200], message[sizeof(r->message)];
	uint32_t i;

	trace_name(trace, name, sizeof(name));

	fprintf(out, "%-*s  %-7s  %9" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %9" PRIu64 "  %8.3f\n",
		trace_column(suite), printable(name, clean, sizeof(clean)),
		suite_verdict_name(r->verdict), r->stats.calls, r->stats.submits, r->stats.commands,
		r->stats.pages, replay_seconds(r));
	if (r->message[0])
		fprintf(out, "    %s\n", printable(r->message, message, sizeof(message)));
	if (r->troubles.faults || r->troubles.timeouts || r->troubles.restarts)
		fprintf(out,
			"    jobs that faulted: %" PRIu64 ", that timed out: %" PRIu64
			"; restarts of the firmware: %" PRIu64 "\n",
			r->troubles.faults, r->troubles.timeouts, r->troubles.restarts);
	findings_print(out, &r->findings);
	mismatch_print(out, r);
	fidelity_print(out, &r->usage);
	shader_stats_print(out, &r->shaders);
	if (!r->diverged)
		return;
	fprintf(out, "    first divergence: record %" PRIu64 ", call %" PRIu64, d->record, d->call);
	fprintf(out, " (process %" PRIu32 ", thread %" PRIu32 "): %s\n", d->process, d->thread,
		d->name);
	if (d->submits)
		fprintf(out, "        behind    submit %" PRIu64 "\n", d->submits - 1);
	fprintf(out, "        field     %s\n        expected  %s\n        got       %s\n", d->field,
		d->expected, d->got);
	for (i = 0; i < d->last_count && i < AGX_REPLAY_LAST; i++)
		fprintf(out, "        before    record %" PRIu64 ", call %" PRIu64 ": %s\n",
			d->last[i].record, d->last[i].call, d->last[i].text);
	if (r->stats.divergences > 1)
		fprintf(out, "    %" PRIu64 " divergences in all\n", r->stats.divergences);
}

void report_text_summary(FILE *out, const struct suite *suite)
{
	struct totals t = sum(suite);

	if (suite->count > 1)
		fprintf(out,
			"%-*s  %-7s  %9" PRIu64 "  %8" PRIu64 "  %8" PRIu64 "  %9" PRIu64
			"  %8.3f\n",
			trace_column(suite), "TOTAL", "", t.stats.calls, t.stats.submits,
			t.stats.commands, t.stats.pages, suite->seconds);
	fprintf(out, "%zu trace%s: %zu passed, %zu failed, %zu errors", suite->count,
		suite->count == 1 ? "" : "s", t.passed, t.failed, t.errors);
	if (suite->count != suite->found)
		fprintf(out, " (a shard of %zu)", suite->found);
	if (t.findings)
		fprintf(out, "; %" PRIu64 " finding%s of the firmware model", t.findings,
			t.findings == 1 ? "" : "s");
	fprintf(out, "\n");
}

/*
 * Text for JSON and XML: valid UTF-8 without characters that XML 1.0 forbids. What is not is
 * replaced by '?'. The caller frees; NULL when out of memory.
 */
static char *clean_text(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	char *out = malloc(strlen(text) + 1), *o = out;

	if (!out)
		return NULL;
	while (*p) {
		unsigned int length = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2, i;
		uint32_t code = length == 1 ? *p : *p & (0x7fu >> length);
		bool good = *p < 0x80 || (*p >= 0xc2 && *p <= 0xf4);

		for (i = 1; good && i < length; i++) {
			good = (p[i] & 0xc0) == 0x80;
			code = code << 6 | (p[i] & 0x3f);
		}
		good = good && !(length == 3 && code < 0x800) && !(length == 4 && code < 0x10000) &&
		       code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) && code != 0xfffe &&
		       code != 0xffff && code != 0x7f &&
		       (code >= 0x20 || code == '\n' || code == '\t');
		if (!good) {
			*o++ = '?';
			p++;
			continue;
		}
		memcpy(o, p, length);
		o += length;
		p += length;
	}
	*o = 0;
	return out;
}

static struct json_object *json_text(const char *text)
{
	char *clean = clean_text(text);
	struct json_object *object = json_object_new_string(clean ? clean : "");

	free(clean);
	return object;
}

static void add_count(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_text(value));
}

static void add_seconds(struct json_object *object, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6f", value);
	json_object_object_add(object, key, json_object_new_double_s(value, text));
}

static struct json_object *json_divergence(const struct agx_replay_divergence *d)
{
	struct json_object *object = json_object_new_object();
	struct json_object *last = json_object_new_array();
	uint32_t i;

	add_count(object, "record", d->record);
	add_count(object, "call", d->call);
	add_count(object, "submits", d->submits);
	add_count(object, "process", d->process);
	add_count(object, "thread", d->thread);
	add_text(object, "name", d->name);
	add_text(object, "field", d->field);
	add_text(object, "expected", d->expected);
	add_text(object, "got", d->got);
	for (i = 0; i < d->last_count && i < AGX_REPLAY_LAST; i++) {
		struct json_object *call = json_object_new_object();

		add_count(call, "record", d->last[i].record);
		add_count(call, "call", d->last[i].call);
		add_text(call, "text", d->last[i].text);
		json_object_array_add(last, call);
	}
	json_object_object_add(object, "last", last);
	return object;
}

/* What only the virtual node has to tell. */
static void json_machine(struct json_object *object, const struct suite_result *r)
{
	struct json_object *transcript;

	if (!r->replayed_gpu[0])
		return;
	add_text(object, "replayed_gpu", r->replayed_gpu);
	add_text(object, "replayed_firmware", r->replayed_firmware);
	add_count(object, "faults", r->troubles.faults);
	add_count(object, "timeouts", r->troubles.timeouts);
	add_count(object, "restarts", r->troubles.restarts);
	json_object_object_add(object, "findings", findings_to_json(&r->findings));
	json_object_object_add(object, "troubles", troubles_to_json(&r->findings));
	if (r->shaders.count)
		json_object_object_add(object, "shaders", shader_stats_to_json(&r->shaders));
	if (!r->transcript_digest[0])
		return;
	transcript = json_object_new_object();
	add_count(transcript, "lines", r->transcript_lines);
	add_text(transcript, "digest", r->transcript_digest);
	json_object_object_add(object, "transcript", transcript);
}

static struct json_object *json_trace(const struct suite_trace *trace)
{
	const struct suite_result *r = trace->result;
	const struct agx_replay_stats *s = &r->stats;
	struct json_object *object = json_object_new_object();

	add_text(object, "trace", trace->path);
	add_text(object, "verdict", suite_verdict_name(r->verdict));
	if (r->reason != SUITE_REASON_NONE)
		add_text(object, "reason", suite_reason_name(r->reason));
	if (r->message[0])
		add_text(object, "message", r->message);
	if (r->diverged)
		json_object_object_add(object, "divergence", json_divergence(&r->divergence));
	/* What a killed worker had counted depends on when it was killed. */
	if (r->reason == SUITE_REASON_CRASH || r->reason == SUITE_REASON_TIMEOUT)
		return object;
	add_text(object, "gpu", r->gpu);
	add_count(object, "records", s->records);
	add_count(object, "processes", s->processes);
	add_count(object, "files", s->files);
	add_count(object, "calls", s->calls);
	add_count(object, "submits", s->submits);
	add_count(object, "commands", s->commands);
	add_count(object, "pages", s->pages);
	add_count(object, "page_bytes", s->page_bytes);
	add_count(object, "checks", s->checks);
	add_count(object, "digests", s->digests);
	add_count(object, "timing_dependent", s->timing);
	add_count(object, "unfinished", s->unfinished);
	add_count(object, "foreign", s->foreign);
	add_count(object, "divergences", s->divergences);
	mismatch_to_json(object, r);
	if (r->usage.launches)
		json_object_object_add(object, "fidelity", fidelity_to_json(&r->usage));
	add_count(object, "repeats", r->repeats);
	json_machine(object, r);
	return object;
}

static struct json_object *json_timings(const struct suite *suite)
{
	struct json_object *timings = json_object_new_object();
	struct json_object *traces = json_object_new_array();
	size_t i;

	add_seconds(timings, "seconds", suite->seconds);
	for (i = 0; i < suite->count; i++) {
		const struct suite_trace *trace = &suite->traces[i];
		const struct suite_result *r = trace->result;
		struct json_object *object = json_object_new_object();

		add_text(object, "trace", trace->path);
		add_seconds(object, "worker_seconds", r->seconds);
		add_seconds(object, "replay_seconds", replay_seconds(r));
		add_seconds(object, "decode_seconds", (double)r->times.decode * 1e-9);
		add_seconds(object, "memory_seconds", (double)r->times.memory * 1e-9);
		add_seconds(object, "call_seconds", (double)r->times.calls * 1e-9);
		add_seconds(object, "submits_per_second", submits_per_second(r));
		json_object_array_add(traces, object);
	}
	json_object_object_add(timings, "traces", traces);
	return timings;
}

static FILE *open_report(const char *path)
{
	return strcmp(path, "-") ? fopen(path, "we") : stdout;
}

static int close_report(FILE *out)
{
	int ret = ferror(out) ? -EIO : 0;

	if (out == stdout)
		return fflush(out) ? -errno : ret;
	return fclose(out) ? -errno : ret;
}

int report_json(const char *path, const struct suite *suite, const struct report_info *info)
{
	struct json_object *root = json_object_new_object();
	struct json_object *results = json_object_new_array();
	struct json_object *summary = json_object_new_object();
	struct totals t = sum(suite);
	const char *text;
	char shard[32];
	int ret, closed;
	FILE *out;
	size_t i;

	snprintf(shard, sizeof(shard), "%u/%u", info->shard_k, info->shard_n);
	add_text(root, "tool", "agx replay");
	add_text(root, "version", tool_version);
	add_text(root, "node", info->node);
	add_text(root, "gpu", info->gpu ? info->gpu : "recorded");
	add_text(root, "firmware", info->firmware ? info->firmware : "oldest");
	add_text(root, "shard", shard);
	for (i = 0; i < suite->count; i++)
		json_object_array_add(results, json_trace(&suite->traces[i]));
	json_object_object_add(root, "results", results);
	add_count(summary, "traces", suite->count);
	add_count(summary, "passed", t.passed);
	add_count(summary, "failed", t.failed);
	add_count(summary, "errors", t.errors);
	add_count(summary, "findings", t.findings);
	add_count(summary, "exit_status", (uint64_t)suite_exit_status(suite));
	json_object_object_add(root, "summary", summary);
	json_object_object_add(root, "timings", json_timings(suite));

	out = open_report(path);
	if (!out) {
		ret = -errno;
		json_object_put(root);
		return ret;
	}
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_SPACED |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	fprintf(out, "%s\n", text ? text : "");
	ret = text ? 0 : -ENOMEM;
	json_object_put(root);
	closed = close_report(out);
	return ret ? ret : closed;
}

static void xml_text(FILE *out, const char *text)
{
	char *clean = clean_text(text), *p;

	for (p = clean; p && *p; p++) {
		switch (*p) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&apos;", out);
			break;
		case '\n':
			fputs("&#10;", out);
			break;
		case '\t':
			fputs("&#9;", out);
			break;
		default:
			fputc(*p, out);
		}
	}
	free(clean);
}

static void xml_attribute(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	xml_text(out, value);
	fputc('"', out);
}

static void junit_problem(FILE *out, const struct suite_trace *trace)
{
	const struct suite_result *r = trace->result;
	const struct agx_replay_divergence *d = &r->divergence;
	const char *element = r->verdict == SUITE_FAIL ? "failure" : "error";
	const char *type = r->diverged ? "divergence" : suite_reason_name(r->reason);
	char line[512];
	uint32_t i;

	if (r->diverged)
		snprintf(line, sizeof(line), "%s: %s: expected %s, got %s", d->name, d->field,
			 d->expected, d->got);
	else
		snprintf(line, sizeof(line), "%s", r->message);
	fprintf(out, "      <%s", element);
	xml_attribute(out, "type", type);
	xml_attribute(out, "message", line);
	fputc('>', out);
	if (r->diverged) {
		snprintf(line, sizeof(line), "record %" PRIu64 ", call %" PRIu64 ": ", d->record,
			 d->call);
		xml_text(out, line);
		snprintf(line, sizeof(line), "%s: %s: expected %s, got %s", d->name, d->field,
			 d->expected, d->got);
		xml_text(out, line);
		for (i = 0; i < d->last_count && i < AGX_REPLAY_LAST; i++) {
			snprintf(line, sizeof(line),
				 "\nbefore: record %" PRIu64 ", call %" PRIu64 ": %s",
				 d->last[i].record, d->last[i].call, d->last[i].text);
			xml_text(out, line);
		}
	}
	if (r->message[0]) {
		if (r->diverged)
			xml_text(out, "\n");
		xml_text(out, r->message);
	}
	for (i = 0; i < r->findings.kinds; i++) {
		const struct finding *f = &r->findings.kind[i];

		snprintf(line, sizeof(line), "\nfinding %" PRIu32 " %s: %s", f->number, f->name,
			 f->text);
		xml_text(out, line);
	}
	fprintf(out, "</%s>\n", element);
}

int report_junit(const char *path, const struct suite *suite, const struct report_info *info)
{
	struct totals t = sum(suite);
	char name[64], called[4200];
	FILE *out;
	size_t i;

	out = open_report(path);
	if (!out)
		return -errno;
	snprintf(name, sizeof(name), "agx replay %u/%u", info->shard_k, info->shard_n);
	fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	fprintf(out, "<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" time=\"%.6f\">\n",
		suite->count, t.failed, t.errors, suite->seconds);
	fprintf(out, "  <testsuite");
	xml_attribute(out, "name", name);
	fprintf(out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"0\" time=\"%.6f\">\n",
		suite->count, t.failed, t.errors, suite->seconds);
	for (i = 0; i < suite->count; i++) {
		const struct suite_trace *trace = &suite->traces[i];
		const struct suite_result *r = trace->result;

		fprintf(out, "    <testcase");
		xml_attribute(out, "classname", "agx.replay");
		xml_attribute(out, "name", trace_name(trace, called, sizeof(called)));
		xml_attribute(out, "file", trace->path);
		fprintf(out, " time=\"%.6f\"", r->seconds);
		if (r->verdict == SUITE_PASS) {
			fprintf(out, "/>\n");
			continue;
		}
		fprintf(out, ">\n");
		junit_problem(out, trace);
		fprintf(out, "    </testcase>\n");
	}
	fprintf(out, "  </testsuite>\n</testsuites>\n");
	return close_report(out);
}
