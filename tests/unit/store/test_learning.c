/* SPDX-License-Identifier: Apache-2.0 */
/* What confirmed deployments teach: in the transaction that confirms them, and once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cluster.h"
#include "store/commit_batch.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/estimate_store.h"
#include "store_fixture.h"

#define SECOND_MS   INT64_C(1000)
#define IMAGE_BYTES 5

static const struct profile nothing_known;

/* What a deployment took. 0: it is not told. */
struct course {
	int64_t transfer_ms, install_ms;
};

static void put_history(struct store_fixture *f, const struct deployment *deployment,
	enum deployment_state from, enum deployment_state to, int64_t at_ms)
{
	struct deployment_history step = sample_step(from, to);
	struct deployment moved = *deployment;
	step.at_ms = at_ms;
	moved.state = to;
	begin(f);
	deployment_store_update(&f->txn, &moved, &step);
	commit(f);
}

static void go_through(struct store_fixture *f, struct deployment *deployment,
	const struct course *course, struct deployment_history *last)
{
	int64_t at_ms = NOW_MS;
	enum deployment_state state = DEPLOYMENT_OFFERED;
	if (course->transfer_ms) {
		put_history(f, deployment, state, DEPLOYMENT_DOWNLOADING, at_ms);
		deployment->row_version++;
		at_ms += course->transfer_ms;
		put_history(f, deployment, DEPLOYMENT_DOWNLOADING, DEPLOYMENT_DOWNLOADED, at_ms);
		deployment->row_version++;
		state = DEPLOYMENT_DOWNLOADED;
	}
	at_ms += 3600 * SECOND_MS; /* it waits until it is idle */
	if (course->install_ms) {
		put_history(f, deployment, state, DEPLOYMENT_INSTALLING, at_ms);
		deployment->row_version++;
		put_history(f, deployment, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING,
			at_ms + course->install_ms / 2);
		deployment->row_version++;
		at_ms += course->install_ms;
		state = DEPLOYMENT_REBOOTING;
	}
	*last = sample_step(state, DEPLOYMENT_CONFIRMED);
	last->at_ms = at_ms;
	deployment->state = DEPLOYMENT_CONFIRMED;
}

static unsigned count_devices(struct store_fixture *f)
{
	char line[32] = "";
	assert_true(cluster_sql(f->conninfo, "SELECT count(*) FROM device", line, sizeof(line)));
	return (unsigned)strtoul(line, NULL, 10);
}

#define MAX_COURSES 16

/* One device and deployment each, confirmed in one batch. */
static void confirm(struct store_fixture *f, const struct release *release,
	const struct course *courses, size_t n)
{
	unsigned number = count_devices(f);
	struct device devices[MAX_COURSES];
	struct deployment deployments[MAX_COURSES];
	struct deployment_history last[MAX_COURSES];
	struct device_write writes[MAX_COURSES];
	struct batch_item items[MAX_COURSES] = { 0 }, *pointers[MAX_COURSES];
	for (size_t i = 0; i < n; i++) {
		const struct device new =
			sample_device(su_arena_printf(f->arena, "device-%u", ++number));
		devices[i] = store_device(f, &new);
		deployments[i] = sample_deployment(1000 + number, &devices[i], release);
		const struct deployment_history first =
			sample_step(DEPLOYMENT_PLANNED, DEPLOYMENT_OFFERED);
		begin(f);
		deployment_store_insert(&f->txn, &deployments[i], &first);
		commit(f);
		deployments[i].row_version = 1;
		go_through(f, &deployments[i], &courses[i], &last[i]);
		writes[i] = (struct device_write){ .device = &devices[i],
			.deployment = &deployments[i],
			.n_history = 1,
			.history = &last[i] };
		items[i].write = &writes[i];
		pointers[i] = &items[i];
	}
	commit_batch_run(f->conn, "-", pointers, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(items[i].result.status, SU_OK);
}

static struct estimate learned(struct store_fixture *f)
{
	const struct device device = sample_device("any");
	begin(f);
	const struct estimate estimate = estimate_store_get(&f->txn, device.told.class_ids[0]);
	commit(f);
	return estimate;
}

static void test_a_class_is_learned(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	const struct course first[] = { { 10 * SECOND_MS, 40 * SECOND_MS },
		{ 10 * SECOND_MS, 40 * SECOND_MS } };
	store_release(f, &release);
	assert_int_equal(learned(f).n_transfers, 0);
	confirm(f, &release, first, 2);
	for (int i = 0; i < 20; i++)
		confirm(f, &release, first, 1);
	const struct estimate estimate = learned(f);
	assert_int_equal(estimate.n_transfers, 22);
	assert_int_equal(estimate.n_installs, 22);
	assert_in_range(estimate_transfer_ms(&estimate, &nothing_known, IMAGE_BYTES), 10000, 14000);
	assert_in_range(estimate_install_ms(&estimate, &nothing_known), 40000, 56000);
}

static void test_what_was_not_seen_teaches_nothing(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	const struct course courses[] = { { 0, 0 }, { 10 * SECOND_MS, 0 } };
	store_release(f, &release);
	confirm(f, &release, courses, 2);
	const struct estimate estimate = learned(f);
	assert_int_equal(estimate.n_transfers, 1);
	assert_int_equal(estimate.n_installs, 0);
}

static void test_a_second_confirmation_teaches_nothing(void **state)
{
	USE_FIXTURE(f, state);
	const struct release release = sample_release(f, "one", 1);
	const struct course course = { 10 * SECOND_MS, 40 * SECOND_MS };
	store_release(f, &release);
	confirm(f, &release, &course, 1);
	struct device device = { 0 };
	struct deployment *found;
	begin(f);
	device_store_get(&f->txn, f->arena, "device-1", &device);
	assert_int_equal(deployment_store_list(&f->txn, f->arena, device.id, NULL, 1, &found), 1);
	commit(f);
	const struct device_write write = { .device = &device, .deployment = found };
	struct batch_item item = { .write = &write }, *pointer = &item;
	commit_batch_run(f->conn, "-", &pointer, 1);
	assert_int_equal(item.result.status, SU_OK);
	assert_int_equal(learned(f).n_transfers, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_a_class_is_learned),
		STORE_TEST(test_what_was_not_seen_teaches_nothing),
		STORE_TEST(test_a_second_confirmation_teaches_nothing),
	};
	return cmocka_run_group_tests_name("learning", tests, NULL, NULL);
}
