/* SPDX-License-Identifier: Apache-2.0 */
/* Settling a mode in a turn: the policy that is in force at this moment decides. */
#include "tracker/settling.h"

#include "base/memory.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"

void settling_do(struct turn *turn)
{
	if (!turn->tracker->opts.policies)
		return;
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(turn->tracker->opts.policies);
	planning_settle(use.policy, turn->device, turn->contact.now_ms, turn->arena);
}
