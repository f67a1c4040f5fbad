// SPDX-License-Identifier: MIT
#version 450
#extension GL_ARB_shader_viewport_layer_array : require

layout(constant_id = 0) const uint parts = 0u;

layout(location = 0) out vec3 out_smooth;
layout(location = 1) flat out uint out_flat;
layout(location = 2) noperspective out vec2 out_linear;

void main()
{
	float i = float(gl_VertexIndex);

	gl_Position = vec4(i * 0.25 - 1.0, mod(i, 2.0), i * 0.125, 1.0 + i * 0.5);
	if ((parts & 1u) != 0u)
		gl_PointSize = 5.0;
	if ((parts & 2u) != 0u)
		gl_Layer = gl_VertexIndex & 1;
	if ((parts & 4u) != 0u)
		gl_ViewportIndex = gl_VertexIndex & 1;
	if ((parts & 8u) != 0u)
		out_smooth = vec3(i, i * 0.5, i * i);
	if ((parts & 16u) != 0u)
		out_flat = gl_VertexIndex;
	if ((parts & 32u) != 0u)
		out_linear = vec2(i, i - 3.0);
}
