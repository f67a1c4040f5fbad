// SPDX-License-Identifier: MIT
#version 450

layout(constant_id = 0) const uint parts = 0u;

layout(location = 0) in vec3 smooth_in;
layout(location = 1) flat in uint flat_in;
layout(location = 2) noperspective in vec2 linear_in;

layout(location = 0) out vec4 colour;

/* What compilers look for before they know the constant is in a module of its own. */
#ifdef SIDE
layout(set = 0, binding = 0) buffer memory
{
	uint written[];
};
#endif

void main()
{
	vec4 value = vec4(0.5, 0.25, 1.0, 1.0);

	if ((parts & 8u) != 0u)
		value.xyz += smooth_in;
	if ((parts & 16u) != 0u)
		value.x += float(flat_in);
	if ((parts & 32u) != 0u)
		value.xy += linear_in;
	if ((parts & 64u) != 0u)
		value.z += float(gl_PrimitiveID);
	if ((parts & 128u) != 0u)
		value.xy += gl_PointCoord;
#ifdef SIDE
	if ((parts & 256u) != 0u)
		value.y += dFdx(value.x);
	if ((parts & 2048u) != 0u)
		written[gl_PrimitiveID] = 7u;
#endif
	if ((parts & 512u) != 0u && value.x > 3.0)
		discard;
#ifdef DEPTH
	if ((parts & 1024u) != 0u)
		gl_FragDepth = value.x * 0.5;
#endif
	if ((parts & 4096u) != 0u)
		value.w = gl_FragCoord.z;
	colour = value;
}
