// SPDX-License-Identifier: MIT
/* The view of programs: ends, jumps, what they use, listings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agx_isa_asm.h"
#include "agx_isa_program.h"

static uint8_t code[4096], targets[4096 / 16];
static struct agx_isa_program program;

/* Assembles and analyses; returns the bytes that were assembled. */
static size_t look(const char *text, bool whole)
{
	static struct agx_isa_label labels[64];
	struct agx_isa_asm as = {
		.text = text,
		.size = strlen(text),
		.out = code,
		.capacity = sizeof(code),
		.labels = labels,
		.labels_max = 64,
	};

	if (agx_isa_assemble(&as))
		print_error("%u:%u: %s\n", as.line, as.column, as.error);
	assert_int_equal(as.line, 0);
	memset(targets, 0, sizeof(targets));
	agx_isa_analyse(code, as.length, whole, targets, &program);
	return as.length;
}

static void test_end_is_found(void **state)
{
	size_t size;

	look("mov r0, 1\nstop\ntrap\ntrap\nmov r0, 2\nstop", false);
	assert_int_equal(program.end, AGX_ISA_END_STOP);
	assert_int_equal(program.code_size, 8);
	assert_int_equal(program.size, 12);
	assert_int_equal(program.instructions, 2);

	/* A jump leads behind the first stop. */
	look("jmp_none a\nstop\na: mov r0, 2\nstop\ntrap\nmov r0, 3", false);
	assert_int_equal(program.code_size, 16);
	assert_int_equal(program.size, 18);
	assert_int_equal(program.instructions, 4);

	look("mov r0, 1\nret r1\nmov r0, 2", false);
	assert_int_equal(program.end, AGX_ISA_END_RETURN);
	assert_int_equal(program.size, 8);
	assert_true(program.indirect);

	look("mov r0, 1", false);
	assert_int_equal(program.end, AGX_ISA_END_CODE);

	look("mov r0, 1\n.fill 200, 0xff", false);
	assert_int_equal(program.end, AGX_ISA_END_LOST);
	assert_int_equal(program.unknown, AGX_ISA_LOST - 1);

	size = look("stop\nmov r0, 1\n.fill 200, 0xff", true);
	assert_int_equal(program.size, size);
	assert_int_equal(program.unknown, 100);

	agx_isa_analyse(code, 0, false, NULL, &program);
	assert_int_equal(program.size, 0);
	assert_int_equal(program.blocks, 0);
}

static void test_flow_is_counted(void **state)
{
	look("loop: if r0, 0, 1, ieq\n jmp_none out\n if r1, 0, 2, ult\n pop_exec 2\nout: pop_exec 1\n"
	     "jmp_any loop\ncall f\nstop\nf: ret r1",
	     false);
	assert_int_equal(program.end, AGX_ISA_END_RETURN);
	assert_int_equal(program.jumps, 2);
	assert_int_equal(program.loops, 1);
	assert_int_equal(program.calls, 1);
	assert_int_equal(program.max_depth, 3);
	assert_int_equal(program.wild, 0);
	/* loop, behind jmp_none, out, behind jmp_any, f */
	assert_int_equal(program.blocks, 5);

	/* Out of the code, to an odd address, into the middle of an instruction. */
	look("jmp_any 1000\njmp_any 3\njmp_any 2\nstop", false);
	assert_int_equal(program.wild, 3);
	look("jmp_any -2\nstop", false);
	assert_int_equal(program.wild, 1);
}

static void test_use_is_counted(void **state)
{
	look("ffma r3, u9h, r0, r10\nload r4_r5, du52, r20, i32, xy, a\nwait a\n"
	     "store r0, du4, 0, i32, x, a\n"
	     "atomic _, r3, du10, r1.sx, add, coherent1, a\n"
	     "stack_store r4, 60, i32, x, a\nstack_load r4, 60, i32, x, a\n"
	     "smpf r30_r31, ts3, ss2, r40, 0, 2d, xy, auto_lod, a\nbarrier\n"
	     "lstore r0, 0, i32, x\nmov u70, r1\nst_tile r0_r1_r2_r3, 0, 255, 0, u8norm, xyzw\n"
	     "iter r6, cf5\nsample_mask 255, 0\nstop",
	     false);
	assert_int_equal(program.instructions, 15);
	assert_int_equal(program.registers, 84); /* r40 and r41: two coordinates */
	assert_int_equal(program.threads, 1024);
	assert_int_equal(program.uniforms, 142);
	assert_int_equal(program.uniforms_set, 2);
	assert_int_equal(program.texture_states, 4);
	assert_int_equal(program.sampler_states, 3);
	assert_int_equal(program.coefficients, 6);
	assert_int_equal(program.stack_bytes, 64);
	assert_int_equal(program.loads, 1);
	assert_int_equal(program.stores, 1);
	assert_int_equal(program.atomics, 1);
	assert_int_equal(program.fills, 1);
	assert_int_equal(program.spills, 1);
	assert_int_equal(program.textures, 1);
	assert_int_equal(program.waits, 1);
	assert_int_equal(program.barriers, 1);
	assert_true(program.stack && program.local && program.tile && program.discards);
	assert_false(program.bindless || program.helper || program.indirect);
	assert_int_equal(program.classes[AGX_ISA_CLASS_FLOAT], 1);
	assert_int_equal(program.classes[AGX_ISA_CLASS_STACK], 2);

	look("smpf r0, du54, r5, r4l, r10, 0, cube_array, x, auto_lod, a\nstop", false);
	assert_true(program.bindless);
	assert_int_equal(program.registers, 27); /* three 32-bit coordinates and a 16-bit layer */
	look("smpi r0, ts0, ss0, r10l, 0, 2d_array, x, auto_lod, a\nstop", false);
	assert_int_equal(program.registers, 23);
	look("smpf r0, ts0, ss0, r10, r20_r21, 3d, x, lod_grad, a\nstop", false);
	assert_int_equal(program.registers, 52);
}

static void test_threads_follow_registers(void **state)
{
	assert_int_equal(agx_isa_threads(0), 1024);
	assert_int_equal(agx_isa_threads(104), 1024);
	assert_int_equal(agx_isa_threads(105), 896);
	assert_int_equal(agx_isa_threads(256), 384);
	assert_int_equal(agx_isa_threads(257), 0);
}

static void test_listing_looks_so(void **state)
{
	size_t size = look(
		"a: if r0l, 0, 1, ieq\njmp_none b\nmov r0, 1\nelse 0.0, 0.0, 1, feq\nmov r0, 2\n"
		"b: pop_exec 1\njmp_any a\niter r6, cf1 !short\n.u16 0x0123\nstop",
		true);
	struct agx_isa_listing listing = {
		.code = code,
		.size = size,
		.targets = targets,
		.base = 0x11000,
		.addresses = true,
		.indent = true,
	};
	char text[8192];
	size_t n;

	n = agx_isa_listing(&listing, text, sizeof(text) - 1);
	text[n] = '\0';
	assert_string_equal(text, "L0:\n"
				  "11000:  if       r0l, 0, 1, ieq\n"
				  "11006:    jmp_none L1e\n"
				  "1100c:    mov      r0, 1\n"
				  "11012:  else     0.0, 0.0, 1, feq\n"
				  "11018:    mov      r0, 2\n"
				  "L1e:\n"
				  "1101e:  pop_exec 1\n"
				  "11024:  jmp_any  L0\n"
				  "1102a:  iter     r6, cf1 !short\n"
				  "1102e:  .u16 0x0123\n"
				  "11030:  stop\n");
	assert_int_equal(agx_isa_listing(&listing, text, sizeof(text)), 0);
	assert_int_equal(listing.instructions, 10);
	assert_int_equal(listing.unknown, 1);

	/* Numbers in front begin with a digit; bytes stand in a column. */
	listing = (struct agx_isa_listing){
		.code = code,
		.size = 6,
		.base = 0xabcd0000,
		.addresses = true,
		.bytes = true,
	};
	n = agx_isa_listing(&listing, text, sizeof(text) - 1);
	text[n] = '\0';
	assert_string_equal(text,
			    "0abcd0000:  520840000000             |  if       r0l, 0, 1, ieq\n");
}

/* Pieces of a listing are whole lines, and together the same as one piece. */
static void test_listing_in_pieces(void **state)
{
	static char one[1 << 16], pieces[1 << 16];
	size_t size = look(".fill 1000, 0x12\nstop", true), n, total = 0;
	struct agx_isa_listing listing = {.code = code, .size = size, .bytes = true};
	size_t whole = agx_isa_listing(&listing, one, sizeof(one));

	listing.at = 0;
	while ((n = agx_isa_listing(&listing, pieces + total, AGX_ISA_LISTING_LINE + 300))) {
		total += n;
		assert_true(pieces[total - 1] == '\n');
	}
	assert_int_equal(total, whole);
	assert_memory_equal(one, pieces, whole);
	listing.at = 0;
	assert_int_equal(agx_isa_listing(&listing, one, AGX_ISA_LISTING_LINE - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_is_found),
		cmocka_unit_test(test_flow_is_counted),
		cmocka_unit_test(test_use_is_counted),
		cmocka_unit_test(test_threads_follow_registers),
		cmocka_unit_test(test_listing_looks_so),
		cmocka_unit_test(test_listing_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
