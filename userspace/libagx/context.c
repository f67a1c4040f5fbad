// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

const char *agx_version(void)
{
	return AGX_VERSION;
}

int agx_context_create(const struct agx_context_params *params, struct agx_context **out)
{
	struct agx_context *ctx = calloc(1, sizeof(*ctx));
	int ret;

	*out = NULL;
	if (!ctx)
		return -ENOMEM;
	ret = pthread_mutex_init(&ctx->lock, NULL);
	if (ret) {
		free(ctx);
		return -ret;
	}
	if (params)
		ctx->params = *params;
	atomic_init(&ctx->references, 1);
	atomic_init(&ctx->generations, 0);
	*out = ctx;
	return 0;
}

void agx_context_destroy(struct agx_context *ctx)
{
	lib_context_put(ctx);
}

struct agx_context *lib_context_get(struct agx_context *ctx)
{
	atomic_fetch_add_explicit(&ctx->references, 1, memory_order_relaxed);
	return ctx;
}

void lib_context_put(struct agx_context *ctx)
{
	if (!ctx || atomic_fetch_sub_explicit(&ctx->references, 1, memory_order_acq_rel) > 1)
		return;
	pthread_mutex_destroy(&ctx->lock);
	free(ctx);
}

const char *agx_error(const struct agx_context *ctx)
{
	return ctx->error;
}

size_t agx_error_copy(const struct agx_context *ctx, char *buf, size_t size)
{
	/* The lock is no part of what the caller promised not to see changed. */
	struct agx_context *locked = (struct agx_context *)ctx;
	size_t length;

	pthread_mutex_lock(&locked->lock);
	length = strlen(ctx->error);
	if (size) {
		size_t copied = length < size ? length : size - 1;

		memcpy(buf, ctx->error, copied);
		buf[copied] = '\0';
	}
	pthread_mutex_unlock(&locked->lock);
	return length;
}

static void send(struct agx_context *ctx, enum agx_log_level level, const char *format,
		 va_list args)
{
	char text[sizeof(ctx->error)];

	vsnprintf(text, sizeof(text), format, args);
	ctx->params.log(ctx->params.log_data, level, text);
}

int lib_fail(struct agx_context *ctx, int ret, const char *format, ...)
{
	char text[sizeof(ctx->error)];
	va_list args;

	if (!ctx)
		return ret;
	/* What is said before may be part of what is said now. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pthread_mutex_lock(&ctx->lock);
	memcpy(ctx->error, text, strlen(text) + 1);
	pthread_mutex_unlock(&ctx->lock);
	if (lib_logs(ctx, AGX_LOG_DEBUG))
		ctx->params.log(ctx->params.log_data, AGX_LOG_DEBUG, text);
	return ret;
}

void lib_log(struct agx_context *ctx, enum agx_log_level level, const char *format, ...)
{
	va_list args;

	if (!lib_logs(ctx, level))
		return;
	va_start(args, format);
	send(ctx, level, format, args);
	va_end(args);
}
