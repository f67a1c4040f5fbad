// SPDX-License-Identifier: MIT
/* Devices through the shared library: names, parameters, errors, lists, threads, monitor. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <agx/base.h>
#include <agx/buffer.h>
#include <agx/device.h>
#include <agx/vm.h>

#include "agx_soc.h"
#include "asahi_drm.h"

struct heard {
	unsigned int count[4];
	char last[4][512];
};

static void hear(void *data, enum agx_log_level level, const char *message)
{
	struct heard *heard = data;

	heard->count[level]++;
	snprintf(heard->last[level], sizeof(heard->last[level]), "%s", message);
}

static int setup(void **state)
{
	struct agx_context *ctx;

	unsetenv("AGX_DEVICE");
	unsetenv("AGX_VIRTUAL_MODULE");
	if (agx_context_create(NULL, &ctx))
		return -1;
	*state = ctx;
	return 0;
}

static int teardown(void **state)
{
	agx_context_destroy(*state);
	return 0;
}

static void assert_says(struct agx_context *ctx, const char *part)
{
	if (!strstr(agx_error(ctx), part))
		fail_msg("\"%s\" expected in: %s", part, agx_error(ctx));
}

static void assert_params(const struct agx_device_params *p, const struct agx_soc *soc)
{
	struct drm_asahi_params_global expected = {0};
	unsigned int cores = 0;

	agx_soc_params(soc, 0, &expected);
	assert_string_equal(p->name, soc->name);
	assert_string_equal(p->product, soc->product);
	assert_int_equal(p->chip_id, expected.chip_id);
	assert_int_equal(p->generation, expected.gpu_generation);
	assert_int_equal(p->variant, expected.gpu_variant);
	assert_int_equal(p->revision, expected.gpu_revision);
	assert_int_equal(p->dies, expected.num_dies);
	assert_int_equal(p->clusters, expected.num_clusters_total);
	assert_int_equal(p->cores_per_cluster, expected.num_cores_per_cluster);
	for (unsigned int i = 0; i < AGX_MAX_CLUSTERS; i++) {
		assert_int_equal(p->core_masks[i], expected.core_masks[i]);
		cores += (unsigned int)__builtin_popcountll(expected.core_masks[i]);
	}
	assert_int_equal(p->cores, cores);
	assert_int_equal(p->max_frequency_khz, expected.max_frequency_khz);
	assert_int_equal(p->va_start, expected.vm_start);
	assert_int_equal(p->va_end, expected.vm_end);
	assert_int_equal(p->kernel_range, expected.vm_kernel_min_size);
	assert_int_equal(p->max_commands, expected.max_commands_per_submission);
	assert_int_equal(p->max_attachments, expected.max_attachments);
	assert_int_equal(p->timestamp_hz, expected.command_timestamp_frequency_hz);
}

static void every_gpu_opens_with_its_parameters(void **state)
{
	const struct agx_soc *soc;
	struct agx_device *device;
	unsigned int i;

	for (i = 0; (soc = agx_soc_get(i)); i++) {
		assert_int_equal(agx_device_open(*state, soc->name, &device), 0);
		assert_params(agx_device_params(device), soc);
		assert_true(agx_device_is_virtual(device));
		assert_int_equal(agx_device_fd(device), -1);
		agx_device_close(device);
	}
	assert_true(i > 0);
	assert_string_equal(agx_error(*state), "");
}

static void names_mean_devices(void **state)
{
	static const struct {
		const char *name, *soc;
	} good[] = {
		{"virtual", "t8103"},    {"virtual@13.5", "t8103"}, {"t8103@12.3", "t8103"},
		{"t8103@13.5", "t8103"}, {"t6021@13.5", "t6021"},
	};
	struct agx_device *device;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(agx_device_open(*state, good[i].name, &device), 0);
		assert_string_equal(agx_device_params(device)->name, good[i].soc);
		agx_device_close(device);
	}
}

static void wrong_names_are_refused(void **state)
{
	static const struct {
		const char *name, *says;
		int error;
	} bad[] = {
		{"", "got \"\"", -ENODEV},
		{"t9999", "t8103, t8112", -ENODEV},
		{"T8103", "t8103, t8112", -ENODEV},
		{"virtual0", "got \"virtual0\"", -ENODEV},
		{"@", "device \"@\"", -ENODEV},
		{"@13.5", "got \"\"", -ENODEV},
		{"virtual@", "12.3, 13.5", -EINVAL},
		{"t8103@9.9", "no firmware \"9.9\"", -EINVAL},
		{"t8103@13.5@13.5", "no firmware", -EINVAL},
		{"t8103@13.5 ", "no firmware", -EINVAL},
		{"/dev/null", "DRM node", -ENODEV},
		{"/", "device \"/\"", -EISDIR},
		{"/nonexistent/node", "No such file", -ENODEV},
		{"renderD", "/dev/dri/renderD", -ENODEV},
		{"renderD9999", "/dev/dri/renderD9999", -ENODEV},
		{"renderD_of_a_name_that_is_longer_than_names_of_nodes_are", "", -ENODEV},
	};
	struct agx_device *device;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		device = (struct agx_device *)1;
		assert_int_equal(agx_device_open(*state, bad[i].name, &device), bad[i].error);
		assert_null(device);
		assert_says(*state, bad[i].says);
	}
}

/* Whatever the bytes are: a device or a sentence, no crash, and the right answer behind it. */
static void random_names_do_no_harm(void **state)
{
	static const char *const parts[] = {"t8103",       "t60", "virtual", "@",      "13.5",
					    "12.",         "..",  "%s%n",    " ",      "\xff",
					    "x",           "\t",  "0",       "999999", "renderD",
					    "99999999999", "\n",  "@@",      "-",      "\x01"};
	struct agx_device *device;
	uint32_t random = 1;
	char name[512];

	for (unsigned int i = 0; i < 4000; i++) {
		name[0] = '\0';
		for (unsigned int k = 0; k <= i % 24; k++) {
			random = random * 1664525 + 1013904223;
			strcat(name, parts[(random >> 16) % (sizeof(parts) / sizeof(parts[0]))]);
		}
		if (agx_device_open(*state, name, &device)) {
			assert_null(device);
			assert_true(agx_error(*state)[0]);
			continue;
		}
		assert_non_null(agx_device_params(device));
		agx_device_close(device);
	}
	assert_int_equal(agx_device_open(*state, "t8112", &device), 0);
	assert_string_equal(agx_device_params(device)->product, "M2");
	agx_device_close(device);
}

static void the_environment_names_the_default(void **state)
{
	struct agx_device *device;

	setenv("AGX_DEVICE", "t6001@13.5", 1);
	assert_int_equal(agx_device_open(*state, NULL, &device), 0);
	assert_string_equal(agx_device_params(device)->name, "t6001");
	agx_device_close(device);

	/* A name that is given counts more. */
	assert_int_equal(agx_device_open(*state, "t8112", &device), 0);
	assert_string_equal(agx_device_params(device)->name, "t8112");
	agx_device_close(device);

	setenv("AGX_DEVICE", "nonsense", 1);
	assert_int_equal(agx_device_open(*state, NULL, &device), -ENODEV);
	assert_says(*state, "AGX_DEVICE \"nonsense\"");
	unsetenv("AGX_DEVICE");
}

static void virtual_parameters_are_checked(void **state)
{
	struct agx_virtual_params params = {.gpu = "t8103", .firmware = "1.0"};
	struct agx_device *device;

	assert_int_equal(agx_device_open_virtual(*state, &params, &device), -EINVAL);
	assert_says(*state, "no firmware \"1.0\"");
	params = (struct agx_virtual_params){.gpu = "M1"};
	assert_int_equal(agx_device_open_virtual(*state, &params, &device), -ENODEV);
	assert_says(*state, "got \"M1\"");
	params = (struct agx_virtual_params){.memory = UINT64_MAX};
	assert_int_equal(agx_device_open_virtual(*state, &params, &device), -EINVAL);
	assert_says(*state, "18446744073709551615");
	params = (struct agx_virtual_params){
		.no_execution = true, .judge = true, .threads = 1000000, .memory = 64 << 20};
	assert_int_equal(agx_device_open_virtual(*state, &params, &device), 0);
	agx_device_close(device);
	assert_int_equal(agx_device_open_virtual(*state, NULL, &device), 0);
	agx_device_close(device);
}

static void a_missing_module_is_said(void **state)
{
	struct agx_device_entry entries[4];
	struct agx_device *device;

	setenv("AGX_VIRTUAL_MODULE", "/nonexistent/module.so", 1);
	assert_int_equal(agx_device_open(*state, "virtual", &device), -ENOSYS);
	assert_says(*state, "/nonexistent/module.so");
	/* The rest works: there just are no virtual GPUs. */
	for (int i = 0; i < agx_device_list(*state, entries, 4) && i < 4; i++)
		assert_int_equal(entries[i].kind, AGX_DEVICE_NODE);

	setenv("AGX_VIRTUAL_MODULE", "libm.so.6", 1);
	assert_int_equal(agx_device_open(*state, "virtual", &device), -ENOSYS);
	assert_says(*state, "does not export");

	setenv("AGX_VIRTUAL_MODULE", getenv("AGX_TEST_OTHER_MODULE"), 1);
	assert_int_equal(agx_device_open(*state, "virtual", &device), -ENOSYS);
	assert_says(*state, "another version");
	unsetenv("AGX_VIRTUAL_MODULE");
}

static void descriptors_are_looked_at(void **state)
{
	struct agx_device *device;
	int fds[2];

	assert_int_equal(agx_device_open_fd(*state, -1, &device), -EBADF);
	assert_says(*state, "descriptor -1");
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(agx_device_open_fd(*state, fds[0], &device), -ENODEV);
	assert_null(device);
	/* Still the caller's. */
	assert_int_equal(write(fds[1], "", 1), 1);
	close(fds[0]);
	close(fds[1]);
}

static void all_virtual_gpus_are_listed(void **state)
{
	struct agx_device_entry *entries, few[2];
	const struct agx_soc *soc;
	unsigned int first = 0, i;
	int count, some;

	count = agx_device_list(*state, NULL, 0);
	assert_true(count > 2);
	memset(few, 0x55, sizeof(few));
	some = agx_device_list(*state, few, 1);
	assert_int_equal(some, count);
	assert_int_equal(few[1].name[0], 0x55);
	entries = calloc((size_t)count, sizeof(*entries));
	assert_int_equal(agx_device_list(*state, entries, (unsigned int)count), count);
	while (entries[first].kind == AGX_DEVICE_NODE) {
		assert_int_equal(strncmp(entries[first].path, "/dev/dri/", 9), 0);
		first++;
	}
	for (i = 0; (soc = agx_soc_get(i)); i++) {
		assert_true((int)(first + i) < count);
		assert_int_equal(entries[first + i].kind, AGX_DEVICE_VIRTUAL);
		assert_string_equal(entries[first + i].name, soc->name);
		assert_string_equal(entries[first + i].product, soc->product);
		assert_string_equal(entries[first + i].path, "");
		assert_int_equal(entries[first + i].chip_id, soc->chip_id);
	}
	assert_int_equal(count, first + i);
	free(entries);
}

static void time_goes_on(void **state)
{
	struct agx_device *device;
	uint64_t first, second, hz;

	assert_int_equal(agx_device_open(*state, "virtual", &device), 0);
	assert_int_equal(agx_device_time(device, &first), 0);
	do {
		assert_int_equal(agx_device_time(device, &second), 0);
		assert_true(second >= first);
	} while (second == first);
	hz = agx_device_params(device)->timestamp_hz;
	assert_int_equal(agx_device_ticks_to_ns(device, 0), 0);
	assert_int_equal(agx_device_ticks_to_ns(device, hz), 1000000000);
	assert_int_equal(agx_device_ticks_to_ns(device, 500 * hz), 500000000000);
	/* Beyond 2^64 / 10^9 ticks. */
	assert_int_equal(agx_device_ticks_to_ns(device, hz * 18000000), 18000000ull * 1000000000);
	agx_device_close(device);
}

static void messages_reach_the_log(void **state)
{
	struct heard heard = {0};
	struct agx_context_params params = {
		.log = hear, .log_data = &heard, .level = AGX_LOG_DEBUG};
	struct agx_context *ctx;
	struct agx_device *device;

	assert_int_equal(agx_context_create(&params, &ctx), 0);
	assert_int_equal(agx_device_open(ctx, "t6002", &device), 0);
	assert_true(heard.count[AGX_LOG_INFO] > 0);
	assert_non_null(strstr(heard.last[AGX_LOG_INFO], "M1 Ultra"));
	assert_int_equal(agx_device_open(ctx, "nothing", &(struct agx_device *){NULL}), -ENODEV);
	assert_string_equal(heard.last[AGX_LOG_DEBUG], agx_error(ctx));
	agx_device_close(device);
	agx_context_destroy(ctx);

	/* Errors only: opening has nothing to say. */
	memset(&heard, 0, sizeof(heard));
	params.level = AGX_LOG_ERROR;
	assert_int_equal(agx_context_create(&params, &ctx), 0);
	assert_int_equal(agx_device_open(ctx, "nothing", &device), -ENODEV);
	assert_int_equal(heard.count[AGX_LOG_DEBUG] + heard.count[AGX_LOG_INFO], 0);
	agx_context_destroy(ctx);
}

static void errors_are_copied_and_cut(void **state)
{
	struct agx_device *device;
	char text[16], whole[512];
	size_t length;

	assert_int_equal(agx_device_open(*state, "nothing", &device), -ENODEV);
	length = agx_error_copy(*state, NULL, 0);
	assert_int_equal(length, strlen(agx_error(*state)));
	assert_int_equal(agx_error_copy(*state, text, sizeof(text)), length);
	assert_int_equal(strlen(text), sizeof(text) - 1);
	assert_memory_equal(text, agx_error(*state), sizeof(text) - 1);
	assert_int_equal(agx_error_copy(*state, whole, sizeof(whole)), length);
	assert_string_equal(whole, agx_error(*state));
}

static void a_context_may_go_first(void **state)
{
	struct agx_context *ctx;
	struct agx_device *device;
	uint64_t ticks;

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_int_equal(agx_device_open(ctx, "virtual", &device), 0);
	agx_context_destroy(ctx);
	assert_int_equal(agx_device_time(device, &ticks), 0);
	agx_device_close(device);
	agx_device_close(NULL);
	agx_context_destroy(NULL);
}

static void what_is_made_of_a_device_keeps_it(void **state)
{
	struct agx_buffer *buffer;
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_int_equal(agx_device_open(ctx, "virtual", &device), 0);
	agx_context_destroy(ctx);
	assert_int_equal(agx_vm_create(device, &vm), 0);
	agx_device_close(device);
	assert_int_equal(agx_buffer_create(vm, 100000, 0, &buffer), 0);
	agx_vm_destroy(vm);
	assert_non_null(agx_buffer_map(buffer));
	memset(agx_buffer_map(buffer), 0x55, 100000);
	agx_buffer_destroy(buffer);
}

static void *open_and_close(void *data)
{
	struct agx_context *ctx = data;
	struct agx_device *device;
	uint64_t ticks;
	char text[64];

	for (int i = 0; i < 20; i++) {
		if (agx_device_open(ctx, i % 2 ? "t8103" : "t6021", &device))
			return data;
		if (agx_device_time(device, &ticks))
			return data;
		if (agx_device_open(ctx, "nothing", &(struct agx_device *){NULL}) != -ENODEV)
			return data;
		agx_error_copy(ctx, text, sizeof(text));
		agx_device_list(ctx, NULL, 0);
		agx_device_close(device);
	}
	return NULL;
}

static void threads_open_at_once(void **state)
{
	pthread_t threads[6];
	void *result;

	for (size_t i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, *state), 0);
	for (size_t i = 0; i < 6; i++) {
		pthread_join(threads[i], &result);
		assert_null(result);
	}
}

static void a_child_has_the_device_too(void **state)
{
	struct agx_device *device, *other;
	uint64_t ticks;
	int status;
	pid_t pid;

	assert_int_equal(agx_device_open(*state, "virtual", &device), 0);
	pid = fork();
	if (!pid) {
		if (agx_device_time(device, &ticks) || agx_device_open(*state, "t8112", &other))
			_exit(1);
		agx_device_close(other);
		agx_device_close(device);
		agx_context_destroy(*state);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	assert_int_equal(agx_device_time(device, &ticks), 0);
	agx_device_close(device);
}

/* Nodes that come and go need a udev that says so: what is tested is that none do. */
static void a_monitor_waits(void **state)
{
	struct agx_monitor_event event;
	struct agx_monitor *monitor;
	struct pollfd poll_fd;
	int ret;

	ret = agx_monitor_create(*state, &monitor);
	if (ret) {
		assert_null(monitor);
		assert_says(*state, "monitor: ");
		print_message("%s\n", agx_error(*state));
		assert_int_equal(ret, -ENOSYS);
		return;
	}
	poll_fd = (struct pollfd){.fd = agx_monitor_fd(monitor), .events = POLLIN};
	assert_true(poll_fd.fd >= 0);
	assert_int_equal(poll(&poll_fd, 1, 0), 0);
	assert_int_equal(agx_monitor_next(monitor, &event), 0);
	agx_monitor_destroy(monitor);
	agx_monitor_destroy(NULL);
}

static void the_version_is_the_headers(void **state)
{
	char text[32];

	snprintf(text, sizeof(text), "%d.%d.%d", AGX_VERSION_MAJOR, AGX_VERSION_MINOR,
		 AGX_VERSION_PATCH);
	assert_string_equal(agx_version(), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_gpu_opens_with_its_parameters),
		cmocka_unit_test(names_mean_devices),
		cmocka_unit_test(wrong_names_are_refused),
		cmocka_unit_test(random_names_do_no_harm),
		cmocka_unit_test(the_environment_names_the_default),
		cmocka_unit_test(virtual_parameters_are_checked),
		cmocka_unit_test(a_missing_module_is_said),
		cmocka_unit_test(descriptors_are_looked_at),
		cmocka_unit_test(all_virtual_gpus_are_listed),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(messages_reach_the_log),
		cmocka_unit_test(errors_are_copied_and_cut),
		cmocka_unit_test(a_context_may_go_first),
		cmocka_unit_test(what_is_made_of_a_device_keeps_it),
		cmocka_unit_test(threads_open_at_once),
		cmocka_unit_test(a_child_has_the_device_too),
		cmocka_unit_test(a_monitor_waits),
		cmocka_unit_test(the_version_is_the_headers),
	};
	struct CMUnitTest each[sizeof(tests) / sizeof(tests[0])];

	/* A context of its own for each. */
	memcpy(each, tests, sizeof(tests));
	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		each[i].setup_func = setup;
		each[i].teardown_func = teardown;
	}
	return cmocka_run_group_tests(each, NULL, NULL);
}
