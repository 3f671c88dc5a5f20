/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy needs to know of a deployment in flight, and what it says of the next step. */
#pragma once

#include "policy/decide.h"
#include "policy/document.h"
#include "tracker/turn.h"

/* The service level of a class. False: no policy holds. Loop thread only. */
bool situation_level(const struct tracker *tracker, enum urgency urgency, struct level *out);

/* Borrows from the turn; leads into itself. */
struct situation_view {
	struct situation situation;
	struct level level;
	struct profile profile;
};
/* False: no policy holds, or nothing is in flight. */
bool situation_of(const struct turn *turn, struct situation_view *out);

/* After a change of turn->active that was not the pusher's: when the next step is due (plan.look_ms). */
void situation_refresh(struct turn *turn);
