/* SPDX-License-Identifier: Apache-2.0 */
/* The next step in every state and mode, escalation, windows, deferrals, failures, the deadline. */
#include "policy/decide.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define SINCE  (1000 * DAY)

static const struct level level = {
	.announce_within_ms = HOUR,
	.start_within_ms = 2 * HOUR,
	.deadline_ms = 4 * DAY,
	.negotiate_after_ms = 6 * HOUR,
	.command_after_ms = 1 * DAY,
	.interrupt_after_ms = 2 * DAY,
	.notice_ms = 10 * MINUTE,
	.at_deadline = DEADLINE_KEEP_TRYING,
	.max_deferrals = 2,
	.max_deferral_ms = 12 * HOUR,
	.max_retries = 3,
	.retry_after_ms = 10 * MINUTE,
	.share = 1,
	.poll_interval_ms = HOUR,
};
static const struct profile plain = { 0 };
static const struct profile meter = { .has_always_on = true, .always_on = true };
static const struct profile vehicle = { .has_reachability = true,
	.reachability = REACH_WHILE_WORKING,
	.has_answers = true,
	.answers = true };
static const struct profile sensor = { .has_reachability = true, .reachability = REACH_QUEUE };
static const struct profile mute = { .has_answers = true, .answers = false };

static struct calendar calendar_of(int64_t from_ms, int64_t until_ms)
{
	return (struct calendar){ .n_windows = 1,
		.windows = { { .meaning = WINDOW_IDLE,
			.form = WINDOW_INTERVAL,
			.from_ms = from_ms,
			.until_ms = until_ms } } };
}

static struct situation situation_of(enum deployment_state state, enum update_mode mode)
{
	return (struct situation){
		.level = &level,
		.mode = mode,
		.profile = &plain,
		.vulnerable_since_ms = SINCE,
		.transfer_ms = 5 * MINUTE,
		.install_ms = 2 * MINUTE,
		.state = state,
	};
}

static struct step next(const struct situation *situation, int64_t now_ms)
{
	struct step step;
	policy_next(situation, now_ms, &step);
	assert_true(step.from_ms >= now_ms);
	assert_non_null(step.why);
	return step;
}

static void test_first_step_of_each_mode(void **state)
{
	(void)state;
	static const enum step_kind kinds[] = { STEP_LET_POLL, STEP_OFFER, STEP_DOWNLOAD };
	for (int mode = MODE_CLIENT; mode <= MODE_SERVER; mode++) {
		struct situation s = situation_of(DEPLOYMENT_PLANNED, (enum update_mode)mode);
		struct step step = next(&s, SINCE);
		assert_int_equal(step.kind, kinds[mode]);
		assert_int_equal(step.mode, mode);
		assert_int_equal(step.from_ms, SINCE);
		assert_false(step.escalated || step.when_reached);
	}
}

static void test_escalation(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_CLIENT);
	assert_int_equal(next(&s, SINCE + 6 * HOUR - 1).kind, STEP_LET_POLL);
	assert_int_equal(next(&s, SINCE + 6 * HOUR).kind, STEP_OFFER);
	struct step step = next(&s, SINCE + DAY);
	assert_int_equal(step.kind, STEP_DOWNLOAD);
	assert_true(step.escalated);
	/* Nobody to ask: it stays with polls until it is commanded. */
	s.profile = &mute;
	assert_int_equal(next(&s, SINCE + 7 * HOUR).kind, STEP_LET_POLL);
	assert_int_equal(next(&s, SINCE + DAY).kind, STEP_DOWNLOAD);
	/* But its windows are known: it is told, and installs in one of them. */
	struct calendar calendar = calendar_of(SINCE + 8 * HOUR, SINCE + 9 * HOUR);
	s.calendar = &calendar;
	assert_int_equal(next(&s, SINCE + 6 * HOUR - 1).kind, STEP_LET_POLL);
	step = next(&s, SINCE + 6 * HOUR);
	assert_true(step.kind == STEP_DOWNLOAD && step.mode == MODE_SERVER && step.escalated);
	assert_int_equal(step.install_from_ms, SINCE + 8 * HOUR);
	/* Unless nobody can speak to it before it comes. */
	struct profile hidden = mute;
	hidden.has_behind_nat = hidden.behind_nat = true;
	s.profile = &hidden;
	assert_int_equal(next(&s, SINCE + 7 * HOUR).kind, STEP_LET_POLL);
}

static void test_too_many_deferrals(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_DEFERRED, MODE_NEGOTIATED);
	s.deferrals = 2;
	s.last_offer_ms = SINCE;
	struct step step = next(&s, SINCE);
	assert_int_equal(step.kind, STEP_OFFER);
	assert_int_equal(step.from_ms, SINCE + 30 * MINUTE);
	s.deferrals = 3;
	assert_int_equal(next(&s, SINCE).kind, STEP_DOWNLOAD);
}

static void test_lost_offers_back_off(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_OFFERED, MODE_NEGOTIATED);
	s.last_offer_ms = SINCE;
	int64_t before_ms = 0;
	for (s.offers = 1; s.offers < 100; s.offers++) {
		int64_t wait_ms = next(&s, SINCE).from_ms - SINCE;
		assert_in_range(wait_ms, before_ms, 6 * HOUR);
		before_ms = wait_ms;
	}
	assert_int_equal(before_ms, 6 * HOUR);
	s.offers = 1;
	assert_int_equal(next(&s, SINCE).from_ms, SINCE + 5 * MINUTE);
}

static void test_installs_in_the_first_window(void **state)
{
	(void)state;
	struct calendar calendar = calendar_of(SINCE + HOUR, SINCE + 2 * HOUR);
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_SERVER);
	s.calendar = &calendar;
	struct step step = next(&s, SINCE);
	assert_int_equal(step.kind, STEP_INSTALL);
	assert_int_equal(step.from_ms, SINCE + HOUR);
	assert_int_equal(step.until_ms, SINCE + 2 * HOUR);
	assert_int_equal(step.install_from_ms, SINCE + HOUR);
	assert_false(step.interrupts);
	/* Another time before the window gives the same; inside, it is due. */
	struct step again = next(&s, SINCE + HOUR / 2);
	assert_int_equal(again.from_ms, step.from_ms);
	assert_int_equal(next(&s, SINCE + 90 * MINUTE).from_ms, SINCE + 90 * MINUTE);
	/* No room is left: at the cost of the service, when the class allows it. */
	step = next(&s, SINCE + 2 * HOUR - MINUTE);
	assert_int_equal(step.from_ms, SINCE + 2 * DAY);
	assert_true(step.interrupts);
}

static void test_interruption_only_when_allowed(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_SERVER);
	s.profile = &meter;
	struct step step = next(&s, SINCE);
	assert_true(step.interrupts);
	assert_int_equal(step.from_ms, SINCE + 2 * DAY);
	struct level never = level;
	never.interrupt_after_ms = LEVEL_NEVER;
	s.level = &never;
	step = next(&s, SINCE);
	assert_int_equal(step.kind, STEP_WATCH);
	assert_false(step.interrupts);
	/* A window beyond interrupt_after does not hold the class up. */
	struct calendar calendar = calendar_of(SINCE + 3 * DAY, SINCE + 4 * DAY);
	s.calendar = &calendar;
	assert_int_equal(next(&s, SINCE).from_ms, SINCE + 3 * DAY);
	s.level = &level;
	step = next(&s, SINCE);
	assert_int_equal(step.from_ms, SINCE + 2 * DAY);
	assert_true(step.interrupts);
}

static void test_devices_with_a_logic_of_their_own(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_NEGOTIATED);
	assert_int_equal(next(&s, SINCE).from_ms, SINCE);
	s.profile = &vehicle;
	struct step step = next(&s, SINCE);
	assert_true(step.kind == STEP_INSTALL && step.when_reached && !step.interrupts);
	s.profile = &sensor;
	s.mode = MODE_SERVER;
	step = next(&s, SINCE);
	assert_true(step.kind == STEP_INSTALL && step.when_reached && !step.interrupts);
	s.mode = MODE_CLIENT;
	step = next(&s, SINCE);
	assert_int_equal(step.kind, STEP_WATCH);
	assert_int_equal(step.install_from_ms, SINCE);
}

static void test_promise(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_ACCEPTED, MODE_NEGOTIATED);
	assert_int_equal(policy_promise_ms(&s, SINCE, SINCE + HOUR), SINCE + HOUR);
	assert_int_equal(policy_promise_ms(&s, SINCE, SINCE + DAY), SINCE + 12 * HOUR);
	assert_int_equal(policy_promise_ms(&s, SINCE, SINCE - DAY), SINCE);
	assert_int_equal(policy_promise_ms(&s, SINCE, 0), SINCE + 30 * MINUTE);
	s.promised_ms = SINCE + HOUR;
	struct step step = next(&s, SINCE);
	assert_true(step.kind == STEP_DOWNLOAD && step.from_ms == SINCE + HOUR);
	assert_int_equal(next(&s, SINCE + 2 * HOUR).from_ms, SINCE + 2 * HOUR);
}

static void test_who_polls_needs_no_command(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_ACCEPTED, MODE_CLIENT);
	assert_int_equal(next(&s, SINCE).kind, STEP_LET_POLL);
	assert_int_equal(next(&s, SINCE + 6 * HOUR).kind, STEP_DOWNLOAD);
}

static void test_busy_in_a_window_waits_for_the_next(void **state)
{
	(void)state;
	struct calendar calendar = calendar_of(SINCE, SINCE + HOUR);
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_SERVER);
	calendar.windows[1] = calendar.windows[0];
	calendar.windows[1].from_ms += 5 * HOUR;
	calendar.windows[1].until_ms += 5 * HOUR;
	calendar.n_windows = 2;
	s.calendar = &calendar;
	s.promised_ms = policy_promise_ms(&s, SINCE + MINUTE, 0);
	assert_int_equal(s.promised_ms, SINCE + 5 * HOUR);
	s.deferrals = 1;
	assert_int_equal(next(&s, SINCE + 2 * MINUTE).from_ms, SINCE + 5 * HOUR);
}

/* A window that does not come true does not put off what the class allows without one. */
static void test_busy_gives_way_to_interruption(void **state)
{
	(void)state;
	struct calendar calendar = calendar_of(SINCE + DAY, SINCE + 3 * DAY);
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_SERVER);
	const int64_t allowed_ms = SINCE + level.interrupt_after_ms;
	s.calendar = &calendar;
	assert_int_equal(policy_promise_ms(&s, allowed_ms - HOUR, 0), allowed_ms - HOUR / 2);
	assert_int_equal(policy_promise_ms(&s, allowed_ms - MINUTE, 0), allowed_ms);
	s.last_offer_ms = allowed_ms + MINUTE;
	assert_false(next(&s, s.last_offer_ms).interrupts);
	s.promised_ms = policy_promise_ms(&s, s.last_offer_ms, 0);
	struct step step = next(&s, s.last_offer_ms + 1);
	assert_true(step.kind == STEP_INSTALL && step.interrupts);
	assert_int_equal(step.from_ms, s.last_offer_ms + 1);
	/* "At T" is a promise all the same. */
	assert_int_equal(policy_promise_ms(&s, allowed_ms, allowed_ms + HOUR), allowed_ms + HOUR);
	/* Who says no to an offer is not asked again at once. */
	s.state = DEPLOYMENT_DEFERRED;
	assert_true(policy_promise_ms(&s, allowed_ms + MINUTE, 0) > allowed_ms + MINUTE);
}

/* Told before; shortly before the deadline not as long before. */
static void test_notice(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_DOWNLOADED, MODE_SERVER);
	s.profile = &meter;
	struct step step = next(&s, SINCE);
	assert_true(step.interrupts);
	int64_t tell_ms = policy_tell_ms(&s, &step);
	assert_int_equal(tell_ms, step.from_ms - level.notice_ms);
	assert_int_equal(policy_begin_ms(&s, &step, tell_ms), step.from_ms);
	assert_int_equal(policy_begin_ms(&s, &step, tell_ms + HOUR), step.from_ms + HOUR);
	assert_int_equal(policy_begin_ms(&s, &step, SINCE), step.from_ms);
	int64_t latest_ms = SINCE + level.deadline_ms - s.install_ms;
	assert_int_equal(policy_begin_ms(&s, &step, latest_ms - MINUTE), latest_ms);
	assert_int_equal(
		policy_begin_ms(&s, &step, latest_ms + 1), latest_ms + 1 + level.notice_ms);
}

static void test_failures(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	s.failures = 1;
	s.last_failure_ms = SINCE;
	assert_int_equal(next(&s, SINCE).from_ms, SINCE + 10 * MINUTE);
	s.failures = 3;
	assert_int_equal(next(&s, SINCE).from_ms, SINCE + 40 * MINUTE);
	s.failures = 4;
	assert_int_equal(next(&s, SINCE).kind, STEP_FAIL);
	s.state = DEPLOYMENT_INSTALLING;
	assert_int_equal(next(&s, SINCE).kind, STEP_WATCH);
}

static void test_deadline(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_CLIENT);
	assert_int_equal(next(&s, SINCE + 5 * DAY).kind, STEP_DOWNLOAD);
	struct level strict = level;
	strict.at_deadline = DEADLINE_GIVE_UP;
	s.level = &strict;
	assert_int_equal(next(&s, SINCE + 4 * DAY - 1).kind, STEP_DOWNLOAD);
	assert_int_equal(next(&s, SINCE + 4 * DAY).kind, STEP_EXPIRE);
	s.state = DEPLOYMENT_REBOOTING;
	assert_int_equal(next(&s, SINCE + 5 * DAY).kind, STEP_WATCH);
	strict.deadline_ms = LEVEL_NEVER;
	s.state = DEPLOYMENT_PLANNED;
	assert_int_equal(next(&s, SINCE + 500 * DAY).kind, STEP_DOWNLOAD);
}

/* Whatever the state: there is an end, or a next look in the future. */
static void test_never_stuck(void **state)
{
	(void)state;
	for (int at = 0; at < DEPLOYMENT_STATE_COUNT; at++) {
		for (int mode = MODE_CLIENT; mode <= MODE_SERVER; mode++) {
			struct situation s =
				situation_of((enum deployment_state)at, (enum update_mode)mode);
			for (int64_t now = SINCE; now < SINCE + 6 * DAY; now += 3 * HOUR) {
				struct step step = next(&s, now);
				int64_t look = policy_look_again_ms(&s, &step, now);
				assert_true(look > now);
				if (deployment_state_is_end(s.state))
					assert_true(look == INT64_MAX);
				else
					assert_in_range(look, now + 1, now + DAY);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_step_of_each_mode),
		cmocka_unit_test(test_escalation),
		cmocka_unit_test(test_who_polls_needs_no_command),
		cmocka_unit_test(test_too_many_deferrals),
		cmocka_unit_test(test_lost_offers_back_off),
		cmocka_unit_test(test_installs_in_the_first_window),
		cmocka_unit_test(test_interruption_only_when_allowed),
		cmocka_unit_test(test_devices_with_a_logic_of_their_own),
		cmocka_unit_test(test_promise),
		cmocka_unit_test(test_busy_in_a_window_waits_for_the_next),
		cmocka_unit_test(test_busy_gives_way_to_interruption),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_never_stuck),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
