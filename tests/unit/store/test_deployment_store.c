/* SPDX-License-Identifier: Apache-2.0 */
/* Deployments as management writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/deployment_store.h"
#include "store_fixture.h"

struct scene {
	struct release release, other_release;
	struct device device;
};

static struct scene make_scene(struct store_fixture *f)
{
	const struct device device = sample_device("a");
	struct scene scene = { .release = sample_release(f, "one", 1),
		.other_release = sample_release(f, "two", 2) };
	store_release(f, &scene.release);
	store_release(f, &scene.other_release);
	scene.device = store_device(f, &device);
	return scene;
}

static void insert(struct store_fixture *f, const struct deployment *deployment)
{
	const struct deployment_history step = sample_step(DEPLOYMENT_PLANNED, deployment->state);
	begin(f);
	deployment_store_insert(&f->txn, deployment, &step);
}

static void test_comes_back_as_it_went(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment in = sample_deployment(1, &scene.device, &scene.release), out;
	struct deployment_history *history;
	in.named_by_operator = true;
	in.deadline_at_ms = NOW_MS + 5;
	in.progress_bytes = 17;
	in.attempts = 2;
	insert(f, &in);
	commit(f);
	begin(f);
	assert_true(deployment_store_get(&f->txn, f->arena, in.id, &out));
	assert_false(deployment_store_get(&f->txn, f->arena, uuid_of(99), &out));
	assert_true(deployment_store_active(&f->txn, f->arena, scene.device.id, &out));
	assert_int_equal(deployment_store_history(&f->txn, f->arena, in.id, &history), 1);
	commit(f);
	assert_true(digest_equal(&out.release, &scene.release.digest));
	assert_int_equal(out.state, DEPLOYMENT_PLANNED);
	assert_int_equal(out.mode, MODE_CLIENT);
	assert_true(out.named_by_operator);
	assert_int_equal(out.deadline_at_ms, NOW_MS + 5);
	assert_int_equal(out.progress_bytes, 17);
	assert_int_equal(out.attempts, 2);
	assert_null(out.reason);
	assert_int_equal(out.row_version, 1);
	assert_string_equal(history[0].event, "offer");
	assert_string_equal(history[0].actor, "suitd");
	assert_int_equal(history[0].at_ms, NOW_MS);
	assert_int_equal(counter_value(f, "deployments.planned"), 1);
}

static struct deployment_plan sample_plan(void)
{
	return (struct deployment_plan){
		.urgency = URGENCY_HIGH,
		.vulnerable_since_ms = NOW_MS + 1,
		.due_ms = NOW_MS + 2,
		.look_ms = NOW_MS + 3,
		.download_ms = NOW_MS + 4,
		.transfer_ms = 50000,
		.install_ms = NOW_MS + 6,
		.promised_ms = NOW_MS + 7,
		.deferrals = 8,
		.failures = 9,
		.offers = 10,
		.last_failure_ms = NOW_MS + 11,
		.last_offer_ms = NOW_MS + 12,
		.noticed_ms = NOW_MS + 13,
		.reasons = "{\"mode\": \"because\"}",
	};
}

static void assert_plan(const struct deployment_plan *plan, const struct deployment_plan *expected)
{
	assert_int_equal(plan->urgency, expected->urgency);
	assert_int_equal(plan->vulnerable_since_ms, expected->vulnerable_since_ms);
	assert_int_equal(plan->due_ms, expected->due_ms);
	assert_int_equal(plan->look_ms, expected->look_ms);
	assert_int_equal(plan->download_ms, expected->download_ms);
	assert_int_equal(plan->transfer_ms, expected->transfer_ms);
	assert_int_equal(plan->install_ms, expected->install_ms);
	assert_int_equal(plan->promised_ms, expected->promised_ms);
	assert_int_equal(plan->deferrals, expected->deferrals);
	assert_int_equal(plan->failures, expected->failures);
	assert_int_equal(plan->offers, expected->offers);
	assert_int_equal(plan->last_failure_ms, expected->last_failure_ms);
	assert_int_equal(plan->last_offer_ms, expected->last_offer_ms);
	assert_int_equal(plan->noticed_ms, expected->noticed_ms);
	assert_string_equal(plan->reasons, expected->reasons);
}

static void test_the_plan_comes_back(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment in = sample_deployment(1, &scene.device, &scene.release), out;
	in.plan = sample_plan();
	insert(f, &in);
	assert_true(deployment_store_get(&f->txn, f->arena, in.id, &out));
	assert_plan(&out.plan, &in.plan);
	in.plan.failures++;
	in.plan.promised_ms = 0;
	in.row_version = 1;
	deployment_store_update(&f->txn, &in, NULL);
	assert_true(deployment_store_get(&f->txn, f->arena, in.id, &out));
	assert_plan(&out.plan, &in.plan);
	commit(f);
}

static void test_reasons_stay_unless_new_ones_are_given(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment in = sample_deployment(1, &scene.device, &scene.release), out;
	in.plan = sample_plan();
	insert(f, &in);
	in.plan.reasons = NULL;
	in.row_version = 1;
	deployment_store_update(&f->txn, &in, NULL);
	assert_true(deployment_store_get(&f->txn, f->arena, in.id, &out));
	assert_string_equal(out.plan.reasons, "{\"mode\": \"because\"}");
	commit(f);
}

static void test_finds_what_is_to_be_looked_at(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment in = sample_deployment(1, &scene.device, &scene.release);
	struct unended *found;
	in.plan = sample_plan();
	insert(f, &in);
	assert_int_equal(deployment_store_to_look_at(&f->txn, f->arena, NOW_MS + 2, 10, &found), 0);
	assert_int_equal(deployment_store_to_look_at(&f->txn, f->arena, NOW_MS + 3, 10, &found), 1);
	assert_string_equal(found[0].endpoint, scene.device.endpoint);
	assert_plan(&found[0].deployment.plan, &in.plan);
	in.row_version = 1;
	in.plan.look_ms = 0;
	deployment_store_update(&f->txn, &in, NULL);
	assert_int_equal(
		deployment_store_to_look_at(&f->txn, f->arena, NOW_MS + 99, 10, &found), 0);
	commit(f);
}

/* The index holds an earlier time than the row by then. */
static void test_finds_what_was_moved_on_and_back(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment in = sample_deployment(1, &scene.device, &scene.release);
	struct unended *found;
	in.plan.look_ms = in.deadline_at_ms = NOW_MS + 10;
	insert(f, &in);
	in.row_version = 1;
	in.plan.look_ms = in.deadline_at_ms = NOW_MS + 1000;
	deployment_store_update(&f->txn, &in, NULL);
	for (int64_t now_ms = NOW_MS; now_ms < NOW_MS + 1000; now_ms += 111) {
		assert_int_equal(
			deployment_store_to_look_at(&f->txn, f->arena, now_ms, 10, &found), 0);
		assert_int_equal(
			deployment_store_overdue(&f->txn, f->arena, now_ms, 10, &found), 0);
	}
	in.row_version = 2;
	in.plan.look_ms = in.deadline_at_ms = NOW_MS + 500;
	deployment_store_update(&f->txn, &in, NULL);
	assert_int_equal(
		deployment_store_to_look_at(&f->txn, f->arena, NOW_MS + 500, 10, &found), 1);
	assert_int_equal(deployment_store_overdue(&f->txn, f->arena, NOW_MS + 500, 10, &found), 1);
	commit(f);
}

static void test_one_in_flight_for_a_device(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	const struct deployment first = sample_deployment(1, &scene.device, &scene.release);
	const struct deployment second = sample_deployment(2, &scene.device, &scene.other_release);
	insert(f, &first);
	commit(f);
	insert(f, &second);
	assert_int_equal(commit_status(f), SU_CONFLICT);
	assert_string_equal(f->txn.error.text, "another deployment of this device is in flight");
	assert_int_equal(counter_value(f, "deployments.planned"), 1);
}

static void test_refers_to_what_is_there(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	const struct release absent = sample_release(f, "absent", 9);
	const struct device nobody = { .id = 999999 };
	const struct deployment no_release = sample_deployment(1, &scene.device, &absent);
	const struct deployment no_device = sample_deployment(2, &nobody, &scene.release);
	insert(f, &no_release);
	assert_int_equal(commit_status(f), SU_NOT_FOUND);
	insert(f, &no_device);
	assert_int_equal(commit_status(f), SU_NOT_FOUND);
}

static void test_update_names_the_version_it_read(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment d = sample_deployment(1, &scene.device, &scene.release), out;
	const struct deployment_history step =
		sample_step(DEPLOYMENT_PLANNED, DEPLOYMENT_CANCELLED);
	insert(f, &d);
	commit(f);
	d.row_version = 1;
	d.state = DEPLOYMENT_CANCELLED;
	d.reason = "an operator said so";
	begin(f);
	deployment_store_update(&f->txn, &d, &step);
	commit(f);
	begin(f);
	deployment_store_update(&f->txn, &d, &step);
	assert_int_equal(commit_status(f), SU_STALE);
	begin(f);
	assert_false(deployment_store_active(&f->txn, f->arena, scene.device.id, &out));
	assert_true(deployment_store_latest(
		&f->txn, f->arena, scene.device.id, &scene.release.digest, &out));
	assert_false(deployment_store_latest(
		&f->txn, f->arena, scene.device.id, &scene.other_release.digest, &out));
	commit(f);
	assert_int_equal(counter_value(f, "deployments.planned"), 0);
	assert_int_equal(counter_value(f, "deployments.cancelled"), 1);
}

static void end_deployment(struct store_fixture *f, struct deployment *d)
{
	const struct deployment_history step = sample_step(d->state, DEPLOYMENT_FAILED);
	d->row_version = 1;
	d->state = DEPLOYMENT_FAILED;
	begin(f);
	deployment_store_update(&f->txn, d, &step);
	commit(f);
}

/* An id is made of the time of day, which may go back between two tries of one release. */
static void test_the_latest_is_the_one_made_last(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment first = sample_deployment(2, &scene.device, &scene.release), out;
	const struct deployment again = sample_deployment(1, &scene.device, &scene.release);
	const struct digest *const releases[] = { &scene.release.digest };
	const struct past_query query = { &scene.device.id, 1, releases, 1 };
	struct past_deployment *past;
	insert(f, &first);
	commit(f);
	end_deployment(f, &first);
	insert(f, &again);
	commit(f);
	begin(f);
	assert_true(deployment_store_latest(
		&f->txn, f->arena, scene.device.id, &scene.release.digest, &out));
	assert_int_equal(deployment_store_past(&f->txn, f->arena, &query, &past), 1);
	commit(f);
	assert_true(su_uuid_equal(out.id, again.id));
	assert_int_equal(past[0].state, again.state);
}

static void test_lists(void **state)
{
	USE_FIXTURE(f, state);
	const struct scene scene = make_scene(f);
	struct deployment *list;
	struct device_history *steps;
	struct deployment first = sample_deployment(1, &scene.device, &scene.release);
	const struct deployment second = sample_deployment(2, &scene.device, &scene.other_release);
	insert(f, &first);
	commit(f);
	end_deployment(f, &first);
	insert(f, &second);
	commit(f);
	begin(f);
	assert_int_equal(
		deployment_store_list(&f->txn, f->arena, scene.device.id, NULL, 9, &list), 2);
	assert_true(su_uuid_equal(list[0].id, second.id));
	assert_int_equal(
		deployment_store_list(&f->txn, f->arena, scene.device.id, &second.id, 9, &list), 1);
	assert_true(su_uuid_equal(list[0].id, first.id));
	const struct deployment_page page = { .limit = 9 };
	assert_int_equal(
		deployment_store_of_release(&f->txn, f->arena, &scene.release.digest, &page, &list),
		0);
	assert_int_equal(deployment_store_of_release(
				 &f->txn, f->arena, &scene.other_release.digest, &page, &list),
		1);
	const struct device_history_page newest = { .limit = 2 };
	assert_int_equal(deployment_store_device_history(
				 &f->txn, f->arena, scene.device.id, &newest, &steps),
		2);
	assert_true(su_uuid_equal(steps[0].deployment, second.id));
	assert_int_equal(steps[1].step.to, DEPLOYMENT_FAILED);
	const struct device_history_page rest = { .before = steps[1].id, .limit = 2 };
	assert_int_equal(
		deployment_store_device_history(&f->txn, f->arena, scene.device.id, &rest, &steps),
		1);
	assert_true(digest_equal(&steps[0].release, &scene.release.digest));
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_comes_back_as_it_went),
		STORE_TEST(test_the_plan_comes_back),
		STORE_TEST(test_reasons_stay_unless_new_ones_are_given),
		STORE_TEST(test_finds_what_is_to_be_looked_at),
		STORE_TEST(test_finds_what_was_moved_on_and_back),
		STORE_TEST(test_one_in_flight_for_a_device),
		STORE_TEST(test_refers_to_what_is_there),
		STORE_TEST(test_update_names_the_version_it_read),
		STORE_TEST(test_the_latest_is_the_one_made_last),
		STORE_TEST(test_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
