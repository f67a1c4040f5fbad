/* SPDX-License-Identifier: MIT */
/*
 * Scratch memory: the stacks of shaders.
 *
 * The hardware asks a program, the helper, for memory when a SIMD group of 32 threads needs a
 * stack, and gives it back to it later. A VM has one such program, and memory for each kind of
 * shader, because kinds run side by side: as much as the largest stack of its shaders takes on
 * every core.
 */
#ifndef AGX_LIBAGX_SCRATCH_H
#define AGX_LIBAGX_SCRATCH_H

#include "asahi_drm.h"

#include "internal.h"

struct lib_scratch_set;
struct lib_scratch;

/* The most words that a thread can have: four blocks of the largest size. */
#define LIB_SCRATCH_WORDS (4u * 8 << 12)

/* Bytes of memory for one kind of shader, at most. */
#define LIB_SCRATCH_MEMORY (1ull << 30)

/* Stacks that there can be on a core at a time: Mesa's guess, src/asahi/lib/agx_scratch.c. */
#define LIB_SCRATCH_GROUPS 128u

/* spill_size of a program's USC words: of how large a stack it is. words > 0, of one thread. */
unsigned int lib_scratch_class(unsigned int words);

/* Of a VM. Nothing is allocated before somebody asks. */
int lib_scratch_create(struct agx_vm *vm, struct lib_scratch_set **out);
void lib_scratch_destroy(struct lib_scratch_set *set);

/*
 * From now on threads of that stage may have stacks of so many words. Takes memory, and keeps it as
 * long as the VM. -E2BIG: more than the hardware can have; -ENOMEM: more than LIB_SCRATCH_MEMORY,
 * or than there is.
 */
int lib_scratch_grow(struct agx_vm *vm, enum agx_stage stage, unsigned int words, const char *name);

/*
 * What a command says of it, with a reference on the memory that it names: the command may run
 * until that is given back. Somebody has grown it before.
 */
struct lib_scratch *lib_scratch_get(struct agx_vm *vm, enum agx_stage stage, bool preamble,
				    struct drm_asahi_helper_program *helper);
void lib_scratch_put(struct lib_scratch *scratch);

/* scratch_helper.c: the program's text. */
extern const char lib_scratch_helper[];

#endif
