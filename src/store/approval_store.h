/* SPDX-License-Identifier: Apache-2.0 */
/* Approvals of releases: who agreed, as what, when and why it was asked for. */
#pragma once

#include "base/arena.h"
#include "model/approval.h"
#include "model/release.h"
#include "store/txn.h"

/* To be called before the release is read: until the commit nobody else approves it. */
void approval_store_lock(struct txn *txn, const struct digest *release);
/* What was given already stays as it is. */
void approval_store_insert(
	struct txn *txn, const struct digest *release, const struct approval *approval);
/* The release's row version rises: for approvals that leave its state. */
void approval_store_note(struct txn *txn, const struct digest *release);
/* Of n releases; *out has as many. */
void approval_store_list(struct txn *txn, struct su_arena *arena, const struct release *releases,
	size_t n, struct approvals **out);
