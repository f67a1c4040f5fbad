// SPDX-License-Identifier: MIT
/*
 * The ABI of uapi/asahi_drm.h in numbers: sizes, offsets, ioctl numbers and values, written out
 * rather than computed. They are those of Linux 6.16 (include/uapi/drm/asahi_drm.h) and never
 * change; a line here that no longer holds means a broken ABI, not an outdated test.
 */
#include <stddef.h>

#include "asahi_drm.h"

#define SIZE(type, size) _Static_assert(sizeof(struct drm_asahi_##type) == (size), "size of " #type)
#define FIELD(type, member, offset, size)                                                \
	_Static_assert(offsetof(struct drm_asahi_##type, member) == (offset) &&          \
			       sizeof(((struct drm_asahi_##type *)0)->member) == (size), \
		       #type "." #member)
#define VALUE(name, value) _Static_assert((name) == (value), #name)

SIZE(params_global, 592);
FIELD(params_global, features, 0, 8);
FIELD(params_global, gpu_generation, 8, 4);
FIELD(params_global, gpu_variant, 12, 4);
FIELD(params_global, gpu_revision, 16, 4);
FIELD(params_global, chip_id, 20, 4);
FIELD(params_global, num_dies, 24, 4);
FIELD(params_global, num_clusters_total, 28, 4);
FIELD(params_global, num_cores_per_cluster, 32, 4);
FIELD(params_global, max_frequency_khz, 36, 4);
FIELD(params_global, core_masks, 40, 512);
FIELD(params_global, vm_start, 552, 8);
FIELD(params_global, vm_end, 560, 8);
FIELD(params_global, vm_kernel_min_size, 568, 8);
FIELD(params_global, max_commands_per_submission, 576, 4);
FIELD(params_global, max_attachments, 580, 4);
FIELD(params_global, command_timestamp_frequency_hz, 584, 8);

SIZE(get_params, 24);
FIELD(get_params, param_group, 0, 4);
FIELD(get_params, pad, 4, 4);
FIELD(get_params, pointer, 8, 8);
FIELD(get_params, size, 16, 8);

SIZE(vm_create, 24);
FIELD(vm_create, kernel_start, 0, 8);
FIELD(vm_create, kernel_end, 8, 8);
FIELD(vm_create, vm_id, 16, 4);
FIELD(vm_create, pad, 20, 4);

SIZE(vm_destroy, 8);
FIELD(vm_destroy, vm_id, 0, 4);
FIELD(vm_destroy, pad, 4, 4);

SIZE(gem_create, 24);
FIELD(gem_create, size, 0, 8);
FIELD(gem_create, flags, 8, 4);
FIELD(gem_create, vm_id, 12, 4);
FIELD(gem_create, handle, 16, 4);
FIELD(gem_create, pad, 20, 4);

SIZE(gem_mmap_offset, 16);
FIELD(gem_mmap_offset, handle, 0, 4);
FIELD(gem_mmap_offset, flags, 4, 4);
FIELD(gem_mmap_offset, offset, 8, 8);

SIZE(gem_bind_op, 32);
FIELD(gem_bind_op, flags, 0, 4);
FIELD(gem_bind_op, handle, 4, 4);
FIELD(gem_bind_op, offset, 8, 8);
FIELD(gem_bind_op, range, 16, 8);
FIELD(gem_bind_op, addr, 24, 8);

SIZE(vm_bind, 24);
FIELD(vm_bind, vm_id, 0, 4);
FIELD(vm_bind, num_binds, 4, 4);
FIELD(vm_bind, stride, 8, 4);
FIELD(vm_bind, pad, 12, 4);
FIELD(vm_bind, userptr, 16, 8);

SIZE(gem_bind_object, 40);
FIELD(gem_bind_object, op, 0, 4);
FIELD(gem_bind_object, flags, 4, 4);
FIELD(gem_bind_object, handle, 8, 4);
FIELD(gem_bind_object, vm_id, 12, 4);
FIELD(gem_bind_object, offset, 16, 8);
FIELD(gem_bind_object, range, 24, 8);
FIELD(gem_bind_object, object_handle, 32, 4);
FIELD(gem_bind_object, pad, 36, 4);

SIZE(queue_create, 24);
FIELD(queue_create, flags, 0, 4);
FIELD(queue_create, vm_id, 4, 4);
FIELD(queue_create, priority, 8, 4);
FIELD(queue_create, queue_id, 12, 4);
FIELD(queue_create, usc_exec_base, 16, 8);

SIZE(queue_destroy, 8);
FIELD(queue_destroy, queue_id, 0, 4);
FIELD(queue_destroy, pad, 4, 4);

SIZE(sync, 16);
FIELD(sync, sync_type, 0, 4);
FIELD(sync, handle, 4, 4);
FIELD(sync, timeline_value, 8, 8);

SIZE(cmd_header, 8);
FIELD(cmd_header, cmd_type, 0, 2);
FIELD(cmd_header, size, 2, 2);
FIELD(cmd_header, vdm_barrier, 4, 2);
FIELD(cmd_header, cdm_barrier, 6, 2);

SIZE(submit, 40);
FIELD(submit, syncs, 0, 8);
FIELD(submit, cmdbuf, 8, 8);
FIELD(submit, flags, 16, 4);
FIELD(submit, queue_id, 20, 4);
FIELD(submit, in_sync_count, 24, 4);
FIELD(submit, out_sync_count, 28, 4);
FIELD(submit, cmdbuf_size, 32, 4);
FIELD(submit, pad, 36, 4);

SIZE(attachment, 24);
FIELD(attachment, pointer, 0, 8);
FIELD(attachment, size, 8, 8);
FIELD(attachment, pad, 16, 4);
FIELD(attachment, flags, 20, 4);

SIZE(zls_buffer, 24);
FIELD(zls_buffer, base, 0, 8);
FIELD(zls_buffer, comp_base, 8, 8);
FIELD(zls_buffer, stride, 16, 4);
FIELD(zls_buffer, comp_stride, 20, 4);

SIZE(timestamp, 8);
FIELD(timestamp, handle, 0, 4);
FIELD(timestamp, offset, 4, 4);

SIZE(timestamps, 16);
FIELD(timestamps, start, 0, 8);
FIELD(timestamps, end, 8, 8);

SIZE(helper_program, 16);
FIELD(helper_program, binary, 0, 4);
FIELD(helper_program, cfg, 4, 4);
FIELD(helper_program, data, 8, 8);

SIZE(bg_eot, 8);
FIELD(bg_eot, usc, 0, 4);
FIELD(bg_eot, rsrc_spec, 4, 4);

SIZE(cmd_render, 240);
FIELD(cmd_render, flags, 0, 4);
FIELD(cmd_render, isp_zls_pixels, 4, 4);
FIELD(cmd_render, vdm_ctrl_stream_base, 8, 8);
FIELD(cmd_render, vertex_helper, 16, 16);
FIELD(cmd_render, fragment_helper, 32, 16);
FIELD(cmd_render, isp_scissor_base, 48, 8);
FIELD(cmd_render, isp_dbias_base, 56, 8);
FIELD(cmd_render, isp_oclqry_base, 64, 8);
FIELD(cmd_render, depth, 72, 24);
FIELD(cmd_render, stencil, 96, 24);
FIELD(cmd_render, zls_ctrl, 120, 8);
FIELD(cmd_render, ppp_multisamplectl, 128, 8);
FIELD(cmd_render, sampler_heap, 136, 8);
FIELD(cmd_render, ppp_ctrl, 144, 4);
FIELD(cmd_render, width_px, 148, 2);
FIELD(cmd_render, height_px, 150, 2);
FIELD(cmd_render, layers, 152, 2);
FIELD(cmd_render, sampler_count, 154, 2);
FIELD(cmd_render, utile_width_px, 156, 1);
FIELD(cmd_render, utile_height_px, 157, 1);
FIELD(cmd_render, samples, 158, 1);
FIELD(cmd_render, sample_size_B, 159, 1);
FIELD(cmd_render, isp_merge_upper_x, 160, 4);
FIELD(cmd_render, isp_merge_upper_y, 164, 4);
FIELD(cmd_render, bg, 168, 8);
FIELD(cmd_render, eot, 176, 8);
FIELD(cmd_render, partial_bg, 184, 8);
FIELD(cmd_render, partial_eot, 192, 8);
FIELD(cmd_render, isp_bgobjdepth, 200, 4);
FIELD(cmd_render, isp_bgobjvals, 204, 4);
FIELD(cmd_render, ts_vtx, 208, 16);
FIELD(cmd_render, ts_frag, 224, 16);

SIZE(cmd_compute, 64);
FIELD(cmd_compute, flags, 0, 4);
FIELD(cmd_compute, sampler_count, 4, 4);
FIELD(cmd_compute, cdm_ctrl_stream_base, 8, 8);
FIELD(cmd_compute, cdm_ctrl_stream_end, 16, 8);
FIELD(cmd_compute, sampler_heap, 24, 8);
FIELD(cmd_compute, helper, 32, 16);
FIELD(cmd_compute, ts, 48, 16);

SIZE(get_time, 16);
FIELD(get_time, flags, 0, 8);
FIELD(get_time, gpu_timestamp, 8, 8);

VALUE(DRM_ASAHI_GET_PARAMS, 0);
VALUE(DRM_ASAHI_GET_TIME, 1);
VALUE(DRM_ASAHI_VM_CREATE, 2);
VALUE(DRM_ASAHI_VM_DESTROY, 3);
VALUE(DRM_ASAHI_VM_BIND, 4);
VALUE(DRM_ASAHI_GEM_CREATE, 5);
VALUE(DRM_ASAHI_GEM_MMAP_OFFSET, 6);
VALUE(DRM_ASAHI_GEM_BIND_OBJECT, 7);
VALUE(DRM_ASAHI_QUEUE_CREATE, 8);
VALUE(DRM_ASAHI_QUEUE_DESTROY, 9);
VALUE(DRM_ASAHI_SUBMIT, 10);

VALUE(DRM_ASAHI_FEATURE_SOFT_FAULTS, 1);

VALUE(DRM_ASAHI_GEM_WRITEBACK, 1);
VALUE(DRM_ASAHI_GEM_VM_PRIVATE, 2);

VALUE(DRM_ASAHI_BIND_UNBIND, 1);
VALUE(DRM_ASAHI_BIND_READ, 2);
VALUE(DRM_ASAHI_BIND_WRITE, 4);
VALUE(DRM_ASAHI_BIND_SINGLE_PAGE, 8);

VALUE(DRM_ASAHI_BIND_OBJECT_OP_BIND, 0);
VALUE(DRM_ASAHI_BIND_OBJECT_OP_UNBIND, 1);

VALUE(DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS, 1);

VALUE(DRM_ASAHI_CMD_RENDER, 0);
VALUE(DRM_ASAHI_CMD_COMPUTE, 1);
VALUE(DRM_ASAHI_SET_VERTEX_ATTACHMENTS, 2);
VALUE(DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS, 3);
VALUE(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, 4);

VALUE(DRM_ASAHI_PRIORITY_LOW, 0);
VALUE(DRM_ASAHI_PRIORITY_MEDIUM, 1);
VALUE(DRM_ASAHI_PRIORITY_HIGH, 2);
VALUE(DRM_ASAHI_PRIORITY_REALTIME, 3);

VALUE(DRM_ASAHI_SYNC_SYNCOBJ, 0);
VALUE(DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ, 1);

VALUE(DRM_ASAHI_RENDER_VERTEX_SCRATCH, 1);
VALUE(DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES, 2);
VALUE(DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING, 4);
VALUE(DRM_ASAHI_RENDER_DBIAS_IS_INT, 262144);

VALUE(DRM_IOCTL_ASAHI_GET_PARAMS, 0x40186440);
VALUE(DRM_IOCTL_ASAHI_GET_TIME, 0xc0106441);
VALUE(DRM_IOCTL_ASAHI_VM_CREATE, 0xc0186442);
VALUE(DRM_IOCTL_ASAHI_VM_DESTROY, 0x40086443);
VALUE(DRM_IOCTL_ASAHI_VM_BIND, 0x40186444);
VALUE(DRM_IOCTL_ASAHI_GEM_CREATE, 0xc0186445);
VALUE(DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, 0xc0106446);
VALUE(DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, 0xc0286447);
VALUE(DRM_IOCTL_ASAHI_QUEUE_CREATE, 0xc0186448);
VALUE(DRM_IOCTL_ASAHI_QUEUE_DESTROY, 0x40086449);
VALUE(DRM_IOCTL_ASAHI_SUBMIT, 0x4028644a);

VALUE(DRM_ASAHI_MAX_CLUSTERS, 64);
VALUE(DRM_ASAHI_BARRIER_NONE, 0xffff);

/* Bits that a program may combine or print must be as wide as in Linux. */
_Static_assert(sizeof(DRM_ASAHI_BARRIER_NONE) == 4, "type of DRM_ASAHI_BARRIER_NONE");

int main(void)
{
	return 0;
}
