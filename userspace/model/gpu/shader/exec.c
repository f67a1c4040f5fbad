// SPDX-License-Identifier: MIT
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <xmmintrin.h>
#endif

#include "exec_internal.h"
#include "fidelity.h"

void agx_simd_set_exec(struct agx_simd *simd, uint32_t mask)
{
	mask &= simd->lanes;
	simd->exec_mask = mask;
	for (unsigned int i = 0; i < AGX_LANES; i++)
		simd->exec[i] = -(mask >> i & 1);
}

void agx_simd_start(struct agx_simd *simd, const struct agx_program *program,
		    struct agx_group *group, uint32_t index, unsigned int count)
{
	memset(simd->r, 0, sizeof(simd->r));
	simd->lanes = count >= AGX_LANES ? AGX_ALL_LANES : (1u << count) - 1;
	agx_simd_set_exec(simd, AGX_ALL_LANES);
	simd->pc = 0;
	simd->program = program;
	simd->group = group;
	simd->uniforms = group->bindings->uniforms;
	simd->index = index;
	simd->stack_size = 0;
	simd->trap = AGX_TRAP_NONE;
	simd->trap_what = NULL;
}

const struct agx_op *agx_simd_trap(struct agx_simd *simd, const struct agx_op *op,
				   enum agx_trap trap, unsigned int lane, const char *what)
{
	simd->pc = (uint32_t)(op - simd->program->ops);
	simd->trap = trap;
	simd->trap_offset = op->offset;
	simd->trap_lane = (uint8_t)lane;
	simd->trap_op = op->op;
	simd->trap_what = what ? what : agx_isa_op_name(op->op);
	simd->result = AGX_EXEC_TRAPPED;
	return NULL;
}

const struct agx_op *agx_simd_leave(struct agx_simd *simd, const struct agx_op *next,
				    enum agx_exec_result result)
{
	simd->pc = (uint32_t)(next - simd->program->ops);
	simd->result = result;
	return NULL;
}

static const struct agx_op *op_not_modelled(struct agx_simd *simd, const struct agx_op *op)
{
	return agx_simd_trap(simd, op, AGX_TRAP_NOT_MODELLED, 0, agx_isa_op_name(op->op));
}

static const struct agx_op *op_nothing(struct agx_simd *simd, const struct agx_op *op)
{
	return op + 1;
}

/* Threads of the host may have run the other SIMD groups. */
static const struct agx_op *op_fence(struct agx_simd *simd, const struct agx_op *op)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return op + 1;
}

/* What all hosts do alike. */
static agx_op_fn bind_common(const struct agx_op *op, const struct agx_isa_instr *instr)
{
	const struct agx_fidelity *fidelity = agx_fidelity_of(op->op);
	agx_op_fn fn;

	if (fidelity && fidelity->level == AGX_FIDELITY_NOTHING)
		return agx_isa_op_info(op->op)->properties & AGX_ISA_PROPERTY_BARRIER ? op_fence
										      : op_nothing;
	fn = agx_exec_flow_fn(op, instr);
	if (!fn)
		fn = agx_exec_helper_fn(op, instr);
	if (!fn)
		fn = agx_exec_simd_fn(op, instr);
	if (!fn)
		fn = agx_exec_memory_fn(instr);
	if (!fn)
		fn = agx_exec_texture_fn(instr);
	return fn ? fn : op_not_modelled;
}

#define BIND(host)                                                                               \
	static agx_op_fn bind_##host(const struct agx_op *op, const struct agx_isa_instr *instr) \
	{                                                                                        \
		agx_op_fn fn = agx_exec_integer_##host(op, instr);                               \
                                                                                                 \
		if (!fn)                                                                         \
			fn = agx_exec_float_##host(op, instr);                                   \
		if (!fn)                                                                         \
			fn = agx_exec_special_##host(op, instr);                                 \
		if (!fn)                                                                         \
			fn = agx_exec_compare_##host(op, instr);                                 \
		return fn ? fn : bind_common(op, instr);                                         \
	}

/* clang-format off */
BIND(baseline)
#ifdef AGX_HAVE_AVX2
BIND(avx2)
#endif
#ifdef AGX_HAVE_AVX512
BIND(avx512)
#endif
/* clang-format on */

#ifdef AGX_HAVE_AVX2
/* Not every compiler's __builtin_cpu_supports() knows the conversions of halves by a name. */
static bool has_f16c(void)
{
	unsigned int eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C);
}
#endif

const struct agx_exec *agx_exec_on(enum agx_exec_host host)
{
	static const struct agx_exec hosts[AGX_EXEC_HOSTS] = {
		[AGX_EXEC_BASELINE] = {"baseline", bind_baseline},
#ifdef AGX_HAVE_AVX2
		[AGX_EXEC_AVX2] = {"avx2", bind_avx2},
#endif
#ifdef AGX_HAVE_AVX512
		[AGX_EXEC_AVX512] = {"avx512", bind_avx512},
#endif
	};

	if (host >= AGX_EXEC_HOSTS || !hosts[host].bind)
		return NULL;
#ifdef AGX_HAVE_AVX2
	if (host == AGX_EXEC_AVX2 &&
	    !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c()))
		return NULL;
#endif
#ifdef AGX_HAVE_AVX512
	if (host == AGX_EXEC_AVX512 &&
	    !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")))
		return NULL;
#endif
	return &hosts[host];
}

const struct agx_exec *agx_exec_best(void)
{
	for (unsigned int host = AGX_EXEC_HOSTS - 1; host > AGX_EXEC_BASELINE; host--) {
		const struct agx_exec *exec = agx_exec_on(host);

		if (exec)
			return exec;
	}
	return agx_exec_on(AGX_EXEC_BASELINE);
}

/* Makes the host flush denormals; gives what its control register was. */
static uint64_t enter_flushing(void)
{
#if defined(__x86_64__)
	const unsigned int was = _mm_getcsr();

	_mm_setcsr(0x1f80 | 0x8040); /* nearest even, nothing raised, FTZ, DAZ */
	return was;
#elif defined(__aarch64__)
	uint64_t was;

	__asm__ volatile("mrs %0, fpcr" : "=r"(was));
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)1 << 24)); /* FZ, nearest even */
	return was;
#else
	return 0;
#endif
}

static void leave_flushing(uint64_t was)
{
#if defined(__x86_64__)
	_mm_setcsr((unsigned int)was);
#elif defined(__aarch64__)
	__asm__ volatile("msr fpcr, %0" : : "r"(was));
#endif
}

static bool begin(struct agx_simd *simd, uint64_t budget, bool single)
{
	if (simd->trap != AGX_TRAP_NONE) {
		simd->result = AGX_EXEC_TRAPPED;
		return false;
	}
	simd->single = single;
	simd->budget = budget > INT64_MAX ? INT64_MAX : (int64_t)budget;
	return true;
}

enum agx_exec_result agx_exec_run(struct agx_simd *simd, uint64_t budget)
{
	const struct agx_op *op;
	uint64_t control;

	if (!begin(simd, budget, false))
		return simd->result;
	control = enter_flushing();
	/* The compiler must not move arithmetic of inlined functions out of here: there is none. */
	for (op = &simd->program->ops[simd->pc]; op;)
		op = op->fn(simd, op);
	leave_flushing(control);
	return simd->result;
}

enum agx_exec_result agx_exec_run_watched(struct agx_simd *simd, uint64_t budget,
					  agx_exec_watch_fn watch, void *data)
{
	const struct agx_op *op;

	if (!begin(simd, budget, true))
		return simd->result;
	for (op = &simd->program->ops[simd->pc]; op;) {
		uint64_t control;

		if (!watch(data, simd, op)) {
			agx_simd_leave(simd, op, AGX_EXEC_BUDGET);
			break;
		}
		control = enter_flushing();
		op = op->fn(simd, op);
		leave_flushing(control);
	}
	return simd->result;
}
