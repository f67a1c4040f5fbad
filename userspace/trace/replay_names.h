/* SPDX-License-Identifier: MIT */
/*
 * Names of the recording and what they are on the target: files, handles, descriptor tokens.
 */
#ifndef AGX_REPLAY_NAMES_H
#define AGX_REPLAY_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "ioctl_table.h"
#include "replay_index.h"

/* An open of the node. */
struct replay_file {
	uint32_t id;     /* in the trace */
	uint32_t stream; /* the process that opened it */
	void *live;
	uint32_t names; /* list of names: number + 1 of the first, 0: none */
	bool used;
};

/* A GEM object's memory, reached through one of its handles. */
struct replay_memory {
	uint64_t size;     /* bytes; 0: not known */
	uint64_t fresh;    /* what was not written is zero as long as this many submits were made */
	uint8_t *pointer;  /* CPU mapping of the whole object, NULL: none yet */
	void *cookie;      /* of the mapping */
	uint64_t *written; /* a bit per page; with pointer */
};

/* A handle. */
struct replay_name {
	uint32_t file;  /* number in replay_names.files */
	uint8_t object; /* enum agx_object */
	bool used;
	bool leaving; /* a call in flight takes it away: the number may come up again */
	uint32_t recorded;
	uint32_t live;
	uint32_t next, prev;         /* of the file: number + 1, or 0 */
	struct replay_memory memory; /* of a GEM handle */
};

/* What a descriptor refers to. */
struct replay_token {
	uint32_t recorded;
	int fd;        /* of the target, -1: none */
	uint16_t kind; /* enum agxt_fd_kind */
	uint32_t stream;
	bool used;
	uint64_t size; /* dma-buf: bytes */
};

struct replay_names {
	struct replay_index by_recorded, by_live, file_ids, token_ids;
	struct replay_file *files;
	struct replay_name *names;
	struct replay_token *tokens;
	uint32_t num_files, num_names, num_tokens; /* in use or free */
	uint32_t *free_files, *free_names, *free_tokens;
	uint32_t num_free_files, num_free_names, num_free_tokens;
};

/*
 * Results are pointers that stay valid until the next add of the same kind; add gives NULL when
 * out of memory. Recorded names that exist are not to be added again.
 */
struct replay_file *replay_names_add_file(struct replay_names *names, uint32_t id);
struct replay_file *replay_names_find_file(struct replay_names *names, uint32_t id);
void replay_names_remove_file(struct replay_names *names, struct replay_file *file);

struct replay_name *replay_names_add(struct replay_names *names, struct replay_file *file,
				     enum agx_object object, uint32_t recorded, uint32_t live);
struct replay_name *replay_names_find(struct replay_names *names, const struct replay_file *file,
				      enum agx_object object, uint32_t recorded);
struct replay_name *replay_names_find_live(struct replay_names *names,
					   const struct replay_file *file, enum agx_object object,
					   uint32_t live);
void replay_names_remove(struct replay_names *names, struct replay_name *name);

struct replay_token *replay_names_add_token(struct replay_names *names, uint32_t recorded);
struct replay_token *replay_names_find_token(struct replay_names *names, uint32_t recorded);
void replay_names_remove_token(struct replay_names *names, struct replay_token *token);

/* Frees the tables; what live names stand for has been released by the caller. */
void replay_names_finish(struct replay_names *names);

#endif
