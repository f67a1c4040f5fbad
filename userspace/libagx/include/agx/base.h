/* SPDX-License-Identifier: MIT */
/* Contexts: errors, messages, version. */
#ifndef AGX_BASE_H
#define AGX_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the library exports, and nothing else. */
#if defined(__GNUC__)
#define AGX_API __attribute__((visibility("default")))
#else
#define AGX_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define AGX_VERSION_MAJOR 0
#define AGX_VERSION_MINOR 1
#define AGX_VERSION_PATCH 0

/* Version of the library that is running, "0.1.0"; constant. */
AGX_API const char *agx_version(void);

enum agx_log_level {
	AGX_LOG_ERROR, /* something is lost: what a later error will be a consequence of */
	AGX_LOG_WARN,  /* the caller did something that will surprise, or the device did */
	AGX_LOG_INFO,  /* choices that the library made: which device, which addresses */
	AGX_LOG_DEBUG, /* every ioctl that failed, every object made and ended */
};

/* The message is a sentence without a newline, and lives during the call only. */
typedef void (*agx_log_fn)(void *data, enum agx_log_level level, const char *message);

struct agx_context_params {
	/*
	 * NULL: messages are dropped. Called from any thread that calls, and from those of a
	 * virtual GPU, with locks held: it must not call the library.
	 */
	agx_log_fn log;
	void *log_data;
	enum agx_log_level level; /* messages beyond this one are not made; 0: errors only */
};

struct agx_context;

/* params may be NULL: no messages. -ENOMEM. */
AGX_API int agx_context_create(const struct agx_context_params *params, struct agx_context **ctx);
AGX_API void agx_context_destroy(struct agx_context *ctx);

/*
 * What the last call that failed in this context was refused for: what, where, what was expected,
 * what was given. "" when nothing has failed yet. The text is valid until the next failure in the
 * context: with several threads use agx_error_copy().
 */
AGX_API const char *agx_error(const struct agx_context *ctx);

/* The same, copied and cut to size bytes with its NUL. Returns the length of the whole text. */
AGX_API size_t agx_error_copy(const struct agx_context *ctx, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
