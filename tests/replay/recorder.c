// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx_node.h"
#include "agx_trace.h"
#include "asahi_drm.h"
#include "ioctl_table.h"
#include "recorder.h"

#define MAX_FILES 64
#define MAX_CALLS 64
#define MAX_FDS   256

struct recorded_call {
	uint64_t seq;
	uint32_t file, stream, thread, request;
	int fd;
	void *arg;
	long result;
};

struct recorder {
	struct agx_trace_writer *writer;
	int fd;
	const char *soc;
	struct agx_node *nodes[RECORDER_STREAMS];
	struct {
		struct agx_file *file;
		uint32_t stream;
	} files[MAX_FILES];
	uint32_t num_files;
	struct recorded_call calls[MAX_CALLS];
	struct {
		int fd;
		uint32_t token;
	} fds[MAX_FDS];
	uint32_t num_fds;
	uint32_t tokens;
	bool streams[RECORDER_STREAMS];
	uint64_t seq;
	uint64_t now;
	_Alignas(8) uint8_t record[64 << 10];
};

#define check(condition)                                                                          \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "recorder: %s:%d: %s\n", __func__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

static uint64_t recorder_now(void *data)
{
	return ((struct recorder *)data)->now;
}

static struct agxt_record head(struct recorder *rec, uint16_t type, uint32_t size, uint32_t thread,
			       uint32_t file)
{
	rec->now += 1000;
	return (struct agxt_record){
		.size = size,
		.type = type,
		.thread = thread,
		.file = file,
		.seq = ++rec->seq,
		.time_ns = rec->now,
	};
}

static void write_record(struct recorder *rec, uint32_t stream, const void *record)
{
	check(!agx_trace_writer_record(rec->writer, stream, record));
}

static void meta(struct recorder *rec, enum agxt_meta_key key, const char *text)
{
	struct agxt_record h = head(rec, AGXT_META, 0, 1, 0);

	check(!agx_trace_writer_meta(rec->writer, 0, &h, key, text, (uint32_t)strlen(text)));
}

static void need_stream(struct recorder *rec, uint32_t stream)
{
	struct agxt_process *process = (void *)rec->record;

	check(stream < RECORDER_STREAMS);
	if (rec->streams[stream])
		return;
	rec->streams[stream] = true;
	*process = (struct agxt_process){
		.rec = head(rec, AGXT_PROCESS, sizeof(*process) + 8, 1, 0),
		.page_size = 4096,
		.name_size = 4,
	};
	memcpy(process + 1, "test\0\0\0\0", 8);
	write_record(rec, stream, process);
}

struct recorder *recorder_create(const char *path, const struct recorder_params *params)
{
	struct agx_trace_writer_params wp = {.chunk_size = params ? params->chunk_size : 0};
	struct recorder *rec = calloc(1, sizeof(*rec));

	check(rec);
	rec->now = 1000000;
	rec->soc = params && params->soc ? params->soc : "t8103";
	rec->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	check(rec->fd >= 0);
	check(!agx_trace_writer_create(rec->fd, &wp, &rec->writer));
	need_stream(rec, 0);
	meta(rec, AGXT_META_TOOL, "replay tests");
	if (!params || !params->no_soc)
		meta(rec, AGXT_META_SOC, rec->soc);
	return rec;
}

static void release(struct recorder *rec)
{
	uint32_t i;

	for (i = 0; i < rec->num_files; i++)
		if (rec->files[i].file)
			agx_file_put(rec->files[i].file);
	for (i = 0; i < rec->num_fds; i++)
		if (rec->fds[i].fd >= 0)
			close(rec->fds[i].fd);
	for (i = 0; i < RECORDER_STREAMS; i++)
		if (rec->nodes[i])
			agx_node_destroy(rec->nodes[i]);
	agx_trace_writer_destroy(rec->writer);
	close(rec->fd);
	free(rec);
}

void recorder_finish(struct recorder *rec)
{
	check(!agx_trace_writer_finish(rec->writer));
	release(rec);
}

void recorder_abandon(struct recorder *rec)
{
	check(!agx_trace_writer_flush(rec->writer));
	release(rec);
}

static struct agx_node *need_node(struct recorder *rec, uint32_t stream)
{
	struct agx_node_config config = {
		.gpu = rec->soc,
		.single_step = true,
		.now = recorder_now,
		.now_data = rec,
		.memory_limit = 1ull << 30,
	};

	need_stream(rec, stream);
	if (!rec->nodes[stream])
		check(!agx_node_create(&config, &rec->nodes[stream]));
	return rec->nodes[stream];
}

uint32_t recorder_open(struct recorder *rec, uint32_t stream)
{
	struct agxt_open record = {.minor = 128};
	uint32_t file = rec->num_files++;

	check(file < MAX_FILES);
	check(!agx_file_open(need_node(rec, stream), &rec->files[file].file));
	rec->files[file].stream = stream;
	record.rec = head(rec, AGXT_OPEN, sizeof(record), 1, file + 1);
	write_record(rec, stream, &record);
	return file + 1;
}

void recorder_close(struct recorder *rec, uint32_t file)
{
	struct agxt_close record;

	check(rec->files[file - 1].file);
	agx_file_put(rec->files[file - 1].file);
	rec->files[file - 1].file = NULL;
	record.rec = head(rec, AGXT_CLOSE, sizeof(record), 1, file);
	write_record(rec, rec->files[file - 1].stream, &record);
}

static uint32_t token_of(struct recorder *rec, int fd)
{
	uint32_t i;

	if (fd < 0)
		return AGXT_TOKEN_NONE;
	for (i = 0; i < rec->num_fds; i++)
		if (rec->fds[i].fd == fd)
			return rec->fds[i].token;
	return AGXT_TOKEN_INVALID;
}

static uint32_t new_token(struct recorder *rec, int fd)
{
	check(rec->num_fds < MAX_FDS);
	rec->fds[rec->num_fds].fd = fd;
	rec->fds[rec->num_fds].token = ++rec->tokens;
	rec->num_fds++;
	return rec->tokens;
}

struct fd_walk {
	struct recorder *rec;
	bool made; /* descriptors that the call gave are new */
};

static int replace_fd(void *data, const struct agx_ioctl_ref *ref)
{
	struct fd_walk *w = data;
	int fd = (int)agx_ref_get(ref);

	if (ref->field->kind != AGX_FIELD_FD)
		return 0;
	if (w->made && fd >= 0 && (ref->field->access & AGX_ACCESS_CREATES))
		agx_ref_set(ref, new_token(w->rec, fd));
	else
		agx_ref_set(ref, token_of(w->rec, fd));
	return 0;
}

/* Appends the pointees of a call behind its arguments. */
static uint8_t *put_blobs(struct recorder *rec, uint8_t *at, uint32_t *count,
			  const struct agx_ioctl_desc *desc, const void *arg, size_t size,
			  uint8_t access)
{
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	unsigned int found = agx_ioctl_spans(desc, arg, size, spans), i;

	*count = 0;
	for (i = 0; i < found; i++) {
		struct agxt_blob *blob = (void *)at;
		bool fault = spans[i].address < 4096 || spans[i].size > 32768;

		if (!(spans[i].access & access))
			continue;
		*blob = (struct agxt_blob){
			.size = fault ? 0 : (uint32_t)spans[i].size,
			.pointee = (uint16_t)spans[i].pointee,
			.flags = fault ? AGXT_BLOB_FAULT : 0,
		};
		at += sizeof(*blob);
		check(at + blob->size + 64 < rec->record + sizeof(rec->record));
		memcpy(at, (const void *)(uintptr_t)spans[i].address, blob->size);
		memset(at + blob->size, 0, 8);
		at += agxt_align8(blob->size);
		++*count;
	}
	return at;
}

static uint32_t faulted_pointees(const struct agx_ioctl_desc *desc, const void *arg, size_t size)
{
	struct agx_ioctl_span spans[AGX_IOCTL_MAX_POINTEES];
	unsigned int found = agx_ioctl_spans(desc, arg, size, spans), i;
	uint32_t mask = 0;

	for (i = 0; i < found; i++)
		if (spans[i].address < 4096)
			mask |= 1u << spans[i].pointee;
	return mask;
}

/* Arguments into the record at at: pointers and descriptors replaced. */
static uint8_t *put_args(struct recorder *rec, uint8_t *at, const struct agx_ioctl_desc *desc,
			 const void *arg, uint32_t size, bool made)
{
	struct fd_walk walk = {.rec = rec, .made = made};
	uint32_t faulted;

	memcpy(at, arg, size);
	memset(at + size, 0, 8);
	if (desc) {
		faulted = faulted_pointees(desc, at, size);
		agx_ioctl_arg_refs(desc, at, size, AGX_ACCESS_IN | AGX_ACCESS_OUT, replace_fd,
				   &walk);
		agx_ioctl_scrub(desc, at, size, faulted);
	}
	return at + agxt_align8(size);
}

static void write_call(struct recorder *rec, struct recorded_call *call, uint32_t token,
		       uint16_t flags)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(call->request);
	uint32_t size = desc ? agx_ioctl_arg_size(call->request) : 0, blobs = 0;
	struct agxt_call *record = (void *)rec->record;
	uint8_t *at = (uint8_t *)(record + 1);

	at = put_args(rec, at, desc, call->arg, size, false);
	if (desc)
		at = put_blobs(rec, at, &blobs, desc, call->arg, size, AGX_ACCESS_IN);
	*record = (struct agxt_call){
		.rec = head(rec, AGXT_CALL, (uint32_t)(at - rec->record), call->thread, call->file),
		.request = call->request,
		.token = token,
		.arg_size = size,
		.blobs = blobs,
	};
	record->rec.flags = flags | (desc ? 0 : AGXT_CALL_OPAQUE);
	call->seq = record->rec.seq;
	write_record(rec, call->stream, record);
}

static void write_return(struct recorder *rec, const struct recorded_call *call)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(call->request);
	uint32_t size = 0, blobs = 0;
	struct agxt_return *record = (void *)rec->record;
	uint8_t *at = (uint8_t *)(record + 1);

	if (desc && agx_ioctl_writes_back(call->request))
		size = agx_ioctl_arg_size(call->request);
	at = put_args(rec, at, desc, call->arg, size, call->result >= 0);
	if (desc && call->result >= 0)
		at = put_blobs(rec, at, &blobs, desc, call->arg, agx_ioctl_arg_size(call->request),
			       AGX_ACCESS_OUT);
	*record = (struct agxt_return){
		.rec = head(rec, AGXT_RETURN, (uint32_t)(at - rec->record), call->thread,
			    call->file),
		.call = call->seq,
		.result = (int32_t)call->result,
		.request = call->request,
		.arg_size = size,
		.blobs = blobs,
	};
	write_record(rec, call->stream, record);
}

static struct recorded_call *find_call(struct recorder *rec, uint64_t seq)
{
	unsigned int i;

	for (i = 0; i < MAX_CALLS; i++)
		if (rec->calls[i].seq == seq)
			return &rec->calls[i];
	check(!"a call in flight");
	return NULL;
}

uint64_t recorder_begin(struct recorder *rec, uint32_t file, uint32_t thread, uint32_t request,
			void *arg)
{
	struct recorded_call *call = find_call(rec, 0);

	*call = (struct recorded_call){
		.file = file,
		.stream = rec->files[file - 1].stream,
		.thread = thread,
		.request = request,
		.fd = -1,
		.arg = arg,
	};
	write_call(rec, call, 0, 0);
	return call->seq;
}

long recorder_make(struct recorder *rec, uint64_t seq)
{
	struct recorded_call *call = find_call(rec, seq);

	call->result = agx_file_ioctl(rec->files[call->file - 1].file, call->request,
				      (uintptr_t)call->arg);
	return call->result;
}

void recorder_end(struct recorder *rec, uint64_t seq)
{
	struct recorded_call *call = find_call(rec, seq);

	write_return(rec, call);
	call->seq = 0;
}

long recorder_ioctl(struct recorder *rec, uint32_t file, uint32_t request, void *arg)
{
	uint64_t call = recorder_begin(rec, file, 1, request, arg);
	long result = recorder_make(rec, call);

	recorder_end(rec, call);
	return result;
}

long recorder_fd_ioctl(struct recorder *rec, uint32_t stream, int fd, uint32_t request, void *arg)
{
	const struct agx_ioctl_desc *desc = agx_ioctl_find(request);
	struct recorded_call call = {
		.stream = stream,
		.thread = 1,
		.request = request,
		.fd = fd,
		.arg = arg,
	};

	check(desc);
	write_call(rec, &call, token_of(rec, fd), 0);
	if (desc->on == AGX_ON_SYNC_FILE)
		call.result = agx_node_syncfile_ioctl(need_node(rec, stream), fd, request,
						      (uintptr_t)arg);
	else
		call.result =
			agx_node_dmabuf_ioctl(need_node(rec, stream), fd, request, (uintptr_t)arg);
	write_return(rec, &call);
	return call.result;
}

void recorder_pretend(struct recorder *rec, uint32_t file, uint32_t request, const void *arg,
		      uint32_t call_flags, long result)
{
	struct recorded_call call = {
		.file = file,
		.stream = rec->files[file - 1].stream,
		.thread = 1,
		.request = request,
		.fd = -1,
		.arg = (void *)arg,
		.result = result,
	};

	write_call(rec, &call, 0, (uint16_t)call_flags);
	write_return(rec, &call);
}

void recorder_bad_argument(struct recorder *rec, uint32_t file, uint32_t request, long result)
{
	struct agxt_call call = {
		.rec = head(rec, AGXT_CALL, sizeof(call), 1, file),
		.request = request,
	};
	struct agxt_return back = {
		.rec = head(rec, AGXT_RETURN, sizeof(back), 1, file),
		.call = call.rec.seq,
		.result = (int32_t)result,
		.request = request,
	};

	write_record(rec, rec->files[file - 1].stream, &call);
	write_record(rec, rec->files[file - 1].stream, &back);
}

void recorder_pages(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t first_page,
		    uint32_t count, const void *content, uint16_t flags)
{
	struct agxt_pages pages = {
		.rec = head(rec, AGXT_PAGES_RAW, 0, 1, file),
		.handle = handle,
		.count = count,
		.first_page = first_page,
	};

	pages.rec.flags = flags;
	check(!agx_trace_writer_pages(rec->writer, rec->files[file - 1].stream, &pages, content));
}

void recorder_result(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t offset,
		     uint64_t size, const uint8_t digest[16])
{
	struct agxt_result record = {
		.rec = head(rec, AGXT_RESULT, sizeof(record), 1, file),
		.handle = handle,
		.offset = offset,
		.size = size,
	};

	memcpy(record.digest, digest, sizeof(record.digest));
	write_record(rec, rec->files[file - 1].stream, &record);
}

void recorder_map(struct recorder *rec, uint32_t file, uint32_t handle, uint64_t offset,
		  uint64_t size, int result)
{
	struct agxt_map record = {
		.rec = head(rec, AGXT_MAP, sizeof(record), 1, file),
		.handle = handle,
		.prot = AGXT_MAP_READ | AGXT_MAP_WRITE,
		.offset = offset,
		.size = size,
		.result = result,
	};

	write_record(rec, rec->files[file - 1].stream, &record);
}

static void write_fd(struct recorder *rec, uint32_t stream, uint32_t token, uint16_t event,
		     uint16_t kind, uint64_t size)
{
	struct agxt_fd record = {
		.rec = head(rec, AGXT_FD, sizeof(record), 1, 0),
		.token = token,
		.event = event,
		.kind = kind,
		.size = size,
	};

	need_stream(rec, stream);
	write_record(rec, stream, &record);
}

void recorder_foreign(struct recorder *rec, uint32_t stream, int fd, enum agxt_fd_kind kind,
		      uint64_t size)
{
	write_fd(rec, stream, new_token(rec, fd), AGXT_FD_FOREIGN, (uint16_t)kind, size);
}

void recorder_fd_close(struct recorder *rec, uint32_t stream, int fd)
{
	uint32_t i;

	write_fd(rec, stream, token_of(rec, fd), AGXT_FD_CLOSE, AGXT_FD_OTHER, 0);
	for (i = 0; i < rec->num_fds; i++)
		if (rec->fds[i].fd == fd)
			rec->fds[i].fd = -1;
	close(fd);
}

void recorder_marker(struct recorder *rec, uint32_t stream)
{
	struct agxt_marker record = {
		.rec = head(rec, AGXT_MARKER, sizeof(record), 1, 0),
		.kind = AGXT_MARKER_PRESENT,
		.number = 1,
	};

	write_record(rec, stream, &record);
}

uint32_t recorder_gem_create(struct recorder *rec, uint32_t file, uint64_t size)
{
	struct drm_asahi_gem_create arg = {.size = size, .flags = DRM_ASAHI_GEM_WRITEBACK};

	check(!recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_GEM_CREATE, &arg));
	return arg.handle;
}

uint32_t recorder_vm_create(struct recorder *rec, uint32_t file)
{
	struct drm_asahi_vm_create arg = {
		.kernel_start = 0x7000000000,
		.kernel_end = 0x7f00000000,
	};

	check(!recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_VM_CREATE, &arg));
	return arg.vm_id;
}

uint32_t recorder_queue_create(struct recorder *rec, uint32_t file, uint32_t vm)
{
	struct drm_asahi_queue_create arg = {
		.vm_id = vm,
		.priority = DRM_ASAHI_PRIORITY_MEDIUM,
		.usc_exec_base = 0x1000000000,
	};

	check(!recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_QUEUE_CREATE, &arg));
	return arg.queue_id;
}

uint32_t recorder_syncobj_create(struct recorder *rec, uint32_t file)
{
	struct drm_syncobj_create arg = {0};

	check(!recorder_ioctl(rec, file, DRM_IOCTL_SYNCOBJ_CREATE, &arg));
	return arg.handle;
}

void recorder_bind(struct recorder *rec, uint32_t file, uint32_t vm, uint32_t handle, uint64_t addr,
		   uint64_t size)
{
	struct drm_asahi_gem_bind_op op = {
		.flags = DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE,
		.handle = handle,
		.range = size,
		.addr = addr,
	};
	struct drm_asahi_vm_bind arg = {
		.vm_id = vm,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = (uintptr_t)&op,
	};

	check(!recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_VM_BIND, &arg));
}

long recorder_submit(struct recorder *rec, uint32_t file, uint32_t queue, uint32_t out)
{
	struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} commands = {
		.header =
			{
				.cmd_type = DRM_ASAHI_CMD_COMPUTE,
				.size = sizeof(struct drm_asahi_cmd_compute),
				.vdm_barrier = DRM_ASAHI_BARRIER_NONE,
				.cdm_barrier = DRM_ASAHI_BARRIER_NONE,
			},
	};
	struct drm_asahi_sync sync = {.sync_type = DRM_ASAHI_SYNC_SYNCOBJ, .handle = out};
	struct drm_asahi_submit arg = {
		.syncs = (uintptr_t)&sync,
		.cmdbuf = (uintptr_t)&commands,
		.queue_id = queue,
		.out_sync_count = out ? 1 : 0,
		.cmdbuf_size = sizeof(commands),
	};

	return recorder_ioctl(rec, file, DRM_IOCTL_ASAHI_SUBMIT, &arg);
}
