/* SPDX-License-Identifier: MIT */
/* What the OpenCL test programs share: one device, its queue, programs from files, launches. */
#ifndef CL_DEVICE_H
#define CL_DEVICE_H

#define CL_TARGET_OPENCL_VERSION 300
#include <CL/cl.h>
#include <stdbool.h>
#include <stddef.h>

/* An argument of a kernel: a value of this size, or local memory where the value is NULL. */
struct cl_arg {
	size_t size;
	const void *value;
};

#define CL_ARG(value)                   \
	{                               \
		sizeof(value), &(value) \
	}
#define CL_SHARED(size)    \
	{                  \
		size, NULL \
	}
#define CL_ARGS(...)            \
	(const struct cl_arg[]) \
	{                       \
		__VA_ARGS__,    \
		{               \
			0, NULL \
		}               \
	}
#define CL_SIZE(x, y, z) \
	(const size_t[]) \
	{                \
		x, y, z  \
	}

struct cl_device {
	cl_device_id id;
	cl_context context;
	cl_command_queue queue;
	char name[128];
};

/* Ends the program with exit status 2 and a message when the status is an error. */
void cl_must(cl_int status, const char *what);

/* Opens the first device whose name has the text in it; ends the program with 77 where none has. */
void cl_device_open(struct cl_device *device, const char *name);
void cl_device_close(struct cl_device *device);

bool cl_device_has(const struct cl_device *device, const char *extension);

/* Builds a program from text; NULL and the build log on stderr when it does not compile. */
cl_program cl_build(const struct cl_device *device, const char *text, const char *options);

/* Reads a whole file, with a zero byte behind it; ends the program when it cannot. */
char *cl_file(const char *path);

/* A buffer, from data or, where that is NULL, uninitialised. */
cl_mem cl_buffer(const struct cl_device *device, size_t size, const void *data);
void cl_get(const struct cl_device *device, cl_mem buffer, size_t size, void *data);

/* Runs a kernel over a grid and waits. `local` may be NULL. The arguments end with a zero row. */
cl_int cl_launch(const struct cl_device *device, cl_program program, const char *kernel,
		 const struct cl_arg *arguments, const size_t global[3], const size_t local[3]);

#endif
