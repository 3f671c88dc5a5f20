/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening side: a thread that waits on the connection, round after round; each round's
 * notifications are told on the loop.
 *
 * Whoever listens is listed in a table, so that a process that is alone need not notify: a notification makes
 * commits wait for each other, and wakes every listener. A transaction may have looked there before we were
 * listed, and commit later: what it changes is known to be seen once all are over that were under way then.
 */
#include "store/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/uuid.h"
#include "base/work.h"
#include "model/names.h"
#include "store/notify_send.h"
#include "store/pg_session.h"
#include "store/sql_row.h"

#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 5000
#define MAX_ROUND        256
#define SETTLING_MS      256 /* the longest pause of those in which we wait for them at the beginning */
#define CLEANING_MS      60000 /* between looks for listeners that are gone */

struct notify {
	notify_fn on_notify;
	void *arg;
	char *conninfo;
	char *ignored;                  /* an origin, or NULL */
	char origin[SU_UUID_TEXT_SIZE]; /* as which it is listed: ignored, or its own */
	int wake_fd;
	bool stopping;
	struct su_work *work;
	/* The thread's while a round runs. */
	struct pg_session *session;
	int pause_ms;
	bool began;           /* in this round */
	int64_t horizon;      /* transactions from this one on have seen that we are listed */
	bool listed, settled; /* settled: those before it are over */
	size_t n_payloads;
	char *payloads[MAX_ROUND];
};

/* fd -1: nothing but the time or a wake-up. False when it was the time. */
static bool wait_for(const struct notify *n, int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = n->wake_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };
	int ready;
	while ((ready = poll(fds, 2, timeout_ms)) < 0 && errno == EINTR)
		continue;
	return ready != 0;
}

/* The one value of the one row, or 0. */
static enum su_status ask(
	struct notify *n, enum statement statement, const struct sql_arg *arg, int64_t *out)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct pg_result *rows su_auto(sql_rows_free) = NULL;
	struct su_error err = { 0 };
	struct sql_wire wire;
	*out = 0;
	SU_TRY(sql_args_encode(arg, arg ? 1 : 0, arena, &wire, &err));
	SU_TRY(pg_session_run(n->session, statement, &wire, &rows, &err));
	if (sql_rows_count(rows) == 0)
		return SU_OK;
	struct sql_row row = sql_row_at(rows, 0, arena, &err);
	*out = sql_read_int(&row);
	return err.status;
}

static enum su_status tell_by_name(struct notify *n, enum statement statement)
{
	int64_t ignored;
	const struct sql_arg origin = sql_text(n->origin);
	return ask(n, statement, &origin, &ignored);
}

/* Held before it is listed: what is listed and not held is cleaned away. */
static enum su_status get_listed(struct notify *n)
{
	SU_TRY(tell_by_name(n, STATEMENT_LISTENER_HOLD));
	SU_TRY(tell_by_name(n, STATEMENT_LISTENER_ADD));
	SU_TRY(tell_by_name(n, STATEMENT_LISTENER_CLEAN));
	return ask(n, STATEMENT_LISTENER_HORIZON, NULL, &n->horizon);
}

/*
 * A database that takes no writes lists nobody: nor does anybody change what we would have to hear of. Whatever
 * else fails shows when the session is read.
 */
static void try_to_settle(struct notify *n)
{
	int64_t oldest;
	if (!n->listed)
		n->listed = get_listed(n) == SU_OK;
	if (!n->listed || ask(n, STATEMENT_LISTENER_OLDEST, NULL, &oldest) != SU_OK ||
		oldest < n->horizon)
		return;
	n->settled = true;
	n->began = true;
}

/* Mostly they are over within a commit's time; one that takes long is waited for in later rounds. */
static void settle(struct notify *n)
{
	n->listed = n->settled = false;
	try_to_settle(n);
	for (int pause_ms = 1; n->listed && !n->settled && pause_ms < SETTLING_MS; pause_ms *= 2) {
		wait_for(n, -1, pause_ms);
		try_to_settle(n);
	}
}

static bool begin(struct notify *n)
{
	int64_t ignored;
	if (pg_session_open(n->conninfo, &n->session, NULL) == SU_OK &&
		ask(n, STATEMENT_NOTIFY_LISTEN, NULL, &ignored) == SU_OK) {
		settle(n);
		n->began = true;
		n->pause_ms = FIRST_PAUSE_MS;
		return true;
	}
	pg_session_close(&n->session);
	wait_for(n, -1, n->pause_ms);
	n->pause_ms = n->pause_ms * 2 < LONGEST_PAUSE_MS ? n->pause_ms * 2 : LONGEST_PAUSE_MS;
	return false;
}

static void wait_for_more(struct notify *n)
{
	bool in_time =
		wait_for(n, pg_session_fd(n->session), n->settled ? CLEANING_MS : SETTLING_MS);
	if (!n->settled)
		try_to_settle(n);
	else if (!in_time)
		(void)tell_by_name(n, STATEMENT_LISTENER_CLEAN);
}

static void collect(struct notify *n)
{
	while (n->n_payloads < MAX_ROUND &&
		(n->payloads[n->n_payloads] = pg_session_take_notification(n->session)))
		n->n_payloads++;
}

static void run_round(void *arg, void *thread_context)
{
	struct notify *n = arg;
	(void)thread_context;
	if (!n->session) {
		begin(n);
		return;
	}
	collect(n); /* what the last round left */
	if (n->n_payloads > 0)
		return;
	wait_for_more(n);
	if (!pg_session_lost(n->session) && pg_session_read(n->session, NULL) == SU_OK)
		collect(n);
	else
		pg_session_close(&n->session);
}

static bool parse_topic(const char *text, enum notify_topic *out)
{
	int value;
	if (name_parse(notify_topic_names, "topic", text, &value, NULL) != SU_OK)
		return false;
	*out = (enum notify_topic)value;
	return true;
}

/* "<topic> <origin> <item>\n<item>..."; takes the text apart in place. What is not ours is ignored. */
static void tell(const struct notify *n, char *payload)
{
	enum notify_topic topic;
	char *items = payload;
	const char *word = strsep(&items, " ");
	if (!items || !parse_topic(word, &topic))
		return;
	const char *origin = strsep(&items, " ");
	if (!items || (n->ignored && strcmp(origin, n->ignored) == 0))
		return;
	while (items)
		n->on_notify(n->arg, topic, strsep(&items, "\n"));
}

static void start_round(struct notify *n);

static void on_round_done(void *arg)
{
	struct notify *n = arg;
	if (n->began && !n->stopping)
		n->on_notify(n->arg, NOTIFY_EVERYTHING, "");
	n->began = false;
	for (size_t i = 0; i < n->n_payloads; i++) {
		if (!n->stopping)
			tell(n, n->payloads[i]);
		free(n->payloads[i]);
	}
	n->n_payloads = 0;
	if (!n->stopping)
		start_round(n);
}

static void start_round(struct notify *n)
{
	if (su_work_submit(n->work,
		    (struct su_job){ .run = run_round, .done = on_round_done, .arg = n }) != SU_OK)
		abort(); /* one job at a time cannot fill the queue */
}

enum su_status notify_start(
	const struct notify_opts *opts, struct notify **out, struct su_error *err)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return su_fail(err, SU_IO, "", "cannot make an eventfd: %s", strerror(errno));
	struct notify *n = su_new(struct notify);
	n->on_notify = opts->on_notify;
	n->arg = opts->arg;
	n->conninfo = su_strdup(opts->conninfo);
	n->ignored = opts->origin ? su_strdup(opts->origin) : NULL;
	if (opts->origin)
		snprintf(n->origin, sizeof(n->origin), "%s", opts->origin);
	else
		su_uuid_format(su_uuid_v7(0), n->origin);
	n->wake_fd = wake_fd;
	n->pause_ms = FIRST_PAUSE_MS;
	n->work = su_work_new(opts->loop, 1, 1, NULL);
	start_round(n);
	*out = n;
	return SU_OK;
}

void notify_stop(struct notify **notify)
{
	struct notify *n = *notify;
	const uint64_t one = 1;
	if (!n)
		return;
	n->stopping = true;
	if (write(n->wake_fd, &one, sizeof(one)) < 0)
		abort(); /* an eventfd takes its first count */
	su_work_free(&n->work);
	pg_session_close(&n->session);
	su_close_fd(&n->wake_fd);
	free(n->conninfo);
	free(n->ignored);
	free(n);
	*notify = NULL;
}
