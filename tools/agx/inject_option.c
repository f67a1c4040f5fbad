// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx.h"
#include "agx_inject.h"
#include "inject_option.h"
#include "preload/config.h"

static void list_rules(void)
{
	const struct agx_inject_rule_help *rule;
	unsigned int i;

	printf("Rules, separated by commas: NAME[=ARGUMENT][@N[/EVERY]]: at the N-th, then at each EVERY-th.\n");
	for (i = 0; (rule = agx_inject_rules(i)); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s%s", rule->name, rule->argument[0] ? "=" : "",
			 rule->argument);
		printf("  %-28s %s\n", name, rule->text);
	}
}

const char *inject_option(const struct argp_state *state, const char *rules)
{
	struct agx_inject *inject;
	char error[256] = "";
	int ret;

	if (!strcmp(rules, "help")) {
		list_rules();
		exit(fflush(stdout) ? AGX_EXIT_USAGE : AGX_EXIT_OK);
	}
	ret = agx_inject_create(rules, &inject, error, sizeof(error));
	if (ret)
		argp_error(state, "--inject: %s", error[0] ? error : strerror(-ret));
	else if (strlen(rules) >= PRELOAD_INJECT_MAX)
		argp_error(state, "--inject: the rules take more than %d bytes",
			   PRELOAD_INJECT_MAX - 1);
	agx_inject_destroy(inject);
	return rules;
}
