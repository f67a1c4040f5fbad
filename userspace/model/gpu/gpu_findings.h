/* SPDX-License-Identifier: MIT */
/*
 * The findings of the GPU: what it has to say against streams, lists, descriptors and programs. They continue
 * the firmware's (findings.h). Numbers are stable; new ones are added at the end of their ten.
 * docs/null-gpu.md explains each.
 */
#ifndef AGX_GPU_FINDINGS_H
#define AGX_GPU_FINDINGS_H

/* X(number, NAME, sentence) */
#define AGX_GPU_FINDINGS(X)                                                                     \
	X(2000, CONTROL_STREAM, "a word that is no block of a control stream")                  \
	X(2001, STREAM_ALIGNMENT, "a control stream at an address that is no multiple of 4")    \
	X(2002, STREAM_ENDLESS, "a control stream without an end")                              \
	X(2003, STREAM_LOOP, "a control stream that comes back to where it was")                \
	X(2004, STREAM_CALLS, "calls deeper than is known to work, or a return without a call") \
	X(2005, STREAM_RECORD_SIZE, "a PPP record's size is not that of its parts")             \
	X(2010, FIELD_RESERVED, "bits are set that belong to no field")                         \
	X(2011, FIELD_FIXED, "bits that are always so are not")                                 \
	X(2012, FIELD_RANGE, "a field's value is outside the range that makes sense")           \
	X(2013, FIELD_ALIGNMENT, "an address or a size is not aligned")                         \
	X(2014, FIELD_ENUM, "a field has a value that names nothing")                           \
	X(2020, LIST_WORD, "a byte that is no tag of a USC word")                               \
	X(2021, LIST_ENDLESS, "a USC list without an end")                                      \
	X(2022, LIST_OVERLAP, "two words of a USC list set the same registers")                 \
	X(2023, LIST_REGISTERS, "a USC word sets registers that the program does not have")     \
	X(2024, LIST_INCOMPLETE, "a USC list without a program")                                \
	X(2025, LIST_MEMORY, "a list, bindings or descriptors lie where the GPU may not read")  \
	X(2026, LIST_UNIFORMS, "uniforms are to be loaded from where the GPU may not read")     \
	X(2027, LIST_BINDINGS,                                                                  \
	  "coefficient registers are not bound as the header of the bindings says")             \
	X(2030, DRAW_INCOMPLETE, "a draw without state or counts that it needs")                \
	X(2031, DRAW_INSTANCES, "a draw of no instances")                                       \
	X(2032, DRAW_MEMORY, "indices or arguments of a draw lie where the GPU may not read")   \
	X(2040, LAUNCH_GROUP, "a launch with groups of more threads than there can be")         \
	X(2041, LAUNCH_MEMORY, "arguments of a launch lie where the GPU may not read")          \
	X(2050, PROGRAM_MEMORY, "a program's code lies where the GPU may not read")             \
	X(2051, PROGRAM_WINDOW, "a program's code leaves the 4 GiB from the USC base on")       \
	X(2052, PROGRAM_INSTRUCTION, "a program has something that is no known instruction")    \
	X(2053, PROGRAM_ENDLESS, "a program without an end")                                    \
	X(2060, PROGRAM_CODE, "a program was executed up to where it has no instruction")       \
	X(2061, PROGRAM_NOT_MODELLED, "a program needs an instruction that is not executed")    \
	X(2062, PROGRAM_TRAP, "a program has come to a trap instruction")                       \
	X(2063, PROGRAM_STACK, "a program uses more scratch memory than there is")              \
	X(2064, PROGRAM_STATE, "a program uses a texture or a sampler that makes no sense")     \
	X(2065, RACE, "threads of a launch access the same byte, and nothing orders them")      \
	X(2066, RACE_LIMIT, "a launch accesses more memory than races can be found in")         \
	X(2067, TEXTURE_METADATA,                                                               \
	  "compressed texels are read that nobody has written, or in an unknown form")          \
	X(2070, HELPER_MISSING, "a program asks for a stack, and no helper program gives one")  \
	X(2071, HELPER_REFUSED, "the helper program does not give a stack, or take one back")   \
	X(2072, HELPER_BLOCK, "the helper program gives a block that cannot be used")           \
	X(2073, HELPER_TWICE, "the helper program gives a block that is in use")                \
	X(2074, HELPER_ENDLESS, "the helper program does not answer")                           \
	X(2075, HELPER_PROGRAM, "the helper program cannot go on, or is not one")               \
	X(2076, STACK_CLASS, "a program has a stack that its USC words do not tell of")         \
	X(2077, STACK_PREAMBLE, "a preamble has a stack that the command does not tell of")

enum agx_gpu_finding_id {
#define X(number, name, sentence) AGX_GPU_FINDING_##name = (number),
	AGX_GPU_FINDINGS(X)
#undef X
};

/* "CONTROL_STREAM", and its sentence; NULL: no such number. */
const char *agx_gpu_finding_name(enum agx_gpu_finding_id id);
const char *agx_gpu_finding_sentence(enum agx_gpu_finding_id id);

#endif
