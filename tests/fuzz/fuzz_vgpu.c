// SPDX-License-Identifier: MIT
/*
 * A virtual machine that does whatever it likes to the process that is its GPU: the socket, the
 * shared block, the doorbell, its RAM. Each turn must end, with everything well; a request about RUN
 * must be obeyed whatever came before; and nothing may be written over the driver's own counters.
 *
 * The first byte chooses the variant of the interface. Then 12 bytes each: what, which, where (2),
 * value (8).
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agx_vgpu.h"
#include "mailbox.h"
#include "uat.h"
#include "virtual.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OP_SIZE  12
#define MAX_OPS  300
#define RAM_SIZE (1u << 20)
#define BASE     AGX_VGPU_RAM_BASE

enum op {
	OP_CONNECT,
	OP_DISCONNECT,
	OP_TALK,    /* bytes on the socket */
	OP_BLOCK,   /* 8 bytes of the block */
	OP_MESSAGE, /* into the ring, as a driver does: endpoint which */
	OP_BOOT,    /* what RTKit wants to hear */
	OP_RING,    /* the doorbell */
	OP_RAM,     /* 8 bytes of RAM */
	OP_REGION,  /* 8 bytes of the reserved regions */
	OP_RUN,
	OP_TURN,
	OPS,
};

struct machine {
	struct agx_vgpu *vgpu;
	char path[64];
	int listen, ram_fd;
	uint8_t *ram;
	int socket, memory, in, out;
	struct agx_virtual *shared;
};

static void fail(const char *what, uint64_t value)
{
	fprintf(stderr, "fuzz_vgpu: %s (0x%llx)\n", what, (unsigned long long)value);
	abort();
}

static void turn(struct machine *machine)
{
	int ret = agx_vgpu_turn(machine->vgpu, 0);

	if (ret != 1)
		fail("a turn ended it", (uint64_t)(int64_t)ret);
}

static int receive(struct machine *machine, int64_t *number)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = {.iov_base = number, .iov_len = sizeof(*number)};
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(machine->socket, &message, MSG_DONTWAIT) != sizeof(*number))
		fail("the server's greeting is short", 0);
	header = CMSG_FIRSTHDR(&message);
	if (header)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void disconnect(struct machine *machine)
{
	if (machine->socket < 0)
		return;
	munmap(machine->shared, AGX_VIRTUAL_SIZE);
	close(machine->socket);
	close(machine->memory);
	close(machine->in);
	close(machine->out);
	machine->socket = -1;
	turn(machine);
}

static void connect_machine(struct machine *machine)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int64_t number;

	disconnect(machine);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", machine->path);
	machine->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(machine->socket, (struct sockaddr *)&address, sizeof(address)))
		fail("connect", (uint64_t)errno);
	turn(machine);
	receive(machine, &number);
	receive(machine, &number);
	machine->memory = receive(machine, &number);
	machine->out = receive(machine, &number);
	machine->in = receive(machine, &number);
	machine->shared = mmap(NULL, AGX_VIRTUAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			       machine->memory, 0);
	if (machine->shared == MAP_FAILED)
		fail("mmap", (uint64_t)errno);
}

static void ring(struct machine *machine)
{
	const uint64_t one = 1;

	(void)!write(machine->out, &one, sizeof(one));
}

static void message(struct machine *machine, uint64_t word0, uint64_t word1)
{
	struct agx_virtual_ring *to = &machine->shared->to_firmware;

	to->messages[to->tail % AGX_VIRTUAL_MESSAGES] = (struct agx_virtual_message){word0, word1};
	to->tail++;
}

static void run(struct machine *machine, bool on)
{
	struct agx_virtual *shared = machine->shared;
	uint32_t number = (shared->run_done & ~AGX_VIRTUAL_RUN) + AGX_VIRTUAL_RUN_NUMBER + on;
	uint32_t tail = shared->to_firmware.tail, head = shared->to_driver.head;

	/* Who has spoilt run_done may have asked for what was done before: the next is another. */
	for (unsigned int i = 0; i < 2 && shared->run_done != number; i++) {
		number += i * AGX_VIRTUAL_RUN_NUMBER;
		shared->run = number;
		ring(machine);
		turn(machine);
	}
	if (shared->run_done != number)
		fail("a request was not obeyed", number);
	if (shared->to_firmware.tail != tail || shared->to_driver.head != head)
		fail("a counter of the driver's was written", tail);
	if (shared->to_firmware.head != tail)
		fail("the ring was not emptied", shared->to_firmware.head);
}

static void boot(struct machine *machine)
{
	static const uint64_t words[] = {
		2ull << 52 | 12 << 16 | 12, /* HELLO_ACK */
		8ull << 52 | 1,
		8ull << 52 | 1ull << 32 | 1,
		8ull << 52 | AGX_RTKIT_EPMAP_LAST,
		0xbull << 52 | 0x20,
	};
	struct agx_handoff_block *handoff = (void *)(machine->ram + RAM_SIZE - AGX_VGPU_HANDOFF);

	handoff->magic_ap = AGX_HANDOFF_MAGIC;
	run(machine, true);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		message(machine, words[i], 0);
		ring(machine);
		turn(machine);
	}
	for (uint64_t endpoint = 0x20; endpoint < 0x22; endpoint++)
		message(machine, 5ull << 52 | endpoint << 32 | 2, 0);
	turn(machine);
}

static void one(struct machine *machine, const uint8_t *op)
{
	uint16_t where;
	uint64_t value;
	uint8_t *to = NULL;

	memcpy(&where, op + 2, sizeof(where));
	memcpy(&value, op + 4, sizeof(value));
	if (op[0] % OPS != OP_CONNECT && machine->socket < 0)
		return;
	switch ((enum op)(op[0] % OPS)) {
	case OP_CONNECT:
		connect_machine(machine);
		break;
	case OP_DISCONNECT:
		disconnect(machine);
		break;
	case OP_TALK:
		(void)!send(machine->socket, &value, 1 + op[1] % 8, MSG_NOSIGNAL | MSG_DONTWAIT);
		turn(machine);
		/* Who talks is hung up on. */
		disconnect(machine);
		break;
	case OP_BLOCK:
		to = (uint8_t *)machine->shared + where % (sizeof(*machine->shared) - 7);
		break;
	case OP_MESSAGE:
		message(machine, value, op[1]);
		break;
	case OP_BOOT:
		boot(machine);
		break;
	case OP_RING:
		ring(machine);
		break;
	case OP_RAM:
		to = machine->ram + ((size_t)op[1] << 16 | where) % (RAM_SIZE - 7);
		break;
	case OP_REGION:
		to = machine->ram + RAM_SIZE - AGX_VGPU_TTBS + where % (AGX_VGPU_TTBS - 7);
		break;
	case OP_RUN:
		run(machine, op[1] & 1);
		break;
	case OP_TURN:
		turn(machine);
		break;
	case OPS:
		break;
	}
	if (to)
		memcpy(to, &value, sizeof(value));
}

static void quiet_finding(void *cookie, const struct agx_chip_finding *finding)
{
	(void)cookie;
	if (!finding->name || !finding->text || !finding->structure || !finding->field)
		fail("a finding lacks something", finding->id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine machine = {.socket = -1};
	struct agx_vgpu_config config = {
		.ram_base = BASE,
		.chip_id = 0x8103,
		.output_bits = 40,
		.gpu = {.generation = 13,
			.variant = 'G',
			.revision = 0x11,
			.dies = 1,
			.clusters = 1,
			.cores_per_cluster = 8,
			.gps = 4,
			.core_masks = {0xff}},
		.finding = quiet_finding,
	};
	char error[256];

	if (!size)
		return 0;
	snprintf(machine.path, sizeof(machine.path), "/tmp/agx-fuzz-vgpu-%d", (int)getpid());
	unlink(machine.path);
	machine.listen = config.listen = agx_vgpu_listen(machine.path);
	machine.ram_fd = config.ram = memfd_create("fuzz", MFD_CLOEXEC);
	if (machine.listen < 0 || machine.ram_fd < 0 || ftruncate(machine.ram_fd, RAM_SIZE))
		fail("no socket or no memory", (uint64_t)errno);
	machine.ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, machine.ram_fd, 0);
	config.variant = data[0] % AGX_FW_VARIANT_COUNT;
	config.inject = data[0] & 0x80 ? "lose@2/3,storm=300@1,crash-boot@3" : NULL;
	if (machine.ram == MAP_FAILED ||
	    agx_vgpu_create(&config, &machine.vgpu, error, sizeof(error)))
		fail("it cannot be made", 0);
	for (size_t i = 0; i < MAX_OPS && 1 + (i + 1) * OP_SIZE <= size; i++)
		one(&machine, data + 1 + i * OP_SIZE);
	/* Afterwards all is as it was for who begins anew. */
	if (machine.socket >= 0)
		run(&machine, false);
	connect_machine(&machine);
	if (machine.shared->magic != AGX_VIRTUAL_MAGIC || machine.shared->run_done)
		fail("the next machine does not find it new", machine.shared->run_done);
	run(&machine, true);
	disconnect(&machine);
	agx_vgpu_destroy(machine.vgpu);
	munmap(machine.ram, RAM_SIZE);
	close(machine.ram_fd);
	close(machine.listen);
	unlink(machine.path);
	return 0;
}
