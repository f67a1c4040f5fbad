// SPDX-License-Identifier: MIT
/*
 * Two sorted arrays of ranges: those with bytes, those with nothing but a place. They are small
 * and change only while they are built; a look-up is a binary search.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "raw_memory.h"

struct piece {
	uint64_t address;
	uint64_t size;
	const uint8_t *bytes; /* NULL: only the place is known */
	struct agx_decode_place place;
	char *name; /* own copy of place.name, or NULL */
};

/* What a file's pieces lie in. */
struct content {
	uint8_t *bytes;
	uint64_t size;
	bool mapped; /* else allocated */
};

struct pieces {
	struct piece *array; /* by address */
	uint32_t count, capacity;
};

struct agx_raw_memory {
	struct pieces bytes, places;
	struct content *contents;
	uint32_t content_count;
	uint64_t size;
};

struct agx_raw_memory *agx_raw_memory_create(void)
{
	return calloc(1, sizeof(struct agx_raw_memory));
}

static void release(struct content *content)
{
	if (content->mapped)
		munmap(content->bytes, content->size);
	else
		free(content->bytes);
}

static void release_all(struct pieces *pieces)
{
	uint32_t i;

	for (i = 0; i < pieces->count; i++)
		free(pieces->array[i].name);
	free(pieces->array);
}

void agx_raw_memory_destroy(struct agx_raw_memory *memory)
{
	if (!memory)
		return;
	release_all(&memory->bytes);
	release_all(&memory->places);
	for (uint32_t i = 0; i < memory->content_count; i++)
		release(&memory->contents[i]);
	free(memory->contents);
	free(memory);
}

/* Index of the first piece that ends behind the address; count: none does. */
static uint32_t find(const struct pieces *pieces, uint64_t address)
{
	uint32_t low = 0, high = pieces->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct piece *piece = &pieces->array[middle];

		if (piece->address <= address && address - piece->address >= piece->size)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The piece that holds the byte at an address, or NULL. */
static const struct piece *lookup(const struct pieces *pieces, uint64_t address)
{
	uint32_t i = find(pieces, address);

	if (i == pieces->count || pieces->array[i].address > address)
		return NULL;
	return &pieces->array[i];
}

static int refuse(struct agx_raw_error *error, int code, const struct piece *piece,
		  const char *what)
{
	if (error)
		snprintf(error->text, sizeof(error->text),
			 "%s%s0x%" PRIx64 ", 0x%" PRIx64 " bytes: %s",
			 piece->name ? piece->name : "", piece->name ? " at " : "", piece->address,
			 piece->size, what);
	return code;
}

static int refuse_overlap(struct agx_raw_error *error, const struct piece *piece,
			  const struct piece *other)
{
	char what[120];

	snprintf(what, sizeof(what), "overlaps %.60s%s0x%" PRIx64 ", 0x%" PRIx64 " bytes",
		 other->name ? other->name : "", other->name ? " at " : "", other->address,
		 other->size);
	return refuse(error, -EINVAL, piece, what);
}

/* Takes the piece with all that it owns when it succeeds. */
static int insert(struct pieces *pieces, const struct piece *piece, struct agx_raw_error *error)
{
	uint32_t i;

	if (!piece->size)
		return refuse(error, -EINVAL, piece, "is empty");
	if (piece->size - 1 > UINT64_MAX - piece->address)
		return refuse(error, -EINVAL, piece, "goes past the end of the address space");
	if (pieces->count >= AGX_RAW_MAX_PIECES)
		return refuse(error, -E2BIG, piece, "too many pieces of memory");
	i = find(pieces, piece->address);
	if (i < pieces->count && pieces->array[i].address <= piece->address + (piece->size - 1))
		return refuse_overlap(error, piece, &pieces->array[i]);
	if (pieces->count == pieces->capacity) {
		uint32_t capacity = pieces->capacity ? pieces->capacity * 2 : 16;
		struct piece *array = realloc(pieces->array, capacity * sizeof(*array));

		if (!array)
			return refuse(error, -ENOMEM, piece, "no memory");
		pieces->array = array;
		pieces->capacity = capacity;
	}
	memmove(&pieces->array[i + 1], &pieces->array[i],
		(pieces->count - i) * sizeof(*pieces->array));
	pieces->array[i] = *piece;
	pieces->count++;
	return 0;
}

static int add(struct pieces *pieces, struct piece *piece, const struct agx_decode_place *place,
	       struct agx_raw_error *error)
{
	int ret;

	piece->place = *place;
	if (place->name) {
		piece->name = strdup(place->name);
		if (!piece->name)
			return refuse(error, -ENOMEM, piece, "no memory");
	}
	piece->place.name = piece->name;
	ret = insert(pieces, piece, error);
	if (ret)
		free(piece->name);
	return ret;
}

int agx_raw_memory_add(struct agx_raw_memory *memory, uint64_t address, const void *bytes,
		       uint64_t size, const struct agx_decode_place *place,
		       struct agx_raw_error *error)
{
	struct piece piece = {.address = address, .size = size, .bytes = bytes};
	int ret = add(&memory->bytes, &piece, place, error);

	if (!ret)
		memory->size += size;
	return ret;
}

int agx_raw_memory_add_place(struct agx_raw_memory *memory, uint64_t address, uint64_t size,
			     const struct agx_decode_place *place, struct agx_raw_error *error)
{
	struct piece piece = {.address = address, .size = size};

	return add(&memory->places, &piece, place, error);
}

static int fail_file(struct agx_raw_error *error, const char *path, int code)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%.150s: %s", path, strerror(-code));
	return code;
}

/* Reads to the end. */
static int read_all(int fd, struct content *content)
{
	size_t capacity = 1 << 16;
	uint8_t *bytes = malloc(capacity);

	content->size = 0;
	if (!bytes)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, bytes + content->size, capacity - content->size);
		uint8_t *larger;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int ret = -errno;

			free(bytes);
			return ret;
		}
		if (!got)
			break;
		content->size += got;
		if (content->size < capacity)
			continue;
		larger = capacity < AGX_RAW_MAX_STREAM ? realloc(bytes, capacity * 2) : NULL;
		if (!larger) {
			free(bytes);
			return capacity < AGX_RAW_MAX_STREAM ? -ENOMEM : -EFBIG;
		}
		bytes = larger;
		capacity *= 2;
	}
	content->bytes = bytes;
	return 0;
}

static int load(int fd, struct content *content)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return read_all(fd, content);
	content->size = st.st_size;
	content->bytes = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	content->mapped = content->bytes != MAP_FAILED;
	return content->mapped ? 0 : -errno;
}

/* The file's content, which is the memory's from here on. NULL with *ret. */
static const struct content *hold_file(struct agx_raw_memory *memory, const char *path,
				       struct agx_raw_error *error, int *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct content content = {0}, *contents;

	*ret = fd < 0 ? -errno : load(fd, &content);
	if (fd >= 0)
		close(fd);
	if (*ret) {
		fail_file(error, path, *ret);
		return NULL;
	}
	contents = reallocarray(memory->contents, memory->content_count + 1, sizeof(*contents));
	if (!contents) {
		release(&content);
		*ret = fail_file(error, path, -ENOMEM);
		return NULL;
	}
	memory->contents = contents;
	contents[memory->content_count] = content;
	return &contents[memory->content_count++];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

int agx_raw_memory_add_file(struct agx_raw_memory *memory, uint64_t address, const char *path,
			    struct agx_raw_error *error)
{
	struct agx_decode_place place = {.name = base_name(path)};
	const struct content *content;
	int ret;

	content = hold_file(memory, path, error, &ret);
	if (!content)
		return ret;
	place.size = content->size;
	return agx_raw_memory_add(memory, address, content->bytes, content->size, &place, error);
}

static int fail_elf(struct agx_raw_error *error, const char *path, const char *what)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%.120s: %s", path, what);
	return -ENOEXEC;
}

int agx_raw_memory_add_elf(struct agx_raw_memory *memory, const char *path,
			   struct agx_raw_error *error)
{
	struct agx_decode_place place = {.name = base_name(path)};
	const struct content *content;
	unsigned int found = 0;
	Elf64_Ehdr header;
	int ret;

	content = hold_file(memory, path, error, &ret);
	if (!content)
		return ret;
	place.size = content->size;
	if (content->size < sizeof(header))
		return fail_elf(error, path, "no ELF file: give its address, as in ADDRESS:FILE");
	memcpy(&header, content->bytes, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG))
		return fail_elf(error, path, "no ELF file: give its address, as in ADDRESS:FILE");
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
		return fail_elf(error, path, "not an ELF file of 64 bits, little-endian");
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > content->size ||
	    (content->size - header.e_phoff) / sizeof(Elf64_Phdr) < header.e_phnum)
		return fail_elf(error, path, "its program headers are not in the file");
	for (unsigned int i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, content->bytes + header.e_phoff + i * sizeof(segment),
		       sizeof(segment));
		if (segment.p_type != PT_LOAD || !segment.p_filesz)
			continue;
		if (segment.p_offset > content->size ||
		    segment.p_filesz > content->size - segment.p_offset)
			return fail_elf(error, path, "a load segment is not in the file");
		place.offset = segment.p_offset;
		ret = agx_raw_memory_add(memory, segment.p_vaddr, content->bytes + segment.p_offset,
					 segment.p_filesz, &place, error);
		if (ret)
			return ret;
		found++;
	}
	return found ? 0 : fail_elf(error, path, "has no load segments");
}

uint64_t agx_raw_memory_size(const struct agx_raw_memory *memory)
{
	return memory->size;
}

static const void *piece_at(void *cookie, uint64_t address, size_t *size)
{
	const struct agx_raw_memory *memory = cookie;
	const struct piece *piece = lookup(&memory->bytes, address);

	if (!piece)
		return NULL;
	*size = piece->size - (address - piece->address);
	return piece->bytes + (address - piece->address);
}

/* Bytes from an address to the end of what is there in one piece. */
static uint64_t contiguous(const struct pieces *pieces, const struct piece *piece, uint64_t address)
{
	const struct piece *end = pieces->array + pieces->count;
	uint64_t left = piece->size - (address - piece->address);

	for (piece++; piece < end && piece->address == address + left && piece->address; piece++)
		left += piece->size;
	return left;
}

static bool resolve(void *cookie, uint64_t address, struct agx_decode_place *place)
{
	const struct agx_raw_memory *memory = cookie;
	const struct piece *bytes = lookup(&memory->bytes, address);
	const struct piece *piece = lookup(&memory->places, address);

	/* A place tells more than the file that happens to hold its bytes. */
	if (!piece)
		piece = bytes;
	if (!piece)
		return false;
	*place = piece->place;
	place->offset += address - piece->address;
	place->known = bytes;
	place->left = piece == bytes ? contiguous(&memory->bytes, piece, address)
				     : piece->size - (address - piece->address);
	return true;
}

/* What is read stays as it is. */
static uint64_t stamp(void *cookie, uint64_t address, size_t size)
{
	return 1;
}

struct agx_decode_memory agx_raw_memory_view(struct agx_raw_memory *memory)
{
	return (struct agx_decode_memory){
		.piece = piece_at,
		.resolve = resolve,
		.stamp = stamp,
		.cookie = memory,
	};
}
