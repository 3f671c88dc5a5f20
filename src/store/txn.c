/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions with a sticky error, and the fine distinction of what a lost connection means. */
#include "store/txn.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/counter_deltas.h"
#include "store/pg_session.h"
#include "store/txn_query.h"

#define ATTEMPTS 4

static enum su_status run_plain(
	struct store_conn *conn, enum statement statement, struct su_error *err)
{
	return pg_session_run(store_conn_session(conn), statement, NULL, NULL, err);
}

struct txn txn_begin(struct store_conn *conn)
{
	struct txn txn = { .conn = conn };
	counter_deltas_clear(store_conn_deltas(conn));
	/* An idle connection may have died long ago: the second attempt has a fresh one. */
	for (int attempt = 0; attempt < 2; attempt++) {
		txn.error = (struct su_error){ 0 };
		if (store_conn_ready(conn, &txn.error) != SU_OK)
			break;
		if (run_plain(conn, STATEMENT_BEGIN, &txn.error) == SU_OK)
			break;
		store_conn_drop(conn);
	}
	return txn;
}

bool txn_ok(const struct txn *txn)
{
	return txn->error.status == SU_OK;
}

void txn_fail(struct txn *txn, enum su_status status, const char *field, const char *fmt, ...)
{
	char text[sizeof(txn->error.text)];
	va_list args;
	if (!txn_ok(txn))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	su_fail(&txn->error, status, field, "%s", text);
}

struct pg_result *txn_run(
	struct txn *txn, enum statement statement, const struct sql_arg *args, size_t n_args)
{
	struct su_arena *arena su_auto(su_arena_free) = NULL;
	struct pg_result *rows = NULL;
	struct sql_wire wire;
	if (!txn_ok(txn))
		return NULL;
	arena = su_arena_new();
	if (sql_args_encode(args, n_args, arena, &wire, &txn->error) != SU_OK)
		return NULL;
	if (pg_session_run(store_conn_session(txn->conn), statement, &wire, &rows, &txn->error) !=
		SU_OK)
		return NULL;
	return rows;
}

struct pg_result *txn_run_where(struct txn *txn, enum statement statement, const char *condition,
	const struct sql_arg *args, size_t n_args)
{
	struct su_arena *arena su_auto(su_arena_free) = NULL;
	struct pg_result *rows = NULL;
	struct sql_wire wire;
	if (!txn_ok(txn))
		return NULL;
	arena = su_arena_new();
	const char *text = statement_text(statement);
	const char *hole = strstr(text, SQL_CONDITION);
	if (!hole) {
		txn_fail(txn, SU_BUG, "", "statement %s takes no condition",
			statement_name(statement));
		return NULL;
	}
	const char *filled = su_arena_printf(arena, "%.*s(%s)%s", (int)(hole - text), text,
		condition, hole + strlen(SQL_CONDITION));
	if (sql_args_encode(args, n_args, arena, &wire, &txn->error) != SU_OK)
		return NULL;
	if (pg_session_run_text(store_conn_session(txn->conn), filled, &wire, &rows, &txn->error) !=
		SU_OK)
		return NULL;
	return rows;
}

size_t txn_change(
	struct txn *txn, enum statement statement, const struct sql_arg *args, size_t n_args)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_run(txn, statement, args, n_args);
	return sql_rows_affected(rows);
}

struct pg_result *txn_run_table(
	struct txn *txn, enum statement statement, const struct sql_table *table)
{
	struct sql_arg args[SQL_TABLE_MAX_COLUMNS];
	if (sql_table_rows(table) == 0)
		return NULL;
	for (size_t i = 0; i < table->n_columns; i++)
		args[i] = sql_list(&table->columns[i]);
	return txn_run(txn, statement, args, table->n_columns);
}

void txn_change_table(struct txn *txn, enum statement statement, const struct sql_table *table)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_run_table(txn, statement, table);
}

void txn_count(struct txn *txn, const char *prefix, const char *suffix, int64_t change)
{
	if (txn_ok(txn))
		counter_deltas_add(store_conn_deltas(txn->conn), prefix, suffix, change);
}

static void write_counters(struct txn *txn)
{
	struct sql_table counters su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	counter_deltas_list(store_conn_deltas(txn->conn), &counters);
	txn_change_table(txn, STATEMENT_COUNTER_ADD, &counters);
}

enum su_status txn_commit(struct txn *txn, struct su_error *err)
{
	struct store_conn *conn = txn->conn;
	if (conn && txn_ok(txn))
		write_counters(txn);
	if (!conn || !txn_ok(txn)) {
		txn_rollback(txn);
		return su_fail(err, txn->error.status, txn->error.field, "%s", txn->error.text);
	}
	txn->conn = NULL;
	enum su_status status = run_plain(conn, STATEMENT_COMMIT, &txn->error);
	if (status == SU_OK)
		return SU_OK;
	if (pg_session_lost(store_conn_session(conn))) {
		store_conn_drop(conn);
		su_fail(&txn->error, SU_UNCERTAIN, "",
			"the connection to the database broke during a commit");
	}
	return su_fail(err, txn->error.status, txn->error.field, "%s", txn->error.text);
}

void txn_rollback(struct txn *txn)
{
	struct store_conn *conn = txn->conn;
	txn->conn = NULL;
	if (!conn || !store_conn_session(conn))
		return;
	/* Where even that fails, closing the connection rolls back. */
	if (pg_session_lost(store_conn_session(conn)) ||
		run_plain(conn, STATEMENT_ROLLBACK, NULL) != SU_OK)
		store_conn_drop(conn);
}

enum su_status txn_retry(struct store_conn *conn, txn_body_fn body, void *arg, struct su_error *err)
{
	enum su_status status = SU_RETRY;
	for (int attempt = 0; attempt < ATTEMPTS && status == SU_RETRY; attempt++) {
		/* A database that is away would only make the caller wait longer for the same answer. */
		SU_TRY(store_conn_ready(conn, err));
		struct txn txn = txn_begin(conn);
		if (txn_ok(&txn))
			body(&txn, arg);
		status = txn_commit(&txn, err);
	}
	return status;
}
