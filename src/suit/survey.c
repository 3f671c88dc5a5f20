/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three views of a manifest: what its parameters say anywhere (also where no device gets), whether
 * identity is checked on every way, and which images each component gets.
 */
#include "suit/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "suit/interpret.h"
#include "suit/survey_path.h"

#define MAX_IDS 1024

struct id_list {
	size_t n;
	struct su_uuid ids[MAX_IDS];
};

struct collector {
	struct survey *out;
	struct id_list vendors, classes, devices;
	bool is_full;
	bool copies_parameters;
};

/* What is sure about a sequence with regard to one condition. */
enum guard {
	GUARD_NONE, /* neither checked nor anything done */
	GUARD_HELD, /* checked before anything is done, whichever way is taken */
	GUARD_LATE, /* something may be done before it is checked */
};

static void add_id(struct collector *collector, struct id_list *list, struct su_uuid id)
{
	for (size_t i = 0; i < list->n; i++)
		if (su_uuid_equal(list->ids[i], id))
			return;
	if (list->n == MAX_IDS)
		collector->is_full = true;
	else
		list->ids[list->n++] = id;
}

static void note_priority(struct survey *out, int64_t priority)
{
	if (!out->has_update_priority || priority < out->update_priority)
		out->update_priority = priority;
	out->has_update_priority = true;
}

static void note_use_before(struct survey *out, uint64_t use_before_s)
{
	uint64_t found_s = use_before_s ? use_before_s : 1;
	if (out->use_before_s == 0 || found_s < out->use_before_s)
		out->use_before_s = found_s;
}

static void note_management(struct survey *out, const struct parameters *parameters)
{
	int64_t priority;
	if (parameters_have(parameters, PARAM_UPDATE_PRIORITY))
		note_priority(out, parameters->update_priority);
	if (parameters_wait_priority(parameters, &priority))
		note_priority(out, priority);
	if (parameters_have(parameters, PARAM_USE_BEFORE))
		note_use_before(out, parameters->use_before_s);
	if (parameters_have(parameters, PARAM_MINIMUM_BATTERY)) {
		out->has_minimum_battery = true;
		if (parameters->minimum_battery_mwh > out->minimum_battery_mwh)
			out->minimum_battery_mwh = parameters->minimum_battery_mwh;
	}
	out->has_wait_info |= parameters_have(parameters, PARAM_WAIT_INFO);
	out->waits |= parameters_wait_events(parameters);
}

static void collect_parameters(void *ctx, const struct parameters *parameters)
{
	struct collector *collector = ctx;
	struct su_uuid vendor;
	if (parameters_vendor_uuid(parameters, &vendor))
		add_id(collector, &collector->vendors, vendor);
	if (parameters_have(parameters, PARAM_CLASS_IDENTIFIER))
		add_id(collector, &collector->classes, parameters->class_identifier);
	if (parameters_have(parameters, PARAM_DEVICE_IDENTIFIER))
		add_id(collector, &collector->devices, parameters->device_identifier);
	note_management(collector->out, parameters);
}

static bool collect_command(void *ctx, const struct command *command)
{
	struct collector *collector = ctx;
	collector->copies_parameters |= command->code == CMD_COPY_PARAMS;
	command_visit_parameters(command, collect_parameters, collector);
	return true;
}

static struct su_uuid *take_ids(struct su_arena *arena, const struct id_list *list, size_t *n_out)
{
	struct su_uuid *ids = su_arena_array(arena, list->n, sizeof(*ids));
	memcpy(ids, list->ids, list->n * sizeof(*ids));
	*n_out = list->n;
	return ids;
}

static bool changes_something(int64_t code)
{
	if (command_is_condition(code))
		return false;
	switch (code) {
	case CMD_SET_COMPONENT_INDEX:
	case CMD_TRY_EACH:
	case CMD_SET_PARAMETERS:
	case CMD_OVERRIDE_PARAMETERS:
	case CMD_WAIT:
	case CMD_RUN_SEQUENCE:
	case CMD_OVERRIDE_MULTIPLE:
	case CMD_COPY_PARAMS:
		return false;
	default:
		return true;
	}
}

static enum guard guard_of(const struct sequence *sequence, int64_t code);

static enum guard guard_of_try_each(const struct command *try_each, int64_t code)
{
	enum guard all = try_each->nil_branch ? GUARD_NONE : GUARD_HELD;
	for (size_t i = 0; i < try_each->n_branches; i++) {
		enum guard guard = guard_of(&try_each->branches[i], code);
		if (guard == GUARD_LATE)
			return GUARD_LATE;
		if (guard == GUARD_NONE)
			all = GUARD_NONE;
	}
	return all;
}

static void note_soft_failure(void *ctx, const struct parameters *parameters)
{
	*(bool *)ctx |= parameters_have(parameters, PARAM_SOFT_FAILURE);
}

static bool has_no_soft_failure(void *ctx, const struct command *command)
{
	(void)ctx;
	bool found = false;
	command_visit_parameters(command, note_soft_failure, &found);
	return !found;
}

/* Where it plays with soft-failure, what fails inside may be passed over. */
static enum guard guard_of_run(const struct command *run, int64_t code)
{
	enum guard guard = guard_of(&run->branches[0], code);
	bool is_firm = sequence_walk(&run->branches[0], has_no_soft_failure, NULL);
	return guard == GUARD_HELD && !is_firm ? GUARD_NONE : guard;
}

static enum guard guard_of(const struct sequence *sequence, int64_t code)
{
	for (size_t i = 0; i < sequence->n_commands; i++) {
		const struct command *command = &sequence->commands[i];
		enum guard guard = GUARD_NONE;
		if (command->code == code)
			return GUARD_HELD;
		if (command->code == CMD_TRY_EACH)
			guard = guard_of_try_each(command, code);
		else if (command->code == CMD_RUN_SEQUENCE)
			guard = guard_of_run(command, code);
		else if (changes_something(command->code))
			return GUARD_LATE;
		if (guard != GUARD_NONE)
			return guard;
	}
	return GUARD_NONE;
}

/*
 * The shared sequence runs before every section, so a check there covers all; else each section
 * that does something has to check for itself.
 */
static bool is_checked(const struct manifest *manifest, int64_t code)
{
	bool any = false;
	if (guard_of(&manifest->shared, code) == GUARD_HELD)
		return true;
	for (size_t i = 0; i < manifest->n_members; i++) {
		enum guard guard = guard_of(&manifest->members[i].sequence, code);
		if (guard == GUARD_LATE)
			return false;
		any |= guard == GUARD_HELD;
	}
	return any;
}

static bool is_update_section(enum manifest_key key)
{
	for (size_t i = 0; i < interpret_n_update_sections; i++)
		if (interpret_update_sections[i] == key)
			return true;
	return false;
}

/* A check that only the start of an image would come to keeps nobody from taking the update. */
static bool is_checked_by_update(const struct manifest *manifest, int64_t code)
{
	bool found = guard_of(&manifest->shared, code) == GUARD_HELD;
	for (size_t i = 0; i < manifest->n_members && !found; i++)
		found = is_update_section(manifest->members[i].key) &&
			guard_of(&manifest->members[i].sequence, code) == GUARD_HELD;
	return found;
}

static enum su_status walk_component(
	struct survey_walk *walk, struct survey_images *images, struct su_error *err)
{
	static const enum manifest_key uninstall[] = { MANIFEST_UNINSTALL };
	images->n = images->n_checked = 0;
	SU_TRY(survey_path_walk(
		walk, interpret_update_sections, interpret_n_update_sections, images, err));
	SU_TRY(survey_path_walk(
		walk, interpret_invocation_sections, interpret_n_invocation_sections, images, err));
	return survey_path_walk(walk, uninstall, 1, images, err);
}

static void append_images(struct su_buf *all, const struct survey_image *images, size_t n)
{
	su_buf_append(all, images, n * sizeof(*images));
}

/* What is depended on comes first; else the order stays. */
static void take_in_order(struct su_arena *arena, const struct su_buf *all, struct survey *out)
{
	size_t n = all->len / sizeof(*out->images);
	const struct survey_image *found = (const void *)all->data;
	out->images = su_arena_array(arena, n, sizeof(*out->images));
	for (int dependencies = 1; dependencies >= 0; dependencies--)
		for (size_t i = 0; i < n; i++)
			if (found[i].is_dependency == (dependencies == 1))
				out->images[out->n_images++] = found[i];
}

static enum su_status find_images(
	struct survey_walk *walk, struct survey *out, struct su_error *err)
{
	const struct manifest *manifest = walk->manifest;
	struct survey_images *images su_auto(su_free_ptr) = su_new(struct survey_images);
	struct su_buf all su_auto(su_buf_free) = { 0 };
	for (size_t i = 0; i < manifest->n_components + manifest->n_dependencies; i++) {
		bool is_listed = i < manifest->n_components;
		walk->component_index =
			is_listed ? i : manifest->dependencies[i - manifest->n_components].index;
		if (!is_listed && walk->component_index < manifest->n_components)
			continue;
		SU_TRY(walk_component(walk, images, err));
		if (images->n > 0)
			append_images(&all, images->at, images->n);
		else
			append_images(&all, images->checked, images->n_checked);
	}
	take_in_order(walk->arena, &all, out);
	return SU_OK;
}

static int compare_components(const void *a, const void *b)
{
	return su_span_compare(((const struct component_id *)a)->encoded,
		((const struct component_id *)b)->encoded);
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct su_uuid));
}

static void put_components(
	struct su_arena *arena, const struct manifest *manifest, struct su_buf *out)
{
	if (manifest->has_component_id) {
		su_buf_append_span(out, manifest->component_id.encoded);
		return;
	}
	size_t n = manifest->n_components;
	struct component_id *sorted = su_arena_array(arena, n, sizeof(*sorted));
	for (size_t i = 0; i < n; i++)
		sorted[i] = manifest->components[i];
	qsort(sorted, n, sizeof(*sorted), compare_components);
	cbor_put_array(out, n);
	for (size_t i = 0; i < n; i++)
		su_buf_append_span(out, sorted[i].encoded);
}

static void put_sorted_ids(
	struct su_arena *arena, const struct su_uuid *ids, size_t n, struct su_buf *out)
{
	struct su_uuid *sorted = su_arena_array(arena, n, sizeof(*sorted));
	memcpy(sorted, ids, n * sizeof(*ids));
	qsort(sorted, n, sizeof(*sorted), compare_ids);
	cbor_put_array(out, n);
	for (size_t i = 0; i < n; i++)
		cbor_put_bstr(out, su_span_of(sorted[i].bytes, sizeof(sorted[i].bytes)));
}

static void fill_scope(struct su_arena *arena, const struct manifest *manifest, struct survey *out)
{
	struct su_buf scope su_auto(su_buf_free) = { 0 };
	cbor_put_array(&scope, 3);
	put_components(arena, manifest, &scope);
	put_sorted_ids(arena, out->vendor_ids, out->n_vendor_ids, &scope);
	put_sorted_ids(arena, out->class_ids, out->n_class_ids, &scope);
	out->scope = su_arena_copy(arena, su_buf_span(&scope));
}

enum su_status survey_manifest(struct su_arena *arena, const struct manifest *manifest,
	struct survey *out, struct su_error *err)
{
	struct collector *collector su_auto(su_free_ptr) = su_new(struct collector);
	*out = (struct survey){ 0 };
	collector->out = out;
	manifest_walk(manifest, collect_command, collector);
	if (collector->is_full)
		return su_fail(err, SU_TOO_LARGE, "",
			"the manifest names more than %d vendors, classes or devices", MAX_IDS);
	out->vendor_ids = take_ids(arena, &collector->vendors, &out->n_vendor_ids);
	out->class_ids = take_ids(arena, &collector->classes, &out->n_class_ids);
	out->device_ids = take_ids(arena, &collector->devices, &out->n_device_ids);
	out->checks_vendor = is_checked(manifest, CMD_VENDOR_IDENTIFIER);
	out->checks_class = is_checked(manifest, CMD_CLASS_IDENTIFIER);
	out->needs_class =
		out->checks_class && is_checked_by_update(manifest, CMD_CLASS_IDENTIFIER);
	fill_scope(arena, manifest, out);
	struct survey_walk walk = { .arena = arena,
		.manifest = manifest,
		.all_depend = collector->copies_parameters,
		.steps_left = SURVEY_MAX_STEPS };
	return find_images(&walk, out, err);
}
