// SPDX-License-Identifier: MIT
/*
 * Is mapped what should be? Random VM_BIND operations on a few pages of address space, against a
 * list of what must be where.
 *
 * usage: vm-bind [--node NODE] [--steps N] [--seed N]
 *
 * Each page of each buffer is a compute stream that jumps to an address of its own. To see which
 * page is at an address, memory that ends a stream is mapped where the expected page jumps to, and
 * nowhere else: a command that starts at the address ends well when it is the expected one, and
 * with EIO when it is another one or none. The buffers: one of the VM's own, one that can be
 * shared, one of another file.
 *
 * Exit: 0 all well, 1 not, 77 there is no such node.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define SKIPPED 77
#define WAIT_MS 60000

#define PAGES        40 /* of address space that is played with */
#define BUFFERS      3
#define BUFFER_PAGES 16
#define BASE         VM_CLIENT_FREE
#define LANDING      (VM_CLIENT_FREE + 0x100000000ull)

#define CDM_LINK_TYPE 0x20000000u
#define CDM_STOP      0x40000000u

struct place {
	int buffer; /* -1: nothing */
	uint32_t page;
};

static struct {
	const char *node;
	unsigned int steps;
	uint64_t seed;
} options = {.steps = 200, .seed = 1};

static struct vm_client client, other;
static uint32_t buffers[BUFFERS], landing;
static struct place expected[PAGES];
static int failures;

static void fail(const char *what, int err)
{
	failures++;
	printf("failed: %s: %s\n", what, strerror(-err));
}

static uint32_t below(uint32_t limit)
{
	options.seed ^= options.seed << 13;
	options.seed ^= options.seed >> 7;
	options.seed ^= options.seed << 17;
	return (uint32_t)(options.seed >> 32) % limit;
}

static uint64_t landing_of(int buffer, uint32_t page)
{
	return LANDING + ((uint64_t)buffer * BUFFER_PAGES + page) * VM_CLIENT_PAGE;
}

/* --- Set-up --- */

static int fill_buffer(struct vm_client *owner, uint32_t handle, int buffer)
{
	uint32_t *memory;
	uint32_t page;
	int err = 0;

	memory = vm_client_map(owner, handle, BUFFER_PAGES * VM_CLIENT_PAGE, &err);
	if (!memory)
		return err;
	for (page = 0; page < BUFFER_PAGES; page++) {
		uint32_t *words = memory + page * VM_CLIENT_PAGE / sizeof(*words);
		uint64_t target = landing_of(buffer, page);

		words[0] = CDM_LINK_TYPE | (uint32_t)(target >> 32);
		words[1] = (uint32_t)target;
	}
	munmap(memory, BUFFER_PAGES * VM_CLIENT_PAGE);
	return 0;
}

/* A buffer of the other file, by way of a dma-buf. */
static int import(uint32_t *handle)
{
	struct drm_prime_handle prime = {.flags = DRM_CLOEXEC | DRM_RDWR};
	int err = vm_client_bo(&other, 0, BUFFER_PAGES * VM_CLIENT_PAGE, &prime.handle);

	if (!err)
		err = fill_buffer(&other, prime.handle, 2);
	if (!err)
		err = (int)vm_client_ioctl(other.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime);
	if (err)
		return err;
	err = (int)vm_client_ioctl(client.fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &prime);
	close(prime.fd);
	*handle = prime.handle;
	return err;
}

static int set_up(void)
{
	const uint64_t size = BUFFER_PAGES * VM_CLIENT_PAGE;
	uint32_t *memory;
	int err = vm_client_init(&client, options.node), i;

	if (!err)
		err = vm_client_init(&other, options.node);
	if (!err)
		err = vm_client_bo(&client, client.vm, size, &buffers[0]);
	if (!err)
		err = fill_buffer(&client, buffers[0], 0);
	if (!err)
		err = vm_client_bo(&client, 0, size, &buffers[1]);
	if (!err)
		err = fill_buffer(&client, buffers[1], 1);
	if (!err)
		err = import(&buffers[2]);
	if (!err)
		err = vm_client_bo(&client, client.vm, VM_CLIENT_PAGE, &landing);
	if (err)
		return err;
	memory = vm_client_map(&client, landing, VM_CLIENT_PAGE, &err);
	if (!memory)
		return err;
	memory[0] = CDM_STOP;
	munmap(memory, VM_CLIENT_PAGE);
	for (i = 0; i < PAGES; i++)
		expected[i].buffer = -1;
	return 0;
}

/* --- Looking --- */

/* How a command ends whose stream is at address. */
static int run_stream(uint64_t address)
{
	const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} command = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(command.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = address, .cdm_ctrl_stream_end = address + 8},
	};
	struct drm_asahi_sync out = {.handle = client.syncobj};
	struct drm_asahi_submit submit = {
		.syncs = (uintptr_t)&out,
		.cmdbuf = (uintptr_t)&command,
		.queue_id = client.queue,
		.out_sync_count = 1,
		.cmdbuf_size = sizeof(command),
	};
	int err = (int)vm_client_ioctl(client.fd, DRM_IOCTL_ASAHI_SUBMIT, &submit);

	if (!err)
		err = vm_client_wait(&client, client.syncobj, WAIT_MS);
	return err ? err : vm_client_status(&client, client.syncobj);
}

static void look_at(uint32_t index)
{
	const struct place *place = &expected[index];
	uint64_t target = landing_of(place->buffer, place->page);
	int err = 0, result;

	if (place->buffer >= 0)
		err = vm_client_bind(&client, landing, 0, target, VM_CLIENT_PAGE);
	if (err) {
		fail("binding a landing place", err);
		return;
	}
	result = run_stream(BASE + index * VM_CLIENT_PAGE);
	if (result != (place->buffer < 0 ? -EIO : 0)) {
		failures++;
		printf("failed: page %u: expected buffer %d, page %u, got %d\n", index,
		       place->buffer, place->page, result);
	}
	if (place->buffer >= 0) {
		err = vm_client_unbind(&client, target, VM_CLIENT_PAGE);
		if (err)
			fail("unbinding a landing place", err);
	}
}

/* --- Doing --- */

static void bind_op(const struct drm_asahi_gem_bind_op *op)
{
	struct drm_asahi_vm_bind args = {
		.vm_id = client.vm,
		.num_binds = 1,
		.stride = sizeof(*op),
		.userptr = (uintptr_t)op,
	};
	int err = (int)vm_client_ioctl(client.fd, DRM_IOCTL_ASAHI_VM_BIND, &args);

	if (err)
		fail("VM_BIND", err);
}

static void step(void)
{
	const uint32_t access = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE;
	uint32_t first = below(PAGES), count = 1 + below(PAGES - first), page = 0, i;
	bool single = false;
	int buffer = (int)below(BUFFERS + 1) - 1;

	if (buffer >= 0) {
		single = !below(4);
		page = below(BUFFER_PAGES);
		if (!single && count > BUFFER_PAGES - page)
			count = BUFFER_PAGES - page;
	}
	bind_op(&(const struct drm_asahi_gem_bind_op){
		.flags = buffer < 0 ? DRM_ASAHI_BIND_UNBIND
				    : access | (single ? DRM_ASAHI_BIND_SINGLE_PAGE : 0),
		.handle = buffer < 0 ? 0 : buffers[buffer],
		.offset = page * VM_CLIENT_PAGE,
		.range = count * VM_CLIENT_PAGE,
		.addr = BASE + first * VM_CLIENT_PAGE,
	});
	for (i = 0; i < count; i++)
		expected[first + i] = (struct place){buffer, single ? page : page + i};
}

/* Closing a handle unmaps what it stands for, and nothing else. */
static void close_handle(int buffer)
{
	int err = vm_client_close_bo(&client, buffers[buffer]), i;

	if (err)
		fail("GEM_CLOSE", err);
	for (i = 0; i < PAGES; i++)
		if (expected[i].buffer == buffer)
			expected[i].buffer = -1;
	for (i = 0; i < PAGES; i++)
		look_at((uint32_t)i);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	char *end = NULL;

	switch (key) {
	case 'n':
		options.node = arg;
		return 0;
	case 's':
		options.steps = (unsigned int)strtoul(arg, &end, 10);
		break;
	case 'S':
		options.seed = strtoull(arg, &end, 10);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (*end || !options.seed)
		argp_error(state, "%s: a number above 0 is needed", arg);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"node", 'n', "NODE", 0, "the render node; default: the first one of asahi", 0},
		{"steps", 's', "N", 0, "operations (200)", 0},
		{"seed", 'S', "N", 0, "another order (1)", 0},
		{0},
	};
	static const struct argp argp = {.options = argp_options, .parser = parse_option};
	unsigned int i;
	int buffer, err;

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	err = vm_client_open_node(options.node);
	if (err < 0) {
		fprintf(stderr, "vm-bind: no node: %s\n", strerror(-err));
		return SKIPPED;
	}
	close(err);
	err = set_up();
	if (err) {
		fail("setting up", err);
		return 1;
	}
	for (i = 0; i < options.steps && failures < 10; i++) {
		step();
		look_at(below(PAGES));
		look_at(below(PAGES));
	}
	for (i = 0; i < PAGES; i++)
		look_at(i);
	for (buffer = BUFFERS - 1; buffer >= 0; buffer--)
		close_handle(buffer);
	printf("%u operations, %d failed\n", options.steps, failures);
	return failures > 0;
}
