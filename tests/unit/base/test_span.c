/* SPDX-License-Identifier: Apache-2.0 */
/* Spans compare bytes, not texts; buffers keep what is appended across growth. */
#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_equality(void **state)
{
	(void)state;
	assert_true(su_span_equal(SU_SPAN_EMPTY, su_span_of("x", 0)));
	assert_true(su_span_equal(su_span_of("a\0b", 3), su_span_of("a\0b", 3)));
	assert_false(su_span_equal(su_span_of("a\0b", 3), su_span_of("a\0c", 3)));
	assert_false(su_span_equal(su_span_str("ab"), su_span_str("abc")));
	assert_true(su_span_equal_str(su_span_of("abc", 2), "ab"));
	assert_false(su_span_equal_str(su_span_str("ab"), "abc"));
	assert_true(su_span_equal_str(SU_SPAN_EMPTY, NULL));
	assert_int_equal(su_span_str(NULL).len, 0);
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(su_span_compare(SU_SPAN_EMPTY, SU_SPAN_EMPTY), 0);
	assert_true(su_span_compare(SU_SPAN_EMPTY, su_span_str("a")) < 0);
	assert_true(su_span_compare(su_span_str("ab"), su_span_str("a")) > 0);
	assert_true(su_span_compare(su_span_str("a"), su_span_str("b")) < 0);
	assert_true(su_span_compare(su_span_str("\xff"), su_span_str("\x01")) > 0);
	assert_true(su_span_compare(su_span_str("b"), su_span_str("ab")) > 0);
}

/* Values that the authors of FNV publish. */
static void test_hash(void **state)
{
	(void)state;
	assert_int_equal(su_span_hash(SU_SPAN_EMPTY), 0x811c9dc5);
	assert_int_equal(su_span_hash(su_span_str("a")), 0xe40c292c);
	assert_int_equal(su_span_hash(su_span_str("b")), 0xe70c2de5);
	assert_int_equal(su_span_hash(su_span_str("foobar")), 0xbf9cf968);
	assert_int_equal(su_span_hash(su_span_of("foobar", 7)), 0x0c1c9eb8);
	assert_int_equal(su_span_hash(su_span_of("\xff\x00\x00\x01", 4)), 0xc48fb86d);
}

static void test_buffer_grows_and_keeps(void **state)
{
	struct su_buf buf = { 0 };
	(void)state;
	for (int i = 0; i < 10000; i++)
		su_buf_append_byte(&buf, (uint8_t)i);
	assert_int_equal(buf.len, 10000);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(buf.data[i], i & 0xff);
	su_buf_clear(&buf);
	assert_int_equal(su_buf_span(&buf).len, 0);
	assert_string_equal(su_buf_str(&buf), "");
	su_buf_free(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.capacity, 0);
}

static void test_buffer_as_text(void **state)
{
	struct su_buf buf = { 0 };
	(void)state;
	assert_string_equal(su_buf_str(&buf), "");
	su_buf_printf(&buf, "%s", "");
	su_buf_append(&buf, NULL, 0);
	assert_int_equal(buf.len, 0);
	/* 63 characters and a NUL fill the smallest buffer exactly. */
	su_buf_printf(&buf, "%063d", 1);
	assert_int_equal(strlen(su_buf_str(&buf)), 63);
	su_buf_printf(&buf, "%s%d", "tail", 9);
	assert_string_equal(su_buf_str(&buf) + 60, "001tail9");
	assert_int_equal(buf.len, 68);
	su_buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_buffer_grows_and_keeps),
		cmocka_unit_test(test_buffer_as_text),
	};
	return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
