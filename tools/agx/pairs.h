/* SPDX-License-Identifier: MIT */
/* Which GPU with which firmware a virtual node can be. */
#ifndef AGX_PAIRS_H
#define AGX_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

struct agx_soc;

struct gpu_pair {
	const struct agx_soc *soc;
	char firmware[12]; /* "12.3" */
};

/* In the order of `agx info`, a GPU's oldest firmware first. False: index is past the end. */
bool pairs_get(unsigned int index, struct gpu_pair *pair);

unsigned int pairs_count(void);

/*
 * soc NULL: any that has the firmware, firmware NULL: the oldest that the SoC has. 0, or -EINVAL
 * with a sentence in error that names what is supported. pair may be NULL.
 */
int pairs_find(const char *soc, const char *firmware, struct gpu_pair *pair, char *error,
	       size_t size);

#endif
