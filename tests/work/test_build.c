// SPDX-License-Identifier: MIT
/* The builders of commands together with real jobs: every SoC and firmware. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agx_limits.h"
#include "command.h"
#include "work_fixture.h"

static void fill(struct agx_submit_cmd *cmd, bool render)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->vdm_barrier = DRM_ASAHI_BARRIER_NONE;
	cmd->cdm_barrier = DRM_ASAHI_BARRIER_NONE;
	cmd->type = render ? DRM_ASAHI_CMD_RENDER : DRM_ASAHI_CMD_COMPUTE;
	if (!render)
		return;
	cmd->args.render.width_px = 640;
	cmd->args.render.height_px = 480;
	cmd->args.render.layers = 1;
	cmd->args.render.samples = 1;
	cmd->args.render.utile_width_px = 32;
	cmd->args.render.utile_height_px = 32;
}

/* Render, compute after it, render after that, all with times. */
static void commands(struct agx_submit_cmd cmds[3], struct agx_core_timestamps *timestamps)
{
	unsigned int i, j;

	for (i = 0; i < 3; i++) {
		fill(&cmds[i], i != 1);
		for (j = 0; j < (i == 1 ? 2 : AGX_NUM_TIMESTAMPS); j++) {
			cmds[i].timestamps[j].object = timestamps;
			cmds[i].timestamps[j].offset = 8 * (4 * i + j);
		}
	}
	cmds[1].vdm_barrier = 1;
	cmds[2].cdm_barrier = 1;
}

static const struct agx_heap_object *object_at(struct work *work, uint64_t va)
{
	const struct agx_heap_object *object = NULL;
	unsigned int i;

	for (i = 0; i < AGX_FW_HEAPS && !object; i++)
		object = agx_heap_find(work->core->heaps[i], va);
	return object;
}

static void check_entries(struct work *work, struct agx_core_job *job, enum agx_pipe pipe,
			  const char *const *tags)
{
	const struct agx_job_pipe *part = &job->pipes[pipe];
	uint32_t i;

	for (i = 0; tags[i]; i++) {
		const struct agx_heap_object *object;

		assert_true(i < part->count);
		object = object_at(work, part->entries[i].va);
		assert_non_null(object);
		assert_int_equal(object->va, part->entries[i].va);
		assert_string_equal(object->tag, tags[i]);
		assert_int_equal(part->entries[i].run, strstr(tags[i], "command") != NULL);
	}
	assert_int_equal(part->count, i);
}

static void one_pair(const struct agx_soc *soc, unsigned int firmware)
{
	static const char *const vertex[] = {"InitBuffer", "vertex command", "barrier",
					     "vertex command", NULL};
	static const char *const fragment[] = {"barrier", "fragment command", "barrier",
					       "fragment command", NULL};
	static const char *const compute[] = {"barrier", "compute command", NULL};
	struct work *work = work_make(soc->name, firmware);
	struct agx_core_timestamps *timestamps;
	struct agx_submit_cmd cmds[3];
	struct agx_core_queue *queue;
	struct agx_core_job *job, *other;
	uint64_t page = machine_page(&work->fixture.machine);

	work->core->builders = agx_default_builders;
	queue = work_queue(work);
	assert_int_equal(agx_core_timestamps_create(work->core, AGX_PAGE_SIZE, &timestamps), 0);
	assert_int_equal(agx_core_timestamps_map(timestamps, 0, page, AGX_PAGE_SIZE), 0);
	commands(cmds, timestamps);

	/* Dropped: the next one is told everything again. */
	assert_int_equal(agx_core_job_create(queue, NULL, cmds, 3, NULL, &job), 0);
	check_entries(work, job, AGX_PIPE_VERTEX, vertex);
	check_entries(work, job, AGX_PIPE_FRAGMENT, fragment);
	check_entries(work, job, AGX_PIPE_COMPUTE, compute);
	agx_core_job_destroy(job);
	assert_int_equal(agx_core_job_create(queue, NULL, cmds, 3, NULL, &job), 0);
	check_entries(work, job, AGX_PIPE_VERTEX, vertex);
	assert_int_equal(agx_core_job_submit(job), 0);

	/* Not submitted when the firmware goes; nor is it told of the buffer again. */
	assert_int_equal(agx_core_job_create(queue, NULL, cmds, 1, NULL, &other), 0);
	check_entries(work, other, AGX_PIPE_VERTEX, (const char *const[]){"vertex command", NULL});
	work_restart(work);
	assert_int_equal(work->done_count, 1);
	agx_core_job_destroy(job);
	agx_core_job_destroy(other);
	assert_int_equal(agx_core_job_create(queue, NULL, cmds, 3, NULL, &job), 0);
	check_entries(work, job, AGX_PIPE_VERTEX, vertex);
	agx_core_job_destroy(job);

	agx_core_timestamps_destroy(timestamps);
	agx_core_queue_destroy(queue);
	work_done(work);
}

static void jobs_of_real_commands(void **state)
{
	const struct agx_soc *soc;
	unsigned int i, j;

	(void)state;
	for (i = 0; (soc = agx_soc_get(i)); i++)
		for (j = 0; agx_soc_firmware(soc, j); j++)
			one_pair(soc, j);
}

/* The largest job that there can be has room for everything. */
static void sixty_four_commands(void **state)
{
	static struct agx_submit_cmd cmds[AGX_MAX_COMMANDS];
	struct work *work = work_make("t8103", 1);
	struct agx_core_queue *queue;
	struct agx_core_job *job;
	unsigned int i;

	(void)state;
	work->core->builders = agx_default_builders;
	queue = work_queue(work);
	for (i = 0; i < AGX_MAX_COMMANDS; i++)
		fill(&cmds[i], i % 2);
	for (i = 1; i < AGX_MAX_COMMANDS; i++) {
		cmds[i].vdm_barrier = (uint16_t)(i / 2 ? i / 2 : DRM_ASAHI_BARRIER_NONE);
		cmds[i].cdm_barrier = (uint16_t)((i + 1) / 2);
	}
	assert_int_equal(agx_core_job_create(queue, NULL, cmds, AGX_MAX_COMMANDS, NULL, &job), 0);
	assert_int_equal(job->pipes[AGX_PIPE_VERTEX].runs, 32);
	assert_int_equal(job->pipes[AGX_PIPE_COMPUTE].runs, 32);
	agx_core_job_destroy(job);
	agx_core_queue_destroy(queue);
	work_done(work);
}

/* The n-th allocation of a job with a render fails, for every n; then it works. */
static void out_of_memory(void **state)
{
	struct agx_core_job *job = NULL;
	struct agx_core_queue *queue;
	struct agx_submit_cmd cmds[2];
	struct work *work;
	unsigned int n;
	int err = -1;

	(void)state;
	for (n = 1; err; n++) {
		work = work_make("t6021", 0);
		work->core->builders = agx_default_builders;
		queue = work_queue(work);
		fill(&cmds[0], true);
		fill(&cmds[1], false);
		work->fixture.machine.fail_after = n;
		err = agx_core_job_create(queue, NULL, cmds, 2, NULL, &job);
		work->fixture.machine.fail_after = 0;
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(agx_core_job_create(queue, NULL, cmds, 2, NULL, &job), 0);
		}
		assert_int_equal(job->pipes[AGX_PIPE_VERTEX].count, 2);
		agx_core_job_destroy(job);
		agx_core_queue_destroy(queue);
		work_done(work);
	}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_of_real_commands),
		cmocka_unit_test(sixty_four_commands),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
