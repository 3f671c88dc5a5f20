/* SPDX-License-Identifier: Apache-2.0 */
/* What one process changes, another is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/memory.h"
#include "cluster.h"
#include "store/commit_batch.h"
#include "store/credential_store.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/notify_send.h"
#include "store/pg_session.h"
#include "store/token_store.h"
#include "store/txn_query.h"
#include "store_fixture.h"

struct listener {
	struct su_loop *loop;
	struct notify *notify;
	char heard[8192][48];
	size_t n, wait_for;
};

static void on_notify(void *arg, enum notify_topic topic, const char *payload)
{
	struct listener *l = arg;
	const char *name =
		topic == NOTIFY_EVERYTHING ? "everything" : name_of(notify_topic_names, (int)topic);
	assert_true(l->n < 8192);
	snprintf(l->heard[l->n++], sizeof(l->heard[0]), "%s %.32s", name, payload);
	if (l->n == l->wait_for)
		su_loop_stop(l->loop);
}

static void wait_until_heard(struct listener *l, size_t n)
{
	l->wait_for = n;
	if (l->n < n)
		su_loop_run(l->loop);
	assert_true(l->n >= n);
}

/* Returns when it listens. */
static struct listener *listen_as(struct store_fixture *f, const char *origin)
{
	struct listener *l = su_new(struct listener);
	l->loop = su_loop_new();
	const struct notify_opts opts = { .loop = l->loop,
		.conninfo = f->conninfo,
		.origin = origin,
		.on_notify = on_notify,
		.arg = l };
	assert_int_equal(notify_start(&opts, &l->notify, NULL), SU_OK);
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "everything ");
	l->n = 0;
	return l;
}

static struct listener *listen_to(struct store_fixture *f)
{
	return listen_as(f, NULL);
}

static void hang_up(struct listener *l)
{
	notify_stop(&l->notify);
	su_loop_free(&l->loop);
	free(l);
}

static void test_topics(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_to(f);
	const struct credential credential = { .endpoint = "meter 7",
		.psk_sealed = su_span_str("x") };
	const struct token token = { .id = uuid_of(1), .name = "t", .role = ROLE_VIEWER };
	const struct release release = sample_release(f, "one", 1);
	store_release(f, &release);
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "path ");
	begin(f);
	deployment_store_notify(&f->txn, "meter 7");
	credential_store_put(&f->txn, &credential, "ops", NOW_MS);
	token_store_insert(&f->txn, &token, su_span_str("hash"), "ops");
	commit(f);
	wait_until_heard(l, 4);
	assert_string_equal(l->heard[1], "device meter 7");
	assert_string_equal(l->heard[2], "credential meter 7");
	assert_string_equal(l->heard[3], "token ");
	begin(f);
	const struct release_arrival arrival = { release.images[0].digest, release.images[0].digest,
		5 };
	struct digest *completed;
	release_store_image_arrived(&f->txn, f->arena, &arrival, &completed);
	commit(f);
	wait_until_heard(l, 5);
	assert_string_equal(l->heard[4], "path ");
	begin(f);
	notify_send(&f->txn, NOTIFY_RELEASE, "sha256:one");
	commit(f);
	wait_until_heard(l, 6);
	assert_string_equal(l->heard[5], "release sha256:one");
	hang_up(l);
}

static void test_what_is_rolled_back_is_not_told(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_to(f);
	begin(f);
	deployment_store_notify(&f->txn, "never");
	txn_rollback(&f->txn);
	begin(f);
	deployment_store_notify(&f->txn, "told");
	commit(f);
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "device told");
	hang_up(l);
}

static void test_own_batches_are_ignored(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_as(f, "me");
	const struct device mine = sample_device("mine"), other = sample_device("other");
	const struct device_write writes[] = { { .device = &mine }, { .device = &other } };
	struct batch_item items[] = { { .write = &writes[0] }, { .write = &writes[1] } };
	struct batch_item *first = &items[0], *second = &items[1];
	commit_batch_run(f->conn, "me", &first, 1);
	commit_batch_run(f->conn, "somebody-else", &second, 1);
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "device other");
	hang_up(l);
}

/* A connection that hears all that is sent, but is not listed. */
static struct pg_session *eavesdrop(struct store_fixture *f)
{
	struct pg_session *session;
	assert_int_equal(pg_session_open(f->conninfo, &session, NULL), SU_OK);
	assert_int_equal(pg_session_run(session, STATEMENT_NOTIFY_LISTEN, NULL, NULL, NULL), SU_OK);
	return session;
}

/* Of a new device by the committer "me"; true when it was sent to anybody. */
static bool batch_notifies(struct store_fixture *f, const char *endpoint)
{
	struct pg_session *ear su_auto(pg_session_close) = eavesdrop(f);
	const struct device device = sample_device(endpoint);
	const struct device_write write = { .device = &device };
	struct batch_item item = { .write = &write }, *items = &item;
	commit_batch_run(f->conn, "me", &items, 1);
	assert_int_equal(item.result.status, SU_OK);
	/* Its own notification comes behind what was committed before. */
	assert_int_equal(pg_session_run_script(ear, "NOTIFY suitd, 'the last one'", NULL), SU_OK);
	char *first = pg_session_take_notification(ear);
	assert_non_null(first);
	bool is_sent = strcmp(first, "the last one") != 0;
	free(first);
	return is_sent;
}

static void test_who_is_alone_does_not_notify(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *me = listen_as(f, "me");
	assert_false(batch_notifies(f, "a"));
	struct listener *other = listen_as(f, "another");
	assert_true(batch_notifies(f, "b"));
	hang_up(other);
	hang_up(me);
}

static void test_listeners_that_are_gone_are_cleaned_away(void **state)
{
	USE_FIXTURE(f, state);
	assert_true(cluster_sql(f->conninfo, "INSERT INTO listener VALUES ('ghost')", NULL, 0));
	assert_true(batch_notifies(f, "a"));
	struct listener *me = listen_as(f, "me");
	assert_false(batch_notifies(f, "b"));
	/* Who lives is not. */
	struct listener *other = listen_as(f, "another");
	struct listener *third = listen_as(f, "third");
	hang_up(third);
	assert_true(batch_notifies(f, "c"));
	hang_up(other);
	hang_up(me);
}

/* It may have looked for listeners before there was this one. */
static void test_transactions_under_way_are_waited_for(void **state)
{
	USE_FIXTURE(f, state);
	const struct credential credential = { .endpoint = "early",
		.psk_sealed = su_span_str("x") };
	begin(f);
	credential_store_put(&f->txn, &credential, "ops", NOW_MS);
	struct listener *me = listen_to(f);
	commit(f);
	wait_until_heard(me, 2);
	/* Which of the two comes first does not matter. */
	const bool is_first = strcmp(me->heard[0], "everything ") == 0;
	assert_string_equal(me->heard[is_first ? 0 : 1], "everything ");
	assert_string_equal(me->heard[is_first ? 1 : 0], "credential early");
	hang_up(me);
}

static void test_long_lists_are_split(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_to(f);
	const char *names[3000];
	for (size_t i = 0; i < 3000; i++)
		names[i] = su_arena_printf(f->arena, "a rather long endpoint %zu", i);
	begin(f);
	notify_send_all(&f->txn, NOTIFY_DEVICE, "x", names, 3000);
	commit(f);
	wait_until_heard(l, 3000);
	assert_int_equal(l->n, 3000);
	assert_string_equal(l->heard[0], "device a rather long endpoint 0");
	assert_string_equal(l->heard[2999], "device a rather long endpoint 2999");
	hang_up(l);
}

static void test_foreign_notifications_are_skipped(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_to(f);
	assert_true(cluster_sql(f->conninfo,
		"NOTIFY suitd; NOTIFY suitd, 'nonsense'; NOTIFY suitd, 'planet - x'; "
		"NOTIFY suitd, 'device'; NOTIFY suitd, 'device - by hand'",
		NULL, 0));
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "device by hand");
	hang_up(l);
}

static void test_a_lost_connection_means_everything(void **state)
{
	USE_FIXTURE(f, state);
	struct listener *l = listen_to(f);
	assert_true(cluster_sql(f->conninfo,
		"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
		"WHERE datname = current_database() AND pid <> pg_backend_pid()",
		NULL, 0));
	wait_until_heard(l, 1);
	assert_string_equal(l->heard[0], "everything ");
	begin(f);
	deployment_store_notify(&f->txn, "after");
	commit(f);
	wait_until_heard(l, 2);
	assert_string_equal(l->heard[1], "device after");
	hang_up(l);
}

static void test_stop_without_a_database(void **state)
{
	(void)state;
	struct su_loop *loop = su_loop_new();
	struct notify *notify;
	const struct notify_opts opts = {
		.loop = loop, .conninfo = "host=/nonexistent", .on_notify = on_notify
	};
	assert_int_equal(notify_start(&opts, &notify, NULL), SU_OK);
	notify_stop(&notify);
	assert_null(notify);
	su_loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(test_topics),
		STORE_TEST(test_what_is_rolled_back_is_not_told),
		STORE_TEST(test_own_batches_are_ignored),
		STORE_TEST(test_who_is_alone_does_not_notify),
		STORE_TEST(test_listeners_that_are_gone_are_cleaned_away),
		STORE_TEST(test_transactions_under_way_are_waited_for),
		STORE_TEST(test_long_lists_are_split),
		STORE_TEST(test_foreign_notifications_are_skipped),
		STORE_TEST(test_a_lost_connection_means_everything),
		cmocka_unit_test(test_stop_without_a_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
