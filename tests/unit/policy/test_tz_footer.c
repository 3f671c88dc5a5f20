/* SPDX-License-Identifier: Apache-2.0 */
/* Footers of tzdata files laid out year by year. */
#include "policy/tz_footer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"

static struct tz_era room[1 + TZ_FOOTER_MAX_ERAS];

static int64_t at(const char *text)
{
	int64_t ms;
	assert_int_equal(su_time_parse(text, &ms, NULL), SU_OK);
	return ms / 1000;
}

static struct tz_eras extend(const char *footer, const char *table_ends)
{
	struct tz_eras eras = { 1, room };
	room[0] = (struct tz_era){ INT64_MIN, 0 };
	tz_footer_extend(su_span_str(footer), at(table_ends), &eras);
	return eras;
}

static void test_berlin(void **state)
{
	struct tz_eras eras = extend("\nCET-1CEST,M3.5.0,M10.5.0/3\n", "2026-06-01T00:00:00Z");
	(void)state;
	assert_int_equal(room[1].from_s, at("2026-10-25T01:00:00Z"));
	assert_int_equal(room[1].offset_s, 3600);
	assert_int_equal(room[2].from_s, at("2027-03-28T01:00:00Z"));
	assert_int_equal(room[2].offset_s, 7200);
	assert_int_equal(room[eras.n - 1].from_s, at("2199-10-27T01:00:00Z"));
}

static void test_the_southern_summer(void **state)
{
	extend("\n<+1030>-10:30<+11>-11,M10.1.0,M4.1.0\n", "2026-06-01T00:00:00Z");
	(void)state;
	assert_int_equal(room[1].from_s, at("2026-10-03T15:30:00Z"));
	assert_int_equal(room[1].offset_s, 39600);
	assert_int_equal(room[2].from_s, at("2027-04-03T15:00:00Z"));
	assert_int_equal(room[2].offset_s, 37800);
}

static void test_what_adds_nothing(void **state)
{
	static const char *const footers[] = { "", "\n", "\n\n", "\nUTC0\n", "\nCET-1CEST\n",
		"\nCET-1CEST,M3.5.0\n", "\nCET-1CEST,M13.5.0,M10.5.0/3\n", "\nCET-1CEST,J60,J300\n",
		"\nCET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3\n",
		"\nCET-1CEST,M3.0.0,M10.5.0/3\n", "\nCET-1CEST,M3.5.7,M10.5.0/3\n",
		"\nCET-1CEST,M3.5.0,M10.5.0/3x\n", "\n<CET-1CEST,M3.5.0,M10.5.0/3\n",
		"\nCET-999CEST,M3.5.0,M10.5.0/3\n" };
	(void)state;
	for (size_t i = 0; i < sizeof(footers) / sizeof(footers[0]); i++)
		assert_int_equal(extend(footers[i], "2026-06-01T00:00:00Z").n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_berlin),
		cmocka_unit_test(test_the_southern_summer),
		cmocka_unit_test(test_what_adds_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
