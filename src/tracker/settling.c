/* SPDX-License-Identifier: Apache-2.0 */
/* Settling a mode in a turn: the policy that is in force at this moment decides. */
#include "tracker/settling.h"

#include "base/memory.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"

/* What a plan rests on. */
static bool has_changed(const struct turn *turn)
{
	struct device before = { 0 };
	snapshot_restore(turn->of->device, &before);
	const struct profile was = device_profile(&before), is = device_profile(turn->device);
	return before.mode != turn->device->mode || !profile_equal(&was, &is) ||
	       !calendar_equal(device_calendar(&before), device_calendar(turn->device));
}

void settling_do(struct turn *turn)
{
	if (!turn->tracker->opts.policies)
		return;
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(turn->tracker->opts.policies);
	(void)planning_settle(use.policy, turn->device, turn->contact.now_ms, turn->arena);
	turn->look_again = turn->has_active && has_changed(turn);
}

void settling_look_again(struct turn *turn)
{
	if (deployment_state_is_end(turn->active.state) || !planning_is_laid_down(&turn->active))
		return;
	turn->active.plan.look_ms = turn->contact.now_ms;
	turn->write.deployment = &turn->active;
}
