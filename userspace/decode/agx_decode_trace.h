/* SPDX-License-Identifier: MIT */
/*
 * A trace as what it was at each call: names, mappings, and the content of buffer objects, followed
 * in one pass. Memory is bounded by what the buffers hold that are alive, and by a limit.
 */
#ifndef AGX_DECODE_TRACE_H
#define AGX_DECODE_TRACE_H

#include "agx_decode.h"
#include "agx_trace.h"
#include "state.h"

struct agx_decode_trace;

struct agx_decode_trace_params {
	bool force;      /* as of the reader */
	uint64_t memory; /* bytes of content held at once; 0: 8 GiB */
	void (*damage)(void *data, const struct agx_trace_error *error);
	void *damage_data;
};

/* As agx_trace_reader_open(). params may be NULL. */
int agx_decode_trace_open(const char *path, const struct agx_decode_trace_params *params,
			  struct agx_decode_trace **trace, struct agx_trace_error *error);
int agx_decode_trace_open_memory(const void *bytes, size_t size,
				 const struct agx_decode_trace_params *params,
				 struct agx_decode_trace **trace, struct agx_trace_error *error);

/* NULL is fine. */
void agx_decode_trace_close(struct agx_decode_trace *trace);

/* One record, after it has taken effect. */
struct agx_decode_step {
	struct agx_trace_item item;
	struct state_event event;
	bool is_submit;                  /* a CALL of DRM_IOCTL_ASAHI_SUBMIT: submit is filled */
	struct agx_decode_submit submit; /* valid until the next call of step or next_submit */
};

/*
 * Follows one record. 1: step is filled; 0: end; -EFBIG: beyond the limit of memory or of the
 * reader; -EBADMSG, -ENOMEM. A submit's memory is that of the time of its call.
 */
int agx_decode_trace_step(struct agx_decode_trace *trace, struct agx_decode_step *step,
			  struct agx_trace_error *error);

/* The same, until the next submit. */
int agx_decode_trace_next_submit(struct agx_decode_trace *trace, struct agx_decode_submit *submit,
				 struct agx_trace_error *error);

/*
 * Parameters of the GPU, as the trace has them; zero before they are met.
 */
const struct drm_asahi_params_global *agx_decode_trace_gpu(const struct agx_decode_trace *trace);

/* What is behind it: for more than the above. */
struct agx_trace_reader *agx_decode_trace_reader(struct agx_decode_trace *trace);
const struct trace_state *agx_decode_trace_state(const struct agx_decode_trace *trace);

/*
 * Content of a GEM object (index in the state) at this moment: size bytes at offset, as a pointer that
 * is valid until the next step, or copied to buf (size bytes) when they are not in one piece here.
 * NULL: they are not all there; *available: how many are. *known: all were recorded (may be NULL).
 */
const void *agx_decode_trace_object(struct agx_decode_trace *trace, uint32_t object,
				    uint64_t offset, size_t size, void *buf, size_t *available,
				    bool *known);

/* Bytes of content held now, and at most so far. */
void agx_decode_trace_held(const struct agx_decode_trace *trace, uint64_t *now, uint64_t *most);

#endif
