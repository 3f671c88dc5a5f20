/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges (RFC 9110 section 14) and conditions (section 13) as tables. */
#include "server/http_range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ETAG "\"abc\""
#define SIZE 1000

static const struct {
	const char *range;
	enum http_range_verdict verdict;
	uint64_t offset, len;
} rows[] = {
	{ NULL, HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=0-0", HTTP_RANGE_PART, 0, 1 },
	{ "bytes=0-499", HTTP_RANGE_PART, 0, 500 },
	{ "Bytes=500-999", HTTP_RANGE_PART, 500, 500 },
	{ "bytes=999-", HTTP_RANGE_PART, 999, 1 },
	{ "bytes= 10-19 ", HTTP_RANGE_PART, 10, 10 },
	{ "bytes=500-5000", HTTP_RANGE_PART, 500, 500 },
	{ "bytes=1-99999999999999999999999", HTTP_RANGE_PART, 1, 999 },
	{ "bytes=-1", HTTP_RANGE_PART, 999, 1 },
	{ "bytes=-5000", HTTP_RANGE_PART, 0, SIZE },
	{ "bytes=1000-", HTTP_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=1000-2000", HTTP_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=99999999999999999999999-", HTTP_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=-0", HTTP_RANGE_UNSATISFIABLE, 0, 0 },
	{ "bytes=0-0,5-9", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=5-4", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=-", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=x-1", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=1-x", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "bytes=1", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "lines=0-4", HTTP_RANGE_WHOLE, 0, SIZE },
	{ "", HTTP_RANGE_WHOLE, 0, SIZE },
};

static void test_reads_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_range range;
		assert_int_equal(
			http_range_parse(rows[i].range, NULL, ETAG, SIZE, &range), rows[i].verdict);
		if (rows[i].verdict == HTTP_RANGE_UNSATISFIABLE)
			continue;
		assert_int_equal(range.offset, rows[i].offset);
		assert_int_equal(range.len, rows[i].len);
	}
}

static void test_finds_no_range_in_an_empty_file(void **state)
{
	(void)state;
	struct http_range range;
	assert_int_equal(
		http_range_parse("bytes=0-", NULL, ETAG, 0, &range), HTTP_RANGE_UNSATISFIABLE);
	assert_int_equal(
		http_range_parse("bytes=-1", NULL, ETAG, 0, &range), HTTP_RANGE_UNSATISFIABLE);
	assert_int_equal(http_range_parse(NULL, NULL, ETAG, 0, &range), HTTP_RANGE_WHOLE);
}

static void test_gives_the_whole_when_if_range_does_not_match(void **state)
{
	(void)state;
	const char *const others[] = { "\"abd\"", "W/\"abc\"", "abc",
		"Sat, 21 Nov 2026 09:00:00 GMT", "" };
	struct http_range range;
	assert_int_equal(http_range_parse("bytes=1-2", ETAG, ETAG, SIZE, &range), HTTP_RANGE_PART);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(http_range_parse("bytes=1-2", others[i], ETAG, SIZE, &range),
			HTTP_RANGE_WHOLE);
}

static void test_finds_etags_in_lists(void **state)
{
	(void)state;
	const char *const with[] = { "\"abc\"", "W/\"abc\"", "*", "\"x\", \"abc\"",
		" \"x\",W/\"abc\" ", "\"x\",,\"abc\"" };
	const char *const without[] = { NULL, "", "\"ab\"", "abc", "\"abcd\"", "W/", ",,," };
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++)
		assert_true(http_range_etag_listed(with[i], ETAG));
	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		assert_false(http_range_etag_listed(without[i], ETAG));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_ranges),
		cmocka_unit_test(test_finds_no_range_in_an_empty_file),
		cmocka_unit_test(test_gives_the_whole_when_if_range_does_not_match),
		cmocka_unit_test(test_finds_etags_in_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
