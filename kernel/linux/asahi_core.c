// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * DOC: the driver core's home
 *
 * kernel/core is a state machine without threads or locks. Here are its lock, what it calls, and who
 * calls it: transports with messages, a delayed work with the time, ioctls and the scheduler with
 * work.
 *
 * One mutex for all of it. The alternative, a lock per queue or VM, would put locks into the core;
 * and what is done under this one takes microseconds, next to jobs that take milliseconds.
 *
 * Lock order: power.lock (start, stop) > dma_resv > core.lock > the locks of fences and wait queues.
 * core.lock is on the way to signalling fences, which is told to lockdep.
 */
#include <drm/drm_managed.h>
#include <drm/drm_print.h>
#include <linux/dma-fence.h>
#include <linux/ktime.h>

#include "agx_fault.h"
#include "asahi_core.h"
#include "asahi_dump.h"
#include "asahi_file.h"
#include "asahi_mailbox.h"
#include "asahi_trace.h"

/* Start and stop have time limits for each of their steps; this is for the whole, in case. */
#define LIFE_TIMEOUT (30 * HZ)

/* Messages that are taken in at once, before others get the lock. */
#define RECEIVE_BATCH 16

/* How often a start is repeated that failed for lack of memory. */
#define START_REPEATS 8

/* --- The lock --- */

struct agx_core *asahi_core_lock(struct asahi_device *adev)
{
	bool signalling = dma_fence_begin_signalling();

	mutex_lock(&adev->core.lock);
	adev->core.signalling = signalling;
	return adev->core.core;
}

static void poll_in(struct asahi_device *adev, u64 ns)
{
	unsigned long delay, when;

	lockdep_assert_held(&adev->core.lock);
	if (ns == U64_MAX)
		return; /* what is pending looks in vain, at worst */
	delay = ns ? nsecs_to_jiffies(ns) + 1 : 0;
	when = jiffies + delay;
	if (delayed_work_pending(&adev->core.poll) && !time_before(when, adev->core.next_poll))
		return;
	adev->core.next_poll = when;
	mod_delayed_work(adev->core.wq, &adev->core.poll, delay);
}

void asahi_core_unlock(struct asahi_device *adev)
{
	bool signalling;

	lockdep_assert_held(&adev->core.lock);
	if (adev->core.core)
		poll_in(adev, agx_core_poll(adev->core.core));
	signalling = adev->core.signalling;
	mutex_unlock(&adev->core.lock);
	dma_fence_end_signalling(signalling);
	asahi_reserve_flush(adev);
}

static void poll_work(struct work_struct *work)
{
	struct asahi_device *adev =
		container_of(to_delayed_work(work), struct asahi_device, core.poll);

	asahi_core_lock(adev);
	asahi_core_unlock(adev);
}

/* --- What the core calls --- */

static void order(void *cookie, enum agx_barrier kind)
{
#ifdef CONFIG_ARM64
	if (kind == AGX_BARRIER_FULL) {
		dsb(sy);
		return;
	}
#endif
	/* Among CPUs, and with what is coherent with them. */
	smp_mb();
}

/*
 * Written as system instructions: the assembler knows the names only when it is told an architecture
 * that the rest of the kernel is not built for. (Arm ARM: TLBI VMALLE1OS, VAE1OS, ASIDE1OS, RVAE1OS.)
 */
static void tlbi(void *cookie, enum agx_tlbi op, uint64_t operand)
{
	struct asahi_device *adev = cookie;

	if (!adev->mailbox->ops->tlbi)
		return;
#ifdef CONFIG_ARM64
	switch (op) {
	case AGX_TLBI_ALL:
		asm volatile("sys #0, c8, c1, #0" ::: "memory");
		break;
	case AGX_TLBI_PAGE:
		asm volatile("sys #0, c8, c1, #1, %0" ::"r"(operand) : "memory");
		break;
	case AGX_TLBI_ASID:
		asm volatile("sys #0, c8, c1, #2, %0" ::"r"(operand) : "memory");
		break;
	case AGX_TLBI_RANGE:
		asm volatile("sys #0, c8, c5, #1, %0" ::"r"(operand) : "memory");
		break;
	}
#else
	drm_WARN_ONCE(&adev->base, 1, "no instruction for TLB maintenance\n");
#endif
}

static uint64_t time_ns(void *cookie)
{
	return ktime_get_raw_ns();
}

static void relax(void *cookie)
{
	cpu_relax();
	cond_resched();
}

static int mailbox_send(void *cookie, uint8_t endpoint, uint64_t message)
{
	struct asahi_device *adev = cookie;

	trace_asahi_mailbox_send(adev, endpoint, message);
	asahi_dump_message(adev, true, endpoint, message);
	return adev->mailbox->ops->send(adev, endpoint, message);
}

__printf(3, 0) static void log_line(void *cookie, enum agx_log_level level, const char *format,
				    va_list args)
{
	struct asahi_device *adev = cookie;
	struct va_format text = {.fmt = format, .va = &args};

	switch (level) {
	case AGX_LOG_ERROR:
		drm_err(&adev->base, "%pV\n", &text);
		break;
	case AGX_LOG_WARNING:
		dev_warn_ratelimited(adev->base.dev, "%pV\n", &text);
		break;
	case AGX_LOG_INFO:
		drm_info(&adev->base, "%pV\n", &text);
		break;
	case AGX_LOG_DEBUG:
		drm_dbg(&adev->base, "%pV\n", &text);
		break;
	}
}

/* --- What the core tells --- */

static int hook_run(void *cookie, bool run)
{
	struct asahi_device *adev = cookie;
	int ret;

	ret = adev->mailbox->ops->run(adev, run);
	/* One that may be running: it may still write to memory that it knows. */
	adev->core.runs = run || ret;
	return ret;
}

static void hook_state(void *cookie, enum agx_core_state state)
{
	struct asahi_device *adev = cookie;

	trace_asahi_state(adev, state);
	WRITE_ONCE(adev->core.state, state);
	WRITE_ONCE(adev->core.changes, adev->core.changes + 1);
	if (state == AGX_CORE_FAILED) {
		asahi_dump_crash(adev, agx_core_failure(adev->core.core));
		if (!adev->core.starting)
			asahi_device_failed(adev);
	}
	wake_up_all(&adev->core.changed);
}

static void hook_record(void *cookie, const struct agx_record *record)
{
	struct asahi_device *adev = cookie;

	trace_asahi_record(adev, record);
	if (!adev->power.gone)
		asahi_dump_record(adev, record);
	switch (record->source) {
	case AGX_RECORD_CRASH:
		drm_err(&adev->base, "firmware crash: %s\n", record->text);
		break;
	case AGX_RECORD_FAULT:
		dev_warn_ratelimited(adev->base.dev, "%s\n", record->text);
		break;
	default:
		drm_dbg(&adev->base, "%s: %s\n", agx_record_source_name(record->source),
			record->text);
	}
}

static void hook_job_done(void *cookie, void *data, int error)
{
	struct asahi_device *adev = cookie;

	asahi_job_done(adev, data, error);
	wake_up_all(&adev->core.changed);
}

static void hook_fault(void *cookie, const struct agx_core_fault *fault)
{
	struct asahi_device *adev = cookie;

	trace_asahi_fault(adev, fault);
	if (!adev->power.gone)
		asahi_dump_fault(adev, fault);
}

static uint64_t hook_sgx_read(void *cookie, uint32_t offset)
{
	struct asahi_device *adev = cookie;

	return adev->mailbox->ops->sgx_read(adev, offset);
}

/* --- Transports --- */

static void receive(struct asahi_device *adev, u8 endpoint, u64 message)
{
	lockdep_assert_held(&adev->core.lock);
	trace_asahi_mailbox_receive(adev, endpoint, message);
	if (!adev->power.gone)
		asahi_dump_message(adev, false, endpoint, message);
	agx_core_mailbox(adev->core.core, endpoint, message);
}

void asahi_core_receive(struct asahi_device *adev, u8 endpoint, u64 message)
{
	asahi_core_lock(adev);
	receive(adev, endpoint, message);
	asahi_core_unlock(adev);
}

void asahi_core_receive_all(struct asahi_device *adev,
			    bool (*next)(struct asahi_device *adev, u8 *endpoint, u64 *message))
{
	unsigned int i;
	u8 endpoint;
	u64 message;

	do {
		asahi_core_lock(adev);
		for (i = 0; i < RECEIVE_BATCH && next(adev, &endpoint, &message); i++)
			receive(adev, endpoint, message);
		asahi_core_unlock(adev);
		cond_resched();
	} while (i == RECEIVE_BATCH);
}

void asahi_core_crashed(struct asahi_device *adev, const char *why)
{
	struct agx_core *core = asahi_core_lock(adev);

	agx_core_crash(core, why);
	asahi_core_unlock(adev);
}

int asahi_core_rtkit_buffer(struct asahi_device *adev, u64 size, struct agx_rtkit_buffer *buffer)
{
	struct agx_core *core;
	int ret;

	do {
		core = asahi_core_lock(adev);
		ret = agx_core_rtkit_buffer(core, size, buffer);
		asahi_core_unlock(adev);
	} while (asahi_core_again(adev, &ret));
	return ret;
}

/* --- Start and stop --- */

static int boot_rtkit(struct asahi_device *adev)
{
	int ret = adev->mailbox->ops->boot(adev);
	struct agx_core *core = asahi_core_lock(adev);

	if (ret)
		agx_core_crash(core, "RTKit does not boot");
	else
		ret = agx_core_rtkit_running(core);
	asahi_core_unlock(adev);
	return ret;
}

/*
 * Until the state is wanted, and in case of READY until the firmware listens. -EIO: it has failed,
 * or is off.
 */
static int wait_until(struct asahi_device *adev, enum agx_core_state wanted)
{
	unsigned long end = jiffies + LIFE_TIMEOUT;
	enum agx_core_state state;
	struct agx_core *core;
	unsigned int changes;
	bool done;
	u64 delay;

	do {
		core = asahi_core_lock(adev);
		delay = agx_core_poll(core);
		state = agx_core_state(core);
		changes = adev->core.changes;
		done = state == wanted && (state != AGX_CORE_READY || agx_core_initialized(core));
		asahi_core_unlock(adev);
		if (done)
			return 0;
		if (state == AGX_CORE_FAILED || state == AGX_CORE_OFF)
			return -EIO;
		if (state == AGX_CORE_STARTING && adev->mailbox->ops->rtkit) {
			if (boot_rtkit(adev))
				return -EIO;
			continue;
		}
		/* Nobody tells that the first message was taken. */
		delay = min_t(u64, delay, state == AGX_CORE_READY ? NSEC_PER_MSEC : NSEC_PER_SEC);
		wait_event_timeout(adev->core.changed, READ_ONCE(adev->core.changes) != changes,
				   nsecs_to_jiffies(delay) + 1);
	} while (time_before(jiffies, end));
	return -EIO;
}

static int try_start(struct asahi_device *adev)
{
	struct agx_core *core;
	int ret;

	do {
		core = asahi_core_lock(adev);
		ret = agx_core_prepare(core);
		asahi_core_unlock(adev);
	} while (asahi_core_again(adev, &ret));
	if (ret)
		return ret;

	core = asahi_core_lock(adev);
	adev->core.starting = true;
	ret = agx_core_start(core);
	asahi_core_unlock(adev);
	if (!ret)
		ret = wait_until(adev, AGX_CORE_READY);

	core = asahi_core_lock(adev);
	/* Between its first message and here it may have failed again. */
	if (!ret && agx_core_state(core) != AGX_CORE_READY)
		ret = -EIO;
	adev->core.starting = false;
	asahi_core_unlock(adev);
	return ret;
}

int asahi_core_start(struct asahi_device *adev)
{
	unsigned int i;
	int ret;

	lockdep_assert_held(&adev->power.lock);
	for (i = 0; i < START_REPEATS; i++) {
		ret = try_start(adev);
		if (!ret)
			return 0;
		asahi_core_stop(adev);
		/* A failure for lack of memory is the firmware's, as the core tells it. */
		if (ret != -EIO || !asahi_reserve_wanted(adev))
			break;
		ret = -ENOMEM;
		if (!asahi_core_again(adev, &ret))
			break;
	}
	return ret;
}

int asahi_core_stop(struct asahi_device *adev)
{
	struct agx_core *core;
	int ret;

	lockdep_assert_held(&adev->power.lock);
	core = asahi_core_lock(adev);
	adev->core.starting = true; /* whatever happens now needs no reset */
	agx_core_stop(core);
	asahi_core_unlock(adev);

	if (READ_ONCE(adev->core.state) == AGX_CORE_STOPPING) {
		if (adev->mailbox->ops->rtkit) {
			ret = adev->mailbox->ops->quiesce(adev);
			core = asahi_core_lock(adev);
			if (ret)
				agx_core_crash(core, "RTKit does not become quiet");
			else
				agx_core_rtkit_quiet(core);
			asahi_core_unlock(adev);
		} else {
			wait_until(adev, AGX_CORE_OFF);
		}
	}

	core = asahi_core_lock(adev);
	agx_core_stop(core); /* of one that has failed meanwhile */
	if (agx_core_state(core) == AGX_CORE_STOPPING) {
		agx_core_crash(core, "it does not stop");
		agx_core_stop(core);
	}
	adev->core.starting = false;
	ret = adev->core.runs ? -ETIMEDOUT : 0;
	asahi_core_unlock(adev);
	return ret;
}

/* --- Life --- */

static void core_fini(struct drm_device *drm, void *data)
{
	struct asahi_device *adev = to_asahi_device(drm);
	struct agx_core *core;

	cancel_delayed_work_sync(&adev->core.poll);
	core = asahi_core_lock(adev);
	adev->core.core = NULL;
	if (adev->core.runs)
		drm_err(&adev->base, "the coprocessor did not stop: its memory is not freed\n");
	else
		agx_core_destroy(core);
	asahi_core_unlock(adev);
	cancel_delayed_work_sync(&adev->core.poll);
	destroy_workqueue(adev->core.wq);
}

int asahi_core_init(struct asahi_device *adev, const struct agx_device *device)
{
	struct agx_core_config config = {
		.device = *device,
		.hooks = &adev->core.hooks,
		.cookie = adev,
		.fault_control = asahi_fault_control,
		.ktrace_mask = asahi_ktrace_mask,
		.work_timeout_ns = mul_u32_u32(asahi_work_timeout_ms, NSEC_PER_MSEC),
		.debug_heaps = asahi_debug_heaps,
		.external_rtkit = adev->mailbox->ops->rtkit,
	};
	struct agx_reject why = {};
	int ret;

	ret = drmm_mutex_init(&adev->base, &adev->core.lock);
	if (ret)
		return ret;
	init_waitqueue_head(&adev->core.changed);
	INIT_DELAYED_WORK(&adev->core.poll, poll_work);
	adev->core.hooks = (struct agx_core_hooks){
		.run = hook_run,
		.state = hook_state,
		.record = hook_record,
		.job_done = hook_job_done,
		.fault = hook_fault,
		.sgx_read = hook_sgx_read,
	};
	adev->core.platform = (struct agx_platform){
		.cookie = adev,
		.order = order,
		.tlbi = tlbi,
		.time_ns = time_ns,
		.relax = relax,
		.mailbox_send = mailbox_send,
		.log = log_line,
	};
	ret = asahi_reserve_init(adev);
	if (ret)
		return ret;
	adev->core.wq = alloc_ordered_workqueue("asahi-core", WQ_MEM_RECLAIM | WQ_HIGHPRI);
	if (!adev->core.wq)
		return -ENOMEM;

	do {
		asahi_core_lock(adev);
		ret = agx_core_create(&adev->core.platform, &config, &adev->core.core, &why);
		asahi_core_unlock(adev);
	} while (asahi_core_again(adev, &ret));
	if (ret) {
		destroy_workqueue(adev->core.wq);
		return dev_err_probe(adev->base.dev, ret, "%s: expected %s, got 0x%llx\n", why.what,
				     why.expected, why.got);
	}
	return drmm_add_action_or_reset(&adev->base, core_fini, NULL);
}
