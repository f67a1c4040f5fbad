// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../node/agx_node.h"
#include "capture_proto.h"
#include "config.h"

struct preload_config preload_config;
atomic_int preload_state;

/* A decimal number that ends at stop. False when there is none. */
static bool parse_number(const char **text, char stop, uint64_t *value)
{
	const char *p = *text;

	*value = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, *p - '0', value))
			return false;
	if (*p != stop)
		return false;
	*text = p + (stop != 0);
	return true;
}

static bool parse_node(struct preload_config *config, const char *text)
{
	struct preload_node *render = &config->node[PRELOAD_RENDER];
	struct preload_node *primary = &config->node[PRELOAD_PRIMARY];
	uint64_t minor, dev, ino, card, card_ino;
	size_t i;

	if (!parse_number(&text, ':', &minor) || !parse_number(&text, ':', &dev) ||
	    !parse_number(&text, ':', &ino) || !parse_number(&text, ':', &card) ||
	    !parse_number(&text, 0, &card_ino) || minor > 0xfffff || card > 0xfffff || !ino ||
	    !card_ino)
		return false;
	config->marker_dev = (dev_t)dev;
	render->minor = (unsigned int)minor;
	render->ino = (ino_t)ino;
	snprintf(render->name, sizeof(render->name), "renderD%u", render->minor);
	primary->minor = (unsigned int)card;
	primary->ino = (ino_t)card_ino;
	snprintf(primary->name, sizeof(primary->name), "card%u", primary->minor);
	for (i = 0; i < PRELOAD_NODES; i++)
		snprintf(config->node[i].char_name, sizeof(config->node[i].char_name), "%d:%u",
			 PRELOAD_DRM_MAJOR, config->node[i].minor);
	return true;
}

static int parse_level(const char *text)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{"none", -1},
		{"error", AGX_NODE_LOG_ERROR},
		{"warn", AGX_NODE_LOG_WARN},
		{"debug", AGX_NODE_LOG_DEBUG},
		{"machine", AGX_NODE_LOG_MACHINE},
	};
	unsigned int i;

	for (i = 0; text && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (!strcmp(text, levels[i].name))
			return levels[i].level;
	return AGX_NODE_LOG_WARN;
}

/* A variable's value; "" when it is not set, or too long to be one of ours. */
static void take_text(const char *name, char *text, size_t size)
{
	const char *value = getenv(name);

	if (value && strlen(value) < size)
		strcpy(text, value);
}

static bool read_environment(struct preload_config *config)
{
	const char *run_dir = getenv(PRELOAD_ENV_RUN_DIR), *node = getenv(PRELOAD_ENV_NODE);
	const char *memory = getenv(PRELOAD_ENV_MEMORY), *exec = getenv(PRELOAD_ENV_EXEC);
	const char *threads = getenv(PRELOAD_ENV_EXEC_THREADS);
	const char *order = getenv(PRELOAD_ENV_EXEC_ORDER), *check = getenv(PRELOAD_ENV_EXEC_CHECK);
	const char *results = getenv(PRELOAD_ENV_RESULTS);
	uint64_t number;

	if (!run_dir || run_dir[0] != '/' || !node)
		return false;
	config->run_dir_length = (unsigned int)strlen(run_dir);
	if (config->run_dir_length >= sizeof(config->run_dir) || !parse_node(config, node))
		return false;
	memcpy(config->run_dir, run_dir, config->run_dir_length + 1);
	take_text(PRELOAD_ENV_GPU, config->gpu, sizeof(config->gpu));
	take_text(PRELOAD_ENV_FIRMWARE, config->firmware, sizeof(config->firmware));
	take_text(PRELOAD_ENV_INJECT, config->inject, sizeof(config->inject));
	take_text(PRELOAD_ENV_TRANSCRIPT, config->transcript, sizeof(config->transcript));
	if (memory && !parse_number(&memory, 0, &config->memory))
		config->memory = 0;
	config->log_level = parse_level(getenv(PRELOAD_ENV_LOG));
	config->report = getenv(PRELOAD_ENV_REPORT) != NULL;
	config->critic = getenv(PRELOAD_ENV_CRITIC) != NULL;
	config->exec = exec && !strcmp(exec, "full");
	/* What is recorded is to be the same each time. */
	config->exec_threads = getenv(CAPTURE_ENV_SOCKET) ? 1 : 0;
	if (threads && parse_number(&threads, 0, &number) && number <= UINT_MAX)
		config->exec_threads = (unsigned int)number;
	if (order && !parse_number(&order, 0, &config->exec_order))
		config->exec_order = 0;
	config->races = check && !strcmp(check, "races");
	config->results =
		config->exec && results && parse_number(&results, 0, &config->result_content);
	return true;
}

/*
 * Runs in the constructor, or earlier when another object's constructor calls a hook; the
 * process has one thread then, or they all read the same environment.
 */
bool preload_configure(void)
{
	struct preload_config config = {.log_level = AGX_NODE_LOG_WARN};
	bool on = read_environment(&config);

	if (on)
		preload_config = config;
	atomic_store_explicit(&preload_state, on ? PRELOAD_ON : PRELOAD_OFF, memory_order_release);
	return on;
}

static __attribute__((constructor)) void construct(void)
{
	preload_active();
}
