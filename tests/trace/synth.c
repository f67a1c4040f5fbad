// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "synth.h"

#define SYNCOBJ_WAIT_OLD _IOC(_IOC_READ | _IOC_WRITE, 'd', 0xc3, sizeof(struct drm_syncobj_wait))

static void die(const char *what)
{
	perror(what);
	exit(2);
}

int synth_memfd(void)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	if (fd < 0)
		die("memfd_create");
	return fd;
}

void synth_init(struct synth *s, int fd, const struct agx_trace_writer_params *params)
{
	memset(s, 0, sizeof(*s));
	s->file = 1;
	s->seq = &s->own_seq;
	if (agx_trace_writer_create(fd, params, &s->writer))
		die("agx_trace_writer_create");
}

uint8_t *synth_finish(struct synth *s, int fd, size_t *size)
{
	struct stat st;
	uint8_t *bytes;
	int ret = s->error;

	if (!ret)
		ret = agx_trace_writer_finish(s->writer);
	agx_trace_writer_destroy(s->writer);
	s->writer = NULL;
	if (ret) {
		fprintf(stderr, "synthetic trace: %s\n", strerror(-ret));
		exit(2);
	}
	if (fstat(fd, &st))
		die("fstat");
	bytes = malloc(st.st_size);
	if (!bytes || pread(fd, bytes, st.st_size, 0) != st.st_size)
		die("pread");
	*size = st.st_size;
	return bytes;
}

struct agxt_record synth_head(struct synth *s, uint16_t type)
{
	struct agxt_record rec = {
		.size = sizeof(rec),
		.type = type,
		.thread = 1,
		.file = s->file,
	};

	rec.seq = ++*s->seq;
	rec.time_ns = rec.seq * 1000;
	return rec;
}

static void emit(struct synth *s, const struct agxt_record *rec)
{
	int ret = agx_trace_writer_record(s->writer, s->stream, rec);

	if (ret && !s->error)
		s->error = ret;
}

void synth_process(struct synth *s, const char *name)
{
	struct {
		struct agxt_process process;
		char name[64];
	} r = {{.page_size = 4096}, ""};

	r.process.rec = synth_head(s, AGXT_PROCESS);
	r.process.rec.file = 0;
	r.process.name_size = strlen(name);
	r.process.rec.size = sizeof(r.process) + agxt_align8(r.process.name_size);
	memcpy(r.name, name, strlen(name));
	emit(s, &r.process.rec);
}

void synth_meta_text(struct synth *s, enum agxt_meta_key key, const char *text)
{
	struct agxt_record rec = synth_head(s, AGXT_META);
	int ret;

	rec.file = 0;
	ret = agx_trace_writer_meta(s->writer, s->stream, &rec, key, text, strlen(text));
	if (ret && !s->error)
		s->error = ret;
}

void synth_open(struct synth *s)
{
	struct agxt_open open = {.rec = synth_head(s, AGXT_OPEN), .minor = 128};

	open.rec.size = sizeof(open);
	emit(s, &open.rec);
}

void synth_close(struct synth *s)
{
	struct agxt_close close = {.rec = synth_head(s, AGXT_CLOSE)};

	emit(s, &close.rec);
}

void synth_marker(struct synth *s, uint32_t kind, uint64_t number, const char *label)
{
	struct {
		struct agxt_marker marker;
		char label[64];
	} r = {{.kind = kind, .number = number}, ""};

	r.marker.rec = synth_head(s, AGXT_MARKER);
	r.marker.size = strlen(label);
	r.marker.rec.size = sizeof(r.marker) + agxt_align8(r.marker.size);
	memcpy(r.label, label, strlen(label));
	emit(s, &r.marker.rec);
}

void synth_fd(struct synth *s, uint32_t token, uint16_t event, uint16_t kind, uint64_t size,
	      uint64_t call)
{
	struct agxt_fd fd = {
		.rec = synth_head(s, AGXT_FD),
		.token = token,
		.event = event,
		.kind = kind,
		.size = size,
		.call = call,
	};

	fd.rec.size = sizeof(fd);
	emit(s, &fd.rec);
}

/* Appends args and blobs behind a head; returns the record's size. */
static uint32_t put_payload(uint8_t *at, uint32_t head, const void *args, uint32_t arg_size,
			    const struct synth_blob *blobs, uint32_t num_blobs)
{
	uint32_t offset = head;
	uint32_t i;

	memcpy(at + offset, args, arg_size);
	offset += agxt_align8(arg_size);
	for (i = 0; i < num_blobs; i++) {
		struct agxt_blob blob = {.size = blobs[i].size, .pointee = blobs[i].pointee};

		memcpy(at + offset, &blob, sizeof(blob));
		offset += sizeof(blob);
		memcpy(at + offset, blobs[i].bytes, blobs[i].size);
		offset += agxt_align8(blobs[i].size);
	}
	return offset;
}

uint64_t synth_call(struct synth *s, uint32_t request, const void *args,
		    const struct synth_blob *blobs, uint32_t num_blobs)
{
	uint8_t buf[8192] __attribute__((aligned(8))) = {0};
	struct agxt_call *call = (struct agxt_call *)buf;

	call->rec = synth_head(s, AGXT_CALL);
	call->request = request;
	call->arg_size = _IOC_SIZE(request);
	call->blobs = num_blobs;
	call->rec.size = put_payload(buf, sizeof(*call), args, call->arg_size, blobs, num_blobs);
	emit(s, &call->rec);
	return call->rec.seq;
}

void synth_return(struct synth *s, uint64_t seq, uint32_t request, int result, const void *args,
		  const struct synth_blob *blobs, uint32_t num_blobs)
{
	uint8_t buf[8192] __attribute__((aligned(8))) = {0};
	struct agxt_return *ret = (struct agxt_return *)buf;

	ret->rec = synth_head(s, AGXT_RETURN);
	ret->call = seq;
	ret->result = result;
	ret->request = request;
	ret->arg_size = request >> 31 ? _IOC_SIZE(request) : 0;
	ret->blobs = num_blobs;
	ret->rec.size = put_payload(buf, sizeof(*ret), args, ret->arg_size, blobs, num_blobs);
	emit(s, &ret->rec);
}

static void simple(struct synth *s, uint32_t request, const void *in, const void *out)
{
	uint64_t seq = synth_call(s, request, in, NULL, 0);

	synth_return(s, seq, request, 0, out, NULL, 0);
}

void synth_params(struct synth *s)
{
	struct drm_asahi_params_global params = {
		.gpu_generation = 13,
		.gpu_variant = 'G',
		.chip_id = 0x8103,
		.num_dies = 1,
		.num_clusters_total = 1,
		.num_cores_per_cluster = 8,
		.vm_start = 0x4000,
		.vm_end = 0x7fffff8000,
		.vm_kernel_min_size = 0x20000000,
	};
	struct drm_asahi_get_params args = {.pointer = AGXT_PTR_VALID, .size = sizeof(params)};
	struct synth_blob blob = {0, sizeof(params), &params};
	struct agxt_record head;
	uint64_t seq;

	seq = synth_call(s, DRM_IOCTL_ASAHI_GET_PARAMS, &args, NULL, 0);
	synth_return(s, seq, DRM_IOCTL_ASAHI_GET_PARAMS, 0, &args, &blob, 1);
	head = synth_head(s, AGXT_META);
	if (agx_trace_writer_meta(s->writer, s->stream, &head, AGXT_META_GPU_PARAMS, &params,
				  sizeof(params)))
		s->error = -1;
}

void synth_vm_create(struct synth *s, uint32_t vm)
{
	struct drm_asahi_vm_create in = {.kernel_start = 0x100000000, .kernel_end = 0x140000000};
	struct drm_asahi_vm_create out = in;

	out.vm_id = vm;
	simple(s, DRM_IOCTL_ASAHI_VM_CREATE, &in, &out);
}

void synth_gem_create(struct synth *s, uint32_t handle, uint64_t size, uint32_t vm)
{
	struct drm_asahi_gem_create in = {
		.size = size,
		.vm_id = vm,
		.flags = vm ? DRM_ASAHI_GEM_VM_PRIVATE : 0,
	};
	struct drm_asahi_gem_create out = in;

	out.handle = handle;
	simple(s, DRM_IOCTL_ASAHI_GEM_CREATE, &in, &out);
}

void synth_gem_close(struct synth *s, uint32_t handle)
{
	struct drm_gem_close in = {.handle = handle};

	simple(s, DRM_IOCTL_GEM_CLOSE, &in, &in);
}

void synth_bind(struct synth *s, uint32_t vm, uint32_t handle, uint64_t addr, uint64_t range)
{
	struct drm_asahi_gem_bind_op op = {
		.flags =
			handle ? DRM_ASAHI_BIND_READ | DRM_ASAHI_BIND_WRITE : DRM_ASAHI_BIND_UNBIND,
		.handle = handle,
		.range = range,
		.addr = addr,
	};
	struct drm_asahi_vm_bind in = {
		.vm_id = vm,
		.num_binds = 1,
		.stride = sizeof(op),
		.userptr = AGXT_PTR_VALID,
	};
	struct synth_blob blob = {0, sizeof(op), &op};
	uint64_t seq = synth_call(s, DRM_IOCTL_ASAHI_VM_BIND, &in, &blob, 1);

	synth_return(s, seq, DRM_IOCTL_ASAHI_VM_BIND, 0, &in, NULL, 0);
}

void synth_queue_create(struct synth *s, uint32_t queue, uint32_t vm)
{
	struct drm_asahi_queue_create in = {.vm_id = vm, .usc_exec_base = 0x1100000000};
	struct drm_asahi_queue_create out = in;

	out.queue_id = queue;
	simple(s, DRM_IOCTL_ASAHI_QUEUE_CREATE, &in, &out);
}

void synth_syncobj_create(struct synth *s, uint32_t handle)
{
	struct drm_syncobj_create in = {.flags = 0};
	struct drm_syncobj_create out = {.handle = handle};

	simple(s, DRM_IOCTL_SYNCOBJ_CREATE, &in, &out);
}

void synth_syncobj_wait(struct synth *s, uint32_t handle)
{
	struct drm_syncobj_wait in = {
		.handles = AGXT_PTR_VALID,
		.timeout_nsec = INT64_MAX,
		.count_handles = 1,
	};
	struct synth_blob blob = {0, sizeof(handle), &handle};
	uint64_t seq = synth_call(s, SYNCOBJ_WAIT_OLD, &in, &blob, 1);

	synth_return(s, seq, SYNCOBJ_WAIT_OLD, 0, &in, NULL, 0);
}

uint64_t synth_submit(struct synth *s, uint32_t queue, uint32_t in, uint32_t out, uint64_t stream)
{
	struct {
		struct drm_asahi_cmd_header header;
		struct drm_asahi_cmd_compute compute;
	} commands = {
		.header = {.cmd_type = DRM_ASAHI_CMD_COMPUTE,
			   .size = sizeof(commands.compute),
			   .vdm_barrier = DRM_ASAHI_BARRIER_NONE,
			   .cdm_barrier = 0},
		.compute = {.cdm_ctrl_stream_base = stream, .cdm_ctrl_stream_end = stream + 64},
	};
	struct drm_asahi_sync syncs[2] = {{.handle = in ? in : out}, {.handle = out}};
	struct drm_asahi_submit args = {
		.syncs = AGXT_PTR_VALID,
		.cmdbuf = AGXT_PTR_VALID,
		.queue_id = queue,
		.in_sync_count = in ? 1 : 0,
		.out_sync_count = 1,
		.cmdbuf_size = sizeof(commands),
	};
	struct synth_blob blobs[2] = {
		{0, (in ? 2 : 1) * sizeof(syncs[0]), syncs},
		{1, sizeof(commands), &commands},
	};
	uint64_t seq = synth_call(s, DRM_IOCTL_ASAHI_SUBMIT, &args, blobs, 2);

	synth_return(s, seq, DRM_IOCTL_ASAHI_SUBMIT, 0, &args, NULL, 0);
	return seq;
}

void synth_pages(struct synth *s, uint32_t handle, uint64_t first, uint32_t count,
		 const void *content)
{
	struct agxt_pages pages = {
		.rec = synth_head(s, AGXT_PAGES_RAW),
		.handle = handle,
		.count = count,
		.first_page = first,
	};
	int ret = agx_trace_writer_pages(s->writer, s->stream, &pages, content);

	if (ret && !s->error)
		s->error = ret;
}

uint32_t synth_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

void synth_program(struct synth *s, unsigned int frames)
{
	static uint32_t pages[8][1024];
	uint32_t random = 1;
	unsigned int i;
	unsigned int j;

	synth_process(s, "program");
	synth_meta_text(s, AGXT_META_TOOL, "synthetic 1");
	synth_meta_text(s, AGXT_META_SOC, "t8103");
	synth_open(s);
	synth_params(s);
	synth_vm_create(s, 1);
	synth_queue_create(s, 1, 1);
	synth_gem_create(s, 1, 1 << 16, 1);
	synth_bind(s, 1, 1, 0x200000000, 1 << 16);
	synth_gem_create(s, 2, 1 << 16, 0);
	synth_bind(s, 1, 2, 0x300000000, 1 << 16);
	synth_syncobj_create(s, 1);
	for (i = 0; i < 8 * 1024; i++)
		pages[i / 1024][i % 1024] = i % 3 ? synth_random(&random) : 0;
	synth_pages(s, 1, 0, 8, pages);
	synth_pages(s, 2, 0, 16, NULL);
	for (i = 0; i < frames; i++) {
		for (j = 0; j < 4; j++)
			pages[j][synth_random(&random) % 1024] = i;
		synth_pages(s, 1, 0, 4, pages);
		synth_submit(s, 1, i ? 1 : 0, 1, 0x200000000);
		synth_syncobj_wait(s, 1);
		synth_marker(s, AGXT_MARKER_PRESENT, i + 1, "");
	}
}
