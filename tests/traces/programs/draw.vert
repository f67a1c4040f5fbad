// SPDX-License-Identifier: MIT
#version 450

layout(location = 0) in vec4 position;
layout(location = 1) in vec4 colour;
layout(location = 2) in vec2 offset;

layout(location = 0) out vec4 out_colour;
layout(location = 1) out vec2 out_uv;
layout(location = 2) out uint out_index;

layout(push_constant) uniform push
{
	vec4 scale;
};

out gl_PerVertex
{
	vec4 gl_Position;
	float gl_PointSize;
	float gl_ClipDistance[1];
};

void main()
{
	gl_Position = vec4(position.xy * scale.xy + offset, position.z, 1.0);
	gl_PointSize = 3.0;
	gl_ClipDistance[0] = position.x + 0.75;
	out_colour = colour;
	out_uv = position.xy * 0.5 + 0.5;
	out_index = gl_VertexIndex + gl_InstanceIndex;
}
