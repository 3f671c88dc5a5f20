/* SPDX-License-Identifier: Apache-2.0 */
/* Applies the embedded migrations that a database has not seen yet, one transaction each. */
#include "store/migrate.h"

#include <stddef.h>

#include "base/memory.h"
#include "store/pg_session.h"

static const struct migration {
	unsigned version;
	const char *name;
	const char *script;
} migrations[] = {
#define MIGRATION(version_, name_, script_)                                                        \
	{ .version = (version_), .name = (name_), .script = (script_) },
#include "store/migrations.inc"
#undef MIGRATION
};
#define N_MIGRATIONS (sizeof(migrations) / sizeof(migrations[0]))

static enum su_status run(
	struct pg_session *session, enum statement statement, struct su_error *err)
{
	return pg_session_run(session, statement, NULL, NULL, err);
}

/* The lock is the session's: it goes with the connection, however that ends. */
static enum su_status prepare_ground(struct pg_session *session, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct sql_arg no_limit[] = { sql_text("0"), sql_text("0") };
	struct sql_wire wire;
	SU_TRY(sql_args_encode(no_limit, 2, arena, &wire, err));
	SU_TRY(pg_session_run(session, STATEMENT_CONNECTION_SETTINGS, &wire, NULL, err));
	pg_session_wait_long(session);
	SU_TRY(run(session, STATEMENT_MIGRATION_LOCK, err));
	return run(session, STATEMENT_MIGRATION_TABLE, err);
}

static enum su_status read_version(
	struct pg_session *session, int64_t *version_out, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct pg_result *rows su_auto(sql_rows_free) = NULL;
	SU_TRY(pg_session_run(session, STATEMENT_MIGRATION_APPLIED, NULL, &rows, err));
	struct sql_row row = sql_row_at(rows, 0, arena, err);
	*version_out = sql_read_int(&row);
	return SU_OK;
}

static enum su_status record(
	struct pg_session *session, const struct migration *migration, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct sql_arg args[] = { sql_uint(migration->version), sql_text(migration->name) };
	struct sql_wire wire;
	SU_TRY(sql_args_encode(args, 2, arena, &wire, err));
	return pg_session_run(session, STATEMENT_MIGRATION_RECORD, &wire, NULL, err);
}

static enum su_status apply(
	struct pg_session *session, const struct migration *migration, struct su_error *err)
{
	SU_TRY(run(session, STATEMENT_BEGIN, err));
	enum su_status status = pg_session_run_script(session, migration->script, err);
	if (status == SU_OK)
		status = record(session, migration, err);
	if (status == SU_OK)
		status = run(session, STATEMENT_COMMIT, err);
	if (status != SU_OK)
		su_error_prefix(err, "migration %04u_%s", migration->version, migration->name);
	return status; /* closing the session rolls back */
}

enum su_status migrate_run(const char *conninfo, unsigned *applied_out, struct su_error *err)
{
	struct pg_session *session su_auto(pg_session_close) = NULL;
	int64_t version;
	*applied_out = 0;
	SU_TRY(pg_session_open(conninfo, &session, err));
	SU_TRY(prepare_ground(session, err));
	SU_TRY(read_version(session, &version, err));
	if (version > (int64_t)N_MIGRATIONS)
		return su_fail(err, SU_CONFLICT, "",
			"the database has schema version %lld, this program knows %zu",
			(long long)version, N_MIGRATIONS);
	for (size_t i = (size_t)version; i < N_MIGRATIONS; i++) {
		SU_TRY(apply(session, &migrations[i], err));
		(*applied_out)++;
	}
	return SU_OK;
}
