/* SPDX-License-Identifier: Apache-2.0 */
/* Which polls are answered from memory and which ask the planner, after a release and after a fault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "tracker/poll_fault.h"
#include "tracker/poll_stats.h"
#include "tracker_fixture.h"

#define OLD         su_span_str("the old image")
#define NEW         su_span_str("the new and better image")
#define OTHER_CLASS "00000000-0000-4000-8000-000000000007"

static struct firmware firmware(uint64_t sequence_number, const char *class_id)
{
	return (struct firmware){
		.sequence_number = sequence_number,
		.class_id = class_id,
		.uri = class_id ? "/fw/other.bin" : "/fw/ours.bin",
		.image = NEW,
	};
}

/* A device of the author's class that has polled, and so has its choice. */
static void know(struct fixture *fixture, const char *endpoint)
{
	const struct characteristics told = fixture_device(fixture, OLD, 6);
	assert_int_equal(fixture_register(fixture, endpoint, &told).error.status, SU_OK);
	assert_int_equal(fixture_poll(fixture, endpoint).error.status, SU_OK);
}

static uint64_t planned(struct fixture *fixture)
{
	return atomic_load(&tracker_polls(fixture_tracker(fixture))->planned);
}

static uint64_t failed(struct fixture *fixture)
{
	return atomic_load(&tracker_polls(fixture_tracker(fixture))->failed);
}

static struct release approve(struct fixture *fixture, uint64_t number, const char *class_id)
{
	const struct firmware what = firmware(number, class_id);
	struct release release = fixture_approved(fixture, &what);
	fixture_settle(fixture);
	return release;
}

static void withdraw(struct fixture *fixture, const struct release *which)
{
	const struct command_origin origin = { "operator", fixture_now(fixture) };
	struct release release;
	assert_int_equal(management_withdraw(fixture_conn(fixture), fixture_arena(fixture),
				 &which->digest, 0, &origin, &release, NULL),
		SU_OK);
	fixture_settle(fixture);
}

static bool peek(struct fixture *fixture, const char *endpoint)
{
	const struct contact contact = fixture_contact(fixture, endpoint);
	struct peek seen;
	return tracker_peek(fixture_tracker(fixture), &contact, &seen);
}

static void releases_for_others_cost_nothing(void **state)
{
	struct fixture *fixture = fixture_of(state);
	know(fixture, "meter");
	fixture_settle(fixture);
	const uint64_t before = planned(fixture);
	const struct release other = approve(fixture, 7, OTHER_CLASS);
	assert_true(tracker_has_chosen(fixture_tracker(fixture), "meter"));
	assert_true(peek(fixture, "meter"));
	assert_false(fixture_poll(fixture, "meter").has_offer);
	withdraw(fixture, &other);
	assert_true(peek(fixture, "meter"));
	assert_int_equal(planned(fixture), before);
}

static void what_is_not_approved_concerns_nobody(void **state)
{
	struct fixture *fixture = fixture_of(state);
	know(fixture, "meter");
	fixture_settle(fixture);
	const struct firmware what = firmware(7, NULL);
	struct release release;
	fixture_put_image(fixture, NEW);
	assert_int_equal(fixture_publish(fixture, &what, &release, NULL), SU_OK);
	assert_int_equal(release.state, RELEASE_VERIFIED);
	withdraw(fixture, &release);
	assert_true(peek(fixture, "meter"));
}

static void a_release_for_it_is_looked_for_once(void **state)
{
	struct fixture *fixture = fixture_of(state);
	know(fixture, "meter");
	fixture_settle(fixture);
	const uint64_t before = planned(fixture);
	const struct release ours = approve(fixture, 7, NULL);
	approve(fixture, 7, OTHER_CLASS);
	assert_false(peek(fixture, "meter"));
	struct answer poll = fixture_poll(fixture, "meter");
	assert_true(digest_equal(&poll.offer.release, &ours.digest));
	assert_true(peek(fixture, "meter"));
	assert_int_equal(planned(fixture), before + 1);
	withdraw(fixture, &ours);
	assert_false(fixture_poll(fixture, "meter").has_offer);
	assert_string_equal(fixture_state(fixture, "meter"), "cancelled");
}

static void a_device_of_another_class_is_judged_anew(void **state)
{
	struct fixture *fixture = fixture_of(state);
	know(fixture, "meter");
	const struct release other = approve(fixture, 7, OTHER_CLASS);
	assert_false(fixture_poll(fixture, "meter").has_offer);
	struct characteristics told = fixture_device(fixture, OLD, 6);
	told.class_ids[0] = author_uuid(OTHER_CLASS);
	assert_int_equal(fixture_register(fixture, "meter", &told).error.status, SU_OK);
	struct answer poll = fixture_poll(fixture, "meter");
	assert_true(poll.has_offer && digest_equal(&poll.offer.release, &other.digest));
}

static void after_a_fault_it_is_not_asked_at_every_poll(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct release first = approve(fixture, 7, NULL);
	know(fixture, "meter");
	const struct release second = approve(fixture, 8, NULL);
	fixture_sql(fixture, "ALTER TABLE release_image RENAME TO hidden");
	const uint64_t before = planned(fixture);
	for (int i = 0; i < 3; i++) {
		struct answer poll = fixture_poll(fixture, "meter");
		assert_int_equal(poll.error.status, SU_OK);
		assert_true(digest_equal(&poll.offer.release, &first.digest));
	}
	assert_int_equal(planned(fixture), before + 1);
	assert_int_equal(failed(fixture), 1);
	assert_false(tracker_has_chosen(fixture_tracker(fixture), "meter"));
	fixture_sql(fixture, "ALTER TABLE hidden RENAME TO release_image");
	fixture_advance(fixture, POLL_FAULT_REST_MS);
	struct answer poll = fixture_poll(fixture, "meter");
	assert_true(digest_equal(&poll.offer.release, &second.digest));
	assert_int_equal(failed(fixture), 1);
}

static void who_was_offered_nothing_is_told_to_come_again(void **state)
{
	struct fixture *fixture = fixture_of(state);
	know(fixture, "meter");
	approve(fixture, 7, NULL);
	fixture_sql(fixture, "ALTER TABLE release_image RENAME TO hidden");
	const uint64_t before = planned(fixture);
	assert_int_not_equal(fixture_poll(fixture, "meter").error.status, SU_OK);
	assert_int_equal(fixture_poll(fixture, "meter").error.status, SU_RETRY);
	assert_int_equal(planned(fixture), before + 1);
	fixture_sql(fixture, "ALTER TABLE hidden RENAME TO release_image");
	fixture_advance(fixture, POLL_FAULT_REST_MS);
	assert_true(fixture_poll(fixture, "meter").has_offer);
}

int main(void)
{
#define CASE(function_)                                                                            \
	cmocka_unit_test_setup_teardown(function_, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(releases_for_others_cost_nothing),
		CASE(what_is_not_approved_concerns_nobody),
		CASE(a_release_for_it_is_looked_for_once),
		CASE(a_device_of_another_class_is_judged_anew),
		CASE(after_a_fault_it_is_not_asked_at_every_poll),
		CASE(who_was_offered_nothing_is_told_to_come_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
