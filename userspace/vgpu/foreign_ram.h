/* SPDX-License-Identifier: MIT */
/*
 * The RAM of another machine: a file that its owner maps too, and writes to while we look.
 */
#ifndef AGX_FOREIGN_RAM_H
#define AGX_FOREIGN_RAM_H

#include <stddef.h>
#include <stdint.h>

struct foreign_ram {
	uint8_t *map;
	uint64_t base; /* physical address of its first byte */
	uint64_t size; /* bytes, whole 16 KiB pages */
};

/*
 * Maps the whole of a regular file, as large as it is now; fd stays the caller's, and the file must
 * not become smaller. -EINVAL, or -errno of fstat() and mmap(), with a sentence in error.
 */
int foreign_ram_map(struct foreign_ram *ram, int fd, uint64_t base, char *error, size_t size);
void foreign_ram_unmap(struct foreign_ram *ram);

/* The size bytes at physical address pa; NULL when they are not all inside the RAM. */
void *foreign_ram_at(const struct foreign_ram *ram, uint64_t pa, uint64_t size);

#endif
