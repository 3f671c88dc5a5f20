/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The payloads of a manifest on its way in: each is compared with the bytes that we have, be they in
 * the envelope or in the store, and becomes a row of the release.
 */
#pragma once

#include "model/release.h"
#include "store/release_store.h"
#include "suit/trust.h"
#include "tracker/public_uri.h"

struct payloads {
	size_t n_images, n_paths;
	struct release_image *images;
	struct release_path *paths;
};

struct payload_rules {
	struct public_names ours;
	bool allow_untagged;
	const struct trust_anchor *anchors; /* of authors: integrated dependencies are signed too */
	size_t n_anchors;
};

/*
 * SU_INVALID, SU_UNAUTHENTIC: wrong length or digest; SU_UNSUPPORTED: cannot be served from here.
 * A payload that this server shall hold and does not is no fault: its image is not present.
 */
enum su_status payloads_collect(struct txn *txn, struct su_arena *arena,
	const struct payload_rules *rules, const struct envelope *envelope, struct payloads *out,
	struct su_error *err) SU_MUST_CHECK;
