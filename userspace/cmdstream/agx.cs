# SPDX-License-Identifier: MIT
#
# Descriptors and control-stream words of AGX (G13, G14): the one place where a bit has its meaning.
# gen_cmdstream.py turns this file into C (agx_cs_pack.h, tables) and into docs/cmdstream.md.
#
# A line that starts at the margin begins a definition; indented lines belong to it. "| text" at a line's
# end says what a thing is.
#
#   source KEY TEXT            where facts come from: project, file. "from KEY" under a definition, or in a
#                              field's line where it differs
#   enum NAME                  names for numbers; lines: VALUE NAME | text
#   channels NAME              likewise, with the layout of texels: VALUE NAME BITS COMPONENTS [WxH]; BITS
#                              is the size of each component from the lowest bit up, r:g:b:a, or for
#                              compressed formats that of a block, COMPONENTS then how many it has
#   struct NAME BYTES TITLE    lines: BITS NAME TYPE [attribute...] | text
#   block NAME STRUCT TITLE    a word of a stream and what follows it; the STRUCT is always there
#   stream NAME TITLE          which block has which tag
#   section TITLE              chapter of the reference page
#
# BITS: 5 | 0..7 | 32..63,0..7 (the lowest bits come first). Counted from the structure's first byte.
# TYPE: uint int bool hex float half fixedN (N fraction bits) address usc, or an enumeration's name;
#   TYPE<<N+M  value = (bits << N) + M          log2     value = 1 << bits
#   xN         value = N * bits, 0 bits mean the largest: N << width
# Attributes: is V (always so: a tag), preset V (a packer's first value), range A..B, align N,
#   to TARGET (what an address leads to), if FIELD=V,V or FIELD!=V or FIELD or !FIELD (else the bits belong
#   to another field), unknown (nobody knows), from KEY.
# Parts of a block: with STRUCT [as NAME] [if ...] [times FIELD | times caller] [on g14x], in stream order;
#   pad N [if ...]; flow next|call|link|return|end [to FIELD] [if ...].

source cmdbuf Mesa, src/asahi/genxml/cmdbuf.xml
source decode Mesa, src/asahi/lib/decode.c
source linker Mesa, src/asahi/lib/agx_linker.c
source usc Mesa, src/asahi/lib/agx_usc.h
source ppp Mesa, src/asahi/lib/agx_ppp.h
source helpers Mesa, src/asahi/lib/agx_helpers.h
source view Mesa, src/asahi/vulkan/hk_image_view.c
source bufview Mesa, src/asahi/vulkan/hk_buffer_view.c
source gallium Mesa, src/gallium/drivers/asahi/agx_state.c
source dgc Mesa, src/asahi/libagx/libagx_dgc.h
source draw Mesa, src/asahi/vulkan/hk_cmd_draw.c
source queue Mesa, src/asahi/vulkan/hk_queue.c
source layout Mesa, src/asahi/layout/formats.c
source rogue Mesa, src/imagination/csbgen/rogue_cr.xml
source uapi Linux, include/uapi/drm/asahi_drm.h
source vulkan Vulkan specification, VkDrawIndirectCommand and its kin

section Common enumerations

enum channel
	doc Where a component of a texel comes from, or goes to.
	from cmdbuf
	0 r
	1 g
	2 b
	3 a
	4 one
	5 zero

enum zs_func
	doc Comparison of depth and stencil tests.
	from cmdbuf
	0 never
	1 less
	2 equal
	3 lequal
	4 greater
	5 not_equal
	6 gequal
	7 always

enum compare_func
	doc Comparison of a sampler; numbered unlike that of depth tests.
	from cmdbuf
	0 lequal
	1 gequal
	2 less
	3 greater
	4 equal
	5 not_equal
	6 always
	7 never

enum sampler_states
	doc How many sampler states a program has, and whether they have a border colour each.
	from cmdbuf
	0 none
	1 compact_4
	2 compact_8
	3 compact_12
	4 compact_16
	6 extended_8    | 24 bytes per sampler: the sampler and its border colour
	7 extended_16

section Vertex stream (VDM)

enum vdm_block_type
	doc Tag of a block in a vertex stream.
	from cmdbuf
	0 ppp_state_update
	1 barrier
	2 vdm_state_update
	3 index_list
	4 stream_link
	5 tessellate
	6 stream_terminate

enum primitive
	doc What vertices are assembled into.
	from cmdbuf
	0  points
	1  lines
	3  line_strip
	5  line_loop
	6  triangles
	9  triangle_strip
	11 triangle_fan
	14 quads
	15 quad_strip

enum index_size
	doc Size of an index: log2 of its bytes.
	from cmdbuf
	0 u8
	1 u16
	2 u32

enum vdm_vertex
	doc A vertex of a primitive.
	from cmdbuf
	0 vertex_0
	1 vertex_1
	2 vertex_2

enum partition_mode
	doc Spacing of a tessellator.
	from cmdbuf
	0 pow2
	1 integer
	2 fractional_odd
	3 fractional_even

enum step_function
	doc When a tessellator takes new factors.
	from cmdbuf
	0 constant
	1 per_patch
	2 per_instance
	3 per_patch_and_instance

enum patch_type
	doc Shape of a patch.
	from cmdbuf
	0 triangles
	1 quads

enum factor_type
	doc Format of tessellation factors.
	from cmdbuf
	0 fp16
	1 fp32

struct ppp_state 8 PPP state update
	doc Applies a record of PPP state to the draws that follow.
	from cmdbuf
	32..63,0..7 pointer address align 4 to ppp      | Address of the record.
	8..15       size_words uint range 1..255        | Length of the record in words of 4 bytes, header included.
	29..31      block_type vdm_block_type is ppp_state_update | Tag.

struct vdm_barrier 4 VDM barrier
	doc Orders what follows behind what came before, and ends a called stream.
	from cmdbuf
	3      usc_cache_invalidate bool    | Drops what the USC's caches hold.
	4      unknown_4 bool unknown from gallium  | Like bit 5, on G13 with more than one cluster.
	5      unknown_5 bool unknown from gallium  | Mesa sets 5, 6, 8, 11 and 20 to make what transform feedback wrote visible to later draws.
	6      unknown_6 bool unknown from gallium  | See bit 5.
	8      unknown_8 bool unknown from gallium  | See bit 5.
	11     unknown_11 bool unknown from gallium | See bit 5.
	20     unknown_20 bool unknown from gallium | See bit 5.
	24     unknown_24 bool unknown from gallium | Like bit 5, on GPUs with more than one cluster.
	26     unknown_26 bool unknown from gallium | Like bit 5, on G13 with more than one cluster.
	27     returns bool                 | Goes back behind the link that called this stream.
	29..31 block_type vdm_block_type is barrier | Tag.

struct vdm_state 4 VDM state
	doc First word of a state update: says which words follow.
	from cmdbuf
	0      restart_index_present bool        | The restart index follows.
	1      vertex_shader_word_0_present bool | Word 0 of the vertex shader follows.
	2      vertex_shader_word_1_present bool | Word 1 of the vertex shader follows.
	3      vertex_outputs_present bool       | The size of the vertex outputs follows.
	4      tessellation_present bool         | The tessellator's control word follows.
	5      vertex_unknown_present bool       | The word of vertex options follows.
	7      tessellation_scale_present bool   | The scale of tessellation factors follows.
	29..31 block_type vdm_block_type is vdm_state_update | Tag.

struct vdm_restart_index 4 VDM state: restart index
	doc The index that ends a strip, fan or loop where restart is enabled.
	from cmdbuf
	0..31 value hex | The index.

struct vdm_vertex_shader_0 4 VDM state: vertex shader word 0
	doc Registers that the vertex shader needs.
	from cmdbuf
	0      unknown_0 hex unknown
	1..3   uniform_register_count x64        | Uniform registers, in halves.
	4..8   texture_state_register_count x8   | Texture state registers.
	9..11  sampler_state_register_count sampler_states | Sampler state registers.
	12..15 preamble_register_count x16       | General registers of the preamble, in halves.

struct vdm_vertex_shader_1 4 VDM state: vertex shader word 1
	doc Where the vertex shader's USC words are.
	from cmdbuf
	0..1  unknown_0 hex unknown
	6..31 pipeline usc<<6 to usc | Address of its USC words.

struct vdm_vertex_outputs 4 VDM state: vertex outputs
	doc Size of what a vertex shader writes. Both counts are always the same.
	from cmdbuf
	0..7  output_count_1 uint | Words of 4 bytes per vertex.
	8..15 output_count_2 uint | Words of 4 bytes per vertex.

struct vdm_tessellation 4 VDM state: tessellation
	doc Control of the hardware tessellator. Known from Metal only; Mesa tessellates in shaders.
	from cmdbuf
	0..16  unknown_0 hex unknown
	17..18 step_function step_function       | When new factors are taken.
	19     factor_type factor_type           | Format of the factors.
	20     patch_type patch_type             | Shape of a patch.
	21..22 unknown_21 hex unknown            | Seen as 1; possibly part of the patch type.
	23..28 max_tess_factor uint+1            | Largest factor; one less for fractional odd spacing.
	29     counterclockwise bool             | Winding of the triangles that come out.
	30..31 partition_mode partition_mode     | Spacing.

struct vdm_vertex_unknown 4 VDM state: vertex options
	doc Options of vertex assembly.
	from cmdbuf
	0..1 flat_shading_control vdm_vertex | Vertex whose outputs flat varyings take (provoking vertex).
	4    unknown_4 bool unknown          | Set by drivers with rasterizer discard.
	5    unknown_5 bool unknown          | Set by drivers with rasterizer discard.
	6    generate_primitive_id bool      | Counts primitives for fragment shaders.

struct vdm_tessellation_scale 4 VDM state: tessellation scale
	doc Factor for all tessellation factors.
	from cmdbuf
	0..15 scale half preset 0x3c00 | The factor: 1 for none.

struct index_list 4 Index list
	doc A draw: its first word says which words follow.
	from cmdbuf
	0..7   index_buffer_high address<<32     | Upper part of the index buffer's address.
	8..15  primitive primitive               | What the vertices are assembled into.
	16     restart_enable bool               | The restart index ends a primitive.
	17..19 index_size index_size             | Size of an index.
	20     index_buffer_size_present bool    | The index buffer's size follows.
	21     index_buffer_present bool         | The index buffer's address follows: an indexed draw.
	22     index_count_present bool          | The number of vertices or indices follows.
	23     instance_count_present bool       | The number of instances follows.
	24     start_present bool                | The first vertex follows.
	25     unknown_1_present bool unknown    | Two words follow, the first possibly another vertex offset.
	26     indirect_buffer_present bool      | The address of the draw's arguments follows.
	27     unknown_2_present bool unknown    | One word follows.
	29..31 block_type vdm_block_type is index_list | Tag.

struct index_list_buffer 4 Index list: buffer
	doc Where the indices are.
	from cmdbuf
	0..31 buffer_low address to indices | Lower part of the address; the upper is in the first word. Direct draws: of the first index that is used.

struct index_list_count 4 Index list: count
	doc How many vertices, or indices, an instance has.
	from cmdbuf
	0..31 count uint | The number.

struct index_list_instances 4 Index list: instances
	doc How many instances are drawn.
	from cmdbuf
	0..31 count uint preset 1 range 1..0xffffffff | The number; hardware takes no 0.

struct index_list_start 4 Index list: start
	doc The first vertex, or what is added to every index.
	from cmdbuf
	0..31 start int | First vertex, or base vertex of an indexed draw.

struct index_list_unknown_1 8 Index list: unknown 1
	doc Two words of unknown use.
	from cmdbuf
	0..31  unknown_0 hex unknown | Possibly another vertex offset.
	32..63 unknown_32 hex unknown

struct index_list_indirect 8 Index list: indirect buffer
	doc Where the arguments of an indirect draw are.
	from cmdbuf
	32..63,0..7 address address align 4 to draw | Address of 4 words, of an indexed draw 5.

struct index_list_unknown_2 4 Index list: unknown 2
	doc One word of unknown use.
	from cmdbuf
	0..31 unknown_0 hex unknown

struct index_list_buffer_size 4 Index list: buffer size
	doc How large the index buffer is.
	from cmdbuf
	0..31 size uint<<2 | Bytes from the address on. Hardware does not return 0 beyond it.

struct vdm_stream_link 8 VDM stream link
	doc Goes on elsewhere, for good or until a barrier returns.
	from cmdbuf
	32..63,0..7 target address align 4 to vdm | Where the stream goes on.
	28          with_return bool              | Comes back behind this block on return.
	29..31      block_type vdm_block_type is stream_link | Tag.

struct vdm_tessellate 4 VDM tessellate
	doc A draw of patches. Known from Metal only: the order of the words that follow, and which bit announces which, are guesses.
	from cmdbuf
	0..7   factor_buffer_high address<<32   | Upper part of the factor buffer's address.
	8..19  unknown_8 hex unknown            | Seen as 0xc.
	20     unknown_20 bool unknown          | Seen set.
	21     factor_buffer_present bool       | The factor buffer's address follows.
	22     counts_present bool              | The numbers of patches and of instances follow.
	23     base_patch_present bool          | The first patch follows.
	25     base_instance_present bool       | The first instance and the instance stride follow.
	26     indirect_present bool            | The address of the arguments follows.
	28     factor_buffer_size_present bool  | The factor buffer's size follows.
	29..31 block_type vdm_block_type is tessellate | Tag.

struct vdm_tessellate_factor_buffer 4 VDM tessellate: factor buffer
	doc Where the tessellation factors are.
	from cmdbuf
	0..31 factor_buffer_low address to tessellation | Lower part of the address; the upper is in the first word.

struct vdm_tessellate_patch_count 4 VDM tessellate: patch count
	doc How many patches an instance has.
	from cmdbuf
	0..31 patch_count uint | The number.

struct vdm_tessellate_instance_count 4 VDM tessellate: instance count
	doc How many instances are drawn.
	from cmdbuf
	0..31 instance_count uint | The number.

struct vdm_tessellate_base_patch 4 VDM tessellate: base patch
	doc The first patch.
	from cmdbuf
	0..31 base_patch uint | Its number.

struct vdm_tessellate_base_instance 4 VDM tessellate: base instance
	doc The first instance.
	from cmdbuf
	0..31 base_instance uint | Its number.

struct vdm_tessellate_instance_stride 4 VDM tessellate: instance stride
	doc Distance between the factors of two instances.
	from cmdbuf
	0..31 instance_stride uint | The distance; of quads, a quarter of it.

struct vdm_tessellate_indirect 12 VDM tessellate: indirect
	doc Where the arguments of an indirect draw of patches are.
	from cmdbuf
	32..63,0..7 address address align 4 to draw | Their address.
	64..95      size uint                       | Bytes of the buffer.

struct vdm_tessellate_factor_buffer_size 4 VDM tessellate: factor buffer size
	doc How large the factor buffer is.
	from cmdbuf
	0..31 size_words uint+1 | Words of 4 bytes.

struct vdm_stream_terminate 4 VDM stream terminate
	doc Ends the stream. Drivers write 32 bytes, zero but for the tag: hardware reads ahead.
	from cmdbuf
	29..31 block_type vdm_block_type is stream_terminate | Tag.

block ppp_state_update ppp_state PPP state update
	doc Changes rasterizer and fragment state.
	from decode

block vdm_barrier vdm_barrier VDM barrier
	doc A barrier, or the end of a called stream.
	from decode
	flow return if returns

block vdm_state_update vdm_state VDM state update
	doc Changes the vertex shader and what belongs to it. What is not present stays as it was.
	from decode
	with vdm_restart_index as restart_index if restart_index_present
	with vdm_vertex_shader_0 as vertex_shader_word_0 if vertex_shader_word_0_present
	with vdm_vertex_shader_1 as vertex_shader_word_1 if vertex_shader_word_1_present
	with vdm_vertex_outputs as vertex_outputs if vertex_outputs_present
	with vdm_tessellation as tessellation if tessellation_present
	with vdm_vertex_unknown as vertex_unknown if vertex_unknown_present
	with vdm_tessellation_scale as tessellation_scale if tessellation_scale_present
	pad 8 if !tessellation_scale_present

block index_list index_list Index list
	doc Draws. Words follow in the order of their bits, except that the buffer's size comes last.
	from decode
	with index_list_buffer as index_buffer if index_buffer_present
	with index_list_count as index_count if index_count_present
	with index_list_instances as instance_count if instance_count_present
	with index_list_start as start if start_present
	with index_list_unknown_1 as unknown_1 if unknown_1_present
	with index_list_indirect as indirect_buffer if indirect_buffer_present
	with index_list_unknown_2 as unknown_2 if unknown_2_present
	with index_list_buffer_size as index_buffer_size if index_buffer_size_present

block vdm_stream_link vdm_stream_link VDM stream link
	doc Jumps or calls.
	from decode
	flow call to target if with_return
	flow link

block vdm_tessellate vdm_tessellate VDM tessellate
	doc Draws patches.
	from decode
	with vdm_tessellate_factor_buffer as factor_buffer if factor_buffer_present
	with vdm_tessellate_patch_count as patch_count if counts_present
	with vdm_tessellate_instance_count as instance_count if counts_present
	with vdm_tessellate_base_patch as base_patch if base_patch_present
	with vdm_tessellate_base_instance as base_instance if base_instance_present
	with vdm_tessellate_instance_stride as instance_stride if base_instance_present
	with vdm_tessellate_indirect as indirect if indirect_present
	with vdm_tessellate_factor_buffer_size as factor_buffer_size if factor_buffer_size_present

block vdm_stream_terminate vdm_stream_terminate VDM stream terminate
	doc Ends the stream.
	from decode
	flow end

stream vdm Vertex stream
	doc What the vertex data master (VDM) reads: state and draws. Words of 4 bytes, little-endian.
	from cmdbuf
	tag 29..31
	granule 4
	0 ppp_state_update
	1 vdm_barrier
	2 vdm_state_update
	3 index_list
	4 vdm_stream_link
	5 vdm_tessellate
	6 vdm_stream_terminate

struct draw_arguments 16 Arguments of an indirect draw
	doc In memory, where an index list's indirect buffer points, if the draw has no index buffer.
	from vulkan
	0..31   vertex_count uint   | Vertices of an instance.
	32..63  instance_count uint | Instances.
	64..95  first_vertex uint   | The first vertex.
	96..127 first_instance uint | The first instance: read by shaders alone.

struct draw_indexed_arguments 20 Arguments of an indirect indexed draw
	doc In memory, where an index list's indirect buffer points, if the draw has an index buffer.
	from vulkan
	0..31    index_count uint    | Indices of an instance.
	32..63   instance_count uint | Instances.
	64..95   first_index uint    | The first index.
	96..127  vertex_offset int   | Added to each index.
	128..159 first_instance uint | The first instance: read by shaders alone.

section Compute stream (CDM)

enum cdm_block_type
	doc Tag of a block in a compute stream.
	from cmdbuf
	0 launch
	1 stream_link
	2 stream_terminate
	3 barrier
	4 stream_return

enum cdm_mode
	doc Where a launch's sizes come from.
	from cmdbuf
	0 direct          | The stream has the global size in threads and the local size.
	1 indirect_global | Memory has the number of groups, the stream the local size.
	2 indirect_local  | Memory has the global size in threads, then the local size.

struct cdm_launch_0 4 CDM launch word 0
	doc Registers that the program needs, and where its sizes come from.
	from cmdbuf
	1..3   uniform_register_count x64        | Uniform registers, in halves.
	4..8   texture_state_register_count x8   | Texture state registers.
	9..11  sampler_state_register_count sampler_states | Sampler state registers.
	12..15 preamble_register_count x16       | General registers of the preamble, in halves.
	27..28 mode cdm_mode                     | Where the sizes come from.
	29..31 block_type cdm_block_type is launch | Tag.

struct cdm_launch_1 4 CDM launch word 1
	doc Where the program's USC words are.
	from cmdbuf
	6..31 pipeline usc<<6 to usc | Address of its USC words.

struct cdm_launch_g14x 8 CDM launch: G14X
	doc Follows the launch words on G14 with more than one cluster.
	from cmdbuf
	62 unknown_62 bool is 1 unknown | Always set.

struct cdm_indirect 8 CDM launch: indirect
	doc Where the sizes of a launch are.
	from cmdbuf
	34..63,0..7 address address<<2 to grid | Address of 3 or 6 words, as the mode says.

struct cdm_global_size 12 CDM launch: global size
	doc Threads, not groups, in each dimension; the last group of a row is cut to what is left.
	from cmdbuf
	show {x}x{y}x{z}
	0..31  x uint | Threads.
	32..63 y uint | Threads.
	64..95 z uint | Threads.

struct cdm_local_size 12 CDM launch: local size
	doc Threads of a group in each dimension.
	from cmdbuf
	show {x}x{y}x{z}
	0..31  x uint range 1..1024 | Threads.
	32..63 y uint range 1..1024 | Threads.
	64..95 z uint range 1..1024 | Threads.

struct cdm_barrier 4 CDM barrier
	doc Orders launches. Mesa sets bits 0 to 19 behind each, not knowing which are needed.
	from cmdbuf
	0..2   unknown_0 hex preset 7 unknown from dgc | Always set by Mesa.
	3      usc_cache_invalidate bool preset 1 | Drops what the USC's caches hold.
	4..20  unknown_4 hex preset 0xffff unknown from dgc | Mesa always sets the first 16. Among them are flushes of what was written (5, 6, 8; 4 on G13 with more than one cluster).
	24     unknown_24 bool unknown from dgc | Possibly for GPUs with more than one cluster.
	26     unknown_26 bool unknown from dgc | Possibly for G13 with more than one cluster.
	27     returns bool              | Declared as in vertex streams; no driver is known to use it.
	29..31 block_type cdm_block_type is barrier | Tag.

struct cdm_stream_link 8 CDM stream link
	doc Goes on elsewhere, for good or until a stream return.
	from cmdbuf
	32..63,0..7 target address align 4 to cdm | Where the stream goes on.
	28          with_return bool              | Comes back behind this block on return.
	29..31      block_type cdm_block_type is stream_link | Tag.

struct cdm_stream_terminate 8 CDM stream terminate
	doc Ends the stream.
	from cmdbuf
	29..31 block_type cdm_block_type is stream_terminate | Tag.

struct cdm_stream_return 8 CDM stream return
	doc Goes back behind the link that called this stream.
	from cmdbuf
	29..31 block_type cdm_block_type is stream_return | Tag.

block cdm_launch cdm_launch_0 CDM launch
	doc Runs a program on a grid of threads.
	from decode
	with cdm_launch_1 as launch_word_1
	with cdm_launch_g14x as g14x on g14x
	with cdm_global_size as global_size if mode=direct
	with cdm_indirect as indirect if mode=indirect_global,indirect_local
	with cdm_local_size as local_size if mode=direct,indirect_global

block cdm_stream_link cdm_stream_link CDM stream link
	doc Jumps or calls.
	from decode
	flow call to target if with_return
	flow link

block cdm_stream_terminate cdm_stream_terminate CDM stream terminate
	doc Ends the stream.
	from decode
	flow end

block cdm_barrier cdm_barrier CDM barrier
	doc Orders launches.
	from cmdbuf
	flow return if returns

block cdm_stream_return cdm_stream_return CDM stream return
	doc The end of a called stream.
	from decode
	flow return

stream cdm Compute stream
	doc What the compute data master (CDM) reads: launches. Words of 4 bytes, little-endian.
	from cmdbuf
	tag 29..31
	granule 4
	0 cdm_launch
	1 cdm_stream_link
	2 cdm_stream_terminate
	3 cdm_barrier
	4 cdm_stream_return

struct grid_arguments 12 Arguments of an indirect launch: groups
	doc In memory, where an indirect_global launch points: groups in each dimension.
	from vulkan
	show {x}x{y}x{z}
	0..31  x uint | Groups.
	32..63 y uint | Groups.
	64..95 z uint | Groups.

struct grid_local_arguments 24 Arguments of an indirect launch: threads
	doc In memory, where an indirect_local launch points: threads of the grid, then of a group.
	from cmdbuf
	show {global_x}x{global_y}x{global_z} / {local_x}x{local_y}x{local_z}
	0..31    global_x uint | Threads.
	32..63   global_y uint | Threads.
	64..95   global_z uint | Threads.
	96..127  local_x uint  | Threads of a group.
	128..159 local_y uint  | Threads of a group.
	160..191 local_z uint  | Threads of a group.

section Rasterizer and fragment state (PPP)

enum visibility_mode
	doc What an occlusion query counts.
	from cmdbuf
	0 none
	2 counting | Adds the number of samples that pass.
	3 boolean  | Notes that some sample passes.

enum polygon_mode
	doc How polygons are drawn.
	from cmdbuf
	0 fill
	1 line
	2 point

enum object_type
	doc What the rasterizer draws.
	from cmdbuf
	0 triangle
	1 line
	2 point_sprite_uv10 | Point, its second coordinate rising upwards.
	4 point_sprite_uv01 | Point, its second coordinate rising downwards.

enum stencil_op
	doc What happens to a stencil value.
	from cmdbuf
	0 keep
	1 zero
	2 replace
	3 incr_sat
	4 decr_sat
	5 invert
	6 incr_wrap
	7 decr_wrap

enum conservative_depth
	doc How a fragment shader may change the depth.
	from cmdbuf
	0 any
	1 greater
	2 less
	3 unchanged

enum pass_type
	doc When hidden surface removal may skip a fragment shader.
	from cmdbuf
	0 opaque                    | What it covers is hidden.
	1 translucent               | Reads the tile buffer: what it covers counts.
	2 punch_through             | May discard: coverage is known after the shader.
	3 translucent_punch_through | Both.

enum ppp_vertex
	doc A vertex of a primitive; numbered unlike that of the vertex stream.
	from cmdbuf
	1 vertex_0
	2 vertex_1
	3 vertex_2

struct ppp_header 4 PPP header
	doc First word of a record: says which sub-records follow, in the order of the bits.
	from cmdbuf
	0      fragment_control bool      | Fragment control follows.
	1      fragment_control_2 bool    | The fragment shader's part of it follows.
	2      fragment_front_face bool   | State of front faces follows.
	3      fragment_front_face_2 bool | More state of front faces follows.
	4      fragment_front_stencil bool | Stencil state of front faces follows.
	5      fragment_back_face bool    | State of back faces follows.
	6      fragment_back_face_2 bool  | More state of back faces follows.
	7      fragment_back_stencil bool | Stencil state of back faces follows.
	8      depth_bias_scissor bool    | Indices of depth bias and scissor follow.
	10     region_clip bool           | Region clips follow, one per viewport.
	11     viewport bool              | A control word and viewports follow.
	12..15 viewport_count uint+1      | How many.
	16     w_clamp bool               | The limit of W follows.
	17     output_select bool         | The choice of vertex outputs follows.
	18     varying_counts_32 bool     | The numbers of 32-bit varyings follow.
	19     varying_counts_16 bool     | The numbers of 16-bit varyings follow.
	21     cull bool                  | Culling state follows.
	22     cull_2 bool                | More culling state follows.
	23     fragment_shader bool       | The four fragment shader words follow.
	24     occlusion_query bool       | The query's index follows.
	25     occlusion_query_2 bool     | A word of unknown use follows.
	26     output_unknown bool        | A word of unknown use follows.
	27     output_size bool           | The size of vertex outputs follows.
	28     varying_word_2 bool        | Two words of unknown use follow.

struct fragment_control 4 Fragment control
	doc Comes twice: what the API sets, and what the fragment shader needs. Hardware combines the two by OR.
	from cmdbuf
	9      unknown_9 bool is 1 unknown     | Always set.
	14..15 visibility_mode visibility_mode | What occlusion queries count.
	16     scissor_enable bool             | Applies the scissor.
	17     depth_bias_enable bool          | Applies the depth bias.
	18     stencil_test_enable bool        | Does the stencil test.
	19     two_sided_stencil bool          | Back faces have stencil state of their own.
	21     tag_write_disable bool          | No fragment shader will run.
	25     sample_mask_after_depth_stencil bool | The sample mask applies behind depth and stencil tests.
	26     disable_tri_merging bool        | Triangles of a draw do not share quads.
	29..31 pass_type pass_type             | What hidden surface removal may do.

struct fragment_face 4 Fragment face
	doc State of front or back faces that the API sets.
	from cmdbuf
	0..7   stencil_reference hex          | Reference value of the stencil test.
	8..15  line_width fixed4+1            | Width of lines in pixels.
	18..19 polygon_mode polygon_mode      | How polygons are drawn.
	21     disable_depth_write bool       | Depth is not written, if the second word agrees.
	22..23 unknown_22 hex unknown         | Belongs to the visibility test.
	24..26 depth_function zs_func         | Depth test; that of the second word must pass as well.

struct fragment_face_2 4 Fragment face 2
	doc State of front or back faces that depends on the fragment shader.
	from cmdbuf
	21     disable_depth_write bool preset 1 | Depth is not written, if the first word agrees.
	22..23 conservative_depth conservative_depth preset unchanged | What a shader does to the depth.
	24..26 depth_function zs_func preset always | Depth test; that of the first word must pass as well.
	28..31 object_type object_type           | What is drawn.

struct fragment_stencil 4 Fragment stencil
	doc Stencil state of front or back faces.
	from cmdbuf
	0..7   write_mask hex          | Bits that may change.
	8..15  read_mask hex           | Bits that are compared.
	16..18 depth_pass stencil_op   | Both tests pass.
	19..21 depth_fail stencil_op   | The depth test fails.
	22..24 stencil_fail stencil_op | The stencil test fails.
	25..27 compare zs_func         | The stencil test.

struct depth_bias_scissor 4 Depth bias and scissor
	doc Which entries of the command's arrays apply.
	from cmdbuf
	0..15  scissor uint    | Scissor of viewport 0; viewport n has that n further on.
	16..31 depth_bias uint | Depth bias.

struct region_clip 8 Region clip
	doc Drops tiles, not pixels: limits in units of 32 pixels.
	from cmdbuf
	0..8   max_x uint+1 | One past the last column.
	16..24 min_x uint   | First column.
	31     enable bool  | Clips.
	32..40 max_y uint+1 | One past the last row.
	48..56 min_y uint   | First row.

struct viewport_control 4 Viewport control
	doc Comes before the viewports; only zero is known.
	from cmdbuf

struct viewport 24 Viewport
	doc From normalized coordinates to those of the framebuffer: translate + scale * coordinate. Does not clip.
	from cmdbuf
	0..31    translate_x float | Middle.
	32..63   scale_x float     | Half of the width.
	64..95   translate_y float | Middle.
	96..127  scale_y float     | Half of the height.
	128..159 translate_z float | Depth at 0.
	160..191 scale_z float     | Depth at 1, less that at 0.

struct w_clamp 4 W clamp
	doc Least value of W before the division.
	from cmdbuf
	0..31 w_clamp float preset 0x2edbe6ff | Mesa's is 1e-10.

struct output_select 4 Output select
	doc What a vertex shader writes, and what fragment shaders take.
	from cmdbuf
	0..15 clip_distance_planes hex | Clip distances that are written: one bit each.
	16    varyings bool           | Fragment shaders read varyings.
	18    point_size bool         | The size of points is written.
	19    viewport_target bool    | The viewport's index is written.
	20    render_target bool      | The layer's index is written.
	21    frag_coord_z bool       | Fragment shaders read the depth.
	22    barycentric_coordinates bool | Fragment shaders read barycentric coordinates.

struct varying_counts 4 Varying counts
	doc How many words of varyings of each kind; comes once for 32-bit and once for 16-bit varyings.
	from cmdbuf
	0..7   smooth uint | Interpolated with perspective.
	8..15  flat uint   | Not interpolated.
	16..23 linear uint | Interpolated in screen space.

struct cull 4 Cull
	doc Culling, clipping and what goes with them.
	from cmdbuf
	0    cull_front bool               | Drops front faces.
	1    cull_back bool                | Drops back faces.
	7..8 flat_shading_vertex ppp_vertex | Vertex whose outputs flat varyings take.
	10   depth_clip bool               | Clips at the near and far planes.
	11   depth_clamp bool              | Clamps depth to the viewport's range.
	15   primitive_msaa bool from draw | Mesa sets it for lines that Bresenham's rule draws.
	16   front_face_ccw bool           | Counterclockwise triangles are front faces.
	17   rasterizer_discard bool       | Drops all.

struct cull_2 4 Cull 2
	doc More of the same.
	from cmdbuf
	5  clamp_w bool preset 1   | Applies the W clamp.
	9  draw_clipped_edges bool | Edges that clipping makes are drawn where polygons are drawn as lines.
	12 needs_primitive_id bool | Fragment shaders read the primitive's number.
	17 rasterizer_discard bool | Drops all.

struct fragment_shader_0 4 Fragment shader word 0
	doc Registers that the fragment shader needs.
	from cmdbuf
	0      unknown_0 hex unknown
	1..3   uniform_register_count x64        | Uniform registers, in halves.
	4..8   texture_state_register_count x8   | Texture state registers.
	9..11  sampler_state_register_count sampler_states | Sampler state registers.
	12..15 preamble_register_count x16       | General registers of the preamble, in halves.
	16..22 cf_binding_count uint             | Bindings of coefficient registers.

struct fragment_shader_1 4 Fragment shader word 1
	doc Where the fragment shader's USC words are.
	from cmdbuf
	0..1  unknown_0 hex unknown
	6..31 pipeline usc<<6 to usc | Address of its USC words.

struct fragment_shader_2 4 Fragment shader word 2
	doc Where the bindings of coefficient registers are.
	from cmdbuf
	2..31 cf_bindings usc<<2 to cf | Their address, or 0.

struct fragment_shader_3 4 Fragment shader word 3
	doc Small values that seem to depend on textures and uniforms; Mesa's GL driver alone sets any.
	from cmdbuf
	0..3 unknown_0 hex unknown

struct fragment_occlusion_query 4 Occlusion query
	doc Which counter an occlusion query uses.
	from cmdbuf
	17..31 index uint | Number of the 8-byte counter in the command's array.

struct fragment_occlusion_query_2 4 Occlusion query 2
	doc Unknown.
	from cmdbuf
	0..16 unknown_0 hex unknown

struct output_unknown 4 Output unknown
	doc Only zero is known.
	from cmdbuf

struct output_size 4 Output size
	doc Size of what a vertex shader writes; the same as in the vertex stream.
	from cmdbuf
	0..31 count uint | Words of 4 bytes per vertex.

struct varying_2 8 Varying word 2
	doc Only zero is known.
	from cmdbuf

block ppp_record ppp_header PPP record
	doc What a PPP state update points at. What is not present stays as it was. Nothing is padded.
	from decode
	with fragment_control if fragment_control
	with fragment_control as fragment_control_2 if fragment_control_2
	with fragment_face as fragment_front_face if fragment_front_face
	with fragment_face_2 as fragment_front_face_2 if fragment_front_face_2
	with fragment_stencil as fragment_front_stencil if fragment_front_stencil
	with fragment_face as fragment_back_face if fragment_back_face
	with fragment_face_2 as fragment_back_face_2 if fragment_back_face_2
	with fragment_stencil as fragment_back_stencil if fragment_back_stencil
	with depth_bias_scissor if depth_bias_scissor
	with region_clip if region_clip times viewport_count
	with viewport_control if viewport
	with viewport if viewport times viewport_count
	with w_clamp if w_clamp
	with output_select if output_select
	with varying_counts as varying_counts_32 if varying_counts_32
	with varying_counts as varying_counts_16 if varying_counts_16
	with cull if cull
	with cull_2 if cull_2
	with fragment_shader_0 as fragment_shader_word_0 if fragment_shader
	with fragment_shader_1 as fragment_shader_word_1 if fragment_shader
	with fragment_shader_2 as fragment_shader_word_2 if fragment_shader
	with fragment_shader_3 as fragment_shader_word_3 if fragment_shader
	with fragment_occlusion_query as occlusion_query if occlusion_query
	with fragment_occlusion_query_2 as occlusion_query_2 if occlusion_query_2
	with output_unknown if output_unknown
	with output_size if output_size
	with varying_2 as varying_word_2 if varying_word_2

stream ppp PPP record
	doc State of rasterizer and fragment shaders (PPP): one block, in memory where a PPP state update points.
	from cmdbuf
	granule 4
	0 ppp_record

struct scissor 16 Scissor
	doc Entry of the command's scissor array. Maxima are not included.
	from cmdbuf
	show {min_x},{min_y}..{max_x},{max_y} z {min_z}..{max_z}
	0..15   max_x uint  | Right edge.
	16..31  min_x uint  | Left edge.
	32..47  max_y uint  | Lower edge.
	48..63  min_y uint  | Upper edge.
	64..95  min_z float | Least depth.
	96..127 max_z float | Largest depth.

struct depth_bias 12 Depth bias
	doc Entry of the command's depth bias array: 12 bytes, not padded.
	from cmdbuf
	0..31  depth_bias float  | Constant part.
	32..63 slope_scale float | Factor of the largest slope.
	64..95 clamp float       | Limit.

section Coefficient register bindings (CF)

enum shade_model
	doc How a varying is interpolated.
	from cmdbuf
	0 flat_vertex_0
	2 flat_vertex_2
	3 linear
	6 flat_vertex_1
	7 perspective

enum coefficient_source
	doc What fills coefficient registers.
	from cmdbuf
	0 varying
	1 fragcoord_z
	2 point_coord
	3 primitive_id
	5 barycentric_coord | Two components.

struct cf_binding_header 4 CF binding header
	doc First word of a list of bindings.
	from cmdbuf
	0..7  number_of_32_bit_slots uint | Words per vertex that the fragment shader takes.
	8..15 number_of_coefficient_registers uint | Registers that are filled.

struct cf_binding 4 CF binding
	doc Fills coefficient registers of a fragment shader.
	from cmdbuf
	0..1   components uint+1                | How many registers.
	2..4   shade_model shade_model          | How they are interpolated.
	5..7   source coefficient_source        | What from.
	8..15  base_slot uint                   | First word: 0 is W, 1 is Z if that is read, then the vertex outputs behind the position.
	16..23 base_coefficient_register uint   | First register.

block cf_bindings cf_binding_header CF bindings
	doc A header, then as many bindings as fragment shader word 0 says.
	from decode
	with cf_binding as binding times caller

stream cf CF bindings
	doc Which varyings go to which coefficient registers: one block, in memory where fragment shader word 2 points.
	from cmdbuf
	granule 4
	0 cf_bindings

section Words that bind a program (USC)

enum usc_control
	doc Tag of a USC word: its first byte.
	from cmdbuf
	0x0d shader
	0x1d uniform
	0x38 preshader
	0x3d uniform_high
	0x4d shared
	0x58 fragment_properties
	0x88 no_preshader
	0x8d registers
	0x9d sampler
	0xdd texture

enum shared_layout
	doc How local memory is divided: the tile's size in pixels for fragment shaders.
	from cmdbuf
	0x24 vertex_compute
	0x2f tile_32x32
	0x36 tile_16x16
	0x3f tile_32x16

struct usc_uniform 8 USC uniform
	doc Fills uniform registers from memory.
	from cmdbuf
	0..7   tag usc_control is uniform     | Tag.
	8..15  start uint                     | First register, in halves.
	20..25 size x1                        | How many, in halves.
	26..63 buffer address<<2 to uniforms  | Where from.

struct usc_uniform_high 8 USC uniform high
	doc Fills uniform registers from 256 halves on from memory.
	from cmdbuf
	0..7   tag usc_control is uniform_high | Tag.
	8..15  start uint                      | First register, in halves, less 256.
	20..25 size x1                         | How many, in halves.
	26..63 buffer address<<2 to uniforms   | Where from.

struct usc_texture 8 USC texture
	doc Fills texture state registers from memory: 24 bytes each, of a texture or a PBE.
	from cmdbuf
	0..7   tag usc_control is texture     | Tag.
	8..15  start uint                     | First register.
	20..26 count uint                     | How many. The split between this field and the address is not certain.
	27..62 buffer address<<3 to textures  | Where from.

struct usc_sampler 8 USC sampler
	doc Fills sampler state registers from memory: 8 bytes each, or 24 with a border colour.
	from cmdbuf
	0..7   tag usc_control is sampler     | Tag.
	8..15  start uint                     | First register.
	20..26 count uint                     | How many. The split between this field and the address is not certain.
	27..62 buffer address<<3 to samplers  | Where from.

struct usc_shared 4 USC shared
	doc Divides local memory: threadgroup memory, or the tile buffer.
	from cmdbuf
	0..7   tag usc_control is shared     | Tag.
	8      uses_shared_memory bool       | The program uses it.
	10..15 layout shared_layout          | How it is divided.
	16..17 sample_count log2 range 1..4  | Samples per pixel.
	20..23 sample_stride uint<<3         | Bytes of tile buffer per sample.
	24..31 bytes_per_threadgroup x256    | Bytes per group, or per tile.

struct usc_shader 6 USC shader
	doc Names the program. Six bytes long.
	from cmdbuf
	0..7   tag usc_control is shader | Tag.
	8      loads_varyings bool       | Coefficient registers are bound.
	9      unknown_9 bool unknown    | Seen set by Metal for fragment shaders that run per pixel.
	10..15 unknown_10 uint unknown from linker | Mesa sets 2 for fragment shaders, 3 for others, 0 for programs at the ends of a tile.
	16..47 code usc to shader        | Address of the code.

struct usc_registers 4 USC registers
	doc General registers that the program needs.
	from cmdbuf
	0..7   tag usc_control is registers | Tag.
	8..12  register_count x8            | Registers, in halves.
	13     unknown_13 bool unknown from linker | Mesa sets it for fragment shaders.
	18..21 spill_size hex               | Class of scratch memory's size, 0 for none.
	24..31 unknown_24 hex preset 1 unknown from linker | Mesa sets 1, except for compute programs and those at the ends of a tile.

struct usc_no_preshader 2 USC no preshader
	doc Ends the list.
	from cmdbuf
	0..7 tag usc_control is no_preshader | Tag.

struct usc_preshader 8 USC preshader
	doc Names the preamble, a program that runs once, and ends the list.
	from cmdbuf
	0..7   tag usc_control is preshader   | Tag.
	8..31  unknown_8 hex is 0xc08000 unknown | Always this value.
	32..63 code usc to shader             | Address of the code.

struct usc_fragment_properties 4 USC fragment properties
	doc What a fragment shader does to coverage.
	from cmdbuf
	0..7   tag usc_control is fragment_properties | Tag.
	8      early_z_testing bool           | Tests before the shader: it does not change the sample mask.
	9      unknown_9 bool preset 1 unknown | Always set by Mesa.
	10     unconditional_discard_1 bool   | The shader drops all.
	11     unconditional_discard_2 bool   | The shader drops all.
	12..15 unknown_12 hex preset 0xf unknown | Mesa sets 0xf.
	16..23 unknown_16 hex preset 2 unknown from linker | Mesa sets 2.
	24..31 unknown_24 hex unknown from linker | Mesa sets 0.

block usc_uniform usc_uniform USC uniform
	doc Fills uniform registers below 256 halves.
	from decode

block usc_uniform_high usc_uniform_high USC uniform high
	doc Fills uniform registers from 256 halves on.
	from decode

block usc_texture usc_texture USC texture
	doc Fills texture state registers.
	from decode

block usc_sampler usc_sampler USC sampler
	doc Fills sampler state registers.
	from decode

block usc_shared usc_shared USC shared
	doc Divides local memory.
	from decode

block usc_shader usc_shader USC shader
	doc Names the program.
	from decode

block usc_registers usc_registers USC registers
	doc Sizes the register file.
	from decode

block usc_fragment_properties usc_fragment_properties USC fragment properties
	doc Says what a fragment shader does to coverage.
	from decode

block usc_no_preshader usc_no_preshader USC no preshader
	doc Ends the list of a program without preamble.
	from decode
	flow end

block usc_preshader usc_preshader USC preshader
	doc Names the preamble and ends the list.
	from decode
	flow end

stream usc List of USC words
	doc Binds a program to its registers: packed to the byte, the first byte of each word is its tag. The order of words does not matter, except that one of the preshader words is last.
	from cmdbuf
	tag 0..7
	granule 1
	0x0d usc_shader
	0x1d usc_uniform
	0x38 usc_preshader
	0x3d usc_uniform_high
	0x4d usc_shared
	0x58 usc_fragment_properties
	0x88 usc_no_preshader
	0x8d usc_registers
	0x9d usc_sampler
	0xdd usc_texture

struct counts 4 Counts
	doc Registers that a program outside of a stream needs: rsrc_spec of background and end-of-tile programs.
	from cmdbuf
	0      unknown_0 hex unknown
	1..3   uniform_register_count x64        | Uniform registers, in halves.
	4..8   texture_state_register_count x8   | Texture state registers.
	9..11  sampler_state_register_count sampler_states | Sampler state registers.
	12..15 preamble_register_count x16       | General registers of the preamble, in halves.
	16..31 unknown_16 hex unknown            | Mesa's GL driver sets 0xffff for background programs, its Vulkan driver 0. Fragment shader word 0 has its binding count here.

section Textures and images

enum layout
	doc Order of texels in memory. Until 2024 Mesa called 1 null, 2 twiddled and 3 compressed.
	from cmdbuf
	0 linear
	1 twiddled    | Morton order over the whole level.
	2 gpu         | Tiles of 16 KiB, Morton order within.
	3 interchange | Layout that other units read.

channels channels
	doc Size and number of a texel's components, or the method of compression. The first component is in the lowest bits.
	from cmdbuf
	0x00 r8 8 1
	0x09 r16 16 1
	0x0a r8g8 8:8 2
	0x0b r5g6b5 5:6:5 3
	0x0c r4g4b4a4 4:4:4:4 4
	0x0d a1r5g5b5 1:5:5:5 4
	0x0e r5g5b5a1 5:5:5:1 4
	0x21 r32 32 1
	0x23 r16g16 16:16 2
	0x25 r11g11b10 11:11:10 3 | Floats without a sign.
	0x26 r10g10b10a2 10:10:10:2 4
	0x27 r9g9b9e5 32 3 | Three mantissas of 9 bits and an exponent of 5 for all.
	0x28 r8g8b8a8 8:8:8:8 4
	0x31 r32g32 32:32 2
	0x32 r16g16b16a16 16:16:16:16 4
	0x36 r32g32b32_emulated 32:32:32 3 | Mesa's own: its shaders read buffers of this format without the texture unit.
	0x38 r32g32b32a32 32:32:32:32 4
	0x40 gbgr_422 32 3 2x1 | Subsampled; swizzle BRG1.
	0x41 bgrg_422 32 3 2x1 | Subsampled; swizzle BRG1.
	0x50 pvrtc_2bpp 64 4 8x4
	0x51 pvrtc_4bpp 64 4 4x4
	0x58 etc2_rgb8 64 3 4x4
	0x59 etc2_rgba8 128 4 4x4
	0x5a etc2_rgb8a1 64 4 4x4
	0x5b eac_r11 64 1 4x4
	0x5c eac_rg11 128 2 4x4
	0x60 astc_4x4 128 4 4x4
	0x61 astc_5x4 128 4 5x4
	0x62 astc_5x5 128 4 5x5
	0x63 astc_6x5 128 4 6x5
	0x64 astc_6x6 128 4 6x6
	0x65 astc_8x5 128 4 8x5
	0x66 astc_8x6 128 4 8x6
	0x67 astc_8x8 128 4 8x8
	0x68 astc_10x5 128 4 10x5
	0x69 astc_10x6 128 4 10x6
	0x6a astc_10x8 128 4 10x8
	0x6b astc_10x10 128 4 10x10
	0x6c astc_12x10 128 4 12x10
	0x6d astc_12x12 128 4 12x12
	0x74 bc1 64 4 4x4
	0x75 bc2 128 4 4x4
	0x76 bc3 128 4 4x4
	0x77 bc4 64 1 4x4
	0x78 bc5 128 2 4x4
	0x79 bc6h 128 3 4x4
	0x7a bc6h_ufloat 128 3 4x4
	0x7b bc7 128 4 4x4

enum texture_type
	doc What a component's bits mean.
	from cmdbuf
	0 unorm
	1 snorm
	2 uint
	3 sint
	4 float
	5 xr | Extended range.

enum texture_dimension
	doc Shape of an image.
	from cmdbuf
	0 1d
	1 1d_array
	2 2d
	3 2d_array
	4 2d_multisampled
	5 3d
	6 cube
	7 cube_array
	8 2d_array_multisampled

enum sample_count
	doc Samples of a multisampled image.
	from cmdbuf
	0 samples_2
	1 samples_4

enum image_mode
	doc Whether the address leads to texels or to a table of pages.
	from cmdbuf
	0 normal
	1 counters        | Not sparse; seen on macOS, probably counts accesses.
	2 sparse_counters | Sparse; seen on macOS.
	3 sparse

struct texture 24 Texture
	doc An image, or a buffer, that the texture unit reads. Two thirds of the bits have one meaning; the others depend on layout and extended. Until 2024 Mesa had bit 105 for null textures.
	from cmdbuf
	show {dimension} {width}x{height} {channels} {type} {layout}
	0..3     dimension texture_dimension     | Shape.
	4..5     layout layout                   | Order of texels.
	6..12    channels channels               | Format.
	13..15   type texture_type               | What the components mean.
	16..18   swizzle_r channel preset r      | What shaders get as red.
	19..21   swizzle_g channel preset g      | What shaders get as green.
	22..24   swizzle_b channel preset b      | What shaders get as blue.
	25..27   swizzle_a channel preset a      | What shaders get as alpha.
	28..41   width uint+1                    | Texels of a row of level 0.
	42..55   height uint+1                   | Rows of level 0.
	56..59   first_level uint                | First level of the view.
	60..63   last_level uint                 | Last level of the view.
	64       samples sample_count            | Samples, of multisampled dimensions.
	66..101  address address<<4 to image     | First layer's level 0; sparse: the table of pages.
	102      mipmapped bool from view        | The image has more than one level, even if the view shows one.
	103      compressed bool                 | Texels are compressed, by the method that is private to the GPU.
	104..105 mode image_mode                 | What the address leads to.
	106..107 compression hex unknown         | Seen as 0.
	108      srgb bool                       | Red, green and blue are sRGB.
	109      srgb_2_channel bool             | Set in addition if there are two components.
	110..126 stride uint<<4+16 if layout=linear | Bytes of a row.
	110..123 depth uint+1 if layout!=linear  | Layers, cubes or slices.
	126      page_aligned_layers bool if layout!=linear | Layers start at pages of 16 KiB.
	127      extended bool                   | The third part has one of the meanings for hardware.
	128..163 acceleration_buffer address<<4 to metadata if extended if layout!=linear | Metadata of compressed texels.
	128..138 depth_linear uint+1 if extended if layout=linear | Layers.
	139..165 layer_stride_linear uint<<7+128 if extended if layout=linear | Bytes of a layer.
	128..159 buffer_size_sw uint if !extended if layout=linear from bufview | Mesa's own, for its shaders: texels of a texel buffer.
	160..191 buffer_offset_sw uint if !extended if layout=linear from bufview | Mesa's own, for its shaders: texels between the address and the first.

struct pbe 24 PBE
	doc An image that the pixel back end writes: from shaders, or at a tile's end. Until 2024 Mesa's own fields had other places: tile height at 158, layer stride at 161, samples at 188.
	from cmdbuf
	show {dimension} {width}x{height} {channels} {type} {layout}
	0..3     dimension texture_dimension preset 2d | Shape.
	4..5     layout layout                   | Order of texels.
	6..12    channels channels               | Format.
	13..15   type texture_type               | What the components mean.
	16..17   swizzle_r channel preset r      | What is written as the first component.
	18..19   swizzle_g channel preset g      | What is written as the second component.
	20..21   swizzle_b channel preset b      | What is written as the third component.
	22..23   swizzle_a channel preset a      | What is written as the fourth component.
	24..37   width uint+1                    | Texels of a row of level 0.
	38..51   height uint+1                   | Rows of level 0.
	52       unknown_52 bool unknown
	53       rotate_90 bool                  | Turns.
	54       flip_vertical bool              | Mirrors.
	56       samples sample_count            | Samples, of multisampled dimensions.
	58       mipmapped bool from view        | The image has more than one level.
	59       compressed bool                 | Texels are compressed, by the method that is private to the GPU.
	60..61   mode image_mode                 | What the address leads to.
	64..99   buffer address<<4 to image      | First layer's level 0.
	100..103 level uint                      | Level that is written.
	104..124 stride uint+4 if layout=linear  | Bytes of a row.
	104..107 levels uint+1 if layout!=linear | Levels of the image.
	108..121 layers uint+1 if layout!=linear | Layers, cubes or slices.
	124      page_aligned_layers bool if layout!=linear | Layers start at pages of 16 KiB.
	125      srgb bool                       | Converts to sRGB; what is written at a tile's end is converted already.
	127      extended bool                   | The third part has one of the meanings for hardware.
	128..163 acceleration_buffer address<<4 to metadata if extended if layout!=linear | Metadata of compressed texels.
	128..138 depth_linear uint+1 if extended if layout=linear | Layers.
	139..165 layer_stride_linear uint<<7+128 if extended if layout=linear | Bytes of a layer.
	128..154 level_offset_sw uint<<7 if !extended if layout!=linear from view | Mesa's own, for atomics: bytes from a layer's start to the level.
	143..144 sample_count_log2_sw uint if !extended if layout=linear from view | Mesa's own, for multisampled images, which it writes as linear ones.
	128..142 aligned_width_msaa_sw uint if !extended if layout=linear if sample_count_log2_sw!=0 from view | Mesa's own, likewise: texels of a row of tiles.
	128..142 buffer_offset_sw uint if !extended if layout=linear if sample_count_log2_sw=0 from bufview | Mesa's own, for texel buffers: texels between the address and the first.
	155..158 tile_width_sw log2 if !extended from view | Mesa's own, for atomics and multisampled images: texels of a tile's row.
	159..162 tile_height_sw log2 if !extended from view | Mesa's own, likewise: rows of a tile.
	163..189 layer_stride_sw uint<<7 if !extended from view | Mesa's own, likewise: bytes of a layer.

struct sparse_block 4 Sparse block
	doc Entry of the table that a sparse texture's address leads to: one per page of 16 KiB.
	from cmdbuf
	0..25 address address<<14 to image | Address of the page.
	30    unknown_30 bool unknown from queue | Set for enabled entries, by macOS as well.
	31    enabled bool                 | The page is there: else reads return 0 and writes vanish.

enum wrap
	doc What lies beyond an image's edge.
	from cmdbuf
	0 clamp_to_edge
	1 repeat
	2 mirrored_repeat
	3 clamp_to_border
	4 clamp_gl
	5 mirrored_clamp_to_edge

enum mip_filter
	doc How levels are chosen.
	from cmdbuf
	0 none
	1 nearest
	2 linear

enum border_colour
	doc Colour beyond the edge.
	from cmdbuf
	0 transparent_black
	1 opaque_black
	2 opaque_white
	3 custom | From the border descriptor behind the sampler.

enum filter
	doc How texels are chosen.
	from cmdbuf
	0 nearest
	1 linear
	2 bicubic

struct sampler 8 Sampler
	doc How the texture unit reads.
	from cmdbuf
	0..9   minimum_lod fixed6 range 0..0x380 | Least level of detail.
	10..19 maximum_lod fixed6 range 0..0x380 | Largest level of detail.
	20..22 maximum_anisotropy log2 range 1..16 | Most samples of anisotropic filtering.
	23..24 magnify filter                 | Filter for texels larger than pixels.
	25..26 minify filter                  | Filter for texels smaller than pixels.
	27..28 mip_filter mip_filter          | How levels are chosen.
	29..31 wrap_s wrap                    | Beyond the edge, across.
	32..34 wrap_t wrap                    | Beyond the edge, down.
	35..37 wrap_r wrap                    | Beyond the edge, in depth.
	38     pixel_coordinates bool         | Coordinates count texels.
	39..41 compare_func compare_func      | Comparison, of depth textures.
	42     compare_enable bool            | Compares.
	55..56 border_colour border_colour    | Colour beyond the edge.
	57     seamful_cube_maps bool         | Does not filter across a cube's edges.

struct border 16 Border colour
	doc Behind a sampler of an extended sampler state: the colour's components as bits of the texture's format.
	from cmdbuf
	0..31   channel_0 hex | First component.
	32..63  channel_1 hex | Second component.
	64..95  channel_2 hex | Third component.
	96..127 channel_3 hex | Fourth component.

section Registers in commands

enum zls_format
	doc Format of depth in memory.
	from cmdbuf
	0 float_32
	2 unorm_16

enum zls_tiling
	doc Order of depth or stencil values in memory.
	from cmdbuf
	0 gpu
	1 twiddled

struct zls_control 8 ZLS control
	doc Which of depth (Z) and stencil (S) are loaded and stored at a tile's ends: zls_ctrl of a render command. Until 2024 Mesa had other names for bits 1 to 8.
	from cmdbuf
	0      unknown_0 bool unknown
	1      z_load_tiling zls_tiling   | Order of depth values that are loaded.
	2      z_load_compress bool       | They are compressed.
	3      s_load_tiling zls_tiling   | Order of stencil values that are loaded.
	4      s_load_compress bool       | They are compressed.
	5      z_store_tiling zls_tiling  | Order of depth values that are stored.
	6      z_store_compress bool      | They become compressed.
	7      s_store_tiling zls_tiling  | Order of stencil values that are stored.
	8      s_store_compress bool      | They become compressed.
	14     s_load bool                | Loads stencil.
	15     z_load bool                | Loads depth.
	18     s_store bool               | Stores stencil.
	19     z_store bool               | Stores depth.
	25..26 z_format zls_format        | Format of depth.
	56     z_resolve bool             | Stores one sample of depth.
	58     s_resolve bool             | Stores one sample of stencil.

struct isp_zls_pixels 4 ISP ZLS pixels
	doc Size of the depth and stencil buffers: isp_zls_pixels of a render command.
	from cmdbuf
	show {x}x{y}
	0..14  x uint+1 | Width.
	15..29 y uint+1 | Height.

struct isp_bgobjvals 4 ISP background object values
	doc What a tile's stencil starts with if it is not loaded: isp_bgobjvals of a render command.
	from rogue
	0..7 stencil hex               | The value.
	8    mask bool preset 1        | Always set by Mesa.
	9    enable_bg_tag bool preset 1 | Always set by Mesa.

struct isp_bgobjdepth 4 ISP background object depth
	doc What a tile's depth starts with if it is not loaded and ZLS control says float_32: isp_bgobjdepth of a render command.
	from uapi
	0..31 depth float | The value.

struct isp_bgobjdepth_16 4 ISP background object depth, 16 bits
	doc Likewise, if ZLS control says unorm_16.
	from uapi
	0..15 depth uint | The value: 65535 is 1.

struct zls_stride 4 ZLS stride
	doc Distance of layers of a depth or stencil buffer: stride of a render command's buffers. Zero if there are none.
	from draw
	0      layered bool         | There are layers.
	14..31 stride uint<<14+16384 | Bytes from one layer to the next.

struct zls_metadata_stride 4 ZLS metadata stride
	doc Distance of layers of a depth or stencil buffer's metadata: comp_stride of a render command's buffers. Zero if there are none.
	from draw
	14..31 stride uint<<7+128 | Bytes from one layer's metadata to the next.

struct ppp_control 4 PPP control
	doc ppp_ctrl of a render command.
	from cmdbuf
	0 opengl bool             | Depth of clip coordinates goes from -w to w.
	1 enable_w_clamp bool preset 1 | W clamps apply.
	8 default_point_size bool | Points whose size is not written have size 1.
	9 fixed_point_format uint preset 1 | Precision of coordinates; Mesa sets 1.

struct ppp_multisamplectl 8 PPP multisample control
	doc Positions of samples in units of 1/16 pixel: ppp_multisamplectl of a render command.
	from uapi
	show {x0},{y0} {x1},{y1} {x2},{y2} {x3},{y3}
	0..3   x0 fixed4 | Sample 0.
	4..7   y0 fixed4 | Sample 0.
	8..11  x1 fixed4 | Sample 1.
	12..15 y1 fixed4 | Sample 1.
	16..19 x2 fixed4 | Sample 2.
	20..23 y2 fixed4 | Sample 2.
	24..27 x3 fixed4 | Sample 3.
	28..31 y3 fixed4 | Sample 3.

struct isp_merge_upper 4 ISP merge limit
	doc Limit for the merging of triangles: isp_merge_upper_x and _y of a render command. Mesa sets tan 60 degrees divided by the width or height.
	from queue
	0..31 limit float | The limit.

struct bg_eot 4 Background or end-of-tile program
	doc USC words of the program: usc of a render command's bg, eot, partial_bg and partial_eot.
	from queue
	0..2  unknown_0 hex preset 4 unknown | Mesa sets 4; all of the word is 0 where there is no program.
	6..31 pipeline usc<<6 to usc         | Address of its USC words.

struct helper_binary 4 Helper program
	doc Program that manages scratch memory: binary of a command's helper programs.
	from decode
	0     enable bool            | There is one.
	1..31 code usc<<1 to shader  | Address of its code; not of USC words.

struct helper_config 4 Helper configuration
	doc cfg of a command's helper programs.
	from queue
	16 preamble_scratch bool | Preambles use scratch memory.

struct render_flags 4 Flags of a render command
	doc flags of a render command.
	from uapi
	0  vertex_scratch bool       | Vertex shaders use scratch memory.
	1  process_empty_tiles bool  | Tiles that nothing is drawn to are processed as well: cleared.
	2  no_vertex_clustering bool | Vertices are not spread over clusters; for debugging.
	18 dbias_is_int bool         | Depth biases count in steps of a 16-bit depth.

struct compute_flags 4 Flags of a compute command
	doc flags of a compute command; none is defined.
	from uapi
