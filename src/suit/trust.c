/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each signature is tried with the anchor that its key identifier names, if it names one, and then
 * with all others: the identifier is not signed, so it may speed things up but decide nothing.
 */
#include "suit/trust.h"

#include "base/memory.h"

struct judge {
	const struct envelope *envelope;
	const struct survey *survey;
	size_t n_anchors;
	const struct trust_anchor *anchors;
	struct key **keys; /* of the anchors; NULL: not an author's, or not a key we can use */
};

static void load_keys(struct judge *judge)
{
	for (size_t i = 0; i < judge->n_anchors; i++)
		if (judge->anchors[i].purpose == ANCHOR_AUTHOR &&
			key_from_spki(judge->anchors[i].spki, &judge->keys[i], NULL) != SU_OK)
			judge->keys[i] = NULL;
}

static void free_keys(struct judge *judge)
{
	for (size_t i = 0; i < judge->n_anchors; i++)
		key_free(&judge->keys[i]);
	su_free_ptr(&judge->keys);
}

/* The first of found that allowed does not hold, or NULL. */
static const struct su_uuid *outside(const struct su_uuid *found, size_t n_found,
	const struct su_uuid *allowed, size_t n_allowed)
{
	for (size_t i = 0; i < n_found; i++) {
		bool is_allowed = false;
		for (size_t j = 0; j < n_allowed && !is_allowed; j++)
			is_allowed = su_uuid_equal(found[i], allowed[j]);
		if (!is_allowed)
			return &found[i];
	}
	return NULL;
}

static enum su_status deny(const struct trust_anchor *anchor, const char *what,
	const struct su_uuid *id, struct su_error *err)
{
	char text[SU_UUID_TEXT_SIZE];
	if (!id)
		return su_fail(err, SU_DENIED, "scope",
			"anchor %s may sign for some only, and the manifest does not always "
			"check the %s",
			anchor->name, what);
	su_uuid_format(*id, text);
	return su_fail(err, SU_DENIED, "scope", "anchor %s may not sign for %s %s", anchor->name,
		what, text);
}

static enum su_status check_scope(
	const struct trust_anchor *anchor, const struct survey *survey, struct su_error *err)
{
	const struct su_uuid *vendor = outside(
		survey->vendor_ids, survey->n_vendor_ids, anchor->vendor_ids, anchor->n_vendor_ids);
	const struct su_uuid *class = outside(
		survey->class_ids, survey->n_class_ids, anchor->class_ids, anchor->n_class_ids);
	if (anchor->n_vendor_ids > 0 && (vendor || !survey->checks_vendor))
		return deny(anchor, "vendor", vendor, err);
	if (anchor->n_class_ids > 0 && (class || !survey->checks_class))
		return deny(anchor, "class", class, err);
	return SU_OK;
}

/* What a good signature by this anchor is worth. */
static enum su_status check_anchor(
	const struct trust_anchor *anchor, const struct survey *survey, struct su_error *err)
{
	if (anchor->revoked_at_ms != 0)
		return su_fail(err, SU_DENIED, "revoked", "anchor %s is revoked%s%s", anchor->name,
			anchor->revocation_reason ? ": " : "",
			anchor->revocation_reason ? anchor->revocation_reason : "");
	return check_scope(anchor, survey, err);
}

/* Larger is more telling. */
static int telling(enum su_status status)
{
	switch (status) {
	case SU_OK:
		return 5;
	case SU_DENIED:
		return 4;
	case SU_UNAUTHENTIC:
		return 3;
	case SU_NOT_FOUND:
		return 2;
	case SU_UNSUPPORTED:
		return 1;
	case SU_INVALID:
	case SU_UNAUTHENTICATED:
	case SU_CONFLICT:
	case SU_STALE:
	case SU_TOO_LARGE:
	case SU_BUSY:
	case SU_RETRY:
	case SU_UNCERTAIN:
	case SU_FULL:
	case SU_IO:
	case SU_BUG:
		break;
	}
	return 0;
}

/* Tries one anchor and keeps what it says if that tells more than what was known. */
static void try_anchor(const struct judge *judge, size_t anchor, const struct cose *block,
	const struct cose_signature *signature, struct trust_verdict *verdict)
{
	struct su_error why = { 0 };
	const struct trust_anchor *candidate = NULL;
	enum su_status status = cose_verify(block, signature, judge->envelope->digest_encoded,
		SU_SPAN_EMPTY, judge->keys[anchor], &why);
	if (status == SU_INVALID)
		return; /* a key of another type */
	if (status == SU_OK) {
		candidate = &judge->anchors[anchor];
		status = check_anchor(candidate, judge->survey, &why);
	}
	/* What is not supported is so with every key, which says more than that no key fits. */
	if (status != SU_UNSUPPORTED && telling(status) <= telling(verdict->status))
		return;
	verdict->status = status;
	verdict->anchor = candidate;
	verdict->why = why;
}

static bool is_named(const struct trust_anchor *anchor, struct su_span kid)
{
	return kid.len > 0 && su_span_equal(anchor->thumbprint, kid);
}

static void try_anchors(const struct judge *judge, const struct cose *block,
	const struct cose_signature *signature, bool named, struct trust_verdict *verdict)
{
	for (size_t i = 0; i < judge->n_anchors && verdict->status != SU_OK; i++)
		if (judge->keys[i] && is_named(&judge->anchors[i], signature->kid) == named)
			try_anchor(judge, i, block, signature, verdict);
}

static void cannot_judge(struct trust_verdict *verdict, const char *why)
{
	verdict->status = su_fail(&verdict->why, SU_UNSUPPORTED, "", "%s", why);
}

static void judge_signature(const struct judge *judge, const struct cose *block,
	const struct cose_signature *signature, struct trust_verdict *verdict)
{
	if (block->tag == COSE_MAC0 || block->tag == COSE_MAC) {
		cannot_judge(verdict, "a MAC cannot be verified with a public key");
		return;
	}
	if (signature->alg_is_unprotected) {
		cannot_judge(verdict, "the signature's algorithm is not protected by it");
		return;
	}
	verdict->status = su_fail(&verdict->why, SU_NOT_FOUND, "",
		"no trust anchor of an author has a key for this signature's algorithm");
	try_anchors(judge, block, signature, true, verdict);
	try_anchors(judge, block, signature, false, verdict);
	if (verdict->status == SU_UNAUTHENTIC)
		(void)su_fail(&verdict->why, SU_UNAUTHENTIC, "",
			"the signature is of no trust anchor, or what is signed was changed");
}

static size_t count_signatures(const struct envelope *envelope)
{
	size_t n = 0;
	for (size_t i = 0; i < envelope->n_blocks; i++)
		n += envelope->blocks[i].n_signatures;
	return n;
}

static void judge_all(const struct judge *judge, struct trust_result *out)
{
	for (size_t i = 0; i < judge->envelope->n_blocks; i++) {
		const struct cose *block = &judge->envelope->blocks[i];
		for (size_t j = 0; j < block->n_signatures; j++) {
			const struct cose_signature *signature = &block->signatures[j];
			struct trust_verdict *verdict = &out->verdicts[out->n_verdicts++];
			*verdict = (struct trust_verdict){ .block = i,
				.signature = j,
				.tag = block->tag,
				.has_alg = signature->has_alg,
				.alg = signature->alg };
			judge_signature(judge, block, signature, verdict);
		}
	}
}

static enum su_status sum_up(const struct trust_result *result, struct su_error *err)
{
	const struct trust_verdict *most = NULL;
	for (size_t i = 0; i < result->n_verdicts; i++) {
		const struct trust_verdict *verdict = &result->verdicts[i];
		if (!most || telling(verdict->status) > telling(most->status))
			most = verdict;
	}
	if (!most)
		return su_fail(err, SU_UNAUTHENTIC, "authentication", "the envelope is not signed");
	if (most->status == SU_OK)
		return SU_OK;
	return su_fail(err, most->status, "authentication", "%s", most->why.text);
}

enum su_status trust_judge(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, const struct trust_anchor *anchors, size_t n_anchors,
	struct trust_result *out, struct su_error *err)
{
	struct judge judge su_auto(free_keys) = { .envelope = envelope,
		.survey = survey,
		.n_anchors = n_anchors,
		.anchors = anchors,
		.keys = su_new_array(n_anchors, sizeof(struct key *)) };
	*out = (struct trust_result){ .verdicts = su_arena_array(arena, count_signatures(envelope),
					      sizeof(*out->verdicts)) };
	if (!envelope->manifest_digest_matches)
		return su_fail(err, SU_UNAUTHENTIC, "manifest",
			"the manifest does not have the digest that is signed");
	load_keys(&judge);
	judge_all(&judge, out);
	return sum_up(out, err);
}
