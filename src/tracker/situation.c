/* SPDX-License-Identifier: Apache-2.0 */
/* From a device and its deployment to the facts of a decision. */
#include "tracker/situation.h"

#include "base/memory.h"
#include "base/moment.h"
#include "policy/estimate.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"
#include "tracker/told.h"

#define MINUTE_MS     INT64_C(60000)
#define AGAIN_MS      (5 * MINUTE_MS)
#define AGAIN_MAX_MS  (6 * 60 * MINUTE_MS)
#define MAX_DOUBLINGS 7
/* What an installation and a transfer may take longer than expected before the device is asked. */
#define INSTALL_MARGIN_MS  (MINUTE_MS / 2)
#define TRANSFER_MARGIN_MS (10 * MINUTE_MS)

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

int64_t situation_again_ms(const struct deployment_plan *plan, const struct profile *profile)
{
	if (plan->offers == 0)
		return 0;
	if (profile->has_reachability && profile->reachability != REACH_ALWAYS)
		return plan->last_offer_ms + MINUTE_MS;
	unsigned doublings = plan->offers - 1 < MAX_DOUBLINGS ? plan->offers - 1 : MAX_DOUBLINGS;
	return plan->last_offer_ms + su_sooner(AGAIN_MS << doublings, AGAIN_MAX_MS);
}

int64_t situation_ask_ms(const struct deployment *active, const struct situation *situation)
{
	if (active->mode == MODE_CLIENT)
		return 0;
	int64_t ask_ms;
	if (active->state == DEPLOYMENT_INSTALLING || active->state == DEPLOYMENT_REBOOTING)
		ask_ms = active->changed_at_ms + situation->install_ms + INSTALL_MARGIN_MS;
	else if (active->state == DEPLOYMENT_DOWNLOADING)
		ask_ms = active->changed_at_ms + 2 * situation->transfer_ms + TRANSFER_MARGIN_MS;
	else
		return 0;
	return su_later(ask_ms, situation_again_ms(&active->plan, situation->profile));
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
	int64_t ask_ms = situation_ask_ms(&turn->active, &view.situation);
	if (ask_ms > 0)
		plan->look_ms = su_sooner(plan->look_ms, su_later(ask_ms, now_ms));
	bool acts = step.kind != STEP_LET_POLL && step.kind != STEP_WATCH;
	/* An interruption is announced before; the pusher finds out when. */
	if ((acts && (step.interrupts || step.from_ms <= now_ms)) ||
		!planning_is_laid_down(&turn->active))
		plan->look_ms = now_ms;
	plan->install_ms = step.install_from_ms;
}
