// SPDX-License-Identifier: MIT
#version 450

layout(constant_id = 0) const bool each_sample = false;
layout(constant_id = 1) const bool writes_image = false;
layout(constant_id = 2) const bool writes_depth = false;

layout(location = 0) in vec4 colour;
layout(location = 1) noperspective in vec2 uv;
layout(location = 2) flat in uint index;

layout(location = 0) out vec4 out_colour;
layout(location = 1) out uvec2 out_index;

layout(set = 0, binding = 0) uniform sampler2D pattern;
layout(set = 0, binding = 1) uniform sampler2DShadow shadow;
layout(set = 0, binding = 2, r32ui) uniform uimage2D counts;

void main()
{
	vec4 texel = texture(pattern, uv * 2.0 - 0.25, 0.5) + textureGather(pattern, uv, 1);

	texel += texelFetch(pattern, ivec2(index & 7u, 1), 1);
	texel += textureGrad(pattern, uv, dFdxFine(uv) * 2.0, dFdyCoarse(uv));
	texel.w += texture(shadow, vec3(uv, 0.5));
	if (texel.x > 3.75)
		discard;
	if (each_sample) {
		texel += interpolateAtOffset(colour, vec2(0.25, -0.25));
		texel.x += float(gl_SampleID) + gl_SamplePosition.x;
		gl_SampleMask[0] = gl_SampleMaskIn[0] & 0xd;
	}
	if (writes_image)
		imageAtomicAdd(counts, ivec2(gl_FragCoord.xy), index);
	gl_FragDepth = writes_depth ? gl_FragCoord.z * 0.5 : gl_FragCoord.z;
	out_colour = colour * texel;
	out_index = uvec2(index, gl_FrontFacing ? 1u : 0u);
}
