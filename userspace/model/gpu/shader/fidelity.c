// SPDX-License-Identifier: MIT
#include "fidelity.h"

#define EMULATOR "applegpu.py" /* dougallj/applegpu, compared with an M1 by its hwtest.py */
#define MESA     "Mesa"        /* src/asahi, by what its compiler relies on */
#define TABLE    "agx2.isa"

#define SPECIFICATION "Vulkan" /* its formulas; no hardware was measured */

#define EXACT(name, from)      [AGX_ISA_OP_##name] = {AGX_FIDELITY_EXACT, "", from}
#define NEAR(name, note, from) [AGX_ISA_OP_##name] = {AGX_FIDELITY_NEAR, note, from}
#define NOTHING(name, note)    [AGX_ISA_OP_##name] = {AGX_FIDELITY_NOTHING, note, MESA}
#define ABSENT(name, note)     [AGX_ISA_OP_##name] = {AGX_FIDELITY_ABSENT, note, TABLE}

#define ROUNDED "the correctly rounded result; hardware may be one unit in the last place off"
#define RANGE   "NaN gives 0 and what is out of range the nearest end: not verified on hardware"
#define IN_ORDER \
	"every access is complete before the next instruction, and all threads see the same memory"
#define STORE_ROUNDING \
	"conversions clamp and round to nearest: ties, and what is too large, are not verified"
#define LANE_ORDER "lanes take effect in their order; hardware promises none"
#define LOCAL_END \
	"beyond the launch's size loads give 0 and stores are dropped: not verified on hardware"
#define STACK      "accesses outside of the stack trap; a shift of the index is not modelled"
#define FIRST_LANE "in preambles; the first active lane counts: hardware's lanes are not known"
#define TILE       "in compute programs, with explicit coordinates; other forms trap"
#define FORMAL     "its meaning is only formal"
#define HELPER     "in helper programs, the four blocks of a stack; of no active thread nothing"

static const struct agx_fidelity table[AGX_ISA_OPS] = {
	EXACT(LDIMM16, EMULATOR),
	EXACT(LDIMM32, EMULATOR),
	NEAR(MFSR, "registers of compute programs; the others trap by name", MESA),
	ABSENT(SR_THING, "not understood"),
	NEAR(IADD, "shifts by more than 4 trap", EMULATOR),
	NEAR(ISUB, "shifts by more than 4 trap", EMULATOR),
	EXACT(IMUL, EMULATOR),
	NEAR(IMADD, "shifts by more than 4 trap", EMULATOR),
	NEAR(IMSUB, "shifts by more than 4 trap", EMULATOR),
	EXACT(U8_TO_F, MESA),
	EXACT(S8_TO_F, MESA),
	NEAR(F_TO_U16, RANGE, MESA),
	NEAR(F_TO_S16, RANGE, MESA),
	EXACT(U16_TO_F, MESA),
	EXACT(S16_TO_F, MESA),
	NEAR(F_TO_U32, RANGE, MESA),
	NEAR(F_TO_S32, RANGE, MESA),
	NEAR(U32_TO_F, "binary16 results are rounded twice: not verified on hardware", MESA),
	NEAR(S32_TO_F, "binary16 results are rounded twice: not verified on hardware", MESA),
	ABSENT(CONVERT, "a mode that is not known"),
	EXACT(SHL, EMULATOR),
	EXACT(SHR, EMULATOR),
	EXACT(BFI, EMULATOR),
	EXACT(BFEIL, EMULATOR),
	EXACT(EXTR, EMULATOR),
	EXACT(SHLHI, EMULATOR),
	EXACT(SHRHI, EMULATOR),
	EXACT(ASR, EMULATOR),
	EXACT(ASRH, EMULATOR),
	NEAR(FFMA, "payloads of NaNs are not kept: not verified on hardware", EMULATOR),
	NEAR(HFMA, "payloads of NaNs are not kept: not verified on hardware", EMULATOR),
	NEAR(FADD, "payloads of NaNs are not kept: not verified on hardware", EMULATOR),
	NEAR(FMUL, "zeros have the product's sign, as Vulkan demands; the emulator's are positive",
	     EMULATOR),
	NEAR(HADD, "payloads of NaNs are not kept: not verified on hardware", EMULATOR),
	NEAR(HMUL, "zeros have the product's sign, as Vulkan demands; the emulator's are positive",
	     EMULATOR),
	ABSENT(NOT_A, FORMAL),
	EXACT(MOV, EMULATOR),
	EXACT(NOT, EMULATOR),
	ABSENT(MOV_A, FORMAL),
	EXACT(ZERO, EMULATOR),
	EXACT(AND, EMULATOR),
	EXACT(ANDN1, EMULATOR),
	EXACT(ANDN2, EMULATOR),
	EXACT(XOR, EMULATOR),
	EXACT(OR, EMULATOR),
	EXACT(NOR, EMULATOR),
	EXACT(XNOR, EMULATOR),
	EXACT(ORN1, EMULATOR),
	EXACT(ORN2, EMULATOR),
	EXACT(NAND, EMULATOR),
	EXACT(ONE, EMULATOR),
	EXACT(BITOP_0101, EMULATOR),
	EXACT(BITOP_1010, EMULATOR),
	ABSENT(BITOP_0011, FORMAL),
	ABSENT(BITOP_1100, FORMAL),
	EXACT(INTL, EMULATOR),
	EXACT(BITREV, EMULATOR),
	EXACT(POPCNT, EMULATOR),
	EXACT(FFS, EMULATOR),
	EXACT(FLOOR, EMULATOR),
	NEAR(RSQRTS, ROUNDED "; 0 for zeros and 1 for infinity are a choice", MESA),
	NEAR(RCP, ROUNDED, EMULATOR),
	NEAR(RSQRT, ROUNDED, MESA),
	NEAR(SINR, "within a unit in the last place of what makes the pair a sine", EMULATOR),
	NEAR(DFDX, "differences of each row of a quad: which rows hardware takes is not verified",
	     MESA),
	NEAR(DFDY, "differences of each column: which columns hardware takes is not verified",
	     MESA),
	NEAR(SINC, "within a unit in the last place of what makes the pair a sine", EMULATOR),
	NEAR(LOG2, "within a unit in the last place of the exact value; hardware's is not known",
	     MESA),
	NEAR(EXP2, "within a unit in the last place of the exact value; hardware's is not known",
	     MESA),
	EXACT(CEIL, EMULATOR),
	EXACT(TRUNC, EMULATOR),
	EXACT(RINT, EMULATOR),
	ABSENT(FUNOP, "a function whose number is not known"),
	EXACT(STOP, EMULATOR),
	EXACT(TRAP, MESA),
	ABSENT(JMP_INCOMPLETE, "not understood; Mesa's helper program does not have it"),
	NEAR(RET, "where active threads differ it traps", EMULATOR),
	NEAR(CALL_REG, "where active threads differ it traps", EMULATOR),
	EXACT(JMP_ANY, EMULATOR),
	EXACT(CALL, EMULATOR),
	EXACT(JMP_NONE, EMULATOR),
	EXACT(POP_EXEC, EMULATOR),
	ABSENT(POP_EXEC2, "not understood"),
	EXACT(IF_ICMP, EMULATOR),
	EXACT(ELSE_ICMP, EMULATOR),
	EXACT(WHILE_ICMP, EMULATOR),
	EXACT(UPDATE_EXEC, EMULATOR),
	EXACT(IF_FCMP, EMULATOR),
	EXACT(ELSE_FCMP, EMULATOR),
	EXACT(WHILE_FCMP, EMULATOR),
	EXACT(ICSEL, EMULATOR),
	NEAR(FCSEL, "fltn and fgtn choose the other value for a NaN, as minima and maxima need it",
	     MESA),
	EXACT(BALLOT, EMULATOR),
	NEAR(ICMP_BALLOT, "of a quad, the bits of the own quad: not verified on hardware",
	     EMULATOR),
	NEAR(FCMP_BALLOT, "of a quad, the bits of the own quad: not verified on hardware",
	     EMULATOR),
	ABSENT(SIMD_MATRIX_FMADD32, "Mesa does not emit it"),
	ABSENT(SIMD_MATRIX_FMADD16, "Mesa does not emit it"),
	NEAR(SHUFFLE, "forms within a quad and rotations but upwards: by analogy", EMULATOR),
	NEAR(QUAD, "floats are combined in the order of the lanes; hardware's order is not known",
	     MESA),
	NEAR(SIMD, "floats are combined in the order of the lanes; hardware's order is not known",
	     MESA),
	NOTHING(PIXWAIT, "fragments of a pixel run one after the other"),
	NOTHING(PIXREL, "fragments of a pixel run one after the other"),
	NOTHING(WAIT, IN_ORDER),
	EXACT(BARRIER, MESA),
	NOTHING(MEMORY_BARRIER, IN_ORDER),
	NOTHING(IMAGE_BARRIER_1, IN_ORDER),
	NOTHING(IMAGE_BARRIER_2, IN_ORDER),
	NOTHING(IMAGE_BARRIER_3, IN_ORDER),
	NOTHING(IMAGE_BARRIER_4, IN_ORDER),
	NOTHING(FLUSH_MEMORY_TO_TEXTURE, IN_ORDER),
	NOTHING(MEMORY_BARRIER_2, IN_ORDER),
	NOTHING(MEMORY_BARRIER_3, IN_ORDER),
	NOTHING(UNKNOWN_BARRIER_1, IN_ORDER),
	NOTHING(UNKNOWN_BARRIER_2, IN_ORDER),
	NOTHING(DEVICE_BARRIER_1, IN_ORDER),
	NOTHING(DEVICE_BARRIER_2, IN_ORDER),
	NOTHING(MEMORY_BARRIER_OTHER, IN_ORDER),
	ABSENT(NO_VAR, "vertex programs do not run"),
	ABSENT(ST_VAR, "vertex programs do not run"),
	NEAR(LOAD, "the two rtz formats load as their others: inferred", EMULATOR),
	NEAR(UNIFORM_STORE, FIRST_LANE, MESA),
	ABSENT(UNIFORM_STORE_UNK, "not understood"),
	NEAR(STORE, STORE_ROUNDING, MESA),
	NEAR(ATOMIC, LANE_ORDER, MESA),
	NEAR(LATOMIC, LOCAL_END, MESA),
	ABSENT(ASYNC_LOAD, "not understood"),
	ABSENT(ASYNC_STORE, "not understood"),
	ABSENT(STACK_GET_PTR, "the stack has no address"),
	NEAR(STACK_LOAD, STACK, MESA),
	NEAR(STACK_ADJUST, "new stack is zero; hardware leaves what was there", MESA),
	NEAR(STACK_STORE, STACK, MESA),
	NEAR(TEX_STATE_STORE, FIRST_LANE, MESA),
	NEAR(TEX_STATE_STORE_IMM, FIRST_LANE, MESA),
	NEAR(SAMPLER_STATE_STORE, FIRST_LANE, MESA),
	NEAR(SAMPLER_STATE_STORE_IMM, FIRST_LANE, MESA),
	NEAR(LLOAD, LOCAL_END, MESA),
	NEAR(LSTORE, LOCAL_END, MESA),
	NEAR(DOORBELL, "32, 48 and 49 in helper programs; others trap", MESA),
	NEAR(JMP_IF_SKIPPING_DOORBELL,
	     "jumps if no thread is active: inferred from where Mesa puts it", MESA),
	NEAR(UNMAP, HELPER, MESA),
	NEAR(MAP, HELPER, MESA),
	ABSENT(UNK75_ALT, "not understood"),
	NEAR(LD_TILE, TILE, MESA),
	NEAR(ST_TILE, TILE, MESA),
	ABSENT(SAMPLE_MASK, "fragment programs do not run"),
	ABSENT(ZS_EMIT, "fragment programs do not run"),
	ABSENT(ITER, "fragment programs do not run"),
	ABSENT(ITERPROJ, "fragment programs do not run"),
	ABSENT(LDCF, "fragment programs do not run"),
	NEAR(SMPF,
	     "weights of 8 bits, sums rounded once: hardware's rounding is not known; residency is bit 0 of a fifth element; 16-bit "
	     "coordinates trap; levels of detail from derivatives trap in fragment programs",
	     SPECIFICATION),
	NEAR(SMPI, "residency is bit 0 of a fifth element", MESA),
	NEAR(IMGW, "rounds as stores do; a level besides the descriptor's traps", MESA),
	NEAR(IMGWBLK, TILE, MESA),
	ABSENT(AFTER_SAMPLING1, "not understood"),
	ABSENT(AFTER_SAMPLING2, "not understood"),
	ABSENT(UNK30C0, "not understood"),
	ABSENT(UNK40C0, "not understood"),
	ABSENT(UNKC0000000, "not understood"),
	ABSENT(UNKE800, "not understood"),
	ABSENT(UNK0C00, "not understood"),
};

static const struct agx_fidelity unlisted = {AGX_FIDELITY_ABSENT, "not an instruction", TABLE};

const struct agx_fidelity *agx_fidelity_of(uint16_t op)
{
	return op < AGX_ISA_OPS && table[op].note ? &table[op] : &unlisted;
}

#define MESA_FORMATS "Mesa's decoders"
#define ARM          "Arm's astcenc"
#define OPENGL       "OpenGL"

#define UNIT(name, level, note, from)                    \
	{                                                \
		name,                                    \
		{                                        \
			AGX_FIDELITY_##level, note, from \
		}                                        \
	}

static const struct agx_fidelity_unit units[] = {
	/* Special registers, by the names of the table of instructions. */
	UNIT("sr0-2, sr4-6, sr8-10: threadgroup in grid, its size, a full one's", EXACT, "", MESA),
	UNIT("sr48-53, sr80-82: thread in threadgroup, lane, SIMD group, thread in grid", NEAR,
	     "threads fill SIMD groups in the order of x, y, z: inferred", MESA),
	UNIT("sr56-59: ranks and numbers of active threads", EXACT, "", MESA),
	UNIT("sr63: is_active_thread", EXACT, "1: compute programs have no helper invocations",
	     MESA),
	UNIT("sr20: core", NEAR, "in helper programs; others of Mesa do not read it", MESA),
	UNIT("sr21: address space", ABSENT, "no program of Mesa reads it", MESA),
	UNIT("sr12-14, sr60, sr62, sr124: tile, samples, coverage, facing", ABSENT,
	     "fragment programs do not run", MESA),
	UNIT("sr144, sr146, sr147: what the helper program is asked", NEAR,
	     "the argument of a request is the class of the stack's size in the USC words: inferred "
	     "from what Mesa counts by it",
	     MESA),
	/* Units of the core. */
	UNIT("lanes and the execution mask", EXACT, "", EMULATOR),
	UNIT("order of SIMD groups and threadgroups", NEAR,
	     "between barriers one SIMD group runs a while, then the next: hardware interleaves them",
	     MESA),
	UNIT("address translation", NEAR,
	     "a TLB for each thread of the host, flushed at each command and where the driver says; "
	     "soft faults only of what is not mapped",
	     MESA),
	UNIT("caches", NOTHING, "all threads see the same memory at once", MESA),
	UNIT("memory formats, loaded", EXACT, "", EMULATOR),
	UNIT("memory formats, stored", NEAR,
	     "clamped, rounded to nearest, ties to even, NaN is 0: not verified on hardware", MESA),
	UNIT("memory formats 9 and 11", ABSENT, "not understood", TABLE),
	UNIT("threadgroup memory", NEAR, LOCAL_END, MESA),
	UNIT("scratch", NEAR,
	     "memory that the helper program gives; new stack is zero, hardware leaves what was there; "
	     "how lanes and words lie in blocks is not known",
	     MESA),
	UNIT("helper programs", NEAR,
	     "started by the first request on a core, ended with the command; asked for a stack at a SIMD "
	     "group's first stack_adjust, and given it back before the core's next threadgroup or at the "
	     "launch's end; a refusal is a fault: when hardware asks, and what it does then, is not known; "
	     "of compute work only",
	     MESA),
	/* Formats, by channels and type. */
	UNIT("unorm, snorm of 1 to 16 bits, read", EXACT, "", OPENGL),
	UNIT("uint, sint, float of 16 and 32 bits, read", EXACT, "", OPENGL),
	UNIT("sRGB, read", NEAR, "the correctly rounded curve; hardware's steps are not known",
	     SPECIFICATION),
	UNIT("r11g11b10, r9g9b9e5, r10g10b10a2, read", EXACT, "", OPENGL),
	UNIT("BC1 to BC5", NEAR,
	     "the exact value, rounded once: Mesa's is up to two steps of a byte away, hardware's is not known",
	     MESA_FORMATS),
	UNIT("EAC", NEAR, "the value of 11 bits, which is exact, rounded once", MESA_FORMATS),
	UNIT("ETC2, BC6H, BC7", EXACT, "", MESA_FORMATS),
	UNIT("ASTC of sRGB", EXACT, "", MESA_FORMATS),
	UNIT("ASTC of unorm, float", NEAR,
	     "to binary16 as the specification's default says: it allows bytes for unorm, as Mesa has them, "
	     "and NaN instead of magenta for illegal blocks; what hardware does is not known",
	     ARM),
	UNIT("all that are written", NEAR,
	     "clamped, rounded to nearest, ties to even, NaN is 0: not verified on hardware", MESA),
	UNIT("a1r5g5b5", ABSENT, "the order of its components is not known", MESA),
	UNIT("PVRTC, subsampled (422), extended range (xr)", ABSENT, "Mesa does not use them",
	     MESA),
	/* Dimensions. */
	UNIT("1d, 1d array, 2d, 2d array, 3d", EXACT, "", SPECIFICATION),
	UNIT("2d multisampled, and arrays", EXACT, "", MESA),
	UNIT("cube, cube array", NEAR,
	     "a corner's missing texel is the mean of the three others; gathers take the face's own",
	     SPECIFICATION),
	/* Layouts. */
	UNIT("linear, twiddled, tiled, mipmapped", EXACT, "", MESA),
	UNIT("compressed", NEAR,
	     "reads: tiles that are raw, of one colour or never written (as raw), with other metadata what "
	     "lies there, with a finding; a tile that is written becomes raw",
	     MESA),
	UNIT("sparse", EXACT, "", MESA),
	UNIT("interchange layout, counters", ABSENT, "not understood", MESA),
	/* Sampling. */
	UNIT("nearest and linear filters, wraps, borders, comparison, gather, offsets", NEAR,
	     "weights of 8 bits, sums rounded once: hardware's rounding is not known",
	     SPECIFICATION),
	UNIT("levels of detail, gradients, queries", NEAR,
	     "8 fractional bits between levels: hardware's precision is not known", SPECIFICATION),
	UNIT("anisotropy", NEAR,
	     "from explicit gradients, up to 16 samples along the longer axis: implementations may "
	     "differ, hardware's way is not known",
	     SPECIFICATION),
	UNIT("cubic filters", ABSENT, "Mesa does not use them", MESA),
	UNIT("border colours of a sampler's own", EXACT,
	     "coded by the texture's format and in its order; not of ASTC and R9G9B9E5, whose coding nobody "
	     "has described: traps",
	     MESA),
	UNIT("border colours of the sampler heap", ABSENT,
	     "the heap has no room for them: those of sampler states are modelled", MESA),
};

const struct agx_fidelity_unit *agx_fidelity_units(unsigned int *count)
{
	*count = sizeof(units) / sizeof(*units);
	return units;
}

const char *agx_fidelity_level_name(unsigned int level)
{
	static const char *const names[AGX_FIDELITY_LEVELS] = {
		"not modelled",
		"exact",
		"near",
		"nothing",
	};

	return level < AGX_FIDELITY_LEVELS ? names[level] : "?";
}
