// SPDX-License-Identifier: MIT
/*
 * What the driver makes of a firmware and a GPU that misbehave. Each case injects one thing into a
 * node with two clients and says what becomes of the culprit's commands; the other client's must
 * all succeed, and afterwards both must get on as if nothing had been, with nothing leaked and no
 * finding against the driver. Each runs on one SoC of each firmware variant.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_node.h"
#include "gpu_client.h"

#define MS       1000000ull
#define COMMANDS 6

/* How long, in the node's time, until everything must have ended. */
#define PATIENCE (30000 * MS)

enum kind {
	COMPUTE,
	RENDER,
};

struct scenario {
	const char *rules;
	enum kind kind;
	/* What becomes of the culprit's commands; 0: success. */
	int status[COMMANDS];
	/* The second client's; the firmware's death hits everybody. */
	int others[COMMANDS];
	unsigned int restarts;
};

#define NODEV 19
#define FAULT 5
#define TIMED 110

static const struct scenario scenarios[] = {
	/* Messages: nothing may happen to anybody. */
	{.rules = "late=50@1"},
	{.rules = "late=400@2/2"},
	{.rules = "lose@1"},
	{.rules = "lose@1/2"},
	{.rules = "lose@1/1"},
	{.rules = "twice@1/1"},
	{.rules = "swap@1/3"},
	{.rules = "garble@1"},
	{.rules = "garble@2/2"},
	{.rules = "late-event=50@1"},
	{.rules = "lose-event@1"},
	{.rules = "lose-event@1/1"},
	{.rules = "twice-event@1/1"},
	{.rules = "swap-event@1/2"},
	{.rules = "garble-event@1"},
	{.rules = "garble-event@1/1"},
	{.rules = "storm=5000@1"},
	{.rules = "lose-doorbell@2"},
	{.rules = "lose-doorbell@3"},
	{.rules = "lose-doorbell@1/4"},
	{.rules = "stall=300@3"},
	{.rules = "lose@2", .kind = RENDER},
	{.rules = "lose-event@2", .kind = RENDER},
	{.rules = "twice-event@1/1", .kind = RENDER},
	{.rules = "stall=300@5", .kind = RENDER},
	{.rules = "storm=5000@2", .kind = RENDER},
	/* Commands: the culprit's alone. */
	{.rules = "fault=compute@3", .status = {0, 0, -FAULT}},
	{.rules = "fault=vertex@2", .kind = RENDER, .status = {0, -FAULT}},
	{.rules = "fault=fragment@2", .kind = RENDER, .status = {0, -FAULT}},
	{.rules = "fault=compute@1/2",
	 .status = {-FAULT, 0, -FAULT, 0, -FAULT, 0},
	 .others = {-FAULT, 0, -FAULT, 0, -FAULT, 0}},
	{.rules = "stick=compute@2", .status = {0, -TIMED}},
	{.rules = "stick=vertex@1", .kind = RENDER, .status = {-TIMED}},
	{.rules = "stick=fragment@3", .kind = RENDER, .status = {0, 0, -TIMED}},
	/* Memory for vertices runs out: a partial render, no error. */
	{.rules = "overflow@1", .kind = RENDER},
	{.rules = "overflow@1/1", .kind = RENDER},
	{.rules = "grow@1", .kind = RENDER},
	{.rules = "grow@1/1", .kind = RENDER},
	/* Several at once. */
	{.rules = "fault=compute@2,lose@2,late-event=30@3", .status = {0, -FAULT}},
	{.rules = "stick=compute@2,lose-event@3,twice@1/1", .status = {0, -TIMED}},
	/* The firmware's death. */
	{.rules = "crash-boot",
	 .status = {-NODEV, -NODEV, -NODEV, -NODEV, -NODEV, -NODEV},
	 .others = {-NODEV, -NODEV, -NODEV, -NODEV, -NODEV, -NODEV},
	 .restarts = 1},
	{.rules = "crash=compute@2", .status = {0, -NODEV}, .restarts = 1},
	{.rules = "crash=vertex@2", .kind = RENDER, .status = {0, -NODEV}, .restarts = 1},
	{.rules = "crash=fragment@1", .kind = RENDER, .status = {-NODEV}, .restarts = 1},
	{.rules = "crash-idle@2", .restarts = 1},
};

static const struct {
	const char *gpu, *firmware;
} machines[] = {
	{"t8103", "12.3"}, {"t8112", "12.4"}, {"t6002", "13.5"},
	{"t8112", "13.5"}, {"t6021", "13.5"},
};

struct bench {
	struct agx_node *node;
	uint64_t now;
	unsigned int findings, leaks, reports;
	const struct scenario *scenario;
};

static uint64_t now(void *data)
{
	return ((struct bench *)data)->now;
}

static void log_line(void *data, enum agx_node_log_level level, const char *message)
{
	struct bench *bench = data;

	(void)level;
	if (getenv("TEST_VERBOSE"))
		print_message("node: %s\n", message);
	/* As the driver reports a command that has failed by itself. */
	if (strstr(message, "ends with E"))
		bench->reports++;
	/* What a heap says when it goes and somebody still has memory of it. */
	if (strstr(message, "objects were not freed"))
		bench->leaks++;
}

static void finding(void *data, const struct agx_node_finding *what)
{
	struct bench *bench = data;

	if (!bench->findings++)
		print_error("%s: finding %d %s: %s\n", bench->scenario->rules, what->id, what->name,
			    what->text);
}

/* Submits one command of the kind; the syncobj that its fence goes to. */
static uint32_t submit(struct gpu_client *client, enum kind kind)
{
	uint32_t out = gpu_client_syncobj(client);
	struct client_compute compute = client_compute();
	struct client_render render = client_render(64, 64);
	long ret;

	if (kind == COMPUTE)
		ret = gpu_client_submit(client, client->queue, &compute, sizeof(compute), 0, out);
	else
		ret = gpu_client_submit(client, client->queue, &render, sizeof(render), 0, out);
	assert_int_equal(ret, 0);
	return out;
}

/* Lets time go by until the fence has signalled; its error. */
static int finish(struct bench *bench, struct gpu_client *client, uint32_t syncobj)
{
	const uint64_t end = bench->now + PATIENCE;

	while (bench->now < end) {
		int status = gpu_client_status(client, syncobj);

		if (status <= 0)
			return status;
		bench->now += 5 * MS;
		agx_node_step(bench->node);
	}
	return 1;
}

static void check(struct bench *bench, struct gpu_client *client, const uint32_t *syncobjs,
		  const int *expected, const char *who)
{
	for (unsigned int i = 0; i < COMMANDS; i++) {
		int status = finish(bench, client, syncobjs[i]);

		if (status != expected[i])
			print_error("%s: %s command %u ended with %d, expected %d\n",
				    bench->scenario->rules, who, i + 1, status, expected[i]);
		assert_int_equal(status, expected[i]);
	}
}

/* Does a command of the culprit's end so? */
static bool has(const struct scenario *scenario, int status)
{
	for (unsigned int i = 0; i < COMMANDS; i++)
		if (scenario->status[i] == status)
			return true;
	return false;
}

static void run(struct bench *bench, const struct scenario *scenario, size_t machine)
{
	struct agx_node_config config = {
		.gpu = machines[machine].gpu,
		.firmware = machines[machine].firmware,
		.memory_limit = 1ull << 30,
		.single_step = true,
		.now = now,
		.now_data = bench,
		.finding = finding,
		.finding_data = bench,
		.inject = scenario->rules,
		.log = log_line,
		.log_data = bench,
	};
	uint32_t culprits[COMMANDS], others[COMMANDS];
	const int good[COMMANDS] = {0};
	struct gpu_client culprit, other;
	struct agx_node_stats stats;
	unsigned int i;

	*bench = (struct bench){.now = 1000 * MS, .scenario = scenario};
	assert_int_equal(agx_node_create(&config, &bench->node), 0);
	gpu_client_init(&culprit, bench->node);
	gpu_client_init(&other, bench->node);
	for (i = 0; i < COMMANDS; i++)
		culprits[i] = submit(&culprit, scenario->kind);
	for (i = 0; i < COMMANDS; i++)
		others[i] = submit(&other, scenario->kind);
	check(bench, &culprit, culprits, scenario->status, "the culprit's");
	check(bench, &other, others, scenario->others, "the other's");

	/* Without the rules that strike for ever there would be nothing left to say. */
	if (!strchr(scenario->rules, '/')) {
		for (i = 0; i < COMMANDS; i++) {
			culprits[i] = submit(&culprit, i % 2 ? RENDER : COMPUTE);
			others[i] = submit(&other, i % 2 ? COMPUTE : RENDER);
		}
		check(bench, &culprit, culprits, good, "the culprit's later");
		check(bench, &other, others, good, "the other's later");
	}
	agx_node_stats(bench->node, &stats);
	assert_int_equal(stats.restarts, scenario->restarts);
	assert_int_equal(bench->findings, 0);
	assert_true(stats.injected > 0);
	assert_int_equal(stats.faults != 0, has(scenario, -FAULT));
	assert_int_equal(stats.timeouts != 0, has(scenario, -TIMED));
	assert_int_equal(bench->reports != 0, has(scenario, -FAULT) || has(scenario, -TIMED));
	assert_int_equal(stats.completed_submits, stats.submits);

	gpu_client_finish(&culprit);
	gpu_client_finish(&other);
	agx_node_stats(bench->node, &stats);
	assert_int_equal(stats.live_bos, 0);
	assert_int_equal(stats.live_vms, 0);
	assert_int_equal(stats.live_queues, 0);
	assert_int_equal(stats.live_syncobjs, 0);
	agx_node_destroy(bench->node);
	assert_int_equal(bench->leaks, 0);
}

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))
#define MACHINES  (sizeof(machines) / sizeof(machines[0]))

static void test_scenario(void **state)
{
	const size_t index = (size_t)(uintptr_t)*state;
	struct bench bench;

	run(&bench, &scenarios[index % SCENARIOS], index / SCENARIOS);
}

int main(void)
{
	static struct CMUnitTest tests[SCENARIOS * MACHINES];
	static char names[SCENARIOS * MACHINES][96];

	for (size_t i = 0; i < SCENARIOS * MACHINES; i++) {
		snprintf(names[i], sizeof(names[i]), "%s %s %s%s", machines[i / SCENARIOS].gpu,
			 machines[i / SCENARIOS].firmware, scenarios[i % SCENARIOS].rules,
			 scenarios[i % SCENARIOS].kind == RENDER ? " (render)" : "");
		tests[i] = (struct CMUnitTest){
			.name = names[i],
			.test_func = test_scenario,
			.initial_state = (void *)(uintptr_t)i,
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
