/* SPDX-License-Identifier: Apache-2.0 */
/* Asks policy_next about moments to come. */
#include "policy/outlook.h"

#include "base/moment.h"

/* at + span, where each may be never. */
static unsigned left_of(unsigned most, unsigned used)
{
	return most > used ? most - used : 0;
}

/* When everything will be there. */
static int64_t arrival_ms(const struct situation *situation, const struct step *next,
	int64_t booked_ms, int64_t now_ms)
{
	if (situation->state >= DEPLOYMENT_DOWNLOADED)
		return now_ms;
	if (situation->state == DEPLOYMENT_DOWNLOADING)
		return su_later(now_ms, su_after(booked_ms, situation->transfer_ms));
	return su_after(su_later(next->from_ms, booked_ms), situation->transfer_ms);
}

static void foresee_install(
	const struct situation *situation, int64_t booked_ms, int64_t now_ms, struct outlook *out)
{
	struct situation then = *situation;
	int64_t there_ms = arrival_ms(situation, &out->next, booked_ms, now_ms);
	out->install = out->next;
	if (there_ms == INT64_MAX || situation->state > DEPLOYMENT_DOWNLOADED)
		return;
	then.state = DEPLOYMENT_DOWNLOADED;
	policy_next(&then, there_ms, &out->install);
}

static void foresee_escalation(
	const struct situation *situation, int64_t now_ms, struct outlook *out)
{
	const struct level *level = situation->level;
	const int64_t spans_ms[] = { level->negotiate_after_ms, level->command_after_ms };
	struct step step;
	out->escalates_ms = INT64_MAX;
	out->escalates_to = out->next.mode;
	for (size_t i = 0; i < sizeof(spans_ms) / sizeof(spans_ms[0]); i++) {
		int64_t at_ms = su_after(situation->vulnerable_since_ms, spans_ms[i]);
		if (at_ms <= now_ms || at_ms == INT64_MAX)
			continue;
		policy_next(situation, at_ms, &step);
		if (step.mode == out->next.mode)
			continue;
		out->escalates_ms = at_ms;
		out->escalates_to = step.mode;
		return;
	}
}

void policy_outlook(
	const struct situation *situation, int64_t booked_ms, int64_t now_ms, struct outlook *out)
{
	const struct level *level = situation->level;
	int64_t since_ms = situation->vulnerable_since_ms;
	policy_next(situation, now_ms, &out->next);
	foresee_install(situation, booked_ms, now_ms, out);
	foresee_escalation(situation, now_ms, out);
	out->deadline_ms = su_after(since_ms, level->deadline_ms);
	out->interrupt_ms = su_after(since_ms, level->interrupt_after_ms);
	out->latest_start_ms =
		out->deadline_ms == INT64_MAX
			? INT64_MAX
			: out->deadline_ms - situation->transfer_ms - situation->install_ms;
	out->deferrals_left = left_of(level->max_deferrals, situation->deferrals);
	out->retries_left = left_of(level->max_retries, situation->failures);
}
