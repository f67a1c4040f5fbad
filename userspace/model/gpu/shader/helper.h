/* SPDX-License-Identifier: MIT */
/* A helper program under way: what it was asked, and what it has answered so far. */
#ifndef AGX_HELPER_H
#define AGX_HELPER_H

#include <stdbool.h>
#include <stdint.h>

#define AGX_HELPER_BLOCKS 4 /* that a stack can be made of */

/* Requests, as sr144 has them (Mesa, src/asahi/libagx/helper.cl). */
enum agx_helper_op {
	AGX_HELPER_GET_STACK = 0,
	AGX_HELPER_PUT_STACK = 1,
	AGX_HELPER_END = 15,
};

struct agx_helper {
	uint32_t core; /* its number */
	uint64_t data; /* of the command: what it finds before the first request */

	bool begun; /* has asked for the first request */
	bool asked; /* there is a request that has no answer yet */
	bool refused;
	uint32_t op, arg;
	uint32_t block[AGX_HELPER_BLOCKS]; /* that were mapped, or are there to be unmapped */
};

#endif
