/* SPDX-License-Identifier: Apache-2.0 */
/* From JSON to what the policy's fields read. */
#include "tools/sim_release.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tools/whole_file.h"

#define RELEASE_MAX_BYTES ((size_t)1024 * 1024)
#define MAX_IMAGES        64

static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_null(value) ? NULL : value;
}

static enum su_status read_time(
	const json_t *object, const char *name, int64_t *out, struct su_error *err)
{
	const json_t *value = member(object, name);
	if (value == NULL)
		return SU_OK;
	if (!json_is_string(value) || su_time_parse(json_string_value(value), out, NULL) != SU_OK)
		return su_fail(
			err, SU_INVALID, name, "must be a time such as 2026-11-21T09:00:00Z");
	return SU_OK;
}

static enum su_status read_kind(const json_t *object, struct release *out, struct su_error *err)
{
	const json_t *value = member(object, "kind");
	int kind;
	if (value == NULL)
		return SU_OK;
	SU_TRY(name_parse(release_kind_names, "kind", json_string_value(value), &kind, err));
	out->kind = (enum release_kind)kind;
	return SU_OK;
}

static enum su_status read_labels(
	struct su_arena *arena, const json_t *object, struct release *out, struct su_error *err)
{
	const json_t *labels = member(object, "labels");
	if (labels == NULL)
		return SU_OK;
	if (!json_is_object(labels))
		return su_fail(err, SU_INVALID, "labels", "must be an object");
	char *text su_auto(su_free_ptr) = json_dumps(labels, JSON_COMPACT);
	out->labels_json = su_arena_strdup(arena, text);
	return SU_OK;
}

static enum su_status read_priority(const json_t *object, struct release *out, struct su_error *err)
{
	const json_t *value = member(object, "update_priority");
	if (value == NULL)
		return SU_OK;
	if (!json_is_integer(value))
		return su_fail(err, SU_INVALID, "update_priority", "must be a whole number");
	out->has_update_priority = true;
	out->update_priority = json_integer_value(value);
	return SU_OK;
}

static enum su_status read_images(
	struct su_arena *arena, const json_t *object, struct release *out, struct su_error *err)
{
	const json_t *list = member(object, "images");
	if (list == NULL)
		return SU_OK;
	size_t n = json_array_size(list);
	if (!json_is_array(list) || n > MAX_IMAGES)
		return su_fail(
			err, SU_INVALID, "images", "must be a list of at most %d", MAX_IMAGES);
	out->images = su_arena_array(arena, n + 1, sizeof(*out->images));
	for (size_t i = 0; i < n; i++) {
		const json_t *at = json_array_get(list, i), *size = member(at, "size");
		struct release_image *image = &out->images[i];
		if (size != NULL && (!json_is_integer(size) || json_integer_value(size) < 0))
			return su_fail(err, SU_INVALID, "images.size",
				"must be a whole number, zero or more");
		image->has_size = size != NULL;
		image->size_bytes = (uint64_t)json_integer_value(size);
		image->integrated = json_is_true(member(at, "integrated"));
		image->hosted = json_is_true(member(at, "hosted"));
	}
	out->n_images = n;
	return SU_OK;
}

enum su_status sim_release_read(
	struct su_arena *arena, const json_t *object, struct release *out, struct su_error *err)
{
	const json_t *version = member(object, "version");
	*out = (struct release){ 0 };
	if (!json_is_object(object))
		return su_fail(err, SU_INVALID, "release", "must be a JSON object");
	SU_TRY(read_kind(object, out, err));
	SU_TRY(read_labels(arena, object, out, err));
	SU_TRY(read_priority(object, out, err));
	SU_TRY(read_time(object, "use_before", &out->use_before_ms, err));
	SU_TRY(read_time(object, "published_at", &out->published_at_ms, err));
	SU_TRY(read_images(arena, object, out, err));
	if (version != NULL && !json_is_string(version))
		return su_fail(err, SU_INVALID, "version", "must be a text");
	out->version = su_arena_strdup(arena, json_string_value(version));
	return SU_OK;
}

static void free_json(json_t **json)
{
	json_decref(*json);
}

enum su_status sim_release_read_file(
	struct su_arena *arena, const char *path, struct release *out, struct su_error *err)
{
	struct su_span text;
	json_error_t fault;
	SU_TRY(whole_file_read(arena, path, RELEASE_MAX_BYTES, &text, err));
	json_t *json su_auto(free_json) =
		json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &fault);
	if (json == NULL)
		return su_fail(
			err, SU_INVALID, "", "%s, line %d: %s", path, fault.line, fault.text);
	if (sim_release_read(arena, json, out, err) != SU_OK) {
		su_error_prefix(err, "%s", path);
		return err->status;
	}
	return SU_OK;
}
