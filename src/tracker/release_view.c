/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a stored envelope back. */
#include "tracker/release_view.h"

enum su_status release_view_load(struct blob_store *blobs, struct su_arena *arena,
	const struct digest *envelope, struct release_view *out, struct su_error *err)
{
	const struct envelope_options options = { .allow_untagged = true };
	struct su_span bytes;
	SU_TRY(blob_read(blobs, envelope, RELEASE_VIEW_MAX_ENVELOPE_BYTES, arena, &bytes, err));
	SU_TRY(envelope_decode(arena, bytes, &options, &out->envelope, err));
	SU_TRY(survey_manifest(arena, &out->envelope.manifest, &out->survey, err));
	return proof_collect(arena, &out->envelope, &out->survey, &out->proof, err);
}
