/* SPDX-License-Identifier: Apache-2.0 */
/* After another policy has been saved, what is in flight becomes due, page by page and once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/deployment_store.h"
#include "store/policy_store.h"
#include "store/replan_store.h"
#include "store_fixture.h"

#define LATER_MS  (NOW_MS + 86400000)
#define SPREAD_MS 1000

static void deploy(struct store_fixture *f, unsigned n, enum deployment_state state)
{
	const struct release release = sample_release(f, "one", 1);
	const struct device new = sample_device(su_arena_printf(f->arena, "device-%u", n));
	const struct device device = store_device(f, &new);
	struct deployment deployment = sample_deployment(n, &device, &release);
	const struct deployment_history first = sample_step(DEPLOYMENT_PLANNED, state);
	deployment.state = state;
	deployment.plan.look_ms = LATER_MS;
	begin(f);
	deployment_store_insert(&f->txn, &deployment, &first);
	commit(f);
}

static void save_policy(struct store_fixture *f, int64_t version)
{
	const struct policy_record record = { version, "{}", "night shift", NOW_MS };
	begin(f);
	policy_store_insert(&f->txn, &record);
	commit(f);
}

static bool replan_page(struct store_fixture *f, size_t limit)
{
	const struct replan_page page = { NOW_MS, SPREAD_MS, limit };
	begin(f);
	bool found = replan_store_page(&f->txn, &page);
	commit(f);
	return found;
}

static struct deployment get(struct store_fixture *f, unsigned n)
{
	struct deployment deployment;
	begin(f);
	assert_true(deployment_store_get(&f->txn, f->arena, uuid_of(n), &deployment));
	commit(f);
	return deployment;
}

static size_t count_due(struct store_fixture *f)
{
	struct unended *due;
	begin(f);
	size_t n = deployment_store_to_look_at(&f->txn, f->arena, NOW_MS + SPREAD_MS, 100, &due);
	commit(f);
	return n;
}

static void test_page_by_page(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	for (unsigned i = 1; i <= 5; i++)
		deploy(f, i, DEPLOYMENT_OFFERED);
	assert_false(replan_page(f, 2));
	assert_int_equal(count_due(f), 0);
	save_policy(f, 1);
	assert_true(replan_page(f, 2));
	assert_int_equal(count_due(f), 2);
	assert_true(replan_page(f, 2));
	assert_true(replan_page(f, 2));
	assert_int_equal(count_due(f), 5);
	assert_false(replan_page(f, 2));
	assert_int_equal(get(f, 1).row_version, 2);
	/* Whoever decides is done with it; a message of the device is not enough. */
	const struct deployment first = get(f, 1);
	begin(f);
	deployment_store_update(&f->txn, &first, NULL);
	commit(f);
	assert_int_equal(count_due(f), 4);
}

static void test_another_policy_begins_again(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	for (unsigned i = 1; i <= 3; i++)
		deploy(f, i, DEPLOYMENT_PLANNED);
	save_policy(f, 1);
	assert_true(replan_page(f, 2));
	save_policy(f, 2);
	assert_true(replan_page(f, 5));
	assert_int_equal(get(f, 1).row_version, 3);
	assert_int_equal(get(f, 3).row_version, 2);
	assert_false(replan_page(f, 5));
}

static void test_what_installs_is_left_alone(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	deploy(f, 1, DEPLOYMENT_INSTALLING);
	deploy(f, 2, DEPLOYMENT_CONFIRMED);
	deploy(f, 3, DEPLOYMENT_DOWNLOADED);
	save_policy(f, 1);
	assert_true(replan_page(f, 5));
	assert_int_equal(count_due(f), 1);
	assert_int_equal(get(f, 3).row_version, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_page_by_page),
		STORE_TEST(test_another_policy_begins_again),
		STORE_TEST(test_what_installs_is_left_alone),
	};
	return cmocka_run_group_tests_name("replan_store", tests, NULL, NULL);
}
