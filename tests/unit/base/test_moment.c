/* SPDX-License-Identifier: Apache-2.0 */
/* Moments at the edges of their range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/moment.h"

static void test_the_one_or_the_other(void **state)
{
	(void)state;
	assert_int_equal(su_later(3, 7), 7);
	assert_int_equal(su_later(7, 3), 7);
	assert_int_equal(su_sooner(3, 7), 3);
	assert_int_equal(su_sooner(7, -3), -3);
}

static void test_never_stays_never(void **state)
{
	(void)state;
	assert_int_equal(su_after(1000, 500), 1500);
	assert_int_equal(su_after(1000, -500), 500);
	assert_int_equal(su_after(1000, INT64_MAX), INT64_MAX);
	assert_int_equal(su_after(INT64_MAX, 1), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_one_or_the_other),
		cmocka_unit_test(test_never_stays_never),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
