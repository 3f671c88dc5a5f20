/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR and JSON behind one set of read functions. */
#include "server/wire_reader.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "model/version.h"

/* Turns what the cursor remembers into our error: its field is a byte offset, ours a path. */
static enum su_status cursor_status(const struct wire *wire, struct su_error *err)
{
	const struct su_error *fault = &wire->cbor.error;
	if (fault->status == SU_OK)
		return SU_OK;
	return su_fail(err, fault->status, "", "%s (byte %s)", fault->text, fault->field);
}

static enum su_status refuse_type(struct su_error *err, const char *expected)
{
	return su_fail(err, SU_INVALID, "", "must be %s", expected);
}

/* "parent" + "[2].rest" needs no dot between the two. */
static enum su_status within(struct su_error *err, enum su_status status, const char *parent)
{
	if (!err)
		return status;
	struct su_error inner = *err;
	if (inner.field[0] == '\0' || inner.field[0] == '[')
		snprintf(err->field, sizeof(err->field), "%s%.60s", parent, inner.field);
	else
		su_error_within(err, parent);
	return status;
}

static enum su_status read_json_text(
	const struct wire *wire, struct su_span *out, const char *expected, struct su_error *err)
{
	if (!json_is_string(wire->value))
		return refuse_type(err, expected);
	*out = su_span_of(json_string_value(wire->value), json_string_length(wire->value));
	return SU_OK;
}

static const struct wire_field *find_field(const struct wire_map *map, int64_t key)
{
	for (const struct wire_field *field = map->fields; field->read; field++)
		if (field->key == key)
			return field;
	return NULL;
}

/* seen has one bit for each key read so far. */
static enum su_status read_field(struct wire *wire, const struct wire_map *map,
	const struct wire_field *field, void *out, struct su_error *err)
{
	enum su_status status = field->read(wire, out, err);
	return status == SU_OK ? SU_OK : within(err, status, name_of(map->keys, field->key));
}

static enum su_status read_cbor_pairs(struct wire *wire, const struct wire_map *map, void *out,
	uint32_t *seen_out, struct su_error *err)
{
	size_t pairs = cbor_map(&wire->cbor);
	SU_TRY(cursor_status(wire, err));
	for (; pairs > 0; pairs--) {
		int64_t key = cbor_int(&wire->cbor);
		SU_TRY(cursor_status(wire, err));
		const struct wire_field *field = find_field(map, key);
		if (!field)
			return su_fail(err, SU_INVALID, "", "unknown key %" PRId64, key);
		if (*seen_out & UINT32_C(1) << key)
			return su_fail(err, SU_INVALID, name_of(map->keys, field->key),
				"the key %" PRId64 " is there twice", key);
		*seen_out |= UINT32_C(1) << key;
		SU_TRY(read_field(wire, map, field, out, err));
	}
	return SU_OK;
}

static enum su_status read_json_members(struct wire *wire, const struct wire_map *map, void *out,
	uint32_t *seen_out, struct su_error *err)
{
	json_t *object = (json_t *)wire->value;
	const char *word;
	json_t *member;
	if (!json_is_object(object))
		return refuse_type(err, "an object");
	json_object_foreach(object, word, member)
	{
		int key;
		if (name_parse(map->keys, "", word, &key, NULL) != SU_OK)
			return su_fail(err, SU_INVALID, "", "unknown member \"%.40s\"", word);
		*seen_out |= UINT32_C(1) << key;
		wire->value = member;
		SU_TRY(read_field(wire, map, find_field(map, key), out, err));
	}
	wire->value = object;
	return SU_OK;
}

enum su_status wire_read_map(
	struct wire *wire, const struct wire_map *map, void *out, struct su_error *err)
{
	uint32_t seen = 0;
	if (wire->format == WIRE_CBOR)
		SU_TRY(read_cbor_pairs(wire, map, out, &seen, err));
	else
		SU_TRY(read_json_members(wire, map, out, &seen, err));
	if (map->required_key != 0 && !(seen & UINT32_C(1) << map->required_key))
		return su_fail(
			err, SU_INVALID, name_of(map->keys, map->required_key), "must be given");
	return SU_OK;
}

static enum su_status count_items(
	struct wire *wire, size_t max_items, size_t *count_out, struct su_error *err)
{
	if (wire->format == WIRE_CBOR) {
		*count_out = cbor_array(&wire->cbor);
		SU_TRY(cursor_status(wire, err));
	} else if (json_is_array(wire->value)) {
		*count_out = json_array_size(wire->value);
	} else {
		return refuse_type(err, "an array");
	}
	if (*count_out > max_items)
		return su_fail(
			err, SU_INVALID, "", "has %zu items, more than %zu", *count_out, max_items);
	return SU_OK;
}

enum su_status wire_read_array(struct wire *wire, size_t max_items, wire_read_fn read_item,
	void *out, struct su_error *err)
{
	size_t count = 0;
	SU_TRY(count_items(wire, max_items, &count, err));
	const json_t *array = wire->value;
	for (size_t i = 0; i < count; i++) {
		char index[24];
		if (wire->format == WIRE_JSON)
			wire->value = json_array_get(array, i);
		enum su_status status = read_item(wire, out, err);
		snprintf(index, sizeof(index), "[%zu]", i);
		if (status != SU_OK)
			return within(err, status, index);
	}
	wire->value = array;
	return SU_OK;
}

enum su_status wire_read_uint(struct wire *wire, uint64_t *out, struct su_error *err)
{
	if (wire->format == WIRE_CBOR) {
		*out = cbor_uint(&wire->cbor);
		SU_TRY(cursor_status(wire, err));
		if (*out > INT64_MAX)
			return su_fail(err, SU_INVALID, "", "the number is too large");
		return SU_OK;
	}
	if (!json_is_integer(wire->value) || json_integer_value(wire->value) < 0)
		return refuse_type(err, "an integer, zero or more");
	*out = (uint64_t)json_integer_value(wire->value);
	return SU_OK;
}

enum su_status wire_read_text(
	struct wire *wire, size_t max_bytes, const char **out, struct su_error *err)
{
	struct su_span text = SU_SPAN_EMPTY;
	if (wire->format == WIRE_CBOR) {
		text = cbor_tstr(&wire->cbor);
		SU_TRY(cursor_status(wire, err));
	} else {
		SU_TRY(read_json_text(wire, &text, "a string", err));
	}
	if (text.len == 0 || text.len > max_bytes)
		return su_fail(err, SU_INVALID, "", "must have 1 to %zu bytes, not %zu", max_bytes,
			text.len);
	if (!su_utf8_is_showable(text))
		return su_fail(err, SU_INVALID, "", "has a character that cannot be shown");
	*out = su_arena_strndup(wire->arena, text.data, text.len);
	return SU_OK;
}

enum su_status wire_read_name(
	struct wire *wire, const struct name_row *table, int *out, struct su_error *err)
{
	if (wire->format == WIRE_CBOR) {
		int64_t value = cbor_int(&wire->cbor);
		SU_TRY(cursor_status(wire, err));
		for (const struct name_row *row = table; row->name; row++) {
			if (row->value == value) {
				*out = row->value;
				return SU_OK;
			}
		}
		return su_fail(
			err, SU_INVALID, "", "%" PRId64 " is none of the known values", value);
	}
	if (!json_is_string(wire->value))
		return refuse_type(err, "a string");
	return name_parse(table, "", json_string_value(wire->value), out, err);
}

enum su_status wire_read_uuid(struct wire *wire, struct su_uuid *out, struct su_error *err)
{
	if (wire->format == WIRE_JSON) {
		if (!json_is_string(wire->value))
			return refuse_type(err, "a UUID");
		return su_uuid_parse(json_string_value(wire->value), out, err);
	}
	struct su_span bytes = cbor_bstr(&wire->cbor);
	SU_TRY(cursor_status(wire, err));
	if (bytes.len != sizeof(out->bytes))
		return su_fail(err, SU_INVALID, "", "a UUID has 16 bytes, not %zu", bytes.len);
	memcpy(out->bytes, bytes.data, sizeof(out->bytes));
	return SU_OK;
}

enum su_status wire_read_bool(struct wire *wire, bool *out, struct su_error *err)
{
	if (wire->format == WIRE_CBOR) {
		*out = cbor_bool(&wire->cbor);
		return cursor_status(wire, err);
	}
	if (!json_is_boolean(wire->value))
		return refuse_type(err, "true or false");
	*out = json_is_true(wire->value);
	return SU_OK;
}

/* SUIT_Digest: [ algorithm, bytes ]. */
static enum su_status read_cbor_digest(struct cbor *cursor, struct digest *out)
{
	size_t items = cbor_array(cursor);
	int64_t alg = cbor_int(cursor);
	struct su_span bytes = cbor_bstr(cursor);
	*out = (struct digest){ 0 };
	if (!cbor_ok(cursor))
		return cursor->error.status;
	if (items != 2 || (alg != DIGEST_SHA256 && alg != DIGEST_SHA384 && alg != DIGEST_SHA512))
		cbor_fail(cursor, SU_UNSUPPORTED, "not a digest by SHA-256, SHA-384 or SHA-512");
	else if (bytes.len != digest_alg_len((enum digest_alg)alg))
		cbor_fail(cursor, SU_INVALID, "the digest has %zu bytes instead of %zu", bytes.len,
			digest_alg_len((enum digest_alg)alg));
	if (!cbor_ok(cursor))
		return cursor->error.status;
	out->alg = (enum digest_alg)alg;
	out->len = (uint8_t)bytes.len;
	memcpy(out->bytes, bytes.data, bytes.len);
	return SU_OK;
}

enum su_status wire_read_digest(struct wire *wire, struct digest *out, struct su_error *err)
{
	if (wire->format == WIRE_CBOR) {
		if (read_cbor_digest(&wire->cbor, out) != SU_OK)
			return cursor_status(wire, err);
		return SU_OK;
	}
	if (!json_is_string(wire->value))
		return refuse_type(err, "a digest such as \"sha256:<hex>\"");
	SU_TRY(digest_parse(json_string_value(wire->value), out, err));
	if (out->alg != DIGEST_SHA256 && out->alg != DIGEST_SHA384 && out->alg != DIGEST_SHA512)
		return su_fail(
			err, SU_UNSUPPORTED, "", "not a digest by SHA-256, SHA-384 or SHA-512");
	return SU_OK;
}

/* Written anew in the deterministic form, which is the identity; the device's own may differ. */
static void copy_segments(struct cbor *cursor, struct su_buf *out)
{
	size_t segments = cbor_array(cursor);
	if (segments > COMPONENT_MAX_SEGMENTS)
		cbor_fail(cursor, SU_INVALID, "a component identifier has at most %d segments",
			COMPONENT_MAX_SEGMENTS);
	cbor_put_array(out, segments);
	for (; segments > 0 && cbor_ok(cursor); segments--) {
		struct su_span segment = cbor_bstr(cursor);
		if (out->len + segment.len > COMPONENT_MAX_BYTES)
			cbor_fail(cursor, SU_INVALID, "the component identifier is too long");
		else
			cbor_put_bstr(out, segment);
	}
}

enum su_status wire_read_component(
	struct wire *wire, struct component_id *out, struct su_error *err)
{
	if (wire->format == WIRE_JSON) {
		if (!json_is_string(wire->value))
			return refuse_type(err, "a component identifier such as \"[h'00']\"");
		return component_id_parse(wire->arena, json_string_value(wire->value), out, err);
	}
	struct su_buf encoded = { 0 };
	copy_segments(&wire->cbor, &encoded);
	out->encoded = su_arena_copy(wire->arena, su_buf_span(&encoded));
	su_buf_free(&encoded);
	SU_TRY(cursor_status(wire, err));
	return component_id_check(out->encoded, err);
}

enum su_status wire_read_version(struct wire *wire, struct version *out, struct su_error *err)
{
	if (wire->format == WIRE_JSON) {
		if (!json_is_string(wire->value))
			return refuse_type(err, "a version such as \"1.2.3\"");
		return version_parse(json_string_value(wire->value), out, err);
	}
	size_t parts = cbor_array(&wire->cbor);
	if (cbor_ok(&wire->cbor) && (parts == 0 || parts > VERSION_MAX_PARTS))
		cbor_fail(
			&wire->cbor, SU_INVALID, "a version has 1 to %d parts", VERSION_MAX_PARTS);
	out->n_parts = (unsigned)parts;
	for (size_t i = 0; i < parts && cbor_ok(&wire->cbor); i++)
		out->parts[i] = cbor_int(&wire->cbor);
	return cursor_status(wire, err);
}

static enum su_status read_whole_json(
	struct wire *wire, struct su_span body, wire_read_fn read, void *out, struct su_error *err)
{
	json_error_t fault;
	json_t *root = json_loadb((const char *)body.data, body.len,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
	if (!root)
		return su_fail(
			err, SU_INVALID, "", "not JSON: %s (line %d)", fault.text, fault.line);
	wire->value = root;
	enum su_status status = read(wire, out, err);
	json_decref(root);
	return status;
}

enum su_status wire_read_whole(enum wire_format format, struct su_span body, struct su_arena *arena,
	wire_read_fn read, void *out, struct su_error *err)
{
	struct wire wire = { .format = format, .arena = arena };
	if (format == WIRE_JSON)
		return read_whole_json(&wire, body, read, out, err);
	wire.cbor = cbor_open(body, false);
	SU_TRY(read(&wire, out, err));
	if (cbor_done(&wire.cbor, NULL) != SU_OK)
		return su_fail(err, SU_INVALID, "", "bytes follow the end of the message");
	return SU_OK;
}
