/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening side: a thread that waits on the connection, round after round; each round's
 * notifications are told on the loop.
 */
#include "store/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/work.h"
#include "model/names.h"
#include "store/notify_send.h"
#include "store/pg_session.h"

#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 5000
#define MAX_ROUND        256

struct notify {
	notify_fn on_notify;
	void *arg;
	char *conninfo;
	char *ignored; /* an origin, or NULL */
	int wake_fd;
	bool stopping;
	struct su_work *work;
	/* The thread's while a round runs. */
	struct pg_session *session;
	int pause_ms;
	bool began; /* in this round */
	size_t n_payloads;
	char *payloads[MAX_ROUND];
};

/* fd -1: nothing but the time or a wake-up. */
static void wait_for(const struct notify *n, int fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = n->wake_fd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };
	while (poll(fds, 2, timeout_ms) < 0 && errno == EINTR)
		continue;
}

static bool begin(struct notify *n)
{
	if (pg_session_open(n->conninfo, &n->session, NULL) == SU_OK &&
		pg_session_run(n->session, STATEMENT_NOTIFY_LISTEN, NULL, NULL, NULL) == SU_OK) {
		n->began = true;
		n->pause_ms = FIRST_PAUSE_MS;
		return true;
	}
	pg_session_close(&n->session);
	wait_for(n, -1, n->pause_ms);
	n->pause_ms = n->pause_ms * 2 < LONGEST_PAUSE_MS ? n->pause_ms * 2 : LONGEST_PAUSE_MS;
	return false;
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
	wait_for(n, pg_session_fd(n->session), -1);
	if (pg_session_read(n->session, NULL) == SU_OK)
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

enum su_status notify_start(struct su_loop *loop, const char *conninfo, notify_fn on_notify,
	void *arg, struct notify **out, struct su_error *err)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return su_fail(err, SU_IO, "", "cannot make an eventfd: %s", strerror(errno));
	struct notify *n = su_new(struct notify);
	n->on_notify = on_notify;
	n->arg = arg;
	n->conninfo = su_strdup(conninfo);
	n->wake_fd = wake_fd;
	n->pause_ms = FIRST_PAUSE_MS;
	n->work = su_work_new(loop, 1, 1, NULL);
	start_round(n);
	*out = n;
	return SU_OK;
}

void notify_ignore(struct notify *notify, const char *origin)
{
	free(notify->ignored);
	notify->ignored = su_strdup(origin);
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
