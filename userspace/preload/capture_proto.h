/* SPDX-License-Identifier: MIT */
/*
 * What `agx capture` and the processes that it records share.
 *
 * A process connects to the socket when it first uses the chosen node, and gets a stream
 * number, a ring (ring.h) to itself and the control page of the whole run. Records in the
 * ring are those of agxt_format.h with PAGES_RAW in place of PAGES. The end of the connection
 * is the end of the stream.
 */
#ifndef AGX_CAPTURE_PROTO_H
#define AGX_CAPTURE_PROTO_H

#include <stdatomic.h>
#include <stdint.h>

/* Environment of the recorded processes. */
#define CAPTURE_ENV_SOCKET "AGX_CAPTURE_SOCKET" /* path of the recorder's socket */
#define CAPTURE_ENV_NODE   "AGX_CAPTURE_NODE"   /* MAJOR:MINOR of the node to record */

/* Both sides are of one build, so the version only has to tell builds apart. */
#define CAPTURE_MAGIC   0x43584741u /* "AGXC" */
#define CAPTURE_VERSION 1u

#define CAPTURE_MAX_FILES  65536u /* opens of the node that are counted */
#define CAPTURE_MAX_SHARED 16384u /* descriptors that can be recognised in another process */

/* First packet, from the process. */
struct capture_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t parent; /* stream + 1 of the process that it was forked from, or 0 */
	uint32_t pid;
};

/* The answer, with two descriptors: ring and control page. */
struct capture_welcome {
	uint32_t magic;
	uint32_t stream;
};

/* Later packets, from the process. */
enum capture_packet_kind {
	CAPTURE_PACKET_WAKE = 1,    /* the ring is filling up */
	CAPTURE_PACKET_WARNING = 2, /* text follows */
	CAPTURE_PACKET_STATS = 3,   /* struct capture_stats follows */
};

#define CAPTURE_MAX_PACKET 512

struct capture_packet {
	uint32_t kind;
	char text[CAPTURE_MAX_PACKET - 4];
};

enum capture_write_tracking {
	CAPTURE_WT_AUTO,    /* page map where the kernel and the mapping allow it */
	CAPTURE_WT_PAGEMAP, /* the same, but with a warning where it does not work */
	CAPTURE_WT_COMPARE, /* always by comparison */
};

enum capture_frame_unit {
	CAPTURE_FRAME_AUTO, /* presents once there was one, submissions until then */
	CAPTURE_FRAME_PRESENT,
	CAPTURE_FRAME_SUBMIT,
};

/* A descriptor that may turn up in another process, by its inode. */
struct capture_shared {
	_Atomic uint64_t key;   /* of device and inode; 0: never used */
	_Atomic uint32_t token; /* 0: free */
	_Atomic uint32_t kind;  /* enum agxt_fd_kind */
};

/* One per run, in memory that every recorded process maps. */
struct capture_control {
	uint32_t magic;
	uint32_t version;
	uint64_t start_ns; /* CLOCK_MONOTONIC of the start of the capture */

	uint32_t write_tracking; /* enum capture_write_tracking */
	uint32_t frame_unit;     /* enum capture_frame_unit */
	uint64_t first_frame;    /* 1...; 0: everything is recorded */
	uint64_t last_frame;
	char label[512]; /* recorded at the start of each stream; "": none */

	_Alignas(128) _Atomic uint64_t seq;  /* last one drawn */
	_Alignas(128) _Atomic uint32_t file; /* last one given */
	_Atomic uint32_t token;              /* last one given */
	_Atomic uint32_t stop;               /* the recorder takes no more */
	_Atomic uint64_t submits;            /* accepted ones, for the progress line */
	_Atomic uint64_t presents;           /* likewise */

	/* Processes that have a descriptor of a file. */
	_Alignas(128) _Atomic uint32_t file_users[CAPTURE_MAX_FILES];
	struct capture_shared shared[CAPTURE_MAX_SHARED];
};

/* What recording cost, sent at exit when the recorder asked for it. */
struct capture_stats {
	uint32_t kind; /* CAPTURE_PACKET_STATS */
	uint32_t pagemap_mappings;
	uint32_t compared_mappings;
	uint32_t pad;
	uint64_t collections;    /* scans for changed pages */
	uint64_t scans;          /* page-map scan calls */
	uint64_t pages_checked;  /* pages whose digest was computed */
	uint64_t pages_recorded; /* of these: had changed */
	uint64_t protects;       /* write-protection calls */
	uint64_t collect_ns;
	uint64_t calls;
};

#endif
