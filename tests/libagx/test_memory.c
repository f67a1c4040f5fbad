// SPDX-License-Identifier: MIT
/* Addresses, buffers, what is bound where, and pieces of the shader window. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "vm_internal.h"

#define PAGE ((uint64_t)AGX_PAGE_SIZE)

struct fixture {
	struct agx_context *ctx;
	struct agx_device *device;
	struct agx_vm *vm;
};

static int setup(void **state)
{
	static struct fixture f;
	const struct agx_virtual_params params = {.gpu = "t8103", .memory = 256 << 20};

	if (agx_context_create(NULL, &f.ctx) ||
	    agx_device_open_virtual(f.ctx, &params, &f.device) || agx_vm_create(f.device, &f.vm))
		return -1;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	agx_vm_destroy(f->vm);
	agx_device_close(f->device);
	agx_context_destroy(f->ctx);
	return 0;
}

/* How many ranges the VM has written down. */
static unsigned int count_bound(const struct agx_vm *vm)
{
	const struct lib_range *range = lib_ranges_from(&vm->bound, 0);
	unsigned int count = 0;

	for (; range; range = lib_ranges_from(&vm->bound, range->end))
		count++;
	return count;
}

static const struct agx_buffer *bound_at(const struct agx_vm *vm, uint64_t address)
{
	const struct lib_bound *bound = (struct lib_bound *)lib_ranges_from(&vm->bound, address);

	return bound && bound->range.start <= address ? bound->buffer : NULL;
}

static void reservations_lie_where_they_should(void **state)
{
	struct fixture *f = *state;
	const uint64_t base = agx_vm_shader_base(f->vm);
	uint64_t a, b;

	assert_int_equal(base & (LIB_SHADER_WINDOW - 1), 0);
	assert_int_equal(agx_vm_reserve(f->vm, 1, 1 << 20, 0, &a), 0);
	assert_int_equal(a & ((1 << 20) - 1), 0);
	assert_true(a >= base + LIB_SHADER_WINDOW);
	assert_int_equal(agx_vm_reserve(f->vm, PAGE, 0, AGX_VA_SHADER | AGX_VA_GUARD, &b), 0);
	assert_true(b > base && b < base + LIB_SHADER_WINDOW);
	assert_int_equal(agx_vm_reserve_at(f->vm, b - PAGE, PAGE), -EBUSY);
	assert_int_equal(agx_vm_reserve_at(f->vm, b + PAGE, PAGE), -EBUSY);
	assert_int_equal(agx_vm_reserve_at(f->vm, base, PAGE), -EBUSY);
	assert_int_equal(agx_vm_reserve_at(f->vm, 0x4000, PAGE), 0);
	assert_int_equal(agx_vm_release(f->vm, 0x4000), 0);
	assert_int_equal(agx_vm_release(f->vm, a), 0);
	assert_int_equal(agx_vm_release(f->vm, b), 0);
	assert_int_equal(agx_vm_release(f->vm, b), -EINVAL);
	assert_true(strlen(agx_error(f->ctx)) > 0);
}

static void reservations_are_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	uint64_t a;

	assert_int_equal(agx_vm_reserve(f->vm, 0, 0, 0, &a), -EINVAL);
	assert_int_equal(agx_vm_reserve(f->vm, UINT64_MAX, 0, 0, &a), -EINVAL);
	assert_int_equal(agx_vm_reserve(f->vm, PAGE, 3, 0, &a), -EINVAL);
	assert_int_equal(agx_vm_reserve(f->vm, PAGE, 0, 1, &a), -EINVAL);
	assert_int_equal(agx_vm_reserve(f->vm, 1ull << 40, 0, 0, &a), -ENOSPC);
	assert_int_equal(agx_vm_reserve(f->vm, LIB_SHADER_WINDOW, 0, AGX_VA_SHADER, &a), -ENOSPC);
	assert_non_null(strstr(agx_error(f->ctx), "shader window"));
	assert_int_equal(agx_vm_reserve_at(f->vm, 1, PAGE), -EINVAL);
	assert_int_equal(agx_vm_reserve_at(f->vm, PAGE, 0), -EINVAL);
	assert_int_equal(agx_vm_reserve_at(f->vm, 0, PAGE), -EINVAL);
	assert_int_equal(agx_vm_reserve_at(f->vm, UINT64_MAX - PAGE + 1, PAGE), -EINVAL);
	/* The kernel's. */
	assert_int_equal(
		agx_vm_reserve_at(f->vm, agx_device_params(f->device)->va_end - PAGE, PAGE),
		-EINVAL);
}

static void buffers_are_zeroed_mapped_and_given_back(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *buffer;
	uint64_t address;
	uint8_t *map;

	assert_int_equal(agx_buffer_create(f->vm, PAGE + 1, AGX_BUFFER_CACHED, &buffer), 0);
	address = agx_buffer_address(buffer);
	assert_int_equal(agx_buffer_size(buffer), 2 * PAGE);
	assert_true(bound_at(f->vm, address + PAGE) == buffer);
	map = agx_buffer_map(buffer);
	assert_non_null(map);
	assert_ptr_equal(agx_buffer_map(buffer), map);
	for (uint64_t i = 0; i < 2 * PAGE; i++)
		assert_int_equal(map[i], 0);
	memset(map, 1, 2 * PAGE);
	assert_int_equal(agx_vm_release(f->vm, address), -EINVAL); /* not the caller's */
	agx_buffer_destroy(buffer);
	assert_int_equal(count_bound(f->vm), 0);
	assert_int_equal(agx_vm_reserve_at(f->vm, address, 2 * PAGE), 0);
	assert_int_equal(agx_vm_release(f->vm, address), 0);
	agx_buffer_destroy(NULL);
}

static void buffers_are_refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *buffer;
	int fd;

	assert_int_equal(agx_buffer_create(f->vm, 0, 0, &buffer), -EINVAL);
	assert_int_equal(agx_buffer_create(f->vm, UINT64_MAX, 0, &buffer), -EINVAL);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, 1u << 20, &buffer), -EINVAL);
	assert_int_equal(
		agx_buffer_create(f->vm, PAGE, AGX_BUFFER_UNBOUND | AGX_VA_SHADER, &buffer),
		-EINVAL);
	assert_null(buffer);
	assert_int_equal(agx_buffer_create(f->vm, 1ull << 32, 0, &buffer), -ENOMEM);
	assert_non_null(strstr(agx_error(f->ctx), "GEM_CREATE"));
	assert_int_equal(agx_buffer_create(f->vm, PAGE, 0, &buffer), 0);
	assert_int_equal(agx_buffer_export(buffer, &fd), -EINVAL);
	agx_buffer_destroy(buffer);
	assert_int_equal(agx_buffer_import(f->vm, -1, 0, &buffer), -EBADF);
}

static void imports_of_one_object_do_not_end_each_other(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *first, *second, *third;
	int fd;

	assert_int_equal(agx_buffer_create(f->vm, PAGE, AGX_BUFFER_EXPORTABLE, &first), 0);
	*(uint32_t *)agx_buffer_map(first) = 42;
	assert_int_equal(agx_buffer_export(first, &fd), 0);
	assert_int_equal(agx_buffer_import(f->vm, fd, 0, &second), 0);
	assert_int_equal(agx_buffer_import(f->vm, fd, AGX_BUFFER_UNBOUND, &third), 0);
	assert_int_equal(agx_buffer_handle(first), agx_buffer_handle(second));
	assert_int_not_equal(agx_buffer_address(first), agx_buffer_address(second));
	assert_int_equal(agx_buffer_address(third), 0);
	close(fd);
	agx_buffer_destroy(first);
	assert_int_equal(*(uint32_t *)agx_buffer_map(second), 42);
	agx_buffer_destroy(second);
	assert_int_equal(*(uint32_t *)agx_buffer_map(third), 42);
	agx_buffer_destroy(third);
}

static void binds_are_refused_before_anything_changes(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *buffer, *only_read, *foreign;
	struct agx_vm *other;
	uint64_t at;

	assert_int_equal(agx_buffer_create(f->vm, 4 * PAGE, AGX_BUFFER_UNBOUND, &buffer), 0);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, AGX_BUFFER_UNBOUND | AGX_BUFFER_READ_ONLY,
					   &only_read),
			 0);
	assert_int_equal(agx_vm_create(f->device, &other), 0);
	assert_int_equal(agx_buffer_create(other, PAGE, 0, &foreign), 0);
	assert_int_equal(agx_vm_reserve(f->vm, 8 * PAGE, 0, AGX_VA_GUARD, &at), 0);
	const struct agx_bind good = {.buffer = buffer, .address = at, .size = 4 * PAGE};
	const struct agx_bind bad[] = {
		{.op = 3, .buffer = buffer, .address = at, .size = PAGE},
		{.flags = 4, .buffer = buffer, .address = at, .size = PAGE},
		{.buffer = NULL, .address = at, .size = PAGE},
		{.buffer = buffer, .address = at, .size = 0},
		{.buffer = buffer, .address = at + 1, .size = PAGE},
		{.buffer = buffer, .address = at, .size = PAGE + 1},
		{.buffer = buffer, .address = at, .size = PAGE, .offset = 1},
		{.buffer = buffer, .address = at, .size = 5 * PAGE},
		{.buffer = buffer, .address = at, .size = PAGE, .offset = 4 * PAGE},
		{.buffer = buffer, .address = at, .size = PAGE, .offset = -PAGE},
		{.buffer = buffer, .address = at - PAGE, .size = PAGE},
		{.buffer = buffer, .address = at + 8 * PAGE, .size = PAGE},
		{.buffer = buffer, .address = at + 7 * PAGE, .size = 2 * PAGE},
		{.buffer = buffer, .address = -PAGE, .size = 2 * PAGE},
		{.buffer = only_read, .flags = AGX_BIND_WRITE, .address = at, .size = PAGE},
		{.buffer = foreign, .address = at, .size = PAGE},
		{.op = AGX_BIND_REPEAT,
		 .buffer = buffer,
		 .address = at,
		 .size = PAGE,
		 .offset = 4 * PAGE},
		{.op = AGX_BIND_UNMAP, .buffer = buffer, .address = at, .size = PAGE},
		{.op = AGX_BIND_UNMAP, .address = agx_vm_shader_base(f->vm), .size = PAGE},
	};
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct agx_bind both[] = {good, bad[i]};

		assert_int_equal(agx_vm_bind(f->vm, both, 2), -EINVAL);
		assert_non_null(strstr(agx_error(f->ctx), "binds[1]"));
		assert_null(bound_at(f->vm, at));
	}
	assert_int_equal(agx_vm_bind(f->vm, NULL, 0), 0);
	assert_int_equal(agx_vm_release(f->vm, at), 0);
	agx_buffer_destroy(only_read);
	agx_buffer_destroy(buffer);
	agx_vm_destroy(other);
	agx_buffer_destroy(foreign);
}

static void sparse_ranges_keep_their_buffers(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *data, *zero;
	uint64_t at;

	assert_int_equal(agx_buffer_create(f->vm, 16 * PAGE, AGX_BUFFER_UNBOUND, &data), 0);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, AGX_BUFFER_UNBOUND, &zero), 0);
	assert_int_equal(agx_vm_reserve(f->vm, 64 * PAGE, 0, 0, &at), 0);
	const struct agx_bind binds[] = {
		{.op = AGX_BIND_REPEAT, .buffer = zero, .address = at, .size = 64 * PAGE},
		{.buffer = data, .address = at + 8 * PAGE, .size = 16 * PAGE},
		{.op = AGX_BIND_UNMAP, .address = at + 12 * PAGE, .size = 4 * PAGE},
	};
	assert_int_equal(agx_vm_bind(f->vm, binds, 3), 0);
	assert_int_equal(count_bound(f->vm), 4);
	assert_ptr_equal(bound_at(f->vm, at), zero);
	assert_ptr_equal(bound_at(f->vm, at + 8 * PAGE), data);
	assert_null(bound_at(f->vm, at + 12 * PAGE));
	assert_ptr_equal(bound_at(f->vm, at + 16 * PAGE), data);
	assert_ptr_equal(bound_at(f->vm, at + 24 * PAGE), zero);
	assert_int_equal(atomic_load(&data->pins), 3);
	/* Their makers are through with them; the addresses are not. */
	agx_buffer_destroy(data);
	agx_buffer_destroy(zero);
	assert_int_equal(atomic_load(&data->pins), 2);
	assert_int_equal(atomic_load(&zero->pins), 2);
	assert_int_equal(agx_vm_release(f->vm, at), 0);
	assert_int_equal(count_bound(f->vm), 0);
}

/* A VM that nobody has any more ends, whatever is bound in it. */
static void a_forgotten_vm_ends_with_what_is_bound(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *buffer, *shared;
	struct agx_vm *vm;
	uint64_t at;

	assert_int_equal(agx_vm_create(f->device, &vm), 0);
	assert_int_equal(agx_buffer_create(vm, PAGE, 0, &buffer), 0);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, AGX_BUFFER_EXPORTABLE, &shared), 0);
	assert_int_equal(agx_vm_reserve(vm, 2 * PAGE, 0, 0, &at), 0);
	const struct agx_bind binds[] = {
		{.buffer = buffer, .address = at, .size = PAGE},
		{.buffer = shared, .address = at + PAGE, .size = PAGE},
	};
	assert_int_equal(agx_vm_bind(vm, binds, 2), 0);
	agx_vm_destroy(vm);
	agx_buffer_destroy(buffer);
	assert_int_equal(atomic_load(&shared->pins), 2); /* its maker's, its own addresses' */
	agx_buffer_destroy(shared);
}

static void others_in_a_buffers_addresses_go_with_it(void **state)
{
	struct fixture *f = *state;
	struct agx_buffer *house, *guest;

	assert_int_equal(agx_buffer_create(f->vm, 4 * PAGE, 0, &house), 0);
	assert_int_equal(agx_buffer_create(f->vm, PAGE, AGX_BUFFER_UNBOUND, &guest), 0);
	const struct agx_bind bind = {
		.buffer = guest, .address = agx_buffer_address(house) + PAGE, .size = PAGE};
	assert_int_equal(agx_vm_bind(f->vm, &bind, 1), 0);
	assert_int_equal(count_bound(f->vm), 3);
	agx_buffer_destroy(house);
	assert_int_equal(count_bound(f->vm), 0);
	assert_int_equal(atomic_load(&guest->pins), 1);
	agx_buffer_destroy(guest);
}

static void many_binds_are_one_call(void **state)
{
	struct fixture *f = *state;
	struct agx_bind binds[500];
	struct agx_buffer *buffer;
	uint64_t at;

	assert_int_equal(agx_buffer_create(f->vm, 8 * PAGE, AGX_BUFFER_UNBOUND, &buffer), 0);
	assert_int_equal(agx_vm_reserve(f->vm, 1000 * PAGE, 0, 0, &at), 0);
	for (unsigned int i = 0; i < 500; i++)
		binds[i] = (struct agx_bind){.buffer = buffer,
					     .offset = i % 8 * PAGE,
					     .address = at + i * 2 * PAGE,
					     .size = PAGE};
	assert_int_equal(agx_vm_bind(f->vm, binds, 500), 0);
	assert_int_equal(count_bound(f->vm), 500);
	agx_buffer_destroy(buffer);
	assert_int_equal(agx_vm_release(f->vm, at), 0);
	assert_int_equal(count_bound(f->vm), 0);
}

static void shader_memory_does_not_overlap(void **state)
{
	struct fixture *f = *state;
	uint64_t addresses[400], other;
	uint8_t *maps[400];
	void *map;

	for (unsigned int i = 0; i < 400; i++) {
		const size_t size = 1 + i * 97 % 9000, align = 64u << i % 9;

		assert_int_equal(
			lib_shader_memory(f->vm, size, align, &addresses[i], (void **)&maps[i]), 0);
		assert_int_equal(addresses[i] & (align - 1), 0);
		assert_true(addresses[i] > agx_vm_shader_base(f->vm));
		assert_true(addresses[i] + size <= agx_vm_shader_base(f->vm) + LIB_SHADER_WINDOW);
		memset(maps[i], (int)(i % 251), size);
	}
	for (unsigned int i = 0; i < 400; i++) {
		for (size_t k = 0; k < 1 + i * 97 % 9000; k++)
			assert_int_equal(maps[i][k], i % 251);
		lib_shader_memory_free(f->vm, addresses[i]);
	}
	assert_int_equal(count_bound(f->vm), 1); /* one empty slab stays */
	assert_int_equal(lib_shader_memory(f->vm, 1 << 20, 64, &other, &map), 0);
	memset(map, 1, 1 << 20);
	assert_int_equal(count_bound(f->vm), 2);
	lib_shader_memory_free(f->vm, other);
	assert_int_equal(count_bound(f->vm), 1);
	assert_int_equal(lib_shader_memory(f->vm, 0, 64, &other, &map), -EINVAL);
	assert_int_equal(lib_shader_memory(f->vm, 64, 48, &other, &map), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reservations_lie_where_they_should, setup,
						teardown),
		cmocka_unit_test_setup_teardown(reservations_are_refused_with_a_reason, setup,
						teardown),
		cmocka_unit_test_setup_teardown(buffers_are_zeroed_mapped_and_given_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(buffers_are_refused_with_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(imports_of_one_object_do_not_end_each_other, setup,
						teardown),
		cmocka_unit_test_setup_teardown(binds_are_refused_before_anything_changes, setup,
						teardown),
		cmocka_unit_test_setup_teardown(sparse_ranges_keep_their_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forgotten_vm_ends_with_what_is_bound, setup,
						teardown),
		cmocka_unit_test_setup_teardown(others_in_a_buffers_addresses_go_with_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(many_binds_are_one_call, setup, teardown),
		cmocka_unit_test_setup_teardown(shader_memory_does_not_overlap, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
