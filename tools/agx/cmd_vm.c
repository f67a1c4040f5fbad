// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agx.h"
#include "agx_device.h"
#include "inject_option.h"
#include "pairs.h"
#include "vm.h"

#define ENVIRONMENT_MAX 64

struct vm_command {
	struct vm_config config;
	struct agx_device device;
	struct gpu_pair pair;
	char base[2048]; /* what tools/vm-root made */
	const char *kernel, *gpu, *firmware;
	bool no_module, no_gpu;
	char init[2200], root[2200], module[3200], guest[2200], modules[3200];
	char *environment[ENVIRONMENT_MAX + 8];
	unsigned int environment_count;
	char term[64];
};

enum {
	OPT_KERNEL = 256,
	OPT_ROOT,
	OPT_GPU,
	OPT_FIRMWARE,
	OPT_MEMORY,
	OPT_CPUS,
	OPT_CPU,
	OPT_MODULE,
	OPT_NO_MODULE,
	OPT_PARAMETERS,
	OPT_INJECT,
	OPT_TRANSCRIPT,
	OPT_REPORT,
	OPT_LOG,
	OPT_DT,
	OPT_SHARE,
	OPT_SHARE_READ,
	OPT_ENV,
	OPT_DIRECTORY,
	OPT_APPEND,
	OPT_TIMEOUT,
	OPT_VERBOSE,
	OPT_CONSOLE,
	OPT_KERNEL_LOG,
	OPT_STRICT,
	OPT_JSON,
	OPT_QEMU,
};

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "The machine:", 1},
	{"kernel", OPT_KERNEL, "VERSION|DIR", 0,
	 "the beginning of a version that tools/vm-root has fetched (default 6.12), \"newest\", or "
	 "a folder with vmlinuz and lib/modules",
	 0},
	{"root", OPT_ROOT, "IMAGE", 0,
	 "ext4 image of the root; what the machine writes is thrown away. Default: the fullest that "
	 "tools/vm-root has made",
	 0},
	{"memory", OPT_MEMORY, "MIB", 0, "its memory, allocated as used; default 2048", 0},
	{"cpus", OPT_CPUS, "N", 0, "its processors; default 2", 0},
	{"cpu", OPT_CPU, "MODEL", 0, "as QEMU's -cpu; it needs 16 KiB pages", 0},
	{"append", OPT_APPEND, "ARGUMENTS", 0, "for the kernel's command line", 0},
	{"share", OPT_SHARE, "DIR[:PLACE]", 0,
	 "shows a folder of this machine's there, writable; default place /share", 0},
	{"share-read", OPT_SHARE_READ, "DIR[:PLACE]", 0,
	 "the same, read-only; default place is DIR itself", 0},
	{"env", OPT_ENV, "NAME=VALUE", 0, "for the command's environment", 0},
	{"directory", OPT_DIRECTORY, "DIR", 0, "the command's working directory there", 0},
	{"timeout", OPT_TIMEOUT, "SECONDS", 0, "ends the machine when the command still runs", 0},
	{"qemu", OPT_QEMU, "PROGRAM", 0, "default qemu-system-aarch64", 0},
	{NULL, 0, NULL, 0, "The GPU and its driver:", 2},
	{"gpu", OPT_GPU, "SOC", 0, "which SoC's GPU; t8103 is the default, none: no GPU at all", 0},
	{"firmware", OPT_FIRMWARE, "VERSION", 0, "of the GPU; default its oldest", 0},
	{"dt", OPT_DT, "FORM", 0,
	 "form of the device tree: downstream (Asahi's trees; the default) or upstream", 0},
	{"module", OPT_MODULE, "FILE", 0,
	 "asahi.ko; default: the kernel's, by tools/vm-root module", 0},
	{"parameters", OPT_PARAMETERS, "TEXT", 0, "of the module, as insmod takes them", 0},
	{"no-module", OPT_NO_MODULE, NULL, 0, "do not load it; it is /run/agx/asahi.ko", 0},
	{"inject", OPT_INJECT, "RULES", 0,
	 "make things go wrong between driver and firmware; \"help\" lists the rules", 0},
	{"strict", OPT_STRICT, NULL, 0,
	 "fail when the model of the firmware finds anything wrong, or the kernel complains", 0},
	{NULL, 0, NULL, 0, "What is told:", 3},
	{"transcript", OPT_TRANSCRIPT, "FILE", 0,
	 "write what crosses the mailbox and the rings between driver and firmware", 0},
	{"report", OPT_REPORT, "FILE", 0, "afterwards, what the virtual GPU counted and found", 0},
	{"vgpu-log", OPT_LOG, "LEVEL", 0, "of the virtual GPU, as agx vgpu --log takes it", 0},
	{"kernel-log", OPT_KERNEL_LOG, "FILE", 0, "write the machine's kernel log", 0},
	{"verbose", OPT_VERBOSE, NULL, 0,
	 "show on standard error what is started, how far it is, and the kernel's log", 0},
	{"console", OPT_CONSOLE, NULL, 0,
	 "show the serial console on standard error: a kernel that does not come up speaks there",
	 0},
	{"json", OPT_JSON, "FILE", 0,
	 "afterwards, times, status and kernel complaints as JSON; - is standard output", 0},
	{0},
};

static unsigned int number(struct argp_state *state, const char *option, const char *text,
			   unsigned int least, unsigned int most)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (end == text || *end || errno || *text == '-' || value < least || value > most)
		argp_error(state, "%s: got \"%s\", takes %u to %u", option, text, least, most);
	return (unsigned int)value;
}

static void add_share(struct argp_state *state, struct vm_command *vm, char *text, bool writable)
{
	struct vm_share *share = &vm->config.shares[vm->config.share_count];
	const char *option = writable ? "--share" : "--share-read";
	char *place = strrchr(text, ':');
	struct stat st;

	/* Two are the command's own. */
	if (vm->config.share_count + 2 >= VM_SHARES)
		argp_error(state, "%s: at most %d folders", option, VM_SHARES - 2);
	if (place)
		*place++ = 0;
	share->host = realpath(text, NULL);
	if (!share->host || stat(share->host, &st))
		argp_failure(state, AGX_EXIT_USAGE, errno, "%s %s", option, text);
	else if (!S_ISDIR(st.st_mode))
		argp_error(state, "%s %s: not a folder", option, text);
	share->place = place ? place : writable ? "/share" : share->host;
	if (*share->place != '/')
		argp_error(state, "%s %s: its place is \"%s\", takes an absolute path", option,
			   text, share->place);
	share->writable = writable;
	vm->config.share_count++;
}

static void add_environment(struct argp_state *state, struct vm_command *vm, char *text)
{
	if (!strchr(text, '=') || *text == '=')
		argp_error(state, "--env: got \"%s\", takes NAME=VALUE", text);
	if (vm->environment_count >= ENVIRONMENT_MAX)
		argp_error(state, "--env: at most %d variables", ENVIRONMENT_MAX);
	vm->environment[vm->environment_count++] = text;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct vm_command *vm = state->input;
	char error[400];

	switch (key) {
	case OPT_KERNEL:
		vm->kernel = arg;
		break;
	case OPT_ROOT:
		vm->config.root = arg;
		break;
	case OPT_GPU:
		vm->no_gpu = !strcmp(arg, "none");
		vm->gpu = arg;
		break;
	case OPT_FIRMWARE:
		vm->firmware = arg;
		break;
	case OPT_MEMORY:
		vm->config.memory_mb = number(state, "--memory", arg, 512, 65536);
		break;
	case OPT_CPUS:
		vm->config.cpus = number(state, "--cpus", arg, 1, 64);
		break;
	case OPT_CPU:
		vm->config.cpu = arg;
		break;
	case OPT_MODULE:
		vm->config.module = arg;
		break;
	case OPT_NO_MODULE:
		vm->no_module = true;
		break;
	case OPT_PARAMETERS:
		vm->config.arguments = arg;
		break;
	case OPT_INJECT:
		/* A file of rules is read by the virtual GPU, each time that it starts. */
		vm->config.inject = *arg == '@' ? arg : inject_option(state, arg);
		break;
	case OPT_TRANSCRIPT:
		vm->config.transcript = arg;
		break;
	case OPT_REPORT:
		vm->config.report = arg;
		break;
	case OPT_LOG:
		vm->config.vgpu_log = arg;
		break;
	case OPT_DT:
		if (!strcmp(arg, "upstream"))
			vm->config.form = VM_TREE_UPSTREAM;
		else if (!strcmp(arg, "downstream"))
			vm->config.form = VM_TREE_DOWNSTREAM;
		else
			argp_error(state, "--dt: got \"%s\", takes upstream or downstream", arg);
		break;
	case OPT_SHARE:
	case OPT_SHARE_READ:
		add_share(state, vm, arg, key == OPT_SHARE);
		break;
	case OPT_ENV:
		add_environment(state, vm, arg);
		break;
	case OPT_DIRECTORY:
		vm->config.directory = arg;
		break;
	case OPT_APPEND:
		vm->config.append = arg;
		break;
	case OPT_TIMEOUT:
		vm->config.timeout = number(state, "--timeout", arg, 1, 1000000);
		break;
	case OPT_VERBOSE:
		vm->config.verbose = true;
		break;
	case OPT_CONSOLE:
		vm->config.console = true;
		break;
	case OPT_KERNEL_LOG:
		vm->config.kernel_log = arg;
		break;
	case OPT_STRICT:
		vm->config.strict = true;
		break;
	case OPT_JSON:
		vm->config.json = arg;
		break;
	case OPT_QEMU:
		vm->config.qemu = arg;
		break;
	case ARGP_KEY_ARGS:
		vm->config.command = state->argv + state->next;
		break;
	case ARGP_KEY_END:
		if (vm->no_gpu)
			break;
		if (pairs_find(vm->gpu ? vm->gpu : agx_soc_get(0)->name, vm->firmware, &vm->pair,
			       error, sizeof(error)))
			argp_error(state, "%s", error);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Where tools/vm-root keeps what it makes. */
static void find_base(struct vm_command *vm)
{
	const char *set = getenv("AGX_VM_ROOT"), *cache = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (set && *set)
		snprintf(vm->base, sizeof(vm->base), "%s", set);
	else if (cache && *cache)
		snprintf(vm->base, sizeof(vm->base), "%s/agx/vm", cache);
	else
		snprintf(vm->base, sizeof(vm->base), "%s/.cache/agx/vm", home ? home : "");
}

static int need(const char *path, const char *what, const char *command)
{
	if (!access(path, R_OK))
		return 0;
	tool_error("%s: %s; %s makes %s", path, strerror(errno), command, what);
	return -ENOENT;
}

static int find_root(struct vm_command *vm)
{
	static const char *const sets[] = {"full", "small"};
	size_t i;

	if (vm->config.root)
		return need(vm->config.root, "a root", "tools/vm-root setup");
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		snprintf(vm->root, sizeof(vm->root), "%s/guest-%s.ext4", vm->base, sets[i]);
		if (!access(vm->root, R_OK))
			break;
	}
	vm->config.root = vm->root;
	return need(vm->root, "it", "tools/vm-root setup");
}

static int find_module(struct vm_command *vm)
{
	char command[256];

	if (vm->no_gpu)
		return 0;
	if (!vm->config.module) {
		snprintf(vm->module, sizeof(vm->module), "%s/asahi.ko", vm->config.kernel.folder);
		vm->config.module = vm->module;
	}
	snprintf(command, sizeof(command), "`tools/vm-root module --kernel %s`", vm->kernel);
	return need(vm->config.module, "it", command);
}

/* Folders that every machine sees: the programs built for it, and its kernel's modules. */
static void add_own_shares(struct vm_command *vm)
{
	struct vm_config *config = &vm->config;

	snprintf(vm->guest, sizeof(vm->guest), "%s/guest-build", vm->base);
	if (!access(vm->guest, X_OK))
		config->shares[config->share_count++] = (struct vm_share){vm->guest, "/agx", false};
	snprintf(vm->modules, sizeof(vm->modules), "%s/lib/modules", config->kernel.folder);
	config->shares[config->share_count++] =
		(struct vm_share){vm->modules, "/usr/lib/modules", false};
}

static void make_environment(struct vm_command *vm)
{
	static char *const fixed[] = {
		"PATH=/agx/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/usr/games",
		"HOME=/root",
		"LC_ALL=C.UTF-8",
		"XDG_RUNTIME_DIR=/run",
		"RUSTICL_ENABLE=asahi",
		"OCL_ICD_VENDORS=/etc/OpenCL/vendors/rusticl.icd",
	};
	const char *term = getenv("TERM");
	char *given[ENVIRONMENT_MAX];
	unsigned int i, count = 0, n = vm->environment_count;

	/* What is given comes last, so that it wins. */
	memcpy(given, vm->environment, n * sizeof(given[0]));
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		vm->environment[count++] = fixed[i];
	snprintf(vm->term, sizeof(vm->term), "TERM=%s", term && *term ? term : "linux");
	vm->environment[count++] = vm->term;
	memcpy(vm->environment + count, given, n * sizeof(given[0]));
	vm->environment[count + n] = NULL;
	vm->config.environment = vm->environment;
}

int cmd_vm(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[-- COMMAND [ARGUMENT...]]",
		.doc = "Boots a machine with a virtual Apple GPU under QEMU: a Debian arm64 kernel with "
		       "16 KiB pages, the asahi module, unmodified Mesa. Runs a command in it, or a "
		       "shell.\vThe exit status is the command's, 128+N when signal N ended it; 2 for "
		       "wrong usage, and when the machine cannot be made, panics or hangs; 1 with "
		       "--strict when there were findings and the command's is 0. tools/vm-root makes "
		       "what is needed.",
	};
	struct vm_command *vm = calloc(1, sizeof(*vm));
	struct agx_firmware_version version = {0};
	char error[1024];
	int status = AGX_EXIT_USAGE;
	unsigned int i, own;

	if (!vm)
		return AGX_EXIT_USAGE;
	vm->config.memory_mb = 2048;
	vm->config.cpus = 2;
	vm->config.cpu = "max,pauth-impdef=on,sve=off";
	vm->config.qemu = "qemu-system-aarch64";
	vm->kernel = "6.12";
	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, vm);
	own = vm->config.share_count;
	find_base(vm);
	if (vm_kernel_find(vm->base, vm->kernel, &vm->config.kernel, error, sizeof(error))) {
		tool_error("%s", error);
		goto out;
	}
	snprintf(vm->init, sizeof(vm->init), "%s/init", vm->base);
	vm->config.init = vm->init;
	if (need(vm->init, "it", "tools/vm-root setup") || find_root(vm) || find_module(vm))
		goto out;
	vm->config.load = !vm->no_module;
	if (!vm->no_gpu) {
		for (i = 0; agx_soc_firmware(vm->pair.soc, i); i++) {
			char text[12];

			version = *agx_soc_firmware(vm->pair.soc, i);
			snprintf(text, sizeof(text), "%u.%u", version.major, version.minor);
			if (!strcmp(text, vm->pair.firmware))
				break;
		}
		agx_device_default(vm->pair.soc, &version, &vm->device);
		vm->config.device = &vm->device;
		vm->config.firmware = vm->pair.firmware;
	}
	add_own_shares(vm);
	make_environment(vm);
	status = vm_run(&vm->config);
out:
	for (i = 0; i < own; i++)
		free((char *)vm->config.shares[i].host);
	free(vm);
	return status;
}
