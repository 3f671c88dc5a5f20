/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys: what is wrong with one is named by its member. */
#include "suit/jwk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "suit/key.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 8037 appendix A.2 and RFC 7517 appendix A.1 */
#define ED25519_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define P256_X    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"
#define P256_Y    "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

static void test_reads_public_keys(void **state)
{
	static const char *const rows[] = {
		"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED25519_X "\"}",
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y
		"\",\"use\":\"enc\",\"kid\":\"1\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		EVP_PKEY *pkey = NULL;
		assert_int_equal(jwk_read_public(su_span_str(rows[i]), &pkey, NULL), SU_OK);
		assert_non_null(pkey);
		EVP_PKEY_free(pkey);
	}
}

static void test_refuses_what_is_no_public_key(void **state)
{
	static const struct {
		const char *json;
		enum su_status status;
		const char *field, *text;
	} rows[] = {
		{ "", SU_INVALID, "", "not JSON" },
		{ "{\"kty\":", SU_INVALID, "", "not JSON" },
		{ "{\"kty\":\"EC\",\"kty\":\"EC\"}", SU_INVALID, "", "duplicate" },
		{ "[]", SU_INVALID, "", "object" },
		{ "{}", SU_INVALID, "kty", "no text member \"kty\"" },
		{ "{\"keys\":[]}", SU_INVALID, "keys", "set of keys" },
		{ "{\"kty\":7}", SU_INVALID, "kty", "kty" },
		{ "{\"kty\":\"RSA\"}", SU_UNSUPPORTED, "kty", "RSA" },
		{ "{\"kty\":\"oct\",\"k\":\"AA\"}", SU_UNSUPPORTED, "kty", "oct" },
		{ "{\"kty\":\"EC\"}", SU_INVALID, "crv", "crv" },
		{ "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", SU_UNSUPPORTED, "crv", "secp256k1" },
		{ "{\"kty\":\"EC\",\"crv\":\"Ed25519\"}", SU_UNSUPPORTED, "crv", "Ed25519" },
		{ "{\"kty\":\"OKP\",\"crv\":\"X25519\"}", SU_UNSUPPORTED, "crv", "X25519" },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", SU_INVALID, "x", "x" },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"!!\"}", SU_INVALID, "x",
			"base64url" },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", SU_INVALID, "x",
			"3 bytes, not 32" },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED25519_X "\",\"d\":\"AAAA\"}",
			SU_INVALID, "d", "private" },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X "\"}", SU_INVALID, "y", "y" },
		{ "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y "\"}",
			SU_INVALID, "x", "32 bytes, not 48" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err = { 0 };
		EVP_PKEY *pkey = NULL;
		assert_int_equal(
			jwk_read_public(su_span_str(rows[i].json), &pkey, &err), rows[i].status);
		assert_null(pkey);
		assert_string_equal(err.field, rows[i].field);
		assert_non_null(strstr(err.text, rows[i].text));
	}
}

/* x and y exchanged: 32 bytes each, but not on the curve. */
static void test_no_point_off_the_curve_becomes_a_key(void **state)
{
	static const char json[] =
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_Y "\",\"y\":\"" P256_X "\"}";
	struct key *key = NULL;

	(void)state;
	assert_int_equal(key_from_jwk(su_span_str(json), &key, NULL), SU_INVALID);
	assert_null(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_public_keys),
		cmocka_unit_test(test_refuses_what_is_no_public_key),
		cmocka_unit_test(test_no_point_off_the_curve_becomes_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
