// SPDX-License-Identifier: MIT
/*
 * A stress client: processes with threads that make and drop address spaces, buffers, mappings and
 * queues, submit compute and render commands with binary and timeline syncobjs and timestamps, and
 * pass buffers and syncobjs to each other. What a GPU that executes nothing can get wrong is
 * checked: that each fence signals in time, with an error only where a fault was made; that
 * timestamps grow; that shared buffers hold what was written.
 *
 * Exit: 0 good, 1 something failed, 2 usage, 77 there is no such node.
 */
#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "clients.h"

#define SKIPPED       77
#define MAX_PROCESSES 128
#define MAX_THREADS   64

/* What a process may take longer to end than it was to run: its last waits. */
#define GRACE_SECONDS 60

struct run {
	struct clients_options options;
	struct clients_totals *totals;
	pid_t pids[MAX_PROCESSES];
	int sockets[MAX_PROCESSES][2]; /* [0] is read by process n, [1] written by the one before */
	unsigned int started, killed, failed;
};

static uint64_t mix(uint64_t value)
{
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdull;
	value ^= value >> 33;
	return value ? value : 1;
}

static void *run_thread(void *data)
{
	struct clients_thread *thread = data;

	return clients_work(thread) ? NULL : thread;
}

static int run_process(struct run *run, unsigned int index, unsigned int incarnation)
{
	const struct clients_options *options = &run->options;
	struct clients_thread threads[MAX_THREADS];
	pthread_t ids[MAX_THREADS];
	unsigned int i, made;
	int fd = vm_client_open_node(options->node);
	void *result;
	bool good = true;

	if (fd < 0) {
		fprintf(stderr, "process %u: no node: %s\n", index, strerror(-fd));
		return 1;
	}
	for (made = 0; made < options->threads; made++) {
		threads[made] = (struct clients_thread){
			.options = options,
			.totals = run->totals,
			.shared_fd = made % 2 ? fd : -1,
			.give = made ? -1 : run->sockets[(index + 1) % options->processes][1],
			.take = made ? -1 : run->sockets[index][0],
			.number = (incarnation * MAX_PROCESSES + index) * MAX_THREADS + made,
		};
		threads[made].random = mix(options->seed + threads[made].number);
		if (pthread_create(&ids[made], NULL, run_thread, &threads[made])) {
			fprintf(stderr, "process %u: no thread\n", index);
			good = false;
			break;
		}
	}
	for (i = 0; i < made; i++) {
		pthread_join(ids[i], &result);
		good = good && !result;
	}
	close(fd);
	return !good;
}

static bool start(struct run *run, unsigned int index)
{
	unsigned int incarnation = run->started++ / run->options.processes;

	run->pids[index] = fork();
	if (!run->pids[index])
		_exit(run_process(run, index, incarnation));
	if (run->pids[index] < 0)
		perror("fork");
	return run->pids[index] > 0;
}

/* A process has ended; killed: the parent did it. */
static void judge(struct run *run, unsigned int index, int status, bool killed)
{
	run->pids[index] = 0;
	if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status))
		fprintf(stderr, "process %u: ended by signal %d\n", index, WTERMSIG(status));
	run->failed++;
	atomic_store(&run->totals->stop, true);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void reap_those_that_ended(struct run *run)
{
	unsigned int i;
	int status;

	for (i = 0; i < run->options.processes; i++)
		if (run->pids[i] > 0 && waitpid(run->pids[i], &status, WNOHANG) > 0)
			judge(run, i, status, false);
}

static void kill_one(struct run *run, uint64_t *random)
{
	unsigned int index;
	int status;

	*random = mix(*random + 1);
	index = (unsigned int)(*random % run->options.processes);
	if (run->pids[index] <= 0)
		return;
	kill(run->pids[index], SIGKILL);
	waitpid(run->pids[index], &status, 0);
	judge(run, index, status, true);
	run->killed++;
	start(run, index);
}

static void run_for_a_while(struct run *run)
{
	double end = now() + run->options.seconds;
	uint64_t random = mix(run->options.seed);

	while (now() < end && !atomic_load(&run->totals->stop)) {
		usleep(run->options.kill ? 20000 + random % 300000 : 50000);
		reap_those_that_ended(run);
		if (run->options.kill && now() < end)
			kill_one(run, &random);
	}
	atomic_store(&run->totals->stop, true);
}

static void wait_for_all(struct run *run)
{
	double end = now() + GRACE_SECONDS;
	unsigned int i, left;
	int status;

	do {
		reap_those_that_ended(run);
		for (i = 0, left = 0; i < run->options.processes; i++)
			left += run->pids[i] > 0;
		if (left)
			usleep(20000);
	} while (left && now() < end);
	for (i = 0; i < run->options.processes; i++) {
		if (run->pids[i] <= 0)
			continue;
		fprintf(stderr, "process %u: does not end\n", i);
		kill(run->pids[i], SIGKILL);
		waitpid(run->pids[i], &status, 0);
		run->failed++;
	}
}

/* Whatever happened before, a new client works. */
static bool still_works(const char *node)
{
	struct vm_client client;
	int ret = vm_client_init(&client, node);

	if (!ret)
		ret = vm_client_submit(&client, VM_CLIENT_COMPUTE | VM_CLIENT_RENDER, 0,
				       client.syncobj);
	if (!ret)
		ret = vm_client_wait(&client, client.syncobj, 30000);
	if (!ret)
		ret = vm_client_status(&client, client.syncobj);
	vm_client_close(&client);
	if (ret)
		fprintf(stderr, "afterwards: a new client's submission: %s\n", strerror(abs(ret)));
	return !ret;
}

static void print_totals(const struct run *run, double seconds)
{
	const struct clients_totals *t = run->totals;

	printf("%u processes of %u threads, %.1f s, seed %llu: %lu submissions, %lu commands, "
	       "%lu waits, %lu faults, %lu cancelled, %lu timestamps, %lu binds, %lu buffers, %lu queues, "
	       "%lu address spaces, %lu given, %lu taken, %u killed, %lu failures\n",
	       run->options.processes, run->options.threads, seconds,
	       (unsigned long long)run->options.seed, t->submits, t->commands, t->waits, t->faults,
	       t->cancelled, t->timestamps, t->binds, t->buffers, t->queues, t->spaces, t->exported,
	       t->imported, run->killed, t->failures + run->failed);
}

static const struct argp_option options[] = {
	{"node", 'n', "PATH", 0, "the node (the first render node of asahi)", 0},
	{"processes", 'p', "N", 0, "processes at a time (4)", 0},
	{"threads", 't', "N", 0, "threads of each (2)", 0},
	{"seconds", 's', "N", 0, "how long (5)", 0},
	{"seed", 'S', "N", 0, "where the random choices begin (1)", 0},
	{"kill", 'k', NULL, 0, "kill processes at random, and start others", 0},
	{"faults", 'f', NULL, 0, "let some submissions read where nothing is mapped", 0},
	{0},
};

static unsigned int parse_number(struct argp_state *state, const char *text, unsigned int max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < 1 || value > max)
		argp_error(state, "expected 1 to %u, got \"%s\"", max, text);
	return (unsigned int)value;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct clients_options *o = state->input;

	switch (key) {
	case 'n':
		o->node = arg;
		return 0;
	case 'p':
		o->processes = parse_number(state, arg, MAX_PROCESSES);
		return 0;
	case 't':
		o->threads = parse_number(state, arg, MAX_THREADS);
		return 0;
	case 's':
		o->seconds = parse_number(state, arg, 1000000);
		return 0;
	case 'S':
		o->seed = strtoull(arg, NULL, 0);
		return 0;
	case 'k':
		o->kill = true;
		return 0;
	case 'f':
		o->faults = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
	}
	return ARGP_ERR_UNKNOWN;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {.options = options, .parser = parse};
	struct run run = {.options = {.processes = 4, .threads = 2, .seconds = 5, .seed = 1}};
	double begin;
	unsigned int i;
	int fd;

	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, &run.options);
	fd = vm_client_open_node(run.options.node);
	if (fd < 0) {
		fprintf(stderr, "no render node with the asahi driver: %s\n", strerror(-fd));
		return SKIPPED;
	}
	close(fd);
	run.totals = mmap(NULL, sizeof(*run.totals), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.totals == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (i = 0; i < run.options.processes; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, run.sockets[i])) {
			perror("socketpair");
			return 2;
		}
	}
	begin = now();
	for (i = 0; i < run.options.processes; i++)
		if (!start(&run, i))
			run.failed++;
	run_for_a_while(&run);
	wait_for_all(&run);
	if (!still_works(run.options.node))
		run.failed++;
	print_totals(&run, now() - begin);
	return run.failed || run.totals->failures;
}
