/* SPDX-License-Identifier: Apache-2.0 */
/* libpq's pipeline mode under a transaction; what fails first is what the transaction fails with. */
#include "store/txn_pipe.h"

#include <assert.h>

#include "base/memory.h"
#include "store/counter_deltas.h"
#include "store/pg_session.h"

void txn_pipe_begin(struct txn_pipe *pipe, struct txn *txn, struct store_conn *conn)
{
	*pipe = (struct txn_pipe){ .txn = txn };
	*txn = (struct txn){ .conn = conn };
	counter_deltas_clear(store_conn_deltas(conn));
	if (store_conn_ready(conn, &txn->error) == SU_OK)
		txn->error = (struct su_error){ 0 };
	txn_pipe_send(pipe, STATEMENT_BEGIN, NULL, 0);
}

size_t txn_pipe_send(
	struct txn_pipe *pipe, enum statement statement, const struct sql_arg *args, size_t n_args)
{
	struct txn *txn = pipe->txn;
	struct sql_wire wire;
	if (!txn_ok(txn))
		return TXN_PIPE_NONE;
	assert(pipe->n < TXN_PIPE_MAX);
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	if (sql_args_encode(args, n_args, arena, &wire, &txn->error) != SU_OK ||
		pg_session_send(store_conn_session(txn->conn), statement, &wire, &txn->error) !=
			SU_OK)
		return TXN_PIPE_NONE;
	return pipe->n++;
}

size_t txn_pipe_send_table(
	struct txn_pipe *pipe, enum statement statement, const struct sql_table *table)
{
	struct sql_arg args[SQL_TABLE_MAX_COLUMNS];
	if (sql_table_rows(table) == 0)
		return TXN_PIPE_NONE;
	for (size_t i = 0; i < table->n_columns; i++)
		args[i] = sql_list(&table->columns[i]);
	return txn_pipe_send(pipe, statement, args, table->n_columns);
}

size_t txn_pipe_send_row(
	struct txn_pipe *pipe, enum statement statement, const struct sql_table *table)
{
	struct sql_arg args[SQL_TABLE_MAX_COLUMNS];
	for (size_t i = 0; i < table->n_columns; i++)
		args[i] = sql_only(&table->columns[i]);
	return txn_pipe_send(pipe, statement, args, table->n_columns);
}

static void forget_results(struct txn_pipe *pipe)
{
	for (size_t i = 0; i < TXN_PIPE_MAX; i++)
		sql_rows_free(&pipe->results[i]);
}

/* Also after a fault: what was sent before it is to be read. */
void txn_pipe_collect(struct txn_pipe *pipe)
{
	struct txn *txn = pipe->txn;
	struct su_error error;
	struct pg_session *session = txn->conn ? store_conn_session(txn->conn) : NULL;
	size_t n = pipe->n;
	pipe->n = 0;
	forget_results(pipe);
	if (!session || n == 0 || pg_session_lost(session))
		return;
	if (pg_session_collect(session, n, pipe->results, &error) != SU_OK && txn_ok(txn))
		txn->error = error;
}

const struct pg_result *txn_pipe_result(const struct txn_pipe *pipe, size_t index)
{
	return txn_ok(pipe->txn) && index < TXN_PIPE_MAX ? pipe->results[index] : NULL;
}

static void send_counters(struct txn_pipe *pipe)
{
	struct sql_table counters su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	if (!txn_ok(pipe->txn))
		return;
	counter_deltas_list(store_conn_deltas(pipe->txn->conn), &counters);
	txn_pipe_send_table(pipe, STATEMENT_COUNTER_ADD, &counters);
}

enum su_status txn_pipe_commit(struct txn_pipe *pipe, struct su_error *err)
{
	struct txn *txn = pipe->txn;
	struct store_conn *conn = txn->conn;
	send_counters(pipe);
	txn_pipe_send(pipe, STATEMENT_COMMIT, NULL, 0);
	bool is_sent = txn_ok(txn);
	txn_pipe_collect(pipe);
	forget_results(pipe);
	if (txn_ok(txn)) {
		txn->conn = NULL;
		return SU_OK;
	}
	if (is_sent && pg_session_lost(store_conn_session(conn)))
		su_fail(&txn->error, SU_UNCERTAIN, "",
			"the connection to the database broke during a commit");
	txn_rollback(txn);
	return su_fail(err, txn->error.status, txn->error.field, "%s", txn->error.text);
}

void txn_pipe_rollback(struct txn_pipe *pipe)
{
	txn_pipe_collect(pipe);
	forget_results(pipe);
	txn_rollback(pipe->txn);
}
