/* SPDX-License-Identifier: Apache-2.0 */
/* A timer on the loop, the work on a worker: each deployment in a transaction of its own. */
#include "tracker/sweep.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/deployment_store.h"
#include "tracker/lifecycle.h"
#include "tracker/policy_holder.h"
#include "tracker/tracker_parts.h"

#define INTERVAL_MS 20000
#define BATCH_MAX   200

struct sweep {
	struct tracker *tracker; /* NULL: stopped */
	struct su_timer *timer;
	bool busy;
	/* For the worker. */
	struct policy_holder *policy;
	int64_t now_ms;
	bool more; /* a batch was full */
};

struct ending {
	enum lifecycle_event event;
	const char *detail;
	int64_t now_ms;
	struct policy_holder *policy; /* NULL: nothing is tried again */
};

static unsigned max_retries(const struct ending *ending, const struct deployment *deployment)
{
	if (!ending->policy)
		return 0;
	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(ending->policy);
	return use.policy->levels[deployment->plan.urgency].max_retries;
}

/* Somebody else may have moved it in between: then there is nothing to do. */
static void end_one(
	struct store_conn *conn, const struct unended *found, const struct ending *ending)
{
	struct deployment deployment = found->deployment;
	struct deployment_history step;
	enum lifecycle_event event =
		lifecycle_event_for(&deployment, ending->event, max_retries(ending, &deployment));
	if (lifecycle_apply(&deployment, event, "suitd", ending->detail, ending->now_ms, &step) !=
		LIFECYCLE_MOVE)
		return;
	struct txn txn = txn_begin(conn);
	deployment_store_update(&txn, &deployment, &step);
	deployment_store_notify(&txn, found->endpoint);
	struct su_error error;
	enum su_status status = txn_commit(&txn, &error);
	if (status != SU_OK && status != SU_STALE)
		su_log(SU_LOG_WARNING, "deployment could not be ended",
			SU_STR("endpoint", found->endpoint), SU_STR("error", error.text));
}

/* Those that the table moves; what it leaves alone would only fill the batches. */
static size_t find_withdrawn(struct txn *txn, struct su_arena *arena, struct unended **out)
{
	enum deployment_state states[DEPLOYMENT_STATE_COUNT];
	size_t n_states = 0;
	for (int state = 0; state < DEPLOYMENT_STATE_COUNT; state++)
		if (lifecycle_next((enum deployment_state)state, EVENT_WITHDRAW).verdict ==
			LIFECYCLE_MOVE)
			states[n_states++] = (enum deployment_state)state;
	return deployment_store_withdrawn(txn, arena, states, n_states, BATCH_MAX, out);
}

static void sweep_up(void *arg, void *thread_context)
{
	struct sweep *sweep = arg;
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct ending silent = { EVENT_SILENCE,
		"silent: nothing was heard of the device for too long", sweep->now_ms,
		sweep->policy };
	struct ending withdrawn = { EVENT_WITHDRAW, "the release was withdrawn", sweep->now_ms,
		NULL };
	struct unended *overdue, *left;
	struct su_error error;
	struct txn txn = txn_begin(thread_context);
	size_t n_overdue =
		deployment_store_overdue(&txn, arena, sweep->now_ms, BATCH_MAX, &overdue);
	size_t n_left = find_withdrawn(&txn, arena, &left);
	sweep->more = false;
	if (txn_commit(&txn, &error) != SU_OK)
		return;
	for (size_t i = 0; i < n_left; i++)
		end_one(thread_context, &left[i], &withdrawn);
	for (size_t i = 0; i < n_overdue; i++)
		end_one(thread_context, &overdue[i], &silent);
	sweep->more = n_overdue == BATCH_MAX || n_left == BATCH_MAX;
}

static void on_ended(void *arg)
{
	struct sweep *sweep = arg;
	sweep->busy = false;
	if (!sweep->tracker)
		su_free_ptr(&sweep);
	else
		su_timer_set(sweep->timer, sweep->more ? 0 : INTERVAL_MS);
}

static void on_timer(void *arg)
{
	struct sweep *sweep = arg;
	sweep->now_ms = sweep->tracker->opts.now_ms();
	const struct su_job job = { .run = sweep_up, .done = on_ended, .arg = sweep };
	sweep->busy = su_work_submit(sweep->tracker->opts.work, job) == SU_OK;
	if (!sweep->busy)
		su_timer_set(sweep->timer, INTERVAL_MS);
}

struct sweep *sweep_start(struct tracker *tracker)
{
	if (!tracker->opts.now_ms)
		return NULL;
	struct sweep *sweep = su_new(struct sweep);
	sweep->tracker = tracker;
	sweep->policy = tracker->opts.policies;
	sweep->timer = su_timer_new(tracker->opts.loop, on_timer, sweep);
	su_timer_set(sweep->timer, 0);
	return sweep;
}

void sweep_stop(struct sweep **sweep)
{
	if (!sweep || !*sweep)
		return;
	su_timer_free(&(*sweep)->timer);
	(*sweep)->tracker = NULL;
	if (!(*sweep)->busy)
		su_free_ptr(sweep);
	*sweep = NULL;
}
