// SPDX-License-Identifier: MIT
/*
 * What it costs that driver and chip are two processes: a message there and back over the shared
 * block, each wake-up by an eventfd; messages in bulk; a job from its submission to its end, beside
 * the same in one thread. The driver is the core itself, without a machine around it: what QEMU adds
 * to a doorbell and to an interrupt is not in here.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "guest.h"
#include "mailbox.h"

#define ROUNDS 2000
#define BULK   64
#define JOBS   300

static uint64_t best(uint64_t a, uint64_t b)
{
	return a && a < b ? a : b;
}

/* --- The baseline: two threads that wake each other --- */

struct pair {
	int there, back;
};

static void *answer(void *data)
{
	const struct pair *pair = data;
	uint64_t count;

	while (read(pair->there, &count, sizeof(count)) == sizeof(count) && count < 1000)
		if (write(pair->back, &count, sizeof(count)) < 0)
			abort();
	return NULL;
}

static double wake_ns(void)
{
	struct pair pair = {eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC)};
	uint64_t one = 1, least = 0, end = 1000;
	pthread_t thread;

	if (pthread_create(&thread, NULL, answer, &pair))
		abort();
	for (unsigned int round = 0; round < 7; round++) {
		uint64_t start = guest_ns();

		for (unsigned int i = 0; i < ROUNDS; i++)
			if (write(pair.there, &one, sizeof(one)) < 0 ||
			    read(pair.back, &one, sizeof(one)) < 0)
				abort();
		least = best(least, guest_ns() - start);
	}
	if (write(pair.there, &end, sizeof(end)) < 0)
		abort();
	pthread_join(thread, NULL);
	close(pair.there);
	close(pair.back);
	return (double)least / ROUNDS;
}

/* --- Messages --- */

static void put_ping(struct guest *guest)
{
	struct agx_virtual_ring *ring = &guest->link.shared->to_firmware;

	ring->messages[guest->tail % AGX_VIRTUAL_MESSAGES] = (struct agx_virtual_message){
		(uint64_t)AGX_RTKIT_PING << AGX_RTKIT_TYPE_SHIFT, AGX_EP_MANAGEMENT};
	__atomic_store_n(&ring->tail, ++guest->tail, __ATOMIC_RELEASE);
}

static bool ring_if_it_waits(struct guest *guest)
{
	const uint64_t one = 1;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&guest->link.shared->to_firmware.waits, __ATOMIC_RELAXED))
		return false;
	if (write(guest->link.out, &one, sizeof(one)) < 0)
		abort();
	return true;
}

/* Waits as an interrupt handler is waited for. What is no answer is passed over. */
static void take(struct guest *guest, unsigned int count)
{
	struct agx_virtual_ring *ring = &guest->link.shared->to_driver;
	struct pollfd fd = {.fd = guest->link.in, .events = POLLIN};
	uint64_t events;

	while (count) {
		uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);

		if (tail != guest->head) {
			for (; guest->head != tail; guest->head++) {
				const struct agx_virtual_message *message =
					&ring->messages[guest->head % AGX_VIRTUAL_MESSAGES];

				if (message->word1 == AGX_EP_MANAGEMENT)
					count--;
			}
			__atomic_store_n(&ring->head, guest->head, __ATOMIC_RELEASE);
			continue;
		}
		__atomic_store_n(&ring->waits, 1, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (__atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == guest->head &&
		    poll(&fd, 1, -1) == 1)
			(void)!read(fd.fd, &events, sizeof(events));
		__atomic_store_n(&ring->waits, 0, __ATOMIC_RELAXED);
	}
}

static double ping_ns(struct guest *guest, unsigned int bulk, unsigned int rounds,
		      double *doorbells)
{
	unsigned int rung = 0, count = 0;
	uint64_t least = 0;

	for (unsigned int round = 0; round < 7; round++) {
		uint64_t start = guest_ns();

		for (unsigned int i = 0; i < rounds; i++) {
			for (unsigned int k = 0; k < bulk; k++) {
				put_ping(guest);
				rung += ring_if_it_waits(guest);
				count++;
			}
			take(guest, bulk);
		}
		least = best(least, guest_ns() - start);
	}
	*doorbells = (double)rung / count;
	return (double)least / rounds / bulk;
}

/* --- Jobs --- */

static double job_ns(struct guest *guest)
{
	uint64_t least = 0;

	for (unsigned int round = 0; round < 3; round++) {
		uint64_t start = guest_ns();

		for (unsigned int i = 0; i < JOBS; i++)
			if (guest_wait(guest, guest_compute(guest, 0), 20))
				abort();
		least = best(least, guest_ns() - start);
		guest_reap(guest);
	}
	return (double)least / JOBS;
}

static void measure(unsigned int spin_us, bool threaded, double wake)
{
	struct guest *guest;
	struct agx_vgpu_stats before, after;
	double ns, doorbells;
	char name[64];

	snprintf(name, sizeof(name), threaded ? "two threads, spin %u us" : "one thread", spin_us);
	guest = guest_make_spinning("t8103", 0, spin_us);
	if (threaded)
		guest_thread(guest);
	guest_connect(guest);
	guest_load(guest);
	if (guest_boot(guest) != AGX_CORE_READY)
		abort();
	if (threaded) {
		ns = ping_ns(guest, 1, ROUNDS, &doorbells);
		printf("%-26s message and answer      %8.0f ns %6.2f x, %.2f doorbells each\n",
		       name, ns, ns / wake, doorbells);
		ns = ping_ns(guest, BULK, ROUNDS / BULK, &doorbells);
		printf("%-26s each of %u in a row     %8.0f ns %6.2f x, %.2f doorbells each\n",
		       name, BULK, ns, ns / wake, doorbells);
	}
	guest_client(guest);
	agx_vgpu_get_stats(guest->vgpu, &before);
	ns = job_ns(guest);
	agx_vgpu_get_stats(guest->vgpu, &after);
	printf("%-26s a job, submit to end   %8.0f ns %6.2f x, %.2f doorbells and %.2f interrupts each\n",
	       name, ns, ns / wake, (double)(after.doorbells_in - before.doorbells_in) / JOBS / 3,
	       (double)(after.doorbells_out - before.doorbells_out) / JOBS / 3);
	guest_client_gone(guest);
	guest_unload(guest);
	guest_destroy(guest);
}

int main(void)
{
	const double wake = wake_ns();

	printf("%-53s %8.0f ns\n", "two threads wake each other by eventfds", wake);
	measure(0, false, wake);
	measure(0, true, wake);
	measure(50, true, wake);
	return 0;
}
