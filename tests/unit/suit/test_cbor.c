/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR: examples of RFC 8949 appendix A both ways, and every way in which an item can be wrong. */
#include "suit/cbor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/memory.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct bytes {
	uint8_t data[600];
	size_t len;
};

static struct su_span unhex(struct bytes *bytes, const char *hex)
{
	assert_int_equal(su_hex_decode(su_span_str(hex), bytes->data, sizeof(bytes->data),
				 &bytes->len, NULL),
		SU_OK);
	return su_span_of(bytes->data, bytes->len);
}

static void assert_written(struct su_buf *buf, const char *hex)
{
	char text[2 * 600 + 1];

	assert_true(buf->len <= 600);
	su_hex_encode(su_buf_span(buf), text);
	assert_string_equal(text, hex);
	su_buf_clear(buf);
}

static void test_integers_both_ways(void **state)
{
	static const struct {
		int64_t value;
		const char *hex;
	} rows[] = {
		{ 0, "00" },
		{ 1, "01" },
		{ 10, "0a" },
		{ 23, "17" },
		{ 24, "1818" },
		{ 25, "1819" },
		{ 100, "1864" },
		{ 255, "18ff" },
		{ 256, "190100" },
		{ 1000, "1903e8" },
		{ 65535, "19ffff" },
		{ 65536, "1a00010000" },
		{ 1000000, "1a000f4240" },
		{ 4294967295, "1affffffff" },
		{ 4294967296, "1b0000000100000000" },
		{ 1000000000000, "1b000000e8d4a51000" },
		{ INT64_MAX, "1b7fffffffffffffff" },
		{ -1, "20" },
		{ -10, "29" },
		{ -24, "37" },
		{ -25, "3818" },
		{ -100, "3863" },
		{ -256, "38ff" },
		{ -257, "390100" },
		{ -1000, "3903e7" },
		{ INT64_MIN, "3b7fffffffffffffff" },
	};
	struct su_buf out su_auto(su_buf_free) = { 0 };
	struct bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cbor cursor = cbor_open(unhex(&bytes, rows[i].hex), true);
		assert_int_equal(cbor_int(&cursor), rows[i].value);
		assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
		cbor_put_int(&out, rows[i].value);
		assert_written(&out, rows[i].hex);
	}
	struct cbor cursor = cbor_open(unhex(&bytes, "1bffffffffffffffff"), true);
	assert_true(cbor_uint(&cursor) == UINT64_MAX);
	cbor_put_uint(&out, UINT64_MAX);
	assert_written(&out, "1bffffffffffffffff");
}

static void test_integers_beyond_int64(void **state)
{
	static const char *const rows[] = { "1b8000000000000000", "3b8000000000000000",
		"1bffffffffffffffff", "3bffffffffffffffff" };
	struct bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cbor cursor = cbor_open(unhex(&bytes, rows[i]), true);
		assert_int_equal(cbor_int(&cursor), 0);
		assert_int_equal(cbor_done(&cursor, NULL), SU_INVALID);
		assert_string_equal(cursor.error.text, "the integer does not fit 64 bits");
	}
}

static void test_writes_everything(void **state)
{
	struct su_buf out su_auto(su_buf_free) = { 0 };

	(void)state;
	cbor_put_tag(&out, 107);
	cbor_put_map(&out, 2);
	cbor_put_int(&out, 1);
	cbor_put_array(&out, 3);
	cbor_put_bool(&out, true);
	cbor_put_bool(&out, false);
	cbor_put_null(&out);
	cbor_put_tstr(&out, "#a");
	cbor_put_bstr(&out, su_span_str("xyz"));
	assert_written(&out, "d86ba20183f5f4f66223614378797a");
	cbor_put_bstr_head(&out, 256);
	cbor_put_text(&out, su_span_of("ab", 2));
	cbor_put_bstr(&out, SU_SPAN_EMPTY);
	assert_written(&out, "590100626162"
			     "40");
}

static void test_reads_through_a_structure(void **state)
{
	struct bytes bytes;
	struct cbor cursor = cbor_open(unhex(&bytes, "d86ba20183f5f4f66223614378797a"), true);

	(void)state;
	assert_int_equal(cbor_peek(&cursor), CBOR_TAG);
	assert_int_equal(cbor_tag(&cursor), 107);
	assert_int_equal(cbor_map(&cursor), 2);
	assert_int_equal(cbor_uint(&cursor), 1);
	assert_int_equal(cbor_array(&cursor), 3);
	assert_true(cbor_bool(&cursor));
	assert_false(cbor_bool(&cursor));
	cbor_null(&cursor);
	assert_int_equal(cbor_peek(&cursor), CBOR_TSTR);
	assert_true(su_span_equal_str(cbor_tstr(&cursor), "#a"));
	assert_true(su_span_equal_str(cbor_bstr(&cursor), "xyz"));
	assert_int_equal(cbor_peek(&cursor), CBOR_END);
	assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
}

/* Well-formed items that cbor_item takes, with or without strictness. */
static void test_skips_every_kind(void **state)
{
	static const struct {
		const char *hex;
		bool strict_too;
	} rows[] = {
		{ "00", true },
		{ "3903e7", true },
		{ "40", true },
		{ "4401020304", true },
		{ "60", true },
		{ "64f0908591", true }, /* U+10151 */
		{ "62c3bc", true },
		{ "63e6b0b4", true },
		{ "64f48fbfbf", true }, /* U+10FFFF */
		{ "80", true },
		{ "98190102030405060708090a0b0c0d0e0f101112131415161718181819", true },
		{ "a26161016162820203", true },
		{ "c11a514b67b0", true },
		{ "d82076687474703a2f2f7777772e6578616d706c652e636f6d", true },
		{ "f4", true },
		{ "f5", true },
		{ "f6", true },
		{ "f7", true },
		{ "a180"
		  "01",
			true },    /* an array as a key, as in suit-text */
		{ "1817", false }, /* longer heads than needed */
		{ "190017", false },
		{ "1a0000ffff", false },
		{ "1b00000000ffffffff", false },
		{ "5801ff", false },
		{ "7900016a", false },
		{ "980100", false },
		{ "b8010000", false },
		{ "d80101", false },
		{ "a202000100", false }, /* unsorted keys */
		{ "a201000100", false }, /* the same key twice */
		{ "a1"
		  "00"
		  "a202000100",
			false },
		{ "f93c00", false }, /* floats */
		{ "fa47c35000", false },
		{ "fb3ff199999999999a", false },
		{ "fb0000000000000000", false },
	};
	struct bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_span input = unhex(&bytes, rows[i].hex);
		struct cbor cursor = cbor_open(input, false);
		assert_true(su_span_equal(cbor_item(&cursor), input));
		assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
		cursor = cbor_open(input, true);
		(void)cbor_item(&cursor);
		assert_int_equal(cbor_done(&cursor, NULL), rows[i].strict_too ? SU_OK : SU_INVALID);
	}
}

static void test_any_key_order_is_a_choice(void **state)
{
	struct bytes bytes;
	struct cbor cursor = cbor_open(unhex(&bytes, "a3020001000100"), true);

	(void)state;
	cursor.any_key_order = true;
	assert_int_equal(cbor_item(&cursor).len, 7);
	assert_int_equal(cbor_done(&cursor, NULL), SU_OK);
}

/* Input that no mode takes, with the offset and a piece of the reason. */
static void test_refuses_what_is_not_well_formed(void **state)
{
	static const struct {
		const char *hex, *field, *text;
	} rows[] = {
		{ "", "0", "ends where an item" },
		{ "18", "0", "ends inside" },
		{ "1900", "0", "ends inside" },
		{ "1a000000", "0", "ends inside" },
		{ "1b00000000000000", "0", "ends inside" },
		{ "41", "0", "claims a length of 1" },
		{ "6261", "0", "claims a length of 2" },
		{ "5bffffffffffffffff00", "0", "claims a length of 18446744073709551615" },
		{ "9bffffffffffffffff00", "0", "an array claims" },
		{ "bb7fffffffffffffff00", "0", "a map claims" },
		{ "9a00ffffff0000", "0", "an array claims" },
		{ "a20000", "0", "a map claims a length of 2" },
		{ "8101"
		  "00",
			"2", "1 bytes follow" },
		{ "8201", "0", "claims a length of 2" },
		{ "820181", "2", "claims a length of 1" },
		{ "c1", "1", "ends where an item" },
		{ "1c", "0", "reserved" },
		{ "3d", "0", "reserved" },
		{ "fe", "0", "reserved" },
		{ "5f4101ff", "0", "indefinite" },
		{ "7f6161ff", "0", "indefinite" },
		{ "9f00ff", "0", "indefinite" },
		{ "bf0000ff", "0", "indefinite" },
		{ "ff", "0", "indefinite" },
		{ "e0", "0", "simple value 0" },
		{ "f3", "0", "simple value 19" },
		{ "f814", "0", "simple value" },
		{ "f8ff", "0", "simple value 255" },
		{ "6180", "0", "UTF-8" },   /* a lone continuation */
		{ "61c3", "0", "UTF-8" },   /* cut short */
		{ "62c0af", "0", "UTF-8" }, /* overlong */
		{ "63e08080", "0", "UTF-8" },
		{ "63eda080", "0", "UTF-8" }, /* a surrogate */
		{ "64f0808080", "0", "UTF-8" },
		{ "64f4908080", "0", "UTF-8" }, /* beyond U+10FFFF */
		{ "61f8", "0", "UTF-8" },
	};
	struct bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct su_error err = { 0 };
		struct cbor cursor = cbor_open(unhex(&bytes, rows[i].hex), false);
		(void)cbor_item(&cursor);
		assert_int_equal(cbor_done(&cursor, &err), SU_INVALID);
		assert_string_equal(err.field, rows[i].field);
		assert_non_null(strstr(err.text, rows[i].text));
	}
}

static void test_refuses_long_heads_when_strict(void **state)
{
	static const char *const rows[] = { "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff",
		"3817", "5800", "780161", "9800", "b800",
		"d817"
		"00" };
	struct bytes bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct cbor cursor = cbor_open(unhex(&bytes, rows[i]), true);
		(void)cbor_item(&cursor);
		assert_int_equal(cbor_done(&cursor, NULL), SU_INVALID);
		assert_non_null(strstr(cursor.error.text, "shortest"));
	}
}

static void test_bounds_the_depth(void **state)
{
	uint8_t nested[CBOR_MAX_DEPTH + 1];

	(void)state;
	for (unsigned head = 0; head < 2; head++) {
		memset(nested, head ? 0xc1 : 0x81, sizeof(nested));
		nested[CBOR_MAX_DEPTH - 1] = 0x01;
		struct cbor cursor = cbor_open(su_span_of(nested, CBOR_MAX_DEPTH), true);
		assert_int_equal(cbor_item(&cursor).len, CBOR_MAX_DEPTH);

		nested[CBOR_MAX_DEPTH - 1] = nested[0];
		nested[CBOR_MAX_DEPTH] = 0x01;
		cursor = cbor_open(su_span_of(nested, CBOR_MAX_DEPTH + 1), true);
		(void)cbor_item(&cursor);
		assert_false(cbor_ok(&cursor));
		assert_non_null(strstr(cursor.error.text, "nested deeper than 24"));
	}
}

static void test_refuses_the_wrong_type(void **state)
{
	struct bytes bytes;

	(void)state;
	struct cbor cursor = cbor_open(unhex(&bytes, "820141ff"), true);
	assert_int_equal(cbor_array(&cursor), 2);
	assert_int_equal(cbor_tstr(&cursor).len, 0);
	assert_string_equal(cursor.error.text, "expected a text string, found an unsigned integer");
	assert_string_equal(cursor.error.field, "1");

	cursor = cbor_open(unhex(&bytes, "20"), true);
	assert_int_equal(cbor_uint(&cursor), 0);
	assert_false(cbor_ok(&cursor));
	cursor = cbor_open(unhex(&bytes, "f6"), true);
	assert_false(cbor_bool(&cursor));
	assert_string_equal(cursor.error.text, "expected true or false");
	cursor = cbor_open(unhex(&bytes, "f7"), true);
	cbor_null(&cursor);
	assert_string_equal(cursor.error.text, "expected null");
}

static void test_keeps_the_first_error(void **state)
{
	struct su_error err = { 0 };
	struct bytes bytes;
	struct cbor cursor = cbor_open(unhex(&bytes, "83010203"), true);

	(void)state;
	assert_int_equal(cbor_array(&cursor), 3);
	assert_int_equal(cbor_map(&cursor), 0);
	assert_int_equal(cbor_uint(&cursor), 0);
	assert_int_equal(cbor_item(&cursor).len, 0);
	assert_int_equal(cbor_peek(&cursor), CBOR_END);
	cbor_fail(&cursor, SU_TOO_LARGE, "too late");
	assert_int_equal(cbor_done(&cursor, &err), SU_INVALID);
	assert_string_equal(err.text, "expected a map, found an unsigned integer");
	assert_string_equal(err.field, "1");
}

static void test_fails_with_the_reason_of_the_caller(void **state)
{
	struct su_error err = { 0 };
	struct bytes bytes;
	struct cbor cursor = cbor_open(unhex(&bytes, "8102"), true);

	(void)state;
	assert_int_equal(cbor_array(&cursor), 1);
	cbor_fail(&cursor, SU_UNSUPPORTED, "version %d is not supported", 2);
	assert_int_equal(cbor_done(&cursor, &err), SU_UNSUPPORTED);
	assert_string_equal(err.text, "version 2 is not supported");
	assert_string_equal(err.field, "1");
}

/* Reads a map of simple keys and null values through cbor_key_order. */
static enum su_status read_keys(const char *hex, struct su_error *err)
{
	struct bytes bytes;
	struct cbor cursor = cbor_open(unhex(&bytes, hex), true);
	struct su_span last = SU_SPAN_EMPTY;

	for (size_t n = cbor_map(&cursor); n > 0; n--) {
		cbor_key_order(&cursor, cbor_item(&cursor), &last);
		cbor_null(&cursor);
	}
	return cbor_done(&cursor, err);
}

static void test_checks_the_order_of_keys(void **state)
{
	struct su_error err = { 0 };

	(void)state;
	/* RFC 8949 section 4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false */
	assert_int_equal(
		read_keys("a80af61864f620f6617af6626161f6811864f68120f6f4f6", NULL), SU_OK);
	assert_int_equal(read_keys("a201f601f6", &err), SU_INVALID);
	assert_string_equal(err.text, "a map has the same key twice");
	assert_string_equal(err.field, "3");
	assert_int_equal(read_keys("a220f601f6", &err), SU_INVALID);
	assert_string_equal(err.text, "the keys of a map are not in ascending order");
	assert_string_equal(err.field, "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers_both_ways),
		cmocka_unit_test(test_integers_beyond_int64),
		cmocka_unit_test(test_writes_everything),
		cmocka_unit_test(test_reads_through_a_structure),
		cmocka_unit_test(test_skips_every_kind),
		cmocka_unit_test(test_any_key_order_is_a_choice),
		cmocka_unit_test(test_refuses_what_is_not_well_formed),
		cmocka_unit_test(test_refuses_long_heads_when_strict),
		cmocka_unit_test(test_bounds_the_depth),
		cmocka_unit_test(test_refuses_the_wrong_type),
		cmocka_unit_test(test_keeps_the_first_error),
		cmocka_unit_test(test_fails_with_the_reason_of_the_caller),
		cmocka_unit_test(test_checks_the_order_of_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
