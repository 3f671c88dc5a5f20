/* SPDX-License-Identifier: Apache-2.0 */
/* Answers become moves, promises and counted deferrals. */
#include "tracker/consent.h"

#include <string.h>
#include <time.h>

#include "tracker/situation.h"

static const char *moment(struct turn *turn, int64_t at_ms)
{
	char text[32] = "";
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm utc;
	if (gmtime_r(&seconds, &utc))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return su_arena_strdup(turn->arena, text);
}

static enum su_status move_or_note(
	struct turn *turn, enum lifecycle_event event, const char *detail, struct su_error *err)
{
	switch (turn_move(turn, event, detail)) {
	case LIFECYCLE_MOVE:
		break;
	case LIFECYCLE_STAY:
		turn_note(turn, name_of(lifecycle_event_names, event), detail);
		break;
	case LIFECYCLE_REFUSE:
		return su_fail(err, SU_CONFLICT, "answer", "the deployment is %s: nothing is asked",
			name_of(deployment_state_names, turn->active.state));
	}
	return SU_OK;
}

int64_t consent_latest_ms(
	const struct deployment_plan *plan, const struct level *level, int64_t now_ms)
{
	if (plan->deferrals >= level->max_deferrals)
		return plan->promised_ms > now_ms ? plan->promised_ms : now_ms;
	int64_t latest_ms = now_ms + level->max_deferral_ms;
	bool is_due_first = plan->due_ms > now_ms && plan->due_ms < latest_ms;
	return is_due_first ? plan->due_ms : latest_ms;
}

static enum su_status take_time(struct turn *turn, const struct level *level,
	const struct offer_answer *answer, int64_t *latest_out, struct su_error *err)
{
	struct deployment_plan *plan = &turn->active.plan;
	int64_t latest_ms =
		level ? consent_latest_ms(plan, level, turn->contact.now_ms) : answer->at_ms;
	int64_t at_ms = answer->at_ms;
	const char *detail = su_arena_printf(turn->arena, "at %s", moment(turn, at_ms));
	if (at_ms > latest_ms) {
		at_ms = *latest_out = latest_ms;
		detail = su_arena_printf(turn->arena, "%s; its class allows no later than %s",
			detail, moment(turn, at_ms));
	}
	SU_TRY(move_or_note(turn, EVENT_ACCEPT, detail, err));
	plan->deferrals++;
	plan->promised_ms = at_ms;
	return SU_OK;
}

static enum su_status take_no(
	struct turn *turn, const struct offer_answer *answer, struct su_error *err)
{
	struct deployment_plan *plan = &turn->active.plan;
	struct situation_view view;
	int64_t now_ms = turn->contact.now_ms;
	SU_TRY(move_or_note(turn, EVENT_DEFER, answer->reason ? answer->reason : "no", err));
	plan->deferrals++;
	plan->last_offer_ms = now_ms;
	plan->promised_ms = 0;
	if (situation_of(turn, &view))
		plan->promised_ms = policy_promise_ms(&view.situation, now_ms, 0);
	return SU_OK;
}

static enum su_status take_now(struct turn *turn, struct su_error *err)
{
	SU_TRY(move_or_note(turn, EVENT_ACCEPT, "now", err));
	turn->active.plan.promised_ms = 0;
	return SU_OK;
}

static enum su_status take(struct turn *turn, const struct offer_answer *answer,
	int64_t *latest_out, struct su_error *err)
{
	struct level level;
	bool bounded = situation_level(turn->tracker, turn->active.plan.urgency, &level);
	if (answer->kind == ANSWER_NO)
		return take_no(turn, answer, err);
	if (answer->kind == ANSWER_AT && answer->at_ms > turn->contact.now_ms)
		return take_time(turn, bounded ? &level : NULL, answer, latest_out, err);
	return take_now(turn, err);
}

bool consent_has_put_off(const struct deployment_plan *plan)
{
	return plan->deferrals > 0 && plan->promised_ms >= plan->last_offer_ms;
}

/* Of a time that its class did not allow, only the reason tells what it was. */
static bool is_time_agreed(struct turn *turn, int64_t at_ms)
{
	const struct deployment *active = &turn->active;
	const char *words = su_arena_printf(turn->arena, "at %s", moment(turn, at_ms));
	return active->plan.promised_ms == at_ms ||
	       (active->reason && strncmp(active->reason, words, strlen(words)) == 0);
}

/* The device has not learned that its answer was taken, and it was not asked again: that is no second answer. */
static bool is_repeated(struct turn *turn, const struct offer_answer *answer)
{
	const struct deployment *active = &turn->active;
	const struct deployment_plan *plan = &active->plan;
	const enum deployment_state state = active->state;
	if (plan->offers > 0)
		return false;
	if (answer->kind == ANSWER_NO)
		return (state == DEPLOYMENT_DEFERRED || state == DEPLOYMENT_DOWNLOADED) &&
		       consent_has_put_off(plan);
	if (answer->kind == ANSWER_AT && answer->at_ms > turn->contact.now_ms)
		return state == DEPLOYMENT_ACCEPTED && is_time_agreed(turn, answer->at_ms);
	return state >= DEPLOYMENT_ACCEPTED && state <= DEPLOYMENT_DOWNLOADED &&
	       plan->promised_ms == 0;
}

enum su_status consent_take(struct turn *turn, const struct offer_answer *answer,
	int64_t *latest_out, struct su_error *err)
{
	struct deployment_plan *plan = &turn->active.plan;
	*latest_out = 0;
	if (is_repeated(turn, answer))
		return SU_OK;
	plan->offers = 0;
	SU_TRY(take(turn, answer, latest_out, err));
	/* It was booked for a later time that the device named before: what it says now counts. */
	if (plan->download_ms > turn->contact.now_ms && plan->download_ms > plan->promised_ms)
		plan->download_ms = 0;
	return SU_OK;
}
