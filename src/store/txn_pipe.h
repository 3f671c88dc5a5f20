/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of a transaction that are sent without waiting for each other, and are answered together: one
 * round trip for all. For steps of which none needs what another one finds. A pipe ends with a commit
 * or a rollback.
 */
#pragma once

#include "store/txn_query.h"

#define TXN_PIPE_MAX  16
#define TXN_PIPE_NONE SIZE_MAX

struct txn_pipe {
	struct txn *txn;
	size_t n; /* sent and not collected */
	struct pg_result *results[TXN_PIPE_MAX];
};

/* Begins txn; its BEGIN is the first step sent. */
void txn_pipe_begin(struct txn_pipe *pipe, struct txn *txn, struct store_conn *conn);
/* Returns the number of the result, TXN_PIPE_NONE when this or an earlier step failed. */
size_t txn_pipe_send(
	struct txn_pipe *pipe, enum statement statement, const struct sql_arg *args, size_t n_args);
/* Each column of the table is an argument. Without rows nothing is sent: TXN_PIPE_NONE. */
size_t txn_pipe_send_table(
	struct txn_pipe *pipe, enum statement statement, const struct sql_table *table);
/* The table has one row; its values are the arguments. */
size_t txn_pipe_send_row(
	struct txn_pipe *pipe, enum statement statement, const struct sql_table *table);
/* Waits for all that was sent. After it the transaction may go on in any way. */
void txn_pipe_collect(struct txn_pipe *pipe);
/* Until the next collect. NULL for TXN_PIPE_NONE, and when a step failed. */
const struct pg_result *txn_pipe_result(const struct txn_pipe *pipe, size_t index);
/* Sends the counters and COMMIT, too, and waits. As txn_commit. */
enum su_status txn_pipe_commit(struct txn_pipe *pipe, struct su_error *err) SU_MUST_CHECK;
void txn_pipe_rollback(struct txn_pipe *pipe);
