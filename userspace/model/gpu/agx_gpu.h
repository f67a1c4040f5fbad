/* SPDX-License-Identifier: MIT */
/*
 * Between the firmware and the GPU: registers are set, a unit is started, the unit is done or has
 * faulted. The firmware model knows no more of the GPU than this, and the GPU model nothing of
 * commands, queues and stamps.
 *
 * Registers have the numbers that firmware 13.5 on G14X uses in its register lists, on every GPU:
 * where a command carries parameter blocks the firmware fills the same registers from them. Sources:
 * jannau/linux: drivers/gpu/drm/asahi/queue/render.rs, compute.rs; AsahiLinux/m1n1:
 * proxyclient/m1n1/agx/render.py.
 */
#ifndef AGX_GPU_H
#define AGX_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum agx_gpu_unit {
	AGX_GPU_VERTEX,   /* "TA": VDM, vertex shaders, tiler */
	AGX_GPU_FRAGMENT, /* "3D": ISP, fragment shaders, tile buffer */
	AGX_GPU_COMPUTE,  /* "CL": CDM */
	AGX_GPU_UNITS,
};

struct agx_gpu_register {
	uint32_t number;
	uint64_t value;
};

#define AGX_GPU_MAX_REGISTERS 128

/* Memory that the vertex stage may fill: what the firmware's buffer manager has for this render. */
struct agx_gpu_tvb {
	uint64_t page_list;  /* GPU address: u32 each, address >> 15 */
	uint32_t page_count; /* entries in use */
};

struct agx_gpu_attachment {
	uint64_t address;
	uint64_t size; /* bytes */
};

/* One start of a unit. Valid during the call. */
struct agx_gpu_work {
	enum agx_gpu_unit unit;
	uint32_t context; /* of the UAT, 1 to 63 */
	const struct agx_gpu_register *registers;
	unsigned int register_count;

	/* What does not go through registers. */
	uint64_t cdm_stream_end; /* COMPUTE */
	uint64_t sampler_heap;   /* GPU address, 0: none */
	uint32_t sampler_count;
	uint32_t samples, layers; /* FRAGMENT */
	bool partial;             /* FRAGMENT: a partial render, state of the partial pass */
	struct agx_gpu_tvb tvb;   /* VERTEX */
	const struct agx_gpu_attachment *attachments;
	unsigned int attachment_count;
};

enum agx_gpu_state {
	AGX_GPU_IDLE, /* nothing was started, or what was started is done */
	AGX_GPU_BUSY,
	AGX_GPU_FAULTED, /* see fault; stays so until stop */
	AGX_GPU_OVERFLOW, /* VERTEX: the vertex buffer is full; resume continues after a partial render */
};

/* How closely a place is known. */
enum agx_gpu_place_kind {
	AGX_GPU_AT_NOTHING, /* no work was started */
	AGX_GPU_AT_COMMAND,
	AGX_GPU_AT_DRAW,
	AGX_GPU_AT_LAUNCH,
};

/* What of its work a unit is at, or would have come to next: for people, and for who gave the work. */
struct agx_gpu_place {
	enum agx_gpu_place_kind kind;
	enum agx_gpu_unit unit;
	uint32_t context;
	uint32_t number; /* DRAW, LAUNCH: in the control stream, from 0 */
	const char *
		stage; /* of list and shader: "vertex", "fragment", ...; NULL: they are not known */
	uint64_t list; /* GPU address of the list of USC words; 0: not known */
	uint64_t shader; /* GPU address of the code; 0: not known */

	/* Who gave the work recognises it by what it gave: values of registers, 0 where there is none. */
	uint64_t stream;                 /* VERTEX, COMPUTE: control stream */
	uint64_t scissors, depth_biases; /* FRAGMENT */
	uint32_t background, end_of_tile;
};

/* As the fault registers have it. */
struct agx_gpu_fault {
	uint64_t address;
	uint32_t context;
	uint8_t reason; /* AGX_FAULT_REASON_* (uat_walk.h) */
	bool read;
	uint8_t level;
	uint8_t unit_code; /* sgx.h */
	uint8_t sideband;
	const char *what; /* what the GPU wanted there, for people; a constant */
};

/* A GPU, as the firmware drives it. All functions are called by the firmware's thread. */
struct agx_gpu_ops {
	/* Sets the registers and starts the unit, which must be idle. */
	void (*start)(void *gpu, const struct agx_gpu_work *work);

	/* What the unit is doing. fault is set for FAULTED. */
	enum agx_gpu_state (*state)(void *gpu, enum agx_gpu_unit unit, struct agx_gpu_fault *fault);

	/* VERTEX, after OVERFLOW: goes on, with the tvb's pages free again or more of them. */
	void (*resume)(void *gpu, const struct agx_gpu_tvb *tvb);

	/* Ends what the unit does, and clears a fault. */
	void (*stop)(void *gpu, enum agx_gpu_unit unit);

	/* Pages of the tvb in use. */
	uint32_t (*tvb_pages)(void *gpu);

	/*
	 * A number that changes while a unit that is BUSY gets on: the firmware's watchdog looks at
	 * it. May be NULL: then the time alone decides.
	 */
	uint64_t (*progress)(void *gpu, enum agx_gpu_unit unit);

	/*
	 * Notes work that will not be started, because somebody in front of the GPU makes it fail, so
	 * that place() knows it. May be NULL.
	 */
	void (*skip)(void *gpu, const struct agx_gpu_work *work);

	/* What the unit is at, or was at when it stopped, until the next start. May be NULL. */
	void (*place)(void *gpu, enum agx_gpu_unit unit, struct agx_gpu_place *place);
};

#endif
