/* SPDX-License-Identifier: Apache-2.0 */
/* What handlers ask about a call: headers, parameters, limits, versions. */
#include "server/http_call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http_call_fixture.h"

static void test_finds_headers_in_any_case(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	call_fixture_header(&fixture, "If-Match", "x");
	assert_string_equal(http_call_header(call, "if-match"), "x");
	assert_null(http_call_header(call, "If-Matc"));
	call_fixture_free(&fixture);
}

static void test_reads_bearer_secrets(void **state)
{
	(void)state;
	const char *const rows[][2] = { { "Bearer abc", "abc" }, { "bearer  abc", "abc" },
		{ "Bearer ", "" }, { "Basic abc", NULL }, { "Bearer", NULL }, { "", NULL } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_fixture fixture;
		struct http_call *call = call_fixture_init(&fixture, "/");
		call_fixture_header(&fixture, "Authorization", rows[i][0]);
		if (rows[i][1])
			assert_string_equal(http_call_bearer(call), rows[i][1]);
		else
			assert_null(http_call_bearer(call));
		call_fixture_free(&fixture);
	}
}

static enum su_status limit_of(const char *text, size_t *out)
{
	struct call_fixture fixture;
	const struct http_pair query = { "limit", text };
	struct http_call *call = call_fixture_init(&fixture, "/");
	call->query = &query;
	call->n_query = text ? 1 : 0;
	enum su_status status = http_call_limit(call, out, NULL);
	call_fixture_free(&fixture);
	return status;
}

static void test_bounds_limits(void **state)
{
	(void)state;
	const char *const bad[] = { "0", "1001", "-1", "", "x", "1x", " 1", "+1",
		"99999999999999999999" };
	size_t limit = 0;
	assert_int_equal(limit_of(NULL, &limit), SU_OK);
	assert_int_equal(limit, 100);
	assert_int_equal(limit_of("1000", &limit), SU_OK);
	assert_int_equal(limit, 1000);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(limit_of(bad[i], &limit), SU_INVALID);
}

static void test_reads_if_match(void **state)
{
	(void)state;
	const struct {
		const char *text;
		enum su_status status;
		int64_t version;
	} rows[] = {
		{ "*", SU_OK, 0 },
		{ "\"7\"", SU_OK, 7 },
		{ "7", SU_STALE, 0 },
		{ "\"\"", SU_STALE, 0 },
		{ "\"0\"", SU_STALE, 0 },
		{ "W/\"7\"", SU_STALE, 0 },
		{ "\"abc\"", SU_STALE, 0 },
		{ "\"99999999999999999999\"", SU_STALE, 0 },
		{ "\"", SU_STALE, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call_fixture fixture;
		int64_t version = -1;
		struct http_call *call = call_fixture_init(&fixture, "/");
		call_fixture_header(&fixture, "If-Match", rows[i].text);
		assert_int_equal(http_call_if_match(call, &version, NULL), rows[i].status);
		if (rows[i].status == SU_OK)
			assert_int_equal(version, rows[i].version);
		call_fixture_free(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_headers_in_any_case),
		cmocka_unit_test(test_reads_bearer_secrets),
		cmocka_unit_test(test_bounds_limits),
		cmocka_unit_test(test_reads_if_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
