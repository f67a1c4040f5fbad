// SPDX-License-Identifier: MIT
/* Contexts: messages, copies of them, the log and its levels, threads, references. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

struct heard {
	unsigned int count[4];
	char last[512];
};

static void hear(void *data, enum agx_log_level level, const char *message)
{
	struct heard *heard = data;

	assert_in_range(level, AGX_LOG_ERROR, AGX_LOG_DEBUG);
	heard->count[level]++;
	snprintf(heard->last, sizeof(heard->last), "%s", message);
}

static void a_new_context_has_no_error(void **state)
{
	struct agx_context *ctx;
	char text[8] = "?";

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_string_equal(agx_error(ctx), "");
	assert_int_equal(agx_error_copy(ctx, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	agx_context_destroy(ctx);
	agx_context_destroy(NULL);
}

static void the_last_failure_is_kept(void **state)
{
	struct agx_context *ctx;

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_int_equal(lib_fail(ctx, -EINVAL, "size %d: expected %d", 3, 4), -EINVAL);
	assert_string_equal(agx_error(ctx), "size 3: expected 4");
	/* A message may be made of the one before. */
	assert_int_equal(lib_fail(ctx, -EIO, "shader: %s", agx_error(ctx)), -EIO);
	assert_string_equal(agx_error(ctx), "shader: size 3: expected 4");
	assert_int_equal(lib_fail(NULL, -EPERM, "nobody %s", "listens"), -EPERM);
	agx_context_destroy(ctx);
}

static void messages_are_cut_not_overrun(void **state)
{
	struct agx_context *ctx;
	char text[2048], small[4] = "xyz";

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_int_equal(lib_fail(ctx, -EINVAL, "%s", text), -EINVAL);
	assert_int_equal(strlen(agx_error(ctx)), sizeof(ctx->error) - 1);
	assert_int_equal(agx_error_copy(ctx, NULL, 0), sizeof(ctx->error) - 1);
	assert_int_equal(agx_error_copy(ctx, small, sizeof(small)), sizeof(ctx->error) - 1);
	assert_string_equal(small, "aaa");
	assert_int_equal(agx_error_copy(ctx, small, 1), sizeof(ctx->error) - 1);
	assert_string_equal(small, "");
	assert_int_equal(agx_error_copy(ctx, text, sizeof(text)), sizeof(ctx->error) - 1);
	assert_string_equal(text, agx_error(ctx));
	agx_context_destroy(ctx);
}

static void levels_let_through_what_they_say(void **state)
{
	static const enum agx_log_level levels[] = {AGX_LOG_ERROR, AGX_LOG_WARN, AGX_LOG_INFO,
						    AGX_LOG_DEBUG};

	for (unsigned int level = 0; level < 4; level++) {
		struct heard heard = {0};
		struct agx_context_params params = {
			.log = hear, .log_data = &heard, .level = levels[level]};
		struct agx_context *ctx;

		assert_int_equal(agx_context_create(&params, &ctx), 0);
		for (unsigned int i = 0; i < 4; i++) {
			assert_int_equal(lib_logs(ctx, levels[i]), i <= level);
			lib_log(ctx, levels[i], "%s %u", "message", i);
			assert_int_equal(heard.count[i], i <= level);
		}
		/* What went through last. */
		assert_int_equal(heard.last[strlen("message ")], '0' + level);
		agx_context_destroy(ctx);
	}
}

/* A call that fails is the caller's to report: no error, and part of the ioctl-level log. */
static void failures_are_debug_messages(void **state)
{
	struct heard heard = {0};
	struct agx_context_params params = {.log = hear, .log_data = &heard, .level = AGX_LOG_INFO};
	struct agx_context *ctx;

	assert_int_equal(agx_context_create(&params, &ctx), 0);
	lib_fail(ctx, -EINVAL, "refused");
	assert_string_equal(heard.last, "");
	agx_context_destroy(ctx);

	params.level = AGX_LOG_DEBUG;
	assert_int_equal(agx_context_create(&params, &ctx), 0);
	lib_fail(ctx, -EINVAL, "refused");
	assert_string_equal(heard.last, "refused");
	assert_int_equal(heard.count[AGX_LOG_DEBUG], 1);
	agx_context_destroy(ctx);
}

static void contexts_know_nothing_of_each_other(void **state)
{
	struct agx_context *a, *b;

	assert_int_equal(agx_context_create(NULL, &a), 0);
	assert_int_equal(agx_context_create(NULL, &b), 0);
	lib_fail(a, -EINVAL, "a's");
	assert_string_equal(agx_error(b), "");
	lib_fail(b, -EINVAL, "b's");
	assert_string_equal(agx_error(a), "a's");
	agx_context_destroy(a);
	assert_string_equal(agx_error(b), "b's");
	agx_context_destroy(b);
}

static void objects_keep_their_context(void **state)
{
	struct agx_context *ctx;

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	assert_ptr_equal(lib_context_get(ctx), ctx);
	agx_context_destroy(ctx);
	/* Under the sanitizers this is what shows whether it was freed. */
	lib_fail(ctx, -EINVAL, "still here");
	assert_string_equal(agx_error(ctx), "still here");
	lib_context_put(ctx);
}

#define ROUNDS 20000

/* Two messages of different length: a torn one is neither. */
static const char short_text[] = "short";
static const char long_text[] = "a message that is a good deal longer than the other one";

static void *fail_often(void *data)
{
	for (int i = 0; i < ROUNDS; i++)
		lib_fail(data, -EINVAL, "%s", i % 2 ? short_text : long_text);
	return NULL;
}

static void copies_are_whole_while_others_fail(void **state)
{
	struct agx_context *ctx;
	pthread_t threads[2];
	char text[128];

	assert_int_equal(agx_context_create(NULL, &ctx), 0);
	lib_fail(ctx, -EINVAL, "%s", short_text);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fail_often, ctx), 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t length = agx_error_copy(ctx, text, sizeof(text));

		if (strcmp(text, short_text) && strcmp(text, long_text))
			fail_msg("torn: \"%s\"", text);
		if (length != strlen(text))
			fail_msg("length %zu of \"%s\"", length, text);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	agx_context_destroy(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_context_has_no_error),
		cmocka_unit_test(the_last_failure_is_kept),
		cmocka_unit_test(messages_are_cut_not_overrun),
		cmocka_unit_test(levels_let_through_what_they_say),
		cmocka_unit_test(failures_are_debug_messages),
		cmocka_unit_test(contexts_know_nothing_of_each_other),
		cmocka_unit_test(objects_keep_their_context),
		cmocka_unit_test(copies_are_whole_while_others_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
