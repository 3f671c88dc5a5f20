/* SPDX-License-Identifier: Apache-2.0 */
/* How devices prove who they are: a row for each device that has a credential. */
#pragma once

#include "base/arena.h"
#include "store/txn.h"

struct credential {
	const char *endpoint;
	struct su_span psk_sealed; /* see server/credential.h; empty: none */
	struct su_span token_hash; /* empty: none */
};

/* Inserts it, or takes the place of the device's earlier one; every suitd is told. */
void credential_store_put(struct txn *txn, const struct credential *credential,
	const char *created_by, int64_t now_ms);
bool credential_store_get(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct credential *out);
/* Which of these endpoints have one. */
void credential_store_present(
	struct txn *txn, const char *const *endpoints, size_t n, bool *present_out);
/* Ordered by endpoint, after the given one (NULL: from the start); at most limit. */
size_t credential_store_list(struct txn *txn, struct su_arena *arena, const char *after,
	size_t limit, struct credential **out);
void credential_store_delete(struct txn *txn, const char *endpoint);
