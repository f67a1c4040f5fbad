/* SPDX-License-Identifier: MIT */
/*
 * What the arguments of `agx compute`'s options mean. Each function adds to the job: 0, or -EINVAL
 * with a message. Texts must live as long as the job; files are looked for in folder, unless that
 * is NULL.
 */
#ifndef AGX_COMPUTE_OPTIONS_H
#define AGX_COMPUTE_OPTIONS_H

#include "compute.h"

/* NAME[@REGISTER]=DATA; a name that is there already is given other data. */
int compute_option_buffer(struct compute_job *job, const char *text, const char *folder,
			  struct compute_message *message);

/* REGISTER[:TYPE] or, to set it, REGISTER=DATA. What is shown is a buffer of that name, too. */
int compute_option_register(struct compute_job *job, bool set, const char *text, const char *folder,
			    struct compute_message *message);

/* Gives the buffers their uniform registers, when all are known; those below after that. */
int compute_place_buffers(struct compute_job *job, struct compute_message *message);

/* REGISTER=VALUES or REGISTER=BUFFER[+OFFSET] */
int compute_option_uniform(struct compute_job *job, const char *text, const char *folder,
			   struct compute_message *message);

/* X[,Y[,Z]] */
int compute_option_size(const char *text, uint32_t size[3], struct compute_message *message);

/* NAME[:TYPE][[COUNT]], NAME[:TYPE][FIRST..LAST] */
int compute_option_print(struct compute_job *job, const char *text,
			 struct compute_message *message);

/* NAME=DATA */
int compute_option_expect(struct compute_job *job, const char *text, const char *folder,
			  struct compute_message *message);

/* NAME=FILE */
int compute_option_output(struct compute_job *job, const char *text,
			  struct compute_message *message);

/* A buffer without data: its index, or -EINVAL. */
int compute_buffer_add(struct compute_job *job, const char *name, size_t length,
		       struct compute_message *message);

/* Gives a buffer the first uniform register that is free. */
int compute_place_anywhere(struct compute_job *job, unsigned int buffer,
			   struct compute_message *message);

#endif
