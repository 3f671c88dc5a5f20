/* SPDX-License-Identifier: Apache-2.0 */
/* Digests as values: text both ways, equality, and texts that must be refused. */
#include "model/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum digest_alg alg;
	size_t len;
	const char *name;
} algorithms[] = {
	{ DIGEST_SHA256, 32, "sha256" },
	{ DIGEST_SHA384, 48, "sha384" },
	{ DIGEST_SHA512, 64, "sha512" },
	{ DIGEST_SHAKE128, 32, "shake128" },
	{ DIGEST_SHAKE256, 64, "shake256" },
};

static void test_each_algorithm_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
		struct digest digest = { algorithms[i].alg, (uint8_t)algorithms[i].len,
			{ 0xab, 1 } };
		struct digest parsed;
		char text[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];
		digest_format(&digest, text);
		snprintf(wanted, sizeof(wanted), "%s:ab01%0*d", algorithms[i].name,
			(int)(2 * algorithms[i].len - 4), 0);
		assert_string_equal(text, wanted);
		assert_int_equal(digest_parse(text, &parsed, NULL), SU_OK);
		assert_true(digest_equal(&digest, &parsed));
		assert_int_equal(digest_alg_len(algorithms[i].alg), algorithms[i].len);
		assert_string_equal(digest_alg_name(algorithms[i].alg), algorithms[i].name);
	}
}

static void test_unset_and_unknown(void **state)
{
	struct digest unset = { 0 };
	char text[DIGEST_TEXT_SIZE] = "x";
	(void)state;
	assert_false(digest_is_set(&unset));
	digest_format(&unset, text);
	assert_string_equal(text, "");
	assert_int_equal(digest_alg_len(DIGEST_NONE), 0);
	assert_null(digest_alg_name(DIGEST_NONE));
	assert_int_equal(digest_alg_len((enum digest_alg) - 1), 0);
	assert_null(digest_alg_name((enum digest_alg)5));
}

static void test_equality_needs_algorithm_and_bytes(void **state)
{
	uint8_t bytes[32] = { 1 };
	(void)state;
	struct digest a = digest_sha256(bytes);
	struct digest b = a;
	assert_true(digest_is_set(&a));
	assert_int_equal(digest_span(&a).len, 32);
	b.bytes[40] = 9; /* behind its end */
	assert_true(digest_equal(&a, &b));
	b.bytes[31] = 9;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.alg = DIGEST_SHAKE128;
	assert_false(digest_equal(&a, &b));
}

static void assert_refused(const char *text, enum su_status status, const char *message)
{
	struct digest digest = { 0 };
	struct su_error err = { 0 };
	assert_int_equal(digest_parse(text, &digest, &err), status);
	if (!strstr(err.text, message))
		fail_msg("%s: %s", text, err.text);
	assert_false(digest_is_set(&digest));
}

static void test_bad_texts_are_refused(void **state)
{
	char text[300];
	(void)state;
	assert_refused(NULL, SU_INVALID, "written like");
	assert_refused("", SU_INVALID, "written like");
	assert_refused("sha256", SU_INVALID, "written like");
	assert_refused("sha256:", SU_INVALID, "64 hexadecimal digits, not 0");
	assert_refused("md5:00", SU_UNSUPPORTED, "must be sha256");
	assert_refused("SHA256:00", SU_UNSUPPORTED, "must be sha256");
	assert_refused(":00", SU_UNSUPPORTED, "must be sha256");
	for (int digits = 62; digits <= 66; digits++) {
		if (digits == 64)
			continue;
		snprintf(text, sizeof(text), "sha256:%0*d", digits, 0);
		assert_refused(text, SU_INVALID, "64 hexadecimal digits");
	}
	snprintf(text, sizeof(text), "sha256:%063dg", 0);
	assert_refused(text, SU_INVALID, "offset 63");
	snprintf(text, sizeof(text), "sha512:%064d", 0);
	assert_refused(text, SU_INVALID, "128 hexadecimal digits");
}

static void test_upper_case_digits_are_the_same_digest(void **state)
{
	struct digest lower, upper;
	char text[DIGEST_TEXT_SIZE];
	(void)state;
	snprintf(text, sizeof(text), "sha256:%062dab", 0);
	assert_int_equal(digest_parse(text, &lower, NULL), SU_OK);
	snprintf(text, sizeof(text), "sha256:%062dAB", 0);
	assert_int_equal(digest_parse(text, &upper, NULL), SU_OK);
	assert_true(digest_equal(&lower, &upper));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_algorithm_both_ways),
		cmocka_unit_test(test_unset_and_unknown),
		cmocka_unit_test(test_equality_needs_algorithm_and_bytes),
		cmocka_unit_test(test_bad_texts_are_refused),
		cmocka_unit_test(test_upper_case_digits_are_the_same_digest),
	};
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
