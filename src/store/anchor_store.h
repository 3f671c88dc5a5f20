/* SPDX-License-Identifier: Apache-2.0 */
/* Trust anchors. */
#pragma once

#include "base/arena.h"
#include "model/trust_anchor.h"
#include "store/txn.h"

/* SU_CONFLICT in txn when the same key is in force for the same purpose already. */
void anchor_store_insert(
	struct txn *txn, const struct trust_anchor *anchor, const char *created_by);
bool anchor_store_get(
	struct txn *txn, struct su_arena *arena, struct su_uuid id, struct trust_anchor *out);
/* All of a purpose, revoked ones included: a revoked key shall be named in the refusal. */
size_t anchor_store_list(struct txn *txn, struct su_arena *arena, enum anchor_purpose purpose,
	struct trust_anchor **out);
/* Of purpose device: those of this endpoint, and those that are nobody's own; revoked ones included. */
size_t anchor_store_of_device(
	struct txn *txn, struct su_arena *arena, const char *endpoint, struct trust_anchor **out);
void anchor_store_revoke(struct txn *txn, struct su_uuid id, const char *reason, int64_t now_ms);
