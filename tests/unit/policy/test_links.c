/* SPDX-License-Identifier: Apache-2.0 */
/* Who books ahead and on which share, which bookings count, and the order of those who wait. */
#include "policy/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define SINCE  (1000 * DAY)

static const struct level level = {
	.start_within_ms = 2 * HOUR,
	.deadline_ms = 4 * DAY,
	.negotiate_after_ms = 6 * HOUR,
	.command_after_ms = 1 * DAY,
	.interrupt_after_ms = 2 * DAY,
	.max_deferral_ms = 12 * HOUR,
	.share = 0.8,
};
static const struct profile plain = { 0 };
static const struct profile meter = { .has_always_on = true, .always_on = true };
static const struct profile vehicle = { .has_reachability = true,
	.reachability = REACH_WHILE_WORKING,
	.has_answers = true,
	.answers = true };

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

static struct links_wish wish_of(const struct situation *situation, const char *endpoint)
{
	struct step step;
	struct links_wish wish;
	policy_next(situation, SINCE, &step);
	links_wish(situation, &step, endpoint, &wish);
	return wish;
}

static void test_in_the_contact(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_CLIENT);
	assert_true(wish_of(&s, "it").at_contact);
	s.mode = MODE_SERVER;
	assert_false(wish_of(&s, "it").at_contact);
	s.profile = &vehicle;
	struct links_wish wish = wish_of(&s, "it");
	assert_true(wish.at_contact && wish.n == 1 && wish.tries[0].share == level.share);
	assert_int_equal(wish.tries[0].from_ms, SINCE);
	assert_int_equal(wish.tries[0].until_ms, SINCE + CAPACITY_SLOT_MS);
}

/* Who can install soon begins at once, most of all when its window closes. */
static void test_the_pressing(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct calendar calendar = calendar_of(SINCE, SINCE + 3 * HOUR);
	s.calendar = &calendar;
	struct links_wish wish = wish_of(&s, "it");
	assert_int_equal(wish.n, 1);
	assert_int_equal(wish.tries[0].from_ms, SINCE);
	assert_true(wish.tries[0].until_ms == INT64_MAX && wish.tries[0].share < level.share);
	calendar.windows[0].until_ms = SINCE + 20 * MINUTE;
	struct links_wish closing = wish_of(&s, "it");
	assert_true(closing.tries[0].share > wish.tries[0].share);
	assert_true(closing.tries[0].share < level.share);
}

/* Who cannot install soon makes way unless links are idle: later, spread, and on fewer of them. */
static void test_the_patient_make_way(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	s.profile = &meter;
	int64_t first_ms = INT64_MAX, last_ms = 0;
	for (int i = 0; i < 200; i++) {
		char name[16];
		snprintf(name, sizeof(name), "meter-%d", i);
		struct links_wish wish = wish_of(&s, name);
		assert_int_equal(wish.n, 2);
		assert_int_equal(wish.tries[0].from_ms, SINCE);
		assert_int_equal(wish.tries[0].until_ms, SINCE + CAPACITY_SLOT_MS);
		assert_true(wish.tries[0].share < wish.tries[1].share);
		assert_true(wish.tries[1].share < level.share);
		int64_t from_ms = wish.tries[1].from_ms;
		assert_int_equal(from_ms, wish_of(&s, name).tries[1].from_ms);
		first_ms = from_ms < first_ms ? from_ms : first_ms;
		last_ms = from_ms > last_ms ? from_ms : last_ms;
	}
	assert_in_range(first_ms, SINCE + 10 * MINUTE, SINCE + 30 * MINUTE);
	assert_in_range(last_ms, SINCE + 2 * HOUR, SINCE + 2 * HOUR + 15 * MINUTE);
	/* Never so late that its window would pass. */
	struct calendar calendar = calendar_of(SINCE + 2 * HOUR, SINCE + 3 * HOUR);
	s.profile = &plain;
	s.calendar = &calendar;
	assert_true(wish_of(&s, "meter-1").tries[1].from_ms < SINCE + 80 * MINUTE);
}

static void test_bookings_that_count(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_NEGOTIATED);
	struct step step;
	policy_next(&s, SINCE, &step);
	assert_false(links_is_booked(&s, &step, 0, SINCE));
	assert_true(links_is_booked(&s, &step, SINCE + HOUR, SINCE));
	assert_true(links_is_booked(&s, &step, SINCE, SINCE + 10000));
	assert_false(links_is_booked(&s, &step, SINCE, SINCE + HOUR));
	/* The device asked for later. */
	s.promised_ms = SINCE + 2 * HOUR;
	assert_false(links_is_booked(&s, &step, SINCE + HOUR, SINCE));
	/* Who is commanded is not asked any more, unless it has agreed. */
	step.mode = MODE_SERVER;
	assert_true(links_is_booked(&s, &step, SINCE + HOUR, SINCE));
	s.state = DEPLOYMENT_ACCEPTED;
	assert_false(links_is_booked(&s, &step, SINCE + HOUR, SINCE));
}

static void test_who_goes_first(void **state)
{
	(void)state;
	struct situation s = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct situation quick = s;
	quick.transfer_ms = MINUTE;
	int64_t soon = SINCE + HOUR, late = SINCE + 9 * HOUR;
	assert_true(policy_claim_key(&quick, SINCE, soon) < policy_claim_key(&s, SINCE, soon));
	assert_true(policy_claim_key(&s, SINCE, soon) < policy_claim_key(&quick, SINCE, late));
	assert_true(policy_claim_key(&quick, SINCE, late) < policy_claim_key(&quick, SINCE, 0));
	/* Short of the deadline before all others; beyond it as everybody else. */
	int64_t end = SINCE + level.deadline_ms;
	assert_true(policy_claim_key(&s, end - 10 * MINUTE, end) <
		    policy_claim_key(&quick, SINCE, SINCE));
	assert_true(policy_claim_key(&s, end, end) > policy_claim_key(&quick, SINCE, SINCE));
}

static void test_what_may_be_gone_goes_before(void **state)
{
	(void)state;
	struct situation quick = situation_of(DEPLOYMENT_PLANNED, MODE_SERVER);
	struct situation slow = quick;
	quick.transfer_ms = MINUTE;
	slow.profile = &vehicle;
	assert_true(policy_claim_key(&slow, SINCE, SINCE) < policy_claim_key(&quick, SINCE, SINCE));
	slow.profile = &plain;
	struct calendar calendar = calendar_of(SINCE - HOUR, SINCE + 20 * MINUTE);
	slow.calendar = &calendar;
	assert_true(policy_claim_key(&slow, SINCE, SINCE) < policy_claim_key(&quick, SINCE, SINCE));
	/* It closes before anything could be done, or not for hours. */
	calendar.windows[0].until_ms = SINCE + MINUTE;
	assert_true(policy_claim_key(&slow, SINCE, SINCE) > policy_claim_key(&quick, SINCE, SINCE));
	calendar.windows[0].until_ms = SINCE + 3 * HOUR;
	assert_true(policy_claim_key(&slow, SINCE, SINCE) > policy_claim_key(&quick, SINCE, SINCE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_the_contact),
		cmocka_unit_test(test_the_pressing),
		cmocka_unit_test(test_the_patient_make_way),
		cmocka_unit_test(test_bookings_that_count),
		cmocka_unit_test(test_who_goes_first),
		cmocka_unit_test(test_what_may_be_gone_goes_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
