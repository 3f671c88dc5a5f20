/* SPDX-License-Identifier: Apache-2.0 */
/* Looks labels up in the JSON object that is stored with the release. */
#include "policy/release_labels.h"

#include <jansson.h>

#include "base/memory.h"

static void free_json(json_t **json)
{
	json_decref(*json);
}

static json_t *load_labels(const struct release *release)
{
	return release && release->labels_json ? json_loads(release->labels_json, 0, NULL) : NULL;
}

void release_labels_read(const struct release *release, const char *label, struct su_arena *arena,
	struct field_value *out)
{
	json_t *labels su_auto(free_json) = load_labels(release);
	const json_t *value = json_object_get(labels, label);
	if (out->type == FIELD_TEXT && json_is_string(value)) {
		out->known = true;
		out->text = su_arena_strdup(arena, json_string_value(value));
	} else if (out->type == FIELD_DOUBLE && json_is_number(value)) {
		out->known = true;
		out->real = json_number_value(value);
	} else if (out->type == FIELD_BOOL && json_is_boolean(value)) {
		out->known = true;
		out->boolean = json_is_true(value);
	}
}

bool release_labels_have(const struct release *release, const char *label)
{
	json_t *labels su_auto(free_json) = load_labels(release);
	const json_t *value = json_object_get(labels, label);
	return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}
