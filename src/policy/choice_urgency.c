/* SPDX-License-Identifier: Apache-2.0 */
/* The class of urgency of a release for a device, and how often devices are asked to poll. */
#include "policy/choice.h"

#include "base/span.h"

enum urgency policy_urgency(const struct policy *policy, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out)
{
	const struct policy_rule *rule = choice_first(&policy->urgency, facts, arena, reason_out);
	return rule ? rule->then.urgency : policy->default_urgency;
}

int64_t policy_poll_interval_ms(
	const struct policy *policy, const char *endpoint, bool has_waiting, enum urgency waiting)
{
	const enum urgency urgency = has_waiting ? waiting : policy->default_urgency;
	const int64_t most_ms = policy->levels[urgency].poll_interval_ms;
	/* From three quarters of it to all of it: never later than the class wants. */
	const uint64_t part = su_span_hash(su_span_str(endpoint)) % 1024;
	return most_ms - (int64_t)((uint64_t)(most_ms / 4) * part / 1024);
}
