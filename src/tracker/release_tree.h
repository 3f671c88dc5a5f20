/* SPDX-License-Identifier: Apache-2.0 */
/* Dependencies that are fetched by themselves: each is a release of its own. */
#pragma once

#include "store/txn.h"
#include "tracker/release_view.h"

/*
 * Puts the components of what view depends on before those of proof, which view's own are; what is kept
 * is copied into arena. A dependency that is not here adds nothing. May block.
 */
enum su_status release_tree_extend(struct txn *txn, struct blob_store *blobs,
	struct su_arena *arena, const struct release_view *view, struct proof *proof,
	struct su_error *err) SU_MUST_CHECK;
