/* SPDX-License-Identifier: Apache-2.0 */
/* Releases, the images they need, and the paths under which they are served. */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "model/release.h"
#include "store/txn.h"

/* What intake knows of a new release beside struct release. */
struct release_targets {
	size_t n_vendor_ids, n_class_ids, n_signers;
	const struct su_uuid *vendor_ids, *class_ids, *signers; /* signers: trust anchor ids */
	bool needs_class; /* who has none of these classes cannot take it */
	size_t n_paths;
	const struct release_path {
		const char *path; /* "/fw/app.bin", no query */
		size_t image;     /* index in release->images */
	} * paths;
};

/*
 * Inserts release and images. Faults in txn: SU_CONFLICT field "sequence_number" when it is not
 * greater than the scope's highest; SU_CONFLICT field "uri" when a path already has other content.
 * Returns false, and changes nothing, when the same digest is stored already. Images that came
 * since the caller looked are found here: read the release again for its state.
 */
bool release_store_insert(
	struct txn *txn, const struct release *release, const struct release_targets *targets);
bool release_store_get(
	struct txn *txn, struct su_arena *arena, const struct digest *digest, struct release *out);
/* Newest first by (published_at, id); cursor "" from the start; *next_out NULL at the end. */
size_t release_store_list(struct txn *txn, struct su_arena *arena, const char *cursor, size_t limit,
	struct release **out, const char **next_out);
/* Approved, targeted releases that share a vendor or class with the device, newest sequence first. Of
 * more than these, the newest that share a class, then the newest that share only the vendor. */
#define RELEASE_STORE_MAX_CANDIDATES 256
size_t release_store_candidates(struct txn *txn, struct su_arena *arena,
	const struct su_uuid *vendor_ids, size_t n_vendor_ids, const struct su_uuid *class_ids,
	size_t n_class_ids, struct release **out);
/* What a device does not say of its components is filled in: the sequence number of the newest release
 * that installs the reported digest in that component. */
void release_store_installed(struct txn *txn, struct installed_component *components, size_t n);
/* When what runs there was first published by any release; of several components the oldest. 0: this
 * server does not know it. */
int64_t release_store_published(
	struct txn *txn, const struct installed_component *const *components, size_t n);
/* state moves only when row_version is still current, else SU_STALE in txn. actor: a token name. */
void release_store_set_state(struct txn *txn, const struct release *release,
	enum release_state state, const char *actor, int64_t now_ms);
/* An image, or the envelope of a dependency that lacks nothing itself, has come: marks it present
 * wherever it was awaited with this length, and moves releases that became complete from incomplete to
 * verified, and those that depend on them. Returns how many, and which. */
struct release_arrival {
	struct digest digest, blob;
	uint64_t size_bytes;
};
size_t release_store_image_arrived(struct txn *txn, struct su_arena *arena,
	const struct release_arrival *arrival, struct digest **completed_out);
/* The blob served at a public path. */
bool release_store_path(
	struct txn *txn, struct su_arena *arena, const char *path, struct digest *blob_out);
/* Every public path, for the loop's table: (path, blob) pairs. */
size_t release_store_paths(struct txn *txn, struct su_arena *arena, const char ***paths_out,
	struct digest **blobs_out);
