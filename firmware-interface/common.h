/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What is the same for every GPU and firmware: the guarded first part of each subject's header.
 */
#ifndef AGX_FW_COMMON_H
#define AGX_FW_COMMON_H

#include "blit.h"
#include "buffer.h"
#include "channels.h"
#include "compute.h"
#include "event.h"
#include "fragment.h"
#include "hwdata.h"
#include "initdata.h"
#include "job.h"
#include "mailbox.h"
#include "microseq.h"
#include "registers.h"
#include "sgx.h"
#include "stats.h"
#include "uat.h"
#include "vertex.h"
#include "workqueue.h"

#endif
