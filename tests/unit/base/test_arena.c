/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: zeroed and aligned pieces that do not overlap, whatever their size. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int set_up(void **state)
{
	*state = su_arena_new();
	return 0;
}

static int tear_down(void **state)
{
	struct su_arena *arena = *state;
	su_arena_free(&arena);
	assert_null(arena);
	return 0;
}

static void test_pieces_are_zeroed_aligned_and_apart(void **state)
{
	static const size_t sizes[] = { 1, 0, 7, 16, 1000, 1016, 1017, 3000, 4064, 4065, 100000 };
	enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]), ROUNDS = 20 };
	unsigned char *pieces[ROUNDS * N_SIZES];
	for (size_t i = 0; i < ROUNDS * N_SIZES; i++) {
		size_t size = sizes[i % N_SIZES];
		pieces[i] = su_arena_alloc(*state, size);
		assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
		for (size_t at = 0; at < size; at++)
			assert_int_equal(pieces[i][at], 0);
		memset(pieces[i], (int)(i % 251 + 1), size);
	}
	for (size_t i = 0; i < ROUNDS * N_SIZES; i++)
		for (size_t at = 0; at < sizes[i % N_SIZES]; at++)
			assert_int_equal(pieces[i][at], i % 251 + 1);
}

static void test_texts_are_copied(void **state)
{
	char source[] = "source";
	char *copy = su_arena_strdup(*state, source);
	char *part = su_arena_strndup(*state, source, 3);
	source[0] = 'X';
	assert_string_equal(copy, "source");
	assert_string_equal(part, "sou");
	assert_string_equal(su_arena_strndup(*state, NULL, 0), "");
	assert_null(su_arena_strdup(*state, NULL));
	assert_string_equal(su_arena_printf(*state, "%s-%d", "x", 42), "x-42");
	assert_string_equal(su_arena_printf(*state, "%s", ""), "");
}

static void test_long_text_is_printed_whole(void **state)
{
	char *text = su_arena_printf(*state, "%05000d", 7);
	assert_int_equal(strlen(text), 5000);
	assert_int_equal(text[4999], '7');
}

static void test_spans_are_copied(void **state)
{
	uint8_t bytes[] = { 1, 0, 2 };
	struct su_span copy = su_arena_copy(*state, su_span_of(bytes, sizeof(bytes)));
	assert_ptr_not_equal(copy.data, bytes);
	bytes[0] = 9;
	assert_int_equal(copy.len, 3);
	assert_memory_equal(copy.data, "\1\0\2", 3);
	struct su_span empty = su_arena_copy(*state, SU_SPAN_EMPTY);
	assert_null(empty.data);
	assert_int_equal(empty.len, 0);
}

static void test_typed_allocation(void **state)
{
	struct pair {
		int64_t a, b;
	};
	struct pair *pair = su_arena_new_of(*state, struct pair);
	assert_int_equal(pair->a, 0);
	int64_t *row = su_arena_array(*state, 100, sizeof(*row));
	assert_int_equal(row[99], 0);
}

static void test_reset_gives_zeroed_memory_again(void **state)
{
	static const size_t sizes[] = { 8, 900, 5000, 3000, 64, 900, 900, 900, 900 };
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			unsigned char *piece = su_arena_alloc(*state, sizes[i]);
			for (size_t at = 0; at < sizes[i]; at++)
				assert_int_equal(piece[at], 0);
			memset(piece, 0xff, sizes[i]);
		}
		su_arena_reset(*state);
	}
	su_arena_reset(*state);
	assert_string_equal(su_arena_strdup(*state, "again"), "again");
}

static void test_free_accepts_nothing(void **state)
{
	(void)state;
	struct su_arena *none = NULL;
	su_arena_free(&none);
	su_arena_free(NULL);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_pieces_are_zeroed_aligned_and_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_texts_are_copied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_text_is_printed_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_spans_are_copied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_typed_allocation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_reset_gives_zeroed_memory_again, set_up, tear_down),
		cmocka_unit_test(test_free_accepts_nothing),
	};
	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
