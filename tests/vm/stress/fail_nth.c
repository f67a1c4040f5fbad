// SPDX-License-Identifier: MIT
/*
 * What a client does, with every allocation failing once: for each step of a client's life, and
 * for n = 1, 2, ... until the step has fewer than n, the n-th call that can fail does
 * (Documentation/fault-injection, "fail-nth"; a kernel with CONFIG_FAULT_INJECTION).
 *
 * usage: vm-fail-nth [--node NODE] [--max N] [--import DEVICE] [STEP...]
 *
 * A step that was hit must succeed, or fail with ENOMEM (EFAULT where a user copy was the victim,
 * ENOSPC where an inode was).
 * After each, the same client waits for what it has submitted and ends; after each step, an
 * undisturbed client must live a whole life. What the kernel has to say is the caller's business.
 *
 * Exit: 0 all well, 1 not, 77 there is no such node or no fault injection.
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

struct options {
	const char *node, *import;
	unsigned int max;
	char **steps;
	unsigned int step_count;
};

/* What the steps of one life have made. */
struct life {
	const struct options *options;
	struct vm_client client;
	uint32_t bo, second, timeline;
	int prime, other;
	void *memory;
};

struct step {
	const char *name;
	int (*prepare)(struct life *life); /* not disturbed; may be NULL */
	int (*run)(struct life *life);
	bool bare; /* before the client is made */
};

static int run_open(struct life *life)
{
	return vm_client_open(&life->client, life->options->node);
}

static int open_only(struct life *life)
{
	return vm_client_open(&life->client, life->options->node);
}

static int run_params(struct life *life)
{
	struct drm_asahi_params_global params;
	struct drm_asahi_get_params args = {.pointer = (uintptr_t)&params, .size = sizeof(params)};

	return (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_GET_PARAMS, &args);
}

static int run_time(struct life *life)
{
	struct drm_asahi_get_time args = {0};

	return (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_GET_TIME, &args);
}

static int run_vm_create(struct life *life)
{
	return vm_client_make_vm(&life->client);
}

static int run_vm_destroy(struct life *life)
{
	struct drm_asahi_vm_destroy args = {.vm_id = life->client.vm};

	return (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_VM_DESTROY, &args);
}

static int run_gem_private(struct life *life)
{
	return vm_client_bo(&life->client, life->client.vm, 4 * VM_CLIENT_PAGE, &life->bo);
}

static int run_gem_shared(struct life *life)
{
	return vm_client_bo(&life->client, 0, 4 * VM_CLIENT_PAGE, &life->bo);
}

static int run_map(struct life *life)
{
	int ret;

	life->memory = vm_client_map(&life->client, life->bo, 4 * VM_CLIENT_PAGE, &ret);
	return ret;
}

/* A page fault, by a system call that reads into the mapping. */
static int run_touch(struct life *life)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), ret = 0;

	if (zero < 0)
		return -errno;
	if (read(zero, life->memory, 16) != 16)
		ret = -errno;
	close(zero);
	return ret;
}

static int bind_first(struct life *life)
{
	int ret = run_gem_shared(life);

	return ret ? ret
		   : vm_client_bind(&life->client, life->bo, 0, VM_CLIENT_FREE, 4 * VM_CLIENT_PAGE);
}

static int make_mapped(struct life *life)
{
	int ret = run_gem_shared(life);

	return ret ? ret : run_map(life);
}

static int run_bind(struct life *life)
{
	return vm_client_bind(&life->client, life->bo, 0, VM_CLIENT_FREE, 4 * VM_CLIENT_PAGE);
}

/* Replaces the middle of a mapping: one becomes three. */
static int run_bind_over(struct life *life)
{
	return vm_client_bind(&life->client, life->bo, 0, VM_CLIENT_FREE + VM_CLIENT_PAGE,
			      VM_CLIENT_PAGE);
}

static int run_unbind(struct life *life)
{
	return vm_client_unbind(&life->client, VM_CLIENT_FREE, 4 * VM_CLIENT_PAGE);
}

/* A hole in the middle: one becomes two. */
static int run_unbind_middle(struct life *life)
{
	return vm_client_unbind(&life->client, VM_CLIENT_FREE + VM_CLIENT_PAGE, VM_CLIENT_PAGE);
}

/* One page, over and over again, over many megabytes: needs tables. */
static int run_bind_single(struct life *life)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_SINGLE_PAGE,
		.handle = life->bo,
		.range = 64ull << 20,
		.addr = VM_CLIENT_FREE,
	};
	struct drm_asahi_vm_bind args = {
		.vm_id = life->client.vm,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = (uintptr_t)&op,
	};

	return (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_VM_BIND, &args);
}

static int bind_object(struct life *life, uint32_t op, uint32_t object, uint32_t *made)
{
	struct drm_asahi_gem_bind_object args = {
		.op = op,
		.flags = op == DRM_ASAHI_BIND_OBJECT_OP_BIND
				 ? DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS
				 : 0,
		.handle = op == DRM_ASAHI_BIND_OBJECT_OP_BIND ? life->bo : 0,
		.range = op == DRM_ASAHI_BIND_OBJECT_OP_BIND ? VM_CLIENT_PAGE : 0,
		.object_handle = object,
	};
	long ret = vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_GEM_BIND_OBJECT, &args);

	*made = ret ? 0 : args.object_handle;
	return (int)ret;
}

static int run_object_bind(struct life *life)
{
	return bind_object(life, DRM_ASAHI_BIND_OBJECT_OP_BIND, 0, &life->second);
}

static int make_object(struct life *life)
{
	int ret = run_gem_shared(life);

	return ret ? ret : run_object_bind(life);
}

static int run_object_unbind(struct life *life)
{
	uint32_t none;

	return bind_object(life, DRM_ASAHI_BIND_OBJECT_OP_UNBIND, life->second, &none);
}

static int run_queue_create(struct life *life)
{
	return vm_client_make_queue(&life->client);
}

static int run_queue_destroy(struct life *life)
{
	struct drm_asahi_queue_destroy args = {.queue_id = life->client.queue};
	int ret = (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_ASAHI_QUEUE_DESTROY, &args);

	if (!ret)
		life->client.queue = 0;
	return ret;
}

static int run_syncobj(struct life *life)
{
	return vm_client_make_syncobj(&life->client);
}

static int run_compute(struct life *life)
{
	return vm_client_submit(&life->client, VM_CLIENT_COMPUTE, 0, life->client.syncobj);
}

static int run_render(struct life *life)
{
	return vm_client_submit(&life->client, VM_CLIENT_RENDER, 0, life->client.syncobj);
}

static int run_both(struct life *life)
{
	return vm_client_submit(&life->client, VM_CLIENT_RENDER | VM_CLIENT_COMPUTE, 0,
				life->client.syncobj);
}

static int run_faulting(struct life *life)
{
	return vm_client_submit(&life->client, VM_CLIENT_COMPUTE | VM_CLIENT_FAULTING, 0,
				life->client.syncobj);
}

/* A second submission that waits for the first, which has had its time. */
static int submit_first(struct life *life)
{
	struct drm_syncobj_create args = {0};
	int ret = run_compute(life);

	if (!ret)
		ret = (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_SYNCOBJ_CREATE, &args);
	life->timeline = args.handle;
	return ret;
}

static int run_chained(struct life *life)
{
	return vm_client_submit(&life->client, VM_CLIENT_COMPUTE, life->client.syncobj,
				life->timeline);
}

static int run_timeline(struct life *life)
{
	return vm_client_submit_timeline(&life->client, VM_CLIENT_COMPUTE, life->timeline, 7);
}

static int run_wait(struct life *life)
{
	return vm_client_wait(&life->client, life->client.syncobj, WAIT_MS);
}

static int export_bo(struct life *life)
{
	struct drm_prime_handle args = {.handle = life->bo, .flags = O_CLOEXEC | O_RDWR};
	int ret = (int)vm_client_ioctl(life->client.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);

	if (!ret)
		life->prime = args.fd;
	return ret;
}

static int make_export(struct life *life)
{
	int ret = run_gem_shared(life);

	return ret ? ret : export_bo(life);
}

static int open_other(struct life *life)
{
	int ret = make_export(life);

	if (ret)
		return ret;
	life->other = vm_client_open_node(life->options->node);
	return life->other < 0 ? life->other : 0;
}

static int import(int fd, int prime, uint32_t *handle)
{
	struct drm_prime_handle args = {.fd = prime};
	long ret = vm_client_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &args);

	*handle = args.handle;
	return (int)ret;
}

static int run_import_other(struct life *life)
{
	return import(life->other, life->prime, &life->second);
}

/* Another driver's buffer, bound: --import names its node. */
static int make_foreign(struct life *life)
{
	struct drm_mode_create_dumb dumb = {.width = 64, .height = 256, .bpp = 32};
	struct drm_prime_handle args = {.flags = O_CLOEXEC | O_RDWR};
	int ret;

	life->other = open(life->options->import, O_RDWR | O_CLOEXEC);
	if (life->other < 0)
		return -errno;
	ret = (int)vm_client_ioctl(life->other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
	if (ret)
		return ret;
	args.handle = dumb.handle;
	ret = (int)vm_client_ioctl(life->other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &args);
	if (!ret)
		life->prime = args.fd;
	return ret;
}

static int run_import_foreign(struct life *life)
{
	int ret = import(life->client.fd, life->prime, &life->second);

	return ret ? ret
		   : vm_client_bind(&life->client, life->second, 0, VM_CLIENT_FREE,
				    4 * VM_CLIENT_PAGE);
}

static int run_gem_close(struct life *life)
{
	int ret = vm_client_close_bo(&life->client, life->bo);

	if (!ret)
		life->bo = 0;
	return ret;
}

static int run_close(struct life *life)
{
	vm_client_close(&life->client);
	return 0;
}

static const struct step steps[] = {
	{"open", NULL, run_open, true},
	{"get-params", NULL, run_params, false},
	{"get-time", NULL, run_time, false},
	{"vm-create", open_only, run_vm_create, true},
	{"vm-destroy", bind_first, run_vm_destroy, false},
	{"gem-create-private", NULL, run_gem_private, false},
	{"gem-create-shared", NULL, run_gem_shared, false},
	{"mmap", run_gem_shared, run_map, false},
	{"touch", make_mapped, run_touch, false},
	{"bind", run_gem_shared, run_bind, false},
	{"bind-over", bind_first, run_bind_over, false},
	{"bind-single-page", run_gem_shared, run_bind_single, false},
	{"unbind", bind_first, run_unbind, false},
	{"unbind-middle", bind_first, run_unbind_middle, false},
	{"object-bind", run_gem_shared, run_object_bind, false},
	{"object-unbind", make_object, run_object_unbind, false},
	{"queue-create", NULL, run_queue_create, false},
	{"queue-destroy", NULL, run_queue_destroy, false},
	{"queue-destroy-busy", run_compute, run_queue_destroy, false},
	{"syncobj-create", NULL, run_syncobj, false},
	{"submit-compute", NULL, run_compute, false},
	{"submit-render", NULL, run_render, false},
	{"submit-both", NULL, run_both, false},
	{"submit-faulting", NULL, run_faulting, false},
	{"submit-chained", submit_first, run_chained, false},
	{"submit-timeline", submit_first, run_timeline, false},
	{"wait", run_compute, run_wait, false},
	{"export", run_gem_shared, export_bo, false},
	{"import-other-file", open_other, run_import_other, false},
	{"import-foreign", make_foreign, run_import_foreign, false},
	{"gem-close", bind_first, run_gem_close, false},
	{"close", run_compute, run_close, false},
};

static int fail_nth_open(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

/* Arms the n-th failure, 0: none. */
static int fail_nth_set(int fd, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fd, text, (size_t)length, 0) == length ? 0 : -errno;
}

/*
 * Has the failure happened? Reading it is a call that can fail as well: when it does, the failure
 * was still to come.
 */
static bool fail_nth_hit(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
}

static void life_end(struct life *life)
{
	if (life->memory)
		munmap(life->memory, 4 * VM_CLIENT_PAGE);
	if (life->prime >= 0)
		close(life->prime);
	vm_client_close(&life->client);
	if (life->other >= 0)
		close(life->other);
}

static int life_begin(struct life *life, const struct options *options, const struct step *step)
{
	int ret = 0;

	*life = (struct life){.options = options, .client = {.fd = -1}, .prime = -1, .other = -1};
	if (!step->bare)
		ret = vm_client_init(&life->client, options->node);
	if (!ret && step->prepare)
		ret = step->prepare(life);
	return ret;
}

/* An undisturbed life, with work. */
static int whole_life(const struct options *options)
{
	struct vm_client client;
	int ret = vm_client_init(&client, options->node);

	if (ret)
		return ret;
	ret = vm_client_submit(&client, VM_CLIENT_RENDER | VM_CLIENT_COMPUTE, 0, client.syncobj);
	if (!ret)
		ret = vm_client_wait(&client, client.syncobj, WAIT_MS);
	if (!ret)
		ret = vm_client_status(&client, client.syncobj);
	vm_client_close(&client);
	return ret;
}

/*
 * What a failure may lead to. shmem says ENOSPC when it has no memory for an inode.
 */
static bool refused(int result)
{
	return result == -ENOMEM || result == -EFAULT || result == -ENOSPC;
}

/*
 * One life with the n-th failure in the step. *hit: it happened. The result is a negative errno
 * only where something is wrong.
 */
static int try_once(const struct options *options, const struct step *step, unsigned int n,
		    int control, bool *hit, int *result)
{
	struct life life;
	int ret;

	ret = life_begin(&life, options, step);
	if (ret) {
		printf("# %s, %u: preparation: %s\n", step->name, n, strerror(-ret));
		life_end(&life);
		return ret;
	}
	ret = fail_nth_set(control, n);
	*result = ret ? ret : step->run(&life);
	*hit = fail_nth_hit(control);
	fail_nth_set(control, 0);
	if (*result && !(*hit && refused(*result))) {
		printf("# %s, %u: %s%s\n", step->name, n, strerror(-*result),
		       *hit ? "" : ", without a failure");
		ret = *result;
	}
	life_end(&life);
	return ret;
}

static bool wanted(const struct options *options, const struct step *step)
{
	if (step->run == run_import_foreign && !options->import)
		return false;
	for (unsigned int i = 0; i < options->step_count; i++) {
		if (!strcmp(options->steps[i], step->name))
			return true;
	}
	return !options->step_count;
}

/* All n of a step. */
static bool run_step(const struct options *options, const struct step *step, int control)
{
	unsigned int n, failed = 0, passed = 0;
	bool hit = true, ok = true;
	int result = 0, ret;

	for (n = 1; hit && n <= options->max; n++) {
		ret = try_once(options, step, n, control, &hit, &result);
		if (ret < 0) {
			ok = false;
			/* The step itself is broken: more of the same helps nobody. */
			if (!hit || ret == -ENODEV)
				break;
		} else if (hit && result) {
			failed++;
		} else if (hit) {
			passed++;
		}
	}
	ret = whole_life(options);
	if (ret) {
		printf("# %s: a client after it: %s\n", step->name,
		       ret < 0 ? strerror(-ret) : "its work does not end");
		ok = false;
	}
	if (hit && n > options->max) {
		printf("# %s: more than %u\n", step->name, options->max);
		ok = false;
	}
	printf("%s %s: %u refused, %u done all the same\n", ok ? "ok" : "not ok", step->name,
	       failed, passed);
	fflush(stdout);
	return ok;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'd':
		options->node = arg;
		return 0;
	case 'i':
		options->import = arg;
		return 0;
	case 'm':
		options->max = (unsigned int)strtoul(arg, NULL, 10);
		return 0;
	case ARGP_KEY_ARGS:
		options->steps = state->argv + state->next;
		options->step_count = (unsigned int)(state->argc - state->next);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"node", 'd', "NODE", 0, "the render node; default: the asahi driver's", 0},
		{"import", 'i', "NODE", 0, "a node to import a buffer from", 0},
		{"max", 'm', "N", 0, "give up after the N-th failure of a step (2000)", 0},
		{0},
	};
	const struct argp argp = {
		argp_options, parse, "[STEP...]", "Fails every allocation of a client once.",
		NULL,         NULL,  NULL};
	struct options options = {.max = 2000};
	unsigned int passed = 0, failed = 0;
	int control, ret;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	control = fail_nth_open();
	if (control < 0) {
		fprintf(stderr, "the kernel has no fault injection\n");
		return SKIPPED;
	}
	ret = whole_life(&options);
	if (ret == -ENOENT) {
		fprintf(stderr, "no render node with the asahi driver\n");
		return SKIPPED;
	}
	if (ret) {
		printf("not ok without failures: %s\n", ret < 0 ? strerror(-ret) : "no end");
		return 1;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (!wanted(&options, &steps[i]))
			continue;
		if (run_step(&options, &steps[i], control))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}
