/* SPDX-License-Identifier: Apache-2.0 */
/* Queueing, committing and ending of turns. */
#include "tracker/turn.h"

#include <assert.h>

#include "tracker/follow.h"
#include "tracker/planning_due.h"
#include "tracker/pusher.h"
#include "tracker/settling.h"
#include "tracker/situation.h"
#include "tracker/told.h"

#define MAX_TURNS_PER_DEVICE 16
#define MAX_ATTEMPTS         4 /* the first, and three after a conflict */

static void pump(struct tracker *tracker, struct remembered *of);

void *turn_new(struct tracker *tracker, const struct contact *contact, const struct turn_kind *kind,
	size_t size)
{
	struct su_arena *arena = su_arena_new();
	struct turn *turn = su_arena_alloc(arena, size);
	turn->kind = kind;
	turn->tracker = tracker;
	turn->arena = arena;
	turn->contact = *contact;
	turn->contact.endpoint = su_arena_strdup(arena, contact->endpoint);
	if (contact->form) {
		enum envelope_form *form = su_arena_new_of(arena, enum envelope_form);
		*form = *contact->form;
		turn->contact.form = form;
	}
	turn->contact.address = su_arena_strdup(arena, contact->address ? contact->address : "");
	return turn;
}

void turn_drop(struct turn *turn, const struct su_error *err)
{
	turn->kind->finish(turn, err);
	release_facts_unref(&turn->facts);
	struct su_arena *arena = turn->arena;
	su_arena_free(&arena);
}

void turn_enqueue_take(struct turn *turn)
{
	struct tracker *tracker = turn->tracker;
	struct remembered *of = registry_take(tracker->registry, turn->contact.endpoint);
	struct su_error error;
	if (tracker->stopping || !of || of->n_turns >= MAX_TURNS_PER_DEVICE) {
		su_fail(&error, tracker->stopping ? SU_RETRY : SU_BUSY, "",
			"too many messages are waiting");
		turn_drop(turn, &error);
		return;
	}
	turn->of = of;
	*(of->last ? &of->last->next : &of->first) = turn;
	of->last = turn;
	of->n_turns++;
	pump(tracker, of);
}

static struct turn *unlink_first(struct remembered *of)
{
	struct turn *turn = of->first;
	of->first = turn->next;
	if (!of->first)
		of->last = NULL;
	of->n_turns--;
	of->is_held_up = false;
	return turn;
}

static struct device *copy_of(struct turn *turn, const struct snapshot *snapshot)
{
	if (!snapshot)
		return NULL;
	struct device *copy = su_arena_new_of(turn->arena, struct device);
	snapshot_restore(snapshot, copy);
	told_keep_device(turn->arena, copy);
	return copy;
}

/* Copies what is remembered, so that a turn that comes to nothing leaves no trace. */
static void refresh(struct turn *turn)
{
	struct remembered *of = turn->of;
	turn->device = copy_of(turn, of->device);
	turn->foreseen = copy_of(turn, of->foreseen);
	turn->has_active = of->has_active;
	turn->active = of->active;
	turn->active.reason = su_arena_strdup(turn->arena, of->active_reason);
	release_facts_unref(&turn->facts);
	turn->facts = release_facts_ref(of->facts);
	turn->write = (struct device_write){ 0 };
	turn->rejudge = false;
	turn->look_again = false;
	turn->is_planned = false;
}

/* A load from a database that is known to be away would only keep a worker waiting. */
static void want_load(struct tracker *tracker, struct remembered *of)
{
	bool is_away = committer_database_away(tracker->opts.committer);
	if (tracker->stopping || (is_away && of->state != REMEMBERED_LOADING)) {
		struct su_error error;
		su_fail(&error, SU_RETRY, "",
			is_away ? "the database is away" : "the server is stopping");
		turn_fail_waiting(of, &error);
	} else {
		loader_want(tracker->loader, of);
	}
}

/* Names that nobody knows come in any number: they must not crowd out devices. */
static void put_stranger_last(struct tracker *tracker, struct remembered *of)
{
	if (!of->first && !of->device && !of->foreseen && !of->has_credential)
		registry_put_last(tracker->registry, of);
}

/* A turn may end inside its begin: then the next one follows here, not inside it. */
static void pump(struct tracker *tracker, struct remembered *of)
{
	if (of->pumping)
		return;
	of->pumping = true;
	while (of->first && !of->running) {
		if (!registry_is_fresh(tracker->registry, of)) {
			want_load(tracker, of);
			break;
		}
		of->running = true;
		refresh(of->first);
		of->first->kind->begin(of->first);
	}
	of->pumping = false;
	put_stranger_last(tracker, of);
}

void turn_end(struct turn *turn, const struct su_error *err)
{
	struct tracker *tracker = turn->tracker;
	struct remembered *of = turn->of;
	bool inside = of->pumping;
	of->running = false;
	of->pumping = true; /* the sender may ask for more in the middle of this */
	turn_drop(unlink_first(of), err);
	of->pumping = inside;
	pump(tracker, of);
}

void turn_end_with(struct turn *turn, enum su_status status, const char *field, const char *text)
{
	struct su_error error;
	su_fail(&error, status, field, "%s", text);
	turn_end(turn, &error);
}

void turn_on_loaded(struct tracker *tracker, struct remembered *of, const struct su_error *err)
{
	if (err)
		turn_fail_waiting(of, err);
	pump(tracker, of);
}

void turn_fail_waiting(struct remembered *of, const struct su_error *err)
{
	/* The first one is left alone while it runs: it ends by itself. */
	struct turn *kept = of->running ? unlink_first(of) : NULL;
	bool inside = of->pumping;
	of->pumping = true;
	while (of->first)
		turn_drop(unlink_first(of), err);
	of->pumping = inside;
	if (kept) {
		kept->next = NULL;
		of->first = of->last = kept;
		of->n_turns = 1;
	}
}

static void begin_again(struct turn *turn)
{
	struct remembered *of = turn->of;
	of->running = false;
	if (of->state == REMEMBERED_READY)
		of->state = REMEMBERED_STALE;
	pump(turn->tracker, of);
}

static void adopt_deployment(struct turn *turn, const struct committer_result *result)
{
	struct remembered *of = turn->of;
	turn->active.row_version = result->deployment_row_version;
	if (deployment_state_is_end(turn->active.state)) {
		remembered_set_active(of, NULL, NULL);
		of->judged = 0;
		return;
	}
	remembered_set_active(of, &turn->active, turn->facts);
}

static bool is_device_written(const struct device_write *write)
{
	return write->write_device || write->write_components || write->device->id == 0;
}

/* What was committed is what is remembered from now on. */
static void adopt(struct turn *turn, const struct committer_result *result)
{
	struct remembered *of = turn->of;
	if (is_device_written(&turn->write)) {
		if (turn->device->id == 0)
			turn->device->id = result->device_id;
		turn->device->row_version = result->device_row_version;
		remembered_set_device(of, turn->device);
	}
	bool ended = false;
	if (turn->write.deployment) {
		ended = deployment_state_is_end(turn->active.state);
		adopt_deployment(turn, result);
	}
	if (turn->rejudge) {
		of->judged = 0;
		of->rests_from_ms = 0;
	}
	if (turn->rejudge || ended)
		tracker_announce(turn->tracker, of->endpoint);
	if (!pusher_heed(turn->tracker->pusher, of))
		planning_due_heed(turn->tracker->due, of);
}

static void on_committed(void *arg, const struct committer_result *result)
{
	struct turn *turn = arg;
	turn->tracker->n_jobs--;
	if (result->status == SU_OK) {
		adopt(turn, result);
		turn->kind->committed(turn);
		return;
	}
	if (result->status == SU_CONFLICT && ++turn->attempts < MAX_ATTEMPTS) {
		begin_again(turn);
		return;
	}
	struct su_error error = result->error;
	error.status = result->status;
	if (result->status == SU_CONFLICT)
		su_fail(&error, SU_RETRY, "", "the device is being changed by others");
	/* After an unclear commit only the database knows. */
	if (turn->of->state == REMEMBERED_READY)
		turn->of->state = REMEMBERED_STALE;
	turn_end(turn, &error);
}

/*
 * They are judged by what the device told. On its way from the first step of a try to its end nothing
 * else changes them; a try begins in PLANNED, after one that failed as well.
 */
static bool may_change_components(const struct turn *turn)
{
	const struct device_write *write = &turn->write;
	if (write->deployment->row_version == 0 || write->write_components)
		return true;
	return write->n_history > 0 && (write->history[0].from == DEPLOYMENT_PLANNED ||
					       deployment_state_is_end(write->deployment->state));
}

void turn_commit(struct turn *turn)
{
	struct su_error error;
	const struct deployment *written = turn->write.deployment;
	if (turn->write.write_device)
		settling_do(turn);
	if (written && !turn->is_planned)
		situation_refresh(turn);
	if (written && turn->facts && may_change_components(turn))
		follow_components(turn);
	if (turn->look_again)
		settling_look_again(turn);
	turn->write.device = turn->device;
	enum su_status status = committer_submit(
		turn->tracker->opts.committer, &turn->write, on_committed, turn, &error);
	if (status == SU_OK)
		turn->tracker->n_jobs++;
	else
		turn_end(turn, &error);
}

static void run_job(void *arg, void *thread_context)
{
	struct turn *turn = arg;
	turn->run(turn, thread_context);
}

static void on_job_done(void *arg)
{
	struct turn *turn = arg;
	turn->tracker->n_jobs--;
	turn->then(turn);
}

void turn_send_to_worker(struct turn *turn, void (*run)(struct turn *turn, struct store_conn *conn),
	void (*then)(struct turn *turn))
{
	turn->run = run;
	turn->then = then;
	turn->error = (struct su_error){ 0 };
	const struct su_job job = { .run = run_job, .done = on_job_done, .arg = turn };
	turn->tracker->n_jobs++;
	if (su_work_submit(turn->tracker->opts.work, job) == SU_OK)
		return;
	turn->tracker->n_jobs--;
	su_fail(&turn->error, SU_BUSY, "", "too much work is waiting");
	then(turn);
}

static struct deployment_history *next_step(struct turn *turn)
{
	assert(turn->write.n_history < TURN_MAX_STEPS);
	return &turn->steps[turn->write.n_history];
}

static void add_step(struct turn *turn)
{
	turn->write.deployment = &turn->active;
	turn->write.history = turn->steps;
	turn->write.n_history++;
}

static const char *actor_of(const struct turn *turn)
{
	return turn->actor ? turn->actor : "device";
}

/* A failure is tried again as often as the class of the deployment allows. */
enum lifecycle_verdict turn_move(struct turn *turn, enum lifecycle_event event, const char *detail)
{
	struct level level;
	const char *kept = su_arena_strdup(turn->arena, detail);
	if (situation_level(turn->tracker, turn->active.plan.urgency, &level))
		event = lifecycle_event_for(&turn->active, event, level.max_retries);
	enum lifecycle_verdict verdict = lifecycle_apply(
		&turn->active, event, actor_of(turn), kept, turn->contact.now_ms, next_step(turn));
	if (verdict == LIFECYCLE_MOVE)
		add_step(turn);
	return verdict;
}

void turn_note(struct turn *turn, const char *event, const char *detail)
{
	*next_step(turn) = (struct deployment_history){
		.at_ms = turn->contact.now_ms,
		.from = turn->active.state,
		.to = turn->active.state,
		.event = event,
		.actor = actor_of(turn),
		.detail = su_arena_strdup(turn->arena, detail),
	};
	add_step(turn);
}

enum su_status turn_check_contact(const struct turn *turn, struct su_error *err)
{
	if (turn->of->has_credential && !turn->contact.authenticated)
		return su_fail(err, SU_UNAUTHENTICATED, "ep",
			"this endpoint has a credential and must authenticate with it");
	if (turn->tracker->opts.require_known_devices && !turn->of->has_credential)
		return su_fail(err, SU_DENIED, "ep", "this endpoint has no credential here");
	return SU_OK;
}

enum su_status turn_check_device(const struct turn *turn, struct su_error *err)
{
	SU_TRY(turn_check_contact(turn, err));
	if (!turn->device || turn->device->removed_at_ms != 0)
		return su_fail(err, SU_NOT_FOUND, "ep", "is not registered");
	return SU_OK;
}

void turn_note_contact(struct turn *turn)
{
	struct device *device = turn->device;
	if (turn->contact.now_ms > device->last_seen_at_ms)
		device->last_seen_at_ms = turn->contact.now_ms;
	device->transport = turn->contact.transport;
	device->address = turn->contact.address;
	turn->write.write_device = true;
}
