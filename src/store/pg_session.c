/* SPDX-License-Identifier: Apache-2.0 */
/* libpq, driven with poll so that a frozen server or network ends in an error instead of a hang. */
#include "store/pg_session.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/sqlstate.h"

#define SILENCE_MS      10000 /* longer than the server lets a statement run */
#define LONG_SILENCE_MS 600000
#define SEND_FROM_BYTES 16384 /* so much work is worth a wake-up of the server */

struct pg_session {
	PGconn *conn;
	bool prepared;
	bool lost, silent;
	int silence_ms;
	size_t queued_bytes; /* of steps that libpq holds back, see pg_session_send */
};

static void ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static const char *first_line(const char *message, char *out, size_t size)
{
	size_t len = strcspn(message, "\n");
	if (len >= size)
		len = size - 1;
	memcpy(out, message, len);
	out[len] = '\0';
	return out;
}

static enum su_status fail_lost(struct pg_session *session, struct su_error *err)
{
	char line[200];
	session->lost = true;
	return su_fail(err, SU_RETRY, "", "the database is away: %s",
		first_line(PQerrorMessage(session->conn), line, sizeof(line)));
}

static enum su_status fail_silent(struct pg_session *session, struct su_error *err)
{
	session->lost = session->silent = true;
	return su_fail(err, SU_RETRY, "", "the database is away: no answer in %d s",
		session->silence_ms / 1000);
}

static enum su_status fail_result(
	struct pg_session *session, const PGresult *result, struct su_error *err)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (PQstatus(session->conn) == CONNECTION_BAD || sqlstate_spoils_connection(sqlstate))
		session->lost = true;
	if (sqlstate_explain_constraint(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME), err))
		return SU_CONFLICT;
	return su_fail(err, sqlstate_status(sqlstate), "", "database: %s (SQLSTATE %s)",
		primary ? primary : "no answer", sqlstate ? sqlstate : "none");
}

static bool wait_for(struct pg_session *session, short events)
{
	struct pollfd poll_fd = { .fd = PQsocket(session->conn), .events = events };
	int ready;
	do
		ready = poll(&poll_fd, 1, session->silence_ms);
	while (ready < 0 && errno == EINTR);
	return ready > 0;
}

static enum su_status flush(struct pg_session *session, struct su_error *err)
{
	for (;;) {
		int left = PQflush(session->conn);
		if (left == 0)
			return SU_OK;
		if (left < 0)
			return fail_lost(session, err);
		/* The server may not read on before we have read what it says. */
		if (!wait_for(session, POLLIN | POLLOUT))
			return fail_silent(session, err);
		if (!PQconsumeInput(session->conn))
			return fail_lost(session, err);
	}
}

static enum su_status next_result(struct pg_session *session, PGresult **out, struct su_error *err)
{
	while (PQisBusy(session->conn)) {
		if (!wait_for(session, POLLIN))
			return fail_silent(session, err);
		if (!PQconsumeInput(session->conn))
			return fail_lost(session, err);
	}
	*out = PQgetResult(session->conn);
	return SU_OK;
}

/* The last result of what was sent; of several, the first that failed. */
static enum su_status collect(
	struct pg_session *session, int sent, struct pg_result **rows_out, struct su_error *err)
{
	PGresult *kept su_auto(sql_rows_free) = NULL;
	if (!sent)
		return fail_lost(session, err);
	SU_TRY(flush(session, err));
	for (;;) {
		PGresult *result = NULL;
		SU_TRY(next_result(session, &result, err));
		if (!result)
			break;
		bool failed = PQresultStatus(kept) == PGRES_FATAL_ERROR && kept;
		PQclear(failed ? result : kept);
		kept = failed ? kept : result;
	}
	ExecStatusType status = PQresultStatus(kept);
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		return kept ? fail_result(session, kept, err) : fail_lost(session, err);
	if (rows_out) {
		*rows_out = kept;
		kept = NULL;
	}
	return SU_OK;
}

static PGconn *connect_with(const char *conninfo)
{
	/* What stands before dbname is a default that the conninfo string overrides. */
	static const char *const names[] = { "connect_timeout", "keepalives_idle",
		"keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"fallback_application_name", "dbname", "client_encoding", NULL };
	const char *const values[] = { "5", "10", "5", "3", "15000", "suitd", conninfo, "UTF8",
		NULL };
	return PQconnectdbParams(names, values, 1);
}

static enum su_status apply_settings(struct pg_session *session, struct su_error *err)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	const struct sql_arg args[] = { sql_text("8s"), sql_text("30s") };
	struct sql_wire wire;
	SU_TRY(sql_args_encode(args, 2, arena, &wire, err));
	return pg_session_run(session, STATEMENT_CONNECTION_SETTINGS, &wire, NULL, err);
}

enum su_status pg_session_open(const char *conninfo, struct pg_session **out, struct su_error *err)
{
	struct pg_session *session su_auto(pg_session_close) = su_new(struct pg_session);
	session->silence_ms = SILENCE_MS;
	session->conn = connect_with(conninfo);
	if (!session->conn)
		abort(); /* memory is out */
	if (PQstatus(session->conn) != CONNECTION_OK)
		return fail_lost(session, err);
	PQsetNoticeProcessor(session->conn, ignore_notice, NULL);
	if (PQsetnonblocking(session->conn, 1) != 0)
		return fail_lost(session, err);
	SU_TRY(apply_settings(session, err));
	*out = session;
	session = NULL;
	return SU_OK;
}

void pg_session_close(struct pg_session **session)
{
	if (!*session)
		return;
	PQfinish((*session)->conn);
	free(*session);
	*session = NULL;
}

enum su_status pg_session_prepare(struct pg_session *session, struct su_error *err)
{
	for (enum statement i = 0; i < STATEMENT_COUNT; i++) {
		int sent =
			PQsendPrepare(session->conn, statement_name(i), statement_text(i), 0, NULL);
		enum su_status status = collect(session, sent, NULL, err);
		if (status != SU_OK) {
			su_error_prefix(err, "statement %s", statement_name(i));
			return status;
		}
	}
	session->prepared = true;
	return SU_OK;
}

void pg_session_wait_long(struct pg_session *session)
{
	session->silence_ms = LONG_SILENCE_MS;
}

enum su_status pg_session_run(struct pg_session *session, enum statement statement,
	const struct sql_wire *args, struct pg_result **rows_out, struct su_error *err)
{
	static const struct sql_wire no_args = { 0 };
	const struct sql_wire *a = args ? args : &no_args;
	if (!session->prepared)
		return pg_session_run_text(session, statement_text(statement), a, rows_out, err);
	int sent = PQsendQueryPrepared(session->conn, statement_name(statement), (int)a->n,
		a->values, a->lengths, a->formats, 1);
	return collect(session, sent, rows_out, err);
}

enum su_status pg_session_run_text(struct pg_session *session, const char *text,
	const struct sql_wire *args, struct pg_result **rows_out, struct su_error *err)
{
	int sent = PQsendQueryParams(session->conn, text, (int)args->n, NULL, args->values,
		args->lengths, args->formats, 1);
	return collect(session, sent, rows_out, err);
}

enum su_status pg_session_run_script(
	struct pg_session *session, const char *script, struct su_error *err)
{
	return collect(session, PQsendQuery(session->conn, script), NULL, err);
}

static size_t bytes_of(const struct sql_wire *args)
{
	size_t bytes = 0;
	for (size_t i = 0; i < args->n; i++)
		bytes += (size_t)args->lengths[i];
	return bytes;
}

/* Of many rows the server begins with those that are there while more are made; few go together. */
enum su_status pg_session_send(struct pg_session *session, enum statement statement,
	const struct sql_wire *args, struct su_error *err)
{
	static const struct sql_wire no_args = { 0 };
	const struct sql_wire *a = args ? args : &no_args;
	if (!PQenterPipelineMode(session->conn) ||
		!PQsendQueryPrepared(session->conn, statement_name(statement), (int)a->n, a->values,
			a->lengths, a->formats, 1))
		return fail_lost(session, err);
	session->queued_bytes += bytes_of(a);
	if (session->queued_bytes < SEND_FROM_BYTES)
		return SU_OK;
	session->queued_bytes = 0;
	return flush(session, err);
}

/* Of one statement: in a pipeline its results end with a NULL. */
static enum su_status collect_one(
	struct pg_session *session, struct pg_result **rows_out, struct su_error *err)
{
	PGresult *end = NULL;
	SU_TRY(next_result(session, rows_out, err));
	SU_TRY(next_result(session, &end, err));
	PQclear(end);
	ExecStatusType status = PQresultStatus(*rows_out);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return SU_OK;
	enum su_status fault =
		*rows_out ? fail_result(session, *rows_out, err) : fail_lost(session, err);
	sql_rows_free(rows_out);
	return fault;
}

static enum su_status leave_pipeline(struct pg_session *session, struct su_error *err)
{
	PGresult *sync su_auto(sql_rows_free) = NULL;
	SU_TRY(next_result(session, &sync, err));
	if (PQresultStatus(sync) != PGRES_PIPELINE_SYNC || !PQexitPipelineMode(session->conn))
		return fail_lost(session, err);
	return SU_OK;
}

enum su_status pg_session_collect(
	struct pg_session *session, size_t n, struct pg_result **rows, struct su_error *err)
{
	struct su_error first = { 0 }, later;
	session->queued_bytes = 0;
	if (!PQpipelineSync(session->conn))
		return fail_lost(session, err);
	SU_TRY(flush(session, err));
	for (size_t i = 0; i < n; i++) {
		struct su_error *told = first.status == SU_OK ? &first : &later;
		if (collect_one(session, &rows[i], told) != SU_OK && session->lost)
			break;
	}
	if (!session->lost)
		SU_TRY(leave_pipeline(session, err));
	if (first.status != SU_OK)
		return su_fail(err, first.status, first.field, "%s", first.text);
	return SU_OK;
}

bool pg_session_lost(const struct pg_session *session)
{
	return session->lost || PQstatus(session->conn) == CONNECTION_BAD;
}

static bool is_on(const struct pg_session *session, const char *parameter)
{
	const char *value = PQparameterStatus(session->conn, parameter);
	return value && strcmp(value, "on") == 0;
}

bool pg_session_read_only(const struct pg_session *session)
{
	return is_on(session, "in_hot_standby") || is_on(session, "default_transaction_read_only");
}

int pg_session_silent_pid(const struct pg_session *session)
{
	return session->silent ? PQbackendPID(session->conn) : 0;
}

int pg_session_fd(const struct pg_session *session)
{
	return PQsocket(session->conn);
}

enum su_status pg_session_read(struct pg_session *session, struct su_error *err)
{
	return PQconsumeInput(session->conn) ? SU_OK : fail_lost(session, err);
}

char *pg_session_take_notification(struct pg_session *session)
{
	PGnotify *notification = PQnotifies(session->conn);
	if (!notification)
		return NULL;
	char *payload = su_strdup(notification->extra);
	PQfreemem(notification);
	return payload;
}
