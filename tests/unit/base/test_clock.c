/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations as text: known values, round trips, and texts that must be refused. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	int64_t ms;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 1, "1970-01-01T00:00:00.001Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ -1000, "1969-12-31T23:59:59Z" },
	{ 951782400000, "2000-02-29T00:00:00Z" },
	{ 1795251600123, "2026-11-21T09:00:00.123Z" },
	{ 4102444799000, "2099-12-31T23:59:59Z" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	{ -62167219200000, "0000-01-01T00:00:00Z" },
};

static void test_times_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char text[SU_TIME_TEXT_SIZE];
		int64_t ms = 42;
		su_time_format(times[i].ms, text);
		assert_string_equal(text, times[i].text);
		assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
		assert_int_equal(ms, times[i].ms);
	}
}

static void test_times_outside_four_digits_are_clamped(void **state)
{
	(void)state;
	char text[SU_TIME_TEXT_SIZE];
	su_time_format(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	su_time_format(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
}

static void test_time_forms_that_are_accepted(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} forms[] = {
		{ "2026-11-21t09:00:00z", 1795251600000 },
		{ "2026-11-21T11:30:00+02:30", 1795251600000 },
		{ "2026-11-20T23:00:00-10:00", 1795251600000 },
		{ "2026-11-21T09:00:00+00:00", 1795251600000 },
		{ "2026-11-21T09:00:00-00:00", 1795251600000 },
		{ "2026-11-21T09:00:00.1Z", 1795251600100 },
		{ "2026-11-21T09:00:00.1239999999999999999999Z", 1795251600123 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int64_t ms = 0;
		assert_int_equal(su_time_parse(forms[i].text, &ms, NULL), SU_OK);
		assert_int_equal(ms, forms[i].ms);
	}
}

static void test_bad_times_are_refused(void **state)
{
	static const char *const texts[] = { "", "2026", "2026-11-21", "2026-11-21T09:00:00",
		"2026-11-21 09:00:00Z", "2026-11-21T09:00Z", "2026-11-21T9:00:00Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T23:59:60Z",
		"2026-11-21T09:00:00.Z", "2026-11-21T09:00:00,5Z", "2026-11-21T09:00:00Z ",
		" 2026-11-21T09:00:00Z", "2026-11-21T09:00:00+0200", "2026-11-21T09:00:00+24:00",
		"2026-11-21T09:00:00+02:60", "2026-11-21T09:00:00+02:00Z", "12026-11-21T09:00:00Z",
		"-026-11-21T09:00:00Z", "2026-11-21T09:00:00X", "0000-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct su_error err = { 0 };
		int64_t ms = 42;
		assert_int_equal(su_time_parse(texts[i], &ms, &err), SU_INVALID);
		assert_int_equal(ms, 42);
		assert_non_null(strstr(err.text, "RFC 3339"));
	}
	int64_t ms;
	assert_int_equal(su_time_parse(NULL, &ms, NULL), SU_INVALID);
}

static const struct {
	int64_t ms;
	const char *text;
} durations[] = {
	{ 0, "PT0S" },
	{ 1, "PT0.001S" },
	{ 1500, "PT1.500S" },
	{ 900000, "PT15M" },
	{ 93600000, "P1DT2H" },
	{ 604800000, "P7D" },
	{ 90061001, "P1DT1H1M1.001S" },
	{ INT64_MAX, "P106751991167DT7H12M55.807S" },
};

static void test_durations_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(durations); i++) {
		char text[SU_TIME_TEXT_SIZE];
		int64_t ms = 42;
		su_duration_format(durations[i].ms, text);
		assert_string_equal(text, durations[i].text);
		assert_int_equal(su_duration_parse(text, &ms, NULL), SU_OK);
		assert_int_equal(ms, durations[i].ms);
	}
}

static void test_negative_durations_are_only_shown(void **state)
{
	(void)state;
	char text[SU_TIME_TEXT_SIZE];
	int64_t ms;
	su_duration_format(-90000, text);
	assert_string_equal(text, "-PT1M30S");
	assert_int_equal(su_duration_parse(text, &ms, NULL), SU_INVALID);
	su_duration_format(INT64_MIN, text);
	assert_string_equal(text, "-P106751991167DT7H12M55.808S");
}

static void test_duration_forms_that_are_accepted(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} forms[] = { { "P1W", 604800000 }, { "P1W1D", 691200000 }, { "PT90M", 5400000 },
		{ "PT0.5S", 500 }, { "PT36H", 129600000 }, { "P0D", 0 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int64_t ms = 42;
		assert_int_equal(su_duration_parse(forms[i].text, &ms, NULL), SU_OK);
		assert_int_equal(ms, forms[i].ms);
	}
}

static void test_bad_durations_are_refused(void **state)
{
	static const char *const texts[] = { "", "P", "PT", "P1DT", "15M", "P15", "PT15", "P1Y",
		"P1M", "PT1D", "P1H", "PT1S1M", "P1D1D", "PT1M1M", "P1DTT1H", "PT1.5M", "PT.5S",
		"PT1.S", "PT 1S", "PT1S ", "pt1s", "P-1D", "PT1ST1M", "PT9223372036854775807S",
		"PT99999999999999999999S", "P106751991167DT7H12M55.808S" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct su_error err = { 0 };
		int64_t ms = 42;
		assert_int_equal(su_duration_parse(texts[i], &ms, &err), SU_INVALID);
		assert_int_equal(ms, 42);
		assert_non_null(strstr(err.text, "ISO 8601"));
	}
	int64_t ms;
	assert_int_equal(su_duration_parse(NULL, &ms, NULL), SU_INVALID);
}

static void test_clocks_are_read(void **state)
{
	(void)state;
	int64_t first_ms = su_clock_mono_ms();
	int64_t then_us = su_clock_mono_us();
	assert_true(then_us / 1000 >= first_ms);
	assert_true(su_clock_mono_ms() >= then_us / 1000);
	assert_true(su_clock_wall_ms() > INT64_C(1700000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times_both_ways),
		cmocka_unit_test(test_times_outside_four_digits_are_clamped),
		cmocka_unit_test(test_time_forms_that_are_accepted),
		cmocka_unit_test(test_bad_times_are_refused),
		cmocka_unit_test(test_durations_both_ways),
		cmocka_unit_test(test_negative_durations_are_only_shown),
		cmocka_unit_test(test_duration_forms_that_are_accepted),
		cmocka_unit_test(test_bad_durations_are_refused),
		cmocka_unit_test(test_clocks_are_read),
	};
	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
