/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over the deployments of one release. */
#include "store/release_plan_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

static void read_group(struct sql_row *row, struct release_plan_group *group)
{
	group->state = (enum deployment_state)sql_read_name(
		row, deployment_state_names, "a deployment state");
	group->mode = (enum update_mode)sql_read_name(row, update_mode_names, "an update mode");
	group->urgency = (enum urgency)sql_read_name(row, urgency_names, "a class of urgency");
	group->n = sql_read_uint(row);
	group->n_late = sql_read_uint(row);
	group->n_untimed = sql_read_uint(row);
	group->due_ms = sql_read_int(row);
	group->changed_ms = sql_read_int(row);
	group->begin_ms = sql_read_int(row);
	group->install_ms = sql_read_int(row);
}

size_t release_plan_store_groups(struct txn *txn, struct su_arena *arena,
	const struct digest *release, int64_t now_ms, struct release_plan_group **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_PLAN_GROUPS, sql_digest(release), sql_int(now_ms));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		read_group(&row, &(*out)[i]);
	}
	return txn_ok(txn) ? n : 0;
}

bool release_plan_store_is_under_way(struct txn *txn, const struct digest *release)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_PLAN_IS_UNDER_WAY, sql_digest(release));
	if (sql_rows_count(rows) == 0)
		return false;
	struct sql_row row = sql_row_at(rows, 0, NULL, &txn->error);
	return sql_read_bool(&row);
}

size_t release_plan_store_spans(struct txn *txn, struct su_arena *arena,
	const struct release_plan_range *range, struct release_plan_span **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_RELEASE_PLAN_STARTS, sql_digest(range->release),
			sql_int(range->now_ms), sql_int(range->width_ms));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		struct release_plan_span *span = &(*out)[i];
		span->begin_ms = sql_read_int(&row);
		span->n_downloads = sql_read_uint(&row);
		span->n_installs = sql_read_uint(&row);
	}
	return txn_ok(txn) ? n : 0;
}
