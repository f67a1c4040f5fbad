// SPDX-License-Identifier: MIT
/*
 * The text of a shader for `agx compute`. Its own begins as it was written, so that places in
 * messages are right; with --set and --show, loads are put in front of it and stores behind it.
 */
#include "compute_frame.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute_options.h"

#define REGISTERS 128

/* Where a last line that says stop begins, or the end. */
static size_t before_stop(const char *text)
{
	size_t length = strlen(text);

	for (size_t end = length; end;) {
		size_t start = end, from, to;

		while (start && text[start - 1] != '\n')
			start--;
		from = start;
		while (from < end && isspace((unsigned char)text[from]))
			from++;
		to = from + strcspn(text + from, " \t\r\n;#/");
		if (to - from == 4 && !memcmp(text + from, "stop", 4))
			return start;
		if (from < end && !strchr(";#/", text[from]))
			return length;
		end = start ? start - 1 : 0;
	}
	return length;
}

int compute_frame_plain(const struct compute_job *job, char **text)
{
	const bool stop = job->lines && !job->text[before_stop(job->text)];

	return asprintf(text, "%s%s", job->text, stop ? "stop\n" : "") < 0 ? -ENOMEM : 0;
}

static const char *format_of(const struct compute_register *reg)
{
	return reg->halves == 1 ? "i16" : "i32";
}

/* Loads or stores one, with the thread's number in register number index. */
static void move(FILE *out, const struct compute_job *job, const struct compute_register *reg,
		 const char *instruction, unsigned int index)
{
	const unsigned int number = reg->half / 2;

	if (reg->halves == 4) {
		index++;
		fprintf(out, "%s r%u_r%u", instruction, number, number + 1);
	} else {
		fprintf(out, "%s r%u%s", instruction, number,
			reg->halves == 2 ? ""
			: reg->half & 1  ? "h"
					 : "l");
	}
	fprintf(out, ", du%u, r%u, %s, %s, a\nwait a\n", job->buffers[reg->buffer].place / 2, index,
		format_of(reg), reg->halves == 4 ? "xy" : "x");
}

static void thread_number(FILE *out, unsigned int index)
{
	fprintf(out, "mov r%u, thread_in_grid_x\nshl r%u, r%u, 1\n", index, index + 1, index);
}

static int add_set(struct compute_job *job, struct compute_register *reg, size_t threads,
		   struct compute_message *message)
{
	const size_t equals = strcspn(reg->text, "=");
	struct compute_buffer *buffer;
	int index;

	/* Its name is none that a user can give. */
	index = compute_buffer_add(job, "=", 1, message);
	if (index < 0)
		return index;
	reg->buffer = (unsigned int)index;
	buffer = &job->buffers[index];
	buffer->data = reg->data;
	buffer->frame = true;
	reg->data = (struct compute_data){.type = reg->type};
	if (buffer->data.fill == COMPUTE_FILE && buffer->data.count != threads)
		return compute_wrong(message, "%.*s: %zu values in a file for %zu threads",
				     (int)equals, reg->text, buffer->data.count, threads);
	buffer->data.count = threads;
	return 0;
}

int compute_frame(struct compute_job *job, size_t threads, unsigned int registers, char **text,
		  struct compute_message *message)
{
	unsigned int index = (registers + 1) / 2;
	size_t size;
	FILE *out;
	int ret = 0;

	for (unsigned int i = 0; !ret && i < job->set.count; i++)
		ret = add_set(job, &job->set.of[i], threads, message);
	for (unsigned int i = 0; i < job->set.count + job->show.count; i++) {
		const struct compute_register *reg =
			i < job->set.count ? &job->set.of[i] : &job->show.of[i - job->set.count];
		const unsigned int beyond = (reg->half + reg->halves + 1) / 2;

		job->buffers[reg->buffer].data.count = threads;
		if (!ret)
			ret = compute_place_anywhere(job, reg->buffer, message);
		if (beyond > index)
			index = beyond;
	}
	if (!ret && index + 2 > REGISTERS)
		ret = compute_wrong(message, "--set and --show need two registers that the program "
					     "does not use");
	if (ret)
		return ret;
	out = open_memstream(text, &size);
	if (!out)
		return compute_wrong(message, "no memory");
	thread_number(out, index);
	for (unsigned int i = 0; i < job->set.count; i++)
		move(out, job, &job->set.of[i], "load", index);
	fprintf(out, "%.*s\n", (int)before_stop(job->text), job->text);
	fputs("wait a\nwait b\n", out);
	thread_number(out, index);
	for (unsigned int i = 0; i < job->show.count; i++)
		move(out, job, &job->show.of[i], "store", index);
	fputs("stop\n", out);
	return fclose(out) ? compute_wrong(message, "no memory") : 0;
}

/* Cuts words out of a line as a shell does, quotes aside; changes the line. */
static int split(char *line, char **words, int max, struct compute_message *message)
{
	char *to = line;
	int count = 0;

	for (char *at = line; *at;) {
		char quote = 0;

		if (isspace((unsigned char)*at)) {
			at++;
			continue;
		}
		if (count == max)
			return compute_wrong(message, "more than %d words", max);
		words[count++] = to;
		for (; *at && (quote || !isspace((unsigned char)*at)); at++) {
			if (quote ? *at == quote : *at == '"' || *at == '\'')
				quote = quote ? 0 : *at;
			else
				*to++ = *at;
		}
		if (quote)
			return compute_wrong(message, "a quote %c has no end", quote);
		at += !!*at;
		*to++ = '\0';
	}
	return count;
}

int compute_text_options(const char *text, char **copy, compute_words_fn words, void *data)
{
	static const char label[] = "agx compute:";
	char *line, *next, *argv[COMPUTE_WORDS + 2];
	unsigned int number = 0;
	int ret = 0;

	*copy = strdup(text);
	if (!*copy)
		return -ENOMEM;
	for (line = *copy; line && !ret; line = next) {
		struct compute_message message;
		size_t comment;
		int count;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		line += strspn(line, " \t");
		comment = strspn(line, *line == '/' ? "/" : *line == '#' ? "#" : ";");
		if (!comment || (*line == '/' && comment < 2))
			continue;
		line += comment;
		line += strspn(line, " \t");
		if (strncmp(line, label, strlen(label)))
			continue;
		count = split(line + strlen(label), argv + 1, COMPUTE_WORDS, &message);
		if (count >= 0)
			argv[count + 1] = NULL;
		ret = words(data, number, count, argv, message.text);
	}
	return ret;
}
