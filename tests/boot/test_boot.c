// SPDX-License-Identifier: MIT
/*
 * The driver core and the model of the firmware together, on every SoC with every firmware. They
 * share RAM and the mailbox and nothing else; the model is a strict critic, and must have nothing
 * to say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agx_firmware.h"
#include "core_internal.h"
#include "machine.h"

#define PAGE      AGX_UAT_PAGE_SIZE
#define QUEUE_MAX 256
#define PUMP_MAX  100000

struct pair {
	struct machine machine; /* first: the platform's cookie points here */
	struct agx_core_config config;
	struct agx_core *core;
	struct agx_firmware *firmware;

	struct {
		uint64_t word0, word1;
	} queue[QUEUE_MAX]; /* to the driver */
	unsigned int queued;

	unsigned int findings, records, events;
	char finding[1024]; /* the first */
	struct agx_record record;
	char record_text[AGX_RTKIT_LINE];
	struct agx_core_event event;
	uint64_t transcript; /* of all lines */
	unsigned int lines;
	bool verbose;
	void (*damage)(struct pair *pair, unsigned int which); /* when the init data is built */
	unsigned int which;
	bool quiet; /* findings are expected */
};

/* --- The driver's side --- */

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	struct pair *pair = cookie;

	return agx_firmware_mailbox(pair->firmware, message, endpoint);
}

static int run(void *cookie, bool on)
{
	struct pair *pair = cookie;

	agx_firmware_run(pair->firmware, on);
	if (!on)
		pair->queued = 0; /* the mailbox is reset with the processor */
	return 0;
}

static void record(void *cookie, const struct agx_record *what)
{
	struct pair *pair = cookie;

	pair->records++;
	pair->record = *what;
	snprintf(pair->record_text, sizeof(pair->record_text), "%s", what->text);
	if (pair->verbose)
		fprintf(stderr, "%s: %s\n", agx_record_source_name(what->source), what->text);
}

static void event(void *cookie, const struct agx_core_event *what)
{
	struct pair *pair = cookie;

	pair->events++;
	pair->event = *what;
}

static void state_changed(void *cookie, enum agx_core_state now)
{
	struct pair *pair = cookie;

	if (now == AGX_CORE_STARTING && pair->damage)
		pair->damage(pair, pair->which);
}

static const struct agx_core_hooks hooks = {
	.run = run,
	.state = state_changed,
	.event = event,
	.record = record,
};

/* --- The firmware's side --- */

static void *ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct pair *pair = cookie;

	return pair->machine.walker.ram(pair->machine.walker.cookie, pa, size);
}

static void to_driver(void *cookie, uint64_t word0, uint64_t word1)
{
	struct pair *pair = cookie;

	if (pair->queued == QUEUE_MAX)
		abort();
	pair->queue[pair->queued].word0 = word0;
	pair->queue[pair->queued++].word1 = word1;
}

static uint64_t clock_ticks(void *cookie)
{
	struct pair *pair = cookie;

	return pair->machine.now * 24 / 1000;
}

static void firmware_log(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	struct pair *pair = cookie;

	if (pair->verbose || (level == AGX_FIRMWARE_LOG_ERROR && !pair->quiet))
		fprintf(stderr, "firmware: %s\n", line);
}

static void finding(void *cookie, const struct agx_firmware_finding *what)
{
	struct pair *pair = cookie;

	if (!pair->findings++)
		snprintf(pair->finding, sizeof(pair->finding), "%s: %s", agx_finding_name(what->id),
			 what->text);
	if (pair->findings <= 20 && !pair->quiet)
		fprintf(stderr, "finding: %s: %s\n", agx_finding_name(what->id), what->text);
}

static void transcript(void *cookie, const char *line)
{
	struct pair *pair = cookie;

	pair->lines++;
	for (; *line; line++)
		pair->transcript = (pair->transcript ^ (uint8_t)*line) * 0x100000001b3ull;
	if (pair->verbose)
		fprintf(stderr, "| %s\n", line);
}

/* --- Both --- */

/* Until neither has anything to do. */
static void pump(struct pair *pair)
{
	unsigned int turns, i, done;

	for (turns = 0; turns < PUMP_MAX; turns++) {
		done = agx_firmware_step(pair->firmware, 32);
		while (pair->queued) {
			uint64_t word0 = pair->queue[0].word0, word1 = pair->queue[0].word1;

			pair->queued--;
			for (i = 0; i < pair->queued; i++)
				pair->queue[i] = pair->queue[i + 1];
			agx_core_mailbox(pair->core, (uint8_t)word1, word0);
			done++;
		}
		if (agx_core_state(pair->core) == AGX_CORE_HANDOFF) {
			uint64_t wait = agx_core_poll(pair->core);

			/* Time passes only for who waits for it. */
			if (agx_core_state(pair->core) == AGX_CORE_HANDOFF)
				pair->machine.now += wait;
			continue;
		}
		if (!agx_core_poll(pair->core))
			done++;
		if (!done)
			return;
	}
	fail_msg("the two never come to rest; the core is %s",
		 agx_core_state_name(agx_core_state(pair->core)));
}

/* A firmware that waits for the lock does so while the driver waits, too. */
static void relax(void *cookie, struct machine *machine)
{
	struct pair *pair = cookie;

	(void)machine;
	agx_firmware_step(pair->firmware, 1);
}

static struct pair *make(const struct agx_soc *soc, const struct agx_firmware_version *version,
			 uint32_t ktrace_mask)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	struct machine *machine = &pair->machine;
	struct agx_device *device = &pair->config.device;
	struct agx_firmware_config config;
	struct agx_reject why;

	pair->verbose = getenv("AGX_TEST_VERBOSE") != NULL;
	pair->transcript = 0xcbf29ce484222325ull;
	machine_init(machine, 32 << 20);
	machine->verbose = pair->verbose;
	machine->relax = relax;
	machine->relax_cookie = pair;
	machine->platform.mailbox_send = mailbox_send;
	machine->walker.output_bits = soc->output_address_bits;
	agx_device_default(soc, version, device);
	device->ttbs = (struct agx_region){machine->walker.ttbat_pa, PAGE, machine->config.ttbs};
	device->pagetables = (struct agx_region){machine->config.kernel_table_pa, PAGE,
						 machine->config.kernel_table};
	device->handoff = (struct agx_region){
		MACHINE_RAM_BASE + (uint64_t)((uint8_t *)machine->config.handoff - machine->ram),
		PAGE, machine->config.handoff};
	pair->config.hooks = &hooks;
	pair->config.cookie = pair;
	pair->config.fault_control = AGX_FAULT_CONTROL_DEFAULT;
	pair->config.ktrace_mask = ktrace_mask;

	config = (struct agx_firmware_config){
		.variant = (enum agx_fw_variant)agx_device_variant(soc, version),
		.chip_id = soc->chip_id,
		.output_bits = soc->output_address_bits,
		.ttbat_pa = device->ttbs.pa,
		.handoff_pa = device->handoff.pa,
		.ram = ram,
		.mailbox = to_driver,
		.clock = clock_ticks,
		.log = firmware_log,
		.finding = finding,
		.transcript = transcript,
		.cookie = pair,
	};
	assert_int_equal(agx_firmware_create(&config, &pair->firmware), 0);
	assert_int_equal(agx_core_create(&machine->platform, &pair->config, &pair->core, &why), 0);
	return pair;
}

static void done(struct pair *pair)
{
	agx_core_destroy(pair->core);
	agx_firmware_destroy(pair->firmware);
	if (pair->findings)
		fail_msg("%u findings, the first: %s", pair->findings, pair->finding);
	assert_int_equal(machine_finish(&pair->machine), 0);
	free(pair);
}

static void boot(struct pair *pair)
{
	struct agx_firmware_status status;

	assert_int_equal(agx_core_start(pair->core), 0);
	pump(pair);
	agx_firmware_get_status(pair->firmware, &status);
	if (agx_core_state(pair->core) != AGX_CORE_READY || status.state != AGX_FIRMWARE_READY)
		fail_msg("%s: the core is %s (%s), the firmware %s; first finding: %s",
			 pair->config.device.soc->name,
			 agx_core_state_name(agx_core_state(pair->core)),
			 agx_core_failure(pair->core), agx_firmware_state_name(status.state),
			 pair->finding);
	assert_true(status.handoff_done);
	assert_true(status.initialized);
	assert_true(agx_core_initialized(pair->core));
	assert_int_equal(status.kicks, 1);
}

static void stop(struct pair *pair)
{
	struct agx_firmware_status status;

	agx_core_stop(pair->core);
	pump(pair);
	assert_int_equal(agx_core_state(pair->core), AGX_CORE_OFF);
	agx_firmware_get_status(pair->firmware, &status);
	assert_int_equal(status.state, AGX_FIRMWARE_OFF);
}

typedef void (*pair_test)(struct pair *pair);

static void on_every_pair(pair_test test, uint32_t ktrace_mask)
{
	const struct agx_firmware_version *version;
	const struct agx_soc *soc;
	unsigned int i, j, pairs = 0;

	for (i = 0; (soc = agx_soc_get(i)); i++) {
		for (j = 0; (version = agx_soc_firmware(soc, j)); j++, pairs++) {
			struct pair *pair = make(soc, version, ktrace_mask);

			test(pair);
			done(pair);
		}
	}
	assert_int_equal(pairs, 13);
}

static void test_every_pair_boots(void **state)
{
	on_every_pair(boot, 0);
}

static void stop_and_start(struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		boot(pair);
		stop(pair);
	}
}

static void test_stop_and_start_again(void **state)
{
	on_every_pair(stop_and_start, 0);
}

/* What the firmware says of its own accord arrives as it was meant. */
static void listen(struct pair *pair)
{
	struct agx_ktrace_msg trace = {.code = 0x0a, .thread = AGX_KTRACE_IRQ};
	struct agx_event_msg flag = {.tag = AGX_EVENT_FLAG};
	uint32_t stats[2] = {240, 0};
	unsigned int i;

	boot(pair);
	for (i = 0; i < AGX_FWLOG_CHANNELS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "line of level %u", i);
		assert_int_equal(agx_firmware_send_log(pair->firmware, i, line), 0);
		pump(pair);
		assert_int_equal(pair->record.source, AGX_RECORD_LOG);
		assert_int_equal(pair->record.level, i);
		assert_string_equal(pair->record_text, line);
	}
	trace.args[0] = 0x300;
	trace.args[1] = 5;
	assert_int_equal(agx_firmware_send_ktrace(pair->firmware, &trace), 0);
	pump(pair);
	assert_int_equal(pair->record.source, AGX_RECORD_KTRACE);
	assert_string_equal(pair->record_text,
			    "StampUpdateTA value=0x300 event=0x5 addr=0x0 uuid=0x0");
	assert_int_equal(agx_firmware_send_stats(pair->firmware, AGX_STATS_POWER_ON, stats, 8), 0);
	pump(pair);
	assert_int_equal(pair->record.source, AGX_RECORD_STATS);
	assert_string_equal(pair->record_text, "power on off_ticks=240");
	flag.flag.firing[2] = 1u << 7;
	assert_int_equal(agx_firmware_send_event(pair->firmware, &flag), 0);
	pump(pair);
	assert_int_equal(pair->events, 1);
	assert_int_equal(pair->event.firing[2], 1u << 7);
}

static void test_records_and_events(void **state)
{
	on_every_pair(listen, 0xffffffff);
}

/* The firmware's caches: all of them, and a range before it is unmapped. */
static void flush(struct pair *pair)
{
	struct agx_device_control_args args = {
		.destroy_context = {.ctx_0 = 0xff, .ctx_1 = 0xff},
	};
	struct agx_uat_vm *vm = agx_uat_kernel_vm(agx_core_uat(pair->core));
	const struct agx_heap_object *object;
	struct agx_uat_flush flush_state;
	struct agx_uat_flush_msg msg;
	unsigned int requests = 0;
	uint32_t token;
	int err;

	boot(pair);
	assert_int_equal(agx_core_device_control(pair->core, AGX_DEVICE_CONTROL_DESTROY_CONTEXT,
						 &args, &token),
			 0);
	assert_int_equal(agx_core_taken(pair->core, AGX_CHANNEL_DEVICE_CONTROL, token), 0);
	pump(pair);
	assert_int_equal(agx_core_taken(pair->core, AGX_CHANNEL_DEVICE_CONTROL, token), 1);

	/* A large object has pages to itself. */
	assert_int_equal(agx_heap_alloc(agx_core_heap(pair->core, AGX_HEAP_PRIVATE), 3 << 20, 0,
					"test", &object),
			 0);
	err = agx_uat_flush_begin(vm, (object->va + PAGE - 1) & ~(PAGE - 1), 8 * PAGE,
				  &flush_state);
	assert_int_equal(err, 0);
	while (agx_uat_flush_next(&flush_state, &msg)) {
		assert_int_equal(agx_core_fwctl(pair->core, &msg, &token), 0);
		pump(pair);
		assert_int_equal(agx_core_taken(pair->core, AGX_CHANNEL_FWCTL, token), 1);
		assert_int_equal(agx_uat_flush_done(&flush_state), 0);
		requests++;
	}
	assert_int_equal(requests, 1);
	agx_heap_free(agx_core_heap(pair->core, AGX_HEAP_PRIVATE), object);

	/* Garbage beyond the limit makes the core ask for a flush of everything. */
	for (requests = 0; requests <= AGX_HEAP_GARBAGE_OBJECTS; requests++) {
		assert_int_equal(agx_heap_alloc(agx_core_heap(pair->core, AGX_HEAP_GPU_RO), 64, 0,
						"test", &object),
				 0);
		agx_heap_free(agx_core_heap(pair->core, AGX_HEAP_GPU_RO), object);
	}
	agx_core_collect_garbage(pair->core);
	pump(pair);
	assert_int_equal(agx_heap_stats(agx_core_heap(pair->core, AGX_HEAP_GPU_RO)).garbage_objects,
			 0);
}

static void test_cache_flushes(void **state)
{
	on_every_pair(flush, 0);
}

/* A crash is seen, told, and can be got over. */
static void crash(struct pair *pair)
{
	unsigned int i;

	pair->quiet = true; /* the model says that it has crashed, which it was told to */
	for (i = 0; i < 2; i++) {
		boot(pair);
		pair->records = 0;
		agx_firmware_crash(pair->firmware, "pulled the plug");
		pump(pair);
		assert_int_equal(agx_core_state(pair->core), AGX_CORE_FAILED);
		assert_string_equal(agx_core_failure(pair->core), "the firmware has crashed");
		assert_true(pair->records > 0);
		agx_core_stop(pair->core);
		assert_int_equal(agx_core_state(pair->core), AGX_CORE_OFF);
	}
	boot(pair);
}

static void test_crash_and_restart(void **state)
{
	on_every_pair(crash, 0);
}

/* What no driver would write, into the init data of G13 with 13.5: a critic that sleeps is none. */
static const struct {
	enum agx_init_object object;
	uint32_t offset;
	uint64_t change; /* XOR */
} damages[] = {
	{AGX_INIT_ROOT, 0x0, 0x1},           /* version */
	{AGX_INIT_ROOT, 0x8, 0x1000000},     /* region A: not mapped */
	{AGX_INIT_ROOT, 0x18, 0x4000000000}, /* RuntimePointers: not mapped */
	{AGX_INIT_ROOT, 0x33, 0x1},          /* levels of the page tables */
	{AGX_INIT_ROOT, 0x37, 0x1},          /* geometry of a level */
	{AGX_INIT_ROOT, 0xa8, 0x1},          /* host_mapped_fw_allocations */
	{AGX_INIT_RUNTIME_POINTERS, 0xc8, 0x4000000000},
	{AGX_INIT_RUNTIME_POINTERS, 0xd0, 0xe00000000}, /* event states in another heap */
	{AGX_INIT_RUNTIME_POINTERS, 0x188, 0x4000000000},
	{AGX_INIT_RUNTIME_POINTERS, 0x1a8, 0x80}, /* hwdata_b_2 is another */
	{AGX_INIT_RUNTIME_POINTERS, 0x21c, 0x4000},
	{AGX_INIT_RUNTIME_POINTERS, 0x6b38, 0x1},
	{AGX_INIT_FW_STATUS, 0x8, 0x4000000000}, /* FwCtl's ring */
	{AGX_INIT_HWDATA_B, 0x968, 0x1},         /* chip */
	{AGX_INIT_HWDATA_B, 0xa78, 0x4000},      /* TTBAT */
	{AGX_INIT_HWDATA_B, 0x648, 0x8000},      /* an I/O mapping's address */
};

static void spoil(struct pair *pair, unsigned int which)
{
	char *at = (char *)pair->core->objects[damages[which].object]->cpu + damages[which].offset;
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	value ^= damages[which].change;
	memcpy(at, &value, sizeof(value));
}

static void test_the_critic_is_awake(void **state)
{
	const struct agx_soc *soc = agx_soc_find("t8103");
	unsigned int i;

	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct pair *pair = make(soc, agx_soc_firmware(soc, 1), 0);

		pair->damage = spoil;
		pair->which = i;
		pair->quiet = true;
		assert_int_equal(agx_core_start(pair->core), 0);
		pump(pair);
		if (!pair->findings)
			fail_msg("nothing is said against damage %u", i);
		pair->findings = 0;
		done(pair);
	}
}

/* Nonsense from the firmware: ignored or the end, but never worse; a restart helps. */
static void babble(struct pair *pair)
{
	struct agx_event_msg message;
	uint64_t seed = 7, word;
	unsigned int i;

	boot(pair);
	for (i = 0; i < 200; i++) {
		memset(&message, 0, sizeof(message));
		message.tag = machine_random(&seed) % 10;
		message.timeout.counter = (uint32_t)machine_random(&seed) % 200;
		message.timeout.unk_8 = (uint32_t)machine_random(&seed) % 200;
		message.timeout.event_slot = (int32_t)(machine_random(&seed) % 200);
		if (agx_firmware_send_raw_event(pair->firmware, &message))
			break;
		pump(pair);
	}
	assert_int_equal(i, 200);
	assert_int_equal(agx_core_state(pair->core), AGX_CORE_READY);
	assert_true(pair->events > 20 && pair->events < 180);
	for (i = 0; i < 200 && agx_core_state(pair->core) == AGX_CORE_READY; i++) {
		word = machine_random(&seed);
		agx_firmware_send_mailbox(pair->firmware, word, word >> 7 & 0x3f);
		/* The driver's answers to nonsense are nonsense to the critic. */
		while (pair->queued) {
			uint64_t word0 = pair->queue[0].word0, word1 = pair->queue[0].word1;

			pair->queued = 0;
			agx_core_mailbox(pair->core, (uint8_t)word1, word0);
		}
	}
	pair->quiet = true;
	pump(pair);
	pair->findings = 0;
	pair->quiet = false;
	agx_core_stop(pair->core);
	pump(pair);
	if (agx_core_state(pair->core) == AGX_CORE_STOPPING) {
		pair->machine.now += AGX_CORE_TIMEOUT_NS;
		agx_core_poll(pair->core);
		agx_core_stop(pair->core);
	}
	pair->findings = 0;
	boot(pair);
}

static void test_nonsense_from_the_firmware(void **state)
{
	on_every_pair(babble, 0);
}

static void everything(struct pair *pair)
{
	listen(pair);
	stop(pair);
	boot(pair);
}

static void test_same_transcript(void **state)
{
	const struct agx_firmware_version *version;
	const struct agx_soc *soc;
	unsigned int i, j, k;

	for (i = 0; (soc = agx_soc_get(i)); i += 3) {
		for (j = 0; (version = agx_soc_firmware(soc, j)); j++) {
			uint64_t digest[2];
			unsigned int lines = 0;

			for (k = 0; k < 2; k++) {
				struct pair *pair = make(soc, version, 0xffffffff);

				everything(pair);
				digest[k] = pair->transcript;
				lines = pair->lines;
				done(pair);
			}
			assert_true(digest[0] == digest[1]);
			assert_true(lines > 20);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_pair_boots),
		cmocka_unit_test(test_stop_and_start_again),
		cmocka_unit_test(test_records_and_events),
		cmocka_unit_test(test_cache_flushes),
		cmocka_unit_test(test_crash_and_restart),
		cmocka_unit_test(test_the_critic_is_awake),
		cmocka_unit_test(test_nonsense_from_the_firmware),
		cmocka_unit_test(test_same_transcript),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
