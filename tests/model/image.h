/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for a driver: memory with page tables, init data and rings, made by hand through
 * firmware-interface/, and answers to the firmware's messages. Everything is right at first, so
 * that a test can make one thing wrong.
 */
#ifndef AGX_TEST_IMAGE_H
#define AGX_TEST_IMAGE_H

#include "agx_firmware.h"
#include "uat.h"

#define IMAGE_RAM_BASE 0x800000000ull
#define IMAGE_RAM_SIZE (6ull << 20)

#define IMAGE_MAX_OBJECTS 80
#define IMAGE_MAX_MAIL    256
#define IMAGE_MAX_FOUND   256

/* Protection of a page, as the driver uses them: AP, UXN, PXN, memory type. */
#define IMAGE_PAGE (AGX_UAT_VALID | AGX_UAT_TYPE | AGX_UAT_AF | AGX_UAT_OS)
#define IMAGE_PRIVATE                                          \
	(IMAGE_PAGE | 1ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | \
	 (uint64_t)AGX_UAT_ATTR_CACHED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_SHARED                                           \
	(IMAGE_PAGE | 1ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | \
	 (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_SHARED_RO                          \
	(IMAGE_PAGE | 1ull << AGX_UAT_AP_SHIFT | \
	 (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_GPU_RO_PRIVATE                                                 \
	(IMAGE_PAGE | 1ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | AGX_UAT_PXN | \
	 (uint64_t)AGX_UAT_ATTR_CACHED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_GPU_SHARED                                       \
	(IMAGE_PAGE | 2ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | \
	 (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_GPU_SHARED_RO                      \
	(IMAGE_PAGE | 2ull << AGX_UAT_AP_SHIFT | \
	 (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_GPU_FW_SHARED                       \
	(IMAGE_PAGE | AGX_UAT_UXN | AGX_UAT_PXN | \
	 (uint64_t)AGX_UAT_ATTR_SHARED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_GPU_FW_PRIVATE                      \
	(IMAGE_PAGE | AGX_UAT_UXN | AGX_UAT_PXN | \
	 (uint64_t)AGX_UAT_ATTR_CACHED << AGX_UAT_ATTR_SHIFT)
/* Memory of a VM: firmware and GPU write, cached. */
#define IMAGE_VM                                                             \
	(IMAGE_PAGE | 0ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | AGX_UAT_PXN | \
	 (uint64_t)AGX_UAT_ATTR_CACHED << AGX_UAT_ATTR_SHIFT)
#define IMAGE_DEVICE                                           \
	(IMAGE_PAGE | 1ull << AGX_UAT_AP_SHIFT | AGX_UAT_UXN | \
	 (uint64_t)AGX_UAT_ATTR_DEVICE << AGX_UAT_ATTR_SHIFT)

struct image_object {
	const char *name;
	uint64_t va, size;
	void *data;
};

/* A finding, copied. */
struct image_found {
	enum agx_finding_id id;
	uint64_t address, expected, got;
	char structure[48], field[128], text[512];
};

struct image {
	enum agx_fw_variant variant;
	struct agx_firmware *firmware;
	uint8_t *ram;
	uint64_t next_pa, next_va;
	uint64_t ttbat, lower, upper; /* physical */
	struct agx_handoff_block *handoff;

	struct image_object objects[IMAGE_MAX_OBJECTS];
	unsigned int object_count;

	/* What came out and was not looked at yet. */
	struct agx_mailbox_message mail[IMAGE_MAX_MAIL];
	unsigned int mail_count;
	bool passive; /* the stand-in does not answer */
	bool app_up;  /* AP_POWER was answered, endpoints 0x20 and 0x21 are started */
	unsigned int events, pongs, crashes;
	uint64_t crash_word, power_ack;

	struct image_found found[IMAGE_MAX_FOUND];
	unsigned int found_count; /* of all, also beyond the array */
	unsigned int errors;      /* log lines of level error */
	char last_error[256];

	char *transcript;
	size_t transcript_size, transcript_room;
	uint64_t now;
};

/* Which findings were seen since the program began. */
extern bool image_seen[2000];

void image_init(struct image *image, enum agx_fw_variant variant);
/* With a GPU behind the firmware. */
void image_init_gpu(struct image *image, enum agx_fw_variant variant, const struct agx_gpu_ops *gpu,
		    void *gpu_cookie);
/* Gives a UAT context the lower half of context 0. */
void image_context(struct image *image, unsigned int context);
void image_free(struct image *image);

void *image_ram(void *cookie, uint64_t pa, uint64_t size);
/* New memory of whole pages, not mapped; its physical address. */
uint64_t image_pages(struct image *image, uint64_t size);
/* New memory of whole pages, mapped with a protection; its address. NULL name: not listed. */
uint64_t image_alloc(struct image *image, const char *name, uint64_t size, uint64_t protection);
void image_map(struct image *image, uint64_t va, uint64_t pa, uint64_t size, uint64_t protection);
/* The entry of a page; NULL: no table. */
uint64_t *image_entry(struct image *image, uint64_t va);
void image_protect(struct image *image, const char *name, uint64_t protection);
struct image_object *image_object(struct image *image, const char *name);
/* The memory at an address that image_alloc() gave. */
void *image_at(struct image *image, uint64_t va);

/* Offset of a member, as "uat_level_info[1].unk_4". */
uint32_t image_offset(struct image *image, const char *structure, const char *path, uint32_t *size);
uint64_t image_get(struct image *image, const char *structure, uint64_t va, const char *path);
void image_set(struct image *image, const char *structure, uint64_t va, const char *path,
	       uint64_t value);

/* Steps the firmware, and answers, until nothing moves. */
void image_pump(struct image *image);
void image_send(struct image *image, unsigned int endpoint, uint64_t word0);
void image_doorbell(struct image *image, unsigned int number);
/* RUN, and messages until endpoints 0x20 and 0x21 are started. */
void image_boot(struct image *image);
/* INIT, Initialize, kick. */
void image_start(struct image *image);
/* Puts an element into a ring of the driver's; state and ring are names of objects. */
void image_put(struct image *image, const char *channel, const void *element, uint32_t size);
/* Number of findings of this kind. */
unsigned int image_count(const struct image *image, enum agx_finding_id id);

/* image_variant.c: makes the init data. */
#define IMAGE_BUILD(lower, upper) void image_build_##lower(struct image *image);
AGX_FW_VARIANTS(IMAGE_BUILD)
#undef IMAGE_BUILD

#define IMAGE_CHIP 0x8103
#define IMAGE_BITS 40

#endif
