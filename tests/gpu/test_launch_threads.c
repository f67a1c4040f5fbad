// SPDX-License-Identifier: MIT
/* Launches on several threads of the host, in other orders, and what is told of them. */
#include "launch_fixture.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group_order.h"
#include "page_set.h"
#include "pool.h"
#include "program.h"

#define THREADS 4

/* Each thread of a 4096 counts to 40 and stores what it has come to, so that it takes a while. */
#define SUMS                                                                         \
	"mov r8, sr80\nldimm r4, 40\nldimm r5, 0\n"                                  \
	"again:\nisub r4, r4, 1\niadd r5, r5, r8\nif r4, 0, 1, ine\njmp_any again\n" \
	"pop_exec 1\nstore r5, du0, r8, i32, x, a\nstop\n"
#define SUMS_THREADS 4096

static void put_program(struct fixture *f, const char *text, uint32_t threads, uint32_t local)
{
	memset(words(f->machine, CODE), 0, 0x800);
	assemble(f, CODE, text);
	put_list(f, 0, false);
	*put_launch(cdm_words(f), threads, 1, 1, local, 1, 1) = 2u << 29;
}

static void run_sums(struct fixture *f)
{
	put_program(f, SUMS, SUMS_THREADS, 32);
	clear_results(f);
	run_well(f);
	for (uint32_t i = 0; i < SUMS_THREADS; i++)
		assert_int_equal(results(f)[i], 40 * i);
}

static void threads_share_groups(void **state)
{
	static const uint64_t slices[] = {0, 1, 3000, 100000};
	struct fixture *f = *state;

	for (unsigned int threads = 0; threads <= AGX_POOL_MAX; threads += 2) {
		for (size_t i = 0; i < sizeof(slices) / sizeof(*slices); i++) {
			make_gpu(f, (struct agx_exec_gpu_config){.threads = threads,
								 .slice = slices[i]});
			run_sums(f);
			ids_of_cut_groups(state);
		}
	}
}

/* Every thread of the grid adds to one word, and to one of threadgroup memory without a barrier between. */
static void atomics_of_threads(void **state)
{
	struct fixture *f = *state;

	make_gpu(f, (struct agx_exec_gpu_config){.threads = THREADS, .slice = 20000});
	put_program(f,
		    "ldimm r4, 20\nldimm r2, 1\n"
		    "again:\natomic r1, r2, du0, 0, add, coherent1, a\nwait a\nisub r4, r4, 1\n"
		    "if r4, 0, 1, ine\njmp_any again\npop_exec 1\nstop\n",
		    10000, 64);
	for (unsigned int i = 0; i < 10; i++) {
		*words(f->machine, BUFFER) = 0;
		run_well(f);
		assert_int_equal(results(f)[0], 200000);
	}
}

/* Groups from 37 on access memory that is not there, each another page; the first of them is told. */
static void first_fault_counts(void **state)
{
	struct fixture *f = *state;

	put_program(
		f,
		"mov r8, sr0\nldimm r4, 200\n"
		"again:\nisub r4, r4, 1\nif r4, 0, 1, ine\njmp_any again\npop_exec 1\n"
		"ldimm r2, 0\nldimm r3, 4096\nif r8, 36, 1, ugt\nimadd r2, r8, r3, 0\npop_exec 1\n"
		"store r8, du0, r2, i32, x, a\nstop\n",
		128 * 32, 32);
	*(uint64_t *)words(f->machine, ROOT) = BUFFER;
	for (unsigned int threads = 1; threads <= THREADS; threads++) {
		make_gpu(f, (struct agx_exec_gpu_config){.threads = threads, .slice = 5000});
		for (unsigned int i = 0; i < 10; i++) {
			struct agx_gpu_fault fault = {0};

			assert_int_equal(run_gpu(f, &fault, 100000), AGX_GPU_FAULTED);
			assert_true(fault.address == BUFFER + 37 * 4096 * 4);
			assert_false(fault.read);
			agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
		}
		run_sums(f);
		put_program(
			f,
			"mov r8, sr0\nldimm r4, 200\n"
			"again:\nisub r4, r4, 1\nif r4, 0, 1, ine\njmp_any again\npop_exec 1\n"
			"ldimm r2, 0\nldimm r3, 4096\nif r8, 36, 1, ugt\nimadd r2, r8, r3, 0\npop_exec 1\n"
			"store r8, du0, r2, i32, x, a\nstop\n",
			128 * 32, 32);
	}
}

/* One group never ends; the others do, then nothing gets on. */
static void one_endless_group(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};

	make_gpu(f,
		 (struct agx_exec_gpu_config){.threads = THREADS, .slice = 5000, .limit = 60000});
	put_program(
		f,
		"mov r8, sr0\nldimm r4, 50\n"
		"again:\nisub r4, r4, 1\niadd r5, r4, 0\nif r8, 3, 1, ieq\nldimm r5, 1\npop_exec 1\n"
		"if r5, 0, 1, ine\njmp_any again\npop_exec 1\n"
		"store r8, du0, r8, i32, x, a\nstop\n",
		64 * 32, 32);
	clear_results(f);
	assert_int_equal(run_gpu(f, &fault, 100000), AGX_GPU_BUSY);
	assert_false(agx_exec_gpu_computing(f->gpu));
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(results(f)[i], i);
	assert_int_equal(results(f)[3], UINT32_MAX);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	run_sums(f);
}

/* SIMD groups of a threadgroup get on beside each other; so do threadgroups, with threads. */
#define WAIT_FOR_NEXT                                                                                 \
	"isub r1, r1, 1\nif r1, r8, 1, ine\niadd r4, r8, 1\n"                                         \
	"again:\nload r5, du0, r4, i32, x, a\nwait a\nif r5, 77, 1, ine\njmp_any again\npop_exec 1\n" \
	"pop_exec 1\nldimm r6, 77\nstore r6, du0, r8, i32, x, a\nstop\n"

static void waiting_for_each_other(void **state)
{
	struct fixture *f = *state;

	make_gpu(f, (struct agx_exec_gpu_config){.threads = 1, .slice = 10000});
	put_program(f, "mov r8, sr53\nldimm r1, 32\n" WAIT_FOR_NEXT, 1024, 1024);
	clear_results(f);
	run_well(f);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(results(f)[i], 77);

	make_gpu(f, (struct agx_exec_gpu_config){.threads = THREADS, .slice = 100000});
	put_program(f, "mov r8, sr0\nldimm r1, 4\n" WAIT_FOR_NEXT, 4 * 32, 32);
	clear_results(f);
	run_well(f);
	for (uint32_t i = 0; i < THREADS; i++)
		assert_int_equal(results(f)[i], 77);
	assert_int_equal(results(f)[THREADS], UINT32_MAX);
}

static void forks(void **state)
{
	struct fixture *f = *state;
	int status;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	skip(); /* it does not let the child have threads */
#endif
	make_gpu(f, (struct agx_exec_gpu_config){.threads = THREADS, .slice = 20000});
	for (unsigned int i = 0; i < 3; i++) {
		run_sums(f);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			alarm(60);
			run_sums(f);
			make_gpu(f, (struct agx_exec_gpu_config){.threads = THREADS});
			run_sums(f);
			agx_exec_gpu_destroy(f->gpu);
			_exit(0);
		}
		run_sums(f);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

static void count_work(void *data, unsigned int index)
{
	_Atomic unsigned int *counts = data;

	counts[index]++;
}

static void pools(void **state)
{
	_Atomic unsigned int counts[AGX_POOL_MAX] = {0};
	struct agx_pool *pool = agx_pool_new();

	(void)state;
	assert_in_range(agx_pool_default(), 1, AGX_POOL_MAX);
	assert_non_null(pool);
	for (unsigned int i = 1; i <= 2000; i++)
		agx_pool_run(pool, i % (AGX_POOL_MAX + 1), count_work, counts);
	assert_int_equal(counts[0], 2000);
	for (unsigned int i = 1; i < AGX_POOL_MAX; i++)
		assert_true(counts[i] <= 2000);
	agx_pool_free(pool);
	agx_pool_free(agx_pool_new());
	agx_pool_free(NULL);
}

/* --- Order --- */

static void orders_are_permutations(void **state)
{
	uint8_t seen[1024];
	unsigned int moved = 0;

	(void)state;
	for (uint64_t count = 1; count <= 1024; count += count < 70 ? 1 : 53) {
		for (uint64_t seed = 0; seed < 3; seed++) {
			memset(seen, 0, sizeof(seen));
			for (uint64_t i = 0; i < count; i++) {
				const uint64_t at = agx_order_at(seed, count, i);

				assert_true(at < count);
				assert_int_equal(seen[at]++, 0);
				moved += at != i;
			}
		}
	}
	assert_true(moved > 10000);
	assert_true(agx_order_at(1, UINT64_MAX, UINT64_MAX - 1) < UINT64_MAX);
	assert_true(agx_order_at(1, 1ull << 63, 5) != agx_order_at(2, 1ull << 63, 5));
}

static void any_order_gives_the_same(void **state)
{
	struct fixture *f = *state;

	for (uint64_t seed = 1; seed < 20; seed++) {
		make_gpu(f, (struct agx_exec_gpu_config){
				    .order = seed,
				    .threads = seed % 2 ? 1 : THREADS,
				    .slice = seed % 3 ? 10000 : 0,
			    });
		run_sums(f);
		ids_of_cut_groups(state);

		/* Threadgroup memory with a barrier, in eight SIMD groups. */
		assemble(f, CODE,
			 "mov r9, sr51\nmov r8, sr80\niadd r2, 0, r9, lsl 2\n"
			 "lstore r8, r2l, 0, i32, x\nbarrier\nldimm r6, 1020\n"
			 "lload r1, r6l, 0, i32, x\nbarrier\nlstore r1, r2l, 0, i32, x\nbarrier\n"
			 "lload r1, r2l, 0, i32, x\nstore r1, du0, r8, i32, x, a\nstop\n");
		put_list(f, 4, false);
		*put_launch(cdm_words(f), 1024, 1, 1, 256, 1, 1) = 2u << 29;
		clear_results(f);
		run_well(f);
		for (uint32_t i = 0; i < 1024; i++)
			assert_int_equal(results(f)[i], i / 256 * 256 + 255);
	}
}

/* The last that writes wins: who that is depends on the order, and on nothing else. */
static unsigned int count_winners(struct fixture *f, const char *text, uint32_t local)
{
	unsigned int differ = 0;
	uint32_t first = 0;

	put_program(f, text, 16 * 32, local);
	for (uint64_t seed = 0; seed < 20; seed++) {
		uint32_t winner = 0;

		for (unsigned int i = 0; i < 3; i++) {
			make_gpu(f, (struct agx_exec_gpu_config){
					    .threads = 1, .order = seed, .slice = i ? 7 * i : 0});
			run_well(f);
			if (i)
				assert_int_equal(results(f)[0], winner);
			winner = results(f)[0];
		}
		if (!seed)
			assert_int_equal(winner, 15);
		differ += winner != first;
		first = winner;
	}
	return differ;
}

static void races_show(void **state)
{
	struct fixture *f = *state;

	assert_true(count_winners(f, "mov r8, sr0\nstore r8, du0, 0, i32, x, a\nstop\n", 32) > 10);
	assert_true(count_winners(f, "mov r8, sr53\nstore r8, du0, 0, i32, x, a\nstop\n", 512) >
		    10);
	/* After a barrier, where slots are shuffled, and between turns. */
	assert_true(count_winners(f, "mov r8, sr53\nbarrier\nstore r8, du0, 0, i32, x, a\nstop\n",
				  512) > 10);
	assert_true(count_winners(f,
				  "mov r8, sr53\nldimm r4, 30\nagain:\nisub r4, r4, 1\n"
				  "if r4, 0, 1, ine\njmp_any again\npop_exec 1\n"
				  "store r8, du0, 0, i32, x, a\nstop\n",
				  512) > 10);
}

/* --- What is told --- */

struct told {
	struct agx_exec_written written[32];
	struct agx_exec_launch launched[8];
	unsigned int pages, launches, pages_before[8];
	uint32_t instructions;
};

static void note_written(void *cookie, const struct agx_exec_written *written)
{
	struct told *told = cookie;

	assert_in_range(told->pages, 0, 31);
	told->written[told->pages++] = *written;
}

static void note_launch(void *cookie, const struct agx_exec_launch *launch)
{
	struct told *told = cookie;

	assert_in_range(told->launches, 0, 7);
	told->pages_before[told->launches] = told->pages;
	told->launched[told->launches++] = *launch;
	told->instructions = launch->program->count;
}

static void make_told(struct fixture *f, struct told *told, struct agx_exec_gpu_config config)
{
	*told = (struct told){0};
	config.written = note_written;
	config.launched = note_launch;
	config.hook_cookie = told;
	make_gpu(f, config);
}

static void assert_page(const struct told *told, unsigned int index, uint64_t address,
			uint32_t launch)
{
	const struct agx_exec_written *written = &told->written[index];

	assert_true(written->address == address);
	assert_int_equal(written->context, CONTEXT);
	assert_int_equal(written->launch, launch);
	assert_true(written->shader == CODE && written->list == LIST);
}

static void add_executed(void *cookie, uint64_t operations)
{
	uint64_t *sum = cookie;

	*sum += operations;
}

/* Of one launch of 256 threads that count to loops, by so many threads of the host. */
static uint64_t cost(struct fixture *f, unsigned int loops, unsigned int threads, uint64_t slice,
		     uint64_t order)
{
	uint64_t sum = 0;
	char text[160];

	snprintf(text, sizeof(text),
		 "ldimm r4, %u\nagain:\nisub r4, r4, 1\nif r4, 0, 1, ine\njmp_any again\n"
		 "pop_exec 1\nstop\n",
		 loops);
	make_gpu(f, (struct agx_exec_gpu_config){.threads = threads,
						 .slice = slice,
						 .order = order,
						 .executed = add_executed,
						 .hook_cookie = &sum});
	put_program(f, text, 256, 32);
	run_well(f);
	make_gpu(f, (struct agx_exec_gpu_config){0});
	return sum;
}

/* More for more work, and the same however it is done. */
static void cost_of_work(void **state)
{
	struct fixture *f = *state;
	const uint64_t one = cost(f, 1, 1, 0, 0), many = cost(f, 1000, 1, 0, 0);

	assert_in_range(one, 512, 2048);
	/* Eight SIMD groups, three operations a turn. */
	assert_in_range(many - one, 999 * 3 * 8, 999 * 3 * 8);
	for (unsigned int threads = 1; threads <= THREADS; threads++) {
		assert_int_equal(cost(f, 1000, threads, 0, 0), many);
		assert_int_equal(cost(f, 1000, threads, 700, 0), many);
		assert_int_equal(cost(f, 1000, threads, 0, 7), many);
	}
}

/* Work that did not come to its end: what of it was done depends on the host. */
static void ends_cost_nothing(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};
	uint64_t sum = 0;

	make_gpu(f, (struct agx_exec_gpu_config){
			    .threads = THREADS, .executed = add_executed, .hook_cookie = &sum});
	put_program(f, "ldimm r2, 0x1000000\nstore r2, du0, r2, i32, x, a\nstop\n", 256, 32);
	assert_int_equal(run_gpu(f, &fault, 1000), AGX_GPU_FAULTED);
	assert_int_equal(sum, 0);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	make_gpu(f, (struct agx_exec_gpu_config){0});
}

/* Two launches, the second with a preamble that writes elsewhere; an empty one between them. */
static void launches_are_told(void **state)
{
	struct fixture *f = *state;
	struct told told;
	uint32_t *at;

	for (unsigned int threads = 1; threads <= THREADS; threads += 3) {
		make_told(f, &told,
			  (struct agx_exec_gpu_config){.threads = threads, .slice = 20000});
		assemble(f, PRELUDE, "ldimm r8, 77\nmov u4, r8\nstop\n");
		assemble(f, CODE,
			 "mov r8, sr80\nload r1, du0, r8, i32, x, a\n"
			 "store r8, du0, r8, i32, x, a\nstore r8, du0, r8, i32, x, a\nstop\n");
		put_list(f, 0, true);
		at = put_launch(cdm_words(f), 3 * 4096, 1, 1, 48, 1, 1);
		at = put_launch(at, 0, 1, 1, 1, 1, 1);
		*put_launch(at, 10, 1, 1, 64, 1, 1) = 2u << 29;
		*(uint64_t *)words(f->machine, ROOT) = BUFFER;
		run_well(f);

		assert_int_equal(told.launches, 2);
		assert_int_equal(told.pages, 4);
		for (unsigned int i = 0; i < 3; i++)
			assert_page(&told, i, BUFFER + i * PAGE, 0);
		assert_page(&told, 3, BUFFER, 2);
		assert_int_equal(told.pages_before[0], 3);
		assert_int_equal(told.pages_before[1], 4);
		for (unsigned int i = 0; i < 2; i++) {
			const struct agx_exec_launch *launch = &told.launched[i];
			const uint64_t count = i ? 10 : 3 * 4096, groups = i ? 1 : 256;

			assert_int_equal(launch->result, AGX_EXEC_LAUNCH_DONE);
			assert_int_equal(launch->place.kind, AGX_GPU_AT_LAUNCH);
			assert_int_equal(launch->place.number, 2 * i);
			assert_true(launch->place.shader == CODE && launch->preshader == PRELUDE);
			assert_true(launch->size[0] == count && launch->local[0] == (i ? 64 : 48));
			assert_int_equal(launch->groups, groups + 1);
			assert_int_equal(launch->simds, (i ? 1 : 512) + 1);
			/* stop is where a program ends, and not passed. */
			assert_int_equal(launch->operations, (i ? 1 : 512) * 4 + 2);
			assert_int_equal(launch->traffic.loads, count);
			assert_int_equal(launch->traffic.stores, 2 * count);
			assert_int_equal(launch->traffic.bytes_loaded, 4 * count);
			assert_int_equal(launch->traffic.bytes_stored, 8 * count);
			assert_true(launch->traffic.tlb_misses > 0);
			assert_non_null(launch->preamble);
		}
		assert_int_equal(told.instructions, 5);
	}
}

static void ends_are_told(void **state)
{
	struct fixture *f = *state;
	struct agx_gpu_fault fault = {0};
	struct told told;

	/* The first group writes, the second has a trap. */
	make_told(f, &told, (struct agx_exec_gpu_config){.threads = 1});
	put_program(f,
		    "mov r8, sr0\nif r8, 1, 1, ieq\njmp_none over\ntrap\nover:\npop_exec 1\n"
		    "store r8, du0, 0, i32, x, a\nstop\n",
		    64, 32);
	assert_int_equal(run_gpu(f, &fault, 100), AGX_GPU_FAULTED);
	assert_int_equal(told.launches, 1);
	assert_int_equal(told.launched[0].result, AGX_EXEC_LAUNCH_FAULTED);
	assert_int_equal(told.pages, 1);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(told.launches, 1);

	make_told(f, &told, (struct agx_exec_gpu_config){.slice = 1000, .limit = 50000});
	put_program(f, "again:\nmov r1, r8\njmp_any again\nstop\n", 64, 64);
	assert_int_equal(run_gpu(f, &fault, 1000), AGX_GPU_BUSY);
	assert_int_equal(told.launched[0].result, AGX_EXEC_LAUNCH_HUNG);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(told.launches, 1);
	assert_int_equal(run_gpu(f, &fault, 3), AGX_GPU_BUSY);
	agx_exec_gpu_ops.stop(f->gpu, AGX_GPU_COMPUTE);
	assert_int_equal(told.launches, 2);
	assert_int_equal(told.launched[1].result, AGX_EXEC_LAUNCH_STOPPED);
}

static void page_sets(void **state)
{
	struct page_set set = {0}, other = {0};
	const uint64_t *pages;

	(void)state;
	for (uint64_t i = 0; i < 5000; i++)
		page_set_add(&set, (i * 7919 % 3000) << 14);
	assert_int_equal(set.count, 3000);
	page_set_add(&other, 0);
	page_set_add(&other, 5000ull << 14);
	page_set_merge(&set, &other);
	assert_int_equal(set.count, 3001);
	pages = page_set_sort(&set);
	for (uint64_t i = 0; i < 3000; i++)
		assert_true(pages[i] == i << 14);
	assert_true(pages[3000] == 5000ull << 14);
	page_set_clear(&set);
	page_set_add(&set, 1ull << 14);
	assert_int_equal(set.count, 1);
	assert_true(page_set_sort(&set)[0] == 1ull << 14);
	page_set_free(&set);
	page_set_free(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_fixture, tear_down_fixture)
	static const struct CMUnitTest tests[] = {
		TEST(threads_share_groups),
		TEST(atomics_of_threads),
		TEST(first_fault_counts),
		TEST(one_endless_group),
		TEST(waiting_for_each_other),
		TEST(forks),
		cmocka_unit_test(pools),
		cmocka_unit_test(orders_are_permutations),
		TEST(any_order_gives_the_same),
		TEST(races_show),
		TEST(launches_are_told),
		TEST(ends_are_told),
		TEST(cost_of_work),
		TEST(ends_cost_nothing),
		cmocka_unit_test(page_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
