/* SPDX-License-Identifier: MIT */
/* The stress client: what its parent process and its threads share. */
#ifndef TESTS_VM_CLIENTS_H
#define TESTS_VM_CLIENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct clients_options {
	const char *node; /* NULL: the first of asahi */
	unsigned int processes, threads, seconds;
	uint64_t seed;
	bool kill; /* the parent kills processes at random, and starts others */
	/*
	 * Some submissions read where nothing is mapped. What others run at the moment of a fault is
	 * cancelled: the firmware halts all, and only what was queued goes on.
	 */
	bool faults;
};

/* Counters of all processes, in memory that they share. */
struct clients_totals {
	atomic_ulong submits, commands, waits, faults, cancelled, timestamps, binds, buffers,
		queues, spaces;
	atomic_ulong exported, imported, failures;
	atomic_bool stop;
};

/* A thread, with what it was given. */
struct clients_thread {
	const struct clients_options *options;
	struct clients_totals *totals;
	int shared_fd;       /* of the process, or -1: it opens the node itself */
	int give, take;      /* sockets to the next process and from the one before, -1: none */
	uint64_t random;     /* never 0 */
	unsigned int number; /* unique in this run, for messages */
};

/* Runs until totals->stop is set or something fails: false, and it said what. */
bool clients_work(struct clients_thread *thread);

#endif
