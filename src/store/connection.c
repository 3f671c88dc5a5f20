/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a session that works: a lost one is closed, and the next use opens and prepares another. */
#include "store/connection.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/counter_deltas.h"
#include "store/pg_session.h"

struct store_conn {
	char *conninfo;
	struct pg_session *session;
	struct counter_deltas *deltas;
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
	free((*conn)->conninfo);
	free(*conn);
	*conn = NULL;
}

enum su_status store_conn_ready(struct store_conn *conn, struct su_error *err)
{
	if (conn->session && !pg_session_lost(conn->session))
		return SU_OK;
	store_conn_drop(conn);
	struct pg_session *session su_auto(pg_session_close) = NULL;
	SU_TRY(pg_session_open(conn->conninfo, &session, err));
	SU_TRY(pg_session_prepare(session, err));
	conn->session = session;
	session = NULL;
	return SU_OK;
}

struct pg_session *store_conn_session(struct store_conn *conn)
{
	return conn->session;
}

void store_conn_drop(struct store_conn *conn)
{
	pg_session_close(&conn->session);
}

struct counter_deltas *store_conn_deltas(struct store_conn *conn)
{
	return conn->deltas;
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
