/* SPDX-License-Identifier: MIT */
/*
 * What a program's calls have made so far: files, objects, mappings, tokens, fence states.
 * Follows a trace record by record; used to verify, trim and extract.
 *
 * Effects are applied when a call has returned success. Objects are never forgotten: a handle
 * that is used again names a new object.
 */
#ifndef AGX_TRACE_STATE_H
#define AGX_TRACE_STATE_H

#include "agx_trace.h"
#include "ioctl_table.h"

#define STATE_NONE UINT32_MAX

/* Limits against hostile traces: entries of each table, calls under way at the same time. */
#define STATE_MAX_ENTRIES (1u << 24)
#define STATE_MAX_PENDING 4096u

/* Files are objects as well; their handle is the file's number. */
#define STATE_FILE AGX_OBJECT_COUNT

struct state_object {
	uint8_t type; /* enum agx_object, or STATE_FILE */
	bool live;
	uint32_t file;
	uint32_t handle;
	uint32_t stream; /* that made it */
	uint32_t file_object;
	uint32_t create;     /* call, or STATE_NONE (files) */
	uint32_t destroy;    /* call, or STATE_NONE (alive, or its file was closed) */
	uint32_t share;      /* GEM: memory, SYNCOBJ: fence state that several names may share */
	uint64_t size;       /* GEM: bytes, 0 when not known */
	uint64_t create_seq; /* files: of OPEN */
	uint64_t destroy_seq;
};

/* A completed call that changed something or that names a token. */
struct state_call {
	uint64_t seq;
	uint64_t return_seq;
	const struct agx_ioctl_desc *desc;
	uint32_t stream;
	uint32_t file;
	uint32_t refs; /* first of its references in state->refs */
	uint32_t num_refs;
};

/* A reference from a call: to an object or to a token. */
struct state_ref {
	uint32_t object; /* or STATE_NONE */
	uint32_t token;  /* when object is STATE_NONE */
	uint8_t access;  /* AGX_ACCESS_* */
};

struct state_token {
	uint32_t token;
	uint32_t call;  /* that made it, or STATE_NONE: foreign */
	uint32_t share; /* memory or fence state, or STATE_NONE */
	uint16_t kind;  /* enum agxt_fd_kind, 0: not announced yet */
	bool foreign;
	uint64_t size;
};

/* One mapping in a VM. */
struct state_binding {
	uint64_t addr;
	uint64_t range;
	uint64_t offset;
	uint32_t object; /* GEM */
	uint32_t flags;  /* enum drm_asahi_bind_flags */
};

/* Memory behind one or several GEM names, or the fence state behind SYNCOBJ names. */
struct state_share {
	uint8_t type;
	bool signaled;  /* SYNCOBJ: has a binary fence */
	uint64_t point; /* SYNCOBJ: highest timeline point, 0: none */
	uint64_t size;
};

struct state_vm {
	uint32_t object;
	uint32_t count;
	uint32_t capacity;
	struct state_binding *bindings; /* sorted by addr, not overlapping */
};

struct state_map {
	struct {
		uint64_t key;
		uint32_t value;
		bool used;
	} * slots;
	uint32_t capacity;
	uint32_t used;
};

struct state_pending {
	uint64_t seq;
	uint32_t stream;
	uint32_t bad_handle; /* object that was not live at the call, see bad_field */
	const struct agx_ioctl_field *bad_field;
	uint32_t destroys;        /* object that the call is to destroy, or STATE_NONE */
	struct agxt_call *record; /* own copy */
};

struct trace_state {
	struct state_object *objects;
	uint32_t num_objects, objects_capacity;
	struct state_call *calls;
	uint32_t num_calls, calls_capacity;
	struct state_ref *refs;
	uint32_t num_refs, refs_capacity;
	struct state_token *tokens;
	uint32_t num_tokens, tokens_capacity;
	struct state_share *shares;
	uint32_t num_shares, shares_capacity;
	struct state_vm *vms;
	uint32_t num_vms, vms_capacity;
	struct state_pending *pending;
	uint32_t num_pending, pending_capacity;
	struct state_map names; /* (file, type, handle) to object */
	struct state_map token_map;
};

/* What a record meant. */
struct state_event {
	const char *problem; /* a rule that it breaks, or NULL */
	uint64_t value;      /* the handle, token or number that the problem is about */
	uint32_t object;     /* GEM object of PAGES, MAP, UNMAP, RESULT; or STATE_NONE */
	uint32_t call;       /* RETURN: the call's entry in calls, or STATE_NONE */
};

void state_init(struct trace_state *state);
void state_finish(struct trace_state *state);

/* Follows one record. Returns 0, -ENOMEM, or -EFBIG beyond a limit. */
int state_step(struct trace_state *state, const struct agxt_record *rec, uint32_t stream,
	       struct state_event *event);

/* The live object of a name, or STATE_NONE. */
uint32_t state_find(const struct trace_state *state, uint32_t file, unsigned int type,
		    uint32_t handle);

/* The token's entry, or NULL. */
struct state_token *state_token(const struct trace_state *state, uint32_t token);

/* The mapping at an address of a VM object, or NULL. */
const struct state_binding *state_lookup(const struct trace_state *state, uint32_t vm,
					 uint64_t addr);

/* The VM's mappings. */
const struct state_vm *state_vm(const struct trace_state *state, uint32_t vm);

/* Hash map from 64-bit keys; set returns 0 or -ENOMEM, get returns STATE_NONE for a missing key. */
int state_map_set(struct state_map *map, uint64_t key, uint32_t value);
uint32_t state_map_get(const struct state_map *map, uint64_t key);

#endif
