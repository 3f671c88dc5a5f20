/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding, surveying and judging one envelope. */
#include "tools/device_verify.h"

#include "suit/trust.h"

enum su_status device_verify_envelope(struct su_arena *arena, struct su_span bytes,
	const struct device_trust *trust, struct envelope *out, struct su_error *err)
{
	struct envelope_options options = { .allow_untagged = true };
	struct survey survey;
	struct trust_result result;
	SU_TRY(envelope_decode(arena, bytes, &options, out, err));
	SU_TRY(survey_manifest(arena, &out->manifest, &survey, err));
	return trust_judge(arena, out, &survey, trust->anchors, trust->n_anchors, &result, err);
}
