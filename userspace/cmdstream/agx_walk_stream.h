/* SPDX-License-Identifier: MIT */
/*
 * Walks control streams: blocks, the records and lists that they point at, and the state that they build up.
 *
 * Who walks supplies memory and takes events. Whatever memory holds, a walk is bounded: blocks, calls and
 * lengths of lists have limits, a stream that comes back to where it was is noticed. Every word that decides
 * something is read once, so that memory that changes meanwhile changes only what is reported.
 *
 * Nothing is allocated and nothing kept between walks: whoever wants to see a list, a table of descriptors or
 * a shader once only remembers its address and says so in enter().
 */
#ifndef AGX_WALK_STREAM_H
#define AGX_WALK_STREAM_H

#include "agx_cmdstream.h"

/* GPU addresses have so many bits; what is above them is cut off, as hardware does. */
#define AGX_CS_ADDRESS_MASK ((1ull << 40) - 1)

#define AGX_CS_WALK_BLOCKS   (1u << 20) /* of a stream, when the caller names no limit */
#define AGX_CS_WALK_CALLS    16
#define AGX_CS_LIST_WORDS    512 /* of a USC list; no register can be left to set after so many */
#define AGX_CS_VIEWPORTS     16
#define AGX_CS_VDM_SLOTS     8    /* presence bits of a VDM state update */
#define AGX_CS_PPP_SLOTS     32   /* and of a PPP record */
#define AGX_CS_BINDINGS      64   /* of a pipeline's summary */
#define AGX_CS_GROUP_THREADS 1024 /* of a launch */

/* Memory as the GPU sees it. */
struct agx_cs_memory {
	/*
	 * The memory at an address: a pointer, and in *size how many bytes (at least 1) are in one piece there.
	 * Both stay true until the walk is over. NULL: nothing is there, or it may not be read.
	 */
	const void *(*piece)(void *cookie, uint64_t address, size_t *size);
	void *cookie;
};

/* What a structure is part of. */
enum agx_cs_place {
	AGX_CS_IN_VDM, /* a control stream: one event for each block and each optional word */
	AGX_CS_IN_CDM,
	AGX_CS_IN_PPP,      /* a record of PPP state: header, then one event for each part */
	AGX_CS_IN_USC,      /* a list that a pipeline pointer names */
	AGX_CS_IN_CF,       /* bindings of coefficient registers */
	AGX_CS_IN_TEXTURES, /* a table of texture and PBE descriptors that a USC word names */
	AGX_CS_IN_SAMPLERS,
	AGX_CS_PLACES,
};

/* Whose list it is. */
enum agx_cs_stage {
	AGX_CS_STAGE_NONE,
	AGX_CS_STAGE_VERTEX,
	AGX_CS_STAGE_FRAGMENT,
	AGX_CS_STAGE_COMPUTE,
	AGX_CS_STAGE_BACKGROUND, /* of the command, not of a stream */
	AGX_CS_STAGE_END_OF_TILE,
	AGX_CS_STAGES,
};

/* One structure that was met. */
struct agx_cs_event {
	uint8_t place; /* enum agx_cs_place */
	uint8_t flow;  /* enum agx_cs_flow, with the first structure of a stream's block */
	uint8_t depth; /* of calls */
	bool first;    /* the first structure of a block; its optional words follow with false */
	bool linked; /* behind a link: memory that a program on the GPU may write before it is needed */
	uint16_t index; /* of the descriptor in its table, of the viewport, of the binding */
	const struct agx_cs_struct *desc;
	const struct agx_cs_block *block; /* that it is part of; NULL in tables of descriptors */
	const struct agx_cs_part *part;   /* likewise: the role that it has there */
	uint64_t address;                 /* of the structure */
	const void *record;               /* desc->size bytes, a copy; valid during the call */
	uint64_t target;                  /* LINK, CALL, RETURN: where the stream goes on */
};

/* What a list or a table is entered with. */
struct agx_cs_visit {
	uint8_t place; /* PPP, USC, CF, TEXTURES, SAMPLERS */
	uint8_t stage; /* enum agx_cs_stage; NONE for PPP */
	bool linked;
	bool extended; /* SAMPLERS, and USC lists whose samplers are so: 24 bytes each, with border colour */
	bool has_counts; /* USC: there is a word of counts */
	uint16_t start;  /* TEXTURES, SAMPLERS: first register */
	uint16_t count;  /* TEXTURES, SAMPLERS, CF: entries; PPP: words */
	uint32_t counts; /* USC: first word of what selects the program: registers that it has */
	uint64_t address;
	uint64_t from; /* of the structure that names it */
};

/* Something wrong. */
struct agx_cs_trouble {
	uint8_t problem; /* enum agx_cs_problem */
	uint8_t place;   /* of what it is wrong with */
	uint8_t stage;
	bool linked;
	const struct agx_cs_struct *desc; /* NULL: no structure */
	const struct agx_cs_field *field; /* NULL: the whole */
	uint64_t address; /* of the structure; UNMAPPED and TRUNCATED: where nothing can be read */
	uint64_t value;   /* of the field; bits that are wrong; the word that is unknown */
	uint64_t from; /* UNMAPPED, TRUNCATED: of the structure that leads there; else as address */
	const char *what; /* a constant: what was wanted there, what is wrong */
};

/* A range of registers that a USC list sets from memory. */
struct agx_cs_binding {
	uint8_t kind;          /* enum agx_cs_binding_kind */
	uint16_t start, count; /* registers: halves for uniforms */
	uint64_t address;      /* what they are set from */
	uint64_t from;         /* of the word in the list */
};

enum agx_cs_binding_kind {
	AGX_CS_BINDING_UNIFORM,
	AGX_CS_BINDING_TEXTURE,
	AGX_CS_BINDING_SAMPLER,
	AGX_CS_BINDING_KINDS,
};

/* What a USC list comes to. */
struct agx_cs_pipeline {
	uint64_t address; /* of the list */
	uint32_t size;    /* bytes, up to its end or to where the walk gave up */
	uint8_t stage;
	bool ended; /* as lists end */
	bool has_shader, has_preshader, has_shared, has_registers, has_fragment_properties;
	uint32_t shader, preshader;                 /* of the words, relative to the USC base */
	uint64_t shader_address, preshader_address; /* GPU addresses */
	uint16_t registers;                         /* halves of a thread; 0: not said */
	uint8_t spill_size;                         /* as the word has it; 0: no stack */
	uint32_t shared, fragment_properties;       /* the words as they are */
	uint16_t bindings;                          /* in binding[] */
	uint16_t more_bindings;                     /* that did not fit */
	uint16_t problems;                          /* that were found */
	struct agx_cs_binding binding[AGX_CS_BINDINGS];
};

/* What selects a program: words of a vertex state, of a PPP record, of a launch. */
struct agx_cs_program {
	bool set;
	uint32_t counts;   /* first word, as the stream has it */
	uint32_t pipeline; /* USC list, relative to the USC base */
	uint64_t list;     /* its GPU address */
};

/*
 * Everything that a VDM stream has set so far. Words are as the stream has them, for the generated unpackers;
 * vdm and ppp are indexed by the presence bit of the VDM state's header and of the PPP header.
 */
struct agx_cs_draw_state {
	uint32_t vdm_set, ppp_set; /* presence bits of all that was ever set */
	uint32_t vdm_new, ppp_new; /* and since the draw before */
	uint32_t vdm[AGX_CS_VDM_SLOTS];
	uint32_t ppp[AGX_CS_PPP_SLOTS];    /* of a part of several words: the first */
	uint64_t vdm_at[AGX_CS_VDM_SLOTS]; /* address of each word and part that is set */
	uint64_t ppp_at[AGX_CS_PPP_SLOTS];
	uint32_t fragment[4];
	uint32_t varying_2[2];
	uint8_t viewports, region_clips;
	uint32_t region_clip[AGX_CS_VIEWPORTS][2];
	uint32_t viewport_control;
	uint32_t viewport[AGX_CS_VIEWPORTS][6];

	struct agx_cs_program vertex_program, fragment_program;
	uint64_t cf_bindings; /* GPU address, 0: none */
};

/* A draw: an index list, or a tessellate block. */
struct agx_cs_draw {
	uint32_t number; /* in the walk, from 0 */
	bool linked;
	bool tessellate; /* of what follows only number, address and state count */
	bool indexed, indirect, restart;
	bool has_count, has_instances, has_start, has_buffer_size;
	uint8_t primitive;  /* enum agx_cs_primitive */
	uint8_t index_size; /* bytes: 1, 2, 4; 0: an unknown size */
	uint64_t address;   /* of the block */
	uint32_t count, instances, start;
	uint32_t unknown_1[2], unknown_2;
	uint64_t index_buffer;      /* indexed */
	uint64_t index_buffer_size; /* bytes; 0: not said */
	uint64_t indirect_buffer;   /* indirect */
	const struct agx_cs_draw_state *state;
};

/*
 * A launch of the CDM. It tells by itself whether it was made for G14X: no grid is as large as the two words
 * more would be, and no pointer to a grid is that number. So a stream made for another GPU is understood.
 */
struct agx_cs_dispatch {
	uint32_t number; /* in the walk, from 0 */
	bool linked;
	bool g14x;    /* with the two words more of a G14X */
	uint8_t mode; /* enum agx_cs_cdm_mode */
	bool has_global, has_local;
	uint64_t address;
	uint32_t global[3]; /* threads */
	uint32_t local[3];  /* threads of a group */
	uint64_t indirect_buffer;
	struct agx_cs_program program;
};

/*
 * Who takes what a walk finds. Each function may be NULL. What returns false ends the walk with
 * AGX_CS_WALK_STOPPED.
 */
struct agx_cs_visitor {
	void *cookie;
	bool (*structure)(void *cookie, const struct agx_cs_event *event);
	bool (*problem)(void *cookie, const struct agx_cs_trouble *trouble);
	/* After the events of its block. */
	bool (*draw)(void *cookie, const struct agx_cs_draw *draw);
	bool (*dispatch)(void *cookie, const struct agx_cs_dispatch *dispatch);
	/* Whether to walk a list or table now; NULL: always. For each true there is a leave(). */
	bool (*enter)(void *cookie, const struct agx_cs_visit *visit);
	/* pipeline: of a USC list what it comes to, else NULL. */
	void (*leave)(void *cookie, const struct agx_cs_visit *visit,
		      const struct agx_cs_pipeline *pipeline);
};

/* How deep a walk goes; each level includes the ones before. */
enum agx_cs_walk_depth {
	AGX_CS_WALK_BLOCKS_ONLY, /* the blocks of the stream */
	AGX_CS_WALK_STATE,       /* PPP records: the state of a draw is complete */
	AGX_CS_WALK_LISTS,       /* USC lists, CF bindings */
	AGX_CS_WALK_DESCRIPTORS, /* tables of textures and samplers */
};

/* What to walk and how. */
struct agx_cs_start {
	uint64_t address;
	uint64_t usc_base;
	uint8_t walk_depth;  /* enum agx_cs_walk_depth */
	bool judge;          /* every structure by agx_cs_check(), every draw for its state */
	unsigned int blocks; /* limit, 0: AGX_CS_WALK_BLOCKS */
};

enum agx_cs_walk_end {
	AGX_CS_WALK_ENDED,   /* at a terminate, or a return to the caller */
	AGX_CS_WALK_BROKEN,  /* a problem behind which it cannot go on */
	AGX_CS_WALK_LIMIT,   /* blocks */
	AGX_CS_WALK_STOPPED, /* by the visitor */
};

/* How a walk went. */
struct agx_cs_walk_result {
	enum agx_cs_walk_end end;
	uint64_t at; /* the last block, or where one could not be read */
	unsigned int blocks, draws, dispatches, problems;
};

void agx_cs_walk_vdm(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visitor *visitor, struct agx_cs_walk_result *result);
void agx_cs_walk_cdm(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visitor *visitor, struct agx_cs_walk_result *result);

/*
 * Walks one USC list, as a walk of a stream does that enters it: visit->place is USC, with stage, address and
 * extended. visitor may be NULL. start: usc_base, walk_depth and judge count. False: the visitor has stopped it.
 */
bool agx_cs_walk_usc(const struct agx_cs_memory *memory, const struct agx_cs_start *start,
		     const struct agx_cs_visit *visit, const struct agx_cs_visitor *visitor,
		     struct agx_cs_pipeline *pipeline);

/*
 * The descriptor that 24 bytes of a texture table most likely are, texture or PBE: a USC word does not say it.
 * A guess by what no texture and no PBE has; shader code that uses the register knows better.
 */
const struct agx_cs_struct *agx_cs_guess_texture(const void *record);

/* Whether samplers have border colours, by the first word of what selects a program. */
bool agx_cs_extended_samplers(uint32_t counts);

/*
 * size bytes at address, of one or several pieces, copied to buf. Returns how many there were.
 */
size_t agx_cs_read(const struct agx_cs_memory *memory, uint64_t address, void *buf, size_t size);

#endif
