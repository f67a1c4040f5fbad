// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../vm/protocol.h"
#include "agx_device.h"
#include "vm_processes.h"

#define ARGS_MAX      160
#define TREE_CAPACITY (4u << 20)

static const char *const port_names[] = {VM_PORT_CONTROL, VM_PORT_INPUT, VM_PORT_OUTPUT,
					 VM_PORT_ERROR, VM_PORT_KLOG};

struct arguments {
	char *argv[ARGS_MAX + 1];
	unsigned int count;
	bool failed;
};

static void add(struct arguments *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct arguments *args, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text || args->count == ARGS_MAX) {
		free(text);
		args->failed = true;
		return;
	}
	args->argv[args->count++] = text;
}

static void clear(struct arguments *args)
{
	while (args->count)
		free(args->argv[--args->count]);
}

/* A path inside one of QEMU's options, where a comma is written twice. */
static const char *quoted(const char *path, char *text, size_t size)
{
	size_t used = 0;

	for (; *path && used + 2 < size; path++) {
		text[used++] = *path;
		if (*path == ',')
			text[used++] = ',';
	}
	text[used] = 0;
	return text;
}

/*
 * In a process group of its own, so that a terminal's Ctrl-C comes to us alone; ended with us.
 * keep: descriptors to leave open, ended by -1; messages: its standard error, or -1 for ours.
 */
static pid_t start(struct arguments *args, const int *keep, int ended_by, int messages)
{
	pid_t parent = getpid(), pid;
	sigset_t none;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, ended_by);
	if (getppid() != parent)
		_exit(127);
	if (messages >= 0)
		dup2(messages, 2);
	for (; *keep >= 0; keep++)
		fcntl(*keep, F_SETFD, 0);
	args->argv[args->count] = NULL;
	execvp(args->argv[0], args->argv);
	fprintf(stderr, "agx: %s: %s\n", args->argv[0], strerror(errno));
	_exit(127);
}

static void machine_arguments(const struct vm_config *config, struct arguments *args)
{
	add(args, "%s", config->qemu);
	add(args, "-nodefaults");
	add(args, "-no-user-config");
	add(args, "-display");
	add(args, "none");
	add(args, "-cpu");
	add(args, "%s", config->cpu);
	add(args, "-smp");
	add(args, "%u", config->cpus);
	add(args, "-m");
	add(args, "%u", config->memory_mb);
}

/* --- The device tree --- */

/* QEMU writes its own into a file when asked. */
static int dump_tree(const struct vm_config *config, const char *path, char *error, size_t size)
{
	static const int none[] = {-1};
	struct arguments args = {0};
	char text[256];
	int status, quiet;
	pid_t pid;

	machine_arguments(config, &args);
	add(&args, "-machine");
	add(&args, "virt,gic-version=3,dumpdtb=%s", quoted(path, text, sizeof(text)));
	/* It says that it did. */
	quiet = config->verbose ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid = start(&args, none, SIGKILL, quiet);
	if (quiet >= 0)
		close(quiet);
	clear(&args);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	if (status == 127 << 8) {
		snprintf(error, size, "%s cannot be run; it is in Debian's package qemu-system-arm",
			 config->qemu);
		return -ENOENT;
	}
	if (status || access(path, R_OK)) {
		snprintf(
			error, size,
			"%s -cpu %s -smp %u -m %u does not write its device tree (--verbose shows why)",
			config->qemu, config->cpu, config->cpus, config->memory_mb);
		return -EINVAL;
	}
	return 0;
}

static int make_tree(const struct vm_config *config, const struct vm_regions *regions,
		     const char *path, char *error, size_t size)
{
	FILE *file = NULL;
	char *tree = NULL;
	size_t got;
	int ret = dump_tree(config, path, error, size);

	if (ret)
		return ret;
	tree = calloc(1, TREE_CAPACITY);
	file = fopen(path, "r+e");
	got = tree && file ? fread(tree, 1, TREE_CAPACITY / 2, file) : 0;
	if (got) {
		uint32_t total = __builtin_bswap32(((uint32_t *)(void *)tree)[1]);

		/* Its header is checked by libfdt; what it says of its size by us. */
		ret = got < 40 || total > got ? -EINVAL : 0;
	} else {
		ret = -EIO;
	}
	if (ret)
		snprintf(error, size, "%s: QEMU's device tree is damaged", path);
	else
		ret = vm_tree_edit(tree, TREE_CAPACITY, config->device, regions, config->form,
				   error, size);
	if (!ret) {
		uint32_t total = __builtin_bswap32(((uint32_t *)(void *)tree)[1]);

		rewind(file);
		if (fwrite(tree, 1, total, file) != total || fflush(file) ||
		    ftruncate(fileno(file), total)) {
			ret = -EIO;
			snprintf(error, size, "%s: %s", path, strerror(errno));
		}
	}
	if (file)
		fclose(file);
	free(tree);
	return ret;
}

/* --- The coprocessor and the GPU --- */

static int start_vgpu(const struct vm_config *config, const struct vm_regions *regions,
		      struct vm_processes *processes, char *error, size_t size)
{
	struct arguments args = {0};
	int ready[2], keep[3];
	struct pollfd wait;
	char byte;

	if (pipe2(ready, O_CLOEXEC)) {
		snprintf(error, size, "a pipe: %s", strerror(errno));
		return -errno;
	}
	add(&args, "/proc/self/exe");
	add(&args, "vgpu");
	add(&args, "--once");
	add(&args, "--ram-fd=%d", processes->ram);
	add(&args, "--ram-base=0x%llx", VM_RAM_BASE);
	add(&args, "--socket=%s/vgpu", processes->folder);
	add(&args, "--ready-fd=%d", ready[1]);
	add(&args, "--gpu=%s", config->device->soc->name);
	add(&args, "--firmware=%s", config->firmware);
	add(&args, "--ttbs=0x%llx", (unsigned long long)regions->ttbs);
	add(&args, "--pagetables=0x%llx", (unsigned long long)regions->pagetables);
	add(&args, "--handoff=0x%llx", (unsigned long long)regions->handoff);
	if (config->inject)
		add(&args, "--inject=%s", config->inject);
	if (config->transcript)
		add(&args, "--transcript=%s", config->transcript);
	if (config->report)
		add(&args, "--report=%s", config->report);
	if (config->vgpu_log)
		add(&args, "--log=%s", config->vgpu_log);
	if (config->strict)
		add(&args, "--strict");
	keep[0] = processes->ram;
	keep[1] = ready[1];
	keep[2] = -1;
	processes->vgpu = start(&args, keep, SIGTERM, -1);
	clear(&args);
	close(ready[1]);
	wait = (struct pollfd){ready[0], POLLIN, 0};
	if (processes->vgpu < 0 || poll(&wait, 1, 60000) != 1 || read(ready[0], &byte, 1) != 1) {
		close(ready[0]);
		snprintf(error, size, "the virtual GPU (agx vgpu) has not started");
		return -EIO;
	}
	close(ready[0]);
	return 0;
}

/* --- The machine --- */

static int start_qemu(const struct vm_config *config, struct vm_processes *processes, char *error,
		      size_t size)
{
	struct arguments args = {0};
	int keep[VM_PORTS + 2], theirs[VM_PORTS], ret = 0;
	char text[8192];
	unsigned int i;

	for (i = 0; i < VM_PORTS; i++) {
		int pair[2];

		theirs[i] = processes->ports[i] = -1;
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
			ret = -errno;
			continue;
		}
		processes->ports[i] = pair[0];
		theirs[i] = pair[1];
		fcntl(pair[0], F_SETFL, O_NONBLOCK);
		keep[i] = pair[1];
	}
	keep[VM_PORTS] = processes->ram;
	keep[VM_PORTS + 1] = -1;
	machine_arguments(config, &args);
	add(&args, "-accel");
	add(&args, "tcg,thread=multi");
	add(&args, "-object");
	add(&args, "memory-backend-file,id=ram,share=on,mem-path=/proc/self/fd/%d,size=%uM",
	    processes->ram, config->memory_mb);
	add(&args, "-machine");
	add(&args, "virt,gic-version=3,memory-backend=ram");
	add(&args, "-no-reboot");
	add(&args, "-kernel");
	add(&args, "%s", config->kernel.image);
	add(&args, "-initrd");
	add(&args, "%s/initramfs", processes->folder);
	add(&args, "-dtb");
	add(&args, "%s/tree", processes->folder);
	add(&args, "-append");
	/*
	 * A panic ends the machine. Nothing in it is worth protecting from itself, and what tests
	 * itself at each start is slow on an emulated processor.
	 */
	add(&args,
	    "console=ttyAMA0 panic=-1 mitigations=off nokaslr cryptomgr.notests "
	    "initcall_blacklist=jent_mod_init %s%s%s",
	    config->console || config->verbose ? "" : "quiet", config->append ? " " : "",
	    config->append ? config->append : "");
	add(&args, "-drive");
	add(&args, "if=none,id=root,format=raw,snapshot=on,cache=unsafe,file=%s",
	    quoted(config->root, text, sizeof(text)));
	add(&args, "-device");
	add(&args, "virtio-blk-pci,drive=root");
	add(&args, "-chardev");
	add(&args, "socket,id=console,fd=%d", theirs[VM_CONSOLE]);
	add(&args, "-serial");
	add(&args, "chardev:console");
	add(&args, "-device");
	add(&args, "virtio-serial-pci");
	for (i = 0; i < VM_CONSOLE; i++) {
		add(&args, "-chardev");
		add(&args, "socket,id=port%u,fd=%d", i, theirs[i]);
		add(&args, "-device");
		add(&args, "virtserialport,chardev=port%u,name=%s", i, port_names[i]);
	}
	for (i = 0; i < config->share_count; i++) {
		add(&args, "-fsdev");
		add(&args,
		    "local,id=share%u,security_model=none,multidevs=remap,readonly=%s,path=%s", i,
		    config->shares[i].writable ? "off" : "on",
		    quoted(config->shares[i].host, text, sizeof(text)));
		add(&args, "-device");
		add(&args, "virtio-9p-pci,fsdev=share%u,mount_tag=" VM_SHARE_TAG, i, i);
	}
	if (config->device) {
		add(&args, "-chardev");
		add(&args, "socket,id=vgpu,path=%s/vgpu", processes->folder);
		add(&args, "-device");
		add(&args, "ivshmem-doorbell,chardev=vgpu,vectors=1");
	}
	if (config->verbose) {
		fputs("agx:", stderr);
		for (i = 0; i < args.count; i++)
			fprintf(stderr, " %s", args.argv[i]);
		fputc('\n', stderr);
	}
	if (!ret && args.failed)
		ret = -ENOMEM;
	if (!ret) {
		processes->qemu = start(&args, keep, SIGKILL, -1);
		if (processes->qemu < 0)
			ret = -errno;
	}
	for (i = 0; i < VM_PORTS; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	clear(&args);
	if (ret)
		snprintf(error, size, "starting %s: %s", config->qemu, strerror(-ret));
	return ret;
}

int vm_processes_start(const struct vm_config *config, const char *terminal,
		       struct vm_processes *processes, char *error, size_t size)
{
	uint64_t ram_size = (uint64_t)config->memory_mb << 20, end = VM_RAM_BASE + ram_size;
	const struct vm_regions regions = {end - 0x10000, end - 0xc000, end - 0x8000};
	const char *tmp = getenv("TMPDIR");
	char path[128];
	unsigned int i;
	int ret;

	*processes = (struct vm_processes){.ram = -1};
	for (i = 0; i < VM_PORTS; i++)
		processes->ports[i] = -1;
	/* It holds a socket's name, which has to be short. */
	snprintf(processes->folder, sizeof(processes->folder), "%s/agx-vm-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(processes->folder)) {
		ret = -errno;
		snprintf(error, size, "%s: %s", processes->folder, strerror(-ret));
		*processes->folder = 0;
		return ret;
	}
	processes->ram = memfd_create("agx-vm-ram", MFD_CLOEXEC);
	if (processes->ram < 0 || ftruncate(processes->ram, (off_t)ram_size)) {
		ret = -errno;
		snprintf(error, size, "%u MiB of memory: %s", config->memory_mb, strerror(-ret));
		return ret;
	}
	snprintf(path, sizeof(path), "%s/initramfs", processes->folder);
	ret = vm_initramfs_write(config, path, terminal, error, size);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "%s/tree", processes->folder);
	ret = make_tree(config, &regions, path, error, size);
	if (!ret && config->device)
		ret = start_vgpu(config, &regions, processes, error, size);
	return ret ? ret : start_qemu(config, processes, error, size);
}

/* Waits for a process to end by itself, then asks by a signal, then insists. */
static int stop(pid_t *pid, unsigned int patience_ms, int request)
{
	const struct timespec step = {0, 10000000};
	unsigned int waited = 0;
	int status = 0;

	while (*pid > 0 && waitpid(*pid, &status, WNOHANG) == 0) {
		if (waited == patience_ms)
			kill(*pid, request);
		else if (waited == patience_ms + 20000)
			kill(*pid, SIGKILL);
		nanosleep(&step, NULL);
		waited += 10;
	}
	*pid = 0;
	return status;
}

int vm_processes_stop(struct vm_processes *processes)
{
	static const char *const files[] = {"initramfs", "tree", "vgpu"};
	char path[128];
	unsigned int i;
	int status;

	/* It has nothing to save. */
	stop(&processes->qemu, 0, SIGKILL);
	/* It sees that the other is gone. */
	status = stop(&processes->vgpu, 5000, SIGTERM);
	for (i = 0; i < VM_PORTS; i++)
		if (processes->ports[i] >= 0)
			close(processes->ports[i]);
	if (processes->ram >= 0)
		close(processes->ram);
	for (i = 0; *processes->folder && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", processes->folder, files[i]);
		unlink(path);
	}
	if (*processes->folder)
		rmdir(processes->folder);
	return status;
}
