// SPDX-License-Identifier: MIT
/*
 * One table says what each register names: which bits of it are an address, who reads or writes
 * there and how much. It holds facts about registers only; the numbers are in
 * firmware-interface/registers.h.
 *
 * Which unit of the GPU makes an access is known for a few only; the others are the most likely
 * ones by name (m1n1: hw/agx.py lists the codes).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "critic.h"
#include "null.h"
#include "registers.h"
#include "sgx.h"
#include "streams.h"

#define ADDRESS_MASK ((1ull << (AGX_UAT_HALF_BITS + 1)) - 1)

#define R AGX_WALK_READ
#define W AGX_WALK_WRITE

/* Unit codes, sgx.h. */
enum unit_code {
	CODE_IAP = 0x04,
	CODE_TE = 0x06,
	CODE_RAS = 0x07,
	CODE_VDM = 0x08,
	CODE_PPP = 0x09,
	CODE_IPF = 0x0a,
	CODE_IPF_CPF = 0x0b,
	CODE_ZLS = 0x0e,
	CODE_UL1C = 0x01,
	CODE_DPM = 0xa1,
	CODE_CDM_G14X = 0xd0,
	CODE_CDM = 0xe6,
};

enum kind {
	KIND_VALUE,   /* other rows or the code look at it */
	KIND_ADDRESS, /* no bits but the address's; zero: unused */
	KIND_TAGGED,  /* the low 40 bits are the address; zero: unused */
	KIND_HELPER,  /* offset of a program from usc_base; bit 0: there is one */
	KIND_PROGRAM, /* offset of USC words from usc_base, six bits of flags */
	KIND_LAYERED, /* used only when there are several layers */
	KIND_ZLS,     /* used when all of bits are set in ISP_ZLSCTL */
};

/* How many bytes count, where it is not a number. */
enum size_rule {
	SIZE_TILEMAP = -1, /* macrotiles of all layers */
	SIZE_TPC = -2,
};

struct row {
	uint32_t number;
	uint8_t unit; /* enum agx_gpu_unit */
	uint8_t kind;
	uint8_t wants; /* AGX_WALK_* */
	uint8_t code;
	int32_t size; /* bytes, or a rule */
	uint32_t bits;
	const char *what;
};

/* Bits of ISP_ZLSCTL (Mesa, genxml: CR_ZLS_CONTROL). */
#define ZLS_Z_LOAD_COMPRESSED  (1u << 2)
#define ZLS_S_LOAD_COMPRESSED  (1u << 4)
#define ZLS_Z_STORE_COMPRESSED (1u << 6)
#define ZLS_S_STORE_COMPRESSED (1u << 8)
#define ZLS_S_LOAD             (1u << 14)
#define ZLS_Z_LOAD             (1u << 15)
#define ZLS_S_STORE            (1u << 18)
#define ZLS_Z_STORE            (1u << 19)

#define HEAPMETA_SIZE   0x200
#define LAYERMETA_SIZE  0x100
#define AUX_FB_SIZE     0x8000
#define SCISSOR_SIZE    16
#define DEPTH_BIAS_SIZE 12
#define SAMPLER_SIZE    8
#define TPC_ENTRY       4
#define MACROTILES      16

/* clang-format off */
static const struct row rows[] = {
#define V AGX_GPU_VERTEX
	{AGX_REG_TVB_TILEMAP, V, KIND_ADDRESS, R | W, CODE_TE, SIZE_TILEMAP, 0, "tile map"},
	{AGX_REG_TVB_TILEMAP_2, V, KIND_ADDRESS, R | W, CODE_TE, SIZE_TILEMAP, 0, "tile map"},
	{AGX_REG_TVB_CLUSTER_TILEMAPS, V, KIND_ADDRESS, R | W, CODE_TE, 1, 0, "cluster tile maps"},
	{AGX_REG_TVB_CLUSTER_TILEMAPS_2, V, KIND_ADDRESS, R | W, CODE_TE, 1, 0,
	 "cluster tile maps"},
	{AGX_REG_TE_TPC_ADDR, V, KIND_ADDRESS, R | W, CODE_TE, SIZE_TPC, 0, "tile parameter cache"},
	{AGX_REG_TVB_HEAPMETA, V, KIND_TAGGED, R | W, CODE_DPM, HEAPMETA_SIZE, 0, "heap meta"},
	{AGX_REG_TVB_HEAPMETA_2, V, KIND_TAGGED, R | W, CODE_DPM, HEAPMETA_SIZE, 0, "heap meta"},
	{AGX_REG_VERTEX_PREEMPT_BUF1, V, KIND_ADDRESS, R | W, CODE_VDM, 1, 0, "preemption buffer 1"},
	{AGX_REG_VERTEX_PREEMPT_BUF1_2, V, KIND_ADDRESS, R | W, CODE_VDM, 1, 0,
	 "preemption buffer 1"},
	{AGX_REG_VERTEX_PREEMPT_BUF2, V, KIND_ADDRESS, R | W, CODE_VDM, 1, 0, "preemption buffer 2"},
	{AGX_REG_VERTEX_PREEMPT_BUF2_2, V, KIND_ADDRESS, R | W, CODE_VDM, 1, 0,
	 "preemption buffer 2"},
	{AGX_REG_VERTEX_PREEMPT_BUF3, V, KIND_TAGGED, R | W, CODE_VDM, 1, 0, "preemption buffer 3"},
	{AGX_REG_TVB_CLUSTER_META1, V, KIND_TAGGED, R | W, CODE_TE, 1, 0, "cluster meta 1"},
	{AGX_REG_TVB_CLUSTER_META2, V, KIND_ADDRESS, R | W, CODE_TE, 1, 0, "cluster meta 2"},
	{AGX_REG_TVB_CLUSTER_META3, V, KIND_ADDRESS, R | W, CODE_TE, 1, 0, "cluster meta 3"},
	{AGX_REG_TVB_CLUSTER_META4, V, KIND_TAGGED, R | W, CODE_TE, 1, 0, "cluster meta 4"},
	{AGX_REG_TVB_CLUSTER_META4_2, V, KIND_TAGGED, R | W, CODE_TE, 1, 0, "cluster meta 4"},
	{AGX_REG_TVB_LAYERMETA, V, KIND_LAYERED, R | W, CODE_DPM, LAYERMETA_SIZE, 0, "layer meta"},
	{AGX_REG_TVB_LAYERMETA_2, V, KIND_LAYERED, R | W, CODE_DPM, LAYERMETA_SIZE, 0,
	 "layer meta"},
	{AGX_REG_TVB_CLUSTER_LAYERMETA, V, KIND_LAYERED, R | W, CODE_DPM, 1, 0,
	 "cluster layer meta"},
	{AGX_REG_VERTEX_HELPER_PROGRAM, V, KIND_HELPER, R, CODE_IAP, 4, 0,
	 "helper program of vertex shaders"},
	{AGX_REG_VERTEX_HELPER_ARG, V, KIND_VALUE, R, CODE_IAP, 1, 0, "argument of the helper"},
	{AGX_REG_USC_EXEC_BASE_TA, V, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_TE_PSG, V, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_TE_TPC, V, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_RENDER_TARGET_MAX, V, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_VDM_CTRL_STREAM_BASE, V, KIND_VALUE, R, CODE_VDM, 4, 0, "VDM stream"},
#undef V

#define F AGX_GPU_FRAGMENT
	{AGX_REG_BG_USC, F, KIND_PROGRAM, R, CODE_IAP, 4, 0, "background program"},
	{AGX_REG_EOT_USC, F, KIND_PROGRAM, R, CODE_IAP, 4, 0, "end-of-tile program"},
	{AGX_REG_ISP_SCISSOR_BASE, F, KIND_ADDRESS, R, CODE_IPF, SCISSOR_SIZE, 0, "scissors"},
	{AGX_REG_ISP_DBIAS_BASE, F, KIND_ADDRESS, R, CODE_IPF, DEPTH_BIAS_SIZE, 0, "depth biases"},
	{AGX_REG_ISP_OCLQRY_BASE, F, KIND_ADDRESS, R | W, CODE_RAS, 8, 0, "occlusion counters"},
	{AGX_REG_ISP_ZLOAD_BASE, F, KIND_ZLS, R, CODE_ZLS, 1, ZLS_Z_LOAD, "depth to load"},
	{AGX_REG_ISP_ZSTORE_BASE, F, KIND_ZLS, W, CODE_ZLS, 1, ZLS_Z_STORE, "depth to store"},
	{AGX_REG_ISP_STENCIL_LOAD_BASE, F, KIND_ZLS, R, CODE_ZLS, 1, ZLS_S_LOAD,
	 "stencil to load"},
	{AGX_REG_ISP_STENCIL_STORE_BASE, F, KIND_ZLS, W, CODE_ZLS, 1, ZLS_S_STORE,
	 "stencil to store"},
	{AGX_REG_ISP_ZLOAD_COMP_BASE, F, KIND_ZLS, R, CODE_ZLS, 1,
	 ZLS_Z_LOAD | ZLS_Z_LOAD_COMPRESSED, "compression of depth to load"},
	{AGX_REG_ISP_ZSTORE_COMP_BASE, F, KIND_ZLS, W, CODE_ZLS, 1,
	 ZLS_Z_STORE | ZLS_Z_STORE_COMPRESSED, "compression of depth to store"},
	{AGX_REG_ISP_STENCIL_LOAD_COMP_BASE, F, KIND_ZLS, R, CODE_ZLS, 1,
	 ZLS_S_LOAD | ZLS_S_LOAD_COMPRESSED, "compression of stencil to load"},
	{AGX_REG_ISP_STENCIL_STORE_COMP_BASE, F, KIND_ZLS, W, CODE_ZLS, 1,
	 ZLS_S_STORE | ZLS_S_STORE_COMPRESSED, "compression of stencil to store"},
	{AGX_REG_FRAGMENT_TVB_TILEMAP, F, KIND_ADDRESS, R, CODE_IPF_CPF, 1, 0, "tile map"},
	{AGX_REG_FRAGMENT_TVB_HEAPMETA, F, KIND_TAGGED, R | W, CODE_DPM, HEAPMETA_SIZE, 0,
	 "heap meta"},
	{AGX_REG_FRAGMENT_TVB_LAYERMETA, F, KIND_LAYERED, R, CODE_DPM, LAYERMETA_SIZE, 0,
	 "layer meta"},
	{AGX_REG_AUX_FB, F, KIND_ADDRESS, R | W, CODE_PPP, AUX_FB_SIZE, 0,
	 "auxiliary frame buffer"},
	{AGX_REG_AUX_FB_2, F, KIND_ADDRESS, R | W, CODE_PPP, AUX_FB_SIZE, 0,
	 "auxiliary frame buffer"},
	{AGX_REG_FRAGMENT_HELPER_PROGRAM, F, KIND_HELPER, R, CODE_IAP, 4, 0,
	 "helper program of fragment shaders"},
	{AGX_REG_FRAGMENT_HELPER_ARG, F, KIND_VALUE, R, CODE_IAP, 1, 0, "argument of the helper"},
	{AGX_REG_USC_EXEC_BASE_ISP, F, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_ISP_ZLSCTL, F, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_BG_RSRC_SPEC, F, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_EOT_RSRC_SPEC, F, KIND_VALUE, 0, 0, 0, 0, NULL},
#undef F

#define C AGX_GPU_COMPUTE
	{AGX_REG_COMPUTE_PREEMPT_BUF1, C, KIND_ADDRESS, R | W, CODE_CDM, 1, 0,
	 "preemption buffer 1"},
	{AGX_REG_COMPUTE_PREEMPT_BUF2, C, KIND_ADDRESS, R | W, CODE_CDM, 8, 0,
	 "preemption buffer 2"},
	{AGX_REG_COMPUTE_PREEMPT_BUF3, C, KIND_ADDRESS, R | W, CODE_CDM, 8, 0,
	 "preemption buffer 3"},
	{AGX_REG_COMPUTE_PREEMPT_BUF4, C, KIND_ADDRESS, R | W, CODE_CDM, 8, 0,
	 "preemption buffer 4"},
	{AGX_REG_COMPUTE_PREEMPT_BUF5, C, KIND_ADDRESS, R | W, CODE_CDM, 8, 0,
	 "preemption buffer 5"},
	{AGX_REG_COMPUTE_HELPER_PROGRAM, C, KIND_HELPER, R, CODE_IAP, 4, 0,
	 "helper program of compute shaders"},
	{AGX_REG_COMPUTE_HELPER_ARG, C, KIND_VALUE, R, CODE_IAP, 1, 0, "argument of the helper"},
	{AGX_REG_USC_EXEC_BASE_CP, C, KIND_VALUE, 0, 0, 0, 0, NULL},
	{AGX_REG_CDM_CTRL_STREAM_BASE, C, KIND_VALUE, R, CODE_CDM, 4, 0, "CDM stream"},
#undef C
};
/* clang-format on */

#define ROWS (sizeof(rows) / sizeof(*rows))

/* The registers of each unit that the code asks for; 0: it has none. */
enum special {
	SPECIAL_USC_BASE,
	SPECIAL_HELPER,
	SPECIAL_HELPER_ARG,
	SPECIAL_STREAM,
	SPECIALS,
};

static const uint32_t special[AGX_GPU_UNITS][SPECIALS] = {
	[AGX_GPU_VERTEX] = {AGX_REG_USC_EXEC_BASE_TA, AGX_REG_VERTEX_HELPER_PROGRAM,
			    AGX_REG_VERTEX_HELPER_ARG, AGX_REG_VDM_CTRL_STREAM_BASE},
	[AGX_GPU_FRAGMENT] = {AGX_REG_USC_EXEC_BASE_ISP, AGX_REG_FRAGMENT_HELPER_PROGRAM,
			      AGX_REG_FRAGMENT_HELPER_ARG, 0},
	[AGX_GPU_COMPUTE] = {AGX_REG_USC_EXEC_BASE_CP, AGX_REG_COMPUTE_HELPER_PROGRAM,
			     AGX_REG_COMPUTE_HELPER_ARG, AGX_REG_CDM_CTRL_STREAM_BASE},
};

/* Programs that registers name, but for the six bits of flags. */
#define PROGRAM_MASK (UINT32_MAX & ~0x3full)

/* From register numbers to rows: a table of rows + 1, 0 ends a search. */
#define BUCKETS 256

struct unit {
	enum agx_gpu_state state;
	unsigned int polls_left;
	unsigned int overflows_left;
	struct agx_gpu_fault fault;

	/* Of the last start: the place as far as registers tell it, and what it takes to tell more. */
	struct agx_gpu_place place;
	uint64_t usc_base;
	uint32_t number; /* of the draw or launch that it stopped before */
};

struct agx_null_gpu {
	struct agx_null_gpu_config config;
	struct gpu_critic *critic;        /* NULL: nobody judges */
	struct agx_walk_cache walk_cache; /* of config.walker */
	uint8_t buckets[BUCKETS];
	uint8_t first[AGX_GPU_UNITS], end[AGX_GPU_UNITS]; /* rows of each unit */
	/* Row + 1 of each register of a unit's last start: the next one has the same, mostly. */
	struct {
		uint32_t number;
		uint8_t row;
	} found[AGX_GPU_UNITS][AGX_GPU_MAX_REGISTERS];
	struct unit units[AGX_GPU_UNITS];
	uint32_t tvb_pages;

	/* Of the start that is under way. */
	uint64_t values[ROWS];
	const struct agx_gpu_work *work;
	uint64_t usc_base, layers, zls;
};

static unsigned int bucket(uint32_t number)
{
	return number * 0x9e3779b1u >> 24;
}

static unsigned int find_row(const struct agx_null_gpu *gpu, uint32_t number)
{
	for (unsigned int at = bucket(number); gpu->buckets[at]; at = (at + 1) % BUCKETS)
		if (rows[gpu->buckets[at] - 1].number == number)
			return gpu->buckets[at] - 1u;
	return ROWS;
}

static uint64_t value_of(const struct agx_null_gpu *gpu, uint32_t number)
{
	unsigned int row = find_row(gpu, number);

	return row < ROWS ? gpu->values[row] : 0;
}

static uint8_t code_of(const struct agx_null_gpu *gpu, uint8_t code)
{
	return code == CODE_CDM && gpu->config.g14x ? CODE_CDM_G14X : code;
}

static void set_fault(struct agx_null_gpu *gpu, uint64_t address, unsigned int wants, uint8_t code,
		      const char *what, const struct agx_walk_result *walk)
{
	struct unit *unit = &gpu->units[gpu->work->unit];
	/* Which of the two was it? A read, unless that were allowed. */
	bool read = wants & R && (walk->fault != AGX_WALK_DENIED || !(walk->rights & R));

	unit->state = AGX_GPU_FAULTED;
	unit->fault = (struct agx_gpu_fault){
		.address = address,
		.context = gpu->work->context,
		.reason = (uint8_t)agx_walk_reason(walk),
		.read = read,
		.level = (uint8_t)walk->level,
		.unit_code = code_of(gpu, code),
		.what = what,
	};
}

/* Both ends of a range; what lies between was mapped along with them or is too much to look at. */
static bool resolve(struct agx_null_gpu *gpu, const struct row *row, uint64_t address,
		    uint64_t size)
{
	const uint64_t page = ~(AGX_UAT_PAGE_SIZE - 1);
	struct agx_walk_result walk;

	address &= ADDRESS_MASK;
	if (!agx_walk_allows(&gpu->config.walker, gpu->work->context, AGX_WALK_GPU, address,
			     row->wants)) {
		agx_walk(&gpu->config.walker, gpu->work->context, AGX_WALK_GPU, address, row->wants,
			 &walk);
		set_fault(gpu, address, row->wants, row->code, row->what, &walk);
		return false;
	}
	address += size - 1;
	if (size > AGX_UAT_PAGE_SIZE || (address & page) != ((address - (size - 1)) & page)) {
		address &= ADDRESS_MASK;
		if (!agx_walk_allows(&gpu->config.walker, gpu->work->context, AGX_WALK_GPU, address,
				     row->wants)) {
			agx_walk(&gpu->config.walker, gpu->work->context, AGX_WALK_GPU, address,
				 row->wants, &walk);
			set_fault(gpu, address, row->wants, row->code, row->what, &walk);
			return false;
		}
	}
	return true;
}

static uint64_t size_of(const struct agx_null_gpu *gpu, const struct row *row)
{
	if (row->size == SIZE_TILEMAP)
		return (value_of(gpu, AGX_REG_TE_PSG) & UINT32_MAX) * 4 * MACROTILES * gpu->layers;
	if (row->size == SIZE_TPC)
		return (value_of(gpu, AGX_REG_TE_TPC) & UINT32_MAX) * TPC_ENTRY * MACROTILES *
		       gpu->layers;
	return (uint64_t)row->size;
}

static inline bool check_row(struct agx_null_gpu *gpu, const struct row *row, uint64_t value)
{
	uint64_t size = size_of(gpu, row);
	const struct row *arg;

	switch ((enum kind)row->kind) {
	case KIND_LAYERED:
		if (gpu->layers <= 1)
			return true;
		break;
	case KIND_ZLS:
		if (~gpu->zls & row->bits)
			return true;
		break;
	case KIND_HELPER:
		if (!(value & 1))
			return true;
		if (!resolve(gpu, row, gpu->usc_base + (value & UINT32_MAX & ~1ull), size))
			return false;
		arg = &rows[find_row(gpu, special[gpu->work->unit][SPECIAL_HELPER_ARG])];
		value = value_of(gpu, arg->number);
		return !value || resolve(gpu, arg, value, 1);
	case KIND_PROGRAM:
		value &= PROGRAM_MASK;
		return !value || resolve(gpu, row, gpu->usc_base + value, size);
	case KIND_VALUE:
		return true;
	case KIND_ADDRESS:
	case KIND_TAGGED:
		break;
	}
	return !value || resolve(gpu, row, value, size ? size : 1);
}

/* What the work is recognised by. */
static void note_place(struct agx_null_gpu *gpu)
{
	const struct agx_gpu_work *work = gpu->work;
	struct unit *unit = &gpu->units[work->unit];

	unit->place = (struct agx_gpu_place){
		.kind = AGX_GPU_AT_COMMAND,
		.unit = work->unit,
		.context = work->context,
	};
	unit->usc_base = gpu->usc_base;
	unit->number = 0;
	if (work->unit == AGX_GPU_FRAGMENT) {
		unit->place.scissors = value_of(gpu, AGX_REG_ISP_SCISSOR_BASE);
		unit->place.depth_biases = value_of(gpu, AGX_REG_ISP_DBIAS_BASE);
		unit->place.background = (uint32_t)value_of(gpu, AGX_REG_BG_USC);
		unit->place.end_of_tile = (uint32_t)value_of(gpu, AGX_REG_EOT_USC);
	} else {
		unit->place.stream = value_of(gpu, special[work->unit][SPECIAL_STREAM]);
	}
}

static struct stream stream_of(const struct agx_null_gpu *gpu, const struct unit *unit)
{
	return (struct stream){
		.walker = &gpu->config.walker,
		.context = unit->place.context,
		.compute = unit->place.unit == AGX_GPU_COMPUTE,
		.address = unit->place.stream & ADDRESS_MASK,
		.usc_base = unit->usc_base,
	};
}

static void on_odd(void *cookie, const struct agx_cs_trouble *trouble, unsigned int number)
{
	struct agx_null_gpu *gpu = cookie;
	struct unit *unit = &gpu->units[gpu->work->unit];
	const struct stream stream = stream_of(gpu, unit);
	struct agx_gpu_complaint complaint = {
		.id = stream_finding(trouble),
		.address = trouble->address,
		.value = trouble->value,
		.structure = trouble->desc ? trouble->desc->name : "",
		.field = trouble->field ? trouble->field->name : "",
		.text = trouble->what,
		.place = unit->place,
	};

	stream_locate(&stream, number, &complaint.place);
	gpu->config.complain(gpu->config.cookie, &complaint);
}

static bool check_stream(struct agx_null_gpu *gpu)
{
	const struct agx_gpu_work *work = gpu->work;
	struct unit *unit = &gpu->units[work->unit];
	const struct stream stream = stream_of(gpu, unit);
	const bool quiet = gpu->critic || !gpu->config.complain;
	struct stream_fault fault;

	if (work->unit == AGX_GPU_FRAGMENT)
		return true;
	if (stream_resolve(&stream, &fault, quiet ? NULL : on_odd, gpu))
		return true;
	unit->number = fault.number;
	set_fault(gpu, fault.address, R, stream.compute ? CODE_CDM : CODE_VDM, fault.what,
		  &fault.walk);
	return false;
}

/* All that the work leads to; whatever comes of it, the work itself goes on. */
static void judge(struct agx_null_gpu *gpu)
{
	const struct agx_gpu_work *work = gpu->work;
	const struct unit *unit = &gpu->units[work->unit];
	const struct stream stream = stream_of(gpu, unit);
	const uint64_t helper = value_of(gpu, special[work->unit][SPECIAL_HELPER]);
	const uint64_t background = unit->place.background & PROGRAM_MASK;
	const uint64_t end_of_tile = unit->place.end_of_tile & PROGRAM_MASK;

	if (helper & 1)
		gpu_critic_helper(gpu->critic, &stream,
				  (gpu->usc_base + (helper & UINT32_MAX & ~1ull)) & ADDRESS_MASK,
				  &unit->place);
	if (work->unit != AGX_GPU_FRAGMENT) {
		gpu_critic_stream(gpu->critic, &stream, helper & 1, &unit->place);
		return;
	}
	if (background)
		gpu_critic_list(gpu->critic, &stream, AGX_CS_STAGE_BACKGROUND,
				(gpu->usc_base + background) & ADDRESS_MASK,
				(uint32_t)value_of(gpu, AGX_REG_BG_RSRC_SPEC), &unit->place);
	if (end_of_tile)
		gpu_critic_list(gpu->critic, &stream, AGX_CS_STAGE_END_OF_TILE,
				(gpu->usc_base + end_of_tile) & ADDRESS_MASK,
				(uint32_t)value_of(gpu, AGX_REG_EOT_RSRC_SPEC), &unit->place);
}

/* Sampler states, and the first and last page of the vertex buffer. */
static bool check_rest(struct agx_null_gpu *gpu)
{
	static const struct row samplers = {.wants = R, .code = CODE_UL1C, .what = "samplers"};
	static const struct row list = {.wants = R, .code = CODE_DPM, .what = "list of pages"};
	static const struct row page = {
		.wants = R | W, .code = CODE_DPM, .what = "page of the vertex buffer"};
	const struct agx_gpu_work *work = gpu->work;
	const struct agx_gpu_tvb *tvb = &work->tvb;
	struct agx_walk_result walk;

	if (work->sampler_heap && work->sampler_count &&
	    !resolve(gpu, &samplers, work->sampler_heap,
		     (uint64_t)work->sampler_count * SAMPLER_SIZE))
		return false;
	if (work->unit != AGX_GPU_VERTEX || !tvb->page_count)
		return true;
	if (!resolve(gpu, &list, tvb->page_list, (uint64_t)tvb->page_count * 4))
		return false;
	for (uint32_t i = 0; i<tvb->page_count; i += tvb->page_count> 1 ? tvb->page_count - 1 : 1) {
		uint64_t at = (tvb->page_list + (uint64_t)i * 4) & ADDRESS_MASK;
		uint32_t number;

		if (agx_walk_read(&gpu->config.walker, work->context, AGX_WALK_GPU, at, &number,
				  sizeof(number), &walk) != sizeof(number)) {
			set_fault(gpu, at, R, CODE_DPM, list.what, &walk);
			return false;
		}
		if (!resolve(gpu, &page, (uint64_t)number << 15, 1u << 15))
			return false;
	}
	return true;
}

/* As find_row() for the register at a place in the work. */
static inline unsigned int find_row_at(struct agx_null_gpu *gpu, enum agx_gpu_unit unit,
				       unsigned int at, uint32_t number)
{
	unsigned int row;

	if (at >= AGX_GPU_MAX_REGISTERS)
		return find_row(gpu, number);
	if (gpu->found[unit][at].row && gpu->found[unit][at].number == number)
		return gpu->found[unit][at].row - 1u;
	row = find_row(gpu, number);
	gpu->found[unit][at].number = number;
	gpu->found[unit][at].row = (uint8_t)(row + 1);
	return row;
}

/* Takes the registers of the work that starts. */
static void read_registers(struct agx_null_gpu *gpu)
{
	const struct agx_gpu_work *work = gpu->work;
	const unsigned int count = work->register_count;

	memset(gpu->values, 0, sizeof(gpu->values));
	for (unsigned int i = 0; i < count; i++) {
		unsigned int row = find_row_at(gpu, work->unit, i, work->registers[i].number);

		if (row < ROWS)
			gpu->values[row] = work->registers[i].value;
	}
	gpu->zls = value_of(gpu, AGX_REG_ISP_ZLSCTL);
	gpu->usc_base = value_of(gpu, special[work->unit][SPECIAL_USC_BASE]);
	gpu->layers = work->layers ? work->layers : 1;
	if (work->unit == AGX_GPU_VERTEX && value_of(gpu, AGX_REG_RENDER_TARGET_MAX) & 0x4000)
		gpu->layers = (value_of(gpu, AGX_REG_RENDER_TARGET_MAX) & 0x7ff) + 1;
	note_place(gpu);
}

static bool check(struct agx_null_gpu *gpu)
{
	const struct agx_gpu_work *work = gpu->work;

	for (unsigned int i = gpu->first[work->unit]; i < gpu->end[work->unit]; i++)
		if (!check_row(gpu, &rows[i], gpu->values[i]))
			return false;
	return check_rest(gpu) && check_stream(gpu);
}

static void null_start(void *cookie, const struct agx_gpu_work *work)
{
	struct agx_null_gpu *gpu = cookie;
	struct unit *unit = &gpu->units[work->unit];

	unit->state = AGX_GPU_IDLE;
	unit->polls_left = gpu->config.busy_polls;
	unit->overflows_left = work->unit == AGX_GPU_VERTEX ? gpu->config.overflows : 0;
	if (work->unit == AGX_GPU_VERTEX)
		gpu->tvb_pages = unit->overflows_left ? work->tvb.page_count : 0;
	gpu->work = work;
	read_registers(gpu);
	if (check(gpu) && gpu->critic)
		judge(gpu);
	gpu->work = NULL;
}

static void null_skip(void *cookie, const struct agx_gpu_work *work)
{
	struct agx_null_gpu *gpu = cookie;

	gpu->work = work;
	read_registers(gpu);
	gpu->work = NULL;
}

static void null_place(void *cookie, enum agx_gpu_unit which, struct agx_gpu_place *place)
{
	const struct agx_null_gpu *gpu = cookie;
	const struct unit *unit = &gpu->units[which];
	const struct stream stream = stream_of(gpu, unit);

	*place = unit->place;
	if (place->kind == AGX_GPU_AT_NOTHING)
		return;
	if (which != AGX_GPU_FRAGMENT)
		stream_locate(&stream, unit->number, place);
	else if (place->background & PROGRAM_MASK)
		stream_program(&stream, AGX_CS_STAGE_BACKGROUND,
			       (unit->usc_base + (place->background & PROGRAM_MASK)) & ADDRESS_MASK,
			       place);
}

static enum agx_gpu_state null_state(void *cookie, enum agx_gpu_unit which,
				     struct agx_gpu_fault *fault)
{
	struct agx_null_gpu *gpu = cookie;
	struct unit *unit = &gpu->units[which];

	if (unit->polls_left) {
		unit->polls_left--;
		return AGX_GPU_BUSY;
	}
	if (unit->state == AGX_GPU_FAULTED)
		*fault = unit->fault;
	else if (unit->overflows_left)
		return AGX_GPU_OVERFLOW;
	return unit->state;
}

static void null_resume(void *cookie, const struct agx_gpu_tvb *tvb)
{
	struct agx_null_gpu *gpu = cookie;
	struct unit *unit = &gpu->units[AGX_GPU_VERTEX];

	if (unit->polls_left || !unit->overflows_left)
		return;
	unit->overflows_left--;
	unit->polls_left = gpu->config.busy_polls;
	if (unit->overflows_left)
		gpu->tvb_pages = tvb->page_count;
}

static void null_stop(void *cookie, enum agx_gpu_unit which)
{
	struct agx_null_gpu *gpu = cookie;

	gpu->units[which].state = AGX_GPU_IDLE;
	gpu->units[which].polls_left = 0;
	gpu->units[which].overflows_left = 0;
}

static uint32_t null_tvb_pages(void *cookie)
{
	const struct agx_null_gpu *gpu = cookie;

	return gpu->tvb_pages;
}

const struct agx_gpu_ops agx_null_gpu_ops = {
	.start = null_start,
	.state = null_state,
	.resume = null_resume,
	.stop = null_stop,
	.tvb_pages = null_tvb_pages,
	.skip = null_skip,
	.place = null_place,
};

int agx_null_gpu_create(const struct agx_null_gpu_config *config, struct agx_null_gpu **out)
{
	struct agx_null_gpu *gpu = calloc(1, sizeof(*gpu));

	_Static_assert(ROWS < BUCKETS / 2, "the table of registers needs more buckets");
	if (!gpu)
		return -ENOMEM;
	gpu->config = *config;
	gpu->config.walker.cache = &gpu->walk_cache;
	if (config->critic && config->complain) {
		gpu->critic = gpu_critic_create(&gpu->config);
		if (!gpu->critic) {
			free(gpu);
			return -ENOMEM;
		}
	}
	for (unsigned int i = 0; i < ROWS; i++) {
		unsigned int at = bucket(rows[i].number);

		while (gpu->buckets[at])
			at = (at + 1) % BUCKETS;
		gpu->buckets[at] = (uint8_t)(i + 1);
		if (!i || rows[i].unit != rows[i - 1].unit)
			gpu->first[rows[i].unit] = (uint8_t)i;
		gpu->end[rows[i].unit] = (uint8_t)(i + 1);
	}
	*out = gpu;
	return 0;
}

void agx_null_gpu_destroy(struct agx_null_gpu *gpu)
{
	if (gpu)
		gpu_critic_destroy(gpu->critic);
	free(gpu);
}
