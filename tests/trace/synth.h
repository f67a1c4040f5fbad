/* SPDX-License-Identifier: MIT */
/* Synthetic traces: records as a program on one GPU would make them, for tests and benchmarks. */
#ifndef SYNTH_H
#define SYNTH_H

#include "agx_trace.h"
#include "asahi_drm.h"

struct synth {
	struct agx_trace_writer *writer;
	uint32_t stream;
	uint32_t file;
	uint64_t *seq; /* shared by the streams of a trace */
	uint64_t own_seq;
	int error; /* first error of the writer */
};

/* A writer into a memfd; chunk_size 0: the default. Fails the process on errors. */
int synth_memfd(void);
void synth_init(struct synth *s, int fd, const struct agx_trace_writer_params *params);

/* Finishes and destroys the writer. Returns the file's bytes (the caller frees). */
uint8_t *synth_finish(struct synth *s, int fd, size_t *size);

/* The next head: seq and time move on. */
struct agxt_record synth_head(struct synth *s, uint16_t type);

void synth_process(struct synth *s, const char *name);
void synth_meta_text(struct synth *s, enum agxt_meta_key key, const char *text);
void synth_open(struct synth *s);
void synth_close(struct synth *s);
void synth_marker(struct synth *s, uint32_t kind, uint64_t number, const char *label);
void synth_fd(struct synth *s, uint32_t token, uint16_t event, uint16_t kind, uint64_t size,
	      uint64_t call);

struct synth_blob {
	uint32_t pointee;
	uint32_t size;
	const void *bytes;
};

/* A CALL; returns its seq. */
uint64_t synth_call(struct synth *s, uint32_t request, const void *args,
		    const struct synth_blob *blobs, uint32_t num_blobs);
void synth_return(struct synth *s, uint64_t call, uint32_t request, int result, const void *args,
		  const struct synth_blob *blobs, uint32_t num_blobs);

/* CALL and RETURN 0 of one ioctl. args as after the call; outputs are cleared in the CALL. */
void synth_params(struct synth *s);
void synth_vm_create(struct synth *s, uint32_t vm);
void synth_gem_create(struct synth *s, uint32_t handle, uint64_t size, uint32_t vm);
void synth_gem_close(struct synth *s, uint32_t handle);
void synth_bind(struct synth *s, uint32_t vm, uint32_t handle, uint64_t addr, uint64_t range);
void synth_queue_create(struct synth *s, uint32_t queue, uint32_t vm);
void synth_syncobj_create(struct synth *s, uint32_t handle);
void synth_syncobj_wait(struct synth *s, uint32_t handle);

/* One compute command that signals syncobj out and, when not 0, waits for in. */
uint64_t synth_submit(struct synth *s, uint32_t queue, uint32_t in, uint32_t out, uint64_t stream);
void synth_pages(struct synth *s, uint32_t handle, uint64_t first, uint32_t count,
		 const void *content);

/* A small program: VM, queue, two buffers, frames submits with a few changed words each. */
void synth_program(struct synth *s, unsigned int frames);

/* Deterministic pseudo-random numbers. */
uint32_t synth_random(uint32_t *state);

#endif
