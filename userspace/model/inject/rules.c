// SPDX-License-Identifier: MIT
/* The rules: names, arguments, parsing. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject_internal.h"

#define MS   "MS"
#define UNIT "UNIT"

static const struct rule_type types[RULE_TYPES] = {
	[RULE_LATE] = {{"late", MS, "the N-th message to the driver's mailbox comes late"},
		       COUNT_MAIL,
		       ARGUMENT_MS},
	[RULE_LOSE] = {{"lose", "", "the N-th message to the driver's mailbox is lost"},
		       COUNT_MAIL,
		       ARGUMENT_NONE},
	[RULE_TWICE] = {{"twice", "", "the N-th message to the driver's mailbox comes twice"},
			COUNT_MAIL,
			ARGUMENT_NONE},
	[RULE_SWAP] = {{"swap", "",
			"the N-th message to the driver's mailbox comes after the next"},
		       COUNT_MAIL,
		       ARGUMENT_NONE},
	[RULE_GARBLE] = {{"garble", "", "the N-th message to the driver's mailbox has wrong bits"},
			 COUNT_MAIL,
			 ARGUMENT_NONE},
	[RULE_LATE_EVENT] = {{"late-event", MS, "the N-th event comes late into its ring"},
			     COUNT_EVENT,
			     ARGUMENT_MS},
	[RULE_LOSE_EVENT] = {{"lose-event", "", "the N-th event is lost"},
			     COUNT_EVENT,
			     ARGUMENT_NONE},
	[RULE_TWICE_EVENT] = {{"twice-event", "", "the N-th event comes twice"},
			      COUNT_EVENT,
			      ARGUMENT_NONE},
	[RULE_SWAP_EVENT] = {{"swap-event", "", "the N-th event comes after the next"},
			     COUNT_EVENT,
			     ARGUMENT_NONE},
	[RULE_GARBLE_EVENT] = {{"garble-event", "", "the N-th event has wrong bits"},
			       COUNT_EVENT,
			       ARGUMENT_NONE},
	[RULE_STORM] = {{"storm", "COUNT", "after the N-th event come COUNT for no reason"},
			COUNT_EVENT,
			ARGUMENT_NUMBER},
	[RULE_LOSE_DOORBELL] = {{"lose-doorbell", "", "the N-th doorbell of the driver is lost"},
				COUNT_DOORBELL,
				ARGUMENT_NONE},
	[RULE_STALL] = {{"stall", MS, "from the N-th doorbell on the firmware does nothing for MS"},
			COUNT_DOORBELL,
			ARGUMENT_MS},
	[RULE_STICK] = {{"stick", UNIT, "the N-th command of a unit never ends by itself"},
			COUNT_START,
			ARGUMENT_UNIT},
	[RULE_FAULT] = {{"fault", UNIT, "the N-th command of a unit faults"},
			COUNT_START,
			ARGUMENT_UNIT},
	[RULE_OVERFLOW] = {{"overflow", "", "the N-th vertex command fills its buffer"},
			   COUNT_START,
			   ARGUMENT_NONE},
	[RULE_GROW] = {{"grow", "", "with the N-th vertex command comes a request for more memory"},
		       COUNT_START,
		       ARGUMENT_NONE},
	[RULE_CRASH_BOOT] = {{"crash-boot", "", "the firmware crashes in its N-th boot"},
			     COUNT_BOOT,
			     ARGUMENT_NONE},
	[RULE_CRASH] = {{"crash", UNIT, "the firmware crashes while it runs the N-th command"},
			COUNT_START,
			ARGUMENT_UNIT},
	[RULE_CRASH_IDLE] = {{"crash-idle", "",
			      "the firmware crashes when it is idle after N events"},
			     COUNT_EVENT,
			     ARGUMENT_NONE},
};

const char *const inject_unit_names[AGX_GPU_UNITS] = {
	[AGX_GPU_VERTEX] = "vertex",
	[AGX_GPU_FRAGMENT] = "fragment",
	[AGX_GPU_COMPUTE] = "compute",
};

const struct agx_inject_rule_help *agx_inject_rules(unsigned int index)
{
	return index < RULE_TYPES ? &types[index].help : NULL;
}

const struct rule_type *inject_rule_type(enum rule_id id)
{
	return &types[id];
}

__attribute__((format(printf, 3, 4))) static int fail(char *error, size_t size, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, size, format, args);
	va_end(args);
	return -EINVAL;
}

/* A decimal number of at most limit; *at moves behind it. */
static bool number(const char **at, uint64_t limit, uint64_t *value)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	*value = strtoull(*at, &end, 10);
	if (errno || *value > limit)
		return false;
	*at = end;
	return true;
}

static int parse_argument(struct rule *rule, const char **at, char *error, size_t size)
{
	const struct rule_type *type = &types[rule->id];
	size_t length = strcspn(*at, "@,/");
	unsigned int unit;

	switch (type->argument) {
	case ARGUMENT_NONE:
		return fail(error, size, "\"%s\" takes no argument", type->help.name);
	case ARGUMENT_MS:
	case ARGUMENT_NUMBER:
		if (number(at, INJECT_MAX_NUMBER, &rule->argument))
			return 0;
		return fail(error, size, "%s=: expected a number up to %u, got \"%.*s\"",
			    type->help.name, INJECT_MAX_NUMBER, (int)length, *at);
	case ARGUMENT_UNIT:
		for (unit = 0; unit < AGX_GPU_UNITS; unit++) {
			if (strlen(inject_unit_names[unit]) != length ||
			    memcmp(inject_unit_names[unit], *at, length))
				continue;
			rule->argument = unit;
			*at += length;
			return 0;
		}
		return fail(error, size, "%s=: expected vertex, fragment or compute, got \"%.*s\"",
			    type->help.name, (int)length, *at);
	}
	return -EINVAL;
}

static int parse_rule(struct rule *rule, const char **at, char *error, size_t size)
{
	size_t length = strcspn(*at, "=@,/");
	int id, ret;

	for (id = 0; id < RULE_TYPES; id++)
		if (strlen(types[id].help.name) == length &&
		    !memcmp(types[id].help.name, *at, length))
			break;
	if (id == RULE_TYPES)
		return fail(error, size, "no rule is called \"%.*s\"", (int)length, *at);
	*rule = (struct rule){.id = id, .argument = INJECT_ANY_UNIT, .at = 1};
	*at += length;
	if (**at == '=') {
		++*at;
		ret = parse_argument(rule, at, error, size);
		if (ret)
			return ret;
	} else if (types[id].argument == ARGUMENT_MS || types[id].argument == ARGUMENT_NUMBER) {
		return fail(error, size, "\"%s\" needs an argument: %s=%s", types[id].help.name,
			    types[id].help.name, types[id].help.argument);
	}
	if (id == RULE_OVERFLOW || id == RULE_GROW)
		rule->argument = AGX_GPU_VERTEX;
	if (**at == '@') {
		++*at;
		if (!number(at, INJECT_MAX_NUMBER, &rule->at) || !rule->at)
			return fail(error, size, "%s@: expected a number from 1 to %u",
				    types[id].help.name, INJECT_MAX_NUMBER);
	}
	if (**at == '/') {
		++*at;
		if (!number(at, INJECT_MAX_NUMBER, &rule->every) || !rule->every)
			return fail(error, size, "%s/: expected a number from 1 to %u",
				    types[id].help.name, INJECT_MAX_NUMBER);
	}
	if (**at && **at != ',')
		return fail(error, size, "%s: expected a comma, got \"%s\"", types[id].help.name,
			    *at);
	return 0;
}

int agx_inject_create(const char *rules, struct agx_inject **out, char *error, size_t size)
{
	struct agx_inject *inject = calloc(1, sizeof(*inject));
	int ret = 0;

	if (!inject)
		return -ENOMEM;
	do {
		if (inject->rule_count == INJECT_MAX_RULES)
			ret = fail(error, size, "more than %d rules", INJECT_MAX_RULES);
		else
			ret = parse_rule(&inject->rules[inject->rule_count++], &rules, error, size);
	} while (!ret && *rules++ == ',');
	if (ret)
		free(inject);
	else
		*out = inject;
	return ret;
}

void agx_inject_destroy(struct agx_inject *inject)
{
	free(inject);
}
