/* SPDX-License-Identifier: Apache-2.0 */
/* A digest as a value, and its text "sha256:<hex>". Computing one is suit/hash.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/status.h"

/* COSE algorithm identifiers (IANA COSE Algorithms; suit-manifest, SUIT_Digest). */
enum digest_alg {
	DIGEST_NONE = 0,
	DIGEST_SHA256 = -16,
	DIGEST_SHAKE128 = -18,
	DIGEST_SHA384 = -43,
	DIGEST_SHA512 = -44,
	DIGEST_SHAKE256 = -45,
};

#define DIGEST_MAX_BYTES 64
#define DIGEST_TEXT_SIZE (8 + 1 + 2 * DIGEST_MAX_BYTES + 1)

struct digest {
	enum digest_alg alg;
	uint8_t len; /* 0 when alg is DIGEST_NONE */
	uint8_t bytes[DIGEST_MAX_BYTES];
};

bool digest_equal(const struct digest *a, const struct digest *b);
bool digest_is_set(const struct digest *digest);
struct su_span digest_span(const struct digest *digest);
size_t digest_alg_len(enum digest_alg alg);       /* 0 for an unknown algorithm */
const char *digest_alg_name(enum digest_alg alg); /* "sha256", ...; NULL for an unknown one */
void digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE]);
/* Accepts "<name>:<hex>" with the exact length of the algorithm. */
enum su_status digest_parse(
	const char *text, struct digest *out, struct su_error *err) SU_MUST_CHECK;
struct digest digest_sha256(const uint8_t bytes[32]);
