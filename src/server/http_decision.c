/* SPDX-License-Identifier: Apache-2.0 */
/* /api/v1/devices/{endpoint}/decision: why a device is treated as it is, from its mode to its next step. */
#include "base/clock.h"
#include "base/memory.h"
#include "policy/calendar_json.h"
#include "server/http_handlers.h"
#include "server/http_json.h"
#include "server/http_views.h"
#include "tracker/explanation.h"
#include "tracker/policy_holder.h"

/* Unix time; never and unknown are null. */
static void put_moment(json_t *view, const char *name, int64_t at_ms)
{
	http_json_put_time(view, name, at_ms == INT64_MAX ? 0 : at_ms);
}

/* ISO 8601. */
static void put_span(json_t *view, const char *name, int64_t span_ms)
{
	char text[SU_TIME_TEXT_SIZE];
	su_duration_format(span_ms, text);
	http_json_put_text(view, name, text);
}

static void put_reason(json_t *view, const char *rule, const char *because)
{
	http_json_put_text(view, "rule", rule);
	http_json_put_text(view, "because", because);
}

static json_t *view_candidate(const struct plan_candidate *candidate)
{
	json_t *view = json_object();
	http_json_put_digest(view, "release", &candidate->release.digest);
	http_json_put_uint(view, "sequence_number", candidate->release.sequence_number);
	http_json_put_text(view, "version", candidate->release.version);
	http_json_put_bool(view, "chosen", candidate->chosen);
	http_json_put_text(view, "reason", candidate->reason);
	return view;
}

static json_t *view_candidates(const struct plan *plan)
{
	json_t *candidates = json_array();
	for (size_t i = 0; i < plan->n_candidates; i++)
		json_array_append_new(candidates, view_candidate(&plan->candidates[i]));
	return candidates;
}

static json_t *view_mode(const struct planning_outlook *outlook)
{
	json_t *view = json_object();
	http_json_put_text(view, "mode", name_of(update_mode_names, (int)outlook->settled));
	put_reason(view, outlook->mode_reason.rule, outlook->mode_reason.because);
	return view;
}

static json_t *view_interval(int64_t from_ms, int64_t until_ms)
{
	json_t *view = json_object();
	put_moment(view, "from", from_ms);
	put_moment(view, "until", until_ms);
	return view;
}

static json_t *view_window(const struct explanation_window *window)
{
	return window->has ? view_interval(window->when.from_ms, window->when.until_ms) : NULL;
}

static json_t *view_calendar(const struct explanation *told)
{
	const struct planning_outlook *outlook = &told->outlook;
	json_t *view = json_object();
	put_reason(view, outlook->calendar_reason.rule, outlook->calendar_reason.because);
	http_json_put_take(
		view, "calendar", outlook->calendar ? calendar_to_json(outlook->calendar) : NULL);
	http_json_put_take(view, "idle", view_window(&told->idle));
	http_json_put_take(view, "busy", view_window(&told->busy));
	http_json_put_take(view, "reachable", view_window(&told->reachable));
	return view;
}

/* The reasons that were kept when it was planned. */
static json_t *view_urgency(const struct deployment_plan *plan)
{
	json_t *view = json_object();
	json_t *reasons = plan->reasons ? json_loads(plan->reasons, 0, NULL) : NULL;
	const json_t *kept = json_object_get(reasons, "urgency");
	http_json_put_text(view, "urgency", name_of(urgency_names, (int)plan->urgency));
	put_reason(view, json_string_value(json_object_get(kept, "rule")),
		json_string_value(json_object_get(kept, "because")));
	json_decref(reasons);
	return view;
}

static json_t *view_step(const struct step *step)
{
	json_t *view = json_object();
	http_json_put_text(view, "step", name_of(step_kind_names, (int)step->kind));
	http_json_put_text(view, "mode", name_of(update_mode_names, (int)step->mode));
	put_moment(view, "from", step->from_ms);
	put_moment(view, "until", step->until_ms);
	http_json_put_bool(view, "when_reached", step->when_reached);
	http_json_put_bool(view, "interrupts", step->interrupts);
	http_json_put_text(view, "because", step->why);
	return view;
}

/* What the device does by itself is expected at a time, and bound to none. */
static json_t *view_installation(const struct step *step)
{
	struct step expected = *step;
	if (step->kind != STEP_INSTALL)
		expected.from_ms = step->install_from_ms;
	return view_step(&expected);
}

static json_t *view_escalation(const struct explanation *told, const struct level *level)
{
	const struct outlook *ahead = &told->outlook.ahead;
	bool escalates = ahead->escalates_ms != INT64_MAX;
	json_t *view = json_object();
	http_json_put_bool(view, "escalated", ahead->next.escalated);
	put_moment(view, "at", ahead->escalates_ms);
	http_json_put_text(view, "to",
		escalates ? name_of(update_mode_names, (int)ahead->escalates_to) : NULL);
	put_moment(view, "interrupts_from", ahead->interrupt_ms);
	put_span(view, "notice", level->notice_ms);
	http_json_put_text(
		view, "at_deadline", name_of(at_deadline_names, (int)level->at_deadline));
	return view;
}

static json_t *view_deferrals(const struct explanation *told, const struct level *level)
{
	const struct deployment_plan *plan = &told->deployment.plan;
	json_t *view = json_object();
	http_json_put_uint(view, "used", plan->deferrals);
	http_json_put_uint(view, "left", told->outlook.ahead.deferrals_left);
	put_span(view, "longest", level->max_deferral_ms);
	put_moment(view, "promised_at", plan->promised_ms);
	return view;
}

static json_t *view_tries(const struct explanation *told)
{
	const struct deployment_plan *plan = &told->deployment.plan;
	json_t *view = json_object();
	http_json_put_uint(view, "failed", plan->failures);
	http_json_put_uint(view, "left", told->outlook.ahead.retries_left);
	put_moment(view, "last_failure_at", plan->last_failure_ms);
	http_json_put_uint(view, "unanswered", plan->offers);
	put_moment(view, "last_command_at", plan->last_offer_ms);
	put_moment(view, "noticed_at", plan->noticed_ms);
	return view;
}

static void put_times(json_t *view, const struct explanation *told)
{
	const struct planning_outlook *outlook = &told->outlook;
	const struct deployment_plan *plan = &told->deployment.plan;
	put_moment(view, "vulnerable_since", plan->vulnerable_since_ms);
	put_moment(view, "deadline_at", outlook->ahead.deadline_ms);
	put_moment(view, "latest_start_at", outlook->ahead.latest_start_ms);
	put_moment(view, "download_at", plan->download_ms);
	put_span(view, "transfer", outlook->transfer_ms);
	put_span(view, "install", outlook->install_ms);
	put_moment(view, "look_at", plan->look_ms);
}

static json_t *view_ahead(const struct explanation *told, const struct policy *policy)
{
	const struct level *level = &policy->levels[told->deployment.plan.urgency];
	json_t *view = json_object();
	http_json_put_digest(view, "release", &told->deployment.release);
	http_json_put_bool(view, "in_flight", told->in_flight);
	http_json_put_take(view, "urgency", view_urgency(&told->deployment.plan));
	put_times(view, told);
	http_json_put_take(view, "next", view_step(&told->outlook.ahead.next));
	http_json_put_take(view, "installation", view_installation(&told->outlook.ahead.install));
	http_json_put_take(view, "escalation", view_escalation(told, level));
	http_json_put_take(view, "deferrals", view_deferrals(told, level));
	http_json_put_take(view, "tries", view_tries(told));
	return view;
}

static json_t *view_steps(const struct explanation *told)
{
	json_t *steps = json_array();
	for (size_t i = told->n_steps; i > 0; i--)
		json_array_append_new(
			steps, http_view_history(told->deployment.id, &told->deployment.release,
				       &told->steps[i - 1]));
	return steps;
}

static json_t *view_explanation(const struct explanation *told, const struct policy_use *use)
{
	static const struct digest none;
	const char *endpoint = told->device.endpoint;
	const struct plan *plan = &told->plan;
	json_t *view = json_object();
	http_json_put_text(view, "endpoint", endpoint);
	http_json_put_int(view, "policy_version", use->version);
	http_json_put_take(view, "mode", view_mode(&told->outlook));
	http_json_put_take(view, "windows", view_calendar(told));
	http_json_put_digest(view, "choice", plan->choice ? &plan->choice->release.digest : &none);
	http_json_put_bool(view, "up_to_date", plan->up_to_date);
	http_json_put_text(view, "because", told->because);
	http_json_put_take(view, "ahead", told->release ? view_ahead(told, use->policy) : NULL);
	http_json_put_take(view, "deployment",
		told->in_flight ? http_view_deployment(&told->deployment, endpoint) : NULL);
	http_json_put_take(view, "history", view_steps(told));
	http_json_put_take(view, "candidates", view_candidates(plan));
	return view;
}

enum su_status http_decision_get(struct http_call *call, struct su_error *err)
{
	struct explanation *told = su_arena_new_of(call->arena, struct explanation);
	struct policy_use use su_auto(policy_holder_done) = policy_holder_use(call->env->policies);
	struct txn txn = txn_begin(call->conn);
	const struct planning planning = {
		.policy = use.policy,
		.txn = &txn,
		.arena = call->arena,
		.now_ms = call->now_ms,
	};
	bool found = explanation_load(&planning, call->env->blobs, call->values[0], told);
	SU_TRY(txn_commit(&txn, err));
	if (!found)
		return su_fail(err, SU_NOT_FOUND, "endpoint", "there is no such device");
	http_reply_json_take(call, 200, view_explanation(told, &use));
	return SU_OK;
}
