// SPDX-License-Identifier: MIT
#include <argp.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agx.h"
#include "doctor.h"

struct arguments {
	const char *sysroot, *module;
	bool json, quiet;
};

enum {
	OPTION_SYSROOT = 0x100,
	OPTION_MODULE
};

static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "everything that was looked at, as JSON", 0},
	{"module", OPTION_MODULE, "FILE", 0, "a built asahi.ko that is to be loaded", 0},
	{"quiet", 'q', NULL, 0, "only what is not as expected", 0},
	{"sysroot", OPTION_SYSROOT, "DIR", 0, "look below DIR instead of at this machine", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case 'j':
		args->json = true;
		return 0;
	case 'q':
		args->quiet = true;
		return 0;
	case OPTION_SYSROOT:
		args->sysroot = arg;
		return 0;
	case OPTION_MODULE:
		args->module = arg;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument \"%s\"", arg);
	}
	return ARGP_ERR_UNKNOWN;
}

static const char *machine_name(enum doctor_machine machine)
{
	static const char *const names[] = {"other", "mac", "virtual"};

	return names[machine];
}

static const char *verdict(const struct doctor *doctor)
{
	if (doctor->machine == DOCTOR_OTHER)
		return "not for this machine";
	if (doctor_level_count(doctor, DOCTOR_FAIL))
		return "would not work";
	return doctor_level_count(doctor, DOCTOR_WARN) ? "may work" : "nothing in the way";
}

static void print_text(const struct doctor *doctor, bool quiet)
{
	const struct doctor_finding *finding;
	const char *area = NULL;
	size_t i;

	for (i = 0; i < doctor->count; i++) {
		finding = &doctor->findings[i];
		if (quiet && finding->level == DOCTOR_OK)
			continue;
		if (!area || strcmp(area, finding->area))
			printf("%s\n", finding->area);
		area = finding->area;
		printf("  %-4s  %-24s %s\n", doctor_level_name(finding->level), finding->check,
		       finding->found ? finding->found : "");
		if (finding->expected)
			printf("        expected: %s\n", finding->expected);
		if (finding->advice)
			printf("        what to do: %s\n", finding->advice);
	}
	printf("%s%zu failed, %zu to look at, %zu as expected: %s.\n", quiet && !area ? "" : "\n",
	       doctor_level_count(doctor, DOCTOR_FAIL), doctor_level_count(doctor, DOCTOR_WARN),
	       doctor_level_count(doctor, DOCTOR_OK), verdict(doctor));
	if (doctor->machine == DOCTOR_MAC)
		printf("This module has not run on any Mac yet; docs/mac.md says how to try it "
		       "and lose nothing.\n");
}

static void add(struct json_object *object, const char *name, const char *value)
{
	json_object_object_add(object, name, value ? json_object_new_string(value) : NULL);
}

static void print_json(const struct doctor *doctor)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_object_new_array();
	const struct doctor_finding *finding;
	struct json_object *item;
	size_t i;

	add(root, "agx", tool_version);
	add(root, "machine", machine_name(doctor->machine));
	add(root, "model", doctor->model);
	add(root, "soc", doctor->soc ? doctor->soc->name : NULL);
	add(root, "form", doctor->form);
	add(root, "m1n1", doctor->boot_loader);
	add(root, "macos_firmware", doctor->installed_firmware);
	add(root, "kernel", doctor->release);
	add(root, "verdict", verdict(doctor));
	for (i = 0; i < doctor->count; i++) {
		finding = &doctor->findings[i];
		item = json_object_new_object();
		add(item, "area", finding->area);
		add(item, "check", finding->check);
		add(item, "level", doctor_level_name(finding->level));
		add(item, "found", finding->found);
		add(item, "expected", finding->expected);
		add(item, "advice", finding->advice);
		json_object_array_add(list, item);
	}
	json_object_object_add(root, "checks", list);
	printf("%s\n", json_object_to_json_string_ext(
			       root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

int cmd_doctor(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Says, before the kernel module is loaded, whether this machine's device "
		       "tree, firmware and kernel are what the module expects. Changes nothing.",
	};
	struct arguments args = {.sysroot = ""};
	struct doctor doctor;
	int status;

	argp_err_exit_status = AGX_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (*args.sysroot && access(args.sysroot, X_OK)) {
		tool_error("--sysroot %s: not a folder that can be looked into", args.sysroot);
		return AGX_EXIT_USAGE;
	}
	doctor_init(&doctor, args.sysroot);
	doctor.module = args.module;
	status = doctor_gpu(&doctor);
	if (!status) {
		doctor_kernel(&doctor);
		doctor_module(&doctor);
		doctor_system(&doctor);
	}
	if (doctor.out_of_memory || (status && doctor.machine != DOCTOR_OTHER) ||
	    (status && !doctor.count)) {
		tool_error("doctor: %s", strerror(doctor.out_of_memory ? ENOMEM : -status));
		doctor_finish(&doctor);
		return AGX_EXIT_USAGE;
	}
	if (args.json)
		print_json(&doctor);
	else
		print_text(&doctor, args.quiet);
	if (doctor.machine == DOCTOR_OTHER)
		status = AGX_EXIT_USAGE;
	else
		status = doctor_level_count(&doctor, DOCTOR_FAIL) ? AGX_EXIT_FAILED : AGX_EXIT_OK;
	doctor_finish(&doctor);
	return status;
}
