/* SPDX-License-Identifier: MIT */
/*
 * One description of every ioctl that crosses the node: numbers, fields, what the
 * pointers point to, which fields are handles or descriptors, and how outputs compare.
 * Capture, replay, the printers and the verifier are all driven from it.
 *
 * Needs libc only, allocates nothing, keeps no state: every function may be called
 * from any thread and from a preload object. Argument and pointee buffers need no
 * alignment; their content is not trusted.
 */
#ifndef AGX_IOCTL_TABLE_H
#define AGX_IOCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGX_IOCTL_MAX_POINTEES 4

enum agx_field_kind {
	AGX_FIELD_PLAIN,   /* a number, flags or bytes with no meaning to the recorder */
	AGX_FIELD_PAD,     /* must be zero */
	AGX_FIELD_POINTER, /* user pointer; object is the index of the pointee */
	AGX_FIELD_HANDLE,  /* object: enum agx_object */
	AGX_FIELD_FD,      /* file descriptor; object: enum agx_fd_object */
	AGX_FIELD_OFFSET,  /* fake offset for mmap() */
	AGX_FIELD_ADDRESS, /* GPU virtual address, chosen by the program */
	AGX_FIELD_TIMEOUT, /* absolute CLOCK_MONOTONIC nanoseconds */
	AGX_FIELD_TIME,    /* a point in time, written by the call */
};

/* Name spaces of handles, each per DRM file. Handle 0 never names an object. */
enum agx_object {
	AGX_OBJECT_GEM,
	AGX_OBJECT_SYNCOBJ,
	AGX_OBJECT_VM,
	AGX_OBJECT_QUEUE,
	AGX_OBJECT_BIND, /* timestamp objects of GEM_BIND_OBJECT */
	AGX_OBJECT_COUNT,
};

enum agx_fd_object {
	AGX_FD_DMA_BUF,
	AGX_FD_SYNC_FILE,
	AGX_FD_SYNCOBJ,
	AGX_FD_EVENTFD,
};

/* Who gives a field its value, and what becomes of the object that a handle or fd names. */
#define AGX_ACCESS_IN       0x01 /* read by the call */
#define AGX_ACCESS_OUT      0x02 /* written by the call */
#define AGX_ACCESS_CREATES  0x04 /* OUT: a new name (or one more reference for the same) */
#define AGX_ACCESS_DESTROYS 0x08 /* IN: the name is gone after success */

/* How an output compares with a recording of it. */
enum agx_output {
	AGX_OUTPUT_EXACT,   /* byte for byte */
	AGX_OUTPUT_MAPPED,  /* chosen by the kernel: equal after mapping names */
	AGX_OUTPUT_TIMING,  /* depends on how far jobs have come */
	AGX_OUTPUT_IGNORED, /* time, build dates, fake offsets */
};

enum agx_format {
	AGX_FORMAT_DEC,
	AGX_FORMAT_HEX,
	AGX_FORMAT_FLAGS, /* names: bits */
	AGX_FORMAT_ENUM,  /* names: values */
	AGX_FORMAT_FLOAT,
	AGX_FORMAT_CHARS, /* width bytes of text */
};

struct agx_ioctl_name {
	uint64_t value;
	const char *name; /* NULL ends the list */
};

/* A field entry applies when (u32 at cond_offset & cond_mask) == cond_value; mask 0: always. */
struct agx_ioctl_field {
	const char *name;
	uint16_t offset;
	uint16_t width; /* bytes of one element: 1, 2, 4, 8; FORMAT_CHARS: any */
	uint16_t count; /* elements; 1 unless an array */
	uint8_t kind;   /* enum agx_field_kind */
	uint8_t object; /* see kind */
	uint8_t access; /* AGX_ACCESS_* */
	uint8_t output; /* enum agx_output, for AGX_ACCESS_OUT */
	uint8_t format; /* enum agx_format */
	uint16_t cond_offset;
	uint32_t cond_mask;
	uint32_t cond_value;
	const struct agx_ioctl_name *names;
};

/* A structure: an ioctl's argument or the element of a pointee. */
struct agx_struct_desc {
	const char *name; /* "drm_asahi_submit" */
	uint16_t size;    /* bytes known to this table */
	uint16_t num_fields;
	const struct agx_ioctl_field *fields;
};

enum agx_pointee_kind {
	AGX_POINTEE_ARRAY,    /* count x element, in steps of stride */
	AGX_POINTEE_BYTES,    /* size field: text or data without inner structure */
	AGX_POINTEE_STRUCT,   /* size field: one structure, maybe cut short or longer */
	AGX_POINTEE_COMMANDS, /* size field: drm_asahi_cmd_header and payload, repeated */
};

struct agx_ioctl_pointee {
	const char *name;
	uint8_t kind;     /* enum agx_pointee_kind */
	uint8_t access;   /* AGX_ACCESS_IN and OUT */
	uint8_t output;   /* enum agx_output, for BYTES */
	uint16_t pointer; /* offset of the pointer in the arguments */
	uint16_t
		count[2]; /* offsets of count or size fields, summed; [1] is UINT16_MAX if unused */
	uint8_t count_width; /* bytes of each: 4 or 8 */
	uint16_t stride;     /* offset of a u32 stride field; UINT16_MAX: element->size */
	const struct agx_struct_desc *element; /* NULL for BYTES and COMMANDS */
};

enum agx_ioctl_on {
	AGX_ON_DRM,       /* DRM node */
	AGX_ON_DMA_BUF,   /* exported buffer */
	AGX_ON_SYNC_FILE, /* exported fence */
};

struct agx_ioctl_desc {
	const char *name; /* "DRM_IOCTL_ASAHI_SUBMIT" */
	uint32_t request; /* with the size known to this table */
	uint8_t on;       /* enum agx_ioctl_on */
	uint8_t num_pointees;
	struct agx_struct_desc args;
	struct agx_ioctl_pointee pointees[AGX_IOCTL_MAX_POINTEES];
};

/* All entries, for iteration. */
extern const struct agx_ioctl_desc agx_ioctl_table[];
extern const unsigned int agx_ioctl_table_size;

/* Payloads of a command buffer. */
extern const struct agx_struct_desc agx_cmd_render_desc;
extern const struct agx_struct_desc agx_cmd_compute_desc;
extern const struct agx_struct_desc agx_attachment_desc;

/*
 * Finds an entry by number. As in the kernel, type and number decide; size (and for DRM also
 * direction) may differ between the caller's header and ours. NULL: unknown.
 */
const struct agx_ioctl_desc *agx_ioctl_find(uint32_t request);

/* True for DRM_IOCTL_ASAHI_SUBMIT. */
bool agx_ioctl_is_submit(uint32_t request);

/* Bytes of the caller's argument structure: what has to be copied in and out. */
static inline uint32_t agx_ioctl_arg_size(uint32_t request)
{
	return (request >> 16) & 0x3fff;
}

/* True when the kernel writes the arguments back (direction R of the number). */
static inline bool agx_ioctl_writes_back(uint32_t request)
{
	return request >> 31;
}

/* The caller's memory that a call reads or writes besides its argument. */
struct agx_ioctl_span {
	unsigned int pointee; /* index in desc->pointees */
	uint64_t address;     /* value of the pointer, not NULL */
	uint64_t size;  /* bytes that the call may access; UINT64_MAX when the count overflows */
	uint8_t access; /* AGX_ACCESS_IN, OUT or both */
};

/*
 * Lists the pointees of a call from its arguments (args_size bytes; a shorter structure counts as
 * followed by zeros). NULL pointers and empty ranges are left out. Returns the
 * number of spans. Sizes are the program's word: compare with AGXT_MAX_BLOB before use.
 */
unsigned int agx_ioctl_spans(const struct agx_ioctl_desc *desc, const void *args, size_t args_size,
			     struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES]);

/* A handle or descriptor inside arguments or a pointee. */
struct agx_ioctl_ref {
	const struct agx_ioctl_field *field;
	uint8_t *value; /* 4 bytes, maybe unaligned: use agx_ref_get and agx_ref_set */
};

uint32_t agx_ref_get(const struct agx_ioctl_ref *ref);
void agx_ref_set(const struct agx_ioctl_ref *ref, uint32_t value);

/* Called for each reference; non-zero ends the walk and is returned by it. */
typedef int (*agx_ioctl_ref_fn)(void *data, const struct agx_ioctl_ref *ref);

/*
 * Walks the HANDLE and FD fields of the arguments whose access has one of the bits in access and
 * whose condition holds. Fields that lie outside args_size are left out. Returns 0 or fn's value.
 */
int agx_ioctl_arg_refs(const struct agx_ioctl_desc *desc, void *args, size_t args_size,
		       uint8_t access, agx_ioctl_ref_fn fn, void *data);

/*
 * The same inside a pointee of size bytes. args gives the stride. Command buffers are walked as
 * far as their headers are sound.
 */
int agx_ioctl_pointee_refs(const struct agx_ioctl_desc *desc, unsigned int pointee,
			   const void *args, size_t args_size, void *data_bytes, size_t size,
			   uint8_t access, agx_ioctl_ref_fn fn, void *data);

/*
 * Replaces every pointer in args by enum agxt_ptr. faulted has bit i set when pointee i
 * could not be accessed.
 */
void agx_ioctl_scrub(const struct agx_ioctl_desc *desc, void *args, size_t args_size,
		     uint32_t faulted);

/* True when the condition of a field holds in the structure that it is part of. */
bool agx_field_applies(const struct agx_ioctl_field *field, const void *bytes, size_t size);

/* Reads element index of a field (width 1, 2, 4, 8); 0 where the structure is shorter. */
uint64_t agx_field_get(const struct agx_ioctl_field *field, unsigned int index, const void *bytes,
		       size_t size);

/* One command of a command buffer. */
struct agx_cmdbuf_command {
	uint16_t type; /* enum drm_asahi_cmd_type */
	uint16_t size; /* bytes of payload */
	uint16_t vdm_barrier;
	uint16_t cdm_barrier;
	size_t payload; /* offset in the buffer */
	const struct agx_struct_desc
		*layout; /* payload, or one of its elements; NULL: unknown type */
	bool array;      /* payload is an array of layout */
};

/*
 * Steps through a command buffer: *offset starts at 0. Returns 1 and fills command, 0 at the
 * end, -1 when a header or payload runs past the end.
 */
int agx_command_next(const void *buffer, size_t size, size_t *offset,
		     struct agx_cmdbuf_command *command);

/* Where two outputs differ. */
struct agx_field_diff {
	const struct agx_ioctl_field *field;
	unsigned int index; /* of an array field */
	uint64_t expected;
	uint64_t got;
};

/*
 * Compares the OUT fields of two structures by the EXACT rule. MAPPED, TIMING and IGNORED fields
 * do not count; bytes that the table does not know do, with diff->field NULL and diff->index their
 * offset. Returns true when they agree; otherwise fills diff. The caller steps through arrays.
 */
bool agx_struct_compare(const struct agx_struct_desc *desc, const void *expected,
			size_t expected_size, const void *got, size_t got_size,
			struct agx_field_diff *diff);

#endif
