// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exec_option.h"
#include "pool.h"

static uint64_t parse(const struct argp_state *state, const char *option, const char *text,
		      uint64_t most)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || value > most)
		argp_error(state, "--%s: got \"%s\", takes a number from 0 to %llu", option, text,
			   (unsigned long long)most);
	return value;
}

bool exec_option(const struct argp_state *state, const char *text)
{
	if (strcmp(text, "none") && strcmp(text, "full"))
		argp_error(state, "--exec: got \"%s\", takes none or full", text);
	return !strcmp(text, "full");
}

unsigned int exec_threads_option(const struct argp_state *state, const char *text)
{
	return (unsigned int)parse(state, "exec-threads", text, AGX_POOL_MAX);
}

uint64_t exec_order_option(const struct argp_state *state, const char *text)
{
	return parse(state, "exec-order", text, UINT64_MAX);
}
