// SPDX-License-Identifier: MIT
/* Bad user pointers: EFAULT as from the kernel, whatever they point to, and never a crash. */
#include "client.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>

#ifndef DRM_IOCTL_SET_CLIENT_NAME
struct set_client_name {
	__u64 name_len;
	__u64 name;
};
#define DRM_IOCTL_SET_CLIENT_NAME DRM_IOWR(0xD1, struct set_client_name)
#endif
#ifndef DRM_IOCTL_SYNCOBJ_EVENTFD
struct syncobj_eventfd {
	__u32 handle, flags;
	__u64 point;
	__s32 fd;
	__u32 pad;
};
#define DRM_IOCTL_SYNCOBJ_EVENTFD DRM_IOWR(0xCF, struct syncobj_eventfd)
#endif

#define REQUEST(name)                   \
	{                               \
#name, DRM_IOCTL_##name \
	}

static const struct {
	const char *name;
	unsigned long request;
} requests[] = {
	REQUEST(VERSION),
	REQUEST(GET_CAP),
	REQUEST(GEM_CLOSE),
	REQUEST(PRIME_HANDLE_TO_FD),
	REQUEST(PRIME_FD_TO_HANDLE),
	REQUEST(SET_CLIENT_NAME),
	REQUEST(SYNCOBJ_CREATE),
	REQUEST(SYNCOBJ_DESTROY),
	REQUEST(SYNCOBJ_HANDLE_TO_FD),
	REQUEST(SYNCOBJ_FD_TO_HANDLE),
	REQUEST(SYNCOBJ_TRANSFER),
	REQUEST(SYNCOBJ_WAIT),
	REQUEST(SYNCOBJ_RESET),
	REQUEST(SYNCOBJ_SIGNAL),
	REQUEST(SYNCOBJ_TIMELINE_WAIT),
	REQUEST(SYNCOBJ_TIMELINE_SIGNAL),
	REQUEST(SYNCOBJ_QUERY),
	REQUEST(SYNCOBJ_EVENTFD),
	REQUEST(ASAHI_GET_PARAMS),
	REQUEST(ASAHI_GET_TIME),
	REQUEST(ASAHI_VM_CREATE),
	REQUEST(ASAHI_VM_DESTROY),
	REQUEST(ASAHI_VM_BIND),
	REQUEST(ASAHI_GEM_CREATE),
	REQUEST(ASAHI_GEM_MMAP_OFFSET),
	REQUEST(ASAHI_GEM_BIND_OBJECT),
	REQUEST(ASAHI_QUEUE_CREATE),
	REQUEST(ASAHI_QUEUE_DESTROY),
	REQUEST(ASAHI_SUBMIT),
};

/* Three pages: readable and writable, read only, inaccessible. */
static char *pages;
static size_t page;
static int fd;

static int setup(void **state)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	mprotect(pages + page, page, PROT_READ);
	mprotect(pages + 2 * page, page, PROT_NONE);
	fd = open_node();
	return 0;
}

static int teardown(void **state)
{
	munmap(pages, 3 * page);
	close(fd);
	return 0;
}

static int error_of(unsigned long request, const void *arg)
{
	return ioctl(fd, request, arg) ? errno : 0;
}

static void every_ioctl_with_a_bad_argument(void **state)
{
	void *bad[] = {
		NULL,
		(void *)1,
		(void *)16,
		pages + 2 * page,
		/* One byte short of the end of what is readable. */
		pages + 2 * page - 7,
		(void *)0x00007ffffffff000,
		(void *)0x0000800000000000,
		(void *)0xffffffff80000000,
		(void *)-16,
	};
	size_t i, k;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
			if (error_of(requests[i].request, bad[k]) != EFAULT)
				fail_msg("%s with %p: %s, expected EFAULT", requests[i].name,
					 bad[k], strerror(errno));
	assert_int_equal(try_node(fd), 0);
}

static void results_do_not_fit_a_read_only_page(void **state)
{
	static const unsigned long with_results[] = {
		DRM_IOCTL_VERSION,
		DRM_IOCTL_GET_CAP,
		DRM_IOCTL_SYNCOBJ_CREATE,
		DRM_IOCTL_ASAHI_GET_TIME,
	};
	size_t i;

	for (i = 0; i < sizeof(with_results) / sizeof(with_results[0]); i++)
		assert_int_equal(error_of(with_results[i], pages + page), EFAULT);
}

static void heap_and_stack_arguments_work(void **state)
{
	struct drm_asahi_get_time on_stack = {0}, *on_heap = calloc(1, sizeof(*on_heap));

	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, &on_stack), 0);
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, on_heap), 0);
	assert_true(on_stack.gpu_timestamp != 0);
	assert_true(on_heap->gpu_timestamp >= on_stack.gpu_timestamp);
	free(on_heap);
}

/* The heap shortcut ends where the heap does, and when its pages change. */
static void the_heap_is_not_trusted_blindly(void **state)
{
	struct drm_asahi_get_time *time;
	char *end = sbrk(0), *block;
	int i;

	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, end - 8), EFAULT);
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, end), EFAULT);

	/* Pages from the heap, as an allocator of the program's own would take them. */
	block = sbrk(0);
	block = sbrk((intptr_t)(4 * page - (uintptr_t)block % page));
	assert_ptr_not_equal(block, (void *)-1);
	block = (char *)(((uintptr_t)block + page - 1) & ~(page - 1));
	time = (void *)(block + page);
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, time), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(mprotect(time, page, i ? PROT_NONE : PROT_READ), 0);
		assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, time), EFAULT);
	}
	assert_int_equal(munmap(time, page), 0);
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, time), EFAULT);
	/* Leave the heap whole, for malloc. */
	assert_ptr_equal(mmap(time, page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
			 time);
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_TIME, time), 0);
}

static void bad_pointers_inside_arguments(void **state)
{
	const uint64_t bad = (uintptr_t)pages + 2 * page, start = 1ull << 38;
	struct drm_asahi_get_params params = {.pointer = bad, .size = 64};
	struct drm_asahi_vm_create vm = {.kernel_start = start, .kernel_end = start + (1ull << 32)};
	struct drm_asahi_vm_bind bind = {
		.num_binds = 1,
		.stride = sizeof(struct drm_asahi_gem_bind_op),
		.userptr = bad,
	};
	struct drm_asahi_queue_create queue = {.priority = DRM_ASAHI_PRIORITY_LOW};
	struct drm_asahi_submit submit = {.cmdbuf = bad, .cmdbuf_size = 64};
	struct drm_syncobj_wait wait = {.handles = bad, .count_handles = 1};
	struct drm_syncobj_array array = {.handles = bad, .count_handles = 1};
	struct drm_version version = {.name_len = 16, .name = (char *)(uintptr_t)bad};

	assert_int_equal(error_of(DRM_IOCTL_ASAHI_GET_PARAMS, &params), EFAULT);
	assert_int_equal(error_of(DRM_IOCTL_VERSION, &version), EFAULT);
	assert_int_equal(error_of(DRM_IOCTL_SYNCOBJ_WAIT, &wait), EFAULT);
	assert_int_equal(error_of(DRM_IOCTL_SYNCOBJ_RESET, &array), EFAULT);
	assert_int_equal(error_of(DRM_IOCTL_SYNCOBJ_SIGNAL, &array), EFAULT);

	assert_int_equal(error_of(DRM_IOCTL_ASAHI_VM_CREATE, &vm), 0);
	bind.vm_id = vm.vm_id;
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_VM_BIND, &bind), EFAULT);
	queue.vm_id = vm.vm_id;
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_QUEUE_CREATE, &queue), 0);
	submit.queue_id = queue.queue_id;
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_SUBMIT, &submit), EFAULT);
	submit.cmdbuf_size = 0;
	submit.syncs = bad;
	submit.in_sync_count = 1;
	assert_int_equal(error_of(DRM_IOCTL_ASAHI_SUBMIT, &submit), EFAULT);
}

/* The stack shortcut must not take another stack for the thread's own. */
static ucontext_t main_context, side_context;
static int side_results[2];

static void on_side_stack(void)
{
	struct drm_asahi_get_time time = {0};

	side_results[0] = error_of(DRM_IOCTL_ASAHI_GET_TIME, &time);
	side_results[1] = error_of(DRM_IOCTL_ASAHI_GET_TIME, pages + 2 * page);
}

static void coroutines_have_their_own_stacks(void **state)
{
	size_t size = 256 << 10;
	char *side = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(side, MAP_FAILED);
	side_results[0] = side_results[1] = -1;
	getcontext(&side_context);
	side_context.uc_stack.ss_sp = side;
	side_context.uc_stack.ss_size = size;
	side_context.uc_link = &main_context;
	makecontext(&side_context, on_side_stack, 0);
	swapcontext(&main_context, &side_context);
	assert_int_equal(side_results[0], 0);
	assert_int_equal(side_results[1], EFAULT);
	munmap(side, size);
}

static void handle_signal(int number)
{
	on_side_stack();
}

static void signal_handlers_may_have_another_stack(void **state)
{
	stack_t other = {.ss_sp = malloc(256 << 10), .ss_size = 256 << 10};
	stack_t none = {.ss_flags = SS_DISABLE};
	struct sigaction action = {.sa_handler = handle_signal, .sa_flags = SA_ONSTACK};

	side_results[0] = side_results[1] = -1;
	assert_int_equal(sigaltstack(&other, NULL), 0);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	assert_int_equal(side_results[0], 0);
	assert_int_equal(side_results[1], EFAULT);
	signal(SIGUSR1, SIG_DFL);
	sigaltstack(&none, NULL);
	free(other.ss_sp);
}

static void *in_thread(void *data)
{
	struct drm_asahi_get_time time = {0};
	struct drm_asahi_get_time *other = data;

	/* Its own stack, and another thread's. */
	if (error_of(DRM_IOCTL_ASAHI_GET_TIME, &time) || !time.gpu_timestamp)
		return data;
	if (error_of(DRM_IOCTL_ASAHI_GET_TIME, other) || !other->gpu_timestamp)
		return data;
	return error_of(DRM_IOCTL_ASAHI_GET_TIME, pages + 2 * page) == EFAULT ? NULL : data;
}

static void threads_reach_each_other_s_stacks(void **state)
{
	struct drm_asahi_get_time time = {0};
	pthread_t thread;
	void *result;

	assert_int_equal(pthread_create(&thread, NULL, in_thread, &time), 0);
	pthread_join(thread, &result);
	assert_null(result);
}

/* Makes a system call fail with EPERM from here on. */
static int forbid(int first, int second)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (__u32)first, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (__u32)second, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void sandboxes_without_process_vm_calls(void **state)
{
	struct drm_asahi_params_global *params = calloc(2, sizeof(*params));
	struct drm_asahi_get_params *get = calloc(1, sizeof(*get));
	int status;
	pid_t pid;

	get->pointer = (uintptr_t)params;
	get->size = sizeof(*params);
	pid = fork();
	if (!pid) {
		if (forbid(SYS_process_vm_readv, SYS_process_vm_writev))
			_exit(77);
		if (error_of(DRM_IOCTL_ASAHI_GET_PARAMS, get) || params->chip_id != 0x8103)
			_exit(1);
		if (error_of(DRM_IOCTL_ASAHI_GET_TIME, pages + 2 * page) != EFAULT)
			_exit(2);
		if (error_of(DRM_IOCTL_ASAHI_GET_TIME, pages + page) != EFAULT)
			_exit(3);
		_exit(try_node(fd) ? 4 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	free(params);
	free(get);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_ioctl_with_a_bad_argument, setup, teardown),
		cmocka_unit_test_setup_teardown(results_do_not_fit_a_read_only_page, setup,
						teardown),
		cmocka_unit_test_setup_teardown(heap_and_stack_arguments_work, setup, teardown),
		cmocka_unit_test_setup_teardown(the_heap_is_not_trusted_blindly, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_pointers_inside_arguments, setup, teardown),
		cmocka_unit_test_setup_teardown(coroutines_have_their_own_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(signal_handlers_may_have_another_stack, setup,
						teardown),
		cmocka_unit_test_setup_teardown(threads_reach_each_other_s_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(sandboxes_without_process_vm_calls, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
