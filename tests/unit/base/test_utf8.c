/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: every code point both ways against an encoder of the test's own, and malformed bytes. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static size_t encode(uint32_t c, uint8_t out[4])
{
	if (c < 0x80)
		return out[0] = (uint8_t)c, 1;
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = 0x80 | (c & 0x3f);
	out[0] = (uint8_t)(leads[len] | c);
	return len;
}

static void test_every_code_point(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x110100; c++) {
		uint8_t bytes[4];
		uint32_t decoded = 0xffffffff;
		size_t len = encode(c, bytes);
		bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		size_t taken = su_utf8_next(su_span_of(bytes, len), &decoded);
		if (taken != (valid ? len : 0) || (valid && decoded != c))
			fail_msg("U+%04X", c);
		if (valid && su_utf8_next(su_span_of(bytes, len - 1), &decoded) != 0)
			fail_msg("U+%04X without its last byte", c);
	}
}

static void test_malformed_bytes(void **state)
{
	static const char *const texts[] = { "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2",
		"\xc2x", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xe2x\x82", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xff", "good\xff", "good\xc2" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(su_utf8_is_valid(su_span_str(texts[i])));
	assert_true(su_utf8_is_valid(SU_SPAN_EMPTY));
	assert_true(su_utf8_is_valid(su_span_of("a\0b", 3)));
	assert_true(su_utf8_is_valid(su_span_str("h\u00e9 \u20ac \U0001f600")));
}

static void test_what_is_printable(void **state)
{
	static const uint32_t hidden[] = { 0, 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0x61c, 0x200e,
		0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfdd0, 0xfeff, 0xfffe,
		0xffff, 0x1fffe, 0x10ffff };
	static const uint32_t shown[] = { ' ', '~', 0xa0, 0xe9, 0x200d, 0x2027, 0x202f, 0x20ac,
		0x4e2d, 0xfffd, 0x1f600 };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		assert_false(su_utf8_is_printable(hidden[i]));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		assert_true(su_utf8_is_printable(shown[i]));
}

static void test_what_is_showable(void **state)
{
	static const char *const hidden[] = { "\n", "bell\a", "\x1b[31mred", "a\u202eb", "\ufeff",
		"cut\xe2\x82", "\xff", "end\u2029" };
	static const char *const shown[] = { "", " ", "plain", "h\u00e9 \u20ac \U0001f600" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		assert_false(su_utf8_is_showable(su_span_str(hidden[i])));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		assert_true(su_utf8_is_showable(su_span_str(shown[i])));
	assert_true(su_utf8_is_valid(su_span_of("a\0b", 3)));
	assert_false(su_utf8_is_showable(su_span_of("a\0b", 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_malformed_bytes),
		cmocka_unit_test(test_what_is_printable),
		cmocka_unit_test(test_what_is_showable),
	};
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
