/* SPDX-License-Identifier: MIT */
/*
 * The virtual GPU as a module: what libagx-virtual.so exports, and all that libagx knows of the
 * node and the models in it. The two are installed together; the version is there for those that
 * are not.
 *
 * Functions return 0 or more, or a negative errno. All of them may be called from any thread, but
 * for destroy(), which is the last.
 */
#ifndef AGX_LIBAGX_VIRTUAL_MODULE_H
#define AGX_LIBAGX_VIRTUAL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Counted up with every change of this file. */
#define LIBAGX_VIRTUAL_VERSION 1u

#define LIBAGX_VIRTUAL_SYMBOL "libagx_virtual_module"

enum virtual_log_level {
	VIRTUAL_LOG_ERROR,
	VIRTUAL_LOG_WARN,
	VIRTUAL_LOG_DEBUG,
};

struct virtual_config {
	const char *gpu, *firmware; /* NULL: the first, the oldest */
	bool no_execution, judge;
	unsigned int threads; /* 0: one for each CPU */
	uint64_t memory;      /* 0: the default */

	/*
	 * Called from any thread, with locks held: must not call back. Strings live during the
	 * call.
	 */
	void (*log)(void *data, enum virtual_log_level level, const char *message);
	void (*finding)(void *data, const char *name, const char *text);
	void *data;
};

struct virtual_gpu; /* a machine with one open file of its node */

struct virtual_module {
	uint32_t version; /* LIBAGX_VIRTUAL_VERSION */
	uint32_t size;    /* of this structure */

	/* What there is: the names live as long as the process. -ENOENT: index is past the end. */
	int (*list)(unsigned int index, const char **name, const char **product, uint32_t *chip_id);

	/* On failure a sentence in message says why. */
	int (*create)(const struct virtual_config *config, struct virtual_gpu **gpu, char *message,
		      size_t size);

	/* Closes the file: what is still mapped is gone. */
	void (*destroy)(struct virtual_gpu *gpu);

	/* As the system calls of an open node. */
	long (*ioctl)(struct virtual_gpu *gpu, unsigned long request, void *arg);
	int (*map)(struct virtual_gpu *gpu, uint64_t offset, size_t size, void **map);
	void (*unmap)(struct virtual_gpu *gpu, void *map);

	/* Of dma-bufs and sync files. -ENOTTY: fd was made by no virtual node. */
	long (*fd_ioctl)(struct virtual_gpu *gpu, int fd, unsigned long request, void *arg);
	void (*close_fd)(struct virtual_gpu *gpu, int fd);
};

#endif
