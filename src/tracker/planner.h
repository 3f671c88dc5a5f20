/* SPDX-License-Identifier: Apache-2.0 */
/* Which release a device should have, and why the others were not chosen. */
#pragma once

#include "base/arena.h"
#include "model/device.h"
#include "model/release.h"
#include "store/blob.h"
#include "store/txn.h"
#include "tracker/proof.h"

struct planner_memory;

/* The verdict on one candidate. */
struct plan_candidate {
	struct release release;
	bool chosen;
	const char *reason; /* why not: one sentence; NULL when chosen */
	struct proof proof; /* when chosen: what the device shall report */
};

struct plan {
	size_t n_candidates; /* newest sequence number first */
	struct plan_candidate *candidates;
	const struct plan_candidate *choice; /* NULL: nothing to offer */
	bool up_to_date;                     /* the device already runs the best one */
};

/* What is planned with. Borrowed. Worker thread. */
struct planner {
	struct txn *txn;
	struct blob_store *blobs;
	struct su_arena *arena; /* of the answer */
	int64_t now_ms;
	struct planner_memory *memory; /* NULL: this is the only device */
};

/*
 * Judges every approved release that targets the device. The choice has the newest sequence number
 * among those whose conditions all hold, whose sequence number is above what the device runs, and
 * that have not failed on this device already. What
 * candidates lead to lives as long as the memory; the choice is a copy in the arena.
 */
void planner_choose(const struct planner *planner, const struct device *device, struct plan *out);
/* One release named by an operator: the same conditions but without need of a target. SU_CONFLICT
 * says which does not hold. Nothing older than what the device runs passes. */
enum su_status planner_check(const struct planner *planner, const struct device *device,
	const struct release *release, struct su_error *err) SU_MUST_CHECK;
