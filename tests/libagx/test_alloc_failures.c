// SPDX-License-Identifier: MIT
/*
 * Every allocation of the library fails once, the first, the second, and so on, until a scenario
 * with everything in it does not ask for so many. Whatever failed says so, leaves nothing behind,
 * and can be tried again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "internal.h"
#include "scenario.h"

#define MOST 2000u /* more allocations than the scenario can have */

/* A backend that maps through another, when there is memory. */
struct mapper {
	struct agx_backend base;
	struct agx_backend *inner;
	bool noticed;
	const char *unnoticed; /* step that went well without memory */
};

static struct agx_backend *inner(struct agx_backend *backend)
{
	return ((struct mapper *)backend)->inner;
}

static long pass_ioctl(struct agx_backend *backend, unsigned long request, void *arg)
{
	return inner(backend)->ops->ioctl(inner(backend), request, arg);
}

static int pass_map(struct agx_backend *backend, uint64_t offset, size_t size, void **map)
{
	if (failing_alloc_now("map"))
		return -ENOMEM;
	return inner(backend)->ops->map(inner(backend), offset, size, map);
}

static void pass_unmap(struct agx_backend *backend, void *map, size_t size)
{
	inner(backend)->ops->unmap(inner(backend), map, size);
}

static long pass_fd_ioctl(struct agx_backend *backend, int fd, unsigned long request, void *arg)
{
	return inner(backend)->ops->fd_ioctl(inner(backend), fd, request, arg);
}

static void pass_close_fd(struct agx_backend *backend, int fd)
{
	inner(backend)->ops->close_fd(inner(backend), fd);
}

static void pass_destroy(struct agx_backend *backend)
{
	inner(backend)->ops->destroy(inner(backend));
}

static const struct agx_backend_ops ops = {
	.ioctl = pass_ioctl,
	.map = pass_map,
	.unmap = pass_unmap,
	.fd_ioctl = pass_fd_ioctl,
	.close_fd = pass_close_fd,
	.destroy = pass_destroy,
};

static void opened(struct scenario *s)
{
	struct mapper *mapper = s->data;

	mapper->base = (struct agx_backend){.ops = &ops, .fd = s->device->backend->fd};
	mapper->inner = s->device->backend;
	s->device->backend = &mapper->base;
}

static void taken(struct scenario *s, const char *step, int ret)
{
	struct mapper *mapper = s->data;

	/* Listings do without the names of labels. */
	if (!ret && failing_alloc_hit() && !mapper->noticed && strcmp(step, "listing"))
		mapper->unnoticed = step;
	mapper->noticed |= failing_alloc_hit() != NULL;
}

/*
 * One run in which allocation number n fails. With again the step that failed is taken once more,
 * and then the rest; else all is given up. False: there were not so many allocations.
 */
static bool run(unsigned int n, bool again)
{
	struct mapper mapper = {.unnoticed = NULL};
	struct scenario s;
	const long before = failing_alloc_live();
	const char *step = NULL, *hit;
	int ret;

	scenario_init(&s);
	s.opened = opened;
	s.taken = taken;
	s.data = &mapper;
	failing_alloc_at(n);
	ret = scenario_run(&s);
	hit = failing_alloc_hit();
	step = scenario_step(&s);
	if (ret && ret != -ENOMEM)
		fail_msg("allocation %u, %s, step \"%s\": -ENOMEM expected, got %d: %s", n,
			 hit ? hit : "none", step, ret, s.ctx ? agx_error(s.ctx) : "");
	if (ret && !hit)
		fail_msg("step \"%s\": nothing was to fail: %s", step, agx_error(s.ctx));
	if (ret && s.ctx && !agx_error(s.ctx)[0])
		fail_msg("allocation %u, %s, step \"%s\": no message", n, hit, step);
	if (ret && again && scenario_run(&s))
		fail_msg("allocation %u, %s, step \"%s\" again, then \"%s\": %s", n, hit, step,
			 scenario_step(&s), s.ctx ? agx_error(s.ctx) : "");
	if ((!ret || again) && scenario_check(&s))
		fail_msg("allocation %u, %s, step \"%s\": wrong results", n, hit, step);
	scenario_end(&s);
	if (s.errors)
		fail_msg("allocation %u, %s, step \"%s\": %u errors were logged", n, hit, step,
			 s.errors);
	if (failing_alloc_live() != before)
		fail_msg("allocation %u, %s, step \"%s\": %ld things were not given back", n, hit,
			 step, failing_alloc_live() - before);
	if (mapper.unnoticed)
		fail_msg("allocation %u, %s, step \"%s\": nobody has noticed", n, hit,
			 mapper.unnoticed);
	return hit;
}

static void each_allocation_can_fail(void **state)
{
	unsigned int n;

	(void)state;
	/* Once without a failure: what is allocated once in a process is there then. */
	assert_false(run(0, false));
	for (n = 1; run(n, false) && run(n, true); n++)
		assert_true(n < MOST);
	print_message("%u allocations\n", n - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_can_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
