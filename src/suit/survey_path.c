/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A depth-first search: each run of the machine follows the recorded choices and takes the first
 * alternative wherever there is none yet; then the last choice that can change is changed. Only
 * alternatives that concern the component are varied. The others are a matter of finding any that
 * work, so components with alternatives of their own do not multiply each other's ways.
 */
#include "suit/survey_path.h"

#include <string.h>

#include "base/memory.h"
#include "suit/interpret.h"

#define MAX_CHOICES    256
#define MAX_ASSERTIONS 256
#define MAX_FOUND      64 /* of one component on one way */

struct choice {
	const struct command *try_each;
	uint64_t component_index;
	size_t n_alternatives;
	size_t taken;
	bool varies;     /* it concerns our component */
	bool has_worked; /* some run came to its end with it */
};

/* What a run took to be true of a component, by passing a condition. */
struct assertion {
	int64_t code;
	uint64_t component_index;
	struct su_uuid value; /* a slot is kept in its first bytes */
};

/* An image on its way: its URI becomes a text only when it is kept. */
struct payload {
	struct survey_image image;
	struct su_span uri;
};

struct search {
	struct survey_walk *walk;
	struct survey_images *images;
	bool is_full; /* images found no place */
	size_t n_choices, n_followed;
	struct choice choices[MAX_CHOICES];
	/* of the present run */
	size_t n_assertions;
	struct assertion assertions[MAX_ASSERTIONS];
	bool is_pending; /* something was written and its digest not yet matched */
	bool is_written;
	struct payload pending;
	size_t n_found;
	struct payload found[MAX_FOUND];
};

static bool index_concerns(const struct survey_walk *walk, const struct command *command)
{
	struct command_indexes indexes;
	command_read_indexes(command, &indexes);
	if (indexes.all && walk->component_index < walk->manifest->n_components)
		return true;
	for (size_t i = 0; i < indexes.n; i++)
		if (indexes.at[i] == walk->component_index)
			return true;
	return false;
}

static bool does_not_concern(void *ctx, const struct command *command)
{
	return !index_concerns(ctx, command);
}

static bool try_each_concerns(
	struct survey_walk *walk, const struct command *try_each, uint64_t component_index)
{
	if (walk->all_depend || component_index == walk->component_index)
		return true;
	for (size_t i = 0; i < try_each->n_branches; i++)
		if (!sequence_walk(&try_each->branches[i], does_not_concern, walk))
			return true;
	return false;
}

/* The shared sequence is run again and again: what it chose once it chooses always. */
static const struct choice *find_choice(
	const struct search *search, const struct command *try_each, uint64_t component_index)
{
	for (size_t i = 0; i < search->n_followed; i++) {
		const struct choice *choice = &search->choices[i];
		if (choice->try_each == try_each && choice->component_index == component_index)
			return choice;
	}
	return NULL;
}

static size_t choose(void *ctx, const struct command *try_each, const struct command_site *site,
	size_t n_alternatives)
{
	struct search *search = ctx;
	const struct choice *known = find_choice(search, try_each, site->component_index);
	if (known)
		return known->taken;
	if (search->n_followed == search->n_choices) {
		if (search->n_choices == MAX_CHOICES)
			return n_alternatives;
		search->choices[search->n_choices++] = (struct choice){ .try_each = try_each,
			.component_index = site->component_index,
			.n_alternatives = n_alternatives,
			.varies =
				try_each_concerns(search->walk, try_each, site->component_index) };
	}
	return search->choices[search->n_followed++].taken;
}

/* Gets ready for the next way; false when there is none. */
static bool next_way(struct search *search, bool worked)
{
	for (size_t i = 0; worked && i < search->n_choices; i++)
		search->choices[i].has_worked = true;
	while (search->n_choices > 0) {
		struct choice *last = &search->choices[search->n_choices - 1];
		bool may_change = last->varies || !last->has_worked;
		if (may_change && last->taken + 1 < last->n_alternatives) {
			last->taken++;
			return true;
		}
		search->n_choices--;
	}
	return false;
}

static const struct assertion *find_assertion(
	const struct search *search, int64_t code, uint64_t component_index)
{
	for (size_t i = 0; i < search->n_assertions; i++) {
		const struct assertion *assertion = &search->assertions[i];
		if (assertion->code == code && assertion->component_index == component_index)
			return assertion;
	}
	return NULL;
}

/* Takes it to be true; SU_CONFLICT when the contrary was taken to be true before. */
static enum su_status assert_value(struct search *search, int64_t code,
	const struct command_site *site, struct su_uuid value, struct su_error *err)
{
	const struct assertion *before = find_assertion(search, code, site->component_index);
	if (before && !su_uuid_equal(before->value, value))
		return su_fail(err, SU_CONFLICT, command_name(code),
			"it contradicts an alternative taken before");
	if (!before && search->n_assertions < MAX_ASSERTIONS)
		search->assertions[search->n_assertions++] =
			(struct assertion){ code, site->component_index, value };
	return SU_OK;
}

static bool identity_value(int64_t code, const struct parameters *parameters, struct su_uuid *out)
{
	switch (code) {
	case CMD_VENDOR_IDENTIFIER:
		return parameters_vendor_uuid(parameters, out);
	case CMD_CLASS_IDENTIFIER:
		*out = parameters->class_identifier;
		return parameters_have(parameters, PARAM_CLASS_IDENTIFIER);
	case CMD_DEVICE_IDENTIFIER:
		*out = parameters->device_identifier;
		return parameters_have(parameters, PARAM_DEVICE_IDENTIFIER);
	case CMD_COMPONENT_SLOT:
		*out = (struct su_uuid){ { 0 } };
		memcpy(out->bytes, &parameters->component_slot, sizeof(parameters->component_slot));
		return parameters_have(parameters, PARAM_COMPONENT_SLOT);
	default:
		return false;
	}
}

static void finish_image(struct search *search, const struct parameters *parameters)
{
	struct survey_image *image = &search->pending.image;
	if (parameters_have(parameters, PARAM_IMAGE_DIGEST))
		image->digest = parameters->image_digest;
	image->has_size = parameters_have(parameters, PARAM_IMAGE_SIZE);
	image->size_bytes = image->has_size ? parameters->image_size_bytes : 0;
	if (search->n_found < MAX_FOUND)
		search->found[search->n_found++] = search->pending;
	else
		search->is_full = true;
	search->is_pending = false;
}

static void begin_image(struct search *search, const struct parameters *parameters, bool is_fetch)
{
	const struct survey_walk *walk = search->walk;
	bool has_uri = is_fetch && parameters_have(parameters, PARAM_URI);
	search->pending = (struct payload){ .uri = has_uri ? parameters->uri : SU_SPAN_EMPTY };
	search->pending.image = (struct survey_image){
		.component_index = walk->component_index,
		.component = manifest_component(walk->manifest, walk->component_index),
		.encrypted = parameters_have(parameters, PARAM_ENCRYPTION_INFO),
		.is_dependency = manifest_dependency(walk->manifest, walk->component_index),
		.fetched = has_uri,
	};
	search->is_pending = true;
}

/*
 * Slots exclude each other wherever they are asserted. A device may have several vendors and
 * classes, so those do so only where both are the reason for an alternative.
 */
static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct search *search = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	struct su_uuid value;
	if (command->code == CMD_IMAGE_MATCH && search->is_pending &&
		site->section != MANIFEST_COMMON &&
		site->component_index == search->walk->component_index)
		finish_image(search, parameters);
	if (!identity_value(command->code, parameters, &value))
		return SU_OK;
	if (command->code != CMD_COMPONENT_SLOT && !site->in_try_each)
		return SU_OK;
	return assert_value(search, command->code, site, value, err);
}

static bool writes_component(int64_t code)
{
	return code == CMD_FETCH || code == CMD_COPY || code == CMD_WRITE || code == CMD_SWAP;
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	(void)err;
	struct search *search = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	if (site->component_index != search->walk->component_index ||
		!writes_component(command->code))
		return SU_OK;
	if (search->is_pending)
		finish_image(search, parameters);
	begin_image(search, parameters, command->code == CMD_FETCH);
	return SU_OK;
}

static bool image_equal(const struct survey_image *kept, const struct payload *payload)
{
	const struct survey_image *image = &payload->image;
	return digest_equal(&kept->digest, &image->digest) && kept->has_size == image->has_size &&
	       kept->size_bytes == image->size_bytes &&
	       su_span_equal(su_span_str(kept->uri), payload->uri) &&
	       kept->has_slot == image->has_slot && kept->slot == image->slot &&
	       kept->encrypted == image->encrypted && kept->fetched == image->fetched;
}

static void keep_image(struct search *search, struct survey_image *list, size_t *n_inout,
	const struct payload *payload)
{
	for (size_t i = 0; i < *n_inout; i++)
		if (image_equal(&list[i], payload))
			return;
	if (*n_inout == SURVEY_MAX_IMAGES) {
		search->is_full = true;
		return;
	}
	struct survey_image *kept = &list[(*n_inout)++];
	*kept = payload->image;
	if (payload->uri.len > 0)
		kept->uri =
			su_arena_strndup(search->walk->arena, payload->uri.data, payload->uri.len);
}

static void keep_found(struct search *search)
{
	struct survey_images *images = search->images;
	const struct assertion *slot =
		find_assertion(search, CMD_COMPONENT_SLOT, search->walk->component_index);
	for (size_t i = 0; i < search->n_found; i++) {
		struct survey_image *image = &search->found[i].image;
		image->has_slot = slot;
		if (slot)
			memcpy(&image->slot, slot->value.bytes, sizeof(image->slot));
		if (search->is_written)
			keep_image(search, images->at, &images->n, &search->found[i]);
		else
			keep_image(search, images->checked, &images->n_checked, &search->found[i]);
	}
}

/* What was written last may never be matched, and what is only checked is known now. */
static void on_done(void *ctx, const struct interpreter *machine)
{
	struct search *search = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, search->walk->component_index);
	bool has_image = parameters_have(parameters, PARAM_IMAGE_DIGEST) ||
			 parameters_have(parameters, PARAM_IMAGE_SIZE);
	search->is_written = search->is_pending || search->n_found > 0;
	if (!search->is_written && has_image)
		begin_image(search, parameters, false);
	if (search->is_pending)
		finish_image(search, parameters);
	keep_found(search);
}

static enum su_status run_once(struct search *search, const enum manifest_key *sections,
	size_t n_sections, struct su_error *err)
{
	const struct interpreter_hooks hooks = {
		.ctx = search,
		.condition = on_condition,
		.directive = on_directive,
		.choose = choose,
		.done = on_done,
		.steps_left = &search->walk->steps_left,
	};
	struct su_arena *scratch su_auto(su_arena_free) = su_arena_new();
	search->n_followed = search->n_assertions = search->n_found = 0;
	search->is_pending = false;
	enum su_status status =
		interpret(scratch, search->walk->manifest, sections, n_sections, &hooks, NULL, err);
	if (status != SU_CONFLICT && status != SU_OK)
		return status;
	if (search->is_full)
		return su_fail(err, SU_TOO_LARGE, "images",
			"the manifest names too many images for one component");
	return status;
}

enum su_status survey_path_walk(struct survey_walk *walk, const enum manifest_key *sections,
	size_t n_sections, struct survey_images *images, struct su_error *err)
{
	struct search *search su_auto(su_free_ptr) = su_new(struct search);
	enum su_status status;
	search->walk = walk;
	search->images = images;
	for (size_t n = 0; n < SURVEY_MAX_PATHS; n++) {
		status = run_once(search, sections, n_sections, err);
		if (status != SU_OK && status != SU_CONFLICT)
			return status;
		if (!next_way(search, status == SU_OK))
			return SU_OK;
	}
	return su_fail(err, SU_TOO_LARGE, "",
		"there are more than %d ways through the manifest's alternatives",
		SURVEY_MAX_PATHS);
}
