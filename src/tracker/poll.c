/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poll: what should this device install? Answered from memory whenever nothing can have
 * changed since it was last decided; else a worker lets the planner choose.
 */
#include "base/log.h"
#include "base/memory.h"
#include "tracker/planner.h"
#include "tracker/planning.h"
#include "tracker/policy_holder.h"
#include "tracker/poll_crowd.h"
#include "tracker/release_news.h"
#include "tracker/release_shelf.h"
#include "tracker/sighting.h"
#include "tracker/turn.h"

/* A poll that waits longer for the database is answered with what was offered before. */
#define PATIENCE_MS 1000

struct poll_turn {
	struct turn turn;
	tracker_offer_fn done; /* NULL: answered already */
	void *arg;
	struct su_timer *patience; /* NULL: there is nothing to fall back on */
	bool has_offer;
	struct offer offer;
	/* What the planner chose, and from which state of the releases. */
	uint64_t generation;
	struct plan plan;
	struct release_facts *chosen; /* NULL: nothing */
	struct deployment planned;    /* of chosen */
	bool is_chosen_new;           /* chosen shall take the place of what is in flight */
};

/* The one in flight may give way: it was found by matching, and the device has not begun with it. */
static bool may_give_way(const struct deployment *active)
{
	return !active->named_by_operator &&
	       lifecycle_next(active->state, EVENT_SUPERSEDE).verdict == LIFECYCLE_MOVE;
}

/* What has changed since does not concern it: then its choice is as good as made now. */
static bool is_chosen(const struct tracker *tracker, struct remembered *of)
{
	const uint64_t now = release_news_generation(tracker->news);
	struct device device;
	if (of->judged == now || of->judged == 0 || !of->device)
		return of->judged == now;
	snapshot_restore(of->device, &device);
	if (release_news_concern(tracker->news, of->judged, &device.told))
		return false;
	of->judged = now;
	return true;
}

static bool is_decided(const struct tracker *tracker, struct remembered *of)
{
	return (of->has_active && !may_give_way(&of->active)) || is_chosen(tracker, of);
}

static void describe_offer(const struct deployment *active, const struct release_facts *facts,
	enum envelope_form form, struct offer *out)
{
	bool small = form == ENVELOPE_SEVERED;
	*out = (struct offer){
		.release = facts->release,
		.envelope = small ? facts->severed_envelope : facts->envelope,
		.envelope_bytes = small ? facts->severed_envelope_bytes : facts->envelope_bytes,
		.deployment = active->id,
	};
}

static void answer(struct turn *turn)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	const struct remembered *of = turn->of;
	if (of->has_active && planning_is_shown(turn->device, &of->active, turn->contact.now_ms)) {
		if (!of->facts) {
			turn_end_with(turn, SU_IO, "", "the manifest cannot be read");
			return;
		}
		const enum envelope_form form =
			turn->contact.form ? *turn->contact.form : turn->device->envelope_form;
		describe_offer(&of->active, of->facts, form, &self->offer);
		self->has_offer = true;
	}
	turn_end(turn, NULL);
}

static void commit_move(struct turn *turn, enum lifecycle_event event, const char *detail)
{
	turn->write = (struct device_write){ 0 };
	if (turn_move(turn, event, detail) == LIFECYCLE_MOVE) {
		turn->steps[0].actor = "suitd";
		turn_commit(turn);
	} else {
		turn_end_with(turn, SU_BUG, "", "the deployment cannot make this move");
	}
}

static bool is_to_be_offered(
	const struct device *device, const struct deployment *active, int64_t now_ms)
{
	return active->state == DEPLOYMENT_PLANNED && planning_is_shown(device, active, now_ms);
}

static void show(struct turn *turn)
{
	if (turn->has_active && is_to_be_offered(turn->device, &turn->active, turn->contact.now_ms))
		commit_move(turn, EVENT_OFFER, NULL);
	else
		answer(turn);
}

/* Its time has not come yet. */
static void commit_plan(struct turn *turn)
{
	turn->write = (struct device_write){
		.deployment = &turn->active, .n_history = 1, .history = turn->steps
	};
	turn->steps[0] = (struct deployment_history){
		.at_ms = turn->contact.now_ms,
		.from = DEPLOYMENT_PLANNED,
		.to = DEPLOYMENT_PLANNED,
		.event = "plan",
		.actor = "suitd",
	};
	turn_commit(turn);
}

static void insert_chosen(struct turn *turn)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	turn->has_active = true;
	turn->active = self->planned;
	release_facts_unref(&turn->facts);
	turn->facts = self->chosen;
	self->chosen = NULL;
	self->is_chosen_new = false;
	if (is_to_be_offered(turn->device, &turn->active, turn->contact.now_ms))
		commit_move(turn, EVENT_OFFER, NULL);
	else
		commit_plan(turn);
}

static void on_committed(struct turn *turn)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	turn->has_active = turn->of->has_active;
	turn->of->judged = self->generation;
	if (self->is_chosen_new)
		insert_chosen(turn);
	else
		answer(turn);
}

/* Why the release that was offered does not fit any more. */
static const char *reason_against(
	struct turn *turn, const struct plan *plan, const struct digest *release)
{
	for (size_t i = 0; i < plan->n_candidates; i++)
		if (digest_equal(&plan->candidates[i].release.digest, release))
			return su_arena_printf(turn->arena, "does not fit any more: %s",
				plan->candidates[i].reason);
	return "is not among the approved releases for this device any more";
}

static bool has_been_offered(const struct turn *turn)
{
	return turn->has_active && turn->active.state != DEPLOYMENT_PLANNED;
}

/* What was offered before still stands. */
static void on_not_planned(struct turn *turn)
{
	struct tracker *tracker = turn->tracker;
	atomic_fetch_add_explicit(&tracker->polls.failed, 1, memory_order_relaxed);
	poll_fault_note(&tracker->faults, turn->of, &turn->error, turn->contact.now_ms);
	if (has_been_offered(turn))
		answer(turn);
	else
		turn_end(turn, &turn->error);
}

static void rest(struct turn *turn)
{
	if (has_been_offered(turn))
		answer(turn);
	else
		turn_end_with(turn, SU_RETRY, "", "what to install could not be found out");
}

static void on_planned(struct turn *turn)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	release_shelf_share(turn->tracker->shelf, self->generation, &self->chosen);
	if (turn->error.status != SU_OK) {
		on_not_planned(turn);
		return;
	}
	if (turn->has_active && self->chosen &&
		digest_equal(&self->chosen->release, &turn->active.release)) {
		turn->of->judged = self->generation;
		show(turn);
	} else if (turn->has_active) {
		self->is_chosen_new = self->chosen != NULL;
		commit_move(turn, EVENT_SUPERSEDE,
			self->chosen ? "a newer release takes its place"
				     : reason_against(turn, &self->plan, &turn->active.release));
	} else if (self->chosen) {
		insert_chosen(turn);
	} else {
		turn->of->judged = self->generation;
		answer(turn);
	}
}

/* Without a policy whatever fits is shown at once. */
static void decide(struct turn *turn, struct txn *txn, struct planner_memory *memory)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	const struct release *release = &self->plan.choice->release;
	self->planned = (struct deployment){
		.id = su_uuid_v7(turn->contact.now_ms),
		.device_id = turn->device->id,
		.release = release->digest,
		.state = DEPLOYMENT_PLANNED,
		.mode = MODE_CLIENT,
		.created_at_ms = turn->contact.now_ms,
		.changed_at_ms = turn->contact.now_ms,
		.plan.urgency = URGENCY_NORMAL,
	};
	if (!turn->tracker->opts.policies)
		return;
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(turn->tracker->opts.policies);
	const struct planning planning = {
		.policy = use.policy,
		.ledger = turn->tracker->ledger,
		.txn = txn,
		.arena = turn->arena,
		.now_ms = turn->contact.now_ms,
		.memory = memory,
		.in_poll = true,
	};
	struct step step;
	planning_decide(&planning, turn->device, release, &self->planned, &step);
}

static bool is_in_flight(const struct turn *turn, const struct plan *plan)
{
	return turn->has_active && plan->choice &&
	       digest_equal(&plan->choice->release.digest, &turn->active.release);
}

static void plan_for(struct turn *turn, struct txn *txn, struct planner_memory *memory)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	const struct planner planner = { txn, turn->tracker->opts.blobs, turn->arena,
		turn->contact.now_ms, memory };
	struct su_error err;                /* may have been written to although all went well */
	release_facts_unref(&self->chosen); /* of the first time */
	turn->error.status = SU_OK;
	planner_choose(&planner, turn->device, &self->plan);
	if (!txn_ok(txn) || !self->plan.choice)
		return;
	const struct digest *release = &self->plan.choice->release.digest;
	if (planner_memory_facts(memory, release, &self->chosen, &err) != SU_OK)
		turn->error = err;
	else if (!is_in_flight(turn, &self->plan))
		decide(turn, txn, memory);
}

static void ask_planner(struct turn *turn)
{
	struct tracker *tracker = turn->tracker;
	atomic_fetch_add_explicit(&tracker->polls.planned, 1, memory_order_relaxed);
	poll_crowd_join(tracker->crowd, turn, plan_for, on_planned);
}

static void begin(struct turn *turn)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	struct su_error error;
	release_facts_unref(&self->chosen);
	self->is_chosen_new = false;
	self->generation = release_news_generation(turn->tracker->news);
	if (turn_check_device(turn, &error) != SU_OK)
		turn_end(turn, &error);
	else if (is_decided(turn->tracker, turn->of))
		show(turn);
	else if (poll_fault_rests(turn->of, turn->contact.now_ms))
		rest(turn);
	else
		ask_planner(turn);
}

static bool may_ask(
	const struct tracker *tracker, const struct remembered *of, const struct contact *contact)
{
	return of->device && (!of->has_credential || contact->authenticated) &&
	       (!tracker->opts.require_known_devices || of->has_credential);
}

/* Who drives its updates by itself need not be found before its next poll, unless it can be at any time. */
static bool is_spoken_to(const struct remembered *of, const struct device *device, int64_t now_ms)
{
	const struct profile profile = device_profile(device);
	if (device->mode != MODE_CLIENT || of->commanding || of->reach_lost ||
		(profile.has_reachability && profile.reachability == REACH_ALWAYS))
		return true;
	const struct deployment *active = of->has_active ? &of->active : NULL;
	return active && (active->mode != MODE_CLIENT ||
				 (active->plan.look_ms > 0 && active->plan.look_ms <= now_ms));
}

/* From memory, as it is; false: there it does not stand. */
static bool describe_remembered(
	const struct remembered *of, const struct contact *contact, struct peek *out)
{
	const int64_t now_ms = contact->now_ms;
	struct device device;
	snapshot_restore(of->device, &device);
	if (device.removed_at_ms != 0 ||
		(of->has_active && (is_to_be_offered(&device, &of->active, now_ms) || !of->facts)))
		return false;
	out->has_offer = of->has_active && planning_is_shown(&device, &of->active, now_ms);
	if (out->has_offer)
		describe_offer(&of->active, of->facts,
			contact->form ? *contact->form : device.envelope_form, &out->offer);
	out->is_spoken_to = is_spoken_to(of, &device, now_ms);
	return true;
}

/* The database goes away, or is silent, while it is asked: what was offered before still stands. */
static bool still_stands(struct poll_turn *self)
{
	const struct turn *turn = &self->turn;
	struct peek seen;
	if (turn->tracker->stopping || turn->attempts > 0 || !turn->of || !turn->of->has_active ||
		!may_ask(turn->tracker, turn->of, &turn->contact) ||
		!describe_remembered(turn->of, &turn->contact, &seen))
		return false;
	self->has_offer = seen.has_offer;
	if (seen.has_offer)
		self->offer = seen.offer;
	return true;
}

static void reply(struct poll_turn *self, const struct su_error *err)
{
	tracker_offer_fn done = self->done;
	su_timer_free(&self->patience);
	self->done = NULL;
	if (done)
		done(self->arg, self->has_offer ? &self->offer : NULL, err);
}

static void on_finish(struct turn *turn, const struct su_error *err)
{
	struct poll_turn *self = (struct poll_turn *)turn;
	release_facts_unref(&self->chosen);
	if (err && (err->status == SU_RETRY || err->status == SU_UNCERTAIN) && still_stands(self))
		err = NULL;
	if (!err)
		sighting_note(turn->tracker, turn->of, &turn->contact);
	reply(self, err);
}

/* The turn goes on: the next poll gets what it comes to. */
static void on_patience_over(void *arg)
{
	struct poll_turn *self = arg;
	if (!still_stands(self))
		return;
	self->turn.of->is_held_up = true;
	reply(self, NULL);
}

static bool has_chosen(const struct tracker *tracker, struct remembered *of)
{
	return registry_is_fresh(tracker->registry, of) && is_decided(tracker, of);
}

static const struct turn_kind kind_poll = { begin, on_committed, on_finish };

/* Without the database, what was offered before still stands, also if newer things may be known there. */
static bool can_answer_at_once(
	const struct tracker *tracker, struct remembered *of, const struct contact *contact)
{
	if (!of || !may_ask(tracker, of, contact))
		return false;
	if (of->has_active && (of->is_held_up || poll_fault_rests(of, contact->now_ms)))
		return true;
	if (of->n_turns > 0)
		return false;
	if (committer_database_away(tracker->opts.committer) && of->has_active)
		return true;
	return has_chosen(tracker, of);
}

static int64_t again_s(
	struct tracker *tracker, const struct remembered *of, const char *endpoint, int64_t now_ms)
{
	if (!tracker->opts.policies)
		return 0;
	struct policy_use use su_auto(policy_holder_done) =
		policy_holder_use(tracker->opts.policies);
	const struct deployment *waiting = of && of->has_active ? &of->active : NULL;
	int64_t wait_ms = policy_poll_interval_ms(use.policy, endpoint, waiting != NULL,
		waiting ? waiting->plan.urgency : URGENCY_LOW);
	if (waiting && waiting->plan.download_ms > now_ms &&
		waiting->plan.download_ms - now_ms < wait_ms)
		wait_ms = waiting->plan.download_ms - now_ms;
	return wait_ms / 1000 + 1;
}

bool tracker_peek(struct tracker *tracker, const struct contact *contact, struct peek *out)
{
	struct remembered *of = registry_find(tracker->registry, contact->endpoint);
	if (!can_answer_at_once(tracker, of, contact) || !describe_remembered(of, contact, out))
		return false;
	out->again_s = again_s(tracker, of, contact->endpoint, contact->now_ms);
	out->is_sight_due = sighting_would_write(tracker, of, contact->now_ms);
	return true;
}

bool tracker_is_stranger(struct tracker *tracker, const char *endpoint)
{
	struct remembered *of = registry_find(tracker->registry, endpoint);
	if (!of)
		return true;
	if (of->first || of->device || of->foreseen || of->has_credential)
		return false;
	registry_put_last(tracker->registry, of); /* to ask was no use of it */
	return true;
}

void tracker_sight(struct tracker *tracker, const struct contact *contact)
{
	struct remembered *of = registry_find(tracker->registry, contact->endpoint);
	if (of)
		sighting_note(tracker, of, contact);
}

/* What most polls of a fleet come to: nothing has changed, no turn is needed. */
static bool answer_at_once(
	struct tracker *tracker, const struct contact *contact, tracker_offer_fn done, void *arg)
{
	struct remembered *of = registry_find(tracker->registry, contact->endpoint);
	struct peek seen;
	if (!can_answer_at_once(tracker, of, contact) || !describe_remembered(of, contact, &seen))
		return false;
	sighting_note(tracker, of, contact);
	done(arg, seen.has_offer ? &seen.offer : NULL, NULL);
	return true;
}

void tracker_poll(
	struct tracker *tracker, const struct contact *contact, tracker_offer_fn done, void *arg)
{
	if (answer_at_once(tracker, contact, done, arg))
		return;
	struct poll_turn *self = turn_new(tracker, contact, &kind_poll, sizeof(*self));
	self->done = done;
	self->arg = arg;
	const struct remembered *of = registry_find(tracker->registry, contact->endpoint);
	if (of && of->has_active) {
		self->patience = su_timer_new(tracker->opts.loop, on_patience_over, self);
		su_timer_set(self->patience, PATIENCE_MS);
	}
	turn_enqueue_take(&self->turn);
}

bool tracker_has_chosen(struct tracker *tracker, const char *endpoint)
{
	struct remembered *of = registry_find(tracker->registry, endpoint);
	return of && has_chosen(tracker, of);
}

bool tracker_is_spoken_to(struct tracker *tracker, const char *endpoint, int64_t now_ms)
{
	const struct remembered *of = registry_find(tracker->registry, endpoint);
	if (!of || !of->device)
		return true;
	struct device device;
	snapshot_restore(of->device, &device);
	return is_spoken_to(of, &device, now_ms);
}

int64_t tracker_poll_again_s(struct tracker *tracker, const char *endpoint, int64_t now_ms)
{
	return again_s(tracker, registry_find(tracker->registry, endpoint), endpoint, now_ms);
}
