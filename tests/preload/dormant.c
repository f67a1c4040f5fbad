// SPDX-License-Identifier: MIT
/* A program that never opens the node: the preload object must have done nothing in it. */
#include "client.h"

#include <sys/syscall.h>

static int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void nothing_is_mapped_opened_or_started(void **state)
{
	struct preload_stats stats;
	char line[512];
	struct stat st;
	FILE *maps;

	/* Ordinary life, and a look at the node from outside. */
	assert_int_equal(stat(node_path(), &st), 0);
	assert_int_equal(close(dup(0)), 0);
	free(malloc(10 << 20));

	assert_int_equal(count_entries("/proc/self/task"), 2 + 1);
	/* ".", "..", the three standard ones and the listing's own. */
	assert_true(count_entries("/proc/self/fd") <= 2 + 3 + 1);
	maps = fopen("/proc/self/maps", "r");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		assert_null(strstr(line, "memfd:"));
	fclose(maps);
	assert_int_equal(read_stats(&stats), 0);
}

static void first_use_makes_the_node(void **state)
{
	struct preload_stats stats;
	int fd = open_node();

	assert_int_equal(try_node(fd), 0);
	assert_int_equal(read_stats(&stats), 1);
	assert_int_equal(stats.opens, 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_mapped_opened_or_started),
		/* The test of the test: it would see a node. */
		cmocka_unit_test(first_use_makes_the_node),
	};
	int fd;

	/* What the test runner left open is not ours. */
	for (fd = 3; fd < 256; fd++)
		syscall(SYS_close, fd);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
