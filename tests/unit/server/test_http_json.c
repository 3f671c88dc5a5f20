/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of members, and the shapes that replies are made of. */
#include "server/http_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ID "0190a5d2-0000-7000-8000-000000000001"

/* Reads what a handler might ask for. */
static enum su_status read_all(const char *text, struct su_error *err)
{
	json_t *object = json_loads(text, 0, NULL);
	struct su_arena *arena = su_arena_new();
	const struct su_uuid *ids;
	struct http_json_reader reader = http_json_reader_of(object);
	assert_non_null(object);
	http_json_need_text(&reader, "name", 8);
	http_json_read_text(&reader, "note", 8);
	http_json_read_time(&reader, "until");
	http_json_read_bool(&reader, "flag");
	http_json_read_object(&reader, "key");
	http_json_read_uuids(&reader, arena, "ids", &ids);
	enum su_status status = http_json_end(&reader, err);
	su_arena_free(&arena);
	json_decref(object);
	return status;
}

static void test_accepts_what_is_asked_for(void **state)
{
	(void)state;
	const char *const rows[] = {
		"{\"name\":\"a\"}",
		"{\"name\":\"12345678\",\"note\":null,\"until\":null,\"flag\":null}",
		"{\"name\":\"a\",\"note\":\"b\",\"until\":\"2026-11-21T09:00:00Z\",\"flag\":true,"
		"\"key\":{},\"ids\":[\"" ID "\"]}",
		"{\"name\":\"\\u00e9\",\"ids\":[]}",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(read_all(rows[i], NULL), SU_OK);
}

static void test_names_the_member_that_is_wrong(void **state)
{
	(void)state;
	const char *const rows[][2] = {
		{ "{}", "name" },
		{ "{\"name\":null}", "name" },
		{ "{\"name\":\"\"}", "name" },
		{ "{\"name\":\"123456789\"}", "name" },
		{ "{\"name\":7}", "name" },
		{ "{\"name\":\"a\\nb\"}", "name" },
		{ "{\"name\":\"a\",\"note\":[]}", "note" },
		{ "{\"name\":\"a\",\"until\":\"tomorrow\"}", "until" },
		{ "{\"name\":\"a\",\"flag\":1}", "flag" },
		{ "{\"name\":\"a\",\"key\":\"x\"}", "key" },
		{ "{\"name\":\"a\",\"ids\":\"" ID "\"}", "ids" },
		{ "{\"name\":\"a\",\"ids\":[7]}", "ids" },
		{ "{\"name\":\"a\",\"ids\":[\"" ID "\",\"x\"]}", "ids" },
		{ "{\"name\":\"a\",\"surprise\":1}", "surprise" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct su_error err = { 0 };
		assert_int_equal(read_all(rows[i][0], &err), SU_INVALID);
		assert_string_equal(err.field, rows[i][1]);
		assert_string_not_equal(err.text, "");
	}
}

static void test_bounds_arrays(void **state)
{
	(void)state;
	struct su_error err = { 0 };
	char text[4096] = "{\"name\":\"a\",\"ids\":[\"" ID "\"";
	for (size_t i = 0; i < HTTP_JSON_MAX_UUIDS; i++)
		strcat(text, ",\"" ID "\"");
	strcat(text, "]}");
	assert_int_equal(read_all(text, &err), SU_INVALID);
	assert_string_equal(err.field, "ids");
}

static void assert_json(json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_COMPACT);
	assert_string_equal(text, expected);
	free(text);
	json_decref(value);
}

static void test_writes_absent_values_as_null(void **state)
{
	(void)state;
	const struct digest none = { .alg = DIGEST_NONE };
	json_t *object = json_object();
	http_json_put_text(object, "text", NULL);
	http_json_put_time(object, "time", 0);
	http_json_put_digest(object, "digest", &none);
	http_json_put_uint(object, "number", UINT64_MAX);
	http_json_put_int_if(object, "int", false, -1);
	http_json_put_uint_if(object, "uint", false, 1);
	http_json_put_uuids(object, "ids", NULL, 0);
	assert_json(object, "{\"text\":null,\"time\":null,\"digest\":null,\"number\":null,"
			    "\"int\":null,\"uint\":null,\"ids\":[]}");
}

static void test_writes_values(void **state)
{
	(void)state;
	struct su_uuid id;
	assert_int_equal(su_uuid_parse(ID, &id, NULL), SU_OK);
	json_t *object = json_object();
	http_json_put_text(object, "text", "a");
	http_json_put_time(object, "time", 1000);
	http_json_put_uuid(object, "id", id);
	http_json_put_uint(object, "number", 7);
	http_json_put_int_if(object, "int", true, -1);
	http_json_put_uint_if(object, "uint", true, 1);
	http_json_put_bool(object, "flag", false);
	assert_json(object, "{\"text\":\"a\",\"time\":\"1970-01-01T00:00:01Z\",\"id\":\"" ID
			    "\",\"number\":7,\"int\":-1,\"uint\":1,\"flag\":false}");
}

static void test_makes_pages(void **state)
{
	(void)state;
	assert_json(http_json_page_take(json_array(), NULL), "{\"items\":[],\"next\":null}");
	assert_json(
		http_json_page_take(json_pack("[i]", 1), "c"), "{\"items\":[1],\"next\":\"c\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_what_is_asked_for),
		cmocka_unit_test(test_names_the_member_that_is_wrong),
		cmocka_unit_test(test_bounds_arrays),
		cmocka_unit_test(test_writes_absent_values_as_null),
		cmocka_unit_test(test_writes_values),
		cmocka_unit_test(test_makes_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
