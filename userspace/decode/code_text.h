/* SPDX-License-Identifier: MIT */
/* Shader code as text, for sinks. */
#ifndef AGX_CODE_TEXT_H
#define AGX_CODE_TEXT_H

#include "out.h"
#include "text_style.h"

struct code_text_config {
	const struct agx_text_style *style;
	unsigned int indent; /* spaces in front of each line */
	bool applegpu;       /* syntax */
};

void code_text_print(struct agx_out *out, const struct code_text_config *config, const void *code,
		     size_t size);

/* Elements of a JSON array, one text for each instruction. */
void code_text_json(struct agx_out *out, const void *code, size_t size);

#endif
