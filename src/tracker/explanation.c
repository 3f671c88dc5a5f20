/* SPDX-License-Identifier: Apache-2.0 */
/* Loads, lets the planner and the policy judge as if it were for good, and keeps what they say. */
#include "tracker/explanation.h"

#include "store/deployment_store.h"
#include "store/device_store.h"
#include "store/release_store.h"

#define HORIZON_MS (INT64_C(62) * 24 * 3600 * 1000)

static void load_in_flight(const struct planning *planning, struct explanation *out)
{
	struct deployment_history *steps;
	struct release *release = su_arena_new_of(planning->arena, struct release);
	out->in_flight = deployment_store_active(
		planning->txn, planning->arena, out->device.id, &out->deployment);
	if (!out->in_flight)
		return;
	size_t n = deployment_store_history(
		planning->txn, planning->arena, out->deployment.id, &steps);
	size_t n_left_out = n > EXPLANATION_MAX_STEPS ? n - EXPLANATION_MAX_STEPS : 0;
	out->steps = steps + n_left_out;
	out->n_steps = n - n_left_out;
	if (release_store_get(planning->txn, planning->arena, &out->deployment.release, release))
		out->release = release;
}

/* The deployment that the next poll, or the planner, would make. */
static void imagine(const struct planning *planning, struct explanation *out)
{
	out->release = &out->plan.choice->release;
	out->deployment = (struct deployment){
		.device_id = out->device.id,
		.release = out->release->digest,
		.state = DEPLOYMENT_PLANNED,
		.created_at_ms = planning->now_ms,
		.changed_at_ms = planning->now_ms,
	};
}

static bool is_undecided(const struct explanation *out)
{
	return out->deployment.plan.vulnerable_since_ms == 0;
}

static struct explanation_window window_of(
	const struct calendar *calendar, enum window_meaning meaning, int64_t now_ms)
{
	struct explanation_window window = { 0 };
	const struct calendar_query query = {
		.meaning = meaning, .now_ms = now_ms, .horizon_ms = now_ms + HORIZON_MS
	};
	window.has = calendar && calendar_next(calendar, &query, &window.when);
	return window;
}

static const char *say_why(const struct explanation *out)
{
	if (out->in_flight)
		return out->outlook.ahead.next.why;
	if (out->device.removed_at_ms != 0)
		return "the device was removed";
	if (out->plan.choice)
		return out->deployment.mode == MODE_CLIENT ? "it is planned when the device polls"
							   : "it has not been planned yet";
	if (out->plan.up_to_date)
		return "the device runs the best release for it already";
	return out->plan.n_candidates == 0 ? "no approved release targets its vendor or class"
					   : "no approved release for its vendor or class fits it";
}

bool explanation_load(const struct planning *planning, struct blob_store *blobs,
	const char *endpoint, struct explanation *out)
{
	struct step step;
	*out = (struct explanation){ 0 };
	if (!device_store_get(planning->txn, planning->arena, endpoint, &out->device))
		return false;
	planner_choose(
		&(struct planner){ planning->txn, blobs, planning->arena, planning->now_ms, NULL },
		&out->device, &out->plan);
	load_in_flight(planning, out);
	if (!out->in_flight && out->plan.choice)
		imagine(planning, out);
	if (out->release && is_undecided(out))
		planning_decide(planning, &out->device, out->release, &out->deployment, &step);
	planning_foresee(planning, &out->device, &out->deployment, &out->outlook);
	const struct calendar *calendar = out->outlook.calendar;
	out->idle = window_of(calendar, WINDOW_IDLE, planning->now_ms);
	out->busy = window_of(calendar, WINDOW_BUSY, planning->now_ms);
	out->reachable = window_of(calendar, WINDOW_REACHABLE, planning->now_ms);
	out->because = say_why(out);
	return txn_ok(planning->txn);
}
