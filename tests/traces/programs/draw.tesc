// SPDX-License-Identifier: MIT
#version 450

layout(vertices = 3) out;

layout(location = 0) in vec4 in_colour[];
layout(location = 1) in vec2 in_uv[];
layout(location = 2) in uint in_index[];

layout(location = 0) out vec4 out_colour[];
layout(location = 1) out vec2 out_uv[];
layout(location = 2) out uint out_index[];

void main()
{
	gl_out[gl_InvocationID].gl_Position = gl_in[gl_InvocationID].gl_Position;
	out_colour[gl_InvocationID] = in_colour[gl_InvocationID];
	out_uv[gl_InvocationID] = in_uv[gl_InvocationID];
	out_index[gl_InvocationID] = in_index[gl_InvocationID];
	if (gl_InvocationID == 0) {
		gl_TessLevelOuter[0] = 2.0 + in_colour[0].x;
		gl_TessLevelOuter[1] = 3.0;
		gl_TessLevelOuter[2] = 4.0;
		gl_TessLevelInner[0] = 3.0;
	}
}
