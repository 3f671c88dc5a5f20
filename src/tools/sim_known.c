/* SPDX-License-Identifier: Apache-2.0 */
/* Member by member, as the server writes them. */
#include "tools/sim_known.h"

#include <string.h>

#include "policy/calendar_json.h"
#include "policy/profile_json.h"

#define BY_PROVISION "provision:"

const char *const sim_known_members[] = { "endpoint", "site", "serial", "manufacturer", "model",
	"hardware_version", "vendor_ids", "class_ids", "battery_mwh", "free_memory_bytes",
	"components", "profile", "calendar", "provision", NULL };

/* NULL also for null. */
static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_null(value) ? NULL : value;
}

static enum su_status read_text(struct su_arena *arena, const json_t *object, const char *name,
	const char **out, struct su_error *err)
{
	const json_t *value = member(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_string(value) || json_string_length(value) == 0)
		return su_fail(err, SU_INVALID, name, "must be a text that is not empty");
	*out = su_arena_strdup(arena, json_string_value(value));
	return SU_OK;
}

static enum su_status read_count(
	const json_t *object, const char *name, uint64_t *out, bool *has_out, struct su_error *err)
{
	const json_t *value = member(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return su_fail(err, SU_INVALID, name, "must be a whole number, zero or more");
	*out = (uint64_t)json_integer_value(value);
	*has_out = true;
	return SU_OK;
}

static enum su_status read_ids(const json_t *object, const char *name, struct su_uuid *ids,
	size_t *n_out, struct su_error *err)
{
	const json_t *list = member(object, name);
	if (list == NULL)
		return SU_OK;
	if (!json_is_array(list) || json_array_size(list) > DEVICE_MAX_IDS)
		return su_fail(err, SU_INVALID, name, "must be a list of at most %d UUIDs",
			DEVICE_MAX_IDS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text == NULL || su_uuid_parse(text, &ids[i], NULL) != SU_OK)
			return su_fail(err, SU_INVALID, name, "must be a list of UUIDs");
	}
	*n_out = json_array_size(list);
	return SU_OK;
}

static enum su_status read_component(struct su_arena *arena, const json_t *object,
	struct installed_component *out, struct su_error *err)
{
	const char *id = NULL, *digest = NULL, *version = NULL;
	SU_TRY(read_text(arena, object, "component", &id, err));
	SU_TRY(read_text(arena, object, "digest", &digest, err));
	SU_TRY(read_text(arena, object, "version", &version, err));
	SU_TRY(read_count(
		object, "sequence_number", &out->sequence_number, &out->has_sequence_number, err));
	SU_TRY(read_count(object, "size", &out->size_bytes, &out->has_size, err));
	if (id == NULL)
		return su_fail(err, SU_INVALID, "component", "is missing");
	SU_TRY(component_id_parse(arena, id, &out->id, err));
	if (digest != NULL)
		SU_TRY(digest_parse(digest, &out->digest, err));
	return version != NULL ? version_parse(version, &out->version, err) : SU_OK;
}

static enum su_status read_components(struct su_arena *arena, const json_t *object,
	struct characteristics *out, struct su_error *err)
{
	const json_t *list = member(object, "components");
	if (list == NULL)
		return SU_OK;
	if (!json_is_array(list) || json_array_size(list) > DEVICE_MAX_COMPONENTS)
		return su_fail(err, SU_INVALID, "components", "must be a list of at most %d",
			DEVICE_MAX_COMPONENTS);
	for (size_t i = 0; i < json_array_size(list); i++)
		SU_TRY(read_component(arena, json_array_get(list, i), &out->components[i], err));
	out->n_components = json_array_size(list);
	return SU_OK;
}

static enum su_status read_ways(struct su_arena *arena, const json_t *object,
	struct profile *profile, const struct calendar **calendar_out, struct su_error *err)
{
	const json_t *said = member(object, "profile"), *windows = member(object, "calendar");
	if (said != NULL)
		SU_TRY(profile_from_json(said, profile, err));
	if (windows == NULL)
		return SU_OK;
	struct calendar *calendar = su_arena_new_of(arena, struct calendar);
	SU_TRY(calendar_from_json(arena, windows, calendar, err));
	SU_TRY(calendar_check(calendar, 0, err));
	*calendar_out = calendar;
	return SU_OK;
}

static enum su_status read_provision(
	struct su_arena *arena, const json_t *object, struct provision *out, struct su_error *err)
{
	const json_t *provision = member(object, "provision");
	const char *word = NULL;
	int mode;
	if (provision == NULL)
		return SU_OK;
	if (!json_is_object(provision))
		return su_fail(err, SU_INVALID, "provision", "must be an object");
	SU_TRY(read_text(arena, provision, "mode", &word, err));
	SU_TRY(read_text(arena, provision, "site", &out->site, err));
	SU_TRY(read_ways(arena, provision, &out->profile, &out->calendar, err));
	if (word == NULL)
		return SU_OK;
	SU_TRY(name_parse(update_mode_names, "provision.mode", word, &mode, err));
	out->has_mode = true;
	out->mode = (enum update_mode)mode;
	return SU_OK;
}

/* GET /devices does not tell what was laid down apart from what counts, but why the mode is what it is. */
static enum su_status read_settled(
	struct su_arena *arena, const json_t *object, struct provision *out, struct su_error *err)
{
	const char *word = NULL, *reason = NULL;
	int mode;
	SU_TRY(read_text(arena, object, "mode", &word, err));
	SU_TRY(read_text(arena, object, "mode_reason", &reason, err));
	if (word == NULL || reason == NULL ||
		strncmp(reason, BY_PROVISION, strlen(BY_PROVISION)) != 0)
		return SU_OK;
	SU_TRY(name_parse(update_mode_names, "mode", word, &mode, err));
	out->has_mode = true;
	out->mode = (enum update_mode)mode;
	return SU_OK;
}

enum su_status sim_known_read(
	struct su_arena *arena, const json_t *object, struct device *out, struct su_error *err)
{
	struct characteristics *told = &out->told;
	if (!json_is_object(object))
		return su_fail(err, SU_INVALID, "", "not a JSON object");
	SU_TRY(read_text(arena, object, "endpoint", &out->endpoint, err));
	if (out->endpoint != NULL)
		SU_TRY(endpoint_check(su_span_str(out->endpoint), err));
	SU_TRY(read_text(arena, object, "site", &told->site, err));
	SU_TRY(read_text(arena, object, "serial", &told->serial, err));
	SU_TRY(read_text(arena, object, "manufacturer", &told->manufacturer, err));
	SU_TRY(read_text(arena, object, "model", &told->model, err));
	SU_TRY(read_text(arena, object, "hardware_version", &told->hardware_version, err));
	SU_TRY(read_ids(object, "vendor_ids", told->vendor_ids, &told->n_vendor_ids, err));
	SU_TRY(read_ids(object, "class_ids", told->class_ids, &told->n_class_ids, err));
	SU_TRY(read_count(object, "battery_mwh", &told->battery_mwh, &told->has_battery, err));
	SU_TRY(read_count(object, "free_memory_bytes", &told->free_memory_bytes,
		&told->has_free_memory, err));
	SU_TRY(read_components(arena, object, told, err));
	SU_TRY(read_ways(arena, object, &told->profile, &out->calendar, err));
	SU_TRY(read_settled(arena, object, &out->provision, err));
	return read_provision(arena, object, &out->provision, err);
}
