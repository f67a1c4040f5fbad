// SPDX-License-Identifier: MIT
/* The address allocator against a list of granules that is looked through from end to end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "va.h"

#define GRANULE  0x4000ull
#define BASE     (5 * GRANULE)
#define GRANULES 96u
#define PIECES   64u

struct piece {
	uint64_t address, size;
	unsigned int guard; /* granules */
	enum lib_va_owner owner;
};

struct reference {
	int granule[GRANULES]; /* 0: free; n: piece n - 1; -n: its guard */
	struct piece pieces[PIECES];
	unsigned int count;
};

static uint32_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static bool all_free(const struct reference *r, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (r->granule[i])
			return false;
	return true;
}

/* Is there any place at all? */
static bool reference_fits(const struct reference *r, const struct lib_va_request *q)
{
	const uint64_t guard = q->guard, size = q->size / GRANULE;

	for (uint64_t i = guard; i + size + guard <= GRANULES; i++) {
		const uint64_t address = BASE + i * GRANULE;

		if (!(address & (q->align - 1)) && address - guard * GRANULE >= q->low &&
		    address + q->size + guard * GRANULE <= q->high &&
		    all_free(r, i - guard, size + 2 * guard))
			return true;
	}
	return false;
}

static void mark(struct reference *r, const struct piece *piece, int body, int guard)
{
	const uint64_t first = (piece->address - BASE) / GRANULE, size = piece->size / GRANULE;

	for (uint64_t i = first - piece->guard; i < first + size + piece->guard; i++)
		r->granule[i] = i < first || i >= first + size ? guard : body;
}

static void record(struct reference *r, struct piece piece)
{
	for (unsigned int i = 0; i < PIECES; i++) {
		if (r->pieces[i].size)
			continue;
		r->pieces[i] = piece;
		mark(r, &piece, (int)i + 1, -(int)i - 1);
		r->count++;
		return;
	}
	fail();
}

static void try_alloc(struct lib_va *va, struct reference *r)
{
	const struct lib_va_request q = {
		.size = (1 + any(any(4) ? 4 : 40)) * GRANULE,
		.align = GRANULE << any(5),
		.low = any(3) ? 0 : BASE + any(GRANULES) * GRANULE,
		.high = any(3) ? UINT64_MAX : BASE + any(GRANULES) * GRANULE,
		.guard = any(2),
		.owner = LIB_VA_CALLER + any(3),
	};
	const bool possible = reference_fits(r, &q);
	uint64_t address = 0, first, guard = q.guard;
	int ret = lib_va_alloc(va, &q, &address);

	assert_int_equal(ret, possible ? 0 : -ENOSPC);
	if (ret)
		return;
	first = (address - BASE) / GRANULE;
	assert_int_equal(address & (q.align - 1), 0);
	assert_true(address - guard * GRANULE >= q.low && address - guard * GRANULE >= BASE);
	assert_true(address + q.size + guard * GRANULE <= q.high);
	assert_true(first + q.size / GRANULE + guard <= GRANULES);
	assert_true(all_free(r, first - guard, q.size / GRANULE + 2 * guard));
	record(r, (struct piece){address, q.size, (unsigned int)guard, q.owner});
}

static void try_alloc_at(struct lib_va *va, struct reference *r)
{
	const uint64_t first = any(GRANULES), size = 1 + any(12);
	const uint64_t address = BASE + first * GRANULE;
	int ret = lib_va_alloc_at(va, address, size * GRANULE, LIB_VA_CALLER);

	if (first + size > GRANULES) {
		assert_int_equal(ret, -EINVAL);
	} else if (!all_free(r, first, size)) {
		assert_int_equal(ret, -EBUSY);
	} else {
		assert_int_equal(ret, 0);
		record(r, (struct piece){address, size * GRANULE, 0, LIB_VA_CALLER});
	}
}

static void try_free(struct lib_va *va, struct reference *r)
{
	struct piece *piece = &r->pieces[any(PIECES)];
	uint64_t size;

	if (!piece->size)
		return;
	assert_int_equal(lib_va_free(va, piece->address,
				     piece->owner == LIB_VA_CALLER ? LIB_VA_BUFFER : LIB_VA_CALLER),
			 -ENOENT);
	assert_int_equal(lib_va_free(va, piece->address + GRANULE / 2, piece->owner), -ENOENT);
	assert_int_equal(lib_va_find(va, piece->address, piece->owner, &size), 0);
	assert_int_equal(size, piece->size);
	assert_int_equal(lib_va_free(va, piece->address, piece->owner), 0);
	assert_int_equal(lib_va_free(va, piece->address, piece->owner), -ENOENT);
	mark(r, piece, 0, 0);
	memset(piece, 0, sizeof(*piece));
	r->count--;
}

static void try_bindable(const struct lib_va *va, const struct reference *r)
{
	const uint64_t first = any(GRANULES), size = 1 + any(20);
	bool expected = first + size <= GRANULES;

	for (uint64_t i = first; expected && i < first + size; i++)
		expected =
			r->granule[i] > 0 && r->pieces[r->granule[i] - 1].owner != LIB_VA_LIBRARY;
	assert_int_equal(
		lib_va_bindable(va, BASE + first * GRANULE, BASE + (first + size) * GRANULE),
		expected);
}

static void is_what_a_slow_one_does(void **unused)
{
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct reference r = {0};
		struct lib_va va;

		state = seed * 2654435761u;
		assert_int_equal(lib_va_init(&va, BASE, BASE + GRANULES * GRANULE, GRANULE), 0);
		for (unsigned int step = 0; step < 2000; step++) {
			if (any(2) || r.count == PIECES)
				try_free(&va, &r);
			else if (any(4))
				try_alloc(&va, &r);
			else
				try_alloc_at(&va, &r);
			try_bindable(&va, &r);
			assert_int_equal(lib_va_empty(&va), !r.count);
		}
		/* All that is free is one again. */
		while (r.count)
			try_free(&va, &r);
		assert_true(lib_va_empty(&va));
		lib_va_finish(&va);
	}
}

static void refuses_ranges_that_are_none(void **unused)
{
	struct lib_va va;

	assert_int_equal(lib_va_init(&va, 0, 0, GRANULE), -EINVAL);
	assert_int_equal(lib_va_init(&va, 0, GRANULE + 1, GRANULE), -EINVAL);
	assert_int_equal(lib_va_init(&va, 0, GRANULE, 3), -EINVAL);
	assert_int_equal(lib_va_init(&va, 0, GRANULE, 0), -EINVAL);
}

static void survives_numbers_at_the_end_of_the_world(void **unused)
{
	const uint64_t end = UINT64_MAX & ~(GRANULE - 1);
	struct lib_va_request q = {
		.size = end, .align = 1ull << 63, .high = UINT64_MAX, .guard = true};
	struct lib_va va;
	uint64_t address;

	q.owner = LIB_VA_CALLER;
	assert_int_equal(lib_va_init(&va, GRANULE, end, GRANULE), 0);
	assert_int_equal(lib_va_alloc(&va, &q, &address), -ENOSPC);
	q.size = GRANULE;
	assert_int_equal(lib_va_alloc(&va, &q, &address), 0);
	assert_true(address == 1ull << 63);
	assert_int_equal(lib_va_alloc(&va, &q, &address), -ENOSPC);
	assert_int_equal(lib_va_alloc_at(&va, end - GRANULE, end, LIB_VA_CALLER), -EINVAL);
	assert_int_equal(lib_va_alloc_at(&va, end, GRANULE, LIB_VA_CALLER), -EINVAL);
	assert_false(lib_va_bindable(&va, 0, UINT64_MAX));
	lib_va_finish(&va);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_a_slow_one_does),
		cmocka_unit_test(refuses_ranges_that_are_none),
		cmocka_unit_test(survives_numbers_at_the_end_of_the_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
