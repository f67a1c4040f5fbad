// SPDX-License-Identifier: MIT
/*
 * The first process of the machine that `agx vm` makes, in its initramfs: loads modules, mounts
 * the root, runs one command in it and carries its input and output, all by virtio-serial ports
 * (protocol.h). It is linked statically, and is the whole of the initramfs besides the modules.
 *
 * What fails before the command runs is told to the host, which ends the machine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

#define CONFIG_MAX   (1u << 20)
#define BUFFER       65536u
#define WAIT_MS      20000
#define MODULE_FLAGS 4 /* MODULE_INIT_COMPRESSED_FILE */

enum port {
	CONTROL,
	INPUT,
	OUTPUT,
	ERROR,
	KLOG,
	PORTS
};

static const char *const port_names[PORTS] = {VM_PORT_CONTROL, VM_PORT_INPUT, VM_PORT_OUTPUT,
					      VM_PORT_ERROR, VM_PORT_KLOG};

/* What flows from one descriptor to another. */
struct flow {
	int from, to;
	char data[BUFFER];
	size_t start, end;
	uint64_t total; /* given to the other side */
	bool ended;     /* nothing more comes */
};

static int ports[PORTS] = {-1, -1, -1, -1, -1};
static struct flow flows[PORTS];
static char *config;
static size_t config_size;
static int terminal = -1; /* the command's, master side */

static void control(const char *format, ...) __attribute__((format(printf, 1, 2)));
static _Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);
		struct pollfd wait = {fd, POLLOUT, 0};

		if (n > 0) {
			data += n;
			size -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			poll(&wait, 1, 1000);
		} else if (n < 0 && errno != EINTR) {
			return;
		}
	}
}

static void control(const char *format, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (ports[CONTROL] >= 0)
		write_all(ports[CONTROL], line, (size_t)n);
	else
		write_all(2, line, (size_t)n);
}

/* The host ends the machine when it hears of a failure; this is for when it does not. */
static _Noreturn void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

static _Noreturn void give_up(const char *format, ...)
{
	char text[900];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	control("failed %s", text);
	sleep(1);
	power_off();
}

/* --- Configuration: records ended by a zero byte, the first character says what (protocol.h) --- */

static void read_config(void)
{
	int fd = open(VM_CONFIG, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || st.st_size <= 0 || st.st_size > CONFIG_MAX)
		give_up(VM_CONFIG ": %s", strerror(errno));
	config = malloc((size_t)st.st_size + 1);
	n = config ? read(fd, config, (size_t)st.st_size) : -1;
	if (n != st.st_size)
		give_up(VM_CONFIG ": %s", strerror(errno));
	config[n] = 0;
	config_size = (size_t)n;
	close(fd);
}

/* The next record of a kind, or NULL; *at begins at 0. */
static const char *record(enum vm_record kind, size_t *at)
{
	while (*at < config_size) {
		const char *found = config + *at;

		*at += strlen(found) + 1;
		if (*found == (char)kind)
			return found + 1;
	}
	return NULL;
}

static const char *only(enum vm_record kind)
{
	size_t at = 0;

	return record(kind, &at);
}

/* --- The machine --- */

static void make_mount(const char *what, const char *where, const char *type, unsigned long flags,
		       const char *data)
{
	mkdir(where, 0755);
	if (mount(what, where, type, flags, data) && errno != EBUSY)
		give_up("mounting %s (%s) on %s: %s", what, type, where, strerror(errno));
}

static void pause_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* Opens the ports that have appeared; true when all have. */
static bool find_ports(void)
{
	static const char class[] = "/sys/class/virtio-ports";
	DIR *dir = opendir(class);
	struct dirent *entry;
	unsigned int i, found = 0;

	while (dir && (entry = readdir(dir))) {
		char path[300], name[64] = "";
		int fd;

		snprintf(path, sizeof(path), "%s/%s/name", class, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, name, sizeof(name) - 1) > 0)
			name[strcspn(name, "\n")] = 0;
		close(fd);
		for (i = 0; i < PORTS; i++) {
			if (strcmp(name, port_names[i]) || ports[i] >= 0)
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			ports[i] = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
	}
	if (dir)
		closedir(dir);
	for (i = 0; i < PORTS; i++)
		found += ports[i] >= 0;
	return found == PORTS;
}

static void load_module(const char *path, const char *arguments)
{
	size_t length = strlen(path);
	bool packed = length > 3 && !strcmp(path + length - 3, ".xz");
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		give_up("%s: %s", path, strerror(errno));
	if (syscall(SYS_finit_module, fd, arguments, packed ? MODULE_FLAGS : 0) && errno != EEXIST)
		give_up("loading %s: %s", path, strerror(errno));
	close(fd);
}

static void load_modules(void)
{
	size_t at = 0;
	const char *path;

	while ((path = record(VM_RECORD_MODULE, &at)))
		load_module(path, "");
}

/* The root is the second file system: the first keeps the modules. */
static void enter_root(void)
{
	static const char *const kept[] = {"dev", "proc", "sys"};
	const char *type = only(VM_RECORD_ROOT), *share;
	char where[64], tag[32];
	size_t at = 0;
	unsigned int i;
	int tries;

	if (!type)
		give_up("no root file system is named");
	mkdir("/newroot", 0755);
	for (tries = 0; access("/dev/vda", F_OK) && tries < WAIT_MS / 10; tries++)
		pause_ms(10);
	if (mount("/dev/vda", "/newroot", type, MS_NOATIME, NULL))
		give_up("mounting the root (%s): %s", type, strerror(errno));
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		char from[16];

		snprintf(from, sizeof(from), "/%s", kept[i]);
		snprintf(where, sizeof(where), "/newroot/%s", kept[i]);
		mkdir(where, 0755);
		if (mount(from, where, NULL, MS_MOVE, NULL))
			give_up("moving %s: %s", from, strerror(errno));
	}
	/* The module stays within reach of the command. */
	make_mount("tmpfs", "/newroot/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mkdir("/newroot/run/agx", 0755);
	if (!access(VM_FOLDER, F_OK) && mount(VM_FOLDER, "/newroot/run/agx", NULL, MS_BIND, NULL))
		give_up("binding " VM_FOLDER ": %s", strerror(errno));
	if (chroot("/newroot") || chdir("/"))
		give_up("entering the root: %s", strerror(errno));
	make_mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777");
	make_mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
	make_mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	make_mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	make_mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
	for (i = 0; (share = record(VM_RECORD_SHARE, &at)); i++) {
		char options[96];

		/* "r" or "w", then where to. */
		snprintf(tag, sizeof(tag), VM_SHARE_TAG, i);
		snprintf(options, sizeof(options),
			 "trans=virtio,version=9p2000.L,msize=131072,cache=%s",
			 *share == 'r' ? "loose" : "mmap");
		make_mount(tag, share + 1, "9p", *share == 'r' ? MS_RDONLY : 0, options);
	}
	sethostname("agx", 3);
}

static bool have_node(void)
{
	DIR *dir = opendir("/dev/dri");
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found |= !strncmp(entry->d_name, "renderD", 7);
	if (dir)
		closedir(dir);
	return found;
}

static void load_driver(void)
{
	const char *path = only(VM_RECORD_DRIVER), *arguments = only(VM_RECORD_DRIVER_ARGUMENTS);
	int tries;

	if (!path)
		return;
	load_module(path, arguments ? arguments : "");
	for (tries = 0; !have_node() && tries < WAIT_MS / 10; tries++)
		pause_ms(10);
	if (!have_node())
		control("nodeless");
}

/* --- The command --- */

static void set_size(const char *text)
{
	struct winsize size = {0};
	unsigned int rows, columns;

	if (terminal < 0 || sscanf(text, "%u %u", &rows, &columns) != 2)
		return;
	size.ws_row = (unsigned short)rows;
	size.ws_col = (unsigned short)columns;
	ioctl(terminal, TIOCSWINSZ, &size);
}

static _Noreturn void run_child(int in, int out, int err, const char *tty)
{
	static char *argv[4096];
	size_t at = 0, count = 0;
	const char *text;

	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (tty) {
		in = open(tty, O_RDWR);
		out = err = in;
		ioctl(in, TIOCSCTTY, 0);
	}
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	if (in > 2)
		close(in);
	clearenv();
	while ((text = record(VM_RECORD_ENVIRONMENT, &at)))
		putenv((char *)text);
	at = 0;
	while ((text = record(VM_RECORD_ARGUMENT, &at)) && count < 4095)
		argv[count++] = (char *)text;
	text = only(VM_RECORD_DIRECTORY);
	if (text && chdir(text)) {
		fprintf(stderr, "agx vm: %s: %s\n", text, strerror(errno));
		_exit(126);
	}
	if (!count)
		_exit(127);
	execvp(argv[0], argv);
	fprintf(stderr, "agx vm: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static pid_t start_command(void)
{
	int in[2], out[2], err[2];
	char name[64];
	pid_t pid;

	if (only(VM_RECORD_TERMINAL)) {
		terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
		if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) ||
		    ptsname_r(terminal, name, sizeof(name)))
			give_up("making a terminal: %s", strerror(errno));
		set_size(only(VM_RECORD_TERMINAL));
		pid = fork();
		if (!pid)
			run_child(-1, -1, -1, name);
		flows[INPUT] = (struct flow){.from = ports[INPUT], .to = terminal};
		flows[OUTPUT] = (struct flow){.from = terminal, .to = ports[OUTPUT]};
		flows[ERROR] = (struct flow){.from = -1, .to = -1, .ended = true};
	} else {
		if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
			give_up("pipes: %s", strerror(errno));
		pid = fork();
		if (!pid)
			run_child(in[0], out[1], err[1], NULL);
		close(in[0]);
		close(out[1]);
		close(err[1]);
		fcntl(in[1], F_SETFL, O_NONBLOCK);
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(err[0], F_SETFL, O_NONBLOCK);
		flows[INPUT] = (struct flow){.from = ports[INPUT], .to = in[1]};
		flows[OUTPUT] = (struct flow){.from = out[0], .to = ports[OUTPUT]};
		flows[ERROR] = (struct flow){.from = err[0], .to = ports[ERROR]};
	}
	if (pid < 0)
		give_up("starting the command: %s", strerror(errno));
	return pid;
}

/* Signals go to the command's process group, as a terminal's do. */
static void obey(char *line, pid_t pid)
{
	if (!strncmp(line, "signal ", 7))
		kill(-pid, atoi(line + 7));
	else if (!strncmp(line, "size ", 5))
		set_size(line + 5);
}

static void hear(pid_t pid)
{
	static char line[256];
	static size_t used;
	ssize_t n = read(ports[CONTROL], line + used, sizeof(line) - 1 - used);
	char *end;

	if (n <= 0)
		return;
	used += (size_t)n;
	line[used] = 0;
	while ((end = strchr(line, '\n'))) {
		*end++ = 0;
		obey(line, pid);
		used -= (size_t)(end - line);
		memmove(line, end, used + 1);
	}
	if (used == sizeof(line) - 1)
		used = 0;
}

/* --- Carrying --- */

/* One record of the kernel's log at a time, as /dev/kmsg gives them. */
static void fill(struct flow *flow)
{
	ssize_t n = read(flow->from, flow->data, sizeof(flow->data));

	if (n > 0) {
		flow->start = 0;
		flow->end = (size_t)n;
	} else if (!n || (errno != EAGAIN && errno != EINTR && errno != EPIPE)) {
		/* EPIPE: records were overwritten before they were read. EIO: the terminal's end. */
		flow->ended = true;
	}
}

static void empty(struct flow *flow)
{
	ssize_t n = write(flow->to, flow->data + flow->start, flow->end - flow->start);

	if (n > 0) {
		flow->start += (size_t)n;
		flow->total += (uint64_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		flow->start = flow->end;
		flow->ended = true;
	}
}

/* The command need not read what is left: its end of the pipe is closed when the host's is. */
static void end_input(struct flow *flow)
{
	if (flow->ended && flow->start == flow->end && flow->to >= 0) {
		if (flow->to != terminal)
			close(flow->to);
		flow->to = -1;
	}
}

static void carry(const struct pollfd *fds, const int *at)
{
	unsigned int i;

	for (i = INPUT; i < PORTS; i++) {
		struct flow *flow = &flows[i];

		if (at[i] < 0 || !fds[at[i]].revents)
			continue;
		if (flow->start == flow->end)
			fill(flow);
		if (flow->start != flow->end)
			empty(flow);
		if (i == INPUT)
			end_input(flow);
	}
}

/* A blocked port is not waited for longer than this when the machine ends. */
static void drain(struct flow *flow)
{
	int tries = 0;

	while (!flow->ended || flow->start != flow->end) {
		struct pollfd wait = {flow->to, POLLOUT, 0};

		if (flow->start == flow->end) {
			fill(flow);
			if (flow->start == flow->end)
				return;
		}
		empty(flow);
		if (flow->start != flow->end && (poll(&wait, 1, 1000) < 0 || tries++ > 600))
			return;
	}
}

static int reap(pid_t pid)
{
	int status, result = -1;
	pid_t found;

	while ((found = waitpid(-1, &status, WNOHANG)) > 0)
		if (found == pid)
			result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return result;
}

static int serve(pid_t pid, int signals)
{
	const struct itimerspec beat = {{VM_BEAT_SECONDS, 0}, {VM_BEAT_SECONDS, 0}};
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct signalfd_siginfo info;
	int status = -1, at[PORTS];
	struct pollfd fds[PORTS + 2];
	uint64_t ticks;

	timerfd_settime(timer, 0, &beat, NULL);
	while (status < 0) {
		unsigned int i, count = 3;

		fds[0] = (struct pollfd){signals, POLLIN, 0};
		fds[1] = (struct pollfd){ports[CONTROL], POLLIN, 0};
		fds[2] = (struct pollfd){timer, POLLIN, 0};
		for (i = INPUT; i < PORTS; i++) {
			struct flow *flow = &flows[i];
			bool full = flow->start != flow->end;

			at[i] = -1;
			if (!full && flow->ended)
				continue;
			at[i] = (int)count;
			fds[count++] = full ? (struct pollfd){flow->to, POLLOUT, 0}
					    : (struct pollfd){flow->from, POLLIN, 0};
		}
		if (poll(fds, count, -1) < 0)
			continue;
		if (fds[0].revents) {
			while (read(signals, &info, sizeof(info)) > 0)
				;
			status = reap(pid);
		}
		if (fds[1].revents)
			hear(pid);
		if (fds[2].revents && read(timer, &ticks, sizeof(ticks)) > 0)
			control("beat");
		carry(fds, at);
	}
	return status;
}

int main(void)
{
	int signals, status, tries;
	sigset_t set;
	pid_t pid;

	make_mount("proc", "/proc", "proc", 0, NULL);
	make_mount("sysfs", "/sys", "sysfs", 0, NULL);
	make_mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	for (tries = 0; !find_ports() && tries < WAIT_MS / 10; tries++)
		pause_ms(10);
	if (!find_ports())
		give_up("the ports to the host have not appeared");
	control("boot");
	read_config();
	flows[KLOG] = (struct flow){.from = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC),
				    .to = ports[KLOG]};
	load_modules();
	enter_root();
	control("root");
	load_driver();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	pid = start_command();
	control("started");
	status = serve(pid, signals);
	drain(&flows[OUTPUT]);
	drain(&flows[ERROR]);
	drain(&flows[KLOG]);
	control("status %d %llu %llu %llu", status, (unsigned long long)flows[OUTPUT].total,
		(unsigned long long)flows[ERROR].total, (unsigned long long)flows[KLOG].total);
	power_off();
}
