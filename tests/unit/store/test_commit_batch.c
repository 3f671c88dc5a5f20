/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of device writes: who fails, who does not, and what is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "base/memory.h"
#include "cluster.h"
#include "commit_fixture.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/provision_store.h"

static void test_inserts_and_updates_together(void **state)
{
	USE_FIXTURE(f, state);
	const struct device b = sample_device("b"), a = sample_device("a");
	struct device known = store_device(f, &b);
	struct committer_result results[2];
	known.address = "10.0.0.1:5683";
	known.told.model = "M1";
	const struct device_write writes[] = { { .device = &known, .write_device = true },
		{ .device = &a, .write_components = true } };
	commit_run(f, writes, 2, results);
	assert_int_equal(results[0].status, SU_OK);
	assert_int_equal(results[0].device_row_version, 2);
	assert_int_equal(results[1].status, SU_OK);
	assert_true(results[1].device_id > 0);
	assert_int_equal(results[1].device_row_version, 1);
	assert_string_equal(reload_device(f, "b").address, "10.0.0.1:5683");
	assert_string_equal(reload_device(f, "b").told.model, "M1");
	assert_int_equal(reload_device(f, "b").row_version, 2);
	assert_int_equal(reload_device(f, "a").id, results[1].device_id);
	assert_int_equal(counter_value(f, "devices"), 2);
}

static void test_stale_writes_fail_alone(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a"), b = sample_device("b");
	struct device fresh = store_device(f, &a), stale = store_device(f, &b);
	struct committer_result results[3];
	stale.row_version = 7;
	const struct device again = sample_device("a");
	fresh.told.site = "north";
	const struct device_write writes[] = { { .device = &stale, .write_device = true },
		{ .device = &again }, { .device = &fresh, .write_device = true } };
	commit_run(f, writes, 3, results);
	assert_int_equal(results[0].status, SU_CONFLICT);
	assert_int_equal(results[1].status, SU_CONFLICT);
	assert_int_equal(results[2].status, SU_OK);
	assert_int_equal(reload_device(f, "b").row_version, 1);
	assert_int_equal(counter_value(f, "devices"), 2);
}

static void test_a_device_that_vanished_is_a_conflict(void **state)
{
	USE_FIXTURE(f, state);
	struct device ghost = sample_device("ghost");
	ghost.id = 424242;
	ghost.row_version = 1;
	const struct device_write write = { .device = &ghost, .write_device = true };
	assert_int_equal(commit_run_one(f, &write).status, SU_CONFLICT);
}

/* The mode was settled without what is laid down by now: to be loaded and settled again. */
static void test_a_newcomer_must_know_its_provision(void **state)
{
	USE_FIXTURE(f, state);
	struct provision_record record = {
		.endpoint = "a", .changed_at_ms = NOW_MS, .changed_by = "ops"
	};
	struct device a = sample_device("a");
	const struct device b = sample_device("b");
	struct committer_result results[2];
	begin(f);
	provision_store_put(&f->txn, &record);
	commit(f);
	const struct device_write writes[] = { { .device = &a }, { .device = &b } };
	commit_run(f, writes, 2, results);
	assert_int_equal(results[0].status, SU_CONFLICT);
	assert_int_equal(results[1].status, SU_OK);
	a.provision.row_version = record.provision.row_version - 1;
	assert_int_equal(commit_run_one(f, &writes[0]).status, SU_CONFLICT);
	a.provision.row_version = record.provision.row_version;
	assert_int_equal(commit_run_one(f, &writes[0]).status, SU_OK);
	assert_int_equal(count_rows(f, "SELECT count(*) FROM device"), 2);
}

static void test_removal_is_counted(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a");
	struct device device = store_device(f, &a);
	const struct device_write write = { .device = &device, .write_device = true };
	device.removed_at_ms = NOW_MS;
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	assert_int_equal(counter_value(f, "devices"), 0);
	device.row_version = 2;
	device.removed_at_ms = 0;
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	assert_int_equal(counter_value(f, "devices"), 1);
}

static void test_components_are_replaced(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a"), b = sample_device("b");
	struct device device = store_device(f, &a);
	const struct device_write write = { .device = &device, .write_components = true };
	store_device(f, &b);
	device.told.n_components = 2;
	device.told.components[0].id.encoded = su_span_of("\x81\x41\x01", 3);
	device.told.components[1] = (struct installed_component){
		.id = { su_span_of("\x81\x41\x02", 3) }, .has_slot = true, .active_slot = 1
	};
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	const struct device out = reload_device(f, "a");
	assert_int_equal(out.told.n_components, 2);
	assert_int_equal(out.told.components[0].id.encoded.data[2], 1);
	assert_false(digest_is_set(&out.told.components[1].digest));
	assert_int_equal(out.told.components[1].version.n_parts, 0);
	assert_true(out.told.components[1].has_slot);
	device.told.n_components = 0;
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	assert_int_equal(reload_device(f, "a").told.n_components, 0);
	assert_int_equal(reload_device(f, "b").told.n_components, 1);
}

static struct committer_result move(struct store_fixture *f, const struct device *device,
	struct deployment *d, enum deployment_state to)
{
	const struct deployment_history step = sample_step(d->state, to);
	const struct device_write write = {
		.device = device, .deployment = d, .n_history = 1, .history = &step
	};
	d->state = to;
	struct committer_result result = commit_run_one(f, &write);
	d->row_version = result.deployment_row_version;
	return result;
}

static void test_a_deployment_moves(void **state)
{
	USE_FIXTURE(f, state);
	struct deployment out;
	struct deployment_history *history;
	const struct device a = sample_device("a");
	const struct device device = store_device(f, &a);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	struct deployment d = sample_deployment(1, &device, &release);
	d.plan = (struct deployment_plan){ .urgency = URGENCY_HIGH,
		.look_ms = NOW_MS + 1,
		.download_ms = NOW_MS + 2,
		.failures = 3,
		.reasons = "{}" };
	assert_int_equal(move(f, &device, &d, DEPLOYMENT_OFFERED).deployment_row_version, 1);
	d.plan.reasons = NULL;
	d.plan.failures = 4;
	assert_int_equal(counter_value(f, "deployments.offered"), 1);
	d.progress_bytes = 100;
	assert_int_equal(move(f, &device, &d, DEPLOYMENT_DOWNLOADING).deployment_row_version, 2);
	d.row_version = 1;
	assert_int_equal(move(f, &device, &d, DEPLOYMENT_FAILED).status, SU_CONFLICT);
	begin(f);
	assert_true(deployment_store_get(&f->txn, f->arena, d.id, &out));
	assert_int_equal(out.plan.urgency, URGENCY_HIGH);
	assert_int_equal(out.plan.look_ms, NOW_MS + 1);
	assert_int_equal(out.plan.download_ms, NOW_MS + 2);
	assert_int_equal(out.plan.failures, 4);
	assert_string_equal(out.plan.reasons, "{}"); /* kept, as none were given */
	assert_int_equal(deployment_store_history(&f->txn, f->arena, d.id, &history), 2);
	commit(f);
	assert_int_equal(out.state, DEPLOYMENT_DOWNLOADING);
	assert_int_equal(out.progress_bytes, 100);
	assert_int_equal(history[1].from, DEPLOYMENT_OFFERED);
	assert_int_equal(counter_value(f, "deployments.offered"), 0);
	assert_int_equal(counter_value(f, "deployments.downloading"), 1);
	assert_int_equal(counter_value(f, "deployments.failed"), 0);
	/* The device's row was looked at, not written. */
	assert_int_equal(reload_device(f, "a").row_version, 1);
}

static void test_a_second_deployment_in_flight_is_a_conflict(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a");
	struct device device = store_device(f, &a);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	struct deployment first = sample_deployment(1, &device, &release);
	struct deployment second = sample_deployment(2, &device, &release);
	assert_int_equal(move(f, &device, &first, DEPLOYMENT_OFFERED).status, SU_OK);
	device.address = "elsewhere";
	const struct device_write write = {
		.device = &device, .write_device = true, .deployment = &second
	};
	assert_int_equal(commit_run_one(f, &write).status, SU_CONFLICT);
	/* All or nothing: the device has not changed either. */
	assert_string_equal(reload_device(f, "a").address, "[::1]:5683");
	assert_int_equal(move(f, &device, &first, DEPLOYMENT_CONFIRMED).status, SU_OK);
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
}

/* Another process planned it, too, and the one of that process has ended since. */
static void test_what_ended_meanwhile_is_not_planned_again(void **state)
{
	static const struct {
		enum deployment_state end;
		enum su_status again;
	} table[] = {
		{ DEPLOYMENT_CANCELLED, SU_CONFLICT }, { DEPLOYMENT_FAILED, SU_CONFLICT },
		{ DEPLOYMENT_REJECTED, SU_CONFLICT },
		{ DEPLOYMENT_SUPERSEDED, SU_OK }, /* what took its place may be withdrawn */
	};
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a");
	const struct device device = store_device(f, &a);
	const struct release one = sample_release(f, "one", 1), two = sample_release(f, "two", 2);
	store_release(f, &one);
	store_release(f, &two);
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct deployment first = sample_deployment(10 * i + 1, &device, &one);
		struct deployment other = sample_deployment(10 * i + 2, &device, &two);
		struct deployment again = sample_deployment(10 * i + 3, &device, &one);
		assert_true(cluster_sql(f->conninfo, "TRUNCATE deployment CASCADE", NULL, 0));
		assert_int_equal(move(f, &device, &first, DEPLOYMENT_OFFERED).status, SU_OK);
		assert_int_equal(move(f, &device, &first, table[i].end).status, SU_OK);
		assert_int_equal(
			move(f, &device, &again, DEPLOYMENT_OFFERED).status, table[i].again);
		if (table[i].again != SU_OK)
			assert_int_equal(
				move(f, &device, &other, DEPLOYMENT_OFFERED).status, SU_OK);
	}
}

/* Which one was the last is not told by the ids, that follow the clock. */
static void test_the_clock_was_set_back_before_it_ended(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a");
	const struct device device = store_device(f, &a);
	const struct release one = sample_release(f, "one", 1);
	store_release(f, &one);
	struct deployment first = sample_deployment(3, &device, &one);
	struct deployment last = sample_deployment(2, &device, &one);
	struct deployment again = sample_deployment(1, &device, &one);
	assert_int_equal(move(f, &device, &first, DEPLOYMENT_OFFERED).status, SU_OK);
	assert_int_equal(move(f, &device, &first, DEPLOYMENT_SUPERSEDED).status, SU_OK);
	assert_int_equal(move(f, &device, &last, DEPLOYMENT_OFFERED).status, SU_OK);
	assert_int_equal(move(f, &device, &last, DEPLOYMENT_CANCELLED).status, SU_OK);
	assert_int_equal(move(f, &device, &again, DEPLOYMENT_OFFERED).status, SU_CONFLICT);
}

static void test_a_new_device_with_its_first_deployment(void **state)
{
	USE_FIXTURE(f, state);
	struct deployment out;
	const struct device device = sample_device("a");
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	const struct deployment d = sample_deployment(1, &device, &release);
	const struct device_write write = { .device = &device, .deployment = &d };
	const struct committer_result result = commit_run_one(f, &write);
	assert_int_equal(result.status, SU_OK);
	begin(f);
	assert_true(deployment_store_active(&f->txn, f->arena, result.device_id, &out));
	commit(f);
	assert_true(su_uuid_equal(out.id, d.id));
}

static void test_a_deployment_of_another_device_is_a_conflict(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a"), b = sample_device("b");
	const struct device owner = store_device(f, &a), thief = store_device(f, &b);
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	struct deployment d = sample_deployment(1, &owner, &release);
	assert_int_equal(move(f, &owner, &d, DEPLOYMENT_OFFERED).status, SU_OK);
	assert_int_equal(move(f, &thief, &d, DEPLOYMENT_FAILED).status, SU_CONFLICT);
	assert_int_equal(counter_value(f, "deployments.offered"), 1);
}

static void test_reports_are_stored_once(void **state)
{
	USE_FIXTURE(f, state);
	const struct device a = sample_device("a");
	const struct device device = store_device(f, &a);
	const struct report_row report = { .id = uuid_of(9),
		.received_at_ms = NOW_MS,
		.payload = su_span_of("\xa0\0\xff", 3),
		.authentication = "channel",
		.success = true };
	const struct device_write write = { .device = &device, .report = &report };
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	assert_int_equal(commit_run_one(f, &write).status, SU_OK);
	assert_int_equal(
		count_rows(f, "SELECT count(*) FROM report WHERE payload = '\\xa000ff'"), 1);
	assert_int_equal(counter_value(f, "reports.success"), 1);
}

static void test_a_poisonous_write_fails_alone(void **state)
{
	USE_FIXTURE(f, state);
	struct device devices[20];
	struct device_write writes[20] = { 0 };
	struct committer_result results[20];
	char names[20][8];
	const struct release absent = sample_release(f, "absent", 1);
	struct deployment nowhere = sample_deployment(1, &devices[11], &absent);
	for (size_t i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), "d%zu", i);
		devices[i] = sample_device(names[i]);
		writes[i].device = &devices[i];
	}
	devices[3].address = "\xff not UTF-8";
	devices[7].told.battery_mwh = UINT64_MAX;
	writes[11].deployment = &nowhere;
	devices[15].told.n_components = 2; /* the same one twice */
	devices[15].told.components[1] = devices[15].told.components[0];
	writes[15].write_components = true;
	commit_run(f, writes, 20, results);
	for (size_t i = 0; i < 20; i++) {
		bool bad = i == 3 || i == 7 || i == 11 || i == 15;
		assert_int_equal(results[i].status, bad ? SU_INVALID : SU_OK);
		assert_int_equal(reload_device(f, names[i]).id, bad ? 0 : results[i].device_id);
	}
	assert_int_equal(counter_value(f, "devices"), 16);
}

#define SHARED_DEVICES 30
#define ROUNDS         40

struct writer {
	pthread_t thread;
	struct store_fixture f;
	bool backwards;
	size_t n_ok, n_conflict, n_other;
};

/* Reads all devices and writes them all; the other writer does the same from the other end. */
static void write_all_once(struct writer *w)
{
	struct device *devices;
	struct device_write writes[SHARED_DEVICES];
	struct committer_result results[SHARED_DEVICES];
	begin(&w->f);
	size_t n = device_store_list(
		&w->f.txn, w->f.arena, &(struct device_query){ .limit = SHARED_DEVICES }, &devices);
	commit(&w->f);
	assert_int_equal(n, SHARED_DEVICES);
	for (size_t i = 0; i < n; i++)
		writes[w->backwards ? n - 1 - i : i] =
			(struct device_write){ .device = &devices[i], .write_device = true };
	commit_run(&w->f, writes, n, results);
	for (size_t i = 0; i < n; i++) {
		w->n_ok += results[i].status == SU_OK;
		w->n_conflict += results[i].status == SU_CONFLICT;
		w->n_other += results[i].status != SU_OK && results[i].status != SU_CONFLICT;
	}
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	w->f.conn = store_conn_new(w->f.conninfo);
	w->f.arena = su_arena_new();
	for (int i = 0; i < ROUNDS; i++)
		write_all_once(w);
	store_conn_free(&w->f.conn);
	su_arena_free(&w->f.arena);
	return NULL;
}

static void test_two_processes_never_wait_crosswise(void **state)
{
	USE_FIXTURE(f, state);
	struct writer writers[2] = { { .backwards = false }, { .backwards = true } };
	for (size_t i = 0; i < SHARED_DEVICES; i++) {
		char name[32];
		snprintf(name, sizeof(name), "d%zu", i);
		const struct device device = sample_device(name);
		store_device(f, &device);
	}
	int64_t versions = count_rows(f, "SELECT sum(row_version) FROM device");
	for (size_t i = 0; i < 2; i++) {
		writers[i].f.conninfo = f->conninfo;
		assert_int_equal(
			pthread_create(&writers[i].thread, NULL, write_all, &writers[i]), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].n_other, 0);
		assert_int_equal(writers[i].n_ok + writers[i].n_conflict, SHARED_DEVICES * ROUNDS);
	}
	/* Each success raised one version: none was lost between the two. */
	assert_int_equal(count_rows(f, "SELECT sum(row_version) FROM device") - versions,
		writers[0].n_ok + writers[1].n_ok);
	assert_int_equal(count_rows(f, "SELECT deadlocks FROM pg_stat_database "
				       "WHERE datname = current_database()"),
		0);
}

static void test_database_away(void **state)
{
	(void)state;
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new("host=/nonexistent");
	const struct device a = sample_device("a"), b = sample_device("b");
	const struct device_write writes[] = { { .device = &a }, { .device = &b } };
	struct batch_item items[] = { { .write = &writes[0] }, { .write = &writes[1] } };
	struct batch_item *pointers[] = { &items[0], &items[1] };
	commit_batch_run(conn, "-", pointers, 2);
	assert_int_equal(items[0].result.status, SU_RETRY);
	assert_int_equal(items[1].result.status, SU_RETRY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_inserts_and_updates_together),
		STORE_TEST(test_stale_writes_fail_alone),
		STORE_TEST(test_a_device_that_vanished_is_a_conflict),
		STORE_TEST(test_a_newcomer_must_know_its_provision),
		STORE_TEST(test_removal_is_counted),
		STORE_TEST(test_components_are_replaced),
		STORE_TEST(test_a_deployment_moves),
		STORE_TEST(test_a_second_deployment_in_flight_is_a_conflict),
		STORE_TEST(test_what_ended_meanwhile_is_not_planned_again),
		STORE_TEST(test_the_clock_was_set_back_before_it_ended),
		STORE_TEST(test_a_new_device_with_its_first_deployment),
		STORE_TEST(test_a_deployment_of_another_device_is_a_conflict),
		STORE_TEST(test_reports_are_stored_once),
		STORE_TEST(test_a_poisonous_write_fails_alone),
		STORE_TEST(test_two_processes_never_wait_crosswise),
		cmocka_unit_test(test_database_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
