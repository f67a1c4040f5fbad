// SPDX-License-Identifier: MIT
/*
 * The life of a virtual machine's chip: who connects, requests, messages both ways, time.
 *
 * The firmware works in batches of bounded size, between which the machine's requests and messages
 * are looked at; after some batches the turn ends and with it whatever else the process waits for
 * has its chance. When nobody has anything to do it says that it waits for the doorbell, looks once
 * more, and sleeps until then or until the firmware's next time comes.
 */
#include "agx_vgpu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "foreign_ram.h"
#include "identity.h"
#include "ivshmem.h"
#include "sgx.h"

/* What the firmware does between two looks at the mailbox; batches in a turn, and their time. */
#define BATCH_STEPS  64
#define TURN_BATCHES 256
#define TURN_NS      20000000

/* Messages to the driver while its ring is full. The firmware pauses as long as there are any. */
#define BACKLOG 1024

/* When messages cannot be passed on, ms between looks whether there is room. */
#define STUCK_LOOK_MS 1

/* Looks at memory that find nothing come less and less often: doubled so many times at most. */
#define MAX_BACK_OFF 4

enum source {
	SOURCE_STOP,
	SOURCE_LISTEN,
	SOURCE_CLIENT,
	SOURCE_DOORBELL,
};

struct agx_vgpu {
	struct agx_vgpu_config config;
	struct foreign_ram ram;
	struct agx_chip *chip;
	struct ivshmem server;
	struct block block;
	struct agx_virtual *shared;
	int memory, epoll, stop;
	bool ended;

	/* Registers of MMU faults, behind those that identify the GPU. */
	uint32_t fault_registers[2];
	unsigned int first_fault, fault_count;
	uint64_t fault_values[2];

	/* The driver's clock at a point of the host's. */
	uint64_t clock_driver, clock_host;

	struct {
		uint64_t word0, word1;
	} backlog[BACKLOG];
	uint32_t backlog_head, backlog_tail;

	unsigned int looks; /* for nothing, in a row */
	bool unfinished;    /* the last turn ended before its work */
	bool stuck;         /* there is work, but the firmware or the driver's ring has no room */
	bool ring;          /* messages were put since the doorbell was rung */
	uint64_t done_commands; /* of earlier boots */
	struct agx_vgpu_stats stats;
};

static uint64_t host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static __attribute__((format(printf, 3, 4))) void
say(struct agx_vgpu *vgpu, enum agx_vgpu_log_level level, const char *format, ...)
{
	char line[600];
	va_list args;

	if (!vgpu->config.log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	vgpu->config.log(vgpu->config.cookie, level, line);
}

/* --- What the chip calls --- */

static void *ram_at(void *cookie, uint64_t pa, uint64_t size)
{
	struct agx_vgpu *vgpu = cookie;

	return foreign_ram_at(&vgpu->ram, pa, size);
}

static void put_backlog(struct agx_vgpu *vgpu, uint64_t word0, uint64_t word1)
{
	uint32_t slot = vgpu->backlog_tail % BACKLOG;

	if (vgpu->backlog_tail - vgpu->backlog_head == BACKLOG) {
		say(vgpu, AGX_VGPU_LOG_WARN,
		    "the driver's mailbox is full: message 0x%" PRIx64 " for endpoint 0x%x is lost",
		    word0, (unsigned int)(word1 & 0xff));
		return;
	}
	vgpu->backlog[slot].word0 = word0;
	vgpu->backlog[slot].word1 = word1;
	vgpu->backlog_tail++;
}

static bool has_backlog(const struct agx_vgpu *vgpu)
{
	return vgpu->backlog_head != vgpu->backlog_tail;
}

static int put_message(struct agx_vgpu *vgpu, uint64_t word0, uint64_t word1)
{
	int err = block_put(&vgpu->block, word0, word1);

	if (!err) {
		vgpu->stats.messages_out++;
		vgpu->ring = true;
	} else if (err == -EPROTO) {
		vgpu->stats.protocol_errors++;
		say(vgpu, AGX_VGPU_LOG_ERROR,
		    "the driver's counter of messages taken makes no sense: nothing is sent any more");
	}
	return err;
}

static void to_driver(void *cookie, uint64_t word0, uint64_t word1)
{
	struct agx_vgpu *vgpu = cookie;

	if (has_backlog(vgpu) || put_message(vgpu, word0, word1))
		put_backlog(vgpu, word0, word1);
}

static uint64_t clock_ticks(void *cookie)
{
	const struct agx_vgpu *vgpu = cookie;

	return agx_chip_ticks(vgpu->clock_driver + (host_ns() - vgpu->clock_host));
}

static void firmware_log(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	say(cookie, level == AGX_FIRMWARE_LOG_ERROR ? AGX_VGPU_LOG_WARN : AGX_VGPU_LOG_MACHINE,
	    "firmware: %s", line);
}

static void finding(void *cookie, const struct agx_chip_finding *found)
{
	struct agx_vgpu *vgpu = cookie;

	vgpu->stats.findings++;
	if (vgpu->config.finding)
		vgpu->config.finding(vgpu->config.cookie, found);
}

static void transcript(void *cookie, const char *line)
{
	struct agx_vgpu *vgpu = cookie;

	vgpu->config.transcript(vgpu->config.cookie, line);
}

static void update_registers(void *cookie)
{
	struct agx_vgpu *vgpu = cookie;

	for (unsigned int i = 0; i < vgpu->fault_count; i++) {
		uint64_t value = agx_chip_sgx_read(vgpu->chip, vgpu->fault_registers[i]);

		if (value == vgpu->fault_values[i])
			continue;
		vgpu->fault_values[i] = value;
		block_set_register(&vgpu->block, vgpu->first_fault + i, value);
	}
}

/* --- Life --- */

static void init_block(struct agx_vgpu *vgpu)
{
	const bool g14x = vgpu->config.variant == AGX_FW_VARIANT_G14X_V13_5;
	struct agx_virtual_register registers[IDENTITY_REGISTERS + 2];
	unsigned int count = identity_registers(&vgpu->config.gpu, registers);

	vgpu->first_fault = count;
	vgpu->fault_count = g14x ? 2 : 1;
	vgpu->fault_registers[0] = g14x ? AGX_SGX_FAULT_INFO_G14X : AGX_SGX_FAULT_INFO;
	vgpu->fault_registers[1] = AGX_SGX_FAULT_ADDR_G14X;
	for (unsigned int i = 0; i < vgpu->fault_count; i++) {
		vgpu->fault_values[i] = agx_chip_sgx_read(vgpu->chip, vgpu->fault_registers[i]);
		registers[count++] = (struct agx_virtual_register){
			.offset = vgpu->fault_registers[i],
			.value = vgpu->fault_values[i],
		};
	}
	block_init(&vgpu->block, vgpu->shared, vgpu->config.chip_id, registers, count);
}

static int make_memory(struct agx_vgpu *vgpu)
{
	void *map;

	vgpu->memory = memfd_create("agx-vgpu", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (vgpu->memory < 0)
		return -errno;
	/* Who maps it, too, cannot take it away. */
	if (ftruncate(vgpu->memory, AGX_VIRTUAL_SIZE) ||
	    fcntl(vgpu->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	map = mmap(NULL, AGX_VIRTUAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vgpu->memory, 0);
	if (map == MAP_FAILED)
		return -errno;
	vgpu->shared = map;
	return 0;
}

static int watch(struct agx_vgpu *vgpu, int fd, enum source source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return epoll_ctl(vgpu->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int make_epoll(struct agx_vgpu *vgpu)
{
	int err;

	vgpu->epoll = epoll_create1(EPOLL_CLOEXEC);
	vgpu->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (vgpu->epoll < 0 || vgpu->stop < 0)
		return -errno;
	err = watch(vgpu, vgpu->stop, SOURCE_STOP);
	return err ? err : watch(vgpu, vgpu->config.listen, SOURCE_LISTEN);
}

static int create_chip(struct agx_vgpu *vgpu, const char *rules, char *error, size_t size)
{
	const struct agx_vgpu_config *config = &vgpu->config;
	const uint64_t end = vgpu->ram.base + vgpu->ram.size;
	struct agx_chip_config chip = {
		.variant = config->variant,
		.chip_id = config->chip_id,
		.output_bits = config->output_bits,
		.ttbat_pa = config->ttbs ? config->ttbs : end - AGX_VGPU_TTBS,
		.handoff_pa = config->handoff ? config->handoff : end - AGX_VGPU_HANDOFF,
		.inject = rules,
		.critic = vgpu->config.critic,
		.exec = vgpu->config.exec ? AGX_CHIP_EXEC_FULL : AGX_CHIP_EXEC_NONE,
		.exec_threads = config->exec_threads,
		.exec_order = config->exec_order,
		.clusters = config->gpu.clusters,
		.cores_per_cluster = config->gpu.cores_per_cluster,
		.soft_faults = true,
		.ram = ram_at,
		.mailbox = to_driver,
		.clock = clock_ticks,
		.log = config->log ? firmware_log : NULL,
		.finding = finding,
		.transcript = config->transcript ? transcript : NULL,
		.sgx_changed = update_registers,
		.cookie = vgpu,
	};
	const struct {
		const char *name;
		uint64_t pa;
	} regions[] = {{"uat-ttbs", chip.ttbat_pa}, {"uat-handoff", chip.handoff_pa}};
	int err;

	memcpy(chip.core_masks, config->gpu.core_masks, sizeof(chip.core_masks));
	for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++) {
		if (!(regions[i].pa % 0x4000) && ram_at(vgpu, regions[i].pa, 0x4000))
			continue;
		snprintf(error, size,
			 "%s: expected whole 16 KiB pages in RAM, 0x%" PRIx64 " to 0x%" PRIx64
			 ", got 0x%" PRIx64,
			 regions[i].name, vgpu->ram.base, end, regions[i].pa);
		return -EINVAL;
	}
	err = agx_chip_create(&chip, &vgpu->chip, error, size);
	if (err && !error[0])
		snprintf(error, size, "the chip: %s", strerror(-err));
	return err;
}

int agx_vgpu_create(const struct agx_vgpu_config *config, struct agx_vgpu **out, char *error,
		    size_t size)
{
	struct agx_vgpu *vgpu = calloc(1, sizeof(*vgpu));
	int err;

	error[0] = '\0';
	if (!vgpu)
		return -ENOMEM;
	vgpu->config = *config;
	vgpu->memory = vgpu->epoll = vgpu->stop = -1;
	vgpu->clock_host = host_ns();
	ivshmem_init(&vgpu->server, config->listen, -1);
	err = foreign_ram_map(&vgpu->ram, config->ram, config->ram_base, error, size);
	if (!err)
		err = create_chip(vgpu, config->inject, error, size);
	if (!err) {
		err = make_memory(vgpu);
		if (!err)
			err = make_epoll(vgpu);
		if (err)
			snprintf(error, size, "the shared block: %s", strerror(-err));
	}
	if (err) {
		agx_vgpu_destroy(vgpu);
		return err;
	}
	ivshmem_init(&vgpu->server, config->listen, vgpu->memory);
	init_block(vgpu);
	*out = vgpu;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void agx_vgpu_destroy(struct agx_vgpu *vgpu)
{
	if (!vgpu)
		return;
	agx_chip_destroy(vgpu->chip);
	ivshmem_finish(&vgpu->server);
	if (vgpu->shared)
		munmap(vgpu->shared, AGX_VIRTUAL_SIZE);
	foreign_ram_unmap(&vgpu->ram);
	close_fd(vgpu->memory);
	close_fd(vgpu->epoll);
	close_fd(vgpu->stop);
	free(vgpu);
}

/* --- Work --- */

static void set_run(struct agx_vgpu *vgpu, bool run)
{
	struct agx_firmware_status status;

	agx_chip_get_status(vgpu->chip, &status);
	if (!run)
		vgpu->done_commands += status.commands;
	agx_chip_run(vgpu->chip, run);
	update_registers(vgpu);
	vgpu->backlog_head = vgpu->backlog_tail;
	vgpu->looks = 0;
}

/* Another chip in its place, which is off, for other rules. */
static void renew_rules(struct agx_vgpu *vgpu)
{
	struct agx_chip *old = vgpu->chip;
	const char *rules;
	char error[256];

	if (!vgpu->config.rules)
		return;
	rules = vgpu->config.rules(vgpu->config.cookie);
	if (create_chip(vgpu, rules, error, sizeof(error))) {
		say(vgpu, AGX_VGPU_LOG_ERROR, "rules \"%s\": %s: none are in force",
		    rules ? rules : "", error);
		if (create_chip(vgpu, NULL, error, sizeof(error))) {
			say(vgpu, AGX_VGPU_LOG_ERROR, "%s: the rules before stay", error);
			vgpu->chip = old;
			return;
		}
	}
	vgpu->stats.injected += agx_chip_injected(old);
	agx_chip_destroy(old);
}

static void obey(struct agx_vgpu *vgpu, const struct block_request *request)
{
	say(vgpu, AGX_VGPU_LOG_DEBUG, "request 0x%x: RUN is %s", request->number,
	    request->run ? "set" : "clear");
	set_run(vgpu, false);
	if (request->run) {
		renew_rules(vgpu);
		/* The clock is set while there is nobody to see it jump. */
		vgpu->clock_driver = request->clock_ns & INT64_MAX;
		vgpu->clock_host = host_ns();
		set_run(vgpu, true);
		vgpu->stats.boots++;
	}
	block_obeyed(&vgpu->block, request);
	/* Whoever asked is waiting. */
	vgpu->ring = true;
}

/* From the ring to the firmware, as long as that has room. How many. */
static unsigned int take_messages(struct agx_vgpu *vgpu)
{
	struct agx_virtual_message message;
	unsigned int count = 0;
	int err;

	while (agx_chip_has_room(vgpu->chip)) {
		err = block_take(&vgpu->block, &message);
		if (err == -EPROTO) {
			vgpu->stats.protocol_errors++;
			say(vgpu, AGX_VGPU_LOG_ERROR,
			    "the driver's counter of messages sent makes no sense: none is taken "
			    "until RUN changes");
		}
		if (err)
			break;
		vgpu->stats.messages_in++;
		count++;
		agx_chip_send(vgpu->chip, message.word0, message.word1);
	}
	return count;
}

static unsigned int flush_backlog(struct agx_vgpu *vgpu)
{
	unsigned int count = 0;

	while (has_backlog(vgpu)) {
		uint32_t slot = vgpu->backlog_head % BACKLOG;

		if (put_message(vgpu, vgpu->backlog[slot].word0, vgpu->backlog[slot].word1))
			break;
		vgpu->backlog_head++;
		count++;
	}
	return count;
}

static void ring_driver(struct agx_vgpu *vgpu, bool always)
{
	if (!vgpu->ring)
		return;
	vgpu->ring = false;
	if (!always && !block_driver_waits(&vgpu->block))
		return;
	vgpu->stats.doorbells_out++;
	ivshmem_signal(&vgpu->server);
}

/* One batch; how much was done. */
static unsigned int work(struct agx_vgpu *vgpu)
{
	struct block_request request;
	unsigned int done = 0;

	if (block_requested(&vgpu->block, &request)) {
		obey(vgpu, &request);
		ring_driver(vgpu, true);
		done++;
	}
	done += take_messages(vgpu);
	done += flush_backlog(vgpu);
	if (!has_backlog(vgpu))
		done += agx_chip_step(vgpu->chip, BATCH_STEPS);
	update_registers(vgpu);
	ring_driver(vgpu, false);
	return done;
}

static void serve(struct agx_vgpu *vgpu)
{
	const uint64_t start = host_ns();
	unsigned int batch = 0;

	vgpu->unfinished = false;
	while (work(vgpu)) {
		vgpu->looks = 0;
		vgpu->unfinished = ++batch == TURN_BATCHES || host_ns() - start > TURN_NS;
		if (vgpu->unfinished)
			break;
	}
	vgpu->stuck = !vgpu->unfinished && block_has_work(&vgpu->block);
}

/* How long it may sleep, in ms; -1: until something happens. */
static int next_look(struct agx_vgpu *vgpu)
{
	uint64_t injected, own, ns;
	unsigned int shift = vgpu->looks / 8;

	if (vgpu->stuck || (has_backlog(vgpu) && !vgpu->block.out_broken))
		return STUCK_LOOK_MS;
	if (has_backlog(vgpu))
		return -1;
	if (agx_chip_computing(vgpu->chip))
		return 0;
	injected = agx_chip_next_injected(vgpu->chip);
	own = agx_chip_next(vgpu->chip);
	if (own < injected && own < UINT64_MAX >> MAX_BACK_OFF)
		own <<= shift < MAX_BACK_OFF ? shift : MAX_BACK_OFF;
	if (injected < own)
		own = injected;
	if (own == UINT64_MAX)
		return -1;
	/* A minute is as good as any longer time. */
	ns = own < 60ull * 24000000 ? agx_chip_ns(own) : 60000000000ull;
	return (int)((ns + 999999) / 1000000);
}

static bool spin(struct agx_vgpu *vgpu)
{
	uint64_t start;

	if (!vgpu->config.spin_us || vgpu->server.client < 0)
		return false;
	start = host_ns();
	do {
		if (block_has_work(&vgpu->block))
			return true;
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("yield");
#endif
	} while (host_ns() - start < vgpu->config.spin_us * 1000ull);
	return false;
}

static void lose_client(struct agx_vgpu *vgpu)
{
	if (!ivshmem_gone(&vgpu->server))
		return;
	/* Closing would not do: the client has the eventfd, too. */
	epoll_ctl(vgpu->epoll, EPOLL_CTL_DEL, vgpu->server.client, NULL);
	epoll_ctl(vgpu->epoll, EPOLL_CTL_DEL, vgpu->server.in, NULL);
	ivshmem_drop(&vgpu->server);
	say(vgpu, AGX_VGPU_LOG_DEBUG, "the machine has gone");
	set_run(vgpu, false);
	vgpu->unfinished = vgpu->stuck = false;
	if (vgpu->config.once)
		vgpu->ended = true;
}

static int accept_client(struct agx_vgpu *vgpu)
{
	bool had;
	int ret;

	/* One machine goes and the next comes at once: who went is heard of second, perhaps. */
	if (vgpu->server.client >= 0)
		lose_client(vgpu);
	had = vgpu->server.client >= 0;
	/* What an earlier machine left is nothing to the next. */
	if (!had)
		init_block(vgpu);
	ret = ivshmem_accept(&vgpu->server);
	if (ret < 0) {
		say(vgpu, AGX_VGPU_LOG_ERROR, "a machine could not be connected: %s",
		    strerror(-ret));
		return 0;
	}
	if (!ret) {
		if (had)
			say(vgpu, AGX_VGPU_LOG_WARN, "a second machine was sent away");
		return 0;
	}
	vgpu->stats.clients++;
	say(vgpu, AGX_VGPU_LOG_DEBUG, "a machine has connected");
	ret = watch(vgpu, vgpu->server.client, SOURCE_CLIENT);
	return ret ? ret : watch(vgpu, vgpu->server.in, SOURCE_DOORBELL);
}

int agx_vgpu_turn(struct agx_vgpu *vgpu, int timeout_ms)
{
	struct epoll_event events[4];
	int count, wait = 0, err = 0;

	if (vgpu->ended)
		return 0;
	if (!vgpu->unfinished && (vgpu->stuck || !spin(vgpu))) {
		block_set_waits(&vgpu->block, true);
		if (vgpu->stuck || !block_has_work(&vgpu->block))
			wait = next_look(vgpu);
		if (timeout_ms >= 0 && (wait < 0 || wait > timeout_ms))
			wait = timeout_ms;
	}
	if (wait)
		vgpu->stats.sleeps++;
	count = epoll_wait(vgpu->epoll, events, sizeof(events) / sizeof(events[0]), wait);
	if (count < 0) {
		if (errno != EINTR)
			return -errno;
		count = 0;
	}
	block_set_waits(&vgpu->block, false);
	if (!count && wait) {
		vgpu->looks++;
		vgpu->stats.wakes_idle++;
	}
	for (int i = 0; i < count && !err; i++) {
		switch ((enum source)events[i].data.u32) {
		case SOURCE_STOP:
			vgpu->ended = true;
			break;
		case SOURCE_LISTEN:
			err = accept_client(vgpu);
			break;
		case SOURCE_CLIENT:
			lose_client(vgpu);
			break;
		case SOURCE_DOORBELL:
			if (ivshmem_rung(&vgpu->server))
				vgpu->stats.doorbells_in++;
			break;
		}
	}
	if (err)
		return err;
	if (vgpu->server.client >= 0)
		serve(vgpu);
	return !vgpu->ended;
}

void agx_vgpu_stop(struct agx_vgpu *vgpu)
{
	const uint64_t one = 1;
	int saved = errno;
	ssize_t done;

	do
		done = write(vgpu->stop, &one, sizeof(one));
	while (done < 0 && errno == EINTR);
	errno = saved;
}

void agx_vgpu_get_stats(const struct agx_vgpu *vgpu, struct agx_vgpu_stats *stats)
{
	struct agx_firmware_status status;

	agx_chip_get_status(vgpu->chip, &status);
	*stats = vgpu->stats;
	stats->commands = vgpu->done_commands + status.commands;
	stats->injected += agx_chip_injected(vgpu->chip);
}

int agx_vgpu_listen(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}
