// SPDX-License-Identifier: MIT
/*
 * The verifier goes over a trace twice: from chunk header to chunk header, as a reader without an
 * index would, comparing with the index; and record by record, with every checksum.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/ioctl.h>

#include "container.h"
#include "state.h"
#include "verify.h"

/* Fewer points than this are never thinned; see order_points() in writer.c. */
#define ALL_POINTS (1u << 21)

/* Content that the PAGES records of a stream's current chunk have stored so far. */
struct contents {
	uint32_t chunk;
	struct state_map map; /* page word to 1 */
};

struct verifier {
	void (*report)(void *data, const struct agx_trace_problem *problem);
	void *data;
	struct agx_trace_verdict *verdict;
	bool opening;

	struct source source;
	struct decoder decoder;
	uint8_t *index; /* raw, or NULL */
	uint32_t next_point;
	uint64_t points;
	uint64_t markers;

	struct trace_state state;
	struct trace_digest digest;
	struct contents *contents; /* per stream */
	uint8_t started[AGXT_MAX_STREAMS / 8];
	struct page_hash hashes[AGXT_MAX_RECORD_PAGES];
};

static void damage(struct verifier *v, const struct agx_trace_error *error)
{
	struct agx_trace_problem problem = {.damage = true, .error = *error};

	v->verdict->damages++;
	if (v->report)
		v->report(v->data, &problem);
}

static void rule(struct verifier *v, const struct agx_trace_item *item, const char *what,
		 uint64_t value)
{
	struct agx_trace_problem problem = {
		.error = {.what = what,
			  .chunk = item->chunk,
			  .offset = item->offset,
			  .in_chunk = true},
		.seq = item->rec->seq,
		.value = value,
	};

	v->verdict->broken_rules++;
	if (v->report)
		v->report(v->data, &problem);
}

/* What the reader skipped. A missing footer is told apart: the verdict says truncated. */
static void on_damage(void *data, const struct agx_trace_error *error)
{
	struct verifier *v = data;

	/* What opening finds has been found by going over the container. */
	if (!v->opening)
		damage(v, error);
}

/*
 * The container.
 */

static void compare_entry(struct verifier *v, uint32_t number, uint64_t offset,
			  const struct agxt_chunk_header *header)
{
	const struct agxt_index *index = (const struct agxt_index *)v->index;
	const struct agxt_index_chunk *entry = &index_chunks(v->index)[number];
	struct agx_trace_error error;

	if (number >= index->chunks) {
		container_error(&error, -EBADMSG, "chunk that is not in the index", number, offset);
		damage(v, &error);
		return;
	}
	if (entry->offset != offset || entry->first_seq != header->first_seq ||
	    entry->last_seq != header->last_seq || entry->stream != header->stream ||
	    entry->records != header->records || entry->raw_size != header->raw_size ||
	    entry->submits != header->submits) {
		container_error_values(&error, -EBADMSG, "entry of a chunk in the index", number,
				       offset, offset, entry->offset);
		damage(v, &error);
	}
}

static int check_container(struct verifier *v, struct agx_trace_error *error)
{
	struct agxt_file_header header;
	struct agxt_footer footer;
	struct agxt_chunk_header chunk;
	struct agx_trace_error trouble;
	uint64_t offset;
	uint64_t end;
	uint32_t number = 0;
	uint32_t records = 0;
	int ret;

	ret = container_read_header(&v->source, &header, error);
	if (ret)
		return ret;
	ret = container_read_footer(&v->source, &footer, &trouble);
	if (ret) {
		damage(v, &trouble);
		v->verdict->truncated = true;
		end = v->source.size;
	} else {
		end = v->source.size - sizeof(footer);
		ret = container_read_index(&v->source, &footer, &v->decoder, &v->index, &trouble);
		if (ret == -ENOMEM)
			return container_error(error, ret, "verifying", UINT64_MAX, 0);
		if (ret)
			damage(v, &trouble);
	}
	for (offset = header.header_size; offset < end; offset = container_next(offset, &chunk)) {
		ret = container_read_chunk_header(&v->source, offset, &chunk, &trouble);
		if (ret) {
			damage(v, &trouble);
			return 0;
		}
		if (chunk.number != number) {
			container_error_values(&trouble, -EBADMSG, "number of a chunk",
					       chunk.number, offset, number, chunk.number);
			damage(v, &trouble);
		}
		if (v->index && chunk.type == AGXT_CHUNK_RECORDS)
			compare_entry(v, records, offset, &chunk);
		if (chunk.type == AGXT_CHUNK_RECORDS)
			records++;
		number++;
	}
	if (v->index && records != footer.chunks) {
		container_error_values(&trouble, -EBADMSG, "number of chunks", UINT64_MAX, offset,
				       footer.chunks, records);
		damage(v, &trouble);
	}
	return 0;
}

/*
 * Records.
 */

static bool all_zero(const uint8_t *bytes, size_t size)
{
	while (size--) {
		if (*bytes++)
			return false;
	}
	return true;
}

/* Bytes that round size up to 8, behind size bytes at at. */
static bool padded(const void *at, uint32_t size)
{
	return all_zero((const uint8_t *)at + size, agxt_align8(size) - size);
}

static uint64_t pointer_value(const struct agx_ioctl_pointee *pointee, const uint8_t *args,
			      uint32_t size)
{
	uint64_t value = 0;

	if (pointee->pointer < size)
		memcpy(&value, args + pointee->pointer,
		       size - pointee->pointer < 8 ? size - pointee->pointer : 8u);
	return value;
}

/* Arguments and blobs of a CALL against the table. */
static void check_call(struct verifier *v, const struct agx_trace_item *item)
{
	const struct agxt_call *call = (const struct agxt_call *)item->rec;
	const struct agx_ioctl_desc *desc = agx_ioctl_find(call->request);
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	struct agx_trace_blob blob;
	unsigned int num_spans;
	uint32_t size;
	const uint8_t *args = agx_trace_args(item->rec, &size);
	uint32_t seen = 0;
	uint32_t i;

	if (call->rec.flags & AGXT_CALL_OPAQUE) {
		if (size || call->blobs)
			rule(v, item, "opaque call with arguments", size);
		return;
	}
	if (!desc) {
		rule(v, item, "call that is not in the table and not opaque", call->request);
		return;
	}
	/* Nothing is recorded of an argument that could not be read. */
	if (!size && !call->blobs)
		return;
	if (size != _IOC_SIZE(call->request))
		rule(v, item, "argument size is not that of the ioctl's number", size);
	for (i = 0; i < desc->num_pointees; i++) {
		uint64_t value = pointer_value(&desc->pointees[i], args, size);

		if (value > AGXT_PTR_FAULT)
			rule(v, item, "host pointer in the arguments", value);
	}
	for (i = 0; i < call->blobs; i++) {
		blob = agx_trace_blob(item->rec, i);
		if (blob.pointee >= desc->num_pointees ||
		    !(desc->pointees[blob.pointee].access & AGX_ACCESS_IN) ||
		    seen >> blob.pointee & 1)
			rule(v, item, "blob that the call does not have", blob.pointee);
		seen |= 1u << blob.pointee;
	}
	num_spans = agx_ioctl_spans(desc, args, size, spans);
	for (i = 0; i < num_spans; i++) {
		uint64_t want = spans[i].size;
		bool fault = spans[i].address == AGXT_PTR_FAULT;

		if (!(spans[i].access & AGX_ACCESS_IN))
			continue;
		if (!agx_trace_find_blob(item->rec, spans[i].pointee, &blob)) {
			rule(v, item, "pointee without a blob", spans[i].pointee);
			continue;
		}
		if (fault != !!(blob.flags & AGXT_BLOB_FAULT)) {
			rule(v, item, "fault flag of a blob", spans[i].pointee);
			continue;
		}
		if (fault)
			want = 0;
		/* A recorder may cut pointees short so that a record keeps within its limit. */
		if (blob.flags & AGXT_BLOB_TRUNCATED ? blob.size >= want : blob.size != want)
			rule(v, item, "size of a blob", blob.size);
	}
}

static void check_return(struct verifier *v, const struct agx_trace_item *item)
{
	const struct agxt_return *ret = (const struct agxt_return *)item->rec;
	const struct agx_ioctl_desc *desc = agx_ioctl_find(ret->request);
	uint32_t i;

	if (ret->result < -4095)
		rule(v, item, "result that is no errno", (uint32_t)ret->result);
	if (!desc) {
		if (ret->arg_size || ret->blobs)
			rule(v, item, "return that is not in the table, with arguments",
			     ret->request);
		return;
	}
	if (ret->arg_size && ret->arg_size != _IOC_SIZE(ret->request))
		rule(v, item, "argument size is not that of the ioctl's number", ret->arg_size);
	for (i = 0; i < ret->blobs; i++) {
		struct agx_trace_blob blob = agx_trace_blob(item->rec, i);

		if (blob.pointee >= desc->num_pointees ||
		    !(desc->pointees[blob.pointee].access & AGX_ACCESS_OUT))
			rule(v, item, "blob that the call does not have", blob.pointee);
	}
}

static void check_padding(struct verifier *v, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	const uint8_t *args;
	bool good = true;
	uint32_t blobs;
	uint32_t size;
	uint32_t i;

	switch (rec->type) {
	case AGXT_META:
		good = padded((const struct agxt_meta *)rec + 1,
			      ((const struct agxt_meta *)rec)->size);
		break;
	case AGXT_MARKER:
		good = padded((const struct agxt_marker *)rec + 1,
			      ((const struct agxt_marker *)rec)->size);
		break;
	case AGXT_PROCESS:
		good = padded((const struct agxt_process *)rec + 1,
			      ((const struct agxt_process *)rec)->name_size);
		break;
	case AGXT_CALL:
	case AGXT_RETURN:
		args = agx_trace_args(rec, &size);
		good = padded(args, size);
		blobs = rec->type == AGXT_CALL ? ((const struct agxt_call *)rec)->blobs
					       : ((const struct agxt_return *)rec)->blobs;
		for (i = 0; i < blobs; i++) {
			struct agx_trace_blob blob = agx_trace_blob(rec, i);

			good = good && padded(blob.bytes, blob.size);
		}
		break;
	case AGXT_PAGES:
		good = padded(pages_words((const struct agxt_pages *)rec),
			      ((const struct agxt_pages *)rec)->count * 4);
		break;
	default:
		break;
	}
	if (!good)
		rule(v, item, "bytes that round up are not zero", rec->type);
}

/* Page words: content of this record in order, or content seen before in this chunk. */
static int check_pages(struct verifier *v, const struct agx_trace_item *item)
{
	const struct agxt_pages *pages = (const struct agxt_pages *)item->rec;
	const uint32_t *words = pages_words(pages);
	struct contents *contents = &v->contents[item->stream];
	uint32_t next = item->offset + pages_head_size(pages->count);
	uint8_t buf[AGXT_PAGE_SIZE];
	uint32_t i;
	int ret;

	if (contents->chunk != item->chunk + 1) {
		free(contents->map.slots);
		memset(contents, 0, sizeof(*contents));
		contents->chunk = item->chunk + 1;
	}
	for (i = 0; i < pages->count; i++) {
		uint32_t offset = PAGE_OFFSET(words[i]);
		const struct agxt_delta *delta = (const struct agxt_delta *)(item->raw + offset);

		v->hashes[i] = page_hash(agx_trace_page(item, i, buf));
		if (PAGE_KIND(words[i]) == AGXT_PAGE_ZERO)
			continue;
		if (offset != next) {
			if (state_map_get(&contents->map, words[i]) == STATE_NONE)
				rule(v, item, "page content where no record stored it", offset);
			continue;
		}
		if (PAGE_KIND(words[i]) == AGXT_PAGE_DELTA) {
			if (state_map_get(&contents->map, delta->base | AGXT_PAGE_FULL) ==
			    STATE_NONE)
				rule(v, item, "base of a delta that is no full page", delta->base);
			next += delta_size(delta);
		} else {
			next += AGXT_PAGE_SIZE;
		}
		ret = state_map_set(&contents->map, words[i], 1);
		if (ret)
			return ret;
	}
	if (next != item->offset + pages->rec.size)
		rule(v, item, "bytes after the last page", pages->rec.size);
	digest_pages(&v->digest, item->stream, pages, v->hashes);
	return 0;
}

/* A submit or marker against the index. */
static void check_point(struct verifier *v, const struct agx_trace_item *item, uint32_t kind,
			uint64_t number)
{
	const struct agxt_index *index = (const struct agxt_index *)v->index;
	const struct agxt_index_point *point;

	v->points++;
	if (!index || v->next_point == index->points)
		return;
	point = &index_points(v->index)[v->next_point];
	if (point->seq != item->rec->seq)
		return;
	v->next_point++;
	if (point->number != number || point->chunk != item->chunk ||
	    point->offset_kind != (item->offset | kind)) {
		struct agx_trace_error error;

		container_error_values(&error, -EBADMSG, "point in the index", item->chunk,
				       item->offset, number, point->number);
		damage(v, &error);
	}
}

static int check_item(struct verifier *v, const struct agx_trace_item *item)
{
	const struct agxt_record *rec = item->rec;
	uint8_t *started = &v->started[item->stream / 8];
	struct state_event event;
	int ret;

	v->verdict->records++;
	if (!(*started >> item->stream % 8 & 1)) {
		*started |= 1 << item->stream % 8;
		if (rec->type != AGXT_PROCESS)
			rule(v, item, "stream that does not start with PROCESS", item->stream);
	}
	check_padding(v, item);
	switch (rec->type) {
	case AGXT_CALL:
		check_call(v, item);
		if (record_is_submit(rec)) {
			check_point(v, item, AGXT_POINT_SUBMIT, v->verdict->submits);
			v->verdict->submits++;
		}
		break;
	case AGXT_RETURN:
		check_return(v, item);
		break;
	case AGXT_MARKER:
		check_point(v, item, AGXT_POINT_MARKER, ((const struct agxt_marker *)rec)->number);
		break;
	default:
		break;
	}
	if (rec->type == AGXT_PAGES) {
		ret = check_pages(v, item);
		if (ret)
			return ret;
	} else {
		digest_record(&v->digest, item->stream, rec);
	}
	ret = state_step(&v->state, rec, item->stream, &event);
	if (ret)
		return ret;
	if (event.problem)
		rule(v, item, event.problem, event.value);
	return 0;
}

static int check_records(struct verifier *v, struct agx_trace_reader *reader,
			 struct agx_trace_error *error)
{
	const struct agxt_index *index = (const struct agxt_index *)v->index;
	struct agx_trace_error trouble;
	struct agx_trace_item item;
	int ret;

	v->contents = calloc(AGXT_MAX_STREAMS, sizeof(*v->contents));
	if (!v->contents)
		return container_error(error, -ENOMEM, "verifying", UINT64_MAX, 0);
	while ((ret = agx_trace_reader_next(reader, &item, error)) > 0) {
		ret = check_item(v, &item);
		if (ret)
			return container_error(error, ret, "verifying", item.chunk, item.offset);
	}
	if (ret < 0)
		return ret;
	v->verdict->unfinished_calls = v->state.num_pending;
	digest_store(&v->digest, v->verdict->digest);
	/* Whether the index is right can be said only when nothing is missing. */
	if (!index || v->verdict->damages)
		return 0;
	if (v->next_point != index->points ||
	    (v->points < ALL_POINTS && index->points != v->points)) {
		container_error_values(&trouble, -EBADMSG, "points in the index", UINT64_MAX, 0,
				       v->points, index->points);
		damage(v, &trouble);
	}
	if (index->records != v->verdict->records) {
		container_error_values(&trouble, -EBADMSG, "records in the index", UINT64_MAX, 0,
				       v->verdict->records, index->records);
		damage(v, &trouble);
	}
	if (memcmp(index->digest, v->verdict->digest, sizeof(index->digest))) {
		container_error(&trouble, -EBADMSG, "digest of the trace", UINT64_MAX, 0);
		damage(v, &trouble);
	}
	return 0;
}

static void verifier_finish(struct verifier *v)
{
	uint32_t i;

	for (i = 0; v->contents && i < AGXT_MAX_STREAMS; i++)
		free(v->contents[i].map.slots);
	free(v->contents);
	free(v->index);
	state_finish(&v->state);
	decoder_finish(&v->decoder);
}

/* reader_open opens the same bytes as v->source. */
static int verify(struct verifier *v, const char *path, struct agx_trace_error *error)
{
	struct agx_trace_reader_params params = {
		.force = true,
		.thorough = true,
		.damage = on_damage,
		.damage_data = v,
	};
	struct agx_trace_reader *reader;
	int ret;

	ret = check_container(v, error);
	if (ret == -EBADMSG) {
		damage(v, error);
		return 0;
	}
	if (ret)
		return ret;
	v->opening = true;
	if (path)
		ret = agx_trace_reader_open(path, &params, &reader, error);
	else
		ret = agx_trace_reader_open_memory(v->source.bytes, v->source.size, &params,
						   &reader, error);
	v->opening = false;
	if (ret)
		return ret;
	ret = check_records(v, reader, error);
	agx_trace_reader_close(reader);
	return ret;
}

int agx_trace_verify(const char *path,
		     void (*report)(void *data, const struct agx_trace_problem *problem),
		     void *data, struct agx_trace_verdict *verdict, struct agx_trace_error *error)
{
	struct verifier *v = calloc(1, sizeof(*v));
	struct stat st;
	int ret;

	memset(verdict, 0, sizeof(*verdict));
	if (!v)
		return container_error(error, -ENOMEM, "verifying", UINT64_MAX, 0);
	v->report = report;
	v->data = data;
	v->verdict = verdict;
	v->source.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (v->source.fd < 0 || fstat(v->source.fd, &st)) {
		ret = container_error(error, -errno, "opening", UINT64_MAX, 0);
	} else if (!S_ISREG(st.st_mode)) {
		ret = container_error(error, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				      "opening: not a regular file", UINT64_MAX, 0);
	} else {
		v->source.size = st.st_size;
		ret = verify(v, path, error);
	}
	if (v->source.fd >= 0)
		close(v->source.fd);
	verifier_finish(v);
	free(v);
	return ret;
}

int agx_trace_verify_memory(const void *bytes, size_t size,
			    void (*report)(void *data, const struct agx_trace_problem *problem),
			    void *data, struct agx_trace_verdict *verdict,
			    struct agx_trace_error *error)
{
	struct verifier *v = calloc(1, sizeof(*v));
	int ret;

	memset(verdict, 0, sizeof(*verdict));
	if (!v)
		return container_error(error, -ENOMEM, "verifying", UINT64_MAX, 0);
	v->report = report;
	v->data = data;
	v->verdict = verdict;
	v->source.fd = -1;
	v->source.bytes = bytes;
	v->source.size = size;
	ret = verify(v, NULL, error);
	verifier_finish(v);
	free(v);
	return ret;
}

const char *agx_trace_problem_text(const struct agx_trace_problem *problem, char *buf, size_t size)
{
	if (problem->damage)
		return agx_trace_error_text(&problem->error, buf, size);
	snprintf(buf, size,
		 "record %" PRIu64 " (chunk %" PRIu64 ", byte %" PRIu64 "): %s (%" PRIu64 ")",
		 problem->seq, problem->error.chunk, problem->error.offset, problem->error.what,
		 problem->value);
	return buf;
}
