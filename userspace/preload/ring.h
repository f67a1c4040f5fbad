/* SPDX-License-Identifier: MIT */
/*
 * A ring of records in memory that two processes share: a recorded process fills it, the
 * recorder empties it.
 *
 * One process is the producer (its threads take turns by a lock of their own) and one is the
 * consumer. Data are mapped twice in a row, so a record is always contiguous. What was
 * published stays readable when the producer dies, whatever it dies of.
 *
 * The other side is not trusted: positions are checked on each use, and a side that finds
 * nonsense gives up with -EPROTO.
 */
#ifndef AGX_RING_H
#define AGX_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of data: more than two of the largest records (AGXT_MAX_RECORD is 8 MiB). */
#define RING_DATA_SIZE (16u << 20)

/* The consumer need not be woken before this much is waiting for it. */
#define RING_WAKE_SIZE (RING_DATA_SIZE / 16)

/* The shared header; data start behind it, at RING_DATA_OFFSET. */
#define RING_DATA_OFFSET 65536u

struct ring_header {
	uint32_t magic; /* RING_MAGIC */
	uint32_t data_size;
	_Alignas(128) _Atomic uint64_t head; /* bytes ever published; the producer's */
	_Atomic uint64_t stalls;             /* times the producer waited for space */
	_Atomic uint64_t lost;               /* calls that could not be recorded */
	_Alignas(128) _Atomic uint64_t tail; /* bytes ever consumed; the consumer's */
	_Atomic uint32_t producer_waits;     /* the producer sleeps on the low half of tail */
	_Atomic uint32_t consumer_sleeps;    /* the consumer wants to be woken */
};

#define RING_MAGIC 0x31475241u /* "ARG1" */

struct ring {
	struct ring_header *header;
	uint8_t *data;     /* 2 x RING_DATA_SIZE of addresses */
	uint64_t position; /* own copy of head (producer) or tail (consumer) */
	uint64_t woken;    /* producer: head at the last wake-up */
};

/* Makes a ring's memory: a file descriptor, or a negative errno. */
int ring_create(void);

/* Maps it. fd may be closed afterwards. Negative errno. */
int ring_map(struct ring *ring, int fd);
void ring_unmap(struct ring *ring);

/*
 * Producer: space for size (multiple of 8, at most RING_DATA_SIZE / 2) contiguous bytes. When
 * the ring is full it waits; alive(data) is asked now and then whether the consumer still
 * exists. NULL: it does not, or it broke the ring.
 */
void *ring_reserve(struct ring *ring, size_t size, bool (*alive)(void *data), void *data);

/* Producer: publishes size bytes (at most what was reserved). True: the consumer wants a wake. */
bool ring_publish(struct ring *ring, size_t size);

/* Consumer: bytes that can be read at *bytes; 0: none. -EPROTO: the positions are impossible. */
int64_t ring_peek(struct ring *ring, const uint8_t **bytes);

/* Consumer: gives size bytes back, waking a producer that waits. */
void ring_consume(struct ring *ring, size_t size);

#endif
