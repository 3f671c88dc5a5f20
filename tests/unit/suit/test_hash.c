/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against published values for "abc" (FIPS 180-4, FIPS 202), whole and piece by piece. */
#include "suit/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum digest_alg alg;
	const char *of_abc;
} rows[] = {
	{ DIGEST_SHA256,
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA384, "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			 "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ DIGEST_SHAKE128,
		"shake128:5881092dd818bf5cf8a3ddb793fbcba74097d5c526a6d35f97b83351940f2cc8" },
	{ DIGEST_SHAKE256,
		"shake256:483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739"
		"d5a15bef186a5386c75744c0527e1faa9f8726e462a12a4feb06bd8801e751e4" },
};

static void assert_digest(const struct digest *digest, const char *text)
{
	char found[DIGEST_TEXT_SIZE];

	digest_format(digest, found);
	assert_string_equal(found, text);
}

static void test_computes_in_one_go(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest digest;
		assert_int_equal(
			hash_compute(rows[i].alg, su_span_str("abc"), &digest, NULL), SU_OK);
		assert_digest(&digest, rows[i].of_abc);
	}
}

static void test_computes_piece_by_piece(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct hash *hash su_auto(hash_free) = NULL;
		assert_int_equal(hash_new(rows[i].alg, &hash, NULL), SU_OK);
		hash_update(hash, su_span_str("a"));
		hash_update(hash, SU_SPAN_EMPTY);
		hash_update(hash, su_span_str("bc"));
		struct digest digest = hash_final(hash);
		assert_digest(&digest, rows[i].of_abc);
	}
}

static void test_covers_the_head_of_a_byte_string(void **state)
{
	struct digest found, wanted;

	(void)state;
	assert_int_equal(hash_compute_bstr(DIGEST_SHA256, su_span_str("abc"), &found, NULL), SU_OK);
	assert_int_equal(hash_compute(DIGEST_SHA256,
				 su_span_str("\x43"
					     "abc"),
				 &wanted, NULL),
		SU_OK);
	assert_true(digest_equal(&found, &wanted));
}

static void test_refuses_an_unknown_algorithm(void **state)
{
	struct su_error err = { 0 };
	struct hash *hash = NULL;
	struct digest digest;

	(void)state;
	assert_int_equal(hash_new((enum digest_alg)2, &hash, &err), SU_UNSUPPORTED);
	assert_string_equal(err.text, "digest algorithm 2 is not supported");
	assert_null(hash);
	assert_int_equal(hash_compute(DIGEST_NONE, SU_SPAN_EMPTY, &digest, &err), SU_UNSUPPORTED);
	hash_free(&hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_computes_in_one_go),
		cmocka_unit_test(test_computes_piece_by_piece),
		cmocka_unit_test(test_covers_the_head_of_a_byte_string),
		cmocka_unit_test(test_refuses_an_unknown_algorithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
