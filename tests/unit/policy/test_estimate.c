/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of transfers and installations: unknown, told by the device, learned. */
#include "policy/estimate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct profile nothing_known;

static void test_unknown(void **state)
{
	(void)state;
	const struct estimate none = { 0 };
	assert_int_equal(estimate_transfer_ms(&none, &nothing_known, 100000), 50000);
	assert_int_equal(estimate_install_ms(&none, &nothing_known), 60000);
	assert_int_equal(estimate_transfer_ms(&none, &nothing_known, 0), 1);
}

static void test_device_knows_best(void **state)
{
	(void)state;
	struct estimate learned = { 0 };
	for (int i = 0; i < 50; i++) {
		estimate_add_transfer(&learned, 1000, 1000);
		estimate_add_install(&learned, 5000);
	}
	const struct profile told = { .has_link_rate = true,
		.link_bytes_per_s = 10000,
		.has_install = true,
		.install_s = 90 };
	assert_int_equal(estimate_transfer_ms(&learned, &told, 100000), 10000);
	assert_int_equal(estimate_install_ms(&learned, &told), 90000);
	const struct profile zero = { .has_link_rate = true, .has_install = true };
	assert_true(estimate_transfer_ms(&learned, &zero, 1000) < 2000);
	assert_true(estimate_install_ms(&learned, &zero) < 10000);
}

/* Rates from 1 to 100 kB/s, evenly on the scale of their logarithm. */
static void test_nine_in_ten(void **state)
{
	(void)state;
	struct estimate learned = { 0 };
	double rate = 1000;
	for (int i = 0; i < 101; i++, rate *= 1.0471285480508996)
		estimate_add_transfer(&learned, 1000000, (int64_t)(1e9 / rate));
	int64_t expected_ms = estimate_transfer_ms(&learned, &nothing_known, 1000000);
	int within = 0;
	rate = 1000;
	for (int i = 0; i < 101; i++, rate *= 1.0471285480508996)
		within += (int64_t)(1e9 / rate) <= expected_ms;
	assert_in_range(within, 85, 99);
}

static void test_few_observations_are_not_trusted(void **state)
{
	(void)state;
	struct estimate one = { 0 }, many = { 0 };
	estimate_add_install(&one, 30000);
	for (int i = 0; i < 1000; i++)
		estimate_add_install(&many, 30000);
	assert_true(estimate_install_ms(&one, &nothing_known) > 50000);
	assert_in_range(estimate_install_ms(&many, &nothing_known), 30000, 32000);
}

static void test_nonsense_is_left_out(void **state)
{
	(void)state;
	struct estimate estimate = { 0 };
	estimate_add_transfer(&estimate, 0, 1000);
	estimate_add_transfer(&estimate, 1000, 0);
	estimate_add_transfer(&estimate, 1000, -5);
	estimate_add_install(&estimate, 0);
	assert_int_equal(estimate.n_transfers, 0);
	assert_int_equal(estimate.n_installs, 0);
	const struct profile slow = { .has_link_rate = true, .link_bytes_per_s = 1 };
	assert_int_equal(
		estimate_transfer_ms(&estimate, &slow, UINT64_MAX), INT64_C(30) * 24 * 3600 * 1000);
}

/* Twenty transfers of about ten seconds, and one in whose middle the device slept for two days. */
static void test_what_is_far_off_says_little(void **state)
{
	(void)state;
	struct estimate learned = { 0 }, plain;
	for (int i = 0; i < 20; i++)
		estimate_learn_transfer(&learned, 1000000, 9000 + i % 3 * 1000);
	const int64_t before_ms = estimate_transfer_ms(&learned, &nothing_known, 1000000);
	plain = learned;
	estimate_learn_transfer(&learned, 1000000, INT64_C(2) * 24 * 3600 * 1000);
	estimate_add_transfer(&plain, 1000000, INT64_C(2) * 24 * 3600 * 1000);
	const int64_t after_ms = estimate_transfer_ms(&learned, &nothing_known, 1000000);
	assert_in_range(after_ms, before_ms, before_ms * 3 / 2);
	assert_true(estimate_transfer_ms(&plain, &nothing_known, 1000000) > 3 * before_ms);
}

static void test_what_changes_for_good_is_followed(void **state)
{
	(void)state;
	struct estimate learned = { 0 };
	for (int i = 0; i < 5000; i++)
		estimate_learn_install(&learned, 300000);
	for (int i = 0; i < 2500; i++)
		estimate_learn_install(&learned, 60000);
	assert_in_range(estimate_install_ms(&learned, &nothing_known), 60000, 90000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_device_knows_best),
		cmocka_unit_test(test_nine_in_ten),
		cmocka_unit_test(test_few_observations_are_not_trusted),
		cmocka_unit_test(test_nonsense_is_left_out),
		cmocka_unit_test(test_what_is_far_off_says_little),
		cmocka_unit_test(test_what_changes_for_good_is_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
