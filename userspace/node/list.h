/* SPDX-License-Identifier: MIT */
/* Circular doubly linked lists, embedded in their elements. */
#ifndef AGX_LIST_H
#define AGX_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_head {
	struct list_head *prev, *next;
};

static inline void list_init(struct list_head *list)
{
	list->prev = list;
	list->next = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

/* Inserts item before the head: at the list's end. */
static inline void list_add_tail(struct list_head *item, struct list_head *list)
{
	item->prev = list->prev;
	item->next = list;
	list->prev->next = item;
	list->prev = item;
}

/* Inserts item after the head: at the list's beginning. */
static inline void list_add(struct list_head *item, struct list_head *list)
{
	list_add_tail(item, list->next);
}

/* Removes item, which becomes an empty list of its own: removing it again is harmless. */
static inline void list_del(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_entry(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define list_first_entry(list, type, member) list_entry((list)->next, type, member)

#define list_for_each_entry(pos, list, member)                                                 \
	for (pos = list_entry((list)->next, __typeof__(*pos), member); &pos->member != (list); \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_safe(pos, tmp, list, member)                  \
	for (pos = list_entry((list)->next, __typeof__(*pos), member),    \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (list);                                      \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))

#endif
