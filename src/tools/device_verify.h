/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the reference device may look at a manifest's commands at all (suit-manifest section 6.2). */
#pragma once

#include "model/trust_anchor.h"
#include "suit/envelope.h"

struct device_trust {
	size_t n_anchors;
	const struct trust_anchor *anchors; /* who may sign manifests */
};

/*
 * Decodes, and checks digests and signatures. bytes must outlive out. When it fails, the digest in
 * out is set if there was one to be read.
 */
enum su_status device_verify_envelope(struct su_arena *arena, struct su_span bytes,
	const struct device_trust *trust, struct envelope *out, struct su_error *err) SU_MUST_CHECK;
