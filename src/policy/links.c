/* SPDX-License-Identifier: Apache-2.0 */
/* Shares, spread and order, so that a fleet that is planned in any order uses its links as if it were sorted. */
#include "policy/links.h"

#include "base/moment.h"
#include "base/span.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* An installation that is further away than this leaves the links to others at first. */
#define PATIENT_MS    HOUR_MS
#define HEAD_START_MS (15 * MINUTE_MS)
/* Of the class's links; what is left is for devices that come by themselves. */
#define IDLE_SHARE     0.1 /* while fewer are in use nobody has to make way */
#define PATIENT_SHARE  0.5
#define PRESSING_SHARE 0.7
#define CLOSING_SHARE  0.85 /* of who is in a window that is about to close */
/* A command may be so late for its booking. */
#define GRACE_MS MINUTE_MS

/* A deadline is near when less than so many times transfer and installation are left. */
#define CLAIM_SHORT INT64_C(4)
/* So long before its end a window is about to close: a queue may be as long. */
#define CLAIM_CLOSING_MS (30 * MINUTE_MS)
#define CLAIM_MAX_HOURS  INT64_C(10000)
#define CLAIM_SECONDS    INT64_C(10000000)

/* How long what was fetched will lie until it is installed. */
static int64_t rest_before_install_ms(const struct situation *situation, const struct step *step)
{
	if (step->install_from_ms == 0)
		return DAY_MS;
	return step->install_from_ms - su_after(step->from_ms, situation->transfer_ms);
}

bool links_is_booked(const struct situation *situation, const struct step *step, int64_t booked_ms,
	int64_t now_ms)
{
	/* Who is commanded is not asked, but what was agreed holds. */
	bool binds = step->mode != MODE_SERVER || situation->state == DEPLOYMENT_ACCEPTED;
	if (booked_ms == 0 || (binds && booked_ms < situation->promised_ms))
		return false;
	return now_ms < su_after(booked_ms, GRACE_MS);
}

static bool has_reach_always(const struct profile *profile)
{
	return !profile->has_reachability || profile->reachability == REACH_ALWAYS;
}

static bool is_closing(const struct situation *situation, int64_t now_ms, int64_t need_ms)
{
	struct interval window;
	const struct calendar_query query = {
		.meaning = WINDOW_IDLE,
		.now_ms = now_ms,
		.min_ms = need_ms,
		.horizon_ms = su_after(now_ms, MINUTE_MS),
	};
	return situation->calendar != NULL && calendar_next(situation->calendar, &query, &window) &&
	       window.from_ms <= now_ms &&
	       window.until_ms - now_ms < su_later(CLAIM_SHORT * need_ms, CLAIM_CLOSING_MS);
}

/* At once if the links are idle; else after a while, spread up to when downloads should have begun. */
static void be_patient(const struct situation *situation, const struct step *step,
	const char *endpoint, int64_t rest_ms, struct links_wish *out)
{
	const struct level *level = situation->level;
	int64_t start_by_ms = su_after(situation->vulnerable_since_ms, level->start_within_ms);
	int64_t room_ms = su_sooner(rest_ms / 2, start_by_ms - step->from_ms);
	int64_t from_ms = step->from_ms + HEAD_START_MS;
	if (room_ms > 0)
		from_ms += (int64_t)(su_span_hash(su_span_str(endpoint)) % (uint64_t)room_ms);
	out->n = 2;
	out->tries[0].until_ms = step->from_ms + CAPACITY_SLOT_MS;
	out->tries[0].share = level->share * IDLE_SHARE;
	out->tries[1] = (struct links_try){
		.from_ms = from_ms,
		.until_ms = INT64_MAX,
		.share = level->share * PATIENT_SHARE,
	};
}

void links_wish(const struct situation *situation, const struct step *step, const char *endpoint,
	struct links_wish *out)
{
	int64_t need_ms = situation->transfer_ms + situation->install_ms;
	*out = (struct links_wish){
		.at_contact = step->when_reached || step->kind == STEP_LET_POLL,
		.n = 1,
		.tries[0] = { step->from_ms, INT64_MAX, situation->level->share },
	};
	if (out->at_contact) {
		out->tries[0].until_ms = step->from_ms + CAPACITY_SLOT_MS;
		return;
	}
	int64_t rest_ms = rest_before_install_ms(situation, step);
	if (rest_ms > PATIENT_MS)
		be_patient(situation, step, endpoint, rest_ms, out);
	else
		out->tries[0].share *= is_closing(situation, step->from_ms, need_ms)
					       ? CLOSING_SHARE
					       : PRESSING_SHARE;
}

static int64_t claim_rank(const struct situation *situation, int64_t now_ms)
{
	int64_t deadline_ms =
		su_after(situation->vulnerable_since_ms, situation->level->deadline_ms);
	int64_t need_ms = situation->transfer_ms + situation->install_ms;
	if (deadline_ms > now_ms && deadline_ms - now_ms < CLAIM_SHORT * need_ms)
		return 0;
	bool is_fleeting =
		!has_reach_always(situation->profile) || is_closing(situation, now_ms, need_ms);
	return is_fleeting ? 1 : 2;
}

/* From the left: what cannot wait, hours until the installation, seconds of transfer. */
int64_t policy_claim_key(const struct situation *situation, int64_t now_ms, int64_t install_from_ms)
{
	int64_t hours = install_from_ms == 0 ? CLAIM_MAX_HOURS
			: install_from_ms > now_ms
				? su_sooner((install_from_ms - now_ms - situation->transfer_ms) /
						    (60 * MINUTE_MS),
					  CLAIM_MAX_HOURS)
				: 0;
	int64_t seconds = su_sooner(situation->transfer_ms / 1000, CLAIM_SECONDS - 1);
	int64_t rank = claim_rank(situation, now_ms);
	return (rank * (CLAIM_MAX_HOURS + 1) + su_later(hours, 0)) * CLAIM_SECONDS + seconds;
}
