// SPDX-License-Identifier: MIT
/*
 * What the virtual node costs, and that it does not grow with what else is alive: operations in
 * nanoseconds of processor time and as ratios to a do-nothing ioctl (GET_CAP) of the same run,
 * first with few and many buffer objects, then with few and many address spaces and queues. Without an argument the
 * node is called directly; with the path of a node, by ioctl() on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench_client.h"

#define PAGE      BENCH_PAGE
#define MAX_OPS   8
#define MAX_LEVEL 3

struct state {
	struct bench b;
	struct bench_queue *queues;
	uint32_t count, next; /* of queues */
	uint32_t last;        /* handle of the newest object */
};

static void create_bind_close(void *data)
{
	struct state *s = data;
	uint32_t handle = bench_bo(&s->b, s->queues[0].vm, PAGE);

	bench_bind(&s->b, s->queues[0].vm, handle, PAGE, PAGE);
	bench_close_bo(&s->b, handle);
}

/* As above, but the buffer was written: its memory is cleared before it is used again. */
static void create_map_bind_close(void *data)
{
	struct state *s = data;
	struct drm_asahi_gem_mmap_offset offset = {.handle =
							   bench_bo(&s->b, s->queues[0].vm, PAGE)};
	struct agx_mmap map = {.bo = NULL};
	void *address = NULL;

	bench_check(bench_ioctl(&s->b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "MMAP_OFFSET");
	if (s->b.fd >= 0) {
		address = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, s->b.fd,
			       (off_t)offset.offset);
		bench_check(address == MAP_FAILED ? -1 : 0, "mmap");
	} else {
		bench_check(agx_file_mmap(s->b.file, offset.offset, PAGE, &map), "mmap");
	}
	bench_bind(&s->b, s->queues[0].vm, offset.handle, PAGE, PAGE);
	if (address)
		munmap(address, PAGE);
	agx_bo_put(map.bo);
	bench_close_bo(&s->b, offset.handle);
}

static void bind_unbind(void *data)
{
	struct state *s = data;

	bench_bind(&s->b, s->queues[0].vm, s->last, PAGE, PAGE);
	bench_unbind(&s->b, s->queues[0].vm, PAGE, PAGE);
}

static void lookup(void *data)
{
	struct state *s = data;
	struct drm_asahi_gem_mmap_offset offset = {.handle = s->last};

	bench_check(bench_ioctl(&s->b, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, &offset), "MMAP_OFFSET");
}

static void submit_wait(void *data)
{
	struct state *s = data;

	bench_submit(&s->b, &s->queues[s->count - 1], BENCH_COMPUTE);
	bench_wait(&s->b, &s->queues[s->count - 1]);
}

static void bind_in_turn(void *data)
{
	struct state *s = data;
	struct bench_queue *q = &s->queues[s->next];

	s->next = (s->next + 1) % s->count;
	bench_bind(&s->b, q->vm, s->last, PAGE, PAGE);
	bench_unbind(&s->b, q->vm, PAGE, PAGE);
}

static void submit_in_turn(void *data)
{
	struct state *s = data;
	struct bench_queue *q = &s->queues[s->next];

	s->next = (s->next + 1) % s->count;
	bench_submit(&s->b, q, BENCH_COMPUTE);
	bench_wait(&s->b, q);
}

struct op {
	const char *name;
	void (*run)(void *data);
	unsigned int count;
};

struct table {
	const char *title;
	const struct op *ops;
	unsigned int num_ops;
	uint32_t levels[MAX_LEVEL];
	double times[MAX_OPS][MAX_LEVEL], nothing[MAX_LEVEL];
};

static void fill_column(struct table *table, unsigned int level, struct state *s)
{
	table->nothing[level] = bench_measure_nothing(&s->b);
	for (unsigned int i = 0; i < table->num_ops; i++) {
		/* What is made at first use of each queue is not the subject. */
		for (uint32_t n = 0; n < s->count; n++)
			table->ops[i].run(s);
		table->times[i][level] =
			bench_measure(bench_cpu_now, table->ops[i].run, s, table->ops[i].count);
	}
}

static void print_table(const struct table *table)
{
	printf("%-28s", table->title);
	for (unsigned int level = 0; level < MAX_LEVEL; level++)
		printf(" %10u", table->levels[level]);
	printf("    growth   of nothing\n%-28s", "  do-nothing ioctl");
	for (unsigned int level = 0; level < MAX_LEVEL; level++)
		printf(" %7.0f ns", table->nothing[level]);
	printf("\n");
	for (unsigned int i = 0; i < table->num_ops; i++) {
		const double *times = table->times[i];

		printf("  %-26s", table->ops[i].name);
		for (unsigned int level = 0; level < MAX_LEVEL; level++)
			printf(" %7.0f ns", times[level]);
		printf(" %7.2f x %10.1f x\n", times[MAX_LEVEL - 1] / times[0],
		       times[0] / table->nothing[0]);
	}
}

static void with_objects(const char *path, struct table *table, unsigned int level)
{
	struct bench_queue queue;
	struct state s = {.queues = &queue, .count = 1};

	bench_open(&s.b, path, 16ull << 30);
	bench_queue_open(&s.b, &queue);
	for (uint32_t i = 0; i < table->levels[level]; i++) {
		s.last = bench_bo(&s.b, queue.vm, PAGE);
		bench_bind(&s.b, queue.vm, s.last, 0x100000000 + i * 2 * PAGE, PAGE);
	}
	fill_column(table, level, &s);
	bench_close(&s.b);
}

static void with_queues(const char *path, struct table *table, unsigned int level)
{
	struct state s = {.count = table->levels[level]};

	s.queues = calloc(s.count, sizeof(*s.queues));
	if (!s.queues)
		exit(2);
	bench_open(&s.b, path, 16ull << 30);
	for (uint32_t i = 0; i < s.count; i++)
		bench_queue_open(&s.b, &s.queues[i]);
	s.last = bench_bo(&s.b, 0, PAGE);
	fill_column(table, level, &s);
	bench_close(&s.b);
	free(s.queues);
}

int main(int argc, char **argv)
{
	static const struct op object_ops[] = {
		{"create+bind+close", create_bind_close, 20000},
		{"create+map+bind+close", create_map_bind_close, 5000},
		{"bind+unbind", bind_unbind, 20000},
		{"lookup (MMAP_OFFSET)", lookup, 50000},
		{"compute submit, wait", submit_wait, 5000},
	};
	static const struct op queue_ops[] = {
		{"bind+unbind in each", bind_in_turn, 20000},
		{"compute submit in one, wait", submit_wait, 5000},
		{"compute submit in each, wait", submit_in_turn, 5000},
	};
	struct table objects = {"live objects", object_ops, 5, {10, 1000, 100000}, {{0}}, {0}};
	struct table queues = {"live VMs with a queue", queue_ops, 3, {10, 100, 1000}, {{0}}, {0}};
	const char *path = argc > 1 ? argv[1] : NULL;

	for (unsigned int level = 0; level < MAX_LEVEL; level++)
		with_objects(path, &objects, level);
	print_table(&objects);
	for (unsigned int level = 0; level < MAX_LEVEL; level++)
		with_queues(path, &queues, level);
	print_table(&queues);
	return 0;
}
