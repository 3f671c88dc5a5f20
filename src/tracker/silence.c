/* SPDX-License-Identifier: Apache-2.0 */
/* A timer on the loop, the work on a worker: each overdue deployment in a transaction of its own. */
#include "tracker/silence.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/deployment_store.h"
#include "tracker/lifecycle.h"
#include "tracker/tracker_parts.h"

#define INTERVAL_MS 20000
#define BATCH_MAX   200

struct silence {
	struct tracker *tracker; /* NULL: stopped */
	struct su_timer *timer;
	bool busy;
	/* For the worker. */
	int64_t now_ms;
	size_t n_found;
};

/* Somebody else may have moved it in between: then there is nothing to do. */
static void end_one(struct store_conn *conn, const struct overdue *found, int64_t now_ms)
{
	struct deployment deployment = found->deployment;
	struct deployment_history step;
	if (lifecycle_apply(&deployment, EVENT_SILENCE, "suitd",
		    "the device was silent for too long", now_ms, &step) != LIFECYCLE_MOVE)
		return;
	struct txn txn = txn_begin(conn);
	deployment_store_update(&txn, &deployment, &step);
	deployment_store_notify(&txn, found->endpoint);
	struct su_error error;
	enum su_status status = txn_commit(&txn, &error);
	if (status != SU_OK && status != SU_STALE)
		su_log(SU_LOG_WARNING, "overdue deployment could not be ended",
			SU_STR("endpoint", found->endpoint), SU_STR("error", error.text));
}

static void end_overdue(void *arg, void *thread_context)
{
	struct silence *silence = arg;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct overdue *found;
	struct su_error error;
	struct txn txn = txn_begin(thread_context);
	silence->n_found =
		deployment_store_overdue(&txn, arena, silence->now_ms, BATCH_MAX, &found);
	if (txn_commit(&txn, &error) != SU_OK)
		silence->n_found = 0;
	for (size_t i = 0; i < silence->n_found; i++)
		end_one(thread_context, &found[i], silence->now_ms);
}

static void on_ended(void *arg)
{
	struct silence *silence = arg;
	silence->busy = false;
	if (!silence->tracker)
		su_free_ptr(&silence);
	else
		su_timer_set(silence->timer, silence->n_found == BATCH_MAX ? 0 : INTERVAL_MS);
}

static void on_timer(void *arg)
{
	struct silence *silence = arg;
	silence->now_ms = silence->tracker->opts.now_ms();
	const struct su_job job = { .run = end_overdue, .done = on_ended, .arg = silence };
	silence->busy = su_work_submit(silence->tracker->opts.work, job) == SU_OK;
	if (!silence->busy)
		su_timer_set(silence->timer, INTERVAL_MS);
}

struct silence *silence_start(struct tracker *tracker)
{
	if (!tracker->opts.now_ms)
		return NULL;
	struct silence *silence = su_new(struct silence);
	silence->tracker = tracker;
	silence->timer = su_timer_new(tracker->opts.loop, on_timer, silence);
	su_timer_set(silence->timer, 0);
	return silence;
}

void silence_stop(struct silence **silence)
{
	if (!silence || !*silence)
		return;
	su_timer_free(&(*silence)->timer);
	(*silence)->tracker = NULL;
	if (!(*silence)->busy)
		su_free_ptr(silence);
	*silence = NULL;
}
