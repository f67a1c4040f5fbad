/* SPDX-License-Identifier: MIT */
/* What launches have changed, kept until the recording object takes it: results_proto.h. */
#ifndef AGX_PRELOAD_RESULTS_H
#define AGX_PRELOAD_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "agx_node.h"
#include "results_proto.h"

/* As agx_node_config.submit_tag. */
uint64_t results_tag(void *data);

/* Notes a launch; content: bytes of content that a submission may have. With the node's locks held. */
void results_add(const struct agx_node_launch *launch, uint64_t content);

/* PRELOAD_IOCTL_RESULTS; on: results are noted at all. */
long results_ioctl(struct agx_node *node, const struct agx_file *file, bool on, uint64_t arg);

/* In a forked child: what is kept is the parent's. */
void results_forget(void);

#endif
