/* SPDX-License-Identifier: Apache-2.0 */
/* Registration of devices: new, again, renewed, removed. */
#include <string.h>

#include "policy/calendar.h"
#include "store/device_store.h"
#include "tracker/evidence.h"
#include "tracker/told.h"
#include "tracker/turn.h"

struct registration_turn {
	struct turn turn;
	struct registration wanted; /* nothing given: only renew */
	struct su_uuid id;
	const char *found; /* the endpoint that holds id */
	tracker_registered_fn registered;
	tracker_done_fn done;
	void *arg;
};

static void on_finish_registered(struct turn *turn, const struct su_error *err)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	self->registered(self->arg, err ? NULL : &self->id, err);
}

static void on_finish(struct turn *turn, const struct su_error *err)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	self->done(self->arg, err);
}

static void on_committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static int64_t lifetime_of(const struct registration *wanted, int64_t otherwise)
{
	return wanted->lifetime_s > 0 ? wanted->lifetime_s : otherwise;
}

/* Two devices that both say who they are and differ cannot share a name. */
static bool is_other_device(const struct characteristics *known, const struct characteristics *now)
{
	if (known->serial && now->serial && strcmp(known->serial, now->serial) != 0)
		return true;
	return known->has_device_id && now->has_device_id &&
	       !su_uuid_equal(known->device_id, now->device_id);
}

static enum su_status check_calendar(const struct registration_turn *self, struct su_error *err)
{
	const struct calendar *calendar = self->wanted.calendar;
	enum su_status status =
		calendar ? calendar_check(calendar, self->turn.contact.now_ms, err) : SU_OK;
	if (status != SU_OK)
		su_error_within(err, "calendar");
	return status;
}

static enum su_status check_name(const struct registration_turn *self, struct su_error *err)
{
	const struct turn *turn = &self->turn;
	SU_TRY(turn_check_contact(turn, err));
	SU_TRY(check_calendar(self, err));
	const struct device *known = turn->device;
	if (known && known->removed_at_ms == 0 && known->expires_at_ms > turn->contact.now_ms &&
		is_other_device(&known->told, &self->wanted.told))
		return su_fail(err, SU_CONFLICT, "ep",
			"another device with a different serial or device identifier is registered"
			" under this name");
	return SU_OK;
}

static void take_told(struct registration_turn *self, bool restarted)
{
	struct turn *turn = &self->turn;
	const struct characteristics before = turn->device->told;
	turn->device->told = self->wanted.told;
	turn->write.write_components = true;
	turn->rejudge = true;
	evidence_weigh(turn, &before, restarted);
}

static void take_calendar(struct registration_turn *self)
{
	const struct calendar *told = self->wanted.calendar;
	self->turn.device->calendar = told && told->n_windows > 0 ? told : NULL;
}

static void renew(struct turn *turn, int64_t lifetime_s)
{
	struct device *device = turn->device;
	device->lifetime_s = lifetime_s;
	device->updated_at_ms = turn->contact.now_ms;
	device->expires_at_ms = turn->contact.now_ms + lifetime_s * 1000;
	turn_note_contact(turn);
}

static void begin_register(struct turn *turn)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	struct su_error error;
	if (check_name(self, &error) != SU_OK) {
		turn_end(turn, &error);
		return;
	}
	if (!turn->device) {
		turn->device = turn->foreseen ? turn->foreseen
					      : su_arena_new_of(turn->arena, struct device);
		turn->device->endpoint = turn->contact.endpoint;
	}
	self->id = su_uuid_v7(turn->contact.now_ms);
	turn->device->registration = self->id;
	turn->device->registered_at_ms = turn->contact.now_ms;
	turn->device->removed_at_ms = 0;
	turn->device->envelope_form =
		self->wanted.has_envelope_form ? self->wanted.envelope_form : ENVELOPE_FULL;
	renew(turn, lifetime_of(&self->wanted, DEVICE_DEFAULT_LIFETIME_S));
	take_calendar(self);
	take_told(self, true);
	turn_commit(turn);
}

/* RFC 9176 section 5.3.1: an expired registration is gone, the device has to register anew. */
static enum su_status check_registration(const struct registration_turn *self, struct su_error *err)
{
	const struct turn *turn = &self->turn;
	SU_TRY(turn_check_device(turn, err));
	SU_TRY(check_calendar(self, err));
	if (!su_uuid_equal(turn->device->registration, self->id) ||
		turn->device->expires_at_ms <= turn->contact.now_ms)
		return su_fail(
			err, SU_NOT_FOUND, "", "this registration has been replaced or is over");
	return SU_OK;
}

static void begin_update(struct turn *turn)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	struct su_error error;
	if (check_registration(self, &error) != SU_OK) {
		turn_end(turn, &error);
		return;
	}
	renew(turn, lifetime_of(&self->wanted, turn->device->lifetime_s));
	if (self->wanted.has_envelope_form)
		turn->device->envelope_form = self->wanted.envelope_form;
	if (self->wanted.calendar)
		take_calendar(self);
	if (self->wanted.has_characteristics)
		take_told(self, false);
	turn_commit(turn);
}

/* Its history stays; the name is free for another device. */
static void begin_remove(struct turn *turn)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	struct su_error error;
	if (check_registration(self, &error) != SU_OK) {
		turn_end(turn, &error);
		return;
	}
	turn->device->removed_at_ms = turn->contact.now_ms;
	turn->rejudge = true;
	turn_note_contact(turn);
	turn_commit(turn);
}

static const struct turn_kind kind_register = { begin_register, on_committed,
	on_finish_registered };
static const struct turn_kind kind_update = { begin_update, on_committed, on_finish };
static const struct turn_kind kind_remove = { begin_remove, on_committed, on_finish };

static void find_holder(struct turn *turn, struct store_conn *conn)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	struct txn txn = txn_begin(conn);
	self->found = device_store_by_registration(&txn, turn->arena, self->id);
	if (txn_commit(&txn, &turn->error) == SU_OK)
		turn->error.status = SU_OK;
}

static void on_holder_found(struct turn *turn)
{
	struct registration_turn *self = (struct registration_turn *)turn;
	if (turn->error.status == SU_OK && !self->found)
		su_fail(&turn->error, SU_NOT_FOUND, "", "there is no such registration");
	if (turn->error.status != SU_OK) {
		turn_drop(turn, &turn->error);
		return;
	}
	turn->contact.endpoint = self->found;
	turn_enqueue_take(turn);
}

/* The name may have to be looked up: plain CoAP names only the registration. */
static void enqueue_by_id(struct registration_turn *self)
{
	if (self->turn.contact.endpoint)
		turn_enqueue_take(&self->turn);
	else
		turn_send_to_worker(&self->turn, find_holder, on_holder_found);
}

void tracker_register(struct tracker *tracker, const struct contact *contact,
	const struct registration *registration, tracker_registered_fn done, void *arg)
{
	struct registration_turn *self = turn_new(tracker, contact, &kind_register, sizeof(*self));
	self->wanted = *registration;
	told_copy(self->turn.arena, &registration->told, &self->wanted.told);
	self->wanted.calendar = told_copy_calendar(self->turn.arena, registration->calendar);
	self->registered = done;
	self->arg = arg;
	turn_enqueue_take(&self->turn);
}

void tracker_update(struct tracker *tracker, const struct contact *contact, struct su_uuid id,
	const struct registration *change, tracker_done_fn done, void *arg)
{
	struct registration_turn *self = turn_new(tracker, contact, &kind_update, sizeof(*self));
	self->id = id;
	if (change) {
		self->wanted = *change;
		told_copy(self->turn.arena, &change->told, &self->wanted.told);
		self->wanted.calendar = told_copy_calendar(self->turn.arena, change->calendar);
	}
	self->done = done;
	self->arg = arg;
	enqueue_by_id(self);
}

void tracker_remove(struct tracker *tracker, const struct contact *contact, struct su_uuid id,
	tracker_done_fn done, void *arg)
{
	struct registration_turn *self = turn_new(tracker, contact, &kind_remove, sizeof(*self));
	self->id = id;
	self->done = done;
	self->arg = arg;
	enqueue_by_id(self);
}
