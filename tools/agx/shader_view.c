// SPDX-License-Identifier: MIT
/*
 * Steps of shaders as a table: place, active lanes, instruction, what came out, what went in. Results stand below each
 * other, so that a column can be followed with the eye; operands stand beside each other.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "program.h"
#include "shader_json.h"
#include "shader_value.h"
#include "shader_view.h"

#define INSTRUCTION_COLUMN 46
#define RESULT_COLUMN      26
#define INDENT_MAX         12
#define LANES_IN_LINE      4

static const char *stage_name(const struct agx_simd *simd)
{
	return simd->group->stage == AGX_STAGE_PREAMBLE ? "preamble" : "compute shader";
}

/* "submit 3 command 0, dispatch 1, " */
static void print_place(FILE *out, const struct agx_watch_place *place)
{
	if (place->known)
		fprintf(out, "submit %" PRIu64 " command %" PRIu32 ", ", place->submit,
			place->command);
	fprintf(out, "dispatch %" PRIu32, place->dispatch);
}

static void print_three(FILE *out, const uint32_t three[3])
{
	fprintf(out, "(%" PRIu32 ",%" PRIu32 ",%" PRIu32 ")", three[0], three[1], three[2]);
}

static bool is_same_place(const struct shader_view *view, const struct agx_watch_step *step)
{
	const struct agx_simd *simd = step->simd;

	return view->begun && view->submit == step->place->submit &&
	       view->command == step->place->command && view->dispatch == step->place->dispatch &&
	       view->shader == simd->program->address && view->simd == simd->index &&
	       view->stage == (uint32_t)simd->group->stage &&
	       !memcmp(view->group, simd->group->id, sizeof(view->group));
}

static void note_place(struct shader_view *view, const struct agx_watch_step *step)
{
	const struct agx_simd *simd = step->simd;

	view->begun = true;
	view->submit = step->place->submit;
	view->command = step->place->command;
	view->dispatch = step->place->dispatch;
	view->shader = simd->program->address;
	view->simd = simd->index;
	view->stage = (uint32_t)simd->group->stage;
	memcpy(view->group, simd->group->id, sizeof(view->group));
}

static void print_heading(const struct shader_view *view, const struct agx_watch_step *step)
{
	const struct agx_text_style *style = view->style;
	const struct agx_simd *simd = step->simd;
	FILE *out = view->text;
	uint32_t thread[3];

	fprintf(out, "%s%s", view->steps ? "\n" : "", style->heading);
	print_place(out, step->place);
	fprintf(out, ": %s 0x%" PRIx64 "%s", stage_name(simd), simd->program->address,
		style->reset);
	if (simd->group->stage != AGX_STAGE_PREAMBLE) {
		fputs(", group ", out);
		print_three(out, simd->group->id);
		fputs(" of ", out);
		print_three(out, step->place->groups);
		fprintf(out, ", SIMD group %" PRIu32, simd->index);
	}
	if (!view->all_lanes) {
		agx_watch_thread(simd->group, simd->index * AGX_LANES + view->lane, thread);
		fprintf(out, ", lane %u, thread ", view->lane);
		print_three(out, thread);
	}
	fprintf(out, "\n%s  %-6s  %-8s  %-*s  %-*s  %s%s\n", style->remark, "PLACE", "LANES",
		INSTRUCTION_COLUMN, "INSTRUCTION", RESULT_COLUMN, "RESULT", "OPERANDS",
		style->reset);
}

/* The instruction with its mnemonic in colour, and the columns that are left of it. */
static int print_instruction(const struct shader_view *view, const struct agx_isa_instr *instr,
			     uint32_t offset, uint32_t depth)
{
	const struct agx_text_style *style = view->style;
	int indent = depth * 2 < INDENT_MAX ? (int)depth * 2 : INDENT_MAX, length;
	char line[AGX_ISA_LINE];
	size_t mnemonic;

	length = (int)agx_isa_print(instr, offset, AGX_ISA_SYNTAX_MESA, line);
	while (length && line[length - 1] == ' ')
		line[--length] = '\0';
	mnemonic = strcspn(line, " ");
	fprintf(view->text, "%*s%s%.*s%s%s", indent, "", style->mnemonic, (int)mnemonic, line,
		style->reset, line + mnemonic);
	return INSTRUCTION_COLUMN - indent - length;
}

/* Result or operand: what it is called, its value in hexadecimal and as people write it. */
static int print_value(const struct shader_view *view, const struct shader_value *value,
		       unsigned int lane)
{
	const struct agx_text_style *style = view->style;
	char human[40];
	int length;

	shader_value_human(value, lane, human, sizeof(human));
	length = fprintf(view->text, "%s%-4s%s ", style->reg, value->name, style->reset);
	length -= (int)(strlen(style->reg) + strlen(style->reset));
	length += fprintf(view->text, "%0*" PRIx64, value->bits / 4, value->lanes[lane]);
	if (human[0]) {
		fprintf(view->text, " %s%s%s", style->value, human, style->reset);
		length += 1 + (int)strlen(human);
	}
	return length;
}

static const char *space_name(const struct agx_watch_access *access)
{
	return access->space == AGX_WATCH_DEVICE  ? ""
	       : access->space == AGX_WATCH_LOCAL ? "local "
						  : "stack ";
}

static void print_access(const struct shader_view *view, const struct agx_watch_access *access,
			 unsigned int lane)
{
	const struct agx_text_style *style = view->style;

	fprintf(view->text, "%s[0x%" PRIx64 "]%s", style->address,
		access->address[lane] + access->offset[0], style->reset);
	fprintf(view->text, " %s%u x %u byte%s", space_name(access), access->count, access->size,
		access->size == 1 ? "" : "s");
}

/* What flow has done: where it went on, whose turn it is. Empty: nothing to tell. */
static void flow_text(const struct agx_watch_step *step, char *text, size_t size)
{
	const struct agx_op *next = step->next;
	int length = 0;

	text[0] = '\0';
	if (!next) {
		snprintf(text, size, "%s", step->simd->trap ? "trapped" : "done");
		return;
	}
	if (next != step->op + 1)
		length = snprintf(text, size, "-> +%04" PRIx32, next->offset);
	else if (agx_isa_op_info(step->instr->op)->properties & AGX_ISA_PROPERTY_BRANCH)
		length = snprintf(text, size, "goes on");
	if (step->simd->exec_mask != step->lanes)
		snprintf(text + length, size - (size_t)length, "%slanes %08" PRIx32,
			 length ? ", " : "", step->simd->exec_mask);
}

static void print_gap(FILE *out, int columns)
{
	fprintf(out, "%*s", columns > 0 ? columns : 0, "");
}

/* The rest of the line, of one lane: results below each other, operands on the first line. */
static void print_one_lane(const struct shader_view *view, const struct agx_watch_step *step,
			   const struct shader_values *values, int left)
{
	const bool active = step->lanes >> view->lane & 1;
	unsigned int results = 0, i;
	FILE *out = view->text;
	char flow[64];
	int length = 0;
	bool first = true;

	flow_text(step, flow, sizeof(flow));
	if (!flow[0] && active && !values->count && !step->access) {
		fputc('\n', out);
		return;
	}
	if (left < 0) {
		fputc('\n', out);
		left = 2 + 6 + 2 + 8 + 2 + INSTRUCTION_COLUMN;
	}
	print_gap(out, left + 2);
	if (!active) {
		fprintf(out, "%s%s%s%s\n", view->style->remark, flow, flow[0] ? ", " : "",
			"lane not active");
		fputs(view->style->reset, out);
		return;
	}
	if (flow[0]) {
		fputs(flow, out);
		length = (int)strlen(flow);
	}
	for (i = 0; i < values->count; i++) {
		if (!values->value[i].result || results++ || flow[0])
			continue;
		length = print_value(view, &values->value[i], view->lane);
	}
	for (i = 0; i < values->count; i++) {
		if (values->value[i].result)
			continue;
		print_gap(out, first ? RESULT_COLUMN - length + 2 : 3);
		print_value(view, &values->value[i], view->lane);
		first = false;
	}
	if (step->access) {
		print_gap(out, first ? RESULT_COLUMN - length + 2 : 3);
		print_access(view, step->access, view->lane);
	}
	fputc('\n', out);
	results = 0;
	for (i = 0; i < values->count; i++) {
		if (!values->value[i].result || (!results++ && !flow[0]))
			continue;
		print_gap(out, 2 + 6 + 2 + 8 + 2 + INSTRUCTION_COLUMN + 2);
		print_value(view, &values->value[i], view->lane);
		fputc('\n', out);
	}
}

/* A row of values of all active lanes, as short as it can be said. */
static void print_row(const struct shader_view *view, const struct shader_value *value,
		      uint32_t lanes)
{
	const struct agx_text_style *style = view->style;
	unsigned int first = lanes ? (unsigned int)__builtin_ctz(lanes) : 0, shown = 0;
	FILE *out = view->text;
	char human[40];
	uint64_t step;
	int gap = 0;

	fprintf(out, "    %s %s%-6s%s ", value->result ? "=" : " ", style->reg, value->name,
		style->reset);
	switch (shader_value_pattern(value, lanes, &step)) {
	case SHADER_VALUES_SAME:
		shader_value_human(value, first, human, sizeof(human));
		fprintf(out, "%0*" PRIx64 "%s%s%s%s  %sin all%s\n", value->bits / 4,
			value->lanes[first], human[0] ? " " : "", style->value, human, style->reset,
			style->remark, style->reset);
		return;
	case SHADER_VALUES_LINEAR:
		shader_value_human(value, first, human, sizeof(human));
		fprintf(out,
			"%0*" PRIx64 "%s%s%s%s  %sin lane %u, then %s%" PRIu64 " more each%s\n",
			value->bits / 4, value->lanes[first], human[0] ? " " : "", style->value,
			human, style->reset, style->remark, first, (int64_t)step < 0 ? "-" : "",
			(int64_t)step < 0 ? -step : step, style->reset);
		return;
	case SHADER_VALUES_ANY:
		break;
	}
	for (unsigned int lane = 0; lane < AGX_LANES; lane++) {
		if (!(lanes >> lane & 1))
			continue;
		if (shown && !(shown % LANES_IN_LINE)) {
			fprintf(out, "\n             ");
			gap = 0;
		}
		print_gap(out, gap);
		shader_value_human(value, lane, human, sizeof(human));
		fprintf(out, "%s%2u%s %0*" PRIx64 "%s%s%s%s", style->remark, lane, style->reset,
			value->bits / 4, value->lanes[lane], human[0] ? " " : "", style->value,
			human, style->reset);
		gap = 15 - (human[0] ? 1 + (int)strlen(human) : 0);
		gap = gap > 2 ? gap : 2;
		shown++;
	}
	fputc('\n', out);
}

static void print_all_lanes(const struct shader_view *view, const struct agx_watch_step *step,
			    const struct shader_values *values, int left)
{
	struct shader_value address = {.name = "[]", .bits = 40, .type = AGX_WATCH_BITS};
	char flow[64];
	unsigned int i;

	flow_text(step, flow, sizeof(flow));
	if (flow[0]) {
		print_gap(view->text, left < 0 ? 2 : left + 2);
		fputs(flow, view->text);
	}
	fputc('\n', view->text);
	if (!step->lanes)
		return;
	for (i = 0; i < values->count; i++)
		if (values->value[i].result)
			print_row(view, &values->value[i], step->lanes);
	for (i = 0; i < values->count; i++)
		if (!values->value[i].result)
			print_row(view, &values->value[i], step->lanes);
	if (!step->access)
		return;
	for (i = 0; i < AGX_LANES; i++)
		address.lanes[i] = step->access->address[i] + step->access->offset[0];
	print_row(view, &address, step->lanes);
}

static void print_step(const struct shader_view *view, const struct agx_watch_step *step)
{
	const struct agx_text_style *style = view->style;
	const bool partial = step->lanes != step->simd->lanes;
	struct shader_values values;
	int left;

	shader_values_of(step, &values);
	fprintf(view->text, "  %s+%04" PRIx32 "%s%s  %s%08" PRIx32 "%s  ", style->bytes,
		step->op->offset, style->reset, step->op->offset < 0x10000 ? " " : "",
		partial ? style->changed : "", step->lanes, partial ? style->reset : "");
	left = print_instruction(view, step->instr, step->op->offset, step->depth);
	if (view->all_lanes)
		print_all_lanes(view, step, &values, left);
	else
		print_one_lane(view, step, &values, left);
}

bool shader_view_step(void *data, const struct agx_watch_step *step)
{
	struct shader_view *view = data;

	if (view->limit && view->steps == view->limit) {
		view->cut = true;
		return false;
	}
	if (view->text) {
		if (!is_same_place(view, step))
			print_heading(view, step);
		print_step(view, step);
	}
	if (view->json)
		shader_json_step(view->json, step,
				 view->all_lanes ? step->simd->lanes : 1u << view->lane);
	note_place(view, step);
	view->steps++;
	return true;
}

static const char *reason_name(uint32_t reason)
{
	return reason == AGX_WATCH_FAULT ? "fault" : reason == AGX_WATCH_NAN ? "nan" : "oob";
}

static void print_past(const struct shader_view *view, const struct agx_program *program,
		       const struct agx_op *op, uint32_t lanes, bool show_lanes)
{
	const uint64_t index = (uint64_t)(op - program->ops);

	fprintf(view->text, "    %s+%04" PRIx32 "%s  ", view->style->bytes, op->offset,
		view->style->reset);
	if (show_lanes)
		fprintf(view->text, "%08" PRIx32 "  ", lanes);
	if (index < program->count)
		print_instruction(view, &program->instrs[index], op->offset, 0);
	else
		fputs("(the end of the program's code)", view->text);
	fputc('\n', view->text);
}

static void print_stop(struct shader_view *view, const struct agx_watch_stop *stop)
{
	const struct agx_watch_step *step = stop->step;
	const struct agx_simd *simd = step->simd;
	const struct agx_program *program = simd->program;
	const struct agx_text_style *style = view->style;
	const unsigned int lane = view->lane;
	FILE *out = view->text;
	uint32_t thread[3], i;

	agx_watch_thread(simd->group, simd->index * AGX_LANES + stop->lane, thread);
	fprintf(out, "%s%sstopped (%s): %s%s\n  at           ", view->steps ? "\n" : "",
		style->problem, reason_name(stop->reason), stop->what ? stop->what : "",
		style->reset);
	print_place(out, step->place);
	fprintf(out, ", %s 0x%" PRIx64 " +0x%" PRIx32 "\n", stage_name(simd), program->address,
		step->op->offset);
	fputs("  thread       ", out);
	print_three(out, thread);
	fputs(" of group ", out);
	print_three(out, simd->group->id);
	fputs(" in a grid of ", out);
	print_three(out, step->place->groups);
	fprintf(out, " groups: lane %u of SIMD group %" PRIu32 "\n", stop->lane, simd->index);
	if (stop->has_address)
		fprintf(out, "  address      %s0x%" PRIx64 "%s\n", style->address, stop->address,
			style->reset);
	if (step->instr) {
		const bool all = view->all_lanes;

		fprintf(out, "%s  %-6s  %-8s  %-*s  %-*s  %s%s\n", style->remark, "PLACE", "LANES",
			INSTRUCTION_COLUMN, "INSTRUCTION", RESULT_COLUMN, "RESULT", "OPERANDS",
			style->reset);
		view->lane = stop->lane;
		view->all_lanes = false;
		print_step(view, step);
		view->lane = lane;
		view->all_lanes = all;
	}
	fprintf(out, "  the last %" PRIu32 " instructions of the SIMD group\n", stop->last_count);
	for (i = 0; i < stop->last_count; i++)
		print_past(view, program, stop->last[i].op, stop->last[i].lanes, true);
	if (stop->call_count)
		fputs("  called from\n", out);
	for (i = stop->call_count; i-- > 0;)
		print_past(view, program, stop->calls[i], 0, false);
	if (stop->calls_lost)
		fprintf(out, "    and %" PRIu64 " calls further out\n", stop->calls_lost);
}

void shader_view_stop(void *data, const struct agx_watch_stop *stop)
{
	struct shader_view *view = data;
	const struct agx_watch_step *step = stop->step;

	view->stopped = true;
	snprintf(view->stop_line, sizeof(view->stop_line),
		 "stopped (%s): %s, shader 0x%" PRIx64 " +0x%" PRIx32 ", lane %u",
		 reason_name(stop->reason), stop->what ? stop->what : "",
		 step->simd->program->address, step->op->offset, stop->lane);
	if (view->text)
		print_stop(view, stop);
	if (view->json)
		shader_json_stop(view->json, reason_name(stop->reason), stop);
}

static void print_racer(const struct shader_view *view, const char *label,
			const struct agx_watch_racer *racer)
{
	static const char *const kinds[] = {
		[AGX_WATCH_LOAD] = "load",
		[AGX_WATCH_STORE] = "store",
		[AGX_WATCH_ATOMIC] = "atomic",
	};
	FILE *out = view->text;

	fprintf(out, "    %-6s  %-6s  thread ", label, kinds[racer->kind]);
	print_three(out, racer->thread);
	fputs(" of group ", out);
	print_three(out, racer->group);
	fprintf(out, "  %s+%04" PRIx32 "%s  ", view->style->bytes, racer->offset,
		view->style->reset);
	print_instruction(view, racer->instr, racer->offset, 0);
	fputc('\n', out);
}

void shader_view_race(void *data, const struct agx_watch_race *race)
{
	struct shader_view *view = data;
	FILE *out = view->text;

	view->races++;
	if (view->json)
		shader_json_race(view->json, race);
	if (!out)
		return;
	fprintf(out, "%s%srace: %s%s\n  at      ", view->races > 1 || view->steps ? "\n" : "",
		view->style->problem, race->rule, view->style->reset);
	print_place(out, race->place);
	fprintf(out, ", compute shader 0x%" PRIx64 "\n  where   %s %s0x%" PRIx64 "%s%s%s\n",
		race->program,
		race->space == AGX_WATCH_LOCAL ? "threadgroup memory" : "device memory",
		view->style->address, race->address, view->style->reset,
		race->buffer[0] ? ", " : "", race->buffer);
	print_racer(view, "first", &race->first);
	print_racer(view, "second", &race->second);
}

void shader_view_finish(struct shader_view *view)
{
	if (view->cut && view->text)
		fprintf(view->text,
			"%scut after %" PRIu64 " instructions: --limit gives more (0: all)%s\n",
			view->style->remark, view->steps, view->style->reset);
}
