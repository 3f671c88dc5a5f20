/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the policy says about one device and one release: class, mode, and what to do next and when.
 * Pure functions of (policy, facts, now); the daemon's planner and the simulator call these and
 * nothing else, so that a policy behaves in the one as in the other.
 */
#pragma once

#include "policy/calendar.h"
#include "policy/document.h"

/* A choice, the rule that made it ("default" when none did), and the facts that it looked at. */
struct choice_reason {
	const char *rule;
	const char *because; /* one sentence */
};

enum urgency policy_urgency(const struct policy *policy, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out);
/*
 * The mode of a device, settled at its registration and again when what it rests on changes. Without
 * a rule that holds: from its profile. Always on and never idle, or reachable only while it works and
 * nobody to ask: server. Somebody to ask: negotiated. Else client.
 */
enum update_mode policy_mode(const struct policy *policy, const struct device *device,
	int64_t now_ms, struct su_arena *arena, struct choice_reason *reason_out);
/* The calendar that counts: provisioned, else told, else by the first window rule that holds; NULL: none. */
const struct calendar *policy_calendar(const struct policy *policy, const struct device *device,
	int64_t now_ms, struct su_arena *arena, struct choice_reason *reason_out);
/* Who must agree before a release may be offered: bits (1 << enum role). */
unsigned policy_approvals(const struct policy *policy, const struct facts *facts,
	struct su_arena *arena, struct choice_reason *reason_out);

/* How far a deployment is, and all else that its next step depends on. Borrowed. */
struct situation {
	const struct level *level;
	enum update_mode mode; /* as settled; policy_next escalates */
	const struct profile *profile;
	const struct calendar *calendar; /* NULL: none */
	int64_t vulnerable_since_ms;
	int64_t last_seen_ms;            /* of any message of the device; 0: never */
	int64_t transfer_ms, install_ms; /* expected */
	enum deployment_state state;
	/* Not before: what policy_promise_ms made of "at T", "no" or "busy"; 0: the device said none. */
	int64_t promised_ms;
	unsigned deferrals, failures,
		offers; /* "later" and "no" of this device; failed tries; offers without answer */
	int64_t last_failure_ms, last_offer_ms;
};

enum step_kind {
	STEP_LET_POLL, /* client mode: the manifest is there when it asks; it goes on by itself */
	STEP_OFFER,    /* ask the device: now, at T, no? */
	STEP_DOWNLOAD, /* push, or trigger the pull; the installation waits for a step of its own */
	STEP_INSTALL,  /* the command to install */
	STEP_WATCH,    /* nothing to do but wait for what the device reports */
	STEP_EXPIRE,   /* the deadline is over and the class gives up */
	STEP_FAIL,     /* no retry is left */
};
extern const struct name_row step_kind_names[];

struct step {
	enum step_kind kind;
	enum update_mode mode; /* escalated as the class allows */
	bool escalated;
	int64_t from_ms;   /* not before; now_ms or later */
	int64_t until_ms;  /* the window closes; INT64_MAX: open */
	bool when_reached; /* cannot be timed: as soon as the device is in reach after from_ms */
	bool interrupts;   /* takes service away: the device is told before (policy_tell_ms) */
	int64_t install_from_ms; /* when the installation is expected; what the plan shows; 0: unknown */
	const char *why;         /* a constant sentence */
};

/*
 * The next step. Idempotent and stable: as long as neither the situation nor a boundary between
 * now and from_ms changes, another now_ms gives the same step. Always ends: either kind is an end,
 * or from_ms / the device's next message / the deadline brings the next look.
 */
void policy_next(const struct situation *situation, int64_t now_ms, struct step *out);
/*
 * What to keep as promised_ms when a device that was asked (an offer, the command to install) said "at
 * said_ms", or "no" or "busy" without a time (0): then the next idle window that it told, or in half an
 * hour. Never later than the class lets a device defer; and "busy" without a time not later than the class
 * lets its service be taken away, or that very moment if it does: then asked_ms comes back, and the window
 * in which it was busy is not believed any more.
 */
int64_t policy_promise_ms(const struct situation *situation, int64_t asked_ms, int64_t said_ms);
/* When to tell a device of the interruption that a step is; not before now_ms is of any use. */
int64_t policy_tell_ms(const struct situation *situation, const struct step *step);
/* When it may then begin: told_ms and the notice of the class later, less where that would miss the deadline. */
int64_t policy_begin_ms(
	const struct situation *situation, const struct step *step, int64_t told_ms);
/* When to look again though nothing happens: never later than the next boundary of the class, and
 * within a day. INT64_MAX: it has ended. */
int64_t policy_look_again_ms(
	const struct situation *situation, const struct step *step, int64_t now_ms);

/*
 * Who goes first when links are short, within one class of urgency: the smallest key. Devices that would
 * miss their deadline; then those that may be gone soon, or whose idle window closes; then those that can
 * install soonest, to the hour; then the shortest transfer.
 */
int64_t policy_claim_key(
	const struct situation *situation, int64_t now_ms, int64_t install_from_ms);

/* How long a device may go without a poll, spread by its endpoint so that a fleet does not come at once. */
int64_t policy_poll_interval_ms(
	const struct policy *policy, const char *endpoint, bool has_waiting, enum urgency waiting);
