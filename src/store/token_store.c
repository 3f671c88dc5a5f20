/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of api_token. */
#include "store/token_store.h"

#include "base/memory.h"
#include "store/notify_send.h"
#include "store/txn_query.h"

static struct token read_token(struct sql_row row)
{
	struct token token;
	token.id = sql_read_uuid(&row);
	token.name = sql_read_text(&row);
	token.role = (enum role)sql_read_name(&row, role_names, "a role");
	token.created_at_ms = sql_read_int(&row);
	token.expires_at_ms = sql_read_int(&row);
	token.revoked_at_ms = sql_read_int(&row);
	return token;
}

void token_store_insert(
	struct txn *txn, const struct token *token, struct su_span hash, const char *created_by)
{
	txn_execute(txn, STATEMENT_TOKEN_INSERT, sql_uuid(token->id), sql_text(token->name),
		sql_text(name_of(role_names, (int)token->role)), sql_bytes(hash),
		sql_int(token->created_at_ms), sql_text(created_by),
		sql_time(token->expires_at_ms));
	notify_send(txn, NOTIFY_TOKEN, "");
}

bool token_store_find(
	struct txn *txn, struct su_arena *arena, struct su_span hash, struct token *out)
{
	struct pg_result *rows su_auto(sql_rows_free) =
		txn_query(txn, STATEMENT_TOKEN_FIND, sql_bytes(hash));
	if (sql_rows_count(rows) == 0)
		return false;
	*out = read_token(sql_row_at(rows, 0, arena, &txn->error));
	return txn_ok(txn);
}

void token_store_revoke(struct txn *txn, struct su_uuid id, int64_t now_ms)
{
	if (txn_execute(txn, STATEMENT_TOKEN_REVOKE, sql_uuid(id), sql_int(now_ms)) == 0)
		txn_fail(txn, SU_NOT_FOUND, "", "there is no such token");
	notify_send(txn, NOTIFY_TOKEN, "");
}

size_t token_store_list(struct txn *txn, struct su_arena *arena, struct token **out)
{
	struct pg_result *rows su_auto(sql_rows_free) = txn_query_all(txn, STATEMENT_TOKEN_LIST);
	size_t n = sql_rows_count(rows);
	*out = su_arena_array(arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		(*out)[i] = read_token(sql_row_at(rows, i, arena, &txn->error));
	return txn_ok(txn) ? n : 0;
}
