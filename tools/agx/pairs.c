// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agx_device.h"
#include "agx_soc.h"
#include "pairs.h"

static void version_text(const struct agx_firmware_version *version, char *text, size_t size)
{
	snprintf(text, size, "%u.%u", version->major, version->minor);
}

bool pairs_get(unsigned int index, struct gpu_pair *pair)
{
	const struct agx_firmware_version *version;
	const struct agx_soc *soc;
	unsigned int i, k;

	for (i = 0; (soc = agx_soc_get(i)); i++) {
		for (k = 0; (version = agx_soc_firmware(soc, k)); k++) {
			if (index--)
				continue;
			pair->soc = soc;
			version_text(version, pair->firmware, sizeof(pair->firmware));
			return true;
		}
	}
	return false;
}

unsigned int pairs_count(void)
{
	struct gpu_pair pair;
	unsigned int n = 0;

	while (pairs_get(n, &pair))
		n++;
	return n;
}

/* Adds an item to a list in text, unless it is there. */
static void list_add(char *text, size_t size, const char *item)
{
	size_t length = strlen(text), n = strlen(item);
	const char *found = text;

	while ((found = strstr(found, item))) {
		if ((found == text || found[-1] == ' ') && (!found[n] || found[n] == ','))
			return;
		found++;
	}
	snprintf(text + length, size - length, "%s%s", length ? ", " : "", item);
}

int pairs_find(const char *soc, const char *firmware, struct gpu_pair *pair, char *error,
	       size_t size)
{
	char socs[256] = "", firmwares[128] = "";
	struct gpu_pair p;
	unsigned int i;

	for (i = 0; pairs_get(i, &p); i++) {
		list_add(socs, sizeof(socs), p.soc->name);
		if (soc && strcmp(soc, p.soc->name))
			continue;
		list_add(firmwares, sizeof(firmwares), p.firmware);
		if (firmware && strcmp(firmware, p.firmware))
			continue;
		if (pair)
			*pair = p;
		return 0;
	}
	if (!firmwares[0])
		snprintf(error, size, "no virtual GPU \"%s\": there are %s", soc, socs);
	else if (soc)
		snprintf(error, size, "%s has no firmware \"%s\": it has %s", soc, firmware,
			 firmwares);
	else
		snprintf(error, size, "no GPU has a firmware \"%s\": there are %s", firmware,
			 firmwares);
	return -EINVAL;
}
