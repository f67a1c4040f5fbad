// SPDX-License-Identifier: MIT
/* Who watches programs: steps, reasons to stop, statistics, races. */
#include <stdio.h>

#include "launch_fixture.h"

#include "agx_watch.h"
#include "program.h"

#define STEPS 512

struct seen_value {
	uint32_t offset, lanes, group, simd;
	uint16_t op;
	uint64_t result, operand[3]; /* of lane 5 */
	uint64_t address;
	bool has_access, ended;
	uint32_t next, depth;
};

struct seen {
	struct agx_watch_config config;
	struct agx_watch_stats stats;
	struct seen_value steps[STEPS];
	uint32_t count, most;

	uint32_t stops, reason, stop_lane, stop_offset, last_count, last[AGX_WATCH_LAST];
	uint32_t call_count, call_offset;
	bool has_address;
	uint64_t stop_address, stop_operand;
	char what[80];

	uint32_t races;
	struct agx_watch_race race;
	uint32_t first, second; /* offsets */
	uint32_t complaints, limits;
	char text[320];
};

static bool note_step(void *data, const struct agx_watch_step *step)
{
	struct seen *seen = data;
	struct seen_value *value = &seen->steps[seen->count];
	unsigned int operands = 0;

	if (seen->count == STEPS || (seen->most && seen->count == seen->most))
		return false;
	*value = (struct seen_value){
		.offset = step->op->offset,
		.lanes = step->lanes,
		.group = step->simd->group->id[0],
		.simd = step->simd->index,
		.op = step->instr->op,
		.has_access = step->access != NULL,
		.address = step->access ? step->access->address[5] + step->access->offset[0] : 0,
		.ended = !step->next,
		.next = step->next ? step->next->offset : 0,
		.depth = step->depth,
	};
	for (unsigned int i = 0; i < step->instr->operand_count; i++) {
		if (!agx_watch_components(step->instr, i))
			continue;
		if (step->instr->operands[i].flags & AGX_ISA_DEST)
			value->result = agx_watch_value(step, i, 0, 5, true);
		else if (operands < 3)
			value->operand[operands++] = agx_watch_value(step, i, 0, 5, false);
	}
	seen->count++;
	return true;
}

static void note_stop(void *data, const struct agx_watch_stop *stop)
{
	struct seen *seen = data;

	seen->stops++;
	seen->reason = stop->reason;
	seen->stop_lane = stop->lane;
	seen->stop_offset = stop->step->op->offset;
	seen->has_address = stop->has_address;
	seen->stop_address = stop->address;
	seen->last_count = stop->last_count;
	for (uint32_t i = 0; i < stop->last_count; i++)
		seen->last[i] = stop->last[i].op->offset;
	seen->call_count = stop->call_count;
	seen->call_offset = stop->call_count ? stop->calls[stop->call_count - 1]->offset : 0;
	snprintf(seen->what, sizeof(seen->what), "%s", stop->what);
	for (unsigned int i = 1; stop->step->instr && i < stop->step->instr->operand_count; i++)
		if (agx_watch_components(stop->step->instr, i))
			seen->stop_operand = agx_watch_value(stop->step, i, 0, stop->lane, false);
}

static void note_race(void *data, const struct agx_watch_race *race)
{
	struct seen *seen = data;

	if (!seen->races++) {
		seen->race = *race;
		seen->first = race->first.offset;
		seen->second = race->second.offset;
	}
}

static struct seen seen;

static void note_complaint(void *cookie, const struct agx_gpu_complaint *complaint)
{
	seen.limits += complaint->id == AGX_GPU_FINDING_RACE_LIMIT;
	if (complaint->id == AGX_GPU_FINDING_RACE && !seen.complaints++)
		snprintf(seen.text, sizeof(seen.text), "%s", complaint->text);
}

/* A GPU with what config asks for. */
static void watch_gpu(struct fixture *f, struct agx_watch_config config)
{
	memset(&seen, 0, sizeof(seen));
	config.step = note_step;
	config.stop = note_stop;
	config.race = note_race;
	config.data = &seen;
	seen.config = config;
	f->machine->config.complain = note_complaint;
	make_gpu(f, (struct agx_exec_gpu_config){.soft_faults = true, .watch = &seen.config});
}

static void launch(struct fixture *f, const char *code, unsigned int local_units, uint32_t threads,
		   uint32_t group)
{
	assemble(f, CODE, code);
	put_list(f, local_units, false);
	*put_launch(cdm_words(f), threads, 1, 1, group, 1, 1) = 2u << 29;
	clear_results(f);
}

static const struct agx_watch_config steps_of_code = {
	.trace = {.on = true, .address = CODE + 2, .any_submit = true},
};

static void steps_and_values(void **state)
{
	struct fixture *f = *state;

	watch_gpu(f, steps_of_code);
	launch(f,
	       "mov r0, sr80\nldimm r1, 7\nimadd r2, r0, r1, r1\n"
	       "store r2, du0, r0, i32, x, a\nstop\n",
	       0, 128, 64);
	run_well(f);
	assert_int_equal(results(f)[5], 42);
	/* One SIMD group of the first group that runs it. */
	assert_int_equal(seen.count, 5);
	assert_int_equal(seen.steps[0].op, AGX_ISA_OP_MFSR);
	assert_int_equal(seen.steps[0].result, 5);
	assert_int_equal(seen.steps[0].offset, 0);
	assert_int_equal(seen.steps[0].lanes, UINT32_MAX);
	assert_int_equal(seen.steps[1].result, 7);
	assert_int_equal(seen.steps[2].result, 42);
	assert_int_equal(seen.steps[2].operand[0], 5);
	assert_int_equal(seen.steps[2].operand[1], 7);
	assert_true(seen.steps[3].has_access);
	assert_true(seen.steps[3].address == BUFFER + 20);
	assert_int_equal(seen.steps[3].operand[0], 42);
	assert_false(seen.steps[3].ended);
	assert_true(seen.steps[4].ended);
	assert_int_equal(seen.steps[0].next, seen.steps[1].offset);
}

/* An operand that is overwritten is told as it was. */
static void values_before(void **state)
{
	struct fixture *f = *state;

	watch_gpu(f, steps_of_code);
	launch(f, "mov r0, sr80\niadd r0, r0, 100\niadd r0, r0, r0\nstop\n", 0, 32, 32);
	run_well(f);
	assert_int_equal(seen.steps[1].operand[0], 5);
	assert_int_equal(seen.steps[1].result, 105);
	assert_int_equal(seen.steps[2].operand[0], 105);
	assert_int_equal(seen.steps[2].result, 210);
}

static void chosen_groups(void **state)
{
	struct agx_watch_config config = steps_of_code;
	struct fixture *f = *state;
	const char *code = "mov r0, sr80\nstop\n";

	config.trace.one_group = true;
	config.trace.group[0] = 2;
	config.trace.simd = 1;
	watch_gpu(f, config);
	launch(f, code, 0, 256, 64);
	run_well(f);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.steps[0].group, 2);
	assert_int_equal(seen.steps[0].simd, 1);
	assert_int_equal(seen.steps[0].result, 2 * 64 + 32 + 5);

	config.trace.one_group = false;
	config.trace.any_group = true;
	watch_gpu(f, config);
	run_well(f);
	assert_int_equal(seen.count, 4 * 2 * 2);

	/* As many as are wanted. */
	watch_gpu(f, config);
	seen.most = 3;
	run_well(f);
	assert_int_equal(seen.count, 3);

	/* Another program, another submission: nobody says which it is here. */
	config.trace.address = CODE + 0x100;
	watch_gpu(f, config);
	run_well(f);
	assert_int_equal(seen.count, 0);
	config.trace.address = CODE;
	config.trace.any_submit = false;
	watch_gpu(f, config);
	run_well(f);
	assert_int_equal(seen.count, 0);
}

static void preambles(void **state)
{
	struct agx_watch_config config = steps_of_code;
	struct fixture *f = *state;

	config.trace.address = PRELUDE;
	watch_gpu(f, config);
	assemble(f, PRELUDE, "ldimm r0, 77\nmov u4, r0\nstop\n");
	assemble(f, CODE, "mov r0, sr80\nstop\n");
	put_list(f, 0, true);
	*put_launch(cdm_words(f), 64, 1, 1, 32, 1, 1) = 2u << 29;
	run_well(f);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.steps[0].lanes, 1);
	assert_int_equal(seen.steps[2].op, AGX_ISA_OP_STOP);
}

static void masks_and_jumps(void **state)
{
	struct fixture *f = *state;
	uint32_t i;

	watch_gpu(f, steps_of_code);
	launch(f,
	       "mov r9, sr52\nldimm r4, 0\nif r9, 6, 1, ult\nldimm r4, 1\npop_exec 1\n"
	       "stop\n",
	       0, 32, 32);
	run_well(f);
	for (i = 0; i < seen.count && seen.steps[i].op != AGX_ISA_OP_IF_ICMP; i++)
		;
	assert_true(i + 3 < seen.count);
	assert_int_equal(seen.steps[i].lanes, UINT32_MAX);
	assert_int_equal(seen.steps[i].depth, 0);
	assert_int_equal(seen.steps[i].operand[0], 5);
	assert_int_equal(seen.steps[i + 1].lanes, 0x3f);
	assert_int_equal(seen.steps[i + 1].depth, 1);
	assert_int_equal(seen.steps[i + 3].lanes, UINT32_MAX);
	assert_int_equal(seen.steps[i + 3].depth, 0);
}

static void expect_stop(struct fixture *f, uint32_t stops, const char *code, unsigned int local)
{
	struct agx_gpu_fault fault = {0};

	watch_gpu(f, (struct agx_watch_config){.stops = stops});
	launch(f, code, local, 64, 32);
	assert_int_equal(run_gpu(f, &fault, 1000), AGX_GPU_FAULTED);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(seen.stops, 1);
	assert_int_equal(seen.complaints, 0);
}

static void stops_at_nans(void **state)
{
	struct fixture *f = *state;

	/* The logarithm of -1, in lanes from 3 on: 2 - lane is negative. */
	expect_stop(f, AGX_WATCH_NAN,
		    "mov r0, sr52\nldimm r1, 2\nisub r2, r1, r0\ns32_to_f r3, r2, rte\n"
		    "log2 r4, r3\nlog2 r5, r4\nstop\n",
		    0);
	assert_int_equal(seen.reason, AGX_WATCH_NAN);
	assert_int_equal(seen.stop_lane, 3);
	assert_int_equal(seen.stop_operand, 0xbf800000);
	assert_int_equal(seen.last_count, 5);
	assert_int_equal(seen.last[4], seen.stop_offset);
	assert_int_equal(seen.last[0], 0);

	/* NaNs that go in may come out. */
	watch_gpu(f, (struct agx_watch_config){.stops = AGX_WATCH_NAN});
	launch(f, "ldimm r0, 0x7fc00000\nfadd r1, r0, r0\nfmul r2, r1, r1\nstop\n", 0, 64, 32);
	run_well(f);
	assert_int_equal(seen.stops, 0);
}

static void stops_out_of_bounds(void **state)
{
	struct fixture *f = *state;

	/* Lane 9 is the first whose element lies behind the buffer's last page. */
	expect_stop(f, AGX_WATCH_OOB | AGX_WATCH_NAN,
		    "mov r0, sr52\nldimm r1, 9\nldimm r2, 0x10000000\ncsel r3, r0, r1, 0, r2, ult\n"
		    "load r4, du0, r3, i32, x, a\nstop\n",
		    0);
	assert_int_equal(seen.reason, AGX_WATCH_OOB);
	assert_int_equal(seen.stop_lane, 9);
	assert_true(seen.has_address);
	assert_true(seen.stop_address == BUFFER + 0x40000000ull);

	/* 1024 bytes of threadgroup memory, one element behind it in lane 1. */
	expect_stop(f, AGX_WATCH_OOB,
		    "mov r0, sr52\nldimm r1, 1020\niadd r2, r1, r0, lsl 2\n"
		    "lstore r0, r2l, 0, i32, x\nstop\n",
		    4);
	assert_int_equal(seen.stop_lane, 1);
	assert_int_equal(seen.stop_address, 1024);
}

static void stops_at_faults(void **state)
{
	struct fixture *f = *state;

	expect_stop(f, AGX_WATCH_FAULT,
		    "ldimm r0, 1\ncall 10\ntrap\ntrap\nldimm r2, 2\nldimm r3, 3\ntrap\nstop\n", 0);
	assert_int_equal(seen.reason, AGX_WATCH_FAULT);
	assert_int_equal(seen.call_count, 1);
	assert_string_equal(seen.what, "the trap instruction");
	/* Memory that may not be read is a fault, mapped or not. */
}

/* What has stopped stays so: later launches are not watched. */
static void stops_once(void **state)
{
	struct fixture *f = *state;

	expect_stop(f, AGX_WATCH_NAN, "ldimm r0, 0xbf800000\nlog2 r1, r0\nstop\n", 0);
	launch(f, "ldimm r0, 0xbf800000\nlog2 r1, r0\nstop\n", 0, 64, 32);
	run_well(f);
	assert_int_equal(seen.stops, 1);
}

static void statistics(void **state)
{
	struct fixture *f = *state;
	const struct agx_watch_shader *shader = &seen.stats.shaders[0];

	watch_gpu(f, (struct agx_watch_config){.stats = &seen.stats});
	launch(f,
	       "mov r9, sr80\nload r1, du0, r9, i32, x, a\nldimm r2, 5\nif r9, 15, 1, ult\n"
	       "store r2, du0, r9, i32, x, a\npop_exec 1\nbarrier\nstop\n",
	       4, 80, 64);
	run_well(f);
	assert_int_equal(seen.stats.count, 1);
	assert_int_equal(shader->launches, 1);
	assert_int_equal(shader->groups, 2);
	assert_int_equal(shader->simds, 3);
	assert_int_equal(shader->threads, 80);
	assert_int_equal(shader->instructions, 3 * 8);
	assert_int_equal(shader->loads, 80);
	assert_int_equal(shader->bytes_loaded, 320);
	assert_int_equal(shader->stores, 15);
	assert_int_equal(shader->bytes_stored, 60);
	assert_int_equal(shader->barriers, 3);
	assert_int_equal(shader->classes[AGX_ISA_CLASS_MEMORY], 6);
	assert_int_equal(shader->lanes, 6 * 80 + 2 * 15);
	/* In the other SIMD groups no lane is active there, which is no divergence. */
	assert_int_equal(shader->divergent, 2);
	assert_int_equal(shader->room, 8 * 80);

	launch(f, "stop\n", 0, 1, 1);
	run_well(f);
	assert_int_equal(seen.stats.count, 2);
	assert_int_equal(seen.stats.shaders[1].instructions, 1);
}

static void find_races(struct fixture *f, const char *code, unsigned int local, uint32_t threads,
		       uint32_t group)
{
	watch_gpu(f, (struct agx_watch_config){.races = true});
	launch(f, code, local, threads, group);
	memset(words(f->machine, BUFFER), 0, PAGE);
	run_well(f);
	assert_int_equal(seen.races, seen.complaints);
}

/* A histogram of the threads by their low bits: element 0 to 3 of the buffer. */
#define HISTOGRAM_RACY                                                             \
	"mov r0, sr80\nldimm r1, 3\nand r2, r0, r1\nload r3, du0, r2, i32, x, a\n" \
	"iadd r3, r3, 1\nstore r3, du0, r2, i32, x, a\nstop\n"
#define HISTOGRAM                                                  \
	"mov r0, sr80\nldimm r1, 3\nand r2, r0, r1\nldimm r3, 1\n" \
	"atomic _, r3, du0, r2, add, a\nstop\n"

static void racy_histogram(void **state)
{
	struct fixture *f = *state;

	/* Between groups: loads of the second see what the first has stored. */
	find_races(f, HISTOGRAM_RACY, 0, 64, 32);
	assert_true(seen.races >= 1);
	assert_int_equal(seen.race.space, AGX_WATCH_DEVICE);
	assert_true(seen.race.address >= BUFFER && seen.race.address < BUFFER + 16);
	assert_int_equal(seen.race.first.group[0], 0);
	assert_int_equal(seen.race.second.group[0], 1);
	assert_int_equal(seen.race.second.kind, AGX_WATCH_LOAD);
	assert_int_equal(seen.race.first.kind, AGX_WATCH_STORE);
	assert_non_null(strstr(seen.text, "two threadgroups"));

	/* Between SIMD groups of one. */
	find_races(f, HISTOGRAM_RACY, 0, 64, 64);
	assert_true(seen.races >= 1);
	assert_string_equal(seen.race.rule, "two SIMD groups, no barrier between");
	assert_true(seen.race.second.thread[0] >= 32);

	find_races(f, HISTOGRAM, 0, 128, 64);
	assert_int_equal(seen.races, 0);
	assert_int_equal(results(f)[0], 32);
}

/* Lanes of one store, to one place: different values are a race, the same one is not. */
static void lanes_of_one_store(void **state)
{
	struct fixture *f = *state;

	find_races(f, "mov r0, sr52\nstore r0, du0, 0, i32, x, a\nstop\n", 0, 32, 32);
	assert_int_equal(seen.races, 1);
	assert_int_equal(seen.first, seen.second);
	find_races(f, "ldimm r0, 1\nstore r0, du0, 0, i32, x, a\nstop\n", 0, 96, 32);
	assert_int_equal(seen.races, 0);
	/* Different bytes of a word are different places. */
	find_races(f, "mov r0, sr80\nstore r0, du0, r0, i8, x, a\nstop\n", 0, 128, 64);
	assert_int_equal(seen.races, 0);
	assert_int_equal(results(f)[1], 0x07060504);
}

/* Each SIMD group stores to threadgroup memory, and all read what another one stored. */
#define REDUCTION(barrier)                                                       \
	"mov r0, sr51\nmov r8, sr80\niadd r2, 0, r0, lsl 2\n"                    \
	"lstore r8, r2l, 0, i32, x\n" barrier "ldimm r6, 508\nisub r6, r6, r2\n" \
	"lload r1, r6l, 0, i32, x\nstore r1, du0, r8, i32, x, a\nstop\n"

static void barriers_order(void **state)
{
	struct fixture *f = *state;

	find_races(f, REDUCTION("barrier\n"), 4, 256, 128);
	assert_int_equal(seen.races, 0);
	assert_int_equal(results(f)[0], 127);
	find_races(f, REDUCTION(""), 4, 256, 128);
	assert_true(seen.races >= 1);
	assert_int_equal(seen.race.space, AGX_WATCH_LOCAL);
	/* One SIMD group needs no barrier. */
	find_races(f,
		   "mov r0, sr51\niadd r2, 0, r0, lsl 2\nlstore r0, r2l, 0, i32, x\n"
		   "ldimm r6, 124\nisub r6, r6, r2\nlload r1, r6l, 0, i32, x\n"
		   "store r1, du0, r0, i32, x, a\nstop\n",
		   4, 32, 32);
	assert_int_equal(seen.races, 0);
}

/* Each group stores, then counts itself; who comes later reads what the earlier ones stored. */
static void atomics_order(void **state)
{
	struct fixture *f = *state;
	const char *counted =
		"mov r0, sr80\nldimm r1, 1\nldimm r5, 1024\nstore r0, du0, r0, i32, x, a\n"
		"atomic r2, r1, du0, r5, add, a\n"
		"load r3, du0, 0, i32, x, a\nstop\n";
	const char *plain = "mov r0, sr80\nstore r0, du0, r0, i32, x, a\n"
			    "load r3, du0, 0, i32, x, a\nstop\n";

	find_races(f, counted, 0, 96, 32);
	assert_int_equal(seen.races, 0);
	find_races(f, plain, 0, 96, 32);
	assert_true(seen.races >= 1);
	/* Plain and atomic accesses of one word are not in order. */
	find_races(f,
		   "ldimm r1, 1\natomic _, r1, du0, 0, add, a\nload r3, du0, 0, i32, x, a\nstop\n",
		   0, 64, 64);
	assert_true(seen.races >= 1);
}

/* Launches follow each other. */
static void launches_order(void **state)
{
	struct fixture *f = *state;

	watch_gpu(f, (struct agx_watch_config){.races = true});
	launch(f, "mov r0, sr80\nstore r0, du0, r0, i32, x, a\nload r1, du0, r0, i32, x, a\nstop\n",
	       0, 64, 32);
	*put_launch(put_launch(cdm_words(f), 64, 1, 1, 32, 1, 1), 64, 1, 1, 64, 1, 1) = 2u << 29;
	run_well(f);
	assert_int_equal(seen.races, 0);
}

static void bounded_memory(void **state)
{
	struct fixture *f = *state;

	watch_gpu(f, (struct agx_watch_config){.races = true, .race_memory = 1});
	launch(f,
	       "mov r0, sr80\nldimm r1, 64\nimadd r0, r0, r1, 0\nstore r0, du0, r0, i32, x, a\nstop\n",
	       0, 64, 32);
	run_well(f);
	assert_int_equal(seen.races, 0);
	assert_int_equal(seen.limits, 1);
}

/* Watched programs do what they do otherwise. */
static void same_results(void **state)
{
	struct fixture *f = *state;

	watch_gpu(f, (struct agx_watch_config){
			     .trace = {.on = true,
				       .address = CODE,
				       .any_submit = true,
				       .any_group = true},
			     .stops = AGX_WATCH_FAULT | AGX_WATCH_NAN | AGX_WATCH_OOB,
			     .races = true,
			     .stats = &seen.stats,
		     });
	ids_of_cut_groups(state);
	assert_int_equal(seen.stops, 0);
	assert_int_equal(seen.races, 0);
	assert_int_equal(seen.stats.shaders[0].threads, 420);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(steps_and_values, set_up_fixture,
						tear_down_fixture),
		cmocka_unit_test_setup_teardown(values_before, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(chosen_groups, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(preambles, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(masks_and_jumps, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(stops_at_nans, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(stops_out_of_bounds, set_up_fixture,
						tear_down_fixture),
		cmocka_unit_test_setup_teardown(stops_at_faults, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(stops_once, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(statistics, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(racy_histogram, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(lanes_of_one_store, set_up_fixture,
						tear_down_fixture),
		cmocka_unit_test_setup_teardown(barriers_order, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(atomics_order, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(launches_order, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(bounded_memory, set_up_fixture, tear_down_fixture),
		cmocka_unit_test_setup_teardown(same_results, set_up_fixture, tear_down_fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
