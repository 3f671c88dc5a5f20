/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what over the management interface: written in the transaction of the deed. */
#pragma once

#include "base/arena.h"
#include "store/txn.h"

struct audit_entry {
	int64_t id;
	int64_t at_ms;
	const char *actor;
	const char *action;      /* "release.approve" */
	const char *subject;     /* what it was done to */
	const char *detail_json; /* an object, or NULL */
};
void audit_store_append(struct txn *txn, const struct audit_entry *entry); /* id ignored */
/* Newest first, with an id below before (0: from the newest). */
size_t audit_store_list(struct txn *txn, struct su_arena *arena, int64_t before, size_t limit,
	struct audit_entry **out);
