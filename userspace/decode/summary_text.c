// SPDX-License-Identifier: MIT
#include "summary_text.h"

static void count(struct agx_out *out, uint64_t value, const char *one, const char *many)
{
	out_dec(out, value);
	out_char(out, ' ');
	out_text(out, value == 1 ? one : many);
}

static void shader_line(struct agx_out *out, const struct agx_text_style *style,
			const struct agx_decode_shader *shader)
{
	out_text(out, "  ");
	out_text(out, style->title);
	out_text(out, "shader ");
	out_dec(out, shader->number);
	out_text(out, style->reset);
	out_text(out, ": ");
	out_text(out, shader->stage);
	out_text(out, " at ");
	out_text(out, style->address);
	out_text(out, "0x");
	out_hex(out, shader->address);
	out_text(out, style->reset);
	out_text(out, ", ");
	count(out, shader->size, "byte", "bytes");
	out_text(out, ", used ");
	count(out, shader->uses, "time", "times");
	out_text(out, shader->uses > 1 ? ": first in " : ": in ");
	out_text(out, shader->first_use);
	if (shader->uses > 1) {
		out_text(out, ", last in ");
		out_text(out, shader->last_use);
	}
	out_char(out, '\n');
}

void summary_text(struct agx_out *out, const struct agx_text_style *style,
		  const struct agx_decode *decode)
{
	const struct agx_decode_stats *stats = agx_decode_stats(decode);
	struct agx_decode_shader shader;
	uint64_t i, problems = 0;

	if (stats->shaders) {
		out_text(out, style->heading);
		out_text(out, "shaders");
		out_text(out, style->reset);
		out_char(out, '\n');
	}
	for (i = 0; agx_decode_shader(decode, i, &shader); i++)
		shader_line(out, style, &shader);
	out_text(out, style->heading);
	out_text(out, "summary");
	out_text(out, style->reset);
	out_text(out, ": ");
	count(out, stats->submits, "submit", "submits");
	out_text(out, ", ");
	count(out, stats->renders, "render", "renders");
	out_text(out, ", ");
	count(out, stats->computes, "compute", "computes");
	out_text(out, ", ");
	count(out, stats->draws, "draw", "draws");
	out_text(out, ", ");
	count(out, stats->dispatches, "dispatch", "dispatches");
	out_text(out, ", ");
	count(out, stats->shaders, "shader", "shaders");
	out_text(out, " of ");
	count(out, stats->shader_bytes, "byte", "bytes");
	out_text(out, ", ");
	count(out, stats->records, "record", "records");
	out_text(out, ", ");
	count(out, stats->descriptors, "descriptor", "descriptors");
	out_char(out, '\n');
	for (i = 1; i < AGX_CS_PROBLEMS; i++) {
		if (!stats->problems[i])
			continue;
		problems += stats->problems[i];
		out_text(out, style->problem);
		out_text(out, "  ! ");
		out_dec(out, stats->problems[i]);
		out_text(out, " x ");
		out_text(out, agx_cs_problem_name(i));
		out_text(out, ": ");
		out_text(out, agx_cs_problem_text(i));
		out_text(out, style->reset);
		out_char(out, '\n');
	}
	if (!problems)
		out_text(out, "  no problems\n");
}
