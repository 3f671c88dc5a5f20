/* SPDX-License-Identifier: Apache-2.0 */
/* The habits of a device as words: windows and answers, and what is refused. */
#include "tools/device_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_window(void **state)
{
	struct window window;
	(void)state;
	assert_int_equal(
		device_options_parse_window("mon,tue 02:05 PT2H", WINDOW_BUSY, &window, NULL),
		SU_OK);
	assert_int_equal(window.meaning, WINDOW_BUSY);
	assert_int_equal(window.form, WINDOW_WEEKLY);
	assert_int_equal(window.days, 3);
	assert_int_equal(window.start_minute, 125);
	assert_int_equal(window.duration_min, 120);
	assert_int_equal(
		device_options_parse_window("daily 23:59 P7D", WINDOW_IDLE, &window, NULL), SU_OK);
	assert_int_equal(window.days, WINDOW_EVERY_DAY);
	assert_int_equal(window.duration_min, WINDOW_MAX_DURATION_MIN);
}

static void test_bad_windows(void **state)
{
	static const char *const texts[] = { "", "mon", "mon 02:00", "mon 24:00 PT1H",
		"mon 02:60 PT1H", "moon 02:00 PT1H", "mon 02:00 PT30S", "mon 02:00 P8D",
		"mon 02:00 PT0S", "mon 02:00 PT1H more", "mon 0200 PT1H" };
	struct window window;
	struct su_error err;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(device_options_parse_window(texts[i], WINDOW_IDLE, &window, &err),
			SU_INVALID);
}

static void test_answers(void **state)
{
	struct device_script script = { 0 };
	(void)state;
	assert_int_equal(device_options_parse_answer("at:60", &script, NULL), SU_OK);
	assert_int_equal(script.says, SAYS_AT);
	assert_int_equal(script.after_s, 60);
	assert_int_equal(device_options_parse_answer("no:in use", &script, NULL), SU_OK);
	assert_int_equal(script.says, SAYS_NO);
	assert_string_equal(script.reason, "in use");
	assert_int_equal(device_options_parse_answer("silent", &script, NULL), SU_OK);
	assert_int_equal(script.says, SAYS_NOTHING);
}

static void test_bad_answers(void **state)
{
	static const char *const texts[] = { "", "yes", "at:", "at:x", "at:-1", "no:" };
	struct device_script script = { 0 };
	struct su_error err;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(device_options_parse_answer(texts[i], &script, &err), SU_INVALID);
		assert_string_equal(err.field, "answer");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_bad_windows),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_bad_answers),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
