/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of audit: written once, never changed. */
#include "store/audit_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

void audit_store_append(struct txn *txn, const struct audit_entry *entry)
{
	txn_execute(txn, STATEMENT_AUDIT_APPEND, sql_int(entry->at_ms), sql_text(entry->actor),
		sql_text(entry->action), sql_text(entry->subject), sql_text(entry->detail_json));
}

static struct audit_entry read_entry(struct sql_row row)
{
	struct audit_entry entry;
	entry.id = sql_read_int(&row);
	entry.at_ms = sql_read_int(&row);
	entry.actor = sql_read_text(&row);
	entry.action = sql_read_text(&row);
	entry.subject = sql_read_text(&row);
	entry.detail_json = sql_read_text(&row);
	return entry;
}

size_t audit_store_list(struct txn *txn, struct su_arena *arena, int64_t before, size_t limit,
	struct audit_entry **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_AUDIT_LIST,
		sql_int(before > 0 ? before : INT64_MAX), sql_uint(limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_entry(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}
