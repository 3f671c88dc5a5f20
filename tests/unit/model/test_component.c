/* SPDX-License-Identifier: Apache-2.0 */
/* Component identifiers: their text both ways, and every way in which either form can be wrong. */
#include "model/component.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a)   (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) su_span_of(literal, sizeof(literal) - 1)

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	return 0;
}

static void test_text_both_ways(void **state)
{
	const struct {
		struct su_span encoded;
		const char *text;
	} rows[] = {
		{ BYTES("\x81\x41\x00"), "[h'00']" },
		{ BYTES("\x82\x44"
			"boot"
			"\x41\x01"),
			"['boot', h'01']" },
		{ BYTES("\x81\x40"), "[h'']" },
		{ BYTES("\x81\x43"
			"a'b"),
			"[h'612762']" },
		{ BYTES("\x81\x43"
			"a\\b"),
			"[h'615c62']" },
		{ BYTES("\x81\x43 , "), "[' , ']" },
		{ BYTES("\x81\x58\x18"
			"abcdefghijklmnopqrstuvwx"),
			"['abcdefghijklmnopqrstuvwx']" },
		{ BYTES("\x81\x42\xc3\xa9"), "[h'c3a9']" },
		{ BYTES("\x90@@@@@@@@@@@@@@@@"), "[h'', h'', h'', h'', h'', h'', h'', h'', h'', "
						 "h'', h'', h'', h'', h'', h'', "
						 "h'']" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct component_id id = { rows[i].encoded };
		struct component_id parsed;
		assert_int_equal(component_id_check(rows[i].encoded, NULL), SU_OK);
		assert_string_equal(component_id_format(*state, id), rows[i].text);
		assert_int_equal(component_id_parse(*state, rows[i].text, &parsed, NULL), SU_OK);
		assert_true(component_id_equal(parsed, id));
	}
}

static void test_text_forms_that_are_accepted(void **state)
{
	static const char *const texts[] = { "['boot',h'01']", "  [ 'boot' ,  h'01' ] ",
		"[h'626f6f74', h'01']", "[h'626F6F74',h'01']" };
	struct component_id wanted = { BYTES("\x82\x44"
					     "boot"
					     "\x41\x01") };
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct component_id id;
		assert_int_equal(component_id_parse(*state, texts[i], &id, NULL), SU_OK);
		assert_true(component_id_equal(id, wanted));
	}
}

static void test_bad_texts_are_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ NULL, "written like" },
		{ "", "written like" },
		{ "boot", "written like" },
		{ "[]", "written like" },
		{ "['a',]", "written like" },
		{ "[\"a\"]", "written like" },
		{ "[h00]", "written like" },
		{ "[1]", "written like" },
		{ "['a", "closing quote" },
		{ "[h'0']", "odd number" },
		{ "[h'zz']", "not a hexadecimal digit" },
		{ "['a'", "lacks its ']'" },
		{ "['a' 'b']", "lacks its ']'" },
		{ "['a'] x", "text after" },
		{ "['a\\b']", "printable ASCII" },
		{ "['\u00e9']", "printable ASCII" },
		{ "['a\nb']", "printable ASCII" },
		{ "['','','','','','','','','','','','','','','','','']", "more than 16" },
	};
	struct component_id id = { su_span_str("untouched") };
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err = { 0 };
		assert_int_equal(component_id_parse(*state, rows[i].text, &id, &err), SU_INVALID);
		if (!strstr(err.text, rows[i].message))
			fail_msg("%s: %s", rows[i].text, err.text);
	}
	assert_true(su_span_equal_str(id.encoded, "untouched"));
}

static enum su_status parse_of_length(struct su_arena *arena, int n, struct component_id *id)
{
	char *text = su_arena_printf(arena, "['%0*d']", n, 0);
	return component_id_parse(arena, text, id, NULL);
}

static void test_size_limit_is_the_same_both_ways(void **state)
{
	struct component_id id;
	/* One byte for the array, two for the head of the segment. */
	assert_int_equal(parse_of_length(*state, COMPONENT_MAX_BYTES - 3, &id), SU_OK);
	assert_int_equal(id.encoded.len, COMPONENT_MAX_BYTES);
	assert_int_equal(component_id_check(id.encoded, NULL), SU_OK);
	for (int n = COMPONENT_MAX_BYTES - 2; n < COMPONENT_MAX_BYTES + 10; n++)
		assert_int_equal(parse_of_length(*state, n, &id), SU_INVALID);
	assert_int_equal(parse_of_length(*state, 5000, &id), SU_INVALID);
	uint8_t long_id[COMPONENT_MAX_BYTES + 1] = { 0x81, 0x58, COMPONENT_MAX_BYTES - 2 };
	assert_int_equal(
		component_id_check(su_span_of(long_id, sizeof(long_id)), NULL), SU_INVALID);
}

static void test_bad_encodings_are_refused(void **state)
{
	const struct {
		struct su_span encoded;
		const char *message;
	} rows[] = {
		{ SU_SPAN_EMPTY, "array of 1 to 16" },
		{ BYTES("\x80"), "array of 1 to 16" },
		{ BYTES("\x91@@@@@@@@@@@@@@@@@"), "array of 1 to 16" },
		{ BYTES("\x9f\x40\xff"), "array of 1 to 16" },
		{ BYTES("\x98\x01\x40"), "array of 1 to 16" },
		{ BYTES("\x41\x00"), "array of 1 to 16" },
		{ BYTES("\xa0"), "array of 1 to 16" },
		{ BYTES("\x81"), "cut short" },
		{ BYTES("\x82\x40"), "cut short" },
		{ BYTES("\x81\x42\x00"), "cut short" },
		{ BYTES("\x81\x58"), "cut short" },
		{ BYTES("\x81\x58\x18\x00"), "cut short" },
		{ BYTES("\x81\x58\x17"
			"aaaaaaaaaaaaaaaaaaaaaaa"),
			"longer than needed" },
		{ BYTES("\x81\x59\x00\x01\x00"), "byte strings of definite" },
		{ BYTES("\x81\x5f\x41\x00\xff"), "byte strings of definite" },
		{ BYTES("\x81\x61"
			"a"),
			"byte strings of definite" },
		{ BYTES("\x81\x01"), "byte strings of definite" },
		{ BYTES("\x81\x40\x00"), "after its end" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err = { 0 };
		assert_int_equal(component_id_check(rows[i].encoded, &err), SU_INVALID);
		if (!strstr(err.text, rows[i].message))
			fail_msg("row %zu: %s", i, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text_both_ways, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_text_forms_that_are_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_texts_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_size_limit_is_the_same_both_ways, set_up, tear_down),
		cmocka_unit_test(test_bad_encodings_are_refused),
	};
	return cmocka_run_group_tests_name("component", tests, NULL, NULL);
}
