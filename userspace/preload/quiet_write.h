/* SPDX-License-Identifier: MIT */
#ifndef AGX_QUIET_WRITE_H
#define AGX_QUIET_WRITE_H

#include <sys/uio.h>

/*
 * writev() without SIGPIPE: a reader that has gone is no reason for the program to end. What cannot be written is
 * lost. errno is as it was.
 */
void quiet_write(int fd, const struct iovec *parts, int count);

#endif
