// SPDX-License-Identifier: MIT
/*
 * Runs a fuzzing harness over given files, and over the files of given folders, without
 * libFuzzer: the corpus as a test with any compiler, and a crash's input in a debugger.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_SIZE (16 << 20)

static unsigned int num_files;

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	size_t size;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 2;
	}
	data = malloc(MAX_SIZE);
	if (!data)
		abort();
	size = fread(data, 1, MAX_SIZE, file);
	fclose(file);
	/* Of its own size, so that a sanitizer sees reads past the end. */
	data = realloc(data, size ? size : 1);
	if (!data)
		abort();
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	num_files++;
	return 0;
}

static int run_folder(DIR *folder, const char *path)
{
	struct dirent *entry;
	char name[4096];
	int ret = 0;

	while (!ret && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		ret = run_file(name);
	}
	return ret;
}

int main(int argc, char **argv)
{
	int i, ret = 0;

	for (i = 1; i < argc && !ret; i++) {
		DIR *folder = opendir(argv[i]);

		if (folder) {
			ret = run_folder(folder, argv[i]);
			closedir(folder);
		} else {
			ret = run_file(argv[i]);
		}
	}
	if (!ret && !num_files) {
		fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
		ret = 2;
	}
	if (!ret)
		printf("%u inputs\n", num_files);
	return ret;
}
