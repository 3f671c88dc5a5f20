/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of devices rest on what others of their class took, and on the policy that is in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/document.h"
#include "store/policy_store.h"
#include "tracker/planning_due.h"
#include "tracker/tracker_parts.h"
#include "tracker_fixture.h"

#define SECOND_MS INT64_C(1000)
#define PATIENCE  400 /* rounds of the loop until something must have happened */

static const uint8_t bytes[1000] = { 0xf1 };
#define IMAGE su_span_of(bytes, sizeof(bytes))

static struct firmware firmware(void)
{
	return (struct firmware){
		.sequence_number = 5,
		.uri = "https://fw.example.com/fw/app.bin",
		.image = IMAGE,
		.size_bytes = sizeof(bytes),
	};
}

static void use_default_policy(struct fixture *fixture)
{
	const struct su_span text = policy_default_text();
	fixture_use_policy(fixture, su_arena_strndup(fixture_arena(fixture), text.data, text.len));
}

static const char *endpoint_of(struct fixture *fixture, int n)
{
	return su_arena_printf(fixture_arena(fixture), "meter-%d", n);
}

static void say(struct fixture *fixture, const char *endpoint, enum deployment_state state)
{
	assert_int_equal(fixture_say(fixture, endpoint, state).error.status, SU_OK);
}

static const char *value(struct fixture *fixture, const char *endpoint, const char *column)
{
	return fixture_sql(fixture,
		"SELECT p.%s FROM deployment p JOIN device d ON d.id = p.device_id"
		" WHERE endpoint = '%s' ORDER BY p.id DESC LIMIT 1",
		column, endpoint);
}

/* Polls until the time has come that was planned for it. */
static void get_offer(struct fixture *fixture, const char *endpoint)
{
	const struct characteristics nothing = fixture_device(fixture, SU_SPAN_EMPTY, 0);
	fixture_register(fixture, endpoint, &nothing);
	for (int i = 0; i < 10; i++) {
		if (fixture_poll(fixture, endpoint).has_offer)
			return;
		fixture_advance(fixture, 600 * SECOND_MS);
	}
	fail_msg("%s was offered nothing", endpoint);
}

static void update(
	struct fixture *fixture, const char *endpoint, int64_t transfer_ms, int64_t install_ms)
{
	const struct characteristics updated = fixture_device(fixture, IMAGE, 5);
	get_offer(fixture, endpoint);
	say(fixture, endpoint, DEPLOYMENT_DOWNLOADING);
	fixture_advance(fixture, transfer_ms);
	say(fixture, endpoint, DEPLOYMENT_DOWNLOADED);
	fixture_advance(fixture, 7000 * SECOND_MS);
	say(fixture, endpoint, DEPLOYMENT_INSTALLING);
	fixture_advance(fixture, install_ms);
	assert_int_equal(fixture_register(fixture, endpoint, &updated).error.status, SU_OK);
	assert_string_equal(fixture_state(fixture, endpoint), "confirmed");
}

static void the_next_plan_rests_on_what_others_took(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware what = firmware();
	use_default_policy(fixture);
	fixture_approved(fixture, &what);
	update(fixture, endpoint_of(fixture, 0), 100 * SECOND_MS, 40 * SECOND_MS);
	assert_string_equal(value(fixture, "meter-0", "transfer_ms"), "500"); /* nothing known */
	for (int i = 1; i < 12; i++)
		update(fixture, endpoint_of(fixture, i), 100 * SECOND_MS, 40 * SECOND_MS);
	/* One that slept for a day in the middle. */
	update(fixture, endpoint_of(fixture, 12), 86400 * SECOND_MS, 40 * SECOND_MS);
	assert_string_equal(
		fixture_sql(fixture, "SELECT n_transfers || ' ' || n_installs FROM estimate"),
		"13 13");
	get_offer(fixture, "meter-13");
	const long transfer_ms = strtol(value(fixture, "meter-13", "transfer_ms"), NULL, 10);
	assert_in_range(transfer_ms, 100 * SECOND_MS, 250 * SECOND_MS);
}

/* The policy with one text in place of another. */
static void put_in_force(struct fixture *fixture, const char *from, const char *to, int64_t version)
{
	struct su_arena *arena = fixture_arena(fixture);
	struct policy_record record;
	struct txn txn = txn_begin(fixture_conn(fixture));
	assert_true(policy_store_current(&txn, arena, &record));
	const char *at = strstr(record.text, from);
	assert_non_null(at);
	record.text = su_arena_printf(
		arena, "%.*s%s%s", (int)(at - record.text), record.text, to, at + strlen(from));
	record.version = version;
	policy_store_insert(&txn, &record);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

static void until(struct fixture *fixture, const char *column, const char *expected)
{
	for (int i = 0; i < PATIENCE; i++) {
		if (!strcmp(value(fixture, "meter", column), expected))
			return;
		fixture_advance(fixture, 100);
		planning_due_wake(fixture_tracker(fixture)->due);
		fixture_settle(fixture);
	}
	fail_msg("%s is %s", column, value(fixture, "meter", column));
}

static const char *count_replans(struct fixture *fixture)
{
	return fixture_sql(
		fixture, "SELECT count(*) FROM deployment_history WHERE event = 'replan'");
}

static void another_policy_decides_anew(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware what = firmware();
	use_default_policy(fixture);
	fixture_approved(fixture, &what);
	get_offer(fixture, "meter");
	assert_string_equal(value(fixture, "meter", "urgency"), "normal");
	put_in_force(fixture, "\"default_urgency\":\"normal\"", "\"default_urgency\":\"high\"", 2);
	until(fixture, "urgency", "high");
	assert_string_equal(count_replans(fixture), "1");
	assert_string_equal(value(fixture, "meter", "state"), "offered");
	/* What is remembered of it is what was decided. */
	say(fixture, "meter", DEPLOYMENT_DOWNLOADING);
	assert_string_equal(value(fixture, "meter", "urgency"), "high");
	put_in_force(fixture, "\"P7D\"", "\"P6D\"", 3);
	until(fixture, "due_at - p.vulnerable_since", "6 days");
	assert_string_equal(count_replans(fixture), "2");
	put_in_force(fixture, "\"P30D\"", "\"P29D\"", 4); /* of another class */
	until(fixture, "active AND (SELECT count(*) FROM replan_job) = 0", "t");
	until(fixture, "renew_at IS NULL", "t");
	assert_string_equal(count_replans(fixture), "2");
}

/* True when it is to be decided anew, or was, since now. */
static const char *is_marked(struct fixture *fixture)
{
	return su_arena_printf(
		fixture_arena(fixture), "row_version > %s", value(fixture, "meter", "row_version"));
}

/* What was shown stays in sight, and nothing waits for a time that has been before. */
static void a_clock_that_goes_back_decides_anew(void **state)
{
	struct fixture *fixture = fixture_of(state);
	const struct firmware what = firmware();
	use_default_policy(fixture);
	fixture_approved(fixture, &what);
	get_offer(fixture, "meter");
	until(fixture, "active AND (SELECT count(*) FROM plan_job) = 0", "t");
	fixture_advance(fixture, -3600 * SECOND_MS);
	assert_true(fixture_poll(fixture, "meter").has_offer);
	until(fixture, is_marked(fixture), "t");
	assert_true(fixture_poll(fixture, "meter").has_offer);
	/* By the history alone: this one starts when the clock has gone back. */
	const char *marked = is_marked(fixture);
	fixture_restart(fixture);
	until(fixture, marked, "t");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_next_plan_rests_on_what_others_took),
		TEST(another_policy_decides_anew),
		TEST(a_clock_that_goes_back_decides_anew),
	};
	return cmocka_run_group_tests_name("planning", tests, NULL, NULL);
}
