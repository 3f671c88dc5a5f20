/* SPDX-License-Identifier: Apache-2.0 */
/* Error messages: filled, extended, cut at character boundaries, never in need of a target. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void test_fail_fills_and_returns(void **state)
{
	struct su_error err = { 0 };
	(void)state;
	assert_int_equal(
		su_fail(&err, SU_CONFLICT, "sequence", "%d is below %d", 3, 4), SU_CONFLICT);
	assert_int_equal(err.status, SU_CONFLICT);
	assert_string_equal(err.field, "sequence");
	assert_string_equal(err.text, "3 is below 4");
	assert_int_equal(su_fail(&err, SU_BUG, NULL, "x"), SU_BUG);
	assert_string_equal(err.field, "");
	assert_int_equal(su_fail(NULL, SU_IO, "f", "x"), SU_IO);
}

static void test_arguments_may_come_from_the_error_itself(void **state)
{
	struct su_error err = { 0 };
	(void)state;
	su_fail(&err, SU_IO, "name", "disk full");
	su_fail(&err, SU_RETRY, err.field, "again: %s", err.text);
	assert_string_equal(err.field, "name");
	assert_string_equal(err.text, "again: disk full");
	su_error_prefix(&err, "%s", err.text);
	assert_string_equal(err.text, "again: disk full: again: disk full");
}

static void test_prefix_and_parent(void **state)
{
	struct su_error err = { 0 };
	(void)state;
	su_fail(&err, SU_INVALID, "", "too long");
	su_error_within(&err, "components");
	assert_string_equal(err.field, "components");
	su_fail(&err, SU_INVALID, "[2]", "too long");
	su_error_within(&err, "components");
	su_error_within(&err, "common");
	su_error_within(&err, "");
	su_error_within(&err, NULL);
	assert_string_equal(err.field, "common.components[2]");
	su_error_prefix(&err, "manifest %d", 7);
	assert_string_equal(err.text, "manifest 7: too long");
	su_error_prefix(NULL, "x");
	su_error_within(NULL, "x");
}

static void test_long_messages_are_cut_between_characters(void **state)
{
	(void)state;
	/* Every alignment of one to four byte characters against the end of the message. */
	static const char *const characters[] = { "x", "\u00e9", "\u20ac", "\U0001f600" };
	for (size_t c = 0; c < 4; c++) {
		for (int pad = 0; pad < 5; pad++) {
			char long_text[1200] = "aaaa";
			long_text[pad] = '\0';
			while (strlen(long_text) < 1100)
				strcat(long_text, characters[c]);
			struct su_error err = { 0 };
			su_fail(&err, SU_INVALID, long_text, "%s", long_text);
			assert_true(su_utf8_is_valid(su_span_str(err.text)));
			assert_true(su_utf8_is_valid(su_span_str(err.field)));
			assert_in_range(
				strlen(err.text), sizeof(err.text) - 4, sizeof(err.text) - 1);
			assert_memory_equal(err.text, long_text, strlen(err.text));
			su_error_prefix(&err, "p");
			su_error_within(&err, long_text);
			assert_true(su_utf8_is_valid(su_span_str(err.text)));
			assert_true(su_utf8_is_valid(su_span_str(err.field)));
		}
	}
}

static void test_every_status_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(su_status_name(SU_OK), "ok");
	assert_string_equal(su_status_name(SU_NOT_FOUND), "not-found");
	for (int a = SU_OK; a <= SU_BUG; a++)
		for (int b = SU_OK; b < a; b++)
			assert_string_not_equal(su_status_name(a), su_status_name(b));
	assert_string_equal(su_status_name(SU_BUG + 1), "unknown");
	assert_string_equal(su_status_name(-1), "unknown");
}

static enum su_status try_twice(enum su_status first, int *reached)
{
	SU_TRY(first);
	*reached = 1;
	return SU_OK;
}

static void test_try_returns_early(void **state)
{
	int reached = 0;
	(void)state;
	assert_int_equal(try_twice(SU_BUSY, &reached), SU_BUSY);
	assert_int_equal(reached, 0);
	assert_int_equal(try_twice(SU_OK, &reached), SU_OK);
	assert_int_equal(reached, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_fills_and_returns),
		cmocka_unit_test(test_arguments_may_come_from_the_error_itself),
		cmocka_unit_test(test_prefix_and_parent),
		cmocka_unit_test(test_long_messages_are_cut_between_characters),
		cmocka_unit_test(test_every_status_has_a_name),
		cmocka_unit_test(test_try_returns_early),
	};
	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
