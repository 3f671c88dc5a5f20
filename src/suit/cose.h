/* SPDX-License-Identifier: Apache-2.0 */
/* COSE (RFC 9052) signatures and MACs, attached or detached. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "suit/key.h"

enum cose_tag { COSE_MAC0 = 17, COSE_SIGN1 = 18, COSE_MAC = 97, COSE_SIGN = 98 };

/* IANA COSE Algorithms. */
enum cose_alg {
	COSE_HMAC_256 = 5,
	COSE_ES256 = -7,
	COSE_EDDSA = -8,
	COSE_ESP256 = -9,
	COSE_ED25519 = -19,
	COSE_ES384 = -35,
	COSE_ES512 = -36,
	COSE_HSS_LMS = -46,
	COSE_ESP384 = -51,
	COSE_ESP512 = -52,
};
const char *cose_alg_name(int64_t alg);       /* "ES256"; NULL for an unknown one */
const char *cose_tag_name(enum cose_tag tag); /* "COSE_Sign1" */

#define COSE_MAX_SIGNATURES 16 /* and recipients */

/* One signature (COSE_Sign has several) or one MAC; spans point into the decoded input. */
struct cose_signature {
	bool has_alg; /* false: absent, not an integer, or not protected where it must be */
	bool alg_is_unprotected; /* it stands in the unprotected header only */
	int64_t alg;
	struct su_span protected_header; /* content of the bstr; empty when it was an empty map */
	struct su_span kid;              /* empty: none */
	struct su_span signature;
};

struct cose {
	enum cose_tag tag;
	struct su_span body_protected; /* of the outer layer, empty when it was an empty map */
	bool detached;                 /* the payload is nil */
	struct su_span payload;        /* attached content */
	size_t n_signatures;           /* 1 but for COSE_Sign */
	struct cose_signature *signatures;
	size_t n_recipients;       /* COSE_Mac only */
	bool has_direct_recipient; /* the MAC key itself is the shared key (RFC 9052 section 8.5.1) */
};

struct cose_options {
	bool strict; /* deterministic encoding required (envelopes); else only well-formed */
	bool allow_untagged; /* take an untagged array of four for untagged_as */
	enum cose_tag untagged_as;
	/* An algorithm outside the protected header counts; RFC 9052 allows it, SUIT does not. */
	bool allow_unprotected_alg;
};

/*
 * A critical header ("crit") that we do not know is SU_UNSUPPORTED, and so are encrypted messages.
 * An algorithm that we do not know is left to cose_verify, so that the other blocks and signatures
 * can still be judged. Header maps may be in any order, but no label may come twice.
 */
enum su_status cose_decode(struct su_arena *arena, struct su_span input,
	const struct cose_options *options, struct cose *out, struct su_error *err) SU_MUST_CHECK;

/*
 * Verifies one signature with one key. payload: the detached content, or cose->payload.
 * SU_UNSUPPORTED: unknown algorithm, or a MAC key that would have to be unwrapped; SU_INVALID: the
 * algorithm does not fit the key or the structure, or is not protected; SU_UNAUTHENTIC: it does not
 * verify.
 */
enum su_status cose_verify(const struct cose *cose, const struct cose_signature *signature,
	struct su_span payload, struct su_span external_aad, const struct key *key,
	struct su_error *err) SU_MUST_CHECK;

/*
 * Appends a tagged COSE_Sign1 (private key) or COSE_Mac0 (secret) over payload to out. SU_INVALID
 * when the key cannot sign or alg is not one of its algorithms.
 */
enum su_status cose_sign(const struct key *key, enum cose_alg alg, struct su_span payload,
	bool detached, struct su_span kid /* empty: none */, struct su_buf *out,
	struct su_error *err) SU_MUST_CHECK;
/* The algorithm suit-mti asks of authors for this key: ESP256, Ed25519, HMAC-256. */
enum cose_alg cose_alg_for(const struct key *key);
