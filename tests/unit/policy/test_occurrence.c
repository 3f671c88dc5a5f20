/* SPDX-License-Identifier: Apache-2.0 */
/* One window after another. */
#include "policy/occurrence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t at(const char *text)
{
	int64_t ms;
	assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
	return ms;
}

static void assert_after(
	const struct window *window, const char *after, const char *from, const char *until)
{
	struct interval found;
	assert_true(occurrence_after(window, zone_find("Europe/Berlin"), at(after), &found));
	assert_int_equal(found.from_ms, at(from));
	assert_int_equal(found.until_ms, at(until));
}

static void test_weekly_over_the_end_of_the_week(void **state)
{
	const struct window window = {
		.form = WINDOW_WEEKLY, .days = 1 << 6, .start_minute = 23 * 60, .duration_min = 120
	};
	(void)state;
	assert_after(&window, "2026-11-22T23:59:59.999Z", "2026-11-22T22:00:00Z",
		"2026-11-23T00:00:00Z");
	/* The end is the first moment outside. */
	assert_after(
		&window, "2026-11-23T00:00:00Z", "2026-11-29T22:00:00Z", "2026-11-30T00:00:00Z");
	assert_after(
		&window, "1969-12-30T00:00:00Z", "1970-01-04T22:00:00Z", "1970-01-05T00:00:00Z");
}

static void test_a_whole_week(void **state)
{
	const struct window window = { .form = WINDOW_WEEKLY,
		.days = 1,
		.start_minute = 0,
		.duration_min = WINDOW_MAX_DURATION_MIN };
	(void)state;
	assert_after(
		&window, "2026-11-22T22:59:59Z", "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z");
	assert_after(
		&window, "2026-11-22T23:00:00Z", "2026-11-22T23:00:00Z", "2026-11-29T23:00:00Z");
}

static void test_once(void **state)
{
	const struct window window = { .form = WINDOW_INTERVAL, .until_ms = 1000 };
	struct interval found;
	(void)state;
	assert_true(occurrence_after(&window, zone_find(NULL), 999, &found));
	assert_int_equal(found.from_ms, 0);
	assert_int_equal(found.until_ms, 1000);
	assert_false(occurrence_after(&window, zone_find(NULL), 1000, &found));
}

static void test_rule(void **state)
{
	const struct window window = { .form = WINDOW_RULE,
		.rule = "FREQ=DAILY;BYHOUR=2;UNTIL=20261122",
		.duration_min = 60 };
	struct interval found;
	(void)state;
	assert_after(
		&window, "2026-11-21T01:59:59Z", "2026-11-21T01:00:00Z", "2026-11-21T02:00:00Z");
	assert_after(
		&window, "2026-11-21T02:00:00Z", "2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z");
	assert_false(occurrence_after(
		&window, zone_find("Europe/Berlin"), at("2026-11-22T02:00:00Z"), &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weekly_over_the_end_of_the_week),
		cmocka_unit_test(test_a_whole_week),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
