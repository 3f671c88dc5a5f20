/* SPDX-License-Identifier: Apache-2.0 */
/* array_send and array_recv of PostgreSQL: dimensions, null flag, element type, then each element. */
#include "store/sql_array.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "base/memory.h"

#define UUID_BYTES 16

static void put_int32(struct su_buf *out, int32_t value)
{
	uint32_t wire = htobe32((uint32_t)value);
	su_buf_append(out, &wire, sizeof(wire));
}

struct sql_array sql_array_of(enum sql_element element)
{
	return (struct sql_array){ .element = element };
}

void sql_array_free(struct sql_array *array)
{
	su_buf_free(&array->elements);
	array->n = 0;
}

static void add(struct sql_array *array, enum sql_element element, const void *data, size_t len)
{
	assert(array->element == element && len <= INT32_MAX);
	put_int32(&array->elements, (int32_t)len);
	su_buf_append(&array->elements, data, len);
	array->n++;
}

void sql_array_add_null(struct sql_array *array)
{
	put_int32(&array->elements, -1);
	array->has_null = true;
	array->n++;
}

void sql_array_add_bool(struct sql_array *array, bool value)
{
	uint8_t wire = value;
	add(array, SQL_BOOLS, &wire, sizeof(wire));
}

void sql_array_add_int(struct sql_array *array, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);
	add(array, SQL_INTS, &wire, sizeof(wire));
}

void sql_array_add_text(struct sql_array *array, const char *text)
{
	if (text)
		add(array, SQL_TEXTS, text, strlen(text));
	else
		sql_array_add_null(array);
}

void sql_array_add_bytes(struct sql_array *array, struct su_span bytes)
{
	add(array, SQL_BYTEAS, bytes.data, bytes.len);
}

void sql_array_add_uuid(struct sql_array *array, struct su_uuid id)
{
	add(array, SQL_UUIDS, id.bytes, sizeof(id.bytes));
}

void sql_array_add_digest(struct sql_array *array, const struct digest *digest)
{
	char text[DIGEST_TEXT_SIZE];
	if (digest_is_set(digest))
		digest_format(digest, text);
	sql_array_add_text(array, digest_is_set(digest) ? text : NULL);
}

void sql_array_add_time(struct sql_array *array, int64_t ms)
{
	if (ms == 0)
		sql_array_add_null(array);
	else
		sql_array_add_int(array, ms);
}

void sql_array_add_uint_if(struct sql_array *array, bool given, uint64_t value)
{
	assert(!given || value <= INT64_MAX);
	if (given)
		sql_array_add_int(array, (int64_t)value);
	else
		sql_array_add_null(array);
}

void sql_array_add_uuid_if(struct sql_array *array, const struct su_uuid *id)
{
	if (id)
		sql_array_add_uuid(array, *id);
	else
		sql_array_add_null(array);
}

void sql_array_add_uuid_list(struct sql_array *array, const struct su_uuid *ids, size_t n)
{
	struct su_buf list su_auto(su_buf_free) = { 0 };
	char text[SU_UUID_TEXT_SIZE];
	su_buf_append_byte(&list, '{');
	for (size_t i = 0; i < n; i++) {
		su_uuid_format(ids[i], text);
		su_buf_printf(&list, "%s%s", i > 0 ? "," : "", text);
	}
	su_buf_append_byte(&list, '}');
	sql_array_add_text(array, su_buf_str(&list));
}

void sql_array_encode(const struct sql_array *array, struct su_buf *out)
{
	assert(array->n <= INT32_MAX);
	put_int32(out, array->n > 0 ? 1 : 0); /* dimensions: an empty array has none */
	put_int32(out, array->has_null);
	put_int32(out, (int32_t)array->element);
	if (array->n == 0)
		return;
	put_int32(out, (int32_t)array->n);
	put_int32(out, 1); /* lower bound */
	su_buf_append_span(out, su_buf_span(&array->elements));
}

static int32_t int32_at(struct su_span wire, size_t offset)
{
	uint32_t value;
	memcpy(&value, wire.data + offset, sizeof(value));
	return (int32_t)be32toh(value);
}

bool sql_array_decode_uuids(
	struct su_span wire, struct su_uuid *out, size_t capacity, size_t *n_out)
{
	*n_out = 0;
	if (wire.len < 12 || int32_at(wire, 8) != SQL_UUIDS)
		return false;
	if (int32_at(wire, 0) == 0)
		return true;
	if (int32_at(wire, 0) != 1 || wire.len < 20)
		return false;
	size_t n = (size_t)int32_at(wire, 12);
	if (n > capacity || wire.len != 20 + n * (4 + UUID_BYTES))
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t offset = 20 + i * (4 + UUID_BYTES);
		if (int32_at(wire, offset) != UUID_BYTES)
			return false;
		memcpy(out[i].bytes, wire.data + offset + 4, UUID_BYTES);
	}
	*n_out = n;
	return true;
}

struct sql_table sql_table_of(const enum sql_element *elements, size_t n)
{
	struct sql_table table = { .n_columns = n };
	assert(n <= SQL_TABLE_MAX_COLUMNS);
	for (size_t i = 0; i < n; i++)
		table.columns[i] = sql_array_of(elements[i]);
	return table;
}

void sql_table_free(struct sql_table *table)
{
	for (size_t i = 0; i < table->n_columns; i++)
		sql_array_free(&table->columns[i]);
}

struct sql_array *sql_table_next(struct sql_table *table)
{
	struct sql_array *column = &table->columns[table->next];
	table->next = (table->next + 1) % table->n_columns;
	return column;
}

size_t sql_table_rows(const struct sql_table *table)
{
	assert(table->next == 0);
	return table->columns[0].n;
}
