/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laying down when and how one deployment goes on: loads what the policy asks for, lets the policy
 * decide (policy/decide.h), books the download, and writes the answer with its reasons into the deployment.
 * Nothing is stored here.
 */
#pragma once

#include "policy/outlook.h"
#include "store/txn.h"
#include "tracker/ledger.h"

struct planner_memory;

/* What decisions are made with. Borrowed. Worker thread. */
struct planning {
	const struct policy *policy;
	struct ledger *ledger; /* NULL: downloads have no bounds */
	struct txn *txn;       /* for bookings and what was learned */
	struct su_arena *arena;
	int64_t now_ms;
	struct planner_memory *memory; /* NULL: this is the only device */
	bool in_poll; /* the device asks at this moment: it can be told when to come for its download */
};

/* A new deployment of release to device: class, mode, times, reasons; its first step. */
void planning_decide(const struct planning *planning, const struct device *device,
	const struct release *release, struct deployment *deployment, struct step *out);

/*
 * What is to be done next with a deployment that was decided about before. Escalates the mode, renews the
 * times and plan.look_ms; keeps a booked download unless the device asked for later. Stable: asked again, the
 * same comes out. Where by the policy in force it is of another class, or has another deadline, its download
 * is booked anew, and plan.reasons say why; else they are NULL: the stored ones hold.
 */
void planning_next(const struct planning *planning, const struct device *device,
	const struct release *release, struct deployment *deployment, struct step *out);

/* What lies ahead of a deployment that was decided about, and what that rests on. Changes nothing. */
struct planning_outlook {
	struct outlook ahead;
	enum update_mode settled; /* the device's mode, before any escalation */
	const struct calendar *calendar;
	struct choice_reason mode_reason, calendar_reason;
	int64_t transfer_ms, install_ms; /* expected */
};
void planning_foresee(const struct planning *planning, const struct device *device,
	const struct deployment *deployment, struct planning_outlook *out);

/* The mode of a device and why, as it stands until what it rests on changes. Any thread. Returns whether it is
 * another mode, or by another rule, than before. */
bool planning_settle(
	const struct policy *policy, struct device *device, int64_t now_ms, struct su_arena *arena);

/* By the policy that is in force now, which may be another than when the device was registered. */
enum update_mode planning_mode(const struct planning *planning, const struct device *device,
	struct choice_reason *reason_out);

/* The history's rows of another mode, and of another class: event and detail. */
const char *planning_change_event(const struct step *step);
const char *planning_describe_change(
	struct su_arena *arena, const struct deployment *before, const struct step *step);

#define PLANNING_RENEWS "replan"
const char *planning_describe_class(
	struct su_arena *arena, const struct deployment *before, const struct deployment *after);

/* Whether it was decided about, with a time for its download: its next step may be taken. */
bool planning_is_laid_down(const struct deployment *deployment);

/* Whether a poll of the device may show the manifest now. */
bool planning_is_shown(
	const struct device *device, const struct deployment *deployment, int64_t now_ms);
