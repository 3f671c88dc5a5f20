/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in every form, what identifies them, and what is refused. */
#include "suit/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"
#include "vector_file.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static void free_json(json_t **json)
{
	json_decref(*json);
}

static void assert_hex(struct su_span bytes, const char *hex)
{
	char text[1024];

	assert_true(bytes.len < sizeof(text) / 2);
	su_hex_encode(bytes, text);
	assert_string_equal(text, hex);
}

/* One key of the index, given in one form: everything that it says is found. */
static void check_public(const struct key *key, const json_t *entry)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	uint8_t thumbprint[32];
	struct su_error err = { 0 };

	assert_string_equal(key_type_name(key_type_of(key)), vector_file_string(entry, "type"));
	assert_hex(key_spki(arena, key), vector_file_string(entry, "spki"));
	assert_int_equal(key_thumbprint(key, thumbprint, &err), SU_OK);
	assert_hex(su_span_of(thumbprint, 32), vector_file_string(entry, "thumbprint"));
	const char *pem = key_public_pem(arena, key);
	assert_true(su_span_equal_str(
		vector_file_read_text(arena, vector_file_string(entry, "public"), false), pem));
	assert_false(key_is_published_example(key));
}

static void check_forms(const json_t *entry)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *public_key su_auto(key_free) = NULL;
	struct key *private_key su_auto(key_free) = NULL;
	struct key *from_der su_auto(key_free) = NULL;
	struct key *from_jwk su_auto(key_free) = NULL;
	const char *public_pem = vector_file_string(entry, "public");
	const char *private_pem = vector_file_string(entry, "private");
	char *jwk su_auto(su_free_ptr) = json_dumps(json_object_get(entry, "jwk"), 0);

	struct su_span pem = vector_file_read_text(arena, public_pem, false);
	assert_int_equal(key_from_pem(pem, &public_key, NULL), SU_OK);
	assert_false(key_is_private(public_key));
	assert_null(key_private_pem(arena, public_key));
	check_public(public_key, entry);

	pem = vector_file_read_text(arena, private_pem, false);
	assert_int_equal(key_from_pem(pem, &private_key, NULL), SU_OK);
	assert_true(key_is_private(private_key));
	assert_true(su_span_equal_str(pem, key_private_pem(arena, private_key)));
	check_public(private_key, entry);

	struct su_span der = vector_file_bytes(arena, entry, "spki");
	assert_int_equal(key_from_spki(der, &from_der, NULL), SU_OK);
	check_public(from_der, entry);
	assert_int_equal(key_from_jwk(su_span_str(jwk), &from_jwk, NULL), SU_OK);
	check_public(from_jwk, entry);
}

static void test_reads_every_form_of_every_type(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	const char *name;
	json_t *entry;
	size_t n = 0;

	(void)state;
	json_object_foreach(json_object_get(index, "keys"), name, entry)
	{
		if (strcmp(vector_file_string(entry, "type"), "HMAC") == 0)
			continue;
		check_forms(entry);
		n++;
	}
	assert_int_equal(n, 7);
}

static void test_generates_keys_that_can_be_read_back(void **state)
{
	(void)state;
	for (enum key_type type = KEY_P256; type <= KEY_ED25519; type++) {
		struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
		struct key *made su_auto(key_free) = NULL;
		struct key *read su_auto(key_free) = NULL;
		assert_int_equal(key_generate(type, &made, NULL), SU_OK);
		assert_int_equal(key_type_of(made), type);
		const char *pem = key_private_pem(arena, made);
		assert_int_equal(key_from_pem(su_span_str(pem), &read, NULL), SU_OK);
		assert_true(key_is_private(read));
		assert_true(su_span_equal(key_spki(arena, made), key_spki(arena, read)));
	}
}

static void test_secrets_have_no_public_half(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *key su_auto(key_free) = NULL;
	uint8_t thumbprint[32];

	(void)state;
	assert_int_equal(key_generate(KEY_HMAC, &key, NULL), SU_OK);
	assert_true(key_is_private(key));
	assert_int_equal(key_spki(arena, key).len, 0);
	assert_null(key_public_pem(arena, key));
	assert_null(key_private_pem(arena, key));
	assert_int_equal(key_thumbprint(key, thumbprint, NULL), SU_UNSUPPORTED);
	assert_false(key_is_published_example(key));
}

static void test_bounds_secrets(void **state)
{
	static const uint8_t bytes[KEY_MAX_SECRET_BYTES + 1];
	static const size_t bad[] = { 0, KEY_MIN_SECRET_BYTES - 1, KEY_MAX_SECRET_BYTES + 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct key *key = NULL;
		assert_int_equal(
			key_from_secret(su_span_of(bytes, bad[i]), &key, NULL), SU_INVALID);
		assert_null(key);
	}
}

static void test_takes_the_key_among_other_text(void **state)
{
	/* openssl ecparam -genkey writes the name of the curve first, and SEC 1 after it. */
	static const char sec1[] =
		"Some words before.\n"
		"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MHcCAQEEINKLss8TWH7Lkjhh+0cNK67Z6TTqOL2sqOmUoI6rzG4SoAoGCCqGSM49\n"
		"AwEHoUQDQgAEinaXgHmiwcym2OQ/GEyPrgCuTnNq59lof87XKcpLigCvJKPuBtQS\n"
		"1Gj5SoKrSpZ5YMpvLnaojjsNGP0F4UpJhQ==\n"
		"-----END EC PRIVATE KEY-----\nand after.\n";
	struct key *key su_auto(key_free) = NULL;
	struct su_error err = { 0 };

	(void)state;
	enum su_status status = key_from_pem(su_span_str(sec1), &key, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
	assert_int_equal(key_type_of(key), KEY_P256);
	assert_true(key_is_private(key));
}

#define PEM(type, body) "-----BEGIN " type "-----\n" body "\n-----END " type "-----\n"

static void test_refuses_other_pem(void **state)
{
	static const struct {
		const char *pem;
		enum su_status status;
		const char *text;
	} rows[] = {
		{ "", SU_INVALID, "no PEM key found" },
		{ "no key at all", SU_INVALID, "no PEM key found" },
		{ "-----BEGIN PUBLIC KEY-----\nMFkw", SU_INVALID, "no PEM key found" },
		{ PEM("PUBLIC KEY", "AAAA"), SU_INVALID, "no valid key" },
		{ PEM("PRIVATE KEY", "MAA="), SU_INVALID, "no valid key" },
		{ PEM("CERTIFICATE", "AAAA"), SU_UNSUPPORTED, "CERTIFICATE" },
		{ PEM("ENCRYPTED PRIVATE KEY", "AAAA"), SU_INVALID, "encrypted" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
		  "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n"
		  "-----END EC PRIVATE KEY-----\n",
			SU_INVALID, "encrypted" },
		{ PEM("PUBLIC KEY", "MCowBQYDK2VuAyEASvxu/hNHIafmEoI4m1SUtxW3YP/FHEQLZVBNvqL3JS8="),
			SU_UNSUPPORTED, "X25519" },
		{ PEM("PUBLIC KEY",
			  "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEKKOWxqckztbRArTBxInzqKNKbfvAeC5G\n"
			  "ywMjCtVkjN+fnHnXd/PBUijsBt+/1hblaASve3Rvt7c5Is2+gVO8dA=="),
			SU_UNSUPPORTED, "secp256k1" },
		{ PEM("PUBLIC KEY",
			  "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDHxC3wqsroaVUSgOuxMhwQHRgu\n"
			  "97/upfeFvYWqNYNVXW2Iy7b6pmVFejp4axMbrc4neuloPunl3JzcGH/8tIUQuPEc\n"
			  "+p7p4n/qE6dPC/CZ1g4nXPLtT2asjjISxBuiynEuVFdQUZ5XxNGsDt+bKSbOXnXp\n"
			  "IsHdCFTtvgoUR1DWCwIDAQAB"),
			SU_UNSUPPORTED, "RSA" },
		/* P-256 with its curve spelt out */
		{ PEM("PUBLIC KEY",
			  "MIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"
			  "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"
			  "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"
			  "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"
			  "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"
			  "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABIYcXjB1HzS9qV922awwkwjJ\n"
			  "7v2pREK0MhsP3IIJtMPsLRo+KJsNDKTBLF3WG/Wgr87KvFXR83/xp34Lo0dnllk="),
			SU_UNSUPPORTED, "spells its curve out" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err = { 0 };
		struct key *key = NULL;
		assert_int_equal(
			key_from_pem(su_span_str(rows[i].pem), &key, &err), rows[i].status);
		assert_null(key);
		assert_non_null(strstr(err.text, rows[i].text));
	}
}

static void test_refuses_a_point_off_its_curve(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const json_t *entry = json_object_get(json_object_get(index, "keys"), "author-p256");
	struct key *key = NULL;

	(void)state;
	struct su_span der = vector_file_bytes(arena, entry, "spki");
	struct su_buf changed su_auto(su_buf_free) = { 0 };
	su_buf_append_span(&changed, der);
	changed.data[changed.len - 1] ^= 1;
	assert_int_equal(key_from_spki(su_buf_span(&changed), &key, NULL), SU_INVALID);
	changed.data[changed.len - 1] ^= 1;
	su_buf_append_byte(&changed, 0);
	assert_int_equal(key_from_spki(su_buf_span(&changed), &key, NULL), SU_INVALID);
	assert_int_equal(key_from_spki(su_span_of(der.data, der.len - 1), &key, NULL), SU_INVALID);
	assert_int_equal(key_from_spki(SU_SPAN_EMPTY, &key, NULL), SU_INVALID);
	assert_null(key);
}

/* The same key with a compressed point is stored, and compared, uncompressed. */
static void test_writes_points_uncompressed(void **state)
{
	json_t *index su_auto(free_json) = vector_file_index();
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const json_t *entry = json_object_get(json_object_get(index, "keys"), "author-p256");
	struct su_span der = vector_file_bytes(arena, entry, "spki");
	struct su_buf compressed su_auto(su_buf_free) = { 0 };
	struct key *key su_auto(key_free) = NULL;

	(void)state;
	assert_int_equal(der.len, 91);
	su_buf_append(&compressed, "\x30\x39", 2);
	su_buf_append(&compressed, der.data + 2, 21);
	su_buf_append(&compressed, "\x03\x22\x00", 3);
	su_buf_append_byte(&compressed, der.data[90] & 1 ? 0x03 : 0x02);
	su_buf_append(&compressed, der.data + 27, 32);
	assert_int_equal(key_from_spki(su_buf_span(&compressed), &key, NULL), SU_OK);
	assert_true(su_span_equal(key_spki(arena, key), der));
}

static void test_bounds_its_input(void **state)
{
	static char big[KEY_MAX_INPUT_BYTES + 1];
	struct key *key = NULL;

	(void)state;
	memset(big, ' ', sizeof(big));
	struct su_span input = su_span_of(big, sizeof(big));
	assert_int_equal(key_from_pem(input, &key, NULL), SU_TOO_LARGE);
	assert_int_equal(key_from_jwk(input, &key, NULL), SU_TOO_LARGE);
	assert_int_equal(key_from_spki(input, &key, NULL), SU_TOO_LARGE);
}

static void test_knows_published_keys(void **state)
{
	/* draft-ietf-suit-manifest appendix B, draft-ietf-suit-firmware-encryption */
	static const char pem[] =
		PEM("PUBLIC KEY", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhJaBGq4LqqvSYVcYnuzaJr6qi/Eb"
				  "bz/m4rVlnIXbwK07HypLbAmBMcCjbazR14vTgdzfsJwFLbM5kdtzOLSolg==");
	struct key *key su_auto(key_free) = NULL;
	struct key *secret su_auto(key_free) = NULL;

	(void)state;
	assert_int_equal(key_from_pem(su_span_str(pem), &key, NULL), SU_OK);
	assert_true(key_is_published_example(key));
	assert_int_equal(
		key_from_secret(su_span_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &secret, NULL),
		SU_OK);
	assert_true(key_is_published_example(secret));
}

static void test_knows_the_published_key_files(void **state)
{
	static const char *const paths[] = { "keys/suit-example-p256.pub.pem",
		"keys/delegated-p256.pub.pem", "keys/device-p256.pub.pem" };
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();

	(void)state;
	if (!vector_file_have_published())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct key *key su_auto(key_free) = NULL;
		assert_int_equal(
			key_from_pem(vector_file_read_text(arena, paths[i], true), &key, NULL),
			SU_OK);
		assert_true(key_is_published_example(key));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_every_form_of_every_type),
		cmocka_unit_test(test_generates_keys_that_can_be_read_back),
		cmocka_unit_test(test_secrets_have_no_public_half),
		cmocka_unit_test(test_bounds_secrets),
		cmocka_unit_test(test_takes_the_key_among_other_text),
		cmocka_unit_test(test_refuses_other_pem),
		cmocka_unit_test(test_refuses_a_point_off_its_curve),
		cmocka_unit_test(test_writes_points_uncompressed),
		cmocka_unit_test(test_bounds_its_input),
		cmocka_unit_test(test_knows_published_keys),
		cmocka_unit_test(test_knows_the_published_key_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
