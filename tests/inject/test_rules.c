// SPDX-License-Identifier: MIT
/*
 * The rules of fault injection by themselves: what is accepted, and what each does to what passes.
 * What the driver makes of it is test_recovery.c's subject.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_gpu.h"
#include "agx_inject.h"
#include "mailbox.h"

#define MAX_MAIL 16

struct bench {
	struct agx_inject *inject;
	struct agx_firmware_config config;
	struct agx_firmware *firmware;
	uint64_t mail[MAX_MAIL];
	unsigned int mails;
	uint64_t now;
	unsigned int starts, stops;
};

static uint64_t ram[0x10000];

static void *translate(void *cookie, uint64_t pa, uint64_t size)
{
	(void)cookie;
	return pa < sizeof(ram) && size <= sizeof(ram) - pa ? (uint8_t *)ram + pa : NULL;
}

static void receive(void *cookie, uint64_t word0, uint64_t word1)
{
	struct bench *bench = cookie;

	(void)word1;
	assert_true(bench->mails < MAX_MAIL);
	bench->mail[bench->mails++] = word0;
}

static uint64_t ticks(void *cookie)
{
	return ((struct bench *)cookie)->now;
}

static void gpu_start(void *gpu, const struct agx_gpu_work *work)
{
	(void)work;
	((struct bench *)gpu)->starts++;
}

static enum agx_gpu_state gpu_state(void *gpu, enum agx_gpu_unit unit, struct agx_gpu_fault *fault)
{
	(void)gpu;
	(void)unit;
	(void)fault;
	return AGX_GPU_IDLE;
}

static void gpu_resume(void *gpu, const struct agx_gpu_tvb *tvb)
{
	(void)gpu;
	(void)tvb;
}

static void gpu_stop(void *gpu, enum agx_gpu_unit unit)
{
	(void)unit;
	((struct bench *)gpu)->stops++;
}

static uint32_t gpu_pages(void *gpu)
{
	(void)gpu;
	return 0;
}

static const struct agx_gpu_ops gpu_ops = {
	.start = gpu_start,
	.state = gpu_state,
	.resume = gpu_resume,
	.stop = gpu_stop,
	.tvb_pages = gpu_pages,
};

static void setup(struct bench *bench, const char *rules)
{
	char error[128];

	memset(bench, 0, sizeof(*bench));
	assert_int_equal(agx_inject_create(rules, &bench->inject, error, sizeof(error)), 0);
	bench->config = (struct agx_firmware_config){
		.variant = AGX_FW_VARIANT_G13_V13_5,
		.output_bits = 40,
		.ram = translate,
		.mailbox = receive,
		.clock = ticks,
		.cookie = bench,
		.gpu = &gpu_ops,
		.gpu_cookie = bench,
	};
	agx_inject_attach(bench->inject, &bench->config);
	assert_int_equal(agx_firmware_create(&bench->config, &bench->firmware), 0);
	agx_inject_firmware(bench->inject, bench->firmware);
}

static void teardown(struct bench *bench)
{
	agx_firmware_destroy(bench->firmware);
	agx_inject_destroy(bench->inject);
}

static void mail(struct bench *bench, uint64_t word0)
{
	bench->config.mailbox(bench->config.cookie, word0, AGX_EP_FIRMWARE);
}

static void expect_mail(struct bench *bench, unsigned int count, const uint64_t *words)
{
	assert_int_equal(bench->mails, count);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(bench->mail[i], words[i]);
}

static void test_accepted(void **state)
{
	static const char *const good[] = {
		"lose",       "late=5",       "late=5@3",        "twice@2/7",
		"fault",      "fault=vertex", "stick=compute@4", "storm=100,crash@3,lose-event/2",
		"crash-boot", "overflow@2",
	};
	struct agx_inject *inject;
	char error[128];

	(void)state;
	for (unsigned int i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(agx_inject_create(good[i], &inject, error, sizeof(error)), 0);
		agx_inject_destroy(inject);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *rules, *error;
	} bad[] = {
		{"", "no rule is called \"\""},
		{"loose", "no rule is called \"loose\""},
		{"los", "no rule is called \"los\""},
		{"late", "\"late\" needs an argument: late=MS"},
		{"late=x", "late=: expected a number up to 1000000000, got \"x\""},
		{"late=1000000001",
		 "late=: expected a number up to 1000000000, got \"1000000001\""},
		{"lose=3", "\"lose\" takes no argument"},
		{"fault=pixel@2", "fault=: expected vertex, fragment or compute, got \"pixel\""},
		{"lose@0", "lose@: expected a number from 1 to 1000000000"},
		{"lose@-1", "lose@: expected a number from 1 to 1000000000"},
		{"lose@1/0", "lose/: expected a number from 1 to 1000000000"},
		{"lose@1x", "lose: expected a comma, got \"x\""},
		{"lose,", "no rule is called \"\""},
		{"lose,,twice", "no rule is called \"\""},
		{"storm=99999999999999999999",
		 "storm=: expected a number up to 1000000000, got \"99999999999999999999\""},
	};
	struct agx_inject *inject;
	char error[128], many[33 * 5 + 1] = "";

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(agx_inject_create(bad[i].rules, &inject, error, sizeof(error)),
				 -22);
		assert_string_equal(error, bad[i].error);
	}
	for (unsigned int i = 0; i < 33; i++)
		strcat(many, i ? ",lose" : "lose");
	assert_int_equal(agx_inject_create(many, &inject, error, sizeof(error)), -22);
	assert_string_equal(error, "more than 32 rules");
}

/* Every rule has a name of its own, and a meaning. */
static void test_help(void **state)
{
	const struct agx_inject_rule_help *a, *b;

	(void)state;
	for (unsigned int i = 0; (a = agx_inject_rules(i)); i++) {
		assert_true(strlen(a->text) > 10);
		for (unsigned int j = 0; j < i; j++) {
			b = agx_inject_rules(j);
			assert_string_not_equal(a->name, b->name);
		}
	}
	assert_string_equal(agx_inject_rules(0)->name, "late");
}

static void test_lose(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "lose@2/3");
	for (uint64_t i = 1; i <= 9; i++)
		mail(&bench, i);
	expect_mail(&bench, 6, (uint64_t[]){1, 3, 4, 6, 7, 9});
	assert_int_equal(agx_inject_count(bench.inject), 3);
	teardown(&bench);
}

/* Messages of the system endpoints are not counted, nor changed. */
static void test_system_endpoints(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "lose@1");
	bench.config.mailbox(bench.config.cookie, 7, AGX_EP_MANAGEMENT);
	expect_mail(&bench, 1, (uint64_t[]){7});
	mail(&bench, 8);
	expect_mail(&bench, 1, (uint64_t[]){7});
	teardown(&bench);
}

static void test_twice_and_swap(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "twice@1,swap@2");
	mail(&bench, 1);
	mail(&bench, 2);
	expect_mail(&bench, 2, (uint64_t[]){1, 1});
	assert_int_equal(agx_inject_next(bench.inject), UINT64_MAX);
	mail(&bench, 3);
	assert_int_equal(agx_inject_next(bench.inject), 0);
	assert_int_equal(agx_inject_step(bench.inject, 100), 1);
	expect_mail(&bench, 4, (uint64_t[]){1, 1, 3, 2});
	teardown(&bench);
}

static void test_late(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "late=2@1");
	mail(&bench, 1);
	mail(&bench, 2);
	assert_int_equal(agx_inject_next(bench.inject), 48000);
	bench.now = 47999;
	assert_int_equal(agx_inject_step(bench.inject, 100), 0);
	expect_mail(&bench, 1, (uint64_t[]){2});
	bench.now = 48000;
	assert_int_equal(agx_inject_step(bench.inject, 100), 1);
	expect_mail(&bench, 2, (uint64_t[]){2, 1});
	teardown(&bench);
}

static void test_garble(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "garble");
	mail(&bench, 1);
	assert_int_equal(bench.mails, 1);
	assert_int_not_equal(bench.mail[0], 1);
	teardown(&bench);
}

static void test_events(void **state)
{
	struct agx_event_msg event = {.tag = AGX_EVENT_FLAG}, seen;
	struct bench bench;

	(void)state;
	setup(&bench, "lose-event@1,garble-event@2");
	seen = event;
	/* Other rings are not its business. */
	assert_true(bench.config.outgoing(bench.config.cookie, "ktrace", &seen, sizeof(seen)));
	assert_false(bench.config.outgoing(bench.config.cookie, "event", &seen, sizeof(seen)));
	assert_true(bench.config.outgoing(bench.config.cookie, "event", &seen, sizeof(seen)));
	assert_true(seen.tag > AGX_EVENT_MAX);
	seen = event;
	assert_true(bench.config.outgoing(bench.config.cookie, "event", &seen, sizeof(seen)));
	assert_memory_equal(&seen, &event, sizeof(seen));
	teardown(&bench);
}

static void test_doorbell(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "lose-doorbell@2");
	for (unsigned int i = 0; i < AGX_FIRMWARE_INBOX; i++)
		assert_int_equal(agx_inject_mailbox(bench.inject, 1, AGX_EP_DOORBELL), 0);
	/* One of them never arrived. */
	assert_int_equal(agx_inject_mailbox(bench.inject, 1, AGX_EP_DOORBELL), 0);
	assert_int_equal(agx_inject_mailbox(bench.inject, 1, AGX_EP_DOORBELL), -11);
	teardown(&bench);
}

static void test_stall(void **state)
{
	struct bench bench;

	(void)state;
	setup(&bench, "stall=1,twice,swap@2");
	mail(&bench, 1);
	mail(&bench, 2);
	mail(&bench, 3);
	assert_int_equal(agx_inject_mailbox(bench.inject, 1, AGX_EP_DOORBELL), 0);
	assert_int_equal(agx_inject_step(bench.inject, 10), 0);
	assert_int_equal(agx_inject_next(bench.inject), 24000);
	bench.now = 24000;
	assert_true(agx_inject_step(bench.inject, 10) > 0);
	expect_mail(&bench, 4, (uint64_t[]){1, 1, 3, 2});
	teardown(&bench);
}

static enum agx_gpu_state unit_state(struct bench *bench, enum agx_gpu_unit unit,
				     struct agx_gpu_fault *fault)
{
	return bench->config.gpu->state(bench->config.gpu_cookie, unit, fault);
}

static void start(struct bench *bench, enum agx_gpu_unit unit)
{
	struct agx_gpu_work work = {.unit = unit, .context = 5};

	bench->config.gpu->start(bench->config.gpu_cookie, &work);
}

static void test_units(void **state)
{
	struct agx_gpu_fault fault = {0};
	struct bench bench;

	(void)state;
	setup(&bench, "stick=compute@2,fault=vertex,overflow@2");
	start(&bench, AGX_GPU_COMPUTE);
	assert_int_equal(unit_state(&bench, AGX_GPU_COMPUTE, &fault), AGX_GPU_IDLE);
	start(&bench, AGX_GPU_VERTEX);
	start(&bench, AGX_GPU_COMPUTE);
	assert_int_equal(bench.starts, 1);
	assert_int_equal(unit_state(&bench, AGX_GPU_COMPUTE, &fault), AGX_GPU_BUSY);
	assert_int_equal(unit_state(&bench, AGX_GPU_VERTEX, &fault), AGX_GPU_FAULTED);
	assert_int_equal(fault.context, 5);
	assert_int_equal(fault.level, 3);
	assert_true(fault.read);
	bench.config.gpu->stop(bench.config.gpu_cookie, AGX_GPU_COMPUTE);
	bench.config.gpu->stop(bench.config.gpu_cookie, AGX_GPU_VERTEX);
	assert_int_equal(bench.stops, 2);
	assert_int_equal(unit_state(&bench, AGX_GPU_COMPUTE, &fault), AGX_GPU_IDLE);
	assert_int_equal(unit_state(&bench, AGX_GPU_VERTEX, &fault), AGX_GPU_IDLE);

	start(&bench, AGX_GPU_VERTEX);
	assert_int_equal(bench.starts, 2);
	assert_int_equal(unit_state(&bench, AGX_GPU_VERTEX, &fault), AGX_GPU_OVERFLOW);
	bench.config.gpu->resume(bench.config.gpu_cookie, &(struct agx_gpu_tvb){0});
	assert_int_equal(unit_state(&bench, AGX_GPU_VERTEX, &fault), AGX_GPU_IDLE);
	assert_int_equal(agx_inject_count(bench.inject), 3);
	teardown(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_lose),
		cmocka_unit_test(test_system_endpoints),
		cmocka_unit_test(test_twice_and_swap),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_garble),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_doorbell),
		cmocka_unit_test(test_stall),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
