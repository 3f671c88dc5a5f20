/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of counter, read; txn_count writes them. */
#include "store/counter_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

size_t counter_store_list(struct txn *txn, struct su_arena *arena, struct counter **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query_all(txn, STATEMENT_COUNTER_LIST);
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].name = sql_read_text(&row);
		(*out)[i].value = sql_read_int(&row);
	}
	return txn_ok(txn) ? n : 0;
}
