// SPDX-License-Identifier: MIT
#version 450
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_quad : require

layout(local_size_x = 8, local_size_y = 8) in;

layout(set = 0, binding = 2, r32ui) uniform uimage2D counts;
layout(set = 0, binding = 3, rgba8) uniform image2D picture;
layout(set = 0, binding = 4) buffer arguments
{
	uint words[];
};

shared uint total[64];

void main()
{
	ivec2 at = ivec2(gl_GlobalInvocationID.xy);
	uint lane = gl_LocalInvocationIndex;
	uint local[48]; /* indexed by what is loaded: cannot stay in registers */
	uint value = imageLoad(counts, at).x;
	uint i;

	for (i = 0; i < 48; i++)
		local[i] = value * i;
	local[(value + lane) % 48] = lane;
	total[lane] = local[words[lane & 15] % 48];
	barrier();
	atomicMax(total[(lane + 1) % 64], value);
	barrier();
	value += subgroupAdd(total[lane]) + subgroupShuffleXor(value, 3);
	value += subgroupBallotBitCount(subgroupBallot(value > 7)) + subgroupQuadSwapHorizontal(value);
	if (subgroupAny(value > 100))
		value = bitfieldReverse(value) + findMSB(value);
	imageStore(picture, at, vec4(unpackHalf2x16(value), sin(float(value)), 1.0));
	if (lane == 0 && atomicCompSwap(words[31], 0, value) == 0)
		words[30] = value / 3;
}
