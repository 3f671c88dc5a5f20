/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: the first error stays, and each way to lose a connection is told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <unistd.h>

#include "base/memory.h"
#include "cluster.h"
#include "store/image_store.h"
#include "store/token_store.h"
#include "store/txn_query.h"
#include "store_fixture.h"

static struct image sample_image(const char *content, uint64_t size)
{
	return (struct image){ .digest = digest_of(content),
		.size_bytes = size,
		.uploaded_by = "ci",
		.uploaded_at_ms = NOW_MS };
}

static bool has_image(struct store_fixture *f, const char *content)
{
	struct image image;
	const struct digest digest = digest_of(content);
	begin(f);
	bool found = image_store_get(&f->txn, f->arena, &digest, &image);
	commit(f);
	return found;
}

static void test_first_error_stays_and_rolls_back(void **state)
{
	USE_FIXTURE(f, state);
	struct su_error err = { 0 };
	const struct image good = sample_image("good", 1), bad = sample_image("bad", UINT64_MAX);
	begin(f);
	image_store_insert(&f->txn, &good);
	image_store_insert(&f->txn, &bad);
	assert_false(txn_ok(&f->txn));
	txn_fail(&f->txn, SU_CONFLICT, "later", "this comes too late");
	assert_int_equal(txn_commit(&f->txn, &err), SU_INVALID);
	assert_string_equal(err.text, "a number is larger than 2^63 - 1");
	assert_false(has_image(f, "good"));
	assert_int_equal(counter_value(f, "images"), 0);
}

static void test_callers_fault_rolls_back(void **state)
{
	USE_FIXTURE(f, state);
	struct su_error err = { 0 };
	const struct image image = sample_image("x", 1);
	begin(f);
	image_store_insert(&f->txn, &image);
	txn_fail(&f->txn, SU_DENIED, "image", "not on a %s", "Sunday");
	assert_int_equal(txn_commit(&f->txn, &err), SU_DENIED);
	assert_string_equal(err.field, "image");
	assert_string_equal(err.text, "not on a Sunday");
	assert_false(has_image(f, "x"));
}

static void test_rollback_undoes(void **state)
{
	USE_FIXTURE(f, state);
	const struct image image = sample_image("x", 1);
	begin(f);
	image_store_insert(&f->txn, &image);
	txn_rollback(&f->txn);
	txn_rollback(&f->txn);
	assert_false(has_image(f, "x"));
}

static void test_text_that_is_not_utf8_is_invalid(void **state)
{
	USE_FIXTURE(f, state);
	struct image image = sample_image("x", 1);
	image.uploaded_by = "\xff\xfe";
	begin(f);
	image_store_insert(&f->txn, &image);
	assert_int_equal(commit_status(f), SU_INVALID);
	/* The connection is as good as before. */
	image.uploaded_by = "'; DROP TABLE image; --";
	begin(f);
	image_store_insert(&f->txn, &image);
	commit(f);
	assert_true(has_image(f, "x"));
}

static void test_idle_connection_that_died_is_replaced(void **state)
{
	USE_FIXTURE(f, state);
	assert_false(has_image(f, "x"));
	assert_true(cluster_sql(f->conninfo,
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
		"WHERE datname = current_database() AND pid <> pg_backend_pid()",
		NULL, 0));
	assert_false(has_image(f, "x"));
}

static void test_connection_lost_before_commit_is_a_retry(void **state)
{
	USE_FIXTURE(f, state);
	const struct image image = sample_image("x", 1);
	begin(f);
	image_store_insert(&f->txn, &image);
	assert_true(cluster_sql(f->conninfo,
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
		"WHERE datname = current_database() AND pid <> pg_backend_pid()",
		NULL, 0));
	image_store_insert(&f->txn, &image);
	assert_int_equal(commit_status(f), SU_RETRY);
	assert_false(has_image(f, "x"));
}

static void test_connection_lost_in_commit_is_uncertain(void **state)
{
	USE_FIXTURE(f, state);
	const struct image image = sample_image("x", 1);
	/* A deferred trigger runs within COMMIT, and ends its own connection there. */
	assert_true(cluster_sql(f->conninfo,
		"CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
		"'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); "
		"RETURN NULL; END'; "
		"CREATE CONSTRAINT TRIGGER die AFTER INSERT ON image DEFERRABLE INITIALLY DEFERRED "
		"FOR EACH ROW EXECUTE FUNCTION die()",
		NULL, 0));
	begin(f);
	image_store_insert(&f->txn, &image);
	enum su_status status = commit_status(f);
	assert_true(cluster_sql(f->conninfo, "DROP FUNCTION die CASCADE", NULL, 0));
	assert_int_equal(status, SU_UNCERTAIN);
	assert_false(has_image(f, "x"));
}

struct attempts {
	const char *conninfo;
	unsigned n;
};

static void die_once(struct txn *txn, void *arg)
{
	struct attempts *attempts = arg;
	const struct image image = sample_image("x", 1);
	if (attempts->n++ == 0)
		assert_true(cluster_sql(attempts->conninfo,
			"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
			"WHERE datname = current_database() AND pid <> pg_backend_pid()",
			NULL, 0));
	image_store_insert(txn, &image);
}

static void test_retry_runs_the_body_again(void **state)
{
	USE_FIXTURE(f, state);
	struct attempts attempts = { .conninfo = f->conninfo };
	assert_int_equal(txn_retry(f->conn, die_once, &attempts, NULL), SU_OK);
	assert_int_equal(attempts.n, 2);
	assert_true(has_image(f, "x"));
	assert_int_equal(counter_value(f, "images"), 1);
}

static void refuse(struct txn *txn, void *arg)
{
	unsigned *n = arg;
	(*n)++;
	txn_fail(txn, SU_CONFLICT, "", "no");
}

static void test_retry_ends_at_a_fault_of_the_body(void **state)
{
	USE_FIXTURE(f, state);
	unsigned n = 0;
	assert_int_equal(txn_retry(f->conn, refuse, &n, NULL), SU_CONFLICT);
	assert_int_equal(n, 1);
}

struct crossing {
	pthread_t thread;
	const char *conninfo;
	const char *first, *second;
	pthread_barrier_t *both_hold_one;
	unsigned attempts;
	enum su_status status;
};

static void take_two(struct txn *txn, void *arg)
{
	struct crossing *c = arg;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct release_arrival first = { digest_of(c->first), digest_of(c->first), 1 };
	const struct release_arrival second = { digest_of(c->second), digest_of(c->second), 1 };
	struct digest *completed;
	release_store_image_arrived(txn, arena, &first, &completed);
	if (c->attempts++ == 0)
		pthread_barrier_wait(c->both_hold_one);
	release_store_image_arrived(txn, arena, &second, &completed);
}

static void *cross(void *arg)
{
	struct crossing *c = arg;
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new(c->conninfo);
	c->status = txn_retry(conn, take_two, c, NULL);
	return NULL;
}

static void test_retry_survives_a_deadlock(void **state)
{
	USE_FIXTURE(f, state);
	pthread_barrier_t both;
	pthread_barrier_init(&both, NULL, 2);
	struct crossing a = { .conninfo = f->conninfo, .first = "p", .second = "q" };
	struct crossing b = { .conninfo = f->conninfo, .first = "q", .second = "p" };
	a.both_hold_one = b.both_hold_one = &both;
	assert_int_equal(pthread_create(&a.thread, NULL, cross, &a), 0);
	assert_int_equal(pthread_create(&b.thread, NULL, cross, &b), 0);
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	assert_int_equal(a.status, SU_OK);
	assert_int_equal(b.status, SU_OK);
	assert_int_equal(a.attempts + b.attempts, 3);
	pthread_barrier_destroy(&both);
}

static void test_database_away(void **state)
{
	(void)state;
	struct su_error err = { 0 };
	struct store_conn *conn su_auto(store_conn_free) =
		store_conn_new("host=/nonexistent dbname=x");
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct token *tokens;
	struct txn txn = txn_begin(conn);
	assert_false(txn_ok(&txn));
	assert_int_equal(token_store_list(&txn, arena, &tokens), 0);
	assert_int_equal(txn_commit(&txn, &err), SU_RETRY);
	assert_non_null(strstr(err.text, "database is away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_first_error_stays_and_rolls_back),
		STORE_TEST(test_callers_fault_rolls_back),
		STORE_TEST(test_rollback_undoes),
		STORE_TEST(test_text_that_is_not_utf8_is_invalid),
		STORE_TEST(test_idle_connection_that_died_is_replaced),
		STORE_TEST(test_connection_lost_before_commit_is_a_retry),
		STORE_TEST(test_connection_lost_in_commit_is_uncertain),
		STORE_TEST(test_retry_runs_the_body_again),
		STORE_TEST(test_retry_ends_at_a_fault_of_the_body),
		STORE_TEST(test_retry_survives_a_deadlock),
		cmocka_unit_test(test_database_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
