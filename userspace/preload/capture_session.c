// SPDX-License-Identifier: MIT
/* Connection to the recorder, the lock, and what happens at fork. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "config.h"
#include "next.h"
#include "uaccess.h"

struct capture capture = {.socket = -1};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t last_thread;

static __thread struct {
	bool inside;     /* this thread holds the lock */
	uint32_t number; /* from 1; 0: none yet */
} self __attribute__((tls_model("initial-exec")));

bool capture_lock(void)
{
	if (self.inside)
		return false;
	pthread_mutex_lock(&mutex);
	self.inside = true;
	if (atomic_load_explicit(&capture.state, memory_order_relaxed) >= CAPTURE_IDLE)
		return true;
	capture_unlock();
	return false;
}

void capture_unlock(void)
{
	self.inside = false;
	pthread_mutex_unlock(&mutex);
}

/*
 * fork: the child gets the tables as they are between two calls. It keeps nothing of the
 * connection; if it goes on using the node it makes one of its own.
 */
static void fork_prepare(void)
{
	if (!self.inside)
		pthread_mutex_lock(&mutex);
}

static void fork_parent(void)
{
	if (!self.inside)
		pthread_mutex_unlock(&mutex);
}

static void fork_child(void)
{
	int state = atomic_load(&capture.state);

	if (!self.inside)
		pthread_mutex_unlock(&mutex);
	capture.pid = getpid();
	if (state == CAPTURE_OFF || state == CAPTURE_UNKNOWN)
		return;
	if (state == CAPTURE_ON) {
		capture.parent = capture.stream + 1;
		syscall(SYS_close, capture.socket);
		capture.socket = -1;
		ring_unmap(&capture.ring);
		munmap(capture.control, sizeof(*capture.control));
		capture.control = NULL;
		/* Its descriptors show the parent's memory. */
		wt_close_fds(&capture.wt);
	}
	capture.submits = 0;
	capture.presents = 0;
	capture.calls = 0;
	atomic_store(&capture.state, CAPTURE_IDLE);
}

static pthread_once_t configure_once = PTHREAD_ONCE_INIT;

static void configure(void)
{
	const char *path = getenv(CAPTURE_ENV_SOCKET), *node = getenv(CAPTURE_ENV_NODE);
	enum capture_state state = CAPTURE_OFF;
	unsigned int major, minor, card = UINT32_MAX;

	capture.pid = getpid();
	if (path && node && strlen(path) < sizeof(capture.socket_path) &&
	    sscanf(node, "%u:%u:%u", &major, &minor, &card) >= 2) {
		strcpy(capture.socket_path, path);
		capture.rdev_major = major;
		capture.rdev_minor = minor;
		capture.rdev_card = card;
		capture.results = getenv(PRELOAD_ENV_RESULTS) != NULL;
		atomic_store(&capture.map_low, UINTPTR_MAX);
		if (!pthread_atfork(fork_prepare, fork_parent, fork_child))
			state = CAPTURE_IDLE;
	}
	atomic_store_explicit(&capture.state, state, memory_order_release);
}

enum capture_state capture_configure(void)
{
	int saved = errno;

	pthread_once(&configure_once, configure);
	errno = saved;
	return (enum capture_state)atomic_load(&capture.state);
}

/* Early, so that no signal handler is the first to come here. */
__attribute__((constructor)) static void capture_constructor(void)
{
	capture_configure();
}

bool capture_is_foreign_process(void)
{
	return (int)syscall(SYS_getpid) != capture.pid;
}

uint64_t capture_next_seq(void)
{
	return atomic_fetch_add_explicit(&capture.control->seq, 1, memory_order_relaxed) + 1;
}

uint64_t capture_time(void)
{
	struct timespec ts;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	return now > capture.control->start_ns ? now - capture.control->start_ns : 0;
}

uint32_t capture_thread(void)
{
	if (!self.number)
		self.number = atomic_fetch_add(&last_thread, 1) + 1;
	return self.number;
}

static void send_packet(uint32_t kind, const char *text, size_t size)
{
	struct capture_packet packet = {.kind = kind};

	if (capture.socket < 0)
		return;
	if (size > sizeof(packet.text))
		size = sizeof(packet.text);
	if (size)
		memcpy(packet.text, text, size);
	send(capture.socket, &packet, sizeof(packet.kind) + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void capture_warn(const char *format, ...)
{
	char text[CAPTURE_MAX_PACKET - 4];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	send_packet(CAPTURE_PACKET_WARNING, text, strlen(text));
}

/* The ring is full: the recorder is asked to hurry, and whether it is still there. */
static bool recorder_alive(void *data)
{
	struct pollfd fd = {.fd = capture.socket, .events = POLLRDHUP};

	if (atomic_load(&capture.control->stop))
		return false;
	atomic_store(&capture.ring.header->consumer_sleeps, 0);
	send_packet(CAPTURE_PACKET_WAKE, NULL, 0);
	return poll(&fd, 1, 0) >= 0 && !(fd.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL));
}

static void send_stats(void)
{
	const struct wt_stats *wt = &capture.wt.stats;
	struct capture_stats stats = {
		.kind = CAPTURE_PACKET_STATS,
		.pagemap_mappings = wt->pagemap_mappings,
		.compared_mappings = wt->compared_mappings,
		.collections = wt->collections,
		.scans = wt->scans,
		.pages_checked = wt->pages_checked,
		.pages_recorded = wt->pages_changed,
		.protects = wt->protects,
		.collect_ns = capture.collect_ns,
		.calls = capture.calls,
	};

	if (capture.socket >= 0)
		send(capture.socket, &stats, sizeof(stats), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void capture_stop(void)
{
	if (atomic_load(&capture.state) != CAPTURE_ON)
		return;
	send_stats();
	atomic_store_explicit(&capture.state, CAPTURE_OFF, memory_order_release);
	syscall(SYS_close, capture.socket);
	capture.socket = -1;
	ring_unmap(&capture.ring);
	wt_close_fds(&capture.wt);
}

/* The program is about to end in good order: what recording cost can still be told. */
__attribute__((destructor)) static void capture_destructor(void)
{
	if (atomic_load(&capture.state) != CAPTURE_ON || capture_is_foreign_process() ||
	    !capture_lock())
		return;
	if (atomic_load(&capture.state) == CAPTURE_ON)
		send_stats();
	capture_unlock();
}

void *capture_record(uint16_t type, uint32_t size, uint32_t file)
{
	struct agxt_record *record;

	if (atomic_load_explicit(&capture.state, memory_order_relaxed) != CAPTURE_ON)
		return NULL;
	record = ring_reserve(&capture.ring, agxt_align8(size), recorder_alive, NULL);
	if (!record) {
		capture_stop();
		return NULL;
	}
	*record = (struct agxt_record){
		.type = type,
		.thread = capture_thread(),
		.file = file,
		.seq = capture_next_seq(),
		.time_ns = capture_time(),
	};
	return record;
}

void capture_commit(void *record, uint32_t size)
{
	struct agxt_record *head = record;

	head->size = agxt_align8(size);
	memset((uint8_t *)record + size, 0, head->size - size);
	if (ring_publish(&capture.ring, head->size))
		send_packet(CAPTURE_PACKET_WAKE, NULL, 0);
}

/* The part of an argument that is no path: traces hold none. */
static const char *base_name(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash ? slash + 1 : text;
}

static void describe_process(void)
{
	const char *name = base_name(program_invocation_name), *label = capture.control->label;
	uint32_t name_size = (uint32_t)strnlen(name, 255), used = 0, i, start;
	char raw[4096], text[4096 + 1];
	struct agxt_process *process;
	struct utsname machine;
	ssize_t n = 0;
	int fd;

	process = capture_record(AGXT_PROCESS, sizeof(*process) + name_size, 0);
	if (!process)
		return;
	process->parent = capture.parent;
	process->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	process->name_size = name_size;
	process->pad = 0;
	memcpy(process + 1, name, name_size);
	capture_commit(process, sizeof(*process) + name_size);

	fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = syscall(SYS_read, fd, raw, sizeof(raw) - 1);
		syscall(SYS_close, fd);
	}
	for (i = start = 0; n > 0 && i < (uint32_t)n; i++) {
		const char *argument = raw + start;

		if (raw[i] && i + 1 < (uint32_t)n)
			continue;
		raw[i + (raw[i] ? 1 : 0)] = '\0';
		if (*argument == '/' || !start)
			argument = base_name(argument);
		used += (uint32_t)strlen(strcpy(text + used, argument)) + 1;
		start = i + 1;
	}
	if (used)
		capture_record_meta(AGXT_META_COMMAND, text, used);
	capture_record_meta(AGXT_META_TOOL, "agx " AGX_VERSION, strlen("agx " AGX_VERSION));
	if (!uname(&machine))
		capture_record_meta(AGXT_META_MACHINE, machine.machine,
				    (uint32_t)strlen(machine.machine));
	if (capture.control->first_frame) {
		n = snprintf(text, sizeof(text), "%llu-%llu",
			     (unsigned long long)capture.control->first_frame,
			     (unsigned long long)capture.control->last_frame);
		capture_record_meta(AGXT_META_FRAMES, text, (uint32_t)n);
	}
	if (label[0])
		capture_record_marker(AGXT_MARKER_LABEL, 1, label);
}

static bool receive_welcome(int fd, uint32_t *stream, int fds[2])
{
	struct capture_welcome welcome;
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = {&welcome, sizeof(welcome)};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg;
	ssize_t n;

	do {
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	cmsg = n == sizeof(welcome) ? CMSG_FIRSTHDR(&message) : NULL;
	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS ||
	    cmsg->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(cmsg), 2 * sizeof(int));
	*stream = welcome.stream;
	if (welcome.magic == CAPTURE_MAGIC)
		return true;
	syscall(SYS_close, fds[0]);
	syscall(SYS_close, fds[1]);
	return false;
}

static uint64_t anonymous_key(void)
{
	struct stat st;
	int fd = (int)syscall(SYS_eventfd2, 0, O_CLOEXEC);
	uint64_t key = 0;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st))
		key = capture_inode_key(&st);
	syscall(SYS_close, fd);
	return key;
}

static bool connect_recorder(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct capture_hello hello = {.magic = CAPTURE_MAGIC,
				      .version = CAPTURE_VERSION,
				      .parent = capture.parent,
				      .pid = (uint32_t)capture.pid};
	struct timeval patience = {.tv_sec = 10};
	void *control;
	int fd, high, fds[2], ret;

	_Static_assert(sizeof(capture.socket_path) <= sizeof(address.sun_path), "path");
	strcpy(address.sun_path, capture.socket_path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	high = NEXT(fcntl)(fd, F_DUPFD_CLOEXEC, 500);
	if (high >= 0) {
		syscall(SYS_close, fd);
		fd = high;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello) ||
	    !receive_welcome(fd, &capture.stream, fds))
		goto fail;
	ret = ring_map(&capture.ring, fds[0]);
	control = NEXT(mmap)(NULL, sizeof(struct capture_control), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fds[1], 0);
	syscall(SYS_close, fds[0]);
	syscall(SYS_close, fds[1]);
	if (ret || control == MAP_FAILED) {
		if (!ret)
			ring_unmap(&capture.ring);
		if (control != MAP_FAILED)
			munmap(control, sizeof(struct capture_control));
		goto fail;
	}
	capture.control = control;
	capture.socket = fd;
	return true;
fail:
	syscall(SYS_close, fd);
	return false;
}

static void object_was_split(void *owner)
{
	capture_object_get(owner);
}

bool capture_connect(void)
{
	enum wt_mode mode;
	struct capture_fd *file;

	if (atomic_load_explicit(&capture.state, memory_order_relaxed) == CAPTURE_ON)
		return true;
	if (!connect_recorder()) {
		/* The recorder is gone, or takes no more: the program goes on alone. */
		atomic_store(&capture.state, CAPTURE_OFF);
		return false;
	}
	capture.anon_key = anonymous_key();
	atomic_store_explicit(&capture.state, CAPTURE_ON, memory_order_release);
	mode = capture.control->write_tracking == CAPTURE_WT_COMPARE ? WT_COMPARE : WT_AUTO;
	describe_process();
	if (capture.parent) {
		for (file = capture.files; file; file = file->next_file)
			if (file->id < CAPTURE_MAX_FILES)
				atomic_fetch_add(&capture.control->file_users[file->id], 1);
		wt_forked(&capture.wt);
	} else {
		wt_init(&capture.wt, mode, object_was_split);
	}
	return atomic_load(&capture.state) == CAPTURE_ON;
}

bool capture_owns_fd(int fd)
{
	int fds[WT_FDS];

	if (fd < 0 || atomic_load_explicit(&capture.state, memory_order_relaxed) != CAPTURE_ON)
		return false;
	wt_fds(&capture.wt, fds);
	return fd == capture.socket || fd == fds[0] || fd == fds[1];
}

void capture_give_way(int fd)
{
	int moved = NEXT(fcntl)(fd, F_DUPFD_CLOEXEC, fd + 1);

	/* No number left above: below, then. If that fails as well the number is lost. */
	if (moved < 0)
		moved = NEXT(fcntl)(fd, F_DUPFD_CLOEXEC, 3);
	if (fd == capture.socket)
		capture.socket = moved;
	else
		wt_move_fd(&capture.wt, fd, moved);
}
