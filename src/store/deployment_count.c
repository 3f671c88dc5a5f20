/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what is rare: most steps add nothing. */
#include "store/deployment_count.h"

#include <string.h>

#include "store/txn_query.h"

/* It had its chance: what was cancelled or superseded had not. */
static bool is_outcome(enum deployment_state state)
{
	return state == DEPLOYMENT_CONFIRMED || state == DEPLOYMENT_FAILED ||
	       state == DEPLOYMENT_REJECTED || state == DEPLOYMENT_EXPIRED;
}

static void count_outcome(
	struct txn *txn, const struct deployment_plan *plan, const struct deployment_history *step)
{
	bool in_time = step->at_ms <= plan->due_ms;
	if (in_time && step->to == DEPLOYMENT_CONFIRMED)
		txn_count(txn, "deadlines.", "met", 1);
	else
		txn_count(txn, "deadlines.", "missed", 1);
}

void deployment_count_step(
	struct txn *txn, const struct deployment *after, const struct deployment_history *step)
{
	if (!strcmp(step->event, DEPLOYMENT_ESCALATES))
		txn_count(txn, "escalations.", name_of(update_mode_names, (int)after->mode), 1);
	if (step->from != step->to && is_outcome(step->to) && after->plan.due_ms != 0)
		count_outcome(txn, &after->plan, step);
}
