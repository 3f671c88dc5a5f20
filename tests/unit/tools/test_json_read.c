/* SPDX-License-Identifier: Apache-2.0 */
/* Typed members, and complaints that name the member. */
#include "tools/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	json_t *object = json_loads(text, 0, NULL);
	assert_non_null(object);
	return object;
}

static void test_members(void **state)
{
	(void)state;
	json_t *object = parse("{\"s\":\"text\",\"u\":7,\"i\":-7,\"b\":true}");
	const char *text = NULL;
	uint64_t number = 0;
	int64_t integer = 0;
	bool has_u = false, has_i = false, has_absent = false, truth = false;
	assert_int_equal(json_read_string(object, "s", &text, NULL), SU_OK);
	assert_string_equal(text, "text");
	assert_int_equal(json_read_uint(object, "u", &number, &has_u, NULL), SU_OK);
	assert_true(has_u && number == 7);
	assert_int_equal(json_read_int(object, "i", &integer, &has_i, NULL), SU_OK);
	assert_true(has_i && integer == -7);
	assert_int_equal(json_read_bool(object, "b", &truth, NULL), SU_OK);
	assert_true(truth);
	assert_int_equal(json_read_uint(object, "absent", &number, &has_absent, NULL), SU_OK);
	assert_true(!has_absent && number == 7);
	json_decref(object);
}

static void test_wrong_types_are_named(void **state)
{
	(void)state;
	json_t *object = parse("{\"s\":3,\"e\":\"\",\"u\":-1,\"f\":1.5,\"b\":1}");
	struct su_error err = { 0 };
	const char *text = NULL;
	uint64_t number = 0;
	bool has = false, truth = false;
	assert_int_equal(json_read_string(object, "s", &text, &err), SU_INVALID);
	assert_string_equal(err.field, "s");
	assert_int_equal(json_read_string(object, "e", &text, &err), SU_INVALID);
	assert_int_equal(json_read_uint(object, "u", &number, &has, &err), SU_INVALID);
	assert_string_equal(err.field, "u");
	assert_int_equal(json_read_uint(object, "f", &number, &has, &err), SU_INVALID);
	assert_int_equal(json_read_bool(object, "b", &truth, &err), SU_INVALID);
	assert_null(text);
	assert_false(has);
	json_decref(object);
}

static void test_unknown_member(void **state)
{
	static const char *const names[] = { "known", NULL };
	(void)state;
	struct su_error err = { 0 };
	json_t *good = parse("{\"known\":1}"), *bad = parse("{\"known\":1,\"knwon\":2}"),
	       *list = parse("[1]");
	assert_int_equal(json_read_only(good, names, &err), SU_OK);
	assert_int_equal(json_read_only(bad, names, &err), SU_INVALID);
	assert_string_equal(err.field, "knwon");
	assert_int_equal(json_read_only(list, names, &err), SU_INVALID);
	json_decref(good);
	json_decref(bad);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_wrong_types_are_named),
		cmocka_unit_test(test_unknown_member),
	};
	return cmocka_run_group_tests_name("json_read", tests, NULL, NULL);
}
