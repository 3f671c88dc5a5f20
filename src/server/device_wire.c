/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of registration and status message, one row each. */
#include "server/device_wire.h"

#include <stdlib.h>

#include "model/device_keys.h"
#include "server/command_wire.h"
#include "server/wire_calendar.h"

static enum su_status read_vendor_id(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_uuid(wire, &told->vendor_ids[told->n_vendor_ids++], err);
}

static enum su_status read_class_id(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_uuid(wire, &told->class_ids[told->n_class_ids++], err);
}

static enum su_status read_vendor_ids(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	SU_TRY(wire_read_array(wire, DEVICE_MAX_IDS, read_vendor_id, told, err));
	if (told->n_vendor_ids == 0)
		return su_fail(err, SU_INVALID, "", "must not be empty");
	return SU_OK;
}

static enum su_status read_class_ids(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	SU_TRY(wire_read_array(wire, DEVICE_MAX_IDS, read_class_id, told, err));
	if (told->n_class_ids == 0)
		return su_fail(err, SU_INVALID, "", "must not be empty");
	return SU_OK;
}

static enum su_status read_device_id(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	told->has_device_id = true;
	return wire_read_uuid(wire, &told->device_id, err);
}

static enum su_status read_serial(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_text(wire, MESSAGE_SHORT_TEXT_MAX_BYTES, &told->serial, err);
}

static enum su_status read_manufacturer(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_text(wire, MESSAGE_SHORT_TEXT_MAX_BYTES, &told->manufacturer, err);
}

static enum su_status read_model(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_text(wire, MESSAGE_SHORT_TEXT_MAX_BYTES, &told->model, err);
}

static enum su_status read_hardware_version(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_text(wire, MESSAGE_SHORT_TEXT_MAX_BYTES, &told->hardware_version, err);
}

static enum su_status read_site(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_text(wire, MESSAGE_SHORT_TEXT_MAX_BYTES, &told->site, err);
}

static enum su_status read_battery(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	told->has_battery = true;
	return wire_read_uint(wire, &told->battery_mwh, err);
}

static enum su_status read_free_memory(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	told->has_free_memory = true;
	return wire_read_uint(wire, &told->free_memory_bytes, err);
}

static enum su_status read_component(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	return wire_read_component(wire, &installed->id, err);
}

static enum su_status read_digest(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	return wire_read_digest(wire, &installed->digest, err);
}

static enum su_status read_sequence_number(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	installed->has_sequence_number = true;
	return wire_read_uint(wire, &installed->sequence_number, err);
}

static enum su_status read_version(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	return wire_read_version(wire, &installed->version, err);
}

static enum su_status read_size(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	installed->has_size = true;
	return wire_read_uint(wire, &installed->size_bytes, err);
}

static enum su_status read_active_slot(struct wire *wire, void *out, struct su_error *err)
{
	struct installed_component *installed = out;
	installed->has_slot = true;
	return wire_read_uint(wire, &installed->active_slot, err);
}

static const struct wire_field installed_fields[] = {
	{ INSTALLED_COMPONENT, read_component },
	{ INSTALLED_DIGEST, read_digest },
	{ INSTALLED_SEQUENCE_NUMBER, read_sequence_number },
	{ INSTALLED_VERSION, read_version },
	{ INSTALLED_SIZE_BYTES, read_size },
	{ INSTALLED_ACTIVE_SLOT, read_active_slot },
	{ 0, NULL },
};

static enum su_status read_installed(struct wire *wire, void *out, struct su_error *err)
{
	static const struct wire_map map = { installed_keys, installed_fields,
		INSTALLED_COMPONENT };
	struct characteristics *told = out;
	struct installed_component installed = { 0 };
	SU_TRY(wire_read_map(wire, &map, &installed, err));
	if (characteristics_component(told, installed.id))
		return su_fail(err, SU_INVALID, "component", "the component is there twice");
	told->components[told->n_components++] = installed;
	return SU_OK;
}

static enum su_status read_components(struct wire *wire, void *out, struct su_error *err)
{
	return wire_read_array(wire, DEVICE_MAX_COMPONENTS, read_installed, out, err);
}

static enum su_status read_profile(struct wire *wire, void *out, struct su_error *err)
{
	struct characteristics *told = out;
	return wire_read_profile(wire, &told->profile, err);
}

static const struct wire_field characteristics_fields[] = {
	{ CHARACTERISTICS_VENDOR_IDS, read_vendor_ids },
	{ CHARACTERISTICS_CLASS_IDS, read_class_ids },
	{ CHARACTERISTICS_DEVICE_ID, read_device_id },
	{ CHARACTERISTICS_SERIAL, read_serial },
	{ CHARACTERISTICS_MANUFACTURER, read_manufacturer },
	{ CHARACTERISTICS_MODEL, read_model },
	{ CHARACTERISTICS_HARDWARE_VERSION, read_hardware_version },
	{ CHARACTERISTICS_SITE, read_site },
	{ CHARACTERISTICS_BATTERY_MWH, read_battery },
	{ CHARACTERISTICS_FREE_MEMORY_BYTES, read_free_memory },
	{ CHARACTERISTICS_COMPONENTS, read_components },
	{ CHARACTERISTICS_PROFILE, read_profile },
	{ 0, NULL },
};

static enum su_status read_characteristics(
	struct wire *wire, struct characteristics *told, struct su_error *err)
{
	static const struct wire_map map = { characteristics_keys, characteristics_fields, 0 };
	return wire_read_map(wire, &map, told, err);
}

static enum su_status check_lifetime(uint64_t lifetime_s, struct su_error *err)
{
	if (lifetime_s < MESSAGE_LIFETIME_MIN_S || lifetime_s > MESSAGE_LIFETIME_MAX_S)
		return su_fail(err, SU_INVALID, "", "a lifetime is %d to %d seconds",
			MESSAGE_LIFETIME_MIN_S, MESSAGE_LIFETIME_MAX_S);
	return SU_OK;
}

static enum su_status read_lifetime(struct wire *wire, void *out, struct su_error *err)
{
	struct registration *registration = out;
	uint64_t lifetime_s;
	SU_TRY(wire_read_uint(wire, &lifetime_s, err));
	SU_TRY(check_lifetime(lifetime_s, err));
	registration->lifetime_s = (int64_t)lifetime_s;
	return SU_OK;
}

static enum su_status read_envelope_form(struct wire *wire, void *out, struct su_error *err)
{
	struct registration *registration = out;
	int form;
	SU_TRY(wire_read_name(wire, envelope_form_names, &form, err));
	registration->has_envelope_form = true;
	registration->envelope_form = (enum envelope_form)form;
	return SU_OK;
}

static enum su_status read_told_at_registration(struct wire *wire, void *out, struct su_error *err)
{
	struct registration *registration = out;
	registration->has_characteristics = true;
	return read_characteristics(wire, &registration->told, err);
}

static enum su_status read_calendar_at_registration(
	struct wire *wire, void *out, struct su_error *err)
{
	struct registration *registration = out;
	return wire_read_calendar(wire, &registration->calendar, err);
}

static enum su_status read_registration(struct wire *wire, void *out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ MESSAGE_LIFETIME, read_lifetime },
		{ MESSAGE_ENVELOPE_FORM, read_envelope_form },
		{ MESSAGE_CHARACTERISTICS, read_told_at_registration },
		{ REGISTRATION_CALENDAR, read_calendar_at_registration },
		{ 0, NULL },
	};
	static const struct wire_map map = { registration_keys, fields, 0 };
	return wire_read_map(wire, &map, out, err);
}

static enum su_status read_told_in_status(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	message->has_characteristics = true;
	return read_characteristics(wire, &message->told, err);
}

static enum su_status read_deployment(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	message->has_deployment = true;
	return wire_read_uuid(wire, &message->deployment, err);
}

static enum su_status read_release(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	message->has_release = true;
	return wire_read_digest(wire, &message->release, err);
}

static enum su_status read_state(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	int state;
	SU_TRY(wire_read_name(wire, reported_state_names, &state, err));
	message->has_state = true;
	message->state = (enum deployment_state)state;
	return SU_OK;
}

static enum su_status read_progress(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	message->has_progress = true;
	return wire_read_uint(wire, &message->progress_bytes, err);
}

static enum su_status read_reason(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	return wire_read_text(wire, MESSAGE_REASON_MAX_BYTES, &message->reason, err);
}

static enum su_status read_calendar_in_status(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	return wire_read_calendar(wire, &message->calendar, err);
}

static enum su_status read_answer(struct wire *wire, void *out, struct su_error *err)
{
	struct status_message *message = out;
	struct offer_answer *answer = su_arena_new_of(wire->arena, struct offer_answer);
	message->answer = answer;
	return command_wire_read_answer_value(wire, answer, err);
}

static enum su_status read_status(struct wire *wire, void *out, struct su_error *err)
{
	static const struct wire_field fields[] = {
		{ MESSAGE_CHARACTERISTICS, read_told_in_status },
		{ MESSAGE_DEPLOYMENT, read_deployment },
		{ MESSAGE_RELEASE, read_release },
		{ MESSAGE_STATE, read_state },
		{ MESSAGE_PROGRESS, read_progress },
		{ MESSAGE_REASON, read_reason },
		{ MESSAGE_CALENDAR, read_calendar_in_status },
		{ MESSAGE_ANSWER, read_answer },
		{ 0, NULL },
	};
	static const struct wire_map map = { status_message_keys, fields, 0 };
	return wire_read_map(wire, &map, out, err);
}

enum su_status device_wire_read_registration(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct registration *out, struct su_error *err)
{
	*out = (struct registration){ 0 };
	return wire_read_whole(format, body, arena, read_registration, out, err);
}

enum su_status device_wire_read_status(enum wire_format format, struct su_span body,
	struct su_arena *arena, struct status_message *out, struct su_error *err)
{
	*out = (struct status_message){ 0 };
	return wire_read_whole(format, body, arena, read_status, out, err);
}

enum su_status device_wire_parse_lifetime(
	const char *text, int64_t *lifetime_s_out, struct su_error *err)
{
	char *end = NULL;
	if (!text)
		return SU_OK;
	uint64_t lifetime_s = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
	if (!end || *end != '\0')
		return su_fail(err, SU_INVALID, "lt", "not a number of seconds");
	if (check_lifetime(lifetime_s, err) != SU_OK) {
		su_error_within(err, "lt");
		return SU_INVALID;
	}
	*lifetime_s_out = (int64_t)lifetime_s;
	return SU_OK;
}

bool device_wire_changes(const struct registration *update)
{
	return update->lifetime_s != 0 || update->has_envelope_form ||
	       update->has_characteristics || update->calendar != NULL;
}
