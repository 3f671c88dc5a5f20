/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens of the management interface. */
#pragma once

#include "base/arena.h"
#include "model/token.h"
#include "store/txn.h"

/* SU_CONFLICT in txn when the name is taken. */
void token_store_insert(
	struct txn *txn, const struct token *token, struct su_span hash, const char *created_by);
/* By the hash of the presented secret; revoked and expired ones as well: the caller judges. */
bool token_store_find(
	struct txn *txn, struct su_arena *arena, struct su_span hash, struct token *out);
void token_store_revoke(struct txn *txn, struct su_uuid id, int64_t now_ms); /* SU_NOT_FOUND */
size_t token_store_list(struct txn *txn, struct su_arena *arena, struct token **out);
