// SPDX-License-Identifier: MIT
#version 450

layout(triangles, invocations = 2) in;
layout(triangle_strip, max_vertices = 6) out;

layout(location = 0) in vec4 in_colour[];
layout(location = 1) in vec2 in_uv[];
layout(location = 2) in uint in_index[];

layout(location = 0, xfb_buffer = 0, xfb_offset = 0, xfb_stride = 16) out vec4 out_colour;
layout(location = 1) out vec2 out_uv;
layout(location = 2) out uint out_index;

void main()
{
	for (int i = 0; i < 3; i++) {
		gl_Position = gl_in[i].gl_Position + vec4(0.1 * gl_InvocationID, 0.0, 0.0, 0.0);
		gl_Layer = gl_InvocationID;
		gl_ViewportIndex = gl_InvocationID;
		gl_PrimitiveID = gl_PrimitiveIDIn;
		out_colour = in_colour[i];
		out_uv = in_uv[i];
		out_index = in_index[i];
		EmitVertex();
	}
	EndPrimitive();
}
