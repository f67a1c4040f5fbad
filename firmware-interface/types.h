/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Types that the structures shared with the AGX firmware are made of.
 *
 * The coprocessor, the GPU and every machine that they are built into are little-endian, and so
 * is every host that the model runs on: the types are plain integers that name their meaning.
 *
 * All structures are packed, because the firmware's are: many pointers and 64-bit counters lie
 * on 4-byte boundaries. Access members through the structure (the compiler then knows) and never
 * through a pointer to the member.
 *
 * Citations in this folder are short:
 *
 *   m1n1: FILE     AsahiLinux/m1n1, proxyclient/m1n1/FILE unless it starts with rust/ or src/
 *   driver: FILE   the asahi driver in Rust, drivers/gpu/drm/asahi/FILE, in the trees
 *                  jannau/linux, kkpan11/AsahiLinux-linux, herrnst/linux-asahi, geocausa/linux
 *
 * It compiles in user space and in a Linux module.
 */
#ifndef AGX_FW_TYPES_H
#define AGX_FW_TYPES_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#endif

#ifndef __packed
#define __packed __attribute__((__packed__))
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the interface is little-endian");

typedef uint8_t fw_u8;
typedef uint16_t fw_u16;
typedef uint32_t fw_u32;
typedef uint64_t fw_u64;
typedef int16_t fw_i16;
typedef int32_t fw_i32;

/* The bits of an IEEE 754 single: the driver core does no floating point. */
typedef uint32_t fw_f32;

/* Address that the firmware dereferences: in the upper half of the address space (uat.h). */
typedef uint64_t fw_va;

/*
 * Address that the GPU dereferences, in the address space of the command's VM. Some carry flags
 * in bits that are no address bits; their definitions stand beside the member.
 */
typedef uint64_t gpu_va;

/* Physical address. */
typedef uint64_t fw_pa;

/* Size and member offset of a structure that is the same for every firmware. */
#define AGX_SIZE(name, size) \
	_Static_assert(sizeof(struct agx_##name) == (size), "size of agx_" #name)
#define AGX_AT(name, member, offset) \
	_Static_assert(offsetof(struct agx_##name, member) == (offset), "agx_" #name "." #member)

/*
 * The same for structures that differ, one number for each variant in this order:
 * G13 12.3, G14 12.4, G13 13.5, G14 13.5, G14X 13.5 (see variants.h).
 */
#define AGX_FW_SIZE(name, ...) \
	_Static_assert(sizeof(struct AGX_FW(name)) == AGX_FW_PICK(__VA_ARGS__), "size of " #name)
#define AGX_FW_AT(name, member, ...)                                                      \
	_Static_assert(offsetof(struct AGX_FW(name), member) == AGX_FW_PICK(__VA_ARGS__), \
		       #name "." #member)

#endif
