/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments in the forms that PostgreSQL's type input functions accept. */
#include "store/sql_args.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/memory.h"

struct sql_arg sql_null(void)
{
	return (struct sql_arg){ .kind = SQL_KIND_NULL };
}

struct sql_arg sql_text(const char *text)
{
	return text ? sql_bytes(su_span_str(text)) : sql_null();
}

struct sql_arg sql_bytes(struct su_span bytes)
{
	return (struct sql_arg){ .kind = SQL_KIND_BYTES, .bytes = bytes };
}

struct sql_arg sql_written(const char *text)
{
	return (struct sql_arg){ .kind = SQL_KIND_WRITTEN, .bytes = su_span_str(text) };
}

struct sql_arg sql_bytes_or_null(struct su_span bytes)
{
	return bytes.len > 0 ? sql_bytes(bytes) : sql_null();
}

struct sql_arg sql_int(int64_t value)
{
	return (struct sql_arg){ .kind = SQL_KIND_INT, .num = value };
}

struct sql_arg sql_uint(uint64_t value)
{
	if (value > INT64_MAX)
		return (struct sql_arg){ .kind = SQL_KIND_TOO_LARGE };
	return sql_int((int64_t)value);
}

struct sql_arg sql_int_if(bool given, int64_t value)
{
	return given ? sql_int(value) : sql_null();
}

struct sql_arg sql_bool(bool value)
{
	return (struct sql_arg){ .kind = SQL_KIND_BOOL, .num = value };
}

struct sql_arg sql_uuid(struct su_uuid id)
{
	return (struct sql_arg){ .kind = SQL_KIND_UUID, .uuid = id };
}

struct sql_arg sql_uuids(const struct su_uuid *ids, size_t n)
{
	return (struct sql_arg){ .kind = SQL_KIND_UUIDS, .uuids = ids, .num = (int64_t)n };
}

struct sql_arg sql_time(int64_t ms)
{
	return ms ? sql_int(ms) : sql_null();
}

struct sql_arg sql_digest(const struct digest *digest)
{
	if (!digest || !digest_is_set(digest))
		return sql_null();
	return (struct sql_arg){ .kind = SQL_KIND_DIGEST, .digest = digest };
}

struct sql_arg sql_list(const struct sql_array *array)
{
	return (struct sql_arg){ .kind = SQL_KIND_ARRAY, .array = array };
}

/* An element travels in the form that its value has by itself. */
struct sql_arg sql_only(const struct sql_array *array)
{
	const size_t header = sizeof(int32_t); /* its length, or -1 for null */
	assert(array->n == 1);
	if (array->has_null)
		return sql_null();
	return sql_bytes(su_span_of(array->elements.data + header, array->elements.len - header));
}

static struct su_span encode_int(int64_t value, struct su_arena *arena)
{
	uint64_t wire = htobe64((uint64_t)value);
	return su_arena_copy(arena, su_span_of(&wire, sizeof(wire)));
}

static struct su_span encode_digest(const struct digest *digest, struct su_arena *arena)
{
	char text[DIGEST_TEXT_SIZE];
	digest_format(digest, text);
	return su_span_str(su_arena_strdup(arena, text));
}

static struct su_span encode_array(const struct sql_array *array, struct su_arena *arena)
{
	struct su_buf wire su_auto(su_buf_free) = { 0 };
	sql_array_encode(array, &wire);
	return su_arena_copy(arena, su_buf_span(&wire));
}

static struct su_span encode_uuids(const struct sql_arg *arg, struct su_arena *arena)
{
	struct sql_array array su_auto(sql_array_free) = sql_array_of(SQL_UUIDS);
	for (int64_t i = 0; i < arg->num; i++)
		sql_array_add_uuid(&array, arg->uuids[i]);
	return encode_array(&array, arena);
}

static struct su_span encode(const struct sql_arg *arg, struct su_arena *arena)
{
	static const uint8_t bools[] = { 0, 1 };
	switch (arg->kind) {
	case SQL_KIND_BYTES:
	case SQL_KIND_WRITTEN: /* libpq wants its NUL, which su_span_str left behind it */
		return arg->bytes;
	case SQL_KIND_INT:
		return encode_int(arg->num, arena);
	case SQL_KIND_BOOL:
		return su_span_of(&bools[arg->num != 0], 1);
	case SQL_KIND_UUID:
		return su_span_of(arg->uuid.bytes, sizeof(arg->uuid.bytes));
	case SQL_KIND_DIGEST:
		return encode_digest(arg->digest, arena);
	case SQL_KIND_ARRAY:
		return encode_array(arg->array, arena);
	case SQL_KIND_UUIDS:
		return encode_uuids(arg, arena);
	case SQL_KIND_NULL:
	case SQL_KIND_TOO_LARGE:
		break;
	}
	return SU_SPAN_EMPTY;
}

enum su_status sql_args_encode(const struct sql_arg *args, size_t n, struct su_arena *arena,
	struct sql_wire *out, struct su_error *err)
{
	*out = (struct sql_wire){ .n = n,
		.values = su_arena_array(arena, n + 1, sizeof(*out->values)),
		.lengths = su_arena_array(arena, n + 1, sizeof(*out->lengths)),
		.formats = su_arena_array(arena, n + 1, sizeof(*out->formats)) };
	for (size_t i = 0; i < n; i++) {
		out->formats[i] = args[i].kind != SQL_KIND_WRITTEN; /* 1: binary */
		if (args[i].kind == SQL_KIND_TOO_LARGE)
			return su_fail(err, SU_INVALID, "", "a number is larger than 2^63 - 1");
		if (args[i].kind == SQL_KIND_NULL)
			continue;
		struct su_span wire = encode(&args[i], arena);
		if (wire.len > INT32_MAX)
			return su_fail(err, SU_TOO_LARGE, "", "a value is larger than 2 GiB");
		/* libpq takes a null pointer for NULL, and an empty span may have one. */
		out->values[i] = wire.data ? (const char *)wire.data : "";
		out->lengths[i] = (int)wire.len;
	}
	return SU_OK;
}
