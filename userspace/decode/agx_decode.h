/* SPDX-License-Identifier: MIT */
/*
 * Decodes what a driver submitted: from the command of the uAPI through control streams, state words,
 * descriptors and shaders. One walk feeds a sink with events; text, JSON, comparison and reports are
 * sinks.
 *
 * Memory is bounded by the number of different shaders, not by the number of draws. Nothing here
 * prints; different decoders are independent, each is used by one thread at a time.
 */
#ifndef AGX_DECODE_H
#define AGX_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agx_cmdstream.h"
#include "asahi_drm.h"

/* Where an address lies. */
struct agx_decode_place {
	uint32_t handle; /* of the buffer object, as its file names it; 0: unknown */
	uint32_t file;   /* that the handle belongs to */
	uint64_t offset; /* in the buffer */
	uint64_t size;   /* of the buffer, 0: unknown */
	uint64_t left;   /* bytes from the address to the end of what is mapped in one piece */
	uint32_t flags;  /* of the mapping: enum drm_asahi_bind_flags, or what the dump says */
	bool known; /* what is there was recorded; else only the GPU, or nobody, has written it */
	const char *name; /* label, or NULL; valid as long as the memory */
};

/* An address space at one moment: of a trace, a dump, a file, live memory. */
struct agx_decode_memory {
	/* As agx_cs_memory.piece: NULL, or bytes in one piece, true until the submission is decoded. */
	const void *(*piece)(void *cookie, uint64_t address, size_t *size);
	/* False: nothing is there. */
	bool (*resolve)(void *cookie, uint64_t address, struct agx_decode_place *place);
	/*
	 * A number that changes whenever these bytes may have changed since an earlier submission;
	 * 0 or no function: always look.
	 */
	uint64_t (*stamp)(void *cookie, uint64_t address, size_t size);
	/* The memory behind a timestamp object; false or no function: not known. */
	bool (*timestamps)(void *cookie, uint32_t object, struct agx_decode_place *place);
	void *cookie;
};

/* Something that has fields and parts. */
enum agx_decode_kind {
	AGX_DECODE_SUBMIT,      /* number */
	AGX_DECODE_COMMAND,     /* render or compute, number in the submit */
	AGX_DECODE_ATTACHMENTS, /* a list of the submit, size: entries */
	AGX_DECODE_STREAM,      /* control stream */
	AGX_DECODE_BLOCK,       /* one block of it */
	AGX_DECODE_DRAW,        /* a block that draws: number in the command */
	AGX_DECODE_DISPATCH,    /* a block that launches: number in the command */
	AGX_DECODE_STATE,       /* PPP record */
	AGX_DECODE_LIST,        /* USC list, CF bindings */
	AGX_DECODE_RECORD,      /* a structure in any of these, a register, a descriptor */
	AGX_DECODE_ARRAY,       /* of descriptors */
	AGX_DECODE_SHADER,      /* code; a second mention is a reference; number from 1 */
	AGX_DECODE_HELPER,
	AGX_DECODE_MEMORY, /* bytes */
	AGX_DECODE_KINDS,
};

/* As JSON has it: "submit". */
const char *agx_decode_kind_name(enum agx_decode_kind kind);

#define AGX_DECODE_NO_ADDRESS UINT64_MAX
#define AGX_DECODE_NO_NUMBER  UINT64_MAX

struct agx_decode_node {
	enum agx_decode_kind kind;
	const char *title;                /* "VDM state", "Fragment shader" */
	const struct agx_cs_struct *desc; /* of a structure, or NULL */
	const void *record;               /* its bytes */
	uint64_t address;                 /* AGX_DECODE_NO_ADDRESS: has none */
	uint64_t size;                    /* bytes (ATTACHMENTS: entries), 0: unknown */
	uint64_t number; /* of submits, commands, draws, dispatches, elements, shaders */
	bool reference;  /* was shown before: nothing is inside but what differs */
	const struct agx_decode_place *place; /* of address; NULL: not asked, or nowhere */
};

enum agx_decode_format {
	AGX_DECODE_DEC,
	AGX_DECODE_HEX,
	AGX_DECODE_BYTES, /* an amount of memory */
	AGX_DECODE_NS,    /* nanoseconds since the start */
};

/*
 * Takes events. Every function may be NULL. What begins ends; all that a node says of itself (field,
 * text, number, address, bytes, code) comes before the first node inside it; problems come anywhere.
 * What pointers lead to is good during the call only, but for titles and names of fields.
 */
struct agx_decode_sink {
	void *cookie;
	void (*begin)(void *cookie, const struct agx_decode_node *node);
	/* A field of the structure that began last; value decoded. Addresses come as address(), too. */
	void (*field)(void *cookie, const struct agx_cs_field *field, uint64_t value);
	/* Something that no field has: name and text or number. */
	void (*text)(void *cookie, const char *name, const char *text);
	void (*number)(void *cookie, const char *name, uint64_t value,
		       enum agx_decode_format format);
	/*
	 * An address and where it leads; place NULL: nowhere, and that 0 leads nowhere is mostly
	 * meant. Comes instead of field() for fields that hold an address.
	 */
	void (*address)(void *cookie, const char *name, uint64_t address,
			const struct agx_decode_place *place);
	/* Bytes of the MEMORY node that began last. */
	void (*bytes)(void *cookie, uint64_t address, const void *bytes, size_t size);
	/* Shader code of the SHADER node that began last; not for references. */
	void (*code)(void *cookie, uint64_t address, const void *code, size_t size);
	void (*problem)(void *cookie, enum agx_cs_problem problem, uint64_t address,
			const char *text);
	void (*end)(void *cookie);
};

/* One submission, and the memory that it works on. */
struct agx_decode_submit {
	uint64_t number; /* from 0 */
	uint64_t seq;    /* of the call in its trace, 0: none */
	uint64_t time_ns;
	uint64_t frame;  /* presents before it, of the same process */
	uint32_t stream; /* process */
	uint32_t thread;
	uint32_t file;
	uint32_t vm; /* handle, 0: not known */
	bool have_queue;
	uint64_t usc_base;
	uint32_t priority;
	struct drm_asahi_submit args; /* pointers mean nothing */
	const void *syncs;            /* in_sync_count + out_sync_count struct drm_asahi_sync */
	uint32_t num_syncs;           /* that are there */
	const void *commands;
	size_t commands_size;
	struct agx_decode_memory memory;
};

/* Counts. problems: by code. */
struct agx_decode_stats {
	uint64_t submits, renders, computes, draws, dispatches;
	uint64_t blocks, records, descriptors, lists;
	uint64_t shaders;      /* different ones */
	uint64_t shader_bytes; /* of these */
	uint64_t unknown_words, unresolved, unknown_instructions;
	uint64_t problems[AGX_CS_PROBLEMS];
};

struct agx_decode_config {
	uint32_t generation; /* drm_asahi_params_global.gpu_generation; 0: 13 */
	uint32_t clusters;   /* num_clusters_total; more than one and generation 14: G14X */
	bool memory;         /* events for the bytes of uniforms, indices, indirect parameters */
	bool repeat;         /* decode lists again that were decoded in the same command */
	bool all_commands;
	uint32_t command;    /* unless all_commands: only this command of each submit */
	unsigned int blocks; /* limit of blocks per stream, 0: AGX_CS_WALK_BLOCKS */

	/*
	 * Called once for each different shader. stage: "vertex", "fragment", "compute",
	 * "preamble"... May be NULL.
	 */
	void (*shader)(void *cookie, uint64_t number, const char *stage, uint64_t address,
		       const void *code, size_t size);
	void *cookie;
};

struct agx_decode;

/* NULL: no memory. config and sink are copied. */
struct agx_decode *agx_decode_create(const struct agx_decode_config *config,
				     const struct agx_decode_sink *sink);
void agx_decode_destroy(struct agx_decode *decode);

/* Decodes a submission. 0, or -ENOMEM: what was decoded so far has been given out. */
int agx_decode_submit(struct agx_decode *decode, const struct agx_decode_submit *submit);

enum agx_decode_start {
	AGX_DECODE_START_VDM, /* control streams */
	AGX_DECODE_START_CDM,
	AGX_DECODE_START_USC,    /* a list of USC words */
	AGX_DECODE_START_SHADER, /* code */
};

/* Decodes from an address, without a command: for memory without a submission. As above. */
int agx_decode_at(struct agx_decode *decode, const struct agx_decode_memory *memory,
		  enum agx_decode_start start, uint64_t address, uint64_t usc_base);

const struct agx_decode_stats *agx_decode_stats(const struct agx_decode *decode);

/* One shader of the table that the decoder keeps. */
struct agx_decode_shader {
	uint64_t number; /* from 1 */
	const char *stage;
	uint64_t address;                 /* where it was met first */
	uint32_t size;                    /* bytes */
	uint64_t hash[2];                 /* of its code */
	uint64_t uses;                    /* draws, dispatches and commands that name it */
	const char *first_use, *last_use; /* "submit 3 command 0 draw 2" */
};

/* Shader number index + 1. False: there are fewer. */
bool agx_decode_shader(const struct agx_decode *decode, uint64_t index,
		       struct agx_decode_shader *shader);

#endif
