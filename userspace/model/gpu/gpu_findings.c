// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "gpu_findings.h"

static const struct {
	enum agx_gpu_finding_id id;
	const char *name, *sentence;
} findings[] = {
#define X(number, name, sentence) {AGX_GPU_FINDING_##name, #name, sentence},
	AGX_GPU_FINDINGS(X)
#undef X
};

const char *agx_gpu_finding_name(enum agx_gpu_finding_id id)
{
	for (size_t i = 0; i < sizeof(findings) / sizeof(*findings); i++)
		if (findings[i].id == id)
			return findings[i].name;
	return NULL;
}

const char *agx_gpu_finding_sentence(enum agx_gpu_finding_id id)
{
	for (size_t i = 0; i < sizeof(findings) / sizeof(*findings); i++)
		if (findings[i].id == id)
			return findings[i].sentence;
	return NULL;
}
