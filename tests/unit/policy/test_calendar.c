/* SPDX-License-Identifier: Apache-2.0 */
/* Calendars laid out in time, and calendars that make no sense. */
#include "policy/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policy/zone.h"

#define MINUTE_MS ((int64_t)60000)
#define DAY_MS    (1440 * MINUTE_MS)

static int64_t at(const char *text)
{
	int64_t ms;
	assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
	return ms;
}

static struct window weekly(
	enum window_meaning meaning, unsigned days, unsigned start_minute, unsigned duration_min)
{
	return (struct window){ .meaning = meaning,
		.form = WINDOW_WEEKLY,
		.days = days,
		.start_minute = start_minute,
		.duration_min = duration_min };
}

static struct window once(enum window_meaning meaning, const char *from, const char *until)
{
	return (struct window){ .meaning = meaning,
		.form = WINDOW_INTERVAL,
		.from_ms = from ? at(from) : 0,
		.until_ms = at(until) };
}

static void assert_next(const struct calendar *calendar, const char *now, int64_t min_ms,
	const char *from, const char *until)
{
	struct calendar_query query = { WINDOW_IDLE, at(now), min_ms, at(now) + 60 * DAY_MS };
	struct interval found;
	char text[SU_TIME_TEXT_SIZE];
	assert_int_equal(calendar_check(calendar, at(now), NULL), SU_OK);
	assert_int_equal(calendar_next(calendar, &query, &found), from != NULL);
	if (from == NULL)
		return;
	su_time_format(found.from_ms, text);
	assert_string_equal(text, from);
	su_time_format(found.until_ms, text);
	assert_string_equal(text, until);
}

static void test_nights_in_berlin(void **state)
{
	struct calendar nights = { "Europe/Berlin", 1,
		{ weekly(WINDOW_IDLE, WINDOW_EVERY_DAY, 23 * 60, 180) } };
	(void)state;
	assert_next(
		&nights, "2026-11-21T12:00:00Z", 0, "2026-11-21T22:00:00Z", "2026-11-22T01:00:00Z");
	assert_next(
		&nights, "2026-11-21T23:30:00Z", 0, "2026-11-21T23:30:00Z", "2026-11-22T01:00:00Z");
	/* Not long enough any more: the next night. */
	assert_next(&nights, "2026-11-21T23:30:00Z", 120 * MINUTE_MS, "2026-11-22T22:00:00Z",
		"2026-11-23T01:00:00Z");
	assert_next(&nights, "2026-11-21T23:30:00Z", 181 * MINUTE_MS, NULL, NULL);
	assert_next(
		&nights, "2026-07-01T12:00:00Z", 0, "2026-07-01T21:00:00Z", "2026-07-02T00:00:00Z");
}

static void test_daylight_saving_in_windows(void **state)
{
	struct calendar early = { "Europe/Berlin", 1, { weekly(WINDOW_IDLE, 1 << 6, 150, 60) } };
	(void)state;
	/* 02:30 does not exist on that Sunday, the last of March. */
	assert_next(
		&early, "2026-03-28T12:00:00Z", 0, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z");
	/* 02:30 comes twice on the last Sunday of October: an hour of elapsed time from the first. */
	assert_next(
		&early, "2026-10-24T12:00:00Z", 0, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
	early.time_zone = "Australia/Lord_Howe";
	early.windows[0].start_minute = 135;
	assert_next(
		&early, "2026-10-03T00:00:00Z", 0, "2026-10-03T15:30:00Z", "2026-10-03T16:30:00Z");
	/* A Friday that Samoa left out: the moment of the jump. */
	early.time_zone = "Pacific/Apia";
	early.windows[0].days = 1 << 4;
	assert_next(
		&early, "2011-12-30T09:00:00Z", 0, "2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z");
}

static void test_windows_that_touch_are_one(void **state)
{
	struct calendar two = { NULL, 2,
		{ weekly(WINDOW_IDLE, 1 << 6, 22 * 60, 120), weekly(WINDOW_IDLE, 1 << 0, 0, 60) } };
	(void)state;
	/* Over the end of the week. */
	assert_next(
		&two, "2026-11-22T12:00:00Z", 0, "2026-11-22T22:00:00Z", "2026-11-23T01:00:00Z");
	assert_next(&two, "2026-11-22T12:00:00Z", 180 * MINUTE_MS, "2026-11-22T22:00:00Z",
		"2026-11-23T01:00:00Z");
}

static void test_busy_takes_away_from_idle(void **state)
{
	struct calendar calendar = { NULL, 3,
		{ weekly(WINDOW_IDLE, WINDOW_EVERY_DAY, 0, 360),
			weekly(WINDOW_BUSY, 1 << 6, 120, 60),
			once(WINDOW_BUSY, NULL, "2026-11-22T01:00:00Z") } };
	(void)state;
	assert_next(&calendar, "2026-11-21T12:00:00Z", 0, "2026-11-22T01:00:00Z",
		"2026-11-22T02:00:00Z");
	assert_next(&calendar, "2026-11-21T12:00:00Z", 61 * MINUTE_MS, "2026-11-22T03:00:00Z",
		"2026-11-22T06:00:00Z");
	assert_next(&calendar, "2026-11-21T12:00:00Z", 181 * MINUTE_MS, "2026-11-23T00:00:00Z",
		"2026-11-23T06:00:00Z");
}

static void test_idle_now_until(void **state)
{
	struct calendar calendar = { NULL, 1, { once(WINDOW_IDLE, NULL, "2026-11-22T01:00:00Z") } };
	struct calendar_query query = { WINDOW_IDLE, at("2026-11-22T01:00:00Z"), 0, INT64_MAX };
	struct interval found;
	(void)state;
	assert_next(&calendar, "2026-11-21T12:00:00Z", 0, "2026-11-21T12:00:00Z",
		"2026-11-22T01:00:00Z");
	assert_false(calendar_next(&calendar, &query, &found));
	assert_true(calendar_has(&calendar, WINDOW_IDLE));
	assert_false(calendar_has(&calendar, WINDOW_REACHABLE));
	query.meaning = WINDOW_REACHABLE;
	assert_false(calendar_next(&calendar, &query, &found));
}

static void test_always_idle_ends_somewhere(void **state)
{
	struct calendar calendar = { "Europe/Berlin", 1,
		{ weekly(WINDOW_IDLE, WINDOW_EVERY_DAY, 0, 1440) } };
	struct calendar_query query = { WINDOW_IDLE, at("2026-11-21T12:00:00Z"), 90 * DAY_MS,
		at("2027-11-21T12:00:00Z") };
	struct interval found;
	(void)state;
	assert_true(calendar_next(&calendar, &query, &found));
	/* At the end of March each day ends before the next begins by the clock, yet not in time. */
	assert_int_equal(found.from_ms, query.now_ms);
	assert_true(found.until_ms - found.from_ms >= 90 * DAY_MS);
	query.horizon_ms = INT64_MAX;
	assert_true(calendar_next(&calendar, &query, &found));
}

/* Whether it is idle at now_ms, straight from the definition: some occurrence of the last eight days holds. */
static bool holds(const struct calendar *calendar, enum window_meaning meaning, int64_t now_ms)
{
	const struct zone *zone = zone_find(calendar->time_zone);
	for (size_t i = 0; i < calendar->n_windows; i++) {
		const struct window *window = &calendar->windows[i];
		if (window->meaning != meaning)
			continue;
		if (window->form == WINDOW_INTERVAL && window->from_ms <= now_ms &&
			now_ms < window->until_ms)
			return true;
		int64_t today = zone_to_local_s(zone, now_ms / 1000) / 86400;
		for (int64_t day = today - 9; window->form == WINDOW_WEEKLY && day <= today + 2;
			day++) {
			int64_t from_ms =
				1000 * zone_to_utc_s(zone, day * 86400 + window->start_minute * 60);
			if ((window->days >> (day + 3) % 7 & 1) && from_ms <= now_ms &&
				now_ms < from_ms + window->duration_min * MINUTE_MS)
				return true;
		}
	}
	return false;
}

static uint32_t draw(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*seed >> 4) * below >> 28);
}

static void draw_calendar(uint32_t *seed, int64_t begin_ms, struct calendar *out)
{
	static const char *const zones[] = { NULL, "Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Apia" };
	static const unsigned durations[] = { 1, 60, 360, 720, 1440, 2000, 10080 };
	*out = (struct calendar){ .time_zone = zones[draw(seed, 5)],
		.n_windows = 1 + draw(seed, 4) };
	for (size_t i = 0; i < out->n_windows; i++) {
		enum window_meaning meaning = i > 0 && draw(seed, 2) ? WINDOW_BUSY : WINDOW_IDLE;
		out->windows[i] = weekly(meaning, 1 + draw(seed, WINDOW_EVERY_DAY),
			15 * draw(seed, 96), durations[draw(seed, i > 0 ? 5 : 7)]);
		if (draw(seed, 4) == 0) {
			int64_t from_ms = begin_ms + draw(seed, 8 * 1440) * MINUTE_MS;
			out->windows[i] = (struct window){ .meaning = meaning,
				.form = WINDOW_INTERVAL,
				.from_ms = from_ms,
				.until_ms = from_ms + (1 + draw(seed, 3000)) * MINUTE_MS };
		}
	}
}

/* Each minute of ten days around the changes of the clock. */
static void compare_minutes(const struct calendar *calendar, int64_t begin_ms)
{
	int64_t end_ms = begin_ms + 10 * DAY_MS;
	for (int64_t now_ms = begin_ms; now_ms < end_ms;) {
		struct calendar_query query = { WINDOW_IDLE, now_ms, 0, end_ms };
		struct interval found = { end_ms, end_ms };
		bool any = calendar_next(calendar, &query, &found);
		assert_true(found.from_ms >= now_ms && (!any || found.until_ms > found.from_ms));
		int64_t from_ms = found.from_ms < end_ms ? found.from_ms : end_ms;
		int64_t until_ms = found.until_ms < end_ms ? found.until_ms : end_ms;
		for (; now_ms < until_ms; now_ms += MINUTE_MS)
			assert_int_equal(holds(calendar, WINDOW_IDLE, now_ms) &&
						 !holds(calendar, WINDOW_BUSY, now_ms),
				now_ms >= from_ms);
		/* And there it really ends. */
		if (until_ms < end_ms)
			assert_false(holds(calendar, WINDOW_IDLE, until_ms) &&
				     !holds(calendar, WINDOW_BUSY, until_ms));
	}
}

static void test_agrees_minute_by_minute(void **state)
{
	static const char *const begins[] = { "2026-03-24T00:00:00Z", "2026-10-21T00:00:00Z",
		"2026-04-01T00:00:00Z", "2026-10-01T00:00:00Z", "2011-12-26T00:00:00Z",
		"2026-11-01T00:00:00Z" };
	uint32_t seed = 7;
	(void)state;
	for (size_t i = 0; i < 60; i++) {
		int64_t begin_ms = at(begins[i % 6]);
		struct calendar calendar;
		draw_calendar(&seed, begin_ms, &calendar);
		compare_minutes(&calendar, begin_ms);
	}
}

static void assert_refused(struct window window, const char *field, const char *text)
{
	struct calendar calendar = { NULL, 2,
		{ weekly(WINDOW_IDLE, WINDOW_EVERY_DAY, 0, 60), window } };
	struct su_error err = { 0 };
	assert_int_equal(calendar_check(&calendar, at("2026-11-21T12:00:00Z"), &err), SU_INVALID);
	assert_string_equal(err.field, field);
	assert_string_equal(err.text, text);
}

static void test_nonsense_is_refused(void **state)
{
	struct window rule = { .form = WINDOW_RULE, .rule = "FREQ=DAILY", .duration_min = 60 };
	struct window other = { .form = (enum window_form)7 };
	(void)state;
	assert_refused(
		weekly(WINDOW_IDLE, 0, 0, 60), "windows[1].days", "must name at least one day");
	assert_refused(weekly(WINDOW_IDLE, 128, 0, 60), "windows[1].days", "a week has seven days");
	assert_refused(
		weekly(WINDOW_IDLE, 1, 1440, 60), "windows[1].start", "must be 00:00 to 23:59");
	assert_refused(
		weekly(WINDOW_IDLE, 1, 0, 0), "windows[1].duration", "must be 1 minute to 7 days");
	assert_refused(weekly(WINDOW_IDLE, 1, 0, 10081), "windows[1].duration",
		"must be 1 minute to 7 days");
	assert_refused(weekly((enum window_meaning)9, 1, 0, 60), "windows[1].meaning",
		"must be idle, busy or reachable");
	assert_refused(once(WINDOW_BUSY, NULL, "2026-11-21T12:00:00Z"), "windows[1].until",
		"is over already");
	assert_refused(once(WINDOW_BUSY, "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"),
		"windows[1].until", "must come after from");
	assert_refused(other, "windows[1]", "must be weekly, an interval or a rule");
	rule.rule = "FREQ=NEVER";
	assert_refused(rule, "windows[1].rule", "FREQ cannot be 'NEVER'");
	rule.rule = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
	assert_refused(rule, "windows[1].rule", "does not happen any more");
	rule.rule = NULL;
	assert_refused(rule, "windows[1].rule", "is missing");
}

static void test_conflicts_are_refused(void **state)
{
	struct su_error err = { 0 };
	struct calendar calendar = { NULL, 2,
		{ weekly(WINDOW_IDLE, 3, 60, 60), weekly(WINDOW_BUSY, WINDOW_EVERY_DAY, 0, 180) } };
	int64_t now_ms = at("2026-11-21T12:00:00Z");
	(void)state;
	assert_int_equal(calendar_check(&calendar, now_ms, &err), SU_INVALID);
	assert_string_equal(err.field, "windows[0]");
	assert_string_equal(err.text, "is idle only while other windows say busy");
	calendar.windows[1].days = 1; /* Tuesdays are left */
	assert_int_equal(calendar_check(&calendar, now_ms, &err), SU_OK);
	/* Busy for a year, weekly idle after it. */
	calendar.windows[1] = once(WINDOW_BUSY, NULL, "2027-11-21T12:00:00Z");
	assert_int_equal(calendar_check(&calendar, now_ms, &err), SU_OK);
	calendar.windows[0] = once(WINDOW_IDLE, NULL, "2026-11-21T14:00:00Z");
	assert_int_equal(calendar_check(&calendar, now_ms, &err), SU_INVALID);
	calendar.windows[0] = once(WINDOW_IDLE, NULL, "2027-11-21T12:01:00Z");
	assert_int_equal(calendar_check(&calendar, now_ms, &err), SU_OK);
}

static void test_unknown_zones_are_refused(void **state)
{
	struct su_error err = { 0 };
	struct calendar calendar = { "Mars/Base", 0, { { 0 } } };
	(void)state;
	assert_int_equal(calendar_check(&calendar, 0, &err), SU_INVALID);
	assert_string_equal(err.field, "time_zone");
	assert_string_equal(err.text, "there is no time zone 'Mars/Base'");
	calendar.time_zone = "Europe/Berlin";
	assert_int_equal(calendar_check(&calendar, 0, &err), SU_OK);
	calendar.n_windows = DEVICE_MAX_WINDOWS + 1;
	assert_int_equal(calendar_check(&calendar, 0, &err), SU_INVALID);
	assert_string_equal(err.field, "windows");
}

static void test_rules_in_calendars(void **state)
{
	struct calendar calendar = { "America/New_York", 1,
		{ { .form = WINDOW_RULE,
			.rule = "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2",
			.duration_min = 120 } } };
	(void)state;
	assert_next(&calendar, "2026-11-21T12:00:00Z", 0, "2026-12-06T07:00:00Z",
		"2026-12-06T09:00:00Z");
	assert_next(&calendar, "2026-12-06T08:00:00Z", 0, "2026-12-06T08:00:00Z",
		"2026-12-06T09:00:00Z");
	assert_next(&calendar, "2026-12-06T08:00:00Z", 120 * MINUTE_MS, "2027-01-03T07:00:00Z",
		"2027-01-03T09:00:00Z");
	calendar.windows[0].from_ms = at("2027-03-07T07:30:00Z");
	calendar.windows[0].rule = "FREQ=WEEKLY";
	assert_next(&calendar, "2027-02-06T08:00:00Z", 0, "2027-03-07T07:30:00Z",
		"2027-03-07T09:30:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nights_in_berlin),
		cmocka_unit_test(test_daylight_saving_in_windows),
		cmocka_unit_test(test_windows_that_touch_are_one),
		cmocka_unit_test(test_busy_takes_away_from_idle),
		cmocka_unit_test(test_idle_now_until),
		cmocka_unit_test(test_always_idle_ends_somewhere),
		cmocka_unit_test(test_agrees_minute_by_minute),
		cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_conflicts_are_refused),
		cmocka_unit_test(test_unknown_zones_are_refused),
		cmocka_unit_test(test_rules_in_calendars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
