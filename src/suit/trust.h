/* SPDX-License-Identifier: Apache-2.0 */
/* Whether anybody whom we trust signed an envelope, for what it targets. */
#pragma once

#include "model/trust_anchor.h"
#include "suit/envelope.h"
#include "suit/survey.h"

/* The verdict on one signature of one authentication block. */
struct trust_verdict {
	size_t block, signature;
	enum cose_tag tag;
	bool has_alg;
	int64_t alg;
	/*
	 * SU_OK: good and in scope; SU_UNAUTHENTIC: no anchor's key of the right type verifies it;
	 * SU_DENIED: out of scope or revoked; SU_NOT_FOUND: no anchor has a key of the right type;
	 * SU_UNSUPPORTED: a MAC, or an algorithm we do not know.
	 */
	enum su_status status;
	const struct trust_anchor *anchor; /* whose key it was, also when SU_DENIED; else NULL */
	struct su_error why;
};

struct trust_result {
	size_t n_verdicts;
	struct trust_verdict *verdicts;
};

/*
 * Judges every block against every anchor of purpose author. SU_OK when at least one signature is
 * good, in scope and not revoked; otherwise the status and text of the most telling failure
 * (SU_DENIED before SU_UNAUTHENTIC before SU_NOT_FOUND). An anchor with a scope must cover all
 * vendor and class identifiers that the manifest names, and a manifest that does not check them on
 * every way (survey.checks_vendor, checks_class) is out of every scope. An envelope whose manifest
 * does not have the digest that is signed is SU_UNAUTHENTIC without a look at signatures.
 */
enum su_status trust_judge(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, const struct trust_anchor *anchors, size_t n_anchors,
	struct trust_result *out, struct su_error *err) SU_MUST_CHECK;
