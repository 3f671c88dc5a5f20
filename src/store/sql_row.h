/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a result, read column after column in the order of the select list. A stored value that
 * makes no sense to us (an unknown word, a broken digest) is recorded in err, first one kept.
 */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "model/digest.h"
#include "model/names.h"

struct pg_result;

void sql_rows_free(struct pg_result **rows);
size_t sql_rows_count(const struct pg_result *rows);    /* NULL: 0 */
size_t sql_rows_affected(const struct pg_result *rows); /* by INSERT, UPDATE or DELETE */

struct sql_row {
	const struct pg_result *rows;
	int row, column;
	struct su_arena *arena;
	struct su_error *err;
};
struct sql_row sql_row_at(
	const struct pg_result *rows, size_t row, struct su_arena *arena, struct su_error *err);

bool sql_read_is_null(const struct sql_row *row); /* of the next column, which stays the next */
void sql_read_skip(struct sql_row *row);
int64_t sql_read_int(struct sql_row *row); /* null: 0 */
uint64_t sql_read_uint(struct sql_row *row);
bool sql_read_uint_if(struct sql_row *row, uint64_t *out); /* false: null */
bool sql_read_bool(struct sql_row *row);
const char *sql_read_text(struct sql_row *row); /* null: NULL */
struct su_span sql_read_bytes(struct sql_row *row);
struct su_uuid sql_read_uuid(struct sql_row *row);
const struct su_uuid *sql_read_uuids(struct sql_row *row, size_t *n_out);
struct digest sql_read_digest(struct sql_row *row); /* from text; null: unset */
int sql_read_name(struct sql_row *row, const struct name_row *table, const char *what);
