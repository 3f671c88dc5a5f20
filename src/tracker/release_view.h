/* SPDX-License-Identifier: Apache-2.0 */
/* A stored release with its manifest decoded: what is judged before it is offered. May block. */
#pragma once

#include "model/release.h"
#include "store/blob.h"
#include "tracker/proof.h"

/* No stored envelope is larger; intake's own bound is below it. */
#define RELEASE_VIEW_MAX_ENVELOPE_BYTES ((size_t)64 * 1024 * 1024)

struct release_view {
	struct envelope envelope;
	struct survey survey;
	struct proof proof;
};

/* A stored envelope was checked before: a fault here is SU_IO or SU_BUG, not the author's. */
enum su_status release_view_load(struct blob_store *blobs, struct su_arena *arena,
	const struct digest *envelope, struct release_view *out,
	struct su_error *err) SU_MUST_CHECK;
