/* SPDX-License-Identifier: Apache-2.0 */
/* Who must agree to a release. */
#include "policy/choice.h"

/* Rules about releases see a device that tells nothing. */
static const struct device nobody;

unsigned policy_approvals(const struct policy *policy, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out)
{
	struct facts seen = *facts;
	if (!seen.device)
		seen.device = &nobody;
	const struct policy_rule *rule = choice_first(&policy->approvals, &seen, arena, reason_out);
	return rule ? rule->then.approval.roles : 1U << ROLE_OPERATOR;
}
