// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "quiet_write.h"

void preload_log(void *data, enum agx_node_log_level level, const char *message)
{
	static const char *const names[] = {"error", "warning", "debug", "machine"};
	char path[sizeof(preload_config.run_dir) + sizeof(PRELOAD_LOG_PIPE)];
	char line[1024], command[16] = "";
	int saved = errno, length;
	long fd;

	if ((int)level > preload_config.log_level)
		return;
	snprintf(path, sizeof(path), "%s" PRELOAD_LOG_PIPE, preload_config.run_dir);
	fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd >= 0) {
		prctl(PR_GET_NAME, command, 0, 0, 0);
		length = snprintf(line, sizeof(line), "%s[%d]: %s: %s\n", command, (int)getpid(),
				  names[level], message);
		if (length >= (int)sizeof(line)) {
			length = sizeof(line) - 1;
			line[length - 1] = '\n';
		}
		/* Below PIPE_BUF, so whole lines only; a full pipe loses the line. */
		quiet_write((int)fd, &(struct iovec){line, (size_t)length}, 1);
		syscall(SYS_close, fd);
	}
	errno = saved;
}
