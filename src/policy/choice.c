/* SPDX-License-Identifier: Apache-2.0 */
/* Rules are tried in their order. */
#include "policy/choice.h"

void choice_explain(struct choice_reason *reason_out, const char *rule, const char *because)
{
	if (reason_out)
		*reason_out = (struct choice_reason){ rule, because };
}

const struct policy_rule *choice_first(const struct policy_rules *rules, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->rules[i];
		if (rule->when && !expression_holds(rule->when, facts))
			continue;
		if (reason_out)
			choice_explain(reason_out, rule->name,
				rule->when ? expression_explain(arena, rule->when, facts)
					   : "the rule has no condition");
		return rule;
	}
	choice_explain(reason_out, "default", "no rule holds");
	return NULL;
}
