/* SPDX-License-Identifier: Apache-2.0 */
/* Hexadecimal and base64: vectors of RFC 4648 section 10, and strictness. */
#include "base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

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

static void test_hex_both_ways(void **state)
{
	uint8_t bytes[256], back[256];
	size_t len = 0;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	char *text = su_hex_encode_arena(*state, su_span_of(bytes, sizeof(bytes)));
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 506, "fdfeff");
	assert_int_equal(su_hex_decode(su_span_str(text), back, sizeof(back), &len, NULL), SU_OK);
	assert_int_equal(len, sizeof(bytes));
	assert_memory_equal(back, bytes, sizeof(bytes));
	assert_string_equal(su_hex_encode_arena(*state, SU_SPAN_EMPTY), "");
}

static void test_hex_accepts_both_cases_and_less_than_capacity(void **state)
{
	uint8_t bytes[4];
	size_t len = 42;
	(void)state;
	assert_int_equal(su_hex_decode(su_span_str("AbcD"), bytes, 4, &len, NULL), SU_OK);
	assert_int_equal(len, 2);
	assert_memory_equal(bytes, "\xab\xcd", 2);
	assert_int_equal(su_hex_decode(SU_SPAN_EMPTY, bytes, 0, &len, NULL), SU_OK);
	assert_int_equal(len, 0);
}

static void test_bad_hex_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "abc", "odd number" },
		{ "0g", "at offset 1" },
		{ "g0", "at offset 0" },
		{ "0011 2", "at offset 4" },
		{ "@0", "at offset 0" },
		{ "`0", "at offset 0" },
		{ "/0", "at offset 0" },
		{ ":0", "at offset 0" },
		{ "00112233445566", "more than 8" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err;
		uint8_t bytes[4];
		size_t len = 42;
		assert_int_equal(
			su_hex_decode(su_span_str(rows[i].text), bytes, 4, &len, &err), SU_INVALID);
		assert_non_null(strstr(err.text, rows[i].message));
		assert_int_equal(len, 42);
	}
}

static const struct {
	const char *bytes, *url, *padded;
} base64_rows[] = {
	{ "", "", "" },
	{ "f", "Zg", "Zg==" },
	{ "fo", "Zm8", "Zm8=" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "-_-_", "+/+/" },
};

static void test_base64_vectors(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(base64_rows); i++) {
		struct su_span bytes = su_span_str(base64_rows[i].bytes);
		struct su_span out = SU_SPAN_EMPTY;
		assert_string_equal(su_base64url_encode_arena(*state, bytes), base64_rows[i].url);
		assert_int_equal(
			su_base64url_decode(*state, su_span_str(base64_rows[i].url), &out, NULL),
			SU_OK);
		assert_true(su_span_equal(out, bytes));
		assert_int_equal(
			su_base64_decode(*state, su_span_str(base64_rows[i].padded), &out, NULL),
			SU_OK);
		assert_true(su_span_equal(out, bytes));
	}
}

static void test_bad_base64_is_refused(void **state)
{
	static const char *const url[] = { "Z", "Zg==", "Zh", "Zm9=", "Zm 9", "Zm9v\n", "+/+/",
		"Zm9vY" };
	static const char *const padded[] = { "Zg", "Zg=", "Zh==", "Zm9", "=",
		"====", "Z===", "Zg==Zg==", "Zm9v=", "-_-_", "Zm=v" };
	struct su_span out = su_span_str("untouched");
	for (size_t i = 0; i < ARRAY_LEN(url); i++)
		assert_int_equal(
			su_base64url_decode(*state, su_span_str(url[i]), &out, NULL), SU_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(padded); i++)
		assert_int_equal(
			su_base64_decode(*state, su_span_str(padded[i]), &out, NULL), SU_INVALID);
	assert_int_equal(
		su_base64url_decode(*state, su_span_of("\0AAA", 4), &out, NULL), SU_INVALID);
	assert_true(su_span_equal_str(out, "untouched"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hex_both_ways, set_up, tear_down),
		cmocka_unit_test(test_hex_accepts_both_cases_and_less_than_capacity),
		cmocka_unit_test(test_bad_hex_is_refused),
		cmocka_unit_test_setup_teardown(test_base64_vectors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_bad_base64_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
