// SPDX-License-Identifier: MIT
/* The generic part of an ioctl: numbers, sizes, permissions, version, capabilities, parameters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agx_soc.h"
#include "drm_compat.h"
#include "fixture.h"

static void the_version_names_the_driver(void **state)
{
	char name[16] = "", date[16] = "", desc[64] = "";
	struct drm_version version = {0};
	struct fixture f;

	fixture_init(&f, NULL);
	/* As libdrm does it: lengths first. */
	assert_int_equal(call(f.file, DRM_IOCTL_VERSION, &version), 0);
	assert_int_equal(version.name_len, 5);
	assert_int_equal(version.date_len, 1);
	assert_int_equal(version.desc_len, 18);
	version.name = name;
	version.date = date;
	version.desc = desc;
	assert_int_equal(call(f.file, DRM_IOCTL_VERSION, &version), 0);
	assert_string_equal(name, "asahi");
	assert_string_equal(date, "0");
	assert_string_equal(desc, "Apple AGX Graphics");

	/* No more than there is room for, and no terminator. */
	memset(name, 'x', sizeof(name));
	version = (struct drm_version){.name = name, .name_len = 3};
	assert_int_equal(call(f.file, DRM_IOCTL_VERSION, &version), 0);
	assert_memory_equal(name, "asaxxx", 6);
	assert_int_equal(version.name_len, 5);
	assert_int_equal(version.version_major, 0);

	version = (struct drm_version){.name = (char *)8, .name_len = 3};
	assert_int_equal(call(f.file, DRM_IOCTL_VERSION, &version), -EFAULT);
	fixture_finish(&f);
}

static void capabilities_are_those_of_a_render_driver(void **state)
{
	static const struct {
		uint64_t capability, value;
		long result;
	} caps[] = {
		{DRM_CAP_PRIME, DRM_PRIME_CAP_IMPORT | DRM_PRIME_CAP_EXPORT, 0},
		{DRM_CAP_TIMESTAMP_MONOTONIC, 1, 0},
		{DRM_CAP_SYNCOBJ, 1, 0},
		{DRM_CAP_SYNCOBJ_TIMELINE, 1, 0},
		{DRM_CAP_DUMB_BUFFER, 0, -EOPNOTSUPP},
		{DRM_CAP_ADDFB2_MODIFIERS, 0, -EOPNOTSUPP},
		{DRM_CAP_CURSOR_WIDTH, 0, -EOPNOTSUPP},
	};
	struct fixture f;
	size_t i;

	fixture_init(&f, NULL);
	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct drm_get_cap cap = {.capability = caps[i].capability, .value = 99};

		assert_int_equal(call(f.file, DRM_IOCTL_GET_CAP, &cap), caps[i].result);
		assert_int_equal(cap.value, caps[i].value); /* also set on failure */
	}
	fixture_finish(&f);
}

static void unknown_ioctls_are_told_apart(void **state)
{
	struct agx_node_stats stats;
	uint64_t arg[64] = {0};
	struct fixture f;

	fixture_init(&f, NULL);
	/* A number that nobody has, a driver's number beyond the last, a legacy one: EINVAL. */
	assert_int_equal(call(f.file, DRM_IOWR(0xff, uint64_t), arg), -EINVAL);
	assert_int_equal(call(f.file, DRM_IOWR(DRM_COMMAND_BASE + 11, uint64_t), arg), -EINVAL);
	assert_int_equal(call(f.file, DRM_IOCTL_IRQ_BUSID, arg), -EINVAL);
	/* Not DRM's at all. */
	assert_int_equal(call(f.file, 0x5401, arg), -ENOTTY);
	assert_int_equal(call(f.file, 0, arg), -ENOTTY);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.unknown_ioctls, 5);
	/* Known, but for display or legacy nodes. */
	assert_int_equal(call(f.file, DRM_IOCTL_MODE_GETRESOURCES, arg), -EACCES);
	assert_int_equal(call(f.file, DRM_IOCTL_MODE_CREATE_DUMB, arg), -EACCES);
	assert_int_equal(call(f.file, DRM_IOCTL_SET_MASTER, arg), -EACCES);
	assert_int_equal(call(f.file, DRM_IOCTL_WAIT_VBLANK, arg), -EACCES);
	agx_node_stats(f.node, &stats);
	assert_int_equal(stats.unknown_ioctls, 5);
	fixture_finish(&f);
}

/* Requests with a high half, as from a caller that sign-extends an int, are the same requests. */
static void only_32_bits_of_the_request_count(void **state)
{
	struct drm_get_cap cap = {.capability = DRM_CAP_PRIME};
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(call(f.file, 0xffffffff00000000ul | DRM_IOCTL_GET_CAP, &cap), 0);
	assert_int_equal(cap.value, 3);
	fixture_finish(&f);
}

/* A structure that ends right before an inaccessible page: no byte outside it is touched. */
static void *before_a_hole(size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * (size_t)page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	assert_int_equal(munmap(map + page, (size_t)page), 0);
	return map + page - size;
}

#define RESIZED(request, size) _IOC(_IOC_DIR(request), _IOC_TYPE(request), _IOC_NR(request), size)

static void shorter_arguments_are_completed_with_zeros(void **state)
{
	struct fixture f;
	uint64_t *size;
	uint32_t *ids;

	fixture_init(&f, NULL);
	/* GEM_CREATE with the size alone: flags and vm_id read as 0; no room for the handle. */
	size = before_a_hole(8);
	*size = PAGE;
	assert_int_equal(call(f.file, RESIZED(DRM_IOCTL_ASAHI_GEM_CREATE, 8), size), 0);
	assert_int_equal(*size, PAGE);
	close_bo(f.file, 1);

	ids = before_a_hole(4);
	*ids = make_vm(f.file);
	assert_int_equal(call(f.file, RESIZED(DRM_IOCTL_ASAHI_VM_DESTROY, 4), ids), 0);

	/* Nothing is copied at all. */
	assert_int_equal(call(f.file, RESIZED(DRM_IOCTL_ASAHI_GEM_CREATE, 0), NULL), -EINVAL);
	fixture_finish(&f);
}

static void longer_arguments_are_good(void **state)
{
	struct {
		struct drm_asahi_gem_create args;
		uint64_t tail[40];
	} create = {.args = {.size = PAGE}, .tail = {[39] = 0x1234}};
	struct drm_asahi_gem_create *cut;
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(call(f.file, RESIZED(DRM_IOCTL_ASAHI_GEM_CREATE, sizeof(create)), &create),
			 0);
	assert_int_equal(create.args.handle, 1);
	assert_int_equal(create.tail[39], 0x1234);

	cut = (void *)8;
	assert_int_equal(call(f.file, RESIZED(DRM_IOCTL_ASAHI_GEM_CREATE, 16383), cut), -EFAULT);
	fixture_finish(&f);
}

/* A caller that does not ask for the result does not get it. */
static void directions_are_honoured(void **state)
{
	struct drm_asahi_gem_create args = {.size = PAGE};
	struct fixture f;

	fixture_init(&f, NULL);
	assert_int_equal(
		call(f.file,
		     _IOC(_IOC_WRITE, 'd', _IOC_NR(DRM_IOCTL_ASAHI_GEM_CREATE), sizeof(args)),
		     &args),
		0);
	assert_int_equal(args.handle, 0);
	/* Read only: the argument is all zeros, whose size is refused. */
	assert_int_equal(
		call(f.file,
		     _IOC(_IOC_READ, 'd', _IOC_NR(DRM_IOCTL_ASAHI_GEM_CREATE), sizeof(args)),
		     &args),
		-EINVAL);
	fixture_finish(&f);
}

static void client_names_are_checked(void **state)
{
	static const struct {
		const char *name;
		uint64_t len;
		long result;
	} names[] = {
		{"weston", 6, 0},
		{"", 0, 0},
		{"a-name-of-64-bytes-0123456789012345678901234567890123456789-full", 64, 0},
		{"a-name-of-65-bytes-0123456789012345678901234567890123456789-full!", 65, -EINVAL},
		{"a b", 3, -EINVAL},
		{"a\nb", 3, -EINVAL},
		{"a\0b", 3, -EINVAL},
		{"a\x80", 2, -EINVAL},
		{"a\x7f", 2, -EINVAL},
	};
	struct drm_set_client_name args;
	struct fixture f;
	size_t i;

	fixture_init(&f, NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		args.name = (uintptr_t)names[i].name;
		args.name_len = names[i].len;
		assert_int_equal(call(f.file, DRM_IOCTL_SET_CLIENT_NAME, &args), names[i].result);
	}
	args.name = 16;
	args.name_len = 4;
	assert_int_equal(call(f.file, DRM_IOCTL_SET_CLIENT_NAME, &args), -EFAULT);
	args.name_len = UINT64_MAX;
	assert_int_equal(call(f.file, DRM_IOCTL_SET_CLIENT_NAME, &args), -EINVAL);
	fixture_finish(&f);
}

static void parameters_are_those_of_the_soc(void **state)
{
	static const struct {
		const char *gpu;
		uint32_t chip, generation, variant, revision, dies, clusters, cores, active;
	} socs[] = {
		{NULL, 0x8103, 13, 'G', 0x11, 1, 1, 8, 8},
		{"t8103", 0x8103, 13, 'G', 0x11, 1, 1, 8, 8},
		{"t8112", 0x8112, 14, 'G', 0x10, 1, 1, 10, 10},
		{"t6000", 0x6000, 13, 'S', 0x20, 1, 2, 8, 16},
		{"t6001", 0x6001, 13, 'C', 0x20, 1, 4, 8, 32},
		{"t6002", 0x6002, 13, 'D', 0x20, 2, 8, 8, 64},
		{"t6020", 0x6020, 14, 'S', 0x11, 1, 2, 10, 19},
		{"t6021", 0x6021, 14, 'C', 0x11, 1, 4, 10, 38},
		{"t6022", 0x6022, 14, 'D', 0x11, 2, 8, 10, 76},
	};
	size_t i, j;

	for (i = 0; i < sizeof(socs) / sizeof(socs[0]); i++) {
		struct agx_node_config config = {.gpu = socs[i].gpu, .single_step = true};
		struct drm_asahi_params_global params;
		struct drm_asahi_get_params args = {.pointer = (uintptr_t)&params,
						    .size = sizeof(params)};
		struct fixture f;
		uint32_t active = 0;

		fixture_init(&f, &config);
		memset(&params, 0xff, sizeof(params));
		assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_PARAMS, &args), 0);
		assert_int_equal(params.features, DRM_ASAHI_FEATURE_SOFT_FAULTS);
		assert_int_equal(params.chip_id, socs[i].chip);
		assert_int_equal(params.gpu_generation, socs[i].generation);
		assert_int_equal(params.gpu_variant, socs[i].variant);
		assert_int_equal(params.gpu_revision, socs[i].revision);
		assert_int_equal(params.num_dies, socs[i].dies);
		assert_int_equal(params.num_clusters_total, socs[i].clusters);
		assert_int_equal(params.num_cores_per_cluster, socs[i].cores);
		for (j = 0; j < DRM_ASAHI_MAX_CLUSTERS; j++) {
			active += (uint32_t)__builtin_popcountll(params.core_masks[j]);
			assert_int_equal(params.core_masks[j] >> socs[i].cores, 0);
			assert_int_equal(!params.core_masks[j], j >= socs[i].clusters);
		}
		assert_int_equal(active, socs[i].active);
		assert_int_equal(params.vm_start, 0x4000);
		assert_int_equal(params.vm_end, 0x7fffff8000);
		assert_int_equal(params.vm_kernel_min_size, 0x20000000);
		assert_int_equal(params.max_commands_per_submission, 64);
		assert_int_equal(params.max_attachments, 16);
		assert_int_equal(params.max_frequency_khz, 1000000);
		assert_int_equal(params.command_timestamp_frequency_hz, 1000000000);
		fixture_finish(&f);
	}
	assert_null(agx_soc_get(8));
	assert_null(agx_soc_find("t810"));
	assert_null(agx_soc_find("t81033"));
	assert_null(agx_soc_find(""));
}

static void parameters_fill_no_more_than_asked(void **state)
{
	uint8_t data[1024];
	struct drm_asahi_get_params args = {.pointer = (uintptr_t)data, .size = 12};
	struct fixture f;

	fixture_init(&f, NULL);
	memset(data, 0xee, sizeof(data));
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_PARAMS, &args), 0);
	assert_int_equal(data[8], 13);
	assert_int_equal(data[12], 0xee);
	args.size = sizeof(data);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_PARAMS, &args), 0);
	assert_int_equal(data[592], 0xee);
	args.size = UINT64_MAX;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_PARAMS, &args), 0);
	assert_int_equal(data[592], 0xee);
	fixture_finish(&f);
}

static uint64_t clock_42(void *data)
{
	return *(uint64_t *)data;
}

static void time_comes_from_the_given_clock(void **state)
{
	uint64_t time = 42000;
	struct agx_node_config config = {.single_step = true, .now = clock_42, .now_data = &time};
	struct drm_asahi_get_time args = {0};
	struct fixture f;

	fixture_init(&f, &config);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_TIME, &args), 0);
	assert_int_equal(args.gpu_timestamp, 42000);
	time++;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_TIME, &args), 0);
	assert_int_equal(args.gpu_timestamp, 42000);
	/* The GPU's clock has 24 MHz. */
	time += 41;
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_GET_TIME, &args), 0);
	assert_int_equal(args.gpu_timestamp, 42041);
	fixture_finish(&f);
}

static void keep_line(void *data, enum agx_node_log_level level, const char *message)
{
	snprintf(data, 256, "%d %s", level, message);
}

static void refusals_say_why(void **state)
{
	char line[256] = "";
	struct agx_node_config config = {.single_step = true, .log = keep_line, .log_data = line};
	struct drm_asahi_queue_create args = {.vm_id = 77};
	struct fixture f;

	fixture_init(&f, &config);
	assert_int_equal(call(f.file, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args), -ENOENT);
	assert_string_equal(line, "2 ASAHI_QUEUE_CREATE: vm_id: expected a VM of this file, got "
				  "0x4d (ENOENT)");
	assert_int_equal(call(f.file, DRM_IOWR(0xfe, uint64_t), &args), -EINVAL);
	assert_memory_equal(line, "1 unknown ioctl 0xc00864fe", 26);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_version_names_the_driver),
		cmocka_unit_test(capabilities_are_those_of_a_render_driver),
		cmocka_unit_test(unknown_ioctls_are_told_apart),
		cmocka_unit_test(only_32_bits_of_the_request_count),
		cmocka_unit_test(shorter_arguments_are_completed_with_zeros),
		cmocka_unit_test(longer_arguments_are_good),
		cmocka_unit_test(directions_are_honoured),
		cmocka_unit_test(client_names_are_checked),
		cmocka_unit_test(parameters_are_those_of_the_soc),
		cmocka_unit_test(parameters_fill_no_more_than_asked),
		cmocka_unit_test(time_comes_from_the_given_clock),
		cmocka_unit_test(refusals_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
