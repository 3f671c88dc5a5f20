/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs sequences over frames: a frame is what a sequence and those nested in it see and what is
 * gone when it ends, namely the selected components and soft-failure (suit-manifest sections
 * 8.4.8.12 and 8.4.10). Parameters outlive frames, also those of an alternative that failed.
 */
#include "suit/interpret.h"

#include <inttypes.h>

struct frame {
	size_t n_selected;
	uint64_t selected[COMMAND_MAX_INDEXES];
	bool is_nested;
	bool soft_failure;
	bool in_try_each;
};

enum outcome {
	PASSED,
	FAILED, /* a condition did not hold: another alternative may */
	ENDED,  /* anything worse: nothing may follow */
};

struct run {
	struct interpreter machine; /* what the hooks see */
	size_t own_steps_left;
	size_t *steps_left;
	enum manifest_key section;
	struct command_site where;
	struct su_error err;
};

static enum outcome run_sequence(
	struct run *run, const struct sequence *sequence, struct frame *frame);

static struct parameters *find_parameters(const struct interpreter *machine, uint64_t index)
{
	const struct manifest *manifest = machine->manifest;
	size_t at = manifest->n_components;
	if (index < at)
		return &machine->parameters[index];
	for (size_t i = 0; i < manifest->n_dependencies; i++) {
		if (manifest->dependencies[i].index < manifest->n_components)
			continue;
		if (manifest->dependencies[i].index == index)
			return &machine->parameters[at];
		at++;
	}
	return NULL;
}

static size_t count_parameters(const struct manifest *manifest)
{
	size_t n = manifest->n_components;
	for (size_t i = 0; i < manifest->n_dependencies; i++)
		n += manifest->dependencies[i].index >= manifest->n_components;
	return n;
}

static struct command_site site_of(const struct run *run, const struct command *command,
	const struct frame *frame, uint64_t index)
{
	return (struct command_site){ run->section, command->offset, index, frame->in_try_each };
}

static enum outcome end(
	struct run *run, const struct command_site *site, enum su_status status, const char *text)
{
	run->where = *site;
	(void)su_fail(&run->err, status, "", "%s", text);
	return ENDED;
}

/* Counts a step; also the place that notices a component without parameters, which cannot be. */
static enum outcome begin_step(
	struct run *run, const struct command_site *site, struct parameters **parameters_out)
{
	*parameters_out = find_parameters(&run->machine, site->component_index);
	if (*run->steps_left == 0)
		return end(run, site, SU_TOO_LARGE, "the manifest takes too many steps to run");
	--*run->steps_left;
	if (!*parameters_out)
		return end(run, site, SU_INVALID, "the manifest has no such component");
	return PASSED;
}

/* soft-failure belongs to the frame and strict-order to nobody, so neither stays behind. */
static void take_frame_parameters(struct parameters *parameters, struct frame *frame)
{
	const uint64_t ours = (uint64_t)1 << PARAM_SOFT_FAILURE | (uint64_t)1 << PARAM_STRICT_ORDER;
	if (parameters_have(parameters, PARAM_SOFT_FAILURE) && frame->is_nested)
		frame->soft_failure = parameters->soft_failure;
	parameters->set &= ~ours;
}

static enum outcome set_parameters(struct run *run, struct su_span map, bool overwrite,
	const struct command_site *site, struct frame *frame)
{
	struct parameters *parameters;
	if (begin_step(run, site, &parameters) != PASSED)
		return ENDED;
	if (parameters_decode(map, overwrite, parameters, &run->err) != SU_OK)
		return end(run, site, run->err.status, run->err.text);
	take_frame_parameters(parameters, frame);
	return PASSED;
}

static void select_components(
	const struct run *run, const struct command *command, struct frame *frame)
{
	struct command_indexes indexes;
	command_read_indexes(command, &indexes);
	frame->n_selected = indexes.all ? run->machine.manifest->n_components : indexes.n;
	for (size_t i = 0; i < frame->n_selected; i++)
		frame->selected[i] = indexes.all ? i : indexes.at[i];
}

/* Sets parameters of several components and leaves the last of them selected. */
static enum outcome override_multiple(
	struct run *run, const struct command *command, struct frame *frame)
{
	struct cbor cursor = cbor_open(command->arg, true);
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		uint64_t index = cbor_uint(&cursor);
		struct command_site site = site_of(run, command, frame, index);
		if (set_parameters(run, cbor_item(&cursor), true, &site, frame) != PASSED)
			return ENDED;
		frame->n_selected = 1;
		frame->selected[0] = index;
	}
	return PASSED;
}

static enum outcome copy_parameters(
	struct run *run, const struct command *command, const struct command_site *site)
{
	struct parameters *to;
	struct cbor cursor = cbor_open(command->arg, true);
	if (begin_step(run, site, &to) != PASSED)
		return ENDED;
	for (size_t n = cbor_map(&cursor); n > 0 && cbor_ok(&cursor); n--) {
		const struct parameters *from = find_parameters(&run->machine, cbor_uint(&cursor));
		size_t n_keys = cbor_array(&cursor);
		for (; n_keys > 0 && cbor_ok(&cursor); n_keys--) {
			int64_t key = cbor_int(&cursor);
			if (from && parameter_name(key))
				parameters_copy(to, from, (enum parameter_key)key);
		}
	}
	return PASSED;
}

static enum outcome check_condition(
	struct run *run, const struct command *command, const struct command_site *site)
{
	const struct interpreter_hooks *hooks = run->machine.hooks;
	enum su_status status;
	if (command->code == CMD_ABORT)
		status = su_fail(&run->err, SU_CONFLICT, command_name(CMD_ABORT),
			"the manifest says to abort here");
	else
		status = hooks->condition(hooks->ctx, &run->machine, command, site, &run->err);
	if (status == SU_OK)
		return PASSED;
	run->where = *site;
	run->err.status = status;
	return status == SU_CONFLICT ? FAILED : ENDED;
}

static enum outcome do_directive(
	struct run *run, const struct command *command, const struct command_site *site)
{
	const struct interpreter_hooks *hooks = run->machine.hooks;
	enum su_status status =
		hooks->directive(hooks->ctx, &run->machine, command, site, &run->err);
	if (status == SU_OK)
		return PASSED;
	run->where = *site;
	run->err.status = status;
	return ENDED;
}

static enum outcome run_nested(struct run *run, const struct sequence *sequence,
	const struct command_site *site, struct frame *frame)
{
	frame->n_selected = 1;
	frame->selected[0] = site->component_index;
	frame->is_nested = true;
	return run_sequence(run, sequence, frame);
}

static enum outcome try_alternatives(
	struct run *run, const struct command *command, const struct command_site *site)
{
	for (size_t i = 0; i < command->n_branches; i++) {
		struct frame frame = { .soft_failure = true, .in_try_each = true };
		enum outcome outcome = run_nested(run, &command->branches[i], site, &frame);
		if (outcome != FAILED || !frame.soft_failure)
			return outcome;
	}
	return command->nil_branch ? PASSED : FAILED;
}

static enum outcome try_chosen(
	struct run *run, const struct command *command, const struct command_site *site)
{
	const struct interpreter_hooks *hooks = run->machine.hooks;
	size_t n_alternatives = command->n_branches + command->nil_branch;
	size_t chosen = hooks->choose(hooks->ctx, command, site, n_alternatives);
	struct frame frame = { .soft_failure = true, .in_try_each = true };
	if (chosen >= n_alternatives)
		return end(run, site, SU_TOO_LARGE, "there are too many alternatives");
	if (chosen == command->n_branches)
		return PASSED;
	return run_nested(run, &command->branches[chosen], site, &frame);
}

/* A failed condition in it only skips the rest of it where soft-failure says so. */
static enum outcome run_inner(struct run *run, const struct command *command,
	const struct command_site *site, const struct frame *outer)
{
	struct frame frame = { .in_try_each = outer->in_try_each };
	enum outcome outcome = run_nested(run, &command->branches[0], site, &frame);
	return outcome == FAILED && frame.soft_failure ? PASSED : outcome;
}

static enum outcome execute_on(struct run *run, const struct command *command,
	const struct command_site *site, struct frame *frame)
{
	struct parameters *parameters;
	switch (command->code) {
	case CMD_OVERRIDE_PARAMETERS:
		return set_parameters(run, command->arg, true, site, frame);
	case CMD_SET_PARAMETERS:
		return set_parameters(run, command->arg, false, site, frame);
	case CMD_COPY_PARAMS:
		return copy_parameters(run, command, site);
	default:
		break;
	}
	if (begin_step(run, site, &parameters) != PASSED)
		return ENDED;
	if (command->code == CMD_TRY_EACH)
		return run->machine.hooks->choose ? try_chosen(run, command, site)
						  : try_alternatives(run, command, site);
	if (command->code == CMD_RUN_SEQUENCE)
		return run_inner(run, command, site, frame);
	return command_is_condition(command->code) ? check_condition(run, command, site)
						   : do_directive(run, command, site);
}

static enum outcome execute(struct run *run, const struct command *command, struct frame *frame)
{
	if (command->code == CMD_SET_COMPONENT_INDEX) {
		select_components(run, command, frame);
		return PASSED;
	}
	if (command->code == CMD_OVERRIDE_MULTIPLE)
		return override_multiple(run, command, frame);
	for (size_t i = 0; i < frame->n_selected; i++) {
		struct command_site site = site_of(run, command, frame, frame->selected[i]);
		enum outcome outcome = execute_on(run, command, &site, frame);
		if (outcome != PASSED)
			return outcome;
	}
	return PASSED;
}

static enum outcome run_sequence(
	struct run *run, const struct sequence *sequence, struct frame *frame)
{
	for (size_t i = 0; i < sequence->n_commands; i++) {
		enum outcome outcome = execute(run, &sequence->commands[i], frame);
		if (outcome != PASSED)
			return outcome;
	}
	return PASSED;
}

static enum outcome run_section(
	struct run *run, enum manifest_key section, const struct sequence *sequence)
{
	struct frame frame = { .n_selected = 1 };
	run->section = section;
	return run_sequence(run, sequence, &frame);
}

static enum outcome run_sections(struct run *run, const enum manifest_key *sections, size_t n)
{
	const struct manifest *manifest = run->machine.manifest;
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		const struct manifest_member *member = manifest_member(manifest, sections[i]);
		if (!member || !member->matches)
			continue;
		enum outcome outcome = run_section(run, MANIFEST_COMMON, &manifest->shared);
		if (outcome == PASSED)
			outcome = run_section(run, sections[i], &member->sequence);
		if (outcome != PASSED)
			return outcome;
		any = true;
	}
	return any ? PASSED : run_section(run, MANIFEST_COMMON, &manifest->shared);
}

const struct parameters *interpreter_parameters(
	const struct interpreter *machine, uint64_t component_index)
{
	return find_parameters(machine, component_index);
}

enum su_status interpret(struct su_arena *arena, const struct manifest *manifest,
	const enum manifest_key *sections, size_t n_sections, const struct interpreter_hooks *hooks,
	struct command_site *where_out, struct su_error *err)
{
	struct run run = { .machine = { .manifest = manifest, .hooks = hooks },
		.own_steps_left = INTERPRET_MAX_STEPS };
	run.steps_left = hooks->steps_left ? hooks->steps_left : &run.own_steps_left;
	run.machine.n_parameters = count_parameters(manifest);
	run.machine.parameters =
		su_arena_array(arena, run.machine.n_parameters, sizeof(*run.machine.parameters));
	if (run_sections(&run, sections, n_sections) == PASSED) {
		if (hooks->done)
			hooks->done(hooks->ctx, &run.machine);
		return SU_OK;
	}
	if (where_out)
		*where_out = run.where;
	return su_fail(err, run.err.status, run.err.field, "%s", run.err.text);
}

const enum manifest_key interpret_update_sections[] = { MANIFEST_DEPENDENCY_RESOLUTION,
	MANIFEST_PAYLOAD_FETCH, MANIFEST_CANDIDATE_VERIFICATION, MANIFEST_INSTALL,
	MANIFEST_VALIDATE };
const size_t interpret_n_update_sections =
	sizeof(interpret_update_sections) / sizeof(interpret_update_sections[0]);
const enum manifest_key interpret_invocation_sections[] = { MANIFEST_VALIDATE, MANIFEST_LOAD,
	MANIFEST_INVOKE };
const size_t interpret_n_invocation_sections =
	sizeof(interpret_invocation_sections) / sizeof(interpret_invocation_sections[0]);
