/* SPDX-License-Identifier: Apache-2.0 */
/* Down the tree of dependencies, and up again. */
#include "tracker/release_tree.h"

#include "base/memory.h"
#include "store/release_store.h"

#define MAX_DEPTH 4

struct walk {
	struct txn *txn;
	struct blob_store *blobs;
	struct su_arena *arena;
};

static bool is_fetched(const struct release_view *view, const struct survey_image *image)
{
	return image->is_dependency && digest_is_set(&image->digest) &&
	       !(image->uri && envelope_payload(&view->envelope, image->uri));
}

static enum su_status extend(const struct walk *walk, const struct release_view *view,
	unsigned depth, struct proof *proof, struct su_error *err);

/* NOLINTNEXTLINE(misc-no-recursion): bounded by MAX_DEPTH */
static enum su_status add_release(const struct walk *walk, const struct digest *digest,
	unsigned depth, struct proof *proof, struct su_error *err)
{
	struct su_arena *scratch su_auto(su_arena_free) = su_arena_new();
	struct release_view *view = su_arena_new_of(scratch, struct release_view);
	struct release release;
	struct proof below;
	if (!release_store_get(walk->txn, scratch, digest, &release))
		return SU_OK;
	SU_TRY(release_view_load(walk->blobs, scratch, &release.envelope, view, err));
	SU_TRY(proof_collect(walk->arena, &view->envelope, &view->survey, &below, err));
	SU_TRY(extend(walk, view, depth + 1, &below, err));
	proof_put_before(walk->arena, proof, &below);
	return SU_OK;
}

/* From the last to the first, since each is put before the others. */
/* NOLINTNEXTLINE(misc-no-recursion): bounded by MAX_DEPTH */
static enum su_status extend(const struct walk *walk, const struct release_view *view,
	unsigned depth, struct proof *proof, struct su_error *err)
{
	if (depth == MAX_DEPTH)
		return SU_OK;
	for (size_t i = view->survey.n_images; i > 0; i--)
		if (is_fetched(view, &view->survey.images[i - 1]))
			SU_TRY(add_release(
				walk, &view->survey.images[i - 1].digest, depth, proof, err));
	return SU_OK;
}

enum su_status release_tree_extend(struct txn *txn, struct blob_store *blobs,
	struct su_arena *arena, const struct release_view *view, struct proof *proof,
	struct su_error *err)
{
	const struct walk walk = { txn, blobs, arena };
	return extend(&walk, view, 0, proof, err);
}
