/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of deployments that are written in one round trip, and what becomes of them when one does not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "commit_fixture.h"
#include "store/device_store.h"

#define N_MOVERS 3

/* Devices a, b, c, each with a planned deployment; and what moves each of them on by a step. */
struct movers {
	struct device devices[N_MOVERS];
	struct deployment deployments[N_MOVERS];
	struct deployment_history steps[N_MOVERS];
	struct device_write writes[N_MOVERS];
};

static void prepare_movers(struct store_fixture *f, struct movers *m)
{
	static const char *const names[N_MOVERS] = { "a", "b", "c" };
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	for (unsigned i = 0; i < N_MOVERS; i++) {
		const struct device device = sample_device(names[i]);
		m->devices[i] = store_device(f, &device);
		m->deployments[i] = sample_deployment(i + 1, &m->devices[i], &release);
		const struct device_write first = { .device = &m->devices[i],
			.deployment = &m->deployments[i] };
		const struct committer_result result = commit_run_one(f, &first);
		assert_int_equal(result.status, SU_OK);
		m->deployments[i].row_version = result.deployment_row_version;
		m->steps[i] = sample_step(DEPLOYMENT_PLANNED, DEPLOYMENT_ACCEPTED);
		m->deployments[i].state = DEPLOYMENT_ACCEPTED;
		m->writes[i] = (struct device_write){ .device = &m->devices[i],
			.deployment = &m->deployments[i],
			.n_history = 1,
			.history = &m->steps[i] };
	}
}

static int64_t n_accepted(struct store_fixture *f)
{
	return count_rows(f,
		"SELECT count(*) FROM deployment AS d JOIN deployment_history AS h"
		" ON h.deployment_id = d.id WHERE d.state = h.to_state AND d.state = 'accepted'");
}

static void test_steps_of_several_devices_hold_together(void **state)
{
	USE_FIXTURE(f, state);
	struct movers m;
	struct committer_result results[N_MOVERS];
	prepare_movers(f, &m);
	m.writes[2].write_device = true;
	commit_run(f, m.writes, N_MOVERS, results);
	for (size_t i = 0; i < N_MOVERS; i++) {
		assert_int_equal(results[i].status, SU_OK);
		assert_int_equal(results[i].deployment_row_version, 2);
		assert_int_equal(results[i].device_row_version, i == 2 ? 2 : 1);
	}
	assert_int_equal(n_accepted(f), N_MOVERS);
	assert_int_equal(counter_value(f, "deployments.planned"), 0);
	assert_int_equal(counter_value(f, "deployments.accepted"), N_MOVERS);
	assert_int_equal(reload_device(f, "c").row_version, 2);
}

/* Whatever it is that does not hold, nothing of it is stored, and all of the others once. */
static void test_a_step_that_does_not_hold_fails_alone(void **state)
{
	USE_FIXTURE(f, state);
	struct movers m;
	struct committer_result results[N_MOVERS];
	prepare_movers(f, &m);
	m.devices[0].row_version = 7;
	m.deployments[1].row_version = 7;
	commit_run(f, m.writes, N_MOVERS, results);
	assert_int_equal(results[0].status, SU_CONFLICT);
	assert_int_equal(results[1].status, SU_CONFLICT);
	assert_int_equal(results[2].status, SU_OK);
	assert_int_equal(n_accepted(f), 1);
	assert_int_equal(counter_value(f, "deployments.planned"), 2);
	assert_int_equal(counter_value(f, "deployments.accepted"), 1);
	assert_int_equal(count_rows(f, "SELECT count(*) FROM deployment_history"), 1);
}

/* Somebody else has written it once, so it stands at the version that the step would have given it. */
static void test_a_step_that_another_one_has_taken_is_a_conflict(void **state)
{
	USE_FIXTURE(f, state);
	struct movers m;
	prepare_movers(f, &m);
	assert_int_equal(commit_run_one(f, &m.writes[0]).status, SU_OK);
	assert_int_equal(commit_run_one(f, &m.writes[0]).status, SU_CONFLICT);
	assert_int_equal(n_accepted(f), 1);
	assert_int_equal(counter_value(f, "deployments.accepted"), 1);
}

static void test_a_step_of_a_removed_device_is_counted_right(void **state)
{
	USE_FIXTURE(f, state);
	struct movers m;
	prepare_movers(f, &m);
	const struct device_write removal = { .device = &m.devices[0], .write_device = true };
	m.devices[0].removed_at_ms = NOW_MS;
	assert_int_equal(commit_run_one(f, &removal).status, SU_OK);
	assert_int_equal(counter_value(f, "devices"), N_MOVERS - 1);
	m.devices[0].removed_at_ms = 0;
	m.devices[0].row_version++;
	m.writes[0].write_device = true;
	assert_int_equal(commit_run_one(f, &m.writes[0]).status, SU_OK);
	assert_int_equal(counter_value(f, "devices"), N_MOVERS);
	assert_int_equal(n_accepted(f), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_steps_of_several_devices_hold_together),
		STORE_TEST(test_a_step_that_does_not_hold_fails_alone),
		STORE_TEST(test_a_step_that_another_one_has_taken_is_a_conflict),
		STORE_TEST(test_a_step_of_a_removed_device_is_counted_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
