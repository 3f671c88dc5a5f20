/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of estimate; real numbers travel as text, with all their digits. */
#include "store/estimate_store.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"
#include "store/txn_query.h"

static double read_real(struct sql_row *row)
{
	const char *text = sql_read_text(row);
	return text ? strtod(text, NULL) : 0;
}

struct estimate estimate_store_get(struct txn *txn, struct su_uuid class_id)
{
	struct estimate estimate = { 0 };
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_ESTIMATE_GET, sql_uuid(class_id));
	if (sql_rows_count(rows) == 0)
		return estimate;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	estimate.n_transfers = sql_read_uint(&row);
	estimate.n_installs = sql_read_uint(&row);
	estimate.mean_log_rate = read_real(&row);
	estimate.m2_log_rate = read_real(&row);
	estimate.mean_log_install = read_real(&row);
	estimate.m2_log_install = read_real(&row);
	return estimate;
}

void estimate_store_put(struct txn *txn, struct su_uuid class_id, const struct estimate *e)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	txn_execute(txn, STATEMENT_ESTIMATE_PUT, sql_uuid(class_id), sql_uint(e->n_transfers),
		sql_uint(e->n_installs),
		sql_text(su_arena_printf(arena, "%.17g", e->mean_log_rate)),
		sql_text(su_arena_printf(arena, "%.17g", e->m2_log_rate)),
		sql_text(su_arena_printf(arena, "%.17g", e->mean_log_install)),
		sql_text(su_arena_printf(arena, "%.17g", e->m2_log_install)));
}
