// SPDX-License-Identifier: MIT
/*
 * Descriptors, places of texels, compressed tiles, and the instruction that writes images: imgw.
 *
 * Operands: Mesa's src/asahi/compiler/agx_pack.c and src/asahi/lib/agx_nir_lower_texture.c; the metadata of
 * compressed images: its src/asahi/libagx/compression.cl.
 */
#include "exec_image.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "memory.h"
#include "numeric.h"

enum {
	WRITE_DATA,
	WRITE_HEAP,
	WRITE_TEXTURE,
	WRITE_COORD,
	WRITE_LOD,
};

/* --- The unit --- */

bool agx_unit_fail(struct agx_unit *unit, enum agx_trap trap, const char *what)
{
	unit->failed = agx_simd_trap(unit->simd, unit->op, trap, unit->lane, what);
	unit->stop = true;
	return false;
}

bool agx_unit_judge(struct agx_unit *unit, int error, const char *why)
{
	if (!error)
		return true;
	return agx_unit_fail(unit, error == -ENOTSUP ? AGX_TRAP_NOT_MODELLED : AGX_TRAP_STATE, why);
}

bool agx_unit_read(struct agx_unit *unit, uint64_t address, void *to, uint32_t size,
		   const char *what)
{
	return agx_memory_read(unit->simd->memory, address, to, size) ||
	       agx_unit_fail(unit, AGX_TRAP_FAULT, what);
}

bool agx_unit_descriptor(struct agx_unit *unit, const struct agx_isa_operand *heap,
			 const struct agx_isa_operand *texture, uint8_t bytes[AGX_DESCRIPTOR])
{
	const struct agx_simd *simd = unit->simd;
	const struct agx_bindings *bindings = simd->group->bindings;
	uint32_t value = (uint32_t)texture->value;

	if (texture->kind == AGX_ISA_REG)
		value = texture->bits == 32
				? simd->r[texture->value / 2][unit->lane]
				: agx_simd_half(simd, (unsigned int)texture->value, unit->lane);
	if (texture->kind == AGX_ISA_IMM || (texture->kind == AGX_ISA_REG && texture->bits == 32)) {
		const unsigned int half = (unsigned int)heap->value;
		const uint64_t base = agx_simd_uniform32(simd, half) |
				      (uint64_t)agx_simd_uniform32(simd, half + 2) << 32;

		return agx_unit_read(unit, base + value, bytes, AGX_DESCRIPTOR,
				     "texture descriptor");
	}
	if (value >= AGX_TEXTURE_STATES || !(bindings->textures_set[value / 32] >> value % 32 & 1))
		return agx_unit_fail(unit, AGX_TRAP_STATE, "a texture state that was never set");
	memcpy(bytes, bindings->textures[value], AGX_DESCRIPTOR);
	return true;
}

bool agx_unit_pbe(struct agx_unit *unit, const struct agx_isa_operand *heap,
		  const struct agx_isa_operand *texture)
{
	struct agx_cs_pbe pbe;
	uint8_t bytes[AGX_DESCRIPTOR];
	const char *why = NULL;
	int error;

	if (!agx_unit_descriptor(unit, heap, texture, bytes))
		return false;
	if (unit->has_image && !memcmp(bytes, unit->descriptor, AGX_DESCRIPTOR))
		return true;
	memcpy(unit->descriptor, bytes, AGX_DESCRIPTOR);
	agx_cs_pbe_unpack(&pbe, bytes);
	error = agx_image_of_pbe(&unit->image, &pbe, &why);
	if (!agx_unit_judge(unit, error, why))
		return false;
	unit->format = (struct agx_texel_format){pbe.channels, pbe.type, pbe.srgb};
	why = agx_texel_refuse_write(&unit->format);
	if (why)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED, why);
	unit->swizzle[0] = pbe.swizzle_r;
	unit->swizzle[1] = pbe.swizzle_g;
	unit->swizzle[2] = pbe.swizzle_b;
	unit->swizzle[3] = pbe.swizzle_a;
	unit->has_image = true;
	return true;
}

/* --- Operands --- */

unsigned int agx_unit_coords(unsigned int dim)
{
	static const uint8_t coords[] = {1, 1, 2, 2, 2, 3, 3, 3, 2};

	return dim < sizeof(coords) ? coords[dim] : 0;
}

unsigned int agx_unit_parts(unsigned int dim)
{
	static const uint8_t parts[] = {0, 1, 0, 1, 1, 0, 0, 1, 2};

	return dim < sizeof(parts) ? parts[dim] : 0;
}

uint32_t agx_unit_take(const struct agx_unit *unit, const struct agx_isa_operand *operand,
		       unsigned int index)
{
	const unsigned int half = (unsigned int)operand->value + index * operand->bits / 16;

	if (operand->bits == 32)
		return unit->simd->r[half / 2 % AGX_REGISTERS][unit->lane];
	return agx_simd_half(unit->simd, half % AGX_HALVES, unit->lane);
}

struct agx_place agx_unit_place(const struct agx_unit *unit, const struct agx_isa_operand *coord)
{
	const unsigned int dim = unit->instr->modifiers[AGX_ISA_MODIFIER_DIM];
	const unsigned int coords = agx_unit_coords(dim);
	const unsigned int parts = agx_unit_parts(dim);
	const unsigned int half = (unsigned int)coord->value + coords * coord->bits / 16;
	struct agx_place place = {{0, 0, 0}, 0, 0};
	uint32_t part[2] = {0, 0};

	for (unsigned int i = 0; i < coords; i++)
		place.coordinate[i] = agx_unit_take(unit, coord, i);
	for (unsigned int i = 0; i < parts && i < 2; i++)
		part[i] = agx_simd_half(unit->simd, (half + i) % AGX_HALVES, unit->lane);
	if (dim == AGX_ISA_DIM_2D_MS || dim == AGX_ISA_DIM_2D_MS_ARRAY)
		place.sample = part[0];
	else
		place.layer = part[0];
	if (dim == AGX_ISA_DIM_2D_MS_ARRAY)
		place.layer = part[1];
	return place;
}

bool agx_unit_registers_ok(const struct agx_isa_operand *o, unsigned int halves)
{
	return o->kind == AGX_ISA_REG && o->value >= 0 &&
	       (uint32_t)o->value + halves <= AGX_HALVES && !(o->bits == 32 && o->value & 1);
}

bool agx_unit_texture_ok(const struct agx_isa_operand *heap, const struct agx_isa_operand *texture)
{
	const bool bindless = texture->kind == AGX_ISA_IMM ||
			      (texture->kind == AGX_ISA_REG && texture->bits == 32);

	if (texture->kind == AGX_ISA_REG && !agx_unit_registers_ok(texture, texture->bits / 16))
		return false;
	if (texture->value < 0)
		return false;
	return !bindless || (heap->kind == AGX_ISA_UNIFORM && heap->value >= 0 &&
			     heap->value + 4 <= AGX_UNIFORMS);
}

/* --- Places --- */

/* The first byte that is neither 0 nor raw. */
static uint8_t odd_metadata(const struct agx_image *image, uint64_t word)
{
	const uint64_t raw = agx_image_raw_metadata(image) & 0xff;

	while (word > 0xff && (!(word & 0xff) || (word & 0xff) == raw))
		word >>= 8;
	return word & 0xff;
}

/* Turning a solid tile into a raw one is more than one write: one thread at a time, and once. */
static pthread_mutex_t expanding = PTHREAD_MUTEX_INITIALIZER;

/* Gives every sample of a solid tile its value. */
static bool expand_tile(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
			unsigned int level)
{
	const struct agx_image *image = &unit->image;
	const uint32_t width = agx_image_tile_width(image);
	const uint32_t height = agx_image_tile_height(image);
	const uint32_t left = x - x % width, top = y - y % height;
	uint8_t value[AGX_TEXEL_BYTES];

	if (!agx_unit_read(unit, image->address + agx_image_solid(image, x, y, layer, level, 0),
			   value, image->element_bytes, "texture"))
		return false;
	for (uint32_t i = 0; i < width * height * image->samples; i++) {
		const unsigned int sample = i % image->samples;
		const uint32_t at_x = left + i / image->samples % width;
		const uint32_t at_y = top + i / image->samples / width;

		if (!agx_image_has(image, at_x, at_y, layer, level, sample))
			continue;
		if (!agx_memory_write(unit->simd->memory,
				      agx_image_address(image, at_x, at_y, layer, level, sample),
				      value, image->element_bytes))
			return agx_unit_fail(unit, AGX_TRAP_FAULT, "image");
	}
	return true;
}

static bool make_raw(struct agx_unit *unit, uint64_t at)
{
	const uint64_t raw = agx_image_raw_metadata(&unit->image);

	__atomic_thread_fence(__ATOMIC_RELEASE);
	return agx_memory_write(unit->simd->memory, at, &raw, sizeof(raw)) ||
	       agx_unit_fail(unit, AGX_TRAP_FAULT, "metadata of an image");
}

/*
 * Before a texel of a tile is written. A tile with metadata that is not known becomes raw with what lies there:
 * nothing here makes such tiles, they are memory that had another use. Drivers do not clear the metadata of new
 * images, whose contents are undefined until they are written.
 */
static bool open_tile(struct agx_unit *unit, uint64_t at, uint32_t x, uint32_t y, uint32_t layer,
		      unsigned int level)
{
	enum agx_image_tile tile;
	uint64_t word;
	bool good;

	pthread_mutex_lock(&expanding);
	good = agx_unit_read(unit, at, &word, sizeof(word), "metadata of an image");
	tile = good ? agx_image_tile(&unit->image, word) : AGX_IMAGE_TILE_UNKNOWN;
	if (good && tile == AGX_IMAGE_TILE_SOLID)
		good = expand_tile(unit, x, y, layer, level);
	good = good && make_raw(unit, at);
	pthread_mutex_unlock(&expanding);
	return good;
}

/* The offset of an element of a compressed level. */
static bool find_compressed(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
			    unsigned int level, unsigned int sample, bool write, uint64_t *offset)
{
	const struct agx_image *image = &unit->image;
	const uint64_t at = agx_image_metadata(image, x, y, layer, level, sample);
	struct agx_memory *memory = unit->simd->memory;
	uint64_t word;

	if (!agx_unit_read(unit, at, &word, sizeof(word), "metadata of a texture"))
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (write)
		return word == agx_image_raw_metadata(image) ||
		       open_tile(unit, at, x, y, layer, level);
	switch (agx_image_tile(image, word)) {
	case AGX_IMAGE_TILE_RAW:
		return true;
	case AGX_IMAGE_TILE_SOLID:
		*offset = agx_image_solid(image, x, y, layer, level, sample);
		return true;
	default:
		/* What lies there, and who runs the launch says so. */
		if (!memory->odd_tiles++) {
			memory->odd_tile = at;
			memory->odd_metadata = odd_metadata(image, word);
		}
		return true;
	}
}

bool agx_unit_element(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
		      unsigned int level, unsigned int sample, bool write, uint64_t *address)
{
	const struct agx_image *image = &unit->image;
	uint64_t offset = agx_image_offset(image, x, y, layer, level, sample);

	if (image->level[level].compressed &&
	    !find_compressed(unit, x, y, layer, level, sample, write, &offset))
		return false;
	*address = image->address + offset;
	if (image->sparse) {
		const uint64_t at = agx_image_sparse_entry(image, layer, offset);
		uint32_t entry;

		if (!agx_unit_read(unit, at, &entry, sizeof(entry), "pages of a sparse image"))
			return false;
		if (!agx_image_sparse_page(entry, address))
			return false;
		*address += offset % AGX_IMAGE_PAGE;
	}
	return true;
}

/* --- Writes --- */

bool agx_unit_store(struct agx_unit *unit, uint32_t x, uint32_t y, uint32_t layer,
		    unsigned int sample, const uint32_t values[4])
{
	const struct agx_image *image = &unit->image;
	const unsigned int level = image->first_level;
	uint8_t element[AGX_TEXEL_BYTES];
	uint64_t address;
	uint32_t rgba[4];

	if (!agx_image_has(image, x, y, layer, level, sample))
		return true;
	agx_texel_swizzle(unit->swizzle, agx_texel_is_integer(image->type), values, rgba);
	agx_texel_encode(&unit->format, rgba, unit->instr->modifiers[AGX_ISA_MODIFIER_RTZ],
			 element);
	/* What lies on no page of a sparse image is dropped too. */
	if (!agx_unit_element(unit, x, y, layer, level, sample, true, &address))
		return !unit->stop;
	return agx_memory_write(unit->simd->memory, address, element, image->element_bytes) ||
	       agx_unit_fail(unit, AGX_TRAP_FAULT, "image");
}

/* A component to write: 16 bits are widened as the image's type says. */
static uint32_t widen(const struct agx_unit *unit, uint32_t value, unsigned int bits)
{
	if (bits == 32)
		return value;
	if (unit->image.type == AGX_CS_TEXTURE_TYPE_SINT)
		return (uint32_t)(int32_t)(int16_t)value;
	if (unit->image.type == AGX_CS_TEXTURE_TYPE_UINT)
		return value;
	return agx_f16_to_f32((uint16_t)value);
}

static bool store(struct agx_unit *unit)
{
	const struct agx_isa_operand *operands = unit->instr->operands;
	const struct agx_place place = agx_unit_place(unit, &operands[WRITE_COORD]);
	const bool volume = unit->instr->modifiers[AGX_ISA_MODIFIER_DIM] == AGX_ISA_DIM_3D;
	uint32_t values[4], lod = (uint32_t)operands[WRITE_LOD].value;

	if (operands[WRITE_LOD].kind == AGX_ISA_REG)
		lod = agx_simd_half(unit->simd, lod, unit->lane);
	/* The PBE names one level; what another number would select nobody has described. */
	if (lod)
		return agx_unit_fail(unit, AGX_TRAP_NOT_MODELLED,
				     "writes to another level than the descriptor's");
	for (unsigned int c = 0; c < 4; c++)
		values[c] = widen(unit, agx_unit_take(unit, &operands[WRITE_DATA], c),
				  operands[WRITE_DATA].bits);
	return agx_unit_store(unit, place.coordinate[0], place.coordinate[1],
			      volume ? place.coordinate[2] : place.layer, place.sample, values);
}

static const struct agx_op *op_write(struct agx_simd *simd, const struct agx_op *op)
{
	struct agx_unit unit = {.simd = simd, .op = op, .instr = agx_op_instr(simd, op)};
	const struct agx_isa_operand *operands = unit.instr->operands;

	for (uint32_t active = simd->exec_mask; active; active &= active - 1) {
		unit.lane = (unsigned int)__builtin_ctz(active);
		if (!agx_unit_pbe(&unit, &operands[WRITE_HEAP], &operands[WRITE_TEXTURE]) ||
		    !store(&unit))
			return unit.failed;
	}
	return op + 1;
}

static bool write_ok(const struct agx_isa_instr *instr)
{
	const struct agx_isa_operand *o = instr->operands;
	const unsigned int dim = instr->modifiers[AGX_ISA_MODIFIER_DIM];

	/* Writes to cubes are written as writes to arrays of faces. */
	if (dim > AGX_ISA_DIM_2D_MS_ARRAY || dim == AGX_ISA_DIM_CUBE ||
	    dim == AGX_ISA_DIM_CUBE_ARRAY)
		return false;
	return agx_unit_texture_ok(&o[WRITE_HEAP], &o[WRITE_TEXTURE]) &&
	       agx_unit_registers_ok(&o[WRITE_DATA], 4u * o[WRITE_DATA].bits / 16) &&
	       agx_unit_registers_ok(&o[WRITE_COORD], agx_isa_operand_halves(instr, WRITE_COORD)) &&
	       (o[WRITE_LOD].kind == AGX_ISA_IMM || agx_unit_registers_ok(&o[WRITE_LOD], 1));
}

agx_op_fn agx_exec_image_fn(const struct agx_isa_instr *instr)
{
	return instr->op == AGX_ISA_OP_IMGW && write_ok(instr) ? op_write : NULL;
}
