/* SPDX-License-Identifier: MIT */
/* The GPU's node while agx doctor looks at it: doctor_gpu.c, doctor_firmware.c. */
#ifndef AGX_DOCTOR_GPU_H
#define AGX_DOCTOR_GPU_H

#include "doctor_tree.h"

#define DOCTOR_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* m1n1 makes upstream's nodes usable, and the three blobs, since this version. */
#define ADVICE_M1N1 \
	"update m1n1 to 1.6.0 or later (your distribution's package, then update-m1n1), reboot"
#define ADVICE_TREE "check that the device tree is the one for this machine (update-m1n1)"

struct doctor_gpu {
	struct doctor *doctor;
	struct doctor_tree tree;
	const char *node; /* path in tree, NULL: none */
	bool virtual;     /* agx,virtual-mailbox */
	bool downstream;  /* the form */
	bool regions_ok;
	struct agx_device device; /* what a driver would tell the core */
};

/* Stands for memory that a driver would have mapped. */
extern char doctor_gpu_mapped;

bool doctor_gpu_has(const struct doctor_gpu *gpu, const char *property);

enum doctor_region {
	DOCTOR_REGION_FOUND,
	DOCTOR_REGION_NONE,
	DOCTOR_REGION_BROKEN
};

/* A memory-region by its name; why says what is wrong unless it is found. */
enum doctor_region doctor_gpu_region(const struct doctor_gpu *gpu, const char *name,
				     uint64_t *address, uint64_t *size, const char **why);

/* doctor_firmware.c: after the node and its regions. */
void doctor_firmware(struct doctor_gpu *gpu);

#endif
