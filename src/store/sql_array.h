/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-dimensional arrays in PostgreSQL's binary form, built element by element: the columns that
 * set-based statements unnest. Nothing needs quoting, whatever the elements contain.
 */
#pragma once

#include "base/uuid.h"
#include "model/digest.h"

enum sql_element { /* object identifiers of pg_type */
	SQL_BOOLS = 16,
	SQL_BYTEAS = 17,
	SQL_INTS = 20, /* bigint */
	SQL_TEXTS = 25,
	SQL_UUIDS = 2950,
};

struct sql_array {
	enum sql_element element;
	size_t n;
	bool has_null;
	struct su_buf elements;
};

struct sql_array sql_array_of(enum sql_element element); /* empty; release with sql_array_free */
void sql_array_free(struct sql_array *array);

void sql_array_add_null(struct sql_array *array);
void sql_array_add_bool(struct sql_array *array, bool value);
void sql_array_add_int(struct sql_array *array, int64_t value);
void sql_array_add_text(struct sql_array *array, const char *text); /* NULL: null */
void sql_array_add_bytes(struct sql_array *array, struct su_span bytes);
void sql_array_add_uuid(struct sql_array *array, struct su_uuid id);
void sql_array_add_digest(
	struct sql_array *array, const struct digest *digest); /* as text; unset: null */
void sql_array_add_time(struct sql_array *array, int64_t ms);  /* 0: null */

void sql_array_add_uint_if(
	struct sql_array *array, bool given, uint64_t value); /* at most 2^63 - 1 */
void sql_array_add_uuid_if(struct sql_array *array, const struct su_uuid *id); /* NULL: null */
/* "{...}" for a list per row, which SQL casts to uuid[]: arrays of arrays do not unnest by rows. */
void sql_array_add_uuid_list(struct sql_array *array, const struct su_uuid *ids, size_t n);

/* Appends the wire form. */
void sql_array_encode(const struct sql_array *array, struct su_buf *out);
/* Elements of fixed size 16 out of the wire form; false when it is not a flat uuid[] without nulls. */
bool sql_array_decode_uuids(
	struct su_span wire, struct su_uuid *out, size_t capacity, size_t *n_out);

/* Arrays of equal length side by side, filled row by row: sql_array_add_int(sql_table_next(t), 1). */
#define SQL_TABLE_MAX_COLUMNS 40
struct sql_table {
	size_t n_columns, next;
	struct sql_array columns[SQL_TABLE_MAX_COLUMNS];
};
struct sql_table sql_table_of(const enum sql_element *elements, size_t n);
#define SQL_TABLE(...)                                                                             \
	sql_table_of((const enum sql_element[]){ __VA_ARGS__ },                                    \
		sizeof((const enum sql_element[]){ __VA_ARGS__ }) / sizeof(enum sql_element))
void sql_table_free(struct sql_table *table);
struct sql_array *sql_table_next(
	struct sql_table *table); /* after the last column the first again */
size_t sql_table_rows(const struct sql_table *table);
