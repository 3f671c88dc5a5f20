/* SPDX-License-Identifier: Apache-2.0 */
/* The words for what a window means and how it is told, and when two calendars are the same. */
#include "model/window.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_words(void **state)
{
	(void)state;
	int value = -1;
	assert_string_equal(name_of(window_meaning_names, WINDOW_IDLE), "idle");
	assert_string_equal(name_of(window_meaning_names, WINDOW_BUSY), "busy");
	assert_string_equal(name_of(window_meaning_names, WINDOW_REACHABLE), "reachable");
	assert_int_equal(name_parse(window_form_names, "form", "rule", &value, NULL), SU_OK);
	assert_int_equal(value, WINDOW_RULE);
}

static struct calendar sample(void)
{
	return (struct calendar){
		.time_zone = "Europe/Berlin",
		.n_windows = 2,
		.windows = { { .form = WINDOW_WEEKLY, .days = 1, .duration_min = 60 },
			{ .form = WINDOW_RULE, .rule = "FREQ=DAILY", .duration_min = 60 } },
	};
}

static void test_equal_calendars(void **state)
{
	(void)state;
	const struct calendar a = sample();
	struct calendar b = sample();
	char zone[] = "Europe/Berlin";
	b.time_zone = zone;
	assert_true(calendar_equal(&a, &b));
	assert_true(calendar_equal(NULL, NULL));
	assert_false(calendar_equal(&a, NULL));
	assert_false(calendar_equal(NULL, &a));
	b.windows[2].days = 1; /* none of its windows */
	assert_true(calendar_equal(&a, &b));
}

static void test_calendars_that_differ(void **state)
{
	(void)state;
	const struct calendar a = sample();
	struct calendar others[7];
	for (size_t i = 0; i < 7; i++)
		others[i] = sample();
	others[0].time_zone = NULL;
	others[1].n_windows = 1;
	others[2].windows[0].meaning = WINDOW_BUSY;
	others[3].windows[0].days = 3;
	others[4].windows[1].rule = "FREQ=WEEKLY";
	others[5].windows[1].from_ms = 1;
	others[6].windows[0].start_minute = 1;
	for (size_t i = 0; i < 7; i++)
		assert_false(calendar_equal(&a, &others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_equal_calendars),
		cmocka_unit_test(test_calendars_that_differ),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
