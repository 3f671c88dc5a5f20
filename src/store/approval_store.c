/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of release_approval. */
#include "store/approval_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

void approval_store_lock(struct txn *txn, const struct digest *release)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_APPROVAL_LOCK, sql_digest(release));
}

void approval_store_insert(
	struct txn *txn, const struct digest *release, const struct approval *approval)
{
	txn_execute(txn, STATEMENT_APPROVAL_INSERT, sql_digest(release),
		sql_text(name_of(approver_names, (int)approval->as)), sql_text(approval->by),
		sql_int(approval->at_ms), sql_text(approval->reason));
}

void approval_store_note(struct txn *txn, const struct digest *release)
{
	txn_execute(txn, STATEMENT_APPROVAL_NOTE, sql_digest(release));
}

static void read_approval(struct sql_row row, struct approvals *lists, size_t n)
{
	size_t at = (size_t)sql_read_uint(&row);
	if (at >= n || lists[at].n == APPROVER_COUNT)
		return;
	struct approval *approval = &lists[at].list[lists[at].n++];
	approval->as = (enum approver)sql_read_name(&row, approver_names, "an approver");
	approval->by = sql_read_text(&row);
	approval->at_ms = sql_read_int(&row);
	approval->reason = sql_read_text(&row);
}

void approval_store_list(struct txn *txn, struct su_arena *arena, const struct release *releases,
	size_t n, struct approvals **out)
{
	struct sql_array digests su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		sql_array_add_digest(&digests, &releases[i].digest);
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_APPROVAL_LIST, sql_list(&digests));
	for (size_t i = 0; i < sql_rows_count(rows); i++)
		read_approval(sql_row_at(rows, i, arena, &txn->error), *out, n);
}
