// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agx.h"
#include "suite.h"

#define SUITE_MAX_DEPTH  32         /* of directories */
#define SUITE_MAX_TRACES (1u << 20) /* a mistaken directory is an error, not a hang */
#define SUITE_EXTENSION  ".agxt"

/* A running worker. */
struct worker {
	pid_t pid;
	int alive; /* read end of a pipe that closes when the worker is gone */
	size_t index;
	double started;
	bool timed_out;
};

static double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/* Takes path over. */
static int add_trace(struct suite *suite, char *path)
{
	if (!path)
		return -ENOMEM;
	if (suite->count >= SUITE_MAX_TRACES) {
		free(path);
		return -E2BIG;
	}
	if (!(suite->count & (suite->count - 1))) {
		size_t capacity = suite->count ? 2 * suite->count : 1;
		struct suite_trace *traces = reallocarray(suite->traces, capacity, sizeof(*traces));

		if (!traces) {
			free(path);
			return -ENOMEM;
		}
		suite->traces = traces;
	}
	suite->traces[suite->count++] = (struct suite_trace){.path = path};
	suite->found = suite->count;
	return 0;
}

static bool has_extension(const char *name)
{
	size_t length = strlen(name), extension = strlen(SUITE_EXTENSION);

	return length > extension && !strcmp(name + length - extension, SUITE_EXTENSION);
}

static int add_directory(struct suite *suite, const char *path, int depth)
{
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	if (depth > SUITE_MAX_DEPTH)
		return -ELOOP;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		size_t length = strlen(path);
		struct stat st;
		char *child;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		while (length > 1 && path[length - 1] == '/')
			length--;
		if (asprintf(&child, "%.*s%s%s", (int)length, path,
			     path[length - 1] == '/' ? "" : "/", entry->d_name) < 0) {
			ret = -ENOMEM;
			break;
		}
		if (lstat(child, &st)) {
			/* Gone since readdir: not part of the suite. */
			free(child);
			continue;
		}
		if (S_ISLNK(st.st_mode) && (stat(child, &st) || S_ISDIR(st.st_mode))) {
			free(child);
			continue;
		}
		if (S_ISDIR(st.st_mode)) {
			ret = add_directory(suite, child, depth + 1);
			free(child);
		} else if (S_ISREG(st.st_mode) && has_extension(entry->d_name)) {
			ret = add_trace(suite, child);
		} else {
			free(child);
		}
	}
	closedir(dir);
	return ret;
}

int suite_add(struct suite *suite, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return add_directory(suite, path, 0);
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return add_trace(suite, strdup(path));
}

static int compare_traces(const void *a, const void *b)
{
	return strcmp(((const struct suite_trace *)a)->path, ((const struct suite_trace *)b)->path);
}

void suite_shard(struct suite *suite, unsigned int k, unsigned int n)
{
	size_t i, unique = 0, kept = 0;

	if (!suite->count)
		return;
	qsort(suite->traces, suite->count, sizeof(*suite->traces), compare_traces);
	for (i = 0; i < suite->count; i++) {
		if (unique && !strcmp(suite->traces[unique - 1].path, suite->traces[i].path))
			free(suite->traces[i].path);
		else
			suite->traces[unique++] = suite->traces[i];
	}
	for (i = 0; i < unique; i++) {
		if (i % n == k - 1)
			suite->traces[kept++] = suite->traces[i];
		else
			free(suite->traces[i].path);
	}
	suite->found = unique;
	suite->count = kept;
}

int suite_multiply(struct suite *suite, unsigned int n)
{
	struct suite_trace *traces = calloc(suite->count * n + 1, sizeof(*traces));
	size_t count = 0, i;
	unsigned int k;

	if (!traces)
		return -ENOMEM;
	for (i = 0; i < suite->count; i++) {
		for (k = 0; k < n; k++) {
			traces[count].path =
				k ? strdup(suite->traces[i].path) : suite->traces[i].path;
			if (!traces[count].path)
				goto no_memory;
			traces[count++].variant = k;
		}
	}
	free(suite->traces);
	suite->traces = traces;
	suite->count = count;
	suite->found *= n;
	return 0;

no_memory:
	while (count--)
		if (traces[count].variant)
			free(traces[count].path);
	free(traces);
	return -ENOMEM;
}

static int start_worker(struct suite *suite, const struct suite_options *options,
			struct worker *worker, size_t index)
{
	struct suite_trace *trace = &suite->traces[index];
	int alive[2];
	pid_t pid;
	int ret;

	if (pipe2(alive, O_CLOEXEC))
		return -errno;
	ret = options->start ? options->start(options->data, trace) : 0;
	if (ret) {
		close(alive[0]);
		close(alive[1]);
		return ret;
	}
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid < 0) {
		ret = -errno;
		close(alive[0]);
		close(alive[1]);
		return ret;
	}
	if (!pid) {
		close(alive[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		options->replay(options->data, trace);
		/*
		 * exit() and not _exit(): the sanitizers' leak check runs there. What stdio
		 * held was flushed before the fork.
		 */
		exit(0);
	}
	close(alive[1]);
	*worker = (struct worker){
		.pid = pid,
		.alive = alive[0],
		.index = index,
		.started = now_seconds(),
	};
	return 0;
}

static void fail_worker(struct suite_result *result, enum suite_reason reason)
{
	result->verdict = SUITE_ERROR;
	result->reason = reason;
	result->diverged = false;
}

/* The worker is gone: takes its status. */
static void reap_worker(struct suite *suite, const struct suite_options *options,
			struct worker *worker)
{
	struct suite_result *result = suite->traces[worker->index].result;
	int status = 0;

	while (waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(worker->alive);
	/* A worker that went wild may have written here: keep the text bounded. */
	result->gpu[sizeof(result->gpu) - 1] = 0;
	result->message[sizeof(result->message) - 1] = 0;
	result->replayed_gpu[sizeof(result->replayed_gpu) - 1] = 0;
	result->replayed_firmware[sizeof(result->replayed_firmware) - 1] = 0;
	result->transcript_digest[sizeof(result->transcript_digest) - 1] = 0;
	findings_bound(&result->findings);
	result->seconds = now_seconds() - worker->started;
	if (worker->timed_out) {
		fail_worker(result, SUITE_REASON_TIMEOUT);
		snprintf(result->message, sizeof(result->message),
			 "no result after %u s: the worker was killed", options->timeout);
	} else if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		fail_worker(result, SUITE_REASON_CRASH);
		snprintf(result->message, sizeof(result->message),
			 "the worker was killed by signal %d (SIG%s)", WTERMSIG(status),
			 name ? name : "?");
	} else if (WEXITSTATUS(status)) {
		fail_worker(result, SUITE_REASON_CRASH);
		snprintf(result->message, sizeof(result->message),
			 "the worker exited with status %d", WEXITSTATUS(status));
	} else if (result->verdict == SUITE_ERROR && result->reason == SUITE_REASON_NONE) {
		fail_worker(result, SUITE_REASON_CRASH);
		snprintf(result->message, sizeof(result->message), "the worker left no result");
	}
}

static void show_progress(const struct suite *suite, size_t finished, size_t bad, double started)
{
	double elapsed = now_seconds() - started;
	double rate = elapsed > 0 ? (double)finished / elapsed : 0;

	fprintf(stderr, "\r\033[K[%zu/%zu]", finished, suite->count);
	if (bad)
		fprintf(stderr, " %zu not passed", bad);
	if (finished) {
		double left = (double)(suite->count - finished) / rate;

		fprintf(stderr, " %.1f traces/s, %d:%02d left", rate, (int)left / 60,
			(int)left % 60);
	}
	fflush(stderr);
}

static void clear_progress(void)
{
	fputs("\r\033[K", stderr);
	fflush(stderr);
}

/* Waits until a worker is gone or a second has passed; kills those whose time is over. */
static void wait_workers(struct worker *workers, size_t count, struct pollfd *fds,
			 unsigned int timeout)
{
	double now = now_seconds(), wait = 1.0;
	size_t i;

	for (i = 0; i < count; i++) {
		fds[i] = (struct pollfd){.fd = workers[i].alive, .events = POLLIN};
		if (timeout && !workers[i].timed_out) {
			double left = workers[i].started + timeout - now;

			if (left <= 0) {
				workers[i].timed_out = true;
				kill(workers[i].pid, SIGKILL);
			} else if (left < wait) {
				wait = left;
			}
		}
	}
	if (poll(fds, count, (int)(wait * 1000) + 1) <= 0)
		for (i = 0; i < count; i++)
			fds[i].revents = 0;
}

int suite_run(struct suite *suite, const struct suite_options *options)
{
	size_t next = 0, shown = 0, finished = 0, running = 0, bad = 0, i;
	double started = now_seconds();
	bool *complete = NULL;
	struct worker *workers = NULL;
	struct pollfd *fds = NULL;
	int ret = 0;

	if (!suite->count)
		return 0;
	suite->results = mmap(NULL, suite->count * sizeof(*suite->results), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (suite->results == MAP_FAILED) {
		suite->results = NULL;
		return -errno;
	}
	for (i = 0; i < suite->count; i++)
		suite->traces[i].result = &suite->results[i];
	complete = calloc(suite->count, sizeof(*complete));
	workers = calloc(options->jobs, sizeof(*workers));
	fds = calloc(options->jobs, sizeof(*fds));
	if (!complete || !workers || !fds) {
		ret = -ENOMEM;
		goto out;
	}

	while (finished < suite->count) {
		while (running < options->jobs && next < suite->count) {
			ret = start_worker(suite, options, &workers[running], next);
			if (ret && !running)
				goto out;
			if (ret)
				break; /* fewer at a time, then */
			running++;
			next++;
		}
		wait_workers(workers, running, fds, options->timeout);
		for (i = running; i-- > 0;) {
			if (!fds[i].revents)
				continue;
			reap_worker(suite, options, &workers[i]);
			complete[workers[i].index] = true;
			bad += suite->traces[workers[i].index].result->verdict != SUITE_PASS;
			finished++;
			workers[i] = workers[--running];
		}
		if (options->progress)
			clear_progress();
		while (shown < suite->count && complete[shown])
			options->done(options->data, &suite->traces[shown++]);
		if (options->progress && finished < suite->count)
			show_progress(suite, finished, bad, started);
	}
	ret = 0;
out:
	suite->seconds = now_seconds() - started;
	free(complete);
	free(workers);
	free(fds);
	return ret;
}

void suite_finish(struct suite *suite)
{
	size_t i;

	if (suite->results)
		munmap(suite->results, suite->count * sizeof(*suite->results));
	for (i = 0; i < suite->count; i++)
		free(suite->traces[i].path);
	free(suite->traces);
	*suite = (struct suite){0};
}

const char *suite_verdict_name(enum suite_verdict verdict)
{
	switch (verdict) {
	case SUITE_PASS:
		return "PASS";
	case SUITE_FAIL:
		return "FAIL";
	case SUITE_ERROR:
		break;
	}
	return "ERROR";
}

const char *suite_reason_name(enum suite_reason reason)
{
	switch (reason) {
	case SUITE_REASON_DAMAGED:
		return "damaged";
	case SUITE_REASON_REFUSED:
		return "refused";
	case SUITE_REASON_CRASH:
		return "crash";
	case SUITE_REASON_TIMEOUT:
		return "timeout";
	case SUITE_REASON_FINDING:
		return "finding";
	case SUITE_REASON_TROUBLE:
		return "trouble";
	case SUITE_REASON_STOPPED:
		return "stopped";
	case SUITE_REASON_NONE:
		break;
	}
	return "none";
}

static int trace_exit_status(const struct suite_result *result)
{
	if (result->verdict == SUITE_PASS)
		return AGX_EXIT_OK;
	if (result->reason == SUITE_REASON_DAMAGED)
		return AGX_EXIT_DAMAGED;
	if (result->reason == SUITE_REASON_REFUSED)
		return AGX_EXIT_USAGE;
	return AGX_EXIT_FAILED;
}

int suite_exit_status(const struct suite *suite)
{
	int status = AGX_EXIT_OK;
	size_t i;

	for (i = 0; i < suite->count; i++) {
		int one = trace_exit_status(suite->traces[i].result);

		if (one > status)
			status = one;
	}
	return status;
}
