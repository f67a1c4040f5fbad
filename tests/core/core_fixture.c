// SPDX-License-Identifier: MIT
#include "core_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE AGX_UAT_PAGE_SIZE

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	struct fixture *fixture = cookie;

	if (fixture->send_error)
		return fixture->send_error;
	if (fixture->sent_count == FIXTURE_SENT_MAX)
		abort();
	fixture->sent[fixture->sent_count].endpoint = endpoint;
	fixture->sent[fixture->sent_count++].message = message;
	return 0;
}

static int run(void *cookie, bool on)
{
	struct fixture *fixture = cookie;

	fixture->runs++;
	if (fixture->run_error)
		return fixture->run_error;
	fixture->running = on;
	return 0;
}

static void state(void *cookie, enum agx_core_state now)
{
	struct fixture *fixture = cookie;

	fixture->last_state = now;
	fixture->state_changes++;
}

static void event(void *cookie, const struct agx_core_event *what)
{
	struct fixture *fixture = cookie;

	fixture->events++;
	fixture->event = *what;
}

static void record(void *cookie, const struct agx_record *what)
{
	struct fixture *fixture = cookie;
	const char *c;

	fixture->records++;
	fixture->record = *what;
	snprintf(fixture->record_text, sizeof(fixture->record_text), "%s", what->text);
	for (c = what->text; *c; c++)
		fixture->bad_text += *c < 0x20 || *c > 0x7e;
}

const struct agx_core_hooks fixture_hooks = {
	.run = run,
	.state = state,
	.event = event,
	.record = record,
};

void fixture_init(struct fixture *fixture, const struct agx_soc *soc,
		  const struct agx_firmware_version *firmware)
{
	struct agx_device *device = &fixture->config.device;
	struct machine *machine = &fixture->machine;

	memset(fixture, 0, sizeof(*fixture));
	machine_init(machine, 32 << 20);
	machine->platform.mailbox_send = mailbox_send;
	machine->walker.output_bits = soc->output_address_bits;
	agx_device_default(soc, firmware, device);
	device->ttbs = (struct agx_region){machine->walker.ttbat_pa, PAGE, machine->config.ttbs};
	device->pagetables = (struct agx_region){machine->config.kernel_table_pa, PAGE,
						 machine->config.kernel_table};
	device->handoff = (struct agx_region){
		MACHINE_RAM_BASE + ((uint8_t *)machine->config.handoff - machine->ram), PAGE,
		machine->config.handoff};
	fixture->config.hooks = &fixture_hooks;
	fixture->config.cookie = fixture;
	fixture->config.fault_control = AGX_FAULT_CONTROL_DEFAULT;
}

int fixture_create(struct fixture *fixture)
{
	return agx_core_create(&fixture->machine.platform, &fixture->config, &fixture->core,
			       &fixture->why);
}

unsigned int fixture_finish(struct fixture *fixture)
{
	agx_core_destroy(fixture->core);
	fixture->core = NULL;
	if (fixture->running)
		machine_error(&fixture->machine, "the coprocessor still runs");
	if (fixture->bad_text)
		machine_error(&fixture->machine, "records that are not printable");
	return machine_finish(&fixture->machine);
}

void fixture_handoff(struct fixture *fixture)
{
	fixture->machine.config.handoff->magic_fw = AGX_HANDOFF_MAGIC;
	fixture->machine.now += AGX_HANDOFF_POLL_NS;
	agx_core_poll(fixture->core);
}

void fixture_management(struct fixture *fixture, unsigned int type, uint64_t payload)
{
	agx_core_mailbox(fixture->core, AGX_EP_MANAGEMENT,
			 (uint64_t)type << AGX_RTKIT_TYPE_SHIFT | payload);
}

void fixture_hello(struct fixture *fixture)
{
	fixture_management(fixture, AGX_RTKIT_HELLO, 12 << 16 | 11);
}

void fixture_epmap(struct fixture *fixture)
{
	fixture_management(fixture, AGX_RTKIT_EPMAP, 0x117);
	fixture_management(fixture, AGX_RTKIT_EPMAP, AGX_RTKIT_EPMAP_LAST | 1ull << 32 | 0x3);
}

void fixture_iop_on(struct fixture *fixture)
{
	fixture_management(fixture, AGX_RTKIT_IOP_POWER_ACK, AGX_RTKIT_POWER_ON);
}

void fixture_ap_on(struct fixture *fixture)
{
	fixture_management(fixture, AGX_RTKIT_AP_POWER, AGX_RTKIT_POWER_ON);
}

void fixture_event(struct fixture *fixture)
{
	agx_core_mailbox(fixture->core, AGX_EP_FIRMWARE,
			 (uint64_t)AGX_MSG_EVENT << AGX_MSG_TYPE_SHIFT);
}

void fixture_boot(struct fixture *fixture)
{
	if (agx_core_start(fixture->core))
		abort();
	fixture_handoff(fixture);
	fixture_hello(fixture);
	fixture_epmap(fixture);
	fixture_iop_on(fixture);
	fixture_ap_on(fixture);
	if (agx_core_state(fixture->core) != AGX_CORE_READY) {
		fprintf(stderr, "the core did not start: %s, %s\n",
			agx_core_state_name(agx_core_state(fixture->core)),
			agx_core_failure(fixture->core));
		abort();
	}
}

int fixture_find(const struct fixture *fixture, unsigned int from, uint8_t endpoint, uint64_t mask,
		 uint64_t message)
{
	unsigned int i;

	for (i = from; i < fixture->sent_count; i++)
		if (fixture->sent[i].endpoint == endpoint &&
		    (fixture->sent[i].message & mask) == message)
			return (int)i;
	return -1;
}

void *fixture_at(struct fixture *fixture, enum agx_walk_unit unit, uint64_t va, uint64_t size,
		 unsigned int wants)
{
	struct machine *machine = &fixture->machine;
	struct agx_walk_result result;
	uint64_t first = 0, done = 0;

	while (done < size) {
		uint64_t piece = PAGE - ((va + done) & (PAGE - 1));

		if (!agx_walk(&machine->walker, 0, unit, va + done, wants, &result))
			return NULL;
		if (!done)
			first = result.pa;
		else if (result.pa != first + done)
			return NULL;
		done += piece;
	}
	return machine->walker.ram(machine->walker.cookie, first, size);
}
