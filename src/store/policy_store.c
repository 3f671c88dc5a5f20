/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of policy_document. */
#include "store/policy_store.h"

#include "base/memory.h"
#include "store/notify_send.h"
#include "store/replan_store.h"
#include "store/txn_query.h"

static struct policy_record read_record(struct sql_row row)
{
	struct policy_record record;
	record.version = sql_read_int(&row);
	record.text = sql_read_text(&row);
	record.saved_by = sql_read_text(&row);
	record.saved_at_ms = sql_read_int(&row);
	return record;
}

static bool read_one(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct policy_record *out)
{
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_record(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

bool policy_store_current(struct txn *txn, struct su_arena *arena, struct policy_record *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_POLICY_GET_CURRENT);
	return read_one(txn, arena, rows, out);
}

bool policy_store_get(
	struct txn *txn, struct su_arena *arena, int64_t version, struct policy_record *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_POLICY_GET, sql_int(version));
	return read_one(txn, arena, rows, out);
}

int64_t policy_store_version(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_POLICY_VERSION);
	if (sql_rows_count(rows) == 0)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_int(&row);
}

size_t policy_store_list(struct txn *txn, struct su_arena *arena, int64_t before, size_t limit,
	struct policy_record **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_POLICY_LIST, sql_int(before), sql_int((int64_t)limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_record(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}

void policy_store_insert(struct txn *txn, const struct policy_record *record)
{
	if (txn_execute(txn, STATEMENT_POLICY_INSERT, sql_int(record->version),
		    sql_text(record->text), sql_text(record->saved_by),
		    sql_int(record->saved_at_ms)) == 0)
		txn_fail(txn, SU_STALE, "", "the policy has changed in the meantime");
	replan_store_start(txn, record->version);
	notify_send(txn, NOTIFY_POLICY, "");
}
