/* SPDX-License-Identifier: Apache-2.0 */
/* A fault that meets a whole fleet is told now and then; what it stands for is counted. */
#include "tracker/poll_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"

#define NOW INT64_C(1763712000000)

static void test_it_is_told_now_and_then(void **state)
{
	(void)state;
	struct poll_faults faults = { 0 };
	uint64_t n = 0;
	assert_true(poll_faults_count(&faults, NOW, &n));
	assert_int_equal(n, 1);
	for (int i = 0; i < 1000; i++)
		assert_false(poll_faults_count(&faults, NOW + i, &n));
	assert_true(poll_faults_count(&faults, NOW + POLL_FAULT_QUIET_MS, &n));
	assert_int_equal(n, 1001);
	/* The clock went back: that must not keep it quiet for longer. */
	assert_true(poll_faults_count(&faults, NOW, &n));
	assert_int_equal(n, 1);
}

static void test_rest(void **state)
{
	(void)state;
	struct poll_faults faults = { 0 };
	struct remembered *of su_auto(remembered_free) = remembered_new("meter");
	struct su_error away, broken;
	su_fail(&away, SU_RETRY, "", "the database is away");
	su_fail(&broken, SU_IO, "", "the manifest cannot be read");
	assert_false(poll_fault_rests(of, NOW));
	poll_fault_note(&faults, of, &away, NOW);
	assert_false(poll_fault_rests(of, NOW));
	poll_fault_note(&faults, of, &broken, NOW);
	assert_true(poll_fault_rests(of, NOW));
	assert_true(poll_fault_rests(of, NOW + POLL_FAULT_REST_MS - 1));
	assert_false(poll_fault_rests(of, NOW + POLL_FAULT_REST_MS));
	assert_false(poll_fault_rests(of, NOW - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_told_now_and_then),
		cmocka_unit_test(test_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
