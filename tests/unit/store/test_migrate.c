/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations against a real server, and every statement against the schema that they make. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/memory.h"
#include "cluster.h"
#include "store/connection.h"
#include "store/migrate.h"

struct attempt {
	pthread_t thread;
	const char *conninfo;
	enum su_status status;
	unsigned applied;
	struct su_error err;
};

static void *migrate_once(void *arg)
{
	struct attempt *attempt = arg;
	attempt->status = migrate_run(attempt->conninfo, &attempt->applied, &attempt->err);
	return NULL;
}

static void test_concurrent_runs_apply_each_migration_once(void **state)
{
	(void)state;
	struct attempt attempts[4] = { 0 };
	char count[16];
	if (!cluster_database())
		skip();
	for (size_t i = 0; i < 4; i++) {
		attempts[i].conninfo = cluster_database();
		assert_int_equal(
			pthread_create(&attempts[i].thread, NULL, migrate_once, &attempts[i]), 0);
	}
	unsigned applied = 0;
	for (size_t i = 0; i < 4; i++) {
		pthread_join(attempts[i].thread, NULL);
		assert_string_equal(attempts[i].err.text, "");
		assert_int_equal(attempts[i].status, SU_OK);
		applied += attempts[i].applied;
	}
	assert_true(cluster_sql(
		cluster_database(), "SELECT count(*) FROM schema_migration", count, sizeof(count)));
	assert_int_equal(strtoul(count, NULL, 10), applied);
	assert_true(applied >= 1);
}

static void test_second_run_applies_nothing(void **state)
{
	(void)state;
	unsigned applied = 99;
	if (!cluster_database())
		skip();
	assert_int_equal(migrate_run(cluster_database(), &applied, NULL), SU_OK);
	assert_int_equal(migrate_run(cluster_database(), &applied, NULL), SU_OK);
	assert_int_equal(applied, 0);
}

static void test_every_statement_fits_the_schema(void **state)
{
	(void)state;
	unsigned applied;
	struct su_error err = { 0 };
	if (!cluster_database())
		skip();
	assert_int_equal(migrate_run(cluster_database(), &applied, NULL), SU_OK);
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new(cluster_database());
	enum su_status status = store_conn_ready(conn, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(status, SU_OK);
}

static void test_a_newer_database_is_left_alone(void **state)
{
	(void)state;
	unsigned applied;
	struct su_error err = { 0 };
	if (!cluster_database())
		skip();
	assert_int_equal(migrate_run(cluster_database(), &applied, NULL), SU_OK);
	assert_true(cluster_sql(cluster_database(),
		"INSERT INTO schema_migration VALUES (9999, 'future')", NULL, 0));
	assert_int_equal(migrate_run(cluster_database(), &applied, &err), SU_CONFLICT);
	assert_non_null(strstr(err.text, "9999"));
	assert_true(cluster_sql(
		cluster_database(), "DELETE FROM schema_migration WHERE version = 9999", NULL, 0));
}

static void test_an_unreachable_database_is_a_retry(void **state)
{
	(void)state;
	unsigned applied;
	struct su_error err = { 0 };
	assert_int_equal(migrate_run("host=/nonexistent dbname=x", &applied, &err), SU_RETRY);
	assert_non_null(strstr(err.text, "database is away"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_concurrent_runs_apply_each_migration_once),
		cmocka_unit_test(test_second_run_applies_nothing),
		cmocka_unit_test(test_every_statement_fits_the_schema),
		cmocka_unit_test(test_a_newer_database_is_left_alone),
		cmocka_unit_test(test_an_unreachable_database_is_a_retry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
