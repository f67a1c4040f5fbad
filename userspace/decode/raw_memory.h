/* SPDX-License-Identifier: MIT */
/*
 * An address space put together from pieces: files that hold memory as it was at an address,
 * bytes of a dump, and places of which it is only known that something was there. It is what a
 * decoder reads when there is no trace.
 *
 * Pieces are added, then views are read; after the last addition any number of threads may read.
 */
#ifndef AGX_RAW_MEMORY_H
#define AGX_RAW_MEMORY_H

#include "agx_decode.h"

struct agx_raw_memory;

/* More pieces are refused: -E2BIG. */
#define AGX_RAW_MAX_PIECES (1u << 16)

/* Largest input that is not a regular file, bytes. */
#define AGX_RAW_MAX_STREAM (1ull << 30)

/* What could not be added, and why. */
struct agx_raw_error {
	char text[200];
};

/* NULL: no memory. */
struct agx_raw_memory *agx_raw_memory_create(void);

/* Unmaps files and frees. NULL is fine. */
void agx_raw_memory_destroy(struct agx_raw_memory *memory);

/*
 * Adds bytes that are at an address; they are borrowed until destroy. place says what they are,
 * its offset is that of the first byte; place->name is copied. Pieces with bytes may not overlap.
 * -EINVAL (empty, past the end of the address space, overlap), -E2BIG, -ENOMEM.
 */
int agx_raw_memory_add(struct agx_raw_memory *memory, uint64_t address, const void *bytes,
		       uint64_t size, const struct agx_decode_place *place,
		       struct agx_raw_error *error);

/*
 * Adds a file's content. Regular files are mapped and must not shrink meanwhile; others (pipes)
 * are read to their end. The place is named after the file. As agx_raw_memory_add(), and -errno
 * of open, fstat, read, mmap; -EFBIG.
 */
int agx_raw_memory_add_file(struct agx_raw_memory *memory, uint64_t address, const char *path,
			    struct agx_raw_error *error);

/*
 * Adds what an ELF file (64 bits, little-endian; a core dump, for example) has in its load
 * segments, at their virtual addresses. As agx_raw_memory_add_file(), and -ENOEXEC: it is no such
 * file, or its headers do not fit it.
 */
int agx_raw_memory_add_elf(struct agx_raw_memory *memory, const char *path,
			   struct agx_raw_error *error);

/*
 * Adds a range of which only the place is known: it resolves, but reads find nothing. Bytes may
 * be added for parts of it. Such ranges may not overlap each other.
 */
int agx_raw_memory_add_place(struct agx_raw_memory *memory, uint64_t address, uint64_t size,
			     const struct agx_decode_place *place, struct agx_raw_error *error);

/* Bytes that the pieces hold in all. */
uint64_t agx_raw_memory_size(const struct agx_raw_memory *memory);

/* The memory as a decoder reads it; valid until destroy or the next addition. */
struct agx_decode_memory agx_raw_memory_view(struct agx_raw_memory *memory);

#endif
