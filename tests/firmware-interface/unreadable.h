/* SPDX-License-Identifier: MIT */
/* A structure that gen_fields.py has to refuse: it knows no bit fields. */
struct agx_unreadable {
	fw_u32 fine;
	fw_u32 low : 4;
};
