/* SPDX-License-Identifier: MIT */
/* The input's bytes as a program of the GPU's, for the fuzzers that run it. */
#ifndef AGX_FUZZ_CODE_H
#define AGX_FUZZ_CODE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ADDRESS 0x1100000000ull /* where the program is */

struct code {
	const uint8_t *bytes;
	size_t size;
};

/* An agx_fetch_fn of a struct code. */
static inline size_t fetch(void *cookie, uint64_t address, void *to, size_t size)
{
	const struct code *code = cookie;
	const uint64_t offset = address - ADDRESS;

	if (address < ADDRESS || offset >= code->size)
		return 0;
	if (size > code->size - offset)
		size = code->size - offset;
	memcpy(to, code->bytes + offset, size);
	return size;
}

#endif
