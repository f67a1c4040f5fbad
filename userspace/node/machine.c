// SPDX-License-Identifier: MIT
/* The machine's life, and the messages between its parts. */
#include "machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_chip.h"
#include "node_internal.h"
#include "ram.h"

#define EXECUTED_TIMEOUT_NS 600000000000ull /* without progress, with a GPU that executes */
#define PAGE                AGX_RAM_PAGE_SIZE

/* Reserved memory: a page each. */
enum {
	TTBS,
	PAGETABLES,
	HANDOFF,
	RESERVED_PAGES,
};

/* A firmware that keeps the driver busy without end is left alone for a while after this. */
#define MAX_TURNS 100000

/* What the firmware does between two looks at the mailbox. */
#define FIRMWARE_STEPS 64

/* How often a firmware that does not come up is started, for one submission. */
#define BOOT_ATTEMPTS 2

/* Findings that go to the log; the others only count. */
#define MAX_REPORTS 100

uint64_t agx_machine_address(uint64_t offset)
{
	return AGX_RAM_BASE + offset;
}

uint64_t agx_machine_offset(uint64_t address)
{
	return address - AGX_RAM_BASE;
}

/* --- The driver's side --- */

static int set_run(void *cookie, bool on)
{
	struct agx_machine *machine = cookie;

	agx_chip_run(machine->chip, on);
	if (!on)
		machine->head = machine->tail; /* the mailbox is reset with the processor */
	return 0;
}

static void record(void *cookie, const struct agx_record *record)
{
	bool bad = record->source == AGX_RECORD_CRASH || record->source == AGX_RECORD_FAULT;
	struct agx_machine *machine = cookie;

	if (machine->node->config.log)
		agx_node_log(machine->node, bad ? AGX_NODE_LOG_WARN : AGX_NODE_LOG_MACHINE,
			     "%s: %s", agx_record_source_name(record->source), record->text);
}

static uint64_t sgx_read(void *cookie, uint32_t offset)
{
	struct agx_machine *machine = cookie;

	return agx_chip_sgx_read(machine->chip, offset);
}

static void job_done(void *cookie, void *data, int error)
{
	agx_engine_job_done(cookie, data, error);
}

static const struct agx_core_hooks hooks = {
	.run = set_run,
	.record = record,
	.job_done = job_done,
	.sgx_read = sgx_read,
};

/* --- The firmware's side --- */

static void *ram_at(void *cookie, uint64_t pa, uint64_t size)
{
	struct agx_machine *machine = cookie;

	return agx_ram_translate(machine->node->ram, pa, size);
}

static void to_driver(void *cookie, uint64_t word0, uint64_t word1)
{
	struct agx_machine *machine = cookie;
	uint32_t slot = machine->tail % AGX_MACHINE_MAILBOX;

	if (machine->tail - machine->head == AGX_MACHINE_MAILBOX) {
		agx_node_log(machine->node, AGX_NODE_LOG_WARN,
			     "the driver's mailbox is full: message %#llx for endpoint %#x is lost",
			     (unsigned long long)word0, (unsigned int)(word1 & 0xff));
		return;
	}
	machine->mailbox[slot].word0 = word0;
	machine->mailbox[slot].word1 = word1;
	machine->tail++;
}

static uint64_t clock_ticks(void *cookie)
{
	struct agx_machine *machine = cookie;

	return agx_chip_ticks(agx_node_now(machine->node));
}

static void firmware_log(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	struct agx_machine *machine = cookie;

	if (machine->node->config.log)
		agx_node_log(machine->node,
			     level == AGX_FIRMWARE_LOG_ERROR ? AGX_NODE_LOG_WARN
							     : AGX_NODE_LOG_MACHINE,
			     "firmware: %s", line);
}

static void finding(void *cookie, const struct agx_chip_finding *found)
{
	struct agx_machine *machine = cookie;
	struct agx_node *node = machine->node;
	struct agx_node_place place;
	const struct agx_node_finding what = {
		.id = found->id,
		.name = found->name,
		.text = found->text,
		.address = found->address,
		.structure = found->structure,
		.field = found->field,
		.expected = found->expected,
		.got = found->got,
		.place = found->place ? &place : NULL,
	};

	if (found->place)
		agx_engine_find_place(machine, found->place, &place);
	node->stats.findings++;
	if (node->config.finding)
		node->config.finding(node->config.finding_data, &what);
	if (machine->reported++ < MAX_REPORTS)
		agx_node_log(node, AGX_NODE_LOG_WARN, "finding %u %s: %s", what.id, what.name,
			     what.text);
}

static void halted(void *cookie, const struct agx_chip_halt *halt)
{
	struct agx_machine *machine = cookie;
	struct agx_node *node = machine->node;
	struct agx_node_trouble trouble = {
		.kind = halt->fault ? AGX_NODE_FAULT : AGX_NODE_TIMEOUT,
		.address = halt->fault ? halt->fault->address : 0,
		.read = halt->fault && halt->fault->read,
		.what = halt->fault && halt->fault->what ? halt->fault->what : "",
	};

	agx_engine_find_place(machine, halt->place, &trouble.place);
	if (node->config.trouble)
		node->config.trouble(node->config.trouble_data, &trouble);
}

void agx_machine_busy(struct agx_machine *machine)
{
	struct agx_node *node = machine->node;
	struct agx_node_trouble trouble = {.kind = AGX_NODE_BUSY, .what = ""};
	struct agx_gpu_place place;

	for (unsigned int i = 0; i < AGX_GPU_UNITS; i++) {
		if (!agx_chip_busy(machine->chip, (enum agx_gpu_unit)i, &place))
			continue;
		agx_engine_find_place(machine, &place, &trouble.place);
		node->config.trouble(node->config.trouble_data, &trouble);
	}
}

static void transcript(void *cookie, const char *line)
{
	struct agx_machine *machine = cookie;

	machine->node->config.transcript(machine->node->config.transcript_data, line);
}

unsigned int agx_machine_step_firmware(struct agx_machine *machine, unsigned int max)
{
	return agx_chip_step(machine->chip, max);
}

int agx_machine_send(struct agx_machine *machine, uint64_t word0, uint64_t word1)
{
	return agx_chip_send(machine->chip, word0, word1);
}

static void launched(void *cookie, const struct agx_chip_launch *launch)
{
	agx_machine_launched(cookie, launch);
}

/* A nanosecond for an operation: no hardware's time, but more for more work. */
static void executed(void *cookie, uint64_t operations)
{
	struct agx_machine *machine = cookie;

	agx_node_charge(machine->node, operations);
}

/* --- Life --- */

static bool locate(void *cookie, const struct agx_gpu_place *from, uint64_t *submit,
		   uint32_t *command)
{
	struct agx_node_place place;

	agx_engine_find_place(cookie, from, &place);
	*submit = place.submit;
	*command = place.command;
	return place.known;
}

static bool describe(void *cookie, const struct agx_gpu_place *from, uint64_t address, char *text,
		     size_t size)
{
	return agx_engine_describe(cookie, from, address, text, size);
}

static void make_watch(struct agx_machine *machine)
{
	const struct agx_watch_config *config = machine->node->config.watch;

	if (config)
		machine->watch = *config;
	machine->watch.races |= machine->node->config.races;
	machine->watch.locate = locate;
	machine->watch.describe = describe;
	machine->watch.cookie = machine;
}

static int create_chip(struct agx_machine *machine)
{
	const struct agx_node *node = machine->node;
	struct agx_chip_config config = {
		.variant = (enum agx_fw_variant)agx_device_variant(node->soc, node->firmware),
		.chip_id = node->soc->chip_id,
		.output_bits = node->soc->output_address_bits,
		.ttbat_pa = agx_machine_address(machine->reserved + TTBS * PAGE),
		.handoff_pa = agx_machine_address(machine->reserved + HANDOFF * PAGE),
		.critic = node->config.critic,
		.exec = node->config.exec == AGX_EXEC_FULL ? AGX_CHIP_EXEC_FULL
							   : AGX_CHIP_EXEC_NONE,
		.exec_threads = node->config.exec_threads,
		.exec_order = node->config.exec_order,
		.clusters = node->soc->clusters,
		.cores_per_cluster = node->soc->cores_per_cluster,
		.soft_faults = true, /* as the node's parameters say */
		.inject = node->inject,
		.watch = node->config.watch || node->config.races ? &machine->watch : NULL,
		.ram = ram_at,
		.mailbox = to_driver,
		.clock = clock_ticks,
		.log = node->config.log ? firmware_log : NULL,
		.finding = finding,
		.transcript = node->config.transcript ? transcript : NULL,
		.halted = node->config.trouble ? halted : NULL,
		.launched = node->config.launched ? launched : NULL,
		.executed = node->config.now && node->config.single_step ? executed : NULL,
		.results = node->config.results,
		.cookie = machine,
	};
	char error[256];

	_Static_assert(sizeof(config.core_masks) == sizeof(node->soc->core_masks), "as many");
	memcpy(config.core_masks, node->soc->core_masks, sizeof(config.core_masks));
	/* The node has checked the rules before; what can fail now is memory. */
	return agx_chip_create(&config, &machine->chip, error, sizeof(error));
}

static struct agx_region region(struct agx_machine *machine, unsigned int page)
{
	uint64_t offset = machine->reserved + page * PAGE;

	return (struct agx_region){
		.pa = agx_machine_address(offset),
		.size = PAGE,
		.cpu = agx_ram_pointer(machine->node->ram, offset),
	};
}

static int create_core(struct agx_machine *machine)
{
	struct agx_node *node = machine->node;
	struct agx_core_config config = {
		.hooks = &hooks,
		.cookie = machine,
		.fault_control = AGX_FAULT_CONTROL_DEFAULT,
		.coherent = true,
		/* A command that a CPU executes takes longer than one that a GPU does. */
		.work_timeout_ns = node->config.exec == AGX_EXEC_FULL ? EXECUTED_TIMEOUT_NS : 0,
	};
	struct agx_reject why;
	int err;

	agx_machine_fill_platform(machine);
	agx_device_default(node->soc, node->firmware, &config.device);
	config.device.ttbs = region(machine, TTBS);
	config.device.pagetables = region(machine, PAGETABLES);
	config.device.handoff = region(machine, HANDOFF);
	err = agx_core_create(&machine->platform, &config, &machine->core, &why);
	return agx_log_reject(node, "the driver core", err, &why);
}

int agx_machine_get(struct agx_node *node, struct agx_machine **out)
{
	struct agx_machine *machine = node->machine;
	int64_t reserved;
	int err;

	if (machine) {
		*out = machine;
		return 0;
	}
	machine = calloc(1, sizeof(*machine));
	if (!machine)
		return -ENOMEM;
	reserved = agx_ram_alloc_private(node->ram, RESERVED_PAGES * PAGE);
	if (reserved < 0) {
		free(machine);
		return -ENOMEM;
	}
	machine->node = node;
	machine->reserved = (uint64_t)reserved;
	machine->wait = UINT64_MAX;
	make_watch(machine);
	list_init(&machine->flight);
	list_init(&machine->done);
	err = create_chip(machine);
	if (!err)
		err = create_core(machine);
	if (err) {
		agx_machine_destroy(machine);
		return err;
	}
	node->machine = machine;
	*out = machine;
	return 0;
}

void agx_machine_destroy(struct agx_machine *machine)
{
	if (!machine)
		return;
	agx_core_destroy(machine->core);
	agx_chip_destroy(machine->chip);
	agx_machine_free_results(machine);
	agx_ram_free_private(machine->node->ram, machine->reserved);
	if (machine->node->machine == machine)
		machine->node->machine = NULL;
	free(machine);
}

bool agx_machine_is_lost(const struct agx_machine *machine)
{
	return machine && machine->node->config.stay_crashed &&
	       agx_core_state(machine->core) == AGX_CORE_FAILED;
}

uint64_t agx_machine_injected(const struct agx_machine *machine)
{
	return agx_chip_injected(machine->chip);
}

/* A core that has failed and may be started again is turned off; the next job turns it on. */
static void recover(struct agx_machine *machine)
{
	if (agx_core_state(machine->core) != AGX_CORE_FAILED || machine->node->config.stay_crashed)
		return;
	agx_node_log(machine->node, AGX_NODE_LOG_WARN, "the firmware is restarted: %s",
		     agx_core_failure(machine->core));
	agx_core_stop(machine->core);
	machine->node->stats.restarts++;
	if (machine->booting)
		machine->boot_failures++;
}

static void set_wait(struct agx_machine *machine, uint64_t core_wait)
{
	uint64_t ticks = agx_chip_next_injected(machine->chip);

	/* Who computes here is not to be waited for. */
	machine->wait = agx_chip_computing(machine->chip) ? 1 : core_wait;
	if (ticks < UINT64_MAX / 125 && agx_chip_ns(ticks) + 1 < machine->wait)
		machine->wait = agx_chip_ns(ticks) + 1;
}

void agx_machine_pump(struct agx_machine *machine)
{
	uint64_t core_wait = 0;
	unsigned int turns, done;

	for (turns = 0; turns < MAX_TURNS; turns++) {
		done = agx_machine_step_firmware(machine, FIRMWARE_STEPS);
		/* Single-stepped, no time but what is charged passes while the GPU computes. */
		while (machine->node->config.single_step && agx_chip_computing(machine->chip))
			done += agx_machine_step_firmware(machine, FIRMWARE_STEPS);
		while (machine->head != machine->tail) {
			uint32_t slot = machine->head++ % AGX_MACHINE_MAILBOX;

			agx_core_mailbox(machine->core, (uint8_t)machine->mailbox[slot].word1,
					 machine->mailbox[slot].word0);
			done++;
		}
		/* Nothing has happened since the last look. */
		if (!done && turns && core_wait)
			break;
		core_wait = agx_core_poll(machine->core);
		if (!done && core_wait)
			break;
	}
	if (turns == MAX_TURNS) {
		agx_node_log(machine->node, AGX_NODE_LOG_ERROR,
			     "driver and firmware do not come to rest; the driver is %s",
			     agx_core_state_name(agx_core_state(machine->core)));
		core_wait = 1000000;
	}
	recover(machine);
	set_wait(machine, core_wait);
}

bool agx_machine_skip(struct agx_machine *machine, uint64_t limit)
{
	uint64_t ns = machine->wait < limit ? machine->wait : limit;

	if (machine->wait == UINT64_MAX)
		return false;
	machine->node->skipped += ns ? ns : 1;
	agx_machine_pump(machine);
	return true;
}

int agx_machine_boot(struct agx_machine *machine)
{
	for (;;) {
		switch (agx_core_state(machine->core)) {
		case AGX_CORE_READY:
			machine->booting = false;
			machine->boot_failures = 0;
			return 0;
		case AGX_CORE_OFF:
			break;
		case AGX_CORE_FAILED:
			return -ENODEV;
		default:
			return -EAGAIN;
		}
		if (machine->boot_failures == BOOT_ATTEMPTS) {
			machine->boot_failures = 0;
			return machine->no_memory ? -ENOMEM : -ENODEV;
		}
		machine->no_memory = false;
		machine->booting = true;
		if (agx_core_start(machine->core))
			return -ENODEV;
		agx_machine_pump(machine);
	}
}

void agx_machine_stop(struct agx_machine *machine)
{
	agx_core_stop(machine->core);
	agx_machine_pump(machine);
	/* A firmware that does not answer is turned off without its consent. */
	while (agx_core_state(machine->core) == AGX_CORE_STOPPING &&
	       agx_machine_skip(machine, AGX_CORE_TIMEOUT_NS))
		;
	agx_core_stop(machine->core);
}
