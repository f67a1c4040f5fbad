// SPDX-License-Identifier: MIT
/*
 * Many clients that do what clients do, in an order drawn by lot: make and end address spaces and
 * queues, bind, submit, wait, pass buffers on, fork, fault, end without a word.
 *
 * usage: vm-churn [--node NODE] [--clients N] [--seconds S] [--seed N] [--faults]
 *                 [--tolerate] [--kill]
 *
 * Each client is a process. It checks what it is told: a submission without an error must end
 * without one, one that reads where nothing is must end with EIO. With --tolerate, errors that a
 * broken or vanished device explains are accepted (and counted), and a client whose device is gone
 * ends well; nothing may hang all the same. With --kill, the parent kills a client at a random
 * moment, again and again, and starts another in its place.
 *
 * Exit: 0 all well, 1 not, 77 there is no such node.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define SKIPPED 77

#define WAIT_MS     120000
#define MAX_CLIENTS 256
#define BUFFERS     8

struct options {
	const char *node;
	unsigned int clients, seconds, seed;
	bool faults, tolerate, kill;
};

/* Of all clients, in shared memory. */
struct counts {
	unsigned long operations, submissions, faulted, cancelled, tolerated, lives, gone;
};

struct churn {
	const struct options *options;
	struct counts *counts;
	struct vm_client client;
	uint32_t buffers[BUFFERS];
	unsigned int random;
	bool stop; /* the device is gone */
};

static void count(unsigned long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static unsigned int draw(struct churn *c, unsigned int below)
{
	c->random = c->random * 1103515245u + 12345u;
	return (c->random >> 8) % below;
}

/*
 * Judges a result. What a broken device explains is no error with --tolerate; that includes the
 * consequences: a buffer or a queue that could not be made is missing later.
 */
static int judge(struct churn *c, int result, const char *what)
{
	if (result >= 0)
		return 0;
	if (c->options->tolerate && result != -ETIME && result != -EFAULT) {
		count(&c->counts->tolerated);
		if (result == -ENODEV)
			c->stop = true;
		return 0;
	}
	fprintf(stderr, "vm-churn: %d: %s: %s\n", getpid(), what, strerror(-result));
	return result;
}

static uint64_t place(unsigned int slot)
{
	return VM_CLIENT_FREE + slot * 64 * VM_CLIENT_PAGE;
}

static int make_buffer(struct churn *c)
{
	unsigned int slot = draw(c, BUFFERS), pages = 1 + draw(c, 32);
	int ret;

	if (c->buffers[slot])
		return 0;
	ret = vm_client_bo(&c->client, draw(c, 2) ? c->client.vm : 0, pages * VM_CLIENT_PAGE,
			   &c->buffers[slot]);
	if (!ret)
		ret = vm_client_bind(&c->client, c->buffers[slot], 0, place(slot),
				     pages * VM_CLIENT_PAGE);
	return judge(c, ret, "making a buffer");
}

static int drop_buffer(struct churn *c)
{
	unsigned int slot = draw(c, BUFFERS);
	int ret = 0;

	if (!c->buffers[slot])
		return 0;
	if (draw(c, 2))
		ret = vm_client_unbind(&c->client, place(slot), 64 * VM_CLIENT_PAGE);
	if (!ret)
		ret = vm_client_close_bo(&c->client, c->buffers[slot]);
	c->buffers[slot] = 0;
	return judge(c, ret, "dropping a buffer");
}

static int write_buffer(struct churn *c)
{
	unsigned int slot = draw(c, BUFFERS);
	void *memory;
	int ret;

	if (!c->buffers[slot])
		return 0;
	memory = vm_client_map(&c->client, c->buffers[slot], VM_CLIENT_PAGE, &ret);
	if (!memory)
		return judge(c, ret, "mapping a buffer");
	/* When the device goes away between the two, this is a signal: see survive(). */
	*(volatile uint32_t *)memory = c->random;
	munmap(memory, VM_CLIENT_PAGE);
	return 0;
}

/* Replaces a part of a mapping, or takes it away. */
static int split_buffer(struct churn *c)
{
	unsigned int slot = draw(c, BUFFERS);
	uint64_t address = place(slot) + draw(c, 32) * VM_CLIENT_PAGE;
	int ret;

	if (!c->buffers[slot] || draw(c, 2))
		ret = vm_client_unbind(&c->client, address, VM_CLIENT_PAGE);
	else
		ret = vm_client_bind(&c->client, c->buffers[slot], 0, address, VM_CLIENT_PAGE);
	return judge(c, ret, "splitting a mapping");
}

static int pass_on(struct churn *c)
{
	struct drm_prime_handle args = {.flags = O_CLOEXEC | O_RDWR};
	struct drm_prime_handle back = {0};
	struct vm_client other;
	uint32_t handle;
	int ret;

	ret = vm_client_bo(&c->client, 0, VM_CLIENT_PAGE, &handle);
	if (ret)
		return judge(c, ret, "making a buffer to pass on");
	args.handle = handle;
	ret = (int)vm_client_ioctl(c->client.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
	vm_client_close_bo(&c->client, handle);
	if (ret)
		return judge(c, ret, "exporting");
	ret = vm_client_open(&other, c->options->node);
	if (!ret) {
		back.fd = args.fd;
		ret = (int)vm_client_ioctl(other.fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &back);
		vm_client_close(&other);
	}
	close(args.fd);
	return judge(c, ret, "importing");
}

/*
 * 0 is right for sane commands and EIO for those that fault; what another context's fault has found
 * running ends with ECANCELED (docs/work-queues.md).
 */
static int check_status(struct churn *c, bool faulting)
{
	int status = vm_client_status(&c->client, c->client.syncobj);

	if (status == 1) {
		fprintf(stderr, "vm-churn: %d: a fence that was waited for has not signalled\n",
			getpid());
		return -EPROTO;
	}
	if (faulting && status == -EIO) {
		count(&c->counts->faulted);
		return 0;
	}
	if (status == -ECANCELED && c->options->faults) {
		count(&c->counts->cancelled);
		return 0;
	}
	if (faulting && !status && !c->options->tolerate) {
		fprintf(stderr, "vm-churn: %d: no error for what must fault\n", getpid());
		return -EPROTO;
	}
	return judge(c, status, "a submission");
}

static int submit(struct churn *c)
{
	unsigned int commands = 1 + draw(c, 3), burst = 1 + draw(c, 8);
	bool faulting = c->options->faults && !draw(c, 16);
	int ret = 0;

	if (faulting) {
		commands = VM_CLIENT_FAULTING | VM_CLIENT_COMPUTE;
		burst = 1;
	}
	for (unsigned int i = 0; !ret && i < burst; i++) {
		ret = vm_client_submit(&c->client, commands, 0, c->client.syncobj);
		if (!ret)
			count(&c->counts->submissions);
	}
	if (ret)
		return judge(c, ret, "submitting");
	/* Now and then, nobody waits: the client may end with work in flight. */
	if (!faulting && !draw(c, 4))
		return 0;
	ret = vm_client_wait(&c->client, c->client.syncobj, WAIT_MS);
	return ret ? judge(c, ret, "waiting") : check_status(c, faulting);
}

static int second_queue(struct churn *c)
{
	struct drm_asahi_queue_create args = {
		.vm_id = c->client.vm, .priority = draw(c, 2), .usc_exec_base = VM_CLIENT_USC};
	struct drm_asahi_queue_destroy destroy = {0};
	uint32_t first = c->client.queue;
	int ret;

	ret = (int)vm_client_ioctl(c->client.fd, DRM_IOCTL_ASAHI_QUEUE_CREATE, &args);
	if (ret)
		return judge(c, ret, "making a second queue");
	c->client.queue = args.queue_id;
	ret = submit(c);
	c->client.queue = first;
	destroy.queue_id = args.queue_id;
	if (!ret)
		ret = judge(
			c,
			(int)vm_client_ioctl(c->client.fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &destroy),
			"ending a queue");
	return ret;
}

static int one_life(struct churn *c, double end)
{
	static int (*const operations[])(struct churn *) = {
		make_buffer, make_buffer, drop_buffer, write_buffer, split_buffer,
		pass_on,     submit,      submit,      submit,       second_queue,
	};
	unsigned int length = 20 + draw(c, 60);
	int ret;

	memset(c->buffers, 0, sizeof(c->buffers));
	ret = vm_client_init(&c->client, c->options->node);
	if (ret)
		return judge(c, ret, "making a client");
	/* However slow the machine is. */
	ret = submit(c);
	for (unsigned int i = 0; !ret && !c->stop && i < length && now() < end; i++) {
		ret = operations[draw(c, sizeof(operations) / sizeof(operations[0]))](c);
		count(&c->counts->operations);
	}
	vm_client_close(&c->client);
	count(&c->counts->lives);
	return ret;
}

/* A mapping of a device that is gone may be gone as well. */
static void survive(int signal)
{
	static const char text[] = "vm-churn: the memory of a mapping is gone\n";

	(void)signal;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(1);
	_exit(0);
}

static int run_client(const struct options *options, struct counts *counts, unsigned int number,
		      double end)
{
	struct churn c = {.options = options,
			  .counts = counts,
			  .random = options->seed * 7919u + number * 104729u + 1};
	int ret;

	if (options->tolerate)
		signal(SIGBUS, survive);
	do {
		ret = one_life(&c, end);
	} while (!ret && !c.stop && now() < end);
	if (c.stop)
		count(&counts->gone);
	return ret ? 1 : 0;
}

static pid_t start_client(const struct options *options, struct counts *counts, unsigned int number,
			  double end)
{
	pid_t pid = fork();

	if (!pid)
		_exit(run_client(options, counts, number, end));
	return pid;
}

/* Kills clients at random moments; those that it kills are replaced. */
static void kill_clients(const struct options *options, struct counts *counts, pid_t *pids,
			 double end, unsigned int *kills)
{
	struct churn lot = {.random = options->seed + 1};
	unsigned int number = options->clients, victim;

	while (now() < end) {
		usleep(1000 + draw(&lot, 300000));
		victim = draw(&lot, options->clients);
		if (pids[victim] <= 0)
			continue;
		kill(pids[victim], SIGKILL);
		waitpid(pids[victim], NULL, 0);
		(*kills)++;
		pids[victim] = start_client(options, counts, ++number, end);
	}
}

static int run(const struct options *options)
{
	struct counts *counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double end = now() + options->seconds;
	pid_t pids[MAX_CLIENTS];
	unsigned int failed = 0, kills = 0;
	int status;

	if (counts == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (unsigned int i = 0; i < options->clients; i++)
		pids[i] = start_client(options, counts, i, end);
	if (options->kill)
		kill_clients(options, counts, pids, end, &kills);
	for (unsigned int i = 0; i < options->clients; i++) {
		if (pids[i] <= 0 || waitpid(pids[i], &status, 0) != pids[i] || status)
			failed++;
	}
	printf("%u clients, %u failed, %u killed, %lu lives, %lu operations, %lu submissions, "
	       "%lu faults, %lu cancelled, %lu errors tolerated, %lu lost their device\n",
	       options->clients, failed, kills, counts->lives, counts->operations,
	       counts->submissions, counts->faulted, counts->cancelled, counts->tolerated,
	       counts->gone);
	if (!counts->submissions && !options->tolerate) {
		fprintf(stderr, "vm-churn: nobody has submitted anything\n");
		return 1;
	}
	return failed ? 1 : 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		options->node = arg;
		return 0;
	case 'c':
		options->clients = (unsigned int)strtoul(arg, NULL, 10);
		if (!options->clients || options->clients > MAX_CLIENTS)
			argp_error(state, "--clients: got %s, takes 1 to %d", arg, MAX_CLIENTS);
		return 0;
	case 's':
		options->seconds = (unsigned int)strtoul(arg, NULL, 10);
		return 0;
	case 'r':
		options->seed = (unsigned int)strtoul(arg, NULL, 10);
		return 0;
	case 'f':
		options->faults = true;
		return 0;
	case 't':
		options->tolerate = true;
		return 0;
	case 'k':
		options->kill = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"node", 'd', "NODE", 0, "the render node; default: the asahi driver's", 0},
		{"clients", 'c', "N", 0, "so many processes (4)", 0},
		{"seconds", 's', "S", 0, "for so long (10)", 0},
		{"seed", 'r', "N", 0, "of the lot (1)", 0},
		{"faults", 'f', NULL, 0, "some commands read where nothing is", 0},
		{"tolerate", 't', NULL, 0, "the device may break or go away", 0},
		{"kill", 'k', NULL, 0, "kill clients at random moments", 0},
		{0},
	};
	const struct argp argp = {argp_options, parse, NULL, "Clients by lot.", NULL, NULL, NULL};
	struct options options = {.clients = 4, .seconds = 10, .seed = 1};
	int fd;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	fd = vm_client_open_node(options.node);
	if (fd == -ENOENT) {
		fprintf(stderr, "no render node with the asahi driver\n");
		return SKIPPED;
	}
	if (fd >= 0)
		close(fd);
	return run(&options);
}
