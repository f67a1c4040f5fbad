// SPDX-License-Identifier: MIT
/*
 * Fuzzes the reader of device core dumps: the check, both printers.
 *
 * The header's magic number, version and size are made right, so that what lies behind them is
 * reached; tests/coredump has those.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "coredump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct asahi_coredump_header header;
	struct coredump_error error;
	struct json_object *root;
	struct coredump dump;
	static FILE *null;
	uint8_t *bytes;

	if (!null)
		null = fopen("/dev/null", "w");
	bytes = malloc(size ? size : 1);
	if (!null || !bytes)
		abort();
	memcpy(bytes, data, size);
	if (size >= sizeof(header)) {
		memcpy(&header, bytes, sizeof(header));
		header.magic = ASAHI_COREDUMP_MAGIC;
		header.version = ASAHI_COREDUMP_VERSION;
		header.size = size;
		memcpy(bytes, &header, sizeof(header));
	}
	if (!coredump_check(bytes, size, &dump, &error)) {
		if (coredump_print(&dump, true, null))
			abort();
		root = coredump_json(&dump);
		if (!root || !json_object_to_json_string(root))
			abort();
		json_object_put(root);
	} else if (!error.text[0]) {
		abort();
	}
	free(bytes);
	return 0;
}
