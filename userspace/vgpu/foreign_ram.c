// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "foreign_ram.h"

#define PAGE 0x4000ull

/* More than any SoC can address. */
#define MAX_SIZE (1ull << 42)

int foreign_ram_map(struct foreign_ram *ram, int fd, uint64_t base, char *error, size_t size)
{
	struct stat st;
	void *map;

	*ram = (struct foreign_ram){0};
	if (fstat(fd, &st)) {
		int err = errno;

		snprintf(error, size, "RAM: %s", strerror(err));
		return -err;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(error, size, "RAM: expected a regular file or a memfd");
		return -EINVAL;
	}
	if (st.st_size <= 0 || (uint64_t)st.st_size % PAGE || (uint64_t)st.st_size > MAX_SIZE) {
		snprintf(error, size,
			 "RAM: expected a file of whole 16 KiB pages, got %" PRId64 " bytes",
			 (int64_t)st.st_size);
		return -EINVAL;
	}
	if (base % PAGE || base > UINT64_MAX - (uint64_t)st.st_size) {
		snprintf(error, size, "RAM: expected a base of whole 16 KiB pages, got 0x%" PRIx64,
			 base);
		return -EINVAL;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
		   0);
	if (map == MAP_FAILED) {
		int err = errno;

		snprintf(error, size, "RAM: mapping %" PRId64 " bytes: %s", (int64_t)st.st_size,
			 strerror(err));
		return -err;
	}
	ram->map = map;
	ram->base = base;
	ram->size = (uint64_t)st.st_size;
	return 0;
}

void foreign_ram_unmap(struct foreign_ram *ram)
{
	if (ram->map)
		munmap(ram->map, ram->size);
	*ram = (struct foreign_ram){0};
}

void *foreign_ram_at(const struct foreign_ram *ram, uint64_t pa, uint64_t size)
{
	uint64_t offset = pa - ram->base;

	if (pa < ram->base || offset > ram->size || size > ram->size - offset)
		return NULL;
	return ram->map + offset;
}
