/* SPDX-License-Identifier: Apache-2.0 */
/* What lies ahead of a deployment if nothing new is heard of its device: for people who ask why. Pure. */
#pragma once

#include "policy/decide.h"

/* Moments are Unix time; INT64_MAX: never. */
struct outlook {
	struct step next;    /* what policy_next says now */
	struct step install; /* what it will say once everything is there, so far as can be known */
	int64_t escalates_ms; /* the mode changes by the mere passing of time ... */
	enum update_mode escalates_to;
	int64_t deadline_ms;
	int64_t interrupt_ms;    /* its service may be taken away from then on */
	int64_t latest_start_ms; /* a download that begins later is not installed by the deadline */
	unsigned deferrals_left, retries_left;
};
/* booked_ms: the booked start of the download; 0: none. */
void policy_outlook(
	const struct situation *situation, int64_t booked_ms, int64_t now_ms, struct outlook *out);
