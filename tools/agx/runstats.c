// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "findings_report.h"
#include "preload/stats.h"
#include "rundir.h"
#include "runstats.h"

/* Counters that are summed over processes, in the order of the report. */
static const struct counter {
	const char *name;
	size_t offset;
} counters[] = {
	{"opens", offsetof(struct preload_stats, opens)},
	{"mmaps", offsetof(struct preload_stats, mmaps)},
	{"ioctls", offsetof(struct preload_stats, ioctls)},
	{"unknown_ioctls", offsetof(struct preload_stats, unknown_ioctls)},
	{"refused_ioctls", offsetof(struct preload_stats, node.refused_ioctls)},
	{"submits", offsetof(struct preload_stats, node.submits)},
	{"completed_submits", offsetof(struct preload_stats, node.completed_submits)},
	{"commands", offsetof(struct preload_stats, node.commands)},
	{"live_files", offsetof(struct preload_stats, node.live_files)},
	{"live_bos", offsetof(struct preload_stats, node.live_bos)},
	{"live_bytes", offsetof(struct preload_stats, node.live_bytes)},
	{"live_vms", offsetof(struct preload_stats, node.live_vms)},
	{"live_queues", offsetof(struct preload_stats, node.live_queues)},
	{"live_syncobjs", offsetof(struct preload_stats, node.live_syncobjs)},
	{"peak_bytes", offsetof(struct preload_stats, node.peak_bytes)},
	{"findings", offsetof(struct preload_stats, findings.total)},
	{"faults", offsetof(struct preload_stats, node.faults)},
	{"timeouts", offsetof(struct preload_stats, node.timeouts)},
	{"restarts", offsetof(struct preload_stats, node.restarts)},
	{"injected", offsetof(struct preload_stats, node.injected)},
	{"abandoned_bos", offsetof(struct preload_stats, abandoned_bos)},
	{"abandoned_vms", offsetof(struct preload_stats, abandoned_vms)},
	{"abandoned_queues", offsetof(struct preload_stats, abandoned_queues)},
	{"abandoned_syncobjs", offsetof(struct preload_stats, abandoned_syncobjs)},
	{"leaked_bos", offsetof(struct preload_stats, leaked_bos)},
	{"leaked_bytes", offsetof(struct preload_stats, leaked_bytes)},
};

#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

static int64_t counter_get(const struct preload_stats *stats, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + counters[i].offset, sizeof(value));
	return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* The file is written by the program under test: only its size and text need checking. */
static bool read_stats(int dir, const char *name, struct preload_stats *stats)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = read(fd, stats, sizeof(*stats)) == (ssize_t)sizeof(*stats) &&
	     stats->magic == PRELOAD_STATS_MAGIC;
	close(fd);
	stats->command[sizeof(stats->command) - 1] = '\0';
	findings_bound(&stats->findings);
	return ok;
}

static struct json_object *unknown_to_json(struct preload_stats *stats)
{
	struct json_object *list = json_object_new_array(), *item;
	char text[16];
	size_t i;

	for (i = 0; i < PRELOAD_STATS_UNKNOWN; i++) {
		if (!stats->unknown[i].request)
			continue;
		snprintf(text, sizeof(text), "0x%08" PRIx32, stats->unknown[i].request);
		item = json_object_new_object();
		json_object_object_add(item, "request", json_object_new_string(text));
		json_object_object_add(item, "count",
				       json_object_new_int64((int64_t)stats->unknown[i].count));
		json_object_array_add(list, item);
	}
	return list;
}

static struct json_object *process_to_json(struct preload_stats *stats, int64_t *totals)
{
	struct json_object *process = json_object_new_object();
	/* Without the object's destructor: by a signal, _exit or another program. */
	const char *end = stats->exited                                  ? "exited"
			  : kill((pid_t)stats->pid, 0) && errno == ESRCH ? "ended"
									 : "running";
	size_t i;

	json_object_object_add(process, "pid", json_object_new_int64(stats->pid));
	json_object_object_add(process, "command", json_object_new_string(stats->command));
	json_object_object_add(process, "forked", json_object_new_boolean(stats->forked != 0));
	json_object_object_add(process, "end", json_object_new_string(end));
	json_object_object_add(process, "leak_checked",
			       json_object_new_boolean(stats->leak_checked != 0));
	for (i = 0; i < COUNTERS; i++) {
		totals[i] += counter_get(stats, i);
		json_object_object_add(process, counters[i].name,
				       json_object_new_int64(counter_get(stats, i)));
	}
	json_object_object_add(process, "unknown", unknown_to_json(stats));
	return process;
}

static int64_t pid_of(const void *process)
{
	struct json_object *pid = NULL;

	json_object_object_get_ex(*(struct json_object *const *)process, "pid", &pid);
	return json_object_get_int64(pid);
}

static int by_pid(const void *a, const void *b)
{
	int64_t first = pid_of(a), second = pid_of(b);

	return (first > second) - (first < second);
}

void runstats_findings(const struct rundir *run, struct findings *findings, struct agx_usage *usage)
{
	char path[sizeof(run->dir.path) + 16];
	struct preload_stats stats;
	struct dirent **entries;
	int count, i;

	memset(findings, 0, sizeof(*findings));
	memset(usage, 0, sizeof(*usage));
	snprintf(path, sizeof(path), "%s/stats", run->dir.path);
	count = scandir(path, &entries, NULL, versionsort);
	for (i = 0; i < count; i++) {
		int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (dir >= 0 && entries[i]->d_name[0] != '.' &&
		    read_stats(dir, entries[i]->d_name, &stats)) {
			findings_merge(findings, &stats.findings);
			agx_usage_merge(usage, &stats.usage);
		}
		if (dir >= 0)
			close(dir);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

struct json_object *runstats_collect(const struct rundir *run)
{
	struct json_object *result, *list, *total;
	int64_t totals[COUNTERS] = {0};
	char path[sizeof(run->dir.path) + 16];
	struct preload_stats stats;
	struct dirent *entry;
	DIR *dir;
	size_t i;

	snprintf(path, sizeof(path), "%s/stats", run->dir.path);
	dir = opendir(path);
	if (!dir)
		return NULL;
	list = json_object_new_array();
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && read_stats(dirfd(dir), entry->d_name, &stats))
			json_object_array_add(list, process_to_json(&stats, totals));
	closedir(dir);
	json_object_array_sort(list, by_pid);

	total = json_object_new_object();
	json_object_object_add(total, "processes",
			       json_object_new_int64((int64_t)json_object_array_length(list)));
	for (i = 0; i < COUNTERS; i++)
		json_object_object_add(total, counters[i].name, json_object_new_int64(totals[i]));
	result = json_object_new_object();
	json_object_object_add(result, "processes", list);
	json_object_object_add(result, "total", total);
	return result;
}

static int64_t number(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return json_object_get_int64(value);
}

bool runstats_used(struct json_object *stats)
{
	struct json_object *total = NULL;

	json_object_object_get_ex(stats, "total", &total);
	return number(total, "opens") > 0;
}

static const char *string(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return json_object_get_string(value);
}

int64_t runstats_leaks(struct json_object *stats)
{
	struct json_object *total = NULL;

	json_object_object_get_ex(stats, "total", &total);
	return number(total, "abandoned_bos") + number(total, "leaked_bos");
}

void runstats_print(FILE *out, struct json_object *stats)
{
	struct json_object *list = NULL, *process, *unknown, *item;
	size_t i, k;

	json_object_object_get_ex(stats, "processes", &list);
	fprintf(out, "%8s %-15s %-7s %6s %9s %8s %8s %8s %10s\n", "pid", "command", "end", "opens",
		"ioctls", "unknown", "refused", "submits", "peak KiB");
	for (i = 0; i < json_object_array_length(list); i++) {
		process = json_object_array_get_idx(list, i);
		fprintf(out,
			"%8" PRId64 " %-15s %-7s %6" PRId64 " %9" PRId64 " %8" PRId64 " %8" PRId64
			" %8" PRId64 " %10" PRId64 "\n",
			number(process, "pid"), string(process, "command"), string(process, "end"),
			number(process, "opens"), number(process, "ioctls"),
			number(process, "unknown_ioctls"), number(process, "refused_ioctls"),
			number(process, "submits"), number(process, "peak_bytes") >> 10);
		json_object_object_get_ex(process, "unknown", &unknown);
		for (k = 0; k < json_object_array_length(unknown); k++) {
			item = json_object_array_get_idx(unknown, k);
			fprintf(out, "%8s unknown ioctl %s, %" PRId64 " times\n", "",
				string(item, "request"), number(item, "count"));
		}
		if (number(process, "abandoned_bos"))
			fprintf(out, "%8s closed the node with %" PRId64 " buffer objects\n", "",
				number(process, "abandoned_bos"));
		if (number(process, "leaked_bos"))
			fprintf(out, "%8s leaked: %" PRId64 " buffer objects, %" PRId64 " bytes\n",
				"", number(process, "leaked_bos"), number(process, "leaked_bytes"));
	}
}
