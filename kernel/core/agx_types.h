/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the driver core needs from its home. The core uses no libc and no kernel service: types,
 * error numbers and the compiler's builtins are all.
 */
#ifndef AGX_TYPES_H
#define AGX_TYPES_H

#include <linux/errno.h>
#include <linux/types.h>

#ifdef __KERNEL__
#define UINT64_MAX (~0ull)
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#define agx_core_memcpy(dst, src, size)  __builtin_memcpy((dst), (src), (size))
#define agx_core_memset(dst, byte, size) __builtin_memset((dst), (byte), (size))

/*
 * Why an argument was refused: what the caller was doing, what would have been right, and what
 * was there. Filled by the function that refuses; the strings are constants. Callers that do not
 * care pass NULL.
 */
struct agx_reject {
	const char *what;     /* the field, or the object that was looked up */
	const char *expected; /* in words */
	uint64_t got;
};

/* Records a refusal and gives err back. */
static inline int agx_reject(struct agx_reject *why, int err, const char *what,
			     const char *expected, uint64_t got)
{
	if (why) {
		why->what = what;
		why->expected = expected;
		why->got = got;
	}
	return err;
}

#endif
