/* SPDX-License-Identifier: MIT */
/*
 * The page through which processes share a syncobj: a memfd of exactly this size, sealed against
 * a change of size, mapped by every node that has the object.
 *
 * Every field is read and written with atomic accesses, and whatever is read is checked before
 * use: another process can write anything at any time.
 *
 * Advisory locks on byte ranges of the memfd, held through an open file description that is
 * private to a node, so that the kernel releases them when the process dies:
 *
 *   AGX_SHARE_LOCK             whoever changes links or gives out slots and owner numbers
 *   AGX_SHARE_OWNERS + number  the node with that owner number, as long as it lives
 *
 * Version 1. A change of this layout takes a new version number.
 */
#ifndef AGX_SYNCOBJ_SHARE_H
#define AGX_SYNCOBJ_SHARE_H

#include <stdint.h>

#define AGX_SHARE_MAGIC   0x53584741 /* "AGXS" */
#define AGX_SHARE_VERSION 1

#define AGX_SHARE_MAX        1024u /* slots, and links */
#define AGX_SHARE_MAX_OWNERS 64u
#define AGX_SHARE_SIGNALLED  UINT32_MAX /* agx_share_link.slot: nothing to wait for */

#define AGX_SHARE_LOCK   0x1000000
#define AGX_SHARE_OWNERS 0x1000001

enum agx_share_slot_state {
	AGX_SLOT_FREE,      /* id and error still tell what the last user came to */
	AGX_SLOT_RESERVED,  /* taken by owner, nothing promised yet */
	AGX_SLOT_PENDING,   /* owner promises to signal */
	AGX_SLOT_SIGNALLED, /* done, with error; free once no link names it */
};

/* A fence that one node promises to the others. */
struct agx_share_slot {
	_Atomic uint64_t id; /* never the same twice in a page */
	_Atomic uint32_t owner;
	_Atomic uint32_t state; /* enum agx_share_slot_state */
	_Atomic uint32_t error; /* positive errno, 0: none */
	uint32_t pad;
};

enum agx_share_link_flag {
	AGX_LINK_LEAF = 1,    /* no timeline point: a binary fence, or one below a timeline */
	AGX_LINK_ORDERED = 2, /* of one context with the link before */
};

/* The syncobj's fence, as a chain. */
struct agx_share_link {
	_Atomic uint64_t seqno;
	_Atomic uint64_t prev_seqno;
	_Atomic uint32_t slot;
	_Atomic uint32_t flags;
};

struct agx_share_page {
	_Atomic uint32_t magic;
	_Atomic uint32_t version;
	_Atomic uint32_t sequence;   /* futex: rises with every change */
	_Atomic uint32_t generation; /* rises when links change */
	_Atomic uint64_t last_id;
	_Atomic uint32_t num_links; /* 0: no fence */
	uint32_t pad;
	struct agx_share_link links[AGX_SHARE_MAX]; /* oldest first */
	struct agx_share_slot slots[AGX_SHARE_MAX];
};

_Static_assert(sizeof(struct agx_share_slot) == 24, "programs of any build share this");
_Static_assert(sizeof(struct agx_share_link) == 24, "programs of any build share this");
_Static_assert(sizeof(struct agx_share_page) == 32 + 48 * AGX_SHARE_MAX,
	       "programs of any build share this");

#endif
