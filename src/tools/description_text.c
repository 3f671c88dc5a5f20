/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text members to the CBOR text map, keys in deterministic order. */
#include "tools/description_text.h"

#include <stdlib.h>
#include <string.h>

#include "model/component.h"
#include "suit/cbor.h"

#define TEXT_MAX_ENTRIES 32

/* In the order of their keys. */
static const char *const manifest_texts[] = { "description", "update_description", "json_source",
	"yaml_source", NULL };
static const char *const component_texts[] = { "vendor_name", "model_name", "vendor_domain",
	"model_info", "description", "version", "version_required", "current_version", NULL };

/* An encoded pair, sorted by its encoded key. */
struct entry {
	struct su_span key, value;
};

static int compare_entries(const void *a, const void *b)
{
	return su_span_compare(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static struct su_span take(struct su_arena *arena, struct su_buf *buf)
{
	struct su_span copy = su_arena_copy(arena, su_buf_span(buf));
	su_buf_free(buf);
	return copy;
}

static struct su_span encode_map(struct su_arena *arena, struct entry *entries, size_t n)
{
	struct su_buf buf = { 0 };
	qsort(entries, n, sizeof(*entries), compare_entries);
	cbor_put_map(&buf, n);
	for (size_t i = 0; i < n; i++) {
		su_buf_append_span(&buf, entries[i].key);
		su_buf_append_span(&buf, entries[i].value);
	}
	return take(arena, &buf);
}

static struct su_span encode_uint(struct su_arena *arena, uint64_t value)
{
	struct su_buf buf = { 0 };
	cbor_put_uint(&buf, value);
	return take(arena, &buf);
}

static struct su_span encode_text(struct su_arena *arena, const char *text)
{
	struct su_buf buf = { 0 };
	cbor_put_tstr(&buf, text);
	return take(arena, &buf);
}

static size_t find_text(const char *const *names, const char *name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i + 1;
	return 0;
}

static enum su_status put_named(struct su_arena *arena, const char *const *names, const char *name,
	const json_t *value, struct entry *entry)
{
	size_t key = find_text(names, name);
	if (key == 0 || !json_is_string(value))
		return SU_INVALID;
	entry->key = encode_uint(arena, key);
	entry->value = encode_text(arena, json_string_value(value));
	return SU_OK;
}

static enum su_status encode_component(
	struct su_arena *arena, json_t *texts, struct su_span *out, struct su_error *err)
{
	struct entry entries[TEXT_MAX_ENTRIES];
	size_t n = 0;
	const char *name;
	json_t *value;
	json_object_foreach(texts, name, value)
	{
		if (n == TEXT_MAX_ENTRIES ||
			put_named(arena, component_texts, name, value, &entries[n]) != SU_OK)
			return su_fail(err, SU_INVALID, name, "is not a text of a component");
		n++;
	}
	*out = encode_map(arena, entries, n);
	return SU_OK;
}

static enum su_status add_components(struct su_arena *arena, json_t *components,
	struct entry *entries, size_t *n, struct su_error *err)
{
	const char *name;
	json_t *value;
	if (!json_is_object(components))
		return su_fail(err, SU_INVALID, "components", "must be an object");
	json_object_foreach(components, name, value)
	{
		if (*n == TEXT_MAX_ENTRIES)
			return su_fail(err, SU_INVALID, "components", "has too many members");
		struct component_id id;
		SU_TRY(component_id_parse(arena, name, &id, err));
		entries[*n].key = id.encoded;
		SU_TRY(encode_component(arena, value, &entries[*n].value, err));
		(*n)++;
	}
	return SU_OK;
}

static enum su_status encode_language(
	struct su_arena *arena, json_t *texts, struct su_span *out, struct su_error *err)
{
	struct entry entries[TEXT_MAX_ENTRIES];
	size_t n = 0;
	const char *name;
	json_t *value;
	json_object_foreach(texts, name, value)
	{
		if (strcmp(name, "components") == 0) {
			SU_TRY(add_components(arena, value, entries, &n, err));
			continue;
		}
		if (n == TEXT_MAX_ENTRIES ||
			put_named(arena, manifest_texts, name, value, &entries[n]) != SU_OK)
			return su_fail(err, SU_INVALID, name, "is not a text of a manifest");
		n++;
	}
	*out = encode_map(arena, entries, n);
	return SU_OK;
}

enum su_status description_text_encode(
	struct su_arena *arena, json_t *languages, struct su_span *out, struct su_error *err)
{
	struct entry entries[TEXT_MAX_ENTRIES];
	size_t n = 0;
	const char *tag;
	json_t *texts;
	if (!json_is_object(languages) || json_object_size(languages) == 0)
		return su_fail(err, SU_INVALID, "text", "must name at least one language");
	json_object_foreach(languages, tag, texts)
	{
		if (n == TEXT_MAX_ENTRIES || !json_is_object(texts))
			return su_fail(err, SU_INVALID, tag, "must be an object");
		entries[n].key = encode_text(arena, tag);
		enum su_status status = encode_language(arena, texts, &entries[n].value, err);
		if (status != SU_OK) {
			su_error_within(err, tag);
			return status;
		}
		n++;
	}
	*out = encode_map(arena, entries, n);
	return SU_OK;
}
