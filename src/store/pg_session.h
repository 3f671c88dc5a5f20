/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to PostgreSQL from its opening to its loss: never repaired, but replaced (see
 * connection.h). No call waits for ever: a server that says nothing counts as lost.
 */
#pragma once

#include "store/sql_args.h"
#include "store/sql_row.h"
#include "store/statement.h"

struct pg_session;

/* SU_RETRY: the database is away. */
enum su_status pg_session_open(
	const char *conninfo, struct pg_session **out, struct su_error *err) SU_MUST_CHECK;
void pg_session_close(struct pg_session **session);
/* Prepares every statement; needs the current schema. */
enum su_status pg_session_prepare(struct pg_session *session, struct su_error *err) SU_MUST_CHECK;
/* For migrations, which may wait for each other and run long. */
void pg_session_wait_long(struct pg_session *session);

/* rows_out NULL: not wanted. Statements that were not prepared are sent as text. */
enum su_status pg_session_run(struct pg_session *session, enum statement statement,
	const struct sql_wire *args, struct pg_result **rows_out,
	struct su_error *err) SU_MUST_CHECK;
/* A statement that was put together from our own fragments: not prepared, with arguments like the others. */
enum su_status pg_session_run_text(struct pg_session *session, const char *text,
	const struct sql_wire *args, struct pg_result **rows_out,
	struct su_error *err) SU_MUST_CHECK;
/* Several statements at once, without arguments: a migration. */
enum su_status pg_session_run_script(
	struct pg_session *session, const char *script, struct su_error *err) SU_MUST_CHECK;

/*
 * Statements that are sent one after the other, without waiting for any, and whose results are collected
 * together: one round trip. After the first that fails the others are not done. Each send must be followed, in
 * the end, by a collect, of as many as were sent without fault; results of the others are NULL. Prepared
 * sessions alone.
 */
enum su_status pg_session_send(struct pg_session *session, enum statement statement,
	const struct sql_wire *args, struct su_error *err) SU_MUST_CHECK;
enum su_status pg_session_collect(struct pg_session *session, size_t n, struct pg_result **rows,
	struct su_error *err) SU_MUST_CHECK;

/* True from the first sign that the connection cannot be used any more. */
bool pg_session_lost(const struct pg_session *session);
/* The server takes no writes: a standby, or made read-only. As of its last answer. */
bool pg_session_read_only(const struct pg_session *session);
/* The server's process, when the session was lost because no answer came; else 0. */
int pg_session_silent_pid(const struct pg_session *session);
int pg_session_fd(const struct pg_session *session);
/* Reads what has arrived; then takes the oldest notification: its payload, or NULL. */
enum su_status pg_session_read(struct pg_session *session, struct su_error *err) SU_MUST_CHECK;
char *pg_session_take_notification(struct pg_session *session);
