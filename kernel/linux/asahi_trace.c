// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The tracepoints' code.
 *
 * What asahi_trace.h prints as names are plain numbers there; they are compared with what they
 * stand for here.
 */
#include <linux/build_bug.h>

#include "asahi_trace.h"

static_assert(AGX_CORE_OFF == 0 && AGX_CORE_HANDOFF == 1 && AGX_CORE_STARTING == 2 &&
	      AGX_CORE_READY == 3 && AGX_CORE_STOPPING == 4 && AGX_CORE_FAILED == 5);
static_assert(AGX_CORE_FAULT_MMU == 0 && AGX_CORE_FAULT_TIMEOUT == 1 &&
	      AGX_CORE_FAULT_CHANNEL == 2 && AGX_CORE_FAULT_HANG == 3 && AGX_CORE_FAULT_KINDS == 4);
static_assert(AGX_PIPE_VERTEX == 0 && AGX_PIPE_FRAGMENT == 1 && AGX_PIPE_COMPUTE == 2);
static_assert(AGX_SGX_FAULT_UNMAPPED == 0 && AGX_SGX_FAULT_ACCESS_FLAG == 1 &&
	      AGX_SGX_FAULT_WRITE_ONLY == 2 && AGX_SGX_FAULT_READ_ONLY == 3 &&
	      AGX_SGX_FAULT_NO_ACCESS == 4);
static_assert(AGX_RECORD_LOG == 0 && AGX_RECORD_KTRACE == 1 && AGX_RECORD_STATS == 2 &&
	      AGX_RECORD_SYSLOG == 3 && AGX_RECORD_CRASH == 4 && AGX_RECORD_FAULT == 5 &&
	      AGX_RECORD_SOURCES == 6);
static_assert(AGX_EP_FIRMWARE == 0x20 && AGX_EP_DOORBELL == 0x21);
static_assert(AGX_MSG_EVENT == 0x42 && AGX_MSG_INIT == 0x81 && AGX_MSG_DOORBELL == 0x83 &&
	      AGX_MSG_FWCTL == 0x84 && AGX_MSG_HALT == 0x85);
static_assert(DRM_ASAHI_BIND_UNBIND == 1 && DRM_ASAHI_BIND_READ == 2 && DRM_ASAHI_BIND_WRITE == 4 &&
	      DRM_ASAHI_BIND_SINGLE_PAGE == 8);

#define CREATE_TRACE_POINTS
#include "asahi_trace.h"
