// SPDX-License-Identifier: MIT
/*
 * The helper program: gives blocks of memory to SIMD groups that need a stack, and takes them back.
 *
 * Known of it (Mesa, src/asahi/libagx/helper.cl and what its compiler makes of that): one thread
 * runs on each core that needs it. Its argument is a command's helper.data, to begin with. doorbell
 * 32 waits for a request: helper_op says which, 0 for a stack, 1 to give one back, 4 and 5 the same
 * for threadgroup memory, 15 to end; it is answered with doorbell 48, done, or 49, refused. A stack
 * is up to four blocks, which map and unmap hand over one by one. A doorbell rings whether the
 * thread is active or not, unless it is jumped over. There are 32 halves of registers.
 *
 * The argument leads to an array with a record of 16 bytes for each core: how many stacks are out,
 * how many there are, and the address of a list of them, four words each. Those at the front of the
 * list are out; what comes back, in whatever order, takes the place of the last of these.
 *
 *	r1 core, dr2 records, dr4 own record, r6 request, r8 to r11 the record, r12 to r15 a stack
 */
#include "scratch.h"

/* clang-format off */
const char lib_scratch_helper[] =
	"mov r2, helper_arg_l\n"
	"mov r3, helper_arg_h\n"
	"mov r1, core_index\n"
	"ldimm r0l, 0\n"
	"imadd dr4, r1, 16, dr2\n"
	"next:\n"
	"jmp_if_skipping_doorbell asked\n"
	"doorbell 32\n"
	"asked:\n"
	"mov r6, helper_op\n"
	"load r8_r9_r10_r11, dr4, 0, i32, xyzw, a\n"
	"wait a\n"
	"if r6, 0, 1, ieq\n"
	"jmp_none not_alloc\n"
	"if r8, r9, 1, ult\n"
	"jmp_none full\n"
	"load r12_r13_r14_r15, dr10, r8, lsl 2, i32, xyzw, a\n"
	"wait a\n"
	"iadd r8, r8, 1\n"
	"store r8, dr4, 0, i32, x, a\n"
	"wait a\n"
	"map r12, 0, 0\n"
	"map r13, 0, 1\n"
	"map r14, 0, 2\n"
	"map r15, 0, 3\n"
	"jmp_if_skipping_doorbell full\n"
	"doorbell 48\n"
	"full:\n"
	"else 0.0, 0.0, 1, feq\n"
	"jmp_if_skipping_doorbell alloc_end\n"
	"doorbell 49\n"
	"alloc_end:\n"
	"pop_exec 1\n"
	"not_alloc:\n"
	"else 0.0, 0.0, 1, feq\n"
	"jmp_none answered\n"
	"if r6, 1, 1, ieq\n"
	"jmp_none not_free\n"
	"if r8, 0, 1, ieq\n"
	"jmp_if_skipping_doorbell some\n"
	"doorbell 49\n"
	"some:\n"
	"else 0.0, 0.0, 1, feq\n"
	"jmp_none free_end\n"
	"isub r8, r8, 1\n"
	"unmap r12, 0, 0\n"
	"unmap r13, 0, 1\n"
	"unmap r14, 0, 2\n"
	"unmap r15, 0, 3\n"
	"store r12_r13_r14_r15, dr10, r8, lsl 2, i32, xyzw, a\n"
	"store r8, dr4, 0, i32, x, a\n"
	"wait a\n"
	"jmp_if_skipping_doorbell free_end\n"
	"doorbell 48\n"
	"free_end:\n"
	"pop_exec 1\n"
	"not_free:\n"
	"else 0.0, 0.0, 1, feq\n"
	"jmp_none other_end\n"
	"if r6, 15, 1, ine\n"
	"jmp_if_skipping_doorbell end\n"
	"doorbell 49\n"
	"end:\n"
	"pop_exec 1\n"
	"other_end:\n"
	"pop_exec 1\n"
	"answered:\n"
	"pop_exec 1\n"
	"csel r0l, r6, 15, 1, 0, ieq\n"
	"update_exec\n"
	"jmp_any next\n"
	"pop_exec 1\n"
	"memory_barrier\n"
	"unknown_barrier_1\n"
	"memory_barrier_2\n"
	"unknown_barrier_2\n"
	"memory_barrier_3\n"
	"stop\n";
/* clang-format on */
