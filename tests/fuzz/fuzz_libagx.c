// SPDX-License-Identifier: MIT
/*
 * Fuzzes the library's interface: the bytes are decisions on which functions are called with what
 * (tests/libagx/sequence). Devices stay open from one input to the next. The corpus is made by
 * make_libagx_seeds.py.
 */
#include "sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	sequence_run(data, size, size && data[0] & 8);
	return 0;
}
