/* SPDX-License-Identifier: Apache-2.0 */
/* How late a device may choose to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/level.h"
#include "tracker/consent.h"

#define NOW     INT64_C(1763712000000)
#define HOUR_MS INT64_C(3600000)

static const struct level lets_two_times = { .max_deferrals = 2, .max_deferral_ms = 4 * HOUR_MS };

static void the_class_bounds_each_deferral(void **state)
{
	(void)state;
	const struct deployment_plan plan = { .deferrals = 1 };
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW + 4 * HOUR_MS);
}

static void the_deadline_comes_first_while_it_lies_ahead(void **state)
{
	(void)state;
	struct deployment_plan plan = { .due_ms = NOW + HOUR_MS };
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW + HOUR_MS);
	plan.due_ms = NOW + 5 * HOUR_MS;
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW + 4 * HOUR_MS);
	/* What is late already is not made later by a device that is still asked. */
	plan.due_ms = NOW - HOUR_MS;
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW + 4 * HOUR_MS);
}

static void who_has_deferred_enough_keeps_to_its_promise(void **state)
{
	(void)state;
	struct deployment_plan plan = { .deferrals = 2, .promised_ms = NOW + HOUR_MS };
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW + HOUR_MS);
	plan.promised_ms = NOW - HOUR_MS;
	assert_int_equal(consent_latest_ms(&plan, &lets_two_times, NOW), NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_class_bounds_each_deferral),
		cmocka_unit_test(the_deadline_comes_first_while_it_lies_ahead),
		cmocka_unit_test(who_has_deferred_enough_keeps_to_its_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
