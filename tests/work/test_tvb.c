// SPDX-License-Identifier: MIT
/* The tiled vertex buffer: lists, slots, growth, what the firmware is told and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_soc_tables.h"
#include "builder_fixture.h"

static struct builder builder;

static const struct agx_soc *soc_of(const char *name)
{
	return agx_soc_find(name);
}

static int start(void **state)
{
	const struct agx_soc *soc = soc_of("t8103");

	(void)state;
	builder_init_sized(&builder, soc, agx_soc_firmware(soc, 1), BUILDER_WINDOW_SIZE, 256 << 20,
			   true);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	return builder_finish(&builder) ? -1 : 0;
}

/* Members of the first vertex command and what it names, whatever the variant: G13 13.5 here. */
struct seen {
	const struct agx_g13_v13_5_run_vertex *vertex;
	struct agx_g13_v13_5_buffer_info *info;
	struct agx_block_control *control;
	struct agx_buffer_counter *counter;
	struct agx_buffer_stats *stats;
	const uint32_t *pages;
	const struct agx_tvb_block *blocks;
	const struct agx_init_buffer *init; /* NULL: none */
};

static struct seen look(const struct agx_core_job *job, unsigned int render)
{
	const struct agx_g13_v13_5_scene *scene;
	const struct agx_heap_object *object;
	struct seen seen = {0};
	unsigned int i;

	for (i = 0; i < job->entry_count; i++) {
		if (job->entries[i].pipe != AGX_PIPE_VERTEX)
			continue;
		object = builder_object(&builder, job->entries[i].command);
		assert_non_null(object);
		if (!job->entries[i].run) {
			assert_string_equal(object->tag, "InitBuffer");
			seen.init = object->cpu;
		} else if (!render--) {
			seen.vertex = object->cpu;
			break;
		} else {
			seen.init = NULL;
		}
	}
	assert_non_null(seen.vertex);
	seen.info = builder_at(&builder, seen.vertex->buffer);
	seen.control = builder_at(&builder, seen.info->block_ctl);
	seen.counter = builder_at(&builder, seen.info->counter);
	seen.pages = builder_at(&builder, seen.info->page_list);
	seen.blocks = builder_at(&builder, seen.info->block_list);
	scene = builder_at(&builder, seen.vertex->scene);
	seen.stats = builder_at(&builder, scene->stats);
	return seen;
}

static int build_in(struct agx_core_job *job, uint32_t width, uint32_t height)
{
	struct agx_submit_cmd cmd;

	builder_render(&cmd, width, height);
	return agx_build_render(job, &cmd, NULL);
}

static struct agx_core_job *render(uint32_t width, uint32_t height)
{
	struct agx_core_job *job = builder_job(&builder, &builder.queue);

	assert_int_equal(build_in(job, width, height), 0);
	return job;
}

static void finish(struct agx_core_job *job)
{
	agx_tvb_submitted(&job->scenes);
	builder_job_done(job);
}

/* The lists name `count` blocks of mapped memory, each once, in pages of 32 KiB. */
static void check_lists(const struct seen *seen, uint32_t count)
{
	uint32_t i, j;

	assert_int_equal(seen->control->total, count);
	assert_int_equal(seen->control->wptr, count);
	for (i = 0; i < count; i++) {
		uint64_t va = (uint64_t)seen->blocks[i].page << 15;
		const struct agx_heap_object *block = builder_object(&builder, va);

		assert_non_null(block);
		assert_int_equal(block->va, va);
		assert_int_equal(block->size, 0x20000);
		assert_int_equal(seen->blocks[i].pad_4, 0);
		for (j = 0; j < 4; j++)
			assert_int_equal(seen->pages[4 * i + j], seen->blocks[i].page + j);
		for (j = 0; j < i; j++)
			assert_int_not_equal(seen->blocks[i].page, seen->blocks[j].page);
	}
	assert_int_equal(seen->blocks[count].page, 0);
	assert_int_equal(seen->pages[4 * count], 0);
}

static void check_info(const struct seen *seen, uint32_t count)
{
	assert_int_equal(seen->info->block_count, count);
	assert_int_equal(seen->info->page_count, 4 * count);
	assert_int_equal(seen->info->last_page, 4 * count - 1);
}

static void check_init(const struct seen *seen, uint32_t count)
{
	assert_non_null(seen->init);
	assert_int_equal(seen->init->tag, AGX_CMD_INIT_BUFFER);
	assert_int_equal(seen->init->block_count, count);
	assert_int_equal(seen->init->buffer, seen->vertex->buffer);
	assert_int_equal(seen->init->buffer_slot, seen->vertex->buffer_slot);
	assert_int_equal(seen->init->vm_slot, BUILDER_VM_SLOT);
	assert_int_equal(seen->init->stamp_value, seen->vertex->meta.stamp_value);
}

static void the_first_render_makes_it(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen = look(job, 0);

	(void)state;
	check_lists(&seen, 8);
	check_info(&seen, 8);
	check_init(&seen, 8);
	assert_int_equal(seen.counter->count, 1);
	assert_int_equal(seen.stats->reset, 1);
	assert_int_equal(seen.info->max_blocks, 6579);
	finish(job);
}

static void the_firmware_is_told_once(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen;
	uint32_t slot;

	(void)state;
	slot = look(job, 0).vertex->buffer_slot;
	finish(job);
	job = render(64, 64);
	seen = look(job, 0);
	assert_null(seen.init);
	assert_int_equal(seen.vertex->buffer_slot, slot);
	assert_int_equal(seen.counter->count, 2);
	finish(job);

	/* The firmware asks for statistics to be reset, at every look. */
	job = render(64, 64);
	seen = look(job, 0);
	seen.stats->reset = 0;
	finish(job);
	job = render(64, 64);
	assert_int_equal(look(job, 0).stats->reset, 1);
	finish(job);
}

static void a_job_that_is_not_submitted_tells_nothing(void **state)
{
	struct agx_core_job *first = render(64, 64), *second = render(64, 64), *third;

	(void)state;
	check_init(&(struct seen[]){look(first, 0)}[0], 8);
	check_init(&(struct seen[]){look(second, 0)}[0], 8);
	builder_job_done(first);
	agx_tvb_submitted(&second->scenes);
	third = render(64, 64);
	assert_null(look(third, 0).init);
	builder_job_done(second);
	builder_job_done(third);
	third = render(64, 64);
	assert_null(look(third, 0).init);
	builder_job_done(third);
}

static void several_renders_of_a_job(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen;

	(void)state;
	assert_int_equal(build_in(job, 64, 64), 0);
	assert_int_equal(build_in(job, 4096, 4096), 0);
	assert_int_equal(build_in(job, 64, 64), 0);
	check_init(&(struct seen[]){look(job, 0)}[0], 8);
	assert_null(look(job, 1).init);
	seen = look(job, 2);
	check_init(&seen, 128);
	check_lists(&seen, 128);
	assert_null(look(job, 3).init);
	assert_int_equal(seen.counter->count, 4);
	assert_int_equal(job->scenes.count, 4);
	finish(job);
}

static void it_grows_to_what_a_frame_needs(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen;

	(void)state;
	finish(job);
	job = render(1920, 1080);
	seen = look(job, 0);
	check_init(&seen, 16);
	check_lists(&seen, 16);
	check_info(&seen, 16);
	finish(job);
	job = render(64, 64);
	seen = look(job, 0);
	assert_null(seen.init);
	check_lists(&seen, 16);
	finish(job);
}

static void it_grows_while_it_is_in_use(void **state)
{
	struct agx_core_job *busy = render(64, 64), *job;
	struct seen seen;

	(void)state;
	agx_tvb_submitted(&busy->scenes);
	job = render(1920, 1080);
	seen = look(job, 0);
	check_lists(&seen, 16);
	check_init(&seen, 16);
	check_info(&seen, 8); /* the firmware's, until the buffer is idle */
	finish(job);
	finish(busy);
	job = render(4096, 4096);
	seen = look(job, 0);
	check_info(&seen, 128);
	finish(job);
}

/* The number of blocks after the firmware has seen `pages` used. */
static uint32_t after_use(uint32_t pages)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen = look(job, 0);
	uint32_t blocks;

	seen.stats->max_pages = pages;
	finish(job);
	job = render(64, 64);
	seen = look(job, 0);
	seen.stats->max_pages = 0;
	blocks = seen.control->total;
	check_lists(&seen, blocks);
	check_info(&seen, blocks);
	finish(job);
	return blocks;
}

static void it_grows_by_what_was_used(void **state)
{
	struct agx_core_job *job;

	(void)state;
	assert_int_equal(after_use(15), 8);  /* twice that fits into 8 blocks */
	assert_int_equal(after_use(16), 8);  /* exactly */
	assert_int_equal(after_use(17), 13); /* 34 pages do not; 51 pages are 13 blocks */
	assert_int_equal(after_use(26), 13);
	assert_int_equal(after_use(27), 21);
	job = render(64, 64);
	assert_null(look(job, 0).init);
	finish(job);
}

static void automatic_growth_tells_the_firmware(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen = look(job, 0);

	(void)state;
	seen.stats->max_pages = 100;
	finish(job);
	job = render(64, 64);
	seen = look(job, 0);
	check_init(&seen, 75);
	finish(job);
}

static void automatic_growth_has_a_limit(void **state)
{
	(void)state;
	stop(NULL);
	builder_init_sized(&builder, soc_of("t8103"), agx_soc_firmware(soc_of("t8103"), 1),
			   BUILDER_WINDOW_SIZE, 512 << 20, false);
	assert_int_equal(after_use(UINT32_MAX), 2193);
	assert_int_equal(after_use(UINT32_MAX), 2193);
}

static void automatic_growth_does_without_memory(void **state)
{
	struct agx_core_job *job;
	uint32_t blocks;

	(void)state;
	stop(NULL);
	builder_init_sized(&builder, soc_of("t8103"), agx_soc_firmware(soc_of("t8103"), 1),
			   BUILDER_WINDOW_SIZE, 64 << 20, false);
	/* A render needs a little itself, so this one fails for other reasons than the TVB. */
	job = render(64, 64);
	look(job, 0).stats->max_pages = 8000;
	finish(job);
	builder.machine.fail_after = 10;
	job = render(64, 64);
	blocks = look(job, 0).control->total;
	assert_true(blocks > 8 && blocks < 2193);
	check_init(&(struct seen[]){look(job, 0)}[0], blocks);
	finish(job);
}

static void a_window_that_is_too_small(void **state)
{
	struct agx_core_job *job;
	struct agx_submit_cmd cmd;
	uint32_t live;

	(void)state;
	stop(NULL);
	builder_init_sized(&builder, soc_of("t6020"), agx_soc_firmware(soc_of("t6020"), 0),
			   16 << 20, 256 << 20, false);
	job = render(64, 64);
	finish(job);
	live = builder_live(&builder);
	job = builder_job(&builder, &builder.queue);
	assert_int_equal(build_in(job, 4096, 4096), -ENOSPC);
	builder_job_done(job);
	assert_int_equal(builder_live(&builder), live);

	/* Nor is there room for the tilemaps of a frame for which the TVB can be large enough. */
	builder_render(&cmd, 2048, 2048);
	cmd.args.render.utile_width_px = 16;
	cmd.args.render.utile_height_px = 16;
	job = builder_job(&builder, &builder.queue);
	assert_int_equal(agx_build_render(job, &cmd, NULL), -ENOSPC);
	builder_job_done(job);
	live += 32 - 9; /* blocks */
	job = render(64, 64);
	finish(job);
	assert_int_equal(builder_live(&builder), live);
}

/* Nothing is left of what the firmware before wrote, and it is told. */
static void check_new(struct agx_core_job *job, uint32_t blocks)
{
	struct seen seen = look(job, 0);

	check_init(&seen, blocks);
	check_info(&seen, blocks);
	check_lists(&seen, blocks);
	assert_int_equal(seen.info->cur_id, -1);
	assert_int_equal(seen.info->gpu_page_ptr1, 0);
	assert_int_equal(seen.stats->max_pages, 0);
	assert_int_equal(seen.stats->reset, 1);
}

static void scribble(struct agx_core_job *job)
{
	struct seen seen = look(job, 0);

	seen.info->cur_id = 7;
	seen.info->gpu_page_ptr1 = 33;
	seen.stats->max_pages = 1000;
	seen.stats->reset = 0;
}

static void the_firmware_starts_anew(void **state)
{
	struct agx_core_job *busy, *job = render(1920, 1080);

	(void)state;
	scribble(job);
	finish(job);
	agx_tvb_forget(&builder.core);
	job = render(64, 64);
	check_new(job, 16);
	finish(job);

	/* Also when there are jobs, which it will never see. */
	busy = render(64, 64);
	assert_null(look(busy, 0).init);
	scribble(busy);
	agx_tvb_forget(&builder.core);
	job = render(64, 64);
	check_new(job, 16);
	finish(job);
	builder_job_done(busy);
	job = render(64, 64);
	assert_null(look(job, 0).init);
	finish(job);
}

/* --- Slots --- */

#define QUEUES (AGX_BUFFER_SLOTS + 1)

static void more_queues_than_slots(void **state)
{
	static struct builder_queue queues[QUEUES];
	struct agx_core_job *jobs[QUEUES];
	bool used[AGX_BUFFER_SLOTS] = {false};
	unsigned int i;

	(void)state;
	for (i = 0; i < QUEUES; i++) {
		builder_queue_init(&builder, &queues[i], i);
		jobs[i] = builder_job(&builder, &queues[i]);
		if (i == AGX_BUFFER_SLOTS)
			break;
		assert_int_equal(build_in(jobs[i], 64, 64), 0);
		assert_false(used[look(jobs[i], 0).vertex->buffer_slot]);
		used[look(jobs[i], 0).vertex->buffer_slot] = true;
		assert_non_null(look(jobs[i], 0).init);
	}
	assert_int_equal(build_in(jobs[i], 64, 64), -EBUSY);
	builder_job_done(jobs[i]);

	/* Queues with scenes are not in the way of themselves. */
	assert_int_equal(build_in(jobs[3], 64, 64), 0);
	assert_int_equal(look(jobs[3], 1).vertex->buffer_slot, 3);

	/* The slot of whoever finishes; it comes back to another one, with a new InitBuffer. */
	finish(jobs[50]);
	jobs[i] = builder_job(&builder, &queues[i]);
	assert_int_equal(build_in(jobs[i], 64, 64), 0);
	assert_int_equal(look(jobs[i], 0).vertex->buffer_slot, 50);
	assert_non_null(look(jobs[i], 0).init);
	jobs[50] = builder_job(&builder, &queues[50]);
	assert_int_equal(build_in(jobs[50], 64, 64), -EBUSY);
	builder_job_done(jobs[50]);
	finish(jobs[7]);
	jobs[50] = builder_job(&builder, &queues[50]);
	assert_int_equal(build_in(jobs[50], 64, 64), 0);
	assert_int_equal(look(jobs[50], 0).vertex->buffer_slot, 7);
	assert_non_null(look(jobs[50], 0).init);

	for (i = 0; i < QUEUES; i++) {
		if (i != 7)
			finish(jobs[i]);
		agx_tvb_destroy(queues[i].tvb);
	}
}

/* The slot that has been free longest is taken; the one that a queue had, if nobody else did. */
static void slots_are_sticky(void **state)
{
	static struct builder_queue queues[QUEUES + 2];
	struct agx_core_job *job;
	unsigned int i;

	(void)state;
	for (i = 0; i < QUEUES + 2; i++) {
		builder_queue_init(&builder, &queues[i], i);
		job = builder_job(&builder, &queues[i]);
		assert_int_equal(build_in(job, 64, 64), 0);
		assert_int_equal(look(job, 0).vertex->buffer_slot, i % AGX_BUFFER_SLOTS);
		finish(job);
		if (i == 100) {
			/* Used again: now it is the youngest but for those that follow. */
			job = builder_job(&builder, &queues[1]);
			assert_int_equal(build_in(job, 64, 64), 0);
			assert_int_equal(look(job, 0).vertex->buffer_slot, 1);
			assert_null(look(job, 0).init);
			finish(job);
		}
		if (i == AGX_BUFFER_SLOTS)
			break;
	}
	/* Queue 0 lost its slot. The oldest is 2 now, as 1 was used in between. */
	job = builder_job(&builder, &queues[0]);
	assert_int_equal(build_in(job, 64, 64), 0);
	assert_int_equal(look(job, 0).vertex->buffer_slot, 2);
	assert_non_null(look(job, 0).init);
	finish(job);
	for (i = 0; i <= AGX_BUFFER_SLOTS; i++)
		agx_tvb_destroy(queues[i].tvb);
}

/* --- Tail pointer cache --- */

static void one_cache_for_all_renders(void **state)
{
	struct agx_core_job *small = render(256, 256), *same, *large, *third;
	uint64_t tpc = look(small, 0).vertex->tpc, tpc_large;
	uint32_t live;

	(void)state;
	assert_int_equal(builder_object(&builder, tpc)->size, 0x4000);
	same = render(64, 64);
	assert_int_equal(look(same, 0).vertex->tpc, tpc);
	assert_int_equal(look(same, 0).vertex->tpc_size, 0x800);
	large = render(1920, 1080);
	tpc_large = look(large, 0).vertex->tpc;
	assert_int_not_equal(tpc_large, tpc);
	assert_int_equal(builder_object(&builder, tpc_large)->size, 0x8000);
	assert_int_equal(look(large, 0).vertex->tpc_size, 0x6000);
	third = render(64, 64);
	assert_int_equal(look(third, 0).vertex->tpc, tpc_large);

	/* The small one stays as long as somebody uses it, whoever ends first. */
	finish(third);
	finish(large);
	finish(small);
	assert_non_null(builder_object(&builder, tpc));
	finish(same);
	assert_null(builder_object(&builder, tpc));
	assert_non_null(builder_object(&builder, tpc_large));

	/* One job with both. */
	live = builder_live(&builder);
	large = render(1920, 1080);
	assert_int_equal(build_in(large, 8192, 4096), 0);
	assert_int_not_equal(look(large, 1).vertex->tpc, tpc_large);
	assert_non_null(builder_object(&builder, tpc_large));
	finish(large);
	assert_null(builder_object(&builder, tpc_large));
	/* A cache replaces the other; the frame needed more blocks. */
	assert_int_equal(builder_live(&builder), live + 256 - 16);
}

/* --- GrowTVB --- */

static void ask(uint32_t slot)
{
	const struct agx_core_event event = {
		.tag = AGX_EVENT_GROW_TVB,
		.grow_tvb = {.vm_slot = 0x15, .buffer_slot = slot, .counter = 0x4321},
	};

	agx_core_grow_tvb(&builder.core, &event);
}

static void check_ack(uint32_t slot)
{
	assert_int_equal(builder.ack.grow_tvb_ack.buffer_slot, slot);
	assert_int_equal(builder.ack.grow_tvb_ack.vm_slot, 0x15);
	assert_int_equal(builder.ack.grow_tvb_ack.counter, 0x4321);
	assert_int_equal(builder.ack.grow_tvb_ack.halt_count, 0x99);
}

static void the_firmware_asks_for_more(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen = look(job, 0);

	(void)state;
	agx_tvb_submitted(&job->scenes);
	ask(seen.vertex->buffer_slot);
	assert_int_equal(builder.acks, 1);
	check_ack(seen.vertex->buffer_slot);
	check_lists(&seen, 18);
	check_info(&seen, 8);
	assert_false(agx_tvb_poll(&builder.core));
	assert_int_equal(builder.acks, 1);
	builder_job_done(job);

	job = render(64, 64);
	check_init(&(struct seen[]){look(job, 0)}[0], 18);
	finish(job);
}

static void nobody_has_the_slot(void **state)
{
	(void)state;
	ask(99);
	assert_int_equal(builder.acks, 1);
	check_ack(99);
}

static void growth_without_memory_is_answered(void **state)
{
	struct agx_core_job *job = render(64, 64);
	struct seen seen = look(job, 0);

	(void)state;
	agx_tvb_submitted(&job->scenes);
	builder.machine.fail_after = 1;
	ask(seen.vertex->buffer_slot);
	builder.machine.fail_after = 0;
	assert_int_equal(builder.acks, 1);
	builder_job_done(job);
}

static void answers_wait_for_room(void **state)
{
	(void)state;
	builder.device_control_error = -EAGAIN;
	ask(4);
	ask(4);
	ask(90);
	assert_int_equal(builder.acks, 0);
	assert_true(agx_tvb_poll(&builder.core));
	builder.device_control_error = 0;
	assert_false(agx_tvb_poll(&builder.core));
	assert_int_equal(builder.acks, 2);
	check_ack(90);
	assert_false(agx_tvb_poll(&builder.core));
	assert_int_equal(builder.acks, 2);

	/* Nobody is there any more. */
	builder.device_control_error = -ENODEV;
	ask(4);
	assert_false(agx_tvb_poll(&builder.core));
	builder.device_control_error = -EAGAIN;
	ask(5);
	agx_tvb_forget(&builder.core);
	assert_false(agx_tvb_poll(&builder.core));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
		T(the_first_render_makes_it),
		T(the_firmware_is_told_once),
		T(a_job_that_is_not_submitted_tells_nothing),
		T(several_renders_of_a_job),
		T(it_grows_to_what_a_frame_needs),
		T(it_grows_while_it_is_in_use),
		T(it_grows_by_what_was_used),
		T(automatic_growth_tells_the_firmware),
		T(automatic_growth_has_a_limit),
		T(automatic_growth_does_without_memory),
		T(a_window_that_is_too_small),
		T(the_firmware_starts_anew),
		T(more_queues_than_slots),
		T(slots_are_sticky),
		T(one_cache_for_all_renders),
		T(the_firmware_asks_for_more),
		T(nobody_has_the_slot),
		T(growth_without_memory_is_answered),
		T(answers_wait_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
