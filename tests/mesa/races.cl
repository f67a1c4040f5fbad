// SPDX-License-Identifier: MIT
/*
 * For cl_run.c: kernels with and without races. Each of `out` and `shared` is written by many work items; in those whose
 * name begins with "racy" something is missing that would put them in order.
 */
#define BINS 16

kernel void histogram(global const uint *in, global uint *out, local uint *shared)
{
	atomic_inc(&out[in[get_global_id(0)] % BINS]);
}

kernel void racy_histogram(global const uint *in, global uint *out, local uint *shared)
{
	out[in[get_global_id(0)] % BINS]++;
}

/* The sum of a group's elements, by halves; groups of 48. */
kernel void reduction(global const uint *in, global uint *out, local uint *shared)
{
	const uint i = get_local_id(0);

	shared[i] = in[get_global_id(0)];
	barrier(CLK_LOCAL_MEM_FENCE);
	for (uint n = 24; n >= 3; n /= 2) {
		if (i < n)
			shared[i] += shared[i + n];
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	if (i == 0)
		out[get_group_id(0)] = shared[0] + shared[1] + shared[2];
}

kernel void racy_reduction(global const uint *in, global uint *out, local uint *shared)
{
	const uint i = get_local_id(0);

	shared[i] = in[get_global_id(0)];
	for (uint n = 24; n >= 3; n /= 2) {
		if (i < n)
			shared[i] += shared[i + n];
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	if (i == 0)
		out[get_group_id(0)] = shared[0] + shared[1] + shared[2];
}

/* The group that counts itself last adds what all have stored. */
kernel void last_group(global const uint *in, global uint *out, local uint *shared)
{
	if (get_local_id(0) != 0)
		return;
	out[16 + get_group_id(0)] = in[get_global_id(0)];
	mem_fence(CLK_GLOBAL_MEM_FENCE);
	if (atomic_inc(&out[0]) + 1 != get_num_groups(0))
		return;
	mem_fence(CLK_GLOBAL_MEM_FENCE);
	for (uint i = 0; i < get_num_groups(0); i++)
		out[1] += out[16 + i];
}
