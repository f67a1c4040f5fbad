// SPDX-License-Identifier: MIT
/*
 * Dispatch of ioctls, as drm_ioctl() does it (drivers/gpu/drm/drm_ioctl.c): by number alone; an
 * argument shorter than the kernel's is completed with zeros, a longer one is good; results are
 * copied back whether the handler succeeded or not. On a render node, which this is, a known
 * ioctl without DRM_RENDER_ALLOW gives EACCES, an unknown number EINVAL.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "asahi_drm.h"
#include "drm_compat.h"
#include "node_internal.h"
#include "syncobj.h"

#define DRM_TYPE 'd'

struct ioctl_desc {
	const char *name;
	uint32_t request;   /* the kernel's number */
	agx_ioctl_fn *func; /* NULL: not for render nodes */
};

#define CORE(ioctl, func)   [_IOC_NR(DRM_IOCTL_##ioctl)] = {#ioctl, (uint32_t)DRM_IOCTL_##ioctl, func}
#define DENIED(ioctl)       CORE(ioctl, NULL)
#define DENIED_NR(nr, name) [nr] = {name, 0, NULL}

/* Syncobj ioctls are not here: syncobj.c has a table of its own. */
static const struct ioctl_desc ioctls[256] = {
	CORE(VERSION, agx_ioctl_version),
	CORE(GET_CAP, agx_ioctl_get_cap),
	CORE(GEM_CLOSE, agx_ioctl_gem_close),
	CORE(PRIME_HANDLE_TO_FD, agx_ioctl_prime_handle_to_fd),
	CORE(PRIME_FD_TO_HANDLE, agx_ioctl_prime_fd_to_handle),
	CORE(SET_CLIENT_NAME, agx_ioctl_set_client_name),

	CORE(ASAHI_GET_PARAMS, agx_ioctl_get_params),
	CORE(ASAHI_GET_TIME, agx_ioctl_get_time),
	CORE(ASAHI_VM_CREATE, agx_ioctl_vm_create),
	CORE(ASAHI_VM_DESTROY, agx_ioctl_vm_destroy),
	CORE(ASAHI_VM_BIND, agx_ioctl_vm_bind),
	CORE(ASAHI_GEM_CREATE, agx_ioctl_gem_create),
	CORE(ASAHI_GEM_MMAP_OFFSET, agx_ioctl_gem_mmap_offset),
	CORE(ASAHI_GEM_BIND_OBJECT, agx_ioctl_gem_bind_object),
	CORE(ASAHI_QUEUE_CREATE, agx_ioctl_queue_create),
	CORE(ASAHI_QUEUE_DESTROY, agx_ioctl_queue_destroy),
	CORE(ASAHI_SUBMIT, agx_ioctl_submit),

	DENIED(GET_UNIQUE),
	DENIED(GET_MAGIC),
	DENIED(GET_CLIENT),
	DENIED(GET_STATS),
	DENIED(SET_VERSION),
	DENIED(GEM_FLINK),
	DENIED(GEM_OPEN),
	DENIED(SET_CLIENT_CAP),
	DENIED(SET_UNIQUE),
	DENIED(AUTH_MAGIC),
	DENIED(BLOCK),
	DENIED(UNBLOCK),
	DENIED(SET_MASTER),
	DENIED(DROP_MASTER),
	DENIED(ADD_DRAW),
	DENIED(RM_DRAW),
	DENIED(FINISH),
	DENIED(WAIT_VBLANK),
	DENIED(CRTC_GET_SEQUENCE),
	DENIED(CRTC_QUEUE_SEQUENCE),
	DENIED(UPDATE_DRAW),
	DENIED(MODE_GETRESOURCES),
	DENIED(MODE_GETCRTC),
	DENIED(MODE_SETCRTC),
	DENIED(MODE_CURSOR),
	DENIED(MODE_GETGAMMA),
	DENIED(MODE_SETGAMMA),
	DENIED(MODE_GETENCODER),
	DENIED(MODE_GETCONNECTOR),
	DENIED_NR(0xA8, "MODE_ATTACHMODE"),
	DENIED_NR(0xA9, "MODE_DETACHMODE"),
	DENIED(MODE_GETPROPERTY),
	DENIED(MODE_SETPROPERTY),
	DENIED(MODE_GETPROPBLOB),
	DENIED(MODE_GETFB),
	DENIED(MODE_ADDFB),
	DENIED(MODE_RMFB),
	DENIED(MODE_PAGE_FLIP),
	DENIED(MODE_DIRTYFB),
	DENIED(MODE_CREATE_DUMB),
	DENIED(MODE_MAP_DUMB),
	DENIED(MODE_DESTROY_DUMB),
	DENIED(MODE_GETPLANERESOURCES),
	DENIED(MODE_GETPLANE),
	DENIED(MODE_SETPLANE),
	DENIED(MODE_ADDFB2),
	DENIED(MODE_OBJ_GETPROPERTIES),
	DENIED(MODE_OBJ_SETPROPERTY),
	DENIED(MODE_CURSOR2),
	DENIED(MODE_ATOMIC),
	DENIED(MODE_CREATEPROPBLOB),
	DENIED(MODE_DESTROYPROPBLOB),
	DENIED(MODE_CREATE_LEASE),
	DENIED(MODE_LIST_LESSEES),
	DENIED(MODE_GET_LEASE),
	DENIED(MODE_REVOKE_LEASE),
	DENIED_NR(0xCE, "MODE_GETFB2"),
	DENIED_NR(0xD0, "MODE_CLOSEFB"),
};

/* Arguments up to here live on the stack. */
#define SMALL_ARG 256

static long unknown(struct agx_node *node, uint32_t request)
{
	node->stats.unknown_ioctls++;
	agx_node_log(node, AGX_NODE_LOG_WARN,
		     "unknown ioctl %#010x (type %#x, number %#x, %u bytes)", request,
		     _IOC_TYPE(request), _IOC_NR(request), (unsigned int)_IOC_SIZE(request));
	return _IOC_TYPE(request) == DRM_TYPE ? -EINVAL : -ENOTTY;
}

static long dispatch(struct agx_file *file, uint32_t request, uint64_t arg)
{
	const struct ioctl_desc *desc = &ioctls[_IOC_NR(request)];
	size_t syncobj_size = agx_syncobj_arg_size(_IOC_NR(request));
	size_t size = _IOC_SIZE(request), in_size, out_size, known;
	uint32_t dir = _IOC_DIR(request);
	struct agx_node *node = file->node;
	uint64_t small[SMALL_ARG / 8];
	uint8_t *data = (uint8_t *)small;
	long ret;

	if (_IOC_TYPE(request) != DRM_TYPE || (!desc->name && !syncobj_size))
		return unknown(node, request);

	if (syncobj_size) {
		known = syncobj_size;
	} else {
		known = _IOC_SIZE(desc->request);
		dir &= desc->request >> _IOC_DIRSHIFT;
	}
	in_size = dir & _IOC_WRITE ? size : 0;
	out_size = dir & _IOC_READ ? size : 0;

	if (size > SMALL_ARG || known > SMALL_ARG) {
		data = malloc(size > known ? size : known);
		if (!data)
			return -ENOMEM;
	}

	ret = agx_copy_from(node, data, arg, in_size);
	if (ret)
		goto out;
	if (known > in_size)
		memset(data + in_size, 0, known - in_size);
	if (out_size > in_size && out_size > known)
		memset(data + known, 0, out_size - known);

	if (syncobj_size) {
		ret = agx_syncobj_ioctl(file, request, data);
	} else if (desc->func) {
		ret = desc->func(file, data);
	} else {
		agx_node_log(node, AGX_NODE_LOG_DEBUG, "%s: not on a render node (EACCES)",
			     desc->name);
		ret = -EACCES;
	}
	if (agx_copy_to(node, arg, data, out_size))
		ret = -EFAULT;

out:
	if (ret == -EFAULT)
		agx_node_log(node, AGX_NODE_LOG_DEBUG,
			     "%s: memory at or behind %#llx is not accessible",
			     desc->name ? desc->name : "SYNCOBJ", (unsigned long long)arg);
	if (ret < 0 && ret != -ETIME && ret != -EINTR)
		node->stats.refused_ioctls++;
	if (data != (uint8_t *)small)
		free(data);
	return ret;
}

long agx_file_ioctl(struct agx_file *file, unsigned long request, uint64_t arg)
{
	struct agx_node *node = file->node;
	int saved_errno = errno;
	long ret;

	/* A wait may drop the lock, and another thread may close the file meanwhile. */
	agx_file_get(file);
	agx_node_lock(node);
	node->stats.ioctls++;
	ret = dispatch(file, (uint32_t)request, arg);
	agx_node_unlock(node);
	agx_file_put(file);
	errno = saved_errno; /* of the program, in which an ioctl that works leaves it alone */
	return ret;
}
