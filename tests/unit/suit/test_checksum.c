/* SPDX-License-Identifier: Apache-2.0 */
/* The published values for "abc" (FIPS 180-4), given whole and in pieces. */
#include "suit/checksum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/hex.h"

static const struct {
	const char *name, *of_abc;
} rows[] = {
	{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
};

static bool matches(const char *name, const char *first, const char *second, const char *hex)
{
	struct checksum *checksum = NULL;
	uint8_t expected[CHECKSUM_MAX_BYTES];
	size_t len = 0;
	assert_int_equal(checksum_new(name, &checksum, NULL), SU_OK);
	assert_int_equal(
		su_hex_decode(su_span_str(hex), expected, sizeof(expected), &len, NULL), SU_OK);
	checksum_update(checksum, su_span_str(first));
	checksum_update(checksum, su_span_str(second));
	bool result = checksum_matches(checksum, su_span_of(expected, len));
	checksum_free(&checksum);
	assert_null(checksum);
	return result;
}

static void test_matches_published_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(matches(rows[i].name, "abc", "", rows[i].of_abc));
		assert_true(matches(rows[i].name, "a", "bc", rows[i].of_abc));
		assert_false(matches(rows[i].name, "abc", "d", rows[i].of_abc));
	}
}

static void test_refuses_a_part_of_the_sum(void **state)
{
	(void)state;
	assert_false(matches("sha1", "abc", "", "a9993e36"));
	assert_false(matches("sha1", "abc", "", ""));
}

static void test_refuses_other_algorithms(void **state)
{
	(void)state;
	const char *const names[] = { "", "md5", "crc32", "SHA1", "sha512" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct checksum *checksum = NULL;
		assert_int_equal(checksum_new(names[i], &checksum, NULL), SU_UNSUPPORTED);
		assert_null(checksum);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matches_published_values),
		cmocka_unit_test(test_refuses_a_part_of_the_sum),
		cmocka_unit_test(test_refuses_other_algorithms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
