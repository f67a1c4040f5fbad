// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asahi_drm.h"
#include "replay_internal.h"
#include "trace_internal.h"

static int take_meta(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_meta *rec = (const void *)item->rec;
	const char *value = (const char *)(rec + 1);
	struct drm_asahi_params_global params = {0};

	switch (rec->key) {
	case AGXT_META_SOC:
		snprintf(r->out->soc, sizeof(r->out->soc), "%.*s", (int)rec->size, value);
		break;
	case AGXT_META_GPU_PARAMS:
		/* For traces without the SoC's name. */
		memcpy(&params, value, rec->size < sizeof(params) ? rec->size : sizeof(params));
		if (!r->out->soc[0] && params.chip_id)
			snprintf(r->out->soc, sizeof(r->out->soc), "t%04" PRIx32, params.chip_id);
		break;
	default:
		break;
	}
	return 0;
}

/* Before the first thing that needs the target. */
static int begin(struct replay *r)
{
	const char *soc = r->config.soc ? r->config.soc : r->out->soc;
	struct agx_trace_info info;
	char message[192] = "";

	if (r->begun)
		return 0;
	if (!soc[0])
		return replay_refuse(r, "the trace does not say on which SoC it was recorded");
	agx_trace_reader_info(r->reader, &info);
	r->target->streams = info.streams;
	r->other_params = r->config.other_params || strcmp(soc, r->out->soc) != 0;
	if (r->target->ops->begin(r->target, soc, message, sizeof(message)))
		return replay_refuse(r, "%s", message);
	if (strcmp(soc, r->out->soc))
		snprintf(r->out->message, sizeof(r->out->message),
			 "recorded on %s, replayed on %s as asked",
			 r->out->soc[0] ? r->out->soc : "an unnamed SoC", soc);
	r->begun = true;
	return 0;
}

static int take_open(struct replay *r, const struct agx_trace_item *item)
{
	struct replay_file *file;
	void *live;
	int ret;

	ret = begin(r);
	if (ret)
		return ret;
	if (!item->rec->file || replay_names_find_file(&r->names, item->rec->file))
		return replay_broken(r, "file %u is opened twice", item->rec->file);
	if (r->names.file_ids.count >= REPLAY_MAX_FILES)
		return replay_refuse(r, "record %" PRIu64 ": more than %u files at a time",
				     r->record, REPLAY_MAX_FILES);
	ret = r->target->ops->open(r->target, item->stream, &live);
	if (ret < 0)
		return replay_refuse(r, "record %" PRIu64 ": the node cannot be opened: %s",
				     r->record, strerror(-ret));
	file = replay_names_add_file(&r->names, item->rec->file);
	if (!file) {
		r->target->ops->close(r->target, live);
		return -ENOMEM;
	}
	file->live = live;
	file->stream = item->stream;
	r->out->stats.files++;
	r->out->stats.calls++;
	return 0;
}

static int take_close(struct replay *r, const struct agx_trace_item *item)
{
	struct replay_file *file = replay_names_find_file(&r->names, item->rec->file);

	if (!file)
		return replay_broken(r, "file %u is closed, but not open", item->rec->file);
	replay_calls_flush(r, item->rec->file);
	replay_forget_file(r, file);
	r->out->stats.calls++;
	return 0;
}

static int take_item(struct replay *r, const struct agx_trace_item *item)
{
	if (item->stream < AGXT_MAX_STREAMS && !r->streams[item->stream]) {
		r->streams[item->stream] = true;
		r->out->stats.processes++;
	}
	r->target->now = item->rec->time_ns;
	r->submits = item->submit;
	switch (item->rec->type) {
	case AGXT_META:
		return take_meta(r, item);
	case AGXT_OPEN:
		return take_open(r, item);
	case AGXT_CLOSE:
		return take_close(r, item);
	case AGXT_CALL:
		return replay_call_begin(r, item);
	case AGXT_RETURN:
		return replay_call_end(r, item);
	case AGXT_MAP:
	case AGXT_UNMAP:
		return replay_map(r, item);
	case AGXT_PAGES:
		return replay_pages(r, item);
	case AGXT_FD: {
		int ret = begin(r);

		return ret ? ret : replay_fd(r, item);
	}
	case AGXT_RESULT:
		return replay_result(r, item);
	default:
		/* PROCESS, MARKER, and what a newer minor version added. */
		return 0;
	}
}

static int next_item(struct replay *r, struct agx_trace_item *item)
{
	uint64_t start = r->config.measure ? replay_clock() : 0;
	struct agx_trace_error error = {0};
	int ret;

	ret = agx_trace_reader_next(r->reader, item, &error);
	if (r->config.measure)
		r->out->times.decode += replay_clock() - start;
	if (ret >= 0)
		return ret;
	if (ret == -ENOMEM)
		return ret;
	agx_trace_error_text(&error, r->out->message, sizeof(r->out->message));
	r->out->status = ret == -EFBIG ? AGX_REPLAY_REFUSED : AGX_REPLAY_DAMAGED;
	return ret;
}

/* One more record of the whole. */
static void digest_item(struct trace_digest *digest, const struct agx_trace_item *item)
{
	const struct agxt_pages *pages = (const void *)item->rec;
	struct page_hash hashes[AGXT_MAX_RECORD_PAGES];
	uint8_t buffer[AGXT_PAGE_SIZE];

	if (item->rec->type != AGXT_PAGES) {
		digest_record(digest, item->stream, item->rec);
		return;
	}
	for (uint32_t i = 0; i < pages->count; i++)
		hashes[i] = agx_trace_page_is_zero(item, i)
				    ? page_hash_zero()
				    : page_hash(agx_trace_page(item, i, buffer));
	digest_pages(digest, item->stream, pages, hashes);
}

/* All records were sound by themselves, and still one may have been another when the trace was written. */
static void compare_digest(struct replay *r, const struct trace_digest *digest)
{
	struct agx_trace_info info;
	uint8_t bytes[16];

	agx_trace_reader_info(r->reader, &info);
	digest_store(digest, bytes);
	if (!info.have_digest || info.truncated || info.damaged ||
	    !memcmp(bytes, info.digest, sizeof(bytes)) || r->out->status != AGX_REPLAY_PASS)
		return;
	snprintf(r->out->message, sizeof(r->out->message),
		 "digest of the trace: its records are not those that its index was written for");
	r->out->status = AGX_REPLAY_DAMAGED;
}

static void replay_all(struct replay *r)
{
	struct trace_digest digest = {0};
	struct agx_trace_item item;
	int ret;

	for (;;) {
		ret = next_item(r, &item);
		if (ret <= 0)
			break;
		if (r->config.check_digest)
			digest_item(&digest, &item);
		ret = take_item(r, &item);
		if (ret)
			break;
		r->record++;
	}
	r->out->stats.records = r->record;
	if (ret == -ENOMEM)
		replay_refuse(r, "record %" PRIu64 ": out of memory", r->record);
	if (ret == 0) {
		replay_calls_finish(r);
		replay_results_finish(r);
		if (r->config.check_digest && !r->out->stats.divergences)
			compare_digest(r, &digest);
	}
}

void agx_replay_run(struct agx_trace_reader *reader, struct agx_replay_target *target,
		    const struct agx_replay_config *config, struct agx_replay_outcome *outcome)
{
	struct replay *r = calloc(1, sizeof(*r));
	uint64_t start = replay_clock();
	uint32_t i;

	*outcome = (struct agx_replay_outcome){.status = AGX_REPLAY_PASS};
	if (!r) {
		outcome->status = AGX_REPLAY_REFUSED;
		snprintf(outcome->message, sizeof(outcome->message), "out of memory");
		return;
	}
	r->reader = reader;
	r->target = target;
	r->out = outcome;
	r->unusable_fd = -1;
	if (config)
		r->config = *config;
	if (!r->config.memory)
		r->config.memory = REPLAY_DEFAULT_MEMORY;

	if (replay_results_start(r))
		replay_refuse(r, "out of memory");
	else
		replay_all(r);

	replay_calls_free(r);
	for (i = 0; i < r->names.num_files; i++)
		if (r->names.files[i].used)
			replay_forget_file(r, &r->names.files[i]);
	replay_fds_finish(r);
	replay_results_end(r);
	replay_names_finish(&r->names);
	/* A divergence in what is sound is worth more than the damage after it. */
	if (outcome->status == AGX_REPLAY_PASS && outcome->stats.divergences)
		outcome->status = AGX_REPLAY_FAIL;
	if (outcome->status == AGX_REPLAY_PASS && r->skipped) {
		char first[sizeof(outcome->message)];

		memcpy(first, outcome->message, sizeof(first));
		snprintf(outcome->message, sizeof(outcome->message),
			 "%" PRIu64 " records left out; the first: %.180s", r->skipped, first);
		outcome->status = AGX_REPLAY_DAMAGED;
	}
	outcome->times.total = replay_clock() - start;
	free(r);
}
