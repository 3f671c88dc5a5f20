/* SPDX-License-Identifier: Apache-2.0 */
/* What is foreseen is what policy_next says when the time has come. */
#include "policy/outlook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

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
	.max_deferrals = 2,
	.max_deferral_ms = 12 * HOUR,
	.max_retries = 3,
	.retry_after_ms = 10 * MINUTE,
	.share = 1,
	.poll_interval_ms = HOUR,
};
static const struct profile plain = { 0 };
static const struct calendar nightly = { .n_windows = 1,
	.windows = { { .meaning = WINDOW_IDLE,
		.form = WINDOW_INTERVAL,
		.from_ms = SINCE + 10 * HOUR,
		.until_ms = SINCE + 12 * HOUR } } };

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

static struct outlook outlook_of(const struct situation *situation, int64_t now_ms)
{
	struct outlook outlook;
	policy_outlook(situation, 0, now_ms, &outlook);
	return outlook;
}

static void test_escalation(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_CLIENT);
	struct outlook outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.next.mode, MODE_CLIENT);
	assert_int_equal(outlook.escalates_ms, SINCE + 6 * HOUR);
	assert_int_equal(outlook.escalates_to, MODE_NEGOTIATED);
	outlook = outlook_of(&situation, SINCE + 6 * HOUR);
	assert_int_equal(outlook.next.mode, MODE_NEGOTIATED);
	assert_int_equal(outlook.escalates_ms, SINCE + DAY);
	assert_int_equal(outlook.escalates_to, MODE_SERVER);
	outlook = outlook_of(&situation, SINCE + DAY);
	assert_int_equal(outlook.escalates_ms, INT64_MAX);
}

static void test_without_escalation(void **state)
{
	(void)state;
	struct level calm = level;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_CLIENT);
	calm.negotiate_after_ms = calm.command_after_ms = LEVEL_NEVER;
	calm.interrupt_after_ms = calm.deadline_ms = LEVEL_NEVER;
	situation.level = &calm;
	struct outlook outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.escalates_ms, INT64_MAX);
	assert_int_equal(outlook.deadline_ms, INT64_MAX);
	assert_int_equal(outlook.interrupt_ms, INT64_MAX);
	assert_int_equal(outlook.latest_start_ms, INT64_MAX);
}

static void test_times(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct outlook outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.deadline_ms, SINCE + 4 * DAY);
	assert_int_equal(outlook.interrupt_ms, SINCE + 2 * DAY);
	assert_int_equal(outlook.latest_start_ms, SINCE + 4 * DAY - 7 * MINUTE);
}

static void test_the_installation_has_its_window(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct step then;
	situation.calendar = &nightly;
	struct outlook outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.next.kind, STEP_DOWNLOAD);
	assert_int_equal(outlook.install.kind, STEP_INSTALL);
	assert_int_equal(outlook.install.from_ms, SINCE + 10 * HOUR);
	assert_int_equal(outlook.install.until_ms, SINCE + 12 * HOUR);
	situation.state = DEPLOYMENT_DOWNLOADED;
	policy_next(&situation, SINCE + HOUR, &then);
	assert_int_equal(then.from_ms, outlook.install.from_ms);
	assert_string_equal(then.why, outlook.install.why);
}

static void test_a_booking_delays_the_installation(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct outlook outlook;
	situation.calendar = &nightly;
	policy_outlook(&situation, SINCE + 11 * HOUR, SINCE, &outlook);
	assert_int_equal(outlook.install.from_ms, SINCE + 11 * HOUR + 5 * MINUTE);
	situation.state = DEPLOYMENT_DOWNLOADING;
	policy_outlook(&situation, SINCE + 11 * HOUR, SINCE + 11 * HOUR + MINUTE, &outlook);
	assert_int_equal(outlook.install.from_ms, SINCE + 11 * HOUR + 5 * MINUTE);
}

static void test_what_is_left(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_PLANNED, MODE_NEGOTIATED);
	situation.deferrals = 1;
	situation.failures = 1;
	struct outlook outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.deferrals_left, 1);
	assert_int_equal(outlook.retries_left, 2);
	situation.deferrals = situation.failures = 9;
	outlook = outlook_of(&situation, SINCE);
	assert_int_equal(outlook.deferrals_left, 0);
	assert_int_equal(outlook.retries_left, 0);
	assert_int_equal(outlook.install.kind, STEP_FAIL);
}

static void test_what_installs_is_watched(void **state)
{
	(void)state;
	struct situation situation = situation_of(DEPLOYMENT_INSTALLING, MODE_SERVER);
	struct outlook outlook = outlook_of(&situation, SINCE + HOUR);
	assert_int_equal(outlook.next.kind, STEP_WATCH);
	assert_int_equal(outlook.install.kind, STEP_WATCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escalation),
		cmocka_unit_test(test_without_escalation),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_the_installation_has_its_window),
		cmocka_unit_test(test_a_booking_delays_the_installation),
		cmocka_unit_test(test_what_is_left),
		cmocka_unit_test(test_what_installs_is_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
