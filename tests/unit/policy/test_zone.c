/* SPDX-License-Identifier: Apache-2.0 */
/* Wall clocks that jump forward, backward, by half an hour and by a whole day; beyond the table too. */
#include "policy/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t at(const char *text)
{
	int64_t ms;
	assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
	return ms / 1000;
}

static void assert_local(const char *zone, const char *utc, const char *local)
{
	assert_non_null(zone_find(zone));
	assert_int_equal(zone_to_local_s(zone_find(zone), at(utc)), at(local));
}

static void assert_utc(const char *zone, const char *local, const char *utc)
{
	assert_non_null(zone_find(zone));
	assert_int_equal(zone_to_utc_s(zone_find(zone), at(local)), at(utc));
}

static void test_wall_clocks(void **state)
{
	(void)state;
	assert_local(NULL, "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z");
	assert_local("UTC", "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z");
	assert_local("Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T14:00:00Z");
	assert_local("Europe/Berlin", "2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z");
	assert_local("Asia/Kathmandu", "2026-12-01T12:00:00Z", "2026-12-01T17:45:00Z");
	assert_local("America/New_York", "2026-07-01T12:00:00Z", "2026-07-01T08:00:00Z");
}

static void test_clock_jumps_forward(void **state)
{
	(void)state;
	assert_utc("Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z");
	assert_utc("Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z");
	assert_utc("Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z");
	assert_utc("America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z");
	assert_utc("Australia/Lord_Howe", "2026-10-04T02:15:00Z", "2026-10-03T15:30:00Z");
	/* The 30th of December 2011 did not take place in Samoa. */
	assert_utc("Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z");
	assert_utc("Pacific/Apia", "2011-12-31T00:00:00Z", "2011-12-30T10:00:00Z");
}

static void test_clock_shows_an_hour_twice(void **state)
{
	(void)state;
	assert_utc("Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z");
	assert_utc("Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z");
	assert_utc("America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z");
	assert_utc("Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z");
	assert_utc("Australia/Lord_Howe", "2026-04-05T02:00:00Z", "2026-04-04T15:30:00Z");
}

static void test_years_after_the_table(void **state)
{
	(void)state;
	assert_local("Europe/Berlin", "2100-07-01T12:00:00Z", "2100-07-01T14:00:00Z");
	assert_local("Europe/Berlin", "2100-12-01T12:00:00Z", "2100-12-01T13:00:00Z");
	assert_utc("Europe/Berlin", "2100-03-28T02:30:00Z", "2100-03-28T01:00:00Z");
	assert_local("Australia/Lord_Howe", "2100-01-01T00:00:00Z", "2100-01-01T11:00:00Z");
	assert_local("Australia/Lord_Howe", "2100-07-01T00:00:00Z", "2100-07-01T10:30:00Z");
	assert_local("Pacific/Apia", "2100-07-01T00:00:00Z", "2100-07-01T13:00:00Z");
}

/* glibc reads the same files: each hour of 140 years, and back. */
static void test_agrees_with_the_c_library(void **state)
{
	static const char *const names[] = { "Europe/Berlin", "America/New_York",
		"Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "Africa/Casablanca",
		"America/Sao_Paulo", "Asia/Gaza" };
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct zone *zone = zone_find(names[i]);
		assert_non_null(zone);
		setenv("TZ", names[i], 1);
		tzset();
		for (time_t now = at("1970-01-02T00:30:00Z"); now < at("2110-01-01T00:00:00Z");
			now += 5 * 3600 + 1800) {
			struct tm tm;
			localtime_r(&now, &tm);
			int64_t local_s = zone_to_local_s(zone, now);
			assert_int_equal(local_s, now + tm.tm_gmtoff);
			/* The first moment that shows it, or later. */
			int64_t first_s = zone_to_utc_s(zone, local_s);
			assert_true(first_s <= now);
			assert_int_equal(zone_to_local_s(zone, first_s), local_s);
		}
	}
}

static void test_only_zones_are_found(void **state)
{
	static const char *const names[] = { "", "Europe", "Europe/", "europe/berlin", "Mars/Base",
		"../../../etc/passwd", "/usr/share/zoneinfo/Europe/Berlin",
		"Europe/../Europe/Berlin", "right/Europe/Berlin", "posix/Europe/Berlin", "zone.tab",
		"tzdata.zi", "Europe/Berlin ", "Europe/Berlin\n",
		"A2345678901234567890123456789012345678901234567890123456789012345" };
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(zone_find(names[i]));
	assert_ptr_equal(zone_find("Europe/Berlin"), zone_find("Europe/Berlin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wall_clocks),
		cmocka_unit_test(test_clock_jumps_forward),
		cmocka_unit_test(test_clock_shows_an_hour_twice),
		cmocka_unit_test(test_years_after_the_table),
		cmocka_unit_test(test_agrees_with_the_c_library),
		cmocka_unit_test(test_only_zones_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
