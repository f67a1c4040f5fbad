// SPDX-License-Identifier: MIT
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agx_soc_tables.h"

#define PAGE         0x4000ull
#define BASE         AGX_VGPU_RAM_BASE
#define WINDOW_START 0x7000000000ull
#define WINDOW_END   0x7020000000ull

/* First words of blocks that end a stream (Mesa: src/asahi/genxml/cmdbuf.xml). */
#define CDM_TERMINATE 0x40000000u
#define VDM_TERMINATE 0xc0000000u
#define VDM_AT        0x100

uint64_t guest_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- The other process --- */

static void log_line(void *cookie, enum agx_vgpu_log_level level, const char *line)
{
	struct guest *guest = cookie;

	if (getenv("TEST_VERBOSE") || (level <= AGX_VGPU_LOG_WARN && !guest->quiet))
		fprintf(stderr, "vgpu: %s\n", line);
}

static void finding(void *cookie, const struct agx_chip_finding *found)
{
	struct guest *guest = cookie;

	if (!guest->findings++)
		snprintf(guest->finding, sizeof(guest->finding), "%s: %s", found->name,
			 found->text);
	if (!guest->quiet && guest->findings <= 10)
		fprintf(stderr, "finding: %s: %s\n", found->name, found->text);
}

static void transcript(void *cookie, const char *line)
{
	struct guest *guest = cookie;

	guest->lines++;
	if (getenv("TEST_VERBOSE"))
		fprintf(stderr, "| %s\n", line);
}

static struct guest *make(const char *soc_name, unsigned int firmware, const char *inject,
			  unsigned int spin_us)
{
	struct guest *guest = calloc(1, sizeof(*guest));
	const struct agx_soc *soc = agx_soc_find(soc_name);
	static unsigned int number;
	char error[256];

	assert_non_null(guest);
	guest->soc = soc;
	guest->firmware = agx_soc_firmware(soc, firmware);
	assert_non_null(guest->firmware);
	snprintf(guest->path, sizeof(guest->path), "/tmp/agx-test-vgpu-%d-%u", (int)getpid(),
		 number++);
	unlink(guest->path);
	guest->listen = agx_vgpu_listen(guest->path);
	assert_true(guest->listen >= 0);
	guest->ram_fd = memfd_create("test-ram", MFD_CLOEXEC);
	assert_int_equal(ftruncate(guest->ram_fd, GUEST_RAM_SIZE), 0);
	guest->ram =
		mmap(NULL, GUEST_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, guest->ram_fd, 0);
	assert_true(guest->ram != MAP_FAILED);
	guest->link = (struct guest_link){.socket = -1, .memory = -1, .in = -1, .out = -1};
	guest->config = (struct agx_vgpu_config){
		.ram = guest->ram_fd,
		.ram_base = BASE,
		.listen = guest->listen,
		.variant = (enum agx_fw_variant)agx_device_variant(soc, guest->firmware),
		.chip_id = soc->chip_id,
		.output_bits = soc->output_address_bits,
		.gpu =
			{
				.generation = soc->generation,
				.variant = soc->variant,
				.revision = soc->revision,
				.dies = soc->dies,
				.clusters = soc->clusters,
				.cores_per_cluster = soc->cores_per_cluster,
				.gps = (uint8_t)agx_soc_arch(soc)->max_gps,
			},
		.inject = inject,
		.spin_us = spin_us,
		.log = log_line,
		.finding = finding,
		.transcript = transcript,
		.cookie = guest,
	};
	memcpy(guest->config.gpu.core_masks, soc->core_masks, sizeof(soc->core_masks));
	if (agx_vgpu_create(&guest->config, &guest->vgpu, error, sizeof(error)))
		fail_msg("%s", error);
	/* Page 0 is nobody's, so that no address is 0; the last are the reserved regions. */
	guest->used[0] = 1;
	memset(guest->used + GUEST_PAGES - AGX_VGPU_TTBS / PAGE, 1, AGX_VGPU_TTBS / PAGE);
	return guest;
}

struct guest *guest_make(const char *soc, unsigned int firmware, const char *inject)
{
	return make(soc, firmware, inject, 0);
}

struct guest *guest_make_spinning(const char *soc, unsigned int firmware, unsigned int spin_us)
{
	return make(soc, firmware, NULL, spin_us);
}

static void *serve(void *data)
{
	struct guest *guest = data;

	while (agx_vgpu_turn(guest->vgpu, -1) > 0)
		;
	return NULL;
}

void guest_thread(struct guest *guest)
{
	assert_int_equal(pthread_create(&guest->thread, NULL, serve, guest), 0);
	guest->threaded = true;
}

void guest_turn(struct guest *guest)
{
	if (!guest->threaded)
		assert_int_equal(agx_vgpu_turn(guest->vgpu, 0), 1);
}

void guest_destroy(struct guest *guest)
{
	if (!guest)
		return;
	assert_null(guest->core);
	guest_disconnect(guest);
	agx_vgpu_stop(guest->vgpu);
	if (guest->threaded)
		pthread_join(guest->thread, NULL);
	agx_vgpu_destroy(guest->vgpu);
	assert_int_equal(guest->allocated, 0);
	munmap(guest->ram, GUEST_RAM_SIZE);
	close(guest->ram_fd);
	close(guest->listen);
	unlink(guest->path);
	free(guest);
}

/* --- QEMU --- */

int guest_dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

bool guest_receive(int socket, int64_t *number, int *fd)
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
	ssize_t got = recvmsg(socket, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (got <= 0)
		return false;
	assert_int_equal(got, sizeof(*number));
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return true;
}

/* The messages and their order, as qemu: hw/misc/ivshmem.c wants them. */
void guest_connect(struct guest *guest)
{
	struct guest_link *link = &guest->link;
	int64_t number;
	int fd;

	link->socket = guest_dial(guest->path);
	guest_turn(guest);
	assert_true(guest_receive(link->socket, &number, &fd));
	assert_int_equal(number, 0);
	assert_int_equal(fd, -1);
	assert_true(guest_receive(link->socket, &link->id, &fd));
	assert_int_equal(fd, -1);
	assert_true(link->id >= 0 && link->id < 65536);
	assert_true(guest_receive(link->socket, &number, &link->memory));
	assert_int_equal(number, -1);
	assert_true(link->memory >= 0);
	assert_true(guest_receive(link->socket, &link->peer, &link->out));
	assert_true(link->peer != link->id && link->out >= 0);
	assert_true(guest_receive(link->socket, &number, &link->in));
	assert_true(number == link->id && link->in >= 0);
	link->shared =
		mmap(NULL, AGX_VIRTUAL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, link->memory, 0);
	assert_true(link->shared != MAP_FAILED);
}

void guest_disconnect(struct guest *guest)
{
	struct guest_link *link = &guest->link;

	if (link->socket < 0)
		return;
	munmap(link->shared, AGX_VIRTUAL_SIZE);
	close(link->socket);
	close(link->memory);
	close(link->in);
	close(link->out);
	*link = (struct guest_link){.socket = -1, .memory = -1, .in = -1, .out = -1};
	guest_turn(guest);
}

/* --- The platform --- */

static void ring_doorbell(struct guest *guest)
{
	const uint64_t one = 1;

	guest->doorbells++;
	assert_int_equal(write(guest->link.out, &one, sizeof(one)), sizeof(one));
}

static void sleep_a_little(struct guest *guest)
{
	struct pollfd fd = {.fd = guest->link.in, .events = POLLIN};
	uint64_t count;

	if (guest->threaded && poll(&fd, 1, 1) > 0)
		(void)!read(guest->link.in, &count, sizeof(count));
	guest_turn(guest);
}

static uint64_t take_pages(struct guest *guest, uint64_t count)
{
	uint64_t run = 0;

	for (uint64_t i = 0; i < GUEST_PAGES; i++) {
		run = guest->used[i] ? 0 : run + 1;
		if (run == count) {
			uint64_t first = i + 1 - count;

			memset(guest->used + first, 1, count);
			memset(guest->ram + first * PAGE, 0, count * PAGE);
			guest->allocated += count * PAGE;
			return BASE + first * PAGE;
		}
	}
	return 0;
}

static void *at(struct guest *guest, uint64_t pa)
{
	return guest->ram + (pa - BASE);
}

static void free_pages(struct guest *guest, uint64_t pa, uint64_t count)
{
	uint64_t first = (pa - BASE) / PAGE;

	assert_true(first + count <= GUEST_PAGES);
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(guest->used[first + i], 1);
	memset(guest->used + first, 0, count);
	guest->allocated -= count * PAGE;
}

static void *page_alloc(void *cookie, uint64_t *pa)
{
	*pa = take_pages(cookie, 1);
	return *pa ? at(cookie, *pa) : NULL;
}

static void page_free(void *cookie, void *page, uint64_t pa)
{
	free_pages(cookie, pa, 1);
}

static int mem_alloc(void *cookie, uint64_t size, struct agx_mem *mem)
{
	uint64_t pa = take_pages(cookie, size / PAGE);

	if (!pa)
		return -ENOMEM;
	*mem = (struct agx_mem){
		.cpu = at(cookie, pa), .size = size, .handle = (void *)(uintptr_t)pa};
	return 0;
}

static void mem_free(void *cookie, struct agx_mem *mem)
{
	free_pages(cookie, (uintptr_t)mem->handle, mem->size / PAGE);
}

static uint64_t mem_address(void *cookie, const struct agx_mem *mem, uint64_t offset,
			    uint64_t *contiguous)
{
	*contiguous = mem->size - offset;
	return (uintptr_t)mem->handle + offset;
}

static void *core_alloc(void *cookie, size_t size)
{
	return calloc(1, size);
}

static void core_free(void *cookie, void *ptr, size_t size)
{
	free(ptr);
}

static void order(void *cookie, enum agx_barrier kind)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
}

static uint64_t time_ns(void *cookie)
{
	return guest_ns();
}

static void relax(void *cookie)
{
	guest_turn(cookie);
}

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	struct guest *guest = cookie;
	struct agx_virtual_ring *ring = &guest->link.shared->to_firmware;
	const uint64_t until = guest_ns() + 1000000000;

	if (guest->lost)
		return -EIO;
	while (guest->tail - __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) ==
	       AGX_VIRTUAL_MESSAGES) {
		if (guest_ns() > until)
			return -EAGAIN;
		sleep_a_little(guest);
	}
	ring->messages[guest->tail % AGX_VIRTUAL_MESSAGES] =
		(struct agx_virtual_message){message, endpoint};
	__atomic_store_n(&ring->tail, ++guest->tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ring->waits, __ATOMIC_RELAXED))
		ring_doorbell(guest);
	return 0;
}

static void log_core(void *cookie, enum agx_log_level level, const char *format, va_list args)
{
	struct guest *guest = cookie;

	if (!getenv("TEST_VERBOSE") && (level > AGX_LOG_WARNING || guest->quiet))
		return;
	fprintf(stderr, "driver: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
}

/* --- Hooks --- */

bool guest_request(struct guest *guest, bool run)
{
	struct agx_virtual *shared = guest->link.shared;
	const uint64_t until = guest_ns() + 2000000000;
	uint32_t done = __atomic_load_n(&shared->run_done, __ATOMIC_ACQUIRE);
	uint32_t number =
		(done & ~AGX_VIRTUAL_RUN) + AGX_VIRTUAL_RUN_NUMBER + (run ? AGX_VIRTUAL_RUN : 0);

	__atomic_store_n(&shared->clock_ns, guest_ns(), __ATOMIC_RELAXED);
	__atomic_store_n(&shared->run, number, __ATOMIC_RELEASE);
	ring_doorbell(guest);
	while (__atomic_load_n(&shared->run_done, __ATOMIC_ACQUIRE) != number) {
		if (guest_ns() > until)
			return false;
		sleep_a_little(guest);
	}
	/* Both rings were emptied by moving the other's counters to ours. */
	guest->tail = shared->to_firmware.tail;
	guest->head = shared->to_driver.head;
	return true;
}

static int run_hook(void *cookie, bool run)
{
	struct guest *guest = cookie;

	if (guest->lost)
		return run ? -EIO : 0;
	return guest_request(guest, run) ? 0 : -EIO;
}

static void event_hook(void *cookie, const struct agx_core_event *event)
{
	((struct guest *)cookie)->events++;
}

static void record_hook(void *cookie, const struct agx_record *record)
{
	struct guest *guest = cookie;

	if (record->source == AGX_RECORD_CRASH || record->source == AGX_RECORD_FAULT)
		snprintf(guest->record, sizeof(guest->record), "%s", record->text);
}

static void job_done(void *cookie, void *data, int error)
{
	struct guest *guest = cookie;
	uintptr_t job = (uintptr_t)data;

	assert_true(job < guest->job_count && !guest->jobs[job].done);
	guest->jobs[job].done = true;
	guest->jobs[job].error = error;
}

static void fault_hook(void *cookie, const struct agx_core_fault *fault)
{
	struct guest *guest = cookie;

	guest->faults++;
	guest->fault = *fault;
}

uint64_t guest_register(const struct guest *guest, uint32_t offset)
{
	const struct agx_virtual *shared = guest->link.shared;

	for (uint32_t i = 0; i < shared->register_count && i < AGX_VIRTUAL_REGISTERS; i++)
		if (shared->registers[i].offset == offset)
			return __atomic_load_n(&shared->registers[i].value, __ATOMIC_ACQUIRE);
	return 0;
}

static uint64_t sgx_read(void *cookie, uint32_t offset)
{
	return guest_register(cookie, offset);
}

static const struct agx_core_hooks hooks = {
	.run = run_hook,
	.event = event_hook,
	.record = record_hook,
	.job_done = job_done,
	.fault = fault_hook,
	.sgx_read = sgx_read,
};

/* --- The driver --- */

static struct agx_region region(struct guest *guest, uint64_t before_end)
{
	uint64_t pa = BASE + GUEST_RAM_SIZE - before_end;

	memset(at(guest, pa), 0, PAGE);
	return (struct agx_region){.pa = pa, .size = PAGE, .cpu = at(guest, pa)};
}

void guest_lose(struct guest *guest)
{
	guest->lost = true;
	agx_core_crash(guest->core, "the machine is gone");
}

void guest_load(struct guest *guest)
{
	struct agx_device *device = &guest->core_config.device;
	struct agx_reject why;

	guest->platform = (struct agx_platform){
		.cookie = guest,
		.page_alloc = page_alloc,
		.page_free = page_free,
		.mem_alloc = mem_alloc,
		.mem_free = mem_free,
		.mem_address = mem_address,
		.alloc = core_alloc,
		.free = core_free,
		.order = order,
		.tlbi = tlbi,
		.time_ns = time_ns,
		.relax = relax,
		.mailbox_send = mailbox_send,
		.log = log_core,
	};
	guest->core_config = (struct agx_core_config){
		.hooks = &hooks,
		.cookie = guest,
		.fault_control = AGX_FAULT_CONTROL_DEFAULT,
		.work_timeout_ns = 1000000000,
		.debug_heaps = true,
		.coherent = true,
	};
	agx_device_default(guest->soc, guest->firmware, device);
	device->ttbs = region(guest, AGX_VGPU_TTBS);
	device->pagetables = region(guest, AGX_VGPU_PAGETABLES);
	device->handoff = region(guest, AGX_VGPU_HANDOFF);
	/* A driver before may have left it on. */
	guest->lost = false;
	assert_true(guest_request(guest, false));
	assert_int_equal(agx_core_create(&guest->platform, &guest->core_config, &guest->core, &why),
			 0);
}

void guest_unload(struct guest *guest)
{
	guest_stop(guest);
	agx_core_destroy(guest->core);
	guest->core = NULL;
}

bool guest_step(struct guest *guest)
{
	struct agx_virtual_ring *ring = &guest->link.shared->to_driver;
	bool done = false;

	guest_turn(guest);
	while (guest->head != __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE)) {
		const struct agx_virtual_message *slot =
			&ring->messages[guest->head % AGX_VIRTUAL_MESSAGES];
		uint64_t word0 = slot->word0, word1 = slot->word1;

		__atomic_store_n(&ring->head, ++guest->head, __ATOMIC_RELEASE);
		agx_core_mailbox(guest->core, (uint8_t)word1, word0);
		done = true;
	}
	if (!agx_core_poll(guest->core))
		done = true;
	return done;
}

/* Waits for the other side when there is nothing to do. */
static void step_or_sleep(struct guest *guest)
{
	struct agx_virtual_ring *ring = &guest->link.shared->to_driver;

	if (guest_step(guest))
		return;
	__atomic_store_n(&ring->waits, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE) == guest->head)
		sleep_a_little(guest);
	__atomic_store_n(&ring->waits, 0, __ATOMIC_RELAXED);
}

enum agx_core_state guest_boot(struct guest *guest)
{
	assert_int_equal(agx_core_start(guest->core), 0);
	for (;;) {
		enum agx_core_state state = agx_core_state(guest->core);

		if (state == AGX_CORE_READY || state == AGX_CORE_FAILED)
			return state;
		step_or_sleep(guest);
	}
}

void guest_stop(struct guest *guest)
{
	agx_core_stop(guest->core);
	while (agx_core_state(guest->core) == AGX_CORE_STOPPING)
		step_or_sleep(guest);
	if (agx_core_state(guest->core) == AGX_CORE_FAILED)
		agx_core_stop(guest->core);
	assert_int_equal(agx_core_state(guest->core), AGX_CORE_OFF);
}

/* --- A client --- */

static uint64_t map_page(struct guest *guest, uint64_t va)
{
	struct agx_uat_vm *uat = agx_core_vm_uat(guest->vm);
	struct agx_uat_reserve reserve = {0};
	uint64_t pa = take_pages(guest, 1);

	assert_int_not_equal(pa, 0);
	assert_int_equal(agx_uat_reserve(uat, va, PAGE, false, &reserve), 0);
	assert_int_equal(agx_uat_map(uat, &reserve, va, pa, PAGE, AGX_UAT_GPU_SHARED_RO, 0), 0);
	agx_uat_reserve_release(agx_core_uat(guest->core), &reserve);
	return pa;
}

void guest_client(struct guest *guest)
{
	uint32_t *words;

	assert_int_equal(agx_core_vm_create(guest->core, WINDOW_START, WINDOW_END, &guest->vm), 0);
	guest->streams = map_page(guest, GUEST_STREAMS);
	guest->programs = map_page(guest, GUEST_USC);
	words = at(guest, guest->streams);
	words[0] = CDM_TERMINATE;
	words[VDM_AT / 4] = VDM_TERMINATE;
	assert_int_equal(agx_core_queue_create(guest->vm, 1, GUEST_USC, &guest->queue), 0);
}

void guest_client_gone(struct guest *guest)
{
	guest_reap(guest);
	agx_core_queue_destroy(guest->queue);
	agx_core_vm_destroy(guest->vm);
	free_pages(guest, guest->streams, 1);
	free_pages(guest, guest->programs, 1);
}

static unsigned int submit(struct guest *guest, const void *cmdbuf, uint32_t size)
{
	struct agx_submit_cmd cmds[1];
	struct agx_submit_counts counts;
	struct agx_submit_ops ops = {0};
	struct agx_reject why;
	unsigned int number = guest->job_count++;
	const uint64_t until = guest_ns() + 5000000000;
	int err;

	assert_true(number < GUEST_JOBS);
	assert_int_equal(agx_submit_count(cmdbuf, size, &counts, &why), 0);
	assert_int_equal(agx_submit_parse(cmdbuf, size, &counts, &ops, cmds, &why), 0);
	err = agx_core_job_create(guest->queue, cmdbuf, cmds, 1, (void *)(uintptr_t)number,
				  &guest->jobs[number].job);
	if (!err) {
		while ((err = agx_core_job_submit(guest->jobs[number].job)) == -EBUSY &&
		       guest_ns() < until)
			step_or_sleep(guest);
	}
	if (err) {
		guest->jobs[number].done = true;
		guest->jobs[number].error = err;
	}
	return number;
}

unsigned int guest_compute(struct guest *guest, uint64_t stream)
{
	const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} buffer = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(struct drm_asahi_cmd_compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.compute = {.cdm_ctrl_stream_base = stream ? stream : GUEST_STREAMS,
			    .cdm_ctrl_stream_end = (stream ? stream : GUEST_STREAMS) + 8},
	};

	return submit(guest, &buffer, sizeof(buffer));
}

unsigned int guest_render(struct guest *guest)
{
	const struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_render render;
	} buffer = {
		.header = {.cmd_type = DRM_ASAHI_CMD_RENDER,
			   .size = sizeof(struct drm_asahi_cmd_render),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = DRM_ASAHI_BARRIER_NONE},
		.render = {.vdm_ctrl_stream_base = GUEST_STREAMS + VDM_AT,
			   .width_px = 64,
			   .height_px = 64,
			   .layers = 1,
			   .samples = 1,
			   .sample_size_B = 4,
			   .utile_width_px = 32,
			   .utile_height_px = 32},
	};

	return submit(guest, &buffer, sizeof(buffer));
}

int guest_wait(struct guest *guest, unsigned int job, unsigned int seconds)
{
	const uint64_t until = guest_ns() + seconds * 1000000000ull;

	while (!guest->jobs[job].done) {
		if (guest_ns() > until)
			return 1;
		step_or_sleep(guest);
	}
	return guest->jobs[job].error;
}

void guest_reap(struct guest *guest)
{
	for (unsigned int i = 0; i < guest->job_count; i++) {
		if (!guest->jobs[i].done)
			continue;
		agx_core_job_destroy(guest->jobs[i].job);
		guest->jobs[i].job = NULL;
	}
}
