/* SPDX-License-Identifier: Apache-2.0 */
/* Typed arguments of a statement, which casts each $n explicitly. Values travel in binary form. */
#pragma once

#include "base/arena.h"
#include "store/sql_array.h"

enum sql_kind {
	SQL_KIND_NULL,
	SQL_KIND_BYTES,   /* text and bytea alike */
	SQL_KIND_WRITTEN, /* any type, in its text form */
	SQL_KIND_INT,     /* bigint */
	SQL_KIND_BOOL,
	SQL_KIND_UUID,
	SQL_KIND_DIGEST,
	SQL_KIND_ARRAY,
	SQL_KIND_UUIDS,
	SQL_KIND_TOO_LARGE, /* an unsigned number that bigint cannot hold */
};

struct sql_arg {
	enum sql_kind kind;
	int64_t num; /* also the number of uuids */
	struct su_span bytes;
	struct su_uuid uuid;
	const struct su_uuid *uuids;
	const struct digest *digest;
	const struct sql_array *array;
};

/* Everything that is pointed to must live until the statement has run. */
struct sql_arg sql_null(void);
struct sql_arg sql_text(const char *text); /* NULL: null */
struct sql_arg sql_bytes(struct su_span bytes);
struct sql_arg sql_written(
	const char *text); /* as PostgreSQL reads a value of the type that $n is cast to */
struct sql_arg sql_bytes_or_null(struct su_span bytes); /* empty: null */
struct sql_arg sql_int(int64_t value);
struct sql_arg sql_uint(uint64_t value);
struct sql_arg sql_int_if(bool given, int64_t value);
struct sql_arg sql_bool(bool value);
struct sql_arg sql_uuid(struct su_uuid id);
struct sql_arg sql_uuids(const struct su_uuid *ids, size_t n);
struct sql_arg sql_time(int64_t ms);                    /* 0: null */
struct sql_arg sql_digest(const struct digest *digest); /* as text; unset: null */
struct sql_arg sql_list(const struct sql_array *array);
struct sql_arg sql_only(const struct sql_array *array); /* the one element that it has */

/* The arrays that libpq's parameter functions take. */
struct sql_wire {
	size_t n;
	const char **values;
	int *lengths, *formats;
};
/* SU_INVALID for a number that bigint cannot hold. */
enum su_status sql_args_encode(const struct sql_arg *args, size_t n, struct su_arena *arena,
	struct sql_wire *out, struct su_error *err) SU_MUST_CHECK;
