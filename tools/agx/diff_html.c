// SPDX-License-Identifier: MIT
/*
 * The comparison as one page: style and script are in it, nothing is loaded. Hunks fold; the boxes at the top choose
 * what is shown; code stands in two columns with what differs within a line marked.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "diff_print.h"

#define MAX_CODE_SHOWN 20000u /* lines of code in one page; more would make browsers slow */

static const char style[] =
	"<style>\n"
	":root{color-scheme:light dark;--bg:#fff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;"
	"--head:#f6f8fa;--add:#dafbe1;--addw:#aceebb;--del:#ffebe9;--delw:#ffc1ba;--chg:#fff8c5;"
	"--chgw:#eac54f80;--link:#0969da}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;"
	"--line:#3d444d;--head:#151b23;--add:#12261e;--addw:#1f6f3a;--del:#2d1619;--delw:#8e2a30;"
	"--chg:#2a230f;--chgw:#7d5c10;--link:#4493f8}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;padding:1rem;max-width:110rem;background:var(--bg);color:var(--fg);"
	"font:15px/1.45 system-ui,sans-serif}\n"
	"h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}\n"
	"code,td,pre,.v{font-family:ui-monospace,monospace;font-size:13px}\n"
	"a{color:var(--link)}.dim{color:var(--dim)}\n"
	"nav{position:sticky;top:0;background:var(--bg);border-bottom:1px solid var(--line);"
	"padding:.5rem 0;z-index:1}nav label,nav button{margin-right:1rem}\n"
	"details{border:1px solid var(--line);border-radius:6px;margin:.5rem 0;overflow:hidden}\n"
	"summary{background:var(--head);padding:.35rem .7rem;cursor:pointer}\n"
	".body{overflow-x:auto}table{border-collapse:collapse}\n"
	".sums td,.sums th{padding:.1rem .8rem;text-align:right;font-weight:normal}"
	".sums th:first-child,.sums td:first-child{text-align:left}.sums thead th{color:var(--dim)}\n"
	".l{white-space:pre-wrap;padding:0 .7rem;overflow-wrap:anywhere}"
	".l.h{font-weight:600}.l.k{color:var(--dim)}\n"
	".code{width:100%;table-layout:fixed}.code td{padding:0 .5rem;vertical-align:top;"
	"white-space:pre-wrap;overflow-wrap:anywhere}.code .o{width:4.5rem;text-align:right;"
	"color:var(--dim);user-select:none}.code td+.o{border-left:1px solid var(--line)}\n"
	".a{background:var(--add)}.d{background:var(--del)}.c{background:var(--chg)}\n"
	"td.c mark.d{background:var(--delw)}td.c mark.a{background:var(--addw)}"
	".l.c mark.d{background:var(--delw)}.l.c mark.a{background:var(--addw)}"
	"mark{color:inherit;border-radius:3px}\n"
	".note{border-left:4px solid var(--chgw);padding:.2rem .7rem;margin:.4rem 0}\n"
	"@media print{nav{display:none}details{break-inside:avoid}}\n"
	"</style>\n";

static const char script[] =
	"<script>\n"
	"function show(t){document.querySelectorAll('[data-t~=\"'+t+'\"]').forEach(e=>{"
	"e.hidden=![...document.querySelectorAll('nav input')].some(i=>i.checked&&"
	"e.dataset.t.split(' ').includes(i.value))})}\n"
	"function fold(open){document.querySelectorAll('details').forEach(e=>e.open=open)}\n"
	"</script>\n";

static void escape(FILE *out, const char *text, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc((unsigned char)text[i] < 0x20 ? '.' : text[i], out);
		}
	}
}

static void put(FILE *out, const char *text)
{
	escape(out, text, strlen(text));
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.$^", c));
}

/* How much of both is the same at the start and, behind that, at the end: whole words. */
static void common(const char *a, const char *b, size_t *first, size_t *last)
{
	size_t n = strlen(a), m = strlen(b), i = 0, j = 0;

	while (i < n && i < m && a[i] == b[i])
		i++;
	while (i && ((i < n && is_word(a[i])) || (i < m && is_word(b[i]))) && is_word(a[i - 1]))
		i--;
	while (j < n - i && j < m - i && a[n - 1 - j] == b[m - 1 - j])
		j++;
	while (j && is_word(a[n - j]) &&
	       ((n - j > i && is_word(a[n - j - 1])) || (m - j > i && is_word(b[m - j - 1]))))
		j--;
	*first = i;
	*last = j;
}

/* One side of a changed line, with what differs marked. */
static void put_marked(FILE *out, const char *text, size_t first, size_t last, const char *class)
{
	size_t size = strlen(text);

	escape(out, text, first);
	if (size > first + last) {
		fprintf(out, "<mark class=%s>", class);
		escape(out, text + first, size - first - last);
		fputs("</mark>", out);
	}
	escape(out, text + size - last, last);
}

static void put_rows(FILE *out, const char *title, const struct diff_row *rows, unsigned int count)
{
	char percent[32];
	unsigned int i;

	fprintf(out,
		"<h2>%s</h2>\n<table class=sums><thead><tr><th></th><th>A</th><th>B</th>"
		"<th></th></tr></thead><tbody>\n",
		title);
	for (i = 0; i < count; i++)
		fprintf(out,
			"<tr><td>%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%s</td></tr>\n",
			rows[i].name, rows[i].a, rows[i].b,
			diff_percent(rows[i].a, rows[i].b, percent, sizeof(percent)));
	fputs("</tbody></table>\n", out);
}

static void put_count(FILE *out, const char *name, const struct agx_diff_count *count)
{
	if (count->changed || count->removed || count->added)
		fprintf(out,
			"<tr><td>%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64
			"</td></tr>\n",
			name, count->changed, count->removed, count->added);
}

static void put_sums(const struct agx_diff *diff, FILE *out)
{
	const struct agx_diff_sums *sums = agx_diff_sums(diff);
	struct diff_row rows[12];
	unsigned int i;

	fputs("<h2>What changed</h2>\n<table class=sums><thead><tr><th></th><th>changed</th>"
	      "<th>removed</th><th>added</th></tr></thead><tbody>\n",
	      out);
	for (i = 0; i < AGX_DIFF_UNITS; i++)
		put_count(out, agx_diff_unit_names[i], &sums->units[i]);
	put_count(out, "shaders", &sums->shaders);
	for (i = 0; i < DIFF_TOPICS; i++) {
		char name[48];

		snprintf(name, sizeof(name), "values: %s", diff_topic_names[i]);
		put_count(out, name, &sums->lines[i]);
	}
	fputs("</tbody></table>\n", out);
	if (sums->shaders.changed)
		put_rows(out, "Code of shaders that changed", rows,
			 diff_code_rows(&sums->changed_a, &sums->changed_b, rows));
	put_rows(out, "What the traces hold", rows, diff_side_rows(diff, rows));
}

static void put_line(FILE *out, const struct agx_diff *diff, const struct agx_diff_line *line)
{
	static const char *const classes[AGX_DIFF_OPS] = {"k", "c", "d", "a"};
	size_t first, last;

	fprintf(out, "<div class=\"l %s%s\">%*s", classes[line->op], line->heading ? " h" : "",
		line->depth * 2, "");
	put(out, line->name);
	if (line->op == AGX_DIFF_CHANGE && line->a && line->b) {
		common(line->a, line->b, &first, &last);
		fputs(": ", out);
		put_marked(out, line->a, first, last, "d");
		fputs(" \xe2\x86\x92 ", out);
		put_marked(out, line->b, first, last, "a");
	} else if (line->a || line->b) {
		fputs(": ", out);
		put(out, line->op == AGX_DIFF_ADD ? line->b : line->a);
	}
	if (line->shader != DIFF_NONE && agx_diff_shader(diff, line->shader))
		fprintf(out, " <a href=\"#s%u\">shader change %u</a>", line->shader + 1,
			line->shader + 1);
	fputs("</div>\n", out);
}

static void put_hunk(const struct agx_diff *diff, const struct diff_print *print,
		     const struct agx_diff_hunk *hunk)
{
	static const char *const what[AGX_DIFF_OPS] = {"", "", " (only in A)", " (only in B)"};
	const char *space = "";
	FILE *out = print->out;
	char place[640];
	uint32_t i;

	fputs("<details open data-t=\"", out);
	for (i = 0; i < DIFF_TOPICS; i++) {
		if (!(hunk->topics & 1u << i))
			continue;
		fprintf(out, "%s%s", space, diff_topic_names[i]);
		space = " ";
	}
	fputs("\"><summary><code>", out);
	put(out, diff_hunk_place(hunk, place, sizeof(place)));
	fputs("</code> ", out);
	put(out, hunk->title);
	fprintf(out, "%s", what[hunk->op]);
	if (hunk->count > 1)
		fprintf(out, " <span class=dim>%" PRIu64 " places</span>", hunk->count);
	fputs("</summary><div class=\"body v\">\n", out);
	for (i = 0; i < hunk->num_lines; i++) {
		if (diff_line_shown(hunk, i, print->context))
			put_line(out, diff, &hunk->lines[i]);
	}
	if (hunk->lines_left)
		fprintf(out, "<div class=\"l k\">and %u more lines</div>\n", hunk->lines_left);
	fputs("</div></details>\n", out);
}

static void put_cell(FILE *out, const struct agx_diff_code_line *line, bool b, size_t first,
		     size_t last)
{
	const char *text = b ? line->b : line->a;
	const char *class = "";

	if (line->op == AGX_DIFF_CHANGE)
		class = " class=c";
	else if (line->op != AGX_DIFF_KEEP && text)
		class = b ? " class=a" : " class=d";
	if (!text) {
		fputs("<td class=o></td><td></td>", out);
		return;
	}
	fprintf(out, "<td class=o>%x</td><td%s>", b ? line->offset_b : line->offset_a, class);
	if (line->op == AGX_DIFF_CHANGE)
		put_marked(out, text, first, last, b ? "a" : "d");
	else
		put(out, text);
	fputs("</td>", out);
}

static void put_code(const struct diff_print *print, const struct agx_diff_shader *shader,
		     uint64_t *shown)
{
	FILE *out = print->out;
	bool gap = false;
	uint32_t i;

	fputs("<table class=code><tbody>\n", out);
	for (i = 0; i < shader->num_lines; i++) {
		const struct agx_diff_code_line *line = &shader->lines[i];
		size_t first = 0, last = 0;

		if (!diff_code_shown(shader, i, print->context)) {
			gap = true;
			continue;
		}
		if (++*shown > MAX_CODE_SHOWN) {
			fprintf(out,
				"<tr><td class=o></td><td class=dim>and %u more lines</td></tr>\n",
				shader->num_lines - i);
			break;
		}
		if (gap)
			fputs("<tr><td class=o>\xe2\x8b\xaf</td><td></td><td class=o></td><td></td>"
			      "</tr>\n",
			      out);
		gap = false;
		if (line->op == AGX_DIFF_CHANGE)
			common(line->a, line->b, &first, &last);
		fputs("<tr>", out);
		put_cell(out, line, false, first, last);
		put_cell(out, line, true, first, last);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

static void put_shader(const struct diff_print *print, const struct agx_diff_shader *shader,
		       uint32_t number, uint64_t *shown)
{
	FILE *out = print->out;

	fprintf(out, "<details open id=s%u data-t=shaders><summary>shader change %u: ", number + 1,
		number + 1);
	put(out, shader->stage);
	if (shader->blob_a == DIFF_NONE || shader->blob_b == DIFF_NONE)
		fprintf(out, " (only in %s)", shader->blob_a == DIFF_NONE ? "B" : "A");
	fprintf(out,
		" <span class=dim>instructions %u \xe2\x86\x92 %u, bytes %u \xe2\x86\x92 %u, "
		"registers %u \xe2\x86\x92 %u; %" PRIu64
		" places%s</span></summary><div class=body>\n",
		shader->size_a.instructions, shader->size_b.instructions, shader->size_a.bytes,
		shader->size_b.bytes, shader->size_a.registers, shader->size_b.registers,
		shader->uses, shader->registers_only ? "; registers only" : "");
	put_code(print, shader, shown);
	fputs("</div></details>\n", out);
}

void diff_print_html(const struct agx_diff *diff, const struct diff_print *print)
{
	const struct agx_diff_side *a = agx_diff_side(diff, 0), *b = agx_diff_side(diff, 1);
	FILE *out = print->out;
	uint64_t shown = 0;
	const char *note;
	uint32_t i;

	fputs("<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
	      "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>agx diff: ",
	      out);
	put(out, a->path);
	fputs(" and ", out);
	put(out, b->path);
	fprintf(out, "</title>\n%s%s</head><body>\n<h1>agx diff</h1>\n<p>A: <code>", style, script);
	put(out, a->path);
	fputs("</code><br>B: <code>", out);
	put(out, b->path);
	fputs("</code></p>\n", out);
	for (i = 0; (note = agx_diff_note(diff, i)); i++) {
		fputs("<p class=note>", out);
		put(out, note);
		fputs("</p>\n", out);
	}
	if (agx_diff_same(diff)) {
		fputs("<p>Nothing differs.</p>\n</body></html>\n", out);
		return;
	}
	put_sums(diff, out);
	fputs("<nav>", out);
	for (i = 0; i < DIFF_TOPICS; i++)
		fprintf(out,
			"<label><input type=checkbox checked value=%s "
			"onchange=\"show(this.value)\"> %s</label>",
			diff_topic_names[i], diff_topic_names[i]);
	fputs("<button onclick=\"fold(true)\">unfold all</button>"
	      "<button onclick=\"fold(false)\">fold all</button></nav>\n<h2>Changes</h2>\n",
	      out);
	for (i = 0; i < agx_diff_hunks(diff); i++)
		put_hunk(diff, print, agx_diff_hunk(diff, i));
	if (agx_diff_shaders(diff))
		fputs("<h2>Shaders</h2>\n", out);
	for (i = 0; i < agx_diff_shaders(diff); i++) {
		const struct agx_diff_shader *shader = agx_diff_shader(diff, i);

		if (shader)
			put_shader(print, shader, i, &shown);
	}
	fputs("</body></html>\n", out);
}
