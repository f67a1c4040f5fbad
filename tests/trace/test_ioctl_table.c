// SPDX-License-Identifier: MIT
/* The ioctl table is complete and free of contradictions, and the walkers are safe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <linux/dma-buf.h>
#include <linux/ioctl.h>
#include <linux/sync_file.h>

#include "agxt_format.h"
#include "asahi_drm.h"
#include "ioctl_table.h"
#include "synth.h"

/* Every byte belongs to exactly one field; several where conditions exclude each other. */
static void check_struct(const struct agx_struct_desc *desc)
{
	uint8_t owner[4096] = {0};
	unsigned int i;
	unsigned int j;

	assert_true(desc->size <= sizeof(owner));
	for (i = 0; i < desc->num_fields; i++) {
		const struct agx_ioctl_field *f = &desc->fields[i];

		assert_non_null(f->name);
		assert_true(f->access & (AGX_ACCESS_IN | AGX_ACCESS_OUT));
		assert_true(f->count >= 1);
		assert_true(f->offset + f->width * f->count <= desc->size);
		if (f->format == AGX_FORMAT_FLAGS || f->format == AGX_FORMAT_ENUM)
			assert_non_null(f->names);
		if (f->kind == AGX_FIELD_HANDLE || f->kind == AGX_FIELD_FD)
			assert_int_equal(f->width, 4);
		if (f->kind == AGX_FIELD_HANDLE)
			assert_true(f->object < AGX_OBJECT_COUNT);
		if (f->kind == AGX_FIELD_POINTER)
			assert_int_equal(f->width, 8);
		/* Created names are chosen by the kernel, destroyed ones are given. */
		if (f->access & AGX_ACCESS_CREATES) {
			assert_true(f->access & AGX_ACCESS_OUT);
			assert_int_equal(f->output, AGX_OUTPUT_MAPPED);
		}
		if (f->access & AGX_ACCESS_DESTROYS)
			assert_true(f->access & AGX_ACCESS_IN);
		for (j = 0; j < (unsigned int)f->width * f->count; j++) {
			uint8_t *o = &owner[f->offset + j];

			if (*o && !(f->cond_mask && *o == 2))
				fail_msg("%s.%s: byte %u has two fields", desc->name, f->name, j);
			*o = f->cond_mask ? 2 : 1;
		}
	}
	for (i = 0; i < desc->size; i++) {
		if (!owner[i])
			fail_msg("%s: byte %u has no field", desc->name, i);
	}
}

static void every_byte_has_a_field(void **state)
{
	unsigned int i;
	unsigned int j;

	for (i = 0; i < agx_ioctl_table_size; i++) {
		const struct agx_ioctl_desc *d = &agx_ioctl_table[i];

		check_struct(&d->args);
		assert_int_equal(d->args.size, _IOC_SIZE(d->request));
		for (j = 0; j < d->num_pointees; j++) {
			if (d->pointees[j].element)
				check_struct(d->pointees[j].element);
		}
	}
	check_struct(&agx_cmd_render_desc);
	check_struct(&agx_cmd_compute_desc);
	check_struct(&agx_attachment_desc);
	assert_int_equal(agx_cmd_render_desc.size, sizeof(struct drm_asahi_cmd_render));
	assert_int_equal(agx_cmd_compute_desc.size, sizeof(struct drm_asahi_cmd_compute));
	assert_int_equal(agx_attachment_desc.size, sizeof(struct drm_asahi_attachment));
}

static void pointers_and_pointees_match(void **state)
{
	unsigned int i;
	unsigned int j;

	for (i = 0; i < agx_ioctl_table_size; i++) {
		const struct agx_ioctl_desc *d = &agx_ioctl_table[i];
		uint32_t seen = 0;

		assert_true(d->num_pointees <= AGX_IOCTL_MAX_POINTEES);
		for (j = 0; j < d->args.num_fields; j++) {
			const struct agx_ioctl_field *f = &d->args.fields[j];

			if (f->kind != AGX_FIELD_POINTER)
				continue;
			assert_true(f->object < d->num_pointees);
			assert_int_equal(d->pointees[f->object].pointer, f->offset);
			seen |= 1u << f->object;
		}
		assert_int_equal(seen, (1u << d->num_pointees) - 1);
		for (j = 0; j < d->num_pointees; j++) {
			const struct agx_ioctl_pointee *p = &d->pointees[j];

			assert_true(p->count[0] + p->count_width <= d->args.size);
			assert_true(p->count_width == 4 || p->count_width == 8);
			if (p->kind == AGX_POINTEE_ARRAY || p->kind == AGX_POINTEE_STRUCT)
				assert_non_null(p->element);
		}
	}
}

static void numbers_are_found(void **state)
{
	unsigned int i;

	for (i = 0; i < agx_ioctl_table_size; i++)
		assert_ptr_equal(agx_ioctl_find(agx_ioctl_table[i].request), &agx_ioctl_table[i]);
		/* The numbers are those of the system's headers. */
#define IS(request) assert_string_equal(agx_ioctl_find(request)->name, #request)
	IS(DRM_IOCTL_VERSION);
	IS(DRM_IOCTL_GET_UNIQUE);
	IS(DRM_IOCTL_GET_CAP);
	IS(DRM_IOCTL_SET_CLIENT_CAP);
	IS(DRM_IOCTL_GEM_CLOSE);
	IS(DRM_IOCTL_PRIME_HANDLE_TO_FD);
	IS(DRM_IOCTL_PRIME_FD_TO_HANDLE);
	IS(DRM_IOCTL_SYNCOBJ_CREATE);
	IS(DRM_IOCTL_SYNCOBJ_DESTROY);
	IS(DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD);
	IS(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE);
	IS(DRM_IOCTL_SYNCOBJ_WAIT);
	IS(DRM_IOCTL_SYNCOBJ_RESET);
	IS(DRM_IOCTL_SYNCOBJ_SIGNAL);
	IS(DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT);
	IS(DRM_IOCTL_SYNCOBJ_QUERY);
	IS(DRM_IOCTL_SYNCOBJ_TRANSFER);
	IS(DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL);
	IS(DMA_BUF_IOCTL_SYNC);
	IS(SYNC_IOC_MERGE);
	IS(SYNC_IOC_FILE_INFO);
#undef IS
	/* Shorter and longer structures are the same ioctl. */
	assert_string_equal(agx_ioctl_find(_IOC(3u, 'd', 0xc3, 32))->name,
			    "DRM_IOCTL_SYNCOBJ_WAIT");
	assert_string_equal(agx_ioctl_find(_IOC(1u, 'd', 0x4a, 48))->name,
			    "DRM_IOCTL_ASAHI_SUBMIT");
	assert_null(agx_ioctl_find(_IOC(3u, 'd', 0xa0, 8)));
	assert_null(agx_ioctl_find(_IOC(3u, 'x', 0x4a, 40)));
	assert_true(agx_ioctl_is_submit(DRM_IOCTL_ASAHI_SUBMIT));
	assert_false(agx_ioctl_is_submit(_IOC(1u, 'b', 0x4a, 40)));
	assert_int_equal(agx_ioctl_arg_size(DRM_IOCTL_ASAHI_SUBMIT), 40);
	assert_false(agx_ioctl_writes_back(DRM_IOCTL_ASAHI_SUBMIT));
	assert_true(agx_ioctl_writes_back(DRM_IOCTL_ASAHI_GEM_CREATE));
}

static void spans_follow_counts(void **state)
{
	const struct agx_ioctl_desc *submit = agx_ioctl_find(DRM_IOCTL_ASAHI_SUBMIT);
	const struct agx_ioctl_desc *bind = agx_ioctl_find(DRM_IOCTL_ASAHI_VM_BIND);
	const struct agx_ioctl_desc *params = agx_ioctl_find(DRM_IOCTL_ASAHI_GET_PARAMS);
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	struct drm_asahi_submit s = {
		.syncs = 0x1000,
		.cmdbuf = 0x2000,
		.in_sync_count = UINT32_MAX,
		.out_sync_count = UINT32_MAX,
		.cmdbuf_size = 77,
	};
	struct drm_asahi_vm_bind b = {
		.userptr = 0x3000, .num_binds = UINT32_MAX, .stride = UINT32_MAX};
	struct drm_asahi_get_params p = {.pointer = 0x4000, .size = UINT64_MAX};

	assert_int_equal(agx_ioctl_spans(submit, &s, sizeof(s), spans), 2);
	assert_int_equal(spans[0].address, 0x1000);
	assert_int_equal(spans[0].size, 2 * (uint64_t)UINT32_MAX * 16);
	assert_int_equal(spans[0].access, AGX_ACCESS_IN);
	assert_int_equal(spans[1].pointee, 1);
	assert_int_equal(spans[1].size, 77);
	s.cmdbuf_size = 0;
	assert_int_equal(agx_ioctl_spans(submit, &s, sizeof(s), spans), 1);
	s.syncs = 0;
	assert_int_equal(agx_ioctl_spans(submit, &s, sizeof(s), spans), 0);
	/* What is not there is zero. */
	assert_int_equal(agx_ioctl_spans(submit, &s, 0, spans), 0);
	assert_int_equal(agx_ioctl_spans(bind, &b, sizeof(b), spans), 1);
	assert_int_equal(spans[0].size, (uint64_t)UINT32_MAX * UINT32_MAX);
	assert_int_equal(agx_ioctl_spans(params, &p, sizeof(p), spans), 1);
	assert_int_equal(spans[0].access, AGX_ACCESS_OUT);
	assert_int_equal(spans[0].size, UINT64_MAX);
}

struct refs {
	unsigned int count;
	uint32_t values[16];
	uint8_t objects[16];
};

static int collect(void *data, const struct agx_ioctl_ref *ref)
{
	struct refs *r = data;

	assert_true(r->count < 16);
	r->values[r->count] = agx_ref_get(ref);
	r->objects[r->count++] = ref->field->object;
	agx_ref_set(ref, agx_ref_get(ref) + 100);
	return 0;
}

static void handles_in_commands_are_found(void **state)
{
	const struct agx_ioctl_desc *submit = agx_ioctl_find(DRM_IOCTL_ASAHI_SUBMIT);
	struct __attribute__((packed)) {
		struct drm_asahi_cmd_header attach_header;
		struct drm_asahi_attachment attach;
		struct drm_asahi_cmd_header render_header;
		struct drm_asahi_cmd_render render;
		struct drm_asahi_cmd_header short_header;
		uint8_t short_compute[48 + 4];
	} buf = {
		.attach_header = {.cmd_type = DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS,
				  .size = sizeof(buf.attach)},
		.render_header = {.cmd_type = DRM_ASAHI_CMD_RENDER, .size = sizeof(buf.render)},
		.render = {.ts_vtx = {{1, 0}, {2, 0}}, .ts_frag = {{3, 0}, {4, 0}}},
		.short_header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
				 .size = sizeof(buf.short_compute)},
		.short_compute = {[48] = 5},
	};
	struct refs refs = {0};
	uint8_t *exact;
	size_t size;

	assert_int_equal(agx_ioctl_pointee_refs(submit, 1, NULL, 0, &buf, sizeof(buf),
						AGX_ACCESS_IN, collect, &refs),
			 0);
	/* The short command still has its first timestamp. */
	assert_int_equal(refs.count, 5);
	assert_int_equal(refs.values[4], 5);
	assert_int_equal(refs.objects[4], AGX_OBJECT_BIND);
	assert_int_equal(buf.render.ts_frag.end.handle, 104);
	/* Cut anywhere: no access beyond, and only whole commands count. */
	for (size = 0; size <= sizeof(buf); size++) {
		exact = malloc(size ? size : 1);
		memcpy(exact, &buf, size);
		memset(&refs, 0, sizeof(refs));
		agx_ioctl_pointee_refs(submit, 1, NULL, 0, exact, size, AGX_ACCESS_IN, collect,
				       &refs);
		assert_true(refs.count == 0 || refs.count == 4 || refs.count == 5);
		free(exact);
	}
}

static void conditions_choose_the_direction(void **state)
{
	const struct agx_ioctl_desc *bind = agx_ioctl_find(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT);
	const struct agx_ioctl_desc *import = agx_ioctl_find(DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE);
	struct drm_asahi_gem_bind_object b = {.op = DRM_ASAHI_BIND_OBJECT_OP_BIND,
					      .object_handle = 9};
	struct drm_syncobj_handle h = {.handle = 3, .flags = 1, .fd = 8};
	struct refs refs = {0};

	agx_ioctl_arg_refs(bind, &b, sizeof(b), AGX_ACCESS_CREATES, collect, &refs);
	assert_int_equal(refs.count, 1);
	agx_ioctl_arg_refs(bind, &b, sizeof(b), AGX_ACCESS_DESTROYS, collect, &refs);
	assert_int_equal(refs.count, 1);
	b.op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND;
	agx_ioctl_arg_refs(bind, &b, sizeof(b), AGX_ACCESS_DESTROYS, collect, &refs);
	assert_int_equal(refs.count, 2);
	memset(&refs, 0, sizeof(refs));
	/* A sync file goes into an existing syncobj; otherwise the syncobj is new. */
	agx_ioctl_arg_refs(import, &h, sizeof(h), AGX_ACCESS_CREATES, collect, &refs);
	assert_int_equal(refs.count, 0);
	agx_ioctl_arg_refs(import, &h, sizeof(h), AGX_ACCESS_IN, collect, &refs);
	assert_int_equal(refs.count, 2);
	h.flags = 0;
	memset(&refs, 0, sizeof(refs));
	agx_ioctl_arg_refs(import, &h, sizeof(h), AGX_ACCESS_CREATES, collect, &refs);
	assert_int_equal(refs.count, 1);
}

static void strides_are_followed(void **state)
{
	const struct agx_ioctl_desc *bind = agx_ioctl_find(DRM_IOCTL_ASAHI_VM_BIND);
	struct drm_asahi_vm_bind args = {.num_binds = 3, .stride = 40};
	uint8_t ops[120] = {[4] = 1, [44] = 2, [84] = 3};
	struct refs refs = {0};

	agx_ioctl_pointee_refs(bind, 0, &args, sizeof(args), ops, sizeof(ops), AGX_ACCESS_IN,
			       collect, &refs);
	assert_int_equal(refs.count, 3);
	assert_int_equal(refs.values[2], 3);
	args.stride = 0;
	agx_ioctl_pointee_refs(bind, 0, &args, sizeof(args), ops, sizeof(ops), AGX_ACCESS_IN,
			       collect, &refs);
	assert_int_equal(refs.count, 3);
}

static void scrubbing_leaves_no_pointer(void **state)
{
	unsigned int i;
	unsigned int j;

	for (i = 0; i < agx_ioctl_table_size; i++) {
		const struct agx_ioctl_desc *d = &agx_ioctl_table[i];
		uint8_t args[256];
		uint64_t value;
		size_t size;

		for (size = 0; size <= d->args.size; size++) {
			uint8_t *exact = malloc(size ? size : 1);

			memset(exact, 0x7f, size);
			agx_ioctl_scrub(d, exact, size, 1);
			free(exact);
		}
		memset(args, 0x7f, sizeof(args));
		agx_ioctl_scrub(d, args, d->args.size, 1);
		for (j = 0; j < d->num_pointees; j++) {
			memcpy(&value, args + d->pointees[j].pointer, 8);
			assert_int_equal(value, j ? AGXT_PTR_VALID : AGXT_PTR_FAULT);
		}
	}
}

static void outputs_compare_by_their_rule(void **state)
{
	const struct agx_ioctl_desc *params = agx_ioctl_find(DRM_IOCTL_ASAHI_GET_PARAMS);
	const struct agx_ioctl_desc *create = agx_ioctl_find(DRM_IOCTL_ASAHI_GEM_CREATE);
	struct drm_asahi_params_global a = {.chip_id = 0x8103};
	struct drm_asahi_params_global b = a;
	struct drm_asahi_gem_create c = {.handle = 1};
	struct drm_asahi_gem_create d = {.handle = 2};
	struct agx_field_diff diff;

	assert_true(agx_struct_compare(params->pointees[0].element, &a, sizeof(a), &b, sizeof(b),
				       &diff));
	b.core_masks[5] = 7;
	assert_false(agx_struct_compare(params->pointees[0].element, &a, sizeof(a), &b, sizeof(b),
					&diff));
	assert_string_equal(diff.field->name, "core_masks");
	assert_int_equal(diff.index, 5);
	assert_int_equal(diff.got, 7);
	/* Handles are the kernel's choice. */
	assert_true(agx_struct_compare(&create->args, &c, sizeof(c), &d, sizeof(d), &diff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_has_a_field),
		cmocka_unit_test(pointers_and_pointees_match),
		cmocka_unit_test(numbers_are_found),
		cmocka_unit_test(spans_follow_counts),
		cmocka_unit_test(handles_in_commands_are_found),
		cmocka_unit_test(conditions_choose_the_direction),
		cmocka_unit_test(strides_are_followed),
		cmocka_unit_test(scrubbing_leaves_no_pointer),
		cmocka_unit_test(outputs_compare_by_their_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
