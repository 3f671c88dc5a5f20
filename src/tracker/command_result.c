/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a command: the device's answer, its refusal, or nothing. */
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "tracker/command_turn.h"
#include "tracker/consent.h"
#include "tracker/planning_due.h"
#include "tracker/pusher.h"

struct result_turn {
	struct turn turn;
	struct command_sent *sent;
	struct command_result result;
};

void command_turn_sent_free(struct command_sent **sent)
{
	if (!sent || !*sent)
		return;
	free((*sent)->endpoint);
	su_free_ptr(sent);
}

/* Nothing was sent: as if it had not been tried. */
static void take_back(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	struct deployment_plan *plan = &turn->active.plan;
	if (self->sent->kind == COMMAND_NOTICE)
		plan->noticed_ms = 0;
	else if (plan->offers > 0)
		plan->offers--;
	turn->write.deployment = &turn->active;
	turn->is_planned = true;
}

static void note_lost(struct result_turn *self, const char *event)
{
	struct turn *turn = &self->turn;
	turn_note(turn, event, name_of(command_kind_names, (int)self->sent->kind));
	turn->is_planned = true; /* the next try has its time since the command was sent */
}

static void move_if(struct turn *turn, bool condition, enum lifecycle_event event)
{
	if (condition)
		turn_move(turn, event, NULL);
}

/* What the device has begun with it may have told already, faster than this. */
static void take_taken(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	struct deployment *active = &turn->active;
	turn->write.deployment = active;
	switch (self->sent->kind) {
	case COMMAND_OFFER: /* it tells later: until then it is an offer without answer */
		turn->is_planned = true;
		return;
	case COMMAND_PUSH:
	case COMMAND_TRIGGER:
		move_if(turn, active->state < DEPLOYMENT_DOWNLOADING, EVENT_DOWNLOAD_BEGAN);
		break;
	case COMMAND_INSTALL:
		/* Over HTTP what it said comes before the receipt of the command. */
		move_if(turn,
			active->state == DEPLOYMENT_DOWNLOADED &&
				!consent_has_put_off(&active->plan),
			EVENT_INSTALL_BEGAN);
		break;
	case COMMAND_NOTICE:
	case COMMAND_ASK:
		break;
	}
	active->plan.offers = self->sent->kind == COMMAND_ASK ? active->plan.offers : 0;
}

static void take_nonsense(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	const char *detail =
		su_arena_printf(turn->arena, "nonsense: the answer to %s makes no sense",
			name_of(command_kind_names, (int)self->sent->kind));
	if (turn_move(turn, EVENT_REPORT_FAILURE, detail) != LIFECYCLE_MOVE)
		turn_note(turn, "nonsense", detail);
}

/* It has lost what it had: another try, as its class allows. */
static void take_nothing_there(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	const char *words = self->result.reason;
	const char *detail = su_arena_printf(turn->arena, "the device has nothing to install%s%s",
		words ? ": " : "", words ? words : "");
	if (turn_move(turn, EVENT_REPORT_FAILURE, detail) != LIFECYCLE_MOVE)
		turn_note(turn, "refused", detail);
}

static void take_cannot(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	unsigned both = (1U << COMMAND_PUSH) | (1U << COMMAND_TRIGGER);
	turn->of->cannot |= 1U << self->sent->kind;
	note_lost(self, "cannot");
	bool is_delivery = ((1U << self->sent->kind) & both) != 0;
	if ((is_delivery && (turn->of->cannot & both) != both) ||
		self->sent->kind == COMMAND_NOTICE) {
		/* There is another way: at once. */
		turn->active.plan.offers = 0;
		turn->active.plan.look_ms = turn->contact.now_ms;
	}
	if ((turn->of->cannot & both) == both)
		turn->of->cannot &= ~both; /* both are tried again, but later */
}

static void take_answer(struct result_turn *self, enum answer_kind kind)
{
	struct turn *turn = &self->turn;
	struct su_error error;
	int64_t latest_ms;
	const struct offer_answer answer = { kind, self->result.at_ms, self->result.reason };
	if (consent_take(turn, &answer, &latest_ms, &error) != SU_OK)
		turn->write.deployment = NULL; /* it went another way in the meantime */
}

static void take_result(struct result_turn *self)
{
	struct turn *turn = &self->turn;
	switch (self->result.outcome) {
	case COMMAND_TAKEN:
		take_taken(self);
		break;
	case COMMAND_NOW:
		take_answer(self, ANSWER_NOW);
		break;
	case COMMAND_AT:
		take_answer(self, ANSWER_AT);
		break;
	case COMMAND_NO:
		if (self->sent->kind == COMMAND_INSTALL)
			take_nothing_there(self);
		else
			take_answer(self, ANSWER_NO);
		break;
	case COMMAND_CANNOT:
		take_cannot(self);
		break;
	case COMMAND_NONSENSE:
		take_nonsense(self);
		break;
	case COMMAND_LOST:
		turn->of->reach_lost = true;
		note_lost(self, "lost");
		break;
	case COMMAND_OUT_OF_REACH:
		take_back(self);
		break;
	}
}

/* What cannot be the answer to this kind of command. */
static bool is_out_of_place(const struct result_turn *self)
{
	switch (self->result.outcome) {
	case COMMAND_NOW:
	case COMMAND_AT:
		return self->sent->kind != COMMAND_OFFER;
	case COMMAND_NO:
		return self->sent->kind != COMMAND_OFFER && self->sent->kind != COMMAND_INSTALL;
	case COMMAND_TAKEN:
	case COMMAND_CANNOT:
	case COMMAND_NONSENSE:
	case COMMAND_LOST:
	case COMMAND_OUT_OF_REACH:
		return false;
	}
	return false;
}

static void begin(struct turn *turn)
{
	struct result_turn *self = (struct result_turn *)turn;
	bool answers = self->result.outcome == COMMAND_NOW || self->result.outcome == COMMAND_AT ||
		       self->result.outcome == COMMAND_NO;
	bool concerns = turn->device && turn->has_active &&
			su_uuid_equal(turn->active.id, self->sent->deployment);
	/* Its own words are the device's doing, and so is what it did not say. */
	turn->actor = answers ? NULL : "suitd";
	if (is_out_of_place(self))
		self->result.outcome = COMMAND_NONSENSE;
	if (concerns)
		take_result(self);
	if (turn->write.deployment)
		turn_commit(turn);
	else
		turn_end(turn, NULL);
}

static void committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static void finish(struct turn *turn, const struct su_error *err)
{
	struct result_turn *self = (struct result_turn *)turn;
	struct pusher *pusher = turn->tracker->pusher;
	if (err)
		su_log(SU_LOG_DEBUG, "result of a command not written",
			SU_STR("endpoint", self->sent->endpoint), SU_STR("error", err->text));
	struct remembered *of = registry_find(turn->tracker->registry, self->sent->endpoint);
	if (of)
		of->commanding = false;
	command_turn_sent_free(&self->sent);
	pusher_give_back(pusher);
	if (of && !pusher_heed(pusher, of))
		planning_due_heed(turn->tracker->due, of);
}

static const struct turn_kind kind_result = { begin, committed, finish };

void command_turn_on_result(void *arg, const struct command_result *result)
{
	struct command_sent *sent = arg;
	struct tracker *tracker = sent->tracker;
	command_stats_add(&tracker->commands, sent->kind, result->outcome);
	if (tracker->stopping) {
		command_turn_sent_free(&sent);
		return;
	}
	const struct contact contact = {
		.endpoint = sent->endpoint,
		.now_ms = tracker->opts.now_ms(),
	};
	struct result_turn *self = turn_new(tracker, &contact, &kind_result, sizeof(*self));
	self->sent = sent;
	self->result = *result;
	self->result.reason = su_arena_strdup(self->turn.arena, result->reason);
	turn_enqueue_take(&self->turn);
}
