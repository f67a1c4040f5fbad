// SPDX-License-Identifier: MIT
#version 450

layout(triangles, fractional_odd_spacing, ccw) in;

layout(location = 0) in vec4 in_colour[];
layout(location = 1) in vec2 in_uv[];
layout(location = 2) in uint in_index[];

layout(location = 0) out vec4 out_colour;
layout(location = 1) out vec2 out_uv;
layout(location = 2) out uint out_index;

void main()
{
	vec3 at = gl_TessCoord;

	gl_Position = at.x * gl_in[0].gl_Position + at.y * gl_in[1].gl_Position +
		      at.z * gl_in[2].gl_Position;
	out_colour = at.x * in_colour[0] + at.y * in_colour[1] + at.z * in_colour[2];
	out_uv = at.x * in_uv[0] + at.y * in_uv[1] + at.z * in_uv[2];
	out_index = in_index[gl_PrimitiveID % 3];
}
