/* SPDX-License-Identifier: MIT */
/* Included first by files that define interposed functions. */
#ifndef AGX_PRELOAD_HOOK_H
#define AGX_PRELOAD_HOOK_H

/* Both the plain and the 64-bit names are defined: the headers must not rename the former. */
#undef _FILE_OFFSET_BITS
#undef _FORTIFY_SOURCE
#ifndef _LARGEFILE64_SOURCE
#define _LARGEFILE64_SOURCE
#endif

/* The interposed functions are all that the object exports: tests/preload/symbols.txt. */
#define HOOK __attribute__((visibility("default")))

#endif
