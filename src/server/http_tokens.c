/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/tokens: bearer tokens of the management interface. */
#include "server/auth.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_values.h"
#include "server/http_views.h"
#include "store/token_store.h"

#define MAX_NAME_BYTES 100

static enum su_status read_token(struct http_call *call, struct token *out, struct su_error *err)
{
	struct http_json_reader reader = http_json_reader_of(call->json);
	int role = 0;
	*out = (struct token){
		.id = su_uuid_v7(call->now_ms),
		.name = http_json_need_text(&reader, "name", MAX_NAME_BYTES),
		.created_at_ms = call->now_ms,
	};
	const char *role_text = http_json_need_text(&reader, "role", MAX_NAME_BYTES);
	out->expires_at_ms = http_json_read_time(&reader, "expires_at");
	SU_TRY(http_json_end(&reader, err));
	SU_TRY(name_parse(role_names, "role", role_text, &role, err));
	out->role = (enum role)role;
	if (out->expires_at_ms && out->expires_at_ms <= call->now_ms)
		return su_fail(err, SU_INVALID, "expires_at", "expires_at must be in the future");
	return SU_OK;
}

enum su_status http_tokens_create(struct http_call *call, struct su_error *err)
{
	struct token token;
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	SU_TRY(read_token(call, &token, err));
	const char *secret = credential_new_secret(call->arena, AUTH_TOKEN_PREFIX);
	credential_hash_secret(secret, hash);

	struct txn txn = txn_begin(call->conn);
	token_store_insert(&txn, &token, su_span_of(hash, sizeof(hash)), call->actor->name);
	http_value_audit(call, &txn, "token.create", token.name, NULL);
	SU_TRY(txn_commit(&txn, err));

	json_t *view = http_view_token(&token);
	http_json_put_text(view, "token", secret);
	http_reply_json_take(call, 201, view);
	return SU_OK;
}

enum su_status http_tokens_list(struct http_call *call, struct su_error *err)
{
	struct token *tokens;
	struct txn txn = txn_begin(call->conn);
	size_t n = token_store_list(&txn, call->arena, &tokens);
	SU_TRY(txn_commit(&txn, err));
	json_t *items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, http_view_token(&tokens[i]));
	http_reply_json_take(call, 200, http_json_page_take(items, NULL));
	return SU_OK;
}

enum su_status http_tokens_revoke(struct http_call *call, struct su_error *err)
{
	struct su_uuid id;
	SU_TRY(http_value_uuid(call, &id, err));
	struct txn txn = txn_begin(call->conn);
	token_store_revoke(&txn, id, call->now_ms);
	http_value_audit(call, &txn, "token.revoke", call->values[0], NULL);
	SU_TRY(txn_commit(&txn, err));
	call->tokens_changed = true;
	http_reply_empty(call, 204);
	return SU_OK;
}
