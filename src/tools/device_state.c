/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of the reference device. */
#include "tools/device_state.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/memory.h"
#include "tools/json_read.h"
#include "tools/whole_file.h"

#define STATE_MAX_BYTES (1u << 20)

const char *device_state_path(
	struct su_arena *arena, const struct device_state *state, const char *name)
{
	return su_arena_printf(arena, "%s/%s", state->folder, name);
}

const char *device_state_image_path(
	struct su_arena *arena, const struct device_state *state, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	return su_arena_printf(arena, "%s/image/%s", state->folder, strchr(text, ':') + 1);
}

const char *device_state_pushed_path(
	struct su_arena *arena, const struct device_state *state, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	return su_arena_printf(arena, "%s/staging/pushed-%s", state->folder, strchr(text, ':') + 1);
}

static enum su_status make_folder(const char *path, struct su_error *err)
{
	if (mkdir(path, 0755) != 0 && errno != EEXIST)
		return su_fail(err, SU_IO, path, "cannot be made: %s", strerror(errno));
	return SU_OK;
}

static enum su_status make_folders(const struct device_state *state, struct su_error *err)
{
	SU_TRY(make_folder(state->folder, err));
	SU_TRY(make_folder(device_state_path(state->arena, state, "image"), err));
	return make_folder(device_state_path(state->arena, state, "staging"), err);
}

const struct installed_component *device_state_find(
	const struct device_state *state, struct component_id id)
{
	for (size_t i = 0; i < state->n_components; i++)
		if (component_id_equal(state->components[i].id, id))
			return &state->components[i];
	return NULL;
}

struct installed_component *device_state_component(
	struct device_state *state, struct component_id id)
{
	struct installed_component *found =
		(struct installed_component *)device_state_find(state, id);
	if (found != NULL || state->n_components == DEVICE_MAX_COMPONENTS)
		return found;
	found = &state->components[state->n_components++];
	found->id.encoded = su_arena_copy(state->arena, id.encoded);
	return found;
}

static enum su_status load_component(
	struct device_state *state, const json_t *object, struct su_error *err)
{
	const char *id_text = NULL, *digest = NULL, *version = NULL;
	struct component_id id;
	SU_TRY(json_read_string(object, "component", &id_text, err));
	SU_TRY(json_read_string(object, "digest", &digest, err));
	SU_TRY(json_read_string(object, "version", &version, err));
	if (id_text == NULL)
		return su_fail(err, SU_INVALID, "component", "is missing");
	SU_TRY(component_id_parse(state->arena, id_text, &id, err));
	struct installed_component *component = device_state_component(state, id);
	if (component == NULL)
		return su_fail(err, SU_TOO_LARGE, "components", "are too many");
	if (digest != NULL)
		SU_TRY(digest_parse(digest, &component->digest, err));
	if (version != NULL)
		SU_TRY(version_parse(version, &component->version, err));
	SU_TRY(json_read_uint(object, "sequence_number", &component->sequence_number,
		&component->has_sequence_number, err));
	SU_TRY(json_read_uint(object, "size", &component->size_bytes, &component->has_size, err));
	return json_read_uint(
		object, "active_slot", &component->active_slot, &component->has_slot, err);
}

static enum su_status load_etag(
	struct device_state *state, const json_t *object, struct su_error *err)
{
	const char *hex = NULL;
	size_t len = 0;
	SU_TRY(json_read_string(object, "etag", &hex, err));
	if (hex == NULL)
		return SU_OK;
	uint8_t *bytes = su_arena_alloc(state->arena, strlen(hex) / 2 + 1);
	SU_TRY(su_hex_decode(su_span_str(hex), bytes, strlen(hex) / 2, &len, err));
	state->etag = su_span_of(bytes, len);
	return SU_OK;
}

static enum su_status load_members(
	struct device_state *state, const json_t *object, struct su_error *err)
{
	const char *manifest = NULL;
	bool has = false;
	SU_TRY(json_read_string(object, "manifest", &manifest, err));
	if (manifest != NULL)
		SU_TRY(digest_parse(manifest, &state->installed_manifest, err));
	SU_TRY(json_read_uint(object, "sequence_number", &state->sequence_number, &has, err));
	SU_TRY(load_etag(state, object, err));
	const char *reference_uri = NULL;
	SU_TRY(json_read_string(object, "reference_uri", &reference_uri, err));
	state->reference_uri = su_arena_strdup(state->arena, reference_uri);
	SU_TRY(json_read_bool(object, "report_pending", &state->report_pending, err));
	SU_TRY(json_read_bool(object, "awaits_word", &state->awaits_word, err));
	const json_t *list = json_object_get(object, "components");
	for (size_t i = 0; i < json_array_size(list); i++)
		SU_TRY(load_component(state, json_array_get(list, i), err));
	return SU_OK;
}

static enum su_status load(struct device_state *state, struct su_error *err)
{
	const char *path = device_state_path(state->arena, state, "state.json");
	struct stat info;
	struct su_span text;
	if (stat(path, &info) != 0)
		return SU_OK; /* a device fresh from the factory */
	SU_TRY(whole_file_read(state->arena, path, STATE_MAX_BYTES, &text, err));
	json_t *object = json_loadb((const char *)text.data, text.len, 0, NULL);
	enum su_status status = object == NULL ? su_fail(err, SU_INVALID, "", "is not JSON")
					       : load_members(state, object, err);
	json_decref(object);
	if (status != SU_OK)
		su_error_prefix(err, "%s", path);
	return status;
}

enum su_status device_state_open(
	const char *folder, struct device_state **out, struct su_error *err)
{
	struct device_state *state su_auto(device_state_close) = su_new(struct device_state);
	state->arena = su_arena_new();
	state->folder = su_strdup(folder);
	SU_TRY(make_folders(state, err));
	SU_TRY(load(state, err));
	*out = state;
	state = NULL;
	return SU_OK;
}

void device_state_close(struct device_state **state)
{
	if (*state == NULL)
		return;
	su_arena_free(&(*state)->arena);
	free((*state)->folder);
	free(*state);
	*state = NULL;
}

static json_t *digest_json(const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	if (!digest_is_set(digest))
		return json_null();
	digest_format(digest, text);
	return json_string(text);
}

static void set_known(json_t *object, const char *name, bool has, uint64_t value)
{
	if (has)
		json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *component_json(struct su_arena *arena, const struct installed_component *component)
{
	json_t *object = json_pack("{s:s}", "component", component_id_format(arena, component->id));
	if (digest_is_set(&component->digest))
		json_object_set_new(object, "digest", digest_json(&component->digest));
	if (component->version.n_parts > 0)
		json_object_set_new(
			object, "version", json_string(version_format(arena, &component->version)));
	set_known(object, "sequence_number", component->has_sequence_number,
		component->sequence_number);
	set_known(object, "size", component->has_size, component->size_bytes);
	set_known(object, "active_slot", component->has_slot, component->active_slot);
	return object;
}

enum su_status device_state_save(const struct device_state *state, struct su_error *err)
{
	json_t *list = json_array();
	for (size_t i = 0; i < state->n_components; i++)
		json_array_append_new(list, component_json(state->arena, &state->components[i]));
	json_t *object =
		json_pack("{s:I, s:b, s:o}", "sequence_number", (json_int_t)state->sequence_number,
			"report_pending", state->report_pending, "components", list);
	if (digest_is_set(&state->installed_manifest))
		json_object_set_new(object, "manifest", digest_json(&state->installed_manifest));
	if (state->awaits_word)
		json_object_set_new(object, "awaits_word", json_true());
	if (state->etag.len > 0)
		json_object_set_new(object, "etag",
			json_string(su_hex_encode_arena(state->arena, state->etag)));
	if (state->reference_uri != NULL)
		json_object_set_new(object, "reference_uri", json_string(state->reference_uri));
	char *text su_auto(su_free_ptr) = json_dumps(object, JSON_INDENT(2));
	json_decref(object);
	return whole_file_write(
		device_state_path(state->arena, state, "state.json"), su_span_str(text), 0644, err);
}

static bool is_installed(const struct device_state *state, const char *name)
{
	for (size_t i = 0; i < state->n_components; i++) {
		char text[DIGEST_TEXT_SIZE];
		if (!digest_is_set(&state->components[i].digest))
			continue;
		digest_format(&state->components[i].digest, text);
		if (strcmp(strchr(text, ':') + 1, name) == 0)
			return true;
	}
	return false;
}

static void tidy_folder(const struct device_state *state, const char *name)
{
	DIR *folder = opendir(device_state_path(state->arena, state, name));
	if (folder == NULL)
		return;
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (entry->d_name[0] != '.' && !is_installed(state, entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
}

void device_state_tidy(const struct device_state *state)
{
	unlink(device_state_path(state->arena, state, "manifest.suit"));
	tidy_folder(state, "staging");
	tidy_folder(state, "image");
}
