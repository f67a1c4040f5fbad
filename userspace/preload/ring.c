// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

/* How long the producer sleeps before it asks whether the consumer is still there. */
#define WAIT_NS 50000000

_Static_assert(sizeof(struct ring_header) <= RING_DATA_OFFSET, "the header fits");

int ring_create(void)
{
	struct ring_header *header;
	int fd = memfd_create("agx-capture-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, RING_DATA_OFFSET + RING_DATA_SIZE))
		goto fail;
	header = mmap(NULL, sizeof(*header), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		goto fail;
	header->magic = RING_MAGIC;
	header->data_size = RING_DATA_SIZE;
	munmap(header, sizeof(*header));
	return fd;
fail:
	ret = -errno;
	close(fd);
	return ret;
}

int ring_map(struct ring *ring, int fd)
{
	const size_t span = RING_DATA_OFFSET + 2 * (size_t)RING_DATA_SIZE;
	uint8_t *base = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int ret;

	*ring = (struct ring){0};
	if (base == MAP_FAILED)
		return -errno;
	if (mmap(base, RING_DATA_OFFSET + RING_DATA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    mmap(base + RING_DATA_OFFSET + RING_DATA_SIZE, RING_DATA_SIZE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, RING_DATA_OFFSET) == MAP_FAILED) {
		ret = -errno;
		munmap(base, span);
		return ret;
	}
	ring->header = (struct ring_header *)base;
	ring->data = base + RING_DATA_OFFSET;
	if (ring->header->magic != RING_MAGIC || ring->header->data_size != RING_DATA_SIZE) {
		ring_unmap(ring);
		return -EPROTO;
	}
	return 0;
}

void ring_unmap(struct ring *ring)
{
	if (ring->header)
		munmap(ring->header, RING_DATA_OFFSET + 2 * (size_t)RING_DATA_SIZE);
	*ring = (struct ring){0};
}

/* The futex word: the half of tail that changes with every few bytes. */
static uint32_t *tail_word(struct ring_header *header)
{
	return (uint32_t *)(void *)&header->tail;
}

/* Bytes free, or -1 when the consumer claims to have read what was never written. */
static int64_t space(const struct ring *ring, uint64_t tail)
{
	uint64_t used = ring->position - tail;

	return used > RING_DATA_SIZE ? -1 : (int64_t)(RING_DATA_SIZE - used);
}

void *ring_reserve(struct ring *ring, size_t size, bool (*alive)(void *data), void *data)
{
	const struct timespec timeout = {.tv_nsec = WAIT_NS};
	struct ring_header *header = ring->header;
	bool waited = false;
	int64_t free;
	uint64_t tail;

	if (size > RING_DATA_SIZE / 2)
		return NULL;
	for (;;) {
		tail = atomic_load_explicit(&header->tail, memory_order_acquire);
		free = space(ring, tail);
		if (free < 0)
			return NULL;
		if ((uint64_t)free >= size)
			break;
		if (!waited)
			atomic_fetch_add_explicit(&header->stalls, 1, memory_order_relaxed);
		waited = true;
		/* Also tells a sleeping consumer that it is needed. */
		if (!alive(data))
			return NULL;
		atomic_store(&header->producer_waits, 1);
		if (atomic_load(&header->tail) == tail)
			syscall(SYS_futex, tail_word(header), FUTEX_WAIT, (uint32_t)tail, &timeout,
				NULL, 0);
		atomic_store_explicit(&header->producer_waits, 0, memory_order_relaxed);
	}
	return ring->data + ring->position % RING_DATA_SIZE;
}

bool ring_publish(struct ring *ring, size_t size)
{
	struct ring_header *header = ring->header;

	ring->position += size;
	atomic_store_explicit(&header->head, ring->position, memory_order_release);
	if (ring->position - ring->woken < RING_WAKE_SIZE)
		return false;
	ring->woken = ring->position;
	return atomic_exchange(&header->consumer_sleeps, 0);
}

int64_t ring_peek(struct ring *ring, const uint8_t **bytes)
{
	uint64_t head = atomic_load_explicit(&ring->header->head, memory_order_acquire);
	uint64_t used = head - ring->position;

	if (used > RING_DATA_SIZE)
		return -EPROTO;
	*bytes = ring->data + ring->position % RING_DATA_SIZE;
	return (int64_t)used;
}

void ring_consume(struct ring *ring, size_t size)
{
	struct ring_header *header = ring->header;

	ring->position += size;
	atomic_store(&header->tail, ring->position);
	if (atomic_exchange(&header->producer_waits, 0))
		syscall(SYS_futex, tail_word(header), FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
