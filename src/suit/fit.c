/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's conditions, answered from a device's characteristics. */
#include "suit/fit.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "suit/interpret.h"

struct fitting {
	struct su_arena *arena;
	const struct characteristics *told;
	int64_t now_ms;
	bool *touched; /* by component index: its image is no longer the installed one */
	size_t n_touched;
};

static enum su_status holds(bool yes, struct su_error *err, const char *why)
{
	return yes ? SU_OK : su_fail(err, SU_CONFLICT, "", "%s", why);
}

static const struct installed_component *installed_at(
	const struct fitting *fitting, const struct interpreter *machine, uint64_t index)
{
	if (index >= machine->manifest->n_components)
		return NULL;
	return characteristics_component(fitting->told, machine->manifest->components[index]);
}

static enum su_status check_vendor(
	const struct fitting *fitting, const struct parameters *parameters, struct su_error *err)
{
	struct su_uuid wanted;
	char text[SU_UUID_TEXT_SIZE];
	if (parameters->vendor_is_pen || parameters->vendor_identifier.len != sizeof(wanted.bytes))
		return holds(false, err, "the vendor is named by an enterprise number");
	memcpy(wanted.bytes, parameters->vendor_identifier.data, sizeof(wanted.bytes));
	su_uuid_format(wanted, text);
	return holds(characteristics_have_vendor(fitting->told, wanted), err,
		su_arena_printf(fitting->arena, "the device is not of vendor %s", text));
}

static enum su_status check_class(
	const struct fitting *fitting, const struct parameters *parameters, struct su_error *err)
{
	char text[SU_UUID_TEXT_SIZE];
	su_uuid_format(parameters->class_identifier, text);
	return holds(characteristics_have_class(fitting->told, parameters->class_identifier), err,
		su_arena_printf(fitting->arena, "the device is not of class %s", text));
}

static enum su_status check_device(
	const struct fitting *fitting, const struct parameters *parameters, struct su_error *err)
{
	const struct characteristics *told = fitting->told;
	return holds(!told->has_device_id ||
			     su_uuid_equal(told->device_id, parameters->device_identifier),
		err, "the manifest is for another device");
}

static enum su_status check_use_before(
	const struct fitting *fitting, const struct parameters *parameters, struct su_error *err)
{
	char text[SU_TIME_TEXT_SIZE];
	if ((uint64_t)(fitting->now_ms / 1000) < parameters->use_before_s)
		return SU_OK;
	su_time_format((int64_t)parameters->use_before_s * 1000, text);
	return su_fail(err, SU_CONFLICT, "", "it was to be used before %s", text);
}

static enum su_status check_battery(
	const struct fitting *fitting, const struct parameters *parameters, struct su_error *err)
{
	const struct characteristics *told = fitting->told;
	if (!told->has_battery || told->battery_mwh >= parameters->minimum_battery_mwh)
		return SU_OK;
	return su_fail(err, SU_CONFLICT, "",
		"the battery holds %" PRIu64 " mWh, and %" PRIu64 " are needed", told->battery_mwh,
		parameters->minimum_battery_mwh);
}

static enum su_status check_version(const struct fitting *fitting,
	const struct parameters *parameters, const struct installed_component *installed,
	struct su_error *err)
{
	static const char *const signs[] = { "?", ">", ">=", "=", "<=", "<" };
	if (installed == NULL || installed->version.n_parts == 0 ||
		version_comparison_holds(
			parameters->version_comparison, &installed->version, &parameters->version))
		return SU_OK;
	return su_fail(err, SU_CONFLICT, "", "version %s is installed, and %s %s is needed",
		version_format(fitting->arena, &installed->version),
		signs[parameters->version_comparison],
		version_format(fitting->arena, &parameters->version));
}

/* The slot to be written must not be the one that runs. */
static enum su_status check_slot(const struct parameters *parameters,
	const struct installed_component *installed, struct su_error *err)
{
	if (installed == NULL || !installed->has_slot ||
		installed->active_slot != parameters->component_slot)
		return SU_OK;
	return su_fail(err, SU_CONFLICT, "", "slot %" PRIu64 " is the one that runs",
		installed->active_slot);
}

static bool is_touched(const struct fitting *fitting, uint64_t index)
{
	return index < fitting->n_touched && fitting->touched[index];
}

/* Before anything was written, the image is the installed one; afterwards it is what was written. */
static enum su_status check_image(const struct fitting *fitting,
	const struct parameters *parameters, const struct installed_component *installed,
	const struct command_site *site, bool wanted, struct su_error *err)
{
	if (is_touched(fitting, site->component_index) || installed == NULL ||
		!digest_is_set(&installed->digest) ||
		installed->digest.alg != parameters->image_digest.alg)
		return SU_OK;
	bool equal = digest_equal(&installed->digest, &parameters->image_digest);
	return holds(equal == wanted, err,
		wanted ? "another image is installed than the one that it builds on"
		       : "the image that it excludes is installed");
}

static enum su_status on_condition(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	const struct fitting *fitting = ctx;
	const struct parameters *parameters =
		interpreter_parameters(machine, site->component_index);
	const struct installed_component *installed =
		installed_at(fitting, machine, site->component_index);
	if (parameters == NULL)
		return su_fail(err, SU_INVALID, "", "a condition on a component that is not there");
	switch (command->code) {
	case CMD_VENDOR_IDENTIFIER:
		return check_vendor(fitting, parameters, err);
	case CMD_CLASS_IDENTIFIER:
		return check_class(fitting, parameters, err);
	case CMD_DEVICE_IDENTIFIER:
		return check_device(fitting, parameters, err);
	case CMD_USE_BEFORE:
		return check_use_before(fitting, parameters, err);
	case CMD_MINIMUM_BATTERY:
		return check_battery(fitting, parameters, err);
	case CMD_VERSION:
		return check_version(fitting, parameters, installed, err);
	case CMD_COMPONENT_SLOT:
		return check_slot(parameters, installed, err);
	case CMD_IMAGE_MATCH:
		return check_image(fitting, parameters, installed, site, true, err);
	case CMD_IMAGE_NOT_MATCH:
		return check_image(fitting, parameters, installed, site, false, err);
	default:
		return SU_OK; /* what only the device can know */
	}
}

static enum su_status on_directive(void *ctx, const struct interpreter *machine,
	const struct command *command, const struct command_site *site, struct su_error *err)
{
	struct fitting *fitting = ctx;
	(void)machine;
	(void)command;
	(void)err;
	if (site->component_index < fitting->n_touched)
		fitting->touched[site->component_index] = true;
	return SU_OK;
}

enum su_status fit_device(struct su_arena *arena, const struct manifest *manifest,
	const struct characteristics *told, int64_t now_ms, struct su_error *err)
{
	struct fitting fitting = {
		.arena = arena,
		.told = told,
		.now_ms = now_ms,
		.n_touched = manifest->n_components,
		.touched = su_arena_array(arena, manifest->n_components + 1, sizeof(bool)),
	};
	struct interpreter_hooks hooks = {
		.ctx = &fitting,
		.condition = on_condition,
		.directive = on_directive,
	};
	return interpret(arena, manifest, interpret_update_sections, interpret_n_update_sections,
		&hooks, NULL, err);
}
