// SPDX-License-Identifier: MIT
/*
 * What a software driver of OpenGL ES makes of block-compressed textures: samples each texel of blocks.
 *
 *   block-sample <IN >OUT
 *
 * IN is a sequence of: format (of OpenGL), bytes of a block, its width, its height, number of blocks; then
 * the blocks. Numbers have 32 bits. OUT has four binary32 for each texel: blocks in order, texels in rows.
 *
 * The libraries are loaded when it runs: it is built where only their headers are, and run in a root with
 * Mesa. Exit: 0 done, 1 GL has failed, 2 bad input, 77 no such driver or a format that it does not have.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GLES3/gl31.h>

#define COLUMNS 64
#define ROWS    64
#define SKIP    77

struct job {
	uint32_t format, bytes, width, height, count;
};

static const char vertex_source[] =
	"#version 300 es\n"
	"void main() {\n"
	"\tvec2 at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0;\n"
	"\tgl_Position = vec4(at, 0.0, 1.0);\n"
	"}\n";

static const char fragment_source[] = "#version 300 es\n"
				      "precision highp float;\n"
				      "precision highp sampler2D;\n"
				      "uniform sampler2D image;\n"
				      "out vec4 colour;\n"
				      "void main() {\n"
				      "\tcolour = texelFetch(image, ivec2(gl_FragCoord.xy), 0);\n"
				      "}\n";

#define FUNCTIONS(X)                                      \
	X(ActiveTexture, ACTIVETEXTURE)                   \
	X(AttachShader, ATTACHSHADER)                     \
	X(BindFramebuffer, BINDFRAMEBUFFER)               \
	X(BindTexture, BINDTEXTURE)                       \
	X(CheckFramebufferStatus, CHECKFRAMEBUFFERSTATUS) \
	X(CompileShader, COMPILESHADER)                   \
	X(CompressedTexImage2D, COMPRESSEDTEXIMAGE2D)     \
	X(CreateProgram, CREATEPROGRAM)                   \
	X(CreateShader, CREATESHADER)                     \
	X(DeleteTextures, DELETETEXTURES)                 \
	X(DrawArrays, DRAWARRAYS)                         \
	X(FramebufferTexture2D, FRAMEBUFFERTEXTURE2D)     \
	X(GenFramebuffers, GENFRAMEBUFFERS)               \
	X(GenTextures, GENTEXTURES)                       \
	X(GetError, GETERROR)                             \
	X(GetString, GETSTRING)                           \
	X(LinkProgram, LINKPROGRAM)                       \
	X(ReadPixels, READPIXELS)                         \
	X(ShaderSource, SHADERSOURCE)                     \
	X(TexParameteri, TEXPARAMETERI)                   \
	X(TexStorage2D, TEXSTORAGE2D)                     \
	X(UseProgram, USEPROGRAM)                         \
	X(Viewport, VIEWPORT)

#define MEMBER(name, type) PFNGL##type##PROC name;
static struct {
	FUNCTIONS(MEMBER)
} gl;

static int fail(int status, const char *what)
{
	fprintf(stderr, "block-sample: %s\n", what);
	return status;
}

static int start_gl(void)
{
	void *egl = dlopen("libEGL.so.1", RTLD_NOW | RTLD_GLOBAL);
	PFNEGLGETPROCADDRESSPROC find;
	PFNEGLGETPLATFORMDISPLAYPROC get_display;
	PFNEGLINITIALIZEPROC initialize;
	PFNEGLBINDAPIPROC bind_api;
	PFNEGLCREATECONTEXTPROC create_context;
	PFNEGLMAKECURRENTPROC make_current;
	const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 1,
				     EGL_NONE};
	EGLDisplay display;
	EGLContext context;

	if (!egl)
		return fail(SKIP, "there is no libEGL");
	find = (PFNEGLGETPROCADDRESSPROC)dlsym(egl, "eglGetProcAddress");
	if (!find)
		return fail(SKIP, "libEGL has no eglGetProcAddress");
	get_display = (PFNEGLGETPLATFORMDISPLAYPROC)find("eglGetPlatformDisplay");
	initialize = (PFNEGLINITIALIZEPROC)find("eglInitialize");
	bind_api = (PFNEGLBINDAPIPROC)find("eglBindAPI");
	create_context = (PFNEGLCREATECONTEXTPROC)find("eglCreateContext");
	make_current = (PFNEGLMAKECURRENTPROC)find("eglMakeCurrent");
	if (!get_display || !initialize || !bind_api || !create_context || !make_current)
		return fail(SKIP, "an older libEGL");
	display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	if (!display || !initialize(display, NULL, NULL) || !bind_api(EGL_OPENGL_ES_API))
		return fail(SKIP, "no display without a surface");
	context = create_context(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
	if (!context || !make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
		return fail(SKIP, "no context of OpenGL ES 3.1");
#define LOAD(name, type) gl.name = (PFNGL##type##PROC)find("gl" #name);
	FUNCTIONS(LOAD)
	fprintf(stderr, "block-sample: %s, %s\n", (const char *)gl.GetString(GL_RENDERER),
		(const char *)gl.GetString(GL_VERSION));
	return 0;
}

static GLuint make_shader(GLenum kind, const char *source)
{
	const GLuint shader = gl.CreateShader(kind);

	gl.ShaderSource(shader, 1, &source, NULL);
	gl.CompileShader(shader);
	return shader;
}

static GLuint make_texture(void)
{
	GLuint texture;

	gl.GenTextures(1, &texture);
	gl.BindTexture(GL_TEXTURE_2D, texture);
	gl.TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
	gl.TexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
	return texture;
}

static void put_block(const struct job *job, const float *image, unsigned int column,
		      unsigned int row)
{
	const size_t pitch = (size_t)COLUMNS * job->width;

	for (unsigned int y = 0; y < job->height; y++)
		fwrite(image + 4 * ((row * job->height + y) * pitch + column * job->width),
		       4 * sizeof(float), job->width, stdout);
}

/* One image of at most COLUMNS * ROWS blocks. */
static int sample_image(const struct job *job, const uint8_t *blocks, unsigned int count)
{
	const GLsizei width = (GLsizei)(COLUMNS * job->width);
	const GLsizei height = (GLsizei)(ROWS * job->height);
	float *image = malloc((size_t)width * (size_t)height * 4 * sizeof(*image));
	GLuint target, source;

	if (!image)
		return fail(1, "out of memory");
	target = make_texture();
	gl.TexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA32F, width, height);
	gl.FramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target, 0);
	source = make_texture();
	gl.GetError();
	gl.CompressedTexImage2D(GL_TEXTURE_2D, 0, job->format, width, height, 0,
				(GLsizei)(COLUMNS * ROWS * job->bytes), blocks);
	if (gl.GetError() || gl.CheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
		free(image);
		return fail(SKIP, "a format that the driver does not have");
	}
	gl.Viewport(0, 0, width, height);
	gl.DrawArrays(GL_TRIANGLES, 0, 3);
	gl.ReadPixels(0, 0, width, height, GL_RGBA, GL_FLOAT, image);
	for (unsigned int i = 0; i < count; i++)
		put_block(job, image, i % COLUMNS, i / COLUMNS);
	free(image);
	gl.DeleteTextures(1, &target);
	gl.DeleteTextures(1, &source);
	return gl.GetError() ? fail(1, "drawing has failed") : 0;
}

static int sample_blocks(const struct job *job)
{
	static uint8_t blocks[COLUMNS * ROWS * 16];

	for (uint32_t left = job->count; left;) {
		const uint32_t now = left < COLUMNS * ROWS ? left : COLUMNS * ROWS;
		int status;

		memset(blocks, 0, sizeof(blocks));
		if (fread(blocks, job->bytes, now, stdin) != now)
			return fail(2, "the input ends among blocks");
		status = sample_image(job, blocks, now);
		if (status)
			return status;
		left -= now;
	}
	return 0;
}

int main(void)
{
	struct job job;
	GLuint program, frame;
	int status = start_gl();

	if (status)
		return status;
	program = gl.CreateProgram();
	gl.AttachShader(program, make_shader(GL_VERTEX_SHADER, vertex_source));
	gl.AttachShader(program, make_shader(GL_FRAGMENT_SHADER, fragment_source));
	gl.LinkProgram(program);
	gl.UseProgram(program);
	gl.GenFramebuffers(1, &frame);
	gl.BindFramebuffer(GL_FRAMEBUFFER, frame);
	gl.ActiveTexture(GL_TEXTURE0);
	if (gl.GetError())
		return fail(1, "the program could not be made");
	while (!status && fread(&job, sizeof(job), 1, stdin) == 1) {
		if ((job.bytes != 8 && job.bytes != 16) || !job.width || !job.height ||
		    job.width > 12 || job.height > 12)
			return fail(2, "a job that makes no sense");
		status = sample_blocks(&job);
	}
	if (fflush(stdout))
		return fail(1, "the output could not be written");
	return status;
}
