/* SPDX-License-Identifier: Apache-2.0 */
/* A release is planned page by page for devices that are spoken to: each gets all that belongs to a deployment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "policy/document.h"
#include "tracker/planning_due.h"
#include "tracker/tracker_parts.h"
#include "tracker_fixture.h"

enum { N = 230, PATIENCE = 3000 }; /* two full pages and one more; rounds of the loop */

#define OLD  su_span_str("the old image")
#define NEW  su_span_str("the new and better image")
#define BEST su_span_str("the best image of all")

static void approve(struct fixture *fixture, uint64_t number, struct su_span image)
{
	const struct firmware what = {
		.sequence_number = number,
		.uri = su_arena_printf(
			fixture_arena(fixture), "/fw/%llu.bin", (unsigned long long)number),
		.image = image,
	};
	fixture_approved(fixture, &what);
	for (int i = 0; strcmp(fixture_sql(fixture, "SELECT count(*) FROM plan_job"), "0") != 0;
		i++) {
		assert_true(i < PATIENCE);
		planning_due_wake(fixture_tracker(fixture)->due);
		fixture_turn(fixture, 20);
	}
}

static void add(struct fixture *fixture, const char *endpoint, bool is_spoken_to)
{
	struct characteristics told = fixture_device(fixture, OLD, 1);
	told.profile.has_reachability = is_spoken_to;
	told.profile.reachability = REACH_ALWAYS;
	assert_int_equal(fixture_register(fixture, endpoint, &told).error.status, SU_OK);
}

static void add_all(struct fixture *fixture)
{
	const struct su_span text = policy_default_text();
	fixture_use_policy(fixture, su_arena_strndup(fixture_arena(fixture), text.data, text.len));
	for (int i = 0; i < N; i++)
		add(fixture, su_arena_printf(fixture_arena(fixture), "meter-%d", i), true);
	add(fixture, "polls", false);
}

static void assert_count(struct fixture *fixture, const char *what, int expected)
{
	const char *found = fixture_sql(fixture, "SELECT count(*) FROM %s", what);
	if (strtol(found, NULL, 10) != expected)
		fail_msg("%s of %s, not %d", found, what, expected);
}

static void assert_counter(struct fixture *fixture, const char *name, int expected)
{
	const char *found = fixture_sql(
		fixture, "SELECT sum(value) FROM counter WHERE name = 'deployments.%s'", name);
	assert_int_equal(strtol(found, NULL, 10), expected);
}

static void each_gets_its_deployment(void **state)
{
	struct fixture *fixture = fixture_of(state);
	add_all(fixture);
	approve(fixture, 2, NEW);
	assert_count(fixture, "deployment WHERE state = 'planned' AND active", N);
	assert_count(fixture,
		"deployment WHERE reasons IS NOT NULL AND vulnerable_since IS NOT NULL", N);
	assert_count(fixture, "deployment_history WHERE event = 'plan' AND actor = 'suitd'", N);
	assert_count(fixture, "deployment_component", N);
	assert_count(fixture,
		"deployment AS d JOIN device AS v ON v.id = d.device_id"
		" WHERE endpoint = 'polls'",
		0);
	assert_counter(fixture, "planned", N);
	assert_true(fixture_poll(fixture, "polls").error.status == SU_OK);
}

static void what_has_not_begun_gives_way(void **state)
{
	struct fixture *fixture = fixture_of(state);
	add_all(fixture);
	approve(fixture, 2, NEW);
	fixture_sql(fixture, "UPDATE deployment SET named_by_operator = true WHERE device_id ="
			     " (SELECT id FROM device WHERE endpoint = 'meter-7')");
	fixture_sql(fixture, "UPDATE deployment SET state = 'downloading' WHERE device_id ="
			     " (SELECT id FROM device WHERE endpoint = 'meter-8')");
	approve(fixture, 3, BEST);
	assert_count(fixture, "deployment WHERE state = 'superseded' AND NOT active", N - 2);
	assert_count(fixture, "deployment WHERE state = 'planned'", N - 1);
	assert_count(fixture, "deployment WHERE active", N);
	assert_count(fixture, "deployment_history WHERE event = 'supersede'", N - 2);
	assert_count(fixture, "deployment_component", 2 * N - 2);
	assert_counter(fixture, "superseded", N - 2);
}

int main(void)
{
#define CASE(function_)                                                                            \
	cmocka_unit_test_setup_teardown(function_, fixture_set_up, fixture_tear_down)
	const struct CMUnitTest tests[] = {
		CASE(each_gets_its_deployment),
		CASE(what_has_not_begun_gives_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
