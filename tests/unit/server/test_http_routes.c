/* SPDX-License-Identifier: Apache-2.0 */
/* From method and path to a row of the table; and what holds for every row. */
#include "server/http_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http_call_fixture.h"

static void assert_route(const char *method, const char *path, const char *expected)
{
	struct call_fixture fixture;
	char allow[HTTP_ROUTES_MAX_ALLOW];
	struct http_call *call = call_fixture_init(&fixture, path);
	assert_int_equal(http_routes_find(call, method, allow, NULL), SU_OK);
	assert_string_equal(call->route->path, expected);
	call_fixture_free(&fixture);
}

static void test_finds_routes(void **state)
{
	(void)state;
	assert_route("GET", "/healthz", "/healthz");
	assert_route("HEAD", "/healthz", "/healthz");
	assert_route("GET", "/api/v1/devices/a/history", "/api/v1/devices/{endpoint}/history");
	assert_route("POST", "/api/v1/releases/x/approve", "/api/v1/releases/{digest}/approve");
	assert_route("HEAD", "/api/v1/uploads/1", "/api/v1/uploads/{id}");
	assert_route("GET", "/fw/app.bin", "");
	assert_route("HEAD", "/", "");
}

static void test_decodes_values(void **state)
{
	(void)state;
	struct call_fixture fixture;
	char allow[HTTP_ROUTES_MAX_ALLOW];
	struct http_call *call = call_fixture_init(&fixture, "/api/v1/devices/a%2Fb%20c/decision");
	assert_int_equal(http_routes_find(call, "GET", allow, NULL), SU_OK);
	assert_string_equal(call->values[0], "a/b c");
	call_fixture_free(&fixture);
}

static enum su_status find(const char *method, const char *path, char allow[HTTP_ROUTES_MAX_ALLOW])
{
	struct call_fixture fixture;
	struct http_call *call = call_fixture_init(&fixture, path);
	enum su_status status = http_routes_find(call, method, allow, NULL);
	call_fixture_free(&fixture);
	return status;
}

static void test_refuses_what_is_not_there(void **state)
{
	(void)state;
	const char *const paths[] = { "/api/v1", "/api/v1/", "/api/v1/tokens/",
		"/api/v1/tokens/a/b", "/api/v1/devices//history", "/api/v2/tokens", "/device/v1/x",
		"/api/", "/device/" };
	char allow[HTTP_ROUTES_MAX_ALLOW];
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(find("GET", paths[i], allow), SU_NOT_FOUND);
	assert_int_equal(find("POST", "/fw/app.bin", allow), SU_NOT_FOUND);
	assert_int_equal(find("GET", "/api/v1/devices/%zz", allow), SU_INVALID);
}

static void test_lists_other_methods(void **state)
{
	(void)state;
	char allow[HTTP_ROUTES_MAX_ALLOW];
	assert_int_equal(find("PATCH", "/api/v1/tokens", allow), SU_DENIED);
	assert_string_equal(allow, "GET, HEAD, POST");
	assert_int_equal(find("GET", "/api/v1/uploads/1", allow), SU_DENIED);
	assert_string_equal(allow, "OPTIONS, HEAD, PATCH, DELETE");
	assert_int_equal(find("HEAD", "/api/v1/manifests", allow), SU_DENIED);
	assert_string_equal(allow, "POST");
}

static void test_every_route_is_complete(void **state)
{
	(void)state;
	const struct http_route *routes;
	size_t n = http_routes_list(&routes);
	assert_true(n > 40);
	for (size_t i = 0; i < n; i++) {
		const struct http_route *route = &routes[i];
		assert_int_equal(!!route->work + !!route->handler + !!route->stream, 1);
		assert_int_equal(route->body == HTTP_BODY_STREAM, route->stream != NULL);
		assert_int_equal(route->path[0], '/');
		for (size_t other = 0; other < i; other++)
			assert_false(!strcmp(routes[other].path, route->path) &&
				     !strcmp(routes[other].method, route->method));
	}
}

/* Only these may be used without a token; whoever adds one has to say so here. */
static void test_everything_else_needs_a_token(void **state)
{
	(void)state;
	const struct http_route *routes;
	size_t n = http_routes_list(&routes);
	for (size_t i = 0; i < n; i++) {
		const struct http_route *route = &routes[i];
		bool is_open = !strncmp(route->path, "/device/v1/", 11) ||
			       !strcmp(route->path, "/blob/{hex}") ||
			       !strcmp(route->path, "/healthz") ||
			       !strcmp(route->path, "/readyz") || !strcmp(route->method, "OPTIONS");
		assert_int_equal(route->capabilities == 0, is_open);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_routes),
		cmocka_unit_test(test_decodes_values),
		cmocka_unit_test(test_refuses_what_is_not_there),
		cmocka_unit_test(test_lists_other_methods),
		cmocka_unit_test(test_every_route_is_complete),
		cmocka_unit_test(test_everything_else_needs_a_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
