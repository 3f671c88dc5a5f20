/* SPDX-License-Identifier: Apache-2.0 */
/* Spans and times as a person reads them. */
#include "tools/wording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

#define NOW_MS INT64_C(1795276800000) /* 2026-11-21T16:00:00Z */

static void test_spans(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	assert_string_equal(wording_span(arena, 0), "less than a second");
	assert_string_equal(wording_span(arena, 1000), "1 second");
	assert_string_equal(wording_span(arena, 59999), "59 seconds");
	assert_string_equal(wording_span(arena, 60000), "1 minute");
	assert_string_equal(wording_span(arena, 90000), "1 minute 30 seconds");
	assert_string_equal(wording_span(arena, 3600000 + 30000), "1 hour");
	assert_string_equal(wording_span(arena, 26 * INT64_C(3600000)), "1 day 2 hours");
	assert_string_equal(wording_span(arena, 48 * INT64_C(3600000) + 60000), "2 days");
}

static void test_durations(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	assert_string_equal(wording_duration(arena, "PT12H"), "12 hours");
	assert_string_equal(wording_duration(arena, "P1W"), "7 days");
	assert_string_equal(wording_duration(arena, "PT0S"), "none");
	assert_string_equal(wording_duration(arena, "never"), "never");
	assert_string_equal(wording_duration(arena, NULL), "-");
}

static const char *words_of(struct su_arena *arena, const char *time)
{
	json_t *value = json_string(time);
	const char *words = wording_time(arena, value, NOW_MS);
	json_decref(value);
	return words;
}

static void test_times(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	assert_string_equal(words_of(arena, "2026-11-21T18:05:00Z"),
		"2026-11-21 18:05 UTC, in 2 hours 5 minutes");
	assert_string_equal(
		words_of(arena, "2026-11-20T17:00:00+01:00"), "2026-11-20 16:00 UTC, 1 day ago");
	assert_string_equal(words_of(arena, "2026-11-21T16:00:59.9Z"), "2026-11-21 16:00 UTC, now");
	assert_string_equal(words_of(arena, "soon"), "-");
	assert_string_equal(wording_time(arena, NULL, NOW_MS), "-");
	assert_string_equal(wording_time(arena, json_null(), NOW_MS), "-");
	assert_string_equal(wording_minute(arena, json_null()), "-");
}

static void test_counts(void **state)
{
	(void)state;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	json_t *counts = json_pack("{s:i, s:i, s:i}", "planned", 3, "failed", 0, "confirmed", 1);
	assert_string_equal(wording_counts(arena, counts), "3 planned, 1 confirmed");
	json_object_clear(counts);
	assert_string_equal(wording_counts(arena, counts), "none");
	json_decref(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
