/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of plan_job, and the devices of a page. */
#include "store/plan_job_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

void plan_job_store_add(struct txn *txn, const struct digest *release, int64_t now_ms)
{
	txn_execute(txn, STATEMENT_PLAN_JOB_ADD, sql_digest(release), sql_int(now_ms));
}

bool plan_job_store_claim(struct txn *txn, struct su_arena *arena, struct plan_job *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_PLAN_JOB_CLAIM);
	if (sql_rows_count(rows) == 0)
		return false;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	out->id = sql_read_int(&row);
	out->release = sql_read_digest(&row);
	out->after_device = sql_read_int(&row);
	return txn_ok(txn);
}

void plan_job_store_advance(struct txn *txn, const struct plan_job *job, int64_t after_device)
{
	txn_execute(txn, STATEMENT_PLAN_JOB_ADVANCE, sql_int(job->id), sql_int(after_device));
}

void plan_job_store_end(struct txn *txn, const struct plan_job *job)
{
	txn_execute(txn, STATEMENT_PLAN_JOB_END, sql_int(job->id));
}

void plan_job_store_heed_growth(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query_all(txn, STATEMENT_PLAN_JOB_IS_GROWING);
	if (sql_rows_count(rows) == 0)
		return;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	if (sql_read_bool(&row))
		(void)txn_change(txn, STATEMENT_PLAN_JOB_LOOK_AT_SIZES, NULL, 0);
}

void plan_job_store_lock(struct txn *txn)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query_all(txn, STATEMENT_PLAN_JOB_LOCK);
}

size_t plan_job_store_page(struct txn *txn, struct su_arena *arena, const struct plan_job *job,
	size_t limit, struct planned_device **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(txn, STATEMENT_PLAN_JOB_PAGE,
		sql_digest(&job->release), sql_int(job->after_device), sql_uint(limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		(*out)[i].id = sql_read_int(&row);
		(*out)[i].endpoint = sql_read_text(&row);
	}
	return txn_ok(txn) ? n : 0;
}
