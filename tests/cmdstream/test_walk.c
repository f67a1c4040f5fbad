// SPDX-License-Identifier: MIT
/* The walker: what it finds in good streams, and that it ends in bad ones. */
#include "walk_memory.h"

#include "agx_cs_pack.h"

/* A list at USC + 0x40: 16 uniform halves, two textures, a sampler, a shader, registers, the end. */
static void add_list(struct fixture *f)
{
	static const uint8_t list[] = {
		0x1d, 0x00, 0x00, 0x01, 0x00, 0x20, 0x00, 0x00, /* uniforms */
		0xdd, 0x00, 0x20, 0x00, 0x00, 0x60, 0x00, 0x15, /* textures */
		0x9d, 0x00, 0x10, 0x00, 0x00, 0x60, 0x00, 0x15, /* sampler */
		0x4d, 0x90, 0x00, 0x00,                         /* shared */
		0x0d, 0x0c, 0x00, 0x20, 0x00, 0x00,             /* shader at 0x2000 */
		0x8d, 0x02, 0x00, 0x01,                         /* registers */
		0x88, 0x00,                                     /* no preshader */
	};

	memcpy(add_piece(f, USC, 0x4000) + 0x40, list, sizeof(list));
}

static struct fixture *set_up(void)
{
	struct fixture *f = set_up_walk();

	add_piece(f, STREAM, 0x1000);
	add_list(f);
	return f;
}

/* A state update of all that Mesa sets, and a draw. */
static void test_draw(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, RECORD, 0x100);
	/* Header, W clamp, viewport control, viewport, fragment shader words. */
	PUT(f, RECORD, 1u << 11 | 1u << 16 | 1u << 23, 0, 0x3f800000, 0x3f800000, 0x3f800000,
	    0x3f800000, 0, 0x3f800000, 0x2edbe6ff, 0x1200, 0x40, 0, 1);
	PUT(f, STREAM, 0x20000008, 0x00000d15, 0x00200000, 0x4000002e, 0x1200, 0x40, 0x0404, 0x0, 0,
	    0x61f20615, 0x00300000, 300, 2, 7, 0x100, 0xc0000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->result.draws, 1);
	assert_int_equal(f->result.blocks, 5);
	assert_int_equal(f->draw.number, 0);
	assert_true(f->draw.indexed && f->draw.has_count && f->draw.has_instances);
	assert_true(f->draw.has_start && f->draw.has_buffer_size && !f->draw.indirect);
	assert_int_equal(f->draw.primitive, AGX_CS_PRIMITIVE_TRIANGLES);
	assert_int_equal(f->draw.index_size, 2);
	assert_int_equal(f->draw.count, 300);
	assert_int_equal(f->draw.instances, 2);
	assert_int_equal(f->draw.start, 7);
	assert_true(f->draw.index_buffer == 0x1500300000);
	assert_int_equal(f->draw.index_buffer_size, 0x400);
	assert_true(f->state.vertex_program.set);
	assert_true(f->state.vertex_program.list == USC + 0x40);
	assert_int_equal(f->state.vertex_program.counts, 0x1200);
	assert_true(f->state.fragment_program.set);
	assert_int_equal(f->state.fragment[0], 0x1200);
	assert_int_equal(f->state.fragment[3], 1);
	assert_int_equal(f->state.viewports, 1);
	assert_int_equal(f->state.viewport[0][3], 0x3f800000);
	assert_int_equal(f->state.ppp[16], 0x2edbe6ff);
	assert_true(f->state.ppp_at[16] == RECORD + 0x20);
	assert_int_equal(f->state.vdm[3], 0x0404);
	assert_int_equal(f->state.ppp_new, 1u << 11 | 1u << 16 | 1u << 23);
	/* The vertex program's list and the fragment program's. */
	assert_int_equal(f->lists, 2);
	assert_int_equal(f->records, 1);
	assert_int_equal(f->pipeline.stage, AGX_CS_STAGE_VERTEX);
	assert_true(f->pipeline.ended && f->pipeline.has_shader && !f->pipeline.has_preshader);
	assert_true(f->pipeline.shader_address == USC + 0x2000);
	assert_int_equal(f->pipeline.bindings, 3);
	assert_int_equal(f->pipeline.registers, 16);
	/* Uniforms, textures and samplers are nowhere: tables only are looked at. */
	assert_int_equal(f->trouble_count, 4);
	assert_int_equal(f->troubles[0].problem, AGX_CS_UNMAPPED);
	assert_int_equal(f->troubles[0].place, AGX_CS_IN_TEXTURES);
	tear_down_walk(f);
}

static void assert_trouble(const struct fixture *f, unsigned int index, unsigned int problem,
			   uint64_t address)
{
	assert_true(index < f->trouble_count && index < TROUBLES);
	if (f->troubles[index].problem != problem || f->troubles[index].address != address)
		print_error("%s at 0x%llx: %s\n", agx_cs_problem_name(f->troubles[index].problem),
			    (unsigned long long)f->troubles[index].address,
			    f->troubles[index].what);
	assert_int_equal(f->troubles[index].problem, problem);
	assert_true(f->troubles[index].address == address);
}

static void test_launches(void **state)
{
	struct fixture *f = set_up();

	f->start.walk_depth = AGX_CS_WALK_LISTS;
	/* A direct launch, one with its groups in memory, one with everything there; one for G14X. */
	PUT(f, STREAM, 0x00001212, 0x40, 4, 4, 1, 0x20, 1, 1, 0x600fffff, 0x08001212, 0x40, 0x15,
	    0x00300000, 0x20, 2, 1, 0x600fffff, 0x10001212, 0x40, 0x15, 0x00300010, 0x00001212,
	    0x40, 0, 0x40000000, 8, 8, 1, 8, 8, 1, 0x40000000, 0);
	walk(f, true);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->result.dispatches, 4);
	assert_int_equal(f->trouble_count, 0);
	assert_int_equal(f->dispatch.number, 3);
	assert_true(f->dispatch.g14x && f->dispatch.has_global && f->dispatch.has_local);
	assert_int_equal(f->dispatch.global[1], 8);
	assert_true(f->dispatch.program.list == USC + 0x40);
	assert_int_equal(f->lists, 4);
	/* The one before. */
	PUT(f, STREAM + 21 * 4, 0x40000000, 0);
	walk(f, true);
	assert_int_equal(f->result.dispatches, 3);
	assert_int_equal(f->dispatch.mode, AGX_CS_CDM_MODE_INDIRECT_LOCAL);
	assert_true(!f->dispatch.has_local && !f->dispatch.g14x);
	assert_true(f->dispatch.indirect_buffer == 0x1500300010);
	/* 32 * 33 threads. */
	PUT(f, STREAM, 0x00001212, 0x40, 64, 66, 1, 0x20, 33, 1, 0x40000000, 0);
	walk(f, true);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_RANGE, STREAM);
	assert_int_equal(f->troubles[0].value, 32 * 33);
	tear_down_walk(f);
}

static void test_links(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, MORE, 0x200);
	f->start.judge = false;
	/* A call of a draw, a jump to another and the end. */
	PUT(f, STREAM, 0x90000015, 0x00100000, 0x80000015, 0x00100100);
	PUT(f, MORE, 0x60c00600, 3, 1, 0x28000000);
	PUT(f, MORE + 0x100, 0x60c00600, 4, 1, 0xc0000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->result.draws, 2);
	assert_int_equal(f->result.blocks, 6);
	assert_int_equal(f->draw.count, 4);
	assert_true(f->draw.linked);
	assert_int_equal(f->trouble_count, 0);
	/* What a program writes later: behind a call it counts as a return. */
	PUT(f, MORE, 0, 0);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->result.draws, 1);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_UNWRITTEN, MORE);
	assert_true(f->troubles[0].linked);
	/* A link's target must be there: that is the link's fault. */
	PUT(f, STREAM, 0x80000016, 0x00000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_BROKEN);
	assert_trouble(f, 0, AGX_CS_UNMAPPED, NOWHERE);
	assert_true(!f->troubles[0].linked && f->troubles[0].from == STREAM);
	/* Not where a linked stream leads. */
	PUT(f, STREAM, 0x80000015, 0x00100000);
	PUT(f, MORE, 0x80000016, 0x00000000);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_UNMAPPED, NOWHERE);
	assert_true(f->troubles[0].linked);
	tear_down_walk(f);
}

static void test_loops(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, MORE, 0x1000);
	f->start.judge = false;
	/* To itself. */
	PUT(f, STREAM, 0x80000015, 0x00000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_BROKEN);
	assert_trouble(f, 0, AGX_CS_LOOP, STREAM);
	assert_true(!f->troubles[0].linked);
	assert_true(f->result.blocks < 8);
	/* Around. */
	PUT(f, STREAM, 0x20000008, 0x80000015, 0x00100000);
	PUT(f, MORE, 0x20000008, 0x20000008, 0x80000015, 0x00000000);
	walk(f, false);
	assert_int_equal(f->trouble_count, 1);
	assert_int_equal(f->troubles[0].problem, AGX_CS_LOOP);
	assert_true(f->result.blocks < 32);
	/* A ring of 100 links somewhere behind the first. */
	for (unsigned int i = 0; i < 100; i++)
		PUT(f, MORE + 8 * i, 0x80000015, 0x00100000 + 8 * ((i + 1) % 100));
	walk(f, false);
	assert_int_equal(f->troubles[0].problem, AGX_CS_LOOP);
	assert_true(f->troubles[0].linked);
	assert_true(f->result.blocks < 1000);
	/* A called loop. */
	PUT(f, STREAM, 0x90000015, 0x00100000, 0xc0000000);
	walk(f, false);
	assert_int_equal(f->troubles[0].problem, AGX_CS_LOOP);
	/* The same subroutine twice is none. */
	PUT(f, STREAM, 0x90000015, 0x00100000, 0x90000015, 0x00100000, 0x90000015, 0x00100000,
	    0xc0000000);
	PUT(f, MORE, 0x28000000);
	walk(f, false);
	assert_int_equal(f->trouble_count, 0);
	assert_int_equal(f->result.blocks, 7);
	tear_down_walk(f);
}

static void test_calls(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, MORE, 0x1000);
	f->start.judge = false;
	/* A call of itself. */
	PUT(f, STREAM, 0x90000015, 0x00000000);
	walk(f, false);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_CALL_DEPTH, STREAM);
	assert_int_equal(f->result.blocks, AGX_CS_WALK_CALLS + 1);
	/* As deep as it goes. */
	PUT(f, STREAM, 0x90000015, 0x00100000, 0xc0000000);
	for (unsigned int i = 0; i < AGX_CS_WALK_CALLS; i++)
		PUT(f, MORE + 16 * i, i + 1 < AGX_CS_WALK_CALLS ? 0x90000015 : 0x28000000,
		    0x00100010 + 16 * i, 0x28000000);
	walk(f, false);
	assert_int_equal(f->trouble_count, 0);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->result.blocks, 2 * AGX_CS_WALK_CALLS + 1);
	/* Each level calls the next twice: the number of blocks is what bounds it. */
	for (unsigned int i = 0; i < AGX_CS_WALK_CALLS; i++)
		PUT(f, MORE + 32 * i, i + 1 < AGX_CS_WALK_CALLS ? 0x90000015 : 0x28000000,
		    0x00100020 + 32 * i, 0x90000015, 0x00100020 + 32 * i, 0x28000000);
	f->start.blocks = 10000;
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_LIMIT);
	assert_int_equal(f->result.blocks, 10000);
	assert_int_equal(f->troubles[0].problem, AGX_CS_UNTERMINATED);
	/* From nowhere back. */
	PUT(f, STREAM, 0x28000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_trouble(f, 0, AGX_CS_CALL_DEPTH, STREAM);
	tear_down_walk(f);
}

static void test_bad_streams(void **state)
{
	struct fixture *f = set_up();

	/* No such block; empty memory; an address between words; nothing there; half a block. */
	PUT(f, STREAM, 0x20000008, 0xe0000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_BROKEN);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_UNKNOWN_WORD, STREAM + 4);
	assert_true(f->troubles[0].value == 0xe0000000);
	PUT(f, STREAM, 0, 0, 0, 0);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_UNKNOWN_WORD, STREAM);
	walk(f, true);
	assert_trouble(f, 0, AGX_CS_UNKNOWN_WORD, STREAM);
	f->start.address = STREAM + 2;
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_ALIGNMENT, STREAM + 2);
	f->start.address = NOWHERE;
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_UNMAPPED, NOWHERE);
	f->start.address = STREAM + 0x1000 - 8;
	PUT(f, STREAM + 0x1000 - 8, 0x61f20615, 0x00300000);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_TRUNCATED, STREAM + 0x1000);
	/* Of the end only the tag is read. */
	f->start.address = STREAM + 0x1000 - 4;
	PUT(f, STREAM + 0x1000 - 4, 0xc0000000);
	walk(f, false);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->trouble_count, 0);
	PUT(f, STREAM + 0x1000 - 4, 0x40000000);
	walk(f, true);
	assert_int_equal(f->result.end, AGX_CS_WALK_ENDED);
	assert_int_equal(f->trouble_count, 0);
	tear_down_walk(f);
}

/* Records: parts missing, words too many, nothing, memory that ends. */
static void test_bad_records(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, RECORD, 0x100);
	f->start.judge = false;
	PUT(f, STREAM, 0x00000215, 0x00200000, 0xc0000000);
	PUT(f, RECORD, 1u << 16 | 1u << 17, 1, 2);
	walk(f, false);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_SIZE, RECORD);
	PUT(f, STREAM, 0x00000515);
	walk(f, false);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_SIZE, RECORD);
	PUT(f, STREAM, 0x00000315);
	walk(f, false);
	assert_int_equal(f->trouble_count, 0);
	PUT(f, STREAM, 0x00000015);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_SIZE, STREAM);
	PUT(f, STREAM, 0x00000315, 0x002000f8);
	PUT(f, RECORD + 0xf8, 1u << 16 | 1u << 17, 1);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_TRUNCATED, RECORD + 0x100);
	PUT(f, STREAM, 0x00000316, 0);
	walk(f, false);
	assert_trouble(f, 0, AGX_CS_UNMAPPED, NOWHERE);
	assert_true(f->troubles[0].from == STREAM);
	tear_down_walk(f);
}

static void launch(struct fixture *f)
{
	PUT(f, STREAM, 0x00001212, 0x40, 4, 4, 1, 0x20, 1, 1, 0x40000000, 0);
	walk(f, true);
}

static uint8_t *list_at(struct fixture *f)
{
	size_t size;

	return (uint8_t *)(uintptr_t)piece_at(f, USC + 0x40, &size);
}

static void test_bad_lists(void **state)
{
	struct fixture *f = set_up();
	uint8_t *list = list_at(f);

	f->start.walk_depth = AGX_CS_WALK_LISTS;
	launch(f);
	assert_int_equal(f->trouble_count, 0);
	assert_true(f->pipeline.ended);
	assert_int_equal(f->pipeline.size, 40);
	/* No word starts so. */
	list[24] = 0x77;
	launch(f);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_UNKNOWN_WORD, USC + 0x58);
	assert_true(!f->pipeline.ended);
	/* Uniforms twice; textures beyond the last. */
	memcpy(list + 8, "\x1d\x0f\x10\x00\x00\x20\x00\x00", 8);
	memcpy(list + 16, "\xdd\xff\x20\x00\x00\x60\x00\x15", 8);
	list[24] = 0x4d;
	launch(f);
	assert_int_equal(f->trouble_count, 2);
	assert_trouble(f, 0, AGX_CS_OVERLAP, USC + 0x48);
	assert_trouble(f, 1, AGX_CS_RANGE, USC + 0x50);
	/* Fewer samplers than are set. */
	list[16] = 0x9d;
	memcpy(list + 8, "\xdd\x00\x20\x00\x00\x60\x00\x15", 8);
	memcpy(list + 16, "\x9d\x03\x20\x00\x00\x60\x00\x15", 8);
	launch(f);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_RANGE, USC + 0x50);
	/* An end and no program. */
	memcpy(list, "\x88\x00", 2);
	launch(f);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_INCOMPLETE, USC + 0x40);
	/* No end: the memory's, and the limit's. */
	for (unsigned int i = 0x40; i < 0x4000; i += 4)
		memcpy(list + i - 0x40, "\x4d\x90\x00\x00", 4);
	launch(f);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_UNTERMINATED, USC + 0x40);
	PUT(f, STREAM, 0x00001212, 0x3fc0);
	walk(f, true);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_TRUNCATED, USC + 0x4000);
	PUT(f, STREAM, 0x00001212, 0x4000);
	walk(f, true);
	assert_trouble(f, 0, AGX_CS_UNMAPPED, USC + 0x4000);
	assert_true(f->troubles[0].from == STREAM);
	tear_down_walk(f);
}

/* Words that judging finds, and what a draw lacks. */
static void test_judging(void **state)
{
	struct fixture *f = set_up();

	f->start.walk_depth = AGX_CS_WALK_STATE;
	PUT(f, STREAM, 0x22000008, 0x60c00600, 3, 0, 0x60000600, 0x61f20615, 0x00300001, 3, 1, 0, 8,
	    0xc0000000);
	walk(f, false);
	/* Reserved bits, no instances, three draws of which the second is not complete either. */
	assert_trouble(f, 0, AGX_CS_RESERVED, STREAM);
	assert_trouble(f, 1, AGX_CS_RANGE, STREAM + 12);
	assert_trouble(f, 2, AGX_CS_INCOMPLETE, STREAM + 4);
	assert_trouble(f, 3, AGX_CS_INCOMPLETE, STREAM + 4);
	assert_trouble(f, 4, AGX_CS_INCOMPLETE, STREAM + 4);
	assert_string_equal(f->troubles[8].what,
			    "a direct draw without a count or without instances");
	assert_trouble(f, f->trouble_count - 1, AGX_CS_ALIGNMENT, STREAM + 20);
	assert_int_equal(f->trouble_count, 13);
	/* With tag write disable no fragment shader runs. */
	add_piece(f, RECORD, 0x100);
	PUT(f, RECORD, 1u << 1 | 1u << 11, 1u << 21 | 1u << 9, 0, 0, 0, 0, 0, 0, 0);
	PUT(f, STREAM, 0x00000915, 0x00200000, 0x40000004, 0x40, 0x60c00600, 3, 1, 0xc0000000);
	walk(f, false);
	assert_int_equal(f->trouble_count, 0);
	PUT(f, RECORD + 4, 1u << 9);
	walk(f, false);
	assert_int_equal(f->trouble_count, 1);
	assert_trouble(f, 0, AGX_CS_INCOMPLETE, STREAM + 16);
	f->start.judge = false;
	walk(f, false);
	assert_int_equal(f->trouble_count, 0);
	tear_down_walk(f);
}

/* Tables of descriptors, and what is not wanted again. */
static void test_tables(void **state)
{
	struct fixture *f = set_up();

	add_piece(f, TABLE, 0x40);
	/* The list's textures and samplers, at the table. */
	f->start.judge = false;
	PUT(f, USC + 0x48, 0x002000dd, 0x15003000, 0x0010009d, 0x15003000);
	launch(f);
	assert_int_equal(f->trouble_count, 0);
	assert_int_equal(f->tables, 2);
	/* Launch: four; list: seven; two textures, a sampler; the terminate. */
	assert_int_equal(f->events, 4 + 7 + 2 + 1 + 1);
	assert_true(f->pipeline.binding[1].address == TABLE);
	/* With border colours: 24 bytes. */
	PUT(f, STREAM, 0x00001212 | 6u << 9 | 1u << 9);
	walk(f, true);
	assert_int_equal(f->events, 4 + 7 + 2 + 2 + 1);
	f->skip = TABLE;
	walk(f, true);
	assert_int_equal(f->tables, 0);
	f->skip = USC + 0x40;
	walk(f, true);
	assert_int_equal(f->entered, 0);
	assert_int_equal(f->events, 4 + 1);
	/* And enough. */
	f->stop_after = 3;
	walk(f, true);
	assert_int_equal(f->result.end, AGX_CS_WALK_STOPPED);
	assert_int_equal(f->events, 3);
	tear_down_walk(f);
}

/* The same stream in one piece and in pieces of a few bytes: the same events. */
static void test_pieces(void **state)
{
	static const uint32_t stream[] = {
		0x20000008, 0x00000315, 0x00200000, 0x4000002e, 0x1000, 0x40, 0x0404, 0x0,
		0,          0x61f20615, 0x00300000, 3,          2,      7,    0x100,  0xc0000000};
	uint64_t digest = 0;

	for (unsigned int cut = 0; cut < sizeof(stream); cut++) {
		struct fixture *f = set_up_walk();

		add_list(f);
		f->start.walk_depth = AGX_CS_WALK_STATE;
		f->start.judge = false;
		memcpy(add_piece(f, STREAM, cut ? cut : 0x100), stream, cut ? cut : sizeof(stream));
		if (cut)
			memcpy(add_piece(f, STREAM + cut, sizeof(stream) - cut),
			       (const uint8_t *)stream + cut, sizeof(stream) - cut);
		memcpy(add_piece(f, RECORD, 5), "\x00\x00\x03\x00\x01", 5);
		add_piece(f, RECORD + 5, 7);
		walk(f, false);
		assert_int_equal(f->trouble_count, 0);
		assert_int_equal(f->result.draws, 1);
		if (!cut)
			digest = f->digest;
		assert_true(f->digest == digest);
		tear_down_walk(f);
	}
}

/* Whatever memory holds a walk ends; blocks of all kinds fit into what a walk reads. */
static void test_random(void **state)
{
	uint64_t seed = 88172645463325252ull;

	for (unsigned int round = 0; round < 2000; round++) {
		struct fixture *f = set_up_walk();
		uint32_t *words = (uint32_t *)(void *)add_piece(f, STREAM, 0x1000);

		add_piece(f, RECORD, 0x400);
		add_list(f);
		for (unsigned int i = 0; i < 0x400; i += round % 5 + 1) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			words[i] = (uint32_t)seed;
			/* Links that stay in here, records that are there. */
			if ((words[i] >> 29) % 4 == 0 && i < 0x3ff)
				words[i + 1] = (uint32_t)(seed >> 40) & 0xffc;
			if (words[i] >> 29 == 4)
				words[i] = (words[i] & ~0xffu) | 0x15;
		}
		f->start.blocks = 5000;
		walk(f, round & 1);
		assert_true(f->result.blocks <= 5000);
		tear_down_walk(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_draw),        cmocka_unit_test(test_launches),
		cmocka_unit_test(test_links),       cmocka_unit_test(test_loops),
		cmocka_unit_test(test_calls),       cmocka_unit_test(test_bad_streams),
		cmocka_unit_test(test_bad_records), cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_judging),     cmocka_unit_test(test_tables),
		cmocka_unit_test(test_pieces),      cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
