/* SPDX-License-Identifier: Apache-2.0 */
/* Versions that are held while newer ones come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/shared.h"

/* Counts that it was freed. */
static void free_value(void *value)
{
	(*(int *)value)++;
}

static void test_a_held_version_outlives_its_successor(void **state)
{
	(void)state;
	int first = 0, second = 0;
	struct su_shared *shared = su_shared_new(free_value);
	assert_null(su_shared_hold(shared));
	su_shared_put(shared, 1, &first);
	struct su_held *held = su_shared_hold(shared);
	su_shared_put(shared, 2, &second);
	assert_ptr_equal(su_held_value(held), &first);
	assert_int_equal(su_held_version(held), 1);
	assert_int_equal(first, 0);
	su_held_drop(&held);
	assert_null(held);
	assert_int_equal(first, 1);

	held = su_shared_hold(shared);
	su_shared_free(&shared);
	assert_ptr_equal(su_held_value(held), &second);
	assert_int_equal(second, 0);
	su_held_drop(&held);
	assert_int_equal(second, 1);
}

static void test_what_comes_late_does_not_replace_what_is_newer(void **state)
{
	(void)state;
	int newer = 0, older = 0, same = 0;
	struct su_shared *shared = su_shared_new(free_value);
	su_shared_put(shared, 7, &newer);
	su_shared_put(shared, 6, &older);
	su_shared_put(shared, 7, &same);
	assert_int_equal(older, 1);
	assert_int_equal(same, 1);
	struct su_held *held = su_shared_hold(shared);
	assert_ptr_equal(su_held_value(held), &newer);
	su_held_drop(&held);
	assert_int_equal(newer, 0);
	su_shared_free(&shared);
	assert_int_equal(newer, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_held_version_outlives_its_successor),
		cmocka_unit_test(test_what_comes_late_does_not_replace_what_is_newer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
