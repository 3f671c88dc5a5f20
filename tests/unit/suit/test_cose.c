/* SPDX-License-Identifier: Apache-2.0 */
/* COSE: our vectors and the published ones, then what we sign ourselves. */
#include "suit/cose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"
#include "suit/cbor.h"
#include "vector_file.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void free_json(json_t **json)
{
	json_decref(*json);
}

static struct su_span optional_bytes(
	struct su_arena *arena, const json_t *entry, const char *member)
{
	if (!vector_file_string(entry, member))
		return SU_SPAN_EMPTY;
	return vector_file_bytes(arena, entry, member);
}

/* Verifies every signature of a message of the index; returns the worst status. */
static enum su_status verify_vector(
	struct su_arena *arena, const struct cose *cose, const json_t *entry, const struct key *key)
{
	struct su_span aad = optional_bytes(arena, entry, "external_aad");
	struct su_span payload =
		cose->detached ? vector_file_bytes(arena, entry, "payload") : cose->payload;
	enum su_status status = SU_OK;

	assert_true(cose->n_signatures > 0);
	for (size_t i = 0; i < cose->n_signatures && status == SU_OK; i++)
		status = cose_verify(cose, &cose->signatures[i], payload, aad, key, NULL);
	return status;
}

static void check_decoded(const char *path, struct su_span bytes, const json_t *index,
	const json_t *entry, struct cose_options options)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *key su_auto(key_free) =
		vector_file_key(index, vector_file_string(entry, "key"));
	const char *lax = vector_file_string(entry, "verify_lax");
	enum su_status wanted = vector_file_status(vector_file_string(entry, "verify"));
	struct cose cose;

	assert_int_equal(cose_decode(arena, bytes, &options, &cose, NULL), SU_OK);
	if (verify_vector(arena, &cose, entry, key) != wanted)
		fail_msg("%s: verification differs", path);
	assert_true(su_span_equal(cose.signatures[0].kid, optional_bytes(arena, entry, "kid")) ||
		    cose.tag == COSE_SIGN);
	options.allow_unprotected_alg = true;
	assert_int_equal(cose_decode(arena, bytes, &options, &cose, NULL), SU_OK);
	assert_int_equal(
		verify_vector(arena, &cose, entry, key), lax ? vector_file_status(lax) : wanted);
}

static void check_vector(const char *path, const json_t *index, const json_t *entry)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct su_span bytes = vector_file_read(arena, path);
	struct cose_options options = {
		.strict = true,
		.allow_untagged = json_is_true(json_object_get(entry, "allow_untagged")),
		.untagged_as = COSE_SIGN1,
	};
	enum su_status wanted = vector_file_status(vector_file_string(entry, "decode"));
	struct su_error err = { 0 };
	struct cose cose;

	enum su_status status = cose_decode(arena, bytes, &options, &cose, &err);
	if (status != wanted)
		fail_msg("%s: %s (%s)", path, su_status_name(status), err.text);
	assert_int_equal(err.status, status);
	assert_true(status == SU_OK || err.text[0]);
	if (status == SU_OK)
		check_decoded(path, bytes, index, entry, options);
}

static void test_our_vectors(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	const char *path;
	json_t *entry;
	size_t n = 0;

	(void)state;
	json_object_foreach(json_object_get(index, "cose"), path, entry)
	{
		check_vector(path, index, entry);
		n++;
	}
	assert_true(n >= 50);
}

/* Every block of every good envelope verifies with the key that the index names. */
static void test_blocks_of_our_envelopes(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	const struct cose_options options = { .strict = true };
	const char *path;
	json_t *entry;

	(void)state;
	json_object_foreach(json_object_get(index, "envelopes"), path, entry)
	{
		struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
		struct cbor cursor = cbor_open(vector_file_read(arena, path), true);
		if (cbor_peek(&cursor) == CBOR_TAG)
			assert_int_equal(cbor_tag(&cursor), 107);
		(void)cbor_map(&cursor);
		assert_int_equal(cbor_uint(&cursor), 2);
		struct cbor wrapper = cbor_open(cbor_bstr(&cursor), true);
		const json_t *blocks = json_object_get(entry, "signers");
		assert_int_equal(cbor_array(&wrapper), json_array_size(blocks) + 1);
		struct su_span digest = cbor_bstr(&wrapper);
		for (size_t i = 0; i < json_array_size(blocks); i++) {
			const json_t *names = json_array_get(blocks, i);
			struct cose cose;
			assert_int_equal(
				cose_decode(arena, cbor_bstr(&wrapper), &options, &cose, NULL),
				SU_OK);
			assert_true(cose.detached);
			assert_int_equal(cose.n_signatures, json_array_size(names));
			for (size_t j = 0; j < cose.n_signatures; j++) {
				const char *name = json_string_value(json_array_get(names, j));
				struct key *key su_auto(key_free) =
					vector_file_key(index, name ? name : "author-p256");
				enum su_status status = cose_verify(&cose, &cose.signatures[j],
					digest, SU_SPAN_EMPTY, key, NULL);
				if (status != (name ? SU_OK : SU_UNSUPPORTED))
					fail_msg("%s: block %zu: %s", path, i,
						su_status_name(status));
			}
		}
		assert_int_equal(cbor_done(&wrapper, NULL), SU_OK);
	}
}

/* Keys of the published examples, as JWK or secret. */
static const struct {
	const char *jwk, *secret;
} example_keys[] = {
	{ "{\"kty\":\"EC\",\"crv\":\"P-256\","
	  "\"x\":\"usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8\","
	  "\"y\":\"IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4\"}",
		NULL },
	{ "{\"kty\":\"EC\",\"crv\":\"P-384\","
	  "\"x\":\"kTJyP2KSsBBhnb4kjWmMF7WHVsY55xUPgb7k64rDcjatChoZ1nvjKmYmPh5STRKc\","
	  "\"y\":\"mM0weMVU2DKsYDxDJkEP9hZiRZtB8fPfXbzINZj_fF7YQRynNWedHEyzAJOX2e8s\"}",
		NULL },
	{ "{\"kty\":\"EC\",\"crv\":\"P-521\","
	  "\"x\":\"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqv"
	  "jyekWF-7ytDyRXYgCF5cj0Kt\","
	  "\"y\":\"AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgD"
	  "PrwQrJmbnX9cwlGfP-HqHZR1\"}",
		NULL },
	{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
	  "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		NULL },
	{ NULL, "849b57219dae48de646d07dbb533566e976686457c1491be3a76dcea6c427188" },
};

enum { K256, K384, K521, KED, KMAC };

static const struct published {
	const char *path;
	unsigned key;
	enum su_status decode, verify;
	const char *external_aad;
	enum cose_tag untagged_as; /* 0: must be tagged */
} published[] = {
	{ "sign1-tests-sign-fail-01", K256, SU_INVALID, SU_OK, "", 0 },
	{ "sign1-tests-sign-fail-02", K256, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "sign1-tests-sign-fail-03", K256, SU_OK, SU_UNSUPPORTED, "", 0 },
	{ "sign1-tests-sign-fail-04", K256, SU_OK, SU_UNSUPPORTED, "", 0 },
	{ "sign1-tests-sign-fail-06", K256, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "sign1-tests-sign-fail-07", K256, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "sign1-tests-sign-pass-01", K256, SU_OK, SU_OK, "", 0 },
	{ "sign1-tests-sign-pass-02", K256, SU_OK, SU_OK, "11aa22bb33cc44dd55006699", 0 },
	{ "sign1-tests-sign-pass-03", K256, SU_OK, SU_OK, "", COSE_SIGN1 },
	{ "eddsa-examples-eddsa-sig-01", KED, SU_OK, SU_OK, "", 0 },
	{ "ecdsa-examples-ecdsa-sig-01", K256, SU_OK, SU_OK, "", 0 },
	{ "ecdsa-examples-ecdsa-sig-02", K384, SU_OK, SU_OK, "", 0 },
	{ "ecdsa-examples-ecdsa-sig-03", K521, SU_OK, SU_OK, "", 0 },
	/* HSS-LMS: a good signature by an algorithm that we know of, but do not compute */
	{ "hashsig-hsssig-sig-01", K256, SU_OK, SU_UNSUPPORTED, "", 0 },
	{ "mac0-tests-HMac-01", KMAC, SU_OK, SU_OK, "", 0 },
	{ "mac0-tests-mac-fail-01", KMAC, SU_INVALID, SU_OK, "", 0 },
	{ "mac0-tests-mac-fail-02", KMAC, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "mac0-tests-mac-fail-03", KMAC, SU_OK, SU_UNSUPPORTED, "", 0 },
	{ "mac0-tests-mac-fail-04", KMAC, SU_OK, SU_UNSUPPORTED, "", 0 },
	{ "mac0-tests-mac-fail-06", KMAC, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "mac0-tests-mac-fail-07", KMAC, SU_OK, SU_UNAUTHENTIC, "", 0 },
	{ "mac0-tests-mac-pass-01", KMAC, SU_OK, SU_OK, "", 0 },
	{ "mac0-tests-mac-pass-02", KMAC, SU_OK, SU_OK, "ff00ee11dd22cc33bb44aa559966", 0 },
	{ "mac0-tests-mac-pass-03", KMAC, SU_OK, SU_OK, "", COSE_MAC0 },
};

static struct key *example_key(unsigned i)
{
	struct key *key = NULL;
	uint8_t secret[64];
	size_t len;

	if (example_keys[i].jwk) {
		assert_int_equal(key_from_jwk(su_span_str(example_keys[i].jwk), &key, NULL), SU_OK);
	} else {
		assert_int_equal(su_hex_decode(su_span_str(example_keys[i].secret), secret,
					 sizeof(secret), &len, NULL),
			SU_OK);
		assert_int_equal(key_from_secret(su_span_of(secret, len), &key, NULL), SU_OK);
	}
	assert_true(key_is_published_example(key));
	return key;
}

static void check_published(const struct published *row)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *key su_auto(key_free) = example_key(row->key);
	const struct cose_options options = {
		.allow_untagged = row->untagged_as != 0,
		.untagged_as = row->untagged_as,
		.allow_unprotected_alg = true,
	};
	uint8_t aad[32];
	size_t aad_len;
	struct cose cose;

	struct su_span bytes =
		vector_file_read_published(arena, su_arena_printf(arena, "cose/%s.hex", row->path));
	enum su_status status = cose_decode(arena, bytes, &options, &cose, NULL);
	if (status != row->decode)
		fail_msg("%s: %s", row->path, su_status_name(status));
	if (status != SU_OK)
		return;
	if (row->verify == SU_OK)
		assert_true(su_span_equal_str(cose.payload, "This is the content."));
	assert_int_equal(
		su_hex_decode(su_span_str(row->external_aad), aad, sizeof(aad), &aad_len, NULL),
		SU_OK);
	status = cose_verify(
		&cose, &cose.signatures[0], cose.payload, su_span_of(aad, aad_len), key, NULL);
	if (status != row->verify)
		fail_msg("%s: %s", row->path, su_status_name(status));
}

static void test_published_vectors(void **state)
{
	(void)state;
	if (!vector_file_have_published())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(published); i++)
		check_published(&published[i]);
}

static void test_what_is_signed_verifies(void **state)
{
	static const struct {
		enum key_type type;
		enum cose_alg alg;
	} rows[] = {
		{ KEY_P256, COSE_ESP256 },
		{ KEY_P256, COSE_ES256 },
		{ KEY_P384, COSE_ESP384 },
		{ KEY_P384, COSE_ES384 },
		{ KEY_P521, COSE_ESP512 },
		{ KEY_P521, COSE_ES512 },
		{ KEY_ED25519, COSE_ED25519 },
		{ KEY_ED25519, COSE_EDDSA },
		{ KEY_HMAC, COSE_HMAC_256 },
	};
	const struct cose_options options = { .strict = true };
	struct su_span payload = su_span_str("payload");

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
		struct key *key su_auto(key_free) = NULL;
		struct su_buf out su_auto(su_buf_free) = { 0 };
		enum cose_alg alg = rows[i / 2].alg;
		bool detached = i % 2;
		struct cose cose;
		assert_int_equal(key_generate(rows[i / 2].type, &key, NULL), SU_OK);
		assert_int_equal(
			cose_sign(key, alg, payload, detached, su_span_str("me"), &out, NULL),
			SU_OK);
		assert_int_equal(
			cose_decode(arena, su_buf_span(&out), &options, &cose, NULL), SU_OK);
		assert_int_equal(cose.tag, rows[i / 2].type == KEY_HMAC ? COSE_MAC0 : COSE_SIGN1);
		assert_int_equal(cose.signatures[0].alg, alg);
		assert_true(su_span_equal_str(cose.signatures[0].kid, "me"));
		assert_int_equal(cose.detached, detached);
		assert_true(detached || su_span_equal(cose.payload, payload));
		assert_int_equal(
			cose_verify(&cose, &cose.signatures[0], payload, SU_SPAN_EMPTY, key, NULL),
			SU_OK);
		assert_int_equal(cose_verify(&cose, &cose.signatures[0], su_span_str("other"),
					 SU_SPAN_EMPTY, key, NULL),
			SU_UNAUTHENTIC);
	}
}

static void test_signs_only_what_fits(void **state)
{
	struct key *key su_auto(key_free) = NULL;
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct su_error err = { 0 };

	(void)state;
	assert_int_equal(key_generate(KEY_P256, &key, NULL), SU_OK);
	assert_int_equal(cose_alg_for(key), COSE_ESP256);
	assert_int_equal(cose_sign(key, COSE_ES384, SU_SPAN_EMPTY, true, SU_SPAN_EMPTY, &out, &err),
		SU_INVALID);
	assert_string_equal(err.text, "the algorithm ES384 does not go with a key of type P-256");
	assert_int_equal(
		cose_sign(key, COSE_HMAC_256, SU_SPAN_EMPTY, true, SU_SPAN_EMPTY, &out, &err),
		SU_INVALID);
	assert_int_equal(
		cose_sign(key, COSE_HSS_LMS, SU_SPAN_EMPTY, true, SU_SPAN_EMPTY, &out, &err),
		SU_UNSUPPORTED);
	assert_int_equal(out.len, 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cose_alg_name(-7), "ES256");
	assert_string_equal(cose_alg_name(-46), "HSS-LMS");
	assert_null(cose_alg_name(-999));
	assert_string_equal(cose_tag_name(COSE_MAC0), "COSE_Mac0");
	assert_string_equal(cose_tag_name(COSE_SIGN), "COSE_Sign");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_vectors),
		cmocka_unit_test(test_blocks_of_our_envelopes),
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_what_is_signed_verifies),
		cmocka_unit_test(test_signs_only_what_fits),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
