// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_chip.h"
#include "agx_inject.h"
#include "changes.h"
#include "exec_gpu.h"
#include "null.h"

struct agx_chip {
	struct agx_chip_config config;
	struct agx_firmware *firmware;
	struct agx_inject *inject; /* NULL: nothing goes wrong on purpose */
	/* One of the two, as the firmware knows it. */
	struct agx_null_gpu *null_gpu;
	struct agx_exec_gpu *exec_gpu;
	const struct agx_gpu_ops *gpu_ops;
	void *gpu;
	struct agx_changes *changes; /* NULL: nobody wants to know */
};

uint64_t agx_chip_ticks(uint64_t ns)
{
	return ns / 125 * 3 + ns % 125 * 3 / 125;
}

uint64_t agx_chip_ns(uint64_t ticks)
{
	return ticks / 3 * 125 + ticks % 3 * 125 / 3;
}

/* --- What the firmware and the GPU call --- */

static void *ram(void *cookie, uint64_t pa, uint64_t size)
{
	struct agx_chip *chip = cookie;

	return chip->config.ram(chip->config.cookie, pa, size);
}

static void mailbox(void *cookie, uint64_t word0, uint64_t word1)
{
	struct agx_chip *chip = cookie;

	chip->config.mailbox(chip->config.cookie, word0, word1);
}

static uint64_t clock_ticks(void *cookie)
{
	struct agx_chip *chip = cookie;

	return chip->config.clock(chip->config.cookie);
}

static void log_line(void *cookie, enum agx_firmware_log_level level, const char *line)
{
	struct agx_chip *chip = cookie;

	chip->config.log(chip->config.cookie, level, line);
}

static void transcript(void *cookie, const char *line)
{
	struct agx_chip *chip = cookie;

	chip->config.transcript(chip->config.cookie, line);
}

static void finding(void *cookie, const struct agx_firmware_finding *found)
{
	struct agx_chip *chip = cookie;
	const struct agx_chip_finding what = {
		.id = found->id,
		.name = agx_finding_name(found->id),
		.text = found->text,
		.address = found->address,
		.structure = found->structure,
		.field = found->field,
		.expected = found->expected,
		.got = found->got,
	};

	chip->config.finding(chip->config.cookie, &what);
}

/* Before the driver can see what will make it read registers. */
static bool outgoing(void *cookie, const char *channel, void *element, size_t size)
{
	struct agx_chip *chip = cookie;

	(void)element;
	(void)size;
	if (!strcmp(channel, "event"))
		chip->config.sgx_changed(chip->config.cookie);
	return true;
}

static void complain(void *cookie, const struct agx_gpu_complaint *complaint)
{
	static const char *const units[AGX_GPU_UNITS] = {"vertex", "fragment", "compute"};
	const char *unit = units[complaint->place.unit];
	struct agx_chip *chip = cookie;
	char text[240];
	const struct agx_chip_finding what = {
		.id = complaint->id,
		.name = agx_gpu_finding_name(complaint->id),
		.text = text,
		.address = complaint->address,
		.structure = complaint->structure[0] ? complaint->structure : "control_stream",
		.field = complaint->field[0] ? complaint->field : unit,
		.got = complaint->value,
		.place = &complaint->place,
	};

	snprintf(text, sizeof(text), "%s unit at 0x%llx, context %u: %s", unit,
		 (unsigned long long)complaint->address, complaint->place.context, complaint->text);
	chip->config.finding(chip->config.cookie, &what);
}

/* Whoever makes units fail in front of the GPU has told it of the work (agx_gpu_ops.skip). */
static void halted(void *cookie, unsigned int unit, const struct agx_gpu_fault *fault)
{
	struct agx_chip *chip = cookie;
	struct agx_gpu_place place;
	const struct agx_chip_halt halt = {.fault = fault, .place = &place};

	chip->gpu_ops->place(chip->gpu, (enum agx_gpu_unit)unit, &place);
	chip->config.halted(chip->config.cookie, &halt);
}

static void writing(void *cookie, uint64_t address, uint64_t pa, const uint8_t *page)
{
	struct agx_chip *chip = cookie;

	agx_changes_note(chip->changes, address, pa, page);
}

static void launched(void *cookie, const struct agx_exec_launch *what)
{
	struct agx_chip *chip = cookie;
	struct agx_chip_launch launch = {.what = what};

	if (chip->changes)
		launch.lost = !agx_changes_take(chip->changes, &launch.pages, &launch.count);
	chip->config.launched(chip->config.cookie, &launch);
}

static void executed(void *cookie, uint64_t operations)
{
	struct agx_chip *chip = cookie;

	chip->config.executed(chip->config.cookie, operations);
}

/* --- Life --- */

static unsigned int list_cores(const struct agx_chip_config *config,
			       uint8_t cores[AGX_CHIP_CLUSTERS * 16])
{
	unsigned int width = 1, count = 0;

	while (width < config->cores_per_cluster && width < 16)
		width *= 2;
	for (unsigned int i = 0; i < config->clusters * width && i < AGX_CHIP_CLUSTERS * width; i++)
		if (config->core_masks[i / width] >> i % width & 1)
			cores[count++] = (uint8_t)i;
	return count;
}

static int create_gpu(struct agx_chip *chip)
{
	const struct agx_null_gpu_config config = {
		.walker =
			{
				.ram = ram,
				.cookie = chip,
				.ttbat_pa = chip->config.ttbat_pa,
				.output_bits = chip->config.output_bits,
			},
		.g14x = chip->config.variant == AGX_FW_VARIANT_G14X_V13_5,
		.critic = chip->config.critic,
		.complain = chip->config.finding ? complain : NULL,
		.cookie = chip,
	};

	uint8_t cores[AGX_CHIP_CLUSTERS * 16];
	const struct agx_exec_gpu_config exec = {
		.null = config,
		.soft_faults = chip->config.soft_faults,
		.threads = chip->config.exec_threads,
		.order = chip->config.exec_order,
		.cores = cores,
		.core_count = list_cores(&chip->config, cores),
		.watch = chip->config.watch,
		.writing = chip->config.launched && chip->config.results ? writing : NULL,
		.launched = chip->config.launched ? launched : NULL,
		.executed = chip->config.executed ? executed : NULL,
		.hook_cookie = chip,
	};
	int err;

	if (chip->config.exec == AGX_CHIP_EXEC_FULL) {
		if (exec.writing) {
			chip->changes = agx_changes_new();
			if (!chip->changes)
				return -ENOMEM;
		}
		err = agx_exec_gpu_create(&exec, &chip->exec_gpu);
		chip->gpu_ops = &agx_exec_gpu_ops;
		chip->gpu = chip->exec_gpu;
	} else {
		err = agx_null_gpu_create(&config, &chip->null_gpu);
		chip->gpu_ops = &agx_null_gpu_ops;
		chip->gpu = chip->null_gpu;
	}
	return err;
}

static int create_firmware(struct agx_chip *chip, char *error, size_t size)
{
	const struct agx_chip_config *from = &chip->config;
	struct agx_firmware_config config = {
		.variant = from->variant,
		.chip_id = from->chip_id,
		.output_bits = from->output_bits,
		.ttbat_pa = from->ttbat_pa,
		.handoff_pa = from->handoff_pa,
		.ram = ram,
		.mailbox = mailbox,
		.clock = from->clock ? clock_ticks : NULL,
		.log = from->log ? log_line : NULL,
		.finding = from->finding ? finding : NULL,
		.transcript = from->transcript ? transcript : NULL,
		.outgoing = from->sgx_changed ? outgoing : NULL,
		.halted = from->halted ? halted : NULL,
		.cookie = chip,
		.gpu = chip->gpu_ops,
		.gpu_cookie = chip->gpu,
	};
	int err;

	if (from->inject && *from->inject) {
		err = agx_inject_create(from->inject, &chip->inject, error, size);
		if (err)
			return err;
		agx_inject_attach(chip->inject, &config);
	}
	err = agx_firmware_create(&config, &chip->firmware);
	if (!err && chip->inject)
		agx_inject_firmware(chip->inject, chip->firmware);
	return err;
}

int agx_chip_create(const struct agx_chip_config *config, struct agx_chip **out, char *error,
		    size_t size)
{
	struct agx_chip *chip = calloc(1, sizeof(*chip));
	int err;

	if (size)
		error[0] = '\0';
	if (!chip)
		return -ENOMEM;
	chip->config = *config;
	err = create_gpu(chip);
	if (!err)
		err = create_firmware(chip, error, size);
	if (err) {
		agx_chip_destroy(chip);
		return err;
	}
	*out = chip;
	return 0;
}

void agx_chip_destroy(struct agx_chip *chip)
{
	if (!chip)
		return;
	agx_firmware_destroy(chip->firmware);
	agx_inject_destroy(chip->inject);
	agx_null_gpu_destroy(chip->null_gpu);
	agx_exec_gpu_destroy(chip->exec_gpu);
	agx_changes_free(chip->changes);
	free(chip);
}

/* --- Work --- */

void agx_chip_run(struct agx_chip *chip, bool run)
{
	agx_firmware_run(chip->firmware, run);
}

int agx_chip_send(struct agx_chip *chip, uint64_t word0, uint64_t word1)
{
	return chip->inject ? agx_inject_mailbox(chip->inject, word0, word1)
			    : agx_firmware_mailbox(chip->firmware, word0, word1);
}

bool agx_chip_has_room(const struct agx_chip *chip)
{
	return agx_firmware_has_room(chip->firmware);
}

unsigned int agx_chip_step(struct agx_chip *chip, unsigned int max)
{
	return chip->inject ? agx_inject_step(chip->inject, max)
			    : agx_firmware_step(chip->firmware, max);
}

uint64_t agx_chip_next_injected(const struct agx_chip *chip)
{
	return chip->inject ? agx_inject_next(chip->inject) : UINT64_MAX;
}

uint64_t agx_chip_next(const struct agx_chip *chip)
{
	uint64_t injected = agx_chip_next_injected(chip);
	uint64_t own = agx_firmware_next(chip->firmware);

	return injected < own ? injected : own;
}

uint64_t agx_chip_sgx_read(const struct agx_chip *chip, uint32_t offset)
{
	return agx_firmware_sgx_read(chip->firmware, offset);
}

void agx_chip_get_status(const struct agx_chip *chip, struct agx_firmware_status *status)
{
	agx_firmware_get_status(chip->firmware, status);
}

bool agx_chip_busy(const struct agx_chip *chip, enum agx_gpu_unit unit, struct agx_gpu_place *place)
{
	struct agx_firmware_status status;

	agx_firmware_get_status(chip->firmware, &status);
	if (!status.running[unit])
		return false;
	chip->gpu_ops->place(chip->gpu, unit, place);
	return place->kind != AGX_GPU_AT_NOTHING;
}

bool agx_chip_computing(const struct agx_chip *chip)
{
	struct agx_firmware_status status;

	if (!chip->exec_gpu)
		return false;
	/* Who has crashed or halted polls no unit. */
	agx_firmware_get_status(chip->firmware, &status);
	return status.state == AGX_FIRMWARE_READY && agx_exec_gpu_computing(chip->exec_gpu);
}

uint32_t agx_chip_injected(const struct agx_chip *chip)
{
	return chip->inject ? agx_inject_count(chip->inject) : 0;
}
