/* SPDX-License-Identifier: Apache-2.0 */
/* How long a device is left alone that did not answer, or is at work. Pure. */
#include "tracker/asking.h"

#include "base/moment.h"

#define MINUTE_MS     INT64_C(60000)
#define AGAIN_MS      (5 * MINUTE_MS)
#define AGAIN_MAX_MS  (6 * 60 * MINUTE_MS)
#define MAX_DOUBLINGS 7
#define REACH_MAX_MS  (60 * MINUTE_MS)
/* What an installation and a transfer may take longer than expected before the device is asked. */
#define INSTALL_MARGIN_MS  (MINUTE_MS / 2)
#define TRANSFER_MARGIN_MS (10 * MINUTE_MS)

int64_t asking_again_ms(const struct deployment_plan *plan, const struct profile *profile)
{
	if (plan->offers == 0)
		return 0;
	if (profile->has_reachability && profile->reachability != REACH_ALWAYS)
		return plan->last_offer_ms + MINUTE_MS;
	unsigned doublings = plan->offers - 1 < MAX_DOUBLINGS ? plan->offers - 1 : MAX_DOUBLINGS;
	return plan->last_offer_ms + su_sooner(AGAIN_MS << doublings, AGAIN_MAX_MS);
}

int64_t asking_reach_ms(const struct deployment *active, int64_t now_ms)
{
	const int64_t so_far_ms = now_ms - active->changed_at_ms;
	return now_ms + su_sooner(su_later(so_far_ms, AGAIN_MS), REACH_MAX_MS);
}

int64_t asking_progress_ms(const struct deployment *active, const struct situation *situation)
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
	return su_later(ask_ms, asking_again_ms(&active->plan, situation->profile));
}
