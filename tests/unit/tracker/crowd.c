/* SPDX-License-Identifier: Apache-2.0 */
/* Making up messages, sending them, and keeping them to be said again. */
#include "crowd.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "suit/report.h"

#define HOUR_MS INT64_C(3600000)
#define PHASES  4

enum message_kind { SAY_REGISTER, SAY_RENEW, SAY_REMOVE, SAY_POLL, SAY_STATUS, SAY_REPORT };

struct crowd_message {
	enum message_kind kind;
	size_t device;
	struct registration registration;
	struct su_uuid id;
	struct status_message status;
	struct su_span body;
};

/* Who is waiting for an answer. */
struct question {
	struct crowd *crowd;
	size_t device;
};

void crowd_init(struct crowd *crowd, struct fixture *fixture, struct dice *dice)
{
	*crowd = (struct crowd){ .fixture = fixture, .dice = dice };
	for (size_t i = 0; i < CROWD_DEVICES; i++)
		snprintf(crowd->devices[i].endpoint, sizeof(crowd->devices[i].endpoint), "d%zu", i);
}

void crowd_deinit(struct crowd *crowd)
{
	su_buf_free(&crowd->journal);
}

void crowd_note(struct crowd *crowd, const char *fmt, ...)
{
	char line[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	su_buf_printf(&crowd->journal, "%s\n", line);
}

bool crowd_waits(const struct crowd *crowd)
{
	return crowd->n_answered < crowd->n_sent;
}

static void take_answer(struct crowd *crowd, size_t device, const struct su_error *err)
{
	crowd->n_answered++;
	if (!err)
		return;
	struct crowd_device *of = &crowd->devices[device];
	of->is_registered = of->is_registered && err->status != SU_NOT_FOUND;
	of->has_offer = false; /* it asks anew */
	crowd->n_refused++;
	crowd_note(crowd, "  d%zu is told %s: %s", device, su_status_name(err->status), err->text);
	if (err->status == SU_BUG || err->status == SU_IO)
		crowd->fault = *err;
}

static void on_registered(void *arg, const struct su_uuid *id, const struct su_error *err)
{
	const struct question *question = arg;
	struct crowd_device *device = &question->crowd->devices[question->device];
	if (id) {
		device->registration = *id;
		device->is_registered = true;
		device->is_unsure = false;
	}
	if (err && (err->status == SU_UNCERTAIN || err->status == SU_RETRY))
		device->is_unsure = true;
	take_answer(question->crowd, question->device, err);
}

static void on_done(void *arg, const struct su_error *err)
{
	const struct question *question = arg;
	take_answer(question->crowd, question->device, err);
}

static void on_offer(void *arg, const struct offer *offer, const struct su_error *err)
{
	const struct question *question = arg;
	struct crowd_device *device = &question->crowd->devices[question->device];
	if (offer && !su_uuid_equal(offer->deployment, device->deployment)) {
		device->deployment = offer->deployment;
		device->release = offer->release;
		device->phase = 0;
	}
	device->has_offer = offer != NULL;
	take_answer(question->crowd, question->device, err);
}

static void send(struct crowd *crowd, const struct crowd_message *message)
{
	struct tracker *tracker = fixture_tracker(crowd->fixture);
	const struct contact contact =
		fixture_contact(crowd->fixture, crowd->devices[message->device].endpoint);
	struct question *question = su_arena_new_of(fixture_arena(crowd->fixture), struct question);
	*question = (struct question){ crowd, message->device };
	crowd->n_sent++;
	switch (message->kind) {
	case SAY_REGISTER:
		tracker_register(
			tracker, &contact, &message->registration, on_registered, question);
		break;
	case SAY_RENEW:
		tracker_update(tracker, &contact, message->id,
			message->registration.has_characteristics ? &message->registration : NULL,
			on_done, question);
		break;
	case SAY_REMOVE:
		tracker_remove(tracker, &contact, message->id, on_done, question);
		break;
	case SAY_POLL:
		tracker_poll(tracker, &contact, on_offer, question);
		break;
	case SAY_STATUS:
		tracker_status(tracker, &contact, &message->status, on_done, question);
		break;
	case SAY_REPORT:
		tracker_report(tracker, &contact, message->body, on_done, question);
		break;
	}
}

static struct profile some_profile(struct dice *dice)
{
	return (struct profile){
		.has_reachability = dice_hits(dice, 50),
		.reachability = (enum reachability)dice_throw(dice, REACH_QUEUE + 1),
		.has_always_on = dice_hits(dice, 30),
		.always_on = dice_hits(dice, 50),
		.has_behind_nat = dice_hits(dice, 30),
		.behind_nat = dice_hits(dice, 50),
		.has_answers = dice_hits(dice, 50),
		.answers = dice_hits(dice, 70),
		.has_takes_push = dice_hits(dice, 50),
		.takes_push = dice_hits(dice, 50),
		.has_install = dice_hits(dice, 30),
		.install_s = 60,
	};
}

/* What it runs now, and how it works, which may have changed since it said so last. */
static struct characteristics describe(struct crowd *crowd, const struct crowd_device *device)
{
	struct su_span image = su_span_str("what came from the factory");
	if (device->runs > 0 && device->runs <= crowd->n_releases)
		image = crowd->releases[device->runs - 1].image;
	struct characteristics told = fixture_device(crowd->fixture, image, device->runs);
	told.profile = some_profile(crowd->dice);
	if (dice_hits(crowd->dice, 20))
		told.components[0].has_sequence_number = false;
	return told;
}

static const struct calendar *some_calendar(struct crowd *crowd)
{
	if (dice_hits(crowd->dice, 70))
		return NULL;
	struct calendar *calendar = su_arena_new_of(fixture_arena(crowd->fixture), struct calendar);
	const int64_t now_ms = fixture_now(crowd->fixture);
	calendar->n_windows = dice_throw(crowd->dice, 3);
	for (size_t i = 0; i < calendar->n_windows; i++)
		calendar->windows[i] = (struct window){
			.meaning = (enum window_meaning)dice_throw(crowd->dice, 3),
			.form = WINDOW_INTERVAL,
			.from_ms = now_ms + (int64_t)dice_throw(crowd->dice, 48) * HOUR_MS,
			.until_ms = now_ms + (int64_t)(48 + dice_throw(crowd->dice, 48)) * HOUR_MS,
		};
	return calendar;
}

/* After an installation it runs what it was given, or still the old image, or something else. */
static void install(struct crowd *crowd, struct crowd_device *device)
{
	if (device->phase < PHASES)
		return;
	device->phase = 0;
	device->has_offer = false;
	if (dice_hits(crowd->dice, 20))
		return;
	if (dice_hits(crowd->dice, 10)) {
		device->runs = dice_throw(crowd->dice, (unsigned)crowd->n_releases + 1);
		return;
	}
	for (size_t i = 0; i < crowd->n_releases; i++)
		if (digest_equal(&crowd->releases[i].digest, &device->release))
			device->runs = i + 1;
}

static void say_who_it_is(struct crowd *crowd, struct crowd_message *message)
{
	struct crowd_device *device = &crowd->devices[message->device];
	install(crowd, device);
	message->registration = (struct registration){
		.has_characteristics = true,
		.told = describe(crowd, device),
		.calendar = some_calendar(crowd),
	};
	message->id = device->registration;
	if (dice_hits(crowd->dice, 10))
		message->id = crowd->devices[dice_throw(crowd->dice, CROWD_DEVICES)].registration;
}

static struct offer_answer *some_answer(struct crowd *crowd)
{
	struct offer_answer *answer =
		su_arena_new_of(fixture_arena(crowd->fixture), struct offer_answer);
	*answer = (struct offer_answer){
		.kind = (enum answer_kind)dice_throw(crowd->dice, ANSWER_NO + 1),
		.at_ms = fixture_now(crowd->fixture) +
			 ((int64_t)dice_throw(crowd->dice, 100) - 10) * HOUR_MS,
	};
	return answer;
}

/* Of its own deployment, of another device's, of none; with the right release or another one. */
static void name_deployment(struct crowd *crowd, struct crowd_message *message)
{
	static const unsigned weights[] = { 40, 40, 8, 4, 8 };
	const struct crowd_device *device = &crowd->devices[message->device];
	struct status_message *status = &message->status;
	switch (dice_pick(crowd->dice, weights, 5)) {
	case 0:
		return;
	case 1:
		status->has_deployment = true;
		status->deployment = device->deployment;
		return;
	case 2:
		status->has_deployment = true;
		status->deployment =
			crowd->devices[dice_throw(crowd->dice, CROWD_DEVICES)].deployment;
		return;
	case 3:
		status->has_deployment = true;
		status->deployment = su_uuid_v7(fixture_now(crowd->fixture));
		return;
	default:
		if (crowd->n_releases == 0)
			return;
		status->has_release = true;
		status->release =
			crowd->releases[dice_throw(crowd->dice, (unsigned)crowd->n_releases)]
				.digest;
	}
}

static void say_next_state(struct crowd *crowd, struct crowd_message *message)
{
	static const enum deployment_state order[PHASES] = { DEPLOYMENT_DOWNLOADING,
		DEPLOYMENT_DOWNLOADED, DEPLOYMENT_INSTALLING, DEPLOYMENT_REBOOTING };
	struct crowd_device *device = &crowd->devices[message->device];
	message->status.has_deployment = dice_hits(crowd->dice, 70);
	message->status.deployment = device->deployment;
	message->status.has_state = true;
	message->status.state = order[device->phase++];
	if (dice_hits(crowd->dice, 10))
		device->phase = PHASES; /* it says no more before it is done */
}

static void say_anything(struct crowd *crowd, struct crowd_message *message)
{
	struct dice *dice = crowd->dice;
	struct crowd_device *device = &crowd->devices[message->device];
	struct status_message *status = &message->status;
	name_deployment(crowd, message);
	status->has_state = dice_hits(dice, 85);
	status->state = (enum deployment_state)dice_throw(dice, DEPLOYMENT_STATE_COUNT);
	status->has_progress = dice_hits(dice, 40);
	status->progress_bytes = dice_throw(dice, 100);
	status->reason = dice_hits(dice, 30) ? "for a reason of its own" : NULL;
	if (dice_hits(dice, 20))
		status->answer = some_answer(crowd);
	status->calendar = some_calendar(crowd);
	status->has_characteristics = dice_hits(dice, 15);
	if (status->has_characteristics)
		status->told = describe(crowd, device);
}

static void report_on(struct crowd *crowd, struct crowd_message *message)
{
	const struct digest *release = &crowd->devices[message->device].release;
	const struct report report = {
		.manifest_digest =
			digest_is_set(release) ? *release : author_digest(su_span_str("nothing")),
		.success = dice_hits(crowd->dice, 60),
		.reason = REASON_CONDITION_FAILED,
	};
	struct su_buf out su_auto(su_buf_free) = { 0 };
	report_encode(&report, &out);
	message->body = su_arena_copy(fixture_arena(crowd->fixture), su_buf_span(&out));
}

static enum message_kind some_kind(struct dice *dice)
{
	static const unsigned weights[] = {
		[SAY_REGISTER] = 12,
		[SAY_RENEW] = 10,
		[SAY_REMOVE] = 2,
		[SAY_POLL] = 30,
		[SAY_STATUS] = 45,
		[SAY_REPORT] = 6,
	};
	return (enum message_kind)dice_pick(dice, weights, sizeof(weights) / sizeof(*weights));
}

/* What an honest device would say next. */
static enum message_kind sensible_kind(const struct crowd_device *device)
{
	if (!device->is_registered || device->phase == PHASES)
		return SAY_REGISTER;
	return device->has_offer ? SAY_STATUS : SAY_POLL;
}

static struct crowd_message *make_up(struct crowd *crowd, bool sensible)
{
	struct crowd_message *message =
		su_arena_new_of(fixture_arena(crowd->fixture), struct crowd_message);
	message->device = dice_throw(crowd->dice, CROWD_DEVICES);
	message->kind =
		sensible ? sensible_kind(&crowd->devices[message->device]) : some_kind(crowd->dice);
	switch (message->kind) {
	case SAY_REGISTER:
	case SAY_RENEW:
	case SAY_REMOVE:
		say_who_it_is(crowd, message);
		break;
	case SAY_STATUS:
		if (sensible)
			say_next_state(crowd, message);
		else
			say_anything(crowd, message);
		break;
	case SAY_REPORT:
		report_on(crowd, message);
		break;
	case SAY_POLL:
		break;
	}
	return message;
}

static void note_message(struct crowd *crowd, const struct crowd_message *message, const char *what)
{
	static const char *const verbs[] = { "registers", "renews", "removes itself", "polls",
		"says", "reports" };
	const struct status_message *status = &message->status;
	const bool has_state = message->kind == SAY_STATUS && status->has_state;
	crowd_note(crowd, "d%zu %s%s%s%s%s", message->device, what, verbs[message->kind],
		has_state ? " " : "",
		has_state ? name_of(deployment_state_names, (int)status->state) : "",
		status->answer ? " with an answer" : "");
}

void crowd_speak(struct crowd *crowd)
{
	struct crowd_message **place = &crowd->said[dice_throw(crowd->dice, CROWD_REMEMBERED)];
	if (*place && dice_hits(crowd->dice, 15)) {
		note_message(crowd, *place, "again ");
	} else {
		*place = make_up(crowd, dice_hits(crowd->dice, 60));
		note_message(crowd, *place, "");
	}
	send(crowd, *place);
}

void crowd_register(struct crowd *crowd, size_t device)
{
	struct crowd_message *message =
		su_arena_new_of(fixture_arena(crowd->fixture), struct crowd_message);
	message->kind = SAY_REGISTER;
	message->device = device;
	say_who_it_is(crowd, message);
	send(crowd, message);
}
