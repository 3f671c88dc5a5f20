/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of device_provision. */
#include "store/provision_store.h"

#include "base/memory.h"
#include "store/device_json.h"
#include "store/txn_query.h"

bool provision_store_get(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct provision_record *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_PROVISION_GET, sql_text(endpoint));
	*out = (struct provision_record){ .endpoint = endpoint };
	if (sql_rows_count(rows) == 0)
		return false;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	device_json_read_provision(&row, &out->provision);
	out->changed_at_ms = sql_read_int(&row);
	out->changed_by = sql_read_text(&row);
	return txn_ok(txn);
}

static const char *mode_of(const struct provision *provision)
{
	return provision->has_mode ? name_of(update_mode_names, (int)provision->mode) : NULL;
}

void provision_store_put(struct txn *txn, struct provision_record *record)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct provision *provision = &record->provision;
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_PROVISION_PUT, sql_text(record->endpoint),
			sql_text(device_json_profile(arena, &provision->profile)),
			sql_text(device_json_calendar(arena, provision->calendar)),
			sql_text(mode_of(provision)), sql_text(provision->site),
			sql_int(record->changed_at_ms), sql_text(record->changed_by));
	if (sql_rows_count(rows) == 0)
		return;
	struct sql_row row = sql_row_at(rows, 0, arena, &txn->error);
	provision->row_version = sql_read_int(&row);
}

void provision_store_delete(struct txn *txn, const char *endpoint)
{
	txn_execute(txn, STATEMENT_PROVISION_DELETE, sql_text(endpoint));
}

void provision_store_lock_newcomers(struct txn *txn)
{
	txn_change(txn, STATEMENT_PROVISION_LOCK_NEWCOMERS, NULL, 0);
}
