// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agx.h"
#include "launch.h"

/* Passed on to the command. Stop signals are not: they act on both by the process group. */
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};

enum child_failure {
	FAILED_PREPARE,
	FAILED_EXEC,
};

struct child_report {
	enum child_failure what;
	int err;
};

static void signal_set(sigset_t *set)
{
	size_t i;

	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(set, forwarded[i]);
}

void launch_init(struct launch *launch)
{
	sigset_t set;

	signal_set(&set);
	sigprocmask(SIG_BLOCK, &set, &launch->mask);
}

static _Noreturn void run_child(const struct launch *launch, int report)
{
	struct child_report failure = {FAILED_EXEC, 0};
	ssize_t ignored __attribute__((unused));
	int ret;

	sigprocmask(SIG_SETMASK, &launch->mask, NULL);
	ret = launch->prepare ? launch->prepare(launch->data) : 0;
	if (ret) {
		failure.what = FAILED_PREPARE;
		failure.err = -ret;
	} else {
		execvp(launch->argv[0], launch->argv);
		failure.err = errno;
	}
	ignored = write(report, &failure, sizeof(failure));
	_exit(127);
}

/* Signals from the terminal reach the command by themselves; those sent to us do not. */
static void forward(int fd, pid_t pid)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		if (info.ssi_signo != SIGCHLD && info.ssi_code <= 0)
			kill(pid, (int)info.ssi_signo);
}

static int wait_for(const struct launch *launch, pid_t pid, int signals)
{
	struct pollfd fds[2] = {{signals, POLLIN, 0}, {launch->fd, POLLIN, 0}};
	int status;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			continue;
		if (fds[1].revents)
			launch->readable(launch->data);
		if (fds[0].revents)
			forward(signals, pid);
	}
	if (launch->readable)
		launch->readable(launch->data);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int launch_run(const struct launch *launch)
{
	struct child_report failure;
	int report[2], signals, ret;
	sigset_t set;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	signal_set(&set);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	pid = signals < 0 ? -1 : fork();
	if (pid < 0) {
		ret = -errno;
		close(report[1]);
		goto out;
	}
	if (!pid)
		run_child(launch, report[1]);
	close(report[1]);
	ret = wait_for(launch, pid, signals);
	/* The pipe closed at exec, unless something was in the way of it. */
	if (read(report[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
		if (failure.what == FAILED_PREPARE) {
			ret = -failure.err;
		} else {
			tool_error("%s: %s", launch->argv[0], strerror(failure.err));
			ret = failure.err == ENOENT ? 127 : 126;
		}
	}
out:
	close(report[0]);
	if (signals >= 0)
		close(signals);
	return ret;
}
