/* SPDX-License-Identifier: Apache-2.0 */
/* The components of deployments, as management writes them and replies show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/component_progress_store.h"
#include "store/deployment_store.h"
#include "store_fixture.h"

#define RADIO su_span_str("\x81\x45radio")
#define APP                                                                                        \
	su_span_str("\x81\x43"                                                                     \
		    "app")

static struct su_uuid deployed(struct store_fixture *f)
{
	const struct device device = sample_device("a");
	const struct release release = sample_release(f, "one", 1);
	const struct deployment_history step = sample_step(DEPLOYMENT_PLANNED, DEPLOYMENT_PLANNED);
	store_release(f, &release);
	const struct device stored = store_device(f, &device);
	const struct deployment deployment = sample_deployment(1, &stored, &release);
	begin(f);
	deployment_store_insert(&f->txn, &deployment, &step);
	commit(f);
	return deployment.id;
}

static size_t list(
	struct store_fixture *f, struct su_uuid deployment, struct followed_component **out)
{
	begin(f);
	size_t n = component_progress_store_list(&f->txn, f->arena, &deployment, 1, out);
	commit(f);
	return n;
}

static void put(struct store_fixture *f, struct su_uuid deployment,
	const struct component_progress *rows, size_t n)
{
	begin(f);
	component_progress_store_put(&f->txn, deployment, rows, n);
	commit(f);
}

static void test_comes_back_in_order(void **state)
{
	USE_FIXTURE(f, state);
	const struct su_uuid id = deployed(f);
	const struct digest wanted[] = { digest_of("slot a"), digest_of("slot b") };
	const struct component_progress rows[] = {
		{ .id.encoded = RADIO,
			.ordinal = 1,
			.n_wanted = 1,
			.wanted = wanted,
			.changed_at_ms = NOW_MS },
		{ .id.encoded = APP,
			.n_wanted = 2,
			.wanted = wanted,
			.reported = wanted[1],
			.state = COMPONENT_CONFIRMED,
			.changed_at_ms = NOW_MS },
	};
	struct followed_component *found;
	assert_int_equal(list(f, id, &found), 0);
	put(f, id, rows, 2);
	assert_int_equal(list(f, id, &found), 2);
	const struct component_progress *app = &found[0].progress, *radio = &found[1].progress;
	assert_true(su_uuid_equal(found[0].deployment, id));
	assert_true(su_span_equal(app->id.encoded, APP));
	assert_int_equal(app->n_wanted, 2);
	assert_true(digest_equal(&app->wanted[0], &wanted[0]));
	assert_true(digest_equal(&app->wanted[1], &wanted[1]));
	assert_true(digest_equal(&app->reported, &wanted[1]));
	assert_int_equal(app->state, COMPONENT_CONFIRMED);
	assert_int_equal(app->changed_at_ms, NOW_MS);
	assert_null(app->detail);
	assert_true(su_span_equal(radio->id.encoded, RADIO));
	assert_false(digest_is_set(&radio->reported));
	assert_int_equal(radio->state, COMPONENT_PENDING);
}

/* What has not changed keeps its time, and what is not named stays. */
static void test_changes_one_by_one(void **state)
{
	USE_FIXTURE(f, state);
	const struct su_uuid id = deployed(f);
	const struct digest wanted = digest_of("new");
	struct component_progress rows[] = {
		{ .id.encoded = RADIO, .n_wanted = 1, .wanted = &wanted, .changed_at_ms = NOW_MS },
		{ .id.encoded = APP,
			.ordinal = 1,
			.n_wanted = 1,
			.wanted = &wanted,
			.changed_at_ms = NOW_MS },
	};
	struct followed_component *found;
	put(f, id, rows, 2);
	rows[0].changed_at_ms = NOW_MS + 1;
	put(f, id, rows, 1);
	rows[1].state = COMPONENT_FAILED;
	rows[1].detail = "flash is worn out";
	rows[1].changed_at_ms = NOW_MS + 2;
	put(f, id, &rows[1], 1);
	assert_int_equal(list(f, id, &found), 2);
	assert_int_equal(found[0].progress.changed_at_ms, NOW_MS);
	assert_int_equal(found[1].progress.changed_at_ms, NOW_MS + 2);
	assert_int_equal(found[1].progress.state, COMPONENT_FAILED);
	assert_string_equal(found[1].progress.detail, "flash is worn out");
}

static void test_belongs_to_a_deployment(void **state)
{
	USE_FIXTURE(f, state);
	const struct digest wanted = digest_of("new");
	const struct component_progress row = {
		.id.encoded = RADIO, .n_wanted = 1, .wanted = &wanted, .changed_at_ms = NOW_MS
	};
	begin(f);
	component_progress_store_put(&f->txn, uuid_of(99), &row, 1);
	assert_int_not_equal(commit_status(f), SU_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_comes_back_in_order),
		STORE_TEST(test_changes_one_by_one),
		STORE_TEST(test_belongs_to_a_deployment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
