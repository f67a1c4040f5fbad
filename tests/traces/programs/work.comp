// SPDX-License-Identifier: MIT
// One step of a xorshift generator per element, with a sum kept in shared memory.
#version 450
layout(local_size_x = 64) in;
layout(std430, binding = 0) buffer Data { uint data[]; };
layout(std430, binding = 1) buffer Sums { uint sums[]; };
layout(push_constant) uniform Push { uint count; uint seed; };
shared uint total;

void main()
{
	uint i = gl_GlobalInvocationID.x;
	if (gl_LocalInvocationIndex == 0)
		total = 0;
	barrier();
	if (i < count) {
		uint x = data[i] + seed + i;
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = x;
		atomicAdd(total, x);
	}
	barrier();
	if (gl_LocalInvocationIndex == 0)
		sums[gl_WorkGroupID.x] = total;
}
