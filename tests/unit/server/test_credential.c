/* SPDX-License-Identifier: Apache-2.0 */
/* Key files in both forms, keys bound to their endpoint, secrets that never repeat. */
#include "server/credential.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"

#define HEX_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct credential_key *key_of(const char *contents)
{
	struct credential_key *key = NULL;
	assert_int_equal(credential_key_new(su_span_str(contents), &key, NULL), SU_OK);
	return key;
}

static void test_reads_both_forms_of_a_key_file(void **state)
{
	(void)state;
	uint8_t raw[32];
	size_t len;
	assert_int_equal(su_hex_decode(su_span_str(HEX_KEY), raw, sizeof(raw), &len, NULL), SU_OK);
	struct credential_key *hex_key = key_of(" " HEX_KEY "\n"), *raw_key = NULL;
	assert_int_equal(credential_key_new(su_span_of(raw, 32), &raw_key, NULL), SU_OK);

	struct su_arena *arena = su_arena_new();
	struct su_span psk = su_span_str("0123456789abcdef"), sealed, opened;
	assert_int_equal(credential_seal_psk(hex_key, arena, "gw-1", psk, &sealed, NULL), SU_OK);
	assert_int_equal(credential_open_psk(raw_key, arena, "gw-1", sealed, &opened, NULL), SU_OK);
	assert_true(su_span_equal(psk, opened));
	su_arena_free(&arena);
	credential_key_free(&hex_key);
	credential_key_free(&raw_key);
	assert_null(raw_key);
}

static void test_refuses_bad_key_files(void **state)
{
	(void)state;
	const char *const bad[] = { "", "short", HEX_KEY "00", "zz" HEX_KEY,
		"zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct credential_key *key = NULL;
		struct su_error err;
		assert_int_equal(credential_key_new(su_span_str(bad[i]), &key, &err), SU_INVALID);
		assert_null(key);
		assert_string_equal(err.field, "credential_key_file");
	}
}

static void test_binds_psk_to_endpoint(void **state)
{
	(void)state;
	struct credential_key *key = key_of(HEX_KEY);
	struct su_arena *arena = su_arena_new();
	struct su_span sealed, opened;
	assert_int_equal(credential_seal_psk(key, arena, "gw-1", su_span_str("0123456789abcdef"),
				 &sealed, NULL),
		SU_OK);
	assert_int_equal(
		credential_open_psk(key, arena, "gw-2", sealed, &opened, NULL), SU_UNAUTHENTIC);
	su_arena_free(&arena);
	credential_key_free(&key);
}

static void test_bounds_psk(void **state)
{
	(void)state;
	struct credential_key *key = key_of(HEX_KEY);
	struct su_arena *arena = su_arena_new();
	uint8_t psk[65] = { 0 };
	const struct {
		size_t len;
		enum su_status expected;
	} rows[] = { { 0, SU_INVALID }, { 15, SU_INVALID }, { 16, SU_OK }, { 64, SU_OK },
		{ 65, SU_INVALID } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct su_span sealed;
		assert_int_equal(credential_seal_psk(key, arena, "gw-1",
					 su_span_of(psk, rows[i].len), &sealed, NULL),
			rows[i].expected);
	}
	su_arena_free(&arena);
	credential_key_free(&key);
}

static void test_makes_secrets(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	const char *one = credential_new_secret(arena, "suitd_");
	const char *two = credential_new_secret(arena, "suitd_");
	assert_int_equal(strncmp(one, "suitd_", 6), 0);
	assert_int_equal(strlen(one), 6 + 43);
	assert_string_not_equal(one, two);
	su_arena_free(&arena);
}

static void test_hashes_the_text_of_a_secret(void **state)
{
	(void)state;
	uint8_t hash[CREDENTIAL_HASH_BYTES];
	char hex[2 * CREDENTIAL_HASH_BYTES + 1];
	credential_hash_secret("abc", hash);
	su_hex_encode(su_span_of(hash, sizeof(hash)), hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_both_forms_of_a_key_file),
		cmocka_unit_test(test_refuses_bad_key_files),
		cmocka_unit_test(test_binds_psk_to_endpoint),
		cmocka_unit_test(test_bounds_psk),
		cmocka_unit_test(test_makes_secrets),
		cmocka_unit_test(test_hashes_the_text_of_a_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
