// SPDX-License-Identifier: MIT
#include "uapi_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "asahi_drm.h"

#define PAGE        0x4000ull
#define BO_SIZE     (4 * PAGE)
#define USER_END    0x7fffff8000ull
#define MIN_WINDOW  0x20000000ull
#define ADDR        0x100000000ull
#define LENGTH(arr) (sizeof(arr) / sizeof((arr)[0]))

#define READ_WRITE (DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE)

#define ARG(type, ...) .arg = &(const struct type){__VA_ARGS__}, .size = sizeof(struct type)

#define CASE(id, ioctl, type, result, ...)                                                         \
	{                                                                                          \
		.name = id, .request = DRM_IOCTL_##ioctl, .expect = result, ARG(type, __VA_ARGS__) \
	}

/* ASAHI_GET_PARAMS */

static uint64_t params_room[128];

#define PARAMS(id, result, ...)                                                      \
	{                                                                            \
		.name = id, .request = DRM_IOCTL_ASAHI_GET_PARAMS, .expect = result, \
		ARG(drm_asahi_get_params, __VA_ARGS__), .payloads = {                \
			{params_room, sizeof(params_room),                           \
			 offsetof(struct drm_asahi_get_params, pointer)}             \
		}                                                                    \
	}
#define PARAMS_RAW(id, result, ...) \
	CASE(id, ASAHI_GET_PARAMS, drm_asahi_get_params, result, __VA_ARGS__)

static const struct uapi_case get_params[] = {
	PARAMS("get-params", 0, .size = sizeof(struct drm_asahi_params_global)),
	PARAMS("get-params-short", 0, .size = 12),
	PARAMS("get-params-long", 0, .size = sizeof(params_room)),
	PARAMS_RAW("get-params-size-0", 0, .pointer = 0, .size = 0),
	PARAMS("get-params-group-1", -EINVAL, .param_group = 1, .size = 592),
	PARAMS("get-params-group-max", -EINVAL, .param_group = UINT32_MAX, .size = 592),
	PARAMS("get-params-pad", -EINVAL, .pad = 1, .size = 592),
	PARAMS_RAW("get-params-bad-pointer", -EFAULT, .pointer = UC_BAD_POINTER, .size = 592),
	PARAMS_RAW("get-params-bad-pointer-after-pad", -EINVAL, .pad = 1, .pointer = UC_BAD_POINTER,
		   .size = 592),
};

/* ASAHI_GET_TIME */

#define GET_TIME(id, result, ...) CASE(id, ASAHI_GET_TIME, drm_asahi_get_time, result, __VA_ARGS__)

static const struct uapi_case get_time[] = {
	GET_TIME("get-time", 0, .flags = 0),
	GET_TIME("get-time-ignores-timestamp", 0, .gpu_timestamp = 77),
	GET_TIME("get-time-flags", -EINVAL, .flags = 1),
	GET_TIME("get-time-flags-high", -EINVAL, .flags = 1ull << 63),
};

/* ASAHI_VM_CREATE, ASAHI_VM_DESTROY */

#define VM_CREATE(id, result, ...) \
	CASE(id, ASAHI_VM_CREATE, drm_asahi_vm_create, result, __VA_ARGS__)
#define VM_DESTROY(id, result, ...) \
	CASE(id, ASAHI_VM_DESTROY, drm_asahi_vm_destroy, result, __VA_ARGS__)

static const struct uapi_case vm_create[] = {
	VM_CREATE("vm-create-all", 0, .kernel_start = PAGE, .kernel_end = USER_END),
	VM_CREATE("vm-create-least", 0, .kernel_start = PAGE, .kernel_end = PAGE + MIN_WINDOW),
	VM_CREATE("vm-create-end", 0, .kernel_start = USER_END - MIN_WINDOW,
		  .kernel_end = USER_END),
	VM_CREATE("vm-create-start-0", -EINVAL, .kernel_start = 0, .kernel_end = MIN_WINDOW),
	VM_CREATE("vm-create-end-high", -EINVAL, .kernel_start = USER_END - MIN_WINDOW,
		  .kernel_end = USER_END + PAGE),
	VM_CREATE("vm-create-end-max", -EINVAL, .kernel_start = PAGE,
		  .kernel_end = 0xffffffffffffc000ull),
	VM_CREATE("vm-create-small", -EINVAL, .kernel_start = PAGE, .kernel_end = MIN_WINDOW),
	VM_CREATE("vm-create-empty", -EINVAL, .kernel_start = ADDR, .kernel_end = ADDR),
	VM_CREATE("vm-create-reversed", -EINVAL, .kernel_start = 2 * ADDR, .kernel_end = ADDR),
	VM_CREATE("vm-create-zero", -EINVAL, .kernel_start = 0, .kernel_end = 0),
	VM_CREATE("vm-create-start-unaligned", -EINVAL, .kernel_start = ADDR + 0x1000,
		  .kernel_end = 2 * ADDR),
	VM_CREATE("vm-create-end-unaligned", -EINVAL, .kernel_start = ADDR,
		  .kernel_end = 2 * ADDR + 1),
	VM_CREATE("vm-create-pad", -EINVAL, .kernel_start = ADDR, .kernel_end = 2 * ADDR, .pad = 1),
	VM_CREATE("vm-create-ignores-vm-id", 0, .kernel_start = ADDR, .kernel_end = 2 * ADDR,
		  .vm_id = UC_BAD_HANDLE),
	VM_DESTROY("vm-destroy", 0, .vm_id = UC_VM),
	VM_DESTROY("vm-destroy-0", -ENOENT, .vm_id = 0),
	VM_DESTROY("vm-destroy-unknown", -ENOENT, .vm_id = UC_BAD_HANDLE),
	VM_DESTROY("vm-destroy-max", -ENOENT, .vm_id = UINT32_MAX),
	VM_DESTROY("vm-destroy-pad", -EINVAL, .vm_id = UC_VM, .pad = 1),
};

/* ASAHI_GEM_CREATE, ASAHI_GEM_MMAP_OFFSET, GEM_CLOSE */

#define GEM_CREATE(id, result, ...) \
	CASE(id, ASAHI_GEM_CREATE, drm_asahi_gem_create, result, __VA_ARGS__)
#define MMAP_OFFSET(id, result, ...) \
	CASE(id, ASAHI_GEM_MMAP_OFFSET, drm_asahi_gem_mmap_offset, result, __VA_ARGS__)
#define GEM_CLOSE(id, result, ...) CASE(id, GEM_CLOSE, drm_gem_close, result, __VA_ARGS__)

static const struct uapi_case gem_create[] = {
	GEM_CREATE("gem-create", 0, .size = PAGE),
	GEM_CREATE("gem-create-1-byte", 0, .size = 1),
	GEM_CREATE("gem-create-writeback", 0, .size = PAGE, .flags = DRM_ASAHI_GEM_WRITEBACK),
	GEM_CREATE("gem-create-private", 0, .size = PAGE, .vm_id = UC_VM,
		   .flags = DRM_ASAHI_GEM_WRITEBACK | DRM_ASAHI_GEM_VM_PRIVATE),
	GEM_CREATE("gem-create-flags", -EINVAL, .size = PAGE, .flags = 1u << 2),
	GEM_CREATE("gem-create-flags-high", -EINVAL, .size = PAGE, .flags = 1u << 31),
	GEM_CREATE("gem-create-vm-without-private", -EINVAL, .size = PAGE, .vm_id = UC_VM),
	GEM_CREATE("gem-create-private-vm-0", -ENOENT, .size = PAGE,
		   .flags = DRM_ASAHI_GEM_VM_PRIVATE),
	GEM_CREATE("gem-create-private-vm-unknown", -ENOENT, .size = PAGE,
		   .flags = DRM_ASAHI_GEM_VM_PRIVATE, .vm_id = UC_BAD_HANDLE),
	GEM_CREATE("gem-create-vm-before-size", -ENOENT, .size = 0,
		   .flags = DRM_ASAHI_GEM_VM_PRIVATE, .vm_id = UC_BAD_HANDLE),
	GEM_CREATE("gem-create-size-0", -EINVAL, .size = 0),
	GEM_CREATE("gem-create-size-wraps", -EINVAL, .size = UINT64_MAX),
	GEM_CREATE("gem-create-size-wraps-just", -EINVAL, .size = UINT64_MAX - PAGE + 2),
	GEM_CREATE("gem-create-size-huge", -ENOMEM, .size = 1ull << 62),
	GEM_CREATE("gem-create-pad", -EINVAL, .size = PAGE, .pad = 1),
	MMAP_OFFSET("gem-mmap-offset", 0, .handle = UC_BO),
	MMAP_OFFSET("gem-mmap-offset-private", 0, .handle = UC_PRIVATE),
	MMAP_OFFSET("gem-mmap-offset-flags", -EINVAL, .handle = UC_BO, .flags = 1),
	MMAP_OFFSET("gem-mmap-offset-0", -ENOENT, .handle = 0),
	MMAP_OFFSET("gem-mmap-offset-unknown", -ENOENT, .handle = UC_BAD_HANDLE),
	MMAP_OFFSET("gem-mmap-offset-flags-before-handle", -EINVAL, .handle = UC_BAD_HANDLE,
		    .flags = 1u << 31),
	GEM_CLOSE("gem-close", 0, .handle = UC_BO),
	GEM_CLOSE("gem-close-0", -EINVAL, .handle = 0),
	GEM_CLOSE("gem-close-unknown", -EINVAL, .handle = UC_BAD_HANDLE),
};

/* ASAHI_VM_BIND: one operation */

#define BIND_ARG(id, result, vm, operation)                                       \
	{                                                                         \
		.name = id, .request = DRM_IOCTL_ASAHI_VM_BIND, .expect = result, \
		ARG(drm_asahi_vm_bind, .vm_id = vm, .num_binds = 1,               \
		    .stride = sizeof(struct drm_asahi_gem_bind_op)),              \
		.payloads = {                                                     \
			{operation, sizeof(struct drm_asahi_gem_bind_op),         \
			 offsetof(struct drm_asahi_vm_bind, userptr)}             \
		}                                                                 \
	}
#define BIND_ON(id, result, vm, ...) \
	BIND_ARG(id, result, vm, (&(const struct drm_asahi_gem_bind_op){__VA_ARGS__}))
#define BIND(id, result, ...) BIND_ON(id, result, UC_VM, __VA_ARGS__)

static const struct uapi_case vm_bind_op[] = {
	BIND("bind", 0, .flags = READ_WRITE, .handle = UC_BO, .range = BO_SIZE, .addr = ADDR),
	BIND("bind-read", 0, .flags = DRM_ASAHI_BIND_READ, .handle = UC_BO, .range = PAGE,
	     .addr = ADDR),
	BIND("bind-write", 0, .flags = DRM_ASAHI_BIND_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = ADDR),
	BIND("bind-private", 0, .flags = READ_WRITE, .handle = UC_PRIVATE, .range = PAGE,
	     .addr = ADDR),
	BIND("bind-last-page", 0, .flags = READ_WRITE, .handle = UC_BO, .offset = 3 * PAGE,
	     .range = PAGE, .addr = ADDR),
	BIND("bind-first-address", 0, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = PAGE),
	BIND("bind-last-address", 0, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = USER_END - PAGE),
	BIND("bind-before-window", 0, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = UC_KERNEL_START - PAGE),
	BIND("bind-after-window", 0, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = UC_KERNEL_END),
	BIND("bind-single-page", 0, .flags = READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE,
	     .handle = UC_BO, .offset = 3 * PAGE, .range = 1ull << 32, .addr = ADDR),
	BIND("bind-addr-unaligned", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = ADDR + 0x1000),
	BIND("bind-range-unaligned", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .range = PAGE + 1, .addr = ADDR),
	BIND("bind-offset-unaligned", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .offset = 0x2000, .range = PAGE, .addr = ADDR),
	BIND("bind-alignment-before-handle", -EINVAL, .flags = READ_WRITE, .handle = UC_BAD_HANDLE,
	     .range = PAGE, .addr = 1),
	BIND("bind-flags", -EINVAL, .flags = READ_WRITE | 1u << 4, .handle = UC_BO, .range = PAGE,
	     .addr = ADDR),
	BIND("bind-flags-high", -EINVAL, .flags = READ_WRITE | 1u << 31, .handle = UC_BO,
	     .range = PAGE, .addr = ADDR),
	BIND("bind-flags-before-handle", -EINVAL, .flags = 1u << 9, .handle = UC_BAD_HANDLE,
	     .range = PAGE, .addr = ADDR),
	BIND("bind-handle-0", -ENOENT, .flags = READ_WRITE, .range = PAGE, .addr = ADDR),
	BIND("bind-handle-unknown", -ENOENT, .flags = READ_WRITE, .handle = UC_BAD_HANDLE,
	     .range = PAGE, .addr = ADDR),
	BIND("bind-handle-before-size", -ENOENT, .flags = READ_WRITE, .handle = UC_BAD_HANDLE,
	     .range = 64 * PAGE, .addr = 0),
	BIND("bind-addr-overflow", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = 4 * PAGE,
	     .addr = UINT64_MAX - PAGE + 1),
	BIND("bind-offset-overflow", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .offset = UINT64_MAX - PAGE + 1, .range = 2 * PAGE, .addr = ADDR),
	BIND("bind-past-object", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .range = BO_SIZE + PAGE, .addr = ADDR),
	BIND("bind-offset-past-object", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .offset = PAGE, .range = BO_SIZE, .addr = ADDR),
	BIND("bind-single-page-past-object", -EINVAL,
	     .flags = READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, .handle = UC_BO, .offset = BO_SIZE,
	     .range = PAGE, .addr = ADDR),
	BIND("bind-single-page-offset-overflow", -EINVAL,
	     .flags = READ_WRITE | DRM_ASAHI_BIND_SINGLE_PAGE, .handle = UC_BO,
	     .offset = UINT64_MAX - PAGE + 1, .range = PAGE, .addr = ADDR),
	BIND("bind-addr-0", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = 0),
	BIND("bind-past-user-range", -EINVAL, .flags = READ_WRITE, .handle = UC_BO,
	     .range = 2 * PAGE, .addr = USER_END - PAGE),
	BIND("bind-kernel-half", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = 0xffffff8000000000ull),
	BIND("bind-no-access", -EINVAL, .flags = 0, .handle = UC_BO, .range = PAGE, .addr = ADDR),
	BIND("bind-single-page-no-access", -EINVAL, .flags = DRM_ASAHI_BIND_SINGLE_PAGE,
	     .handle = UC_BO, .range = PAGE, .addr = ADDR),
	BIND_ON("bind-vm-0", -ENOENT, 0, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
		.addr = ADDR),
	BIND_ON("bind-vm-unknown", -ENOENT, UC_BAD_HANDLE, .flags = READ_WRITE, .handle = UC_BO,
		.range = PAGE, .addr = ADDR),
	BIND_ON("bind-access-before-vm", -EINVAL, UC_BAD_HANDLE, .flags = 0, .handle = UC_BO,
		.range = PAGE, .addr = ADDR),
	BIND("bind-window-start", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = UC_KERNEL_START),
	BIND("bind-window-end", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = PAGE,
	     .addr = UC_KERNEL_END - PAGE),
	BIND("bind-into-window", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = 2 * PAGE,
	     .addr = UC_KERNEL_START - PAGE),
	BIND("bind-range-0", -EINVAL, .flags = READ_WRITE, .handle = UC_BO, .range = 0,
	     .addr = ADDR),
	BIND("bind-private-of-other-vm", -EINVAL, .flags = READ_WRITE, .handle = UC_FOREIGN,
	     .range = PAGE, .addr = ADDR),
	BIND("unbind-nothing", 0, .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE, .addr = ADDR),
	BIND("unbind-range-0", 0, .flags = DRM_ASAHI_BIND_UNBIND, .range = 0, .addr = ADDR),
	BIND("unbind-all-below-window", 0, .flags = DRM_ASAHI_BIND_UNBIND,
	     .range = UC_KERNEL_START - PAGE, .addr = PAGE),
	BIND("unbind-offset", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .offset = PAGE,
	     .range = PAGE, .addr = ADDR),
	BIND("unbind-flags", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND | DRM_ASAHI_BIND_READ,
	     .range = PAGE, .addr = ADDR),
	BIND("unbind-flags-unknown", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND | 1u << 8,
	     .range = PAGE, .addr = ADDR),
	BIND("unbind-handle", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .handle = UC_BO,
	     .range = PAGE, .addr = ADDR),
	BIND("unbind-addr-unaligned", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE,
	     .addr = ADDR + 8),
	BIND("unbind-range-unaligned", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = 4,
	     .addr = ADDR),
	BIND("unbind-overflow", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = 2 * PAGE,
	     .addr = UINT64_MAX - PAGE + 1),
	BIND("unbind-addr-0", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE, .addr = 0),
	BIND("unbind-past-user-range", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE,
	     .addr = USER_END),
	BIND_ON("unbind-vm-unknown", -ENOENT, UC_BAD_HANDLE, .flags = DRM_ASAHI_BIND_UNBIND,
		.range = PAGE, .addr = ADDR),
	BIND("unbind-window", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND, .range = PAGE,
	     .addr = UC_KERNEL_START),
	BIND("unbind-across-window", -EINVAL, .flags = DRM_ASAHI_BIND_UNBIND,
	     .range = USER_END - PAGE, .addr = PAGE),
};

/* ASAHI_VM_BIND: the array */

struct wide_op {
	struct drm_asahi_gem_bind_op op;
	uint64_t tail;
};

static const struct drm_asahi_gem_bind_op good_op = {
	.flags = READ_WRITE, .handle = UC_BO, .range = PAGE, .addr = ADDR};
static const struct wide_op wide_ops[2] = {
	{.op = {.flags = READ_WRITE, .handle = UC_BO, .range = PAGE, .addr = ADDR}},
	{.op = {.flags = READ_WRITE, .handle = UC_BO, .range = PAGE, .addr = ADDR + PAGE}},
};
static const struct wide_op wide_op_tail = {
	.op = {.flags = READ_WRITE, .handle = UC_BO, .range = PAGE, .addr = ADDR}, .tail = 1};

#define BINDS(id, result, array, ...)                                                        \
	{                                                                                    \
		.name = id, .request = DRM_IOCTL_ASAHI_VM_BIND, .expect = result,            \
		ARG(drm_asahi_vm_bind, __VA_ARGS__), .payloads = {                           \
			{&array, sizeof(array), offsetof(struct drm_asahi_vm_bind, userptr)} \
		}                                                                            \
	}
#define BINDS_RAW(id, result, ...) CASE(id, ASAHI_VM_BIND, drm_asahi_vm_bind, result, __VA_ARGS__)

static const struct uapi_case vm_bind[] = {
	BINDS_RAW("vm-bind-none", 0, .vm_id = UC_VM, .num_binds = 0, .stride = 32),
	BINDS_RAW("vm-bind-none-unknown-vm", 0, .vm_id = UC_BAD_HANDLE, .stride = 32),
	BINDS("vm-bind-stride-0", -EINVAL, good_op, .vm_id = UC_VM, .num_binds = 1, .stride = 0),
	BINDS("vm-bind-pad", -EINVAL, good_op, .vm_id = UC_VM, .num_binds = 1, .stride = 32,
	      .pad = 1),
	BINDS("vm-bind-wide", 0, wide_ops, .vm_id = UC_VM, .num_binds = 2, .stride = 40),
	BINDS("vm-bind-wide-tail", -EINVAL, wide_op_tail, .vm_id = UC_VM, .num_binds = 1,
	      .stride = 40),
	BINDS("vm-bind-short-stride", -EINVAL, good_op, .vm_id = UC_VM, .num_binds = 1,
	      .stride = 24), /* the address reads as 0 */
	BINDS_RAW("vm-bind-bad-pointer", -EFAULT, .vm_id = UC_VM, .num_binds = 1, .stride = 32,
		  .userptr = UC_BAD_POINTER),
	BINDS_RAW("vm-bind-bad-pointer-unknown-vm", -EFAULT, .vm_id = UC_BAD_HANDLE, .num_binds = 1,
		  .stride = 32, .userptr = UC_BAD_POINTER),
	BINDS_RAW("vm-bind-huge", -ENOMEM, .vm_id = UC_VM, .num_binds = UINT32_MAX,
		  .stride = UINT32_MAX, .userptr = UC_BAD_POINTER),
	BINDS_RAW("vm-bind-32-bit-product", -ENOMEM, .vm_id = UC_VM, .num_binds = 1u << 31,
		  .stride = 2, .userptr = UC_BAD_POINTER),
};

/* ASAHI_GEM_BIND_OBJECT */

#define OBJECT(id, result, ...) \
	CASE(id, ASAHI_GEM_BIND_OBJECT, drm_asahi_gem_bind_object, result, __VA_ARGS__)
#define TIMESTAMPS DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS

static const struct uapi_case bind_object[] = {
	OBJECT("object-bind", 0, .flags = TIMESTAMPS, .handle = UC_BO, .range = BO_SIZE),
	OBJECT("object-bind-part", 0, .flags = TIMESTAMPS, .handle = UC_BO, .offset = 3 * PAGE,
	       .range = PAGE),
	OBJECT("object-bind-pad", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO, .range = PAGE,
	       .pad = 1),
	OBJECT("object-bind-vm-id", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO, .range = PAGE,
	       .vm_id = UC_VM),
	OBJECT("object-op", -EINVAL, .op = 2, .flags = TIMESTAMPS, .handle = UC_BO, .range = PAGE),
	OBJECT("object-bind-range-unaligned", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO,
	       .range = 8),
	OBJECT("object-bind-offset-unaligned", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO,
	       .offset = 8, .range = PAGE),
	OBJECT("object-bind-flags-0", -EINVAL, .flags = 0, .handle = UC_BO, .range = PAGE),
	OBJECT("object-bind-flags", -EINVAL, .flags = TIMESTAMPS | 2, .handle = UC_BO,
	       .range = PAGE),
	OBJECT("object-bind-overflow", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO,
	       .offset = UINT64_MAX - PAGE + 1, .range = 2 * PAGE),
	OBJECT("object-bind-handle-0", -ENOENT, .flags = TIMESTAMPS, .range = PAGE),
	OBJECT("object-bind-handle-unknown", -ENOENT, .flags = TIMESTAMPS, .handle = UC_BAD_HANDLE,
	       .range = PAGE),
	OBJECT("object-bind-flags-before-handle", -EINVAL, .flags = 0, .handle = UC_BAD_HANDLE,
	       .range = PAGE),
	OBJECT("object-bind-past-object", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO,
	       .range = BO_SIZE + PAGE),
	OBJECT("object-bind-private", -EINVAL, .flags = TIMESTAMPS, .handle = UC_PRIVATE,
	       .range = PAGE),
	OBJECT("object-bind-range-0", -EINVAL, .flags = TIMESTAMPS, .handle = UC_BO),
	OBJECT("object-unbind", 0, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT),
	OBJECT("object-unbind-0", -ENOENT, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND),
	OBJECT("object-unbind-unknown", -ENOENT, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_BAD_HANDLE),
	OBJECT("object-unbind-range", -EINVAL, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT, .range = PAGE),
	OBJECT("object-unbind-offset", -EINVAL, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT, .offset = PAGE),
	OBJECT("object-unbind-flags", -EINVAL, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT, .flags = TIMESTAMPS),
	OBJECT("object-unbind-handle", -EINVAL, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT, .handle = UC_BO),
	OBJECT("object-unbind-pad", -EINVAL, .op = DRM_ASAHI_BIND_OBJECT_OP_UNBIND,
	       .object_handle = UC_OBJECT, .pad = 1),
};

/* ASAHI_QUEUE_CREATE, ASAHI_QUEUE_DESTROY */

#define QUEUE_CREATE(id, result, ...) \
	CASE(id, ASAHI_QUEUE_CREATE, drm_asahi_queue_create, result, __VA_ARGS__)
#define QUEUE_DESTROY(id, result, ...) \
	CASE(id, ASAHI_QUEUE_DESTROY, drm_asahi_queue_destroy, result, __VA_ARGS__)

static const struct uapi_case queue_create[] = {
	QUEUE_CREATE("queue-create", 0, .vm_id = UC_VM, .priority = DRM_ASAHI_PRIORITY_MEDIUM),
	QUEUE_CREATE("queue-create-low", 0, .vm_id = UC_VM, .priority = DRM_ASAHI_PRIORITY_LOW),
	QUEUE_CREATE("queue-create-usc-base-unchecked", 0, .vm_id = UC_VM,
		     .usc_exec_base = UINT64_MAX),
	QUEUE_CREATE("queue-create-flags", -EINVAL, .vm_id = UC_VM, .flags = 1),
	QUEUE_CREATE("queue-create-high", -EINVAL, .vm_id = UC_VM,
		     .priority = DRM_ASAHI_PRIORITY_HIGH),
	QUEUE_CREATE("queue-create-realtime", -EINVAL, .vm_id = UC_VM,
		     .priority = DRM_ASAHI_PRIORITY_REALTIME),
	QUEUE_CREATE("queue-create-priority-4", -EINVAL, .vm_id = UC_VM, .priority = 4),
	QUEUE_CREATE("queue-create-priority-max", -EINVAL, .vm_id = UC_VM, .priority = UINT32_MAX),
	QUEUE_CREATE("queue-create-vm-0", -ENOENT, .vm_id = 0),
	QUEUE_CREATE("queue-create-vm-unknown", -ENOENT, .vm_id = UC_BAD_HANDLE),
	QUEUE_CREATE("queue-create-priority-before-vm", -EINVAL, .vm_id = UC_BAD_HANDLE,
		     .priority = 2),
	QUEUE_DESTROY("queue-destroy", 0, .queue_id = UC_QUEUE),
	QUEUE_DESTROY("queue-destroy-0", -ENOENT, .queue_id = 0),
	QUEUE_DESTROY("queue-destroy-unknown", -ENOENT, .queue_id = UC_BAD_HANDLE),
	QUEUE_DESTROY("queue-destroy-pad", -EINVAL, .queue_id = UC_QUEUE, .pad = 1),
};

/* ASAHI_SUBMIT: the argument and the syncs */

#define HEADER(command, bytes)                                                             \
	{                                                                                  \
		.cmd_type = command, .size = bytes, .vdm_barrier = DRM_ASAHI_BARRIER_NONE, \
		.cdm_barrier = DRM_ASAHI_BARRIER_NONE                                      \
	}

struct compute {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
};
struct render {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_render render;
};

#define COMPUTE_HEADER HEADER(DRM_ASAHI_CMD_COMPUTE, sizeof(struct drm_asahi_cmd_compute))
#define RENDER_HEADER  HEADER(DRM_ASAHI_CMD_RENDER, sizeof(struct drm_asahi_cmd_render))
#define GOOD_RENDER                                                                                \
	.width_px = 64, .height_px = 64, .layers = 1, .utile_width_px = 32, .utile_height_px = 32, \
	.samples = 1

static const struct compute one_compute = {.header = COMPUTE_HEADER};

#define SUBMIT_ARG(id, result, buffer, sync, syncs_size, ...)                                   \
	{                                                                                       \
		.name = id, .request = DRM_IOCTL_ASAHI_SUBMIT, .expect = result,                \
		ARG(drm_asahi_submit, __VA_ARGS__), .payloads = {                               \
			{&(buffer), sizeof(buffer), offsetof(struct drm_asahi_submit, cmdbuf)}, \
			{sync, syncs_size, offsetof(struct drm_asahi_submit, syncs)}            \
		}                                                                               \
	}
#define SUBMIT(id, result, ...)                                                          \
	SUBMIT_ARG(id, result, one_compute, NULL, 0, .cmdbuf_size = sizeof(one_compute), \
		   __VA_ARGS__)
#define SYNC_IN(id, result, ...)                                                           \
	SUBMIT_ARG(id, result, one_compute, (&(const struct drm_asahi_sync){__VA_ARGS__}), \
		   sizeof(struct drm_asahi_sync), .cmdbuf_size = sizeof(one_compute),      \
		   .queue_id = UC_QUEUE, .in_sync_count = 1)
#define SYNC_OUT(id, result, ...)                                                          \
	SUBMIT_ARG(id, result, one_compute, (&(const struct drm_asahi_sync){__VA_ARGS__}), \
		   sizeof(struct drm_asahi_sync), .cmdbuf_size = sizeof(one_compute),      \
		   .queue_id = UC_QUEUE, .out_sync_count = 1)

static const struct uapi_case submit[] = {
	SUBMIT("submit", 0, .queue_id = UC_QUEUE),
	SUBMIT("submit-flags", -EINVAL, .queue_id = UC_QUEUE, .flags = 1),
	SUBMIT("submit-pad", -EINVAL, .queue_id = UC_QUEUE, .pad = 1),
	SUBMIT("submit-queue-0", -ENOENT, .queue_id = 0),
	SUBMIT("submit-queue-unknown", -ENOENT, .queue_id = UC_BAD_HANDLE),
	SUBMIT("submit-flags-before-queue", -EINVAL, .queue_id = UC_BAD_HANDLE, .flags = 1),
	SUBMIT("submit-syncs-bad-pointer", -EFAULT, .queue_id = UC_QUEUE, .in_sync_count = 1,
	       .syncs = UC_BAD_POINTER),
	SUBMIT("submit-syncs-unused-pointer", 0, .queue_id = UC_QUEUE, .syncs = UC_BAD_POINTER),
	SUBMIT("submit-syncs-huge", -ENOMEM, .queue_id = UC_QUEUE, .in_sync_count = UINT32_MAX,
	       .out_sync_count = UINT32_MAX, .syncs = UC_BAD_POINTER),
	SUBMIT("submit-syncs-32-bit-sum", -ENOMEM, .queue_id = UC_QUEUE, .in_sync_count = 1u << 31,
	       .out_sync_count = 1u << 31, .syncs = UC_BAD_POINTER),
	CASE("submit-cmdbuf-bad-pointer", ASAHI_SUBMIT, drm_asahi_submit, -EFAULT,
	     .queue_id = UC_QUEUE, .cmdbuf = UC_BAD_POINTER, .cmdbuf_size = 72),
	CASE("submit-cmdbuf-empty", ASAHI_SUBMIT, drm_asahi_submit, -EINVAL, .queue_id = UC_QUEUE),
	CASE("submit-cmdbuf-huge", ASAHI_SUBMIT, drm_asahi_submit, -ENOMEM, .queue_id = UC_QUEUE,
	     .cmdbuf = UC_BAD_POINTER, .cmdbuf_size = UINT32_MAX),
	SYNC_IN("submit-in-sync", 0, .handle = UC_SYNCOBJ),
	SYNC_IN("submit-in-sync-value", -EINVAL, .handle = UC_SYNCOBJ, .timeline_value = 1),
	SYNC_IN("submit-in-sync-type", -EINVAL, .sync_type = 2, .handle = UC_SYNCOBJ),
	SYNC_IN("submit-in-sync-type-before-handle", -EINVAL, .sync_type = UINT32_MAX),
	SYNC_IN("submit-in-sync-unknown", -ENOENT, .handle = UC_BAD_HANDLE),
	SYNC_IN("submit-in-sync-0", -ENOENT, .handle = 0),
	SYNC_IN("submit-in-sync-no-fence", -EINVAL, .handle = UC_EMPTY),
	SYNC_IN("submit-in-timeline", 0, .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		.handle = UC_TIMELINE, .timeline_value = 5),
	SYNC_IN("submit-in-timeline-earlier", 0, .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		.handle = UC_TIMELINE, .timeline_value = 2),
	SYNC_IN("submit-in-timeline-later", -EINVAL, .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		.handle = UC_TIMELINE, .timeline_value = 6),
	SYNC_IN("submit-in-timeline-no-fence", -EINVAL,
		.sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ, .handle = UC_EMPTY,
		.timeline_value = 1),
	SYNC_IN("submit-in-timeline-unknown", -ENOENT, .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		.handle = UC_BAD_HANDLE, .timeline_value = 1),
	SYNC_OUT("submit-out-sync", 0, .handle = UC_EMPTY),
	SYNC_OUT("submit-out-sync-value", -EINVAL, .handle = UC_EMPTY, .timeline_value = 1),
	SYNC_OUT("submit-out-sync-type", -EINVAL, .sync_type = 7, .handle = UC_EMPTY),
	SYNC_OUT("submit-out-sync-unknown", -ENOENT, .handle = UC_BAD_HANDLE),
	SYNC_OUT("submit-out-timeline", 0, .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ,
		 .handle = UC_TIMELINE, .timeline_value = 9),
	SYNC_OUT("submit-out-timeline-unknown", -ENOENT,
		 .sync_type = DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ, .handle = UC_BAD_HANDLE,
		 .timeline_value = 9),
	SUBMIT_ARG("submit-syncs-before-cmdbuf", -ENOENT, one_compute,
		   (&(const struct drm_asahi_sync){.handle = UC_BAD_HANDLE}),
		   sizeof(struct drm_asahi_sync), .queue_id = UC_QUEUE, .out_sync_count = 1,
		   .cmdbuf_size = 3),
};

/* ASAHI_SUBMIT: the command buffer */

#define CMDBUF(id, result, buffer) \
	SUBMIT_ARG(id, result, buffer, NULL, 0, .queue_id = UC_QUEUE, .cmdbuf_size = sizeof(buffer))
#define COMPUTE(id, result, ...) \
	CMDBUF(id, result,       \
	       ((const struct compute){.header = COMPUTE_HEADER, .compute = {__VA_ARGS__}}))
#define RENDER(id, result, ...)                                \
	CMDBUF(id, result,                                     \
	       ((const struct render){.header = RENDER_HEADER, \
				      .render = {GOOD_RENDER, __VA_ARGS__}}))

#define BARRIERS(vdm, cdm, command, bytes)                                                 \
	{                                                                                  \
		.cmd_type = command, .size = bytes, .vdm_barrier = vdm, .cdm_barrier = cdm \
	}

static const struct drm_asahi_cmd_header short_compute = HEADER(DRM_ASAHI_CMD_COMPUTE, 0);
static const struct drm_asahi_cmd_header short_render = HEADER(DRM_ASAHI_CMD_RENDER, 0);
static const struct drm_asahi_cmd_header unknown_type = HEADER(5, 0);
static const struct drm_asahi_cmd_header unknown_and_good[2] = {HEADER(5, 0),
								HEADER(DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header cut_payload = HEADER(DRM_ASAHI_CMD_COMPUTE, 8);
static const struct {
	struct compute compute;
	uint32_t rest;
} cut_header = {.compute = {.header = COMPUTE_HEADER}};
static const struct {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
	uint64_t tail;
} long_compute = {.header = HEADER(DRM_ASAHI_CMD_COMPUTE, 72)},
  long_compute_tail = {.header = HEADER(DRM_ASAHI_CMD_COMPUTE, 72), .tail = 1};
static const struct {
	struct drm_asahi_cmd_header header;
	struct drm_asahi_cmd_compute compute;
	uint64_t tail;
	struct compute next;
} long_compute_then_next = {.header = HEADER(DRM_ASAHI_CMD_COMPUTE, 72),
			    .next = {.header = COMPUTE_HEADER}};
static const struct drm_asahi_cmd_header cmds_64[64] = {[0 ... 63] =
								HEADER(DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header cmds_65[65] = {[0 ... 64] =
								HEADER(DRM_ASAHI_CMD_COMPUTE, 0)};
/* 64 that run and 100 that do not */
static const struct drm_asahi_cmd_header software_do_not_count[164] = {
	[0 ... 99] = HEADER(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, 0),
	[100 ... 163] = HEADER(DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header attachments_only =
	HEADER(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, 0);
static const struct drm_asahi_cmd_header too_many_before_unknown[66] = {
	[0 ... 64] = HEADER(DRM_ASAHI_CMD_COMPUTE, 0), [65] = HEADER(9, 0)};

static const struct drm_asahi_cmd_header barrier_idle = BARRIERS(0, 0, DRM_ASAHI_CMD_COMPUTE, 0);
static const struct drm_asahi_cmd_header barrier_self =
	BARRIERS(DRM_ASAHI_BARRIER_NONE, 1, DRM_ASAHI_CMD_COMPUTE, 0);
static const struct drm_asahi_cmd_header barrier_vdm_none_yet[2] = {
	HEADER(DRM_ASAHI_CMD_COMPUTE, 0),
	BARRIERS(1, DRM_ASAHI_BARRIER_NONE, DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header barrier_previous[2] = {
	HEADER(DRM_ASAHI_CMD_COMPUTE, 0),
	BARRIERS(DRM_ASAHI_BARRIER_NONE, 1, DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header barrier_too_high[2] = {
	HEADER(DRM_ASAHI_CMD_COMPUTE, 0),
	BARRIERS(DRM_ASAHI_BARRIER_NONE, 2, DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header barrier_max[1] = {
	BARRIERS(DRM_ASAHI_BARRIER_NONE, 0xfffe, DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct drm_asahi_cmd_header barrier_on_attachments[2] = {
	BARRIERS(0, DRM_ASAHI_BARRIER_NONE, DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, 0),
	HEADER(DRM_ASAHI_CMD_COMPUTE, 0)};
static const struct {
	struct render render;
	struct drm_asahi_cmd_header compute;
} barrier_on_render = {.render = {.header = RENDER_HEADER, .render = {GOOD_RENDER}},
		       .compute = BARRIERS(1, DRM_ASAHI_BARRIER_NONE, DRM_ASAHI_CMD_COMPUTE, 0)};

#define ATTACHMENTS(n)                               \
	struct {                                     \
		struct drm_asahi_cmd_header set;     \
		struct drm_asahi_attachment list[n]; \
		struct drm_asahi_cmd_header run;     \
	}
#define SET_COMPUTE(bytes) HEADER(DRM_ASAHI_SET_COMPUTE_ATTACHMENTS, bytes)
#define RUN_COMPUTE        HEADER(DRM_ASAHI_CMD_COMPUTE, 0)

static const ATTACHMENTS(16) attachments_16 = {
	.set = SET_COMPUTE(16 * 24),
	.list = {[0 ... 15] = {.pointer = ADDR, .size = PAGE}},
	.run = RUN_COMPUTE};
static const ATTACHMENTS(17) attachments_17 = {.set = SET_COMPUTE(17 * 24), .run = RUN_COMPUTE};
static const ATTACHMENTS(1) attachment_flags = {
	.set = SET_COMPUTE(24), .list = {{.flags = 1}}, .run = RUN_COMPUTE};
static const ATTACHMENTS(1) attachment_pad = {
	.set = SET_COMPUTE(24), .list = {{.pad = 1}}, .run = RUN_COMPUTE};
static const ATTACHMENTS(1) attachment_largest = {
	.set = SET_COMPUTE(24), .list = {{.size = 0xffffffffull << 7}}, .run = RUN_COMPUTE};
static const ATTACHMENTS(1) attachment_too_large = {
	.set = SET_COMPUTE(24), .list = {{.size = (0xffffffffull << 7) + 1}}, .run = RUN_COMPUTE};
static const ATTACHMENTS(1) attachment_size_max = {
	.set = SET_COMPUTE(24), .list = {{.size = UINT64_MAX}}, .run = RUN_COMPUTE};
static const struct {
	struct drm_asahi_cmd_header run, set;
	uint8_t rest[20];
} attachment_part = {.run = RUN_COMPUTE, .set = SET_COMPUTE(20)};
static const struct {
	struct drm_asahi_cmd_header run, set;
	uint64_t rest;
} attachment_cut = {.run = RUN_COMPUTE, .set = SET_COMPUTE(24)};

static const struct uapi_case cmdbuf[] = {
	CMDBUF("cmdbuf-compute", 0, one_compute),
	CMDBUF("cmdbuf-short-compute", 0, short_compute),
	CMDBUF("cmdbuf-short-render", -EINVAL, short_render), /* no dimensions */
	CMDBUF("cmdbuf-cut-header", -EINVAL, cut_header),
	CMDBUF("cmdbuf-cut-payload", -EINVAL, cut_payload),
	CMDBUF("cmdbuf-unknown-type", -EINVAL, unknown_type),
	CMDBUF("cmdbuf-unknown-type-first", -EINVAL, unknown_and_good),
	CMDBUF("cmdbuf-long-compute", 0, long_compute),
	CMDBUF("cmdbuf-long-compute-tail", -EINVAL, long_compute_tail),
	CMDBUF("cmdbuf-long-compute-next", 0, long_compute_then_next),
	CMDBUF("cmdbuf-64-commands", 0, cmds_64),
	CMDBUF("cmdbuf-65-commands", -EINVAL, cmds_65),
	CMDBUF("cmdbuf-software-commands-do-not-count", 0, software_do_not_count),
	CMDBUF("cmdbuf-attachments-only", -EINVAL, attachments_only),
	CMDBUF("cmdbuf-count-before-content", -EINVAL, too_many_before_unknown),
	CMDBUF("barrier-idle", 0, barrier_idle),
	CMDBUF("barrier-self", -EINVAL, barrier_self),
	CMDBUF("barrier-other-subqueue", -EINVAL, barrier_vdm_none_yet),
	CMDBUF("barrier-previous", 0, barrier_previous),
	CMDBUF("barrier-too-high", -EINVAL, barrier_too_high),
	CMDBUF("barrier-fffe", -EINVAL, barrier_max),
	CMDBUF("barrier-on-attachments", -EINVAL, barrier_on_attachments),
	CMDBUF("barrier-on-render", 0, barrier_on_render),
	CMDBUF("attachments-16", 0, attachments_16),
	CMDBUF("attachments-17", -EINVAL, attachments_17),
	CMDBUF("attachment-flags", -EINVAL, attachment_flags),
	CMDBUF("attachment-pad", -EINVAL, attachment_pad),
	CMDBUF("attachment-largest", 0, attachment_largest),
	CMDBUF("attachment-too-large", -EINVAL, attachment_too_large),
	CMDBUF("attachment-size-max", -EINVAL, attachment_size_max),
	CMDBUF("attachment-part", -EINVAL, attachment_part),
	CMDBUF("attachment-cut", -EINVAL, attachment_cut),
	COMPUTE("compute-flags", -EINVAL, .flags = 1),
	COMPUTE("compute-unchecked", 0, .sampler_count = UINT32_MAX,
		.cdm_ctrl_stream_base = UINT64_MAX, .cdm_ctrl_stream_end = 1,
		.sampler_heap = UINT64_MAX),
	COMPUTE("compute-timestamps", 0,
		.ts = {.start = {.handle = UC_OBJECT}, .end = {.handle = UC_OBJECT, .offset = 8}}),
	COMPUTE("compute-timestamp-unaligned", 0,
		.ts = {.start = {.handle = UC_OBJECT, .offset = 13}}),
	COMPUTE("compute-timestamp-last", 0,
		.ts = {.end = {.handle = UC_OBJECT, .offset = PAGE - 8}}),
	COMPUTE("compute-timestamp-past", -ERANGE,
		.ts = {.end = {.handle = UC_OBJECT, .offset = PAGE - 7}}),
	COMPUTE("compute-timestamp-overflow", -EINVAL,
		.ts = {.end = {.handle = UC_OBJECT, .offset = UINT32_MAX - 6}}),
	COMPUTE("compute-timestamp-high", -ERANGE,
		.ts = {.end = {.handle = UC_OBJECT, .offset = UINT32_MAX - 8}}),
	COMPUTE("compute-timestamp-unknown", -ENOENT, .ts = {.start = {.handle = UC_BAD_HANDLE}}),
	COMPUTE("compute-timestamp-none", 0, .ts = {.start = {.handle = 0, .offset = UINT32_MAX}}),
	COMPUTE("compute-flags-before-timestamp", -EINVAL, .flags = 1,
		.ts = {.start = {.handle = UC_BAD_HANDLE}}),
	RENDER("render", 0, .flags = 0),
	RENDER("render-flags-all", 0,
	       .flags = DRM_ASAHI_RENDER_VERTEX_SCRATCH | DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES |
			DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING | DRM_ASAHI_RENDER_DBIAS_IS_INT),
	RENDER("render-flags", -EINVAL, .flags = 1u << 3),
	RENDER("render-flags-high", -EINVAL, .flags = 1u << 31),
	RENDER("render-ts-vtx-start", -ENOENT, .ts_vtx = {.start = {.handle = UC_BAD_HANDLE}}),
	RENDER("render-ts-vtx-end", -ENOENT, .ts_vtx = {.end = {.handle = UC_BAD_HANDLE}}),
	RENDER("render-ts-frag-start", -ENOENT, .ts_frag = {.start = {.handle = UC_BAD_HANDLE}}),
	RENDER("render-ts-frag-end", -ENOENT, .ts_frag = {.end = {.handle = UC_BAD_HANDLE}}),
	RENDER("render-ts-vtx-before-frag", -ERANGE,
	       .ts_vtx = {.end = {.handle = UC_OBJECT, .offset = PAGE}},
	       .ts_frag = {.start = {.handle = UC_BAD_HANDLE}}),
	RENDER("render-timestamps", 0, .ts_vtx = {{UC_OBJECT, 0}, {UC_OBJECT, 8}},
	       .ts_frag = {{UC_OBJECT, 16}, {UC_OBJECT, 24}}),
	RENDER("render-unchecked", 0, .vdm_ctrl_stream_base = UINT64_MAX, .zls_ctrl = UINT64_MAX,
	       .ppp_ctrl = UINT32_MAX, .sample_size_B = 255, .sampler_count = 0xffff),
};

/* Dimensions: a later initialiser of the same member must win, which -Woverride-init dislikes. */
#define DIMENSIONS(id, result, w, h, l, uw, uh, s)                      \
	CMDBUF(id, result,                                              \
	       ((const struct render){.header = RENDER_HEADER,          \
				      .render = {.width_px = w,         \
						 .height_px = h,        \
						 .layers = l,           \
						 .utile_width_px = uw,  \
						 .utile_height_px = uh, \
						 .samples = s}}))

static const struct render render_largest = {.header = RENDER_HEADER,
					     .render = {.width_px = 16384,
							.height_px = 16384,
							.layers = 1,
							.utile_width_px = 32,
							.utile_height_px = 32,
							.samples = 1}};

static const struct render render_deepest = {.header = RENDER_HEADER,
					     .render = {.width_px = 16,
							.height_px = 16,
							.layers = 2048,
							.utile_width_px = 32,
							.utile_height_px = 32,
							.samples = 1}};

static const struct uapi_case dimensions[] = {
	/* The tiled vertex buffer must be 256 MiB at least, more than half of the least window. */
	DIMENSIONS("render-largest-least-window", -ENOSPC, 16384, 16384, 1, 32, 32, 1),
	SUBMIT_ARG("render-largest", 0, render_largest, NULL, 0, .queue_id = UC_OTHER_QUEUE,
		   .cmdbuf_size = sizeof(render_largest)),
	DIMENSIONS("render-smallest", 0, 1, 1, 1, 16, 16, 4),
	/* With many clusters more than the least window. */
	SUBMIT_ARG("render-layers-2048", 0, render_deepest, NULL, 0, .queue_id = UC_OTHER_QUEUE,
		   .cmdbuf_size = sizeof(render_deepest)),
	DIMENSIONS("render-width-0", -EINVAL, 0, 64, 1, 32, 32, 1),
	DIMENSIONS("render-height-0", -EINVAL, 64, 0, 1, 32, 32, 1),
	DIMENSIONS("render-width-16385", -EINVAL, 16385, 64, 1, 32, 32, 1),
	DIMENSIONS("render-height-16385", -EINVAL, 64, 16385, 1, 32, 32, 1),
	DIMENSIONS("render-layers-0", -EINVAL, 64, 64, 0, 32, 32, 1),
	DIMENSIONS("render-layers-2049", -EINVAL, 64, 64, 2049, 32, 32, 1),
	DIMENSIONS("render-utile-32x16", 0, 64, 64, 1, 32, 16, 1),
	DIMENSIONS("render-utile-16x16", 0, 64, 64, 1, 16, 16, 1),
	DIMENSIONS("render-utile-16x32", -EINVAL, 64, 64, 1, 16, 32, 1),
	DIMENSIONS("render-utile-0", -EINVAL, 64, 64, 1, 0, 0, 1),
	DIMENSIONS("render-utile-8x8", -EINVAL, 64, 64, 1, 8, 8, 1),
	DIMENSIONS("render-samples-2", 0, 64, 64, 1, 32, 32, 2),
	DIMENSIONS("render-samples-0", -EINVAL, 64, 64, 1, 32, 32, 0),
	DIMENSIONS("render-samples-3", -EINVAL, 64, 64, 1, 32, 32, 3),
	DIMENSIONS("render-samples-8", -EINVAL, 64, 64, 1, 32, 32, 8),
};

/* PRIME and the generic ioctls of a render node */

static const struct uapi_case generic[] = {
	CASE("prime-export-flags", PRIME_HANDLE_TO_FD, drm_prime_handle, -EINVAL, .handle = UC_BO,
	     .flags = 1),
	CASE("prime-export-unknown", PRIME_HANDLE_TO_FD, drm_prime_handle, -ENOENT,
	     .handle = UC_BAD_HANDLE),
	CASE("prime-export-0", PRIME_HANDLE_TO_FD, drm_prime_handle, -ENOENT, .handle = 0),
	CASE("prime-export-private", PRIME_HANDLE_TO_FD, drm_prime_handle, -EINVAL,
	     .handle = UC_PRIVATE),
	CASE("prime-import-closed", PRIME_FD_TO_HANDLE, drm_prime_handle, -EBADF, .fd = -1),
	CASE("cap-dumb", GET_CAP, drm_get_cap, -EOPNOTSUPP, .capability = DRM_CAP_DUMB_BUFFER),
	CASE("cap-unknown", GET_CAP, drm_get_cap, -EOPNOTSUPP, .capability = 0x1000),
	CASE("cap-0", GET_CAP, drm_get_cap, -EOPNOTSUPP, .capability = 0),
	CASE("cap-prime", GET_CAP, drm_get_cap, 0, .capability = DRM_CAP_PRIME),
	CASE("flink", GEM_FLINK, drm_gem_flink, -EACCES, .handle = UC_BO),
	CASE("gem-open", GEM_OPEN, drm_gem_open, -EACCES, .name = 1),
	CASE("set-client-cap", SET_CLIENT_CAP, drm_set_client_cap, -EACCES, .capability = 1),
	CASE("get-client", GET_CLIENT, drm_client, -EACCES, .idx = 0),
	CASE("get-magic", GET_MAGIC, drm_auth, -EACCES, .magic = 0),
	CASE("auth-magic", AUTH_MAGIC, drm_auth, -EACCES, .magic = 1),
	CASE("get-unique", GET_UNIQUE, drm_unique, -EACCES, .unique_len = 0),
	CASE("set-version", SET_VERSION, drm_set_version, -EACCES, .drm_di_major = 1),
};

#define TABLE(table)                         \
	{                                    \
#table, table, LENGTH(table) \
	}

const struct uapi_table uapi_tables[] = {
	TABLE(get_params), TABLE(get_time), TABLE(vm_create),   TABLE(gem_create),
	TABLE(vm_bind_op), TABLE(vm_bind),  TABLE(bind_object), TABLE(queue_create),
	TABLE(submit),     TABLE(cmdbuf),   TABLE(dimensions),  TABLE(generic),
	{NULL, NULL, 0},
};

static long call(const struct uapi_env *env, unsigned long request, void *arg)
{
	return env->target->ioctl(env->target->ctx, request, arg);
}

static long make_bo(const struct uapi_env *env, uint32_t vm, uint32_t *handle)
{
	struct drm_asahi_gem_create args = {
		.size = BO_SIZE,
		.flags = vm ? DRM_ASAHI_GEM_VM_PRIVATE : 0,
		.vm_id = vm,
	};
	long ret = call(env, DRM_IOCTL_ASAHI_GEM_CREATE, &args);

	*handle = args.handle;
	return ret;
}

static long make_vm(const struct uapi_env *env, uint64_t window_end, uint32_t *vm)
{
	struct drm_asahi_vm_create args = {.kernel_start = UC_KERNEL_START,
					   .kernel_end = window_end};
	long ret = call(env, DRM_IOCTL_ASAHI_VM_CREATE, &args);

	*vm = args.vm_id;
	return ret;
}

static long make_syncobj(const struct uapi_env *env, uint32_t flags, uint32_t *handle)
{
	struct drm_syncobj_create args = {.flags = flags};
	long ret = call(env, DRM_IOCTL_SYNCOBJ_CREATE, &args);

	*handle = args.handle;
	return ret;
}

static long signal_point(const struct uapi_env *env, uint32_t handle, uint64_t point)
{
	struct drm_syncobj_timeline_array args = {
		.handles = (uintptr_t)&handle, .points = (uintptr_t)&point, .count_handles = 1};

	return call(env, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &args);
}

static long export_syncobj(const struct uapi_env *env, uint32_t handle, uint32_t flags, int *fd)
{
	struct drm_syncobj_handle args = {.handle = handle, .flags = flags, .fd = -1};
	long ret = call(env, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &args);

	*fd = ret ? -1 : args.fd;
	return ret;
}

static long make_descriptors(struct uapi_env *env)
{
	struct drm_prime_handle prime = {.handle = env->bo, .flags = DRM_CLOEXEC | DRM_RDWR};
	long ret = call(env, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);

	if (ret)
		return ret;
	env->dmabuf = prime.fd;
	ret = export_syncobj(env, env->syncobj, 0, &env->syncobj_fd);
	if (!ret)
		ret = export_syncobj(env, env->syncobj,
				     DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
				     &env->sync_file);
	if (ret)
		return ret;
	env->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return env->eventfd < 0 ? -errno : 0;
}

void uapi_env_finish(struct uapi_env *env)
{
	int *fds[] = {&env->dmabuf, &env->syncobj_fd, &env->sync_file};
	size_t i;

	for (i = 0; i < LENGTH(fds); i++) {
		if (*fds[i] >= 0)
			env->target->close(env->target->ctx, *fds[i]);
		*fds[i] = -1;
	}
	if (env->eventfd >= 0)
		close(env->eventfd);
	env->eventfd = -1;
}

long uapi_env_init(struct uapi_env *env, const struct uapi_target *target)
{
	struct drm_asahi_gem_bind_object object = {.flags = TIMESTAMPS, .range = PAGE};
	struct drm_asahi_queue_create queue = {.priority = DRM_ASAHI_PRIORITY_MEDIUM};
	long ret;

	memset(env, 0, sizeof(*env));
	env->target = target;
	env->dmabuf = env->syncobj_fd = env->sync_file = env->eventfd = -1;
	ret = make_vm(env, UC_KERNEL_END, &env->vm);
	if (!ret)
		ret = make_vm(env, UC_OTHER_KERNEL_END, &env->other_vm);
	if (!ret)
		ret = make_bo(env, 0, &env->bo);
	if (!ret)
		ret = make_bo(env, env->vm, &env->private_bo);
	if (!ret)
		ret = make_bo(env, env->other_vm, &env->foreign_bo);
	if (!ret)
		ret = make_syncobj(env, DRM_SYNCOBJ_CREATE_SIGNALED, &env->syncobj);
	if (!ret)
		ret = make_syncobj(env, 0, &env->empty);
	if (!ret)
		ret = make_syncobj(env, 0, &env->timeline);
	if (!ret)
		ret = signal_point(env, env->timeline, 2);
	if (!ret)
		ret = signal_point(env, env->timeline, 5);
	if (ret)
		return ret;

	object.handle = env->bo;
	ret = call(env, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &object);
	if (ret)
		return ret;
	env->object = object.object_handle;

	queue.vm_id = env->vm;
	ret = call(env, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue);
	env->queue = queue.queue_id;
	if (ret)
		return ret;
	queue.vm_id = env->other_vm;
	ret = call(env, DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue);
	env->other_queue = queue.queue_id;
	return ret ? ret : make_descriptors(env);
}

static uint32_t substitute(const struct uapi_env *env, uint32_t value)
{
	switch (value) {
	case UC_VM:
		return env->vm;
	case UC_OTHER_VM:
		return env->other_vm;
	case UC_BO:
		return env->bo;
	case UC_PRIVATE:
		return env->private_bo;
	case UC_FOREIGN:
		return env->foreign_bo;
	case UC_OBJECT:
		return env->object;
	case UC_QUEUE:
		return env->queue;
	case UC_OTHER_QUEUE:
		return env->other_queue;
	case UC_SYNCOBJ:
		return env->syncobj;
	case UC_EMPTY:
		return env->empty;
	case UC_TIMELINE:
		return env->timeline;
	case UC_DMABUF:
		return (uint32_t)env->dmabuf;
	case UC_SYNCOBJ_FD:
		return (uint32_t)env->syncobj_fd;
	case UC_SYNC_FILE:
		return (uint32_t)env->sync_file;
	case UC_EVENTFD:
		return (uint32_t)env->eventfd;
	default:
		return value;
	}
}

static void *copy(const struct uapi_env *env, const void *data, uint32_t size)
{
	uint32_t *words = malloc(size), i;

	if (!words)
		abort();
	memcpy(words, data, size);
	for (i = 0; i < size / 4; i++)
		words[i] = substitute(env, words[i]);
	return words;
}

static bool output_is_right(const struct uapi_env *env, const struct uapi_out *out,
			    const void *data)
{
	uint64_t want = out->size == 4 ? substitute(env, (uint32_t)out->value) : out->value;
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)data + out->at, out->size);
	return value == want;
}

long uapi_case_run(const struct uapi_env *env, const struct uapi_case *test)
{
	uint8_t *buffers[3] = {copy(env, test->arg, test->size)};
	long ret;
	int i;

	for (i = 0; i < 2; i++) {
		const struct uapi_payload *payload = &test->payloads[i];
		uint64_t address;

		if (!payload->data)
			continue;
		buffers[1 + i] = copy(env, payload->data, payload->size);
		address = (uintptr_t)buffers[1 + i];
		memcpy(buffers[0] + payload->at, &address, sizeof(address));
	}
	ret = call(env, test->request, buffers[0]);
	if (!ret && !test->expect && test->out.size &&
	    !output_is_right(env, &test->out, buffers[test->out.where]))
		ret = UAPI_WRONG_OUTPUT;
	for (i = 0; i < 3; i++)
		free(buffers[i]);
	return ret;
}
