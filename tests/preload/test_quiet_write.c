// SPDX-License-Identifier: MIT
/* Messages to a reader that has gone must not end the program, nor eat a signal of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "quiet_write.h"

static int signals;

static void count(int number)
{
	signals++;
}

static void write_line(int fd)
{
	static const char line[] = "line\n";
	const struct iovec parts[] = {
		{(void *)line, 2},
		{(void *)(line + 2), sizeof(line) - 3},
	};

	errno = ENOTTY;
	quiet_write(fd, parts, 2);
	assert_int_equal(errno, ENOTTY);
}

static int setup(void **state)
{
	signals = 0;
	return signal(SIGPIPE, count) == SIG_ERR;
}

static void what_has_a_reader_arrives(void **state)
{
	char got[16] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	write_line(fds[1]);
	assert_int_equal(read(fds[0], got, sizeof(got)), 5);
	assert_string_equal(got, "line\n");
	close(fds[0]);
	close(fds[1]);
}

static void a_reader_that_has_gone_is_no_signal(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	write_line(fds[1]);
	assert_int_equal(signals, 0);
	/* A write of the program's own still is. */
	assert_int_equal(write(fds[1], "x", 1), -1);
	assert_int_equal(signals, 1);
	close(fds[1]);
}

static void a_signal_of_the_program_stays_pending(void **state)
{
	sigset_t pipe_signal, old;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	assert_int_equal(sigprocmask(SIG_BLOCK, &pipe_signal, &old), 0);
	raise(SIGPIPE);
	write_line(fds[1]);
	assert_int_equal(signals, 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_int_equal(signals, 1);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_has_a_reader_arrives, setup),
		cmocka_unit_test_setup(a_reader_that_has_gone_is_no_signal, setup),
		cmocka_unit_test_setup(a_signal_of_the_program_stays_pending, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
