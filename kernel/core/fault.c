// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The MMU's fault registers in words. */
#include "agx_fault.h"

#include "agx_text.h"

static uint64_t bits(uint64_t value, unsigned int shift, unsigned int count)
{
	return value >> shift & ((1ull << count) - 1);
}

bool agx_mmu_fault_decode(bool g14x, uint64_t info, uint64_t address, struct agx_mmu_fault *fault)
{
	uint64_t units = g14x ? address : info >> AGX_SGX_FAULT_ADDR_SHIFT;

	*fault = (struct agx_mmu_fault){.raw = info, .raw_address = address};
	if (info == AGX_SGX_NO_ACCESS || !(info & AGX_SGX_FAULT_VALID))
		return false;
	fault->reason = (uint8_t)bits(info, AGX_SGX_FAULT_REASON_SHIFT, 3);
	fault->read = info & AGX_SGX_FAULT_READ;
	fault->unk_5 = (uint8_t)bits(info, AGX_SGX_FAULT_UNK_5_SHIFT, 2);
	fault->level = (uint8_t)bits(info, AGX_SGX_FAULT_LEVEL_SHIFT, 2);
	fault->unit = (uint8_t)bits(info, AGX_SGX_FAULT_UNIT_SHIFT, 8);
	fault->vm_slot = (uint8_t)bits(info, AGX_SGX_FAULT_VM_SLOT_SHIFT, 6);
	fault->sideband = (uint8_t)bits(info, AGX_SGX_FAULT_SIDEBAND_SHIFT, 7);
	fault->address = units << AGX_SGX_FAULT_ADDR_UNIT_SHIFT;
	if (fault->address >> AGX_UAT_HALF_BITS & 1)
		fault->address |= AGX_UAT_UPPER_BASE;
	return true;
}

const char *agx_mmu_fault_reason(unsigned int reason)
{
	static const char *const names[] = {
		[AGX_SGX_FAULT_UNMAPPED] = "unmapped",
		[AGX_SGX_FAULT_ACCESS_FLAG] = "access flag not set",
		[AGX_SGX_FAULT_WRITE_ONLY] = "write-only",
		[AGX_SGX_FAULT_READ_ONLY] = "read-only",
		[AGX_SGX_FAULT_NO_ACCESS] = "no access",
	};

	return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "unknown reason";
}

struct unit {
	uint8_t first, last, step;
	const char *name;
};

#define UNIT(first, last, step, name) {first, last, step, #name},
static const struct unit units_all[] = {AGX_SGX_UNITS(UNIT)};
static const struct unit units_g13[] = {AGX_SGX_UNITS_BEFORE_G14X(UNIT)};
static const struct unit units_g14x[] = {AGX_SGX_UNITS_G14X(UNIT)};
#undef UNIT

static const struct unit *find_unit(const struct unit *units, unsigned int count, uint8_t code)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct unit *unit = &units[i];

		if (code < unit->first || code > unit->last)
			continue;
		if (unit->step ? !((code - unit->first) % unit->step) : code == unit->first)
			return unit;
	}
	return NULL;
}

void agx_mmu_fault_unit(bool g14x, uint8_t code, struct agx_text *text)
{
	const struct unit *unit;

	unit = find_unit(units_all, sizeof(units_all) / sizeof(units_all[0]), code);
	if (!unit && g14x)
		unit = find_unit(units_g14x, sizeof(units_g14x) / sizeof(units_g14x[0]), code);
	else if (!unit)
		unit = find_unit(units_g13, sizeof(units_g13) / sizeof(units_g13[0]), code);
	agx_text_add(text, " ");
	if (!unit) {
		agx_text_add(text, "unit ");
		agx_text_hex(text, code);
		return;
	}
	agx_text_add(text, unit->name);
	if (unit->step) {
		agx_text_add(text, " ");
		agx_text_decimal(text, (uint64_t)(code - unit->first) / unit->step);
	}
}

void agx_mmu_fault_print(bool g14x, const struct agx_mmu_fault *fault, struct agx_text *text)
{
	agx_text_add(text, "fault:");
	agx_mmu_fault_unit(g14x, fault->unit, text);
	agx_text_add(text, fault->read ? " reads " : " writes ");
	agx_text_hex(text, fault->address);
	agx_text_add(text, ": ");
	agx_text_add(text, agx_mmu_fault_reason(fault->reason));
	agx_text_field(text, "level", fault->level);
	agx_text_field(text, "context", fault->vm_slot);
	agx_text_field_hex(text, "sideband", fault->sideband);
	agx_text_field_hex(text, "info", fault->raw);
	if (g14x)
		agx_text_field_hex(text, "address_register", fault->raw_address);
}

static void print_access(const char *who, uint8_t access, struct agx_text *text)
{
	agx_text_add(text, who);
	agx_text_add(text, access & AGX_UAT_R ? "r" : "-");
	agx_text_add(text, access & AGX_UAT_W ? "w" : "-");
	agx_text_add(text, access & AGX_UAT_X ? "x" : "-");
}

void agx_uat_lookup_print(const struct agx_uat_lookup *found, struct agx_text *text)
{
	static const char *const names[] = {" l1", " l2", " l3"};
	unsigned int i;

	agx_text_add(text, "tables:");
	if (!found->level) {
		agx_text_add(text, " not an address of this context");
		return;
	}
	for (i = 0; i < found->level; i++) {
		agx_text_add(text, names[i]);
		agx_text_add(text, "=");
		agx_text_hex(text, found->entry[i]);
	}
	if (found->damaged)
		agx_text_add(text, " damaged");
	if (!found->mapped) {
		agx_text_add(text, " not mapped");
		return;
	}
	agx_text_field_hex(text, "pa", found->pa);
	print_access(" gpu=", found->access.gpu, text);
	print_access(" firmware=", found->access.fw, text);
	if (found->prot >= 0) {
		agx_text_add(text, " ");
		agx_text_add(text, agx_uat_prot_name((unsigned int)found->prot));
	}
}

const char *agx_core_fault_kind_name(enum agx_core_fault_kind kind)
{
	static const char *const names[AGX_CORE_FAULT_KINDS] = {"fault", "timeout", "channel error",
								"hang"};

	return (unsigned int)kind < AGX_CORE_FAULT_KINDS ? names[kind] : "?";
}
