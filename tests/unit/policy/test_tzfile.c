/* SPDX-License-Identifier: Apache-2.0 */
/* Files of tzdata put together by hand, and broken ones. */
#include "policy/tzfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two offsets, one change at 1000: what zic would write, version 2, without a first block. */
#define HEADER(times, types)                                                                       \
	"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                                      \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" times "\0\0\0" types "\0\0\0\4"
#define EMPTY_BLOCK "\0\0\0\0\0\0ABC\0"
#define BLOCK       "\0\0\0\0\0\0\3\350\1\0\0\0\0\0\0\0\0\16\20\1\0ABC\0"
static const char file[] = HEADER("\0", "\1") EMPTY_BLOCK HEADER("\1", "\2") BLOCK "\nABC0\n";

static void test_a_change_of_offset(void **state)
{
	struct tz_eras eras;
	(void)state;
	assert_true(tzfile_parse(su_span_of(file, sizeof(file) - 1), &eras));
	assert_int_equal(eras.n, 2);
	assert_true(eras.eras[0].from_s == INT64_MIN && eras.eras[0].offset_s == 0);
	assert_int_equal(eras.eras[1].from_s, 1000);
	assert_int_equal(eras.eras[1].offset_s, 3600);
	free(eras.eras);
}

/* Read only as far as it goes, and never beyond: each length in memory of its own. */
static void test_cut_files_are_refused(void **state)
{
	size_t footer_bytes = strlen("\nABC0\n");
	(void)state;
	for (size_t len = 0; len < sizeof(file) - 1 - footer_bytes; len++) {
		struct tz_eras eras;
		char *cut = malloc(len + 1);
		memcpy(cut, file, len);
		assert_false(tzfile_parse(su_span_of(cut, len), &eras));
		assert_null(eras.eras);
		free(cut);
	}
}

static void test_nonsense_is_refused(void **state)
{
	static const struct {
		size_t at;
		char put;
	} breaks[] = { { 0, 'X' }, { 4, '1' }, { 54 + 39, 0 }, { 54 + 35, 2 }, { 54 + 31, 1 },
		{ 54 + 44 + 8, 2 }, { 54 + 44 + 9, 0x7f } };
	(void)state;
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct tz_eras eras;
		char broken[sizeof(file)];
		memcpy(broken, file, sizeof(file));
		broken[breaks[i].at] = breaks[i].put;
		assert_false(tzfile_parse(su_span_of(broken, sizeof(file) - 1), &eras));
		assert_null(eras.eras);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_change_of_offset),
		cmocka_unit_test(test_cut_files_are_refused),
		cmocka_unit_test(test_nonsense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
