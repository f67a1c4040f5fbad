// SPDX-License-Identifier: MIT
#include "mismatch_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "replay_result.h"

/* The trace's name without its folders and its ending. */
static void base_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t length;

	snprintf(name, size, "%s", slash ? slash + 1 : path);
	length = strlen(name);
	if (length > 5 && !strcmp(name + length - 5, ".agxt"))
		name[length - 5] = '\0';
}

static int write_file(const char *path, const uint8_t *bytes, uint64_t size)
{
	FILE *file = fopen(path, "we");
	bool failed;

	if (!file)
		return -errno;
	failed = fwrite(bytes, 1, size, file) != size;
	if (fclose(file) || failed)
		return errno ? -errno : -EIO;
	return 0;
}

void mismatch_files_write(void *data, const struct agx_replay_mismatch *m, uint64_t start,
			  uint64_t size, const uint8_t *expected, const uint8_t *got)
{
	const struct mismatch_files *files = data;
	char name[128], stem[1024], path[1100];
	int ret = 0;

	base_name(files->trace, name, sizeof(name));
	snprintf(stem, sizeof(stem),
		 "%.700s/%s-submit%" PRIu64 "-command%" PRIu32 "-dispatch%" PRIu32 "-file%" PRIu32
		 "-handle%" PRIu32 "-0x%" PRIx64,
		 files->directory, name, m->submit, m->command, m->launch, m->file, m->handle,
		 start);
	if (mkdir(files->directory, 0777) && errno != EEXIST)
		ret = -errno;
	snprintf(path, sizeof(path), "%s.expected", stem);
	if (!ret && expected)
		ret = write_file(path, expected, size);
	snprintf(path, sizeof(path), "%s.got", stem);
	if (!ret && got)
		ret = write_file(path, got, size);
	if (ret)
		snprintf(files->message, files->message_size, "%.300s: %s", files->directory,
			 strerror(-ret));
	else
		snprintf(files->message, files->message_size, "%s%s", stem,
			 expected && got ? ".expected, .got"
			 : expected      ? ".expected"
			 : got           ? ".got"
					 : ": no content is known");
}
