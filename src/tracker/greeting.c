/* SPDX-License-Identifier: Apache-2.0 */
/* A device shows up to be told something, and asks for nothing: it is known, and remembered from here on. */
#include "tracker/sighting.h"
#include "tracker/turn.h"

struct greeting_turn {
	struct turn turn;
	tracker_done_fn done;
	void *arg;
};

static void begin(struct turn *turn)
{
	struct su_error error;
	bool known = turn_check_device(turn, &error) == SU_OK;
	turn_end(turn, known ? NULL : &error);
}

static void finish(struct turn *turn, const struct su_error *err)
{
	struct greeting_turn *self = (struct greeting_turn *)turn;
	if (!err)
		sighting_note(turn->tracker, turn->of, &turn->contact);
	self->done(self->arg, err);
}

static const struct turn_kind kind_greeting = { begin, NULL, finish };

void tracker_greet(
	struct tracker *tracker, const struct contact *contact, tracker_done_fn done, void *arg)
{
	struct greeting_turn *self = turn_new(tracker, contact, &kind_greeting, sizeof(*self));
	self->done = done;
	self->arg = arg;
	turn_enqueue_take(&self->turn);
}
