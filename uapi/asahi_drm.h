/* SPDX-License-Identifier: MIT */
/*
 * The asahi DRM uAPI: what a program says to the driver of an Apple AGX GPU, and hears back.
 *
 * The ABI is the one of Linux 6.16 and later (include/uapi/drm/asahi_drm.h); a program that is
 * written for the kernel's header compiles with this one and gives the same bytes, and the
 * include guard is the same, so that either header may come first. tests/uapi proves it.
 *
 * How the ABI behaves:
 *
 *  - Each structure is a multiple of 8 bytes long and has no hidden holes: a hole is a member
 *    named pad, and pad must be zero, as must reserved flags. Otherwise the call gives -EINVAL.
 *  - "user pointer" members hold a CPU address of the caller widened to 64 bits, "GPU address"
 *    members an address in the VM that the work runs in.
 *  - Growth: ioctl arguments and payloads with a known size may gain members at their end. A
 *    shorter structure than the driver's is completed with zeros; a longer one is good as long
 *    as the part that the driver does not know is zero. Structures described as "not growable"
 *    below keep their size for ever.
 *  - Nothing is renumbered or removed.
 */
#ifndef _ASAHI_DRM_H_
#define _ASAHI_DRM_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * enum drm_asahi_ioctl_id - driver ioctls, counted from DRM_COMMAND_BASE
 *
 * Programs use the complete numbers, DRM_IOCTL_ASAHI_*, at the end of this file.
 *
 * @DRM_ASAHI_GET_PARAMS: read what the GPU is and can do
 * @DRM_ASAHI_GET_TIME: read the GPU's clock
 * @DRM_ASAHI_VM_CREATE: make an empty GPU address space
 * @DRM_ASAHI_VM_DESTROY: drop an address space
 * @DRM_ASAHI_VM_BIND: map and unmap buffer objects in an address space
 * @DRM_ASAHI_GEM_CREATE: allocate a buffer object
 * @DRM_ASAHI_GEM_MMAP_OFFSET: get the offset that mmap(2) on the node takes for a buffer object
 * @DRM_ASAHI_GEM_BIND_OBJECT: make (part of) a buffer object known to the firmware
 * @DRM_ASAHI_QUEUE_CREATE: make a queue that takes submissions
 * @DRM_ASAHI_QUEUE_DESTROY: drop a queue
 * @DRM_ASAHI_SUBMIT: hand commands to a queue
 */
enum drm_asahi_ioctl_id {
	DRM_ASAHI_GET_PARAMS = 0,
	DRM_ASAHI_GET_TIME,
	DRM_ASAHI_VM_CREATE,
	DRM_ASAHI_VM_DESTROY,
	DRM_ASAHI_VM_BIND,
	DRM_ASAHI_GEM_CREATE,
	DRM_ASAHI_GEM_MMAP_OFFSET,
	DRM_ASAHI_GEM_BIND_OBJECT,
	DRM_ASAHI_QUEUE_CREATE,
	DRM_ASAHI_QUEUE_DESTROY,
	DRM_ASAHI_SUBMIT,
};

/* Length of drm_asahi_params_global::core_masks, whatever the GPU. */
#define DRM_ASAHI_MAX_CLUSTERS 64

/**
 * struct drm_asahi_params_global - parameter group 0: the GPU and the driver's limits
 *
 * Filled by DRM_IOCTL_ASAHI_GET_PARAMS.
 *
 * @features: bits of enum drm_asahi_feature
 * @gpu_generation: the number in the core's name: 13 in G13G (M1), 14 in G14G (M2)
 * @gpu_variant: the letter at the end of the core's name, in ASCII: 'G' base, 'S' Pro, 'C' Max,
 *	'D' Ultra
 * @gpu_revision: stepping, one hexadecimal digit for the letter (0 is A) and one for the
 *	number: 0x00 is A0, 0x21 is C1
 * @chip_id: the SoC's number read as hexadecimal digits: 0x8103 is T8103
 * @num_dies: dies of the SoC (2 on an Ultra)
 * @num_clusters_total: GPU clusters of all dies; valid entries of @core_masks
 * @num_cores_per_cluster: core positions in each cluster, fused-off ones included
 * @max_frequency_khz: highest GPU clock in kHz
 * @core_masks: per cluster, a bit for each core that is present
 * @vm_start: first GPU address that a program may use
 * @vm_end: first GPU address past that range
 * @vm_kernel_min_size: bytes of GPU address space that a program must leave to the driver in
 *	each VM, see struct drm_asahi_vm_create
 * @max_commands_per_submission: most render plus compute commands in one submission
 * @max_attachments: most attachments that one command can have
 * @command_timestamp_frequency_hz: ticks per second of the timestamps that commands write
 *	(struct drm_asahi_timestamps)
 */
struct drm_asahi_params_global {
	__u64 features;
	__u32 gpu_generation;
	__u32 gpu_variant;
	__u32 gpu_revision;
	__u32 chip_id;
	__u32 num_dies;
	__u32 num_clusters_total;
	__u32 num_cores_per_cluster;
	__u32 max_frequency_khz;
	__u64 core_masks[DRM_ASAHI_MAX_CLUSTERS];
	__u64 vm_start;
	__u64 vm_end;
	__u64 vm_kernel_min_size;
	__u32 max_commands_per_submission;
	__u32 max_attachments;
	__u64 command_timestamp_frequency_hz;
};

/**
 * enum drm_asahi_feature - what cannot be told from the GPU's generation
 *
 * @DRM_ASAHI_FEATURE_SOFT_FAULTS: a shader's load from an unmapped address gives zero and its
 *	store is dropped, instead of a fault that ends the command. Other units than the shader
 *	load/store path (texture reads among them) still fault. Fixed when the GPU starts.
 */
enum drm_asahi_feature {
	DRM_ASAHI_FEATURE_SOFT_FAULTS = (1UL) << 0,
};

/**
 * struct drm_asahi_get_params - argument of DRM_IOCTL_ASAHI_GET_PARAMS
 *
 * @param_group: which group; 0, struct drm_asahi_params_global, is the only one
 * @pad: zero
 * @pointer: user pointer to the memory that receives the structure
 * @size: bytes at @pointer; the driver writes this many or the structure's size, whichever is
 *	less
 */
struct drm_asahi_get_params {
	__u32 param_group;
	__u32 pad;
	__u64 pointer;
	__u64 size;
};

/**
 * struct drm_asahi_vm_create - argument of DRM_IOCTL_ASAHI_VM_CREATE
 *
 * The program chooses where the driver may place its own objects in the new address space, and
 * must never bind anything there. [@kernel_start, @kernel_end) lies between
 * drm_asahi_params_global::vm_start and vm_end and spans at least vm_kernel_min_size bytes.
 *
 * @kernel_start: first GPU address of the driver's range
 * @kernel_end: first GPU address past it
 * @vm_id: out: the new VM; IDs belong to the open file and are never 0
 * @pad: zero
 */
struct drm_asahi_vm_create {
	__u64 kernel_start;
	__u64 kernel_end;
	__u32 vm_id;
	__u32 pad;
};

/**
 * struct drm_asahi_vm_destroy - argument of DRM_IOCTL_ASAHI_VM_DESTROY
 *
 * Every mapping of the VM goes at once, also under work that still runs: finish that first.
 *
 * @vm_id: VM to drop
 * @pad: zero
 */
struct drm_asahi_vm_destroy {
	__u32 vm_id;
	__u32 pad;
};

/**
 * enum drm_asahi_gem_flags - how a buffer object is allocated
 *
 * @DRM_ASAHI_GEM_WRITEBACK: the CPU maps it cached; without, write-combined. For memory that
 *	the CPU reads.
 * @DRM_ASAHI_GEM_VM_PRIVATE: belongs to one VM for ever: cheaper to track, cannot be exported
 */
enum drm_asahi_gem_flags {
	DRM_ASAHI_GEM_WRITEBACK = (1L << 0),
	DRM_ASAHI_GEM_VM_PRIVATE = (1L << 1),
};

/**
 * struct drm_asahi_gem_create - argument of DRM_IOCTL_ASAHI_GEM_CREATE
 *
 * @size: bytes wanted; rounded up to whole pages
 * @flags: bits of enum drm_asahi_gem_flags
 * @vm_id: the owning VM with DRM_ASAHI_GEM_VM_PRIVATE, otherwise zero
 * @handle: out: GEM handle
 * @pad: zero
 */
struct drm_asahi_gem_create {
	__u64 size;
	__u32 flags;
	__u32 vm_id;
	__u32 handle;
	__u32 pad;
};

/**
 * struct drm_asahi_gem_mmap_offset - argument of DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET
 *
 * @handle: GEM handle
 * @flags: zero
 * @offset: out: what to give to mmap(2) on the node as offset; not a position in memory
 */
struct drm_asahi_gem_mmap_offset {
	__u32 handle;
	__u32 flags;
	__u64 offset;
};

/**
 * enum drm_asahi_bind_flags - what one bind operation does
 *
 * @DRM_ASAHI_BIND_UNBIND: remove what is mapped in the range; excludes the other flags
 * @DRM_ASAHI_BIND_READ: the GPU may read
 * @DRM_ASAHI_BIND_WRITE: the GPU may write
 * @DRM_ASAHI_BIND_SINGLE_PAGE: map one page of the object over and over through the range, as
 *	the zero or scratch page of a sparse resource
 */
enum drm_asahi_bind_flags {
	DRM_ASAHI_BIND_UNBIND = (1L << 0),
	DRM_ASAHI_BIND_READ = (1L << 1),
	DRM_ASAHI_BIND_WRITE = (1L << 2),
	DRM_ASAHI_BIND_SINGLE_PAGE = (1L << 3),
};

/**
 * struct drm_asahi_gem_bind_op - one operation of DRM_IOCTL_ASAHI_VM_BIND
 *
 * Offset, range and address are multiples of the GPU's page (16 KiB). Mapping over an existing
 * mapping replaces the overlap.
 *
 * @flags: bits of enum drm_asahi_bind_flags
 * @handle: GEM handle of the object to map; zero when unbinding
 * @offset: first byte of the object to map, or its one page with DRM_ASAHI_BIND_SINGLE_PAGE;
 *	zero when unbinding
 * @range: bytes of GPU address space
 * @addr: first GPU address
 */
struct drm_asahi_gem_bind_op {
	__u32 flags;
	__u32 handle;
	__u64 offset;
	__u64 range;
	__u64 addr;
};

/**
 * struct drm_asahi_vm_bind - argument of DRM_IOCTL_ASAHI_VM_BIND
 *
 * Carries operations out in order; the call returns when the page tables are as asked.
 *
 * @vm_id: VM to change
 * @num_binds: operations at @userptr
 * @stride: bytes from one operation to the next, that is the caller's
 *	sizeof(struct drm_asahi_gem_bind_op)
 * @pad: zero
 * @userptr: user pointer to the first operation
 */
struct drm_asahi_vm_bind {
	__u32 vm_id;
	__u32 num_binds;
	__u32 stride;
	__u32 pad;
	__u64 userptr;
};

/**
 * enum drm_asahi_bind_object_op - direction of DRM_IOCTL_ASAHI_GEM_BIND_OBJECT
 *
 * @DRM_ASAHI_BIND_OBJECT_OP_BIND: make an object
 * @DRM_ASAHI_BIND_OBJECT_OP_UNBIND: drop an object
 */
enum drm_asahi_bind_object_op {
	DRM_ASAHI_BIND_OBJECT_OP_BIND = 0,
	DRM_ASAHI_BIND_OBJECT_OP_UNBIND = 1,
};

/**
 * enum drm_asahi_bind_object_flags - what the firmware uses the object for
 *
 * @DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS: it writes timestamps there
 */
enum drm_asahi_bind_object_flags {
	DRM_ASAHI_BIND_OBJECT_USAGE_TIMESTAMPS = (1L << 0),
};

/**
 * struct drm_asahi_gem_bind_object - argument of DRM_IOCTL_ASAHI_GEM_BIND_OBJECT
 *
 * @op: one of enum drm_asahi_bind_object_op
 * @flags: bits of enum drm_asahi_bind_object_flags
 * @handle: BIND: GEM handle
 * @vm_id: zero
 * @offset: BIND: first byte of the buffer object, whole GPU pages
 * @range: BIND: bytes, whole GPU pages
 * @object_handle: BIND: out, never 0; UNBIND: in. Used in struct drm_asahi_timestamp
 * @pad: zero
 */
struct drm_asahi_gem_bind_object {
	__u32 op;
	__u32 flags;
	__u32 handle;
	__u32 vm_id;
	__u64 offset;
	__u64 range;
	__u32 object_handle;
	__u32 pad;
};

/**
 * enum drm_asahi_cmd_type - what follows a struct drm_asahi_cmd_header
 *
 * The last three run nothing: each sets the attachment list that the next hardware commands of
 * that kind in the same submission carry.
 *
 * @DRM_ASAHI_CMD_RENDER: struct drm_asahi_cmd_render, for the render subqueue (vertex, then
 *	fragment)
 * @DRM_ASAHI_CMD_COMPUTE: struct drm_asahi_cmd_compute, for the compute subqueue
 * @DRM_ASAHI_SET_VERTEX_ATTACHMENTS: array of struct drm_asahi_attachment
 * @DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS: array of struct drm_asahi_attachment
 * @DRM_ASAHI_SET_COMPUTE_ATTACHMENTS: array of struct drm_asahi_attachment
 */
enum drm_asahi_cmd_type {
	DRM_ASAHI_CMD_RENDER = 0,
	DRM_ASAHI_CMD_COMPUTE = 1,
	DRM_ASAHI_SET_VERTEX_ATTACHMENTS = 2,
	DRM_ASAHI_SET_FRAGMENT_ATTACHMENTS = 3,
	DRM_ASAHI_SET_COMPUTE_ATTACHMENTS = 4,
};

/**
 * enum drm_asahi_priority - which queues the firmware prefers
 *
 * A wish: the firmware decides.
 *
 * @DRM_ASAHI_PRIORITY_LOW: background work
 * @DRM_ASAHI_PRIORITY_MEDIUM: the usual
 * @DRM_ASAHI_PRIORITY_HIGH: reserved
 * @DRM_ASAHI_PRIORITY_REALTIME: reserved
 */
enum drm_asahi_priority {
	DRM_ASAHI_PRIORITY_LOW = 0,
	DRM_ASAHI_PRIORITY_MEDIUM = 1,
	DRM_ASAHI_PRIORITY_HIGH = 2,
	DRM_ASAHI_PRIORITY_REALTIME = 3,
};

/**
 * struct drm_asahi_queue_create - argument of DRM_IOCTL_ASAHI_QUEUE_CREATE
 *
 * A queue has a render and a compute subqueue. Each runs its commands in order; between the two
 * only barriers order (struct drm_asahi_cmd_header).
 *
 * @flags: zero
 * @vm_id: VM that the work runs in
 * @priority: one of enum drm_asahi_priority
 * @queue_id: out: the new queue; IDs belong to the open file and are never 0
 * @usc_exec_base: GPU address that all 32-bit USC (shader) addresses of the queue's commands are
 *	relative to. Goes to USC_EXEC_BASE_TA, _ISP and _CP alike, for vertex, fragment and
 *	compute work.
 */
struct drm_asahi_queue_create {
	__u32 flags;
	__u32 vm_id;
	__u32 priority;
	__u32 queue_id;
	__u64 usc_exec_base;
};

/**
 * struct drm_asahi_queue_destroy - argument of DRM_IOCTL_ASAHI_QUEUE_DESTROY
 *
 * @queue_id: queue to drop
 * @pad: zero
 */
struct drm_asahi_queue_destroy {
	__u32 queue_id;
	__u32 pad;
};

/**
 * enum drm_asahi_sync_type - kind of a synchronisation object
 *
 * @DRM_ASAHI_SYNC_SYNCOBJ: syncobj that holds one fence
 * @DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ: syncobj that holds a point per 64-bit value
 */
enum drm_asahi_sync_type {
	DRM_ASAHI_SYNC_SYNCOBJ = 0,
	DRM_ASAHI_SYNC_TIMELINE_SYNCOBJ = 1,
};

/**
 * struct drm_asahi_sync - something a submission waits for, or signals
 *
 * @sync_type: one of enum drm_asahi_sync_type
 * @handle: syncobj handle
 * @timeline_value: point on a timeline; not used for a binary syncobj
 */
struct drm_asahi_sync {
	__u32 sync_type;
	__u32 handle;
	__u64 timeline_value;
};

/* In drm_asahi_cmd_header::vdm_barrier or cdm_barrier: do not wait for that subqueue. */
#define DRM_ASAHI_BARRIER_NONE (0xFFFFu)

/**
 * struct drm_asahi_cmd_header - stands before each command of a submission
 *
 * Not growable. A barrier says how much of a subqueue must have finished before this command
 * starts: N > 0 means the first N commands that this submission has put there so far (so N may
 * not exceed them), 0 means all that earlier submissions put there, and DRM_ASAHI_BARRIER_NONE
 * means nothing. Attachment commands have DRM_ASAHI_BARRIER_NONE in both.
 *
 * @cmd_type: one of enum drm_asahi_cmd_type
 * @size: bytes that follow this header. Hardware commands: the caller's size of the payload
 *	structure, missing members read as zero. Attachment commands: the number of entries
 *	times sizeof(struct drm_asahi_attachment).
 * @vdm_barrier: barrier on the render subqueue
 * @cdm_barrier: barrier on the compute subqueue
 */
struct drm_asahi_cmd_header {
	__u16 cmd_type;
	__u16 size;
	__u16 vdm_barrier;
	__u16 cdm_barrier;
};

/**
 * struct drm_asahi_submit - argument of DRM_IOCTL_ASAHI_SUBMIT
 *
 * @syncs: user pointer to @in_sync_count + @out_sync_count struct drm_asahi_sync, those to wait
 *	for first; may be 0 when there are none
 * @cmdbuf: user pointer to the commands: header, payload, header, payload... without any CPU
 *	address inside. It holds at least one hardware command and at most
 *	drm_asahi_params_global::max_commands_per_submission.
 * @flags: zero
 * @queue_id: queue that takes the commands
 * @in_sync_count: number of syncs to wait for before the first command starts
 * @out_sync_count: number of syncs to signal when the last command has finished
 * @cmdbuf_size: bytes at @cmdbuf
 * @pad: zero
 */
struct drm_asahi_submit {
	__u64 syncs;
	__u64 cmdbuf;
	__u32 flags;
	__u32 queue_id;
	__u32 in_sync_count;
	__u32 out_sync_count;
	__u32 cmdbuf_size;
	__u32 pad;
};

/**
 * struct drm_asahi_attachment - memory that a command's shaders write
 *
 * A hint for the firmware, render targets foremost; a list may be incomplete or absent. Not
 * growable.
 *
 * @pointer: GPU address of the first byte
 * @size: bytes
 * @pad: zero
 * @flags: zero
 */
struct drm_asahi_attachment {
	__u64 pointer;
	__u64 size;
	__u32 pad;
	__u32 flags;
};

/**
 * enum drm_asahi_render_flags - drm_asahi_cmd_render::flags
 *
 * @DRM_ASAHI_RENDER_VERTEX_SCRATCH: some vertex shader needs scratch memory
 * @DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES: run tiles that no primitive touches, too; needed for a
 *	clear to reach the whole target
 * @DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING: do the vertex work on one cluster only; slow, for
 *	tracking down coherency trouble
 * @DRM_ASAHI_RENDER_DBIAS_IS_INT: depth bias by the formula for integer depth formats; without,
 *	by the one for float formats. The bit's place is the one in the hardware register.
 */
enum drm_asahi_render_flags {
	DRM_ASAHI_RENDER_VERTEX_SCRATCH = (1U << 0),
	DRM_ASAHI_RENDER_PROCESS_EMPTY_TILES = (1U << 1),
	DRM_ASAHI_RENDER_NO_VERTEX_CLUSTERING = (1U << 2),
	DRM_ASAHI_RENDER_DBIAS_IS_INT = (1U << 18),
};

/**
 * struct drm_asahi_zls_buffer - a depth or stencil buffer, for the Z load/store unit
 *
 * The same values serve for loads, stores and partial renders. Not growable.
 *
 * @base: GPU address of the first layer
 * @comp_base: GPU address of the first layer's compression metadata, if compressed
 * @stride: bytes from one layer to the next
 * @comp_stride: bytes from one layer's compression metadata to the next
 */
struct drm_asahi_zls_buffer {
	__u64 base;
	__u64 comp_base;
	__u32 stride;
	__u32 comp_stride;
};

/**
 * struct drm_asahi_timestamp - where the firmware writes a time
 *
 * A 64-bit count in units of drm_asahi_params_global::command_timestamp_frequency_hz. Not
 * growable.
 *
 * @handle: drm_asahi_gem_bind_object::object_handle, or 0 for no timestamp
 * @offset: byte in that object
 */
struct drm_asahi_timestamp {
	__u32 handle;
	__u32 offset;
};

/**
 * struct drm_asahi_timestamps - the times around a piece of work; not growable
 *
 * @start: written when it starts
 * @end: written when it has finished
 */
struct drm_asahi_timestamps {
	struct drm_asahi_timestamp start;
	struct drm_asahi_timestamp end;
};

/**
 * struct drm_asahi_helper_program - the program that hands out scratch memory
 *
 * The hardware calls it when a subgroup needs stack or spill memory (and for a few more
 * purposes); it is compute-like and comes from the caller. Not growable.
 *
 * @binary: USC address of the program, configuration in its low bits
 * @cfg: more configuration
 * @data: 64 bits that the program can read from special registers, by habit a GPU address;
 *	passed on untouched
 */
struct drm_asahi_helper_program {
	__u32 binary;
	__u32 cfg;
	__u64 data;
};

/**
 * struct drm_asahi_bg_eot - a program that runs at one end of a tile
 *
 * The background program fills the tile buffer with the clear colour or what the target held;
 * the end-of-tile program stores the tile buffer to memory. Not growable.
 *
 * @usc: USC address of the words that bind resources and name the program, configuration in its
 *	low bits
 * @rsrc_spec: packed counts of registers, uniforms, textures and samplers that it needs
 */
struct drm_asahi_bg_eot {
	__u32 usc;
	__u32 rsrc_spec;
};

/**
 * struct drm_asahi_cmd_render - DRM_ASAHI_CMD_RENDER: one render pass
 *
 * Any number of draws, one framebuffer. Most members are register values that the driver passes
 * on through the firmware; a member in capitals in the list below names the register. From the
 * framebuffer's dimensions the driver derives the tiling structures.
 *
 * @flags: bits of enum drm_asahi_render_flags
 * @isp_zls_pixels: ISP_ZLS_PIXELS: width and height of the depth and stencil buffer, which can
 *	differ from the framebuffer's
 * @vdm_ctrl_stream_base: VDM_CTRL_STREAM_BASE: GPU address of the vertex control stream
 * @vertex_helper: helper program for vertex shaders
 * @fragment_helper: helper program for fragment shaders
 * @isp_scissor_base: ISP_SCISSOR_BASE: GPU address of the pass' array of scissor descriptors
 * @isp_dbias_base: ISP_DBIAS_BASE: GPU address of the pass' array of depth bias descriptors
 * @isp_oclqry_base: ISP_OCLQRY_BASE: GPU address of the counters that occlusion queries write
 * @depth: depth buffer
 * @stencil: stencil buffer
 * @zls_ctrl: ZLS_CTRL: which of them are loaded and stored, and how
 * @ppp_multisamplectl: PPP_MULTISAMPLECTL: sample positions
 * @sampler_heap: GPU address of the sampler heap, for vertex and fragment shaders
 * @ppp_ctrl: PPP_CTRL
 * @width_px: framebuffer width in pixels
 * @height_px: framebuffer height in pixels
 * @layers: framebuffer layers
 * @sampler_count: samplers in the heap
 * @utile_width_px: width of a tile of the tile buffer, in pixels
 * @utile_height_px: height of a tile of the tile buffer, in pixels
 * @samples: samples per pixel: 1, 2 or 4
 * @sample_size_B: bytes of tile buffer per sample
 * @isp_merge_upper_x: width times tan(60 degrees), as the bits of a 32-bit float; steers the
 *	merging of triangles
 * @isp_merge_upper_y: height times tan(60 degrees), as the bits of a 32-bit float
 * @bg: runs when a tile starts
 * @eot: runs when a tile is finished
 * @partial_bg: runs in place of @bg when a pass resumes after a partial render
 * @partial_eot: runs in place of @eot when a pass is interrupted for a partial render
 * @isp_bgobjdepth: ISP_BGOBJDEPTH: depth clear value in the buffer's own format (a float, or 16
 *	bits in the low half)
 * @isp_bgobjvals: ISP_BGOBJVALS: stencil clear value in the low 8 bits
 * @ts_vtx: times of the vertex part
 * @ts_frag: times of the fragment part
 */
struct drm_asahi_cmd_render {
	__u32 flags;
	__u32 isp_zls_pixels;
	__u64 vdm_ctrl_stream_base;
	struct drm_asahi_helper_program vertex_helper;
	struct drm_asahi_helper_program fragment_helper;
	__u64 isp_scissor_base;
	__u64 isp_dbias_base;
	__u64 isp_oclqry_base;
	struct drm_asahi_zls_buffer depth;
	struct drm_asahi_zls_buffer stencil;
	__u64 zls_ctrl;
	__u64 ppp_multisamplectl;
	__u64 sampler_heap;
	__u32 ppp_ctrl;
	__u16 width_px;
	__u16 height_px;
	__u16 layers;
	__u16 sampler_count;
	__u8 utile_width_px;
	__u8 utile_height_px;
	__u8 samples;
	__u8 sample_size_B;
	__u32 isp_merge_upper_x;
	__u32 isp_merge_upper_y;
	struct drm_asahi_bg_eot bg;
	struct drm_asahi_bg_eot eot;
	struct drm_asahi_bg_eot partial_bg;
	struct drm_asahi_bg_eot partial_eot;
	__u32 isp_bgobjdepth;
	__u32 isp_bgobjvals;
	struct drm_asahi_timestamps ts_vtx;
	struct drm_asahi_timestamps ts_frag;
};

/**
 * struct drm_asahi_cmd_compute - DRM_ASAHI_CMD_COMPUTE: a stream of compute dispatches
 *
 * @flags: zero
 * @sampler_count: samplers in the heap
 * @cdm_ctrl_stream_base: CDM_CTRL_STREAM_BASE: GPU address of the compute control stream
 * @cdm_ctrl_stream_end: GPU address past the stream's first contiguous piece (it can go on
 *	elsewhere by a jump)
 * @sampler_heap: GPU address of the sampler heap
 * @helper: helper program
 * @ts: times of the whole command
 */
struct drm_asahi_cmd_compute {
	__u32 flags;
	__u32 sampler_count;
	__u64 cdm_ctrl_stream_base;
	__u64 cdm_ctrl_stream_end;
	__u64 sampler_heap;
	struct drm_asahi_helper_program helper;
	struct drm_asahi_timestamps ts;
};

/**
 * struct drm_asahi_get_time - argument of DRM_IOCTL_ASAHI_GET_TIME
 *
 * @flags: zero
 * @gpu_timestamp: out: GPU time in nanoseconds
 */
struct drm_asahi_get_time {
	__u64 flags;
	__u64 gpu_timestamp;
};

/**
 * DRM_IOCTL_ASAHI() - compose an ioctl number; for the list below only
 * @__access: R, W or WR, as in the DRM_IO* macros
 * @__id: what follows DRM_ASAHI_ in enum drm_asahi_ioctl_id
 * @__type: what follows struct drm_asahi_ in the argument's type
 */
#define DRM_IOCTL_ASAHI(__access, __id, __type) \
	DRM_IO##__access(DRM_COMMAND_BASE + DRM_ASAHI_##__id, struct drm_asahi_##__type)

/*
 * The ioctl numbers. Enumerators and not macros, as in Linux, because generators of bindings
 * (Rust's bindgen) evaluate enumerators only.
 */
enum {
	DRM_IOCTL_ASAHI_GET_PARAMS = DRM_IOCTL_ASAHI(W, GET_PARAMS, get_params),
	DRM_IOCTL_ASAHI_GET_TIME = DRM_IOCTL_ASAHI(WR, GET_TIME, get_time),
	DRM_IOCTL_ASAHI_VM_CREATE = DRM_IOCTL_ASAHI(WR, VM_CREATE, vm_create),
	DRM_IOCTL_ASAHI_VM_DESTROY = DRM_IOCTL_ASAHI(W, VM_DESTROY, vm_destroy),
	DRM_IOCTL_ASAHI_VM_BIND = DRM_IOCTL_ASAHI(W, VM_BIND, vm_bind),
	DRM_IOCTL_ASAHI_GEM_CREATE = DRM_IOCTL_ASAHI(WR, GEM_CREATE, gem_create),
	DRM_IOCTL_ASAHI_GEM_MMAP_OFFSET = DRM_IOCTL_ASAHI(WR, GEM_MMAP_OFFSET, gem_mmap_offset),
	DRM_IOCTL_ASAHI_GEM_BIND_OBJECT = DRM_IOCTL_ASAHI(WR, GEM_BIND_OBJECT, gem_bind_object),
	DRM_IOCTL_ASAHI_QUEUE_CREATE = DRM_IOCTL_ASAHI(WR, QUEUE_CREATE, queue_create),
	DRM_IOCTL_ASAHI_QUEUE_DESTROY = DRM_IOCTL_ASAHI(W, QUEUE_DESTROY, queue_destroy),
	DRM_IOCTL_ASAHI_SUBMIT = DRM_IOCTL_ASAHI(W, SUBMIT, submit),
};

#if defined(__cplusplus)
}
#endif

#endif /* _ASAHI_DRM_H_ */
