/* SPDX-License-Identifier: Apache-2.0 */
/* Raw signatures: what is made verifies, and nothing that differs by a bit does. */
#include "suit/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const size_t lengths[] = {
	[KEY_P256] = 64, [KEY_P384] = 96, [KEY_P521] = 132, [KEY_ED25519] = 64, [KEY_HMAC] = 32
};

static void test_what_is_made_verifies(void **state)
{
	(void)state;
	for (enum key_type type = KEY_P256; type <= KEY_HMAC; type++) {
		struct key *key su_auto(key_free) = NULL;
		struct su_buf made su_auto(su_buf_free) = { 0 };
		assert_int_equal(key_generate(type, &key, NULL), SU_OK);
		assert_int_equal(signature_make(key, su_span_str("message"), &made, NULL), SU_OK);
		assert_int_equal(made.len, lengths[type]);
		struct su_span signature = su_buf_span(&made);
		assert_int_equal(
			signature_verify(key, su_span_str("message"), signature, NULL), SU_OK);
		assert_int_equal(signature_verify(key, su_span_str("massage"), signature, NULL),
			SU_UNAUTHENTIC);
		for (size_t i = 0; i < made.len; i += 7) {
			made.data[i] ^= 1;
			assert_int_equal(
				signature_verify(key, su_span_str("message"), signature, NULL),
				SU_UNAUTHENTIC);
			made.data[i] ^= 1;
		}
	}
}

static void test_lengths_are_exact(void **state)
{
	(void)state;
	for (enum key_type type = KEY_P256; type <= KEY_HMAC; type++) {
		struct key *key su_auto(key_free) = NULL;
		struct su_buf made su_auto(su_buf_free) = { 0 };
		assert_int_equal(key_generate(type, &key, NULL), SU_OK);
		assert_int_equal(signature_make(key, su_span_str("m"), &made, NULL), SU_OK);
		su_buf_append_byte(&made, 0);
		const size_t wrong[] = { 0, 1, made.len - 2, made.len };
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
			assert_int_equal(signature_verify(key, su_span_str("m"),
						 su_span_of(made.data, wrong[i]), NULL),
				SU_UNAUTHENTIC);
	}
}

/* 0 and the order of the group are outside the range of r and s. */
static void test_ecdsa_values_are_in_range(void **state)
{
	static const char order[] =
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	struct key *key su_auto(key_free) = NULL;
	struct su_buf made su_auto(su_buf_free) = { 0 };
	uint8_t bytes[64];
	size_t len;

	(void)state;
	assert_int_equal(key_generate(KEY_P256, &key, NULL), SU_OK);
	assert_int_equal(signature_make(key, su_span_str("m"), &made, NULL), SU_OK);
	for (size_t half = 0; half < 2; half++) {
		memcpy(bytes, made.data, 64);
		memset(bytes + 32 * half, 0, 32);
		assert_int_equal(
			signature_verify(key, su_span_str("m"), su_span_of(bytes, 64), NULL),
			SU_UNAUTHENTIC);
		assert_int_equal(
			su_hex_decode(su_span_str(order), bytes + 32 * half, 32, &len, NULL),
			SU_OK);
		assert_int_equal(
			signature_verify(key, su_span_str("m"), su_span_of(bytes, 64), NULL),
			SU_UNAUTHENTIC);
	}
}

static void test_a_public_key_cannot_sign(void **state)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct key *key su_auto(key_free) = NULL;
	struct key *public_key su_auto(key_free) = NULL;
	struct su_buf made su_auto(su_buf_free) = { 0 };

	(void)state;
	assert_int_equal(key_generate(KEY_ED25519, &key, NULL), SU_OK);
	assert_int_equal(key_from_spki(key_spki(arena, key), &public_key, NULL), SU_OK);
	assert_int_equal(signature_make(public_key, su_span_str("m"), &made, NULL), SU_INVALID);
	assert_int_equal(made.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_made_verifies),
		cmocka_unit_test(test_lengths_are_exact),
		cmocka_unit_test(test_ecdsa_values_are_in_range),
		cmocka_unit_test(test_a_public_key_cannot_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
