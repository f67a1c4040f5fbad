// SPDX-License-Identifier: MIT
/* Ends of recordings, submissions, syncs. */
#include <string.h>
#include <unistd.h>

#include "world.h"

void cmdbuf_reset(struct world *w, struct cmdbuf *c)
{
	struct agx_cmdbuf *cmdbuf = c->cmdbuf;
	unsigned int i;

	/* Work of it has been waited for. */
	MUST(w, agx_cmdbuf_reset(cmdbuf));
	/* What was bound stays in its place, and is wrong from now on. */
	for (i = 0; i < BOUNDS; i++)
		c->bound_stage[i] = SHADERS;
	c->pass = PASS_NONE;
	c->error = 0;
	c->group = c->stray = false;
}

static void submit(struct world *w, struct cmdbuf *c);

void cmdbuf_finish(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;
	const int error = c->error;
	int ret;

	if (c->pass == PASS_RENDER || c->pass == PASS_COMPUTE)
		pass_end(w, c);
	ret = RECORD(w, c, MAY_INVAL, agx_cmdbuf_end(c->cmdbuf));
	if (error && ret != error)
		sequence_fail(w, "the first error of recording, %d, expected, got %d", error, ret);
	if (c->pass == PASS_ENDED)
		return;
	c->pass = PASS_ENDED;
	if (choose_wrong(ch))
		RECORD(w, c, MAY_INVAL, agx_cmdbuf_end(c->cmdbuf));
	if (!c->stray)
		submit(w, c);
	cmdbuf_reset(w, c);
}

/* Waits and signals, of which each can be. */
static unsigned int choose_points(struct world *w, struct agx_sync_point *points, bool signals)
{
	struct choices *c = &w->choices;
	unsigned int count = choose_chance(c, 60) ? choose(c, 4) : 0;

	for (unsigned int i = 0; i < count; i++) {
		const unsigned int k = choose(c, SYNCS);

		points[i] = (struct agx_sync_point){.sync = w->syncs[k]};
		if (w->sync_timeline[k])
			points[i].point = w->sync_point[k] + signals;
		if (choose_wrong(c))
			points[i].sync = NULL;
		if (choose_wrong(c))
			points[i].point = 0;
		if (choose_wrong(c))
			points[i].point = choose_word(c);
		if (signals && w->sync_timeline[k] && points[i].point > w->sync_point[k])
			w->sync_point[k] = points[i].point;
	}
	return choose_wrong(c) ? 63 : count;
}

static void submit(struct world *w, struct cmdbuf *c)
{
	struct choices *ch = &w->choices;
	struct agx_queue *queue = w->queues[choose(ch, QUEUES)];
	struct agx_sync_point waits[64] = {0}, signals[64] = {0};
	struct agx_cmdbuf *cmdbufs[3] = {c->cmdbuf, c->cmdbuf, c->cmdbuf};
	struct agx_submission s = {
		.cmdbufs = cmdbufs,
		.cmdbuf_count = choose_chance(ch, 40) ? choose(ch, 4) : 1,
		.waits = waits,
		.signals = signals,
	};
	bool wrong = false;
	int ret;

	if (choose_wrong(ch)) {
		cmdbufs[1] = choose_chance(ch, 128) ? w->foreign : w->cmdbufs[1].cmdbuf;
		wrong = s.cmdbuf_count > 1;
	}
	s.wait_count = choose_points(w, waits, false);
	s.signal_count = choose_points(w, signals, true);
	sequence_compare(w, c);
	ret = CALL(w, MAY_INVAL, agx_queue_submit(queue, &s));
	if (!ret && s.cmdbuf_count && (c->error || (wrong && cmdbufs[1] == w->foreign)))
		sequence_fail(w, "a command buffer that failed, or of another VM, was taken");
	if (ret)
		return;
	sequence_counts.submitted++;
	/* Of what the caller did right. */
	ret = CALL(w, 0, agx_queue_wait(queue, AGX_FOREVER));
	for (unsigned int i = 0; i < s.signal_count; i++) {
		CALL(w, 0, agx_sync_wait(signals[i].sync, signals[i].point, AGX_FOREVER));
		CALL(w, 0, agx_sync_status(signals[i].sync, signals[i].point));
	}
}

static void submit_raw(struct world *w)
{
	struct choices *c = &w->choices;
	static const struct agx_submission with_cmdbuf = {.cmdbuf_count = 1};
	struct agx_submission syncs = {0};
	struct agx_cmdbuf *cmdbuf;
	uint32_t size = 0;
	const void *bytes;

	/* An empty command buffer's are none, and what a header is cut off of is none either. */
	MUST(w, agx_cmdbuf_create(w->vm, &cmdbuf));
	MUST(w, agx_compute_begin(cmdbuf, NULL));
	MUST(w, agx_compute_end(cmdbuf));
	MUST(w, agx_cmdbuf_end(cmdbuf));
	bytes = agx_cmdbuf_bytes(cmdbuf, &size);
	if (choose_wrong(c))
		size = choose(c, size);
	CALL(w, MAY_INVAL,
	     agx_queue_submit_raw(w->queues[0], bytes, size,
				  choose_wrong(c)         ? &with_cmdbuf
				  : choose_chance(c, 128) ? &syncs
							  : NULL));
	CALL(w, 0, agx_queue_wait(w->queues[0], AGX_FOREVER));
	agx_cmdbuf_destroy(cmdbuf);
}

static void sync_call(struct world *w)
{
	static const uint64_t times[] = {0, 1, 1000};
	struct choices *c = &w->choices;
	const unsigned int k = choose(c, SYNCS);
	struct agx_sync *sync = w->syncs[k], *imported;
	uint64_t point = w->sync_timeline[k] ? w->sync_point[k] + 1 : 0, found = 0;
	struct agx_sync_point points[3] = {{sync, point}, {w->syncs[0], 0}, {w->syncs[2], 0}};
	int fd = -1;

	if (choose_wrong(c))
		point = w->sync_timeline[k] ? 0 : choose_word(c);
	switch (choose(c, 9)) {
	case 0:
		if (!CALL(w, MAY_INVAL, agx_sync_signal(sync, point)) && w->sync_timeline[k])
			w->sync_point[k] = point;
		break;
	case 1:
		CALL(w, MAY_INVAL, agx_sync_reset(sync));
		break;
	case 2:
		if (!CALL(w, MAY_INVAL, agx_sync_query(sync, &found)) && found > w->sync_point[k])
			sequence_fail(w, "a point up to %llu expected, got %llu",
				      (unsigned long long)w->sync_point[k],
				      (unsigned long long)found);
		break;
	case 3:
		CALL(w, MAY_INVAL | MAY_BUSY, agx_sync_status(sync, point));
		break;
	case 4:
		CALL(w, MAY_INVAL | MAY_TIME, agx_sync_wait(sync, point, CHOOSE(c, times)));
		break;
	case 5:
		CALL(w, MAY_INVAL | MAY_TIME, agx_sync_wait_all(points, choose(c, 4), 0));
		break;
	case 6:
		if (choose_chance(c, 240))
			CALL(w, MAY_INVAL | MAY_TIME,
			     agx_sync_wait_any(points, 1 + choose(c, 3), 0));
		break;
	case 7:
		if (!CALL(w, MAY_INVAL, agx_sync_export(sync, point, &fd))) {
			CALL(w, MAY_INVAL, agx_sync_import(w->syncs[0], 0, fd));
			close(fd);
		}
		break;
	default:
		MUST(w, agx_sync_export_object(sync, &fd));
		MUST(w, agx_sync_import_object(sequence_agx(w->device), fd,
					       w->sync_timeline[k] ? AGX_SYNC_TIMELINE : 0,
					       &imported));
		close(fd);
		agx_sync_destroy(imported);
	}
}

/* Objects come and go. */
static void make_objects(struct world *w)
{
	struct choices *c = &w->choices;
	struct agx_device *device = sequence_agx(w->device);
	struct agx_timestamps *stamps = NULL;
	struct agx_queue *queue = NULL;
	struct agx_sync *sync = NULL;
	struct agx_cmdbuf *cmdbuf = NULL;
	struct agx_vm *vm = NULL;

	MUST(w, agx_vm_create(device, &vm));
	CALL(w, MAY_INVAL,
	     agx_queue_create(vm,
			      (enum agx_priority)(choose_wrong(c) ? choose_word(c) : choose(c, 3)),
			      &queue));
	CALL(w, MAY_INVAL | MAY_NOSPC,
	     agx_timestamps_create(vm, choose_wrong(c) ? choose_word(c) % 4 << 20 : 100, &stamps));
	CALL(w, MAY_INVAL,
	     agx_sync_create(device, choose_wrong(c) ? choose_byte(c) : AGX_SYNC_SIGNALLED, &sync));
	MUST(w, agx_cmdbuf_create(vm, &cmdbuf));
	if (queue) {
		MUST(w, agx_cmdbuf_end(cmdbuf));
		MUST(w, agx_queue_run(queue, cmdbuf));
	}
	agx_vm_destroy(vm);
	agx_cmdbuf_destroy(cmdbuf);
	agx_sync_destroy(sync);
	agx_timestamps_destroy(stamps);
	agx_queue_destroy(queue);
}

void queue_call(struct world *w)
{
	switch (choose(&w->choices, 6)) {
	case 0:
		submit_raw(w);
		break;
	case 1:
		make_objects(w);
		break;
	default:
		sync_call(w);
	}
}
