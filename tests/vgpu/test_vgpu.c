// SPDX-License-Identifier: MIT
/*
 * agx vgpu as a virtual machine's driver sees it: boot over the socket, the doorbells and the
 * shared block on every SoC with every firmware, work, faults, and whatever a machine may do wrong.
 * The driver is the real core in this thread; the chip has a thread of its own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "guest.h"

static struct guest *start(const char *soc, unsigned int firmware, const char *inject,
			   bool threaded)
{
	struct guest *guest = guest_make(soc, firmware, inject);

	if (threaded)
		guest_thread(guest);
	guest_connect(guest);
	guest_load(guest);
	return guest;
}

static void finish(struct guest *guest)
{
	const unsigned int findings = guest->findings;
	const bool quiet = guest->quiet;

	guest_unload(guest);
	guest_destroy(guest);
	if (!quiet)
		assert_int_equal(findings, 0);
}

static void boot_and_work(const char *soc, unsigned int firmware, bool threaded)
{
	struct guest *guest = start(soc, firmware, NULL, threaded);

	assert_int_equal(guest_boot(guest), AGX_CORE_READY);
	guest_client(guest);
	assert_int_equal(guest_wait(guest, guest_compute(guest, 0), 20), 0);
	assert_int_equal(guest_wait(guest, guest_render(guest), 20), 0);
	guest_client_gone(guest);
	finish(guest);
}

static void every_pair(bool threaded)
{
	const struct agx_soc *soc;
	unsigned int pairs = 0;

	for (unsigned int i = 0; (soc = agx_soc_get(i)); i++)
		for (unsigned int k = 0; agx_soc_firmware(soc, k); k++, pairs++)
			boot_and_work(soc->name, k, threaded);
	assert_int_equal(pairs, 13);
}

static void every_pair_boots_and_works_in_turns(void **state)
{
	every_pair(false);
}

static void every_pair_boots_and_works_in_two_threads(void **state)
{
	every_pair(true);
}

static void every_soc_is_identified(void **state)
{
	const struct agx_soc *soc;

	for (unsigned int i = 0; (soc = agx_soc_get(i)); i++) {
		struct guest *guest = guest_make(soc->name, 0, NULL);
		struct agx_gpu_registers registers = {0};
		struct agx_gpu_id id;
		struct agx_device device;
		struct agx_reject why;
		bool g14x = soc->generation == 14 && soc->variant != 'G';

		guest_connect(guest);
		assert_true(guest->link.shared->magic == AGX_VIRTUAL_MAGIC);
		assert_int_equal(guest->link.shared->version, AGX_VIRTUAL_VERSION);
		assert_int_equal(guest->link.shared->size, AGX_VIRTUAL_SIZE);
		assert_int_equal(guest->link.shared->chip_id, soc->chip_id);
		assert_int_equal(guest->link.shared->peer, guest->link.peer);
		registers.id_version = (uint32_t)guest_register(guest, AGX_SGX_ID_VERSION);
		registers.id_counts_1 = (uint32_t)guest_register(guest, AGX_SGX_ID_COUNTS_1);
		registers.id_counts_2 = (uint32_t)guest_register(guest, AGX_SGX_ID_COUNTS_2);
		registers.id_clusters = (uint32_t)guest_register(guest, AGX_SGX_ID_CLUSTERS);
		for (uint32_t k = 0; k < 3; k++)
			registers.core_mask[k] = (uint32_t)guest_register(
				guest, g14x ? AGX_SGX_CORE_MASKS_G14X + 4 * k
				       : k  ? AGX_SGX_CORE_MASK_1
					    : AGX_SGX_CORE_MASK_0);
		if (!g14x)
			registers.core_mask[2] = 0;
		if (agx_gpu_identify(soc, &registers, &id, &why))
			fail_msg("%s: %s: expected %s, got 0x%llx", soc->name, why.what,
				 why.expected, (unsigned long long)why.got);
		agx_device_default(soc, agx_soc_firmware(soc, 0), &device);
		assert_memory_equal(&id, &device.id, sizeof(id));
		guest_destroy(guest);
	}
}

static void jobs_go_through_in_order_and_in_number(void **state)
{
	struct guest *guest = start("t6000", 0, NULL, true);

	assert_int_equal(guest_boot(guest), AGX_CORE_READY);
	guest_client(guest);
	for (unsigned int round = 0; round < 8; round++) {
		unsigned int first = guest->job_count;

		for (unsigned int i = 0; i < 64; i++) {
			if (i & 1)
				guest_render(guest);
			else
				guest_compute(guest, 0);
		}
		for (unsigned int i = first; i < guest->job_count; i++)
			assert_int_equal(guest_wait(guest, i, 20), 0);
		guest_reap(guest);
	}
	guest_client_gone(guest);
	finish(guest);
}

static void a_fault_reaches_the_driver_with_its_registers(void **state)
{
	static const struct {
		const char *soc;
		unsigned int firmware;
	} pairs[] = {{"t8103", 0}, {"t8112", 0}, {"t6020", 0}};

	for (unsigned int i = 0; i < 3; i++) {
		struct guest *guest = start(pairs[i].soc, pairs[i].firmware, NULL, true);

		assert_int_equal(guest_boot(guest), AGX_CORE_READY);
		guest_client(guest);
		assert_int_equal(guest_wait(guest, guest_compute(guest, GUEST_UNMAPPED), 20), -EIO);
		assert_int_equal(guest->faults, 1);
		assert_int_equal(guest->fault.kind, AGX_CORE_FAULT_MMU);
		assert_true(guest->fault.has_mmu);
		assert_true(guest->fault.mmu.address == GUEST_UNMAPPED);
		assert_int_equal(guest->fault.mmu.reason, AGX_SGX_FAULT_UNMAPPED);
		assert_true(guest->fault.mmu.read);
		assert_int_equal(guest_wait(guest, guest_compute(guest, 0), 20), 0);
		guest_client_gone(guest);
		finish(guest);
	}
}

struct injected {
	const char *rules;
	int status[3]; /* of three compute commands, or renders */
	bool render;
	bool dies; /* the firmware; the driver starts it again */
};

static void injected_faults_are_survived(void **state)
{
	static const struct injected cases[] = {
		{.rules = "late=5@1"},
		{.rules = "lose@2"},
		{.rules = "twice@1/1"},
		{.rules = "swap@1/3"},
		{.rules = "late-event=5@1"},
		{.rules = "lose-event@1"},
		{.rules = "twice-event@1/1"},
		{.rules = "garble-event@1/1"},
		{.rules = "storm=5000@1"},
		{.rules = "lose-doorbell@4"},
		{.rules = "stall=20@3"},
		{.rules = "overflow@1/1", .render = true},
		{.rules = "grow@1/1", .render = true},
		{.rules = "fault=compute@2", .status = {0, -EIO}},
		{.rules = "fault=vertex@2", .status = {0, -EIO}, .render = true},
		{.rules = "crash=compute@2", .status = {0, -ENODEV, -ENODEV}, .dies = true},
		{.rules = "crash=fragment@2",
		 .status = {0, -ENODEV, -ENODEV},
		 .render = true,
		 .dies = true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct injected *c = &cases[i];
		struct guest *guest = start("t8103", 1, c->rules, true);
		struct agx_vgpu_stats stats;

		guest->quiet = true;
		assert_int_equal(guest_boot(guest), AGX_CORE_READY);
		guest_client(guest);
		for (unsigned int k = 0; k < 3; k++) {
			unsigned int job =
				c->render ? guest_render(guest) : guest_compute(guest, 0);
			int status = guest_wait(guest, job, 20);

			if (status != c->status[k])
				fail_msg("%s: command %u ended with %d, expected %d", c->rules,
					 k + 1, status, c->status[k]);
		}
		guest_reap(guest);
		if (c->dies) {
			assert_int_equal(agx_core_state(guest->core), AGX_CORE_FAILED);
			guest_stop(guest);
			assert_int_equal(guest_boot(guest), AGX_CORE_READY);
			assert_int_equal(guest_wait(guest, guest_compute(guest, 0), 20), 0);
		}
		guest_client_gone(guest);
		guest_stop(guest);
		if (guest->findings)
			fail_msg("%s: %s", c->rules, guest->finding);
		agx_vgpu_get_stats(guest->vgpu, &stats);
		if (!stats.injected)
			fail_msg("%s: nothing was injected", c->rules);
		finish(guest);
	}
}

static const char *rules_of_the_boot(void *cookie)
{
	static const char *const rules[] = {"crash-boot", NULL, "no-such-rule", "crash-boot", ""};
	struct guest *guest = cookie;

	return rules[guest->rules_asked++ % 5];
}

static void rules_may_change_with_each_boot(void **state)
{
	static const enum agx_core_state ends[] = {AGX_CORE_FAILED, AGX_CORE_READY, AGX_CORE_READY,
						   AGX_CORE_FAILED, AGX_CORE_READY};
	struct guest *guest = guest_make("t8103", 0, NULL);
	struct agx_vgpu_stats stats;
	char error[256];

	/* Another server in place of the one that was made, which asks for its rules. */
	agx_vgpu_destroy(guest->vgpu);
	guest->config.rules = rules_of_the_boot;
	assert_int_equal(agx_vgpu_create(&guest->config, &guest->vgpu, error, sizeof(error)), 0);
	guest->quiet = true;
	guest_thread(guest);
	guest_connect(guest);
	guest_load(guest);
	for (unsigned int i = 0; i < 5; i++) {
		enum agx_core_state end = guest_boot(guest);
		uint64_t until = guest_ns() + 20000000000;

		/* That it has crashed is heard of when the driver takes itself for ready. */
		while (end != ends[i] && ends[i] == AGX_CORE_FAILED && guest_ns() < until) {
			guest_step(guest);
			end = agx_core_state(guest->core);
		}
		assert_int_equal(end, ends[i]);
		guest_stop(guest);
	}
	assert_int_equal(guest->rules_asked, 5);
	agx_vgpu_get_stats(guest->vgpu, &stats);
	assert_int_equal(stats.injected, 2);
	assert_int_equal(stats.boots, 5);
	finish(guest);
}

static void it_can_be_stopped_and_started(void **state)
{
	struct guest *guest = start("t8112", 1, NULL, true);

	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(guest_boot(guest), AGX_CORE_READY);
		guest_client(guest);
		assert_int_equal(guest_wait(guest, guest_render(guest), 20), 0);
		guest_client_gone(guest);
		guest_stop(guest);
	}
	finish(guest);
}

/* The driver dies with the firmware running, as when the machine is reset; the next one comes. */
static void a_machine_may_be_reset(void **state)
{
	struct guest *guest = start("t8103", 0, NULL, true);

	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(guest_boot(guest), AGX_CORE_READY);
		guest_client(guest);
		assert_int_equal(guest_wait(guest, guest_compute(guest, 0), 20), 0);
		/* The core goes without a word, and the next one finds the firmware running. */
		guest_lose(guest);
		guest_client_gone(guest);
		guest_unload(guest);
		guest_load(guest);
	}
	finish(guest);
}

static void a_machine_may_go_and_another_come(void **state)
{
	struct guest *guest = start("t8103", 0, NULL, true);

	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(guest_boot(guest), AGX_CORE_READY);
		/* QEMU is killed. */
		guest_lose(guest);
		guest_disconnect(guest);
		guest_connect(guest);
		guest_unload(guest);
		assert_int_equal(guest->link.shared->run_done, 0);
		guest_load(guest);
	}
	finish(guest);
}

static void a_second_machine_is_sent_away(void **state)
{
	struct guest *guest = start("t8103", 0, NULL, true);
	int other = guest_dial(guest->path), fd;
	int64_t number;

	guest->quiet = true;
	assert_false(guest_receive(other, &number, &fd));
	close(other);
	assert_int_equal(guest_boot(guest), AGX_CORE_READY);
	finish(guest);
}

static void a_client_that_talks_is_dropped(void **state)
{
	struct guest *guest = guest_make("t8103", 0, NULL);
	int64_t number = -1;
	int fd;

	guest_thread(guest);
	guest_connect(guest);
	/* Half a message of the protocol, in the wrong direction. */
	assert_int_equal(write(guest->link.socket, &number, 3), 3);
	assert_false(guest_receive(guest->link.socket, &number, &fd));
	guest_disconnect(guest);
	guest_connect(guest);
	guest_load(guest);
	assert_int_equal(guest_boot(guest), AGX_CORE_READY);
	finish(guest);
}

static void a_client_may_leave_before_it_is_greeted(void **state)
{
	struct guest *guest = guest_make("t8103", 0, NULL);

	guest->quiet = true;
	guest_thread(guest);
	for (unsigned int i = 0; i < 20; i++)
		close(guest_dial(guest->path));
	/* The last of them may still be taken for a client. */
	for (;;) {
		int fd = guest_dial(guest->path), memory;
		int64_t number;
		bool greeted = guest_receive(fd, &number, &memory);

		close(fd);
		if (greeted)
			break;
	}
	finish((guest_destroy(guest), start("t8103", 0, NULL, true)));
}

/* Counters of the rings that cannot be: no message is taken, and the next request mends it. */
static void hostile_counters_do_no_harm(void **state)
{
	static const uint32_t counters[] = {257, 0x80000000u, 0xffffffffu};
	struct guest *guest = start("t8103", 0, NULL, true);
	struct agx_vgpu_stats stats;

	guest->quiet = true;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		struct agx_virtual *shared = guest->link.shared;
		const uint64_t one = 1;

		assert_true(guest_request(guest, true));
		__atomic_store_n(&shared->to_firmware.tail, guest->tail + counters[i],
				 __ATOMIC_RELEASE);
		assert_int_equal(write(guest->link.out, &one, sizeof(one)), sizeof(one));
		/* The firmware's greeting cannot be sent, either. */
		__atomic_store_n(&shared->to_driver.head, guest->head + counters[i],
				 __ATOMIC_RELEASE);
		assert_int_equal(write(guest->link.out, &one, sizeof(one)), sizeof(one));
		usleep(2000);
		assert_true(guest_request(guest, false));
	}
	agx_vgpu_get_stats(guest->vgpu, &stats);
	assert_true(stats.protocol_errors >= 3);
	guest->findings = 0;
	assert_int_equal(guest_boot(guest), AGX_CORE_READY);
	assert_int_equal(guest->findings, 0);
	finish(guest);
}

/* A ring full of nonsense, without end: signals and requests still come through. */
static void a_flood_does_not_starve_requests(void **state)
{
	struct guest *guest = start("t8103", 0, NULL, true);
	struct agx_virtual_ring *ring = &guest->link.shared->to_firmware;
	uint64_t random = 1;

	guest->quiet = true;
	for (unsigned int round = 0; round < 20; round++) {
		uint64_t until = guest_ns() + 5000000;

		assert_true(guest_request(guest, true));
		while (guest_ns() < until) {
			uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
			const uint64_t one = 1;

			while (guest->tail - head < AGX_VIRTUAL_MESSAGES) {
				random = random * 6364136223846793005ull + 1442695040888963407ull;
				ring->messages[guest->tail++ % AGX_VIRTUAL_MESSAGES] =
					(struct agx_virtual_message){random, random >> 58};
			}
			__atomic_store_n(&ring->tail, guest->tail, __ATOMIC_RELEASE);
			assert_int_equal(write(guest->link.out, &one, sizeof(one)), sizeof(one));
		}
		assert_true(guest_request(guest, false));
	}
	finish(guest);
}

static void bad_configurations_are_refused(void **state)
{
	struct guest *guest = guest_make("t8103", 0, NULL);
	struct agx_vgpu_config config;
	struct agx_vgpu *vgpu;
	char error[256];
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	config = guest->config;
	config.ram = pipes[0];
	assert_int_equal(agx_vgpu_create(&config, &vgpu, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "regular file"));
	config = guest->config;
	config.ram_base = 0x1000;
	assert_int_equal(agx_vgpu_create(&config, &vgpu, error, sizeof(error)), -EINVAL);
	config = guest->config;
	config.ttbs = 0x1000;
	assert_int_equal(agx_vgpu_create(&config, &vgpu, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "uat-ttbs"));
	config = guest->config;
	config.handoff = AGX_VGPU_RAM_BASE + GUEST_RAM_SIZE;
	assert_int_equal(agx_vgpu_create(&config, &vgpu, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "uat-handoff"));
	config = guest->config;
	config.inject = "no-such-rule";
	assert_int_equal(agx_vgpu_create(&config, &vgpu, error, sizeof(error)), -EINVAL);
	assert_non_null(strstr(error, "no-such-rule"));
	assert_int_equal(agx_vgpu_listen(guest->path), -EADDRINUSE);
	close(pipes[0]);
	close(pipes[1]);
	guest_destroy(guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_soc_is_identified),
		cmocka_unit_test(every_pair_boots_and_works_in_turns),
		cmocka_unit_test(every_pair_boots_and_works_in_two_threads),
		cmocka_unit_test(jobs_go_through_in_order_and_in_number),
		cmocka_unit_test(a_fault_reaches_the_driver_with_its_registers),
		cmocka_unit_test(injected_faults_are_survived),
		cmocka_unit_test(rules_may_change_with_each_boot),
		cmocka_unit_test(it_can_be_stopped_and_started),
		cmocka_unit_test(a_machine_may_be_reset),
		cmocka_unit_test(a_machine_may_go_and_another_come),
		cmocka_unit_test(a_second_machine_is_sent_away),
		cmocka_unit_test(a_client_that_talks_is_dropped),
		cmocka_unit_test(a_client_may_leave_before_it_is_greeted),
		cmocka_unit_test(hostile_counters_do_no_harm),
		cmocka_unit_test(a_flood_does_not_starve_requests),
		cmocka_unit_test(bad_configurations_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
