/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who downloads when: a ledger of booked link time per slot, in all, per site and per device class.
 * A booking takes the earliest start at which every bound has room for the whole transfer. The more
 * urgent class is booked first and may take all; the others leave room by their share.
 * Never more at once than the bound: when places become few, short transfers follow one another in a place;
 * longer ones take their last slot whole. Each bound lets at least one transfer pass, whatever the share. Deterministic: the same bookings in the same order
 * give the same plan.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/document.h"

#define CAPACITY_SLOT_MS    ((int64_t)15 * 1000)
#define CAPACITY_HORIZON_MS ((int64_t)90 * 24 * 3600 * 1000)

struct capacity; /* the ledger */

/* Keeps a copy of bounds. downloads 0: unbounded. */
struct capacity *capacity_new(const struct policy_capacity *bounds);
void capacity_free(struct capacity **capacity);

struct booking {
	const char *site;               /* NULL: none */
	const struct su_uuid *class_id; /* NULL: none */
	double share;                   /* of the class of urgency */
	int64_t from_ms, until_ms;      /* may start in here */
	int64_t transfer_ms;
};
/* False: no room in that time. start_out within [from_ms, until_ms). Looks no further than
 * CAPACITY_HORIZON_MS after from_ms. */
bool capacity_book(struct capacity *capacity, const struct booking *booking, int64_t *start_out);
/* Gives back what was booked at start_ms and lies after now_ms, as far as it fills whole slots. */
void capacity_release(
	struct capacity *capacity, const struct booking *booking, int64_t start_ms, int64_t now_ms);
/* Forgets what lies before. */
void capacity_forget(struct capacity *capacity, int64_t before_ms);
