/* SPDX-License-Identifier: MIT */
/* What an instruction is about to access. */
#ifndef AGX_WATCH_ACCESS_H
#define AGX_WATCH_ACCESS_H

#include "agx_watch.h"

/* False: no memory that it names by addresses, or a form that is not modelled. Before it is executed. */
bool agx_watch_access(const struct agx_simd *simd, const struct agx_isa_instr *instr,
		      struct agx_watch_access *access);

#endif
