/* SPDX-License-Identifier: MIT */
/* What a list of USC words sets, as the shader core has it. */
#ifndef AGX_USC_BIND_H
#define AGX_USC_BIND_H

#include "agx_gpu.h"
#include "simd.h"
#include "streams.h"

struct usc_program {
	uint64_t shader, preshader; /* GPU addresses of the code; 0: there is none */
	uint32_t local_size;        /* bytes of threadgroup memory */
	uint8_t spill_size;         /* class of the stack's size, 0: none is said */
	struct agx_bindings bindings;
};

/*
 * Walks the list at an address and loads the registers that it sets, all others are 0. counts: first word of what
 * selects the program. Of program->bindings the sampler heap is left alone. False: fault is filled in but for
 * the unit's code.
 */
bool usc_bind(const struct stream *stream, unsigned int stage, uint64_t list, uint32_t counts,
	      struct usc_program *program, struct agx_gpu_fault *fault);

#endif
