// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl_device.h"

#define PLATFORMS_MAX 8
#define DEVICES_MAX   16
#define SKIP          77

void cl_must(cl_int status, const char *what)
{
	if (status == CL_SUCCESS)
		return;
	fflush(stdout);
	fprintf(stderr, "%s: OpenCL error %d\n", what, status);
	exit(2);
}

static bool find_device(struct cl_device *device, const char *name)
{
	cl_platform_id platforms[PLATFORMS_MAX];
	cl_device_id devices[DEVICES_MAX];
	cl_uint platform_count = 0, device_count;

	if (clGetPlatformIDs(PLATFORMS_MAX, platforms, &platform_count))
		return false;
	for (cl_uint i = 0; i < platform_count && i < PLATFORMS_MAX; i++) {
		device_count = 0;
		if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, DEVICES_MAX, devices,
				   &device_count))
			continue;
		for (cl_uint k = 0; k < device_count && k < DEVICES_MAX; k++) {
			device->id = devices[k];
			device->name[0] = '\0';
			clGetDeviceInfo(device->id, CL_DEVICE_NAME, sizeof(device->name),
					device->name, NULL);
			if (strstr(device->name, name))
				return true;
		}
	}
	return false;
}

void cl_device_open(struct cl_device *device, const char *name)
{
	cl_int status;

	if (!find_device(device, name)) {
		fprintf(stderr, "there is no OpenCL device with '%s' in its name\n", name);
		exit(SKIP);
	}
	device->context = clCreateContext(NULL, 1, &device->id, NULL, NULL, &status);
	cl_must(status, "clCreateContext");
	device->queue =
		clCreateCommandQueueWithProperties(device->context, device->id, NULL, &status);
	cl_must(status, "clCreateCommandQueueWithProperties");
}

void cl_device_close(struct cl_device *device)
{
	clReleaseCommandQueue(device->queue);
	clReleaseContext(device->context);
}

bool cl_device_has(const struct cl_device *device, const char *extension)
{
	bool has = false;
	size_t size = 0;
	char *list;

	if (clGetDeviceInfo(device->id, CL_DEVICE_EXTENSIONS, 0, NULL, &size))
		return false;
	list = calloc(1, size + 1);
	if (list && !clGetDeviceInfo(device->id, CL_DEVICE_EXTENSIONS, size, list, NULL))
		has = strstr(list, extension) != NULL;
	free(list);
	return has;
}

cl_program cl_build(const struct cl_device *device, const char *text, const char *options)
{
	cl_program program;
	size_t size = 0;
	cl_int status;
	char *log;

	program = clCreateProgramWithSource(device->context, 1, &text, NULL, &status);
	cl_must(status, "clCreateProgramWithSource");
	if (!clBuildProgram(program, 1, &device->id, options, NULL, NULL))
		return program;
	clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	log = calloc(1, size + 1);
	if (log) {
		clGetProgramBuildInfo(program, device->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
		fprintf(stderr, "%s\n", log);
	}
	free(log);
	clReleaseProgram(program);
	return NULL;
}

char *cl_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0, got;

	if (!file) {
		perror(path);
		exit(2);
	}
	do {
		text = realloc(text, size + 65537);
		if (!text)
			exit(2);
		got = fread(text + size, 1, 65536, file);
		size += got;
	} while (got);
	text[size] = '\0';
	fclose(file);
	return text;
}

cl_mem cl_buffer(const struct cl_device *device, size_t size, const void *data)
{
	cl_mem_flags flags = CL_MEM_READ_WRITE | (data ? CL_MEM_COPY_HOST_PTR : 0);
	cl_int status;
	cl_mem buffer = clCreateBuffer(device->context, flags, size, (void *)data, &status);

	cl_must(status, "clCreateBuffer");
	return buffer;
}

void cl_get(const struct cl_device *device, cl_mem buffer, size_t size, void *data)
{
	cl_must(clEnqueueReadBuffer(device->queue, buffer, CL_TRUE, 0, size, data, 0, NULL, NULL),
		"clEnqueueReadBuffer");
}

cl_int cl_launch(const struct cl_device *device, cl_program program, const char *kernel,
		 const struct cl_arg *arguments, const size_t global[3], const size_t local[3])
{
	cl_int status;
	cl_kernel object = clCreateKernel(program, kernel, &status);

	cl_must(status, kernel);
	for (cl_uint i = 0; arguments[i].size; i++)
		cl_must(clSetKernelArg(object, i, arguments[i].size, arguments[i].value), kernel);
	status = clEnqueueNDRangeKernel(device->queue, object, 3, NULL, global, local, 0, NULL,
					NULL);
	if (!status)
		status = clFinish(device->queue);
	clReleaseKernel(object);
	return status;
}
