/* SPDX-License-Identifier: Apache-2.0 */
/* Policy documents: each that was ever in force, numbered from 1. To the store they are text. */
#pragma once

#include "base/arena.h"
#include "store/txn.h"

struct policy_record {
	int64_t version;
	const char *text; /* compact JSON; NULL in lists */
	const char *saved_by;
	int64_t saved_at_ms;
};

bool policy_store_current(struct txn *txn, struct su_arena *arena, struct policy_record *out);
bool policy_store_get(
	struct txn *txn, struct su_arena *arena, int64_t version, struct policy_record *out);
int64_t policy_store_version(struct txn *txn); /* of the current one; 0: there is none */
/* Newest first, with a version below before (0: from the newest). */
size_t policy_store_list(struct txn *txn, struct su_arena *arena, int64_t before, size_t limit,
	struct policy_record **out);
/* Puts it into force, tells every suitd, and has what is in flight decided anew. record->version is one more than the version that it
 * follows: SU_STALE in txn when another one follows that already. */
void policy_store_insert(struct txn *txn, const struct policy_record *record);
