/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side of the committer: batches of what waits, each on a thread with a connection of its own, and
 * waiting for a database that is away.
 */
#include "store/committer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/short_slices.h"
#include "base/uuid.h"
#include "base/work.h"
#include "store/commit_queue.h"
#include "store/connection.h"

#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 5000
/* A full disk takes small writes now and then: only after so long without a fault it is said to be over. */
#define SETTLED_MS 5000

/* Two connections: while one batch waits for the disk, the database works on the other. */
#define N_RUNNING 2
/* One more, as what runs next is sent before the writes of the last one are answered. */
#define N_BATCHES (N_RUNNING + 1)

struct batch_job {
	struct committer *committer;
	struct pending_batch batch; /* empty: to find out about the database */
	struct batch_item **items;
	bool is_running, is_answered; /* neither of them: free */
	struct su_error found; /* by the thread: SU_OK, SU_RETRY (away), else: takes no writes */
};

struct committer {
	char *conninfo;
	char origin[SU_UUID_TEXT_SIZE];
	size_t max_queued;
	struct su_work *work; /* the context of its threads is their connection */
	struct su_timer *pause;
	int64_t pause_ms;
	struct su_timer *settled;
	bool answering, away, stopping;
	bool has_complained; /* in the log, and has not said since that it is over */
	bool doubtful;       /* it could not write, and has not been tried since */
	atomic_bool refuses; /* away, or there and taking no writes; asked by any thread */
	size_t n_waiting;    /* in the queue, and in the batches */
	struct commit_queue *queue;
	struct batch_job jobs[N_BATCHES];
};

/* A database that cannot write fails the whole batch; its words are for the log, not for devices. */
static void note_result(struct batch_job *job, struct committer_result *result)
{
	if (result->status != SU_FULL && result->status != SU_IO)
		return;
	job->found = result->error;
	result->status =
		su_fail(&result->error, SU_RETRY, "", "the database cannot write at the moment");
}

static void run_batch(void *arg, void *thread_context)
{
	struct batch_job *job = arg;
	struct store_conn *conn = thread_context;
	job->found = (struct su_error){ 0 };
	for (size_t i = 0; i < job->batch.n; i++)
		job->items[i] = &job->batch.writes[i]->item;
	if (job->batch.n > 0)
		commit_batch_run(conn, job->committer->origin, job->items, job->batch.n);
	for (size_t i = 0; i < job->batch.n; i++)
		note_result(job, &job->items[i]->result);
	struct su_error error;
	if (store_conn_ready_to_write(conn, &error) != SU_OK)
		job->found = error;
}

static void complete(struct committer *c, struct pending_write *pending)
{
	c->n_waiting--;
	pending->done(pending->arg, &pending->item.result);
	free(pending);
}

/* Nobody knows when the database comes back: those who wait are told to try later. */
static void fail_waiting(struct committer *c)
{
	struct pending_write *next = commit_queue_take_all(c->queue);
	for (struct pending_write *pending; (pending = next);) {
		next = pending->next;
		pending->item.result.status = su_fail(
			&pending->item.result.error, SU_RETRY, "", "the database takes no writes");
		complete(c, pending);
	}
}

static void complain(struct committer *c, const char *why)
{
	su_timer_cancel(c->settled);
	if (!c->has_complained)
		su_log(SU_LOG_WARNING, "the database takes no writes", SU_STR("why", why));
	c->has_complained = true;
}

static void on_settled(void *arg)
{
	struct committer *c = arg;
	c->has_complained = false;
	su_log(SU_LOG_INFO, "the database takes writes again");
}

/* Whether a database that could not write can do so again, only the next write tells. */
static void note_state(struct committer *c, const struct batch_job *job)
{
	bool was_well = !c->refuses && !c->doubtful;
	c->refuses = job->found.status != SU_OK;
	c->away = job->found.status == SU_RETRY;
	if (c->refuses || job->batch.n > 0)
		c->doubtful = job->found.status == SU_FULL || job->found.status == SU_IO;
	bool is_well = !c->refuses && !c->doubtful;
	if (is_well)
		c->pause_ms = FIRST_PAUSE_MS;
	if (!is_well)
		complain(c, job->found.text);
	else if (!was_well)
		su_timer_set(c->settled, SETTLED_MS);
}

/* Fills running with those that are under way, and counts them. */
static size_t find_running(
	const struct committer *c, const struct pending_batch *running[N_BATCHES])
{
	size_t n = 0;
	for (size_t i = 0; i < N_BATCHES; i++)
		if (c->jobs[i].is_running)
			running[n++] = &c->jobs[i].batch;
	return n;
}

static struct batch_job *find_free(struct committer *c)
{
	struct batch_job *job = c->jobs;
	while (job->is_running || job->is_answered)
		job++;
	return job;
}

static void on_batch_done(void *arg);

static void start(struct committer *c, struct batch_job *job)
{
	job->is_running = true;
	if (su_work_submit(c->work, (struct su_job){ run_batch, on_batch_done, job }) != SU_OK)
		abort(); /* as many jobs as threads cannot fill the queue */
}

/* With nothing to write it only tries to reach the database. */
static void start_probe(struct committer *c)
{
	struct batch_job *job = find_free(c);
	job->batch.n = 0;
	start(c, job);
}

/*
 * A second batch sets out when as many writes wait as are on their way: at once where messages are few, and
 * where they are many, both get large. It may find nothing: all that waits may rest on what is being written.
 */
static void start_waiting(struct committer *c)
{
	const struct pending_batch *running[N_BATCHES];
	size_t n_running = find_running(c, running), n_waiting = commit_queue_count(c->queue);
	bool enough = n_waiting > 0 && (n_running == 0 || n_waiting >= running[0]->n);
	if (c->refuses || c->stopping || c->answering || !enough || n_running == N_RUNNING)
		return;
	struct batch_job *job = find_free(c);
	commit_queue_take(c->queue, &job->batch, running, n_running);
	if (job->batch.n > 0)
		start(c, job);
}

/* Nothing is started in between: what the completions submit makes one batch together. */
static void answer(struct committer *c, struct batch_job *job)
{
	c->answering = true;
	for (size_t i = 0; i < job->batch.n; i++)
		complete(c, job->batch.writes[i]);
	if (c->refuses)
		fail_waiting(c);
	c->answering = false;
}

/* The last one sees to it. */
static void pause_soon(struct committer *c)
{
	const struct pending_batch *running[N_BATCHES];
	if (find_running(c, running) > 0)
		return;
	su_timer_set(c->pause, c->pause_ms);
	c->pause_ms = c->pause_ms * 2 < LONGEST_PAUSE_MS ? c->pause_ms * 2 : LONGEST_PAUSE_MS;
}

/* What waits is on its way to the database before the answers are: neither side waits for the other. */
static void on_batch_done(void *arg)
{
	struct batch_job *job = arg;
	struct committer *c = job->committer;
	job->is_running = false;
	job->is_answered = true;
	note_state(c, job);
	start_waiting(c);
	answer(c, job);
	job->is_answered = false;
	if (c->refuses && !c->stopping)
		pause_soon(c);
	else
		start_waiting(c);
}

static void on_pause_over(void *arg)
{
	start_probe(arg);
}

/* Devices wait for what it does. */
static void *start_thread(void *conninfo)
{
	struct store_conn *conn = store_conn_new(conninfo);
	store_conn_plan_once(conn);
	su_short_slices_ask();
	return conn;
}

static void init_job(struct batch_job *job, struct committer *c, size_t max_batch)
{
	job->committer = c;
	job->batch.writes = su_new_array(max_batch, sizeof(*job->batch.writes));
	job->items = su_new_array(max_batch, sizeof(*job->items));
}

enum su_status committer_start(
	const struct committer_opts *opts, struct committer **out, struct su_error *err)
{
	if (opts->max_batch == 0 || opts->max_queued == 0)
		return su_fail(
			err, SU_INVALID, "", "a committer needs room for at least one write");
	struct committer *c = su_new(struct committer);
	c->conninfo = su_strdup(opts->conninfo);
	su_uuid_format(su_uuid_v7(0), c->origin);
	c->max_queued = opts->max_queued;
	c->queue = commit_queue_new(opts->max_batch, N_RUNNING);
	for (size_t i = 0; i < N_BATCHES; i++)
		init_job(&c->jobs[i], c, opts->max_batch);
	c->pause_ms = FIRST_PAUSE_MS;
	c->pause = su_timer_new(opts->loop, on_pause_over, c);
	c->settled = su_timer_new(opts->loop, on_settled, c);
	struct su_work_hooks hooks = store_conn_hooks(c->conninfo);
	hooks.thread_start = start_thread;
	c->work = su_work_new(opts->loop, N_RUNNING, N_RUNNING, &hooks);
	for (size_t i = 0; i < N_RUNNING; i++)
		start_probe(c);
	*out = c;
	return SU_OK;
}

static void finish_waiting(struct committer *c)
{
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new(c->conninfo);
	while (commit_queue_count(c->queue) > 0) {
		struct batch_job *job = find_free(c);
		commit_queue_take(c->queue, &job->batch, NULL, 0);
		run_batch(job, conn);
		on_batch_done(job);
	}
}

void committer_stop(struct committer **committer)
{
	struct committer *c = *committer;
	if (!c)
		return;
	c->stopping = true;
	su_work_free(&c->work);
	finish_waiting(c);
	su_timer_free(&c->pause);
	su_timer_free(&c->settled);
	for (size_t i = 0; i < N_BATCHES; i++) {
		free((void *)c->jobs[i].batch.writes);
		free((void *)c->jobs[i].items);
	}
	commit_queue_free(&c->queue);
	free(c->conninfo);
	free(c);
	*committer = NULL;
}

enum su_status committer_submit(struct committer *c, const struct device_write *write,
	committer_done_fn done, void *arg, struct su_error *err)
{
	if (c->refuses || c->stopping)
		return su_fail(err, SU_RETRY, "", "the database takes no writes");
	if (c->n_waiting >= c->max_queued)
		return su_fail(err, SU_BUSY, "", "too many writes wait for the database");
	struct pending_write *pending = su_new(struct pending_write);
	pending->item.write = write;
	pending->done = done;
	pending->arg = arg;
	commit_queue_put(c->queue, pending);
	c->n_waiting++;
	start_waiting(c);
	return SU_OK;
}

bool committer_database_away(const struct committer *committer)
{
	return committer->away;
}

bool committer_takes_writes(const struct committer *committer)
{
	return !committer->refuses;
}

const char *committer_origin(const struct committer *committer)
{
	return committer->origin;
}
