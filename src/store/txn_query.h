/* SPDX-License-Identifier: Apache-2.0 */
/* Statements inside a transaction, for the stores; nothing outside of store/ includes this. */
#pragma once

#include "store/sql_args.h"
#include "store/sql_row.h"
#include "store/statement.h"
#include "store/txn.h"

/* NULL when this or an earlier step failed; release with sql_rows_free. */
struct pg_result *txn_run(struct txn *txn, enum statement statement, const struct sql_arg *args,
	size_t n_args) SU_MUST_CHECK;
/*
 * A statement with the hole SQL_CONDITION, into which condition goes: SQL that our own code put
 * together, whose values are all among args. The one statement that is text built at run time.
 */
#define SQL_CONDITION "(TRUE)"
struct pg_result *txn_run_where(struct txn *txn, enum statement statement, const char *condition,
	const struct sql_arg *args, size_t n_args) SU_MUST_CHECK;
/* txn_run without rows; returns how many rows were inserted, changed or deleted. */
size_t txn_change(
	struct txn *txn, enum statement statement, const struct sql_arg *args, size_t n_args);
/* Each column of the table is an argument; without rows nothing is done. */
struct pg_result *txn_run_table(
	struct txn *txn, enum statement statement, const struct sql_table *table) SU_MUST_CHECK;
void txn_change_table(struct txn *txn, enum statement statement, const struct sql_table *table);
/* Adds to a counter; written at commit. */
void txn_count(struct txn *txn, const char *prefix, const char *suffix, int64_t change);

#define TXN_ARGS_(...)                                                                             \
	(const struct sql_arg[]){ __VA_ARGS__ },                                                   \
		sizeof((const struct sql_arg[]){ __VA_ARGS__ }) / sizeof(struct sql_arg)

/* txn_query(txn, STATEMENT_TOKEN_FIND, sql_bytes(hash)) */
#define txn_query(txn_, statement_, ...)   txn_run((txn_), (statement_), TXN_ARGS_(__VA_ARGS__))
#define txn_execute(txn_, statement_, ...) txn_change((txn_), (statement_), TXN_ARGS_(__VA_ARGS__))
#define txn_query_all(txn_, statement_)    txn_run((txn_), (statement_), NULL, 0)
