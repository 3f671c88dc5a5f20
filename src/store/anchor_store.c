/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of trust_anchor. */
#include "store/anchor_store.h"

#include "base/memory.h"
#include "store/txn_query.h"

static struct trust_anchor read_anchor(struct sql_row row)
{
	struct trust_anchor anchor;
	anchor.id = sql_read_uuid(&row);
	anchor.name = sql_read_text(&row);
	anchor.purpose =
		(enum anchor_purpose)sql_read_name(&row, anchor_purpose_names, "a purpose");
	anchor.spki = sql_read_bytes(&row);
	anchor.key_type = sql_read_text(&row);
	anchor.thumbprint = sql_read_bytes(&row);
	anchor.vendor_ids = sql_read_uuids(&row, &anchor.n_vendor_ids);
	anchor.class_ids = sql_read_uuids(&row, &anchor.n_class_ids);
	anchor.endpoint = sql_read_text(&row);
	anchor.created_at_ms = sql_read_int(&row);
	anchor.revoked_at_ms = sql_read_int(&row);
	anchor.revocation_reason = sql_read_text(&row);
	return anchor;
}

void anchor_store_insert(struct txn *txn, const struct trust_anchor *anchor, const char *created_by)
{
	txn_execute(txn, STATEMENT_ANCHOR_INSERT, sql_uuid(anchor->id), sql_text(anchor->name),
		sql_text(name_of(anchor_purpose_names, (int)anchor->purpose)),
		sql_bytes(anchor->spki), sql_text(anchor->key_type), sql_bytes(anchor->thumbprint),
		sql_uuids(anchor->vendor_ids, anchor->n_vendor_ids),
		sql_uuids(anchor->class_ids, anchor->n_class_ids), sql_text(anchor->endpoint),
		sql_int(anchor->created_at_ms), sql_text(created_by));
}

bool anchor_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct trust_anchor *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_ANCHOR_GET, sql_uuid(id));
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_anchor(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

static size_t read_all(struct txn *txn, struct su_arena *arena, const struct pg_result *rows,
	struct trust_anchor **out)
{
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_anchor(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}

size_t anchor_store_list(struct txn *txn, struct su_arena *arena, enum anchor_purpose purpose,
	struct trust_anchor **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(
		txn, STATEMENT_ANCHOR_LIST, sql_text(name_of(anchor_purpose_names, (int)purpose)));
	return read_all(txn, arena, rows, out);
}

size_t anchor_store_of_device(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct trust_anchor **out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_ANCHOR_OF_DEVICE, sql_text(endpoint));
	return read_all(txn, arena, rows, out);
}

void anchor_store_revoke(struct txn *txn, struct su_uuid id, const char *reason, int64_t now_ms)
{
	if (txn_execute(txn, STATEMENT_ANCHOR_REVOKE, sql_uuid(id), sql_text(reason),
		    sql_int(now_ms)) == 0)
		txn_fail(txn, SU_NOT_FOUND, "", "there is no such trust anchor");
}
