/* SPDX-License-Identifier: MIT */
/*
 * Descriptors and control-stream words of AGX, as data: one table, agx.cs, describes every
 * structure, its fields, their encoding, what values make sense, and which structures follow which
 * in a stream. From it are generated
 *
 *   agx_cs_pack.h    for each structure a C structure with typed fields, agx_cs_NAME_pack() and
 *                    agx_cs_NAME_unpack(), for those who write or execute streams; enumerations of
 *                    structures, blocks and fields
 *   the tables here  for those who print, compare and judge them without knowing each
 *   docs/cmdstream.md
 *
 * Nothing here allocates, prints to files or has state: any thread may call anything.
 */
#ifndef AGX_CMDSTREAM_H
#define AGX_CMDSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum agx_cs_type {
	AGX_CS_UINT,
	AGX_CS_INT, /* two's complement; values are sign-extended to 64 bits */
	AGX_CS_BOOL,
	AGX_CS_HEX,   /* a number that is better read in hexadecimal: flags, unknowns */
	AGX_CS_FLOAT, /* binary32; values are its bits */
	AGX_CS_HALF,  /* binary16; values are its bits */
	AGX_CS_FIXED, /* unsigned fixed point: values count in units of 1 / (1 << fraction) */
	AGX_CS_ENUM,
	AGX_CS_ADDRESS, /* GPU virtual address */
	AGX_CS_USC,     /* address relative to the queue's USC base */
};

/* What lies between the bits and the value. */
enum agx_cs_encoding {
	AGX_CS_LINEAR, /* value = (bits << shift) + amount */
	AGX_CS_LOG2,   /* value = 1 << bits */
	AGX_CS_GROUPS, /* value = amount * bits, 0 bits: amount << width */
};

/* What an address leads to. */
enum agx_cs_target {
	AGX_CS_TO_NOTHING, /* the field is no address */
	AGX_CS_TO_VDM,     /* control stream of the vertex data master */
	AGX_CS_TO_CDM,     /* control stream of the compute data master */
	AGX_CS_TO_PPP,     /* record of PPP state */
	AGX_CS_TO_USC,     /* list of USC words */
	AGX_CS_TO_CF,      /* list of coefficient register bindings */
	AGX_CS_TO_SHADER,  /* shader code */
	AGX_CS_TO_UNIFORMS,
	AGX_CS_TO_TEXTURES, /* array of texture or PBE descriptors */
	AGX_CS_TO_SAMPLERS, /* array of sampler descriptors, with or without borders */
	AGX_CS_TO_INDICES,
	AGX_CS_TO_DRAW, /* arguments of an indirect draw */
	AGX_CS_TO_GRID, /* arguments of an indirect launch */
	AGX_CS_TO_TESSELLATION,
	AGX_CS_TO_IMAGE,    /* texels */
	AGX_CS_TO_METADATA, /* of a compressed image */
	AGX_CS_TO_SCISSORS,
	AGX_CS_TO_DEPTH_BIASES,
	AGX_CS_TO_COUNTERS, /* of occlusion queries */
};

/*
 * Names lie within the tables and texts in one long string, so that the tables hold few pointers:
 * what a program loads it need not relocate. Names have at most AGX_CS_NAME - 1 characters.
 */
#define AGX_CS_NAME 36

/* The largest structure, in bytes. */
#define AGX_CS_RECORD_MAX 24

extern const char agx_cs_texts[];

/* The text that a doc, source or title member stands for; "" for 0. */
static inline const char *agx_cs_text(uint32_t text)
{
	return agx_cs_texts + text;
}

struct agx_cs_value {
	uint32_t value;
	uint32_t doc;           /* text */
	char name[AGX_CS_NAME]; /* "triangle_strip" */
};

struct agx_cs_enum {
	char name[AGX_CS_NAME];
	const struct agx_cs_value *values; /* in rising order of value */
	uint16_t count;
	bool dense;           /* values[i].value is i */
	uint64_t present[4];  /* bit v of these: v has a name; no value is larger */
	uint32_t doc, source; /* texts */
};

/* A run of bits, counted from the structure's first byte's bit 0. */
struct agx_cs_bits {
	uint16_t start, width;
};

/*
 * When a field, or a part of a block, is there: bit v of values is set, where v is what the given
 * bits (of the record; for parts, of the block's first word) hold. A width of 0 holds 0.
 */
struct agx_cs_when {
	uint16_t start;
	uint8_t width; /* at most 5 */
	uint32_t values;
};

struct agx_cs_field {
	char name[AGX_CS_NAME]; /* "index_size", as in the C structure */
	uint8_t type;           /* enum agx_cs_type */
	uint8_t encoding;       /* enum agx_cs_encoding */
	uint8_t shift;          /* of the encoding */
	uint8_t fraction;       /* of AGX_CS_FIXED */
	uint16_t amount;        /* of the encoding */
	uint8_t target;         /* enum agx_cs_target */
	uint8_t parts;          /* of bits */
	uint8_t width;          /* of all parts together, at most 64 */
	uint8_t when_count; /* conditions: all must hold; else the bits belong to another field */
	uint8_t when;       /* the first in agx_cs_whens */
	uint8_t values;     /* of AGX_CS_ENUM: index in agx_cs_enums; see agx_cs_field_enum() */
	bool fixed;         /* always has the value preset: a tag */
	bool unknown;       /* nobody knows what it does */
	struct agx_cs_bits bits[2]; /* lowest first */
	uint32_t doc, source;       /* texts */
	uint64_t preset;   /* what a packer starts with; printers may hide a field that has it */
	uint32_t align;    /* value must be a multiple of, 1: anything */
	uint32_t min, max; /* allowed values, both 0: all that can be encoded */
};

struct agx_cs_struct {
	char name[AGX_CS_NAME]; /* "vdm_barrier" */
	uint16_t id;            /* enum agx_cs_id, of agx_cs_pack.h */
	uint16_t size;          /* bytes */
	uint16_t field_count;
	bool overlays;                     /* some fields have conditions */
	const struct agx_cs_field *fields; /* by first bit, overlaid ones behind */
	uint32_t title, doc, source;       /* texts; "VDM barrier" */
	uint32_t show; /* text: one line for the whole record, see agx_cs_show(); 0: none */
	uint64_t fixed_mask, fixed_value; /* bits of the first 8 bytes that are always so: tags */
	uint64_t judged;   /* bit i: field i can have a value that agx_cs_check() complains of */
	uint64_t overlaid; /* bit i: field i has conditions */
	uint8_t known[AGX_CS_RECORD_MAX];  /* bits that some field covers */
	uint8_t always[AGX_CS_RECORD_MAX]; /* those that a field without conditions covers */
};

/* All enumerations, and the conditions of fields. */
extern const struct agx_cs_enum agx_cs_enums[];
extern const unsigned int agx_cs_enum_count;
extern const struct agx_cs_when agx_cs_whens[];

/* The enumeration of a field's values, NULL if it has none. */
static inline const struct agx_cs_enum *agx_cs_field_enum(const struct agx_cs_field *field)
{
	return field->type == AGX_CS_ENUM ? &agx_cs_enums[field->values] : NULL;
}

/* Does the field exist in this record? Fields without conditions always do. */
static inline bool agx_cs_applies(const struct agx_cs_field *field, const void *record);

/* The field's bits, and the value that they encode. record has the structure's size. */
uint64_t agx_cs_raw(const struct agx_cs_field *field, const void *record);
uint64_t agx_cs_get(const struct agx_cs_field *field, const void *record);

/* Value of bits, and bits of a value; false: the value cannot be encoded. */
uint64_t agx_cs_decode(const struct agx_cs_field *field, uint64_t bits);
bool agx_cs_encode(const struct agx_cs_field *field, uint64_t value, uint64_t *bits);

/* Sets the field. False: the value cannot be encoded; the record is as before. */
bool agx_cs_set(const struct agx_cs_field *field, void *record, uint64_t value);

/*
 * Writes the value as people read it, NUL-terminated. Returns the length; buf has AGX_CS_TEXT
 * bytes.
 */
#define AGX_CS_TEXT 64
size_t agx_cs_print(const struct agx_cs_field *field, uint64_t value, char *buf);

/* How such text is to be written where numbers, words and strings differ, as in JSON. */
enum agx_cs_form {
	AGX_CS_FORM_NUMBER,
	AGX_CS_FORM_WORD,   /* true, false */
	AGX_CS_FORM_STRING, /* names, hexadecimal numbers, floats that are no number */
};

enum agx_cs_form agx_cs_form(const struct agx_cs_field *field, uint64_t value);

/*
 * One line that says the most important of a record, "2d 1024x768 r8g8b8a8 unorm gpu",
 * NUL-terminated and cut to size bytes. Returns the length; 0 if the structure has no such line.
 */
size_t agx_cs_show(const struct agx_cs_struct *desc, const void *record, char *buf, size_t size);

/* Does that line have the field? */
bool agx_cs_shows(const struct agx_cs_struct *desc, const struct agx_cs_field *field);

/* Name of an enumeration's value, or NULL. */
const char *agx_cs_value_name(const struct agx_cs_enum *values, uint64_t value);

/* By name, or NULL. Slow: for tools and tests. */
const struct agx_cs_struct *agx_cs_find_struct(const char *name);
const struct agx_cs_field *agx_cs_find_field(const struct agx_cs_struct *desc, const char *name);

/*
 * Streams: a stream is a sequence of blocks. The bits tag_start, tag_width of a block's first word
 * (of its first byte, where granule is 1) are its tag and index blocks; NULL: no such block is
 * known. A block is a sequence of parts, each of which is there or not as the block's first word
 * says; the first is always.
 */
enum agx_cs_flow {
	AGX_CS_NEXT,   /* the next block follows */
	AGX_CS_LINK,   /* the stream goes on at the target */
	AGX_CS_CALL,   /* likewise, and comes back behind this block */
	AGX_CS_RETURN, /* back behind the last call */
	AGX_CS_END,
};

/* Who knows how often a part comes. */
enum agx_cs_times {
	AGX_CS_ONCE,
	AGX_CS_BY_FIELD,  /* field count_field of the block's first part */
	AGX_CS_BY_CALLER, /* something outside of the block: the shader words for bindings */
};

/* Which GPUs have a part. */
enum agx_cs_variant {
	AGX_CS_ALL,
	AGX_CS_G14X, /* G14 with more than one cluster */
};

struct agx_cs_part {
	char name[AGX_CS_NAME]; /* "back_stencil"; a structure can come in several roles */
	const struct agx_cs_struct *desc;
	struct agx_cs_when when;
	uint8_t times;   /* enum agx_cs_times */
	uint8_t variant; /* enum agx_cs_variant */
	const struct agx_cs_field *count_field;
};

struct agx_cs_block {
	char name[AGX_CS_NAME];
	uint16_t id; /* enum agx_cs_block_id, of agx_cs_pack.h */
	uint8_t part_count;
	uint8_t flow;      /* enum agx_cs_flow, if flow_when holds */
	uint8_t otherwise; /* enum agx_cs_flow, if not */
	uint8_t pad;       /* size is rounded up to a multiple of this, if pad_when holds */
	struct agx_cs_when flow_when, pad_when;
	const struct agx_cs_part *parts;
	const struct agx_cs_field *target; /* of LINK and CALL: in the first part */
	uint32_t title, doc, source;       /* texts */
};

struct agx_cs_stream {
	char name[AGX_CS_NAME];
	uint8_t tag_start, tag_width;
	uint8_t granule;                          /* blocks start at multiples of this many bytes */
	const struct agx_cs_block *const *blocks; /* 1 << tag_width of them */
	uint32_t title, doc, source;              /* texts */
};

extern const struct agx_cs_stream agx_cs_vdm, agx_cs_cdm, agx_cs_usc;

/* Records that stand alone: their single block. */
extern const struct agx_cs_stream agx_cs_ppp, agx_cs_cf;

/* Does it hold for these bits? */
static inline bool agx_cs_holds(const struct agx_cs_when *when, uint32_t word)
{
	return when->values >> (word >> when->start & ((1u << when->width) - 1)) & 1;
}

/*
 * The block that starts with this word (of USC words the first bytes, as many as there are), or
 * NULL.
 */
static inline const struct agx_cs_block *agx_cs_block_at(const struct agx_cs_stream *stream,
							 uint32_t word)
{
	return stream->blocks[word >> stream->tag_start & ((1u << stream->tag_width) - 1)];
}

static inline enum agx_cs_flow agx_cs_block_flow(const struct agx_cs_block *block, uint32_t word)
{
	return (enum agx_cs_flow)(agx_cs_holds(&block->flow_when, word) ? block->flow
									: block->otherwise);
}

/* Goes through a block's parts. Set up by agx_cs_parts(), then agx_cs_next_part() until false. */
struct agx_cs_parts {
	const struct agx_cs_block *block;
	uint32_t word;   /* the block's first */
	uint8_t variant; /* enum agx_cs_variant of the GPU */
	uint8_t next;    /* index in block->parts */
	uint16_t calls;  /* repetitions for parts that count BY_CALLER */
	uint16_t left;   /* repetitions to come */
	uint32_t end;    /* bytes from the block's start to the end of the current part */
	const struct agx_cs_part *part; /* current */
	uint16_t index;                 /* repetition, from 0 */
	uint32_t offset;                /* bytes from the block's start */
};

static inline void agx_cs_parts(struct agx_cs_parts *parts, const struct agx_cs_block *block,
				uint32_t word, enum agx_cs_variant variant, uint16_t calls)
{
	*parts = (struct agx_cs_parts){
		.block = block, .word = word, .variant = (uint8_t)variant, .calls = calls};
}

bool agx_cs_next_part(struct agx_cs_parts *parts);

/* Bytes of the whole block with padding: known from its first word (and calls, as above). */
uint32_t agx_cs_block_size(const struct agx_cs_block *block, uint32_t word,
			   enum agx_cs_variant variant, uint16_t calls);

/*
 * What is wrong with a stream, a record, a program. Numbers are stable: the critic's findings name
 * them.
 */
enum agx_cs_problem {
	AGX_CS_OK,
	AGX_CS_RESERVED,   /* bits set that no field covers */
	AGX_CS_FIXED_BITS, /* bits that are always so are not */
	AGX_CS_RANGE,      /* value outside what makes sense */
	AGX_CS_ALIGNMENT,
	AGX_CS_ENUM_UNKNOWN,   /* value without a name */
	AGX_CS_UNKNOWN_WORD,   /* no such block, record or USC word */
	AGX_CS_UNMAPPED,       /* address that does not resolve */
	AGX_CS_TRUNCATED,      /* memory ends within the structure */
	AGX_CS_UNTERMINATED,   /* stream or list without an end within the limit */
	AGX_CS_LOOP,           /* stream comes back to where it was without returning */
	AGX_CS_CALL_DEPTH,     /* more calls than hardware is known to keep */
	AGX_CS_SIZE,           /* stated size and content disagree */
	AGX_CS_OVERLAP,        /* two words of a list set the same registers */
	AGX_CS_INCOMPLETE,     /* a draw or launch without state that it needs */
	AGX_CS_NOT_EXECUTABLE, /* shader code where nothing may be executed */
	AGX_CS_INSTRUCTION,    /* no known instruction */
	AGX_CS_UNWRITTEN,      /* nothing there yet: the GPU writes it before it is needed */
	AGX_CS_PROBLEMS,
};

const char *agx_cs_problem_name(enum agx_cs_problem problem);
const char *agx_cs_problem_text(enum agx_cs_problem problem);

/*
 * Judges one record: fixed and reserved bits, ranges, alignment, enumerations. Calls report for
 * each problem (report may be NULL; field is NULL for reserved and fixed bits, value then the bits
 * of the 64-bit word that is first wrong). Returns how many.
 */
unsigned int agx_cs_check(const struct agx_cs_struct *desc, const void *record,
			  void (*report)(void *cookie, enum agx_cs_problem problem,
					 const struct agx_cs_field *field, uint64_t value),
			  void *cookie);

/* All structures: enum agx_cs_id of agx_cs_pack.h is the index. */
extern const struct agx_cs_struct agx_cs_structs[];
extern const unsigned int agx_cs_struct_count;

/* How texels of a value of the enumeration "channels" lie in memory. */
struct agx_cs_channels_info {
	uint8_t bits; /* of a block, which is a texel if not compressed; 0: no such value */
	uint8_t width, height; /* texels of a block */
	uint8_t components;    /* in the order R, G, B, A */
	uint8_t component
		[4];     /* bits of each, from the lowest bit of the texel; 0: not of this kind */
	bool compressed; /* a block cannot be taken apart into component bits */
};

/* By value: 128 of them. */
extern const struct agx_cs_channels_info agx_cs_channels_info[128];

static inline bool agx_cs_applies(const struct agx_cs_field *field, const void *record)
{
	for (unsigned int i = 0; i < field->when_count; i++) {
		const struct agx_cs_when *when = &agx_cs_whens[field->when + i];
		const uint8_t *bytes = record;
		uint32_t bits = bytes[when->start / 8];

		if (when->start % 8 + when->width > 8)
			bits |= (uint32_t)bytes[when->start / 8 + 1] << 8;
		if (!(when->values >> (bits >> when->start % 8 & ((1u << when->width) - 1)) & 1))
			return false;
	}
	return true;
}

#endif
