// SPDX-License-Identifier: MIT
#include "device_names.h"

#include <stdio.h>

struct chip {
	uint32_t id;
	const char *name, *product;
};

/* Compatible strings and models of Linux arch/arm64/boot/dts/apple/. */
static const struct chip chips[] = {
	{0x8103, "t8103", "M1"},     {0x8112, "t8112", "M2"},       {0x6000, "t6000", "M1 Pro"},
	{0x6001, "t6001", "M1 Max"}, {0x6002, "t6002", "M1 Ultra"}, {0x6020, "t6020", "M2 Pro"},
	{0x6021, "t6021", "M2 Max"}, {0x6022, "t6022", "M2 Ultra"},
};

void lib_device_names(uint32_t chip_id, char *name, size_t name_size, char *product,
		      size_t product_size)
{
	static const struct chip unknown = {0, "", ""};
	const struct chip *chip = &unknown;

	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++)
		if (chips[i].id == chip_id)
			chip = &chips[i];
	snprintf(name, name_size, "%s", chip->name);
	snprintf(product, product_size, "%s", chip->product);
}
