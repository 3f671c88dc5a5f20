/* SPDX-License-Identifier: Apache-2.0 */
/* Lazy writing of last_seen_at, and of the deadline of a deployment whose device waits. */
#include "tracker/sighting.h"

#include "base/log.h"
#include "tracker/turn.h"

#define WRITE_INTERVAL_MS ((int64_t)15 * 60 * 1000)

/* Up to here a device that still polls may take its time; once it installs it only has to finish. */
static bool waits(enum deployment_state state)
{
	return state <= DEPLOYMENT_DOWNLOADED;
}

static bool is_deadline_near(const struct deployment *active, int64_t now_ms)
{
	int64_t patience = lifecycle_patience_ms(active->state);
	return patience > 0 && waits(active->state) &&
	       active->deadline_at_ms - now_ms < patience / 2;
}

static void begin(struct turn *turn)
{
	struct su_error error;
	if (turn_check_device(turn, &error) != SU_OK) {
		turn_end(turn, &error);
		return;
	}
	turn_note_contact(turn);
	if (turn->has_active && is_deadline_near(&turn->active, turn->contact.now_ms)) {
		lifecycle_renew(&turn->active, turn->contact.now_ms);
		turn->write.deployment = &turn->active;
	}
	turn_commit(turn);
}

static void committed(struct turn *turn)
{
	turn_end(turn, NULL);
}

static void finish(struct turn *turn, const struct su_error *err)
{
	if (err)
		su_log(SU_LOG_DEBUG, "sign of life not written",
			SU_STR("endpoint", turn->contact.endpoint), SU_STR("error", err->text));
}

static const struct turn_kind kind_sighting = { begin, committed, finish };

bool sighting_is_due(const struct remembered *of, int64_t now_ms)
{
	return now_ms - of->last_seen_ms >= WRITE_INTERVAL_MS;
}

bool sighting_would_write(
	const struct tracker *tracker, const struct remembered *of, int64_t now_ms)
{
	bool renew = of->has_active && is_deadline_near(&of->active, now_ms);
	return (renew || sighting_is_due(of, now_ms)) &&
	       committer_takes_writes(tracker->opts.committer);
}

void sighting_note(struct tracker *tracker, struct remembered *of, const struct contact *contact)
{
	/* What waits will note it, too; and a database that is held up is not given more to do. */
	if (of->n_turns > 0 || !sighting_would_write(tracker, of, contact->now_ms))
		return;
	of->last_seen_ms = contact->now_ms;
	struct turn *turn = turn_new(tracker, contact, &kind_sighting, sizeof(*turn));
	turn_enqueue_take(turn);
}
