// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "quiet_write.h"

void quiet_write(int fd, const struct iovec *parts, int count)
{
	const struct timespec now = {0};
	sigset_t pipe, old, pending;
	int saved = errno;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (pthread_sigmask(SIG_BLOCK, &pipe, &old))
		return;
	sigemptyset(&pending);
	sigpending(&pending);
	/* The signal of a write is its thread's own. One that was pending before is the program's. */
	if (syscall(SYS_writev, fd, parts, count) < 0 && errno == EPIPE &&
	    !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved;
}
