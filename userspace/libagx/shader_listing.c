// SPDX-License-Identifier: MIT
/* A shader's text: what makes the same shader again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_isa.h"
#include "agx_isa_asm.h"
#include "agx_isa_program.h"

#include "shader_internal.h"

/* Text that is copied as far as there is room, and counted to its end. */
struct listing {
	char *buf;
	size_t size, length;
};

static void put(struct listing *l, const char *text, size_t length)
{
	if (l->length < l->size) {
		const size_t room = l->size - l->length;

		memcpy(l->buf + l->length, text, length < room ? length : room);
	}
	l->length += length;
}

__attribute__((format(printf, 2, 3))) static void line(struct listing *l, const char *format, ...)
{
	char text[128];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		put(l, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static void list_part(struct listing *l, const uint8_t *code, size_t size)
{
	uint8_t *targets = calloc(1, size / 16 + 1);
	struct agx_isa_listing part = {
		.code = code,
		.size = size,
		.targets = targets,
	};
	char text[AGX_ISA_LISTING_LINE * 2];
	struct agx_isa_program program;
	size_t n;

	/* Without memory for labels, jumps have numbers: that is as good for the assembler. */
	if (targets)
		agx_isa_analyse(code, size, true, targets, &program);
	while ((n = agx_isa_listing(&part, text, sizeof(text))))
		put(l, text, n);
	free(targets);
}

size_t agx_shader_listing(const struct agx_shader *shader, char *buf, size_t size)
{
	const struct agx_shader_info *info = &shader->info;
	struct listing l = {.buf = buf, .size = size};

	line(&l, ".stage %s\n", lib_stage_name(info->stage));
	if (info->group[0])
		line(&l, ".threads %u, %u, %u\n", info->group[0], info->group[1], info->group[2]);
	if (info->local_bytes)
		line(&l, ".local %u\n", info->local_bytes);
	if (info->tile.width)
		line(&l, ".tile %u, %u, %u, %u\n", info->tile.width, info->tile.height,
		     info->tile.sample_bytes, info->tile.samples);
	if (info->scratch_bytes)
		line(&l, ".scratch %u\n", info->scratch_bytes);
	if (shader->unchecked_waits)
		line(&l, ".unchecked_waits\n");
	for (unsigned int i = 0; i < shader->output_count; i++)
		line(&l, ".output %s, %u\n", shader->outputs[i].name, shader->outputs[i].count);
	if (info->preamble_size) {
		line(&l, ".preamble\n");
		list_part(&l, shader->code + info->size, info->preamble_size);
		line(&l, ".main\n");
	}
	list_part(&l, shader->code, info->size);
	if (size)
		buf[l.length < size ? l.length : size - 1] = '\0';
	return l.length;
}
