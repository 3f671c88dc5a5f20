/* SPDX-License-Identifier: Apache-2.0 */
/* COSE messages: decoded in every way, and every signature judged with a key of each kind. */
#include "base/arena.h"
#include "base/memory.h"
#include "fuzz_check.h"
#include "suit/cose.h"

/* The public halves of tests/vectors/keys/author-p256 and author-ed25519. */
static const char *const public_keys[] = {
	"-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf2W4o7dEADczC4FHQvsxEq6D35ba\n"
	"CJjtZbn9822HuOpvY0ZCYNJjuhqm1VQkOrt8x9S+gbf15jgifL09H7d+6g==\n"
	"-----END PUBLIC KEY-----\n",
	"-----BEGIN PUBLIC KEY-----\n"
	"MCowBQYDK2VwAyEApjWqk4MprbrIPVaXhDAvoP6lp8vBco4G7gruUIl4haw=\n"
	"-----END PUBLIC KEY-----\n",
};

static void try_key(const struct cose *cose, const struct key *key)
{
	for (size_t i = 0; i < cose->n_signatures; i++) {
		struct su_error err = { 0 };
		require_told(cose_verify(cose, &cose->signatures[i], cose->payload, SU_SPAN_EMPTY,
				     key, &err),
			&err);
	}
}

static void try_keys(const struct cose *cose)
{
	struct key *secret su_auto(key_free) = NULL;
	struct su_error err = { 0 };

	for (size_t i = 0; i < sizeof(public_keys) / sizeof(public_keys[0]); i++) {
		struct key *key su_auto(key_free) = NULL;
		require(key_from_pem(su_span_str(public_keys[i]), &key, &err) == SU_OK);
		try_key(cose, key);
	}
	require(key_from_secret(su_span_str("sixteen bytes or more"), &secret, &err) == SU_OK);
	try_key(cose, secret);
}

static void try_options(struct su_span input, const struct cose_options *options)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_error err = { 0 };
	struct cose cose;

	enum su_status status = cose_decode(arena, input, options, &cose, &err);
	require_told(status, &err);
	if (status != SU_OK)
		return;
	require(cose.n_signatures >= 1 && cose.n_signatures <= COSE_MAX_SIGNATURES);
	require_inside(cose.payload, input);
	for (size_t i = 0; i < cose.n_signatures; i++) {
		require_inside(cose.signatures[i].signature, input);
		require_inside(cose.signatures[i].protected_header, input);
		require_inside(cose.signatures[i].kid, input);
	}
	try_keys(&cose);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum cose_tag tags[] = { COSE_SIGN1, COSE_SIGN, COSE_MAC0, COSE_MAC };
	const struct cose_options strict = { .strict = true };
	struct su_span input = su_span_of(data, size);

	try_options(input, &strict);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		const struct cose_options lax = { .allow_untagged = true,
			.untagged_as = tags[i],
			.allow_unprotected_alg = true };
		bool tagged = size > 0 && data[0] >> 5 == 6;
		if (i == 0 || !tagged)
			try_options(input, &lax);
	}
	return 0;
}
