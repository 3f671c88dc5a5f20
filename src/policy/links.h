/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a download gets its links. Whoever could install at once, or may be gone soon, goes before those whose
 * installation waits for a window or a day to come: these are booked ahead, spread, and on a part of the
 * links only. Pure.
 */
#pragma once

#include "policy/capacity.h"
#include "policy/decide.h"

struct links_wish {
	/* When it can begin is not known: no booking ahead, but one in the contact, for the slot in hand
	 * or not at all. */
	bool at_contact;
	int64_t from_ms; /* to be booked from then on */
	double share;    /* of the links: the class's, or less of it */
};
/* For the download that step begins or asks for. endpoint spreads the fleet. */
void links_wish(const struct situation *situation, const struct step *step, const char *endpoint,
	struct links_wish *out);

/* Whether a booking still counts: it is not before what the device asked for, and its time is not over. */
bool links_is_booked(const struct situation *situation, const struct step *step, int64_t booked_ms,
	int64_t now_ms);
