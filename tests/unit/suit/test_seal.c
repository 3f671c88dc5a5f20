/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and opening, and that nothing else than what was sealed opens. */
#include "suit/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"

static const uint8_t key[SEAL_KEY_BYTES] = { 1, 2, 3 };

static struct su_span seal(struct su_arena *arena, const char *context, struct su_span secret)
{
	struct su_span sealed = SU_SPAN_EMPTY;
	assert_int_equal(
		seal_secret(key, su_span_str(context), secret, arena, &sealed, NULL), SU_OK);
	assert_int_equal(sealed.len, secret.len + SEAL_EXTRA_BYTES);
	return sealed;
}

static void test_opens_what_it_sealed(void **state)
{
	(void)state;
	const char *const secrets[] = { "", "k", "sixteen bytes..." };
	struct su_arena *arena = su_arena_new();
	for (size_t i = 0; i < 3; i++) {
		struct su_span opened, sealed = seal(arena, "gw-1", su_span_str(secrets[i]));
		assert_int_equal(
			seal_open(key, su_span_str("gw-1"), sealed, arena, &opened, NULL), SU_OK);
		assert_true(su_span_equal_str(opened, secrets[i]));
	}
	su_arena_free(&arena);
}

static void test_never_seals_twice_alike(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct su_span secret = su_span_str("the same secret");
	assert_false(su_span_equal(seal(arena, "gw-1", secret), seal(arena, "gw-1", secret)));
	su_arena_free(&arena);
}

/* GCM test case 13 of the mode's specification: zero key, zero nonce, nothing sealed. */
static void test_opens_published_vector(void **state)
{
	(void)state;
	static const uint8_t zero_key[SEAL_KEY_BYTES];
	uint8_t sealed[SEAL_EXTRA_BYTES] = { 0 };
	size_t len;
	struct su_span opened;
	struct su_arena *arena = su_arena_new();
	assert_int_equal(su_hex_decode(su_span_str("530f8afbc74536b9a963b4f1c4cb738b"), sealed + 12,
				 16, &len, NULL),
		SU_OK);
	assert_int_equal(seal_open(zero_key, SU_SPAN_EMPTY, su_span_of(sealed, sizeof(sealed)),
				 arena, &opened, NULL),
		SU_OK);
	assert_int_equal(opened.len, 0);
	su_arena_free(&arena);
}

static void test_refuses_any_change(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct su_span opened, sealed = seal(arena, "gw-1", su_span_str("secret"));
	struct su_error err;
	for (size_t i = 0; i < sealed.len; i++) {
		uint8_t *bytes = (uint8_t *)su_arena_copy(arena, sealed).data;
		bytes[i] ^= 1;
		assert_int_equal(seal_open(key, su_span_str("gw-1"), su_span_of(bytes, sealed.len),
					 arena, &opened, &err),
			SU_UNAUTHENTIC);
	}
	uint8_t other_key[SEAL_KEY_BYTES] = { 1, 2, 4 };
	assert_int_equal(seal_open(other_key, su_span_str("gw-1"), sealed, arena, &opened, &err),
		SU_UNAUTHENTIC);
	assert_int_equal(
		seal_open(key, su_span_str("gw-2"), sealed, arena, &opened, &err), SU_UNAUTHENTIC);
	su_arena_free(&arena);
}

static void test_refuses_every_truncation(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct su_span opened, sealed = seal(arena, "gw-1", su_span_str("secret"));
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(seal_open(key, su_span_str("gw-1"), su_span_of(sealed.data, len),
					 arena, &opened, NULL),
			SU_UNAUTHENTIC);
	su_arena_free(&arena);
}

static void test_refuses_huge_secret(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct su_span sealed;
	uint8_t *huge = su_arena_alloc(arena, (1 << 20) + 1);
	assert_int_equal(seal_secret(key, SU_SPAN_EMPTY, su_span_of(huge, (1 << 20) + 1), arena,
				 &sealed, NULL),
		SU_TOO_LARGE);
	su_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_what_it_sealed),
		cmocka_unit_test(test_never_seals_twice_alike),
		cmocka_unit_test(test_opens_published_vector),
		cmocka_unit_test(test_refuses_any_change),
		cmocka_unit_test(test_refuses_every_truncation),
		cmocka_unit_test(test_refuses_huge_secret),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
