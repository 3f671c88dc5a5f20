/* SPDX-License-Identifier: Apache-2.0 */
/* Which release a device should have, and the reason against each other one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tracker/planner.h"
#include "tracker/planner_memory.h"
#include "tracker_fixture.h"

#define OLD su_span_str("the old image")
#define NEW su_span_str("the new and better image")

static struct firmware firmware(uint64_t sequence_number)
{
	return (struct firmware){
		.sequence_number = sequence_number,
		.uri = sequence_number % 2 ? "/fw/odd.bin" : "/fw/even.bin",
		.image = sequence_number % 2 ? NEW : OLD,
	};
}

/* Nobody has to be registered for a plan. */
static struct device device_with(struct characteristics told)
{
	return (struct device){ .id = 1, .endpoint = "meter", .told = told };
}

static struct planner planner_of(struct fixture *fixture, struct txn *txn)
{
	return (struct planner){
		.txn = txn,
		.blobs = fixture_blobs(fixture),
		.arena = fixture_arena(fixture),
		.now_ms = fixture_now(fixture),
	};
}

static struct plan choose(struct fixture *fixture, const struct device *device)
{
	struct plan plan;
	struct txn txn = txn_begin(fixture_conn(fixture));
	const struct planner planner = planner_of(fixture, &txn);
	planner_choose(&planner, device, &plan);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
	return plan;
}

static void assert_reason(const struct plan *plan, size_t candidate, const char *words)
{
	assert_true(candidate < plan->n_candidates);
	assert_false(plan->candidates[candidate].chosen);
	if (!strstr(plan->candidates[candidate].reason, words))
		fail_msg("\"%s\" does not say \"%s\"", plan->candidates[candidate].reason, words);
}

static void the_newest_that_fits_is_chosen(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware older = firmware(7), newer = firmware(8), hungry = firmware(9);
	hungry.minimum_battery_mwh = 1000;
	hungry.uri = "/fw/hungry.bin";
	fixture_approved(fixture, &older);
	struct release release = fixture_approved(fixture, &newer);
	fixture_approved(fixture, &hungry);
	struct device device = device_with(fixture_device(fixture, su_span_str("ancient"), 3));
	device.told.has_battery = true;
	device.told.battery_mwh = 999;
	struct plan plan = choose(fixture, &device);
	assert_int_equal(plan.n_candidates, 3);
	assert_reason(&plan, 0, "999");
	assert_true(plan.choice && digest_equal(&plan.choice->release.digest, &release.digest));
	assert_reason(&plan, 2, "newer release fits");
	device.told.battery_mwh = 1000;
	assert_int_equal(choose(fixture, &device).choice->release.sequence_number, 9);
}

static void nothing_older_than_what_runs_is_chosen(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7);
	fixture_approved(fixture, &seven);
	struct device device = device_with(fixture_device(fixture, su_span_str("unknown"), 8));
	struct plan plan = choose(fixture, &device);
	assert_null(plan.choice);
	assert_reason(&plan, 0, "not newer than 8");
	/* The same number with another image is not newer either. */
	device.told.components[0].sequence_number = 7;
	assert_null(choose(fixture, &device).choice);
	device.told.components[0].sequence_number = 6;
	assert_non_null(choose(fixture, &device).choice);
}

static void a_reported_digest_tells_what_runs(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7), eight = firmware(8);
	fixture_approved(fixture, &seven);
	struct release newest = fixture_approved(fixture, &eight);
	struct device device = device_with(fixture_device(fixture, eight.image, 0));
	struct plan plan = choose(fixture, &device);
	assert_null(plan.choice);
	assert_true(plan.up_to_date);
	assert_reason(&plan, 0, "runs it already");
	/* Also when the newer one has been withdrawn: 7 is still older. */
	const struct command_origin origin = { "operator", FIXTURE_NOW };
	struct release out;
	assert_int_equal(management_withdraw(fixture_conn(fixture), fixture_arena(fixture),
				 &newest.digest, 0, &origin, &out, NULL),
		SU_OK);
	plan = choose(fixture, &device);
	assert_null(plan.choice);
	assert_int_equal(plan.n_candidates, 1);
	assert_reason(&plan, 0, "not newer than 8");
}

static void what_does_not_fit_is_named(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7);
	fixture_approved(fixture, &seven);
	struct device device = device_with(fixture_device(fixture, OLD, 6));
	device.told.has_free_memory = true;
	device.told.free_memory_bytes = NEW.len - 1;
	struct plan plan = choose(fixture, &device);
	assert_reason(&plan, 0, "needs 24 bytes");
	device.told.free_memory_bytes = NEW.len;
	device.told.n_class_ids = 0;
	plan = choose(fixture, &device);
	assert_null(plan.choice);
	assert_reason(&plan, 0, "class");
	device.told.n_vendor_ids = 0;
	assert_int_equal(choose(fixture, &device).n_candidates, 0);
}

static void use_before_is_a_time(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7);
	seven.use_before_s = FIXTURE_NOW / 1000 + 60;
	fixture_approved(fixture, &seven);
	struct device device = device_with(fixture_device(fixture, OLD, 6));
	assert_non_null(choose(fixture, &device).choice);
	fixture_advance(fixture, 61000);
	assert_null(choose(fixture, &device).choice);
}

static void an_operator_is_told_what_does_not_hold(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7), eight = firmware(8);
	fixture_put_image(fixture, eight.image);
	struct release verified, approved = fixture_approved(fixture, &seven);
	assert_int_equal(fixture_publish(fixture, &eight, &verified, NULL), SU_OK);
	struct device device = device_with(fixture_device(fixture, su_span_str("other"), 6));
	struct su_error error;
	struct txn txn = txn_begin(fixture_conn(fixture));
	const struct planner planner = planner_of(fixture, &txn);
	assert_int_equal(planner_check(&planner, &device, &approved, &error), SU_OK);
	assert_int_equal(planner_check(&planner, &device, &verified, &error), SU_CONFLICT);
	assert_non_null(strstr(error.text, "not approved"));
	device.told.components[0].sequence_number = 9;
	assert_int_equal(planner_check(&planner, &device, &approved, &error), SU_CONFLICT);
	assert_non_null(strstr(error.text, "not newer"));
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

static void assert_same(const struct plan *plan, const struct plan *alone)
{
	assert_int_equal(plan->n_candidates, alone->n_candidates);
	assert_int_equal(plan->up_to_date, alone->up_to_date);
	for (size_t i = 0; i < plan->n_candidates; i++) {
		const struct plan_candidate *a = &plan->candidates[i], *b = &alone->candidates[i];
		assert_true(digest_equal(&a->release.digest, &b->release.digest));
		assert_int_equal(a->chosen, b->chosen);
		assert_int_equal(a->proof.n_components, b->proof.n_components);
		if (!a->chosen)
			assert_string_equal(a->reason, b->reason);
	}
}

/* What is read for one device must not become another's. */
static void together_each_gets_what_it_gets_alone(void **state)
{
	enum { N = 6 };
	struct fixture *fixture = fixture_of(state);
	struct firmware seven = firmware(7), eight = firmware(8);
	fixture_approved(fixture, &seven);
	fixture_approved(fixture, &eight);
	struct device devices[N] = {
		device_with(fixture_device(fixture, su_span_str("unknown"), 3)),
		device_with(fixture_device(fixture, eight.image, 0)),
		device_with(fixture_device(fixture, su_span_str("unknown"), 9)),
		device_with(fixture_device(fixture, seven.image, 0)),
		device_with(fixture_device(fixture, su_span_str("unknown"), 3)),
		device_with(fixture_device(fixture, su_span_str("unknown"), 3)),
	};
	devices[4].told.n_class_ids = 0;
	devices[5].told.has_free_memory = true;
	const struct device *list[N];
	struct plan alone[N];
	for (size_t i = 0; i < N; i++) {
		devices[i].id = (int64_t)i + 1;
		list[i] = &devices[i];
		alone[i] = choose(fixture, &devices[i]);
	}
	struct txn txn = txn_begin(fixture_conn(fixture));
	struct planner planner = planner_of(fixture, &txn);
	planner.memory = planner_memory_new(&txn, planner.blobs, planner.arena);
	planner_memory_recall(planner.memory, list, N);
	for (size_t i = 0; i < 2 * N; i++) {
		struct plan plan;
		planner_choose(&planner, &devices[i % N], &plan);
		assert_same(&plan, &alone[i % N]);
	}
	planner_memory_free(&planner.memory);
	assert_int_equal(txn_commit(&txn, NULL), SU_OK);
}

#define CASE(name_) cmocka_unit_test_setup_teardown(name_, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_newest_that_fits_is_chosen),
		CASE(nothing_older_than_what_runs_is_chosen),
		CASE(a_reported_digest_tells_what_runs),
		CASE(what_does_not_fit_is_named),
		CASE(use_before_is_a_time),
		CASE(an_operator_is_told_what_does_not_hold),
		CASE(together_each_gets_what_it_gets_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
