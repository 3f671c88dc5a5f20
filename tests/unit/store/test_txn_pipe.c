/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that are answered together: their results, what fails first, and what is left of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "cluster.h"
#include "store/txn_pipe.h"
#include "store_fixture.h"

static void end(struct txn_pipe *pipe)
{
	struct su_error err = { 0 };
	assert_int_equal(txn_pipe_commit(pipe, &err), SU_OK);
}

/* A row of the table counter, by the statement that takes columns. */
static size_t send_counter(struct txn_pipe *pipe, const char *name, int64_t value)
{
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	if (name) {
		sql_array_add_text(sql_table_next(&table), name);
		sql_array_add_int(sql_table_next(&table), value);
	}
	return txn_pipe_send_table(pipe, STATEMENT_COUNTER_ADD, &table);
}

/* The same name twice in one upsert: PostgreSQL refuses it. */
static void send_what_fails(struct txn_pipe *pipe)
{
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	for (int i = 0; i < 2; i++) {
		sql_array_add_text(sql_table_next(&table), "twice");
		sql_array_add_int(sql_table_next(&table), 1);
	}
	assert_int_not_equal(
		txn_pipe_send_table(pipe, STATEMENT_COUNTER_ADD, &table), TXN_PIPE_NONE);
}

static int64_t read_counter(struct store_fixture *f, const struct pg_result *rows, size_t index)
{
	struct sql_row row = sql_row_at(rows, index, f->arena, &f->txn.error);
	sql_read_text(&row);
	return sql_read_int(&row);
}

static void test_steps_see_those_before_them(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	assert_int_not_equal(send_counter(&pipe, "a", 1), TXN_PIPE_NONE);
	const size_t before = txn_pipe_send(&pipe, STATEMENT_COUNTER_LIST, NULL, 0);
	send_counter(&pipe, "b", 2);
	const size_t after = txn_pipe_send(&pipe, STATEMENT_COUNTER_LIST, NULL, 0);
	assert_null(txn_pipe_result(&pipe, after));
	txn_pipe_collect(&pipe);
	assert_int_equal(sql_rows_count(txn_pipe_result(&pipe, before)), 1);
	assert_int_equal(sql_rows_count(txn_pipe_result(&pipe, after)), 2);
	assert_int_equal(read_counter(f, txn_pipe_result(&pipe, after), 1), 2);
	end(&pipe);
	assert_int_equal(counter_value(f, "a"), 1);
	assert_int_equal(counter_value(f, "b"), 2);
}

static void test_a_table_without_rows_is_not_sent(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	assert_int_equal(send_counter(&pipe, NULL, 0), TXN_PIPE_NONE);
	txn_pipe_collect(&pipe);
	assert_true(txn_ok(&f->txn));
	assert_null(txn_pipe_result(&pipe, TXN_PIPE_NONE));
	end(&pipe);
}

static void test_what_is_counted_is_written_with_the_commit(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	txn_count(&f->txn, "counted.", "once", 3);
	end(&pipe);
	assert_int_equal(counter_value(f, "counted.once"), 3);
	/* Begun anew: what a transaction that came to nothing had counted is forgotten. */
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	txn_count(&f->txn, "counted.", "once", 4);
	txn_pipe_rollback(&pipe);
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	end(&pipe);
	assert_int_equal(counter_value(f, "counted.once"), 3);
}

/* The steps after it, and the commit, are sent already and must not count. */
static void test_a_step_that_fails_spoils_all(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	struct su_error err = { 0 };
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	send_counter(&pipe, "a", 1);
	send_what_fails(&pipe);
	const size_t later = send_counter(&pipe, "b", 1);
	assert_int_not_equal(later, TXN_PIPE_NONE);
	assert_int_equal(txn_pipe_commit(&pipe, &err), SU_INVALID);
	assert_non_null(strstr(err.text, "21000"));
	assert_null(txn_pipe_result(&pipe, later));
	assert_int_equal(counter_value(f, "a"), 0);
	assert_int_equal(counter_value(f, "b"), 0);
}

static void test_after_a_failure_nothing_more_is_sent(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	send_what_fails(&pipe);
	txn_pipe_collect(&pipe);
	assert_false(txn_ok(&f->txn));
	assert_int_equal(send_counter(&pipe, "a", 1), TXN_PIPE_NONE);
	txn_pipe_rollback(&pipe);
	/* The connection is as good as before. */
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	send_counter(&pipe, "a", 1);
	end(&pipe);
	assert_int_equal(counter_value(f, "a"), 1);
}

static void test_a_rollback_takes_all_back(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	send_counter(&pipe, "a", 1);
	txn_pipe_collect(&pipe);
	send_counter(&pipe, "b", 1);
	txn_pipe_rollback(&pipe);
	assert_int_equal(counter_value(f, "a"), 0);
	assert_int_equal(counter_value(f, "b"), 0);
}

/* More than is held back to be sent together, in one step and in many. */
static void test_much_goes_through(void **state)
{
	USE_FIXTURE(f, state);
	enum { N_ROWS = 20000, N_STEPS = 8 };
	struct txn_pipe pipe;
	struct sql_table table su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	for (int i = 0; i < N_ROWS; i++) {
		sql_array_add_text(
			sql_table_next(&table), su_arena_printf(f->arena, "counter-%d", i));
		sql_array_add_int(sql_table_next(&table), 1);
	}
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	for (int i = 0; i < N_STEPS; i++)
		txn_pipe_send_table(&pipe, STATEMENT_COUNTER_ADD, &table);
	end(&pipe);
	assert_int_equal(counter_value(f, "counter-0"), N_STEPS);
	assert_int_equal(counter_value(f, "counter-19999"), N_STEPS);
}

static void test_a_connection_lost_during_the_commit_is_uncertain(void **state)
{
	USE_FIXTURE(f, state);
	struct txn_pipe pipe;
	struct su_error err = { 0 };
	char line[32] = "";
	txn_pipe_begin(&pipe, &f->txn, f->conn);
	send_counter(&pipe, "a", 1);
	txn_pipe_collect(&pipe);
	assert_true(cluster_sql(f->conninfo,
		"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		" WHERE datname = current_database() AND state = 'idle in transaction'",
		line, sizeof(line)));
	assert_string_equal(line, "1");
	const enum su_status status = txn_pipe_commit(&pipe, &err);
	/* Whether the COMMIT was on its way by then is not for the test to say. */
	assert_true(status == SU_UNCERTAIN || status == SU_RETRY);
	assert_int_equal(counter_value(f, "a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_steps_see_those_before_them),
		STORE_TEST(test_a_table_without_rows_is_not_sent),
		STORE_TEST(test_what_is_counted_is_written_with_the_commit),
		STORE_TEST(test_a_step_that_fails_spoils_all),
		STORE_TEST(test_after_a_failure_nothing_more_is_sent),
		STORE_TEST(test_a_rollback_takes_all_back),
		STORE_TEST(test_much_goes_through),
		STORE_TEST(test_a_connection_lost_during_the_commit_is_uncertain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
