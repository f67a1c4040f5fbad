// SPDX-License-Identifier: MIT
/*
 * sparse: a large range of addresses with little behind it. One page stands for all holes, a few
 * pages are real, one of them is at two places; a thread for each page says what is there.
 *
 * usage: sparse [DEVICE]
 */
#include "example.h"

#define PAGES  4096 /* 64 MiB of addresses */
#define REAL   8    /* pages of memory */
#define STRIDE 517  /* from one real page to the next */
#define AGAIN  4000 /* where the first one is seen again */
#define HOLE   0xffffffff

/* du0: the range; du2: a word for each page of it. A page has 4096 words, 1 << 12. */
static const char look[] = ".threads 64, 1, 1\n"
			   "	mov	r0, thread_in_grid_x\n"
			   "	shl	r1, r0, 12\n"
			   "	load	r2, du0, r1, i32, x, a\n"
			   "	wait	a\n"
			   "	store	r2, du2, r0, i32, x, a\n"
			   "	stop\n";

static struct agx_bind bind(struct agx_buffer *buffer, uint64_t page, uint64_t address)
{
	return (struct agx_bind){.op = AGX_BIND_MAP,
				 .buffer = buffer,
				 .offset = page * AGX_PAGE_SIZE,
				 .address = address,
				 .size = AGX_PAGE_SIZE};
}

static uint32_t expected(uint32_t page)
{
	if (page == AGAIN)
		return 1;
	return page % STRIDE || page / STRIDE >= REAL ? HOLE : page / STRIDE + 1;
}

/* Runs the walk, and counts what is not as it should be. moved: AGAIN is a hole again. */
static uint32_t walk(const struct gpu *gpu, struct agx_cmdbuf *cmdbuf, uint32_t *seen, bool moved)
{
	uint32_t wrong = 0, real = 0;

	memset(seen, 0, PAGES * sizeof(*seen));
	must(gpu, agx_queue_run(gpu->queue, cmdbuf));
	for (uint32_t page = 0; page < PAGES; page++) {
		wrong += seen[page] != (moved && page == AGAIN ? HOLE : expected(page));
		if (seen[page] == HOLE)
			continue;
		printf("%s%u:%u", real++ ? " " : "pages ", page, seen[page]);
	}
	printf(", %u holes, %u wrong\n", PAGES - real, wrong);
	return wrong;
}

int main(int argc, char **argv)
{
	struct gpu gpu = gpu_open(argc > 1 ? argv[1] : NULL);
	const unsigned int flags = AGX_BUFFER_UNBOUND; /* we say where */
	uint32_t *seen, *words, *hole, wrong;
	struct agx_buffer *results = gpu_buffer(&gpu, PAGES * sizeof(*seen), &seen);
	struct agx_buffer *real, *filler;
	struct agx_bind binds[REAL + 2];
	struct agx_shader *shader = gpu_program(&gpu, look);
	struct agx_cmdbuf *cmdbuf;
	uint64_t range;

	must(&gpu, agx_buffer_create(gpu.vm, REAL * AGX_PAGE_SIZE, flags, &real));
	must(&gpu, agx_buffer_create(gpu.vm, AGX_PAGE_SIZE, flags, &filler));
	words = agx_buffer_map(real);
	hole = agx_buffer_map(filler);
	must(&gpu, words && hole ? 0 : -1);
	for (uint32_t page = 0; page < REAL; page++)
		words[page * (AGX_PAGE_SIZE / sizeof(*words))] = page + 1;
	hole[0] = HOLE;

	/* One call binds it all, in this order: later ones replace what is there. */
	must(&gpu, agx_vm_reserve(gpu.vm, PAGES * (uint64_t)AGX_PAGE_SIZE, 0, 0, &range));
	binds[0] = (struct agx_bind){.op = AGX_BIND_REPEAT,
				     .flags = AGX_BIND_READ,
				     .buffer = filler,
				     .address = range,
				     .size = PAGES * (uint64_t)AGX_PAGE_SIZE};
	for (uint64_t page = 0; page < REAL; page++)
		binds[1 + page] = bind(real, page, range + page * STRIDE * AGX_PAGE_SIZE);
	binds[REAL + 1] = bind(real, 0, range + AGAIN * (uint64_t)AGX_PAGE_SIZE);
	must(&gpu, agx_vm_bind(gpu.vm, binds, REAL + 2));

	must(&gpu, agx_cmdbuf_create(gpu.vm, &cmdbuf));
	must(&gpu, agx_compute_begin(cmdbuf, NULL));
	must(&gpu,
	     agx_compute_launch(
		     cmdbuf, shader,
		     &(struct agx_bindings){
			     .uniforms = (uint64_t[]){range, agx_buffer_address(results)},
			     .uniform_bytes = 16},
		     &(struct agx_dispatch){.mode = AGX_DISPATCH_THREADS, .size = {PAGES, 1, 1}}));
	must(&gpu, agx_compute_end(cmdbuf));
	must(&gpu, agx_cmdbuf_end(cmdbuf));
	wrong = walk(&gpu, cmdbuf, seen, false);

	/* The second place becomes a hole; then the same commands once more. */
	binds[0].address = range + AGAIN * (uint64_t)AGX_PAGE_SIZE;
	binds[0].size = AGX_PAGE_SIZE;
	must(&gpu, agx_vm_bind(gpu.vm, binds, 1));
	wrong += walk(&gpu, cmdbuf, seen, true);

	must(&gpu, agx_vm_release(gpu.vm, range));
	agx_cmdbuf_destroy(cmdbuf);
	agx_shader_destroy(shader);
	agx_buffer_destroy(results);
	agx_buffer_destroy(real);
	agx_buffer_destroy(filler);
	gpu_close(&gpu);
	return wrong ? WRONG : 0;
}
