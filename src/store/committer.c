/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop's side of the committer: the queue, one batch at a time on a thread of its own, and
 * waiting for a database that is away.
 */
#include "store/committer.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/short_slices.h"
#include "base/uuid.h"
#include "base/work.h"
#include "store/commit_batch.h"
#include "store/connection.h"

#define FIRST_PAUSE_MS   100
#define LONGEST_PAUSE_MS 5000
/* A full disk takes small writes now and then: only after so long without a fault it is said to be over. */
#define SETTLED_MS 5000

struct pending {
	struct pending *next;
	struct batch_item item;
	committer_done_fn done;
	void *arg;
};

struct committer {
	char *conninfo;
	char origin[SU_UUID_TEXT_SIZE];
	size_t max_queued, max_batch;
	struct su_work *work; /* one thread; its context is the connection */
	struct su_timer *pause;
	int64_t pause_ms;
	struct su_timer *settled;
	bool busy, answering, away, stopping;
	bool has_complained; /* in the log, and has not said since that it is over */
	bool doubtful;       /* it could not write, and has not been tried since */
	atomic_bool refuses; /* away, or there and taking no writes; asked by any thread */
	size_t n_waiting;
	struct pending *first, **end; /* in the order of submission */
	/* The running batch: the thread's while busy. */
	struct pending **batch;
	struct batch_item **items;
	size_t n_batch;
	struct pending **answered; /* the one before it, while its completions are told */
	const char **names; /* endpoints in the batch: a hash table of twice max_batch or more */
	size_t n_names;
	struct su_error found; /* by the thread: SU_OK, SU_RETRY (away), else: takes no writes */
};

static size_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
	return (size_t)(hash ^ (hash >> 32));
}

/* False when the name is there already. */
static bool add_name(struct committer *c, const char *name)
{
	size_t mask = c->n_names - 1;
	size_t slot = hash_name(name) & mask;
	for (; c->names[slot]; slot = (slot + 1) & mask)
		if (strcmp(c->names[slot], name) == 0)
			return false;
	c->names[slot] = name;
	return true;
}

/* A second write of a device stays for the next batch: it may rest on the first. */
static void take_batch(struct committer *c)
{
	struct pending **link = &c->first;
	memset(c->names, 0, c->n_names * sizeof(*c->names));
	c->n_batch = 0;
	while (*link && c->n_batch < c->max_batch) {
		struct pending *pending = *link;
		if (!add_name(c, pending->item.write->device->endpoint)) {
			link = &pending->next;
			continue;
		}
		*link = pending->next;
		c->batch[c->n_batch] = pending;
		c->items[c->n_batch++] = &pending->item;
	}
	for (; *link; link = &(*link)->next)
		continue;
	c->end = link;
}

/* A database that cannot write fails the whole batch; its words are for the log, not for devices. */
static void note_result(struct committer *c, struct committer_result *result)
{
	if (result->status != SU_FULL && result->status != SU_IO)
		return;
	c->found = result->error;
	result->status =
		su_fail(&result->error, SU_RETRY, "", "the database cannot write at the moment");
}

static void run_batch(void *arg, void *thread_context)
{
	struct committer *c = arg;
	struct store_conn *conn = thread_context;
	c->found = (struct su_error){ 0 };
	if (c->n_batch > 0)
		commit_batch_run(conn, c->origin, c->items, c->n_batch);
	for (size_t i = 0; i < c->n_batch; i++)
		note_result(c, &c->items[i]->result);
	struct su_error error;
	if (store_conn_ready_to_write(conn, &error) != SU_OK)
		c->found = error;
}

static void complete(struct committer *c, struct pending *pending)
{
	c->n_waiting--;
	pending->done(pending->arg, &pending->item.result);
	free(pending);
}

/* Nobody knows when the database comes back: those who wait are told to try later. */
static void fail_waiting(struct committer *c)
{
	struct pending *next = c->first;
	c->first = NULL;
	c->end = &c->first;
	for (struct pending *pending; (pending = next);) {
		next = pending->next;
		pending->item.result.status = su_fail(
			&pending->item.result.error, SU_RETRY, "", "the database takes no writes");
		complete(c, pending);
	}
}

static void start_batch(struct committer *c);

static void complain(struct committer *c)
{
	su_timer_cancel(c->settled);
	if (!c->has_complained)
		su_log(SU_LOG_WARNING, "the database takes no writes",
			SU_STR("why", c->found.text));
	c->has_complained = true;
}

static void on_settled(void *arg)
{
	struct committer *c = arg;
	c->has_complained = false;
	su_log(SU_LOG_INFO, "the database takes writes again");
}

/* Whether a database that could not write can do so again, only the next write tells. */
static void note_state(struct committer *c, bool tried)
{
	bool was_well = !c->refuses && !c->doubtful;
	c->refuses = c->found.status != SU_OK;
	c->away = c->found.status == SU_RETRY;
	if (c->refuses || tried)
		c->doubtful = c->found.status == SU_FULL || c->found.status == SU_IO;
	bool is_well = !c->refuses && !c->doubtful;
	if (is_well)
		c->pause_ms = FIRST_PAUSE_MS;
	if (!is_well)
		complain(c);
	else if (!was_well)
		su_timer_set(c->settled, SETTLED_MS);
}

/* Nothing is started in between: what the completions submit makes one batch together. */
static void answer(struct committer *c, size_t n)
{
	c->answering = true;
	for (size_t i = 0; i < n; i++)
		complete(c, c->answered[i]);
	if (c->refuses)
		fail_waiting(c);
	c->answering = false;
}

/* What waits is on its way to the database before the answers are: neither side waits for the other. */
static void on_batch_done(void *arg)
{
	struct committer *c = arg;
	struct pending **batch = c->batch;
	size_t n = c->n_batch;
	c->batch = c->answered;
	c->answered = batch;
	c->n_batch = 0;
	c->busy = false;
	note_state(c, n > 0);
	if (!c->refuses && !c->stopping && c->first)
		start_batch(c);
	answer(c, n);
	if (c->stopping)
		return;
	if (c->refuses) {
		su_timer_set(c->pause, c->pause_ms);
		c->pause_ms =
			c->pause_ms * 2 < LONGEST_PAUSE_MS ? c->pause_ms * 2 : LONGEST_PAUSE_MS;
		return;
	}
	if (!c->busy && c->first)
		start_batch(c);
}

/* Also with nothing to write: then it only tries to reach the database. */
static void start_batch(struct committer *c)
{
	take_batch(c);
	c->busy = true;
	if (su_work_submit(c->work,
		    (struct su_job){ .run = run_batch, .done = on_batch_done, .arg = c }) != SU_OK)
		abort(); /* one job at a time cannot fill the queue */
}

static void on_pause_over(void *arg)
{
	start_batch(arg);
}

static size_t power_of_two_from(size_t n)
{
	size_t power = 1;
	while (power < n)
		power *= 2;
	return power;
}

/* Devices wait for what it does. */
static void *start_thread(void *conninfo)
{
	su_short_slices_ask();
	return store_conn_new(conninfo);
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
	c->max_batch = opts->max_batch;
	c->end = &c->first;
	c->batch = su_new_array(c->max_batch, sizeof(struct pending *));
	c->answered = su_new_array(c->max_batch, sizeof(struct pending *));
	c->items = su_new_array(c->max_batch, sizeof(struct batch_item *));
	c->n_names = power_of_two_from(2 * c->max_batch);
	c->names = su_new_array(c->n_names, sizeof(*c->names));
	c->pause_ms = FIRST_PAUSE_MS;
	c->pause = su_timer_new(opts->loop, on_pause_over, c);
	c->settled = su_timer_new(opts->loop, on_settled, c);
	struct su_work_hooks hooks = store_conn_hooks(c->conninfo);
	hooks.thread_start = start_thread;
	c->work = su_work_new(opts->loop, 1, 1, &hooks);
	start_batch(c);
	*out = c;
	return SU_OK;
}

static void finish_waiting(struct committer *c)
{
	struct store_conn *conn su_auto(store_conn_free) = store_conn_new(c->conninfo);
	while (c->first) {
		take_batch(c);
		run_batch(c, conn);
		on_batch_done(c);
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
	free(c->batch);
	free(c->answered);
	free(c->items);
	free((void *)c->names);
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
	struct pending *pending = su_new(struct pending);
	pending->item.write = write;
	pending->done = done;
	pending->arg = arg;
	*c->end = pending;
	c->end = &pending->next;
	c->n_waiting++;
	if (!c->busy && !c->answering)
		start_batch(c);
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
