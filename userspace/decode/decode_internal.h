/* SPDX-License-Identifier: MIT */
/* What the parts of the decoder share. */
#ifndef AGX_DECODE_INTERNAL_H
#define AGX_DECODE_INTERNAL_H

#include "agx_cs_pack.h"
#include "agx_decode.h"
#include "agx_walk_stream.h"

#define SHADER_NONE 0 /* shaders count from 1 */

/* Who uses a shader. */
struct shader_use {
	uint64_t submit;
	uint32_t command;
	uint8_t kind; /* AGX_DECODE_DRAW, DISPATCH, COMMAND */
	uint32_t number;
};

/* A texture or sampler state that code loads from a constant offset into a heap. */
struct shader_load {
	bool sampler;
	uint8_t index; /* of the state register */
	uint16_t heap; /* first half of the uniform that has its address */
	uint32_t offset;
};

#define MAX_LOADS 16 /* of a shader that are kept */

struct shader {
	uint64_t address;
	uint64_t hash[2];
	uint32_t size;
	uint32_t instructions, unknown;
	uint64_t read[4], written[4]; /* texture states, by what the code does with them */
	uint8_t num_loads;
	struct shader_load loads[MAX_LOADS];
	bool shown;
	const char *stage;
	uint64_t uses;
	struct shader_use first, last;
};

/* Which shader was at an address, and by which stamp of the memory one knows that it still is. */
struct shader_at {
	uint64_t address;
	uint64_t stamp;
	uint32_t number; /* 0: free */
	uint32_t next_size;
};

/* A list, table or record that was shown in this command. */
struct shown {
	uint64_t key;   /* address and place */
	uint32_t epoch; /* of the command; others are free */
	uint32_t count;
	uint32_t shader, preshader; /* of USC lists */
};

/* A draw's or launch's block, until everything about it is known. */
struct stash {
	bool used;
	bool begun;
	unsigned int parts;
	struct {
		const struct agx_cs_struct *desc;
		const struct agx_cs_part *part;
		uint64_t address;
		uint8_t record[24];
	} part[12];
};

/* How a member of a command is shown. */
struct member {
	uint16_t id;  /* enum agx_cs_id of what decodes it, or: */
	uint8_t when; /* enum member_need: an address that something must be at */
};

#define MEMBER_PLAIN   UINT16_MAX       /* a number or an address */
#define MEMBER_SPECIAL (UINT16_MAX - 1) /* shown elsewhere */
#define MAX_MEMBERS    80

struct agx_decode {
	struct agx_decode_config config;
	struct agx_decode_sink sink;
	struct agx_decode_stats stats;
	bool failed; /* memory has run out */
	struct member render[MAX_MEMBERS],
		compute[MAX_MEMBERS]; /* in the order of the ioctl table */

	/* What is being decoded. */
	const struct agx_decode_memory *memory;
	uint64_t usc_base;
	uint64_t submit;
	uint32_t command;
	bool linked;        /* the walk is, or may now go, where the GPU writes */
	uint64_t unwritten; /* address that was not given out because of that */

	uint64_t scissors, depth_biases, counters; /* of the render */
	uint64_t heap_hash;                        /* of the sampler heap that was shown last */

	/* The walk. */
	unsigned int depth; /* of calls */
	bool block_open[AGX_CS_WALK_CALLS + 1];
	struct stash stash;
	uint32_t dispatches;      /* of the stream */
	struct agx_cs_visit list; /* the USC list that is being walked */
	uint32_t list_shader;     /* its shader, as far as it is known */
	bool list_looked;         /* for it */
	uint64_t descriptor;      /* that is being judged */
	unsigned int num_late;    /* problems of a draw whose node has not begun */
	struct {
		enum agx_cs_problem problem;
		uint64_t address;
		char text[200];
	} late[4];
	bool state_pending; /* a PPP record was entered, its header is to come */
	struct agx_cs_visit state_visit;
	struct {
		uint64_t list;
		uint32_t shader, preshader;
	} current[AGX_CS_STAGES]; /* last list of each stage that was looked up */

	struct shown *shown;
	uint32_t num_shown, shown_capacity, epoch;

	struct shader *shaders;
	uint32_t num_shaders, shaders_capacity;
	uint32_t *by_hash; /* open addressing: numbers */
	uint32_t by_hash_capacity;
	struct shader_at *at;
	uint32_t num_at, at_capacity;
	uint8_t *code;
	uint32_t code_capacity;
	char first_use[64], last_use[64];
};

/*
 * Events (decode.c).
 */

struct agx_decode_place *decode_resolve(struct agx_decode *d, uint64_t address,
					struct agx_decode_place *place);

/* Begins a node. resolve: says where the address leads; an unresolved one is then a problem. */
void decode_begin(struct agx_decode *d, const struct agx_decode_node *node, bool resolve);
void decode_end(struct agx_decode *d);

/* The fields of a record, as those of the node that began last. */
void decode_fields(struct agx_decode *d, const struct agx_cs_struct *desc, const void *record,
		   uint64_t address);

/* A node of its own for a record. title NULL: that of desc. number: AGX_DECODE_NO_NUMBER for none. */
void decode_record(struct agx_decode *d, const char *title, const struct agx_cs_struct *desc,
		   const void *record, uint64_t address, uint64_t number);

void decode_text(struct agx_decode *d, const char *name, const char *text);
void decode_number(struct agx_decode *d, const char *name, uint64_t value,
		   enum agx_decode_format format);

/* An address as a field; a problem when it does not resolve and needed. Returns whether it does. */
bool decode_address(struct agx_decode *d, const char *name, uint64_t address, bool needed);

/* A field for an address that has none: 0. */
void decode_no_address(struct agx_decode *d, const char *name);

void decode_problem(struct agx_decode *d, enum agx_cs_problem problem, uint64_t address,
		    const char *text);

/* Bytes of memory as a MEMORY node, when they were asked for. */
void decode_bytes(struct agx_decode *d, const char *title, uint64_t address, uint64_t size);

/* Up to size bytes of memory; returns how many there are. */
size_t decode_read(struct agx_decode *d, uint64_t address, void *buf, size_t size);

/* The GPU's addresses, and how the walker sees memory. */
struct agx_cs_memory decode_walk_memory(struct agx_decode *d);

/*
 * Commands (decode_command.c).
 */

/* Finds out how members are shown: once, by their names. */
void decode_know_members(struct agx_decode *d);

void decode_render(struct agx_decode *d, const struct drm_asahi_cmd_header *header,
		   const void *payload, const void *const attachments[2], const size_t sizes[2]);
void decode_compute(struct agx_decode *d, const struct drm_asahi_cmd_header *header,
		    const void *payload, const void *attachments, size_t size);

/*
 * Streams (decode_stream.c).
 */

void decode_new_command(struct agx_decode *d);
void decode_stream(struct agx_decode *d, bool cdm, uint64_t address);
void decode_list(struct agx_decode *d, enum agx_cs_stage stage, const char *title, uint64_t address,
		 uint32_t counts);

extern const char *const decode_stage_names[AGX_CS_STAGES];

/*
 * What was shown in the command (decode_shown.c).
 */

uint64_t decode_shown_key(unsigned int place, unsigned int stage, bool extended, uint64_t address);
struct shown *decode_find_shown(struct agx_decode *d, uint64_t key);

/* Remembers it. NULL: too many, or no memory; it is then shown again. */
struct shown *decode_add_shown(struct agx_decode *d, uint64_t key);

/* The shaders of a program whose list was shown in this command; SHADER_NONE. */
void decode_current_shaders(struct agx_decode *d, enum agx_cs_stage stage,
			    const struct agx_cs_program *program, uint32_t *shader,
			    uint32_t *preshader);

/*
 * Draws and launches (decode_draw.c).
 */

/* Shows problems that were found before their draw was shown. */
void decode_late_problems(struct agx_decode *d);

/* Shows the words of a launch, as soon as all of them are there; at other times nothing. */
void decode_begin_launch(struct agx_decode *d);

bool decode_visit_draw(void *cookie, const struct agx_cs_draw *draw);
bool decode_visit_dispatch(void *cookie, const struct agx_cs_dispatch *dispatch);

/*
 * Descriptors (decode_descriptor.c).
 */

/* What indices in a part of PPP state lead to. */
void decode_indexed(struct agx_decode *d, const struct agx_cs_event *event);

/* An entry of a table: texture or PBE, as the code has it. */
void decode_texture(struct agx_decode *d, const struct agx_cs_event *event);

/* States that the code of loader loads for user. */
void decode_loads(struct agx_decode *d, const struct agx_cs_pipeline *pipeline, uint32_t loader,
		  uint32_t user);

/*
 * Shaders (decode_shader.c).
 */

/*
 * Shows the shader at an address: at first in full, later as a reference. Returns its number, or
 * SHADER_NONE.
 */
uint32_t decode_shader(struct agx_decode *d, const char *stage, uint64_t address);

/* Its number, without showing it. */
uint32_t decode_shader_find(struct agx_decode *d, const char *stage, uint64_t address);

/* Notes a use of a shader; SHADER_NONE is fine. */
void decode_shader_use(struct agx_decode *d, uint32_t number, enum agx_decode_kind kind,
		       uint32_t index);

#endif
