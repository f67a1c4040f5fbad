/* SPDX-License-Identifier: MIT */
/*
 * A device for a test. Without AGX_TEST_DEVICE it is a virtual GPU that judges everything and whose
 * findings make the test fail in test_device_close(); with it the device of that name, on which
 * nothing is judged.
 *
 *	static int setup(void **state) { return test_device_open("t8103", (struct test_device **)state); }
 *	static int teardown(void **state) { return test_device_close(*state); }
 */
#ifndef AGX_TESTS_LIBAGX_DEVICE_H
#define AGX_TESTS_LIBAGX_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <agx/base.h>
#include <agx/device.h>

struct test_device {
	struct agx_context *ctx;
	struct agx_device *device;
	pthread_mutex_t lock; /* of what follows: findings come from any thread */
	unsigned int findings;
	char finding[512];   /* the first */
	const char *allowed; /* findings of this name are what the test wants; NULL: none */
	bool verbose;
};

static inline void test_device_log(void *data, enum agx_log_level level, const char *message)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};

	fprintf(stderr, "# libagx %s: %s\n", names[level], message);
}

static inline void test_device_finding(void *data, const char *name, const char *text)
{
	struct test_device *t = data;

	pthread_mutex_lock(&t->lock);
	if (!t->allowed || strcmp(t->allowed, name)) {
		if (!t->findings++)
			snprintf(t->finding, sizeof(t->finding), "%s: %s", name, text);
		fprintf(stderr, "# finding %s: %s\n", name, text);
	}
	pthread_mutex_unlock(&t->lock);
}

/* gpu, firmware: as agx_virtual_params; NULL: the first. 0, or -1 with a reason on standard error. */
static inline int test_device_open_as(const char *gpu, const char *firmware,
				      struct test_device **out)
{
	const char *real = getenv("AGX_TEST_DEVICE");
	struct agx_context_params context = {0};
	struct agx_virtual_params params = {.gpu = gpu, .firmware = firmware, .judge = true};
	struct test_device *t = calloc(1, sizeof(*t));
	int ret;

	*out = NULL;
	if (!t)
		return -1;
	pthread_mutex_init(&t->lock, NULL);
	params.finding = test_device_finding;
	params.finding_data = t;
	context.log = test_device_log;
	context.level = getenv("AGX_TEST_LOG") ? AGX_LOG_DEBUG : AGX_LOG_WARN;
	ret = agx_context_create(&context, &t->ctx);
	if (!ret)
		ret = real ? agx_device_open(t->ctx, real, &t->device)
			   : agx_device_open_virtual(t->ctx, &params, &t->device);
	if (ret) {
		fprintf(stderr, "no device: %s\n", t->ctx ? agx_error(t->ctx) : strerror(-ret));
		agx_context_destroy(t->ctx);
		pthread_mutex_destroy(&t->lock);
		free(t);
		return -1;
	}
	*out = t;
	return 0;
}

static inline int test_device_open(const char *gpu, struct test_device **out)
{
	return test_device_open_as(gpu, NULL, out);
}

/*
 * For set-up functions of what only a virtual GPU can be asked. Why the test cannot run on this
 * device, or NULL; tests that get a reason print it and skip().
 */
static inline const char *test_device_skip_reason(const struct test_device *t)
{
	return agx_device_is_virtual(t->device) ? NULL
						: "needs a virtual GPU (AGX_TEST_DEVICE is set)";
}

/* How many findings there are by now; those that have been looked at no longer fail the test. */
static inline unsigned int test_device_take_findings(struct test_device *t)
{
	unsigned int findings;

	pthread_mutex_lock(&t->lock);
	findings = t->findings;
	t->findings = 0;
	pthread_mutex_unlock(&t->lock);
	return findings;
}

/* -1, which fails a cmocka tear-down, when the GPU had something to say. */
static inline int test_device_close(struct test_device *t)
{
	int ret = 0;

	if (!t)
		return 0;
	/* Work that is still under way is over when the device is. */
	agx_device_close(t->device);
	agx_context_destroy(t->ctx);
	if (t->findings) {
		fprintf(stderr, "%u findings, the first: %s\n", t->findings, t->finding);
		ret = -1;
	}
	pthread_mutex_destroy(&t->lock);
	free(t);
	return ret;
}

#endif
