/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a download gets its links. Whoever could install at once, or may be gone soon, goes before those whose
 * installation waits for a window or a day to come: unless links are idle these are booked ahead later,
 * spread, and on a part of the links only. Pure.
 */
#pragma once

#include "policy/capacity.h"
#include "policy/decide.h"

/* What a struct booking needs: begins in [from_ms, until_ms). */
struct links_try {
	int64_t from_ms, until_ms;
	double share;
};
struct links_wish {
	/* When it can begin is not known: nothing is booked ahead, but in the contact (from_ms is now
	 * then), for the slot in hand or not at all. */
	bool at_contact;
	size_t n;
	struct links_try tries[2]; /* the first that succeeds counts */
};
/* For the download that step begins or asks for. endpoint spreads the fleet. */
void links_wish(const struct situation *situation, const struct step *step, const char *endpoint,
	struct links_wish *out);

/* Whether a booking still counts: it is not before what the device asked for, and its time is not over. */
bool links_is_booked(const struct situation *situation, const struct step *step, int64_t booked_ms,
	int64_t now_ms);
