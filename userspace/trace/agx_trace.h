/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing .agxt traces. agxt_format.h says what the records are.
 *
 * Functions return 0 (or what their comment says) on success and a negative errno on
 * failure; struct agx_trace_error says what and where. A reader or writer is used by one
 * thread at a time; different ones are independent.
 */
#ifndef AGX_TRACE_H
#define AGX_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agxt_format.h"

struct agx_trace_reader;
struct agx_trace_writer;

/* What is wrong, and where. Filled when a function fails; may be NULL in every call. */
struct agx_trace_error {
	const char *what; /* a sentence part: "chunk header checksum"; static storage */
	uint64_t chunk;   /* number of the chunk, or UINT64_MAX */
	uint64_t offset;  /* in the file, or in the chunk's raw bytes when in_chunk */
	bool in_chunk;
	bool have_values; /* expected and got mean something */
	uint64_t expected;
	uint64_t got;
	int os_error; /* errno of a failed system call, or 0 */
};

/* Writes one line without newline to buf: what, where, expected, got. Returns buf. */
const char *agx_trace_error_text(const struct agx_trace_error *error, char *buf, size_t size);

/*
 * Writer.
 */

struct agx_trace_writer_params {
	int level;           /* zstd level; 0: AGX_TRACE_DEFAULT_LEVEL */
	uint32_t chunk_size; /* raw bytes at which a chunk is closed; 0: 2 MiB */
	bool background;     /* compress and write in a thread of the writer */
	bool no_delta;       /* store changed pages whole (for measurements) */
	bool no_compression; /* store chunks as they are */
};

#define AGX_TRACE_DEFAULT_LEVEL 3

struct agx_trace_writer_stats {
	uint64_t records;
	uint64_t chunks;
	uint64_t pages;       /* pages handed in */
	uint64_t zero_pages;  /* of these: all zero */
	uint64_t same_pages;  /* content already in the chunk */
	uint64_t delta_pages; /* stored as differences */
	uint64_t raw_bytes;   /* of sealed chunks before compression */
	uint64_t file_bytes;  /* written so far */
};

/*
 * Starts a trace in fd (borrowed; written from its current position, which must be the start of an
 * empty file). params may be NULL. -EINVAL, -ENOMEM, or -errno of write.
 */
int agx_trace_writer_create(int fd, const struct agx_trace_writer_params *params,
			    struct agx_trace_writer **writer);

/*
 * Appends one record (record->size bytes, head included) to a stream. The caller sets every field
 * of the head; seq has to rise within the stream. PAGES_RAW is deduplicated and becomes PAGES;
 * PAGES is refused. Structure and limits are checked: -EINVAL leaves the trace as it was. -ENOMEM,
 * -errno of write (also of an earlier background write; the writer then refuses everything).
 */
int agx_trace_writer_record(struct agx_trace_writer *writer, uint32_t stream,
			    const struct agxt_record *record);

/*
 * Appends pages: as a PAGES_RAW record with this head (size and type are ignored), content apart.
 * content: count x 4096 bytes, or NULL for zero pages. Any count > 0: split as needed.
 */
int agx_trace_writer_pages(struct agx_trace_writer *writer, uint32_t stream,
			   const struct agxt_pages *pages, const void *content);

/* Convenience: META with a value of any kind; head->size and type are ignored. */
int agx_trace_writer_meta(struct agx_trace_writer *writer, uint32_t stream,
			  const struct agxt_record *head, enum agxt_meta_key key, const void *value,
			  uint32_t size);

/* Closes the current chunk of every stream, so that what was recorded is in the file. */
int agx_trace_writer_flush(struct agx_trace_writer *writer);

void agx_trace_writer_stats(const struct agx_trace_writer *writer,
			    struct agx_trace_writer_stats *stats);

/* Writes index and footer. The writer takes no more records; destroy it next. */
int agx_trace_writer_finish(struct agx_trace_writer *writer);

/* Frees the writer. Without finish the file stays as a killed recorder leaves it. NULL is fine. */
void agx_trace_writer_destroy(struct agx_trace_writer *writer);

/*
 * Reader.
 */

struct agx_trace_reader_params {
	bool force;      /* skip damaged chunks and report them, instead of failing */
	bool thorough;   /* check the records of each chunk against their own checksum, too */
	uint64_t memory; /* bytes of decoded chunks held at once; 0: 512 MiB */

	/* Called for each thing that force skipped, and for a missing index. May be NULL. */
	void (*damage)(void *data, const struct agx_trace_error *error);
	void *damage_data;
};

/*
 * Opens a trace. params and error may be NULL. The index is rebuilt by scanning when it is missing
 * or damaged. -errno of open, read, mmap; -EBADMSG damaged; -EPROTONOSUPPORT another major version;
 * -EFBIG beyond a limit; -ENOMEM.
 */
int agx_trace_reader_open(const char *path, const struct agx_trace_reader_params *params,
			  struct agx_trace_reader **reader, struct agx_trace_error *error);

/* The same on bytes in memory (borrowed until close). */
int agx_trace_reader_open_memory(const void *bytes, size_t size,
				 const struct agx_trace_reader_params *params,
				 struct agx_trace_reader **reader, struct agx_trace_error *error);

/* NULL is fine. */
void agx_trace_reader_close(struct agx_trace_reader *reader);

struct agx_trace_info {
	uint16_t major, minor;
	bool truncated; /* no footer: the recorder was killed, or the file was cut */
	bool damaged;   /* force skipped something */
	uint64_t file_size;
	uint64_t sound_size; /* bytes up to the end of the last sound chunk */
	uint64_t chunks;
	uint64_t streams; /* highest stream number + 1 */
	uint64_t records;
	uint64_t submits;
	uint64_t raw_bytes;
	uint64_t stored_bytes;
	bool have_digest;   /* the index has one */
	uint8_t digest[16]; /* of all records; see docs/trace-format.md */
};

void agx_trace_reader_info(const struct agx_trace_reader *reader, struct agx_trace_info *info);

/* A record as the reader gives it out. */
struct agx_trace_item {
	const struct agxt_record *rec; /* valid until the next call that moves this reader */
	uint32_t stream;
	uint32_t chunk;     /* number of the chunk */
	uint32_t offset;    /* of the record in the chunk's raw bytes */
	uint64_t submit;    /* submits before this record: the number (from 0) of a submit's CALL */
	const uint8_t *raw; /* raw bytes of the chunk */
};

/*
 * Next record of all streams in order of seq. 1: item is filled; 0: end; -EBADMSG, -EFBIG,
 * -ENOMEM. Without force an error is final. The end of a trace that is cut or damaged looks like
 * any end: see truncated and damaged in agx_trace_reader_info(). Every record given out is
 * structurally sound: sizes, blobs, page words and deltas lie inside the record and chunk.
 */
int agx_trace_reader_next(struct agx_trace_reader *reader, struct agx_trace_item *item,
			  struct agx_trace_error *error);

/* Back to the first record. */
int agx_trace_reader_rewind(struct agx_trace_reader *reader);

/*
 * Moves so that next() gives the CALL of submit number n (from 0), or the first record with
 * seq >= the given one. -ENOENT: there is none.
 */
int agx_trace_reader_seek_submit(struct agx_trace_reader *reader, uint64_t n,
				 struct agx_trace_error *error);
int agx_trace_reader_seek_seq(struct agx_trace_reader *reader, uint64_t seq,
			      struct agx_trace_error *error);

/*
 * Content of page i of a PAGES item: 4096 bytes, in the chunk, in buf, or a shared page of zeros.
 * buf has 4096 bytes. Not NULL for i < count of an item that next() gave.
 */
const uint8_t *agx_trace_page(const struct agx_trace_item *item, uint32_t i, uint8_t *buf);

/* True when page i is stored as a page of zeros: no need to look. */
bool agx_trace_page_is_zero(const struct agx_trace_item *item, uint32_t i);

/*
 * Record access. Records from a reader are sound, so these cannot fail on them.
 */

/* One blob of a CALL or RETURN. */
struct agx_trace_blob {
	uint32_t pointee;
	uint32_t flags; /* AGXT_BLOB_* */
	uint32_t size;
	const uint8_t *bytes;
};

/* Arguments of a CALL or RETURN record. */
const uint8_t *agx_trace_args(const struct agxt_record *rec, uint32_t *size);

/* Blob number i (< blobs) of a CALL or RETURN. */
struct agx_trace_blob agx_trace_blob(const struct agxt_record *rec, uint32_t i);

/* Finds the blob of a pointee. False: there is none. */
bool agx_trace_find_blob(const struct agxt_record *rec, uint32_t pointee,
			 struct agx_trace_blob *blob);

/* What follows a RESULT of a launch; NULL: it is another record. */
const struct agxt_result_launch *agx_trace_result_launch(const struct agxt_record *rec);

/*
 * Checks one record's structure (not PAGES). size: bytes available. NULL when sound, else what is
 * not.
 */
const char *agx_trace_record_check(const struct agxt_record *rec, size_t size);

/* Names for messages and JSON: "CALL", "gpu-params", ... "unknown" for unknown values. */
const char *agx_trace_type_name(uint16_t type);
const char *agx_trace_meta_name(uint32_t key);

#endif
