/* SPDX-License-Identifier: Apache-2.0 */
/* SUIT_Envelope (draft-ietf-suit-manifest-37 section 8.2): what is published, stored and served. */
#pragma once

#include "suit/cose.h"
#include "suit/manifest.h"

#define ENVELOPE_TAG 107

struct envelope_options {
	bool allow_untagged; /* as in TEEP */
};

struct integrated_payload {
	const char *key; /* the URI under which the manifest fetches it, often "#name" */
	struct su_span content;
};

/* Spans point into the input, which must outlive this. */
struct envelope {
	struct su_span input;
	bool tagged;
	struct digest manifest_digest;	/* as the authentication wrapper states it, and as it was computed: equal */
	struct su_span digest_encoded;	/* SUIT_Digest array: the detached payload of every block */
	size_t n_blocks;
	struct cose *blocks;
	struct su_span manifest_content;
	struct manifest manifest;	/* severed members that are present are attached */
	size_t n_integrated;
	struct integrated_payload *integrated;
};

/*
 * Decodes all of it and checks every digest: manifest against wrapper, severed members against the
 * manifest. Signatures are not checked here: see trust.h. A wrong digest is SU_UNAUTHENTIC.
 */
enum su_status envelope_decode(struct su_arena *arena, struct su_span input,
	const struct envelope_options *options, struct envelope *out, struct su_error *err)
	SU_MUST_CHECK;
/* The same envelope without its severable text and CoSWID, for devices that ask for the small form. */
void envelope_sever(const struct envelope *envelope, struct su_buf *out);
const struct integrated_payload *envelope_payload(const struct envelope *envelope, const char *uri);
