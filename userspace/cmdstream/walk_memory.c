// SPDX-License-Identifier: MIT
/* Memory in pieces, and reports of what cannot be read. */
#include "walk_internal.h"

void walk_begin(struct walk *walk, const struct agx_cs_memory *memory,
		const struct agx_cs_start *start, const struct agx_cs_visitor *visitor)
{
	memset(walk, 0, offsetof(struct walk, state));
	walk->memory = memory;
	walk->start = start;
	walk->visitor = visitor;
	walk->from = start->address;
}

/* Looks at the piece at an address; how many bytes it has from there on. */
static size_t open_window(const struct agx_cs_memory *memory, struct walk_window *window,
			  uint64_t address)
{
	size_t size = 0;

	window->bytes = memory->piece(memory->cookie, address, &size);
	window->address = address;
	window->size = window->bytes ? size : 0;
	return window->size;
}

static size_t copy(const struct agx_cs_memory *memory, struct walk_window *window, uint64_t address,
		   uint8_t *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		const uint64_t at = (address + done) & AGX_CS_ADDRESS_MASK;
		size_t left = open_window(memory, window, at);

		if (!left)
			break;
		if (left > size - done)
			left = size - done;
		memcpy(buf + done, window->bytes, left);
		done += left;
	}
	atomic_signal_fence(memory_order_seq_cst);
	return done;
}

enum walk_fetched walk_fetch_far(struct walk *walk, struct walk_window *window, uint64_t address,
				 void *buf, size_t size, size_t *got)
{
	*got = copy(walk->memory, window, address, buf, size);
	if (*got == size)
		return WALK_ALL;
	memset((uint8_t *)buf + *got, 0, size - *got);
	return *got ? WALK_PART : WALK_NONE;
}

size_t agx_cs_read(const struct agx_cs_memory *memory, uint64_t address, void *buf, size_t size)
{
	struct walk_window window;

	return copy(memory, &window, address, buf, size);
}

static bool report(struct walk *walk, const struct agx_cs_trouble *trouble)
{
	walk->problems++;
	if (!walk->visitor->problem || walk->visitor->problem(walk->visitor->cookie, trouble))
		return true;
	walk->stopped = true;
	return false;
}

bool walk_trouble(struct walk *walk, enum agx_cs_problem problem, const struct agx_cs_struct *desc,
		  uint64_t address, uint64_t value, const char *what)
{
	const struct agx_cs_trouble trouble = {
		.problem = (uint8_t)problem,
		.place = walk->place,
		.stage = walk->stage,
		.linked = walk->linked,
		.desc = desc,
		.address = address,
		.value = value,
		.from = address,
		.what = what,
	};

	return report(walk, &trouble);
}

bool walk_missing(struct walk *walk, uint64_t address, size_t got, const char *what)
{
	const struct agx_cs_trouble trouble = {
		.problem = got ? AGX_CS_TRUNCATED : AGX_CS_UNMAPPED,
		.place = walk->place,
		.stage = walk->stage,
		.linked = walk->linked,
		.address = (address + got) & AGX_CS_ADDRESS_MASK,
		.from = walk->from,
		.what = what,
	};

	return report(walk, &trouble);
}

struct judging {
	struct walk *walk;
	const struct agx_cs_event *event;
};

static void on_problem(void *cookie, enum agx_cs_problem problem, const struct agx_cs_field *field,
		       uint64_t value)
{
	const struct judging *judging = cookie;
	const struct agx_cs_event *event = judging->event;
	const struct agx_cs_trouble trouble = {
		.problem = (uint8_t)problem,
		.place = event->place,
		.stage = judging->walk->stage,
		.linked = event->linked,
		.desc = event->desc,
		.field = field,
		.address = event->address,
		.value = value,
		.from = event->address,
		.what = agx_cs_problem_text(problem),
	};

	report(judging->walk, &trouble);
}

bool walk_judge(struct walk *walk, const struct agx_cs_event *event)
{
	struct judging judging = {walk, event};

	agx_cs_check(event->desc, event->record, on_problem, &judging);
	return !walk->stopped;
}
