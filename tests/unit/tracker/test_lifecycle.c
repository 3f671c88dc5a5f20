/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transitions: its shape as a whole, and the rules that operators rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tracker/lifecycle.h"

#define NOW 1763712000000

static void every_event_has_a_name(void **state)
{
	(void)state;
	for (int event = 0; event < LIFECYCLE_EVENT_COUNT; event++)
		assert_non_null(name_of(lifecycle_event_names, event));
}

static void ends_are_ends(void **state)
{
	(void)state;
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++) {
		if (!deployment_state_is_end((enum deployment_state)from))
			continue;
		for (int event = 0; event < LIFECYCLE_EVENT_COUNT; event++)
			assert_int_not_equal(lifecycle_next((enum deployment_state)from,
						     (enum lifecycle_event)event)
						     .verdict,
				LIFECYCLE_MOVE);
		assert_int_equal(lifecycle_patience_ms((enum deployment_state)from), 0);
	}
}

/* Operators get a deployment out of any state, and only an empty shelf may wait for ever. */
static void no_state_is_without_a_way_out(void **state)
{
	(void)state;
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++) {
		enum deployment_state at = (enum deployment_state)from;
		if (deployment_state_is_end(at))
			continue;
		struct lifecycle_step cancel = lifecycle_next(at, EVENT_CANCEL);
		assert_int_equal(cancel.verdict, LIFECYCLE_MOVE);
		assert_int_equal(cancel.next, DEPLOYMENT_CANCELLED);
		struct lifecycle_step silence = lifecycle_next(at, EVENT_SILENCE);
		assert_int_equal(silence.verdict, LIFECYCLE_MOVE);
		assert_true(deployment_state_is_end(silence.next));
		assert_true(at == DEPLOYMENT_PLANNED || lifecycle_patience_ms(at) > 0);
		assert_int_equal(lifecycle_next(at, EVENT_RUNS_NEW).next, DEPLOYMENT_CONFIRMED);
	}
}

/* Digests are the only proof. */
static void nothing_but_digests_confirms(void **state)
{
	(void)state;
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++)
		for (int event = 0; event < LIFECYCLE_EVENT_COUNT; event++) {
			struct lifecycle_step step = lifecycle_next(
				(enum deployment_state)from, (enum lifecycle_event)event);
			if (step.verdict == LIFECYCLE_MOVE && step.next == DEPLOYMENT_CONFIRMED)
				assert_int_equal(event, EVENT_RUNS_NEW);
		}
}

/* A message that arrives twice has no second effect. */
static void a_message_that_comes_twice_has_no_second_effect(void **state)
{
	(void)state;
	static const enum lifecycle_event told[] = { EVENT_ACCEPT, EVENT_DEFER,
		EVENT_DOWNLOAD_BEGAN, EVENT_DOWNLOAD_DONE, EVENT_INSTALL_BEGAN, EVENT_REBOOT_BEGAN,
		EVENT_REPORT_SUCCESS, EVENT_REPORT_FAILURE, EVENT_REFUSE };
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++)
		for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
			struct lifecycle_step once =
				lifecycle_next((enum deployment_state)from, told[i]);
			if (once.verdict == LIFECYCLE_MOVE)
				assert_int_equal(
					lifecycle_next(once.next, told[i]).verdict, LIFECYCLE_STAY);
		}
}

static void a_revert_counts_only_after_the_reboot(void **state)
{
	(void)state;
	for (int from = 0; from < DEPLOYMENT_STATE_COUNT; from++) {
		struct lifecycle_step step =
			lifecycle_next((enum deployment_state)from, EVENT_RUNS_OLD);
		if (from == DEPLOYMENT_REBOOTING) {
			assert_int_equal(step.verdict, LIFECYCLE_MOVE);
			assert_int_equal(step.next, DEPLOYMENT_FAILED);
		} else {
			assert_int_equal(step.verdict, LIFECYCLE_STAY);
		}
	}
}

static void a_newer_release_waits_for_a_download_under_way(void **state)
{
	(void)state;
	for (int from = DEPLOYMENT_PLANNED; from <= DEPLOYMENT_REBOOTING; from++)
		assert_int_equal(
			lifecycle_next((enum deployment_state)from, EVENT_SUPERSEDE).verdict,
			from < DEPLOYMENT_DOWNLOADING ? LIFECYCLE_MOVE : LIFECYCLE_STAY);
}

static void a_sign_of_life_moves_the_deadline(void **state)
{
	(void)state;
	struct deployment deployment = { .state = DEPLOYMENT_DOWNLOADING };
	lifecycle_renew(&deployment, NOW);
	assert_int_equal(
		deployment.deadline_at_ms, NOW + lifecycle_patience_ms(DEPLOYMENT_DOWNLOADING));
	deployment = (struct deployment){ .state = DEPLOYMENT_PLANNED };
	lifecycle_renew(&deployment, NOW);
	assert_int_equal(deployment.deadline_at_ms, 0);
}

static void a_failed_try_is_planned_anew(void **state)
{
	(void)state;
	struct deployment deployment = { .state = DEPLOYMENT_INSTALLING, .attempts = 1 };
	struct deployment_history step;
	deployment.plan.download_ms = NOW - 1;
	deployment.plan.offers = 2;
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_REPORT_FAILURE, 1), EVENT_RETRY);
	assert_int_equal(
		lifecycle_apply(&deployment, EVENT_RETRY, "device", "bad flash", NOW, &step),
		LIFECYCLE_MOVE);
	assert_int_equal(deployment.state, DEPLOYMENT_PLANNED);
	assert_string_equal(deployment.reason, "bad flash");
	assert_int_equal(deployment.plan.failures, 1);
	assert_int_equal(deployment.plan.last_failure_ms, NOW);
	assert_int_equal(deployment.plan.look_ms, NOW);
	assert_int_equal(deployment.plan.download_ms, 0);
	assert_int_equal(deployment.plan.offers, 0);
	assert_int_equal(deployment.attempts, 1);
	/* Its message came twice. */
	assert_int_equal(
		lifecycle_next(DEPLOYMENT_PLANNED, EVENT_REPORT_FAILURE).verdict, LIFECYCLE_STAY);
}

static void only_failures_are_tried_again_and_not_for_ever(void **state)
{
	(void)state;
	struct deployment deployment = { .state = DEPLOYMENT_REBOOTING };
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_RUNS_OLD, 1), EVENT_RETRY);
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_SILENCE, 1), EVENT_RETRY);
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_CANCEL, 1), EVENT_CANCEL);
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_RUNS_NEW, 1), EVENT_RUNS_NEW);
	deployment.plan.failures = 1;
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_RUNS_OLD, 1), EVENT_RUNS_OLD);
	deployment = (struct deployment){ .state = DEPLOYMENT_OFFERED };
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_REFUSE, 9), EVENT_REFUSE);
	assert_int_equal(lifecycle_event_for(&deployment, EVENT_SILENCE, 9), EVENT_SILENCE);
}

/* What has begun to install cannot be stopped by a clock. */
static void a_deadline_ends_what_is_not_installing(void **state)
{
	(void)state;
	for (int from = DEPLOYMENT_PLANNED; from <= DEPLOYMENT_REBOOTING; from++)
		assert_int_equal(lifecycle_next((enum deployment_state)from, EVENT_EXPIRE).verdict,
			from < DEPLOYMENT_INSTALLING ? LIFECYCLE_MOVE : LIFECYCLE_STAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_name),
		cmocka_unit_test(ends_are_ends),
		cmocka_unit_test(no_state_is_without_a_way_out),
		cmocka_unit_test(nothing_but_digests_confirms),
		cmocka_unit_test(a_message_that_comes_twice_has_no_second_effect),
		cmocka_unit_test(a_revert_counts_only_after_the_reboot),
		cmocka_unit_test(a_newer_release_waits_for_a_download_under_way),
		cmocka_unit_test(a_failed_try_is_planned_anew),
		cmocka_unit_test(only_failures_are_tried_again_and_not_for_ever),
		cmocka_unit_test(a_deadline_ends_what_is_not_installing),
		cmocka_unit_test(a_sign_of_life_moves_the_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
