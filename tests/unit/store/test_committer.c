/* SPDX-License-Identifier: Apache-2.0 */
/* The committer's queue: order, bounds, a database that is crashed and comes back. */
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
#include "store/committer.h"
#include "store/device_store.h"
#include "store/migrate.h"
#include "store_fixture.h"

struct stage {
	struct su_loop *loop;
	struct committer *committer;
	size_t n_done, n_ok, n_retry, n_uncertain, n_other;
	size_t wait_for; /* the loop stops when so many are done */
};

static void stage_open(struct stage *s, const char *conninfo, size_t max_queued, size_t max_batch)
{
	*s = (struct stage){ .loop = su_loop_new() };
	const struct committer_opts opts = { .loop = s->loop,
		.conninfo = conninfo,
		.max_queued = max_queued,
		.max_batch = max_batch };
	assert_int_equal(committer_start(&opts, &s->committer, NULL), SU_OK);
}

static void stage_close(struct stage *s)
{
	committer_stop(&s->committer);
	su_loop_free(&s->loop);
}

static void on_done(void *arg, const struct committer_result *result)
{
	struct stage *s = arg;
	s->n_ok += result->status == SU_OK;
	s->n_retry += result->status == SU_RETRY;
	s->n_uncertain += result->status == SU_UNCERTAIN;
	s->n_other += result->status != SU_OK && result->status != SU_RETRY &&
		      result->status != SU_UNCERTAIN;
	if (++s->n_done == s->wait_for)
		su_loop_stop(s->loop);
}

static void wait_until_done(struct stage *s, size_t n)
{
	s->wait_for = n;
	if (s->n_done < n)
		su_loop_run(s->loop);
	assert_true(s->n_done >= n);
}

/* Devices that are written, with names that outlive the writes. */
struct fleet {
	char (*names)[32];
	struct device *devices;
	struct device_write *writes;
};

static struct fleet make_fleet(struct su_arena *arena, size_t n)
{
	struct fleet fleet = { .names = su_arena_array(arena, n, sizeof(*fleet.names)),
		.devices = su_arena_array(arena, n, sizeof(*fleet.devices)),
		.writes = su_arena_array(arena, n, sizeof(*fleet.writes)) };
	for (size_t i = 0; i < n; i++) {
		snprintf(fleet.names[i], sizeof(fleet.names[i]), "device-%zu", i);
		fleet.devices[i] = sample_device(fleet.names[i]);
		fleet.writes[i] = (struct device_write){ .device = &fleet.devices[i],
			.write_components = true };
	}
	return fleet;
}

static void test_many_writes_in_few_batches(void **state)
{
	USE_FIXTURE(f, state);
	struct stage s;
	const struct fleet fleet = make_fleet(f->arena, 1000);
	stage_open(&s, f->conninfo, 1000, 300);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(
			committer_submit(s.committer, &fleet.writes[i], on_done, &s, NULL), SU_OK);
	struct su_error err = { 0 };
	assert_int_equal(
		committer_submit(s.committer, &fleet.writes[0], on_done, &s, &err), SU_BUSY);
	wait_until_done(&s, 1000);
	assert_int_equal(s.n_ok, 1000);
	assert_false(committer_database_away(s.committer));
	stage_close(&s);
	assert_int_equal(counter_value(f, "devices"), 1000);
}

struct chain {
	struct stage *stage;
	const char *order[8];
	size_t n;
};

struct link {
	struct chain *chain;
	const char *name;
	enum su_status status;
};

static void on_link(void *arg, const struct committer_result *result)
{
	struct link *link = arg;
	link->status = result->status;
	link->chain->order[link->chain->n++] = link->name;
	on_done(link->chain->stage, result);
}

static void test_writes_of_one_device_keep_their_order(void **state)
{
	USE_FIXTURE(f, state);
	struct stage s;
	struct chain chain = { .stage = &s };
	struct link links[] = { { &chain, "insert", SU_BUG }, { &chain, "first", SU_BUG },
		{ &chain, "second", SU_BUG }, { &chain, "other", SU_BUG } };
	const struct device before = sample_device("a"), new = sample_device("b");
	struct device first = store_device(f, &before), second = first;
	const struct device other = sample_device("c");
	first.address = "first";
	second.address = "second";
	second.row_version = 2;
	const struct device_write writes[] = { { .device = &new },
		{ .device = &first, .write_device = true },
		{ .device = &second, .write_device = true }, { .device = &other } };
	stage_open(&s, f->conninfo, 10, 10);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
			committer_submit(s.committer, &writes[i], on_link, &links[i], NULL), SU_OK);
	wait_until_done(&s, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(links[i].status, SU_OK);
	assert_string_equal(chain.order[3], "second");
	stage_close(&s);
	struct device out;
	begin(f);
	assert_true(device_store_get(&f->txn, f->arena, "a", &out));
	commit(f);
	assert_string_equal(out.address, "second");
	assert_int_equal(out.row_version, 3);
}

/* What is held up by others, as by a long transaction, holds up only what must come after it. */
static void test_a_batch_that_waits_lets_others_pass(void **state)
{
	USE_FIXTURE(f, state);
	struct stage s;
	struct chain chain = { .stage = &s };
	struct link links[] = { { &chain, "first", SU_BUG }, { &chain, "held", SU_BUG },
		{ &chain, "after it", SU_BUG }, { &chain, "other", SU_BUG } };
	const struct device before = sample_device("a"), new = sample_device("b");
	const struct device held = store_device(f, &before), first = sample_device("c");
	struct device after = held;
	after.row_version = 2;
	const struct device_write writes[] = { { .device = &first },
		{ .device = &held, .write_device = true },
		{ .device = &after, .write_device = true }, { .device = &new } };
	begin(f);
	assert_true(device_store_hold(&f->txn, "a"));
	stage_open(&s, f->conninfo, 10, 10);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(
			committer_submit(s.committer, &writes[i], on_link, &links[i], NULL), SU_OK);
		if (i == 0)
			wait_until_done(&s, 1); /* it is connected now */
	}
	wait_until_done(&s, 2);
	assert_string_equal(chain.order[1], "other");
	commit(f);
	wait_until_done(&s, 4);
	assert_string_equal(chain.order[2], "held");
	assert_string_equal(chain.order[3], "after it");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(links[i].status, SU_OK);
	stage_close(&s);
}

static void test_stop_finishes_what_is_queued(void **state)
{
	USE_FIXTURE(f, state);
	struct stage s;
	const struct fleet fleet = make_fleet(f->arena, 50);
	stage_open(&s, f->conninfo, 100, 7);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(
			committer_submit(s.committer, &fleet.writes[i], on_done, &s, NULL), SU_OK);
	stage_close(&s);
	assert_int_equal(s.n_ok, 50);
	assert_int_equal(counter_value(f, "devices"), 50);
}

static void test_nothing_is_taken_while_the_database_is_away(void **state)
{
	(void)state;
	struct stage s;
	struct su_error err = { 0 };
	const struct device device = sample_device("a");
	const struct device_write write = { .device = &device };
	stage_open(&s, "host=/nonexistent dbname=x", 10, 10);
	assert_int_equal(committer_submit(s.committer, &write, on_done, &s, NULL), SU_OK);
	wait_until_done(&s, 1);
	assert_int_equal(s.n_retry, 1);
	assert_true(committer_database_away(s.committer));
	assert_int_equal(committer_submit(s.committer, &write, on_done, &s, &err), SU_RETRY);
	stage_close(&s);
	assert_int_equal(s.n_done, 1);
}

struct lookout {
	struct stage *stage;
	struct su_timer *timer;
};

static void look_out(void *arg)
{
	struct lookout *lookout = arg;
	if (!committer_takes_writes(lookout->stage->committer))
		su_timer_set(lookout->timer, 20);
	else
		su_loop_stop(lookout->stage->loop);
}

static void wait_until_back(struct stage *s)
{
	struct lookout lookout = { .stage = s };
	lookout.timer = su_timer_new(s->loop, look_out, &lookout);
	su_timer_set(lookout.timer, 0);
	su_loop_run(s->loop);
	su_timer_free(&lookout.timer);
}

static void set_read_only(const struct store_fixture *f, const char *value)
{
	char name[64], sql[200];
	assert_true(cluster_sql(f->conninfo, "SELECT current_database()", name, sizeof(name)));
	snprintf(sql, sizeof(sql),
		"BEGIN READ WRITE; ALTER DATABASE %s SET default_transaction_read_only = %s; "
		"COMMIT",
		name, value);
	assert_true(cluster_sql(f->conninfo, sql, NULL, 0));
}

static void test_nothing_is_taken_while_the_database_is_read_only(void **state)
{
	USE_FIXTURE(f, state);
	struct stage s;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct fleet fleet = make_fleet(arena, 2);
	set_read_only(f, "on");
	stage_open(&s, f->conninfo, 10, 10);
	assert_int_equal(committer_submit(s.committer, &fleet.writes[0], on_done, &s, NULL), SU_OK);
	wait_until_done(&s, 1);
	assert_false(committer_takes_writes(s.committer));
	assert_false(committer_database_away(s.committer));
	assert_int_equal(
		committer_submit(s.committer, &fleet.writes[0], on_done, &s, NULL), SU_RETRY);
	set_read_only(f, "off");
	wait_until_back(&s);
	assert_int_equal(committer_submit(s.committer, &fleet.writes[1], on_done, &s, NULL), SU_OK);
	wait_until_done(&s, 2);
	assert_int_equal(s.n_ok, 1);
	stage_close(&s);
	assert_int_equal(counter_value(f, "devices"), 1);
}

#define MAX_TRAFFIC 60000
#define PARALLEL    64
#define CRASH_AFTER 500
#define MAX_BATCH   16

/* Writes without end: each that succeeds is followed by another, until the database is away. */
struct traffic {
	struct stage *stage;
	struct own_cluster *cluster;
	pthread_t crash;
	struct fleet fleet;
	size_t n_submitted;
	struct outcome {
		struct traffic *traffic;
		enum su_status status;
	} outcomes[MAX_TRAFFIC];
};

static void *crash(void *arg)
{
	own_cluster_stop(arg);
	return NULL;
}

static void on_outcome(void *arg, const struct committer_result *result);

static void submit_next(struct traffic *t)
{
	size_t i = t->n_submitted;
	if (i == MAX_TRAFFIC)
		return;
	t->outcomes[i] = (struct outcome){ .traffic = t, .status = SU_BUG };
	if (committer_submit(t->stage->committer, &t->fleet.writes[i], on_outcome, &t->outcomes[i],
		    NULL) == SU_OK)
		t->n_submitted++;
}

static void on_outcome(void *arg, const struct committer_result *result)
{
	struct outcome *outcome = arg;
	struct traffic *t = outcome->traffic;
	outcome->status = result->status;
	if (result->status == SU_OK)
		submit_next(t);
	if (t->stage->n_done == CRASH_AFTER)
		assert_int_equal(pthread_create(&t->crash, NULL, crash, t->cluster), 0);
	t->stage->wait_for = t->n_submitted;
	on_done(t->stage, result);
}

static bool is_stored(struct store_fixture *f, const char *endpoint)
{
	struct device device;
	begin(f);
	bool found = device_store_get(&f->txn, f->arena, endpoint, &device);
	commit(f);
	return found;
}

/* What was acknowledged is there, what was refused is not; only the uncertain may be either. */
static size_t check_outcomes(struct store_fixture *f, const struct traffic *t)
{
	size_t n_stored = 0;
	for (size_t i = 0; i < t->n_submitted; i++) {
		enum su_status status = t->outcomes[i].status;
		/* The first ones are all alike: look closely at the last thousand. */
		bool stored = i + 1000 < t->n_submitted || is_stored(f, t->fleet.names[i]);
		assert_true(status == SU_OK || status == SU_RETRY || status == SU_UNCERTAIN);
		if (status != SU_UNCERTAIN)
			assert_int_equal(stored, status == SU_OK);
		n_stored += stored;
	}
	return n_stored;
}

static void write_the_rest_again(struct stage *s, const struct traffic *t)
{
	size_t n = 0;
	s->n_done = s->n_other = 0;
	for (size_t i = 0; i < t->n_submitted; i++)
		if (t->outcomes[i].status != SU_OK) {
			assert_int_equal(committer_submit(s->committer, &t->fleet.writes[i],
						 on_done, s, NULL),
				SU_OK);
			n++;
		}
	wait_until_done(s, n);
}

static void test_crash_of_the_database_under_load(void **state)
{
	(void)state;
	unsigned applied;
	struct stage s;
	struct own_cluster *cluster = own_cluster_new();
	if (!cluster)
		skip();
	struct store_fixture f = { .conninfo = own_cluster_conninfo(cluster),
		.arena = su_arena_new() };
	assert_int_equal(migrate_run(f.conninfo, &applied, NULL), SU_OK);
	struct traffic *t = su_arena_new_of(f.arena, struct traffic);
	t->stage = &s;
	t->cluster = cluster;
	t->fleet = make_fleet(f.arena, MAX_TRAFFIC);
	stage_open(&s, f.conninfo, MAX_TRAFFIC, MAX_BATCH);
	for (size_t i = 0; i < PARALLEL; i++)
		submit_next(t);
	wait_until_done(&s, t->n_submitted);
	pthread_join(t->crash, NULL);
	assert_true(s.n_ok > 0);
	assert_true(s.n_retry + s.n_uncertain > 0);
	assert_true(s.n_uncertain <= 2 * MAX_BATCH); /* of batches that were being committed */
	assert_int_equal(s.n_other, 0);

	assert_true(own_cluster_start(cluster));
	wait_until_back(&s);
	f.conn = store_conn_new(f.conninfo);
	size_t n_stored = check_outcomes(&f, t);
	assert_int_equal(counter_value(&f, "devices"), n_stored);
	write_the_rest_again(&s, t);
	assert_int_equal(counter_value(&f, "devices"), t->n_submitted);
	stage_close(&s);
	store_conn_free(&f.conn);
	su_arena_free(&f.arena);
	own_cluster_free(&cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_many_writes_in_few_batches),
		STORE_TEST(test_writes_of_one_device_keep_their_order),
		STORE_TEST(test_a_batch_that_waits_lets_others_pass),
		STORE_TEST(test_stop_finishes_what_is_queued),
		cmocka_unit_test(test_nothing_is_taken_while_the_database_is_away),
		STORE_TEST(test_nothing_is_taken_while_the_database_is_read_only),
		cmocka_unit_test(test_crash_of_the_database_under_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
