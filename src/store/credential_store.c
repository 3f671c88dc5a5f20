/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of device_credential. */
#include "store/credential_store.h"

#include "base/memory.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

static struct credential read_credential(struct sql_row row)
{
	struct credential credential;
	credential.endpoint = sql_read_text(&row);
	credential.psk_sealed = sql_read_bytes(&row);
	credential.token_hash = sql_read_bytes(&row);
	return credential;
}

void credential_store_put(struct txn *txn, const struct credential *credential,
	const char *created_by, int64_t now_ms)
{
	txn_execute(txn, STATEMENT_CREDENTIAL_PUT, sql_text(credential->endpoint),
		sql_bytes_or_null(credential->psk_sealed),
		sql_bytes_or_null(credential->token_hash), sql_int(now_ms), sql_text(created_by));
	notify_send(txn, NOTIFY_CREDENTIAL, credential->endpoint);
}

bool credential_store_get(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct credential *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_CREDENTIAL_GET, sql_text(endpoint));
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_credential(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

void credential_store_present(
	struct txn *txn, const char *const *endpoints, size_t n, bool *present_out)
{
	struct sql_array names su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	for (size_t i = 0; i < n; i++) {
		sql_array_add_text(&names, endpoints[i]);
		present_out[i] = false;
	}
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_CREDENTIAL_PRESENT, sql_list(&names));
	for (size_t i = 0; i < sql_rows_count(rows); i++) {
		struct sql_row row = sql_row_at(rows, i, NULL, &txn->error);
		const size_t at = (size_t)sql_read_uint(&row);
		if (at < n)
			present_out[at] = true;
	}
}

size_t credential_store_list(struct txn *txn, struct su_arena *arena, const char *after,
	size_t limit, struct credential **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query(
		txn, STATEMENT_CREDENTIAL_LIST, sql_text(after ? after : ""), sql_uint(limit));
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_credential(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}

void credential_store_delete(struct txn *txn, const char *endpoint)
{
	txn_execute(txn, STATEMENT_CREDENTIAL_DELETE, sql_text(endpoint));
	notify_send(txn, NOTIFY_CREDENTIAL, endpoint);
}
