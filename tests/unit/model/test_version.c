/* SPDX-License-Identifier: Apache-2.0 */
/* Versions: text both ways, limits, and the order of draft-ietf-suit-update-management. */
#include "model/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

static const struct {
	const char *text;
	struct version version;
} rows[] = {
	{ "0", { 1, { 0 } } },
	{ "1.2.0", { 3, { 1, 2, 0 } } },
	{ "1.2-rc.3", { 4, { 1, 2, -1, 3 } } },
	{ "2.0-beta", { 3, { 2, 0, -2 } } },
	{ "1.0.0-alpha.1", { 5, { 1, 0, 0, -3, 1 } } },
	{ "1.-7", { 2, { 1, -7 } } },
	{ "-1.2", { 2, { -1, 2 } } },
	{ "9223372036854775807", { 1, { INT64_MAX } } },
	{ "1.-9223372036854775808", { 2, { 1, INT64_MIN } } },
	{ "1.2.3.4.5.6.7.8", { 8, { 1, 2, 3, 4, 5, 6, 7, 8 } } },
};

static void test_text_both_ways(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct version version;
		assert_string_equal(version_format(*state, &rows[i].version), rows[i].text);
		assert_int_equal(version_parse(rows[i].text, &version, NULL), SU_OK);
		assert_memory_equal(&version, &rows[i].version, sizeof(version));
	}
	assert_string_equal(version_format(*state, &(struct version){ 0 }), "");
}

static void test_bad_texts_are_refused(void **state)
{
	static const char *const texts[] = { "", ".", "-", "1.", "1..2", ".1", "1-", "1-gamma",
		"1-rcx", "rc.1", "-rc", "1.rc", "1-2", "v1", "1.2 ", " 1", "+1", "1.+2", "1,2",
		"1.0x10", "9223372036854775808", "-9223372036854775809", "1.99999999999999999999",
		"1.2.3.4.5.6.7.8.9", "1.2.3.4.5.6.7.8-rc" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct version version = { 1, { 42 } };
		struct su_error err = { 0 };
		if (version_parse(texts[i], &version, &err) != SU_INVALID)
			fail_msg("%s is accepted", texts[i]);
		assert_string_not_equal(err.text, "");
		assert_int_equal(version.parts[0], 42);
	}
	struct version version;
	assert_int_equal(version_parse(NULL, &version, NULL), SU_INVALID);
}

static int compare(const char *a, const char *b)
{
	struct version left, right;
	assert_int_equal(version_parse(a, &left, NULL), SU_OK);
	assert_int_equal(version_parse(b, &right, NULL), SU_OK);
	return version_compare(&left, &right);
}

static void test_order(void **state)
{
	static const char *const rising[] = { "1.9.9", "2.0-alpha.9", "2.0-beta.1", "2.0-rc.1",
		"2.0-rc.2", "2.0.0", "2.0.1", "2.10.0", "10.0.0" };
	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(rising); a++)
		for (size_t b = 0; b < ARRAY_LEN(rising); b++) {
			int order = compare(rising[a], rising[b]);
			assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
		}
}

static void test_only_the_parts_that_are_asked_for_count(void **state)
{
	(void)state;
	assert_int_equal(compare("1.2.3", "1.2"), 0);
	assert_int_equal(compare("1.2", "1.2.0"), 0);
	assert_true(compare("1.2", "1.2.1") < 0);
	assert_true(compare("2.0", "2.0-rc.1") > 0);
	assert_int_equal(compare("2.0-rc.1", "2.0"), 0);
	struct version one = { 1, { 1 } };
	assert_int_equal(version_compare(&one, &(struct version){ 0 }), 0);
	assert_true(version_compare(&(struct version){ 0 }, &one) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text_both_ways, set_up, tear_down),
		cmocka_unit_test(test_bad_texts_are_refused),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_only_the_parts_that_are_asked_for_count),
	};
	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
