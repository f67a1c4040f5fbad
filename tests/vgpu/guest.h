/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine without a machine: RAM in a memfd, a client of the ivshmem protocol as QEMU is
 * one, and the real driver core on both, as the kernel module has it. Talks to an agx_vgpu that runs
 * in a thread of its own, or in turns with the driver.
 */
#ifndef AGX_TEST_GUEST_H
#define AGX_TEST_GUEST_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agx_fault.h"
#include "agx_vgpu.h"
#include "agx_work.h"
#include "virtual.h"

#define GUEST_RAM_SIZE (64ull << 20)
#define GUEST_PAGES    (GUEST_RAM_SIZE / 0x4000)
#define GUEST_JOBS     1024

/* Addresses in the client's VM. */
#define GUEST_STREAMS  0x100000000ull
#define GUEST_USC      0x1100000000ull
#define GUEST_UNMAPPED 0x5000000000ull

/* What QEMU is told by the server. */
struct guest_link {
	int socket;
	int memory;
	int in, out; /* eventfds: our interrupt, the other's doorbell */
	int64_t id, peer;
	struct agx_virtual *shared;
};

struct guest {
	/* The other process. */
	char path[64];
	int listen, ram_fd;
	struct agx_vgpu_config config;
	struct agx_vgpu *vgpu;
	pthread_t thread;
	bool threaded;
	unsigned int findings, lines, rules_asked;
	char finding[600]; /* the first */
	bool quiet;        /* findings and messages are expected */

	/* The machine. */
	uint8_t *ram;
	uint8_t used[GUEST_PAGES];
	uint64_t allocated; /* bytes */
	struct guest_link link;
	const struct agx_soc *soc;
	const struct agx_firmware_version *firmware;

	/* The driver. */
	struct agx_platform platform;
	struct agx_core_config core_config;
	struct agx_core *core;
	uint32_t tail, head; /* our counters of the rings */
	bool lost;           /* the driver is cut off */
	unsigned int events, faults, doorbells;
	struct agx_core_fault fault; /* the last */
	char record[AGX_RTKIT_LINE]; /* of a crash or a fault, the last */

	/* A client. */
	struct agx_core_vm *vm;
	struct agx_core_queue *queue;
	uint64_t streams, programs; /* physical */
	struct {
		struct agx_core_job *job;
		bool done;
		int error;
	} jobs[GUEST_JOBS];
	unsigned int job_count;
};

/* Only RAM and the server. */
struct guest *guest_make(const char *soc, unsigned int firmware, const char *inject);

/* The same, with a server that looks for more work for a while before it sleeps. */
struct guest *guest_make_spinning(const char *soc, unsigned int firmware, unsigned int spin_us);

/* Lets the server run in a thread until guest_destroy(). */
void guest_thread(struct guest *guest);

/* Accepts NULL. Nothing may be left. */
void guest_destroy(struct guest *guest);

/* As QEMU when it starts. */
void guest_connect(struct guest *guest);
void guest_disconnect(struct guest *guest);

/* One turn of the server, when it has no thread. */
void guest_turn(struct guest *guest);

/* The driver: its core, in state OFF; boots until READY or FAILED; off. */
void guest_load(struct guest *guest);
void guest_unload(struct guest *guest);
enum agx_core_state guest_boot(struct guest *guest);
void guest_stop(struct guest *guest);

/* The machine dies under the driver: it cannot speak with the coprocessor until guest_load(). */
void guest_lose(struct guest *guest);

/* Messages and time, both ways, once. true: something was done. */
bool guest_step(struct guest *guest);

/* A VM, a queue, control streams; and all of it gone. */
void guest_client(struct guest *guest);
void guest_client_gone(struct guest *guest);

/* Submits a job; its number. stream: of a compute command, 0: a good one. */
unsigned int guest_compute(struct guest *guest, uint64_t stream);
unsigned int guest_render(struct guest *guest);

/* Until the job is over; its error. 1: it takes longer than seconds. */
int guest_wait(struct guest *guest, unsigned int job, unsigned int seconds);

/* Frees jobs that are over. */
void guest_reap(struct guest *guest);

/* RUN, raw. false: no answer. */
bool guest_request(struct guest *guest, bool run);

uint64_t guest_ns(void);

/* One message of the ivshmem protocol: the number, and its descriptor or -1. false: closed. */
bool guest_receive(int socket, int64_t *number, int *fd);
int guest_dial(const char *path);

uint64_t guest_register(const struct guest *guest, uint32_t offset);

#endif
