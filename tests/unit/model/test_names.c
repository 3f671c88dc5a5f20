/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of names: look-up both ways and the message that lists what is accepted. */
#include "model/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct name_row colours[] = { { 3, "red" }, { -1, "green" }, { 0, NULL } };
static const struct name_row nothing[] = { { 0, NULL } };

static void test_both_ways(void **state)
{
	int value = 42;
	(void)state;
	assert_string_equal(name_of(colours, 3), "red");
	assert_string_equal(name_of(colours, -1), "green");
	assert_null(name_of(colours, 0));
	assert_null(name_of(nothing, 0));
	assert_int_equal(name_parse(colours, "colour", "green", &value, NULL), SU_OK);
	assert_int_equal(value, -1);
}

static void test_unknown_words_are_refused_with_the_choice(void **state)
{
	static const char *const words[] = { "", "re", "redd", "RED", "red " };
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct su_error err = { 0 };
		int value = 42;
		assert_int_equal(name_parse(colours, "colour", words[i], &value, &err), SU_INVALID);
		assert_int_equal(value, 42);
		assert_string_equal(err.field, "colour");
		assert_string_equal(err.text, "must be one of red, green");
	}
	int value;
	assert_int_equal(name_parse(colours, "colour", NULL, &value, NULL), SU_INVALID);
	assert_int_equal(name_parse(nothing, "x", "y", &value, NULL), SU_INVALID);
}

static void test_a_long_table_does_not_overflow_the_message(void **state)
{
	static const char word[] = "a-word-of-thirty-two-characters.";
	struct name_row rows[41] = { 0 };
	struct su_error err;
	int value;
	(void)state;
	for (int i = 0; i < 40; i++)
		rows[i] = (struct name_row){ i, word };
	assert_int_equal(name_parse(rows, "word", "other", &value, &err), SU_INVALID);
	assert_non_null(strstr(err.text, word));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_unknown_words_are_refused_with_the_choice),
		cmocka_unit_test(test_a_long_table_does_not_overflow_the_message),
	};
	return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
