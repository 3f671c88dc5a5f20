/* SPDX-License-Identifier: Apache-2.0 */
/* Counters gather, sorted, until the commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "store/counter_deltas.h"

static void test_sorted_and_merged(void **state)
{
	(void)state;
	struct counter_deltas *deltas su_auto(counter_deltas_free) = counter_deltas_new();
	counter_deltas_add(deltas, "deployments.", "planned", 1);
	counter_deltas_add(deltas, "devices", "", 2);
	counter_deltas_add(deltas, "deployments.", "failed", 1);
	counter_deltas_add(deltas, "deployments.", "planned", -3);
	assert_int_equal(counter_deltas_count(deltas), 3);
	assert_string_equal(counter_deltas_name(deltas, 0), "deployments.failed");
	assert_string_equal(counter_deltas_name(deltas, 1), "deployments.planned");
	assert_int_equal(counter_deltas_change(deltas, 1), -2);
	assert_string_equal(counter_deltas_name(deltas, 2), "devices");
	counter_deltas_clear(deltas);
	assert_int_equal(counter_deltas_count(deltas), 0);
}

static void test_grows(void **state)
{
	(void)state;
	struct counter_deltas *deltas su_auto(counter_deltas_free) = counter_deltas_new();
	for (int i = 99; i >= 0; i--) {
		const char suffix[] = { (char)('0' + i / 10), (char)('0' + i % 10), '\0' };
		counter_deltas_add(deltas, "c.", suffix, i);
	}
	assert_int_equal(counter_deltas_count(deltas), 100);
	assert_string_equal(counter_deltas_name(deltas, 42), "c.42");
	assert_int_equal(counter_deltas_change(deltas, 42), 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sorted_and_merged),
		cmocka_unit_test(test_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
