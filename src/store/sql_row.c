/* SPDX-License-Identifier: Apache-2.0 */
/* Binary results of libpq as values. A column of another width than expected is our own mistake. */
#include "store/sql_row.h"

#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql_array.h"

void sql_rows_free(struct pg_result **rows)
{
	PQclear(*rows);
	*rows = NULL;
}

size_t sql_rows_count(const struct pg_result *rows)
{
	return rows ? (size_t)PQntuples(rows) : 0;
}

size_t sql_rows_affected(const struct pg_result *rows)
{
	/* libpq takes it without const, and does not change it. */
	return rows ? strtoull(PQcmdTuples((PGresult *)rows), NULL, 10) : 0;
}

struct sql_row sql_row_at(
	const struct pg_result *rows, size_t row, struct su_arena *arena, struct su_error *err)
{
	return (struct sql_row){ .rows = rows, .row = (int)row, .arena = arena, .err = err };
}

static void note_fault(struct sql_row *row, const char *what)
{
	if (row->err->status == SU_OK)
		su_fail(row->err, SU_BUG, "", "the database holds %s that is not understood", what);
}

/* False: null. */
static bool next(struct sql_row *row, struct su_span *out)
{
	int column = row->column++;
	assert(column < PQnfields(row->rows));
	if (PQgetisnull(row->rows, row->row, column))
		return false;
	*out = su_span_of(PQgetvalue(row->rows, row->row, column),
		(size_t)PQgetlength(row->rows, row->row, column));
	return true;
}

bool sql_read_is_null(const struct sql_row *row)
{
	return PQgetisnull(row->rows, row->row, row->column);
}

void sql_read_skip(struct sql_row *row)
{
	row->column++;
}

int64_t sql_read_int(struct sql_row *row)
{
	struct su_span wire;
	uint64_t value;
	if (!next(row, &wire))
		return 0;
	assert(wire.len == sizeof(value));
	memcpy(&value, wire.data, sizeof(value));
	return (int64_t)be64toh(value);
}

uint64_t sql_read_uint(struct sql_row *row)
{
	int64_t value = sql_read_int(row);
	if (value < 0)
		note_fault(row, "a negative number");
	return value < 0 ? 0 : (uint64_t)value;
}

bool sql_read_uint_if(struct sql_row *row, uint64_t *out)
{
	bool given = !sql_read_is_null(row);
	*out = sql_read_uint(row);
	return given;
}

bool sql_read_bool(struct sql_row *row)
{
	struct su_span wire;
	if (!next(row, &wire))
		return false;
	assert(wire.len == 1);
	return wire.data[0] != 0;
}

const char *sql_read_text(struct sql_row *row)
{
	struct su_span wire;
	return next(row, &wire) ? su_arena_strndup(row->arena, wire.data, wire.len) : NULL;
}

struct su_span sql_read_bytes(struct sql_row *row)
{
	struct su_span wire;
	return next(row, &wire) ? su_arena_copy(row->arena, wire) : SU_SPAN_EMPTY;
}

struct su_uuid sql_read_uuid(struct sql_row *row)
{
	struct su_uuid id = { 0 };
	struct su_span wire;
	if (!next(row, &wire))
		return id;
	assert(wire.len == sizeof(id.bytes));
	memcpy(id.bytes, wire.data, sizeof(id.bytes));
	return id;
}

const struct su_uuid *sql_read_uuids(struct sql_row *row, size_t *n_out)
{
	struct su_span wire;
	*n_out = 0;
	if (!next(row, &wire))
		return NULL;
	size_t capacity = wire.len / sizeof(struct su_uuid);
	struct su_uuid *ids = su_arena_array(row->arena, capacity + 1, sizeof(*ids));
	if (!sql_array_decode_uuids(wire, ids, capacity, n_out))
		note_fault(row, "a list of identifiers");
	return ids;
}

struct digest sql_read_digest(struct sql_row *row)
{
	struct digest digest = { 0 };
	struct su_span wire;
	char text[DIGEST_TEXT_SIZE] = "";
	if (!next(row, &wire))
		return digest;
	if (wire.len < sizeof(text))
		memcpy(text, wire.data, wire.len);
	if (digest_parse(text, &digest, NULL) != SU_OK)
		note_fault(row, "a digest");
	return digest;
}

int sql_read_name(struct sql_row *row, const struct name_row *table, const char *what)
{
	int value = 0;
	const char *text = sql_read_text(row);
	if (!text || name_parse(table, what, text, &value, NULL) != SU_OK)
		note_fault(row, what);
	return value;
}
