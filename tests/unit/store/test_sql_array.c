/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in the binary form, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "store/sql_array.h"

static void test_wire_form_of_texts_with_null(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 3, 0, 0,
		0, 1, 0, 0, 0, 2, 'a', '"', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
	struct sql_array array su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	struct su_buf wire su_auto(su_buf_free) = { 0 };
	sql_array_add_text(&array, "a\"");
	sql_array_add_text(&array, NULL);
	sql_array_add_text(&array, "");
	sql_array_encode(&array, &wire);
	assert_int_equal(wire.len, sizeof(expected));
	assert_memory_equal(wire.data, expected, sizeof(expected));
}

static void test_empty_array_has_no_dimension(void **state)
{
	(void)state;
	static const uint8_t expected[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20 };
	struct sql_array array su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct su_buf wire su_auto(su_buf_free) = { 0 };
	sql_array_encode(&array, &wire);
	assert_int_equal(wire.len, sizeof(expected));
	assert_memory_equal(wire.data, expected, sizeof(expected));
}

static void test_integers_are_big_endian(void **state)
{
	(void)state;
	static const uint8_t elements[] = { 0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xfe };
	struct sql_array array su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	sql_array_add_int(&array, -2);
	assert_int_equal(array.elements.len, sizeof(elements));
	assert_memory_equal(array.elements.data, elements, sizeof(elements));
}

static void test_uuids_both_ways(void **state)
{
	(void)state;
	const struct su_uuid ids[] = { { { 1, 2 } }, { { [15] = 9 } } };
	struct sql_array array su_auto(sql_array_free) = sql_array_of(SQL_UUIDS);
	struct su_buf wire su_auto(su_buf_free) = { 0 };
	struct su_uuid back[2];
	size_t n = 0;
	sql_array_add_uuid(&array, ids[0]);
	sql_array_add_uuid(&array, ids[1]);
	sql_array_encode(&array, &wire);
	assert_true(sql_array_decode_uuids(su_buf_span(&wire), back, 2, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(back, ids, sizeof(ids));
	assert_false(sql_array_decode_uuids(su_buf_span(&wire), back, 1, &n));
	for (size_t len = 0; len < wire.len; len++)
		assert_false(sql_array_decode_uuids(su_span_of(wire.data, len), back, 2, &n));
}

static void test_absent_values_are_null(void **state)
{
	(void)state;
	const struct digest unset = { 0 };
	struct sql_array texts su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	struct sql_array times su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	sql_array_add_digest(&texts, &unset);
	assert_true(texts.has_null);
	sql_array_add_uint_if(&times, true, 5);
	sql_array_add_time(&times, 7);
	assert_false(times.has_null);
	sql_array_add_time(&times, 0);
	assert_true(times.has_null);
	assert_int_equal(times.n, 3);
}

static void test_uuid_list_is_a_literal(void **state)
{
	(void)state;
	const struct su_uuid ids[] = { { { [15] = 1 } }, { { [15] = 2 } } };
	struct sql_array texts su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	static const char expected[] =
		"{00000000-0000-0000-0000-000000000001,00000000-0000-0000-0000-000000000002}";
	sql_array_add_uuid_list(&texts, ids, 2);
	assert_int_equal(texts.elements.len, 4 + strlen(expected));
	assert_memory_equal(texts.elements.data + 4, expected, strlen(expected));
}

static void test_table_fills_row_by_row(void **state)
{
	(void)state;
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(SQL_INTS, SQL_TEXTS);
	assert_int_equal(sql_table_rows(&table), 0);
	for (int i = 0; i < 3; i++) {
		sql_array_add_int(sql_table_next(&table), i);
		sql_array_add_text(sql_table_next(&table), "x");
	}
	assert_int_equal(sql_table_rows(&table), 3);
	assert_int_equal(table.columns[1].n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_form_of_texts_with_null),
		cmocka_unit_test(test_empty_array_has_no_dimension),
		cmocka_unit_test(test_integers_are_big_endian),
		cmocka_unit_test(test_uuids_both_ways),
		cmocka_unit_test(test_absent_values_are_null),
		cmocka_unit_test(test_uuid_list_is_a_literal),
		cmocka_unit_test(test_table_fills_row_by_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
