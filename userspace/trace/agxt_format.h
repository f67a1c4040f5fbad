/* SPDX-License-Identifier: MIT */
/*
 * The .agxt trace format: what is on disk, and the records that the capture
 * object hands to the writer. docs/trace-format.md is the specification; a test
 * holds the tables there and the definitions here together.
 *
 * All integers are little-endian; every structure is naturally aligned without
 * implicit padding. Records start on multiples of 8 bytes and are multiples of 8
 * bytes long; bytes that round up are zero.
 *
 * A file is a header, chunks, an index chunk and a footer. Each chunk can be
 * decoded alone. No record holds a host address, a file descriptor number or a
 * path: pointers are replaced by enum agxt_ptr, descriptors by tokens.
 */
#ifndef AGXT_FORMAT_H
#define AGXT_FORMAT_H

#include <stdint.h>

/* Versions: readers refuse another major, and skip what a newer minor added. */
#define AGXT_VERSION_MAJOR 1
#define AGXT_VERSION_MINOR 1

/* Limits. A reader refuses what is larger; a writer never makes it. */
#define AGXT_PAGE_SIZE        4096u
#define AGXT_MAX_CHUNK_RAW    (16u << 20)  /* bytes of a chunk's records */
#define AGXT_MAX_CHUNK_STORED (17u << 20)  /* bytes of a chunk's payload in the file */
#define AGXT_MAX_INDEX_RAW    (64u << 20)  /* bytes of the index chunk, decoded */
#define AGXT_MAX_RECORD       (8u << 20)   /* bytes of one record */
#define AGXT_MAX_RECORD_PAGES 1024u        /* pages of one PAGES record */
#define AGXT_MAX_ARG          16384u       /* bytes of an ioctl's argument structure */
#define AGXT_MAX_BLOB         (2u << 20)   /* bytes of one pointee */
#define AGXT_MAX_BLOBS        4u           /* pointees of one call */
#define AGXT_MAX_STREAMS      1024u        /* processes in one trace */
#define AGXT_MAX_META         (64u << 10)  /* bytes of one metadata value */
#define AGXT_MAX_LABEL        4096u        /* bytes of a marker's label */
#define AGXT_MAX_BO_SIZE      (1ull << 40) /* bytes of a buffer object that PAGES may name */

/*
 * The container.
 */

/* The first 8 bytes: not text, and changed by any transfer that alters line ends or bit 7. */
#define AGXT_FILE_MAGIC   "\211AGXT\r\n\032"
#define AGXT_FOOTER_MAGIC "\211AGXE\r\n\032"
#define AGXT_CHUNK_MAGIC  0x4b484341u /* "ACHK" */

/* At offset 0. */
struct agxt_file_header {
	uint8_t magic[8];     /* AGXT_FILE_MAGIC */
	uint16_t major;       /* AGXT_VERSION_MAJOR */
	uint16_t minor;       /* AGXT_VERSION_MINOR of the writer */
	uint32_t header_size; /* bytes, multiple of 8; the first chunk starts here */
	uint64_t flags;       /* zero */
	uint64_t hash;        /* XXH3-64 of the header up to here */
};

enum agxt_chunk_type {
	AGXT_CHUNK_RECORDS = 1, /* records of one stream */
	AGXT_CHUNK_INDEX = 2,   /* where the chunks are */
};

enum agxt_codec {
	AGXT_CODEC_NONE = 0, /* stored as it is */
	AGXT_CODEC_ZSTD = 1, /* one zstd frame */
};

/* Followed by stored_size bytes of payload and zero bytes up to a multiple of 8. */
struct agxt_chunk_header {
	uint32_t magic;       /* AGXT_CHUNK_MAGIC */
	uint16_t type;        /* enum agxt_chunk_type; readers skip unknown ones */
	uint16_t codec;       /* enum agxt_codec */
	uint32_t number;      /* 0, 1, 2...: position in the file */
	uint32_t stream;      /* the process, from 0; 0 in an index chunk */
	uint32_t raw_size;    /* bytes of records, multiple of 8 */
	uint32_t stored_size; /* bytes of payload */
	uint32_t records;     /* number of records; entries in an index chunk */
	uint32_t submits;     /* number of CALL records of DRM_IOCTL_ASAHI_SUBMIT */
	uint64_t first_seq;   /* of the first record */
	uint64_t last_seq;    /* of the last record */
	uint64_t first_time;  /* ns, of the first record */
	uint64_t last_time;   /* ns, of the last record */
	uint64_t raw_hash;    /* XXH3-64 of the records */
	uint64_t stored_hash; /* XXH3-64 of the payload */
	uint64_t hash;        /* XXH3-64 of this header up to here */
};

/* The index chunk's raw bytes: this, then chunks[], then points[]. */
struct agxt_index {
	uint32_t chunks;    /* number of struct agxt_index_chunk */
	uint32_t points;    /* number of struct agxt_index_point */
	uint32_t streams;   /* streams in the file */
	uint32_t pad;       /* zero */
	uint64_t records;   /* records in all chunks */
	uint8_t digest[16]; /* of the trace: see docs/trace-format.md */
};

struct agxt_index_chunk {
	uint64_t offset;    /* of the chunk header in the file */
	uint64_t first_seq; /* this and the rest: as in the chunk header */
	uint64_t last_seq;
	uint32_t stream;
	uint32_t records;
	uint32_t raw_size;
	uint32_t submits;
};

enum agxt_point_kind {
	AGXT_POINT_SUBMIT = 1, /* a CALL of DRM_IOCTL_ASAHI_SUBMIT */
	AGXT_POINT_MARKER = 2, /* a MARKER */
};

/*
 * A place worth seeking to. Sorted by seq. A long trace has a selection only: every n-th
 * of a kind, n a power of two.
 */
struct agxt_index_point {
	uint64_t seq;         /* of the record */
	uint64_t number;      /* submits: from 0 in order of seq; markers: as in the record */
	uint32_t chunk;       /* number of the chunk */
	uint32_t offset_kind; /* offset of the record in the chunk's raw bytes | point kind */
};

/* The last 48 bytes. */
struct agxt_footer {
	uint64_t index_offset; /* of the index chunk's header */
	uint64_t file_size;    /* bytes, footer included */
	uint64_t chunks;       /* record chunks */
	uint64_t reserved;     /* zero */
	uint64_t hash;         /* XXH3-64 of the fields above */
	uint8_t magic[8];      /* AGXT_FOOTER_MAGIC */
};

/*
 * Records. Types are never removed or given another meaning; a reader skips types
 * that it does not know by their size.
 */
enum agxt_type {
	AGXT_META = 1,       /* struct agxt_meta */
	AGXT_OPEN = 2,       /* struct agxt_open */
	AGXT_CLOSE = 3,      /* struct agxt_close */
	AGXT_CALL = 4,       /* struct agxt_call */
	AGXT_RETURN = 5,     /* struct agxt_return */
	AGXT_MAP = 6,        /* struct agxt_map */
	AGXT_UNMAP = 7,      /* struct agxt_map */
	AGXT_PAGES = 8,      /* struct agxt_pages, then count x uint32_t page words, then content */
	AGXT_FD = 9,         /* struct agxt_fd */
	AGXT_RESULT = 10,    /* struct agxt_result */
	AGXT_MARKER = 11,    /* struct agxt_marker */
	AGXT_PROCESS = 12,   /* struct agxt_process: the first record of each stream */
	AGXT_PAGES_RAW = 13, /* struct agxt_pages, then count x 4096 bytes: never in a file */
};

/* Record flags. The low byte means the same in every record. */
#define AGXT_FLAG_SYNTHETIC 0x0001 /* made by the recorder or by trim, not by the program */

/*
 * The head of every record.
 *
 * seq is unique in the trace (only PAGES records that belong together share one), starts at
 * 1, rises within a stream, and orders the records of all streams: it is drawn when the event
 * happens (for a CALL before the call is made, for a RETURN after it came back). file names
 * one open of a DRM node and is unique in the trace; a forked child goes on using its parent's.
 */
struct agxt_record {
	uint32_t size;    /* bytes, this head included, multiple of 8 */
	uint16_t type;    /* enum agxt_type */
	uint16_t flags;   /* AGXT_FLAG_*, and flags of the type in the high byte */
	uint32_t thread;  /* small number of the thread in its process, from 1 */
	uint32_t file;    /* which open of a DRM node, from 1; 0: none */
	uint64_t seq;     /* place in the order of all records, from 1 */
	uint64_t time_ns; /* monotonic, since the start of the capture */
};

/* First record of each stream; another one with the same stream after an exec. */
struct agxt_process {
	struct agxt_record rec;
	uint32_t parent;    /* stream + 1 of the parent process when it is in the trace, or 0 */
	uint32_t page_size; /* of the host, bytes */
	uint32_t name_size; /* bytes of the program's base name that follow, no terminator */
	uint32_t pad;       /* zero */
};

/* Keys of META. Text is UTF-8 without terminator. */
enum agxt_meta_key {
	AGXT_META_GPU_PARAMS = 1, /* struct drm_asahi_params_global */
	AGXT_META_SOC = 2,        /* text: "t8103" */
	AGXT_META_TOOL = 3,       /* text: name and version of the recorder */
	AGXT_META_DRIVER = 4,     /* text: name and version of the kernel driver or virtual node */
	AGXT_META_COMMAND = 5,    /* text: base name and arguments, each followed by a NUL */
	AGXT_META_HISTORY = 6,    /* text: one step of processing (trim) that made this file */
	AGXT_META_FRAMES = 7,     /* text: "A-B", the frames that were asked for */
	AGXT_META_MACHINE = 8,    /* text: processor architecture */
	AGXT_META_RESULTS = 9,    /* text: "launches": each executed launch has its RESULTs */
};

/* Followed by the value. */
struct agxt_meta {
	struct agxt_record rec;
	uint32_t key;  /* enum agxt_meta_key; readers ignore unknown ones */
	uint32_t size; /* bytes of value */
};

/* The DRM node was opened: rec.file is the new file. */
struct agxt_open {
	struct agxt_record rec;
	uint32_t minor; /* of the node: 128... */
	uint32_t flags; /* zero */
};

/* The last descriptor of a file, in all streams that use it, was closed. */
struct agxt_close {
	struct agxt_record rec;
};

/* What stands in place of a user pointer in recorded arguments. */
enum agxt_ptr {
	AGXT_PTR_NULL = 0,  /* NULL */
	AGXT_PTR_VALID = 1, /* not NULL; if it is read by the call a blob has the bytes */
	AGXT_PTR_FAULT = 2, /* not NULL, and not accessible */
};

/* What stands in place of a descriptor. */
#define AGXT_TOKEN_NONE    0xffffffffu /* negative: "no descriptor" */
#define AGXT_TOKEN_INVALID 0u          /* a number that is not open, or of an unusable kind */

/* Call flags (rec.flags). */
#define AGXT_CALL_OPAQUE 0x0100 /* not in the ioctl table: no arguments recorded */

/*
 * An ioctl about to be made. Followed by the argument bytes as the program passed them,
 * padded to 8, then by blobs. rec.file is the DRM file; 0 when the call was made on an
 * exported descriptor (dma-buf, sync file): then token names it.
 */
struct agxt_call {
	struct agxt_record rec;
	uint32_t request;  /* ioctl number as passed */
	uint32_t token;    /* descriptor the call was made on, when rec.file is 0 */
	uint32_t arg_size; /* bytes of arguments: as in request; 0: unreadable, or opaque */
	uint32_t blobs;    /* number of blobs */
};

#define AGXT_BLOB_FAULT     0x0001 /* not accessible: no bytes recorded */
#define AGXT_BLOB_TRUNCATED 0x0002 /* larger than AGXT_MAX_BLOB: only the start recorded */

/* One pointee: followed by its bytes, padded to 8. */
struct agxt_blob {
	uint32_t size;    /* bytes recorded */
	uint16_t pointee; /* which: index of the pointee in the ioctl's table entry */
	uint16_t flags;   /* AGXT_BLOB_* */
};

/*
 * An ioctl has returned. Followed by the arguments after the call (when the ioctl writes
 * back: direction R), then by the blobs of pointees that it wrote.
 */
struct agxt_return {
	struct agxt_record rec;
	uint64_t call;     /* seq of the CALL */
	int32_t result;    /* >= 0, or a negative errno of Linux */
	uint32_t request;  /* as in the CALL */
	uint32_t arg_size; /* bytes of arguments, or 0: not written back */
	uint32_t blobs;    /* number of blobs */
};

#define AGXT_MAP_READ  0x1 /* PROT_READ */
#define AGXT_MAP_WRITE 0x2 /* PROT_WRITE */

/* A buffer object was mapped by the CPU, or a part of such a mapping is gone. */
struct agxt_map {
	struct agxt_record rec;
	uint32_t handle; /* GEM handle in rec.file */
	uint32_t prot;   /* AGXT_MAP_*; 0 in UNMAP */
	uint64_t offset; /* bytes into the object */
	uint64_t size;   /* bytes */
	int32_t result;  /* 0 or a negative errno */
	uint32_t pad;    /* zero */
};

/* Pages flags (rec.flags). */
#define AGXT_PAGES_RESULT   0x0100 /* written by the GPU: to compare, not to load */
#define AGXT_PAGES_ALL_ZERO 0x0200 /* PAGES_RAW only: count pages of zeros, no content follows */
#define AGXT_PAGES_LAUNCH   0x0400 /* with RESULT: as a launch left them, for a RESULT so flagged */

/*
 * Content of count consecutive pages of a buffer object, as the CPU left them before the
 * call that follows. rec.file and handle name the object (any one of its names). In a file
 * count page words follow (padded to 8), then content that is new in this chunk.
 */
struct agxt_pages {
	struct agxt_record rec;
	uint32_t handle;     /* GEM handle in rec.file */
	uint32_t count;      /* 1 to AGXT_MAX_RECORD_PAGES */
	uint64_t first_page; /* index of the first page in the object */
};

/*
 * A page word: kind in the low 3 bits, and above them (value & ~7) the offset of the
 * content from the start of the chunk's raw bytes. Content lies inside a PAGES record of the same
 * chunk, this one or an earlier one.
 */
enum agxt_page_kind {
	AGXT_PAGE_ZERO = 0,  /* offset 0: all zero */
	AGXT_PAGE_FULL = 1,  /* 4096 bytes */
	AGXT_PAGE_DELTA = 2, /* struct agxt_delta */
};

/*
 * A page as differences to a FULL page of the same chunk: runs x struct agxt_delta_run, then
 * the new words of all runs, 4 bytes each; padded to 8.
 */
struct agxt_delta {
	uint32_t base;  /* offset of the 4096 bytes of a FULL page, before this delta */
	uint16_t runs;  /* number of runs */
	uint16_t words; /* sum of the runs' lengths */
};

struct agxt_delta_run {
	uint16_t first; /* in words of 4 bytes from the start of the page */
	uint16_t words; /* 1...; runs rise and do not overlap */
};

enum agxt_fd_event {
	AGXT_FD_EXPORT = 1,  /* a call of this trace made it */
	AGXT_FD_FOREIGN = 2, /* it came from outside the trace */
	AGXT_FD_CLOSE = 3,   /* no process of the trace holds it any more */
};

enum agxt_fd_kind {
	AGXT_FD_DMA_BUF = 1,   /* PRIME: a buffer object */
	AGXT_FD_SYNC_FILE = 2, /* one fence */
	AGXT_FD_SYNCOBJ = 3,   /* a sync object */
	AGXT_FD_EVENTFD = 4,   /* for SYNCOBJ_EVENTFD */
	AGXT_FD_OTHER = 5,     /* anything else that a call was given */
};

/*
 * Life of a token. A token names what a descriptor refers to, not its number: dup and passing to
 * another process keep it. Tokens are unique in the trace, from 1. An EXPORT follows the call's
 * RETURN or stands between CALL and RETURN; the token then also stands in the RETURN's arguments.
 */
struct agxt_fd {
	struct agxt_record rec;
	uint32_t token; /* from 1 */
	uint16_t event; /* enum agxt_fd_event */
	uint16_t kind;  /* enum agxt_fd_kind */
	uint64_t size;  /* dma-buf: bytes; otherwise 0 */
	uint64_t call;  /* EXPORT: seq of the CALL that made it; otherwise 0 */
};

/* Result flags (rec.flags). */
#define AGXT_RESULT_LAUNCH 0x0100 /* what a launch changed; struct agxt_result_launch follows */
#define AGXT_RESULT_LOST   0x0200 /* with LAUNCH: it has changed more, which is not known */

/* What a submission, or a launch of it, left in a range of a buffer object. */
struct agxt_result {
	struct agxt_record rec;
	uint64_t call;      /* seq of the submit's CALL */
	uint32_t handle;    /* GEM handle in rec.file */
	uint32_t pad;       /* zero */
	uint64_t offset;    /* bytes into the object */
	uint64_t size;      /* bytes */
	uint8_t digest[16]; /* XXH3-128, canonical (big-endian) form */
};

/* After a RESULT that is flagged LAUNCH. Its digest covers the bytes that the launch changed. */
struct agxt_result_launch {
	uint32_t command; /* render or compute command of the submit, from 0 */
	uint32_t launch;  /* number in the command's control stream, from 0 */
	uint64_t shader;  /* GPU address of the code */
	uint64_t address; /* GPU address of offset */
	uint64_t changed; /* bytes of the range that were changed */
};

enum agxt_marker_kind {
	AGXT_MARKER_PRESENT = 1, /* end of a frame; number counts from 1 per stream */
	AGXT_MARKER_LABEL = 2,   /* set by the user */
};

/* Followed by size bytes of text. */
struct agxt_marker {
	struct agxt_record rec;
	uint32_t kind;   /* enum agxt_marker_kind */
	uint32_t size;   /* bytes of text */
	uint64_t number; /* of the frame or label */
};

_Static_assert(sizeof(struct agxt_file_header) == 32, "file header");
_Static_assert(sizeof(struct agxt_chunk_header) == 88, "chunk header");
_Static_assert(sizeof(struct agxt_index) == 40, "index");
_Static_assert(sizeof(struct agxt_index_chunk) == 40, "index chunk");
_Static_assert(sizeof(struct agxt_index_point) == 24, "index point");
_Static_assert(sizeof(struct agxt_footer) == 48, "footer");
_Static_assert(sizeof(struct agxt_record) == 32, "record");
_Static_assert(sizeof(struct agxt_process) == 48, "process");
_Static_assert(sizeof(struct agxt_meta) == 40, "meta");
_Static_assert(sizeof(struct agxt_open) == 40, "open");
_Static_assert(sizeof(struct agxt_call) == 48, "call");
_Static_assert(sizeof(struct agxt_return) == 56, "return");
_Static_assert(sizeof(struct agxt_map) == 64, "map");
_Static_assert(sizeof(struct agxt_pages) == 48, "pages");
_Static_assert(sizeof(struct agxt_delta) == 8, "delta");
_Static_assert(sizeof(struct agxt_fd) == 56, "fd");
_Static_assert(sizeof(struct agxt_result) == 80, "result");
_Static_assert(sizeof(struct agxt_result_launch) == 32, "result of a launch");
_Static_assert(sizeof(struct agxt_marker) == 48, "marker");

static inline uint32_t agxt_align8(uint32_t size)
{
	return (size + 7u) & ~7u;
}

#endif
