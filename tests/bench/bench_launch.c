// SPDX-License-Identifier: MIT
/*
 * Compute launches on the GPU that executes: what an empty one costs from start() to its end, as a ratio to a start of
 * the GPU that executes nothing (aim: 10 us); the same from the ioctl to the signalled fence; and how work grows
 * faster with threads.
 */
#include "../gpu/launch_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench_client.h"
#include "gpu_client.h"
#include "pool.h"

#define STREAM_AT 0x200 /* in CLIENT_STREAMS */
#define CODE_AT   0x400 /* in CLIENT_USC */
#define LIST_AT   0x40

struct starts {
	const struct agx_gpu_ops *ops;
	void *gpu;
	const struct agx_gpu_work *work;
};

static void start(void *data)
{
	const struct starts *starts = data;
	struct agx_gpu_fault fault;
	enum agx_gpu_state state;

	starts->ops->start(starts->gpu, starts->work);
	do
		state = starts->ops->state(starts->gpu, AGX_GPU_COMPUTE, &fault);
	while (state == AGX_GPU_BUSY);
	bench_check(state == AGX_GPU_IDLE ? 0 : -EIO, "launch");
}

/* --- The GPU alone --- */

static double measure_start(const struct fixture *f, bool null)
{
	struct starts starts = {&agx_exec_gpu_ops, f->gpu, &f->machine->work};

	if (null) {
		starts.ops = &agx_null_gpu_ops;
		starts.gpu = f->machine->gpu;
	}
	return bench_measure(bench_now, start, &starts, 3000);
}

static void empty_launches(struct fixture *f)
{
	const double baseline = measure_start(f, true);
	double each;

	printf("%-44s %9.0f ns\n", "start of the null GPU", baseline);
	each = measure_start(f, false);
	printf("%-44s %9.0f ns %7.1f x\n", "stream without a launch", each, each / baseline);

	assemble(f, CODE, "stop\n");
	assemble(f, PRELUDE, "stop\n");
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 1, 1, 1, 1, 1, 1) = 2u << 29;
	each = measure_start(f, false);
	printf("%-44s %9.0f ns %7.1f x\n", "empty launch", each, each / baseline);
	put_list(f, 0, true);
	each = measure_start(f, false);
	printf("%-44s %9.0f ns %7.1f x\n", "with a preamble", each, each / baseline);
	put_list(f, 255, false);
	each = measure_start(f, false);
	printf("%-44s %9.0f ns %7.1f x\n", "with 64 KiB of threadgroup memory", each,
	       each / baseline);
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 32 * 32, 1, 1, 32, 1, 1) = 2u << 29;
	each = measure_start(f, false);
	printf("%-44s %9.0f ns %7.1f x\n", "of 32 groups of 32 threads", each, each / baseline);
}

/* Groups that count for a while, without memory. */
static double measure_work(struct fixture *f, unsigned int threads)
{
	struct starts starts = {&agx_exec_gpu_ops, NULL, &f->machine->work};

	make_gpu(f, (struct agx_exec_gpu_config){.threads = threads});
	starts.gpu = f->gpu;
	return bench_measure(bench_now, start, &starts, 5);
}

struct counting {
	unsigned int threads;
};

static void *count(void *data)
{
	volatile unsigned int n = *(const unsigned int *)data;

	while (n)
		n--;
	return NULL;
}

/* What the machine gives to threads that have nothing to do with each other. */
static void count_together(void *data)
{
	const struct counting *counting = data;
	unsigned int each = 40000000 / counting->threads;
	pthread_t ids[AGX_POOL_MAX];

	for (unsigned int i = 1; i < counting->threads; i++)
		bench_check(-pthread_create(&ids[i], NULL, count, &each), "thread");
	count(&each);
	for (unsigned int i = 1; i < counting->threads; i++)
		pthread_join(ids[i], NULL);
}

static double measure_counting(unsigned int threads)
{
	struct counting counting = {threads};

	return bench_measure(bench_now, count_together, &counting, 3);
}

static void scaling(struct fixture *f)
{
	const unsigned int cpus = agx_pool_default();
	double one, plain;

	assemble(f, CODE,
		 "ldimm r4, 1000\nagain:\nisub r4, r4, 1\niadd r5, r5, r4\nxor r6, r5, r4\n"
		 "if r4, 0, 1, ine\njmp_any again\npop_exec 1\nstop\n");
	put_list(f, 0, false);
	*put_launch(cdm_words(f), 1024 * 32, 1, 1, 32, 1, 1) = 2u << 29;
	one = measure_work(f, 1);
	plain = measure_counting(1);
	printf("%-44s %9.2f ms\n", "1024 groups, 1 thread", one / 1e6);
	for (unsigned int threads = 2; threads <= 2 * cpus && threads <= AGX_POOL_MAX;
	     threads *= 2) {
		const double each = measure_work(f, threads);
		const double possible = plain / measure_counting(threads);

		printf("1024 groups, %2u threads on %2u processors     %9.2f ms %7.2f x, "
		       "a plain loop %.2f x\n",
		       threads, cpus, each / 1e6, one / each, possible);
	}
}

/* --- From the ioctl to the fence --- */

struct client {
	struct gpu_client gpu;
	struct client_compute command;
	uint32_t syncobj;
};

static uint8_t *map_page(struct gpu_client *client, uint32_t handle)
{
	struct drm_asahi_gem_mmap_offset args = {.handle = handle};
	struct agx_mmap map;
	uint8_t *memory;

	bench_check(agx_file_ioctl(client->file, DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET, (uintptr_t)&args),
		    "GEM_MMAP_OFFSET");
	bench_check(agx_file_mmap(client->file, args.offset, BENCH_PAGE, &map), "mmap");
	memory = mmap(NULL, BENCH_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, map.fd,
		      (off_t)map.offset);
	bench_check(memory == MAP_FAILED ? -errno : 0, "mmap");
	agx_bo_put(map.bo);
	return memory;
}

/* A launch of one thread; list and program as in the fixture. */
static void write_launch(struct client *client, const struct fixture *f)
{
	uint8_t *streams = map_page(&client->gpu, client->gpu.streams);
	uint8_t *programs = map_page(&client->gpu, client->gpu.programs);
	const uint32_t code = CODE_AT;

	*put_launch((uint32_t *)(streams + STREAM_AT), 1, 1, 1, 1, 1, 1) = 2u << 29;
	((uint32_t *)(streams + STREAM_AT))[1] = LIST_AT;
	/* Without the uniforms. */
	memcpy(programs + LIST_AT, (uint8_t *)words(f->machine, LIST) + 8, 16);
	memcpy(programs + LIST_AT + 6, &code, sizeof(code));
	memcpy(programs + CODE_AT, words(f->machine, CODE), 64);
	munmap(streams, BENCH_PAGE);
	munmap(programs, BENCH_PAGE);
	client->command = client_compute();
	client->command.compute.cdm_ctrl_stream_base = CLIENT_STREAMS + STREAM_AT;
	client->command.compute.cdm_ctrl_stream_end = CLIENT_STREAMS + STREAM_AT + 40;
}

static void round_trip(void *data)
{
	struct client *client = data;

	bench_check(gpu_client_submit(&client->gpu, client->gpu.queue, &client->command,
				      sizeof(client->command), 0, client->syncobj),
		    "SUBMIT");
	bench_check(gpu_client_wait(&client->gpu, client->syncobj, INT64_MAX), "SYNCOBJ_WAIT");
}

static double measure_round_trip(const struct fixture *f, enum agx_exec exec,
				 uint64_t (*clock)(void))
{
	const struct agx_node_config config = {.exec = exec};
	struct agx_node_stats stats;
	struct agx_node *node;
	struct client client;
	double each;

	bench_check(agx_node_create(&config, &node), "node");
	gpu_client_init(&client.gpu, node);
	client.syncobj = gpu_client_syncobj(&client.gpu);
	write_launch(&client, f);
	each = bench_measure(clock, round_trip, &client, 2000);
	agx_node_stats(node, &stats);
	bench_check(stats.faults || stats.timeouts ? -EIO : 0, "launch");
	gpu_client_finish(&client.gpu);
	agx_node_destroy(node);
	return each;
}

static void round_trips(struct fixture *f)
{
	double none, full;

	assemble(f, CODE, "stop\n");
	put_list(f, 0, false);
	none = measure_round_trip(f, AGX_EXEC_NONE, bench_now);
	full = measure_round_trip(f, AGX_EXEC_FULL, bench_now);
	printf("%-44s %9.0f ns\n", "submission, until its fence, not executed", none);
	printf("%-44s %9.0f ns %7.2f x\n", "executed: an empty launch", full, full / none);
	none = measure_round_trip(f, AGX_EXEC_NONE, bench_cpu_now);
	full = measure_round_trip(f, AGX_EXEC_FULL, bench_cpu_now);
	printf("%-44s %9.0f ns\n", "processor time, not executed", none);
	printf("%-44s %9.0f ns %7.2f x\n", "executed", full, full / none);
}

int main(void)
{
	void *state = NULL;

	set_up_fixture(&state);
	empty_launches(state);
	round_trips(state);
	scaling(state);
	tear_down_fixture(&state);
	return 0;
}
