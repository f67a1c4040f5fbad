/* SPDX-License-Identifier: MIT */
/* The end of a decoding: its shaders, counts and problems. */
#ifndef AGX_SUMMARY_TEXT_H
#define AGX_SUMMARY_TEXT_H

#include "agx_decode.h"
#include "out.h"
#include "text_style.h"

void summary_text(struct agx_out *out, const struct agx_text_style *style,
		  const struct agx_decode *decode);

#endif
