/* SPDX-License-Identifier: Apache-2.0 */
/* Every signature against every anchor; then whether the anchor may sign for this target. */
#include "suit/trust.h"

#include <stdio.h>

#include "base/memory.h"

static bool lists(const struct su_uuid *ids, size_t n, struct su_uuid id)
{
	for (size_t i = 0; i < n; i++)
		if (su_uuid_equal(ids[i], id))
			return true;
	return false;
}

/* An empty scope covers all; another covers only what the manifest is sure to check. */
static bool covers(const struct su_uuid *scope, size_t n_scope, const struct su_uuid *ids,
	size_t n_ids, bool checked)
{
	if (n_scope == 0)
		return true;
	for (size_t i = 0; i < n_ids; i++)
		if (!lists(scope, n_scope, ids[i]))
			return false;
	return checked && n_ids > 0;
}

/* Judges a signature that is good under the anchor's key. */
static enum su_status judge_anchor(
	const struct trust_anchor *anchor, const struct survey *survey, struct su_error *why)
{
	if (anchor->revoked_at_ms != 0)
		return su_fail(why, SU_DENIED, "", "the key '%s' has been revoked", anchor->name);
	if (!covers(anchor->vendor_ids, anchor->n_vendor_ids, survey->vendor_ids,
		    survey->n_vendor_ids, survey->checks_vendor))
		return su_fail(why, SU_DENIED, "",
			"the key '%s' may not sign for the vendors that the manifest is for",
			anchor->name);
	if (!covers(anchor->class_ids, anchor->n_class_ids, survey->class_ids, survey->n_class_ids,
		    survey->checks_class))
		return su_fail(why, SU_DENIED, "",
			"the key '%s' may not sign for the classes that the manifest is for",
			anchor->name);
	return SU_OK;
}

/* How much a verdict tells: the more telling one stands when several anchors were tried. */
static unsigned weight(enum su_status status)
{
	switch ((int)status) {
	case SU_OK:
		return 5;
	case SU_DENIED:
		return 4;
	case SU_UNAUTHENTIC:
		return 3;
	case SU_UNSUPPORTED:
	case SU_INVALID:
		return 2;
	default:
		return 1;
	}
}

static void consider(struct trust_verdict *verdict, enum su_status status,
	const struct trust_anchor *anchor, const struct su_error *why)
{
	if (weight(status) <= weight(verdict->status))
		return;
	verdict->status = status;
	verdict->anchor = status == SU_OK || status == SU_DENIED ? anchor : NULL;
	verdict->why = *why;
}

static void try_anchor(const struct envelope *envelope, const struct survey *survey,
	const struct trust_anchor *anchor, const struct key *key, struct trust_verdict *verdict)
{
	const struct cose *block = &envelope->blocks[verdict->block];
	struct su_error why = { 0 };
	enum su_status status = cose_verify(block, &block->signatures[verdict->signature],
		envelope->digest_encoded, SU_SPAN_EMPTY, key, &why);
	if (status == SU_OK)
		status = judge_anchor(anchor, survey, &why);
	else if (status == SU_UNAUTHENTIC)
		su_fail(&why, status, "",
			"no trust anchor verifies it: it is damaged, or made with another key");
	else if (status == SU_INVALID)
		return; /* the algorithm is not for this key */
	consider(verdict, status, anchor, &why);
}

static void try_all(const struct envelope *envelope, const struct survey *survey,
	const struct trust_anchor *anchor, struct trust_result *result)
{
	struct key *key su_auto(key_free) = NULL;
	if (anchor->purpose != ANCHOR_AUTHOR || key_from_spki(anchor->spki, &key, NULL) != SU_OK)
		return;
	for (size_t i = 0; i < result->n_verdicts; i++)
		try_anchor(envelope, survey, anchor, key, &result->verdicts[i]);
}

static void first_verdict(const struct cose *block, struct trust_verdict *verdict)
{
	const struct cose_signature *signature = &block->signatures[verdict->signature];
	verdict->tag = block->tag;
	verdict->has_alg = signature->has_alg;
	verdict->alg = signature->alg;
	verdict->status = SU_NOT_FOUND;
	if (block->tag == COSE_MAC0 || block->tag == COSE_MAC)
		su_fail(&verdict->why, SU_NOT_FOUND, "",
			"a MAC can only be verified by who shares its secret, and this is nobody "
			"here");
	else
		su_fail(&verdict->why, SU_NOT_FOUND, "",
			"there is no trust anchor whose key fits its algorithm");
}

static void list_signatures(
	struct su_arena *arena, const struct envelope *envelope, struct trust_result *out)
{
	size_t n = 0;
	for (size_t i = 0; i < envelope->n_blocks; i++)
		n += envelope->blocks[i].n_signatures;
	out->verdicts = su_arena_array(arena, n + 1, sizeof(*out->verdicts));
	out->n_verdicts = 0;
	for (size_t i = 0; i < envelope->n_blocks; i++) {
		for (size_t j = 0; j < envelope->blocks[i].n_signatures; j++) {
			struct trust_verdict *verdict = &out->verdicts[out->n_verdicts++];
			verdict->block = i;
			verdict->signature = j;
			first_verdict(&envelope->blocks[i], verdict);
		}
	}
}

enum su_status trust_judge(struct su_arena *arena, const struct envelope *envelope,
	const struct survey *survey, const struct trust_anchor *anchors, size_t n_anchors,
	struct trust_result *out, struct su_error *err)
{
	list_signatures(arena, envelope, out);
	if (out->n_verdicts == 0)
		return su_fail(err, SU_UNAUTHENTIC, "authentication", "the manifest is not signed");
	for (size_t i = 0; i < n_anchors; i++)
		try_all(envelope, survey, &anchors[i], out);

	const struct trust_verdict *telling = &out->verdicts[0];
	for (size_t i = 1; i < out->n_verdicts; i++)
		if (weight(out->verdicts[i].status) > weight(telling->status))
			telling = &out->verdicts[i];
	if (telling->status == SU_OK)
		return SU_OK;
	return su_fail(err, telling->status, "authentication", "%s", telling->why.text);
}
