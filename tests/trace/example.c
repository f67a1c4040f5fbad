// SPDX-License-Identifier: MIT
/*
 * For docs/trace-format.md: writes the trace of the worked example to standard output, or with
 * --ioctls the table of ioctls as the document has it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "ioctl_table.h"
#include "synth.h"

static const char *const objects[] = {"GEM", "syncobj", "VM", "queue", "bind object"};
static const char *const fds[] = {"dma-buf", "sync file", "syncobj", "eventfd"};

static const char *direction(uint8_t access)
{
	switch (access & (AGX_ACCESS_IN | AGX_ACCESS_OUT)) {
	case AGX_ACCESS_IN:
		return access & AGX_ACCESS_DESTROYS ? "destroyed" : "in";
	case AGX_ACCESS_OUT:
		return access & AGX_ACCESS_CREATES ? "new" : "out";
	default:
		return "in, out";
	}
}

/* Handles and descriptors of a structure, as far as there are any. */
static void print_refs(const struct agx_struct_desc *desc, const char *prefix,
		       const char **separator)
{
	unsigned int i;

	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *field = &desc->fields[i];

		if (field->kind != AGX_FIELD_HANDLE && field->kind != AGX_FIELD_FD)
			continue;
		printf("%s`%s%s` @%u %s %s", *separator, prefix, field->name, field->offset,
		       field->kind == AGX_FIELD_FD ? fds[field->object] : objects[field->object],
		       direction(field->access));
		if (field->cond_mask)
			printf(" if u32 @%u %s 0x%x = %u", field->cond_offset,
			       field->cond_mask == UINT32_MAX ? "and" : "&", field->cond_mask,
			       field->cond_value);
		*separator = "; ";
	}
}

static void print_pointee(const struct agx_ioctl_desc *desc, unsigned int i)
{
	const struct agx_ioctl_pointee *p = &desc->pointees[i];

	printf("%s%u `%s` (%s) @%u: ", i ? "; " : "", i, p->name, direction(p->access), p->pointer);
	if (p->kind == AGX_POINTEE_COMMANDS)
		printf("commands, bytes u%u @%u", p->count_width * 8, p->count[0]);
	else if (p->kind == AGX_POINTEE_ARRAY)
		printf("`%s` × u%u @%u", p->element->name, p->count_width * 8, p->count[0]);
	else if (p->kind == AGX_POINTEE_STRUCT)
		printf("`%s`, bytes u%u @%u", p->element->name, p->count_width * 8, p->count[0]);
	else
		printf("bytes u%u @%u", p->count_width * 8, p->count[0]);
	if (p->count[1] != UINT16_MAX)
		printf(" + @%u", p->count[1]);
	if (p->stride != UINT16_MAX)
		printf(", stride u32 @%u", p->stride);
}

static void print_ioctls(void)
{
	unsigned int i;
	unsigned int j;

	puts("| ioctl | number | pointees | handles and descriptors |\n| --- | --- | --- | --- |");
	for (i = 0; i < agx_ioctl_table_size; i++) {
		const struct agx_ioctl_desc *desc = &agx_ioctl_table[i];
		const char *separator = "";

		printf("| `%s` | `%08x` | ", desc->name, desc->request);
		for (j = 0; j < desc->num_pointees; j++)
			print_pointee(desc, j);
		printf(" | ");
		print_refs(&desc->args, "", &separator);
		for (j = 0; j < desc->num_pointees; j++) {
			char prefix[32];

			snprintf(prefix, sizeof(prefix), "%s.", desc->pointees[j].name);
			if (desc->pointees[j].element)
				print_refs(desc->pointees[j].element, prefix, &separator);
			if (desc->pointees[j].kind != AGX_POINTEE_COMMANDS)
				continue;
			print_refs(&agx_cmd_render_desc, "render.", &separator);
			print_refs(&agx_cmd_compute_desc, "compute.", &separator);
		}
		puts(" |");
	}
}

int main(int argc, char **argv)
{
	const struct agx_trace_writer_params params = {.no_compression = true};
	struct drm_asahi_gem_create args = {.size = 0x4000};
	struct synth s;
	uint8_t *bytes;
	size_t size;
	int fd;

	if (argc > 1 && !strcmp(argv[1], "--ioctls")) {
		print_ioctls();
		return 0;
	}
	fd = synth_memfd();
	synth_init(&s, fd, &params);
	synth_process(&s, "cube");
	synth_open(&s);
	synth_call(&s, DRM_IOCTL_ASAHI_GEM_CREATE, &args, NULL, 0);
	bytes = synth_finish(&s, fd, &size);
	if (fwrite(bytes, 1, size, stdout) != size || fflush(stdout))
		return 2;
	free(bytes);
	close(fd);
	return 0;
}
