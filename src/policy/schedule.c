/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do next with one deployment, and when: downloads as early as the device can be reached, since
 * they take nothing away; installations in the first time in which the device is idle, or by agreement,
 * or from interrupt_after on at its cost.
 */
#include "policy/decide.h"

#include "base/moment.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    (24 * 60 * MINUTE_MS)

/* A lost offer is repeated after so long, then after twice that, and so on. */
#define OFFER_AGAIN_MS     (5 * MINUTE_MS)
#define OFFER_AGAIN_MAX_MS (6 * 60 * MINUTE_MS)
/* After a "no" of a device that tells no windows. */
#define REFUSED_AGAIN_MS (30 * MINUTE_MS)
#define MAX_DOUBLINGS    16
/* How far ahead windows are looked for: beyond monthly ones. */
#define HORIZON_MS (62 * DAY_MS)

const struct name_row step_kind_names[] = {
	{ STEP_LET_POLL, "let_poll" },
	{ STEP_OFFER, "offer" },
	{ STEP_DOWNLOAD, "download" },
	{ STEP_INSTALL, "install" },
	{ STEP_WATCH, "watch" },
	{ STEP_EXPIRE, "expire" },
	{ STEP_FAIL, "fail" },
	{ 0, NULL },
};

static int64_t doubled(int64_t span_ms, unsigned times)
{
	return span_ms << (times < MAX_DOUBLINGS ? times : MAX_DOUBLINGS);
}

static enum reachability reach_of(const struct profile *profile)
{
	return profile->has_reachability ? profile->reachability : REACH_ALWAYS;
}

/* Without contact on our part: the next one is the device's to make. */
static bool waits_for_contact(const struct profile *profile)
{
	return reach_of(profile) != REACH_ALWAYS ||
	       (profile->has_behind_nat && profile->behind_nat);
}

static bool idle_window(
	const struct situation *situation, int64_t from_ms, int64_t min_ms, struct interval *out)
{
	if (situation->calendar == NULL)
		return false;
	struct calendar_query query = {
		.meaning = WINDOW_IDLE,
		.now_ms = from_ms,
		.min_ms = min_ms,
		.horizon_ms = su_after(from_ms, HORIZON_MS),
	};
	return calendar_next(situation->calendar, &query, out);
}

static bool tells_idle(const struct situation *situation)
{
	return situation->calendar != NULL && calendar_has(situation->calendar, WINDOW_IDLE);
}

/* The mode at a moment: what the deadline and too many deferrals make of the settled one. */
static enum update_mode mode_at(const struct situation *situation, int64_t now_ms)
{
	const struct level *level = situation->level;
	const struct profile *profile = situation->profile;
	int64_t since_ms = situation->vulnerable_since_ms;
	enum update_mode mode = situation->mode;
	bool mute = profile->has_answers && !profile->answers;
	bool is_spoken_to = now_ms >= su_after(since_ms, level->negotiate_after_ms);
	if (now_ms >= su_after(since_ms, level->command_after_ms))
		return MODE_SERVER;
	if (mode == MODE_CLIENT && !mute && is_spoken_to)
		mode = MODE_NEGOTIATED;
	/* Nobody can be asked, but its windows are known: its next poll may come after one of them. */
	if (mode == MODE_CLIENT && is_spoken_to && tells_idle(situation) &&
		!waits_for_contact(profile))
		mode = MODE_SERVER;
	if (mode == MODE_NEGOTIATED && situation->deferrals > level->max_deferrals)
		mode = MODE_SERVER;
	return mode;
}

static int64_t interrupt_time(const struct situation *situation)
{
	return su_after(situation->vulnerable_since_ms, situation->level->interrupt_after_ms);
}

/* The end of the window in which it said that it is busy, from when on it may be interrupted (policy_promise_ms). */
static int64_t refuted_until_ms(const struct situation *situation)
{
	int64_t asked_ms = situation->last_offer_ms;
	struct interval window;
	bool refuted = asked_ms != 0 && situation->promised_ms == asked_ms &&
		       idle_window(situation, asked_ms, 0, &window) && window.from_ms <= asked_ms;
	return refuted ? window.until_ms : 0;
}

/* When the installation may begin, given that everything is there at from_ms. */
static void time_install(const struct situation *situation, int64_t from_ms, struct step *out)
{
	const struct profile *profile = situation->profile;
	enum reachability reach = reach_of(profile);
	bool never_idle = profile->has_always_on && profile->always_on && !tells_idle(situation);
	out->from_ms = from_ms;
	if (reach == REACH_WHILE_WORKING) {
		out->why = "the device installs by itself when it stops working";
		return;
	}
	if (!tells_idle(situation) && !never_idle) {
		if (reach == REACH_QUEUE) {
			out->why = "the device sleeps between its messages and can be spared then";
			return;
		}
		if (out->mode == MODE_NEGOTIATED) {
			out->why = "the device agreed";
			return;
		}
	}
	int64_t interrupt_ms = su_later(from_ms, interrupt_time(situation));
	struct interval window;
	int64_t look_from_ms = su_later(from_ms, refuted_until_ms(situation));
	if (idle_window(situation, look_from_ms, situation->install_ms, &window) &&
		su_later(window.from_ms, from_ms) <= interrupt_ms) {
		out->from_ms = su_later(window.from_ms, from_ms);
		out->until_ms = window.until_ms;
		out->why = "the first idle window with room for the installation";
		return;
	}
	out->from_ms = interrupt_ms;
	out->interrupts = interrupt_ms != INT64_MAX;
	out->why = out->interrupts ? "no idle window comes before the class lets service be taken "
				     "away"
				   : "no idle window is known and the class never interrupts";
}

static void plan_install(const struct situation *situation, int64_t earliest_ms, struct step *out)
{
	if (out->mode == MODE_CLIENT) {
		out->kind = STEP_WATCH;
		out->why = "the device installs by itself when it is idle";
		struct step install = *out;
		time_install(situation, earliest_ms, &install);
		out->install_from_ms =
			install.interrupts || install.from_ms == INT64_MAX ? 0 : install.from_ms;
		return;
	}
	out->kind = STEP_INSTALL;
	out->when_reached = waits_for_contact(situation->profile);
	time_install(situation, su_later(earliest_ms, situation->promised_ms), out);
	if (out->from_ms == INT64_MAX) {
		out->kind = STEP_WATCH;
		return;
	}
	out->install_from_ms = out->from_ms;
}

/* When an answer may be asked for (again). */
static int64_t offer_time(const struct situation *situation, int64_t earliest_ms)
{
	int64_t asked_ms = situation->last_offer_ms;
	if (situation->state == DEPLOYMENT_DEFERRED)
		return su_later(earliest_ms,
			policy_promise_ms(situation, asked_ms, situation->promised_ms));
	if (situation->offers == 0)
		return earliest_ms;
	int64_t wait_ms =
		su_sooner(doubled(OFFER_AGAIN_MS, situation->offers - 1), OFFER_AGAIN_MAX_MS);
	return su_later(earliest_ms, su_after(asked_ms, wait_ms));
}

static void plan_delivery(const struct situation *situation, int64_t earliest_ms, struct step *out)
{
	/* Who polls says so when it has begun: nobody has to tell it to. */
	bool accepted = situation->state == DEPLOYMENT_ACCEPTED && out->mode != MODE_CLIENT;
	out->when_reached = waits_for_contact(situation->profile);
	out->from_ms = earliest_ms;
	if (out->mode == MODE_SERVER || accepted) {
		out->kind = STEP_DOWNLOAD;
		out->why = "downloads take no service away: as early as the device can be reached";
		if (accepted && situation->promised_ms > earliest_ms) {
			out->from_ms = situation->promised_ms;
			out->why = "the device said when";
		}
	} else if (out->mode == MODE_NEGOTIATED) {
		out->kind = STEP_OFFER;
		out->from_ms = offer_time(situation, earliest_ms);
		out->why = situation->state == DEPLOYMENT_DEFERRED ? "the device is asked again"
			   : situation->offers > 0                 ? "an offer was lost"
								   : "the device is asked";
	} else {
		out->kind = STEP_LET_POLL;
		out->why = "the device finds it when it polls";
	}
	struct step install = *out;
	time_install(situation, su_after(out->from_ms, situation->transfer_ms), &install);
	out->install_from_ms = install.from_ms == INT64_MAX ? 0 : install.from_ms;
}

static bool plan_end(const struct situation *situation, int64_t now_ms, struct step *out)
{
	const struct level *level = situation->level;
	if (deployment_state_is_end(situation->state)) {
		out->why = "the deployment has ended";
		return true;
	}
	if (situation->state == DEPLOYMENT_INSTALLING || situation->state == DEPLOYMENT_REBOOTING) {
		out->why = "the device installs";
		return true;
	}
	if (level->at_deadline == DEADLINE_GIVE_UP &&
		now_ms >= su_after(situation->vulnerable_since_ms, level->deadline_ms)) {
		out->kind = STEP_EXPIRE;
		out->why = "the deadline of the class is over";
		return true;
	}
	if (situation->failures > level->max_retries) {
		out->kind = STEP_FAIL;
		out->why = "no retry is left";
		return true;
	}
	return false;
}

void policy_next(const struct situation *situation, int64_t now_ms, struct step *out)
{
	*out = (struct step){
		.kind = STEP_WATCH,
		.mode = mode_at(situation, now_ms),
		.from_ms = now_ms,
		.until_ms = INT64_MAX,
	};
	out->escalated = out->mode != situation->mode;
	if (plan_end(situation, now_ms, out))
		return;
	int64_t earliest_ms = now_ms;
	if (situation->failures > 0)
		earliest_ms = su_later(now_ms, su_after(situation->last_failure_ms,
						       doubled(situation->level->retry_after_ms,
							       situation->failures - 1)));
	if (situation->state == DEPLOYMENT_DOWNLOADING)
		out->why = "the device downloads";
	else if (situation->state == DEPLOYMENT_DOWNLOADED)
		plan_install(situation, earliest_ms, out);
	else
		plan_delivery(situation, earliest_ms, out);
}

int64_t policy_promise_ms(const struct situation *situation, int64_t asked_ms, int64_t said_ms)
{
	int64_t again_ms = su_later(asked_ms, said_ms);
	struct interval window;
	if (said_ms == 0) {
		again_ms = su_after(asked_ms, REFUSED_AGAIN_MS);
		bool known = idle_window(situation, asked_ms, situation->install_ms, &window);
		/* Refused inside a window: it did not come true. */
		if (known && window.from_ms <= asked_ms)
			known = idle_window(
				situation, window.until_ms, situation->install_ms, &window);
		if (known)
			again_ms = window.from_ms;
		if (situation->state == DEPLOYMENT_DOWNLOADED)
			again_ms =
				su_sooner(again_ms, su_later(asked_ms, interrupt_time(situation)));
	}
	return su_sooner(again_ms, su_after(asked_ms, situation->level->max_deferral_ms));
}

int64_t policy_tell_ms(const struct situation *situation, const struct step *step)
{
	return step->from_ms - situation->level->notice_ms;
}

int64_t policy_begin_ms(const struct situation *situation, const struct step *step, int64_t told_ms)
{
	int64_t latest_ms =
		su_after(situation->vulnerable_since_ms, situation->level->deadline_ms) -
		situation->install_ms;
	int64_t begin_ms = su_after(told_ms, situation->level->notice_ms);
	if (told_ms <= latest_ms)
		begin_ms = su_sooner(begin_ms, latest_ms);
	return su_later(step->from_ms, begin_ms);
}

int64_t policy_look_again_ms(
	const struct situation *situation, const struct step *step, int64_t now_ms)
{
	if (deployment_state_is_end(situation->state))
		return INT64_MAX;
	const struct level *level = situation->level;
	int64_t since_ms = situation->vulnerable_since_ms;
	const int64_t moments_ms[] = {
		step->from_ms,
		su_after(since_ms, level->negotiate_after_ms),
		su_after(since_ms, level->command_after_ms),
		su_after(since_ms, level->interrupt_after_ms),
		su_after(since_ms, level->deadline_ms),
	};
	int64_t look_ms = su_after(now_ms, DAY_MS);
	for (size_t i = 0; i < sizeof(moments_ms) / sizeof(moments_ms[0]); i++)
		if (moments_ms[i] > now_ms)
			look_ms = su_sooner(look_ms, moments_ms[i]);
	return look_ms;
}
