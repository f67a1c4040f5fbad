// SPDX-License-Identifier: MIT
/*
 * Does the compute work that a text describes through the library, for comparing what it makes of it
 * with what Mesa made. test_mesa_state.py writes such texts from traces of Mesa.
 *
 * usage: rebuild SCRIPT
 *
 *   address A                              something is mapped there: words of uniforms that are addresses
 *                                          for Mesa are some here, too
 *   shader CODE PREAMBLE LOCAL SCRATCH     hexadecimal, "-": none; numbered from 0. LOCAL: bytes, or a
 *                                          tile: WIDTHxHEIGHTxBYTESxSAMPLES
 *   submit                                 begins a submission
 *   command                                begins a compute pass
 *   uniforms FIRST COUNT BYTES             halves; of the next dispatch, as all up to it
 *   texture|pbe NUMBER FORMAT DIMENSION TILING W H D LAYERS LEVELS SAMPLES WRITEABLE PITCH
 *           FIRST-LEVEL VIEW-LEVELS SWIZZLE
 *   sampler NUMBER MAG MIN MIP S T R BORDER MIN-LOD MAX-LOD ANISOTROPY PIXELS COMPARE FUNCTION SEAMS
 *   dispatch SHADER threads|groups|indirect|arguments X Y Z GX GY GZ
 *   barrier
 *   end                                    of the submission
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <agx/agx.h>

#define MAX_SHADERS  512
#define MAX_IMAGES   256
#define MAX_RANGES   64
#define MAX_TEXTURES 64
#define MAX_WORDS    24
#define MAX_CODE     (1u << 20)

static struct agx_context *ctx;
static struct agx_device *device;
static struct agx_vm *vm;
static struct agx_queue *queue;
static struct agx_cmdbuf *cmdbuf;
static struct agx_buffer *page;
static struct agx_shader *shaders[MAX_SHADERS];
static struct agx_image *images[MAX_IMAGES]; /* of the submission */
static unsigned int image_count;
static unsigned int shader_count;
static bool in_pass;
static unsigned int line;

/* What the next dispatch is given. */
static uint8_t uniform_bytes[1024];
static struct agx_uniform_range ranges[MAX_RANGES];
static struct agx_texture textures[MAX_TEXTURES];
static struct agx_sampler samplers[16];
static struct agx_bindings bindings;

#define DIE(...)                                       \
	do {                                           \
		fprintf(stderr, "rebuild:%u: ", line); \
		fprintf(stderr, __VA_ARGS__);          \
		fputc('\n', stderr);                   \
		exit(2);                               \
	} while (0)

/* Of the library: what it refuses is a difference that the test is for, not a broken script. */
static void ok(int ret, const char *what)
{
	if (ret >= 0)
		return;
	fprintf(stderr, "rebuild:%u: %s: %s: %s\n", line, what, strerror(-ret), agx_error(ctx));
	exit(1);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end)
		DIE("'%s' is no number", text);
	return value;
}

static float real(const char *text)
{
	char *end;
	float value = strtof(text, &end);

	if (!*text || *end)
		DIE("'%s' is no number", text);
	return value;
}

static size_t hex(const char *text, uint8_t *out, size_t max)
{
	size_t n = strlen(text) / 2, i;

	if (n > max)
		DIE("%zu bytes, of at most %zu", n, max);
	for (i = 0; i < n; i++) {
		unsigned int byte;

		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			DIE("'%.2s' is no byte", text + 2 * i);
		out[i] = byte;
	}
	return n;
}

static unsigned int word_of(const char *word, const char *const *words)
{
	unsigned int i;

	for (i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return i;
	}
	DIE("'%s' is not known here", word);
}

static void add_address(char **w)
{
	struct agx_bind bind = {
		.op = AGX_BIND_MAP,
		.address = number(w[1]) / AGX_PAGE_SIZE * AGX_PAGE_SIZE,
		.size = AGX_PAGE_SIZE,
	};
	int ret;

	if (!page)
		ok(agx_buffer_create(vm, AGX_PAGE_SIZE, AGX_BUFFER_UNBOUND, &page),
		   "agx_buffer_create");
	bind.buffer = page;
	ret = agx_vm_reserve_at(vm, bind.address, bind.size);
	if (ret == -EBUSY)
		return; /* something is there already */
	ok(ret, "agx_vm_reserve_at");
	ok(agx_vm_bind(vm, &bind, 1), "agx_vm_bind");
}

static void add_shader(char **w)
{
	static uint8_t code[MAX_CODE], preamble[MAX_CODE];
	struct agx_shader_params params = {
		.stage = AGX_STAGE_COMPUTE,
		.code = code,
		.code_size = hex(w[1], code, sizeof(code)),
		.scratch_bytes = number(w[4]),
	};
	struct agx_tile_layout *tile = &params.tile;

	if (sscanf(w[3], "%ux%ux%ux%u", &tile->width, &tile->height, &tile->sample_bytes,
		   &tile->samples) < 2) {
		memset(tile, 0, sizeof(*tile));
		params.local_bytes = number(w[3]);
	}

	if (shader_count == MAX_SHADERS)
		DIE("more than %d shaders", MAX_SHADERS);
	if (strcmp(w[2], "-")) {
		params.preamble = preamble;
		params.preamble_size = hex(w[2], preamble, sizeof(preamble));
	}
	ok(agx_shader_create(vm, &params, &shaders[shader_count]), "agx_shader_create");
	shader_count++;
}

/*
 * Registers from u0_lo are given by value if they are whole words, as a program with a structure
 * would; the others from memory.
 */
static void add_uniforms(char **w)
{
	unsigned int first = number(w[1]), count = number(w[2]);
	struct agx_uniform_range *range;
	uint8_t bytes[1024];
	size_t size = hex(w[3], bytes, sizeof(bytes));
	void *map;

	if (size != 2 * count)
		DIE("%zu bytes for %u halves", size, count);
	if (!first && count % 2 == 0) {
		memcpy(uniform_bytes, bytes, size);
		bindings.uniforms = uniform_bytes;
		bindings.uniform_bytes = size;
		return;
	}
	if (bindings.range_count == MAX_RANGES)
		DIE("more than %d ranges", MAX_RANGES);
	range = &ranges[bindings.range_count++];
	range->first = first;
	range->count = count;
	map = agx_cmdbuf_alloc(cmdbuf, size, 4, &range->address);
	if (!map)
		ok(-ENOMEM, "agx_cmdbuf_alloc");
	memcpy(map, bytes, size);
	bindings.ranges = ranges;
}

static const char *const dimension_words[] = {"1d", "2d", "3d", "cube", NULL};
static const char *const tiling_words[] = {"linear", "gpu", NULL};

static void add_texture(char **w)
{
	unsigned int index = number(w[1]), i;
	struct agx_layout_params params = {
		.format = agx_format_find(w[2]),
		.tiling = word_of(w[4], tiling_words),
		.width = number(w[5]),
		.height = number(w[6]),
		.depth = number(w[7]),
		.layers = number(w[8]),
		.levels = number(w[9]),
		.samples = number(w[10]),
		.writeable = number(w[11]),
		.pitch = number(w[12]),
	};
	bool array = strlen(w[3]) > 6 && !strcmp(w[3] + strlen(w[3]) - 6, "_array");
	struct agx_view view = {
		.as = true,
		.array = array,
		.level = number(w[13]),
		.levels = number(w[14]),
	};
	struct agx_image *image;

	if (!params.format)
		DIE("no format '%s'", w[2]);
	if (index >= MAX_TEXTURES)
		DIE("texture %u", index);
	if (array)
		w[3][strlen(w[3]) - 6] = 0;
	params.dimension = word_of(w[3], dimension_words);
	view.dimension = params.dimension;
	for (i = 0; i < 4; i++) {
		static const char letters[] = "rgba01";

		view.swizzle[i] = AGX_SWIZZLE_R + (strchr(letters, w[15][i]) - letters);
	}
	if (image_count == MAX_IMAGES)
		DIE("more than %d images", MAX_IMAGES);
	ok(agx_image_create(vm, &params, 0, &image), "agx_image_create");
	images[image_count++] = image;
	if (!strcmp(w[0], "pbe"))
		ok(agx_pbe_of(image, &view, &textures[index]), "agx_pbe_of");
	else
		ok(agx_texture_of(image, &view, &textures[index]), "agx_texture_of");
	if (bindings.texture_count <= index)
		bindings.texture_count = index + 1;
	bindings.textures = textures;
}

static const char *const filter_words[] = {"nearest", "linear", NULL};
static const char *const mip_words[] = {"none", "nearest", "linear", NULL};
static const char *const wrap_words[] = {"clamp_to_edge",          "repeat",
					 "mirrored_repeat",        "clamp_to_border",
					 "mirrored_clamp_to_edge", NULL};
static const char *const border_words[] = {"transparent_black", "opaque_black", "opaque_white",
					   NULL};
static const char *const compare_words[] = {"never",     "less",   "equal",  "lequal", "greater",
					    "not_equal", "gequal", "always", NULL};

static void add_sampler(char **w)
{
	unsigned int index = number(w[1]), i;
	struct agx_sampler_params params = {
		.magnify = word_of(w[2], filter_words),
		.minify = word_of(w[3], filter_words),
		.mip = word_of(w[4], mip_words),
		.border = word_of(w[8], border_words),
		.min_lod = real(w[9]),
		.max_lod = real(w[10]),
		.anisotropy = number(w[11]),
		.pixel_coordinates = number(w[12]),
		.compare = number(w[13]),
		.compare_function = word_of(w[14], compare_words),
		.seamful_cube_maps = number(w[15]),
	};

	if (index >= 16)
		DIE("sampler %u", index);
	for (i = 0; i < 3; i++)
		params.wrap[i] = word_of(w[5 + i], wrap_words);
	ok(agx_sampler_init(ctx, &params, &samplers[index]), "agx_sampler_init");
	if (bindings.sampler_count <= index)
		bindings.sampler_count = index + 1;
	bindings.samplers = samplers;
}

static void dispatch(char **w)
{
	static const char *const words[] = {"threads", "groups", "indirect", "arguments", NULL};
	struct agx_dispatch d = {.mode = word_of(w[2], words)};
	unsigned int shader = number(w[1]), i;
	uint32_t *arguments;

	if (shader >= shader_count)
		DIE("no shader %u", shader);
	for (i = 0; i < 3; i++) {
		d.size[i] = number(w[3 + i]);
		d.group[i] = number(w[6 + i]);
	}
	if (d.mode == AGX_DISPATCH_INDIRECT || d.mode == AGX_DISPATCH_INDIRECT_THREADS) {
		arguments = agx_cmdbuf_alloc(cmdbuf, 24, 4, &d.address);
		if (!arguments)
			ok(-ENOMEM, "agx_cmdbuf_alloc");
		memcpy(arguments, d.size, 12);
		memcpy(arguments + 3, d.group, 12);
	}
	ok(agx_compute_launch(cmdbuf, shaders[shader], &bindings, &d), "agx_compute_launch");
	memset(&bindings, 0, sizeof(bindings));
	memset(textures, 0, sizeof(textures));
	memset(samplers, 0, sizeof(samplers));
}

static void end_pass(void)
{
	if (in_pass)
		ok(agx_compute_end(cmdbuf), "agx_compute_end");
	in_pass = false;
}

static void end_submit(void)
{
	end_pass();
	ok(agx_cmdbuf_end(cmdbuf), "agx_cmdbuf_end");
	ok(agx_queue_run(queue, cmdbuf), "agx_queue_run");
	agx_cmdbuf_destroy(cmdbuf);
	cmdbuf = NULL;
	while (image_count)
		agx_image_destroy(images[--image_count]);
}

static void step(char **w, unsigned int count)
{
	static const struct {
		const char *name;
		unsigned int words;
		void (*run)(char **w);
	} steps[] = {
		{"shader", 5, add_shader},    {"uniforms", 4, add_uniforms},
		{"texture", 16, add_texture}, {"pbe", 16, add_texture},
		{"sampler", 16, add_sampler}, {"dispatch", 9, dispatch},
		{"address", 2, add_address},
	};
	unsigned int i;

	if (!strcmp(w[0], "submit")) {
		ok(agx_cmdbuf_create(vm, &cmdbuf), "agx_cmdbuf_create");
	} else if (!strcmp(w[0], "command")) {
		end_pass();
		ok(agx_compute_begin(cmdbuf, NULL), "agx_compute_begin");
		in_pass = true;
	} else if (!strcmp(w[0], "barrier")) {
		ok(agx_compute_barrier(cmdbuf), "agx_compute_barrier");
	} else if (!strcmp(w[0], "end")) {
		end_submit();
	} else {
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			if (!strcmp(steps[i].name, w[0]) && steps[i].words == count) {
				steps[i].run(w);
				return;
			}
		}
		DIE("'%s' with %u words", w[0], count);
	}
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (argc != 2) {
		fprintf(stderr, "usage: rebuild SCRIPT\n");
		return 2;
	}
	f = fopen(argv[1], "r");
	if (!f) {
		perror(argv[1]);
		return 2;
	}
	ok(agx_context_create(NULL, &ctx), "agx_context_create");
	ok(agx_device_open(ctx, NULL, &device), "agx_device_open");
	ok(agx_vm_create(device, &vm), "agx_vm_create");
	ok(agx_queue_create(vm, AGX_PRIORITY_MEDIUM, &queue), "agx_queue_create");
	while (getline(&text, &size, f) > 0) {
		char *words[MAX_WORDS], *save, *word;
		unsigned int count = 0;

		line++;
		for (word = strtok_r(text, " \n", &save); word && count < MAX_WORDS;
		     word = strtok_r(NULL, " \n", &save))
			words[count++] = word;
		if (count)
			step(words, count);
	}
	free(text);
	fclose(f);
	agx_queue_destroy(queue);
	while (shader_count)
		agx_shader_destroy(shaders[--shader_count]);
	agx_buffer_destroy(page);
	agx_vm_destroy(vm);
	agx_device_close(device);
	agx_context_destroy(ctx);
	return 0;
}
