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
void sql_array_clear(struct sql_array *array);

void sql_array_add_null(struct sql_array *array);
void sql_array_add_bool(struct sql_array *array, bool value);
void sql_array_add_int(struct sql_array *array, int64_t value);
void sql_array_add_text(struct sql_array *array, const char *text); /* NULL: null */
void sql_array_add_bytes(struct sql_array *array, struct su_span bytes);
void sql_array_add_uuid(struct sql_array *array, struct su_uuid id);
void sql_array_add_digest(
	struct sql_array *array, const struct digest *digest); /* as text; unset: null */
void sql_array_add_time(struct sql_array *array, int64_t ms);  /* 0: null */

/* Appends the wire form. */
void sql_array_encode(const struct sql_array *array, struct su_buf *out);
/* Elements of fixed size 16 out of the wire form; false when it is not a flat uuid[] without nulls. */
bool sql_array_decode_uuids(
	struct su_span wire, struct su_uuid *out, size_t capacity, size_t *n_out);
