/* SPDX-License-Identifier: Apache-2.0 */
/* The first rule that holds, and why. */
#pragma once

#include "policy/decide.h"

/* NULL: none holds, and the reason is "default". reason_out may be NULL. */
const struct policy_rule *choice_first(const struct policy_rules *rules, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out);
/* Fills reason_out unless it is NULL. */
void choice_explain(struct choice_reason *reason_out, const char *rule, const char *because);
