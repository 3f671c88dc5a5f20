/* SPDX-License-Identifier: Apache-2.0 */
/* From a device and its deployment to the facts of a decision. */
#include "tracker/situation.h"

#include "base/memory.h"
#include "base/moment.h"
#include "policy/estimate.h"
#include "tracker/asking.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"
#include "tracker/told.h"

bool situation_level(const struct tracker *tracker, enum urgency urgency, struct level *out)
{
	if (!tracker->opts.policies)
		return false;
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(tracker->opts.policies);
	*out = use.policy->levels[urgency];
	return true;
}

/* The same that the planner goes by; a copy, for the policy may be replaced. */
static const struct calendar *calendar_of(const struct turn *turn)
{
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(turn->tracker->opts.policies);
	return told_copy_calendar(turn->arena,
		policy_calendar(use.policy, turn->device, turn->contact.now_ms, turn->arena, NULL));
}

bool situation_of(const struct turn *turn, struct situation_view *out)
{
	const struct estimate *learned = &turn->of->learned;
	const struct deployment *active = &turn->active;
	const struct deployment_plan *plan = &active->plan;
	if (!turn->has_active || !turn->device ||
		!situation_level(turn->tracker, plan->urgency, &out->level))
		return false;
	out->profile = device_profile(turn->device);
	uint64_t bytes = turn->facts ? turn->facts->download_bytes : 0;
	out->situation = (struct situation){
		.level = &out->level,
		.mode = active->mode,
		.profile = &out->profile,
		.calendar = calendar_of(turn),
		.vulnerable_since_ms = plan->vulnerable_since_ms ? plan->vulnerable_since_ms
								 : active->created_at_ms,
		.last_seen_ms = turn->device->last_seen_at_ms,
		.transfer_ms = plan->transfer_ms
				       ? plan->transfer_ms
				       : estimate_transfer_ms(learned, &out->profile, bytes),
		.install_ms = estimate_install_ms(learned, &out->profile),
		.state = active->state,
		.promised_ms = plan->promised_ms,
		.deferrals = plan->deferrals,
		.failures = plan->failures,
		.offers = plan->offers,
		.last_failure_ms = plan->last_failure_ms,
		.last_offer_ms = plan->last_offer_ms,
	};
	return true;
}

void situation_refresh(struct turn *turn)
{
	struct situation_view view;
	struct step step;
	struct deployment_plan *plan = &turn->active.plan;
	int64_t now_ms = turn->contact.now_ms;
	if (turn->write.n_history > 0 && !turn->actor)
		plan->offers = 0; /* it was heard */
	if (!situation_of(turn, &view))
		return;
	if (deployment_state_is_end(turn->active.state)) {
		plan->look_ms = 0;
		return;
	}
	policy_next(&view.situation, now_ms, &step);
	plan->look_ms = policy_look_again_ms(&view.situation, &step, now_ms);
	int64_t ask_ms = asking_progress_ms(&turn->active, &view.situation);
	if (ask_ms > 0)
		plan->look_ms = su_sooner(plan->look_ms, su_later(ask_ms, now_ms));
	bool acts = step.kind != STEP_LET_POLL && step.kind != STEP_WATCH;
	/* An interruption is announced before; the pusher finds out when. */
	if ((acts && (step.interrupts || step.from_ms <= now_ms)) ||
		!planning_is_laid_down(&turn->active))
		plan->look_ms = now_ms;
	plan->install_ms = step.install_from_ms;
}
