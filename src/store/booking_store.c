/* SPDX-License-Identifier: Apache-2.0 */
/* Booked downloads, read out of deployments. */
#include "store/booking_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

size_t booking_store_list(
	struct txn *txn, struct su_arena *arena, int64_t now_ms, struct stored_booking **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_BOOKING_LIST, sql_int(now_ms));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		struct sql_row row = sql_row_at(rows, i, arena, &txn->error);
		struct stored_booking *booking = &(*out)[i];
		booking->site = sql_read_text(&row);
		booking->has_class = !sql_read_is_null(&row);
		booking->class_id = sql_read_uuid(&row);
		booking->download_ms = sql_read_int(&row);
		booking->transfer_ms = sql_read_int(&row);
	}
	return txn_ok(txn) ? n : 0;
}
