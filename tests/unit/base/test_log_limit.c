/* SPDX-License-Identifier: Apache-2.0 */
/* How many entries of one kind are written in a minute, and what is told of the others. */
#include "base/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW INT64_C(1763712000000)

static void so_many_in_a_minute(void **state)
{
	struct su_log_limit limit = { 0 };
	int64_t left_out = -1;
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(su_log_limit_let(&limit, 3, NOW + i, &left_out));
		assert_int_equal(left_out, 0);
	}
	assert_false(su_log_limit_let(&limit, 3, NOW + 3, &left_out));
	assert_false(su_log_limit_let(&limit, 3, NOW + 59999, &left_out));
}

static void the_next_minute_tells_how_many_were_left_out(void **state)
{
	struct su_log_limit limit = { 0 };
	int64_t left_out = -1;
	(void)state;
	assert_true(su_log_limit_let(&limit, 1, NOW, &left_out));
	for (int i = 0; i < 7; i++)
		assert_false(su_log_limit_let(&limit, 1, NOW + i, &left_out));
	assert_true(su_log_limit_let(&limit, 1, NOW + 60000, &left_out));
	assert_int_equal(left_out, 7);
	assert_true(su_log_limit_let(&limit, 1, NOW + 120000, &left_out));
	assert_int_equal(left_out, 0);
}

static void a_clock_that_goes_back_silences_nothing(void **state)
{
	struct su_log_limit limit = { 0 };
	int64_t left_out = -1;
	(void)state;
	assert_true(su_log_limit_let(&limit, 1, NOW, &left_out));
	assert_true(su_log_limit_let(&limit, 1, NOW - 1, &left_out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_in_a_minute),
		cmocka_unit_test(the_next_minute_tells_how_many_were_left_out),
		cmocka_unit_test(a_clock_that_goes_back_silences_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
