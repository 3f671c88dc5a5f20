/* SPDX-License-Identifier: Apache-2.0 */
/* The sums over a release's deployments, and their pages. */
#include "store/release_plan_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/deployment_store.h"
#include "store/plan_job_store.h"
#include "store_fixture.h"

#define HOUR_MS INT64_C(3600000)

struct scene {
	struct release release, other_release;
	unsigned n_devices;
};

static struct scene make_scene(struct store_fixture *f)
{
	struct scene scene = { .release = sample_release(f, "one", 1),
		.other_release = sample_release(f, "two", 2) };
	store_release(f, &scene.release);
	store_release(f, &scene.other_release);
	return scene;
}

/* A deployment of release to a device of its own. */
static struct deployment deployment_of(
	struct store_fixture *f, struct scene *scene, enum deployment_state state)
{
	char endpoint[2] = { (char)('a' + scene->n_devices++), '\0' };
	const struct device given = sample_device(endpoint);
	const struct device device = store_device(f, &given);
	struct deployment deployment =
		sample_deployment(scene->n_devices, &device, &scene->release);
	deployment.state = state;
	return deployment;
}

static void insert(struct store_fixture *f, const struct deployment *deployment)
{
	const struct deployment_history step = sample_step(DEPLOYMENT_PLANNED, deployment->state);
	begin(f);
	deployment_store_insert(&f->txn, deployment, &step);
	commit(f);
}

static void insert_timed(struct store_fixture *f, struct scene *scene, enum deployment_state state,
	int64_t download_ms, int64_t install_ms)
{
	struct deployment deployment = deployment_of(f, scene, state);
	deployment.plan.download_ms = download_ms;
	deployment.plan.install_ms = install_ms;
	deployment.plan.due_ms = NOW_MS + HOUR_MS;
	insert(f, &deployment);
}

static void test_deployments_are_grouped(void **state)
{
	USE_FIXTURE(f, state);
	struct scene scene = make_scene(f);
	struct release_plan_group *groups;
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, NOW_MS + 5, NOW_MS + 9);
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, NOW_MS + 7, 0);
	insert_timed(f, &scene, DEPLOYMENT_CONFIRMED, 0, 0);
	struct deployment urgent = deployment_of(f, &scene, DEPLOYMENT_PLANNED);
	urgent.mode = MODE_SERVER;
	urgent.plan.urgency = URGENCY_HIGH;
	urgent.plan.due_ms = NOW_MS - 1;
	insert(f, &urgent);
	struct deployment of_another = deployment_of(f, &scene, DEPLOYMENT_PLANNED);
	of_another.release = scene.other_release.digest;
	insert(f, &of_another);
	begin(f);
	size_t n = release_plan_store_groups(
		&f->txn, f->arena, &scene.release.digest, NOW_MS, &groups);
	commit(f);
	assert_int_equal(n, 3);
	assert_int_equal(groups[0].state, DEPLOYMENT_CONFIRMED);
	assert_int_equal(groups[0].n, 1);
	assert_int_equal(groups[0].n_late + groups[0].n_untimed, 0);
	assert_int_equal(groups[1].state, DEPLOYMENT_PLANNED);
	assert_int_equal(groups[1].mode, MODE_CLIENT);
	assert_int_equal(groups[1].n, 2);
	assert_int_equal(groups[1].n_late, 0);
	assert_int_equal(groups[1].n_untimed, 1);
	assert_int_equal(groups[1].due_ms, NOW_MS + HOUR_MS);
	assert_int_equal(groups[1].changed_ms, NOW_MS);
	assert_int_equal(groups[1].begin_ms, NOW_MS + 9);
	assert_int_equal(groups[1].install_ms, NOW_MS + 9);
	assert_int_equal(groups[2].mode, MODE_SERVER);
	assert_int_equal(groups[2].urgency, URGENCY_HIGH);
	assert_int_equal(groups[2].n_late, 1);
	assert_int_equal(groups[2].install_ms, 0);
}

static void test_what_is_to_come_is_counted_in_spans(void **state)
{
	USE_FIXTURE(f, state);
	struct scene scene = make_scene(f);
	struct release_plan_span *spans;
	const int64_t hour = NOW_MS / HOUR_MS * HOUR_MS;
	/* Overdue, and begun: only what has not begun counts. */
	insert_timed(f, &scene, DEPLOYMENT_OFFERED, NOW_MS - 30 * HOUR_MS, hour + 3 * HOUR_MS);
	insert_timed(f, &scene, DEPLOYMENT_DOWNLOADING, NOW_MS - HOUR_MS, hour + 3 * HOUR_MS + 1);
	insert_timed(f, &scene, DEPLOYMENT_INSTALLING, NOW_MS - HOUR_MS, NOW_MS - 1);
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, hour + 2 * HOUR_MS, 0);
	insert_timed(f, &scene, DEPLOYMENT_CANCELLED, hour + 5 * HOUR_MS, hour + 5 * HOUR_MS);
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, 0, 0);
	const struct release_plan_range range = { &scene.release.digest, NOW_MS, HOUR_MS };
	begin(f);
	size_t n = release_plan_store_spans(&f->txn, f->arena, &range, &spans);
	commit(f);
	assert_int_equal(n, 3);
	assert_int_equal(spans[0].begin_ms, hour);
	assert_int_equal(spans[0].n_downloads, 1);
	assert_int_equal(spans[0].n_installs, 0);
	assert_int_equal(spans[1].begin_ms, hour + 2 * HOUR_MS);
	assert_int_equal(spans[1].n_downloads, 1);
	assert_int_equal(spans[2].begin_ms, hour + 3 * HOUR_MS);
	assert_int_equal(spans[2].n_downloads, 0);
	assert_int_equal(spans[2].n_installs, 2);
}

static void test_a_job_is_seen(void **state)
{
	USE_FIXTURE(f, state);
	struct scene scene = make_scene(f);
	begin(f);
	plan_job_store_add(&f->txn, &scene.release.digest, NOW_MS);
	assert_true(release_plan_store_is_under_way(&f->txn, &scene.release.digest));
	assert_false(release_plan_store_is_under_way(&f->txn, &scene.other_release.digest));
	commit(f);
}

static void test_pages(void **state)
{
	USE_FIXTURE(f, state);
	struct scene scene = make_scene(f);
	struct unended *found;
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, 0, 0);
	insert_timed(f, &scene, DEPLOYMENT_FAILED, 0, 0);
	insert_timed(f, &scene, DEPLOYMENT_PLANNED, 0, 0);
	struct release_page page = { .limit = 2 };
	begin(f);
	assert_int_equal(deployment_store_page_of_release(
				 &f->txn, f->arena, &scene.release.digest, &page, &found),
		2);
	assert_string_equal(found[0].endpoint, "a");
	assert_int_equal(found[1].deployment.state, DEPLOYMENT_FAILED);
	const struct su_uuid last = found[1].deployment.id;
	page.after = &last;
	assert_int_equal(deployment_store_page_of_release(
				 &f->txn, f->arena, &scene.release.digest, &page, &found),
		1);
	assert_string_equal(found[0].endpoint, "c");
	const enum deployment_state failed = DEPLOYMENT_FAILED;
	page = (struct release_page){ .state = &failed, .limit = 9 };
	assert_int_equal(deployment_store_page_of_release(
				 &f->txn, f->arena, &scene.release.digest, &page, &found),
		1);
	assert_string_equal(found[0].endpoint, "b");
	assert_int_equal(deployment_store_page_of_release(
				 &f->txn, f->arena, &scene.other_release.digest, &page, &found),
		0);
	commit(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_deployments_are_grouped),
		STORE_TEST(test_what_is_to_come_is_counted_in_spans),
		STORE_TEST(test_a_job_is_seen),
		STORE_TEST(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
