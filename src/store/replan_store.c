/* SPDX-License-Identifier: Apache-2.0 */
/* The row of replan_job, of which there is one at most, and the deployments of a page. */
#include "store/replan_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

void replan_store_start(struct txn *txn, int64_t policy_version)
{
	txn_execute(txn, STATEMENT_REPLAN_START, sql_int(policy_version));
}

int64_t replan_store_newest_change(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_REPLAN_NEWEST_CHANGE);
	if (sql_rows_count(rows) == 0)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_int(&row);
}

static bool claim(struct txn *txn, int64_t *after_device_out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query_all(txn, STATEMENT_REPLAN_CLAIM);
	if (sql_rows_count(rows) == 0)
		return false;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	*after_device_out = sql_read_int(&row);
	return txn_ok(txn);
}

/* How many there were; fewer than the limit: no more. */
static size_t mark(struct txn *txn, const struct replan_page *page, int64_t *after_device)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_REPLAN_PAGE, sql_int(*after_device), sql_int(page->now_ms),
			sql_int(page->spread_ms), sql_uint(page->limit));
	if (sql_rows_count(rows) == 0)
		return 0;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	size_t n = (size_t)sql_read_uint(&row);
	*after_device = sql_read_int(&row);
	return n;
}

bool replan_store_page(struct txn *txn, const struct replan_page *page)
{
	int64_t after_device;
	if (!claim(txn, &after_device))
		return false;
	if (mark(txn, page, &after_device) < page->limit)
		(void)txn_change(txn, STATEMENT_REPLAN_END, NULL, 0);
	else
		txn_execute(txn, STATEMENT_REPLAN_ADVANCE, sql_int(after_device));
	return txn_ok(txn);
}
