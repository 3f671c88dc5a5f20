/* SPDX-License-Identifier: Apache-2.0 */
/* From rows to the policy's questions, and from its answers to rows. */
#include "tracker/planning.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/moment.h"
#include "policy/links.h"
#include "store/estimate_store.h"
#include "tracker/asking.h"
#include "tracker/planner_memory.h"
#include "tracker/planning_facts.h"

/* All that one decision needs. Pointers lead into the planning and the device. */
struct question {
	const struct planning *planning;
	const struct device *device;
	struct deployment *deployment;
	struct profile profile;
	struct estimate estimate;
	struct situation situation;
	struct choice_reason mode_reason, calendar_reason;
};

static void learned_of(struct question *question)
{
	const struct characteristics *told = &question->device->told;
	struct planner_memory *memory = question->planning->memory;
	if (told->n_class_ids > 0 && memory)
		question->estimate = planner_memory_estimate(memory, told->class_ids[0]);
	else if (told->n_class_ids > 0 && question->planning->txn)
		question->estimate =
			estimate_store_get(question->planning->txn, told->class_ids[0]);
}

enum update_mode planning_mode(const struct planning *planning, const struct device *device,
	struct choice_reason *reason_out)
{
	return policy_mode(planning->policy, device, planning->now_ms, planning->arena, reason_out);
}

static void ask(struct question *question)
{
	const struct planning *planning = question->planning;
	const struct device *device = question->device;
	const struct deployment_plan *plan = &question->deployment->plan;
	question->profile = device_profile(device);
	question->situation = (struct situation){
		.level = &planning->policy->levels[plan->urgency],
		.mode = planning_mode(planning, device, &question->mode_reason),
		.profile = &question->profile,
		.calendar = policy_calendar(planning->policy, device, planning->now_ms,
			planning->arena, &question->calendar_reason),
		.vulnerable_since_ms = plan->vulnerable_since_ms,
		.last_seen_ms = device->last_seen_at_ms,
		.transfer_ms = plan->transfer_ms,
		.install_ms = estimate_install_ms(&question->estimate, &question->profile),
		.state = question->deployment->state,
		.promised_ms = plan->promised_ms,
		.deferrals = plan->deferrals,
		.failures = plan->failures,
		.offers = plan->offers,
		.last_failure_ms = plan->last_failure_ms,
		.last_offer_ms = plan->last_offer_ms,
	};
}

static bool precedes_download(const struct step *step)
{
	return step->kind == STEP_LET_POLL || step->kind == STEP_OFFER ||
	       step->kind == STEP_DOWNLOAD;
}

/* Until when the device has put it off; who is commanded is not asked, but what was agreed holds. */
static int64_t promise_of(const struct deployment *deployment)
{
	bool binds = deployment->mode != MODE_SERVER || deployment->state == DEPLOYMENT_ACCEPTED;
	return binds ? deployment->plan.promised_ms : 0;
}

static bool is_booked(const struct deployment *deployment)
{
	const int64_t download_ms = deployment->plan.download_ms;
	return download_ms != 0 && download_ms >= promise_of(deployment);
}

/* A booking stands until the device asks for later, or until its time is over. */
static void book(const struct question *question, const struct step *step)
{
	const struct planning *planning = question->planning;
	struct deployment_plan *plan = &question->deployment->plan;
	const struct characteristics *told = &question->device->told;
	struct links_wish wish;
	if (!precedes_download(step) || step->from_ms == INT64_MAX)
		return;
	links_wish(&question->situation, step, question->device->endpoint, &wish);
	if (wish.at_contact ? is_booked(question->deployment)
			    : links_is_booked(&question->situation, step, plan->download_ms,
				      planning->now_ms))
		return;
	plan->download_ms = step->from_ms;
	if (planning->in_poll && step->kind == STEP_LET_POLL) {
		wish.at_contact = false;
		wish.tries[0].until_ms = INT64_MAX;
	}
	for (size_t i = 0; i < wish.n && planning->ledger && !wish.at_contact; i++) {
		const struct links_try *attempt = &wish.tries[i];
		const struct booking booking = {
			.site = device_site(question->device),
			.class_id = told->n_class_ids > 0 ? &told->class_ids[0] : NULL,
			.share = attempt->share,
			.from_ms = attempt->from_ms,
			.until_ms =
				plan->due_ms > attempt->from_ms && plan->due_ms < attempt->until_ms
					? plan->due_ms
					: attempt->until_ms,
			.transfer_ms = plan->transfer_ms,
		};
		if (ledger_book(planning->ledger, planning->txn, planning->policy, &booking,
			    planning->now_ms, &plan->download_ms))
			return;
	}
}

static bool is_command(enum step_kind kind)
{
	return kind == STEP_OFFER || kind == STEP_DOWNLOAD || kind == STEP_INSTALL;
}

/* When to come back to a step that somebody else takes: who speaks to the device, if it can be reached. */
static int64_t supervise(const struct question *question, const struct step *step)
{
	const int64_t now_ms = question->planning->now_ms;
	const int64_t again_ms = asking_reach_ms(question->deployment, now_ms);
	if (is_command(step->kind) && step->from_ms <= now_ms && !step->when_reached)
		return again_ms;
	const int64_t ask_ms = asking_progress_ms(question->deployment, &question->situation);
	if (ask_ms == 0)
		return INT64_MAX;
	return ask_ms > now_ms ? ask_ms : again_ms;
}

static void note(const struct question *question, struct step *step)
{
	struct deployment *deployment = question->deployment;
	struct deployment_plan *plan = &deployment->plan;
	const int64_t now_ms = question->planning->now_ms;
	if (precedes_download(step) && plan->download_ms > step->from_ms)
		step->from_ms = plan->download_ms;
	int64_t look_ms = policy_look_again_ms(&question->situation, step, now_ms);
	if (step->from_ms > now_ms && step->from_ms < look_ms)
		look_ms = step->from_ms;
	look_ms = su_sooner(look_ms, supervise(question, step));
	plan->look_ms = look_ms == INT64_MAX ? 0 : look_ms;
	plan->install_ms = is_command(step->kind) || step->install_from_ms != 0
				   ? step->install_from_ms
				   : plan->install_ms;
}

static json_t *reason_json(const struct choice_reason *reason)
{
	return json_pack("{s:s?, s:s?}", "rule", reason->rule, "because", reason->because);
}

static void explain(const struct question *question, const struct choice_reason *urgency,
	const struct step *step)
{
	json_t *reasons = json_pack("{s:o, s:o, s:o, s:{s:s, s:s, s:b, s:b}}", "urgency",
		reason_json(urgency), "mode", reason_json(&question->mode_reason), "calendar",
		reason_json(&question->calendar_reason), "time", "step",
		name_of(step_kind_names, (int)step->kind), "because", step->why ? step->why : "",
		"escalated", step->escalated, "interrupts", step->interrupts);
	char *text = reasons ? json_dumps(reasons, JSON_COMPACT) : NULL;
	json_decref(reasons);
	question->deployment->plan.reasons = su_arena_strdup(question->planning->arena, text);
	free(text);
}

/* What was booked for another class or mode gives its place back, unless the device has agreed to it. */
static void unbook(struct deployment *deployment, int64_t now_ms)
{
	if (deployment->state < DEPLOYMENT_ACCEPTED && deployment->plan.download_ms > now_ms)
		deployment->plan.download_ms = 0;
}

/* The next step, and the times that follow from it. */
static void lay_down(struct question *question, struct step *out)
{
	struct deployment *deployment = question->deployment;
	ask(question);
	policy_next(&question->situation, question->planning->now_ms, out);
	if (deployment->mode != out->mode) {
		deployment->plan.offers = 0; /* what is told waits for nothing that was asked */
		unbook(deployment, question->planning->now_ms);
	}
	deployment->mode = out->mode;
	book(question, out);
	note(question, out);
}

/* The release's own class, counted from when this device became vulnerable. */
static void classify(const struct question *question, const struct facts *facts,
	struct choice_reason *reason_out)
{
	const struct planning *planning = question->planning;
	struct deployment_plan *plan = &question->deployment->plan;
	plan->urgency = policy_urgency(planning->policy, facts, planning->arena, reason_out);
	const int64_t deadline_ms = planning->policy->levels[plan->urgency].deadline_ms;
	plan->due_ms = deadline_ms == LEVEL_NEVER ? 0 : plan->vulnerable_since_ms + deadline_ms;
}

void planning_decide(const struct planning *planning, const struct device *device,
	const struct release *release, struct deployment *deployment, struct step *out)
{
	struct question question = {
		.planning = planning,
		.device = device,
		.deployment = deployment,
		.profile = device_profile(device),
	};
	const struct facts facts = planning_facts(planning, device, release);
	struct choice_reason urgency = { 0 };
	deployment->plan.vulnerable_since_ms = release->approved_at_ms > device->registered_at_ms
						       ? release->approved_at_ms
						       : device->registered_at_ms;
	learned_of(&question);
	classify(&question, &facts, &urgency);
	deployment->plan.transfer_ms =
		estimate_transfer_ms(&question.estimate, &question.profile, facts.download_bytes);
	lay_down(&question, out);
	explain(&question, &urgency, out);
}

static bool is_same_class(const struct deployment_plan *a, const struct deployment_plan *b)
{
	return a->urgency == b->urgency && a->due_ms == b->due_ms;
}

void planning_next(const struct planning *planning, const struct device *device,
	const struct release *release, struct deployment *deployment, struct step *out)
{
	struct question question = {
		.planning = planning,
		.device = device,
		.deployment = deployment,
	};
	const struct facts facts = planning_facts(planning, device, release);
	const struct deployment_plan before = deployment->plan;
	struct choice_reason urgency = { 0 };
	learned_of(&question);
	classify(&question, &facts, &urgency);
	const bool is_same = is_same_class(&before, &deployment->plan);
	if (!is_same)
		unbook(deployment, planning->now_ms);
	lay_down(&question, out);
	deployment->plan.reasons = NULL;
	if (!is_same)
		explain(&question, &urgency, out);
}

void planning_foresee(const struct planning *planning, const struct device *device,
	const struct deployment *deployment, struct planning_outlook *out)
{
	struct deployment copy = *deployment;
	struct question question = {
		.planning = planning,
		.device = device,
		.deployment = &copy,
	};
	learned_of(&question);
	ask(&question);
	policy_outlook(&question.situation, copy.plan.download_ms, planning->now_ms, &out->ahead);
	out->settled = question.situation.mode;
	out->calendar = question.situation.calendar;
	out->mode_reason = question.mode_reason;
	out->calendar_reason = question.calendar_reason;
	out->transfer_ms = question.situation.transfer_ms;
	out->install_ms = question.situation.install_ms;
}

bool planning_settle(
	const struct policy *policy, struct device *device, int64_t now_ms, struct su_arena *arena)
{
	struct choice_reason reason = { 0 };
	const enum update_mode mode_before = device->mode;
	const char *reason_before = device->mode_reason;
	device->mode = policy_mode(policy, device, now_ms, arena, &reason);
	const char *rule = reason.rule ? reason.rule : "default";
	device->mode_reason =
		su_arena_printf(arena, "%s: %s", rule, reason.because ? reason.because : "");
	return device->mode != mode_before || !reason_before ||
	       strncmp(device->mode_reason, reason_before, strlen(rule) + 1) != 0;
}

/* A new try waits for its time; what an operator named is not kept waiting for a plan. */
static bool is_undecided(const struct deployment *deployment)
{
	const struct deployment_plan *plan = &deployment->plan;
	return plan->look_ms != 0 &&
	       !(deployment->named_by_operator && plan->vulnerable_since_ms == 0);
}

const char *planning_change_event(const struct step *step)
{
	return step->escalated ? DEPLOYMENT_ESCALATES : "mode";
}

const char *planning_describe_change(
	struct su_arena *arena, const struct deployment *before, const struct step *step)
{
	return su_arena_printf(arena, "from %s to %s: %s",
		name_of(update_mode_names, (int)before->mode),
		name_of(update_mode_names, (int)step->mode),
		step->escalated ? "its class lets no more time pass"
				: "the device is to be driven otherwise");
}

/* One of the things that have changed, behind those before it. */
static const char *also(struct su_arena *arena, const char *text, const char *what, const char *now,
	const char *before)
{
	if (strcmp(now, before) == 0)
		return text;
	return su_arena_printf(
		arena, "%s%s%s %s (was %s)", text, *text ? ", " : "", what, now, before);
}

static const char *time_text(struct su_arena *arena, int64_t ms)
{
	char text[SU_TIME_TEXT_SIZE] = "none";
	if (ms != 0)
		su_time_format(ms, text);
	return su_arena_strdup(arena, text);
}

const char *planning_describe_class(
	struct su_arena *arena, const struct deployment *before, const struct deployment *after)
{
	const char *text =
		also(arena, "", "class", name_of(urgency_names, (int)after->plan.urgency),
			name_of(urgency_names, (int)before->plan.urgency));
	text = also(arena, text, "deadline", time_text(arena, after->plan.due_ms),
		time_text(arena, before->plan.due_ms));
	text = also(arena, text, "download", time_text(arena, after->plan.download_ms),
		time_text(arena, before->plan.download_ms));
	text = also(arena, text, "mode", name_of(update_mode_names, (int)after->mode),
		name_of(update_mode_names, (int)before->mode));
	return su_arena_printf(arena, "by the policy in force: %s", text);
}

bool planning_is_laid_down(const struct deployment *deployment)
{
	if (deployment->plan.vulnerable_since_ms == 0)
		return false;
	return deployment->state >= DEPLOYMENT_DOWNLOADING || is_booked(deployment);
}

bool planning_is_shown(
	const struct device *device, const struct deployment *deployment, int64_t now_ms)
{
	const struct deployment_plan *plan = &deployment->plan;
	const enum deployment_state state = deployment->state;
	/* After it said that it reboots there is nothing to fetch: the next thing is its registration. */
	if (state == DEPLOYMENT_REBOOTING || deployment_state_is_end(state))
		return false;
	if (state >= DEPLOYMENT_DOWNLOADING)
		return true;
	if (now_ms < promise_of(deployment))
		return false;
	if (state == DEPLOYMENT_ACCEPTED)
		return true;
	/* Who is asked first sees it when it has agreed; but asking must not take it from one that polls. */
	bool is_asked_first =
		deployment->mode == MODE_NEGOTIATED && device->mode == MODE_NEGOTIATED;
	/* Its time has come, or had come already when it was offered: the clock may go back. */
	bool has_come =
		now_ms >= plan->download_ms ||
		(state == DEPLOYMENT_OFFERED && deployment->changed_at_ms >= plan->download_ms);
	return !is_asked_first && has_come && (plan->download_ms != 0 || !is_undecided(deployment));
}
