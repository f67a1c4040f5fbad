/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The members of every structure as data: for what prints structures, names the member at an
 * address, or walks the pointers of a structure. The tables are made from the headers when the
 * tree is built (gen_fields.py); they are constant, without pointers to anything but themselves,
 * and may be used by any number of threads.
 *
 * The code uses no C library.
 */
#ifndef AGX_FW_FIELDS_H
#define AGX_FW_FIELDS_H

#include "types.h"
#include "variants.h"

enum agx_fw_kind {
	AGX_FW_UINT,
	AGX_FW_INT,
	AGX_FW_F32,
	AGX_FW_CHAR,   /* text */
	AGX_FW_FW_VA,  /* address that the firmware dereferences */
	AGX_FW_GPU_VA, /* address that the GPU dereferences, perhaps with flags */
	AGX_FW_PA,     /* physical address */
	AGX_FW_STRUCT,
};

/*
 * Names and numbers are in the tables, not pointers: thousands of pointers would have to be relocated
 * at each start of a program.
 */
#define AGX_FW_NAME_SIZE 40

struct agx_fw_layout;

struct agx_fw_member {
	char name[AGX_FW_NAME_SIZE];
	uint32_t offset;     /* from the start of the structure */
	uint32_t size;       /* bytes of one element */
	uint32_t count;      /* elements of the array, of all its dimensions; 1 when it is none */
	uint8_t kind;        /* enum agx_fw_kind */
	uint8_t alternative; /* 1: of a union; other members have the same place */
	uint16_t nested;     /* AGX_FW_STRUCT: see agx_fw_nested(); else 0 */
};

struct agx_fw_layout {
	char name[AGX_FW_NAME_SIZE]; /* as in the headers, without agx_ and variant */
	uint32_t size;
	uint32_t count;                      /* members */
	const struct agx_fw_member *members; /* by offset, alternatives in the header's order */
};

/* The structures of each variant, those that are the same for all included; NULL at the end. */
extern const struct agx_fw_layout *const *const agx_fw_layouts[AGX_FW_VARIANT_COUNT];

/* For agx_fw_nested(). */
extern const struct agx_fw_layout *const agx_fw_all_layouts[];

/* AGX_FW_STRUCT: the structure of one element; else NULL. */
static inline const struct agx_fw_layout *agx_fw_nested(const struct agx_fw_member *member)
{
	return agx_fw_all_layouts[member->nested];
}

/* A structure by its name ("run_vertex", "job_meta"); NULL when the variant has none such. */
const struct agx_fw_layout *agx_fw_find_layout(enum agx_fw_variant variant, const char *name);

/*
 * The member that holds the byte at an offset; the first of several alternatives. NULL when the
 * offset is outside the structure.
 */
const struct agx_fw_member *agx_fw_find_member(const struct agx_fw_layout *layout, uint32_t offset);

/*
 * Writes the way to the byte at an offset, as in "job_params1.bg.address" or
 * "attachments.list[3].size+2", into a buffer of the given size, cut short if need be and always
 * terminated when size is not 0. Returns the length that the whole has, -1 when the offset is
 * outside the structure.
 */
int agx_fw_describe(const struct agx_fw_layout *layout, uint32_t offset, char *buffer, size_t size);

#endif
