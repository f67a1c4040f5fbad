// SPDX-License-Identifier: MIT
/*
 * Descriptors. What a call of the trace exported comes from the same call on the target. What came
 * from outside is made by a file of the engine's own on the target: a buffer of the same size, a
 * fence that has signalled.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "asahi_drm.h"
#include "replay_internal.h"

void replay_own_close(struct replay *r, uint32_t stream, int fd)
{
	r->target->ops->close_fd(r->target, stream, fd);
}

int replay_own_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static long open_helper(struct replay *r, uint32_t stream)
{
	return r->helper ? 0 : r->target->ops->open(r->target, stream, &r->helper);
}

/* A dma-buf of at least size bytes. A descriptor or a negative errno. */
static long make_dma_buf(struct replay *r, uint64_t size)
{
	struct drm_asahi_gem_create create = {.size = size ? size : 1};
	struct drm_prime_handle prime = {.flags = O_CLOEXEC | O_RDWR};
	struct drm_gem_close gem_close = {0};
	long ret;

	ret = replay_own_ioctl(r, r->helper, DRM_IOCTL_ASAHI_GEM_CREATE, &create, sizeof(create));
	if (ret < 0)
		return ret;
	prime.handle = gem_close.handle = create.handle;
	ret = replay_own_ioctl(r, r->helper, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime, sizeof(prime));
	replay_own_ioctl(r, r->helper, DRM_IOCTL_GEM_CLOSE, &gem_close, sizeof(gem_close));
	return ret < 0 ? ret : prime.fd;
}

static long make_sync(struct replay *r, bool sync_file)
{
	struct drm_syncobj_create create = {.flags = DRM_SYNCOBJ_CREATE_SIGNALED};
	struct drm_syncobj_handle export = {
		.flags = sync_file ? DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE : 0,
		.fd = -1,
	};
	struct drm_syncobj_destroy destroy = {0};
	long ret;

	ret = replay_own_ioctl(r, r->helper, DRM_IOCTL_SYNCOBJ_CREATE, &create, sizeof(create));
	if (ret < 0)
		return ret;
	export.handle = destroy.handle = create.handle;
	ret = replay_own_ioctl(r, r->helper, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &export,
			       sizeof(export));
	replay_own_ioctl(r, r->helper, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy, sizeof(destroy));
	return ret < 0 ? ret : export.fd;
}

static long make_foreign(struct replay *r, uint32_t stream, const struct agxt_fd *rec)
{
	long ret;

	if (rec->kind == AGXT_FD_EVENTFD) {
		ret = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		return ret < 0 ? -errno : ret;
	}
	if (rec->kind != AGXT_FD_DMA_BUF && rec->kind != AGXT_FD_SYNC_FILE &&
	    rec->kind != AGXT_FD_SYNCOBJ) {
		ret = replay_own_null();
		return ret < 0 ? -errno : ret;
	}
	ret = open_helper(r, stream);
	if (ret < 0)
		return ret;
	if (rec->kind == AGXT_FD_DMA_BUF)
		return make_dma_buf(r, rec->size);
	return make_sync(r, rec->kind == AGXT_FD_SYNC_FILE);
}

void replay_close_token(struct replay *r, struct replay_token *token)
{
	if (token->fd >= 0)
		replay_own_close(r, token->stream, token->fd);
	replay_names_remove_token(&r->names, token);
}

static int add_foreign(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_fd *rec = (const void *)item->rec;
	struct replay_token *token;
	long fd;

	if (rec->kind == AGXT_FD_DMA_BUF && rec->size > AGXT_MAX_BO_SIZE)
		return replay_broken(r, "a dma-buf of 0x%" PRIx64 " bytes", rec->size);
	if (r->names.token_ids.count >= REPLAY_MAX_TOKENS)
		return replay_refuse(r, "record %" PRIu64 ": more than %u descriptors at a time",
				     r->record, REPLAY_MAX_TOKENS);
	fd = make_foreign(r, item->stream, rec);
	if (fd < 0)
		return replay_refuse(
			r,
			"record %" PRIu64
			": a descriptor from outside the trace cannot be made: errno %ld",
			r->record, -fd);
	token = replay_names_add_token(&r->names, rec->token);
	if (!token) {
		replay_own_close(r, item->stream, (int)fd);
		return -ENOMEM;
	}
	token->fd = (int)fd;
	token->stream = item->stream;
	token->kind = rec->kind;
	/* A whole number of the GPU's pages, as every object is. */
	token->size = (rec->size + 0x3fff) & ~0x3fffull;
	r->out->stats.foreign++;
	return 0;
}

int replay_fd(struct replay *r, const struct agx_trace_item *item)
{
	const struct agxt_fd *rec = (const void *)item->rec;
	struct replay_token *token = replay_names_find_token(&r->names, rec->token);

	if (rec->token == AGXT_TOKEN_INVALID || rec->token == AGXT_TOKEN_NONE)
		return replay_broken(r, "FD record with token 0x%x", rec->token);
	switch (rec->event) {
	case AGXT_FD_EXPORT:
		/* The call's RETURN brings the descriptor. */
		return 0;
	case AGXT_FD_FOREIGN:
		return token ? replay_broken(r, "token %u comes up twice", rec->token)
			     : add_foreign(r, item);
	case AGXT_FD_CLOSE:
		if (token)
			replay_close_token(r, token);
		return 0;
	default:
		return replay_broken(r, "FD record with event %u", rec->event);
	}
}

void replay_fds_finish(struct replay *r)
{
	uint32_t i;

	for (i = 0; i < r->names.num_tokens; i++)
		if (r->names.tokens[i].used)
			replay_close_token(r, &r->names.tokens[i]);
	if (r->helper)
		r->target->ops->close(r->target, r->helper);
	r->helper = NULL;
	if (r->unusable_fd >= 0)
		close(r->unusable_fd);
	r->unusable_fd = -1;
}
