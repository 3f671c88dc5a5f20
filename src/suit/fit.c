/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays the device: the machine runs as it would there, and conditions are judged by what the
 * device told about itself.
 */
#include "suit/fit.h"

#include <inttypes.h>

#include "base/clock.h"
#include "suit/interpret.h"

struct judge {
	struct su_arena *arena;
	const struct characteristics *told;
	int64_t now_ms;
	bool is_written[MANIFEST_MAX_COMPONENTS];
};

/* One condition under judgement. */
struct question {
	const struct judge *judge;
	const struct manifest *manifest;
	const struct parameters *parameters;
	const struct installed_component *installed; /* NULL: not reported */
	uint64_t component_index;
	struct su_error *err;
};

typedef enum su_status (*judge_condition)(const struct question *question);

static const char *component_text(const struct question *question)
{
	struct component_id id = manifest_component(question->manifest, question->component_index);
	return id.encoded.len > 0 ? component_id_format(question->judge->arena, id)
				  : "a dependency";
}

static bool is_written(const struct question *question)
{
	return question->component_index < MANIFEST_MAX_COMPONENTS &&
	       question->judge->is_written[question->component_index];
}

static const char *uuid_text(const struct question *question, struct su_uuid id)
{
	char *text = su_arena_alloc(question->judge->arena, SU_UUID_TEXT_SIZE);
	su_uuid_format(id, text);
	return text;
}

static const char *version_text(const struct question *question, const struct version *version)
{
	return version_format(question->judge->arena, version);
}

/* What the device has of something it may have several of. */
static const char *ids_text(const struct question *question, const struct su_uuid *ids, size_t n)
{
	const char *text = n == 0 ? "none" : uuid_text(question, ids[0]);
	for (size_t i = 1; i < n; i++)
		text = su_arena_printf(
			question->judge->arena, "%s, %s", text, uuid_text(question, ids[i]));
	return text;
}

static enum su_status judge_vendor(const struct question *question)
{
	const struct characteristics *told = question->judge->told;
	struct su_uuid wanted;
	if (!parameters_vendor_uuid(question->parameters, &wanted) ||
		characteristics_have_vendor(told, wanted))
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "vendor-identifier",
		"%s is for vendor %s, the device reported %s", component_text(question),
		uuid_text(question, wanted),
		ids_text(question, told->vendor_ids, told->n_vendor_ids));
}

static enum su_status judge_class(const struct question *question)
{
	const struct characteristics *told = question->judge->told;
	struct su_uuid wanted = question->parameters->class_identifier;
	if (characteristics_have_class(told, wanted))
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "class-identifier",
		"%s is for class %s, the device reported %s", component_text(question),
		uuid_text(question, wanted),
		ids_text(question, told->class_ids, told->n_class_ids));
}

static enum su_status judge_device_id(const struct question *question)
{
	const struct characteristics *told = question->judge->told;
	struct su_uuid wanted = question->parameters->device_identifier;
	if (told->has_device_id && su_uuid_equal(told->device_id, wanted))
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "device-identifier",
		"%s is for device %s, the device reported %s", component_text(question),
		uuid_text(question, wanted),
		told->has_device_id ? uuid_text(question, told->device_id) : "none");
}

/* Whether it is known which image is there, while nothing was written. */
static bool knows_digest(const struct question *question)
{
	return question->installed && digest_is_set(&question->installed->digest) &&
	       question->installed->digest.alg == question->parameters->image_digest.alg &&
	       !is_written(question);
}

static enum su_status judge_image_match(const struct question *question)
{
	char wanted[DIGEST_TEXT_SIZE], found[DIGEST_TEXT_SIZE];
	if (!knows_digest(question) ||
		digest_equal(&question->installed->digest, &question->parameters->image_digest))
		return SU_OK;
	digest_format(&question->parameters->image_digest, wanted);
	digest_format(&question->installed->digest, found);
	return su_fail(question->err, SU_CONFLICT, "image-match", "%s needs %s, installed is %s",
		component_text(question), wanted, found);
}

static enum su_status judge_image_not_match(const struct question *question)
{
	char found[DIGEST_TEXT_SIZE];
	if (!knows_digest(question) ||
		!digest_equal(&question->installed->digest, &question->parameters->image_digest))
		return SU_OK;
	digest_format(&question->installed->digest, found);
	return su_fail(question->err, SU_CONFLICT, "image-not-match", "%s has %s installed already",
		component_text(question), found);
}

static enum su_status judge_use_before(const struct question *question)
{
	uint64_t use_before_s = question->parameters->use_before_s;
	int64_t now_s = question->judge->now_ms / 1000;
	char text[SU_TIME_TEXT_SIZE];
	if (now_s < 0 || (uint64_t)now_s < use_before_s)
		return SU_OK;
	/* It is not later than now, so it is a time that can be written. */
	su_time_format((int64_t)use_before_s * 1000, text);
	return su_fail(
		question->err, SU_CONFLICT, "use-before", "it was to be used before %s", text);
}

static enum su_status judge_slot(const struct question *question)
{
	const struct installed_component *installed = question->installed;
	uint64_t slot = question->parameters->component_slot;
	if (!installed || !installed->has_slot || installed->active_slot != slot)
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "component-slot",
		"%s runs from slot %" PRIu64 ", so that slot cannot be written",
		component_text(question), slot);
}

static enum su_status judge_battery(const struct question *question)
{
	const struct characteristics *told = question->judge->told;
	uint64_t wanted_mwh = question->parameters->minimum_battery_mwh;
	if (!told->has_battery || told->battery_mwh >= wanted_mwh)
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "minimum-battery",
		"it needs %" PRIu64 " mWh, the battery has %" PRIu64, wanted_mwh,
		told->battery_mwh);
}

static enum su_status judge_version(const struct question *question)
{
	static const char *const words[] = {
		[VERSION_GREATER] = "above",
		[VERSION_GREATER_EQUAL] = "of at least",
		[VERSION_EQUAL] = "equal to",
		[VERSION_LESSER_EQUAL] = "of at most",
		[VERSION_LESSER] = "below",
	};
	const struct parameters *parameters = question->parameters;
	const struct installed_component *installed = question->installed;
	if (!installed || installed->version.n_parts == 0 ||
		version_comparison_holds(
			parameters->version_comparison, &installed->version, &parameters->version))
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "version",
		"%s needs a version %s %s, installed is %s", component_text(question),
		words[parameters->version_comparison], version_text(question, &parameters->version),
		version_text(question, &installed->version));
}

static enum su_status judge_is_dependency(const struct question *question)
{
	if (manifest_dependency(question->manifest, question->component_index))
		return SU_OK;
	return su_fail(question->err, SU_CONFLICT, "is-dependency", "%s is no dependency",
		component_text(question));
}

/* Conditions that are not listed are no obstacle; parameter 0: the condition uses none. */
static const struct {
	enum command_code code;
	enum parameter_key parameter;
	judge_condition judge;
} conditions[] = {
	{ CMD_VENDOR_IDENTIFIER, PARAM_VENDOR_IDENTIFIER, judge_vendor },
	{ CMD_CLASS_IDENTIFIER, PARAM_CLASS_IDENTIFIER, judge_class },
	{ CMD_DEVICE_IDENTIFIER, PARAM_DEVICE_IDENTIFIER, judge_device_id },
	{ CMD_IMAGE_MATCH, PARAM_IMAGE_DIGEST, judge_image_match },
	{ CMD_IMAGE_NOT_MATCH, PARAM_IMAGE_DIGEST, judge_image_not_match },
	{ CMD_USE_BEFORE, PARAM_USE_BEFORE, judge_use_before },
	{ CMD_COMPONENT_SLOT, PARAM_COMPONENT_SLOT, judge_slot },
	{ CMD_MINIMUM_BATTERY, PARAM_MINIMUM_BATTERY, judge_battery },
	{ CMD_VERSION, PARAM_VERSION, judge_version },
	{ CMD_IS_DEPENDENCY, 0, judge_is_dependency },
};

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	const struct judge *judge = ctx;
	struct question question = { .judge = judge,
		.manifest = machine->manifest,
		.parameters = interpreter_parameters(machine, site->component_index),
		.component_index = site->component_index,
		.err = err };
	struct component_id id = manifest_component(machine->manifest, site->component_index);
	if (id.encoded.len > 0)
		question.installed = characteristics_component(judge->told, id);
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		enum parameter_key key = conditions[i].parameter;
		if (conditions[i].code != command->code)
			continue;
		if (key != 0 && !parameters_have(question.parameters, key))
			return su_fail(err, SU_CONFLICT, command_name(command->code),
				"%s is checked, but the manifest sets no such parameter",
				command_name(command->code));
		return conditions[i].judge(&question);
	}
	return SU_OK;
}

static enum su_status check_room(
	const struct judge *judge, const struct parameters *parameters, struct su_error *err)
{
	const struct characteristics *told = judge->told;
	if (!told->has_free_memory || !parameters_have(parameters, PARAM_IMAGE_SIZE) ||
		parameters->image_size_bytes <= told->free_memory_bytes)
		return SU_OK;
	return su_fail(err, SU_CONFLICT, "image-size",
		"an image of %" PRIu64 " bytes does not fit the device's free %" PRIu64,
		parameters->image_size_bytes, told->free_memory_bytes);
}

static void note_written(struct judge *judge, const struct manifest *manifest, uint64_t index)
{
	if (index < manifest->n_components)
		judge->is_written[index] = true;
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct judge *judge = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	if (command->code == CMD_FETCH)
		SU_TRY(check_room(judge, parameters, err));
	if (command->code == CMD_FETCH || command->code == CMD_COPY || command->code == CMD_WRITE ||
		command->code == CMD_SWAP)
		note_written(judge, machine->manifest, site->component_index);
	if (command->code == CMD_SWAP)
		note_written(judge, machine->manifest, parameters->source_component);
	return SU_OK;
}

static enum su_status check_components(struct su_arena *arena, const struct manifest *manifest,
	const struct characteristics *told, struct su_error *err)
{
	struct component_id missing = { SU_SPAN_EMPTY };
	for (size_t i = 0; told->n_components > 0 && i < manifest->n_components; i++) {
		if (characteristics_component(told, manifest->components[i]))
			return SU_OK;
		if (!manifest_dependency(manifest, i))
			missing = manifest->components[i];
	}
	if (missing.encoded.len == 0)
		return SU_OK;
	return su_fail(err, SU_CONFLICT, "components",
		"the device has none of the manifest's components, such as %s",
		component_id_format(arena, missing));
}

enum su_status fit_device(struct su_arena *arena, const struct manifest *manifest,
	const struct characteristics *told, int64_t now_ms, struct su_error *err)
{
	struct judge judge = { .arena = arena, .told = told, .now_ms = now_ms };
	const struct interpreter_hooks hooks = {
		.ctx = &judge, .condition = on_condition, .directive = on_directive
	};
	SU_TRY(check_components(arena, manifest, told, err));
	return interpret(arena, manifest, interpret_update_sections, interpret_n_update_sections,
		&hooks, NULL, err);
}
