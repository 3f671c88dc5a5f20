/* SPDX-License-Identifier: Apache-2.0 */
/* A timer on the loop, the work on a worker: each deployment in a transaction of its own. */
#include "tracker/planning_due.h"

#include "base/log.h"
#include "base/memory.h"
#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/release_store.h"
#include "store/replan_store.h"
#include "tracker/lifecycle.h"
#include "tracker/planning.h"
#include "tracker/planning_fleet.h"
#include "tracker/policy_holder.h"
#include "tracker/pusher.h"
#include "tracker/tracker_parts.h"

#define INTERVAL_MS 2000
#define BATCH_MAX   200
/* So that devices which are spoken to then do not all come at once. */
#define REPLAN_SPREAD_MS 3000
/* Clocks are slewed, and those of several daemons differ, by less than that. */
#define CLOCK_SLACK_MS 10000

struct planning_due {
	struct tracker *tracker; /* NULL: stopped */
	struct su_timer *timer;
	bool busy, woken;
	bool is_new;    /* nothing was looked at yet */
	bool went_back; /* the clock did, since the last time */
	/* For the worker. */
	struct policy_holder *policy;
	struct planning_desk desk;
	struct su_log_limit page_complaints, look_complaints;
	struct su_arena *arena;
	bool more;
	/* Found by the worker: whose next step is for who speaks to devices. */
	size_t n_handed;
	struct handed {
		const char *endpoint;
		enum urgency urgency;
	} * handed;
};

/* A command, or a question to a device that is at work. */
static bool is_for_pusher(
	const struct deployment *deployment, const struct step *step, int64_t now_ms)
{
	return step->from_ms <= now_ms && deployment->mode != MODE_CLIENT &&
	       step->kind != STEP_LET_POLL && step->kind != STEP_EXPIRE && step->kind != STEP_FAIL;
}

static bool end(struct deployment *deployment, const struct step *step, int64_t now_ms,
	struct deployment_history *out)
{
	enum lifecycle_event event =
		step->kind == STEP_FAIL && deployment->state != DEPLOYMENT_PLANNED
			? EVENT_REPORT_FAILURE
			: EVENT_EXPIRE;
	if (lifecycle_apply(deployment, event, "suitd", step->why, now_ms, out) == LIFECYCLE_MOVE)
		return true;
	deployment->plan.look_ms = 0; /* it installs: its end is tracked by its deadline */
	return false;
}

/* Writes what the step comes to; before: as it was. */
static void write_step(const struct planning *planning, const struct deployment *before,
	struct deployment *deployment, const struct step *step)
{
	struct deployment_history history = {
		.at_ms = planning->now_ms,
		.from = deployment->state,
		.to = deployment->state,
		.event = planning_change_event(step),
		.actor = "suitd",
	};
	const bool is_renewed = before->plan.vulnerable_since_ms != 0 && deployment->plan.reasons;
	bool is_told = before->mode != step->mode && before->plan.vulnerable_since_ms != 0;
	if (is_renewed) {
		is_told = true;
		history.event = PLANNING_RENEWS;
		history.detail = planning_describe_class(planning->arena, before, deployment);
	} else if (is_told) {
		history.detail = planning_describe_change(planning->arena, before, step);
	}
	if (step->kind == STEP_EXPIRE || step->kind == STEP_FAIL)
		is_told = end(deployment, step, planning->now_ms, &history) || is_told;
	deployment_store_update(planning->txn, deployment, is_told ? &history : NULL);
}

/* What an operator named has not been decided about yet. */
static void decide(const struct planning *planning, const struct device *device,
	struct deployment *deployment, struct step *out)
{
	struct release release;
	if (!release_store_get(planning->txn, planning->arena, &deployment->release, &release))
		return;
	if (deployment->plan.vulnerable_since_ms != 0)
		planning_next(planning, device, &release, deployment, out);
	else
		planning_decide(planning, device, &release, deployment, out);
}

/* Somebody else may have moved it in between: then there is nothing to do. */
static bool look_at(struct planning_due *due, struct store_conn *conn, const struct unended *found)
{
	struct su_arena *arena su_auto(su_arena_free) = su_arena_new();
	struct txn txn = txn_begin(conn);
	struct deployment deployment = found->deployment;
	struct device *device = su_arena_new_of(arena, struct device);
	struct step step = { 0 };
	struct su_error error;
	const struct planning planning = {
		.policy = due->desk.policy,
		.ledger = due->desk.ledger,
		.txn = &txn,
		.arena = arena,
		.now_ms = due->desk.now_ms,
	};
	if (device_store_get(&txn, arena, found->endpoint, device)) {
		if (planning_settle(planning.policy, device, planning.now_ms, arena))
			device_store_settle(&txn, device);
		decide(&planning, device, &deployment, &step);
		write_step(&planning, &found->deployment, &deployment, &step);
		deployment_store_notify(&txn, found->endpoint);
	}
	enum su_status status = txn_commit(&txn, &error);
	int64_t left_out;
	if (status != SU_OK && status != SU_STALE &&
		su_log_limit_let(&due->look_complaints, 1, due->desk.now_ms, &left_out))
		su_log(SU_LOG_WARNING, "deployment could not be looked at",
			SU_STR("endpoint", found->endpoint), SU_STR("error", error.text),
			SU_INT("left_out", left_out));
	return status == SU_OK && is_for_pusher(&deployment, &step, planning.now_ms);
}

static void look_at_all(struct planning_due *due, struct store_conn *conn)
{
	struct unended *found;
	struct su_error error;
	struct txn txn = txn_begin(conn);
	size_t n =
		deployment_store_to_look_at(&txn, due->arena, due->desk.now_ms, BATCH_MAX, &found);
	if (txn_commit(&txn, &error) != SU_OK)
		return;
	due->handed = su_arena_array(due->arena, n, sizeof(*due->handed));
	for (size_t i = 0; i < n; i++)
		if (look_at(due, conn, &found[i]))
			due->handed[due->n_handed++] = (struct handed){ found[i].endpoint,
				found[i].deployment.plan.urgency };
	due->more = n == BATCH_MAX;
}

/* After the policy has changed, what is in flight becomes due, as fast as it is looked at. */
static bool replan_some(const struct planning_due *due, struct store_conn *conn)
{
	const struct replan_page page = { due->desk.now_ms, REPLAN_SPREAD_MS, BATCH_MAX };
	struct su_error error;
	struct txn txn = txn_begin(conn);
	bool found = replan_store_page(&txn, &page);
	return txn_commit(&txn, &error) == SU_OK && found;
}

/* By the clock of an earlier run, perhaps of another machine. */
static bool is_before_newest(const struct planning_due *due, struct store_conn *conn)
{
	struct txn txn = txn_begin(conn);
	int64_t newest_ms = replan_store_newest_change(&txn);
	return txn_commit(&txn, NULL) == SU_OK && newest_ms > due->desk.now_ms + CLOCK_SLACK_MS;
}

/* What was planned by a clock that was ahead would wait until the time comes once more. */
static void heed_clock(struct planning_due *due, struct store_conn *conn, int64_t policy_version)
{
	if (due->is_new)
		due->went_back = is_before_newest(due, conn);
	due->is_new = false;
	if (!due->went_back)
		return;
	struct txn txn = txn_begin(conn);
	replan_store_start(&txn, policy_version);
	due->went_back = txn_commit(&txn, NULL) != SU_OK;
	if (!due->went_back)
		su_log(SU_LOG_WARNING, "the clock went back: what is in flight is planned anew");
}

static void work(void *arg, void *thread_context)
{
	struct planning_due *due = arg;
	policy_holder_keep_up(due->policy, thread_context);
	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(due->policy);
	due->desk.policy = use.policy;
	due->n_handed = 0;
	due->more = false;
	heed_clock(due, thread_context, use.version);
	look_at_all(due, thread_context);
	due->more |= planning_fleet_page(&due->desk, thread_context);
	due->more |= replan_some(due, thread_context);
}

static void hand_on(struct planning_due *due)
{
	struct tracker *tracker = due->tracker;
	for (size_t i = 0; i < due->n_handed && tracker->on_due; i++)
		tracker->on_due(tracker->drives, due->handed[i].endpoint, due->handed[i].urgency);
}

static void free_due(struct planning_due *due)
{
	su_arena_free(&due->arena);
	su_free_ptr(&due);
}

static void on_done(void *arg)
{
	struct planning_due *due = arg;
	due->busy = false;
	if (!due->tracker) {
		free_due(due);
		return;
	}
	hand_on(due);
	su_arena_free(&due->arena);
	su_timer_set(due->timer, due->more || due->woken ? 0 : INTERVAL_MS);
	due->woken = false;
}

static void on_timer(void *arg)
{
	struct planning_due *due = arg;
	if (!pusher_has_room(due->tracker->pusher)) {
		su_timer_set(due->timer, INTERVAL_MS);
		return;
	}
	const int64_t now_ms = due->tracker->opts.now_ms();
	due->went_back |= now_ms + CLOCK_SLACK_MS < due->desk.now_ms;
	due->desk.now_ms = now_ms;
	due->arena = su_arena_new();
	const struct su_job job = { .run = work, .done = on_done, .arg = due };
	due->busy = su_work_submit(due->tracker->opts.work, job) == SU_OK;
	if (due->busy)
		return;
	su_arena_free(&due->arena);
	su_timer_set(due->timer, INTERVAL_MS);
}

void planning_due_wake(struct planning_due *due)
{
	if (due && due->busy)
		due->woken = true;
	else if (due)
		su_timer_set(due->timer, 0);
}

void planning_due_heed(struct planning_due *due, const struct remembered *of)
{
	const struct deployment_plan *plan = &of->active.plan;
	if (due && of->has_active && plan->look_ms != 0 &&
		plan->look_ms <= due->tracker->opts.now_ms())
		planning_due_wake(due);
}

struct planning_due *planning_due_start(struct tracker *tracker)
{
	if (!tracker->opts.now_ms || !tracker->opts.policies)
		return NULL;
	struct planning_due *due = su_new(struct planning_due);
	due->tracker = tracker;
	due->policy = tracker->opts.policies;
	due->is_new = true;
	due->desk.ledger = tracker->ledger;
	due->desk.blobs = tracker->opts.blobs;
	due->desk.complaints = &due->page_complaints;
	due->timer = su_timer_new(tracker->opts.loop, on_timer, due);
	su_timer_set(due->timer, 0);
	return due;
}

void planning_due_stop(struct planning_due **due)
{
	if (!due || !*due)
		return;
	su_timer_free(&(*due)->timer);
	(*due)->tracker = NULL;
	if (!(*due)->busy)
		free_due(*due);
	*due = NULL;
}
