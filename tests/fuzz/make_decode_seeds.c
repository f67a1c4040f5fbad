// SPDX-License-Identifier: MIT
/*
 * Makes inputs of fuzz_decode.c from traces: make-decode-seeds FOLDER TRACE SUBMIT [TRACE SUBMIT]...
 *
 * One file for the submission, with the memory that decoding it looks at and nothing else, and one for
 * the first control stream of each kind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agx_decode.h"
#include "agx_decode_trace.h"

#define MAX_PIECES 64
#define MAX_BYTES  65536

struct piece {
	uint64_t address;
	uint32_t size;
	uint8_t *bytes;
};

struct seed {
	struct piece pieces[MAX_PIECES];
	unsigned int count;
	size_t total;
	uint64_t usc_base;
	uint64_t vdm, cdm, usc, shader, ppp; /* first of each, 0: none */
};

static void die(const char *what)
{
	fprintf(stderr, "make-decode-seeds: %s\n", what);
	exit(2);
}

/* Grows a piece that it touches; what overlaps is there already or is not worth it. */
static void add(struct seed *seed, uint64_t address, const void *bytes, size_t size)
{
	struct piece *piece = NULL;

	if (!bytes || !size || seed->total + size > MAX_BYTES)
		return;
	for (unsigned int i = 0; i < seed->count; i++) {
		const struct piece *old = &seed->pieces[i];

		if (address < old->address + old->size && old->address < address + size)
			return;
	}
	for (unsigned int i = 0; i < seed->count && !piece; i++)
		if (seed->pieces[i].address + seed->pieces[i].size == address)
			piece = &seed->pieces[i];
	if (!piece) {
		if (seed->count == MAX_PIECES)
			return;
		piece = &seed->pieces[seed->count++];
		*piece = (struct piece){.address = address};
	}
	piece->bytes = realloc(piece->bytes, piece->size + size);
	if (!piece->bytes)
		die("no memory");
	memcpy(piece->bytes + piece->size, bytes, size);
	piece->size += size;
	seed->total += size;
}

static void first(uint64_t *where, uint64_t address)
{
	if (!*where && address != AGX_DECODE_NO_ADDRESS)
		*where = address;
}

static void on_begin(void *cookie, const struct agx_decode_node *node)
{
	struct seed *seed = cookie;

	if (node->record && node->desc && node->address != AGX_DECODE_NO_ADDRESS)
		add(seed, node->address, node->record, node->desc->size);
	if (node->kind == AGX_DECODE_STREAM)
		first(strstr(node->title, "compute") ? &seed->cdm : &seed->vdm, node->address);
	else if (node->kind == AGX_DECODE_STATE)
		first(&seed->ppp, node->address);
	else if (node->kind == AGX_DECODE_LIST && strstr(node->title, "program"))
		first(&seed->usc, node->address);
	else if (node->kind == AGX_DECODE_SHADER)
		first(&seed->shader, node->address);
}

static void on_bytes(void *cookie, uint64_t address, const void *bytes, size_t size)
{
	add(cookie, address, bytes, size);
}

static void write_seed(const struct seed *seed, const char *path, uint8_t kind, uint64_t start)
{
	static const uint8_t flags[] = {0x0c, 0x1c, 0x2c, 0x0e, 0x30, 0x5c, 0xcc};
	static unsigned int next;
	FILE *file = fopen(path, "wb");

	if (!file)
		die(path);
	fputc(kind, file);
	fputc(flags[next++ % sizeof(flags)], file);
	fputc(seed->count, file);
	fputc(0, file);
	fwrite(&start, sizeof(start), 1, file);
	fwrite(&seed->usc_base, sizeof(seed->usc_base), 1, file);
	for (unsigned int i = 0; i < seed->count; i++) {
		fwrite(&seed->pieces[i].address, 8, 1, file);
		fwrite(&seed->pieces[i].size, 4, 1, file);
	}
	for (unsigned int i = 0; i < seed->count; i++)
		fwrite(seed->pieces[i].bytes, 1, seed->pieces[i].size, file);
	if (fclose(file))
		die(path);
}

static void make(const char *folder, const char *path, uint64_t number)
{
	struct agx_decode_config config = {.all_commands = true, .memory = true, .repeat = true};
	struct seed *seed = calloc(1, sizeof(*seed));
	const struct agx_decode_sink sink = {
		.cookie = seed, .begin = on_begin, .bytes = on_bytes, .code = on_bytes};
	const char *base = strrchr(path, '/');
	struct agx_decode_submit submit;
	struct agx_decode_trace *trace;
	struct agx_decode *decode;
	char name[512];
	int ret;

	if (!seed || agx_decode_trace_open(path, NULL, &trace, NULL))
		die(path);
	do
		ret = agx_decode_trace_next_submit(trace, &submit, NULL);
	while (ret > 0 && submit.number < number);
	if (ret <= 0)
		die("no such submission");
	config.generation = agx_decode_trace_gpu(trace)->gpu_generation;
	decode = agx_decode_create(&config, &sink);
	if (!decode)
		die("no memory");
	/* The first piece is the command buffer, where nothing points. */
	add(seed, 0x00ff000000000000, submit.commands, submit.commands_size);
	seed->usc_base = submit.usc_base;
	if (agx_decode_submit(decode, &submit))
		die("decoding");
	base = base ? base + 1 : path;
	snprintf(name, sizeof(name), "%s/%.*s-%u", folder, (int)strcspn(base, "."), base,
		 (unsigned int)number);
	write_seed(seed, name, 6, 0);
	for (unsigned int kind = 0; kind < 5; kind++) {
		const uint64_t starts[] = {seed->vdm, seed->cdm, seed->usc, seed->shader,
					   seed->ppp};
		static const char *const names[] = {"vdm", "cdm", "usc", "shader", "ppp"};

		if (!starts[kind])
			continue;
		snprintf(name, sizeof(name), "%s/%.*s-%u-%s", folder, (int)strcspn(base, "."), base,
			 (unsigned int)number, names[kind]);
		write_seed(seed, name, kind, starts[kind]);
	}
	agx_decode_destroy(decode);
	agx_decode_trace_close(trace);
	for (unsigned int i = 0; i < seed->count; i++)
		free(seed->pieces[i].bytes);
	free(seed);
}

int main(int argc, char **argv)
{
	if (argc < 4 || argc % 2) {
		fprintf(stderr, "usage: make-decode-seeds FOLDER TRACE SUBMIT [TRACE SUBMIT]...\n");
		return 2;
	}
	for (int i = 2; i < argc; i += 2)
		make(argv[1], argv[i], strtoull(argv[i + 1], NULL, 0));
	return 0;
}
