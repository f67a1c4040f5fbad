// SPDX-License-Identifier: MIT
/* The objects of a sequence, and its course. */
#include <stdlib.h>
#include <string.h>

#include "cmdbuf_internal.h"

#include "poison.h"
#include "world.h"

/* Garbage where a command buffer is going to write. */
static void poison(struct world *w, struct lib_pool *pool)
{
	uint64_t address;
	int error;
	void *map = lib_pool_take(pool, 65536, AGX_PAGE_SIZE, &address, &error);

	if (!map)
		sequence_fail(w, "no memory: %d", error);
	memset(map, w->second ? POISON_SECOND : POISON_FIRST, 65536);
}

void world_create(struct world *w)
{
	struct agx_device *device = sequence_agx(w->device);
	const struct agx_layout_params small = {
		.format = AGX_FORMAT_R8G8B8A8_UNORM,
		.dimension = AGX_DIMENSION_2D,
		.tiling = AGX_TILING_TWIDDLED,
		.width = 32,
		.height = 32,
		.writeable = true,
	};
	unsigned int i, k;
	uint32_t *args;

	MUST(w, agx_vm_create(device, &w->vm));
	MUST(w, agx_vm_create(device, &w->other_vm));
	MUST(w, agx_buffer_create(w->vm, DATA_SIZE, 0, &w->data));
	MUST(w, agx_buffer_create(w->vm, DATA_SIZE, AGX_BUFFER_READ_ONLY, &w->args));
	args = agx_buffer_map(w->args);
	if (!args || !agx_buffer_map(w->data))
		sequence_fail(w, "no memory");
	/* Shaders do not write there: what they wrote could be a grid without an end. */
	for (i = 0; i < DATA_SIZE / 4; i++)
		args[i] = 1 + i % 3;
	for (i = 0; i < CMDBUFS; i++) {
		struct agx_cmdbuf **c = &w->cmdbufs[i].cmdbuf;

		MUST(w, agx_cmdbuf_create(w->vm, c));
		poison(w, &(*c)->memory);
		poison(w, &(*c)->window);
		MUST(w, agx_cmdbuf_reset(*c));
		for (k = 0; k < BOUNDS; k++)
			w->cmdbufs[i].bound_stage[k] = SHADERS;
	}
	MUST(w, agx_cmdbuf_create(w->other_vm, &w->foreign));
	MUST(w, agx_image_create(w->other_vm, &small, 0, &w->foreign_image));
	MUST(w, agx_queue_create(w->vm, AGX_PRIORITY_MEDIUM, &w->queues[0]));
	MUST(w, agx_queue_create(w->vm, AGX_PRIORITY_LOW, &w->queues[1]));
	MUST(w, agx_timestamps_create(w->vm, 8, &w->stamps[0]));
	MUST(w, agx_timestamps_create(w->other_vm, 3, &w->stamps[1]));
	for (i = 0; i < SYNCS; i++) {
		w->sync_timeline[i] = i & 1;
		MUST(w, agx_sync_create(device, i & 1 ? AGX_SYNC_TIMELINE : 0, &w->syncs[i]));
	}
	describe_defaults(w);
	shader_make(w, 0, AGX_STAGE_COMPUTE);
	shader_make(w, 1, AGX_STAGE_VERTEX);
	shader_make(w, 2, AGX_STAGE_FRAGMENT);
	shader_make(w, 3, AGX_STAGE_BACKGROUND);
	shader_make(w, 4, AGX_STAGE_END_OF_TILE);
	for (i = 0; i < 4; i++)
		image_make(w, i);
}

/* In an order of its own: everything keeps what it needs. */
void world_destroy(struct world *w)
{
	unsigned int i;

	w->call = "ends";
	agx_vm_destroy(w->vm);
	for (i = 0; i < SHADERS; i++)
		agx_shader_destroy(w->shaders[i].shader);
	for (i = 0; i < SYNCS; i++)
		agx_sync_destroy(w->syncs[i]);
	for (i = 0; i < CMDBUFS; i++)
		agx_cmdbuf_destroy(w->cmdbufs[i].cmdbuf);
	agx_cmdbuf_destroy(w->foreign);
	for (i = 0; i < QUEUES; i++)
		agx_queue_destroy(w->queues[i]);
	for (i = 0; i < IMAGES; i++)
		agx_image_destroy(w->images[i].image);
	agx_image_destroy(w->foreign_image);
	for (i = 0; i < BUFFERS; i++)
		agx_buffer_destroy(w->buffers[i]);
	agx_buffer_destroy(w->data);
	agx_buffer_destroy(w->args);
	for (i = 0; i < STAMPS; i++)
		agx_timestamps_destroy(w->stamps[i]);
	agx_vm_destroy(w->other_vm);
}

uint64_t world_address(struct world *w, const struct agx_buffer *buffer, uint64_t size,
		       uint64_t align)
{
	const uint64_t base = agx_buffer_address(buffer);
	const struct agx_device_params *p = agx_device_params(sequence_agx(w->device));
	const uint64_t slots = size < DATA_SIZE ? (DATA_SIZE - size) / align : 0;

	if (choose_wrong(&w->choices)) {
		switch (choose(&w->choices, 5)) {
		case 0:
			return 0;
		case 1:
			/* In the VM: that nothing is there is for the caller to know. */
			w->stray = true;
			return p->va_end - (align > 1 ? align : 0);
		case 2:
			return p->va_end;
		case 3:
			return UINT64_MAX & ~(align - 1);
		default:
			return align > 1 ? base + 1 : p->va_start - 1;
		}
	}
	/* The last place of all as well as the first. */
	switch (choose(&w->choices, 4)) {
	case 0:
		return base;
	case 1:
		return base + slots * align;
	default:
		return base + (slots ? choose(&w->choices, 256) % slots : 0) * align;
	}
}

unsigned int world_shader(struct world *w, enum agx_stage stage)
{
	const unsigned int first = choose(&w->choices, SHADERS);
	const bool any = choose_wrong(&w->choices);

	for (unsigned int i = 0; i < SHADERS; i++) {
		const unsigned int k = (first + i) % SHADERS;

		if (w->shaders[k].shader && (any || w->shaders[k].stage == stage))
			return k;
	}
	return SHADERS;
}

/* A call that fits where the command buffer is, mostly. */
static void one_call(struct world *w)
{
	struct cmdbuf *c = &w->cmdbufs[choose_chance(&w->choices, 40) ? 1 : 0];
	enum pass pass = c->pass;

	if (choose_wrong(&w->choices))
		pass = (enum pass)choose(&w->choices, 4);
	switch (choose(&w->choices, 20)) {
	case 0:
	case 1:
		memory_call(w);
		return;
	case 2:
	case 3:
		describe_call(w);
		return;
	case 4:
		shader_call(w);
		return;
	case 5:
		queue_call(w);
		return;
	default:
		break;
	}
	if (c->error && choose_chance(&w->choices, 128)) {
		cmdbuf_reset(w, c);
		pass = PASS_NONE;
	}
	switch (pass) {
	case PASS_COMPUTE:
		compute_call(w, c);
		break;
	case PASS_RENDER:
		render_call(w, c);
		break;
	default:
		switch (choose(&w->choices, 8)) {
		case 0:
			cmdbuf_finish(w, c);
			break;
		case 1:
			bind_call(w, c,
				  choose_chance(&w->choices, 128) ? AGX_STAGE_VERTEX
								  : AGX_STAGE_COMPUTE);
			break;
		case 2:
		case 3:
		case 4:
			compute_begin(w, c);
			break;
		default:
			render_begin(w, c);
		}
	}
}

/* Something that is known to work still does. */
static void check_usable(struct world *w, struct cmdbuf *c)
{
	static const char text[] = "ldimm r0, 7\nstore r0, du0, 0, i32, x, a\nstop\n";
	const struct agx_shader_params params = {.stage = AGX_STAGE_COMPUTE, .text = text};
	const uint64_t address = agx_buffer_address(w->data);
	const struct agx_bindings bindings = {.uniforms = &address, .uniform_bytes = 8};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_THREADS};
	volatile uint32_t *word = agx_buffer_map(w->data);
	struct agx_shader *shader;

	cmdbuf_reset(w, c);
	MUST(w, agx_shader_create(w->vm, &params, &shader));
	MUST(w, agx_compute_begin(c->cmdbuf, NULL));
	MUST(w, agx_compute_launch(c->cmdbuf, shader, &bindings, &dispatch));
	MUST(w, agx_compute_end(c->cmdbuf));
	MUST(w, agx_cmdbuf_end(c->cmdbuf));
	*word = 0;
	MUST(w, agx_queue_run(w->queues[0], c->cmdbuf));
	if (w->executes && *word != 7)
		sequence_fail(w, "7 expected of the last launch, got %u", *word);
	agx_shader_destroy(shader);
}

static void run(const uint8_t *data, size_t size, bool second)
{
	static const uint8_t rates[] = {0, 0, 0, 1, 1, 2, 4, 16};
	static struct world world;
	struct world *w = &world;
	const uint8_t head = size ? data[0] : 0, rate = size > 1 ? data[1] : 0;
	unsigned int i;

	memset(w, 0, sizeof(*w));
	w->choices = (struct choices){
		.at = data + (size < 2 ? size : 2),
		.end = data + size,
		.wrong = 0,
	};
	w->executes = head & 4;
	w->second = second;
	w->device = sequence_device(head & 3, w->executes);
	world_create(w);
	w->choices.wrong = rates[rate % sizeof(rates)];
	/* A call takes a byte at least. */
	while (w->choices.at < w->choices.end)
		one_call(w);
	w->choices.wrong = 0;
	for (i = 0; i < CMDBUFS; i++) {
		cmdbuf_finish(w, &w->cmdbufs[i]);
		check_usable(w, &w->cmdbufs[i]);
	}
	for (i = 0; i < QUEUES; i++)
		CALL(w, 0, agx_queue_wait(w->queues[i], AGX_FOREVER));
	world_destroy(w);
	w->call = "the end";
	sequence_before(w, "end of a sequence");
	sequence_judge(w, 0, 0);
}

void sequence_run(const uint8_t *data, size_t size, int twice)
{
	sequence_forget();
	run(data, size, false);
	if (twice)
		run(data, size, true);
	sequence_forget();
}
