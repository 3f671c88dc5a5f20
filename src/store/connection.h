/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PostgreSQL connection, used by one thread. Reconnects by itself; every statement of
 * sql/queries is prepared anew on each new connection.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "base/work.h"

struct store_conn;

struct store_conn *store_conn_new(const char *conninfo); /* does not connect yet */
/*
 * From its next connection on, each statement is planned once, whatever its arguments are: for arrays by which rows
 * are found, where planning takes longer than small ones do, and finds the same.
 */
void store_conn_plan_once(struct store_conn *conn);
void store_conn_free(struct store_conn **conn);
/*
 * Connects and prepares when needed. SU_RETRY while the database is away, SU_BUSY while it is at work on
 * what this connection gave up.
 */
enum su_status store_conn_ready(struct store_conn *conn, struct su_error *err) SU_MUST_CHECK;
/* The same for somebody who will write. SU_BUSY also while the database is read-only. */
enum su_status store_conn_ready_to_write(
	struct store_conn *conn, struct su_error *err) SU_MUST_CHECK;
/* As of its last answer; false without a connection. */
bool store_conn_read_only(const struct store_conn *conn);

/*
 * Gives each thread of a su_work pool a store_conn of its own as its thread context: connections
 * are pooled by pooling threads. conninfo must outlive the pool.
 */
struct su_work_hooks store_conn_hooks(const char *conninfo);

/*
 * What transactions of this connection have told of releases since it was asked last, each as the payload
 * of a NOTIFY_RELEASE, one a line; some may have been rolled back. NULL: nothing.
 */
char *store_conn_take_news(struct store_conn *conn, struct su_arena *arena);

/* For store/ alone: the session in use (NULL: none), and counter changes until the commit. */
struct pg_session;
struct counter_deltas;
struct pg_session *store_conn_session(struct store_conn *conn);
void store_conn_drop(struct store_conn *conn); /* the next ready connects anew */
struct counter_deltas *store_conn_deltas(struct store_conn *conn);
void store_conn_note_news(struct store_conn *conn, const char *item);
