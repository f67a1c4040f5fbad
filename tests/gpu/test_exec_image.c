// SPDX-License-Identifier: MIT
/*
 * Images as instructions have them: every dimension in every layout there and back, tiles of compressed
 * images, tile memory in compute programs, cubes, gradients, questions for levels.
 */
#include "texture_fixture.h"

#include "agx_isa_ops.h"
#include "texel.h"

#define IMAGE_PAGES 12
#define IMAGE       0x1200000000ull
#define METADATA    0x1300000000ull

/* Room for an image at IMAGE, in one piece, and for its metadata. */
static void map_image(struct fixture *f, uint8_t **body, uint8_t **metadata)
{
	/* The tables first. */
	machine_entry(&f->machine, IMAGE);
	for (unsigned int i = 0; i < IMAGE_PAGES; i++) {
		uint8_t *page = machine_map(&f->machine, IMAGE + i * MACHINE_PAGE, MACHINE_RW);

		if (!i)
			*body = page;
	}
	*metadata = machine_map(&f->machine, METADATA, MACHINE_RW);
}

static const struct agx_op *run_op(struct fixture *f)
{
	const agx_op_fn fn = agx_exec_texture_fn(&f->instr);

	assert_non_null(fn);
	agx_simd_set_exec(f->simd, LANES4);
	return fn(f->simd, f->ops);
}

/* imgw of r0 to r3 at r16 and on to the image of texture state 0. */
static void make_write(struct fixture *f, unsigned int dim)
{
	memset(&f->instr, 0, sizeof(f->instr));
	f->instr.op = AGX_ISA_OP_IMGW;
	f->instr.operand_count = 5;
	f->instr.operands[0] = reg(0, 32);
	f->instr.operands[0].count = 4;
	f->instr.operands[2] = (struct agx_isa_operand){.kind = AGX_ISA_TS, .value = 0};
	f->instr.operands[3] = reg(32, 32);
	f->instr.operands[3].role = AGX_ISA_ROLE_COORD;
	f->instr.operands[4] = (struct agx_isa_operand){.kind = AGX_ISA_IMM};
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = (uint8_t)dim;
	f->bindings.textures_set[0] |= 1;
}

/* A texel's coordinates as registers have them. */
static void set_place(struct fixture *f, unsigned int dim, unsigned int lane, uint32_t x,
		      uint32_t y, uint32_t z, uint32_t sample)
{
	f->simd->r[16][lane] = x;
	f->simd->r[17][lane] = y;
	f->simd->r[18][lane] = z;
	switch (dim) {
	case AGX_ISA_DIM_1D_ARRAY:
		f->simd->r[17][lane] = z;
		break;
	case AGX_ISA_DIM_2D_MS:
		f->simd->r[18][lane] = sample;
		break;
	case AGX_ISA_DIM_2D_MS_ARRAY:
		f->simd->r[18][lane] = sample | z << 16;
		break;
	default:
		break;
	}
}

struct shape {
	unsigned int dim;
	uint32_t width, height, depth, samples;
};

static const struct shape shapes[] = {
	{AGX_ISA_DIM_1D, 37, 1, 1, 1},
	{AGX_ISA_DIM_1D_ARRAY, 19, 1, 3, 1},
	{AGX_ISA_DIM_2D, 21, 18, 1, 1},
	{AGX_ISA_DIM_2D_ARRAY, 17, 19, 2, 1},
	{AGX_ISA_DIM_2D_MS, 18, 17, 1, 2},
	{AGX_ISA_DIM_2D_MS, 17, 18, 1, 4},
	{AGX_ISA_DIM_3D, 9, 7, 3, 1},
	{AGX_ISA_DIM_2D_MS_ARRAY, 17, 16, 2, 4},
	{AGX_ISA_DIM_2D_MS_ARRAY, 16, 17, 2, 2},
};

enum layout_kind {
	LINEAR,
	TWIDDLED,
	TILED,
	COMPRESSED,
	LAYOUTS
};

static const struct agx_texel_format formats[] = {
	{AGX_CS_CHANNELS_R8, AGX_CS_TEXTURE_TYPE_UINT, false},
	{AGX_CS_CHANNELS_R8G8, AGX_CS_TEXTURE_TYPE_SINT, false},
	{AGX_CS_CHANNELS_R16, AGX_CS_TEXTURE_TYPE_FLOAT, false},
	{AGX_CS_CHANNELS_R8G8B8A8, AGX_CS_TEXTURE_TYPE_UNORM, false},
	{AGX_CS_CHANNELS_R8G8B8A8, AGX_CS_TEXTURE_TYPE_UNORM, true},
	{AGX_CS_CHANNELS_R10G10B10A2, AGX_CS_TEXTURE_TYPE_UNORM, false},
	{AGX_CS_CHANNELS_R32, AGX_CS_TEXTURE_TYPE_UINT, false},
	{AGX_CS_CHANNELS_R16G16B16A16, AGX_CS_TEXTURE_TYPE_FLOAT, false},
	{AGX_CS_CHANNELS_R32G32B32A32, AGX_CS_TEXTURE_TYPE_SINT, false},
};

/* A number that the format holds exactly in red: whole ones, or k/255 as the nearest binary32. */
static uint32_t red_of(const struct agx_texel_format *format, uint32_t i)
{
	const bool ten = format->channels == AGX_CS_CHANNELS_R10G10B10A2;

	if (format->srgb)
		return i % 2 ? AGX_F32_ONE : 0;
	if (agx_texel_is_integer(format->type))
		return 1 + i % 120;
	if (format->type == AGX_CS_TEXTURE_TYPE_FLOAT)
		return bits_of((float)(i % 2000));
	return ten ? bits_of((float)(i % 1024) / 1023) : bits_of((float)(i % 256) / 255);
}

static enum agx_cs_layout layout_of(unsigned int kind)
{
	return kind == LINEAR     ? AGX_CS_LAYOUT_LINEAR
	       : kind == TWIDDLED ? AGX_CS_LAYOUT_TWIDDLED
				  : AGX_CS_LAYOUT_GPU;
}

static void set_image(struct fixture *f, const struct shape *shape, unsigned int kind,
		      const struct agx_texel_format *format)
{
	const uint32_t bytes = agx_cs_channels_info[format->channels].bits / 8;
	const uint32_t stride = (shape->width * bytes + 127) & ~127u;
	const bool array = shape->depth > 1;
	const bool extended = kind == COMPRESSED || (kind == LINEAR && array);
	struct agx_cs_pbe pbe = {
		.dimension = shape->dim,
		.layout = layout_of(kind),
		.channels = format->channels,
		.type = format->type,
		.srgb = format->srgb,
		.swizzle_r = AGX_CS_CHANNEL_R,
		.swizzle_g = AGX_CS_CHANNEL_G,
		.swizzle_b = AGX_CS_CHANNEL_B,
		.swizzle_a = AGX_CS_CHANNEL_A,
		.width = shape->width,
		.height = shape->height,
		.buffer = IMAGE,
		.levels = 1,
		.layers = 1,
		.extended = extended,
		.samples = shape->samples == 4 ? AGX_CS_SAMPLE_COUNT_SAMPLES_4
					       : AGX_CS_SAMPLE_COUNT_SAMPLES_2,
	};

	f->texture.dimension = shape->dim;
	f->texture.layout = pbe.layout;
	f->texture.channels = format->channels;
	f->texture.type = format->type;
	f->texture.srgb = format->srgb;
	f->texture.width = shape->width;
	f->texture.height = shape->height;
	f->texture.address = IMAGE;
	f->texture.extended = extended;
	f->texture.compressed = false;
	f->texture.depth = 1;
	f->texture.samples = pbe.samples;
	if (kind == LINEAR) {
		pbe.stride = f->texture.stride = stride;
		if (array) {
			pbe.depth_linear = f->texture.depth_linear = shape->depth;
			pbe.layer_stride_linear = f->texture.layer_stride_linear =
				stride * shape->height;
		}
	} else {
		pbe.layers = f->texture.depth = shape->depth;
	}
	if (kind == COMPRESSED) {
		pbe.compressed = f->texture.compressed = true;
		pbe.acceleration_buffer = f->texture.acceleration_buffer = METADATA;
	}
	agx_cs_pbe_pack(f->bindings.textures[0], &pbe);
}

static bool makes_sense(const struct shape *shape, unsigned int kind)
{
	if (kind == LINEAR)
		return shape->samples == 1;
	return kind != COMPRESSED ||
	       (shape->dim != AGX_ISA_DIM_1D && shape->dim != AGX_ISA_DIM_1D_ARRAY);
}

/* Writes every texel, then reads every one: none overlaps another, and all are where reads look for them. */
static void there_and_back(struct fixture *f, const struct shape *shape, unsigned int kind,
			   const struct agx_texel_format *format)
{
	const uint32_t texels = shape->width * shape->height * shape->depth * shape->samples;

	for (unsigned int pass = 0; pass < 2; pass++) {
		if (pass)
			make_read(f, AGX_ISA_OP_SMPI, shape->dim);
		else
			make_write(f, shape->dim);
		set_image(f, shape, kind, format);
		f->texture.swizzle_r = AGX_CS_CHANNEL_R;
		for (uint32_t first = 0; first < texels; first += 4) {
			for (unsigned int lane = 0; lane < 4; lane++) {
				uint32_t i = first + lane;
				/* The last ones again and again, but not over another's. */
				i = i < texels ? i : texels - 1;
				f->simd->r[0][lane] = red_of(format, i);
				f->simd->r[1][lane] = f->simd->r[2][lane] = 0;
				f->simd->r[3][lane] = 0;
				set_place(f, shape->dim, lane, i / shape->samples % shape->width,
					  i / shape->samples / shape->width % shape->height,
					  i / shape->samples / shape->width / shape->height,
					  i % shape->samples);
			}
			if ((pass ? run(f) : run_op(f)) != f->ops + 1)
				fail_msg("dimension %u, layout %u, channels %u: %s", shape->dim,
					 kind, format->channels, f->simd->trap_what);
			for (unsigned int lane = 0; pass && lane < 4 && first + lane < texels;
			     lane++)
				assert_int_equal(f->simd->r[0][lane], red_of(format, first + lane));
		}
	}
}

static void test_there_and_back(void **state)
{
	struct fixture *f = *state;
	uint8_t *body, *metadata;

	map_image(f, &body, &metadata);
	for (unsigned int s = 0; s < sizeof(shapes) / sizeof(*shapes); s++) {
		for (unsigned int kind = 0; kind < LAYOUTS; kind++) {
			for (unsigned int i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
				if (!makes_sense(&shapes[s], kind))
					continue;
				memset(body, 0x5a, (size_t)IMAGE_PAGES * MACHINE_PAGE);
				memset(metadata, 0, MACHINE_PAGE);
				there_and_back(f, &shapes[s], kind, &formats[i]);
			}
		}
	}
}

/* --- Compressed --- */

static const struct shape plain_2d = {AGX_ISA_DIM_2D, 32, 32, 1, 1};
static const struct agx_texel_format rgba8 = {AGX_CS_CHANNELS_R8G8B8A8, AGX_CS_TEXTURE_TYPE_UINT,
					      false};

static void write_one(struct fixture *f, uint32_t x, uint32_t y, uint32_t red)
{
	make_write(f, AGX_ISA_DIM_2D);
	for (unsigned int lane = 0; lane < 4; lane++) {
		f->simd->r[0][lane] = red;
		f->simd->r[1][lane] = f->simd->r[2][lane] = f->simd->r[3][lane] = 0;
		set_place(f, AGX_ISA_DIM_2D, lane, x, y, 0, 0);
	}
	assert_ptr_equal(run_op(f), f->ops + 1);
}

static uint32_t read_one(struct fixture *f, uint32_t x, uint32_t y)
{
	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	for (unsigned int lane = 0; lane < 4; lane++)
		set_place(f, AGX_ISA_DIM_2D, lane, x, y, 0, 0);
	assert_ptr_equal(run(f), f->ops + 1);
	return f->simd->r[0][0];
}

static void test_compressed(void **state)
{
	struct fixture *f = *state;
	uint8_t *body, *bytes;
	uint64_t metadata[4];

	map_image(f, &body, &bytes);
	set_image(f, &plain_2d, COMPRESSED, &rgba8);
	/* Never written; solid; raw; a byte that nobody has described. Tiles are on a Z curve. */
	metadata[0] = 0;
	metadata[1] = 0x0303030303030303ull;
	metadata[2] = 0x7f7f7f7f7f7f7f7full;
	metadata[3] = 0x7f7f7f7f7f7f427full;
	memcpy(bytes, metadata, sizeof(metadata));
	body[0] = 11;
	body[4 * 256] = 22;     /* the solid tile's value */
	body[4 * 256 + 4] = 23; /* which its other texels do not have */
	body[4 * 512] = 33;
	assert_int_equal(read_one(f, 0, 0), 11);
	assert_int_equal(read_one(f, 16, 0), 22);
	assert_int_equal(read_one(f, 31, 15), 22);
	assert_int_equal(read_one(f, 0, 16), 33);
	/* The last is read as it lies there, and noted. */
	assert_int_equal(f->simd->memory->odd_tiles, 0);
	body[4 * 768] = 88;
	assert_int_equal(read_one(f, 16, 16), 88);
	assert_true(f->simd->memory->odd_tiles);
	assert_int_equal(f->simd->memory->odd_tile, METADATA + 24);
	assert_int_equal(f->simd->memory->odd_metadata, 0x42);
	/* A write makes a tile raw: the others of a solid one keep its value. */
	write_one(f, 17, 0, 44);
	write_one(f, 3, 3, 55);
	write_one(f, 0, 17, 66);
	memcpy(metadata, bytes, sizeof(metadata));
	for (unsigned int i = 0; i < 3; i++)
		assert_true(metadata[i] == 0x7f7f7f7f7f7f7f7full);
	assert_true(metadata[3] == 0x7f7f7f7f7f7f427full);
	for (uint32_t i = 0; i < 256; i++)
		assert_int_equal(read_one(f, 16 + i % 16, i / 16), i == 1 ? 44 : 22);
	assert_int_equal(read_one(f, 0, 0), 11);
	assert_int_equal(read_one(f, 3, 3), 55);
	assert_int_equal(read_one(f, 0, 16), 33);
	assert_int_equal(read_one(f, 0, 17), 66);
	/* Also one that nobody has described, which is memory that had another use. */
	write_one(f, 20, 20, 77);
	memcpy(metadata, bytes, sizeof(metadata));
	assert_true(metadata[3] == 0x7f7f7f7f7f7f7f7full);
	assert_int_equal(read_one(f, 20, 20), 77);
}

/* Texels on no page read as 0, and the element behind the four tells. */
static void test_residency(void **state)
{
	const uint32_t there = 1u << 31 | (uint32_t)(IMAGE / MACHINE_PAGE + 1);
	struct fixture *f = *state;
	uint8_t *body, *bytes;

	map_image(f, &body, &bytes);
	set_image(f, &plain_2d, TWIDDLED, &rgba8);
	f->texture.mode = AGX_CS_IMAGE_MODE_SPARSE;
	f->texture.width = f->texture.height = 128; /* a page for each quarter */
	memcpy(body, &there, sizeof(there));
	memset(body + MACHINE_PAGE, 77, MACHINE_PAGE);
	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D);
	f->instr.modifiers[AGX_ISA_MODIFIER_SPARSE] = 1;
	for (unsigned int lane = 0; lane < 4; lane++) {
		set_place(f, AGX_ISA_DIM_2D, lane, lane & 1 ? 100 : 3, 3, 0, 0);
		f->simd->r[4][lane] = 99;
	}
	assert_ptr_equal(run(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 4; lane++) {
		assert_int_equal(f->simd->r[0][lane], lane & 1 ? 0 : 77);
		assert_int_equal(f->simd->r[4][lane], lane & 1);
	}
	/* Where it would be with fewer components is not known. */
	f->instr.modifiers[AGX_ISA_MODIFIER_MASK] = 3;
	assert_null(agx_exec_texture_fn(&f->instr));
}

/* A solid tile of four samples is 8x8 pixels. */
static void test_compressed_samples(void **state)
{
	static const struct shape shape = {AGX_ISA_DIM_2D_MS, 16, 16, 1, 4};
	struct fixture *f = *state;
	const uint64_t solid = 0x0303030303030303ull;
	uint8_t *body, *metadata;

	map_image(f, &body, &metadata);
	set_image(f, &shape, COMPRESSED, &rgba8);
	memcpy(metadata + 8, &solid, sizeof(solid));
	body[4 * 4 * 64] = 77;
	make_write(f, AGX_ISA_DIM_2D_MS);
	for (unsigned int lane = 0; lane < 4; lane++) {
		f->simd->r[0][lane] = 88;
		set_place(f, AGX_ISA_DIM_2D_MS, lane, 9, 1, 0, 2);
	}
	assert_ptr_equal(run_op(f), f->ops + 1);
	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D_MS);
	for (uint32_t i = 0; i < 64; i++) {
		for (unsigned int lane = 0; lane < 4; lane++)
			set_place(f, AGX_ISA_DIM_2D_MS, lane, 8 + i % 8, i / 8, 0, lane);
		assert_ptr_equal(run(f), f->ops + 1);
		for (unsigned int lane = 0; lane < 4; lane++)
			assert_int_equal(f->simd->r[0][lane], i == 9 && lane == 2 ? 88 : 77);
	}
	assert_int_equal(metadata[8], 0x7f);
}

/* --- Tile memory --- */

/* st_tile or ld_tile of r0 and on, 32 bits of each component, at the pixel in halves 64 and 65. */
static void make_tile(struct fixture *f, unsigned int op, unsigned int format, unsigned int mask,
		      uint32_t samples, uint32_t offset)
{
	memset(&f->instr, 0, sizeof(f->instr));
	f->instr.op = (uint16_t)op;
	f->instr.operand_count = 4;
	f->instr.operands[0] = reg(0, 32);
	f->instr.operands[1] = reg(64, 16);
	f->instr.operands[1].count = 2;
	f->instr.operands[2] =
		(struct agx_isa_operand){.kind = AGX_ISA_IMM, .value = (int32_t)samples};
	f->instr.operands[3] =
		(struct agx_isa_operand){.kind = AGX_ISA_IMM, .value = (int32_t)offset};
	f->instr.modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS] = 1;
	f->instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = (uint8_t)format;
	f->instr.modifiers[AGX_ISA_MODIFIER_MASK] = (uint8_t)mask;
}

static void make_block(struct fixture *f, unsigned int format, uint32_t x, uint32_t y)
{
	memset(&f->instr, 0, sizeof(f->instr));
	f->instr.op = AGX_ISA_OP_IMGWBLK;
	f->instr.operand_count = 5;
	f->instr.operands[0] = reg(80, 16);
	f->instr.operands[2] = (struct agx_isa_operand){.kind = AGX_ISA_TS, .value = 0};
	f->instr.operands[3] = reg(32, 32);
	f->instr.operands[3].role = AGX_ISA_ROLE_COORD;
	f->instr.operands[4] = (struct agx_isa_operand){.kind = AGX_ISA_IMM};
	f->instr.modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS] = 1;
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_2D;
	f->instr.modifiers[AGX_ISA_MODIFIER_FORMAT] = (uint8_t)format;
	f->bindings.textures_set[0] |= 1;
	for (unsigned int lane = 0; lane < 4; lane++) {
		f->simd->r[40][lane] = 0;
		f->simd->r[16][lane] = x;
		f->simd->r[17][lane] = y;
	}
}

static void test_tiles(void **state)
{
	static const struct agx_texel_format unorm = {AGX_CS_CHANNELS_R8G8B8A8,
						      AGX_CS_TEXTURE_TYPE_UNORM, false};
	struct fixture *f = *state;
	uint8_t *body, *metadata, *local = calloc(1, AGX_LOCAL_MEMORY);

	assert_non_null(local);
	map_image(f, &body, &metadata);
	set_image(f, &plain_2d, COMPRESSED, &rgba8);
	make_tile(f, AGX_ISA_OP_ST_TILE, AGX_ISA_FORMAT_I8, 15, 1, 0);
	assert_null(run_op(f));
	assert_string_equal(f->simd->trap_what, "tile memory in a launch that has none");
	f->group.local = local;
	f->group.local_size = 8 * 256;
	f->bindings.tile = (struct agx_tile_memory){16, 16, 1, 8};
	for (unsigned int at = 0; at < 256; at += 4) {
		for (unsigned int lane = 0; lane < 4; lane++) {
			f->simd->r[0][lane] = at + lane;
			f->simd->r[1][lane] = 255 - at - lane;
			f->simd->r[2][lane] = 0x1234;
			f->simd->r[3][lane] = 200;
			f->simd->r[32][lane] = (at + lane) % 16 | (at + lane) / 16 << 16;
		}
		assert_ptr_equal(run_op(f), f->ops + 1);
	}
	make_tile(f, AGX_ISA_OP_LD_TILE, AGX_ISA_FORMAT_I8, 3, 1, 0);
	for (unsigned int lane = 0; lane < 4; lane++)
		f->simd->r[32][lane] = lane | 3 << 16;
	assert_ptr_equal(run_op(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 4; lane++) {
		assert_int_equal(f->simd->r[0][lane], 48 + lane);
		assert_int_equal(f->simd->r[1][lane], 207 - lane);
	}
	/* Over the image's lower right corner: what lies outside is dropped. */
	make_block(f, AGX_ISA_FORMAT_I8, 16, 24);
	assert_ptr_equal(run_op(f), f->ops + 1);
	for (uint32_t i = 0; i < 128; i++)
		assert_int_equal(read_one(f, 16 + i % 16, 24 + i / 16), i);
	assert_int_equal(read_one(f, 16, 23), 0);
	assert_int_equal(metadata[24], 0x7f);
	assert_int_equal(metadata[0], 0);
	/* The same bytes as normalized numbers. */
	set_image(f, &plain_2d, TILED, &unorm);
	make_block(f, AGX_ISA_FORMAT_U8NORM, 0, 0);
	assert_ptr_equal(run_op(f), f->ops + 1);
	assert_int_equal(body[4], 1);
	assert_int_equal(body[5], 254);
	assert_int_equal(body[6], 0x34);
	assert_int_equal(body[7], 200);
	/* What does not go together, and what is not there. */
	make_block(f, AGX_ISA_FORMAT_I8, 0, 0);
	assert_null(run_op(f));
	assert_string_equal(f->simd->trap_what, "a tile of other integers than the image's");
	make_tile(f, AGX_ISA_OP_ST_TILE, AGX_ISA_FORMAT_I8, 15, 2, 0);
	assert_null(run_op(f));
	assert_int_equal(f->simd->trap, AGX_TRAP_STATE);
	/* What a sample has no room for is dropped; the neighbour keeps what it has. */
	make_tile(f, AGX_ISA_OP_ST_TILE, AGX_ISA_FORMAT_I32, 15, 1, 0);
	memset(local, 0x11, 32);
	f->simd->r[32][0] = f->simd->r[32][1] = f->simd->r[32][2] = f->simd->r[32][3] = 1;
	assert_ptr_equal(run_op(f), f->ops + 1);
	assert_int_equal(local[7], 0x11);
	assert_int_equal(local[9], 0);
	assert_int_equal(local[16], 0x11);
	make_tile(f, AGX_ISA_OP_LD_TILE, AGX_ISA_FORMAT_I32, 15, 1, 0);
	f->simd->r[2][0] = 77;
	assert_ptr_equal(run_op(f), f->ops + 1);
	assert_int_equal(f->simd->r[2][0], 0);
	make_tile(f, AGX_ISA_OP_ST_TILE, AGX_ISA_FORMAT_I8, 15, 1, 0);
	f->simd->r[32][0] = 16;
	assert_null(run_op(f));
	assert_int_equal(f->simd->trap, AGX_TRAP_STATE);
	f->group.stage = AGX_STAGE_FRAGMENT;
	assert_null(run_op(f));
	assert_string_equal(f->simd->trap_what, "tile memory of other programs than compute");
	f->instr.modifiers[AGX_ISA_MODIFIER_EXPLICIT_COORDS] = 0;
	assert_null(agx_exec_texture_fn(&f->instr));
	free(local);
}

/* Bits of floats go through, also of signalling NaNs. */
static void test_tile_bits(void **state)
{
	static const struct agx_texel_format rg16f = {AGX_CS_CHANNELS_R16G16,
						      AGX_CS_TEXTURE_TYPE_FLOAT, false};
	static const uint16_t bits[2] = {0x7c01, 0xfe55};
	struct fixture *f = *state;
	uint8_t *body, *metadata, *local = calloc(1, AGX_LOCAL_MEMORY);

	assert_non_null(local);
	map_image(f, &body, &metadata);
	set_image(f, &plain_2d, TILED, &rg16f);
	f->group.local = local;
	f->group.local_size = 8 * 1024;
	f->bindings.tile = (struct agx_tile_memory){32, 32, 1, 8};
	memcpy(local, bits, sizeof(bits));
	make_block(f, AGX_ISA_FORMAT_I16, 0, 0);
	assert_ptr_equal(run_op(f), f->ops + 1);
	assert_memory_equal(body, bits, sizeof(bits));
	free(local);
}

/* --- Reads --- */

/* Six faces of two texels by two: 10 * face + texel. */
static void set_cube(struct fixture *f, uint8_t *body)
{
	f->texture.dimension = AGX_CS_TEXTURE_DIMENSION_CUBE;
	f->texture.layout = AGX_CS_LAYOUT_GPU;
	f->texture.channels = AGX_CS_CHANNELS_R32;
	f->texture.type = AGX_CS_TEXTURE_TYPE_FLOAT;
	f->texture.width = f->texture.height = 2;
	f->texture.depth = 1;
	f->texture.address = IMAGE;
	for (unsigned int i = 0; i < 24; i++) {
		const float value = (float)(10 * (i / 4) + i % 4);

		memcpy(body + i / 4 * 128 + i % 4 * 4, &value, sizeof(value));
	}
}

static void test_cube(void **state)
{
	static const float directions[6][3] = {
		{1, 0.5f, -0.5f}, {-1, 0.5f, -0.5f}, {0.5f, 1, 0.5f},
		{0.5f, -1, 0.5f}, {0.5f, 0.5f, 1},   {0.5f, -0.5f, -1},
	};
	/* Texels 0 to 3: upper left, upper right, lower left, lower right. */
	static const float expected[6] = {1, 10, 23, 31, 41, 52};
	struct fixture *f = *state;
	uint8_t *body, *metadata;

	map_image(f, &body, &metadata);
	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_CUBE);
	set_cube(f, body);
	for (unsigned int face = 0; face < 6; face++) {
		for (unsigned int lane = 0; lane < 4; lane++)
			for (unsigned int i = 0; i < 3; i++)
				f->simd->r[16 + i][lane] = bits_of(directions[face][i]);
		assert_ptr_equal(run(f), f->ops + 1);
		assert_true(as_float(f->simd->r[0][0]) == expected[face]);
	}
	/* Its faces as an array. */
	make_read(f, AGX_ISA_OP_SMPI, AGX_ISA_DIM_2D_ARRAY);
	for (unsigned int lane = 0; lane < 4; lane++)
		set_place(f, AGX_ISA_DIM_2D_ARRAY, lane, 1, 0, lane + 2, 0);
	assert_ptr_equal(run(f), f->ops + 1);
	for (unsigned int lane = 0; lane < 4; lane++)
		assert_true(as_float(f->simd->r[0][lane]) == 21 + 10 * (float)lane);
	/* But an array is no cube. */
	f->texture.dimension = AGX_CS_TEXTURE_DIMENSION_2D_ARRAY;
	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_CUBE);
	assert_null(run(f));
	assert_string_equal(f->simd->trap_what, "a texture of another dimension");
}

/* Levels of 8, 4, 2 and 1 texels, whose value is the level's number plus one. */
static void set_levels(struct fixture *f, uint8_t *body)
{
	struct agx_image image;
	const char *why;

	f->texture.dimension = AGX_CS_TEXTURE_DIMENSION_2D;
	f->texture.layout = AGX_CS_LAYOUT_GPU;
	f->texture.channels = AGX_CS_CHANNELS_R32;
	f->texture.type = AGX_CS_TEXTURE_TYPE_FLOAT;
	f->texture.width = f->texture.height = 8;
	f->texture.last_level = 3;
	f->texture.mipmapped = true;
	f->texture.address = IMAGE;
	assert_int_equal(agx_image_of_texture(&image, &f->texture, &why), 0);
	for (unsigned int level = 0; level < 4; level++) {
		const float value = (float)level + 1;

		for (unsigned int i = 0; i < 64u >> 2 * level; i++)
			memcpy(body + image.level[level].offset + 4 * (size_t)i, &value,
			       sizeof(value));
	}
}

static float sample_at(struct fixture *f)
{
	for (unsigned int lane = 0; lane < 4; lane++)
		f->simd->r[16][lane] = f->simd->r[17][lane] = HALF;
	assert_ptr_equal(run(f), f->ops + 1);
	return as_float(f->simd->r[0][0]);
}

static void test_levels(void **state)
{
	struct fixture *f = *state;
	uint8_t *body, *metadata;

	map_image(f, &body, &metadata);
	set_levels(f, body);
	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_2D);
	f->sampler.mip_filter = AGX_CS_MIP_FILTER_LINEAR;
	assert_true(sample_at(f) == 1);
	/* Biases: with a level of detail of 0 they are it. In a register, in a uniform, and with a bound. */
	f->instr.operands[5] = reg(48, 16);
	f->simd->r[24][0] = 0x3e00; /* 1.5 */
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_REG;
	assert_true(sample_at(f) == 2.5f);
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_MIN_REG;
	assert_true(sample_at(f) == 2.5f);
	f->instr.operands[5].count = 2;
	f->simd->r[24][0] = 0x41003e00; /* at least 2.5 */
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_AUTO_LOD_BIAS_MIN_REG;
	assert_true(sample_at(f) == 3.5f);
	f->instr.operands[5] =
		(struct agx_isa_operand){.kind = AGX_ISA_UNIFORM, .value = 6, .bits = 16};
	f->bindings.uniforms[6] = 0x4200; /* 3 */
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_MIN_UNIFORM;
	assert_true(sample_at(f) == 4);
	f->bindings.uniforms[6] = 0x7e00; /* not a number */
	assert_true(sample_at(f) == 1);
	f->bindings.uniforms[6] = 0x7c00; /* infinity */
	assert_true(sample_at(f) == 4);
	/* Gradients: x moves by 2 texels along x, y by 4 along y. */
	f->instr.operands[5] = reg(60, 32);
	f->instr.operands[5].role = AGX_ISA_ROLE_LOD;
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_GRAD;
	f->simd->r[30][0] = bits_of(0.25f);
	f->simd->r[31][0] = f->simd->r[32][0] = 0;
	f->simd->r[33][0] = HALF;
	assert_true(sample_at(f) == 3);
	/* y along x, y along y: the place of what is which matters. */
	f->simd->r[30][0] = f->simd->r[33][0] = 0;
	f->simd->r[32][0] = bits_of(0.25f);
	assert_true(sample_at(f) == 2);
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_GRAD_MIN;
	f->simd->r[34][0] = 0x4100;
	assert_true(sample_at(f) == 3.5f);
	/* What would be sampled: within the levels, and as it is. */
	f->sampler.mip_filter = AGX_CS_MIP_FILTER_NEAREST;
	f->simd->r[34][0] = 0x4300;
	f->instr.modifiers[AGX_ISA_MODIFIER_QUERY_LOD] = 1;
	f->instr.modifiers[AGX_ISA_MODIFIER_MASK] = 3;
	assert_true(sample_at(f) == 3);
	assert_true(as_float(f->simd->r[1][0]) == 3.5f);
}

static void test_forms(void **state)
{
	struct fixture *f = *state;

	make_read(f, AGX_ISA_OP_SMPF, AGX_ISA_DIM_2D);
	f->instr.modifiers[AGX_ISA_MODIFIER_SPARSE] = 1;
	f->instr.operands[0] = reg(248, 32);
	assert_null(agx_exec_texture_fn(&f->instr));
	f->instr.operands[0] = reg(246, 32);
	assert_non_null(agx_exec_texture_fn(&f->instr));
	f->instr.modifiers[AGX_ISA_MODIFIER_SPARSE] = 0;
	f->instr.modifiers[AGX_ISA_MODIFIER_LOD_TYPE] = AGX_ISA_LOD_TYPE_LOD_GRAD;
	f->instr.operands[5] = reg(250, 32);
	f->instr.operands[5].role = AGX_ISA_ROLE_LOD;
	assert_null(agx_exec_texture_fn(&f->instr));
	f->instr.operands[5].value = 248;
	assert_non_null(agx_exec_texture_fn(&f->instr));
	f->instr.modifiers[AGX_ISA_MODIFIER_DIM] = AGX_ISA_DIM_3D;
	assert_null(agx_exec_texture_fn(&f->instr));
	make_write(f, AGX_ISA_DIM_CUBE);
	assert_null(agx_exec_texture_fn(&f->instr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_compressed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_residency, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_compressed_samples, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tiles, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tile_bits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cube, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_forms, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
