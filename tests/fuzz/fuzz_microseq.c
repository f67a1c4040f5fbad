// SPDX-License-Identifier: MIT
/*
 * Work queues and micro-sequences against a hostile driver. The first byte chooses the variant;
 * then come operations of 8 bytes: what, which, offset (2), value (4). They make right commands,
 * change any word of them, of the queues, notifiers and rings, before and while they run, and tell
 * the GPU to be busy, to fault and to overflow. Nothing may crash, run for ever, or leave RAM; a
 * finding is no failure.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "work_image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_OPS   64
#define MAX_STEPS 400000
#define QUEUES    6

enum op {
	OP_COMMAND,  /* a right command into a queue */
	OP_RENDER,   /* vertex and fragment, the lists of the vertex buffer before them */
	OP_BARRIER,  /* which: queue; value: slot and steps */
	OP_WORD,     /* which: pool; any word of it */
	OP_SEQUENCE, /* a word of the last command's sequence */
	OP_MEMBER,   /* a word of the last command */
	OP_POINTER,  /* as OP_WORD, an address of a pool's word */
	OP_RUN,      /* the queue's message; value: added to the write index */
	OP_STEP,     /* so many steps, then goes on */
	OP_GPU,      /* which: unit; value: busy, fault, overflows, progress */
	OP_TIME,     /* value: ms */
	OP_CONTROL,  /* destroy, recover, grow */
	OP_RESUME,
	OP_ENTRY, /* a bit of a page's entry, for the next steps */
	OP_COUNT,
};

struct fuzz {
	struct work_image work;
	struct work_owner owners[2];
	struct work_queue_image queues[QUEUES];
	struct work_command last;
	unsigned int op_count;
};

static void run(struct fuzz *fuzz, unsigned int max)
{
	unsigned int total = 0;

	while (total < max) {
		unsigned int now = max - total < 64 ? max - total : 64;
		unsigned int done = agx_firmware_step(fuzz->work.image.firmware, now);

		fuzz->work.image.mail_count = 0;
		total += done;
		if (done < now)
			return;
	}
	if (max < MAX_STEPS)
		return;
	fprintf(stderr, "fuzz_microseq: still busy after %u steps\n", total);
	abort();
}

/* An address of a pool's first part. */
static uint64_t pool_va(const struct fuzz *fuzz, unsigned int pool, uint32_t offset)
{
	uint64_t base = fuzz->work.pools[pool % 3].base;

	return base ? base + offset % WORK_POOL_SIZE : fuzz->work.stamps;
}

/* Does nothing where no memory is: a command at the end of its pool has members behind it. */
static void poke(struct fuzz *fuzz, uint64_t va, const void *bytes, uint32_t size)
{
	void *at = work_at(&fuzz->work, va);

	if (at)
		memcpy(at, bytes, size);
}

static void control(struct fuzz *fuzz, const uint8_t *op)
{
	const struct work_queue_image *queue = &fuzz->queues[op[2] % QUEUES];
	const bool old = fuzz->work.image.variant <= AGX_FW_VARIANT_G14_V12_4;
	uint8_t msg[0x30] = {0};
	uint64_t va = queue->owner->context;

	if (op[1] % 3 == 0) { /* DestroyContext */
		msg[0] = old ? 0x17 : 0x18;
		memcpy(msg + (old ? 0x1c : 0x14), &va, sizeof(va));
	} else if (op[1] % 3 == 1) { /* RecoverChannel */
		msg[0] = old ? 0x0e : 0x0f;
		msg[4] = (uint8_t)queue->pipe;
		memcpy(msg + 8, &queue->info, sizeof(queue->info));
		memcpy(msg + 16, op + 4, 4);
	} else { /* GrowTVBAck */
		msg[0] = old ? 0x0d : 0x0e;
		msg[12] = WORK_CONTEXT;
		msg[16] = op[4];
	}
	image_put(&fuzz->work.image, "control", msg, sizeof(msg));
	image_doorbell(&fuzz->work.image, AGX_DOORBELL_DEVICE_CONTROL);
}

static void script(struct fuzz *fuzz, const uint8_t *op)
{
	struct work_gpu *gpu = &fuzz->work.gpu;
	unsigned int unit = op[1] % AGX_GPU_UNITS;

	gpu->busy[unit] = op[4] & 1;
	gpu->fault[unit] = op[4] & 2;
	gpu->overflows = op[5];
	gpu->progress += op[6];
}

static void flip(struct fuzz *fuzz, const uint8_t *op, uint32_t offset)
{
	uint64_t *entry = image_entry(&fuzz->work.image, pool_va(fuzz, op[1], offset));
	uint64_t right = *entry;

	*entry ^= 1ull << op[4] % 64;
	run(fuzz, 500);
	*entry = right;
}

static void one(struct fuzz *fuzz, const uint8_t *op)
{
	struct work_image *work = &fuzz->work;
	struct work_queue_image *queue = &fuzz->queues[op[1] % QUEUES];
	struct work_queue_image *vertex = &fuzz->queues[op[1] % 2 * 3];
	struct work_command commands[2];
	uint32_t offset = (uint32_t)(op[2] | op[3] << 8) * 4, value;
	uint64_t va = image_object(&work->image, "fw_status")->va;

	memcpy(&value, op + 4, sizeof(value));
	switch (op[0] % OP_COUNT) {
	case OP_COMMAND:
		work->user_times[0] = op[4] & 1 ? WORK_TIMES : 0;
		work_command(work, queue, &fuzz->last);
		break;
	case OP_RENDER:
		work_init_buffer(work, vertex);
		work_render(work, vertex, vertex + 1, commands);
		fuzz->last = commands[op[4] & 1];
		break;
	case OP_BARRIER:
		work_barrier(work, queue, op[4], op[5] * (uint32_t)AGX_STAMP_STEP);
		break;
	case OP_WORD:
		poke(fuzz, pool_va(fuzz, op[1], offset), &value, sizeof(value));
		break;
	case OP_SEQUENCE:
		if (fuzz->last.size)
			poke(fuzz, fuzz->last.sequence + offset % fuzz->last.size, &value,
			     sizeof(value));
		break;
	case OP_MEMBER:
		if (fuzz->last.va)
			poke(fuzz, fuzz->last.va + offset % 0x900, &value, sizeof(value));
		break;
	case OP_POINTER:
		va = pool_va(fuzz, op[4], (uint32_t)(op[5] | op[6] << 8) * 4);
		poke(fuzz, pool_va(fuzz, op[1], offset % (WORK_POOL_SIZE - 8)), &va, sizeof(va));
		break;
	case OP_RUN:
		queue->wptr = (queue->wptr + op[4]) % (AGX_WORK_RING_ENTRIES + (op[4] & 1));
		work_run(work, queue);
		queue->wptr %= AGX_WORK_RING_ENTRIES;
		break;
	case OP_STEP:
		run(fuzz, op[4]);
		break;
	case OP_GPU:
		script(fuzz, op);
		break;
	case OP_TIME:
		work->image.now += value % 5000 * 24000ull;
		break;
	case OP_CONTROL:
		control(fuzz, op);
		break;
	case OP_RESUME:
		image_set(&work->image, "fw_status", va, "halted", op[4] & 1);
		image_set(&work->image, "fw_status", va, "resume", 1);
		break;
	case OP_ENTRY:
		flip(fuzz, op, offset);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz fuzz;

	if (size < 1)
		return 0;
	memset(&fuzz, 0, sizeof(fuzz));
	work_init(&fuzz.work, data[0] % AGX_FW_VARIANT_COUNT, !(data[0] & 0x80));
	for (unsigned int i = 0; i < QUEUES; i++) {
		if (i % 3 == 0)
			work_owner(&fuzz.work, &fuzz.owners[i / 3]);
		work_queue(&fuzz.work, &fuzz.queues[i], &fuzz.owners[i / 3], i % 3, 1 + i / 3,
			   4 + i);
	}
	data++;
	size--;
	for (unsigned int ops = 0; ops < MAX_OPS && size >= 8; ops++, data += 8, size -= 8) {
		one(&fuzz, data);
		/* The inbox has room for so many. */
		if (++fuzz.op_count % 32 == 0)
			run(&fuzz, MAX_STEPS);
	}
	run(&fuzz, MAX_STEPS);
	work_free(&fuzz.work);
	return 0;
}
