// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "uaccess.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* glibc's loader: the highest address of the main thread's stack. */
extern void *__libc_stack_end __attribute__((weak));

/*
 * The main thread's stack grows on demand, and nothing else is mapped so near to its end
 * unless somebody asks for it: x86-64 and arm64 keep 128 MiB free below it.
 */
#define MAIN_STACK_SPAN (32ul << 20)

enum stack_state {
	STACK_UNKNOWN, /* initial */
	STACK_KNOWN,
	STACK_NONE, /* bounds cannot be had: always copy the slow way */
};

static __thread struct {
	uintptr_t low, high;
	enum stack_state state;
} stack __attribute__((tls_model("initial-exec")));

/* In a page that a fork empties. NULL before first use; never freed. */
static _Atomic(_Atomic int *) cached_pid;
static atomic_bool no_process_vm;

int uaccess_getpid(void)
{
	_Atomic int *page = atomic_load_explicit(&cached_pid, memory_order_acquire), *none = NULL;
	long page_size;
	int pid;

	if (!page) {
		page_size = sysconf(_SC_PAGESIZE);
		page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if ((void *)page == MAP_FAILED)
			return getpid();
		if (madvise((void *)page, page_size, MADV_WIPEONFORK)) {
			munmap((void *)page, page_size);
			return getpid();
		}
		if (!atomic_compare_exchange_strong(&cached_pid, &none, page)) {
			munmap((void *)page, page_size);
			page = none;
		}
	}
	pid = atomic_load_explicit(page, memory_order_relaxed);
	if (!pid) {
		pid = getpid();
		atomic_store_explicit(page, pid, memory_order_relaxed);
	}
	return pid;
}

static void find_stack(void)
{
	pthread_attr_t attr;
	size_t size;
	void *low;

	stack.state = STACK_NONE;
	if (syscall(SYS_gettid) == getpid()) {
		/* pthread_getattr_np() would parse /proc/self/maps here. */
		if (!&__libc_stack_end || !__libc_stack_end)
			return;
		stack.high = (uintptr_t)__libc_stack_end;
		stack.low = stack.high - MAIN_STACK_SPAN;
	} else {
		if (pthread_getattr_np(pthread_self(), &attr))
			return;
		if (!pthread_attr_getstack(&attr, &low, &size)) {
			stack.low = (uintptr_t)low;
			stack.high = stack.low + size;
		}
		pthread_attr_destroy(&attr);
		if (!stack.high)
			return;
	}
	stack.state = STACK_KNOWN;
}

/*
 * Whether the range is on the thread's stack between the caller's frame and the stack's end.
 * On an alternate signal stack or a coroutine's the frame is not on the thread's stack.
 */
static inline bool on_stack(uint64_t address, size_t size, uintptr_t frame)
{
	if (__builtin_expect(stack.state == STACK_UNKNOWN, 0))
		find_stack();
	return stack.state == STACK_KNOWN && frame >= stack.low && frame < stack.high &&
	       address >= frame && address < stack.high && size <= stack.high - address;
}

_Atomic uintptr_t uaccess_heap_start = UINTPTR_MAX;

void uaccess_trust_heap(void)
{
	char text[1024], *field;
	unsigned long start;
	int i, fd, saved = errno;
	ssize_t n = 0;

	/* proc(5): start_brk is field 47 of stat; the second, in parentheses, can hold anything. */
	fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/stat", O_RDONLY | O_CLOEXEC, 0);
	if (fd >= 0) {
		n = syscall(SYS_read, fd, text, sizeof(text) - 1);
		syscall(SYS_close, fd);
	}
	errno = saved;
	if (n <= 0)
		return;
	text[n] = '\0';
	field = strrchr(text, ')');
	for (i = 2; field && i < 47; i++)
		field = strchr(field + 1, ' ');
	if (!field)
		return;
	start = strtoul(field, NULL, 10);
	errno = saved;
	if (start)
		atomic_store(&uaccess_heap_start, start);
}

void uaccess_distrust_heap(uintptr_t start, size_t size)
{
	if (start < (uintptr_t)sbrk(0))
		atomic_store(&uaccess_heap_start, UINTPTR_MAX);
}

static inline bool on_heap(uint64_t address, size_t size)
{
	uint64_t end;

	/* sbrk(0) makes no system call. */
	return address >= atomic_load_explicit(&uaccess_heap_start, memory_order_relaxed) &&
	       !__builtin_add_overflow(address, size, &end) && end <= (uintptr_t)sbrk(0);
}

/* One chunk through a pipe of its own: the kernel does both copies. */
static int pipe_copy(void *dst, const void *src, size_t size)
{
	size_t done = 0, chunk;
	int fds[2], ret = 0;
	ssize_t n;

	if (syscall(SYS_pipe2, fds, O_CLOEXEC | O_NONBLOCK))
		return -EFAULT;
	while (done < size && !ret) {
		/* What fits into any pipe, so that neither end ever waits. */
		chunk = size - done < 4096 ? size - done : 4096;
		n = syscall(SYS_write, fds[1], (const char *)src + done, chunk);
		if (n != (ssize_t)chunk ||
		    syscall(SYS_read, fds[0], (char *)dst + done, chunk) != (ssize_t)chunk)
			ret = -EFAULT;
		done += chunk;
	}
	syscall(SYS_close, fds[0]);
	syscall(SYS_close, fds[1]);
	return ret;
}

static int foreign_copy(void *dst, const void *src, size_t size, bool to_user)
{
	struct iovec local = {to_user ? (void *)src : dst, size};
	struct iovec remote = {to_user ? dst : (void *)src, size};
	int saved = errno, ret;
	ssize_t n;

	if (!atomic_load_explicit(&no_process_vm, memory_order_relaxed)) {
		n = syscall(to_user ? SYS_process_vm_writev : SYS_process_vm_readv,
			    uaccess_getpid(), &local, 1ul, &remote, 1ul, 0ul);
		if (n == (ssize_t)size)
			return 0;
		if (n >= 0 || errno == EFAULT) {
			errno = saved;
			return -EFAULT;
		}
		/* EPERM, ENOSYS or what else a sandbox answers; it will not change its mind. */
		atomic_store_explicit(&no_process_vm, true, memory_order_relaxed);
	}
	ret = pipe_copy(dst, src, size);
	errno = saved;
	return ret;
}

/* Not inlined: the frame must be this function's, below all data of the application. */
__attribute__((noinline)) int uaccess_copy_from(void *dst, uint64_t src, size_t size)
{
	if (!size)
		return 0;
	if (on_stack(src, size, (uintptr_t)__builtin_frame_address(0)) || on_heap(src, size)) {
		memcpy(dst, (const void *)(uintptr_t)src, size);
		return 0;
	}
	return foreign_copy(dst, (const void *)(uintptr_t)src, size, false);
}

__attribute__((noinline)) int uaccess_copy_to(uint64_t dst, const void *src, size_t size)
{
	if (!size)
		return 0;
	if (on_stack(dst, size, (uintptr_t)__builtin_frame_address(0)) || on_heap(dst, size)) {
		memcpy((void *)(uintptr_t)dst, src, size);
		return 0;
	}
	return foreign_copy((void *)(uintptr_t)dst, src, size, true);
}

long uaccess_copy_string(char *dst, uint64_t src, size_t size)
{
	size_t done = 0, chunk;
	const char *end;
	int ret;

	while (done < size) {
		/* Up to the next 256-byte boundary, which no page boundary cuts. */
		chunk = 256 - ((src + done) & 255);
		if (chunk > size - done)
			chunk = size - done;
		ret = uaccess_copy_from(dst + done, src + done, chunk);
		if (ret)
			return ret;
		end = memchr(dst + done, 0, chunk);
		if (end)
			return end - dst;
		done += chunk;
	}
	return -ENAMETOOLONG;
}
