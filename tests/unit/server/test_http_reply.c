/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler's outcome looks like to the client. */
#include "server/http_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http_call_fixture.h"

static const char *header_of(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->reply.n_headers; i++)
		if (!strcmp(call->reply.headers[i].name, name))
			return call->reply.headers[i].value;
	return NULL;
}

static void test_maps_every_status(void **state)
{
	(void)state;
	const unsigned expected[] = {
		[SU_OK] = 200,
		[SU_INVALID] = 400,
		[SU_UNAUTHENTIC] = 422,
		[SU_UNAUTHENTICATED] = 401,
		[SU_DENIED] = 403,
		[SU_NOT_FOUND] = 404,
		[SU_CONFLICT] = 409,
		[SU_STALE] = 412,
		[SU_TOO_LARGE] = 413,
		[SU_UNSUPPORTED] = 422,
		[SU_BUSY] = 503,
		[SU_RETRY] = 503,
		[SU_UNCERTAIN] = 503,
		[SU_FULL] = 507,
		[SU_IO] = 500,
		[SU_BUG] = 500,
	};
	for (int status = SU_OK; status <= SU_BUG; status++)
		assert_int_equal(http_reply_status((enum su_status)status), expected[status]);
}

static void test_writes_problem_documents(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	struct su_error err;
	(void)su_fail(&err, SU_CONFLICT, "name", "this name is taken");
	http_reply_error(call, &err);
	assert_int_equal(call->reply.status, 409);
	assert_string_equal(call->reply.content_type, "application/problem+json");
	assert_true(su_span_equal_str(call->reply.bytes,
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
		"\"detail\":\"this name is taken\",\"field\":\"name\"}"));
	assert_null(header_of(call, "Retry-After"));
	call_fixture_free(&fixture);
}

static void test_tells_when_to_try_again(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	struct su_error err;
	(void)su_fail(&err, SU_RETRY, "", "the database is away");
	http_reply_error(call, &err);
	assert_int_equal(call->reply.status, 503);
	assert_non_null(header_of(call, "Retry-After"));
	call_fixture_free(&fixture);
}

static void test_keeps_the_first_reply(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	struct su_error err;
	int fd = dup(0);
	(void)su_fail(&err, SU_BUG, "", "later");
	http_reply_json_take(call, 201, json_pack("{s:i}", "a", 1));
	http_reply_json_take(call, 200, json_object());
	http_reply_error(call, &err);
	http_reply_empty(call, 204);
	http_reply_file_take(call, 200, fd, 0, 1);
	assert_int_equal(call->reply.status, 201);
	assert_string_equal(call->reply.text, "{\"a\":1}");
	assert_int_equal(call->reply.fd, -1);
	assert_int_equal(close(fd), -1);
	call_fixture_free(&fixture);
}

static void test_the_last_header_of_a_name_counts(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	struct su_error err = { 0 };
	(void)su_fail(&err, SU_NOT_FOUND, "", "nothing");
	http_reply_error(call, &err);
	size_t n = call->reply.n_headers;
	assert_string_equal(header_of(call, "Cache-Control"), "no-store");
	http_reply_header(call, "Cache-Control", "private, max-age=%d", 60);
	assert_string_equal(header_of(call, "Cache-Control"), "private, max-age=60");
	assert_int_equal(call->reply.n_headers, n);
	call_fixture_free(&fixture);
}

static void test_bounds_headers(void **state)
{
	(void)state;
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, "/");
	http_reply_row_version(call, 42);
	assert_string_equal(header_of(call, "ETag"), "\"42\"");
	char names[2 * HTTP_REPLY_MAX_HEADERS][4];
	for (int i = 0; i < 2 * HTTP_REPLY_MAX_HEADERS; i++) {
		snprintf(names[i], sizeof(names[i]), "X%d", i);
		http_reply_header(call, names[i], "%d", i);
	}
	assert_int_equal(call->reply.n_headers, HTTP_REPLY_MAX_HEADERS);
	call_fixture_free(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maps_every_status),
		cmocka_unit_test(test_writes_problem_documents),
		cmocka_unit_test(test_tells_when_to_try_again),
		cmocka_unit_test(test_keeps_the_first_reply),
		cmocka_unit_test(test_the_last_header_of_a_name_counts),
		cmocka_unit_test(test_bounds_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
