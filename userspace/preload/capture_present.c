// SPDX-License-Identifier: MIT
/*
 * Presentation functions of EGL, GLX and Vulkan, as far as programs reach them through the
 * dynamic linker: they mark the ends of frames. A program that asks its library for the address
 * instead (vkGetDeviceProcAddr, dlsym on a handle) is not seen here; its frames are submissions.
 */
#include "hook.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

/* As EGL, GLX and Vulkan declare them; their headers are not needed for pointers and words. */
unsigned int eglSwapBuffers(void *display, void *surface);
unsigned int eglSwapBuffersWithDamageKHR(void *display, void *surface, int *rects, int count);
unsigned int eglSwapBuffersWithDamageEXT(void *display, void *surface, int *rects, int count);
void glXSwapBuffers(void *display, unsigned long drawable);
int vkQueuePresentKHR(void *queue, const void *info);

#define VK_ERROR_INITIALIZATION_FAILED (-3)

struct search {
	const char *name;
	void *own, *found;
};

static int look_into(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	void *handle, *address;

	if (!info->dlpi_name || !info->dlpi_name[0])
		return 0;
	handle = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
	if (!handle)
		return 0;
	address = dlsym(handle, search->name);
	dlclose(handle);
	if (!address || address == search->own)
		return 0;
	search->found = address;
	return 1;
}

/*
 * The library's own function. It need not be in the scope that RTLD_NEXT searches: what a
 * program loads with RTLD_LOCAL is bound to these hooks all the same.
 */
static void *real(_Atomic(void *) *cache, const char *name, void *own)
{
	void *address = atomic_load_explicit(cache, memory_order_acquire);
	struct search search = {.name = name, .own = own};
	int saved = errno;

	if (address)
		return address;
	address = dlsym(RTLD_NEXT, name);
	if (!address) {
		dl_iterate_phdr(look_into, &search);
		address = search.found;
	}
	atomic_store_explicit(cache, address, memory_order_release);
	errno = saved;
	return address;
}

#define REAL(function)                                                             \
	({                                                                         \
		static _Atomic(void *) cache_;                                     \
		(__typeof__(&function))real(&cache_, #function, (void *)function); \
	})

HOOK unsigned int eglSwapBuffers(void *display, void *surface)
{
	__typeof__(&eglSwapBuffers) next = REAL(eglSwapBuffers);

	unsigned int ret = next ? next(display, surface) : 0;

	if (ret)
		capture_present();
	return ret;
}

#define DEFINE_SWAP_WITH_DAMAGE(name)                                               \
	HOOK unsigned int name(void *display, void *surface, int *rects, int count) \
	{                                                                           \
		__typeof__(&name) next = REAL(name);                                \
		unsigned int ret = next ? next(display, surface, rects, count) : 0; \
                                                                                    \
		if (ret)                                                            \
			capture_present();                                          \
		return ret;                                                         \
	}

DEFINE_SWAP_WITH_DAMAGE(eglSwapBuffersWithDamageKHR)
DEFINE_SWAP_WITH_DAMAGE(eglSwapBuffersWithDamageEXT)

HOOK void glXSwapBuffers(void *display, unsigned long drawable)
{
	__typeof__(&glXSwapBuffers) next = REAL(glXSwapBuffers);

	if (!next)
		return;
	next(display, drawable);
	capture_present();
}

HOOK int vkQueuePresentKHR(void *queue, const void *info)
{
	__typeof__(&vkQueuePresentKHR) next = REAL(vkQueuePresentKHR);
	int ret = next ? next(queue, info) : VK_ERROR_INITIALIZATION_FAILED;

	if (ret >= 0)
		capture_present();
	return ret;
}
