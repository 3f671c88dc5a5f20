/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding and sending. What is sent was written down before: a restart in between repeats it at most. */
#include "tracker/command_turn.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "tracker/asking.h"
#include "tracker/consent.h"
#include "tracker/follow.h"
#include "tracker/planning.h"
#include "tracker/pusher.h"
#include "tracker/situation.h"

/* So long a device is thought to listen that spoke by itself: RFC 7252's MAX_TRANSMIT_WAIT. */
#define AWAKE_MS   INT64_C(93000)
#define HORIZON_MS (INT64_C(62) * 24 * 3600 * 1000)

struct command_turn {
	struct turn turn;
	struct situation_view view;
	struct step step;
	bool sends; /* once the commit is done */
	enum command_kind kind;
	struct device_command command;
};

static const char *const FORM_REASON = "the firmware has to be updated";

/* What a device runs already it need not be given again. */
static void describe_images(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	const struct release_facts *facts = turn->facts;
	struct command_image *images =
		su_arena_array(turn->arena, facts->n_images, sizeof(*images));
	size_t n = 0;
	for (size_t i = 0; i < facts->n_images; i++) {
		if (follow_needs(turn, &facts->images[i]))
			images[n++] = facts->images[i];
		else
			self->command.download_bytes -= facts->images[i].size_bytes;
	}
	self->command.n_images = self->kind == COMMAND_PUSH ? n : 0;
	self->command.images = images;
}

static void describe_command(struct command_turn *self, int64_t start_ms)
{
	struct turn *turn = &self->turn;
	const struct release_facts *facts = turn->facts;
	const struct deployment_plan *plan = &turn->active.plan;
	bool small = turn->device->envelope_form == ENVELOPE_SEVERED;
	self->command = (struct device_command){
		.kind = self->kind,
		.endpoint = turn->contact.endpoint,
		.deployment = turn->active.id,
		.release = facts->release,
		.urgency = plan->urgency,
		.envelope = small ? facts->severed_envelope : facts->envelope,
		.envelope_bytes = small ? facts->severed_envelope_bytes : facts->envelope_bytes,
		.download_bytes = facts->download_bytes,
		.interruption_s = self->view.situation.install_ms / 1000,
		.deadline_ms = plan->due_ms,
		.start_ms = start_ms,
		.reason = self->kind == COMMAND_NOTICE ? FORM_REASON : NULL,
	};
	if (self->kind == COMMAND_OFFER)
		self->command.deadline_ms =
			consent_latest_ms(plan, self->view.situation.level, turn->contact.now_ms);
	describe_images(self);
}

/* Stores the moment of the next look if it is another one. */
static void wait_until(struct command_turn *self, int64_t look_ms)
{
	struct turn *turn = &self->turn;
	int64_t last_ms =
		policy_look_again_ms(&self->view.situation, &self->step, turn->contact.now_ms);
	if (look_ms > last_ms)
		look_ms = last_ms;
	if (look_ms <= turn->contact.now_ms)
		look_ms = last_ms;
	/* A sooner one does as well: a device that is in reach with each poll shall not cost a write. */
	const int64_t set_ms = turn->active.plan.look_ms;
	if (set_ms > turn->contact.now_ms && set_ms <= look_ms && turn->write.n_history == 0) {
		turn_end(turn, NULL);
		return;
	}
	turn->active.plan.look_ms = look_ms;
	turn->write.deployment = &turn->active;
	turn_commit(turn);
}

/* The turn after this one will look again if the command is never answered. */
static void send_after_commit(struct command_turn *self, int64_t start_ms)
{
	struct turn *turn = &self->turn;
	struct deployment_plan *plan = &turn->active.plan;
	int64_t now_ms = turn->contact.now_ms;
	if (self->kind != COMMAND_ASK && turn->active.state == DEPLOYMENT_PLANNED)
		turn_move(turn, EVENT_OFFER, NULL);
	if (self->kind == COMMAND_NOTICE) {
		plan->noticed_ms = now_ms;
		turn_note(turn, "notice", self->step.why);
	}
	if (self->kind != COMMAND_NOTICE) {
		plan->offers++;
		plan->last_offer_ms = now_ms;
	}
	plan->look_ms = asking_again_ms(plan, &self->view.profile);
	if (plan->look_ms <= now_ms)
		plan->look_ms = start_ms > now_ms ? start_ms : now_ms + 1;
	int64_t last_ms = policy_look_again_ms(&self->view.situation, &self->step, now_ms);
	if (plan->look_ms > last_ms)
		plan->look_ms = last_ms;
	describe_command(self, start_ms);
	turn->write.deployment = &turn->active;
	turn->of->commanding = true;
	self->sends = true;
	turn_commit(turn);
}

/* After silence only a device that always listens is spoken to again before it was heard. */
static bool is_lost(const struct command_turn *self)
{
	const struct profile *profile = &self->view.profile;
	bool listens = profile->has_reachability && profile->reachability == REACH_ALWAYS;
	bool behind_nat = profile->has_behind_nat && profile->behind_nat;
	return self->turn.of->reach_lost && (!listens || behind_nat);
}

/* A device that told when it can be reached is spoken to at other times only if it was just heard. */
static int64_t reach_from(const struct command_turn *self, int64_t at_ms)
{
	const struct calendar *calendar = self->view.situation.calendar;
	const struct profile *profile = &self->view.profile;
	const struct turn *turn = &self->turn;
	int64_t now_ms = turn->contact.now_ms;
	int64_t awake_ms = profile->has_awake ? profile->awake_s * 1000 : AWAKE_MS;
	int64_t heard_ms = turn->of->last_seen_ms > turn->device->last_seen_at_ms
				   ? turn->of->last_seen_ms
				   : turn->device->last_seen_at_ms;
	const struct calendar_query query = {
		.meaning = WINDOW_REACHABLE,
		.now_ms = at_ms > now_ms ? at_ms : now_ms,
		.horizon_ms = now_ms + HORIZON_MS,
	};
	struct interval window;
	if (!calendar || !calendar_has(calendar, WINDOW_REACHABLE) ||
		(at_ms <= now_ms && now_ms - heard_ms < awake_ms) ||
		!calendar_next(calendar, &query, &window))
		return at_ms;
	return window.from_ms > at_ms ? window.from_ms : at_ms;
}

static void try_command(struct command_turn *self, int64_t at_ms, int64_t start_ms)
{
	struct turn *turn = &self->turn;
	int64_t now_ms = turn->contact.now_ms;
	if (self->kind != COMMAND_OFFER && self->kind != COMMAND_NOTICE) {
		int64_t again_ms = asking_again_ms(&turn->active.plan, &self->view.profile);
		at_ms = again_ms > at_ms ? again_ms : at_ms;
	}
	at_ms = reach_from(self, at_ms);
	bool is_there = !is_lost(self) && pusher_channel(turn->tracker, turn->contact.endpoint);
	if (at_ms > now_ms || !is_there)
		wait_until(self, at_ms);
	else
		send_after_commit(self, start_ms);
}

static bool can(const struct turn *turn, enum command_kind kind)
{
	return (turn->of->cannot & (1U << kind)) == 0;
}

static void try_download(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	const struct profile *profile = &self->view.profile;
	bool push = profile->has_takes_push && profile->takes_push && turn->facts->can_be_pushed &&
		    can(turn, COMMAND_PUSH);
	if (!can(turn, COMMAND_TRIGGER) && turn->facts->can_be_pushed && can(turn, COMMAND_PUSH))
		push = true;
	self->kind = push ? COMMAND_PUSH : COMMAND_TRIGGER;
	int64_t at_ms = self->step.from_ms;
	if (turn->active.plan.download_ms > at_ms)
		at_ms = turn->active.plan.download_ms;
	try_command(self, at_ms, 0);
}

/* Before service is taken away the device is told, as long before as its class says. */
static void try_install(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	const struct step *step = &self->step;
	const struct situation *situation = &self->view.situation;
	int64_t noticed_ms = turn->active.plan.noticed_ms;
	int64_t at_ms = step->from_ms;
	self->kind = COMMAND_INSTALL;
	if (step->interrupts && situation->level->notice_ms > 0 && noticed_ms == 0 &&
		can(turn, COMMAND_NOTICE)) {
		self->kind = COMMAND_NOTICE;
		try_command(self, policy_tell_ms(situation, step),
			policy_begin_ms(situation, step, turn->contact.now_ms));
		return;
	}
	if (step->interrupts && noticed_ms > 0)
		at_ms = policy_begin_ms(situation, step, noticed_ms);
	try_command(self, at_ms, 0);
}

static void watch(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	int64_t ask_ms = asking_progress_ms(&turn->active, &self->view.situation);
	self->kind = COMMAND_ASK;
	if (ask_ms == 0)
		wait_until(self, self->step.from_ms);
	else
		try_command(self, ask_ms, 0);
}

static void end_deployment(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	if (turn_move(turn, EVENT_EXPIRE, self->step.why) == LIFECYCLE_MOVE)
		turn_commit(turn);
	else
		watch(self);
}

static void escalate(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	if (self->step.mode == turn->active.mode)
		return;
	turn_note(turn, planning_change_event(&self->step),
		planning_describe_change(turn->arena, &turn->active, &self->step));
	turn->active.mode = self->step.mode;
	turn->active.plan.offers = 0; /* what is told waits for nothing that was asked */
	if (turn->active.state < DEPLOYMENT_ACCEPTED &&
		turn->active.plan.download_ms > turn->contact.now_ms)
		turn->active.plan.download_ms = turn->contact.now_ms; /* nor for its later time */
}

/* Who says nothing of how it can be reached, and is not to be driven otherwise, is waited for. */
static bool takes_commands(const struct command_turn *self)
{
	return self->view.profile.has_reachability || self->turn.device->mode != MODE_CLIENT;
}

static void act(struct command_turn *self)
{
	self->turn.active.plan.install_ms = self->step.install_from_ms;
	if (!takes_commands(self) && self->step.kind < STEP_EXPIRE) {
		wait_until(self, self->step.from_ms);
		return;
	}
	switch (self->step.kind) {
	case STEP_EXPIRE:
	case STEP_FAIL:
		end_deployment(self);
		break;
	case STEP_OFFER:
		self->kind = COMMAND_OFFER;
		try_command(self, self->step.from_ms, self->turn.active.plan.download_ms);
		break;
	case STEP_DOWNLOAD:
		try_download(self);
		break;
	case STEP_INSTALL:
		try_install(self);
		break;
	case STEP_WATCH:
		watch(self);
		break;
	case STEP_LET_POLL:
		wait_until(self, self->step.from_ms);
		break;
	}
}

static void begin(struct turn *turn)
{
	struct command_turn *self = (struct command_turn *)turn;
	struct su_error error;
	if (self->sends)
		turn->of->commanding = false; /* begun again after a conflict */
	self->sends = false;
	turn->actor = "suitd";
	turn->is_planned = true;
	if (turn_check_device(turn, &error) == SU_NOT_FOUND || !turn->facts ||
		turn->of->commanding || !planning_is_laid_down(&turn->active) ||
		!situation_of(turn, &self->view)) {
		turn_end(turn, NULL);
		return;
	}
	policy_next(&self->view.situation, turn->contact.now_ms, &self->step);
	escalate(self);
	act(self);
}

static void committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static void on_refused(void *arg)
{
	const struct command_result refused = { .outcome = COMMAND_OUT_OF_REACH };
	command_turn_on_result(arg, &refused);
}

static void send(struct command_turn *self)
{
	struct turn *turn = &self->turn;
	struct su_error error = { 0 };
	/* Asked anew: during the commit the device, or the whole front end, may have gone. */
	const struct channel *channel = pusher_channel(turn->tracker, turn->contact.endpoint);
	struct command_sent *sent = su_new(struct command_sent);
	sent->tracker = turn->tracker;
	sent->endpoint = su_strdup(turn->contact.endpoint);
	sent->kind = self->kind;
	sent->deployment = turn->active.id;
	if (channel && channel->send(channel->self, &self->command, command_turn_on_result, sent,
			       &error) == SU_OK)
		return;
	su_log(SU_LOG_DEBUG, "command not sent", SU_STR("endpoint", sent->endpoint),
		SU_STR("error", error.text));
	su_loop_post(turn->tracker->opts.loop, on_refused, sent);
}

static void finish(struct turn *turn, const struct su_error *err)
{
	struct command_turn *self = (struct command_turn *)turn;
	if (!err && self->sends && !turn->tracker->stopping) {
		send(self);
		return;
	}
	if (self->sends)
		turn->of->commanding = false;
	if (err)
		su_log(SU_LOG_DEBUG, "next step not decided",
			SU_STR("endpoint", turn->contact.endpoint), SU_STR("error", err->text));
	pusher_give_back(turn->tracker->pusher);
}

static const struct turn_kind kind_command = { begin, committed, finish };

void command_turn_start(struct tracker *tracker, const char *endpoint)
{
	const struct contact contact = { .endpoint = endpoint, .now_ms = tracker->opts.now_ms() };
	struct turn *turn = turn_new(tracker, &contact, &kind_command, sizeof(struct command_turn));
	turn_enqueue_take(turn);
}
