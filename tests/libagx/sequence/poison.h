/* SPDX-License-Identifier: MIT */
/* What memory of command buffers holds before they are recorded. */
#ifndef AGX_TESTS_LIBAGX_POISON_H
#define AGX_TESTS_LIBAGX_POISON_H

#define POISON_FIRST  0x5a
#define POISON_SECOND 0xff

#endif
