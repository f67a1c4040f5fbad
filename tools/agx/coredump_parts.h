/* SPDX-License-Identifier: MIT */
/* Parts of a core dump that coredump_check() has passed, for its printers. */
#ifndef AGX_COREDUMP_PARTS_H
#define AGX_COREDUMP_PARTS_H

#include "coredump.h"

/* Exactly one element, by definition. */
bool coredump_is_single(uint32_t type);

/* index < header.objects. */
struct asahi_coredump_object coredump_object(const struct coredump *dump, uint32_t index);

/* The first of a type; false, and an empty one: there is none. */
bool coredump_find(const struct coredump *dump, uint32_t type,
		   struct asahi_coredump_object *object);

uint64_t coredump_count(const struct asahi_coredump_object *object);

/* Copies an element's first size bytes, which are no more than version 1 has of that type. */
void coredump_element(const struct coredump *dump, const struct asahi_coredump_object *object,
		      uint64_t index, void *element, size_t size);

/* The element of a type that has one. false: there is none. */
bool coredump_single(const struct coredump *dump, uint32_t type, void *element, size_t size);

/* Terminates a string that came from a file, and makes it printable. */
const char *coredump_text(char *text, size_t size);

#endif
