/* SPDX-License-Identifier: Apache-2.0 */
/* Escalations and deadlines are counted with the steps that make them, whoever writes these. */
#include "store/deployment_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/commit_batch.h"
#include "store/deployment_store.h"
#include "store_fixture.h"

/* In flight since before, with a deadline. */
static struct deployment deployment_in_flight(struct store_fixture *f, struct device *device_out)
{
	const struct device given = sample_device("a");
	const struct release release = sample_release(f, "one", 1);
	const struct deployment_history first = sample_step(DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED);
	store_release(f, &release);
	*device_out = store_device(f, &given);
	struct deployment deployment = sample_deployment(1, device_out, &release);
	deployment.plan.due_ms = NOW_MS + 1000;
	begin(f);
	deployment_store_insert(&f->txn, &deployment, &first);
	commit(f);
	deployment.row_version = 1;
	return deployment;
}

static struct deployment_history move(
	struct deployment *deployment, enum deployment_state to, int64_t at_ms)
{
	struct deployment_history step = sample_step(deployment->state, to);
	step.at_ms = at_ms;
	step.event = "move";
	deployment->state = to;
	return step;
}

static void update(
	struct store_fixture *f, struct deployment *deployment, struct deployment_history step)
{
	begin(f);
	deployment_store_update(&f->txn, deployment, &step);
	commit(f);
	deployment->row_version++;
}

static void test_an_escalation(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	struct deployment_history step = sample_step(deployment.state, deployment.state);
	step.event = DEPLOYMENT_ESCALATES;
	deployment.mode = MODE_NEGOTIATED;
	update(f, &deployment, step);
	deployment.mode = MODE_SERVER;
	update(f, &deployment, step);
	assert_int_equal(counter_value(f, "escalations.negotiated"), 1);
	assert_int_equal(counter_value(f, "escalations.server"), 1);
	assert_int_equal(counter_value(f, "deployments.planned"), 1);
	assert_int_equal(counter_value(f, "deadlines.met"), 0);
}

static void test_a_deadline_that_is_met(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	update(f, &deployment, move(&deployment, DEPLOYMENT_OFFERED, NOW_MS));
	assert_int_equal(counter_value(f, "deadlines.met"), 0);
	update(f, &deployment, move(&deployment, DEPLOYMENT_CONFIRMED, NOW_MS + 1000));
	assert_int_equal(counter_value(f, "deadlines.met"), 1);
	assert_int_equal(counter_value(f, "deadlines.missed"), 0);
}

/* By the device plane, with several steps in one write. */
static void test_a_deadline_that_is_missed(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	const struct deployment_history steps[] = {
		move(&deployment, DEPLOYMENT_REBOOTING, NOW_MS + 1000),
		move(&deployment, DEPLOYMENT_CONFIRMED, NOW_MS + 1001),
	};
	const struct device_write write = {
		.device = &device, .deployment = &deployment, .n_history = 2, .history = steps
	};
	struct batch_item item = { .write = &write }, *items = &item;
	commit_batch_run(f->conn, "-", &items, 1);
	assert_int_equal(item.result.status, SU_OK);
	assert_int_equal(counter_value(f, "deadlines.missed"), 1);
	assert_int_equal(counter_value(f, "deadlines.met"), 0);
}

static void test_a_failure_is_no_success(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	update(f, &deployment, move(&deployment, DEPLOYMENT_FAILED, NOW_MS));
	assert_int_equal(counter_value(f, "deadlines.missed"), 1);
}

static void test_what_had_no_chance(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	update(f, &deployment, move(&deployment, DEPLOYMENT_CANCELLED, NOW_MS + 2000));
	assert_int_equal(counter_value(f, "deadlines.missed"), 0);
}

static void test_without_a_deadline(void **state)
{
	USE_FIXTURE(f, state);
	struct device device;
	struct deployment deployment = deployment_in_flight(f, &device);
	deployment.plan.due_ms = 0;
	update(f, &deployment, move(&deployment, DEPLOYMENT_CONFIRMED, NOW_MS + 2000));
	assert_int_equal(counter_value(f, "deadlines.met"), 0);
	assert_int_equal(counter_value(f, "deadlines.missed"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_an_escalation),
		STORE_TEST(test_a_deadline_that_is_met),
		STORE_TEST(test_a_deadline_that_is_missed),
		STORE_TEST(test_a_failure_is_no_success),
		STORE_TEST(test_what_had_no_chance),
		STORE_TEST(test_without_a_deadline),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
