/* SPDX-License-Identifier: Apache-2.0 */
/* Recurrence rules: what is refused, and when the others happen. */
#include "policy/recurrence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t at(const char *text)
{
	int64_t ms;
	assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
	return ms / 1000;
}

static void assert_next(
	const struct recurrence *recurrence, const char *after, const char *expected)
{
	int64_t next_s;
	char text[SU_TIME_TEXT_SIZE];
	assert_int_equal(recurrence_check(recurrence->rule, NULL), SU_OK);
	bool found = recurrence_next(recurrence, at(after), &next_s);
	assert_int_equal(found, expected != NULL);
	if (!found)
		return;
	su_time_format(next_s * 1000, text);
	assert_string_equal(text, expected);
}

static void test_first_sunday_of_the_month(void **state)
{
	struct recurrence rule = { "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2", zone_find("Europe/Berlin"),
		0 };
	(void)state;
	rule.from_s = at("1970-01-04T23:00:00Z");
	assert_next(&rule, "2026-11-21T00:00:00Z", "2026-12-06T01:00:00Z");
	assert_next(&rule, "2026-06-07T00:00:00Z", "2026-06-07T00:00:00Z");
	assert_next(&rule, "2026-06-07T00:00:01Z", "2026-07-05T00:00:00Z");
}

static void test_daylight_saving(void **state)
{
	struct recurrence rule = { "FREQ=DAILY;BYHOUR=2;BYMINUTE=30", zone_find("Europe/Berlin"),
		0 };
	(void)state;
	rule.from_s = at("2020-01-01T00:00:00Z");
	assert_next(&rule, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
	assert_next(&rule, "2026-03-29T12:00:00Z", "2026-03-30T00:30:00Z");
	assert_next(&rule, "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z");
	assert_next(&rule, "2026-10-25T00:30:01Z", "2026-10-26T01:30:00Z");
}

static void test_intervals_keep_their_pace(void **state)
{
	struct recurrence rule = { "FREQ=WEEKLY;INTERVAL=2", zone_find(NULL), 0 };
	(void)state;
	rule.from_s = at("2000-01-03T04:00:00Z"); /* a Monday */
	assert_next(&rule, "2026-11-21T00:00:00Z", "2026-11-30T04:00:00Z");
	rule.rule = "FREQ=DAILY;INTERVAL=3";
	assert_next(&rule, "2026-11-21T05:00:00Z", "2026-11-24T04:00:00Z");
	rule.rule = "FREQ=HOURLY;INTERVAL=7";
	assert_next(&rule, "2026-11-21T00:00:00Z", "2026-11-21T03:00:00Z");
	rule.rule = "FREQ=MONTHLY;INTERVAL=5";
	assert_next(&rule, "2026-11-21T00:00:00Z", "2027-02-03T04:00:00Z");
	rule.rule = "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29";
	assert_next(&rule, "2026-11-21T00:00:00Z", "2028-02-29T04:00:00Z");
}

static void test_rules_end(void **state)
{
	struct recurrence rule = { "FREQ=DAILY;COUNT=3", zone_find(NULL), 0 };
	(void)state;
	rule.from_s = at("2026-01-01T04:00:00Z");
	assert_next(&rule, "2026-01-03T04:00:00Z", "2026-01-03T04:00:00Z");
	assert_next(&rule, "2026-01-03T04:00:01Z", NULL);
	rule.rule = "FREQ=DAILY;UNTIL=20260105";
	assert_next(&rule, "2026-01-05T00:00:00Z", "2026-01-05T04:00:00Z");
	assert_next(&rule, "2026-01-05T04:00:01Z", NULL);
	rule.zone = zone_find("Asia/Tokyo"); /* 13:00 there */
	rule.rule = "FREQ=DAILY;UNTIL=20260105T040000Z";
	assert_next(&rule, "2026-01-04T05:00:00Z", "2026-01-05T04:00:00Z");
	assert_next(&rule, "2026-01-05T04:00:01Z", NULL);
	rule.rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
	assert_next(&rule, "2026-01-05T04:00:01Z", NULL);
}

static void test_what_is_no_rule(void **state)
{
	static const struct {
		const char *rule, *text;
	} bad[] = {
		{ "", "must have 1 to 256 characters" },
		{ "hello", "'hello' is not NAME=VALUE" },
		{ "BYDAY=SU", "FREQ is missing" },
		{ "FREQ=MINUTELY", "FREQ cannot be 'MINUTELY'" },
		{ "FREQ=SECONDLY", "FREQ cannot be 'SECONDLY'" },
		{ "FREQ=daily", "FREQ cannot be 'daily'" },
		{ "FREQ=DAILY;FREQ=DAILY", "FREQ stands twice" },
		{ "FREQ=DAILY;BYHOUR=24", "BYHOUR cannot be '24'" },
		{ "FREQ=DAILY;BYHOUR=1,,2", "BYHOUR cannot be '1,,2'" },
		{ "FREQ=DAILY;BYHOUR=-1", "BYHOUR cannot be '-1'" },
		{ "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY cannot be '0'" },
		{ "FREQ=MONTHLY;BYDAY=XX", "BYDAY cannot be 'XX'" },
		{ "FREQ=MONTHLY;BYDAY=54SU", "BYDAY cannot be '54SU'" },
		{ "FREQ=DAILY;INTERVAL=0", "INTERVAL cannot be '0'" },
		{ "FREQ=DAILY;COUNT=501", "COUNT cannot be '501'" },
		{ "FREQ=DAILY;UNTIL=2026", "UNTIL cannot be '2026'" },
		{ "FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT and UNTIL exclude each other" },
		{ "FREQ=DAILY;RSCALE=HEBREW", "'RSCALE' is not a part of a rule" },
		{ "FREQ=HOURLY;BYMONTHDAY=1",
			"BYMONTHDAY does not go with FREQ=HOURLY: write FREQ=DAILY with BYHOUR" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct su_error err = { 0 };
		assert_int_equal(recurrence_check(bad[i].rule, &err), SU_INVALID);
		assert_string_equal(err.field, "rule");
		assert_string_equal(err.text, bad[i].text);
	}
	char too_long[300];
	memset(too_long, 'A', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(recurrence_check(too_long, NULL), SU_INVALID);
}

/* Started near now or at DTSTART, a rule happens at the same times. */
static void test_a_late_start_changes_nothing(void **state)
{
	static const char *const rules[] = { "FREQ=WEEKLY;BYDAY=MO,WE,-1SU;BYHOUR=1,13",
		"FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SA;WKST=SU", "FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2",
		"FREQ=MONTHLY;BYMONTHDAY=-1,15", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
		"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=YEARLY;BYYEARDAY=1,100,-1",
		"FREQ=YEARLY;BYMONTH=3,9;BYDAY=2SU", "FREQ=DAILY;INTERVAL=10;BYHOUR=3",
		"FREQ=HOURLY;INTERVAL=5;BYDAY=SA,SU", "FREQ=DAILY;BYMONTH=1,7;BYDAY=SU" };
	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct recurrence rule = { rules[i], zone_find("America/New_York"),
			at("2015-02-11T15:20:00Z") };
		int64_t walked_s = rule.from_s, asked_s;
		if (recurrence_check(rules[i], NULL) != SU_OK)
			continue;
		/* Each occurrence found from just after the one before it, ... */
		for (int n = 0; n < 300; n++) {
			int64_t before_s = walked_s;
			assert_true(recurrence_next(&rule, before_s + 1, &walked_s));
			assert_true(walked_s > before_s);
			/* ... is also found from just before itself. */
			assert_true(recurrence_next(&rule, walked_s, &asked_s));
			assert_int_equal(asked_s, walked_s);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_sunday_of_the_month),
		cmocka_unit_test(test_daylight_saving),
		cmocka_unit_test(test_intervals_keep_their_pace),
		cmocka_unit_test(test_rules_end),
		cmocka_unit_test(test_what_is_no_rule),
		cmocka_unit_test(test_a_late_start_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
