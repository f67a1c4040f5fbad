/* SPDX-License-Identifier: MIT */
/* What a GPU's identification registers read. */
#ifndef AGX_VGPU_IDENTITY_H
#define AGX_VGPU_IDENTITY_H

#include "agx_vgpu.h"
#include "virtual.h"

#define IDENTITY_REGISTERS 9

/* Fills at most IDENTITY_REGISTERS; the number of them. */
unsigned int identity_registers(const struct agx_vgpu_gpu *gpu,
				struct agx_virtual_register registers[IDENTITY_REGISTERS]);

#endif
