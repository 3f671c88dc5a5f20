/* SPDX-License-Identifier: Apache-2.0 */
/* When a silent device is spoken to again, and one at work is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tracker/asking.h"

#define NOW       INT64_C(1763712000000)
#define MINUTE_MS INT64_C(60000)

static const struct profile plain = { 0 };
static const struct profile sleeper = { .has_reachability = true, .reachability = REACH_QUEUE };

static int64_t again_after(unsigned offers, const struct profile *profile)
{
	const struct deployment_plan plan = { .offers = offers, .last_offer_ms = NOW };
	return asking_again_ms(&plan, profile) - NOW;
}

static void who_was_not_asked_is_asked_at_any_time(void **state)
{
	(void)state;
	const struct deployment_plan plan = { .offers = 0, .last_offer_ms = NOW };
	assert_int_equal(asking_again_ms(&plan, &plain), 0);
	assert_int_equal(asking_again_ms(&plan, &sleeper), 0);
}

static void silence_is_left_alone_longer_each_time(void **state)
{
	(void)state;
	assert_int_equal(again_after(1, &plain), 5 * MINUTE_MS);
	assert_int_equal(again_after(2, &plain), 10 * MINUTE_MS);
	assert_int_equal(again_after(3, &plain), 20 * MINUTE_MS);
	assert_int_equal(again_after(8, &plain), 6 * 60 * MINUTE_MS);
	assert_int_equal(again_after(UINT32_MAX, &plain), 6 * 60 * MINUTE_MS);
}

static void a_sleeper_is_asked_whenever_it_wakes(void **state)
{
	(void)state;
	assert_int_equal(again_after(1, &sleeper), MINUTE_MS);
	assert_int_equal(again_after(100, &sleeper), MINUTE_MS);
}

static int64_t asked_after(enum update_mode mode, enum deployment_state at, unsigned offers)
{
	const struct situation situation = {
		.profile = &plain,
		.transfer_ms = 7 * MINUTE_MS,
		.install_ms = 3 * MINUTE_MS,
	};
	const struct deployment active = {
		.mode = mode,
		.state = at,
		.changed_at_ms = NOW,
		.plan = { .offers = offers, .last_offer_ms = NOW },
	};
	const int64_t ask_ms = asking_progress_ms(&active, &situation);
	return ask_ms == 0 ? 0 : ask_ms - NOW;
}

static void a_device_at_work_is_asked_when_it_should_be_done(void **state)
{
	(void)state;
	const enum update_mode mode = MODE_SERVER;
	assert_int_equal(asked_after(mode, DEPLOYMENT_DOWNLOADING, 0), (2 * 7 + 10) * MINUTE_MS);
	assert_int_equal(asked_after(mode, DEPLOYMENT_INSTALLING, 0), 3 * MINUTE_MS + 30000);
	assert_int_equal(asked_after(mode, DEPLOYMENT_REBOOTING, 0), 3 * MINUTE_MS + 30000);
	assert_int_equal(asked_after(mode, DEPLOYMENT_INSTALLING, 1), 5 * MINUTE_MS);
}

static void others_are_not_asked(void **state)
{
	(void)state;
	assert_int_equal(asked_after(MODE_CLIENT, DEPLOYMENT_INSTALLING, 0), 0);
	assert_int_equal(asked_after(MODE_SERVER, DEPLOYMENT_ACCEPTED, 0), 0);
	assert_int_equal(asked_after(MODE_SERVER, DEPLOYMENT_DOWNLOADED, 0), 0);
}

static int64_t looked_at_after(int64_t stood_still_ms)
{
	const struct deployment active = { .changed_at_ms = NOW - stood_still_ms };
	return asking_reach_ms(&active, NOW) - NOW;
}

static void who_is_out_of_reach_is_looked_at_less_and_less(void **state)
{
	(void)state;
	assert_int_equal(looked_at_after(0), 5 * MINUTE_MS);
	assert_int_equal(looked_at_after(20 * MINUTE_MS), 20 * MINUTE_MS);
	assert_int_equal(looked_at_after(1000 * MINUTE_MS), 60 * MINUTE_MS);
	assert_int_equal(looked_at_after(-MINUTE_MS), 5 * MINUTE_MS); /* the clock was set back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_was_not_asked_is_asked_at_any_time),
		cmocka_unit_test(silence_is_left_alone_longer_each_time),
		cmocka_unit_test(a_sleeper_is_asked_whenever_it_wakes),
		cmocka_unit_test(a_device_at_work_is_asked_when_it_should_be_done),
		cmocka_unit_test(others_are_not_asked),
		cmocka_unit_test(who_is_out_of_reach_is_looked_at_less_and_less),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
