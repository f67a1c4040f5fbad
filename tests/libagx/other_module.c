// SPDX-License-Identifier: MIT
/* A virtual GPU's module of another version of the library. */
#include "virtual/module.h"

extern const struct virtual_module libagx_virtual_module;

__attribute__((visibility("default"))) const struct virtual_module libagx_virtual_module = {
	.version = LIBAGX_VIRTUAL_VERSION + 1,
	.size = sizeof(struct virtual_module),
};
