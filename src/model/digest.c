/* SPDX-License-Identifier: Apache-2.0 */
/* The digest algorithms that SUIT names, as one table. */
#include "model/digest.h"

#include <string.h>

#include "base/hex.h"

static const struct algorithm {
	enum digest_alg alg;
	uint8_t len;
	const char *name;
} algorithms[] = {
	{ DIGEST_SHA256, 32, "sha256" },
	{ DIGEST_SHAKE128, 32, "shake128" }, /* RFC 9054 section 3.3 fixes the lengths of SHAKE */
	{ DIGEST_SHA384, 48, "sha384" },
	{ DIGEST_SHA512, 64, "sha512" },
	{ DIGEST_SHAKE256, 64, "shake256" },
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static const struct algorithm *find_algorithm(enum digest_alg alg)
{
	for (size_t i = 0; i < N_ALGORITHMS; i++)
		if (algorithms[i].alg == alg)
			return &algorithms[i];
	return NULL;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->alg == b->alg && su_span_equal(digest_span(a), digest_span(b));
}

bool digest_is_set(const struct digest *digest)
{
	return digest->alg != DIGEST_NONE;
}

struct su_span digest_span(const struct digest *digest)
{
	return su_span_of(digest->bytes, digest->len);
}

size_t digest_alg_len(enum digest_alg alg)
{
	const struct algorithm *algorithm = find_algorithm(alg);
	return algorithm ? algorithm->len : 0;
}

const char *digest_alg_name(enum digest_alg alg)
{
	const struct algorithm *algorithm = find_algorithm(alg);
	return algorithm ? algorithm->name : NULL;
}

void digest_format(const struct digest *digest, char out[DIGEST_TEXT_SIZE])
{
	const struct algorithm *algorithm = find_algorithm(digest->alg);
	if (!algorithm) {
		out[0] = '\0';
		return;
	}
	char *end = stpcpy(out, algorithm->name);
	*end++ = ':';
	su_hex_encode(digest_span(digest), end);
}

enum su_status digest_parse(const char *text, struct digest *out, struct su_error *err)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	if (!colon)
		return su_fail(err, SU_INVALID, "", "a digest is written like sha256:<hex>");
	struct su_span name = su_span_of(text, (size_t)(colon - text));
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		if (!su_span_equal_str(name, algorithms[i].name))
			continue;
		struct digest digest = { .alg = algorithms[i].alg, .len = algorithms[i].len };
		struct su_span digits = su_span_str(colon + 1);
		size_t len;
		if (digits.len != 2 * (size_t)digest.len)
			return su_fail(err, SU_INVALID, "",
				"a %s digest has %d hexadecimal digits, not %zu",
				algorithms[i].name, 2 * digest.len, digits.len);
		SU_TRY(su_hex_decode(digits, digest.bytes, sizeof(digest.bytes), &len, err));
		*out = digest;
		return SU_OK;
	}
	return su_fail(err, SU_UNSUPPORTED, "",
		"the digest algorithm must be sha256, sha384, sha512, shake128 or shake256");
}

struct digest digest_sha256(const uint8_t bytes[32])
{
	struct digest digest = { .alg = DIGEST_SHA256, .len = 32 };
	memcpy(digest.bytes, bytes, 32);
	return digest;
}
