/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a session that works: a lost one is closed, and the next use opens and prepares another. */
#include "store/connection.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/memory.h"
#include "store/counter_deltas.h"
#include "store/pg_session.h"

struct store_conn {
	char *conninfo;
	struct pg_session *session;
	struct counter_deltas *deltas;
	struct su_buf news;
	bool plans_once;
	int left_pid; /* of the server: it may be at work for us still; 0: none */
};

struct store_conn *store_conn_new(const char *conninfo)
{
	struct store_conn *conn = su_new(struct store_conn);
	conn->conninfo = su_strdup(conninfo);
	conn->deltas = counter_deltas_new();
	return conn;
}

void store_conn_free(struct store_conn **conn)
{
	if (!conn || !*conn)
		return;
	pg_session_close(&(*conn)->session);
	counter_deltas_free(&(*conn)->deltas);
	su_buf_free(&(*conn)->news);
	free((*conn)->conninfo);
	free(*conn);
	*conn = NULL;
}

/*
 * A commit that waits, for a standby or a disk, does not notice that we gave it up. Another connection
 * for the next attempt, and so on, would in the end take all that the server has.
 */
static enum su_status check_left_behind(
	struct store_conn *conn, struct pg_session *session, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = NULL;
	struct pg_result *rows su_auto(sql_rows_free) = NULL;
	const struct sql_arg args[] = { sql_int(conn->left_pid) };
	struct sql_wire wire;
	if (conn->left_pid == 0)
		return SU_OK;
	arena = su_arena_new();
	SU_TRY(sql_args_encode(args, 1, arena, &wire, err));
	SU_TRY(pg_session_run(session, STATEMENT_CONNECTION_LEFT_BEHIND, &wire, &rows, err));
	if (sql_rows_count(rows) > 0)
		return su_fail(err, SU_BUSY, "",
			"the database is at work on an earlier request still, as when a commit "
			"waits for a standby");
	conn->left_pid = 0;
	return SU_OK;
}

void store_conn_plan_once(struct store_conn *conn)
{
	conn->plans_once = true;
}

static enum su_status prepare(
	const struct store_conn *conn, struct pg_session *session, struct su_error *err)
{
	struct pg_result *rows su_auto(sql_rows_free) = NULL;
	SU_TRY(pg_session_prepare(session, err));
	if (!conn->plans_once)
		return SU_OK;
	return pg_session_run(session, STATEMENT_CONNECTION_PLAN_ONCE, NULL, &rows, err);
}

enum su_status store_conn_ready(struct store_conn *conn, struct su_error *err)
{
	if (conn->session && !pg_session_lost(conn->session))
		return SU_OK;
	store_conn_drop(conn);
	struct pg_session *session su_auto(pg_session_close) = NULL;
	SU_TRY(pg_session_open(conn->conninfo, &session, err));
	SU_TRY(check_left_behind(conn, session, err));
	SU_TRY(prepare(conn, session, err));
	conn->session = session;
	session = NULL;
	return SU_OK;
}

enum su_status store_conn_ready_to_write(struct store_conn *conn, struct su_error *err)
{
	SU_TRY(store_conn_ready(conn, err));
	if (!store_conn_read_only(conn))
		return SU_OK;
	/* It says so only when asked; and the one that takes writes may be another server. */
	store_conn_drop(conn);
	return su_fail(err, SU_BUSY, "", "the database is read-only");
}

bool store_conn_read_only(const struct store_conn *conn)
{
	return conn->session && pg_session_read_only(conn->session);
}

struct pg_session *store_conn_session(struct store_conn *conn)
{
	return conn->session;
}

void store_conn_drop(struct store_conn *conn)
{
	if (conn->session && pg_session_silent_pid(conn->session) != 0)
		conn->left_pid = pg_session_silent_pid(conn->session);
	pg_session_close(&conn->session);
}

struct counter_deltas *store_conn_deltas(struct store_conn *conn)
{
	return conn->deltas;
}

void store_conn_note_news(struct store_conn *conn, const char *item)
{
	if (conn->news.len > 0)
		su_buf_append_byte(&conn->news, '\n');
	su_buf_append_span(&conn->news, su_span_str(item));
}

char *store_conn_take_news(struct store_conn *conn, struct su_arena *arena)
{
	if (conn->news.len == 0)
		return NULL;
	char *news = su_arena_strdup(arena, su_buf_str(&conn->news));
	su_buf_clear(&conn->news);
	return news;
}

static void *start_thread(void *arg)
{
	return store_conn_new(arg);
}

static void stop_thread(void *arg, void *thread_context)
{
	(void)arg;
	struct store_conn *conn = thread_context;
	store_conn_free(&conn);
}

struct su_work_hooks store_conn_hooks(const char *conninfo)
{
	return (struct su_work_hooks){
		.thread_start = start_thread,
		.thread_stop = stop_thread,
		.arg = (void *)conninfo,
	};
}
