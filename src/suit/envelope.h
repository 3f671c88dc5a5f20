/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Envelope (draft-ietf-suit-manifest-37 section 8.2): what is published, stored and served. */
#pragma once

#include "suit/cose.h"
#include "suit/manifest.h"

#define ENVELOPE_TAG 107

/* Bounds; the size of an envelope as a whole is for the caller to bound. */
#define ENVELOPE_MAX_SIGNATURES 16 /* of all authentication blocks */
#define ENVELOPE_MAX_INTEGRATED 64

struct envelope_options {
	bool allow_untagged; /* as in TEEP */
	/*
	 * To show what is wrong with an envelope, not to use it: a digest that does not match (or
	 * cannot be computed) is recorded in manifest_digest_matches and manifest_member.matches
	 * and is no failure. Everything else is as strict.
	 */
	bool inspect;
};

struct integrated_payload {
	const char *key; /* the URI under which the manifest fetches it, often "#name" */
	struct su_span content;
};

/* Spans point into the input, which must outlive this. */
struct envelope {
	struct su_span input;
	bool tagged;
	struct digest manifest_digest; /* as the authentication wrapper states it */
	bool manifest_digest_matches;  /* and as it was computed; only inspect lets false pass */
	struct su_span digest_encoded; /* SUIT_Digest array: the detached payload of every block */
	size_t n_blocks;
	struct cose *blocks;
	struct su_span manifest_content;
	struct manifest manifest; /* severed members that are present are attached */
	size_t n_integrated;
	struct integrated_payload *integrated;
};

/*
 * Decodes all of it and checks every digest: manifest against wrapper, severed members against the
 * manifest. Signatures are not checked here: see trust.h. A wrong digest is SU_UNAUTHENTIC, an
 * envelope of an older draft SU_UNSUPPORTED with a text that says so.
 */
enum su_status envelope_decode(struct su_arena *arena, struct su_span input,
	const struct envelope_options *options, struct envelope *out,
	struct su_error *err) SU_MUST_CHECK;
/* The same envelope without its severable text and CoSWID, for devices that ask for the small form. */
void envelope_sever(const struct envelope *envelope, struct su_buf *out);
const struct integrated_payload *envelope_payload(const struct envelope *envelope, const char *uri);
