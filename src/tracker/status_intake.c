/* SPDX-License-Identifier: Apache-2.0 */
/* Status messages: what a device says about its progress, and about itself. */
#include <stddef.h>
#include <string.h>

#include "policy/calendar.h"
#include "store/deployment_store.h"
#include "tracker/consent.h"
#include "tracker/evidence.h"
#include "tracker/sighting.h"
#include "tracker/told.h"
#include "tracker/turn.h"

/* Beginnings of a download; a device that never gets further is in a loop. */
#define MAX_DOWNLOADS 20

struct status_turn {
	struct turn turn;
	struct status_message *message;
	tracker_done_fn done;
	void *arg;
	/* Found by the worker when the message is not about the deployment in flight. */
	bool found;
	struct deployment other;
};

static void on_finish(struct turn *turn, const struct su_error *err)
{
	struct status_turn *self = (struct status_turn *)turn;
	self->done(self->arg, err);
}

static void on_committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static bool event_of(enum deployment_state state, enum lifecycle_event *out)
{
	static const struct {
		bool told_by_devices;
		enum lifecycle_event event;
	} events[DEPLOYMENT_STATE_COUNT] = {
		[DEPLOYMENT_DEFERRED] = { true, EVENT_DEFER },
		[DEPLOYMENT_ACCEPTED] = { true, EVENT_ACCEPT },
		[DEPLOYMENT_DOWNLOADING] = { true, EVENT_DOWNLOAD_BEGAN },
		[DEPLOYMENT_DOWNLOADED] = { true, EVENT_DOWNLOAD_DONE },
		[DEPLOYMENT_INSTALLING] = { true, EVENT_INSTALL_BEGAN },
		[DEPLOYMENT_REBOOTING] = { true, EVENT_REBOOT_BEGAN },
		[DEPLOYMENT_FAILED] = { true, EVENT_REPORT_FAILURE },
		[DEPLOYMENT_REJECTED] = { true, EVENT_REFUSE },
	};
	*out = events[state].event;
	return events[state].told_by_devices;
}

/* About the update cycle at all, or only about the device? */
static bool concerns_deployment(const struct status_message *message)
{
	return message->has_deployment || message->has_release || message->has_state ||
	       message->has_progress || message->answer;
}

static bool is_in_flight(const struct turn *turn, const struct status_message *message)
{
	if (!turn->has_active)
		return false;
	if (message->has_deployment)
		return su_uuid_equal(message->deployment, turn->active.id);
	return !message->has_release || digest_equal(&message->release, &turn->active.release);
}

static enum su_status check_release(const struct status_message *message,
	const struct deployment *deployment, struct su_error *err)
{
	if (message->has_release && !digest_equal(&message->release, &deployment->release))
		return su_fail(err, SU_CONFLICT, "release", "is not the one of this deployment");
	return SU_OK;
}

static enum su_status refuse_state(
	const struct deployment *deployment, enum deployment_state wanted, struct su_error *err)
{
	return su_fail(err, SU_CONFLICT, "state", "the deployment is %s and cannot become %s",
		name_of(deployment_state_names, deployment->state),
		name_of(deployment_state_names, wanted));
}

/* A device that begins its download over and over will not get there. */
static enum lifecycle_verdict move_by_state(
	struct turn *turn, const struct status_message *message, enum lifecycle_event event)
{
	if (event == EVENT_DOWNLOAD_BEGAN && turn->active.attempts >= MAX_DOWNLOADS &&
		turn->active.state != DEPLOYMENT_DOWNLOADING)
		return turn_move(turn, EVENT_REPORT_FAILURE,
			su_arena_printf(turn->arena, "the download was begun %u times",
				turn->active.attempts));
	return turn_move(turn, event, message->reason);
}

static enum su_status apply_state(
	struct turn *turn, const struct status_message *message, struct su_error *err)
{
	enum lifecycle_event event;
	if (!event_of(message->state, &event))
		return su_fail(err, SU_INVALID, "state", "%s is not for a device to say",
			name_of(deployment_state_names, message->state));
	if (move_by_state(turn, message, event) == LIFECYCLE_REFUSE)
		return refuse_state(&turn->active, message->state, err);
	return SU_OK;
}

/* Progress is no step of the history; it is a sign of life. */
static void apply_progress(struct turn *turn, const struct status_message *message)
{
	if (!message->has_progress || deployment_state_is_end(turn->active.state) ||
		turn->active.progress_bytes == message->progress_bytes)
		return;
	turn->active.progress_bytes = message->progress_bytes;
	lifecycle_renew(&turn->active, turn->contact.now_ms);
	turn->write.deployment = &turn->active;
}

static void apply_characteristics(struct status_turn *self)
{
	struct turn *turn = &self->turn;
	const struct characteristics before = turn->device->told;
	turn->device->told = self->message->told;
	turn->write.write_components = true;
	turn->rejudge = true;
	evidence_weigh(turn, &before, false);
}

static void apply_calendar(struct status_turn *self)
{
	const struct calendar *told = self->message->calendar;
	self->turn.device->calendar = told->n_windows > 0 ? told : NULL;
}

static void write_down(struct status_turn *self)
{
	struct turn *turn = &self->turn;
	if (self->message->has_characteristics)
		apply_characteristics(self);
	if (self->message->calendar)
		apply_calendar(self);
	if (!turn->write.deployment && !self->message->has_characteristics &&
		!self->message->calendar) {
		turn_end(turn, NULL); /* a duplicate */
		return;
	}
	const bool is_needed = turn->write.write_device || self->message->has_characteristics ||
			       self->message->calendar ||
			       sighting_is_due(turn->of, turn->contact.now_ms);
	turn_note_contact(turn);
	turn->write.write_device = is_needed; /* progress alone does not touch the device's row */
	turn_commit(turn);
}

static void apply_to_active(struct status_turn *self)
{
	struct turn *turn = &self->turn;
	const struct status_message *message = self->message;
	struct su_error error;
	int64_t latest_ms;
	if (check_release(message, &turn->active, &error) != SU_OK ||
		(message->answer &&
			consent_take(turn, message->answer, &latest_ms, &error) != SU_OK) ||
		(message->has_state && apply_state(turn, message, &error) != SU_OK)) {
		turn_end(turn, &error);
		return;
	}
	apply_progress(turn, message);
	write_down(self);
}

/* About a deployment that is over: a late duplicate is harmless, anything else is told. */
static void apply_to_other(struct turn *turn)
{
	struct status_turn *self = (struct status_turn *)turn;
	const struct status_message *message = self->message;
	struct su_error *error = &turn->error;
	if (error->status == SU_OK && !self->found)
		su_fail(error, SU_NOT_FOUND, message->has_deployment ? "deployment" : "release",
			"there is no such deployment");
	if (error->status == SU_OK && self->other.device_id != turn->device->id)
		su_fail(error, SU_DENIED, "deployment", "belongs to another device");
	enum lifecycle_event event;
	if (error->status == SU_OK && check_release(message, &self->other, error) == SU_OK &&
		message->has_state) {
		if (!event_of(message->state, &event))
			su_fail(error, SU_INVALID, "state", "is not for a device to say");
		else if (lifecycle_next(self->other.state, event).verdict != LIFECYCLE_STAY)
			refuse_state(&self->other, message->state, error);
	}
	if (error->status == SU_OK && message->answer)
		su_fail(error, SU_CONFLICT, "answer", "the deployment is %s: nothing is asked",
			name_of(deployment_state_names, self->other.state));
	if (error->status != SU_OK)
		turn_end(turn, error);
	else
		write_down(self);
}

static void find_other(struct turn *turn, struct store_conn *conn)
{
	struct status_turn *self = (struct status_turn *)turn;
	struct txn txn = txn_begin(conn);
	if (self->message->has_deployment)
		self->found = deployment_store_get(
			&txn, turn->arena, self->message->deployment, &self->other);
	else if (self->message->has_release)
		self->found = deployment_store_latest(
			&txn, turn->arena, turn->device->id, &self->message->release, &self->other);
	if (txn_commit(&txn, &turn->error) == SU_OK)
		turn->error.status = SU_OK;
}

static enum su_status check_message(const struct status_turn *self, struct su_error *err)
{
	const struct calendar *calendar = self->message->calendar;
	SU_TRY(turn_check_device(&self->turn, err));
	enum su_status status =
		calendar ? calendar_check(calendar, self->turn.contact.now_ms, err) : SU_OK;
	if (status != SU_OK)
		su_error_within(err, "calendar");
	return status;
}

static void begin(struct turn *turn)
{
	struct status_turn *self = (struct status_turn *)turn;
	const struct status_message *message = self->message;
	struct su_error error;
	if (check_message(self, &error) != SU_OK)
		turn_end(turn, &error);
	else if (!concerns_deployment(message))
		write_down(self);
	else if (is_in_flight(turn, message))
		apply_to_active(self);
	else if (message->has_deployment || message->has_release)
		turn_send_to_worker(turn, find_other, apply_to_other);
	else
		turn_end_with(turn, SU_NOT_FOUND, "", "there is no deployment in flight");
}

static const struct turn_kind kind_status = { begin, on_committed, on_finish };

/* Without what is not there of it. */
static struct status_message *copy_of(struct su_arena *arena, const struct status_message *from)
{
	size_t size =
		from->has_characteristics ? sizeof(*from) : offsetof(struct status_message, told);
	struct status_message *copy = su_arena_alloc(arena, size);
	memcpy(copy, from, size);
	copy->reason = su_arena_strdup(arena, from->reason);
	copy->calendar = told_copy_calendar(arena, from->calendar);
	if (from->has_characteristics)
		told_copy(arena, &from->told, &copy->told);
	if (from->answer) {
		struct offer_answer *answer = su_arena_new_of(arena, struct offer_answer);
		*answer = *from->answer;
		answer->reason = su_arena_strdup(arena, answer->reason);
		copy->answer = answer;
	}
	return copy;
}

void tracker_status(struct tracker *tracker, const struct contact *contact,
	const struct status_message *message, tracker_done_fn done, void *arg)
{
	struct status_turn *self = turn_new(tracker, contact, &kind_status, sizeof(*self));
	self->message = copy_of(self->turn.arena, message);
	self->done = done;
	self->arg = arg;
	turn_enqueue_take(&self->turn);
}
