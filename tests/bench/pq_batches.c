/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pq_batches: how fast the statements of a batch of reports are by themselves. A bare libpq loop sends
 * suitd's own statements with arrays of one size, each batch in one round trip, and does nothing else.
 * Prints JSON. The deployments of the devices FIRST to LAST must be accepted or deferred.
 */
#include <err.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "model/deployment.h"
#include "store/commit_rows.h"
#include "store/deployment_store.h"
#include "store/sql_args.h"
#include "store/statement.h"

enum { MAX_BATCH = 100000, DAY_MS = 86400000, PER_BATCH = 7 };

struct fleet {
	struct su_arena *arena;
	int64_t first_device;
	size_t n, next;
	struct deployment *deployments;
	const char *origin; /* of the suitd that listens, whose batches these might be */
};

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_fleet(const char *conninfo, int64_t first, size_t n, struct fleet *out)
{
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new(conninfo);
	struct su_error error;
	int64_t *ids = su_arena_array(out->arena, n, sizeof(*ids));
	for (size_t i = 0; i < n; i++)
		ids[i] = first + (int64_t)i;
	struct txn txn = txn_begin(conn);
	out->first_device = first;
	out->n = deployment_store_active_batch(&txn, out->arena, ids, n, &out->deployments);
	if (txn_commit(&txn, &error) != SU_OK)
		errx(1, "%s", error.text);
	if (out->n != n)
		errx(1, "%zu of %zu devices have a deployment", out->n, n);
}

static void prepare(PGconn *conn, enum statement statement)
{
	const char *name = statement_name(statement);
	PGresult *result = PQprepare(conn, name, statement_text(statement), 0, NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		errx(1, "%s: %s", name, PQerrorMessage(conn));
	PQclear(result);
}

static void send(PGconn *conn, enum statement statement, const struct sql_arg *args, size_t n)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct sql_wire wire;
	if (sql_args_encode(args, n, arena, &wire, NULL) != SU_OK ||
		!PQsendQueryPrepared(conn, statement_name(statement), (int)wire.n, wire.values,
			wire.lengths, wire.formats, 1))
		errx(1, "%s", PQerrorMessage(conn));
}

static void send_table(PGconn *conn, enum statement statement, const struct sql_table *table)
{
	struct sql_arg args[SQL_TABLE_MAX_COLUMNS];
	for (size_t i = 0; i < table->n_columns; i++)
		args[i] = sql_list(&table->columns[i]);
	send(conn, statement, args, table->n_columns);
}

/* What a report comes to: the other state, and a step of the history. */
static void move(struct deployment *d, struct sql_table *rows, struct sql_table *history)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	bool defers = d->state == DEPLOYMENT_ACCEPTED;
	const struct deployment_history step = {
		.at_ms = t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000,
		.from = d->state,
		.to = defers ? DEPLOYMENT_DEFERRED : DEPLOYMENT_ACCEPTED,
		.event = defers ? "defer" : "accept",
		.actor = "device",
	};
	d->state = step.to;
	d->changed_at_ms = step.at_ms;
	d->plan.look_ms = step.at_ms + DAY_MS;
	d->deadline_at_ms = step.at_ms + (int64_t)7 * DAY_MS;
	d->plan.reasons = NULL;
	commit_rows_add_deployment(rows, d->device_id, d);
	commit_rows_add_history(history, d->id, &step);
	d->row_version++;
}

/* The counters that change; and, should somebody else listen, a notification of the length that suitd's has. */
static void send_rest(PGconn *conn, const char *origin, size_t n)
{
	struct sql_table counters su_auto(sql_table_free) = SQL_TABLE(SQL_TEXTS, SQL_INTS);
	struct sql_array payloads su_auto(sql_array_free) = sql_array_of(SQL_TEXTS);
	struct su_buf names su_auto(su_buf_free) = { 0 };
	static const char *const states[] = { "deployments.accepted", "deployments.deferred" };
	for (size_t i = 0; i < 2; i++) {
		sql_array_add_text(sql_table_next(&counters), states[i]);
		sql_array_add_int(sql_table_next(&counters), i == 0 ? 1 : -1);
	}
	su_buf_printf(&names, "device pq_batches bench-000000");
	for (size_t i = 1; i < n && names.len < 7800; i++)
		su_buf_printf(&names, "\nbench-%06zu", i);
	sql_array_add_text(&payloads, su_buf_str(&names));
	const struct sql_arg args[] = { sql_list(&payloads), sql_text(origin) };
	send(conn, STATEMENT_NOTIFY_OTHERS, args, 2);
	send_table(conn, STATEMENT_COUNTER_ADD, &counters);
	send(conn, STATEMENT_COMMIT, NULL, 0);
}

static void collect(PGconn *conn)
{
	PGresult *result;
	for (int i = 0; i < PER_BATCH; i++) {
		result = PQgetResult(conn);
		ExecStatusType status = PQresultStatus(result);
		if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			errx(1, "statement %d: %s", i, PQresultErrorMessage(result));
		PQclear(result);
		PQclear(PQgetResult(conn));
	}
	result = PQgetResult(conn);
	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		errx(1, "no end of the batch");
	PQclear(result);
}

static void run_batch(PGconn *conn, struct fleet *fleet, size_t size)
{
	struct sql_array ids su_auto(sql_array_free) = sql_array_of(SQL_INTS);
	struct sql_table rows su_auto(sql_table_free) = commit_rows_deployments();
	struct sql_table history su_auto(sql_table_free) = commit_rows_history();
	for (size_t i = 0; i < size; i++) {
		struct deployment *d = &fleet->deployments[fleet->next++ % fleet->n];
		sql_array_add_int(&ids, d->device_id);
		move(d, &rows, &history);
	}
	const struct sql_arg locked[] = { sql_list(&ids) };
	send(conn, STATEMENT_BEGIN, NULL, 0);
	send(conn, STATEMENT_BATCH_LOCK_DEVICES, locked, 1);
	send_table(conn, STATEMENT_BATCH_UPDATE_DEPLOYMENTS, &rows);
	send_table(conn, STATEMENT_BATCH_INSERT_HISTORY, &history);
	send_rest(conn, fleet->origin, size);
	if (!PQpipelineSync(conn))
		errx(1, "%s", PQerrorMessage(conn));
	collect(conn);
}

static PGconn *connect_to(const char *conninfo)
{
	static const enum statement used[PER_BATCH] = { STATEMENT_BEGIN,
		STATEMENT_BATCH_LOCK_DEVICES, STATEMENT_BATCH_UPDATE_DEPLOYMENTS,
		STATEMENT_BATCH_INSERT_HISTORY, STATEMENT_NOTIFY_OTHERS, STATEMENT_COUNTER_ADD,
		STATEMENT_COMMIT };
	PGconn *conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK)
		errx(1, "%s", PQerrorMessage(conn));
	for (size_t i = 0; i < PER_BATCH; i++)
		prepare(conn, used[i]);
	PQclear(PQexec(conn, statement_text(STATEMENT_CONNECTION_PLAN_ONCE)));
	return conn;
}

static const char *find_origin(PGconn *conn, struct su_arena *arena)
{
	PGresult *result = PQexec(conn, "SELECT min(origin) FROM listener");
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		errx(1, "%s", PQerrorMessage(conn));
	const char *origin = su_arena_strdup(arena, PQgetvalue(result, 0, 0));
	PQclear(result);
	return origin;
}

int main(int argc, char **argv)
{
	struct fleet fleet = { 0 };
	if (argc != 6)
		errx(2, "usage: pq_batches CONNINFO FIRST LAST SIZE SECONDS");
	int64_t first = atoll(argv[2]), last = atoll(argv[3]);
	size_t size = (size_t)atoll(argv[4]);
	double seconds = atof(argv[5]);
	if (last < first || size < 1 || size > MAX_BATCH || size > (size_t)(last - first + 1))
		errx(2, "a batch has no device twice");
	fleet.arena = su_arena_new();
	read_fleet(argv[1], first, (size_t)(last - first + 1), &fleet);
	PGconn *conn = connect_to(argv[1]);
	fleet.origin = find_origin(conn, fleet.arena);
	if (!PQenterPipelineMode(conn))
		errx(1, "%s", PQerrorMessage(conn));
	size_t n = 0;
	double start_s = now_s(), took_s;
	do {
		run_batch(conn, &fleet, size);
		n += size;
		took_s = now_s() - start_s;
	} while (took_s < seconds);
	printf("{\"rate\": %.1f, \"answered\": %zu}\n", (double)n / took_s, n);
	PQfinish(conn);
	su_arena_free(&fleet.arena);
	return 0;
}
