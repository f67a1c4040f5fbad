// SPDX-License-Identifier: MIT
/*
 * producer-consumer: one queue fills slots, another one empties them, and timelines keep the two
 * apart. The CPU submits everything at once and waits for the end only.
 *
 * usage: producer-consumer [DEVICE]
 */
#include "example.h"

#define ROUNDS 24
#define SLOTS  3
#define WORDS  4096

static const char produce[] = ".threads 64, 1, 1\n"
			      "	mov	r0, thread_in_grid_x\n"
			      "	imadd	r1, r0, u2, u3\n"
			      "	store	r1, du0, r0, i32, x, a	; slot[r0] = r0 * u2 + u3\n"
			      "	stop\n";

static const char consume[] =
	".threads 64, 1, 1\n"
	"	mov	r0, thread_in_grid_x\n"
	"	load	r1, du0, r0, i32, x, a\n"
	"	load	r2, du2, r0, i32, x, a\n"
	"	wait	a\n"
	"	imadd	r2, r2, 31, r1\n"
	"	store	r2, du2, r0, i32, x, a	; sum[r0] = sum[r0] * 31 + slot[r0]\n"
	"	stop\n";

static struct agx_cmdbuf *record(const struct gpu *gpu, struct agx_shader *shader,
				 const uint64_t uniforms[2])
{
	const struct agx_bindings bindings = {.uniforms = uniforms, .uniform_bytes = 16};
	const struct agx_dispatch dispatch = {.mode = AGX_DISPATCH_THREADS, .size = {WORDS, 1, 1}};
	struct agx_cmdbuf *cmdbuf;

	must(gpu, agx_cmdbuf_create(gpu->vm, &cmdbuf));
	must(gpu, agx_compute_begin(cmdbuf, NULL));
	must(gpu, agx_compute_launch(cmdbuf, shader, &bindings, &dispatch));
	must(gpu, agx_compute_end(cmdbuf));
	must(gpu, agx_cmdbuf_end(cmdbuf));
	return cmdbuf;
}

/* Submits: waits for the point of one timeline, signals that of another. */
static void submit(const struct gpu *gpu, struct agx_queue *queue, struct agx_cmdbuf *cmdbuf,
		   struct agx_sync_point wait, struct agx_sync_point signal)
{
	const struct agx_submission submission = {.cmdbufs = &cmdbuf,
						  .cmdbuf_count = 1,
						  .waits = &wait,
						  .wait_count = wait.point ? 1 : 0,
						  .signals = &signal,
						  .signal_count = 1};

	must(gpu, agx_queue_submit(queue, &submission));
}

int main(int argc, char **argv)
{
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	struct agx_shader *producer = gpu_program(&gpu, produce);
	struct agx_shader *consumer = gpu_program(&gpu, consume);
	uint32_t *slots, *sums, wrong = 0;
	struct agx_buffer *slot = gpu_buffer(&gpu, SLOTS * WORDS * sizeof(*slots), &slots);
	struct agx_buffer *sum = gpu_buffer(&gpu, WORDS * sizeof(*sums), &sums);
	struct agx_sync *full, *empty; /* point n: round n was produced; consumed */
	struct agx_cmdbuf *work[ROUNDS][2];
	struct agx_queue *other;
	uint64_t done;

	must(&gpu, agx_queue_create(gpu.vm, AGX_PRIORITY_MEDIUM, &other));
	must(&gpu, agx_sync_create(gpu.device, AGX_SYNC_TIMELINE, &full));
	must(&gpu, agx_sync_create(gpu.device, AGX_SYNC_TIMELINE, &empty));

	for (uint64_t round = 1; round <= ROUNDS; round++) {
		const uint64_t place = round % SLOTS * WORDS * sizeof(*slots);
		const uint64_t from = agx_buffer_address(slot) + place;
		const uint64_t factors = round | (round * round) << 32;

		work[round - 1][0] = record(&gpu, producer, (uint64_t[]){from, factors});
		work[round - 1][1] =
			record(&gpu, consumer, (uint64_t[]){from, agx_buffer_address(sum)});
		/* A slot is free again when the round that had it before was consumed. */
		submit(&gpu, gpu.queue, work[round - 1][0],
		       (struct agx_sync_point){empty, round > SLOTS ? round - SLOTS : 0},
		       (struct agx_sync_point){full, round});
		submit(&gpu, other, work[round - 1][1], (struct agx_sync_point){full, round},
		       (struct agx_sync_point){empty, round});
	}
	must(&gpu, agx_sync_wait(empty, ROUNDS, AGX_FOREVER));
	must(&gpu, agx_sync_status(empty, ROUNDS));
	must(&gpu, agx_sync_query(full, &done));

	for (uint32_t i = 0; i < WORDS; i++) {
		uint32_t expected = 0;

		for (uint32_t round = 1; round <= ROUNDS; round++)
			expected = expected * 31 + i * round + round * round;
		wrong += sums[i] != expected;
	}
	printf("%llu rounds through %d slots, %u of %d sums wrong\n", (unsigned long long)done,
	       SLOTS, wrong, WORDS);
	printf("sum[%d] = %u\n", WORDS - 1, sums[WORDS - 1]);

	for (int i = 0; i < ROUNDS; i++) {
		agx_cmdbuf_destroy(work[i][0]);
		agx_cmdbuf_destroy(work[i][1]);
	}
	agx_sync_destroy(full);
	agx_sync_destroy(empty);
	agx_queue_destroy(other);
	agx_buffer_destroy(slot);
	agx_buffer_destroy(sum);
	agx_shader_destroy(producer);
	agx_shader_destroy(consumer);
	gpu_close(&gpu);
	return wrong || done != ROUNDS ? WRONG : 0;
}
