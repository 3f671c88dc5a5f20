/* SPDX-License-Identifier: Apache-2.0 */
/* Problem documents: what is written is what a parser of JSON reads. */
#include "server/http_problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static json_t *write_and_parse(struct su_arena *arena, const struct http_problem *problem)
{
	struct su_span text = http_problem_write(arena, problem);
	json_t *parsed = json_loadb((const char *)text.data, text.len, JSON_ALLOW_NUL, NULL);
	assert_non_null(parsed);
	return parsed;
}

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void test_writes_the_members_in_order(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct http_problem problem = { 409, "Conflict", "this name is taken", "name" };
	assert_true(su_span_equal_str(http_problem_write(arena, &problem),
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
		"\"detail\":\"this name is taken\",\"field\":\"name\"}"));
	problem.field = "";
	assert_true(su_span_equal_str(http_problem_write(arena, &problem),
		"{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
		"\"detail\":\"this name is taken\"}"));
	su_arena_free(&arena);
}

static void test_escapes_every_byte_that_needs_it(void **state)
{
	(void)state;
	char every[128] = { 0 };
	struct su_arena *arena = su_arena_new();
	for (int byte = 1; byte < 128; byte++)
		every[byte - 1] = (char)byte;
	struct http_problem problem = { 400, "Bad Request", every, "\"\\\x01/" };
	json_t *parsed = write_and_parse(arena, &problem);
	assert_string_equal(text_of(parsed, "detail"), every);
	assert_string_equal(text_of(parsed, "field"), "\"\\\x01/");
	assert_int_equal(json_integer_value(json_object_get(parsed, "status")), 400);
	json_decref(parsed);
	su_arena_free(&arena);
}

static void test_has_room_for_nothing_but_escapes(void **state)
{
	(void)state;
	char detail[256];
	struct su_arena *arena = su_arena_new();
	memset(detail, 0x1f, sizeof(detail) - 1);
	detail[sizeof(detail) - 1] = '\0';
	struct http_problem problem = { 400, "", detail, "x" };
	json_t *parsed = write_and_parse(arena, &problem);
	assert_string_equal(text_of(parsed, "detail"), detail);
	json_decref(parsed);
	su_arena_free(&arena);
}

static void test_shows_utf8_and_drops_what_is_none(void **state)
{
	(void)state;
	struct su_arena *arena = su_arena_new();
	struct http_problem problem = { 400, "Bad Request", "bad \xff text", "gr\xc3\xb6\xc3\x9f" };
	json_t *parsed = write_and_parse(arena, &problem);
	assert_string_equal(text_of(parsed, "detail"), "");
	assert_string_equal(text_of(parsed, "field"), "gr\xc3\xb6\xc3\x9f");
	json_decref(parsed);
	su_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_the_members_in_order),
		cmocka_unit_test(test_escapes_every_byte_that_needs_it),
		cmocka_unit_test(test_has_room_for_nothing_but_escapes),
		cmocka_unit_test(test_shows_utf8_and_drops_what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
