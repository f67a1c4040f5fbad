// SPDX-License-Identifier: MIT
/*
 * `agx capture` as a user runs it, on small programs (client.c), and what is in the trace then.
 * Arguments: the agx command, the client.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <xf86drm.h>

#include "agx_trace.h"
#include "asahi_drm.h"
#include "ioctl_table.h"

#define PAGE     4096u
#define MAX_ARGS 32

static char *agx, *client;

struct item {
	struct agxt_record *rec;
	uint8_t *pages; /* of PAGES: content */
	uint32_t stream;
};

struct trace {
	char dir[64], path[80], log[80];
	struct item *items;
	size_t count;
	int status; /* of agx */
};

/*
 * Running.
 */

static int setup(void **state)
{
	struct trace *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	strcpy(t->dir, "/tmp/agx-test-capture-XXXXXX");
	assert_non_null(mkdtemp(t->dir));
	snprintf(t->path, sizeof(t->path), "%s/trace.agxt", t->dir);
	snprintf(t->log, sizeof(t->log), "%s/log", t->dir);
	*state = t;
	return 0;
}

static void forget(struct trace *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		free(t->items[i].rec);
		free(t->items[i].pages);
	}
	free(t->items);
	t->items = NULL;
	t->count = 0;
}

static int teardown(void **state)
{
	struct trace *t = *state;
	char path[128];

	forget(t);
	unlink(t->path);
	unlink(t->log);
	snprintf(path, sizeof(path), "%s/done", t->dir);
	unlink(path);
	rmdir(t->dir);
	free(t);
	return 0;
}

/* Runs a command with its messages in the log. Exit status, 128+N for a signal. */
static int run(const struct trace *t, char *const argv[])
{
	int status, fd;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		fd = open(t->log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static bool logged(const struct trace *t, const char *what)
{
	static char text[1 << 16];
	FILE *file = fopen(t->log, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return strstr(text, what);
}

static void show_log(const struct trace *t)
{
	char line[512];
	FILE *file = fopen(t->log, "r");

	while (file && fgets(line, sizeof(line), file))
		print_message("    | %s", line);
	if (file)
		fclose(file);
}

/* Runs `agx capture -o TRACE <options> -- client <mode>`; both lists end with NULL. */
static int capture_options(struct trace *t, char *const options[], char *const mode[])
{
	char *argv[MAX_ARGS] = {agx, "capture", "-o", t->path};
	size_t n = 4, i;

	for (i = 0; options[i]; i++)
		argv[n++] = options[i];
	argv[n++] = "--";
	argv[n++] = client;
	for (i = 0; mode[i]; i++)
		argv[n++] = mode[i];
	argv[n] = NULL;
	t->status = run(t, argv);
	return t->status;
}

#define LIST(...) ((char *[]){__VA_ARGS__, NULL})
#define NOTHING   ((char *[]){NULL})

/*
 * Reading back.
 */

static void load(struct trace *t)
{
	struct agx_trace_error error = {0};
	struct agx_trace_reader *reader;
	struct agx_trace_item item;
	size_t capacity = 0;
	char text[512];
	int ret;

	forget(t);
	ret = agx_trace_reader_open(t->path, NULL, &reader, &error);
	if (ret)
		fail_msg("%s", agx_trace_error_text(&error, text, sizeof(text)));
	while ((ret = agx_trace_reader_next(reader, &item, &error)) > 0) {
		struct item *to;

		if (t->count == capacity) {
			capacity = capacity ? 2 * capacity : 256;
			t->items = reallocarray(t->items, capacity, sizeof(*t->items));
			assert_non_null(t->items);
		}
		to = &t->items[t->count++];
		*to = (struct item){.rec = malloc(item.rec->size), .stream = item.stream};
		assert_non_null(to->rec);
		memcpy(to->rec, item.rec, item.rec->size);
		if (item.rec->type == AGXT_PAGES) {
			const struct agxt_pages *pages = (const void *)item.rec;
			uint32_t i;

			to->pages = malloc(pages->count * PAGE);
			assert_non_null(to->pages);
			for (i = 0; i < pages->count; i++) {
				const uint8_t *from =
					agx_trace_page(&item, i, to->pages + i * PAGE);

				if (from != to->pages + i * PAGE)
					memcpy(to->pages + i * PAGE, from, PAGE);
			}
		}
	}
	agx_trace_reader_close(reader);
	if (ret)
		fail_msg("%s", agx_trace_error_text(&error, text, sizeof(text)));
}

/* Captures, and wants this status, a sound trace, and a replay that passes. */
static void expect(struct trace *t, int status, char *const options[], char *const mode[])
{
	int ret;

	if (capture_options(t, options, mode) != status) {
		show_log(t);
		fail_msg("agx capture: status %d, expected %d", t->status, status);
	}
	load(t);
	ret = run(t, LIST(agx, "replay", t->path));
	if (ret) {
		show_log(t);
		fail_msg("agx replay: status %d", ret);
	}
}

static const struct agxt_call *as_call(const struct item *item)
{
	return item->rec->type == AGXT_CALL ? (const void *)item->rec : NULL;
}

static bool is_request(const struct item *item, unsigned long request)
{
	const struct agxt_call *call = as_call(item);

	return call && call->request == (uint32_t)request;
}

static size_t count_type(const struct trace *t, uint16_t type)
{
	size_t i, n = 0;

	for (i = 0; i < t->count; i++)
		n += t->items[i].rec->type == type;
	return n;
}

static size_t count_calls(const struct trace *t, unsigned long request)
{
	size_t i, n = 0;

	for (i = 0; i < t->count; i++)
		n += is_request(&t->items[i], request);
	return n;
}

/* The n-th call (from 0) of a request. */
static const struct agxt_call *find_call(const struct trace *t, unsigned long request, size_t n)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (is_request(&t->items[i], request) && !n--)
			return (const void *)t->items[i].rec;
	fail_msg("the trace has no such call");
	return NULL;
}

static const struct agxt_return *find_return(const struct trace *t, const struct agxt_call *call)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct agxt_return *ret = (const void *)t->items[i].rec;

		if (ret->rec.type == AGXT_RETURN && ret->call == call->rec.seq)
			return ret;
	}
	return NULL;
}

static const struct agxt_meta *find_meta(const struct trace *t, uint32_t key)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct agxt_meta *meta = (const void *)t->items[i].rec;

		if (meta->rec.type == AGXT_META && meta->key == key)
			return meta;
	}
	return NULL;
}

static const void *args_of(const struct agxt_record *rec, uint32_t expected)
{
	uint32_t size;
	const void *args = agx_trace_args(rec, &size);

	assert_int_equal(size, expected);
	return args;
}

/* Content of a page of an object as it was when submission number n (from 0) was made. */
static const uint8_t *page_at(const struct trace *t, uint32_t handle, uint64_t page, size_t n)
{
	static const uint8_t zeros[PAGE];
	const uint8_t *content = zeros;
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct agxt_pages *pages = (const void *)t->items[i].rec;

		if (is_request(&t->items[i], DRM_IOCTL_ASAHI_SUBMIT) && !n--)
			return content;
		if (pages->rec.type == AGXT_PAGES && pages->handle == handle &&
		    page >= pages->first_page && page - pages->first_page < pages->count)
			content = t->items[i].pages + (page - pages->first_page) * PAGE;
	}
	fail_msg("the trace has no such submission");
	return NULL;
}

static void expect_fill(const uint8_t *page, uint32_t number, uint32_t version)
{
	uint32_t i;

	for (i = 0; i < PAGE / 4; i++)
		assert_int_equal(((const uint32_t *)(const void *)page)[i],
				 number * 0x01000193u ^ version * 0x9e3779b1u ^ i);
}

static size_t count_pages(const struct trace *t)
{
	size_t i, n = 0;

	for (i = 0; i < t->count; i++)
		if (t->items[i].rec->type == AGXT_PAGES)
			n += ((const struct agxt_pages *)t->items[i].rec)->count;
	return n;
}

/* What holds for every trace. */
static void expect_order(const struct trace *t)
{
	uint64_t last = 0;
	size_t i;

	for (i = 0; i < t->count; i++) {
		const struct item *item = &t->items[i];

		assert_true(item->rec->seq > last);
		last = item->rec->seq;
		if (item->rec->type == AGXT_RETURN) {
			const struct agxt_return *ret = (const void *)item->rec;
			size_t j;

			for (j = i; j-- > 0;)
				if (t->items[j].rec->seq == ret->call)
					break;
			assert_true(j < i);
			assert_non_null(as_call(&t->items[j]));
			assert_int_equal(t->items[j].rec->thread, ret->rec.thread);
			assert_int_equal(t->items[j].stream, item->stream);
			assert_int_equal(as_call(&t->items[j])->request, ret->request);
		}
	}
}

/*
 * Tests.
 */

static void calls_and_memory_are_recorded_exactly(void **state)
{
	static const unsigned long calls[] = {
		/* The recorder's own questions are not in the trace. */
		DRM_IOCTL_VERSION,
		DRM_IOCTL_VERSION,
		DRM_IOCTL_ASAHI_VM_CREATE,
		DRM_IOCTL_ASAHI_QUEUE_CREATE,
		DRM_IOCTL_SYNCOBJ_CREATE,
		DRM_IOCTL_ASAHI_GEM_CREATE,
		DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET,
		DRM_IOCTL_ASAHI_GEM_CREATE,
		DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET,
		DRM_IOCTL_ASAHI_SUBMIT,
		DRM_IOCTL_SYNCOBJ_WAIT,
		DRM_IOCTL_ASAHI_SUBMIT,
		DRM_IOCTL_SYNCOBJ_WAIT,
		DRM_IOCTL_ASAHI_SUBMIT,
		DRM_IOCTL_SYNCOBJ_WAIT,
		DRM_IOCTL_GEM_CLOSE,
		DRM_IOCTL_GEM_CLOSE,
	};
	struct trace *t = *state;
	const struct agxt_process *process;
	const struct drm_asahi_gem_create *create;
	const struct drm_asahi_submit *submit;
	const struct drm_asahi_cmd_header *header;
	const struct agxt_call *call;
	struct agx_trace_blob blob;
	uint32_t a, b;
	size_t i, n = 0;

	expect(t, 0, LIST("--label", "a label"), LIST("basic"));
	expect_order(t);

	process = (const void *)t->items[0].rec;
	assert_int_equal(process->rec.type, AGXT_PROCESS);
	assert_int_equal(process->parent, 0);
	assert_int_equal(process->page_size, sysconf(_SC_PAGESIZE));
	assert_memory_equal(process + 1, strrchr(client, '/') + 1, process->name_size);

	for (i = 0; i < t->count; i++) {
		call = as_call(&t->items[i]);
		if (!call)
			continue;
		assert_true(n < sizeof(calls) / sizeof(calls[0]));
		assert_int_equal(call->request, (uint32_t)calls[n++]);
		assert_int_equal(find_return(t, call)->result, 0);
	}
	assert_int_equal(n, sizeof(calls) / sizeof(calls[0]));
	assert_int_equal(count_type(t, AGXT_OPEN), 1);
	assert_int_equal(count_type(t, AGXT_CLOSE), 1);
	assert_int_equal(count_type(t, AGXT_MAP), 2);
	assert_int_equal(count_type(t, AGXT_UNMAP), 2);

	call = find_call(t, DRM_IOCTL_ASAHI_GEM_CREATE, 0);
	create = args_of(&call->rec, sizeof(*create));
	assert_int_equal(create->size, 1 << 20);
	assert_int_equal(create->flags, DRM_ASAHI_GEM_WRITEBACK);
	create = args_of(&find_return(t, call)->rec, sizeof(*create));
	a = create->handle;
	assert_int_not_equal(a, 0);
	create = args_of(&find_return(t, find_call(t, DRM_IOCTL_ASAHI_GEM_CREATE, 1))->rec,
			 sizeof(*create));
	b = create->handle;
	assert_int_not_equal(a, b);

	call = find_call(t, DRM_IOCTL_ASAHI_SUBMIT, 0);
	submit = args_of(&call->rec, sizeof(*submit));
	assert_int_equal(submit->syncs, AGXT_PTR_VALID);
	assert_int_equal(submit->cmdbuf, AGXT_PTR_VALID);
	assert_int_equal(submit->out_sync_count, 1);
	assert_int_equal(call->blobs, 2);
	for (i = 0; i < 2; i++) {
		blob = agx_trace_blob(&call->rec, (uint32_t)i);
		if (blob.size == sizeof(struct drm_asahi_sync))
			continue;
		header = (const void *)blob.bytes;
		assert_int_equal(blob.size, submit->cmdbuf_size);
		assert_int_equal(header->cmd_type, DRM_ASAHI_CMD_COMPUTE);
		assert_int_equal(header->size, sizeof(struct drm_asahi_cmd_compute));
	}

	assert_int_equal(count_pages(t), 5);
	expect_fill(page_at(t, a, 3, 0), 3, 1);
	expect_fill(page_at(t, a, 4, 0), 4, 1);
	expect_fill(page_at(t, b, 1000, 0), 1000, 1);
	assert_true(page_at(t, b, 0, 1)[4] == 0);
	expect_fill(page_at(t, a, 4, 1), 4, 2);
	expect_fill(page_at(t, b, 0, 2), 0, 3);
}

static void metadata_tell_where_the_trace_comes_from(void **state)
{
	struct trace *t = *state;
	const struct drm_asahi_params_global *params;
	const struct agxt_marker *label = NULL;
	const struct agxt_meta *meta;
	bool opened = false;
	size_t i;

	expect(t, 0, LIST("--gpu", "t6002", "--label", "a label"), LIST("basic"));
	meta = find_meta(t, AGXT_META_SOC);
	assert_int_equal(meta->size, 5);
	assert_memory_equal(meta + 1, "t6002", 5);
	meta = find_meta(t, AGXT_META_GPU_PARAMS);
	params = (const void *)(meta + 1);
	assert_int_equal(meta->size, sizeof(*params));
	assert_int_equal(params->chip_id, 0x6002);
	assert_non_null(find_meta(t, AGXT_META_TOOL));
	assert_non_null(find_meta(t, AGXT_META_MACHINE));
	assert_memory_equal(find_meta(t, AGXT_META_DRIVER) + 1, "asahi", 5);
	/* The program's folder is nobody's business. */
	meta = find_meta(t, AGXT_META_COMMAND);
	assert_string_equal((const char *)(meta + 1), strrchr(client, '/') + 1);
	assert_int_equal(meta->size, strlen((const char *)(meta + 1)) + 1 + sizeof("basic"));
	for (i = 0; i < t->count; i++) {
		/* A reader knows the GPU before it sees a file. */
		opened |= t->items[i].rec->type == AGXT_OPEN;
		if (t->items[i].rec->type == AGXT_META)
			assert_false(opened);
		if (t->items[i].rec->type == AGXT_MARKER)
			label = (const void *)t->items[i].rec;
	}
	assert_non_null(label);
	assert_int_equal(label->kind, AGXT_MARKER_LABEL);
	assert_memory_equal(label + 1, "a label", label->size);
}

static void the_call_that_killed_is_in_the_trace(void **state)
{
	struct trace *t = *state;
	const struct agxt_call *call;

	expect(t, 128 + SIGKILL, NOTHING, LIST("kill"));
	call = as_call(&t->items[t->count - 1]);
	assert_non_null(call);
	assert_int_equal(call->request, (uint32_t)DRM_IOCTL_SYNCOBJ_WAIT);
	assert_null(find_return(t, call));
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 1);

	expect(t, 128 + SIGABRT, NOTHING, LIST("crash"));
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 1);
}

static void the_command_s_status_comes_back(void **state)
{
	struct trace *t = *state;

	expect(t, 7, NOTHING, LIST("none"));
	assert_int_equal(t->count, 0);
	capture_options(t, NOTHING, LIST("none"));
	assert_true(logged(t, "is empty"));
	assert_int_equal(run(t, LIST(agx, "capture", "-o", t->path, "--", "/nonexistent/program")),
			 127);
}

static void threads_are_recorded_in_the_order_of_their_calls(void **state)
{
	struct trace *t = *state;
	uint32_t threads = 0;
	size_t i;

	expect(t, 0, NOTHING, LIST("threads"));
	expect_order(t);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_GEM_CREATE), 800);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 800);
	assert_int_equal(count_calls(t, DRM_IOCTL_GEM_CLOSE), 800);
	assert_int_equal(count_type(t, AGXT_CALL), count_type(t, AGXT_RETURN));
	for (i = 0; i < t->count; i++)
		threads |= 1u << t->items[i].rec->thread;
	assert_int_equal(__builtin_popcount(threads), 5);
	/* Calls that cannot block never overlap. */
	for (i = 0; i + 1 < t->count; i++)
		if (is_request(&t->items[i], DRM_IOCTL_ASAHI_GEM_CREATE))
			assert_int_equal(((const struct agxt_return *)t->items[i + 1].rec)->call,
					 t->items[i].rec->seq);
}

static void a_forked_child_is_a_stream_of_its_own(void **state)
{
	struct trace *t = *state;
	const struct agxt_process *process = NULL;
	uint32_t file = 0;
	size_t i;

	expect(t, 0, NOTHING, LIST("fork"));
	expect_order(t);
	for (i = 0; i < t->count; i++) {
		const struct item *item = &t->items[i];

		if (item->rec->type == AGXT_OPEN) {
			assert_int_equal(item->stream, 0);
			file = item->rec->file;
		}
		if (item->rec->type == AGXT_PROCESS && item->stream == 1)
			process = (const void *)item->rec;
		if (item->stream == 1 && item->rec->file)
			assert_int_equal(item->rec->file, file);
	}
	assert_non_null(process);
	assert_int_equal(process->parent, 1);
	assert_int_equal(count_type(t, AGXT_OPEN), 1);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 3);
	/* Handle 1 is the parent's, 2 the child's. */
	expect_fill(page_at(t, 1, 0, 0), 0, 1);
	expect_fill(page_at(t, 1, 2, 1), 2, 2);
	expect_fill(page_at(t, 2, 1, 1), 1, 2);
	expect_fill(page_at(t, 1, 0, 2), 0, 3);
}

static void a_buffer_keeps_its_token_in_another_process(void **state)
{
	struct trace *t = *state;
	const struct drm_prime_handle *export, *import;
	const struct agxt_fd *fd;
	size_t i, exports = 0;

	expect(t, 0, NOTHING, LIST("share"));
	expect_order(t);
	export = args_of(&find_return(t, find_call(t, DRM_IOCTL_PRIME_HANDLE_TO_FD, 0))->rec,
			 sizeof(*export));
	import = args_of(&find_call(t, DRM_IOCTL_PRIME_FD_TO_HANDLE, 0)->rec, sizeof(*import));
	assert_int_equal(export->fd, import->fd);
	for (i = 0; i < t->count; i++) {
		fd = (const void *)t->items[i].rec;
		if (fd->rec.type != AGXT_FD)
			continue;
		assert_int_equal(fd->event, AGXT_FD_EXPORT);
		assert_int_equal(fd->token, export->fd);
		assert_int_equal(fd->kind, AGXT_FD_DMA_BUF);
		assert_int_equal(fd->size, 1 << 20);
		exports++;
	}
	assert_int_equal(exports, 1);
	assert_int_equal(count_type(t, AGXT_PROCESS), 2);
}

static void frames_before_and_after_are_left_out(void **state)
{
	struct trace *t = *state;
	const struct agxt_meta *meta;
	size_t i, submits = 0;
	uint32_t page;

	expect(t, 0, LIST("--frames", "4-6"), LIST("frames"));
	expect_order(t);
	/* What came before is there without its memory; what comes after is not there. */
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 6);
	for (i = 0; i < t->count; i++) {
		submits += is_request(&t->items[i], DRM_IOCTL_ASAHI_SUBMIT);
		if (t->items[i].rec->type == AGXT_PAGES)
			assert_in_range(submits, 3, 5);
	}
	for (page = 1; page <= 4; page++)
		expect_fill(page_at(t, 1, page, 3), page, page);
	expect_fill(page_at(t, 1, 6, 5), 6, 6);
	meta = find_meta(t, AGXT_META_FRAMES);
	assert_memory_equal(meta + 1, "4-6", meta->size);

	expect(t, 0, LIST("--frames", "2", "--frame-unit", "submit"), LIST("frames"));
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 2);
	expect(t, 0, LIST("--frames", "9-"), LIST("frames"));
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 10);
	/* It never presents. */
	expect(t, 0, LIST("--frames", "2-3", "--frame-unit", "present"), LIST("frames"));
	assert_int_equal(count_pages(t), 0);
}

struct change {
	size_t submits; /* before it */
	uint32_t handle;
	uint64_t page;
	const uint8_t *content;
};

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->submits != y->submits)
		return x->submits < y->submits ? -1 : 1;
	if (x->handle != y->handle)
		return x->handle < y->handle ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

static struct change *changes_of(const struct trace *t, size_t *count)
{
	struct change *changes = calloc(count_pages(t) + 1, sizeof(*changes));
	size_t i, j, n = 0, submits = 0;

	assert_non_null(changes);
	for (i = 0; i < t->count; i++) {
		const struct agxt_pages *pages = (const void *)t->items[i].rec;

		submits += is_request(&t->items[i], DRM_IOCTL_ASAHI_SUBMIT);
		if (pages->rec.type != AGXT_PAGES)
			continue;
		for (j = 0; j < pages->count; j++)
			changes[n++] =
				(struct change){submits, pages->handle, pages->first_page + j,
						t->items[i].pages + j * PAGE};
	}
	qsort(changes, n, sizeof(*changes), compare_changes);
	*count = n;
	return changes;
}

static void both_ways_of_write_tracking_agree(void **state)
{
	struct trace *t = *state, *other;
	struct change *a, *b;
	size_t i, na, nb;
	void *second;

	expect(t, 0, LIST("--write-tracking", "auto"), LIST("memory"));
	setup(&second);
	other = second;
	expect(other, 0, LIST("--write-tracking", "compare"), LIST("memory"));
	a = changes_of(t, &na);
	b = changes_of(other, &nb);
	for (i = 0; i < na && i < nb; i++) {
		if (compare_changes(&a[i], &b[i]))
			fail_msg("change %zu: page %" PRIu64 " of %u before submission %zu, "
				 "and page %" PRIu64 " of %u before %zu",
				 i, a[i].page, a[i].handle, a[i].submits, b[i].page, b[i].handle,
				 b[i].submits);
		assert_memory_equal(a[i].content, b[i].content, PAGE);
	}
	assert_int_equal(na, nb);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT),
			 count_calls(other, DRM_IOCTL_ASAHI_SUBMIT));
	free(a);
	free(b);
	teardown(&second);
}

static void no_write_is_lost_to_a_race(void **state)
{
	struct trace *t = *state;
	uint32_t i;

	expect(t, 0, NOTHING, LIST("race"));
	for (i = 0; i < 8; i++) {
		expect_fill(page_at(t, 1, i, 300), i, 4242);
		expect_fill(page_at(t, 1, 64 + i, 300), i, 4242);
	}
}

static void a_given_node_is_recorded_below_another_preload_object(void **state)
{
	struct trace *t = *state;
	struct stat st;
	int minor;
	char node[64], self[PATH_MAX];

	/* Beside a given node there is no run directory to link the recorder from. */
	assert_non_null(realpath(agx, self));
	if (strpbrk(self, " :"))
		skip();
	for (minor = 128; minor < 192; minor++) {
		snprintf(node, sizeof(node), "/dev/dri/renderD%d", minor);
		if (stat(node, &st))
			break;
	}
	assert_int_equal(run(t, LIST(agx, "run", "--", agx, "capture", "--node", node, "-o",
				     t->path, "--", client, "basic")),
			 0);
	load(t);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 3);
	assert_int_equal(count_pages(t), 5);
	assert_int_equal(run(t, LIST(agx, "replay", t->path)), 0);
	/* Without a choice it is the node of the run around it. */
	assert_int_equal(run(t, LIST(agx, "run", "--", agx, "capture", "-o", t->path, "--", client,
				     "basic")),
			 0);
	load(t);
	assert_int_equal(count_pages(t), 5);
	/* Another node is not recorded. */
	assert_int_equal(run(t, LIST(agx, "run", "--", agx, "capture", "--node", "/dev/null", "-o",
				     t->path, "--", client, "basic")),
			 2);
	assert_true(logged(t, "not a DRM node"));
	assert_int_equal(
		run(t, LIST(agx, "capture", "--node", node, "-o", t->path, "--", client, "basic")),
		2);
	assert_true(logged(t, "No such file"));
}

static void bad_pointers_are_recorded_and_passed_on(void **state)
{
	struct trace *t = *state;
	const struct drm_asahi_get_params *params;
	const struct drm_asahi_vm_bind *bind;
	const struct drm_asahi_submit *submit;
	const struct agxt_call *call;
	struct agx_trace_blob blob;

	expect(t, 0, NOTHING, LIST("bad"));
	expect_order(t);
	call = find_call(t, DRM_IOCTL_ASAHI_GEM_CREATE, 1);
	assert_int_equal(call->arg_size, 0);
	assert_int_equal(call->rec.flags & AGXT_CALL_OPAQUE, 0);
	assert_int_equal(find_return(t, call)->result, -EFAULT);
	call = find_call(t, DRM_IOCTL_ASAHI_VM_BIND, 0);
	bind = args_of(&call->rec, sizeof(*bind));
	assert_int_equal(bind->userptr, AGXT_PTR_FAULT);
	blob = agx_trace_blob(&call->rec, 0);
	assert_int_equal(blob.flags, AGXT_BLOB_FAULT);
	assert_int_equal(blob.size, 0);
	assert_int_equal(find_return(t, call)->result, -EFAULT);
	call = find_call(t, DRM_IOCTL_ASAHI_SUBMIT, 0);
	submit = args_of(&call->rec, sizeof(*submit));
	assert_int_equal(submit->cmdbuf, AGXT_PTR_FAULT);
	assert_int_equal(submit->syncs, AGXT_PTR_NULL);
	call = find_call(t, DRM_IOCTL_ASAHI_GET_PARAMS, 0);
	params = args_of(&call->rec, sizeof(*params));
	assert_int_equal(params->pointer, AGXT_PTR_FAULT);
	call = find_call(t, DRM_IO(0x9f), 0);
	assert_true(call->rec.flags & AGXT_CALL_OPAQUE);
	assert_int_equal(find_return(t, call)->result, -EINVAL);
}

static void descriptors_of_the_recorder_survive_the_program(void **state)
{
	struct trace *t = *state;

	expect(t, 0, NOTHING, LIST("closeall"));
	expect_order(t);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 6);
	assert_int_equal(count_type(t, AGXT_OPEN), 4);
	assert_int_equal(count_type(t, AGXT_CLOSE), 3);
	expect(t, 0, NOTHING, LIST("vfork"));
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 2);
	assert_int_equal(count_type(t, AGXT_CLOSE), 0);
}

static void a_descriptor_that_survives_exec_goes_on(void **state)
{
	struct trace *t = *state;

	expect(t, 0, NOTHING, LIST("exec"));
	expect_order(t);
	assert_int_equal(count_type(t, AGXT_PROCESS), 2);
	assert_int_equal(count_type(t, AGXT_OPEN), 2);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 2);
}

static void the_program_goes_on_when_the_recorder_is_killed(void **state)
{
	struct trace *t = *state;
	char done[128];
	int i;

	snprintf(done, sizeof(done), "%s/done", t->dir);
	assert_int_equal(capture_options(t, NOTHING, LIST("orphan", done)), 128 + SIGKILL);
	for (i = 0; i < 3000 && access(done, F_OK); i++)
		usleep(100000);
	assert_int_equal(access(done, F_OK), 0);
	/* What was written is readable. */
	load(t);
}

/* Directories of recorders in where. */
static int count_recorders(const char *where)
{
	struct dirent *entry;
	DIR *dir = opendir(where);
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += !strncmp(entry->d_name, "agx-capture-", 12);
	closedir(dir);
	return count;
}

static void the_next_capture_cleans_up_after_a_killed_one(void **state)
{
	struct trace *t = *state;
	char done[128];
	int i;

	snprintf(done, sizeof(done), "%s/done", t->dir);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", t->dir, 1), 0);
	assert_int_equal(capture_options(t, NOTHING, LIST("orphan", done)), 128 + SIGKILL);
	for (i = 0; i < 3000 && access(done, F_OK); i++)
		usleep(100000);
	assert_int_equal(count_recorders(t->dir), 1);
	assert_int_equal(capture_options(t, NOTHING, LIST("exec")), 0);
	assert_int_equal(count_recorders(t->dir), 0);
	assert_int_equal(unsetenv("XDG_RUNTIME_DIR"), 0);
}

static void a_fast_program_waits_for_the_recorder(void **state)
{
	struct trace *t = *state;

	assert_int_equal(capture_options(t, LIST("--no-verify"), LIST("flood")), 0);
	load(t);
	assert_int_equal(count_calls(t, DRM_IOCTL_ASAHI_SUBMIT), 40);
	assert_int_equal(count_pages(t), 40000);
	expect_fill(page_at(t, 1, 999, 39), 999 * 40 + 39, 39 * 7 + 999);
}

static void what_cannot_be_written_is_said_at_once(void **state)
{
	struct trace *t = *state;
	struct stat st;

	assert_int_equal(
		run(t, LIST(agx, "capture", "-o", "/nonexistent/trace", "--", client, "basic")), 2);
	assert_true(logged(t, "/nonexistent/trace: No such file or directory"));
	if (!stat("/dev/full", &st)) {
		assert_int_equal(
			run(t, LIST(agx, "capture", "-o", "/dev/full", "--", client, "flood")), 2);
		assert_true(logged(t, "No space left on device"));
	}
	assert_int_equal(run(t, LIST(agx, "capture", "--", client, "basic")), 2);
	assert_true(logged(t, "-o FILE is missing"));
	assert_int_equal(run(t, LIST(agx, "capture", "-o", t->path)), 2);
	assert_int_equal(run(t, LIST(agx, "capture", "-o", t->path, "--frames", "3-2", "--", client,
				     "basic")),
			 2);
	assert_true(logged(t, "--frames: got \"3-2\""));
	assert_int_equal(run(t, LIST(agx, "capture", "-o", t->path, "--write-tracking", "magic",
				     "--", client, "basic")),
			 2);
	assert_true(logged(t, "takes auto, pagemap or compare"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(calls_and_memory_are_recorded_exactly),
		CASE(metadata_tell_where_the_trace_comes_from),
		CASE(the_call_that_killed_is_in_the_trace),
		CASE(the_command_s_status_comes_back),
		CASE(threads_are_recorded_in_the_order_of_their_calls),
		CASE(a_forked_child_is_a_stream_of_its_own),
		CASE(a_buffer_keeps_its_token_in_another_process),
		CASE(frames_before_and_after_are_left_out),
		CASE(both_ways_of_write_tracking_agree),
		CASE(no_write_is_lost_to_a_race),
		CASE(a_given_node_is_recorded_below_another_preload_object),
		CASE(bad_pointers_are_recorded_and_passed_on),
		CASE(descriptors_of_the_recorder_survive_the_program),
		CASE(a_descriptor_that_survives_exec_goes_on),
		CASE(the_program_goes_on_when_the_recorder_is_killed),
		CASE(the_next_capture_cleans_up_after_a_killed_one),
		CASE(a_fast_program_waits_for_the_recorder),
		CASE(what_cannot_be_written_is_said_at_once),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: test-capture AGX CLIENT\n");
		return 2;
	}
	agx = argv[1];
	client = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
